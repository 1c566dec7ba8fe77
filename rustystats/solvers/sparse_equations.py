"""Solving with a Gram matrix that is mostly 0: factors of many levels and their interactions.

The indicators of one factor, or the cells of an interaction, have no cross-products among
themselves: their block D of the Gram is diagonal. With the other columns R, and the Gram scaled to
unit diagonal, so that G_DD = I,

    S = G_RR - G_RD G_DR,   x_R = S^-1 (b_R - G_RD b_D),   x_D = b_D - G_DR x_R,

and only S is factored. Cost: |R|^3 / 3 in place of p^3 / 3, and the nonzeros. D is chosen by a
greedy search, columns with few cross-products first.

Which columns are aliased is a matter of their order (`normal_equations.py`). Let Z span the null
space of S; then (Z, -G_DR Z) spans that of G, and column j is a combination of the columns before
it just where a null vector has its last nonzero at j. So the null vectors, reduced from the last
column up, have the aliased columns as their pivots.
"""

import numpy as np
from scipy import sparse
from scipy.linalg import lapack, solve_triangular

from rustystats.solvers.normal_equations import (
    ALIAS_PIVOT,
    NormalEquations,
    cholesky,
    find_aliased,
    inverse_of,
)

SPARSE_COLUMNS = 256  # of fewer the dense system costs nothing
SPARSE_SHARE = 0.2  # of a Gram's elements that are not 0
NOTHING = 1e-7  # of a null vector's largest element


def equations(gram, aliased=None):
    """The system of a dense Gram matrix, sparse where it pays."""
    p = len(gram)
    gram = gram if gram.flags.c_contiguous else gram.T
    if p >= SPARSE_COLUMNS:
        there = gram != 0  # NaN is
        if np.count_nonzero(there) < SPARSE_SHARE * p**2:
            return SparseEquations(_as_sparse(gram, there), aliased)
    return NormalEquations(gram, aliased)


def _as_sparse(gram, there):
    """The elements that are `there` as a csr_array, in a third of scipy's time."""
    flat = np.flatnonzero(there)
    starts = np.concatenate([[0], np.cumsum(np.count_nonzero(there, axis=1))])
    return sparse.csr_array((gram.ravel()[flat], flat % len(gram), starts), shape=gram.shape)


class SparseEquations:
    """Cholesky factor of a sparse Gram matrix, finite; otherwise as `NormalEquations`.

    Parameters
    ----------
    gram : (p, p) symmetric positive semi-definite csr_array
    aliased : (p,) bool or None

    Attributes
    ----------
    factor : Cholesky factor of S
    """

    def __init__(self, gram, aliased=None):
        diagonal = gram.diagonal()
        self.scale = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
        units = sparse.diags_array(1 / self.scale)
        scaled = sparse.csr_array(units @ gram @ units)
        independent = _independent(gram)
        if aliased is None:
            aliased = self._find_aliased(scaled, independent, diagonal <= 0)
        self.aliased = aliased
        self._split(scaled, independent, ~aliased)
        self.factor = cholesky(self._schur(scaled))

    def _split(self, scaled, independent, kept):
        self._inner = np.flatnonzero(kept & independent)
        self._outer = np.flatnonzero(kept & ~independent)
        self._joint = scaled[self._outer][:, self._inner]

    def _schur(self, scaled):
        square = scaled[self._outer][:, self._outer] - self._joint @ self._joint.T
        return square.toarray()

    def _find_aliased(self, scaled, independent, empty):
        self._split(scaled, independent, ~empty)
        null = null_space(self._schur(scaled))
        if not null.shape[1]:
            return empty
        vectors = np.zeros((len(empty), null.shape[1]))
        vectors[self._outer] = null
        vectors[self._inner] = -(self._joint.T @ null)
        aliased = empty.copy()
        aliased[last_nonzeros(vectors / self.scale[:, None])] = True
        self._split(scaled, independent, ~aliased)
        if null_space(self._schur(scaled)).shape[1]:  # lost in rounding: one after the other
            return find_aliased(scaled.toarray())
        return aliased

    @property
    def rank(self):
        """Number of columns kept."""
        return len(self._inner) + len(self._outer)

    def solve(self, right):
        """Coefficients b with gram @ b = right, (p,) or (p, k); 0 at aliased columns."""
        scaled = (right.T / self.scale).T
        inner = scaled[self._inner]
        outer = scaled[self._outer] - self._joint @ inner
        if len(outer):
            outer, _ = lapack.dpotrs(self.factor, outer, lower=1)
        solution = np.zeros(right.shape)
        solution[self._outer] = outer
        solution[self._inner] = inner - self._joint.T @ outer
        return (solution.T / self.scale).T

    def inverse(self):
        """Inverse of the Gram, NaN in aliased rows and columns."""
        outer = inverse_of(self.factor)
        joint = sparse.csr_array(self._joint.T)
        cross = -(joint @ outer)
        inner = -(joint @ cross.T)
        inner = (inner + inner.T) / 2
        inner[np.diag_indices_from(inner)] += 1.0
        out = np.full((len(self.aliased),) * 2, np.nan)
        out[np.ix_(self._outer, self._outer)] = outer
        out[np.ix_(self._inner, self._outer)] = cross
        out[np.ix_(self._outer, self._inner)] = cross.T
        out[np.ix_(self._inner, self._inner)] = inner
        return out / self.scale / self.scale[:, None]


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


def _independent(gram):
    """Columns, as many as a greedy search finds, no two of which have a cross-product; (p,)."""
    blocked = np.zeros(gram.shape[0], dtype=bool)
    chosen = np.zeros(gram.shape[0], dtype=bool)
    for column in np.argsort(np.diff(gram.indptr), kind="stable"):
        if not blocked[column]:
            chosen[column] = True
            blocked[gram.indices[gram.indptr[column] : gram.indptr[column + 1]]] = True
    return chosen
