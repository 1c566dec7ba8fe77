"""Discrimination against loops, scikit-learn and scipy."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from rustystats.diagnostics import DiagnosticsComputer
from rustystats.diagnostics.rows import rising


def lorenz(prediction, actual, volume):
    """Points of Lorenz's curve, one for each distinct prediction, by a loop."""
    x, curve = [0.0], [0.0]
    for value in np.unique(prediction):
        mine = prediction == value
        x.append(x[-1] + volume[mine].sum())
        curve.append(curve[-1] + actual[mine].sum())
    return np.array(x) / x[-1], np.array(curve) / curve[-1]


def brute_gini(prediction, actual, volume):
    """Normalised Gini by trapezia."""

    def area(values):
        x, curve = lorenz(values, actual, volume)
        return 1 - 2 * sum(
            (x[i + 1] - x[i]) * (curve[i + 1] + curve[i]) / 2 for i in range(len(x) - 1)
        )

    return area(prediction) / area(actual / volume)


def computer(y, mu, family="poisson", **options):
    eta = {"poisson": np.log, "gaussian": lambda v: v, "gamma": np.log}[family](mu)
    link = "log" if family == "gamma" else None
    return DiagnosticsComputer(y, mu, eta, family, 1, 1.0, link=link, **options)


@pytest.mark.parametrize("decimals", [1, 8])
def test_gini_lorenz_and_lift_with_exposure_weights_and_ties(decimals):
    rng = np.random.default_rng(0)
    rate = np.round(rng.uniform(0.1, 1.0, 800), decimals)
    exposure, weights = rng.uniform(0.1, 1.0, 800), rng.uniform(0.5, 2.0, 800)
    y = rng.poisson(rate * exposure).astype(float)
    found = computer(y, rate * exposure, exposure=exposure, weights=weights)
    found = found.compute_discrimination()
    actual, volume = weights * y, weights * exposure
    assert found.gini_coefficient == pytest.approx(brute_gini(rate, actual, volume), rel=1e-9)
    x, curve = lorenz(rate, actual, volume)
    _, expected = lorenz(rate, weights * rate * exposure, volume)
    at = np.arange(21) / 20
    points = np.array([list(point.values()) for point in found.lorenz_curve])
    np.testing.assert_allclose(points[:, 0], at)
    np.testing.assert_allclose(points[:, 1], np.interp(at, x, curve), atol=1e-12)
    np.testing.assert_allclose(points[:, 2], np.interp(at, x, expected), atol=1e-12)
    assert points[0].tolist() == [0, 0, 0]
    assert points[-1] == pytest.approx([1, 1, 1])
    for share, lift in ((0.1, found.lift_at_10pct), (0.2, found.lift_at_20pct)):
        assert lift == pytest.approx((1 - np.interp(1 - share, x, curve)) / share)
        assert lift > 1
    claims = np.repeat(np.arange(800), y.astype(int))
    grid = np.unique(rate)
    of_claims = [weights[claims][rate[claims] <= g].sum() for g in grid] / weights[claims].sum()
    free = y == 0
    of_free = [volume[free & (rate <= g)].sum() for g in grid] / volume[free].sum()
    assert found.ks_statistic == pytest.approx(np.max(np.abs(of_claims - of_free)))


@pytest.mark.parametrize("decimals", [1, 8])
def test_auc_is_that_of_scikit_learn(decimals):
    rng = np.random.default_rng(1)
    mu = np.round(rng.uniform(0.05, 0.95, 1_000), decimals)
    y, weights = (rng.random(1_000) < mu).astype(float), rng.uniform(0.5, 2.0, 1_000)
    args = (y, mu, np.log(mu / (1 - mu)), "binomial", 2, 1.0)
    found = DiagnosticsComputer(*args, weights=weights).compute_discrimination()
    assert found.auc == pytest.approx(roc_auc_score(y, mu, sample_weight=weights), rel=1e-12)
    plain = DiagnosticsComputer(*args).compute_discrimination()
    assert plain.gini_coefficient == pytest.approx(2 * roc_auc_score(y, mu) - 1, rel=1e-12)
    assert plain.ks_statistic == pytest.approx(
        stats.ks_2samp(mu[y == 1], mu[y == 0]).statistic, rel=1e-12
    )


