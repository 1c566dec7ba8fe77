"""What a user says of a penalty: names, arrays and numbers spread over columns; what it means for
fits of formulas and arrays; and what is refused before anything is solved."""

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest

import rustystats as rs
from rustystats import fitting
from rustystats.penalties import PenaltyOptions, alpha_grid, check_alpha

N = 400
RNG = np.random.default_rng(5)
AREA = RNG.choice(list("ABCD"), N, p=[0.4, 0.3, 0.2, 0.1])
X, Z, AGE = RNG.normal(size=N), RNG.uniform(size=N), RNG.uniform(18, 80, N)
EXPOSURE, WEIGHTS = RNG.uniform(0.2, 1, N), RNG.integers(1, 4, N).astype(float)
ETA = 0.3 * X - 0.4 * Z + 0.4 * (AREA == "B") - 0.3 * (AREA == "D") + 0.01 * AGE
FRAME = pd.DataFrame(
    {
        "claims": RNG.poisson(EXPOSURE * np.exp(ETA)).astype(float),
        "cost": RNG.gamma(2, np.exp(ETA) / 2),
        "x": X,
        "z z": Z,
        "zz": RNG.normal(size=N),
        "area": AREA,
        "age": AGE,
        "e": EXPOSURE,
        "w": WEIGHTS,
    }
)
FORMULA = "claims ~ x + `z z` + C(area) + ns(age, df=4)"
NAMES = ["Intercept", "x", "z z", *(f"area[T.{c}]" for c in "BCD")]
NAMES += [f"ns(age, {k}/4)" for k in (1, 2, 3)]
P = len(NAMES)
MODEL = rs.glm(FORMULA, FRAME, family="poisson", exposure="e", weights="w")
DESIGN = MODEL.X
ARRAYS = {"family": "poisson", "offset": np.log(EXPOSURE), "weights": WEIGHTS}
CLAIMS = FRAME["claims"].to_numpy()


def penalty(alpha=0.1, l1_ratio=1.0, model=MODEL, **options):
    """The penalty of the formula, spread over its columns; nothing is solved."""
    return PenaltyOptions(l1_ratio, **options).penalty(model._model, alpha)


def spread(name, given, model=MODEL):
    return getattr(penalty(model=model, **{name: given}), FIELDS[name])


FIELDS = {
    "penalty_factor": "factors",
    "lower_bounds": "lower",
    "upper_bounds": "upper",
    "prior_coef": "target",
}
DEFAULTS = {"penalty_factor": 1.0, "lower_bounds": -np.inf, "upper_bounds": np.inf, "prior_coef": 0}


def expected(name, default_intercept=None, **values):
    """The default everywhere but at positions, written as _1=0.5."""
    array = np.full(P, float(DEFAULTS[name]))
    if name == "penalty_factor":
        array[0] = 0.0
    for position, value in values.items():
        array[int(position[1:])] = value
    return array


over_options = pytest.mark.parametrize("name", FIELDS)


# ---- names, arrays, numbers --------------------------------------------------------------------


def test_the_columns_are_those_of_these_tests():
    assert MODEL.feature_names == NAMES


@over_options
def test_nothing_given(name):
    given = penalty(**{name: None})
    assert (given.target, given.lower, given.upper) == (None, None, None)
    np.testing.assert_array_equal(given.factors, expected("penalty_factor"))
    np.testing.assert_array_equal(given.scales, np.ones(P))
    assert (given.alpha, given.l1_ratio) == (0.1, 1.0)


@over_options
@pytest.mark.parametrize(
    ("key", "positions"),
    [
        ("x", [1]),
        ("z z", [2]),
        ("`z z`", [2]),
        (" `zz`", [2]),  # where no column is called zz
        ("C(area)", [3, 4, 5]),
        (" C( area ) ", [3, 4, 5]),
        ("area[T.C]", [4]),
        ("area [T.C]", [4]),
        ("ns(age, df=4)", [6, 7, 8]),
        ("ns(age,df=4)", [6, 7, 8]),
        ("ns(age, 2/4)", [7]),
    ],
)
def test_names_of_terms_and_columns(name, key, positions):
    found = spread(name, {key: 0.5})
    np.testing.assert_array_equal(found, expected(name, **{f"_{k}": 0.5 for k in positions}))


