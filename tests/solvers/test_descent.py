"""Penalties that are not smooth, and bounds: the conditions for a minimum, computed in numpy from
the documented objective, for every family and link; and what becomes of data that are awkward."""

from dataclasses import replace

import numpy as np
import pytest

from rustystats.design.blocks import DenseBlock, TableBlock, constant_block, indicator_basis
from rustystats.design.matrix import DesignMatrix
from rustystats.solvers.descent import solve_descent
from rustystats.solvers.irls import solve_irls
from rustystats.solvers.penalty import Penalty
from rustystats.solvers.problem import Problem

N = 300
EFFECTS = np.array([0.06, -0.05, 0.1, 0.1, -0.12, 0.02])  # in units of the pair
FACTORS = np.array([0.0, 1.0, 1.0, 1.0, 2.0, 0.5, 1.0])


def make_problem(pair, seed=0, n=N, **changes):
    """A response drawn from an intercept, four levels and three dense columns, with weights and
    an offset."""
    rng = np.random.default_rng(seed)
    blocks = [
        constant_block(n),
        TableBlock(rng.integers(0, 4, n).astype(np.uint8), indicator_basis(4, 0)),
        DenseBlock(rng.uniform(-1, 1, (n, 3))),
    ]
    design = DesignMatrix(blocks, 1)
    offset = pair.unit * rng.uniform(-0.1, 0.1, n)
    mu = pair.link.inverse(design.matvec(np.r_[pair.centre, pair.unit * EFFECTS], offset))
    known = {"weights": rng.uniform(0.2, 2, n), "offset": offset, "intercept": 0}
    return Problem(design, pair.draw(rng, mu), pair.family, pair.link, **(known | changes))


def with_penalty(problem, alpha=0.0, l1_ratio=1.0, factors=None, scales=None, **options):
    p = problem.design.shape[1]
    factors = np.r_[0.0, np.ones(p - 1)] if factors is None else factors
    scales = np.ones(p) if scales is None else scales
    return replace(problem, penalty=Penalty(alpha, l1_ratio, factors, scales, **options))


def null_coef(problem):
    """Best coefficients of the unpenalised columns, the others at their targets."""
    penalty = problem.penalty
    target = np.zeros(len(penalty.factors)) if penalty.target is None else penalty.target
    if penalty.lower is not None:
        target = np.clip(target, penalty.lower, penalty.upper)
    fixed = np.where(penalty.factors > 0, target, 0.0)
    free = replace(
        problem.without(penalty.factors > 0),
        penalty=None,
        offset=problem.design.matvec(fixed, problem.offset),
    )
    return solve_irls(free, tol=1e-20).coef + fixed


def weights_of(problem):
    """Weights of the absolute values and of the half squares, as `penalty.py` documents them."""
    penalty = problem.penalty
    l1 = penalty.alpha * penalty.l1_ratio * penalty.factors * penalty.scales
    return l1, penalty.alpha * (1 - penalty.l1_ratio) * penalty.factors * penalty.scales**2


def worst_violation(objective, problem, coef):
    """Of the conditions for a minimum, relative to the null model, without the package's code."""
    penalty = problem.penalty
    options = {"target": 0.0 if penalty.target is None else penalty.target}
    if penalty.lower is not None:
        options |= {"lower": penalty.lower, "upper": penalty.upper}
    weights = weights_of(problem)
    return objective.of(problem).worst(null_coef(problem), coef, *weights, **options)


# ---- the answer --------------------------------------------------------------------------------


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0], ids=["lasso", "elastic net", "ridge"])
def test_conditions_for_a_minimum(objective, pair, l1_ratio):
    problem = with_penalty(make_problem(pair), 1.0, l1_ratio, FACTORS)
    null, plain = null_coef(problem), objective.of(problem)
    for share in (0.3, 0.02):
        alpha = share * np.abs(plain.descent(null)).max()
        problem = with_penalty(problem, alpha, l1_ratio, FACTORS)
        fit = solve_descent(problem, tol=5e-8)
        assert fit.converged
        assert fit.message == "converged"
        assert fit.kkt <= 5e-8
        assert plain.worst(null, fit.coef, *weights_of(problem)) < 1e-7
        assert fit.n_free == fit.rank == np.count_nonzero(fit.coef)
        assert fit.n_iter <= 60
        assert fit.gram is None
        assert not fit.aliased.any()
        mu = problem.means(fit.coef)
        deviance = problem.weights @ problem.family.unit_deviance(problem.y, mu)
        assert fit.deviance == pytest.approx(deviance, rel=1e-10)
        pearson = problem.weights @ ((problem.y - mu) ** 2 / problem.family.variance(mu))
        assert fit.pearson == pytest.approx(pearson, rel=1e-10)


