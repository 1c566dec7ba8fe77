"""The Tweedie density, by three other ways: its claims one by one, its characteristic function,
and what a density must integrate to."""

import itertools

import numpy as np
import pytest
from scipy import integrate, optimize, stats
from scipy.special import gammaln, logsumexp

from rustystats._kernels.series import tweedie_series
from rustystats.families import Tweedie

POWERS = [1.05, 1.2, 1.5, 1.8, 1.95]
PHIS = [1e-3, 0.03, 1.0, 30.0]


def shape_of(p):
    return (2 - p) / (p - 1)


def series(lam, p, n_threads=1):
    return tweedie_series(np.atleast_1d(np.asarray(lam, dtype=float)), p, n_threads)


def log_density(y, mu, phi, p):
    """As `tweedie_series` puts it together with the unit deviance; y > 0."""
    y, mu = np.broadcast_arrays(np.asarray(y, dtype=float), np.asarray(mu, dtype=float))
    log_sum = series(y.ravel() ** (2 - p) / (phi * (2 - p)), p)[:, 0].reshape(y.shape)
    deviance = Tweedie(p).unit_deviance(y, mu)
    return log_sum - deviance / (2 * phi) + 0.5 * np.log(shape_of(p)) - np.log(2 * np.pi * y)


def claims(mu, phi, p):
    """Mean number of claims, shape and scale of each."""
    return mu ** (2 - p) / (phi * (2 - p)), shape_of(p), phi * (p - 1) * mu ** (p - 1)


def by_claims(y, mu, phi, p):
    """log of sum over j of Pr(j claims) times their Gamma density."""
    number, shape, scale = claims(mu, phi, p)
    j = np.arange(1, int(8 * number + 20 * np.sqrt(number + y / scale + 1) + 100))
    terms = stats.poisson.logpmf(j, number) + stats.gamma.logpdf(y, j * shape, scale=scale)
    return logsumexp(terms)


def by_inversion(y, mu, phi, p):
    """log of the inverse Fourier integral of the characteristic function less the mass at 0,

    exp(number ((1 - i t scale)^-shape - 1)) - exp(-number). In z = 1 - i t scale the path is bent
    to the parabola z0 (1 + i v)^2 through the saddle point, along which the integrand falls off
    like a normal density.
    """
    number, shape, scale = claims(mu, phi, p)

    def exponent(z):
        power = number * z**-shape
        return power + np.log(-np.expm1(-power)) - number + (z - 1) * y / scale

    middle = np.log(shape * scale * (number + 1) / y)
    saddle = optimize.minimize_scalar(
        lambda log_z: exponent(np.exp(log_z)), bounds=(middle - 30, middle + 9), method="bounded"
    )
    z0 = np.exp(saddle.x)

    def integrand(v):
        return (np.exp(exponent(z0 * (1 + 1j * v) ** 2) - exponent(z0)) * (1 + 1j * v)).real

    edges = (z0 * y / scale) ** -0.5 * np.array([0, 0.01, 0.1, 0.5, 1, 3, 9])
    parts = [
        integrate.quad(integrand, *ends, epsabs=1e-13 * edges[2], epsrel=1e-10, limit=500)[0]
        for ends in itertools.pairwise(edges)
    ]
    return exponent(z0) + np.log(2 * z0 * sum(parts) / (np.pi * scale))


@pytest.mark.parametrize("p", [1.01, *POWERS, 1.99])
def test_sum_mean_and_variance_by_brute_force(p):
    a = shape_of(p)
    j = np.arange(1, 3001)
    for lam in [1e-8, 1e-3, 0.3, 0.99, 1.0, 2.5, 10.0, 17.0, 20.0, 33.3, 70.0, 150.0, 1000.0]:
        log_terms = j * ((1 + a) * np.log(lam) + a * np.log(a)) - gammaln(j + 1) - gammaln(j * a)
        expected = logsumexp(log_terms)
        weights = np.exp(log_terms - expected)
        mean = weights @ j
        log_sum, our_mean, our_variance = series(lam, p)[0]
        constant = (1 + a) * lam + 0.5 * np.log(a) - np.log(2 * np.pi)
        size = max(np.abs(log_terms[: int(2 * lam) + 2]).max(), 1)
        assert log_sum + constant == pytest.approx(expected, abs=1e-14 * size + 2e-13)
        assert our_mean == pytest.approx(mean, rel=1e-10)
        assert our_variance == pytest.approx(weights @ (j - mean) ** 2, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("phi", PHIS)
@pytest.mark.parametrize("p", POWERS)
def test_density_equals_the_sum_over_claims(p, phi):
    for mu in (0.4, 3.0):
        for y in (1e-3, 0.1, 0.5, 3.0, 20.0):
            if abs(by_claims(y, mu, phi, p)) < 1e4:
                ours = log_density(y, mu, phi, p)
                assert ours == pytest.approx(by_claims(y, mu, phi, p), abs=1e-8, rel=1e-11)


@pytest.mark.parametrize("phi", PHIS)
@pytest.mark.parametrize("p", POWERS)
def test_density_inverts_the_characteristic_function(p, phi):
    for mu in (0.4, 3.0):
        for y in (0.05, 0.5, 3.0, 12.0):
            ours = log_density(y, mu, phi, p)
            assert ours == pytest.approx(by_inversion(y, mu, phi, p), abs=1e-8, rel=1e-11)


@pytest.mark.parametrize("phi", [0.05, 0.5, 3.0])
@pytest.mark.parametrize("p", POWERS)
def test_total_mean_and_variance(p, phi):
    mu = 1.3
    number, shape, scale = claims(mu, phi, p)
    # in log y: the density is smooth there, and falls off on both sides
    low = -30.0 / min(shape, 1) if number < 30 else np.log(mu) - 40 * np.sqrt(phi)
    grid = np.linspace(low, np.log(mu + 60 * (scale + np.sqrt(phi * mu**p))), 20_001)
    y = np.exp(grid)
    density = np.exp(log_density(y, mu, phi, p)) * y
    total, mean, square = (integrate.trapezoid(density * y**k, grid) for k in range(3))
    assert total == pytest.approx(-np.expm1(-number), rel=1e-7)
    assert mean == pytest.approx(mu, rel=1e-8)
    assert square - mean**2 == pytest.approx(phi * mu**p, rel=1e-7)


@pytest.mark.parametrize("p", [1.01, *POWERS, 1.99])
@pytest.mark.parametrize(("phi", "error"), [(1e-8, 2e-7), (1e-14, 1e-7), (1e-20, 1e-4)])
def test_tiny_dispersions_do_not_underflow(p, phi, error):
    """Where the density is normal but for terms of order phi."""
    mu = 2.0
    y = mu + np.sqrt(phi * mu**p) * np.array([-2.0, 0.0, 1.5])
    saddlepoint = stats.norm.logpdf(0, scale=np.sqrt(phi * y**p))
    saddlepoint -= Tweedie(p).unit_deviance(y, mu) / (2 * phi)
    np.testing.assert_allclose(log_density(y, mu, phi, p), saddlepoint, rtol=1e-13, atol=error)


def test_threads_do_not_matter():
    lam = np.exp(np.random.default_rng(0).normal(2, 3, 1000))
    one = series(lam, 1.6)
    for n_threads in (2, 3):
        np.testing.assert_array_equal(series(lam, 1.6, n_threads), one)
    assert series(lam[:0], 1.6).shape == (0, 3)


@pytest.mark.parametrize("lam", [0.0, np.nan, np.inf])
def test_what_is_no_number_of_claims_ends_without_a_number(lam):
    assert not np.isfinite(series(lam, 1.5)[0, 0])
