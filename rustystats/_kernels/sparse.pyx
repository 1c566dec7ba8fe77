# cython: language_level=3, boundscheck=False, wraparound=False
# cython: cdivision=True, initializedcheck=False
"""Sums over the nonzeros of a sparse matrix B: B'WB, and which of its columns exclude each other.

The Gram of a row with k nonzeros is k (k + 1) / 2 products, added to a p x p array. Each thread has
a range of the array's rows and reads all rows of B for them: nothing is held twice, and the sums
have the same bits whatever the number of threads. Ranges are cut so that each has as many products.
"""
import numpy as np

from cython.parallel cimport prange
from libc.stdint cimport int32_t, uint8_t
from libc.stdlib cimport calloc, free

ctypedef fused real_t:
    float
    double


def weighted_gram(
    const Py_ssize_t[::1] starts,    # IN  nonzeros of a row: [starts[row], starts[row + 1])
    const int32_t[::1] columns,      # IN  their columns, increasing in a row
    const real_t[::1] values,        # IN
    int n_columns,
    const double[::1] weight,        # IN  (rows,)
    int n_threads,
):
    """B'WB, shape (p, p)."""
    cdef Py_ssize_t n_rows = len(weight)
    out = np.zeros((n_columns, n_columns))
    if n_columns == 0 or len(columns) == 0:
        return out
    cdef double[:, ::1] gram = out
    products = np.zeros(n_columns + 1)
    cdef double[::1] upto = products
    cdef Py_ssize_t row, k
    for row in range(n_rows):
        for k in range(starts[row], starts[row + 1]):
            upto[columns[k] + 1] += starts[row + 1] - k
    products = np.cumsum(products)
    shares = products[len(products) - 1] * np.arange(n_threads + 1) / n_threads
    cdef Py_ssize_t[::1] cuts = np.searchsorted(products, shares).astype(np.intp)
    cuts[n_threads] = n_columns
    cdef int thread
    for thread in prange(n_threads, nogil=True, schedule="static", num_threads=n_threads):
        _add_rows(starts, columns, values, weight, cuts[thread], cuts[thread + 1], gram)
    _mirror(gram)
    return out


cdef void _add_rows(
    const Py_ssize_t[::1] starts, const int32_t[::1] columns, const real_t[::1] values,
    const double[::1] weight, Py_ssize_t low, Py_ssize_t high, double[:, ::1] gram,
) noexcept nogil:
    """Add the products whose first column lies in [low, high)."""
    cdef Py_ssize_t row, k, j, end
    cdef double scaled
    cdef double* into
    for row in range(weight.shape[0]):
        if weight[row] == 0:
            continue
        end = starts[row + 1]
        for k in range(starts[row], end):
            if columns[k] < low:
                continue
            if columns[k] >= high:
                break
            scaled = weight[row] * values[k]
            into = &gram[columns[k], 0]
            for j in range(k, end):
                into[columns[j]] += scaled * values[j]


cdef void _mirror(double[:, ::1] gram) noexcept nogil:
    """Copy the upper half to the lower, some columns at a time."""
    cdef Py_ssize_t p = gram.shape[0], i, j, first
    for first in range(0, p, 64):
        for i in range(first, p):
            for j in range(first, min(first + 64, i)):
                gram[i, j] = gram[j, i]


def exclusive_groups(
    const Py_ssize_t[::1] starts,    # IN  nonzeros of a column: [starts[column], ...)
    const int32_t[::1] rows,         # IN  their rows
    Py_ssize_t n_rows,
    int max_groups,
):
    """Put each column into a group whose columns have no row in common, the newest that fits.

    Newest first, since the indicators of a factor stand side by side. A group that is tried and
    does not fit costs the nonzeros up to the first that meets another's.

    Returns
    -------
    (columns,) int32 ndarray of groups, or None where more than `max_groups` are needed
    """
    cdef Py_ssize_t n_columns = len(starts) - 1, column, k
    cdef int group, n_groups = 0
    cdef bint fits = True
    groups = np.empty(n_columns, dtype=np.int32)
    cdef int32_t[::1] out = groups
    cdef Py_ssize_t[::1] left = np.empty(max_groups, dtype=np.intp)
    cdef uint8_t* taken = <uint8_t*> calloc(max_groups, n_rows)
    if taken == NULL:
        raise MemoryError()
    cdef uint8_t* mask
    with nogil:
        for column in range(n_columns):
            fits = False
            group = n_groups
            while group > 0 and not fits:
                group = group - 1
                if left[group] < starts[column + 1] - starts[column]:
                    continue
                mask = taken + group * n_rows
                fits = True
                for k in range(starts[column], starts[column + 1]):
                    if mask[rows[k]]:
                        fits = False
                        break
            if not fits:
                if n_groups == max_groups:
                    break
                group = n_groups
                n_groups = n_groups + 1
                left[group] = n_rows
                mask = taken + group * n_rows
                fits = True
            for k in range(starts[column], starts[column + 1]):
                mask[rows[k]] = 1
            left[group] -= starts[column + 1] - starts[column]
            out[column] = group
    free(taken)
    return groups if fits else None
