"""Frequency encoding of plain lists, arrays and Series: how much of the data a level is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rustystats import encoding
from rustystats.levels import level_keys, look_up, read_levels

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rustystats.typing import Floats


def frequency_encode(
    categories: ArrayLike,
    var_name: str = "x",
    *,
    weights: ArrayLike | None = None,
    n_threads: int | None = None,
) -> tuple[Floats, str, dict[Any, float], float, int]:
    """Encode a categorical column by how frequent its levels are: 1 for the most frequent.

    A row gets the number of rows of its level (or their weight) divided by that of the largest
    level. No response is looked at.

    Parameters
    ----------
    categories : list, array or Series of n values
    var_name : str
    weights : (n,) array, optional
        Such as the exposure.
    n_threads : int or None

    Returns
    -------
    encoded : (n,) float64
    name : str, ``"FE(var_name)"``
    level_counts : dict
        Rows, or weight, of each level.
    max_count : int or float, the largest of them
    n_rows : int

    Examples
    --------
    >>> import rustystats as rs
    >>> encoded, name, counts, most, n = rs.frequency_encode(["a", "b", "a", "c"], "brand")
    >>> encoded.tolist(), name, counts, most, n
    ([1.0, 0.5, 1.0, 0.5], 'FE(brand)', {'a': 2, 'b': 1, 'c': 1}, 2, 4)
    """
    encoded = read_levels(categories, var_name, n_threads)
    keys = level_keys(encoded, var_name)
    counts = encoding.level_volumes(encoded.codes, len(keys), weights, encoded.n_threads)
    most = counts.max()
    level_counts = dict(zip(keys, counts.tolist(), strict=True))
    return (
        (counts / most)[encoded.codes],
        f"FE({var_name})",
        level_counts,
        most.item(),
        len(encoded.codes),
    )


def apply_frequency_encoding(
    categories: ArrayLike, level_counts: Mapping[Any, float], max_count: float
) -> Floats:
    """The frequency encoding of new rows: count / max_count, and 0 for a level not seen.

    Parameters
    ----------
    categories : list, array or Series of m values
    level_counts, max_count : from `frequency_encode`

    Returns
    -------
    (m,) float64

    Raises
    ------
    ValueError
        If max_count is not positive.

    Examples
    --------
    >>> import rustystats as rs
    >>> rs.apply_frequency_encoding(["b", "z"], {"a": 4, "b": 1}, max_count=4).tolist()
    [0.25, 0.0]
    """
    if not max_count > 0:
        raise ValueError(f"max_count must be positive, the largest of the counts, not {max_count}")
    encoded = read_levels(categories, "categories")
    table = {key: count / max_count for key, count in level_counts.items()}
    return look_up(encoded, level_keys(encoded, "categories"), table, 0.0)
