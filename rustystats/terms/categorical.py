"""A categorical column: contrasts against a reference level, learned once and replayed."""

from dataclasses import dataclass, field, replace

import numpy as np

from rustystats.design.blocks import TableBlock, indicator_basis


@dataclass(frozen=True)
class CategoricalFactor:
    """Levels of one column as 0/1 design columns.

    Parameters
    ----------
    column : str
    ref : level that the others are compared with; None takes the first
    levels : tuple of labels, learned
    bare : whether the formula names a text column without C(); a matter of its label alone
    """

    column: str
    ref: object = None
    levels: tuple | None = None
    bare: bool = field(default=False, compare=False)
    is_categorical = True

    @property
    def columns(self):
        """Names of the data columns used."""
        return (self.column,)

    @property
    def label(self):
        """The factor as a formula writes it."""
        ref = "" if self.ref is None else f", ref={self.ref!r}"
        return self.column if self.bare else f"C({self.column}{ref})"

    @property
    def reference(self):
        """Position of the reference level."""
        return 0 if self.ref is None else self.levels.index(label(self.ref))

    def learn(self, columns):
        """The factor with the levels of these data, in their order."""
        levels = tuple(label(level) for level in self._encoded(columns).levels)
        if self.ref is not None and label(self.ref) not in levels:
            raise ValueError(
                f"reference level {self.ref!r} does not occur in column {self.column!r}: "
                f"it has {_listed(levels)}"
            )
        return replace(self, levels=levels)

    def block(self, columns, full=False):
        """Indicator columns; all levels when full, else without the reference."""
        encoded = self._encoded(columns)
        basis = indicator_basis(len(self.levels), None if full else self.reference)
        labels = [label(level) for level in encoded.levels]
        source = {self.column: np.array(labels, dtype=object)}
        if tuple(labels) == self.levels:
            return TableBlock(encoded.codes, basis, source)
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
        return TableBlock(encoded.codes, basis[rows], source)

    def names(self, full=False):
        """`Area[T.B]`; `Area[A]` for the first level where all levels are coded."""
        first = self.levels[self.reference]
        named = [f"{self.column}[T.{level}]" for level in self.levels if level != first]
        if full:
            named.insert(self.reference, f"{self.column}[{first}]")
        return named

    def meaning(self, full=False):
        """What a column says beside its name: what its level is compared with."""
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
