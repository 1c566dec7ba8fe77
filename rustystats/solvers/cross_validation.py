"""Fits along decreasing alphas on some of the rows, judged on the others.

For each fold the path is fitted to its training rows at the alphas that all folds share, those of
the path on all rows, and each fit is held against the rows left out. The penalty is that of all
rows: factors, targets, bounds, and the scales of standardised columns.

A column that is 0 in all training rows (a level that is absent there) stays at its target.

No term of this package learns from the response yet. One that does (target encoding) must be
learned anew from the training rows of each fold, or the rows held out have told it their own
responses: `_fold_problems` is where, with the terms in place of the finished columns.
"""

from dataclasses import dataclass

import numpy as np

from rustystats.solvers.trace import follow, null_track
from rustystats.threads import single_threaded_blas


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


def held_out_deviances(
    problem, alphas, folds, *, tol=1e-7, max_iter=100, measure=None, progress=None
):
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
    progress : callable without arguments, or None
        Called at the end of each fold.

    Returns
    -------
    HeldOut

    Raises
    ------
    ValueError
        If a fit cannot start; the message names the fold, the first being 1.
    """
    deviances = np.empty((len(alphas), len(folds)))
    weights, unfinished, absent = np.empty(len(folds)), [], []
    with single_threaded_blas():
        for fold, (train, test) in enumerate(folds):
            fitted, held_out = _fold_problems(problem, train, test)
            weights[fold] = held_out.total_weight
            try:
                track = null_track(fitted, tol, max_iter)
            except ValueError as error:
                raise ValueError(f"fold {fold + 1} of {len(folds)}: {error}") from error
            absent.append(np.flatnonzero(~fitted.design.present(fitted.weights)))
            for row, alpha in enumerate(alphas):
                (track,) = follow(track, [problem.penalty.at(alpha)], tol, max_iter)
                deviances[row, fold] = _judge(held_out, track.point.coef, measure)
                if not track.converged:
                    unfinished.append((fold, float(alpha), track.message))
            if progress is not None:
                progress()
    return HeldOut(deviances, weights, tuple(unfinished), tuple(absent))


def _fold_problems(problem, train, test):
    """The problem on the training rows, and on those held out."""
    return problem.take(train), problem.take(test)


def _judge(held_out, coef, measure):
    if measure is None:
        return held_out.evaluate(coef, with_gram=False).deviance
    return measure(held_out.y, held_out.means(coef), held_out.prior_weights)
