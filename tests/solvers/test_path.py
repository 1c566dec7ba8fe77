"""Paths: the conditions for a minimum at every point of every path, computed in numpy from the
documented objective; where they start; and that no point depends on those before it."""

from dataclasses import replace

import numpy as np
import pytest

from rustystats.design.blocks import DenseBlock, TableBlock, constant_block, indicator_basis
from rustystats.design.matrix import DesignMatrix
from rustystats.solvers import path as path_module
from rustystats.solvers.descent import solve_descent
from rustystats.solvers.irls import solve_irls
from rustystats.solvers.path import AlphaGrid, solve_path
from rustystats.solvers.penalty import Penalty
from rustystats.solvers.problem import Problem
from rustystats.solvers.trace import follow, null_track

N = 250
EFFECTS = np.array([0.08, -0.05, 0.1, 0.1, -0.12, 0.0, 0.0])  # in units of the pair
FACTORS = np.array([0.0, 1, 1, 1, 1, 1, 1, 1])
RATIOS = pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0], ids=["lasso", "elastic net", "ridge"])


def make_problem(pair, l1_ratio=1.0, factors=FACTORS, scales=None, seed=9, n=N, **options):
    """An intercept, four levels and four dense columns, with weights and an offset."""
    rng = np.random.default_rng(seed)
    blocks = [
        constant_block(n),
        TableBlock(rng.integers(0, 4, n).astype(np.uint8), indicator_basis(4, 0)),
        DenseBlock(rng.uniform(-1, 1, (n, 4))),
    ]
    design = DesignMatrix(blocks, 1)
    offset = pair.unit * rng.uniform(-0.1, 0.1, n)
    mu = pair.link.inverse(design.matvec(np.r_[pair.centre, pair.unit * EFFECTS], offset))
    scales = np.ones(8) if scales is None else scales
    return Problem(
        design,
        pair.draw(rng, mu),
        pair.family,
        pair.link,
        weights=rng.uniform(0.2, 2, n),
        offset=offset,
        penalty=Penalty(1.0, l1_ratio, factors, scales, **options),
        intercept=0,
    )


def null_coef(problem, fixed=None):
    """Best coefficients of the unpenalised columns beside fixed ones."""
    penalised = problem.penalty.factors > 0
    fixed = np.zeros(len(penalised)) if fixed is None else np.where(penalised, fixed, 0.0)
    offset = problem.design.matvec(fixed, problem.offset)
    free = replace(problem.without(penalised), penalty=None, offset=offset)
    return solve_irls(free, tol=1e-20).coef + fixed


def coefficients(path):
    return np.array([fit.coef for fit in path.fits])


# ---- every point -------------------------------------------------------------------------------


@RATIOS
def test_every_point_meets_the_conditions_for_a_minimum(objective, pair, l1_ratio):
    problem = make_problem(pair, l1_ratio)
    plain, null = objective.of(problem), null_coef(problem)
    path = solve_path(problem, AlphaGrid(n=12, ratio=1e-3))
    assert len(path.fits) == len(path.alphas) == 12
    for alpha, fit in zip(path.alphas, path.fits, strict=True):
        assert fit.converged
        assert fit.kkt <= 1e-7
        l1, l2 = alpha * l1_ratio * FACTORS, alpha * (1 - l1_ratio) * FACTORS
        # the solver's standard deviations are those of its metric, which is near X'WX
        assert plain.worst(null, fit.coef, l1, l2) < 1.05e-7
    sizes = np.count_nonzero(coefficients(path)[:, 1:], axis=1)
    assert sizes[-1] == 7
    assert sizes[0] == (0 if l1_ratio else 7)
    assert (np.diff([fit.deviance for fit in path.fits]) < 0).all()


def test_no_point_depends_on_those_before_it(pair):
    problem = make_problem(pair, 0.7)
    path = solve_path(problem, AlphaGrid(n=6, ratio=1e-3), tol=1e-9)
    for k in (1, 5):
        alone = replace(problem, penalty=problem.penalty.at(path.alphas[k]))
        fit = solve_descent(alone, tol=1e-9)
        size = max(1.0, abs(pair.unit))
        np.testing.assert_allclose(path.fits[k].coef, fit.coef, rtol=0, atol=1e-6 * size)
        np.testing.assert_array_equal(path.fits[k].coef == 0, fit.coef == 0)
        assert path.fits[k].deviance == pytest.approx(fit.deviance, rel=1e-8)
        assert path.fits[k].n_free == fit.n_free


@pytest.mark.parametrize("names", [("poisson", "log"), ("gamma", "identity")])
def test_lanes_change_nothing_but_the_passes(monkeypatch, pairs, names):
    problem = make_problem(pairs[names], 0.9)
    expected = coefficients(solve_path(problem, AlphaGrid(n=20), tol=1e-10))
    for lanes in (1, 2):
        monkeypatch.setattr(path_module, "LANES", lanes)
        found = coefficients(solve_path(problem, AlphaGrid(n=20), tol=1e-10))
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8)
        np.testing.assert_array_equal(found == 0, expected == 0)