@over_options
def test_several_names(name):
    found = spread(name, {"x": 2, "C(area)": np.float32(0.5), "ns(age, 1/4)": 1.5})
    values = {"_1": 2, "_3": 0.5, "_4": 0.5, "_5": 0.5, "_6": 1.5}
    np.testing.assert_array_equal(found, expected(name, **values))


@over_options
def test_a_column_counts_more_than_its_term(name):
    """Whichever was written first."""
    for given in ({"C(area)": 0.5, "area[T.C]": 3}, {"area[T.C]": 3, "C(area)": 0.5}):
        found = spread(name, given)
        np.testing.assert_array_equal(found, expected(name, _3=0.5, _4=3, _5=0.5))


@over_options
def test_a_name_as_it_is_comes_before_one_without_its_blanks(name):
    for formula in ("claims ~ zz + `z z`", "claims ~ `z z` + zz"):
        model = rs.glm(formula, FRAME, family="poisson")
        for key in ("z z", "zz"):
            found = spread(name, {key: 0.5}, model)
            at = model.feature_names.index(key)
            assert found[at] == 0.5
            assert (np.delete(found, [0, at]) == DEFAULTS[name]).all()


@over_options
def test_one_number_is_for_all_columns_but_the_intercept(name):
    for given in (0.5, np.float64(0.5), np.array([0.5])[0]):
        found = spread(name, given)
        assert found[0] == expected(name)[0]
        np.testing.assert_array_equal(found[1:], 0.5)


@over_options
@pytest.mark.parametrize("make", [list, tuple, np.array, pd.Series, pl.Series])
def test_arrays_with_and_without_the_intercept(name, make):
    values = np.arange(P) / 4
    np.testing.assert_array_equal(spread(name, make(values)), values)
    found = spread(name, make(values[1:]))
    np.testing.assert_array_equal(found[1:], values[1:])
    assert found[0] == expected(name)[0]


@over_options
def test_a_series_with_names_goes_by_them(name):
    """Coefficients of another order were those of other columns."""
    found = spread(name, pd.Series({"ns(age, 2/4)": 0.5, "x": 0.25}))
    np.testing.assert_array_equal(found, expected(name, _1=0.25, _7=0.5))


def test_bounds_and_priors_of_the_intercept():
    given = {"Intercept": 0.25}
    assert spread("lower_bounds", given)[0] == spread("prior_coef", given)[0] == 0.25
    assert spread("penalty_factor", {"Intercept": 0})[0] == 0
    zero_first = np.r_[0.0, np.ones(P - 1)]
    np.testing.assert_array_equal(spread("penalty_factor", zero_first), zero_first)


def test_columns_of_an_array():
    result = rs.fit_glm(
        CLAIMS, DESIGN, alpha=0.1, l1_ratio=1.0, penalty_factor={"x1": 0.5, "x4": 2}, **ARRAYS
    )
    factors = np.r_[0.0, np.ones(P - 1)]
    factors[[1, 4]] = 0.5, 2
    np.testing.assert_array_equal(result.penalty.factors, factors)
    named = rs.lasso_path(
        CLAIMS, DESIGN, alphas=[0.1], feature_names=NAMES, penalty_factor={"x": 0.5}, **ARRAYS
    )
    assert named.result(0).penalty.factors[1] == 0.5


def test_groups_by_labels_with_and_without_the_intercept():
    labels = [*"xy", *"aaa", *"xxx"]  # x and the spline are one group
    groups = [[3, 4, 5], [1, 6, 7, 8], [2]]
    for given in (labels, ["x", *labels], np.array([*labels[1:], "x"])[[-1, *range(P - 2)]]):
        assert [part.tolist() for part in penalty(group=given).groups] == groups
    named = penalty(group="term").groups
    assert [part.tolist() for part in named] == [[1], [2], [3, 4, 5], [6, 7, 8]]
    with pytest.raises(ValueError, match=r"differs within a group: area\[T\.B\], area"):
        penalty(group="term", penalty_factor={"area[T.C]": 2.0})
    model = rs.glm("claims ~ 0 + x + `z z`", FRAME, family="poisson")
    assert [part.tolist() for part in penalty(model=model, group=[2, 2]).groups] == [[0, 1]]


