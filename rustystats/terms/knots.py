"""Where interior knots go: at quantiles of type 7, of rows alike or of rows with weights.

Put the sorted values side by side, each on a stretch as long as its weight: the step function X(t),
0 <= t <= W, W the sum of the weights. Its quantile p is the mean of X over a window of length 1,

    Q(p) = int_h^{h+1} X(t) dt,    h = p (W - 1).

With weights 1 this is type 7 of Hyndman and Fan (1996), the default of R and numpy; with whole
weights it is type 7 of the rows repeated; between whole numbers it is continuous. It is the
weighted type 7 of Akinshin (2023, arXiv:2304.07265), with W as the sample size. Weights below 1 on
average (exposures, weights that sum to 1) would blur the quantiles, so they are scaled up to mean 1
(`scale_up`, over all rows): then their unit does not matter, and equal weights give the quantiles
of plain rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from rustystats.typing import Floats

SNAP = 1e-6  # share of the window below which its overlap with a value is taken for rounding


def scale_up(weights: Floats) -> Floats:
    """Weights (n,), none negative and not all 0, with a mean over those above 0 of at least 1."""
    return weights / min(1.0, weights.sum() / np.count_nonzero(weights))


def quantile_knots(x: Floats, weights: Floats | None, n_knots: int) -> Floats:
    """Quantiles at i / (n_knots + 1), i = 1 to n_knots, of x in any order; ties are met exactly.

    Weights are positive, None for rows alike.
    """
    if n_knots == 0:
        return np.empty(0)
    order = np.argsort(x)
    ends = np.arange(1.0, x.size + 1) if weights is None else np.cumsum(weights[order])
    width = min(1.0, ends[-1])
    starts = (ends[-1] - width) * np.arange(1, n_knots + 1) / (n_knots + 1)
    return np.array([_window_mean(x, order, ends, start, width) for start in starts])


def _window_mean(x, order, ends, start, width):
    """Mean over [start, start + width] of the function that is x[order[j]] up to ends[j]."""
    first = np.searchsorted(ends, start + SNAP * width, side="right")
    last = np.searchsorted(ends, start + (1 - SNAP) * width, side="left")
    last = max(first, min(last, len(ends) - 1))
    edges = np.concatenate([[start], ends[first:last], [start + width]])
    values = x[order[first : last + 1]]
    return values[0] + np.diff(edges) @ (values - values[0]) / width
