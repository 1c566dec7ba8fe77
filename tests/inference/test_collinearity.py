"""Generalised VIF: against R's car, statsmodels, and the determinants by brute force."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.outliers_influence import variance_inflation_factor

import rustystats as rs

ROW = np.arange(120)
SMALL = pd.DataFrame(
    {
        "a": np.array(list("abc"))[ROW % 3],
        "h": np.array(list("uv"))[ROW // 7 % 2],
        "x": ROW * 7 % 11,
        "z": ROW * 13 % 17 / 4,
        "e": 0.5 + ROW % 5 / 4,
        "w": 1.0 + ROW % 2,
        "n": (ROW * ROW * 5 + ROW) % 4,
        "cost": 10 + ROW * 31 % 97,
    }
)


def test_like_car():
    # i <- 0:119; d as above, a=letters[i %% 3 + 1], h=c("u", "v")[(i %/% 7) %% 2 + 1]
    # ctl <- glm.control(epsilon=1e-15, maxit=100); car 3.1.1, R 4.2.2
    # vif(glm(n ~ a + h + x + bs(z, df=4), poisson, d, offset=log(e), weights=w, control=ctl))
    model = rs.glm(
        "n ~ C(a) + C(h) + x + bs(z, df=5)", SMALL, family="poisson", exposure="e", weights="w"
    )
    table = model.fit(tol=1e-14).vif()
    assert table["Term"].tolist() == ["C(a)", "C(h)", "x", "bs(z, df=5)"]
    assert table["Df"].tolist() == [2, 1, 1, 4]
    np.testing.assert_allclose(
        table["GVIF"],
        [1.05444716707064, 1.01878679071945, 1.02148781043078, 1.07203038544833],
        rtol=1e-8,
    )
    np.testing.assert_allclose(
        table["GVIF^(1/(2*Df))"],
        [1.01334237999071, 1.00934968703589, 1.01068680135380, 1.00873220606737],
        rtol=1e-8,
    )
    # vif(glm(cost ~ a*x + z, Gamma("log"), d, control=ctl), type="terms")
    result = rs.glm("cost ~ C(a) * x + z", SMALL, family="gamma", link="log").fit(tol=1e-14)
    np.testing.assert_allclose(
        result.vif()["GVIF"],
        [12.29330945143927, 2.96688582510819, 1.00114236370254, 18.17124167858611],
        rtol=1e-8,
    )


def test_of_single_columns_it_is_statsmodels():
    rng = np.random.default_rng(0)
    X = np.column_stack([np.ones(200), rng.normal(size=(200, 3))])
    X[:, 3] += 2 * X[:, 1]
    y = rng.normal(size=200)
    expected = [variance_inflation_factor(X, j) for j in (1, 2, 3)]
    table = rs.fit_glm(y, X).vif()
    assert table["Term"].tolist() == ["x1", "x2", "x3"]
    np.testing.assert_allclose(table["GVIF"], expected)
    named = rs.glm("y ~ a + b + c", dict(zip("abc", X[:, 1:].T, strict=True)) | {"y": y}).fit()
    np.testing.assert_allclose(named.vif()["GVIF"], expected)


@pytest.mark.parametrize("intercept", ["", "0 + "])
def test_is_the_ratio_of_determinants(intercept):
    formula = f"n ~ {intercept}x + bs(z, df=4) + C(a)"
    result = rs.glm(formula, SMALL, family="poisson", exposure="e").fit()
    names = np.array(result.feature_names)
    own = names != "Intercept"
    covariance = result.cov_params()[np.ix_(own, own)]
    scale = np.sqrt(np.diagonal(covariance))
    R, names = covariance / scale / scale[:, None], names[own]
    for label, mark in (("x", "x"), ("bs(z, df=4)", "bs"), ("C(a)", "a[")):
        mine = np.array([name.startswith(mark) for name in names])
        det = np.linalg.det
        expected = det(R[mine][:, mine]) * det(R[~mine][:, ~mine]) / det(R)
        table = result.vif()
        np.testing.assert_allclose(table["GVIF"][table["Term"] == label].item(), expected)


def test_aliased_columns_are_left_out():
    data = SMALL.assign(twice=2 * SMALL["x"])
    table = rs.glm("n ~ x + z + twice", data, family="poisson").fit().vif()
    without = rs.glm("n ~ x + z", data, family="poisson").fit().vif()
    assert table["Df"].tolist() == [1, 1, 0]
    np.testing.assert_allclose(table["GVIF"][:2], without["GVIF"])
    assert table.iloc[2, 2:].isna().all()


def test_a_penalty_does_not_enter():
    model = rs.glm("n ~ x + z + C(a)", SMALL, family="gaussian")
    plain = model.fit().vif()
    for penalty in ({"alpha": 0.5}, {"alpha": 0.01, "l1_ratio": 1.0}):
        pd.testing.assert_frame_equal(model.fit(**penalty).vif(), plain)


def test_cross_products_of_very_many_columns_are_not_made(monkeypatch):
    """Of a few too many for a Gram in the fit they are made for the table alone."""
    model = rs.glm("n ~ x + z + C(a)", SMALL, family="poisson")
    narrow = model.fit(alpha=0.01).vif()
    monkeypatch.setattr("rustystats.solvers.method.NARROW", 0)
    monkeypatch.setattr("rustystats.solvers.method.GRAM_BYTES", 0)
    wide = model.fit(alpha=0.01)
    pd.testing.assert_frame_equal(wide.vif(), narrow, rtol=1e-4)
    monkeypatch.setattr("rustystats.results.coefficients.NARROW", 4)
    with pytest.raises(ValueError, match="cross-products of 5 columns would be too large: group"):
        wide.vif()
