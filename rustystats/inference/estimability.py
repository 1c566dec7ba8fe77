"""Which predictions the data of a fit decide, where some of its columns are aliased.

A column j that is left out is a combination of those kept, x_j = x_K c_j in every row of the fit,
with G_KK c_j = G_Kj of the Gram. The mean of a new row is estimable just where the same holds there
(Searle 1971, *Linear Models*, section 5.4): else another choice of the column left out would
predict something else. A cell of an interaction without rows is the usual case.

The Gram is that of the rows without their working weights, which vanish where fitted means do; a
model from a file has the weighted one alone.

All null vectors (e_j, -c_j) are asked at once by one combination of them with random weights: a row
that is orthogonal to it is orthogonal to all, with probability 1. Cost: for the first question a
pass over the rows of the fit and p^3 / 3, then two products with the new design.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rustystats.solvers.sparse_equations import equations

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rustystats.design.matrix import DesignMatrix
    from rustystats.typing import Floats

DECIDED = 1e-4  # of a column's usual size: far above rounding, far below another level


def null_vector(gram: Floats, aliased: NDArray[np.bool_], total: float) -> tuple[Floats, Floats]:
    """A combination of all null vectors: its part in the columns left out, less that in the kept.

    Parameters
    ----------
    gram : (p, p)
    aliased : (p,) bool
    total : float, what a column of ones would have on the diagonal

    Returns
    -------
    left_out, kept : (p,) arrays; X left_out = X kept in the rows that the Gram is of
    """
    size = np.sqrt(np.diagonal(gram) / total)
    weights = np.random.default_rng(0).normal(size=len(size)) / np.where(size > 0, size, 1.0)
    left_out = np.where(aliased, weights, 0.0)
    return left_out, equations(gram, aliased).solve(gram @ left_out)


def not_estimable(parts: tuple[Floats, Floats], design: DesignMatrix) -> NDArray[np.bool_]:
    """Rows of a design whose mean the fit does not determine, (m,) bool, by `null_vector`."""
    there, instead = (design.matvec(part) for part in parts)
    return np.abs(there - instead) > DECIDED * (1.0 + np.maximum(np.abs(there), np.abs(instead)))
