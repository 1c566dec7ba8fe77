"""Categorical factors that are computed: `cut(age, [18, 25, 60, 99])`, `C(age > 60)`.

A source turns the rows into level codes, one look-up a row where its column takes few values; the
levels are then coded by `CategoricalFactor`, as if they were those of a column. `cut` is R's:
intervals closed on the right, labelled by their ends. Where it is given a number instead of breaks,
the breaks are learned, and kept for prediction.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from rustystats import codes
from rustystats.frames import Encoded
from rustystats.messages import counted
from rustystats.terms.categorical import CategoricalFactor
from rustystats.terms.expression import Expression
from rustystats.terms.numeric import distinct_values

DIGITS = 3  # of the breaks in labels, or as many more as tell them apart


@dataclass(frozen=True)
class Cut:
    """The intervals that the values of an expression fall in.

    Parameters
    ----------
    expression : Expression
    breaks : tuple of increasing numbers, or the number of intervals
    right : bool, whether intervals are closed on the right, (0,5], or on the left, [0,5)
    include_lowest : bool, whether the outermost interval is closed at both ends
    labels : tuple of texts, one an interval, or None
    edges : tuple of the breaks, learned
    """

    expression: Expression
    breaks: object
    right: bool = True
    include_lowest: bool = False
    labels: tuple | None = None
    edges: tuple | None = None

    def __post_init__(self):
        labelled = isinstance(self.labels, tuple) or self.labels is None
        written = self.text if labelled else f"cut({self.expression.text})"
        for name in ("right", "include_lowest"):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"{name} of {written!r} must be True or False")
        if isinstance(self.breaks, tuple):
            numbers = all(isinstance(b, (int, float)) for b in self.breaks)
            if not numbers or len(self.breaks) < 2 or (np.diff(self.breaks) <= 0).any():
                raise ValueError(
                    f"the breaks of {written!r} must be two or more increasing numbers (inf and "
                    "-inf among them)"
                )
            object.__setattr__(self, "edges", tuple(map(float, self.breaks)))
        elif type(self.breaks) is not int or self.breaks < 2:
            raise ValueError(
                f"{written!r}: breaks must be a list of numbers, or a number of intervals of at "
                "least 2"
            )
        n = len(self.breaks) - 1 if isinstance(self.breaks, tuple) else self.breaks
        if not labelled or (self.labels is not None and len(set(self.labels)) != n):
            raise ValueError(f"the labels of {written!r} must be {n} different texts in a list")

    @property
    def columns(self):
        """Names of the data columns used."""
        return self.expression.columns

    @property
    def text(self):
        """The source as a formula writes it."""
        breaks = list(self.breaks) if isinstance(self.breaks, tuple) else self.breaks
        text = f"cut({self.expression.text}, {breaks}"
        text += "" if self.right else ", right=False"
        text += ", include_lowest=True" if self.include_lowest else ""
        return text + ("" if self.labels is None else f", labels={list(self.labels)}") + ")"

    def learn(self, columns):
        """The source with its breaks, where it was given their number."""
        if isinstance(self.breaks, tuple):
            return self
        values = distinct_values(self.expression, columns, quick=True).values
        low, high = float(values.min()), float(values.max())
        # As R: the outermost breaks lie a thousandth of the range beyond it
        beyond = ((high - low) or abs(low) or 1.0) / 1000
        if low == high:
            edges = np.linspace(low - beyond, high + beyond, self.breaks + 1)
        else:
            edges = np.linspace(low, high, self.breaks + 1)
            edges[[0, -1]] += [-beyond, beyond]
        return replace(self, edges=tuple(edges.tolist()))

    def encode(self, columns):
        """The interval of each row, as `Encoded`.

        Raises
        ------
        ValueError
            If values lie outside all intervals, with their number.
        """
        found = distinct_values(self.expression, columns, quick=True)
        edges = np.array(self.edges)
        at = np.searchsorted(edges, found.values, side="left" if self.right else "right") - 1
        if self.include_lowest:
            ends = (edges[0], 0) if self.right else (edges[-1], len(edges) - 2)
            at[found.values == ends[0]] = ends[1]
        outside = (at < 0) | (at >= len(edges) - 1)
        if outside.any():
            counts = np.ones(len(at)) if found.encoded is None else found.encoded.counts
            self._refuse(int(counts[outside].sum()), found.values[outside])
        return _encoded(at, found, np.array(self.level_labels(), dtype=object), columns)

    def _refuse(self, rows, values):
        raise ValueError(
            f"{self.text!r}: {counted(rows, 'row')} "
            f"{'lie' if rows > 1 else 'lies'} outside the breaks, {self.edges[0]:g} to "
            f"{self.edges[-1]:g} (for instance {values[0]:g}): begin them with -inf and end them "
            "with inf, write include_lowest=True for values on the outermost break, or drop "
            "those rows"
        )

    def level_labels(self):
        """`(0,5]` for each interval; with right=False `[0,5)`."""
        if self.labels is not None:
            return list(self.labels)
        for digits in range(DIGITS, 17):
            ends = [f"{edge:.{digits}g}" for edge in self.edges]
            if len(set(ends)) == len(ends):
                break
        left, right = ("(", "]") if self.right else ("[", ")")
        named = [f"{left}{a},{b}{right}" for a, b in pairwise(ends)]
        if self.include_lowest and self.right:
            named[0] = "[" + named[0][1:]
        elif self.include_lowest:
            named[-1] = named[-1][:-1] + "]"
        return named


@dataclass(frozen=True)
class Computed:
    """The distinct values of an expression: `x > 3`, `floor(age / 10)`.

    Parameters
    ----------
    expression : Expression
    """

    expression: Expression

    @property
    def columns(self):
        """Names of the data columns used."""
        return self.expression.columns

    @property
    def text(self):
        """The source as a formula writes it."""
        return self.expression.text

    def learn(self, columns):
        """The source itself."""
        return self

    def encode(self, columns):
        """The value of each row, as `Encoded`; True and False as texts."""
        found = distinct_values(self.expression, columns, quick=True)
        levels, at = np.unique(found.values, return_inverse=True)
        if self.expression.is_condition:
            levels = np.array([str(bool(level)) for level in levels], dtype=object)
        return _encoded(at, found, levels, columns)


@dataclass(frozen=True)
class ComputedFactor(CategoricalFactor):
    """A categorical factor of a source; `column` is how the source is written.

    Parameters
    ----------
    source : Cut or Computed
    """

    source: object = None

    @property
    def columns(self):
        """Names of the data columns used."""
        return self.source.columns

    def learn(self, columns, training=None):
        """The factor with the breaks and levels of these data."""
        learned = replace(self, source=self.source.learn(columns))
        computed = ComputedColumn(columns, learned.source)
        return super(ComputedFactor, learned).learn(computed, training)

    def block(self, columns, full=False):
        """As of any categorical factor."""
        return super().block(ComputedColumn(columns, self.source), full)


class ComputedColumn:
    """A source in the place of `Columns`, as their only column."""

    def __init__(self, columns, source):
        self._columns, self._source = columns, source
        self.n_rows, self.n_threads = columns.n_rows, columns.n_threads

    def encoded(self, name, quick=False, factor=True, missing=False):
        """As `Columns.encoded`."""
        return self._source.encode(self._columns)


def _encoded(at, found, levels, columns):
    """Codes of the rows whose values have levels `at`, those that occur."""
    narrow = at.astype(np.uint32)
    rows = narrow if found.encoded is None else narrow[found.encoded.codes]
    dense, present = codes.compress_codes(rows, len(levels), columns.n_threads)
    return Encoded(dense, levels[present], columns.n_threads)
