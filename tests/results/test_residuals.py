"""Residuals, leverage and Cook's distance as R has them, and what they add up to."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import rustystats as rs

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "robust_R.json").read_text())
DATA = pd.DataFrame(GOLDEN["data"])
ANSWERS = {
    "hatvalues": "leverage",
    "cooks": "cooks_distance",
    "response": "resid_response",
    "pearson": "resid_pearson",
    "deviance": "resid_deviance",
    "working": "resid_working",
}


@pytest.mark.parametrize("name", GOLDEN["cases"])
@pytest.mark.parametrize("quantity", ANSWERS)
def test_equals_R(name, quantity):
    case = GOLDEN["cases"][name]
    result = rs.glm(data=DATA, **case["model"]).fit(tol=1e-14)
    found = getattr(result, ANSWERS[quantity])()
    np.testing.assert_allclose(found, case[quantity], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    ("formula", "family", "link"),
    [
        ("count ~ x + a", "poisson", "log"),
        ("cost ~ x", "gamma", "identity"),
        ("cost ~ x + a", "gaussian", "log"),
        ("won ~ x", "binomial", "logit"),
    ],
)
@pytest.mark.parametrize("weights", [None, "w"])
def test_sums_of_squares(formula, family, link, weights):
    result = rs.glm(formula, DATA, family=family, link=link, weights=weights).fit()
    y, mu = result.model.problem.y, result.fittedvalues
    assert (result.resid_pearson() ** 2).sum() == pytest.approx(result.pearson_chi2(), rel=1e-10)
    assert (result.resid_deviance() ** 2).sum() == pytest.approx(result.deviance, rel=1e-10)
    np.testing.assert_array_equal(np.sign(result.resid_deviance()), np.sign(y - mu))
    slope = {"log": mu, "identity": np.ones_like(mu), "logit": mu * (1 - mu)}[link]
    np.testing.assert_allclose(result.resid_working() * slope, y - mu, rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(result.resid_response(), y - mu)


@pytest.mark.parametrize("family", ["poisson", "gamma", "gaussian"])
def test_a_row_fitted_exactly_has_no_residual(family):
    result = rs.glm("y ~ a", {"y": [2.0, 3.0, 5.0], "a": list("pqr")}, family=family).fit()
    for kind in ("response", "pearson", "deviance", "working"):
        found = getattr(result, f"resid_{kind}")()
        np.testing.assert_allclose(found, 0.0, atol=1e-7)
        assert found.dtype == float


def test_working_residuals_are_those_of_the_link_fitted():
    log = rs.glm("cost ~ x", DATA, family="gaussian", link="log").fit()
    y = DATA["cost"].to_numpy()
    np.testing.assert_allclose(log.resid_working(), y / log.fittedvalues - 1, rtol=1e-10)


def test_rows_of_weight_0_have_no_weight():
    data = DATA.assign(w=np.where(DATA.index < 5, 0.0, DATA["w"]))
    result = rs.glm("count ~ x + a", data, family="poisson", weights="w").fit()
    for name in ("resid_pearson", "resid_deviance", "leverage", "cooks_distance"):
        assert (getattr(result, name)()[:5] == 0).all(), name
    assert (result.resid_response()[:5] != 0).all()


def test_quantile_residuals_of_shares_need_numbers_of_trials():
    data = {"y": [0.0, 0.5, 1.0, 0.5], "x": [0.0, 1.0, 2.0, 3.0], "w": [2.0, 2.5, 4.0, 1.5]}
    result = rs.glm("y ~ x", data, "binomial", weights="w").fit()
    with pytest.raises(ValueError, match="no whole number of trials in 2 rows"):
        result.resid_quantile()
