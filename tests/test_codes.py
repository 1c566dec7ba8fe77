"""Level codes: ``levels[codes]`` are the values, exactly, and levels are sorted."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rustystats import codes

INTEGERS = [np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64]
SMALLEST, LARGEST = -(2**63), 2**63 - 1


def check(values, encoded):
    """The contract, against numpy."""
    found, levels = encoded
    assert levels.dtype == values.dtype
    assert found.dtype == codes.encode.code_dtype(len(levels))
    np.testing.assert_array_equal(levels, np.unique(values))
    np.testing.assert_array_equal(levels[found], values)


def check_all(values, max_levels=70_000):
    """The contract for one and three threads, strided and read-only memory."""
    locked = values.copy()
    locked.flags.writeable = False
    for same in (values, np.repeat(values, 2)[::2], values[::-1].copy()[::-1], locked):
        for n_threads in (1, 3):
            check(values, codes.encode_numbers(same, max_levels, n_threads))


# ---- numbers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("n", [1, 2, 500])
def test_integers_of_every_type(dtype, n):
    info = np.iinfo(dtype)
    rng = np.random.default_rng(n)
    check_all(rng.integers(max(-100, info.min), 101, n).astype(dtype))
    check_all(rng.choice(np.array([info.min, info.max, 0, 7], dtype=dtype), n))
    check_all(rng.integers(info.min, info.max, n, dtype, endpoint=True))


@pytest.mark.parametrize(
    "values",
    [
        np.array([SMALLEST, LARGEST, 0, -1, SMALLEST]),
        np.array([SMALLEST, SMALLEST + 1]),
        np.array([LARGEST, LARGEST - 5, LARGEST]),
        np.array([2**63 - 1, 2**63, 2**64 - 1, 0, 3], dtype=np.uint64),
        np.array([2**63 + 9, 2**63 + 5, 2**63 + 9], dtype=np.uint64),
        np.array([0, codes.DIRECT_SPAN - 1, 5]),
        np.array([0, codes.DIRECT_SPAN, 5]),
        np.array([-codes.DIRECT_SPAN, 1, 5]),
    ],
    ids=str,
)
def test_integers_at_their_extremes(values):
    check_all(values)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats(dtype):
    rng = np.random.default_rng(0)
    check_all(rng.normal(size=400).round(1).astype(dtype))
    info = np.finfo(dtype)
    extremes = [info.min, info.max, info.tiny, info.smallest_subnormal, 1, 1 + info.eps, -1]
    check_all(rng.choice(np.array(extremes, dtype=dtype), 300))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_both_zeros_are_one_level(dtype):
    values = np.array([0.0, -0.0, 1.0, -0.0, -1.0, 0.0], dtype=dtype)
    for n_threads in (1, 3):
        found, levels = codes.encode_numbers(values, 10, n_threads)
        np.testing.assert_array_equal(levels, [-1, 0, 1])
        np.testing.assert_array_equal(found, [1, 1, 2, 1, 0, 1])


@pytest.mark.parametrize("values", [[True, False, True], [True], [False, False]])
def test_booleans(values):
    check_all(np.array(values))


@pytest.mark.parametrize("dtype", [bool, np.int32, np.uint64, np.float32, np.float64])
def test_no_values(dtype):
    found, levels = codes.encode_numbers(np.empty(0, dtype=dtype), 10, 2)
    assert len(found) == len(levels) == 0
    assert levels.dtype == dtype


@pytest.mark.parametrize(
    ("n_levels", "dtype"),
    [(256, np.uint8), (257, np.uint16), (65_536, np.uint16), (65_537, np.uint32)],
)
@pytest.mark.parametrize("spread", [1, 1_000_003], ids=["looked up", "hashed"])
def test_codes_take_the_fewest_bytes(n_levels, dtype, spread):
    values = np.random.default_rng(0).permutation(np.arange(n_levels) * spread)
    for kind in (np.int64, np.float64):
        found, levels = codes.encode_numbers(values.astype(kind), n_levels, 2)
        assert found.dtype == dtype
        np.testing.assert_array_equal(levels, np.arange(n_levels) * spread)
        np.testing.assert_array_equal(levels[found], values)


@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("spread", [1, 1_000_003], ids=["looked up", "hashed"])
@pytest.mark.parametrize("kind", [np.int64, np.float32, np.uint64])
def test_too_many_levels(n_threads, spread, kind):
    values = np.repeat(np.arange(300) * spread, 3).astype(kind)
    n_levels = len(np.unique(values))
    check(values, codes.encode_numbers(values, n_levels, n_threads))
    assert codes.encode_numbers(values, n_levels - 1, n_threads) is None


def test_too_many_levels_only_when_chunks_are_merged():
    values = np.repeat([1e300, 2e300, 3e300], 100)
    assert codes.encode_numbers(values, 2, 3) is None


def test_level_limit():
    assert codes.level_limit(10) == 256
    assert codes.level_limit(16 * 300) == 300
    assert codes.level_limit(10**9) == 65_536


def test_looks_continuous():
    rng = np.random.default_rng(0)
    n = 8 * codes.SAMPLE
    assert codes.looks_continuous(rng.normal(size=n))
    assert codes.looks_continuous(rng.normal(size=n).astype(np.float32)[::2])
    assert not codes.looks_continuous(rng.normal(size=n).round(2))
    assert not codes.looks_continuous(np.arange(n))
    assert not codes.looks_continuous(rng.normal(size=codes.SAMPLE))


@settings(max_examples=60)
@given(
    st.lists(st.integers(SMALLEST, LARGEST) | st.integers(-9, 9), min_size=1),
    st.integers(1, 5),
)
def test_any_integers(values, n_threads):
    values = np.array(values, dtype=np.int64)
    check(values, codes.encode_numbers(values, 100_000, n_threads))
    unsigned = values.view(np.uint64)
    check(unsigned, codes.encode_numbers(unsigned, 100_000, n_threads))


# ---- texts -------------------------------------------------------------------------------------


def encode_texts(texts, kind=None, n_threads=1, max_levels=100_000):
    array = texts if isinstance(texts, pa.Array) else pa.array(texts, kind or pa.string())
    width = np.int64 if pa.types.is_large_string(array.type) else np.int32
    _, offsets, data = array.buffers()
    offsets = np.frombuffer(offsets, dtype=width)[array.offset : array.offset + len(array) + 1]
    data = np.frombuffer(data, dtype=np.uint8) if data else np.empty(0, dtype=np.uint8)
    return codes.encode_strings(offsets, data, max_levels, n_threads)


TEXTS = [
    *["", "a", "a\0", "\0", "b", "A", "ü", "z", "日本", "😀", "Renault", "Renault, Nissan"],
    *["Renault, Nissan or Citroen", "Renault, Nissan or Citroën", "12345678", "123456789"],
]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()], ids=str)
@pytest.mark.parametrize("n_threads", [1, 2, 3, 5])
def test_texts(kind, n_threads):
    texts = np.random.default_rng(0).choice(np.array(TEXTS, dtype=object), 700).tolist()
    found, levels = encode_texts(texts, kind, n_threads)
    assert levels == sorted(set(texts))
    assert [levels[code] for code in found] == texts
    np.testing.assert_array_equal(found, encode_texts(texts)[0])
    assert found.dtype == np.uint8


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()], ids=str)
def test_texts_of_a_slice(kind):
    texts = np.random.default_rng(1).choice(np.array(TEXTS, dtype=object), 100).tolist()
    part = pa.array(texts, kind).slice(13, 50)
    found, levels = encode_texts(part)
    assert levels == sorted(set(texts[13:63]))
    assert [levels[code] for code in found] == texts[13:63]


@pytest.mark.parametrize("n_threads", [1, 3])
def test_too_many_texts(n_threads):
    texts = [f"level {i}" for i in range(300)] * 2
    assert len(encode_texts(texts, n_threads=n_threads, max_levels=300)[1]) == 300
    assert encode_texts(texts, n_threads=n_threads, max_levels=299) is None


@pytest.mark.parametrize("few", codes.FEW_LEVELS)
def test_more_texts_than_a_dictionary_holds(few):
    texts = [f"{i:06d}" for i in range(few + 10)]
    found, levels = encode_texts(texts[::-1], n_threads=2, max_levels=200_000)
    assert levels == texts
    np.testing.assert_array_equal(found, np.arange(len(texts))[::-1])
    assert found.dtype == (np.uint16 if few < 65536 else np.uint32)


@settings(max_examples=60)
@given(st.lists(st.text(max_size=20), min_size=1), st.integers(1, 5))
def test_any_texts(texts, n_threads):
    texts = [text.encode(errors="replace").decode() for text in texts]
    found, levels = encode_texts(texts, n_threads=n_threads)
    assert levels == sorted(set(texts))
    assert [levels[code] for code in found] == texts


# ---- codes of codes ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n_outer", "n_inner", "dtype"),
    [(16, 16, np.uint8), (257, 1, np.uint16), (16, 17, np.uint16), (300, 300, np.uint32)],
)
@pytest.mark.parametrize("n_threads", [1, 3])
def test_combine_codes(n_outer, n_inner, dtype, n_threads):
    rng = np.random.default_rng(0)
    outer = rng.integers(0, n_outer, 900).astype(codes.encode.code_dtype(n_outer))
    inner = rng.integers(0, n_inner, 900).astype(codes.encode.code_dtype(n_inner))
    outer[0], inner[0] = n_outer - 1, n_inner - 1
    combined = codes.combine_codes(outer, inner, n_outer, n_inner, n_threads)
    assert combined.dtype == dtype
    np.testing.assert_array_equal(combined, outer.astype(int) * n_inner + inner)
    np.testing.assert_array_equal(combined // n_inner, outer)
    np.testing.assert_array_equal(combined % n_inner, inner)


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.uint32, np.int64])
@pytest.mark.parametrize("n_threads", [1, 3])
def test_compress_codes(dtype, n_threads):
    sparse = np.random.default_rng(0).choice(np.array([2, 3, 50, 99], dtype=dtype), 200)
    dense, present = codes.compress_codes(sparse, 100, n_threads)
    np.testing.assert_array_equal(present, [2, 3, 50, 99])
    np.testing.assert_array_equal(present[dense], sparse)
    assert dense.dtype == np.uint8
    wide, present = codes.compress_codes(np.arange(300), 1000, n_threads)
    assert wide.dtype == np.uint16
    np.testing.assert_array_equal(wide, present)


@pytest.mark.parametrize("n_threads", [1, 3])
def test_count_codes(n_threads):
    given = np.array([0, 2, 2, 5], dtype=np.uint8)
    np.testing.assert_array_equal(codes.count_codes(given, 7, n_threads), [1, 0, 2, 0, 0, 1, 0])
