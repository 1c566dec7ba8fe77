from libc.stdint cimport int32_t

cdef int BLOCK_ROWS  # rows a kernel works on at a time


cdef struct CodeColumn:
    const char* codes
    int itemsize
    int n_levels
    Py_ssize_t offset      # of the first level in the concatenated levels of all coded tables


cdef struct DenseColumns:
    const char* data       # float64 or float32 rows, or NULL when the values come from a table
    Py_ssize_t row_stride  # in bytes
    Py_ssize_t column_stride
    int itemsize
    int n_columns
    int offset             # of the first column among all dense columns
    const char* codes      # codes of the table that holds the values, or NULL
    int code_itemsize


cdef class RowBlocks:
    cdef readonly Py_ssize_t n_rows
    cdef readonly int n_tables
    cdef readonly Py_ssize_t n_levels
    cdef readonly int n_dense
    cdef readonly int n_direct       # leading dense columns read where they lie, not unpacked
    cdef readonly int dense_width    # doubles from row to row of unpacked dense rows
    cdef int n_sources
    cdef const char* index           # which stored row each row is, or NULL: they are read in turn
    cdef int index_itemsize
    cdef CodeColumn* tables
    cdef DenseColumns* sources
    cdef object keep_alive

    cdef void load_codes(self, Py_ssize_t start, int m, int32_t* codes_out) noexcept nogil
    cdef void load_dense(self, Py_ssize_t start, int m, double* dense_out) noexcept nogil
    cdef void load_direct(
        self, Py_ssize_t start, int m, const double* factor, double* dense_out
    ) noexcept nogil
    cdef const double* direct_rows(self, Py_ssize_t start, int* stride_out) noexcept nogil
