"""Terms: products of factors as blocks, their order and names, learned once and replayed."""

import numpy as np
import pandas as pd
import pytest

import rustystats as rs
from rustystats.design.blocks import DenseBlock, TableBlock
from rustystats.formula import parse_formula
from rustystats.frames import read_columns
from rustystats.terms.categorical import CategoricalFactor
from rustystats.terms.expression import Expression
from rustystats.terms.numeric import NumericFactor
from rustystats.terms.term import ModelTerms, Term

N = 3000
RNG = np.random.default_rng(6)
FRAME = pd.DataFrame(
    {
        "a": RNG.choice(list("ABC"), N),
        "b": RNG.choice(["u", "v"], N),
        "k": RNG.integers(0, 9, N),
        "x": RNG.normal(size=N),
        "w": RNG.normal(size=N),
        "many": RNG.integers(0, 180, N),
        "more": RNG.integers(0, 179, N),
    }
)


def columns_of(frame=FRAME):
    return read_columns(frame, frame.columns)


def learned(formula, frame=FRAME):
    columns = columns_of(frame)
    return parse_formula(formula, response=False).terms.resolve(columns).learn(columns)


def indicator(name, levels):
    return np.array([FRAME[name].astype(str) == level for level in levels], dtype=float).T


def row_products(left, right):
    return np.einsum("nk,nl->nkl", left, right).reshape(N, -1)


def last_block(formula):
    terms = learned(formula)
    design, spans = terms.design(columns_of())
    return design.blocks[spans[-1][-1]], terms.terms[-1].names()


def steps(name, levels):
    return np.array([FRAME[name] >= level for level in levels], dtype=float).T


A, B = indicator("a", "BC"), indicator("b", "v")
STEPS = "C(k, coding='backward_difference')"
K = FRAME[["k"]].to_numpy(dtype=float)
X = FRAME[["x"]].to_numpy()


@pytest.mark.parametrize(
    ("formula", "kind", "expected"),
    [
        ("a*b", TableBlock, row_products(A, B)),
        ("b*a", TableBlock, row_products(B, A)),
        ("a*k", TableBlock, row_products(A, K)),
        ("k*a", TableBlock, row_products(A, K)),  # categorical parts first
        ("a*b*k", TableBlock, row_products(row_products(A, B), K)),
        ("a*x", DenseBlock, row_products(A, X)),
        ("x*a", DenseBlock, row_products(A, X)),
        ("k*x", DenseBlock, K * X),
        ("x*w", DenseBlock, X * FRAME[["w"]].to_numpy()),
        ("x:a", DenseBlock, row_products(indicator("a", "ABC"), X)),
        (f"{STEPS}*a", TableBlock, row_products(steps("k", range(1, 9)), A)),
        (f"a*{STEPS}", TableBlock, row_products(A, steps("k", range(1, 9)))),
        (f"x*{STEPS}", DenseBlock, row_products(steps("k", range(1, 9)), X)),
        (f"{STEPS}:x", DenseBlock, row_products(steps("k", range(9)), X)),
        (f"0 + {STEPS}", TableBlock, steps("k", range(9))),
        ("0 + a:b", TableBlock, row_products(indicator("a", "ABC"), indicator("b", "uv"))),
    ],
)
def test_products(formula, kind, expected):
    block, names = last_block(formula)
    assert isinstance(block, kind)
    np.testing.assert_allclose(block.to_dense(), expected, rtol=1e-15)
    assert len(names) == expected.shape[1]


def test_levels_of_a_product_name_both_columns():
    block, _ = last_block("a*k")
    assert list(block.levels) == ["a", "k"]
    # every row finds its own levels
    np.testing.assert_array_equal(block.levels["a"][block.codes], FRAME["a"])
    np.testing.assert_array_equal(block.levels["k"][block.codes], FRAME["k"])


def test_product_of_many_levels_keeps_those_that_occur():
    rows = np.arange(6000)
    frame = pd.DataFrame({"p": rows % 290, "q": rows % 283})
    columns = columns_of(frame)
    terms = parse_formula("C(p):q - 1", response=False).terms.learn(columns)
    (block,) = terms.design(columns)[0].blocks
    assert isinstance(block, TableBlock)
    assert block.n_levels == len(frame[["p", "q"]].drop_duplicates()) < 290 * 283
    expected = np.eye(290)[frame["p"]] * frame[["q"]].to_numpy()
    np.testing.assert_array_equal(block.to_dense(), expected)


def test_design_names_and_spans():
    terms = learned("a*b + bs(k, df=4):a + x")
    design, spans = terms.design(columns_of())
    assert design.shape == (N, len(terms.names()))
    assert len(spans) == len(terms.terms)
    assert [index for span in spans for index in span] == list(range(len(design.blocks)))
    assert terms.names()[0] == "Intercept"
    assert "a[A]:bs(k, 2/4)" in terms.names()
    np.testing.assert_array_equal(design.to_dense()[:, 0], 1)


