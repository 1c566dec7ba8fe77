"""Families of proportions: Binomial and its quasi form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special, stats

from rustystats._kernels import families as _kernels
from rustystats.families.base import FamilyMixin, count_tails
from rustystats.families.quasi import QuasiMixin
from rustystats.intervals import UNIT, UNIT_OPEN

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rustystats.typing import Floats, Tails


class Binomial(FamilyMixin, _kernels.BinomialFamily):
    """0/1, or proportions with the trials as weights: V(mu) = mu (1 - mu), dispersion 1.

    Examples
    --------
    >>> Binomial().variance(0.5)
    np.float64(0.25)
    """

    y_domain = UNIT
    mean_domain = UNIT_OPEN
    dispersion_fixed = True
    link_names: tuple[str, ...] = ("logit", "probit", "cloglog", "log", "identity")

    def start_mean(self, y: Floats, weights: Floats) -> Floats:
        """Half a success among one more trial."""
        return (weights * y + 0.5) / (weights + 1.0)

    def loglike(self, y: Floats, mu: Floats, weights: Floats) -> float:
        """Sum of w [y log mu + (1 - y) log(1 - mu)], with log C(w, w y) where w counts trials."""
        total = np.sum(weights * (special.xlogy(y, mu) + special.xlog1py(1 - y, -mu)))
        successes = weights * y
        if np.allclose(weights, np.round(weights)) and np.allclose(successes, np.round(successes)):
            total += np.sum(
                special.gammaln(weights + 1)
                - special.gammaln(successes + 1)
                - special.gammaln(weights - successes + 1)
            )
        return float(total)

    def anscombe(self, values: ArrayLike) -> Floats:
        """Incomplete beta function B(mu; 2/3, 2/3)."""
        return special.betainc(2 / 3, 2 / 3, values) * special.beta(2 / 3, 2 / 3)

    def tails(self, y: Floats, mu: Floats, dispersion: float, weights: Floats) -> Tails:
        """Weight times the proportion is Binomial(weight, mu).

        Raises
        ------
        ValueError
            If a weight is no number of trials.
        """
        broken = int(np.count_nonzero(weights != np.round(weights)))
        if broken:
            raise ValueError(
                f"the weight is no whole number of trials in {broken} rows, and the binomial has "
                "no distribution there: use deviance residuals"
            )
        return count_tails(stats.binom(weights, mu), weights * y)


class QuasiBinomial(QuasiMixin, Binomial):
    """Binomial variance with a dispersion that is estimated: Var = phi mu (1 - mu) / w.

    Examples
    --------
    >>> QuasiBinomial().dispersion_fixed
    False
    """