def test_without_an_intercept_every_column_is_penalised():
    model = rs.glm("claims ~ x + C(area) - 1", FRAME, family="poisson")
    np.testing.assert_array_equal(penalty(model=model).factors, np.ones(5))
    np.testing.assert_array_equal(penalty(model=model, penalty_factor=2.0).factors, np.full(5, 2.0))
    np.testing.assert_array_equal(penalty(model=model, lower_bounds=-1).lower, np.full(5, -1.0))


def test_B12_column_0_is_penalised_unless_it_is_constant():
    """It was exempt whatever it held."""
    for first in (X, np.zeros(N)):
        columns = np.column_stack([first, np.ones(N), Z])
        result = rs.fit_glm(CLAIMS, columns, alpha=1e3, l1_ratio=1.0, family="poisson")
        np.testing.assert_array_equal(result.params, np.zeros(3))
        assert result.penalty.factors.tolist() == [1, 1, 1]
        path = rs.lasso_path(CLAIMS, columns, family="poisson", n_alphas=4)
        assert path.n_nonzero.tolist() == np.count_nonzero(path.coefficients, axis=1).tolist()
        assert path.n_nonzero[0] == 0
    columns = np.column_stack([np.full(N, -2.0), X, Z])
    result = rs.fit_glm(CLAIMS, columns, alpha=1e3, l1_ratio=1.0, family="poisson")
    np.testing.assert_allclose(result.params, [-np.log(CLAIMS.mean()) / 2, 0, 0], rtol=1e-9)


# ---- what they mean ----------------------------------------------------------------------------


def fit(alpha, l1_ratio, design=DESIGN, tol=1e-10, **options):
    return rs.fit_glm(CLAIMS, design, alpha=alpha, l1_ratio=l1_ratio, tol=tol, **(ARRAYS | options))


@pytest.mark.parametrize("l1_ratio", [1.0, 0.4, 0.0])
def test_one_factor_for_all_is_an_alpha(l1_ratio):
    expected = fit(0.03, l1_ratio).params
    np.testing.assert_allclose(fit(0.01, l1_ratio, penalty_factor=3.0).params, expected, atol=1e-8)


def test_a_factor_is_a_unit_of_the_column():
    factors = np.array([1, 2, 0.5, 3, 1, 1, 0.25, 1])
    scaled = DESIGN / np.r_[1.0, factors]
    lasso = fit(0.01, 1.0, penalty_factor=factors)
    np.testing.assert_allclose(
        lasso.params[1:] * factors, fit(0.01, 1.0, scaled).params[1:], atol=1e-8
    )
    assert 0 < lasso.n_nonzero() < P - 1
    ridge = fit(0.01, 0.0, penalty_factor=factors**2)
    np.testing.assert_allclose(
        ridge.params[1:] * factors, fit(0.01, 0.0, scaled).params[1:], atol=1e-8
    )


@pytest.mark.parametrize("l1_ratio", [1.0, 0.4, 0.0])
def test_standardize_is_that_of_the_columns_by_hand(l1_ratio):
    shares = WEIGHTS / WEIGHTS.sum()
    mean = shares @ DESIGN
    deviation = np.sqrt(shares @ (DESIGN - mean) ** 2)
    deviation[0], mean[0] = 1.0, 0.0
    result = fit(0.02, l1_ratio, standardize=True)
    np.testing.assert_allclose(result.penalty.scales, deviation, rtol=1e-9)
    by_hand = fit(0.02, l1_ratio, (DESIGN - mean) / deviation).params
    np.testing.assert_allclose(result.params[1:] * deviation[1:], by_hand[1:], atol=1e-8)
    other = fit(0.02, l1_ratio, DESIGN * np.r_[1, 1e3, 1e-3, np.ones(P - 3)], standardize=True)
    scaled = other.params * np.r_[1, 1e3, 1e-3, np.ones(P - 3)]
    np.testing.assert_allclose(scaled, result.params, atol=1e-8)
    assert np.abs(fit(0.02, l1_ratio).params - result.params).max() > 1e-3


