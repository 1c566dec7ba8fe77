"""`GLMRegressorCV`: the same numbers as the other faces, and scikit-learn's manners."""

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.linear_model import ElasticNetCV
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, cross_val_score

import rustystats as rs
from rustystats import GLMRegressor, GLMRegressorCV

N = 240
RNG = np.random.default_rng(3)
X = RNG.normal(size=(N, 4))
EXPOSURE = RNG.uniform(0.2, 1.0, N)
WEIGHTS = RNG.uniform(0.5, 2.0, N)
OFFSET = RNG.normal(size=N) / 5
Y = RNG.poisson(EXPOSURE * np.exp(0.5 + X @ [0.5, -0.3, 0.1, 0.0])).astype(float)
ONES_X = np.column_stack([np.ones(N), X])
GROUPS = np.arange(N) // 6
ALPHAS = [0.3, 0.1, 0.03, 0.01]


@pytest.mark.parametrize("selection", ["min", "1se"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.0, [0.3, 0.9]], ids=str)
def test_equals_the_array_face(l1_ratio, selection):
    model = GLMRegressorCV(
        "poisson", l1_ratio=l1_ratio, n_alphas=12, cv=4, selection=selection, random_state=6
    )
    model.fit(X, Y, WEIGHTS, offset=OFFSET, exposure=EXPOSURE)
    other = rs.cv_glm(
        Y,
        ONES_X,
        "poisson",
        l1_ratio=l1_ratio,
        n_alphas=12,
        cv=4,
        random_state=6,
        weights=WEIGHTS,
        offset=OFFSET,
        exposure=EXPOSURE,
    )
    found = model.cv_result_
    np.testing.assert_allclose(found.scores, other.scores, rtol=1e-9)
    np.testing.assert_allclose(model.alphas_, other.alphas, rtol=1e-9)
    chosen = other.best_result if selection == "min" else other.result_1se
    assert model.alpha_ == pytest.approx(chosen.alpha, rel=1e-9)
    assert model.alpha_ == (found.alpha_best if selection == "min" else found.alpha_1se)
    assert model.l1_ratio_ == chosen.l1_ratio
    np.testing.assert_allclose(model.coef_, chosen.params[1:], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(model.intercept_, chosen.params[0], rtol=1e-6)
    assert model.result_.alpha == model.alpha_
    assert model.n_features_in_ == 4
    # predict and score are those of the plain estimator with this penalty
    plain = GLMRegressor("poisson", alpha=model.alpha_, l1_ratio=model.l1_ratio_, tol=1e-10)
    plain.fit(X, Y, WEIGHTS, offset=OFFSET, exposure=EXPOSURE)
    np.testing.assert_allclose(model.predict(X), plain.predict(X), rtol=1e-5)
    arrays = {"sample_weight": WEIGHTS, "offset": OFFSET, "exposure": EXPOSURE}
    assert model.score(X, Y, **arrays) == pytest.approx(plain.score(X, Y, **arrays), rel=1e-5)


def test_equals_scikit_learn():
    y = 1.0 + X @ [0.5, -0.3, 0.1, 0.0] + RNG.normal(size=N)
    folds = list(KFold(4, shuffle=True, random_state=0).split(X))
    theirs = ElasticNetCV(l1_ratio=[0.5, 0.9], alphas=ALPHAS, cv=folds, tol=1e-12).fit(X, y)
    ours = GLMRegressorCV(l1_ratio=[0.5, 0.9], alphas=ALPHAS, cv=folds, tol=1e-10).fit(X, y)
    assert ours.alpha_ == theirs.alpha_
    assert ours.l1_ratio_ == theirs.l1_ratio_
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), atol=1e-6)


def test_parameters_are_those_of_the_plain_estimator():
    ours, plain = GLMRegressorCV().get_params(), GLMRegressor().get_params()
    own = {"alphas", "n_alphas", "alpha_min_ratio", "cv", "scoring", "selection", "random_state"}
    assert set(ours) - set(plain) == own
    assert set(plain) - set(ours) == {"alpha", "warm_start"}
    different = {"tol", "l1_ratio"}
    assert {k: ours[k] for k in set(plain) & set(ours) - different} == {
        k: plain[k] for k in set(plain) & set(ours) - different
    }
    given = {name: object() for name in ours}
    model = GLMRegressorCV(**given)
    assert vars(model) == given
    assert not hasattr(model, "alpha")


def test_options_reach_the_fit():
    options = {
        "penalty_factor": np.array([1.0, 2.0, 0.0, 1.0]),
        "lower_bounds": -0.2,
        "standardize": True,
        "prior_coef": np.array([0.1, 0.0, 0.0, 0.0]),
    }
    model = GLMRegressorCV("poisson", alphas=ALPHAS, cv=3, random_state=0, **options).fit(X, Y)
    other = rs.cv_lasso(Y, ONES_X, "poisson", alphas=ALPHAS, cv=3, random_state=0, **options)
    np.testing.assert_allclose(model.cv_result_.scores, other.scores, rtol=1e-9)
    mae = GLMRegressorCV("poisson", alphas=ALPHAS, cv=3, random_state=0, scoring="mae").fit(X, Y)
    other = rs.cv_lasso(Y, ONES_X, "poisson", alphas=ALPHAS, cv=3, random_state=0, scoring="mae")
    np.testing.assert_allclose(mae.cv_result_.scores, other.scores, rtol=1e-9)
    deviance = GLMRegressorCV("poisson", dispersion="deviance", cv=3, n_alphas=3).fit(X, Y)
    assert deviance.result_.scale() == deviance.result_.scale_deviance()


