"""Fisher scoring against statsmodels and brute force, and how it ends where a fit is hard."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import optimize

from rustystats.datasets import make_motor_portfolio
from rustystats.design.blocks import DenseBlock, TableBlock, constant_block, indicator_basis
from rustystats.design.matrix import DesignMatrix
from rustystats.families import Poisson
from rustystats.links import Log
from rustystats.solvers import irls
from rustystats.solvers.irls import solve_irls
from rustystats.solvers.null import null_model
from rustystats.solvers.problem import Problem

N = 800
EFFECTS = np.array([0.06, -0.05, 0.1, 0.1, -0.12])  # in units of the pair


def make_problem(pair, with_weights=False, with_offset=False, n=N, seed=0, **changes):
    """A response drawn from the model: an intercept, four levels, two dense columns."""
    rng = np.random.default_rng(seed)
    blocks = [
        constant_block(n),
        TableBlock(rng.integers(0, 4, n).astype(np.uint8), indicator_basis(4, 0)),
        DenseBlock(rng.uniform(-1, 1, (n, 2))),
    ]
    design = DesignMatrix(blocks, 1)
    offset = pair.unit * rng.uniform(-0.1, 0.1, n) if with_offset else None
    truth = np.r_[pair.centre, pair.unit * EFFECTS]
    mu = pair.link.inverse(design.matvec(truth, offset))
    y = pair.draw(rng, mu)
    weights = rng.uniform(0.2, 2, n) if with_weights else None
    known = {"weights": weights, "offset": offset, "intercept": 0}
    return Problem(design, y, pair.family, pair.link, **(known | changes))


def dense_problem(x, y, pair, **options):
    design = DesignMatrix([DenseBlock(np.asarray(x, dtype=float))], 1)
    return Problem(design, np.asarray(y, float), pair.family, pair.link, **options)


def statsmodels_fit(problem, pair, near):
    """It takes full steps, which leave the domain of some links: it starts a little off `near`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of every link but the canonical one
        return sm.GLM(
            problem.y,
            problem.design.to_dense(),
            family=pair.statsmodels(),
            offset=problem.offset,
            var_weights=problem.weights,
        ).fit(1.01 * near, tol=1e-15, maxiter=300, tol_criterion="deviance")


def check_history(fit):
    history = np.array(fit.history)
    assert (np.diff(history) <= 1e-12 * np.abs(history[0])).all()
    assert np.isfinite(history).all()


def relative_gradient(problem, fit):
    """Score at the solution in units of the standard errors it would move."""
    score = problem.evaluate(fit.coef, True).score[~fit.aliased]
    scale = np.sqrt(np.diagonal(fit.gram)[~fit.aliased] * max(fit.pearson, 1e-300))
    return np.abs(score / scale).max()


# ---- the answer --------------------------------------------------------------------------------


@pytest.mark.parametrize("with_offset", [False, True], ids=["no offset", "offset"])
@pytest.mark.parametrize("with_weights", [False, True], ids=["no weights", "weights"])
def test_equals_statsmodels(pair, with_weights, with_offset):
    problem = make_problem(pair, with_weights, with_offset)
    fit = solve_irls(problem, tol=1e-15)
    other = statsmodels_fit(problem, pair, fit.coef)
    assert fit.converged
    assert fit.message == "converged"
    np.testing.assert_allclose(fit.coef, other.params, rtol=0, atol=3e-8 * max(1, abs(pair.unit)))
    np.testing.assert_allclose(fit.deviance, other.deviance, rtol=1e-10)
    np.testing.assert_allclose(fit.pearson, other.pearson_chi2, rtol=1e-7)
    np.testing.assert_allclose(fit.gram, problem.evaluate(fit.coef, True).gram, rtol=1e-9)
    assert fit.rank == 6
    assert not fit.aliased.any()
    assert relative_gradient(problem, fit) < 1e-9
    check_history(fit)


def test_default_tolerance_is_far_below_the_standard_errors(pair):
    problem = make_problem(pair, True, True)
    fit, exact = solve_irls(problem), solve_irls(problem, tol=1e-16)
    errors = np.sqrt(np.diagonal(np.linalg.inv(exact.gram)))
    errors *= np.sqrt(problem.dispersion(exact, 6))
    assert fit.converged
    assert np.abs((fit.coef - exact.coef) / errors).max() < 1e-4
    np.testing.assert_allclose(fit.deviance, exact.deviance, rtol=1e-10)
    assert fit.n_iter <= 12


