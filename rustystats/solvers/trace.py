"""Fits at several penalties, one from the other, whichever way the problem is solved.

The null model's track, and from there `follow`: of a narrow problem those of `descent.py`, of a
wide one those of `working_set.py` or `conjugate.py`. Paths and folds come here.
"""

from rustystats.solvers import conjugate, descent, wide, working_set
from rustystats.solvers.method import CONJUGATE, GRAM, choose


def null_track(problem, tol, max_iter):
    """The fit of the unpenalised columns alone, the others at their targets.

    Parameters
    ----------
    problem : Problem, with a penalty whose alpha does not matter
    tol, max_iter : as in `descent.solve_descent`

    Returns
    -------
    Track
    """
    way = choose(problem, tracing=True) or GRAM
    if way == GRAM:
        return descent.null_track(problem, tol, max_iter)
    return wide.null_track(problem, tol, max_iter)


def follow(track, penalties, tol, max_iter, width=1):
    """The tracks at one penalty after the other.

    Parameters
    ----------
    track, penalties, tol, max_iter, width : as in `descent.follow`
        A wide problem has one lane, whatever the width.

    Returns
    -------
    list of Track
    """
    if not isinstance(track, wide.WideTrack):
        return descent.follow(track, penalties, tol, max_iter, width)
    way = conjugate if choose(track.problem, tracing=True) == CONJUGATE else working_set
    return way.follow(track, penalties, tol, max_iter)
