"""Sums by level of several coded columns, and by cell of their pairs: a pass for each sum."""

import numpy as np

from rustystats._kernels.blocks import RowBlocks
from rustystats._kernels.gram import accumulate_gram, accumulate_score
from rustystats.threads import effective_n_threads


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
        columns = [(np.ascontiguousarray(codes), size) for codes, size in columns]
        self._rows = RowBlocks(n_rows, columns, [])
        self._ends = np.cumsum([size for _, size in columns])[:-1]
        self._n_threads = effective_n_threads(n_threads, n_rows)

    def sums(self, values):
        """Of (n,) float64 values by level: a list of arrays, one for each column."""
        sums, _ = accumulate_score(self._rows, np.ascontiguousarray(values), self._n_threads)
        return np.split(sums, self._ends)

    def pair_sums(self, values):
        """By cell: {(i, j): (levels of i, levels of j) array} for i < j."""
        return accumulate_gram(self._rows, np.ascontiguousarray(values), self._n_threads)[1]
