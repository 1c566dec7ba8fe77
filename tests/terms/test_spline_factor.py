"""Splines of columns: knots learned from all rows and replayed, stored as table or dense."""

import numpy as np
import pandas as pd
import pytest

import rustystats as rs
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


# ---- in formulas ------------------------------------------------------------------------------

SMALL = FRAME.iloc[:300].assign(
    y=RNG.poisson(1.0, 300), town=RNG.choice(["a", "b"], 300), **{"my age": FRAME["age"]}
)


def fit(formula, data=SMALL):
    return rs.glm(formula, data, family="poisson").fit()


@pytest.mark.parametrize("kind", ["bs", "ns"])
@pytest.mark.parametrize("way", ["continue", "linear", "constant"])
@pytest.mark.parametrize("name", ["age", "money"])
def test_extrapolation_in_a_formula(kind, way, name):
    result = fit(f"y ~ {kind}({name}, df=4, extrapolation='{way}')")
    low, high = SMALL[name].min(), SMALL[name].max()
    new = pd.DataFrame({name: [low - 5.5, low, high, high + 3.25, high + 40]})
    basis = learn_spline(SMALL[name], kind, df=4, extrapolation=way).evaluate(new[name])
    eta = result.params[0] + basis @ result.params[1:]
    np.testing.assert_allclose(np.log(result.predict(new)), eta, rtol=1e-10, atol=1e-10)
    assert result.feature_names[1].startswith(f"{kind}({name}, ")


@pytest.mark.parametrize("kind", ["bs", "ns"])
@pytest.mark.parametrize("name", ["age", "money", "my age", "log(money)"])
def test_values_outside_as_an_error(kind, name):
    written = f"`{name}`" if name == "my age" else name
    term = f"{kind}({written}, extrapolation='error')"
    result = fit(f"y ~ {term}")
    assert result.predict(SMALL).shape == (300,)
    strange = SMALL.iloc[[0] * 3].assign(age=200, money=1e6, **{"my age": 200})
    new = pd.concat([SMALL.iloc[:4], strange])
    with pytest.raises(ValueError, match="outside the boundary knots") as caught:
        result.predict(new)
    assert f"{term}: {name!r} is outside" in str(caught.value)
    assert "in 3 rows" in str(caught.value)


# formula, the place in it: what needs no data
UNREADABLE = [
    ("y ~ bs(age, df=1)", 4, "df must be an integer >= 2, got 1"),
    ("y ~ town*ns(age, df=1)", 9, "df must be an integer >= 2, got 1"),
    ("y ~ bs(age, 5.5)", 4, "got 5.5"),
    ("y ~ bs(age, degree=0)", 4, "degree must be an integer >= 1"),
    ("y ~ town + bs(age, knots=[50, 30])", 11, "knots must be strictly increasing"),
    ("y ~ bs(age, knots='30')", 4, "knots must be numbers"),
    ("y ~ bs(age, knots={30: 1})", 4, "knots must be numbers"),
    ("y ~ bs(age, knots=[[30]])", 4, "knots must be one-dimensional"),
    ("y ~ bs(age, df=5, knots=[30, 50])", 4, r"df=5 contradicts 2 knots \(df=6\)"),
    ("y ~ bs(age, boundary_knots=[18])", 4, "boundary_knots must be a pair"),
    ("y ~ bs(age, knots=[99], boundary_knots=[18, 90])", 4, r"99.0.* between .* 18 and 90"),
    ("y ~ bs(age, extrapolation='flat')", 4, "'continue', .* not 'flat'"),
    ("y ~ bs(age, extrapolation=linear)", 4, "extrapolation=linear"),
    ("y ~ ns(age, extrapolate='linear')", 4, "unknown argument 'extrapolate'.*extrapolation"),
    ("y ~ bs(age, dff=5)", 4, "unknown argument 'dff'"),
]


@pytest.mark.parametrize(("formula", "place", "words"), UNREADABLE, ids=[u[0] for u in UNREADABLE])
def test_impossible_options_point_into_the_formula(formula, place, words):
    with pytest.raises(ValueError, match=words) as caught:
        fit(formula)
    *_, written, mark = str(caught.value).split("\n")
    assert written == f"  {formula}"
    assert mark == " " * (place + 2) + "^"


# term, message: what the data tell
IMPOSSIBLE = [
    ("bs(age, knots=[1, 50])", r"knots \[1.0\] are not .*, the range of 'age'"),
    ("ns(age, boundary_knots=[-9, -5])", "no value of 'age' lies within"),
    ("bs(town)", "'town' is .*not numeric"),
    ("bs(log(town), df=4)", "'town' is .*not numeric"),
    ("ns(age, boundary_knots=[30, 40], extrapolation='error')", "'age' is outside"),
]


@pytest.mark.parametrize(("term", "words"), IMPOSSIBLE)
def test_impossible_data_name_the_term(term, words):
    with pytest.raises(ValueError, match=words) as caught:
        fit(f"y ~ money + {term}")
    *_, written, mark = str(caught.value).split("\n")
    assert written[mark.index("^") :] == term


def test_label_says_all_options():
    options = {"df": 5, "boundary_knots": (18, 90), "extrapolation": "linear"}
    label = "bs(age, boundary_knots=[18, 90], df=5, extrapolation='linear')"
    assert make("bs", "age", **options).label == label
    assert fit(f"y ~ {label}").feature_names[1:] == [f"bs(age, {j}/5)" for j in (2, 3, 4, 5)]
