"""Newton's method for penalties with an absolute value, a group norm or bounds.

At coefficients b with score s, the score of the smooth part of the objective of `problem.py`, and a
metric H near X'WX:

1. The quadratic model with the penalty as it is, minimised exactly (`quadratic.py`).
2. A pass over the rows there: objective and score, exact; a step is halved until the objective does
   not rise.
3. Converged when no coefficient violates its condition for a minimum (KKT) by more than its
   tolerance, at coefficients where the score has been evaluated: what is reported is proved.
4. The metric stays while a step shrinks the violation well, and learns from the score's changes
   (BFGS, Nocedal & Wright 2006, 6.19): a pass without Gram costs less than half. Where it shrinks
   too little, the next pass makes a new one.

Violations are measured against those of the model without the penalised columns, ``max_j |s_j| /
size_j`` with size_j the weighted standard deviation of column j times sqrt(sum W): so units of
columns do not matter. Cost: passes over the rows, and the quadratic.
"""

from dataclasses import dataclass, replace

import numpy as np

from rustystats.solvers.irls import MAX_HALVINGS, ROUNDING, dispersion_unit
from rustystats.solvers.normal_equations import NormalEquations
from rustystats.solvers.problem import Fit, Point, Problem
from rustystats.solvers.quadratic import minimise_quadratic, violation
from rustystats.solvers.start import mean_starts
from rustystats.threads import single_threaded_blas

KEEP_METRIC = 0.05  # a step that shrinks the violation less asks for a new Gram
INNER = 0.01  # the quadratic's tolerance beside the problem's


@dataclass(frozen=True, eq=False)
class Track:
    """Where a descent stands: what the next one, at another penalty, starts from.

    Parameters
    ----------
    problem : Problem, with the penalty that `point` belongs to
    point : Point
    metric : (p, p) X'WX near the point
    tolerance : (p,) largest violation, by column, that counts as converged, at tol = 1
    violation : float, the largest at the point, in units of `tolerance`
    n_passes, n_grams : int, passes over the rows, and those of them with Gram, of the last descent
    message : str, "converged" or why not
    """

    problem: Problem
    point: Point
    metric: np.ndarray
    tolerance: np.ndarray
    violation: float
    n_passes: int
    n_grams: int
    message: str

    @property
    def converged(self):
        """Whether the descent reached its tolerance."""
        return self.message == "converged"


def solve_descent(problem, *, tol=1e-8, max_iter=100):
    """Fit a problem with any penalty.

    Parameters
    ----------
    problem : Problem
    tol : float > 0
        Largest violation of the conditions for a minimum, relative to that of the null model.
    max_iter : int >= 1
        Most steps.

    Returns
    -------
    Fit : without Gram
    """
    with single_threaded_blas():
        null = null_track(problem, tol, max_iter)
        return fit_of(descend_to(null, problem.penalty, tol, max_iter))


def null_track(problem, tol, max_iter):
    """The fit of the unpenalised columns alone, the others at their targets."""
    penalty = problem.penalty
    penalised = penalty.factors > 0
    held = replace(problem.without(penalised), penalty=penalty.at(0.0))
    start = _first_point(held)
    if (~penalised).sum() > 1:  # columns that are combinations of others stay out of everything
        aliased = NormalEquations(start.gram, excluded=penalised).aliased & ~penalised
        problem, held = problem.without(aliased), held.without(aliased)
    tolerance = _tolerance(problem, start, start.gram)
    track = _descend(held, start, start.gram, tolerance, tol, max_iter)
    tolerance = _tolerance(problem, track.point, track.metric)
    return replace(track, problem=problem_at(problem, 0.0), tolerance=tolerance)


def problem_at(problem, alpha):
    """The problem with another alpha."""
    return replace(problem, penalty=problem.penalty.at(alpha))


