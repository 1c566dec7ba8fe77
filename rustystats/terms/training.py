"""What the rows of a fit know beside the columns: some factors learn from it.

A target encoding learns the mean response of each level, a categorical factor which of its levels
has the most exposure. `ModelTerms.learn` hands this to every factor. What is learned from the
response must not tell a row of its own response: such a factor `is_supervised`, and has a
`training_block` for the rows it learned from, beside the `block` for any others.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rustystats.design.rows import rows_of


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
    def volume(self):
        """What each row counts, weight times exposure, (n,); None where each counts 1."""
        if self.weights is None or self.exposure is None:
            return self.exposure if self.weights is None else self.weights
        return self.weights * self.exposure

    def take(self, rows):
        """Some of the rows, given by their positions."""
        parts = [self.y, self.weights, self.exposure]
        return Training(*(None if v is None else rows_of(v, rows) for v in parts), self.seed)