# ---- where it starts ---------------------------------------------------------------------------


def test_it_starts_with_the_empty_model_and_a_column_enters_just_below(objective, pair):
    """With the family's link, the weights and the offset: alpha_max was that of least squares."""
    l1_ratio = 0.6
    factors = np.array([0.0, 1, 1, 1, 0.5, 2, 1, 1])
    scales = np.array([1.0, 0.4, 0.5, 0.4, 0.6, 0.5, 0.7, 1])
    problem = make_problem(pair, l1_ratio, factors, scales)
    null = null_coef(problem)
    slopes = np.abs(objective.of(problem).descent(null))[1:] / (l1_ratio * factors * scales)[1:]
    path = solve_path(problem, AlphaGrid(n=3, ratio=0.01), tol=1e-9)
    assert path.alphas[0] == pytest.approx(slopes.max(), rel=1e-7)
    np.testing.assert_allclose(path.alphas[1:] / path.alphas[0], [0.1, 0.01], rtol=1e-12)
    first = path.fits[0]
    assert (first.coef[1:] == 0).all()
    assert first.n_iter == 0
    size = max(1.0, abs(pair.unit))
    np.testing.assert_allclose(first.coef[0], null[0], rtol=0, atol=1e-7 * size)
    below = AlphaGrid(given=path.alphas[0] * np.array([1 + 1e-6, 1 - 1e-6]))
    above, entered = coefficients(solve_path(problem, below, tol=1e-9))
    assert (above[1:] == 0).all()
    np.testing.assert_array_equal(np.flatnonzero(entered[1:]), [np.argmax(slopes)])


def test_it_starts_at_the_prior(objective, pair):
    target = pair.unit * np.array([0.0, 0.03, -0.03, 0.0, 0.07, -0.07, 0.013, 0.02])
    problem = make_problem(pair, 0.6, target=target)
    null = null_coef(problem, target)
    slopes = np.abs(objective.of(problem).descent(null))[1:]
    path = solve_path(problem, AlphaGrid(n=4), tol=1e-9)
    assert path.alphas[0] == pytest.approx(slopes.max() / 0.6, rel=1e-7)
    np.testing.assert_array_equal(path.fits[0].coef[1:], target[1:])
    assert path.fits[0].n_free == 1
    for alpha, fit in zip(path.alphas, path.fits, strict=True):
        weights = 0.6 * alpha * FACTORS, 0.4 * alpha * FACTORS
        assert objective.of(problem).worst(null, fit.coef, *weights, target=target) < 1e-7


def test_bounds_that_forbid_the_steepest_column(objective, pairs):
    pair = pairs["poisson", "log"]
    free = make_problem(pair)
    slopes = objective.of(free).descent(null_coef(free))
    slopes[0] = 0.0
    steepest = np.argmax(np.abs(slopes))
    lower, upper = np.full(8, -np.inf), np.full(8, np.inf)
    (upper if slopes[steepest] > 0 else lower)[steepest] = 0.0
    others = np.delete(np.abs(slopes), steepest).max()
    problem = make_problem(pair, lower=lower, upper=upper)
    path = solve_path(problem, AlphaGrid(n=5), tol=1e-9)
    assert path.alphas[0] == pytest.approx(others, rel=1e-7)
    # on the other side of 0 it may move
    (upper if slopes[steepest] > 0 else lower)[steepest] = np.sign(slopes[steepest]) * np.inf
    (lower if slopes[steepest] > 0 else upper)[steepest] = 0.0
    path = solve_path(make_problem(pair, lower=lower, upper=upper), AlphaGrid(n=5))
    assert path.alphas[0] == pytest.approx(np.abs(slopes).max(), rel=1e-7)


def test_priors_at_their_bounds(objective, pairs):
    """Where the steepest column has its prior at the bound in its way, the next one enters."""
    pair = pairs["poisson", "log"]
    free = make_problem(pair)
    target = 0.02 * np.sign(objective.of(free).descent(null_coef(free)))
    free = make_problem(pair, target=target)
    slopes = objective.of(free).descent(null_coef(free, target))
    slopes[0] = 0.0
    steepest = np.argmax(np.abs(slopes))
    assert slopes[steepest] * target[steepest] > 0
    ends = np.full(8, -np.inf), np.full(8, np.inf)
    ends[int(slopes[steepest] > 0)][steepest] = target[steepest]
    problem = make_problem(pair, target=target, lower=ends[0], upper=ends[1])
    path = solve_path(problem, AlphaGrid(n=3), tol=1e-9)
    others = np.delete(np.abs(slopes), steepest).max()
    assert others < np.abs(slopes[steepest])
    assert path.alphas[0] == pytest.approx(others, rel=1e-7)


