"""X'WX as a sparse array: that of packs whose bases are sparse.

Which elements there are is known from the bases: it is found once for a design. With N_t the
nonzeros of ``B_t' B_t``, the part of a pack is ``M_t h_t``, where M_t (N_t x levels) holds the
products of the basis within each level; parts of dense bases, of two packs and of dense columns are
small or full, and computed as such. Cost of a Gram: the nonzeros of the M_t, and the full parts.
"""

from itertools import combinations

import numpy as np
from scipy import sparse

from rustystats.design.blocks import as_array


class SparseGram:
    """Where the parts of a Gram stand in its csr_array.

    Parameters
    ----------
    packs : list of Pack
    n_dense : int, dense columns
    order : (p,) positions of X's columns among those of the packs and the dense ones
    """

    def __init__(self, packs, n_dense, order):
        self._packs = packs
        self._products = [
            _products(pack.basis) if sparse.issparse(pack.basis) else None for pack in packs
        ]
        widths = [len(pack.columns) for pack in packs] + [n_dense]
        parts = [[None] * len(widths) for _ in widths]
        start = 1  # elements are numbered from 1, in the order of `assemble`
        for i, (_, width) in enumerate(zip(packs, widths, strict=False)):
            inner = self._products[i]
            if inner is None:
                parts[i][i] = start + np.arange(width**2).reshape(width, width)
                start += width**2
            else:
                rows, columns, _ = inner
                numbers = start + np.arange(len(rows))
                parts[i][i] = sparse.coo_array((numbers, (rows, columns)), shape=(width, width))
                start += len(rows)
        parts[-1][-1] = start + np.arange(n_dense**2).reshape(n_dense, n_dense)
        start += n_dense**2
        for i, j in combinations(range(len(widths)), 2):
            size = widths[i] * widths[j]
            parts[i][j] = start + np.arange(size).reshape(widths[i], widths[j])
            parts[j][i] = parts[i][j].T
            start += size
        whole = sparse.csr_array(
            sparse.block_array([[sparse.coo_array(part) for part in row] for row in parts])
        )
        whole = sparse.csr_array(whole[order][:, order])
        whole.sort_indices()
        self._indices, self._indptr, self._shape = whole.indices, whole.indptr, whole.shape
        self._at = whole.data - 1

    def assemble(self, level_weights, cross, level_dense, dense_gram):
        """The Gram of these sums; `level_weights` and `level_dense` by pack."""
        packs, values = self._packs, []
        for pack, products, weights in zip(packs, self._products, level_weights, strict=True):
            if products is None:
                values.append((pack.basis.T @ (weights[:, None] * pack.basis)).ravel())
            else:
                values.append(products[2] @ weights)
        values.append(dense_gram.ravel())
        for i, j in combinations(range(len(packs) + 1), 2):
            sums = level_dense[i] if j == len(packs) else cross[i, j] @ packs[j].basis
            values.append(as_array(packs[i].basis.T @ sums).ravel())
        data = np.concatenate(values)[self._at]
        return sparse.csr_array((data, self._indices, self._indptr), shape=self._shape)


def _products(basis):
    """Rows and columns of the nonzeros of B'B, and their products in each level, a csr_array."""
    basis = sparse.csr_array(basis)
    counts = np.diff(basis.indptr)
    pairs = counts**2
    level = np.repeat(np.arange(len(counts)), pairs)
    within = np.arange(pairs.sum()) - np.repeat(np.cumsum(pairs) - pairs, pairs)
    first, second = np.divmod(within, np.repeat(counts, pairs))
    first, second = first + basis.indptr[level], second + basis.indptr[level]
    key = basis.indices[first].astype(np.int64) * basis.shape[1] + basis.indices[second]
    unique, at = np.unique(key, return_inverse=True)
    products = sparse.coo_array(
        (basis.data[first] * basis.data[second], (at, level)), shape=(len(unique), len(counts))
    )
    return *np.divmod(unique, basis.shape[1]), sparse.csr_array(products)
