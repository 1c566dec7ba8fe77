"""Profile-likelihood intervals: the values of a coefficient that the data do not contradict.

With D(v) the deviance minimised over all other coefficients while b_j is held at v, the limits of
b_j are the two v where ``(D(v) - D) / phi = z^2``; phi is the dispersion of the fit and z the
normal quantile, as in R's ``MASS:::profile.glm`` (the Gaussian family included).

The signed root r(v) of that statistic is nearly linear in v: a secant from the Wald limit takes two
to four refits a limit. Each starts on the line through the fit and the last refit, holds b_j where
it starts (`Problem.excluded`), and needs no Gram but that of the fit. Where r does not behave (at
the edge of the domain of the means, in a level without claims) the secant falls back on halving a
bracket; where that closes on nothing, trials that the line leads astray are fitted from a start of
their own. Then the limit is where the domain ends, or not exact. A limit that is not reached at
REACH times the Wald limit's distance is infinite: the data are separated.
"""

from dataclasses import replace

import numpy as np

from rustystats.inference.covariance import normal_interval
from rustystats.solvers.irls import continue_irls, solve_irls
from rustystats.solvers.normal_equations import NormalEquations
from rustystats.threads import single_threaded_blas

TOL = 1e-6  # of the signed root, which is the distance in standard errors or nearly so
# Checked before the last step: the decrement is then 1e-8 or so. Most refits have one step or two
REFIT = {"tol": 1e-6, "max_iter": 25}
REACH = 1000.0
GROWTH = 4.0  # most that one trial goes beyond the last
FAR = 100.0  # multiples of z^2 at which a trial is too far off to be worth a refit
MAX_TRIALS = 80


def profile_interval(problem, fit, dispersion, columns, alpha):
    """Profile-likelihood limits of some coefficients.

    Parameters
    ----------
    problem : Problem, without a penalty
    fit : Fit of it
    dispersion : float
    columns : sequence of int
    alpha : float, 1 - confidence

    Returns
    -------
    limits : (len(columns), 2), NaN where the column is aliased or the dispersion unknown
    doubtful : list of int, the columns with a limit whose refit did not converge
    """
    z = normal_interval(0.0, 1.0, alpha)[0, 1]
    limits, doubtful = np.full((len(columns), 2), np.nan), []
    for row, column in enumerate(columns):
        if fit.aliased[column] or not dispersion > 0:
            continue
        profile = _Profile(problem, fit, dispersion, column, z)
        with single_threaded_blas():
            distances = [profile.distance(side) for side in (-1, 1)]
        limits[row] = fit.coef[column] + np.array([-1, 1]) * distances
        if not profile.converged:
            doubtful.append(column)
    return limits, doubtful


class _Profile:
    """The profile of one coefficient."""

    def __init__(self, problem, fit, dispersion, column, z):
        held = fit.aliased.copy()
        held[column] = True
        self.problem = problem.without(held)
        self.fit, self.dispersion, self.z = fit, dispersion, z
        # How the other coefficients follow that one, to first order
        self.tangent = -NormalEquations(fit.gram, held).solve(fit.gram[column])
        self.tangent[column] = 1.0
        self.error = np.sqrt(dispersion / (fit.gram[column] @ self.tangent))
        self.converged, self.column = True, column

    def distance(self, side):
        """Distance from the estimate, up (1) or down (-1), at which the signed root is z."""
        self.slope, self.thorough = self.tangent, False
        low, high = 0.0, np.inf
        former, former_root = 0.0, 0.0
        at = self.z * self.error
        for _ in range(MAX_TRIALS):
            root = self._root(side * at)
            low, high = (at, high) if root <= self.z else (low, at)
            following = _secant(former, former_root, at, root, self.z)
            if abs(root - self.z) <= TOL:
                self.converged &= self.refit.converged
                return at if np.isnan(following) else following
            if high - low <= TOL * min(self.error, at):
                if self.thorough:
                    self.converged &= self._domain_ends(side * high)
                    return low
                self.thorough, high, following = True, np.inf, np.nan
            if not low <= following <= min(high, GROWTH * at):
                following = GROWTH * at if np.isinf(high) else (low + high) / 2
            if following > REACH * self.z * self.error:
                return np.inf
            former, former_root, at = at, root, following
        self.converged = False
        return at

    def _root(self, shift):
        """Signed root of the statistic at this distance; infinite where it is far too large."""
        coef = self.fit.coef + shift * self.slope
        point = self.problem.evaluate(coef, with_gram=False)
        if self._statistic(point) <= FAR * self.z**2:
            self.refit = continue_irls(self.problem, point, self.fit.gram, **REFIT)
        elif not self.thorough or not self._fit_afresh(shift):
            return np.inf
        self.slope = (self.refit.coef - self.fit.coef) / shift
        return np.sqrt(max(self._statistic(self.refit), 0.0))

    def _fit_afresh(self, shift):
        """The refit from a start of its own; False where it has none."""
        others, held = np.flatnonzero(self.problem.movable), np.zeros(len(self.fit.coef))
        held[self.column] = self.fit.coef[self.column] + shift
        try:
            found = solve_irls(self.problem.restrict(others, held), **REFIT)
        except ValueError:
            return False
        held[others] = found.coef
        self.refit = replace(found, coef=held)
        return True

    def _domain_ends(self, shift):
        """Whether a mean that no other coefficient moves has left the domain."""
        problem = self.problem
        others = problem.movable * np.random.default_rng(0).random(problem.design.shape[1])
        alone = (problem.design.matvec(others) == 0) & (problem.prior_weights > 0)
        coef = np.zeros(len(others))
        coef[self.column] = self.fit.coef[self.column] + shift
        return not problem.family.mean_domain.contains(problem.means(coef)[alone]).all()

    def _statistic(self, point):
        return (point.deviance - self.fit.deviance) / self.dispersion


def _secant(x0, y0, x1, y1, target):
    """Where the line through two points takes the target; NaN where it does not rise."""
    if not np.isfinite([y0, y1]).all() or not (y1 - y0) * (x1 - x0) > 0:
        return np.nan
    return x1 + (target - y1) * (x1 - x0) / (y1 - y0)
