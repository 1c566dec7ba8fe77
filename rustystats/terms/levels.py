"""Which levels a categorical factor has, in what order, and what becomes of the others.

Learned on the training rows: the levels that occur, in the order of the data or as listed; rare
ones pooled into `other`; missing values as `missing` where asked. Replayed on any rows: a value has
the position of its level, of the pool, or none: then the policy for unseen levels decides. What a
level counts is its rows' exposure times weight, or their number where there is neither.
Cost: one pass over the rows where that is asked for, else none; all is in labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from rustystats.messages import counted, listed, warn_user

if TYPE_CHECKING:
    from numpy.typing import NDArray

OTHER, MISSING = "other", "missing"
CHOICES = {
    "handle_unknown": ("error", "reference", "mean"),
    "handle_missing": ("error", "level"),
}


@dataclass(frozen=True)
class Policies:
    """What the factors of a model do that do not say so themselves.

    Parameters
    ----------
    handle_unknown : "error", "reference" or "mean"
        Rows of a level that the model has not seen are refused; are as the reference level; or have
        the mean of the factor's design columns over the training rows, by exposure times weight,
        and with it the mean of its levels' effects on the link scale.
    handle_missing : "error" or "level"
        Missing values are refused, or are a level named "missing".
    """

    handle_unknown: str = "error"
    handle_missing: str = "error"

    def __post_init__(self) -> None:
        for name in CHOICES:
            check_choice(name, getattr(self, name))


def check_choice(name, value, where=""):
    """Refuse a policy that is not known."""
    if not (isinstance(value, str) and value in CHOICES[name]):
        known = ", ".join(map(repr, CHOICES[name]))
        raise ValueError(f"{name}={value!r}{where} is not known: it is one of {known}")


STRICT = Policies()


@dataclass(frozen=True)
class Levels:
    """The levels of a factor.

    Parameters
    ----------
    labels : tuple of str, in order
    reference : position of the reference level
    pooled : tuple of the labels that `other` stands for
    shares : each level's share of what the training rows count, empty where nobody asks
    """

    labels: tuple[Any, ...]
    reference: int = 0
    pooled: tuple[Any, ...] = ()
    shares: tuple[Any, ...] = ()

    @cached_property
    def _at(self):
        at = {level: position for position, level in enumerate(self.labels)}
        return at | dict.fromkeys(self.pooled, at.get(OTHER))

    def positions(self, labels: Any) -> NDArray[np.intp]:
        """Position of each label, (len(labels),); -1 for those that are no level."""
        return np.array([self._at.get(level, -1) for level in labels], dtype=np.intp)


def learn_levels(factor, labels, encoded, training=None):
    """The levels of training rows.

    Parameters
    ----------
    factor : CategoricalFactor, for what it asks
    labels : list of str, one a level of the data; a label may come twice
    encoded : Encoded, the column
    training : Training of the same rows, or None

    Raises
    ------
    ValueError
        If levels occur that are not listed, or the reference is no level.
    """
    wants_mean = factor.policies.handle_unknown == "mean"
    totals = {}
    if factor.min_exposure is not None or factor.ref == "most_exposed" or wants_mean:
        for level, total in zip(labels, _volume(encoded, training), strict=True):
            totals[level] = totals.get(level, 0.0) + float(total)
    order, occur, rare = _order(factor, labels, encoded), set(labels), set()
    if factor.min_exposure is not None:
        rare = {level for level in occur if totals[level] < factor.min_exposure} - {OTHER}
    if rare:
        order = list(dict.fromkeys([*order, OTHER]))
        totals[OTHER] = totals.get(OTHER, 0.0) + sum(totals[v] for v in order if v in rare)
    stay = (occur - rare) | ({OTHER} if rare else set())
    kept = [level for level in order if level in stay]
    gone = [level for level in order if level not in stay]
    if gone and not rare:
        warn_user(
            f"column {factor.column!r} has no row of {listed(gone)}: listed in levels=, left out "
            "of the model and, if they come up in a prediction, unseen levels for handle_unknown"
        )
    pooled = tuple(gone) if rare else ()
    shares = ()
    if wants_mean:
        whole = sum(totals[level] for level in kept)
        shares = tuple(totals[level] / whole for level in kept)
    return Levels(tuple(kept), _reference(factor, kept, pooled, totals), pooled, shares)


def _volume(encoded, training):
    """What each level of the data counts."""
    volume = None if training is None else training.volume
    if volume is None:
        return encoded.counts
    return np.bincount(encoded.codes, volume, minlength=len(encoded.levels))


def _order(factor, labels, encoded):
    """Levels in their order: those that occur, or those that are listed."""
    if factor.levels is None:
        return list(dict.fromkeys(labels))
    wanted = dict.fromkeys(label(level) for level in factor.levels)
    if factor.policies.handle_missing == "level" and MISSING in labels:
        wanted[MISSING] = None
    extra = [at for at, level in enumerate(labels) if level not in wanted]
    if extra:
        rows = int(encoded.counts[extra].sum())
        raise ValueError(
            f"column {factor.column!r} has {counted(len(extra), 'level')} that levels= does not "
            f"list, in {counted(rows, 'row')}: {listed([labels[at] for at in extra], 8)}; list "
            "them, map them to levels that are, or drop those rows"
        )
    return list(wanted)


def _reference(factor, kept, pooled, totals):
    """Position of the reference level."""
    if factor.ref is None:
        return 0
    wanted = label(factor.ref)
    if wanted in kept:  # before the words, which may be names of levels
        return kept.index(wanted)
    if wanted in pooled:
        raise ValueError(
            f"reference level {factor.ref!r} of column {factor.column!r} is below min_exposure="
            f"{factor.min_exposure:g} and pooled: choose one of {listed(kept, 8)}"
        )
    if factor.ref == "first":
        return 0
    if factor.ref == "most_exposed":
        return int(np.argmax([totals[level] for level in kept]))
    raise ValueError(
        f"reference level {factor.ref!r} does not occur in column {factor.column!r}: "
        f"it has {listed(kept, 8)}"
    )


def label(level):
    """How a level is written: whole numbers without a decimal point."""
    if isinstance(level, (float, np.floating)) and float(level).is_integer():
        return str(int(level))
    if isinstance(level, np.generic):
        level = level.item()
    return str(level)
