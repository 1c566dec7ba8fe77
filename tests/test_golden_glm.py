"""Fits, errors and tests against R 4.2.2: glm, MASS, sandwich, statmod and car.

`golden/glm.R` makes the data and the values; each value stands beside the call that made it. Where
R has more than one definition, a comment says which of them is ours.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import rustystats as rs

GOLDEN = json.loads((Path(__file__).parent / "golden" / "glm_R.json").read_text())
ROWS = pd.DataFrame(GOLDEN["rows"])
ROWS["share"] = ROWS["wins"] / ROWS["trials"]  # weights="trials" makes it a binomial response
GROUPS = ROWS["g"].to_numpy()

ONE = {"poisson", "binomial", "negbinomial"}  # families whose dispersion is 1


def fit(case):
    options = {name: case[name] for name in ("weights", "var_power", "theta") if name in case}
    if "offset" in case:
        options["offset"] = ROWS[case["offset"]].to_numpy()
    formula = f"{case['response']} ~ {case.get('terms', 'x + a')}"
    model = rs.glm(formula, ROWS, family=case["family"], link=case["link"], **options)
    return model.fit(tol=1e-14)


def name_of(case):
    power = f"{case['var_power']}" if "var_power" in case else ""
    extras = [case[name] for name in ("weights", "offset") if name in case]
    return "-".join([case["family"] + power, case["link"], *extras])


def over(cases, **estimated):
    """A fixture over cases that fits each of them once: a pair of the case and our result."""

    def pair(request):
        return request.param, fit(request.param | estimated)

    return pytest.fixture(scope="module", params=cases, ids=name_of)(pair)


# --- Families, links, weights and offsets --------------------------------------------------------

pair = over(GOLDEN["cases"])


def test_coefficients_and_standard_errors(pair):
    case, result = pair
    assert result.converged
    assert result.feature_names == ["Intercept", "x", "a[T.B]", "a[T.C]"]
    np.testing.assert_allclose(result.params, case["params"], rtol=1e-6)
    np.testing.assert_allclose(result.bse(), case["bse"], rtol=1e-6)


def test_deviances_and_dispersion(pair):
    case, result = pair
    assert result.deviance == pytest.approx(case["deviance"], rel=1e-8)
    assert result.null_deviance() == pytest.approx(case["null_deviance"], rel=1e-8)
    assert result.scale_pearson() == pytest.approx(case["scale_pearson"], rel=1e-6)
    scale = 1.0 if case["family"] in ONE else case["scale_pearson"]
    assert result.scale() == pytest.approx(scale, rel=1e-6)


def test_log_likelihood(pair):
    case, result = pair
    if "llf" in case:  # R has none for quasi families and for Tweedie
        assert result.llf() == pytest.approx(case["llf"], rel=1e-8)
        assert result.aic() == pytest.approx(case["aic"], rel=1e-8)  # the dispersion not counted


def test_robust_standard_errors(pair):
    case, result = pair
    for kind, expected in case["robust"].items():
        np.testing.assert_allclose(result.bse_robust(kind), expected, rtol=1e-6, err_msg=kind)
        variances = np.diag(result.cov_robust(kind))
        np.testing.assert_allclose(np.sqrt(variances), expected, rtol=1e-6, err_msg=kind)


def test_rows(pair):
    case, result = pair
    first = slice(0, 5)
    np.testing.assert_allclose(result.leverage()[first], case["leverage"], rtol=1e-6)
    np.testing.assert_allclose(result.cooks_distance()[first], case["cooks_distance"], rtol=1e-6)
    for kind, expected in case["resid"].items():
        ours = getattr(result, f"resid_{kind}")()[first]
        np.testing.assert_allclose(ours, expected, rtol=1e-6, atol=1e-8, err_msg=kind)


# --- Negative binomial with theta from the data --------------------------------------------------

pair_nb = over(GOLDEN["glm_nb"], theta="auto")


def test_theta(pair_nb):
    case, result = pair_nb
    assert result.theta == pytest.approx(case["theta"], rel=1e-6)
    assert result.theta_se == pytest.approx(case["theta_se"], rel=1e-5)
    np.testing.assert_allclose(result.params, case["params"], rtol=1e-6)
    np.testing.assert_allclose(result.bse(), case["bse"], rtol=1e-6)  # theta taken as known
    assert result.deviance == pytest.approx(case["deviance"], rel=1e-6)  # moves with theta
    assert result.null_deviance() == pytest.approx(case["null_deviance"], rel=1e-6)  # same theta
    assert result.llf() == pytest.approx(case["llf"], rel=1e-8)
    assert result.aic() == pytest.approx(case["aic"], rel=1e-8)  # counts theta, as MASS does


# --- Clusters ------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", GOLDEN["cluster"], ids=name_of)
def test_clustered_standard_errors(case):
    result = fit(case)
    for kind, expected in case["robust"].items():  # HC0 too has the factor G / (G - 1)
        ours = result.bse_robust(kind, groups=GROUPS)
        np.testing.assert_allclose(ours, expected, rtol=1e-6, err_msg=kind)
        variances = np.diag(result.cov_robust(kind, groups=GROUPS))
        np.testing.assert_allclose(np.sqrt(variances), expected, rtol=1e-6, err_msg=kind)


# --- Tests of terms ------------------------------------------------------------------------------

TESTS = {"LRT": ("LR", "Chisq"), "Rao": ("score", "Chisq"), "F": ("F", "F")}  # R: ours, column

tested = over(GOLDEN["drop1"])  # R holds theta at the estimate of the full model


def drop1_of(tested, kind):
    """Our table by term, the statistics and the p-values, all of them in R's order."""
    case, result = tested
    test, statistic = TESTS[kind]
    table = result.drop1(test=test)
    assert list(table) == ["Term", "Df", "Deviance", "AIC", statistic, f"Pr(>{statistic})"]
    assert table["Term"][0] == "<none>"
    table = table.set_index("Term")
    assert set(table.index) == {"<none>", *case["term"]}
    table = table.loc[["<none>", *case["term"]]]
    return table, table[statistic].iloc[1:], table[f"Pr(>{statistic})"].iloc[1:]


