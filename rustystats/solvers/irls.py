"""Fisher scoring for the objective of `problem.py`, with step-halving.

At coefficients b with score s = X'r - ridge b and information H = X'WX + ridge, the step is
``H^-1 s`` and the Newton decrement ``s' H^-1 s`` estimates twice the deviance still to be gained.

1. Start at the intercept-only means or, on large data, at the fit of a strided sample of the rows
   (itself started in this way), which is within a few standard errors of the answer.
2. A step is halved until the objective does not rise; a mean outside the family's domain counts as
   an infinite objective.
3. When the decrement falls to ``tol * dispersion``, or to rounding, the step is still taken, and
   the fit converged.
4. The score is exact in every pass. The Gram is only a metric for the step: after a sampled start
   it is kept as long as each step shrinks the decrement twentyfold, because a pass without it costs
   less than half, and the changes of the score correct it (limited-memory BFGS). The Gram that is
   reported is of the final means.

Cost: passes over the rows (see `_kernels/irls.pyx`) plus p^3 / 3 for each Gram.
"""

import numpy as np

from rustystats.solvers.normal_equations import NormalEquations
from rustystats.solvers.problem import Fit
from rustystats.solvers.start import mean_starts
from rustystats.threads import single_threaded_blas

SAMPLE_STRIDE = 20
SAMPLE_ROWS = 5000  # smallest sample worth starting from
SAMPLE_TOL = 0.02  # decrement per column at which a sample has said all it knows
KEEP_GRAM = 0.05
MAX_HALVINGS = 40
ROUNDING = 1e-12  # rise, relative to the first objective, that is rounding and not a bad step


def solve_irls(problem, *, tol=1e-8, max_iter=100, start=None):
    """Fit by Fisher scoring.

    Parameters
    ----------
    problem : Problem
    tol : float > 0
        Convergence tolerance on the Newton decrement in units of the dispersion.
    max_iter : int >= 1
        Most steps on the full data.
    start : (p,) array or None

    Returns
    -------
    Fit
    """
    with single_threaded_blas():
        return _iterate(problem, tol, max_iter, start)


def _iterate(problem, tol, max_iter, start):
    point, sampled = _start(problem, start)
    gram = point.gram
    system = NormalEquations(problem.penalised(gram), excluded=problem.excluded)
    history = [point.objective]
    slack = ROUNDING * abs(point.objective)  # of the start: exactly fitted data end near 0
    secants, shrinks = [], True
    keep_gram, converged = sampled or problem.is_quadratic, False
    step = system.solve(point.score)
    decrement = float(point.score @ step)
    message = f"the Newton decrement is still above tol={tol:g} after max_iter={max_iter} steps"
    for n_iter in range(1, max_iter + 1):  # noqa: B007  the count is reported
        # Data fitted exactly have no dispersion: a step that rounding would swallow is the last.
        rounding = ROUNDING**2 * (point.coef @ gram @ point.coef)
        last = decrement <= max(tol * _unit(problem, point, system.rank), rounding)
        with_gram = not problem.is_quadratic and (last or not keep_gram)
        moved = _line_search(problem, point, step, with_gram, slack)
        converged = bool(last)
        if moved is None:
            message = "no step along the scoring direction lowers the deviance"
            break
        former, point = point, moved
        history.append(point.objective)
        if last:
            break
        if point.gram is not None:
            gram = point.gram
            system = NormalEquations(problem.penalised(gram), system.aliased)
        if shrinks and point.gram is not None:
            secants = []  # steps with the new Gram converge by themselves
        else:
            secants = [*secants[-9:], (point.coef - former.coef, former.score - point.score)]
        before, step = decrement, _secant_step(system, secants, point.score)
        decrement = float(point.score @ step)
        shrinks = decrement <= KEEP_GRAM * before
        keep_gram = problem.is_quadratic or (sampled and shrinks)
    if not problem.is_quadratic:  # that of the final means, whatever the last step used
        final = point if point.gram is not None else problem.evaluate(point.coef, with_gram=True)
        gram = final.gram
    return Fit(
        coef=point.coef,
        aliased=system.aliased,
        gram=gram,
        deviance=point.deviance,
        pearson=point.pearson,
        converged=converged,
        n_iter=n_iter,
        decrement=decrement,
        message="converged" if converged else message,
        history=tuple(history),
    )


def _secant_step(system, secants, score):
    """H^-1 score, H corrected by what the score did on the steps since the Gram was made.

    The two-loop recursion of limited-memory BFGS (Nocedal & Wright 2006, algorithm 7.4) with the
    factored Gram as the initial metric; without secant pairs it is the scoring step.
    """
    kept, direction = [], score
    for move, change in reversed(secants):
        curvature = move @ change
        if curvature > ROUNDING * abs(move @ score):  # a score that stayed the same says nothing
            weight = move @ direction / curvature
            direction = direction - weight * change
            kept.append((move, change, curvature, weight))
    step = system.solve(direction)
    for move, change, curvature, weight in reversed(kept):
        step = step + (weight - change @ step / curvature) * move
    return step


def _line_search(problem, point, step, with_gram, slack):
    """The first point along the halved steps whose objective does not rise, or None."""
    limit = point.objective + slack
    for halving in range(MAX_HALVINGS):
        moved = problem.evaluate(point.coef + 0.5**halving * step, with_gram)
        if moved.objective <= limit:
            return moved
    return None


def _unit(problem, point, rank):
    """The dispersion as the unit of the decrement; 1 where it cannot be estimated."""
    dispersion = problem.dispersion(point, rank)
    return dispersion if np.isfinite(dispersion) and dispersion > 0 else 1.0


def _start(problem, start):
    """A point with a finite objective and a Gram, and whether it came from a sample."""
    if start is None:
        point = _sampled_start(problem)
        if point is not None and np.isfinite(point.objective):
            return point, True
    for coef in mean_starts(problem) if start is None else [np.asarray(start, dtype=float)]:
        point = problem.evaluate(coef, with_gram=True)
        if np.isfinite(point.objective):
            return point, False
    raise ValueError(
        f"the fit has no valid starting point: with the {problem.link.name()} link some means "
        f"leave the domain of the {problem.family.name()} family; use its "
        f"{problem.family.link_names[0]} link, or check offset and start"
    )


def _sampled_start(problem):
    """The fit of a stride through the rows, as a point of the whole problem; None if too few."""
    n, p = problem.design.shape
    if problem.is_quadratic or n // SAMPLE_STRIDE < max(SAMPLE_ROWS, 50 * p):
        return None
    sample = problem.sample(slice(None, None, SAMPLE_STRIDE))
    try:
        coef = _iterate(sample, SAMPLE_TOL * p, 15, None).coef
    except ValueError:
        return None
    return problem.evaluate(coef, with_gram=True)
