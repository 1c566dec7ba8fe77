"""Rows that a fit does not decide: against the rank of the design with the row below it."""

import warnings

import numpy as np
import pandas as pd
import pytest

import rustystats as rs
from rustystats.inference.estimability import not_estimable


def make(seed, n=300):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "a": rng.choice(list("pqrs"), n),
            "b": rng.choice(list("wxyz"), n),
            "x": rng.normal(size=n).round(1),
            "big": rng.integers(0, 90, n) * 1e4,
            "w": rng.choice([0.5, 1.0, 3.0], n),
        }
    )
    cells = np.ones((4, 4), dtype=bool)  # that the fit sees: all but three
    cells[[0, 2, 3], rng.permutation(4)[:3]] = False
    there = cells[frame["a"].map("pqrs".find), frame["b"].map("wxyz".find)]
    frame["zone"] = frame["a"].replace("q", "p")  # nested
    frame["twice"] = 2 * frame["x"] - 1
    frame["y"] = rng.poisson(np.exp(0.3 * frame["x"])) + 0.5
    new = frame[~there].copy()
    new.loc[new.index[::2], "twice"] += 1.0
    new.loc[new.index[::3], "zone"] = "r"
    return frame[there].reset_index(drop=True), pd.concat([new, frame[there].head(20)])


def undecided(result, data):
    design = result.model.terms.design(result.model.read(data, []))[0]
    return not_estimable(result._null_vector, design), design.to_dense()


def by_rank(X, new):
    """Whether a row adds to the rank of the design, its columns in units of their size."""
    size = np.abs(X).max(axis=0)
    X, new = X / np.where(size > 0, size, 1.0), new / np.where(size > 0, size, 1.0)
    _, values, vectors = np.linalg.svd(X, full_matrices=False)
    rows = vectors[values > 1e-9 * values[0]]
    return np.abs(new - new @ rows.T @ rows).max(axis=1) > 1e-7


FORMULAS = [
    "y ~ C(a) * C(b)",
    "y ~ C(a):C(b) + x",
    "y ~ 0 + C(a) * C(b)",
    "y ~ C(zone) + C(a) + C(b) * big",
    "y ~ x + twice + C(a) * C(b)",
    "y ~ bs(x, df=4) * C(a) * C(b)",
]


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize(
    ("family", "link"), [("poisson", "log"), ("gaussian", "identity"), ("gamma", "inverse")]
)
@pytest.mark.parametrize("seed", [1, 2])
def test_is_what_the_rank_says(formula, family, link, seed):
    data, new = make(seed)
    data["y"] = np.floor(data["y"]) if family == "poisson" else data["y"]
    result = rs.glm(formula, data, family=family, link=link, weights="w").fit()
    assert result.aliased.any()
    found, rows = undecided(result, new)
    X = result.model.problem.design.to_dense()
    np.testing.assert_array_equal(found, by_rank(X, rows))
    assert found.any()
    assert not undecided(result, data)[0].any()


@pytest.fixture(scope="module")
def cells():
    data, new = make(1)
    return rs.glm("y ~ C(a) * C(b) + x", data, weights="w").fit(), data, new


def test_predictions_say_so_and_have_no_errors(cells, tmp_path):
    result, data, new = cells
    found, _ = undecided(result, new)
    message = rf"{found.sum()} of {len(new)} predictions \(the first in row {np.argmax(found)}\)"
    with pytest.warns(UserWarning, match=message):
        table = result.prediction_table(new)
    np.testing.assert_array_equal(table.iloc[:, 1:].isna().all(axis=1), found)
    result.save(tmp_path / "model.json")
    loaded = rs.load(tmp_path / "model.json")
    for one in (result, loaded):
        with pytest.warns(UserWarning, match=r"left out as aliased \(a\[T"):
            np.testing.assert_array_equal(one.predict(new), table["Prediction"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_allclose(result.predict(data), result.fittedvalues, rtol=1e-12)
        result.predict(new[~found])


def test_a_file_of_a_separated_model_says_nothing(tmp_path):
    data, new = make(1)
    data["y"] = np.where(data["a"] == "p", 0.0, np.floor(data["y"]))
    with pytest.warns(rs.SeparationWarning):
        result = rs.glm("y ~ C(a) * C(b)", data, family="poisson").fit()
    result.save(tmp_path / "model.json")
    with pytest.warns(UserWarning, match="count as 0 there"):
        means = result.predict(new)
    np.testing.assert_array_equal(rs.load(tmp_path / "model.json").predict(new), means)


def test_a_ridge_decides_all_rows(cells):
    _, data, new = cells
    result = rs.glm("y ~ C(a) * C(b) + x", data, weights="w").fit(alpha=0.01)
    table = result.prediction_table(new)  # a warning would be an error
    assert table.notna().all(axis=None)


def test_diagnostics_of_such_rows_say_so(cells):
    result, _, new = cells
    with pytest.warns(UserWarning, match="of combinations that the rows of the fit say nothing"):
        result.evaluate(new)
