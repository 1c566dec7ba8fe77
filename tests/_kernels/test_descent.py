"""Coordinate descent against soft thresholds in closed form, and sweep by sweep against Python."""

import numpy as np
import pytest

from rustystats._kernels.descent import descend

INF = np.inf


def make_quadratic(p=6, seed=0, correlation=0.5):
    """A Hessian with a scale of its own for each column, and the score at 0."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(4 * p, p)) + correlation * rng.normal(size=(4 * p, 1))
    x *= rng.uniform(0.3, 3, p)
    return x.T @ x, x.T @ (x @ rng.normal(size=p)) + rng.normal(size=p)


def run(hessian, score, l1, lower=-INF, upper=INF, columns=None, tol=0.0, sweeps=1, coef=None):
    """Whether they rest, the coefficients and the scores, from `coef` on."""
    p = len(hessian)
    l1, lower, upper = (np.broadcast_to(np.float64(v), p).copy() for v in (l1, lower, upper))
    columns = np.arange(p) if columns is None else np.asarray(columns)
    coef = np.zeros(p) if coef is None else coef.copy()
    score = score - hessian @ coef
    rests = descend(hessian, l1, lower, upper, columns, tol, sweeps, score, coef)
    return rests, coef, score


def soft(value, threshold):
    return np.sign(value) * np.maximum(np.abs(value) - threshold, 0.0)


def sweep(hessian, score, l1, lower, upper, columns, coef):
    """One sweep over `columns`, in Python; the largest change in units of the root curvature."""
    largest = 0.0
    for j in columns:
        best = soft(hessian[j, j] * coef[j] + score[j], l1[j]) / hessian[j, j]
        change = min(max(best, lower[j]), upper[j]) - coef[j]
        coef[j] += change
        score -= change * hessian[j]
        largest = max(largest, abs(change) * np.sqrt(hessian[j, j]))
    return largest


def test_a_diagonal_quadratic_is_done_in_one_sweep_and_rests_after_two_more():
    diagonal = np.array([1.0, 2.0, 0.5, 4.0, 1e-6, 1e6])
    score = np.array([3.0, -3.0, 0.2, -0.9, 1e-6, 2e6])
    l1 = np.array([1.0, 0.5, 0.3, 0.9, 0.0, 1.0])
    assert not run(np.diag(diagonal), score, l1, sweeps=2)[0]
    rests, coef, left = run(np.diag(diagonal), score, l1, sweeps=3)
    assert rests
    np.testing.assert_allclose(coef, soft(score, l1) / diagonal, rtol=1e-15)
    np.testing.assert_allclose(left, score - diagonal * coef, atol=1e-9)
    assert (coef[[2, 3]] == 0).all()


@pytest.mark.parametrize(
    ("lower", "upper", "expected"),
    [
        (-INF, INF, 2.0),
        (-INF, 1.5, 1.5),
        (2.5, INF, 2.5),
        (-3.0, -1.0, -1.0),
        (0.0, 0.0, 0.0),
        (2.0, 2.0, 2.0),
    ],
)
def test_bounds(lower, upper, expected):
    _, coef, score = run(np.array([[2.0]]), np.array([5.0]), 1.0, lower, upper, sweeps=5)
    assert coef[0] == expected
    assert score[0] == 5.0 - 2.0 * expected


def test_the_threshold_itself_is_zero():
    for sign in (-1.0, 1.0):
        _, coef, _ = run(np.array([[3.0]]), np.array([sign * 0.7]), 0.7, sweeps=3)
        assert coef[0] == 0
        beyond = np.nextafter(0.7, 1.0)
        _, coef, _ = run(np.array([[3.0]]), np.array([sign * beyond]), 0.7, sweeps=3)
        assert np.sign(coef[0]) == sign


@pytest.mark.parametrize("start", [None, 0.3], ids=["from 0", "from elsewhere"])
@pytest.mark.parametrize("sweeps", [1, 2, 3, 7])
def test_sweeps_are_those_of_the_textbook(sweeps, start):
    """All columns in the first, then those that are not 0, and all again when these rest."""
    hessian, score = make_quadratic()
    l1 = np.array([0.0, 20.0, 50.0, 90.0, 5.0, 40.0])
    lower, upper = np.full(6, -0.4), np.full(6, 0.6)
    coef = None if start is None else np.full(6, start)
    _, found, left = run(hessian, score, l1, lower, upper, tol=0.1, sweeps=sweeps, coef=coef)
    expected = np.zeros(6) if start is None else np.full(6, start)
    score = score - hessian @ expected
    everything = True
    for _ in range(sweeps):
        active = [j for j in range(6) if everything or expected[j] != 0 or l1[j] == 0]
        at_rest = sweep(hessian, score, l1, lower, upper, active, expected) <= 0.1
        if everything and at_rest:
            break
        everything = at_rest
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(left, score, atol=1e-10)


def test_a_column_without_penalty_is_swept_at_0_too():
    """It was at its best in the first sweep, and is not once the other has moved."""
    hessian, score = np.array([[1.0, 0.5], [0.5, 1.0]]), np.array([0.0, 1.0])
    _, coef, _ = run(hessian, score, np.array([0.0, 0.1]), sweeps=2, tol=1e-9)
    np.testing.assert_allclose(coef, [-0.45, 1.0 - 0.1 + 0.225], rtol=1e-14)


def test_columns_that_may_not_move():
    hessian, score = make_quadratic()
    start = np.array([0.1, -0.2, 0.3, 0.0, 0.5, 0.0])
    rests, coef, left = run(
        hessian, score, 2.0, columns=[1, 3, 4], sweeps=500, coef=start, tol=1e-9
    )
    assert rests
    np.testing.assert_array_equal(coef[[0, 2, 5]], start[[0, 2, 5]])
    assert (coef[[1, 3, 4]] != start[[1, 3, 4]]).all()
    np.testing.assert_allclose(left, score - hessian @ coef, atol=1e-8)
    np.testing.assert_allclose(np.abs(left[[1, 3, 4]]), 2.0, atol=1e-7)


def test_the_objective_never_rises():
    hessian, score = make_quadratic(correlation=3.0)
    l1, coef = np.full(6, 30.0), np.full(6, 0.2)
    values = []
    for _ in range(40):
        _, coef, left = run(hessian, score, l1, coef=coef)
        values.append(0.5 * coef @ hessian @ coef - score @ coef + l1 @ np.abs(coef))
        np.testing.assert_allclose(left, score - hessian @ coef, atol=1e-9)
    assert (np.diff(values) <= 1e-9).all()
    assert values[-1] < values[0] - 1


def test_what_rests_has_been_swept_in_full():
    """A column enters only after the others have moved: sweeps over these alone do not see it."""
    hessian = np.array([[1.0, 0.6], [0.6, 1.0]])
    score = np.array([0.9, -1.0])  # column 0 waits below its threshold until column 1 has moved
    rests, coef, left = run(hessian, score, np.array([1.2, 0.2]), sweeps=100, tol=1e-12)
    assert rests
    assert coef[0] > 0 > coef[1]
    np.testing.assert_allclose(left, [1.2, -0.2], atol=1e-12)


def test_too_few_sweeps_do_not_rest():
    hessian, score = make_quadratic(correlation=5.0)
    for sweeps in (1, 5):
        assert run(hessian, score, 1.0, sweeps=sweeps, tol=1e-10)[0] is False
    assert run(hessian, score, 1.0, sweeps=10_000, tol=1e-10)[0] is True
    assert run(hessian, score, 1.0, sweeps=0)[0] is False


def test_rest_is_measured_in_units_of_the_curvature():
    """The change of a coefficient times its root curvature does not depend on the column's unit."""
    hessian, score = make_quadratic(correlation=2.0)
    units = np.array([1e-6, 1e6, 1.0, 1e3, 1e-3, 1.0])
    _, plain, _ = run(hessian, score, 10.0, sweeps=200, tol=1e-3)
    scaled = hessian * units * units[:, None]
    _, other, _ = run(scaled, score * units, 10.0 * units, sweeps=200, tol=1e-3)
    np.testing.assert_allclose(other * units, plain, rtol=1e-9)
