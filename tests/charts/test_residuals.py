"""Charts of residuals: means of groups, tiles that hold every row, the band of a worm."""

import numpy as np
import pytest
from scipy import stats

from rustystats.charts import residuals


def draw(fitted, rows, **options):
    options = {"name": "quantile residual", "logarithmic": True} | options
    return residuals.residuals_against_fitted(fitted, rows, **options)


def test_few_rows_are_points(sample):
    fitted, rows = sample.residuals(500)
    ax = draw(fitted, rows)
    points = ax.get_lines()[0]
    np.testing.assert_array_equal(points.get_xydata(), np.column_stack([fitted, rows]))


def test_many_rows_are_tiles_and_none_is_left_out(sample):
    fitted, rows = sample.residuals(20_000)
    ax = draw(fitted, rows)
    (tiles,) = [part for part in ax.collections if part.get_array() is not None]
    counts = np.ma.filled(tiles.get_array(), 0).reshape(residuals.TILES[::-1])
    assert counts.sum() == 20_000
    edges = [
        np.linspace(values.min(), values.max(), parts + 1)
        for values, parts in ((np.log(fitted), residuals.TILES[0]), (rows, residuals.TILES[1]))
    ]
    expected = np.histogram2d(np.log(fitted), rows, edges)[0].T
    assert np.abs(counts - expected).sum() <= 4  # rows on an edge, to rounding
    assert max(len(line.get_xdata()) for line in ax.get_lines()) <= 2000


def test_means_of_groups(sample):
    fitted, rows = sample.residuals(500)
    trend = next(line for line in draw(fitted, rows).get_lines() if line.get_label() == "mean")
    order = np.argsort(fitted)
    groups = [order[k : k + 25] for k in range(0, 500, 25)]
    np.testing.assert_allclose(trend.get_ydata(), [rows[group].mean() for group in groups])
    np.testing.assert_allclose(trend.get_xdata(), [fitted[group].mean() for group in groups])
    _, _, error = residuals.group_means(fitted, rows, 20)
    np.testing.assert_allclose(error, [stats.sem(rows[group]) for group in groups])


def test_rows_of_one_fitted_value_stay_together():
    fitted = np.repeat([1.0, 2.0, 3.0], [50, 5, 45])
    rows = np.arange(100.0)
    x, mean, _ = residuals.group_means(fitted, rows, 20)
    np.testing.assert_array_equal(x, [1.0, 2.0, 3.0])
    np.testing.assert_allclose(mean, [24.5, 52.0, 77.0])


def test_one_fitted_value():
    rows = np.random.default_rng(0).normal(size=5000)
    for logarithmic in (False, True):
        ax = draw(np.ones(5000), rows, logarithmic=logarithmic)
        ax.figure.canvas.draw()
        low, high = ax.get_xlim()
        assert 0.3 < low < 1 < high < 3


def test_rows_without_a_residual_are_left_out(sample):
    fitted, rows = sample.residuals(500)
    rows[:100] = np.nan
    points = draw(fitted, rows).get_lines()[0]
    assert len(points.get_xdata()) == 400
    expected, _, _ = residuals.worm_points(rows)
    np.testing.assert_allclose(expected[[0, -1]], stats.norm.ppf([0.5 / 400, 399.5 / 400]))


def test_limits_of_95_percent(sample):
    lines = draw(*sample.residuals(500), limits=1.96).get_lines()
    levels = {line.get_ydata()[0] for line in lines if len(line.get_xdata()) == 2}
    assert levels == {0.0, -1.96, 1.96}


def test_worm_is_a_detrended_normal_plot():
    rows = np.random.default_rng(1).normal(size=150)
    expected, deviation, band = residuals.worm_points(rows)
    ordered = np.sort(rows)
    shares = (np.arange(1, 151) - 0.5) / 150
    np.testing.assert_allclose(expected, stats.norm.ppf(shares))
    np.testing.assert_allclose(deviation + expected, ordered)
    k, n = 30, 150  # against the law of an order statistic, a beta's, to first order
    spread = stats.beta(k, n + 1 - k).std() / stats.norm.pdf(stats.norm.ppf(shares[k - 1]))
    assert band[k - 1] == pytest.approx(1.96 * spread, rel=0.02)
    ax = residuals.worm(rows)
    (points,) = [line for line in ax.get_lines() if line.get_label() == "residuals"]
    np.testing.assert_allclose(points.get_xydata(), np.column_stack([expected, deviation]))


def test_a_long_worm_is_thinned_and_keeps_its_ends():
    rows = np.random.default_rng(1).normal(size=100_000)
    expected, deviation, _ = residuals.worm_points(rows)
    assert len(expected) <= residuals.WORM_POINTS
    ordered = np.sort(rows)
    np.testing.assert_allclose((expected + deviation)[[0, -1]], ordered[[0, -1]])
    assert np.isin(np.round(expected + deviation, 9), np.round(ordered, 9)).all()
    assert np.diff(expected).max() < 0.3


def test_95_percent_of_the_points_of_a_right_model_are_in_the_band():
    inside = []
    for seed in range(200):
        _, deviation, band = residuals.worm_points(np.random.default_rng(seed).normal(size=200))
        inside.append(np.mean(np.abs(deviation) <= band))
    assert np.mean(inside) == pytest.approx(0.95, abs=0.01)


@pytest.mark.parametrize("logarithmic", [False, True])
def test_axis_of_fitted_values(sample, logarithmic):
    ax = draw(*sample.residuals(500), logarithmic=logarithmic)
    assert ax.get_xscale() == ("log" if logarithmic else "linear")
    ax.figure.canvas.draw()
    if logarithmic:
        assert "0.1" in [text.get_text() for text in ax.get_xticklabels()]
