"""Wide designs, solved without a Gram of all columns, against the Gram."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning

import rustystats as rs
from rustystats.penalties import PenaltyOptions
from rustystats.solvers import descent, method, wide
from rustystats.solvers.quadratic import violation

N, LEVELS = 4_000, 400
RNG = np.random.default_rng(3)
LEVEL = np.concatenate([np.arange(LEVELS), RNG.integers(5, LEVELS, N - LEVELS)])
EFFECT = np.where(RNG.random(LEVELS) < 0.1, RNG.normal(size=LEVELS), 0.0)
FRAME = pd.DataFrame({"level": LEVEL, "area": RNG.integers(0, 5, N), "x": RNG.normal(2.0, 1.0, N)})
ETA = 0.2 + EFFECT[LEVEL] + 0.1 * FRAME["area"].to_numpy() - 0.2 * FRAME["x"].to_numpy()
WEIGHTS = RNG.uniform(0.0, 2.0, N) * (RNG.random(N) < 0.95)
OFFSET = 0.3 * np.sin(np.arange(N))
MU = np.exp(ETA + OFFSET)
RESPONSES = {
    "gaussian": ETA + OFFSET + RNG.normal(size=N),
    "poisson": RNG.poisson(MU).astype(float),
    "gamma": RNG.gamma(2.0, MU / 2.0) + 1e-3,
    "binomial": (RNG.random(N) < MU / (1.0 + MU)).astype(float),
    "tweedie": RNG.poisson(MU) * RNG.gamma(2.0, 0.5, N),
}
FORMULA = "y ~ C(level) + C(area) + x"


@pytest.fixture
def narrow_limits(monkeypatch):
    """Every Gram of all columns counts as too large."""

    def set_limits():
        monkeypatch.setattr(method, "NARROW", 0)
        monkeypatch.setattr(method, "GRAM_BYTES", 0)

    return set_limits


def model_of(family, formula=FORMULA, **options):
    frame = FRAME.assign(y=RESPONSES[family])
    return rs.glm(formula, frame, family, weights=WEIGHTS, offset=OFFSET, **options)


def conditions(result):
    """Largest violation over all columns relative to the largest score of no model at all."""
    problem = result.model.problem
    X, penalty, coef = problem.design.to_dense(), problem.penalty, result.fit.coef
    mu, slope = problem.link.inverse_with_derivative(X @ coef + problem.offset)
    score = X.T @ (WEIGHTS * (problem.y - mu) * slope / problem.family.variance(mu))
    gap = coef if penalty.target is None else coef - penalty.target
    total = WEIGHTS.sum()
    score -= total * penalty.ridge() * gap
    ends = np.full(len(coef), np.inf)
    lower = -ends if penalty.lower is None else penalty.lower - coef + gap
    upper = ends if penalty.upper is None else penalty.upper - coef + gap
    parts = violation(score, gap, total * penalty.l1(), lower, upper)
    return np.max(parts[~result.aliased]) / total


CASES = {
    "lasso": {"l1_ratio": 1.0},
    "elastic net": {"l1_ratio": 0.5},
    "ridge": {"l1_ratio": 0.0},
    "unpenalised, dict": {"l1_ratio": 1.0, "penalty_factor": {"C(area)": 0.0, "level[T.30]": 0.0}},
    "ridge, unpenalised": {"penalty_factor": {"C(area)": 0.0, "level[T.30]": 0.0}},
    "array": {"l1_ratio": 0.7, "penalty_factor": np.linspace(0.5, 2.0, LEVELS + 4)},
    "ridge, array": {"penalty_factor": np.linspace(0.5, 2.0, LEVELS + 4)},
    "prior": {"l1_ratio": 1.0, "prior_coef": {"level[T.7]": 1.0, "x": -0.1}},
    "ridge, prior": {"prior_coef": {"level[T.7]": 1.0, "x": -0.1}},
    "bounds": {"l1_ratio": 0.9, "lower_bounds": -0.1, "upper_bounds": {"C(level)": 0.3}},
    "standardised": {"l1_ratio": 1.0, "standardize": True, "alpha": 0.02},
}


@pytest.mark.parametrize("name", CASES)
def test_equals_the_gram(name, narrow_limits):
    options = {"alpha": 0.002, "tol": 1e-11, **CASES[name]}
    model = model_of("poisson")
    expected = model.fit(**options)
    narrow_limits()
    found = model.fit(**options)
    assert expected.method == "Gram"
    sought = "conjugate" if "ridge" in name else "working set"
    assert found.method.startswith(sought)
    assert found.converged
    np.testing.assert_allclose(found.fit.coef, expected.fit.coef, atol=1e-7)
    assert found.deviance == pytest.approx(expected.deviance, rel=1e-9)
    assert conditions(found) < 1e-9
    assert found.df_resid == expected.df_resid
    if "ridge" not in name:
        assert found.kkt <= 1e-11
        np.testing.assert_array_equal(found.fit.coef == 0, expected.fit.coef == 0)
        n_columns = int(found.method.split()[3])
        assert found.n_nonzero() <= n_columns < LEVELS


@pytest.mark.parametrize("l1_ratio", [1.0, 0.0])
@pytest.mark.parametrize("family", [name for name in RESPONSES if name != "poisson"])
def test_families(family, l1_ratio, narrow_limits):
    model = model_of(family)
    options = {"alpha": 0.002, "l1_ratio": l1_ratio, "tol": 1e-9 if l1_ratio else 1e-12}
    expected = model.fit(**options)
    narrow_limits()
    found = model.fit(**options)
    assert found.method != "Gram"
    assert found.converged
    np.testing.assert_allclose(found.fit.coef, expected.fit.coef, atol=1e-6)


def test_default_tolerance_of_ridge(narrow_limits):
    """The Newton decrement, as without: coefficients to a thousandth of a standard error."""
    model = model_of("poisson")
    expected = model.fit(alpha=1e-4, tol=1e-14)
    narrow_limits()
    found = model.fit(alpha=1e-4)
    errors = np.abs(found.params - expected.params) / expected.bse()
    assert np.max(errors) < 1e-3
    assert found.fit.decrement <= 1e-8


@pytest.mark.parametrize("l1_ratio", [1.0, 0.4, 0.0])
@pytest.mark.parametrize("family", ["poisson", "gaussian"])
def test_path(family, l1_ratio, narrow_limits):
    model = model_of(family)
    options = {"n_alphas": 12, "alpha_min_ratio": 0.05, "l1_ratio": l1_ratio, "tol": 1e-9}
    expected = model.regularization_path(**options)
    narrow_limits()
    found = model.regularization_path(**options)
    np.testing.assert_allclose(found.alphas, expected.alphas, rtol=1e-8)
    np.testing.assert_allclose(found.coefficients, expected.coefficients, atol=1e-6)
    assert found.converged.all()
    assert np.max(found.kkt) <= 1e-9
    assert found.result(-1).method != "Gram"
    again = model.regularization_path(**(options | {"alphas": found.alphas[[3, 11]]}))
    np.testing.assert_allclose(again.coefficients, found.coefficients[[3, 11]], atol=1e-6)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.0])
def test_cross_validation(l1_ratio, narrow_limits):
    model = model_of("poisson")
    options = {"cv": 3, "random_state": 1, "alphas": [0.03, 0.01, 0.003], "l1_ratio": l1_ratio}
    with pytest.warns(UserWarning, match="0 in all training rows"):
        expected = model.fit(**options)
    narrow_limits()
    with pytest.warns(UserWarning, match="0 in all training rows") as caught:
        found = model.fit(**options)
    assert len(caught) == 1
    assert found.method != "Gram"
    scores = [r.cv_result.to_dataframe().to_numpy() for r in (found, expected)]
    np.testing.assert_allclose(*scores, rtol=1e-6)
    np.testing.assert_allclose(found.params, expected.params, atol=1e-5)


def test_without_an_intercept(narrow_limits):
    model = model_of("poisson", "y ~ C(level) + x - 1")
    options = {"alpha": 0.001, "tol": 1e-10}
    expected = [model.fit(l1_ratio=ratio, **options).params for ratio in (1.0, 0.0)]
    narrow_limits()
    for ratio, params in zip((1.0, 0.0), expected, strict=True):
        np.testing.assert_allclose(model.fit(l1_ratio=ratio, **options).params, params, atol=1e-6)


def test_aliased_columns_without_penalty(narrow_limits):
    model = model_of("poisson", FORMULA + " + I(2 * x)")
    factors = {"x": 0.0, "I(2 * x)": 0.0}
    narrow_limits()
    for ratio in (1.0, 0.0):
        found = model.fit(alpha=0.002, l1_ratio=ratio, penalty_factor=factors)
        assert [n for n, a in zip(found.feature_names, found.aliased, strict=True) if a] == [
            "I(2 * x)"
        ]
        assert found.converged


def test_dense_columns(narrow_limits):
    X = np.column_stack([np.ones(400), RNG.normal(size=(400, 30)) + np.arange(30)])
    y = RNG.poisson(np.exp(0.3 * X[:, 1] - 0.2 * X[:, 2] + 0.4)).astype(float)
    options = {"alpha": 0.01, "tol": 1e-11}
    expected = [rs.fit_glm(y, X, "poisson", l1_ratio=r, **options).params for r in (1.0, 0.0)]
    narrow_limits()
    for ratio, params in zip((1.0, 0.0), expected, strict=True):
        found = rs.fit_glm(y, X, "poisson", l1_ratio=ratio, **options)
        np.testing.assert_allclose(found.params, params, atol=1e-8)


def test_estimated_theta(narrow_limits):
    frame = FRAME.assign(y=RNG.poisson(MU * RNG.gamma(2.0, 0.5, N)).astype(float))
    model = rs.glm(FORMULA, frame, "negbinomial")
    expected = [model.fit(alpha=0.01, l1_ratio=ratio) for ratio in (1.0, 0.0)]
    narrow_limits()
    for ratio, result in zip((1.0, 0.0), expected, strict=True):
        found = model.fit(alpha=0.01, l1_ratio=ratio)
        assert found.theta == pytest.approx(result.theta, rel=1e-4)
        np.testing.assert_allclose(found.params, result.params, atol=1e-4)


def test_what_is_free_separates(narrow_limits):
    """A level without claims and without penalty, beside many that have one."""
    frame = FRAME.assign(y=np.where(FRAME["area"] == 2, 0.0, RESPONSES["poisson"]))
    model = rs.glm(FORMULA, frame, "poisson")
    options = {"alpha": 0.01, "penalty_factor": {"C(area)": 0.0}, "tol": 1e-6}
    with pytest.warns(rs.SeparationWarning):
        expected = model.fit(l1_ratio=1.0, **options).separated
    narrow_limits()
    for ratio in (1.0, 0.0):
        with pytest.warns(rs.SeparationWarning, match="area"):
            found = model.fit(l1_ratio=ratio, **options)
        assert found.separated == expected


def test_what_is_free_and_nearly_a_combination_is_named(narrow_limits):
    frame = FRAME.assign(y=RESPONSES["poisson"], year=1e7 + (FRAME["x"] > 0))
    model = rs.glm(f"{FORMULA} + year", frame, "poisson")
    narrow_limits()
    with pytest.warns(UserWarning, match="^year: so nearly a combination"):
        result = model.fit(alpha=0.01, l1_ratio=1.0, penalty_factor={"year": 0})
    assert result.method != "Gram"
    assert np.isnan(result.params[-1])


def test_refit_of_what_was_selected(narrow_limits):
    model = model_of("poisson")
    narrow_limits()
    lasso = model.fit(alpha=0.01, l1_ratio=1.0)
    refit = lasso.refit_selected()
    assert refit.method == "Gram"
    assert len(refit.params) == lasso.n_nonzero() + 1
    ridge = model.fit(alpha=0.01)
    with pytest.raises(ValueError, match="nothing was selected"):
        ridge.refit_selected()
    assert "No standard errors: the fit was found by conjugate gradients" in ridge.summary()


def test_stability_selection(narrow_limits, monkeypatch):
    model = model_of("poisson")
    options = {"n_alphas": 5, "alpha_min_ratio": 0.3, "n_subsamples": 4, "random_state": 0}
    expected = model.stability_selection(**options).to_dataframe()
    narrow_limits()
    monkeypatch.setattr("rustystats.design.matrix.DesignMatrix.gram", None)
    found = model.stability_selection(**options).to_dataframe()
    pd.testing.assert_frame_equal(found, expected)


def test_a_set_too_large_stops_the_fit(narrow_limits, monkeypatch):
    model = model_of("poisson")
    narrow_limits()
    monkeypatch.setattr(method, "SET_COLUMNS", 60)
    with pytest.warns(UserWarning, match="alpha=1e-05 asks for more than 60 columns"):
        found = model.fit(alpha=1e-5, l1_ratio=1.0)
    assert not found.converged
    with pytest.warns(UserWarning, match="1 of 2 fits of the path did not converge"):
        path = model.regularization_path(alphas=[0.01, 1e-5])
    assert path.converged.tolist() == [True, False]


# ---- the choice -----------------------------------------------------------------------------


def problem_of(p, n=1_000_000, l1_ratio=1.0, alpha=1.0, **penalty):
    """As much of a problem as the choice looks at."""
    frame = FRAME.assign(y=RESPONSES["poisson"])
    model = rs.glm("y ~ C(area)", frame, "poisson")._model
    penalised = model.penalised(PenaltyOptions(l1_ratio), alpha)
    penalty = {"factors": np.append(0.0, np.ones(p - 1)), **penalty}
    made = replace(penalised.problem, penalty=replace(penalised.problem.penalty, **penalty))
    design = type("Design", (), {"shape": (n, p), "packs": range(3), "dense_columns": range(2)})
    object.__setattr__(made, "design", design)
    return made


def test_choice():
    def chosen(*args, tracing=False, **options):
        return method.choose(problem_of(*args, **options), tracing)

    bounds = {"lower": np.zeros(1), "upper": np.zeros(1)}
    assert chosen(5_000, n=1_000) == "Gram"
    assert chosen(50_000) == "working set"
    assert chosen(50_000, l1_ratio=0.0) == "conjugate gradients"
    assert chosen(50_000, **bounds) == "working set"
    assert chosen(50_000, l1_ratio=0.0, **bounds) is None
    assert chosen(15_000, l1_ratio=0.0, **bounds) == "Gram"
    assert chosen(50_000, groups=()) is None
    assert chosen(50_000, factors=np.zeros(50_000)) is None
    assert chosen(6_000, n=100_000, l1_ratio=0.0) == "conjugate gradients"
    assert chosen(6_000, n=10**9, l1_ratio=0.0) == "Gram"  # 300 products of a billion rows
    assert chosen(12_000, n=10**9, l1_ratio=0.0) == "conjugate gradients"  # more than a gigabyte
    free = replace(problem_of(50_000), penalty=None)
    assert method.choose(free) is None
    at_zero = problem_of(50_000)
    at_zero = replace_penalty(at_zero, at_zero.penalty.at(0.0))
    assert method.choose(at_zero) is None
    assert method.choose(at_zero, tracing=True) == "working set"


def replace_penalty(problem, penalty):
    other = replace(problem, penalty=penalty)
    object.__setattr__(other, "design", problem.design)
    return other


def test_what_has_no_other_way_is_refused(narrow_limits, monkeypatch):
    model = model_of("poisson")
    narrow_limits()
    monkeypatch.setattr(method, "MAX_COLUMNS", 100)
    said = "the model has 405 columns, 399 of them from level: their cross-products would take"
    with pytest.raises(ValueError, match=f"{said}.*penalise it: regularization='lasso'"):
        model.fit()
    with pytest.raises(ValueError, match=f"{said}.*leave out group="):
        model.fit(alpha=0.1, l1_ratio=1.0, group="term")
    with pytest.raises(ValueError, match=f"{said}.*beside an L1 penalty"):
        model.fit(alpha=0.1, lower_bounds=0.0)
    with pytest.raises(ValueError, match=f"{said}.*penalise it"):
        model.regularization_path(alphas=[0.1, 0.0], l1_ratio=0.0)
    monkeypatch.setattr(method, "SET_COLUMNS", 100)
    with pytest.raises(ValueError, match=f"{said}.*penalty_factor above 0"):
        model.fit(alpha=0.1, l1_ratio=1.0, penalty_factor={"C(level)": 0.0})
    monkeypatch.setattr(method, "SET_COLUMNS", 1_000)
    assert model.fit(alpha=0.1, l1_ratio=1.0).converged


# ---- memory and time ------------------------------------------------------------------------


def test_fifty_thousand_levels():
    n, p = 200_000, 50_000
    rng = np.random.default_rng(1)
    level = np.concatenate([np.arange(p), rng.integers(0, p, n - p)])
    effect = np.where(rng.random(p) < 0.002, rng.normal(0.0, 2.0, p), 0.0)
    frame = pd.DataFrame({"level": level, "area": rng.integers(0, 6, n)})
    frame["y"] = rng.poisson(np.exp(-1.0 + 0.1 * frame["area"] + effect[level])).astype(float)
    tracemalloc.start()
    try:
        model = rs.glm("y ~ C(level) + C(area)", frame, "poisson")
        lasso = model.fit(alpha=3e-5, l1_ratio=1.0)
        ridge = model.fit(alpha=1e-3)
        errors = [lasso.bse(), ridge.bse()]
        table = ridge.coef_table()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 300e6  # a Gram takes 20 GB
    assert lasso.converged
    assert lasso.kkt <= 1e-8
    assert 20 < lasso.n_nonzero() < 500
    assert ridge.converged
    assert ridge.fit.decrement <= 1e-8
    assert np.isnan(errors).all()
    assert len(table) == p + 5
    score = model._model.problem.design.transpose_matvec(frame["y"].to_numpy() - ridge.fittedvalues)
    penalty = np.append(0.0, np.full(len(score) - 1, 1e-3 * n))
    np.testing.assert_allclose(score, penalty * ridge.fit.coef, atol=1e-3)
    for result in (lasso, ridge):
        with pytest.raises(ValueError, match=r"no covariance: it was found by .*bse"):
            result.cov_params()
        with pytest.raises(ValueError, match="no robust errors"):
            result.cov_robust()
    assert "conjugate gradients" in ridge.no_errors


def test_memory_beside_a_gram(narrow_limits):
    rng = np.random.default_rng(2)
    level = np.concatenate([np.arange(3_000), rng.integers(0, 3_000, 17_000)])
    frame = pd.DataFrame({"level": level, "y": rng.poisson(1.0, 20_000).astype(float)})
    model = rs.glm("y ~ C(level)", frame, "poisson")
    narrow_limits()
    tracemalloc.start()
    try:
        results = [model.fit(alpha=4e-4, l1_ratio=1.0), model.fit(alpha=1e-4)]
        model.regularization_path(n_alphas=10, alpha_min_ratio=0.6)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert all(result.converged for result in results)
    assert peak < 8 * 3_000**2 / 3


def test_gram_diagonal():
    model = model_of("poisson", FORMULA + " + bs(x, df=4):C(area)")
    design = model._model.problem.design
    rows = RNG.choice(N, 3_000, replace=False)
    for part in (design, design.take(rows), design.take(slice(1, None, 3))):
        weight = RNG.uniform(size=part.shape[0])
        np.testing.assert_allclose(
            part.gram_diagonal(weight), np.diagonal(part.gram(weight)), rtol=1e-11
        )


def test_tolerances():
    model = model_of("poisson", "y ~ x + C(area)")._model
    problem = model.penalised(PenaltyOptions(1.0), 0.1).problem
    expected = descent.null_track(problem, 1e-10, 100)
    found = wide.null_track(problem, 1e-10, 100)
    np.testing.assert_allclose(found.tolerance, expected.tolerance, rtol=1e-6)
    np.testing.assert_allclose(found.point.score, expected.point.score, atol=1e-5)


def test_working_weights():
    for name in ("poisson", "gamma", "binomial", "tweedie"):
        problem = model_of(name, "y ~ C(area) + x")._model.problem
        coef = 0.1 * np.arange(problem.design.shape[1])
        weight = problem.working_weights(coef)
        gram = problem.evaluate(coef, with_gram=True).gram
        np.testing.assert_allclose(problem.design.gram(weight), gram, rtol=1e-10)


def test_a_ridge_that_ends_before_its_minimum_says_so(narrow_limits):
    narrow_limits()
    model = model_of("poisson")
    with pytest.warns(ConvergenceWarning, match="not yet at the tolerance after max_iter=1"):
        result = model.fit(alpha=0.01, max_iter=1)
    assert not result.converged
    assert result.iterations == 1


def test_a_ridge_that_no_step_brings_nearer_says_so(narrow_limits):
    """Means of e^-300 have next to no information: the first step overflows."""
    narrow_limits()
    frame = FRAME.assign(y=RESPONSES["poisson"])
    model = rs.glm("y ~ 0 + C(level)", frame, "poisson", offset=np.full(N, -300.0))
    with pytest.warns(ConvergenceWarning, match="no step along the scoring direction lowers"):
        result = model.fit(alpha=1e-200)
    np.testing.assert_array_equal(result.params, 0.0)


def test_means_that_are_not_valid_with_every_column_at_0(narrow_limits):
    narrow_limits()
    frame = FRAME.assign(y=RESPONSES["gamma"])
    model = rs.glm("y ~ 0 + C(level)", frame, "gamma", link="identity")
    with pytest.raises(ValueError, match="no valid starting point: check offset and prior_coef"):
        model.fit(alpha=0.1, l1_ratio=1.0)
    ones = dict.fromkeys(model.feature_names, 1.0)
    assert model.fit(alpha=0.1, l1_ratio=1.0, prior_coef=ones).converged


@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
def test_a_response_without_anything_to_say(narrow_limits, l1_ratio):
    narrow_limits()
    model = rs.glm("y ~ C(level) + x", FRAME.assign(y=3.0), "gamma")
    result = model.fit(alpha=0.1, l1_ratio=l1_ratio)
    assert result.params[0] == pytest.approx(np.log(3.0), rel=1e-14)
    np.testing.assert_allclose(result.params[1:], 0.0, atol=1e-15)
    with pytest.raises(ValueError, match="no penalised column has anything to say"):
        model.regularization_path(l1_ratio=l1_ratio)


def test_columns_join_in_lots(narrow_limits, monkeypatch):
    model = model_of("poisson")
    options = {"alpha": 0.001, "l1_ratio": 1.0, "tol": 1e-12}
    expected = model.fit(**options)
    narrow_limits()
    monkeypatch.setattr("rustystats.solvers.working_set.LEAST", 10)
    found = model.fit(**options)
    assert found.fit.method.startswith("working set")
    np.testing.assert_allclose(found.params, expected.params, atol=1e-8)


def test_a_tolerance_below_rounding_is_owned_up_to(narrow_limits):
    model = model_of("gamma")
    expected = model.fit(alpha=0.1, l1_ratio=1.0, tol=1e-12)
    narrow_limits()
    with pytest.warns(ConvergenceWarning, match="raise (tol|max_iter)"):
        found = model.fit(alpha=0.1, l1_ratio=1.0, tol=1e-20, max_iter=1000)
    np.testing.assert_allclose(found.params, expected.params, atol=1e-8)