@pytest.mark.parametrize("alpha", [1e-3, 0.5])
def test_ridge_equals_brute_force(pair, alpha):
    free = make_problem(pair, True, True)
    factors = np.array([0, 1, 1, 2, 1, 0.5])
    total = free.weights.sum()
    problem = make_problem(pair, True, True, steadying=alpha * total * factors)
    fit = solve_irls(problem, tol=1e-16)
    x = problem.design.to_dense()

    def slope(coef):
        """Gradient of the documented objective, by the chain rule."""
        mu, dmu = problem.link.inverse_with_derivative(x @ coef + problem.offset)
        residual = problem.weights * (problem.y - mu) * dmu / problem.family.variance(mu)
        return -x.T @ residual / total + alpha * factors * coef

    brute = optimize.root(slope, fit.coef * 1.05, tol=1e-13)
    np.testing.assert_allclose(fit.coef, brute.x, rtol=0, atol=1e-8)
    assert np.abs(slope(fit.coef)).max() < 1e-10
    assert fit.converged
    check_history(fit)
    size = np.abs(fit.coef[1:]).sum()
    assert size < np.abs(solve_irls(free).coef[1:]).sum()


def test_any_start_leads_to_the_same_answer(pair):
    problem = make_problem(pair)
    expected = solve_irls(problem, tol=1e-16)
    start = np.r_[pair.centre, np.full(5, 0.01 * pair.unit)]
    fit = solve_irls(problem, tol=1e-16, start=start)
    np.testing.assert_allclose(fit.coef, expected.coef, atol=1e-9)
    again = solve_irls(problem, start=expected.coef)
    assert again.n_iter == 1


@pytest.mark.parametrize(
    ("names", "centre"),
    [(("poisson", "log"), -9.0), (("binomial", "logit"), 4.0)],
)
def test_a_step_that_overshoots_is_halved(pairs, names, centre):
    """From means far too small the full step lands where the deviance is finite and far worse."""
    pair = pairs[names]
    problem = make_problem(pair)
    start = np.r_[centre, np.zeros(5)]
    first = problem.evaluate(start, True)
    full = start + np.linalg.solve(first.gram, first.score)
    rise = problem.evaluate(full, False).objective / first.objective
    fit = solve_irls(problem, tol=1e-15, start=start)
    assert rise > 1.1
    assert fit.converged
    check_history(fit)
    np.testing.assert_allclose(fit.coef, solve_irls(problem, tol=1e-15).coef, atol=1e-8)


@pytest.mark.parametrize("with_weights", [False, True])
def test_the_start_is_the_model_without_regressors(pair, with_weights):
    problem = make_problem(pair, with_weights)
    null = null_model(problem.y, problem.family, problem.link, problem.weights, None)[0]
    np.testing.assert_allclose(solve_irls(problem).history[0], null, rtol=1e-10)


def test_weight_two_is_a_row_twice(pair):
    problem = make_problem(pair, n=300)
    repeats = np.random.default_rng(0).integers(0, 4, 300)
    x = problem.design.to_dense()
    weighted = dense_problem(x, problem.y, pair, weights=repeats.astype(float), intercept=0)
    repeated = dense_problem(
        np.repeat(x, repeats, axis=0), np.repeat(problem.y, repeats), pair, intercept=0
    )
    one, two = solve_irls(weighted, tol=1e-16), solve_irls(repeated, tol=1e-16)
    np.testing.assert_allclose(one.coef, two.coef, atol=1e-9)
    np.testing.assert_allclose(one.deviance, two.deviance, rtol=1e-10)


def test_a_constant_offset_moves_the_intercept_only(pair):
    shift = 0.05 * pair.unit
    free = solve_irls(make_problem(pair), tol=1e-16)
    moved = solve_irls(make_problem(pair, offset=np.full(N, shift)), tol=1e-16)
    np.testing.assert_allclose(moved.coef + np.r_[shift, np.zeros(5)], free.coef, atol=1e-9)


