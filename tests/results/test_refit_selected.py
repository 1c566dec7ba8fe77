"""The refit of what a penalty selected: that of a model which never had the other columns."""

import numpy as np
import pandas as pd
import pytest

import rustystats as rs

N = 1500
RNG = np.random.default_rng(31)
FRAME = pd.DataFrame(
    {
        "x": RNG.normal(size=N),
        "z": RNG.normal(size=N),
        "age": RNG.integers(18, 80, N),
        "area": RNG.choice(list("ABCD"), N),
        "fuel": RNG.choice(["diesel", "petrol"], N),
        "e": RNG.uniform(0.2, 1.0, N),
        "w": RNG.integers(1, 4, N).astype(float),
    }
)
FRAME["isB"] = (FRAME["area"] == "B").astype(float)
FRAME["y"] = RNG.poisson(FRAME["e"] * np.exp(0.5 * FRAME["x"] + 0.7 * FRAME["isB"])).astype(float)
OPTIONS = {"family": "poisson", "exposure": "e", "weights": "w"}
LASSO = {"alpha": 0.08, "l1_ratio": 1.0}


def lasso(formula="y ~ x + z + C(area)", data=FRAME, **options):
    return rs.glm(formula, data, **OPTIONS).fit(**LASSO | options)


def check_same(refit, expected):
    np.testing.assert_allclose(refit.params, expected.params, rtol=1e-8)
    np.testing.assert_allclose(refit.bse(), expected.bse(), rtol=1e-8)
    np.testing.assert_allclose(refit.fittedvalues, expected.fittedvalues, rtol=1e-8)
    assert refit.deviance == pytest.approx(expected.deviance, rel=1e-10)
    assert refit.null_deviance() == pytest.approx(expected.null_deviance(), rel=1e-10)
    assert (refit.df_resid, refit.df_model) == (expected.df_resid, expected.df_model)


def test_it_is_the_fit_of_the_selected_columns():
    selected = lasso()
    assert selected.selected_features() == ["x", "area[T.B]"]
    refit = selected.refit_selected()
    expected = rs.glm("y ~ x + isB", FRAME, **OPTIONS).fit()
    check_same(refit, expected)
    assert refit.feature_names == ["Intercept", "x", "area[T.B]"]
    assert refit.model.names == refit.model.terms.names()
    assert refit.formula == selected.formula
    assert not refit.is_regularized
    np.testing.assert_allclose(refit.bse_robust("HC3"), expected.bse_robust("HC3"), rtol=1e-7)
    tests = refit.drop1()
    assert tests["Term"].tolist() == ["<none>", "x", "C(area)"]
    np.testing.assert_allclose(tests["Chisq"][1:], expected.drop1()["Chisq"][1:], rtol=1e-5)
    np.testing.assert_allclose(
        refit.conf_int(method="profile"), expected.conf_int(method="profile"), rtol=1e-5
    )


def test_levels_left_out_share_the_reference():
    table = lasso().refit_selected().relativities().set_index(["Factor", "Level"])
    assert set(table.index.get_level_values(0)) == {"Base", "x", "area"}
    assert table.loc[[("area", level) for level in "ACD"], "Relativity"].tolist() == [1.0] * 3
    assert table.loc[("area", "B"), "Relativity"] > 1.5


def test_predictions_need_what_was_selected_and_no_more():
    refit = lasso().refit_selected()
    new = FRAME.iloc[::-1].drop(columns=["z", "y", "isB", "fuel"])
    np.testing.assert_allclose(refit.predict(new), refit.fittedvalues[::-1], rtol=1e-12)
    with pytest.raises(ValueError, match="area"):
        refit.predict(new.drop(columns="area"))
    with pytest.raises(ValueError, match="not seen"):
        refit.predict(new.assign(area="Q"))


