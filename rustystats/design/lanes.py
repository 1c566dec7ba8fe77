"""A design as the kernel of several coefficient vectors reads it: see `_kernels/lanes.pyx`.

The packs as they are, and every look-up column as a table: with all lanes side by side a look-up
costs no more than the copy of one value. Coefficients go to the space of levels, and sums come
back, as in `matrix.py`, with one column a lane.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rustystats.design.matrix import DesignMatrix
    from rustystats.typing import Floats


class LaneDesign:
    """Parameters
    ----------
    design : DesignMatrix, (n, p)
    """

    n_columns: int
    bases: list[tuple[Any, NDArray[np.intp]]]
    dense_columns: NDArray[np.intp]
    rows: Any

    def __init__(self, design: DesignMatrix) -> None:
        self.n_columns = design.shape[1]
        tables = [(pack.codes, pack.basis, pack.columns) for pack in design.packs]
        dense = []
        for source, columns in design.dense_sources:
            if isinstance(source, tuple):
                tables.append((*source, columns))
            else:
                dense.append((source, columns))
        self.bases = [(basis, columns) for _, basis, columns in tables]
        self.ends = np.cumsum([basis.shape[0] for basis, _ in self.bases])
        self.dense_columns = np.concatenate([c for _, c in dense] or [np.empty(0, dtype=np.intp)])
        self.rows = design.row_blocks(
            [(codes, basis.shape[0]) for codes, basis, _ in tables],
            [source for source, _ in dense],
        )

    def expand(self, coefs: Floats) -> tuple[Floats, Floats]:
        """(levels, lanes) and (dense columns, lanes) of coefficients (lanes, p)."""
        parts = [basis @ coefs[:, columns].T for basis, columns in self.bases]
        levels = np.concatenate(parts or [np.zeros((1, len(coefs)))])
        dense = np.ascontiguousarray(coefs[:, self.dense_columns].T)
        return levels, dense if len(dense) else np.zeros((1, len(coefs)))

    def reduce(self, level_sums: Floats, dense_sums: Floats) -> Floats:
        """X'r of each lane, (lanes, p), from its sums."""
        score = np.empty((level_sums.shape[1], self.n_columns))
        parts = np.split(level_sums, self.ends[:-1]) if self.bases else ()
        for (basis, columns), sums in zip(self.bases, parts, strict=True):
            score[:, columns] = (basis.T @ sums).T
        score[:, self.dense_columns] = dense_sums.T
        return score
