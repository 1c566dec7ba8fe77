"""Arrays, lists and Series as DataFrames or labels of rows."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from rustystats.frames.columns import read_columns
from rustystats.messages import counted

if TYPE_CHECKING:
    from narwhals import Implementation as Backend
    from numpy.typing import NDArray

    from rustystats.typing import Table


def read_labels(data: Any, name: str) -> Any:
    """One column of a DataFrame as it is, a Series that labels its rows."""
    return read_columns(data, [name])._frame.get_column(name).to_native()


def label_codes(labels: Any, n_rows: int, role: str) -> NDArray[np.intp]:
    """Codes 0, 1, ... of labels of any hashable kind, in order of first appearance.

    Raises
    ------
    ValueError
        If there is not one label a row, or some are missing; `role` is what it calls them.
    """
    import pandas as pd

    labels = nw.from_native(labels, allow_series=True, pass_through=True)
    if isinstance(labels, nw.Series):
        labels = labels.to_native() if labels.implementation.is_pandas() else labels.to_numpy()
    elif isinstance(labels, (list, tuple)):
        labels = pd.Series(labels)
    shape = np.shape(labels)
    if shape != (n_rows,):
        raise ValueError(
            f"{role} has shape {shape}, the fit has {n_rows} rows: pass one label a row, such as "
            "the column of the data itself"
        )
    found, _ = pd.factorize(labels)
    missing = int(np.count_nonzero(found < 0))
    if missing:
        raise ValueError(
            f"{role} has {counted(missing, 'missing label')}: give those rows a "
            "label, one of their own if they belong to no other"
        )
    return found


def is_text(values: object) -> bool:
    """Whether values are one-dimensional and text, categories or booleans, not numbers."""
    if isinstance(values, (list, tuple)):
        return any(isinstance(value, str) for value in values)
    native = nw.from_native(values, allow_series=True, pass_through=True)
    if isinstance(native, nw.Series):
        return not native.dtype.is_numeric()
    if native is not values:  # a DataFrame
        return False
    values = np.asarray(values)
    if values.ndim != 1 or values.dtype.kind != "O":
        return values.ndim == 1 and values.dtype.kind in "UST"
    return any(isinstance(value, str) for value in values)


def matrix_frame(values: NDArray[Any], names: list[str]) -> Table:
    """A two-dimensional array as a DataFrame of pandas, each column of a type of its own."""
    import pandas as pd

    return pd.DataFrame(values, columns=names).infer_objects()


def as_frame(values: Any, name: str) -> Table:
    """A list, array or Series of values as a DataFrame of one column (a list or array: pandas).

    Raises
    ------
    ValueError
        If the values are not one-dimensional.
    """
    series = nw.from_native(values, allow_series=True, pass_through=True)
    if isinstance(series, nw.Series):
        return series.alias(name).to_frame().to_native()
    import pandas as pd

    if isinstance(values, (list, tuple)):
        flat = not values or not isinstance(values[0], (list, tuple, np.ndarray))
    else:
        values = np.asarray(values)
        flat = values.ndim == 1
    if not flat:
        raise ValueError(
            f"{name!r} must be one-dimensional, one value a row, not of shape {np.shape(values)}"
        )
    return pd.Series(values, name=name).infer_objects().to_frame()


def make_frame(columns: Mapping[str, Any], backend: Any) -> Table:
    """A DataFrame from a dict of arrays, in the library `backend` (None: pandas)."""
    return nw.from_dict(columns, backend=backend or "pandas").to_native()


def frame_lists(frame: Any) -> dict[str, list[Any]]:
    """The columns of a DataFrame as a dict of lists of Python values."""
    return nw.from_native(frame, eager_only=True).to_dict(as_series=False)


def backend_name(backend: Backend | None) -> str | None:
    """The library of a DataFrame by its name, "pandas"; None stays."""
    return None if backend is None else backend.name.lower()


def named_backend(name: str) -> Backend | None:
    """The library of this name for `make_frame`; None, which is pandas, where it is not there."""
    known = {kind.name.lower(): kind for kind in nw.Implementation}
    return known[name] if name in known and find_spec(name) else None


def with_column(data: Any, name: str, values: Any) -> Table:
    """A DataFrame with a column more, the last."""
    frame = nw.from_native(data, eager_only=True)
    beside = nw.from_dict({name: values}, backend=frame.implementation)
    return frame.with_columns(beside.get_column(name)).to_native()
