"""Columns of a DataFrame as arrays, each coded once.

`read_columns` looks up the columns a model names in pandas, polars (eager or lazy), pyarrow or
anything narwhals supports, and hands them on as `Columns`: level codes where a column has few
distinct values, numbers otherwise. Each column is coded once, however many terms use it. Nothing
is copied that can be viewed; a LazyFrame is collected for the named columns only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from rustystats import codes
from rustystats.frames.coding import CATEGORIES, MAX_FACTOR_LEVELS, encode_levels
from rustystats.messages import check_known, counted
from rustystats.threads import effective_n_threads

if TYPE_CHECKING:
    from narwhals import Implementation as Backend
    from numpy.typing import NDArray

# what pandas calls the kinds of Python numbers in a column of dtype object, missing ones aside
NUMBERS_AS_OBJECTS = ("integer", "floating", "mixed-integer-float", "decimal")
CODING_ROWS = 500_000  # coding takes a nanosecond or two a row: fewer do not pay for a thread


@dataclass(frozen=True, eq=False)
class Encoded:
    """A column as level codes: ``levels[codes]`` are its values.

    levels is an array of numbers or of objects, sorted (an ordered categorical keeps its order).
    Missing values are a level of their own, the last: NaN among numbers, else None.
    """

    codes: np.ndarray
    levels: np.ndarray
    n_threads: int = 1

    @property
    def is_numeric(self) -> bool:
        """Are the levels numbers?"""
        return self.levels.dtype.kind in "iuf"

    @cached_property
    def counts(self) -> NDArray[np.intp]:
        """Rows of each level."""
        return codes.count_codes(self.codes, len(self.levels), self.n_threads)

    @property
    def missing(self) -> NDArray[np.intp]:
        """Position of the level that stands for missing values, in an array, empty without one."""
        last = self.levels[-1:]
        nothing: Any = None
        missing = np.isnan(last) if last.dtype.kind == "f" else np.equal(last, nothing)
        return np.flatnonzero(missing) + len(self.levels) - 1


def read_columns(data: Any, names: Iterable[str], n_threads: int | None = None) -> Columns:
    """The named columns of a DataFrame, LazyFrame, Table or dict of arrays.

    Raises
    ------
    TypeError
        If data is no DataFrame.
    ValueError
        If a column is unknown, or the data have no rows.
    """
    names = list(dict.fromkeys(names))
    frame = _to_narwhals(data)
    schema = frame.collect_schema()
    known = schema.names()
    check_known(names, known)
    if isinstance(frame, nw.LazyFrame):
        # At least one column is collected: the number of rows must be known.
        frame = frame.select(names or known[:1]).collect()
    return Columns(_numbers_of_objects(frame, schema, names), n_threads)


def _to_narwhals(data):
    if isinstance(data, dict):
        import pandas as pd

        data = pd.DataFrame(data)
    try:
        return nw.from_native(data)
    except TypeError:
        raise TypeError(
            f"data must be a DataFrame (pandas, polars, pyarrow), not {type(data).__name__}"
        ) from None


def _numbers_of_objects(frame, schema, names):
    """The frame with those of the columns that hold numbers as Python objects as numbers.

    pandas keeps the decimals of a data base, or a row-wise `apply`, with dtype object.
    """
    if not frame.implementation.is_pandas():
        return frame
    import pandas as pd

    found = []
    for name in names:
        if schema[name] == nw.Object:
            native = frame.get_column(name).to_native()
            if pd.api.types.infer_dtype(native) in NUMBERS_AS_OBJECTS:
                numbers = nw.from_native(pd.to_numeric(native), series_only=True)
                found.append(numbers.alias(name))
    return frame.with_columns(*found) if found else frame


def is_frame(data: object) -> bool:
    """Whether data is a DataFrame of a kind that is known here."""
    if isinstance(data, np.ndarray):  # known at once, where narwhals asks every library in turn
        return False
    return isinstance(nw.from_native(data, pass_through=True), (nw.DataFrame, nw.LazyFrame))


def column_names(data: Any) -> list[str]:
    """Names of all columns."""
    return _to_narwhals(data).collect_schema().names()


def column_kinds(data: Any) -> dict[str, str]:
    """What each column holds, by name: "number", "boolean", "category" or another type's name."""

    def kind(dtype):
        if dtype == nw.Boolean:
            return "boolean"
        if dtype in CATEGORIES:
            return "category"
        return "number" if dtype.is_numeric() else str(dtype)

    frame = _to_narwhals(data)
    schema = frame.collect_schema()
    numbers = _numbers_of_objects(frame, schema, schema.names())
    schema = schema if numbers is frame else numbers.collect_schema()
    return {name: kind(dtype) for name, dtype in schema.items()}


