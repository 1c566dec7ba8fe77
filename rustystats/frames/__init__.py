"""DataFrames in and out: the only package that knows them.

`columns.py` reads the columns a model names, `coding.py` turns a Series into level codes,
`tables.py` makes DataFrames of arrays and arrays of labels, `inputs.py` has their hashes,
`files.py` reads and writes files.
"""

from rustystats.frames.columns import (
    CODING_ROWS,
    Columns,
    Encoded,
    column_kinds,
    column_names,
    is_frame,
    read_columns,
)
from rustystats.frames.files import file_kind, read_file, write_file
from rustystats.frames.inputs import Inputs
from rustystats.frames.tables import (
    as_frame,
    backend_name,
    frame_lists,
    is_text,
    label_codes,
    make_frame,
    matrix_frame,
    named_backend,
    read_labels,
    with_column,
)

__all__ = [
    "CODING_ROWS",
    "Columns",
    "Encoded",
    "Inputs",
    "as_frame",
    "backend_name",
    "column_kinds",
    "column_names",
    "file_kind",
    "frame_lists",
    "is_frame",
    "is_text",
    "label_codes",
    "make_frame",
    "matrix_frame",
    "named_backend",
    "read_columns",
    "read_file",
    "read_labels",
    "with_column",
    "write_file",
]
