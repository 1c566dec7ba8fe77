"""Blocks side by side, arranged so that the kernels read as few code columns as possible.

Three exact rearrangements happen once, when the matrix is made:

* *packing*: small tables are merged into one whose levels are all combinations (driver age x fuel:
  83 x 2 = 166 levels, still one byte a row). T tables cost T (T - 1) / 2 additions a row in the
  Gram; after packing the nine factors of a motor tariff are five code columns and one look-up;
* *look-up columns*: a table with a single column and many levels (log of population density) is
  read as a dense column through its codes: that is one addition per row and pair into small sums
  that stay in the cache, where its cross-tables would not;
* the intercept is a table of one level and vanishes into a pack (beside dense columns alone it is
  one more of them).

The kernels work in the space of levels; `expand` carries coefficients there and `reduce_score` /
`reduce_gram` carry sums back: ``B_i' H_ij B_j`` on small matrices (the sums: `_kernels/gram.pyx`).
Memory: about one byte per row and pack; 8 bytes per row and dense column, the caller's own array
wherever it is already floating point.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, pairwise

import numpy as np
from scipy import sparse

from rustystats._kernels import gram as kernels
from rustystats._kernels.blocks import RowBlocks, is_direct
from rustystats._kernels.clusters import accumulate_clusters
from rustystats._kernels.quadratic import quadratic_rows
from rustystats.codes import combine_codes
from rustystats.design.blocks import DenseBlock, TableBlock, as_array
from rustystats.design.lanes import LaneDesign
from rustystats.threads import effective_n_threads, single_threaded_blas

PACK_LEVELS = 256  # one byte a row, and cross-tables of two packs stay within the L2 cache
LOOK_UP_LEVELS = 64  # a one-column table with more levels is read as a dense column
CROSS_CELLS = 1 << 22  # a pair of tables with more cells is not cross-tabulated if avoidable


@dataclass(frozen=True, eq=False)
class Pack:
    """One code column of the kernels: the product of one or more tables, and their columns."""

    codes: np.ndarray
    basis: np.ndarray  # (levels of the product, columns)
    columns: np.ndarray  # positions of the columns in the design matrix
    members: tuple  # (block index, levels) of each merged table, the last running fastest

    @property
    def n_levels(self):
        return self.basis.shape[0]


class DesignMatrix:
    """Design matrix X of n rows and p columns.

    Parameters
    ----------
    blocks : sequence of TableBlock and DenseBlock
        In column order, all with the same number of rows.
    n_threads : int or None

    Attributes
    ----------
    shape : (n, p)
    blocks : tuple of the blocks as given
    n_threads : int, the threads that its sums use
    """

    def __init__(self, blocks, n_threads=None):
        self.blocks = tuple(blocks)
        lengths = {block.n_rows for block in self.blocks}
        if len(lengths) != 1:
            raise ValueError(f"the blocks of a design matrix differ in rows: {sorted(lengths)}")
        widths = [block.n_columns for block in self.blocks]
        self.starts = np.concatenate([[0], np.cumsum(widths)]).astype(np.intp)
        self.shape = (lengths.pop(), int(self.starts[-1]))
        self.n_threads = effective_n_threads(n_threads, self.shape[0])
        coded, self._dense = self._arrange()
        self._arrange_kernel(_pack_tables(coded, self.n_threads))

    def _arrange(self):
        """Split the blocks into coded tables and sources of dense columns."""
        coded, dense = [], []
        largest = _second_largest([b.n_levels for b in self.blocks if isinstance(b, TableBlock)])
        for index, block in enumerate(self.blocks):
            columns = np.arange(self.starts[index], self.starts[index + 1])
            if isinstance(block, DenseBlock):
                dense.append((block.values, columns))
            elif _reads_as_dense(block, largest):
                values = np.ascontiguousarray(as_array(block.basis), dtype=np.float64)
                dense.append(((block.codes, values), columns))
            elif block.n_columns:
                coded.append(Pack(block.codes, block.basis, columns, ((index, block.n_levels),)))
        dense.sort(key=lambda s: -s[0].shape[1] if is_direct(s[0]) else 0)
        if dense and sum(pack.n_levels for pack in coded) == 1:
            (intercept,) = coded  # beside dense columns alone the intercept is one more of them
            dense.append(((intercept.codes, np.ones((1, 1))), intercept.columns))
            coded = []
        return coded, dense

    def _arrange_kernel(self, packs):
        self.packs = packs
        self.rows = RowBlocks(
            self.shape[0],
            [(pack.codes, pack.n_levels) for pack in packs],
            [source for source, _ in self._dense],
        )
        self.dense_columns = np.concatenate(
            [columns for _, columns in self._dense] or [np.empty(0, dtype=np.intp)]
        )
        widths = [len(pack.columns) for pack in packs] + [len(self.dense_columns)]
        ends = np.cumsum([0, *widths])
        *self._spans, self._dense_span = (slice(a, b) for a, b in pairwise(ends))
        arranged = np.concatenate([*(pack.columns for pack in packs), self.dense_columns])
        self._order = np.argsort(arranged)
        self._level_starts = np.concatenate([[0], np.cumsum([p.n_levels for p in packs])]).astype(
            int
        )

    def threaded(self, n_threads):
        """The same design, summed with another number of threads."""
        other = object.__new__(DesignMatrix)
        vars(other).update(vars(self))
        other.n_threads = effective_n_threads(n_threads, self.shape[0])
        return other

    @property
    def dense_sources(self):
        """(source, columns) of the dense columns: an array, or codes and the values looked up."""
        return self._dense

    @cached_property
    def lanes(self):
        """The design as the kernel of several coefficient vectors reads it."""
        return LaneDesign(self)

    def __getstate__(self):
        state = vars(self).copy()
        del state["rows"]  # addresses: made anew from the arrays
        state.pop("lanes", None)
        return state

    def __setstate__(self, state):
        vars(self).update(state)
        self._arrange_kernel(self.packs)

    def take(self, rows):
        """The design of a slice of the rows; the arrangement is kept."""
        part = object.__new__(DesignMatrix)
        part.starts, part.blocks = self.starts, ()
        part.shape = (len(range(*rows.indices(self.shape[0]))), self.shape[1])
        part.n_threads = effective_n_threads(self.n_threads, part.shape[0])
        part._dense = [
            (
                (source[0][rows].copy(), source[1]) if isinstance(source, tuple) else source[rows],
                cols,
            )
            for source, cols in self._dense
        ]
        part._arrange_kernel(
            [Pack(p.codes[rows].copy(), p.basis, p.columns, p.members) for p in self.packs]
        )
        return part

    # ---- the space of levels --------------------------------------------------------------

    def expand(self, coef):
        """Coefficients as the kernels read them: (B_t b_t end to end, dense coefficients)."""
        levels = [pack.basis @ coef[pack.columns] for pack in self.packs] or [np.zeros(1)]
        dense = coef[self.dense_columns] if len(self.dense_columns) else np.zeros(1)
        return np.concatenate(levels), np.ascontiguousarray(dense)

    def reduce_score(self, level_sums, dense_sums):
        """X'r from its sums over levels and dense columns."""
        score = np.empty(self.shape[1])
        for pack, sums in self._by_pack(level_sums):
            score[pack.columns] = pack.basis.T @ sums
        score[self.dense_columns] = dense_sums
        return score

    def reduce_gram(self, level_weights, cross, level_dense, dense_gram):
        """X'WX from its cross-tables."""
        # Filled block by block in the order of the packs, then permuted to that of the columns.
        gram = np.empty((self.shape[1], self.shape[1]))
        spans, dense = self._spans, self._dense_span
        for i, (pack, weights) in enumerate(self._by_pack(level_weights)):
            inner = pack.basis.T @ _scale_rows(pack.basis, weights)
            gram[spans[i], spans[i]] = as_array(inner)
            for j in range(i + 1, len(self.packs)):
                _set(gram, spans[i], spans[j], pack.basis.T @ (cross[i, j] @ self.packs[j].basis))
        for i, (pack, sums) in enumerate(self._by_pack(level_dense)):
            _set(gram, spans[i], dense, pack.basis.T @ sums)
        gram[dense, dense] = dense_gram
        return gram[self._order[:, None], self._order]

    def _by_pack(self, level_values):
        return (
            zip(self.packs, np.split(level_values, self._level_starts[1:-1]), strict=True)
            if self.packs
            else ()
        )

    # ---- sums over rows -------------------------------------------------------------------

    def matvec(self, coef, offset=None):
        """Linear predictor X b + offset, shape (n,)."""
        with single_threaded_blas():
            return kernels.linear_predictor(
                self.rows, *self.expand(np.asarray(coef, dtype=float)), offset, self.n_threads
            )

    def transpose_matvec(self, residual):
        """X'r, shape (p,)."""
        with single_threaded_blas():
            sums = kernels.accumulate_score(self.rows, residual, self.n_threads)
            return self.reduce_score(*sums)

    def gram(self, weight):
        """X'WX for weights >= 0, shape (p, p)."""
        with single_threaded_blas():
            sums = kernels.accumulate_gram(self.rows, weight, self.n_threads)
            return self.reduce_gram(*sums)

    def cluster_gram(self, residual, order, starts):
        """Sum over clusters g of u_g u_g' with u_g = sum of r_i x_i over its rows, (p, p).

        Parameters
        ----------
        residual : (n,) r
        order : (m,) intp, rows sorted by cluster
        starts : (clusters + 1,) intp, where each cluster starts in `order`, and its end
        """
        bases = [pack.basis for pack in self.packs] or [np.empty((0, 0))]
        levels = sparse.block_diag(bases, format="csr")
        with single_threaded_blas():
            gram = accumulate_clusters(
                self.rows,
                levels.indptr.astype(np.int32, copy=False),
                levels.indices.astype(np.int32, copy=False),
                levels.data,
                self.shape[1],
                residual,
                order,
                starts,
                self.n_threads,
            )
        return gram[self._order[:, None], self._order]

    def quadratic_form(self, M):
        """x_i' M x_i of every row, (n,); M symmetric (p, p), NaN (aliased columns) read as 0."""
        M = np.where(np.isnan(M), 0.0, M)
        packs, dense = self.packs, self.dense_columns
        with single_threaded_blas():
            own = [_row_dots(p.basis, p.basis @ M[np.ix_(p.columns, p.columns)]) for p in packs]
            beside = [2.0 * (p.basis @ M[np.ix_(p.columns, dense)]) for p in packs]
            pairs = [
                (i, j, *_pair_of_levels(packs[i], packs[j], M))
                for i, j in combinations(range(len(packs)), 2)
            ]
            return quadratic_rows(
                self.rows,
                np.concatenate(own or [np.empty(0)]),
                np.concatenate(beside or [np.empty((0, len(dense)))]),
                M[np.ix_(dense, dense)],
                pairs,
                self.n_threads,
            )

    def block_totals(self, values):
        """Sum of `values` (n,) over the rows of each level, for every table block, by block index.

        Margins of the packs' sums where a table was merged: one pass for all of them.
        """
        with single_threaded_blas():
            level_sums, _ = kernels.accumulate_score(self.rows, values, self.n_threads)
        totals = {}
        for pack, sums in self._by_pack(level_sums):
            grid = sums.reshape([levels for _, levels in pack.members])
            for axis, (index, _) in enumerate(pack.members):
                others = tuple(a for a in range(grid.ndim) if a != axis)
                totals[index] = grid.sum(axis=others)
        for index, block in enumerate(self.blocks):
            if isinstance(block, TableBlock) and index not in totals:
                totals[index] = np.bincount(block.codes, weights=values, minlength=block.n_levels)
        return totals

    @cached_property
    def column_scales(self):
        """Size of each column, shape (p,): its largest absolute value in a table, its root mean
        square over some thousand rows where it is dense."""
        some = slice(None, None, max(1, self.shape[0] // 4096))
        scales = np.empty(self.shape[1])
        for pack in self.packs:
            scales[pack.columns] = np.abs(as_array(pack.basis)).max(axis=0)
        for source, columns in self._dense:
            if isinstance(source, tuple):
                scales[columns] = np.abs(source[1]).max(axis=0)
            else:
                scales[columns] = np.sqrt(np.mean(np.square(source[some], dtype=float), axis=0))
        return scales

    def to_dense(self):
        """X as an (n, p) float64 array: 8 n p bytes."""
        out = np.empty(self.shape)
        for pack in self.packs:
            out[:, pack.columns] = as_array(pack.basis[pack.codes])
        for source, columns in self._dense:
            out[:, columns] = source[1][source[0]] if isinstance(source, tuple) else source
        return out


def _reads_as_dense(block, other_levels):
    if block.n_columns == 1:
        return block.n_levels > LOOK_UP_LEVELS
    return block.n_columns <= 8 and block.n_levels * other_levels > CROSS_CELLS


def _second_largest(levels):
    return sorted(levels)[-2] if len(levels) > 1 else 0


def _pack_tables(tables, n_threads):
    """Merge small tables, first fit in order of decreasing size."""
    bins = []
    for table in sorted(tables, key=lambda t: -t.n_levels):
        for members in bins:
            if table.n_levels * np.prod([m.n_levels for m in members]) <= PACK_LEVELS or (
                table.n_levels == 1
            ):
                members.append(table)
                break
        else:
            bins.append([table])
    return [_merge(members, n_threads) for members in bins]


def _merge(members, n_threads):
    """The product table of the members, the last running fastest."""
    merged = members[0]
    for table in members[1:]:
        codes = merged.codes
        if table.n_levels > 1:
            codes = combine_codes(
                merged.codes, table.codes, merged.n_levels, table.n_levels, n_threads
            )
        repeated = _repeat(merged.basis, table.n_levels)
        tiled = _tile(table.basis, merged.n_levels)
        stack = sparse.hstack if sparse.issparse(repeated) or sparse.issparse(tiled) else np.hstack
        basis = stack([repeated, tiled])
        merged = Pack(
            codes,
            basis.tocsr() if sparse.issparse(basis) else basis,
            np.concatenate([merged.columns, table.columns]),
            merged.members + table.members,
        )
    return merged


def _repeat(basis, times):
    if times == 1:
        return basis
    return np.repeat(as_array(basis), times, axis=0)


def _tile(basis, times):
    if basis.shape[0] == 1 and times * basis.shape[1] > PACK_LEVELS**2:
        return sparse.csr_array(np.tile(as_array(basis), (times, 1)))
    return np.tile(as_array(basis), (times, 1))


def _scale_rows(basis, weights):
    if sparse.issparse(basis):
        return sparse.diags_array(weights) @ basis
    return weights[:, None] * basis


def _row_dots(basis, values):
    """Dot product of each row of a basis with the same row of an array."""
    if sparse.issparse(basis):
        return basis.multiply(values).sum(axis=1)
    return np.einsum("lk,lk->l", basis, values)


def _pair_of_levels(a, b, M):
    """2 x_a' M_ab x_b for the levels of two packs: a table of all pairs of levels and None, or,
    where that would be huge, two arrays whose rows for the two levels have it as dot product."""
    inner = min(len(a.columns), len(b.columns))
    cross = 2.0 * M[np.ix_(a.columns, b.columns)]
    cells = a.n_levels * b.n_levels
    if cells <= max(CROSS_CELLS, inner * (a.n_levels + b.n_levels)):
        return a.basis @ cross @ b.basis.T, None
    if inner == len(b.columns):
        return a.basis @ cross, as_array(b.basis)
    return as_array(a.basis), b.basis @ cross.T


def _set(gram, rows, columns, values):
    gram[rows, columns] = values
    gram[columns, rows] = values.T
