"""Amounts: likelihoods and tails by scipy, log-likelihoods by R."""

import numpy as np
import pytest
from scipy import stats

from rustystats.families import Gamma, Gaussian, InverseGaussian, Tweedie

RNG = np.random.default_rng(11)
N = 200
MU = np.exp(RNG.normal(size=N))
WEIGHTS = RNG.uniform(0.5, 2, N)
Y = {Gaussian: RNG.normal(MU, 2), Gamma: RNG.gamma(1.5, MU / 1.5), InverseGaussian: RNG.wald(MU, 2)}


def law(kind, mu, phi):
    """The distribution with this mean and Var = phi V(mu)."""
    if kind is Gaussian:
        return stats.norm(mu, np.sqrt(phi))
    if kind is Gamma:
        return stats.gamma(1 / phi, scale=mu * phi)
    return stats.invgauss(mu * phi, scale=1 / phi)


@pytest.mark.parametrize("kind", Y)
def test_laws_of_this_test_have_the_variance_of_the_family(kind):
    for phi in (0.2, 1.5):
        assert law(kind, 1.7, phi).mean() == pytest.approx(1.7)
        assert law(kind, 1.7, phi).var() == pytest.approx(phi * kind().variance(1.7))


def test_gaussian_loglike_at_the_maximum_likelihood_dispersion():
    y, w = Y[Gaussian], WEIGHTS.copy()
    sigma2 = w @ (y - MU) ** 2 / N
    expected = stats.norm.logpdf(y, MU, np.sqrt(sigma2 / w)).sum()
    assert Gaussian().loglike(y, MU, w) == pytest.approx(expected, rel=1e-13)
    w[:20] = 0  # rows of weight 0 do not count
    kept = Gaussian().loglike(y[20:], MU[20:], w[20:])
    assert Gaussian().loglike(y, MU, w) == pytest.approx(kept, rel=1e-13)


@pytest.mark.parametrize("kind", [Gamma, InverseGaussian])
def test_loglike_at_the_dispersion_of_r(kind):
    y = Y[kind]
    phi = kind().deviance(y, MU, WEIGHTS) / WEIGHTS.sum()
    expected = WEIGHTS @ law(kind, MU, phi).logpdf(y)
    assert kind().loglike(y, MU, WEIGHTS) == pytest.approx(expected, rel=1e-12)


# y <- c(0.4,1.2,3.3,0.8,2.2,5.1,0.9,1.7); x <- 1:8; w <- c(1,2,1,3,1,2,1,1)
# h <- glm(y ~ x, family = f, weights = w, control = glm.control(epsilon = 1e-14))
# c(coef(h), deviance(h), logLik(h))   for f in inverse.gaussian("log"), Gamma("log"), gaussian()
R_VALUES = [
    (InverseGaussian, np.exp, [-0.494506282954314, 0.262666844059823], 3.519265267721955),
    (Gamma, np.exp, [-0.242491278088230, 0.196447650172377], 5.720664200864175),
    (Gaussian, lambda eta: eta, [0.678289473684212, 0.295394736842105], 25.968092105263153),
]
R_LOGLIKE = {
    InverseGaussian: -16.334911479308573,
    Gamma: -17.500696372801674,
    Gaussian: -14.818763004589844,
}


@pytest.mark.parametrize(("kind", "inverse", "coef", "deviance"), R_VALUES)
def test_values_of_r(kind, inverse, coef, deviance):
    y = np.array([0.4, 1.2, 3.3, 0.8, 2.2, 5.1, 0.9, 1.7])
    weights = np.array([1.0, 2, 1, 3, 1, 2, 1, 1])
    mu = inverse(coef[0] + coef[1] * np.arange(1, 9))
    assert kind().deviance(y, mu, weights) == pytest.approx(deviance, rel=1e-12)
    assert kind().loglike(y, mu, weights) == pytest.approx(R_LOGLIKE[kind], rel=1e-12)


@pytest.mark.parametrize("kind", Y)
def test_tails(kind):
    phi = 0.7
    expected = law(kind, MU, phi / WEIGHTS)
    (below, at), (above, beyond) = kind().tails(Y[kind], MU, phi, WEIGHTS)
    np.testing.assert_allclose(below, expected.cdf(Y[kind]), rtol=1e-9)
    np.testing.assert_allclose(above, expected.sf(Y[kind]), rtol=1e-9)
    np.testing.assert_array_equal(below, at)
    np.testing.assert_array_equal(above, beyond)


@pytest.mark.parametrize("kind", Y)
def test_a_perfect_fit_has_infinite_loglike(kind):
    y = np.array([1.0, 2.0])
    assert kind().loglike(y, y, np.ones(2)) == np.inf


@pytest.mark.parametrize(("power", "kind"), [(0, Gaussian), (2, Gamma), (3, InverseGaussian)])
def test_tweedie_of_a_named_power_is_the_named_family(power, kind):
    tweedie, named, y = Tweedie(power), kind(), Y[kind]
    np.testing.assert_array_equal(tweedie.variance(MU), named.variance(MU))
    np.testing.assert_array_equal(tweedie.unit_deviance(y, MU), named.unit_deviance(y, MU))
    assert tweedie.loglike(y, MU, WEIGHTS) == named.loglike(y, MU, WEIGHTS)
    for ours, theirs in zip(
        tweedie.tails(y, MU, 0.7, WEIGHTS), named.tails(y, MU, 0.7, WEIGHTS), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
