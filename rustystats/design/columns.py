"""Blocks of some of their columns: tables shrink to the levels that the columns still tell apart.

Levels whose remaining basis rows are equal are one level from then on. Of a factor that is all
levels whose column is left out, together with the reference: of 50,000 levels and 30 columns there
remain 31, one byte a row instead of two. Cost: the nonzeros of the basis, sorted, and one look-up a
row for each table that shrinks. Dense columns are viewed where they are evenly spaced, else copied;
of sparse ones the nonzeros are.
"""

from dataclasses import replace

import numpy as np
from scipy import sparse

from rustystats.codes import map_codes
from rustystats.design.blocks import (
    DENSE_BASIS_CELLS,
    DenseBlock,
    SparseBlock,
    TableBlock,
    as_array,
)


def blocks_of_columns(blocks, starts, columns, n_threads):
    """The blocks that have some of the columns, with those.

    Parameters
    ----------
    blocks : sequence of TableBlock, DenseBlock and SparseBlock
    starts : position of each block's first column, and the end
    columns : array of whole numbers in increasing order
    n_threads : int

    Returns
    -------
    list of blocks, one without columns where none has any
    """
    columns = _increasing(columns, starts[-1])
    kept = []
    owned = np.split(columns, np.searchsorted(columns, starts[1:-1]))
    for block, start, own in zip(blocks, starts[:-1], owned, strict=True):
        if len(own) == block.n_columns > 0:
            kept.append(block)
        elif len(own) and isinstance(block, SparseBlock):
            kept.append(SparseBlock(block.values[:, own - start]))
        elif len(own) and isinstance(block, DenseBlock):
            kept.append(replace(block, values=_columns_of(block.values, own - start)))
        elif len(own):
            kept.append(_shrink(block, own - start, n_threads))
    if not kept:
        kept.append(TableBlock(np.zeros(blocks[0].n_rows, dtype=np.uint8), np.empty((1, 0))))
    return kept


def _increasing(columns, n_columns):
    columns = np.asarray(columns)
    if columns.ndim != 1 or (len(columns) and columns.dtype.kind not in "iu"):
        raise IndexError(f"columns are one dimension of whole numbers, not {columns}")
    columns = columns.astype(np.intp)
    inside = len(columns) == 0 or (columns[0] >= 0 and columns[-1] < n_columns)
    if not inside or (np.diff(columns) <= 0).any():
        raise IndexError(f"columns must increase and lie between 0 and {n_columns - 1}")
    return columns


def _columns_of(values, columns):
    """Columns of an array: a view where they are evenly spaced, else a copy in its own order."""
    step = columns[1] - columns[0] if len(columns) > 1 else 1
    if (np.diff(columns) == step).all():
        return values[:, columns[0] : columns[-1] + 1 : step]
    if abs(values.strides[0]) < abs(values.strides[1]):
        return np.take(values.T, columns, axis=0).T
    return np.take(values, columns, axis=1)


def _shrink(block, columns, n_threads):
    """A table of some of its columns, levels with equal rows made one."""
    basis = block.basis[:, columns]
    firsts, mapping = np.unique(_first_equal(basis), return_inverse=True)
    if len(firsts) == block.n_levels:
        return replace(block, basis=basis)
    basis = basis[firsts]
    if basis.shape[0] * basis.shape[1] <= DENSE_BASIS_CELLS:
        basis = as_array(basis)
    codes = map_codes(block.codes, mapping, len(firsts), n_threads)
    return TableBlock(codes, basis)  # without values: a merged level stands for several


def _first_equal(basis):
    """For every row of a basis the first row that is equal to it."""
    rows = sparse.csr_array(basis)
    rows.sum_duplicates()
    rows.eliminate_zeros()
    counts = np.diff(rows.indptr)
    first = np.empty(len(counts), dtype=np.intp)
    for count in np.unique(counts):  # rows of as many nonzeros are compared as short dense ones
        levels = np.flatnonzero(counts == count)
        at = rows.indptr[levels][:, None] + np.arange(count)
        content = np.column_stack([np.full(len(levels), count), rows.indices[at], rows.data[at]])
        order = np.lexsort(content.T)  # stable: of equal rows the first comes first
        content, levels = content[order], levels[order]
        starts = np.append(True, (content[1:] != content[:-1]).any(axis=1))
        first[levels] = levels[starts][np.cumsum(starts) - 1]
    return first
