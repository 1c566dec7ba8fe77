"""Data that fits have been found to go wrong on: each is a defect that was."""

import warnings

import numpy as np
import pytest
import statsmodels.api as sm

import rustystats as rs
from rustystats.solvers import irls


def quiet(call):
    """The result, and no warning on the way."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return call()


# ---- a sample unlike the rest of the rows --------------------------------------------------------


@pytest.mark.parametrize("family", ["gamma", "poisson"])
@pytest.mark.parametrize("seed", range(6))
def test_one_enormous_value_does_not_spoil_the_sampled_start(monkeypatch, family, seed):
    monkeypatch.setattr(irls, "SAMPLE_ROWS", 100)
    rng, n = np.random.default_rng(seed), 4000
    X = np.column_stack([np.ones(n), np.r_[rng.normal(size=n - 1), 1e4]])
    y = rng.gamma(1, np.e, n) if family == "gamma" else rng.poisson(0.2, n).astype(float)
    result = quiet(lambda: rs.fit_glm(y, X, family=family, tol=1e-12))
    monkeypatch.setattr(irls, "SAMPLE_ROWS", n)
    direct = rs.fit_glm(y, X, family=family, tol=1e-12)
    assert result.converged
    assert result.deviance <= result.null_deviance()
    np.testing.assert_allclose(result.params, direct.params, rtol=1e-6, atol=1e-9)


def test_rows_of_the_sample_that_are_unlike_the_others(monkeypatch):
    rng, n = np.random.default_rng(4), 8000
    x, periodic = rng.normal(size=n), np.arange(n) % irls.SAMPLE_STRIDE == 0
    x[periodic] *= 0.001
    y = rng.poisson(np.exp(-1 + x + 2 * periodic)).astype(float)
    X = np.column_stack([np.ones(n), x, periodic, rng.normal(size=n) ** 3])
    monkeypatch.setattr(irls, "SAMPLE_ROWS", 100)
    result = quiet(lambda: rs.fit_glm(y, X, family="poisson", tol=1e-12))
    monkeypatch.setattr(irls, "SAMPLE_ROWS", n)
    direct = rs.fit_glm(y, X, family="poisson", tol=1e-12)
    np.testing.assert_allclose(result.params, direct.params, rtol=1e-6, atol=1e-8)


# ---- units of the response and of the weights ------------------------------------------------


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6, 1e9])
@pytest.mark.parametrize(
    ("family", "link", "power"),
    [("gamma", "identity", 1), ("gamma", "inverse", -1), ("gaussian", "identity", 1)],
)
def test_the_unit_of_the_response_is_only_a_unit(family, link, power, scale):
    rng = np.random.default_rng(1)
    x = rng.uniform(0, 1, 300)
    X = np.column_stack([np.ones(300), x])
    y = rng.gamma(4, (1 + 0.5 * x) / 4)
    one = rs.fit_glm(y, X, family=family, link=link)
    other = quiet(lambda: rs.fit_glm(y * scale, X, family=family, link=link))
    assert other.converged
    np.testing.assert_allclose(other.params / scale**power, one.params, rtol=1e-6)


@pytest.mark.parametrize("weight", [1e-12, 1e-8, 1e-3, 1e6])
@pytest.mark.parametrize("family", ["poisson", "binomial", "negbinomial"])
def test_the_unit_of_the_weights_is_only_a_unit(family, weight):
    rng = np.random.default_rng(1)
    x = rng.normal(size=200)
    X = np.column_stack([np.ones(200), x])
    y = rng.poisson(np.exp(0.3 + 0.8 * x)).astype(float)
    y = np.minimum(y, 1) if family == "binomial" else y
    one = rs.fit_glm(y, X, family=family, tol=1e-12)
    other = quiet(lambda: rs.fit_glm(y, X, family=family, weights=np.full(200, weight), tol=1e-12))
    np.testing.assert_allclose(other.params, one.params, rtol=1e-6)


def test_no_degrees_of_freedom_and_a_small_response():
    y = np.array([1e-6, 3e-6, 2e-6])
    X = np.column_stack([np.ones(3), np.eye(3)[:, 1:]])
    result = quiet(lambda: rs.fit_glm(y, X, family="gaussian", link="log"))
    np.testing.assert_allclose(result.fittedvalues, y, rtol=1e-4)


@pytest.mark.parametrize("size", [1e6, 1e8, 1e10])
def test_a_negative_binomial_with_enormous_means_converges(size):
    rng = np.random.default_rng(0)
    X = np.column_stack([np.ones(200), rng.uniform(size=200), rng.integers(0, 2, 200)])
    y = np.round(rng.gamma(1, size, 200))
    result = quiet(lambda: rs.fit_glm(y, X, family="negbinomial", theta=1.0))
    mu = result.fittedvalues.astype(np.longdouble)
    wide = y.astype(np.longdouble)
    logs = np.where(y > 0, wide * np.log(np.where(y > 0, wide, 1) / mu), 0)
    deviance = 2 * np.sum(logs - (wide + 1) * np.log((wide + 1) / (mu + 1)))
    assert result.deviance == pytest.approx(float(deviance), rel=1e-7)


# ---- rows of weight 0 --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "link"), [("poisson", "identity"), ("poisson", "sqrt"), ("negbinomial", "log")]
)
def test_rows_of_weight_0_are_as_if_they_were_not_there(family, link):
    rng = np.random.default_rng(1)
    x = rng.uniform(1, 2, 50)
    y = rng.poisson(5 * x - 4).astype(float)
    X = np.column_stack([np.ones(51), np.r_[x, 1e4 if link == "log" else -9.0]])
    weights = np.r_[np.ones(50), 0.0]
    result = quiet(
        lambda: rs.fit_glm(np.r_[y, 3], X, family=family, link=link, weights=weights, tol=1e-12)
    )
    expected = rs.fit_glm(y, X[:50], family=family, link=link, tol=1e-12)
    np.testing.assert_allclose(result.params, expected.params, rtol=1e-6)
    assert result.deviance == pytest.approx(expected.deviance, rel=1e-9)
    for name in ("llf", "aic", "null_deviance"):
        assert getattr(result, name)() == pytest.approx(getattr(expected, name)(), rel=1e-9), name
    np.testing.assert_allclose(result.bse_robust("HC3"), expected.bse_robust("HC3"), rtol=1e-6)


def test_a_parameter_is_estimated_without_rows_of_weight_0(simulate_tweedie):
    rng = np.random.default_rng(2)
    x = rng.uniform(1, 2, 300)
    y = simulate_tweedie(rng, x**2, 1.5, 1.0)
    X = np.column_stack([np.ones(301), np.r_[x, -9.0]])  # its root is negative: no mean
    weights = np.r_[np.ones(300), 0.0]
    options = {"family": "tweedie", "link": "sqrt", "var_power": "auto"}
    result = rs.fit_glm(np.r_[y, 3.0], X, weights=weights, **options)
    expected = rs.fit_glm(y, X[:300], **options)
    assert result.var_power == pytest.approx(expected.var_power, abs=1e-5)
    assert result.llf() == pytest.approx(expected.llf(), rel=1e-9)


# ---- no claims at all ----------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["poisson", "quasipoisson", "quasibinomial", "tweedie"])
def test_responses_that_are_all_zero_are_called_separated(family):
    with pytest.warns(rs.SeparationWarning) as record:
        result = rs.fit_glm(np.zeros(5), np.ones((5, 1)), family=family)
    assert len(record) == 1
    assert result.converged
    assert result.separated == ("x0 (5 rows)",)
    assert result.deviance < 1e-6


# ---- columns that are nearly combinations of others ----------------------------------------------


def test_a_column_that_the_cross_products_cannot_tell_from_others_is_said():
    year = np.arange(2000.0, 2021.0)
    y = np.sin(year)
    with pytest.warns(UserWarning, match=r"I\(year \*\* 3\): so nearly.*subtract its mean"):
        result = rs.glm("y ~ year + I(year**2) + I(year**3)", {"y": y, "year": year}).fit()
    assert np.isnan(result.params[3])
    # The remedy works: the same space, and R's deviance
    t = year - 2010
    centred = quiet(lambda: rs.glm("y ~ t + I(t**2) + I(t**3)", {"y": y, "t": t}).fit())
    expected = sm.GLM(y, np.column_stack([np.ones(21), t, t**2, t**3])).fit().deviance
    assert centred.deviance == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("extra", ["twice", "sum", "zero"])
def test_exact_combinations_are_left_out_without_a_word(extra):
    rng = np.random.default_rng(0)
    x, z = rng.normal(50, 1, 300), rng.normal(size=300)
    column = {"twice": 2 * x, "sum": x - 3 * z + 7, "zero": np.zeros(300)}[extra]
    X = np.column_stack([np.ones(300), x, z, column])
    result = quiet(lambda: rs.fit_glm(x + rng.normal(size=300), X))
    np.testing.assert_array_equal(result.aliased, [False, False, False, True])


# ---- a power that the data do not decide ---------------------------------------------------------


def test_a_power_cannot_be_estimated_from_an_exact_fit():
    with pytest.raises(ValueError, match=r"fit the responses exactly.*give var_power"):
        rs.fit_glm([2.0] * 8, np.ones((8, 1)), family="tweedie", var_power="auto")


def test_a_power_without_a_clear_maximum_is_said():
    y = np.r_[np.zeros(5), np.ones(12), 2 * np.ones(6), 3.0]  # whole numbers: a comb of likelihoods
    with pytest.warns(UserWarning, match=r"var_power=1\.0.*edge|var_power=.*no standard error"):
        result = rs.fit_glm(y, np.ones((24, 1)), family="tweedie", var_power="auto")
    assert np.isnan(result.var_power_se)