def test_frame_formula_and_exposure_column():
    data = rs.datasets.make_motor_portfolio(1_500, seed=2)
    terms = "C(Area) + VehPower"
    model = GLMRegressorCV(
        "poisson", formula=terms, exposure="Exposure", n_alphas=8, cv=3, random_state=1
    )
    model.fit(data, data["ClaimNb"])
    expected = rs.glm(f"ClaimNb ~ {terms}", data, "poisson", exposure="Exposure").fit(
        regularization="lasso", n_alphas=8, cv=3, random_state=1, tol=1e-7
    )
    assert model.alpha_ == expected.alpha
    np.testing.assert_allclose(model.result_.params, expected.params, rtol=1e-9)
    np.testing.assert_allclose(model.predict(data), expected.fittedvalues, rtol=1e-9)
    assert model.feature_names_in_.tolist() == ["Area", "VehPower"]
    assert isinstance(model.cv_result_.to_dataframe(), pd.DataFrame)


def test_groups():
    options = {"alphas": ALPHAS, "random_state": 2}
    model = GLMRegressorCV("poisson", cv=3, **options).fit(X, Y, groups=GROUPS)
    other = rs.cv_lasso(Y, ONES_X, "poisson", cv=3, groups=GROUPS, **options)
    np.testing.assert_allclose(model.cv_result_.scores, other.scores, rtol=1e-9)
    splitter = GLMRegressorCV("poisson", alphas=ALPHAS, cv=GroupKFold(3)).fit(X, Y, groups=GROUPS)
    pairs = list(GroupKFold(3).split(X, Y, GROUPS))
    expected = GLMRegressorCV("poisson", alphas=ALPHAS, cv=pairs).fit(X, Y)
    np.testing.assert_array_equal(splitter.cv_result_.scores, expected.cv_result_.scores)
    with pytest.raises(ValueError, match="GroupKFold needs groups="):
        GLMRegressorCV("poisson", cv=GroupKFold(3)).fit(X, Y)
    with pytest.raises(ValueError, match="groups= is not used by KFold"):
        GLMRegressorCV("poisson", cv=KFold(3)).fit(X, Y, groups=GROUPS)
    with pytest.raises(ValueError, match=r"groups='Policy' names a column: pass its values"):
        GLMRegressorCV("poisson").fit(X, Y, groups="Policy")


def test_an_error_keeps_the_former_state():
    model = GLMRegressorCV("poisson", alphas=ALPHAS, cv=3, random_state=0).fit(X, Y)
    before = dict(vars(model))
    for bad in ({"cv": 1}, {"alphas": [0.0]}, {"scoring": "auc"}, {"l1_ratio": 2.0}):
        wrong = clone(model).set_params(**bad)
        wrong.__dict__ |= {k: v for k, v in before.items() if k.endswith("_")}
        state = dict(vars(wrong))
        with pytest.raises(ValueError, match=r"cv must|alphas hold|scoring must|l1_ratio must"):
            wrong.fit(X, Y)
        assert vars(wrong) == state


def test_stored_and_cloned():
    model = GLMRegressorCV("poisson", l1_ratio=[0.5, 1.0], alphas=ALPHAS, cv=3, random_state=0)
    assert clone(model).get_params() == model.get_params()
    model.fit(X, Y, WEIGHTS)
    stored = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(stored.predict(X), model.predict(X))
    np.testing.assert_array_equal(stored.cv_result_.scores, model.cv_result_.scores)
    assert stored.cv_result_.best_result.deviance == model.result_.deviance
    again = clone(stored).fit(X, Y, WEIGHTS)
    np.testing.assert_array_equal(again.coef_, model.coef_)


def test_inside_other_searches():
    model = GLMRegressorCV("poisson", alphas=ALPHAS, cv=3, random_state=0)
    search = GridSearchCV(model, {"l1_ratio": [0.1, 1.0]}, cv=2).fit(X, Y, sample_weight=WEIGHTS)
    assert search.best_estimator_.l1_ratio_ == search.best_params_["l1_ratio"]
    assert np.isfinite(cross_val_score(model, X, Y, cv=2)).all()
    with sklearn.config_context(enable_metadata_routing=True):
        routed = clone(model).set_fit_request(groups=True, sample_weight=False)
        routed.set_score_request(sample_weight=False)
        search = GridSearchCV(routed, {"l1_ratio": [1.0]}, cv=2).fit(X, Y, groups=GROUPS)
    expected = clone(model).fit(X, Y, groups=GROUPS)
    assert search.best_estimator_.alpha_ == expected.alpha_
