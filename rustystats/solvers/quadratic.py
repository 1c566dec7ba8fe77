"""The quadratic model of a penalised problem, minimised exactly.

Near coefficients b0 with score s (half the negative gradient of the smooth part) and metric H the
objective is, up to a constant, over deviations c = b - target between their bounds,

    1/2 (c - c0)' H (c - c0) - s'(c - c0) + sum_j l1_j |c_j|

1. Coordinate descent (`_kernels/descent.pyx`), a few sweeps: which coefficients are 0, at a bound,
   free, and of which sign.
2. The free ones by one Cholesky solve, as if their signs stood still. Where one would change its
   sign or pass a bound, the step ends there and it is held: the objective has fallen all the way,
   and the others are solved for again.
3. The conditions of all held ones (KKT); where one fails, on from 1.

Coordinate descent alone needs thousands of sweeps where columns are correlated; solving alone, a
step for each coefficient that comes or goes. Cost: |free|^3 / 3 for each solve, p for each change
of a coefficient.
"""

import numpy as np
from scipy.linalg import lapack

from rustystats._kernels.descent import descend

SWEEPS = 30  # before each exact solve; coming back costs little
MAX_ROUNDS = 200
PIVOT = 1e-13  # a smaller one, of a unit diagonal, is no pivot
STEADYING = 1e-12  # added to that diagonal then


def minimise_quadratic(hessian, score, gap, l1, lower, upper, movable, tol):
    """The minimum over deviations from the target.

    Parameters
    ----------
    hessian : (p, p)
    score : (p,) at `gap`
    gap : (p,) deviations where the quadratic is known
    l1, lower, upper : (p,) weights and bounds of the deviations
    movable : (p,) bool, the columns that may move
    tol : (p,) violation of the conditions, by column, that counts as none

    Returns
    -------
    (p,) deviations
    """
    diagonal = np.diagonal(hessian)
    movable = movable & (diagonal > 0)
    columns = np.flatnonzero(movable)
    inside = np.where(movable, np.clip(gap, lower, upper), gap)
    score = score - hessian @ (inside - gap)
    gap = inside + 0.0
    if not len(columns):
        return gap
    rest = np.min(tol[columns] / np.sqrt(diagonal[columns]))
    for _ in range(MAX_ROUNDS):
        rests = descend(hessian, l1, lower, upper, columns, 0.1 * rest, SWEEPS, score, gap)
        _settle(hessian, score, gap, l1, lower, upper, movable)
        if rests or not (violation(score, gap, l1, lower, upper) > tol)[columns].any():
            break
    return gap


def violation(score, gap, l1, lower, upper):
    """How far each coefficient is from its condition for a minimum, (p,), >= 0.

    That is the slope of the objective in the directions its bounds leave open, where it falls:
    ``|s_j - l1_j sign(c_j)|`` away from 0, and what is above l1_j of ``|s_j|`` at 0.
    """
    rising = np.where(gap < upper, score - np.where(gap < 0, -l1, l1), 0.0)
    falling = np.where(gap > lower, -score - np.where(gap > 0, -l1, l1), 0.0)
    return np.maximum(np.maximum(rising, falling), 0.0)


def _settle(hessian, score, gap, l1, lower, upper, movable):
    """Solve for the free coefficients, in place, until none leaves its sign or its bounds."""
    free = movable & (gap > lower) & (gap < upper) & ((gap != 0) | (l1 == 0))
    while free.any():
        at = np.flatnonzero(free)
        slope = score[at] - l1[at] * np.sign(gap[at])
        step = _solve(hessian[np.ix_(at, at)], slope)
        if step is None:
            return
        # The end of the orthant: 0 where there is an absolute value, else the bound
        ends = np.where(step > 0, upper[at], lower[at])
        to_zero = (l1[at] > 0) & (gap[at] * step < 0)
        ends = np.where(to_zero, np.where(step > 0, np.minimum(ends, 0), np.maximum(ends, 0)), ends)
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.where(step != 0, (ends - gap[at]) / step, np.inf)
        length = min(1.0, float(np.min(reach)))
        gap[at] += length * step
        score -= hessian[:, at] @ (length * step)
        if length == 1.0:
            return
        blocked = reach <= length
        gap[at[blocked]] = ends[blocked]
        free[at[blocked]] = False


def _solve(hessian, right):
    """Solution of the scaled system, or None where it has no pivot.

    Of a singular system (more free coefficients than rows), that with a little ridge: a way down
    still, on which the coefficients that are too many reach 0.
    """
    scale = 1.0 / np.sqrt(np.diagonal(hessian))
    scaled = hessian * scale * scale[:, None]
    factor, info = lapack.dpotrf(scaled, lower=1)
    if info or np.min(np.diagonal(factor)) ** 2 < PIVOT:
        scaled[np.diag_indices_from(scaled)] += STEADYING
        factor, info = lapack.dpotrf(scaled, lower=1)
        if info:
            return None
    solution, _ = lapack.dpotrs(factor, right * scale, lower=1)
    return solution * scale