def test_threads_and_repetition(pair):
    problem = make_problem(pair, True, True)
    single = solve_irls(problem)
    problem.design.n_threads = 3
    first, again = solve_irls(problem), solve_irls(problem)
    np.testing.assert_array_equal(first.coef, again.coef)
    assert first.history == again.history
    np.testing.assert_allclose(first.coef, single.coef, rtol=0, atol=1e-11)


# ---- aliased columns ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["twice", "zero", "sum", "constant", "all levels"])
def test_aliased_columns(pair, kind):
    base = make_problem(pair, True)
    x = base.design.to_dense()
    extra, position = {
        "twice": (x[:, 4], 5),
        "zero": (np.zeros(N), 2),
        "sum": (x[:, 4] - 2 * x[:, 5] + 3, 6),
        "constant": (np.full(N, 7.0), 1),
        "all levels": (1 - x[:, 1:4].sum(axis=1), 4),
    }[kind]
    wide = np.insert(x, position, extra, axis=1)
    problem = dense_problem(wide, base.y, pair, weights=base.weights, intercept=0)
    fit, narrow = solve_irls(problem, tol=1e-16), solve_irls(base, tol=1e-16)
    np.testing.assert_array_equal(np.flatnonzero(fit.aliased), [position])
    assert fit.rank == 6
    assert fit.coef[position] == 0
    np.testing.assert_allclose(np.delete(fit.coef, position), narrow.coef, atol=1e-8)
    np.testing.assert_allclose(fit.deviance, narrow.deviance, rtol=1e-10)
    assert fit.converged


def test_of_two_equal_columns_the_later_is_aliased(pairs):
    base = make_problem(pairs["poisson", "log"])
    x = base.design.to_dense()
    problem = dense_problem(x[:, [0, 4, 5, 4, 5, 0]], base.y, pairs["poisson", "log"], intercept=0)
    np.testing.assert_array_equal(solve_irls(problem).aliased, [False] * 3 + [True] * 3)


def test_a_column_seen_only_by_rows_of_weight_zero_is_aliased(pairs):
    weights = np.ones(N)
    weights[:50] = 0
    base = make_problem(pairs["gamma", "log"])
    x = np.column_stack([base.design.to_dense(), np.arange(N) < 50])
    fit = solve_irls(dense_problem(x, base.y, pairs["gamma", "log"], weights=weights, intercept=0))
    np.testing.assert_array_equal(np.flatnonzero(fit.aliased), [6])
    assert fit.converged


def test_ridge_tells_equal_columns_apart(pairs):
    base = make_problem(pairs["poisson", "log"])
    x = base.design.to_dense()[:, [0, 4, 4]]
    ridge = np.array([0.0, 50.0, 50.0])
    fit = solve_irls(
        dense_problem(x, base.y, pairs["poisson", "log"], intercept=0, steadying=ridge)
    )
    assert fit.rank == 3
    np.testing.assert_allclose(fit.coef[1], fit.coef[2], rtol=1e-9)


# ---- no intercept, few rows --------------------------------------------------------------------


def test_all_levels_and_no_intercept(pair):
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 5, N).astype(np.uint8)
    y = make_problem(pair).y
    design = DesignMatrix([TableBlock(codes, np.eye(5))])
    fit = solve_irls(Problem(design, y, pair.family, pair.link), tol=1e-14)
    means = np.bincount(codes, y) / np.bincount(codes)
    np.testing.assert_allclose(pair.link.inverse(fit.coef), means, rtol=1e-9)
    assert fit.converged


@pytest.mark.parametrize("link", ["log", "identity"])
def test_dense_columns_and_no_intercept(pairs, link):
    pair = pairs["poisson", link]
    rng = np.random.default_rng(2)
    x = rng.uniform(0.2, 1, (N, 3))
    y = rng.poisson(pair.link.inverse(x @ [0.5, 0.3, 0.2])).astype(float)
    problem = dense_problem(x, y, pair)
    fit = solve_irls(problem, tol=1e-16)
    np.testing.assert_allclose(fit.coef, statsmodels_fit(problem, pair, fit.coef).params, atol=1e-8)
    check_history(fit)
    again = solve_irls(problem, tol=1e-16, start=0.9 * fit.coef)  # no constant to compare it with
    assert again.history[0] < fit.history[0]
    np.testing.assert_allclose(again.coef, fit.coef, atol=1e-8)


