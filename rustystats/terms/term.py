"""Terms of a model: products of factors, learned together and replayed on new data.

`ModelTerms` is what a formula or a table of features becomes: `learn` keeps levels and knots,
`design` builds the `DesignMatrix` of any data. What is learned from the response is hidden from the
rows it was learned from: they have a design of their own (`training.py`). A product of table
factors stays a table (joint codes, row-wise Kronecker product of the bases), so interactions cost
one look-up like main effects. Categorical factors come first in a product, the last factor's
columns run fastest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from rustystats.codes import combine_codes, compress_codes
from rustystats.design.blocks import DENSE_BASIS_CELLS, DenseBlock, TableBlock, constant_block
from rustystats.design.matrix import DesignMatrix
from rustystats.messages import warn_user
from rustystats.terms.array import ArrayFactor
from rustystats.terms.categorical import CategoricalFactor
from rustystats.terms.coding import code_terms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rustystats.design.blocks import Block
    from rustystats.terms.levels import Policies
    from rustystats.terms.training import Training

TABLE_LEVELS = 1 << 22  # a product of tables with more levels is multiplied out row by row


class FactorError(ValueError):
    """What is wrong with the data of a factor; `label` is how the formula writes it."""

    def __init__(self, message: str, label: str) -> None:
        super().__init__(message, label)
        self.label = label

    def __str__(self) -> str:
        return str(self.args[0])


@contextmanager
def _of(factor):
    """Errors inside say of which factor they are."""
    try:
        yield
    except ValueError as error:
        raise FactorError(str(error), factor.label) from None


@dataclass(frozen=True)
class Term:
    """A product of factors; without factors, the intercept.

    Parameters
    ----------
    factors : tuple of factors, as they were written
    products : tuple of (factors present, flags of full coding), learned; see `coding.py`
    kept : tuple of the positions of the columns that the model has, None for all
    """

    factors: tuple[Any, ...] = ()
    products: tuple[Any, ...] = ()
    kept: tuple[int, ...] | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the data columns used."""
        return tuple(dict.fromkeys(name for factor in self.factors for name in factor.columns))

    @property
    def label(self) -> str:
        """The term as a formula writes it: `C(Area):bs(age, df=5)`; without factors, Intercept."""
        return ":".join(factor.label for factor in self.factors) or "Intercept"

    @property
    def is_supervised(self) -> bool:
        """Whether one of the factors learns from the response."""
        return any(is_supervised(factor) for factor in self.factors)

    def blocks(self, columns: Any, training: Training | None = None) -> list[Block]:
        """One block a product; with the training that was learned from, those of its rows."""
        if not self.factors:
            return [constant_block(columns.n_rows)]

        def block(factor, full):
            with _of(factor):
                if training is not None and is_supervised(factor):
                    return factor.training_block(columns, training)
                return factor.block(columns, full)

        blocks = [
            _product([block(factor, full) for factor, full in product], columns.n_threads)
            for product in self.products
        ]
        return blocks if self.kept is None else select_columns(blocks, self.kept)

    def names(self) -> list[str]:
        """Names of the design columns."""
        if not self.factors:
            return ["Intercept"]
        names = [name for product in self.products for name in _product_names(product)]
        return names if self.kept is None else [names[position] for position in self.kept]

    def select(self, positions: NDArray[np.intp]) -> Term:
        """The term with some of its columns alone, by their positions, in order."""
        if len(positions) == len(self.names()):
            return self
        return replace(
            self, kept=tuple(np.asarray(self.kept)[positions] if self.kept else positions)
        )


