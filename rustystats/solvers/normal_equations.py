"""Solving with a Gram matrix, aliased columns set aside as R does.

The Gram is scaled to unit diagonal and its columns taken in order; column j is aliased when what is
left of its unit diagonal after the columns before it, the pivot of the Cholesky factor, falls below
1e-11. Aliased columns get coefficient 0, and NaN variances. Cost p^3 / 3.
"""

import numpy as np
from scipy.linalg import lapack, solve_triangular

ALIAS_PIVOT = 1e-11
PANEL = 48


class NormalEquations:
    """Cholesky factor of a Gram matrix.

    Parameters
    ----------
    gram : (p, p) symmetric positive semi-definite
    aliased : (p,) bool or None
        Columns to leave out; None decides them here.
    excluded : (p,) bool or None
        Columns that are left out before it is decided which of the others are aliased.

    Raises
    ------
    ValueError
        If the Gram is not finite.
    """

    def __init__(self, gram, aliased=None, excluded=None):
        self.scale, scaled = _to_unit_diagonal(gram)
        factor = None
        if aliased is None:
            empty = np.diagonal(gram) <= 0
            aliased, factor = _find_aliased(scaled, empty if excluded is None else empty | excluded)
        self.aliased = aliased
        self.keep = np.flatnonzero(~aliased)
        self.factor = cholesky(_some(scaled, self.keep)) if factor is None else factor

    @property
    def rank(self):
        """Number of columns kept."""
        return len(self.keep)

    def solve(self, right):
        """Coefficients b with gram @ b = right, (p,) or (p, k); 0 at aliased columns."""
        solution = np.zeros(right.shape)
        scaled = (right.T / self.scale).T[self.keep]
        if len(self.keep):
            scaled, _ = lapack.dpotrs(self.factor, scaled, lower=1)
        solution[self.keep] = scaled
        return (solution.T / self.scale).T

    def inverse(self):
        """Inverse of the Gram, NaN in aliased rows and columns."""
        out = np.full((len(self.aliased),) * 2, np.nan)
        out[np.ix_(self.keep, self.keep)] = inverse_of(self.factor)
        return out / self.scale / self.scale[:, None]


def cholesky(matrix):
    """Lower Cholesky factor of a matrix of unit diagonal or less.

    Columns that were independent at the start of a fit may no longer be: means at the edge of the
    domain. A ridge at rounding level, added in place, keeps the step finite then.
    """
    factor, info = lapack.dpotrf(matrix, lower=1)
    if info:
        matrix[np.diag_indices_from(matrix)] += ALIAS_PIVOT
        factor, _ = lapack.dpotrf(matrix, lower=1)
    return factor


def inverse_of(factor):
    """Inverse of the matrix that a lower Cholesky factor is of."""
    lower, _ = lapack.dpotri(factor, lower=1) if len(factor) else (factor, 0)
    lower = np.tril(lower)
    return lower + np.tril(lower, -1).T


def find_aliased(gram):
    """Columns that `NormalEquations` leaves out, (p,) bool, where that is all that is asked."""
    return _find_aliased(_to_unit_diagonal(gram)[1], np.diagonal(gram) <= 0)[0]


def _to_unit_diagonal(gram):
    """Roots of the diagonal, 1 where it is 0, and the Gram in their units.

    Raises
    ------
    ValueError
        If it is not finite.
    """
    if not np.isfinite(gram).all():
        raise ValueError(
            "the cross-products of the design are not finite: it holds NaN or infinity, or "
            "columns so large that they must be rescaled"
        )
    diagonal = np.diagonal(gram)
    scale = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    scaled = gram / scale
    scaled /= scale[:, None]
    return scale, scaled


def _some(gram, keep):
    """Rows and columns of a matrix; the matrix itself where they are all."""
    return gram if len(keep) == len(gram) else gram[np.ix_(keep, keep)]


def _find_aliased(scaled, out):
    """Columns that are `out` already, or whose pivot is below ALIAS_PIVOT, taken in order; and the
    Cholesky factor of the others where there are none of those."""
    keep = np.flatnonzero(~out)
    if not len(keep):
        return out.copy(), None
    factor, info = lapack.dpotrf(_some(scaled, keep), lower=1)
    if info == 0 and np.min(np.diagonal(factor)) ** 2 >= ALIAS_PIVOT:
        return out.copy(), factor
    aliased = out.copy()
    aliased[keep[_dependent(scaled[np.ix_(keep, keep)])]] = True
    return aliased, None


def _dependent(rest):
    """Columns of a Gram that those before them span, (p,) bool; the Gram is overwritten.

    Cholesky in panels: inside a panel column by column, then the panel is taken off what comes
    after it, so that nearly all of the work is one product of matrices a panel.
    """
    dependent = np.zeros(len(rest), dtype=bool)
    for start in range(0, len(rest), PANEL):
        stop = min(start + PANEL, len(rest))
        panel = rest[start:stop, start:stop].copy()
        for j in range(stop - start):
            pivot = panel[j, j]
            if pivot < ALIAS_PIVOT:
                dependent[start + j] = True
                continue
            panel[j, j:] /= np.sqrt(pivot)
            panel[j + 1 :, j + 1 :] -= np.outer(panel[j, j + 1 :], panel[j, j + 1 :])
        kept = np.flatnonzero(~dependent[start:stop])
        if len(kept) and stop < len(rest):
            upper = np.triu(panel[np.ix_(kept, kept)])
            rows = solve_triangular(upper, rest[start + kept, stop:], trans=1, check_finite=False)
            rest[stop:, stop:] -= rows.T @ rows
    return dependent
