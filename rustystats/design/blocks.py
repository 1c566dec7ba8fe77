"""The three ways a group of design columns is stored.

`TableBlock`: level codes (1, 2 or 4 bytes a row) and a basis (levels x columns) they look up; exact
for any columns that depend on a row only through its level. `DenseBlock`: the numbers themselves.
`SparseBlock`: those that are not 0; `bundles.py` says as what they are read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from scipy import sparse

from rustystats.design.rows import rows_of

if TYPE_CHECKING:
    from rustystats.typing import Floats

DENSE_BASIS_CELLS = 1 << 20  # a larger indicator basis is kept sparse


@dataclass(frozen=True, eq=False)
class TableBlock:
    """Columns ``basis[codes]``.

    Parameters
    ----------
    codes : ndarray of shape (n,), uint8, uint16 or uint32
    basis : ndarray or scipy sparse matrix of shape (levels, k)
    levels : dict of data column name to the (levels,) values that the levels stand for
    free : whether the coefficients give each level any value, the base apart; so of a categorical
    """

    codes: np.ndarray
    basis: np.ndarray
    levels: dict[Any, Any] = field(default_factory=dict)
    free: bool = False

    @property
    def n_rows(self) -> int:
        return len(self.codes)

    @property
    def n_levels(self) -> int:
        return self.basis.shape[0]

    @property
    def n_columns(self) -> int:
        return self.basis.shape[1]

    def to_dense(self) -> Floats:
        """The columns as an (n, k) array."""
        return as_array(self.basis[self.codes])


@dataclass(frozen=True, eq=False)
class DenseBlock:
    """Columns given as numbers.

    Parameters
    ----------
    values : (n, k) float32 or float64 array of any memory layout
    source : dict of the one data column it was computed from to its (n,) values, else empty
    """

    values: np.ndarray
    source: dict[str, Any] = field(default_factory=dict)

    @property
    def n_rows(self) -> int:
        return self.values.shape[0]

    @property
    def n_columns(self) -> int:
        return self.values.shape[1]

    def to_dense(self) -> Floats:
        """The columns as an (n, k) float64 array."""
        return self.values.astype(np.float64, copy=False)


@dataclass(frozen=True, eq=False)
class SparseBlock:
    """Columns of which the numbers that are not 0 are stored.

    Parameters
    ----------
    values : (n, k) csr_array, float32 or float64
    """

    values: Any

    @property
    def n_rows(self) -> int:
        return self.values.shape[0]

    @property
    def n_columns(self) -> int:
        return self.values.shape[1]

    def to_dense(self) -> Floats:
        """The columns as an (n, k) float64 array."""
        return self.values.astype(np.float64).toarray()


Block: TypeAlias = TableBlock | DenseBlock | SparseBlock


def as_array(basis: Any) -> Floats:
    """A basis as an array, whether it is stored dense or sparse."""
    return basis.toarray() if sparse.issparse(basis) else basis


def blocks_of_rows(blocks: Iterable[Block], chosen: Any) -> tuple[Block, ...]:
    """The chosen rows of the blocks; blocks that share codes share them still."""
    tables = [block for block in blocks if isinstance(block, TableBlock)]
    codes = {id(b.codes): np.ascontiguousarray(rows_of(b.codes, chosen)) for b in tables}

    def part(block):
        if isinstance(block, TableBlock):
            return replace(block, codes=codes[id(block.codes)])
        if isinstance(block, SparseBlock):
            return SparseBlock(rows_of(block.values, chosen))
        source = {name: rows_of(values, chosen) for name, values in block.source.items()}
        return replace(block, values=rows_of(block.values, chosen), source=source)

    return tuple(map(part, blocks))


def constant_block(n_rows: int) -> TableBlock:
    """The intercept: a table of one level."""
    return TableBlock(np.zeros(n_rows, dtype=np.uint8), np.ones((1, 1)))


def indicator_basis(n_levels: int, reference: int | None) -> Any:
    """Treatment contrasts: one column a level, without the reference (None keeps all levels)."""
    keep = [level for level in range(n_levels) if level != reference]
    if n_levels * len(keep) <= DENSE_BASIS_CELLS:
        return np.eye(n_levels)[:, keep]
    return sparse.eye_array(n_levels, format="csr")[:, keep]
