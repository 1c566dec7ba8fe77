# cython: language_level=3, boundscheck=False, wraparound=False
# cython: cdivision=True, initializedcheck=False
"""Links between mean and linear predictor, eta = g(mu), on a contiguous block of rows.

A link knows neither family nor design: the fused pass in `irls.pyx` calls `inverse_block` once per
block of rows. Where a linear predictor has no mean (a negative one under the square root) the mean
is NaN, which no family accepts. The `def` methods give the same mathematics to Python for arrays
of any shape; `rustystats.links` adds names.
"""
import numpy as np

from libc.float cimport DBL_EPSILON
from libc.math cimport NAN, erfc, exp, expm1, log, log1p, pow, sqrt
from scipy.special.cython_special cimport ndtri

from rustystats._kernels.families cimport flattened


cdef extern from "vecmath.h" nogil:
    void exp_block(const double* x, double* out, Py_ssize_t m)
    void exp_twice_block(
        const double* x, double bound, double* mean, double* slope, Py_ssize_t m
    )

# Where a mean would underflow or overflow, it stops: exp(+-700) is still a normal double.
cdef double ETA_BOUND = 700.0
cdef double SQRT_HALF = 0.7071067811865476
cdef double DENSITY_AT_0 = 0.3989422804014327  # of the normal law, 1 / sqrt(2 pi)


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
        flat = flattened(mu)
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
        flat = flattened(eta)
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
        exp_twice_block(eta, ETA_BOUND, mu_out, dmu_out, m)

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
        cdef double odds
        for i in range(m):
            odds = -eta[i] if eta[i] > 0 else eta[i]  # exp(-|eta|) never overflows
            dmu_out[i] = -ETA_BOUND if odds < -ETA_BOUND else odds
        exp_block(dmu_out, mu_out, m)
        for i in range(m):
            odds = mu_out[i]
            mu_out[i] = 1.0 / (1.0 + odds) if eta[i] > 0 else odds / (1.0 + odds)
            dmu_out[i] = odds / ((1.0 + odds) * (1.0 + odds))
        _keep_inside(mu_out, dmu_out, m)

    cdef void link_block(self, const double* mu, double* eta_out, Py_ssize_t m) noexcept nogil:
        cdef Py_ssize_t i
        for i in range(m):
            eta_out[i] = log(mu[i]) - log1p(-mu[i])


cdef class ProbitLink(Link):
    """eta = Phi^-1(mu), Phi the normal distribution; bounded as the logit."""

    cdef void inverse_block(
        self, const double* eta, double* mu_out, double* dmu_out, Py_ssize_t m
    ) noexcept nogil:
        cdef Py_ssize_t i
        for i in range(m):
            mu_out[i] = 0.5 * erfc(-eta[i] * SQRT_HALF)
            dmu_out[i] = DENSITY_AT_0 * exp(-0.5 * eta[i] * eta[i])
        _keep_inside(mu_out, dmu_out, m)

    cdef void link_block(self, const double* mu, double* eta_out, Py_ssize_t m) noexcept nogil:
        cdef Py_ssize_t i
        for i in range(m):
            eta_out[i] = ndtri(mu[i])


cdef class CLogLogLink(Link):
    """eta = log(-log(1 - mu)); bounded as the logit."""

    cdef void inverse_block(
        self, const double* eta, double* mu_out, double* dmu_out, Py_ssize_t m
    ) noexcept nogil:
        cdef Py_ssize_t i
        cdef double hazard
        for i in range(m):
            hazard = exp(eta[i])
            mu_out[i] = -expm1(-hazard)
            dmu_out[i] = exp(eta[i] - hazard)
        _keep_inside(mu_out, dmu_out, m)

    cdef void link_block(self, const double* mu, double* eta_out, Py_ssize_t m) noexcept nogil:
        cdef Py_ssize_t i
        for i in range(m):
            eta_out[i] = log(-log1p(-mu[i]))


cdef class PowerLink(Link):
    """eta = mu^exponent, the exponent not 0; eta must be positive (for -1 and 1 it need not).

    The exponents of the named links (1/2, -1, -2) have loops without `pow`.
    """

    def __init__(self, double exponent):
        self.exponent = exponent

    cdef void inverse_block(
        self, const double* eta, double* mu_out, double* dmu_out, Py_ssize_t m
    ) noexcept nogil:
        cdef Py_ssize_t i
        cdef double exponent = self.exponent
        if exponent == 0.5:
            for i in range(m):
                mu_out[i] = eta[i] * eta[i]
                dmu_out[i] = 2.0 * eta[i]
        elif exponent == -2.0:
            for i in range(m):
                mu_out[i] = 1.0 / sqrt(eta[i])
                dmu_out[i] = -0.5 * mu_out[i] / eta[i]
        elif exponent == -1.0:
            for i in range(m):
                mu_out[i] = 1.0 / eta[i] if eta[i] != 0.0 else NAN
                dmu_out[i] = -mu_out[i] * mu_out[i]
        elif exponent == 1.0:
            for i in range(m):
                mu_out[i] = eta[i]
                dmu_out[i] = 1.0
        else:
            for i in range(m):
                mu_out[i] = pow(eta[i], 1.0 / exponent)
                dmu_out[i] = mu_out[i] / (exponent * eta[i])
        if exponent != 1.0 and exponent != -1.0:
            for i in range(m):
                if not eta[i] > 0.0:
                    mu_out[i] = NAN
                    dmu_out[i] = NAN

    cdef void link_block(self, const double* mu, double* eta_out, Py_ssize_t m) noexcept nogil:
        cdef Py_ssize_t i
        for i in range(m):
            eta_out[i] = pow(mu[i], self.exponent)


cdef void _keep_inside(double* mu, double* dmu, Py_ssize_t m) noexcept nogil:
    """Means of a proportion stay one epsilon away from 0 and 1, as in R."""
    cdef Py_ssize_t i
    for i in range(m):
        if mu[i] < DBL_EPSILON:
            mu[i] = DBL_EPSILON
            dmu[i] = DBL_EPSILON
        elif mu[i] > 1.0 - DBL_EPSILON:
            mu[i] = 1.0 - DBL_EPSILON
            dmu[i] = DBL_EPSILON
