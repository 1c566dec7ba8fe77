"""Bins of rows: by prediction, by the values of a factor, by its levels.

Bins of a prediction hold equal volumes (exposure times weight), exactly as many as asked: sorted by
prediction, ties in row order, and cut where the cumulated volume passes k / n_bins of the whole, so
that rows of one prediction may part. Bins of a factor never part rows of one value: their edges are
weighted quantiles (nearest rank), and a value that holds several of them makes for fewer bins.
Cost: a sort of the rows for a prediction; for a factor one of its levels, and a look-up a row.
"""

import numpy as np

from rustystats.checks import is_whole

OTHER, MISSING = "_Other", "missing"


def sorted_rows(values):
    """Positions that sort the values, ties in row order.

    As ``argsort(kind="stable")``, several times as fast: value and position are packed into one
    whole number where both have room there, and numbers are sorted faster than positions.

    Parameters
    ----------
    values : (n,) array without NaN

    Returns
    -------
    (n,) intp array

    Examples
    --------
    >>> sorted_rows(np.array([2.0, 1.0, 2.0, 1.0]))
    array([1, 3, 0, 2])
    """
    values = np.ascontiguousarray(values, dtype=np.float64) + 0.0  # -0.0 is 0.0
    keys = values.view(np.int64)
    if keys.min() < 0:  # negative numbers: their patterns fall as they rise
        keys = np.where(keys < 0, np.int64(-(2**63)) - keys, keys)
    low, unused = int(keys.min()), int(np.bitwise_or.reduce(keys))
    unused = (unused & -unused).bit_length() - 1 if unused else 0  # digits that are 0 in all
    low >>= unused
    position_bits = max(1, (len(keys) - 1).bit_length())
    if (int(keys.max()) >> unused) - low >= 1 << (63 - position_bits):
        return np.argsort(values, kind="stable")
    packed = (keys >> unused) - low
    packed <<= position_bits
    packed |= np.arange(len(keys))
    packed.sort()
    packed &= (1 << position_bits) - 1
    return packed


def equal_volume_edges(volume, n_bins):
    """Where to cut rows that are sorted already: bin k has the rows edges[k] to edges[k + 1].

    Parameters
    ----------
    volume : (n,) array >= 0, in the order of the rows
    n_bins : int >= 1

    Returns
    -------
    (k + 1,) intp array, strictly rising from 0 to n; k is n_bins, or n where rows are fewer

    Examples
    --------
    >>> equal_volume_edges(np.ones(10), 5)
    array([ 0,  2,  4,  6,  8, 10])
    """
    n_rows = len(volume)
    n_bins = min(check_bins(n_bins), n_rows)
    cumulated = np.cumsum(volume)
    # the row that straddles a cut goes where its middle lies
    middles = cumulated - 0.5 * volume
    steps = np.arange(n_bins + 1)
    edges = np.searchsorted(middles, cumulated[-1] * steps / n_bins)
    edges[0], edges[-1] = 0, n_rows
    # a row of great volume may pass several cuts: every bin keeps a row at least
    edges = np.maximum.accumulate(edges - steps) + steps
    return np.minimum(edges, n_rows - n_bins + steps)


def equal_volume_bins(values, volume, n_bins):
    """The bin of each row, by sorted value, each bin of the same volume.

    Parameters
    ----------
    values, volume : (n,) arrays
    n_bins : int >= 1

    Returns
    -------
    (n,) intp array of 0 to n_bins - 1, each of them in use (with n < n_bins rows: to n - 1)

    Examples
    --------
    >>> equal_volume_bins(np.array([0.3, 0.1, 0.1, 0.1]), np.ones(4), 2)
    array([1, 0, 0, 1])
    """
    order = sorted_rows(values)
    edges = equal_volume_edges(volume[order], n_bins)
    bins = np.empty(len(values), dtype=np.intp)
    bins[order] = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
    return bins


