"""Separation and near-aliasing of what a penalty and bounds leave free."""

import numpy as np
import pandas as pd
import pytest

import rustystats as rs

N = 2000
RNG = np.random.default_rng(22)
FRAME = pd.DataFrame({"x": RNG.normal(size=N), "area": RNG.choice(list("ABCD"), N)})
FRAME["y"] = RNG.poisson(np.exp(0.3 * FRAME["x"])).astype(float)
FRAME["e"] = RNG.uniform(0.2, 1.0, N)
FREE = {"C(area)": 0}
LASSO = {"alpha": 0.01, "l1_ratio": 1.0}


def emptied(*levels):
    return FRAME.assign(y=np.where(FRAME["area"].isin(levels), 0.0, FRAME["y"]))


def model(data, formula="y ~ x + C(area)", **options):
    return rs.glm(formula, data, family="poisson", exposure="e", **options)


def separated(fit):
    """What a fit that warns of separation, and of nothing else, names."""
    with pytest.warns(rs.SeparationWarning, match="penalise them") as record:
        result = fit()
    (warning,) = record
    assert all(part in str(warning.message) for part in result.separated)
    return result


def named(data, *levels):
    rows = data["area"].value_counts()
    return tuple(f"area={level} ({rows[level]} rows, at the lower end)" for level in levels)


@pytest.mark.parametrize("l1_ratio", [0.5, 1.0])
def test_an_unpenalised_level_without_claims(l1_ratio):
    data, rest = emptied("C"), FRAME[FRAME["area"] != "C"]
    options = {"l1_ratio": l1_ratio, "penalty_factor": FREE, "tol": 1e-10}
    result = separated(lambda: model(data).fit(alpha=0.01, **options))
    assert result.separated == named(data, "C")
    assert result.converged
    # its rows add nothing to the likelihood, but they count in the mean that alpha is beside
    expected = model(rest).fit(alpha=0.01 * N / len(rest), **options)
    kept = [result.feature_names.index(name) for name in expected.feature_names]
    np.testing.assert_allclose(result.params[kept], expected.params, rtol=1e-6)
    text = " ".join(result.summary().split())
    assert f"SEPARATION, the coefficients run to infinity along: {named(data, 'C')[0]}." in text
    assert "errors mean nothing" not in text  # there are none


def test_a_penalised_level_without_claims_has_a_minimum():
    assert model(emptied("C")).fit(**LASSO).separated == ()
    assert model(emptied("C")).fit(**LASSO, penalty_factor={"x": 0}).separated == ()


def test_the_reference_level_without_claims():
    data = emptied("A")
    result = separated(lambda: model(data).fit(**LASSO, penalty_factor=FREE))
    assert result.separated == named(data, "A")


def test_a_level_without_claims_beside_bounds():
    data = emptied("B", "C")
    result = separated(lambda: model(data).fit(lower_bounds={"x": 0.0, "area[T.C]": -3.0}))
    assert result.separated == named(data, "B")  # the bound stops the other
    assert result.params[3] == -3.0
    assert model(data).fit(lower_bounds={"C(area)": -3.0}).separated == ()


def test_ridge_beside_bounds():
    data = emptied("C")
    options = {"alpha": 0.01, "upper_bounds": {"x": 0.1}}
    assert model(data).fit(**options).separated == ()
    result = separated(lambda: model(data).fit(**options, penalty_factor=FREE))
    assert result.separated == named(data, "C")
    tiny = model(data).fit(**options | {"alpha": 1e-9})  # far out, but a minimum
    assert tiny.separated == ()


@pytest.mark.parametrize("alphas", [None, [0.1, 0.01, 0.0], [0.0] * 3])
def test_every_fit_of_a_path_says_so(alphas):
    data = emptied("C")
    with pytest.warns(rs.SeparationWarning, match="area=C") as record:
        path = model(data).regularization_path(alphas, n_alphas=3, penalty_factor=FREE)
    assert len(record) == 1
    assert [path.result(i).separated for i in range(3)] == [named(data, "C")] * 3
    path = model(data).regularization_path([0.1, 0.01], penalty_factor={"x": 0})
    assert path.result(1).separated == ()


def test_a_path_down_to_no_penalty():
    data = emptied("C")
    with pytest.warns(rs.SeparationWarning, match="area=C") as record:
        path = model(data).regularization_path([0.1, 0.01, 0.0], penalty_factor={"x": 0})
    assert len(record) == 1
    assert [path.result(i).separated for i in range(3)] == [(), (), named(data, "C")]


def test_no_claims_at_all():
    data = emptied("A", "B", "C", "D")
    result = separated(lambda: model(data).fit(**LASSO))
    assert set(result.separated) == set(named(data, *"ABCD"))


def test_nothing_is_looked_for_where_all_is_penalised(monkeypatch):
    asked = []
    monkeypatch.setattr("rustystats.fitting.separated_parts", lambda *a: asked.append(a) or ())
    model(FRAME).fit(**LASSO)
    assert not asked
    model(FRAME).fit(**LASSO, penalty_factor={"x": 0})
    assert len(asked) == 1


def test_a_free_column_that_is_nearly_another_is_named():
    # beside the intercept, cross-products cannot see a step of 1 in ten million
    data = FRAME.assign(year=1e7 + (FRAME["x"] > 0))
    with pytest.warns(UserWarning, match="^year: so nearly a combination"):
        result = model(data, "y ~ year + C(area)").fit(**LASSO, penalty_factor={"year": 0})
    assert np.isnan(result.params[1])
    exact = FRAME.assign(year=2020.0)
    result = model(exact, "y ~ year + C(area)").fit(**LASSO, penalty_factor={"year": 0})
    assert np.isnan(result.params[1])