def test_conditions_with_scales_targets_and_bounds(objective, pair):
    size = abs(pair.unit)
    options = {
        "scales": np.array([1.0, 0.4, 0.5, 0.4, 0.6, 0.5, 0.7]),
        "target": size * np.array([0.0, 0.03, -0.03, 0.0, 0.07, -0.07, 0.013]),
        "lower": size * np.array([-np.inf, -0.01, -np.inf, 0.0, -0.03, -0.05, 0.03]),
        "upper": size * np.array([np.inf, 0.05, 0.01, 0.02, np.inf, -0.01, 0.03]),
    }
    base = make_problem(pair)
    alpha = np.abs(objective.of(base).descent(null_coef(with_penalty(base)))).max()
    for share in (0.0, 0.05, 0.5, 30.0):
        problem = with_penalty(base, share * alpha, 0.7, FACTORS, **options)
        fit = solve_descent(problem, tol=5e-8)
        assert fit.converged
        assert worst_violation(objective, problem, fit.coef) < 1e-7
        assert (fit.coef >= options["lower"]).all()
        assert (fit.coef <= options["upper"]).all()
        held = (fit.coef == options["lower"]) | (fit.coef == options["upper"])
        if share > 0:
            held |= (fit.coef == options["target"]) & (FACTORS > 0)
        assert fit.n_free == np.count_nonzero(~held)
        assert held[6]
    pulled = np.clip(options["target"], options["lower"], options["upper"])
    np.testing.assert_array_equal(fit.coef[1:], pulled[1:])


def test_bounds_that_do_not_bind_change_nothing(pair):
    problem = make_problem(pair)
    wide = np.full(7, 50 * max(1.0, abs(pair.unit)))
    wide[0] = np.inf
    fit = solve_descent(with_penalty(problem, lower=-wide, upper=wide), tol=1e-10)
    free = solve_irls(problem, tol=1e-18)
    np.testing.assert_allclose(fit.coef, free.coef, atol=1e-8 * max(1, abs(pair.unit)))
    assert fit.deviance == pytest.approx(free.deviance, rel=1e-10)
    assert fit.rank == free.rank == 7


def test_ridge_equals_fisher_scoring(pair):
    problem = with_penalty(make_problem(pair), 0.02, 0.0, FACTORS, target=pair.unit * FACTORS / 50)
    fit, scored = solve_descent(problem, tol=1e-10), solve_irls(problem, tol=1e-18)
    np.testing.assert_allclose(fit.coef, scored.coef, atol=1e-8 * max(1, abs(pair.unit)))


@pytest.mark.parametrize("prior", [None, np.array([0.1, 0.7, 1 / 3, -0.3, 0.02, -0.13])])
@pytest.mark.parametrize("names", [("gaussian", "identity"), ("poisson", "log")])
def test_bounds_and_targets_are_met_to_the_last_digit(pairs, names, prior):
    """Steps that were added to coefficients ended an ulp beside a bound, or beyond it."""
    for seed in range(12):
        rng = np.random.default_rng(seed)
        x = np.column_stack([np.ones(80), rng.normal(size=(80, 6))])
        x[:, 2] += 0.8 * x[:, 1]
        eta = x @ np.r_[0.2, rng.normal(size=6) * 0.4]
        y = eta + rng.normal(size=80) if names[0] == "gaussian" else rng.poisson(np.exp(eta)) + 0.0
        pair = pairs[names]
        problem = Problem(DesignMatrix([DenseBlock(x)], 1), y, pair.family, pair.link, intercept=0)
        lower = np.r_[-np.inf, -np.round(rng.uniform(0, 0.3, 6), 2)]
        upper = np.r_[np.inf, np.round(rng.uniform(0, 0.3, 6), 2)]
        target = None if prior is None else np.r_[0.0, prior]
        coef = solve_descent(
            with_penalty(problem, 0.01, lower=lower, upper=upper, target=target)
        ).coef
        for end in (lower, upper, 0.0 if target is None else target):
            near = np.abs(coef - end) < 1e-9
            np.testing.assert_array_equal(coef[near], np.broadcast_to(end, 7)[near])


# ---- nothing to choose, nothing left to explain ------------------------------------------------


