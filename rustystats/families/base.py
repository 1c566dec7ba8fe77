"""What every family answers."""

import numpy as np

from rustystats.codes import as_numbers
from rustystats.intervals import POSITIVE, REAL
from rustystats.links import LINKS

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
    mean_domain = POSITIVE
    dispersion_fixed = False  # True: the dispersion is 1 by definition of the family
    link_names = POSITIVE_LINKS  # the first is the default
    parameter = None  # "theta" or "var_power" where the family has one
    parameter_range = None  # where a profile of its likelihood can be drawn
    estimated = False  # True: the data decide the parameter
    likelihood_of = None  # quasi families: the name of the family whose likelihood stands in

    def name(self):
        """The string this family is asked for by."""
        return type(self).__name__.lower()

    def label(self):
        """The name in capitals, with the parameter where there is one."""
        return type(self).__name__

    def default_link(self):
        """A new object of the family's default link."""
        return LINKS[self.link_names[0]]()

    def deviance(self, y, mu, weights=None):
        """Weighted sum of the unit deviances."""
        return float(np.sum(self.unit_deviance(y, mu) * (1.0 if weights is None else weights)))

    def check_parameters(self, values):
        """Values for a profile of the family's parameter, (k,).

        Raises
        ------
        ValueError
            If they are no sequence of numbers inside `parameter_range`.
        """
        inside, values = self.parameter_range, as_numbers(values, self.parameter)
        if values.ndim != 1 or not len(values) or not inside.contains(values).all():
            outside = int(np.count_nonzero(~inside.contains(values)))
            raise ValueError(
                f"the values of a profile are one or more numbers inside {inside}: of the "
                f"{values.size} given, {outside} are not"
            )
        return values.astype(float)

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
