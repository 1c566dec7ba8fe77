"""Ridge penalties on wide designs: Newton's method without a Gram.

The step ``(X'WX + R)^-1 s`` is found by conjugate gradients, from products ``X'(W (X v)) + R v``:
two passes over the rows each. They are preconditioned by the Cholesky factor of the narrow blocks
(terms with few columns, and all columns without penalty) and the exact diagonal of the wide ones,
which for a factor's levels is all of its part of the Gram: beside one wide factor and q narrow
columns the preconditioned matrix has at most 2 q + 1 distinct eigenvalues.

Far from the minimum a step need not be exact (inexact Newton: Dembo, Eisenstat & Steihaug 1982,
SIAM J. Numer. Anal. 19:400): its residual is to be a tenth of the score, less as the score falls.
Starts, line search and the Newton decrement at which a fit has converged are those of `irls.py`;
along a path fits end where scores are as small as `descent.py` wants them.

Cost: some tens of products for each of four to six steps. Memory: vectors of n and p.
"""

from dataclasses import replace

import numpy as np

from rustystats.progress import report
from rustystats.solvers import method
from rustystats.solvers.conditions import largest_violation
from rustystats.solvers.descent import at_penalty, fit_of
from rustystats.solvers.irls import ROUNDING, dispersion_unit, line_search, stuck
from rustystats.solvers.normal_equations import NormalEquations
from rustystats.solvers.wide import null_track
from rustystats.threads import single_threaded_blas

NARROW_COLUMNS = 1_000  # in the block of the preconditioner, those without penalty apart
FORCING = 0.1  # residual of a step beside the score, and the least of it
LEAST_FORCING = 1e-3
MAX_PRODUCTS = 1_000  # a step


def solve_conjugate(problem, *, tol=1e-8, max_iter=100, start=None):
    """Fit a problem with a ridge penalty, without Gram; arguments as in `irls.solve_irls`."""
    with single_threaded_blas():
        track = at_penalty(null_track(problem, tol, max_iter), problem.penalty)
        if start is not None:
            coef = np.where(track.problem.movable, start, track.point.coef)
            point = track.problem.evaluate(coef, with_gram=False)
            if point.objective <= track.point.objective:
                track = replace(track, point=point)
        newton = _Newton(track)
        newton.run(max_iter, tol=tol)
        return replace(
            fit_of(newton.track(np.nan)),
            n_iter=newton.n_steps,
            decrement=newton.decrement,
            unit=newton.unit,
            history=tuple(newton.history),
            kkt=None,
            n_free=None,
        )


def follow(track, penalties, tol, max_iter):
    """`WideTrack`s at one penalty after the other; arguments as in `descent.follow`."""
    tracks = []
    for penalty in penalties:
        newton = _Newton(at_penalty(track, penalty))
        limit = tol * track.tolerance
        newton.run(max_iter, limit=limit)
        track = newton.track(tol * largest_violation(newton.problem, newton.point, limit))
        report("alpha", alpha=penalty.alpha)
        tracks.append(track)
    return tracks


