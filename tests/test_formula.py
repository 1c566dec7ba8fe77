"""What formulas mean: names of the contract, quoted names, errors that point."""

import pickle
import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import rustystats as rs
from rustystats.formula import ParsedFormula, parse_formula


def make_data(n=180):
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "y": rng.poisson(1.0, n).astype(float),
            "x": rng.normal(size=n),
            "z": rng.integers(1, 9, n),
            "g": rng.uniform(1, 2, n),
            "e": rng.uniform(0.1, 1, n),
            "a": rng.choice(list("ABC"), n),
            "b": rng.choice(["u", "v"], n),
            "t": rng.random(n) > 0.5,
            "k": rng.integers(8, 12, n),
            "when": pd.Timestamp("2024-01-01"),
        }
    )


DATA = make_data()


def model(formula, data=DATA):
    return rs.glm(formula, data)


STEPS = "C(k, coding='backward_difference')"
A = ["a[T.B]", "a[T.C]"]
BS = [f"bs(x, {i}/5)" for i in range(2, 6)]
NAMES = {
    "y ~ x": ["Intercept", "x"],
    "y ~ 1": ["Intercept"],
    "y ~ a": ["Intercept", *A],
    "y ~ C(a)": ["Intercept", *A],
    "y ~ C(a) + a": ["Intercept", *A],
    "y ~ t": ["Intercept", "t[T.True]"],
    "y ~ C(k)": ["Intercept", "k[T.9]", "k[T.10]", "k[T.11]"],  # numbers sort as numbers
    "y ~ C(k, ref=10)": ["Intercept", "k[T.8]", "k[T.9]", "k[T.11]"],
    "y ~ C(a, ref='B')": ["Intercept", "a[T.A]", "a[T.C]"],
    "y ~ C(k, coding='treatment')": ["Intercept", "k[T.9]", "k[T.10]", "k[T.11]"],
    f"y ~ {STEPS}": ["Intercept", "k[D.9]", "k[D.10]", "k[D.11]"],
    f"y ~ 0 + {STEPS}": ["k[8]", "k[D.9]", "k[D.10]", "k[D.11]"],
    f"y ~ {STEPS}:x": ["Intercept", "k[8]:x", "k[D.9]:x", "k[D.10]:x", "k[D.11]:x"],
    f"y ~ b + {STEPS}:b - 1": ["b[u]", "b[T.v]"]
    + [f"k[D.{k}]:{b}" for k in (9, 10, 11) for b in ("b[u]", "b[T.v]")],
    "y ~ 0 + C(a)": ["a[A]", *A],
    "y ~ C(a) + C(b) - 1": ["a[A]", *A, "b[T.v]"],
    "y ~ 0 + x - 1": ["x"],
    "y ~ x:C(a)": ["Intercept", "a[A]:x", "a[T.B]:x", "a[T.C]:x"],  # categorical parts first
    "y ~ C(a, ref='B'):x": ["Intercept", "a[T.A]:x", "a[B]:x", "a[T.C]:x"],
    "y ~ x + x:C(a)": ["Intercept", "x", "a[T.B]:x", "a[T.C]:x"],
    "y ~ z:x": ["Intercept", "z:x"],  # numbers in the order written
    "y ~ a*b": ["Intercept", *A, "b[T.v]", "a[T.B]:b[T.v]", "a[T.C]:b[T.v]"],
    "y ~ b*a": ["Intercept", "b[T.v]", *A, "b[T.v]:a[T.B]", "b[T.v]:a[T.C]"],
    "y ~ a:b - 1": [f"{i}:{j}" for i in ("a[A]", *A) for j in ("b[u]", "b[T.v]")],
    "y ~ bs(x, df=5)": ["Intercept", *BS],
    "y ~ bs( x , df = 5 )": ["Intercept", *BS],
    "y ~ ns(x, df=4)": ["Intercept", "ns(x, 1/4)", "ns(x, 2/4)", "ns(x, 3/4)"],
    "y ~ bs(x, df=5)*C(a)": ["Intercept", *BS, *A, *[f"{i}:{j}" for i in A for j in BS]],
    "y ~ log(g) + I(x**2) + np.sqrt(g)": ["Intercept", "log(g)", "I(x ** 2)", "np.sqrt(g)"],
    "y ~ x:z + z + x": ["Intercept", "z", "x", "x:z"],  # by degree, as R orders terms
    "y ~ a + a + x + x": ["Intercept", *A, "x"],
    "y ~ x + offset(log(e))": ["Intercept", "x"],
    "y ~ offset(e)": ["Intercept"],
    "log(g) ~ x": ["Intercept", "x"],
    "y ~\n  x +\n  z": ["Intercept", "x", "z"],
}


