"""What a sparse matrix is read as: tables of level codes where it is indicators, else rows of it.

Most sparse matrices of tariff data are indicators of factors side by side. Columns that are never
both nonzero in a row are one table: level 0 where all are 0, and a level for each value of each
column (the exclusive bundles of Ke et al. 2017, Advances in Neural Information Processing Systems
30, without their conflicts; columns are put into the first bundle that fits). Columns of many
values are stored as numbers where that takes no more memory than the matrix given.

Otherwise (texts: many columns that meet in all ways) the rows themselves are the levels of one
table whose basis is the matrix, the other blocks joined to it; a pass is then a sparse product on
each side of the sums over rows, and the Gram the kernel of `_kernels/sparse.pyx`.

Cost: the nonzeros, sorted by column, once for each bundle that a column is tried in; where some
thousand rows already show that there are too many bundles, no more than those.
"""

import numpy as np
from scipy import sparse

from rustystats._kernels.encode import code_dtype
from rustystats._kernels.sparse import exclusive_groups
from rustystats.design.blocks import DENSE_BASIS_CELLS, DenseBlock, SparseBlock, TableBlock

VALUES = 64  # a column of more values is no level of a bundle
GROUPS = 64  # more bundles are no gain over the nonzeros
SAMPLE = 2048  # rows that are tried first


def bundled(block, columns):
    """Tables and numbers in the place of a sparse block.

    Parameters
    ----------
    block : SparseBlock, (n, k)
    columns : (k,) positions of its columns

    Returns
    -------
    list of (TableBlock or DenseBlock, positions), or None where the rows stay as they are
    """
    n_rows, n_columns = block.values.shape
    if not block.values.nnz:
        return [(TableBlock(np.zeros(n_rows, np.uint8), np.zeros((1, n_columns))), columns)]
    a_row = np.diff(block.values.indptr)
    most = min(GROUPS, 2 + 2 * block.values.nnz // n_rows)
    if a_row.max() > most:  # a bundle for each nonzero of a row
        return None
    step = n_rows // SAMPLE
    if step > 1 and bundled(SparseBlock(block.values[::step]), columns) is None:
        return None
    by_column = block.values.tocsc()
    starts = by_column.indptr.astype(np.intp)
    values, n_values = _values_of_columns(by_column.data, starts)
    few = n_values <= VALUES
    numbers = np.flatnonzero(~few)
    if n_rows * len(numbers) > block.values.nnz:
        return None
    chosen = np.flatnonzero(few)
    part = by_column[:, chosen] if len(numbers) else by_column
    groups = exclusive_groups(
        part.indptr.astype(np.intp), part.indices.astype(np.int32, copy=False), n_rows, most
    )
    if groups is None:
        return None
    if len(numbers):
        values = values[np.repeat(few, np.diff(starts))]
    made = _tables(part, values, n_values[chosen], groups, columns[chosen])
    if len(numbers):
        made.append((DenseBlock(by_column[:, numbers].toarray(order="F")), columns[numbers]))
    return made


def as_rows(blocks):
    """Blocks as one matrix, whose rows are the levels of a table.

    Returns
    -------
    csr_array
    """
    narrow = all(b.values.dtype == np.float32 for b in blocks if isinstance(b, SparseBlock))
    kind = np.float32 if narrow else np.float64
    parts = []
    for block in blocks:
        if isinstance(block, TableBlock):
            parts.append(sparse.csr_array(block.basis)[block.codes].astype(kind))
        else:
            parts.append(sparse.csr_array(block.values, dtype=kind))
    return sparse.csr_array(sparse.hstack(parts, format="csr")) if len(parts) > 1 else parts[0]


def _values_of_columns(data, starts):
    """Which value of its column each nonzero is, and how many values each column has; more than
    `VALUES` are not told apart."""
    lengths = np.diff(starts)
    values = np.zeros(len(data), dtype=np.int32)
    n_values = np.minimum(lengths, 1)
    filled = np.flatnonzero(lengths)
    same = np.maximum.reduceat(data, starts[filled]) == np.minimum.reduceat(data, starts[filled])
    for column in filled[~same]:
        own = slice(starts[column], starts[column + 1])
        few = len(np.unique(data[own][: 8 * VALUES])) <= VALUES
        levels, codes = np.unique(data[own], return_inverse=True) if few else ((), 0)
        n_values[column] = len(levels) if few else VALUES + 1
        values[own] = codes
    return values, n_values


def _tables(matrix, values, n_values, groups, columns):
    """(TableBlock, positions) of each group of columns of a matrix that exclude each other.

    Parameters
    ----------
    matrix : (n, k) csc_array
    values : of each nonzero, which value of its column it is
    n_values, groups, columns : (k,)
    """
    made = []
    for group in range(groups.max(initial=-1) + 1):
        own = np.flatnonzero(groups == group)
        together = own[-1] - own[0] + 1 == len(own)  # as of a factor: a view of the nonzeros
        part = matrix[:, own[0] : own[-1] + 1] if together else matrix[:, own]
        first, last = matrix.indptr[own], matrix.indptr[own + 1]
        if together:
            mine = values[first[0] : last[-1]]
        else:
            mine = np.concatenate([values[a:b] for a, b in zip(first, last, strict=True)])
        ends = np.cumsum(n_values[own]) + 1
        levels = np.repeat(ends - n_values[own], last - first) + mine
        codes = np.zeros(matrix.shape[0], dtype=code_dtype(ends[-1]))
        codes[part.indices] = levels
        height = np.zeros(ends[-1])
        height[levels] = part.data
        place = np.repeat(np.arange(len(own)), n_values[own])
        entries = (height[1:], (np.arange(1, ends[-1]), place))
        basis = sparse.csr_array(entries, shape=(ends[-1], len(own)))
        if np.prod(basis.shape) <= DENSE_BASIS_CELLS:
            basis = basis.toarray()
        made.append((TableBlock(codes, basis), columns[own]))
    return made
