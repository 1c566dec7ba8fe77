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
from rustystats.threads import single_threaded_blas

SAMPLE_STRIDE = 20
SAMPLE_ROWS = 5000  # smallest sample worth starting from
SAMPLE_TOL = 0.1  # decrement at which a sample has said all it knows
KEEP_GRAM = 0.05
MAX_HALVINGS = 40
ROUNDING = 1e-12  # relative rise of the objective that is rounding, not a bad step


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
    system = NormalEquations(_penalised(problem, gram))
    history = [point.objective]
    secants = []
    keep_gram, converged = sampled or problem.is_quadratic, False
    step = system.solve(point.score)
    decrement = float(point.score @ step)
    message = f"the Newton decrement is still above tol={tol:g} after max_iter={max_iter} steps"
    for n_iter in range(1, max_iter + 1):  # noqa: B007  the count is reported
        # Data fitted exactly have no dispersion: a step that rounding would swallow is the last.
        rounding = ROUNDING**2 * (point.coef @ gram @ point.coef)
        last = decrement <= max(tol * _unit(problem, point, system.rank), rounding)
        with_gram = not problem.is_quadratic and (last or not keep_gram)
        moved = _line_search(problem, point, step, with_gram)
        converged = last
        if moved is None:
            message = "no step along the scoring direction lowers the deviance"
            break
        former, point = point, moved
        history.append(point.objective)
        if last:
            break
        if point.gram is not None:
            gram = point.gram
            system = NormalEquations(_penalised(problem, gram), system.aliased)
            secants = []
        else:
            secants.append((point.coef - former.coef, former.score - point.score))
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
        if curvature > 0:
            weight = move @ direction / curvature
            direction = direction - weight * change
            kept.append((move, change, curvature, weight))
    step = system.solve(direction)
    for move, change, curvature, weight in reversed(kept):
        step = step + (weight - change @ step / curvature) * move
    return step


def _line_search(problem, point, step, with_gram):
    """The first point along the halved steps whose objective does not rise, or None."""
    limit = point.objective + ROUNDING * abs(point.objective)
    for halving in range(MAX_HALVINGS):
        moved = problem.evaluate(point.coef + 0.5**halving * step, with_gram)
        if moved.objective <= limit:
            return moved
    return None


def _unit(problem, point, rank):
    """The dispersion as the unit of the decrement; 1 where it cannot be estimated."""
    dispersion = problem.dispersion(point, rank)
    return dispersion if np.isfinite(dispersion) and dispersion > 0 else 1.0


def _penalised(problem, gram):
    return gram if problem.ridge is None else gram + np.diag(problem.ridge)


def _start(problem, start):
    """A point with a finite objective and a Gram, and whether it came from a sample."""
    if start is not None:
        return _require_finite(problem, np.asarray(start, dtype=float)), False
    rows = _sample_rows(problem)
    if rows is not None:
        point = problem.evaluate(_fit_sample(problem.sample(rows)), with_gram=True)
        if np.isfinite(point.objective):
            return point, True
    if problem.intercept is not None:
        return _require_finite(problem, _intercept_start(problem)), False
    return _require_finite(problem, _working_response_start(problem)), False


def _sample_rows(problem):
    """A stride through the rows that leaves enough of them, or None."""
    n, p = problem.design.shape
    if problem.is_quadratic or n // SAMPLE_STRIDE < max(SAMPLE_ROWS, 50 * p):
        return None
    return slice(None, None, SAMPLE_STRIDE)


def _fit_sample(sample):
    """Coefficients of the sample; NaN (so: not used) where even they cannot be had."""
    try:
        return _iterate(sample, SAMPLE_TOL, 15, None).coef
    except ValueError:
        return np.full(sample.design.shape[1], np.nan)


def _require_finite(problem, coef):
    point = problem.evaluate(coef, with_gram=True)
    if np.isfinite(point.objective):
        return point
    raise ValueError(
        f"the fit has no valid starting point: with the {problem.link.name()} link some means "
        f"leave the domain of the {problem.family.name()} family; use its "
        f"{problem.family.link_names[0]} link, or check offset and start"
    )


def _intercept_start(problem):
    """Intercept of the model without regressors, exact for a log link or without an offset."""
    y, link = problem.y, problem.link
    weights = np.ones_like(y) if problem.weights is None else problem.weights
    offset = problem.offset
    start = problem.family.start_mean(y, weights)
    if offset is None:
        offset = 0.0
    if link.name() == "log":
        total = weights @ y
        total = total if total > 0 else weights @ start
        level = np.log(total) - np.log(np.sum(weights * np.exp(offset)))
    else:
        mean = weights @ y / problem.total_weight
        inside = problem.family.unit_deviance(mean, mean) == 0 and np.isfinite(link.link(mean))
        mean = mean if inside else weights @ start / problem.total_weight
        level = link.link(mean) - np.mean(offset)
    coef = np.zeros(problem.design.shape[1])
    coef[problem.intercept] = level
    return coef


def _working_response_start(problem):
    """One weighted least-squares step from means near the response, as R starts."""
    y = problem.y
    weights = np.ones_like(y) if problem.weights is None else problem.weights
    mu = problem.family.start_mean(y, weights)
    if problem.link.name() == "log":
        mu = np.maximum(mu, 1e-3 * np.mean(np.abs(y)) + 1e-300)
    eta = problem.link.link(mu)
    _, dmu = problem.link.inverse_with_derivative(eta)
    working_weight = weights * dmu**2 / problem.family.variance(mu)
    response = eta + (y - mu) / dmu - (0.0 if problem.offset is None else problem.offset)
    system = NormalEquations(_penalised(problem, problem.design.gram(working_weight)))
    return system.solve(problem.design.transpose_matvec(working_weight * response))
