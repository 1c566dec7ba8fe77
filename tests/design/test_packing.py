"""How blocks are arranged: which become one code column, which are read as dense columns."""

import numpy as np
import pytest
from scipy import sparse

from rustystats.design.blocks import DenseBlock, TableBlock, as_array, constant_block
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
    assert [[index for index, _ in pack.members] for pack in packs] == [[1, 3, 0], [2, 4], [5]]
    for pack in packs:
        for index, at in pack.members:  # the level of the block, for each of the pack
            np.testing.assert_array_equal(at[pack.codes], blocks[index].codes)
        assert pack.codes.dtype == np.uint8
        members = [blocks[index].to_dense() for index, _ in pack.members]
        np.testing.assert_array_equal(pack.basis[pack.codes], np.hstack(members))
    np.testing.assert_array_equal(packs[0].columns, [1, 2, 5, 6, 0])


def named(name, n_levels, n_columns):
    block = table(n_levels, n_columns)
    return TableBlock(block.codes, block.basis, {name: np.arange(n_levels)})


def product(*blocks):
    """Of tables, with one column for each of their cells."""
    sizes = [block.n_levels for block in blocks]
    codes = np.ravel_multi_index([block.codes for block in blocks], sizes)
    levels = {
        name: np.unravel_index(np.arange(np.prod(sizes)), sizes)[place]
        for place, block in enumerate(blocks)
        for name in block.levels
    }
    parts = sum((block.parts for block in blocks), ())
    basis = np.eye(int(np.prod(sizes)))
    return TableBlock(codes.astype(np.uint16), basis, levels, parts=parts)


def test_margins_are_nested_in_their_interaction():
    a, b, c, d = named("a", 12, 3), named("b", 9, 2), named("c", 5, 2), named("d", 70, 1)
    blocks = [constant_block(N), a, b, product(a, b), d, c, product(b, c), product(c, b, a)]
    packs, dense = arranged(*blocks)
    assert len(dense) == 1  # d has no part in the interaction
    (pack,) = packs
    assert {index for index, _ in pack.members} == {0, 1, 2, 3, 5, 6, 7}
    for index, at in pack.members:
        np.testing.assert_array_equal(at[pack.codes], blocks[index].codes)
    rows = as_array(pack.basis[pack.codes])
    for index, _ in pack.members:
        mine = np.isin(pack.columns, np.arange(*starts_of(blocks)[index : index + 2]))
        np.testing.assert_array_equal(rows[:, mine], blocks[index].to_dense())


def starts_of(blocks):
    return np.cumsum([0, *(block.n_columns for block in blocks)])


def test_nothing_is_nested_without_the_interaction_of_all_its_parts():
    a, b, c = named("a", 40, 3), named("b", 30, 2), named("c", 20, 2)
    packs, _ = arranged(product(a, b), product(a, c), product(b, c))
    assert [[index for index, _ in pack.members] for pack in packs] == [[0], [1], [2]]
    packs, _ = arranged(product(a, b), named("a", 39, 3), c)  # other levels: another column
    assert len(packs) == 3


def test_a_basis_that_is_mostly_zeros_is_stored_sparse():
    blocks = [TableBlock(table(300, 1).codes, np.eye(300)[:, 1:]), table(300, 30)]
    (sparse_pack,), _ = arranged(blocks[0])
    assert sparse.issparse(sparse_pack.basis)
    (dense_pack,), _ = arranged(blocks[1])
    assert not sparse.issparse(dense_pack.basis)


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
