"""What must hold for every family with every link, whatever the data (hypothesis)."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rustystats.design.blocks import DenseBlock, TableBlock, constant_block
from rustystats.design.matrix import DesignMatrix
from rustystats.solvers.irls import solve_irls
from rustystats.solvers.problem import Problem

N = 400
TOL = 1e-17
few = settings(max_examples=4)
seeds = st.integers(0, 2**32 - 1)


def data_of(pair, seed, n=N):
    """An intercept, a factor of three levels, two numbers; a response with these effects."""
    rng = np.random.default_rng(seed)
    codes = rng.permutation(np.arange(n) % 3)
    numbers = rng.integers(-8, 9, (n, 2)) / 8  # exact in float32
    x = np.column_stack([np.ones(n), codes == 1, codes == 2, numbers]).astype(float)
    effects = np.r_[pair.centre, pair.unit * np.array([0.1, -0.1, 0.1, -0.08])]
    return x, codes, pair.draw(rng, pair.link.inverse(x @ effects)), rng


def fit_to(pair, x, y, n_threads=1, **options):
    design = x if isinstance(x, DesignMatrix) else DesignMatrix([DenseBlock(x)], n_threads)
    problem = Problem(design, y, pair.family, pair.link, intercept=0, **options)
    fit = solve_irls(problem, tol=TOL, max_iter=300)
    mu = problem.link.inverse(design.matvec(fit.coef, problem.offset))
    assume(np.abs(mu - 0.5).max() < 0.45)  # an optimum on the border of the domain has no slope 0
    return fit, problem


def assert_same(pair, one, two, error=3e-7):
    size = max(1, abs(pair.unit))
    np.testing.assert_allclose(one, two, rtol=error, atol=error * size)


@few
@given(seeds)
def check_weights(pair, seed):
    """Weight 2 is a row twice, weight 0 is no row."""
    x, _, y, rng = data_of(pair, seed)
    repeats = rng.integers(0, 4, N)
    one, _ = fit_to(pair, x, y, weights=repeats.astype(float))
    two, _ = fit_to(pair, np.repeat(x, repeats, axis=0), np.repeat(y, repeats))
    np.testing.assert_allclose(one.deviance, two.deviance, rtol=1e-10)
    assert_same(pair, one.coef, two.coef)


@few
@given(seeds, st.floats(-0.05, 0.05))
def check_offset(pair, seed, shift):
    """A constant offset moves the intercept alone."""
    x, _, y, _ = data_of(pair, seed)
    one, _ = fit_to(pair, x, y)
    two, _ = fit_to(pair, x, y, offset=np.full(N, shift * pair.unit))
    assert_same(pair, two.coef + np.r_[shift * pair.unit, np.zeros(4)], one.coef)
    np.testing.assert_allclose(one.deviance, two.deviance, rtol=1e-10)


@few
@given(seeds)
def check_order_and_scale(pair, seed):
    """Rows and columns may be permuted; a column times s has its coefficient and error over s."""
    x, _, y, rng = data_of(pair, seed)
    one, _ = fit_to(pair, x, y)
    rows = rng.permutation(N)
    assert_same(pair, fit_to(pair, x[rows], y[rows])[0].coef, one.coef)
    columns = np.r_[0, 1 + rng.permutation(4)]
    scales = np.r_[1.0, 10.0 ** rng.uniform(-3, 3, 4)]
    two, _ = fit_to(pair, x[:, columns] * scales, y)
    assert_same(pair, two.coef * scales, one.coef[columns])
    errors = [np.sqrt(np.diagonal(np.linalg.inv(fit.gram))) for fit in (one, two)]
    np.testing.assert_allclose(errors[1] * scales, errors[0][columns], rtol=1e-6)


@few
@given(seeds, st.integers(2, 4))
def check_storage(pair, seed, n_threads):
    """Threads and the kind of storage change nothing but rounding."""
    x, codes, y, _ = data_of(pair, seed)
    one, _ = fit_to(pair, x, y)
    levels = TableBlock(codes.astype(np.uint8), np.eye(3)[:, 1:])
    table = DesignMatrix([constant_block(N), levels, DenseBlock(x[:, 3:])], n_threads)
    for other in (
        table,
        DesignMatrix([DenseBlock(np.asfortranarray(x))]),
        DesignMatrix([DenseBlock(x.astype(np.float32))]),
        DesignMatrix([DenseBlock(x)], n_threads),
    ):
        fit, _ = fit_to(pair, other, y)
        assert_same(pair, fit.coef, one.coef)
        np.testing.assert_allclose(fit.deviance, one.deviance, rtol=1e-10)
        np.testing.assert_allclose(fit.gram, one.gram, rtol=1e-6, atol=1e-6 * one.gram.max())


@few
@given(seeds)
def check_optimum(pair, seed):
    """The deviance never rises, and at the end its slope is 0 in every direction."""
    x, _, y, rng = data_of(pair, seed)
    fit, problem = fit_to(pair, x, y, weights=rng.uniform(0.2, 2, N))
    history = np.array(fit.history)
    assert (np.diff(history) <= 1e-12 * history[0]).all()
    assert fit.converged
    score = problem.evaluate(fit.coef, True).score
    assert np.abs(score / np.sqrt(np.diagonal(fit.gram) * fit.pearson)).max() < 1e-7


CHECKS = [check_weights, check_offset, check_order_and_scale, check_storage, check_optimum]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_property(pair, check):
    check(pair)
