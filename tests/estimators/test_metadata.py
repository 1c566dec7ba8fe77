"""Weights, offset and exposure in scikit-learn's tools: routed, or by the names of columns.

Every number is held against fits by hand of the same rows.
"""

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.metrics import make_scorer, mean_poisson_deviance
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    RandomizedSearchCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.fixes import parse_version

import rustystats as rs
from rustystats import (
    FrequencyEncoder,
    GLMClassifier,
    GLMRegressor,
    GLMRegressorCV,
    SplineTransformer,
    TargetEncoder,
)

DATA = rs.datasets.make_motor_portfolio(900, seed=6)
DATA["Eta"] = 0.3 * np.sin(np.arange(900))
DATA["W"] = 0.5 + np.arange(900) % 4
X = DATA[["DrivAge", "BonusMalus"]].to_numpy(dtype=float)
Y = DATA["ClaimNb"].to_numpy(dtype=float)
GIVEN = {
    "sample_weight": DATA["W"].to_numpy(),
    "offset": DATA["Eta"].to_numpy(),
    "exposure": DATA["Exposure"].to_numpy(),
}
FOLDS = KFold(3)
SAME = {"rtol": 1e-9}
ALPHAS = [0.001, 0.1, 10.0]


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


def asks(estimator, *names):
    """An estimator that asks for these in fit and score, and for those it can use in predict."""
    wanted = dict.fromkeys(names, True)
    estimator.set_fit_request(**wanted).set_score_request(**wanted)
    of_predict = {name: True for name in names if name != "sample_weight"}
    return estimator.set_predict_request(**of_predict) if of_predict else estimator


def rows(chosen, given=GIVEN):
    return {name: values[chosen] for name, values in given.items()}


def scores_by_hand(model, X, y, given):
    """The score of each fold, with everything given to both fit and score."""
    found = []
    for train, test in FOLDS.split(X):
        fitted = clone(model).fit(X[train], y[train], **rows(train, given))
        found.append(fitted.score(X[test], y[test], **rows(test, given)))
    return np.array(found)


# ---- routed -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names",
    [("exposure",), ("sample_weight",), ("offset",), ("sample_weight", "offset", "exposure")],
    ids="+".join,
)
def test_routed_through_a_pipeline(routing, names):
    given = {name: GIVEN[name] for name in names}
    scaler = StandardScaler().set_fit_request(sample_weight=False)
    pipeline = make_pipeline(scaler, asks(GLMRegressor("poisson"), *names)).fit(X, Y, **given)
    scaled = StandardScaler().fit_transform(X)
    direct = GLMRegressor("poisson").fit(scaled, Y, **given)
    np.testing.assert_allclose(pipeline[-1].coef_, direct.coef_, **SAME)
    assert pipeline.score(X, Y, **given) == pytest.approx(direct.score(scaled, Y, **given))
    shift = {name: values for name, values in given.items() if name != "sample_weight"}
    np.testing.assert_allclose(pipeline.predict(X, **shift), direct.predict(scaled, **shift))
    if shift:
        assert np.ptp(pipeline.predict(X, **shift) / pipeline.predict(X)) > 0.1


def test_routed_through_cross_validation(routing):
    model = asks(GLMRegressor("poisson"), *GIVEN)
    expected = scores_by_hand(model, X, Y, GIVEN)
    found = cross_validate(model, X, Y, params=GIVEN, cv=FOLDS)["test_score"]
    np.testing.assert_allclose(found, expected, **SAME)
    plain = scores_by_hand(model, X, Y, {"exposure": GIVEN["exposure"]})
    assert np.abs(expected - plain).min() > 1e-5


SEARCHES = {
    "grid": lambda model: GridSearchCV(model, {"alpha": ALPHAS}, cv=FOLDS),
    "random": lambda model: RandomizedSearchCV(
        model, {"alpha": ALPHAS}, n_iter=3, cv=FOLDS, random_state=0
    ),
}


