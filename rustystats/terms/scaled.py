"""A number less its mean, or in units of its standard deviation: `center(x)`, `standardize(x)`.

Mean and deviation are those of the rows that the model learns from, each counted once, and are kept
for prediction. Evaluated once per distinct value where the column takes few of them.
"""

from dataclasses import dataclass, replace

import numpy as np

from rustystats.terms.expression import Expression
from rustystats.terms.numeric import distinct_values

KINDS = ("center", "scale", "standardize")


@dataclass(frozen=True)
class ScaledFactor:
    """One numeric column, shifted and rescaled.

    Parameters
    ----------
    kind : "center", or "scale" and "standardize", which are the same
    expression : Expression
    options : tuple of (name, value) pairs as written: of standardize, `center` and `rescale`,
        whether to do so, and `ddof`, what is taken from the rows that the variance is divided by
    mean, unit : float, learned
    """

    kind: str
    expression: Expression
    options: tuple = ()
    mean: float | None = None
    unit: float | None = None
    is_categorical = False

    def __post_init__(self):
        for name, value in self.options:
            wanted = int if name == "ddof" else bool
            if type(value) is not wanted:
                raise ValueError(f"{name}={value!r} of {self.label!r} must be {wanted.__name__}")

    @property
    def columns(self):
        """Names of the data columns used."""
        return self.expression.columns

    @property
    def label(self):
        """The factor as a formula writes it."""
        options = "".join(f", {name}={value}" for name, value in self.options)
        return f"{self.kind}({self.expression.text}{options})"

    def learn(self, columns, training=None):
        """The factor with mean and standard deviation of these data."""
        found = distinct_values(self.expression, columns, quick=True)
        x = np.asarray(found.values, dtype=float)
        counts = np.ones(len(x)) if found.encoded is None else found.encoded.counts
        options = dict(self.options)
        mean, n = float(counts @ x / counts.sum()), counts.sum() - options.get("ddof", 0)
        unit = 1.0
        if self.kind != "center" and options.get("rescale", True):
            unit = float(np.sqrt(counts @ (x - mean) ** 2 / n)) if n > 0 else 0.0
            if not unit > 0:
                raise ValueError(
                    f"{self.label!r}: the column does not vary, and has no standard deviation to "
                    "be divided by; leave it out"
                )
        return replace(self, mean=mean if options.get("center", True) else 0.0, unit=unit)

    def block(self, columns, full=False):
        """The column as a block."""
        found = distinct_values(self.expression, columns, quick=True)
        values = (np.asarray(found.values, dtype=float) - self.mean) / self.unit
        return found.block(values[:, None])

    def names(self, full=False):
        """The factor as written."""
        return [self.label]

    def meaning(self, full=False):
        """What a column is beside its name: the constants learned."""
        return f"less {self.mean!r}, in units of {self.unit!r}"
