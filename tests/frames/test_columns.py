"""DataFrames in: the same codes and numbers from every library that holds the same data."""

import sys
from decimal import Decimal

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from rustystats import codes, frames
from rustystats.frames import read_columns

TEXTS = ["b", "a", "Zürich", "b", "", "a", "longer than eight bytes", "a", "longer than"]
LEVELS = sorted(set(TEXTS))
ORDER = ["never seen", "longer than eight bytes", "", "b", "a", "longer than", "Zürich", "nor this"]
NUMBERS = [3, -1, 7, 3, 3, 0, -1, 10, 3]
FLAGS = [True, False, True, True, False, True, True, True, False]


def dictionary_of_two_chunks():
    chunks = [pa.array(part).dictionary_encode() for part in (TEXTS[:5], TEXTS[5:])]
    return pa.table({"x": pa.chunked_array(chunks)})


def polars_categories_with_others():
    """A Categorical whose physical codes skip some: the categories of the process are shared."""
    padded = pl.Series("x", ["not there", "zzz", *TEXTS, "other"], dtype=pl.Categorical)
    return pl.DataFrame({"x": padded})[2:-1]


TEXT_FRAMES = {
    "dict": lambda: {"x": TEXTS},
    "dict of array": lambda: {"x": np.array(TEXTS)},
    "pandas str": lambda: pd.DataFrame({"x": TEXTS}),
    "pandas string": lambda: pd.DataFrame({"x": pd.array(TEXTS, dtype="string")}),
    "pandas object": lambda: pd.DataFrame({"x": pd.Series(TEXTS, dtype=object)}),
    "pandas index": lambda: pd.DataFrame({"x": TEXTS}, index=[5] * len(TEXTS)),
    "pandas category": lambda: pd.DataFrame({"x": pd.Categorical(TEXTS, categories=ORDER)}),
    "pandas arrow": lambda: pd.DataFrame({"x": pd.Series(TEXTS, dtype=pd.ArrowDtype(pa.string()))}),
    "pandas arrow dictionary": lambda: pd.DataFrame(
        {"x": pd.Series(TEXTS, dtype=pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string())))}
    ),
    "polars": lambda: pl.DataFrame({"x": TEXTS}),
    "polars slice": lambda: pl.DataFrame({"x": ["q", *TEXTS, "r"]})[1:-1],
    "polars chunks": lambda: pl.concat(
        [pl.DataFrame({"x": TEXTS[:2]}), pl.DataFrame({"x": TEXTS[2:]})], rechunk=False
    ),
    "polars lazy": lambda: pl.LazyFrame({"x": TEXTS, "y": NUMBERS}),
    "polars categorical": lambda: pl.DataFrame({"x": pl.Series(TEXTS, dtype=pl.Categorical)}),
    "polars categorical, others": polars_categories_with_others,
    "polars lazy categorical": lambda: polars_categories_with_others().lazy(),
    "arrow": lambda: pa.table({"x": TEXTS}),
    "arrow large": lambda: pa.table({"x": pa.array(TEXTS, pa.large_string())}),
    "arrow view": lambda: pa.table({"x": pa.array(TEXTS, pa.string_view())}),
    "arrow slice": lambda: pa.table({"x": ["q", *TEXTS, "r"]})[1:-1],
    "arrow chunks": lambda: pa.table({"x": pa.chunked_array([TEXTS[:4], TEXTS[4:]])}),
    "arrow dictionary": lambda: pa.table({"x": pa.array(TEXTS).dictionary_encode()}),
    "arrow dictionaries": dictionary_of_two_chunks,
}
ORDERED_FRAMES = {
    "pandas ordered": lambda: pd.DataFrame({"x": pd.Categorical(TEXTS, ORDER, ordered=True)}),
    "polars enum": lambda: pl.DataFrame({"x": pl.Series(TEXTS, dtype=pl.Enum(ORDER))}),
    "polars lazy enum": lambda: pl.LazyFrame({"x": pl.Series(TEXTS, dtype=pl.Enum(ORDER))}),
    "arrow ordered": lambda: pa.table(
        {
            "x": pa.DictionaryArray.from_arrays(
                pa.array([ORDER.index(t) for t in TEXTS], pa.int8()), ORDER, ordered=True
            )
        }
    ),
}
NUMBER_FRAMES = {
    "dict": lambda: {"x": NUMBERS},
    "pandas": lambda: pd.DataFrame({"x": NUMBERS}),
    "pandas int8": lambda: pd.DataFrame({"x": np.array(NUMBERS, dtype=np.int8)}),
    "pandas Int64": lambda: pd.DataFrame({"x": pd.array(NUMBERS, dtype="Int64")}),
    "pandas float32": lambda: pd.DataFrame({"x": np.array(NUMBERS, dtype=np.float32)}),
    "pandas float16": lambda: pd.DataFrame({"x": np.array(NUMBERS, dtype=np.float16)}),
    "pandas strided": lambda: pd.DataFrame(
        np.repeat(NUMBERS, 3).reshape(-1, 3), columns=list("xyz")
    ),
    "pandas arrow": lambda: pd.DataFrame({"x": pd.Series(NUMBERS, dtype="int64[pyarrow]")}),
    "polars": lambda: pl.DataFrame({"x": NUMBERS}),
    "polars lazy": lambda: pl.LazyFrame({"x": NUMBERS}),
    "polars Int16": lambda: pl.DataFrame({"x": pl.Series(NUMBERS, dtype=pl.Int16)}),
    "arrow": lambda: pa.table({"x": pa.chunked_array([NUMBERS[:4], NUMBERS[4:]])}),
}
if not hasattr(nw, "Float16"):  # older narwhals knows no such type, and the column is refused
    del NUMBER_FRAMES["pandas float16"]
