"""Levels of a column by what they are called, and values looked up by them.

A level is called what the package writes for it: 1 and 1.0 are both "1". A missing value is None.
"""

import numpy as np

from rustystats import frames
from rustystats.terms.levels import label


def read_levels(values, name, n_threads=None):
    """A list, array or Series of categories as level codes."""
    return frames.read_columns(frames.as_frame(values, name), [name], n_threads).factor(name)


def level_keys(encoded, name):
    """What the levels of a column are called in dictionaries; missing is None."""
    keys = [None if level is None else label(level) for level in encoded.levels]
    return distinct(keys, name)


def look_up(encoded, keys, table, default):
    """table[key] for the level of each row, (n,) float64."""
    return np.array([table.get(key, default) for key in keys], dtype=np.float64)[encoded.codes]


def distinct(keys, name):
    """The keys, once no two of them are the same."""
    if len(set(keys)) < len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"two levels of {name!r} both read {twice!r}: rename one of them")
    return keys