@dataclass(frozen=True)
class ModelTerms:
    """All terms of a model.

    Parameters
    ----------
    terms : tuple of Term
    """

    terms: tuple[Term, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the data columns used."""
        return tuple(dict.fromkeys(name for term in self.terms for name in term.columns))

    @property
    def has_intercept(self) -> bool:
        """Whether one of the terms is the intercept."""
        return any(not term.factors for term in self.terms)

    @property
    def is_array(self) -> bool:
        """Whether the terms are the columns of an array, not of a DataFrame."""
        return any(isinstance(f, ArrayFactor) for term in self.terms for f in term.factors)

    def resolve(self, columns: Any, policies: Policies | None = None) -> ModelTerms:
        """Text columns named without C() become categorical factors; all have the model's policies.

        Where a column is a factor with arguments in one place and without any in others, it is the
        same factor there: ``C(Area, ref="B") + x:Area``.
        """
        terms = [
            [_as_factor(factor, columns, policies) for factor in term.factors]
            for term in self.terms
        ]
        said: dict[str, list[CategoricalFactor]] = {}
        for factor in (factor for factors in terms for factor in factors):
            if isinstance(factor, CategoricalFactor) and not factor.is_plain:
                said.setdefault(factor.column, []).append(factor)
        one = {column: found[0] for column, found in said.items() if len(set(found)) == 1}

        def same(factor):
            plain = isinstance(factor, CategoricalFactor) and factor.is_plain
            return one.get(factor.column, factor) if plain else factor

        resolved = [
            replace(term, factors=tuple(map(same, factors)))
            for term, factors in zip(self.terms, terms, strict=True)
        ]
        return ModelTerms(tuple(dict.fromkeys(resolved)))

    @property
    def is_supervised(self) -> bool:
        """Whether one of the terms learns from the response."""
        return any(term.is_supervised for term in self.terms)

    def learn(self, columns: Any, training: Training | None = None) -> ModelTerms:
        """The terms with levels, knots and codings of these data, and of what `training` knows of
        the same rows.
        """
        learned = {}
        for term in self.terms:
            for factor in term.factors:
                if factor not in learned:
                    with _of(factor):
                        learned[factor] = factor.learn(columns, training)
        ordered = [
            sorted((learned[f] for f in term.factors), key=lambda f: not f.is_categorical)
            for term in self.terms
        ]
        codings = code_terms(
            [
                (
                    tuple(f for f in factors if not f.is_categorical),
                    tuple(f for f in factors if f.is_categorical),
                )
                for factors in ordered
            ]
        )
        terms = tuple(
            Term(tuple(learned[f] for f in term.factors), tuple(_products(factors, coding)))
            for term, factors, coding in zip(self.terms, ordered, codings, strict=True)
        )
        _warn_of_single_levels(terms)
        return ModelTerms(terms)

    def relearn(self, columns: Any, training: Training) -> ModelTerms:
        """The terms with what they learned from the response learned anew, from these rows."""
        learned = {}

        def again(factor):
            if not is_supervised(factor):
                return factor
            if factor not in learned:
                learned[factor] = factor.learn(columns, training)
            return learned[factor]

        return ModelTerms(
            tuple(
                replace(
                    term,
                    factors=tuple(map(again, term.factors)),
                    products=tuple(
                        tuple((again(factor), full) for factor, full in product)
                        for product in term.products
                    ),
                )
                for term in self.terms
            )
        )

    def design(
        self, columns: Any, training: Training | None = None
    ) -> tuple[DesignMatrix, list[range]]:
        """The design matrix of these data, and for each term its block indices.

        With the `training` that the terms were learned from, the design they are fitted with.
        """
        blocks: list[Block] = []
        spans: list[range] = []
        for term in self.terms:
            made = term.blocks(columns, training)
            spans.append(range(len(blocks), len(blocks) + len(made)))
            blocks += made
        if not blocks:
            raise ValueError("the model has no terms: there is nothing to fit")
        return DesignMatrix(blocks, columns.n_threads), spans

    def names(self) -> list[str]:
        """Names of all design columns."""
        return [name for term in self.terms for name in term.names()]

    def places(self) -> list[NDArray[np.intp]]:
        """Positions of the columns of each term in the design, a list of index arrays."""
        ends = np.cumsum([0, *(len(term.names()) for term in self.terms)])
        return [np.arange(a, b) for a, b in pairwise(ends)]

    def meanings(self) -> dict[str, tuple[str, str]]:
        """What a column is beside its name: (label of its term, what its factors learned) by name.

        Columns of the same name are the same function of the data where this is equal.
        """
        return {
            name: (term.label, " x ".join(filter(None, (f.meaning(full) for f, full in product))))
            for term in self.terms
            for product in term.products
            for name in _product_names(product)
        }


def is_supervised(factor: Any) -> bool:
    """Whether a factor learns from the response."""
    return getattr(factor, "is_supervised", False)


def select_columns(blocks: Sequence[Block], positions: Iterable[int]) -> list[Block]:
    """Blocks with some of their columns alone, by positions in all of them; none without any."""
    selected, start = [], 0
    for block in blocks:
        mine = [at - start for at in positions if start <= at < start + block.n_columns]
        start += block.n_columns
        if len(mine) == block.n_columns:
            selected.append(block)
        elif mine:
            part = "basis" if isinstance(block, TableBlock) else "values"
            selected.append(replace(block, **{part: getattr(block, part)[:, mine]}))
    return selected


def _as_factor(factor, columns, policies):
    as_categorical = getattr(factor, "as_categorical", None)
    factor = as_categorical(columns) if as_categorical else factor
    with_policies = getattr(factor, "with_policies", None)
    return with_policies(policies) if policies and with_policies else factor


def _products(factors, coding):
    for present, full in coding:
        chosen = [f for f in factors if not f.is_categorical or f in present]
        if chosen:
            yield tuple((f, f in full) for f in chosen)


def _warn_of_single_levels(terms):
    """Name the factors that lose their columns because they have one level; in full it has one."""
    pairs = [pair for term in terms for product in term.products for pair in product]
    lost = {f.label: f for f, full in pairs if f.is_categorical and not full and not f.names()}
    for label, factor in lost.items():
        warn_user(
            f"{label} has one level, {factor.reference!r}, and gives no columns: leave it out, or "
            "look at whether the column or the rows are those that were meant"
        )


def _product_names(product):
    names = [""]
    for factor, full in product:
        names = [f"{left}:{right}".strip(":") for left in names for right in factor.names(full)]
    return names


def _product(blocks, n_threads):
    product = blocks[0]
    for block in blocks[1:]:
        both_tables = isinstance(product, TableBlock) and isinstance(block, TableBlock)
        if both_tables and product.n_levels * block.n_levels <= TABLE_LEVELS:
            product = _table_product(product, block, n_threads)
        else:
            left, right = product.to_dense(), block.to_dense()
            values = np.einsum("nk,nl->nkl", left, right).reshape(len(left), -1)
            product = DenseBlock(values)
    return product


def _table_product(left, right, n_threads):
    n_levels = left.n_levels * right.n_levels
    codes = combine_codes(left.codes, right.codes, left.n_levels, right.n_levels, n_threads)
    cells = n_levels * left.n_columns * right.n_columns
    if cells <= DENSE_BASIS_CELLS and not (
        sparse.issparse(left.basis) or sparse.issparse(right.basis)
    ):
        basis = np.kron(left.basis, right.basis)
    else:
        basis = sparse.kron(sparse.csr_array(left.basis), right.basis, format="csr")
    levels = {name: np.repeat(values, right.n_levels) for name, values in left.levels.items()}
    for name, values in right.levels.items():
        levels.setdefault(name, np.tile(values, left.n_levels))
    if n_levels > np.iinfo(np.uint16).max:
        codes, present = compress_codes(codes, n_levels, n_threads)
        basis = basis[present]
        levels = {name: values[present] for name, values in levels.items()}
    return TableBlock(codes, basis, levels, free=left.free and right.free)
