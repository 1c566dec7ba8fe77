"""Levels of a column by what they are called, and values looked up by them.

A level is called what the package writes for it: 1 and 1.0 are both "1". A missing value is None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rustystats import frames
from rustystats.terms.levels import label

if TYPE_CHECKING:
    from rustystats.frames.columns import Encoded
    from rustystats.typing import Floats


def read_levels(values: Any, name: str, n_threads: int | None = None) -> Encoded:
    """A list, array or Series of categories as level codes."""
    return frames.read_columns(frames.as_frame(values, name), [name], n_threads).factor(name)


def level_keys(encoded: Encoded, name: str) -> list[Any]:
    """What the levels of a column are called in dictionaries; missing is None."""
    keys = [None if level is None else label(level) for level in encoded.levels]
    return distinct(keys, name)


def look_up(
    encoded: Encoded, keys: Sequence[Any], table: Mapping[Any, float], default: float
) -> Floats:
    """table[key] for the level of each row, (n,) float64."""
    return np.array([table.get(key, default) for key in keys], dtype=np.float64)[encoded.codes]


def distinct(keys: list[Any], name: str) -> list[Any]:
    """The keys, once no two of them are the same."""
    if len(set(keys)) < len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"two levels of {name!r} both read {twice!r}: rename one of them")
    return keys
