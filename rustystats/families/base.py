"""What every family answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rustystats.checks import as_numbers
from rustystats.intervals import POSITIVE, REAL, Interval
from rustystats.links import LINKS

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rustystats.links import NamedLink
    from rustystats.typing import Floats, Tails

# Links that serve means on the half-line, the default first
POSITIVE_LINKS = ("log", "identity", "sqrt", "inverse", "inverse_squared", "power")


def continuous_tails(law: Any, y: Floats) -> Tails:
    """P(Y < y) and P(Y <= y), then P(Y >= y) and P(Y > y), of a continuous law."""
    below, above = law.cdf(y), law.sf(y)
    return (below, below), (above, above)


def count_tails(law: Any, counts: Floats) -> Tails:
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
    """What every family answers beside its kernel's `variance`.

    A family adds ``loglike(y, mu, weights)``, ``anscombe(values)``, the integral of V^(-1/3) from
    0, and ``tails(y, mu, dispersion, weights)`` (see `continuous_tails`). One whose parameter the
    data can decide adds ``with_parameter(value)`` and ``estimate(y, mu, weights)``.
    """

    y_domain: Interval = REAL
    mean_domain: Interval = POSITIVE
    dispersion_fixed: bool = False  # True: the dispersion is 1 by definition of the family
    link_names: tuple[str, ...] = POSITIVE_LINKS  # the first is the default
    parameter: str | None = None  # "theta" or "var_power" where the family has one
    parameter_range: Interval | None = None  # where a profile of its likelihood can be drawn
    estimated: bool = False  # True: the data decide the parameter
    # quasi families: the name of the family whose likelihood stands in
    likelihood_of: str | None = None

    if TYPE_CHECKING:
        # of the kernel; of numbers a number, of arrays an array
        def variance(self, mu: ArrayLike) -> Any: ...
        # of each family
        def loglike(self, y: Floats, mu: Floats, weights: Floats) -> float: ...
        def anscombe(self, values: ArrayLike) -> Floats: ...
        def tails(self, y: Floats, mu: Floats, dispersion: float, weights: Floats) -> Tails: ...
        # of one whose parameter the data can decide
        def with_parameter(self, value: float) -> FamilyMixin: ...
        def profile_values(self, error: float) -> Floats: ...
        def estimate(self, y: Floats, mu: Floats, weights: Floats) -> tuple[FamilyMixin, float]: ...
        def at_edge(self) -> str | None: ...

    def name(self) -> str:
        """The string this family is asked for by."""
        return type(self).__name__.lower()

    def label(self) -> str:
        """The name in capitals, with the parameter where there is one."""
        return type(self).__name__

    def default_link(self) -> NamedLink:
        """A new object of the family's default link."""
        return LINKS[self.link_names[0]]()

    def unit_deviance(self, y: ArrayLike, mu: ArrayLike) -> Any:
        """Unit deviance d(y, mu), elementwise, with the factor 2; NaN where the family has no such
        response or mean."""
        found = super().unit_deviance(y, mu)  # type: ignore[misc]  # of the kernel
        means = self.mean_domain
        means = Interval(means.low, means.high, True, True)  # a mean may underflow to the end
        for domain, values in ((self.y_domain, y), (means, mu)):
            values = np.asarray(values, dtype=float)
            if values.size and not domain.contains([values.min(), values.max()]).all():
                found = np.where(domain.contains(values), found, np.nan)[()]
        return found

    def deviance(self, y: ArrayLike, mu: ArrayLike, weights: ArrayLike | None = None) -> float:
        """Weighted sum of the unit deviances."""
        return float(np.sum(self.unit_deviance(y, mu) * (1.0 if weights is None else weights)))

    def check_parameters(self, values: ArrayLike) -> Floats:
        """Values for a profile of the family's parameter, (k,).

        Raises
        ------
        ValueError
            If they are no sequence of numbers inside `parameter_range`.
        """
        inside, numbers = self.parameter_range, as_numbers(values, str(self.parameter))
        assert inside is not None  # a family with a parameter has its range
        if numbers.ndim != 1 or not len(numbers) or not inside.contains(numbers).all():
            outside = int(np.count_nonzero(~inside.contains(numbers)))
            raise ValueError(
                f"the values of a profile are one or more numbers inside {inside}: of the "
                f"{numbers.size} given, {outside} are not"
            )
        return numbers.astype(float)

    def start_mean(self, y: Floats, weights: Floats) -> Floats:
        """Means strictly inside the domain, one a row, to start a fit from (as R's mustart)."""
        return y

    def likelihood_ratio(self, deviance0: Any, deviance1: Any, dispersion: float, n: int) -> Any:
        """Twice the log-likelihood that a larger model (1) has over a smaller one (0).

        At one dispersion for both; NaN where it is not known.
        """
        with np.errstate(divide="ignore", invalid="ignore"):  # a perfect fit leaves no dispersion
            return np.divide(deviance0 - deviance1, dispersion)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"
