# cython: language_level=3, boundscheck=False, wraparound=False
# cython: cdivision=True, initializedcheck=False
"""Family mathematics on a contiguous block of rows.

A family has a variance function V(mu), a unit deviance d(y, mu) >= 0 and a domain of means. It
knows neither link (`links.pyx`) nor design: the fused pass in `irls.pyx` calls a link's
`inverse_block` and a family's `variance_block` and `deviance_block` once per block of rows, so no
family x link product exists.

Every loop reads caller-owned buffers and writes caller-owned buffers. The `def` methods give the
same mathematics to Python for arrays of any shape; `rustystats.families` adds names, domains and
likelihoods.
"""
import numpy as np

from libc.float cimport DBL_EPSILON, DBL_MAX, DBL_MIN
from libc.math cimport log, log1p


cdef extern from "vecmath.h" nogil:
    void power_block(const double* x, double exponent, double* out, Py_ssize_t m)
    Py_ssize_t count_outside_block(const double* x, double low, double high, Py_ssize_t m)
    void poisson_deviance_block(const double* y, const double* mu, double* out, Py_ssize_t m)
    void gamma_deviance_block(const double* y, const double* mu, double* out, Py_ssize_t m)
    void tweedie_deviance_block(
        const double* y, const double* mu, double p, double* out, Py_ssize_t m
    )
    void negbinomial_deviance_block(
        const double* y, const double* mu, double theta, double* out, Py_ssize_t m
    )
    void negbinomial_theta_block(
        const double* y, const double* mu, double theta, double* slope, double* bend, Py_ssize_t m
    )
    double sum_block(const double* x, const double* prior, Py_ssize_t m)


# A larger mean of a positive family has run off: its square, or its third power, overflows, and a
# link that stops its means would make the deviance flat there, a minimum that is none.
cdef double MU_BOUND = 1e100


cdef class Family:
    """An exponential dispersion family: variance function and unit deviance."""

    cdef Py_ssize_t count_outside(self, const double* mu, Py_ssize_t m) noexcept nogil:
        """Rows whose mean this family cannot have, or that have run off."""
        return count_outside_block(mu, -DBL_MAX, DBL_MAX, m)

    cdef void variance_block(
        self, const double* mu, double* variance_out, Py_ssize_t m
    ) noexcept nogil:
        pass

    cdef void deviance_block(
        self, const double* y, const double* mu, double* deviance_out, Py_ssize_t m
    ) noexcept nogil:
        pass

    def variance(self, mu):
        """Variance function V(mu), elementwise."""
        flat = flattened(mu)
        out = np.empty_like(flat)
        cdef const double[::1] source = flat
        cdef double[::1] target = out
        if flat.size:
            self.variance_block(&source[0], &target[0], flat.size)
        return out.reshape(np.shape(mu))[()]

    def unit_deviance(self, y, mu):
        """Unit deviance d(y, mu), elementwise, with the factor 2."""
        y, mu = np.broadcast_arrays(np.asarray(y, dtype=float), np.asarray(mu, dtype=float))
        y_flat, mu_flat = flattened(y), flattened(mu)
        out = np.empty_like(y_flat)
        cdef const double[::1] response = y_flat
        cdef const double[::1] mean = mu_flat
        cdef double[::1] target = out
        if y_flat.size:
            self.deviance_block(&response[0], &mean[0], &target[0], y_flat.size)
        return out.reshape(np.shape(y))[()]


cdef class PositiveFamily(Family):
    """A family whose means are positive."""

    cdef Py_ssize_t count_outside(self, const double* mu, Py_ssize_t m) noexcept nogil:
        return count_outside_block(mu, DBL_MIN, MU_BOUND, m)


cdef class GaussianFamily(Family):
    """V = 1, d = (y - mu)^2."""

    cdef void variance_block(
        self, const double* mu, double* variance_out, Py_ssize_t m
    ) noexcept nogil:
        cdef Py_ssize_t i
        for i in range(m):
            variance_out[i] = 1.0

    cdef void deviance_block(
        self, const double* y, const double* mu, double* deviance_out, Py_ssize_t m
    ) noexcept nogil:
        cdef Py_ssize_t i
        for i in range(m):
            deviance_out[i] = (y[i] - mu[i]) * (y[i] - mu[i])


cdef class PoissonFamily(PositiveFamily):
    """V = mu, d = 2 [y log(y / mu) - (y - mu)]."""

    cdef void variance_block(
        self, const double* mu, double* variance_out, Py_ssize_t m
    ) noexcept nogil:
        cdef Py_ssize_t i
        for i in range(m):
            variance_out[i] = mu[i]

    cdef void deviance_block(
        self, const double* y, const double* mu, double* deviance_out, Py_ssize_t m
    ) noexcept nogil:
        poisson_deviance_block(y, mu, deviance_out, m)


