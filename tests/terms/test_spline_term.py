"""`SplineTerm`: what it learns it keeps."""

import copy
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest

import rustystats as rs
from rustystats import SplineTerm

AGE = np.array([18, 19, 22, 22, 25, 31, 31, 31, 38, 44, 47, 52, 60, 71, 90], dtype=float)


@pytest.mark.parametrize(
    ("term", "written"),
    [
        (SplineTerm("age"), "bs(age, df=5, degree=3)"),
        (SplineTerm("age", "bs", 7, 2), "bs(age, df=7, degree=2)"),
        (SplineTerm("age", spline_type="ns", df=4), "ns(age, df=4)"),
        (SplineTerm("age", knots=(30, 50)), "bs(age, knots=[30.0, 50.0], degree=3)"),
        (
            SplineTerm("age", "ns", boundary_knots=(18, 90), extrapolation="error"),
            "ns(age, df=5, boundary_knots=[18.0, 90.0], extrapolation='error')",
        ),
    ],
)
def test_repr(term, written):
    assert repr(term) == written


@pytest.mark.parametrize("kind", ["bs", "ns"])
def test_columns_and_names(kind):
    basis, names = SplineTerm("age", kind, df=6).transform(AGE)
    np.testing.assert_array_equal(basis, getattr(rs, kind)(AGE, df=6))
    assert names == getattr(rs, f"{kind}_names")("age", 6)
    basis, names = SplineTerm("age", kind, knots=[30, 50]).transform(AGE)
    np.testing.assert_array_equal(basis, getattr(rs, kind)(AGE, knots=[30, 50]))
    assert len(names) == basis.shape[1]


@pytest.mark.parametrize("kind", ["bs", "ns"])
@pytest.mark.parametrize("learn", [SplineTerm.fit, SplineTerm.transform, SplineTerm.fit_transform])
def test_knots_are_not_recomputed_on_new_data(kind, learn):
    """They were, so a prediction on other rows multiplied coefficients with other columns."""
    term = SplineTerm("age", kind, df=6)
    learn(term, AGE)
    full = getattr(rs, kind)(AGE, df=6)
    for rows in (slice(0, 1), slice(3, 9), slice(None, None, -2)):
        np.testing.assert_array_equal(term.transform(AGE[rows])[0], full[rows])
    outside, _ = term.transform([10.0, 120.0])
    assert term.basis.boundary_knots == (18.0, 90.0)
    ends = term.transform([18.0, 90.0])[0]
    assert (np.abs(outside - ends).max() > 0.1) == (kind == "ns")


def test_fit_places_the_knots_anew():
    term = SplineTerm("age").fit(AGE)
    assert term.fit(AGE + 100) is term
    np.testing.assert_array_equal(term.transform(AGE + 100)[0], rs.bs(AGE + 100))
    np.testing.assert_array_equal(term.fit_transform(AGE)[0], rs.bs(AGE))


def test_any_vector_and_copies():
    expected, names = SplineTerm("age").transform(AGE)
    for convert in (list, pd.Series, pl.Series, lambda x: x.astype(int), np.float32):
        np.testing.assert_array_equal(SplineTerm("age").transform(convert(AGE))[0], expected)
    term = SplineTerm("age").fit(AGE)
    for again in (copy.deepcopy(term), pickle.loads(pickle.dumps(term))):
        values, its_names = again.transform(AGE[2:4])
        np.testing.assert_array_equal(values, expected[2:4])
        assert its_names == names


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"spline_type": "cr"}, "Unknown spline type 'cr'; use 'bs' or 'ns'"),
        ({"df": 1}, "df must be an integer >= 2"),
        ({"df": 5, "knots": [30, 50]}, r"df=5 contradicts 2 knots \(df=6\)"),
        ({"spline_type": "ns", "degree": 2}, "natural splines are cubic"),
        ({"boundary_knots": (90, 18)}, "boundary_knots must be strictly increasing"),
        ({"knots": [95], "boundary_knots": (18, 90)}, "95.0.* not strictly between"),
        ({"extrapolation": "flat"}, "not 'flat'"),
    ],
)
def test_impossible_options(options, message):
    with pytest.raises(ValueError, match=message):
        SplineTerm("age", **options)


def test_impossible_values_change_nothing():
    term = SplineTerm("age", knots=[30, 95])
    with pytest.raises(ValueError, match=r"95.0.* the range of 'age'"):
        term.transform(AGE)
    term = SplineTerm("age", boundary_knots=(20, 80), extrapolation="error")
    with pytest.raises(ValueError, match=r"'age' is outside .* in 3 rows"):
        term.transform(AGE)
    assert term.basis is None
    term.fit(AGE)
    kept = term.basis
    for bad, message in ((AGE * np.nan, "'age' has 15 NaN"), (["18"], "'age' must be numbers")):
        for call in (term.fit, term.transform):
            with pytest.raises(ValueError, match=message):
                call(bad)
    assert term.basis is kept
