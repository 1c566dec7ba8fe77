# cython: language_level=3, boundscheck=False, wraparound=False
# cython: cdivision=True, initializedcheck=False
"""Coordinate descent on a quadratic with an absolute value and bounds for every coefficient.

Minimises, over coefficients b between `lower` and `upper`,

    1/2 (b - b0)' H (b - b0) - q0'(b - b0) + sum_j l1_j |b_j|

one coefficient at a time, exactly: with q = q0 - H (b - b0) the score at b, coefficient j becomes
``soft(H_jj b_j + q_j, l1_j) / H_jj``, cut to its bounds, and q follows by a row of H ("covariance
updates", Friedman, Hastie & Tibshirani 2010, J. Stat. Softw. 33:1). The rows of the data do not
appear. After each sweep over all columns come sweeps over those that are not 0, until they rest.

Cost: p multiply-adds for each coefficient that changes.
"""
from libc.math cimport fabs, sqrt


def descend(
    const double[:, ::1] hessian,   # IN  H, symmetric
    const double[::1] l1,           # IN  >= 0
    const double[::1] lower,        # IN
    const double[::1] upper,        # IN
    const Py_ssize_t[::1] columns,  # IN  those that may move, H_jj > 0
    double tol,                     # IN  largest |change| sqrt(H_jj) of a sweep that is the last
    int max_sweeps,
    double[::1] score_out,          # IN and OUT  q
    double[::1] coef_out,           # IN and OUT  b
):
    """Sweep until the coefficients rest, at most `max_sweeps` times.

    Returns
    -------
    bool : whether they rest
    """
    cdef int sweep = 0
    cdef bint everything = True, rests = False
    cdef double largest
    with nogil:
        while sweep < max_sweeps:
            sweep += 1
            largest = _sweep(
                hessian, l1, lower, upper, columns, everything, score_out, coef_out
            )
            if largest <= tol:
                if everything:
                    rests = True
                    break
                everything = True
            else:
                everything = False
    return rests


cdef double _sweep(
    const double[:, ::1] hessian, const double[::1] l1, const double[::1] lower,
    const double[::1] upper, const Py_ssize_t[::1] columns, bint everything, double[::1] score,
    double[::1] coef,
) noexcept nogil:
    """Largest change of one sweep, over all columns or those that are not 0."""
    cdef Py_ssize_t k, j, i, p = hessian.shape[0]
    cdef double curvature, wish, change, largest = 0.0
    for k in range(columns.shape[0]):
        j = columns[k]
        if not everything and coef[j] == 0.0 and l1[j] > 0.0:
            continue
        curvature = hessian[j, j]
        wish = curvature * coef[j] + score[j]
        if wish > l1[j]:
            wish = (wish - l1[j]) / curvature
        elif wish < -l1[j]:
            wish = (wish + l1[j]) / curvature
        else:
            wish = 0.0
        wish = min(max(wish, lower[j]), upper[j])
        change = wish - coef[j]
        if change == 0.0:
            continue
        coef[j] = wish
        for i in range(p):
            score[i] -= change * hessian[j, i]
        largest = max(largest, fabs(change) * sqrt(curvature))
    return largest
