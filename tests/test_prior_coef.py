"""Prior coefficients taken from a fitted model: by name, where the name means the same there."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import rustystats as rs

N = 1200
RNG = np.random.default_rng(52)
FRAME = pd.DataFrame(
    {
        "x": RNG.normal(size=N),
        "age": RNG.integers(18, 80, N),
        "area": RNG.choice(list("ABC"), N),
        "e": RNG.uniform(0.2, 1.0, N),
    }
)
FRAME["y"] = RNG.poisson(FRAME["e"] * np.exp(0.3 * FRAME["x"] + 0.02 * FRAME["age"] - 0.8))
POISSON = {"family": "poisson", "exposure": "e"}
COUNTRY, LOCAL = FRAME.iloc[:800], FRAME.iloc[700:]


def prior(formula, given, **options):
    return rs.glm(formula, LOCAL, **POISSON | options).fit(alpha=1e5, prior_coef=given)


def test_prior_coefficients_of_a_model_with_the_same_columns():
    country = rs.glm("y ~ x + C(area)", COUNTRY, **POISSON).fit()
    result = prior("y ~ C(area) + age + x", country)
    for name in ("x", "area[T.B]", "area[T.C]"):
        here, there = result.feature_names.index(name), country.feature_names.index(name)
        assert result.params[here] == pytest.approx(country.params[there], abs=1e-4)
    fewer = rs.glm("y ~ C(area)", COUNTRY[COUNTRY["area"] != "C"], **POISSON).fit()
    assert prior("y ~ C(area)", fewer).params[2] == pytest.approx(0.0, abs=1e-4)


@pytest.mark.parametrize(
    ("formula", "country", "message"),
    [
        ("y ~ bs(age, df=5)", "y ~ bs(age, df=5)", r"term 'bs\(age, df=5\)' has knots 18"),
        ("y ~ ns(age, df=4)", "y ~ ns(age, df=4)", "knots"),
        (
            "y ~ C(area, ref='B')",
            "y ~ C(area)",
            r"term \"C\(area, ref='B'\)\" has reference level 'B' here and reference level 'A'",
        ),
        ("y ~ 0 + C(area)", "y ~ C(area)", "all levels here and reference level 'A'"),
        ("y ~ x + x:C(area)", "y ~ x:C(area)", "reference level 'A' here and all levels"),
        ("y ~ C(area):bs(age, df=4)", "y ~ C(area):bs(age, df=4)", "x knots"),
        (
            "y ~ bs(x, knots=[0], boundary_knots=[-5, 5])",
            "y ~ bs(x, knots=[1], boundary_knots=[-5, 5])",
            r"knots -5\.0, 0\.0, 5\.0 of degree 3 .* here and knots -5\.0, 1\.0, 5\.0 of degree 3",
        ),
        ("y ~ bs(x, df=4)", "y ~ bs(x, df=4, degree=2)", "degree 3 .* here and .* degree 2"),
        (
            "y ~ bs(x, extrapolation='linear')",
            "y ~ bs(x)",
            r"\(linear outside\) here and .* \(constant outside\)",
        ),
        ("y ~ poly(age, 2)", "y ~ poly(age, 2)", r"has recurrence .* here and recurrence"),
        ("y ~ poly(age, 2)", "y ~ poly(age, 2, raw=True)", "has recurrence .* here and raw in the"),
        ("y ~ scale(x)", "y ~ scale(x)", r"term 'scale\(x\)' has less .*, in units of 1\.0"),
    ],
)
def test_columns_of_the_same_name_that_mean_something_else(formula, country, message):
    country = rs.glm(country, COUNTRY[COUNTRY["age"] < 70], **POISSON).fit()
    with pytest.raises(ValueError, match=message) as error:
        prior(formula, country)
    assert "complement=" in str(error.value)


def test_the_same_knots_are_the_same_spline():
    formula = "y ~ bs(age, knots=[30, 50], boundary_knots=[18, 80])"
    country = rs.glm(formula, COUNTRY, **POISSON).fit()
    np.testing.assert_allclose(prior(formula, country).params[1:], country.params[1:], atol=1e-3)


def test_raw_powers_are_the_same_of_any_data():
    formula = "y ~ poly(age, 2, raw=True)"
    country = rs.glm(formula, COUNTRY, **POISSON).fit()
    found = rs.glm(formula, LOCAL, **POISSON).fit(alpha=1e11, prior_coef=country)
    np.testing.assert_allclose(found.params[1:], country.params[1:], rtol=1e-3)


def test_a_fitted_model_without_a_column_of_this_one_is_no_prior():
    country = rs.glm("y ~ C(area)", COUNTRY, **POISSON).fit()
    with pytest.raises(ValueError, match=r"shares no column.*it has Intercept, area\[T\.B\]"):
        prior("y ~ x", country)


def test_prior_coefficients_of_another_link():
    country = rs.glm("y ~ x", COUNTRY, family="poisson", link="sqrt").fit()
    with pytest.raises(ValueError, match="the fitted model has link sqrt, not log"):
        prior("y ~ x", country)


def test_steps_are_the_same_between_the_same_levels():
    formula = "y ~ C(area, coding='backward_difference')"
    country = rs.glm(formula, COUNTRY, **POISSON).fit()
    np.testing.assert_allclose(prior(formula, country).params[1:], country.params[1:], atol=1e-3)
    without = rs.glm(formula, COUNTRY[COUNTRY["area"] != "B"], **POISSON).fit()
    with pytest.raises(ValueError, match="steps through A, B, C here and steps through A, C in"):
        prior(formula, without)  # its step into C starts at A


def test_prior_coefficients_of_any_object_with_names_and_params():
    given = SimpleNamespace(feature_names=["x", "other"], params=np.array([0.7, 9.0]))
    assert prior("y ~ x + age", given).params[1:] == pytest.approx([0.7, 0.0], abs=0.01)


def test_prior_coefficients_of_a_model_of_an_array():
    design, y = FRAME[["x", "age"]].to_numpy(float), FRAME["y"]
    country = rs.fit_glm(y[:800], design[:800], "poisson")
    found = rs.fit_glm(y[700:], design[700:], "poisson", alpha=1e8, prior_coef=country)
    np.testing.assert_allclose(found.params, country.params, rtol=1e-4)
