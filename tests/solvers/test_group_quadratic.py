"""The quadratic with a group penalty: brute force, closed forms, conditions of a minimum."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, root

from rustystats.solvers import group_quadratic
from rustystats.solvers.group_quadratic import group_violation, minimise_group_quadratic
from rustystats.solvers.normal_equations import NormalEquations


def objective(b, gram, score, start, groups, lam, scales):
    moved = b - start
    norms = [np.linalg.norm((scales * b)[g]) for g in groups]
    return moved @ gram @ moved / 2 - score @ moved + np.dot(lam, norms)


def excess(b, gram, score, start, groups, lam, scales, columns=slice(None)):
    """Largest violation of some columns, relative to the terms it is the difference of."""
    found = group_violation(score - gram @ (b - start), b, groups, lam, scales)
    size = np.abs(score) + np.abs(gram) @ (np.abs(b) + np.abs(start))
    for g, weight in zip(groups, lam, strict=True):
        size[g] += weight * scales[g] if np.isfinite(weight) else 0.0
    return np.max((np.abs(found) / np.maximum(size, 1e-300))[columns], initial=0.0)


def example(seed, sizes, free, rows=80, share=0.3, correlation=0.0, ridge=0.0):
    """gram, score, start, groups, lam, scales of a regression, `free` columns first."""
    rng = np.random.default_rng(seed)
    p = free + sum(sizes)
    x = rng.normal(size=(rows, p)) + correlation * rng.normal(size=(rows, 1))
    x *= np.exp(rng.normal(size=p))
    gram, start = x.T @ x / rows + ridge * np.eye(p), rng.normal(size=p)
    start[: free // 2] = 0
    score = x.T @ (x @ (rng.normal(size=p) * (rng.random(p) < 0.5)) + rng.normal(size=rows)) / rows
    groups = np.split(np.arange(free, p), free + np.cumsum(sizes[:-1], dtype=int) - free)
    scales = np.exp(rng.normal(size=p))
    at_null = score + gram @ start
    lam = [share * np.linalg.norm((at_null / scales)[g]) for g in groups]
    return gram, score, start, groups, np.array(lam), scales


def accelerated_descent(gram, score, start, groups, lam, scales, steps=60_000):
    """FISTA, restarted where the objective would rise, in coordinates where D is 1, until the steps
    are rounding."""
    gram, score, x0 = gram / np.outer(scales, scales), score / scales, start * scales
    rate = 1 / np.linalg.eigvalsh(gram)[-1]
    x, ahead, t = x0.copy(), x0.copy(), 1.0
    for _ in range(steps):
        new = ahead + rate * (score - gram @ (ahead - x0))
        for g, weight in zip(groups, lam, strict=True):
            norm = np.linalg.norm(new[g])
            new[g] *= max(0.0, 1 - rate * weight / norm) if norm > 0 else 0.0
        if (ahead - new) @ (new - x) > 0:
            t = 1.0
        t, old = (1 + np.sqrt(1 + 4 * t * t)) / 2, t
        moved = new - x
        ahead, x = new + (old - 1) / t * moved, new
        if np.abs(moved).max() <= 1e-16 * np.abs(x).max():
            return x / scales
    raise AssertionError("the gradient method has not converged")


@pytest.mark.parametrize("share", [0.9, 0.3, 0.03])
@pytest.mark.parametrize(
    ("sizes", "free", "correlation"), [([3, 1, 4, 2], 2, 0.0), ([5, 5], 0, 1.0), ([1] * 6, 3, 1.0)]
)
def test_brute_force(sizes, free, correlation, share):
    problem = example(len(sizes), sizes, free, share=share, correlation=correlation, ridge=0.05)
    gram, _, _, groups, _, scales = problem
    found = minimise_group_quadratic(*problem)
    # Unpenalised columns have no scale: equal ones let the gradient method converge
    scales[:free] = np.sqrt(np.diagonal(gram)[:free])
    expected = accelerated_descent(*problem)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)
    active = [bool(found[g].any()) for g in groups]
    assert active == [bool(expected[g].any()) for g in groups]
    assert excess(found, *problem) < 1e-13


def test_smooth_case_solved_by_scipy():
    problem = example(5, [3, 4, 2], 2, share=0.01)
    gram, score, start, groups, lam, scales = problem
    found = minimise_group_quadratic(*problem)
    assert all(found[g].all() for g in groups)

    def gradient(b):
        out = gram @ (b - start) - score
        for g, weight in zip(groups, lam, strict=True):
            out[g] += weight * scales[g] ** 2 * b[g] / np.linalg.norm(scales[g] * b[g])
        return out

    solution = root(gradient, start + np.linalg.solve(gram, score), tol=1e-14)
    np.testing.assert_allclose(found, solution.x, rtol=1e-11)


def coordinate_descent(gram, score, start, lam, scales, free, rounds=4000):
    b = start.copy()
    for _ in range(rounds):
        before = b.copy()
        for j in range(len(b)):
            right = score[j] - gram[j] @ (b - start) + gram[j, j] * b[j]
            bound = 0.0 if j < free else lam[j - free] * scales[j]
            b[j] = np.sign(right) * max(abs(right) - bound, 0.0) / gram[j, j]
        if np.allclose(b, before, rtol=1e-15, atol=1e-18):
            break
    return b


@pytest.mark.parametrize("share", [0.95, 0.5, 0.1, 1e-3])
def test_single_columns_are_the_lasso(share):
    problem = example(7, [1] * 12, 3, share=share, correlation=0.5)
    gram, score, start, _, lam, scales = problem
    expected = coordinate_descent(gram, score, start, lam, scales, 3)
    found = minimise_group_quadratic(*problem)
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-14)
    np.testing.assert_array_equal(found == 0, expected == 0)


@pytest.mark.parametrize("share", [1e-2, 1e-6])
@pytest.mark.parametrize("sizes", [[1] * 60, [3] * 20])
def test_more_columns_than_rows(sizes, share):
    """Most of the groups come and go on the way, and Newton's matrix is singular with them."""
    problem = example(3, sizes, 1, rows=25, share=share, correlation=1.0)
    found = minimise_group_quadratic(*problem)
    assert excess(found, *problem) < 1e-12
    if sizes[0] == 1:
        assert np.count_nonzero(found) <= 25


