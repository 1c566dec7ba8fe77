"""Spline bases against R, and the properties that prediction relies on."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from rustystats.terms.splines import bs, bs_names, learn_spline, ns, ns_names

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
def test_counts_equal_expanded_data(kind, boundary_knots, df):
    rng = np.random.default_rng(df)
    distinct = rng.permutation(np.append(np.unique(BONUS), 77.7))
    counts = np.append(rng.integers(0, 40, distinct.size - 2), [500, 3])
    options = {"kind": kind, "df": df, "boundary_knots": boundary_knots}
    expanded = np.repeat(distinct, counts)
    basis = learn_spline(distinct, counts=counts, **options)
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
        ({"x": [1.0, np.nan, np.inf]}, "x has 2 NaN or infinite"),
        ({"x": []}, "x has no rows"),
        ({"x": [[1.0, 2.0]]}, r"one-dimensional, got shape \(1, 2\)"),
        ({"knots": [40, 25]}, "knots must be strictly increasing"),
        ({"knots": [25, 25]}, "increasing, sorted, no ties"),
        ({"knots": [25, np.nan]}, "knots has 1 NaN"),
        ({"knots": [18, 25]}, r"\[18.0\] are not strictly between .* 18 and 90; remove them"),
        ({"knots": [25, 85], "boundary_knots": (20, 80)}, r"\[85.0\] are not strictly between"),
        ({"knots": [25, 40], "df": 5}, r"df=5 contradicts 2 knots \(df=6\); leave one out"),
        ({"kind": "ns", "knots": [25, 40], "df": 5}, r"\(df=4\)"),
        ({"boundary_knots": (80, 20)}, "boundary_knots must be strictly increasing"),
        ({"boundary_knots": (20, 20)}, "boundary_knots must be strictly increasing"),
        ({"boundary_knots": (20, 50, 80)}, "must be a pair"),
        ({"boundary_knots": (100, 200)}, "no value of x lies within boundary_knots"),
        ({"counts": [1, 2]}, "one whole number >= 0 for each value"),
        ({"counts": np.full(15, 0.5)}, "one whole number >= 0"),
        ({"counts": -np.ones(15)}, "one whole number >= 0"),
        ({"counts": np.zeros(15)}, "x has no rows"),
    ],
)
def test_errors(options, message):
    with pytest.raises(ValueError, match=message):
        learn_spline(**{"x": AGE, **options})
    with pytest.raises(ValueError, match="x has 1 NaN"):
        learn_spline(AGE).evaluate([20.0, np.nan])
