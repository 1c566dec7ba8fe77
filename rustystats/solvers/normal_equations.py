"""Solving with a Gram matrix, aliased columns set aside as R does.

The Gram is scaled to unit diagonal and its columns taken in order; column j is aliased when what is
left of its unit diagonal after the columns before it, the pivot of the Cholesky factor, falls below
1e-11. Aliased columns get coefficient 0, and NaN variances. Cost p^3 / 3.
"""

import numpy as np
from scipy.linalg import lapack, solve_triangular

ALIAS_PIVOT = 1e-11
MANY = 128  # columns; of fewer, one is decided on after the other
NOTHING = 1e-7  # of a null vector's largest element


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
    if len(keep) > MANY:  # of all at once, where rounding leaves no doubt
        aliased = out.copy()
        aliased[keep[last_nonzeros(null_space(scaled[np.ix_(keep, keep)]))]] = True
        kept = np.flatnonzero(~aliased)
        factor, info = lapack.dpotrf(scaled[np.ix_(kept, kept)], lower=1)
        if info == 0 and np.min(np.diagonal(factor), initial=1.0) ** 2 >= ALIAS_PIVOT:
            return aliased
    return _eliminate(scaled, out.copy())


def null_space(scaled):
    """Vectors that span what a matrix of unit diagonal, or less, maps to nothing: (p, k).

    By a Cholesky factor with pivoting, P'AP = LL', cut where no pivot is above ALIAS_PIVOT: with
    L = (L1, L2) below each other, they are P (-L1'^-1 L2', I).
    """
    p = len(scaled)
    if not p:
        return np.empty((0, 0))
    factor, order, rank, _ = lapack.dpstrf(scaled, lower=1, tol=ALIAS_PIVOT)
    order, rank = order - 1, int(rank)
    vectors = np.zeros((p, p - rank))
    vectors[order[rank:]] = np.eye(p - rank)
    if 0 < rank < p:
        head = np.tril(factor[:rank, :rank])
        vectors[order[:rank]] = -solve_triangular(head, factor[rank:, :rank].T, trans=1, lower=True)
    return vectors


def last_nonzeros(vectors):
    """Where the vectors (p, k), reduced from the last row up, have their pivots: k positions."""
    vectors, found = vectors.copy(), []
    small = NOTHING * np.max(np.abs(vectors), axis=0, initial=0.0)
    for row in range(len(vectors) - 1, -1, -1):
        if not vectors.shape[1]:
            break
        above = np.abs(vectors[row]) / small
        column = int(np.argmax(above))
        if above[column] > 1.0:
            found.append(row)
            pivot = vectors[:, column] / vectors[row, column]
            vectors = np.delete(vectors, column, axis=1)
            small = np.delete(small, column)
            vectors -= pivot[:, None] * vectors[row]
    return found


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