def test_as_many_columns_as_rows(pair):
    y = np.array([0.3, 0.5, 0.45, 0.8])
    x = np.column_stack([np.ones(4), np.eye(4)[:, 1:]])
    fit = solve_irls(dense_problem(x, y, pair, intercept=0), tol=1e-14)
    np.testing.assert_allclose(pair.link.inverse(x @ fit.coef), y, rtol=1e-7)
    assert abs(fit.deviance) < 1e-12
    assert fit.rank == 4


# ---- steps -------------------------------------------------------------------------------------


@pytest.mark.parametrize("with_ridge", [False, True])
def test_a_quadratic_problem_is_solved_by_one_step(with_ridge, pairs):
    ridge = np.r_[0, np.full(5, 30.0)] if with_ridge else None
    problem = make_problem(pairs["gaussian", "identity"], True, True, steadying=ridge)
    fit = solve_irls(problem)
    assert fit.converged
    assert fit.n_iter <= 2
    np.testing.assert_allclose(fit.history[1], fit.history[-1], rtol=1e-13)
    x, w = problem.design.to_dense(), problem.weights
    gram = x.T @ (w[:, None] * x) + np.diag(np.zeros(6) if ridge is None else ridge)
    expected = np.linalg.solve(gram, x.T @ (w * (problem.y - problem.offset)))
    np.testing.assert_allclose(fit.coef, expected, atol=1e-12)


def test_poisson_with_identity_link_halves_its_steps(monkeypatch, pairs):
    """Full scoring steps leave the domain here, the optimum lies well inside."""
    rng = np.random.default_rng(251)
    x = np.column_stack([np.ones(60), rng.exponential(size=60)])
    y = rng.poisson(0.3 + x[:, 1] ** 3).astype(float)
    problem = dense_problem(x, y, pairs["poisson", "identity"], intercept=0)
    objectives = []
    evaluate = Problem.evaluate

    def counted(self, coef, with_gram):
        point = evaluate(self, coef, with_gram)
        objectives.append(point.objective)
        return point

    monkeypatch.setattr(Problem, "evaluate", counted)
    fit = solve_irls(problem, tol=1e-16)
    assert fit.converged
    assert np.isinf(objectives).any()
    check_history(fit)
    assert (x @ fit.coef > 0).all()
    assert relative_gradient(problem, fit) < 1e-7
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = sm.GLM(y, x, family=sm.families.Poisson(sm.families.links.Identity()))
        other = other.fit(start_params=np.add(fit.coef, [0.002, -0.001]), tol=1e-14, maxiter=300)
    np.testing.assert_allclose(fit.coef, other.params, rtol=0, atol=1e-8)
    np.testing.assert_allclose(fit.deviance, other.deviance, rtol=1e-11)


def test_too_few_steps_are_owned_up_to(pair):
    problem = make_problem(pair)
    if problem.is_quadratic:
        assert solve_irls(problem, max_iter=1, tol=1e-12).message.startswith("the Newton")
        return
    fit = solve_irls(problem, max_iter=1, tol=1e-12)
    assert not fit.converged
    assert "max_iter=1" in fit.message
    assert fit.n_iter == 1
    assert fit.decrement > 0
    assert np.isfinite(fit.coef).all()
    np.testing.assert_allclose(fit.gram, problem.evaluate(fit.coef, True).gram, rtol=1e-12)
    best = solve_irls(problem, tol=1e-16).deviance
    assert best < fit.deviance < fit.history[0]


def test_no_valid_start_is_an_error_with_a_remedy(pairs):
    problem = make_problem(pairs["binomial", "identity"], offset=np.linspace(-9, 9, N))
    with pytest.raises(ValueError, match=r"no valid starting point.*use its logit link"):
        solve_irls(problem)


def test_a_start_without_valid_means_is_left_aside(pairs):
    problem = make_problem(pairs["gamma", "identity"])
    fit = solve_irls(problem, start=np.full(6, -1.0))
    np.testing.assert_array_equal(fit.coef, solve_irls(problem).coef)


