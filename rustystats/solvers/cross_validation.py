"""Fits along decreasing alphas on some of the rows, judged on the others.

For each fold the path is fitted to its training rows at the alphas that all folds share, those of
the path on all rows, and each fit is held against the rows left out. The penalty is that of all
rows: factors, targets, bounds, and the scales of standardised columns.

A column that is 0 in all training rows (a level that is absent there) stays at its target.

Columns that were learned from the response (target encodings) must be learned anew from the
training rows of each fold, or the rows held out have told them their own responses: that is for
`split`, which knows where columns come from.
"""

from dataclasses import dataclass

import numpy as np

from rustystats.progress import report
from rustystats.solvers.path import LANES
from rustystats.solvers.trace import follow, null_track
from rustystats.threads import single_threaded_blas

JUDGED = 6  # coefficients held against the rows left out in one pass over them


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What the rows held out say of k alphas.

    Parameters
    ----------
    deviances : (k, n_folds) of the rows held out, sums over them; infinite where means leave the
        domain. With a measure, what it returned.
    weights : (n_folds,) total weight of the rows held out
    unfinished : tuple of (fold, alpha, message) of the fits that did not converge
    absent : tuple of n_folds index arrays, the columns that are 0 in all training rows
    """

    deviances: np.ndarray
    weights: np.ndarray
    unfinished: tuple
    absent: tuple


def held_out_deviances(problem, alphas, folds, *, tol=1e-7, max_iter=100, measure=None, split=None):
    """The deviance of the rows held out, for each alpha and fold.

    Parameters
    ----------
    problem : Problem, with a penalty whose alpha does not matter
    alphas : (k,) decreasing
    folds : list of (train, test), each an index array of rows
    tol, max_iter : as in `descent.solve_descent`, for each fit
    measure : callable ``measure(y, mu, weights)`` -> float, or None
        Instead of the deviance: a number for the responses of the rows held out, their means and
        their weights (ones where there are none).
    split : callable ``split(train, test)`` -> pair of problems with their rows, or None
        None takes the columns as they are.

    Returns
    -------
    HeldOut

    Raises
    ------
    ValueError
        If a fit cannot start; the message names the fold, the first being 1.
    """
    deviances = np.empty((len(alphas), len(folds)))
    split = split or (lambda train, test: (problem.take(train), problem.take(test)))
    weights, unfinished, absent = np.empty(len(folds)), [], []
    penalties = [problem.penalty.at(alpha) for alpha in alphas]
    with single_threaded_blas():
        for fold, (train, test) in enumerate(folds):
            fitted, held_out = split(train, test)
            weights[fold] = held_out.total_weight
            try:
                track = null_track(fitted, tol, max_iter)
            except ValueError as error:
                raise ValueError(f"fold {fold + 1} of {len(folds)}: {error}") from error
            absent.append(np.flatnonzero(~fitted.design.present(fitted.weights)))
            tracks = follow(track, penalties, tol, max_iter, LANES)
            deviances[:, fold] = _judge(held_out, [t.point.coef for t in tracks], measure)
            unfinished += [
                (fold, float(alpha), track.message)
                for alpha, track in zip(alphas, tracks, strict=True)
                if not track.converged
            ]
            report("fold")
    return HeldOut(deviances, weights, tuple(unfinished), tuple(absent))


def _judge(held_out, coefs, measure):
    """What the rows held out say of each of the coefficients, list of float."""
    if measure is not None:
        y, weights = held_out.y, held_out.prior_weights
        return [measure(y, held_out.means(coef), weights) for coef in coefs]
    points = []
    for first in range(0, len(coefs), JUDGED):
        points += held_out.evaluate_lanes([(held_out, c) for c in coefs[first : first + JUDGED]])
    return [point.deviance for point in points]
