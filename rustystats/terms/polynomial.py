"""Polynomials of a numeric column: `poly(x, 3)`, orthogonal over the rows it was learned from.

The columns are p_1, ..., p_k with ``p_0 = 1`` and the three-term recurrence

    p_{j+1}(x) = (x - a_j) p_j(x) - (s_j / s_{j-1}) p_{j-1}(x),
    s_j = sum_i p_j(x_i)^2,  a_j = sum_i x_i p_j(x_i)^2 / s_j,  s_{-1} infinite,

each divided by the root of its s_j (Stieltjes' procedure; Kennedy & Gentle 1980, Statistical
Computing, p. 343). They equal R's `poly`, which finds them by a QR decomposition, on the rows
learned from and, as a and s are kept, on any others. `raw=True` is x, x^2, ..., x^k as they are.
Evaluated once per distinct value where the column takes few of them.
"""

from dataclasses import dataclass, replace

import numpy as np

from rustystats.terms.expression import Expression
from rustystats.terms.numeric import distinct_values


@dataclass(frozen=True)
class PolynomialFactor:
    """Polynomial columns of one expression.

    Parameters
    ----------
    expression : Expression
    degree : int
    raw : bool
    shifts, norms : tuples of the a_0, ..., a_{k-1} and s_0, ..., s_k, learned
    """

    expression: Expression
    degree: int = 1
    raw: bool = False
    shifts: tuple = ()
    norms: tuple = ()
    is_categorical = False

    def __post_init__(self):
        if isinstance(self.degree, bool) or not isinstance(self.degree, int) or self.degree < 1:
            raise ValueError(
                f"degree={self.degree!r} of poly({self.expression.text}) must be a whole number "
                "of at least 1"
            )
        if not isinstance(self.raw, bool):
            raise ValueError(
                f"raw={self.raw!r} of poly({self.expression.text}) must be True or False"
            )

    @property
    def columns(self):
        """Names of the data columns used."""
        return self.expression.columns

    @property
    def label(self):
        """The factor as a formula writes it."""
        raw = ", raw=True" if self.raw else ""
        return f"poly({self.expression.text}, {self.degree}{raw})"

    def learn(self, columns, training=None):
        """The factor with the recurrence of these data."""
        if self.raw:
            return self
        found = distinct_values(self.expression, columns, quick=False)
        x = np.asarray(found.values, dtype=float)
        counts = np.ones(len(x)) if found.encoded is None else found.encoded.counts
        distinct = np.count_nonzero(counts) if found.encoded is not None else len(np.unique(x))
        if distinct <= self.degree:
            raise ValueError(
                f"{self.label!r}: a polynomial of degree {self.degree} needs more than "
                f"{self.degree} distinct values, and there {'is' if distinct == 1 else 'are'} "
                f"{distinct}; lower the degree"
            )
        shifts, norms = [], []
        before, now = np.zeros_like(x), np.ones_like(x)
        for _ in range(self.degree):
            squares = counts * now**2
            norms.append(float(squares.sum()))
            shifts.append(float(squares @ x / norms[-1]))
            ratio = norms[-1] / norms[-2] if len(norms) > 1 else 0.0
            before, now = now, (x - shifts[-1]) * now - ratio * before
        norms.append(float(counts @ now**2))
        return replace(self, shifts=tuple(shifts), norms=tuple(norms))

    def block(self, columns, full=False):
        """The polynomials, evaluated once per distinct value where there are few of them."""
        found = distinct_values(self.expression, columns, quick=False)
        return found.block(self._evaluate(np.asarray(found.values, dtype=float)))

    def _evaluate(self, x):
        """The columns at x (m,), (m, degree)."""
        if self.raw:
            return x[:, None] ** np.arange(1, self.degree + 1)
        out = np.empty((len(x), self.degree))
        before, now = np.zeros_like(x), np.ones_like(x)
        for j, shift in enumerate(self.shifts):
            ratio = self.norms[j] / self.norms[j - 1] if j else 0.0
            before, now = now, (x - shift) * now - ratio * before
            out[:, j] = now / np.sqrt(self.norms[j + 1])
        return out

    def names(self, full=False):
        """`poly(age, 1/3)` to `poly(age, 3/3)`."""
        return [f"poly({self.expression.text}, {j + 1}/{self.degree})" for j in range(self.degree)]

    def meaning(self, full=False):
        """What a column is beside its name: raw, or the recurrence learned."""
        return "raw" if self.raw else f"recurrence {self.shifts} {self.norms}"
