"""How much each row weighs in a fit: score residuals, leverage, Cook's distance.

With W_i = w_i (dmu/deta)_i^2 / V_i the working weight of row i, its leverage is the element
``h_i = W_i x_i' (X'WX)^-1 x_i`` on the diagonal of the hat matrix. One pass in the space of levels
(`_kernels/quadratic.pyx`), a few vectors of n beside it.
"""

import numpy as np

# Where 1 - h is less, a row alone decides a coefficient; below is rounding (sandwich warns there)
NO_ROW_LEFT = np.sqrt(np.finfo(float).eps)


def score_rows(problem, linear_predictor):
    """Score residual s = w (y - mu) dmu / V and working weight W = w dmu^2 / V of every row.

    Both are 0 in rows of weight 0, whatever their means.
    """
    y, weights = problem.y, problem.weights
    unused = problem.n_obs < len(y)
    if unused:
        used = weights > 0
        y, weights, linear_predictor = y[used], weights[used], linear_predictor[used]
    mu, dmu = problem.link.inverse_with_derivative(linear_predictor)
    slope = dmu / problem.family.variance(mu)
    if weights is not None:
        slope *= weights
    found = (y - mu) * slope, dmu * slope
    if unused:
        found = tuple(_spread(values, used) for values in found)
    return found


def _spread(values, used):
    """Values of the rows used among zeros."""
    out = np.zeros(len(used))
    out[used] = values
    return out


def leverage(design, working_weight, bread):
    """Diagonal of the hat matrix, (n,), with the given inverse information."""
    return np.clip(working_weight * design.quadratic_form(bread), 0.0, 1.0)


def cooks_distance(pearson_residual, leverage, dispersion, rank):
    """``(r / (1 - h))^2 h / (phi rank)``, R's; NaN for a row that decides a coefficient alone."""
    left = 1.0 - leverage
    left[left < NO_ROW_LEFT] = np.nan
    with np.errstate(divide="ignore", invalid="ignore"):  # a perfect fit has no dispersion
        return np.square(pearson_residual / left) * leverage / (dispersion * rank)
