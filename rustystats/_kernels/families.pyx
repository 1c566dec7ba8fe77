# cython: language_level=3, boundscheck=False, wraparound=False
# cython: cdivision=True, initializedcheck=False
"""Family and link mathematics on a contiguous block of rows.

A link maps the mean to the linear predictor, eta = g(mu); a family has a variance function V(mu)
and a unit deviance d(y, mu) >= 0. The two know nothing of each other and nothing of the design:
the fused pass in `irls.pyx` calls `inverse_block`, `variance_block` and `deviance_block` once per
block of rows (three virtual calls for about a thousand rows), so no family x link product exists.

Every loop reads caller-owned buffers and writes caller-owned buffers. The `def` methods give the
same mathematics to Python for arrays of any shape; `rustystats.families` and `rustystats.links`
add names, domains and likelihoods.
"""
import numpy as np

from libc.float cimport DBL_EPSILON, DBL_MAX, DBL_MIN
from libc.math cimport log, log1p


cdef extern from "vecmath.h" nogil:
    void exp_block(const double* x, double* out, Py_ssize_t m)

# Where a mean would underflow or overflow, it stops: exp(+-700) is still a normal double.
cdef double ETA_BOUND = 700.0


cdef class Link:
    """A strictly monotone link eta = g(mu)."""

    cdef void inverse_block(
        self, const double* eta, double* mu_out, double* dmu_out, Py_ssize_t m
    ) noexcept nogil:
        pass

    cdef void link_block(self, const double* mu, double* eta_out, Py_ssize_t m) noexcept nogil:
        pass

    def link(self, mu):
        """Linear predictor eta = g(mu), elementwise."""
        flat = _flat(mu)
        out = np.empty_like(flat)
        cdef const double[::1] source = flat
        cdef double[::1] target = out
        if flat.size:
            self.link_block(&source[0], &target[0], flat.size)
        return out.reshape(np.shape(mu))[()]

    def inverse(self, eta):
        """Mean mu = g^-1(eta), elementwise."""
        return self.inverse_with_derivative(eta)[0]

    def inverse_with_derivative(self, eta):
        """The pair (mu, d mu / d eta), elementwise."""
        flat = _flat(eta)
        mu, dmu = np.empty_like(flat), np.empty_like(flat)
        cdef const double[::1] source = flat
        cdef double[::1] mu_out = mu
        cdef double[::1] dmu_out = dmu
        if flat.size:
            self.inverse_block(&source[0], &mu_out[0], &dmu_out[0], flat.size)
        shape = np.shape(eta)
        return mu.reshape(shape)[()], dmu.reshape(shape)[()]

    def derivative(self, mu):
        """Slope of the link d eta / d mu at the mean mu, elementwise."""
        return 1.0 / self.inverse_with_derivative(self.link(mu))[1]


cdef class IdentityLink(Link):
    """eta = mu."""

    cdef void inverse_block(
        self, const double* eta, double* mu_out, double* dmu_out, Py_ssize_t m
    ) noexcept nogil:
        cdef Py_ssize_t i
        for i in range(m):
            mu_out[i] = eta[i]
            dmu_out[i] = 1.0

    cdef void link_block(self, const double* mu, double* eta_out, Py_ssize_t m) noexcept nogil:
        cdef Py_ssize_t i
        for i in range(m):
            eta_out[i] = mu[i]


cdef class LogLink(Link):
    """eta = log(mu)."""

    cdef void inverse_block(
        self, const double* eta, double* mu_out, double* dmu_out, Py_ssize_t m
    ) noexcept nogil:
        cdef Py_ssize_t i
        cdef double bounded
        for i in range(m):
            bounded = ETA_BOUND if eta[i] > ETA_BOUND else eta[i]
            dmu_out[i] = -ETA_BOUND if bounded < -ETA_BOUND else bounded
        exp_block(dmu_out, mu_out, m)
        for i in range(m):
            dmu_out[i] = mu_out[i]

    cdef void link_block(self, const double* mu, double* eta_out, Py_ssize_t m) noexcept nogil:
        cdef Py_ssize_t i
        for i in range(m):
            eta_out[i] = log(mu[i])


