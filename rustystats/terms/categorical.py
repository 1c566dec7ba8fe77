"""A categorical column: contrasts of its levels, learned once and replayed.

What the levels are is learned in `levels.py`, what the columns say about them stands in
`contrasts.py`. A block is a table of the levels in their order; where the data have theirs in
another, or several of them are one level, one look-up a row recodes them.
"""

from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import sparse

from rustystats.checks import is_number
from rustystats.codes import map_codes
from rustystats.design.blocks import TableBlock
from rustystats.messages import counted, listed
from rustystats.terms.contrasts import CODINGS, DENSE_LEVELS, contrast_basis, contrast_names
from rustystats.terms.levels import (
    CHOICES,
    MISSING,
    STRICT,
    Levels,
    Policies,
    check_choice,
    label,
    learn_levels,
)

UNSEEN = "unseen"


@dataclass(frozen=True)
class CategoricalFactor:
    """Levels of one column as design columns.

    Parameters
    ----------
    column : str
    ref : level that the others are compared with in treatment coding; None or "first" takes the
        first, "most_exposed" the one with most exposure times weight (most rows where there is
        neither). A level of such a name goes first.
    coding : "treatment", "sum", "helmert", "backward_difference" or "polynomial", as in
        `contrasts.py`. "orthogonal polynomial" is another name of the last.
    levels : sequence of all levels in their order. None takes those that occur: numbers follow as
        numbers, texts by the alphabet, ordered categories as they are ordered. A level that is not
        listed is an error; one without a row in training has no column, as nothing is known of it,
        and is an unseen level in a prediction.
    min_exposure : levels with less exposure times weight (fewer rows where there is neither) are
        pooled into one, "other", the last unless it is a level of the data or listed. The pool is
        not for levels that are new in a prediction.
    handle_unknown, handle_missing : as in `levels.Policies`; None leaves it to the model. Missing
        values come last, and are a level like any other: pooled where rare, new in a prediction
        where training had none. A text "missing" joins them.
    bare : whether the formula names a text column without C(); a matter of its label alone
    defaults : Policies of the model
    learned : Levels
    """

    column: str
    ref: object = None
    coding: str = "treatment"
    levels: tuple | None = None
    min_exposure: float | None = None
    handle_unknown: str | None = None
    handle_missing: str | None = None
    bare: bool = field(default=False, compare=False)
    defaults: Policies = STRICT
    learned: Levels | None = None
    is_categorical = True

    def __post_init__(self):
        where = f" of {self.column!r}"
        if isinstance(self.coding, str) and self.coding == "orthogonal polynomial":
            object.__setattr__(self, "coding", "polynomial")
        if self.coding not in tuple(CODINGS):
            known = ", ".join(map(repr, CODINGS))
            raise ValueError(f"unknown coding={self.coding!r}{where}: known are {known}")
        if self.coding != "treatment" and self.ref is not None:
            raise ValueError(
                f"coding={self.coding!r}{where} takes no ref: it compares no level with one "
                "reference, and its base is the first level, which levels= decides; leave ref out"
            )
        if self.levels is not None:
            object.__setattr__(self, "levels", _check_listed(self.levels, where))
        low = self.min_exposure
        if low is not None and not (is_number(low) and 0 < low < np.inf):
            raise ValueError(f"min_exposure={low!r}{where} must be a number above 0")
        for name in CHOICES:
            if getattr(self, name) is not None:
                check_choice(name, getattr(self, name), where)

    @property
    def columns(self):
        """Names of the data columns used."""
        return (self.column,)

    @property
    def label(self):
        """The factor as a formula writes it."""
        if self.bare:
            return self.column
        options = {
            "ref": self.ref,
            "coding": None if self.coding == "treatment" else self.coding,
            "levels": None if self.levels is None else list(self.levels),
            "min_exposure": self.min_exposure,
            "handle_unknown": self.handle_unknown,
            "handle_missing": self.handle_missing,
        }
        written = [f", {name}={value!r}" for name, value in options.items() if value is not None]
        return f"C({self.column}{''.join(written)})"

    @property
    def is_plain(self):
        """Whether it says nothing of its own."""
        return self == CategoricalFactor(self.column, defaults=self.defaults, learned=self.learned)

    @property
    def policies(self):
        """What it does with unseen and missing values: what it says, else what the model says."""
        own = {name: getattr(self, name) for name in CHOICES if getattr(self, name) is not None}
        return replace(self.defaults, **own)

    @property
    def labels(self):
        """The levels that were learned, in order."""
        return self.learned.labels

    @property
    def reference(self):
        """The reference level; where the coding has none, the first."""
        return self.labels[self.learned.reference]

    def with_policies(self, policies):
        """The factor in a model with these defaults."""
        return replace(self, defaults=policies)

    def learn(self, columns, training=None):
        """The factor with the levels of these data, in their order."""
        encoded, labels = self._read(columns)
        learned = learn_levels(self, labels, encoded, training)
        if self.coding != "treatment" and len(learned.labels) > DENSE_LEVELS:
            raise ValueError(
                f"column {self.column!r} has {len(learned.labels)} levels, too many for "
                f"coding={self.coding!r} (at most {DENSE_LEVELS}): band it first"
            )
        return replace(self, learned=learned)

    def block(self, columns, full=False):
        """The design columns: one less than levels, or, when full, as many."""
        encoded, labels = self._read(columns)
        positions = self._positions(labels, encoded)
        basis = contrast_basis(self.coding, len(self.labels), self.learned.reference, full)
        names = np.array([*self.labels, UNSEEN], dtype=object)
        if len(positions) and positions.max() == len(self.labels):
            basis = _with_mean(basis, self.learned.shares)
        present, mapping = np.unique(positions, return_inverse=True)
        codes = encoded.codes
        if not np.array_equal(present, positions):
            codes = map_codes(codes, mapping, len(present), columns.n_threads)
        return TableBlock(codes, basis[present], {self.column: names[present]}, free=True)

    def names(self, full=False):
        """`Area[T.B]`, or `Age[D.3]` for the step into 3; `Area[A]` where all levels are coded."""
        inside = contrast_names(self.coding, self.labels, self.learned.reference, full)
        return [f"{self.column}[{text}]" for text in inside]

    def meaning(self, full=False):
        """What a column says beside its name: what its level is compared with."""
        if self.coding == "backward_difference":
            means = f"steps through {', '.join(self.labels)}"
        elif full:
            means = "all levels"
        elif self.coding == "treatment":
            means = f"reference level {self.reference!r}"
        else:
            means = f"{self.coding} contrasts of {', '.join(self.labels)}"
        pooled = sorted(self.learned.pooled)
        return f"{means}, other for {', '.join(pooled)}" if pooled else means

    def _positions(self, labels, encoded):
        """Position of each level of the data; that of the mean is behind all levels."""
        positions = self.learned.positions(labels)
        unseen = np.flatnonzero(positions < 0)
        policy = self.policies.handle_unknown
        if len(unseen) and policy == "error":
            rows = int(encoded.counts[unseen].sum())
            raise ValueError(
                f"column {self.column!r} has {counted(len(unseen), 'level')} that the model has "
                f"not seen, in {counted(rows, 'row')}: {_some([labels[at] for at in unseen])}; map "
                f"them to levels it knows ({_some(self.labels)}), drop those rows, or fit the "
                "model with handle_unknown='reference' or 'mean'"
            )
        last = len(self.labels)
        positions[unseen] = self.learned.reference if policy == "reference" else last
        return positions

    def _read(self, columns):
        """The column as codes, and the label of each level of the data."""
        encoded = columns.encoded(self.column, factor=True, missing=True)
        too_many = self.learned is None and encoded is not None and encoded.is_numeric
        too_many = too_many and len(encoded.levels) > max(256, columns.n_rows // 2)
        if encoded is None or too_many:
            raise ValueError(
                f"column {self.column!r} has too many distinct values for a categorical factor: "
                "use it as a number, as a spline, or band it first"
            )
        missing = encoded.missing
        if len(missing) and self.policies.handle_missing == "error":
            rows = int(encoded.counts[missing].sum())
            raise ValueError(
                f"column {self.column!r} has {counted(rows, 'missing value')}: fill them, drop "
                "the rows, or make them a level with handle_missing='level'"
            )
        if encoded.is_numeric and np.isinf(encoded.levels).any():
            rows = int(encoded.counts[np.isinf(encoded.levels)].sum())
            raise ValueError(
                f"column {self.column!r} is infinite in {counted(rows, 'row')}: correct or drop "
                "them"
            )
        labels = [label(level) for level in encoded.levels]
        for at in missing:
            labels[at] = MISSING
        return encoded, labels


def _check_listed(levels, where):
    """Levels as they are listed, a tuple."""
    if not isinstance(levels, (list, tuple, np.ndarray)) or not len(levels):
        raise ValueError(
            f"levels={levels!r}{where} must be a list of all levels in their order, such as "
            "levels=['low', 'mid', 'high']"
        )
    counts = Counter(map(label, levels))
    twice = [text for text, count in counts.items() if count > 1]
    if twice:
        raise ValueError(f"levels={list(levels)!r}{where} lists {', '.join(twice)} twice")
    return tuple(levels)


def _with_mean(basis, shares):
    """The basis with one row more, the mean of the others."""
    mean = np.asarray(shares)[None, :] @ basis
    if sparse.issparse(basis):
        return sparse.vstack([basis, sparse.csr_array(mean)], format="csr")
    return np.vstack([basis, mean])


def _some(levels):
    return listed(levels, 8)
