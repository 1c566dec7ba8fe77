"""Charts of how predictions rank and meet the level: lift, double lift, Lorenz, calibration."""

import numpy as np

from rustystats.charts.levels import level_axes
from rustystats.charts.style import (
    OTHER,
    PREDICTED,
    REFERENCE,
    dress,
    ink,
    legend_above,
    marker_size,
    new_axes,
    observed,
)


def lift(bins, *, ylabel, volume="exposure", ax=None):
    """Observed and predicted means in parts of equal exposure, from the lowest prediction up.

    The labels have the lift: the mean of the last part over that of the first.

    Parameters
    ----------
    bins : list of objects with actual_mean, predicted_mean, actual_sum, exposure
        In the order of the predictions.
    ylabel : str
        What the means are.
    volume : str
        What the exposure is.
    """
    curves = [
        ("actual_mean", "observed", observed(len(bins))),
        ("predicted_mean", "predicted", PREDICTED),
    ]
    return _by_rank(bins, curves, ylabel, _parts(bins, volume, "prediction"), ax, ratios=True)


def double_lift(bins, *, ylabel, names=("this model", "other model"), volume="exposure", ax=None):
    """Observed means and those of two models, where these disagree most in the first and last part.

    Parameters
    ----------
    bins : list of objects with actual_mean, predicted_mean, other_mean, actual_sum, exposure
        In the order of this model's prediction over the other's.
    ylabel : str
        What the means are.
    names : pair of str, of the models
    volume : str
        What the exposure is.
    """
    curves = [
        ("actual_mean", "observed", observed(len(bins))),
        ("predicted_mean", names[0], PREDICTED),
        ("other_mean", names[1], OTHER),
    ]
    xlabel = _parts(bins, volume, f"{names[0]} / {names[1]}")
    return _by_rank(bins, curves, ylabel, xlabel, ax)


def _parts(bins, volume, order):
    return f"{len(bins)} parts of equal {volume}, by {order}, ascending"


def _by_rank(bins, curves, ylabel, xlabel, ax, ratios=False):
    """Lines over numbered parts, and the mean of all."""
    ax = level_axes([str(number) for number in range(1, len(bins) + 1)], ax)
    places, size = np.arange(len(bins)), marker_size(len(bins))
    for key, label, look in curves:
        means = np.array([getattr(part, key) for part in bins], dtype=float)
        if ratios and means[0] > 0:
            label += f", last / first = {means[-1] / means[0]:.2f}"
        ax.plot(places, means, label=label, **{"markersize": size, **look})
    totals = [sum(getattr(part, key) for part in bins) for key in ("actual_sum", "exposure")]
    ax.axhline(totals[0] / totals[1], label="mean", **REFERENCE)
    dress(ax, xlabel, ylabel)
    ax.set_ylim(bottom=min(0.0, ax.get_ylim()[0]))
    legend_above(ax)
    return ax


def lorenz(points, *, gini, volume="exposure", amount="claims", ax=None):
    """Lorenz curve: share of the claims that the part of the exposure with lowest predictions has.

    Parameters
    ----------
    points : list of objects with cumulative_exposure_pct, cumulative_actual_pct,
        cumulative_predicted_pct
        Shares from 0 to 1, in the order of the predictions.
    gini : float
        Of the observed curve, over that of a perfect order.
    volume, amount : str
        What the exposure and the response are.
    """
    ax = new_axes(ax, height=5.2)
    across = [point.cumulative_exposure_pct for point in points]
    for key, label, look in (
        ("cumulative_actual_pct", f"observed, normalised Gini = {gini:.3f}", observed()),
        ("cumulative_predicted_pct", "predicted", PREDICTED),
    ):
        curve = {**look, "marker": None}
        ax.plot(across, [getattr(point, key) for point in points], label=label, **curve)
    ax.plot([0, 1], [0, 1], label="no ranking", **REFERENCE)
    _shares(ax)
    dress(ax, f"share of {volume}, lowest predictions first", f"share of {amount}", grid="both")
    legend_above(ax)
    return ax


def _shares(ax):
    from matplotlib.ticker import PercentFormatter

    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.set(xlim=(0.0, 1.0), ylim=(0.0, 1.0), aspect="equal")


def calibration(bins, *, ratio, ylabel, ax=None):
    """Observed against predicted means in parts of equal exposure, with intervals.

    Parameters
    ----------
    bins : list of objects with predicted_mean, actual_mean, ae_confidence_interval_lower and
        ae_confidence_interval_upper
        The interval is of observed over predicted.
    ratio : float
        Observed over predicted, of all.
    ylabel : str
        What the means are.
    """
    ax = new_axes(ax, height=5.2)
    keys = "predicted_mean actual_mean ae_confidence_interval_lower ae_confidence_interval_upper"
    predicted, actual, low, high = (
        np.array([getattr(part, key) for part in bins], dtype=float) for key in keys.split()
    )
    ax.vlines(predicted, predicted * low, predicted * high, color=ink(), linewidth=1.0, alpha=0.6)
    label = f"observed, A/E = {ratio:.3f} in all"
    ax.plot(predicted, actual, label=label, **{**observed(len(bins)), "linestyle": "none"})
    ends = [*predicted, *actual]
    low, high = min(ends), max(ends)
    margin = 0.06 * (high - low)
    low = max(0.0, low - margin) if low >= 0 else low - margin
    ax.plot([low, high + margin], [low, high + margin], label="observed = predicted", **REFERENCE)
    dress(ax, f"predicted {ylabel}", f"observed {ylabel}", grid="both")
    ax.locator_params(nbins=6, steps=[1, 2, 5, 10])  # few and short numbers, on both axes alike
    legend_above(ax)
    return ax
