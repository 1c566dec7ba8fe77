"""A design in the coordinates of the cells of its largest table: what a large interaction needs.

Where the columns of a table span every function of its levels (an interaction with its margins, a
factor beside the intercept), its coefficients can be replaced by the linear predictor of each
level, one indicator a level. With q other columns the Gram is then an arrow,

    [ D   C ]      D diagonal, the weight of each level
    [ C'  G ]      C (levels, q), G (q, q)

and is solved by its Schur complement G - C' D^-1 C: L q^2 operations in the place of (L + q)^3 / 3.
The sums over rows are those of any design.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from rustystats.codes import count_codes
from rustystats.design.blocks import TableBlock, as_array
from rustystats.design.matrix import DesignMatrix, scale_rows
from rustystats.design.packing import PACK_LEVELS

MANY_COLUMNS = 300  # of a table: below, a Gram costs little beside the passes


@dataclass(frozen=True, eq=False)
class ArrowGram:
    """[[diag(cells), side], [side', rest]].

    Parameters
    ----------
    cells : (L,)
    side : (L, q)
    rest : (q, q)
    """

    cells: np.ndarray
    side: np.ndarray
    rest: np.ndarray
    __array_ufunc__ = None  # vector @ arrow is for __rmatmul__

    def __rmatmul__(self, vector):
        cells, rest = np.split(vector, [len(self.cells)])
        return np.concatenate(
            [self.cells * cells + self.side @ rest, cells @ self.side + self.rest @ rest]
        )

    @property
    def is_finite(self):
        """Whether there is neither NaN nor infinity."""
        return all(np.isfinite(part).all() for part in (self.cells, self.side, self.rest))


class CellDesign(DesignMatrix):
    """One indicator column a level of a table, then the columns of other blocks.

    Parameters
    ----------
    codes : (n,) unsigned integers
    n_levels : int, more than PACK_LEVELS: nothing is packed into it
    others : sequence of TableBlock and DenseBlock
    n_threads : int or None
    """

    def __init__(self, codes, n_levels, others, n_threads):
        indicators = sparse.eye_array(n_levels, format="csr")
        super().__init__([TableBlock(codes, indicators), *others], n_threads)

    def reduce_gram(self, level_weights, cross, level_dense, dense_gram):
        """X'WX from its cross-tables, an `ArrowGram`."""
        weights = [values for _, values in self._by_pack(level_weights)]
        beside = [values for _, values in self._by_pack(level_dense)]
        own = next(i for i, pack in enumerate(self.packs) if pack.columns[0] == 0)
        n_levels, p = self.packs[own].n_levels, self.shape[1]
        side, rest = np.empty((n_levels, p - n_levels)), np.empty((p - n_levels,) * 2)
        dense = self.dense_columns - n_levels
        side[:, dense], rest[np.ix_(dense, dense)] = beside[own], dense_gram
        places = [pack.columns - n_levels for pack in self.packs]
        others = [i for i in range(len(self.packs)) if i != own]
        for i in others:
            basis = self.packs[i].basis
            table = cross[own, i] if own < i else cross[i, own].T
            side[:, places[i]] = as_array(table @ basis)
            rest[np.ix_(places[i], places[i])] = as_array(basis.T @ scale_rows(basis, weights[i]))
            _both(rest, places[i], dense, basis.T @ beside[i])
            for j in others:
                if i < j:
                    product = basis.T @ (cross[i, j] @ self.packs[j].basis)
                    _both(rest, places[i], places[j], product)
        return ArrowGram(weights[own], side, rest)


def cells_of(design):
    """The design in coordinates of cells, and the pack they replace; None where that is no gain.

    Whether the columns of the pack span all functions of its levels is not decided here: there are
    as many of them as levels with rows, at least.

    Parameters
    ----------
    design : DesignMatrix

    Returns
    -------
    (CellDesign, Pack) or None
    """
    packs = [pack for pack in design.packs if pack.n_levels > PACK_LEVELS and pack.is_block]
    pack = max(packs, key=lambda pack: len(pack.columns), default=None)
    if pack is None or len(pack.columns) < MANY_COLUMNS:
        return None
    with_rows = np.count_nonzero(count_codes(pack.codes, pack.n_levels, design.n_threads))
    if with_rows > len(pack.columns):
        return None
    merged = {index for index, *_ in (*pack.members, *pack.nested)}
    others = [block for i, block in enumerate(design.stored_blocks) if i not in merged]
    cells = CellDesign(pack.codes, pack.n_levels, others, design.n_threads)
    return cells.of_rows_of(design), pack


def _both(gram, rows, columns, values):
    gram[np.ix_(rows, columns)] = as_array(values)
    gram[np.ix_(columns, rows)] = as_array(values).T