cdef class BinomialFamily(Family):
    """V = mu (1 - mu), d = 2 [y log(y / mu) + (1 - y) log((1 - y) / (1 - mu))], y a proportion."""

    cdef Py_ssize_t count_outside(self, const double* mu, Py_ssize_t m) noexcept nogil:
        return count_outside_block(mu, DBL_MIN, 1.0 - 0.5 * DBL_EPSILON, m)

    cdef void variance_block(
        self, const double* mu, double* variance_out, Py_ssize_t m
    ) noexcept nogil:
        cdef Py_ssize_t i
        for i in range(m):
            variance_out[i] = mu[i] * (1.0 - mu[i])

    cdef void deviance_block(
        self, const double* y, const double* mu, double* deviance_out, Py_ssize_t m
    ) noexcept nogil:
        cdef Py_ssize_t i
        cdef double total
        for i in range(m):
            if y[i] == 0.0:
                total = -log1p(-mu[i])
            elif y[i] == 1.0:
                total = -log(mu[i])
            else:
                total = y[i] * log(y[i] / mu[i])
                total += (1.0 - y[i]) * log((1.0 - y[i]) / (1.0 - mu[i]))
            deviance_out[i] = 2.0 * total


cdef class GammaFamily(PositiveFamily):
    """V = mu^2, d = 2 [(y - mu) / mu - log(y / mu)]."""

    cdef void variance_block(
        self, const double* mu, double* variance_out, Py_ssize_t m
    ) noexcept nogil:
        cdef Py_ssize_t i
        for i in range(m):
            variance_out[i] = mu[i] * mu[i]

    cdef void deviance_block(
        self, const double* y, const double* mu, double* deviance_out, Py_ssize_t m
    ) noexcept nogil:
        gamma_deviance_block(y, mu, deviance_out, m)


cdef class InverseGaussianFamily(PositiveFamily):
    """V = mu^3, d = (y - mu)^2 / (y mu^2)."""

    cdef void variance_block(
        self, const double* mu, double* variance_out, Py_ssize_t m
    ) noexcept nogil:
        cdef Py_ssize_t i
        for i in range(m):
            variance_out[i] = mu[i] * mu[i] * mu[i]

    cdef void deviance_block(
        self, const double* y, const double* mu, double* deviance_out, Py_ssize_t m
    ) noexcept nogil:
        cdef Py_ssize_t i
        cdef double relative
        for i in range(m):
            relative = (y[i] - mu[i]) / mu[i]
            deviance_out[i] = relative * relative / y[i]


cdef class TweedieFamily(PositiveFamily):
    """V = mu^p; d as in `vecmath.h`, and that of the named family where p is 0, 1, 2 or 3."""

    def __init__(self, double var_power):
        named = {
            0.0: GaussianFamily, 1.0: PoissonFamily, 2.0: GammaFamily, 3.0: InverseGaussianFamily
        }
        self.var_power = var_power
        self.named = named[var_power]() if var_power in named else None

    cdef Py_ssize_t count_outside(self, const double* mu, Py_ssize_t m) noexcept nogil:
        if self.var_power == 0.0:
            return self.named.count_outside(mu, m)
        return PositiveFamily.count_outside(self, mu, m)

    cdef void variance_block(
        self, const double* mu, double* variance_out, Py_ssize_t m
    ) noexcept nogil:
        if self.named is not None:
            self.named.variance_block(mu, variance_out, m)
        else:
            power_block(mu, self.var_power, variance_out, m)

    cdef void deviance_block(
        self, const double* y, const double* mu, double* deviance_out, Py_ssize_t m
    ) noexcept nogil:
        if self.named is not None:
            self.named.deviance_block(y, mu, deviance_out, m)
        else:
            tweedie_deviance_block(y, mu, self.var_power, deviance_out, m)


cdef class NegativeBinomialFamily(PositiveFamily):
    """V = mu + mu^2 / theta, d = 2 [y log(y/mu) - (y + theta) log((y + theta) / (mu + theta))]."""

    def __init__(self, double theta):
        self.theta = theta

    cdef void variance_block(
        self, const double* mu, double* variance_out, Py_ssize_t m
    ) noexcept nogil:
        cdef Py_ssize_t i
        for i in range(m):
            variance_out[i] = mu[i] + mu[i] * mu[i] / self.theta

    cdef void deviance_block(
        self, const double* y, const double* mu, double* deviance_out, Py_ssize_t m
    ) noexcept nogil:
        negbinomial_deviance_block(y, mu, self.theta, deviance_out, m)

    def theta_sums(self, const double[::1] y, const double[::1] mu, const double[::1] weights):
        """Weighted sums of `negbinomial_theta_block` over the rows."""
        cdef double slope[512]
        cdef double bend[512]
        cdef double total_slope = 0.0, total_bend = 0.0
        cdef Py_ssize_t start, m
        with nogil:
            for start in range(0, y.shape[0], 512):
                m = min(512, y.shape[0] - start)
                negbinomial_theta_block(&y[start], &mu[start], self.theta, slope, bend, m)
                total_slope += sum_block(slope, &weights[start], m)
                total_bend += sum_block(bend, &weights[start], m)
        return total_slope, total_bend


cdef flattened(values):
    """A contiguous float64 vector of the values."""
    return np.ascontiguousarray(values, dtype=np.float64).reshape(-1)
