"""What `DiagnosticsComputer` is given: arrays, checked; a family by name; names of columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from rustystats.checks import as_numbers
from rustystats.families import get_family

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rustystats.families.base import FamilyMixin
    from rustystats.links import NamedLink
    from rustystats.typing import Floats


def columns_of(feature: str) -> set[str]:
    """The data columns that a design column is made of, and its parts, read from its name.

    Examples
    --------
    >>> {"Area", "VehAge"} < columns_of("bs(VehAge, 2/5):Area[T.B]")
    True
    >>> "Age" in columns_of("bs(VehAge, 2/5):Area[T.B]")
    False
    """
    parts = [re.sub(r"\[.*?\]$", "", part) for part in feature.split(":")]
    inside = [name for part in parts for name in re.findall(r"[A-Za-z_][\w.]*(?![\w.]*\()", part)]
    return {*parts, *inside}


def read_family(family: str | FamilyMixin, var_power: float, theta: float) -> FamilyMixin:
    """A family by name, its parameter beside it or in it."""
    if not isinstance(family, str):
        return get_family(family)
    name, _, inside = family.partition("(")
    parameter = get_family(name).parameter
    value: Any = {"var_power": var_power, "theta": theta}.get(parameter or "")
    if inside:
        value = float(inside.rstrip(")").partition("=")[2])
    return get_family(name, **({} if parameter is None else {parameter: value}))


def read_vectors(given: Mapping[str, ArrayLike]) -> dict[str, Floats]:
    """Arrays as (n,) float64 without missing numbers, all of the length of y."""
    vectors = {
        role: np.ascontiguousarray(as_numbers(values, role), dtype=np.float64)
        for role, values in given.items()
    }
    shape = vectors["y"].shape
    for role, values in vectors.items():
        if values.ndim != 1 or values.shape != shape or not len(values):
            raise ValueError(f"{role} has shape {values.shape}, y has {shape}: one number a row")
        bad = int(np.count_nonzero(~np.isfinite(values)))
        if bad:
            raise ValueError(f"{role} is missing or infinite in {bad} rows: fill or drop those")
    return vectors


def check_domains(vectors: Mapping[str, Floats], family: FamilyMixin, link: NamedLink) -> None:
    """Refuse what is outside its domain, and a linear predictor of another link."""
    for role, domain in (("y", family.y_domain), ("mu", family.mean_domain)):
        bad = int(np.count_nonzero(~domain.contains(vectors[role])))
        if bad:
            raise ValueError(
                f"{role} is outside {domain} in {bad} rows, where the {family.name()} family "
                "cannot be"
            )
    if "exposure" in vectors and vectors["exposure"].min() <= 0:
        bad = int(np.count_nonzero(vectors["exposure"] <= 0))
        raise ValueError(f"exposure is zero or negative in {bad} rows: drop or correct those")
    if "weights" in vectors and not (vectors["weights"].min() >= 0 < vectors["weights"].max()):
        raise ValueError("weights are 0 or more, and some of them above 0")
    some = slice(None, None, max(1, len(vectors["y"]) // 1000))
    mu = link.inverse(vectors["linear_predictor"][some])
    if not np.allclose(mu, vectors["mu"][some], rtol=1e-6, atol=1e-12):
        raise ValueError(
            f"linear_predictor is not the {link.name()} of mu: pass link= as fitted, and both "
            "with offset and exposure"
        )
