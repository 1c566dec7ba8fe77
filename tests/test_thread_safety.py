"""Fits and predictions from several threads at once are, to the last bit, those of one."""

import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GroupKFold
from threadpoolctl import threadpool_info, threadpool_limits

import rustystats as rs

rng = np.random.default_rng(0)
N = 20_000
FRAME = pd.DataFrame(
    {
        "age": rng.integers(18, 90, N),
        "area": rng.choice(list("ABCDEF"), N),
        "brand": rng.choice([f"B{k}" for k in range(40)], N),
        "size": rng.normal(size=N),
    }
)
MU = np.exp(0.1 * (FRAME["area"] == "B") + 0.2 * FRAME["size"])
Y = rng.poisson(MU * rng.gamma(2.0, 0.5, N)).astype(float)
COST = Y * rng.gamma(2.0, size=N)
FORMULA = "bs(age, df=5) + C(area) + C(brand) + size"
WORKS = {
    "poisson": lambda: rs.GLMRegressor("poisson", formula=FORMULA).fit(FRAME, Y),
    "binomial": lambda: rs.GLMClassifier(formula=FORMULA).fit(FRAME, Y > 0),
    "theta": lambda: rs.GLMRegressor("negbinomial", formula="C(area) + size").fit(FRAME, Y),
    "tweedie": lambda: rs.GLMRegressor("tweedie", "log", formula="C(area)").fit(FRAME, COST),
    "encoding": lambda: rs.GLMRegressor("poisson", formula="TE(brand) + size").fit(FRAME, Y),
    "lasso": lambda: rs.GLMRegressor("poisson", alpha=0.01, l1_ratio=1.0, formula=FORMULA).fit(
        FRAME, Y
    ),
    "folds": lambda: rs.GLMRegressorCV(
        "poisson", formula="C(area) + size", cv=3, n_alphas=8, random_state=0
    ).fit(FRAME, Y),
}


def bits(model):
    """What a model is, and what it says of rows, as bytes."""
    errors = model.result_.bse() if getattr(model, "l1_ratio", 0.0) == 0 else 0.0
    parts = (model.coef_, model.predict(FRAME), errors)
    return tuple(np.asarray(part, dtype=float).tobytes() for part in parts)


@pytest.fixture(scope="module")
def alone():
    """The bits of each work done by itself."""
    return {name: bits(work()) for name, work in WORKS.items()}


def blas_threads():
    return [found["num_threads"] for found in threadpool_info() if found["user_api"] == "blas"]


def test_different_fits_at_the_same_time(alone):
    names = [*WORKS, *reversed(WORKS)]
    with threadpool_limits(limits=2, user_api="blas"):
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda name: bits(WORKS[name]()), names))
        assert set(blas_threads()) == {2}
    for name, one in zip(names, found, strict=True):
        assert one == alone[name], name


@pytest.mark.parametrize("name", ["poisson", "encoding"])
def test_one_model_asked_from_many_threads_for_the_first_time(alone, name):
    """What results keep once computed is computed by several threads here, to the same end."""
    model, n = WORKS[name](), 6
    together = threading.Barrier(n)

    def ask(_):
        together.wait(30)
        return bits(model), model.result_.summary()

    with ThreadPoolExecutor(n) as pool:
        found = list(pool.map(ask, range(n)))
    assert all(one == alone[name] for one, _ in found)
    assert len({text for _, text in found}) == 1


class SlowFolds(GroupKFold):
    """Folds of groups that take their time."""

    def split(self, X, y=None, groups=None):
        for pair in super().split(X, y, groups):
            time.sleep(0.1)
            yield pair


def test_folds_of_groups_in_two_threads_leave_the_filters_of_warnings_alone():
    def choose(delay):
        time.sleep(delay)
        model = rs.GLMRegressorCV("poisson", formula="size", cv=SlowFolds(2), n_alphas=3)
        return model.fit(FRAME, Y, groups=FRAME["brand"]).alpha_

    before = list(warnings.filters)
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(choose, [0.0, 0.1])
    assert one == other
    assert warnings.filters == before


def test_a_fit_leaves_the_state_of_the_process_alone():
    """Errors of numpy, its random numbers, and filters of warnings."""
    before = np.geterr(), np.random.get_state()[1].tobytes(), list(warnings.filters)  # noqa: NPY002
    for name in WORKS:
        WORKS[name]()
    after = np.geterr(), np.random.get_state()[1].tobytes(), list(warnings.filters)  # noqa: NPY002
    assert before == after
