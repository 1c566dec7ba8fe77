"""The Tweedie density above power 2: a density, with the mean and the limits it must have."""

import numpy as np
import pytest
from scipy import integrate, optimize, stats

from rustystats.families import Gamma, InverseGaussian, Tweedie
from rustystats.families.stable import log_stable_factor


def log_density(y, mu, phi, power):
    y = np.atleast_1d(np.asarray(y, dtype=float))
    deviance = Tweedie(power).unit_deviance(y, mu)
    return log_stable_factor(y, np.full(len(y), phi), power) - deviance / (2 * phi)


@pytest.mark.parametrize("phi", [1e-8, 1e-3, 0.4, 20.0, 1e4])
def test_power_three_is_the_inverse_gaussian(phi):
    y = np.array([1e-3, 0.1, 1.0, 5.0, 300.0])
    expected = stats.invgauss.logpdf(y, 2.0 * phi, scale=1 / phi)
    np.testing.assert_allclose(log_density(y, 2.0, phi, 3.0), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("power", "phi", "mu"),
    [(2.05, 0.3, 1.0), (2.3, 2.0, 5.0), (2.5, 0.5, 1.0), (2.5, 1e-4, 1.0), (4.0, 0.3, 1.0)],
)
def test_it_integrates_to_one_and_has_its_mean_and_variance(power, phi, mu):
    def moment(k):
        def integrand(v):
            return np.exp(log_density(np.exp(v), mu, phi, power)[0] + (k + 1) * v)

        options = {"limit": 500, "epsabs": 1e-13, "epsrel": 1e-12}
        return integrate.quad(integrand, -25, 25, points=[np.log(mu)], **options)[0]

    assert moment(0) == pytest.approx(1, abs=1e-8)
    assert moment(1) == pytest.approx(mu, rel=1e-8)
    if power < 3:  # beyond, the tail is so heavy that the integral above stops short of it
        assert moment(2) - mu**2 == pytest.approx(phi * mu**power, rel=1e-5)


def test_its_characteristic_function_by_inversion():
    """Fourier inversion of exp([kappa(theta + i t phi) - kappa(theta)] / phi)."""
    power, phi, mu = 3.6, 0.6, 1.3  # its transform falls off fast enough for quadrature

    def cumulant(theta):
        return (theta * (1 - power)) ** ((2 - power) / (1 - power)) / (2 - power)

    theta = mu ** (1 - power) / (1 - power)
    for y in (0.4, 1.0, 3.0):

        def integrand(t, y=y):
            exponent = (cumulant(theta + 1j * t * phi) - cumulant(theta)) / phi
            return np.real(np.exp(exponent - 1j * t * y))

        value = integrate.quad(integrand, 0, 400, limit=4000, epsabs=1e-12, epsrel=1e-12)[0]
        density = np.exp(log_density(y, mu, phi, power)[0])
        assert density == pytest.approx(value / np.pi, abs=1e-8)


def test_log_likelihood_is_the_largest_over_the_dispersion():
    rng = np.random.default_rng(5)
    y, mu, w = rng.gamma(2, size=60), rng.uniform(1, 3, 60), rng.uniform(0.5, 2, 60)
    w[:5] = 0
    family = Tweedie(2.4)

    def negative(log_phi):
        return -sum(log_density(y[i], mu[i], np.exp(log_phi) / w[i], 2.4)[0] for i in range(5, 60))

    best = optimize.minimize_scalar(negative, bracket=(-2, 2))
    assert family.loglike(y, mu, w) == pytest.approx(-best.fun, rel=1e-9)
    # The families at its ends have the same likelihood, each at its own best dispersion
    ones = np.ones(60)
    near = Tweedie(3.0 + 1e-9).loglike(y, mu, ones)
    assert near == pytest.approx(InverseGaussian().loglike(y, mu, ones), rel=1e-6)

    def gamma(log_shape):
        shape = np.exp(log_shape)
        return -stats.gamma.logpdf(y, shape, scale=mu / shape).sum()

    shape = optimize.minimize_scalar(gamma, bracket=(-1, 1))
    assert Tweedie(2.0001).loglike(y, mu, ones) == pytest.approx(-shape.fun, abs=0.01)
    assert np.isfinite(Gamma().loglike(y, mu, ones))


def test_perfect_fit_and_powers_without_a_density():
    y = np.array([1.0, 2.0])
    assert Tweedie(2.5).loglike(y, y, np.ones(2)) == np.inf
    assert np.isnan(Tweedie(-1).loglike(y, y + 0.1, np.ones(2)))
