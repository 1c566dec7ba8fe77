"""Bootstrap bands of Gini and lift: policies drawn anew, with the model as it is.

A draw of n policies with replacement is how often each one is in it, a vector of multinomial
counts: rows sorted by prediction stay sorted, so that the rows are sorted once, and a draw costs
random numbers and some cumulated sums. The model is not fitted
anew: the bands say how well the data at hand determine the Gini and the means of the bins, not how
the model would differ. Bins are those of the rows as they are.

With x the cumulated share of the volume, dx and a the shares of a run of equal predictions in the
volume and the response, the Gini is ``2 sum a (x - dx / 2) - 1`` over that of the perfect order, as
in `discrimination.py`.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from rustystats.diagnostics.binning import equal_volume_edges
from rustystats.threads import effective_n_threads

BLOCK = 1 << 15


@dataclass(frozen=True, eq=False)
class Draws:
    """What each of b draws gave: (b,) Ginis, NaN where a draw has no response, and (b, k) sums by
    bin of volume, actual and predicted; and the bins' (k,) sums of the rows as they are."""

    gini: np.ndarray
    volume: np.ndarray
    actual: np.ndarray
    predicted: np.ndarray
    whole: tuple


class _Gini:
    """The Gini of rows that count several times or not at all, in the order by prediction."""

    def __init__(self, rows):
        ordered = rows.in_order
        order, rate = ordered.order, ordered.rate
        self.claims = np.flatnonzero(ordered.actual)  # the others have no share in the sum
        self.actual = ordered.actual[self.claims]
        new = np.append(True, rate[1:] != rate[:-1])
        starts = np.flatnonzero(new)
        run = np.cumsum(new)[self.claims] - 1
        self.first = starts[run]
        self.last = np.append(starts[1:], len(rate))[run]
        mine = order[self.claims]
        worth = rows.y[mine] if rows.exposure is None else rows.y[mine] / rows.exposure[mine]
        self.by_worth = np.argsort(worth, kind="stable")

    def of(self, actual, own, cumulated):
        """Of a draw: response and volume of the claims, volume cumulated from 0, (n + 1,)."""
        total, whole = actual.sum(), cumulated[-1]
        if not total:
            return np.nan
        found = actual @ (cumulated[self.first] + cumulated[self.last]) / (total * whole) - 1.0
        own, actual = own[self.by_worth], actual[self.by_worth]
        ends = whole - own.sum() + np.cumsum(own)
        best = actual @ (2.0 * ends - own) / (total * whole) - 1.0
        return found / best if best > 1e-12 else np.nan


def _multinomial(stream, size):
    """How often each of `size` things is in as many draws with replacement, as floats.

    First how many draws fall on each block of things, then which of them: a block of counts stays
    in the cache, which the whole would not.
    """
    counts, edges = np.empty(size), np.append(np.arange(0, size, BLOCK), size)
    widths = np.diff(edges)
    for start, width, k in zip(
        edges, widths, stream.multinomial(size, widths / size), strict=False
    ):
        part = np.bincount(stream.integers(width, size=k), minlength=width)
        counts[start : start + width] = part
    return counts


def draw(rows, n_bins, n_draws, generator, groups=None):
    """Draws of rows, or of groups of rows that belong together.

    Every draw has a stream of random numbers of its own: threads do not change the result.

    Parameters
    ----------
    rows : Rows, no response below 0
    n_bins : int
    n_draws : int
    generator : numpy Generator
    groups : (n,) codes 0, 1, ... of the groups, or None where each row is one

    Returns
    -------
    Draws
    """
    ordered, gini = rows.in_order, _Gini(rows)
    volume, predicted = ordered.volume, ordered.predicted
    edges = equal_volume_edges(volume, n_bins)
    bin_of = np.searchsorted(edges, gini.claims, side="right") - 1
    member = None if groups is None else groups[ordered.order]
    size = len(rows) if groups is None else int(groups.max()) + 1

    def one(stream):
        counts = _multinomial(stream, size)
        counts = counts if member is None else counts[member]
        actual = counts[gini.claims] * gini.actual
        means = [counts[a:b] @ predicted[a:b] for a, b in pairwise(edges)]
        own = counts[gini.claims] * volume[gini.claims]
        counts *= volume
        cumulated = np.empty(len(counts) + 1)
        cumulated[0] = 0.0
        np.cumsum(counts, out=cumulated[1:])
        sums = np.bincount(bin_of, actual, minlength=len(means))
        return gini.of(actual, own, cumulated), np.diff(cumulated[edges]), sums, means

    from concurrent.futures import ThreadPoolExecutor  # not with the package

    with ThreadPoolExecutor(effective_n_threads(rows.n_threads, len(rows))) as pool:
        found = list(pool.map(one, generator.spawn(n_draws)))
    whole = [np.add.reduceat(v, edges[:-1]) for v in (volume, ordered.actual, predicted)]
    return Draws(*(np.array(part) for part in zip(*found, strict=True)), tuple(whole))
