"""Weighted quantiles of type 7: against numpy, repeated rows, and Akinshin's formula."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rustystats.terms.knots import quantile_knots, scale_up
from rustystats.terms.splines import learn_spline

VALUES = st.lists(st.integers(-50, 50).map(lambda i: i / 4), min_size=1, max_size=30)
KNOTS = st.integers(0, 8)


def knots_of(x, weights, n_knots):
    """As `learn_spline` calls it."""
    return quantile_knots(x, scale_up(np.asarray(weights, dtype=float)), n_knots)


def akinshin(x, weights, n_knots):
    """Weighted type 7 of arXiv:2304.07265, with the sum of weights in place of his n*."""
    order = np.argsort(x)
    n = weights.sum()
    ends = np.append(0.0, np.cumsum(weights[order])) / n
    shares = np.linspace(0, 1, n_knots + 2)[1:-1]
    return np.array([np.diff(np.clip(n * ends - (n - 1) * p, 0, 1)) @ x[order] for p in shares])


@settings(max_examples=100)
@given(VALUES, KNOTS)
def test_rows_alike_are_type_7(x, n_knots):
    x = np.array(x)
    expected = np.quantile(x, np.linspace(0, 1, n_knots + 2)[1:-1], method="linear")
    np.testing.assert_allclose(quantile_knots(x, None, n_knots), expected, rtol=1e-12, atol=1e-12)


@settings(max_examples=100)
@given(VALUES, KNOTS, st.integers(0, 2**32 - 1))
def test_whole_weights_repeat_rows(x, n_knots, seed):
    x = np.array(x)
    weights = np.random.default_rng(seed).integers(1, 6, len(x))
    np.testing.assert_array_equal(
        knots_of(x, weights, n_knots), quantile_knots(np.repeat(x, weights), None, n_knots)
    )


@settings(max_examples=100)
@given(VALUES, KNOTS, st.integers(0, 2**32 - 1))
def test_real_weights(x, n_knots, seed):
    x = np.array(x)
    weights = np.random.default_rng(seed).gamma(0.7, 3.0, len(x)) + 1e-3
    weights *= max(1, len(x) / weights.sum())
    ours = knots_of(x, weights, n_knots)
    np.testing.assert_allclose(ours, akinshin(x, weights, n_knots), rtol=0, atol=1e-4)
    assert np.all(np.diff(ours) >= 0)
    assert np.all((ours >= x.min()) & (ours <= x.max()))


def test_to_rounding():
    rng = np.random.default_rng(1)
    x, weights = rng.normal(size=500), rng.uniform(0.8, 3.0, 500)
    ours = knots_of(x, weights, 9)
    np.testing.assert_allclose(ours, akinshin(x, weights, 9), rtol=0, atol=1e-12)
    assert np.abs(ours - quantile_knots(x, None, 9)).max() > 0.01


@pytest.mark.parametrize("size", [1e-12, 0.1, 1 / 3, 1.0])
def test_equal_small_weights_are_rows_alike(size):
    x = np.array([50.0] * 12 + [51, 53, 58, 64, 68, 76, 90, 100])
    for n_knots in range(1, 9):
        np.testing.assert_allclose(
            knots_of(x, np.full(20, size), n_knots), quantile_knots(x, None, n_knots), rtol=1e-12
        )


def test_the_unit_of_small_weights_does_not_matter():
    rng = np.random.default_rng(2)
    x, weights = rng.normal(size=50), rng.uniform(0, 1, 50)
    shares = knots_of(x, weights / weights.sum(), 5)
    np.testing.assert_allclose(shares, knots_of(x, weights, 5), rtol=1e-10)
    np.testing.assert_allclose(shares, knots_of(x, weights * 50 / weights.sum(), 5), rtol=1e-10)


@pytest.mark.parametrize(("size", "n_low", "n_knots"), [(0.1, 8, 4), (0.3, 57, 6), (1 / 3, 4, 8)])
def test_rounding_moves_no_knot_off_a_tie(size, n_low, n_knots):
    """A knot just above the minimum would make a column of its own for the rows at the minimum."""
    x = np.repeat([50.0, 60.0, 70.0], [n_low, 20, n_low])
    np.testing.assert_array_equal(
        np.isin(knots_of(x, np.full(len(x), size), n_knots), x),
        np.isin(quantile_knots(x, None, n_knots), x),
    )


def test_more_weight_than_a_window_can_see():
    x = np.array([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(knots_of(x, [1e20, 3e20, 1e20], 3), [2, 2, 2])


def test_aggregated_values_have_the_knots_of_their_rows():
    rng = np.random.default_rng(3)
    x, weights = rng.integers(18, 80, 2000).astype(float), rng.uniform(0, 1, 2000)
    weights[::7] = 0
    levels, codes = np.unique(x, return_inverse=True)
    by_row = learn_spline(x, df=8, weights=weights)
    by_level = learn_spline(levels, df=8, weights=np.bincount(codes, scale_up(weights)))
    np.testing.assert_allclose(by_level.interior_knots, by_row.interior_knots, rtol=1e-12)


def test_weight_0_places_no_knot():
    x, weights = np.array([0.0, 1, 2, 3, 4, 99]), np.array([0.0, 1, 2, 1, 3, 0])
    kept = learn_spline(x[1:5], df=6, weights=weights[1:5])
    assert learn_spline(x, df=6, weights=weights) == kept
    assert kept.boundary_knots == (1.0, 4.0)


def test_values_outside_the_boundary_knots_place_no_knot():
    x, weights = np.arange(10.0), np.linspace(0.01, 0.1, 10)
    basis = learn_spline(x, df=6, weights=weights, boundary_knots=(2, 5))
    within = quantile_knots(x[2:6], scale_up(weights)[2:6], 2)
    np.testing.assert_array_equal(basis.interior_knots, within)
    few = learn_spline(x, df=6, weights=[1e-9] * 6 + [1] * 4, boundary_knots=(2, 5))
    np.testing.assert_allclose(few.interior_knots, np.full(2, 3.5))  # nothing to tell them apart
