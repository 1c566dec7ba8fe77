"""Sparse Grams: the numbers of the dense ones; which columns are aliased, by rank alone."""

import itertools

import numpy as np
import pytest
from scipy import sparse

from rustystats.design.blocks import DenseBlock, TableBlock, constant_block, indicator_basis
from rustystats.design.matrix import DesignMatrix
from rustystats.solvers.normal_equations import NormalEquations, last_nonzeros, null_space
from rustystats.solvers.sparse_equations import SparseEquations, equations

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
            parts = tuple(((f"f{i}",), SIZES[i]) for i in some)
            blocks.append(TableBlock(at.astype(np.uint16), basis, parts=parts))
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
def test_gram_system_and_aliased_columns(holes, dense):
    design = make_design(dense=dense, holes=holes)
    assert design.has_sparse_gram
    X = design.to_dense()
    weight = np.random.default_rng(1).uniform(0.5, 2.0, len(X))
    gram = design.gram(weight, sparse_gram=True)
    assert sparse.issparse(gram)
    assert gram.nnz < 0.5 * gram.shape[0] ** 2
    np.testing.assert_allclose(gram.toarray(), X.T @ (weight[:, None] * X), atol=1e-9)
    np.testing.assert_allclose(design.gram(weight), gram.toarray(), atol=1e-9)

    system, dense_system = equations(gram), NormalEquations(gram.toarray())
    assert isinstance(system, SparseEquations)
    if not holes:
        assert len(system.parts.outer) < 0.5 * system.rank
    np.testing.assert_array_equal(system.aliased, in_order(X))
    np.testing.assert_array_equal(dense_system.aliased, system.aliased)
    right = X.T @ (weight * X[:, -1]) + np.arange(X.shape[1])
    np.testing.assert_allclose(system.solve(right), dense_system.solve(right), rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(system.inverse(), dense_system.inverse(), rtol=1e-7, atol=1e-11)


def test_a_system_like_another():
    design = make_design(holes=0.4)
    rng = np.random.default_rng(2)
    first = equations(design.gram(np.ones(3000), sparse_gram=True))
    gram = design.gram(rng.uniform(size=3000), sparse_gram=True)
    again = equations(gram, first.aliased, like=first)
    assert again.parts is first.parts
    right = rng.normal(size=gram.shape[0])
    expected = NormalEquations(gram.toarray(), first.aliased).solve(right)
    np.testing.assert_allclose(again.solve(right), expected, rtol=1e-6, atol=1e-9)
    other = make_design(holes=0.4, seed=5).gram(np.ones(3000), sparse_gram=True)
    assert equations(other, like=first).parts is not first.parts


def test_excluded_columns_are_left_out_first():
    design = make_design(holes=0.5)
    gram = design.gram(np.ones(3000), sparse_gram=True)
    excluded = np.zeros(gram.shape[0], dtype=bool)
    excluded[[0, 3, 50, 200]] = True
    kept = np.flatnonzero(~excluded)
    expected = excluded.copy()
    expected[kept] = in_order(design.to_dense()[:, kept])
    np.testing.assert_array_equal(equations(gram, excluded=excluded).aliased, expected)
    dense = NormalEquations(gram.toarray(), excluded=excluded)
    np.testing.assert_array_equal(dense.aliased, expected)


def test_weights_many_orders_of_magnitude_apart():
    design = make_design(holes=0.3)
    weight = 10.0 ** np.random.default_rng(3).uniform(-4, 2, 3000)
    gram = design.gram(weight, sparse_gram=True)
    np.testing.assert_array_equal(equations(gram).aliased, in_order(design.to_dense()))


def test_many_columns_of_a_dense_gram_are_decided_on_at_once(monkeypatch):
    rng = np.random.default_rng(4)
    X = rng.normal(size=(900, 200))
    X[:, [30, 90, 199]] = X[:, :20] @ rng.normal(size=(20, 3))
    X[:, 60] = 0.0
    expected = in_order(X)
    monkeypatch.setattr("rustystats.solvers.normal_equations._eliminate", None)
    system = NormalEquations(X.T @ X)
    np.testing.assert_array_equal(system.aliased, expected)
    assert np.flatnonzero(expected).tolist() == [30, 60, 90, 199]


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


def test_not_finite():
    gram = sparse.csr_array(np.diag([1.0, np.nan]))
    with pytest.raises(ValueError, match="not finite"):
        equations(gram)
