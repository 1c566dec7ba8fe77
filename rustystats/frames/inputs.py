"""What a model was fitted to, column by column, and a hash of each for an audit.

A column's hash is the SHA-256 of what it says, whatever library and type hold it:

* numbers: ``number``, then each as a float64, little-endian, every NaN the same and -0.0 as 0.0;
* texts, categories and booleans: ``text``, the number of levels, each level that occurs in sorted
  order (its length in UTF-8, then its bytes), then the position of each row's as a uint32, the
  largest one where the value is missing;
* an array: ``array``, its shape, then its numbers row by row; of a sparse one ``sparse``, its
  shape, then where rows end, the columns, and the numbers of its canonical CSR form.

A row more, a value changed or two rows exchanged give another hash; the order of columns,
categories without a row and the width of a number's type do not. Cost: a pass
over the column, some 1 GB/s.
"""

import hashlib
from functools import cached_property
from typing import Any

import narwhals as nw
import numpy as np
from scipy import sparse

from rustystats.frames.coding import encode_levels

BLOCK = 1 << 18  # values hashed at a time, so that a column is not copied as a whole
MISSING = 2**32 - 1  # no level has this position


class Inputs:
    """The columns and arrays of a fit, until they are hashed.

    Parameters
    ----------
    parts : dict of Series, array or sparse matrix by name
    """

    def __init__(self, parts: dict[str, Any] | None) -> None:
        self._parts = parts

    @cached_property
    def hashes(self) -> dict[str, str]:
        """ "sha256:..." of each part by its name.

        Of the data as they are in memory when this is first asked for; they are let go then.
        """
        found = {name: hash_of(part) for name, part in (self._parts or {}).items()}
        self._parts = None
        return found

    def __getstate__(self) -> dict[str, Any]:
        """The hashes; a copy in a file or another process does not carry the data."""
        return {"hashes": self.hashes, "_parts": None}


def hash_of(part: Any) -> str:
    """The hash of a narwhals Series, an array or a sparse matrix, "sha256:" and 64 digits."""
    found = hashlib.sha256()
    if sparse.issparse(part):
        _add_sparse(found, part)
    elif isinstance(part, nw.Series) and not part.dtype.is_numeric():
        _add_text(found, part)
    else:
        _add_numbers(found, part)
    return f"sha256:{found.hexdigest()}"


def _add_text(found, series):
    """A column of texts, categories or booleans."""
    known = ~series.is_null().to_numpy().astype(bool)
    codes, levels = encode_levels(series.drop_nulls(), 1)
    texts = [str(level) for level in levels]
    order = sorted(range(len(texts)), key=texts.__getitem__)
    rank = np.empty(len(order), dtype="<u4")
    rank[order] = np.arange(len(order))
    positions = np.full(len(known), MISSING, dtype="<u4")
    positions[known] = rank[codes]
    found.update(b"text" + _whole(len(texts)))
    for at in order:
        spelt = texts[at].encode()
        found.update(_whole(len(spelt)) + spelt)
    found.update(positions.tobytes())


def _add_numbers(found, values):
    """A column of numbers, or an array of one or two dimensions."""
    values = values.to_numpy() if isinstance(values, nw.Series) else np.asarray(values)
    if values.ndim == 2:
        found.update(b"array" + b"".join(map(_whole, values.shape)))
        step = max(1, BLOCK // max(1, values.shape[1]))
    else:
        found.update(b"number")
        values, step = np.atleast_1d(values), BLOCK
    for start in range(0, len(values), step):
        found.update(_plain(values[start : start + step]))


def _add_sparse(found, matrix):
    matrix = sparse.csr_array(matrix, copy=True)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    found.update(b"sparse" + b"".join(map(_whole, matrix.shape)))
    for index in (matrix.indptr, matrix.indices):
        found.update(index.astype("<i8").tobytes())
    found.update(_plain(matrix.data))


def _plain(values):
    """Numbers as bytes that equal numbers share."""
    numbers = np.array(values, dtype="<f8", order="C") + 0.0  # makes -0.0 a 0.0
    numbers[np.isnan(numbers)] = np.nan
    return numbers.tobytes()


def _whole(number):
    return int(number).to_bytes(8, "little")
