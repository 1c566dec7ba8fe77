"""`target_encode` and its kin: numbers by hand, kinds of categories, and what is refused."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import rustystats as rs
from rustystats.datasets import make_motor_portfolio

BRANDS = ["b", "a", "b", "c", "a", "b"]
CLAIMS = np.array([1.0, 0.0, 2.0, 1.0, 1.0, 0.0])
YEARS = np.array([0.5, 1.0, 1.0, 0.25, 0.5, 0.75])
WEIGHTS = np.array([1.0, 2.0, 0.0, 1.0, 1.0, 3.0])
SAME = {
    "list": BRANDS,
    "tuple": tuple(BRANDS),
    "array": np.array(BRANDS),
    "object array": np.array(BRANDS, dtype=object),
    "pandas": pd.Series(BRANDS, index=range(6, 0, -1)),
    "pandas object": pd.Series(BRANDS, dtype=object),
    "pandas categories": pd.Series(BRANDS, dtype="category"),
    "index": pd.Index(BRANDS),
    "polars": pl.Series(BRANDS),
    "polars categories": pl.Series(BRANDS, dtype=pl.Categorical),
    "polars enum": pl.Series(BRANDS, dtype=pl.Enum(["d", "c", "b", "a"])),
    "pyarrow": pa.chunked_array([BRANDS]),
}


@pytest.mark.parametrize("categories", SAME.values(), ids=SAME)
def test_kinds_of_categories(categories):
    encoded, name, prior, stats = rs.target_encode(categories, CLAIMS, "brand", 2.0, seed=3)
    assert name == "TE(brand)"
    assert prior == CLAIMS.mean()
    assert type(prior) is float
    assert stats == {"a": (1.0, 2), "b": (3.0, 3), "c": (1.0, 1)}
    assert all(type(pair) is tuple and type(pair[1]) is int for pair in stats.values())
    assert encoded.dtype == np.float64
    assert encoded[3] == prior  # alone in its level
    # before each of the two rows of a stands nothing, or the other one
    assert (0 + prior * 2) / 3 <= encoded[4] <= prior <= encoded[1] <= (1 + prior * 2) / 3
    new = rs.apply_target_encoding(categories, stats, prior, prior_weight=2.0)
    by_hand = {"a": (1 + 2 * prior) / 4, "b": (3 + 2 * prior) / 5, "c": (1 + 2 * prior) / 3}
    np.testing.assert_allclose(new, [by_hand[brand] for brand in BRANDS], rtol=1e-14)
    again = rs.apply_target_encoding(["z", "a"], stats, prior)
    np.testing.assert_allclose(again, [prior, (1 + prior) / 3], rtol=1e-14)


LEVELS = {
    "ints": ([1, 2, 1], ["1", "2"]),
    "floats": ([1.0, 2.5, 1.0], ["1", "2.5"]),
    "booleans": ([True, False, True], ["False", "True"]),
    "text of numbers": (["10", "9", "9"], ["10", "9"]),
    "object ints": (np.array([1, 2, 1], dtype=object), ["1", "2"]),
    "empty text": (["", "a", ""], ["", "a"]),
}


@pytest.mark.parametrize(("categories", "keys"), LEVELS.values(), ids=LEVELS)
def test_names_of_levels(categories, keys):
    assert list(rs.target_encode(categories, [1, 0, 1])[3]) == keys


def test_whole_numbers_are_the_same_levels_as_integers_and_floats():
    _, _, prior, stats = rs.target_encode([1, 2, 1], [1.0, 0.0, 1.0])
    expected = rs.apply_target_encoding([1, 2], stats, prior)
    np.testing.assert_array_equal(rs.apply_target_encoding([1.0, 2.0], stats, prior), expected)
    np.testing.assert_array_equal(rs.apply_target_encoding(["1", "2"], stats, prior), expected)


def test_exposure_and_weights_give_a_rate():
    _, _, prior, stats = rs.target_encode(BRANDS, CLAIMS, exposure=YEARS, weights=WEIGHTS)
    volume = WEIGHTS * YEARS
    assert prior == pytest.approx((WEIGHTS @ CLAIMS) / volume.sum(), rel=1e-14)
    for level in "abc":
        rows = np.array([brand == level for brand in BRANDS])
        expected = (WEIGHTS[rows] @ CLAIMS[rows], volume[rows].sum())
        assert stats[level] == pytest.approx(expected, rel=1e-14)


def test_prior_weight_is_in_units_of_exposure():
    """Ten times the exposure and ten times prior_weight: a tenth of the rate."""
    one = rs.target_encode(BRANDS, CLAIMS, "x", 0.7, seed=1, exposure=YEARS)
    ten = rs.target_encode(BRANDS, CLAIMS, "x", 7.0, seed=1, exposure=10 * YEARS)
    np.testing.assert_allclose(ten[0], one[0] / 10, rtol=1e-13)
    assert ten[2] == pytest.approx(one[2] / 10)


def test_a_unit_exposure_is_none():
    plain = rs.target_encode(BRANDS, CLAIMS, seed=1)
    units = rs.target_encode(BRANDS, CLAIMS, seed=1, exposure=np.ones(6), weights=np.ones(6))
    np.testing.assert_array_equal(units[0], plain[0])
    assert units[1:] == plain[1:]


def test_seed_and_threads():
    data = make_motor_portfolio(20_000, seed=1)
    options = {"exposure": data["Exposure"], "seed": 42}
    first = rs.target_encode(data["Region"], data["ClaimNb"], n_threads=1, **options)[0]
    second = rs.target_encode(data["Region"], data["ClaimNb"], n_threads=2, **options)[0]
    np.testing.assert_array_equal(first, second)
    other = rs.target_encode(data["Region"], data["ClaimNb"], **options | {"seed": 43})[0]
    assert np.mean(first == other) < 0.01
    random = [rs.target_encode(data["Region"], data["ClaimNb"])[0] for _ in range(2)]
    assert np.mean(random[0] == random[1]) < 0.5  # claims are mostly 0


def test_the_ordered_encoding_does_not_leak_and_the_full_one_does():
    """A response of pure noise: of 2,000 levels the ordered encoding knows nothing."""
    rng = np.random.default_rng(0)
    levels, y = rng.integers(2_000, size=10_000), rng.normal(size=10_000)
    encoded, _, prior, stats = rs.target_encode(levels, y, seed=1)
    full = rs.apply_target_encoding(levels, stats, prior)
    assert abs(np.corrcoef(encoded, y)[0, 1]) < 0.03
    assert np.corrcoef(full, y)[0, 1] > 0.3


# ---- combinations -------------------------------------------------------------------------------


def test_interaction_equals_the_encoding_of_joined_levels():
    rng = np.random.default_rng(3)
    first, second = rng.choice(list("cab"), 500), rng.integers(12, size=500)
    y = rng.poisson(0.4, 500)
    joined = [f"{a}:{b}" for a, b in zip(first, second, strict=True)]
    _, name, prior, stats = rs.target_encode_interaction(first, second, y, "u", "v", seed=2)
    one = rs.target_encode(joined, y, "u:v", seed=2)
    assert (name, prior, stats) == one[1:]
    full = rs.apply_target_encoding(joined, stats, prior)
    encoded = rs.target_encode_interaction(
        first, second, y, "u", "v", n_permutations=4_000, seed=2
    )[0]
    other = rs.target_encode(joined, y, n_permutations=4_000, seed=5)[0]
    np.testing.assert_allclose(encoded, other, atol=0.03)
    assert np.corrcoef(encoded, full)[0, 1] > 0.5


def test_combinations_of_many_levels():
    """100,000 x 100,000 levels: more products than 32 bits hold, few that occur."""
    levels = np.arange(100_000)
    codes, y = np.r_[levels, levels], np.ones(200_000)
    stats = rs.target_encode_interaction(codes, codes[::-1].copy(), y)[3]
    assert len(stats) == 100_000
    assert stats["0:99999"] == stats["99998:1"] == (2.0, 2)


# ---- bad input ----------------------------------------------------------------------------------


MISSING = r"column 'brand' has 2 missing values: fill them"
BAD = {
    "lengths": ((BRANDS, CLAIMS[1:]), r"target has shape \(5,\), the categories 6 rows"),
    "NaN": ((BRANDS, CLAIMS * np.nan), "target is NaN or infinite in 6 rows: fill or drop"),
    "text": ((BRANDS, list("abcdef")), "target must be numbers"),
    "no rows": (([], []), "the data are empty"),
    "missing text": (([None, "a", None], [1, 2, 3]), MISSING),
    "missing polars": ((pl.Series([None, "a", None]), [1, 2, 3]), MISSING),
    "missing number": (
        ([np.nan, 1.0, 2.0], [1, 2, 3]),
        "column 'brand' is NaN or infinite in 1 row",
    ),
    "mixed": ((["a", 1, 2.5], [1, 2, 3]), "column 'brand' mixes texts and other values"),
    "two columns": ((np.array([BRANDS, BRANDS]), CLAIMS), "'brand' must be one-dimensional"),
    "nested": (([["a", "b"]], [1]), "'brand' must be one-dimensional"),
    "a text": (("abc", [1, 2, 3]), "'brand' must be one-dimensional"),
    "alike": (
        (pd.Series(pd.Categorical([1, "1"])), [1, 2]),
        "two levels of 'brand' both read '1': rename one of them",
    ),
}


@pytest.mark.parametrize(("arguments", "message"), BAD.values(), ids=BAD)
def test_bad_input(arguments, message):
    """B35: these aborted the process, or were taken for numbers."""
    with pytest.raises(ValueError, match=message):
        rs.target_encode(*arguments, "brand")


@pytest.mark.parametrize(
    ("stats", "prior", "message"),
    [
        ({"a": (1.0, 2, 3)}, 0.5, r"level_stats must be .* not \{'a': \(1.0, 2, 3\)\}"),
        ({"a": 1.0, "b": 2.0}, 0.5, "level_stats must be"),
        ([("a", (1.0, 2))], 0.5, "level_stats must be"),
        ({"a": ("x", 2)}, 0.5, "level_stats must be numbers"),
        ({"a": (1.0, 2)}, np.nan, "prior must be a number, that of target_encode, not nan"),
        ({"a": (1.0, 2)}, "x", "prior must be a number"),
    ],
)
def test_statistics_of_something_else(stats, prior, message):
    with pytest.raises(ValueError, match=message):
        rs.apply_target_encoding(["a", "z"], stats, prior)
    assert rs.apply_target_encoding(["z"], {}, 0.5).tolist() == [0.5]


def test_bad_parameters():
    for bad, message in (
        ({"prior_weight": -1}, "prior_weight must be a number of 0 or more, not -1"),
        ({"n_permutations": 0}, "n_permutations must be a whole number of at least 1, not 0"),
        ({"seed": "x"}, "seed must be"),
        ({"exposure": -YEARS}, "exposure is 0 or negative in 6 rows"),
        ({"weights": 0 * YEARS}, "weights is zero in all 6 rows"),
        ({"n_threads": 0}, "n_threads must be"),
    ):
        with pytest.raises(ValueError, match=message):
            rs.target_encode(BRANDS, CLAIMS, **bad)
    with pytest.raises(ValueError, match="'x1' has 6 categories, 'x2' 3"):
        rs.target_encode_interaction(BRANDS, BRANDS[:3], CLAIMS)


# ---- the term -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", [pd.DataFrame, pl.DataFrame, lambda d: pl.DataFrame(d).lazy(), dict]
)
def test_term(kind):
    data = kind({"brand": BRANDS, "other": BRANDS})
    term = rs.TargetEncodingTerm("brand", prior_weight=2.0, n_permutations=3)
    values, name = term.fit_transform(data, CLAIMS, seed=5, exposure=YEARS, weights=WEIGHTS)
    options = {"seed": 5, "exposure": YEARS, "weights": WEIGHTS}
    expected = rs.target_encode(BRANDS, CLAIMS, "brand", 2.0, 3, **options)
    np.testing.assert_array_equal(values, expected[0])
    assert name == "TE(brand)"
    assert (term.prior, term.level_stats) == expected[2:]
    assert repr(term) == "TE(brand, prior_weight=2, n_permutations=3)"
    values, name = term.transform(kind({"brand": ["a", "z"]}))
    full = rs.apply_target_encoding(["a", "z"], *expected[:1:-1], 2.0)
    np.testing.assert_array_equal(values, full)
    assert name == "TE(brand)"


def test_a_term_that_fails_keeps_its_state():
    term = rs.TargetEncodingTerm("brand")
    with pytest.raises(ValueError, match="not fitted"):
        term.transform({"brand": BRANDS})
    term.fit_transform({"brand": BRANDS}, CLAIMS)
    before = dict(vars(term))
    with pytest.raises(ValueError, match="NaN"):
        term.fit_transform({"brand": BRANDS}, CLAIMS * np.nan)
    assert vars(term) == before
    with pytest.raises(ValueError, match="unknown column 'brand'"):
        term.transform({"brandt": BRANDS})
    with pytest.raises(ValueError, match="prior_weight"):
        rs.TargetEncodingTerm("brand", prior_weight=-1)
    with pytest.raises(ValueError, match="n_permutations"):
        rs.TargetEncodingTerm("brand", n_permutations=0)
