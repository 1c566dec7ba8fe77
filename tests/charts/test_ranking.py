"""Charts of rank and level: what is drawn is what the bins and points say."""

import numpy as np
import pytest

from rustystats.charts import ranking


def by_label(ax):
    return {line.get_label(): line for line in ax.get_lines()}


def values(bins, key):
    return [getattr(part, key) for part in bins]


def test_lift(sample):
    bins = sample.ranked_bins(10)
    ax = ranking.lift(bins, ylabel="rate", volume="Exposure")
    observed, predicted, mean = ax.get_lines()
    np.testing.assert_array_equal(observed.get_ydata(), values(bins, "actual_mean"))
    np.testing.assert_array_equal(predicted.get_ydata(), values(bins, "predicted_mean"))
    lift = bins[-1].actual_mean / bins[0].actual_mean
    assert observed.get_label() == f"observed, last / first = {lift:.2f}"
    assert mean.get_ydata()[0] == pytest.approx(np.mean(values(bins, "actual_mean")))
    assert ax.get_xlabel() == "10 parts of equal Exposure, by prediction, ascending"
    assert ax.get_ylim()[0] == 0.0


def test_no_lift_over_nothing(sample):
    bins = sample.ranked_bins(10)
    bins[0].actual_mean = 0.0
    assert "observed" in by_label(ranking.lift(bins, ylabel="rate"))


def test_double_lift(sample):
    bins = sample.ranked_bins(10)
    lines = by_label(ranking.double_lift(bins, ylabel="rate", names=("new", "old")))
    for label, key in (
        ("observed", "actual_mean"),
        ("new", "predicted_mean"),
        ("old", "other_mean"),
    ):
        np.testing.assert_array_equal(lines[label].get_ydata(), values(bins, key))


def test_lorenz(sample):
    points = sample.lorenz_points()
    ax = ranking.lorenz(points, gini=0.2593, volume="Exposure", amount="ClaimNb")
    lines = by_label(ax)
    for label, key in (
        ("observed, normalised Gini = 0.259", "cumulative_actual_pct"),
        ("predicted", "cumulative_predicted_pct"),
    ):
        line = lines[label]
        np.testing.assert_array_equal(line.get_xdata(), values(points, "cumulative_exposure_pct"))
        np.testing.assert_array_equal(line.get_ydata(), values(points, key))
    assert ax.get_aspect() == 1.0
    ax.figure.canvas.draw()
    assert "100%" in [text.get_text() for text in ax.get_xticklabels()]


def test_calibration(sample):
    bins = sample.ranked_bins(10)
    ax = ranking.calibration(bins, ratio=1.0123, ylabel="rate")
    points = by_label(ax)["observed, A/E = 1.012 in all"]
    np.testing.assert_array_equal(points.get_xdata(), values(bins, "predicted_mean"))
    np.testing.assert_array_equal(points.get_ydata(), values(bins, "actual_mean"))
    (intervals,) = ax.collections
    ends = np.array(intervals.get_segments())[:, :, 1]
    predicted = np.array(values(bins, "predicted_mean"))
    np.testing.assert_allclose(ends[:, 0], predicted * values(bins, "ae_confidence_interval_lower"))
    np.testing.assert_allclose(ends[:, 1], predicted * values(bins, "ae_confidence_interval_upper"))
    diagonal = by_label(ax)["observed = predicted"].get_xydata()
    np.testing.assert_array_equal(diagonal[:, 0], diagonal[:, 1])
