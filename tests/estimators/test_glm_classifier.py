import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import rustystats as rs
from rustystats import GLMClassifier

N = 800
RNG = np.random.default_rng(31)
X = RNG.normal(size=(N, 3))
ETA = X @ [0.8, -0.5, 0.0] - 0.3
Y = np.where(RNG.random(N) < 1 / (1 + np.exp(-ETA)), "yes", "no")
WEIGHTS = RNG.uniform(0.5, 2.0, N)
FRAME = pd.DataFrame(X, columns=["a", "b", "c"]).assign(g=RNG.choice(["u", "v"], N))


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("C", [0.1, 10.0])
def test_it_is_logistic_regression(weights, C):
    total = N if weights is None else weights.sum()
    ours = GLMClassifier(alpha=1 / (C * total), tol=1e-14).fit(X, Y, weights)
    theirs = LogisticRegression(C=C, tol=1e-10, max_iter=1000).fit(X, Y, weights)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-6)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-6)
    np.testing.assert_allclose(
        ours.decision_function(X), theirs.decision_function(X), rtol=1e-5, atol=1e-6
    )
    np.testing.assert_allclose(
        ours.predict_log_proba(X), theirs.predict_log_proba(X), rtol=1e-5, atol=1e-6
    )
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    assert ours.score(X, Y) == theirs.score(X, Y)


def test_it_is_the_binomial_model():
    model = GLMClassifier("probit", formula="a + C(g)").fit(FRAME, Y)
    data = FRAME.assign(y=(Y == "yes").astype(float))
    result = rs.glm("y ~ a + C(g)", data, family="binomial", link="probit").fit()
    np.testing.assert_allclose(model.coef_[0], result.params[1:], rtol=1e-12)
    np.testing.assert_allclose(model.result_.bse(), result.bse(), rtol=1e-12)
    np.testing.assert_allclose(model.predict_proba(FRAME)[:, 1], result.fittedvalues, rtol=1e-12)
    polars = GLMClassifier("probit", formula="a + C(g)").fit(pl.from_pandas(FRAME), Y)
    np.testing.assert_allclose(polars.coef_, model.coef_, rtol=1e-12)


def test_offset_and_searches():
    offset = RNG.normal(size=N)
    model = GLMClassifier().fit(X, Y, offset=offset)
    mu = model.predict_proba(X, offset=offset)[:, 1]
    assert mu.sum() == pytest.approx((Y == "yes").sum(), rel=1e-8)
    pipe = make_pipeline(StandardScaler(), GLMClassifier())
    search = GridSearchCV(pipe, {"glmclassifier__alpha": [0.001, 0.1]}, cv=3, scoring="roc_auc")
    assert search.fit(X, Y).best_score_ > 0.6
    assert cross_val_score(GLMClassifier(), FRAME, Y, cv=3).mean() > 0.6


def test_copies():
    model = GLMClassifier(alpha=0.1).fit(X, Y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    assert clone(model).get_params() == model.get_params()


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.arange(N) % 3, "Only binary classification is supported"),
        (np.ones(N, dtype=int), "y has one class alone, 1: there"),
        (X[:, 0], "Unknown label type"),
    ],
)
def test_what_are_no_two_classes(y, message):
    model = GLMClassifier().fit(X, Y)
    before = dict(vars(model))
    with pytest.raises(ValueError, match=message):
        model.fit(X, y)
    assert vars(model) == before


def test_columns_named_in_the_constructor():
    offset = RNG.normal(size=N)
    data = FRAME.assign(o=offset, w=WEIGHTS)
    model = GLMClassifier(offset="o", sample_weight="w").fit(data, Y)
    direct = GLMClassifier().fit(FRAME, Y, WEIGHTS, offset)
    np.testing.assert_allclose(model.coef_, direct.coef_, rtol=1e-12)
    assert model.feature_names_in_.tolist() == ["a", "b", "c", "g"]
    fewer = data.drop(columns="w")
    expected = direct.predict_proba(FRAME, offset)
    np.testing.assert_allclose(model.predict_proba(fewer), expected, rtol=1e-12)
    right = model.predict(fewer) == Y
    assert model.score(data, Y) == pytest.approx(np.average(right, weights=WEIGHTS), rel=1e-12)
    assert model.score(fewer, Y, sample_weight=1.0) == right.mean()
    assert model.score(data, Y) == pytest.approx(direct.score(FRAME, Y, WEIGHTS, offset))
    with pytest.raises(ValueError, match="weights from 'w', which the data lack"):
        model.score(fewer, Y)
    with pytest.raises(ValueError, match="fitted with an offset array: pass offset= to score"):
        direct.score(FRAME, Y)
    with pytest.raises(ValueError, match="sample_weight is given twice"):
        model.fit(data, Y, WEIGHTS)
    scores = cross_val_score(model, data, Y, cv=3)
    assert np.isfinite(scores).all()


def test_score_checks_its_labels():
    model = GLMClassifier().fit(X, Y)
    with pytest.raises(ValueError, match="y has 799 rows, X has 800"):
        model.score(X, Y[1:])
