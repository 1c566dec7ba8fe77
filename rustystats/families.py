"""Families as people name them: domains, variance, deviance, log-likelihood.

The row loops (variance function, unit deviance) are the kernel class each family inherits from;
what is here is read once per fit. Log-likelihoods are R's (`logLik.glm`): at the dispersion R uses
where one has to be plugged in. To add a family: a kernel class, a class here, an entry in
`FAMILIES`; nothing else branches on a family.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from rustystats._kernels import families as _kernels
from rustystats.links import LINKS

__all__ = ["Binomial", "Gamma", "Gaussian", "Interval", "Poisson", "get_family"]


@dataclass(frozen=True)
class Interval:
    """An interval of the real line, each end in it or not.

    Examples
    --------
    >>> Interval(0, np.inf, low_closed=True).contains([-1.0, 0.0, 2.0])
    array([False,  True,  True])
    """

    low: float
    high: float
    low_closed: bool = False
    high_closed: bool = False

    def contains(self, values):
        """Elementwise: is the value in the interval? NaN is not."""
        values = np.asarray(values)
        above = values >= self.low if self.low_closed else values > self.low
        below = values <= self.high if self.high_closed else values < self.high
        return above & below

    def __str__(self):
        left, right = "[" if self.low_closed else "(", "]" if self.high_closed else ")"
        return f"{left}{self.low:g}, {self.high:g}{right}"


REAL = Interval(-np.inf, np.inf)
POSITIVE = Interval(0.0, np.inf)
NON_NEGATIVE = Interval(0.0, np.inf, low_closed=True)
UNIT = Interval(0.0, 1.0, True, True)


class FamilyMixin:
    """What every family answers beside its kernel's `variance` and `unit_deviance`."""

    y_domain = REAL
    dispersion_fixed = False  # True: the dispersion is 1 by definition of the family
    link_names = ("identity",)  # the first is the default

    def name(self):
        """The string this family is asked for by."""
        return type(self).__name__.lower()

    def default_link(self):
        """A new object of the family's default link."""
        return LINKS[self.link_names[0]]()

    def deviance(self, y, mu, weights=None):
        """Weighted sum of the unit deviances."""
        return float(np.sum(self.unit_deviance(y, mu) * (1.0 if weights is None else weights)))

    def start_mean(self, y, weights):
        """Means strictly inside the domain, one a row, to start a fit from (as R's mustart)."""
        return y

    def __repr__(self):
        return f"{type(self).__name__}()"


class Gaussian(FamilyMixin, _kernels.GaussianFamily):
    """Normal response: V(mu) = 1.

    Examples
    --------
    >>> Gaussian().unit_deviance(3.0, 1.0)
    np.float64(4.0)
    """

    link_names = ("identity", "log")

    def loglike(self, y, mu, weights):
        """Log-likelihood at the maximum-likelihood dispersion deviance / n."""
        n = np.count_nonzero(weights)
        sigma2 = self.deviance(y, mu, weights) / n
        if sigma2 == 0:
            return np.inf
        log_weights = np.sum(np.log(weights[weights > 0]))
        return float(0.5 * (log_weights - n * (np.log(2 * np.pi * sigma2) + 1)))


class Poisson(FamilyMixin, _kernels.PoissonFamily):
    """Counts: V(mu) = mu, dispersion 1.

    Examples
    --------
    >>> Poisson().variance(0.1)
    np.float64(0.1)
    """

    y_domain = NON_NEGATIVE
    dispersion_fixed = True
    link_names = ("log", "identity")

    def start_mean(self, y, weights):
        """A tenth of a claim on top keeps empty rows inside the domain."""
        return y + 0.1

    def loglike(self, y, mu, weights):
        """Sum of w log Pr(Y = y)."""
        return float(np.sum(weights * (special.xlogy(y, mu) - mu - special.gammaln(y + 1))))


class Binomial(FamilyMixin, _kernels.BinomialFamily):
    """0/1, or proportions with the trials as weights: V(mu) = mu (1 - mu), dispersion 1.

    Examples
    --------
    >>> Binomial().variance(0.5)
    np.float64(0.25)
    """

    y_domain = UNIT
    dispersion_fixed = True
    link_names = ("logit", "log", "identity")

    def start_mean(self, y, weights):
        """Half a success among one more trial."""
        return (weights * y + 0.5) / (weights + 1.0)

    def loglike(self, y, mu, weights):
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


class Gamma(FamilyMixin, _kernels.GammaFamily):
    """Positive amounts with constant coefficient of variation: V(mu) = mu^2.

    Examples
    --------
    >>> Gamma().variance(3.0)
    np.float64(9.0)
    """

    y_domain = POSITIVE
    link_names = ("log", "identity")

    def loglike(self, y, mu, weights):
        """Log-likelihood at the dispersion deviance / sum(w), as R's."""
        phi = self.deviance(y, mu, weights) / np.sum(weights)
        if phi == 0:
            return np.inf
        shape = 1.0 / phi
        scaled = y / (mu * phi)
        density = (shape - 1) * np.log(scaled) - scaled - np.log(mu * phi) - special.gammaln(shape)
        return float(np.sum(weights * density))


FAMILIES = {
    "gaussian": Gaussian,
    "normal": Gaussian,
    "poisson": Poisson,
    "binomial": Binomial,
    "gamma": Gamma,
}


def get_family(family):
    """The family object for a name (case and hyphens aside) or an object.

    Raises
    ------
    ValueError
        If the name is unknown.
    """
    if isinstance(family, FamilyMixin):
        return family
    if isinstance(family, str):
        key = family.lower().replace("-", "_")
        if key in FAMILIES:
            return FAMILIES[key]()
    raise ValueError(f"Unknown family {family!r}: use one of {', '.join(FAMILIES)}")
