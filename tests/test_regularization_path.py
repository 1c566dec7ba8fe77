"""`lasso_path`, `regularization_path` and L1 fits as users call them: scikit-learn's numbers,
invariances, and data that are awkward."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import sklearn
from packaging.version import Version
from sklearn.linear_model import (
    ElasticNet,
    GammaRegressor,
    Lasso,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
    TweedieRegressor,
)

import rustystats as rs
from rustystats.solvers import descent
from rustystats.solvers.irls import solve_irls

N, P = 250, 7
RNG = np.random.default_rng(12)
X = RNG.normal(size=(N, P)) + 0.5 * RNG.normal(size=(N, 1))
X1 = np.column_stack([np.ones(N), X])
ETA = 0.2 + X @ [0.3, -0.2, 0.0, 0.1, 0.0, -0.1, 0.05]
CLAIMS = RNG.poisson(np.exp(0.4 * ETA))
WEIGHTS, OFFSET = RNG.integers(1, 4, N).astype(float), RNG.uniform(-0.5, 0.5, N)
Y = {
    "gaussian": ETA + RNG.normal(size=N),
    "poisson": RNG.poisson(np.exp(ETA)).astype(float),
    "gamma": RNG.gamma(2.0, np.exp(ETA) / 2),
    "tweedie": CLAIMS * RNG.gamma(2.0, 0.5, N),
    "binomial": (RNG.random(N) < 1 / (1 + np.exp(-ETA))).astype(float),
}
over_families = pytest.mark.parametrize("family", Y)


def path_of(family, X=X1, y=None, **options):
    y = Y[family] if y is None else y
    return rs.lasso_path(y, X, family=family, **({"n_alphas": 10, "tol": 1e-10} | options))


def fit_of(family, alpha=0.02, l1_ratio=1.0, X=X1, y=None, **options):
    y = Y[family] if y is None else y
    options = {"tol": 1e-10} | options
    return rs.fit_glm(y, X, family=family, alpha=alpha, l1_ratio=l1_ratio, **options)


# ---- scikit-learn ------------------------------------------------------------------------------


def by_scikit_learn(model, family, alphas, **fit_options):
    """Coefficients at each alpha, the intercept's first."""
    found = []
    for alpha in alphas:
        if isinstance(model, LogisticRegression):
            model.set_params(C=1 / (alpha * fit_options.get("sample_weight", np.ones(N)).sum()))
        elif isinstance(model, Ridge):
            model.set_params(alpha=alpha * fit_options.get("sample_weight", np.ones(N)).sum())
        else:
            model.set_params(alpha=alpha)
        model.fit(X, Y[family], **fit_options)
        found.append(np.r_[model.intercept_, np.ravel(model.coef_)])
    return np.array(found)


over_weights = pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["", "weights"])


