"""Models that the tests of diagnostics share."""

import numpy as np
import pytest

import rustystats as rs


@pytest.fixture(scope="session")
def portfolio():
    data = rs.datasets.make_motor_portfolio(12_000, seed=2)
    data["Age"] = data["VehAge"][::-1].to_numpy()  # a name inside the name of another column
    return data


@pytest.fixture(scope="session")
def frequency(portfolio):
    """A Poisson model with exposure; VehGas, BonusMalus and Age are not in it."""
    formula = "ClaimNb ~ bs(DrivAge, df=5) + log(Density) + VehAge + C(Area)"
    return rs.glm(formula, portfolio, family="poisson", exposure="Exposure").fit()


@pytest.fixture(scope="session")
def binary():
    """A logistic model of 0/1 with prior weights, some of them 0."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=3_000)
    y = (rng.random(3_000) < 1 / (1 + np.exp(1 - x))).astype(float)
    data = {"y": y, "x": x, "w": rng.integers(0, 4, 3_000).astype(float)}
    return rs.glm("y ~ x", data, family="binomial", weights="w").fit()


@pytest.fixture(scope="session")
def assert_close():
    return _assert_close


def _assert_close(one, other):
    if isinstance(one, dict):
        assert list(one) == list(other)
        for key, value in one.items():
            _assert_close(value, other[key])
    elif isinstance(one, list):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            _assert_close(a, b)
    else:
        # values of no size are rounding: a fit converges to a tolerance
        assert one == other or one == pytest.approx(other, rel=1e-4, abs=1e-6)
