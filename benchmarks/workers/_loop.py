"""The conversation between the driver and one worker process: JSON lines in, JSON lines out.

A worker is started as ``python -P workers/<system>.py WORK VARIANT CACHE``, loads its data, says
that it is ready, and then answers the commands ``peak`` and ``fit`` until its input ends.
"""

import ctypes
import gc
import importlib.metadata
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any, NamedTuple

PACKAGES = (
    "rustystats",
    "glum",
    "tabmat",
    "scikit-learn",
    "category_encoders",
    "statsmodels",
    "numpy",
    "scipy",
    "pandas",
    "polars",
    "pyarrow",
)


class Job(NamedTuple):
    """One benchmark work as one system does it.

    data, small : what `fit` takes; `small` is a sample of the rows, fitted once before the memory
        is measured, so that modules imported on first use do not count as memory of the fit.
    fit : from the data in memory to coefficients and standard errors; this is what is timed.
    check : from the data and what `fit` returned to ``{"deviance", "coef", "se"}``; not timed.
    """

    data: Any
    small: Any
    fit: Callable[[Any], Any]
    check: Callable[[Any, Any], dict]


def serve(builders):
    """Answer the driver until it closes the pipe. `builders`: {(work, variant): cache -> Job}."""
    reply = _private_stdout()
    work, variant, cache = sys.argv[1:4]
    try:
        job = builders[work, variant](cache)
        _release_unused()
        reply({"ready": True, "versions": _versions()})
        actions = {"fit": _timed_fit, "peak": _peak_fit}
        for line in sys.stdin:
            gc.collect()
            reply(actions[json.loads(line)["do"]](job))
    except Exception as error:  # the message may hold paths: it stays in the log
        traceback.print_exc()
        reply({"error": f"{type(error).__name__}, see its log in .cache"})


def _private_stdout():
    """Keep the pipe to the driver for ourselves; whatever a library prints goes to the log."""
    pipe = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def reply(message):
        pipe.write(json.dumps(message) + "\n")
        pipe.flush()

    return reply


def _timed_fit(job):
    start = time.perf_counter()
    fitted = job.fit(job.data)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, **job.check(job.data, fitted)}


def _peak_fit(job):
    """The highest resident memory during one fit, less the resident memory before it, in MB."""
    try:
        job.fit(job.small)
    except Exception as error:  # a small sample may be too small; that is no fault of the system
        print(f"the fit of the sample failed: {error!r}", file=sys.stderr)
    gc.collect()
    _release_unused()
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    before = _memory_mb("VmRSS")
    fitted = job.fit(job.data)
    peak = _memory_mb("VmHWM") - before
    return {"peak_mb": peak, **job.check(job.data, fitted)}


def _memory_mb(field):
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
    raise LookupError(field)


def _release_unused():
    """Hand freed memory back, so that a fit cannot hide in what loading the data left behind."""
    gc.collect()
    if "pyarrow" in sys.modules:
        sys.modules["pyarrow"].default_memory_pool().release_unused()
    ctypes.CDLL(None).malloc_trim(0)


def _versions():
    found = {"python": sys.version.split()[0]}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
