"""How many threads a computation uses, and keeping BLAS from adding its own to them.

**How many.** A loop over rows is cut into as many chunks as it has threads, and the chunks are
added in order: the number decides the bits, so it is fixed when a design is made, and nothing that
happens later (who else is busy) changes it. None asks for what a process should use:

* what OpenMP itself would take: OMP_NUM_THREADS as the process began, or the processors that it may
  run on, or less where ``threadpoolctl.threadpool_limits`` holds the calling thread;
* at most OMP_NUM_THREADS as it is now, or else at most the processors that a container's quota
  leaves, which joblib knows and OpenMP does not: 64 threads in the time of 2 stop each other.

So workers of joblib need no argument. Those of loky have OMP_NUM_THREADS set to their share of the
processors, or to ``inner_max_num_threads``. Those of multiprocessing are forked: see below. Those
of the threading backend share the process: kernels leave the GIL, and k fits at a time have k times
the threads. Nobody tells a library of that; on two processors two fits of two threads took a tenth
longer than two of one thread, which ``n_threads=1`` saves.

**Forks.** A forked process has one thread, and GNU OpenMP waits for ever for those that the calling
thread had before. After a fork loops stay on the thread that forked, in as many chunks as before
(the same bits), and workers made by forking do not multiply threads. Threads that the new process
starts itself have what they ask for.

**BLAS.** Kernels call BLAS within their threads, and solvers between their loops, on small
matrices: it is held to one thread meanwhile. Where all threads of the process share the setting,
the first that comes limits it and the last that leaves sets it back.
"""

import functools
import os
import threading

import joblib
from threadpoolctl import ThreadpoolController

from rustystats._kernels.openmp import max_threads, stay_on_this_thread

ROWS_PER_THREAD = 8192


def effective_n_threads(
    n_threads: int | None, n_rows: int, rows_per_thread: int = ROWS_PER_THREAD
) -> int:
    """Threads for a loop over n_rows: what was asked for, but none with too few rows to pay.

    Parameters
    ----------
    n_threads : int or None
        None takes what this process should use: see above.
    n_rows : int
    rows_per_thread : int
        Waking a thread costs about as much as this many rows of the loop.

    Raises
    ------
    ValueError
        If n_threads is not a positive whole number or None.
    """
    most = max(1, n_rows // rows_per_thread)
    if n_threads is None:
        return 1 if most == 1 else min(_available(), most)
    if isinstance(n_threads, bool) or not hasattr(n_threads, "__index__") or n_threads < 1:
        raise ValueError(f"n_threads must be a positive whole number or None, not {n_threads!r}")
    return min(int(n_threads), most)


def _available():
    # "4,2" is OpenMP's spelling for nested levels: the outer one is ours.
    asked = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    given = int(asked) if asked.isdigit() else 0
    return min(max_threads(), given or _processors())


@functools.cache
def _processors():
    return joblib.cpu_count()  # reads files: not for every fit


class _Inside(threading.local):
    """How deep a thread is inside, and what it had of libraries that keep a number a thread."""

    depth, former = 0, ()


class _SingleThreadedBlas:
    """A context that may be entered many times over, from any thread, and ends with the last."""

    def __init__(self):
        self.lock, self.inside = threading.Lock(), _Inside()
        self.n_threads, self.former = 0, ()

    def __enter__(self):
        if self.inside.depth == 0:
            own, shared = _blas_libraries()
            self.inside.former = _limit(own)
            with self.lock:
                if self.n_threads == 0:
                    self.former = _limit(shared)
                self.n_threads += 1
        self.inside.depth += 1

    def __exit__(self, *_):
        self.inside.depth -= 1
        if self.inside.depth == 0:
            _restore(self.inside.former)
            with self.lock:
                self.n_threads -= 1
                if self.n_threads == 0:
                    _restore(self.former)

    def begin_process(self):  # pragma: no cover - runs in forked processes, not followed there
        """Of a new process: it has only the thread that forked."""
        self.lock.release()
        self.n_threads = min(self.inside.depth, 1)


@functools.cache
def _blas_libraries():
    """Those whose number of threads is the calling thread's own, and those where all share one."""
    import scipy.linalg.cython_blas  # noqa: F401  the BLAS our kernels call must be loaded first

    own, shared = [], []
    for library in ThreadpoolController().select(user_api="blas").lib_controllers:
        per_thread = getattr(library, "threading_layer", None) == "openmp"
        (own if per_thread else shared).append(library)
    return own, shared


def _limit(libraries):
    """Set them to one thread; returns what they had."""
    former = [(library, library.num_threads) for library in libraries]
    _restore((library, 1) for library in libraries)
    return former


def _restore(former):
    for library, n_threads in former:
        # Newer versions of threadpoolctl let one thread alone set what all share, and ignore others
        release = getattr(library, "clear_controlling_thread", lambda force: None)
        release(force=True)
        library.set_num_threads(n_threads)
        release(force=True)


_BLAS = _SingleThreadedBlas()


def single_threaded_blas():
    """Context in which BLAS runs on the calling thread: the kernels thread over rows themselves."""
    return _BLAS


def _begin_process():  # pragma: no cover - runs in forked processes, not followed there
    _BLAS.begin_process()
    stay_on_this_thread()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_BLAS.lock.acquire, after_in_parent=_BLAS.lock.release, after_in_child=_begin_process
    )
