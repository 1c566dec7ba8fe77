"""How blocks are arranged, so that the kernels read as few code columns as possible.

Five exact rearrangements happen once, when a design matrix is made:

* *bundles*: a sparse matrix is taken apart into tables, or else its rows are the levels of the only
  table there is (`bundles.py`);
* *nesting*: a table whose levels are a function of another's (of Region x Area those of Region) has
  its columns there: a three-way interaction with all its margins is one table;
* *packing*: small tables are merged into one whose levels are all combinations (driver age x fuel:
  83 x 2 = 166 levels, still one byte a row). T tables cost T (T - 1) / 2 additions a row in the
  Gram; after packing the nine factors of a motor tariff are five code columns and one look-up;
* *look-up columns*: a table with a single column and many levels (log of population density) is
  read as a dense column through its codes: that is one addition per row and pair into small sums
  that stay in the cache, where its cross-tables would not;
* the intercept is a table of one level and vanishes into a pack (beside dense columns alone it is
  one more of them).

Memory: about one byte per row and pack; dense blocks and look-up codes are not copied;
a sparse matrix whose rows stay levels is copied once, beside the intercept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from rustystats._kernels.blocks import is_direct
from rustystats.codes import combine_codes, map_codes
from rustystats.design.blocks import DenseBlock, SparseBlock, TableBlock, as_array
from rustystats.design.bundles import as_rows, bundled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rustystats.design.blocks import Block

PACK_LEVELS = 256  # one byte a row, and cross-tables of two packs stay within the L2 cache
LOOK_UP_LEVELS = 64  # a one-column table with more levels is read as a dense column
SPARSE_CELLS = 1 << 16  # a smaller basis is dense, however many zeros it has
CROSS_CELLS = 1 << 22  # a pair of tables with more cells is not cross-tabulated if avoidable


@dataclass(frozen=True, eq=False)
class Pack:
    """One code column of the kernels: the product of one or more tables, and their columns."""

    codes: np.ndarray
    basis: Any  # (levels of the product, columns)
    columns: np.ndarray  # positions of the columns in the design matrix
    members: tuple[
        tuple[int | None, int], ...
    ]  # (block index, levels) of each merged table, the last running fastest; the
    # index is None where a table is no block, but made of a sparse one
    nested: tuple[
        tuple[int, int, Any], ...
    ] = ()  # (block index, index of the member it is in, level there -> its own)

    @property
    def n_levels(self) -> int:
        return self.basis.shape[0]

    @property
    def is_block(self) -> bool:
        """Whether its tables are blocks of the design."""
        return all(index is not None for index, _ in self.members)


def arrange(
    blocks: Sequence[Block], starts: NDArray[np.intp], n_threads: int
) -> tuple[list[Pack], list[Any]]:
    """What the kernels read in place of the blocks.

    Parameters
    ----------
    blocks : sequence of TableBlock, DenseBlock and SparseBlock
    starts : position of each block's first column in the design matrix, and the end
    n_threads : int

    Returns
    -------
    packs : list of Pack
    dense : list of (source, columns)
        Sources of dense columns as `RowBlocks` takes them, and the positions of their columns.
    """
    parts = _take_apart(blocks, starts)
    if parts is None:
        n_rows = blocks[0].n_rows
        codes = np.arange(n_rows, dtype=np.uint32)
        return [Pack(codes, as_rows(blocks), np.arange(starts[-1]), ((None, n_rows),))], []
    coded: list[Pack] = []
    dense: list[Any] = []
    largest = _second_largest([b.n_levels for _, b, _ in parts if isinstance(b, TableBlock)])
    for index, block, columns in parts:
        if isinstance(block, DenseBlock):
            dense.append((block.values, columns))
        elif _reads_as_dense(block, largest):
            dense.append((_looked_up(block), columns))
        elif block.n_columns:
            coded.append(Pack(block.codes, block.basis, columns, ((index, block.n_levels),)))
    coded = _nest_tables(coded, blocks, n_threads)
    dense.sort(key=lambda s: -s[0].shape[1] if is_direct(s[0]) else 0)
    if dense and sum(pack.n_levels for pack in coded) == 1:
        (same,) = coded  # the intercept, as a rule: beside dense columns alone it is one of them
        dense.append((_looked_up(same), same.columns))
        coded = []
    return _pack_tables(coded, n_threads), dense


def _looked_up(table):
    """A table as the source of dense columns: its codes, and the values of each level."""
    return table.codes, np.ascontiguousarray(as_array(table.basis), dtype=np.float64)


def _take_apart(blocks, starts):
    """(index, block, columns) of all blocks, the tables and numbers of sparse ones in their place;
    None where a sparse one stays as it is."""
    parts = []
    for index, block in enumerate(blocks):
        columns = np.arange(starts[index], starts[index + 1])
        if isinstance(block, SparseBlock):
            made = bundled(block, columns)
            if made is None:
                return None
            parts += [(None, *part) for part in made]
        else:
            parts.append((index, block, columns))
    return parts


def _reads_as_dense(block, other_levels):
    if block.n_columns == 1:
        return block.n_levels > LOOK_UP_LEVELS
    return block.n_columns <= 8 and block.n_levels * other_levels > CROSS_CELLS


def _second_largest(levels):
    return sorted(levels)[-2] if len(levels) > 1 else 0


def _nest_tables(tables, blocks, n_threads):
    """Put tables into larger ones whose levels tell theirs."""
    hosts, a_row = [], {}
    for table in sorted(tables, key=lambda t: -t.n_levels):
        sources = _sources(blocks, table)
        for place, host in enumerate(hosts):
            if not sources or not sources <= _sources(blocks, host):
                continue
            if place not in a_row:
                a_row[place] = np.zeros(host.n_levels, dtype=np.intp)
                a_row[place][host.codes] = np.arange(len(host.codes))
            mapping = _levels_of_levels(host, table, a_row[place], n_threads)
            if mapping is not None:
                hosts[place] = _nest(host, table, mapping)
                break
        else:
            hosts.append(table)
    return hosts


def _sources(blocks, table):
    """Data columns that a table depends on, as far as they are known."""
    index = table.members[0][0]
    return set() if index is None else blocks[index].levels.keys()


def _levels_of_levels(host, table, a_row, n_threads):
    """The level of a table for each level of the host, or None where that does not tell it.

    a_row : a row of each level of the host, any where it has none
    """
    if host.codes is table.codes:
        return np.arange(host.n_levels)
    mapping = table.codes[a_row]
    told = map_codes(host.codes, mapping, table.n_levels, n_threads)
    return mapping if np.array_equal(told, table.codes) else None


def _nest(host, table, mapping):
    ((index, _),) = table.members
    return Pack(
        host.codes,
        _side_by_side(host.basis, table.basis[mapping]),
        np.concatenate([host.columns, table.columns]),
        host.members,
        (*host.nested, (index, host.members[0][0], mapping)),
    )


def _side_by_side(left, right):
    """Two bases as one: sparse where it is large and most of it is 0."""
    if sparse.issparse(left) or sparse.issparse(right):
        return sparse.hstack([left, right], format="csr")
    basis = np.hstack([left, right])
    if basis.size > SPARSE_CELLS and np.count_nonzero(basis) < basis.size // 10:
        return sparse.csr_array(basis)
    return basis


def _pack_tables(tables, n_threads):
    """Merge small tables, first fit in order of decreasing size.

    The intercept joins the most columns: with it they may span all functions of their levels.
    """
    bins = []
    for table in sorted(tables, key=lambda t: -t.n_levels):
        if table.n_levels == 1 and bins:
            max(bins, key=lambda ms: sum(len(m.columns) for m in ms)).append(table)
            continue
        for members in bins:
            if table.n_levels * np.prod([m.n_levels for m in members]) <= PACK_LEVELS:
                members.append(table)
                break
        else:
            bins.append([table])
    return [_merge(members, n_threads) for members in bins]


def _merge(members, n_threads):
    """The product table of the members, the last running fastest."""
    merged = members[0]
    for table in members[1:]:
        codes = merged.codes
        if table.n_levels > 1:
            codes = combine_codes(
                merged.codes, table.codes, merged.n_levels, table.n_levels, n_threads
            )
        repeated = _repeat(merged.basis, table.n_levels)
        tiled = _tile(table.basis, merged.n_levels)
        merged = Pack(
            codes,
            _side_by_side(repeated, tiled),
            np.concatenate([merged.columns, table.columns]),
            merged.members + table.members,
            merged.nested + table.nested,
        )
    return merged


def _repeat(basis, times):
    if times == 1:
        return basis
    return np.repeat(as_array(basis), times, axis=0)


def _tile(basis, times):
    if basis.shape[0] == 1 and times * basis.shape[1] > PACK_LEVELS**2:
        return sparse.csr_array(np.tile(as_array(basis), (times, 1)))
    return np.tile(as_array(basis), (times, 1))
