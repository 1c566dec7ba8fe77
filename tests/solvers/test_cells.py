"""Fits in coordinates of cells are the fits of the columns."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import rustystats as rs
from rustystats.design.cells import ArrowGram, cells_of
from rustystats.solvers.arrow import ArrowEquations
from rustystats.solvers.cells import solve_cells
from rustystats.solvers.irls import solve_irls
from rustystats.solvers.solve import solve_problem

N = 4000


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(11)
    frame = pd.DataFrame(
        {
            "a": rng.choice(list("ABCDEFGH"), N, p=[0.3, 0.2, 0.2, 0.1, 0.08, 0.06, 0.04, 0.02]),
            "b": rng.integers(0, 7, N),
            "c": rng.choice(list("uvwxyz"), N),
            "x": rng.normal(size=N),
            "age": rng.integers(18, 80, N),
            "Exposure": rng.uniform(0.1, 1.0, N),
            "w": rng.choice([0.0, 1.0, 2.5], N),
        }
    )
    mu = np.exp(0.3 * frame.x + 0.1 * frame.b + 0.4 * (frame.a == "B"))
    return frame.assign(
        claims=rng.poisson(frame.Exposure * mu).astype(float),
        cost=rng.gamma(2.0, mu / 2.0),
        sold=(rng.random(N) < 0.4).astype(float),
        level=mu + rng.normal(size=N),
    )


def problem_of(data, formula, **options):
    return rs.glm(formula, data, **options)._model.problem


THREE = "C(a) * C(b) * C(c)"
CASES = {
    "poisson": ("claims", {"family": "poisson", "exposure": "Exposure"}),
    "weighted": ("claims", {"family": "poisson", "exposure": "Exposure", "weights": "w"}),
    "gamma": ("cost", {"family": "gamma"}),
    "binomial": ("sold", {"family": "binomial"}),
    "gaussian": ("level", {"family": "gaussian"}),
    "tweedie": ("claims", {"family": "tweedie", "weights": "w"}),
    "binomial with an offset": ("sold", {"family": "binomial", "offset": "Exposure"}),
}


@pytest.mark.parametrize("beside", ["", " + x", " + x + bs(age, df=5)", " + C(age) + x"])
@pytest.mark.parametrize("case", CASES)
def test_same_fit_as_of_the_columns(data, case, beside):
    response, options = CASES[case]
    problem = problem_of(data, f"{response} ~ {THREE}{beside}", **options)
    runs_away = case in ("poisson", "weighted", "binomial", "tweedie", "binomial with an offset")
    tol = 1e-10 if runs_away else 1e-14
    ours = solve_cells(problem, tol=tol, max_iter=100)
    assert ours.method == "Gram of 336 cells"
    theirs = solve_irls(problem, tol=tol, max_iter=100)
    np.testing.assert_array_equal(ours.aliased, theirs.aliased)
    assert ours.converged
    assert ours.deviance == pytest.approx(theirs.deviance, rel=1e-9)
    assert ours.rank == theirs.rank
    if not runs_away:
        np.testing.assert_allclose(ours.coef, theirs.coef, rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(ours.gram, theirs.gram, rtol=1e-6, atol=1e-6)
    # what it says of its end is true
    point = problem.evaluate(ours.coef, with_gram=True)
    assert point.deviance == pytest.approx(ours.deviance, rel=1e-12)
    size = np.sqrt(np.diagonal(point.gram))
    np.testing.assert_allclose(ours.score / (size + 1.0), point.score / (size + 1.0), atol=1e-6)
    np.testing.assert_allclose(ours.gram, point.gram, rtol=1e-7, atol=1e-7)


def test_levels_without_claims_are_named(data):
    without = data.assign(claims=data.claims * ((data.a != "C") | (data.b != 3)))
    model = rs.glm(f"claims ~ {THREE}", without, family="poisson", exposure="Exposure")
    with pytest.warns(rs.SeparationWarning):
        result = model.fit()
    assert result.fit.method == "Gram of 336 cells"
    assert any("C:3" in part for part in result.separated)


def test_the_solver_chooses_cells_where_they_pay(data):
    poisson = {"family": "poisson", "exposure": "Exposure"}

    def way(formula, **changes):
        problem = replace(problem_of(data, formula, **poisson), **changes)
        return solve_problem(problem, tol=1e-8, max_iter=100).method

    assert way(f"claims ~ {THREE}") == "Gram of 336 cells"
    assert way("claims ~ C(a) * C(b)") == "Gram"
    # C(a):C(b):C(c) without margins codes all levels; margins without it span too little
    assert way("claims ~ C(a):C(b):C(c)") == "Gram of 336 cells"
    small = problem_of(data, "claims ~ (C(a) + C(b) + C(c))**2", **poisson)
    assert cells_of(small.design) is None
    roots = problem_of(data, f"claims ~ {THREE}", family="poisson", link="sqrt")
    assert solve_cells(roots, tol=1e-8, max_iter=100) is None  # levels end at the domain's edge
    excluded = np.zeros(336, dtype=bool)
    excluded[-1] = True
    assert way(f"claims ~ {THREE}", excluded=excluded) == "Gram"


def test_a_column_that_is_a_function_of_the_cells_is_left_to_scoring(data):
    """It comes before the interaction, whose last column is then aliased."""
    extra = data.assign(z=np.where((data.a == "B") & (data.b == 2) & (data.c == "v"), 2.5, 1.0))
    problem = problem_of(extra, f"cost ~ z + {THREE}", family="gamma")
    assert solve_cells(problem, tol=1e-10, max_iter=100) is None
    fit = solve_problem(problem, tol=1e-10, max_iter=100)
    without = solve_problem(
        problem_of(extra, f"cost ~ {THREE}", family="gamma"), tol=1e-10, max_iter=100
    )
    assert np.count_nonzero(fit.aliased) == np.count_nonzero(without.aliased) + 1
    assert fit.deviance == pytest.approx(without.deviance, rel=1e-10)


def test_some_of_the_rows(data):
    problem = problem_of(data, f"cost ~ {THREE} + x", family="gamma")
    rows = np.sort(np.random.default_rng(2).choice(N, 3000, replace=False))
    part = problem.take(rows)
    ours = solve_cells(part, tol=1e-14, max_iter=100)
    theirs = solve_irls(part, tol=1e-14, max_iter=100)
    np.testing.assert_allclose(ours.coef, theirs.coef, rtol=1e-6, atol=1e-8)


def test_arrow_is_solved_as_a_matrix():
    rng = np.random.default_rng(3)
    cells, side = rng.uniform(0.5, 2.0, 6), rng.normal(size=(6, 3))
    cells[4], side[4] = 0.0, 0.0
    root = rng.normal(size=(3, 3))
    rest = side.T @ (side / np.where(cells > 0, cells, 1.0)[:, None]) + root @ root.T
    arrow = ArrowGram(cells, side, rest)
    whole = np.block([[np.diag(cells), side], [side.T, rest]])
    vector = rng.normal(size=9)
    np.testing.assert_allclose(vector @ arrow, vector @ whole, rtol=1e-13)
    system = ArrowEquations(arrow)
    assert system.aliased.tolist() == [False] * 4 + [True] + [False] * 4
    assert system.rank == 8
    kept = np.flatnonzero(~system.aliased)
    expected = np.zeros(9)
    expected[kept] = np.linalg.solve(whole[np.ix_(kept, kept)], vector[kept])
    np.testing.assert_allclose(system.solve(vector), expected, rtol=1e-10)
    assert arrow.is_finite
    assert not ArrowGram(cells, side * np.nan, rest).is_finite


def test_a_function_of_the_cells_is_aliased_in_the_arrow():
    rng = np.random.default_rng(4)
    codes = rng.integers(0, 5, 200)
    X = np.column_stack([np.eye(5)[codes], rng.normal(size=5)[codes], rng.normal(size=200)])
    gram = X.T @ X
    arrow = ArrowGram(np.diagonal(gram)[:5].copy(), gram[:5, 5:], gram[5:, 5:])
    assert ArrowEquations(arrow).aliased.tolist() == [False] * 5 + [True, False]