def test_a_start_that_has_valid_means_by_an_aliased_column_alone_is_left_aside(pairs):
    x = np.column_stack([np.ones(N), np.linspace(0, 1, N), np.linspace(0, 1, N)])
    problem = dense_problem(x, 1 + x[:, 1], pairs["gamma", "identity"], intercept=0)
    fit = solve_irls(problem, start=np.array([0.5, -6.0, 9.0]))
    assert fit.aliased.tolist() == [False, False, True]
    np.testing.assert_array_equal(fit.coef, solve_irls(problem).coef)
    near = solve_irls(problem, start=np.array([1.0, 0.4, 0.6]))  # valid without it as well
    np.testing.assert_allclose(near.coef, [1.0, 1.0, 0.0], atol=1e-9)


def test_means_far_below_what_steps_can_mend_are_owned_up_to(pairs):
    """Next to no information: the first step overflows however often it is halved."""
    x = np.random.default_rng(0).uniform(0.5, 1.0, (60, 2))
    problem = dense_problem(
        x, np.full(60, 2.0), pairs["poisson", "log"], offset=np.full(60, -300.0)
    )
    fit = solve_irls(problem, start=np.zeros(2))
    assert not fit.converged
    assert fit.message == "no step along the scoring direction lowers the deviance"
    np.testing.assert_array_equal(fit.coef, 0.0)


@pytest.mark.parametrize(
    "names", [("gamma", "inverse"), ("gamma", "identity"), ("poisson", "sqrt")]
)
@pytest.mark.parametrize("weighted", [False, True])
def test_an_offset_far_from_its_mean_in_one_row(pairs, names, weighted):
    """The intercept that would do on average leaves the domain there; another one does not."""
    pair = pairs[names]
    problem = make_problem(pair)
    offset = np.zeros(N)
    offset[7] = -3.0 * pair.centre
    y, weights = problem.y.copy(), np.ones(N) if weighted else None
    y[7] = pair.link.inverse(0.5 * pair.centre)
    if weighted:
        weights[8], offset[8] = 0.0, -1e3  # a row that does not count
    moved = replace(problem, y=y, offset=offset, weights=weights)
    fit = solve_irls(moved, tol=1e-14)
    assert fit.converged
    dense = moved.design.to_dense()
    eta = dense @ fit.coef + offset
    mu, slope = pair.link.inverse_with_derivative(np.where(offset > -1e3, eta, 1.0))
    score = (offset > -1e3) * (y - mu) * slope / pair.family.variance(mu)
    np.testing.assert_allclose(dense.T @ score, 0.0, atol=1e-6 * np.abs(score).sum())


@pytest.mark.parametrize("family", ["gaussian", "poisson", "gamma", "inverse_gaussian", "tweedie"])
def test_the_best_constant_beside_an_offset_is_the_start(pairs, family):
    pair = pairs[family, "log"]
    problem = make_problem(pair, with_weights=True, offset=np.linspace(-2.0, 2.0, N))
    constant = replace(problem, design=DesignMatrix([constant_block(N)], 1))
    fit = solve_irls(constant)
    assert fit.n_iter == 1
    assert fit.history[0] == pytest.approx(fit.history[-1], rel=1e-13)


# ---- means that run off ------------------------------------------------------------------------


def spread_offset(n=200):
    """Means over some twenty powers of ten; one scoring step leads to 1e9 from afar."""
    rng = np.random.default_rng(0)
    return 2.0 * rng.normal(size=(n, 5)).sum(axis=1), rng.gamma(2, 0.5, n)


@pytest.mark.parametrize("start", [None, -7.5, -20.0])
def test_a_mean_that_overflows_is_no_minimum(pairs, start):
    pair = pairs["gamma", "log"]
    offset, y = spread_offset()
    problem = dense_problem(np.ones((200, 1)), y, pair, offset=offset, intercept=0)
    start = None if start is None else [start]
    fit = solve_irls(problem, start=start, tol=1e-20, max_iter=300)
    assert fit.converged
    assert fit.coef[0] == pytest.approx(np.log(np.mean(y / np.exp(offset))), rel=1e-9)


