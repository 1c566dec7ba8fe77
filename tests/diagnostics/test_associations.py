"""Associations of factors against scipy, statsmodels, pandas and brute force."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import contingency
from statsmodels.stats.outliers_influence import variance_inflation_factor

from rustystats import frames
from rustystats.diagnostics import associations
from rustystats.diagnostics.factors import read_factors

N = 3_000
CATEGORICAL, CONTINUOUS = ["area", "brand"], ["age", "power", "income"]


def make_data(missing=False):
    rng = np.random.default_rng(3)
    age = rng.integers(18, 90, N).astype(float)
    area = np.where(age + rng.normal(0, 20, N) > 50, "town", rng.choice(["a", "b"], N))
    brand = np.where(rng.uniform(size=N) < 0.3, area, rng.choice(list("vwxyz"), N))
    data = pd.DataFrame(
        {
            "age": age,
            "power": np.round(age / 10 + rng.normal(0, 2, N)),
            "income": 1e6 + 100 * age + rng.normal(0, 3_000, N),
            "area": area,
            "brand": brand,
            "exposure": rng.uniform(0.05, 1.0, N),
        }
    )
    if missing:
        for name, share in {"age": 0.1, "income": 0.2, "brand": 0.1}.items():
            data.loc[rng.uniform(size=N) < share, name] = np.nan
    return data


def moments_of(data, volume, categorical=CATEGORICAL, continuous=CONTINUOUS):
    columns = frames.read_columns(data, [*categorical, *continuous])
    factors = read_factors(columns, categorical, continuous, volume, 10)
    by_level = {f.name: np.bincount(f.codes, volume, f.n_levels) for f in factors}
    levels, numbers = factors[: len(categorical)], factors[len(categorical) :]
    return associations.second_moments(numbers, levels, volume, by_level)


def duplicated(data, volume):
    """Each row as often as its volume, a whole number, says."""
    return data.loc[data.index.repeat(volume.astype(int))].reset_index(drop=True)


@pytest.mark.parametrize("missing", [False, True])
def test_correlations_are_those_of_pandas(missing):
    data = make_data(missing)
    found = associations.correlations(moments_of(data, np.ones(N)))
    np.testing.assert_allclose(found, data[CONTINUOUS].corr().to_numpy(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("missing", [False, True])
def test_a_row_of_volume_three_counts_as_three_rows(missing):
    data = make_data(missing)
    volume = np.random.default_rng(0).integers(1, 4, N).astype(float)
    found = associations.correlations(moments_of(data, volume))
    expected = duplicated(data, volume)[CONTINUOUS].corr().to_numpy()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_cramers_v_without_its_correction_is_that_of_scipy():
    """At an enormous number of rows nothing is left to correct."""
    data = make_data()
    moments = moments_of(data, np.ones(N))
    cells = pd.crosstab(data["area"], data["brand"])
    expected = contingency.association(cells.to_numpy(), method="cramer")
    plain = associations._cramers_v(cells.to_numpy(float), 1e15)
    assert plain == pytest.approx(expected, rel=1e-10)
    assert associations.cramers_v(moments)[0, 1] < expected


def bergsma(a, b):
    """The formulas of the article, on a table of counts from scipy's chi-square."""
    table = pd.crosstab(a, b).to_numpy()
    n, (r, c) = table.sum(), table.shape
    phi2 = contingency.chi2_contingency(table, correction=False)[0] / n
    phi2 = max(0.0, phi2 - (r - 1) * (c - 1) / (n - 1))
    r, c = r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)
    return np.sqrt(phi2 / min(r - 1, c - 1))


@pytest.mark.parametrize("missing", [False, True])
def test_cramers_v_is_bergsmas(missing):
    data = make_data(missing)
    found = associations.cramers_v(moments_of(data, np.full(N, 0.25)))
    brand = data["brand"].fillna("missing")
    assert found[0, 1] == pytest.approx(bergsma(data["area"], brand), rel=1e-10)
    np.testing.assert_allclose(np.diagonal(found), 1.0, rtol=0, atol=1e-12)


def test_many_levels_by_chance_are_no_association():
    rng = np.random.default_rng(5)
    data = pd.DataFrame({"a": rng.integers(0, 60, N), "b": rng.integers(0, 60, N)}).astype(str)
    plain = contingency.association(pd.crosstab(data["a"], data["b"]).to_numpy())
    found = associations.cramers_v(moments_of(data, np.ones(N), ["a", "b"], []))[0, 1]
    assert plain > 0.13
    assert found < 0.03


