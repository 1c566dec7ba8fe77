"""A numeric array or sparse matrix as it is: all columns at once, without looking at each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from rustystats._kernels.encode import count_not_finite
from rustystats.checks import as_numbers
from rustystats.design.blocks import DenseBlock, SparseBlock
from rustystats.threads import effective_n_threads


def as_matrix(X: Any) -> Any:
    """X as a two-dimensional array or csr_array, not copied if it is one.

    Raises
    ------
    ValueError
        If it has another number of dimensions.
    """
    X = _as_rows(X) if sparse.issparse(X) else np.asarray(X)
    if X.ndim != 2:
        raise ValueError(
            f"Expected 2D array, got {X.ndim}D array instead. Reshape your data: X must have one "
            "row per observation and one column per feature, X.reshape(-1, 1) for one feature"
        )
    return X


def _as_rows(X):
    """A sparse matrix as a csr_array in order without explicit zeros; of one that is so already the
    arrays are not copied."""
    if X.ndim != 2:
        return X
    rows = sparse.csr_array(X)
    if not rows.has_canonical_format or not np.all(rows.data):
        rows = rows.copy()
        rows.sum_duplicates()
        rows.eliminate_zeros()
    return rows


class ArrayColumns:
    """A two-dimensional array in the place of a DataFrame.

    Parameters
    ----------
    values : (n, k) array-like; float32 and float64 arrays of any layout are not copied. Or a sparse
        matrix or array of scipy, CSR not copied: its numbers are never stored as an array.
    n_threads : int or None
    check : bool
        Whether to look for NaN and infinity now. A fit meets them in its first pass over the rows
        and need not read a large array once more: it leaves the check to `fitting.solve`.

    Raises
    ------
    ValueError
        If it is not two-dimensional, has no rows or columns, or holds NaN or infinity.
    """

    backend = None

    matrix: Any
    n_rows: int
    asked_threads: int | None
    n_threads: int

    def __init__(self, values: Any, n_threads: int | None = None, check: bool = True) -> None:
        values = as_matrix(values)
        for size, what in zip(values.shape, ("sample(s)", "feature(s)"), strict=True):
            if size == 0:
                raise ValueError(
                    f"the data are empty: found array with 0 {what} (shape={values.shape}) while a "
                    "minimum of 1 is required."
                )
        if values.dtype not in (np.float32, np.float64):
            if sparse.issparse(values):
                values = values.astype(as_numbers(values.data[:0], "X").dtype)
            else:
                values = as_numbers(values, "X")
        self.matrix = values if sparse.issparse(values) else np.require(values, requirements="A")
        self.n_rows = values.shape[0]
        self.asked_threads = n_threads
        self.n_threads = effective_n_threads(n_threads, self.n_rows)
        if check:
            self.check_finite()

    def numbers(self, name: str) -> Any:
        """Refuse: an array has no columns by name."""
        raise ValueError(f"{name!r} names a column, but X is an array: pass the values themselves")

    def check_finite(self) -> None:
        """Raise a ValueError that counts the values that are NaN or infinite, if there are any."""
        X = self.matrix
        # ravel gives a view when the memory has no gaps
        flat = X.data if sparse.issparse(X) else X.ravel(order="K")
        if count_not_finite(flat, self.n_threads):
            if sparse.issparse(X):
                bad = np.bincount(X.indices[~np.isfinite(X.data)], minlength=X.shape[1])
            else:
                bad = np.count_nonzero(~np.isfinite(X), axis=0)
            column = int(np.argmax(bad))
            raise ValueError(
                f"X contains NaN or infinity: {int(bad.sum())} values, {int(bad[column])} of them "
                f"in column {column}; fill or drop those rows"
            )


@dataclass(frozen=True)
class ArrayFactor:
    """The columns of an array.

    Parameters
    ----------
    labels : tuple of str
    """

    labels: tuple
    columns = ()
    label = "X"
    is_categorical = False

    def learn(self, columns, training=None):
        """The factor itself."""
        return self

    def block(self, columns, full=False):
        """The array as a dense block, a sparse matrix as a sparse one.

        Raises
        ------
        ValueError
            If it has another number of columns.
        """
        width = columns.matrix.shape[1]
        if width != len(self.labels):
            raise ValueError(f"X has {width} columns, the model {len(self.labels)}")
        is_sparse = sparse.issparse(columns.matrix)
        return SparseBlock(columns.matrix) if is_sparse else DenseBlock(columns.matrix)

    def names(self, full=False):
        """Names of the columns."""
        return list(self.labels)

    def meaning(self, full=False):
        """Nothing beside its name."""
        return ""
