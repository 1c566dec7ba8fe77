"""Solving with a sparse Gram matrix: that of factors with many levels and of their interactions.

The indicators of one factor, or the cells of an interaction, have no cross-products among
themselves: their block D of the Gram is diagonal. With the other columns R,

    S = G_RR - G_RD G_DD^-1 G_DR,   x_R = S^-1 (b_R - G_RD G_DD^-1 b_D),
    x_D = G_DD^-1 (b_D - G_DR x_R),

and only S is factored (below, of the Gram scaled to unit diagonal: G_DD = I). Cost: |R|^3 / 3 in
place of p^3 / 3, and the nonzeros. D is chosen by a greedy search, columns with few cross-products
first.

Which columns are aliased is a matter of their order (`normal_equations.py`). Let Z span the null
space of S; then (Z, -G_DD^-1 G_DR Z) spans that of G, and column j is a combination of the columns
before it just where a null vector has its last nonzero at j. So the null vectors, reduced from the
last column up, have the aliased columns as their pivots.
"""

import numpy as np
from scipy import sparse
from scipy.linalg import lapack

from rustystats.solvers.normal_equations import (
    ALIAS_PIVOT,
    NormalEquations,
    last_nonzeros,
    null_space,
)


def equations(gram, aliased=None, excluded=None, like=None):
    """The system of a Gram matrix, dense or sparse.

    Parameters
    ----------
    gram, aliased, excluded : as of `NormalEquations`
    like : system of a Gram of the same design, or None
    """
    if not sparse.issparse(gram):
        return NormalEquations(gram, aliased, excluded)
    like = like if isinstance(like, SparseEquations) else None
    return SparseEquations(gram, aliased, excluded, like)


class Parts:
    """Where the diagonal columns D, the others R, and what joins them stand in a csr_array.

    Parameters
    ----------
    gram : csr_array
    independent : (p,) bool
    kept : (p,) bool, the columns of D and R
    """

    def __init__(self, gram, independent, kept):
        self.inner = np.flatnonzero(kept & independent)
        self.outer = np.flatnonzero(kept & ~independent)
        numbers = (1 + np.arange(gram.nnz), gram.indices, gram.indptr)
        numbered = sparse.csr_array(numbers, shape=gram.shape)
        rows = numbered[self.outer]
        self._joint, square = rows[:, self.inner], sparse.coo_array(rows[:, self.outer])
        self._square = square.coords, square.data - 1

    def joint(self, data):
        """G_RD of a Gram with these values."""
        joint = self._joint
        return sparse.csr_array(
            (data[joint.data - 1], joint.indices, joint.indptr), shape=joint.shape
        )

    def square(self, data):
        """G_RR, dense."""
        out = np.zeros((len(self.outer),) * 2)
        coords, at = self._square
        out[coords] = data[at]
        return out


