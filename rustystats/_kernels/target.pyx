# cython: language_level=3, boundscheck=False, wraparound=False
# cython: cdivision=True, initializedcheck=False
"""Target statistics: sums of the response by level, and ordered ones that leave no row its own.

A uniform permutation of all rows orders the rows of each level uniformly, and independently of
the other levels. So rows are grouped by level once, and each level is shuffled by itself, in the
cache, by Fisher and Yates' algorithm; the running sums follow the shuffle in the same loop.

Random numbers: SplitMix64 (Steele, Lea & Flood 2014, OOPSLA), whose k-th output is a hash of
start + k * gamma. The start of a level is a hash of the key and the level, so that what a level
draws depends neither on other levels nor on the number of threads. Bounded ones by Lemire (2019,
ACM Transactions on Modeling and Computer Simulation 29), without bias.

Cost: one gather and one scatter in random order a row, and 3 to 4 ns a row and permutation.
"""
import numpy as np

from cython.parallel cimport prange, threadid
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

ctypedef fused code_t:
    uint8_t
    uint16_t
    uint32_t

# A row within its level: what it adds to the sums, and what it has been given so far.
cdef struct Member:
    double amount
    double volume
    double encoded
    Py_ssize_t row

ROW_BYTES = sizeof(Member)
cdef uint64_t GAMMA = 0x9E3779B97F4A7C15


