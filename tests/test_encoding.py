"""The mathematics of target encoding: against enumeration of all orders, and its invariants."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from rustystats.encoding import learn_statistics, ordered_statistics

N, LEVELS = 3_000, 40
RNG = np.random.default_rng(11)
CODES = (RNG.beta(0.5, 2.0, N) * LEVELS).astype(np.uint8)  # few rows in some levels, many in others
EXPOSURE = RNG.uniform(0.1, 1.0, N)
Y = RNG.poisson(EXPOSURE * (0.1 + CODES / LEVELS)).astype(float)
WEIGHTS = RNG.integers(0, 4, N) / 2.0
OPTIONS = {
    "plain": (None, None),
    "weighted": (WEIGHTS, None),
    "exposed": (None, EXPOSURE),
    "both": (WEIGHTS, EXPOSURE),
}


@pytest.fixture(params=OPTIONS.values(), ids=OPTIONS)
def volumes(request):
    """Weights and exposure, each given or not."""
    return request.param


def in_this_order(order, y, weights, exposure, prior, prior_weight):
    """The definition, row by row, of the rows of one level."""
    encoded, amount, volume = np.empty(len(y)), 0.0, 0.0
    for i in order:
        learned = volume + prior_weight > 0
        encoded[i] = (amount + prior * prior_weight) / (volume + prior_weight) if learned else prior
        amount += weights[i] * y[i]
        volume += weights[i] * exposure[i]
    return encoded


# ---- full statistics ----------------------------------------------------------------------------


def test_sums_by_level(volumes):
    weights, exposure = volumes
    w = np.ones(N) if weights is None else weights
    e = np.ones(N) if exposure is None else exposure
    found = learn_statistics(CODES, LEVELS, Y, weights, exposure)
    amounts = np.bincount(CODES, w * Y, LEVELS)
    sums = np.bincount(CODES, w * e, LEVELS)
    np.testing.assert_allclose(found.sums, amounts, rtol=1e-13)
    np.testing.assert_allclose(found.volumes, sums, rtol=1e-13)
    assert found.prior == pytest.approx((w @ Y) / (w @ e), rel=1e-13)
    expected = (amounts + found.prior * 2.5) / (sums + 2.5)
    np.testing.assert_allclose(found.encode_levels(2.5), expected, rtol=1e-13)


def test_a_level_without_rows_or_without_weight_gets_exactly_the_prior():
    codes = np.array([0, 0, 2, 3], dtype=np.uint8)
    weights = np.array([1.0, 2.0, 0.0, 1.0])
    found = learn_statistics(codes, 4, np.array([0.1, 0.3, 5.0, 0.7]), weights)
    for prior_weight in (0.0, 0.3, 3.0):
        encoded = found.encode_levels(prior_weight)
        assert encoded[1] == encoded[2] == found.prior
    np.testing.assert_allclose(found.encode_levels(0)[[0, 3]], [0.7 / 3, 0.7], rtol=1e-14)


# ---- ordered statistics -------------------------------------------------------------------------


@pytest.mark.parametrize("prior_weight", [0.0, 0.7])
def test_every_order_of_a_level_is_as_likely_and_gives_its_running_means(volumes, prior_weight):
    y, draws = np.array([1.0, 0.0, 2.0, 5.0]), 4_800
    weights = np.ones(4) if volumes[0] is None else np.array([0.5, 2.0, 0.0, 1.0])
    exposure = np.ones(4) if volumes[1] is None else np.array([0.3, 1.0, 0.6, 0.8])
    known = [
        in_this_order(order, y, weights, exposure, 0.4, prior_weight)
        for order in permutations(range(4))
    ]
    # as many levels as there are draws, all of the same four rows in the same order
    row, level = np.divmod(np.arange(4 * draws), draws)
    found = ordered_statistics(
        level,
        draws,
        y[row],
        None if volumes[0] is None else weights[row],
        None if volumes[1] is None else exposure[row],
        prior=0.4,
        prior_weight=prior_weight,
        n_permutations=1,
        seed=3,
    )
    keys, counts = np.unique(found.reshape(4, draws).T.round(9), axis=0, return_counts=True)
    expected, ways = np.unique(np.round(known, 9), axis=0, return_counts=True)
    np.testing.assert_allclose(keys, expected, atol=2e-9)
    assert chisquare(counts, ways * draws / 24).pvalue > 1e-3


def test_levels_are_shuffled_independently():
    codes = np.repeat(np.arange(9_000), 2)
    encoded = ordered_statistics(codes, 9_000, np.ones(18_000), prior=0.0, n_permutations=1, seed=8)
    first = (encoded[::2] == 0).reshape(-1, 2) @ [1, 2]  # of two neighbours: which row came first?
    assert chisquare(np.bincount(first, minlength=4)).pvalue > 1e-3


def test_permutations_are_averaged_and_independent():
    """The variance falls as one over their number, and the mean is that over all orders."""
    codes, y = np.zeros(4, dtype=np.uint8), np.array([1.0, 0.0, 2.0, 5.0])
    one, nine = (
        np.array(
            [
                ordered_statistics(codes, 1, y, prior=0.4, n_permutations=m, seed=seed)
                for seed in range(3_000)
            ]
        )
        for m in (1, 9)
    )
    orders = [
        in_this_order(order, y, np.ones(4), np.ones(4), 0.4, 1.0)
        for order in permutations(range(4))
    ]
    error = np.std(orders, axis=0) / np.sqrt(3_000)
    np.testing.assert_array_less(np.abs(one.mean(axis=0) - np.mean(orders, axis=0)), 4 * error)
    np.testing.assert_array_less(np.abs(nine.mean(axis=0) - np.mean(orders, axis=0)), 2 * error)
    np.testing.assert_allclose(one.var(axis=0) / nine.var(axis=0), 9.0, rtol=0.15)


def test_rows_alone_in_their_level_get_exactly_the_prior():
    encoded = ordered_statistics(np.arange(50), 50, RNG.random(50), prior=0.1, n_permutations=3)
    assert (encoded == 0.1).all()


def test_rows_without_weight_teach_nothing_and_are_encoded():
    mask = WEIGHTS > 0
    other = np.where(mask, Y, 1e6)
    options = {"prior": 0.5, "seed": 1}
    encoded = ordered_statistics(CODES, LEVELS, Y, WEIGHTS, **options)
    np.testing.assert_array_equal(
        encoded, ordered_statistics(CODES, LEVELS, other, WEIGHTS, **options)
    )
    assert np.std(encoded[~mask]) > 0
    assert learn_statistics(CODES, LEVELS, Y, WEIGHTS).prior == pytest.approx(
        learn_statistics(CODES, LEVELS, other, WEIGHTS).prior
    )


@settings(max_examples=60)
@given(row=st.integers(0, N - 1), value=st.floats(-1e6, 1e6), seed=st.integers(0, 2**70))
def test_the_response_of_a_row_does_not_touch_its_own_encoding(row, value, seed):
    other = Y.copy()
    other[row] = value
    before, after = (
        ordered_statistics(CODES, LEVELS, y, WEIGHTS, EXPOSURE, prior=0.3, seed=seed)
        for y in (Y, other)
    )
    assert before[row] == after[row]
    elsewhere = CODES[row] != CODES
    np.testing.assert_array_equal(before[elsewhere], after[elsewhere])


# ---- seeds and threads --------------------------------------------------------------------------


def test_threads_change_no_bit(volumes):
    weights, exposure = volumes
    codes, y = np.tile(CODES, 9), np.tile(Y, 9) + 0.1
    weights, exposure = (None if v is None else np.tile(v, 9) for v in volumes)
    ones = learn_statistics(codes, LEVELS, y, weights, exposure)
    first = ordered_statistics(codes, LEVELS, y, weights, exposure, prior=ones.prior, seed=5)
    for n_threads in (2, 3, 7):
        options = {"n_threads": n_threads}
        more = learn_statistics(codes, LEVELS, y, weights, exposure, **options)
        assert more.prior == ones.prior
        np.testing.assert_array_equal(more.sums, ones.sums)
        np.testing.assert_array_equal(more.volumes, ones.volumes)
        second = ordered_statistics(
            codes, LEVELS, y, weights, exposure, prior=ones.prior, seed=5, **options
        )
        np.testing.assert_array_equal(second, first)


def encode(seed, n_permutations=1):
    return ordered_statistics(CODES, LEVELS, Y, prior=0.5, n_permutations=n_permutations, seed=seed)


def test_neighbouring_seeds_share_no_permutation():
    """B34: permutation k of seed s was permutation 0 of seed s + k."""
    firsts = [encode(seed) for seed in range(40, 50)]
    means = [encode(seed, 4) for seed in range(40, 50)]
    noise = np.var(firsts, axis=0).mean()
    for s in range(9):
        assert np.var(firsts[s] - firsts[s + 1]) > 0.5 * noise
        # two means of four orders each, three of them shared, would differ by a quarter of this
        assert np.var(means[s] - means[s + 1]) > 0.25 * noise


def test_seeds():
    np.testing.assert_array_equal(encode(7), encode(np.int64(7)))
    np.testing.assert_array_equal(encode(7), encode(np.random.SeedSequence(7)))
    np.testing.assert_array_equal(encode(7), encode(np.random.default_rng(7)))
    np.testing.assert_array_equal(
        encode(np.random.RandomState(7)), encode(np.random.RandomState(7))
    )
    generator = np.random.default_rng(7)
    assert not np.array_equal(encode(generator), encode(generator))
    assert not np.array_equal(encode(None), encode(None))


# ---- storage and bad input ----------------------------------------------------------------------


def test_storage_does_not_matter():
    expected = encode(1)
    frozen = Y.copy()
    frozen.flags.writeable = False
    for codes, y in ((CODES.astype(np.int64), Y), (CODES, frozen), (np.repeat(CODES, 2)[::2], Y)):
        found = ordered_statistics(codes, LEVELS, y, prior=0.5, n_permutations=1, seed=1)
        np.testing.assert_array_equal(found, expected)
    for n_levels in (300, 70_000):  # wider codes
        codes = CODES.astype(np.uint32) + n_levels - LEVELS
        wide = learn_statistics(codes, n_levels, Y)
        np.testing.assert_allclose(
            wide.sums[-LEVELS:], learn_statistics(CODES, LEVELS, Y).sums, rtol=1e-14
        )


NAN = np.where(np.arange(N) < 3, np.nan, Y)
BAD = {
    "short target": ({"y": Y[1:]}, rf"target has shape \({N - 1},\), the categories {N} rows"),
    "NaN target": ({"y": NAN}, "target is NaN or infinite in 3 rows: fill or drop"),
    "negative weight": ({"weights": Y - 1}, "weights is negative in .* rows"),
    "no weight": ({"weights": 0 * Y}, f"weights is zero in all {N} rows"),
    "no exposure": ({"exposure": 0 * Y}, f"exposure is 0 or negative in {N} rows"),
    "short exposure": ({"exposure": Y[:5]}, r"exposure has shape \(5,\)"),
    "codes": (
        {"codes": np.where(CODES == 39, 40, CODES)},
        "codes run from 0 to 40, and there are 40 levels",
    ),
    "negative codes": ({"codes": CODES - np.int64(1)}, "codes run from -1 to"),
    "wide codes": ({"codes": CODES.astype(int) + 2**16}, "codes run from 65536 to"),
    "no rows": ({"codes": CODES[:0], "y": Y[:0]}, "between 1 and"),
    "two columns": ({"y": np.c_[Y, Y]}, "target has shape"),
}


@pytest.mark.parametrize(("change", "message"), BAD.values(), ids=BAD)
def test_bad_input(change, message):
    arguments = {"codes": CODES, "n_levels": LEVELS, "y": Y} | change
    with pytest.raises(ValueError, match=message):
        learn_statistics(**arguments)
    with pytest.raises(ValueError, match=message):
        ordered_statistics(**arguments, prior=0.5)


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf, "1", True, None])
def test_bad_prior_weight(value):
    with pytest.raises(ValueError, match="prior_weight must be a number of 0 or more"):
        ordered_statistics(CODES, LEVELS, Y, prior=0.5, prior_weight=value)
    with pytest.raises(ValueError, match="prior_weight"):
        learn_statistics(CODES, LEVELS, Y).encode_levels(value)


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "4"])
def test_bad_n_permutations(value):
    with pytest.raises(ValueError, match="n_permutations must be a whole number of at least 1"):
        ordered_statistics(CODES, LEVELS, Y, prior=0.5, n_permutations=value)


@pytest.mark.parametrize("value", [-1, 1.5, "a"])
def test_bad_seed(value):
    with pytest.raises(ValueError, match="seed must be a whole number of 0 or more"):
        encode(value)
