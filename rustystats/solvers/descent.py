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
   too little, the next pass makes a new one, which learns from that step too: links that are not
   canonical take dozens of steps otherwise.

Violations are measured against those of the model without the penalised columns, ``max_j |s_j| /
size_j`` with size_j the weighted standard deviation of column j times sqrt(sum W): so units of
columns do not matter. Cost: passes over the rows, and the quadratic.
"""

from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from rustystats.solvers.irls import MAX_AT_EDGE, MAX_HALVINGS, ROUNDING, dispersion_unit, stuck
from rustystats.solvers.normal_equations import NormalEquations
from rustystats.solvers.problem import Fit, Point, Problem
from rustystats.solvers.quadratic import minimise_quadratic, violation
from rustystats.solvers.start import mean_starts
from rustystats.threads import single_threaded_blas

KEEP_METRIC = 0.05  # a step that shrinks the violation less asks for a new Gram
INNER = 0.01  # the quadratic's tolerance beside the problem's
SCORE_ROUNDING = 5e-15  # of a mean, relative


@dataclass(frozen=True, eq=False)
class Track:
    """Where a descent stands: what the next one, at another penalty, starts from.

    Parameters
    ----------
    problem : Problem, with the penalty that `point` belongs to
    point : Point
    metric : (p, p) X'WX near the point
    tolerance : (p,) largest violation, by column, that counts as converged, at tol = 1
    first : float, the objective where the null model's fit started: its rounding is no rise
    violation : float, the largest at the point, in units of `tolerance`
    n_passes, n_grams : int, passes over the rows, and those of them with Gram, of the last descent
    message : str, "converged" or why not
    """

    problem: Problem
    point: Point
    metric: np.ndarray
    tolerance: np.ndarray
    first: float
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
    # Unpenalised columns that are combinations of others stay out of everything
    aliased = NormalEquations(start.gram, excluded=penalised).aliased & ~penalised
    if aliased.any():
        problem, held = problem.without(aliased), held.without(aliased)
    first = start.objective
    tolerance = _tolerance(problem, start, first, start.gram, tol)
    track = _descend(held, start, start.gram, tolerance, first, tol, max_iter)
    point = track.point  # better than the start, and not yet exact in units of its own scores
    tolerance = _tolerance(problem, point, first, track.metric, tol)
    track = _descend(held, point, track.metric, tolerance, first, tol, max_iter)
    point = track.point
    if (np.abs(point.score) <= tol * tolerance).all():  # rounding: no column has anything to say
        point = replace(point, score=np.zeros_like(point.score))
    return replace(track, problem=problem_at(problem, 0.0), point=point, tolerance=tolerance)


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
    return _descend(problem, point, track.metric, track.tolerance, track.first, tol, max_iter)


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


def _free(problem, coef):
    """Coefficients at no bound and, where there is an absolute value, not at the target."""
    lower, upper = bounds(problem, np.zeros_like(coef))
    free = (coef > lower) & (coef < upper)
    if problem.l1 is not None:
        free &= (problem.from_target(coef) != 0) | (problem.l1 == 0)
    return free


def _target(problem):
    """What the penalty draws the coefficients to, (p,)."""
    penalty = problem.penalty
    return np.zeros(len(penalty.factors)) if penalty.target is None else penalty.target


def bounds(problem, shift):
    """Lower and upper bounds less a shift, two (p,) arrays."""
    penalty = problem.penalty
    if penalty.lower is None:
        return np.full_like(shift, -np.inf), np.full_like(shift, np.inf)
    return penalty.lower - shift, penalty.upper - shift


def _descend(problem, point, metric, tolerance, first, tol, max_iter):
    limit = tolerance * tol
    slack = ROUNDING * max(abs(first), abs(point.objective))
    residual = _largest(problem, point, limit)
    n_passes, n_grams, with_gram, message = 0, 0, False, "converged"
    at_edge = 0  # steps in a row that were cut because means would have left the domain
    while residual > 1.0:
        if n_passes >= max_iter:
            message = (
                f"the conditions for a minimum are still violated after max_iter={max_iter} steps "
                f"({residual * tol:.1e} of those of the null model, tol={tol:g}): raise max_iter, "
                "or look for columns that are combinations of others"
            )
            break
        goal = _goal(problem, point, metric, limit)
        moved, left_domain = _line_search(problem, point, goal, metric, with_gram, slack)
        n_passes, n_grams = n_passes + 1, n_grams + with_gram
        at_edge = at_edge + 1 if left_domain and not problem.keeps_domain else 0
        if moved is None or at_edge == MAX_AT_EDGE:
            message = stuck(problem, left_domain)
            break
        metric = _learned(metric if moved.gram is None else moved.gram, problem, point, moved)
        before, residual = residual, _largest(problem, moved, limit)
        with_gram = residual > KEEP_METRIC * before and not problem.is_quadratic
        point = replace(moved, gram=None)
    return Track(
        problem, point, metric, tolerance, first, residual * tol, n_passes, n_grams, message
    )


def _goal(problem, point, metric, limit):
    """Where the quadratic model has its minimum; what is at a target or bound is so exactly."""
    target = _target(problem)
    gap = point.coef - target
    hessian = problem.penalised(metric)
    lower, upper = bounds(problem, target)
    l1 = np.zeros(len(gap)) if problem.l1 is None else problem.l1
    movable = np.ones(len(gap), bool) if problem.excluded is None else ~problem.excluded
    wanted = minimise_quadratic(hessian, point.score, gap, l1, lower, upper, movable, INNER * limit)
    goal = np.where(wanted == gap, point.coef, target + wanted)
    for end, given in zip((lower, upper), bounds(problem, 0.0 * target), strict=True):
        goal = np.where(wanted == end, given, goal)
    return goal


def _line_search(problem, point, goal, metric, with_gram, slack):
    """The first point along the halved steps whose objective does not rise, or None; and whether
    a longer step left the domain of the means."""
    left_domain = False
    for halving in range(MAX_HALVINGS):
        coef = goal if halving == 0 else point.coef + 0.5**halving * (goal - point.coef)
        if problem.is_quadratic:
            return _predicted(problem, point, coef, metric), False
        moved = problem.evaluate(coef, with_gram)
        if moved.objective <= point.objective + slack:
            return moved, left_domain
        left_domain = left_domain or not np.isfinite(moved.objective)
    return None, left_domain


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
    lower, upper = bounds(problem, _target(problem))
    l1 = np.zeros(len(gap)) if problem.l1 is None else problem.l1
    parts = violation(point.score, gap, l1, lower, upper)
    if problem.excluded is not None:
        parts = parts[~problem.excluded]
        limit = limit[~problem.excluded]
    return float(np.max(parts / limit, initial=0.0))


def _tolerance(problem, point, first, gram, tol):
    """Violation of each column that counts as 1, (p,): see the module.

    Scores smaller than noise (of the first objective, where data are fitted exactly) and than
    rounding are no measure.
    """
    intercept = problem.intercept
    spread = np.diagonal(gram).copy()
    if intercept is not None and gram[intercept, intercept] > 0:
        centred = spread - gram[:, intercept] ** 2 / gram[intercept, intercept]
        spread = np.where(centred > 1e-10 * spread, centred, spread)
    size = np.sqrt(np.where(spread > 0, spread, 1.0))
    score = np.abs(point.score)
    noise = np.sqrt(dispersion_unit(problem, point, 1, first))
    least = max(noise, _rounding(problem, point) / tol)
    typical = max(np.max(score / size), least)
    return np.minimum(typical * size, max(np.max(score), least * np.min(size)))


def _rounding(problem, point):
    """What rounding of the means makes of scores, in units of `size`."""
    mu = problem.means(point.coef)
    used = problem.prior_weights > 0
    with np.errstate(divide="ignore"):
        level = mu[used] ** 2 / problem.family.variance(mu[used])
    return SCORE_ROUNDING * np.sqrt(problem.prior_weights[used] @ level)


def _first_point(held):
    """A point with a finite objective and a Gram, its penalised columns at their targets."""
    penalised, (lower, upper) = held.penalty.factors > 0, bounds(held, 0.0 * held.penalty.factors)
    fixed = np.where(penalised, np.clip(_target(held), lower, upper), 0.0)
    beside = replace(held, offset=held.design.matvec(fixed, held.offset))
    for start in chain(mean_starts(beside), mean_starts(held)):
        coef = np.where(penalised, fixed, np.clip(start, lower, upper))
        point = held.evaluate(coef, with_gram=True)
        if np.isfinite(point.objective):
            return point
    raise ValueError(
        "the fit has no valid starting point: with the penalised coefficients at 0, or at "
        f"prior_coef, and all inside their bounds, some means under the {held.link.name()} link "
        f"leave the domain of the {held.family.name()} family; use its {held.family.link_names[0]} "
        "link, or check offset, bounds and prior_coef"
    )
