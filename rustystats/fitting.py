"""From a model to a fit, or to the fits of a path; every face of the package goes through here.

    Model -> solver -> Fit, and a warning of each way in which it is not what was asked for

No state is kept: an error leaves nothing half-fitted.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from rustystats.checks import check_count, check_tol, is_number
from rustystats.messages import SeparationWarning, warn_user
from rustystats.progress import shown
from rustystats.solvers import method
from rustystats.solvers.free_part import free_part
from rustystats.solvers.nested import nearly_aliased
from rustystats.solvers.parameter import solve_with_parameter
from rustystats.solvers.path import solve_path
from rustystats.solvers.separation import separated_parts
from rustystats.solvers.solve import solve_problem
from rustystats.terms.array import ArrayColumns

if TYPE_CHECKING:
    from rustystats.penalties import PenaltyOptions
    from rustystats.prepare import Model
    from rustystats.solvers.path import AlphaGrid
    from rustystats.solvers.path import Path as SolverPath
    from rustystats.solvers.problem import Fit
    from rustystats.typing import Dispersion, Floats


def solve(
    model: Model,
    *,
    tol: float,
    max_iter: int,
    columns: ArrayColumns | None = None,
    start: Floats | None = None,
    verbose: bool = False,
    **parameter_options: Any,
) -> tuple[Model, Fit]:
    """Fit the model, its family's parameter included where the data decide it.

    Warns where the fit is not what was asked for.

    Parameters
    ----------
    tol, max_iter : as in `solvers/irls.py`
    columns : ArrayColumns that have not been looked through for NaN and infinity yet, or None
    start : as in `solve_problem`
    parameter_options : of `solve_with_parameter`
    """
    check_tol(tol, "tol")
    check_count(max_iter, "max_iter")
    problem = model.problem
    _check_width(model)
    try:
        with shown(verbose, "fit", ("step", "round")):
            if problem.family.estimated:
                problem, fit = solve_with_parameter(
                    problem, tol=tol, max_iter=max_iter, start=start, **parameter_options
                )
            else:
                fit = solve_problem(problem, tol=tol, max_iter=max_iter, start=start)
    except ValueError:
        if isinstance(columns, ArrayColumns):
            columns.check_finite()  # says more than the solver can
        raise
    free = _free_part(problem, fit, model.names)
    if free:
        fit = replace(fit, separated=separated_parts(*free))
        _warn_of_near_aliases(*free)
    _say_what_is_wrong(problem, fit)
    return replace(model, problem=problem), fit


def trace_path(
    model: Model,
    options: PenaltyOptions,
    grid: AlphaGrid,
    *,
    tol: float,
    max_iter: int,
    columns: ArrayColumns | None = None,
    verbose: bool = False,
) -> tuple[Model, SolverPath]:
    """Fit the model along decreasing alphas, and warn where a fit did not converge.

    The model returned has the penalty, at alpha 0; tol, max_iter and columns are as in `solve`.
    """
    check_tol(tol, "tol")
    check_count(max_iter, "max_iter")
    family = model.problem.family
    if family.estimated:
        raise ValueError(
            f"a path needs {family.parameter} as a number: fit once without penalty and pass "
            f"{family.parameter}=result.{family.parameter}"
        )
    penalised = replace(model, problem=replace(model.problem, penalty=options.penalty(model)))
    _check_width(penalised, tracing=True)
    if grid.given is not None and grid.given[-1] == 0 and options.l1_ratio == 0:
        _check_width(penalised)
    try:
        with shown(verbose, "path", ("alpha",), grid.n if grid.given is None else len(grid.given)):
            path = solve_path(penalised.problem, grid, tol=tol, max_iter=max_iter)
    except ValueError:
        if isinstance(columns, ArrayColumns):
            columns.check_finite()
        raise
    path = replace(path, fits=_with_separation(penalised, path))
    short = [alpha for alpha, fit in zip(path.alphas, path.fits, strict=True) if not fit.converged]
    if short:
        message = next(fit.message for fit in path.fits if not fit.converged)
        warn_user(
            f"{len(short)} of {len(path.alphas)} fits of the path did not converge, from alpha="
            f"{short[0]:.4g} on: {message}",
            ConvergenceWarning,
        )
    return penalised, path


def _with_separation(model, path):
    """The fits of a path with what separates the columns that are not penalised; and warnings of
    that, and of columns nearly aliased.

    That is a matter of the data, whatever the penalty of the others: one fit shows it for all those
    with a penalty.
    """
    problem, fits = model.problem, []
    penalised = np.count_nonzero(path.alphas)
    for alike in (path.fits[:penalised], path.fits[penalised:]):
        if alike:
            at_last = problem.at(path.alphas[len(fits) + len(alike) - 1])
            free = _free_part(at_last, alike[-1], model.names)
            separated = separated_parts(*free) if free else ()
            fits += [replace(fit, separated=separated) for fit in alike]
    _warn_of_separation(fits[-1].separated)
    if free:
        _warn_of_near_aliases(*free)
    return tuple(fits)


def _free_part(problem, fit, names):
    """(Problem, Fit, names) where the likelihood alone decides, with a Gram; None for nothing."""
    if fit.gram is not None:
        return problem, fit, names
    part = free_part(problem, fit)
    return part and (*part[:2], [names[column] for column in part[2]])


def _warn_of_near_aliases(problem, fit, names):
    near = nearly_aliased(problem, fit)
    if near.any():
        listed = ", ".join(name for name, is_near in zip(names, near, strict=True) if is_near)
        warn_user(
            f"{listed}: so nearly a combination of the columns before that the cross-products "
            "cannot tell, and left out (NaN); subtract its mean or rescale it, use a spline "
            "instead of powers, or look for weights and offsets many orders of magnitude apart"
        )


def _warn_of_separation(separated):
    if separated:
        warn_user(
            f"the likelihood has no maximum (separation) along {'; '.join(separated)}: the "
            "response lies at one end of its range in all of these rows. The coefficients run to "
            "infinity and were stopped, and their standard errors mean nothing: group those "
            "levels with others, leave them out, or penalise them",
            SeparationWarning,
        )


def _say_what_is_wrong(problem, fit):
    """Warn of each way in which the fit is not what was asked for."""
    _warn_of_separation(fit.separated)
    if not fit.converged:
        warn_user(f"the fit did not converge: {fit.message}", ConvergenceWarning)
    if fit.parameter is not None and not np.isfinite(fit.parameter.error):
        reason = problem.family.at_edge()
        where = f"is the edge of its range: {reason}"
        if not reason:
            where = "has no standard error, for want of a clear maximum: see profile_parameter()"
        warn_user(f"{fit.parameter.name}={fit.parameter.value:g} {where}")


def check_dispersion(dispersion: Any) -> Dispersion:
    """How the dispersion of standard errors is found: None, "pearson", "deviance" or a number."""
    if is_number(dispersion):
        known = np.isfinite(dispersion) and dispersion > 0
    else:
        known = dispersion is None or (
            isinstance(dispersion, str) and dispersion in ("pearson", "deviance")
        )
    if not known:
        raise ValueError(
            "dispersion must be 'pearson', 'deviance', a positive number, or None for the "
            f"family's own, not {dispersion!r}"
        )
    return dispersion


def _check_width(model, tracing=False):
    """Refuse what only a Gram too large would solve; `tracing` as in `choose`."""
    if method.choose(model.problem, tracing) is not None:
        return
    p, penalty = len(model.names), model.problem.penalty
    widest = max(model.terms.terms, key=lambda term: len(term.names()))
    remedy = "group the levels, or leave that term out"
    if penalty is None or not (tracing or penalty.alpha > 0):
        remedy += ", or penalise it: regularization='lasso' or 'ridge' needs none of them"
    elif penalty.groups is not None:
        remedy += ", or leave out group=: the lasso of single columns needs only a few of them"
    elif np.count_nonzero(penalty.factors == 0) > method.SET_COLUMNS:
        remedy += ", or give it a penalty_factor above 0"
    else:
        remedy += ", or bound coefficients beside an L1 penalty (l1_ratio and alpha above 0)"
    raise ValueError(
        f"the model has {p} columns, {len(widest.names())} of them from "
        f"{':'.join(widest.columns)}: their cross-products would take {8e-9 * p**2:.0f} GB; "
        f"{remedy}"
    )
