"""Rows chosen from chosen rows, as numpy chooses them."""

import numpy as np
import pytest

from rustystats.design.rows import choose, rows_of

N = 60
RNG = np.random.default_rng(0)
SELECTIONS = {
    "all": slice(None),
    "run": slice(7, 31),
    "strided": slice(3, None, 4),
    "backwards": slice(None, None, -1),
    "strided backwards": slice(50, 4, -3),
    "none": slice(5, 5),
    "sorted": np.array([0, 1, 4, 5]),
    "repeated": np.array([3, 3, 0, 2, 3], dtype=np.uint8),
    "negative": np.array([-1, 2, -3, 0]),
    "mask": lambda n: RNG.random(n) < 0.7,
    "empty": np.array([], dtype=np.int64),
    "list": [4, 1],
}


def selection(name, n):
    rows = SELECTIONS[name]
    return rows(n) if callable(rows) else rows


@pytest.mark.parametrize("first", [s for s in SELECTIONS if s not in ("none", "empty")])
@pytest.mark.parametrize("second", SELECTIONS)
def test_a_part_of_a_part(first, second):
    values = RNG.normal(size=(N, 2))
    rows = selection(first, N)
    chosen = choose(range(N), rows)
    part = values[rows]
    np.testing.assert_array_equal(rows_of(values, chosen), part)
    if second in ("sorted", "repeated", "negative", "list") and len(part) < 6:
        return
    again = selection(second, len(part))
    np.testing.assert_array_equal(rows_of(values, choose(chosen, again)), part[again])


def test_ranges_are_views_and_indexes_are_narrow_and_our_own():
    values = np.arange(N, dtype=float)
    assert np.shares_memory(rows_of(values, choose(range(N), slice(2, 50, 3))), values)
    given = np.array([1, 2], dtype=np.uint32)
    chosen = choose(range(N), given)
    assert chosen.dtype == np.uint32
    assert not np.shares_memory(chosen, given)
    again = choose(chosen, slice(None, None, -1))
    assert again.flags.c_contiguous
    assert choose(range(2**32), given).dtype == np.uint32
    assert choose(range(2**32 + 1), given).dtype == np.intp
    shifted = choose(range(2**32, 2**33), np.array([3], dtype=np.uint8))
    np.testing.assert_array_equal(shifted, [2**32 + 3])
    assert shifted.dtype == np.intp


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([0, 5], "row 5 where there are 5 rows"),
        ([-6, 0], "row -6 where there are 5 rows"),
        ([0.0, 1.0], "rows are a slice, or one dimension of whole numbers or bool"),
        ([[0, 1]], "one dimension"),
        (3, "one dimension"),
        ([True, False], r"the mask has shape \(2,\) where there are 5 rows"),
    ],
)
def test_refused(rows, message):
    with pytest.raises(IndexError, match=message):
        choose(range(5), rows)
