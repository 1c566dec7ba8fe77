"""What scikit-learn holds of its own linear models, asked of ours: the same numbers, balance,
weights, invariances, awkward designs, searches.

Where columns are combinations of others, scikit-learn gives the coefficients of least norm and ours
leave the later columns out: coefficients differ, predictions do not.
"""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import (
    ElasticNet,
    GammaRegressor,
    Lasso,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
    TweedieRegressor,
)
from sklearn.metrics import d2_tweedie_score, make_scorer, mean_poisson_deviance
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score

from rustystats import GLMClassifier, GLMRegressor, GLMRegressorCV

N = 200
RNG = np.random.default_rng(7)
X = RNG.normal(size=(N, 4)) * [1.0, 0.5, 2.0, 0.1]
MU = np.exp(0.4 + X @ [0.3, -0.4, 0.1, 1.0])
WEIGHTS = RNG.uniform(0.5, 3.0, N)
COUNTS = RNG.integers(0, 3, N)
Y = {
    "gaussian": MU + RNG.normal(size=N),
    "poisson": RNG.poisson(MU).astype(float),
    "gamma": RNG.gamma(2.0, MU / 2.0),
    "inverse_gaussian": RNG.wald(MU, 4.0),
    "binomial": RNG.binomial(1, MU / (1.0 + MU)).astype(float),
}
TIGHT = {"tol": 1e-14}
SIX = {"rtol": 1e-6, "atol": 1e-7}
NEWTON = {"solver": "newton-cholesky", "tol": 1e-12, "max_iter": 1_000}
POWERS = {0.0: "gaussian", 1.0: "poisson", 1.5: "poisson", 2.0: "gamma", 3.0: "inverse_gaussian"}
over_weights = pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
over_intercept = pytest.mark.parametrize("fit_intercept", [True, False])


def assert_same(ours, theirs, data=X, **tolerance):
    tolerance = tolerance or SIX
    np.testing.assert_allclose(np.ravel(ours.coef_), np.ravel(theirs.coef_), **tolerance)
    np.testing.assert_allclose(np.ravel(ours.intercept_), np.ravel(theirs.intercept_), **tolerance)
    np.testing.assert_allclose(ours.predict(data), theirs.predict(data), **tolerance)


# ---- the same numbers -------------------------------------------------------------------------


@over_weights
@over_intercept
@pytest.mark.parametrize("alpha", [0.0, 0.01, 1.0])
@pytest.mark.parametrize("power", POWERS)
def test_tweedie_regressor_with_log_link(power, alpha, fit_intercept, weights):
    y = Y[POWERS[power]] if power else MU  # the normal law needs no noise here
    common = {"alpha": alpha, "fit_intercept": fit_intercept}
    theirs = TweedieRegressor(power=power, link="log", **NEWTON, **common)
    theirs.fit(X, y, sample_weight=weights)
    ours = GLMRegressor("tweedie", "log", var_power=power, **TIGHT, **common).fit(X, y, weights)
    assert_same(ours, theirs)
    assert ours.score(X, y, weights) == pytest.approx(theirs.score(X, y, weights), rel=1e-6)
    d2 = d2_tweedie_score(y, ours.predict(X), sample_weight=weights, power=power)
    assert ours.score(X, y, weights) == pytest.approx(d2, rel=1e-9)


@pytest.mark.parametrize("power", [0.0, 1.0, 1.5, 2.0])
def test_tweedie_regressor_with_identity_link(power):
    data, y = np.abs(X), 1.0 + np.abs(X) @ [1.0, 2.0, 0.5, 3.0] + RNG.uniform(0, 0.5, N)
    theirs = TweedieRegressor(power=power, link="identity", alpha=0.01, **NEWTON).fit(data, y)
    ours = GLMRegressor("tweedie", "identity", var_power=power, alpha=0.01, **TIGHT).fit(data, y)
    assert_same(ours, theirs, data)


