"""Zero inflation and overdispersion against statsmodels and the textbook formulas."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import norm
from statsmodels.discrete.diagnostic import PoissonDiagnostic

from rustystats.diagnostics.count_checks import overdispersion, zero_inflation

N = 4_000


@pytest.fixture
def rng():
    return np.random.default_rng(8)


def null_means(y, exposure):
    return exposure * y.sum() / exposure.sum()


def test_zeros_and_variance_are_the_score_tests_of_statsmodels(rng):
    exposure = rng.uniform(0.1, 2.0, N)
    y = rng.poisson(0.4 * exposure).astype(float)
    y[rng.uniform(size=N) < 0.1] = 0.0
    fit = sm.Poisson(y, np.ones((N, 1)), exposure=exposure).fit(disp=False)
    peer = PoissonDiagnostic(fit)
    mu = null_means(y, exposure)
    zeros, variance = zero_inflation(y, mu), overdispersion(y, mu)
    assert zeros.statistic == pytest.approx(
        peer.test_poisson_zeroinflation(method="broek").statistic, rel=1e-5
    )
    dean = peer.test_dispersion()
    expected = dean.statistic[dean.method.index("Dean B")]
    assert variance.statistic == pytest.approx(expected, rel=1e-5)
    assert variance.pvalue == pytest.approx(norm.sf(variance.statistic))
    pearson = np.sum((y - mu) ** 2 / mu) / (N - 1)
    assert variance.dispersion == pytest.approx(pearson, rel=1e-12)
    assert zeros.observed_zeros == np.sum(y == 0)
    assert zeros.expected_zeros == pytest.approx(np.exp(-mu).sum(), rel=1e-12)
    assert zeros.zero_ratio == pytest.approx(zeros.observed_zeros / zeros.expected_zeros)


def test_statistics_are_standard_normal_for_poisson_counts():
    found = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        exposure = rng.uniform(0.2, 1.0, 500)
        y = rng.poisson(0.5 * exposure).astype(float)
        mu = null_means(y, exposure)
        found.append([zero_inflation(y, mu).statistic, overdispersion(y, mu).statistic])
    np.testing.assert_allclose(np.mean(found, axis=0), 0.0, atol=0.25)
    np.testing.assert_allclose(np.std(found, axis=0), 1.0, atol=0.15)


def test_theta_is_found_again(rng):
    mu = np.full(200_000, 0.8)
    y = rng.negative_binomial(2.0, 2.0 / 2.8, len(mu)).astype(float)
    found = overdispersion(y, null_means(y, mu))
    assert found.theta_estimate == pytest.approx(2.0, rel=0.1)
    assert found.pvalue < 1e-10


def test_counts_without_a_claim_or_without_spread_have_no_statistic():
    zeros, variance = (
        check(np.zeros(5), np.zeros(5)) for check in (zero_inflation, overdispersion)
    )
    assert zeros.observed_zeros == zeros.expected_zeros == 5
    assert np.isnan([zeros.statistic, zeros.pvalue, variance.statistic]).all()
    assert variance.theta_estimate is None
    assert overdispersion(np.ones(5), np.ones(5)).theta_estimate is None


def test_large_counts_do_not_overflow():
    y = np.array([900.0, 1100.0, 1000.0])
    found = zero_inflation(y, np.full(3, 1000.0))
    assert found.observed_zeros == 0
    assert found.expected_zeros == 0.0
