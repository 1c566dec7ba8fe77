"""What is added to the mean half deviance: the penalty, and the bounds of the coefficients.

With t_j the target of coefficient j (0 unless said), v_j >= 0 its penalty factor and d_j its scale
(1, or the standard deviation of its column where columns are standardised):

    alpha * [ l1_ratio * sum_j v_j d_j |b_j - t_j|
              + (1 - l1_ratio) / 2 * sum_j v_j d_j^2 (b_j - t_j)^2 ]

Standardising the columns and taking the coefficients back is the same as scaling the penalty of
each, so the data are never touched. With groups of columns the first sum is over them,

    sum_g sqrt(p_g) v_g || d_j (b_j - t_j), j in g ||_2

(Yuan & Lin 2006, J. R. Stat. Soc. B 68:49-67), p_g the columns of the group.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rustystats.typing import Floats


@dataclass(frozen=True, eq=False)
class Penalty:
    """A penalty on the scale of the mean half deviance.

    Parameters
    ----------
    alpha, l1_ratio : float
    factors : (p,) v_j, 0 for columns that are not penalised
    scales : (p,) d_j > 0
    target : (p,) or None
    lower, upper : (p,) bounds of the coefficients, or None for both
    groups : tuple of index arrays, or None; factors are equal within a group
    """

    alpha: float
    l1_ratio: float
    factors: np.ndarray
    scales: np.ndarray
    target: np.ndarray | None = None
    lower: np.ndarray | None = None
    upper: np.ndarray | None = None
    groups: tuple[np.ndarray, ...] | None = None

    @property
    def is_smooth(self) -> bool:
        """Whether the penalised objective has a gradient everywhere and no bounds."""
        return self.l1_share == 0 and self.lower is None

    @property
    def l1_share(self) -> float:
        """alpha times l1_ratio."""
        return self.alpha * self.l1_ratio

    def at(self, alpha: float) -> Penalty:
        """The penalty with another alpha."""
        return replace(self, alpha=float(alpha))

    def restrict(self, columns: NDArray[Any]) -> Penalty:
        """The penalty of some columns, an index; there are no groups."""
        arrays = ("factors", "scales", "target", "lower", "upper")
        given = {name: getattr(self, name) for name in arrays}
        parts: dict[str, Any] = {k: None if v is None else v[columns] for k, v in given.items()}
        return replace(self, **parts)

    def l1(self) -> Floats:
        """Weight of each |b_j - t_j|, (p,); with groups, of each column's group norm."""
        if self.groups is None:
            return self.l1_share * self.factors * self.scales
        weights = np.zeros(len(self.factors))
        for group in self.groups:
            weights[group] = self.l1_share * np.sqrt(len(group)) * self.factors[group]
        return weights

    def ridge(self) -> Floats:
        """Weight of each (b_j - t_j)^2 / 2, (p,)."""
        return self.alpha * (1.0 - self.l1_ratio) * self.factors * self.scales**2

    def norm(self, gap: Floats, l1: Floats) -> float:
        """Sum of the weights `l1` times the sizes of the deviations from the target, float."""
        if self.groups is None:
            return float(l1 @ np.abs(gap))
        scaled = self.scales * gap
        return float(sum(l1[group[0]] * np.linalg.norm(scaled[group]) for group in self.groups))
