"""Errors and limits of predictions: R's and statsmodels', every face, and where there are none."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import sparse, stats

import rustystats as rs

N = 400
RNG = np.random.default_rng(11)
FRAME = pd.DataFrame(
    {
        "x": RNG.normal(size=N),
        "age": RNG.integers(18, 80, N),
        "a": RNG.choice(list("pqr"), N),
        "e": RNG.uniform(0.2, 1.0, N),
        "w": RNG.integers(1, 4, N).astype(float),
        "hit": RNG.integers(0, 2, N),
        "policy": RNG.integers(0, 80, N),
    }
)
FRAME["count"] = RNG.poisson(FRAME["e"] * np.exp(0.3 * FRAME["x"])).astype(float)
FRAME["cost"] = RNG.gamma(2.0, np.exp(0.3 * FRAME["x"]))
NEW = FRAME.sample(50, random_state=1).reset_index(drop=True)
COLUMNS = ["Prediction", "Std.Error", "CI_Lower", "CI_Upper"]


def fit(formula="count ~ x + bs(age, df=4) * C(a)", family="poisson", **options):
    if family == "poisson":
        options = {"exposure": "e"} | options
    return rs.glm(formula, FRAME, family=family, **options).fit(tol=1e-12)


def by_hand(result, design, link, shift, covariance, alpha=0.05):
    """From a dense design of new rows; `link` has R's two functions of eta."""
    inverse, slope = link
    kept = ~result.aliased
    design, covariance = design[:, kept], covariance[np.ix_(kept, kept)]
    eta = design @ result.params[kept] + shift
    error = np.sqrt(np.einsum("ij,jk,ik->i", design, covariance, design))
    z = stats.norm.isf(alpha / 2)
    ends = np.sort(np.stack([inverse(eta - z * error), inverse(eta + z * error)]), axis=0)
    return np.column_stack([inverse(eta), np.abs(slope(eta)) * error, *ends])


def rows_of(result, data):
    """Design matrix of new rows, from predictions of coefficients one at a time."""
    design = result.model.terms.design(result.model.read(data, ["e"]))[0]
    return design.to_dense()


LOG = (np.exp, np.exp)
INVERSE = (lambda eta: 1 / eta, lambda eta: -1 / eta**2)


@pytest.mark.parametrize("alpha", [0.05, 0.3])
def test_delta_method_by_hand(alpha):
    result = fit()
    table = result.prediction_table(NEW, alpha)
    assert list(table) == COLUMNS
    expected = by_hand(
        result, rows_of(result, NEW), LOG, np.log(NEW["e"]), result.cov_params(), alpha
    )
    np.testing.assert_allclose(table, expected, rtol=1e-10)
    np.testing.assert_array_equal(table["Prediction"], result.predict(NEW))


def test_limits_of_a_falling_link_are_in_order():
    result = fit("cost ~ age + C(a)", "gamma", link="inverse", weights="w")
    table = result.prediction_table(NEW)
    expected = by_hand(result, rows_of(result, NEW), INVERSE, 0.0, result.cov_params())
    np.testing.assert_allclose(table, expected, rtol=1e-10)
    assert (table["CI_Lower"] < table["Prediction"]).all()
    assert (table["Prediction"] < table["CI_Upper"]).all()


@pytest.mark.parametrize(
    ("formula", "family", "options", "peer"),
    [
        ("count ~ x * C(a)", "poisson", {"exposure": "e"}, sm.families.Poisson()),
        ("hit ~ x + C(a)", "binomial", {}, sm.families.Binomial()),
        ("cost ~ x", "gamma", {"weights": "w"}, sm.families.Gamma(sm.families.links.Log())),
        ("cost ~ x + C(a)", "gaussian", {}, sm.families.Gaussian()),
    ],
    ids=["poisson", "binomial", "gamma", "gaussian"],
)
def test_like_statsmodels(formula, family, options, peer):
    table = fit(formula, family, **options).prediction_table(NEW, alpha=0.1)
    given = {"exposure": FRAME["e"]} if "exposure" in options else {}
    weights = FRAME["w"] if "weights" in options else None
    model = smf.glm(formula, FRAME, family=peer, var_weights=weights, **given).fit(tol=1e-13)
    given = {"exposure": NEW["e"]} if given else {}
    theirs = model.get_prediction(NEW, **given).summary_frame(alpha=0.1)
    np.testing.assert_allclose(table, theirs, rtol=1e-6)


def test_robust_and_clustered():
    result = fit()
    for given in ({"cov_type": "HC3"}, {"groups": FRAME["policy"]}):
        covariance = result.cov_robust(**{"cov_type": "HC1"} | given)
        expected = by_hand(result, rows_of(result, NEW), LOG, np.log(NEW["e"]), covariance)
        table = result.prediction_table(NEW, **given)
        np.testing.assert_allclose(table, expected, rtol=1e-9)


def test_exposure_scales_mean_error_and_limits():
    result = fit()
    rate, two = (result.prediction_table(NEW, exposure=e) for e in (1.0, 2.0))
    np.testing.assert_allclose(two, 2 * rate, rtol=1e-12)


