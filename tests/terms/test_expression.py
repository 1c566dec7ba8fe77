"""Arithmetic on columns: values, the columns read, and what is refused."""

import pickle

import numpy as np
import pytest

from rustystats.terms.expression import FUNCTIONS, Expression, parse

X = np.array([0.5, 1.0, 2.0, 3.5])
Z = np.array([4, 3, 2, 1])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", X),
        ("log(x)", np.log(X)),
        ("np.sqrt(x)", np.sqrt(X)),
        ("numpy.exp(x)", np.exp(X)),
        ("I(x**2)", X**2),
        ("x / z - 1", X / Z - 1),
        ("-x", -X),
        ("x * (z > 2)", X * (Z > 2)),
        ("np.where(x > 1, x, 1)", np.where(X > 1, X, 1)),
        ("where(x >= z, 1, 0)", np.where(X >= Z, 1, 0)),
        ("clip(x, 1, 2)", np.clip(X, 1, 2)),
        ("minimum(x, z)", np.minimum(X, Z)),
        ("np.minimum(x, 15)", np.minimum(X, 15)),
        ("np.hypot(x, z)", np.hypot(X, Z)),
        ("z % 2 == 0", Z % 2 == 0),
        ("(x > 0.7) & ~(z < 2) | (x == 3.5)", (X > 0.7) & ~(Z < 2) | (X == 3.5)),
        ("(x - 1) * 1e-3", (X - 1) * 1e-3),
        ("floor(x) + x // 1", 2 * np.floor(X)),
    ],
)
def test_values(text, expected):
    values = Expression(text).evaluate({"x": X, "z": Z})
    assert values.dtype == np.float64
    np.testing.assert_allclose(values, expected, rtol=1e-15)


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name != "I"])
def test_functions_are_numpys_and_elementwise(name):
    # one value at a time gives what all values at once give: so levels may stand for rows
    more = {"where": "x, 1, 2", "clip": "x, 1, 2", "power": "x, 2"}.get(name, "x")
    more = "x, 1.5" if name in ("minimum", "maximum") else more
    expression = Expression(f"{name}({more})")
    at_once = expression.evaluate({"x": X})
    singly = [expression.evaluate({"x": X[i : i + 1]})[0] for i in range(len(X))]
    np.testing.assert_allclose(at_once, singly, rtol=1e-15)
    arguments = [X if a == "x" else float(a) for a in more.split(", ")]
    np.testing.assert_allclose(at_once, getattr(np, name)(*arguments), rtol=1e-15)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("x", ("x",)),
        ("log(x) + x", ("x",)),
        ("z * log(x)", ("z", "x")),
        ("np.sqrt(x)", ("x",)),
        ("`my col` + x", ("my col", "x")),
        ("log(`a|b` / `c d`)", ("a|b", "c d")),
        ("log + log(x)", ("log", "x")),
        ("1 + 2", ()),
    ],
)
def test_columns(text, columns):
    assert Expression(text).columns == columns


def test_quoted_names():
    values = Expression("log(`my col`) - `x 2`").evaluate({"my col": X, "x 2": Z})
    np.testing.assert_allclose(values, np.log(X) - Z, rtol=1e-15)


@pytest.mark.parametrize(
    "text",
    [
        "log(x, z)",  # numpy would write it into z
        "np.minimum(x, z, x)",
        "np.log(x, where=x > 1)",  # and leave the others as they happen to be
        "log(x, base=2)",
        "where(x > 1)",
        "clip(x)",
        "I(x, z)",
        "log()",
    ],
)
def test_number_of_arguments(text):
    with pytest.raises(ValueError, match=r"takes \d( or \d)? arguments?, without names"):
        Expression(text)


@pytest.mark.parametrize("text", ["x > 0 and z > 1", "not x > 0", "0 < x < 1"])
def test_conditions_are_joined_elementwise(text):
    with pytest.raises(ValueError, match=r"join conditions by &"):
        Expression(text)
    assert Expression("(x > 0) & (z > 1)").is_condition
    assert Expression("~(x > 0)").is_condition
    assert not Expression("x + (z > 1)").is_condition


def test_what_numpy_refuses():
    with pytest.raises(ValueError, match=r"cannot compute 'round\(x, z\)'"):
        Expression("round(x, z)").evaluate({"x": X, "z": Z})
    with pytest.raises(ValueError, match=r"cannot compute 'np.exp\(np\)'"):  # a column of the name
        Expression("np.exp(np)").evaluate({"np": X})


def test_integers_become_floats():
    # 200 + 100 would overflow a small integer
    small = np.array([200, 100], dtype=np.uint8)
    np.testing.assert_array_equal(Expression("x + x - 500").evaluate({"x": small}), [-100, -300])


def test_what_is_undefined_is_not_finite_and_silent():
    values = Expression("log(x)").evaluate({"x": np.array([-1.0, 0.0, 1.0])})
    assert np.isnan(values[0])
    assert values[1] == -np.inf


def test_read_only_input_is_left_alone():
    x = X.copy()
    x.flags.writeable = False
    Expression("I(x)").evaluate({"x": x})
    Expression("abs(x) + 1").evaluate({"x": x})
    np.testing.assert_array_equal(x, X)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "open('f')",
        "x.real",
        "x.__class__",
        "(lambda: x)()",
        "[v for v in x]",
        "x[0]",
        "np.pi",
        "np.random.normal(x)",
        "np.load(x)",
        "np.mean(x)",
        "np.modf(x)",
        "np.matmul(x, z)",
        "mean(x)",
        "x if z else 1",
        "f'{x}'",
        "(x := 1)",
        "{'a': x}",
        "eval('x')",
        "x().y",
    ],
)
def test_anything_but_arithmetic_is_refused(text):
    with pytest.raises(ValueError, match=r"not arithmetic|unknown function|not a column"):
        Expression(text)


def test_unreadable_text_shows_the_place():
    with pytest.raises(ValueError, match="cannot read") as caught:
        parse("log(x")
    message, text, mark = str(caught.value).split("\n")
    assert "'log(x'" in message
    assert text == "  log(x"
    assert mark.index("^") == 2 + 3


def test_equality_hash_and_pickle():
    assert Expression("log(x)") == Expression("log(x)")
    assert hash(Expression("log(x)")) == hash(Expression("log(x)"))
    assert Expression("log(x)") != Expression("log(z)")
    used = Expression("log(x)")
    used.evaluate({"x": X})
    again = pickle.loads(pickle.dumps(used))
    assert again == used
    np.testing.assert_array_equal(again.evaluate({"x": X}), np.log(X))