@pytest.mark.parametrize(
    "family", ["poisson", "gamma", "inverse_gaussian", "tweedie", "negbinomial"]
)
def test_where_means_have_run_off_the_objective_is_infinite(pairs, family):
    pair = pairs[family, "log"]
    problem = make_problem(pair)
    far = np.r_[800.0, np.zeros(5)]
    assert problem.evaluate(far, with_gram=False).objective == np.inf
    near, lane = problem.evaluate_lanes([(problem, np.zeros(6)), (problem, far)])
    assert np.isfinite(near.objective)
    assert lane.objective == np.inf
    weights = np.r_[0.0, np.ones(N - 1)]
    one_row = replace(problem, offset=np.r_[800.0, np.zeros(N - 1)])
    assert one_row.evaluate(np.zeros(6), with_gram=True).objective == np.inf
    unweighted = replace(one_row, weights=weights).evaluate(np.zeros(6), with_gram=True)
    assert np.isfinite(unweighted.objective)


# ---- data at the edge --------------------------------------------------------------------------


def test_perfect_separation_ends_finite(pairs):
    x = np.linspace(-1, 1, 40)
    problem = dense_problem(
        np.column_stack([np.ones(40), x]), x > 0, pairs["binomial", "logit"], intercept=0
    )
    fit = solve_irls(problem)
    assert np.isfinite(fit.coef).all()
    assert np.isfinite(fit.gram).all()
    assert 0 <= fit.deviance < 1e-3
    check_history(fit)


@pytest.mark.parametrize(
    ("names", "empty"),
    [
        (("poisson", "log"), 0.0),
        (("negbinomial", "log"), 0.0),
        (("tweedie", "log"), 0.0),
        (("binomial", "logit"), 0.0),
        (("binomial", "logit"), 1.0),
        (("binomial", "probit"), 1.0),
        (("binomial", "cloglog"), 0.0),
    ],
)
def test_a_level_on_the_border_of_the_domain_ends_finite(pairs, names, empty):
    pair = pairs[names]
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 6, N).astype(np.uint8)
    y = rng.integers(0, 2, N).astype(float)
    y[codes == 4] = empty
    design = DesignMatrix([constant_block(N), TableBlock(codes, indicator_basis(6, 0))])
    fit = solve_irls(Problem(design, y, pair.family, pair.link, intercept=0))
    assert np.isfinite(fit.coef).all()
    assert abs(fit.coef[4]) > 6
    check_history(fit)
    means = pair.link.inverse(design.matvec(fit.coef))
    expected = np.bincount(codes, y) / np.bincount(codes)  # of the other levels as if it were alone
    np.testing.assert_allclose(means, expected[codes], rtol=1e-6, atol=1e-6)


def test_no_claims_at_all(pairs):
    problem = make_problem(pairs["poisson", "log"])
    fit = solve_irls(replace(problem, y=np.zeros(N)))
    assert np.isfinite(fit.coef).all()
    assert fit.deviance < 1e-3


@pytest.mark.parametrize("scale", [1e-8, 1e8])
def test_columns_on_other_scales(scale, pairs):
    base = make_problem(pairs["gamma", "log"])
    x = base.design.to_dense()
    factors = np.array([1, 1, 1, 1, scale, 1])
    fit = solve_irls(
        dense_problem(x * factors, base.y, pairs["gamma", "log"], intercept=0), tol=1e-16
    )
    np.testing.assert_allclose(fit.coef * factors, solve_irls(base, tol=1e-16).coef, atol=1e-8)


# ---- the sampled start -------------------------------------------------------------------------


@pytest.mark.parametrize("with_ridge", [False, True])
def test_sampled_start_changes_nothing_but_the_path(monkeypatch, pair, with_ridge):
    ridge = np.r_[0, np.full(5, 40.0)] if with_ridge else None
    problem = make_problem(pair, True, True, n=8000, steadying=ridge)
    samples = []
    original = Problem.sample

    def sample(self, rows):
        samples.append(rows)
        return original(self, rows)

    monkeypatch.setattr(Problem, "sample", sample)
    direct = solve_irls(problem, tol=1e-16)
    assert samples == []
    monkeypatch.setattr(irls, "SAMPLE_ROWS", 300)
    sampled = solve_irls(problem, tol=1e-16)
    assert len(samples) == (not problem.is_quadratic)
    np.testing.assert_allclose(sampled.coef, direct.coef, rtol=0, atol=1e-8)
    np.testing.assert_allclose(sampled.deviance, direct.deviance, rtol=1e-11)
    np.testing.assert_allclose(sampled.gram, direct.gram, rtol=1e-7, atol=1e-6)
    assert sampled.converged
    check_history(sampled)


