"""A categorical column: contrasts of its levels, learned once and replayed.

Treatment coding compares each level with the reference, backward-difference coding with the level
before it, so that a lasso merges neighbours. Without a penalty the two are the same model.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from rustystats.design.blocks import TableBlock, indicator_basis, step_basis

CODINGS = {"treatment": "T", "backward_difference": "D"}  # and how columns are marked
STEP_LEVELS = 1024  # half of a table of steps are ones: 8 MB, where 5,000 levels take 200


@dataclass(frozen=True)
class CategoricalFactor:
    """Levels of one column as 0/1 design columns.

    Parameters
    ----------
    column : str
    ref : level that the others are compared with; None takes the first
    coding : "treatment", or "backward_difference": steps from each level to the next, the first
        being the base. Numbers follow as numbers, texts by the alphabet, ordered categories as
        they are ordered.
    levels : tuple of labels, learned
    bare : whether the formula names a text column without C(); a matter of its label alone
    """

    column: str
    ref: object = None
    coding: str = "treatment"
    levels: tuple | None = None
    bare: bool = field(default=False, compare=False)
    is_categorical = True

    def __post_init__(self):
        if self.coding not in tuple(CODINGS):
            known = " and ".join(map(repr, CODINGS))
            raise ValueError(
                f"unknown coding={self.coding!r} of {self.column!r}: known are {known}"
            )
        if self.is_stepped and self.ref is not None:
            raise ValueError(
                f"coding='backward_difference' of {self.column!r} takes no ref: each level is "
                "compared with the one before it, and the base is the first; leave one of them out"
            )

    @property
    def columns(self):
        """Names of the data columns used."""
        return (self.column,)

    @property
    def label(self):
        """The factor as a formula writes it."""
        ref = "" if self.ref is None else f", ref={self.ref!r}"
        coding = "" if self.coding == "treatment" else f", coding={self.coding!r}"
        return self.column if self.bare else f"C({self.column}{ref}{coding})"

    @property
    def is_stepped(self):
        """Whether columns are steps from a level to the next."""
        return self.coding == "backward_difference"

    @property
    def reference(self):
        """Position of the reference level; of steps it is the first."""
        return 0 if self.ref is None else self.levels.index(label(self.ref))

    def learn(self, columns):
        """The factor with the levels of these data, in their order."""
        levels = tuple(label(level) for level in self._encoded(columns).levels)
        if self.ref is not None and label(self.ref) not in levels:
            raise ValueError(
                f"reference level {self.ref!r} does not occur in column {self.column!r}: "
                f"it has {_listed(levels)}"
            )
        if self.is_stepped and len(levels) > STEP_LEVELS:
            raise ValueError(
                f"column {self.column!r} has {len(levels)} levels, too many for "
                f"coding='backward_difference' (at most {STEP_LEVELS}): band it first"
            )
        return replace(self, levels=levels)

    def block(self, columns, full=False):
        """Indicators or steps; all of them when full, else without the reference."""
        encoded = self._encoded(columns)
        if self.is_stepped:
            basis = step_basis(len(self.levels), full)
        else:
            basis = indicator_basis(len(self.levels), None if full else self.reference)
        labels = [label(level) for level in encoded.levels]
        source = {self.column: np.array(labels, dtype=object)}
        if tuple(labels) == self.levels:
            return TableBlock(encoded.codes, basis, source, free=True)
        positions = {level: index for index, level in enumerate(self.levels)}
        unseen = [i for i, level in enumerate(labels) if level not in positions]
        if unseen:
            rows = int(encoded.counts[unseen].sum())
            raise ValueError(
                f"column {self.column!r} has {len(unseen)} level{'s' if len(unseen) > 1 else ''} "
                f"that the model has not seen, in {rows} row{'s' if rows > 1 else ''}: "
                f"{_listed([labels[i] for i in unseen])}; map them to levels it knows "
                f"({_listed(self.levels)}) or drop those rows"
            )
        rows = [positions[level] for level in labels]
        return TableBlock(encoded.codes, basis[rows], source, free=True)

    def names(self, full=False):
        """`Area[T.B]`, or `Age[D.3]` for the step into 3; `Area[A]` where all levels are coded."""
        first, mark = self.levels[self.reference], CODINGS[self.coding]
        named = [f"{self.column}[{mark}.{level}]" for level in self.levels if level != first]
        if full:
            named.insert(self.reference, f"{self.column}[{first}]")
        return named

    def meaning(self, full=False):
        """What a column says beside its name: what its level is compared with."""
        if self.is_stepped:
            return f"steps through {', '.join(self.levels)}"
        return "all levels" if full else f"reference level {self.levels[self.reference]!r}"

    def _encoded(self, columns):
        encoded = columns.encoded(self.column, factor=True)
        too_many = self.levels is None and encoded is not None and encoded.is_numeric
        too_many = too_many and len(encoded.levels) > max(256, columns.n_rows // 2)
        if encoded is None or too_many:
            raise ValueError(
                f"column {self.column!r} has too many distinct values for a categorical factor: "
                "use it as a number, as a spline, or band it first"
            )
        if encoded.is_numeric and not np.all(np.isfinite(encoded.levels)):
            bad = ~np.isfinite(encoded.levels)
            raise ValueError(
                f"column {self.column!r} is missing or not finite in "
                f"{int(encoded.counts[bad].sum())} rows: fill or drop them"
            )
        return encoded


def label(level):
    """How a level is written: whole numbers without a decimal point."""
    if isinstance(level, (float, np.floating)) and float(level).is_integer():
        return str(int(level))
    if isinstance(level, np.generic):
        level = level.item()
    return str(level)


def _listed(levels):
    return ", ".join(map(str, levels[:8])) + (", ..." if len(levels) > 8 else "")