def test_standardize_leaves_constant_columns_in_their_unit():
    columns = np.column_stack([DESIGN[:, :3], np.full(N, 3.0), np.zeros(N), np.full(N, 1e8)])
    result = fit(0.02, 1.0, columns, standardize=True)
    np.testing.assert_array_equal(result.penalty.scales[[0, 3, 4, 5]], 1.0)
    np.testing.assert_array_equal(result.params[3:], 0.0)


def test_standardize_does_not_see_rows_of_weight_0():
    columns, weights = DESIGN.copy(), WEIGHTS.copy()
    columns[:10, 1:], weights[:10] = 50.0, 0.0
    result = fit(0.02, 1.0, columns, standardize=True, weights=weights)
    options = {"offset": ARRAYS["offset"][10:], "weights": WEIGHTS[10:]}
    expected = rs.fit_glm(
        CLAIMS[10:],
        DESIGN[10:],
        "poisson",
        alpha=0.02,
        l1_ratio=1.0,
        standardize=True,
        tol=1e-10,
        **options,
    )
    np.testing.assert_allclose(result.penalty.scales, expected.penalty.scales, rtol=1e-9)
    np.testing.assert_allclose(result.params, expected.params, atol=1e-8)


PRIOR = np.array([0.3, -0.2, 0.1, 0.0, -0.4, 0.7, 0.2, -0.1])


@pytest.mark.parametrize("l1_ratio", [1.0, 0.4, 0.0])
def test_a_prior_is_an_offset_and_shrinkage_to_0(l1_ratio):
    for family, y in (("poisson", CLAIMS), ("gaussian", FRAME["cost"]), ("gamma", FRAME["cost"])):
        options = {"alpha": 0.02, "l1_ratio": l1_ratio, "weights": WEIGHTS, "tol": 1e-10}
        options |= {"family": family, "standardize": True}
        result = rs.fit_glm(y, DESIGN, prior_coef=PRIOR, **options)
        moved = rs.fit_glm(y, DESIGN, offset=DESIGN[:, 1:] @ PRIOR, **options)
        np.testing.assert_allclose(result.params, moved.params + np.r_[0, PRIOR], atol=1e-7)
        np.testing.assert_array_equal(result.params[1:] == PRIOR, moved.params[1:] == 0)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.4, 0.0])
def test_a_prior_between_all_and_nothing(l1_ratio):
    strong = fit(1e7, l1_ratio, prior_coef=PRIOR)
    np.testing.assert_allclose(strong.params[1:], PRIOR, atol=1e-6)
    if l1_ratio:
        np.testing.assert_array_equal(fit(1e7, 1.0, prior_coef=PRIOR).params[1:], PRIOR)
    weak, free = fit(1e-10, l1_ratio, prior_coef=PRIOR), fit(0.0, 0.0)
    np.testing.assert_allclose(weak.params, free.params, atol=1e-5)
    between = np.abs(fit(0.01, l1_ratio, prior_coef=PRIOR).params - free.params).sum()
    assert 1e-2 < between < 0.9 * np.abs(strong.params - free.params).sum()


def test_a_prior_for_some_columns():
    result = rs.glm(FORMULA, FRAME, family="poisson", exposure="e").fit(
        alpha=1e6, l1_ratio=1.0, prior_coef={"x": 0.25, "area[T.D]": -0.5}
    )
    np.testing.assert_array_equal(result.params[1:], [0.25, 0, 0, 0, -0.5, 0, 0, 0])


@pytest.mark.parametrize("alpha", [0.0, 0.01])
def test_bounds(objective, alpha):
    lower = {"x": -0.1, "C(area)": 0.0, "Intercept": -0.5}
    upper = {"x": 0.2, "z z": 0.0, "ns(age, 1/4)": 0.1}
    result = MODEL.fit(alpha=alpha, l1_ratio=0.5, lower_bounds=lower, upper_bounds=upper)
    low, high = (
        np.array([b.get(n, d) for n in NAMES]) for b, d in ((lower, -np.inf), (upper, np.inf))
    )
    low[3:6] = 0.0
    assert (result.params >= low).all()
    assert (result.params <= high).all()
    at = (result.params == low) | (result.params == high)
    assert 2 <= at.sum() <= 6
    problem = result.model.problem
    weights = 0.5 * alpha * np.r_[0, np.ones(P - 1)]
    found = objective.of(problem).violations(result.params, weights, weights, lower=low, upper=high)
    assert found.max() < 1e-7


