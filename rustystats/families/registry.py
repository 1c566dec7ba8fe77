"""The one list of families, and how a family is found by its name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from rustystats.families.base import FamilyMixin
from rustystats.families.binomial import Binomial, QuasiBinomial
from rustystats.families.continuous import Gamma, Gaussian, InverseGaussian
from rustystats.families.counts import NegativeBinomial, Poisson, QuasiPoisson
from rustystats.families.tweedie import Tweedie

if TYPE_CHECKING:
    from rustystats.typing import Estimable

FAMILIES: dict[str, type[FamilyMixin]] = {
    kind().name(): kind
    for kind in (
        Gaussian,
        Poisson,
        Binomial,
        Gamma,
        InverseGaussian,
        Tweedie,
        QuasiPoisson,
        QuasiBinomial,
        NegativeBinomial,
    )
}
SPELLINGS = {"normal": "gaussian", "negativebinomial": "negbinomial", "nb": "negbinomial"}


def get_family(
    family: str | FamilyMixin,
    var_power: Estimable = None,
    theta: Estimable = None,
    defaults: Mapping[str, float | Literal["auto"]] | None = None,
) -> FamilyMixin:
    """The family object for a name (case, hyphens and underscores aside) or an object.

    Parameters
    ----------
    family : str or family object
    var_power, theta : float, "auto" or None
        Parameter of a Tweedie or negative binomial family given by name.
    defaults : dict of parameter to the value that None stands for, or None
        Where it says nothing, the default of the class.

    Raises
    ------
    ValueError
        If the name is unknown, or a parameter is given that the family does not have.

    Examples
    --------
    >>> from rustystats.families import get_family
    >>> get_family("Inverse-Gaussian"), get_family("tweedie", var_power=1.6)
    (InverseGaussian(), Tweedie(var_power=1.6))
    """
    asked = {"var_power": var_power, "theta": theta}
    given: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    if isinstance(family, FamilyMixin):
        if given:
            name, value = next(iter(given.items()))
            raise ValueError(f"{name}={value!r} beside a family object: give it to {family!r}")
        return family
    kind = None
    if isinstance(family, str):
        key = re.sub(r"[-_ ]", "", family.lower())
        key = SPELLINGS.get(key, key)
        plain = {name.replace("_", ""): kind for name, kind in FAMILIES.items()}
        kind = plain.get(key)
    if kind is None:
        unknown: Any = family
        written = (
            f"{unknown.__name__} (a class: write {unknown.__name__}())"
            if isinstance(unknown, type)
            else repr(unknown)
        )
        raise ValueError(f"Unknown family {written}: use one of {', '.join(FAMILIES)}")
    foreign = [name for name in given if name != kind.parameter]
    if foreign:
        raise ValueError(
            f"{foreign[0]}={given[foreign[0]]!r} is no parameter of family {family!r}: leave it out"
        )
    if kind.parameter is not None and defaults is not None and kind.parameter in defaults:
        given = {kind.parameter: defaults[kind.parameter]} | given
    return kind(**given)
