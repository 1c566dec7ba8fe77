cdef class Link:
    cdef void inverse_block(
        self, const double* eta, double* mu_out, double* dmu_out, Py_ssize_t m
    ) noexcept nogil
    cdef void link_block(self, const double* mu, double* eta_out, Py_ssize_t m) noexcept nogil


cdef class Family:
    cdef Py_ssize_t count_outside(self, const double* mu, Py_ssize_t m) noexcept nogil
    cdef void variance_block(
        self, const double* mu, double* variance_out, Py_ssize_t m
    ) noexcept nogil
    cdef void deviance_block(
        self, const double* y, const double* mu, double* deviance_out, Py_ssize_t m
    ) noexcept nogil