@pytest.mark.parametrize("search", SEARCHES)
def test_routed_through_searches(routing, search):
    model = asks(GLMRegressor("poisson"), *GIVEN)
    found = SEARCHES[search](model).fit(X, Y, **GIVEN)
    for params, mean in zip(
        found.cv_results_["params"], found.cv_results_["mean_test_score"], strict=True
    ):
        by_hand = scores_by_hand(clone(model).set_params(**params), X, Y, GIVEN)
        assert mean == pytest.approx(by_hand.mean(), rel=1e-9)
    best = clone(model).set_params(**found.best_params_).fit(X, Y, **GIVEN)
    np.testing.assert_allclose(found.best_estimator_.coef_, best.coef_, **SAME)
    assert found.score(X, Y, **GIVEN) == pytest.approx(best.score(X, Y, **GIVEN))


def test_routed_through_a_halving_search(routing):
    model = asks(GLMRegressor("poisson"), *GIVEN)
    search = HalvingGridSearchCV(
        model, {"alpha": ALPHAS}, cv=FOLDS, factor=3, min_resources=300, random_state=0
    ).fit(X, Y, **GIVEN)
    assert search.n_resources_ == [300, 900]
    # of the last round, on all rows
    last = search.cv_results_["iter"] == 1
    params = search.cv_results_["params"][np.flatnonzero(last)[0]]
    by_hand = []
    for train, test in FOLDS.split(X):
        fitted = clone(model).set_params(**params).fit(X[train], Y[train], **rows(train))
        by_hand.append(fitted.score(X[test], Y[test], **rows(test)))
    found = search.cv_results_["mean_test_score"][last][0]
    best = clone(model).set_params(**search.best_params_).fit(X, Y, **GIVEN)
    np.testing.assert_allclose(search.best_estimator_.coef_, best.coef_, **SAME)
    assert found == pytest.approx(np.mean(by_hand), rel=1e-9)


def test_routed_through_a_column_transformer(routing):
    """Each step has what it asked for: the encoder weights and exposure, the splines weights."""
    encoder = TargetEncoder(seed=1).set_fit_request(sample_weight=True, exposure=True)
    counter = FrequencyEncoder().set_fit_request(sample_weight="exposure")
    splines = SplineTransformer(df=8).set_fit_request(sample_weight=True)
    columns = ColumnTransformer(
        [
            ("target", encoder, ["Region"]),
            ("frequency", counter, ["Area"]),
            ("spline", splines, ["DrivAge"]),
        ]
    )
    model = make_pipeline(columns, asks(GLMRegressor("poisson"), *GIVEN)).fit(DATA, Y, **GIVEN)
    weights, exposure = GIVEN["sample_weight"], GIVEN["exposure"]
    direct = np.column_stack(
        [
            TargetEncoder(seed=1).fit_transform(DATA[["Region"]], Y, weights, exposure),
            FrequencyEncoder().fit_transform(DATA[["Area"]], sample_weight=exposure),
            SplineTransformer(df=8).fit_transform(DATA[["DrivAge"]], sample_weight=weights),
        ]
    )
    peer = GLMRegressor("poisson").fit(direct, Y, **GIVEN)
    np.testing.assert_allclose(model[-1].coef_, peer.coef_, **SAME)
    without = SplineTransformer(df=8).fit_transform(DATA[["DrivAge"]])
    assert np.abs(without - direct[:, 2:]).max() > 1e-3


