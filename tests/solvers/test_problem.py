"""The objective as documented: its value, its gradient, its sample."""

from dataclasses import replace

import numpy as np
import pytest

from rustystats.design.blocks import DenseBlock, TableBlock, constant_block
from rustystats.design.matrix import DesignMatrix
from rustystats.families import Poisson
from rustystats.links import Log
from rustystats.solvers.irls import solve_irls
from rustystats.solvers.penalty import Penalty
from rustystats.solvers.problem import Problem

N = 400


def make_problem(pair, alpha=0.0, weights=True):
    rng = np.random.default_rng(0)
    design = DesignMatrix(
        [
            constant_block(N),
            TableBlock(rng.integers(0, 4, N).astype(np.uint8), np.eye(4)[:, 1:]),
            DenseBlock(rng.normal(size=(N, 2))),
        ]
    )
    y = pair.draw(rng, rng.uniform(0.3, 0.7, N))
    weights = rng.exponential(size=N) if weights else None
    penalty = None
    if alpha:
        penalty = Penalty(alpha, 0.0, np.array([0, 1, 1, 2, 1, 0.5]), np.ones(6))
    offset = pair.unit * rng.uniform(-0.05, 0.05, N)
    return Problem(design, y, pair.family, pair.link, weights, offset, penalty, 0)


def coefficients(pair):
    return np.r_[pair.centre, pair.unit * np.linspace(-0.04, 0.05, 5)]


def objective(problem, coef, alpha):
    """The formula at the top of `problem.py`."""
    eta = problem.design.to_dense() @ coef + problem.offset
    deviance = problem.weights @ problem.family.unit_deviance(problem.y, problem.link.inverse(eta))
    penalty = np.array([0, 1, 1, 2, 1, 0.5]) @ coef**2
    return deviance / (2 * problem.weights.sum()) + alpha / 2 * penalty


@pytest.mark.parametrize("alpha", [0.0, 0.3])
def test_objective_and_gradient(pair, alpha):
    problem, coef = make_problem(pair, alpha), coefficients(pair)
    point = problem.evaluate(coef, True)
    scale = 2 * problem.total_weight
    np.testing.assert_allclose(point.objective / scale, objective(problem, coef, alpha), rtol=1e-12)
    for j, unit in enumerate(np.eye(6)):
        step = 1e-6 * unit
        slope = objective(problem, coef + step, alpha) - objective(problem, coef - step, alpha)
        np.testing.assert_allclose(-point.score[j] / problem.total_weight, slope / 2e-6, atol=1e-7)
    assert point.coef is coef
    np.testing.assert_allclose(
        problem.evaluate(coef, False).score, point.score, rtol=1e-12, atol=1e-12
    )
    assert problem.evaluate(coef, False).gram is None


def test_gram_deviance_and_pearson_leave_the_penalty_out(pair):
    free, coef = make_problem(pair).evaluate(coefficients(pair), True), coefficients(pair)
    penalised = make_problem(pair, 0.3).evaluate(coef, True)
    np.testing.assert_array_equal(penalised.gram, free.gram)
    assert (penalised.deviance, penalised.pearson) == (free.deviance, free.pearson)
    assert free.objective == free.deviance


def test_counts(pairs):
    problem = make_problem(pairs["poisson", "log"], weights=False)
    assert (problem.total_weight, problem.n_obs) == (N, N)
    weights = np.full(N, 0.5)
    weights[:100] = 0
    weighted = Problem(problem.design, problem.y, Poisson(), Log(), weights)
    assert (weighted.total_weight, weighted.n_obs) == (150, N - 100)


def test_dispersion(pair):
    problem = make_problem(pair)
    point = problem.evaluate(coefficients(pair), False)
    fixed = pair.family_name in ("poisson", "binomial", "negbinomial")
    assert problem.dispersion(point, 6) == (1.0 if fixed else point.pearson / (N - 6))
    assert fixed or np.isnan(problem.dispersion(point, N))


def test_only_the_normal_with_the_identity_is_quadratic(pair):
    problem = make_problem(pair)
    assert problem.is_quadratic == (str(pair) == "gaussian-identity")


