"""How many threads a computation uses, and keeping BLAS from adding its own to them."""

import functools
import os

from threadpoolctl import ThreadpoolController

ROWS_PER_THREAD = 8192


def effective_n_threads(n_threads, n_rows, rows_per_thread=ROWS_PER_THREAD):
    """Threads for a loop over n_rows: what was asked for, but none with too few rows to pay.

    Parameters
    ----------
    n_threads : int or None
        None takes OMP_NUM_THREADS, else the processors this process may run on.
    n_rows : int
    rows_per_thread : int
        Waking a thread costs about as much as this many rows of the loop.

    Raises
    ------
    ValueError
        If n_threads is not a positive whole number or None.
    """
    if n_threads is None:
        # "4,2" is OpenMP's spelling for nested levels: the outer one is ours.
        asked = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
        available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
        n_threads = int(asked) if asked.isdigit() and int(asked) else available or os.cpu_count()
    elif isinstance(n_threads, bool) or not hasattr(n_threads, "__index__") or n_threads < 1:
        raise ValueError(f"n_threads must be a positive whole number or None, not {n_threads!r}")
    return max(1, min(int(n_threads), n_rows // rows_per_thread))


@functools.cache
def _blas_controller():
    import scipy.linalg.cython_blas  # noqa: F401  the BLAS our kernels call must be loaded first

    return ThreadpoolController()


def single_threaded_blas():
    """Context in which BLAS runs on the calling thread: the kernels thread over rows themselves."""
    return _blas_controller().limit(limits=1, user_api="blas")
