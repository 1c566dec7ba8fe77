"""Rows as kernels read them: what is taken, what is refused, and that arrays stay alive."""

import gc

import numpy as np
import pytest

from rustystats._kernels import blocks, gram


def unpack(rows, tables=(), dense=0):
    """Every level's and every dense column's value of each row, read through X b."""
    columns = []
    n_levels = sum(tables)
    for k in range(n_levels + dense):
        unit = np.zeros(n_levels + dense)
        unit[k] = 1.0
        level_eta = np.append(unit[:n_levels], 0.0)
        columns.append(
            gram.linear_predictor(rows, level_eta, np.append(unit[n_levels:], 0.0), None, 1)
        )
    return np.column_stack(columns)


def test_counts():
    codes = np.zeros(5, dtype=np.uint8)
    values = np.ones((3, 2))
    rows = blocks.RowBlocks(5, [(codes, 1), (codes, 4)], [np.ones((5, 3)), (codes, values)])
    assert (rows.n_rows, rows.n_tables, rows.n_levels, rows.n_dense) == (5, 2, 5, 5)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
@pytest.mark.parametrize("n_rows", [1, 127, 128, 129, 1024, 2500])
def test_codes_of_every_width(dtype, n_rows):
    rng = np.random.default_rng(n_rows)
    first, second = (rng.integers(0, k, n_rows).astype(dtype) for k in (3, 4))
    rows = blocks.RowBlocks(n_rows, [(first, 3), (second, 4)], [])
    expected = np.hstack([np.eye(3)[first], np.eye(4)[second]])
    np.testing.assert_array_equal(unpack(rows, (3, 4)), expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layout", ["C", "F", "strided", "reversed", "one column", "locked"])
def test_dense_of_every_layout(dtype, layout):
    values = np.random.default_rng(2).normal(size=(1500, 6)).astype(dtype)
    given = {
        "C": values,
        "F": np.asfortranarray(values),
        "strided": np.repeat(np.repeat(values, 2, axis=0), 3, axis=1)[::2, ::3],
        "reversed": values[::-1, ::-1].copy()[::-1, ::-1],
        "one column": values[:, 2:3],
        "locked": values.copy(),
    }[layout]
    given.flags.writeable = layout != "locked"
    expected = values[:, 2:3] if layout == "one column" else values
    rows = blocks.RowBlocks(1500, [], [given])
    np.testing.assert_array_equal(unpack(rows, dense=given.shape[1]), expected)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_dense_columns_looked_up_in_a_table(dtype):
    rng = np.random.default_rng(5)
    codes, values = rng.integers(0, 200, 1500).astype(dtype), rng.normal(size=(200, 3))
    rows = blocks.RowBlocks(1500, [], [np.ones((1500, 1)), (codes, values)])
    np.testing.assert_array_equal(unpack(rows, dense=4)[:, 1:], values[codes])


def orders(n):
    """Indexes of n rows: fewer, more than once, backwards, none, one, a block to the last row."""
    rng = np.random.default_rng(n)
    return {
        "sorted": np.sort(rng.permutation(n)[: n * 4 // 5]),
        "bootstrap": rng.integers(0, n, n + 3),
        "backwards": np.arange(n)[::-1],
        "none": np.arange(0),
        "last": np.array([n - 1]),
        "first block": np.arange(512),
        "four too many": np.arange(516),
    }


ORDERS = list(orders(1500))
INDEX_TYPES = [np.uint32, np.intp]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("index", INDEX_TYPES)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_codes_through_an_index(dtype, index, order):
    rng = np.random.default_rng(3)
    at = orders(1500)[order].astype(index)
    first, second, third = (rng.integers(0, k, 1500).astype(dtype) for k in (3, 4, 200))
    values = rng.normal(size=(200, 2))
    rows = blocks.RowBlocks(1500, [(first, 3), (second, 4)], [(third, values)], at)
    assert rows.n_rows == len(at)
    expected = np.hstack([np.eye(3)[first[at]], np.eye(4)[second[at]], values[third[at]]])
    np.testing.assert_array_equal(unpack(rows, (3, 4), 2), expected)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("index", INDEX_TYPES)
@pytest.mark.parametrize("layout", ["C", "F", "strided", "reversed", "float32"])
def test_dense_through_an_index(layout, index, order):
    values = np.random.default_rng(2).normal(size=(1500, 6))
    given = {
        "C": values,
        "F": np.asfortranarray(values),
        "strided": np.repeat(np.repeat(values, 2, axis=0), 3, axis=1)[::2, ::3],
        "reversed": values[::-1, ::-1].copy()[::-1, ::-1],
        "float32": values.astype(np.float32),
    }[layout]
    at = orders(1500)[order].astype(index)
    rows = blocks.RowBlocks(1500, [], [given, values[:, :1]], at)
    assert rows.n_direct == 0
    np.testing.assert_array_equal(
        unpack(rows, dense=7), np.hstack([given[at].astype(float), values[at, :1]])
    )


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        (np.array([0, 5], np.uint32), ValueError, "rows must be from 0 to 4"),
        (np.array([-1, 2], np.intp), ValueError, "rows must be from 0 to 4"),
        (np.array([0, 1], np.int32), TypeError, "contiguous array of uint32 or intp"),
        (np.zeros((1, 2), np.uint32), TypeError, "contiguous array of uint32 or intp"),
        (np.zeros(4, np.uint32)[::2], TypeError, "contiguous array of uint32 or intp"),
    ],
)
def test_refused_indexes(rows, error, message):
    with pytest.raises(error, match=message):
        blocks.RowBlocks(5, [(np.zeros(5, np.uint8), 1)], [], rows)


def test_locked_codes():
    codes = np.arange(10, dtype=np.uint8) % 3
    codes.flags.writeable = False
    rows = blocks.RowBlocks(10, [(codes, 3)], [(codes, np.array([[1.0], [2.0], [3.0]]))])
    np.testing.assert_array_equal(
        unpack(rows, (3,), 1), np.column_stack([np.eye(3)[codes], codes + 1])
    )


def test_arrays_are_kept_alive():
    rng = np.random.default_rng(0)
    codes = [rng.integers(0, 3, 20_000).astype(np.uint8) for _ in range(3)]
    expected = np.eye(3)[codes[0].copy()]
    rows = blocks.RowBlocks(20_000, [(codes[0].copy(), 3)], [np.full((20_000, 1), 2.0)])
    gc.collect()
    junk = [np.full(20_000, 7, dtype=np.uint8) for _ in range(20)]
    unpacked = unpack(rows, (3,), 1)
    np.testing.assert_array_equal(unpacked[:, :3], expected)
    np.testing.assert_array_equal(unpacked[:, 3], 2.0)
    assert len(junk) == 20


@pytest.mark.parametrize(
    ("tables", "dense", "error", "message"),
    [
        ([(np.zeros(4, np.uint8), 1)], [], TypeError, "codes must be 5 unsigned integers"),
        ([(np.zeros(5, np.int8), 1)], [], TypeError, "codes must be 5 unsigned integers"),
        ([(np.zeros(5, np.uint64), 1)], [], TypeError, "codes must be 5 unsigned integers"),
        ([(np.zeros((5, 1), np.uint8), 1)], [], TypeError, "codes must be 5 unsigned integers"),
        ([(np.zeros(10, np.uint8)[::2], 1)], [], TypeError, "codes must be contiguous"),
        ([], [np.zeros((4, 1))], ValueError, "4 dense rows where 5 were expected"),
        ([], [np.zeros((5, 1), dtype=int)], TypeError, "must be float32 or float64, not int64"),
        ([], [np.zeros((5, 1), dtype=">f8")], TypeError, "must be float32 or float64, not >f8"),
        ([], [(np.zeros(4, np.uint8), np.zeros((1, 1)))], TypeError, "codes must be 5 unsigned"),
    ],
)
def test_refused(tables, dense, error, message):
    with pytest.raises(error, match=message):
        blocks.RowBlocks(5, tables, dense)