def test_parts_of_splines_and_interactions():
    selected = lasso("y ~ bs(age, df=6) + x*C(area) + C(fuel):C(area) + x:z", alpha=0.006)
    refit = selected.refit_selected()
    kept = [selected.feature_names.index(name) for name in refit.feature_names]
    assert refit.feature_names == ["Intercept", *selected.selected_features()]
    assert 5 < len(kept) < len(selected.params) - 5
    X = selected.model.problem.design.to_dense()[:, kept]
    expected = rs.fit_glm(
        FRAME["y"], X, family="poisson", offset=np.log(FRAME["e"]), weights=FRAME["w"]
    )
    check_same(refit, expected)
    shuffled = FRAME.sample(frac=1.0, random_state=1)
    np.testing.assert_allclose(
        refit.predict(shuffled), refit.fittedvalues[shuffled.index], rtol=1e-12
    )


def test_unpenalised_columns_are_kept():
    selected = lasso(penalty_factor={"z": 0, "fuel": 0}, formula="y ~ x + z + C(area) + fuel")
    refit = selected.refit_selected()
    assert refit.feature_names == ["Intercept", "x", "z", "area[T.B]", "fuel[T.petrol]"]
    check_same(refit, rs.glm("y ~ x + z + isB + fuel", FRAME, **OPTIONS).fit())


def test_an_unpenalised_column_that_is_aliased_stays_so():
    refit = lasso("y ~ x + z + I(2 * z)", penalty_factor={"z": 0, "I(2 * z)": 0}).refit_selected()
    assert refit.feature_names == ["Intercept", "x", "z", "I(2 * z)"]
    assert refit.aliased.tolist() == [False, False, False, True]


def test_of_an_array():
    X = np.column_stack([np.ones(N), FRAME[["x", "z", "isB"]], RNG.normal(size=(N, 3))])
    options = {"family": "poisson", "offset": np.log(FRAME["e"]), "weights": FRAME["w"]}
    selected = rs.fit_glm(FRAME["y"], X, **options, **LASSO)
    assert selected.selected_features() == [1, 3]
    refit = selected.refit_selected()
    assert refit.feature_names == ["x0", "x1", "x3"]
    assert type(refit) is type(selected)
    assert refit.family == "Poisson"
    check_same(refit, rs.fit_glm(FRAME["y"], X[:, [0, 1, 3]], **options))
    eta = X[5:9][:, [0, 1, 3]] @ refit.params + 0.25
    np.testing.assert_allclose(rs.predict(refit, X[5:9], offset=0.25), np.exp(eta), rtol=1e-12)
    with pytest.raises(ValueError, match="X has 3 columns, the model 7"):
        rs.predict(refit, X[:, [0, 1, 3]], offset=0.0)


@pytest.mark.parametrize("kind", [pd.DataFrame, np.asarray])
def test_of_an_estimator(kind):
    X = kind(FRAME[["x", "z", "isB"]])
    model = rs.GLMRegressor("poisson", alpha=0.08, l1_ratio=1.0).fit(X, FRAME["y"])
    assert model.coef_[1] == 0
    refit = model.result_.refit_selected()
    alone = rs.GLMRegressor("poisson").fit(kind(FRAME[["x", "isB"]]), FRAME["y"])
    check_same(refit, alone.result_)
    np.testing.assert_allclose(refit.predict(X), refit.fittedvalues, rtol=1e-12)


@pytest.mark.parametrize("kind", [pd.DataFrame, np.asarray])
def test_of_nothing_but_the_intercept(kind):
    X = kind(FRAME[["x", "z"]])
    refit = rs.GLMRegressor("poisson", alpha=10.0, l1_ratio=1.0).fit(X, FRAME["y"]).result_
    refit = refit.refit_selected()
    assert refit.params[0] == pytest.approx(np.log(FRAME["y"].mean()), rel=1e-9)
    if kind is np.asarray:
        np.testing.assert_allclose(refit.predict(X[:3]), [FRAME["y"].mean()] * 3, rtol=1e-9)


