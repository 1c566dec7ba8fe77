"""Spline bases against R, and the properties that prediction relies on."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline

from rustystats.terms.spline_basis import bs_names, ns_names
from rustystats.terms.splines import bs, learn_spline, ns

CASES = json.loads((Path(__file__).parents[1] / "golden" / "splines_R.json").read_text())["cases"]
AGE = np.array([18, 19, 22, 22, 25, 31, 31, 31, 38, 44, 47, 52, 60, 71, 90], dtype=float)
BONUS = np.array([50] * 12 + [51, 53, 58, 64, 68, 76, 90, 100], dtype=float)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["call"])
def test_equals_R(case):
    basis = learn_spline(case["x"], case["kind"], **case["options"])
    expected = np.array(case["values"]).reshape(len(case["at"]), -1)
    assert basis.n_columns == expected.shape[1]
    np.testing.assert_allclose(basis.evaluate(case["at"]), expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("kind", ["bs", "ns"])
@pytest.mark.parametrize("boundary_knots", [None, (52, 80)])
@pytest.mark.parametrize("df", [2, 4, 5, 8, 11])
def test_whole_weights_equal_expanded_data(kind, boundary_knots, df):
    rng = np.random.default_rng(df)
    distinct = rng.permutation(np.append(np.unique(BONUS), 77.7))
    counts = np.append(rng.integers(0, 40, distinct.size - 2), [500, 3])
    options = {"kind": kind, "df": df, "boundary_knots": boundary_knots}
    expanded = np.repeat(distinct, counts)
    basis = learn_spline(distinct, weights=counts, **options)
    assert basis == learn_spline(expanded, **options)
    within = expanded
    if boundary_knots:
        within = expanded[(expanded >= 52) & (expanded <= 80)]
    n_knots = len(basis.interior_knots)
    quantiles = np.quantile(within, np.arange(1, n_knots + 1) / (n_knots + 1))
    np.testing.assert_allclose(basis.interior_knots, quantiles, rtol=1e-13)


@pytest.mark.parametrize("x", [AGE, BONUS, -BONUS], ids=["age", "tied low", "tied high"])
@pytest.mark.parametrize("df", [2, 3, 4, 5, 9])
def test_bs_partition_of_unity_and_constant_outside(x, df):
    basis = learn_spline(x, df=df, include_intercept=True)
    grid = np.linspace(x.min(), x.max(), 57)
    values = basis.evaluate(grid)
    assert values.shape == (57, df) == (57, basis.n_columns)
    assert values.min() >= 0
    np.testing.assert_allclose(values.sum(axis=1), 1, rtol=1e-13)
    outside = basis.evaluate([x.min() - 1e6, x.max() + 1e-9, x.max() + 1e6])
    np.testing.assert_array_equal(outside, values[[0, -1, -1]])


@pytest.mark.parametrize("x", [AGE, BONUS, -BONUS], ids=["age", "tied low", "tied high"])
@pytest.mark.parametrize("df", [2, 3, 5, 8])
@pytest.mark.parametrize("include_intercept", [False, True])
def test_ns_is_linear_outside(x, df, include_intercept):
    basis = learn_spline(x, "ns", df=df, include_intercept=include_intercept)
    assert basis.n_columns == df - (not include_intercept)
    for edge, out in ((x.min(), -1.0), (x.max(), 1.0)):
        near, far, farther = basis.evaluate(edge + out * np.array([0.0, 10.0, 30.0]))
        np.testing.assert_allclose(farther - near, 3 * (far - near), atol=1e-12)
        step = 1e-6  # value and derivative are continuous: the slope just inside is that outside
        slope = (near - basis.evaluate([edge - out * step])[0]) / step
        np.testing.assert_allclose((far - near) / 10, slope, atol=1e-7)
    assert np.isfinite(basis.evaluate(x)).all()


def test_ns_spans_the_straight_line_and_mirrors():
    grid = np.linspace(0, 110, 45)
    basis = learn_spline(AGE, "ns", df=6)
    columns = np.column_stack([np.ones_like(grid), basis.evaluate(grid)])
    assert np.linalg.matrix_rank(columns) == 6
    mirrored = learn_spline(-AGE, "ns", df=6).evaluate(-grid)
    for target in (grid[:, None], mirrored):
        fitted = columns @ np.linalg.lstsq(columns, target)[0]
        np.testing.assert_allclose(fitted, target, atol=1e-9)


@pytest.mark.parametrize("x", [[5.0], [5.0, 5.0, 5.0]])
@pytest.mark.parametrize("function", [bs, ns])
def test_one_distinct_value(function, x):
    for df in (2, 5, 8):
        np.testing.assert_array_equal(function(x, df=df), np.zeros((len(x), df - 1)))
    np.testing.assert_array_equal(function(x, include_intercept=True).sum(axis=1), 1)
    assert np.isfinite(function(x, boundary_knots=(0, 9))).all()


def test_basis_is_a_value():
    basis = learn_spline(AGE.astype(np.float32), df=np.int64(6))
    again = pickle.loads(pickle.dumps(basis))
    assert again == basis
    assert hash(again) == hash(basis)
    assert "interior_knots=(25.0, 38.0)" in repr(learn_spline(AGE, knots=[25, 38]))
    np.testing.assert_array_equal(again.evaluate(AGE), bs(AGE, df=6))
    np.testing.assert_array_equal(bs(list(AGE)), bs(AGE, df=5))
    np.testing.assert_array_equal(ns(AGE, knots=[25, 38, 60], df=5), ns(AGE, knots=[25, 38, 60]))
    assert basis.evaluate([]).shape == (0, 5)


def test_names():
    assert bs_names("age", 5) == [f"bs(age, {j}/5)" for j in (2, 3, 4, 5)]
    assert bs_names("age", 3, include_intercept=True) == [f"bs(age, {j}/3)" for j in (1, 2, 3)]
    assert ns_names("age", 5) == [f"ns(age, {j}/5)" for j in (1, 2, 3, 4)]
    assert ns_names("age", 2, include_intercept=True) == ["ns(age, 1/2)", "ns(age, 2/2)"]
    for names in (bs_names, ns_names):
        with pytest.raises(ValueError, match="df must be an integer >= 2"):
            names("age", 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "cr"}, "Unknown spline type 'cr'"),
        ({"df": 1}, "df must be an integer >= 2, got 1"),
        ({"df": 4.5}, "df must be an integer >= 2, got 4.5"),
        ({"df": True}, "df must be an integer"),
        ({"degree": 0}, "degree must be an integer >= 1"),
        ({"degree": "3"}, "degree must be an integer >= 1"),
        ({"kind": "ns", "degree": 2}, "natural splines are cubic"),
        ({"x": [1.0, np.nan, np.inf]}, "'x' has 2 NaN or infinite"),
        ({"x": []}, "'x' has no rows"),
        ({"x": [[1.0, 2.0]]}, r"one-dimensional, got shape \(1, 2\)"),
        ({"knots": [40, 25]}, "knots must be strictly increasing"),
        ({"knots": [25, 25]}, "increasing, sorted, no ties"),
        ({"knots": [25, np.nan]}, "knots has 1 NaN"),
        ({"knots": [18, 25]}, r"\[18.0\] are not strictly between .* 18 and 90.*; remove them"),
        ({"knots": [25, 85], "boundary_knots": (20, 80)}, r"\[85.0\] are not strictly between"),
        ({"knots": [25, 40], "df": 5}, r"df=5 contradicts 2 knots \(df=6\); leave one out"),
        ({"kind": "ns", "knots": [25, 40], "df": 5}, r"\(df=4\)"),
        ({"boundary_knots": (80, 20)}, "boundary_knots must be strictly increasing"),
        ({"boundary_knots": (20, 20)}, "boundary_knots must be strictly increasing"),
        ({"boundary_knots": (20, 50, 80)}, "must be a pair"),
        ({"boundary_knots": (100, 200)}, "no value of 'x' lies within the boundary_knots"),
        ({"weights": [1, 2]}, r"weights has shape \(2,\) and 'x' \(15,\): give one weight a value"),
        ({"weights": np.full(15, np.nan)}, "weights has 15 NaN"),
        ({"weights": np.repeat([1.0, -1.0], [13, 2])}, r"weights has 2 negative value\(s\)"),
        ({"weights": np.zeros(15)}, "'x' has no rows"),
        ({"extrapolation": "periodic"}, "extrapolation must be 'continue', .* not 'periodic'"),
        ({"include_intercept": "no"}, "include_intercept must be True or False, not 'no'"),
        ({"x": ["18", "19"]}, "'x' must be numbers, not <U2"),
        ({"x": np.array([1.0, {}])}, "'x' must be numbers"),
        ({"x": np.array(["2020-01-01"], dtype="datetime64[D]")}, "'x' must be numbers"),
        ({"knots": "quantile"}, "knots must be numbers"),
        ({"knots": {"a": 1}}, "knots must be numbers"),
        ({"name": "Age", "x": [np.nan]}, "'Age' has 1 NaN"),
        ({"name": "Age", "knots": [99]}, "18 and 90, the range of 'Age'"),
        ({"name": "Age", "boundary_knots": (100, 200)}, "no value of 'Age' lies within"),
    ],
)
def test_errors(options, message):
    with pytest.raises(ValueError, match=message):
        learn_spline(**{"x": AGE, **options})
    with pytest.raises(ValueError, match="'x' has 1 NaN"):
        learn_spline(AGE).evaluate([20.0, np.nan])


# ---- outside the boundary knots ---------------------------------------------------------------

X = pytest.mark.parametrize("x", [AGE, BONUS, -BONUS], ids=["age", "tied low", "tied high"])
SHAPES = pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("bs", {"df": 2}),
        ("bs", {"df": 3}),
        ("bs", {"df": 5}),
        ("bs", {"df": 9, "include_intercept": True}),
        ("bs", {"df": 6, "degree": 2}),
        ("bs", {"df": 6, "degree": 5, "include_intercept": True}),
        ("ns", {"df": 2}),
        ("ns", {"df": 5}),
        ("ns", {"df": 8, "include_intercept": True}),
    ],
    ids=str,
)


def learn_all(x, kind, options):
    """The same basis with each way to go on."""
    ways = ("continue", "linear", "constant", "error")
    return {way: learn_spline(x, kind, extrapolation=way, **options) for way in ways}


@X
@SHAPES
def test_the_ways_agree_up_to_both_boundaries(x, kind, options):
    inside = np.linspace(x.min(), x.max(), 31)
    first, *others = [basis.evaluate(inside) for basis in learn_all(x, kind, options).values()]
    for other in others:
        np.testing.assert_allclose(other, first, rtol=0, atol=1e-13)
    default = learn_spline(x, kind, **options)
    assert default.extrapolation == {"bs": "constant", "ns": "linear"}[kind]


@X
@SHAPES
def test_the_ways_differ_outside(x, kind, options):
    """Each against a polynomial of the degree of the spline through points of the outer piece."""
    bases = learn_all(x, kind, options)
    low, high = x.min(), x.max()
    knots = np.unique([low, *bases["error"].interior_knots, high])
    for edge, other, out in ((low, knots[1], -1.0), (high, knots[-2], 1.0)):
        piece = np.linspace(edge, other, bases["error"].degree + 1)
        steps = np.polynomial.Polynomial([0.0, other - edge])
        curves = [
            np.polynomial.Polynomial.fit((piece - edge) / (other - edge), column, len(piece) - 1)
            for column in bases["error"].evaluate(piece).T
        ]
        away = out * np.array([0.0, 0.3, 2.0, 7.0])
        share = away / steps(1.0)
        expected = {
            "continue": np.column_stack([curve(share) for curve in curves]),
            "linear": np.column_stack(
                [curve(0.0) + curve.deriv()(0.0) * share for curve in curves]
            ),
            "constant": np.column_stack([np.full(4, curve(0.0)) for curve in curves]),
        }
        for way, values in expected.items():
            size = 1 + np.abs(values)
            np.testing.assert_array_less(
                np.abs(bases[way].evaluate(edge + away) - values) / size, 1e-9
            )


@X
def test_partition_of_unity_outside(x):
    outside = [x.min() - 20, x.min() - 0.1, x.max() + 0.1, x.max() + 20]
    for basis in list(learn_all(x, "bs", {"df": 6, "include_intercept": True}).values())[:3]:
        np.testing.assert_allclose(basis.evaluate(outside).sum(axis=1), 1, rtol=1e-9)


def test_a_value_outside_can_be_an_error():
    basis = learn_spline(AGE, extrapolation="error")
    assert basis.evaluate([18.0, 90.0]).shape == (2, 4)
    message = (
        "'Age' is outside the boundary knots 18 and 90 in 3 rows (-1 to 95): correct or drop those "
        "rows, learn with wider boundary_knots, or choose extrapolation='constant', 'linear' or "
        "'continue'"
    )
    for x, counts in (([95.0, 18.0, -1.0, 90.5], None), ([-1.0, 50.0, 95.0], np.array([2, 7, 1]))):
        with pytest.raises(ValueError, match="outside") as caught:
            basis.evaluate(x, "Age", counts)
        assert str(caught.value) == message
    with pytest.raises(ValueError, match=r"'x' is outside .* in 1 row \("):
        basis.evaluate([17.9])
    with pytest.raises(ValueError, match="'x' is outside the boundary knots 5 and 5 in 1 row"):
        learn_spline([5.0, 5.0], extrapolation="error").evaluate([5.0, 6.0])


def test_extrapolation_of_the_functions():
    for function, default in ((bs, "constant"), (ns, "linear")):
        kept = {"boundary_knots": (20, 80), "df": 5}
        values = {
            way: function(AGE, extrapolation=way, **kept)
            for way in ("continue", "linear", "constant")
        }
        np.testing.assert_array_equal(function(AGE, **kept), values[default])
        assert np.abs(values["linear"] - values["constant"]).max() > 0.1
        assert np.abs(values["linear"] - values["continue"]).max() > 0.01
        with pytest.raises(ValueError, match="in 3 rows"):
            function(AGE, extrapolation="error", **kept)


# ---- the defects of the first rustystats ------------------------------------------------------


@pytest.mark.parametrize("df", [4, 5, 7])
def test_B29_the_row_at_the_right_boundary(df):
    """It was all zeros: the last age had the predictions of the first."""
    np.testing.assert_array_equal(bs(AGE, df=df)[-1], np.eye(df - 1)[-1])


def test_B30_knots_do_not_bring_an_intercept_with_them():
    """Three knots gave seven columns that sum to 1, whatever `include_intercept` said."""
    assert bs(AGE, knots=[25, 40, 60]).shape == (15, 6)
    full = bs(AGE, knots=[25, 40, 60], include_intercept=True)
    assert full.shape == (15, 7)
    np.testing.assert_allclose(full.sum(axis=1), 1, rtol=1e-13)
    assert np.ptp(bs(AGE, knots=[25, 40, 60]).sum(axis=1)) > 0.9


@pytest.mark.parametrize("df", [2, 3])
def test_B31_few_degrees_of_freedom_lower_the_degree(df):
    """Functions of a cubic basis were dropped; its rows summed to 1 on the left and 0 on the right.

    The space is that of the polynomials of degree df - 1.
    """
    full = bs(AGE, df=df, include_intercept=True)
    np.testing.assert_allclose(full.sum(axis=1), 1, rtol=1e-13)
    polynomials = np.vander((AGE - 18) / 72, df)
    np.testing.assert_allclose(
        full @ np.linalg.lstsq(full, polynomials)[0], polynomials, atol=1e-12
    )


def test_B32_ns_takes_knots():
    """They were ignored."""
    basis = learn_spline(AGE, "ns", knots=[30, 60])
    assert basis.interior_knots == (30.0, 60.0)
    assert ns(AGE, knots=[30, 60]).shape == (15, 3)
    assert np.abs(ns(AGE, knots=[30, 60]) - ns(AGE, df=4)).max() > 0.01


def test_B33_ns_is_symmetric_complete_and_well_scaled():
    """It was a function short, changed by reflection, of condition 3e10 for incomes."""
    incomes = np.exp(np.linspace(9, 12, 200))
    basis = np.column_stack([np.ones(200), ns(incomes, df=6)])
    assert np.linalg.cond(basis) < 100
    reflected = ns(-incomes, df=6)
    np.testing.assert_allclose(basis @ np.linalg.lstsq(basis, reflected)[0], reflected, atol=1e-9)
    knots = [incomes.min(), *learn_spline(incomes, "ns", df=6).interior_knots, incomes.max()]
    for heights in np.eye(6):  # every natural cubic spline with these knots is a combination
        curve = CubicSpline(knots, heights, bc_type="natural")(incomes)
        np.testing.assert_allclose(basis @ np.linalg.lstsq(basis, curve)[0], curve, atol=1e-8)


@settings(max_examples=60)
@given(
    x=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40),
    kind=st.sampled_from(["bs", "ns"]),
    df=st.integers(2, 9),
    way=st.sampled_from(["linear", "constant"]),
)
def test_any_data_make_a_basis_that_is_replayed(x, kind, df, way):
    x = np.round(x, 2)
    basis = learn_spline(x, kind, df, include_intercept=True, extrapolation=way)
    values = basis.evaluate(x)
    assert values.shape == (len(x), df)
    assert np.isfinite(values).all()
    np.testing.assert_array_equal(basis.evaluate(x[::-1]), values[::-1])
    if kind == "bs":
        np.testing.assert_allclose(values.sum(axis=1), 1, rtol=1e-12)
    assert basis == learn_spline(x[::-1], kind, df, include_intercept=True, extrapolation=way)