def test_the_gram_is_that_of_the_end_though_the_steps_were_too_few(monkeypatch, pairs):
    monkeypatch.setattr(irls, "SAMPLE_ROWS", 300)
    problem = make_problem(pairs["poisson", "log"], n=8000)
    fit = solve_irls(problem, tol=1e-20, max_iter=1)  # with the Gram of the start as the metric
    assert not fit.converged
    np.testing.assert_allclose(fit.gram, problem.evaluate(fit.coef, True).gram, rtol=1e-12)


def test_a_sample_without_a_valid_start_is_left_aside(monkeypatch, pairs):
    monkeypatch.setattr(irls, "SAMPLE_ROWS", 300)
    n = 8000
    problem = make_problem(pairs["binomial", "identity"], n=n, offset=np.linspace(-9, 9, n))
    with pytest.raises(ValueError, match=r"no valid starting point.*use its logit link"):
        solve_irls(problem)


def test_sampled_start_on_a_portfolio(monkeypatch):
    data = make_motor_portfolio(110_000, seed=3)
    n = len(data)
    blocks = [constant_block(n)]
    for name in ("Area", "VehBrand", "Region", "VehGas"):
        codes = data[name].cat.codes.to_numpy().astype(np.uint8)
        blocks.append(TableBlock(codes, indicator_basis(int(codes.max()) + 1, 0)))
    ages = data["DrivAge"].to_numpy().astype(np.uint8)
    values = np.arange(256) / 100
    blocks.append(TableBlock(ages, np.column_stack([values, values**2])))
    blocks.append(DenseBlock(np.log(data[["BonusMalus"]].to_numpy(float))))
    problem = Problem(
        DesignMatrix(blocks),
        data["ClaimNb"].to_numpy(float),
        Poisson(),
        Log(),
        offset=np.log(data["Exposure"].to_numpy()),
        intercept=0,
    )
    sampled = solve_irls(problem, tol=1e-16)
    default = solve_irls(problem)
    monkeypatch.setattr(irls, "SAMPLE_ROWS", n)
    direct = solve_irls(problem, tol=1e-16)
    for fit in (sampled, default, direct):
        assert fit.converged
        check_history(fit)
    assert sampled.history[0] < direct.history[0]
    np.testing.assert_allclose(sampled.coef, direct.coef, rtol=0, atol=1e-8)
    errors = np.sqrt(np.diagonal(np.linalg.inv(direct.gram)))
    assert np.abs((default.coef - direct.coef) / errors).max() < 1e-4
    assert relative_gradient(problem, direct) < 1e-9


def test_an_empty_level_in_the_sample(monkeypatch, pairs):
    """Rows of one level come between those of the sample: its column is only steadied there."""
    monkeypatch.setattr(irls, "SAMPLE_ROWS", 100)
    problem = make_problem(pairs["poisson", "log"], n=8000)
    codes = np.zeros(8000, dtype=np.uint8)
    codes[1 :: irls.SAMPLE_STRIDE] = 1
    design = DesignMatrix([*problem.design.blocks, TableBlock(codes, indicator_basis(2, 0))])
    wider = Problem(design, problem.y, problem.family, problem.link, intercept=0)
    sampled = solve_irls(wider, tol=1e-16)
    monkeypatch.setattr(irls, "SAMPLE_ROWS", 10**6)
    direct = solve_irls(wider, tol=1e-16)
    assert sampled.converged
    np.testing.assert_allclose(sampled.coef, direct.coef, rtol=0, atol=1e-8)


def test_a_perfect_fit_converges(pair):
    """Nothing is left to gain but rounding, and no dispersion to measure it by."""
    x = make_problem(pair).design.to_dense()
    truth = np.r_[pair.centre, pair.unit * EFFECTS]
    y = pair.link.inverse(x @ truth)
    fit = solve_irls(dense_problem(x, y, pair, intercept=0))
    assert fit.converged
    assert fit.n_iter < 15
    np.testing.assert_allclose(fit.coef, truth, atol=1e-9)
    assert abs(fit.deviance) < 1e-12
