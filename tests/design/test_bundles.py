"""Sparse matrices: what they are read as, and that every sum is that of the matrix."""

import pickle
import tracemalloc

import numpy as np
import pytest
from scipy import sparse

from rustystats.design.blocks import DenseBlock, SparseBlock, TableBlock, constant_block
from rustystats.design.bundles import as_rows, bundled
from rustystats.design.matrix import DesignMatrix

N = 6000


def indicators(rng, n_levels, first=0, n=N):
    return np.eye(n_levels)[rng.integers(0, n_levels, n)][:, first:]


def made(kind, n=N):
    """An array, most of it 0."""
    rng = np.random.default_rng(4)
    if kind == "factors":
        return np.hstack([indicators(rng, k, k % 2, n) for k in (5, 40, 12)])
    if kind == "values":  # 0 to 3 children, and a factor with a weight of its own in each column
        return np.hstack([rng.poisson(0.3, (n, 1)), indicators(rng, 4, 0, n) * [1.0, -2.0, 0.5, 3]])
    if kind == "numbers":
        return np.hstack([indicators(rng, 8, 0, n), rng.normal(size=(n, 1))])
    if kind == "empty columns":
        return np.hstack([np.zeros((n, 1)), indicators(rng, 3, 0, n), np.zeros((n, 2))])
    if kind == "nothing":
        return np.zeros((n, 3))
    return rng.normal(size=(n, 30)) * (rng.random((n, 30)) < 0.1)  # texts


KINDS = ["factors", "values", "numbers", "empty columns", "nothing", "texts"]


def block_of(array, dtype=np.float64):
    return SparseBlock(sparse.csr_array(array.astype(dtype)))


@pytest.mark.parametrize("kind", KINDS[:-1])
def test_bundles_are_the_columns(kind):
    array = made(kind)
    parts = bundled(block_of(array), np.arange(array.shape[1]))
    columns = np.concatenate([columns for _, columns in parts])
    np.testing.assert_array_equal(np.sort(columns), np.arange(array.shape[1]))
    for block, columns in parts:
        np.testing.assert_array_equal(block.to_dense(), array[:, columns])


def test_factors_become_tables_of_one_byte_a_row():
    parts = bundled(block_of(made("factors")), np.arange(56))
    assert [type(block) for block, _ in parts] == [TableBlock] * 3
    assert [block.codes.dtype for block, _ in parts] == [np.uint8] * 3
    assert [block.n_levels for block, _ in parts] == [5, 41, 13]


def test_a_column_of_many_values_is_stored_as_numbers_where_that_is_no_larger():
    parts = bundled(block_of(made("numbers")), np.arange(9))
    assert [type(block) for block, _ in parts] == [TableBlock, DenseBlock]
    rare = np.random.default_rng(5).normal(size=(N, 1)) * (np.arange(N) % 50 == 0)[:, None]
    assert bundled(block_of(rare), np.arange(1)) is None


