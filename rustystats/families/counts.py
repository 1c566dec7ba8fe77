"""Families of counts: Poisson, its quasi form, and NegativeBinomial."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy import special, stats

from rustystats._kernels import families as _kernels
from rustystats.checks import is_number
from rustystats.families.base import FamilyMixin, count_tails
from rustystats.families.quasi import QuasiMixin
from rustystats.intervals import NON_NEGATIVE, POSITIVE

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rustystats.intervals import Interval
    from rustystats.typing import Floats, Tails

THETA_LOW, THETA_HIGH = 1e-4, 1e7  # beyond: all variance, or none above the Poisson's


class Poisson(FamilyMixin, _kernels.PoissonFamily):
    """Counts: V(mu) = mu, dispersion 1.

    Examples
    --------
    >>> Poisson().variance(0.1)
    np.float64(0.1)
    """

    y_domain = NON_NEGATIVE
    dispersion_fixed = True

    def start_mean(self, y: Floats, weights: Floats) -> Floats:
        """A tenth of a claim on top keeps empty rows inside the domain."""
        return y + 0.1

    def loglike(self, y: Floats, mu: Floats, weights: Floats) -> float:
        """Sum of w log Pr(Y = y); the logarithms of rows without claims are not taken."""
        some = np.flatnonzero(y)
        claims, volume = _distinct(y, weights)
        rows = float((weights[some] * y[some]) @ np.log(mu[some])) - float(weights @ mu)
        return rows - float(volume @ special.gammaln(claims + 1))

    def anscombe(self, values: ArrayLike) -> Floats:
        """3/2 mu^(2/3)."""
        return 1.5 * np.cbrt(values) ** 2

    def tails(self, y: Floats, mu: Floats, dispersion: float, weights: Floats) -> Tails:
        """Weight times the response is Poisson(weight * mu)."""
        return count_tails(stats.poisson(weights * mu), weights * y)


class QuasiPoisson(QuasiMixin, Poisson):
    """Poisson variance with a dispersion that is estimated: Var = phi mu / w.

    Examples
    --------
    >>> QuasiPoisson().dispersion_fixed
    False
    """


class NegativeBinomial(FamilyMixin, _kernels.NegativeBinomialFamily):
    """Overdispersed counts (NB2): V(mu) = mu + mu^2 / theta, dispersion 1.

    Parameters
    ----------
    theta : float > 0 or "auto"
        "auto": estimated by maximum likelihood when a model is fitted.

    Raises
    ------
    ValueError
        If theta is not positive.

    Examples
    --------
    >>> NegativeBinomial(theta=2.0).variance(4.0)
    np.float64(12.0)
    >>> NegativeBinomial(theta=2.0).alpha
    0.5
    """

    y_domain = NON_NEGATIVE
    dispersion_fixed = True
    parameter: str | None = "theta"
    parameter_range: Interval | None = POSITIVE

    def __init__(self, theta: float | Literal["auto"] = 1.0) -> None:
        self.estimated: bool = isinstance(theta, str) and theta == "auto"
        value: Any = 1.0 if self.estimated else theta
        if not (is_number(value) and np.isfinite(value) and value > 0):
            raise ValueError(f"theta must be a positive number or 'auto', not {theta!r}")
        super().__init__(float(value))

    @property
    def alpha(self) -> float:
        """1 / theta, the parameter of statsmodels."""
        return 1.0 / self.theta

    def name(self) -> str:
        """The string this family is asked for by."""
        return "negbinomial"

    def label(self) -> str:
        """The name in capitals, with theta."""
        return f"NegativeBinomial(theta={self.theta:.4f})"

    def with_parameter(self, value: float) -> NegativeBinomial:
        """The family at another theta."""
        return NegativeBinomial(value)

    def profile_values(self, error: float) -> Floats:
        """Values of theta to draw a profile at, (21,)."""
        reach = np.log(4.0)
        if np.isfinite(error):
            reach = min(4.0 * error / self.theta, reach)
        return self.theta * np.exp(np.linspace(-reach, reach, 21))

    def start_mean(self, y: Floats, weights: Floats) -> Floats:
        """As for the Poisson."""
        return y + 0.1

    def loglike(self, y: Floats, mu: Floats, weights: Floats) -> float:
        """Sum of w log Pr(Y = y), the NB2 likelihood with all its terms."""
        theta = self.theta
        binomial = _log_gamma_ratio(y, theta) - special.gammaln(y + 1)
        means = special.xlogy(y, mu) - (y + theta) * np.log1p(mu / theta)
        return float(np.sum(weights * (binomial + means)))

    def anscombe(self, values: ArrayLike) -> Floats:
        """3/2 mu^(2/3) F(1/3, 2/3; 5/3; -mu / theta), F the hypergeometric function."""
        values = np.asarray(values, dtype=float)
        power = 1.5 * np.cbrt(values) ** 2
        return power * special.hyp2f1(1 / 3, 2 / 3, 5 / 3, -values / self.theta)

    def tails(self, y: Floats, mu: Floats, dispersion: float, weights: Floats) -> Tails:
        """Weight times the response is negative binomial with weight * theta."""
        theta = self.theta
        return count_tails(stats.nbinom(weights * theta, theta / (theta + mu)), weights * y)

    def estimate(self, y: Floats, mu: Floats, weights: Floats) -> tuple[NegativeBinomial, float]:
        """Theta of greatest likelihood at given means, and its standard error.

        Newton's method on log theta. The standard error is that of MASS::glm.nb, from the observed
        information in theta alone: theta and the means are orthogonal (Lawless 1987, Canadian
        Journal of Statistics 15:209-225).

        Returns
        -------
        (NegativeBinomial, float)
        """
        values, volume = _distinct(y, weights)  # digamma once per distinct count
        mu = np.ascontiguousarray(mu)
        family, settled = NegativeBinomial(self.theta), False
        for _ in range(100):
            theta = family.theta
            slope, information = family._theta_score(values, volume, y, mu, weights)
            if settled:
                break
            # in log theta; where the likelihood is not concave, a step uphill of fixed length
            curvature = theta**2 * information - theta * slope
            step = theta * slope / curvature if curvature > 0 else np.sign(slope)
            moved = float(np.clip(theta * np.exp(np.clip(step, -2, 2)), THETA_LOW, THETA_HIGH))
            family, settled = NegativeBinomial(moved), abs(moved - theta) <= 1e-7 * theta
        inside = THETA_LOW < family.theta < THETA_HIGH and information > 0
        return family, information**-0.5 if inside else np.nan

    def _theta_score(
        self, values: Floats, volume: Floats, y: Floats, mu: Floats, weights: Floats
    ) -> tuple[float, float]:
        """Slope and observed information of the log-likelihood in theta.

        values, volume: distinct counts and the weight of each
        """
        theta = self.theta
        rows_slope, rows_bend = self.theta_sums(y, mu, weights)
        slope = volume @ (special.digamma(values + theta) - special.digamma(theta))
        bend = volume @ (special.polygamma(1, values + theta) - special.polygamma(1, theta))
        return float(slope + rows_slope), float(rows_bend - bend)

    def at_edge(self) -> str | None:
        """What to say when the estimate lies at the edge of its range, or None."""
        if self.theta >= THETA_HIGH:
            return "the counts are not overdispersed and theta grows without bound: fit a Poisson"
        if self.theta <= THETA_LOW:
            return (
                "the counts vary beyond any theta: look for a few rows with enormous counts, or "
                "whether all of them are 0"
            )
        return None

    def __repr__(self) -> str:
        value = "'auto'" if self.estimated else f"{self.theta:g}"
        return f"NegativeBinomial(theta={value})"


def _log_gamma_ratio(y: Floats, theta: float) -> Floats:
    """log Gamma(y + theta) - log Gamma(theta) - y log theta, which is small for a large theta."""
    if theta < 100.0:
        return special.gammaln(y + theta) - special.gammaln(theta) - y * np.log(theta)
    # Stirling's formula, its large parts subtracted by hand; the next term is below 1e-13
    remainders = [1 / (12 * x) - 1 / (360 * x**3) for x in (y + theta, theta)]
    return (y + theta - 0.5) * np.log1p(y / theta) - y + remainders[0] - remainders[1]


def _distinct(y: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Values of y and the weight of each."""
    largest = y.max()
    if largest < 65536 and np.array_equal(y, whole := y.astype(np.intp)):
        return np.arange(largest + 1), np.bincount(whole, weights).astype(float, copy=False)
    values, index = np.unique(y, return_inverse=True)
    return values, np.bincount(index, weights).astype(float, copy=False)
