"""Polynomials: R's numbers, on the rows learned from and on others; orthogonality; what is kept."""

import numpy as np
import pandas as pd
import pytest

import rustystats as rs
from rustystats.frames import read_columns
from rustystats.terms.expression import Expression
from rustystats.terms.polynomial import PolynomialFactor

# R 4.2.2: x <- c(...); p <- poly(x, 3); p; predict(p, c(-1, 2, 12))
X = np.array([0.5, 1.25, 1.25, 3, 4.5, 4.5, 7, 11])
NEW = np.array([-1.0, 2, 12])
R_POLY = np.array(
    [
        [-0.389200392143888685, -0.308676173079636018, -0.308676173079635907, -0.120786328596379250,
         0.040262109532126437, 0.040262109532126437, 0.308676173079635907, 0.738138674755651092],
        [0.418866877902045631, 0.188640512905579039, 0.188640512905578928, -0.205798800068558302,
         -0.384819182369615209, -0.384819182369615209, -0.356888112069200791, 0.536177373163785997],
        [-0.428262904949131107, 0.085330128674626193, 0.085330128674625888, 0.455895858932115428,
         0.156081079978709680, 0.156081079978709680, -0.710849479592369882, 0.200394108302714202],
    ]
).T  # fmt: skip
R_NEW = np.array(
    [
        [-0.5502488302723944624, -0.2281519540153830738, 0.8455043001746548326],
        [0.9894453091657136046, -0.0048772850006430684, 0.9225929315397873864],
        [-2.3051936840540339091, 0.3684604858244732162, 1.4566982525213638677],
    ]
).T


def columns_of(x):
    return read_columns({"x": x}, ["x"])


@pytest.mark.parametrize("copies", [1, 100])
def test_equals_r(copies):
    # coded by distinct value or not: few rows are a table as well, a hundred copies many counts
    x = np.repeat(X, copies)
    learned = PolynomialFactor(Expression("x"), 3).learn(columns_of(x))
    ours = learned.block(columns_of(x)).to_dense() * np.sqrt(copies)
    np.testing.assert_allclose(ours[::copies], R_POLY, atol=1e-14)
    new = learned.block(columns_of(NEW)).to_dense() * np.sqrt(copies)
    np.testing.assert_allclose(new, R_NEW, atol=1e-13)


def test_continuous_column_is_orthogonal():
    x = np.random.default_rng(3).lognormal(size=20_000)
    learned = PolynomialFactor(Expression("log(x)"), 5).learn(columns_of(x))
    basis = learned.block(columns_of(x)).to_dense()
    np.testing.assert_allclose(basis.T @ basis, np.eye(5), atol=1e-11)
    np.testing.assert_allclose(basis.sum(axis=0), 0, atol=1e-10)


def test_raw_powers():
    block = PolynomialFactor(Expression("x"), 3, raw=True).learn(columns_of(X)).block(columns_of(X))
    np.testing.assert_allclose(block.to_dense(), X[:, None] ** [1, 2, 3], rtol=1e-15)


def test_in_a_model_it_is_the_polynomial_and_is_replayed():
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"x": rng.uniform(0, 5, 300), "a": rng.choice(["p", "q"], 300)})
    data["y"] = 1 + data["x"] ** 2 + rng.normal(size=300)
    ours = rs.glm("y ~ poly(x, 2)*a", data).fit()
    powers = rs.glm("y ~ (x + I(x**2))*a", data).fit()
    assert ours.feature_names[1:3] == ["poly(x, 1/2)", "poly(x, 2/2)"]
    np.testing.assert_allclose(ours.fittedvalues, powers.fittedvalues, rtol=1e-9)
    np.testing.assert_allclose(ours.predict(data), ours.fittedvalues, rtol=1e-12)
    new = pd.DataFrame({"x": [-1.0, 7.0], "a": ["p", "q"]})
    np.testing.assert_allclose(ours.predict(new), powers.predict(new), rtol=1e-9)
    raw = rs.glm("y ~ poly(x, 2, raw=True)*a", data).fit()
    np.testing.assert_allclose(raw.params, powers.params, rtol=1e-8)


def test_label_reads_back():
    for text in ("poly(x, 3)", "poly(log(x), 2, raw=True)"):
        data = pd.DataFrame({"y": X, "x": X + 1})
        assert rs.glm(f"y ~ {text}", data)._model.terms.terms[1].label == text


def test_too_few_values():
    with pytest.raises(ValueError, match=r"'poly\(x, 6\)'.*more than 6 distinct.*there are 6"):
        PolynomialFactor(Expression("x"), 6).learn(columns_of(X))
    with pytest.raises(ValueError, match="there is 1"):
        PolynomialFactor(Expression("x"), 1).learn(columns_of(np.ones(9)))
