"""Fits without some columns of a model, on its design and started from its fit.

The columns stay in the design and are held at 0 (`Problem.excluded`). At the fit b with information
H the deviance is quadratic to second order, ``D(b) + (c - b)' H (c - b)``; its minimum over the c
that are 0 in the columns T solves ``H_KK c_K = (H b)_K`` with K the others, that is
``c = b - V[:, T] (V_TT)^-1 b_T`` for V = H^-1, and aliased columns need no case of their own. From
there a refit takes two to four passes without Gram.
"""

import numpy as np

from rustystats.design.matrix import DesignMatrix
from rustystats.solvers.irls import continue_irls, solve_irls
from rustystats.solvers.normal_equations import NormalEquations
from rustystats.solvers.sparse_equations import equations
from rustystats.threads import single_threaded_blas


def fit_without(problem, fit, columns, with_gram=False, tol=1e-8):
    """The problem without some more columns, (p,) bool, and its fit."""
    smaller = problem.without(columns)
    with single_threaded_blas():
        point = smaller.evaluate(quadratic_minimum(smaller, fit)[0], with_gram=False)
        if np.isfinite(point.objective):
            return smaller, continue_irls(smaller, point, fit.gram, with_gram=with_gram, tol=tol)
    return smaller, solve_irls(smaller, tol=tol)


def quadratic_minimum(smaller, fit):
    """Minimum of the quadratic approximation at a larger fit, and the rank of the smaller problem,
    which has the columns to leave out excluded.
    """
    gram = smaller.penalised(fit.gram)
    system = NormalEquations(gram, excluded=smaller.excluded)
    return system.solve(gram @ fit.coef), system.rank


def nearly_aliased(problem, fit):
    """Columns left out that are no exact combinations of the others, (p,) bool.

    The cross-products see a column's residual down to some 3e-6 of its size, and call what is
    smaller none. Here it is computed row by row, in some ten thousand rows: what is above 1e-8 is
    no rounding. Done for the first twenty columns that are not zero. The combination is that of all
    rows alike: the weights of the fit vanish where levels have run away, and with them its digits.
    """
    near = np.zeros(len(fit.coef), dtype=bool)
    candidates = fit.aliased & (np.diagonal(fit.gram) > 0)
    if problem.excluded is not None:
        candidates &= ~problem.excluded
    columns = np.flatnonzero(candidates)[:20]
    if not len(columns):
        return near
    used = (problem.prior_weights > 0).astype(float)
    stride = max(1, len(used) // 10_000)
    some = slice(None, None, stride)
    design, used_there = problem.design.take(some), used[some]
    gram = problem.design.gram(used)
    with single_threaded_blas():
        combinations = -equations(gram, fit.aliased).solve(gram[columns].T)
        for column, combination in zip(columns, combinations.T, strict=True):
            combination[column] = 1.0
            residual = used_there @ design.matvec(combination) ** 2
            near[column] = residual > 1e-16 * gram[column, column] / stride
    return near


def spans(larger, smaller):
    """Whether the columns of a problem span those of another, in the rows that have weight.

    With the columns of the larger first, those of the smaller must all be aliased.
    """
    designs = (larger.design, smaller.design)
    both = DesignMatrix([b for d in designs for b in d.blocks], larger.design.n_threads)
    aliased = NormalEquations(both.gram((larger.prior_weights > 0).astype(float))).aliased
    return bool(aliased[larger.design.shape[1] :].all())
