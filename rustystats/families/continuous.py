"""Families of amounts: Gaussian, Gamma, InverseGaussian."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special, stats

from rustystats._kernels import families as _kernels
from rustystats.families.base import FamilyMixin, continuous_tails
from rustystats.intervals import POSITIVE, REAL

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rustystats.typing import Floats, Tails


class Gaussian(FamilyMixin, _kernels.GaussianFamily):
    """Normal response: V(mu) = 1.

    Examples
    --------
    >>> Gaussian().unit_deviance(3.0, 1.0)
    np.float64(4.0)
    """

    mean_domain = REAL
    link_names: tuple[str, ...] = ("identity", "log", "sqrt", "inverse", "inverse_squared", "power")

    def loglike(self, y: Floats, mu: Floats, weights: Floats) -> float:
        """Log-likelihood at the maximum-likelihood dispersion deviance / n."""
        n = np.count_nonzero(weights)
        sigma2 = self.deviance(y, mu, weights) / n
        if sigma2 == 0:
            return np.inf
        log_weights = np.sum(np.log(weights[weights > 0]))
        return float(0.5 * (log_weights - n * (np.log(2 * np.pi * sigma2) + 1)))

    def likelihood_ratio(self, deviance0: Any, deviance1: Any, dispersion: float, n: int) -> Any:
        """n log(D0 / D1): each model at its own maximum-likelihood dispersion, as R's drop1."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.divide(deviance0, deviance1)
            return np.where(np.isnan(dispersion), np.nan, n * np.log(ratio))[()]

    def anscombe(self, values: ArrayLike) -> Floats:
        """The values themselves."""
        return np.asarray(values, dtype=float)

    def tails(self, y: Floats, mu: Floats, dispersion: float, weights: Floats) -> Tails:
        """Normal with variance dispersion / weight."""
        return continuous_tails(stats.norm(mu, np.sqrt(dispersion / weights)), y)


class Gamma(FamilyMixin, _kernels.GammaFamily):
    """Positive amounts with constant coefficient of variation: V(mu) = mu^2.

    Examples
    --------
    >>> Gamma().variance(3.0)
    np.float64(9.0)
    """

    y_domain = POSITIVE

    def loglike(self, y: Floats, mu: Floats, weights: Floats) -> float:
        """Log-likelihood at the dispersion deviance / sum(w), as R's."""
        phi = self.deviance(y, mu, weights) / np.sum(weights)
        if phi == 0:
            return np.inf
        shape = 1.0 / phi
        scaled = y / (mu * phi)
        density = (shape - 1) * np.log(scaled) - scaled - np.log(mu * phi) - special.gammaln(shape)
        return float(np.sum(weights * density))

    def anscombe(self, values: ArrayLike) -> Floats:
        """3 mu^(1/3)."""
        return 3.0 * np.cbrt(values)

    def tails(self, y: Floats, mu: Floats, dispersion: float, weights: Floats) -> Tails:
        """Gamma with shape weight / dispersion."""
        shape = weights / dispersion
        return continuous_tails(stats.gamma(shape, scale=mu / shape), y)


class InverseGaussian(FamilyMixin, _kernels.InverseGaussianFamily):
    """Positive amounts with a heavy tail: V(mu) = mu^3.

    The default link is the log, as for every positive family here (R's is 1/mu^2).

    Examples
    --------
    >>> InverseGaussian().variance(2.0)
    np.float64(8.0)
    """

    y_domain = POSITIVE

    def name(self) -> str:
        """The string this family is asked for by."""
        return "inverse_gaussian"

    def loglike(self, y: Floats, mu: Floats, weights: Floats) -> float:
        """Log-likelihood at the dispersion deviance / sum(w), as R's."""
        total = np.sum(weights)
        phi = self.deviance(y, mu, weights) / total
        if phi == 0:
            return np.inf
        logs = total * (np.log(2 * np.pi * phi) + 1) + 3 * np.sum(weights * np.log(y))
        return float(-0.5 * logs)

    def anscombe(self, values: ArrayLike) -> Floats:
        """log mu (the integral starts at 1)."""
        return np.log(values)

    def tails(self, y: Floats, mu: Floats, dispersion: float, weights: Floats) -> Tails:
        """Inverse Gaussian with shape weight / dispersion."""
        shape = weights / dispersion
        return continuous_tails(stats.invgauss(mu / shape, scale=shape), y)
