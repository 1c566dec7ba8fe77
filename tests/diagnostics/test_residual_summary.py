"""Moments and percentiles against scipy and numpy."""

import numpy as np
import pytest
from scipy import stats

from rustystats.diagnostics.residual_summary import PERCENTS, percentiles, summarise


def test_equals_scipy_and_numpy():
    values = np.random.default_rng(0).gamma(2.0, size=1_003)
    found = summarise(values)
    assert found.mean == pytest.approx(values.mean())
    assert found.std == pytest.approx(values.std())
    assert (found.min, found.max) == (values.min(), values.max())
    assert found.skewness == pytest.approx(stats.skew(values))
    assert found.kurtosis == pytest.approx(stats.kurtosis(values))
    assert list(found.percentiles) == [f"p{percent}" for percent in PERCENTS]
    np.testing.assert_allclose(
        list(found.percentiles.values()), np.percentile(values, PERCENTS), rtol=1e-12
    )


def test_percentiles_of_counted_values_are_those_of_the_rows():
    rng = np.random.default_rng(1)
    levels, counts = np.sort(rng.normal(size=40)), rng.integers(0, 30, 40)
    rows = np.repeat(levels, counts)
    np.testing.assert_allclose(
        list(percentiles(levels, counts).values()), np.percentile(rows, PERCENTS), rtol=1e-12
    )


def test_what_there_is_not_is_nan():
    constant = summarise(np.full(3, 2.0))
    assert (constant.std, constant.mean) == (0.0, 2.0)
    assert np.isnan([constant.skewness, constant.kurtosis]).all()
    assert np.isnan(list(percentiles(np.empty(0)).values())).all()


def test_residuals_are_those_of_the_result(frequency):
    found = frequency.diagnostics().residual_summary
    assert found["pearson"].std == pytest.approx(frequency.resid_pearson().std())
    assert found["deviance"].percentiles["p99"] == pytest.approx(
        np.percentile(frequency.resid_deviance(), 99)
    )
