"""Blocks of some of their columns: what is kept, what becomes one level, what is copied."""

import numpy as np
import pytest
from scipy import sparse

from rustystats.design import columns
from rustystats.design.blocks import DenseBlock, TableBlock, as_array, indicator_basis
from rustystats.design.columns import blocks_of_columns

N = 3000


def restrict(block, kept, n_threads=1):
    (found,) = blocks_of_columns([block], np.array([0, block.n_columns]), kept, n_threads)
    np.testing.assert_array_equal(found.to_dense(), block.to_dense()[:, kept])
    return found


def table(basis, dtype=np.uint16):
    codes = np.random.default_rng(0).integers(0, basis.shape[0], N).astype(dtype)
    return TableBlock(codes, basis, {"f": np.arange(basis.shape[0])})


@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("convert", [np.asarray, sparse.csr_array], ids=["dense", "sparse"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_levels_without_a_column_join_the_reference(dtype, convert, n_threads):
    block = table(convert(np.eye(200)[:, np.arange(200) != 3]), dtype)
    found = restrict(block, [0, 7, 150], n_threads)
    assert (found.n_levels, found.codes.dtype) == (4, np.uint8)
    # levels 0, 8 and 151 have the columns 0, 7 and 150; levels keep their order
    np.testing.assert_array_equal(
        found.basis, np.vstack([np.eye(3)[0], np.zeros(3), np.eye(3)[1:]])
    )
    np.testing.assert_array_equal(found.codes == 0, block.codes == 0)
    assert found.levels == {}


def test_fifty_thousand_levels_become_thirty_one():
    block = table(indicator_basis(50_000, 17))
    kept = np.sort(np.random.default_rng(1).permutation(49_999)[:30])
    codes_of_kept = kept + (kept >= 17)
    block.codes[:30] = codes_of_kept
    (found,) = blocks_of_columns([block], np.array([0, 49_999]), kept, 1)
    assert (found.n_levels, found.codes.dtype) == (31, np.uint8)
    assert isinstance(found.basis, np.ndarray)
    expected = block.codes[:, None] == codes_of_kept
    assert expected.sum() >= 30
    np.testing.assert_array_equal(found.to_dense(), expected)


def test_most_of_fifty_thousand_levels_stay_sparse():
    block = table(indicator_basis(50_000, None))
    (found,) = blocks_of_columns([block], np.array([0, 50_000]), np.arange(2, 50_000), 1)
    assert sparse.issparse(found.basis)
    assert (found.n_levels, found.codes.dtype) == (49_999, np.uint16)
    np.testing.assert_array_equal(found.codes, np.maximum(block.codes, 1) - 1)


def test_only_equal_rows_become_one():
    """Local support as of a B-spline: the levels where all columns kept are 0, and no others."""
    rng = np.random.default_rng(2)
    basis = rng.normal(size=(40, 4))
    basis[:15, :2] = 0.0
    basis[3, 0] = -0.0
    basis[20, :2] = basis[30, :2]
    basis[21, :2] = np.nextafter(basis[31, :2], 9.0)
    found = restrict(table(basis), [0, 1])
    assert found.n_levels == 1 + 25 - 1
    np.testing.assert_array_equal(found.basis[1:], np.delete(basis, 30, axis=0)[15:, :2])


def test_rows_with_the_same_values_elsewhere_differ():
    basis = np.zeros((5, 6))
    basis[[0, 1, 2, 3, 4], [0, 1, 0, 2, 5]] = [2.0, 2.0, 3.0, 2.0, 2.0]
    basis[4, 0] = 2.0
    assert restrict(table(basis), [0, 1, 2, 3, 4]).n_levels == 4  # 0 and 4 became equal
    assert restrict(table(sparse.csr_array(basis)), [0, 1, 2, 5]).n_levels == 5


def with_stored_zeros(basis):
    at = np.tile(np.arange(basis.shape[1]), basis.shape[0])
    ends = np.arange(0, basis.size + 1, basis.shape[1])
    return sparse.csr_array((basis.ravel(), at, ends), shape=basis.shape)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("convert", [np.asarray, sparse.csr_array, with_stored_zeros])
def test_as_many_levels_as_rows_that_differ(convert, seed):
    rng = np.random.default_rng(seed)
    basis = rng.integers(0, 3, (90, 5)) * (rng.random((90, 5)) < 0.4) * 0.5
    kept = np.sort(rng.permutation(5)[: rng.integers(1, 5)])
    found = restrict(table(convert(basis), np.uint8), kept)
    assert found.n_levels == len(np.unique(basis[:, kept], axis=0))
    rows = list(map(tuple, basis[:, kept]))
    firsts = sorted({row: rows.index(row) for row in rows}.values())  # in their order
    np.testing.assert_array_equal(as_array(found.basis), basis[firsts][:, kept])


def test_codes_and_values_stay_where_no_levels_become_one():
    block = table(np.random.default_rng(3).normal(size=(9, 4)))
    found = restrict(block, [1, 3])
    assert found.codes is block.codes
    assert found.levels is block.levels


def test_a_block_of_which_all_columns_are_kept_is_not_looked_into(monkeypatch):
    block = table(np.ones((4, 2)))
    monkeypatch.setattr(columns, "_first_equal", None)
    assert blocks_of_columns([block], np.array([0, 2]), [0, 1], 1) == [block]


@pytest.mark.parametrize(
    ("kept", "is_view"),
    [([2], True), ([1, 2, 3], True), ([0, 2, 4], True), ([0, 1, 3], False), ([1, 4], True)],
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_dense_columns_are_viewed_where_they_can_be(kept, is_view, order):
    values = np.asarray(np.random.default_rng(4).normal(size=(N, 5)), order=order)
    source = {"x": values[:, 0]}
    found = restrict(DenseBlock(values, source), kept)
    assert np.shares_memory(found.values, values) == is_view
    assert is_view or found.values.flags[f"{order}_CONTIGUOUS"]
    assert found.source is source


def test_blocks_without_columns_vanish():
    rng = np.random.default_rng(5)
    blocks = [table(np.eye(3)), DenseBlock(rng.normal(size=(N, 2))), table(np.ones((4, 0)))]
    starts = np.array([0, 3, 5, 5])
    assert blocks_of_columns(blocks, starts, [0, 1, 2], 1) == blocks[:1]
    assert blocks_of_columns(blocks, starts, [3, 4], 1) == blocks[1:2]
    (none,) = blocks_of_columns(blocks, starts, [], 1)
    assert (none.n_rows, none.n_columns) == (N, 0)


@pytest.mark.parametrize("kept", [[0, 0], [2, 1], [-1, 0], [1, 3], [[0, 1]], [0.0, 1.0], 1])
def test_refused(kept):
    with pytest.raises(IndexError, match="columns"):
        restrict(table(np.eye(3)), kept)
