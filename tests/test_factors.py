"""Factors in whole models: their policies, pools and codings beside fits, penalties and folds."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest

import rustystats as rs
from rustystats import GLMRegressor, GLMRegressorCV

N = 2000
RNG = np.random.default_rng(31)
TOWN = RNG.choice(["a", "b", "c", "rare", "seldom"], N, p=[0.4, 0.3, 0.26, 0.02, 0.02])
EXPOSURE = RNG.uniform(0.2, 1, N)
FRAME = pd.DataFrame(
    {
        "y": RNG.poisson(EXPOSURE * np.exp(0.4 * (TOWN == "b") - 0.5 * (TOWN == "c"))),
        "x": RNG.normal(size=N),
        "town": TOWN,
        "gas": RNG.choice(["diesel", "petrol"], N),
        "e": EXPOSURE,
        "w": RNG.integers(1, 4, N).astype(float),
        "power": RNG.integers(4, 10, N),
    }
)
HOLES = FRAME.assign(
    town=FRAME["town"].where(FRAME.index % 9 > 0),
    power=FRAME["power"].where(FRAME.index % 8 > 0),
)
NEW = FRAME.head(6).assign(town=["a", "new", "b", "newer", "c", "a"])


def glm(formula, data=FRAME, **options):
    return rs.glm(formula, data, **({"family": "poisson", "exposure": "e"} | options))


# --- Unseen levels -------------------------------------------------------------------------------


@pytest.mark.parametrize("formula", ["y ~ town + x", "y ~ C(town, 'b')*gas", "y ~ 0 + town:gas"])
def test_unseen_as_the_reference(formula):
    result = glm(formula, handle_unknown="reference").fit()
    base = "b" if "'b'" in formula else "a"
    known = NEW.assign(town=NEW["town"].replace(["new", "newer"], base))
    np.testing.assert_allclose(result.predict(NEW), result.predict(known), rtol=1e-14)
    np.testing.assert_allclose(result.predict(FRAME), result.fittedvalues, rtol=1e-12)


@pytest.mark.parametrize("coding", ["treatment", "sum", "helmert", "polynomial"])
@pytest.mark.parametrize("weights", [None, "w"])
def test_unseen_as_the_mean_of_effects(coding, weights):
    formula = f"y ~ C(town, coding='{coding}') + x"
    result = glm(formula, handle_unknown="mean", weights=weights).fit()
    volume = FRAME["e"] * (1 if weights is None else FRAME["w"])
    shares = volume.groupby(FRAME["town"]).sum() / volume.sum()
    row = NEW.iloc[[1]]
    effects = [np.log(result.predict(row.assign(town=town))[0]) for town in shares.index]
    assert np.log(result.predict(row)[0]) == pytest.approx(shares @ effects, rel=1e-12)


def test_policies_of_a_factor_go_before_those_of_the_model():
    formula = "y ~ C(town, handle_unknown='reference') + gas"
    result = glm(formula).fit()
    assert result.predict(NEW)[1] == result.predict(NEW.assign(town="a"))[1]
    with pytest.raises(ValueError, match="'gas' has 1 level that the model has not seen"):
        result.predict(NEW.assign(gas="steam"))
    strict = glm("y ~ C(town, handle_unknown='error') + gas", handle_unknown="reference").fit()
    strict.predict(FRAME.assign(gas="steam"))
    with pytest.raises(ValueError, match=r"'town' has 2 levels .* in 2 rows: new, newer"):
        strict.predict(NEW)


@pytest.mark.parametrize("name", ["handle_unknown", "handle_missing"])
@pytest.mark.parametrize("face", [lambda **o: glm("y ~ town", **o), GLMRegressor, GLMRegressorCV])
def test_policies_are_checked(name, face):
    with pytest.raises(ValueError, match=rf"{name}='ignore' is not known: it is one of 'error', "):
        face(**{name: "ignore"}).fit(FRAME[["x", "town"]], FRAME["y"])


# --- Missing values ------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [lambda d: d, pl.from_pandas, lambda d: pl.from_pandas(d).lazy()])
def test_missing_values_as_a_level(make):
    formula = "y ~ town*gas + C(power) + x"
    result = glm(formula, make(HOLES), handle_missing="level").fit()
    by_hand = HOLES.assign(
        town=HOLES["town"].fillna("zz"), power=HOLES["power"].fillna(99).astype(int)
    )
    expected = glm(formula, by_hand).fit()
    names = [
        name.replace("zz", "missing").replace("99", "missing") for name in expected.feature_names
    ]
    assert result.feature_names == names
    np.testing.assert_allclose(result.params, expected.params, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(result.predict(make(HOLES)), expected.fittedvalues, rtol=1e-9)
    one = HOLES.iloc[[0]]
    assert one["town"].isna().all()
    assert result.predict(one)[0] == pytest.approx(expected.fittedvalues[0], rel=1e-9)


def test_missing_values_where_nobody_asks():
    with pytest.raises(ValueError, match=r"'town' has 223 missing values.*handle_missing='level'"):
        glm("y ~ town", HOLES)
    with pytest.raises(ValueError, match=r"'power'.*missing"):  # a number, not a factor
        glm("y ~ town + power", HOLES, handle_missing="level")
    result = glm("y ~ town", handle_missing="level", handle_unknown="mean").fit()
    assert result.predict(HOLES)[0] == result.predict(FRAME.assign(town="unheard"))[0]


# --- The estimators ------------------------------------------------------------------------------


@pytest.mark.parametrize("formula", [None, "town + x", "C(town, 'b') + x:gas"])
def test_the_estimator_is_the_same_model(formula):
    X = HOLES[["x", "town", "gas", "e"]]
    options = {"handle_unknown": "mean", "handle_missing": "level"}
    estimator = GLMRegressor("poisson", formula=formula, exposure="e", **options)
    estimator.fit(X, HOLES["y"])
    result = glm(f"y ~ {formula or 'x + town + gas'}", HOLES, **options).fit()
    np.testing.assert_array_equal(estimator.result_.params, result.params)
    new = X.assign(town="new").head(9)
    np.testing.assert_array_equal(estimator.predict(new), result.predict(new))
    strict = GLMRegressor("poisson", formula=formula, exposure="e")
    with pytest.raises(ValueError, match="'town' has 223 missing values"):
        strict.fit(X, HOLES["y"])
    assert not hasattr(strict, "result_")


def test_cross_validation_with_pools_and_missing_values():
    formula = "C(town, min_exposure=60) + gas + x"
    X, y = HOLES[["x", "town", "gas", "e"]], HOLES["y"]
    options = {"handle_missing": "level", "handle_unknown": "reference"}
    estimator = GLMRegressorCV(
        "poisson", formula=formula, exposure="e", cv=3, n_alphas=8, random_state=0, **options
    ).fit(X, y)
    pooled = HOLES.assign(town=HOLES["town"].fillna("zz").replace(["rare", "seldom"], "other"))
    by_hand = GLMRegressorCV(
        "poisson", formula="town + gas + x", exposure="e", cv=3, n_alphas=8, random_state=0
    ).fit(pooled[X.columns], y)
    assert estimator.alpha_ == pytest.approx(by_hand.alpha_, rel=1e-10)
    names = [n.replace("zz", "missing") for n in by_hand.result_.feature_names]
    assert sorted(estimator.result_.feature_names) == sorted(names)
    np.testing.assert_allclose(estimator.predict(X), by_hand.predict(pooled[X.columns]), rtol=1e-5)
    new = X.assign(town="new")
    np.testing.assert_array_equal(estimator.predict(new), estimator.predict(X.assign(town="a")))


def test_folds_of_an_encoding_beside_missing_values():
    # what learns from the response is built anew in each fold, the factor beside it with it
    formula = "y ~ TE(power):C(town, min_exposure=60, coding='sum')"
    result = glm(formula, HOLES.assign(power=FRAME["power"]), handle_missing="level").fit(
        cv=3, regularization="ridge", n_alphas=4, random_state=0
    )
    by_hand = FRAME.assign(
        town=HOLES["town"].fillna("missing").replace(["rare", "seldom"], "other")
    )
    formula = "y ~ TE(power):C(town, levels=['a', 'b', 'c', 'missing', 'other'], coding='sum')"
    expected = glm(formula, by_hand).fit(cv=3, regularization="ridge", n_alphas=4, random_state=0)
    assert result.feature_names == expected.feature_names
    np.testing.assert_allclose(result.params, expected.params, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(
        result.cv_result.scores_mean, expected.cv_result.scores_mean, rtol=1e-12
    )


# --- Pools and codings in a model ----------------------------------------------------------------


def test_the_pool_is_by_exposure_times_weight():
    volume = (FRAME["e"] * FRAME["w"]).groupby(FRAME["town"]).sum()
    between = float(volume[["rare", "seldom"]].mean())
    (kept,) = volume.index[(volume >= between) & volume.index.isin(["rare", "seldom"])]
    result = glm(f"y ~ C(town, min_exposure={between})", weights="w").fit()
    assert result.feature_names[1:] == [
        "town[T.b]",
        "town[T.c]",
        f"town[T.{kept}]",
        "town[T.other]",
    ]
    reference = glm("y ~ C(town, ref='most_exposed')", weights="w").fit()
    assert "town[T.a]" not in reference.feature_names
    heavy = FRAME.assign(w=np.where(TOWN == "c", 50.0, 1.0))
    reference = glm("y ~ C(town, ref='most_exposed')", heavy, weights="w").fit()
    assert reference.feature_names[1:3] == ["town[T.a]", "town[T.b]"]


@pytest.mark.parametrize("options", [{"alpha": 0.01}, {"alpha": 0.01, "l1_ratio": 1.0}])
def test_penalty_of_a_pooled_factor_by_name(options):
    factor = "C(town, min_exposure=60)"
    model = glm(f"y ~ {factor} + gas")
    free = model.fit(penalty_factor={factor: 0}, **options)
    by_hand = FRAME.assign(band=FRAME["town"].replace(["rare", "seldom"], "other"))
    expected = glm("y ~ band + gas", by_hand).fit(penalty_factor={"band": 0}, **options)
    np.testing.assert_allclose(free.params, expected.params, rtol=1e-7, atol=1e-9)


def test_sum_coding_under_ridge_draws_to_the_mean():
    result = glm("y ~ C(town, coding='sum')").fit(alpha=1e4)
    np.testing.assert_allclose(result.params[1:], 0, atol=1e-4)
    assert result.predict(FRAME.head(1), exposure=1.0)[0] == pytest.approx(
        FRAME["y"].sum() / FRAME["e"].sum(), rel=1e-3
    )


def test_group_lasso_of_a_sum_coded_factor():
    model = glm("y ~ C(town, coding='sum') + gas + x")
    strong, weak = (model.fit(alpha=alpha, l1_ratio=1.0, group="term") for alpha in (0.5, 0.001))
    assert not strong.params[1:].any()
    assert weak.params[1:5].all()


def test_separation_names_the_pool_and_missing_values():
    data = HOLES.assign(y=HOLES["y"].where(~HOLES["town"].isin(["rare", "seldom"]), 0))
    data["y"] = data["y"].where(data["town"].notna(), 0)
    model = glm("y ~ C(town, min_exposure=60, handle_missing='level')", data)
    with pytest.warns(rs.SeparationWarning, match="town=missing"):
        result = model.fit()
    found = " ".join(result.separated)
    assert "town=other" in found
    assert "town=missing (223 rows, at the lower end)" in found
    assert "rare" not in found


def test_prior_coefficients_of_another_pool_are_refused():
    wide = glm("y ~ C(town, min_exposure=60)").fit()
    with pytest.raises(ValueError, match=r"other for rare, seldom.* in the fitted model"):
        glm("y ~ C(town)").fit(alpha=0.1, prior_coef=wide)
    glm("y ~ C(town, min_exposure=60) + x").fit(alpha=0.1, prior_coef=wide)


# --- One level -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "label"),
    [
        ("y ~ x + town", "town"),
        ("y ~ x + C(town, coding='sum')", r"C\(town, coding='sum'\)"),
        ("y ~ x + C(town):gas + gas", r"C\(town\)"),
        ("y ~ x + C(town, min_exposure=1e9)", r"C\(town, min_exposure=1000000000.0\)"),
    ],
)
def test_a_factor_of_one_level_has_no_columns_and_a_warning(formula, label):
    data = FRAME if "min" in formula else FRAME.assign(town="a")
    with pytest.warns(
        UserWarning, match=f"{label} has one level, '(a|other)', and gives no col"
    ) as w:
        model = glm(formula, data)
    assert len(w) == 1
    assert w[0].filename == __file__
    assert not any("town" in name for name in model.feature_names)
    expected = glm("y ~ x + gas" if "gas" in formula else "y ~ x").fit()
    np.testing.assert_allclose(model.fit().params, expected.params, rtol=1e-12)


def test_a_factor_of_one_level_coded_in_full_is_a_constant():
    data = FRAME.assign(town="a")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert glm("y ~ 0 + town + x", data).feature_names == ["town[a]", "x"]
        assert glm("y ~ town:x", data).feature_names == ["Intercept", "town[a]:x"]