def test_signs_by_a_number():
    result = MODEL.fit(lower_bounds=0)
    assert (result.params[1:] >= 0).all()
    assert (result.params[1:] == 0).sum() >= 2
    assert result.params[0] < 0
    assert not result.is_regularized
    held = MODEL.fit(lower_bounds=0.25, upper_bounds=0.25)
    np.testing.assert_array_equal(held.params[1:], 0.25)


def test_the_estimator_takes_them_too():
    options = {"penalty_factor": {"x": 0.5}, "lower_bounds": {"age": 0.0}, "standardize": True}
    frame = FRAME[["x", "zz", "age", "e"]]
    model = rs.GLMRegressor("poisson", exposure="e", alpha=0.01, l1_ratio=1.0, **options)
    model.fit(frame, CLAIMS)
    by_formula = rs.glm("claims ~ x + zz + age", FRAME, family="poisson", exposure="e")
    result = by_formula.fit(alpha=0.01, l1_ratio=1.0, **options)
    np.testing.assert_allclose(model.coef_, result.params[1:], atol=1e-9)
    np.testing.assert_array_equal(model.result_.penalty.factors, [0, 0.5, 1, 1])


# ---- what is refused ---------------------------------------------------------------------------

LISTED = r"it has x, z z, C\(area\), ns\(age, df=4\), Intercept, area\[T\.B\], .*ns\(age, 3/4\)"


@pytest.fixture
def nothing_is_solved(monkeypatch):
    def solved(*args, **options):
        raise AssertionError("solved")

    for name in ("solve_problem", "solve_with_parameter", "solve_path"):
        monkeypatch.setattr(fitting, name, solved)


def refused(message, alpha=0.1, l1_ratio=1.0, **options):
    """By both faces and by paths, before anything is solved."""
    with pytest.raises(ValueError, match=message):
        MODEL.fit(alpha=alpha, l1_ratio=l1_ratio, **options)
    with pytest.raises(ValueError, match=message):
        MODEL.regularization_path(l1_ratio=l1_ratio, **options)
    with pytest.raises(ValueError, match=message):
        rs.lasso_path(CLAIMS, DESIGN, feature_names=NAMES, l1_ratio=l1_ratio, **options, **ARRAYS)


@pytest.mark.usefixtures("nothing_is_solved")
@over_options
@pytest.mark.parametrize("key", ["y", "C(Area)", "area[T.A]", "area", "", 1, None, ("x",)])
def test_unknown_names(name, key):
    with pytest.raises(ValueError, match=rf"{name} names {re.escape(repr(key))}.*{LISTED}"):
        MODEL.fit(alpha=0.1, l1_ratio=1.0, **{name: {"x": 1.0, key: 1.0}})
    with pytest.raises(ValueError, match=rf"{name} names .*it has X, x0, x1, .*x8$"):
        fit(0.1, 1.0, **{name: {key: 1.0}})


@pytest.mark.usefixtures("nothing_is_solved")
@over_options
@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            np.ones(P - 2),
            r"has shape \(7,\), the model 8 columns beside the intercept: Intercept, x",
        ),
        (np.ones(P + 1), r"has shape \(10,\)"),
        (np.ones((P, 1)), r"has shape \(9, 1\)"),
        ([], r"has shape \(0,\)"),
        ([np.nan] + [0.0] * (P - 1), "holds NaN"),
        (["a"] * P, "must be a number, a dict of names or an array of numbers, not"),
        (np.nan, "must be a number, not nan"),
        ("x", "must be a number, not 'x'"),
        (True, "must be a number, not True"),
        ({"x": np.nan}, r"\['x'\] must be a number, not nan"),
        ({"x": "1"}, r"\['x'\] must be a number, not '1'"),
        ({"x": [1.0]}, r"\['x'\] must be a number, not \[1\.0\]"),
        ({"x": True}, r"\['x'\] must be a number, not True"),
    ],
    ids=str,
)
def test_what_is_no_number_a_column(name, given, message):
    refused(name + ".*" + message, **{name: given})


