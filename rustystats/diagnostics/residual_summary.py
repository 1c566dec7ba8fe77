"""Moments and percentiles of residuals, one number a row: unweighted, as their weights are inside.

Skewness and excess kurtosis are those of the moments (scipy's ``bias=True``), percentiles those of
numpy (linear, type 7), the standard deviation divides by n. Cost: a sort and three products.
"""

import numpy as np

from rustystats.diagnostics.sections import ResidualStatistics

PERCENTS = (1, 5, 10, 25, 50, 75, 90, 95, 99)


def summarise(residuals):
    """`ResidualStatistics` of (n,) residuals."""
    n_rows, ordered = len(residuals), np.sort(residuals)
    mean = float(np.sum(residuals) / n_rows)
    centred = residuals - mean
    squares = centred * centred
    variance = float(np.sum(squares) / n_rows)
    third, fourth = float(squares @ centred) / n_rows, float(squares @ squares) / n_rows
    varied = variance > 0
    return ResidualStatistics(
        mean=mean,
        std=variance**0.5,
        min=float(ordered[0]),
        max=float(ordered[-1]),
        skewness=third / variance**1.5 if varied else np.nan,
        kurtosis=fourth / variance**2 - 3.0 if varied else np.nan,
        percentiles=percentiles(ordered),
    )


def percentiles(ordered, counts=None):
    """{"p1": ..., "p99": ...} of sorted values, each repeated so often; NaN without any.

    Parameters
    ----------
    ordered : (m,) sorted array
    counts : (m,) array of whole numbers, or None for 1 each
    """
    ends = np.arange(1, len(ordered) + 1) if counts is None else np.cumsum(counts)
    if not len(ends) or not ends[-1]:
        return {f"p{percent}": np.nan for percent in PERCENTS}
    positions = (ends[-1] - 1) * np.array(PERCENTS) / 100
    below = np.floor(positions)
    low = ordered[np.searchsorted(ends, below, side="right")].astype(float)
    high = ordered[np.searchsorted(ends, np.ceil(positions), side="right")].astype(float)
    found = low + (high - low) * (positions - below)
    return {f"p{percent}": float(value) for percent, value in zip(PERCENTS, found, strict=True)}
