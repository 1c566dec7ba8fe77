"""Link functions as people name them; the mathematics is in `_kernels/links.pyx`.

A link is an object with ``name()``, ``link(mu)``, ``inverse(eta)`` and ``derivative(mu)``. To add
one: a class of the kernel for its two loops, a class here for its name, an entry in `LINKS`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rustystats._kernels import links as _kernels
from rustystats.checks import is_number
from rustystats.intervals import POSITIVE, REAL, UNIT_OPEN

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rustystats.families.base import FamilyMixin
    from rustystats.intervals import Interval

__all__ = [
    "LINKS",
    "CLogLog",
    "Identity",
    "Inverse",
    "InverseSquared",
    "Log",
    "Logit",
    "Power",
    "Probit",
    "Sqrt",
    "get_link",
    "named_link",
]


class NamedLink:
    """The name of a link, and how it prints.

    `means` is the interval of means it can give, or None where some linear predictors have no mean.
    `ends_at_infinity` says that the mean 0 or 1 belongs to a linear predictor without bound.
    """

    means: Interval | None = None
    ends_at_infinity: bool = False

    if TYPE_CHECKING:  # of the kernel; of numbers a number, of arrays an array

        def link(self, mu: ArrayLike) -> Any: ...
        def inverse(self, eta: ArrayLike) -> Any: ...
        def inverse_with_derivative(self, eta: ArrayLike) -> tuple[Any, Any]: ...
        def derivative(self, mu: ArrayLike) -> Any: ...

    def name(self) -> str:
        """The string this link is asked for by."""
        return type(self).__name__.lower()

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class Identity(NamedLink, _kernels.IdentityLink):
    """eta = mu.

    Examples
    --------
    >>> Identity().inverse(0.3)
    np.float64(0.3)
    """

    means: Interval | None = REAL


class Log(NamedLink, _kernels.LogLink):
    """eta = log(mu): effects multiply, as relativities do.

    Examples
    --------
    >>> Log().inverse(0.0)
    np.float64(1.0)
    """

    means: Interval | None = POSITIVE
    ends_at_infinity = True


class Logit(NamedLink, _kernels.LogitLink):
    """eta = log(mu / (1 - mu)).

    Examples
    --------
    >>> Logit().inverse(0.0)
    np.float64(0.5)
    """

    means: Interval | None = UNIT_OPEN
    ends_at_infinity = True


class Probit(NamedLink, _kernels.ProbitLink):
    """eta = Phi^-1(mu), Phi the standard normal distribution function.

    Examples
    --------
    >>> Probit().inverse(0.0)
    np.float64(0.5)
    """

    means: Interval | None = UNIT_OPEN
    ends_at_infinity = True


class CLogLog(NamedLink, _kernels.CLogLogLink):
    """eta = log(-log(1 - mu)): the probability of at least one event of a Poisson process.

    Examples
    --------
    >>> CLogLog().link(0.5).round(4)
    np.float64(-0.3665)
    """

    means: Interval | None = UNIT_OPEN
    ends_at_infinity = True


class Power(NamedLink, _kernels.PowerLink):
    """eta = mu^exponent; eta must be positive.

    Parameters
    ----------
    exponent : float, not 0
        For 0, the limit, use the log link.

    Raises
    ------
    ValueError
        If the exponent is 0 or no finite number.

    Examples
    --------
    >>> Power(0.25).inverse(2.0)
    np.float64(16.0)
    """

    def __init__(self, exponent: float) -> None:
        if not is_number(exponent) or exponent == 0 or not abs(exponent) < float("inf"):
            raise ValueError(
                f"the exponent of a power link is a number other than 0, not {exponent!r}: "
                "for 0, the limit, use the log link"
            )
        super().__init__(exponent)

    def name(self) -> str:
        """The string this link is asked for by, its exponent included."""
        return f"power({self._exponent()})"

    @property
    def ends_at_infinity(self) -> bool:  # type: ignore[override]
        """Whether the mean 0 belongs to a linear predictor without bound."""
        return self.exponent < 0

    def _exponent(self) -> str:
        """Without a decimal point where it is whole, so that the name leads back to the link."""
        return repr(self.exponent).removesuffix(".0")

    def __repr__(self) -> str:
        return f"Power({self._exponent()})"


class Sqrt(NamedLink, _kernels.PowerLink):
    """eta = sqrt(mu); eta must be positive.

    Examples
    --------
    >>> Sqrt().inverse(3.0)
    np.float64(9.0)
    """

    def __init__(self) -> None:
        super().__init__(0.5)


class Inverse(NamedLink, _kernels.PowerLink):
    """eta = 1 / mu.

    Examples
    --------
    >>> Inverse().inverse(4.0)
    np.float64(0.25)
    """

    ends_at_infinity = True

    def __init__(self) -> None:
        super().__init__(-1.0)


class InverseSquared(NamedLink, _kernels.PowerLink):
    """eta = 1 / mu^2; eta must be positive.

    Examples
    --------
    >>> InverseSquared().inverse(4.0)
    np.float64(0.5)
    """

    ends_at_infinity = True

    def __init__(self) -> None:
        super().__init__(-2.0)

    def name(self) -> str:
        """The string this link is asked for by."""
        return "inverse_squared"


LINKS: dict[str, type[NamedLink]] = {
    link().name(): link
    for link in (Identity, Log, Logit, Probit, CLogLog, Inverse, InverseSquared, Sqrt)
}


def get_link(link: str | NamedLink | None, family: FamilyMixin) -> NamedLink:
    """The link object for a name, an object, or None (the family's default).

    Parameters
    ----------
    link : str, link object or None
    family : family object

    Raises
    ------
    ValueError
        If the name is unknown or the link cannot serve the family.

    Examples
    --------
    >>> from rustystats.families import Poisson
    >>> from rustystats.links import get_link
    >>> get_link(None, Poisson()), get_link("power(0.5)", Poisson())
    (Log(), Power(0.5))
    """
    if link is None:
        return family.default_link()
    chosen = link if isinstance(link, NamedLink) else named_link(link)
    if chosen.name().partition("(")[0] not in family.link_names:
        raise ValueError(
            f"Unknown link {chosen.name()!r} for family {family.name()}: "
            f"use one of {', '.join(family.link_names).replace('power', 'power(exponent)')}"
        )
    return chosen


def named_link(name: str) -> NamedLink:
    """The link object for a name: an entry of `LINKS`, or "power(exponent)".

    Parameters
    ----------
    name : str

    Raises
    ------
    ValueError
        If there is none.

    Examples
    --------
    >>> from rustystats.links import named_link
    >>> named_link("power(0.5)").inverse(3.0)
    np.float64(9.0)
    """
    key = name.lower() if isinstance(name, str) else ""  # type: ignore[redundant-expr]
    power = re.fullmatch(r"power\(\s*([-+]?[.\d]+(?:e[-+]?\d+)?)\s*\)", key)
    if power:
        return Power(float(power[1]))
    key = key.replace("-", "_")
    if key in LINKS:
        return LINKS[key]()
    raise ValueError(f"Unknown link {name!r}: use one of {', '.join(LINKS)}, or power(exponent)")
