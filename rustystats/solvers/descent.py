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
   it too little, the next pass makes a new one, which learns from the poor steps too: where the
   information that is expected is far from the one observed (counts under an inverse square), each
   new Gram would make the same mistake.

Neighbouring alphas go side by side, as lanes of one pass over the rows (`_kernels/lanes.pyx`), and
share the metric while it is a good one: see `follow`.

What counts as a violation is in `conditions.py`. Cost: passes over the rows, and the quadratic.
"""

from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from rustystats.progress import report
from rustystats.solvers.conditions import group_weights, largest_violation, tolerance_of
from rustystats.solvers.group_quadratic import minimise_group_quadratic
from rustystats.solvers.irls import MAX_AT_EDGE, MAX_HALVINGS, ROUNDING, stuck
from rustystats.solvers.normal_equations import NormalEquations
from rustystats.solvers.problem import Fit, Point, Problem
from rustystats.solvers.quadratic import minimise_quadratic
from rustystats.solvers.start import mean_starts
from rustystats.threads import single_threaded_blas

KEEP_METRIC = 0.2  # a step that shrinks the violation less asks for a new Gram
INNER = 0.01  # the quadratic's tolerance beside the problem's
SECANTS = 10  # poor steps that a new Gram learns from


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


def solve_descent(problem, *, tol=1e-8, max_iter=100, start=None):
    """Fit a problem with any penalty.

    Parameters
    ----------
    problem : Problem
    tol : float > 0
        Largest violation of the conditions for a minimum, relative to that of the null model.
    max_iter : int >= 1
        Most steps.
    start : (p,) array or None
        Left aside where it is no better than the null model.

    Returns
    -------
    Fit : without Gram
    """
    with single_threaded_blas():
        track = null_track(problem, tol, max_iter)
        if start is not None:
            track = _moved_to(track, np.asarray(start, dtype=float))
        return fit_of(descend_to(track, problem.penalty, tol, max_iter))


def _moved_to(null, start):
    """The null model's track at other coefficients, as far as they may move."""
    problem = null.problem
    coef = np.where(problem.movable, np.clip(start, *problem.bounds()), null.point.coef)
    point = problem.evaluate(coef, with_gram=True)
    if not point.objective <= null.point.objective or not np.isfinite(point.gram).all():
        return null
    return replace(null, point=replace(point, gram=None), metric=point.gram)


def null_track(problem, tol, max_iter):
    """The fit of the unpenalised columns alone, the others at their targets."""
    penalised = problem.penalty.factors > 0
    held = problem.without(penalised).at(0.0)
    start = first_point(held)
    # Unpenalised and unbounded columns that are combinations of others stay out of everything
    lower, upper = problem.bounds()
    decided = penalised | np.isfinite(lower) | np.isfinite(upper)
    aliased = NormalEquations(start.gram, excluded=decided).aliased & ~decided
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
    return replace(track, problem=problem.at(0.0), point=point)


def descend_to(track, penalty, tol, max_iter):
    """The track at another penalty on the same problem, started from where it stands."""
    return _follow(track, [penalty], tol, max_iter)[0]


def at_penalty(track, penalty):
    """The track's point under a penalty with another alpha, nothing moved."""
    former, problem = track.problem, replace(track.problem, penalty=penalty)
    point = track.point
    score = former.likelihood_score(point)
    point = problem.point(point.coef, score, None, point.deviance, point.pearson)
    return replace(track, problem=problem, point=point)


def fit_of(track):
    """The track's point as a Fit."""
    problem, point = track.problem, track.point
    aliased = ~problem.movable
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


def _free(problem, coef):
    """Coefficients at no bound and, where there is an absolute value, not at the target."""
    lower, upper = problem.bounds()
    free = (coef > lower) & (coef < upper)
    if problem.l1 is not None:
        free &= (problem.from_target(coef) != 0) | (problem.l1 == 0)
    return free