class _Newton:
    """Newton's method on its way."""

    def __init__(self, track):
        self.start, self.problem, self.point = track, track.problem, track.point
        self.history = [track.point.objective]
        self.n_steps = self.n_products = 0
        self.decrement = self.unit = np.nan
        self.message = None

    def run(self, max_iter, *, tol=None, limit=None):
        """Step until the decrement is below `tol`, or all scores are below `limit`, (p,)."""
        problem, first = self.problem, None
        information = _Information(problem)
        slack = ROUNDING * abs(self.history[0])
        rank = np.count_nonzero(information.live)
        while self.message is None:
            if limit is not None and largest_violation(problem, self.point, limit) <= 1.0:
                self.message = "converged"
            elif self.n_steps == max_iter:
                self.message = f"not yet at the tolerance after max_iter={max_iter}: raise max_iter"
            if self.message is not None:
                return
            information.move_to(self.point.coef)
            size = information.size(self.point.score)
            first = size if first is None else first
            forcing = np.clip(size / first if first > 0 else 0.0, LEAST_FORCING, FORCING)
            step, n_products = information.solve(self.point.score, forcing)
            self.decrement = float(self.point.score @ step)
            self.unit = dispersion_unit(problem, self.point, rank, self.history[0])
            rounding = ROUNDING**2 * information.norm(self.point.coef)
            last = limit is None and self.decrement <= max(tol * self.unit, rounding)
            moved, left_domain = line_search(problem, self.point, step, 1.0, False, slack)
            self.n_steps, self.n_products = self.n_steps + 1, self.n_products + n_products
            if moved is None:
                self.message = stuck(problem, left_domain)
                return
            self.point = moved
            self.history.append(moved.objective)
            report("step", deviance=moved.deviance, decrement=self.decrement)
            if last:
                self.message = "converged"

    def track(self, violation):
        """Where it ended."""
        return replace(
            self.start,
            point=self.point,
            violation=violation,
            n_steps=self.n_steps,
            n_passes=self.n_steps + 2 * self.n_products,
            n_grams=0,
            message=self.message,
            method=method.CONJUGATE,
        )


class _Information:
    """X'WX + R at some coefficients: products with it, and solutions."""

    def __init__(self, problem):
        self.problem, p = problem, problem.design.shape[1]
        self.ridge = np.zeros(p) if problem.ridge is None else problem.ridge
        self.live = problem.movable
        self.narrow = _narrow_columns(problem.design, self.live & (self.ridge == 0)) & self.live
        self.columns = np.flatnonzero(self.narrow)
        self.design = problem.design.restrict(self.columns)
        self.weight = None

    def move_to(self, coef):
        """Make ready for solutions at these coefficients."""
        if self.weight is not None and self.problem.is_quadratic:
            return
        self.weight = self.problem.working_weights(coef)
        diagonal = self.problem.design.gram_diagonal(self.weight) + self.ridge
        gram = self.design.gram(self.weight) + np.diag(self.ridge[self.columns])
        self.block = NormalEquations(gram, np.diagonal(gram) <= 0)
        wide = self.live & ~self.narrow & (diagonal > 0)
        self.inverse = np.divide(1.0, diagonal, out=np.zeros_like(diagonal), where=wide)

    def product(self, vector):
        """(X'WX + R) times a vector that is 0 in dead columns."""
        design = self.problem.design
        return design.transpose_matvec(self.weight * design.matvec(vector)) + self.ridge * vector

    def norm(self, vector):
        """v' X'WX v."""
        return float(self.weight @ np.square(self.problem.design.matvec(vector)))

    def nearly_solve(self, right):
        """The preconditioner's solution; 0 in dead columns."""
        solution = self.inverse * right
        solution[self.columns] = self.block.solve(right[self.columns])
        return solution

    def size(self, score):
        """Root of the decrement as the preconditioner sees it."""
        return np.sqrt(score @ self.nearly_solve(score))

    def solve(self, right, forcing):
        """Solution to a relative residual of `forcing`, and the number of products."""
        solution, residual = np.zeros_like(right), right
        direction = near = self.nearly_solve(residual)
        size = first = residual @ near
        n_products = 0
        while size > forcing**2 * first and n_products < MAX_PRODUCTS:
            image = self.product(direction)
            length = size / (direction @ image)
            solution = solution + length * direction
            residual = residual - length * image
            near = self.nearly_solve(residual)
            before, size = size, residual @ near
            direction = near + (size / before) * direction
            n_products += 1
        return solution, n_products


def _narrow_columns(design, needed):
    """A mask: the columns needed, and those of the blocks with fewest columns."""
    widths = np.diff(design.starts)
    narrow = needed.copy()
    for index in np.argsort(widths, kind="stable"):
        block = slice(design.starts[index], design.starts[index + 1])
        if np.count_nonzero(narrow) + widths[index] > NARROW_COLUMNS:
            break
        narrow[block] = True
    return narrow