def test_identity_shrinks_every_group_alone():
    score, groups = np.array([3.0, 4.0, 0.5, -0.1, 2.0]), [np.array([0, 1]), np.array([3, 2])]
    found = minimise_group_quadratic(np.eye(5), score, np.zeros(5), groups, [2.0, 0.6], np.ones(5))
    np.testing.assert_allclose(found, [1.8, 2.4, 0, 0, 2.0], rtol=1e-15)
    assert (found[2:4] == 0).all()


@pytest.mark.parametrize("lam", [1e-14, 1e-8, 1e-3, 1.0, 1e2, 3e3])
@pytest.mark.parametrize("spread", [0, 3, 8])
def test_one_group_solves_the_secular_equation(lam, spread):
    rng = np.random.default_rng(spread)
    values, right = 10.0 ** rng.uniform(-spread, spread, 6), 1e3 * rng.normal(size=6)
    found = minimise_group_quadratic(
        np.diag(values), right, np.zeros(6), [np.arange(6)], [lam], np.ones(6)
    )
    if np.linalg.norm(right) <= lam:
        np.testing.assert_array_equal(found, 0)
        return
    top = np.log(np.linalg.norm(right / values))
    norm = np.exp(
        brentq(
            lambda u: np.linalg.norm(right / (values * np.exp(u) + lam)) - 1, -60, top, xtol=1e-15
        )
    )
    np.testing.assert_allclose(found, right / (values + lam / norm), rtol=1e-11)


@pytest.mark.parametrize("above", [1e-3, 1e-9, 1e-12, -1e-12, -1e-3])
def test_at_the_edge_of_a_group(above):
    """H_gg = h I: the norm is (||c|| - lam) / h."""
    right = np.array([0.6, -0.8, 3.0])
    lam, gram = 1 - above, np.diag([2.0, 2.0, 5.0])
    found = minimise_group_quadratic(
        gram, right, np.zeros(3), [np.array([0, 1])], [lam], np.ones(3)
    )
    expected = np.r_[right[:2] * max(np.linalg.norm(right[:2]) - lam, 0.0) / 2, 0.6]
    np.testing.assert_allclose(found, expected, rtol=1e-14, atol=1e-16)
    assert found[:2].any() == (above > 0)


