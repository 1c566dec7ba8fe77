"""The solver that a problem needs."""

from rustystats.solvers.descent import solve_descent
from rustystats.solvers.irls import solve_irls


def solve_problem(problem, *, tol, max_iter, start=None):
    """Fit: Fisher scoring where the objective is smooth, else with the penalty in each step.

    Parameters
    ----------
    problem : Problem
    tol, max_iter : as in `irls.solve_irls` or `descent.solve_descent`
    start : (p,) or None, for a smooth problem

    Returns
    -------
    Fit
    """
    if problem.is_smooth:
        return solve_irls(problem, tol=tol, max_iter=max_iter, start=start)
    return solve_descent(problem, tol=tol, max_iter=max_iter)
