"""Which predictions the data of a fit decide, where some of its columns are aliased.

A column j that is left out is a combination of those kept, x_j = x_K c_j in every row of the fit,
with G_KK c_j = G_Kj of the Gram. The mean of a new row is estimable just where the same holds there
(Searle 1971, *Linear Models*, section 5.4): else another choice of the column left out would
predict something else. A cell of an interaction without rows is the usual case.

All null vectors (e_j, -c_j) are asked at once by one combination of them with random weights: a row
that is orthogonal to it is orthogonal to all, with probability 1. Cost: one solution with the
factor of the Gram and two products with the new design.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rustystats.design.matrix import DesignMatrix
    from rustystats.solvers.problem import Fit

DECIDED = 1e-4  # of a column's usual size: far above rounding, far below another level


def not_estimable(fit: Fit, intercept: int | None, design: DesignMatrix) -> NDArray[np.bool_]:
    """Rows of a design whose mean the fit does not determine, (m,) bool.

    Parameters
    ----------
    fit : Fit
        By maximum likelihood without a penalty; one without a Gram has nothing to say.
    intercept : int or None, position of its column
    design : DesignMatrix of m rows
    """
    if fit.gram is None or not fit.aliased.any():
        return np.zeros(design.shape[0], dtype=bool)
    squares = np.diagonal(fit.gram)
    size = np.sqrt(squares / (squares.max() if intercept is None else squares[intercept]))
    weights = np.random.default_rng(0).normal(size=len(size)) / np.where(size > 0, size, 1.0)
    left_out = np.where(fit.aliased, weights, 0.0)
    instead = design.matvec(fit.system.solve(fit.gram @ left_out))
    there = design.matvec(left_out)
    return np.abs(there - instead) > DECIDED * (1.0 + np.maximum(np.abs(there), np.abs(instead)))
