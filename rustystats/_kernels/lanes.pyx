# cython: language_level=3, boundscheck=False, wraparound=False
# cython: cdivision=True, initializedcheck=False
"""One pass over the rows at several coefficient vectors: scores and deviances, X read once.

A lane is one vector of coefficients. Tables hold the values of all lanes side by side (`lanes.h`):
one look-up and one addition a row and table serve all of them; dense columns are multiplied as
matrices. Means, variances and deviances are those of m x lanes rows, by the same family and link.
Four lanes cost some two and a half times what one does.

Threads and determinism as in `gram.pyx`.
"""
import numpy as np

from cython.parallel cimport prange
from libc.stdint cimport int32_t
from scipy.linalg.cython_blas cimport dgemm

from rustystats._kernels.blocks cimport BLOCK_ROWS, RowBlocks
from rustystats._kernels.families cimport Family
from rustystats._kernels.gram cimport Buffers
from rustystats._kernels.links cimport Link

cdef extern from "lanes.h" nogil:
    int LANES_MOST
    void lanes_gather(int lanes, const double** tables, int n_tables, const int32_t* codes,
                      double* out, Py_ssize_t m)
    void lanes_scatter(int lanes, const double* x, const int32_t* codes, double** sums,
                       int n_tables, Py_ssize_t m)
    void lanes_spread(int lanes, const double* x, double* out, Py_ssize_t m)
    void lanes_total(int lanes, const double* x, const double* prior, double* totals,
                     Py_ssize_t m)
    void neutral_block(const double* prior, double* mu, double* dmu, Py_ssize_t m)
    void working_block(
        const double* y, const double* mu, const double* dmu, const double* variance,
        const double* prior, double* residual, double* weight, double* pearson, Py_ssize_t m
    )

MOST_LANES = LANES_MOST
cdef int ROWS = BLOCK_ROWS


