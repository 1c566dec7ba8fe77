"""Tables in files: what comes back, from which library, and what is said where none is."""

import numpy as np
import pandas as pd
import pytest

from rustystats import frames
from rustystats.frames import files

DATA = pd.DataFrame(
    {
        "n": [1, 2, 3],
        "x": [0.1, np.nan, 1e-300],
        "area": ["A", "NA", None],
        "day": ["2026-01-01", "2026-01-02", "2026-01-03"],
    }
)


def without(monkeypatch, *names):
    """As if these libraries were not installed."""
    find = files.find_spec
    monkeypatch.setattr(files, "find_spec", lambda name: None if name in names else find(name))


def listed(table, name):
    """A column as a list, None where it is missing."""
    values = frames.read_columns(table, [name]).series(name).to_list()
    return [None if value is None or value != value else value for value in values]


@pytest.mark.parametrize("missing", [(), ("polars",)])
@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".pq", ".arrow", ".feather", ".ipc"])
def test_what_is_written_comes_back_whatever_is_installed(suffix, missing, monkeypatch, tmp_path):
    if suffix != ".csv":
        pytest.importorskip("pyarrow")  # which pandas needs to become an Arrow table
    without(monkeypatch, *missing)
    path = tmp_path / f"table{suffix}"
    frames.write_file(DATA, path)
    table = frames.read_file(path)
    assert frames.column_names(table) == list(DATA.columns)
    assert listed(table, "n") == [1, 2, 3]
    assert listed(table, "x") == [0.1, None, 1e-300]
    assert listed(table, "area") == ["A", "NA", None]
    assert listed(table, "day") == list(DATA["day"])


@pytest.mark.parametrize("missing", [(), ("polars",)])
def test_types_of_a_csv_are_those_of_all_its_rows(missing, monkeypatch, tmp_path):
    without(monkeypatch, *missing)
    path = tmp_path / "late.csv"
    path.write_text("x,z\n" + "1,\n" * 5_000 + "1.5,a\n")
    columns = frames.read_columns(frames.read_file(path), ["x", "z"])
    assert columns.numbers("x")[-1] == 1.5
    assert columns.is_categorical("z")


def test_extensions_and_files_that_are_none(tmp_path):
    with pytest.raises(ValueError, match=r"has extension '.xlsx': tables are read .* as .csv"):
        frames.read_file(tmp_path / "table.xlsx")
    with pytest.raises(FileNotFoundError, match="there is no file"):
        frames.read_file(tmp_path / "table.csv")
    for suffix in (".parquet", ".arrow"):
        path = tmp_path / f"table{suffix}"
        path.write_text("no such thing")
        pytest.importorskip("pyarrow")
        with pytest.raises(ValueError, match=r"cannot be read as (Parquet|Arrow): "):
            frames.read_file(path)


def test_a_missing_library_is_named_with_the_remedy(monkeypatch, tmp_path):
    without(monkeypatch, "polars", "pyarrow")
    path = tmp_path / "table.parquet"
    path.write_text("")
    for act in (lambda: frames.read_file(path), lambda: frames.write_file(DATA, path)):
        with pytest.raises(ImportError, match=r"need polars or pyarrow.*pip install .*or save"):
            act()
    frames.write_file(DATA, tmp_path / "table.csv")
    assert listed(frames.read_file(tmp_path / "table.csv"), "n") == [1, 2, 3]


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_a_column_more(library):
    data = DATA.drop(columns="area")
    if library == "polars":
        data = pytest.importorskip("polars").from_pandas(data)
    if library == "pyarrow":
        data = pytest.importorskip("pyarrow").Table.from_pandas(data)
    table = frames.with_column(data, "mu", np.array([1.0, 2.0, 3.0]))
    assert type(table) is type(data)
    assert frames.column_names(table)[-1] == "mu"
    assert listed(table, "mu") == [1.0, 2.0, 3.0]