def quickly(fit, max_iter=15):
    assert fit.converged
    assert fit.n_iter <= max_iter
    assert fit.kkt <= 1e-8
    return fit.coef


def test_only_an_intercept(pair):
    """Its score is 0 but for rounding, which is no measure of violations."""
    base = make_problem(pair)
    problem = replace(base, design=DesignMatrix([constant_block(N)], 1))
    coef = quickly(solve_descent(with_penalty(problem, 0.1)))
    np.testing.assert_allclose(coef, solve_irls(problem, tol=1e-18).coef, rtol=1e-7)


def test_no_column_is_penalised(pair):
    base = make_problem(pair)
    fit = solve_descent(with_penalty(base, 0.1, factors=np.zeros(7)))
    coef = quickly(fit, 25)
    expected = solve_irls(base, tol=1e-18).coef
    np.testing.assert_allclose(coef, expected, atol=1e-7 * max(1, abs(pair.unit)))
    assert fit.rank == 7


@pytest.mark.parametrize("value", [0.1, 1 / 3])
def test_all_responses_equal(pair, value):
    base = make_problem(pair, offset=None)
    problem = replace(base, y=np.full(N, value))
    coef = quickly(solve_descent(with_penalty(problem, 0.01)))
    assert (coef[1:] == 0).all()
    np.testing.assert_allclose(coef[0], pair.link.link(np.array([value])), rtol=1e-9)


def test_unpenalised_columns_that_fit_perfectly(pair):
    base, factors = make_problem(pair), np.array([0.0, 1, 1, 1, 0, 0, 1])
    truth = np.r_[pair.centre, pair.unit * np.array([0, 0, 0, 0.1, -0.12, 0])]
    problem = replace(base, y=base.means(truth))
    coef = quickly(solve_descent(with_penalty(problem, 0.01, factors=factors)), 25)
    np.testing.assert_allclose(coef, truth, atol=1e-7 * max(1, abs(pair.unit)))
    assert (coef[[1, 2, 3, 6]] == 0).all()


def test_a_perfect_fit_under_a_small_penalty(objective, pair):
    base = make_problem(pair)
    truth = np.r_[pair.centre, pair.unit * EFFECTS]
    base = with_penalty(replace(base, y=base.means(truth)))
    alpha = np.abs(objective.of(base).descent(null_coef(base))).max()
    for share in (1e-2, 1e-6):
        problem = with_penalty(base, share * alpha, 0.7)
        fit = solve_descent(problem)
        quickly(fit, 40)
        assert worst_violation(objective, problem, fit.coef) < 1e-7
    np.testing.assert_allclose(fit.coef, truth, atol=1e-5 * max(1, abs(pair.unit)))


# ---- where to start ----------------------------------------------------------------------------


@pytest.mark.parametrize("prior", [[0, -1, -1, -1], [0, 1, 0.5, 0.2], [0, 2, 2, 2]], ids=str)
@pytest.mark.parametrize("link", ["identity", "log"])
def test_a_prior_that_moves_the_means_is_no_obstacle(objective, pairs, link, prior):
    """The first intercept was that of a model without the prior, whose means could be negative."""
    pair = pairs["gamma", link]
    rng = np.random.default_rng(0)
    x = np.column_stack([np.ones(200), rng.uniform(size=(200, 3))])
    y = rng.gamma(5, x @ [1, 1, 0.5, 0.2] / 5)
    problem = Problem(DesignMatrix([DenseBlock(x)], 1), y, pair.family, pair.link, intercept=0)
    problem = with_penalty(problem, 0.02, target=np.array(prior, dtype=float))
    fit = solve_descent(problem)
    assert fit.converged
    weights = weights_of(problem)
    found = objective.of(problem).violations(fit.coef, *weights, target=problem.penalty.target)
    assert found.max() < 1e-6


@pytest.mark.parametrize("names", [("gamma", "inverse"), ("gamma", "identity")])
def test_a_prior_beside_which_only_a_larger_intercept_will_do(objective, pairs, names):
    """One row in which the prior takes more away than the mean has."""
    pair = pairs[names]
    base = make_problem(pair)
    x = base.design.to_dense()
    x[7, 5] = -3.0
    target = np.r_[np.zeros(5), pair.centre, 0.0]
    problem = replace(base, design=DesignMatrix([DenseBlock(x)], 1), offset=None)
    problem = with_penalty(problem, 1e-3, target=target)
    fit = solve_descent(problem, tol=1e-9)
    assert fit.converged
    assert worst_violation(objective, problem, fit.coef) < 1e-7