def test_of_two_equal_groups_the_cheaper_takes_all():
    x = np.random.default_rng(0).normal(size=(50, 3))
    for twins in (np.hstack([x, x]), np.hstack([x[:, :1], x[:, :1]])):
        k = twins.shape[1] // 2
        gram, score = twins.T @ twins, 3 * twins.T @ np.ones(50)
        groups = [np.arange(k), np.arange(k, 2 * k)]
        start = np.random.default_rng(1).normal(size=2 * k)
        score = score - gram @ start  # expanded at `start`, the same problem
        found = minimise_group_quadratic(gram, score, start, groups, [1.01, 1.0], np.ones(2 * k))
        alone = minimise_group_quadratic(
            gram[k:, k:], score[k:] + gram[k:] @ start, np.zeros(k), [np.arange(k)], [1.0],
            np.ones(k),
        )  # fmt: skip
        np.testing.assert_array_equal(found[:k], 0)
        np.testing.assert_allclose(found[k:], alone, rtol=1e-11)


@pytest.mark.parametrize("share", [0.8, 0.2, 0.01])
def test_warm_equals_cold(share, monkeypatch):
    gram, score, start, groups, lam, scales = example(9, [5] * 9, 5, rows=200, share=share)
    penalty = groups, lam, scales
    cold = minimise_group_quadratic(gram, score, start, *penalty)
    rng = np.random.default_rng(0)
    far = rng.normal(size=50)
    other = minimise_group_quadratic(gram, score - gram @ (far - start), far, *penalty)
    np.testing.assert_allclose(other, cold, rtol=1e-11, atol=1e-13)
    # From nearby three steps of Newton's and no sweep, and at the answer nothing at all
    monkeypatch.setattr(group_quadratic._Scaled, "_sweep", None)
    near = cold * (1 + 1e-4 * rng.normal(size=50))
    at_near = score - gram @ (near - start)
    warm = minimise_group_quadratic(gram, at_near, near, *penalty, max_rounds=3)
    np.testing.assert_allclose(warm, cold, rtol=1e-11, atol=1e-13)
    np.testing.assert_array_equal(warm == 0, cold == 0)
    monkeypatch.setattr(group_quadratic._Scaled, "_newton_step", None)
    same = minimise_group_quadratic(gram, score - gram @ (cold - start), cold, *penalty)
    np.testing.assert_array_equal(same, cold)


@pytest.mark.parametrize("rows", [15, 80])
def test_no_step_raises_the_objective(rows):
    problem = example(2, [4] * 8, 3, rows=rows, share=0.03, correlation=1.0)
    reached = [minimise_group_quadratic(*problem, max_rounds=k) for k in range(40)]
    values = np.array([objective(b, *problem) for b in reached])
    assert (np.diff(values) <= 1e-12 * np.abs(values[0])).all()
    assert values[-1] < values[0] - 0.1
    np.testing.assert_array_equal(reached[0], problem[2])


def test_no_other_point_is_lower():
    problem = example(4, [3, 2, 4], 2, share=0.4)
    found = minimise_group_quadratic(*problem)
    least, rng = objective(found, *problem), np.random.default_rng(0)
    for size in 10.0 ** np.arange(-6, 1):
        for _ in range(50):
            nearby = found + size * rng.normal(size=len(found)) * (rng.random(len(found)) < 0.5)
            assert objective(nearby, *problem) >= least - 1e-14


def test_zero_and_infinite_weights():
    gram, score, start, groups, lam, scales = example(6, [3, 2, 4, 2], 2, share=0.2)
    lam[1], lam[2] = 0.0, np.inf
    found = minimise_group_quadratic(gram, score, start, groups, lam, scales)
    np.testing.assert_array_equal(found[groups[2]], 0)
    assert np.max(np.abs(score - gram @ (found - start))[groups[1]]) < 1e-13
    kept = np.setdiff1d(np.arange(13), groups[2])
    alone = minimise_group_quadratic(
        gram[np.ix_(kept, kept)], (score + gram @ start)[kept], np.zeros(9),
        [np.arange(2, 5), np.arange(7, 9)], lam[[0, 3]], scales[kept],
    )  # fmt: skip
    np.testing.assert_allclose(found[kept], alone, rtol=1e-11)
    everything = minimise_group_quadratic(gram, score, start, groups, np.zeros(4), scales)
    np.testing.assert_allclose(everything, start + np.linalg.solve(gram, score), rtol=1e-11)


