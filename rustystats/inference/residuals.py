"""Residuals made to look normal: Anscombe's, and the randomised quantile residuals.

Anscombe's transform both sides by A, the integral of V^(-1/3), which takes out most of the
skewness: ``sqrt(w) (A(y) - A(mu)) / V(mu)^(1/6)`` (McCullagh & Nelder 1989, section 2.4.2; the
scale is A' = V^(-1/3) times the standard deviation). Quantile residuals are Phi^-1 of a uniform
number between P(Y < y) and P(Y <= y) and exactly standard normal under the model, for counts too
(Dunn & Smyth 1996, Journal of Computational and Graphical Statistics 5:236-244). Cost: a few
special functions a row.
"""

import numpy as np
from scipy.stats import norm

from rustystats.encoding import as_generator

SMALLEST = np.finfo(float).tiny  # probability


def anscombe_residuals(family, y, mu, weights):
    """Anscombe residuals, (n,)."""
    scale = np.sqrt(weights) / family.variance(mu) ** (1 / 6)
    return scale * (family.anscombe(y) - family.anscombe(mu))


def quantile_residuals(family, y, mu, dispersion, weights, random_state):
    """Randomised quantile residuals, (n,); NaN in rows of weight 0.

    Each is computed from the smaller tail, so that far ones are exact as well: up to 37, where
    probabilities underflow and the residuals stay.
    """
    if not dispersion > 0:
        raise ValueError(
            f"a dispersion of {dispersion:g} leaves no distribution: the model fits the responses "
            "exactly, or has as many coefficients as rows"
        )
    out = np.full(len(y), np.nan)
    used = weights > 0
    tails = family.tails(y[used], mu[used], dispersion, weights[used])
    (below, up_to), (from_here, above) = tails
    uniform = as_generator(random_state, "random_state").random(len(below))
    lower = below + uniform * (up_to - below)
    upper = above + (1.0 - uniform) * (from_here - above)
    lower, upper = np.maximum(lower, SMALLEST), np.maximum(upper, SMALLEST)
    out[used] = np.where(lower < 0.5, norm.ppf(lower), norm.isf(upper))
    return out
