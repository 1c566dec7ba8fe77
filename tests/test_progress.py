"""Progress is said where it is asked for; an interrupt at any stage leaves things as they were."""

import os
import select
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

import rustystats as rs
from rustystats.progress import listening, report, shown

rng = np.random.default_rng(0)
X = rng.normal(size=(500, 3))
Y = rng.negative_binomial(2, 2 / (2 + np.exp(0.2 + X @ [0.4, -0.3, 0.0]))).astype(float)
FRAME = pd.DataFrame(X, columns=list("abc")).assign(y=Y)
FITS = {
    "steps": lambda: rs.GLMRegressor("poisson"),
    "rounds": lambda: rs.GLMRegressor("negbinomial"),
    "lasso": lambda: rs.GLMRegressor("poisson", alpha=0.01, l1_ratio=1.0),
    "folds": lambda: rs.GLMRegressorCV("poisson", cv=3, n_alphas=5, random_state=0),
}


def stages_of(work):
    """What is reported meanwhile."""
    heard = []
    with listening(lambda stage, facts: heard.append((stage, facts))):
        work()
    return heard


def test_each_step_of_a_fit_is_reported_with_its_deviance():
    fitted = {}
    heard = stages_of(lambda: fitted.update(model=rs.GLMRegressor("poisson").fit(X, Y)))
    model = fitted["model"]
    assert [stage for stage, _ in heard] == ["step"] * model.n_iter_
    deviances = [facts["deviance"] for _, facts in heard]
    assert deviances == sorted(deviances, reverse=True)
    assert deviances[-1] == model.result_.deviance


def test_verbose_fit_prints_lines_where_there_is_no_terminal(capsys):
    model = rs.GLMRegressor("poisson", verbose=True).fit(X, Y)
    printed = capsys.readouterr()
    assert printed.out == ""
    lines = printed.err.splitlines()
    assert len(lines) == model.n_iter_
    assert lines[0].startswith("step 1: deviance ")
    result = rs.glm("y ~ a", FRAME, "negbinomial").fit(verbose=True)
    lines = capsys.readouterr().err.splitlines()
    rounds = [line for line in lines if line.startswith("round")]
    assert len(rounds) == result.fit.parameter.rounds
    assert rounds[0].startswith("round 1: theta ")
    rs.GLMClassifier(verbose=True).fit(X, Y > 1)
    assert capsys.readouterr().err.startswith("step 1: ")


@pytest.mark.parametrize("alphas", [None, [0.1, 0.01, 0.0]])
def test_verbose_path_prints_each_alpha(capsys, alphas):
    model = rs.glm("y ~ a + b + c", FRAME, "poisson")
    path = model.regularization_path(alphas=alphas, n_alphas=7, verbose=True)
    lines = capsys.readouterr().err.splitlines()
    n = len(path.alphas)
    assert lines == [f"alpha {k + 1} of {n}: alpha {a:.10g}" for k, a in enumerate(path.alphas)]
    rs.lasso_path(Y, X, "poisson", alphas=alphas, n_alphas=7, verbose=True)
    assert len(capsys.readouterr().err.splitlines()) == n


def test_nothing_is_printed_by_default(capsys):
    for make in FITS.values():
        make().fit(X, Y)
    rs.glm("y ~ a", FRAME, "poisson").regularization_path(n_alphas=5)
    assert capsys.readouterr() == ("", "")


def test_a_listener_hears_its_own_thread_alone():
    heard = []
    with listening(lambda stage, facts: heard.append(stage)), ThreadPoolExecutor(1) as pool:
        pool.submit(report, "step").result()
        assert heard == []
        report("step")
    report("step")
    assert heard == ["step"]


def test_stages_that_are_not_shown_are_passed_over(capsys):
    with shown(True, "work", ("fold",), 2):
        report("step", deviance=1.0)
        report("fold")
    assert capsys.readouterr().err == "fold 1 of 2\n"


def interrupt_at(position):
    """A listener that interrupts at the report of this number."""
    left = iter(range(position - 1, -1, -1))

    def listener(stage, facts):
        if next(left) == 0:
            raise KeyboardInterrupt

    return listener


@pytest.mark.parametrize("name", FITS)
def test_an_interrupt_at_any_stage_leaves_an_estimator_as_it_was(name):
    n = len(stages_of(lambda: FITS[name]().fit(X, Y)))
    assert n > 2
    for position in (1, (n + 1) // 2, n):
        fresh, fitted = FITS[name](), FITS[name]().fit(X, Y)
        predicted = fitted.predict(X)
        for model in (fresh, fitted):
            before = dict(vars(model))
            with pytest.raises(KeyboardInterrupt), listening(interrupt_at(position)):
                model.fit(X, Y)
            assert vars(model).keys() == before.keys()
            assert all(vars(model)[key] is value for key, value in before.items())
        np.testing.assert_array_equal(fitted.predict(X), predicted)
    model = FITS[name]().fit(X, Y)  # and nothing lingers in the process
    np.testing.assert_array_equal(model.predict(X), predicted)


LONG_FIT = """
import sys, time
import numpy as np
import rustystats as rs
from threadpoolctl import threadpool_info

def blas():
    return [found["num_threads"] for found in threadpool_info() if found["user_api"] == "blas"]

rng = np.random.default_rng(0)
X = rng.normal(size=(20_000, 20))
y = rng.poisson(1.0, size=20_000).astype(float)
model = rs.GLMRegressorCV("poisson", cv=3, n_alphas=5).fit(X, y)
before, limits = dict(vars(model)), blas()
model.set_params(cv=100, n_alphas=1000, alpha_min_ratio=1e-6)
parameters = dict(vars(model))
print("started", flush=True)
try:
    model.fit(X, y)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    same = all(vars(model)[name] is value for name, value in parameters.items())
    print(same and vars(model).keys() == before.keys(), blas() == limits)
    model.predict(X)
"""


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_a_real_interrupt_stops_a_long_fit_and_leaves_the_estimator_as_it_was():
    command = [sys.executable, "-P", "-c", LONG_FIT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "started\n"
            time.sleep(1.0)
            assert process.poll() is None
            for _ in range(3):  # Python loses one that meets the end of a generator
                process.send_signal(signal.SIGINT)
                # a hundredth of a second where nobody else is busy
                if select.select([process.stdout], [], [], 20)[0]:
                    break
            said = process.stdout.readline()
            assert said == "interrupted\n", f"it ended with {process.wait(60)}"
            assert process.stdout.readline() == "True True\n"
            assert process.wait(60) == 0
        finally:
            process.kill()
