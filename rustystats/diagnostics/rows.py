"""The rows that a model is judged on, and the sums that all sections are made of.

With response y, mean mu, prior weight w and exposure e of a row (1 where there is none):

    actual  A = w y        predicted  E = w mu        volume = w e
    working residual  r = (y - mu) / mu'   with working weight  W = w mu'^2 / V(mu)

mu' is the derivative of the inverse link. A mean of some rows is their total over their volume: a
frequency for claim counts with insured years, a severity for mean claims weighted by their number,
a share of successes for proportions weighted by trials. Every array is made once, when it is asked
for; a pass over the rows each.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from rustystats.diagnostics.binning import sorted_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rustystats.families.base import FamilyMixin
    from rustystats.links import NamedLink
    from rustystats.typing import Floats

CANONICAL = {  # (family, link): mu' = V(mu), so that W r = A - E
    ("poisson", "log"),
    ("quasipoisson", "log"),
    ("binomial", "logit"),
    ("quasibinomial", "logit"),
    ("gaussian", "identity"),
}


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows with a weight above 0.

    Parameters
    ----------
    y, mu, eta : (n,) float64, response, mean and linear predictor
    weights, exposure : (n,) float64 above 0, or None for 1 each
    family, link : objects
    dispersion : float, what the variance of y is multiplied by beside V(mu) / w
    n_threads : int or None
    """

    y: np.ndarray
    mu: np.ndarray
    eta: np.ndarray
    weights: np.ndarray | None
    exposure: np.ndarray | None
    family: FamilyMixin
    link: NamedLink
    dispersion: float = 1.0
    n_threads: int | None = None

    def __len__(self) -> int:
        return len(self.y)

    @property
    def canonical(self) -> bool:
        """Whether mu' is V(mu)."""
        return (self.family.name(), self.link.name()) in CANONICAL

    @property
    def is_poisson(self) -> bool:
        """Whether the variance is the mean, times the dispersion."""
        return self.family.name() in ("poisson", "quasipoisson")

    @property
    def is_binomial(self) -> bool:
        """Whether the response is 0/1, or a proportion of trials."""
        return self.family.name() in ("binomial", "quasibinomial")

    def weighted(self, values: Floats) -> Floats:
        """The values times the weights."""
        return values if self.weights is None else self.weights * values

    def in_dispersions(self, statistic: float) -> float:
        """The statistic over the dispersion; NaN where a perfect fit leaves none."""
        return statistic / self.dispersion if self.dispersion > 0 else np.nan

    @cached_property
    def actual(self) -> Floats:
        """w y."""
        return self.weighted(self.y)

    @cached_property
    def predicted(self) -> Floats:
        """w mu."""
        return self.weighted(self.mu)

    @cached_property
    def volume(self) -> Floats:
        """w e."""
        return self.weighted(np.ones(len(self.y)) if self.exposure is None else self.exposure)

    @cached_property
    def deviance(self) -> Floats:
        """w d(y, mu), d the unit deviance."""
        return self.weighted(np.asarray(self.family.unit_deviance(self.y, self.mu)))

    @cached_property
    def variance(self) -> Floats:
        """w V(mu): times the dispersion, the variance of w y."""
        if self.is_poisson:
            return self.predicted
        return self.weighted(self.family.variance(self.mu))

    @cached_property
    def slope(self) -> Floats:
        """mu'."""
        if self.link.name() == "log":
            return self.mu
        return self.link.inverse_with_derivative(self.eta)[1]

    @cached_property
    def working_weight(self) -> Floats:
        """W."""
        if self.canonical:
            return self.variance
        return self.weighted(self.slope**2 / self.family.variance(self.mu))

    @cached_property
    def score(self) -> Floats:
        """W r."""
        if self.canonical:
            return self.actual - self.predicted
        return self.weighted((self.y - self.mu) * self.slope / self.family.variance(self.mu))

    @cached_property
    def pearson_residuals(self) -> Floats:
        """sqrt(w) (y - mu) / sqrt(V(mu))."""
        return (self.actual - self.predicted) / np.sqrt(self.variance)

    @cached_property
    def deviance_residuals(self) -> Floats:
        """sign(y - mu) sqrt(w d(y, mu))."""
        return np.copysign(np.sqrt(np.maximum(self.deviance, 0.0)), self.y - self.mu)

    @cached_property
    def pearson_chi2(self) -> float:
        """Sum of the squared Pearson residuals; that of W r^2 as well, for r mu' / sqrt(V) is."""
        return float(self.pearson_residuals @ self.pearson_residuals)

    @cached_property
    def in_order(self) -> RowsInOrder:
        """The rows by rising prediction."""
        return RowsInOrder(self)

    @cached_property
    def totals(self) -> tuple[float, float, float]:
        """Sums of actual, predicted and volume."""
        return (
            float(np.sum(self.actual)),
            float(np.sum(self.predicted)),
            float(np.sum(self.volume)),
        )


def without_rounding(values: Floats) -> Floats:
    """The values, those that differ by rounding alone made equal: see `rising`."""
    order, ordered = rising(values)
    equal = np.empty_like(ordered)
    equal[order] = ordered
    return equal


def rising(values: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Positions that sort the values, ties in row order, and the values in that order.

    Values to a relative 2^-40 are equal. A grid of such steps may part two that differ by their
    last bit, so neighbours on the grid are one value as well.
    """
    step = 1 << 12
    bits = np.ascontiguousarray(values, dtype=np.float64).view(np.int64)
    rounded = ((bits + step // 2) & ~np.int64(step - 1)).view(np.float64)
    order = sorted_rows(rounded)
    ordered = rounded[order]
    gaps = np.abs(np.diff(ordered.view(np.int64)))
    if (gaps == step).any():
        run = np.append(0, np.cumsum(gaps > step))
        parted = np.zeros(run[-1] + 1, dtype=bool)
        parted[run[1:][gaps == step]] = True
        some = np.flatnonzero(parted[run])
        order[some] = order[some][np.lexsort((order[some], run[some]))]
        ordered = ordered[np.flatnonzero(np.append(True, gaps > step))[run]]
    return order, ordered


class RowsInOrder:
    """What is summed along the rows by rising prediction for a unit of exposure, ties in row order.

    Parameters
    ----------
    rows : Rows

    Attributes
    ----------
    rate : (n,) array
        mu / e. Numbers that differ by rounding alone are equal here, at a relative 2^-40: the order
        of rows of one risk would else be that of the rounding errors.
    volume, actual, predicted : (n,) arrays
    order : (n,) positions of the rows
    """

    order: NDArray[np.intp]
    rate: Floats
    volume: Floats
    actual: Floats
    predicted: Floats

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        rate = rows.mu if rows.exposure is None else rows.mu / rows.exposure
        self.order, self.rate = rising(rate)
        self.volume = rows.volume[self.order]
        self.actual = rows.actual[self.order]
        self.predicted = rows.predicted[self.order]

    @cached_property
    def variance(self) -> Floats:
        """w V(mu)."""
        return self.predicted if self._rows.is_poisson else self._rows.variance[self.order]

    @cached_property
    def weights(self) -> Floats | None:
        """w."""
        rows = self._rows
        return np.ones(len(rows)) if rows.weights is None else rows.weights[self.order]
