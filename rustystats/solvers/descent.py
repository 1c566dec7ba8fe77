"""Newton's method for penalties with an absolute value, a group norm or bounds.

At coefficients b with score s, the score of the smooth part of the objective of `problem.py`, and a
metric H near X'WX:

1. The quadratic model with the penalty as it is, minimised exactly (`quadratic.py`).
2. A pass over the rows there: objective and score, exact; a step is halved until the objective does
   not rise.
3. Converged when no coefficient violates its condition for a minimum (KKT) by more than its
   tolerance, at coefficients where the score has been evaluated: what is reported is proved.
4. The metric stays while steps shrink the violation well, and learns from the score's changes
   (BFGS, Nocedal & Wright 2006, 6.19): a pass without Gram costs less than half. Where they shrink
   it too little, the next pass makes a new one, which learns from that step too: links that are not
   canonical take dozens of steps otherwise.

Neighbouring alphas go side by side, as lanes of one pass over the rows (`_kernels/lanes.pyx`), and
share the metric: see `follow`.

Violations are measured against those of the model without the penalised columns, ``max_j |s_j| /
size_j`` with size_j the weighted standard deviation of column j times sqrt(sum W): so units of
columns do not matter. Cost: passes over the rows, and the quadratic.
"""

from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from rustystats.solvers.group_quadratic import group_violation, minimise_group_quadratic
from rustystats.solvers.irls import MAX_AT_EDGE, MAX_HALVINGS, ROUNDING, dispersion_unit, stuck
from rustystats.solvers.normal_equations import NormalEquations
from rustystats.solvers.problem import Fit, Point, Problem
from rustystats.solvers.quadratic import minimise_quadratic, violation
from rustystats.solvers.start import mean_starts
from rustystats.threads import single_threaded_blas

KEEP_METRIC = 0.2  # a step that shrinks the violation less asks for a new Gram
INNER = 0.01  # the quadratic's tolerance beside the problem's
SCORE_ROUNDING = 5e-15  # of a mean, relative


@dataclass(frozen=True, eq=False)
class Track:
    """Where a descent stands: what the next one, at another penalty, starts from.

    Parameters
    ----------
    problem : Problem, with the penalty that `point` belongs to
    point : Point
    metric : (p, p) X'WX near the point; None where there is no Gram (`wide.py`)
    tolerance : (p,) largest violation, by column, that counts as converged, at tol = 1
    first : float, the objective where the null model's fit started: its rounding is no rise
    violation : float, the largest at the point, in units of `tolerance`
    n_steps, n_passes, n_grams : int, steps of the last descent, passes over the rows that they
        took, and those of them with Gram
    message : str, "converged" or why not
    method : str, as `Fit.method`
    """

    problem: Problem
    point: Point
    metric: np.ndarray
    tolerance: np.ndarray
    first: float
    violation: float
    n_steps: int
    n_passes: int
    n_grams: int
    message: str
    method: str = "Gram"

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
    start = first_point(held)
    # Unpenalised columns that are combinations of others stay out of everything
    aliased = NormalEquations(start.gram, excluded=penalised).aliased & ~penalised
    if aliased.any():
        problem, held = problem.without(aliased), held.without(aliased)
    first = start.objective
    tolerance = _tolerance(problem, start, first, start.gram, tol)
    point = replace(start, gram=None)
    track = Track(held, point, start.gram, tolerance, first, np.inf, 0, 0, 0, "not started")
    track = descend_to(track, held.penalty, tol, max_iter)
    # Better than the start, and not yet exact in units of its own scores
    tolerance = _tolerance(problem, track.point, first, track.metric, tol)
    track = descend_to(replace(track, tolerance=tolerance), held.penalty, tol, max_iter)
    point = track.point
    if (np.abs(point.score) <= tol * tolerance).all():  # rounding: no column has anything to say
        point = replace(point, score=np.zeros_like(point.score))
    return replace(track, problem=problem_at(problem, 0.0), point=point)


def problem_at(problem, alpha):
    """The problem with another alpha."""
    return replace(problem, penalty=problem.penalty.at(alpha))


def descend_to(track, penalty, tol, max_iter):
    """The track at another penalty on the same problem, started from where it stands."""
    return follow(track, [penalty], tol, max_iter)[0]