@over_weights
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.1])
def test_lasso_and_elastic_net(l1_ratio, weights):
    path = path_of("gaussian", l1_ratio=l1_ratio, weights=weights, alpha_min_ratio=1e-3)
    tight = {"tol": 1e-14, "max_iter": 100_000}
    model = Lasso(**tight) if l1_ratio == 1 else ElasticNet(l1_ratio=l1_ratio, **tight)
    options = {} if weights is None else {"sample_weight": weights}
    expected = by_scikit_learn(model, "gaussian", path.alphas, **options)
    np.testing.assert_allclose(path.coefficients, expected, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(path.coefficients[1:, 1:] == 0, expected[1:, 1:] == 0)


@over_weights
@pytest.mark.parametrize("family", ["gaussian", "poisson", "gamma", "tweedie", "binomial"])
def test_ridge(family, weights):
    path = path_of(family, l1_ratio=0.0, weights=weights, alphas=[1.0, 0.1, 0.01])
    model = {
        "gaussian": Ridge(tol=1e-14),
        "poisson": PoissonRegressor(tol=1e-9, max_iter=10_000),
        "gamma": GammaRegressor(tol=1e-9, max_iter=10_000),
        "tweedie": TweedieRegressor(power=1.5, link="log", tol=1e-9, max_iter=10_000),
        "binomial": LogisticRegression(tol=1e-10, max_iter=10_000),
    }[family]
    if hasattr(model, "solver") and family != "gaussian":
        model.set_params(solver="newton-cholesky")
    options = {} if weights is None else {"sample_weight": weights}
    expected = by_scikit_learn(model, family, path.alphas, **options)
    np.testing.assert_allclose(path.coefficients, expected, rtol=0, atol=1e-6)
    for alpha, coef in zip(path.alphas, expected, strict=True):
        smooth = fit_of(family, alpha, 0.0, weights=weights, tol=1e-14)
        np.testing.assert_allclose(smooth.params, coef, rtol=0, atol=1e-6)


@over_weights
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_logistic_regression(l1_ratio, weights):
    """Its saga converges slowly, which is why the alphas are large."""
    path = path_of("binomial", l1_ratio=l1_ratio, weights=weights, alphas=[0.05, 0.02])
    model = LogisticRegression(solver="saga", l1_ratio=l1_ratio, tol=1e-10, max_iter=20_000)
    if Version(sklearn.__version__) < Version("1.8"):  # where l1_ratio alone has no effect
        model.set_params(penalty="elasticnet")
    options = {} if weights is None else {"sample_weight": weights}
    expected = by_scikit_learn(model, "binomial", path.alphas, **options)
    np.testing.assert_allclose(path.coefficients, expected, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(path.coefficients == 0, expected == 0)


# ---- where a path starts -----------------------------------------------------------------------


@over_families
def test_B10_the_path_starts_at_the_empty_model(family):
    """alpha_max was that of least squares, whatever the family, weights and offset."""
    options = {"weights": WEIGHTS, "offset": OFFSET}
    path = path_of(family, n_alphas=100, alpha_min_ratio=1e-2, **options)
    assert path.n_nonzero[0] == 0
    assert path.n_nonzero[1] >= 1
    alpha_max = path.alphas[0]
    above, below = (fit_of(family, alpha_max * s, **options) for s in (1 + 1e-6, 1 - 1e-6))
    assert (above.n_nonzero(), below.n_nonzero()) == (0, 1)
    null = rs.fit_glm(Y[family], X1[:, :1], family=family, tol=1e-14, **options)
    assert path.deviances[0] == pytest.approx(null.deviance, rel=1e-9)
    assert path.deviance_explained[0] == pytest.approx(0.0, abs=1e-9)
    np.testing.assert_allclose(
        path.deviance_explained, 1 - path.deviances / null.deviance, rtol=1e-9, atol=1e-9
    )
    assert (np.diff(path.deviance_explained) > 0).all()


# ---- what changes nothing ----------------------------------------------------------------------


@over_families
def test_a_point_of_a_path_is_a_fit(family):
    path = path_of(family, l1_ratio=0.8, tol=1e-9, weights=WEIGHTS, offset=OFFSET)
    for k in (0, 4, 9):
        result = fit_of(family, path.alphas[k], 0.8, tol=1e-9, weights=WEIGHTS, offset=OFFSET)
        np.testing.assert_allclose(path.coefficients[k], result.params, rtol=0, atol=1e-6)
        of_path = path.result(k)
        np.testing.assert_array_equal(of_path.params, path.coefficients[k])
        assert of_path.deviance == pytest.approx(result.deviance, rel=1e-9)
        assert (of_path.alpha, of_path.l1_ratio) == (path.alphas[k], 0.8)
        assert of_path.n_nonzero() == result.n_nonzero() == path.n_nonzero[k]
        np.testing.assert_allclose(of_path.fittedvalues, result.fittedvalues, rtol=1e-6)


@over_families
def test_weight_two_is_a_row_twice(family):
    repeats = np.random.default_rng(1).integers(0, 3, N)
    one = path_of(family, weights=repeats.astype(float), offset=OFFSET)
    two = path_of(
        family,
        np.repeat(X1, repeats, axis=0),
        np.repeat(Y[family], repeats),
        offset=np.repeat(OFFSET, repeats),
    )
    np.testing.assert_allclose(one.alphas, two.alphas, rtol=1e-8)
    np.testing.assert_allclose(one.coefficients, two.coefficients, rtol=0, atol=1e-7)
    np.testing.assert_allclose(one.deviances, two.deviances, rtol=1e-8)


@over_families
@pytest.mark.parametrize("unit", [1e-9, 1e6])
def test_the_unit_of_the_weights_is_only_a_unit(family, unit):
    one, other = path_of(family, weights=WEIGHTS), path_of(family, weights=unit * WEIGHTS)
    np.testing.assert_allclose(other.alphas, one.alphas, rtol=1e-8)
    np.testing.assert_allclose(other.coefficients, one.coefficients, rtol=0, atol=1e-7)
    assert other.converged.all()


def test_the_unit_of_a_gaussian_response_is_only_a_unit():
    one = path_of("gaussian")
    for unit in (1e-6, 1e6):
        other = path_of("gaussian", y=unit * Y["gaussian"])
        np.testing.assert_allclose(other.alphas, unit * one.alphas, rtol=1e-9)
        np.testing.assert_allclose(other.coefficients / unit, one.coefficients, rtol=0, atol=1e-8)


@over_families
def test_a_constant_offset_moves_the_intercept_only(family):
    one, moved = path_of(family), path_of(family, offset=np.full(N, 0.7))
    np.testing.assert_allclose(moved.alphas, one.alphas, rtol=1e-8)
    shift = moved.coefficients - one.coefficients
    np.testing.assert_allclose(shift, np.r_[-0.7, np.zeros(P)] * np.ones((10, 1)), atol=1e-7)


@over_families
def test_the_unit_of_a_column_does_not_matter_when_standardized(family):
    units = np.r_[1.0, 1e3, 1e-3, np.ones(P - 2)]
    one = path_of(family, standardize=True, l1_ratio=0.6)
    other = path_of(family, X1 * units, standardize=True, l1_ratio=0.6)
    np.testing.assert_allclose(other.alphas, one.alphas, rtol=1e-8)
    np.testing.assert_allclose(other.coefficients * units, one.coefficients, rtol=0, atol=1e-7)


@over_families
def test_the_order_of_columns_and_rows_does_not_matter(family):
    columns, rows = (
        np.r_[0, 1 + np.random.default_rng(2).permutation(P)],
        np.random.default_rng(3).permutation(N),
    )
    one = path_of(family, weights=WEIGHTS)
    other = path_of(family, X1[rows][:, columns], Y[family][rows], weights=WEIGHTS[rows])
    np.testing.assert_allclose(other.alphas, one.alphas, rtol=1e-8)
    np.testing.assert_allclose(other.coefficients, one.coefficients[:, columns], rtol=0, atol=1e-7)


@pytest.mark.parametrize("family", ["poisson", "gaussian"])
def test_threads_do_not_matter(family):
    rows = np.random.default_rng(4).integers(0, N, 40_000)
    x, y = X1[rows], Y[family][rows]
    paths = [path_of(family, x, y, n_threads=k, n_alphas=5) for k in (1, 3)]
    np.testing.assert_allclose(paths[0].coefficients, paths[1].coefficients, rtol=0, atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_layout_of_an_array_does_not_matter(dtype):
    x = X1.astype(dtype)
    expected = path_of("poisson", x.astype(float)).coefficients
    wide = np.zeros((2 * N, 2 * P + 2), dtype=dtype)
    wide[::2, ::2] = x
    for other in (np.asfortranarray(x), wide[::2, ::2], x.tolist(), pd.DataFrame(x)):
        path = path_of("poisson", other)
        np.testing.assert_allclose(path.coefficients, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("family", ["poisson", "gamma"])
def test_a_formula_and_its_design_as_an_array(family):
    """Tables of levels beside dense columns, and the same as one dense block."""
    area = np.random.default_rng(5).choice(list("ABCD"), N)
    data = pd.DataFrame({"y": Y[family], "area": area, "x": X[:, 0], "z": X[:, 1], "w": WEIGHTS})
    data["e"] = np.exp(OFFSET)
    model = rs.glm("y ~ x + C(area) + bs(z, df=5)", data, family=family, exposure="e", weights="w")
    options = {"n_alphas": 8, "l1_ratio": 0.9, "tol": 1e-10, "standardize": True}
    path = model.regularization_path(**options)
    other = path_of(family, model.X, offset=OFFSET, weights=WEIGHTS, **options)
    np.testing.assert_allclose(path.alphas, other.alphas, rtol=1e-8)
    np.testing.assert_allclose(path.coefficients, other.coefficients, rtol=0, atol=1e-7)
    with_exposure = path_of(family, model.X, exposure=np.exp(OFFSET), weights=WEIGHTS, **options)
    np.testing.assert_allclose(with_exposure.coefficients, other.coefficients, rtol=0, atol=1e-8)


def test_a_formula_whose_columns_say_nothing_has_no_path():
    data = {"y": np.ones(50), "x": np.arange(50.0)}
    with pytest.raises(ValueError, match="no penalised column has anything to say"):
        rs.glm("y ~ x", data, family="poisson").regularization_path()


def test_it_has_two_names():
    assert rs.lasso_path is rs.regularization_path


def test_a_path_leaves_what_it_is_given_alone():
    arrays = [X1.copy(), Y["poisson"].copy(), WEIGHTS.copy(), OFFSET.copy(), np.array([0.1, 1.0])]
    copies = [a.copy() for a in arrays]
    rs.lasso_path(
        arrays[1], arrays[0], "poisson", weights=arrays[2], offset=arrays[3], alphas=arrays[4]
    )
    for array, copy in zip(arrays, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


# ---- awkward data ------------------------------------------------------------------------------


def check_path(path, objective, tol=1e-7):
    """Converged, and the conditions for a minimum hold at every point, in numpy."""
    problem = path.result(0).model.problem
    plain = objective.of(problem)
    penalty = problem.penalty
    factors = penalty.factors * penalty.scales
    free = replace(problem.without(penalty.factors > 0), penalty=None)
    null = solve_irls(free, tol=1e-18).coef
    assert path.converged.all()
    for alpha, coef in zip(path.alphas, path.coefficients, strict=True):
        l1 = alpha * path.l1_ratio * factors
        l2 = alpha * (1 - path.l1_ratio) * factors * penalty.scales
        found = plain.violations(coef, l1, l2) / plain.sizes(null)
        assert found.max() < tol * np.max(np.abs(plain.descent(null)) / plain.sizes(null))
    return path


@over_families
def test_equal_columns(family, objective):
    """Which of them enters is no matter, only their sum is; ridge and elastic net share alike."""
    twice = X1[:, [0, 1, 2, 2, 3, 4, 5, 6, 7, 1]]
    one = path_of(family, tol=1e-9)
    path = check_path(path_of(family, twice, tol=1e-9), objective)
    sums = path.coefficients[:, [0, 1, 2, 4, 5, 6, 7, 8]].copy()
    sums[:, 1] += path.coefficients[:, 9]
    sums[:, 2] += path.coefficients[:, 3]
    np.testing.assert_allclose(sums, one.coefficients, rtol=0, atol=1e-6)
    shared = check_path(path_of(family, twice, l1_ratio=0.5), objective).coefficients
    np.testing.assert_allclose(shared[:, 1], shared[:, 9], rtol=0, atol=1e-7)
    np.testing.assert_allclose(shared[:, 2], shared[:, 3], rtol=0, atol=1e-7)


@over_families
@pytest.mark.parametrize("value", [0.0, 7.0, -1e6])
def test_constant_columns_beside_the_intercept(family, value):
    one = path_of(family)
    path = path_of(family, np.insert(X1, 2, value, axis=1))
    assert path.converged.all()
    assert (path.coefficients[:, 2] == 0).all()
    np.testing.assert_allclose(np.delete(path.coefficients, 2, axis=1), one.coefficients, atol=1e-8)


@over_families
def test_unpenalised_columns_that_are_combinations(family):
    """The later is left out, as without a penalty, and called aliased."""
    factors = np.r_[0.0, 0, 0, np.ones(P - 2)]
    one = path_of(family, penalty_factor=factors)
    wide = np.column_stack([X1, X1[:, 1] - 2 * X1[:, 2] + 3, np.zeros(N)])
    path = path_of(family, wide, penalty_factor=np.r_[factors, 0.0, 0.0])
    np.testing.assert_allclose(path.alphas, one.alphas, rtol=1e-8)
    np.testing.assert_allclose(path.coefficients[:, :-2], one.coefficients, rtol=0, atol=1e-7)
    assert (path.coefficients[:, -2:] == 0).all()
    result = path.result(5)
    assert result.aliased.tolist() == [False] * (P + 1) + [True, True]
    assert np.isnan(result.params[-2:]).all()


@over_families
def test_bounds_decide_between_unpenalised_columns_that_are_equal(family):
    """One is held at a bound, and the other makes up for it."""
    factors = np.r_[0.0, 0, np.ones(P - 1)]
    one = path_of(family, tol=1e-9, penalty_factor=factors)
    bounds = np.full(P + 2, -np.inf), np.full(P + 2, np.inf)
    bounds[0][1], bounds[1][1] = 5.0, 6.0
    twice = np.insert(X1, 2, X1[:, 1], axis=1)
    options = {"lower_bounds": bounds[0], "upper_bounds": bounds[1], "alphas": one.alphas}
    path = path_of(family, twice, tol=1e-9, penalty_factor=np.insert(factors, 2, 0.0), **options)
    assert path.converged.all()
    sums = np.delete(path.coefficients, 2, axis=1)
    sums[:, 1] += path.coefficients[:, 2]
    np.testing.assert_allclose(sums, one.coefficients, rtol=0, atol=1e-6)
    assert (path.coefficients[:, 1] >= 5.0).all()
    assert not path.result(5).aliased.any()


@over_families
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_more_columns_than_rows(family, objective, l1_ratio):
    x = np.column_stack([np.ones(40), np.random.default_rng(1).normal(size=(40, 90))])
    y = Y[family][:40]
    options = {"l1_ratio": l1_ratio, "tol": 1e-7, "alpha_min_ratio": 1e-3}
    path = check_path(path_of(family, x, y, **options), objective, tol=1.1e-7)
    if l1_ratio == 1:
        assert path.n_nonzero.max() <= 40
    assert path.deviance_explained[-1] > 0.9
    assert path.n_passes.sum() < 250


def test_separable_levels(objective):
    """A level without claims has no maximum; a penalty gives it one."""
    level = np.random.default_rng(6).integers(0, 5, N)
    y = np.where(level == 3, 0.0, Y["poisson"])
    data = pd.DataFrame({"y": y, "level": level.astype(str), "x": X[:, 0]})
    model = rs.glm("y ~ C(level) + x", data, family="poisson")
    path = check_path(model.regularization_path(n_alphas=15), objective)
    assert path.coefficients[-1, path.feature_names.index("level[T.3]")] < -3
    won = rs.lasso_path((X[:, 0] > 0).astype(float), X1, family="binomial", n_alphas=15)
    check_path(won, objective)
    assert won.coefficients[-1, 1] > 10
    assert won.deviance_explained[-1] > 0.99


@over_families
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
def test_scales_a_million_apart(family, objective, l1_ratio):
    units = np.r_[1.0, 1e6, 1e-6, 1, 1, 1e3, 1, 1]
    path = path_of(family, X1 * units, l1_ratio=l1_ratio, tol=1e-7)
    check_path(path, objective, tol=1.1e-7)
    standardized = path_of(family, X1 * units, l1_ratio=l1_ratio, tol=1e-7, standardize=True)
    check_path(standardized, objective, tol=1.1e-7)
    if l1_ratio:
        assert standardized.n_nonzero[-1] == P


@over_families
@pytest.mark.parametrize("apart", [1e-3, 1e-5, 1e-7])
def test_nearly_collinear_columns(family, objective, apart):
    wide = np.column_stack(
        [X1, X1[:, 1] + apart * np.random.default_rng(7).normal(size=N), X1[:, 2] - X1[:, 3]]
    )
    path = check_path(path_of(family, wide, tol=1e-7), objective, tol=1.1e-7)
    assert path.n_passes.sum() < 120
    elastic = check_path(path_of(family, wide, l1_ratio=0.5, tol=1e-7), objective, tol=1.1e-7)
    shared = elastic.coefficients[:5]
    np.testing.assert_allclose(shared[:, 1], shared[:, -2], atol=100 * apart)


@pytest.mark.parametrize("family", ["gaussian", "poisson", "gamma"])
def test_columns_far_from_0(family):
    """A year, whose mean is some 400 standard deviations."""
    year = 2010 + 5 * X1[:, 1]
    far, near = X1.copy(), X1.copy()
    far[:, 1], near[:, 1] = year, year - 2010
    one, other = path_of(family, near, tol=1e-9), path_of(family, far, tol=1e-9)
    assert other.converged.all()
    np.testing.assert_allclose(other.coefficients[:, 1:], one.coefficients[:, 1:], atol=1e-6)


@over_families
def test_two_rows(family, objective):
    y = {"binomial": [0.0, 1.0]}.get(family, [0.5, 2.0])
    path = path_of(family, X1[:2], np.array(y), alpha_min_ratio=1e-2, tol=1e-7)
    check_path(path, objective, tol=1.1e-7)
    assert path.deviance_explained[-1] > 0.9


@over_families
def test_all_responses_equal(family):
    for value in (1 / 3, 0.1):
        y = np.full(N, value)
        with pytest.raises(ValueError, match="no penalised column has anything to say"):
            path_of(family, y=y)
        path = path_of(family, y=y, alphas=[0.1, 0.01])
        assert path.converged.all()
        assert (path.n_nonzero == 0).all()
        assert (np.abs(path.deviances) < 1e-12).all()
        assert np.isfinite(path.deviance_explained).all()
        assert fit_of(family, y=y).converged


@pytest.mark.parametrize("family", ["gaussian", "poisson", "gamma", "tweedie"])
def test_a_perfect_fit(family, objective):
    y = X1 @ [1, 0.5, 0, 0, 0, -0.3, 0, 0]
    y = y if family == "gaussian" else np.exp(0.3 * y)
    path = path_of(family, y=y, tol=1e-7, alpha_min_ratio=1e-6)
    check_path(path, objective, tol=1.1e-7)
    assert path.deviance_explained[-1] == pytest.approx(1.0, abs=1e-9)
    assert (path.deviances > -1e-9).all()
    assert path.n_nonzero[-1] == 2


@over_families
@pytest.mark.parametrize("l1_ratio", [1.0, 0.0])
def test_without_penalty_at_last_it_is_the_fit_without_penalty(family, l1_ratio):
    """A column that is another's double, and one that nearly is: left out by both."""
    nearly = X[:, 1] + 1e-7 * RNG.normal(size=N)
    x = np.column_stack([X1, X[:, 0], nearly])
    with pytest.warns(UserWarning, match="^x9: so nearly a combination"):
        alone = rs.fit_glm(Y[family], x, family=family, tol=1e-14)
    alphas = [0.1, 0.01, 0.0, 0.0]
    with pytest.warns(UserWarning, match="^x9: so nearly a combination") as record:
        path = path_of(family, x, alphas=alphas, l1_ratio=l1_ratio)
    assert len(record) == 1
    assert path.converged.all()
    for at in (2, 3):
        result = path.result(at)
        np.testing.assert_array_equal(np.isnan(result.params), np.arange(P + 3) > P)
        np.testing.assert_allclose(result.params, alone.params, rtol=0, atol=1e-6)
        assert result.df_resid == alone.df_resid
    assert not np.isnan(path.result(1).params).any()  # a penalty decides
    assert path.n_passes[2] > 2
    bounded = path_of(family, x, alphas=alphas, lower_bounds=-0.2)
    assert not np.isnan(bounded.result(3).params).any()  # bounds may


def test_a_group_lasso_without_penalty_at_last():
    data = pd.DataFrame({"y": Y["poisson"], "g": np.arange(N) % 3, "x": X[:, 0], "z": X[:, 1]})
    model = rs.glm("y ~ C(g) + x + z", data.assign(z=data["x"]), family="poisson")
    path = model.regularization_path([0.1, 0.0], group="term", l1_ratio=1.0, tol=1e-10)
    alone = model.fit(tol=1e-14)
    np.testing.assert_allclose(path.result(1).params, alone.params, rtol=0, atol=1e-6)
    assert "fit at this alpha alone for errors" in path.result(1).no_errors


@over_families
def test_rows_of_weight_0_are_as_if_they_were_not_there(family):
    weights, x, y = WEIGHTS.copy(), X1.copy(), Y[family].copy()
    weights[:60] = 0.0
    x[:60, 1:] *= 100
    expected = path_of(family, X1[60:], Y[family][60:], weights=WEIGHTS[60:])
    path = path_of(family, x, y, weights=weights)
    np.testing.assert_allclose(path.alphas, expected.alphas, rtol=1e-8)
    np.testing.assert_allclose(path.coefficients, expected.coefficients, rtol=0, atol=1e-7)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_theta_is_estimated_beside_an_l1_penalty(objective, l1_ratio):
    """At the theta that is reported, the penalised fit, and it is of greatest likelihood there."""
    rng = np.random.default_rng(3)
    y = rng.negative_binomial(1.5, 1.5 / (1.5 + np.exp(ETA))).astype(float)
    result = fit_of("negbinomial", 0.08, l1_ratio, y=y, theta="auto", tol=1e-9)
    assert result.converged
    assert 0.8 < result.theta < 3
    fixed = fit_of("negbinomial", 0.08, l1_ratio, y=y, theta=result.theta, tol=1e-9)
    np.testing.assert_allclose(result.params, fixed.params, rtol=0, atol=1e-6)
    assert 0 < result.n_nonzero() < P
    mu = result.fittedvalues
    for factor in (0.95, 1.05):
        family = rs.families.NegativeBinomial(factor * result.theta)
        assert family.loglike(y, mu, np.ones(N)) < result.llf()
    with pytest.raises(ValueError, match=r"a path needs theta as a number.*theta=result\.theta"):
        path_of("negbinomial", y=y, theta="auto")
    path = path_of("negbinomial", y=y, theta=result.theta, tol=1e-7, l1_ratio=l1_ratio)
    check_path(path, objective, tol=1.1e-7)


@pytest.mark.filterwarnings("ignore:.*did not converge")  # a few of three hundred may not
def test_rare_counts_under_the_inverse_square(monkeypatch):
    """What Fisher scoring expects is a third of the curvature that rows without a claim have."""
    one_round, width = descent._one_round, []
    monkeypatch.setattr(descent, "_one_round", lambda a: width.append(len(a)) or one_round(a))
    n_passes = n_short = 0
    for seed in range(5):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(400, 5))
        y = rng.poisson(0.1 * np.exp(x @ [0.3, -0.2, 0.1, 0.0, 0.0])).astype(float)
        x = np.column_stack([np.ones(400), x])
        for l1_ratio in (1.0, 0.3):
            options = {"link": "inverse_squared", "l1_ratio": l1_ratio, "n_alphas": 30}
            path = path_of("poisson", x, y, **options, tol=1e-7)
            n_passes, n_short = n_passes + path.n_passes.sum(), n_short + (~path.converged).sum()
    assert n_short <= 5
    assert n_passes < 5000
    assert np.mean(width) < 2.7  # of three lanes: they go apart where metrics fail


def test_a_path_that_does_not_converge_warns():
    model = {"family": "poisson", "link": "inverse_squared"}
    y = Y["poisson"] + 1
    with pytest.warns(Warning, match=r"\d of 5 fits of the path did not converge.*max_iter=1"):
        path = rs.lasso_path(y, 0.1 * X1 + [0.9, *[0] * P], n_alphas=5, max_iter=1, **model)
    assert not path.converged.all()
    assert path.kkt[~path.converged].min() > 1e-7


def test_nothing_is_warned_of_on_the_way():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for family in Y:
            path_of(family)
