"""Blocks side by side, and the sums over rows that solvers ask of them.

`packing.py` arranges the blocks for the kernels, which work in the space of levels; `expand`
carries coefficients there and `reduce_score` / `reduce_gram` carry sums back: ``B_i' H_ij B_j`` on
small matrices (the sums: `_kernels/gram.pyx`).

A part of the rows (`take`) shares the arrays of the whole and reads them through `_chosen`, a range
(a view) or an index of four bytes a row (a gather, 0.3 ns a row and code column; dense columns in
row order lose being read where they lie). Where few rows are chosen, far from each other, they are
copied: each would fetch cache lines of its own in every pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from rustystats._kernels import gram as kernels
from rustystats._kernels.blocks import RowBlocks
from rustystats._kernels.clusters import accumulate_clusters
from rustystats._kernels.quadratic import quadratic_rows
from rustystats._kernels.sparse import weighted_gram
from rustystats.design.blocks import TableBlock, as_array, blocks_of_rows
from rustystats.design.columns import blocks_of_columns
from rustystats.design.lanes import LaneDesign
from rustystats.design.packing import CROSS_CELLS, arrange
from rustystats.design.rows import choose, rows_of
from rustystats.threads import effective_n_threads, single_threaded_blas

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rustystats.design.blocks import Block
    from rustystats.design.packing import Pack
    from rustystats.typing import Floats

SQUARED_ROWS = 4096  # squared at a time
SPARSE_ROWS = 16  # the rows of an index that has fewer than every sixteenth are copied


class DesignMatrix:
    """Design matrix X of n rows and p columns.

    Parameters
    ----------
    blocks : sequence of TableBlock, DenseBlock and SparseBlock
        In column order, all with the same number of rows.
    n_threads : int or None

    Attributes
    ----------
    shape : (n, p)
    n_threads : int, the threads that its sums use
    """

    starts: NDArray[np.intp]
    shape: tuple[int, int]
    n_threads: int
    packs: list[Pack]
    dense_columns: NDArray[np.intp]
    rows: RowBlocks

    def __init__(self, blocks: Iterable[Block], n_threads: int | None = None) -> None:
        self._given = tuple(blocks)
        lengths = {block.n_rows for block in self._given}
        if len(lengths) != 1:
            raise ValueError(f"the blocks of a design matrix differ in rows: {sorted(lengths)}")
        widths = [block.n_columns for block in self._given]
        self.starts = np.concatenate([[0], np.cumsum(widths)]).astype(np.intp)
        self.shape = (lengths.pop(), int(self.starts[-1]))
        self.n_threads = effective_n_threads(n_threads, self.shape[0])
        self.packs, self._dense = arrange(self._given, self.starts, self.n_threads)
        self._chosen: Any = range(self.shape[0])
        self._place_columns()
        self.rows = self._row_blocks()

    def _place_columns(self):
        """Where the columns of packs and dense sources stand, among themselves and in X."""
        self.dense_columns = np.concatenate(
            [columns for _, columns in self._dense] or [np.empty(0, dtype=np.intp)]
        )
        arranged = [*(pack.columns for pack in self.packs), self.dense_columns]
        ends = np.cumsum([0, *map(len, arranged)])
        *self._spans, self._dense_span = (slice(a, b) for a, b in pairwise(ends))
        self._order = np.argsort(np.concatenate(arranged))
        self._level_starts = np.cumsum([0, *(pack.n_levels for pack in self.packs)])

    def _row_blocks(self):
        tables = [(pack.codes, pack.n_levels) for pack in self.packs]
        return self.row_blocks(tables, [source for source, _ in self._dense])

    def row_blocks(self, tables: Sequence[Any], dense: Sequence[Any]) -> RowBlocks:
        """The chosen rows of coded tables and dense sources as the kernels read them."""
        chosen, n_stored = self._chosen, self._given[0].n_rows
        if not isinstance(chosen, range) and SPARSE_ROWS * len(chosen) >= n_stored:
            chosen, index = range(n_stored), chosen
        else:
            index = None

        def codes_of(codes):
            return np.ascontiguousarray(rows_of(codes, chosen))

        return RowBlocks(
            len(chosen),
            [(codes_of(codes), n_levels) for codes, n_levels in tables],
            [
                (codes_of(source[0]), source[1])
                if isinstance(source, tuple)
                else rows_of(source, chosen)
                for source in dense
            ],
            index,
        )

    def threaded(self, n_threads: int | None) -> DesignMatrix:
        """The same design, summed with another number of threads."""
        other = object.__new__(type(self))
        vars(other).update(vars(self))
        other.n_threads = effective_n_threads(n_threads, self.shape[0])
        return other

    @property
    def dense_sources(self) -> list[Any]:
        """(source, columns) of the dense columns: an array, or codes and the values looked up."""
        return self._dense

    @cached_property
    def lanes(self) -> LaneDesign:
        """The design as the kernel of several coefficient vectors reads it."""
        return LaneDesign(self)

    def __getstate__(self) -> dict[str, Any]:
        state = vars(self).copy()
        del state["rows"]  # addresses: made anew from the arrays
        state.pop("lanes", None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.rows = self._row_blocks()

    # ---- parts ----------------------------------------------------------------------------

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks as given; those of a part are copied when they are first asked for."""
        if isinstance(self._chosen, range) and self._chosen == range(self._given[0].n_rows):
            return self._given
        return blocks_of_rows(self._given, self._chosen)

    @property
    def stored_blocks(self) -> tuple[Block, ...]:
        """The blocks as given, all rows of them."""
        return self._given

    def of_rows_of(self, other: DesignMatrix) -> DesignMatrix:
        """The design of the rows that a part has; both of the same stored rows."""
        return self._part(other._chosen)

    def take(self, rows: NDArray[np.intp] | slice) -> DesignMatrix:
        """The design of some rows; it reads the arrays of this one.

        Parameters
        ----------
        rows : slice, or array of whole numbers or bool
            Whole numbers in any order and as often as wanted. In increasing order they are read
            fastest.
        """
        return self._part(choose(self._chosen, rows))

    def restrict(self, columns: NDArray[Any]) -> DesignMatrix:
        """The design of some columns; tables shrink to the levels that these tell apart.

        Blocks without any of the columns vanish. Costs a pass over the stored rows for each table
        that shrinks or is packed anew; of a part, therefore, not less than of the whole.

        Parameters
        ----------
        columns : array of whole numbers in increasing order
        """
        kept = blocks_of_columns(self._given, self.starts, columns, self.n_threads)
        return DesignMatrix(kept, self.n_threads).of_rows_of(self)

    def _part(self, chosen):
        part = object.__new__(type(self))
        vars(part).update(vars(self))
        for cached in ("blocks", "column_scales", "lanes"):
            vars(part).pop(cached, None)
        part._chosen, part.shape = chosen, (len(chosen), self.shape[1])
        part.n_threads = effective_n_threads(self.n_threads, len(chosen))
        part.rows = part._row_blocks()
        return part

    # ---- the space of levels --------------------------------------------------------------

    def expand(self, coef: Floats) -> tuple[Floats, Floats]:
        """Coefficients as the kernels read them: (B_t b_t end to end, dense coefficients)."""
        levels = [pack.basis @ coef[pack.columns] for pack in self.packs] or [np.zeros(1)]
        dense = coef[self.dense_columns] if len(self.dense_columns) else np.zeros(1)
        return np.concatenate(levels), np.ascontiguousarray(dense)

    def reduce_score(self, level_sums: Floats, dense_sums: Floats) -> Floats:
        """X'r from its sums over levels and dense columns."""
        score = np.empty(self.shape[1])
        for pack, sums in self._by_pack(level_sums):
            score[pack.columns] = pack.basis.T @ sums
        score[self.dense_columns] = dense_sums
        return score

    def reduce_gram(
        self, level_weights: Floats, cross: Any, level_dense: Floats, dense_gram: Floats
    ) -> Floats:
        """X'WX from its cross-tables."""
        if len(self.packs) == 1 and self._sparse_basis is not None:
            basis = self._sparse_basis
            return weighted_gram(
                basis.indptr.astype(np.intp, copy=False),
                basis.indices.astype(np.int32, copy=False),
                basis.data,
                basis.shape[1],
                level_weights,
                self.n_threads,
            )
        # Filled block by block in the order of the packs, then permuted to that of the columns.
        gram = np.empty((self.shape[1], self.shape[1]))
        spans, dense = self._spans, self._dense_span
        for i, (pack, weights) in enumerate(self._by_pack(level_weights)):
            inner = pack.basis.T @ scale_rows(pack.basis, weights)
            gram[spans[i], spans[i]] = as_array(inner)
            for j in range(i + 1, len(self.packs)):
                _set(gram, spans[i], spans[j], pack.basis.T @ (cross[i, j] @ self.packs[j].basis))
        for i, (pack, sums) in enumerate(self._by_pack(level_dense)):
            _set(gram, spans[i], dense, pack.basis.T @ sums)
        gram[dense, dense] = dense_gram
        # two takes: rows, then columns within them; a look-up of both jumps for every number
        return gram.take(self._order, axis=0).take(self._order, axis=1)

    @cached_property
    def _sparse_basis(self):
        """The basis of the only pack, if it is all there is and sparse, in the order of columns."""
        basis = self.packs[0].basis
        alone = sparse.issparse(basis) and not len(self.dense_columns)
        if not alone:
            return None
        basis = sparse.csr_array(basis)
        if (np.diff(self._order) != 1).any():
            basis = basis[:, self._order]
        basis.sort_indices()
        return basis

    def _by_pack(self, level_values):
        return (
            zip(self.packs, np.split(level_values, self._level_starts[1:-1]), strict=True)
            if self.packs
            else ()
        )

    # ---- sums over rows -------------------------------------------------------------------

    def matvec(self, coef: Floats, offset: Floats | None = None) -> Floats:
        """Linear predictor X b + offset, shape (n,)."""
        with single_threaded_blas():
            return kernels.linear_predictor(
                self.rows, *self.expand(np.asarray(coef, dtype=float)), offset, self.n_threads
            )

    def transpose_matvec(self, residual: Floats) -> Floats:
        """X'r, shape (p,)."""
        with single_threaded_blas():
            sums = kernels.accumulate_score(self.rows, residual, self.n_threads)
            return self.reduce_score(*sums)

    def gram(self, weight: Floats) -> Floats:
        """X'WX for weights >= 0, shape (p, p)."""
        with single_threaded_blas():
            sums = kernels.accumulate_gram(self.rows, weight, self.n_threads)
            return self.reduce_gram(*sums)

    def gram_diagonal(self, weight: Floats) -> Floats:
        """The diagonal of X'WX, (p,): a pass, and no p x p array."""
        with single_threaded_blas():
            sums, _ = kernels.accumulate_score(self.rows, weight, self.n_threads)
        diagonal = np.empty(self.shape[1])
        for pack, totals in self._by_pack(sums):
            diagonal[pack.columns] = _squares(pack.basis).T @ totals
        for source, columns in self._dense:
            if isinstance(source, tuple):
                codes, values = source
                rows = rows_of(codes, self._chosen)
                totals = np.bincount(rows, weights=weight, minlength=len(values))
                diagonal[columns] = np.square(values).T @ totals
            else:
                diagonal[columns] = self._sums_of_squares(source, weight)
        return diagonal

    def _sums_of_squares(self, values, weight):
        """Of each column of an array, some rows at a time."""
        total = np.zeros(values.shape[1])
        for start in range(0, self.shape[0], SQUARED_ROWS):
            some = slice(start, start + SQUARED_ROWS)
            part = rows_of(values, choose(self._chosen, some))
            total += weight[some] @ np.square(part, dtype=float)
        return total

    def present(self, weights: Floats | None) -> NDArray[np.bool_]:
        """Columns that are not 0 in all rows of weight above 0, (p,) bool; None weighs all."""
        used = np.ones(self.shape[0]) if weights is None else (weights > 0).astype(float)
        return self.gram_diagonal(used) > 0

    def cluster_gram(
        self, residual: Floats, order: NDArray[np.intp], starts: NDArray[np.intp]
    ) -> Floats:
        """Sum over clusters g of u_g u_g' with u_g = sum of r_i x_i over its rows, (p, p).

        Parameters
        ----------
        residual : (n,) r
        order : (m,) intp, rows sorted by cluster
        starts : (clusters + 1,) intp, where each cluster starts in `order`, and its end
        """
        bases = [sparse.csr_array(pack.basis) for pack in self.packs]
        levels = sparse.block_diag(bases or [sparse.csr_array((0, 0))], format="csr")
        with single_threaded_blas():
            gram = accumulate_clusters(
                self.rows,
                levels.indptr.astype(np.int32, copy=False),
                levels.indices.astype(np.int32, copy=False),
                levels.data.astype(np.float64, copy=False),
                self.shape[1],
                residual,
                order,
                starts,
                self.n_threads,
            )
        return gram[self._order[:, None], self._order]

    def quadratic_form(self, M: Floats) -> Floats:
        """x_i' M x_i of every row, (n,); M symmetric (p, p), NaN (aliased columns) read as 0."""
        M = np.where(np.isnan(M), 0.0, M)
        packs, dense = self.packs, self.dense_columns
        with single_threaded_blas():
            own = [_quadratic_levels(p.basis, M[np.ix_(p.columns, p.columns)]) for p in packs]
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

    def block_totals(self, values: Floats) -> dict[int, Floats]:
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
            for index, host, mapping in pack.nested:
                levels = self._given[index].n_levels
                totals[index] = np.bincount(mapping, weights=totals[host], minlength=levels)
        for index, block in enumerate(self._given):
            if isinstance(block, TableBlock) and index not in totals:
                codes = rows_of(block.codes, self._chosen)
                totals[index] = np.bincount(codes, weights=values, minlength=block.n_levels)
        totals.pop(None, None)  # tables made of sparse blocks
        return totals

    @cached_property
    def column_scales(self) -> Floats:
        """Size of each column, shape (p,): its largest absolute value in a table, its root mean
        square over some thousand rows where it is dense."""
        some = choose(self._chosen, slice(None, None, max(1, self.shape[0] // 4096)))
        scales = np.empty(self.shape[1])
        for pack in self.packs:
            largest = abs(pack.basis).max(axis=0)
            scales[pack.columns] = as_array(largest).ravel()
        for source, columns in self._dense:
            if isinstance(source, tuple):
                scales[columns] = np.abs(source[1]).max(axis=0)
            else:
                values = rows_of(source, some)
                scales[columns] = np.sqrt(np.mean(np.square(values, dtype=float), axis=0))
        return scales

    def to_dense(self) -> Floats:
        """X as an (n, p) float64 array: 8 n p bytes."""
        out = np.empty(self.shape)
        for pack in self.packs:
            out[:, pack.columns] = as_array(pack.basis[rows_of(pack.codes, self._chosen)])
        for source, columns in self._dense:
            if isinstance(source, tuple):
                out[:, columns] = source[1][rows_of(source[0], self._chosen)]
            else:
                out[:, columns] = rows_of(source, self._chosen)
        return out


def _squares(basis):
    if not sparse.issparse(basis):
        return np.square(basis)
    basis = sparse.csr_array(basis)
    squares = np.square(basis.data, dtype=float)
    return sparse.csr_array((squares, basis.indices, basis.indptr), shape=basis.shape)


def scale_rows(basis, weights):
    """diag(weights) @ basis."""
    if sparse.issparse(basis):
        return sparse.diags_array(weights) @ basis
    return weights[:, None] * basis


def _quadratic_levels(basis, M):
    """b' M b of each row b of a basis; of a sparse one some rows at a time."""
    if not sparse.issparse(basis):
        return np.einsum("lk,lk->l", basis, basis @ M)
    step = max(1, CROSS_CELLS // max(1, basis.shape[1]))
    parts = (basis[start : start + step] for start in range(0, basis.shape[0], step))
    return np.concatenate([part.multiply(part @ M).sum(axis=1) for part in parts])


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
