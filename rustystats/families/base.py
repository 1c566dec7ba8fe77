"""What every family answers, and the intervals that are the domains of responses."""

from dataclasses import dataclass

import numpy as np

from rustystats.links import LINKS


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

# Links that serve means on the half-line, the default first
POSITIVE_LINKS = ("log", "identity", "sqrt", "inverse", "inverse_squared", "power")


def continuous_tails(law, y):
    """P(Y < y) and P(Y <= y), then P(Y >= y) and P(Y > y), of a continuous law."""
    below, above = law.cdf(y), law.sf(y)
    return (below, below), (above, above)


def count_tails(law, counts):
    """The same of a law on the whole numbers.

    Raises
    ------
    ValueError
        If some counts are not whole.
    """
    whole = np.round(counts)
    if not np.allclose(counts, whole, rtol=1e-9, atol=1e-9):
        raise ValueError(
            "the response, times its weight, is no whole number in "
            f"{int(np.sum(~np.isclose(counts, whole)))} rows, and a count has no distribution "
            "there: fit counts with an exposure, or proportions with the trials as weights"
        )
    return (law.cdf(whole - 1), law.cdf(whole)), (law.sf(whole - 1), law.sf(whole))


class FamilyMixin:
    """What every family answers beside its kernel's `variance` and `unit_deviance`.

    A family adds ``loglike(y, mu, weights)``, ``anscombe(values)``, the integral of V^(-1/3) from
    0, and ``tails(y, mu, dispersion, weights)`` (see `continuous_tails`). One whose parameter the
    data can decide adds ``with_parameter(value)`` and ``estimate(y, mu, weights)``.
    """

    y_domain = REAL
    dispersion_fixed = False  # True: the dispersion is 1 by definition of the family
    link_names = POSITIVE_LINKS  # the first is the default
    parameter = None  # "theta" or "var_power" where the family has one
    estimated = False  # True: the data decide the parameter
    likelihood_of = None  # quasi families: the name of the family whose likelihood stands in

    def name(self):
        """The string this family is asked for by."""
        return type(self).__name__.lower()

    def label(self):
        """How summaries call this family."""
        return type(self).__name__

    def default_link(self):
        """A new object of the family's default link."""
        return LINKS[self.link_names[0]]()

    def deviance(self, y, mu, weights=None):
        """Weighted sum of the unit deviances."""
        return float(np.sum(self.unit_deviance(y, mu) * (1.0 if weights is None else weights)))

    def start_mean(self, y, weights):
        """Means strictly inside the domain, one a row, to start a fit from (as R's mustart)."""
        return y

    def likelihood_ratio(self, deviance0, deviance1, dispersion, n):
        """Twice the log-likelihood that a larger model (1) has over a smaller one (0).

        At one dispersion for both; NaN where it is not known.
        """
        with np.errstate(divide="ignore", invalid="ignore"):  # a perfect fit leaves no dispersion
            return np.divide(deviance0 - deviance1, dispersion)

    def __repr__(self):
        return f"{type(self).__name__}()"
