"""Charts of residuals: against the fitted values, and the worm plot.

Up to 2,000 rows are drawn each; more are counted in tiles, the darker the more (by the logarithm
of the count), so that 678,013 policies cost a histogram and no row is left out. The worm plot
thins its points, not the rows (van Buuren & Fredriks 2001, Statistics in Medicine 20:1259-1277):
of the ordered residuals those nearest to evenly spaced normal quantiles are drawn, with the
lowest and the highest. Cost: a sort of the rows.
"""

import numpy as np
from scipy.stats import norm

from rustystats.charts.style import (
    BAND,
    BLUE,
    GREY,
    REFERENCE,
    dress,
    ink,
    legend_above,
    new_axes,
    plain_logarithms,
)

MOST_POINTS = 2000
TILES = (90, 70)
TREND_GROUPS = 20
WORM_POINTS = 200


def residuals_against_fitted(fitted, residuals, *, name, logarithmic, limits=None, ax=None):
    """Residuals against fitted values, with their means in groups of fitted values.

    The groups have as many rows each; the band is their mean plus and minus 1.96 standard errors,
    from the spread within the group. A right model has means of 0 everywhere.

    Parameters
    ----------
    fitted, residuals : (n,) arrays; rows with NaN among the residuals are left out
    name : str, what the residuals are
    logarithmic : bool
        Whether the axis of fitted values is.
    limits : float, optional
        Where 95 % of the residuals should lie, to each side of 0.
    """
    ax = new_axes(ax)
    known = np.isfinite(residuals)
    fitted, residuals = fitted[known], residuals[known]
    if logarithmic:
        ax.set_xscale("log")
        plain_logarithms(ax.xaxis, fitted.min(), fitted.max())
    if len(fitted) <= MOST_POINTS:
        ax.plot(fitted, residuals, ".", color=GREY, markersize=4, alpha=0.6, markeredgewidth=0)
    else:
        _tiles(ax, fitted, residuals, logarithmic)
    ax.axhline(0.0, **{**REFERENCE, "color": ink(), "linestyle": "-", "zorder": 2})
    for limit in () if limits is None else (-limits, limits):
        label = "95 % of a right model within" if limit > 0 else None
        ax.axhline(limit, label=label, **{**REFERENCE, "color": ink(), "zorder": 2})
    x, mean, error = group_means(fitted, residuals, TREND_GROUPS)
    ax.plot(x, mean, color=BLUE, marker="s", markersize=4, label="mean", zorder=4)
    band = {**BAND, "alpha": 0.35, "zorder": 3}
    ax.fill_between(x, mean - 1.96 * error, mean + 1.96 * error, label="95 % interval", **band)
    dress(ax, "fitted value", name)
    legend_above(ax)
    return ax


def group_means(fitted, residuals, n_groups):
    """Means of residuals in groups of as many rows, by fitted value.

    Rows with the same fitted value are kept together, so groups may be fewer.

    Returns
    -------
    fitted, mean, standard_error : (m,) arrays
    """
    order = np.argsort(fitted, kind="stable")
    x, r = fitted[order], residuals[order]
    starts = np.linspace(0, len(x), n_groups, endpoint=False).astype(int)
    starts = np.unique(np.searchsorted(x, x[starts]))
    count = np.diff(np.append(starts, len(x)))
    mean = np.add.reduceat(r, starts) / count
    square = np.add.reduceat(r * r, starts) / count
    spread = np.maximum(square - mean**2, 0.0) / np.maximum(count - 1, 1)
    return np.add.reduceat(x, starts) / count, mean, np.sqrt(spread)


def _tiles(ax, fitted, residuals, logarithmic):
    """Counts of rows as tiles, from pale to dark by their logarithm; empty ones are clear."""
    from matplotlib.colors import ListedColormap, LogNorm

    x = np.log(fitted) if logarithmic else fitted
    (column, across), (row, up) = _parts(x, TILES[0]), _parts(residuals, TILES[1])
    counts = np.bincount(row * TILES[0] + column, minlength=TILES[0] * TILES[1])
    counts = counts.reshape(TILES[1], TILES[0])
    across = np.exp(across) if logarithmic else across
    shades = np.zeros((256, 4))
    shades[:, :3], shades[:, 3] = 0.5, np.linspace(0.12, 0.9, 256)  # grey, the page shines through
    ax.pcolormesh(
        across,
        up,
        np.ma.masked_equal(counts, 0),
        cmap=ListedColormap(shades),
        norm=LogNorm(1, max(counts.max(), 2)),
        rasterized=True,  # thousands of tiles in a vector file are slow to show
        zorder=1,
    )


def _parts(values, count):
    """Which of so many parts of their range values are in, and the ends of the parts."""
    low, high = values.min(), values.max()
    if low == high:
        low, high = low - 0.5, high + 0.5
    width = (high - low) / count
    part = ((values - low) / width).astype(np.int64)
    return np.minimum(part, count - 1), low + width * np.arange(count + 1)


def worm(residuals, *, ax=None):
    """Worm plot: ordered residuals less the normal quantiles expected, with a pointwise band.

    The band holds 95 % of such a point of a right model:
    ``1.96 sqrt(p (1 - p) / n) / phi(z)`` to each side of 0. A worm above or below 0 is a wrong
    mean, a slope a wrong spread, a bend skewness, an S tails too heavy or too light.

    Parameters
    ----------
    residuals : (n,) array, standard normal for a right model; NaN are left out
    """
    ax = new_axes(ax)
    expected, deviation, band = worm_points(residuals)
    ax.fill_between(expected, -band, band, label="95 % of a right model within", **BAND)
    ax.axhline(0.0, **REFERENCE)
    ax.plot(expected, deviation, ".", color=ink(), markersize=5, label="residuals")
    usual = 3 * np.median(band)
    low, high = min(deviation.min(), -usual), max(deviation.max(), usual)
    ax.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))
    dress(ax, "normal quantile", "residual less normal quantile")
    legend_above(ax)
    return ax


def worm_points(residuals):
    """Expected normal quantiles, deviations from them and half widths of the band, (m,) each."""
    ordered = np.sort(residuals[np.isfinite(residuals)])
    n = len(ordered)
    share = (np.arange(n) + 0.5) / n
    if n > WORM_POINTS:
        ends = norm.ppf(share[[0, -1]])
        wanted = norm.cdf(np.linspace(*ends, WORM_POINTS)) * n
        ordered, share = (
            part[np.unique(wanted.astype(int).clip(0, n - 1))] for part in (ordered, share)
        )
    expected = norm.ppf(share)
    return (
        expected,
        ordered - expected,
        1.96 * np.sqrt(share * (1 - share) / n) / norm.pdf(expected),
    )