class SparseEquations:
    """Cholesky factor of a sparse Gram matrix; as `NormalEquations`.

    Parameters
    ----------
    gram : (p, p) symmetric positive semi-definite csr_array
    aliased, excluded : (p,) bool or None
    like : SparseEquations, of which what depends on the place of the nonzeros alone is taken over

    Attributes
    ----------
    factor : Cholesky factor of S, of the Gram scaled to unit diagonal
    """

    def __init__(self, gram, aliased=None, excluded=None, like=None):
        if not np.isfinite(gram.data).all():
            raise ValueError(
                "the cross-products of the design are not finite: it holds NaN or infinity, or "
                "columns so large that they must be rescaled"
            )
        same = like is not None and like.aliased is aliased and _equal(like.pattern, gram)
        diagonal = gram.diagonal()
        self.pattern = gram.indptr, gram.indices
        self.scale = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
        self.independent = like.independent if same else _independent(gram)
        rows = np.repeat(np.arange(len(diagonal)), np.diff(gram.indptr))
        data = gram.data / self.scale[rows] / self.scale[gram.indices]
        if aliased is None:
            out = diagonal <= 0 if excluded is None else (diagonal <= 0) | excluded
            aliased = self._find_aliased(gram, data, out)
        self.aliased = aliased
        self.keep = np.flatnonzero(~aliased)
        self.parts = like.parts if same else Parts(gram, self.independent, ~aliased)
        self._joint = self.parts.joint(data)
        schur = _schur(self.parts, data)
        self.factor, info = lapack.dpotrf(schur, lower=1)
        if info:
            schur[np.diag_indices_from(schur)] += ALIAS_PIVOT
            self.factor, info = lapack.dpotrf(schur, lower=1)
        self.singular = bool(info)

    def _find_aliased(self, gram, data, out):
        parts = Parts(gram, self.independent, ~out)
        null = null_space(_schur(parts, data))
        if not null.shape[1]:
            return out
        vectors = np.zeros((len(out), null.shape[1]))
        vectors[parts.outer] = null
        vectors[parts.inner] = -(parts.joint(data).T @ null)
        aliased = out.copy()
        aliased[last_nonzeros(vectors / self.scale[:, None])] = True
        if null_space(_schur(Parts(gram, self.independent, ~aliased), data)).shape[1]:
            # lost in rounding: one after the other
            scaled = sparse.csr_array((data, gram.indices, gram.indptr), shape=gram.shape)
            return NormalEquations(scaled.toarray(), excluded=out).aliased
        return aliased

    @property
    def rank(self):
        """Number of columns kept."""
        return len(self.keep)

    def solve(self, right):
        """Coefficients b with gram @ b = right, 0 at aliased columns."""
        scaled = right / self.scale
        inner = scaled[self.parts.inner]
        outer = scaled[self.parts.outer] - self._joint @ inner
        if len(outer):
            outer, _ = lapack.dpotrs(self.factor, outer, lower=1)
        solution = np.zeros(len(right))
        solution[self.parts.outer] = outer
        solution[self.parts.inner] = inner - self._joint.T @ outer
        return solution / self.scale

    def inverse(self):
        """Inverse of the Gram, NaN in aliased rows and columns."""
        at_outer, at_inner = self.parts.outer, self.parts.inner
        lower, _ = lapack.dpotri(self.factor, lower=1) if len(at_outer) else (self.factor, 0)
        lower = np.tril(lower)
        outer = lower + np.tril(lower, -1).T
        joint = sparse.csr_array(self._joint.T)
        cross = -(joint @ outer)
        inner = -(joint @ cross.T)
        inner = (inner + inner.T) / 2
        inner[np.diag_indices_from(inner)] += 1.0
        out = np.full((len(self.aliased),) * 2, np.nan)
        out[np.ix_(at_outer, at_outer)] = outer
        out[np.ix_(at_inner, at_outer)] = cross
        out[np.ix_(at_outer, at_inner)] = cross.T
        out[np.ix_(at_inner, at_inner)] = inner
        return out / self.scale / self.scale[:, None]


def _schur(parts, data):
    """S of a Gram with these values, whose diagonal is 1."""
    joint = parts.joint(data)
    return parts.square(data) - (joint @ joint.T).toarray()


def _equal(pattern, gram):
    """Whether the nonzeros of a Gram stand in these places."""
    return np.array_equal(pattern[0], gram.indptr) and np.array_equal(pattern[1], gram.indices)


def _independent(gram):
    """Columns, as many as a greedy search finds, no two of which have a cross-product; (p,)."""
    blocked = np.zeros(gram.shape[0], dtype=bool)
    chosen = np.zeros(gram.shape[0], dtype=bool)
    for column in np.argsort(np.diff(gram.indptr), kind="stable"):
        if not blocked[column]:
            chosen[column] = True
            blocked[gram.indices[gram.indptr[column] : gram.indptr[column + 1]]] = True
    return chosen
