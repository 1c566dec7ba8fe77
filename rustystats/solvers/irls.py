"""Fisher scoring for the objective of `problem.py`, with step-halving.

At coefficients b with score s = X'r - ridge b and information H = X'WX + ridge, the step is
``H^-1 s`` and the Newton decrement ``s' H^-1 s`` estimates the deviance still to be gained.

1. Start at the intercept-only means or, on large data, at the fit of a strided sample of the rows
   (itself started in this way), which is within a few standard errors of the answer.
2. A step is halved until the objective does not rise; a mean outside the family's domain counts as
   an infinite objective.
3. When the decrement falls to ``tol * dispersion``, or to rounding, the step is still taken, and
   the fit converged.
4. Where the likelihood has no maximum (separation: a level without claims), the score falls to
   nothing while the linear predictor of some rows moves on, some 1 a step. Such a step is
   stretched to where the decrement will be negligible, unless it leads past a maximum, and the fit
   ends there, at finite coefficients; `separation.py` names the levels.
5. The score is exact in every pass. The Gram is only a metric for the step: after a sampled start
   it is kept as long as each step shrinks the decrement twentyfold, because a pass without it costs
   less than half, and the changes of the score correct it (limited-memory BFGS). The Gram that is
   reported is of the final means.

Cost: passes over the rows (see `_kernels/irls.pyx`) plus p^3 / 3 for each Gram.
"""

import numpy as np

from rustystats.progress import report
from rustystats.solvers.arrow import is_finite, step_equations
from rustystats.solvers.problem import Fit
from rustystats.solvers.start import constant_objective, mean_starts
from rustystats.threads import single_threaded_blas