class Columns:
    """Columns of a DataFrame as arrays, coded on demand and once."""

    n_rows: int
    asked_threads: int | None
    n_threads: int
    coding_threads: int

    def __init__(self, frame: Any, n_threads: int | None = None) -> None:
        self._frame = frame
        self._schema = frame.collect_schema()
        self._encoded: dict[Any, Encoded | None] = {}
        self.n_rows = len(frame)
        self.asked_threads = n_threads  # a model predicts with what it was asked to fit with
        self.n_threads = effective_n_threads(n_threads, self.n_rows)
        self.coding_threads = effective_n_threads(n_threads, self.n_rows, CODING_ROWS)
        if self.n_rows == 0:
            raise ValueError("the data are empty: there is no row to work on")

    @property
    def index(self) -> Any:
        """The index of a pandas DataFrame, else None."""
        return getattr(self._frame.to_native(), "index", None)

    def series(self, name: str) -> Any:
        """The column as a narwhals Series."""
        return self._frame.get_column(name)

    def is_categorical(self, name: str) -> bool:
        """Whether a column is text, categorical or boolean, and so a factor without being told."""
        empty = self._schema[name] == nw.Unknown and self._is_empty(name)
        return empty or self._schema[name] in CATEGORIES

    def encoded(
        self, name: str, quick: bool = False, factor: bool = False, missing: bool = False
    ) -> Encoded | None:
        """The column as `Encoded`, or None if it has too many distinct values for a table.

        quick: give a floating column up when a sample of it looks continuous.
        factor: code a numeric column even where a table of so many levels does not pay.
        missing: whether the caller knows what to do with missing texts; they are refused else.
        """
        if self._encoded.get(name) is None and (factor or name not in self._encoded):
            if not self.is_categorical(name):
                values = self.numbers(name)
                if quick and codes.looks_continuous(values):
                    return None
            self._encoded[name] = self._encode(name, factor)
        found = self._encoded[name]
        if not (missing or found is None or found.is_numeric) and len(found.missing):
            count = int(found.counts[-1])
            raise ValueError(
                f"column {name!r} has {counted(count, 'missing value')}: "
                "fill them (a level of their own, say 'missing') or drop the rows"
            )
        return found

    def factor(self, name: str, missing: bool = False) -> Encoded:
        """The column as `Encoded`, whatever its type and however many levels it has.

        missing: missing values are the last level, None; otherwise they are refused.
        """
        return _as_factor(name, self.encoded(name, factor=True, missing=missing), missing)

    def numbers(self, name: str) -> NDArray[Any]:
        """The column as a numeric array (n,); missing values are NaN."""
        series = self._frame.get_column(name)
        if not (series.dtype.is_numeric() or series.dtype == nw.Boolean):
            raise ValueError(
                f"column {name!r} is {series.dtype}, not numeric: convert it to numbers, or "
                f"to text and write C({name})"
            )
        values = series.to_numpy()
        if values.dtype.kind not in "iufb":
            values = values.astype(np.float64)
        return values.astype(np.float32) if values.dtype == np.float16 else values

    def _encode(self, name, factor):
        if not self.is_categorical(name):
            limit = MAX_FACTOR_LEVELS if factor else codes.level_limit(self.n_rows)
            found = codes.encode_numbers(self.numbers(name), limit, self.coding_threads)
        else:
            series = self._frame.get_column(name)
            known = None
            if series.null_count():
                known, series = ~series.is_null().to_numpy(), series.drop_nulls()
            found = encode_levels(series, self.coding_threads)
            if known is not None:
                found = codes.add_missing(*found, known)
        if found is None:
            return None
        return Encoded(found[0], np.asarray(found[1]), self.coding_threads)

    def _is_empty(self, name):
        return self._frame.get_column(name).null_count() == self.n_rows

    def take(self, rows: NDArray[Any]) -> SomeRows:
        """Some of the rows, given by their positions; codes and levels stay those of all rows."""
        return SomeRows(self, rows)

    def holding(self, name: str, value: NDArray[Any]) -> OneValue:
        """The columns with one of them the same in all rows, its value an array of one."""
        return OneValue(self, name, value)

    @property
    def backend(self) -> Backend:
        """The DataFrame library of the data; `make_frame` returns tables in the same kind."""
        return self._frame.implementation


