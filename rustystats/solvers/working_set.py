"""L1 penalties on wide designs: Newton's method on the few columns that have something to say.

1. The working set: columns without penalty, those away from their targets, and those that the
   sequential strong rule keeps, ``|s_j| >= 2 l1_j - l1_j before`` (Tibshirani et al. 2012, J. R.
   Stat. Soc. B 74:245-266), at most as many as the others together; the worst first.
2. The problem of these columns, the others at rest, by `descent.py`.
3. A pass over the rows with all columns. Where one at rest violates its condition for a minimum,
   it joins the set, and on from 2: what is reported is proved of every column.

A step to a much smaller alpha doubles the set each time round. Cost: one pass (a look-up and an
addition a row and table) for each round, and what `descent.py` costs on the set, q^3 / 3 and q^2
numbers. A set of more than `method.SET_COLUMNS` stops the fit.
"""

from dataclasses import replace

import numpy as np

from rustystats.progress import report
from rustystats.solvers import method
from rustystats.solvers.conditions import largest_violation, violations
from rustystats.solvers.descent import Track, at_penalty, descend_to

LEAST = 500  # columns that may join at a time
INSIDE = 0.9  # of the tolerance, on the set: sums over all columns round differently


def follow(track, penalties, tol, max_iter):
    """`WideTrack`s at one penalty after the other, the last with its inner track; arguments as in
    `descent.follow`.
    """
    tracks = []
    for penalty in penalties:
        track = _descend(track, penalty, tol, max_iter)
        tracks.append(replace(track, inner=None))  # a Gram each
        report("alpha", alpha=penalty.alpha)
    return [*tracks[:-1], track]


def _descend(former, penalty, tol, max_iter):
    start = at_penalty(former, penalty)
    problem, point = start.problem, start.point
    limit, rest = tol * start.tolerance, problem.resting
    columns, inner = _first_set(former, start, rest), None
    if former.inner is not None and np.isin(columns, former.columns).all():
        columns, inner = former.columns, former.inner
    n_steps = n_passes = n_grams = 0
    while True:
        if len(columns) > method.SET_COLUMNS:
            columns, message = None, _too_many(penalty)
            break
        if inner is None:
            inner = _inner_start(start, point, columns)
            n_passes, n_grams = n_passes + 1, n_grams + 1
        inner = descend_to(inner, penalty.restrict(columns), INSIDE * tol, max_iter)
        coef = rest.copy()
        coef[columns] = inner.point.coef
        point = problem.evaluate(coef, with_gram=False)
        n_steps += inner.n_steps
        n_passes, n_grams = n_passes + inner.n_passes + 1, n_grams + inner.n_grams
        message = inner.message
        joining = _worst(violations(problem, point) / limit, 1.0, columns)
        if message != "converged" or not len(joining):
            break
        columns, inner = np.union1d(columns, joining), None
    residual = largest_violation(problem, point, limit)
    if message == "converged" and residual > 1.0:
        message = f"sums over the rows are not exact to tol={tol:g}: raise tol"
    return replace(
        start,
        point=point,
        violation=residual * tol,
        n_steps=n_steps,
        n_passes=n_passes,
        n_grams=n_grams,
        message=message,
        method=f"{method.WORKING_SET} of {0 if columns is None else len(columns)} columns",
        columns=columns,
        inner=None if columns is None else inner,
    )


def _first_set(former, start, rest):
    """The columns to begin with, from where the last penalty left them."""
    problem, point = start.problem, start.point
    needed = (problem.penalty.factors == 0) | (point.coef != rest)
    columns = np.flatnonzero(needed & problem.movable)
    # Of the null model l1 is 0 before: twice the new one is no rule, and a good beginning
    rule = np.maximum(2.0 * problem.l1_weights - former.problem.l1_weights, 0.0)
    excess = violations(problem, point, rule) / start.tolerance
    return np.union1d(columns, _worst(excess, 0.0, columns))


def _worst(excess, limit, columns):
    """The columns beside the given ones that exceed a limit most, at most as many as those."""
    excess = excess.copy()
    excess[columns] = 0.0
    joining = np.flatnonzero(excess > limit)
    room = max(LEAST, len(columns))
    if len(joining) > room:
        joining = joining[np.argpartition(-excess[joining], room)[:room]]
    return joining


def _inner_start(start, point, columns):
    """The problem of the columns alone, where the whole one stands."""
    part, tolerance = start.problem.restrict(columns, point.coef), start.tolerance[columns]
    at = part.evaluate(point.coef[columns], with_gram=True)
    return Track(part, replace(at, gram=None), at.gram, tolerance, start.first, np.inf, 0, 0, 0, "")


def _too_many(penalty):
    return (
        f"alpha={penalty.alpha:.4g} asks for more than {method.SET_COLUMNS} columns at a time, "
        "whose cross-products are too large: raise alpha, or use a ridge penalty (l1_ratio=0)"
    )
