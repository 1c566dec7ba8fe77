"""The passes that make level codes, each against numpy."""

import numpy as np
import pytest

from rustystats._kernels import encode

INTEGERS = [np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64]
THREADS = [1, 2, 3, 5]


def arrow(texts, dtype=np.int32):
    """Offsets and bytes of texts, as Arrow lays them out."""
    data = [text.encode() if isinstance(text, str) else text for text in texts]
    offsets = np.cumsum([0, *map(len, data)]).astype(dtype)
    return offsets, np.frombuffer(b"".join(data), dtype=np.uint8)


def decode(local, dictionaries):
    """Levels of the rows, each chunk through its own dictionary."""
    n, k = len(local), len(dictionaries)
    ends = [n * t // k for t in range(k + 1)]
    return np.concatenate(
        [d[local[a:b]] for d, a, b in zip(dictionaries, ends[:-1], ends[1:], strict=True)]
    )


@pytest.mark.parametrize(
    ("n_levels", "dtype"),
    [(1, np.uint8), (256, np.uint8), (257, np.uint16), (65_536, np.uint16), (65_537, np.uint32)],
)
def test_code_dtype(n_levels, dtype):
    assert encode.code_dtype(n_levels) is dtype
    assert np.iinfo(dtype).max >= n_levels - 1


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("n_threads", THREADS)
@pytest.mark.parametrize("n", [1, 2, 4, 1000])
def test_integer_range(dtype, n_threads, n):
    info = np.iinfo(dtype)
    values = np.random.default_rng(n).integers(info.min, info.max, n, dtype, endpoint=True)
    assert encode.integer_range(values, n_threads) == (values.min(), values.max())
    assert encode.integer_range(values[::-2], n_threads) == (values[::-2].min(), values[::-2].max())
    values[n // 2], values[-1] = info.max, info.min
    assert encode.integer_range(values, n_threads) == (values.min(), values.max())


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("n_threads", THREADS)
def test_presence_and_mapping(dtype, n_threads):
    low = max(-100, np.iinfo(dtype).min)
    values = np.random.default_rng(0).choice(np.arange(low, low + 120, 7).astype(dtype), 500)
    present = encode.integer_presence(values, low, 120, n_threads)
    np.testing.assert_array_equal(np.flatnonzero(present) + low, np.unique(values))
    mapping = np.arange(120, dtype=np.uint16)[::-1].copy()
    codes = np.empty(500, dtype=np.uint16)
    encode.map_integers(values, low, mapping, codes, n_threads)
    np.testing.assert_array_equal(codes, mapping[values.astype(int) - low])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
@pytest.mark.parametrize("n_threads", THREADS)
def test_combine_and_count(dtype, n_threads):
    rng = np.random.default_rng(0)
    outer, inner = rng.integers(0, 17, 700).astype(np.uint8), rng.integers(0, 13, 700).astype(dtype)
    codes = np.empty(700, dtype=dtype)
    encode.combine_codes(outer, inner, 13, codes, n_threads)
    np.testing.assert_array_equal(codes, outer.astype(int) * 13 + inner)
    counts = encode.count_codes(codes, 17 * 13 + 2, n_threads)
    np.testing.assert_array_equal(counts, np.bincount(codes, minlength=17 * 13 + 2))
    assert counts.dtype == np.int64


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_threads", THREADS)
def test_count_not_finite(dtype, n_threads):
    values = np.zeros(1001, dtype=dtype)
    values[[0, 7, 500, 1000]] = np.nan, np.inf, -np.inf, np.nan
    assert encode.count_not_finite(values, n_threads) == 4
    assert encode.count_not_finite(values[1:1000:2], n_threads) == 1
    assert encode.count_not_finite(values[:0], n_threads) == 0


@pytest.mark.parametrize("n_threads", THREADS)
@pytest.mark.parametrize("n", [0, 1, 3, 5000])
def test_hash_numbers(n_threads, n):
    rng = np.random.default_rng(n)
    keys = rng.choice(rng.integers(0, 2**64, 300, np.uint64, endpoint=False), n)
    keys[: n // 3] = 0  # the pattern 0 is a level like any other
    local, dictionaries = encode.hash_numbers(keys, 1000, n_threads)
    assert len(dictionaries) == n_threads
    np.testing.assert_array_equal(decode(local, dictionaries), keys)
    for levels in dictionaries:
        assert len(np.unique(levels)) == len(levels)


def test_hash_numbers_in_order_of_first_appearance():
    keys = np.array([5, 3, 5, 9, 3, 3], dtype=np.uint64)
    local, (levels,) = encode.hash_numbers(keys, 10, 1)
    np.testing.assert_array_equal(levels, [5, 3, 9])
    np.testing.assert_array_equal(local, [0, 1, 0, 2, 1, 1])


def test_hash_numbers_that_collide():
    """More keys than a small table has slots, all in consecutive high words."""
    keys = np.arange(20_000, dtype=np.uint64) << np.uint64(40)
    local, dictionaries = encode.hash_numbers(np.tile(keys, 2), 20_000, 2)
    np.testing.assert_array_equal(decode(local, dictionaries), np.tile(keys, 2))


@pytest.mark.parametrize("n_threads", THREADS)
def test_hash_numbers_gives_up(n_threads):
    keys = np.tile(np.arange(100, dtype=np.uint64), 10)
    assert encode.hash_numbers(keys, 100, n_threads)[1] is not None
    assert encode.hash_numbers(keys, 99, n_threads)[1] is None


TEXTS = [
    "",
    "\0",
    "\0\0",
    "a",
    "a\0",
    "\0a",
    "b",
    "aaaaaaa",
    "aaaaaaaa",
    "aaaaaaaab",
    "aaaaaaaaa",
    "aaaaaaaa\0",
    "aaaaaaaabbbbbbbb",
    "aaaaaaaabbbbbbbbc",
    "ü",
    "😀",
    "日本語の文字列",
    "x" * 1000,
    "x" * 999 + "y",
    "y" + "x" * 999,
]


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
@pytest.mark.parametrize("n_threads", THREADS)
def test_hash_strings(dtype, n_threads):
    texts = np.random.default_rng(0).choice(np.array(TEXTS, dtype=object), 800)
    local, firsts = encode.hash_strings(*arrow(texts, dtype), 100, n_threads)
    rows = decode(local, firsts)
    assert [texts[i] for i in rows] == texts.tolist()
    for chunk in firsts:
        assert len({texts[i] for i in chunk}) == len(chunk)
        assert (np.diff(chunk) > 0).all()


@pytest.mark.parametrize("order", [1, -1])
def test_hash_strings_to_the_end_of_the_buffer(order):
    """The last bytes are read one way, those with eight readable bytes behind them another."""
    for text in TEXTS:
        texts = [text, "z" * 20, text][::order]
        local, (firsts,) = encode.hash_strings(*arrow(texts), 100, 1)
        assert [texts[i] for i in firsts[local]] == texts
        assert len(firsts) == 2


def test_hash_strings_of_a_slice():
    offsets, data = arrow(["no", "a", "bb", "a", "no"])
    local, (firsts,) = encode.hash_strings(offsets[1:5], data, 100, 1)
    np.testing.assert_array_equal(local, [0, 1, 0])
    np.testing.assert_array_equal(firsts, [0, 1])


def test_hash_strings_that_are_all_empty():
    offsets, data = arrow(["", "", ""])
    local, firsts = encode.hash_strings(offsets, data, 5, 2)
    np.testing.assert_array_equal(local, [0, 0, 0])
    assert [len(f) for f in firsts] == [1, 1]
    local, firsts = encode.hash_strings(offsets[:1], data, 5, 2)
    assert len(local) == 0


@pytest.mark.parametrize("n_threads", THREADS)
def test_hash_strings_gives_up(n_threads):
    offsets, data = arrow([f"level {i}" for i in range(100)] * 10)
    assert encode.hash_strings(offsets, data, 100, n_threads)[1] is not None
    assert encode.hash_strings(offsets, data, 99, n_threads)[1] is None


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_map_chunks(dtype):
    local = np.array([0, 1, 0, 0, 1, 2, 0], dtype=np.uint32)
    mappings = [np.array([3, 1]), np.array([0]), np.array([2, 1, 0])]
    codes = np.empty(7, dtype=dtype)  # chunks of rows 0-1, 2-3, 4-6
    encode.map_chunks(local, mappings, codes)
    np.testing.assert_array_equal(codes, [3, 1, 0, 0, 1, 0, 2])


def test_read_only_input():
    values = np.array([3, 1, 3], dtype=np.int32)
    values.flags.writeable = False
    assert encode.integer_range(values, 1) == (1, 3)
    keys = values.astype(np.uint64)
    keys.flags.writeable = False
    np.testing.assert_array_equal(encode.hash_numbers(keys, 5, 1)[0], [0, 1, 0])
