"""Sums by level of several coded columns, and by cell of their pairs: a pass for each sum.

Cells are blocks of the Gram of the columns' indicators, whose design packs small columns into few:
six cross-tables for nine factors, not 36 (`design/packing.py`). Where most values are 0, as claims
are, only the rows of the others are read.
"""

from functools import cached_property
from itertools import combinations, pairwise

import numpy as np

from rustystats._kernels.blocks import RowBlocks
from rustystats._kernels.gram import accumulate_score
from rustystats.design.blocks import TableBlock, indicator_basis
from rustystats.design.matrix import DesignMatrix
from rustystats.threads import effective_n_threads

FEW = 8  # rows are read by position where fewer than every eighth counts


class CodedColumns:
    """Columns of codes side by side.

    Parameters
    ----------
    columns : list of (codes, n_levels)
        Codes are (n,) uint8, uint16 or uint32.
    n_threads : int or None

    Examples
    --------
    >>> columns = CodedColumns([(np.array([0, 1, 1], dtype=np.uint8), 2),
    ...                         (np.array([0, 0, 1], dtype=np.uint8), 2)])
    >>> columns.sums(np.array([1.0, 2.0, 4.0]))
    [array([1., 6.]), array([3., 4.])]
    >>> columns.pair_sums(np.array([1.0, 2.0, 4.0]))[0, 1]
    array([[1., 0.],
           [2., 4.]])
    """

    def __init__(self, columns, n_threads=None):
        n_rows = len(columns[0][0])
        self._columns = [(np.ascontiguousarray(codes), size) for codes, size in columns]
        self._n_rows = n_rows
        self._all_rows = RowBlocks(n_rows, self._columns, [])
        self._ends = np.cumsum([size for _, size in columns])[:-1]
        self._n_threads = effective_n_threads(n_threads, n_rows)

    @cached_property
    def _indicators(self):
        """The design of a column for each level."""
        blocks = [TableBlock(codes, indicator_basis(size, None)) for codes, size in self._columns]
        return DesignMatrix(blocks, self._n_threads)

    def sums(self, values):
        """Of (n,) float64 values by level: a list of arrays, one for each column."""
        some, rows = self._rows_of(values), self._all_rows
        if some is not None:
            rows, values = RowBlocks(self._n_rows, self._columns, [], some), values[some]
        sums, _ = accumulate_score(rows, np.ascontiguousarray(values), self._n_threads)
        return np.split(sums, self._ends)

    def pair_sums(self, values):
        """By cell: {(i, j): (levels of i, levels of j) array} for i < j."""
        some = self._rows_of(values)
        if some is None:
            gram = self._indicators.gram(np.ascontiguousarray(values))
        else:
            gram = self._indicators.take(some).gram(values[some])
        spans = [slice(*ends) for ends in pairwise(self._indicators.starts)]
        return {(i, j): gram[spans[i], spans[j]] for i, j in combinations(range(len(spans)), 2)}

    def _rows_of(self, values):
        """Positions of the values that are not 0, where they are few, else None."""
        some = np.flatnonzero(values)
        return some if FEW * len(some) < self._n_rows else None
