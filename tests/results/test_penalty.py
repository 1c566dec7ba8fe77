"""What results say where a penalty or bounds leave no standard errors: nothing that is unknown."""

import re

import numpy as np
import pandas as pd
import pytest

import rustystats as rs

N = 800
RNG = np.random.default_rng(21)
FRAME = pd.DataFrame(
    {
        "x": RNG.normal(size=N),
        "z": RNG.normal(size=N),
        "area": RNG.choice(list("ABCD"), N),
        "e": RNG.uniform(0.2, 1.0, N),
    }
)
FRAME["count"] = RNG.poisson(
    FRAME["e"] * np.exp(0.4 * FRAME["x"] + 0.5 * (FRAME["area"] == "B"))
).astype(float)
FRAME["cost"] = RNG.gamma(2.0, np.exp(0.5 * FRAME["x"]))
TERMS = "x + z + C(area)"

LASSO = {"alpha": 0.02, "l1_ratio": 1.0}
# options of fit, and what the summary calls them
KINDS = {
    "lasso": (LASSO, "IRLS + Lasso"),
    "elastic net": ({"alpha": 0.02, "l1_ratio": 0.5}, "IRLS + Elasticnet"),
    "bounds": ({"lower_bounds": {"z": 0.1}}, "IRLS + Bounds"),
    "ridge with bounds": ({"alpha": 0.02, "upper_bounds": {"x": 0.2}}, "IRLS + Ridge + Bounds"),
    "all of them": (
        {"alpha": 0.02, "l1_ratio": 0.5, "lower_bounds": 0.0},
        "IRLS + Elasticnet + Bounds",
    ),
}
over_kinds = pytest.mark.parametrize("kind", KINDS)


def fit(response="count", family="poisson", terms=TERMS, exposure="e", **options):
    return rs.glm(f"{response} ~ {terms}", FRAME, family=family, exposure=exposure).fit(**options)


def of(kind):
    return fit(**KINDS[kind][0])


def value(text, name):
    return re.search(rf"{re.escape(name)}: +(\S+(?: \S+)*)", text)[1]


@over_kinds
def test_no_number_stands_where_none_is_known(kind):
    result = of(kind)
    for numbers in (
        result.bse(),
        result.cov_params(),
        result.tvalues(),
        result.pvalues(),
        result.conf_int(),
        result.coef_table()[["Std.Error", "z", "Pr(>|z|)"]],
        result.relativities()[["CI_Lower", "CI_Upper"]],
    ):
        assert np.isnan(numbers).all(axis=None)
    assert set(result.coef_table()["Signif"]) == {""}
    assert "standard errors" not in result.no_errors  # the sentence goes on from there
    np.testing.assert_array_equal(result.coef_table()["Estimate"], result.params)


@over_kinds
def test_the_relativities_themselves_stay(kind):
    result = of(kind)
    table = result.relativities().set_index(["Factor", "Level"])["Relativity"]
    coef = dict(zip(result.feature_names, result.params, strict=True))
    for level in "BCD":
        assert table["area", level] == pytest.approx(np.exp(coef[f"area[T.{level}]"]), rel=1e-12)
    assert table["area", "A"] == 1.0


@over_kinds
def test_the_summary_has_dashes_and_says_why(kind):
    result, method = of(kind), KINDS[kind][1]
    text = result.summary()
    assert "nan" not in text.lower()
    assert value(text, "Method").split("  ")[0] == method
    assert value(text, "Non-zero coefs") == str(np.count_nonzero(result.params[1:]))
    (line,) = [line for line in text.split("\n") if line.startswith("area[T.B] ")]
    assert line.split()[2:] == ["-"] * 5
    assert "No standard errors: " in text
    assert ("refit_selected()" in text and "stability_selection" in text) == (
        result.model.problem.l1 is not None
    )
    assert "Signif. codes" not in text
    assert "Ridge penalty" not in text
    assert all(len(line) <= 86 for line in text.split("\n"))


def test_the_summary_has_alpha_and_share():
    text = fit(alpha=0.02, l1_ratio=0.25).summary()
    assert value(text, "Alpha") == "0.02"
    assert value(text, "L1 Ratio").split("  ")[0] == "0.25"
    assert "Alpha" not in of("bounds").summary()


def test_the_html_has_dashes_and_says_why():
    html = of("lasso")._repr_html_()
    assert "nan" not in html
    assert html.count("<td>-</td>") == 3 * 6
    assert "No standard errors" in html
    assert "No standard errors" not in fit()._repr_html_()
    assert "<td>-<" not in fit()._repr_html_()


def test_the_printed_relativities_have_dashes():
    result = rs.fit_glm(FRAME["count"], np.column_stack([np.ones(N), FRAME["x"]]), "poisson")
    assert rs.summary_relativities(result).count(" - ") == 0
    options = {"alpha": 0.02, "l1_ratio": 1.0}
    result = rs.fit_glm(
        FRAME["count"], np.column_stack([np.ones(N), FRAME["x"]]), "poisson", **options
    )
    text = rs.summary_relativities(result)
    (line,) = [line for line in text.split("\n") if line.startswith("x1 ")]
    assert line.split()[1:] == [
        f"{result.params[1]:.4f}", f"{np.exp(result.params[1]):.4f}", "-", "-", "-",
    ]  # fmt: skip
    assert "No standard errors" in text


