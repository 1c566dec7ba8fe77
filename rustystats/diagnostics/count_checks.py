"""Do counts vary more, or have more zeros, than Poisson counts of one rate for all risks?

The score tests of `inference/count_tests.py`, with means mu that have the sum of the counts; their
p-values are one-sided. Before any factor is in the model, differences between risks alone make both
large: they say what factors, or a negative binomial law, have to explain. Its theta is estimated by
moments, sum mu^2 / sum ((y - mu)^2 - y).
"""

import numpy as np
from scipy.stats import norm

from rustystats.diagnostics.exploration_sections import Overdispersion, ZeroInflation
from rustystats.inference.count_tests import dispersion_score, zero_score


def zero_inflation(y, mu):
    """`ZeroInflation` of counts y (n,) with Poisson means mu (n,)."""
    z = zero_score(y, -mu, float(np.sum(mu)))
    observed, expected = int(np.count_nonzero(y == 0)), float(np.sum(np.exp(-mu)))
    return ZeroInflation(
        observed_zeros=observed,
        expected_zeros=expected,
        zero_ratio=observed / expected if expected > 0 else np.nan,
        statistic=z,
        pvalue=float(norm.sf(z)),
    )


def overdispersion(y, mu):
    """`Overdispersion` of counts y (n,) with Poisson means mu (n,), all above 0 or all 0."""
    if not mu.max() > 0 or len(y) < 2:
        return Overdispersion(np.nan, np.nan, np.nan, None)
    score = dispersion_score(y, mu)
    pearson = float(np.sum((y - mu) ** 2 / mu)) / (len(y) - 1)
    theta = 1.0 / score.excess if score.excess > 0 else None
    z = float(score.statistic)
    return Overdispersion(pearson, z, float(norm.sf(z)), theta)
