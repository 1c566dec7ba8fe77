"""Charts of one factor: what is drawn is what the table says, where it says."""

import numpy as np
import pytest

from rustystats.charts import factors
from rustystats.charts.levels import short_name


def by_label(ax):
    return {line.get_label(): line for line in ax.get_lines()}


def columns(ax):
    """The axes behind and the heights of its columns."""
    (behind,) = [other for other in ax.figure.axes if other is not ax]
    return behind, [bar.get_height() for bar in behind.patches]


def tick_names(ax):
    return [label.get_text() for label in ax.get_xticklabels()]


def test_actual_expected(sample):
    bins = sample.factor_bins(12)
    ax = factors.actual_expected(bins, "VehBrand", ylabel="rate", volume="Exposure", base=3)
    lines = by_label(ax)
    for label, key in (("observed", "actual_mean"), ("predicted", "predicted_mean")):
        np.testing.assert_array_equal(lines[label].get_xdata(), np.arange(12))
        expected = [getattr(part, key) for part in bins]
        np.testing.assert_array_equal(lines[label].get_ydata(), expected)
    behind, heights = columns(ax)
    assert heights == [part.exposure for part in bins]
    assert behind.get_ylabel() == "Exposure"
    assert behind.get_zorder() < ax.get_zorder()
    assert not ax.patch.get_visible()  # which would hide the columns
    assert heights[0] / behind.get_ylim()[1] == pytest.approx(0.4)  # columns keep to the bottom
    assert tick_names(ax) == ["B1", "B2", "B3", "B4\nbase"] + [f"B{k}" for k in range(5, 13)]
    shades = [bar.get_alpha() for bar in behind.patches]
    assert shades[3] > shades[0] == shades[11]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("VehBrand", "rate")


def test_a_bin_without_exposure_is_a_gap(sample):
    bins = sample.factor_bins(12)
    bins[4].actual_mean = bins[4].predicted_mean = None
    ax = factors.actual_expected(bins, "x", ylabel="rate")
    observed = by_label(ax)["observed"].get_ydata()
    assert np.flatnonzero(np.isnan(observed)).tolist() == [4]


def test_bins_are_named_by_their_values(sample):
    bins = sample.factor_bins(5)
    ends = [(18.0, 25.0), (26.0, 26.0), (1.23456, 7.5), (-4.0, 200000.0), (np.nan, np.nan)]
    for part, (part.bin_lower, part.bin_upper) in zip(bins, ends, strict=True):
        part.bin_label = "long label"
    bins[-1].bin_label = "missing"
    ax = factors.actual_expected(bins, "x", ylabel="rate")
    assert tick_names(ax) == ["18-25", "26", "1.235-7.5", "-4 to 200000", "missing"]


def test_means_of_either_sign_are_not_pushed_up(sample):
    bins = sample.factor_bins(2)
    bins[0].actual_mean = -1.0
    low, high = factors.actual_expected(bins, "x", ylabel="profit").get_ylim()
    assert low < -1.0
    assert high > 0.1


def test_relativities_of_levels(sample):
    effect = sample.effect_of(12)
    ax = factors.relativities(effect, volume="Exposure", confidence=0.9)
    np.testing.assert_array_equal(by_label(ax)["relativity"].get_ydata(), np.exp(effect.effect))
    (intervals,) = ax.collections
    assert intervals.get_label() == "90 % interval"
    ends = np.array(intervals.get_segments())
    np.testing.assert_array_equal(ends[:, 0, 0], np.arange(12))
    np.testing.assert_array_equal(ends[:, :, 1], np.exp(np.column_stack([effect.low, effect.high])))
    assert ax.get_yscale() == "log"
    assert tick_names(ax)[1] == "B2\nbase"
    assert columns(ax)[1] == effect.exposure.tolist()
    low, high = ax.get_ylim()
    assert low < np.exp(effect.low).min()
    assert high > np.exp(effect.high).max()
    ax.figure.canvas.draw()
    assert {"0.6", "0.8", "1"} <= {text.get_text() for text in ax.get_yticklabels()}


def test_relativities_of_numbers(sample):
    effect = sample.effect_of(80, numeric=True)
    ax = factors.relativities(effect)
    line = by_label(ax)["relativity"]
    np.testing.assert_array_equal(line.get_xdata(), effect.values)
    np.testing.assert_array_equal(line.get_ydata(), np.exp(effect.effect))
    base = by_label(ax)["base: 27"]
    np.testing.assert_array_equal(base.get_xydata(), [[27.0, 1.0]])
    (band,) = ax.collections
    corners = band.get_paths()[0].vertices
    assert corners[:, 1].max() == np.exp(effect.high).max()
    assert columns(ax)[1] == effect.exposure.tolist()