@pytest.mark.skipif(
    parse_version(sklearn.__version__) < parse_version("1.8"),
    reason="scikit-learn hands nothing to the score of a Pipeline before 1.8",
)
def test_routed_through_a_pipeline_inside_a_search(routing):
    splines = SplineTransformer(df=8).set_fit_request(sample_weight=True)
    model = make_pipeline(splines, asks(GLMRegressor("poisson"), *GIVEN))
    search = GridSearchCV(model, {"glmregressor__alpha": ALPHAS}, cv=FOLDS).fit(X, Y, **GIVEN)
    alpha, by_hand = search.best_params_["glmregressor__alpha"], []
    for train, test in FOLDS.split(X):
        given, asked = rows(train), rows(test)
        learned = SplineTransformer(df=8).fit(X[train], sample_weight=given["sample_weight"])
        fitted = GLMRegressor("poisson", alpha=alpha)
        fitted.fit(learned.transform(X[train]), Y[train], **given)
        by_hand.append(fitted.score(learned.transform(X[test]), Y[test], **asked))
    assert search.best_score_ == pytest.approx(np.mean(by_hand), rel=1e-9)


def test_routed_to_the_classifier(routing):
    y, given = np.minimum(Y, 1), {name: GIVEN[name] for name in ("sample_weight", "offset")}
    model = asks(GLMClassifier(), *given).set_predict_proba_request(offset=True)
    pipeline = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), model)
    pipeline.fit(X, y, **given)
    scaled = StandardScaler().fit_transform(X)
    direct = GLMClassifier().fit(scaled, y, **given)
    offset = given["offset"]
    np.testing.assert_allclose(
        pipeline.predict_proba(X, offset=offset), direct.predict_proba(scaled, offset), **SAME
    )
    found = cross_val_score(model, X, y, params=given, cv=FOLDS)
    np.testing.assert_allclose(found, scores_by_hand(model, X, y, given), **SAME)
    search = GridSearchCV(model, {"alpha": [0.0, 1.0]}, cv=FOLDS).fit(X, y, **given)
    best = clone(model).set_params(**search.best_params_).fit(X, y, **given)
    np.testing.assert_allclose(search.best_estimator_.coef_, best.coef_, **SAME)


def test_routed_to_the_cross_validated_model(routing):
    model = asks(GLMRegressorCV("poisson", alphas=ALPHAS, cv=2, random_state=0), *GIVEN)
    found = cross_val_score(model, X, Y, params=GIVEN, cv=FOLDS)
    np.testing.assert_allclose(found, scores_by_hand(model, X, Y, GIVEN), **SAME)


def test_routed_to_predictions_held_out(routing):
    """`cross_val_predict` hands to predict what it was asked for, where the version does."""
    model = GLMRegressor("poisson").set_fit_request(exposure=True)
    found = cross_val_predict(model, X, Y, params={"exposure": GIVEN["exposure"]}, cv=FOLDS)
    for train, test in FOLDS.split(X):
        direct = GLMRegressor("poisson").fit(X[train], Y[train], exposure=GIVEN["exposure"][train])
        np.testing.assert_allclose(found[test], direct.predict(X[test]), **SAME)


def test_routed_to_another_score(routing):
    """Scorers of scikit-learn see weights, and never an exposure: rates with weights are scored."""
    rate, exposure = Y / GIVEN["exposure"], GIVEN["exposure"]
    scorer = make_scorer(mean_poisson_deviance, greater_is_better=False)
    scorer.set_score_request(sample_weight=True)
    model = GLMRegressor("poisson").set_fit_request(sample_weight=True)
    found = cross_val_score(
        model, X, rate, scoring=scorer, params={"sample_weight": exposure}, cv=FOLDS
    )
    for score, (train, test) in zip(found, FOLDS.split(X), strict=True):
        fitted = GLMRegressor("poisson").fit(X[train], rate[train], exposure[train])
        deviance = mean_poisson_deviance(
            rate[test], fitted.predict(X[test]), sample_weight=exposure[test]
        )
        assert score == pytest.approx(-deviance, rel=1e-9)


def test_what_nobody_asked_for_is_an_error(routing):
    with pytest.raises(UnsetMetadataPassedError, match="exposure"):
        GridSearchCV(GLMRegressor("poisson"), {"alpha": ALPHAS}).fit(
            X, Y, exposure=GIVEN["exposure"]
        )


# ---- by column name, without routing ----------------------------------------------------------