FLAG_FRAMES = {
    "pandas": lambda: pd.DataFrame({"x": FLAGS}),
    "pandas boolean": lambda: pd.DataFrame({"x": pd.array(FLAGS, dtype="boolean")}),
    "polars": lambda: pl.DataFrame({"x": FLAGS}),
    "arrow": lambda: pa.table({"x": FLAGS}),
    "dict": lambda: {"x": FLAGS},
}


def read(data, n_threads=None):
    return read_columns(data, ["x"], n_threads)


def check_texts(data, levels):
    columns = read(data)
    assert columns.n_rows == len(TEXTS)
    assert columns.is_categorical("x")
    encoded = columns.encoded("x")
    assert encoded.levels.tolist() == levels
    assert encoded.levels[encoded.codes].tolist() == TEXTS
    assert encoded.codes.dtype == np.uint8
    assert encoded.levels.dtype == object
    assert not encoded.is_numeric
    np.testing.assert_array_equal(encoded.counts, [TEXTS.count(level) for level in levels])
    assert columns.encoded("x") is encoded  # coded once
    with pytest.raises(ValueError, match=r"column 'x' is .*, not numeric: .*C\(x\)"):
        columns.numbers("x")


@pytest.mark.parametrize("name", TEXT_FRAMES)
def test_texts(name):
    check_texts(TEXT_FRAMES[name](), LEVELS)


@pytest.mark.parametrize("name", ORDERED_FRAMES)
def test_ordered_categories_keep_their_order_and_lose_what_does_not_occur(name):
    check_texts(ORDERED_FRAMES[name](), [level for level in ORDER if level in TEXTS])


@pytest.mark.parametrize("name", [name for name in TEXT_FRAMES if "arrow" not in name])
def test_texts_without_pyarrow(name, monkeypatch):
    data = TEXT_FRAMES[name]()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    check_texts(data, LEVELS)


@pytest.mark.parametrize("name", NUMBER_FRAMES)
def test_numbers(name):
    columns = read(NUMBER_FRAMES[name]())
    assert not columns.is_categorical("x")
    values = columns.numbers("x")
    assert values.dtype.kind in "if"
    assert values.dtype != np.float16
    np.testing.assert_array_equal(values, NUMBERS)
    encoded = columns.encoded("x")
    assert encoded.is_numeric
    assert encoded.levels.dtype == values.dtype
    np.testing.assert_array_equal(encoded.levels, [-1, 0, 3, 7, 10])
    np.testing.assert_array_equal(encoded.levels[encoded.codes], NUMBERS)
    np.testing.assert_array_equal(encoded.counts, [2, 1, 4, 1, 1])


@pytest.mark.parametrize("name", FLAG_FRAMES)
def test_booleans_are_factors_and_numbers(name):
    columns = read(FLAG_FRAMES[name]())
    assert columns.is_categorical("x")
    np.testing.assert_array_equal(columns.numbers("x"), np.array(FLAGS))
    encoded = columns.encoded("x")
    assert encoded.levels.tolist() == ["False", "True"]
    np.testing.assert_array_equal(encoded.codes, np.array(FLAGS, dtype=np.uint8))


