"""Proportions: likelihood and tails by scipy."""

import numpy as np
import pytest
from scipy import stats

from rustystats.families import Binomial, QuasiBinomial

RNG = np.random.default_rng(11)
N = 200
MU = RNG.uniform(0.05, 0.95, N)
TRIALS = RNG.integers(1, 9, N).astype(float)
SUCCESSES = RNG.binomial(TRIALS.astype(int), MU)
WEIGHTS = RNG.uniform(0.5, 2, N)


@pytest.mark.parametrize("family", [Binomial(), QuasiBinomial()])
def test_loglike(family):
    expected = stats.binom.logpmf(SUCCESSES, TRIALS, MU).sum()
    assert family.loglike(SUCCESSES / TRIALS, MU, TRIALS) == pytest.approx(expected, rel=1e-12)
    zero_one = (MU > 0.5).astype(float)
    expected = stats.bernoulli.logpmf(zero_one, MU)
    assert family.loglike(zero_one, MU, np.ones(N)) == pytest.approx(expected.sum(), rel=1e-13)
    # weights that are no trials: no combinatorial term
    assert family.loglike(zero_one, MU, WEIGHTS) == pytest.approx(WEIGHTS @ expected, rel=1e-13)


def test_tails():
    law = stats.binom(TRIALS, MU)
    (below, at), (above, beyond) = Binomial().tails(SUCCESSES / TRIALS, MU, 1.0, TRIALS)
    np.testing.assert_allclose(below, law.cdf(SUCCESSES - 1), rtol=1e-13)
    np.testing.assert_allclose(at, law.cdf(SUCCESSES), rtol=1e-13)
    np.testing.assert_allclose(above, law.sf(SUCCESSES - 1), rtol=1e-13)
    np.testing.assert_allclose(beyond, law.sf(SUCCESSES), rtol=1e-13)


def test_a_quasi_family_is_no_distribution():
    assert QuasiBinomial().likelihood_of == "binomial"
    assert Binomial().likelihood_of is None
    with pytest.raises(ValueError, match=r"quasibinomial is no distribution.*'binomial'"):
        QuasiBinomial().tails(np.ones(1), np.ones(1) / 2, 1.0, np.ones(1))
