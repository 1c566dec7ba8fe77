"""A family's own parameter, theta or the Tweedie power, decided by the data.

Maximum likelihood in coefficients and parameter together, by turns: the coefficients at the
parameter, the parameter of greatest likelihood at the fitted means (`family.estimate`), again,
until the parameter rests. The two are orthogonal, the expected mixed derivative of the likelihood
is 0, so each round gains some two digits and three to five suffice; from the second on the
coefficients start where they were, with the Gram they had, and take one or two steps.

With a penalty the coefficients are those of the penalised objective at the parameter.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rustystats.progress import report
from rustystats.solvers.irls import continue_irls
from rustystats.solvers.problem import Parameter
from rustystats.solvers.solve import solve_problem
from rustystats.threads import single_threaded_blas

if TYPE_CHECKING:
    from rustystats.solvers.problem import Problem
    from rustystats.typing import Floats

RESOLUTION = 1e-7  # a relative change that is rounding


def solve_with_parameter(
    problem, *, tol, max_iter, start=None, initial=None, parameter_tol=None, max_rounds=50
):
    """Fit coefficients and the family's parameter.

    Parameters
    ----------
    problem : Problem
    tol, max_iter, start : as in `solve_irls`
    initial : float or None
        Where the search for the parameter starts; None takes the family's.
    parameter_tol : float or None
        Largest last change of the parameter; None takes sqrt(tol) of its standard error.
    max_rounds : int

    Returns
    -------
    (Problem, Fit) : with the family at the estimated parameter
    """
    name = problem.family.parameter
    if initial is not None:
        problem = replace(problem, family=problem.family.with_parameter(initial))
    fit, steps = None, 0
    for rounds in range(1, max_rounds + 1):
        if fit is None or fit.gram is None:
            fit = solve_problem(problem, tol=tol, max_iter=max_iter, start=start)
            start = fit.coef
        else:
            fit = _refit(problem, fit, tol, max_iter)
        steps += fit.n_iter
        fit = replace(fit, n_iter=steps)
        mu = problem.means(fit.coef)
        family, error = problem.family.estimate(*problem.likelihood_rows(mu))
        former, value = (getattr(f, name) for f in (problem.family, family))
        report("round", **{name: value})
        enough = np.sqrt(tol) * error if np.isfinite(error) else 0.0
        enough = max(enough, RESOLUTION * value) if parameter_tol is None else parameter_tol
        # The first round's parameter is a guess: what it was fitted with is never reported.
        if rounds > 1 and abs(value - former) <= enough:
            return problem, replace(fit, parameter=Parameter(name, former, error, rounds))
        problem = replace(problem, family=family)
    fit = replace(
        fit,
        converged=False,
        message=f"{name} still changes after {max_rounds} rounds, the last from {former:g} to "
        f"{value:g}; allow more of them, or give {name} as a number",
        parameter=Parameter(name, former, error, rounds),
    )
    return replace(problem, family=problem.family.with_parameter(former)), fit


def _refit(problem, fit, tol, max_iter):
    """The fit at a parameter near by: from where it was, its Gram the first metric."""
    with single_threaded_blas():
        point = problem.evaluate(fit.coef, with_gram=False)
        return continue_irls(problem, point, fit.gram, with_gram=True, tol=tol, max_iter=max_iter)


def likelihood_profile(problem: Problem, values: Floats, *, start: Floats) -> Floats:
    """Log-likelihood of the best coefficients at each of the parameter's values, (len(values),)."""
    profile = []
    for value in values:
        at_value = replace(problem, family=problem.family.with_parameter(value))
        fit = solve_problem(at_value, tol=1e-8, max_iter=100, start=start)
        mu = problem.means(fit.coef)
        profile.append(at_value.family.loglike(*problem.likelihood_rows(mu)))
        start = fit.coef
    return np.array(profile)
