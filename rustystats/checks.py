"""What a user's numbers are, and what they must be."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rustystats.typing import Floats


def is_number(value: Any) -> bool:
    """Whether a value is a real number and no bool."""
    return not isinstance(value, bool) and isinstance(value, Real)


def is_whole(value: Any) -> bool:
    """Whether a value is a whole number and no bool."""
    return not isinstance(value, bool) and hasattr(value, "__index__")


def as_numbers(values: ArrayLike, role: str) -> Floats:
    """An array as float64; texts, dates and complex numbers are refused."""
    values = np.asarray(values)
    if values.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: {role} is {values.dtype}")
    if values.dtype.kind not in "biufO":
        raise ValueError(f"{role} must be numbers, not {values.dtype}")
    try:
        return values.astype(np.float64, copy=False)
    except ValueError as error:
        raise ValueError(f"{role} must be numbers: {error}") from None


def check_tol(tol: Any, name: str) -> None:
    """A tolerance is a positive number."""
    if not (is_number(tol) and np.isfinite(tol) and tol > 0):
        raise ValueError(f"{name} must be a positive number, not {tol!r}")


def check_count(count: Any, name: str) -> int:
    """A number of steps, rows or draws is whole, and at least 1."""
    if not is_whole(count) or count < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, not {count!r}")
    return int(count)


def check_between_0_and_1(value: Any, name: str) -> float:
    """A level or a share is neither 0 nor 1."""
    if not is_number(value) or not 0 < value < 1:
        raise ValueError(f"{name} must lie between 0 and 1, not {value!r}")
    return float(value)
