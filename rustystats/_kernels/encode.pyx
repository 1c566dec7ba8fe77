# cython: language_level=3, boundscheck=False, wraparound=False
# cython: cdivision=True, initializedcheck=False
"""Level codes: a column becomes one small integer a row and a short sorted list of levels.

* integers in a narrow range: one pass for the range, one for presence, one writes codes through a
  look-up array; no hashing, levels come out sorted;
* other numbers: open-addressing hash of the 64-bit pattern; it gives up as soon as a column has
  more distinct values than `max_levels`, which for a continuous column is soon;
* strings: the same hash over the bytes of an Arrow buffer, compared in full where hashes agree.

Hashing threads each code a contiguous chunk against a dictionary of their own; the dictionaries
are merged in order and one more pass rewrites local codes as global ones. Codes use 1, 2 or 4
bytes, the fewest that hold the number of levels.
"""
import numpy as np

from cython.parallel cimport prange
from libc.math cimport isfinite
from libc.stdint cimport (
    int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
)
from libc.string cimport memcmp, memcpy

ctypedef fused integer_t:
    int8_t
    int16_t
    int32_t
    int64_t
    uint8_t
    uint16_t
    uint32_t
    uint64_t

ctypedef fused code_t:
    uint8_t
    uint16_t
    uint32_t

ctypedef fused real_t:
    float
    double

ctypedef fused position_t:
    int32_t
    int64_t

cdef uint64_t MIX = 0x9E3779B97F4A7C15


def code_dtype(n_levels):
    """The narrowest unsigned type for codes 0 .. n_levels - 1."""
    return np.uint8 if n_levels <= 256 else np.uint16 if n_levels <= 65536 else np.uint32


def integer_range(const integer_t[:] values, int n_threads):
    """Smallest and largest of at least one integer."""
    cdef Py_ssize_t n = values.shape[0], start, stop, i
    cdef int thread
    lows = np.empty(n_threads, dtype=np.asarray(values).dtype)
    highs = np.empty_like(lows)
    cdef integer_t[:] low_out = lows
    cdef integer_t[:] high_out = highs
    cdef integer_t low, high
    for thread in prange(n_threads, nogil=True, schedule="static", num_threads=n_threads):
        start = n * thread // n_threads
        stop = n * (thread + 1) // n_threads
        low = values[min(start, n - 1)]
        high = low
        for i in range(start, stop):
            low = min(low, values[i])
            high = max(high, values[i])
        low_out[thread] = low
        high_out[thread] = high
    return int(lows.min()), int(highs.max())


