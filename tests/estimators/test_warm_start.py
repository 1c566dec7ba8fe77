"""A second fit starts where the first ended, and ends where it would have without."""

import numpy as np
import pytest

from rustystats import GLMClassifier, GLMRegressor

rng = np.random.default_rng(0)
X = rng.normal(size=(2000, 4))
MU = np.exp(0.3 + X @ [0.4, -0.3, 0.2, 0.0])
COUNTS = rng.poisson(MU * rng.gamma(2.0, 0.5, size=2000)).astype(float)
CLAIMS = COUNTS * rng.gamma(3.0, size=2000)
MODELS = {
    "poisson": ({"family": "poisson"}, COUNTS),
    "ridge": ({"family": "poisson", "alpha": 0.1}, COUNTS),
    "lasso": ({"family": "poisson", "alpha": 0.05, "l1_ratio": 1.0}, COUNTS),
    "bounds": ({"family": "poisson", "lower_bounds": 0.0}, COUNTS),
    "theta": ({"family": "negbinomial"}, COUNTS),
    "power": ({"family": "tweedie", "var_power": "auto", "link": "log"}, CLAIMS),
}


def close(one, other):
    """Whether two fits agree to what tol promises: a small part of a standard error."""
    size = max(np.abs(other.coef_).max(), 0.1)
    assert np.abs(one.coef_ - other.coef_).max() < 1e-5 * size
    assert one.intercept_ == pytest.approx(other.intercept_, abs=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_the_same_fit_again_takes_hardly_a_step(name):
    options, y = MODELS[name]
    cold = GLMRegressor(**options).fit(X, y)
    warm = GLMRegressor(**options, warm_start=True).fit(X, y)
    assert warm.n_iter_ == cold.n_iter_ > 2
    warm.fit(X, y)
    assert warm.n_iter_ <= (2 if name in ("theta", "power") else 1)
    assert warm.converged_
    close(warm, cold)
    for parameter in ("theta_", "var_power_"):
        if hasattr(cold, parameter):
            expected = getattr(cold, parameter)
            assert getattr(warm, parameter) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
def test_another_alpha_ends_where_a_fresh_fit_ends(l1_ratio):
    warm = GLMRegressor("poisson", l1_ratio=l1_ratio, warm_start=True, tol=1e-10)
    for alpha in (0.3, 0.1, 0.03, 0.2):
        warm.set_params(alpha=alpha).fit(X, COUNTS)
        cold = GLMRegressor("poisson", l1_ratio=l1_ratio, alpha=alpha, tol=1e-10).fit(X, COUNTS)
        close(warm, cold)
        np.testing.assert_array_equal(warm.coef_ == 0, cold.coef_ == 0)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"family": "poisson"}, {"family": "gamma", "link": "log"}),
        ({"family": "poisson"}, {"family": "gaussian", "link": "identity"}),
        ({"family": "gaussian", "link": "identity"}, {"family": "poisson", "link": "identity"}),
    ],
)
def test_another_family_or_link_ends_where_a_fresh_fit_ends(first, second):
    x, y = np.abs(X), 1.0 + np.abs(X) @ [1.0, 0.5, 0.2, 0.1] + rng.random(len(X))
    warm = GLMRegressor(**first, warm_start=True).fit(x, y)
    warm.set_params(**{"link": None, **second}).fit(x, y)
    close(warm, GLMRegressor(**second).fit(x, y))


@pytest.mark.parametrize("columns", [[0, 1], [0, 1, 2, 3, 3]])
def test_other_features_start_afresh(columns):
    warm = GLMRegressor("poisson", warm_start=True).fit(X, COUNTS).fit(X[:, columns], COUNTS)
    cold = GLMRegressor("poisson").fit(X[:, columns], COUNTS)
    np.testing.assert_array_equal(warm.coef_, cold.coef_)
    assert warm.n_iter_ == cold.n_iter_


@pytest.mark.parametrize("alpha", [0.0, 0.05])
def test_a_column_that_has_become_aliased_has_a_coefficient_of_0(alpha):
    other = X.copy()
    other[:, 2] = other[:, 1]
    options = {"family": "poisson", "alpha": alpha, "l1_ratio": 0.5, "penalty_factor": [1, 0, 0, 1]}
    if alpha == 0:
        options = {"family": "poisson"}
    warm = GLMRegressor(**options, warm_start=True).fit(X, COUNTS).fit(other, COUNTS)
    assert warm.aliased_ == ["x2"]
    assert warm.coef_[2] == 0.0
    close(warm, GLMRegressor(**options).fit(other, COUNTS))


def test_a_start_worse_than_a_constant_is_left_aside():
    far = 1e3 * X
    warm = GLMRegressor("poisson", warm_start=True).fit(X, COUNTS).fit(far, COUNTS)
    np.testing.assert_array_equal(warm.coef_, GLMRegressor("poisson").fit(far, COUNTS).coef_)


def test_classifier_starts_from_the_same_classes_alone():
    y = np.where(COUNTS > 1, "b", "a")
    warm = GLMClassifier(warm_start=True).fit(X, y)
    first = warm.coef_
    assert warm.fit(X, y).n_iter_ == 1
    np.testing.assert_allclose(warm.coef_, first, rtol=1e-6)
    other = np.where(COUNTS > 1, "b", "c")
    assert warm.fit(X, other).n_iter_ == GLMClassifier().fit(X, other).n_iter_ > 1


def test_without_warm_start_nothing_is_remembered():
    model = GLMRegressor("poisson").fit(X, COUNTS)
    first = model.coef_, model.n_iter_
    model.fit(X, COUNTS)
    np.testing.assert_array_equal(model.coef_, first[0])
    assert model.n_iter_ == first[1]


def test_refused():
    with pytest.raises(ValueError, match="warm_start must be True or False, not 'yes'"):
        GLMRegressor("poisson", warm_start="yes").fit(X, COUNTS)
