"""Every link against scipy's formulas: values, slopes, the ends of the domain."""

import numpy as np
import pytest
from scipy.special import expit, logit, ndtr, ndtri

from rustystats.links import (
    CLogLog,
    Identity,
    Inverse,
    InverseSquared,
    Log,
    Logit,
    Power,
    Probit,
    Sqrt,
)

EPS = np.finfo(float).eps
# name: (link, inverse, linear predictors inside its domain)
WIDE, POSITIVE = np.linspace(-6, 6, 97), np.geomspace(1e-3, 1e3, 97)
FORMULAS = {
    "identity": (lambda mu: mu, lambda eta: eta, WIDE),
    "log": (np.log, np.exp, WIDE),
    "logit": (logit, expit, WIDE),
    "probit": (ndtri, ndtr, WIDE),
    "cloglog": (
        lambda mu: np.log(-np.log1p(-mu)),
        lambda eta: -np.expm1(-np.exp(eta)),
        np.linspace(-9, 2.5, 97),
    ),
    "inverse": (lambda mu: 1 / mu, lambda eta: 1 / eta, np.r_[-POSITIVE, POSITIVE]),
    "inverse_squared": (lambda mu: mu**-2.0, lambda eta: eta**-0.5, POSITIVE),
    "sqrt": (np.sqrt, np.square, POSITIVE),
    "power(0.7)": (lambda mu: mu**0.7, lambda eta: eta ** (1 / 0.7), POSITIVE),
}
FALLING = (Inverse, InverseSquared)
EXTREME = np.array([-1e300, -1e3, -800.0, -700.0, -36.8, 36.8, 700.0, 800.0, 1e3, 1e300])
BOUNDED = (Logit, Probit, CLogLog)


def test_values(link):
    formula, inverse, eta = FORMULAS[link.name()]
    mu = link.inverse(eta)
    np.testing.assert_allclose(mu, inverse(eta), rtol=4e-15)
    np.testing.assert_allclose(link.link(mu), formula(mu), rtol=2e-14, atol=1e-15)


def test_inverse_undoes_link(link):
    _, _, eta = FORMULAS[link.name()]
    eta = eta[eta < 4] if type(link) in BOUNDED else eta  # above, 1 - mu has few digits
    np.testing.assert_allclose(link.link(link.inverse(eta)), eta, rtol=1e-12, atol=1e-14)


def test_slope_is_the_derivative_of_the_mean(link):
    _, _, eta = FORMULAS[link.name()]
    mu, dmu = link.inverse_with_derivative(eta)
    np.testing.assert_array_equal(mu, link.inverse(eta))
    h = 1e-3 * np.minimum(np.abs(eta), 1) + 1e-4 * (eta == 0)

    def central(h):
        return (link.inverse(eta + h) - link.inverse(eta - h)) / (2 * h)

    slope = (4 * central(h / 2) - central(h)) / 3  # Richardson: the error is of order h^4
    np.testing.assert_allclose(dmu, slope, rtol=1e-8, atol=1e-12)
    assert ((dmu < 0) if isinstance(link, FALLING) else (dmu > 0)).all()
    np.testing.assert_allclose(link.derivative(mu) * dmu, 1, rtol=1e-7)


def test_extreme_linear_predictors(link):
    mu, dmu = link.inverse_with_derivative(EXTREME)
    if isinstance(link, Power) or type(link) in (Sqrt, InverseSquared):
        np.testing.assert_array_equal(np.isnan(mu), EXTREME < 0)
        return
    assert np.isfinite(mu).all()
    rises = np.diff(mu[EXTREME > 0]) * (-1 if isinstance(link, FALLING) else 1)
    assert (rises >= 0).all()
    if isinstance(link, FALLING):
        return
    assert (dmu > 0).all()
    assert np.isfinite(dmu).all()
    if type(link) in BOUNDED:
        np.testing.assert_array_equal(mu[[0, -1]], [EPS, 1 - EPS])
        np.testing.assert_array_equal(dmu[[0, -1]], [EPS, EPS])


