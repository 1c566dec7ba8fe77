"""A numeric column or an elementwise expression of columns: one design column.

Evaluated once per distinct value when it depends on one column that takes few of them (a table),
else once per row (dense; a floating column by itself is viewed, not copied).
"""

from dataclasses import dataclass, field

import numpy as np

from rustystats._kernels.encode import count_not_finite
from rustystats.design.blocks import DenseBlock, TableBlock
from rustystats.messages import counted
from rustystats.terms.categorical import CategoricalFactor
from rustystats.terms.expression import Expression


@dataclass(frozen=True)
class NumericFactor:
    """One numeric design column; there is nothing to learn.

    Parameters
    ----------
    expression : Expression
    """

    expression: Expression
    is_categorical = False

    @property
    def columns(self):
        """Names of the data columns used."""
        return self.expression.columns

    @property
    def label(self):
        """The factor as a formula writes it."""
        return self.expression.text.strip("`")

    @property
    def is_plain(self):
        """Whether it is a column as it stands."""
        return self.columns == (self.expression.text.strip("`"),)

    def as_categorical(self, columns):
        """A text column by itself is a categorical factor."""
        if self.is_plain and columns.is_categorical(self.columns[0]):
            return CategoricalFactor(self.columns[0], bare=True)
        return self

    def learn(self, columns, training=None):
        """The factor itself."""
        return self

    def block(self, columns, full=False):
        """The column as a block."""
        values = distinct_values(self.expression, columns, quick=True)
        return values.block(values.values[:, None])

    def names(self, full=False):
        """The text of the expression."""
        return [self.label]

    def meaning(self, full=False):
        """Nothing beside its name."""
        return ""


@dataclass(frozen=True, eq=False)
class Values:
    """Finite values of an expression: one a level where `encoded` is there, else one a row."""

    values: np.ndarray
    encoded: object = None
    source: dict = field(default_factory=dict)

    def block(self, basis):
        """Design columns that are a function of these values, (len(values), k)."""
        if self.encoded is None:
            return DenseBlock(basis, self.source)
        return TableBlock(self.encoded.codes, basis, self.source)


def distinct_values(expression, columns, quick):
    """Values of an expression, one per distinct value of its column where that is possible.

    quick: do not look for repeated values in a floating column that seems continuous.
    """
    names = expression.columns
    if not names:
        raise ValueError(f"{expression.text!r} uses no column")
    if len(names) == 1 and not columns.is_categorical(names[0]):
        encoded = columns.encoded(names[0], quick=quick)
        if encoded is not None:
            values = expression.evaluate({names[0]: encoded.levels})
            bad = ~np.isfinite(values)
            if bad.any():
                _refuse(expression.text, int(encoded.counts[bad].sum()), encoded.levels[bad])
            return Values(values, encoded, {names[0]: encoded.levels})
    arrays = {name: columns.numbers(name) for name in names}
    plain = expression.text.strip("`") == names[0]
    values = arrays[names[0]] if plain else expression.evaluate(arrays)
    if values.dtype not in (np.float32, np.float64):
        values = values.astype(np.float64)
    bad_rows = count_not_finite(values, columns.n_threads)
    if bad_rows:
        _refuse(expression.text, bad_rows, [])
    return Values(values, None, arrays if len(names) == 1 else {})


def _refuse(text, count, levels):
    text, levels = text.strip("`"), [level for level in levels if not np.isnan(level)]
    where = f" (at {', '.join(map(str, levels[:3]))})" if len(levels) else ""
    raise ValueError(
        f"{text!r} is missing or not finite in {counted(count, 'row')}{where}: "
        "fill or drop those rows, or choose a transformation that is defined there"
    )