@over_weights
@over_intercept
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("alpha", [0.01, 0.2])
def test_lasso_and_elastic_net(alpha, l1_ratio, fit_intercept, weights):
    kind = Lasso if l1_ratio == 1.0 else ElasticNet
    theirs = kind(alpha=alpha, fit_intercept=fit_intercept, tol=1e-13, max_iter=100_000)
    theirs.set_params(**({} if kind is Lasso else {"l1_ratio": l1_ratio}))
    theirs.fit(X, Y["gaussian"], sample_weight=weights)
    ours = GLMRegressor(alpha=alpha, l1_ratio=l1_ratio, fit_intercept=fit_intercept, tol=1e-12)
    assert_same(ours.fit(X, Y["gaussian"], weights), theirs)
    np.testing.assert_array_equal(ours.coef_ == 0, theirs.coef_ == 0)


@over_weights
@pytest.mark.parametrize("C", [0.05, 1.0, np.inf])
def test_logistic_regression_by_both_estimators(C, weights):
    y, total = Y["binomial"], N if weights is None else weights.sum()
    theirs = LogisticRegression(C=C, **NEWTON).fit(X, y, sample_weight=weights)
    classifier = GLMClassifier(alpha=1 / (C * total), **TIGHT).fit(X, y, weights)
    assert_same(classifier, theirs)
    regressor = GLMRegressor("binomial", alpha=1 / (C * total), **TIGHT).fit(X, y, weights)
    np.testing.assert_allclose(regressor.predict(X), theirs.predict_proba(X)[:, 1], **SIX)
    assert classifier.score(X, y, weights) == theirs.score(X, y, weights)


# ---- balance ----------------------------------------------------------------------------------


@over_weights
@pytest.mark.parametrize("alpha", [0.0, 1.0])
@pytest.mark.parametrize("family", ["gaussian", "poisson", "binomial"])
def test_sums_are_balanced_under_the_canonical_link(family, alpha, weights):
    model = GLMRegressor(family, alpha=alpha, **TIGHT).fit(X, Y[family], weights)
    mean = np.average(Y[family], weights=weights)
    assert np.average(model.predict(X), weights=weights) == pytest.approx(mean, rel=1e-9)
    lasso = GLMRegressor(family, alpha=0.05, l1_ratio=1.0, tol=1e-12).fit(X, Y[family], weights)
    assert np.average(lasso.predict(X), weights=weights) == pytest.approx(mean, rel=1e-8)
    bare = GLMRegressor(family, fit_intercept=False, **TIGHT).fit(X, Y[family], weights)
    assert abs(np.average(bare.predict(X), weights=weights) / mean - 1) > 1e-3


# ---- weights ----------------------------------------------------------------------------------

INPUTS = {
    "float64": lambda x: x,
    "float32": lambda x: x.astype(np.float32),
    "pandas": lambda x: pd.DataFrame(x, columns=list("abcd")),
    "polars": lambda x: pl.DataFrame(x, schema=list("abcd")),
}
PENALTIES = {"none": {}, "ridge": {"alpha": 0.1}, "lasso": {"alpha": 0.05, "l1_ratio": 1.0}}


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.parametrize("family", ["gaussian", "poisson", "gamma", "binomial"])
def test_weights_are_repetitions_and_their_scale_does_not_matter(family, kind, penalty):
    """Weight 2 is the row twice, weight 0 the row left out, no weights are ones."""
    make, y = INPUTS[kind], Y[family]
    data = make(X)

    def fit(data, y, weights=None):
        return GLMRegressor(family, tol=1e-13, **PENALTIES[penalty]).fit(data, y, weights)

    weighted = fit(data, y, COUNTS)
    repeated = fit(make(X.repeat(COUNTS, axis=0)), y.repeat(COUNTS))
    assert_same(weighted, repeated, data, rtol=1e-7, atol=1e-8)
    assert_same(fit(data, y, 1e3 * COUNTS), weighted, data, rtol=1e-7, atol=1e-8)
    assert_same(fit(data, y, np.ones(N)), fit(data, y), data, rtol=1e-9, atol=1e-10)


def test_weights_do_for_a_classifier_what_they_do_for_rows():
    ours = GLMClassifier(alpha=0.1, **TIGHT)
    weighted = ours.fit(X, Y["binomial"], COUNTS).coef_
    repeated = ours.fit(X.repeat(COUNTS, axis=0), Y["binomial"].repeat(COUNTS)).coef_
    np.testing.assert_allclose(weighted, repeated, rtol=1e-8)


