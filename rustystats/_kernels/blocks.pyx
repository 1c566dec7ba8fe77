# cython: language_level=3, boundscheck=False, wraparound=False
# cython: cdivision=True, initializedcheck=False
"""The rows of a design matrix as kernels read them: a block at a time, in two plain layouts.

Whatever the storage (codes of 1, 2 or 4 bytes; float32 or float64 with any strides; one column of
values looked up in a table), a block of rows is unpacked into

* ``codes``: table-major int32, ``codes[t * m + r]`` = level of row r in coded table t;
* ``dense``: row-major float64, ``dense[r * dense_width + k]`` = value of row r in dense column k;
  from four columns on, rows are padded to `dense_width`, a multiple of the tile of `tile.h`, and
  the padding is the caller's zeros,

so each kernel has one loop, not one per type. A float64 array in row order that stands first
among the dense sources (`n_direct` columns) is read where it lies, and unpacked only for the
Gram. Unpacking a code costs a tenth of the addition that follows it.

Some of the stored rows, in any order, are read through an index: unpacking is then a gather, and
nothing is read where it lies. Read-only inputs are accepted; the arrays are kept alive by this
object.
"""
import numpy as np

from libc.stdint cimport int32_t, uint8_t, uint16_t, uint32_t
from libc.stdlib cimport calloc, free

BLOCK_ROWS = 512

cdef extern from "tile.h" nogil:
    int TILE_COLUMNS

ctypedef fused code_t:
    uint8_t
    uint16_t
    uint32_t

ctypedef fused index_t:
    uint32_t
    Py_ssize_t

ctypedef fused real_t:
    float
    double


