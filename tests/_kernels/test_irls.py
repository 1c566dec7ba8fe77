"""The fused pass against numpy, for every family and link, with and without weights and offset."""

import numpy as np
import pytest

from rustystats._kernels import irls
from rustystats.design.blocks import DenseBlock, TableBlock, constant_block
from rustystats.design.matrix import DesignMatrix

N = 1500


@pytest.fixture(scope="module", params=["tables", "dense", "mixed"])
def design(request):
    rng = np.random.default_rng(0)
    tables = [
        constant_block(N),
        TableBlock(rng.integers(0, 12, N).astype(np.uint8), rng.uniform(-1, 1, (12, 3))),
        TableBlock(rng.integers(0, 300, N).astype(np.uint16), rng.uniform(-1, 1, (300, 2))),
    ]
    dense = DenseBlock(rng.uniform(-1, 1, (N, 5)))
    blocks = {"tables": tables, "dense": [tables[0], dense], "mixed": [dense, *tables]}
    return DesignMatrix(blocks[request.param])


def response(pair, n=N):
    """Responses of a family, with some on the border of its domain."""
    rng = np.random.default_rng(5)
    return pair.draw(rng, rng.uniform(0.3, 0.7, n))


def evaluate(design, coef, y, weights, offset, pair, with_gram=True, n_threads=1):
    sums, deviance, pearson = irls.accumulate_irls(
        design.rows,
        *design.expand(coef),
        y,
        weights,
        offset,
        pair.family,
        pair.link,
        with_gram,
        n_threads,
    )
    gram = design.reduce_gram(*sums.gram()) if with_gram else None
    return design.reduce_score(*sums.score()), gram, deviance, pearson


def expected_sums(design, coef, y, weights, offset, pair):
    x = design.to_dense()
    prior = np.ones(len(y)) if weights is None else weights
    mu, dmu = pair.link.inverse_with_derivative(x @ coef + (0 if offset is None else offset))
    kind = pair.family
    variance = kind.variance(mu)
    working_weight = prior * dmu**2 / variance
    return (
        x.T @ (prior * (y - mu) * dmu / variance),
        x.T @ (working_weight[:, None] * x),
        prior @ kind.unit_deviance(y, mu),
        prior @ ((y - mu) ** 2 / variance),
    )


def coefficients(design, pair):
    rng = np.random.default_rng(2)
    coef = pair.unit * rng.uniform(-0.03, 0.03, design.shape[1])
    coef[np.argmax(np.ptp(design.to_dense(), axis=0) == 0)] = pair.centre
    return coef


@pytest.mark.parametrize("with_offset", [False, True], ids=["no offset", "offset"])
@pytest.mark.parametrize("with_weights", [False, True], ids=["no weights", "weights"])
def test_one_pass(design, pair, with_weights, with_offset):
    rng = np.random.default_rng(1)
    y = response(pair)
    weights = rng.exponential(size=N) * (rng.random(N) < 0.9) if with_weights else None
    offset = pair.unit * rng.uniform(-0.1, 0.1, N) if with_offset else None
    coef = coefficients(design, pair)
    expected = expected_sums(design, coef, y, weights, offset, pair)
    for n_threads in (1, 3):
        actual = evaluate(design, coef, y, weights, offset, pair, True, n_threads)
        for ours, numpys in zip(actual, expected, strict=True):
            scale = np.abs(numpys).max()
            np.testing.assert_allclose(ours, numpys, rtol=1e-12, atol=1e-11 * scale)
        without = evaluate(design, coef, y, weights, offset, pair, False, n_threads)
        np.testing.assert_array_equal(without[0], actual[0])
        assert without[2:] == actual[2:]


