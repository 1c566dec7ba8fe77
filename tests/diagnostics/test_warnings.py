"""Warnings name what is wrong, and nothing that chance or a scale explains."""

import numpy as np
import pytest

import rustystats as rs


def kinds(result, *args):
    return [one["type"] for one in result.diagnostics(*args).warnings]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_a_good_model_has_none(rng):
    x, z = rng.normal(size=5_000), rng.normal(size=5_000)
    data = {"y": rng.poisson(np.exp(0.3 * x)), "x": x, "z": z}
    result = rs.glm("y ~ x", data, family="poisson").fit()
    assert kinds(result, data, None, ["x", "z"]) == []


def test_overdispersed_counts(rng):
    data = {"y": rng.negative_binomial(1.0, 0.2, 2_000), "x": rng.normal(size=2_000)}
    assert kinds(rs.glm("y ~ x", data, family="poisson").fit()) == ["high_dispersion"]
    for remedy in (
        rs.glm("y ~ x", data, family="quasipoisson").fit(),
        rs.glm("y ~ x", data, family="poisson").fit(dispersion="pearson"),
        rs.glm("y ~ x", data, family="negbinomial").fit(),
    ):
        assert kinds(remedy) == []


def test_poor_calibration(rng):
    x = rng.uniform(-1, 1, 20_000)
    data = {"y": rng.poisson(np.exp(2 * x)), "x": x}
    heavy = rs.glm("y ~ x", data, family="poisson").fit(alpha=1.0)  # shrunken: too flat
    found = heavy.diagnostics().warnings
    bins = [one for one in found if one.type == "poor_bin_calibration"]
    assert 4 <= len(bins) <= 10
    assert "in bin 1 of 10 by prediction: predictions are too high" in bins[0].message
    later = {"y": 2 * data["y"], "x": x}
    found = rs.glm("y ~ x", data, family="poisson").fit().diagnostics(later).warnings
    assert found[0]["type"] == "high_dispersion" or found[0]["type"] == "poor_overall_calibration"
    assert "poor_overall_calibration" in [one.type for one in found]


def test_bins_that_chance_explains_are_not_named(rng):
    data = {"y": rng.poisson(0.02, 1_000), "x": rng.normal(size=1_000)}
    result = rs.glm("y ~ x", data, family="poisson").fit()
    ratios = [one.actual_expected_ratio for one in result.diagnostics().calibration.by_decile]
    assert max(abs(np.array(ratios) - 1)) > 0.3
    assert "poor_bin_calibration" not in kinds(result)


def test_missing_factors_with_or_without_a_trend(rng):
    x, z = rng.normal(size=20_000), rng.normal(size=20_000)
    y = rng.poisson(0.2 * np.exp(0.3 * x + 0.2 * z**2))
    data = {"y": y, "x": x, "z": z, "noise": rng.normal(size=20_000)}
    result = rs.glm("y ~ 1", data, family="poisson").fit()
    found = list(result.diagnostics(data, None, ["x", "z", "noise"]).warnings)
    named = [one.message.split("'")[1] for one in found if one.type == "missing_factor"]
    assert named == ["x", "z"]
    straight = rs.glm("y ~ x + z", data, family="poisson").fit()  # z is there, though bent
    assert "missing_factor" not in kinds(straight, data, None, ["x", "z", "noise"])
    fitted = rs.glm("y ~ x + bs(z, df=6)", data, family="poisson").fit()
    assert kinds(fitted, data, None, ["x", "z", "noise"]) == []


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_fit_that_stopped_early(rng):
    data = {"y": rng.poisson(3.0, 500), "x": rng.normal(size=500)}
    assert "not_converged" in kinds(rs.glm("y ~ x", data, family="poisson").fit(max_iter=1))