def descend_to(track, penalty, tol, max_iter):
    """The track at another penalty on the same problem, started from where it stands."""
    former, problem = track.problem, replace(track.problem, penalty=penalty)
    point = track.point
    moved = np.clip(point.coef, *bounds(problem, np.zeros_like(point.coef)))
    if not np.array_equal(moved, point.coef):
        point = problem.evaluate(moved, with_gram=False)
    else:
        likelihood = _likelihood_score(former, point)
        score = likelihood
        if problem.ridge is not None:
            score = likelihood - problem.ridge * problem.from_target(point.coef)
        objective = point.deviance + problem.penalty_at(point.coef)
        point = replace(point, score=score, objective=objective)
    return _descend(problem, point, track.metric, track.tolerance, tol, max_iter)


def fit_of(track):
    """The track's point as a Fit."""
    problem, point = track.problem, track.point
    excluded = problem.excluded
    aliased = np.zeros(len(point.coef), dtype=bool) if excluded is None else excluded.copy()
    return Fit(
        coef=point.coef,
        aliased=aliased,
        gram=None,
        score=point.score,
        deviance=point.deviance,
        pearson=point.pearson,
        converged=track.converged,
        n_iter=track.n_passes,
        decrement=np.nan,
        unit=np.nan,
        message=track.message,
        history=(),
        kkt=track.violation,
        n_free=int(np.count_nonzero(_free(problem, point.coef) & ~aliased)),
    )


def free_part(problem, fit):
    """What neither the penalty nor a bound holds, where the likelihood alone decides.

    It is what separation and near-aliasing are looked for in. Cost: a pass with Gram.

    Parameters
    ----------
    problem : Problem
    fit : Fit of it, without Gram

    Returns
    -------
    (Problem, Fit) : without penalty, with Gram; the columns that are held count as aliased. None
        where nothing is free but the intercept, and the response varies.
    """
    penalty = problem.penalty
    lower, upper = bounds(problem, np.zeros_like(fit.coef))
    held = (penalty.l1() > 0) | (penalty.ridge() > 0) | (fit.coef <= lower) | (fit.coef >= upper)
    slopes = np.delete(~held, [] if problem.intercept is None else problem.intercept)
    if not slopes.any() and problem.y.min() < problem.y.max():
        return None
    part = replace(problem, penalty=None).without(held)
    with single_threaded_blas():
        point = part.evaluate(fit.coef, with_gram=True)
    unit, aliased = dispersion_unit(part, point, fit.rank, point.objective), held | fit.aliased
    return part, replace(fit, gram=point.gram, score=point.score, aliased=aliased, unit=unit)


def _free(problem, coef):
    """Coefficients at no bound and, where there is an absolute value, not at the target."""
    lower, upper = bounds(problem, np.zeros_like(coef))
    free = (coef > lower) & (coef < upper)
    if problem.l1 is not None:
        free &= (problem.from_target(coef) != 0) | (problem.l1 == 0)
    return free


def bounds(problem, shift):
    """Lower and upper bounds less a shift, two (p,) arrays."""
    penalty = problem.penalty
    if penalty.lower is None:
        return np.full_like(shift, -np.inf), np.full_like(shift, np.inf)
    return penalty.lower - shift, penalty.upper - shift


def _descend(problem, point, metric, tolerance, tol, max_iter):
    limit = tolerance * tol
    slack = ROUNDING * abs(point.objective)
    residual = _largest(problem, point, limit)
    n_passes, n_grams, with_gram, message = 0, 0, False, "converged"
    while residual > 1.0:
        if n_passes >= max_iter:
            message = (
                f"the conditions for a minimum are still violated after max_iter={max_iter} steps "
                f"({residual * tol:.1e} of those of the null model, tol={tol:g}): raise max_iter, "
                "or look for columns that are combinations of others"
            )
            break
        step = _step(problem, point, metric, limit)
        moved = _line_search(problem, point, step, metric, with_gram, slack)
        n_passes, n_grams = n_passes + 1, n_grams + with_gram
        if moved is None:
            message = "no step along the scoring direction lowers the objective"
            break
        metric = _learned(metric, problem, point, moved) if moved.gram is None else moved.gram
        before, residual = residual, _largest(problem, moved, limit)
        with_gram = residual > KEEP_METRIC * before and not problem.is_quadratic
        point = replace(moved, gram=None)
    return Track(problem, point, metric, tolerance, residual * tol, n_passes, n_grams, message)


