"""What neither a penalty nor a bound holds, where the likelihood alone decides.

It is what separation and near-aliasing are looked for in, of a fit that has no Gram: one pass over
the rows with Gram makes it, of all columns, or of the free ones where all would be too many.
"""

from dataclasses import replace

import numpy as np

from rustystats.solvers.irls import dispersion_unit
from rustystats.solvers.method import GRAM
from rustystats.threads import single_threaded_blas


def free_part(problem, fit):
    """The free columns of a fit as a problem without penalty.

    Parameters
    ----------
    problem : Problem, with a penalty
    fit : Fit of it, without Gram

    Returns
    -------
    (Problem, Fit, columns) : the fit has a Gram; `columns` (an index) says which of the problem's
        own columns it has. Those that are held count as aliased, or are none of them (after a fit
        without a Gram of all columns). None where nothing is free but the intercept, and the
        response varies.
    """
    penalty, (lower, upper) = problem.penalty, problem.bounds()
    held = (penalty.l1() > 0) | (penalty.ridge() > 0) | (fit.coef <= lower) | (fit.coef >= upper)
    held |= ~problem.movable
    slopes = np.delete(~held, [] if problem.intercept is None else problem.intercept)
    if held.all() or (not slopes.any() and problem.y.min() < problem.y.max()):
        return None
    if fit.method == GRAM:
        columns, part = np.arange(len(held)), problem.without(held)
    else:
        columns = np.flatnonzero(~held)
        part = problem.restrict(columns, fit.coef)
    part, aliased = replace(part, penalty=None), (held | fit.aliased)[columns]
    with single_threaded_blas():
        point = part.evaluate(fit.coef[columns], with_gram=True)
    free = replace(
        fit,
        coef=point.coef,
        aliased=aliased,
        gram=point.gram,
        score=point.score,
        unit=dispersion_unit(part, point, fit.rank, point.objective),
    )
    return part, free, columns
