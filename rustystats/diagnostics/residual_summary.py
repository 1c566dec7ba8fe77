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
    """{"p1": ..., "p99": ...} of sorted values, each repeated so often; NaN without any."""
    ends = None if counts is None else np.cumsum(counts)
    n_values = len(ordered) if ends is None else int(ends[-1]) if len(ends) else 0
    if not n_values:
        return {f"p{percent}": np.nan for percent in PERCENTS}
    positions = (n_values - 1) * np.array(PERCENTS) / 100
    places = np.stack([np.floor(positions), np.ceil(positions)]).astype(np.intp)
    if ends is not None:
        places = np.searchsorted(ends, places, side="right")
    low, high = ordered[places].astype(float)
    found = low + (high - low) * (positions - np.floor(positions))
    return {f"p{percent}": float(value) for percent, value in zip(PERCENTS, found, strict=True)}
