"""Effects of terms, contributions and partial dependence: against R, brute force, scikit-learn."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import rustystats as rs

ROW = np.arange(120)
# The same rows in R: i <- 0:119; d <- data.frame(a=letters[i %% 3 + 1], x=(i*7) %% 11,
#   n=(i*i*5) %% 4, ...)
SMALL = pd.DataFrame(
    {"a": np.array(list("abc"))[ROW % 3], "x": ROW * 7 % 11, "n": ROW * ROW * 5 % 4}
)
N = 700
RNG = np.random.default_rng(3)
FRAME = pd.DataFrame(
    {
        "y": RNG.poisson(0.4, N),
        "age": RNG.integers(18, 60, N),
        "power": RNG.integers(4, 9, N),
        "area": RNG.choice(list("ABC"), N),
        "gas": RNG.choice(["D", "R"], N),
        "brand": RNG.choice([f"b{i}" for i in range(12)], N),
        "size": RNG.normal(size=N),
        "e": RNG.uniform(0.2, 1.0, N),
        "w": RNG.integers(1, 4, N).astype(float),
        "o": RNG.normal(0, 0.1, N),
    }
)


def fit(formula, data=FRAME, **options):
    return rs.glm(formula, data, **({"family": "poisson", "exposure": "e"} | options)).fit()


# ---- term_effects -------------------------------------------------------------------------


def test_effects_centred_at_the_mean_are_those_of_r():
    # m <- glm(n ~ a + ns(x, 3), poisson, d, control=glm.control(1e-15, 100))
    # p <- predict(m, type="terms", se.fit=TRUE)
    # u <- !duplicated(d$x); o <- order(d$x[u]); p$fit[u, 2][o]; p$se.fit[u, 2][o]; R 4.2.2
    result = rs.glm("n ~ C(a) + ns(x, df=4)", SMALL, family="poisson").fit(tol=1e-14)
    x = result.term_effects("x", center="mean")
    effect = [-0.08897762052008527, -0.05496365258561726, -0.02457620835982167]
    effect += [-0.00144181155137078, 0.01200112179108651, 0.01806660625899572]
    effect += [0.02025676410382577, 0.02207371757704567, 0.02626207311710963]
    effect += [0.03253637391041286, 0.03985364733033572]
    error = [0.349156541372455, 0.193174699081635, 0.179129814092371, 0.216941909912576]
    error += [0.190692170695668, 0.155726181770593, 0.184676713376561, 0.211762793758831]
    error += [0.177149434465090, 0.187328724475643, 0.333906748165416]
    np.testing.assert_allclose(x["Effect"], effect, rtol=1e-6)
    np.testing.assert_allclose(x["Std.Error"], error, rtol=1e-7)
    np.testing.assert_array_equal(x["Value"], range(11))
    a = result.term_effects("C(a)", center="mean")
    np.testing.assert_allclose(
        a["Effect"], [-0.001852472143189091, 0.000202586032000596, 0.001649886111188496], rtol=1e-6
    )
    np.testing.assert_allclose(
        a["Std.Error"], [0.183104034260993, 0.183318139927235, 0.183047484416850], rtol=1e-7
    )
    assert a["Value"].isna().all()


@pytest.mark.parametrize("backend", [pd.DataFrame, pl.DataFrame])
def test_effects_are_differences_of_predictions(backend):
    model = rs.glm(
        "y ~ C(area, ref='B') + bs(age, df=5) + power + I(power**2) + size",
        backend(FRAME.to_dict("list")),
        family="poisson",
        exposure="e",
    )
    result = model.fit()
    grid = {"area": ["A", "B", "C"], "age": [18, 33.5, 59], "power": [4, 6, 12], "size": [-1, 0.5]}
    for name, values in grid.items():
        table = result.term_effects(name, grid=values)
        assert isinstance(table, backend)
        assert "Exposure" not in table.columns
        whole = result.term_effects(name)
        base = np.asarray(whole["Level"])[np.asarray(whole["Effect"]) == 0.0][0]
        base = base if name == "area" else float(base)
        first = FRAME.iloc[:1]
        rows = pd.concat([first.assign(**{name: v}) for v in [base, *values]])
        mu = result.predict(rows)
        # a base shown to six digits moves the effect of a dense column in the sixth
        np.testing.assert_allclose(table["Effect"], np.log(mu[1:] / mu[0]), atol=1e-6)
        X = _design(result, rows)
        contrast = X[1:] - X[0]
        error = np.sqrt(np.einsum("ij,jk,ik->i", contrast, result.cov_params(), contrast))
        np.testing.assert_allclose(table["Std.Error"], error, atol=1e-6)
        half = 1.6448536269514722 * np.asarray(table["Std.Error"])
        limits = result.term_effects(name, grid=values, alpha=0.1)
        np.testing.assert_allclose(limits["CI_Upper"], np.asarray(table["Effect"]) + half)


def _design(result, rows):
    design, _ = result.model.terms.design(rs.frames.read_columns(rows, rows.columns))
    return design.to_dense()


def test_all_effects_are_the_relativities():
    result = fit("y ~ C(area) + bs(age, df=5) + size + power:C(gas)")
    effects, table = result.term_effects(exponentiate=True), result.relativities().iloc[1:]
    for column in ("Factor", "Level"):
        assert effects[column].tolist() == table[column].tolist()
    np.testing.assert_allclose(effects["Effect"], table["Relativity"])
    np.testing.assert_allclose(effects["CI_Lower"], table["CI_Lower"])
    np.testing.assert_allclose(effects["Exposure"], table["Exposure"])
    mean = result.term_effects(center="mean")
    for name in ("area", "age"):
        part = mean[mean["Factor"] == name]
        assert abs(part["Effect"] @ part["Exposure"]) < 1e-10


def test_effects_of_a_target_encoding_are_those_of_predictions():
    result = fit("y ~ TE(brand) + power")
    table = result.term_effects("TE(brand)", grid=["b3", "b7"])
    mu = result.predict(FRAME.iloc[:2].assign(brand=["b3", "b7"], power=5, e=1.0))
    np.testing.assert_allclose(np.diff(table["Effect"])[0], np.log(mu[1] / mu[0]))


def test_odds_ratios():
    data = FRAME.assign(y=FRAME["y"] > 0)
    result = fit("y ~ C(area)", data, family="binomial", exposure=None)
    ratios = result.term_effects("area", exponentiate=True)["Effect"]
    np.testing.assert_allclose(ratios, np.exp([0.0, *result.params[1:]]))


def test_a_penalty_leaves_effects_and_says_what_is_not_known():
    model = rs.glm("y ~ C(area) + age", FRAME, family="poisson", exposure="e")
    lasso = model.fit(alpha=1e-4, l1_ratio=1.0).term_effects("area")
    assert np.isfinite(lasso["Effect"]).all()
    assert lasso[["Std.Error", "CI_Lower", "CI_Upper"]].isna().all(axis=None)
    ridge = model.fit(alpha=0.01)
    errors = ridge.term_effects("area")["Std.Error"]
    np.testing.assert_allclose(errors[1:], ridge.bse()[1:3])


def test_a_factor_in_an_interaction_says_so():
    result = fit("y ~ C(area) * C(gas) + age")
    with pytest.warns(UserWarning, match=r"'area' is part of C\(area\):C\(gas\) as well"):
        result.term_effects("area")
    result.term_effects("area:gas")
    result.term_effects("age")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"factor": "Age"}, r"'Age' is no factor of the model \(did you mean 'age'\?\)"),
        ({"factor": "age", "center": "median"}, "center must be 'base' or 'mean'"),
        ({"grid": [1, 2]}, "a grid is for one factor"),
        ({"factor": "age", "grid": []}, "grid must be a list"),
        ({"factor": "age", "grid": "AB"}, "grid must be a list"),
        ({"factor": "area:gas", "grid": ["A"]}, "'area:gas' is not of one data column"),
        ({"factor": "area", "grid": ["Z"]}, "has 1 level that the model has not seen"),
        ({"factor": "area", "alpha": 1.0}, "alpha must lie between 0 and 1"),
    ],
)
def test_term_effects_refuse(arguments, message):
    result = fit("y ~ C(area) + age + C(area):C(gas)")
    with pytest.raises(ValueError, match=message):
        result.term_effects(**arguments)


def test_effects_do_not_multiply_with_an_identity_link():
    result = fit("y ~ C(area)", family="gaussian", exposure=None)
    with pytest.raises(ValueError, match="exponentiate=True needs a link whose effects multiply"):
        result.term_effects("area", exponentiate=True)
    assert len(result.term_effects("area")) == 3


# ---- contributions ------------------------------------------------------------------------

CONTRIBUTING = [
    "y ~ C(area) + bs(age, df=5) + power",
    "y ~ C(area) * C(gas) + ns(age, df=4):C(gas) + size:power",
    "y ~ 0 + C(area) + TE(brand) + FE(brand) + TE(brand:gas)",
    "y ~ bs(size, df=6) + poly(age, 2) + I(power**2) + offset(o)",
    "y ~ 1",
    "y ~ C(area):C(gas) + age",  # several blocks a term
]


@pytest.mark.parametrize("formula", CONTRIBUTING)
def test_contributions_add_up_to_the_linear_predictor(formula):
    result = fit(formula, weights="w")
    table = result.contributions()
    np.testing.assert_allclose(table.sum(axis=1), result.linear_predictor, rtol=0, atol=1e-12)
    new = FRAME.iloc[::3].assign(size=lambda d: d["size"] * 1.1)
    parts = result.contributions(new)
    np.testing.assert_allclose(parts.sum(axis=1), np.log(result.predict(new)), rtol=0, atol=1e-12)
    labels = [term.label for term in result.model.terms.terms]
    assert list(parts) == [*labels, "Offset"]
    np.testing.assert_allclose(
        parts["Offset"], np.log(new["e"]) + ("offset" in formula) * new["o"], atol=1e-14
    )


def test_contributions_are_those_of_the_columns_of_a_term():
    result = fit("y ~ C(area) * C(gas) + bs(size, df=5)")
    X, names = rs.glm(result.formula, FRAME, family="poisson", exposure="e").X, result.feature_names
    table = result.contributions()
    for label, mark in {"bs(size, df=5)": "bs(", "C(area):C(gas)": ":"}.items():
        mine = [mark in name for name in names]
        np.testing.assert_allclose(table[label], X[:, mine] @ result.params[mine], atol=1e-12)


def test_contributions_with_a_complement_and_an_exposure_given():
    first = fit("y ~ C(area)")
    result = fit("y ~ age", complement=first)
    table = result.contributions(FRAME, exposure=1.0)
    np.testing.assert_allclose(
        table["Offset"], np.log(first.predict(FRAME, exposure=1.0)), atol=1e-12
    )


def test_contributions_of_arrays_are_by_column():
    X = np.column_stack([np.ones(N), FRAME[["age", "size"]]])
    result = rs.fit_glm(FRAME["y"].to_numpy(), X, family="poisson")
    table = result.contributions(X[:5])
    np.testing.assert_allclose(table.to_numpy(), X[:5] @ np.diag(result.params) @ np.eye(3, 4))
    np.testing.assert_allclose(result.contributions().iloc[:5], table)


def test_contributions_refuse():
    result = fit("y ~ age")
    with pytest.raises(ValueError, match="exposure= is for other data"):
        result.contributions(exposure=1.0)
    with pytest.raises(ValueError, match="unknown column 'age'"):
        result.contributions(FRAME.drop(columns="age"))
    taken = fit("y ~ Offset", FRAME.rename(columns={"age": "Offset"}))
    with pytest.raises(ValueError, match="called Offset or Intercept"):
        taken.contributions()