def _step(problem, point, metric, limit):
    gap = problem.from_target(point.coef)
    hessian = problem.penalised(metric)
    lower, upper = bounds(problem, point.coef - gap)
    l1 = np.zeros(len(gap)) if problem.l1 is None else problem.l1
    movable = np.ones(len(gap), bool) if problem.excluded is None else ~problem.excluded
    wanted = minimise_quadratic(hessian, point.score, gap, l1, lower, upper, movable, INNER * limit)
    return wanted - gap


def _line_search(problem, point, step, metric, with_gram, slack):
    """The first point along the halved steps whose objective does not rise, or None."""
    for halving in range(MAX_HALVINGS):
        coef = point.coef + 0.5**halving * step
        if problem.is_quadratic:
            return _predicted(problem, point, coef, metric)
        moved = problem.evaluate(coef, with_gram)
        if moved.objective <= point.objective + slack:
            return moved
    return None


def _predicted(problem, point, coef, gram):
    """The point of a quadratic problem, from another and the Gram."""
    step = coef - point.coef
    likelihood = _likelihood_score(problem, point)
    change = gram @ step
    deviance = point.deviance - 2.0 * (likelihood @ step) + step @ change
    score = likelihood - change
    if problem.ridge is not None:
        score = score - problem.ridge * problem.from_target(coef)
    return Point(coef, score, None, deviance, deviance, deviance + problem.penalty_at(coef))


def _likelihood_score(problem, point):
    """X'r, the score without the ridge."""
    if problem.ridge is None:
        return point.score
    return point.score + problem.ridge * problem.from_target(point.coef)


def _learned(metric, problem, former, point):
    """The metric with what the score did on the last step."""
    if problem.is_quadratic:
        return metric
    move = point.coef - former.coef
    change = _likelihood_score(problem, former) - _likelihood_score(problem, point)
    expected = metric @ move
    curvature, model = move @ change, move @ expected
    if not 0.1 * model < curvature < 10.0 * model:  # rounding, or far from a quadratic
        return metric
    return metric + np.outer(change, change / curvature) - np.outer(expected, expected / model)


def _largest(problem, point, limit):
    """Largest violation in units of the limits."""
    gap = problem.from_target(point.coef)
    lower, upper = bounds(problem, point.coef - gap)
    l1 = np.zeros(len(gap)) if problem.l1 is None else problem.l1
    parts = violation(point.score, gap, l1, lower, upper)
    if problem.excluded is not None:
        parts = parts[~problem.excluded]
        limit = limit[~problem.excluded]
    return float(np.max(parts / limit, initial=0.0))


def _tolerance(problem, point, gram):
    """Violation of each column that counts as 1, (p,): see the module."""
    intercept = problem.intercept
    spread = np.diagonal(gram).copy()
    if intercept is not None and gram[intercept, intercept] > 0:
        centred = spread - gram[:, intercept] ** 2 / gram[intercept, intercept]
        spread = np.where(centred > 1e-10 * spread, centred, spread)
    size = np.sqrt(np.where(spread > 0, spread, 1.0))
    score = np.abs(point.score)
    unit = dispersion_unit(problem, point, 1, point.objective)
    typical = max(np.max(score / size), np.sqrt(unit))
    largest = np.max(score)
    return np.minimum(typical * size, largest if largest > 0 else np.inf)


def _first_point(held):
    """A point with a finite objective and a Gram, its penalised columns at their targets."""
    penalty = held.penalty
    target = np.zeros(len(penalty.factors)) if penalty.target is None else penalty.target
    for start in mean_starts(held):
        coef = np.where(penalty.factors > 0, target, start)
        coef = np.clip(coef, *bounds(held, np.zeros_like(coef)))
        point = held.evaluate(coef, with_gram=True)
        if np.isfinite(point.objective):
            return point
    raise ValueError("no valid start")