@pytest.mark.parametrize(
    ("names", "value"),
    [
        (("poisson", "identity"), -0.1),
        (("poisson", "identity"), 0.0),
        (("poisson", "log"), np.nan),
        (("poisson", "sqrt"), -0.1),
        (("poisson", "sqrt"), 0.0),
        (("poisson", "power"), -0.1),
        (("gamma", "identity"), -0.1),
        (("gamma", "inverse"), -0.1),
        (("gamma", "inverse"), 0.0),
        (("gamma", "inverse_squared"), -0.1),
        (("inverse_gaussian", "identity"), -0.1),
        (("tweedie", "identity"), 0.0),
        (("tweedie", "sqrt"), -0.1),
        (("negbinomial", "identity"), -0.1),
        (("negbinomial", "inverse"), 0.0),
        (("binomial", "identity"), 1.0),
        (("binomial", "identity"), -0.5),
        (("binomial", "log"), 0.1),
        (("gaussian", "identity"), np.inf),
        (("gaussian", "identity"), np.nan),
        (("gaussian", "sqrt"), -0.1),
        (("gaussian", "inverse"), 0.0),
    ],
    ids=str,
)
def test_a_mean_outside_the_domain_makes_the_deviance_infinite(pairs, names, value):
    pair = pairs[names]
    y = response(pair, 300)
    design = DesignMatrix([constant_block(300)])
    offset = np.full(300, pair.centre)
    inside = evaluate(design, np.zeros(1), y, None, offset, pair)
    assert np.isfinite(inside[2:]).all()
    offset[217] = value  # one row is enough
    for n_threads in (1, 3):
        outside = evaluate(design, np.zeros(1), y, None, offset, pair, True, n_threads)
        assert outside[2:] == (np.inf, np.inf)


def test_rows_of_weight_zero_count_for_nothing(design, pair):
    y, coef = response(pair), coefficients(design, pair)
    weights = np.ones(N)
    weights[N // 2 :] = 0.0
    half = design.take(slice(0, N // 2))
    with_zeros = evaluate(design, coef, y, weights, None, pair)
    without = evaluate(half, coef, y[: N // 2], None, None, pair)
    for zeros, left_out in zip(with_zeros, without, strict=True):
        scale = np.abs(left_out).max()
        np.testing.assert_allclose(zeros, left_out, rtol=1e-12, atol=1e-12 * scale)


def test_weight_two_is_a_row_twice(pair):
    rng = np.random.default_rng(0)
    x = np.column_stack([np.full(300, pair.centre), pair.unit * rng.uniform(-0.05, 0.05, (300, 2))])
    y, repeats, coef = response(pair, 300), rng.integers(0, 3, 300), np.array([1.0, 0.5, -0.5])
    weighted = evaluate(DesignMatrix([DenseBlock(x)]), coef, y, repeats.astype(float), None, pair)
    longer = DesignMatrix([DenseBlock(np.repeat(x, repeats, axis=0))])
    repeated = evaluate(longer, coef, np.repeat(y, repeats), None, None, pair)
    for once, twice in zip(weighted, repeated, strict=True):
        np.testing.assert_allclose(once, twice, rtol=1e-11, atol=1e-11 * np.abs(twice).max())


def test_threads_repeat_their_bits(design, pairs):
    pair = pairs["poisson", "log"]
    y, coef = response(pair), coefficients(design, pair)
    weights = np.random.default_rng(0).exponential(size=N)
    single = evaluate(design, coef, y, weights, None, pair)
    for n_threads in (2, 3, 5):
        first = evaluate(design, coef, y, weights, None, pair, True, n_threads)
        again = evaluate(design, coef, y, weights, None, pair, True, n_threads)
        for one, two, alone in zip(first, again, single, strict=True):
            np.testing.assert_array_equal(one, two)
            scale = np.abs(alone).max()
            np.testing.assert_allclose(one, alone, rtol=1e-12, atol=1e-12 * scale)


def test_read_only_input(design, pairs):
    pair = pairs["gamma", "log"]
    vectors = [response(pair), np.ones(N), np.zeros(N)]
    coef = coefficients(design, pair)
    expected = evaluate(design, coef, *vectors, pair)
    for vector in vectors:
        vector.flags.writeable = False
    actual = evaluate(design, coef, *vectors, pair)
    for one, two in zip(actual, expected, strict=True):
        np.testing.assert_array_equal(one, two)