def test_excluded_columns_stay_and_leave_their_group():
    gram, score, start, groups, lam, scales = example(8, [3, 3, 2], 2, share=0.1)
    excluded = np.zeros(10, dtype=bool)
    excluded[[1, 3, 8, 9]] = True
    found = minimise_group_quadratic(gram, score, start, groups, lam, scales, excluded)
    np.testing.assert_array_equal(found[excluded], start[excluded])
    kept = np.flatnonzero(~excluded)
    alone = minimise_group_quadratic(
        gram[np.ix_(kept, kept)], score[kept], start[kept], [np.array([1, 2]), np.array([3, 4, 5])],
        lam[:2], scales[kept],
    )  # fmt: skip
    np.testing.assert_array_equal(found[kept], alone)


def test_aliased_unpenalised_columns_stay():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 7))
    x[:, 2] = x[:, 0] - 2 * x[:, 1]
    gram, score, groups = x.T @ x, x.T @ rng.normal(size=60), [np.arange(3, 7)]
    start = np.r_[0.3, 0.1, 0.7, np.zeros(4)]
    found = minimise_group_quadratic(gram, score, start, groups, [3.0], np.ones(7))
    assert found[2] == 0.7
    assert excess(found, gram, score, start, groups, [3.0], np.ones(7)) < 1e-13


