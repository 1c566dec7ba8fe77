"""Counts: likelihoods and tails by scipy; theta by brute force and by MASS."""

import numpy as np
import pytest
from scipy import optimize, stats

from rustystats.families import NegativeBinomial, Poisson, QuasiPoisson
from rustystats.families.counts import THETA_HIGH, THETA_LOW

RNG = np.random.default_rng(11)
N = 400
MU = np.exp(RNG.normal(0.5, 0.7, N))
WEIGHTS = RNG.uniform(0.5, 2, N)
COUNTS = RNG.poisson(MU).astype(float)


def simulate(theta, seed=0):
    return np.random.default_rng(seed).negative_binomial(theta, theta / (theta + MU)).astype(float)


@pytest.mark.parametrize("family", [Poisson(), QuasiPoisson()])
def test_poisson_loglike(family):
    expected = WEIGHTS @ stats.poisson.logpmf(COUNTS, MU)
    assert family.loglike(COUNTS, MU, WEIGHTS) == pytest.approx(expected, rel=1e-13)
    assert (COUNTS == 0).any()


@pytest.mark.parametrize("theta", [0.05, 1.0, 7.5, 99.9, 100.1, 1e3])
def test_negative_binomial_loglike(theta):
    y = simulate(theta)
    expected = WEIGHTS @ stats.nbinom.logpmf(y, theta, theta / (theta + MU))
    ours = NegativeBinomial(theta).loglike(y, MU, WEIGHTS)
    assert ours == pytest.approx(expected, rel=1e-11)


def test_negative_binomial_loglike_tends_to_the_poisson():
    poisson = Poisson().loglike(COUNTS, MU, WEIGHTS)
    for theta in (1e5, 1e6, 1e7):
        ours = NegativeBinomial(theta).loglike(COUNTS, MU, WEIGHTS)
        drift = WEIGHTS @ ((COUNTS - MU) ** 2 - COUNTS) / (2 * theta)
        assert ours - poisson == pytest.approx(drift, abs=1e-8, rel=1e-3)


def test_tails():
    whole = np.round(WEIGHTS)  # so that weight times response is a count
    for family, law in (
        (Poisson(), stats.poisson(whole * MU)),
        (NegativeBinomial(1.3), stats.nbinom(whole * 1.3, 1.3 / (1.3 + MU))),
    ):
        y = COUNTS / whole
        (below, at), (above, beyond) = family.tails(y, MU, 1.0, whole)
        np.testing.assert_allclose(below, law.cdf(COUNTS - 1), rtol=1e-13)
        np.testing.assert_allclose(at, law.cdf(COUNTS), rtol=1e-13)
        np.testing.assert_allclose(above, law.sf(COUNTS - 1), rtol=1e-13)
        np.testing.assert_allclose(beyond, law.sf(COUNTS), rtol=1e-13)
    with pytest.raises(ValueError, match=r"quasipoisson is no distribution.*'poisson'"):
        QuasiPoisson().tails(COUNTS, MU, 1.0, WEIGHTS)


# ---- theta ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("theta", [0.02, 0.5, 3.0, 20.0])
def test_theta_maximises_the_likelihood(theta, weighted):
    y, weights = simulate(theta), WEIGHTS if weighted else np.ones(N)

    def loglike(log_theta):
        return NegativeBinomial(float(np.exp(log_theta))).loglike(y, MU, weights)

    best = optimize.minimize_scalar(
        lambda t: -loglike(t), bounds=(-6, 7), method="bounded", options={"xatol": 1e-9}
    )
    for start in (1e-3, 1.0, 500.0):
        found, error = NegativeBinomial(start).estimate(y, MU, weights)
        assert np.log(found.theta) == pytest.approx(best.x, abs=2e-6)
    h = 1e-3
    curvature = -(loglike(best.x + h) - 2 * loglike(best.x) + loglike(best.x - h)) / h**2
    # at the maximum the second derivatives in theta and in log theta differ by theta^2
    assert error == pytest.approx(found.theta * curvature**-0.5, rel=1e-4)
    assert not found.estimated
    assert found.at_edge() is None


# library(MASS)
# y <- c(0,1,4,2,0,7,3,0,1,12,5,0,2,9,1,0,3,6,0,2); mu <- seq(1, 5, length.out = 20)
# w <- rep(c(1, 2, 0.5, 1.5), 5)
# theta.ml(y, mu, eps = 1e-12, limit = 100)
# theta.ml(y, mu, n = sum(w), weights = w, eps = 1e-12, limit = 100)
Y_MASS = np.array([0, 1, 4, 2, 0, 7, 3, 0, 1, 12, 5, 0, 2, 9, 1, 0, 3, 6, 0, 2.0])


@pytest.mark.parametrize(
    ("weights", "theta", "error"),
    [
        (np.ones(20), 0.819402830583349, 0.376370485714014),
        (np.tile([1, 2, 0.5, 1.5], 5), 0.795333030940021, 0.311373117254390),
    ],
)
def test_theta_of_mass(weights, theta, error):
    found, ours = NegativeBinomial().estimate(Y_MASS, np.linspace(1, 5, 20), weights)
    assert found.theta == pytest.approx(theta, rel=1e-9)
    assert ours == pytest.approx(error, rel=1e-8)


def test_counts_that_are_not_whole_and_large_ones():
    """Nothing in the likelihood needs whole counts; the fast path for small ones is the same."""
    y = simulate(2.0)
    whole, error = NegativeBinomial().estimate(y, MU, WEIGHTS)
    shifted, _ = NegativeBinomial().estimate(y + 1e-9, MU, WEIGHTS)
    assert whole.theta == pytest.approx(shifted.theta, rel=1e-6)
    thousand, _ = NegativeBinomial().estimate(1e5 * y, 1e5 * MU, WEIGHTS)
    assert thousand.theta < whole.theta + 5 * error


@pytest.mark.parametrize("seed", range(8))
def test_counts_without_overdispersion_end_at_the_edge(seed):
    rng = np.random.default_rng(seed)
    y = rng.binomial(5, MU / MU.max() * 0.9).astype(float)
    found, error = NegativeBinomial().estimate(y, 5 * MU / MU.max() * 0.9, np.ones(N))
    assert found.theta == THETA_HIGH
    assert np.isnan(error)
    assert "not overdispersed" in found.at_edge()


def test_counts_beyond_any_theta():
    y = np.zeros(N)
    y[0] = 1e9
    found, _ = NegativeBinomial().estimate(y, np.full(N, 1e9 / N), np.ones(N))
    assert THETA_LOW <= found.theta < 0.01
    assert "beyond any theta" in NegativeBinomial(THETA_LOW).at_edge()


def test_what_an_edge_means():
    assert "fit a Poisson" in NegativeBinomial(THETA_HIGH).at_edge()
    assert "enormous counts, or whether all of them are 0" in NegativeBinomial(THETA_LOW).at_edge()
    assert NegativeBinomial(1.0).at_edge() is None
