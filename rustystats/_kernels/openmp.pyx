# cython: language_level=3
"""What OpenMP says of its threads, in the library that our kernels use.

A process may hold several OpenMP libraries (each wheel brings one), and each has settings of its
own; so they are asked here and not elsewhere.
"""

cdef extern from *:
    """
    #ifdef _OPENMP
    #include <omp.h>
    #else
    static int omp_get_max_threads(void) { return 1; }
    static void omp_set_max_active_levels(int levels) { (void)levels; }
    #endif
    """
    int omp_get_max_threads() nogil
    void omp_set_max_active_levels(int levels) nogil


def max_threads():
    """Threads of a loop that asks for no number: OMP_NUM_THREADS as the process began, else the
    processors, unless something (threadpoolctl) has limited the calling thread since."""
    return omp_get_max_threads()


def stay_on_this_thread():
    """Let every loop of the calling thread run on it alone, whatever number it asks for."""
    omp_set_max_active_levels(0)