def test_texts_stay_rows():
    array = made("texts")
    assert bundled(block_of(array), np.arange(30)) is None
    rows = as_rows([constant_block(N), block_of(array, np.float32)])
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows.toarray()[:, 1:], array.astype(np.float32))
    np.testing.assert_array_equal(rows.toarray()[:, 0], 1.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("beside", ["alone", "intercept", "others"])
@pytest.mark.parametrize("kind", KINDS)
def test_sums_equal_those_of_the_array(kind, beside, dtype):
    array = made(kind).astype(dtype)
    rng = np.random.default_rng(6)
    blocks = [block_of(array, dtype)]
    if beside != "alone":
        blocks.insert(0, constant_block(N))
    if beside == "others":
        blocks.append(TableBlock(rng.integers(0, 9, N).astype(np.uint8), rng.normal(size=(9, 4))))
        blocks.append(DenseBlock(rng.normal(size=(N, 2))))
        blocks.append(block_of(made("texts")[:, :7], dtype))
    whole = DesignMatrix(blocks)
    full = np.hstack([block.to_dense() for block in blocks])
    if beside == "others" and dtype == np.float32:  # all of what stays rows has the narrower type
        full[:, 1 + array.shape[1] :] = full[:, 1 + array.shape[1] :].astype(dtype)
    every, coef = rng.random(N), rng.normal(size=full.shape[1])
    M = rng.normal(size=(full.shape[1],) * 2)
    M = M + M.T
    rows = np.sort(rng.choice(N, N // 2, replace=False))
    columns = np.flatnonzero(rng.random(full.shape[1]) < 0.6)
    tolerance = {"rtol": 1e-10, "atol": 1e-10}
    for design, X, weight in (
        (whole, full, every),
        (whole.take(rows), full[rows], every[rows]),
        (whole.take(slice(5, N, 3)), full[5::3], every[5::3].copy()),
        (pickle.loads(pickle.dumps(whole)), full, every),
    ):
        np.testing.assert_array_equal(design.to_dense(), X)
        np.testing.assert_allclose(design.matvec(coef), X @ coef, **tolerance)
        np.testing.assert_allclose(design.transpose_matvec(weight), X.T @ weight, **tolerance)
        gram = X.T @ (weight[:, None] * X)
        np.testing.assert_allclose(design.gram(weight), gram, **tolerance)
        np.testing.assert_allclose(design.gram_diagonal(weight), np.diag(gram), **tolerance)
        form = ((X @ M) * X).sum(axis=1)
        np.testing.assert_allclose(design.quadratic_form(M), form, rtol=1e-9, atol=1e-8)
        part = design.restrict(columns)
        np.testing.assert_array_equal(part.to_dense(), X[:, columns])
        clusters = np.sort(np.arange(len(X)) % 700)
        order = np.argsort(np.arange(len(X)) % 700, kind="stable")
        starts = np.searchsorted(clusters, np.arange(701))
        sums = np.add.reduceat(weight[order, None] * X[order], starts[:-1])
        meat = design.cluster_gram(weight, order, starts)
        np.testing.assert_allclose(meat, sums.T @ sums, rtol=1e-9, atol=1e-8)
        totals = design.block_totals(weight)
        assert set(totals) == {i for i, b in enumerate(blocks) if isinstance(b, TableBlock)}


def test_blocks_of_a_part_are_its_rows():
    design = DesignMatrix([constant_block(N), block_of(made("texts"))])
    part = design.take(np.arange(0, N, 7))
    again = DesignMatrix(part.blocks)
    np.testing.assert_array_equal(again.to_dense(), design.to_dense()[::7])


def test_nothing_is_ever_written_out():
    rng = np.random.default_rng(7)
    where = np.arange(80_000) // 2, rng.integers(2_000, size=80_000)  # two values a row
    matrix = sparse.coo_array((rng.random(80_000), where), (40_000, 2_000)).tocsr()
    weight = rng.random(40_000)
    M = np.eye(2_000)
    tracemalloc.start()
    design = DesignMatrix([constant_block(40_000), SparseBlock(matrix)])
    design.matvec(np.ones(2_001))
    design.transpose_matvec(weight)
    design.gram_diagonal(weight)
    design.take(np.arange(0, 40_000, 2)).restrict(np.arange(0, 2_001, 3))
    assert tracemalloc.get_traced_memory()[1] < 30e6  # X as an array: 640 MB
    design.gram(weight)
    assert tracemalloc.get_traced_memory()[1] < 45e6  # the Gram itself
    tracemalloc.reset_peak()
    design.quadratic_form(np.pad(M, (1, 0)))
    assert tracemalloc.get_traced_memory()[1] < 110e6
    tracemalloc.stop()


def test_the_basis_of_many_levels_is_sparse():
    level = np.random.default_rng(6).integers(0, 1100, N)
    matrix = sparse.csr_array((np.ones(N), (np.arange(N), level)), shape=(N, 1100))
    ((block, columns),) = bundled(SparseBlock(matrix), np.arange(1100))
    assert sparse.issparse(block.basis)
    vector = np.arange(1100.0)
    np.testing.assert_array_equal((block.basis @ vector[columns])[block.codes], vector[level])
