"""Solving with the Gram of a design in coordinates of cells (`design/cells.py`).

The cells are eliminated first, each by one division; the Schur complement of the other columns is
small. A column that is a function of the cells has nothing left there and is aliased.
"""

import numpy as np

from rustystats.design.cells import ArrowGram
from rustystats.solvers.normal_equations import ALIAS_PIVOT, NormalEquations


def step_equations(gram, aliased=None, excluded=None):
    """The system of a step of Fisher scoring, as `NormalEquations` has it."""
    if isinstance(gram, ArrowGram):
        return ArrowEquations(gram, aliased)
    return NormalEquations(gram, aliased, excluded)


def is_finite(gram):
    """Whether a Gram has neither NaN nor infinity."""
    return gram.is_finite if isinstance(gram, ArrowGram) else bool(np.isfinite(gram).all())


class ArrowEquations:
    """Factors of an `ArrowGram`.

    Parameters
    ----------
    gram : ArrowGram
    aliased : (L + q,) bool or None
        Columns to leave out; None decides them here.
    """

    def __init__(self, gram, aliased=None):
        n_cells = len(gram.cells)
        seen = gram.cells > 0
        others = spanned = None
        if aliased is not None:
            seen, others = seen & ~aliased[:n_cells], aliased[n_cells:]
        inverse = np.divide(1.0, gram.cells, out=np.zeros(n_cells), where=seen)
        self._inverse, self._side = inverse, gram.side
        reduced = gram.rest - gram.side.T @ (inverse[:, None] * gram.side)
        if others is None:
            spanned = np.diagonal(reduced) <= ALIAS_PIVOT * np.diagonal(gram.rest)
        self._others = NormalEquations(reduced, others, spanned)
        self.aliased = np.concatenate([~seen, self._others.aliased])

    @property
    def rank(self):
        """Number of columns kept."""
        return int(np.count_nonzero(~self.aliased))

    def solve(self, right):
        """Coefficients b with gram @ b = right, 0 at aliased columns."""
        cells, others = np.split(right, [len(self._inverse)])
        solved = self._others.solve(others - self._side.T @ (self._inverse * cells))
        return np.concatenate([self._inverse * (cells - self._side @ solved), solved])
