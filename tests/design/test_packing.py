"""How blocks are arranged: which become one code column, which are read as dense columns."""

import numpy as np
import pytest

from rustystats.design.blocks import DenseBlock, TableBlock, constant_block
from rustystats.design.packing import arrange

N = 500


def table(n_levels, n_columns, dtype=np.uint8):
    rng = np.random.default_rng(n_levels)
    codes = rng.integers(0, n_levels, N).astype(dtype)
    return TableBlock(codes, rng.normal(size=(n_levels, n_columns)))


def arranged(*blocks):
    starts = np.cumsum([0, *(block.n_columns for block in blocks)])
    return arrange(blocks, starts, 1)


def test_small_tables_are_packed():
    blocks = [constant_block(N), *(table(k, 2) for k in (100, 40, 2, 5, 3))]
    packs, dense = arranged(*blocks)
    assert dense == []
    assert [pack.n_levels for pack in packs] == [200, 200, 3]
    assert [pack.members for pack in packs] == [
        ((1, 100), (3, 2), (0, 1)),
        ((2, 40), (4, 5)),
        ((5, 3),),
    ]
    for pack in packs:
        assert pack.codes.dtype == np.uint8
        members = [blocks[index].to_dense() for index, _ in pack.members]
        np.testing.assert_array_equal(pack.basis[pack.codes], np.hstack(members))
    np.testing.assert_array_equal(packs[0].columns, [1, 2, 5, 6, 0])


@pytest.mark.parametrize(("n_levels", "is_dense"), [(64, False), (65, True)])
def test_a_column_of_many_levels_is_read_as_dense(n_levels, is_dense):
    block = table(n_levels, 1)
    packs, dense = arranged(constant_block(N), block, table(3, 2))
    assert len(dense) == is_dense
    assert sum(pack.n_levels for pack in packs) == (3 if is_dense else 3 * 64)
    if is_dense:
        ((codes, values), columns) = dense[0]
        assert codes is block.codes
        np.testing.assert_array_equal(values, block.basis)
        np.testing.assert_array_equal(columns, [1])


def test_beside_dense_columns_alone_the_intercept_is_one_of_them():
    values = np.random.default_rng(0).normal(size=(N, 5))
    packs, dense = arranged(constant_block(N), DenseBlock(values))
    assert packs == []
    assert dense[0][0] is values  # first: it can be read where it lies
    assert [list(columns) for _, columns in dense] == [[1, 2, 3, 4, 5], [0]]


@pytest.mark.parametrize("told", [False, True])
def test_a_table_goes_into_one_of_the_same_columns_whose_levels_tell_its_own(told):
    rng = np.random.default_rng(8)
    fine = rng.integers(0, 300, N).astype(np.uint16)
    coarse = fine // 3 if told else rng.integers(0, 100, N).astype(np.uint16)
    host = TableBlock(fine, rng.normal(size=(300, 20)), {"age": np.arange(300)})
    other = TableBlock(coarse, rng.normal(size=(100, 20)), {"age": np.arange(100)})
    packs, dense = arranged(host, other)
    assert dense == []
    assert [pack.n_levels for pack in packs] == ([300] if told else [300, 100])
    columns = np.concatenate([pack.columns for pack in packs])
    found = np.hstack([pack.basis[pack.codes] for pack in packs])
    expected = np.hstack([host.to_dense(), other.to_dense()])
    np.testing.assert_array_equal(found, expected[:, columns])