def test_categories_that_are_numbers_sort_as_numbers():
    encoded = read(pd.DataFrame({"x": pd.Categorical([10, 9, 100, 9])})).encoded("x")
    assert encoded.levels.tolist() == [9, 10, 100]
    np.testing.assert_array_equal(encoded.codes, [1, 0, 2, 0])


def test_numbers_are_views_where_they_can_be():
    values = np.arange(5.0)
    frame = pd.DataFrame({"x": values}, copy=False)
    assert np.shares_memory(read(frame).numbers("x"), values)
    series = pl.Series("x", values)
    polars_values = read(series.to_frame()).numbers("x")
    assert np.shares_memory(polars_values, series.to_numpy())
    assert not polars_values.flags.writeable  # and yet it can be coded
    assert len(read(series.to_frame()).encoded("x").levels) == 5


@pytest.mark.parametrize(
    "data",
    [
        pd.DataFrame({"x": pd.array([3, None, 7], dtype="Int64")}),
        pd.DataFrame({"x": [3.0, np.nan, 7.0]}),
        pl.DataFrame({"x": [3, None, 7]}),
        pa.table({"x": [3, None, 7]}),
    ],
    ids=["pandas Int64", "pandas", "polars", "arrow"],
)
def test_missing_numbers_are_nan(data):
    np.testing.assert_array_equal(read(data).numbers("x"), [3, np.nan, 7])


@pytest.mark.parametrize("n_missing", [1, 2])
def test_missing_levels_are_refused(n_missing):
    texts, flags = ["a", "b"] + [None] * n_missing, [True, False] + [None] * n_missing
    message = f"column 'x' has {n_missing} missing value{'s' if n_missing > 1 else ''}: fill them"
    for data in (
        pd.DataFrame({"x": texts}),
        pd.DataFrame({"x": pd.Series(texts, dtype=object)}),
        pd.DataFrame({"x": pd.Categorical(texts)}),
        pd.DataFrame({"x": pd.array(flags, dtype="boolean")}),
        pl.DataFrame({"x": texts}),
        pl.DataFrame({"x": pl.Series(texts, dtype=pl.Categorical)}),
        pl.DataFrame({"x": pl.Series(texts, dtype=pl.Enum(["b", "a"]))}),
        pl.LazyFrame({"x": flags}),
        pa.table({"x": texts}),
        pa.table({"x": pa.array(texts).dictionary_encode()}),
    ):
        with pytest.raises(ValueError, match=message):
            read(data).encoded("x")
        columns = read(data)
        found = columns.encoded("x", missing=True)
        values = found.levels[found.codes].tolist()
        assert values in (texts, [None if flag is None else str(flag) for flag in flags])
        assert found.missing.tolist() == [2]
        assert found.counts[2] == n_missing
        with pytest.raises(ValueError, match=message):  # whoever asks after
            columns.encoded("x")


def test_missing_level_of_many():
    texts = [str(level) for level in range(256)]
    found = read(pl.DataFrame({"x": [None, *texts]})).encoded("x", missing=True)
    assert found.codes.dtype == np.uint16
    assert found.codes[0] == 256
    assert found.levels[found.codes].tolist() == [None, *texts]


def test_missing_level_of_numbers_is_nan():
    for values in (np.array([2.0, np.nan, 1.0, np.nan]), np.array([2, np.nan, 1, np.nan], "f4")):
        found = read(pd.DataFrame({"x": values})).encoded("x", missing=True)
        np.testing.assert_array_equal(found.levels, [1, 2, np.nan])
        assert found.missing.tolist() == [2]
    assert read(pd.DataFrame({"x": [2.0, 1.0]})).encoded("x").missing.tolist() == []
    assert read(pd.DataFrame({"x": ["a", "b"]})).encoded("x").missing.tolist() == []


def test_all_missing():
    for data in (
        pl.DataFrame({"x": [None, None]}),
        pl.DataFrame({"x": [None, None]}, schema={"x": str}),
        pa.table({"x": [None, None]}),
        pd.DataFrame({"x": [None, None]}),
        pd.DataFrame({"x": pd.Categorical([None, None], list("ab"))}),
    ):
        columns = read(data)
        assert columns.is_categorical("x")
        found = columns.encoded("x", missing=True)
        assert (found.levels.tolist(), found.codes.tolist()) == ([None], [0, 0])


