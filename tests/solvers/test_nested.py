"""Fits without some columns against fits of designs that lack them."""

from dataclasses import replace

import numpy as np
import pytest

from rustystats.design.blocks import DenseBlock, TableBlock, constant_block
from rustystats.design.matrix import DesignMatrix
from rustystats.families import get_family
from rustystats.links import get_link
from rustystats.solvers.irls import continue_irls, solve_irls
from rustystats.solvers.nested import fit_without, quadratic_minimum
from rustystats.solvers.problem import Problem

N = 3000
RNG = np.random.default_rng(1)
CODES = RNG.integers(0, 4, N).astype(np.uint8)
DENSE = RNG.normal(size=(N, 2))
TWICE = 2 * DENSE[:, [1]]
ETA = 0.5 * (CODES == 2) + 0.3 * DENSE[:, 0]
RESPONSE = {
    "poisson": RNG.poisson(np.exp(ETA)).astype(float),
    "gamma": RNG.gamma(2.0, np.exp(ETA)),
    "gaussian": ETA + RNG.normal(size=N),
}
# columns: intercept, three contrasts, two numbers, and twice the second of them (aliased)
TERMS = {"contrasts": [1, 2, 3], "first": [4], "second": [5], "numbers": [4, 5], "intercept": [0]}


def make_problem(family, columns=range(7)):
    blocks = [constant_block(N), TableBlock(CODES, np.eye(4)[:, 1:]), DenseBlock(DENSE)]
    design = DesignMatrix([*blocks, DenseBlock(TWICE)])
    if len(columns) < 7:
        design = DesignMatrix([DenseBlock(design.to_dense()[:, columns])])
    family = get_family(family)
    return Problem(
        design,
        RESPONSE[family.name()],
        family,
        get_link("log" if family.name() == "gamma" else None, family),
        weights=np.linspace(0.5, 2.0, N),
        offset=np.linspace(-0.1, 0.1, N),
        intercept=0 if 0 in columns and len(columns) == 7 else None,
    )


def mask(columns):
    return np.isin(np.arange(7), columns)


@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize("family", RESPONSE)
def test_the_fit_is_that_of_the_smaller_design(family, term):
    problem = make_problem(family)
    fit = solve_irls(problem, tol=1e-12)
    others = [j for j in range(7) if j not in TERMS[term]]
    expected = solve_irls(make_problem(family, others), tol=1e-12)
    smaller, reduced = fit_without(problem, fit, mask(TERMS[term]))
    assert reduced.converged
    assert reduced.rank == expected.rank
    assert reduced.deviance == pytest.approx(expected.deviance, rel=1e-12)
    np.testing.assert_allclose(reduced.coef[others], expected.coef, atol=1e-5)
    assert (reduced.coef[TERMS[term]] == 0).all()
    np.testing.assert_array_equal(smaller.excluded, mask(TERMS[term]))
    assert reduced.n_iter <= 6
    # one below the other
    _, again = fit_without(*fit_without(problem, fit, mask([1, 2, 3]), True), mask([4]))
    _, at_once = fit_without(problem, fit, mask([1, 2, 3, 4]))
    assert again.deviance == pytest.approx(at_once.deviance, rel=1e-12)
    assert again.rank == at_once.rank == 2


@pytest.mark.parametrize("with_gram", [False, True])
def test_a_refit_makes_no_gram_but_the_one_asked_for(monkeypatch, with_gram):
    problem = make_problem("poisson")
    fit = solve_irls(problem)
    passes, honest = [], Problem.evaluate

    def counted(self, coef, with_gram):
        passes.append(with_gram)
        return honest(self, coef, with_gram)

    monkeypatch.setattr(Problem, "evaluate", counted)
    fit_without(problem, fit, mask([4]), with_gram)
    assert sum(passes) == with_gram
    assert len(passes) <= 5


@pytest.mark.parametrize("family", RESPONSE)
def test_the_gram_is_made_when_asked_for(family):
    problem = make_problem(family)
    fit = solve_irls(problem)
    assert fit_without(problem, fit, mask([4]))[1].gram is None
    smaller, reduced = fit_without(problem, fit, mask([4]), with_gram=True)
    expected = smaller.evaluate(reduced.coef, with_gram=True).gram
    np.testing.assert_allclose(reduced.gram, expected, rtol=1e-10, atol=1e-10)


def test_the_start_is_the_minimum_of_the_quadratic_approximation():
    problem = make_problem("poisson")
    fit = solve_irls(problem)
    T, kept = [1, 2, 3], [0, 1, 2, 3, 4, 5]
    start, rank = quadratic_minimum(replace(problem, excluded=mask(T)), fit)
    V = np.linalg.inv(fit.gram[np.ix_(kept, kept)])
    expected = fit.coef[kept] - V[:, T] @ np.linalg.solve(V[np.ix_(T, T)], fit.coef[T])
    np.testing.assert_allclose(start[kept], expected, atol=1e-10)
    assert start[6] == 0
    assert rank == 3
    # dropping the column that hides its double brings the double in
    _, rank = quadratic_minimum(replace(problem, excluded=mask([5])), fit)
    assert rank == fit.rank == 6


def test_a_start_outside_the_domain_is_left():
    rng = np.random.default_rng(2)
    x, z = rng.uniform(0, 1, (2, 200))
    y = rng.poisson(0.05 + 3 * x**2 + z).astype(float)
    blocks = [constant_block(200), DenseBlock(np.column_stack([x, z, x * z]))]
    family = get_family("poisson")
    problem = Problem(DesignMatrix(blocks), y, family, get_link("identity", family), intercept=0)
    fit = solve_irls(problem)
    smaller = replace(problem, excluded=np.array([False, False, False, True]))
    start, _ = quadratic_minimum(smaller, fit)
    assert np.isinf(smaller.evaluate(start, with_gram=False).objective)
    _, reduced = fit_without(problem, fit, smaller.excluded)
    assert reduced.converged
    assert reduced.deviance == pytest.approx(solve_irls(smaller).deviance, rel=1e-12)


def test_an_excluded_coefficient_stays_where_the_start_puts_it():
    problem = make_problem("poisson")
    fit = solve_irls(problem)
    held = replace(problem, excluded=mask([4]) | fit.aliased)
    coef = fit.coef.copy()
    coef[4] += 0.1
    found = continue_irls(held, held.evaluate(coef, with_gram=False), fit.gram, tol=1e-12)
    assert found.coef[4] == coef[4]
    assert found.converged
    shifted = replace(
        make_problem("poisson", [0, 1, 2, 3, 5]), offset=problem.offset + coef[4] * DENSE[:, 0]
    )
    assert found.deviance == pytest.approx(solve_irls(shifted, tol=1e-12).deviance, rel=1e-12)