def test_aliased_columns_count_for_nothing():
    data = FRAME.assign(twice=2 * FRAME["x"])
    model = rs.glm("count ~ x + twice + C(a)", data, family="poisson", exposure="e")
    result, plain = model.fit(tol=1e-12), fit("count ~ x + C(a)")
    assert result.aliased.sum() == 1
    table = result.prediction_table(NEW.assign(twice=2 * NEW["x"]))
    np.testing.assert_allclose(table, plain.prediction_table(NEW), rtol=1e-9)


def test_a_level_that_the_data_know_nothing_of():
    data = FRAME.assign(a=np.where(FRAME["a"] == "r", "r", "p"))
    data.loc[data["a"] == "r", "count"] = 0.0
    with pytest.warns(rs.SeparationWarning):
        result = rs.glm("count ~ C(a)", data, family="poisson", exposure="e").fit()
    rows = pd.DataFrame({"a": ["p", "r"], "e": [1.0, 1.0]})
    robust = result.prediction_table(rows, cov_type="HC0")
    assert np.isfinite(robust.iloc[0]).all()
    assert robust.iloc[1, 1:].isna().all()
    assert result.prediction_table(rows).loc[1, "CI_Upper"] > 1e3


def test_no_errors_under_an_l1_penalty():
    model = rs.glm("count ~ x + C(a)", FRAME, family="poisson", exposure="e")
    result = model.fit(alpha=0.01, l1_ratio=1.0)
    table = result.prediction_table(NEW)
    np.testing.assert_array_equal(table["Prediction"], result.predict(NEW))
    assert table.iloc[:, 1:].isna().all(axis=None)
    with pytest.raises(ValueError, match="no robust errors"):
        result.prediction_table(NEW, cov_type="HC1")


def test_no_errors_in_wide_models():
    data = pd.DataFrame({"k": np.arange(24_000) % 12_000, "y": RNG.poisson(1.0, 24_000)})
    result = rs.glm("y ~ C(k)", data, family="poisson").fit(alpha=0.1)
    assert not result.has_covariance
    table = result.prediction_table(data.head(3))
    assert table["Prediction"].notna().all()
    assert table.iloc[:, 1:].isna().all(axis=None)


def test_arrays_sparse_polars_and_a_file(tmp_path):
    X = np.column_stack([np.ones(N), FRAME["x"], FRAME["age"]])
    result = rs.fit_glm(FRAME["count"], X, "poisson")
    expected = by_hand(result, X[:9], LOG, 0.0, result.cov_params())
    np.testing.assert_allclose(result.prediction_table(X[:9]), expected, rtol=1e-10)
    model = rs.GLMRegressor("poisson").fit(sparse.csr_array(X[:, 1:]), FRAME["count"])
    table = model.result_.prediction_table(sparse.csr_array(X[:9, 1:]))
    np.testing.assert_allclose(table, expected, rtol=1e-7)
    formula = fit()
    formula.save(tmp_path / "model.json")
    loaded = rs.load(tmp_path / "model.json")
    expected = formula.prediction_table(NEW)
    np.testing.assert_array_equal(loaded.prediction_table(NEW), expected)
    with_polars = rs.glm(
        "count ~ x + bs(age, df=4) * C(a)", pl.from_pandas(FRAME), family="poisson", exposure="e"
    ).fit(tol=1e-12)
    table = with_polars.prediction_table(pl.from_pandas(NEW))
    assert isinstance(table, pl.DataFrame)
    np.testing.assert_allclose(table, expected, rtol=1e-9)


def test_means_outside_the_domain_are_said():
    result = rs.glm("cost ~ x", FRAME, family="gamma", link="identity").fit()
    with pytest.warns(UserWarning, match="1 of 1 predictions lie outside"):
        result.prediction_table({"x": [-50.0]})


def test_bad_input():
    result = fit()
    with pytest.raises(ValueError, match="alpha must lie between 0 and 1"):
        result.prediction_table(NEW, 1.0)
    with pytest.raises(ValueError, match="cov_type"):
        result.prediction_table(NEW, cov_type="HC9")
    with pytest.raises(ValueError, match="groups"):
        result.prediction_table(NEW, groups=[1, 2])
    with pytest.raises(ValueError, match="unknown column"):
        result.prediction_table(NEW.drop(columns="x"))


@pytest.mark.parametrize(
    ("family", "link", "means", "errors"),
    [
        ("poisson", "log", [1.35012732, 10.47560996], [0.5386190608, 3.7351475870]),
        ("gamma", "inverse", [2.449625407, 19.588917038], [0.3737487926, 15.6937647487]),
    ],
)
def test_like_r(family, link, means, errors):
    # x <- 1:8; y <- c(1, 0, 2, 3, 2, 5, 7, 6); new <- data.frame(x = c(2.5, 9))
    # predict(glm(y ~ x, poisson), new, type = "response", se.fit = TRUE)
    # predict(glm(y + 1 ~ x, Gamma), new, type = "response", se.fit = TRUE)    # R 4.2.2
    y = np.array([1.0, 0, 2, 3, 2, 5, 7, 6]) + (family == "gamma")
    data = {"x": np.arange(1.0, 9), "y": y}
    result = rs.glm("y ~ x", data, family=family, link=link).fit(tol=1e-14)
    table = result.prediction_table({"x": [2.5, 9.0]})
    np.testing.assert_allclose(table["Prediction"], means, rtol=1e-7)
    np.testing.assert_allclose(table["Std.Error"], errors, rtol=1e-7)
