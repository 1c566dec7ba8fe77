"""A text, categorical or boolean Series as level codes and levels."""

import narwhals as nw
import numpy as np

from rustystats import codes

MAX_FACTOR_LEVELS = 1 << 20
CATEGORIES = (nw.String, nw.Categorical, nw.Enum, nw.Boolean, nw.Object)


def encode_levels(series, n_threads):
    """Codes and levels of texts, categories or booleans, none of them missing."""
    if len(series) == 0:
        return np.empty(0, dtype=np.uint8), np.empty(0, dtype=object)
    if series.dtype in (nw.Categorical, nw.Enum):
        return _encode_categories(series, n_threads)
    if series.dtype == nw.Boolean:
        return _encode_booleans(series.to_numpy(), n_threads)
    return _encode_text(series, n_threads)


def _encode_booleans(values, n_threads):
    found, levels = codes.encode_numbers(np.asarray(values, dtype=bool), 2, n_threads)
    return found, np.array([str(level) for level in levels], dtype=object)


def _encode_text(series, n_threads):
    """Text through its Arrow buffers; without pyarrow through the library's own categories."""
    try:
        import pyarrow as pa
    except ImportError:
        return _encode_categories(series.cast(nw.Categorical), n_threads)
    try:
        array = series.to_arrow()
    except (pa.ArrowTypeError, pa.ArrowInvalid) as error:
        raise ValueError(
            f"column {series.name!r} mixes texts and other values ({error}): make it one kind"
        ) from None
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if pa.types.is_boolean(array.type):  # of a column of objects, as missing values make it
        return _encode_booleans(array.to_numpy(zero_copy_only=False), n_threads)
    if pa.types.is_string_view(array.type):  # older pyarrow cannot cast one
        array = pa.array(array.to_pylist(), pa.large_string())
    if not (pa.types.is_string(array.type) or pa.types.is_large_string(array.type)):
        array = _as_text(array, series.name)
    width = np.int64 if pa.types.is_large_string(array.type) else np.int32
    _, offsets, data = array.buffers()
    offsets = np.frombuffer(offsets, dtype=width)[array.offset : array.offset + len(array) + 1]
    data = np.frombuffer(data, dtype=np.uint8) if data else np.empty(0, dtype=np.uint8)
    found = codes.encode_strings(offsets, data, MAX_FACTOR_LEVELS, n_threads)
    if found is None:
        raise ValueError(
            f"column {series.name!r} has more than {MAX_FACTOR_LEVELS} distinct texts: "
            "it looks like an identifier, not a rating factor"
        )
    return found[0], np.array(found[1], dtype=object)


def _as_text(array, name):
    """Dates and other single values as texts."""
    import pyarrow as pa

    try:
        return array.cast(pa.large_string())
    except pa.ArrowNotImplementedError:
        raise ValueError(
            f"column {name!r} holds values of type {array.type}, which are neither numbers nor "
            "texts: make it one number or one text a row"
        ) from None


def _encode_categories(series, n_threads):
    """Categories that occur; sorted, unless the column says that they are ordered."""
    native = series.to_native()
    if series.implementation.is_pandas_like():
        if not hasattr(native.dtype, "categories"):  # an Arrow dictionary under pandas
            native = native.astype("category")
        positions, names = native.cat.codes.to_numpy(), list(native.cat.categories)
        ordered = bool(native.cat.ordered)
    elif series.dtype == nw.Enum:
        positions, names = native.to_physical().to_numpy(), native.dtype.categories.to_list()
        ordered = True
    elif series.implementation.is_polars():
        positions, names = _polars_categories(native)
        ordered = False
    else:
        array = native.combine_chunks() if hasattr(native, "combine_chunks") else native
        positions, names = array.indices.to_numpy(), array.dictionary.to_pylist()
        ordered = array.type.ordered
    dense, present = codes.compress_codes(positions, len(names), n_threads)
    levels = _category_array([names[i] for i in present])
    if ordered:
        return dense, levels
    order = np.argsort(levels, kind="stable")
    rank = np.empty(len(order), dtype=dense.dtype)
    rank[order] = np.arange(len(order))
    return rank[dense], levels[order]


def _polars_categories(series):
    """Physical codes, and names by physical code: read at one row of each, as polars 2 has no
    list of the categories of a Categorical."""
    positions = series.to_physical().to_numpy()
    rows = np.full(int(positions.max()) + 1, -1)
    rows[positions] = np.arange(len(positions))
    present = np.flatnonzero(rows >= 0)
    names = np.empty(len(rows), dtype=object)
    names[present] = series.gather(rows[present]).cast(str).to_list()
    return positions, names


def _category_array(names):
    if all(isinstance(name, (int, float, np.number)) for name in names):
        return np.array(names)
    out = np.empty(len(names), dtype=object)
    out[:] = [str(name) for name in names]
    return out
