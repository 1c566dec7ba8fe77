"""DataFrames in and out: the only package that knows them.

`columns.py` reads the columns a model names, `coding.py` turns a Series into level codes,
`tables.py` makes DataFrames of arrays and arrays of labels.
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
from rustystats.frames.tables import (
    as_frame,
    frame_lists,
    is_text,
    label_codes,
    make_frame,
    matrix_frame,
    read_labels,
)

__all__ = [
    "CODING_ROWS",
    "Columns",
    "Encoded",
    "as_frame",
    "column_kinds",
    "column_names",
    "frame_lists",
    "is_frame",
    "is_text",
    "label_codes",
    "make_frame",
    "matrix_frame",
    "read_columns",
    "read_labels",
]
