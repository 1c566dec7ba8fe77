"""Rows of weight 0 say nothing: the others, of arrays, of columns, of a DataFrame."""

from dataclasses import fields, replace

import numpy as np

from rustystats import frames


class KeptRows:
    """The rows with a weight above 0.

    Parameters
    ----------
    rows : Rows or Portfolio, those given
    """

    def __init__(self, rows):
        weights, self.n_given = rows.weights, len(rows)
        self._at = None if weights is None or weights.min() > 0 else np.flatnonzero(weights > 0)

    def of(self, given):
        """Their part of an array or of `Columns`; None of None."""
        return given if given is None or self._at is None else given.take(self._at)

    def rows(self, rows):
        """`Rows` or a `Portfolio` of them alone."""
        given = {part.name: getattr(rows, part.name) for part in fields(rows)}
        arrays = {name: value for name, value in given.items() if isinstance(value, np.ndarray)}
        return replace(rows, **{name: self.of(values) for name, values in arrays.items()})

    def read(self, data, names, n_threads):
        """`Columns` of a DataFrame of the rows given; what is `Columns` already are theirs."""
        if hasattr(data, "encoded"):
            return data
        columns = frames.read_columns(data, names, n_threads)
        if columns.n_rows != self.n_given:
            raise ValueError(
                f"the data have {columns.n_rows} rows, the response has {self.n_given}: pass the "
                "data of the same rows, in their order"
            )
        return self.of(columns)