NAMED = {"sample_weight": "W", "offset": "Share", "exposure": "Exposure"}
FRAME = DATA.assign(Share=np.exp(DATA["Eta"]))


@pytest.mark.parametrize(
    "names",
    [("exposure",), ("sample_weight",), ("offset",), ("sample_weight", "offset", "exposure")],
    ids="+".join,
)
def test_named_columns_in_a_search(names):
    terms = "DrivAge + BonusMalus"
    model = GLMRegressor("poisson", formula=terms, **{name: NAMED[name] for name in names})
    search = GridSearchCV(model, {"alpha": ALPHAS}, cv=FOLDS).fit(FRAME, Y)
    given, plain = {name: GIVEN[name] for name in names}, GLMRegressor("poisson")
    for params, mean in zip(
        search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True
    ):
        by_hand = scores_by_hand(clone(plain).set_params(**params), X, Y, given)
        assert mean == pytest.approx(by_hand.mean(), rel=1e-7)
    best = clone(plain).set_params(**search.best_params_).fit(X, Y, **given)
    np.testing.assert_allclose(search.best_estimator_.coef_, best.coef_, rtol=1e-5)
    assert search.score(FRAME, Y) == pytest.approx(best.score(X, Y, **given), rel=1e-7)


def test_named_exposure_with_splines_and_levels():
    model = GLMRegressor("poisson", formula="bs(DrivAge) + C(Area)", exposure="Exposure")
    search = GridSearchCV(model, {"alpha": [0.001, 0.1]}, cv=FOLDS).fit(FRAME, Y)
    for train, test in FOLDS.split(FRAME):
        result = rs.glm(
            "ClaimNb ~ bs(DrivAge) + C(Area)", FRAME.iloc[train], "poisson", exposure="Exposure"
        ).fit(alpha=search.best_params_["alpha"])
        mu, y = result.predict(FRAME.iloc[test]), Y[test]
        exposure = GIVEN["exposure"][test]
        null = mean_poisson_deviance(y, exposure * y.sum() / exposure.sum())
        fold = [np.array_equal(test, other) for _, other in FOLDS.split(FRAME)].index(True)
        found = search.cv_results_[f"split{fold}_test_score"][search.best_index_]
        assert found == pytest.approx(1 - mean_poisson_deviance(y, mu) / null, rel=1e-6)


@pytest.mark.parametrize("tool", ["pipeline", "halving", "cross-validated"])
def test_named_columns_elsewhere(tool):
    model = GLMRegressor("poisson", formula="DrivAge + BonusMalus", alpha=0.01, **NAMED)
    direct = GLMRegressor("poisson", alpha=0.01)
    if tool == "pipeline":
        columns = ColumnTransformer(
            [("scaled", StandardScaler(), ["DrivAge", "BonusMalus"])],
            remainder="passthrough",
            verbose_feature_names_out=False,
        ).set_output(transform="pandas")
        pipeline = make_pipeline(columns, model).fit(FRAME.drop(columns=["Area", "VehBrand"]), Y)
        direct.fit(StandardScaler().fit_transform(X), Y, **GIVEN)
        np.testing.assert_allclose(pipeline[-1].coef_, direct.coef_, rtol=1e-6)
    elif tool == "halving":
        search = HalvingGridSearchCV(
            model, {"alpha": ALPHAS}, cv=FOLDS, min_resources=300, random_state=0
        ).fit(FRAME, Y)
        direct.set_params(**search.best_params_).fit(X, Y, **GIVEN)
        np.testing.assert_allclose(search.best_estimator_.coef_, direct.coef_, rtol=1e-5)
    else:
        params = {"alphas": ALPHAS, "cv": 3, "random_state": 0}
        named = GLMRegressorCV("poisson", formula="DrivAge + BonusMalus", **NAMED, **params)
        named.fit(FRAME, Y)
        # a named offset of a log link is an exposure: scores are by volume
        volume = GIVEN["exposure"] * FRAME["Share"].to_numpy()
        given = GLMRegressorCV("poisson", **params)
        given.fit(X, Y, sample_weight=GIVEN["sample_weight"], exposure=volume)
        assert named.alpha_ == given.alpha_
        np.testing.assert_allclose(named.cv_result_.scores, given.cv_result_.scores, rtol=1e-7)