def test_booleans_beside_missing_values_are_named_as_without():
    mixed = pd.DataFrame({"x": [True, None, False]})
    assert read(mixed).encoded("x", missing=True).levels.tolist() == ["False", "True", None]


@pytest.mark.parametrize(
    "make", [int, float, np.float32, Decimal, lambda value: value if value % 2 else float(value)]
)
def test_numbers_as_python_objects_are_numbers(make):
    data = pd.DataFrame({"x": pd.Series([make(number) for number in NUMBERS], dtype=object)})
    assert frames.column_kinds(data) == {"x": "number"}
    assert read(data).numbers("x").tolist() == NUMBERS
    assert read(data).encoded("x").levels.tolist() == sorted(set(NUMBERS))
    missing = data.assign(x=data["x"].where(data["x"] > 0, None))
    wanted = np.where(np.greater(NUMBERS, 0), NUMBERS, np.nan)
    np.testing.assert_array_equal(read(missing).numbers("x"), wanted)


@pytest.mark.parametrize("value", [[1], {"a": 1}])
def test_what_is_neither_number_nor_text_is_refused(value):
    data = pd.DataFrame({"x": [value] * 3})
    with pytest.raises(ValueError, match=r"column 'x' holds values of type .* neither numbers nor"):
        read(data).factor("x")


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame, pl.LazyFrame, pa.table, dict])
def test_unknown_columns(kind):
    data = kind({"x": [1], "other": [2]})
    with pytest.raises(ValueError, match="unknown column 'y': the data have x, other"):
        read_columns(data, ["x", "y"])
    with pytest.raises(ValueError, match="unknown columns 'y', 'z': the data have x, other"):
        read_columns(data, ["y", "x", "z", "y"])


def test_columns_named_by_numbers_are_listed():
    with pytest.raises(ValueError, match="unknown column 'x': the data have 0, y"):
        read(pd.DataFrame({0: [1], "y": [2]}))


def test_many_columns_are_listed_in_part():
    data = pd.DataFrame({f"c{i}": [1] for i in range(40)})
    with pytest.raises(ValueError, match=r"the data have c0, .*c29 and 10 more$"):
        read(data)


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame, pl.LazyFrame, pa.table, dict])
def test_no_rows(kind):
    with pytest.raises(ValueError, match="the data are empty"):
        read(kind({"x": np.empty(0)}))


@pytest.mark.parametrize("data", [[1, 2], np.zeros((3, 2)), "text", None, 5, pd.Series([1])])
def test_no_data_frame(data):
    with pytest.raises(TypeError, match=f"must be a DataFrame .*, not {type(data).__name__}"):
        read(data)
    assert not frames.is_frame(data)


def test_a_number_of_rows_without_columns():
    for data in (pd.DataFrame({"x": [1, 2]}), pl.LazyFrame({"x": [1, 2]})):
        assert read_columns(data, []).n_rows == 2


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame, pl.LazyFrame, pa.table])
def test_is_frame_and_names(kind):
    data = kind({"x": [1], "y": ["a"]})
    assert frames.is_frame(data)
    assert frames.column_names(data) == ["x", "y"]


def test_a_lazy_frame_is_collected_for_the_named_columns_only():
    def fail(_):
        raise AssertionError("a column nobody asked for was computed")

    lazy = pl.LazyFrame({"x": [1.0, 2.0], "y": [1.0, 2.0]})
    lazy = lazy.with_columns(pl.col("y").map_batches(fail, return_dtype=pl.Float64))
    np.testing.assert_array_equal(read(lazy).numbers("x"), [1, 2])


def test_too_many_distinct_numbers_for_a_table():
    rng = np.random.default_rng(0)
    n = 8 * codes.SAMPLE
    data = pl.DataFrame({"x": rng.normal(size=n), "few": rng.integers(0, 9, n) / 4})
    columns = read_columns(data, ["x", "few"])
    assert columns.encoded("x", quick=True) is None
    assert columns.encoded("x") is None
    assert columns.encoded("few", quick=True) is columns.encoded("few")
    assert len(columns.encoded("few").levels) == 9
    asked = columns.encoded("x", factor=True)  # as a factor, whether that pays or not
    np.testing.assert_array_equal(asked.levels[asked.codes], columns.numbers("x"))