def test_the_log_link_stops_where_a_mean_would_leave_the_doubles():
    np.testing.assert_array_equal(Log().inverse([-1e3, 1e3]), np.exp([-700.0, 700.0]))


@pytest.mark.parametrize(
    ("link", "outside"),
    [
        (Sqrt(), [-1.0, 0.0, -1e-300]),
        (InverseSquared(), [-1.0, 0.0]),
        (Inverse(), [0.0, -0.0]),
        (Power(0.7), [-1.0, 0.0]),
        (Power(-0.5), [-1.0, 0.0]),
        (Power(2), [-1.0, 0.0]),
    ],
    ids=str,
)
def test_no_mean_outside_the_domain(link, outside):
    mu, dmu = link.inverse_with_derivative([*outside, 2.0])
    assert np.isnan(mu[:-1]).all()
    assert np.isnan(dmu[:-1]).all()
    assert np.isfinite([mu[-1], dmu[-1]]).all()


@pytest.mark.parametrize(
    ("exponent", "named"), [(0.5, Sqrt()), (-1, Inverse()), (-2, InverseSquared()), (1, Identity())]
)
def test_named_powers_are_powers(exponent, named):
    eta = np.append(POSITIVE, np.nan)
    for ours, theirs in zip(
        Power(exponent).inverse_with_derivative(eta),
        named.inverse_with_derivative(eta),
        strict=True,
    ):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_allclose(Power(exponent).link(POSITIVE), named.link(POSITIVE), rtol=1e-15)


def test_nan_stays_nan(link):
    mu, dmu = link.inverse_with_derivative([0.5, np.nan, 0.25])
    np.testing.assert_array_equal(np.isnan(mu), [False, True, False])
    assert np.isfinite(dmu[[0, 2]]).all()


def test_small_probabilities_keep_their_digits():
    eta = np.array([-30.0, -20.0, -12.0])
    np.testing.assert_allclose(Logit().inverse(eta), expit(eta), rtol=1e-15)
    np.testing.assert_allclose(CLogLog().inverse(eta), -np.expm1(-np.exp(eta)), rtol=1e-15)
    tail = np.array([-8.0, -7.0, -5.0])
    np.testing.assert_allclose(Probit().inverse(tail), ndtr(tail), rtol=1e-13)


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
    error = np.abs(Log().inverse(eta) - expected) / np.spacing(expected)
    assert error.max() <= 2


@pytest.mark.parametrize("size", [0, 1, 3, 7, 8, 9, 31, 1000])
def test_every_length(size, link):
    eta = np.linspace(0.1, 2, 1000)
    np.testing.assert_allclose(link.inverse(eta[:size]), link.inverse(eta)[:size], rtol=1e-15)


def test_elementwise_for_arrays_of_any_shape(link):
    mu = np.random.default_rng(3).uniform(0.01, 0.99, 60)
    before = mu.copy()
    for call in (link.link, link.inverse, link.derivative):
        expected = call(mu)
        assert expected.shape == mu.shape
        assert expected.dtype == np.float64
        locked = mu.copy()
        locked.flags.writeable = False
        for same in (locked, np.repeat(mu, 3)[::3], mu[::-1].copy()[::-1], mu.tolist()):
            np.testing.assert_array_equal(call(same), expected)
        np.testing.assert_array_equal(call(mu.reshape(3, 4, 5)), expected.reshape(3, 4, 5))
        fortran = np.asfortranarray(mu.reshape(3, 20))
        np.testing.assert_array_equal(call(fortran), expected.reshape(3, 20))
        assert isinstance(call(float(mu[0])), float)
        np.testing.assert_allclose(call(float(mu[0])), expected[0], rtol=1e-15)
        assert call(mu[:0]).shape == (0,)
    np.testing.assert_array_equal(mu, before)