def at_penalty(track, penalty):
    """The track's point under another penalty, nothing moved but what its bounds ask for."""
    former, problem = track.problem, replace(track.problem, penalty=penalty)
    point = track.point
    inside = np.clip(point.coef, *bounds(problem, np.zeros_like(point.coef)))
    if np.array_equal(inside, point.coef):
        score = _likelihood_score(former, point)
        point = problem.point(point.coef, score, None, point.deviance, point.pearson)
    else:
        point = problem.evaluate(inside, with_gram=False)
    return replace(track, problem=problem, point=point)


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
        n_iter=track.n_steps,
        decrement=np.nan,
        unit=np.nan,
        message=track.message,
        history=(),
        kkt=track.violation,
        n_free=int(np.count_nonzero(_free(problem, point.coef) & ~aliased)),
        method=track.method,
    )


def free_part(problem, fit):
    """What neither the penalty nor a bound holds, where the likelihood alone decides.

    It is what separation and near-aliasing are looked for in. Cost: a pass with Gram. (Of wide
    problems: `wide.free_part`.)

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


def follow(track, penalties, tol, max_iter, width=1):
    """Descents at one penalty after the other, the next starting before the last has ended.

    A step leaves a hundredth of the violation or so: a lane that has made one is a good start for
    its neighbour, and the rest of its own steps share their passes with those of the neighbour.

    Parameters
    ----------
    track : Track, where the first starts
    penalties : list of Penalty, each near the one before
    tol, max_iter : as in `solve_descent`
    width : int, most lanes at a time

    Returns
    -------
    list of Track
    """
    metric, lanes = _Metric(track.metric), []
    while True:
        going = [lane for lane in lanes if lane.is_going(max_iter)]
        if len(going) < width and len(lanes) < len(penalties):
            start = at_penalty(lanes[-1].track() if lanes else track, penalties[len(lanes)])
            lanes.append(_Lane(start, metric, tol))
            going += [lane for lane in lanes[-1:] if lane.is_going(max_iter)]
        elif not going:
            return [lane.track() for lane in lanes]
        if going:
            _one_round(going)


def _one_round(lanes):
    """A step of every lane, of one likelihood, in one pass over the rows."""
    problem, metric = lanes[0].problem, lanes[0].metric
    for lane in lanes:
        lane.propose()
    if problem.is_quadratic:
        for lane in lanes:
            lane.move(_predicted(lane.problem, lane.point, lane.proposal, metric.value))
        return
    if metric.is_spent:
        last = lanes.pop()  # the one with the longest way to go, and the best to learn from
        last.move(last.problem.evaluate(last.proposal, with_gram=True))
    points = problem.evaluate_lanes([(lane.problem, lane.proposal) for lane in lanes])
    for lane, moved in zip(lanes, points, strict=True):
        lane.move(moved)


class _Metric:
    """A matrix near X'WX that the lanes share, and whether it is to be made anew."""

    def __init__(self, value):
        self.value, self.is_spent = value, False


class _Lane:
    """One descent on its way."""

    def __init__(self, track, metric, tol):
        self.start, self.metric, self.tol = track, metric, tol
        self.problem, self.point = track.problem, track.point
        self.limit = track.tolerance * tol
        self.slack = ROUNDING * max(abs(track.first), abs(track.point.objective))
        self.residual = largest_violation(self.problem, self.point, self.limit)
        self.goal, self.proposal, self.halvings = None, None, 0
        self.left_domain, self.at_edge = False, 0
        self.n_steps = self.n_passes = self.n_grams = 0
        self.message = None

    def is_going(self, max_iter):
        """Whether there is something left to do; says why not."""
        if self.residual <= 1.0:
            self.message = "converged"
        elif self.halvings == MAX_HALVINGS or self.at_edge == MAX_AT_EDGE:
            self.message = stuck(self.problem, self.left_domain)
        elif self.n_steps >= max_iter:
            self.message = (
                f"the conditions for a minimum are still violated after max_iter={max_iter} steps "
                f"({self.residual * self.tol:.1e} of those of the null model, tol={self.tol:g}): "
                "raise max_iter, or look for columns that are combinations of others"
            )
        return self.message is None

    def propose(self):
        """Coefficients to try: the quadratic's minimum, or nearer where that rose."""
        if self.goal is None:
            self.goal = _goal(self.problem, self.point, self.metric.value, self.limit)
        self.proposal = self.goal
        if self.halvings:
            way = self.goal - self.point.coef
            self.proposal = self.point.coef + 0.5**self.halvings * way

    def move(self, moved):
        """Go there unless the objective rises."""
        problem, metric = self.problem, self.metric
        self.n_passes += 1
        if not (problem.is_quadratic or moved.objective <= self.point.objective + self.slack):
            self.halvings += 1
            self.left_domain = self.left_domain or not np.isfinite(moved.objective)
            return
        self.n_steps += 1
        if moved.gram is not None:
            metric.value, metric.is_spent = moved.gram, False
            self.n_grams += 1
        metric.value = _learned(metric.value, problem, self.point, moved)
        before, self.residual = self.residual, largest_violation(problem, moved, self.limit)
        if self.residual > max(1.0, KEEP_METRIC * before) and not problem.is_quadratic:
            metric.is_spent = True
        cut = self.left_domain and not problem.keeps_domain
        self.at_edge = self.at_edge + 1 if cut else 0  # steps in a row that ended at the edge
        self.point = replace(moved, gram=None)
        if self.at_edge < MAX_AT_EDGE:
            self.goal, self.halvings, self.left_domain = None, 0, False

    def track(self):
        """Where the lane ended."""
        return replace(
            self.start,
            point=self.point,
            metric=self.metric.value,
            violation=self.residual * self.tol,
            n_steps=self.n_steps,
            n_passes=self.n_passes,
            n_grams=self.n_grams,
            message=self.message,
        )