def test_bounds_are_dropped_and_it_is_said():
    bounded = rs.glm("y ~ x + z + C(area)", FRAME, **OPTIONS)
    free = bounded.fit()
    assert free.params[2] < 0
    result = bounded.fit(lower_bounds={"z": 0.0}, upper_bounds={"x": 0.25, "area[T.C]": 3.0})
    assert (result.params[1], result.params[2]) == (0.25, 0.0)
    refit = result.refit_selected()
    check_same(refit, rs.glm("y ~ x + C(area)", FRAME, **OPTIONS).fit())
    text = " ".join(refit.summary().split())
    assert "the 5 columns of 6 that the bounds left" in text
    assert "Bounds are dropped; outside them: x." in text


def test_the_summary_says_that_errors_take_the_selection_as_given():
    refit = lasso().refit_selected()
    text = " ".join(refit.summary().split())
    assert "Refit of the 3 columns of 6 that the lasso penalty at alpha = 0.08 left" in text
    assert "too small" in text
    assert "Bounds" not in text
    assert rs.glm("y ~ x", FRAME, **OPTIONS).fit().note == ""


def test_theta_is_estimated_again():
    y = RNG.negative_binomial(2.0, 2.0 / (2.0 + np.exp(0.5 * FRAME["x"]))).astype(float)
    data = FRAME.assign(y=y)
    selected = rs.glm("y ~ x + z", data, family="negbinomial").fit(alpha=0.05, l1_ratio=1.0)
    assert selected.selected_features() == ["x"]
    refit = selected.refit_selected()
    expected = rs.glm("y ~ x", data, family="negbinomial").fit()
    assert refit.theta == pytest.approx(expected.theta, rel=1e-6)
    assert refit.theta_se == pytest.approx(expected.theta_se, rel=1e-4)
    assert refit.theta != selected.theta
    check_same(refit, expected)


def test_a_selected_level_without_claims_is_named():
    data = FRAME.assign(y=np.where(FRAME["area"] == "C", 0.0, FRAME["y"]))
    selected = lasso(data=data)
    assert "area[T.C]" in selected.selected_features()
    assert selected.separated == ()
    with pytest.warns(rs.SeparationWarning, match=r"area=C \(\d+ rows, at the lower end\)"):
        refit = selected.refit_selected()
    assert len(refit.separated) == 1


def test_steps_left_out_merge_neighbours():
    data = FRAME.assign(band=FRAME["age"] // 10)
    data["y"] = RNG.poisson(np.exp(0.8 * (data["band"] > 3) - 0.5)).astype(float)
    formula = "y ~ C(band, coding='backward_difference')"
    selected = rs.glm(formula, data, family="poisson").fit(alpha=0.05, l1_ratio=1.0)
    assert selected.selected_features() == ["band[D.4]"]
    refit = selected.refit_selected()
    check_same(refit, rs.glm("y ~ I(band > 3)", data, family="poisson").fit())
    table = refit.relativities()[1:].set_index("Level")["Relativity"]
    below, above = table["1":"3"], table["4":"7"]
    np.testing.assert_allclose(above.mean() / below.mean(), np.exp(refit.params[1]), rtol=1e-12)
    assert below.nunique() == above.nunique() == 1


def test_of_a_group_lasso():
    selected = rs.glm("y ~ z + C(area) + x", FRAME, **OPTIONS).fit(
        alpha=0.06, l1_ratio=1.0, group="term"
    )
    names = ["area[T.B]", "area[T.C]", "area[T.D]", "x"]
    assert selected.selected_features() == names
    check_same(selected.refit_selected(), rs.glm("y ~ C(area) + x", FRAME, **OPTIONS).fit())


def test_what_it_cannot_do():
    model = rs.glm("y ~ x + z", FRAME, **OPTIONS)
    for options in ({}, {"alpha": 0.1}):
        with pytest.raises(ValueError, match="nothing was selected: only an L1 penalty"):
            model.fit(**options).refit_selected()
    with pytest.raises(ValueError, match=r"prior_coef= .*complement= or offset="):
        model.fit(**LASSO, prior_coef={"x": 0.1}).refit_selected()
    empty = rs.glm("y ~ 0 + x", FRAME, family="gaussian").fit(alpha=100.0, l1_ratio=1.0)
    with pytest.raises(ValueError, match="no column was selected"):
        empty.refit_selected()
