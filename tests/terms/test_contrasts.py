"""Coding matrices: those of R, and models with them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import patsy
import pytest
from patsy import contrasts as patsy_contrasts
from scipy import sparse

import rustystats as rs
from rustystats.terms.contrasts import CODINGS, contrast_basis, contrast_names

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "contrasts_R.json").read_text())
DATA = pd.DataFrame({name: GOLDEN[name] for name in ("y", "e", "x", "size", "gas")})
ORDER = ["low", "mid", "high", "top"]
LEVELS = list("ABCDEF")


@pytest.mark.parametrize("case", GOLDEN["matrices"], ids=lambda c: f"{c['coding']}-{c['n_levels']}")
def test_matrices_are_those_of_r(case):
    expected = np.reshape(case["rows"], (case["n_levels"], -1))
    found = contrast_basis(case["coding"], case["n_levels"])
    np.testing.assert_allclose(found, expected, atol=1e-13)


def size_gas(position):
    """Where R, whose first factor is fastest, has the interaction column at our position."""
    return position % 2 * 3 + position // 2


@pytest.mark.parametrize("case", GOLDEN["models"], ids=lambda c: f"{c['coding']}-{c['terms']}")
def test_models_are_those_of_r(case):
    coding, terms = case["coding"], case["terms"]
    factor = f"C(size, levels={ORDER}, coding='{coding}')"
    formula = f"y ~ {terms.replace('size', factor)}"
    result = rs.glm(formula, DATA, family="poisson", exposure="e").fit(tol=1e-14)
    coef, errors = np.array(case["coef"]), np.array(case["errors"])
    if terms == "size * gas":
        order = [*range(6), *(6 + size_gas(at) for at in range(6))]
        coef, errors = coef[order], errors[order]
    same = np.arange(len(coef))
    if coding == "backward_difference":  # R's base is the mean of the levels, ours the first
        same = np.r_[1:4, 6:12] if terms == "size * gas" else same[1:]
    params = result.params.copy()
    if coding == "backward_difference" and terms == "size:x":
        same, params[1:] = np.arange(5), np.cumsum(params[1:])  # slopes, and steps of them
    np.testing.assert_allclose(params[same], coef[same], rtol=1e-8, atol=1e-9)
    assert result.deviance == pytest.approx(case["deviance"], rel=1e-12)
    if terms != "size:x":
        np.testing.assert_allclose(result.bse()[same], errors[same], rtol=1e-6)


PATSY = {
    "treatment": patsy_contrasts.Treatment,
    "sum": patsy_contrasts.Sum,
    "helmert": patsy_contrasts.Helmert,
    "polynomial": patsy_contrasts.Poly,
}


@pytest.mark.parametrize("coding", PATSY)
@pytest.mark.parametrize("n_levels", [2, 3, 6])
def test_matrices_and_names_are_those_of_patsy(coding, n_levels):
    expected = PATSY[coding]().code_without_intercept(LEVELS[:n_levels])
    found = contrast_basis(coding, n_levels)
    np.testing.assert_allclose(found, expected.matrix, atol=1e-14)
    names = [f"[{name}]" for name in contrast_names(coding, LEVELS[:n_levels])]
    suffixes = expected.column_suffixes
    if coding == "polynomial":  # patsy writes it without the brackets
        suffixes = [f"[{name}]" for name in suffixes]
    assert names == suffixes


def test_trends_have_names():
    names = contrast_names("polynomial", LEVELS)
    assert names == [".Linear", ".Quadratic", ".Cubic", "^4", "^5"]


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("n_levels", [1, 2, 5, 40, 200])
def test_contrasts_and_a_constant_tell_all_levels_apart(coding, n_levels):
    basis = contrast_basis(coding, n_levels)
    assert basis.shape == (n_levels, n_levels - 1)
    levels = [str(level) for level in range(n_levels)]
    assert len(contrast_names(coding, levels)) == n_levels - 1
    assert np.linalg.matrix_rank(np.column_stack([np.ones(n_levels), basis])) == n_levels
    full = contrast_basis(coding, n_levels, full=True)
    assert full.shape == (n_levels, n_levels)
    assert len(set(contrast_names(coding, levels, full=True))) == n_levels
    assert np.linalg.matrix_rank(full) == n_levels


@pytest.mark.parametrize("coding", ["treatment", "sum", "helmert", "polynomial"])
def test_in_full_each_level_has_its_indicator(coding):
    np.testing.assert_array_equal(contrast_basis(coding, 4, 2, full=True), np.eye(4))
    marked = ["T.A", "T.B", "C", "T.D"] if coding == "treatment" else list("ABCD")
    assert contrast_names(coding, LEVELS[:4], 2, full=True) == marked


def test_steps():
    full = [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]]
    coding = "backward_difference"
    np.testing.assert_array_equal(contrast_basis(coding, 4, full=True), full)
    np.testing.assert_array_equal(contrast_basis(coding, 4), np.array(full)[:, 1:])
    assert contrast_names(coding, LEVELS[:3], full=True) == ["A", "D.B", "D.C"]


def test_trends_of_many_levels_are_orthonormal():
    basis = contrast_basis("polynomial", 300)
    np.testing.assert_allclose(basis.T @ basis, np.eye(299), atol=1e-13)
    np.testing.assert_allclose(basis.sum(axis=0), 0, atol=1e-12)
    at = np.linspace(-1, 1, 300)
    for degree in range(1, 8):  # each a polynomial of its degree, and growing at the end
        column = basis[:, degree - 1]
        fitted = np.polynomial.Legendre.fit(at, column, degree)
        np.testing.assert_allclose(fitted(at), column, atol=1e-12)
        assert column[-1] > 0


def test_many_indicators_are_sparse():
    assert sparse.issparse(contrast_basis("treatment", 5000, 7))
    assert sparse.issparse(contrast_basis("treatment", 5000, full=True))


@pytest.mark.parametrize("coding", ["sum", "helmert", "polynomial"])
def test_column_spaces_are_those_of_patsy(coding):
    kind = {"sum": "Sum", "helmert": "Helmert", "polynomial": "Poly"}[coding]
    for terms in ("size", "size + gas", "0 + size", "size:x", "size * gas", "size:gas"):
        theirs = patsy.dmatrix(terms.replace("size", f"C(size, {kind})"), DATA)
        ours = rs.glm(f"y ~ {terms.replace('size', f'C(size, coding={coding!r})')}", DATA).X
        theirs = np.asarray(theirs)
        assert theirs.shape == ours.shape
        solved, *_ = np.linalg.lstsq(theirs, ours, rcond=None)
        np.testing.assert_allclose(theirs @ solved, ours, atol=1e-12)
        assert np.linalg.matrix_rank(ours) == theirs.shape[1]
