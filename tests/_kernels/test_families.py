"""Variance functions and unit deviances: against statsmodels, and to the last digits."""

import numpy as np
import pytest

from rustystats.families import FAMILIES, Gamma, NegativeBinomial, Poisson, Tweedie
from rustystats.intervals import REAL, UNIT

EPS = np.finfo(float).eps


@pytest.fixture
def family(family_name):
    """Each family at its default parameter."""
    return FAMILIES[family_name]()


def means(family):
    """Means all over the domain of a family."""
    rng = np.random.default_rng(3)
    if family.y_domain == REAL:
        return rng.normal(scale=5, size=60)
    return rng.uniform(0.01, 0.99, 60) if family.y_domain == UNIT else np.exp(rng.normal(size=60))


def responses(family):
    """Responses inside the domain and on its border."""
    values = np.array([-3.0, 0.0, 1e-3, 0.25, 0.5, 1.0, 7.0, 5000.0])
    return values[family.y_domain.contains(values)]


def test_like_statsmodels(pair):
    """Statsmodels keeps y and mu away from 0 by 1e-10 or so, and its errors with them."""
    family, peer = pair.family, pair.statsmodels()
    mu = means(family)
    np.testing.assert_allclose(family.variance(mu), peer.variance(mu), rtol=1e-14)
    for y in responses(family):
        with np.errstate(divide="ignore", invalid="ignore"):
            theirs = peer.resid_dev(np.full_like(mu, y), mu) ** 2
        np.testing.assert_allclose(family.unit_deviance(y, mu), theirs, rtol=2e-7, atol=1e-8)


def test_unit_deviance_is_zero_at_the_response_and_nowhere_else(family):
    y = means(family)
    np.testing.assert_array_equal(family.unit_deviance(y, y), 0.0)
    for near in (1e-7, 1e-3):
        deviance = family.unit_deviance(y, y * (1 + near))
        curved = near**2 * y**2 / family.variance(y)  # d = (y - mu)^2 / V to first order
        allowed = 5 * near * (1 + y**2 / family.variance(y)) * curved + 40 * EPS * (1 + np.abs(y))
        assert (np.abs(deviance - curved) <= allowed).all()


def test_deviance_falls_with_the_score(family):
    """d' = -2 (y - mu) / V by finite differences: deviance and variance belong together."""
    mu = means(family)
    step = 1e-6 * np.maximum(1, np.abs(mu)) * np.minimum(1, family.variance(mu))
    for y in responses(family):
        central = (family.unit_deviance(y, mu + step) - family.unit_deviance(y, mu - step)) / 2
        expected = -2 * (y - mu) / family.variance(mu)
        scale = (1 + np.abs(expected)) * (1 + y**2) / np.minimum(1, mu**2)
        np.testing.assert_allclose(central / step / scale, expected / scale, rtol=0, atol=1e-7)


@pytest.mark.parametrize("p", [-1.0, 0, 1, 1.01, 1.5, 1.99, 2, 2.5, 3, 4.0])
def test_tweedie_variance_and_slope(p):
    family, mu = Tweedie(p), np.exp(np.random.default_rng(0).normal(size=60))
    np.testing.assert_allclose(family.variance(mu), mu**p, rtol=1e-14)
    for y in responses(family):
        step = 1e-5 * mu
        central = (family.unit_deviance(y, mu + step) - family.unit_deviance(y, mu - step)) / 2
        expected = -2 * (y - mu) / mu**p
        size = np.abs(expected) + family.unit_deviance(y, mu) / mu + 1e-4
        assert np.abs(central / step - expected).max() < 1e-6 * size.max()
        np.testing.assert_allclose(central / step / size, expected / size, rtol=0, atol=1e-6)


# ---- to the last digits: against extended precision --------------------------------------------


def ulps(actual, exact):
    exact = np.asarray(exact)
    return np.abs(actual - exact) / np.spacing(np.abs(exact.astype(float)))


def spread_numbers():
    rng = np.random.default_rng(1)
    return np.concatenate(
        [
            2.0 ** rng.uniform(-1000, 1000, 100_000),
            1 + rng.uniform(-1, 1, 100_000) * 10.0 ** rng.uniform(-15, -0.2, 100_000),
            np.sqrt(0.5) * 2.0 ** np.arange(-50, 50) * (1 + EPS),  # where the reduction changes
            np.sqrt(0.5) * 2.0 ** np.arange(-50, 50) * (1 - EPS),
            2.0 ** np.arange(-1000, 1000),
        ]
    )


def test_logarithm_to_two_units_in_the_last_place():
    """d = 2 (y - 1 - log y) at mu = 1, solved for log y."""
    y = spread_numbers()
    y = y[(y < 2) | (y > 1e6)]
    exact = np.log(y.astype(np.longdouble))
    tiny = y < 1e-9  # y - 1 is -1 there
    large = np.abs(y - 1) < 1e-3
    deviance = Gamma().unit_deviance(y, np.ones_like(y))
    expected = 2 * ((y - np.longdouble(1)) - exact)
    logs = -deviance[tiny] / 2 + (y[tiny] - 1)
    assert ulps(logs, exact[tiny]).max() <= 2
    # elsewhere the difference counts: an error of 2 units in log y and of the rounding of d
    allowed = 4 * np.spacing(np.abs(exact).astype(float)) + 2 * np.spacing(np.abs(y - 1))
    assert (np.abs(deviance - expected) <= allowed)[large].all()
    assert (np.abs(deviance - expected) <= allowed + np.spacing(deviance))[y < 2].all()


