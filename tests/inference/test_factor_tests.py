"""Tests of terms: R's drop1 and car's Anova, refits without the term, and explicit matrices."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import stats
from sklearn.exceptions import ConvergenceWarning

import rustystats as rs
from rustystats.inference import factor_tests

# R warns of F tests for families of dispersion 1 as well
pytestmark = pytest.mark.filterwarnings("ignore:F tests estimate the dispersion")

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "anova_R.json").read_text())
DATA = pd.DataFrame(GOLDEN["data"])
CASES = {case["call"]: case for case in GOLDEN["cases"]}
POISSON, SLOPES, GAUSSIAN, GAMMA, BINOMIAL, CELLS = CASES

N = 500
RNG = np.random.default_rng(7)
FRAME = pd.DataFrame(
    {
        "x": RNG.normal(size=N),
        "age": RNG.integers(18, 80, N),
        "a": RNG.choice(list("pqr"), N),
        "b": RNG.choice(list("uv"), N),
        "e": RNG.uniform(0.2, 1.0, N),
        "w": RNG.integers(1, 4, N).astype(float),
        "shift": RNG.normal(scale=0.2, size=N),
    }
)
MEAN = np.exp(0.5 + 0.2 * FRAME["x"] + 0.4 * (FRAME["a"] == "q") + 0.01 * FRAME["age"])
FRAME["count"] = RNG.poisson(FRAME["e"] * MEAN).astype(float)
FRAME["cost"] = RNG.gamma(2.0, MEAN)


def fit(formula, data=FRAME, family="poisson", **options):
    return rs.glm(formula, data, family=family, **options).fit(tol=1e-12)


def fit_case(call):
    ours = dict(CASES[call]["ours"])
    return fit(ours.pop("formula"), DATA, **ours)


def rows(table, *terms):
    """Numbers of a table by term."""
    return table.set_index("Term").loc[list(terms)]


# --- R -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("test", ["LR", "F", "score"])
@pytest.mark.parametrize("call", CASES)
def test_drop1_is_R(call, test):
    if call == CELLS and test == "score":
        pytest.skip("R's drop1 takes the mean off the working residuals also without an intercept")
    golden = CASES[call]["drop1_" + {"LR": "LRT", "F": "F", "score": "Rao"}[test]]
    statistic, pvalue = list(golden)[-2:]
    result = fit_case(call)
    table = result.drop1(test=test)
    names = ["Term", "Df", "Deviance", "AIC"]
    assert list(table) == names + (["F", "Pr(>F)"] if test == "F" else ["Chisq", "Pr(>Chisq)"])
    assert table["Term"].tolist() == golden["term"]
    assert table["Df"].tolist() == [0, *golden["Df"][1:]]
    dispersion_counted = 0 if result.scale() == 1.0 else 2
    np.testing.assert_allclose(table["Deviance"], golden["Deviance"], rtol=1e-10)
    np.testing.assert_allclose(table["AIC"] + dispersion_counted, golden["AIC"], rtol=1e-9)
    np.testing.assert_allclose(table.iloc[:, 4], golden[statistic], rtol=1e-7)
    np.testing.assert_allclose(table.iloc[:, 5], golden[pvalue], rtol=1e-6)


@pytest.mark.parametrize("kind", ["type2_LR", "type3_LR", "type3_Wald"])
@pytest.mark.parametrize("call", CASES)
def test_anova_is_that_of_car(call, kind):
    if kind not in CASES[call]:
        pytest.skip("car holds the Gaussian dispersion fixed")
    golden = CASES[call][kind]
    statistic = next(name for name in golden if "Chisq" in name)
    keep = slice(int(golden["term"][0] == "(Intercept)"), None)
    table = fit_case(call).anova(type=int(kind[4]), test=kind[6:])
    assert list(table) == ["Term", "Df", "Chisq", "Pr(>Chisq)"]
    assert table["Term"].tolist() == golden["term"][keep]
    assert table["Df"].tolist() == golden["Df"][keep]
    np.testing.assert_allclose(table["Chisq"], golden[statistic][keep], rtol=1e-7)
    np.testing.assert_allclose(table["Pr(>Chisq)"], golden["Pr(>Chisq)"][keep], rtol=1e-6)


# --- Refits --------------------------------------------------------------------------------------

EXTRAS = {
    "plain": {},
    "exposure": {"exposure": "e"},
    "weights": {"weights": "w"},
    "all": {"exposure": "e", "weights": "w", "offset": FRAME["shift"].to_numpy()},
}
ADDITIVE = ["bs(age, df=5)", "x", "C(a)", "ns(x, df=4)"]


@pytest.mark.parametrize("extras", EXTRAS)
@pytest.mark.parametrize("kind", ["poisson", "gamma"])
def test_lr_is_that_of_refits(kind, extras):
    options = {"family": kind, **EXTRAS[extras]}
    if kind == "gamma":
        options["link"] = "log"
    response = {"poisson": "count", "gamma": "cost"}[kind]
    full = fit(f"{response} ~ {' + '.join(ADDITIVE)}", **options)
    found = full.drop1()
    assert found["Term"].tolist() == ["<none>", *ADDITIVE]
    for row, term in enumerate(ADDITIVE, 1):
        less = fit(f"{response} ~ {' + '.join(t for t in ADDITIVE if t != term)}", **options)
        chisq = (less.deviance - full.deviance) / full.scale()
        df = full.fit.rank - less.fit.rank
        assert found["Df"][row] == df
        assert found["Deviance"][row] == pytest.approx(less.deviance, abs=1e-8)
        assert found["Chisq"][row] == pytest.approx(chisq, abs=1e-8)
        assert found["Pr(>Chisq)"][row] == pytest.approx(
            stats.chi2.sf(chisq, df), rel=1e-7, nan_ok=True
        )
        if kind == "poisson":
            assert found["AIC"][row] == pytest.approx(less.aic(), abs=1e-8)
    # x is spanned by the natural spline of it: nothing is lost, and nothing tested
    assert found["Df"][2] == 0
    assert np.isnan(found["Pr(>Chisq)"][2])
    for test in ("LR", "Wald", "score", "F"):
        table = full.anova(test=test)
        assert table["Term"].tolist() == ADDITIVE
        assert np.isnan(table.iloc[1, 3])
        assert np.isfinite(table.iloc[[0, 2, 3], 3]).all()
    np.testing.assert_array_equal(full.anova()["Chisq"], found["Chisq"][1:])
    np.testing.assert_array_equal(full.anova(type=3)["Chisq"], found["Chisq"][1:])


@pytest.mark.parametrize("test", ["LR", "F", "score", "Wald"])
@pytest.mark.parametrize(
    ("formula", "df"),
    [("count ~ {k}*b + x", [1, 6, 1, 6]), ("count ~ 0 + {k} + b", [7, 1]), ("count ~ {k}:x", [7])],
)
def test_backward_differences_are_one_factor(formula, df, test):
    data = FRAME.assign(k=FRAME["age"] // 10)
    steps = fit(formula.format(k="C(k, coding='backward_difference')"), data, exposure="e")
    levels = fit(formula.format(k="C(k)"), data, exposure="e")
    tables = [
        (result.anova(test=test, type=3), result.anova(test=test)) for result in (steps, levels)
    ]
    if test != "Wald":
        tables = [(*t, r.drop1(test=test)) for t, r in zip(tables, (steps, levels), strict=True)]
    assert sorted(tables[0][0]["Df"]) == sorted(df)
    for found, expected in zip(*tables, strict=True):
        labels = found["Term"].str.replace(", coding='backward_difference'", "")
        assert labels.tolist() == expected["Term"].tolist()
        np.testing.assert_allclose(found.iloc[:, 1:], expected.iloc[:, 1:], rtol=1e-6)


def test_type_2_of_three_factors_is_that_of_refits():
    full = fit("count ~ C(a) * C(b) * x", exposure="e")
    pairs = {  # term: the model with it and the one without, none of the terms that contain it
        "C(a)": ("C(a) + C(b) * x", "C(b) * x"),
        "C(b)": ("C(b) + C(a) * x", "C(a) * x"),
        "x": ("C(a) * C(b) + x", "C(a) * C(b)"),
        "C(a):C(b)": ("C(a) * C(b) + C(a) * x + C(b) * x", "C(a) * x + C(b) * x"),
        "C(a):x": ("C(a) * C(b) + C(a) * x + C(b) * x", "C(a) * C(b) + C(b) * x"),
        "C(b):x": ("C(a) * C(b) + C(a) * x + C(b) * x", "C(a) * C(b) + C(a) * x"),
        "C(a):C(b):x": ("C(a) * C(b) * x", "C(a) * C(b) + C(a) * x + C(b) * x"),
    }
    table = full.anova()
    assert table["Term"].tolist() == list(pairs)
    for row, (larger, smaller) in enumerate(pairs.values()):
        one, two = (fit(f"count ~ {terms}", exposure="e") for terms in (smaller, larger))
        assert table["Df"][row] == two.fit.rank - one.fit.rank
        assert table["Chisq"][row] == pytest.approx(one.deviance - two.deviance, abs=1e-8)
    # drop1 leaves what others contain, type 3 does not
    assert full.drop1()["Term"].tolist() == ["<none>", "C(a):C(b):x"]
    assert full.drop1()["Chisq"][1] == pytest.approx(table["Chisq"][6], abs=1e-9)
    third = full.anova(type=3)
    assert third["Term"].tolist() == list(pairs)
    assert abs(third["Chisq"][0] - table["Chisq"][0]) > 0.1


def test_f_test_is_by_the_deviance_of_the_full_model():
    full, less = fit("cost ~ x + C(a)", family="gamma"), fit("cost ~ x", family="gamma")
    error = full.deviance / full.df_resid
    expected = (less.deviance - full.deviance) / 2 / error
    table = full.anova(test="F")
    assert list(table) == ["Term", "Df", "F", "Pr(>F)"]
    assert table["F"][1] == pytest.approx(expected, rel=1e-9)
    assert table["Pr(>F)"][1] == pytest.approx(stats.f.sf(expected, 2, full.df_resid), rel=1e-8)


def test_dropping_everything_leaves_the_offset():
    full = fit("count ~ 0 + C(a)", exposure="e")
    mean = FRAME["e"].to_numpy()
    expected = rs.families.Poisson().deviance(FRAME["count"].to_numpy(), mean)
    for table in (full.drop1(), full.drop1(test="score")):
        assert table["Df"].tolist() == [0, 3]
        assert table["Deviance"][1] == pytest.approx(expected, rel=1e-12)


def test_a_model_of_the_mean_has_nothing_to_drop():
    result = fit("count ~ 1")
    assert len(result.anova()) == 0
    assert result.drop1()["Term"].tolist() == ["<none>"]


# --- Explicit matrices ---------------------------------------------------------------------------

MATRIX_CASES = [
    ("count ~ bs(age, df=5) + C(a) * x", {"exposure": "e"}),
    ("count ~ C(a) + x", {"weights": "w", "link": "identity"}),  # not canonical
    ("cost ~ x + C(a):x + C(b)", {"family": "gamma", "link": "log", "weights": "w"}),
    ("cost ~ 0 + C(a) + x", {"family": "gaussian", "link": "log"}),
]


def pieces(result, mu):
    """Score residual and working weight of the rows at means mu."""
    problem = result.model.problem
    weights = 1.0 if problem.weights is None else problem.weights
    slope = 1.0 / problem.link.derivative(mu)
    variance = problem.family.variance(mu)
    return weights * (problem.y - mu) * slope / variance, weights * slope**2 / variance


def means_without(model, columns):
    """Means of the fit on the other columns of the dense design."""
    X = np.delete(model.X, columns, axis=1)
    problem = model._model.problem
    estimator = rs.GLMRegressor(
        family=problem.family.name(), link=problem.link.name(), fit_intercept=False, tol=1e-14
    ).fit(X, model.y, sample_weight=problem.weights, offset=problem.offset)
    return estimator.result_.fittedvalues


def columns_of(model, term):
    """Design columns of a term by their names."""
    names = {
        "x": ["x"],
        "C(a)": ["a[p]", "a[T.q]", "a[T.r]"],
        "C(b)": ["b[T.v]"],
        "bs(age, df=5)": rs.bs_names("age", 5),
        "C(a):x": ["a[T.q]:x", "a[T.r]:x"],
        "x:C(a)": ["a[T.q]:x", "a[T.r]:x"],
    }[term]
    return [j for j, name in enumerate(model.feature_names) if name in names]


@pytest.mark.parametrize(("formula", "options"), MATRIX_CASES)
def test_score_and_wald_by_matrices(formula, options):
    model = rs.glm(formula, FRAME, **{"family": "poisson", **options})
    result = model.fit(tol=1e-14)
    scores, walds = result.anova(type=3, test="score"), result.anova(type=3, test="Wald")
    for row, term in enumerate(scores["Term"]):
        columns = columns_of(model, term)
        residual, weight = pieces(result, means_without(model, columns))
        U, information = model.X.T @ residual, model.X.T @ (weight[:, None] * model.X)
        block = np.ix_(columns, columns)
        chisq = U[columns] @ np.linalg.inv(information)[block] @ U[columns] / result.scale()
        assert scores["Chisq"][row] == pytest.approx(chisq, rel=1e-6)
        b = result.params[columns]
        wald = b @ np.linalg.inv(result.cov_params()[block]) @ b
        assert walds["Chisq"][row] == pytest.approx(wald, rel=1e-8)
        assert scores["Df"][row] == walds["Df"][row] == len(columns)
        assert walds["Pr(>Chisq)"][row] == pytest.approx(
            stats.chi2.sf(wald, len(columns)), rel=1e-6
        )


@pytest.mark.parametrize("test", ["Wald", "score"])
def test_type_2_of_a_margin_is_that_of_the_additive_model(test):
    full = fit("count ~ C(a) * x + C(b)", exposure="e")
    additive = fit("count ~ C(a) + x + C(b)", exposure="e")
    terms = ["C(a)", "x"]
    found, expected = (rows(r.anova(test=test), *terms) for r in (full, additive))
    np.testing.assert_allclose(found, expected, rtol=1e-7)
    assert abs(rows(full.anova(type=3, test=test), "x") - expected.loc["x"])["Chisq"].iloc[0] > 0.1


def test_the_dispersion_of_a_type_2_test_is_that_of_the_full_model():
    full = fit("cost ~ C(a) * x", family="gamma", link="log")
    additive = fit("cost ~ C(a) + x", family="gamma", link="log")
    assert full.scale() != additive.scale()
    for test in ("LR", "Wald", "score"):
        found, other = full.anova(test=test)["Chisq"][0], additive.anova(test=test)["Chisq"][0]
        assert found == pytest.approx(other * additive.scale() / full.scale(), rel=1e-7)


# --- Aliased columns, arrays, frames, refusals ---------------------------------------------------


def test_aliased_columns_give_way_to_each_other():
    frame = FRAME.assign(twice=2 * FRAME["x"], one=(FRAME["a"] == "q") * 1.0)
    result = fit("count ~ x + C(a) + twice + one", frame)
    plain = fit("count ~ x + C(a)", frame)
    one, twice = result.feature_names.index("one"), result.feature_names.index("twice")
    assert result.aliased[[one, twice]].all()
    for test in ("LR", "Wald", "score", "F"):
        table = result.anova(test=test).set_index("Term")
        assert table["Df"].to_dict() == {"x": 0, "C(a)": 1, "twice": 0, "one": 0}
        assert table.iloc[[0, 2, 3], 2].isna().all()
        assert test != "F" or table["F"].iloc[[0, 2, 3]].isna().all()
        # what "one" does not replace is level r
        without_r = fit("count ~ x + one", frame)
        if test == "LR":
            loss = without_r.deviance - plain.deviance
            assert table["Chisq"]["C(a)"] == pytest.approx(loss, abs=1e-8)
        assert 0 < table.iloc[1, 2] < 1


def test_each_column_of_an_array_is_a_term():
    X = FRAME[["x", "age"]].to_numpy(float)
    result = rs.GLMRegressor(family="poisson", tol=1e-12).fit(X, FRAME["count"]).result_
    table = result.anova()
    assert isinstance(table, pd.DataFrame)
    assert table["Term"].tolist() == ["x0", "x1"]
    expected = fit("count ~ x + age").anova()
    np.testing.assert_allclose(table["Chisq"], expected["Chisq"], atol=1e-8)
    np.testing.assert_array_equal(table["Df"], [1, 1])


@pytest.mark.parametrize("kind", ["polars", "pyarrow"])
def test_tables_come_in_the_kind_that_went_in(kind):
    convert = {"polars": pl.from_pandas, "pyarrow": pa.Table.from_pandas}[kind]
    result = fit("count ~ C(a) * x", convert(FRAME))
    expected = fit("count ~ C(a) * x")
    for theirs, ours in ((result.anova(), expected.anova()), (result.drop1(), expected.drop1())):
        assert isinstance(theirs, pl.DataFrame if kind == "polars" else pa.Table)
        back = theirs.to_pandas()
        assert list(back) == list(ours)
        assert back["Term"].tolist() == ours["Term"].tolist()
        np.testing.assert_allclose(back.iloc[:, 1:], ours.iloc[:, 1:], atol=1e-8)


def test_without_degrees_of_freedom_there_is_no_test():
    frame = FRAME.iloc[:3].assign(a=["p", "q", "r"])
    for family in ("gaussian", "gamma"):
        result = fit("cost ~ C(a)", frame, family=family)
        assert result.df_resid == 0
        for test in ("LR", "Wald", "score", "F"):
            table = result.anova(test=test)
            assert table["Df"].tolist() == [2]
            assert table.iloc[0, 2:].isna().all()


def test_a_fit_that_is_exact_drops_without_a_warning():
    x = np.arange(60.0) % 7
    table = rs.glm("y ~ x", {"y": 2 * x + 1, "x": x}).fit().drop1()
    assert table["AIC"][0] < -1_000  # minus infinity, but for rounding
    assert table["Deviance"][1] == pytest.approx(np.sum((2 * (x - x.mean())) ** 2))


def test_an_f_statistic_of_an_exact_fit_is_not_below_zero():
    x = np.arange(1.0, 9.0)
    result = rs.glm("y ~ x", {"y": np.exp(0.3 * x), "x": x}, family="gamma").fit()
    assert abs(result.deviance) < 1e-12  # either sign
    table = result.anova(test="F")
    assert table["F"][0] > 1e6
    assert table["Pr(>F)"][0] < 1e-12


def test_a_term_without_effect_has_no_negative_statistic():
    frame = pd.DataFrame({"y": [1.0, 2, 3, 1, 2, 3], "x": [0.0, 0, 0, 1, 1, 1]})
    for family in ("poisson", "gaussian"):
        table = fit("y ~ x", frame, family=family).anova()
        assert 0 <= table["Chisq"][0] < 1e-10
        assert table["Pr(>Chisq)"][0] == pytest.approx(1.0, abs=1e-4)


def test_what_is_refused_and_what_is_known():
    result = fit("count ~ x")
    with pytest.raises(ValueError, match="type must be 2 or 3"):
        result.anova(type=1)
    with pytest.raises(ValueError, match="unknown test 'chisq': use one of LR, Wald, score, F"):
        result.anova(test="chisq")
    with pytest.raises(ValueError, match="unknown test 'Wald': use one of LR, F, score"):
        result.drop1(test="Wald")
    ridge = rs.glm("count ~ x", FRAME, family="poisson").fit(alpha=0.1)
    for ask in (ridge.anova, ridge.drop1):
        with pytest.raises(ValueError, match="penalised"):
            ask()


def test_a_model_without_a_term_that_does_not_converge_is_named(monkeypatch):
    honest = factor_tests.fit_without

    def stopped(problem, fit, columns, **options):
        smaller, reduced = honest(problem, fit, columns, **options)
        return smaller, replace(reduced, converged=not columns[1])  # x

    monkeypatch.setattr(factor_tests, "fit_without", stopped)
    result = fit("count ~ x + C(a)")
    for ask in (result.anova, result.drop1):
        with pytest.warns(ConvergenceWarning, match=r"without x did not converge"):
            ask()


def test_testing_changes_nothing_in_the_result():
    result = fit("count ~ C(a) * x", exposure="e")
    params, deviance = result.params.copy(), result.deviance
    first = result.anova()
    result.drop1(test="score")
    pd.testing.assert_frame_equal(result.anova(), first)
    np.testing.assert_array_equal(result.params, params)
    assert result.deviance == deviance
    assert result.model.problem.excluded is None


@pytest.mark.parametrize("family", ["poisson", "binomial", "negbinomial"])
def test_f_tests_of_a_fixed_dispersion_warn(family):
    frame = pd.DataFrame({"y": np.tile([0.0, 1.0, 1.0, 0.0, 1.0], 20), "x": np.arange(100.0)})
    result = rs.glm("y ~ x", frame, family=family, **({"theta": 2.0} if family[0] == "n" else {}))
    with pytest.warns(UserWarning, match=f"1 by the {family} family: use test='LR'"):
        result.fit().drop1(test="F")
    result.fit(dispersion="pearson").drop1(test="F")  # asked for: no warning