cdef class LogitLink(Link):
    """eta = log(mu / (1 - mu)); the mean stays one epsilon away from 0 and 1, as in R."""

    cdef void inverse_block(
        self, const double* eta, double* mu_out, double* dmu_out, Py_ssize_t m
    ) noexcept nogil:
        cdef Py_ssize_t i
        cdef double odds, mu
        for i in range(m):
            odds = -eta[i] if eta[i] > 0 else eta[i]  # exp(-|eta|) never overflows
            dmu_out[i] = -ETA_BOUND if odds < -ETA_BOUND else odds
        exp_block(dmu_out, mu_out, m)
        for i in range(m):
            odds = mu_out[i]
            mu = 1.0 / (1.0 + odds) if eta[i] > 0 else odds / (1.0 + odds)
            dmu_out[i] = odds / ((1.0 + odds) * (1.0 + odds))
            if mu < DBL_EPSILON:
                mu = DBL_EPSILON
                dmu_out[i] = DBL_EPSILON
            elif mu > 1.0 - DBL_EPSILON:
                mu = 1.0 - DBL_EPSILON
                dmu_out[i] = DBL_EPSILON
            mu_out[i] = mu

    cdef void link_block(self, const double* mu, double* eta_out, Py_ssize_t m) noexcept nogil:
        cdef Py_ssize_t i
        for i in range(m):
            eta_out[i] = log(mu[i]) - log1p(-mu[i])


cdef class Family:
    """An exponential dispersion family: variance function and unit deviance."""

    cdef Py_ssize_t count_outside(self, const double* mu, Py_ssize_t m) noexcept nogil:
        """Rows whose mean this family cannot have."""
        return _count_not_between(mu, m, -DBL_MAX, DBL_MAX)

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
        flat = _flat(mu)
        out = np.empty_like(flat)
        cdef const double[::1] source = flat
        cdef double[::1] target = out
        if flat.size:
            self.variance_block(&source[0], &target[0], flat.size)
        return out.reshape(np.shape(mu))[()]

    def unit_deviance(self, y, mu):
        """Unit deviance d(y, mu), elementwise, with the factor 2."""
        y, mu = np.broadcast_arrays(np.asarray(y, dtype=float), np.asarray(mu, dtype=float))
        y_flat, mu_flat = _flat(y), _flat(mu)
        out = np.empty_like(y_flat)
        cdef const double[::1] response = y_flat
        cdef const double[::1] mean = mu_flat
        cdef double[::1] target = out
        if y_flat.size:
            self.deviance_block(&response[0], &mean[0], &target[0], y_flat.size)
        return out.reshape(np.shape(y))[()]


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


cdef class PoissonFamily(Family):
    """V = mu, d = 2 [y log(y / mu) - (y - mu)]."""

    cdef Py_ssize_t count_outside(self, const double* mu, Py_ssize_t m) noexcept nogil:
        return _count_not_between(mu, m, DBL_MIN, DBL_MAX)

    cdef void variance_block(
        self, const double* mu, double* variance_out, Py_ssize_t m
    ) noexcept nogil:
        cdef Py_ssize_t i
        for i in range(m):
            variance_out[i] = mu[i]

    cdef void deviance_block(
        self, const double* y, const double* mu, double* deviance_out, Py_ssize_t m
    ) noexcept nogil:
        cdef Py_ssize_t i
        for i in range(m):
            deviance_out[i] = 2.0 * (mu[i] - y[i])
        for i in range(m):  # most policies have no claim: the logarithm is rare
            if y[i] > 0.0:
                deviance_out[i] += 2.0 * y[i] * log(y[i] / mu[i])


cdef class BinomialFamily(Family):
    """V = mu (1 - mu), d = 2 [y log(y / mu) + (1 - y) log((1 - y) / (1 - mu))], y a proportion."""

    cdef Py_ssize_t count_outside(self, const double* mu, Py_ssize_t m) noexcept nogil:
        return _count_not_between(mu, m, DBL_MIN, 1.0 - 0.5 * DBL_EPSILON)

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


cdef class GammaFamily(Family):
    """V = mu^2, d = 2 [(y - mu) / mu - log(y / mu)]."""

    cdef Py_ssize_t count_outside(self, const double* mu, Py_ssize_t m) noexcept nogil:
        return _count_not_between(mu, m, DBL_MIN, DBL_MAX)

    cdef void variance_block(
        self, const double* mu, double* variance_out, Py_ssize_t m
    ) noexcept nogil:
        cdef Py_ssize_t i
        for i in range(m):
            variance_out[i] = mu[i] * mu[i]

    cdef void deviance_block(
        self, const double* y, const double* mu, double* deviance_out, Py_ssize_t m
    ) noexcept nogil:
        cdef Py_ssize_t i
        for i in range(m):
            deviance_out[i] = 2.0 * ((y[i] - mu[i]) / mu[i] - log(y[i] / mu[i]))


cdef Py_ssize_t _count_not_between(
    const double* mu, Py_ssize_t m, double low, double high
) noexcept nogil:
    cdef Py_ssize_t i, count = 0
    for i in range(m):
        count += not (low <= mu[i] <= high)  # NaN counts
    return count


def _flat(values):
    """A contiguous float64 vector of the values."""
    return np.ascontiguousarray(values, dtype=np.float64).reshape(-1)
