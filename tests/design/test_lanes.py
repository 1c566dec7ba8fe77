"""Several coefficient vectors in one pass: the same scores and deviances as one after the other."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from rustystats._kernels.lanes import MOST_LANES
from rustystats.design.blocks import DenseBlock, TableBlock, constant_block
from rustystats.design.matrix import DesignMatrix
from rustystats.solvers.problem import Problem

N = 1501  # more than a block of rows, and no multiple of one


def blocks_of(kind):
    rng = np.random.default_rng(3)
    small = TableBlock(rng.integers(0, 5, N).astype(np.uint8), np.eye(5)[:, 1:])
    other = TableBlock(rng.integers(0, 300, N).astype(np.uint16), rng.normal(size=(300, 3)))
    looked_up = TableBlock(rng.integers(0, 900, N).astype(np.uint32), rng.normal(size=(900, 1)))
    wide = TableBlock(
        rng.integers(0, 400, N).astype(np.uint16), sparse.eye_array(400, format="csr")[:, :5]
    )
    direct = DenseBlock(rng.normal(size=(N, 6)))
    strided = DenseBlock(np.asfortranarray(rng.normal(size=(N, 2)).astype(np.float32)))
    one = constant_block(N)
    return {
        "tables": [one, small, other, looked_up],
        "sparse": [one, wide, small],
        "dense": [one, direct],
        "strided": [strided],
        "mixed": [one, small, direct, looked_up, strided, other],
        "constant": [one],
    }[kind]


def problem_of(pair, kind, with_weights, with_offset, n_threads=1):
    rng = np.random.default_rng(4)
    weights = rng.integers(0, 3, N).astype(float) if with_weights else None
    offset = pair.unit * rng.uniform(-0.05, 0.05, N) if with_offset else None
    y = pair.draw(rng, rng.uniform(0.3, 0.7, N))
    design = DesignMatrix(blocks_of(kind), n_threads)
    return Problem(design, y, pair.family, pair.link, weights, offset)


def coefficients(problem, pair, lanes):
    rng = np.random.default_rng(5)
    size = 0.02 * pair.unit / problem.design.shape[1]
    coefs = size * rng.normal(size=(lanes, problem.design.shape[1]))
    coefs[:, 0] += pair.centre
    return list(coefs)


def assert_same(problem, coefs):
    points = problem.evaluate_lanes([(problem, coef) for coef in coefs])
    for point, coef in zip(points, coefs, strict=True):
        expected = problem.evaluate(coef, with_gram=False)
        assert point.gram is None
        np.testing.assert_array_equal(point.coef, coef)
        for name in ("deviance", "pearson", "objective"):
            np.testing.assert_allclose(getattr(point, name), getattr(expected, name), rtol=1e-12)
        size = np.abs(expected.score).max()
        np.testing.assert_allclose(point.score, expected.score, rtol=1e-11, atol=1e-12 * size)


@pytest.mark.parametrize("lanes", range(1, MOST_LANES + 1))
@pytest.mark.parametrize("kind", ["tables", "sparse", "dense", "strided", "mixed", "constant"])
def test_lanes_are_passes_one_after_the_other(pairs, kind, lanes):
    pair = pairs["poisson", "log"]
    problem = problem_of(pair, kind, True, True)
    assert_same(problem, coefficients(problem, pair, lanes))


@pytest.mark.parametrize("with_weights", [False, True])
def test_every_family_and_link(pair, with_weights):
    problem = problem_of(pair, "tables", with_weights, not with_weights)
    assert_same(problem, coefficients(problem, pair, 3))


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_threads_and_rows_of_a_part(pairs, n_threads):
    pair = pairs["poisson", "log"]
    problem = problem_of(pair, "mixed", True, True, n_threads)
    assert_same(problem, coefficients(problem, pair, 5))
    assert_same(problem.take(np.arange(0, N, 2)), coefficients(problem, pair, 5))
    assert_same(problem.take(slice(7, 900)), coefficients(problem, pair, 2))


def test_a_mean_outside_the_domain_is_its_lanes_alone(pairs):
    pair = pairs["poisson", "identity"]
    problem = problem_of(pair, "tables", True, False)
    coefs = coefficients(problem, pair, 4)
    coefs[2] = coefs[2] - 2 * pair.centre * np.eye(1, len(coefs[2]))[0]
    points = problem.evaluate_lanes([(problem, coef) for coef in coefs])
    assert [np.isinf(point.objective) for point in points] == [False, False, True, False]
    assert points[2].score is None


def test_rows_of_weight_0_may_have_any_mean(pairs):
    pair = pairs["poisson", "identity"]
    problem = problem_of(pair, "tables", True, False)
    offset = np.where(problem.weights == 0, -100.0, 0.0)
    shifted = replace(problem, offset=offset)
    coefs = coefficients(problem, pair, 3)
    found = shifted.evaluate_lanes([(shifted, coef) for coef in coefs])
    expected = problem.evaluate_lanes([(problem, coef) for coef in coefs])
    for a, b in zip(found, expected, strict=True):
        assert a.deviance == b.deviance
        np.testing.assert_array_equal(a.score, b.score)


def test_no_lanes(pairs):
    problem = problem_of(pairs["poisson", "log"], "tables", False, False)
    assert problem.evaluate_lanes([]) == []
