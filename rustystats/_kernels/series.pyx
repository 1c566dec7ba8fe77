# cython: language_level=3, boundscheck=False, wraparound=False
# cython: cdivision=True, initializedcheck=False
"""The Tweedie density for 1 < p < 2: the series of Dunn & Smyth, arranged so that nothing cancels.

A Tweedie variable is a Poisson number of Gamma claims; its density at y > 0 sums over the number
j of claims (Dunn & Smyth 2005, Statistics and Computing 15:267-280, who write it as W(y, phi, p)):

    f(y) = exp(-d(y, mu) / (2 phi)) * a^(1/2) / (2 pi y) * sum_j exp(t_j),
    t_j = (1 + a) [j - lambda - j log(j / lambda)] - s(j) - s(a j),

with a = (2 - p) / (p - 1), lambda = y^(2-p) / (phi (2-p)) and s(x) the remainder of Stirling's
formula for log Gamma(x). With Stirling's large parts taken out of every term, what is left is the
small difference itself: no underflow and no loss of digits, whatever phi.

The terms peak near j = lambda with standard deviation sqrt(lambda / (1 + a)) and fall off like a
normal density. A sum of such a smooth function over every k-th j, times k, is the sum over all j to
1e-15 when k is at most half the standard deviation; so a row costs some 40 terms however large
lambda is. Terms below exp(-40) of the peak are left out.

For the maximum in phi: d log sum / d log lambda = (1 + a) (E j - lambda), and E j, Var j under the
weights exp(t_j) are returned with it.
"""
import numpy as np

from cython.parallel cimport prange
from libc.math cimport exp, fabs, floor, lgamma, log, log1p, sqrt

cdef double HALF_LOG_2PI = 0.9189385332046727
cdef double NEGLIGIBLE = -40.0


cdef double _stirling_remainder(double x) noexcept nogil:
    """log Gamma(x) - [(x - 1/2) log x - x + log(2 pi) / 2]."""
    cdef double z
    if x < 10.0:
        return lgamma(x) - (x - 0.5) * log(x) + x - HALF_LOG_2PI
    z = 1.0 / (x * x)
    return (
        1.0 / 12.0
        - z * (1.0 / 360.0 - z * (1.0 / 1260.0 - z * (1.0 / 1680.0 - z * (1.0 / 1188.0))))
    ) / x


cdef double _term(double j, double lam, double a) noexcept nogil:
    cdef double relative = (j - lam) / lam
    # j log(j / lambda) - (j - lambda), its two parts subtracted only where they differ
    cdef double divergence, z = relative
    if fabs(z) < 0.01:  # (1 + z) log(1 + z) - z as its power series: a large lambda leaves no digit
        divergence = 0.5 - z * (1.0 / 6.0 - z * (1.0 / 12.0 - z * (1.0 / 20.0 - z * (
            1.0 / 30.0 - z * (1.0 / 42.0 - z * (1.0 / 56.0 - z / 72.0))))))
        divergence *= lam * z * z
    elif fabs(relative) < 0.5:
        divergence = lam * ((1.0 + relative) * log1p(relative) - relative)
    else:
        divergence = j * log(j / lam) - (j - lam)
    return -(1.0 + a) * divergence - _stirling_remainder(j) - _stirling_remainder(a * j)


cdef void _one_row(double lam, double a, double* out) noexcept nogil:
    """log sum, mean and variance of j."""
    cdef double spread = sqrt(lam / (1.0 + a))
    cdef double step = 1.0 if spread < 4.0 else floor(0.5 * spread)
    cdef double centre = 1.0 if lam < 1.0 else floor(lam + 0.5)
    cdef double peak = _term(centre, lam, a)
    cdef double total, first, second, j, value, weight, best = peak
    cdef int direction
    total = 1.0
    first = second = 0.0  # moments about the centre
    for direction in range(-1, 2, 2):
        j = centre + direction * step
        while j >= 1.0:
            value = _term(j, lam, a) - peak
            weight = exp(value)
            total = total + weight
            first = first + weight * (j - centre)
            second = second + weight * (j - centre) * (j - centre)
            if value > best - peak:
                best = value + peak
            elif not value >= best - peak + NEGLIGIBLE:  # NaN ends the loop as well
                break
            j = j + direction * step
    first = first / total
    out[0] = peak + log(step * total)
    out[1] = centre + first
    out[2] = second / total - first * first


def tweedie_series(const double[::1] lam, double var_power, int n_threads):
    """The sum over numbers of claims, for every row.

    Parameters
    ----------
    lam : (n,) float64 > 0, y^(2-p) / (phi (2-p))
    var_power : float in (1, 2)
    n_threads : int

    Returns
    -------
    (n, 3) : log of the sum, mean and variance of the number of claims given y
    """
    out = np.empty((lam.shape[0], 3))
    cdef double[:, ::1] out_view = out
    cdef double a = (2.0 - var_power) / (var_power - 1.0)
    cdef Py_ssize_t i
    for i in prange(lam.shape[0], nogil=True, schedule="static", num_threads=n_threads):
        _one_row(lam[i], a, &out_view[i, 0])
    return out