def test_weights_reach_the_scores_of_the_folds():
    """The callable that scores held-out rows is handed their weights."""
    seen = []

    def scorer(y, mu, weights):
        seen.append(np.asarray(weights).copy())
        return -mean_poisson_deviance(y, mu, sample_weight=weights)

    folds = list(KFold(3).split(X))
    options = {"alphas": [1.0, 0.1, 0.01], "cv": folds, "l1_ratio": 0.0, "tol": 1e-10}
    ours = GLMRegressorCV("poisson", scoring=scorer, **options).fit(X, Y["poisson"], WEIGHTS)
    assert {tuple(w) for w in seen} == {tuple(WEIGHTS[test]) for _, test in folds}
    expected = [
        [
            -mean_poisson_deviance(
                Y["poisson"][test],
                PoissonRegressor(alpha=alpha, **NEWTON)
                .fit(X[train], Y["poisson"][train], WEIGHTS[train])
                .predict(X[test]),
                sample_weight=WEIGHTS[test],
            )
            for train, test in folds
        ]
        for alpha in ours.alphas_
    ]
    best = np.argmax(np.mean(expected, axis=1))
    assert ours.alpha_ == ours.alphas_[best]


# ---- convergence ------------------------------------------------------------------------------


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("family", ["poisson", "gamma", "binomial"])
def test_too_few_steps_warn_and_enough_do_not(family, penalty):
    short = GLMRegressor(family, max_iter=1, tol=1e-12, **PENALTIES[penalty])
    with pytest.warns(ConvergenceWarning, match="max_iter=1"):
        short.fit(X, Y[family])
    assert not short.converged_
    assert short.n_iter_ == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        full = GLMRegressor(family, tol=1e-12, **PENALTIES[penalty]).fit(X, Y[family])
    assert full.converged_
    assert 1 < full.n_iter_ < 100


# ---- awkward designs --------------------------------------------------------------------------


def test_more_columns_than_rows():
    """Least squares of both go through every point; with a ridge the minimum is one."""
    wide, y = RNG.normal(size=(20, 40)), Y["gaussian"][:20]
    ours, theirs = GLMRegressor().fit(wide, y), LinearRegression().fit(wide, y)
    np.testing.assert_allclose(ours.predict(wide), y, atol=1e-8)
    np.testing.assert_allclose(ours.predict(wide), theirs.predict(wide), atol=1e-8)
    assert len(ours.aliased_) == 40 + 1 - 20
    counts = Y["poisson"][:20]
    for family, peer in (("gaussian", Ridge(alpha=0.1 * 20)), ("poisson", None)):
        peer = peer or PoissonRegressor(alpha=0.1, **NEWTON)
        target = y if family == "gaussian" else counts
        ridge = GLMRegressor(family, alpha=0.1, **TIGHT).fit(wide, target)
        assert_same(ridge, peer.fit(wide, target), wide)


@pytest.mark.parametrize("family", ["gaussian", "poisson", "gamma"])
@pytest.mark.parametrize("how", ["twice", "sum"])
def test_dependent_columns(family, how):
    extra = X if how == "twice" else X @ RNG.normal(size=(4, 2))
    data = np.column_stack([X, extra])
    link = "log" if family == "gamma" else None
    plain = GLMRegressor(family, link, **TIGHT).fit(X, Y[family])
    more = GLMRegressor(family, link, **TIGHT).fit(data, Y[family])
    np.testing.assert_allclose(more.predict(data), plain.predict(X), rtol=1e-8)
    assert more.aliased_ == [f"x{j}" for j in range(4, data.shape[1])]
    ridge = GLMRegressor(family, link, alpha=0.1, **TIGHT).fit(data, Y[family])
    peer = {
        "gaussian": Ridge(alpha=0.1 * N),
        "poisson": PoissonRegressor(alpha=0.1, **NEWTON),
        "gamma": GammaRegressor(alpha=0.1, **NEWTON),
    }[family].fit(data, Y[family])
    assert_same(ridge, peer, data)
    if how == "twice":  # the two share, and each is half of what half the penalty gives to one
        np.testing.assert_allclose(ridge.coef_[:4], ridge.coef_[4:], rtol=1e-8)
        half = GLMRegressor(family, link, alpha=0.05, **TIGHT).fit(X, Y[family])
        np.testing.assert_allclose(2 * ridge.coef_[:4], half.coef_, rtol=1e-7)


