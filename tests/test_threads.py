"""How many threads, and BLAS on one."""

import os
import subprocess
import sys
import threading

import joblib
import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from rustystats.threads import ROWS_PER_THREAD, effective_n_threads, single_threaded_blas

PLENTY = 10**9


def run_python(code, timeout=120, **environment):
    """What a fresh process prints, line by line."""
    kept = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    command = [sys.executable, "-P", "-c", code]
    done = subprocess.run(
        command, env=kept | environment, capture_output=True, text=True, timeout=timeout
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def blas_threads():
    """Threads of each BLAS in this process."""
    return [found["num_threads"] for found in threadpool_info() if found["user_api"] == "blas"]


@pytest.mark.parametrize(
    ("asked", "n_rows", "expected"),
    [
        (1, PLENTY, 1),
        (7, PLENTY, 7),
        (np.int64(3), PLENTY, 3),
        (4, 0, 1),
        (4, ROWS_PER_THREAD - 1, 1),
        (4, 2 * ROWS_PER_THREAD, 2),
        (4, 4 * ROWS_PER_THREAD - 1, 3),
        (None, 0, 1),
    ],
)
def test_no_thread_without_its_rows(asked, n_rows, expected):
    assert effective_n_threads(asked, n_rows) == expected


def test_rows_per_thread():
    assert effective_n_threads(8, 100, rows_per_thread=20) == 5


@pytest.mark.parametrize(("variable", "expected"), [("3", 3), (" 5 ", 5), ("4,2", 4), ("12", 12)])
def test_none_honours_the_environment(monkeypatch, variable, expected):
    monkeypatch.setenv("OMP_NUM_THREADS", variable)
    with threadpool_limits(limits=16, user_api="openmp"):
        assert effective_n_threads(None, PLENTY) == expected
    assert effective_n_threads(2, PLENTY) == 2


@pytest.mark.parametrize("variable", [None, "", "0", "many", "-2"])
def test_none_takes_the_processors_of_this_process(monkeypatch, variable):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if variable is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", variable)
    with threadpool_limits(limits=512, user_api="openmp"):
        assert effective_n_threads(None, PLENTY) == joblib.cpu_count()


def test_none_honours_limits_of_threadpoolctl(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    with threadpool_limits(limits=1, user_api="openmp"):
        assert effective_n_threads(None, PLENTY) == 1


@pytest.mark.parametrize(
    ("variable", "count", "expected"), [("OMP_NUM_THREADS", 3, 3), ("LOKY_MAX_CPU_COUNT", 1, 1)]
)
def test_none_in_a_process_that_was_limited_from_outside(variable, count, expected):
    """LOKY_MAX_CPU_COUNT stands for the quota of a container, which joblib reads alike."""
    code = f"from rustystats.threads import *; print(effective_n_threads(None, {PLENTY}))"
    assert run_python(code, **{variable: str(count)}) == [str(expected)]


@pytest.mark.parametrize("wrong", [0, -1, 2.0, "2", True, False, [1]])
def test_refused(wrong):
    with pytest.raises(ValueError, match="n_threads must be a positive whole number or None"):
        effective_n_threads(wrong, PLENTY)


def test_blas_runs_on_one_thread():
    with threadpool_limits(limits=2, user_api="blas"):
        with single_threaded_blas():
            assert set(blas_threads()) == {1}
            with single_threaded_blas():
                assert set(blas_threads()) == {1}
            assert set(blas_threads()) == {1}
        assert set(blas_threads()) == {2}
        with pytest.raises(KeyError), single_threaded_blas():
            raise KeyError
        assert set(blas_threads()) == {2}


def test_blas_stays_on_one_thread_until_the_last_has_left():
    """The first to enter leaves first, while the second is still inside."""
    first_is_in, second_is_in, first_is_out = (threading.Event() for _ in range(3))
    seen = {}

    def first():
        with single_threaded_blas():
            first_is_in.set()
            second_is_in.wait(10)
        seen["after the first"] = blas_threads()
        first_is_out.set()

    def second():
        first_is_in.wait(10)
        with single_threaded_blas():
            second_is_in.set()
            first_is_out.wait(10)
            seen["inside the second"] = blas_threads()

    with threadpool_limits(limits=2, user_api="blas"):
        threads = [threading.Thread(target=target) for target in (first, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(seen["after the first"]) == set(seen["inside the second"]) == {1}
        assert set(blas_threads()) == {2}


FORK = """
import multiprocessing, os
import numpy as np
from rustystats import GLMRegressor

rng = np.random.default_rng(0)
X, y = rng.normal(size=(40_000, 5)), rng.poisson(1.0, size=40_000)

def fit(n_threads):
    return GLMRegressor("poisson", n_threads=n_threads).fit(X, y).coef_.tobytes()

def fit_and_count(_):
    fit(1)  # BLAS has threads of its own
    before = len(os.listdir("/proc/self/task"))
    return fit(2), len(os.listdir("/proc/self/task")) - before

here = fit(2)
with multiprocessing.get_context("fork").Pool(1) as pool:
    [(there, more)] = pool.map_async(fit_and_count, [None]).get(timeout=60)
print(here == there, more)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts threads in /proc")
def test_a_forked_process_fits_to_the_same_bits_on_its_one_thread():
    """GNU OpenMP would wait for ever for the threads that the first process had."""
    assert run_python(FORK) == ["True", "0"]


JOBLIB = """
import joblib
import numpy as np
from sklearn.model_selection import GridSearchCV
from rustystats import GLMRegressor
from rustystats.threads import effective_n_threads

def main():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40_000, 3))
    y = rng.poisson(np.exp(X @ [0.3, -0.2, 0.1])).astype(float)
    search = GridSearchCV(GLMRegressor("poisson", n_threads=2), {"alpha": [0.0, 0.1]}, cv=2)
    here = search.fit(X, y)
    for backend in ("threading", "multiprocessing", "loky"):
        with joblib.parallel_config(backend):
            there = search.set_params(n_jobs=2).fit(X, y)
        same = there.best_estimator_.coef_.tobytes() == here.best_estimator_.coef_.tobytes()
        for name in ("split0_test_score", "split1_test_score"):
            same = same and (there.cv_results_[name] == here.cv_results_[name]).all()
        print(backend, same)
    with joblib.parallel_config("loky", inner_max_num_threads=3):
        found = joblib.Parallel(2)(joblib.delayed(effective_n_threads)(None, 10**9) for _ in "ab")
    print(*found)

main()
"""


def test_workers_of_joblib_have_their_share_of_threads_and_the_same_bits():
    expected = ["threading", "True", "multiprocessing", "True", "loky", "True", "3", "3"]
    assert run_python(JOBLIB) == expected
