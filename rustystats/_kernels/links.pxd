cdef class Link:
    cdef void inverse_block(
        self, const double* eta, double* mu_out, double* dmu_out, Py_ssize_t m
    ) noexcept nogil
    cdef void link_block(self, const double* mu, double* eta_out, Py_ssize_t m) noexcept nogil


cdef class PowerLink(Link):
    cdef readonly double exponent