@pytest.mark.parametrize("family", ["gaussian", "poisson", "gamma", "binomial"])
def test_rows_stacked_twice_change_nothing(family):
    for penalty in PENALTIES.values():
        model = GLMRegressor(family, tol=1e-13, **penalty)
        once = model.fit(X, Y[family]).coef_
        twice = model.fit(np.vstack([X, X]), np.tile(Y[family], 2)).coef_
        np.testing.assert_allclose(twice, once, rtol=1e-7, atol=1e-9)


# ---- equivariance -----------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["gaussian", "poisson", "gamma"])
@pytest.mark.parametrize("penalty", PENALTIES)
def test_the_order_of_columns_is_the_order_of_coefficients(family, penalty):
    order = [2, 0, 3, 1]
    model = GLMRegressor(family, tol=1e-13, **PENALTIES[penalty])
    first = model.fit(X, Y[family]).coef_
    np.testing.assert_allclose(model.fit(X[:, order], Y[family]).coef_, first[order], rtol=1e-7)


@pytest.mark.parametrize("family", ["gaussian", "poisson", "gamma"])
def test_units_of_columns_and_response(family):
    """Columns scaled by s have coefficients divided by s; means scaled by c, under a log link, an
    intercept moved by log c."""
    scale, y = np.array([10.0, 0.1, 1e3, 1.0]), MU if family == "gaussian" else Y[family]
    model = GLMRegressor(family, "log", **TIGHT)
    first = model.fit(X, y)
    coef, intercept = first.coef_, first.intercept_
    np.testing.assert_allclose(model.fit(X * scale, y).coef_ * scale, coef, rtol=1e-7)
    moved = model.fit(X + 1.0, y)
    np.testing.assert_allclose(moved.coef_, coef, rtol=1e-7)
    assert moved.intercept_ == pytest.approx(intercept - coef.sum(), rel=1e-7)
    dearer = model.fit(X, 7.0 * y)
    np.testing.assert_allclose(dearer.coef_, coef, rtol=1e-7, atol=1e-9)
    assert dearer.intercept_ == pytest.approx(intercept + np.log(7.0), rel=1e-7)


# ---- input ------------------------------------------------------------------------------------


def test_lists_are_arrays():
    expected = GLMRegressor("poisson").fit(X, Y["poisson"], WEIGHTS)
    model = GLMRegressor("poisson").fit(X.tolist(), Y["poisson"].tolist(), WEIGHTS.tolist())
    np.testing.assert_array_equal(model.coef_, expected.coef_)


@pytest.mark.parametrize(
    ("family", "bad"), [("poisson", -1.0), ("gamma", 0.0), ("inverse_gaussian", 0.0)]
)
def test_responses_that_theirs_refuse_are_refused(family, bad):
    y = np.append(Y[family][1:], bad)
    peer = TweedieRegressor(power={"poisson": 1, "gamma": 2, "inverse_gaussian": 3}[family])
    for model in (peer, GLMRegressor(family)):
        with pytest.raises(ValueError, match=r"out of the valid range|outside"):
            model.fit(X, y)


# ---- searches ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "scoring", [None, make_scorer(mean_poisson_deviance, greater_is_better=False)]
)
def test_a_search_over_alpha_finds_what_theirs_finds(scoring):
    grid = {"alpha": [1e-3, 1e-2, 0.1, 1.0, 10.0]}
    folds = KFold(4, shuffle=True, random_state=0)
    ours, theirs = (
        GridSearchCV(model, grid, cv=folds, scoring=scoring).fit(X, Y["poisson"])
        for model in (GLMRegressor("poisson", **TIGHT), PoissonRegressor(**NEWTON))
    )
    assert ours.best_params_ == theirs.best_params_
    for key in ("mean_test_score", "std_test_score"):
        np.testing.assert_allclose(ours.cv_results_[key], theirs.cv_results_[key], **SIX)


@pytest.mark.parametrize("family", ["poisson", "gamma"])
def test_scores_of_folds_are_theirs(family):
    peer = {"poisson": PoissonRegressor, "gamma": GammaRegressor}[family](alpha=0.1, **NEWTON)
    scores = [
        cross_val_score(model, X, Y[family], cv=KFold(5))
        for model in (GLMRegressor(family, alpha=0.1, **TIGHT), peer)
    ]
    np.testing.assert_allclose(*scores, rtol=1e-6)
