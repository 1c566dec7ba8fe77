"""Tweedie: variance mu^p, and for 1 < p < 2 the law of a Poisson number of Gamma claims.

Its density has no closed form (`_kernels/series.pyx` sums it); its dispersion and power are those
of greatest likelihood. At given means and power, with S the sum of the series,

    loglik(phi) = sum -w d(y, mu) / (2 phi)
        + sum over y > 0 of [log S - log y + log(a) / 2 - log 2 pi]

is maximised over log phi by Newton's method, slope and curvature from the moments of the series.
The power is found by Newton's method on the maximum over phi, with slope and curvature by
differences. Cost: some 40 terms for each row with y > 0 and each evaluation, 3 to 5 of them for
phi, and three times that for a step of the power.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy import optimize, stats

from rustystats._kernels import families as _kernels
from rustystats._kernels.series import tweedie_series
from rustystats.checks import is_number
from rustystats.families.base import FamilyMixin
from rustystats.families.continuous import Gamma, Gaussian, InverseGaussian
from rustystats.families.counts import Poisson
from rustystats.families.stable import log_stable_factor
from rustystats.intervals import NON_NEGATIVE, POSITIVE, REAL, Interval
from rustystats.threads import effective_n_threads

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rustystats.typing import Floats, Tails

POWER_LOW, POWER_HIGH = 1.01, 1.99  # where the estimated power is looked for
SPIKED = 1.2  # below this power the likelihood can have several maxima in phi
GRID_ROWS = 2000  # rows with a positive response from which the first guess is made
MOST_CLAIMS = 10_000  # expected in a row whose distribution function is summed over them
REACH = 0.08  # how far from the best power of the grid, or of the round before, it is looked for
STEP = 1e-4  # of the differences that give slope and curvature in the power
NAMED: dict[float, type[FamilyMixin]] = {
    0.0: Gaussian,
    1.0: Poisson,
    2.0: Gamma,
    3.0: InverseGaussian,
}


class Tweedie(FamilyMixin, _kernels.TweedieFamily):
    """Variance mu^p: 0 Gaussian, 1 Poisson (with a dispersion), 2 Gamma, 3 inverse Gaussian.

    Between 1 and 2 zeros and positive amounts together: pure premiums.

    Parameters
    ----------
    var_power : float outside (0, 1), or "auto"
        "auto": estimated by maximum likelihood between 1.01 and 1.99 when a model is fitted.

    Raises
    ------
    ValueError
        If the power is no number outside (0, 1).

    Examples
    --------
    >>> Tweedie(var_power=1.5).variance(4.0).round(12)
    np.float64(8.0)
    """

    parameter: str | None = "var_power"
    parameter_range: Interval | None = Interval(1.0, 2.0)

    def __init__(self, var_power: float | Literal["auto"] = 1.5) -> None:
        self.estimated: bool = isinstance(var_power, str) and var_power == "auto"
        value: Any = 1.5 if self.estimated else var_power
        if not (is_number(value) and np.isfinite(value) and not 0 < value < 1):
            raise ValueError(
                "var_power must be a number outside (0, 1), where no Tweedie family exists, or "
                f"'auto', not {var_power!r}"
            )
        super().__init__(float(value))

    @property
    def y_domain(self) -> Interval:  # type: ignore[override]
        """Zeros belong to it for powers from 1 to below 2, all numbers for powers up to 0."""
        if self.var_power <= 0:
            return REAL
        return NON_NEGATIVE if self.var_power < 2 else POSITIVE

    @property
    def mean_domain(self) -> Interval:  # type: ignore[override]
        """All numbers for power 0, else the positive ones."""
        return REAL if self.var_power == 0 else POSITIVE

    def label(self) -> str:
        """The name in capitals, with the power."""
        return f"Tweedie(var_power={self.var_power:.4f})"

    def with_parameter(self, value: float) -> Tweedie:
        """The family at another power."""
        return Tweedie(value)

    def profile_values(self, error: float) -> Floats:
        """Powers to draw a profile at, (21,)."""
        low, high = 1.05, 1.95
        if np.isfinite(error):
            low = max(low, self.var_power - 4.0 * error)
            high = min(high, self.var_power + 4.0 * error)
        return np.linspace(low, high, 21)

    def start_mean(self, y: Floats, weights: Floats) -> Floats:
        """A share of the mean on top keeps zeros, and negative values, inside the domain."""
        if self.var_power == 0 or self.var_power >= 2:
            return y
        mean = max(np.average(np.abs(y), weights=weights), 1e-300)
        return np.maximum(y, 0.0) + 0.1 * mean

    def loglike(self, y: Floats, mu: Floats, weights: Floats) -> float:
        """Log-likelihood at the dispersion of greatest likelihood; NaN for powers below 0.

        The named families at 0, 1, 2, 3; the series for powers inside (1, 2); the stable law
        (`stable.py`) above 2. The density for powers below 0 is not computed here.
        """
        if self.var_power in NAMED:
            return NAMED[self.var_power]().loglike(y, mu, weights)
        if self.var_power < 0:
            return np.nan
        if self.var_power > 2:
            return _stable_loglike(y, mu, weights, self.var_power)
        return maximum_likelihood_dispersion(y, mu, weights, self.var_power)[1]

    def anscombe(self, values: ArrayLike) -> Floats:
        """mu^(1 - p/3) / (1 - p/3), log mu for p = 3."""
        if self.var_power == 3:
            return np.log(values)
        rest = 1.0 - self.var_power / 3.0
        return np.sign(values) * np.abs(values) ** rest / rest

    def tails(self, y: Floats, mu: Floats, dispersion: float, weights: Floats) -> Tails:
        """Of the compound law for powers inside (1, 2), else of the named family."""
        if self.var_power in NAMED:
            return NAMED[self.var_power]().tails(y, mu, dispersion, weights)
        if not 1 < self.var_power < 2:
            raise ValueError(
                f"no distribution function is known here for var_power={self.var_power:g}: "
                "use deviance residuals"
            )
        return _compound_tails(y, mu, dispersion / weights, self.var_power)

    def estimate(self, y: Floats, mu: Floats, weights: Floats) -> tuple[Tweedie, float]:
        """Power of greatest likelihood at given means, and its standard error.

        Power and means are orthogonal, so the curvature of the likelihood in the power, with the
        dispersion at its own maximum, gives the standard error.

        Returns
        -------
        (Tweedie, float)
        """
        if not np.any((y > 0) & (weights > 0)):
            raise ValueError(
                "no response is positive, and the Tweedie power cannot be estimated from zeros: "
                "give var_power"
            )

        def profile(power: float, phi: float | None = None) -> tuple[float, float]:
            return maximum_likelihood_dispersion(y, mu, weights, power, phi)

        power = self.var_power
        if self.estimated:  # the likelihood can have several maxima: a look at some of the rows
            some = slice(None, None, max(1, np.count_nonzero(y > 0) // GRID_ROWS))
            grid = np.linspace(POWER_LOW, POWER_HIGH, 15)
            rows = y[some], mu[some], weights[some]
            heights = [maximum_likelihood_dispersion(*rows, value)[1] for value in grid]
            power = float(grid[np.argmax(np.nan_to_num(heights, nan=-np.inf))])
        phi, curvature = None, np.nan
        low, high = max(POWER_LOW, power - REACH), min(POWER_HIGH, power + REACH)
        for _ in range(30):
            phi, middle = profile(power, phi)
            if not np.isfinite(middle):
                raise ValueError(
                    "the means fit the responses exactly, and leave nothing to estimate the "
                    "Tweedie power from: give var_power"
                )
            left, right = profile(power - STEP, phi)[1], profile(power + STEP, phi)[1]
            slope = (right - left) / (2 * STEP)
            low, high = (power, high) if slope > 0 else (low, power)
            curvature = (2 * middle - left - right) / STEP**2
            move = slope / curvature if curvature > 0 else np.inf
            moved = power + move
            if not low <= moved <= high:  # Newton would leave the bracket
                at_end = abs(power - (high if slope > 0 else low)) <= 1e-8
                moved = power if at_end else 0.5 * (low + high)
            former, power = power, float(moved)
            if abs(power - former) <= 1e-8:
                break
        inside = POWER_LOW + 1e-6 < power < POWER_HIGH - 1e-6 and curvature > 0
        return Tweedie(power), curvature**-0.5 if inside else np.nan

    def at_edge(self) -> str | None:
        """What to say when the estimate lies at the edge of its range, or None."""
        if self.var_power >= POWER_HIGH - 1e-6:
            return "the likelihood still rises at power 1.99: fit a Gamma to the positive amounts"
        if self.var_power <= POWER_LOW + 1e-6:
            return "the likelihood still rises at power 1.01: the response is closer to counts"
        return None

    def __repr__(self) -> str:
        value = "'auto'" if self.estimated else f"{self.var_power:g}"
        return f"Tweedie(var_power={value})"


def maximum_likelihood_dispersion(
    y: Floats, mu: Floats, weights: Floats, power: float, start: float | None = None
) -> tuple[float, float]:
    """Dispersion phi of greatest likelihood for 1 < power < 2, and the log-likelihood there.

    `start` is a phi near by.
    """
    half_deviance = 0.5 * Tweedie(power).deviance(y, mu, weights)
    positive = (y > 0) & (weights > 0)
    if not positive.any() or half_deviance == 0:
        return np.nan, np.nan
    claims, volume = y[positive], weights[positive]
    a = (2.0 - power) / (power - 1.0)
    scale = volume * claims ** (2.0 - power) / (2.0 - power)  # lambda times phi
    n_threads = effective_n_threads(None, len(scale), 256)
    constant = len(scale) * (0.5 * np.log(a) - np.log(2 * np.pi)) - np.sum(np.log(claims))

    def moments(phi: float) -> tuple[float, Floats, Floats, Floats]:
        """Log-likelihood, and for each row lambda with mean and variance of the claims."""
        expected = scale / phi
        log_sum, count, variance = tweedie_series(expected, power, n_threads).T
        return constant - half_deviance / phi + log_sum.sum(), expected, count, variance

    if start is None:  # where the saddlepoint approximation has its maximum
        start = 2.0 * half_deviance / np.count_nonzero(weights)
        if power < SPIKED:
            tried = start * 2.0 ** np.arange(-6, 3, 0.25)
            start = tried[np.argmax([moments(phi)[0] for phi in tried])]
    log_phi, best, step = np.log(start), -np.inf, 0.0
    for _ in range(100):
        phi = np.exp(log_phi + step)
        value, expected, count, variance = moments(phi)
        if value < best - 1e-12 * abs(best):  # too far: there are ripples where claims are alike
            step *= 0.5
            continue
        log_phi, best = log_phi + step, value
        slope = half_deviance / phi - (1 + a) * np.sum(count - expected)
        curvature = half_deviance / phi - (1 + a) * np.sum((1 + a) * variance - expected)
        step = slope / curvature if curvature > 0 else np.sign(slope)
        if abs(step) < 1e-5:  # to the maximum by its own parabola, good to the step cubed
            return float(np.exp(log_phi + step)), float(value + 0.5 * slope * step)
        step = np.clip(step, -2.0, 2.0)
    return float(np.exp(log_phi)), float(best)  # pragma: no cover - no step climbs a ripple


def _stable_loglike(y: Floats, mu: Floats, weights: Floats, power: float) -> float:
    """Log-likelihood at the dispersion of greatest likelihood, for power > 2."""
    half_deviance = 0.5 * Tweedie(power).deviance(y, mu, weights)
    if half_deviance == 0:
        return np.inf
    used = weights > 0
    y, weights = y[used], weights[used]

    def negative(log_phi: float) -> float:
        phi = np.exp(log_phi)
        return half_deviance / phi - np.sum(log_stable_factor(y, phi / weights, power))

    start = np.log(2.0 * half_deviance / len(y))
    return -float(optimize.minimize_scalar(negative, bracket=(start - 0.5, start + 0.5)).fun)


def _compound_tails(y: Floats, mu: Floats, dispersion: Floats, power: float) -> Tails:
    """Tails of the compound Poisson-Gamma law, summed over the number of claims.

    Poisson mean mu^(2-p) / (phi (2-p)), claims Gamma with shape a = (2-p)/(p-1) and scale
    phi (p-1) mu^(p-1). The sum ends where a Poisson law has less than 1e-18 left, by Bernstein's
    inequality; its mean is that of the number of claims, or of that number given y if it is more.
    """
    shape = (2.0 - power) / (power - 1.0)
    expected = mu ** (2.0 - power) / (dispersion * (2.0 - power))
    scale = dispersion * (power - 1.0) * mu ** (power - 1.0)
    empty = y == 0
    below, at = np.zeros(len(y)), np.exp(-expected)
    above, beyond = np.ones(len(y)), -np.expm1(-expected)
    positive = np.flatnonzero(~empty)
    likely = (expected * (y / (shape * scale)) ** shape) ** (1.0 / (1.0 + shape))
    mean = np.maximum(expected, likely)[positive].max(initial=0.0)
    if not mean <= MOST_CLAIMS:
        raise ValueError(
            f"a row with {mean:.3g} expected claims takes as many terms to sum, and at most "
            f"{MOST_CLAIMS:,} are: use deviance residuals, which are as good as normal there"
        )
    most = int(mean + 15.0 + np.sqrt(190.0 + 83.0 * mean))
    low, high = at[positive], np.zeros(len(positive))
    for count in range(1, most + 1):
        share = stats.poisson.pmf(count, expected[positive])
        law = stats.gamma(count * shape, scale=scale[positive])
        low = low + share * law.cdf(y[positive])
        high = high + share * law.sf(y[positive])
    below[positive] = at[positive] = low
    above[positive] = beyond[positive] = high
    return (below, at), (above, beyond)