def quantile_bins(values, n_bins, volume=None):
    """Bins between weighted quantiles of values, which may be those of rows or distinct levels.

    Bin k has the values above quantile k and up to quantile k + 1. Missing values (NaN) are a bin
    of their own, the last.

    Parameters
    ----------
    values : (m,) array of numbers
    n_bins : int >= 1
        At most so many, and one more for missing values.
    volume : (m,) array >= 0, or None for 1 each

    Returns
    -------
    bins : (m,) intp array
    lower, upper : (k,) smallest and largest value of each bin; NaN for that of missing values

    Examples
    --------
    >>> bins, lower, upper = quantile_bins(np.array([3.0, 1.0, 1.0, 2.0, np.nan]), 2)
    >>> bins
    array([1, 0, 0, 1, 2])
    >>> lower, upper
    (array([ 1.,  2., nan]), array([ 1.,  3., nan]))
    """
    n_bins = check_bins(n_bins)
    values = np.asarray(values, dtype=float)
    bins = np.zeros(len(values), dtype=np.intp)
    lower, upper = [], []
    known = ~np.isnan(values)
    found = values[known]
    if len(found):
        order = np.argsort(found)
        ordered = found[order]
        weight = np.ones(len(found)) if volume is None else np.asarray(volume)[known][order]
        cumulated = np.cumsum(weight)
        # a hair less, so that rounding of the sum does not move a cut to the next value
        wanted = cumulated[-1] * np.arange(1, n_bins) / n_bins * (1 - 1e-12)
        last = np.unique(np.append(ordered[np.searchsorted(cumulated, wanted)], ordered[-1]))
        bins[known] = np.searchsorted(last, found)
        first = np.searchsorted(ordered, last[:-1], side="right")
        lower, upper = np.append(ordered[0], ordered[first]), last
    if not known.all():
        bins[~known] = len(lower)
        lower, upper = np.append(lower, np.nan), np.append(upper, np.nan)
    return bins, np.asarray(lower), np.asarray(upper)


def pool_levels(volume, rare_threshold_pct, max_levels, apart=()):
    """Which levels stand by themselves, largest first, and which are pooled.

    A level is pooled below a share of the whole volume, or beyond the `max_levels` - 1 largest.
    A pool of one level would hide its name for nothing, and is left alone.

    Parameters
    ----------
    volume : (m,) array, of each level
    rare_threshold_pct : float, percent of the whole
    max_levels : int >= 2, with the pool
    apart : positions of levels that are never pooled (missing values); the last to be shown

    Returns
    -------
    shown : intp array, positions of the levels by themselves
    group : (m,) intp array, the group of each level; len(shown) is the pool

    Examples
    --------
    >>> shown, group = pool_levels(np.array([1.0, 60.0, 0.5, 38.5]), 2.0, 20)
    >>> shown
    array([1, 3])
    >>> group
    array([2, 0, 2, 1])
    """
    if max_levels < 2:
        raise ValueError(f"max_categorical_levels is 2 or more, not {max_levels!r}")
    if not 0 <= rare_threshold_pct <= 100:
        raise ValueError(f"rare_threshold_pct is a percentage, 0 to 100, not {rare_threshold_pct}")
    apart = np.asarray(apart, dtype=np.intp)
    order = np.argsort(-volume, kind="stable")
    order = order[~np.isin(order, apart)]
    large = volume[order] >= np.sum(volume) * rare_threshold_pct / 100
    large[max_levels - 1 :] = False
    if np.count_nonzero(~large) == 1:
        large[:] = True
    shown = np.append(order[large], apart)
    group = np.full(len(volume), len(shown), dtype=np.intp)
    group[shown] = np.arange(len(shown))
    return shown, group


def level_label(level):
    """A level as text; None and NaN are "missing".

    Examples
    --------
    >>> level_label("A"), level_label(3.0), level_label(None)
    ('A', '3', 'missing')
    """
    if level is None or level != level:
        return MISSING
    if isinstance(level, float | np.floating) and float(level).is_integer():
        return str(int(level))
    return str(level)


def group_labels(levels, shown):
    """Labels of the levels by themselves, and that of the pool, which is none of them.

    Nor is that of missing values one of a level that is called "missing".
    """
    shown = levels[shown]
    known = [level_label(level) for level in shown if level is not None]
    missing, pool = (_unlike(label, known) for label in (MISSING, OTHER))
    named = iter(known)
    return [missing if level is None else next(named) for level in shown] + [pool]


def _unlike(label, others):
    while label in others:
        label = "_" + label
    return label


def range_labels(lower, upper):
    """Labels "lo-hi" of bins, two decimals; "missing" for NaN.

    Examples
    --------
    >>> range_labels(np.array([18.0, np.nan]), np.array([25.5, np.nan]))
    ['18.00-25.50', 'missing']
    """
    return [
        MISSING if np.isnan(low) else f"{low:.2f}-{high:.2f}"
        for low, high in zip(lower, upper, strict=True)
    ]


def sums_by(bins, n_bins, *values):
    """Sums of each of the values by bin: an (n_bins,) array, or a tuple of several.

    Examples
    --------
    >>> sums_by(np.array([0, 1, 0]), 3, np.array([1.0, 2.0, 3.0]))
    array([4., 2., 0.])
    """
    sums = tuple(np.bincount(bins, value, n_bins) for value in values)
    return sums[0] if len(sums) == 1 else sums


def check_bins(n_bins):
    """The number of bins.

    Raises
    ------
    ValueError
        If it is no whole number of 1 or more.
    """
    if not is_whole(n_bins) or n_bins < 1:
        raise ValueError(f"the number of bins is a whole number of 1 or more, not {n_bins!r}")
    return int(n_bins)
