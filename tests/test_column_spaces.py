"""The columns of a formula span the space that patsy, or formulaic, make of it.

Rank and projection both ways, on random rows of text, ordered categorical, boolean, integer and
floating columns. What is computed from the data (knots, polynomials) is theirs as well.
"""

import formulaic
import numpy as np
import pandas as pd
import patsy
import pytest

import rustystats as rs

N = 260
STEPS = "C(k, coding='backward_difference')"


def make_data():
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "y": rng.poisson(1.0, N).astype(float),
            "x": rng.normal(size=N),
            "z": rng.integers(1, 9, N),
            "g": rng.uniform(1, 2, N),
            "a": rng.choice(list("ABC"), N),
            "b": rng.choice(["u", "v"], N),
            "t": rng.random(N) > 0.5,
            "k": rng.integers(8, 12, N),
            "o": pd.Categorical(
                rng.choice(["low", "mid", "high"], N), ["low", "mid", "high"], ordered=True
            ),
        }
    )


DATA = make_data()

# ours, patsy's; "=" where they are spelt alike
SPACES = [
    ("y ~ x", "="),
    ("y ~ 1", "="),
    ("y ~ x - 1", "="),
    ("y ~ 0 + x", "="),
    ("y ~ -1 + x", "="),
    ("y ~ x + 0", "="),
    ("y ~ a", "="),
    ("y ~ t", "="),
    ("y ~ C(z)", "="),
    ("y ~ C( a )", "="),
    ("y ~ a*b", "="),
    ("y ~ a*b*x", "="),
    ("y ~ a*b*t", "="),
    ("y ~ x:C(a)", "="),
    ("y ~ C(a):C(b)", "="),
    ("y ~ C(a):C(b):x", "="),
    ("y ~ a:b:t", "="),
    ("y ~ a + a:b", "="),
    ("y ~ a:b - 1", "="),
    ("y ~ 0 + C(a)", "="),
    ("y ~ C(a) + C(b) - 1", "="),
    ("y ~ 0 + t + b", "="),
    ("y ~ t:x", "="),
    ("y ~ a:x + b:x", "="),
    ("y ~ x + a:x + b:x - 1", "="),
    ("y ~ a/x", "="),
    ("y ~ a/b", "="),
    ("y ~ (a+b)**2", "="),
    ("y ~ (a+b+x)**2", "="),
    ("y ~ (a+b+t)**2 - 1", "="),
    ("y ~ (x+z+g)**3 - x:z:g", "="),
    ("y ~ x*z*g", "="),
    ("y ~ x**2", "="),  # algebra, as in R: x itself
    ("y ~ x^2", "y ~ x**2"),
    ("y ~ a + b - a", "="),
    ("y ~ C(a, ref='B')", "y ~ C(a, Treatment('B'))"),
    ("y ~ C(a, 'B') * C(b, ref='v')", "y ~ C(a, Treatment('B')) * C(b, Treatment('v'))"),
    (f"y ~ {STEPS}", "y ~ C(k, Diff)"),
    (f"y ~ 0 + {STEPS}", "y ~ 0 + C(k, Diff)"),
    (f"y ~ {STEPS}:x", "y ~ C(k, Diff):x"),
    (f"y ~ {STEPS}*C(a, ref='B')", "y ~ C(k, Diff)*C(a)"),
    (f"y ~ a + a:{STEPS} - 1", "y ~ a + a:C(k, Diff) - 1"),
    ("y ~ log(g)", "y ~ np.log(g)"),
    ("y ~ log(g):a", "y ~ np.log(g):a"),
    ("y ~ I(x**2) + x", "="),
    ("y ~ np.sqrt(g) + np.where(x > 0, 1, 0)", "="),
    ("y ~ {x + z}", "y ~ I(x + z)"),
    ("y ~ clip(x, -1, 1)", "y ~ np.clip(x, -1, 1)"),
    # patsy's df counts columns, ours the constant as well
    ("y ~ bs(x, df=5)", "y ~ bs(x, df=4)"),
    ("y ~ bs(x, 5)", "y ~ bs(x, df=4)"),
    ("y ~ bs(x)", "y ~ bs(x, df=4)"),
    ("y ~ bs(z, df=7)", "y ~ bs(z, df=6)"),
    ("y ~ bs(x, df=4, degree=2)", "y ~ bs(x, df=3, degree=2)"),
    ("y ~ bs(x, knots=[-0.5, 0.5])", "y ~ bs(x, knots=(-0.5, 0.5))"),
    ("y ~ bs(log(g), df=4)", "y ~ bs(np.log(g), df=3)"),
    ("y ~ bs(x, df=5)*C(a)", "y ~ bs(x, df=4)*C(a)"),
    ("y ~ bs(x, df=5):a", "y ~ bs(x, df=4):a"),
    ("y ~ 0 + bs(x, df=4) + a", "y ~ 0 + bs(x, df=3) + a"),
    # three factors, ordered ones, and margins that are absent
    ("y ~ a*b*o", "="),
    ("y ~ a:b:o - 1", "="),
    ("y ~ o + a:o:t", "="),
    ("y ~ 0 + o:x + b", "="),
    ("y ~ (a + o + t)**3 - a:o:t", "="),
    ("y ~ C(o) + a/b", "="),
    ("y ~ a*b - a", "="),
    ("y ~ a*b + 0 - b", "="),
    ("y ~ 0 + a*x*t", "="),
    ("y ~ a/(b + x)", "="),
    ("y ~ (a + b)/x", "="),
    ("y ~ (a + b + x + o)**2 - x:o", "="),
    # splines in products: a tensor product, with margins and without
    ("y ~ bs(x, df=4)*bs(g, df=4)", "y ~ bs(x, df=3)*bs(g, df=3)"),
    ("y ~ bs(x, df=4):bs(z, df=5)", "y ~ bs(x, df=3):bs(z, df=4)"),
    ("y ~ bs(z, df=4)*bs(k, df=3, degree=2)", "y ~ bs(z, df=3)*bs(k, df=2, degree=2)"),
    ("y ~ bs(x, df=4)*z", "y ~ bs(x, df=3)*z"),
    ("y ~ bs(x, df=4):a:o", "y ~ bs(x, df=3):a:o"),
    ("y ~ 0 + o*bs(z, df=5)*b", "y ~ 0 + o*bs(z, df=4)*b"),
    # functions
    ("log(g) ~ x", "np.log(g) ~ x"),
    ("y ~ poly(x, 3)", "y ~ x + I(x**2) + I(x**3)"),
    ("y ~ poly(z, degree=2, raw=True)*a", "y ~ (z + I(z**2))*a"),
    ("y ~ 0 + poly(g, 2):b", "y ~ 0 + b:(patsy_poly(g, 0) + patsy_poly(g, 1))"),
    ("y ~ center(x) + scale(g) - 1", "y ~ center(x) + scale(g) - 1"),
    ("y ~ standardize(x, center=False)*a", "y ~ standardize(x, center=False)*a"),
    ("y ~ cut(x, [-inf, -1, 0, 1, inf])", "y ~ patsy_cut(x)"),
    ("y ~ cut(x, [-inf, -1, 0, 1, inf])*o", "y ~ patsy_cut(x)*o"),
    ("y ~ 0 + x + cut(x, [-inf, -1, 0, 1, inf]):x", "y ~ 0 + x + patsy_cut(x):x"),
    ("y ~ C(x > 0)*b", "y ~ C(x > 0)*b"),
    ("y ~ x + C(k)*C(z)", "="),
]