def test_means_that_run_off_are_no_numpy_warning(pairs):
    """An offset of means from 1e-8 to 1e8, with which scoring steps overflow: see the messages."""
    pair = pairs["gamma", "log"]
    rng = np.random.default_rng(0)
    x = np.column_stack([np.ones(200), rng.normal(size=(200, 5))])
    y = rng.gamma(2, 0.5, 200)
    problem = Problem(DesignMatrix([DenseBlock(x)], 1), y, pair.family, pair.link, intercept=0)
    target = np.r_[0.0, np.full(5, 2.0)]
    fit = solve_descent(with_penalty(problem, 1e6, target=target))  # warnings are errors here
    np.testing.assert_array_equal(fit.coef[1:], target[1:])


@pytest.mark.parametrize("worse", [50.0, -50.0])
def test_a_start_worse_than_the_null_model_is_left_aside(pairs, worse):
    problem = with_penalty(make_problem(pairs["poisson", "log"]), 0.01)
    fit = solve_descent(problem)
    np.testing.assert_array_equal(solve_descent(problem, start=np.full(7, worse)).coef, fit.coef)
    near = solve_descent(problem, start=fit.coef + 1e-6)
    assert near.n_iter < fit.n_iter
    np.testing.assert_allclose(near.coef, fit.coef, atol=1e-6)


def test_no_valid_start_is_an_error_with_a_remedy(pairs):
    pair = pairs["gamma", "identity"]
    without_intercept = make_problem(pair, offset=None)
    design = DesignMatrix([DenseBlock(without_intercept.design.to_dense()[:, 4:])], 1)
    problem = replace(without_intercept, design=design, intercept=None)
    with pytest.raises(
        ValueError, match=r"no valid starting.*identity link.*gamma family; use its log.*prior_coef"
    ):
        solve_descent(with_penalty(problem, 0.1, factors=np.ones(3)))


@pytest.mark.parametrize("names", [("gaussian", "identity"), ("poisson", "log")])
def test_columns_too_large_to_square(pairs, names):
    base = make_problem(pairs[names])
    x = base.design.to_dense()
    x[:, 5] *= 1e200
    problem = replace(base, design=DesignMatrix([DenseBlock(x)], 1))
    with pytest.raises(ValueError, match=r"cross-products.*not finite.*must be rescaled"):
        solve_descent(with_penalty(problem, 0.1))


# ---- links that let means leave the domain -----------------------------------------------------


def test_a_minimum_at_the_edge_of_the_domain_is_said(pairs):
    """The last rows have no claims and the smallest means: without a penalty these would be 0."""
    pair = pairs["poisson", "identity"]
    x = np.column_stack([np.ones(60), np.linspace(0, 1, 60)])
    y = np.where(x[:, 1] < 0.5, 3.0, 0.0)
    problem = Problem(DesignMatrix([DenseBlock(x)], 1), y, pair.family, pair.link, intercept=0)
    fit = solve_descent(with_penalty(problem, 1e-3))
    assert not fit.converged
    assert fit.message.startswith("the identity link lets means leave the domain of the poisson")
    assert fit.n_iter <= 25
    assert (x @ fit.coef > 0).all()
    assert x[-1] @ fit.coef < 1e-4
    assert fit.kkt > 1e-3
    inside = solve_descent(with_penalty(problem, 0.23))
    assert inside.converged
    np.testing.assert_allclose(inside.coef, [1.95865, -1.69871], atol=1e-4)  # by a grid


def test_steps_beyond_the_domain_are_halved(objective, pairs, monkeypatch):
    """The minimum is well inside, and the first steps go too far."""
    rng = np.random.default_rng(251)
    x = np.column_stack([np.ones(60), rng.exponential(size=60)])
    y = rng.poisson(0.3 + x[:, 1] ** 3).astype(float)
    pair = pairs["poisson", "identity"]
    problem = Problem(DesignMatrix([DenseBlock(x)], 1), y, pair.family, pair.link, intercept=0)
    problem = with_penalty(problem, 0.01)
    objectives = []
    make_point = Problem.point

    def counted(self, *args):
        point = make_point(self, *args)
        objectives.append(point.objective)
        return point

    monkeypatch.setattr(Problem, "point", counted)
    fit = solve_descent(problem)
    assert np.isinf(objectives).any()
    assert fit.converged
    assert (x @ fit.coef > 0).all()
    assert worst_violation(objective, problem, fit.coef) < 1e-7
