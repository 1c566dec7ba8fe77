"""Covariances by the formulas they claim, p-values far out in the tail, stars."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import rustystats as rs
from rustystats.inference.covariance import (
    normal_interval,
    significance_code,
    two_sided_pvalues,
    unscaled_covariance,
)

N = 400
RNG = np.random.default_rng(11)
X = RNG.normal(size=N)
FRAME = pd.DataFrame(
    {
        "y": RNG.poisson(np.exp(0.3 * X)),
        "cost": RNG.gamma(2.0, np.exp(0.2 * X)),
        "x": X,
        "a": RNG.choice(list("ABC"), N),
        "w": RNG.integers(1, 5, N),
    }
)


def test_poisson_covariance_is_the_inverse_information():
    model = rs.glm("y ~ x + a", FRAME, family="poisson", weights="w")
    result = model.fit()
    weight = FRAME["w"].to_numpy() * result.fittedvalues
    expected = np.linalg.inv(model.X.T @ (weight[:, None] * model.X))
    np.testing.assert_allclose(result.cov_params(), expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(result.cov_params(), result.cov_params_unscaled)
    np.testing.assert_allclose(result.bse(), np.sqrt(np.diag(expected)), rtol=1e-9)


def test_gamma_covariance_has_the_pearson_dispersion():
    model = rs.glm("cost ~ x + a", FRAME, family="gamma", weights="w")
    result = model.fit()
    unscaled = np.linalg.inv(model.X.T @ (FRAME["w"].to_numpy()[:, None] * model.X))
    np.testing.assert_allclose(result.cov_params_unscaled, unscaled, rtol=1e-9, atol=1e-14)
    residual = FRAME["cost"] / result.fittedvalues - 1
    dispersion = (FRAME["w"] * residual**2).sum() / (N - 4)
    np.testing.assert_allclose(result.cov_params(), dispersion * unscaled, rtol=1e-9, atol=1e-14)


def test_ridge_covariance_is_that_of_the_estimate():
    alpha = 0.2
    model = rs.glm("y ~ x + a", FRAME, family="poisson")
    result = model.fit(alpha=alpha)
    information = model.X.T @ (result.fittedvalues[:, None] * model.X)
    inverse = np.linalg.inv(information + alpha * N * np.diag([0, 1, 1, 1]))
    expected = inverse @ information @ inverse
    np.testing.assert_allclose(result.cov_params(), expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(
        unscaled_covariance(result.fit, result.model.problem.ridge), expected, rtol=1e-9, atol=1e-12
    )


def test_aliased_columns_have_no_covariance():
    frame = FRAME.assign(twice=2 * FRAME["x"])
    result = rs.glm("y ~ x + twice + a", frame, family="poisson").fit()
    plain = rs.glm("y ~ x + a", FRAME, family="poisson").fit()
    covariance = result.cov_params()
    assert np.isnan(covariance[2]).all()
    assert np.isnan(covariance[:, 2]).all()
    kept = np.delete(np.delete(covariance, 2, axis=0), 2, axis=1)
    np.testing.assert_allclose(kept, plain.cov_params(), rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize(
    ("z", "p"),  # R: 2 * pnorm(-z)
    [
        (0.0, 1.0),
        (1.959963984540054, 0.05),
        (5.0, 5.733031437583866e-07),
        (20.0, 5.507248237212467e-89),
        (37.0, 1.1450811886319e-299),
    ],
)
def test_pvalues(z, p):
    assert two_sided_pvalues(z) == pytest.approx(p, rel=1e-10)
    assert two_sided_pvalues(-z) == two_sided_pvalues(z)


def test_interval():
    limits = normal_interval(np.array([1.0, np.nan]), np.array([0.5, np.nan]), 0.1)
    np.testing.assert_allclose(limits[0], stats.norm.interval(0.9, 1.0, 0.5))
    assert np.isnan(limits[1]).all()


@pytest.mark.parametrize("alpha", [0, 1, -0.05, 1.5, 95, np.nan])
def test_interval_level(alpha):
    with pytest.raises(ValueError, match="alpha"):
        normal_interval(np.zeros(1), np.ones(1), alpha)


@pytest.mark.parametrize(
    ("p", "code"),
    [
        (0.0, "***"),
        (0.0009, "***"),
        (0.001, "**"),
        (0.01, "*"),
        (0.05, "."),
        (0.1, ""),
        (1.0, ""),
        (np.nan, ""),
    ],
)
def test_stars(p, code):
    assert significance_code(p) == code
