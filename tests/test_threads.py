"""How many threads, and BLAS on one."""

import os

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from rustystats.threads import ROWS_PER_THREAD, effective_n_threads, single_threaded_blas

PLENTY = 10**9


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
    assert effective_n_threads(None, PLENTY) == expected
    assert effective_n_threads(2, PLENTY) == 2


@pytest.mark.parametrize("variable", [None, "", "0", "many", "-2"])
def test_none_takes_the_processors_of_this_process(monkeypatch, variable):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if variable is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", variable)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    assert effective_n_threads(None, PLENTY) == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert effective_n_threads(None, PLENTY) == 6


@pytest.mark.parametrize("wrong", [0, -1, 2.0, "2", True, False, [1]])
def test_refused(wrong):
    with pytest.raises(ValueError, match="n_threads must be a positive whole number or None"):
        effective_n_threads(wrong, PLENTY)


def test_blas_runs_on_one_thread():
    def counts():
        return [lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"]

    before = counts()
    with single_threaded_blas():
        assert set(counts()) == {1}
    assert counts() == before
    with pytest.raises(KeyError), single_threaded_blas():
        raise KeyError
    assert counts() == before
