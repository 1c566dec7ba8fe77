"""Target encoding of plain lists, arrays and Series, and of a column of a DataFrame.

The mathematics is in `encoding.py`, the coding of the categories in `frames/`.
"""

from __future__ import annotations

import reprlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rustystats import encoding, frames
from rustystats.checks import as_numbers, check_count, is_number
from rustystats.levels import distinct, level_keys, look_up, read_levels
from rustystats.terms.levels import label
from rustystats.threads import effective_n_threads

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from rustystats.encoding import TargetStatistics
    from rustystats.typing import Floats, FrameLike, LevelStats, Seed


def target_encode(
    categories: ArrayLike,
    target: ArrayLike,
    var_name: str = "x",
    prior_weight: float = 1.0,
    n_permutations: int = 4,
    seed: Seed = None,
    *,
    exposure: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    n_threads: int | None = None,
) -> tuple[Floats, str, float, LevelStats]:
    """Encode a categorical column by the mean of the response of its levels, without its own.

    The ordered target statistics of CatBoost (see `rustystats.encoding`): a row gets
    ``(sum + prior * prior_weight) / (volume + prior_weight)`` over the rows of its level that
    stand before it in a random order of all rows, averaged over n_permutations orders. A row's
    own response enters through the prior alone, the mean response of all rows.

    Parameters
    ----------
    categories : list, array or Series of n values
        Text, numbers, booleans or categories.
    target : (n,) array
        The response; a number of claims where an exposure is given.
    var_name : str
    prior_weight : float, 0 or more
        How many rows the prior counts for; with an exposure, how much of that.
    n_permutations : int
    seed : int, SeedSequence, Generator or None
        The same seed, data and version give the same result whatever the number of threads.
    exposure, weights : (n,) array, optional
        The encoding is sum(weight * target) / sum(weight * exposure).
    n_threads : int or None

    Returns
    -------
    encoded : (n,) float64
    name : str, ``"TE(var_name)"``
    prior : float
    level_stats : dict
        For each level the tuple (sum of the response, number of rows); with weights or an
        exposure the tuple (sum, volume). `apply_target_encoding` takes it.

    Raises
    ------
    ValueError
        If lengths differ, categories or numbers are missing, or parameters are out of range.

    Examples
    --------
    >>> import rustystats as rs
    >>> brands, claims = ["a", "b", "a", "a"], [1, 0, 0, 1]
    >>> encoded, name, prior, stats = rs.target_encode(brands, claims, "brand", seed=1)
    >>> name, prior, stats["a"]
    ('TE(brand)', 0.5, (2.0, 3))
    >>> float(encoded[1])  # alone in its level
    0.5
    >>> rs.apply_target_encoding(["a", "c"], stats, prior).tolist()
    [0.625, 0.5]
    """
    encoded = read_levels(categories, var_name, n_threads)
    return _target_encode(
        encoded.codes,
        level_keys(encoded, var_name),
        target,
        var_name,
        (prior_weight, n_permutations, seed),
        (weights, exposure),
        n_threads,
    )


def target_encode_interaction(
    categories1: ArrayLike,
    categories2: ArrayLike,
    target: ArrayLike,
    var_name1: str = "x1",
    var_name2: str = "x2",
    prior_weight: float = 1.0,
    n_permutations: int = 4,
    seed: Seed = None,
    *,
    exposure: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    n_threads: int | None = None,
) -> tuple[Floats, str, float, LevelStats]:
    """Encode the combination of two categorical columns by the mean of the response.

    Parameters
    ----------
    categories1, categories2 : list, array or Series of n values
    target, prior_weight, n_permutations, seed, exposure, weights, n_threads : as in `target_encode`
    var_name1, var_name2 : str

    Returns
    -------
    encoded, name, prior, level_stats : as of `target_encode`
        The name is ``"TE(a:b)"``, and a level is named ``"A:B"``.

    Raises
    ------
    ValueError
        As in `target_encode`, and if the columns differ in length.

    Examples
    --------
    >>> import rustystats as rs
    >>> first, second, claims = ["a", "b", "a"], ["x", "y", "x"], [1, 2, 3]
    >>> encoded, name, prior, stats = rs.target_encode_interaction(first, second, claims, "u", "v")
    >>> name, stats
    ('TE(u:v)', {'a:x': (4.0, 2), 'b:y': (2.0, 1)})
    >>> rs.apply_target_encoding([f"{i}:{j}" for i, j in zip("ab", "xx")], stats, prior).tolist()
    [2.0, 2.0]
    """
    first = read_levels(categories1, var_name1, n_threads)
    second = read_levels(categories2, var_name2, n_threads)
    if len(first.codes) != len(second.codes):
        raise ValueError(
            f"{var_name1!r} has {len(first.codes)} categories, {var_name2!r} "
            f"{len(second.codes)}: pass one of each a row"
        )
    name = f"{var_name1}:{var_name2}"
    n_threads_used = effective_n_threads(n_threads, len(first.codes))
    codes, pairs = encoding.combine_levels(
        first.codes, second.codes, len(second.levels), n_threads_used
    )
    keys = [f"{label(first.levels[i])}:{label(second.levels[j])}" for i, j in pairs.T.tolist()]
    return _target_encode(
        codes,
        distinct(keys, name),
        target,
        name,
        (prior_weight, n_permutations, seed),
        (weights, exposure),
        n_threads,
    )


