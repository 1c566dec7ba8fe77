"""Tables in files: CSV, Parquet and Arrow by their extensions, in and out.

Read by polars where it is installed, else Parquet and Arrow by pyarrow and CSV by pandas. In a CSV
an empty field is a missing value and nothing else is ("NA" is a text), and dates are texts; so the
levels of a factor do not depend on the library that is there.
"""

from importlib.util import find_spec
from pathlib import Path

import narwhals as nw

KINDS = {
    ".csv": "CSV",
    ".parquet": "Parquet",
    ".pq": "Parquet",
    ".arrow": "Arrow",
    ".feather": "Arrow",
    ".ipc": "Arrow",
}


def file_kind(path):
    """ "CSV", "Parquet" or "Arrow", by the extension.

    Raises
    ------
    ValueError
        For any other extension.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in KINDS:
        known = ", ".join(KINDS)
        raise ValueError(f"{path} has extension {suffix!r}: tables are read and written as {known}")
    return KINDS[suffix]


def read_file(path):
    """The table of a file as a DataFrame of polars, pandas, or a Table of pyarrow.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the extension is not known, or the content is not what it says.
    ImportError
        If no library that reads it is installed.
    """
    kind, path = file_kind(path), Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    read = _READERS[_library(kind, path)]
    try:
        return read(path, kind)
    except Exception as error:  # each library has errors of its own
        first = str(error).strip().split("\n")[0]
        raise ValueError(f"{path} cannot be read as {kind}: {first}") from None


def write_file(data, path):
    """Write a DataFrame to a file by its extension.

    Raises
    ------
    ValueError
        If the extension is not known.
    ImportError
        If no library that writes it is installed.
    OSError
        If the file cannot be written.
    """
    kind, path, frame = file_kind(path), Path(path), nw.from_native(data, eager_only=True)
    library = _library(kind, path)
    if kind == "CSV":
        frame.write_csv(path)
    elif library == "polars":
        frame = frame.to_polars()
        frame.write_parquet(path) if kind == "Parquet" else frame.write_ipc(path)
    else:
        from pyarrow import feather, parquet

        write = parquet.write_table if kind == "Parquet" else feather.write_feather
        write(frame.to_arrow(), str(path))


def _library(kind, path):
    """The name of a library that reads and writes files of this kind."""
    for name in ("polars", "pandas" if kind == "CSV" else "pyarrow"):
        if find_spec(name):
            return name
    raise ImportError(
        f"{path}: {kind} files need polars or pyarrow, and neither is installed: "
        'pip install "rustystats[polars]", or save the table as CSV'
    )


def _read_polars(path, kind):
    import polars as pl

    if kind == "CSV":
        return pl.read_csv(path, infer_schema_length=None)
    return pl.read_parquet(path) if kind == "Parquet" else pl.read_ipc(path)


def _read_pandas(path, kind):
    import pandas as pd

    return pd.read_csv(path, keep_default_na=False, na_values=[""])


def _read_pyarrow(path, kind):
    from pyarrow import feather, parquet

    read = parquet.read_table if kind == "Parquet" else feather.read_table
    return read(str(path))


_READERS = {"polars": _read_polars, "pandas": _read_pandas, "pyarrow": _read_pyarrow}
