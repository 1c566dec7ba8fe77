"""Fits along decreasing alphas, each started from the one before.

The grid starts at the smallest alpha at which every penalised coefficient is at its target: there
the null model, of the unpenalised columns, satisfies the conditions for a minimum, so with its
score s, exact for the family, link, weights and offset at hand,

    alpha_max = max_j |s_j| / (sum w * l1_ratio * v_j d_j)

over the columns that their bounds let move to where s_j points (with groups, the largest norm of
s_j / d_j over sqrt(p_g) v_g). A ridge penalty never has an empty model: its grid starts where an
l1_ratio of 0.001 would, as glmnet's does.

The next alpha starts from the score of the last, which is exact, and its metric, which has learned
from the steps before; each fit ends where a pass over the rows has shown that the conditions hold.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rustystats.solvers.descent import fit_of
from rustystats.solvers.trace import follow, null_track
from rustystats.threads import single_threaded_blas

if TYPE_CHECKING:
    from rustystats.solvers.problem import Fit

LEAST_L1 = 1e-3
LANES = 3  # neighbouring alphas in one pass over the rows


@dataclass(frozen=True, eq=False)
class Path:
    """Fits for decreasing alphas.

    Parameters
    ----------
    alphas : (k,)
    fits : tuple of k Fit, without Gram
    null_deviance : float, of the unpenalised columns alone
    n_passes, n_grams : (k,) int, passes over the rows, and those of them with Gram
    """

    alphas: np.ndarray
    fits: tuple[Fit, ...]
    null_deviance: float
    n_passes: np.ndarray
    n_grams: np.ndarray


def solve_path(problem, grid, *, tol=1e-7, max_iter=100):
    """Fit a problem at one alpha after the other.

    Parameters
    ----------
    problem : Problem, with a penalty whose alpha does not matter
    grid : AlphaGrid
    tol, max_iter : as in `descent.solve_descent`, for each fit

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        If no alpha is given and no column has anything to say.
    """
    with single_threaded_blas():
        null = null_track(problem, tol, max_iter)
        alphas = grid.alphas(problem, null)
        penalties = [problem.penalty.at(alpha) for alpha in alphas]
        tracks = follow(null, penalties, tol, max_iter, LANES)
    return Path(
        alphas=alphas,
        fits=tuple(fit_of(track) for track in tracks),
        null_deviance=null.point.deviance,
        n_passes=np.array([track.n_passes for track in tracks]),
        n_grams=np.array([track.n_grams for track in tracks]),
    )


@dataclass(frozen=True, eq=False)
class AlphaGrid:
    """The alphas of a path: as given, or `n` of them, log-spaced from alpha_max down to `ratio`
    times that."""

    given: np.ndarray | None = None
    n: int = 100
    ratio: float = 1e-4

    def alphas(self, problem, null):
        """The alphas, decreasing, (k,); `null` is the track of the unpenalised columns alone."""
        if self.given is not None:
            return self.given
        largest = largest_alpha(problem, null)
        if largest == 0:
            raise ValueError(
                "no penalised column has anything to say of the response (every score is 0, or "
                "bounds hold all of them): there is no path"
            )
        return np.geomspace(largest, largest * self.ratio, self.n)


def largest_alpha(problem, null):
    """Smallest alpha at which every penalised coefficient is at its target."""
    penalty = problem.penalty
    unit = replace(penalty, alpha=1.0, l1_ratio=max(penalty.l1_ratio, LEAST_L1))
    weights, score = problem.total_weight * unit.l1(), null.point.score
    lower, upper = problem.bounds(null.point.coef)
    blocked = ((score > 0) & (upper <= 0)) | ((score < 0) & (lower >= 0)) | (weights == 0)
    blocked |= ~problem.movable
    if penalty.groups is None:
        return np.max(np.abs(score[~blocked]) / weights[~blocked], initial=0.0)
    scaled = np.where(blocked, 0.0, score / penalty.scales)
    return max((np.linalg.norm(scaled[g]) / weights[g[0]] for g in penalty.groups), default=0.0)
