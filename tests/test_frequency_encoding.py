"""`frequency_encode` and `apply_frequency_encoding`."""

import numpy as np
import polars as pl
import pytest

import rustystats as rs

BRANDS = ["b", "a", "b", "c", "a", "b"]


def test_counts_over_the_largest():
    encoded, name, counts, most, n_rows = rs.frequency_encode(BRANDS, "brand")
    np.testing.assert_allclose(encoded, [1, 2 / 3, 1, 1 / 3, 2 / 3, 1], rtol=1e-15)
    assert (name, counts, most, n_rows) == ("FE(brand)", {"a": 2, "b": 3, "c": 1}, 3, 6)
    assert type(most) is int
    again = rs.apply_frequency_encoding([*BRANDS, "z"], counts, most)
    np.testing.assert_array_equal(again, [*encoded, 0.0])


def test_weights():
    weights = np.array([0.5, 1.0, 0.25, 4.0, 1.0, 0.25])
    encoded, _, counts, most, _ = rs.frequency_encode(pl.Series(BRANDS), weights=weights)
    assert counts == {"a": 2.0, "b": 1.0, "c": 4.0}
    assert most == 4.0
    np.testing.assert_array_equal(encoded, [0.25, 0.5, 0.25, 1.0, 0.5, 0.25])


def test_bad_input():
    with pytest.raises(ValueError, match="column 'brand' has 1 missing value: fill them"):
        rs.frequency_encode([None, "a"], "brand")
    with pytest.raises(ValueError, match=r"weights has shape \(2,\), the categories 6 rows"):
        rs.frequency_encode(BRANDS, weights=[1.0, 2.0])
    with pytest.raises(ValueError, match="max_count must be positive"):
        rs.apply_frequency_encoding(BRANDS, {"a": 1}, 0)
