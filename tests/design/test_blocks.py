"""Blocks: a table is its basis looked up, a dense block its numbers."""

import numpy as np
import pytest
from scipy import sparse

from rustystats.design.blocks import (
    DENSE_BASIS_CELLS,
    DenseBlock,
    TableBlock,
    constant_block,
    indicator_basis,
)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
@pytest.mark.parametrize("convert", [np.asarray, sparse.csr_array], ids=["dense", "sparse"])
def test_table(dtype, convert):
    rng = np.random.default_rng(0)
    basis = rng.normal(size=(7, 3)) * rng.integers(0, 2, size=(7, 3))
    codes = rng.integers(0, 7, 50).astype(dtype)
    block = TableBlock(codes, convert(basis))
    assert (block.n_rows, block.n_levels, block.n_columns) == (50, 7, 3)
    assert isinstance(block.to_dense(), np.ndarray)
    np.testing.assert_array_equal(block.to_dense(), basis[codes])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dense(dtype):
    values = np.arange(6, dtype=dtype).reshape(3, 2)
    block = DenseBlock(values)
    assert (block.n_rows, block.n_columns) == (3, 2)
    assert block.to_dense().dtype == np.float64
    np.testing.assert_array_equal(block.to_dense(), values)
    assert np.shares_memory(DenseBlock(values).values, values)


def test_constant():
    block = constant_block(4)
    assert (block.n_rows, block.n_levels, block.n_columns) == (4, 1, 1)
    np.testing.assert_array_equal(block.to_dense(), np.ones((4, 1)))


@pytest.mark.parametrize("reference", [0, 2, 4, None])
def test_indicators(reference):
    basis = indicator_basis(5, reference)
    kept = [level for level in range(5) if level != reference]
    np.testing.assert_array_equal(basis, np.eye(5)[:, kept])


def test_one_level_has_no_contrast():
    assert indicator_basis(1, 0).shape == (1, 0)
    assert indicator_basis(1, None).shape == (1, 1)


def test_many_indicators_are_sparse():
    n_levels = int(DENSE_BASIS_CELLS**0.5)
    small, large = indicator_basis(n_levels, None), indicator_basis(n_levels + 2, 3)
    assert isinstance(small, np.ndarray)
    assert sparse.issparse(large)
    assert large.shape == (n_levels + 2, n_levels + 1)
    assert large.nnz == n_levels + 1
    assert large[[3]].nnz == 0
    np.testing.assert_array_equal(large[[2, 4]].indices, [2, 3])


def test_frozen():
    with pytest.raises(AttributeError):
        constant_block(3).codes = None