def test_kish_counts_the_rows_that_volumes_amount_to():
    volume = np.r_[np.ones(100), np.full(N - 100, 1e-9)]
    data = make_data()
    moments = moments_of(data, volume)
    assert moments.rows == pytest.approx(100, rel=1e-3)
    few = associations.cramers_v(moments)[0, 1]
    assert few == pytest.approx(bergsma(data["area"][:100], data["brand"][:100]), abs=2e-3)


@pytest.mark.parametrize("missing", [False, True])
def test_correlation_ratio_is_the_adjusted_r2_of_statsmodels(missing):
    import statsmodels.formula.api as smf

    data = make_data(missing)
    found = associations.correlation_ratios(moments_of(data, np.ones(N)))
    for i, x in enumerate(CONTINUOUS):
        for j, factor in enumerate(CATEGORICAL):
            rows = data[[x, factor]].fillna({factor: "missing"}).dropna()
            r2 = smf.ols(f"{x} ~ C({factor})", rows).fit().rsquared_adj
            assert found[i, j] == pytest.approx(np.sqrt(max(0.0, r2)), abs=1e-10)


def test_inflation_of_numbers_is_that_of_statsmodels():
    data = make_data()
    x = np.column_stack([np.ones(N), data[CONTINUOUS]])
    found = associations.variance_inflation(moments_of(data, np.ones(N), []))
    expected = [variance_inflation_factor(x, i) for i in (1, 2, 3)]
    np.testing.assert_allclose([one.gvif for one in found], expected, rtol=1e-6)
    np.testing.assert_allclose([one.adjusted**2 for one in found], expected, rtol=1e-6)


def test_generalised_inflation_is_fox_and_monettes_ratio_of_determinants():
    data = make_data()
    found = associations.variance_inflation(moments_of(data, data["exposure"].to_numpy()))
    dummies = [pd.get_dummies(data[name], drop_first=True, dtype=float) for name in CATEGORICAL]
    sets = [data[[name]] for name in CONTINUOUS] + dummies
    x = pd.concat(sets, axis=1).to_numpy()
    covariance = np.cov(x.T, aweights=data["exposure"])
    scale = np.sqrt(np.diagonal(covariance))
    R, at = covariance / np.outer(scale, scale), 0
    for one, columns in zip(found, sets, strict=True):
        own = np.zeros(len(R), dtype=bool)
        own[at : at + columns.shape[1]] = True
        at += columns.shape[1]
        det = np.linalg.det
        expected = det(R[np.ix_(own, own)]) * det(R[np.ix_(~own, ~own)]) / det(R)
        assert one.df == columns.shape[1]
        assert one.gvif == pytest.approx(expected, rel=1e-6)
        assert one.adjusted == pytest.approx(expected ** (1 / (2 * one.df)), rel=1e-6)


def test_what_others_determine_is_infinitely_inflated():
    data = make_data()
    data["double"] = 2.0 * data["age"] - 5.0
    found = associations.variance_inflation(
        moments_of(data, np.ones(N), CATEGORICAL, [*CONTINUOUS, "double"])
    )
    assert [np.isinf(one.gvif) for one in found] == [True, False, False, True, False, False]
    alone = associations.variance_inflation(moments_of(data, np.ones(N)))
    assert found[1].gvif == pytest.approx(alone[1].gvif, rel=1e-4)


def test_constant_and_empty_columns_have_no_association():
    data = make_data()
    data["one"], data["none"], data["level"] = 3.0, np.nan, "x"
    moments = moments_of(data, np.ones(N), ["area", "level"], ["age", "one", "none"])
    found = associations.correlations(moments)
    assert np.isnan(found[1:]).all()
    assert found[0, 0] == 1.0
    assert np.isnan(associations.cramers_v(moments)[1]).all()
    assert np.isfinite(associations.correlation_ratios(moments)[0, 0])
    assert np.isnan(associations.correlation_ratios(moments)[1:]).all()
    inflation = associations.variance_inflation(moments)
    assert [one.df for one in inflation] == [1, 0, 0, 2, 0]
    assert np.isnan(inflation[1].gvif)


def test_one_row_has_no_association():
    data = make_data().iloc[:1]
    moments = moments_of(data, np.ones(1), CATEGORICAL, ["age"])
    assert moments.rows == 1
    assert np.isnan(associations.cramers_v(moments)).all()
    assert np.isnan(associations.correlations(moments)).all()
    assert np.isnan(associations.correlation_ratios(moments)).all()


def test_levels_beyond_a_hundred_are_taken_together():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"many": rng.integers(0, 10_000, N).astype(str), "few": rng.choice(2, N)})
    moments = moments_of(data, np.ones(N), ["many", "few"], [])
    assert len(moments.levels[0]) == associations.MAX_LEVELS
    assert moments.gram[0, moments.levels[0]].sum() == N