def test_replay_on_part_of_the_rows():
    terms = learned(f"a*bs(k, df=5) + ns(x, df=4)*b + x:k + {STEPS}*a")
    full = terms.design(columns_of())[0].to_dense()
    for rows in (slice(0, 1), slice(5, 40), slice(0, N, 11)):
        part = terms.design(columns_of(FRAME.iloc[rows]))[0].to_dense()
        np.testing.assert_allclose(part, full[rows], atol=1e-14)


def test_a_factor_is_learned_once():
    terms = learned("bs(k, df=5)*a")
    factors = [f for term in terms.terms for f in term.factors if not f.is_categorical]
    assert len(factors) == 2
    assert factors[0] is factors[1]


def test_model_terms():
    terms = parse_formula("a*x + log(k)", response=False).terms
    assert set(terms.columns) == {"a", "x", "k"}
    assert terms.has_intercept
    assert not terms.is_array
    assert not parse_formula("x - 1", response=False).terms.has_intercept


def test_resolve_makes_text_categorical():
    terms = parse_formula("a + x", response=False).terms
    kinds = [type(term.factors[0]) for term in terms.resolve(columns_of()).terms[1:]]
    assert kinds == [CategoricalFactor, NumericFactor]
    assert terms.terms[1] == Term((NumericFactor(Expression("a")),))  # itself unchanged


def test_without_terms_there_is_no_design():
    with pytest.raises(ValueError, match="no terms"):
        ModelTerms(()).learn(columns_of()).design(columns_of())


@pytest.mark.parametrize(
    ("formula", "labels"),
    [
        ("y ~ C(a)", ["Intercept", "C(a)"]),
        ("y ~ a + b", ["Intercept", "a", "b"]),  # text columns, as they are named
        (
            "y ~ C(a, coding='backward_difference')",
            ["Intercept", "C(a, coding='backward_difference')"],
        ),
        ("y ~ C(a, ref='q')", ["Intercept", "C(a, ref='q')"]),
        ("y ~ bs(x, 5) + ns(x, knots=[1, 2])", ["Intercept", "bs(x, df=5)", "ns(x, knots=[1, 2])"]),
        ("y ~ 0 + x*C(a)", ["x", "C(a)", "x:C(a)"]),
        ("y ~ log(x) + I(x ** 2)", ["Intercept", "log(x)", "I(x ** 2)"]),
    ],
)
def test_labels_are_the_terms_of_the_formula(formula, labels):
    data = {"a": ["p", "q", "r"] * 4, "b": ["u", "v"] * 6, "x": np.arange(12) / 2 + 0.5}
    columns = read_columns(data, data)
    terms = parse_formula(formula).terms.resolve(columns).learn(columns)
    assert [term.label for term in terms.terms] == labels


@pytest.mark.parametrize("formula", ["a*b + C(k)", "0 + x*C(k)", "bs(k, df=6):a", "a:C(k)"])
def test_a_term_with_some_of_its_columns(formula):
    terms = learned(formula)
    full, names = terms.design(columns_of())[0].to_dense(), terms.names()
    some = [list(range(len(term.names())))[::2] for term in terms.terms]
    starts = np.cumsum([0] + [len(term.names()) for term in terms.terms])
    selected = ModelTerms(
        tuple(term.select(positions) for term, positions in zip(terms.terms, some, strict=True))
    )
    wanted = [
        start + at for start, positions in zip(starts, some, strict=False) for at in positions
    ]
    assert selected.names() == [names[at] for at in wanted]
    np.testing.assert_array_equal(selected.design(columns_of())[0].to_dense(), full[:, wanted])
    widest = max(selected.terms, key=lambda term: len(term.names()))
    assert widest.select([1]).names() == [widest.names()[1]]  # among those that it has
    assert widest.select(range(len(widest.names()))) is widest


def test_a_factor_is_the_same_wherever_it_is_named():
    data = pd.DataFrame({"y": [1.0, 2, 3, 4, 5, 7], "x": [0.1, 2, 1, 3, 2, 5], "g": list("abcabc")})
    expected = rs.glm("y ~ C(g, ref='b') + x:C(g, ref='b')", data)
    for formula in (
        "y ~ C(g, ref='b') + x:C(g)",
        "y ~ C(g, ref='b') + x:g + g",
        "y ~ g + C(g, ref='b') + x:g",
    ):
        model = rs.glm(formula, data)
        assert model.feature_names == expected.feature_names
        np.testing.assert_array_equal(model.X, expected.X)