def test_bounds_that_do_not_hold_0(objective, pairs):
    pair = pairs["poisson", "log"]
    lower = np.r_[-np.inf, 0.1, -0.3, np.full(5, -np.inf)]
    upper = np.r_[np.inf, 0.5, -0.2, np.full(5, np.inf)]
    problem = make_problem(pair, lower=lower, upper=upper)
    held = np.array([0.0, 0.1, -0.2, 0, 0, 0, 0, 0])
    null = null_coef(problem, held)
    path = solve_path(problem, AlphaGrid(n=6), tol=1e-9)
    np.testing.assert_array_equal(path.fits[0].coef[1:], held[1:])
    for alpha, fit in zip(path.alphas, path.fits, strict=True):
        plain = objective.of(problem)
        assert plain.worst(null, fit.coef, alpha * FACTORS, lower=lower, upper=upper) < 1e-7
    moved = np.flatnonzero(coefficients(path)[1][1:] != held[1:])
    assert len(moved) > 0


@pytest.mark.parametrize("l1_ratio", [0.0, 1e-6, 1e-3])
def test_ridge_starts_where_an_l1_ratio_of_a_thousandth_would(objective, pairs, l1_ratio):
    problem = make_problem(pairs["poisson", "log"], l1_ratio)
    slopes = np.abs(objective.of(problem).descent(null_coef(problem)))[1:]
    path = solve_path(problem, AlphaGrid(n=3))
    assert path.alphas[0] == pytest.approx(1000 * slopes.max(), rel=1e-7)


def test_the_start_is_exact_where_unpenalised_columns_explain_nearly_all(objective, pairs):
    """The null model was only as exact as the scores of the intercept alone asked for."""
    rng = np.random.default_rng(0)
    x = np.column_stack([np.ones(2000), rng.normal(size=(2000, 6))])
    for names, power in ((("gamma", "log"), 1e6), (("poisson", "log"), 0)):
        mu = np.exp(2 * x[:, 1])
        y = rng.gamma(power, mu / power) if power else np.round(1e3 * rng.gamma(1e6, mu / 1e6))
        pair = pairs[names]
        problem = Problem(
            DesignMatrix([DenseBlock(x)], 1),
            y,
            pair.family,
            pair.link,
            intercept=0,
            penalty=Penalty(1.0, 1.0, np.array([0.0, 0, 1, 1, 1, 1, 1]), np.ones(7)),
        )
        slopes = np.abs(objective.of(problem).descent(null_coef(problem)))[2:]
        path = solve_path(problem, AlphaGrid(n=3))
        assert path.alphas[0] == pytest.approx(slopes.max(), rel=1e-7)


def test_alphas_as_given(pairs):
    problem = make_problem(pairs["poisson", "log"])
    given = np.array([1.0, 0.01, 0.01, 0.0])
    path = solve_path(problem, AlphaGrid(given=given), tol=1e-9)
    np.testing.assert_array_equal(path.alphas, given)
    np.testing.assert_allclose(path.fits[1].coef, path.fits[2].coef, atol=1e-8)
    free = solve_irls(replace(problem, penalty=None), tol=1e-16)
    np.testing.assert_allclose(path.fits[3].coef, free.coef, atol=1e-7)
    assert path.fits[3].rank == 8


@pytest.mark.parametrize("kind", ["no factor", "held", "blocked", "nothing", "equal"])
def test_no_path(pairs, kind):
    pair = pairs["gaussian", "identity"]
    free, zeros = np.full(8, np.inf), np.r_[np.inf, np.zeros(7)]
    options = {
        "no factor": {"factors": np.zeros(8)},
        "held": {"lower": -zeros, "upper": zeros},
        "blocked": {"lower": -free, "upper": zeros},
    }
    problem = replace(make_problem(pair, **options.get(kind, {})), offset=None)
    if kind == "blocked":  # the response is high where any of the columns is 1
        design = DesignMatrix([constant_block(N), DenseBlock(np.eye(N)[:, :7])], 1)
        problem = replace(problem, y=np.r_[np.ones(7), np.zeros(N - 7)], design=design)
    elif kind == "nothing":
        intercept = DesignMatrix([constant_block(N)], 1)
        penalty = Penalty(1.0, 1.0, np.zeros(1), np.ones(1))
        problem = replace(problem, design=intercept, penalty=penalty)
    elif kind == "equal":  # its scores are rounding, no start of a path
        problem = replace(problem, y=np.full(N, 0.1))
    with pytest.raises(ValueError, match=r"no penalised column has anything to say.*no path"):
        solve_path(problem, AlphaGrid(n=3))
    given = solve_path(problem, AlphaGrid(given=np.array([0.1, 0.01])))
    assert all(fit.converged for fit in given.fits)


