"""Bins against brute force."""

import numpy as np
import pytest

from rustystats._kernels.encode import code_dtype
from rustystats.diagnostics import binning
from rustystats.diagnostics.cells import CodedColumns


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("decimals", [0, 1, 6])
def test_sorted_rows_keep_the_order_of_ties(rng, decimals):
    values = np.round(rng.normal(size=5_000), decimals)
    found = binning.sorted_rows(values)
    np.testing.assert_array_equal(found, np.argsort(values, kind="stable"))


@pytest.mark.parametrize("n_bins", [1, 5, 10, 20])
@pytest.mark.parametrize("distinct", [1, 3, 5_000])
def test_exactly_n_bins_of_equal_volume_however_tied(rng, n_bins, distinct):
    values = rng.integers(0, distinct, 5_000).astype(float)
    volume = rng.uniform(0.1, 1.0, 5_000)
    bins = binning.equal_volume_bins(values, volume, n_bins)
    counts = np.bincount(bins, minlength=n_bins)
    assert len(counts) == n_bins
    assert counts.min() > 0
    assert counts.sum() == 5_000
    held = binning.sums_by(bins, n_bins, volume)
    np.testing.assert_allclose(held, volume.sum() / n_bins, atol=1.0)  # to a row
    order = np.argsort(values, kind="stable")
    assert (np.diff(bins[order]) >= 0).all()  # by prediction, ties in row order


def test_one_row_of_great_volume_leaves_no_bin_empty():
    volume = np.array([1.0, 1.0, 1000.0, 1.0, 1.0, 1.0])
    bins = binning.equal_volume_bins(np.arange(6.0), volume, 5)
    assert sorted(set(bins)) == [0, 1, 2, 3, 4]
    assert (np.diff(bins) >= 0).all()


def test_no_more_bins_than_rows_and_zero_volume():
    assert binning.equal_volume_bins(np.array([2.0, 1.0]), np.zeros(2), 10).tolist() == [1, 0]


def test_quantile_bins_are_those_of_the_inverted_distribution(rng):
    values = rng.gamma(2.0, size=1_000)
    bins, lower, upper = binning.quantile_bins(values, 10)
    edges = np.quantile(values, np.arange(1, 11) / 10, method="inverted_cdf")
    np.testing.assert_array_equal(upper, edges)
    for k in range(10):
        mine = values[bins == k]
        assert lower[k] == mine.min()
        assert upper[k] == mine.max()
        assert len(mine) == 100


def test_weights_are_repeated_rows(rng):
    levels, counts = np.arange(30.0), rng.integers(1, 40, 30)
    by_level, lower, upper = binning.quantile_bins(levels, 7, counts)
    by_row, *edges = binning.quantile_bins(np.repeat(levels, counts), 7)
    np.testing.assert_array_equal(np.repeat(by_level, counts), by_row)
    np.testing.assert_array_equal(np.array([lower, upper]), np.array(edges))


def test_a_value_of_most_rows_makes_fewer_bins():
    values = np.r_[np.full(80, 50.0), np.arange(51.0, 71.0)]
    bins, lower, upper = binning.quantile_bins(values, 10)
    assert lower.tolist() == [50.0, 51.0, 61.0]
    assert upper.tolist() == [50.0, 60.0, 70.0]
    assert np.bincount(bins).tolist() == [80, 10, 10]


def test_missing_values_are_a_bin_of_their_own():
    bins, lower, upper = binning.quantile_bins(np.array([np.nan, 1.0, np.nan, np.inf]), 2)
    assert bins.tolist() == [2, 0, 2, 1]
    assert binning.range_labels(lower, upper) == ["1.00-1.00", "inf-inf", "missing"]
    bins, lower, _ = binning.quantile_bins(np.array([np.nan]), 3)
    assert bins.tolist() == [0]
    assert np.isnan(lower).tolist() == [True]


def test_levels_are_pooled_below_the_threshold_and_beyond_the_largest():
    volume = np.array([5.0, 50.0, 30.0, 3.0, 12.0])
    shown, group = binning.pool_levels(volume, 10.0, 20)
    assert shown.tolist() == [1, 2, 4]
    assert group.tolist() == [3, 0, 1, 3, 2]
    shown, group = binning.pool_levels(volume, 0.0, 3)
    assert shown.tolist() == [1, 2]
    assert group.tolist() == [2, 0, 1, 2, 2]
    shown, _ = binning.pool_levels(volume, 4.0, 20)  # a pool of one: by its own name
    assert shown.tolist() == [1, 2, 4, 0, 3]


def test_missing_levels_are_never_pooled():
    shown, group = binning.pool_levels(np.array([60.0, 3.0, 4.0, 0.5]), 10.0, 20, apart=[3])
    assert shown.tolist() == [0, 3]
    assert group.tolist() == [0, 2, 2, 1]


def test_the_pool_has_a_name_of_its_own():
    levels = np.array(["_Other", "b", None], dtype=object)
    assert binning.group_labels(levels, [0, 2]) == ["_Other", "missing", "__Other"]


@pytest.mark.parametrize("n_bins", [0, -1, 2.0, True, "10"])
def test_a_number_of_bins_is_a_whole_number(n_bins):
    with pytest.raises(ValueError, match="whole number of 1 or more"):
        binning.equal_volume_bins(np.arange(3.0), np.ones(3), n_bins)


def test_thresholds_are_checked():
    with pytest.raises(ValueError, match="max_categorical_levels"):
        binning.pool_levels(np.ones(3), 1.0, 1)
    with pytest.raises(ValueError, match="percentage"):
        binning.pool_levels(np.ones(3), -1.0, 5)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.9])
def test_sums_by_level_and_cell(rng, share):
    sizes, n = (3, 300, 7), 4_000
    columns = [(rng.integers(0, k, n).astype(code_dtype(k)), k) for k in sizes]
    values = rng.normal(size=n) * (rng.random(n) < share)
    coded = CodedColumns(columns)
    for (codes, size), found in zip(columns, coded.sums(values), strict=True):
        np.testing.assert_allclose(found, np.bincount(codes, values, size), atol=1e-12)
    cells = coded.pair_sums(values)
    assert set(cells) == {(0, 1), (0, 2), (1, 2)}
    for (i, j), found in cells.items():
        (first, m), (second, k) = columns[i], columns[j]
        cell = np.bincount(first.astype(int) * k + second, values, m * k)
        np.testing.assert_allclose(found.ravel(), cell, atol=1e-12)
