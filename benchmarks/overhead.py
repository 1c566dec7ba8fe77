"""What a small fit and the import cost, where the data cost nothing.

    python -P benchmarks/overhead.py

* 1,000 x 10 normal columns, Poisson, no penalty: `GLMRegressor` (with standard errors at hand)
  against scikit-learn's `PoissonRegressor`, in one process, in turn; the median of 50.
* `import rustystats` after `import sklearn`, in fresh processes, bytecode at hand; the median of 9.
"""

import os
import statistics
import subprocess
import sys
import time

import numpy as np
from sklearn.linear_model import PoissonRegressor

from rustystats import GLMRegressor

ROUNDS, PROCESSES = 50, 9
IMPORT = """
import sklearn, time
start = time.perf_counter()
import rustystats
print(time.perf_counter() - start)
"""
MAKERS = {
    "ours": lambda: GLMRegressor(family="poisson"),
    "scikit-learn, newton-cholesky": lambda: PoissonRegressor(alpha=0, solver="newton-cholesky"),
    "scikit-learn, lbfgs": lambda: PoissonRegressor(alpha=0),
}


def fits():
    """Seconds of each fit, by name."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1000, 10))
    y = rng.poisson(np.exp(0.1 + X @ rng.normal(scale=0.2, size=10))).astype(float)
    seconds = {name: [] for name in MAKERS}
    for turn in range(ROUNDS + 1):
        for name, make in MAKERS.items():
            start = time.perf_counter()
            make().fit(X, y)
            if turn:  # the first warms up
                seconds[name].append(time.perf_counter() - start)
    return seconds


def imports():
    """Seconds of the import in each process; the first, which may compile, does not count."""
    unset = "PYTHONDONTWRITEBYTECODE"  # compiling takes twice as long as all the rest
    environment = {name: value for name, value in os.environ.items() if name != unset}
    command = [sys.executable, "-P", "-c", IMPORT]
    found = [subprocess.check_output(command, env=environment) for _ in range(PROCESSES + 1)]
    return [float(seconds) for seconds in found[1:]]


def main():
    """Print the medians in milliseconds, and the ranges."""
    for name, seconds in {**fits(), "import rustystats": imports()}.items():
        low, middle, high = (1e3 * f(seconds) for f in (min, statistics.median, max))
        print(f"{name:32} {middle:8.2f} ms  ({low:.2f} .. {high:.2f})")


if __name__ == "__main__":
    main()