# ---- what it costs, and what it says of itself -------------------------------------------------


def test_the_null_deviance_is_that_of_the_unpenalised_columns(pair):
    factors = np.array([0.0, 1, 1, 1, 0, 1, 0, 1])
    problem = make_problem(pair, factors=factors)
    free = replace(problem.without(factors > 0), penalty=None)
    path = solve_path(problem, AlphaGrid(n=2), tol=1e-9)
    assert path.null_deviance == pytest.approx(solve_irls(free, tol=1e-18).deviance, rel=1e-9)
    assert path.fits[0].deviance == pytest.approx(path.null_deviance, rel=1e-9)
    assert (path.fits[0].coef[factors > 0] == 0).all()
    assert (path.fits[0].coef[factors == 0] != 0).all()
    later = solve_path(problem, AlphaGrid(given=path.alphas[:1] / 3), tol=1e-9)
    assert later.null_deviance == pytest.approx(path.null_deviance, rel=1e-9)
    assert later.fits[0].deviance < path.null_deviance


def test_passes(pair):
    """A Gaussian path takes a step an alpha; others make few passes, and fewer Grams."""
    path = solve_path(make_problem(pair), AlphaGrid(n=12, ratio=1e-3))
    assert path.n_passes.shape == path.n_grams.shape == (12,)
    assert (path.n_grams <= path.n_passes).all()
    assert path.n_passes[0] == 0
    assert all(fit.n_iter <= k for fit, k in zip(path.fits, path.n_passes, strict=True))
    if str(pair) == "gaussian-identity":
        assert path.n_grams.sum() == 0
        assert path.n_passes.max() == 1
    natural = pair.link_name in ("log", "logit", "probit", "cloglog")
    assert path.n_passes.sum() <= (70 if natural else 250)


def test_too_few_steps_are_owned_up_to(pairs):
    problem = make_problem(pairs["poisson", "inverse"])
    path = solve_path(problem, AlphaGrid(n=6), max_iter=1)
    assert path.fits[0].converged
    short = [fit for fit in path.fits if not fit.converged]
    assert short
    for fit in short:
        assert fit.kkt > 1e-7
        assert "max_iter=1 steps" in fit.message
        assert np.isfinite(fit.coef).all()


def test_a_path_is_repeatable_and_does_not_depend_on_threads(pairs):
    problem = make_problem(pairs["gamma", "log"], n=3000)
    first, again = (coefficients(solve_path(problem, AlphaGrid(n=8))) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    threaded = replace(problem, design=problem.design.threaded(3))
    other = coefficients(solve_path(threaded, AlphaGrid(n=8)))
    np.testing.assert_allclose(other, first, rtol=0, atol=1e-10)


@pytest.mark.parametrize("names", [("poisson", "log"), ("gaussian", "identity")])
def test_storage_does_not_matter(pairs, names):
    problem = make_problem(pairs[names], 0.8)
    dense = replace(problem, design=DesignMatrix([DenseBlock(problem.design.to_dense())], 1))
    expected = solve_path(problem, AlphaGrid(n=8), tol=1e-10)
    path = solve_path(dense, AlphaGrid(n=8), tol=1e-10)
    np.testing.assert_allclose(path.alphas, expected.alphas, rtol=1e-9)
    np.testing.assert_allclose(coefficients(path), coefficients(expected), rtol=0, atol=1e-9)


@pytest.mark.parametrize(("seed", "noise", "end"), [(0, 1e-5, 7), (1, 1e-4, 5)])
def test_near_combinations_at_the_edge_of_the_domain(pairs, seed, noise, end):
    """Without penalty at last a column may stand for the other two, unless means leave the domain
    by that: then both stay. Either way the means are valid, and no worse than under the penalty."""
    rng = np.random.default_rng(seed)
    a = rng.exponential(size=80)
    twin = a * (1 + noise * rng.normal(size=80))
    x = np.column_stack([np.ones(80), a, twin, rng.uniform(size=80)])
    y = np.where(a < 0.7, 0.0, rng.poisson(1 + a))
    pair = pairs["poisson", "identity"]
    penalty = Penalty(1.0, 0.0, np.array([0.0, 1, 1, 1]), np.ones(4))
    problem = Problem(
        DesignMatrix([DenseBlock(x)], 1), y, pair.family, pair.link, penalty=penalty, intercept=0
    )
    alphas = [*10.0 ** -np.arange(1, end), 0.0]
    *_, least, free = follow(
        null_track(problem, 1e-8, 100), [penalty.at(alpha) for alpha in alphas], 1e-8, 100
    )
    assert (x @ free.point.coef > 0).all()
    assert free.point.deviance < least.point.deviance + 0.01
    assert "use link='log'" in free.message
