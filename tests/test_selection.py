"""Paths and cross-validation of arrays."""

import numpy as np
import pytest
from sklearn.linear_model import LassoCV
from sklearn.model_selection import GroupKFold, KFold, TimeSeriesSplit

import rustystats as rs

N = 250
RNG = np.random.default_rng(12)
X = np.column_stack([np.ones(N), RNG.normal(size=(N, 5))])
MU = np.exp(X @ [0.3, 0.5, -0.3, 0.1, 0.0, 0.0])
Y = RNG.poisson(MU).astype(float)
WEIGHTS = RNG.uniform(0.5, 2.0, N)
OFFSET = RNG.normal(size=N) / 5


def test_cv_lasso_equals_scikit_learn():
    y = X @ [1.0, 0.5, -0.3, 0.1, 0.0, 0.0] + RNG.normal(size=N)
    folds = list(KFold(4, shuffle=True, random_state=0).split(X))
    theirs = LassoCV(alphas=[0.5, 0.2, 0.1, 0.05, 0.01], cv=folds, tol=1e-12)
    theirs.fit(X[:, 1:], y, WEIGHTS)
    ours = rs.cv_lasso(y, X, alphas=theirs.alphas_, cv=folds, weights=WEIGHTS, tol=1e-10)
    np.testing.assert_allclose(-ours.scores, theirs.mse_path_, rtol=1e-6)
    np.testing.assert_allclose(ours.best_result.params[1:], theirs.coef_, atol=1e-6)


def test_alphas_are_those_of_the_path():
    path = rs.lasso_path(Y, X, "poisson", n_alphas=50, offset=OFFSET, weights=WEIGHTS)
    found = rs.cv_glm(Y, X, "poisson", offset=OFFSET, weights=WEIGHTS, random_state=0)
    assert len(found.alphas) == 50
    np.testing.assert_array_equal(found.alphas, path.alphas)
    np.testing.assert_array_equal(found.path.coefficients, path.coefficients)
    assert found.alphas[-1] == pytest.approx(1e-4 * found.alphas[0])
    few = rs.cv_glm(Y, X, "poisson", n_alphas=7, alpha_min_ratio=0.01, random_state=0)
    assert len(few.alphas) == 7
    assert few.alphas[-1] == pytest.approx(0.01 * few.alphas[0])
    given = rs.cv_glm(Y, X, "poisson", alphas=[0.01, 0.2, 0.05], random_state=0)
    assert given.alphas.tolist() == [0.2, 0.05, 0.01]


@pytest.mark.parametrize(
    ("function", "l1_ratio", "kind"),
    [
        (rs.cv_glm, 1.0, "lasso"),
        (rs.cv_lasso, 1.0, "lasso"),
        (rs.cv_ridge, 0.0, "ridge"),
        (rs.cv_elasticnet, 0.5, "elasticnet"),
    ],
)
def test_kinds(function, l1_ratio, kind):
    found = function(Y, X, "poisson", n_alphas=10, cv=3, random_state=0)
    assert found.l1_ratio == l1_ratio
    assert found.best_result.penalty_type == found.result_1se.penalty_type == kind
    assert found.alpha_1se >= found.alpha_best > 0
    same = rs.cv_glm(Y, X, "poisson", n_alphas=10, cv=3, random_state=0, l1_ratio=l1_ratio)
    np.testing.assert_array_equal(found.scores, same.scores)
    with pytest.raises(ValueError, match="alphas hold 0"):
        function(Y, X, "poisson", alphas=[0.1, 0.0])


def test_order_of_the_first_arguments():
    found = rs.cv_glm(Y, X, "poisson", "log", None, 6, 0.5, 3, 100, 1e-7, "mse", 1)
    assert (len(found.alphas), found.l1_ratio, found.n_folds) == (6, 0.5, 3)
    assert found.scoring == "mse"
    same = rs.cv_glm(Y, X, "poisson", n_alphas=6, l1_ratio=0.5, cv=3, scoring="mse", random_state=1)
    np.testing.assert_array_equal(found.scores, same.scores)


def test_random_state_decides_the_folds():
    one, again, other = (
        rs.cv_lasso(Y, X, "poisson", n_alphas=5, cv=3, random_state=seed).scores
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert not np.allclose(one[-1], other[-1], rtol=1e-3)


@pytest.mark.parametrize(
    ("splitter", "groups"),
    [(GroupKFold(3), np.arange(N) // 7), (TimeSeriesSplit(3), None)],
    ids=["groups", "time"],
)
def test_splitters_are_their_pairs(splitter, groups):
    pairs = list(splitter.split(X, Y, groups))
    by_splitter = rs.cv_lasso(Y, X, "poisson", n_alphas=5, cv=splitter, groups=groups)
    by_pairs = rs.cv_lasso(Y, X, "poisson", n_alphas=5, cv=pairs)
    np.testing.assert_array_equal(by_splitter.scores, by_pairs.scores)
    np.testing.assert_array_equal(by_splitter.units, [len(test) for _, test in pairs])


def test_groups_are_never_parted():
    """Rows that come four times each tell the rows held out their responses, unless grouped."""
    copies = np.tile(np.arange(40), 4)
    X, y = RNG.normal(size=(40, 30)), RNG.normal(size=40)
    X = np.column_stack([np.ones(160), X[copies]])
    parted = rs.cv_lasso(y[copies], X, random_state=0)
    together = rs.cv_lasso(y[copies], X, random_state=0, groups=copies)
    assert parted.score_best > -0.6 * np.var(y)
    assert together.score_best < -0.8 * np.var(y)


def test_feature_names():
    names = ["one", *"abcde"]
    found = rs.cv_lasso(Y, X, "poisson", n_alphas=5, cv=3, feature_names=names)
    assert found.best_result.feature_names == found.path.feature_names == names


def test_bad_numbers_are_named():
    X_bad = X.copy()
    X_bad[3, 2] = np.nan
    with pytest.raises(ValueError, match="NaN or infinity: 1 values, 1 of them in column 2"):
        rs.cv_lasso(Y, X_bad, "poisson")
