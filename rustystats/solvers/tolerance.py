"""What counts as no violation of the conditions for a minimum, column by column.

Violations are measured against those of the model without the penalised columns, ``max_j |s_j| /
size_j`` with size_j the weighted standard deviation of column j times sqrt(sum W): so units of
columns do not matter. Scores smaller than noise and than rounding are no measure.
"""

import numpy as np

from rustystats.solvers.irls import dispersion_unit

SCORE_ROUNDING = 5e-15  # of a mean, relative


def tolerance_at(problem, point, first, spread, beside, tol):
    """Violation of each column that counts as 1, (p,).

    Parameters
    ----------
    problem : Problem
    point : Point
    first : float, an objective that is not rounding: data may be fitted exactly
    spread : (p,) diagonal of X'WX
    beside : (p,) its intercept column, or None without an intercept
    tol : float
    """
    intercept = problem.intercept
    if intercept is not None and beside[intercept] > 0:
        centred = spread - beside**2 / beside[intercept]
        spread = np.where(centred > 1e-10 * spread, centred, spread)
    size = np.sqrt(np.where(spread > 0, spread, 1.0))
    score = np.abs(point.score)
    noise = np.sqrt(dispersion_unit(problem, point, 1, first))
    least = max(noise, _rounding(problem, point) / tol)
    typical = max(np.max(score / size), least)
    return np.minimum(typical * size, max(np.max(score), least * np.min(size)))


def _rounding(problem, point):
    """What rounding of the means makes of scores, in units of `size`; from some of the rows."""
    n_rows = len(problem.y)
    some = problem.take(slice(None, None, max(1, n_rows // 10_000)))
    mu, used = some.means(point.coef), some.prior_weights > 0
    with np.errstate(divide="ignore"):
        level = some.prior_weights[used] @ (mu[used] ** 2 / some.family.variance(mu[used]))
    return SCORE_ROUNDING * np.sqrt(level * n_rows / len(some.y))
