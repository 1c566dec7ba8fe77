"""Charts of one factor: observed and predicted, relativities, effects.

Levels that are texts or categories stand side by side; the values of a numeric column stand where
they are on an axis of numbers, joined by a line with a band.
"""

import numpy as np

from rustystats.charts.levels import level_axes, on_a_grid
from rustystats.charts.style import (
    BAND,
    BLUE,
    PREDICTED,
    REFERENCE,
    columns_behind,
    dress,
    legend_above,
    marker_size,
    new_axes,
    observed,
    plain_logarithms,
)

FARTHEST = 50.0  # relativities further from 1 than this factor stand at the edge of the picture
HUGE = 60.0  # logarithms of what is far out of every picture: larger numbers overflow in it
MOST_COLUMNS = 100  # values of a numeric column with a column of exposure of their own
POOLED_COLUMNS = 40  # columns of equal width where there are more


def actual_expected(bins, name, *, ylabel, volume="exposure", base=None, ax=None):
    """Observed and predicted means by level, over columns of exposure.

    Parameters
    ----------
    bins : list of objects with bin_label, bin_lower, bin_upper, exposure, actual_mean,
        predicted_mean
        Levels have no lower and upper. A mean of None, of a bin without exposure, leaves a gap.
    name : str, of the factor
    ylabel : str
        What the means are.
    volume : str
        What the exposure is.
    base : int, optional
        Position of the base level.
    """
    ax = level_axes([_label(part) for part in bins], ax, base)
    places = np.arange(len(bins))
    columns_behind(ax, places, 0.85, [part.exposure for part in bins], volume, base)
    size = marker_size(len(bins))
    for key, label, look in (
        ("actual_mean", "observed", observed(len(bins))),
        ("predicted_mean", "predicted", {**PREDICTED, "markersize": size}),
    ):
        means = np.array([getattr(part, key) for part in bins], dtype=float)
        ax.plot(places, means, label=label, **look)
    _above_the_columns(ax)
    dress(ax, name, ylabel)
    legend_above(ax)
    return ax


def _label(part):
    """The name of a level, or the values of a bin: "18-25", "50"."""
    low, high = getattr(part, "bin_lower", None), getattr(part, "bin_upper", None)
    if low is None or low != low:  # a level, or missing values
        return part.bin_label
    if low == high:
        return _number(low)
    return f"{_number(low)}{'-' if low >= 0 else ' to '}{_number(high)}"


def _number(value):
    """A value of a data column, short: whole numbers as they are, others to four digits."""
    return f"{value:.0f}" if value == round(value) or abs(value) >= 1000 else f"{value:.4g}"


def _above_the_columns(ax):
    """Room below lines of what is never negative, where the columns are; not below 0."""
    low, high = ax.dataLim.intervaly
    if 0.0 <= low < high:
        ax.set_ylim(max(0.0, low - 0.5 * (high - low)), high + 0.06 * (high - low))


def relativities(effect, *, volume="exposure", confidence=0.95, max_levels=60, ax=None):
    """Relativities of a factor with confidence intervals, on a logarithmic axis, over exposure.

    Of a factor with more than `max_levels` levels those with most exposure are drawn, which the
    label of the axis says. Relativities and limits beyond 1/50 and 50 stand at the edge of the
    picture, with an arrow for a relativity.

    Parameters
    ----------
    effect : inference.relativities.FactorEffect
    volume : str
        What the exposure is.
    confidence : float, that of the intervals
    max_levels : int
    """
    numbers = [
        np.exp(np.clip(part, -HUGE, HUGE)) for part in (effect.effect, effect.low, effect.high)
    ]
    ax = _effects(effect, numbers, volume, confidence, max_levels, "relativity", 1.0, ax)
    _relativity_scale(ax, numbers)
    return ax


def term_effect(effect, *, volume="exposure", confidence=0.95, max_levels=60, ax=None):
    """What a factor adds to the linear predictor, over exposure; arguments as in `relativities`."""
    numbers = [effect.effect, effect.low, effect.high]
    ylabel = "effect on the linear predictor"
    return _effects(effect, numbers, volume, confidence, max_levels, ylabel, 0.0, ax)


