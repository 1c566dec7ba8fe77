"""The defects B23 to B36 of the first rustystats, in formulas, splines and target encoding."""

import re

import numpy as np
import pandas as pd
import patsy
import pytest
from scipy.interpolate import BSpline

import rustystats as rs

N = 240
RNG = np.random.default_rng(29)
FRAME = pd.DataFrame(
    {
        "y": RNG.poisson(1.0, N).astype(float),
        "age": RNG.uniform(18, 90, N),
        "x": RNG.normal(size=N),
        "z": RNG.normal(size=N),
        "a": RNG.choice(list("PQR"), N),
        "b": RNG.choice(list("ST"), N),
        "c": RNG.choice(list("UVW"), N),
        "exposure": RNG.uniform(0.1, 1.0, N),
    }
)


def design(formula, **options):
    return rs.glm(f"y ~ {formula}", FRAME, family="poisson", **options)


def assert_same_space(ours, theirs):
    """Two sets of columns span the same space, none of ours in vain."""
    theirs = np.asarray(theirs)
    rank = np.linalg.matrix_rank(theirs)
    assert (ours.shape[1], np.linalg.matrix_rank(ours)) == (rank, rank)
    fitted = theirs @ np.linalg.lstsq(theirs, ours)[0]
    np.testing.assert_allclose(fitted, ours, atol=1e-9)


def test_B23_three_factors_have_their_two_way_terms():
    """a*b*c had the main effects and a:b:c alone."""
    model = design("x * z * age")
    expected = ["x", "z", "age", "x:z", "x:age", "z:age", "x:z:age"]
    assert model.feature_names == ["Intercept", *expected]
    assert_same_space(design("C(a) * C(b) * x").X, patsy.dmatrix("C(a) * C(b) * x", FRAME))


@pytest.mark.parametrize("term", ["bs(age, dff=5)", "ns(age, degre=3)", "TE(a, prior=2)"])
def test_B24_unknown_arguments_are_refused(term):
    """They were ignored."""
    argument = term.split(", ")[1].split("=")[0]
    with pytest.raises(ValueError, match=f"unknown argument '{argument}'") as error:
        design(f"x + {term}")
    lines = str(error.value).split("\n")
    assert lines[2].index("^") == lines[1].index(term)  # it points at the term


def test_B25_three_categorical_factors():
    """Their interaction crashed."""
    model = design("C(a) * C(b) * C(c)")
    assert_same_space(model.X, patsy.dmatrix("C(a) * C(b) * C(c)", FRAME))
    assert model.feature_names[-1] == "a[T.R]:b[T.T]:c[T.W]"
    result = model.fit(alpha=0.01)
    np.testing.assert_allclose(result.predict(FRAME), result.fittedvalues, rtol=1e-12)


def test_B26_slopes_of_all_levels_where_the_main_effect_is_absent():
    """The slope of the reference level was forced to 0."""
    model = design("C(a):x")
    assert model.feature_names == ["Intercept", "a[P]:x", "a[T.Q]:x", "a[T.R]:x"]
    assert_same_space(model.X, patsy.dmatrix("C(a):x", FRAME))


def test_B27_all_levels_without_an_intercept():
    """The reference level was left out."""
    model = design("0 + C(a) + x")
    assert model.feature_names[:3] == ["a[P]", "a[T.Q]", "a[T.R]"]
    assert_same_space(model.X, patsy.dmatrix("0 + C(a) + x", FRAME))


@pytest.mark.parametrize("formula", ["bs(age, df=4) * C(b)", "C(b) * bs(age, df=4)"])
def test_B28_splines_by_factor(formula):
    """`bs(age, df=4)*C(gender)` became `bs(age, df=5)` without a word."""
    theirs = patsy.dmatrix("bs(age, df=3, degree=3) * C(b)", FRAME)
    assert_same_space(design(formula).X, theirs)
    assert "b[T.T]:bs(age, 2/4)" in design(formula).feature_names


def test_B29_the_right_boundary_is_inside():
    """The rows at the largest value had a basis of zeros."""
    age = FRAME.age.to_numpy()
    basis = rs.bs(age, df=6, include_intercept=True)
    np.testing.assert_allclose(basis.sum(axis=1), 1.0, atol=1e-14)
    np.testing.assert_allclose(basis[np.argmax(age)], [0, 0, 0, 0, 0, 1], atol=1e-14)


@pytest.mark.parametrize("intercept", [False, True])
def test_B30_explicit_knots_have_an_intercept_on_request(intercept):
    """They always had."""
    age, knots = FRAME.age.to_numpy(), [30.0, 45.0, 60.0]
    basis = rs.bs(age, knots=knots, include_intercept=intercept)
    full = np.concatenate([[age.min()] * 4, knots, [age.max()] * 4])
    expected = BSpline.design_matrix(age, full, 3).toarray()[:, 0 if intercept else 1 :]
    np.testing.assert_allclose(basis, expected, atol=1e-13)


@pytest.mark.parametrize("df", [2, 3])
def test_B31_few_degrees_of_freedom_lower_the_degree(df):
    """The last functions were cut off, so that rows summed to less and less."""
    age = FRAME.age.to_numpy()
    basis = rs.bs(age, df=df, include_intercept=True)
    assert basis.shape[1] == df
    np.testing.assert_allclose(basis.sum(axis=1), 1.0, atol=1e-14)
    assert_same_space(basis, np.vander(age / 90, df))


def test_B32_natural_splines_have_the_knots_given():
    """They were ignored."""
    age, knots = FRAME.age.to_numpy(), [30.0, 55.0]
    ours = rs.ns(age, knots=knots, include_intercept=True)
    theirs = patsy.dmatrix("cr(age, knots=[30.0, 55.0])", FRAME)
    assert_same_space(ours, theirs)


def test_B33_natural_splines_are_symmetric():
    """Mirrored values had another space."""
    age = FRAME.age.to_numpy()
    ours, mirrored = (rs.ns(x, df=5, include_intercept=True) for x in (age, -age))
    assert_same_space(ours, mirrored)
    assert np.linalg.cond(ours) < 1e3


def ordered(seed, n_permutations):
    encoded, *_ = rs.target_encode(
        FRAME.a.tolist(), FRAME.y, n_permutations=n_permutations, seed=seed
    )
    return encoded


def test_B34_neighbouring_seeds_share_no_permutation():
    """Permutation 1 of seed 42 was permutation 0 of seed 43."""
    first = ordered(43, 1)
    shared = 2 * ordered(42, 2) - ordered(42, 1)  # the second permutation of seed 42
    assert np.abs(shared - first).max() > 0.01
    np.testing.assert_array_equal(ordered(42, 4), ordered(42, 4))


def test_B35_lengths_that_differ_are_a_value_error():
    """It was a panic, which `except Exception` does not catch."""
    with pytest.raises(ValueError, match=re.escape("target")):
        rs.target_encode(["a", "b", "a"], [1.0, 2.0])


def test_B36_encodings_in_formulas_are_seeded_rates():
    """They differed from fit to fit, and encoded counts whatever the exposure."""
    one = design("TE(a, prior_weight=0)", exposure="exposure").fit()
    again = design("TE(a, prior_weight=0)", exposure="exposure").fit()
    np.testing.assert_array_equal(one.params, again.params)
    grouped = FRAME.groupby("a")[["y", "exposure"]].sum()
    rates = FRAME.a.map(grouped.y / grouped.exposure)
    expected = FRAME.exposure * np.exp(one.params[0] + one.params[1] * rates)
    np.testing.assert_allclose(one.predict(FRAME), expected, rtol=1e-12)