@over_kinds
def test_robust_errors_and_influence_are_refused_with_the_reason(kind):
    result = of(kind)
    reason = "bounds" if result.model.problem.l1 is None else "refit_selected"
    groups = np.arange(N) // 4
    for ask in (
        result.cov_robust,
        result.bse_robust,
        result.conf_int_robust,
        result.leverage,
        result.cooks_distance,
        lambda: result.bse_robust("HC3"),
        lambda: result.bse_robust(groups=groups),
        lambda: result.summary(cov_type="HC1"),
        lambda: result.coef_table(cov_type="HC0"),
    ):
        with pytest.raises(ValueError, match=f"no robust errors.*{reason}"):
            ask()


@over_kinds
def test_tests_and_profiles_are_refused(kind):
    result = of(kind)
    word = "bounded" if kind == "bounds" else "penalised"
    for ask in (result.anova, result.drop1, lambda: result.anova(test="Wald")):
        with pytest.raises(ValueError, match=f"this one is {word}: fit with"):
            ask()
    with pytest.raises(ValueError, match=f"a {word} fit has no likelihood profile"):
        result.conf_int(method="profile", columns=["x"])
    table = rs.compare(fit(terms="x"), result, fit(terms="x + z * C(area)"))
    notes = dict(zip(table["Df"], table["Note"], strict=True))
    assert notes[result.fit.rank] == f"{word}: no likelihood-ratio test"


def test_degrees_of_freedom_are_those_of_the_free_coefficients():
    result = fit("cost", "gaussian", exposure=None, alpha=0.15, l1_ratio=1.0)
    free = np.count_nonzero(result.params)
    assert 1 < free < len(result.params)
    rss = np.sum((FRAME["cost"] - result.predict(FRAME)) ** 2)
    assert result.df_resid == N - free
    assert result.df_model == free - 1
    assert result.scale() == pytest.approx(rss / (N - free), rel=1e-8)
    llf = -N / 2 * (np.log(2 * np.pi * rss / N) + 1)
    assert result.aic() == pytest.approx(-2 * llf + 2 * free, rel=1e-8)
    assert result.bic() == pytest.approx(-2 * llf + free * np.log(N), rel=1e-8)


def test_a_small_coefficient_of_a_large_column_counts():
    """In cents of a currency that has many: nothing but exact zeros is left out."""
    plain = fit(**LASSO)
    data = FRAME.assign(x=1e12 * FRAME["x"])
    model = rs.glm(f"count ~ {TERMS}", data, family="poisson", exposure="e")
    large = model.fit(**LASSO, penalty_factor={"x": 1e12})
    assert 0 < abs(large.params[1]) < 1e-10
    assert large.selected_features() == plain.selected_features()
    assert large.n_nonzero() == plain.n_nonzero()
    assert "x" in large.refit_selected().feature_names
    path = model.regularization_path([LASSO["alpha"]], penalty_factor={"x": 1e12})
    assert path.n_nonzero[0] == plain.n_nonzero()


def test_a_coefficient_at_its_bound_is_not_free():
    result = fit(upper_bounds={"x": 0.1, "area[T.B]": 3.0})
    assert result.params[1] == 0.1
    assert result.df_resid == N - 5
    assert "Bounds on x, area[T.B]; at a bound: x." in result.summary()
    assert "at a bound: none" in fit(upper_bounds={"x": 3.0}).summary()


@pytest.mark.parametrize(
    ("options", "note"),
    [
        ({"standardize": True}, "standardize: coefficients are penalised in units of"),
        ({"prior_coef": {"z": 0.3}}, "prior_coef: shrunken towards it, not towards 0, are z."),
        (
            {"penalty_factor": {"x": 0, "C(area)": 2}},
            "penalty_factor: not penalised are x. penalty_factor: another than 1 have area[T.B], "
            "area[T.C], area[T.D].",
        ),
    ],
)
@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
def test_what_shapes_the_penalty_is_told(options, note, l1_ratio):
    def text(**options):
        return " ".join(fit(alpha=0.01, l1_ratio=l1_ratio, **options).summary().split())

    assert note in text(**options)
    assert note.split(":")[0] + ":" not in text()


def test_groups_are_told():
    result = fit(alpha=10.0, l1_ratio=1.0, group="term")
    assert "Group Lasso" in value(result.summary(), "Method")
    assert "3 groups of columns enter or leave as a whole." in result.summary()


def test_ridge_is_as_it_was():
    result = fit(alpha=0.02)
    assert result.no_errors == ""
    assert np.isfinite(result.bse()).all()
    assert np.isfinite(result.bse_robust()).all()
    assert result.leverage().sum() < result.fit.rank
    assert "Ridge penalty alpha = 0.02" in result.summary()
    assert "Signif. codes" in result.summary()


def test_a_profile_of_theta_is_that_of_the_penalised_fits():
    options = {"alpha": 0.05, "l1_ratio": 1.0}
    result = fit(family=rs.families.NegativeBinomial(2.0), **options)
    profile = result.profile_parameter([1.0, 4.0])
    for theta, llf in zip(profile.values, profile.llf, strict=True):
        expected = fit(family=rs.families.NegativeBinomial(theta), **options)
        assert expected.params[2] == 0.0
        assert llf == pytest.approx(expected.llf(), rel=1e-9)