def _effects(effect, numbers, volume, confidence, max_levels, word, neutral, ax):
    """The common picture of relativities and effects."""
    known = np.isfinite(numbers[1]).any()
    interval = f"{100 * confidence:g} % interval"
    if effect.values is not None and len(effect.values) > 1:
        ax = new_axes(ax)
        _number_columns(ax, effect, volume)
        middle, low, high = numbers
        marker = "o" if len(middle) <= 40 else None
        ax.plot(effect.values, middle, color=BLUE, marker=marker, markersize=4, label=word)
        if known:
            ax.fill_between(effect.values, low, high, label=interval, **BAND)
        base = effect.values[effect.base]
        place = middle[effect.base]  # where effects are centred at their mean, not the neutral one
        ax.plot(base, place, "D", color=BLUE, markersize=7, label=f"base: {base:.6g}")
        name = effect.name
    else:
        kept, name = _most_exposed(effect, max_levels)
        base = int(np.flatnonzero(kept == effect.base)[0])
        ax = level_axes([effect.labels[at] for at in kept], ax, base)
        places = np.arange(len(kept))
        columns_behind(ax, places, 0.85, effect.exposure[kept], volume, base)
        middle, low, high = (part[kept] for part in numbers)
        size = marker_size(len(kept)) + 2.0
        ax.plot(places, middle, "o", color=BLUE, markersize=size, label=word)
        if known:
            ax.vlines(places, low, high, color=BLUE, linewidth=1.5, label=interval)
    ax.axhline(neutral, **REFERENCE)
    dress(ax, name, word)
    legend_above(ax)
    return ax


def _most_exposed(effect, max_levels):
    """Positions of the levels drawn, the base among them, and the label of their axis."""
    if max_levels < 2:
        raise ValueError(f"max_levels is 2 or more, the base included: {max_levels}")
    count = len(effect.labels)
    if count <= max_levels:
        return np.arange(count), effect.name
    rank = np.where(np.arange(count) == effect.base, np.inf, effect.exposure)
    kept = np.sort(np.argsort(-rank, kind="stable")[:max_levels])
    return kept, f"{effect.name} ({max_levels} of {count} levels: those with most exposure)"


def _number_columns(ax, effect, volume):
    """Columns of exposure at the values of a numeric column, or of parts of its range.

    Values that are no grid have columns of different widths, of which the area is the exposure.
    """
    values, exposure = effect.values, effect.exposure
    if len(values) > MOST_COLUMNS:
        totals, edges = np.histogram(values, POOLED_COLUMNS, weights=exposure)
        middles, widths = (edges[1:] + edges[:-1]) / 2, 0.9 * np.diff(edges)
        columns_behind(ax, middles, widths, totals, volume)
    elif on_a_grid(values):
        width = 0.85 * np.diff(values).min()
        columns_behind(ax, values, width, exposure, volume)
    else:  # quantiles stand for what is around them
        edges = np.concatenate([values[:1], (values[1:] + values[:-1]) / 2, values[-1:]])
        middles, widths = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
        columns_behind(ax, middles, widths, exposure / widths, f"{volume}, density", ticks=False)


def _relativity_scale(ax, numbers):
    """A logarithmic axis from the lowest to the highest relativity, with plain numbers on it.

    The picture holds every relativity from 1/50 to 50, and of the intervals what lies within the
    range of the relativities widened threefold to each side: one level with little exposure does
    not press all others together.
    """
    middle, low, high = (part[np.isfinite(part)] for part in numbers)
    inside = np.clip(middle, 1 / FARTHEST, FARTHEST)
    bottom, top = inside.min(), inside.max()
    bottom = min(bottom, np.clip(low, bottom / 3, None).min(initial=bottom))
    top = max(top, np.clip(high, None, top * 3).max(initial=top))
    span = max(top / bottom, 1.1)
    bottom, top = bottom / span**0.2, top * span**0.06  # the columns are below
    ax.set_yscale("log")
    ax.set_ylim(bottom, top)
    plain_logarithms(ax.yaxis, bottom, top)
    line = next(line for line in ax.get_lines() if line.get_label() == "relativity")
    for outside, edge, marker in (
        (line.get_ydata() < bottom, bottom, "v"),
        (line.get_ydata() > top, top, "^"),
    ):
        places = line.get_xdata()[outside]
        if len(places):  # without points, a layout engine would take them for one at the corner
            ax.plot(places, np.full(len(places), edge), marker, color=BLUE, clip_on=False)
