"""Splines of columns: knots learned from all rows and replayed, stored as table or dense."""

import numpy as np
import pandas as pd
import pytest

from rustystats.design.blocks import DenseBlock, TableBlock
from rustystats.frames import read_columns
from rustystats.terms.expression import Expression
from rustystats.terms.spline_factor import SplineFactor
from rustystats.terms.splines import bs, learn_spline, ns

N = 30_000
RNG = np.random.default_rng(5)
FRAME = pd.DataFrame({"age": 18 + RNG.binomial(70, 0.3, N), "money": RNG.gamma(2.0, 500.0, N)})


def columns_of(frame):
    return read_columns(frame, frame.columns)


def make(kind, text, **options):
    return SplineFactor(kind, Expression(text), tuple(sorted(options.items())))


@pytest.mark.parametrize("kind", ["bs", "ns"])
@pytest.mark.parametrize("df", [3, 5, 8])
@pytest.mark.parametrize(("name", "stored"), [("age", TableBlock), ("money", DenseBlock)])
def test_equals_the_basis_of_all_rows(kind, df, name, stored):
    columns = columns_of(FRAME)
    block = make(kind, name, df=df).learn(columns).block(columns)
    assert isinstance(block, stored)
    expected = {"bs": bs, "ns": ns}[kind](FRAME[name].to_numpy(), df=df)
    np.testing.assert_allclose(block.to_dense(), expected, rtol=0, atol=1e-13)
    if stored is TableBlock:
        assert block.n_levels == FRAME["age"].nunique()


def test_of_an_expression():
    columns = columns_of(FRAME)
    factor = make("bs", "log(money)", df=4).learn(columns)
    expected = bs(np.log(FRAME["money"].to_numpy()), df=4)
    np.testing.assert_allclose(factor.block(columns).to_dense(), expected, atol=1e-13)
    assert factor.names() == [f"bs(log(money), {i}/4)" for i in (2, 3, 4)]
    assert factor.columns == ("money",)


def test_names():
    columns = columns_of(FRAME)
    assert make("bs", "age", df=5).learn(columns).names() == [
        f"bs(age, {i}/5)" for i in range(2, 6)
    ]
    assert make("ns", "age", df=4).learn(columns).names() == [
        f"ns(age, {i}/4)" for i in range(1, 4)
    ]
    by_knots = make("bs", "age", knots=(30, 40, 50)).learn(columns)
    assert by_knots.names() == [f"bs(age, {i}/7)" for i in range(2, 8)]


def test_options_reach_the_basis():
    columns = columns_of(FRAME)
    options = {"knots": (30, 50), "degree": 2, "boundary_knots": (0, 120)}
    factor = make("bs", "age", **options).learn(columns)
    assert factor.basis == learn_spline(FRAME["age"], "bs", **options)
    assert factor.basis.boundary_knots == (0.0, 120.0)


@pytest.mark.parametrize("name", ["age", "money"])
def test_replay_keeps_the_knots(name):
    columns = columns_of(FRAME)
    factor = make("bs", name, df=6).learn(columns)
    in_training = factor.block(columns).to_dense()
    for rows in (slice(0, 1), slice(10, 60), slice(0, N, 7)):
        part = columns_of(FRAME.iloc[rows])
        np.testing.assert_allclose(factor.block(part).to_dense(), in_training[rows], atol=1e-14)


def test_replay_outside_the_range():
    columns = columns_of(FRAME)
    low, high = FRAME["age"].min(), FRAME["age"].max()
    outside = columns_of(pd.DataFrame({"age": [low - 40, low, high, high + 40, high + 80]}))
    constant = make("bs", "age", df=5).learn(columns).block(outside).to_dense()
    np.testing.assert_array_equal(constant[[0, 3, 4]], constant[[1, 2, 2]])
    linear = make("ns", "age", df=5).learn(columns).block(outside).to_dense()
    np.testing.assert_allclose(linear[4] - linear[3], linear[3] - linear[2], atol=1e-12)
    assert np.abs(linear[3] - linear[2]).max() > 0.1


def test_not_learned_from_missing_values():
    frame = FRAME.assign(age=FRAME["age"].astype(float), money=FRAME["money"].copy())
    frame.loc[[1, 2], ["age", "money"]] = np.nan
    for name in ("age", "money"):
        with pytest.raises(ValueError, match=f"'{name}'.*2 rows"):
            make("bs", name).learn(columns_of(frame))


def test_learning_leaves_the_specification_alone():
    factor = make("bs", "age", df=5)
    learned = factor.learn(columns_of(FRAME))
    assert factor.basis is None
    assert learned.learn(columns_of(FRAME)) == learned
    assert hash(learned) == hash(factor.learn(columns_of(FRAME)))