def _goal(problem, point, metric, limit):
    """Where the quadratic model has its minimum; what is at a target or bound is so exactly."""
    target = _target(problem)
    gap = point.coef - target
    hessian, groups = problem.penalised(metric), problem.penalty.groups
    if groups is not None:
        weights, scales = _group_weights(problem), problem.penalty.scales
        wanted = minimise_group_quadratic(
            hessian, point.score, gap, groups, weights, scales, problem.excluded
        )
        return np.where(wanted == gap, point.coef, target + wanted)
    lower, upper = bounds(problem, target)
    movable = np.ones(len(gap), bool) if problem.excluded is None else ~problem.excluded
    wanted = minimise_quadratic(
        hessian, point.score, gap, _l1(problem), lower, upper, movable, INNER * limit
    )
    goal = np.where(wanted == gap, point.coef, target + wanted)
    for end, given in zip((lower, upper), bounds(problem, 0.0 * target), strict=True):
        goal = np.where(wanted == end, given, goal)
    return goal


def _l1(problem):
    """Weights of the absolute values, or group norms, (p,)."""
    return np.zeros(len(problem.penalty.factors)) if problem.l1 is None else problem.l1


def _group_weights(problem):
    return np.array([_l1(problem)[group[0]] for group in problem.penalty.groups])


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


def largest_violation(problem, point, limit):
    """Largest violation in units of the limits."""
    gap, penalty = problem.from_target(point.coef), problem.penalty
    movable = np.ones(len(gap), bool) if problem.excluded is None else ~problem.excluded
    if penalty.groups is not None:
        score = np.where(movable, point.score, 0.0)
        weights = _group_weights(problem)
        parts = np.abs(group_violation(score, gap, penalty.groups, weights, penalty.scales))
    else:
        parts = violation(point.score, gap, _l1(problem), *bounds(problem, _target(problem)))
    return float(np.max((parts / limit)[movable], initial=0.0))


def _tolerance(problem, point, first, gram, tol):
    beside = None if problem.intercept is None else gram[:, problem.intercept]
    return tolerance_of(problem, point, first, np.diagonal(gram), beside, tol)


def tolerance_of(problem, point, first, spread, beside, tol):
    """Violation of each column that counts as 1, (p,): see the module.

    Scores smaller than noise (of the first objective, where data are fitted exactly) and than
    rounding are no measure. spread, beside: (p,), the diagonal of X'WX and its intercept column
    (None without).
    """
    intercept = problem.intercept
    if intercept is not None and beside[intercept] > 0:
        centred = spread - beside**2 / beside[intercept]
        spread = np.where(centred > 1e-10 * spread, centred, spread)
    size = np.sqrt(np.where(spread > 0, spread, 1.0))
    score = np.abs(point.score)
    noise = np.sqrt(dispersion_unit(problem, point, 1, first))
    least = max(noise, _rounding(problem, point) / tol)
    typical = max(np.max(score / size), least)
    return np.minimum(typical * size, max(np.max(score), least * np.min(size)))


def _rounding(problem, point):
    """What rounding of the means makes of scores, in units of `size`; from some of the rows."""
    n_rows = len(problem.y)
    some = problem.take(slice(None, None, max(1, n_rows // 10_000)))
    mu, used = some.means(point.coef), some.prior_weights > 0
    with np.errstate(divide="ignore"):
        level = some.prior_weights[used] @ (mu[used] ** 2 / some.family.variance(mu[used]))
    return SCORE_ROUNDING * np.sqrt(level * n_rows / len(some.y))


def first_point(held):
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
