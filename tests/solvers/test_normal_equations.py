"""Solving with a Gram: numpy's answers, and R's choice of columns to leave out."""

import numpy as np
import pytest

from rustystats.solvers.normal_equations import NormalEquations


def independent_in_order(x):
    """Columns that raise the rank of those before them."""
    ranks = [np.linalg.matrix_rank(x[:, : k + 1]) for k in range(x.shape[1])]
    return np.diff(ranks, prepend=0) == 0


@pytest.mark.parametrize("p", [1, 2, 17])
@pytest.mark.parametrize("spread", [0, 8])
def test_full_rank(p, spread):
    rng = np.random.default_rng(p)
    x = rng.normal(size=(60, p)) * 10.0 ** rng.uniform(-spread, spread, p)
    gram, right = x.T @ x, x.T @ rng.normal(size=60)
    system = NormalEquations(gram)
    assert system.rank == p
    assert not system.aliased.any()
    scale = np.sqrt(np.diagonal(gram))
    unit = gram / np.outer(scale, scale)
    expected = np.linalg.solve(unit, right / scale) / scale
    np.testing.assert_allclose(system.solve(right), expected, rtol=1e-11)
    inverse = np.linalg.inv(unit) / np.outer(scale, scale)
    np.testing.assert_allclose(system.inverse(), inverse, rtol=1e-9, atol=1e-300)


def columns(kind):
    rng = np.random.default_rng(0)
    a, b, c = rng.normal(size=(3, 90))
    one, zero = np.ones(90), np.zeros(90)
    level = np.eye(4)[rng.integers(0, 4, 90)]
    return np.column_stack({
        "twice": [one, a, a, b],
        "scaled": [a, 1e6 * a, b, -1e-6 * b],
        "sum": [one, a, b, a + b, c, 2 * c - 1],
        "constants": [one, 3 * one, a],
        "zero": [zero, one, zero, a, zero],
        "zero last": [a, zero],
        "zero alone": [zero, zero],
        "indicators": [one, *level.T, a],
        "indicators first": [*level.T, one, a],
        "two factors": [*level.T, *np.eye(3)[rng.integers(0, 3, 90)].T],
        "mixed": [a, zero, a + b, b, one, c, 2 * one + c, a - b],
    }[kind])  # fmt: skip


KINDS = ["twice", "scaled", "sum", "constants", "zero", "zero last", "zero alone", "indicators",
         "indicators first", "two factors", "mixed"]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_aliased_columns_are_those_that_add_nothing_to_the_ones_before(kind):
    x = columns(kind)
    y = np.random.default_rng(1).normal(size=len(x))
    system = NormalEquations(x.T @ x)
    expected = independent_in_order(x / np.maximum(np.linalg.norm(x, axis=0), 1e-300))
    np.testing.assert_array_equal(system.aliased, expected)
    assert system.rank == np.count_nonzero(~expected)
    coef = system.solve(x.T @ y)
    assert (coef[expected] == 0).all()
    np.testing.assert_allclose(x @ coef, x @ (np.linalg.pinv(x) @ y), atol=1e-10)
    inverse = system.inverse()
    assert np.isnan(inverse[expected]).all()
    assert np.isnan(inverse[:, expected]).all()
    kept = x[:, ~expected]
    np.testing.assert_allclose(
        inverse[np.ix_(~expected, ~expected)], np.linalg.inv(kept.T @ kept), rtol=1e-8
    )


@pytest.mark.parametrize(("factor", "aliased"), [(10.0, False), (0.1, True)])
def test_the_pivot_decides(factor, aliased):
    q = np.linalg.qr(np.random.default_rng(0).normal(size=(50, 2)))[0]
    x = np.column_stack([q[:, 0], q[:, 0] + np.sqrt(factor * 1e-11) * q[:, 1]])
    np.testing.assert_array_equal(NormalEquations(x.T @ x).aliased, [False, aliased])


def test_given_aliased_columns_are_left_out():
    x = np.random.default_rng(0).normal(size=(30, 4))
    right = x.T @ np.ones(30)
    aliased = np.array([False, True, False, False])
    system = NormalEquations(x.T @ x, aliased)
    np.testing.assert_array_equal(system.aliased, aliased)
    kept = x[:, ~aliased]
    expected = np.linalg.solve(kept.T @ kept, right[~aliased])
    np.testing.assert_allclose(system.solve(right)[~aliased], expected, rtol=1e-12)
    assert system.solve(right)[1] == 0


def test_a_gram_that_became_singular_still_gives_a_finite_step():
    x = columns("twice")
    system = NormalEquations(x.T @ x, np.zeros(4, dtype=bool))
    assert np.isfinite(system.solve(x.T @ np.ones(90))).all()


def test_no_columns():
    system = NormalEquations(np.zeros((0, 0)))
    assert system.rank == 0
    assert system.solve(np.zeros(0)).shape == (0,)
    assert system.inverse().shape == (0, 0)


def test_the_gram_is_left_alone():
    x = columns("mixed")
    gram = x.T @ x
    before = gram.copy()
    system = NormalEquations(gram)
    system.inverse()
    first = system.solve(x.T @ np.ones(90))
    np.testing.assert_array_equal(gram, before)
    np.testing.assert_array_equal(system.solve(x.T @ np.ones(90)), first)
    np.testing.assert_array_equal(system.inverse(), system.inverse())
