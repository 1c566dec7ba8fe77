"""The conditions for a minimum (KKT) of a penalised problem: violations, and their measure.

Violations are measured against those of the model without the penalised columns, ``max_j |s_j| /
size_j`` with size_j the weighted standard deviation of column j times sqrt(sum W): so units of
columns do not matter. Cost: nothing beside the pass that made the point.
"""

import numpy as np

from rustystats.solvers.group_quadratic import group_violation
from rustystats.solvers.irls import dispersion_unit
from rustystats.solvers.quadratic import violation

SCORE_ROUNDING = 5e-15  # of a mean, relative


def violations(problem, point, l1=None):
    """How far each column is from its condition, (p,) >= 0; 0 where it is excluded.

    Parameters
    ----------
    problem : Problem, with a penalty
    point : Point under it
    l1 : (p,) weights of the absolute values instead of the problem's, or None
    """
    gap, penalty = problem.from_target(point.coef), problem.penalty
    if penalty.groups is not None:
        score = np.where(problem.movable, point.score, 0.0)
        parts = group_violation(score, gap, penalty.groups, group_weights(problem), penalty.scales)
        return np.where(problem.movable, np.abs(parts), 0.0)
    l1 = problem.l1_weights if l1 is None else l1
    parts = violation(point.score, gap, l1, *problem.bounds(problem.target))
    return np.where(problem.movable, parts, 0.0)


def largest_violation(problem, point, limit):
    """Largest violation in units of the limits, (p,), of the columns."""
    return float(np.max(violations(problem, point) / limit, initial=0.0))


def group_weights(problem):
    """Weight of each group's norm, (number of groups,)."""
    return np.array([problem.l1_weights[group[0]] for group in problem.penalty.groups])


def tolerance_of(problem, point, first, spread, beside, tol):
    """Violation of each column that counts as 1, (p,): see the module.

    Scores smaller than noise (of the first objective, where data are fitted exactly) and than
    rounding are no measure. spread, beside: (p,), the diagonal of X'WX and its intercept column
    (None without).
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
    with np.errstate(all="ignore"):  # means may have run off to 0, 1 or infinity
        level = some.prior_weights[used] @ (mu[used] ** 2 / some.family.variance(mu[used]))
    level = 0.0 if np.isnan(level) else level
    return SCORE_ROUNDING * np.sqrt(level * n_rows / len(some.y))
