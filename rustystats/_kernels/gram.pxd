from libc.stdint cimport int32_t

from rustystats._kernels.blocks cimport RowBlocks


cdef class Buffers:
    cdef int32_t[:, ::1] codes
    cdef double[:, ::1] dense
    cdef double[:, ::1] columns


cdef class Sums:
    cdef readonly RowBlocks rows
    cdef readonly bint with_gram
    cdef Py_ssize_t[::1] cross_offsets
    cdef double[:, ::1] level_sums
    cdef double[:, ::1] level_weights
    cdef double[:, ::1] dense_sums
    cdef double[:, ::1] cross
    cdef double[:, :, ::1] level_dense
    cdef double[:, :, ::1] dense_gram

    cdef void add_score(
        self, int thread, Py_ssize_t start, int m, const int32_t* codes, const double* dense,
        const double* residual,
    ) noexcept nogil
    cdef void add_gram(
        self, int thread, Py_ssize_t start, int m, const int32_t* codes, double* dense,
        double* weight,
    ) noexcept nogil


cdef void add_cross_products(
    const double* block, int m, int width, int k, double* out
) noexcept nogil


cdef void add_linear_predictor(
    RowBlocks rows, Py_ssize_t start, int m, const int32_t* codes, const double* dense,
    const double* level_eta, const double* dense_coef, double* eta_out,
) noexcept nogil