@pytest.mark.usefixtures("nothing_is_solved")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"penalty_factor": -1.0}, r"penalty_factor is negative \(-1\) for 'x'"),
        ({"penalty_factor": {"z z": -0.5}}, r"penalty_factor is negative \(-0\.5\) for 'z z'"),
        ({"penalty_factor": np.inf}, "penalty_factor must be finite"),
        ({"penalty_factor": {"x": np.inf}}, "penalty_factor must be finite"),
        ({"penalty_factor": np.ones(P)}, "the intercept is never penalised"),
        ({"penalty_factor": {"Intercept": 1}}, "the intercept is never penalised"),
        ({"penalty_factor": {" Intercept": 0.5}}, "the intercept is never penalised"),
        ({"prior_coef": np.inf}, "prior_coef must be finite"),
        ({"prior_coef": {"x": -np.inf}}, "prior_coef must be finite"),
        ({"lower_bounds": 1, "upper_bounds": 0}, r"lower_bounds are above upper.*x, z z.*\(1 > 0 "),
        (
            {"lower_bounds": {"x": 0.5, "area[T.C]": 0.5}, "upper_bounds": {"area[T.C]": 0.25}},
            r"lower_bounds are above upper_bounds for area\[T\.C\] \(0\.5 > 0\.25 for the first\)",
        ),
        ({"lower_bounds": np.inf}, "lower_bounds is inf for 'x', where nothing is inside"),
        ({"upper_bounds": {"z z": -np.inf}}, "upper_bounds is -inf for 'z z'"),
        ({"l1_ratio": -0.1}, r"l1_ratio must lie in \[0, 1\], not -0\.1"),
        ({"l1_ratio": 1.1}, r"l1_ratio must lie in \[0, 1\], not 1\.1"),
        ({"l1_ratio": np.nan}, r"l1_ratio must lie in \[0, 1\], not nan"),
        ({"l1_ratio": "lasso"}, r"l1_ratio must lie in \[0, 1\], not 'lasso'"),
        ({"l1_ratio": True}, r"l1_ratio must lie in \[0, 1\], not True"),
        ({"standardize": 1}, "standardize must be True or False, not 1"),
        ({"standardize": "yes"}, "standardize must be True or False, not 'yes'"),
        ({"group": "terms"}, "group must be 'term', labels of the columns or None, not 'terms'"),
        ({"group": [1] * (P + 1)}, r"group has shape \(10,\), the model 9 columns: Intercept, x"),
        ({"group": [1.0] * (P - 1) + [np.nan]}, "all texts or all numbers, none of them missing"),
        ({"group": ["x"] * (P - 1) + [None]}, "group must be labels that are all texts or all num"),
        ({"group": "term", "lower_bounds": 0}, "group= and bounds do not go together"),
        ({"group": "term", "upper_bounds": {"x": 1}}, "group= and bounds do not go together"),
        ({"group": "term", "l1_ratio": 0.0}, r"group= has no effect on a ridge penalty"),
    ],
    ids=str,
)
def test_what_cannot_be(options, message):
    refused(message, **options)


@pytest.mark.usefixtures("nothing_is_solved")
@pytest.mark.parametrize("alpha", [-1.0, -1e-300, np.nan, np.inf, "a", None, True, [0.1]])
def test_alphas_of_a_fit(alpha):
    message = rf"alpha must be a number of at least 0, not {re.escape(repr(alpha))}"
    with pytest.raises(ValueError, match=message):
        MODEL.fit(alpha=alpha)
    with pytest.raises(ValueError, match=message):
        fit(alpha, 1.0)
    with pytest.raises(ValueError, match=message):
        rs.GLMRegressor(alpha=alpha).fit(DESIGN, CLAIMS)


@pytest.mark.usefixtures("nothing_is_solved")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"penalty_factor": 2.0}, "penalty_factor= shapes a penalty, and alpha is 0"),
        ({"penalty_factor": {}}, "penalty_factor= shapes a penalty, and alpha is 0"),
        ({"prior_coef": np.zeros(P)}, "prior_coef= shapes a penalty, and alpha is 0"),
        ({"standardize": True}, "standardize=True shapes a penalty, and alpha is 0"),
        ({"standardize": True, "lower_bounds": 0}, "standardize=True shapes a penalty"),
        ({"group": "term", "l1_ratio": 1.0}, "group= shapes a penalty, and alpha is 0"),
    ],
    ids=str,
)
def test_options_that_need_a_penalty(options, message):
    with pytest.raises(ValueError, match=f"{message}.*set alpha above 0"):
        MODEL.fit(**options)
    with pytest.raises(ValueError, match=message):
        rs.fit_glm(CLAIMS, DESIGN, family="poisson", **options)