cdef class RowBlocks:
    """C view of the blocks side by side.

    Parameters
    ----------
    n_rows : int
        Of the arrays.
    tables : list of (codes, n_levels)
        Coded tables; codes are contiguous uint8, uint16 or uint32 arrays of n_rows.
    dense : list of array or (codes, values)
        Dense sources in column order: a float array (n_rows, k), or codes with the (levels, k)
        float64 values they look up.
    rows : contiguous uint32 or intp array, or None
        Which of the n_rows are read, each number below n_rows; None reads all in turn.
    """

    def __cinit__(self, Py_ssize_t n_rows, list tables, list dense, rows=None):
        self.n_rows = n_rows
        self.n_tables = len(tables)
        self.n_sources = len(dense)
        self.tables = <CodeColumn*> calloc(max(1, self.n_tables), sizeof(CodeColumn))
        self.sources = <DenseColumns*> calloc(max(1, self.n_sources), sizeof(DenseColumns))
        if self.tables == NULL or self.sources == NULL:
            raise MemoryError("no memory for the column pointers")
        self.keep_alive = []
        for index, (codes, n_levels) in enumerate(tables):
            self._add_table(index, codes, n_levels)
        for index, source in enumerate(dense):
            self._add_dense(index, source)
        self.dense_width = self.n_dense
        if self.n_dense >= 4:
            self.dense_width = (self.n_dense + TILE_COLUMNS - 1) // TILE_COLUMNS * TILE_COLUMNS
        if rows is not None:
            self._add_index(rows)
        elif dense and is_direct(dense[0]):
            self.n_direct = self.sources[0].n_columns

    def __dealloc__(self):
        free(self.tables)
        free(self.sources)

    def _add_table(self, int index, codes, int n_levels):
        cdef size_t address = _address(codes, self.n_rows)
        self.tables[index].codes = <const char*> address
        self.tables[index].itemsize = codes.itemsize
        self.tables[index].n_levels = n_levels
        self.tables[index].offset = self.n_levels
        self.n_levels += n_levels
        self.keep_alive.append(codes)

    def _add_dense(self, int index, source):
        cdef size_t address
        cdef DenseColumns* target = &self.sources[index]
        if isinstance(source, tuple):
            codes, values = source
            address = _address(codes, self.n_rows)
            target.codes = <const char*> address
            target.code_itemsize = codes.itemsize
        else:
            codes, values = None, source
            if values.shape[0] != self.n_rows:
                raise ValueError(f"{values.shape[0]} dense rows where {self.n_rows} were expected")
        if values.dtype not in (np.float32, np.float64):
            raise TypeError(f"dense values must be float32 or float64, not {values.dtype}")
        address = values.__array_interface__["data"][0]
        target.data = <const char*> address
        target.row_stride, target.column_stride = values.strides
        target.itemsize = values.itemsize
        target.n_columns = values.shape[1]
        target.offset = self.n_dense
        self.n_dense += values.shape[1]
        self.keep_alive.append((codes, values))

    def _add_index(self, rows):
        cdef size_t address
        if rows.dtype not in (np.uint32, np.intp) or rows.ndim != 1 or not rows.flags.c_contiguous:
            raise TypeError("rows must be a contiguous array of uint32 or intp")
        if len(rows) and not 0 <= rows.min() <= rows.max() < self.n_rows:
            raise ValueError(f"rows must be from 0 to {self.n_rows - 1}")
        address = rows.__array_interface__["data"][0]
        self.index = <const char*> address
        self.index_itemsize = rows.itemsize
        self.n_rows = len(rows)
        self.keep_alive.append(rows)

    cdef void load_codes(self, Py_ssize_t start, int m, int32_t* codes_out) noexcept nogil:
        cdef int t
        cdef CodeColumn* table
        if self.index != NULL:
            if self.index_itemsize == 4:
                _gather_codes(self, <const uint32_t*> self.index + start, m, codes_out)
            else:
                _gather_codes(self, <const Py_ssize_t*> self.index + start, m, codes_out)
            return
        for t in range(self.n_tables):
            table = &self.tables[t]
            if table.itemsize == 1:
                _widen(<const uint8_t*> table.codes + start, m, codes_out + t * m)
            elif table.itemsize == 2:
                _widen(<const uint16_t*> table.codes + start, m, codes_out + t * m)
            else:
                _widen(<const uint32_t*> table.codes + start, m, codes_out + t * m)

    cdef void load_dense(self, Py_ssize_t start, int m, double* dense_out) noexcept nogil:
        cdef int s
        cdef int width = self.dense_width
        cdef DenseColumns* source
        if self.index != NULL:
            if self.index_itemsize == 4:
                _gather_dense(self, <const uint32_t*> self.index + start, m, dense_out)
            else:
                _gather_dense(self, <const Py_ssize_t*> self.index + start, m, dense_out)
            return
        for s in range(1 if self.n_direct else 0, self.n_sources):
            source = &self.sources[s]
            if source.codes != NULL:
                if source.code_itemsize == 1:
                    _look_up(source, <const uint8_t*> source.codes + start, m, dense_out, width)
                elif source.code_itemsize == 2:
                    _look_up(source, <const uint16_t*> source.codes + start, m, dense_out, width)
                else:
                    _look_up(source, <const uint32_t*> source.codes + start, m, dense_out, width)
            elif source.itemsize == 8:
                _copy_rows(source, <const double*> NULL, start, m, dense_out, width)
            else:
                _copy_rows(source, <const float*> NULL, start, m, dense_out, width)

    cdef void load_direct(
        self, Py_ssize_t start, int m, const double* factor, double* dense_out
    ) noexcept nogil:
        """Unpack the direct columns, each row times its factor."""
        cdef int r, k, stride
        cdef const double* row = self.direct_rows(start, &stride)
        for r in range(m):
            for k in range(self.n_direct):
                dense_out[k] = row[k] * factor[r]
            row += stride
            dense_out += self.dense_width

    cdef const double* direct_rows(self, Py_ssize_t start, int* stride_out) noexcept nogil:
        """The direct columns from row `start` on, and the doubles from row to row."""
        stride_out[0] = <int> (self.sources[0].row_stride // <Py_ssize_t> sizeof(double))
        return <const double*> (self.sources[0].data + start * self.sources[0].row_stride)


def is_direct(source):
    """Whether a dense source can be read where it lies: float64 rows of at least four columns."""
    return (
        not isinstance(source, tuple)
        and source.dtype == np.float64
        and source.shape[1] >= 4
        and source.strides[1] == source.itemsize
        and 0 < source.strides[0] < 2**31
        and source.strides[0] % source.itemsize == 0
    )


cdef void _widen(const code_t* codes, int m, int32_t* codes_out) noexcept nogil:
    cdef int r
    for r in range(m):
        codes_out[r] = <int32_t> codes[r]


cdef void _look_up(
    const DenseColumns* source, const code_t* codes, int m, double* dense_out, int dense_width
) noexcept nogil:
    cdef int r, k
    cdef int width = source.n_columns
    cdef const double* values = <const double*> source.data
    cdef const double* row
    cdef double* target = dense_out + source.offset
    for r in range(m):
        row = values + <Py_ssize_t> codes[r] * width
        for k in range(width):
            target[k] = row[k]
        target += dense_width


cdef void _copy_rows(
    const DenseColumns* source, const real_t* kind, Py_ssize_t start, int m, double* dense_out,
    int dense_width,
) noexcept nogil:
    cdef int r, k
    cdef const char* row = source.data + start * source.row_stride
    cdef const char* cell
    cdef double* target
    if source.column_stride == <Py_ssize_t> sizeof(real_t):
        for r in range(m):
            target = dense_out + r * dense_width + source.offset
            for k in range(source.n_columns):
                target[k] = <double> (<const real_t*> row)[k]
            row += source.row_stride
        return
    for k in range(source.n_columns):  # column by column: the memory runs that way
        cell = row + k * source.column_stride
        target = dense_out + source.offset + k
        for r in range(m):
            target[r * dense_width] = <double> (<const real_t*> cell)[0]
            cell += source.row_stride


cdef void _gather_codes(
    RowBlocks blocks, const index_t* rows, int m, int32_t* codes_out
) noexcept nogil:
    cdef int t
    cdef CodeColumn* table
    for t in range(blocks.n_tables):
        table = &blocks.tables[t]
        if table.itemsize == 1:
            _widen_at(<const uint8_t*> table.codes, rows, m, codes_out + t * m)
        elif table.itemsize == 2:
            _widen_at(<const uint16_t*> table.codes, rows, m, codes_out + t * m)
        else:
            _widen_at(<const uint32_t*> table.codes, rows, m, codes_out + t * m)


cdef void _widen_at(
    const code_t* codes, const index_t* rows, int m, int32_t* codes_out
) noexcept nogil:
    cdef int r
    for r in range(0, m - 3, 4):  # four at a time: otherwise counting costs as much as gathering
        codes_out[r] = <int32_t> codes[rows[r]]
        codes_out[r + 1] = <int32_t> codes[rows[r + 1]]
        codes_out[r + 2] = <int32_t> codes[rows[r + 2]]
        codes_out[r + 3] = <int32_t> codes[rows[r + 3]]
    for r in range(m - m % 4, m):
        codes_out[r] = <int32_t> codes[rows[r]]


cdef void _gather_dense(
    RowBlocks blocks, const index_t* rows, int m, double* dense_out
) noexcept nogil:
    cdef int s
    cdef int width = blocks.dense_width
    cdef DenseColumns* source
    for s in range(blocks.n_sources):
        source = &blocks.sources[s]
        if source.codes != NULL:
            if source.code_itemsize == 1:
                _look_up_at(source, <const uint8_t*> source.codes, rows, m, dense_out, width)
            elif source.code_itemsize == 2:
                _look_up_at(source, <const uint16_t*> source.codes, rows, m, dense_out, width)
            else:
                _look_up_at(source, <const uint32_t*> source.codes, rows, m, dense_out, width)
        elif source.itemsize == 8:
            _copy_rows_at(source, <const double*> NULL, rows, m, dense_out, width)
        else:
            _copy_rows_at(source, <const float*> NULL, rows, m, dense_out, width)


cdef void _look_up_at(
    const DenseColumns* source, const code_t* codes, const index_t* rows, int m,
    double* dense_out, int dense_width,
) noexcept nogil:
    cdef int r, k
    cdef int width = source.n_columns
    cdef const double* values = <const double*> source.data
    cdef const double* row
    cdef double* target = dense_out + source.offset
    for r in range(m):
        row = values + <Py_ssize_t> codes[rows[r]] * width
        for k in range(width):
            target[k] = row[k]
        target += dense_width


cdef void _copy_rows_at(
    const DenseColumns* source, const real_t* kind, const index_t* rows, int m,
    double* dense_out, int dense_width,
) noexcept nogil:
    cdef int r, k
    cdef const char* row
    cdef const char* column
    cdef double* target = dense_out + source.offset
    if source.column_stride == <Py_ssize_t> sizeof(real_t):
        for r in range(m):
            row = source.data + <Py_ssize_t> rows[r] * source.row_stride
            for k in range(source.n_columns):
                target[k] = <double> (<const real_t*> row)[k]
            target += dense_width
        return
    for k in range(source.n_columns):  # column by column: the memory runs that way
        column = source.data + k * source.column_stride
        for r in range(m):
            row = column + <Py_ssize_t> rows[r] * source.row_stride
            target[r * dense_width + k] = <double> (<const real_t*> row)[0]


cdef size_t _address(codes, Py_ssize_t n_rows) except? 0:
    """Address of validated codes."""
    if codes.dtype not in (np.uint8, np.uint16, np.uint32) or codes.shape != (n_rows,):
        raise TypeError(
            f"codes must be {n_rows} unsigned integers, not {codes.shape} {codes.dtype}"
        )
    if n_rows and not codes.flags.c_contiguous:
        raise TypeError("codes must be contiguous")
    return codes.__array_interface__["data"][0]
