"""The problem with equal rows made one: the same answer, in a step on all rows."""

import numpy as np
import pytest

from rustystats.design.blocks import DenseBlock, TableBlock, constant_block, indicator_basis
from rustystats.design.matrix import DesignMatrix
from rustystats.families import Gamma, InverseGaussian, NegativeBinomial, Poisson, Tweedie
from rustystats.links import get_link
from rustystats.solvers import irls
from rustystats.solvers.problem import Problem
from rustystats.solvers.start import collapse

N = 2000
FAMILIES = [Poisson(), Gamma(), InverseGaussian(), Tweedie(1.5), NegativeBinomial(2.0)]


def make_problem(family, with_offset=True, dense=False, link="log"):
    rng = np.random.default_rng(0)
    codes = [rng.integers(0, size, N).astype(np.uint8) for size in (9, 4)]
    blocks = [
        constant_block(N),
        *(TableBlock(c, indicator_basis(c.max() + 1, 0)) for c in codes),
    ]
    if dense:
        blocks.append(DenseBlock(rng.normal(size=(N, 1))))
    offset = np.log(rng.uniform(0.1, 1, N)) if with_offset else None
    mu = np.exp(0.2 * codes[0] - 0.3 * codes[1] + (offset if with_offset else 0.0))
    y = rng.poisson(mu).astype(float) if isinstance(family, (Poisson, NegativeBinomial)) else mu
    if not isinstance(family, (Poisson, NegativeBinomial)):
        y = mu * rng.gamma(3.0, 1 / 3, N)
    return Problem(
        DesignMatrix(blocks, 1), y, family, get_link(link, family),
        weights=rng.uniform(0.5, 2, N), offset=offset, intercept=0,
    )  # fmt: skip


@pytest.mark.parametrize("with_offset", [True, False])
@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name())
def test_the_answer_is_that_of_all_rows(family, with_offset, monkeypatch):
    problem = make_problem(family, with_offset)
    small = collapse(problem)
    assert small.design.shape == (36, problem.design.shape[1])
    fit = irls.solve_irls(problem, tol=1e-12)
    monkeypatch.setattr(irls, "collapse", lambda problem: None)
    plain = irls.solve_irls(problem, tol=1e-12)
    np.testing.assert_allclose(fit.coef, plain.coef, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(fit.deviance, plain.deviance, rtol=1e-12)
    np.testing.assert_allclose(fit.gram, plain.gram, rtol=1e-6)
    assert fit.converged
    exact = not (with_offset and isinstance(family, NegativeBinomial))
    assert not exact or fit.n_iter <= 2 < plain.n_iter


def test_levels_without_weight_are_left_out():
    problem = make_problem(Poisson())
    first = problem.design.blocks[1].codes == 3
    problem.weights[first] = 0.0
    assert collapse(problem).design.shape[0] == 32
    fit = irls.solve_irls(problem)
    assert fit.aliased.tolist() == [j == 3 for j in range(12)]


def test_what_is_not_collapsed():
    assert collapse(make_problem(Poisson(), dense=True)) is None
    assert collapse(make_problem(Poisson(), link="sqrt")) is None  # an offset is no volume there
    assert collapse(make_problem(Poisson(), with_offset=False, link="sqrt")) is not None
    part = make_problem(Poisson()).take(slice(0, 100))  # 36 levels in a hundred rows
    assert collapse(part) is None
