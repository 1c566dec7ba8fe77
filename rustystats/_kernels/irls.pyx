# cython: language_level=3, boundscheck=False, wraparound=False
# cython: cdivision=True, initializedcheck=False
"""The fused pass of Fisher scoring: coefficients in; score, Gram, deviance out; X is read once.

Per block of rows, in buffers that stay in the cache:

1. unpack the rows;
2. eta = offset + X b;
3. (mu, dmu) = link inverse and its slope, V = variance function; rows of weight 0 are passed over;
4. deviance += v d(y, mu) and pearson += v (y - mu)^2 / V, v the prior weight;
5. score residual ``r = v (y - mu) dmu / V`` and working weight ``W = v dmu^2 / V``;
6. score += X'r, and when asked gram += X'WX (`gram.pyx`).

Threads and determinism as in `gram.pyx`.
"""
import numpy as np

from cython.parallel cimport prange
from libc.stdint cimport int32_t

from rustystats._kernels.blocks cimport BLOCK_ROWS, RowBlocks
from rustystats._kernels.families cimport Family
from rustystats._kernels.gram cimport Buffers, Sums, add_linear_predictor
from rustystats._kernels.links cimport Link

cdef extern from "vecmath.h" nogil:
    void working_block(
        const double* y, const double* mu, const double* dmu, const double* variance,
        const double* prior, double* residual, double* weight, double* pearson, Py_ssize_t m
    )
    void neutral_block(const double* prior, double* mu, double* dmu, Py_ssize_t m)
    double sum_block(const double* x, const double* prior, Py_ssize_t m)

cdef int ROWS = BLOCK_ROWS


def accumulate_irls(
    RowBlocks rows,                 # IN  the design
    const double[::1] level_eta,    # IN  B_t b_t of the coded tables, end to end
    const double[::1] dense_coef,   # IN  coefficients of the dense columns
    const double[::1] y,            # IN
    const double[::1] weights,      # IN  prior weights, or None
    const double[::1] offset,       # IN  or None
    Family family,
    Link link,
    bint with_gram,
    int n_threads,
):
    """One pass over the rows at the given coefficients.

    Returns
    -------
    sums : Sums
        `sums.score()` and, with_gram, `sums.gram()` in the space of levels.
    deviance, pearson : float
        Weighted sums; infinite where a mean has left the family's domain.
    """
    cdef Sums sums = Sums(rows, n_threads, with_gram)
    cdef Buffers buffers = Buffers(rows, n_threads, 6)
    cdef double[:, ::1] totals = np.zeros((n_threads, 8))  # a cache line each
    cdef bint weighted = weights is not None, shifted = offset is not None
    cdef Py_ssize_t n = rows.n_rows, start
    cdef int thread, m
    for thread in prange(n_threads, nogil=True, schedule="static", num_threads=n_threads):
        start = n * thread // n_threads
        while start < n * (thread + 1) // n_threads:
            m = <int> min(ROWS, n * (thread + 1) // n_threads - start)
            _one_block(
                rows, sums, family, link, thread, start, m, &level_eta[0], &dense_coef[0],
                &y[start], &weights[start] if weighted else NULL,
                &offset[start] if shifted else NULL,
                &buffers.codes[thread, 0], &buffers.dense[thread, 0], &buffers.columns[thread, 0],
                &totals[thread, 0],
            )
            start = start + m
    deviance, pearson, outside = np.asarray(totals)[:, :3].sum(axis=0)
    if outside:
        deviance = pearson = np.inf
    return sums, float(deviance), float(pearson)


cdef void _one_block(
    RowBlocks rows, Sums sums, Family family, Link link, int thread, Py_ssize_t start, int m,
    const double* level_eta, const double* dense_coef, const double* y, const double* weights,
    const double* offset, int32_t* codes, double* dense, double* columns, double* totals_out,
) noexcept nogil:
    cdef int r
    cdef double* eta = columns
    cdef double* mu = columns + ROWS
    cdef double* dmu = columns + 2 * ROWS
    cdef double* variance = columns + 3 * ROWS
    cdef double* residual = columns + 4 * ROWS
    cdef double* weight = columns + 5 * ROWS
    rows.load_codes(start, m, codes)
    rows.load_dense(start, m, dense)
    for r in range(m):
        eta[r] = offset[r] if offset != NULL else 0.0
    add_linear_predictor(rows, start, m, codes, dense, level_eta, dense_coef, eta)
    link.inverse_block(eta, mu, dmu, m)
    if weights != NULL:
        neutral_block(weights, mu, dmu, m)
    totals_out[2] += family.count_outside(mu, m)
    family.variance_block(mu, variance, m)
    family.deviance_block(y, mu, eta, m)  # eta is done with: its buffer takes the unit deviances
    totals_out[0] += sum_block(eta, weights, m)
    working_block(y, mu, dmu, variance, weights, residual, weight, eta, m)
    totals_out[1] += sum_block(eta, NULL, m)
    sums.add_score(thread, start, m, codes, dense, residual)
    if sums.with_gram:
        sums.add_gram(thread, start, m, codes, dense, weight)