def accumulate_lanes(
    RowBlocks rows,                    # IN  the design, every look-up column as a table
    const double[:, ::1] level_eta,    # IN  (levels, lanes) B_t b_t of the tables, end to end
    const double[:, ::1] dense_coef,   # IN  (dense columns, lanes)
    const double[::1] y,               # IN
    const double[::1] weights,         # IN  prior weights, or None
    const double[::1] offset,          # IN  or None
    Family family,
    Link link,
    int n_threads,
):
    """One pass over the rows at the coefficients of each lane.

    Returns
    -------
    level_sums : (levels, lanes), dense_sums : (dense columns, lanes)
        X'r in the space of levels.
    deviance, pearson : (lanes,)
        Weighted sums; infinite where a mean has left the family's domain.
    """
    cdef int lanes = <int> level_eta.shape[1]
    level_sums = _aligned(n_threads, max(1, rows.n_levels), lanes)
    table_in = _aligned(1, level_eta.shape[0], lanes)
    table_in[0] = level_eta
    dense_sums = np.zeros((n_threads, max(1, rows.n_dense), lanes))
    totals = np.zeros((n_threads, 4, 8))
    cdef double[:, :, ::1] level_out = level_sums
    cdef const double[:, :, ::1] level_in = table_in
    cdef size_t[:, ::1] addresses = np.zeros(
        (n_threads + 1, max(1, rows.n_tables)), dtype=np.uintp
    )
    cdef double[:, :, ::1] dense_out = dense_sums
    cdef double[:, :, ::1] totals_out = totals
    cdef Buffers buffers = Buffers(rows, n_threads, 8)
    cdef bint weighted = weights is not None, shifted = offset is not None
    cdef Py_ssize_t n = rows.n_rows, start
    cdef int thread, t, m, most = ROWS // lanes
    for t in range(rows.n_tables):  # where each table starts: coefficients, and each thread's sums
        addresses[n_threads, t] = <size_t> &level_in[0, rows.tables[t].offset, 0]
        for thread in range(n_threads):
            addresses[thread, t] = <size_t> &level_out[thread, rows.tables[t].offset, 0]
    for thread in prange(n_threads, nogil=True, schedule="static", num_threads=n_threads):
        start = n * thread // n_threads
        while start < n * (thread + 1) // n_threads:
            m = <int> min(most, n * (thread + 1) // n_threads - start)
            _one_block(
                rows, lanes, family, link, start, m, <const double**> &addresses[n_threads, 0],
                &dense_coef[0, 0],
                &y[start], &weights[start] if weighted else NULL,
                &offset[start] if shifted else NULL,
                &buffers.codes[thread, 0], &buffers.dense[thread, 0], &buffers.columns[thread, 0],
                <double**> &addresses[thread, 0], &dense_out[thread, 0, 0],
                &totals_out[thread, 0, 0],
            )
            start = start + m
    deviance, pearson, outside = totals.sum(axis=0)[:3, :lanes]
    deviance[outside > 0] = pearson[outside > 0] = np.inf
    return level_sums.sum(axis=0), dense_sums.sum(axis=0)[:rows.n_dense], deviance, pearson


def _aligned(*shape):
    """Zeros on a boundary of 64 bytes: eight lanes are a cache line."""
    size = int(np.prod(shape))
    memory = np.zeros(size + 8)
    skip = -memory.__array_interface__["data"][0] // 8 % 8
    return memory[skip:skip + size].reshape(shape)


cdef void _one_block(
    RowBlocks rows, int lanes, Family family, Link link, Py_ssize_t start, int m,
    const double** tables, const double* dense_coef, const double* y, const double* weights,
    const double* offset, int32_t* codes, double* dense, double* columns, double** sums_out,
    double* dense_out, double* totals_out,
) noexcept nogil:
    cdef int r, k, n = m * lanes
    cdef int n_direct = rows.n_direct, n_rest = rows.n_dense - n_direct, stride = 0
    cdef int width = rows.dense_width
    cdef double* eta = columns
    cdef double* mu = columns + ROWS
    cdef double* dmu = columns + 2 * ROWS
    cdef double* variance = columns + 3 * ROWS
    cdef double* residual = columns + 4 * ROWS
    cdef double* weight = columns + 5 * ROWS
    cdef double* response = columns + 6 * ROWS
    cdef double* prior = NULL
    cdef const double* direct = NULL
    rows.load_codes(start, m, codes)
    rows.load_dense(start, m, dense)
    if n_direct:
        direct = rows.direct_rows(start, &stride)
    lanes_spread(lanes, offset, eta, m)
    lanes_spread(lanes, y, response, m)
    lanes_gather(lanes, tables, rows.n_tables, codes, eta, m)
    if n_direct:
        _add_product(lanes, m, n_direct, dense_coef, direct, stride, eta)
    if n_rest:
        _add_product(
            lanes, m, n_rest, dense_coef + n_direct * lanes, dense + n_direct, width, eta
        )
    link.inverse_block(eta, mu, dmu, n)
    if weights != NULL:
        prior = columns + 7 * ROWS
        lanes_spread(lanes, weights, prior, m)
        neutral_block(prior, mu, dmu, n)
    if family.count_outside(mu, n):
        for r in range(m):
            for k in range(lanes):
                totals_out[16 + k] += family.count_outside(mu + r * lanes + k, 1)
    family.variance_block(mu, variance, n)
    family.deviance_block(response, mu, eta, n)  # eta is done with: unit deviances
    lanes_total(lanes, eta, prior, totals_out, m)
    working_block(response, mu, dmu, variance, prior, residual, weight, eta, n)
    lanes_total(lanes, eta, NULL, totals_out + 8, m)
    lanes_scatter(lanes, residual, codes, sums_out, rows.n_tables, m)
    if n_direct:
        _add_transposed(lanes, m, n_direct, residual, direct, stride, dense_out)
    if n_rest:
        _add_transposed(
            lanes, m, n_rest, residual, dense + n_direct, width, dense_out + n_direct * lanes
        )


cdef void _add_product(
    int lanes, int m, int k, const double* coef, const double* x, int stride, double* eta_out
) noexcept nogil:
    """eta (m x lanes) += x (m x k) coef (k x lanes); BLAS reads all three transposed."""
    cdef double unit = 1.0
    dgemm(b"N", b"N", &lanes, &m, &k, &unit, <double*> coef, &lanes, <double*> x, &stride, &unit,
          eta_out, &lanes)


cdef void _add_transposed(
    int lanes, int m, int k, const double* residual, const double* x, int stride, double* sums_out
) noexcept nogil:
    """sums (k x lanes) += x' residual."""
    cdef double unit = 1.0
    dgemm(b"N", b"T", &lanes, &k, &m, &unit, <double*> residual, &lanes, <double*> x, &stride,
          &unit, sums_out, &lanes)
