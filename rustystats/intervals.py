"""Intervals: the domains of responses and means, and the means that links can give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Interval:
    """An interval of the real line, each end in it or not.

    Parameters
    ----------
    low, high : float
        Infinite where there is no end.
    low_closed, high_closed : bool
        Whether the end belongs to the interval.

    Examples
    --------
    >>> Interval(0, np.inf, low_closed=True).contains([-1.0, 0.0, 2.0])
    array([False,  True,  True])
    """

    low: float
    high: float
    low_closed: bool = False
    high_closed: bool = False

    def contains(self, values: ArrayLike) -> Any:
        """Elementwise: is the value in the interval? NaN is not."""
        values = np.asarray(values)
        above = values >= self.low if self.low_closed else values > self.low
        below = values <= self.high if self.high_closed else values < self.high
        return above & below

    def within(self, other: Interval) -> bool:
        """Whether the other interval contains all of this one."""
        # (bound, whether it belongs) sorts as the ends do: an open end lies inside a closed one
        low = (self.low, not self.low_closed) >= (other.low, not other.low_closed)
        return low and (self.high, self.high_closed) <= (other.high, other.high_closed)

    def __str__(self) -> str:
        left, right = "[" if self.low_closed else "(", "]" if self.high_closed else ")"
        return f"{left}{self.low:g}, {self.high:g}{right}"


REAL = Interval(-np.inf, np.inf)
POSITIVE = Interval(0.0, np.inf)
NON_NEGATIVE = Interval(0.0, np.inf, low_closed=True)
UNIT = Interval(0.0, 1.0, True, True)
UNIT_OPEN = Interval(0.0, 1.0)