def test_many_values_share_columns_of_exposure(sample):
    effect = sample.effect_of(500, numeric=True)
    effect.exposure[:] = 1.0
    _, heights = columns(factors.relativities(effect))
    assert len(heights) == 40
    assert sum(heights) == 500.0


def test_columns_of_quantiles_have_the_area_of_their_exposure(sample):
    effect = sample.effect_of(21, numeric=True)
    effect.values = np.linspace(1.0, 5.0, 21) ** 2
    behind, _ = columns(factors.relativities(effect))
    areas = [bar.get_width() * bar.get_height() for bar in behind.patches]
    np.testing.assert_allclose(areas, effect.exposure)
    assert behind.get_ylabel() == "exposure, density"
    assert not len(behind.get_yticks())
    starts = [bar.get_x() for bar in behind.patches]
    np.testing.assert_allclose(starts[1:], (effect.values[1:] + effect.values[:-1]) / 2)


def test_levels_with_most_exposure_and_the_base_where_there_are_too_many(sample):
    effect = sample.effect_of(300)
    effect.base = 299
    ax = factors.relativities(effect, max_levels=20)
    line = by_label(ax)["relativity"].get_ydata()
    kept = [*range(19), 299]
    np.testing.assert_array_equal(line, np.exp(effect.effect[kept]))
    assert ax.get_xlabel() == "VehBrand (20 of 300 levels: those with most exposure)"
    assert any(name.startswith("B300") and "base" in name for name in tick_names(ax))


def test_no_intervals_where_there_are_none(sample):
    effect = sample.effect_of(12)
    effect.low[:] = effect.high[:] = np.nan
    ax = factors.relativities(effect)
    assert not ax.collections
    assert np.isfinite(ax.get_ylim()).all()
    effect = sample.effect_of(80, numeric=True)
    effect.low[:] = effect.high[:] = np.nan
    assert not factors.relativities(effect).collections


def test_a_level_without_claims_stands_at_the_edge_with_an_arrow(sample):
    effect = sample.effect_of(12)
    effect.effect[5], effect.low[5], effect.high[5] = -18.0, -4000.0, 4000.0
    effect.effect[7], effect.low[7], effect.high[7] = 18.0, -4000.0, 4000.0
    ax = factors.relativities(effect)
    low, high = ax.get_ylim()
    assert 5e-4 < low < 0.02
    assert 50 < high < 1e3
    arrows = {line.get_marker(): line.get_xydata() for line in ax.get_lines()}
    np.testing.assert_array_equal(arrows["v"], [[5, low]])
    np.testing.assert_array_equal(arrows["^"], [[7, high]])
    ax.figure.canvas.draw()


def test_one_wide_interval_does_not_press_the_others_together(sample):
    effect = sample.effect_of(12)
    effect.low[5], effect.high[5] = -9.0, 9.0
    low, high = factors.relativities(effect).get_ylim()
    relativity = np.exp(effect.effect)
    assert relativity.min() / 15 < low < high < relativity.max() * 10


def test_effects_on_the_linear_predictor(sample):
    effect = sample.effect_of(12)
    ax = factors.term_effect(effect)
    line = by_label(ax)["effect on the linear predictor"]
    np.testing.assert_array_equal(line.get_ydata(), effect.effect)
    assert ax.get_yscale() == "linear"


def test_a_factor_of_one_value(sample):
    effect = sample.effect_of(2)
    for name in ("effect", "low", "high", "exposure"):
        setattr(effect, name, getattr(effect, name)[1:])
    effect.labels, effect.base, effect.values = ["7"], 0, np.array([7.0])
    ax = factors.relativities(effect)
    ax.figure.canvas.draw()
    assert tick_names(ax) == ["7\nbase"]


@pytest.mark.parametrize("count", [60, 200])
def test_names_are_thinned_but_not_the_base(sample, count):
    effect = sample.effect_of(count)
    effect.base = count // 2 + 1
    ax = factors.term_effect(effect, max_levels=count)
    names = tick_names(ax)
    assert f"B{effect.base + 1} (base)" in names
    assert len(names) == 60 if count == 60 else len(names) < count
    places = ax.get_xticks()
    assert all(
        name.split(" ")[0] == f"B{place + 1:.0f}" for name, place in zip(names, places, strict=True)
    )


def test_short_names_keep_both_ends():
    assert short_name("Paris") == "Paris"
    long = [f"Region {k} of the northern provinces" for k in range(40)]
    found = [short_name(name) for name in long]
    assert len(set(found)) == 40
    assert {len(name) for name in found} == {28}
