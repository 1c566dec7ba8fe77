"""Which rows of stored arrays a design has: a range, or an index.

A range becomes a view of the arrays. An index (four bytes a row, in any order, with repetitions)
stays beside them, and the kernels read through it. Rows chosen from chosen rows are again one of
the two, so a part of a part costs no more than a part.
"""

import numpy as np


def choose(chosen, rows):
    """Some of the rows chosen before.

    Parameters
    ----------
    chosen : range or index
        Rows of the stored arrays.
    rows : slice, or array of whole numbers or bool
        Positions among `chosen`, as numpy counts them.

    Returns
    -------
    range or uint32 array (intp where rows are more than that counts), nobody else's memory
    """
    if isinstance(rows, slice):
        return chosen[rows] if isinstance(chosen, range) else np.ascontiguousarray(chosen[rows])
    rows = _positions(np.asarray(rows), len(chosen))
    if not isinstance(chosen, range):
        return chosen[rows]
    if chosen != range(len(chosen)):
        rows = chosen.start + chosen.step * rows.astype(np.intp, copy=False)
    last = max(chosen.start, chosen.stop)
    return rows.astype(np.uint32 if last <= 2**32 else np.intp)


def _positions(rows, n_rows):
    """The rows as numbers from 0 to n_rows - 1."""
    if rows.dtype == bool:
        if rows.shape != (n_rows,):
            raise IndexError(f"the mask has shape {rows.shape} where there are {n_rows} rows")
        return np.flatnonzero(rows)
    if rows.dtype.kind not in "iu" or rows.ndim != 1:
        raise IndexError(f"rows are a slice, or one dimension of whole numbers or bool, not {rows}")
    low, high = (int(rows.min()), int(rows.max())) if len(rows) else (0, -1)
    if low < -n_rows or high >= n_rows:
        raise IndexError(f"row {high if high >= n_rows else low} where there are {n_rows} rows")
    return np.where(rows < 0, rows + n_rows, rows) if low < 0 else rows


def rows_of(values, chosen):
    """The chosen rows of an array: a view where they are a range, else a copy."""
    if not isinstance(chosen, range):
        return values[chosen]
    stop = chosen.stop if chosen.stop >= 0 else None
    return values[chosen.start : stop : chosen.step]
