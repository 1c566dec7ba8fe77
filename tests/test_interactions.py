"""An interaction of three factors with its margins, empty cells and cells without claims.

With all its margins it gives every cell a rate of its own, which is known without a fit.
"""

import warnings

import numpy as np
import pandas as pd
import pytest

import rustystats as rs
from rustystats.messages import SeparationWarning

N = 20_000
SATURATED = "y ~ C(a)*C(b)*C(c)"


def make_data():
    rng = np.random.default_rng(21)
    data = pd.DataFrame(
        {
            "a": rng.integers(0, 11, N),
            "b": rng.choice(list("pqrstuv"), N, p=[0.3, 0.25, 0.2, 0.1, 0.08, 0.05, 0.02]),
            "c": rng.integers(0, 5, N),
            "x": rng.normal(size=N),
            "e": rng.uniform(0.1, 1, N),
        }
    )
    cell = data["a"] * 100 + data["c"]
    data = data[~((data["b"] == "v") & (cell % 3 == 0) | (data["b"] == "p") & (cell % 7 == 0))]
    data = data.reset_index(drop=True)
    rate = np.exp(-1.5 + 0.1 * data["a"] - 0.2 * data["c"] + 0.3 * data["b"].isin(["q", "s"]))
    return data.assign(y=rng.poisson(rate * data["e"]))


DATA = make_data()


def fit(formula, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeparationWarning)
        return rs.glm(formula, DATA, family="poisson", exposure="e").fit(**options)


@pytest.fixture(scope="module")
def saturated():
    with pytest.warns(SeparationWarning, match="a:b:c=") as caught:
        result = rs.glm(SATURATED, DATA, family="poisson", exposure="e").fit()
    assert len(caught) == 1  # and no column is called nearly aliased
    return result


def test_every_cell_has_its_rate(saturated):
    assert saturated.converged
    cells = DATA.groupby(["a", "b", "c"])[["y", "e"]].transform("sum")
    claims = (cells["y"] > 0).to_numpy()
    rate = (cells["y"] / cells["e"] * DATA["e"]).to_numpy()
    np.testing.assert_allclose(saturated.fittedvalues[claims], rate[claims], rtol=1e-6)
    assert (saturated.fittedvalues[~claims] < 1e-6).all()
    assert saturated.fit.rank == DATA.groupby(["a", "b", "c"]).ngroups < len(saturated.params)
    np.testing.assert_allclose(saturated.predict(DATA), saturated.fittedvalues, rtol=1e-12)


def test_aliased_columns_are_those_of_rank(saturated):
    made = rs.glm(SATURATED, DATA.drop_duplicates(["a", "b", "c"]))
    X, kept = made.X, ~saturated.aliased
    assert np.linalg.matrix_rank(X[:, kept]) == kept.sum() == np.linalg.matrix_rank(X)
    for column in np.flatnonzero(~kept)[::10]:  # a combination of those before it
        before = X[:, : column + 1]
        assert np.linalg.matrix_rank(before) == np.linalg.matrix_rank(before[:, :-1])


def test_standard_errors_and_a_column_beside():
    formula = "y ~ x + C(a) + C(b) + C(c) + C(a):C(b)"
    sparse = fit(f"{formula} + C(a):C(c) + C(b):C(c) + C(a):C(b):C(c)", alpha=1e-3)
    design = sparse.model.problem.design
    X, mu = design.to_dense(), sparse.fittedvalues
    ridge = np.full(X.shape[1], 1e-3 * len(X))
    ridge[0] = 0.0
    score = X.T @ (DATA["y"] - mu) - ridge * sparse.params
    assert np.abs(score).max() < 1e-4
    information = X.T @ (mu[:, None] * X)
    bread = np.linalg.inv(information + np.diag(ridge))
    np.testing.assert_allclose(
        sparse.bse(), np.sqrt(np.diag(bread @ information @ bread)), rtol=1e-7
    )


def test_two_way_model_without_penalty():
    result = fit("y ~ (C(a) + C(b))**2 + (C(a) + C(c))**2 + x")
    X, mu = result.model.problem.design.to_dense(), result.fittedvalues
    assert np.abs(X.T @ (DATA["y"] - mu)).max() < 1e-3
    kept = ~result.aliased & (np.abs(result.params) < 8)
    inverse = np.linalg.pinv(X.T @ (mu[:, None] * X), rcond=1e-14)
    errors = np.sqrt(np.diag(inverse))
    at = kept & (result.bse() < 1.0)
    np.testing.assert_allclose(result.bse()[at], errors[at], rtol=1e-3)
