"""How blocks are arranged, so that the kernels read as few code columns as possible.

Four exact rearrangements happen once, when a design matrix is made:

* *nesting*: a table whose level follows from that of another (region, of region x brand) is read
  through the codes of the other, its basis spread over their levels. A factor of three with all its
  margins is one code column. Where most of the basis is then 0, it is stored sparse, and so is its
  part of the Gram;
* *packing*: small tables are merged into one whose levels are all combinations (driver age x fuel:
  83 x 2 = 166 levels, still one byte a row). T tables cost T (T - 1) / 2 additions a row in the
  Gram; after packing the nine factors of a motor tariff are five code columns and one look-up;
* *look-up columns*: a table with a single column and many levels (log of population density) is
  read as a dense column through its codes: that is one addition per row and pair into small sums
  that stay in the cache, where its cross-tables would not;
* the intercept is a table of one level and vanishes into a pack (beside dense columns alone it is
  one more of them).

Memory: about one byte per row and pack; dense blocks and look-up codes are not copied.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from rustystats._kernels.blocks import is_direct
from rustystats.codes import combine_codes
from rustystats.design.blocks import DENSE_BASIS_CELLS, DenseBlock, TableBlock, as_array

PACK_LEVELS = 256  # one byte a row, and cross-tables of two packs stay within the L2 cache
LOOK_UP_LEVELS = 64  # a one-column table with more levels is read as a dense column
SPARSE_CELLS = 1 << 16  # of a basis: a smaller one is stored dense
SPARSE_SHARE = 0.1  # of its cells that are not 0: with more it is stored dense
CROSS_CELLS = 1 << 22  # a pair of tables with more cells is not cross-tabulated if avoidable


@dataclass(frozen=True, eq=False)
class Pack:
    """One code column of the kernels: the product of one or more tables, and their columns."""

    codes: np.ndarray
    basis: np.ndarray  # (levels of the product, columns), dense or sparse
    columns: np.ndarray  # positions of the columns in the design matrix
    members: tuple  # (block index, its level for each level of the product) of each table

    @property
    def n_levels(self):
        return self.basis.shape[0]


def arrange(blocks, starts, n_threads):
    """What the kernels read in place of the blocks.

    Parameters
    ----------
    blocks : sequence of TableBlock and DenseBlock
    starts : position of each block's first column in the design matrix, and the end
    n_threads : int

    Returns
    -------
    packs : list of Pack
    dense : list of (source, columns)
        Sources of dense columns as `RowBlocks` takes them, and the positions of their columns.
    """
    coded, dense = [], []
    largest = _second_largest([b.n_levels for b in blocks if isinstance(b, TableBlock)])
    hosts = _nest(blocks, largest)
    for index, block in enumerate(blocks):
        columns = np.arange(starts[index], starts[index + 1])
        if isinstance(block, DenseBlock):
            dense.append((block.values, columns))
        elif index in hosts:
            continue
        elif _reads_as_dense(block, largest):
            values = np.ascontiguousarray(as_array(block.basis), dtype=np.float64)
            dense.append(((block.codes, values), columns))
        elif block.n_columns:
            guests = [guest for guest, host in hosts.items() if host == index]
            coded.append(_host(blocks, starts, index, guests))
    dense.sort(key=lambda s: -s[0].shape[1] if is_direct(s[0]) else 0)
    if dense and sum(pack.n_levels for pack in coded) == 1:
        (intercept,) = coded  # beside dense columns alone the intercept is one more of them
        dense.append(((intercept.codes, np.ones((1, 1))), intercept.columns))
        coded = []
    return _pack_tables(coded, n_threads), dense


def _nest(blocks, largest):
    """For each table that is nested in another, the index of that: the smallest of them."""
    tables = [
        index
        for index, block in enumerate(blocks)
        if isinstance(block, TableBlock) and block.parts and block.n_columns
    ]
    tables.sort(key=lambda index: blocks[index].n_levels)
    hosts = {}
    for place, guest in enumerate(tables):
        for host in tables[place + 1 :]:
            if set(blocks[guest].parts) <= set(blocks[host].parts) and not _reads_as_dense(
                blocks[host], largest
            ):
                hosts[guest] = host
                break
    for guest in tables[::-1]:  # guests of guests move to the outermost
        hosts |= {guest: hosts[hosts[guest]]} if hosts.get(guest) in hosts else {}
    return hosts


def _host(blocks, starts, index, guests):
    """The pack of a table and of those nested in it."""
    host = blocks[index]
    members = [(index, np.arange(host.n_levels))]
    members += [(guest, _levels_of(blocks[guest], host)) for guest in guests]
    bases = [blocks[i].basis if i == index else blocks[i].basis[at] for i, at in members]
    columns = [np.arange(starts[i], starts[i + 1]) for i, _ in members]
    basis = _side_by_side(bases) if guests else _stored(host.basis)
    return Pack(host.codes, basis, np.concatenate(columns), tuple(members))


def _levels_of(guest, host):
    """The level of a nested table for each level of its host."""
    sizes = [size for _, size in host.parts]
    at = np.unravel_index(np.arange(host.n_levels), sizes)
    places = [host.parts.index(part) for part in guest.parts]
    return np.ravel_multi_index([at[p] for p in places], [sizes[p] for p in places])


def _side_by_side(bases):
    """Bases of the same levels in one, sparse where most of it is 0."""
    cells = bases[0].shape[0] * sum(basis.shape[1] for basis in bases)
    if cells > SPARSE_CELLS or any(map(sparse.issparse, bases)):
        return _stored(sparse.csr_array(sparse.hstack([sparse.csr_array(b) for b in bases])))
    return np.hstack(bases)


def _stored(basis):
    """A basis as it takes the least work: sparse where it is large and most of it is 0."""
    cells = basis.shape[0] * basis.shape[1]
    filled = basis.nnz if sparse.issparse(basis) else np.count_nonzero(basis)
    if cells > SPARSE_CELLS and filled < SPARSE_SHARE * cells:
        return sparse.csr_array(basis)
    return as_array(basis) if cells <= DENSE_BASIS_CELLS else basis


def _reads_as_dense(block, other_levels):
    if block.n_columns == 1:
        return block.n_levels > LOOK_UP_LEVELS
    return block.n_columns <= 8 and block.n_levels * other_levels > CROSS_CELLS


def _second_largest(levels):
    return sorted(levels)[-2] if len(levels) > 1 else 0


def _pack_tables(tables, n_threads):
    """Merge small tables, first fit in order of decreasing size."""
    bins = []
    for table in sorted(tables, key=lambda t: -t.n_levels):
        for members in bins:
            if table.n_levels * np.prod([m.n_levels for m in members]) <= PACK_LEVELS or (
                table.n_levels == 1
            ):
                members.append(table)
                break
        else:
            bins.append([table])
    return [_merge(members, n_threads) for members in bins]


def _merge(members, n_threads):
    """The product table of the members, the last running fastest."""
    merged = members[0]
    for table in members[1:]:
        codes, outer, inner = merged.codes, merged.n_levels, table.n_levels
        if inner > 1:
            codes = combine_codes(merged.codes, table.codes, outer, inner, n_threads)
        at_outer, at_inner = np.repeat(np.arange(outer), inner), np.tile(np.arange(inner), outer)
        merged = Pack(
            codes,
            _side_by_side([merged.basis[at_outer], table.basis[at_inner]]),
            np.concatenate([merged.columns, table.columns]),
            tuple((index, at[at_outer]) for index, at in merged.members)
            + tuple((index, at[at_inner]) for index, at in table.members),
        )
    return merged