SAMPLE_STRIDE = 20
SAMPLE_ROWS = 5000  # smallest sample worth starting from
SAMPLE_TOL = 0.05  # decrement per column at which a sample has said all it knows
KEEP_GRAM = 0.05
MAX_HALVINGS = 40
MAX_AT_EDGE = 12
RUNAWAY = 0.5  # a step that moves eta so far, for no gain in deviance, does not lead to a maximum
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
        Left aside where it is no better than a constant.

    Returns
    -------
    Fit
    """
    with single_threaded_blas():
        point, sampled = _start(problem, start)
        return iterate(problem, tol, max_iter, point, point.gram, sampled)


def continue_irls(problem, point, gram, *, with_gram=False, tol=1e-8, max_iter=100):
    """Fit from a point near the answer, with the Gram of a fit near by as the first metric.

    What a refit of almost the same problem costs: passes without Gram, until a step fails to shrink
    the decrement twentyfold. BLAS must be held to one thread by the caller.

    Parameters
    ----------
    problem : Problem
    point : Point, with a finite objective
    gram : (p, p) X'WX near the answer; for a quadratic problem, its own
    with_gram : bool
        Whether the Gram at the final means is wanted; without it, `Fit.gram` is None.
    tol, max_iter : as in `solve_irls`

    Returns
    -------
    Fit
    """
    return iterate(problem, tol, max_iter, point, gram, True, with_gram)


def iterate(problem, tol, max_iter, point, gram, near, final_gram=True):
    """The loop; `near`: the Gram is worth keeping as the metric while the steps shrink well."""
    system = step_equations(problem.penalised(gram), excluded=problem.excluded)
    history = [point.objective]
    slack = ROUNDING * abs(point.objective)  # of the start: exactly fitted data end near 0
    secants, shrinks = [], True
    keep_gram, converged = near or problem.is_quadratic, False
    scales = problem.design.column_scales
    step = system.solve(point.score)
    decrement = float(point.score @ step)
    message = (
        f"the Newton decrement is still above tol={tol:g} after max_iter={max_iter} steps; raise "
        "max_iter, or look for columns on very different scales"
    )
    at_edge = 0  # steps in a row that were cut because means would have left the domain
    for n_iter in range(1, max_iter + 1):  # noqa: B007  the count is reported
        # Data fitted exactly have no dispersion: a step that rounding would swallow is the last.
        unit = dispersion_unit(problem, point, system.rank, history[0])
        rounding = ROUNDING**2 * (point.coef @ gram @ point.coef)
        last = decrement <= max(tol * unit, rounding)
        movement = 0.0 if last else np.max(np.abs(step) * scales)
        stretch = _stretch(problem.link, movement, decrement / unit, tol)
        if stretch > 1.0:
            secants, step = [], system.solve(point.score)
        with_gram = not problem.is_quadratic and (final_gram if last else not keep_gram)
        moved, left_domain = line_search(problem, point, step, stretch, with_gram, slack)
        if moved is None and secants:  # they misled
            secants, step = [], system.solve(point.score)
            moved, left_domain = line_search(problem, point, step, 1.0, with_gram, slack)
        at_edge = at_edge + 1 if left_domain and not problem.keeps_domain else 0
        converged = bool(last)
        if moved is None or at_edge == MAX_AT_EDGE:
            message = stuck(problem, left_domain)
            break
        former, point = point, moved
        history.append(point.objective)
        if final_gram:  # not of a sample
            report("step", deviance=point.deviance, decrement=decrement)
        if last:
            break
        if point.gram is not None:
            gram = point.gram
            system = step_equations(problem.penalised(gram), system.aliased)
        if shrinks and point.gram is not None:
            secants = []  # steps with the new Gram converge by themselves
        else:
            secants = [*secants[-9:], (point.coef - former.coef, former.score - point.score)]
        before, step = decrement, _secant_step(system, secants, point.score)
        decrement = float(point.score @ step)
        shrinks = decrement <= KEEP_GRAM * before
        keep_gram = problem.is_quadratic or (near and shrinks)
    if final_gram and not problem.is_quadratic:  # of the final means, whatever the last step used
        if point.gram is None:
            point = problem.evaluate(point.coef, with_gram=True)
        gram = point.gram
    return Fit(
        coef=point.coef,
        aliased=system.aliased,
        gram=gram if final_gram else None,
        score=point.score,
        deviance=point.deviance,
        pearson=point.pearson,
        converged=converged,
        n_iter=n_iter,
        decrement=decrement,
        unit=unit,
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


def _stretch(link, movement, decrement, tol):
    """How much longer than scored a step that runs away is made; 1 for one that does not.

    movement: of the linear predictor; decrement: in units of the dispersion. It falls by a factor e
    for each unit of movement, and is to end at the tolerance.
    """
    # Only these have a linear predictor without units, in which a change of 1 is a large one
    natural = link.ends_at_infinity and link.means is not None
    runs_away = natural and decrement < 1.0 and movement > RUNAWAY
    return max(1.0, np.log(decrement / tol) / movement) if runs_away else 1.0


def line_search(problem, point, step, stretch, with_gram, slack):
    """The first point along the halved steps whose objective does not rise, or None; and whether
    a longer step left the domain of the means. A stretched step comes first, and must not lie
    beyond a maximum."""
    limit = point.objective + slack
    left_domain = False
    if stretch > 1.0:
        moved = problem.evaluate(point.coef + stretch * step, with_gram)
        if moved.objective <= limit and moved.score @ step >= 0.0:
            return moved, False
    for halving in range(MAX_HALVINGS):
        moved = problem.evaluate(point.coef + 0.5**halving * step, with_gram)
        finite = moved.gram is None or is_finite(moved.gram)
        if moved.objective <= limit and finite:
            return moved, left_domain
        left_domain = left_domain or not np.isfinite(moved.objective)
    return None, left_domain


def stuck(problem, left_domain):
    """Why no step was found."""
    if problem.keeps_domain or not left_domain:
        return "no step along the scoring direction lowers the deviance"
    link, family = problem.link.name(), problem.family
    return (
        f"the {link} link lets means leave the domain of the {family.name()} family, and the fit "
        "was stopped at its edge, short of the best coefficients: use "
        f"link={family.link_names[0]!r}, which keeps them inside, or leave out the terms that "
        "drive the mean there"
    )


def dispersion_unit(problem, point, rank, first):
    """What the decrement is measured in: the dispersion.

    Where it is 1 by definition, it counts as small as the weights are, whose unit is anybody's
    choice. Where it is estimated, it may vanish with the deviance (no claims at all) or be unknown
    (no degrees of freedom): then a share of the first objective stands in.
    """
    if problem.family.dispersion_fixed:
        return min(1.0, problem.total_weight / problem.n_obs)
    dispersion = problem.dispersion(point, rank)
    typical = first / max(problem.n_obs - rank, 1)
    if not np.isfinite(dispersion):
        return max(1e-2 * typical, 1e-300)
    return max(dispersion, 1e-5 * typical, 1e-300)


def _start(problem, start):
    """A point with a finite objective and a Gram, and whether it came from a sample."""
    if start is not None:
        point = _given_start(problem, np.asarray(start, dtype=float))
        if point is not None:
            return point, False
    point = _sampled_start(problem)
    if point is not None:
        return point, True
    for coef in mean_starts(problem):
        point = problem.evaluate(coef, with_gram=True)
        if np.isfinite(point.objective):
            return point, False
    raise ValueError(
        f"the fit has no valid starting point: with the {problem.link.name()} link some means "
        f"leave the domain of the {problem.family.name()} family; use its "
        f"{problem.family.link_names[0]} link, or check the offset"
    )


def _given_start(problem, coef):
    """The point of given coefficients, aliased ones at 0; None where the best constant is better
    or means leave the domain: they are then of other data."""
    point = problem.evaluate(coef, with_gram=True)
    if not np.isfinite(point.objective) or not is_finite(point.gram):
        return None
    aliased = step_equations(problem.penalised(point.gram), excluded=problem.excluded).aliased
    if problem.excluded is not None:
        aliased = aliased & ~problem.excluded
    if np.any(coef[aliased]):
        point = problem.evaluate(np.where(aliased, 0.0, coef), with_gram=True)
        if not np.isfinite(point.objective) or not is_finite(point.gram):
            return None
    return point if point.objective <= constant_objective(problem, problem) else None


def _sampled_start(problem):
    """The fit of a stride through the rows, as a point of the whole problem; None if too few."""
    n, p = problem.design.shape
    if problem.is_quadratic or n // SAMPLE_STRIDE < max(SAMPLE_ROWS, 50 * p):
        return None
    sample = problem.sample(slice(None, None, SAMPLE_STRIDE))
    try:
        point, sampled = _start(sample, None)
        fit = iterate(sample, SAMPLE_TOL * p, 15, point, point.gram, sampled, final_gram=False)
    except ValueError:
        return None
    point = problem.evaluate(fit.coef, with_gram=True)
    if point.gram is None or not np.isfinite(point.gram).all():
        return None
    # Rows unlike those of the sample (one enormous value) can make its fit worse than none.
    as_expected = point.objective <= 3.0 * SAMPLE_STRIDE * fit.history[-1]
    if as_expected or point.objective <= constant_objective(problem, sample):
        return point
    return None