def test_auc_of_trials_is_that_of_the_single_trials():
    rng = np.random.default_rng(2)
    mu, trials = rng.uniform(0.1, 0.9, 300), rng.integers(1, 6, 300)
    successes = rng.binomial(trials, mu)
    args = (successes / trials, mu, np.log(mu / (1 - mu)), "binomial", 2, 1.0)
    found = DiagnosticsComputer(*args, weights=trials).compute_discrimination()
    single = np.concatenate(
        [np.r_[np.ones(s), np.zeros(t - s)] for s, t in zip(successes, trials, strict=True)]
    )
    assert found.auc == pytest.approx(roc_auc_score(single, np.repeat(mu, trials)), rel=1e-12)


def test_no_auc_of_counts_and_no_ks_without_non_events():
    found = computer(np.array([0.0, 1, 2, 0]), np.array([0.1, 0.2, 0.3, 0.4]))
    assert found.compute_discrimination().auc is None
    found = computer(np.array([2.0, 1, 3]), np.array([1.0, 1.5, 2.5]), "gamma")
    assert found.compute_discrimination().ks_statistic is None


def test_a_perfect_order_has_gini_1_and_a_constant_0():
    y, exposure = np.array([0.0, 1, 0, 3]), np.array([1.0, 0.5, 0.25, 1])
    rate = np.array([0.1, 0.4, 0.2, 0.5])
    args = {"exposure": exposure}
    perfect = computer(y, np.array([0.1, 0.3, 0.2, 0.5]) * exposure, **args)
    assert perfect.compute_discrimination().gini_coefficient == pytest.approx(
        brute_gini(np.array([0.1, 0.3, 0.2, 0.5]), y, exposure)
    )
    assert computer(y, rate * exposure, **args).compute_discrimination().gini_coefficient == 1.0
    flat = computer(y, 0.3 * exposure, **args).compute_discrimination()
    assert flat.gini_coefficient == pytest.approx(0.0, abs=1e-12)


def test_rounding_of_the_rate_does_not_order_rows():
    rng = np.random.default_rng(3)
    exposure = rng.uniform(0.01, 1.0, 1_000)
    y = rng.poisson(exposure).astype(float)
    found = computer(y, 0.1 * exposure, exposure=exposure).compute_discrimination()
    assert found.gini_coefficient == pytest.approx(0.0, abs=1e-12)


def test_rounding_does_not_part_a_rate_between_two_steps_of_the_grid():
    rng = np.random.default_rng(3)
    exposure = rng.uniform(0.01, 1.0, 1_000)
    y = rng.poisson(exposure).astype(float)
    between = (np.array([0.1, -0.1]).view(np.int64) & ~np.int64(4095)) + 2048
    rate, below = between.view(np.float64)
    found = computer(y, rate * exposure, exposure=exposure).compute_discrimination()
    assert found.gini_coefficient == pytest.approx(0.0, abs=1e-12)
    order, ordered = rising(below * exposure / exposure)
    np.testing.assert_array_equal(order, np.arange(1_000))
    assert len(np.unique(ordered)) == 1


def test_nothing_is_claimed_of_negative_or_absent_responses():
    negative = computer(np.array([-1.0, 2.0]), np.array([0.5, 1.0]), "gaussian")
    none = computer(np.zeros(3), np.ones(3))
    for found in (negative, none):
        section = found.compute_discrimination()
        assert section.gini_coefficient is None
        assert section.lorenz_curve == []
        assert found.compute_calibration(2).gini_coefficient is None


def test_all_responses_equal_have_no_gini():
    assert computer(np.ones(4), np.arange(1.0, 5)).compute_discrimination().gini_coefficient is None
