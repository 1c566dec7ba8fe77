"""Calibration against sums by hand."""

import numpy as np
import pytest
from scipy import stats

import rustystats as rs
from rustystats.diagnostics import DiagnosticsComputer


def test_bins_are_equal_exposure_and_add_up_to_the_portfolio(frequency, portfolio):
    found = frequency.diagnostics().calibration
    rate = np.round(frequency.fittedvalues / portfolio["Exposure"], 12)
    order = np.argsort(rate, kind="stable")
    bins = found.by_decile
    assert [one.count for one in bins]
    assert sum(one.count for one in bins) == len(portfolio)
    at = 0
    for one in bins:
        mine = order[at : at + one.count]
        at += one.count
        y, mu = portfolio["ClaimNb"].iloc[mine].sum(), frequency.fittedvalues[mine].sum()
        e = portfolio["Exposure"].iloc[mine].sum()
        assert one.exposure == pytest.approx(portfolio["Exposure"].sum() / 10, abs=1)
        assert (one.actual_sum, one.predicted_sum, one.exposure) == pytest.approx((y, mu, e))
        assert (one.actual_mean, one.predicted_mean) == pytest.approx((y / e, mu / e))
        assert one.predicted_lower <= one.predicted_mean <= one.predicted_upper
        half = 1.96 * max(y, 1) ** 0.5 / mu
        limits = (one.ae_confidence_interval_lower, one.ae_confidence_interval_upper)
        assert limits == pytest.approx((max(y / mu - half, 0), y / mu + half))
    assert found.actual_total == portfolio["ClaimNb"].sum()
    assert found.predicted_total == pytest.approx(frequency.fittedvalues.sum())
    assert found.exposure_total == pytest.approx(portfolio["Exposure"].sum())
    error = sum(abs(one.actual_sum - one.predicted_sum) for one in bins) / found.predicted_total
    assert found.calibration_error == pytest.approx(error)


def test_a_bin_without_claims_has_the_limits_of_one():
    y, mu = np.r_[np.zeros(10), np.ones(10)], np.r_[np.full(10, 0.2), np.full(10, 0.8)]
    found = DiagnosticsComputer(y, mu, np.log(mu), "poisson", 1, 1.0).compute_calibration(2)
    empty = found.by_decile[0]
    assert empty.actual_expected_ratio == empty.ae_confidence_interval_lower == 0.0
    assert empty.ae_confidence_interval_upper == pytest.approx(1.96 / 2.0)


@pytest.mark.parametrize("n_bins", [5, 10, 20])
def test_exactly_n_bins_though_predictions_are_tied(n_bins, portfolio):
    result = rs.glm("ClaimNb ~ C(VehGas)", portfolio, family="poisson").fit()
    bins = result.diagnostics(n_calibration_bins=n_bins).calibration.by_decile
    assert len(bins) == n_bins
    assert sum(one.count for one in bins) == len(portfolio)
    assert [one.bin_index for one in bins] == list(range(n_bins))


@pytest.mark.parametrize(
    ("family", "variance"),
    [
        ("gaussian", lambda mu: np.ones_like(mu)),
        ("gamma", lambda mu: mu**2),
        ("tweedie", lambda mu: mu**1.5),
    ],
)
def test_limits_use_variance_and_dispersion_of_the_family(family, variance):
    rng = np.random.default_rng(0)
    mu = np.exp(rng.normal(size=400))
    y, w = rng.gamma(2.0, mu / 2.0), rng.uniform(0.5, 2.0, 400)
    data = {"y": y, "mu": mu, "w": w}
    result = rs.glm("y ~ mu", data, family=family, link="log", weights="w").fit()
    found = result.diagnostics(data, n_calibration_bins=1).calibration.by_decile[0]
    fitted = result.fittedvalues
    A, E = w @ y, w @ fitted
    half = 1.96 * np.sqrt(result.scale() * (w @ variance(fitted))) / E
    assert found.ae_confidence_interval_upper == pytest.approx(A / E + half)
    floor = -np.inf if family == "gaussian" else 0.0
    assert found.ae_confidence_interval_lower == pytest.approx(max(A / E - half, floor))


def test_hosmer_lemeshow_of_trials():
    rng = np.random.default_rng(1)
    mu = rng.uniform(0.05, 0.6, 1_000)
    trials = rng.integers(1, 5, 1_000).astype(float)
    y = rng.binomial(trials.astype(int), mu) / trials
    args = (y, mu, np.log(mu / (1 - mu)), "binomial", 2, 1.0)
    found = DiagnosticsComputer(*args, weights=trials).compute_calibration()
    statistic = 0.0
    for one in found.by_decile:
        mine = (mu >= one.predicted_lower - 1e-9) & (mu <= one.predicted_upper + 1e-9)
        A, E, n = (trials * y)[mine].sum(), (trials * mu)[mine].sum(), trials[mine].sum()
        statistic += (A - E) ** 2 / E + (A - E) ** 2 / (n - E)  # the same, both outcomes
    assert found.hosmer_lemeshow_statistic == pytest.approx(statistic)
    assert found.hosmer_lemeshow_pvalue == pytest.approx(stats.chi2.sf(statistic, 8))


def test_no_hosmer_lemeshow_without_freedom_or_trials(binary, frequency):
    two = binary.diagnostics(n_calibration_bins=2).calibration
    assert two.hosmer_lemeshow_statistic is None
    assert frequency.diagnostics().calibration.hosmer_lemeshow_pvalue is None
