# cython: language_level=3, boundscheck=False, wraparound=False
# cython: cdivision=True, initializedcheck=False
"""Sums over rows that a design is asked for: X b, X'r and X'WX, in the space of levels.

A coded table t with basis B_t enters every sum through its codes alone:

* X b:   ``eta[r] += (B_t b_t)[code]``: one look-up per row and table;
* X'r:   ``s_t[code] += r``, then B_t' s_t;
* X'WX:  for two tables ``H_ij[code_i, code_j] += w``, then B_i' H_ij B_j; within one table
  ``h_t[code] = sum w``, a margin of any of its cross-tables, then B_t' diag(h_t) B_t;
  table x dense ``D_t[code, :] += w x``, then B_t' D_t;
  dense x dense on rows scaled by sqrt(w), by the register tile of `tile.h` where it beats BLAS
  (4 to 96 columns on a processor with AVX2 or AVX-512), else by ``syrk``.

(Li & Wood 2020, Statistics and Computing 30:19-25.) The products with the small B are left to
numpy; only sums over rows are here. Cost per row: T look-ups, T (T - 1) / 2 additions for the
tables, T K for table x dense, K^2 / 2 multiply-adds for the dense columns.

Threads: rows are cut into n_threads contiguous chunks, each summed into its own memory, and the
parts are added in order: the same input and thread count give the same bits. All sums are additive
over rows, so chunks of a larger file add in the same way.
"""
import numpy as np

from cython.parallel cimport prange
from libc.math cimport sqrt
from libc.stdint cimport int32_t
from scipy.linalg.cython_blas cimport dgemv, dsyrk

from rustystats._kernels.blocks cimport BLOCK_ROWS, RowBlocks

cdef extern from "tile.h" nogil:
    int tile_lanes()
    void tile_gram(
        int lanes, const double* a, Py_ssize_t m, Py_ssize_t width, Py_ssize_t k, double* out
    )

cdef int ROWS = BLOCK_ROWS
cdef int TILE_LANES = tile_lanes()
cdef int TILE_LEAST = 4
cdef int TILE_MOST = 96


cdef class Buffers:
    """Per-thread scratch: the unpacked codes and dense rows of a block, and working columns."""

    def __cinit__(self, RowBlocks rows, int n_threads, int n_columns):
        self.codes = np.empty((n_threads, max(1, rows.n_tables * ROWS)), dtype=np.int32)
        self.dense = np.zeros((n_threads, max(1, rows.dense_width * ROWS)))
        self.columns = np.empty((n_threads, max(1, n_columns * ROWS)))