def accumulate_levels(
    const code_t[::1] codes,      # IN  (n,)
    const double[::1] y,          # IN  (n,)
    const double[::1] weights,    # IN  (n,) or None
    const double[::1] exposure,   # IN  (n,) or None
    Py_ssize_t n_levels,
    Py_ssize_t n_parts,
    int n_threads,
):
    """Sums of w y and of w e by level, (n_levels,) each.

    The rows are cut into n_parts whose sums are added in order: the number of threads changes
    no bit.
    """
    cdef Py_ssize_t n = codes.shape[0], i
    cdef int part
    cdef bint weighted = weights is not None, exposed = exposure is not None
    cdef double weight
    sums = np.zeros((n_parts, n_levels, 2))
    cdef double[:, :, ::1] sums_out = sums
    for part in prange(n_parts, nogil=True, schedule="dynamic", num_threads=n_threads):
        for i in range(n * part // n_parts, n * (part + 1) // n_parts):
            weight = weights[i] if weighted else 1.0
            sums_out[part, codes[i], 0] += weight * y[i]
            sums_out[part, codes[i], 1] += weight * exposure[i] if exposed else weight
    total = sums.sum(axis=0)
    return total[:, 0].copy(), total[:, 1].copy()


def group_rows(const code_t[::1] codes, Py_ssize_t n_levels, int n_threads):
    """Rows sorted by level, stably: order (n,) and where each level starts in it, and the end."""
    cdef Py_ssize_t n = codes.shape[0], i
    cdef int thread
    counts = np.zeros((n_threads, n_levels), dtype=np.uint32)
    cdef uint32_t[:, ::1] place = counts
    for thread in prange(n_threads, nogil=True, schedule="static", num_threads=n_threads):
        for i in range(n * thread // n_threads, n * (thread + 1) // n_threads):
            place[thread, codes[i]] += 1
    starts = np.zeros(n_levels + 1, dtype=np.intp)
    np.cumsum(counts.sum(axis=0, dtype=np.intp), out=starts[1:])
    before = np.cumsum(counts, axis=0, dtype=np.uint32) - counts
    counts[:] = before + starts[:-1].astype(np.uint32)
    order = np.empty(n, dtype=np.uint32)
    cdef uint32_t[::1] order_out = order
    for thread in prange(n_threads, nogil=True, schedule="static", num_threads=n_threads):
        for i in range(n * thread // n_threads, n * (thread + 1) // n_threads):
            order_out[place[thread, codes[i]]] = <uint32_t> i
            place[thread, codes[i]] += 1
    return order, starts


def encode_ordered(
    const uint32_t[::1] order,       # IN  rows sorted by level
    const Py_ssize_t[::1] starts,    # IN  where each level starts there, and the end
    const Py_ssize_t[::1] queue,     # IN  the levels, in the order in which they are taken up
    const double[::1] y,             # IN  (n,)
    const double[::1] weights,       # IN  (n,) or None
    const double[::1] exposure,      # IN  (n,) or None
    double prior,
    double prior_weight,
    int n_permutations,
    uint64_t key,
    uint8_t[:, ::1] buffers,         # TMP (n_threads, ROW_BYTES x rows of the largest level)
    double[::1] encoded_out,         # OUT (n,)
    int n_threads,
):
    """Mean over permutations of (sum of w y before + prior x prior_weight) / (volume + same).

    It is computed as prior + (sum - prior x volume) / (volume + prior_weight), so that a row with
    nothing before it in any permutation gets exactly the prior.
    """
    cdef Py_ssize_t q
    for q in prange(queue.shape[0], nogil=True, schedule="dynamic", num_threads=n_threads):
        _encode_level(
            <Member*> &buffers[threadid(), 0], &order[0] + starts[queue[q]],
            starts[queue[q] + 1] - starts[queue[q]], y, weights, exposure,
            prior, prior_weight, n_permutations,
            _hash(key + <uint64_t> (queue[q] + 1) * GAMMA), &encoded_out[0],
        )


cdef void _encode_level(
    Member* members, const uint32_t* rows, Py_ssize_t m, const double[::1] y,
    const double[::1] weights, const double[::1] exposure, double prior, double prior_weight,
    int n_permutations, uint64_t state, double* encoded_out,
) noexcept nogil:
    cdef Py_ssize_t i, row
    cdef int _permutation
    cdef double weight
    for i in range(m):
        row = <Py_ssize_t> rows[i]
        weight = 1.0 if weights is None else weights[row]
        members[i].volume = weight if exposure is None else weight * exposure[row]
        members[i].amount = weight * y[row] - prior * members[i].volume
        members[i].encoded = 0.0
        members[i].row = row
    for _permutation in range(n_permutations):
        _shuffle_and_add(members, m, prior_weight, &state)
    for i in range(m):
        encoded_out[members[i].row] = prior + members[i].encoded / n_permutations


cdef inline void _shuffle_and_add(
    Member* members, Py_ssize_t m, double prior_weight, uint64_t* state
) noexcept nogil:
    """One permutation: the next member is drawn among those left, then given what came before."""
    cdef Py_ssize_t i, j
    cdef double amount = 0.0, volume = prior_weight
    cdef Member chosen
    for i in range(m):
        j = i + <Py_ssize_t> _below(<uint32_t> (m - i), state)
        chosen = members[j]
        members[j] = members[i]
        if volume > 0:
            chosen.encoded += amount / volume
        amount += chosen.amount
        volume += chosen.volume
        members[i] = chosen


cdef inline uint64_t _hash(uint64_t x) noexcept nogil:
    x = (x ^ (x >> 30)) * <uint64_t> 0xBF58476D1CE4E5B9
    x = (x ^ (x >> 27)) * <uint64_t> 0x94D049BB133111EB
    return x ^ (x >> 31)


cdef inline uint32_t _below(uint32_t bound, uint64_t* state) noexcept nogil:
    """A whole number in [0, bound), each as likely as the others."""
    cdef uint64_t product
    cdef uint32_t refused
    state[0] += GAMMA
    product = (_hash(state[0]) >> 32) * bound
    if <uint32_t> product < bound:  # seldom: 2^32 is no multiple of bound, and this may be its rest
        refused = (0 - bound) % bound
        while <uint32_t> product < refused:
            state[0] += GAMMA
            product = (_hash(state[0]) >> 32) * bound
    return <uint32_t> (product >> 32)
