"""Every family with every link it serves, against the invariants and the textbook formulas."""

import numpy as np
import pytest
from scipy.special import expit, logit, xlogy

from rustystats.families import FAMILIES
from rustystats.links import LINKS

KINDS = {family().name(): family for family in FAMILIES.values()}
PAIRS = [(name, link) for name, kind in KINDS.items() for link in kind.link_names]
VARIANCE = {
    "gaussian": np.ones_like,
    "poisson": lambda mu: mu,
    "binomial": lambda mu: mu * (1 - mu),
    "gamma": np.square,
}
DEVIANCE = {
    "gaussian": lambda y, mu: (y - mu) ** 2,
    "poisson": lambda y, mu: 2 * (xlogy(y, y / mu) - y + mu),
    "binomial": lambda y, mu: 2 * (xlogy(y, y / mu) + xlogy(1 - y, (1 - y) / (1 - mu))),
    "gamma": lambda y, mu: 2 * ((y - mu) / mu - np.log(y / mu)),
}
LINK = {"identity": lambda mu: mu, "log": np.log, "logit": logit}
INVERSE = {"identity": lambda eta: eta, "log": np.exp, "logit": expit}
EXTREME = np.array([-1e300, -1e3, -800.0, -700.0, -36.8, 36.8, 700.0, 800.0, 1e3, 1e300])
# Responses inside each domain and on its border
RESPONSES = {
    "gaussian": [-3.0, 0.0, 2.5],
    "poisson": [0.0, 0.4, 1.0, 7.0],
    "binomial": [0.0, 0.25, 0.5, 1.0],
    "gamma": [1e-3, 0.8, 5000.0],
}


def means(family):
    """Means all over the domain of a family."""
    rng = np.random.default_rng(3)
    if family == "gaussian":
        return rng.normal(scale=5, size=60)
    return rng.uniform(0.01, 0.99, 60) if family == "binomial" else np.exp(rng.normal(size=60))


def etas(family, link):
    """Linear predictors whose means lie in the domain of the family."""
    mu = means(family)
    return LINK[link](np.exp(mu / 5) if family == "gaussian" and link == "log" else mu)


@pytest.fixture(params=KINDS, ids=str)
def family_name(request):
    return request.param


@pytest.fixture(params=LINKS, ids=str)
def link_name(request):
    return request.param


