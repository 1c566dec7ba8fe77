"""Comparison of models: likelihood ratios of R's anova, and what is no test."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import stats

import rustystats as rs

N = 600
RNG = np.random.default_rng(5)
FRAME = pd.DataFrame(
    {
        "x": RNG.normal(size=N),
        "age": RNG.integers(18, 80, N),
        "a": RNG.choice(list("pqr"), N),
        "e": RNG.uniform(0.2, 1.0, N),
        "w": RNG.integers(1, 4, N).astype(float),
    }
)
FRAME["group"] = FRAME["a"].replace("r", "q")
FRAME["count"] = RNG.poisson(np.exp(0.2 * FRAME["x"] + 0.3 * (FRAME["a"] == "q"))).astype(float)
FRAME["cost"] = RNG.gamma(2.0, np.exp(0.3 * FRAME["x"]))

COLUMNS = ["Model", "Family", "Df", "Df Residual", "Deviance", "Log-Likelihood", "AIC", "BIC"]
COLUMNS += ["Against", "Chisq", "Df Difference", "Pr(>Chisq)", "Note"]


def fit(formula, data=FRAME, family="poisson", **options):
    return rs.glm(formula, data, family=family, **options).fit(tol=1e-12)


def test_models_by_rank_with_their_likelihood_ratios():
    formulas = ["count ~ bs(age, df=5) + C(a) * x", "count ~ 1", "count ~ age + C(a)"]
    one, two, three = (fit(formula, exposure="e") for formula in formulas)
    table = rs.compare(one, two, three)
    assert list(table) == COLUMNS
    assert table["Model"].tolist() == [formulas[1], formulas[2], formulas[0]]
    ranked = [two, three, one]
    assert table["Df"].tolist() == [1, 4, 10]
    assert table["Df Residual"].tolist() == [N - 1, N - 4, N - 10]
    np.testing.assert_array_equal(table["Deviance"], [r.deviance for r in ranked])
    np.testing.assert_array_equal(table["Log-Likelihood"], [r.llf() for r in ranked])
    np.testing.assert_array_equal(table["AIC"], [r.aic() for r in ranked])
    np.testing.assert_array_equal(table["BIC"], [r.bic() for r in ranked])
    drops = -np.diff([r.deviance for r in ranked])
    np.testing.assert_allclose(table["Chisq"][1:], drops, rtol=1e-12)
    np.testing.assert_array_equal(table["Df Difference"][1:], [3, 6])
    np.testing.assert_allclose(table["Pr(>Chisq)"][1:], stats.chi2.sf(drops, [3, 6]), rtol=1e-12)
    assert table.loc[0, ["Chisq", "Df Difference", "Pr(>Chisq)"]].isna().all()
    assert table["Note"].tolist() == ["", "", ""]


def test_the_dispersion_is_that_of_the_larger_model():
    small, large = (fit(f"cost ~ {t}", family="gamma", weights="w") for t in ("x", "x + C(a)"))
    table = rs.compare(large, small)
    expected = (small.deviance - large.deviance) / large.scale()
    assert table["Chisq"][1] == pytest.approx(expected, rel=1e-12)
    # Gaussian: R's 2 * (logLik(large) - logLik(small))
    small, large = (fit(f"cost ~ {t}", family="gaussian", weights="w") for t in ("x", "x + C(a)"))
    expected = 2 * (large.llf() - small.llf())
    assert rs.compare(large, small)["Chisq"][1] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("smaller", "larger", "nested"),
    [
        ("C(group)", "C(a)", True),  # levels put together
        ("x + C(a, ref='q')", "C(a) * x", True),  # another reference
        ("age", "bs(age, df=5)", True),  # a spline holds the line
        ("I(2 * x) + I(x - 3)", "x + C(a)", True),  # one column twice
        ("0 + C(a)", "x + C(a)", True),
        ("C(a)", "0 + x + C(a)", True),
        ("ns(age, df=3)", "bs(age, df=5)", True),  # the same knot
        ("ns(age, df=4)", "bs(age, df=5)", False),  # other knots
        ("log(age)", "bs(age, df=5)", False),
        ("C(a)", "C(group) * x", False),
        ("1", "0 + x + age", False),  # no constant in the larger
    ],
)
def test_nested_is_what_the_columns_span(smaller, larger, nested):
    table = rs.compare(fit(f"count ~ {larger}"), fit(f"count ~ {smaller}"))
    assert table["Model"].tolist() == [f"count ~ {smaller}", f"count ~ {larger}"]
    assert np.isfinite(table["Chisq"][1]) == nested
    assert table["Note"][1] == ("" if nested else "not nested: columns that the larger lacks")


def test_columns_are_compared_in_rows_that_have_weight():
    frame = FRAME.assign(v=np.where(FRAME["a"] == "r", 0.0, FRAME["w"]))
    small = fit("count ~ C(group)", frame.assign(group=FRAME["a"] == "p"), weights="v")
    # in the rows of weight 0 the two differ
    frame["other"] = np.where(FRAME["a"] == "r", 7.0, FRAME["a"] == "p")
    large = fit("count ~ other + x", frame, weights="v")
    assert rs.compare(small, large)["Note"][1] == ""


def test_why_there_is_no_test():
    base = fit("count ~ x")
    more = "count ~ x + C(a)"
    notes = {
        "not nested: another family": fit(more, family="gaussian"),
        "not nested: another link": fit(more, link="identity"),
        "not nested: other weights": fit(more, weights="w"),
        "not nested: other offset": fit(more, exposure="e"),
        "not nested: the same rank": fit("count ~ age"),
        "penalised: no likelihood-ratio test": rs.glm(more, FRAME, family="poisson").fit(alpha=0.1),
    }
    for note, other in notes.items():
        table = rs.compare(base, other)
        assert table["Note"].tolist() == ["", note]
        assert table[["Chisq", "Df Difference", "Pr(>Chisq)"]].isna().all(axis=None)
    table = rs.compare(
        fit("count ~ x", family="negbinomial", theta=2.0),
        fit(more, family="negbinomial", theta=3.0),
    )
    assert table["Note"].tolist() == ["", "not nested: another theta"]
    # weights of one and offsets of zero are none
    same = fit(more, weights=np.ones(N), offset=np.zeros(N))
    assert rs.compare(base, same)["Note"].tolist() == ["", ""]


def test_other_rows_are_refused():
    with pytest.raises(ValueError, match=r"'count ~ x' and 'cost ~ x' have different responses"):
        rs.compare(fit("count ~ x"), fit("cost ~ x"))
    with pytest.raises(ValueError, match="different responses"):
        rs.compare(fit("count ~ x"), fit("count ~ x + C(a)", FRAME.iloc[:-1]))
    with pytest.raises(TypeError, match="two or more fitted models"):
        rs.compare(fit("count ~ x"))
    with pytest.raises(TypeError, match="two or more fitted models"):
        rs.compare(fit("count ~ x"), rs.glm("count ~ x", FRAME))


def test_models_of_arrays_are_numbered():
    X = FRAME[["x", "age"]].to_numpy(float)
    results = [
        rs.GLMRegressor(family="poisson").fit(X[:, :k], FRAME["count"]).result_ for k in (2, 1)
    ]
    table = rs.compare(*results, fit("count ~ 1"))
    assert table["Model"].tolist() == ["count ~ 1", "2", "1"]
    assert table["Note"].tolist() == ["", "", ""]
    assert isinstance(table, pd.DataFrame)


@pytest.mark.parametrize("kind", ["polars", "pyarrow"])
def test_the_table_comes_in_the_kind_that_went_in(kind):
    data = {"polars": pl.from_pandas, "pyarrow": pa.Table.from_pandas}[kind](FRAME)
    table = rs.compare(fit("count ~ x", data), fit("count ~ x + C(a)", data))
    assert isinstance(table, pl.DataFrame if kind == "polars" else pa.Table)
    expected = rs.compare(fit("count ~ x"), fit("count ~ x + C(a)"))
    pd.testing.assert_frame_equal(table.to_pandas(), expected, rtol=1e-9, check_dtype=False)


def test_models_with_thetas_of_their_own_are_compared_by_their_likelihoods():
    frame = FRAME.assign(count=np.random.default_rng(3).negative_binomial(1.5, 0.4, N))
    small = rs.glm("count ~ x", frame, family="negbinomial").fit(tol=1e-12)
    large = rs.glm("count ~ x + a", frame, family="negbinomial").fit(tol=1e-12)
    assert small.theta != large.theta
    table = rs.compare(small, large)
    assert table["Chisq"][1] == pytest.approx(2 * (large.llf() - small.llf()), rel=1e-12)
    assert table["Df Difference"][1] == large.fit.rank - small.fit.rank
    assert table["Note"].tolist() == ["", ""]
    fixed = rs.glm("count ~ x", frame, family="negbinomial", theta=large.theta).fit()
    assert rs.compare(fixed, large)["Note"][1] == ""  # at the same theta
    other = rs.glm("count ~ x", frame, family="negbinomial", theta=1.0).fit()
    assert rs.compare(other, large)["Note"][1] == "not nested: another theta"


def test_a_dispersion_given_is_the_one_of_the_test():
    small = rs.glm("y ~ x", FRAME.assign(y=FRAME["count"] + 0.5)).fit(dispersion=2.0)
    large = rs.glm("y ~ x + a", FRAME.assign(y=FRAME["count"] + 0.5)).fit(dispersion=2.0)
    expected = (small.deviance - large.deviance) / 2.0
    assert rs.compare(small, large)["Chisq"][1] == pytest.approx(expected, rel=1e-10)
    dropped = large.drop1().set_index("Term")
    assert dropped.loc["a", "Chisq"] == pytest.approx(expected, rel=1e-8)


def test_each_model_is_tested_against_the_largest_that_is_nested_in_it():
    small, other, large = (
        fit("count ~ x"),
        fit("count ~ a", family="quasipoisson"),
        fit("count ~ x*a"),
    )
    table = rs.compare(large=large, small=small, other=other)
    assert table["Model"].tolist() == ["small", "other", "large"]
    assert table["Family"].tolist() == ["poisson", "quasipoisson", "poisson"]
    assert table["Against"].tolist() == ["", "", "small"]  # past the model of another family
    assert table["Chisq"][2] == pytest.approx(small.deviance - large.deviance, rel=1e-10)
    assert table["Note"].tolist() == ["", "not nested: another family", ""]
    assert rs.compare(small, fit("count ~ x", family="quasipoisson"))["Model"].tolist() == [
        "1: count ~ x",
        "2: count ~ x",
    ]