@pytest.mark.parametrize("formula", NAMES)
def test_names(formula):
    assert model(formula).feature_names == NAMES[formula]


def test_columns_are_what_their_names_say():
    made = model("y ~ C(a, ref='B'):x + log(g) + b*t + z:x + I(x**2)")
    columns = dict(zip(made.feature_names, made.X.T, strict=True))
    x, z = DATA["x"], DATA["z"]
    expected = {
        "Intercept": np.ones(len(DATA)),
        "log(g)": np.log(DATA["g"]),
        "I(x ** 2)": x**2,
        "b[T.v]": DATA["b"] == "v",
        "t[T.True]": DATA["t"],
        "b[T.v]:t[T.True]": (DATA["b"] == "v") & DATA["t"],
        "a[T.A]:x": (DATA["a"] == "A") * x,
        "a[B]:x": (DATA["a"] == "B") * x,
        "a[T.C]:x": (DATA["a"] == "C") * x,
        "z:x": z * x,
    }
    assert set(columns) == set(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(columns[name], values, rtol=1e-14, err_msg=name)


def test_three_way_star_has_all_two_way_terms():
    # B23 and B25 of the contract: these were missing, or crashed
    names = model("y ~ a*b*t").feature_names
    assert {"a[T.B]:b[T.v]", "a[T.B]:t[T.True]", "b[T.v]:t[T.True]"} <= set(names)
    assert "a[T.C]:b[T.v]:t[T.True]" in names
    assert len(names) == 3 * 2 * 2


# --- Codings -------------------------------------------------------------------------------------

CODED = [
    "y ~ {k} + x",
    "y ~ 0 + {k} + x",
    "y ~ {k}:x",
    "y ~ {k}*C(a)",
    "y ~ 0 + {k}:b + a",
    "y ~ {k}*x + b",
]
MAKE = {"pandas": lambda d: d, "polars": pl.from_pandas, "pyarrow": pa.Table.from_pandas}


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
@pytest.mark.parametrize("formula", CODED)
def test_both_codings_are_the_same_model(formula, make):
    data = make(make_data(900))
    options = {"family": "poisson", "exposure": "e"}
    steps, levels = (
        rs.glm(formula.format(k=k), data, **options).fit(tol=1e-12) for k in (STEPS, "C(k)")
    )
    assert any("[D." in name for name in steps.feature_names)
    assert steps.fit.rank == levels.fit.rank == len(steps.params)
    assert steps.deviance == pytest.approx(levels.deviance, rel=1e-13)
    np.testing.assert_allclose(steps.fittedvalues, levels.fittedvalues, rtol=1e-10)
    new = make(make_data(40).assign(e=1.0).query("k < 11"))
    np.testing.assert_allclose(steps.predict(new), levels.predict(new), rtol=1e-10)
    again = pickle.loads(pickle.dumps(steps))
    np.testing.assert_array_equal(again.predict(new), steps.predict(new))
    with pytest.raises(ValueError, match=r"'k' has 1 level that the model has not seen.*: 12;"):
        steps.predict(make(make_data(40).replace({"k": {8: 12}})))


@pytest.mark.parametrize("formula", [f"y ~ {STEPS}", f"y ~ 0 + {STEPS}"])
def test_a_step_is_the_difference_of_neighbouring_means(formula):
    means = DATA.groupby("k")["y"].mean().to_numpy()
    result = model(formula).fit()
    np.testing.assert_allclose(result.params, [means[0], *np.diff(means)], rtol=1e-12)
    # each level has a mean of its own, independent of the others
    sizes = DATA.groupby("k")["y"].count().to_numpy()
    errors = np.sqrt(result.scale() * (1 / sizes[1:] + 1 / sizes[:-1]))
    np.testing.assert_allclose(result.bse()[1:], errors, rtol=1e-10)


def test_a_coding_that_is_spelt_out_is_no_other_factor():
    assert model("y ~ C(k) + C(k, coding='treatment')").n_params == 4


def test_expression_on_the_left():
    np.testing.assert_allclose(model("log(g) ~ x").y, np.log(DATA["g"]), rtol=1e-15)
    np.testing.assert_allclose(model("I(x + z) ~ 1").y, DATA["x"] + DATA["z"], rtol=1e-15)
    np.testing.assert_array_equal(model("t ~ x").y, DATA["t"])


def test_offsets_are_collected_and_added():
    parsed = parse_formula("y ~ offset(log(e)) + x + offset(g)")
    assert [offset.text for offset in parsed.offsets] == ["log(e)", "g"]
    assert len(parsed.terms.terms) == 2
    assert parsed.columns == ("y", "x", "e", "g")
    result = rs.glm("y ~ offset(log(e)) + x + offset(g)", DATA, family="poisson").fit()
    other = rs.glm("y ~ x", DATA, family="poisson", offset=np.log(DATA["e"]) + DATA["g"]).fit()
    np.testing.assert_allclose(result.params, other.params, rtol=1e-10)


def test_parsed_formula():
    parsed = parse_formula("y ~ a*x + bs(g, df=4)")
    assert isinstance(parsed, ParsedFormula)
    assert parsed.response.text == "y"
    assert parsed.columns == ("y", "a", "x", "g")
    assert parsed.terms.has_intercept
    assert not parse_formula("y ~ x - 1").terms.has_intercept


def test_without_a_response():
    parsed = parse_formula("a*x", response=False)
    assert parsed.response is None
    assert parsed.columns == ("a", "x")
    with pytest.raises(ValueError, match="without '~'"):
        parse_formula("y ~ x", response=False)


# --- Names in backticks --------------------------------------------------------------------------

ODD = ["my col", "Veh-Age", "log(x)", "bs(x)", "offset(x)", "1", "a|b", "a~b", "it's", "x*z", "é"]


@pytest.mark.parametrize("name", ODD)
def test_quoted_name_is_that_column(name):
    # not the expression that the name would be without the backticks
    values = np.random.default_rng(2).normal(size=len(DATA))
    data = DATA.assign(**{name: values})
    made = model(f"y ~ `{name}` + x", data)
    assert made.feature_names == ["Intercept", name, "x"]
    np.testing.assert_array_equal(made.X[:, 1], values)
    np.testing.assert_array_equal(model(f"`{name}` ~ x", data).y, values)
    shifted = model(f"y ~ exp(`{name}`) + bs(`{name}`, df=3)", data)
    np.testing.assert_allclose(shifted.X[:, 1], np.exp(values), rtol=1e-15)
    assert shifted.n_params == 4


def test_quoted_categorical():
    data = DATA.assign(**{"my col": DATA["a"], "class": DATA["a"], "k 1": DATA["k"]})
    assert model("y ~ `my col`", data).feature_names == [
        "Intercept", "my col[T.B]", "my col[T.C]",
    ]  # fmt: skip
    assert model("y ~ C(`class`, ref='B')", data).feature_names[1:] == ["class[T.A]", "class[T.C]"]
    assert model("y ~ C(`k 1`):x", data).feature_names[1:3] == ["k 1[8]:x", "k 1[T.9]:x"]
    assert model("y ~ class", data).n_params == 3


def test_needless_backticks_change_nothing():
    for formula in ("y ~ `x` + `a`:`x`", "`y` ~ x + `a`:x", "y ~ x + C(`a`):I(`x`)"):
        assert model(formula).n_params == model("y ~ x + a:x").n_params + ("I(" in formula)
    assert model("y ~ log(`g`)").feature_names == ["Intercept", "log(g)"]
    np.testing.assert_allclose(model("y ~ log(`g`)").X[:, 1], np.log(DATA["g"]))


def test_names_with_dots_need_no_backticks():
    data = DATA.assign(**{"Veh.Age": DATA["z"]})
    assert model("y ~ Veh.Age", data).feature_names == ["Intercept", "Veh.Age"]
    assert model("y ~ `Veh.Age`", data).feature_names == ["Intercept", "Veh.Age"]


@pytest.mark.parametrize(
    ("formula", "plain"),
    [
        ("y ~ C(a, ref='B')*x - C(a, ref='B')", "y ~ x + C(a, ref='B'):x"),
        ("y ~ C(a, ref='B')*x - C(a,ref=\"B\"):x", "y ~ C(a, ref='B') + x"),
        ("y ~ C(a, ref='B')*x + C(a, ref='B')", "y ~ C(a, ref='B')*x"),
        ("y ~ `x`*a - `x`", "y ~ a + `x`:a"),
        ("y ~ (x + a - x)*b - a:b - 1", "y ~ 0 + a + b"),
    ],
)
def test_what_is_quoted_twice_is_one_factor(formula, plain):
    assert model(formula).feature_names == model(plain).feature_names


def test_what_the_dot_leaves_out_may_be_taken_away():
    data = DATA.drop(columns="when").assign(**{"n a": 1.0 * DATA["k"]})
    names = rs.glm("y ~ . - e - `n a`", data).feature_names
    assert names == rs.glm("y ~ . - `n a` - e - y", data).feature_names
    exposed = rs.glm("y ~ . - e - `n a`", data, family="poisson", exposure="e")
    assert exposed.feature_names == names
    assert "z" in names
    assert "n a" not in names


def test_a_dot_without_data_stands_for_nothing():
    with pytest.raises(ValueError, match=r"'\.' stands for all columns of the data, and there are"):
        parse_formula("y ~ .")


def test_texts_may_hold_signs():
    data = DATA.assign(a=np.where(DATA["a"] == "A", "p|q", "(r ~ s)"))
    assert model("y ~ C(a, ref='p|q')", data).feature_names == ["Intercept", "a[T.(r ~ s)]"]


# --- Errors --------------------------------------------------------------------------------------

NEWER = sys.version_info >= (3, 12)  # whose parser says what it expected, and where the name is

# formula, where the mark stands, a word of the message
UNREADABLE = [
    ("y ~ x +", 6, "Operator"),
    ("y ~ (x", 4, "matching"),
    ("y ~ x)", 5, "matching"),
    ("y ~ x ~ z", 6, "~"),
    ("y ~ my col", 4, "operator"),
    ("y ~ x @ z", 6, "@"),
    ("y ~ x; z", 5, ";"),
    ("y ~ 2", 4, "literal"),
    ("y ~ 'a'", 4, "literal"),
    ("y ~ bs(x, df=)", 10 if NEWER else 13, "expected" if NEWER else "syntax"),
    ("y ~ a + bs(x, df=)", 14 if NEWER else 17, "expected" if NEWER else "syntax"),
    ("y ~ bs(x df=5)", 7, "syntax"),
    ("y ~ a|b", 5, r"\|"),
    ("y ~ `my col` + a|b", 16, r"\|"),
    ("y1 + y2 ~ x", 0, "one response"),
    ("y:x ~ z", 0, "one response"),
    ("1 ~ x", 0, "one response"),
    ("- ~ x", 0, "one response"),
    ("C(a) ~ x", 0, "unknown function 'C'"),
    ("~ x", 0, "no response"),
    ("~ ~ x", 0, "`~` is incorrectly used"),
    ("x", 0, "no response"),
    ("y ~ ", 4, "nothing to the right"),
    ("y ~ x + foo(x)", 8, "unknown function 'foo'"),
    ("y ~ x + foo( x ):a", 8, "unknown function 'foo'"),
    ("y ~ np.mean(x)", 4, "np.mean"),
    ("y ~ np.cumsum(x)", 4, "np.cumsum"),
    ("y ~ __import__('os')", 4, "__import__"),
    ("y ~ I(x.real)", 4, "x.real"),
    ("y ~ I([i for i in x])", 4, "not arithmetic"),
    ("y ~ bs(x, dff=5)", 4, "unknown argument 'dff'.*df, degree"),
    ("y ~ `x` + a*bs(x, dff=5)", 12, "unknown argument 'dff'"),
    ("y ~ cut(x, brakes=3)", 4, r"'brakes' in .* \(did you mean 'breaks'\?\): use breaks, right"),
    ("y ~ center(x, 2)", 4, "takes a column, and nothing else"),
    ("y ~ poly(x, 0)", 4, "degree=0 of .* at least 1"),
    ("y ~ poly(x, 2, raw=1)", 4, "raw=1 of .* True or False"),
    ("y ~ scale(x, ddof=True)", 4, "ddof=True of .* int"),
    ("y ~ cut(x)", 4, "needs breaks"),
    ("y ~ cut(x, [2, 1])", 4, "increasing"),
    ("y ~ cut(x, 1)", 4, "at least 2"),
    ("y ~ cut(x, [0, 1], labels=['a', 'b'])", 4, "1 different texts"),
    ("y ~ cut(x, 4, labels=False)", 4, "4 different texts"),
    ("y ~ a + log(x, z)", 8, "takes 1 argument"),
    ("y ~ C(a, ref='B')*b - C(a, ref='C'):b", 22, "taken away and is not there"),
    ("y ~ a*x - C(a)", 10, r"'C\(a\)' is taken away"),
    ("y ~ (x - z)*a", 9, "'z' is taken away"),
    ("y ~ x - offset(z)", 8, r"'offset\(z\)' is taken away"),
    ("y ~ . - zz", 8, "'zz' is taken away"),
    ("y ~ -x", 5, "'x' is taken away"),
    ("y ~ C(x > 0 and z > 1)", 4, "join conditions by &"),
    ("y ~ cut(x, 3, right=2)", 4, "right of .* True or False"),
    ("y ~ x + cutt(x, 3)", 8, r"'cutt' \(did you mean 'cut'\?\)"),
    ("y ~ sqr(x)", 4, r"'sqr' \(did you mean 'sqrt'\?\)"),
    ("y ~ I(bs(x))", 4, "cannot stand in arithmetic"),
    ("y ~ log(cut(x, 3))", 4, "cannot stand in arithmetic"),
    ("y ~ x + aa*b", 8, r"unknown column 'aa' \(did you mean 'a'\?\): the data have y, x"),
    ("y ~ x + offset(nope)", 8, "unknown column 'nope'"),
    ("log(yy) ~ x", 0, r"unknown column 'yy' \(did you mean 'y'\?\)"),
    ("a ~ x", 0, "'a'.*not numeric: a response is numbers"),
    ("y ~ x + log(a)", 8, "'a'.*not numeric"),
    ("y ~ x*bs(a)", 6, "'a'.*not numeric.*C\\(a\\)"),
    ("y ~ cut(b, 3)", 4, "'b'.*not numeric"),
    ("y ~ poly(`when`, 2)", 4, "'when' is Datetime.*not numeric"),
    ("y ~ C(a, ref='B') + C(a, ref='A')", 20, "second time, in other columns"),
    ("y ~ C(a, level=['A'])", 4, "unknown argument 'level'.*ref, coding, levels"),
    ("y ~ x + C(a, coding='diff')", 8, "coding='diff'.*'treatment', 'sum', 'helmert', 'backw"),
    ("y ~ C(a, 'B', coding='backward_difference')", 4, "'a' takes no ref"),
    ("y ~ x + C(a, levels='A')", 8, "levels='A' of 'a' must be a list"),
    ("y ~ x + C(a, levels=['A', 'A'])", 8, "lists A twice"),
    ("y ~ x + C(a, min_exposure=0)", 8, "min_exposure=0 of 'a' must be a number above 0"),
    ("y ~ x + C(a, handle_unknown='mode')", 8, "'mode' of 'a' .* 'error', 'reference', 'mean'"),
    ("y ~ x + C(a, handle_missing=True)", 8, "=True of 'a' is not known.*'error', 'level'"),
    ("y ~ C(a, 'B', 'treatment')", 4, "after the second: ref, coding"),
    ("y ~ ns(x, degree=2)", 4, "unknown argument 'degree'"),
    ("y ~ bs(x, df=4, df=5)", 4, "twice"),
    ("y ~ bs(x, 4, df=5)", 4, "twice"),
    ("y ~ bs(x, 5, 3)", 4, "after the second"),
    ("y ~ bs(x, df=z)", 4, "df=z"),
    ("y ~ a + C()", 8, "needs a column"),
    ("y ~ bs()", 4, "needs a column"),
    ("y ~ C(bs(x))", 4, "takes a column"),
    ("y ~ x + factor(a)", 8, r"unknown function 'factor': here it is C\(x\)"),
    ("y ~ x + as.factor(a)", 8, r"write C\(x\) for as.factor\(x\)"),
    ("y ~ Q('x')", 4, "'Q': here it is the name in backticks"),
    ("y ~ C(a, Treatment('B'))", 4, "ref='B' for Treatment"),
    ("y ~ C(a, coding=Sum)", 4, "coding='sum' for Sum"),
    ("y ~ x > 0", 6, r"A condition stands in I\(...\)"),
    ("y ~ z + (x == 0)", 11, r"A condition stands in I\(...\)"),
    ("y ~ x + ``", 8, "no name between two backticks"),
    ("y ~ offset()", 4, "offset"),
    ("y ~ offset(e, 2)", 4, "offset"),
    ("y ~ a*offset(e)", 6, "offset"),
]


@pytest.mark.parametrize(("formula", "place", "word"), UNREADABLE, ids=[u[0] for u in UNREADABLE])
def test_unreadable_formula_points_at_the_place(formula, place, word):
    with pytest.raises(ValueError, match=word) as caught:
        model(formula)
    *_, written, mark = str(caught.value).split("\n")
    assert written == f"  {formula}"
    assert mark == " " * (place + 2) + "^"
    assert "_quoted_" not in str(caught.value)


@pytest.mark.parametrize("formula", ["y ~ (x]", "y ~ [x + (a)) + b"])
def test_brackets_of_two_kinds(formula):
    with pytest.raises(ValueError, match="a bracket is closed by one of another kind"):
        model(formula)


def test_mark_in_a_formula_of_several_lines():
    for formula in ("y ~\n  x +\n  a @ z", "y ~\n  x +\n  a + bs(x, dff=5)"):
        with pytest.raises(ValueError) as caught:  # noqa: PT011  the message is looked at below
            model(formula)
        *_, written, mark = str(caught.value).split("\n")
        assert written[mark.index("^") :] in ("@ z", "bs(x, dff=5)")


# formula, words of the message: what only the data can tell
IMPOSSIBLE = [
    ("y ~ nope", "unknown column 'nope'.*y, x, z"),
    ("nope ~ x", "unknown column 'nope'"),
    ("y ~ log(nope)", "unknown column 'nope'"),
    ("y ~ x.real", "unknown column 'x.real'"),
    ("y ~ log(a)", "'a'.*not numeric"),
    ("a ~ x", "'a'.*not numeric"),
    ("y ~ bs(a)", "'a'.*not numeric"),
    ("y ~ C(a, ref='Z')", "'Z' does not occur in column 'a'.*A, B, C"),
    ("y ~ bs(x, df=1)", "df must be an integer >= 2"),
    ("y ~ bs(x, df=5.5)", "df must be an integer"),
    ("y ~ bs(x, df='5')", "df must be an integer"),
    ("y ~ bs(x, knots=[1, 0])", "knots must be strictly increasing"),
    ("y ~ bs(x, knots=[99])", "99"),
    ("y ~ 0", "no terms"),
]


@pytest.mark.parametrize(("formula", "words"), IMPOSSIBLE, ids=[i[0] for i in IMPOSSIBLE])
def test_impossible_formula(formula, words):
    with pytest.raises(ValueError, match=words):
        model(formula)


# formula, where the mark stands, a word: the formula can be read, but not with these data
POINTING = [
    ("y ~ x + C(a, ref='Z')", 8, "'Z' does not occur"),
    ("y ~ a*bs(x, df=1)", 6, "df must be an integer >= 2"),
    ("y ~ x + bs(x, knots=[99])", 8, "99"),
    ("y ~ `x` + bs(x, knots=[1, 0])", 10, "knots must be strictly increasing"),
    ("y ~ a + log(x)", 8, "not finite in"),
    ("y ~ g + x:poly(b2, 2)", 10, "needs more than 2 distinct"),
    ("y ~ g + cut(z, [1, 4, 8])", 8, "outside the breaks"),
    ("y ~ g + C(z > 90):`my col`", 18, "missing or not finite"),
]


@pytest.mark.parametrize(("formula", "place", "word"), POINTING, ids=[p[0] for p in POINTING])
def test_errors_of_the_data_point_at_the_factor(formula, place, word):
    data = DATA.assign(b2=DATA["b"] == "u", **{"my col": np.nan})
    with pytest.raises(ValueError, match=word) as caught:
        model(formula, data.astype({"b2": int}))
    *_, written, mark = str(caught.value).split("\n")
    assert written == f"  {formula}"
    assert mark == " " * (place + 2) + "^"


def test_names_that_are_no_text_or_nothing():
    numbered = pd.DataFrame({"y": [1.0, 2.0, 4.0], 0: [1.0, 2.0, 3.0]})
    for formula in ("y ~ `0`", "y ~ ."):
        with pytest.raises(ValueError, match="unknown column '0': the data have y, 0; the name of"):
            model(formula, numbered)
    with pytest.raises(ValueError, match=r"a column of the data has no name \(''\)"):
        model("y ~ .", numbered.rename(columns={0: ""}))


@pytest.mark.parametrize("formula", [None, 3, ["y ~ x"]])
def test_formula_must_be_text(formula):
    with pytest.raises(ValueError, match="text"):
        model(formula)
