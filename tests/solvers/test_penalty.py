"""The penalty as documented: its weights, and what a `Problem` makes of it."""

from dataclasses import replace

import numpy as np
import pytest

from rustystats.design.blocks import DenseBlock, TableBlock, constant_block
from rustystats.design.matrix import DesignMatrix
from rustystats.solvers.penalty import Penalty
from rustystats.solvers.problem import Problem

N, P = 150, 6
FACTORS = np.array([0.0, 1.0, 1.0, 2.0, 0.5, 0.0])
SCALES = np.array([1.0, 0.3, 2.0, 1.0, 0.7, 5.0])
TARGET = np.array([0.2, 0.1, -0.2, 0.0, 0.3, 0.4])
COEF = np.array([0.3, -0.1, 0.2, 0.0, 0.4, -0.2])


def make_problem(pair, penalty):
    rng = np.random.default_rng(0)
    design = DesignMatrix(
        [
            constant_block(N),
            TableBlock(rng.integers(0, 4, N).astype(np.uint8), np.eye(4)[:, 1:]),
            DenseBlock(rng.uniform(-1, 1, (N, 2))),
        ],
        1,
    )
    y = pair.draw(rng, rng.uniform(0.3, 0.7, N))
    weights, offset = rng.exponential(size=N), pair.unit * rng.uniform(-0.05, 0.05, N)
    return Problem(design, y, pair.family, pair.link, weights, offset, penalty, 0)


def test_weights_of_the_absolute_values_and_squares():
    penalty = Penalty(0.5, 0.3, FACTORS, SCALES)
    np.testing.assert_allclose(penalty.l1(), 0.5 * 0.3 * FACTORS * SCALES, rtol=1e-15)
    np.testing.assert_allclose(penalty.ridge(), 0.5 * 0.7 * FACTORS * SCALES**2, rtol=1e-15)
    assert penalty.l1_share == 0.15
    assert penalty.norm(COEF, penalty.l1()) == pytest.approx(penalty.l1() @ np.abs(COEF))


def test_at_another_alpha():
    penalty = Penalty(0.5, 0.3, FACTORS, SCALES, TARGET, TARGET - 1, TARGET + 1)
    other = penalty.at(np.float64(2.0))
    assert (other.alpha, penalty.alpha) == (2.0, 0.5)
    assert type(other.alpha) is float
    np.testing.assert_allclose(other.l1(), 4 * penalty.l1(), rtol=1e-15)
    np.testing.assert_allclose(other.ridge(), 4 * penalty.ridge(), rtol=1e-15)
    for name in ("l1_ratio", "factors", "scales", "target", "lower", "upper", "groups"):
        assert getattr(other, name) is getattr(penalty, name)


def test_what_is_smooth():
    ends = {"lower": np.full(P, -1.0), "upper": np.full(P, 1.0)}
    assert Penalty(0.5, 0.0, FACTORS, SCALES, TARGET).is_smooth
    assert Penalty(0.0, 1.0, FACTORS, SCALES).is_smooth
    assert not Penalty(0.5, 1e-9, FACTORS, SCALES).is_smooth
    assert not Penalty(0.5, 0.0, FACTORS, SCALES, **ends).is_smooth
    assert not Penalty(0.0, 0.0, FACTORS, SCALES, **ends).is_smooth


@pytest.mark.parametrize("l1_ratio", [1.0, 0.3, 0.0])
def test_objective_and_score_of_a_problem(objective, pair, l1_ratio):
    penalty = Penalty(0.4, l1_ratio, FACTORS, SCALES, TARGET)
    problem = make_problem(pair, penalty)
    coef = np.r_[pair.centre, pair.unit * COEF[1:] / 10]
    point, plain = problem.evaluate(coef, True), objective.of(problem)
    l1, l2 = 0.4 * l1_ratio * FACTORS * SCALES, 0.4 * (1 - l1_ratio) * FACTORS * SCALES**2
    total = problem.weights.sum()
    value = plain.value(coef, l1, l2, TARGET)
    assert point.objective / (2 * total) == pytest.approx(value, rel=1e-12)
    smooth = plain.descent(coef) - l2 * (coef - TARGET)
    np.testing.assert_allclose(point.score / total, smooth, rtol=1e-10, atol=1e-13)
    unpenalised = replace(problem, penalty=None).evaluate(coef, True)
    np.testing.assert_array_equal(point.gram, unpenalised.gram)
    assert point.deviance == unpenalised.deviance
    np.testing.assert_allclose(
        problem.penalised(point.gram), unpenalised.gram + total * np.diag(l2), rtol=1e-14
    )


def test_parts_of_a_problem_that_are_not_there(pairs):
    pair = pairs["gaussian", "identity"]
    lasso = make_problem(pair, Penalty(0.4, 1.0, FACTORS, SCALES))
    assert lasso.ridge is None
    np.testing.assert_allclose(lasso.l1, lasso.total_weight * 0.4 * FACTORS * SCALES)
    ridge = make_problem(pair, Penalty(0.4, 0.0, FACTORS, SCALES))
    assert ridge.l1 is None
    np.testing.assert_allclose(ridge.ridge, ridge.total_weight * 0.4 * FACTORS * SCALES**2)
    none = make_problem(pair, None)
    assert none.l1 is none.ridge is None
    assert none.is_smooth
    assert ridge.is_smooth
    assert not lasso.is_smooth
    np.testing.assert_array_equal(lasso.from_target(COEF), COEF)
    drawn = make_problem(pair, Penalty(0.4, 1.0, FACTORS, SCALES, TARGET))
    np.testing.assert_array_equal(drawn.from_target(COEF), COEF - TARGET)
