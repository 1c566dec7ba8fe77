"""The deviance of the best constant, against statsmodels."""

import warnings

import numpy as np
import pytest
import statsmodels.api as sm

from rustystats.families import FAMILIES
from rustystats.links import LINKS
from rustystats.solvers.null import null_deviance

SM = sm.families
CASES = {
    ("gaussian", "identity"): SM.Gaussian(),
    ("gaussian", "log"): SM.Gaussian(SM.links.Log()),
    ("poisson", "log"): SM.Poisson(),
    ("poisson", "identity"): SM.Poisson(SM.links.Identity()),
    ("binomial", "logit"): SM.Binomial(),
    ("gamma", "log"): SM.Gamma(SM.links.Log()),
    ("gamma", "identity"): SM.Gamma(SM.links.Identity()),
}


@pytest.mark.parametrize("with_weights", [False, True])
@pytest.mark.parametrize("with_offset", [False, True])
@pytest.mark.parametrize(("family", "link"), CASES)
def test_equals_statsmodels(family, link, with_offset, with_weights):
    rng = np.random.default_rng(3)
    n = 500
    offset = rng.uniform(0, 0.4, n) if with_offset else None
    weights = rng.exponential(size=n) if with_weights else None
    y = {
        "gaussian": rng.normal(2, 0.5, n),
        "poisson": rng.poisson(2, n).astype(float),
        "binomial": rng.binomial(1, 0.3, n).astype(float),
        "gamma": rng.gamma(2, size=n),
    }[family]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = sm.GLM(
            y, np.ones(n), family=CASES[family, link], offset=offset, var_weights=weights
        ).fit(tol=1e-14, maxiter=200)
    ours = null_deviance(y, FAMILIES[family](), LINKS[link](), weights, offset)
    np.testing.assert_allclose(ours, other.deviance, rtol=1e-9)


def test_without_offset_the_constant_is_the_mean():
    y = np.array([0.0, 1.0, 3.0, 0.0])
    weights = np.array([1.0, 2.0, 0.5, 0.0])
    family = FAMILIES["poisson"]()
    expected = family.deviance(y, np.full(4, weights @ y / weights.sum()), weights)
    np.testing.assert_allclose(
        null_deviance(y, family, LINKS["log"](), weights, None), expected, rtol=1e-12
    )
