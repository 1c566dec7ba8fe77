"""Quadratic forms of rows against the same sum written out."""

import numpy as np
import pytest

from rustystats._kernels.blocks import RowBlocks
from rustystats._kernels.quadratic import quadratic_rows

SHAPES = [
    ([], [1]),
    ([], [2, 3]),
    ([4], []),
    ([4], [1]),
    ([300], [6]),  # read where it lies
    ([3, 70], []),
    ([3, 1, 9, 300], [5, 2]),
]


def make_case(n, levels, widths, factored, seed=0):
    """Rows of random tables and dense columns, what the kernel is given, and the answer."""
    rng = np.random.default_rng(seed)
    codes = [rng.integers(0, k, n).astype(np.uint16) for k in levels]
    sources = [rng.normal(size=(n, k)) for k in widths]
    rows = RowBlocks(n, list(zip(codes, levels, strict=True)), sources)
    dense = np.hstack([np.empty((n, 0)), *sources])
    at = np.cumsum([0, *levels])[:-1]
    level_values = rng.normal(size=sum(levels))
    level_dense = rng.normal(size=(sum(levels), sum(widths)))
    matrix = rng.normal(size=(sum(widths),) * 2)
    matrix += matrix.T
    expected = np.einsum("ij,jk,ik->i", dense, matrix, dense)
    for start, c in zip(at, codes, strict=True):
        expected += level_values[start + c] + (level_dense[start + c] * dense).sum(axis=1)
    pairs = []
    for j in range(len(levels)):
        for i in range(j):
            inner = 1 + (i + j) % 3
            left = rng.normal(size=(levels[i], inner))
            right = rng.normal(size=(inner, levels[j]))
            table = left @ right
            expected += table[codes[i], codes[j]]
            pairs.append((i, j, left, right.T) if factored else (i, j, table, None))
    return (rows, level_values, level_dense, matrix, pairs), expected


@pytest.mark.parametrize(("levels", "widths"), SHAPES)
@pytest.mark.parametrize("factored", [False, True])
@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("n", [1, 512, 1500])
def test_equals_the_sum_written_out(levels, widths, factored, n_threads, n):
    given, expected = make_case(n, levels, widths, factored)
    found = quadratic_rows(*given, n_threads)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * (1 + np.abs(expected).max()))
    np.testing.assert_array_equal(quadratic_rows(*given, n_threads), found)


def test_tables_and_factors_may_be_mixed_in_any_layout():
    (*given, pairs), expected = make_case(700, [5, 6, 7], [4], factored=True)
    i, j, left, right = pairs[0]
    pairs[0] = (i, j, np.asfortranarray(left @ right.T), None)
    np.testing.assert_allclose(quadratic_rows(*given, pairs, 2), expected, rtol=0, atol=1e-11)
