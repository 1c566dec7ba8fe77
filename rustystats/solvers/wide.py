"""What solvers without a Gram of all columns share: where they start, and when they are done.

The null model, of the unpenalised columns alone, is a narrow problem of its own
(`Problem.restrict`). Scores of all columns are one pass; so are the diagonal of X'WX and its
intercept column, which is all that tolerances need.
"""

from dataclasses import dataclass, replace

import numpy as np

from rustystats.solvers.conditions import tolerance_of
from rustystats.solvers.descent import Track, descend_to, first_point
from rustystats.solvers.normal_equations import NormalEquations


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


def null_track(problem, tol, max_iter):
    """The fit of the unpenalised columns alone, the others at their targets.

    Returns
    -------
    WideTrack
    """
    problem = problem.at(0.0)
    coef = problem.resting
    held = (problem.penalty.factors > 0) | ~problem.movable
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


def tolerance_at(problem, point, first, tol):
    """Violation of each column that counts as 1, (p,): see `conditions.py`."""
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