class SomeRows:
    """Some of the rows of `Columns`, in their place; a level may have no row."""

    n_rows: int
    n_threads: int
    backend: Backend
    is_categorical: Callable[[str], bool]

    def __init__(self, columns: Columns, rows: NDArray[Any]) -> None:
        self._columns, self._rows = columns, rows
        self.n_rows = len(rows)
        self.n_threads, self.backend = columns.n_threads, columns.backend
        self.is_categorical = columns.is_categorical

    def encoded(
        self, name: str, quick: bool = False, factor: bool = False, missing: bool = False
    ) -> Encoded | None:
        """As `Columns.encoded`."""
        found = self._columns.encoded(name, quick, factor, missing)
        return found and Encoded(found.codes[self._rows], found.levels, found.n_threads)

    def factor(self, name: str, missing: bool = False) -> Encoded:
        """As `Columns.factor`."""
        found = self._columns.factor(name, missing)
        return Encoded(found.codes[self._rows], found.levels, found.n_threads)

    def numbers(self, name: str) -> NDArray[Any]:
        """As `Columns.numbers`."""
        return self._columns.numbers(name)[self._rows]


class OneValue:
    """`Columns` of which one has the same value in all rows."""

    n_rows: int
    n_threads: int
    backend: Backend
    is_categorical: Callable[[str], bool]

    def __init__(self, columns: Columns, name: str, value: NDArray[Any]) -> None:
        self._columns, self._name = columns, name
        self.n_rows, self.n_threads = columns.n_rows, columns.n_threads
        self.backend, self.is_categorical = columns.backend, columns.is_categorical
        codes = np.zeros(self.n_rows, dtype=np.uint8)
        self._held = Encoded(codes, np.asarray(value), self.n_threads)

    def encoded(
        self, name: str, quick: bool = False, factor: bool = False, missing: bool = False
    ) -> Encoded | None:
        """As `Columns.encoded`."""
        if name == self._name:
            return self._held
        return self._columns.encoded(name, quick, factor, missing)

    def factor(self, name: str, missing: bool = False) -> Encoded:
        """As `Columns.factor`."""
        if name == self._name:
            return _as_factor(name, self._held, missing)
        return self._columns.factor(name, missing)

    def numbers(self, name: str) -> NDArray[Any]:
        """As `Columns.numbers`."""
        if name == self._name:
            return np.full(self.n_rows, self._held.levels[0])
        return self._columns.numbers(name)


def _as_factor(name, encoded, missing):
    """A coded column, once it has all its levels; NaN among numbers becomes None where wanted."""
    if encoded is None:
        raise ValueError(
            f"column {name!r} has more than {MAX_FACTOR_LEVELS} distinct values, too many for "
            "a factor: band it first"
        )
    if not encoded.is_numeric or np.all(np.isfinite(encoded.levels)):
        return encoded
    bad = ~np.isfinite(encoded.levels)
    if missing and not np.isinf(encoded.levels).any():
        levels = encoded.levels.astype(object)
        levels[bad] = None
        return Encoded(encoded.codes, levels, encoded.n_threads)
    rows = int(encoded.counts[bad].sum())
    raise ValueError(
        f"column {name!r} is NaN or infinite in {counted(rows, 'row')}: fill or drop them"
    )
