"""Sums over nonzeros against the same sums written out, and groups against what they promise."""

import numpy as np
import pytest
from scipy import sparse

from rustystats._kernels.sparse import exclusive_groups, weighted_gram


def matrix(n, p, density, dtype=float, seed=0):
    rng = np.random.default_rng(seed)
    drawn = rng.normal(size=(n, p)) * (rng.random((n, p)) < density)
    return sparse.csr_array(drawn.astype(dtype))


def gram_of(X, weight, n_threads):
    return weighted_gram(X.indptr.astype(np.intp), X.indices, X.data, X.shape[1], weight, n_threads)


@pytest.mark.parametrize("n_threads", [1, 2, 5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "p", "density"), [(300, 1, 0.5), (200, 7, 0.9), (500, 130, 0.05)])
def test_gram_equals_the_dense_one(n, p, density, dtype, n_threads):
    X = matrix(n, p, density, dtype)
    weight = np.random.default_rng(1).random(n)
    weight[::7] = 0.0
    full = X.toarray().astype(float)
    expected = full.T @ (weight[:, None] * full)
    gram = gram_of(X, weight, n_threads)
    np.testing.assert_allclose(gram, expected, rtol=1e-12, atol=1e-13)
    np.testing.assert_array_equal(gram, gram.T)
    np.testing.assert_array_equal(gram, gram_of(X, weight, 1))  # the same bits on any threads


@pytest.mark.parametrize("shape", [(0, 3), (4, 0), (5, 3)])
def test_gram_of_nothing_is_zero(shape):
    X = sparse.csr_array(shape)
    gram = gram_of(X, np.ones(shape[0]), 2)
    np.testing.assert_array_equal(gram, np.zeros((shape[1], shape[1])))


def groups_of(X, most):
    X = sparse.csc_array(X)
    return exclusive_groups(X.indptr.astype(np.intp), X.indices, X.shape[0], most)


def test_indicators_of_factors_are_their_groups():
    rng = np.random.default_rng(2)
    a, b = rng.integers(0, 6, 500), rng.integers(0, 9, 500)
    X = np.hstack([np.eye(6)[a], np.eye(9)[b][:, 1:]])
    np.testing.assert_array_equal(groups_of(X, 2), [0] * 6 + [1] * 8)
    assert groups_of(X, 1) is None


def test_columns_of_a_group_share_no_row():
    X = matrix(400, 60, 0.03, seed=3)
    groups = groups_of(X, 60)
    for group in range(groups.max() + 1):
        assert ((X.toarray()[:, groups == group] != 0).sum(axis=1) <= 1).all()
    assert groups.max() + 1 < 20


def test_columns_without_nonzeros_have_a_group():
    np.testing.assert_array_equal(groups_of(np.zeros((4, 3)), 1), [0, 0, 0])
    full = np.array([[1.0, 0.0], [1.0, 0.0]])  # a full column leaves no room but for nothing
    np.testing.assert_array_equal(groups_of(full, 1), [0, 0])
