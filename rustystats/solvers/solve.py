"""The solver that a problem needs."""

from rustystats.solvers.cells import solve_cells
from rustystats.solvers.conjugate import solve_conjugate
from rustystats.solvers.descent import fit_of, solve_descent
from rustystats.solvers.irls import solve_irls
from rustystats.solvers.method import CONJUGATE, WORKING_SET, choose
from rustystats.solvers.trace import follow, null_track
from rustystats.threads import single_threaded_blas


def solve_problem(problem, *, tol, max_iter, start=None):
    """Fit: Fisher scoring where the objective is smooth, else with the penalty in each step;
    without a Gram of all columns where that would be too large.

    Parameters
    ----------
    problem : Problem
    tol, max_iter : as in `irls.solve_irls` or `descent.solve_descent`
    start : (p,) or None
        A working set begins at the null model all the same.

    Returns
    -------
    Fit
    """
    way = choose(problem)
    if way == CONJUGATE:
        return solve_conjugate(problem, tol=tol, max_iter=max_iter, start=start)
    if way == WORKING_SET:
        with single_threaded_blas():
            null = null_track(problem, tol, max_iter)
            return fit_of(follow(null, [problem.penalty], tol, max_iter)[0])
    if problem.is_smooth and start is None:
        fit = solve_cells(problem, tol=tol, max_iter=max_iter)
        if fit is not None:
            return fit
    if problem.is_smooth:
        return solve_irls(problem, tol=tol, max_iter=max_iter, start=start)
    return solve_descent(problem, tol=tol, max_iter=max_iter, start=start)
