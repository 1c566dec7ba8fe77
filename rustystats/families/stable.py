"""The Tweedie density for powers above 2, from the positive stable law it is a tilting of.

With alpha = (p - 2) / (p - 1) and zeta = y^(2-p) / (phi (p-1) (p-2)), Zolotarev's integral for the
density of the positive stable law of index alpha (Zolotarev 1986, One-dimensional Stable
Distributions, section 2.2; Kanter 1975, Annals of Probability 3:697-707) gives

    f(y) = exp(-d(y, mu) / (2 phi)) * (p - 2) zeta / (pi y) * int_0^pi r exp(-zeta (r - 1)) du,
    r(u) = A(u) / A(0),
    A(u) = [sin(alpha u) / sin(u)]^(1 / (1 - alpha)) sin((1 - alpha) u) / sin(alpha u).

Nothing cancels: the integrand is positive and what is large, exp(zeta), is in the deviance. With
``r - 1 = sinh(v)^2`` it is exp(-zeta sinh(v)^2) times a function of v that depends on p alone and
is tabulated once; it is even and analytic, so the trapezoidal rule with some 60 points has an error
near rounding for every zeta. (p = 3: the integral is sqrt(pi / zeta), the inverse Gaussian.)
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import CubicSpline

if TYPE_CHECKING:
    from rustystats.typing import Floats

GRID = 0.005  # of the table: cubic interpolation errs by 1e-10
COARSEST = 0.125  # step of the rule where zeta is small: error exp(-pi^2 / (2 step))
NEGLIGIBLE = 40.0  # exp(-40) of the peak is left out
LARGEST = 25.0  # v: zeta down to 1e-20


def log_stable_factor(y: Floats, dispersion: Floats, power: float) -> Floats:
    """Log-density plus d(y, mu) / (2 phi), elementwise, for power > 2.

    Parameters
    ----------
    y, dispersion : (n,) positive
    power : float > 2

    Returns
    -------
    (n,) ndarray
    """
    zeta = y ** (2.0 - power) / (dispersion * (power - 1.0) * (power - 2.0))
    reach = np.arcsinh(np.sqrt(NEGLIGIBLE / zeta))
    step = np.minimum(COARSEST, 0.4 / np.sqrt(zeta))
    table = _log_table((power - 2.0) / (power - 1.0))
    logs = np.full(len(y), -np.inf)
    for k in range(int(np.max(reach / step, initial=0.0)) + 1):
        v = k * step
        term = table(np.minimum(v, LARGEST)) - zeta * np.sinh(np.minimum(v, reach)) ** 2
        term = np.where(v <= reach, term - (np.log(2.0) if k == 0 else 0.0), -np.inf)
        logs = np.logaddexp(logs, term)
    return np.log((power - 2.0) * zeta * step / (np.pi * y)) + logs


@functools.lru_cache(maxsize=8)
def _log_table(alpha: float) -> CubicSpline:
    """Spline of log(r du/dv) over v, where r = cosh(v)^2."""
    v = np.arange(GRID, LARGEST + 2 * GRID, GRID)
    log_r = 2.0 * np.logaddexp(v, -v) - np.log(4.0)
    low, high = np.full_like(v, -60.0), np.full_like(v, 200.0)
    for _ in range(70):  # bisection in w = log tan(u / 2), which resolves both ends
        middle = 0.5 * (low + high)
        above = _log_ratio(middle, alpha)[0] > log_r
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    _, slope = _log_ratio(0.5 * (low + high), alpha)
    # d log r / dv = 2 tanh(v), so du/dv = 2 tanh(v) / (d log r / du)
    values = log_r + np.log(2.0 * np.tanh(v)) - np.log(slope)
    first = 0.5 * np.log(2.0 / alpha)  # at v = 0: log r = alpha u^2 / 2
    return CubicSpline(np.r_[0.0, v], np.r_[first, values], bc_type=((1, 0.0), "not-a-knot"))


def _log_ratio(w: Floats, alpha: float) -> tuple[Floats, Floats]:
    """log r and its slope in u, at tan(u / 2) = exp(w)."""
    u, rest = 2.0 * np.arctan(np.exp(w)), 2.0 * np.arctan(np.exp(-w))  # rest = pi - u, exactly

    def log_sinc(factor: float) -> Floats:
        sine = np.sin(rest) if factor == 1.0 else np.sin(factor * u)
        return np.log(sine / (factor * u))

    def slope(factor: float) -> Floats:  # of log_sinc in u
        tangent = -np.tan(rest) if factor == 1.0 else np.tan(factor * u)
        return factor / tangent - 1.0 / u

    parts = [(1.0 / (1.0 - alpha) - 1.0, alpha), (-1.0 / (1.0 - alpha), 1.0), (1.0, 1.0 - alpha)]
    zero = np.zeros_like(u)
    return (
        sum((weight * log_sinc(factor) for weight, factor in parts), start=zero),
        sum((weight * slope(factor) for weight, factor in parts), start=zero),
    )
