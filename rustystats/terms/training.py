"""What the rows of a fit know beside the columns: some factors learn from it.

A target encoding learns the mean response of each level, a categorical factor which of its levels
has the most exposure. `ModelTerms.learn` hands this to every factor. What is learned from the
response must not tell a row of its own response: such a factor `is_supervised`, and has a
`training_block` for the rows it learned from, beside the `block` for any others.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from rustystats.design.rows import rows_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rustystats.typing import Floats


@dataclass(frozen=True, eq=False)
class Training:
    """Response and volume of the rows of a fit.

    Parameters
    ----------
    y : (n,) response
    weights : (n,) prior weights or None
    exposure : (n,) or None
    seed : int, of whatever is drawn at random
    """

    y: np.ndarray
    weights: np.ndarray | None = None
    exposure: np.ndarray | None = None
    seed: int = 0

    @cached_property
    def volume(self) -> Floats | None:
        """What each row counts, weight times exposure, (n,); None where each counts 1."""
        if self.weights is None or self.exposure is None:
            return self.exposure if self.weights is None else self.weights
        return self.weights * self.exposure

    def take(self, rows: NDArray[np.intp]) -> Training:
        """Some of the rows, given by their positions."""
        weights = None if self.weights is None else rows_of(self.weights, rows)
        exposure = None if self.exposure is None else rows_of(self.exposure, rows)
        return Training(rows_of(self.y, rows), weights, exposure, self.seed)
