"""Sums in the space of levels against bincounts and matrix products."""

import numpy as np
import pytest

from rustystats._kernels import blocks, gram

RowBlocks = blocks.RowBlocks
accumulate_gram = gram.accumulate_gram
accumulate_score = gram.accumulate_score


def make_rows(n, levels, widths, seed=0):
    """Row blocks with their codes and dense columns."""
    rng = np.random.default_rng(seed)
    codes = [rng.integers(0, k, n).astype(np.uint16) for k in levels]
    dense = [rng.normal(size=(n, k)) for k in widths]
    rows = RowBlocks(n, list(zip(codes, levels, strict=True)), dense)
    return rows, codes, np.hstack([np.empty((n, 0)), *dense]), rng


SHAPES = [
    ([], [1]),
    ([], [3]),
    ([4], []),
    ([4], [1]),
    ([300], [2, 3]),
    ([3, 70], []),
    ([3, 1, 9, 300], [5]),
    ([8, 9], [97]),
]


@pytest.mark.parametrize(("levels", "widths"), SHAPES)
@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("n", [1, 128, 1500])
def test_sums_over_levels(levels, widths, n, n_threads):
    rows, codes, dense, rng = make_rows(n, levels, widths)
    weight = rng.exponential(size=n) * (rng.random(n) < 0.8)
    residual = rng.normal(size=n)
    weights, cross, level_dense, dense_gram = accumulate_gram(rows, weight, n_threads)
    level_sums, dense_sums = accumulate_score(rows, residual, n_threads)
    at = np.cumsum([0, *levels])
    for i, k in enumerate(levels):
        span = slice(at[i], at[i + 1])
        indicator = np.eye(k)[codes[i]]
        near(weights[span], weight @ indicator)
        near(level_sums[span], residual @ indicator)
        near(level_dense[span], indicator.T @ (weight[:, None] * dense))
        for j in range(i + 1, len(levels)):
            expected = np.zeros((k, levels[j]))
            np.add.at(expected, (codes[i], codes[j]), weight)
            near(cross[i, j], expected)
    assert set(cross) == {(i, j) for j in range(len(levels)) for i in range(j)}
    near(dense_sums, residual @ dense)
    near(dense_gram, dense.T @ (weight[:, None] * dense))
    np.testing.assert_array_equal(dense_gram, dense_gram.T)


@pytest.mark.parametrize(("levels", "widths"), SHAPES)
@pytest.mark.parametrize("n_threads", [1, 2, 5])
def test_linear_predictor(levels, widths, n_threads):
    rows, codes, dense, rng = make_rows(1300, levels, widths)
    level_eta, coef = rng.normal(size=sum(levels) + 1), rng.normal(size=sum(widths) + 1)
    offset = rng.normal(size=1300)
    before = offset.copy()
    starts = np.cumsum([0, *levels])[:-1]
    expected = dense @ coef[:-1] + sum(
        (level_eta[start + c] for start, c in zip(starts, codes, strict=True)), np.zeros(1300)
    )
    near(gram.linear_predictor(rows, level_eta, coef, None, n_threads), expected)
    near(gram.linear_predictor(rows, level_eta, coef, offset, n_threads), expected + offset)
    np.testing.assert_array_equal(offset, before)


def test_numbers_of_dense_columns():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(157, 130))
    weight = rng.exponential(size=157)
    full = values.T @ (weight[:, None] * values)
    eta = np.cumsum(values, axis=1)
    for k in (*range(1, 41), *range(47, 50), *range(63, 66), *range(94, 100), 128, 130):
        rows = RowBlocks(157, [], [values[:, :k]])
        near(accumulate_gram(rows, weight, 2)[3], full[:k, :k])
        near(accumulate_score(rows, weight, 2)[1], weight @ values[:, :k])
        near(gram.linear_predictor(rows, np.zeros(1), np.ones(k), None, 2), eta[:, k - 1])


def test_a_weight_of_zero_leaves_a_row_out():
    rows, codes, dense, rng = make_rows(400, [5, 6], [7])
    weight = rng.exponential(size=400)
    weight[100:300] = 0.0
    kept = np.r_[0:100, 300:400]
    fewer = RowBlocks(200, [(codes[0][kept], 5), (codes[1][kept], 6)], [dense[kept]])
    some, all_ = accumulate_gram(fewer, weight[kept], 1), accumulate_gram(rows, weight, 1)
    near(all_[0], some[0])
    near(all_[1][0, 1], some[1][0, 1])
    near(all_[2], some[2])
    near(all_[3], some[3])


def test_read_only_vectors():
    rows, _, _, rng = make_rows(300, [5, 6], [2])
    vector = rng.exponential(size=300)
    expected = accumulate_gram(rows, vector, 1)[3]
    vector.flags.writeable = False
    np.testing.assert_array_equal(accumulate_gram(rows, vector, 1)[3], expected)
    accumulate_score(rows, vector, 1)
    gram.linear_predictor(rows, np.zeros(11), np.zeros(2), vector, 1)


def near(actual, expected):
    assert actual.shape == expected.shape
    scale = 1 + np.abs(expected).max(initial=0)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-12 * scale)