def follow(track, penalties, tol, max_iter, width=1):
    """Descents at one penalty after the other, the next starting before the last has ended.

    A step leaves a hundredth of the violation or so: a lane that has made one is a good start for
    its neighbour, and the rest of its own steps share their passes with those of the neighbour. Not
    so where metrics fail time and again: each lane would unlearn what the others need.

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
    return _follow(track, penalties, tol, max_iter, width, aloud=True)


def _follow(track, penalties, tol, max_iter, width=1, aloud=False):
    """`follow`, each alpha reported or not."""
    metric, lanes, n_ended = _Metric(track.metric), [], 0
    while True:
        going = [lane for lane in lanes if lane.is_going(max_iter)]
        apart = metric.is_spent and sum(lane.n_grams for lane in lanes) > len(lanes)
        if len(going) < (1 if apart else width) and len(lanes) < len(penalties):
            start = at_penalty(lanes[-1].track() if lanes else track, penalties[len(lanes)])
            lanes.append(_Lane(start, metric, tol))
            going += [lane for lane in lanes[-1:] if lane.is_going(max_iter)]
        while n_ended < len(lanes) and lanes[n_ended].message is not None:
            if aloud:
                report("alpha", alpha=lanes[n_ended].problem.penalty.alpha)
            n_ended += 1
        if not going and len(lanes) == len(penalties):
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
        self.secants = []  # (step, what it took off the score) since a step was last a good one

    def learn(self, problem, former, moved):
        """Take in a step, and the Gram at its end where there is one."""
        change = problem.likelihood_score(former) - problem.likelihood_score(moved)
        self.secants = [*self.secants[1 - SECANTS :], (moved.coef - former.coef, change)]
        fresh = moved.gram is not None
        if fresh:
            self.value, self.is_spent = moved.gram, False
        for secant in self.secants if fresh else self.secants[-1:]:
            self.value = _learned(self.value, *secant)

    def judge(self, is_poor):
        """Whether the step it led to was a poor one."""
        self.is_spent = self.is_spent or is_poor
        if not is_poor:
            self.secants = []


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
        self.n_grams += moved.gram is not None
        before, self.residual = self.residual, largest_violation(problem, moved, self.limit)
        if not problem.is_quadratic:
            metric.learn(problem, self.point, moved)
            metric.judge(self.residual > max(1.0, KEEP_METRIC * before))
        cut = self.left_domain and not problem.keeps_domain
        self.at_edge = self.at_edge + 1 if cut else 0  # steps in a row that ended at the edge
        self.point = replace(moved, gram=None)
        report("step", deviance=moved.deviance, violation=self.residual * self.tol)
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
    target = problem.target
    gap = point.coef - target
    hessian, groups = problem.penalised(metric), problem.penalty.groups
    if groups is not None:
        weights, scales = group_weights(problem), problem.penalty.scales
        wanted = minimise_group_quadratic(
            hessian, point.score, gap, groups, weights, scales, problem.excluded
        )
        return np.where(wanted == gap, point.coef, target + wanted)
    ends = problem.bounds(target)
    wanted = minimise_quadratic(
        hessian, point.score, gap, problem.l1_weights, *ends, problem.movable, INNER * limit
    )
    goal = np.where(wanted == gap, point.coef, target + wanted)
    for end, given in zip(ends, problem.bounds(), strict=True):
        goal = np.where(wanted == end, given, goal)
    return goal


def _predicted(problem, point, coef, gram):
    """The point of a quadratic problem, from another and the Gram."""
    step = coef - point.coef
    score, change = problem.likelihood_score(point), gram @ step
    deviance = point.deviance - 2.0 * (score @ step) + step @ change
    return problem.point(coef, score - change, None, deviance, deviance)


def _learned(metric, move, change):
    """The metric with what the score did on a step."""
    expected = metric @ move
    curvature, model = move @ change, move @ expected
    if not 0.1 * model < curvature < 10.0 * model:  # rounding, or far from a quadratic
        return metric
    return metric + np.outer(change, change / curvature) - np.outer(expected, expected / model)


def _tolerance(problem, point, first, gram, tol):
    beside = None if problem.intercept is None else gram[:, problem.intercept]
    return tolerance_of(problem, point, first, np.diagonal(gram), beside, tol)


def first_point(held):
    """A point with a finite objective and a Gram, its penalised columns at their targets."""
    penalised, (lower, upper) = held.penalty.factors > 0, held.bounds()
    fixed = np.where(penalised, held.resting, 0.0)
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