@pytest.mark.parametrize("kind", ["index", "mask", "slice", "strided"])
def test_take(pair, kind):
    problem, rng = make_problem(pair, 0.3), np.random.default_rng(1)
    rows = {
        "index": rng.integers(0, N, N),
        "mask": rng.random(N) < 0.8,
        "slice": slice(10, 300),
        "strided": slice(None, None, 3),
    }[kind]
    part = problem.take(rows)
    y, weights, offset = (v[rows].copy() for v in (problem.y, problem.weights, problem.offset))
    design = DesignMatrix([DenseBlock(problem.design.to_dense()[rows])])
    written_out = replace(problem, design=design, y=y, weights=weights, offset=offset)
    assert (part.total_weight, part.n_obs) == (weights.sum(), len(y))
    assert part.penalty is problem.penalty
    found, expected = (p.evaluate(coefficients(pair), True) for p in (part, written_out))
    for name in ("deviance", "pearson", "objective"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-12)
    np.testing.assert_allclose(
        found.score, expected.score, atol=1e-11 * np.abs(expected.score).max()
    )
    np.testing.assert_allclose(found.gram, expected.gram, atol=1e-12 * expected.gram.max())
    bare = replace(problem, weights=None, offset=None).take(rows)
    assert (bare.weights, bare.offset, bare.n_obs) == (None, None, len(y))


def test_sample(pairs):
    problem = make_problem(pairs["poisson", "log"], 0.3)
    rows = slice(None, None, 4)
    sample = problem.sample(rows)
    assert sample.design.shape == (N // 4, 6)
    np.testing.assert_array_equal(sample.design.to_dense(), problem.design.to_dense()[rows])
    for name in ("y", "weights", "offset"):
        np.testing.assert_array_equal(getattr(sample, name), getattr(problem, name)[rows])
        assert getattr(sample, name).flags.c_contiguous
    assert sample.total_weight == problem.weights[rows].sum()
    scales = sample.design.column_scales**2
    scales[0] = 0
    np.testing.assert_allclose(
        sample.ridge,
        scales + problem.ridge * sample.total_weight / problem.total_weight,
        rtol=1e-14,
    )


@pytest.mark.parametrize("out", [[4], [1, 2, 3], [0], [0, 5]], ids=str)
def test_a_fit_with_excluded_columns_is_that_without_them(pair, out):
    problem = make_problem(pair)
    x = problem.design.to_dense()
    if 0 in out:  # the levels stand in for the intercept: a mean of 1/2 each
        x = np.column_stack([x[:, 0], 1 - x[:, 1:4].sum(axis=1), x[:, 1:4], x[:, 5]])
    excluded = np.isin(np.arange(6), out)

    def solve(x, **options):
        return solve_irls(
            replace(problem, design=DesignMatrix([DenseBlock(x)]), **options), tol=1e-15
        )

    fit = solve(x, excluded=excluded)
    narrow = solve(np.ascontiguousarray(x[:, ~excluded]), intercept=None if 0 in out else 0)
    np.testing.assert_array_equal(fit.aliased, excluded)
    assert (fit.coef[excluded] == 0).all()
    size = max(1, abs(pair.unit))
    np.testing.assert_allclose(fit.coef[~excluded], narrow.coef, atol=1e-8 * size)
    np.testing.assert_allclose(fit.deviance, narrow.deviance, rtol=1e-10)
    assert fit.rank == narrow.rank == 6 - len(out)
    assert fit.converged
    again = solve_irls(
        replace(problem, design=DesignMatrix([DenseBlock(x)]), excluded=excluded),
        tol=1e-15,
        start=fit.coef,
    )
    np.testing.assert_array_equal(again.aliased, excluded)
    np.testing.assert_allclose(again.coef, fit.coef, atol=1e-8 * size)


def test_excluded_columns_with_a_penalty_and_aliased_ones(pairs):
    problem = make_problem(pairs["poisson", "log"])
    x = problem.design.to_dense()
    wide = DesignMatrix([DenseBlock(np.column_stack([x, x[:, 4], x[:, 5]]))])
    excluded = np.arange(8) == 4
    fit = solve_irls(replace(problem, design=wide, excluded=excluded), tol=1e-15)
    # the copy of the excluded column stands in for it, that of the other is aliased
    np.testing.assert_array_equal(np.flatnonzero(fit.aliased), [4, 7])
    plain = solve_irls(problem, tol=1e-15)
    np.testing.assert_allclose(fit.coef[[0, 1, 2, 3, 6, 5]], plain.coef, atol=1e-9)


def test_a_step_far_too_long_for_several_threads_warns_of_nothing():
    # each thread's sums are finite, their total is not
    rows, edge = 20_000, np.log(6e303)
    design = DesignMatrix([constant_block(rows)], n_threads=2)
    problem = Problem(design, np.ones(rows), Poisson(), Log(), intercept=0)
    assert design.n_threads == 2
    point = problem.evaluate(np.array([edge]), with_gram=True)
    assert np.isinf(point.deviance)
    (point,) = problem.evaluate_lanes([(problem, np.array([edge]))])
    assert np.isinf(point.deviance)
