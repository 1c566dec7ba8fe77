"""Model-based covariance of the coefficients and what follows from it by the normal law.

With the Gram H = X'WX at the final means and dispersion phi, the covariance is ``phi H^-1``; for a
ridge fit ``phi (H + R)^-1 H (H + R)^-1``, the sampling covariance of the penalised estimate (which
is shrunken: intervals are centred on it, not on the truth). Aliased columns are NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import norm

from rustystats.checks import check_between_0_and_1
from rustystats.solvers.normal_equations import NormalEquations

if TYPE_CHECKING:
    from rustystats.links import NamedLink
    from rustystats.solvers.problem import Fit
    from rustystats.typing import Floats


def inverse_information(fit, ridge):
    """(X'WX + ridge)^-1 at the final means of a fit with Gram, (p, p); NaN where aliased."""
    if ridge is None:
        return fit.system.inverse()
    return NormalEquations(fit.gram + np.diag(ridge), fit.aliased).inverse()


def unscaled_covariance(fit: Fit, ridge: Floats | None) -> Floats:
    """Covariance at dispersion 1, shape (p, p); NaN for a fit without Gram, which has an L1 penalty
    or bounds: its errors are not normal, and selection makes them too small."""
    if fit.gram is None:
        if fit.method != "Gram":  # as an array of NaN it would be too large as well
            raise ValueError(
                f"the fit has no covariance: it was found by {fit.method} without the "
                "cross-products of all columns, which would be too large; bse() is NaN"
            )
        return np.full((len(fit.coef),) * 2, np.nan)
    inverse = inverse_information(fit, ridge)
    if ridge is None:
        return inverse
    keep = np.ix_(~fit.aliased, ~fit.aliased)
    inverse[keep] = inverse[keep] @ fit.gram[keep] @ inverse[keep]
    return inverse


def z_statistics(estimate: Floats, error: Floats) -> Floats:
    """Estimates over their standard errors; infinite where a perfect fit leaves no error."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return estimate / error


def two_sided_pvalues(z: Floats) -> Floats:
    """2 Pr(Z > |z|), from the survival function: exact far out in the tail."""
    return 2.0 * norm.sf(np.abs(z))


def normal_interval(estimate: Floats, error: Floats, alpha: float) -> Floats:
    """(p, 2) limits at level 1 - alpha.

    Raises
    ------
    ValueError
        If alpha is not inside (0, 1).
    """
    half = norm.isf(check_between_0_and_1(alpha, "alpha") / 2) * error
    return np.column_stack([estimate - half, estimate + half])


def mean_interval(
    eta: Floats, error: Floats, link: NamedLink, alpha: float
) -> tuple[Floats, Floats]:
    """Limits of means at level 1 - alpha, (m,) each: those of eta, taken back by the link."""
    ends = normal_interval(eta, error, alpha)
    limits = link.inverse(np.ascontiguousarray(ends.ravel())).reshape(ends.shape)
    return limits.min(axis=1), limits.max(axis=1)


def significance_code(pvalue: float) -> str:
    """R's stars."""
    for limit, code in ((0.001, "***"), (0.01, "**"), (0.05, "*"), (0.1, ".")):
        if pvalue < limit:
            return code
    return ""
