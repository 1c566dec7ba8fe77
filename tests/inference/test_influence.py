"""Leverage and Cook's distance on the matrix written out; R: tests/results/test_residuals.py."""

import numpy as np
import pandas as pd
import pytest

import rustystats as rs
from rustystats.inference.influence import cooks_distance, score_rows

N = 3000
RNG = np.random.default_rng(31)
X = RNG.normal(size=N)
FRAME = pd.DataFrame(
    {
        "count": RNG.poisson(np.exp(0.3 * X)),
        "cost": 3 + X**2 + RNG.gamma(2.0, 1.0, N),
        "won": RNG.random(N) < 0.3,
        "x": X,
        "age": RNG.integers(18, 80, N),
        "area": RNG.choice(list("ABCDEF"), N),
        "gas": RNG.choice(["d", "r"], N),
        "w": RNG.integers(0, 4, N),
    }
).astype({"won": float})
FORMULAS = ["x + area", "bs(age, df=5)*gas + x + area", "x + I(2*x) + area:gas", "C(age)"]
MODELS = [
    ("count", "poisson", None),
    ("cost", "gamma", "log"),
    ("cost", "gaussian", "log"),
    ("won", "binomial", "logit"),
]


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize(("response", "family", "link"), MODELS)
def test_leverage_is_the_diagonal_of_the_hat_matrix(formula, response, family, link):
    model = rs.glm(f"{response} ~ {formula}", FRAME, family=family, link=link, weights="w")
    result = model.fit()
    mu, w = result.fittedvalues, FRAME["w"]
    slope = {"log": mu, "logit": mu * (1 - mu)}[result.link]
    variance = {"poisson": mu, "gamma": mu**2, "gaussian": 1.0, "binomial": mu * (1 - mu)}[family]
    root = np.sqrt(w * slope**2 / variance).to_numpy()[:, None] * model.X
    q, r = np.linalg.qr(root[:, ~result.aliased])
    assert np.abs(np.diagonal(r)).min() > 1e-8
    np.testing.assert_allclose(result.leverage(), np.sum(q**2, axis=1), rtol=1e-8, atol=1e-12)
    assert result.leverage().sum() == pytest.approx(result.fit.rank, rel=1e-10)
    assert (result.leverage()[w == 0] == 0).all()


def test_ridge_leverage_is_that_of_the_penalised_information():
    model = rs.glm("count ~ x + area", FRAME, family="poisson")
    result = model.fit(alpha=0.3)
    weight = result.fittedvalues[:, None]
    ridge = np.diag(0.3 * N * np.r_[0.0, np.ones(6)])
    inverse = np.linalg.inv(model.X.T @ (weight * model.X) + ridge)
    expected = np.einsum("ij,jk,ik->i", weight * model.X, inverse, model.X)
    np.testing.assert_allclose(result.leverage(), expected, rtol=1e-9)
    assert result.leverage().sum() < 6.5


def test_score_rows_sum_to_the_score_and_the_gram():
    model = rs.glm("cost ~ x + area", FRAME, family="gamma", link="identity", weights="w")
    result = model.fit()
    problem = result.model.problem
    residual, weight = score_rows(problem, result.linear_predictor)
    point = problem.evaluate(result.fit.coef, with_gram=True)
    np.testing.assert_allclose(problem.design.transpose_matvec(residual), point.score, atol=1e-9)
    np.testing.assert_allclose(problem.design.gram(weight), point.gram, rtol=1e-10)


def test_cooks_distance_is_what_leaving_a_row_out_does():
    """Exactly so for a linear model: the move of the coefficients, in their metric."""
    data = FRAME.head(40)
    model = rs.glm("cost ~ x + gas", data)
    result = model.fit()
    information = model.X.T @ model.X / result.scale() / 3
    for i in (0, 7, 39):
        move = rs.glm("cost ~ x + gas", data.drop(index=i)).fit().params - result.params
        assert result.cooks_distance()[i] == pytest.approx(move @ information @ move, rel=1e-7)


def test_cooks_distance_of_a_row_that_decides_a_coefficient_is_not_a_number():
    found = cooks_distance(np.array([1e-17, 1.0]), np.array([1.0 - 1e-12, 0.5]), 1.0, 2)
    np.testing.assert_array_equal(found, [np.nan, 1.0])
    perfect = rs.glm("y ~ x", {"y": [1.0, 1.0, 1.0], "x": [0.0, 1.0, 3.0]}).fit()
    assert perfect.cooks_distance().shape == (3,)  # without a warning
