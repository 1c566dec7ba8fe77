"""``rustystats predict``: a saved model and a table to the same table with predicted means."""

import numpy as np

from rustystats import frames
from rustystats.cli.console import print_json, say, working
from rustystats.results import load


def run_predict(model, data, output, column, exposure, offset, as_json, said):
    """Load, read, predict, write; exposure and offset are numbers or names of columns."""
    frames.file_kind(output)  # before the work, not after it
    if not output.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {output.parent} to write {output.name} in")
    result = load(model)
    with working("Reading"):
        table = frames.read_file(data)
    if column in frames.column_names(table):
        raise ValueError(f"{data} has a column {column!r} already: choose another by --column")
    with working("Predicting"):
        mu = result.predict(table, exposure=number_or_name(exposure), offset=number_or_name(offset))
    with working("Writing"):
        frames.write_file(frames.with_column(table, column, mu), output)
    if as_json:
        print_json(
            {
                "schema_version": 1,
                "model": str(model),
                "output": str(output),
                "column": column,
                "rows": len(mu),
                "total": float(np.sum(mu)),
                "mean": float(np.mean(mu)),
                "min": float(np.min(mu)),
                "max": float(np.max(mu)),
                "warnings": list(said),
            }
        )
        return
    say(f"{len(mu):,} rows, total {np.sum(mu):,.6g}, mean {np.mean(mu):.6g}; written to {output}")


def number_or_name(text):
    """A number where the text is one, else the name of a column; None stays."""
    try:
        return None if text is None else float(text)
    except ValueError:
        return text