def test_verbatim_offset_of_a_formula_in_a_search():
    model = GLMRegressor("poisson", formula="DrivAge + BonusMalus + offset(Eta)", alpha=0.01)
    found = cross_val_score(model, FRAME, Y, cv=FOLDS)
    plain = GLMRegressor("poisson", alpha=0.01)
    expected = scores_by_hand(plain, X, Y, {"offset": GIVEN["offset"]})
    np.testing.assert_allclose(found, expected, rtol=1e-7)


# ---- counts with exposure, rates with weights -------------------------------------------------


POWERS = {"poisson": {}, "quasipoisson": {}, "tweedie": {"var_power": 1.5}}


@pytest.mark.parametrize("penalty", ["none", "ridge", "lasso", "elastic net"])
@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
@pytest.mark.parametrize("family", POWERS)
def test_counts_with_exposure_equal_rates_with_weights(family, weighted, penalty):
    """d(y, e mu) = e^(2 - p) d(y / e, mu): the same sum with weights w e^(2 - p), and the penalty
    weighs as much at alpha * sum(w) / sum(w e^(2 - p))."""
    exposure, power = GIVEN["exposure"], POWERS[family].get("var_power", 1.0)
    weights = GIVEN["sample_weight"] if weighted else np.ones(len(Y))
    volume = weights * exposure ** (2 - power)
    alpha = 0.0 if penalty == "none" else 0.002
    l1_ratio = {"none": 0.0, "ridge": 0.0, "lasso": 1.0, "elastic net": 0.5}[penalty]
    options = {"l1_ratio": l1_ratio, "tol": 1e-12, **POWERS[family]}
    scaled = StandardScaler().fit_transform(X)
    counts = GLMRegressor(family, alpha=alpha, **options)
    counts.fit(scaled, Y, sample_weight=weights, exposure=exposure)
    rates = GLMRegressor(family, alpha=alpha * weights.sum() / volume.sum(), **options)
    rates.fit(scaled, Y / exposure, sample_weight=volume)
    np.testing.assert_allclose(rates.coef_, counts.coef_, rtol=1e-8, atol=1e-10)
    assert rates.intercept_ == pytest.approx(counts.intercept_, rel=1e-8)
    np.testing.assert_allclose(rates.predict(scaled), counts.predict(scaled), rtol=1e-8)
    np.testing.assert_allclose(rates.result_.deviance, counts.result_.deviance, rtol=1e-8)
    np.testing.assert_allclose(
        rates.score(scaled, Y / exposure, volume),
        counts.score(scaled, Y, weights, exposure=exposure),
        rtol=1e-7,
    )
    if family == "poisson":
        np.testing.assert_allclose(rates.result_.bse(), counts.result_.bse(), rtol=1e-6)
    assert np.all(counts.coef_ != 0)
    if alpha:
        same_alpha = clone(rates).set_params(alpha=alpha).fit(scaled, Y / exposure, volume)
        assert np.abs(same_alpha.coef_ - counts.coef_).max() > 1e-4


def test_the_equivalence_by_column_names():
    data = pd.DataFrame(X, columns=["a", "b"]).assign(e=GIVEN["exposure"])
    counts = GLMRegressor("poisson", exposure="e", tol=1e-12).fit(data, Y)
    rates = GLMRegressor("poisson", sample_weight="e", tol=1e-12).fit(data, Y / data["e"])
    np.testing.assert_allclose(rates.coef_, counts.coef_, rtol=1e-8)
    assert rates.score(data, Y / data["e"]) == pytest.approx(counts.score(data, Y), rel=1e-8)
