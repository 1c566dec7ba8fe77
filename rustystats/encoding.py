"""Target and frequency encoding: a number for each level, from the response or from its rows.

With weights w and exposure e (1 where there are none), ``volume = w e`` and

    prior  = sum(w y) / sum(volume)                              over all rows
    full   = (sum_c(w y) + prior * prior_weight) / (sum_c(volume) + prior_weight)

over the rows of level c: what rows not seen at fit get, and the prior for a level not seen. The
response is a number of claims where an exposure is given, so that the encoding is a rate, and
prior_weight is in units of exposure.

A row that is encoded by its own response tells a model what it is to predict. The ordered encoding
(Prokhorenkova et al. 2018, "CatBoost: unbiased boosting with categorical features") puts the rows
in random order and takes the sums over rows of the level that stand before it; the mean over
several orders has less noise. A row's own response enters through the prior alone.

Codes come in, numbers go out: the loops are in `_kernels/target.pyx`. Cost: a few passes over the
rows, two of them in random order, and 3 to 4 ns a row and permutation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import rustystats._kernels.target as kernels
from rustystats._kernels.encode import code_dtype, count_not_finite
from rustystats.checks import as_numbers, check_count, is_number
from rustystats.codes import count_codes, encode_numbers

if TYPE_CHECKING:
    from rustystats.typing import Floats

MOST_PARTS = 16


@dataclass(frozen=True, eq=False)
class TargetStatistics:
    """What the rows of each level add up to.

    Parameters
    ----------
    sums : (L,) sum of weight x response
    volumes : (L,) sum of weight x exposure
    prior : float, their ratio over all levels
    """

    sums: np.ndarray
    volumes: np.ndarray
    prior: float

    def encode_levels(self, prior_weight: float) -> Floats:
        """The full encoding of each level, (L,) float64; the prior where it has no volume."""
        prior_weight = check_prior_weight(prior_weight)
        encoded = np.full(len(self.sums), self.prior)
        np.divide(
            self.sums + self.prior * prior_weight,
            self.volumes + prior_weight,
            out=encoded,
            where=self.volumes > 0,
        )
        return encoded


def learn_statistics(codes, n_levels, y, weights=None, exposure=None, n_threads=1):
    """Sums of the response and of the volume by level.

    Parameters
    ----------
    codes : (n,) unsigned integers below n_levels
    n_levels : int
    y : (n,) float64
        The response; a number of claims where an exposure is given.
    weights, exposure : (n,) float64 or None
        Weights of 0 or more; exposure above 0.
    n_threads : int
        Changes no bit of the result.

    Returns
    -------
    TargetStatistics

    Raises
    ------
    ValueError
        If lengths differ, values are missing or out of range, or all weights are 0.
    """
    codes, y, weights, exposure = _checked(codes, n_levels, y, weights, exposure)
    parts = int(np.clip(len(codes) // max(1, 4 * n_levels), 1, MOST_PARTS))
    sums, volumes = kernels.accumulate_levels(
        codes, y, weights, exposure, n_levels, parts, n_threads
    )
    return TargetStatistics(sums, volumes, _prior(y, weights, exposure))


def _prior(y, weights, exposure):
    """sum(w y) / sum(w e), by sums over rows: the same whatever the levels."""
    if weights is None:
        return float(y.mean() if exposure is None else y.sum() / exposure.sum())
    volume = weights if exposure is None else weights * exposure
    return float((weights * y).sum() / volume.sum())


def ordered_statistics(
    codes,
    n_levels,
    y,
    weights=None,
    exposure=None,
    *,
    prior,
    prior_weight=1.0,
    n_permutations=4,
    seed=None,
    n_threads=1,
):
    """The ordered encoding of each row, (n,) float64.

    Parameters
    ----------
    codes, n_levels, y, weights, exposure, n_threads : as in `learn_statistics`
    prior : float
    prior_weight : float, 0 or more
        How many rows (or how much exposure) the prior counts for. With 0, a row that has nothing
        of its level before it gets the prior in that permutation.
    n_permutations : int, at least 1
    seed : int, SeedSequence, Generator, RandomState or None
        An int or SeedSequence gives the same permutations each time, a Generator is drawn from
        and so gives others, None is random. Different seeds share no permutation, neighbours or
        not.

    Raises
    ------
    ValueError
        As `learn_statistics`, and if prior_weight, n_permutations or seed are none.
    """
    codes, y, weights, exposure = _checked(codes, n_levels, y, weights, exposure)
    prior_weight = check_prior_weight(prior_weight)
    check_count(n_permutations, "n_permutations")
    order, starts = kernels.group_rows(codes, n_levels, n_threads)
    counts = np.diff(starts)
    # Large levels first: a thread that took one up last would keep the others waiting.
    large = counts > len(codes) // 64
    queue = np.concatenate([np.flatnonzero(large), np.flatnonzero(~large)])
    buffers = np.empty((n_threads, kernels.ROW_BYTES * int(counts.max())), dtype=np.uint8)
    encoded = np.empty(len(codes))
    kernels.encode_ordered(
        order,
        starts,
        queue,
        y,
        weights,
        exposure,
        prior,
        prior_weight,
        n_permutations,
        int(as_generator(seed).integers(2**64, dtype=np.uint64)),  # all streams are made from it
        buffers,
        encoded,
        n_threads,
    )
    return encoded


def combine_levels(first, second, n_second, n_threads=1):
    """The combinations of levels of two columns that occur, as one column.

    Parameters
    ----------
    first, second : (n,) unsigned integer codes
    n_second : int, levels of the second column
    n_threads : int

    Returns
    -------
    codes : (n,) unsigned integers
    pairs : (2, L) the level of each column that each combination is made of, in sorted order
    """
    joint = first.astype(np.int64) * n_second + second
    found, levels = encode_numbers(joint, len(joint), n_threads)
    return found, np.stack(np.divmod(levels, n_second))


def level_volumes(codes, n_levels, weights=None, n_threads=1):
    """Rows, or weight, of each level: integers without weights, (n_levels,)."""
    if weights is None:
        return count_codes(codes, n_levels, n_threads)
    return np.bincount(codes, check_weights(weights, len(codes)), n_levels)


def check_weights(weights, n_rows):
    """Weights as (n_rows,) float64, none negative or missing and not all 0."""
    weights = _vector(weights, n_rows, "weights")
    _refuse(weights < 0, "weights", "negative", "a weight is 0 or more")
    if not weights.any():
        raise ValueError(f"weights is zero in all {n_rows} rows: nothing to learn from")
    return weights


def check_prior_weight(prior_weight: Any) -> float:
    """prior_weight as a float: a finite number of 0 or more."""
    if not is_number(prior_weight) or not 0 <= prior_weight < np.inf:
        raise ValueError(f"prior_weight must be a number of 0 or more, not {prior_weight!r}")
    return float(prior_weight)


def as_generator(seed: Any, name: str = "seed") -> np.random.Generator:
    """The Generator that streams are drawn from: seed itself, or one made from it.

    Raises
    ------
    ValueError
        If seed is none of what `ordered_statistics` takes.
    """
    if isinstance(seed, np.random.RandomState):
        seed = seed.randint(2**32, size=4, dtype=np.uint32)
    try:
        return np.random.default_rng(seed)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name} must be a whole number of 0 or more, a Generator or None, not {seed!r}: "
            f"{error}"
        ) from None


def _checked(codes, n_levels, y, weights, exposure):
    """The arrays as the kernels read them: codes in range, numbers finite and of one length."""
    codes = np.asarray(codes)
    if not 0 < len(codes) < 2**32:
        raise ValueError(f"target encoding takes between 1 and 2^32 - 1 rows, not {len(codes)}")
    if codes.min() < 0 or codes.max() >= n_levels:
        raise ValueError(
            f"codes run from {codes.min()} to {codes.max()}, and there are {n_levels} levels"
        )
    codes = np.ascontiguousarray(codes, dtype=code_dtype(n_levels))
    y = _vector(y, len(codes), "target")
    if weights is not None:
        weights = check_weights(weights, len(codes))
    if exposure is not None:
        exposure = _vector(exposure, len(codes), "exposure")
        _refuse(exposure <= 0, "exposure", "0 or negative", "an exposure is above 0")
    return codes, y, weights, exposure


def _vector(values, n_rows, role):
    values = np.ascontiguousarray(as_numbers(values, role))
    if values.shape != (n_rows,):
        raise ValueError(
            f"{role} has shape {values.shape}, the categories {n_rows} rows: pass one number a row"
        )
    bad = count_not_finite(values, 1)  # a third of a millisecond a million
    if bad:
        raise ValueError(f"{role} is NaN or infinite in {bad} rows: fill or drop those rows")
    return values


def _refuse(bad, role, what, rule):
    count = np.count_nonzero(bad)
    if count:
        raise ValueError(f"{role} is {what} in {count} rows: {rule}, correct or drop those rows")