def patsy_poly(x, power):
    """The polynomial of `poly(x, 2)` of each degree, by QR."""
    return np.linalg.qr(np.vander(x, 3, increasing=True)).Q[:, power + 1]


def patsy_cut(x):
    return pd.cut(x, [-np.inf, -1, 0, 1, np.inf]).astype(str)


def check_space(ours, expected, data=DATA):
    """Both span the same space, and ours without a column too many."""
    made = rs.glm(ours, data)
    assert made.X.shape == (len(DATA), made.n_params) == (len(DATA), len(made.feature_names))
    assert np.linalg.matrix_rank(made.X) == made.n_params == np.linalg.matrix_rank(expected)
    for columns, onto in ((expected, made.X), (made.X, expected)):
        projected = onto @ np.linalg.lstsq(onto, columns, rcond=None)[0]
        np.testing.assert_allclose(projected, columns, atol=1e-9)


@pytest.mark.parametrize(("ours", "theirs"), SPACES, ids=[ours for ours, _ in SPACES])
def test_column_space_is_patsys(ours, theirs):
    expected = patsy.dmatrices(ours if theirs == "=" else theirs, DATA)[1]
    check_space(ours, np.asarray(expected))


# What patsy does not know: formulaic does. Both take x, z, ... in the order of the data.
FORMULAIC = [
    "y ~ .",
    "y ~ . - a - z",
    "y ~ . + x:t",
    "y ~ .:x",
    "y ~ 0 + .",
    "y ~ x + (. - z - a - o - t - k)**2",
    "y ~ a %in% b",
]


@pytest.mark.parametrize("formula", FORMULAIC)
def test_column_space_is_formulaics(formula):
    expected = formulaic.model_matrix(formula, DATA.astype({"o": str}))
    check_space(formula, np.asarray(expected.rhs, dtype=float))


def test_dot_is_every_column_that_is_nothing_else():
    def names(formula, **given):
        return rs.glm(formula, DATA[["y", "x", "z", "g", "k"]], **given).feature_names

    assert names("y ~ .") == ["Intercept", "x", "z", "g", "k"]
    assert names("log(g) ~ . - y") == ["Intercept", "x", "z", "k"]  # not what the left uses
    assert names("y ~ .", weights="g") == ["Intercept", "x", "z", "k"]
    assert names("y ~ .", family="poisson", exposure="z") == ["Intercept", "x", "g", "k"]
    assert names("y ~ . + offset(log(g) * k)") == ["Intercept", "x", "z"]
    assert names("y ~ . + x") == ["Intercept", "x", "z", "g", "k"]
    odd = DATA[["y", "x"]].assign(**{"my col": DATA["g"], "Veh.Age": DATA["z"], "log(x)": 1.5})
    assert rs.glm("y ~ .", odd).feature_names[1:] == ["x", "my col", "Veh.Age", "log(x)"]
    assert rs.glm("y ~ . - `my col` - Veh.Age", odd).feature_names[1:] == ["x", "log(x)"]


def test_dot_of_an_estimator():
    model = rs.GLMRegressor(family="poisson", formula="(.)**2", exposure="g")
    model.fit(DATA[["x", "z", "b", "g"]], DATA["y"])
    assert model.result_.feature_names == [
        "Intercept", "x", "z", "b[T.v]", "x:z", "b[T.v]:x", "b[T.v]:z",
    ]  # fmt: skip
