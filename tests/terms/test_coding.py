"""Codings without redundant columns: as many columns as the rank, the space of all indicators."""

from itertools import combinations, product

import numpy as np
import pytest

from rustystats.terms.coding import code_terms

LEVELS = {"a": 3, "b": 2, "c": 4}
CELLS = list(product(*(range(n) for n in LEVELS.values())))  # every combination of levels, once


def indicator(name, full):
    position = list(LEVELS).index(name)
    values = np.array([cell[position] for cell in CELLS])
    return np.eye(LEVELS[name])[values][:, 0 if full else 1 :]


def columns_of(factors):
    """Row-wise products of (name, full) indicator matrices."""
    out = np.ones((len(CELLS), 1))
    for name, full in factors:
        out = np.einsum("nk,nl->nkl", out, indicator(name, full)).reshape(len(CELLS), -1)
    return out


def coded(terms):
    matrices = [np.empty((len(CELLS), 0))]
    for term in code_terms([((), tuple(term)) for term in terms]):
        matrices += [columns_of([(f, f in full) for f in sorted(there)]) for there, full in term]
    return np.hstack(matrices)


def rank(matrix):
    return np.linalg.matrix_rank(matrix)


SUBSETS = [
    "".join(s) for size in range(4) for s in combinations("abc", size)
]  # "" is the intercept
MODELS = [model for size in (1, 2, 3, 4) for model in combinations(SUBSETS, size)]
MODELS += [model[::-1] for model in MODELS if len(model) == 3]  # order decides the coding


def test_every_model_of_three_factors_is_coded_without_redundancy():
    assert len(MODELS) > 200
    for model in MODELS:
        matrix = coded(model)
        everything = np.hstack([columns_of([(f, True) for f in term]) for term in model])
        assert matrix.shape[1] == rank(matrix) == rank(everything), model
        assert rank(np.hstack([matrix, everything])) == rank(everything), model


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        # each product: factors present, and in brackets those that keep all their levels
        (["", "a"], [["()"], ["a()"]]),
        (["a"], [["a(a)"]]),
        (["a", "b"], [["a(a)"], ["b()"]]),
        (["", "a", "b", "ab"], [["()"], ["a()"], ["b()"], ["ab()"]]),
        (["", "a", "ab"], [["()"], ["a()"], ["ab(a)"]]),
        (["ab"], [["ab(ab)"]]),
        (["", "ab"], [["()"], ["b()", "ab(b)"]]),
        (["", "a", "a"], [["()"], ["a()"], []]),
    ],
)
def test_codings(terms, expected):
    found = [
        sorted(
            ("".join(sorted(there)) + "(" + "".join(sorted(full)) + ")" for there, full in term),
            key=len,
        )
        for term in code_terms([((), tuple(term)) for term in terms])
    ]
    assert found == expected


def test_only_terms_with_the_same_numbers_count():
    # x:a after a: every level needs its slope; after x only the contrasts
    def full(terms):
        return [full for _, full in code_terms(terms)[-1]]

    a = ("a",)
    assert full([((), ()), ((), a), (("x",), a)]) == [frozenset(a)]
    assert full([((), ()), (("x",), ()), (("x",), a)]) == [frozenset()]
    assert full([((), ()), (("z",), ()), (("x",), a)]) == [frozenset(a)]
    assert full([(("x", "z"), ()), (("z", "x"), a)]) == [frozenset()]  # in whatever order