def test_empty_levels_are_zero_and_groups_may_be_aliased():
    """All the levels of a factor beside the intercept, two of them without rows."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 5, 90)
    x = np.column_stack([np.ones(90), np.eye(7)[codes], rng.normal(size=90)])
    gram, score, start = x.T @ x, x.T @ rng.normal(size=90), np.zeros(9)
    groups, lam = [np.arange(1, 8)], [0.5]
    found = minimise_group_quadratic(gram, score, start, groups, lam, np.ones(9))
    np.testing.assert_array_equal(found[6:8], 0)
    assert found[1:6].all()
    assert abs(found[1:8].sum()) < 1e-12  # what the intercept can say costs nothing there
    assert excess(found, gram, score, start, groups, lam, np.ones(9)) < 1e-13
    start = found + 1e-4 * np.r_[np.ones(6), 2, -3, 1]
    score = score - gram @ start
    again = minimise_group_quadratic(gram, score, start, groups, lam, np.ones(9))
    np.testing.assert_array_equal(again[6:8], 0)
    np.testing.assert_allclose(again, found, rtol=1e-11)


def test_a_column_that_repeats_the_intercept_is_zero():
    x = np.column_stack([np.ones(20), 2 * np.ones(20), np.arange(20.0)])
    start = np.array([0.0, 5.0, 0.0])
    score = x.T @ (np.arange(20) % 3 - x @ start)
    found = minimise_group_quadratic(x.T @ x, score, start, [np.array([1])], [1e-3], np.ones(3))
    expected = np.polyfit(np.arange(20), np.arange(20) % 3, 1)
    np.testing.assert_allclose(found, [expected[1], 0, expected[0]], rtol=1e-11)
    assert found[1] == 0


@pytest.mark.parametrize("noise", [1e-3, 1e-5, 1e-7, 1e-9])
def test_near_copies_in_groups(noise):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(60, 4))
    x = np.hstack([np.ones((60, 1)), x, x + noise * rng.normal(size=(60, 4))])
    gram, score, start = x.T @ x, x.T @ (x[:, 1] + rng.normal(size=60)), np.zeros(9)
    groups, lam = [np.array([1, 2, 5]), np.array([6, 3]), np.array([4, 7, 8])], [3.0, 2.0, 1.0]
    found = minimise_group_quadratic(gram, score, start, groups, lam, np.ones(9))
    assert excess(found, gram, score, start, groups, lam, np.ones(9)) < 2e-13


@pytest.mark.parametrize("lam", [1e-6, 1e-2, 1e3])
def test_powers_without_scales_in_one_group(lam):
    """Columns from 1e3 to 1e12 in length: eigenvalues of the group are lost to rounding."""
    x = np.linspace(1, 1000, 40)[:, None] ** np.arange(5)
    gram, score, start = x.T @ x, x.T @ np.sin(np.arange(40.0)), np.zeros(5)
    problem = gram, score, start, [np.arange(1, 5)], [lam], np.ones(5)
    found = minimise_group_quadratic(*problem)
    assert found.all()
    assert excess(found, *problem) < 1e-13


weights = st.sampled_from([0.0, 1e-12, 1e-6, 1e-3, 0.1, 0.5, 0.9, 1 - 1e-12, 2.0, np.inf])


@settings(max_examples=300)
@given(
    seed=st.integers(0, 2**32 - 1),
    shares=st.lists(st.tuples(st.integers(1, 5), weights), max_size=7),
    free=st.integers(0, 4),
    rows=st.integers(2, 40),
    spread=st.sampled_from([0, 3, 6]),
    scaled=st.sampled_from([0, 3, 6]),
    noise=st.sampled_from([None, 0.0, 1e-4]),
    zeros=st.integers(0, 3),
    ridge=st.sampled_from([0.0, 1e-8, 1e-2]),
)
def test_conditions_of_a_minimum(seed, shares, free, rows, spread, scaled, noise, zeros, ridge):
    rng = np.random.default_rng(seed)
    p = free + sum(size for size, _ in shares)
    x = rng.normal(size=(rows, p)) + 1
    if noise is not None and p > 1:  # near copies of the columns before
        x[:, p // 2 :] = x[:, : p - p // 2] + noise * rng.normal(size=(rows, p - p // 2))
    x *= 10.0 ** rng.uniform(-spread, spread, p)
    x[:, rng.permutation(p)[:zeros]] = 0
    order = rng.permutation(p)[free:]
    groups = np.split(order, np.cumsum([size for size, _ in shares])[:-1]) if shares else []
    scales = 10.0 ** rng.uniform(-scaled, scaled, p)
    gram = x.T @ x / rows
    gram[np.diag_indices(p)] *= 1 + ridge
    start = rng.normal(size=p) * (rng.random(p) < 0.5) / 10.0**spread
    score = x.T @ rng.normal(size=rows) / rows
    sizes = [np.linalg.norm((score + gram @ start)[g] / scales[g]) for g in groups]
    lam = [share * (size or 1.0) for (_, share), size in zip(shares, sizes, strict=True)]
    problem = gram, score, start, groups, np.array(lam), scales
    before = [np.copy(part) for part in (gram, score, start, scales)]
    found = minimise_group_quadratic(*problem)
    penalised = [g for g, weight in zip(groups, lam, strict=True) if weight > 0]
    rest = np.setdiff1d(np.arange(p), np.concatenate([order[:0], *penalised]))
    aliased = rest[NormalEquations(gram[np.ix_(rest, rest)]).aliased]
    assert excess(found, *problem, np.setdiff1d(np.arange(p), aliased)) < 1e-12
    np.testing.assert_array_equal(found[aliased], start[aliased])
    for now, then in zip((gram, score, start, scales), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_violation_of_every_kind():
    score = np.array([0.5, 3.0, 4.0, 1.0, 2.0, -7.0, 0.3, 2.0, 5.0])
    coef = np.array([1.0, 0.0, 0.0, 3.0, 2.0, 0.0, 0.0, 0.0, 0.0])
    scales = np.array([9.0, 1.0, 2.0, 1.0, 2.0, 1.0, 1.0, 1.0, 1.0])
    groups = [
        np.array([2, 1]),
        np.array([3, 4]),
        np.array([5]),
        np.array([], int),
        np.array([6, 7]),
    ]
    found = group_violation(score, coef, groups, [2.0, 10.0, np.inf, 1.0, 0.0], scales)
    # (3, 4 / 2) is longer than 2; x = (3, 4) of the active group has norm 5
    out = 1 - 2 / np.sqrt(13)
    expected = [0.5, 3 * out, 4 * out, 1 - 10 * 3 / 5, 2 - 10 * 4 * 2 / 5, 0, 0.3, 2.0, 5.0]
    np.testing.assert_allclose(found, expected, rtol=1e-15)
    np.testing.assert_array_equal(group_violation(score, coef, [], [], scales), score)


def test_without_a_minimum_the_answer_is_finite():
    found = minimise_group_quadratic(
        np.zeros((2, 2)), np.ones(2), np.zeros(2), [np.arange(2)], [0.5], np.ones(2)
    )
    np.testing.assert_array_equal(found, 0)


def test_no_columns():
    empty = np.zeros(0)
    assert minimise_group_quadratic(np.zeros((0, 0)), empty, empty, [], [], empty).shape == (0,)


def test_five_hundred_columns():
    problem = example(0, [5] * 96, 20, rows=1500, share=0.3, correlation=0.5)
    found = minimise_group_quadratic(*problem)
    assert excess(found, *problem) < 1e-13
    assert 0 < sum(found[g].any() for g in problem[3]) < 96
