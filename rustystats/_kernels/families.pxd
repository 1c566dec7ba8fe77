cdef class Family:
    cdef Py_ssize_t count_outside(self, const double* mu, Py_ssize_t m) noexcept nogil
    cdef void variance_block(
        self, const double* mu, double* variance_out, Py_ssize_t m
    ) noexcept nogil
    cdef void deviance_block(
        self, const double* y, const double* mu, double* deviance_out, Py_ssize_t m
    ) noexcept nogil


cdef class PositiveFamily(Family):
    pass


cdef class TweedieFamily(PositiveFamily):
    cdef readonly double var_power
    cdef Family named


cdef class NegativeBinomialFamily(PositiveFamily):
    cdef readonly double theta


cdef flattened(values)
