"""How often is a column selected? The path on many halves of the rows.

Each subsample is half of the rows that have weight, drawn without replacement (Meinshausen &
Buehlmann 2010, J. R. Stat. Soc. B 72:417-473); they come in complementary pairs, a half and what it
leaves (Shah & Samworth 2013, J. R. Stat. Soc. B 75:55-80). All share the alphas and the penalty of
the whole. A half shares the arrays of the whole through a row index, but for what terms learn from
the response: that it learns from its own rows. Cost: a path for each.
"""

from dataclasses import dataclass

import numpy as np

from rustystats.solvers.path import LANES
from rustystats.solvers.trace import follow, null_track
from rustystats.threads import single_threaded_blas


@dataclass(frozen=True, eq=False)
class HalfSelections:
    """What was selected on the subsamples, of m columns or groups of columns.

    Parameters
    ----------
    counts : (k, m) int, subsamples in which each was selected, by alpha
    first : (n_subsamples, m) int, position of the first alpha at which it was, k where at none
    n_unfinished : int, fits that did not converge
    """

    counts: np.ndarray
    first: np.ndarray
    n_unfinished: int


def select_on_halves(
    problem, alphas, units, n_subsamples, rng, *, tol=1e-4, max_iter=100, part=None
):
    """Follow the path on halves of the rows.

    Parameters
    ----------
    problem : Problem, with a penalty whose alpha does not matter
    alphas : (k,) decreasing
    units : list of m index arrays, columns that count as selected when one of them is
    n_subsamples : int, even
    rng : numpy Generator
    tol, max_iter : as in `descent.solve_descent`, for each fit
    part : callable ``part(rows)`` -> problem of these rows, or None
        None takes the columns as they are.

    Returns
    -------
    HalfSelections
    """
    part = part or problem.take
    columns, starts = np.concatenate(units), np.cumsum([0, *map(len, units[:-1])])
    counts = np.zeros((len(alphas), len(units)), dtype=np.int64)
    first = np.full((n_subsamples, len(units)), len(alphas))
    n_unfinished, penalties = 0, [problem.penalty.at(alpha) for alpha in alphas]
    with single_threaded_blas():
        for index, rows in enumerate(_halves(problem, n_subsamples, rng)):
            null = null_track(part(rows), tol, max_iter)
            for at, track in enumerate(follow(null, penalties, tol, max_iter, LANES)):
                n_unfinished += not track.converged
                moved = problem.from_target(track.point.coef)[columns] != 0
                selected = np.logical_or.reduceat(moved, starts)
                counts[at] += selected
                first[index, selected & (first[index] > at)] = at
    return HalfSelections(counts, first, n_unfinished)


def _halves(problem, n_subsamples, rng):
    """Rows of each subsample, in order; two by two they have no row in common."""
    rows = np.flatnonzero(problem.prior_weights)
    half = len(rows) // 2
    for _ in range(n_subsamples // 2):
        shuffled = rng.permutation(rows)
        yield np.sort(shuffled[:half])
        yield np.sort(shuffled[half : 2 * half])