@pytest.mark.parametrize(("family", "link"), PAIRS)
def test_inverse_undoes_link(family, link):
    eta = etas(family, link)
    function = LINKS[link]()
    np.testing.assert_allclose(function.link(function.inverse(eta)), eta, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(function.inverse(eta), INVERSE[link](eta), rtol=1e-14)
    mu = function.inverse(eta)
    np.testing.assert_allclose(function.link(mu), LINK[link](mu), rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize(("family", "link"), PAIRS)
def test_slope_is_the_derivative_of_the_mean(family, link):
    eta = etas(family, link)
    function = LINKS[link]()
    mu, dmu = function.inverse_with_derivative(eta)
    np.testing.assert_array_equal(mu, function.inverse(eta))
    step = 1e-5
    central = (function.inverse(eta + step) - function.inverse(eta - step)) / (2 * step)
    np.testing.assert_allclose(dmu, central, rtol=1e-8)
    np.testing.assert_allclose(function.derivative(mu), 1 / dmu, rtol=1e-12)
    assert (dmu > 0).all()


@pytest.mark.parametrize(("family", "link"), PAIRS)
def test_extreme_linear_predictors_have_finite_means(family, link):
    mu, dmu = LINKS[link]().inverse_with_derivative(EXTREME)
    assert np.isfinite(mu).all()
    assert np.isfinite(dmu).all()
    assert (dmu > 0).all()
    assert (np.diff(mu) >= 0).all()
    if link == "identity":
        np.testing.assert_array_equal(mu, EXTREME)
    elif family == "binomial" and link == "log":
        assert KINDS[family]().variance(mu)[EXTREME < 0].min() > 0
    elif family != "gamma":  # exp(-700)^2 underflows
        assert (KINDS[family]().variance(mu) > 0).all()


def test_means_at_the_bounds():
    log, logistic = LINKS["log"](), LINKS["logit"]()
    np.testing.assert_array_equal(log.inverse([-1e3, 1e3]), np.exp([-700.0, 700.0]))
    eps = np.finfo(float).eps
    mu, dmu = logistic.inverse_with_derivative([-1e3, 1e3])
    np.testing.assert_array_equal(mu, [eps, 1 - eps])
    np.testing.assert_array_equal(dmu, [eps, eps])


def test_nan_stays_nan(link_name):
    mu, dmu = LINKS[link_name]().inverse_with_derivative([0.5, np.nan, 0.25])
    np.testing.assert_array_equal(np.isnan(mu), [False, True, False])
    assert np.isfinite(dmu[[0, 2]]).all()


def test_exp_of_the_log_link_to_two_units_in_the_last_place():
    rng = np.random.default_rng(0)
    eta = np.concatenate(
        [
            np.linspace(-700, 700, 100_001),
            rng.normal(size=100_000),
            rng.uniform(-1, 1, 50_000) * 10.0 ** rng.uniform(-18, 0, 50_000),
            np.log(2) * np.arange(-1009, 1010) / 2,  # where the reduction changes its integer
            [0.0, -0.0, 700.0, -700.0, 5e-324],
        ]
    )
    expected = np.exp(eta)
    error = np.abs(LINKS["log"]().inverse(eta) - expected) / np.spacing(expected)
    assert error.max() <= 2


@pytest.mark.parametrize("size", [0, 1, 3, 7, 8, 9, 31, 1000])
def test_every_length(size, link_name):
    eta = np.linspace(-3, 2, 1000)[:size]
    np.testing.assert_allclose(LINKS[link_name]().inverse(eta), INVERSE[link_name](eta), rtol=1e-14)


def test_variance(family_name):
    mu = means(family_name)
    variance = KINDS[family_name]().variance(mu)
    np.testing.assert_allclose(variance, VARIANCE[family_name](mu), rtol=1e-15)


def test_unit_deviance(family_name):
    mu = means(family_name)
    family = KINDS[family_name]()
    for y in RESPONSES[family_name]:
        deviance = family.unit_deviance(y, mu)
        np.testing.assert_allclose(deviance, DEVIANCE[family_name](y, mu), rtol=1e-11, atol=1e-14)
        assert (deviance >= 0).all()


def test_unit_deviance_is_zero_at_the_response(family_name):
    y = means(family_name)
    family = KINDS[family_name]()
    np.testing.assert_array_equal(family.unit_deviance(y, y), 0.0)
    near = family.unit_deviance(y, y * (1 + 1e-7))
    assert near.min() > -1e-14 * np.abs(y).max()


def test_deviance_falls_with_the_score(family_name):
    mu = means(family_name)
    family = KINDS[family_name]()
    step = 1e-6 * np.maximum(1, np.abs(mu)) * np.minimum(1, family.variance(mu))
    for y in RESPONSES[family_name]:
        central = (family.unit_deviance(y, mu + step) - family.unit_deviance(y, mu - step)) / 2
        expected = -2 * (y - mu) / family.variance(mu)
        scale = 1 + np.abs(expected)
        np.testing.assert_allclose(central / step / scale, expected / scale, rtol=0, atol=1e-7)


def test_elementwise_for_arrays_of_any_shape(family_name, link_name):
    family, link = KINDS[family_name](), LINKS[link_name]()
    mu = means("binomial")
    y = np.full_like(mu, 0.5)
    calls = {
        "link": (link.link, (mu,)),
        "inverse": (link.inverse, (mu,)),
        "derivative": (link.derivative, (mu,)),
        "variance": (family.variance, (mu,)),
        "unit_deviance": (family.unit_deviance, (y, mu)),
    }
    for name, (call, arguments) in calls.items():
        expected = call(*arguments)
        assert expected.shape == mu.shape
        assert expected.dtype == np.float64
        locked = [a.copy() for a in arguments]
        for array in locked:
            array.flags.writeable = False
        strided = [np.repeat(a, 3)[::3] for a in arguments]
        reverse = [a[::-1].copy()[::-1] for a in arguments]
        for same in (locked, strided, reverse, [a.tolist() for a in arguments]):
            np.testing.assert_array_equal(call(*same), expected, err_msg=name)
        grid = call(*(a.reshape(3, 4, 5) for a in arguments))
        np.testing.assert_array_equal(grid, expected.reshape(3, 4, 5))
        fortran = call(*(np.asfortranarray(a.reshape(3, 20)) for a in arguments))
        np.testing.assert_array_equal(fortran, expected.reshape(3, 20))
        scalar = call(*(float(a[0]) for a in arguments))
        assert isinstance(scalar, float)
        np.testing.assert_allclose(scalar, expected[0], rtol=1e-15)
        assert call(*(a[:0] for a in arguments)).shape == (0,)


def test_inputs_are_left_alone(family_name, link_name):
    mu = means("binomial")
    before = mu.copy()
    LINKS[link_name]().inverse_with_derivative(mu)
    KINDS[family_name]().unit_deviance(mu, mu)
    KINDS[family_name]().variance(mu)
    np.testing.assert_array_equal(mu, before)


def test_unit_deviance_broadcasts(family_name):
    family = KINDS[family_name]()
    y, mu = np.array([[0.25], [0.5]]), np.array([0.3, 0.4, 0.6])
    values = family.unit_deviance(y, mu)
    assert values.shape == (2, 3)
    np.testing.assert_array_equal(values[1], family.unit_deviance(np.full(3, 0.5), mu))
    with pytest.raises(ValueError, match="broadcast"):
        family.unit_deviance(np.zeros(2), np.zeros(3))
