"""Solving with a Gram matrix, aliased columns set aside as R does.

The Gram is scaled to unit diagonal and its columns taken in order; column j is aliased when what is
left of its unit diagonal after the columns before it, the pivot of the Cholesky factor, falls below
1e-11. Aliased columns get coefficient 0, and NaN variances. Cost p^3 / 3.
"""

import numpy as np
from scipy.linalg import lapack, solve_triangular

ALIAS_PIVOT = 1e-11


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
        if not np.isfinite(gram).all():
            raise ValueError(
                "the cross-products of the design are not finite: it holds NaN or infinity, or "
                "columns so large that they must be rescaled"
            )
        diagonal = np.diagonal(gram)
        self.scale = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
        scaled = gram / self.scale / self.scale[:, None]
        if aliased is None:
            empty = diagonal <= 0
            aliased = _find_aliased(scaled, empty if excluded is None else empty | excluded)
        self.aliased = aliased
        self.keep = np.flatnonzero(~aliased)
        kept = scaled[np.ix_(self.keep, self.keep)]
        self.factor, info = lapack.dpotrf(kept, lower=1)
        if info:
            # Columns that were independent at the start no longer are: means at the edge of the
            # domain. A ridge at rounding level keeps the step finite.
            kept[np.diag_indices_from(kept)] += ALIAS_PIVOT
            self.factor, info = lapack.dpotrf(kept, lower=1)
        self.singular = bool(info)

    @property
    def rank(self):
        """Number of columns kept."""
        return len(self.keep)

    def solve(self, right):
        """Coefficients b with gram @ b = right, 0 at aliased columns."""
        solution = np.zeros(len(right))
        scaled = (right / self.scale)[self.keep]
        if len(self.keep):
            scaled, _ = lapack.dpotrs(self.factor, scaled, lower=1)
        solution[self.keep] = scaled
        return solution / self.scale

    def inverse(self):
        """Inverse of the Gram, NaN in aliased rows and columns."""
        out = np.full((len(self.aliased),) * 2, np.nan)
        lower, _ = lapack.dpotri(self.factor, lower=1) if self.rank else (self.factor, 0)
        lower = np.tril(lower)
        out[np.ix_(self.keep, self.keep)] = lower + np.tril(lower, -1).T
        return out / self.scale / self.scale[:, None]


def _find_aliased(scaled, out):
    """Columns that are `out` already, or whose pivot is below ALIAS_PIVOT, taken in order."""
    keep = np.flatnonzero(~out)
    if not len(keep):
        return out.copy()
    factor, info = lapack.dpotrf(scaled[np.ix_(keep, keep)], lower=1)
    if info == 0 and np.min(np.diagonal(factor), initial=1.0) ** 2 >= ALIAS_PIVOT:
        return out.copy()
    return _eliminate(scaled, out.copy())


def _eliminate(scaled, aliased):
    """Row-by-row Cholesky that leaves dependent columns out."""
    p = len(scaled)
    rows = np.zeros((p, p))
    kept = []
    for j in np.flatnonzero(~aliased):
        k = len(kept)
        row = solve_triangular(rows[:k, :k], scaled[kept, j], lower=True) if k else np.zeros(0)
        pivot = scaled[j, j] - row @ row
        if pivot < ALIAS_PIVOT:
            aliased[j] = True
            continue
        rows[k, :k], rows[k, k] = row, np.sqrt(pivot)
        kept.append(j)
    return aliased
