"""Sums over clusters of rows against the matrix written out."""

import numpy as np
import pytest
from scipy import sparse

from rustystats._kernels.blocks import RowBlocks
from rustystats._kernels.clusters import accumulate_clusters

SHAPES = [
    ([], [1]),
    ([], [2, 3]),
    ([4], []),
    ([300, 5], [6]),  # read where it lies
    ([3, 1, 9, 300], [5, 2]),
    ([20, 90], [7]),  # more columns than the tile takes: BLAS
]


def make_case(n, levels, widths, seed=0):
    rng = np.random.default_rng(seed)
    codes = [rng.integers(0, k, n).astype(np.uint16) for k in levels]
    sources = [rng.normal(size=(n, k)) for k in widths]
    bases = [rng.normal(size=(k, k)) * (rng.random((k, k)) < 0.4) for k in levels]
    rows = RowBlocks(n, list(zip(codes, levels, strict=True)), sources)
    x = np.hstack([*(b[c] for b, c in zip(bases, codes, strict=True)), *sources])
    bases = [sparse.csr_array(basis) for basis in bases or [np.empty((0, 0))]]
    basis = sparse.block_diag(bases, format="csr")
    compressed = basis.indptr.astype(np.int32), basis.indices.astype(np.int32), basis.data
    return rows, compressed, x, rng.normal(size=n)


def expected_sum(x, residual, labels):
    sums = np.zeros((labels.max() + 1, x.shape[1]))
    np.add.at(sums, labels, residual[:, None] * x)
    return sums.T @ sums


@pytest.mark.parametrize(("levels", "widths"), SHAPES)
@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("n_clusters", [2, 256, 257, 1000])
def test_equals_the_sum_written_out(levels, widths, n_threads, n_clusters):
    n = 1500
    rows, compressed, x, residual = make_case(n, levels, widths)
    labels = np.random.default_rng(1).integers(0, n_clusters, n)
    order = np.argsort(labels, kind="stable")
    starts = np.r_[0, np.cumsum(np.unique(labels, return_counts=True)[1])]
    given = (rows, *compressed, x.shape[1], residual, order, starts, n_threads)
    found = accumulate_clusters(*given)
    expected = expected_sum(x, residual, labels)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * np.abs(expected).max())
    np.testing.assert_array_equal(found, found.T)
    np.testing.assert_array_equal(accumulate_clusters(*given), found)


@pytest.mark.parametrize("n_threads", [1, 4])
def test_one_cluster_may_hold_most_rows_and_some_rows_none(n_threads):
    rows, compressed, x, residual = make_case(1500, [6, 7], [4])
    labels = np.r_[np.zeros(1300, dtype=int), np.arange(1, 51)]  # 150 rows in no cluster
    order = np.random.default_rng(2).permutation(1500)[:1350]
    starts = np.r_[0, np.arange(1300, 1351)]
    found = accumulate_clusters(rows, *compressed, x.shape[1], residual, order, starts, n_threads)
    expected = expected_sum(x[order], residual[order], labels)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * np.abs(expected).max())
