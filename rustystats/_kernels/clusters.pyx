# cython: language_level=3, boundscheck=False, wraparound=False
# cython: cdivision=True, initializedcheck=False
"""Sum of u_g u_g' over clusters g of rows, ``u_g = sum_{i in g} r_i x_i``: a cluster-robust meat.

The rows come sorted by cluster. A row of a coded table is the few nonzeros of its level's basis
row, read from one compressed sparse matrix for all tables, and is added to the cluster's row of a
buffer of 256 clusters; a full buffer U is added to the p x p sum as U'U. So no more than 256 x p
numbers are held beside the sum, however many clusters there are, and a cluster may be of any size.

Columns are in the order of the arrangement: tables, then dense columns. Cost: the nonzeros of X
for the rows, p^2 / 2 multiply-adds a cluster; memory 8 p^2 bytes a thread.

Threads: each takes whole clusters, as many as make its share of the rows, and the parts are added
in order: the same input and thread count give the same bits.
"""
import numpy as np

from cython.parallel cimport prange
from libc.stdint cimport int32_t
from libc.string cimport memset

from rustystats._kernels.blocks cimport RowBlocks
from rustystats._kernels.gram cimport Buffers, add_cross_products

cdef extern from "tile.h" nogil:
    int TILE_COLUMNS

cdef int CLUSTERS = 256  # x 100 columns fit the L2 cache


def accumulate_clusters(
    RowBlocks rows,                  # IN  the design
    const int32_t[::1] first,        # IN  nonzeros of a level: [first[level], first[level + 1])
    const int32_t[::1] columns,      # IN  their columns
    const double[::1] values,        # IN  and values
    int n_columns,                   # IN  of tables and dense columns together
    const double[::1] residual,      # IN  (n,)
    const Py_ssize_t[::1] order,     # IN  the rows, sorted by cluster
    const Py_ssize_t[::1] starts,    # IN  where each cluster starts there, and the end
    int n_threads,
):
    """sum_g u_g u_g', shape (p, p)."""
    cdef int width = (n_columns + TILE_COLUMNS - 1) // TILE_COLUMNS * TILE_COLUMNS
    cdef int thread, filled
    cdef Py_ssize_t g
    cdef Buffers buffers = Buffers(rows, n_threads, 0)
    cdef double[:, ::1] sums = np.zeros((n_threads, CLUSTERS * width))
    cdef double[:, :, ::1] out = np.zeros((n_threads, width, width))
    shares = len(order) * np.arange(n_threads + 1) // n_threads
    cdef const Py_ssize_t[::1] cuts = np.searchsorted(starts, shares)
    for thread in prange(n_threads, nogil=True, schedule="static", num_threads=n_threads):
        filled = 0
        for g in range(cuts[thread], cuts[thread + 1]):
            _add_cluster(
                rows, first, columns, values, n_columns, residual, &order[starts[g]],
                starts[g + 1] - starts[g], &buffers.codes[thread, 0], &buffers.dense[thread, 0],
                &sums[thread, filled * width],
            )
            filled = filled + 1
            if filled == CLUSTERS or g + 1 == cuts[thread + 1]:
                add_cross_products(&sums[thread, 0], filled, width, n_columns, &out[thread, 0, 0])
                memset(&sums[thread, 0], 0, filled * width * sizeof(double))
                filled = 0
    upper = np.asarray(out)[:, :n_columns, :n_columns].sum(axis=0)
    return np.triu(upper) + np.triu(upper, 1).T


cdef void _add_cluster(
    RowBlocks rows, const int32_t[::1] first, const int32_t[::1] columns,
    const double[::1] values, int n_columns, const double[::1] residual,
    const Py_ssize_t* members, Py_ssize_t n_members, int32_t* codes, double* dense,
    double* sums_out,
) noexcept nogil:
    cdef int t, k, stride
    cdef int n_direct = rows.n_direct
    cdef Py_ssize_t i, row, level
    cdef double r
    cdef double* dense_sums = sums_out + n_columns - rows.n_dense
    cdef const double* direct
    for i in range(n_members):
        row = members[i]
        r = residual[row]
        rows.load_codes(row, 1, codes)
        for t in range(rows.n_tables):
            level = rows.tables[t].offset + codes[t]
            for k in range(first[level], first[level + 1]):
                sums_out[columns[k]] += r * values[k]
        if n_direct:
            direct = rows.direct_rows(row, &stride)
            for k in range(n_direct):
                dense_sums[k] += r * direct[k]
        rows.load_dense(row, 1, dense)
        for k in range(n_direct, rows.n_dense):
            dense_sums[k] += r * dense[k]