def test_log_of_one_plus_to_two_units_in_the_last_place():
    """d = 2 theta log(1 + mu / theta) at y = 0, as -2 theta log1p(-mu / (mu + theta))."""
    rng = np.random.default_rng(2)
    mu = 10.0 ** rng.uniform(-300, 3, 100_000)
    for theta in (1.0, 4.0, 1024.0):  # powers of 2: nothing but the logarithm rounds
        exact = np.log1p(-(mu / (mu + theta)).astype(np.longdouble))
        logs = NegativeBinomial(theta).unit_deviance(0.0, mu) / (-2 * theta)
        normal = mu > 1e-290
        assert ulps(logs[normal], exact[normal]).max() <= 2


@pytest.mark.parametrize("theta", [1e-3, 0.1, 1.0, 30.0, 1e4, 1e6, 1e8])
def test_negative_binomial_deviance_for_all_theta(theta):
    mu = np.exp(np.random.default_rng(0).normal(size=200)).astype(np.longdouble)
    for y in (0.0, 0.5, 1.0, 3.0, 200.0):
        # log((y + theta) / (mu + theta)) without its cancellation
        joint = (y + np.longdouble(theta)) * np.log1p((y - mu) / (mu + theta))
        own = y * np.log(np.longdouble(y) / mu) if y else np.zeros_like(mu)
        exact = 2 * (own - joint)
        ours = NegativeBinomial(theta).unit_deviance(y, mu.astype(float))
        size = 2 * (np.abs(own) + np.abs(joint)) + 2 * (y + np.abs(y - mu))  # of the quotients
        assert (np.abs(ours - exact) <= 8 * EPS * size).all()
    poisson = Poisson().unit_deviance(3.0, mu.astype(float))
    if theta >= 1e4:  # the limit
        near = NegativeBinomial(theta).unit_deviance(3.0, mu.astype(float))
        np.testing.assert_allclose(near, poisson, atol=60 / theta + 1e-14, rtol=60 / theta)


@pytest.mark.parametrize("p", [1 + 1e-6, 1.001, 1.01, 1.3, 1.5, 1.9, 1.99, 1.999, 2 - 1e-6])
def test_tweedie_deviance_between_one_and_two(p):
    mu = np.exp(np.random.default_rng(0).normal(size=200)).astype(np.longdouble)
    exact_p = np.longdouble(p)
    q = 2 - exact_p
    for y in (0.0, 1e-6, 0.5, 1.0, 3.0, 200.0):
        y_long = np.longdouble(y)
        exact = 2 * (
            y_long**q / ((1 - exact_p) * q)
            - y_long * mu ** (1 - exact_p) / (1 - exact_p)
            + mu**q / q
        )
        ours = Tweedie(p).unit_deviance(y, mu.astype(float))
        # what cancels is divided by (p - 1) (2 - p)
        size = mu**q * (1 + y / mu) / ((p - 1) * (2 - p))
        assert (np.abs(ours - exact) <= 20 * EPS * size).all()


@pytest.mark.parametrize(("p", "limit"), [(1 + 1e-7, Poisson()), (2 - 1e-7, Gamma())])
def test_tweedie_deviance_tends_to_its_neighbours(p, limit):
    mu = np.linspace(0.2, 5, 50)
    np.testing.assert_allclose(
        Tweedie(p).unit_deviance(1.3, mu), limit.unit_deviance(1.3, mu), atol=3e-6
    )


def test_tweedie_zeros():
    mu = np.geomspace(1e-3, 1e3, 50)
    for p in (1.05, 1.5, 1.95):
        expected = 2 * mu ** (2 - p) / (2 - p)
        np.testing.assert_allclose(Tweedie(p).unit_deviance(0.0, mu), expected, rtol=2e-14)


# ---- arrays --------------------------------------------------------------------------------------


def test_elementwise_for_arrays_of_any_shape(family):
    mu = np.random.default_rng(3).uniform(0.01, 0.99, 60)
    before = mu.copy()
    y = np.full_like(mu, 0.5)
    for call, arguments in ((family.variance, (mu,)), (family.unit_deviance, (y, mu))):
        expected = call(*arguments)
        assert expected.shape == mu.shape
        assert expected.dtype == np.float64
        locked = [a.copy() for a in arguments]
        for array in locked:
            array.flags.writeable = False
        strided = [np.repeat(a, 3)[::3] for a in arguments]
        reverse = [a[::-1].copy()[::-1] for a in arguments]
        for same in (locked, strided, reverse, [a.tolist() for a in arguments]):
            np.testing.assert_array_equal(call(*same), expected)
        grid = call(*(a.reshape(3, 4, 5) for a in arguments))
        np.testing.assert_array_equal(grid, expected.reshape(3, 4, 5))
        fortran = call(*(np.asfortranarray(a.reshape(3, 20)) for a in arguments))
        np.testing.assert_array_equal(fortran, expected.reshape(3, 20))
        scalar = call(*(float(a[0]) for a in arguments))
        assert isinstance(scalar, float)
        np.testing.assert_allclose(scalar, expected[0], rtol=1e-14)
        assert call(*(a[:0] for a in arguments)).shape == (0,)
    np.testing.assert_array_equal(mu, before)


def test_unit_deviance_broadcasts(family):
    y, mu = np.array([[0.25], [0.5]]), np.array([0.3, 0.4, 0.6])
    values = family.unit_deviance(y, mu)
    assert values.shape == (2, 3)
    np.testing.assert_array_equal(values[1], family.unit_deviance(np.full(3, 0.5), mu))
    with pytest.raises(ValueError, match="broadcast"):
        family.unit_deviance(np.zeros(2), np.zeros(3))
