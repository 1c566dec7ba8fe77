"""Fits at several penalties, one from the other, whichever way the problem is solved.

The null model's track, and from there `follow`: of a narrow problem those of `descent.py`, of a
wide one those of `working_set.py` or `conjugate.py`. Paths and folds come here.

Where alpha is 0 at last and no bounds are left, nothing decides between columns that are
combinations of each other: those that `irls.py` would leave out leave the problem.
"""

from dataclasses import replace

from rustystats.solvers import conjugate, descent, wide, working_set
from rustystats.solvers.method import CONJUGATE, GRAM, choose
from rustystats.solvers.normal_equations import NormalEquations


def null_track(problem, tol, max_iter):
    """The track of the unpenalised columns alone, the others at their targets."""
    way = choose(problem, tracing=True) or GRAM
    if way == GRAM:
        return descent.null_track(problem, tol, max_iter)
    return wide.null_track(problem, tol, max_iter)


def follow(track, penalties, tol, max_iter, width=1):
    """The tracks at one penalty after the other; arguments as in `descent.follow`.

    A wide problem has one lane, whatever the width.
    """
    if isinstance(track, wide.WideTrack):
        way = conjugate if choose(track.problem, tracing=True) == CONJUGATE else working_set
        return way.follow(track, penalties, tol, max_iter)
    holding = [penalty for penalty in penalties if penalty.alpha > 0 or penalty.lower is not None]
    tracks = descent.follow(track, holding, tol, max_iter, width)
    free = penalties[len(holding) :]  # alphas fall
    if free:
        start = _without_aliases(tracks[-1] if tracks else track)
        first, *others = descent.follow(start, free, tol, max_iter)
        first = replace(first, n_passes=first.n_passes + 2, n_grams=first.n_grams + 1)
        tracks += [first, *others]
    return tracks


def _without_aliases(track):
    """The track without the columns that are combinations of those before them, which take over
    what these did."""
    problem, coef = track.problem.at(0.0), track.point.coef
    before = problem.evaluate(coef, with_gram=True)
    gram = before.gram
    system = NormalEquations(gram, excluded=problem.excluded)
    problem = problem.without(system.aliased)
    point = problem.evaluate(system.solve(gram @ coef), with_gram=False)
    # At the edge of the domain one row's weight can hide what the others tell columns apart by
    if not point.objective <= before.objective + 1e-6 * abs(track.first):
        return track
    return replace(track, problem=problem, point=point, metric=gram)