@pytest.mark.usefixtures("nothing_is_solved")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alphas": []}, "alphas must be one or more finite numbers of at least 0"),
        ({"alphas": [0.1, -0.1]}, "alphas must be one or more"),
        ({"alphas": [np.nan]}, "alphas must be one or more"),
        ({"alphas": [np.inf, 1.0]}, "alphas must be one or more"),
        ({"alphas": [[0.1, 0.2], [0.3, 0.4]]}, "alphas must be one or more"),
        ({"alphas": "all"}, "alphas must be one or more.*not 'all'"),
        ({"alphas": {"x": 1}}, "alphas must be one or more"),
        ({"n_alphas": 0}, "n_alphas must be a whole number of at least 1, not 0"),
        ({"n_alphas": -3}, "n_alphas must be a whole number of at least 1, not -3"),
        ({"n_alphas": 2.5}, r"n_alphas must be a whole number of at least 1, not 2\.5"),
        ({"n_alphas": True}, "n_alphas must be a whole number of at least 1, not True"),
        ({"alpha_min_ratio": 0}, "alpha_min_ratio must lie between 0 and 1, not 0"),
        ({"alpha_min_ratio": 1}, "alpha_min_ratio must lie between 0 and 1, not 1"),
        ({"alpha_min_ratio": -0.1}, "alpha_min_ratio must lie between 0 and 1"),
        ({"alpha_min_ratio": np.nan}, "alpha_min_ratio must lie between 0 and 1"),
        ({"alpha_min_ratio": "a"}, "alpha_min_ratio must lie between 0 and 1"),
        ({"tol": 0}, "tol must be a positive number"),
        ({"tol": np.nan}, "tol must be a positive number"),
        ({"max_iter": 0}, "max_iter must be a whole number"),
    ],
    ids=str,
)
def test_grids(options, message):
    with pytest.raises(ValueError, match=message):
        MODEL.regularization_path(**options)
    with pytest.raises(ValueError, match=message):
        rs.lasso_path(CLAIMS, DESIGN, **options, **ARRAYS)


def test_grids_as_they_are_read():
    grid = alpha_grid([0.1, 3, 0.0, 1], 7, 0.5)
    np.testing.assert_array_equal(grid.given, [3, 1, 0.1, 0])
    np.testing.assert_array_equal(alpha_grid(0.5, 7, 0.5).given, [0.5])
    grid = alpha_grid(None, np.int64(7), np.float32(0.5))
    assert (grid.given, grid.n, grid.ratio) == (None, 7, 0.5)
    assert check_alpha(np.int64(2)) == 2.0


@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_arrays_that_are_not_finite(bad, standardize, l1_ratio):
    columns = DESIGN.copy()
    columns[3, 2] = bad
    options = {"l1_ratio": l1_ratio, "standardize": standardize} | ARRAYS
    for call in (rs.lasso_path, rs.fit_glm):
        extra = {"alpha": 0.1} if call is rs.fit_glm else {}
        with pytest.raises(ValueError, match=r"X contains NaN or infinity: 1 values.*column 2"):
            call(CLAIMS, columns, **options, **extra)


def test_an_intercept_alone():
    ones = np.ones((N, 1))
    for options in ({}, {"penalty_factor": 2.0}, {"penalty_factor": {}}, {"lower_bounds": 0.0}):
        result = rs.fit_glm(CLAIMS, ones, "poisson", alpha=0.1, l1_ratio=1.0, **options)
        np.testing.assert_allclose(result.params, np.log(CLAIMS.mean()), rtol=1e-9)
        assert result.converged
    with pytest.raises(ValueError, match="the intercept is never penalised"):
        rs.fit_glm(CLAIMS, ones, "poisson", alpha=0.1, l1_ratio=1.0, penalty_factor=[2.0])
    with pytest.raises(ValueError, match="the intercept is never penalised"):
        rs.fit_glm(CLAIMS, ones, "poisson", alpha=0.1, l1_ratio=1.0, penalty_factor={"x0": 2.0})
