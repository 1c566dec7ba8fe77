"""The quadratic with absolute values and bounds: the conditions for its one minimum, and a brute
descent in numpy that it must not be worse than."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rustystats.solvers import quadratic
from rustystats.solvers.quadratic import minimise_quadratic, violation

INF = np.inf


def minimise(hessian, score, l1, lower=-INF, upper=INF, gap=None, movable=None, tol=None):
    """From `gap` on; `score` is that at 0."""
    p = len(score)
    l1, lower, upper = (np.broadcast_to(np.float64(v), p).copy() for v in (l1, lower, upper))
    gap = np.zeros(p) if gap is None else gap
    movable = np.ones(p, dtype=bool) if movable is None else movable
    if tol is None:
        tol = 1e-9 * np.sqrt(np.maximum(np.diagonal(hessian), 1e-30)) * scale_of(hessian, score, l1)
    at = score - hessian @ gap
    return minimise_quadratic(hessian, at, gap, l1, lower, upper, movable, tol)


def scale_of(hessian, score, l1):
    """The largest slope, each column in units of its root curvature."""
    size = np.sqrt(np.diagonal(hessian))
    size = np.where(size > 0, size, INF)
    return max(np.max((np.abs(score) + l1) / size), 1e-300)


def value(coef, hessian, score, l1):
    return 0.5 * coef @ hessian @ coef - score @ coef + l1 @ np.abs(coef)


def slopes(coef, hessian, score, l1, lower, upper):
    """How steeply the quadratic falls to either side of each coefficient, from its definition."""
    gradient = hessian @ coef - score
    up = np.where(coef < upper, -(gradient + np.where(coef >= 0, l1, -l1)), 0.0)
    down = np.where(coef > lower, gradient - np.where(coef <= 0, l1, -l1), 0.0)
    return np.maximum(np.maximum(up, down), 0.0)


def brute(hessian, score, l1, lower, upper, movable, sweeps=300):
    """Plain coordinate descent."""
    coef = np.clip(np.zeros(len(score)), lower, upper)
    coef[~movable] = 0.0
    left = score - hessian @ coef
    for _ in range(sweeps):
        for j in np.flatnonzero(movable & (np.diagonal(hessian) > 0)):
            wish = hessian[j, j] * coef[j] + left[j]
            wish = np.sign(wish) * max(abs(wish) - l1[j], 0) / hessian[j, j]
            change = min(max(wish, lower[j]), upper[j]) - coef[j]
            coef[j] += change
            left -= change * hessian[j]
    return coef


# ---- any quadratic -----------------------------------------------------------------------------


@st.composite
def quadratics(draw):
    """Hessians of full rank, singular (also with equal or empty columns), or nearly so; weights and
    bounds of every kind, some columns on scales of their own, some not to be moved."""
    p = draw(st.integers(1, 9))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    rows = draw(st.sampled_from([max(1, p // 2), p, 3 * p, 20 * p]))
    x = rng.normal(size=(rows, p)) + draw(st.sampled_from([0.0, 1.0, 30.0])) * rng.normal(
        size=(rows, 1)
    )
    kind = draw(st.sampled_from(["", "equal", "near", "empty", "scales"]))
    if kind == "equal":
        x[:, -1] = -2 * x[:, 0]
    elif kind == "near":
        x[:, -1] = x[:, 0] + 1e-5 * rng.normal(size=rows)
    elif kind == "empty":
        x[:, rng.integers(p)] = 0.0
    elif kind == "scales":
        x *= 10.0 ** rng.uniform(-4, 4, p)
    hessian = x.T @ x
    score = x.T @ (x @ rng.normal(size=p) + rng.normal(size=rows))
    typical = np.maximum(np.abs(score), 1e-12)
    l1 = typical * rng.choice([0.0, 0.1, 0.9, 1.0, 2.0], p)
    size = 1 / np.sqrt(np.maximum(np.diagonal(hessian), 1e-12))
    lower, upper = np.full(p, -INF), np.full(p, INF)
    for j in range(p):
        choice = rng.integers(7)
        near = size[j] * rng.uniform(0, 2)
        if choice in (1, 2):
            lower[j] = -near if choice == 1 else 0.0
        if choice in (1, 3):
            upper[j] = near if choice == 1 else 0.0
        if choice == 4:  # 0 is outside
            lower[j], upper[j] = near, 3 * near
        if choice == 5:  # held
            lower[j] = upper[j] = -near
    movable = rng.random(p) < 0.9
    gap = draw(st.sampled_from([0.0, 1.0])) * size * rng.normal(size=p)
    return hessian, score, l1, lower, upper, movable, gap


@settings(max_examples=150)
@given(quadratics())
def test_any_quadratic(drawn):
    hessian, score, l1, lower, upper, movable, gap = drawn
    diagonal = np.diagonal(hessian)
    found = minimise(hessian, score, l1, lower, upper, gap, movable)
    moves = movable & (diagonal > 0)
    np.testing.assert_array_equal(found[~moves], gap[~moves])
    assert (found >= lower)[moves].all()
    assert (found <= upper)[moves].all()
    # what stays where it is belongs to the score of the others
    rest = score - hessian[:, ~moves] @ gap[~moves]
    h, at = hessian[np.ix_(moves, moves)], rest[moves]
    ends = (lower[moves], upper[moves])
    if moves.any():
        scale = scale_of(h, at, l1[moves])
        falls = slopes(found[moves], h, at, l1[moves], *ends) / np.sqrt(np.diagonal(h))
        assert falls.max() < 3e-9 * scale
        other = brute(h, at, l1[moves], *ends, np.ones(moves.sum(), dtype=bool))
        least = value(other, h, at, l1[moves])
        assert value(found[moves], h, at, l1[moves]) <= least + 1e-9 * (abs(least) + scale**2)


@settings(max_examples=60)
@given(st.integers(0, 10**6))
def test_violations_are_the_slopes(seed):
    """Of the quadratic to either side, by differences."""
    rng = np.random.default_rng(seed)
    p = 7
    x = rng.normal(size=(20, p))
    hessian, score, l1 = x.T @ x, 9 * rng.normal(size=p), rng.uniform(0, 9, p)
    lower, upper = np.full(p, -1.0), np.full(p, 1.0)
    coef = rng.choice([-1.0, -0.5, 0.0, 0.5, 1.0], p)
    found = violation(score - hessian @ coef, coef, l1, lower, upper)
    here = value(coef, hessian, score, l1)
    for j in range(p):
        steepest = 0.0
        for step in (1e-7, -1e-7):
            moved = coef.copy()
            moved[j] += step
            if lower[j] <= moved[j] <= upper[j]:
                steepest = max(steepest, (here - value(moved, hessian, score, l1)) / 1e-7)
        assert found[j] == pytest.approx(steepest, abs=1e-4)


# ---- cases with a known answer -----------------------------------------------------------------


def test_independent_columns_are_soft_thresholds_between_bounds():
    diagonal = np.array([1.0, 4.0, 2.0, 0.5, 1.0])
    score = np.array([3.0, -3.0, 1.0, 2.0, -8.0])
    found = minimise(
        np.diag(diagonal), score, 1.0, np.full(5, -2.0), np.array([INF, INF, INF, 1.5, INF])
    )
    np.testing.assert_allclose(found, [2.0, -0.5, 0.0, 1.5, -2.0], rtol=1e-15)
    assert found[2] == 0


def test_no_penalty_and_no_bounds_is_a_linear_system(monkeypatch):
    """Solved at once, whatever the signs that the sweeps ended with."""
    monkeypatch.setattr(quadratic, "MAX_ROUNDS", 1)
    monkeypatch.setattr(quadratic, "SWEEPS", 1)
    for seed in range(5):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(50, 12)) + 9 * rng.normal(size=(50, 1))
        score = rng.normal(size=12)
        expected = np.linalg.solve(x.T @ x, score)
        np.testing.assert_allclose(minimise(x.T @ x, score, 0.0), expected, rtol=1e-7)


def test_what_leaves_its_sign_or_bounds_is_held_there_exactly(monkeypatch):
    """By the exact solve alone, without a sweep that could mend it."""
    monkeypatch.setattr(quadratic, "MAX_ROUNDS", 1)
    monkeypatch.setattr(quadratic, "SWEEPS", 0)
    for seed in range(40):
        rng = np.random.default_rng(seed)
        hessian = np.diag(rng.uniform(1, 2, 3)) + 0.1
        gap = rng.uniform(0.3, 0.9, 3)
        # the second falls through 0, the third beyond a bound that is no round number
        score = hessian @ gap + np.array([1.0, -3.0, 3.0])
        upper = np.array([INF, INF, gap[2] + 1 / 7])
        found = minimise(hessian, score, 0.5, upper=upper, gap=gap)
        assert found[0] > 0
        assert found[1] == 0
        assert found[2] == upper[2]


@pytest.mark.parametrize("correlation", [0.99, 0.99999, 1 - 1e-9])
def test_correlated_columns_take_few_rounds(monkeypatch, correlation):
    """Coordinate descent alone would need thousands of sweeps."""
    monkeypatch.setattr(quadratic, "MAX_ROUNDS", 6)
    rng = np.random.default_rng(1)
    p = 40
    hessian = (1 - correlation) * np.eye(p) + correlation * np.ones((p, p))
    score = rng.normal(size=p) * (1 - correlation) + 1
    l1 = np.full(p, 0.3 * (1 - correlation))
    found = minimise(hessian, score, l1)
    falls = slopes(found, hessian, score, l1, np.full(p, -INF), np.full(p, INF))
    assert falls.max() < 2e-9
    assert 0 < np.count_nonzero(found) < p


def test_neighbours_as_smooth_as_splines_take_few_rounds(monkeypatch):
    monkeypatch.setattr(quadratic, "MAX_ROUNDS", 15)
    rng = np.random.default_rng(2)
    t = np.linspace(0, 1, 400)[:, None]
    x = np.exp(-((t - np.linspace(0, 1, 60)) ** 2) / 0.002)
    hessian, score = x.T @ x, x.T @ (np.sin(9 * t[:, 0]) + 0.3 * rng.normal(size=400))
    for share in (0.5, 0.05, 1e-3):
        l1 = np.full(60, share * np.abs(score).max())
        found = minimise(hessian, score, l1)
        falls = slopes(found, hessian, score, l1, np.full(60, -INF), np.full(60, INF))
        assert falls.max() < 1e-8 * np.abs(score).max()


@pytest.mark.parametrize("l1", [0.0, 1e-3], ids=["no penalty", "lasso"])
def test_more_columns_than_rows_take_few_rounds(monkeypatch, l1):
    """Singular: without a penalty, anything on a plane is a minimum."""
    monkeypatch.setattr(quadratic, "MAX_ROUNDS", 15)
    rng = np.random.default_rng(3)
    x = rng.normal(size=(20, 60))
    hessian, score = x.T @ x, x.T @ rng.normal(size=20)
    l1 = np.full(60, l1)
    found = minimise(hessian, score, l1)
    falls = slopes(found, hessian, score, l1, np.full(60, -INF), np.full(60, INF))
    assert falls.max() < 1e-7
    assert np.abs(found).max() < 5


def test_equal_columns():
    hessian = np.array([[2.0, 2.0, 0.0], [2.0, 2.0, 0.0], [0.0, 0.0, 1.0]])
    score = np.array([3.0, 3.0, 1.0])
    found = minimise(hessian, score, 1.0)
    assert found[:2].sum() == pytest.approx(1.0, rel=1e-12)
    assert (found[:2] >= 0).all()
    assert found[2] == 0
    bounded = minimise(hessian, score, 1.0, upper=0.4)
    np.testing.assert_array_equal(bounded[:2], 0.4)


@pytest.mark.parametrize("excess", [1e-11, 1e-6])
def test_a_quadratic_that_rounding_left_without_a_minimum(excess):
    """No exact solve is possible; the sweeps alone end at the answer for equal columns."""
    hessian = np.array([[1.0, 1 + excess], [1 + excess, 1.0]])
    found = minimise(hessian, np.ones(2), 0.1, gap=np.array([0.4, 0.4]))
    assert found.sum() == pytest.approx(0.9, rel=1e-4)
    assert (found >= 0).all()


def test_where_it_starts_does_not_matter():
    rng = np.random.default_rng(4)
    x = rng.normal(size=(40, 8)) + rng.normal(size=(40, 1))
    hessian, score = x.T @ x, x.T @ rng.normal(size=40)
    lower, upper = np.full(8, -0.1), np.full(8, 0.2)
    expected = minimise(hessian, score, 0.5, lower, upper)
    for seed in range(5):
        gap = np.random.default_rng(seed).normal(size=8)  # mostly outside the bounds
        found = minimise(hessian, score, 0.5, lower, upper, gap)
        np.testing.assert_allclose(found, expected, atol=1e-10)


def test_what_may_not_move_stays_outside_its_bounds_too():
    hessian, score = np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([1.0, 1.0])
    gap, movable = np.array([0.0, 5.0]), np.array([True, False])
    found = minimise(hessian, score, 0.0, 0.0, 1.0, gap, movable)
    np.testing.assert_array_equal(found, [0.0, 5.0])
    found = minimise(hessian, score, 0.0, -INF, 1.0, gap, movable)
    np.testing.assert_array_equal(found, [-2.0, 5.0])
    np.testing.assert_array_equal(minimise(hessian, score, 0.0, gap=gap, movable=~movable)[0], 0.0)
    nothing = minimise(hessian, score, 0.0, gap=gap, movable=np.zeros(2, dtype=bool))
    np.testing.assert_array_equal(nothing, gap)


def test_empty_columns_do_not_move():
    hessian = np.diag([0.0, 1.0])
    found = minimise(hessian, np.array([0.0, 2.0]), 1.0, gap=np.array([3.0, 0.0]))
    np.testing.assert_array_equal(found, [3.0, 1.0])


def test_what_is_given_is_left_alone():
    hessian, score = np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([3.0, -1.0])
    gap, l1, ends = np.array([0.5, 0.5]), np.ones(2), np.ones(2)
    copies = [a.copy() for a in (hessian, score, gap, l1, ends)]
    movable, tol = np.ones(2, dtype=bool), np.full(2, 1e-9)
    minimise_quadratic(hessian, score, gap, l1, -ends, ends, movable, tol)
    for array, copy in zip((hessian, score, gap, l1, ends), copies, strict=True):
        np.testing.assert_array_equal(array, copy)
    assert movable.all()