cdef class Sums:
    """Per-thread accumulators of X'r and X'WX."""

    def __cinit__(self, RowBlocks rows, int n_threads, bint with_gram):
        cdef Py_ssize_t total = 0
        self.rows = rows
        self.with_gram = with_gram
        self.cross_offsets = np.zeros(max(1, rows.n_tables * rows.n_tables), dtype=np.intp)
        for i in range(rows.n_tables):
            for j in range(i + 1, rows.n_tables):
                self.cross_offsets[i * rows.n_tables + j] = total
                total += <Py_ssize_t> rows.tables[i].n_levels * rows.tables[j].n_levels
        self.level_sums = np.zeros((n_threads, max(1, rows.n_levels)))
        self.dense_sums = np.zeros((n_threads, max(1, rows.n_dense)))
        if with_gram:
            self.level_weights = np.zeros((n_threads, max(1, rows.n_levels)))
            self.cross = np.zeros((n_threads, max(1, total)))
            width = max(1, rows.dense_width)
            self.level_dense = np.zeros((n_threads, max(1, rows.n_levels), max(1, rows.n_dense)))
            self.dense_gram = np.zeros((n_threads, width, width))

    cdef void add_score(
        self, int thread, Py_ssize_t start, int m, const int32_t* codes, const double* dense,
        const double* residual,
    ) noexcept nogil:
        cdef int t, r
        cdef int one = 1, stride = 0
        cdef int n_direct = self.rows.n_direct, n_rest = self.rows.n_dense - n_direct
        cdef int width = self.rows.dense_width
        cdef double unit = 1.0
        cdef double* sums
        cdef const double* direct
        for t in range(self.rows.n_tables):
            sums = &self.level_sums[thread, self.rows.tables[t].offset]
            for r in range(m):
                sums[codes[t * m + r]] += residual[r]
        if n_direct:
            direct = self.rows.direct_rows(start, &stride)
            dgemv(b"N", &n_direct, &m, &unit, <double*> direct, &stride, <double*> residual, &one,
                  &unit, &self.dense_sums[thread, 0], &one)
        if n_rest == 1:
            for r in range(m):
                self.dense_sums[thread, n_direct] += residual[r] * dense[r * width + n_direct]
        elif n_rest:
            dgemv(b"N", &n_rest, &m, &unit, <double*> dense + n_direct, &width,
                  <double*> residual, &one, &unit, &self.dense_sums[thread, n_direct], &one)

    cdef void add_gram(
        self, int thread, Py_ssize_t start, int m, const int32_t* codes, double* dense,
        double* weight,
    ) noexcept nogil:
        """Adds the block; scales `dense` by sqrt(weight) and turns `weight` into its root."""
        cdef int t, i, j, r
        cdef int n_tables = self.rows.n_tables, n_dense = self.rows.n_dense
        cdef int width = self.rows.dense_width
        if n_tables == 1:  # with more tables the weights of levels are margins of cross-tables
            for r in range(m):
                self.level_weights[thread, codes[r]] += weight[r]
        for i in range(n_tables):
            for j in range(i + 1, n_tables):
                _cross_tabulate(
                    &self.cross[thread, self.cross_offsets[i * n_tables + j]],
                    self.rows.tables[j].n_levels, codes + i * m, codes + j * m, weight, m,
                )
        if n_dense == 0:
            return
        for r in range(m):
            weight[r] = sqrt(weight[r])
        for r in range(m):
            for j in range(self.rows.n_direct, n_dense):
                dense[r * width + j] *= weight[r]
        if self.rows.n_direct:
            self.rows.load_direct(start, m, weight, dense)
        for t in range(n_tables):
            _scatter_rows(
                &self.level_dense[thread, self.rows.tables[t].offset, 0],
                codes + t * m, weight, dense, n_dense, width, m,
            )
        add_cross_products(dense, m, width, n_dense, &self.dense_gram[thread, 0, 0])

    def score(self):
        """X'r as (level sums, dense sums), threads added in order."""
        return (
            np.asarray(self.level_sums)[:, :self.rows.n_levels].sum(axis=0),
            np.asarray(self.dense_sums)[:, :self.rows.n_dense].sum(axis=0),
        )

    def gram(self):
        """X'WX as (level weights, {(i, j): cross table}, level x dense, dense x dense)."""
        cdef int n_tables = self.rows.n_tables, n_dense = self.rows.n_dense
        cdef Py_ssize_t start
        cross = {}
        for i in range(n_tables):
            for j in range(i + 1, n_tables):
                start = self.cross_offsets[i * n_tables + j]
                shape = (self.rows.tables[i].n_levels, self.rows.tables[j].n_levels)
                part = np.asarray(self.cross)[:, start:start + shape[0] * shape[1]]
                cross[i, j] = part.sum(axis=0).reshape(shape)
        if n_tables <= 1:
            level_weights = np.asarray(self.level_weights)[:, :self.rows.n_levels].sum(axis=0)
        else:
            margins = [cross[0, 1].sum(axis=1)]
            margins += [cross[0, t].sum(axis=0) for t in range(1, n_tables)]
            level_weights = np.concatenate(margins)
        dense = np.ascontiguousarray(np.asarray(self.dense_gram)[:, :n_dense, :n_dense].sum(axis=0))
        _mirror(dense)
        return (
            level_weights,
            cross,
            np.asarray(self.level_dense)[:, :self.rows.n_levels, :n_dense].sum(axis=0),
            dense,
        )


cdef void _mirror(double[:, ::1] square) noexcept:
    """Write the upper triangle over the lower one."""
    cdef Py_ssize_t i, j
    for i in range(square.shape[0]):
        for j in range(i):
            square[i, j] = square[j, i]


cdef void _cross_tabulate(
    double* table_out, int width, const int32_t* row, const int32_t* column,
    const double* weight, int m,
) noexcept nogil:
    cdef int r
    for r in range(m):
        table_out[row[r] * width + column[r]] += weight[r]


cdef void _scatter_rows(
    double* sums_out, const int32_t* codes, const double* weight, const double* rows,
    int n_columns, int width, int m,
) noexcept nogil:
    cdef int r, k
    cdef double* target
    if n_columns == 1:
        for r in range(m):
            sums_out[codes[r]] += weight[r] * rows[r]
        return
    for r in range(m):
        target = sums_out + <Py_ssize_t> codes[r] * n_columns
        for k in range(n_columns):
            target[k] += weight[r] * rows[r * width + k]


