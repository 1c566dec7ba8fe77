# cython: language_level=3, boundscheck=False, wraparound=False
# cython: cdivision=True, initializedcheck=False
"""The quadratic form x_i' M x_i of every row, in the space of levels: leverages and the like.

A row is one level of each coded table t, with basis row b_t, and its dense columns d, so

    x' M x = sum_t b_t' M_tt b_t + 2 sum_{i<j} b_i' M_ij b_j + (2 sum_t M_dt b_t + M_dd d)' d

and each part but the last product depends on levels alone. What `DesignMatrix.quadratic_form`
makes of M beforehand, on small matrices:

* ``level_values[c]``: the first term, one number a level;
* a pair of tables: ``T = 2 B_i M_ij B_j'``, one look-up at ``[c_i, c_j]``; or, where that table
  would be huge, two factors of `inner` columns, ``L[c_i] . R[c_j]``;
* ``level_dense[c]``: ``2 B_t M_td``, one row of K numbers a level.

The dense columns of a block are multiplied by M_dd in one ``gemm``. Cost per row: T (T + 1) / 2
look-ups, T K additions, K^2 multiply-adds; memory beside the tables: one block a thread. A row
depends on no other, and blocks and threads are cut as in `gram.pyx`: the same input and thread
count give the same bits.
"""
import numpy as np

from cython.parallel cimport prange
from libc.stdint cimport int32_t
from scipy.linalg.cython_blas cimport dgemm

from rustystats._kernels.blocks cimport BLOCK_ROWS, RowBlocks
from rustystats._kernels.gram cimport Buffers

cdef int ROWS = BLOCK_ROWS


def quadratic_rows(
    RowBlocks rows,                      # IN  the design
    const double[::1] level_values,      # IN  (levels,), levels of all tables end to end
    const double[:, ::1] level_dense,    # IN  (levels, dense columns)
    const double[:, ::1] dense_matrix,   # IN  M_dd
    list pairs,                          # IN  (i, j, T, None) or (i, j, L, R), i < j
    int n_threads,
):
    """x_i' M x_i, shape (n,)."""
    out = np.zeros(rows.n_rows)
    cdef double[::1] q_out = out
    arrays = [
        (i, j, np.ascontiguousarray(left), right if right is None else np.ascontiguousarray(right))
        for i, j, left, right in pairs
    ]
    cdef const Py_ssize_t[:, ::1] table = np.array(
        [
            (i, j, left.ctypes.data, 0, 0) if right is None
            else (i, j, left.ctypes.data, right.ctypes.data, right.shape[1])
            for i, j, left, right in arrays
        ],
        dtype=np.intp,
    ).reshape(-1, 5)
    cdef Buffers buffers = Buffers(rows, n_threads, rows.n_dense + 1)
    cdef Py_ssize_t n = rows.n_rows, start
    cdef int thread, m
    for thread in prange(n_threads, nogil=True, schedule="static", num_threads=n_threads):
        start = n * thread // n_threads
        while start < n * (thread + 1) // n_threads:
            m = <int> min(ROWS, n * (thread + 1) // n_threads - start)
            rows.load_codes(start, m, &buffers.codes[thread, 0])
            _add_tables(rows, m, &buffers.codes[thread, 0], level_values, table,
                        &q_out[start])
            if rows.n_dense:
                _add_dense(rows, start, m, &buffers.codes[thread, 0], level_dense, dense_matrix,
                           &buffers.dense[thread, 0], &buffers.columns[thread, 0], &q_out[start])
            start = start + m
    return out


cdef void _add_tables(
    RowBlocks rows, int m, const int32_t* codes, const double[::1] level_values,
    const Py_ssize_t[:, ::1] pairs, double* q_out,
) noexcept nogil:
    cdef int t, r
    cdef Py_ssize_t pair, inner, k, width
    cdef const double* values
    cdef const double* left
    cdef const double* right
    cdef const int32_t* row
    cdef const int32_t* column
    for t in range(rows.n_tables):
        values = &level_values[rows.tables[t].offset]
        for r in range(m):
            q_out[r] += values[codes[t * m + r]]
    for pair in range(pairs.shape[0]):
        row = codes + pairs[pair, 0] * m
        column = codes + pairs[pair, 1] * m
        left = <const double*> <size_t> pairs[pair, 2]
        right = <const double*> <size_t> pairs[pair, 3]
        width = rows.tables[pairs[pair, 1]].n_levels
        inner = pairs[pair, 4]
        if inner == 0:
            for r in range(m):
                q_out[r] += left[row[r] * width + column[r]]
            continue
        for r in range(m):
            for k in range(inner):
                q_out[r] += left[row[r] * inner + k] * right[column[r] * inner + k]


cdef void _add_dense(
    RowBlocks rows, Py_ssize_t start, int m, const int32_t* codes,
    const double[:, ::1] level_dense, const double[:, ::1] dense_matrix, double* dense,
    double* columns, double* q_out,
) noexcept nogil:
    """Add (sum_t level_dense[c_t] + M_dd d) . d, the bracket in `columns`, row after row."""
    cdef int t, r, k
    cdef int n_dense = rows.n_dense, width = rows.dense_width
    cdef double unit = 1.0
    cdef double* ones = columns + n_dense * ROWS
    cdef const double* values
    rows.load_dense(start, m, dense)
    if rows.n_direct:
        for r in range(m):
            ones[r] = 1.0
        rows.load_direct(start, m, ones, dense)
    for r in range(m * n_dense):
        columns[r] = 0.0
    for t in range(rows.n_tables):
        for r in range(m):
            values = &level_dense[rows.tables[t].offset + codes[t * m + r], 0]
            for k in range(n_dense):
                columns[r * n_dense + k] += values[k]
    dgemm(b"N", b"N", &n_dense, &m, &n_dense, &unit, <double*> &dense_matrix[0, 0], &n_dense,
          dense, &width, &unit, columns, &n_dense)
    for r in range(m):
        for k in range(n_dense):
            q_out[r] += columns[r * n_dense + k] * dense[r * width + k]
