"""The deviance of the best constant, against statsmodels."""

import warnings

import numpy as np
import pytest
import statsmodels.api as sm

from rustystats.families import Poisson
from rustystats.links import Identity
from rustystats.solvers.null import null_model


@pytest.mark.parametrize("with_weights", [False, True])
@pytest.mark.parametrize("with_offset", [False, True])
def test_equals_statsmodels(pair, with_offset, with_weights):
    rng = np.random.default_rng(3)
    n = 500
    offset = pair.unit * rng.uniform(0, 0.4, n) if with_offset else None
    weights = rng.exponential(size=n) if with_weights else None
    y = pair.draw(rng, np.full(n, 0.5))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = sm.GLM(y, np.ones(n), family=pair.statsmodels(), offset=offset, var_weights=weights)
        other = model.fit([0.9 * pair.centre], tol=1e-14, maxiter=200)
    ours = null_model(y, pair.family, pair.link, weights, offset)[0]
    np.testing.assert_allclose(ours, other.deviance, rtol=1e-9)


def test_without_offset_the_constant_is_the_mean(pair):
    rng = np.random.default_rng(0)
    y, weights = pair.draw(rng, rng.uniform(0.3, 0.7, 50)), rng.integers(0, 3, 50).astype(float)
    expected = pair.family.deviance(y, np.full(50, weights @ y / weights.sum()), weights)
    ours = null_model(y, pair.family, pair.link, weights, None)[0]
    np.testing.assert_allclose(ours, expected, rtol=1e-12)


@pytest.mark.parametrize("link", ["log", "identity", "sqrt", "power"])
@pytest.mark.parametrize("family", ["poisson", "tweedie", "negbinomial"])
def test_without_any_claim(pairs, family, link):
    pair = pairs[family, link]
    assert null_model(np.zeros(5), pair.family, pair.link, None, None)[0] < 1e-2


def test_without_an_intercept_means_that_are_none_have_no_deviance():
    y, family = np.array([0.0, 1.0, 3.0]), Poisson()
    assert np.isnan(null_model(y, family, Identity(), None, None, intercept=False)[0])  # means 0
    offset = np.array([1.0, 2.0, -1.0])
    assert np.isnan(null_model(y, family, Identity(), None, offset, intercept=False)[0])
    weights = np.array([1.0, 1.0, 0.0])
    deviance = null_model(y, family, Identity(), weights, offset, intercept=False)[0]
    np.testing.assert_allclose(deviance, 2.0 + 2.0 * (np.log(0.5) + 1.0))
