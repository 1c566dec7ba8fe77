"""Do counts vary more, or have more zeros, than Poisson counts with given means?

Scores of a Poisson model with mean mu_i, of which one factor (the overall rate) was estimated from
the same rows, so that sum mu = sum y:

    zeros        z = sum (1[y = 0] / p - 1) / sqrt(sum (1 / p - 1) - sum mu),   p = exp(-mu)
                 against a share of extra zeros (van den Broek 1995, Biometrics 51:738-743)
    variance     z = sum ((y - mu)^2 - y) / sqrt(2 sum mu^2)
                 against a variance of mu + mu^2 / theta (Dean & Lawless 1989, JASA 84:467-472)

Both are standard normal where the model holds; p-values are one-sided. Before any factor is in the
model, differences between risks alone make both large: they say what factors, or a negative
binomial law, have to explain. theta is estimated by moments, sum mu^2 / sum ((y - mu)^2 - y).
"""

import numpy as np
from scipy.stats import norm

from rustystats.diagnostics.exploration_sections import Overdispersion, ZeroInflation


def zero_inflation(y, mu):
    """`ZeroInflation` of counts y (n,) with Poisson means mu (n,)."""
    p, others = np.exp(-mu), np.flatnonzero(y)
    expected, observed = float(np.sum(p)), len(y) - len(others)
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = 1.0 / p - 1.0
        whole = float(np.sum(odds))
        score = whole - float(np.sum(odds[others])) - len(others)
        information = whole - float(np.sum(mu))
        z = score / np.sqrt(information) if information > 0 else np.nan
    return ZeroInflation(
        observed_zeros=observed,
        expected_zeros=expected,
        zero_ratio=observed / expected if expected > 0 else np.nan,
        statistic=float(z),
        pvalue=float(norm.sf(z)),
    )


def overdispersion(y, mu):
    """`Overdispersion` of counts y (n,) with Poisson means mu (n,), all above 0 or all 0."""
    squares = (y - mu) ** 2
    excess, square_mu = float(np.sum(squares) - np.sum(y)), float(mu @ mu)
    z = pearson = np.nan
    if square_mu > 0 and len(y) > 1:
        z = excess / np.sqrt(2.0 * square_mu)
        pearson = float(np.sum(squares / mu)) / (len(y) - 1)
    return Overdispersion(
        dispersion=pearson,
        statistic=float(z),
        pvalue=float(norm.sf(z)),
        theta_estimate=square_mu / excess if excess > 0 else None,
    )
