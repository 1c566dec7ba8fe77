"""Numbers and values as JSON has them, and back to the same bits.

A finite float is written by `repr`, which reads back exactly; JSON has no other, so where numbers
stand by themselves they are the texts "nan", "inf", "-inf", and where a text could stand as well
``{"number": "inf"}``. What else a model holds than None, booleans, numbers, texts and lists of
these is refused when it is saved.
"""

from datetime import date, time, timedelta
from math import isfinite

import numpy as np

NOT_FINITE = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}


def from_number(value):
    """A float, or None, for a file."""
    if value is None:
        return None
    value = float(value)
    return value if isfinite(value) else str(value)


def to_number(given):
    """The float, or None, that `from_number` wrote."""
    if given is None:
        return None
    if isinstance(given, str):
        return NOT_FINITE[given]
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        raise ValueError(f"{given!r} is no number")
    return float(given)


def from_array(values):
    """A vector of numbers as a list; None stays."""
    if values is None:
        return None
    values = np.asarray(values, dtype=float)
    listed = values.tolist()
    return listed if np.isfinite(values).all() else list(map(from_number, listed))


def to_array(given, length=None):
    """The float64 vector that `from_array` wrote, of this length where one is said; None stays."""
    if given is None:
        return None
    if not isinstance(given, list):
        raise ValueError(f"numbers are expected in a list, not {given!r}")
    if length is not None and len(given) != length:
        raise ValueError(f"{len(given)} numbers where there must be {length}")
    return np.array(list(map(to_number, given)), dtype=float)


def from_value(value, what):
    """An argument of a factor: None, a boolean, number, text, or a list of them.

    Raises
    ------
    ValueError
        For anything else, with what it is of.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else {"number": str(value)}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [from_value(item, what) for item in value]
    remedy = "pass the same as a number or a text"
    if isinstance(value, (date, time, timedelta)):
        remedy = f"pass it as a text, {str(value)!r}, and make the column texts as well"
    raise ValueError(
        f"{what} is a {type(value).__name__} ({value!r}), which a model file has no place for: "
        f"{remedy}, or keep the model by other means"
    )


def to_value(given):
    """The value that `from_value` wrote; lists are tuples."""
    if isinstance(given, list):
        return tuple(map(to_value, given))
    if isinstance(given, dict):
        return NOT_FINITE[given["number"]]
    return given


def to_texts(given):
    """A tuple of texts."""
    if not isinstance(given, list) or not all(isinstance(text, str) for text in given):
        raise ValueError("texts are expected in a list")
    return tuple(given)


def to_text(given):
    """A text."""
    if not isinstance(given, str):
        raise ValueError(f"{given!r} is no text")
    return given


def to_whole(given, limit=None):
    """A whole number of 0 or more, below a limit."""
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        raise ValueError(f"{given!r} is no whole number of 0 or more")
    if limit is not None and given >= limit:
        raise ValueError(f"{given} is not below {limit}")
    return given