@pytest.mark.filterwarnings("ignore:F tests estimate the dispersion")
@pytest.mark.parametrize("kind", TESTS)
def test_drop1(tested, kind):
    case, _ = tested
    table, statistics, pvalues = drop1_of(tested, kind)
    np.testing.assert_array_equal(table["Df"].iloc[1:], case["df"])
    np.testing.assert_allclose(table["Deviance"], case["deviance"], rtol=1e-8)
    expected, p = case["tests"][kind]
    np.testing.assert_allclose(statistics, expected, rtol=1e-6)
    np.testing.assert_allclose(pvalues, p, rtol=1e-4)  # far out, p moves more than the statistic


def test_aic_of_drop1(tested):
    case, _ = tested
    table, _, _ = drop1_of(tested, "LRT")
    # R counts the dispersion, and here not theta
    counted = {"gaussian": 2, "gamma": 2, "inverse_gaussian": 2, "negbinomial": -2}
    if "aic" in case:
        expected = np.subtract(case["aic"], counted.get(case["family"], 0))
        np.testing.assert_allclose(table["AIC"], expected, rtol=1e-8)


@pytest.mark.parametrize(
    "case", GOLDEN["anova"], ids=lambda case: f"{case['family']}-{case['type']}-{case['test']}"
)
def test_anova(case):
    table = fit(case).anova(type=case["type"], test=case["test"]).set_index("Term")
    statistic = "F" if case["test"] == "F" else "Chisq"
    for i, term in enumerate(case["term"]):
        if term == "(Intercept)":
            continue
        row = table.loc[term]
        assert row["Df"] == case["df"][i]
        assert row[statistic] == pytest.approx(case["statistic"][i], rel=1e-6)
        assert row[f"Pr(>{statistic})"] == pytest.approx(case["p"][i], rel=1e-4)


# --- Profile limits ------------------------------------------------------------------------------


@pytest.mark.parametrize("case", GOLDEN["profile"], ids=name_of)
def test_profile_limits(case):
    limits = fit(case).conf_int(0.05, method="profile")
    solved = np.column_stack([case["solved_low"], case["solved_high"]])
    np.testing.assert_allclose(limits, solved, rtol=1e-5, atol=1e-6)
    interpolated = np.column_stack([case["low"], case["high"]])  # MASS: a spline of the profile
    np.testing.assert_allclose(limits, interpolated, rtol=1e-3, atol=1e-4)
