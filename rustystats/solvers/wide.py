"""What solvers without a Gram of all columns share: where they start, and when they are done.

The null model, of the unpenalised columns alone, is a narrow problem of its own
(`Problem.restrict`). Scores of all columns are one pass; so are the diagonal of X'WX and its
intercept column, which is all that tolerances need.
"""

from dataclasses import dataclass, replace

import numpy as np

from rustystats.solvers.descent import Track, bounds, descend_to, first_point, tolerance_of
from rustystats.solvers.irls import dispersion_unit
from rustystats.solvers.normal_equations import NormalEquations
from rustystats.threads import single_threaded_blas


@dataclass(frozen=True, eq=False)
class WideTrack(Track):
    """A `Track` without metric.

    Parameters
    ----------
    columns : the working set, an index array, or None
    inner : Track of the problem of these columns, or None
    """

    columns: np.ndarray | None = None
    inner: Track | None = None


def resting(problem):
    """Where penalised coefficients are while nothing moves them: targets inside bounds, (p,)."""
    target, zeros = problem.penalty.target, np.zeros(problem.design.shape[1])
    return np.clip(zeros if target is None else target, *bounds(problem, zeros))


def null_track(problem, tol, max_iter):
    """The fit of the unpenalised columns alone, the others at their targets.

    Returns
    -------
    WideTrack
    """
    problem = replace(problem, penalty=problem.penalty.at(0.0))
    coef, penalised = resting(problem), problem.penalty.factors > 0
    held = penalised if problem.excluded is None else penalised | problem.excluded
    n_passes, n_grams, first = 0, 0, None
    if not held.all():
        free = np.flatnonzero(~held)
        part = problem.restrict(free, coef)
        start = first_point(part)
        aliased = NormalEquations(start.gram).aliased  # out of everything
        problem, part = problem.without(_spread(free[aliased], len(coef))), part.without(aliased)
        first, gram = start.objective, start.gram
        track = Track(part, replace(start, gram=None), gram, None, first, np.inf, 0, 0, 0, "")
        n_passes = n_grams = 1
        for _ in range(2):  # the first time in units of scores that are not yet those of the model
            coef[free] = track.point.coef
            tolerance = tolerance_at(problem, problem.evaluate(coef, False), first, tol)
            track = replace(track, tolerance=tolerance[free])
            track = descend_to(track, part.penalty, tol, max_iter)
            n_passes, n_grams = n_passes + track.n_passes + 1, n_grams + track.n_grams
        coef[free] = track.point.coef
    point = problem.evaluate(coef, with_gram=False)
    if point.score is None:
        raise ValueError("the fit has no valid starting point: check offset and prior_coef")
    first = point.objective if first is None else first
    tolerance = tolerance_at(problem, point, first, tol)
    if (np.abs(point.score) <= tol * tolerance).all():  # rounding: no column has anything to say
        point = replace(point, score=np.zeros_like(point.score))
    return WideTrack(
        problem, point, None, tolerance, first, np.inf, 0, n_passes + 1, n_grams, "not started"
    )


def free_part(problem, fit):
    """What neither the penalty nor a bound holds, as `descent.free_part`, as a problem of its own.

    Returns
    -------
    (Problem, Fit, columns) : of these columns alone, an index; None as there
    """
    penalty = problem.penalty
    lower, upper = bounds(problem, np.zeros_like(fit.coef))
    held = (penalty.l1() > 0) | (penalty.ridge() > 0) | (fit.coef <= lower) | (fit.coef >= upper)
    columns = np.flatnonzero(~(held | fit.aliased))
    slopes = columns[columns != problem.intercept]
    if not len(columns) or not (len(slopes) or problem.y.min() == problem.y.max()):
        return None
    part = replace(problem.restrict(columns, fit.coef), penalty=None)
    with single_threaded_blas():
        point = part.evaluate(fit.coef[columns], with_gram=True)
    narrow = replace(
        fit,
        coef=point.coef,
        aliased=np.zeros(len(columns), dtype=bool),
        gram=point.gram,
        score=point.score,
        unit=dispersion_unit(part, point, fit.rank, point.objective),
    )
    return part, narrow, columns


def tolerance_at(problem, point, first, tol):
    """Violation of each column that counts as 1, (p,): see `descent.py`."""
    design, intercept = problem.design, problem.intercept
    weight = problem.working_weights(point.coef)
    diagonal, beside = design.gram_diagonal(weight), None
    if intercept is not None:  # a constant, whatever its value: X'W 1 times that
        constant = np.sqrt(diagonal[intercept] / weight.sum())
        beside = constant * design.transpose_matvec(weight)
        beside[intercept] = diagonal[intercept]
    return tolerance_of(problem, point, first, diagonal, beside, tol)


def _spread(columns, p):
    mask = np.zeros(p, dtype=bool)
    mask[columns] = True
    return mask
