"""Sparse Grams: the numbers of the dense ones; which columns are aliased, by rank alone."""

import itertools

import numpy as np
import pytest
from scipy import sparse

from rustystats.design.blocks import DenseBlock, TableBlock, constant_block, indicator_basis
from rustystats.design.matrix import DesignMatrix
from rustystats.solvers.normal_equations import NormalEquations
from rustystats.solvers.sparse_equations import (
    SparseEquations,
    equations,
    last_nonzeros,
    null_space,
)

SIZES = 11, 7, 5


def make_design(n=3000, dense=0, holes=0.0, seed=0):
    """Three factors with all their interactions; a share of the cells has no rows."""
    rng = np.random.default_rng(seed)
    cells = np.flatnonzero(rng.random(np.prod(SIZES)) >= holes)
    codes = np.unravel_index(rng.choice(cells, n), SIZES)
    blocks = [constant_block(n)]
    for size in (1, 2, 3):
        for some in itertools.combinations(range(3), size):
            basis = np.ones((1, 1))
            for i in some:
                basis = np.kron(basis, indicator_basis(SIZES[i], 0))
            at = np.ravel_multi_index([codes[i] for i in some], [SIZES[i] for i in some])
            blocks.append(TableBlock(at.astype(np.uint16), basis))
    if dense:
        blocks.insert(3, DenseBlock(rng.normal(size=(n, dense))))
    return DesignMatrix(blocks, 1)


def in_order(X):
    """Columns that are combinations of those before them, by Gram-Schmidt, (p,) bool."""
    basis, kept = np.zeros(X.shape), 0
    aliased = np.zeros(X.shape[1], dtype=bool)
    for j, column in enumerate(X.T):
        rest, Q = column, basis[:, :kept]
        for _ in range(2):  # twice is enough
            rest = rest - Q @ (Q.T @ rest)
        aliased[j] = np.linalg.norm(rest) <= 1e-9 * np.linalg.norm(column)
        if not aliased[j]:
            basis[:, kept] = rest / np.linalg.norm(rest)
            kept += 1
    return aliased


@pytest.mark.parametrize("dense", [0, 3])
@pytest.mark.parametrize("holes", [0.0, 0.3, 0.7])
def test_system_and_aliased_columns(holes, dense):
    design = make_design(dense=dense, holes=holes)
    X = design.to_dense()
    weight = np.random.default_rng(1).uniform(0.5, 2.0, len(X))
    gram = design.gram(weight)
    system, dense_system = equations(gram), NormalEquations(gram)
    assert isinstance(system, SparseEquations)
    if not holes:
        assert len(system.factor) < 0.5 * system.rank
    assert system.rank == dense_system.rank
    np.testing.assert_array_equal(system.aliased, in_order(X))
    np.testing.assert_array_equal(dense_system.aliased, system.aliased)
    right = X.T @ (weight * X[:, -1]) + np.arange(X.shape[1])
    expected = dense_system.solve(right)
    np.testing.assert_allclose(system.solve(right), expected, rtol=1e-7, atol=1e-9)
    both = system.solve(np.column_stack([right, -right]))
    np.testing.assert_allclose(both, np.column_stack([expected, -expected]), rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(system.inverse(), dense_system.inverse(), rtol=1e-7, atol=1e-11)


def test_aliased_columns_that_are_known():
    gram = make_design(holes=0.4).gram(np.ones(3000))
    aliased = NormalEquations(gram).aliased
    aliased[[5, 100]] = True
    right = np.arange(len(gram), dtype=float)
    expected = NormalEquations(gram, aliased).solve(right)
    np.testing.assert_allclose(equations(gram, aliased).solve(right), expected, atol=1e-9)


def test_weights_many_orders_of_magnitude_apart():
    design = make_design(holes=0.3)
    weight = 10.0 ** np.random.default_rng(3).uniform(-4, 2, 3000)
    np.testing.assert_array_equal(
        equations(design.gram(weight)).aliased, in_order(design.to_dense())
    )


def test_a_gram_without_zeros_is_left_dense():
    X = np.random.default_rng(4).normal(size=(900, 300))
    assert isinstance(equations(X.T @ X), NormalEquations)


def test_null_space_and_its_last_nonzeros():
    X = np.array([[1.0, 1, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 1, 1]])
    gram = X.T @ X
    scale = np.sqrt(np.diagonal(gram))
    vectors = null_space(gram / scale / scale[:, None])
    assert vectors.shape == (4, 1)
    np.testing.assert_allclose(X @ (vectors / scale[:, None]), 0, atol=1e-14)
    assert last_nonzeros(vectors) == [2]
    assert null_space(np.eye(3)).shape == (3, 0)
    assert null_space(np.zeros((0, 0))).shape == (0, 0)


@pytest.mark.parametrize("seed", range(20))
def test_columns_that_are_nearly_combinations_of_others(seed):
    """What is kept can be told apart, and can be solved for, whatever rounding did on the way."""
    rng = np.random.default_rng(seed)
    factors = [np.eye(size)[rng.integers(0, size, 300)] for size in (8, 6)]
    noise = 10.0 ** -rng.uniform(3, 9, 5) * rng.normal(size=(300, 5))
    near = sum(part @ rng.normal(size=(part.shape[1], 5)) for part in factors) + noise
    last = near[:, :2] @ rng.normal(size=2) + 1e-6 * rng.normal(size=300)
    scales = 10.0 ** rng.uniform(-3, 3, 5)
    X = np.column_stack([np.ones(300), *factors, near * scales, last])
    gram = X.T @ X
    system = SparseEquations(sparse.csr_array(gram))
    kept = np.flatnonzero(~system.aliased)
    assert system.rank == len(kept) == NormalEquations(gram).rank
    truth = np.zeros(X.shape[1])
    truth[[0, 2, 9]] = 1.0, 0.5, -0.5
    fitted = X @ system.solve(gram @ truth)
    np.testing.assert_allclose(fitted, X @ truth, atol=1e-3)