def test_too_many_distinct_numbers_for_a_factor(monkeypatch):
    monkeypatch.setattr(frames.columns, "MAX_FACTOR_LEVELS", 5)
    with pytest.raises(ValueError, match="'x' has more than 5 distinct values, too many for a"):
        read({"x": np.arange(6.0)}).factor("x")
    assert len(read({"x": np.arange(5.0)}).factor("x").levels) == 5


def test_too_many_distinct_texts(monkeypatch):
    monkeypatch.setattr(frames.coding, "MAX_FACTOR_LEVELS", 5)
    with pytest.raises(ValueError, match="column 'x' has more than 5 distinct texts"):
        read(pl.DataFrame({"x": list("abcdef")})).encoded("x")
    assert len(read(pl.DataFrame({"x": list("abcde") * 2})).encoded("x").levels) == 5


def test_threads_give_the_same_codes(monkeypatch):
    monkeypatch.setattr(frames.columns, "CODING_ROWS", 3)
    rng = np.random.default_rng(0)
    data = pd.DataFrame(
        {
            "text": rng.choice(TEXTS, 1000),
            "number": rng.normal(size=1000).round(1),
            "whole": rng.integers(-5, 90, 1000),
            "category": pd.Categorical(rng.choice(TEXTS, 1000)),
        }
    )
    single, several = (read_columns(data, list(data), n) for n in (1, 3))
    assert (single.coding_threads, several.coding_threads) == (1, 3)
    for name in data:
        one, three = single.encoded(name), several.encoded(name)
        np.testing.assert_array_equal(one.codes, three.codes)
        np.testing.assert_array_equal(one.levels, three.levels)
        np.testing.assert_array_equal(one.counts, three.counts)


@pytest.mark.parametrize(
    ("kind", "made"),
    [(pd.DataFrame, pd.DataFrame), (pl.DataFrame, pl.DataFrame), (pl.LazyFrame, pl.DataFrame),
     (pa.table, pa.Table), (dict, pd.DataFrame)],
)  # fmt: skip
def test_tables_come_in_the_kind_that_went_in(kind, made):
    backend = read(kind({"x": [1, 2]})).backend
    table = frames.make_frame({"a": np.array([1.0, 2.0]), "b": ["u", "v"]}, backend)
    assert isinstance(table, made)
    assert list(frames.column_names(table)) == ["a", "b"]


def test_tables_are_pandas_by_default():
    pd.testing.assert_frame_equal(
        frames.make_frame({"a": np.array([1.0])}, None), pd.DataFrame({"a": [1.0]})
    )


# ---- factors of any type ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame, pa.table], ids=lambda k: k.__module__)
def test_factor_takes_numbers_and_text(kind):
    columns = read_columns(kind({"n": [2.5, 1.0, 2.5], "t": ["b", "a", "b"]}), ["n", "t"])
    for name, levels in (("n", [1.0, 2.5]), ("t", ["a", "b"])):
        found = columns.factor(name)
        assert found.levels.tolist() == levels
        assert found.codes.tolist() == [1, 0, 1]


def test_factor_of_missing_values():
    data = pl.DataFrame({"n": [2.0, None, float("nan")], "t": [None, "a", "b"]})
    columns = read_columns(data, ["n", "t"])
    assert columns.factor("n", missing=True).levels.tolist() == [2.0, None]
    assert columns.factor("n", missing=True).codes.tolist() == [0, 1, 1]
    assert columns.factor("t", missing=True).levels.tolist() == ["a", "b", None]
    assert columns.factor("t", missing=True).codes.tolist() == [2, 0, 1]
    with pytest.raises(ValueError, match="column 'n' is NaN or infinite in 2 rows: fill or drop"):
        columns.factor("n")
    with pytest.raises(ValueError, match="column 't' has 1 missing value"):
        columns.factor("t")


def test_factor_keeps_the_width_of_its_codes():
    """256 levels and the missing one need two bytes."""
    data = pd.DataFrame({"n": [*range(256), None]})
    found = read_columns(data, ["n"]).factor("n", missing=True)
    assert found.codes.dtype == np.uint16
    assert found.codes.tolist() == list(range(257))


def test_is_text():
    texts = (["a", None], np.array(["a"]), np.array(["a", 1], dtype=object), pd.Series(["a"]))
    others = ([1, 2], [["a"]], np.array([["a"]]), np.array([1]), pd.DataFrame({"a": ["b"]}), [])
    assert all(frames.is_text(values) for values in (*texts, pl.Series(["a"])))
    assert not any(frames.is_text(values) for values in (*others, pl.Series([1]), pa.table({})))