def apply_target_encoding(
    categories: ArrayLike, level_stats: LevelStats, prior: float, prior_weight: float = 1.0
) -> Floats:
    """The full encoding of new rows: ``(sum + prior * prior_weight) / (volume + prior_weight)``.

    Parameters
    ----------
    categories : list, array or Series of m values
    level_stats : dict, from `target_encode`
    prior : float, from `target_encode`
        What a level that is not in level_stats gets.
    prior_weight : float
        That given to `target_encode`.

    Returns
    -------
    (m,) float64

    Raises
    ------
    ValueError
        If level_stats or prior are not what `target_encode` returns.

    Examples
    --------
    >>> import rustystats as rs
    >>> rs.apply_target_encoding(["a", "z"], {"a": (2.0, 3)}, prior=0.5, prior_weight=1.0).tolist()
    [0.625, 0.5]
    """
    if not is_number(prior) or not np.isfinite(prior):
        raise ValueError(f"prior must be a number, that of target_encode, not {prior!r}")
    encoded = read_levels(categories, "categories")
    sums, volumes = _sums_and_volumes(level_stats)
    statistics = encoding.TargetStatistics(sums, volumes, float(prior))
    table = dict(zip(level_stats, statistics.encode_levels(prior_weight), strict=True))
    return look_up(encoded, level_keys(encoded, "categories"), table, float(prior))


def _sums_and_volumes(level_stats: Any) -> Floats:
    """(2, L) float64, of a dict of tuples."""
    if isinstance(level_stats, dict):
        pairs = list(level_stats.values())
        if all(isinstance(pair, (tuple, list)) and len(pair) == 2 for pair in pairs):
            return as_numbers(np.reshape(pairs, (-1, 2)), "level_stats").T
    raise ValueError(
        "level_stats must be the dict of target_encode, for each level the tuple (sum, volume), "
        f"not {reprlib.repr(level_stats)}"
    )


class TargetEncodingTerm:
    """The target encoding of one column of a DataFrame, learned once and replayed.

    Parameters
    ----------
    var_name : str
    prior_weight : float
    n_permutations : int

    Examples
    --------
    >>> import rustystats as rs
    >>> term = rs.TargetEncodingTerm("brand", prior_weight=1.0, n_permutations=4)
    >>> values, name = term.fit_transform({"brand": ["a", "b", "a"]}, [1, 0, 2], seed=1)
    >>> term.transform({"brand": ["a", "z"]})
    (array([1.33333333, 1.        ]), 'TE(brand)')
    """

    var_name: str
    prior_weight: float
    n_permutations: int

    def __init__(self, var_name: str, prior_weight: float = 1.0, n_permutations: int = 4) -> None:
        self.var_name = var_name
        self.prior_weight = encoding.check_prior_weight(prior_weight)
        self.n_permutations = check_count(n_permutations, "n_permutations")
        self.prior: float | None = None
        self.level_stats: LevelStats | None = None

    def fit_transform(
        self,
        data: FrameLike,
        target: ArrayLike,
        seed: Seed = None,
        *,
        exposure: ArrayLike | None = None,
        weights: ArrayLike | None = None,
    ) -> tuple[Floats, str]:
        """Learn from the rows of data and encode them, each without its own response.

        Returns
        -------
        ((n,) float64, name)
        """
        values, name, prior, stats = target_encode(
            self._column(data),
            target,
            self.var_name,
            self.prior_weight,
            self.n_permutations,
            seed,
            exposure=exposure,
            weights=weights,
        )
        self.prior, self.level_stats = prior, stats
        return values, name

    def transform(self, data: FrameLike) -> tuple[Floats, str]:
        """Encode new rows by the full statistics; a level not seen gets the prior.

        Returns
        -------
        ((m,) float64, name)

        Raises
        ------
        ValueError
            If the term is not fitted.
        """
        if self.level_stats is None or self.prior is None:
            raise ValueError(f"TE({self.var_name}) is not fitted: call fit_transform first")
        values = apply_target_encoding(
            self._column(data), self.level_stats, self.prior, self.prior_weight
        )
        return values, f"TE({self.var_name})"

    def __repr__(self) -> str:
        return (
            f"TE({self.var_name}, prior_weight={self.prior_weight:g}, "
            f"n_permutations={self.n_permutations})"
        )

    def _column(self, data: FrameLike) -> Any:
        return frames.read_labels(data, self.var_name)


def level_stats(keys: Sequence[Any], statistics: TargetStatistics, counted: bool) -> LevelStats:
    """The statistics as a dict of tuples (sum, volume); a volume that was counted is an int."""
    volumes = statistics.volumes.astype(np.int64) if counted else statistics.volumes
    pairs = zip(statistics.sums.tolist(), volumes.tolist(), strict=True)
    return dict(zip(keys, pairs, strict=True))


def _target_encode(
    codes: NDArray[np.integer],
    keys: Sequence[Any],
    target: ArrayLike,
    name: str,
    options: tuple[float, int, Seed],
    volumes: tuple[Any, Any],
    n_threads: int | None,
) -> tuple[Floats, str, float, LevelStats]:
    prior_weight, n_permutations, seed = options
    n_threads = effective_n_threads(n_threads, len(codes))
    weights, exposure = volumes
    statistics = encoding.learn_statistics(codes, len(keys), target, weights, exposure, n_threads)
    encoded = encoding.ordered_statistics(
        codes,
        len(keys),
        target,
        weights,
        exposure,
        prior=statistics.prior,
        prior_weight=prior_weight,
        n_permutations=n_permutations,
        seed=seed,
        n_threads=n_threads,
    )
    counted = all(volume is None for volume in volumes)
    stats = level_stats(keys, statistics, counted)
    return encoded, f"TE({name})", statistics.prior, stats
