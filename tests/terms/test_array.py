"""Arrays as they come: layouts and types are viewed or converted, what is no number is refused."""

import numpy as np
import pytest
from scipy import sparse

from rustystats.terms.array import ArrayColumns, ArrayFactor

VALUES = np.random.default_rng(0).normal(size=(60, 4))


@pytest.mark.parametrize(
    "values",
    [
        VALUES,
        np.asfortranarray(VALUES),
        VALUES.astype(np.float32),
        VALUES[::2, ::-1],
        VALUES[:, :0:-1].T,
        np.broadcast_to(VALUES[0], (30, 4)),
    ],
    ids=["C", "F", "float32", "strided", "transposed", "broadcast"],
)
def test_floating_arrays_are_viewed(values):
    columns = ArrayColumns(values)
    assert np.shares_memory(columns.matrix, values)
    assert columns.matrix.dtype == values.dtype
    np.testing.assert_array_equal(columns.matrix, values)
    assert columns.n_rows == len(values)


@pytest.mark.parametrize(
    "values",
    [
        np.arange(12).reshape(4, 3),
        np.array([[True, False], [False, True]]),
        np.array([[1, 2.5], [3, 4]], dtype=object),
        [[1, 2], [3, 4]],
        VALUES.astype(">f8"),
        VALUES.astype(np.float16),
        VALUES.astype(np.longdouble),
    ],
    ids=["int", "bool", "object", "list", "big-endian", "float16", "longdouble"],
)
def test_other_numbers_become_float64(values):
    matrix = ArrayColumns(values).matrix
    assert matrix.dtype == np.float64
    np.testing.assert_array_equal(matrix, np.asarray(values, dtype=np.float64))


def test_unaligned_memory_is_copied():
    raw = np.zeros(8 * VALUES.size + 1, dtype=np.uint8)
    raw[1:] = VALUES.view(np.uint8).ravel()
    unaligned = raw[1:].view(np.float64).reshape(VALUES.shape)
    assert not unaligned.flags.aligned
    matrix = ArrayColumns(unaligned).matrix
    assert matrix.flags.aligned
    np.testing.assert_array_equal(matrix, VALUES)


def test_read_only_memory_works():
    values = VALUES.copy()
    values.flags.writeable = False
    assert np.shares_memory(ArrayColumns(values).matrix, values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (VALUES[:, 0], r"2D array, got 1D.*X\.reshape\(-1, 1\)"),
        (sparse.coo_array(VALUES[:, 0]), r"2D array, got 1D.*X\.reshape\(-1, 1\)"),
        (np.float64(1.0), "2D array, got 0D"),
        (VALUES[None], "2D array, got 3D"),
        (VALUES[:0], r"empty.*0 sample\(s\) \(shape=\(0, 4\)\)"),
        (VALUES[:, :0], r"empty.*0 feature\(s\) \(shape=\(60, 0\)\)"),
        (VALUES + 1j, "Complex data not supported: X"),
        (np.array([["a"]]), "X must be numbers, not <U1"),
        (np.array([["a", 1.0]], dtype=object), "X must be numbers: could not convert .*'a'"),
        (np.array([["2020-01-01"]], dtype="datetime64[D]"), "X must be numbers, not datetime64"),
    ],
)
def test_what_is_no_matrix_of_numbers_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        ArrayColumns(values)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_counted_and_located(bad, dtype, order):
    values = np.array(VALUES, dtype=dtype, order=order)
    values[3, 2] = values[50, 2] = values[7, 1] = bad
    with pytest.raises(ValueError, match=r"3 values, 2 of them in column 2; fill or drop"):
        ArrayColumns(values)
    with pytest.raises(ValueError, match=r"2 values, 1 of them in column [01]"):
        ArrayColumns(values[::-1, 1:][43:])


def test_missing_objects_are_counted():
    with pytest.raises(ValueError, match="1 values, 1 of them in column 1"):
        ArrayColumns(np.array([[1.0, None], [2.0, 3.0]], dtype=object))


@pytest.mark.parametrize("n_threads", [0, -1, 1.5, True, "2"])
def test_number_of_threads_is_checked(n_threads):
    with pytest.raises(ValueError, match="n_threads must be a positive whole number"):
        ArrayColumns(VALUES, n_threads)


def test_the_factor_is_the_matrix():
    columns = ArrayColumns(VALUES)
    factor = ArrayFactor(("a", "b", "c", "d"))
    assert factor.learn(columns) is factor
    block = factor.block(columns)
    assert block.values is columns.matrix
    assert (block.n_rows, block.n_columns) == VALUES.shape
    assert factor.names() == ["a", "b", "c", "d"]
    assert not factor.is_categorical
    assert factor.columns == ()