def integer_presence(const integer_t[:] values, int64_t low, Py_ssize_t span, int n_threads):
    """Which of the values low .. low + span - 1 occur, as a boolean array."""
    cdef Py_ssize_t n = values.shape[0], i
    cdef int thread
    present = np.zeros((n_threads, span), dtype=np.uint8)
    cdef uint8_t[:, ::1] present_out = present
    for thread in prange(n_threads, nogil=True, schedule="static", num_threads=n_threads):
        for i in range(n * thread // n_threads, n * (thread + 1) // n_threads):
            present_out[thread, <Py_ssize_t> (<int64_t> values[i] - low)] = 1
    return present.any(axis=0)


def map_integers(const integer_t[:] values, int64_t low, const code_t[::1] mapping,
                 code_t[::1] codes_out, int n_threads):
    """codes_out[i] = mapping[values[i] - low]."""
    cdef Py_ssize_t n = values.shape[0], i
    for i in prange(n, nogil=True, schedule="static", num_threads=n_threads):
        codes_out[i] = mapping[<Py_ssize_t> (<int64_t> values[i] - low)]


def combine_codes(const integer_t[::1] outer, const code_t[::1] inner, Py_ssize_t n_inner,
                  code_t[::1] codes_out, int n_threads):
    """Codes of the product of two tables, the inner one running fastest."""
    cdef Py_ssize_t n = outer.shape[0], i
    for i in prange(n, nogil=True, schedule="static", num_threads=n_threads):
        codes_out[i] = <code_t> (<Py_ssize_t> outer[i] * n_inner + inner[i])


def count_codes(const code_t[::1] codes, Py_ssize_t n_levels, int n_threads):
    """Number of rows of each level."""
    cdef Py_ssize_t n = codes.shape[0], i
    cdef int thread
    counts = np.zeros((n_threads, n_levels), dtype=np.int64)
    cdef int64_t[:, ::1] counts_out = counts
    for thread in prange(n_threads, nogil=True, schedule="static", num_threads=n_threads):
        for i in range(n * thread // n_threads, n * (thread + 1) // n_threads):
            counts_out[thread, codes[i]] += 1
    return counts.sum(axis=0)


def count_not_finite(const real_t[:] values, int n_threads):
    """How many values are NaN or infinite."""
    cdef Py_ssize_t n = values.shape[0], i, count = 0
    for i in prange(n, nogil=True, schedule="static", num_threads=n_threads):
        count += not isfinite(values[i])
    return count


cdef inline uint64_t _hash(uint64_t key) noexcept nogil:
    key = (key ^ (key >> 32)) * MIX
    return key ^ (key >> 29)


def hash_numbers(const uint64_t[:] keys, Py_ssize_t max_levels, int n_threads):
    """Local codes and per-thread dictionaries of 64-bit patterns.

    Returns
    -------
    codes : (n,) uint32, codes of each thread's own chunk
    dictionaries : list of uint64 arrays in order of first appearance, or None when a chunk alone
        has more than max_levels distinct patterns
    """
    cdef Py_ssize_t n = keys.shape[0], start, stop
    cdef Py_ssize_t slots = _slot_count(min(n, max_levels))
    cdef int thread
    codes = np.empty(n, dtype=np.uint32)
    cdef uint32_t[::1] codes_out = codes
    cdef int32_t[:, ::1] slot_codes = np.full((n_threads, slots), -1, dtype=np.int32)
    levels = np.empty((n_threads, min(n, max_levels) + 1), dtype=np.uint64)
    cdef uint64_t[:, ::1] levels_out = levels
    cdef Py_ssize_t[::1] counts = np.zeros(n_threads, dtype=np.intp)
    for thread in prange(n_threads, nogil=True, schedule="static", num_threads=n_threads):
        start = n * thread // n_threads
        stop = n * (thread + 1) // n_threads
        counts[thread] = _hash_chunk(
            keys[start:stop], &codes_out[0] + start, &slot_codes[thread, 0], slots,
            &levels_out[thread, 0], max_levels,
        )
    if min(counts) < 0:
        return codes, None
    return codes, [levels[t, :counts[t]] for t in range(n_threads)]


cdef Py_ssize_t _hash_chunk(
    const uint64_t[:] keys, uint32_t* codes_out, int32_t* slot_codes, Py_ssize_t slots,
    uint64_t* levels_out, Py_ssize_t max_levels,
) noexcept nogil:
    cdef Py_ssize_t i, slot, count = 0
    cdef uint64_t key
    cdef uint64_t previous = 0
    cdef uint32_t code = 0
    for i in range(keys.shape[0]):
        key = keys[i]
        if count and key == previous:  # runs of equal values are common
            codes_out[i] = code
            continue
        slot = <Py_ssize_t> (_hash(key) & <uint64_t> (slots - 1))
        while slot_codes[slot] >= 0 and levels_out[slot_codes[slot]] != key:
            slot = (slot + 1) & (slots - 1)
        if slot_codes[slot] < 0:
            if count == max_levels:
                return -1
            slot_codes[slot] = <int32_t> count
            levels_out[count] = key
            count += 1
        code = <uint32_t> slot_codes[slot]
        codes_out[i] = code
        previous = key
    return count


def hash_strings(const position_t[::1] offsets, const uint8_t[::1] data, Py_ssize_t max_levels,
                 int n_threads):
    """Local codes and per-thread dictionaries of strings in an Arrow layout.

    Parameters
    ----------
    offsets : (n + 1,) positions in data; row i is data[offsets[i]:offsets[i + 1]]
    data : bytes

    Returns
    -------
    codes : (n,) uint32
    dictionaries : list of arrays with the row where each level of the thread's chunk first stands,
        or None when there are more than max_levels
    """
    cdef Py_ssize_t n = offsets.shape[0] - 1
    cdef Py_ssize_t slots = _slot_count(min(n, max_levels))
    cdef int thread
    codes = np.empty(n, dtype=np.uint32)
    cdef uint32_t[::1] codes_out = codes
    cdef int32_t[:, ::1] slot_codes = np.full((n_threads, slots), -1, dtype=np.int32)
    cdef uint64_t[:, ::1] slot_hashes = np.empty((n_threads, slots), dtype=np.uint64)
    firsts = np.empty((n_threads, min(n, max_levels) + 1), dtype=np.intp)
    cdef Py_ssize_t[:, ::1] firsts_out = firsts
    cdef Py_ssize_t[::1] counts = np.zeros(n_threads, dtype=np.intp)
    cdef const uint8_t* text = &data[0] if data.shape[0] else NULL
    for thread in prange(n_threads, nogil=True, schedule="static", num_threads=n_threads):
        counts[thread] = _hash_string_chunk(
            &offsets[0], text, n, n * thread // n_threads, n * (thread + 1) // n_threads,
            &codes_out[0], &slot_codes[thread, 0], &slot_hashes[thread, 0], slots,
            &firsts_out[thread, 0], max_levels,
        )
    if min(counts) < 0:
        return codes, None
    return codes, [firsts[t, :counts[t]] for t in range(n_threads)]


cdef Py_ssize_t _hash_string_chunk(
    const position_t* offsets, const uint8_t* data, Py_ssize_t n, Py_ssize_t start, Py_ssize_t stop,
    uint32_t* codes_out, int32_t* slot_codes, uint64_t* slot_hashes, Py_ssize_t slots,
    Py_ssize_t* firsts_out, Py_ssize_t max_levels,
) noexcept nogil:
    cdef Py_ssize_t i, slot, first, size, count = 0
    cdef Py_ssize_t end = <Py_ssize_t> offsets[n]
    cdef uint64_t key
    cdef const uint8_t* text
    for i in range(start, stop):
        size = <Py_ssize_t> (offsets[i + 1] - offsets[i])
        text = data + <Py_ssize_t> offsets[i]
        key = _hash_text(text, size, end - <Py_ssize_t> offsets[i])
        slot = <Py_ssize_t> (key & <uint64_t> (slots - 1))
        while slot_codes[slot] >= 0:
            if slot_hashes[slot] == key:
                first = firsts_out[slot_codes[slot]]
                if offsets[first + 1] - offsets[first] == size and (
                        size <= 8 or memcmp(data + <Py_ssize_t> offsets[first], text, size) == 0):
                    break
            slot = (slot + 1) & (slots - 1)
        if slot_codes[slot] < 0:
            if count == max_levels:
                return -1
            slot_codes[slot] = <int32_t> count
            slot_hashes[slot] = key
            firsts_out[count] = i
            count += 1
        codes_out[i] = <uint32_t> slot_codes[slot]
    return count


cdef inline uint64_t _hash_text(
    const uint8_t* text, Py_ssize_t size, Py_ssize_t readable
) noexcept nogil:
    """Hash of `size` bytes, of which `readable` >= size may be read; one-to-one up to 8 bytes."""
    cdef uint64_t key = <uint64_t> size, word = 0
    cdef Py_ssize_t done = 0
    while size - done >= 8:
        memcpy(&word, text + done, 8)
        key = _hash(key ^ word)
        done += 8
    if done < size:
        if readable - done >= 8:  # one load, the bytes beyond the end shifted out
            memcpy(&word, text + done, 8)
            word <<= 8 * (8 - (size - done))
        else:
            word = 0
            memcpy(<char*> &word + 8 - (size - done), text + done, size - done)
        key = _hash(key ^ word)
    return key


def map_chunks(const uint32_t[::1] local, list mappings, code_t[::1] codes_out):
    """codes_out = mapping of the chunk's thread, looked up at the local code."""
    cdef Py_ssize_t n = local.shape[0], i
    cdef int n_threads = len(mappings), thread
    width = max(1, max(len(mapping) for mapping in mappings))
    table = np.zeros((n_threads, width), dtype=np.asarray(codes_out).dtype)
    for thread in range(n_threads):
        table[thread, :len(mappings[thread])] = mappings[thread]
    cdef const code_t[:, ::1] table_in = table
    for thread in prange(n_threads, nogil=True, schedule="static", num_threads=n_threads):
        for i in range(n * thread // n_threads, n * (thread + 1) // n_threads):
            codes_out[i] = table_in[thread, local[i]]


cdef Py_ssize_t _slot_count(Py_ssize_t n_levels) noexcept:
    """Power of two with at most half of the slots taken."""
    cdef Py_ssize_t slots = 16
    while slots < 2 * (n_levels + 1):
        slots *= 2
    return slots