cdef void add_cross_products(
    const double* block, int m, int width, int k, double* out
) noexcept nogil:
    """Upper triangle of out += a'a for m rows of k columns, stored as `tile.h` asks for."""
    cdef double unit = 1.0
    if TILE_LANES and TILE_LEAST <= k <= TILE_MOST:
        tile_gram(TILE_LANES, block, m, width, k, out)
    else:  # BLAS counts columns first: its lower triangle is our upper one
        dsyrk(b"L", b"N", &k, &m, &unit, <double*> block, &width, &unit, out, &width)


cdef void add_linear_predictor(
    RowBlocks rows, Py_ssize_t start, int m, const int32_t* codes, const double* dense,
    const double* level_eta, const double* dense_coef, double* eta_out,
) noexcept nogil:
    """eta_out += X b for one block."""
    cdef int t, r
    cdef int one = 1, stride = 0
    cdef int n_direct = rows.n_direct, n_rest = rows.n_dense - n_direct, width = rows.dense_width
    cdef double unit = 1.0
    cdef const double* values
    cdef const double* direct
    for t in range(rows.n_tables):
        values = level_eta + rows.tables[t].offset
        for r in range(m):
            eta_out[r] += values[codes[t * m + r]]
    if n_direct:
        direct = rows.direct_rows(start, &stride)
        dgemv(b"T", &n_direct, &m, &unit, <double*> direct, &stride, <double*> dense_coef, &one,
              &unit, eta_out, &one)
    if n_rest == 1:
        for r in range(m):
            eta_out[r] += dense[r * width + n_direct] * dense_coef[n_direct]
    elif n_rest:
        dgemv(b"T", &n_rest, &m, &unit, <double*> dense + n_direct, &width,
              <double*> dense_coef + n_direct, &one, &unit, eta_out, &one)


def linear_predictor(RowBlocks rows, const double[::1] level_eta, const double[::1] dense_coef,
                     const double[::1] offset, int n_threads):
    """X b + offset, one value a row; `level_eta` holds the tables' B_t b_t end to end."""
    eta = np.zeros(rows.n_rows) if offset is None else np.array(offset)
    cdef double[::1] eta_out = eta
    cdef Buffers buffers = Buffers(rows, n_threads, 0)
    cdef Py_ssize_t n = rows.n_rows, start
    cdef int thread, m
    for thread in prange(n_threads, nogil=True, schedule="static", num_threads=n_threads):
        start = n * thread // n_threads
        while start < n * (thread + 1) // n_threads:
            m = <int> min(ROWS, n * (thread + 1) // n_threads - start)
            rows.load_codes(start, m, &buffers.codes[thread, 0])
            rows.load_dense(start, m, &buffers.dense[thread, 0])
            add_linear_predictor(
                rows, start, m, &buffers.codes[thread, 0], &buffers.dense[thread, 0],
                &level_eta[0], &dense_coef[0], &eta_out[start],
            )
            start = start + m
    return eta


def accumulate_score(RowBlocks rows, const double[::1] residual, int n_threads):
    """X'r as (level sums, dense sums)."""
    return _accumulate(rows, residual, None, n_threads).score()


def accumulate_gram(RowBlocks rows, const double[::1] weight, int n_threads):
    """X'WX for weights >= 0 as (level weights, cross tables, level x dense, dense x dense)."""
    return _accumulate(rows, None, weight, n_threads).gram()


cdef Sums _accumulate(
    RowBlocks rows, const double[::1] residual, const double[::1] weight, int n_threads
):
    cdef bint with_score = residual is not None
    cdef bint with_gram = weight is not None
    cdef Sums sums = Sums(rows, n_threads, with_gram)
    cdef Buffers buffers = Buffers(rows, n_threads, 1)
    cdef Py_ssize_t n = rows.n_rows, start, r
    cdef int thread, m
    for thread in prange(n_threads, nogil=True, schedule="static", num_threads=n_threads):
        start = n * thread // n_threads
        while start < n * (thread + 1) // n_threads:
            m = <int> min(ROWS, n * (thread + 1) // n_threads - start)
            rows.load_codes(start, m, &buffers.codes[thread, 0])
            rows.load_dense(start, m, &buffers.dense[thread, 0])
            if with_score:
                sums.add_score(thread, start, m, &buffers.codes[thread, 0],
                               &buffers.dense[thread, 0], &residual[start])
            if with_gram:
                for r in range(m):
                    buffers.columns[thread, r] = weight[start + r]
                sums.add_gram(thread, start, m, &buffers.codes[thread, 0],
                              &buffers.dense[thread, 0], &buffers.columns[thread, 0])
            start = start + m
    return sums
