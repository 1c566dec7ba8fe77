"""Generalised variance inflation of the terms of a model (Fox & Monette 1992, JASA 87:178-183).

With R the correlation matrix of the estimated coefficients, the intercept's left out, R_T its part
that belongs to a term and R_-T the rest,

    GVIF = det(R_T) det(R_-T) / det(R)

By Schur's complement det(R_-T) / det(R) is the determinant of the term's part of R^-1, so that R
and its inverse give all terms. R^-1 is, up to scaling, the information X'WX of the fit with the
intercept swept out: columns less their weighted means. Neither the coding of a term nor the units
of its columns change the value. Cost: p^3, and a pass with Gram where the fit holds none.
"""

import numpy as np

from rustystats.solvers.normal_equations import NormalEquations
from rustystats.threads import single_threaded_blas


def variance_inflation(gram, aliased, intercept, terms):
    """GVIF of each term, (k,), NaN without a column that is not aliased, and how many it has.

    Parameters
    ----------
    gram : (p, p) X'WX at the fit
    aliased : (p,) bool, columns to leave out
    intercept : int or None, position of the column to sweep out
    terms : list of (q,) arrays, positions of the columns of each term
    """
    with single_threaded_blas():
        covariance = NormalEquations(gram, aliased).inverse()
        information = gram
        if intercept is not None and not aliased[intercept]:
            column = gram[intercept]
            information = gram - np.outer(column, column) / column[intercept]
        gvif, df = np.full(len(terms), np.nan), np.zeros(len(terms), dtype=int)
        for k, columns in enumerate(terms):
            kept = columns[~aliased[columns]]
            df[k] = len(kept)
            if len(kept):
                part = np.ix_(kept, kept)
                logs = [_log_det(matrix[part]) for matrix in (covariance, information)]
                gvif[k] = np.exp(sum(logs))
    return gvif, df


def _log_det(matrix):
    """log |det| of a matrix, computed in the units of its diagonal."""
    scale = np.sqrt(np.diagonal(matrix))
    _, value = np.linalg.slogdet(matrix / scale / scale[:, None])
    return value + 2.0 * np.sum(np.log(scale))
