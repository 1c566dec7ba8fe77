"""From arrays to level codes: which columns take few distinct values, exactly, and which do not.

A column of n rows becomes a table when it has at most `level_limit(n)` distinct values; the limit
keeps the codes at two bytes and leaves several rows a level, below which a table no longer saves
work. Cost: two or three passes over the column (see `_kernels/encode.pyx`); a continuous column
is given up after the first rows that exceed the limit.
"""

import numpy as np

from rustystats._kernels import encode

DIRECT_SPAN = 1 << 20  # integers spread over at most this many values are looked up, not hashed
SAMPLE = 4096
FEW_LEVELS = (2048, 16384, 131072)


def level_limit(n_rows):
    """Most distinct values for which a numeric column is stored as a table."""
    return min(65536, max(256, n_rows // 16))


def encode_numbers(values, max_levels, n_threads):
    """Codes and sorted distinct values of a numeric column, or None when there are too many.

    Parameters
    ----------
    values : ndarray of shape (n,), integer, unsigned, bool or floating, finite
    max_levels : int
    n_threads : int

    Returns
    -------
    (codes, levels) : codes are the narrowest unsigned integers; levels has the dtype of values
    """
    if values.dtype == bool:
        codes, levels = encode_numbers(values.view(np.uint8), max_levels, n_threads)
        return codes, levels.astype(bool)
    if values.dtype.kind in "iu" and len(values):
        low, high = encode.integer_range(values, n_threads)
        if high - low < DIRECT_SPAN and high < 2**63:
            return _encode_span(values, low, high - low + 1, max_levels, n_threads)
    return _encode_hashed(values, max_levels, n_threads)


def looks_continuous(values):
    """Whether a floating column has too many distinct values to be worth hashing as a whole.

    Judged by a strided sample of 4,096: no more than a quarter of them repeated.
    """
    if values.dtype.kind != "f" or len(values) < 4 * SAMPLE:
        return False
    sample = values[:: len(values) // SAMPLE]
    return len(np.unique(sample)) > 0.75 * len(sample)


def encode_strings(offsets, data, max_levels, n_threads):
    """Codes and sorted levels (list of str) of strings in an Arrow buffer, or None if too many."""
    # Rating factors have few levels: dictionaries that fit the cache are tried first.
    for most in (*(few for few in FEW_LEVELS if few < max_levels), max_levels):
        local, firsts = encode.hash_strings(offsets, data, most, n_threads)
        if firsts is not None:
            break
    if firsts is None:
        return None
    text = memoryview(data)
    names = [
        np.array([str(text[offsets[i] : offsets[i + 1]], "utf-8") for i in chunk], dtype=object)
        for chunk in firsts
    ]
    levels, codes = _merge(local, names, max_levels)
    return None if levels is None else (codes, list(levels))


def compress_codes(codes, n_levels, n_threads):
    """Dense narrow codes of integer codes that may skip levels, and the positions that occur."""
    present = encode.integer_presence(codes, 0, max(1, n_levels), n_threads)
    return _map_present(codes, 0, present, n_threads), np.flatnonzero(present)


def count_codes(codes, n_levels, n_threads):
    """Number of rows of each level."""
    return encode.count_codes(codes, n_levels, n_threads)


def map_codes(codes, mapping, n_levels, n_threads):
    """Codes below n_levels, ``mapping[codes]`` in the narrowest type."""
    mapped = np.empty(len(codes), dtype=encode.code_dtype(n_levels))
    encode.map_integers(codes, 0, mapping.astype(mapped.dtype), mapped, n_threads)
    return mapped


def add_missing(codes, levels, known):
    """Codes and levels of all rows, from those of the known: None is the last level.

    Parameters
    ----------
    codes : codes of the rows that are known
    levels : (levels,)
    known : (n,) bool
    """
    filled = np.full(len(known), len(levels), dtype=encode.code_dtype(len(levels) + 1))
    filled[known] = codes
    return filled, np.append(levels.astype(object), [None])


def combine_codes(outer, inner, n_outer, n_inner, n_threads):
    """Codes of the product of two tables (the inner one fastest)."""
    combined = np.empty(len(outer), dtype=encode.code_dtype(n_outer * n_inner))
    inner = inner.astype(combined.dtype, copy=False)
    encode.combine_codes(outer, inner, n_inner, combined, n_threads)
    return combined


def _encode_span(values, low, span, max_levels, n_threads):
    present = encode.integer_presence(values, low, span, n_threads)
    levels = np.flatnonzero(present)
    if len(levels) > max_levels:
        return None
    codes = _map_present(values, low, present, n_threads)
    return codes, (levels + low).astype(values.dtype)


def _map_present(values, low, present, n_threads):
    dtype = encode.code_dtype(int(present.sum()))
    mapping = (np.cumsum(present) - 1).astype(dtype)
    codes = np.empty(len(values), dtype=dtype)
    encode.map_integers(values, low, mapping, codes, n_threads)
    return codes


def _encode_hashed(values, max_levels, n_threads):
    kinds = {"f": np.float64, "u": np.uint64}  # the order of the wide type is that of the levels
    wide = values.astype(kinds.get(values.dtype.kind, np.int64), copy=False)
    local, patterns = encode.hash_numbers(wide.view(np.uint64), max_levels, n_threads)
    if patterns is None:
        return None
    levels, codes = _merge(local, [p.view(wide.dtype) for p in patterns], max_levels)
    return None if levels is None else (codes, levels.astype(values.dtype))


def _merge(local, dictionaries, max_levels):
    """Sorted levels of all chunks, and global codes."""
    levels, inverse = np.unique(np.concatenate(dictionaries), return_inverse=True)
    if len(levels) > max_levels:
        return None, None
    ends = np.cumsum([len(d) for d in dictionaries])[:-1]
    codes = np.empty(len(local), dtype=encode.code_dtype(len(levels)))
    encode.map_chunks(local, np.split(inverse, ends), codes)
    return levels, codes
