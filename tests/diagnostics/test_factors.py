"""Actual against expected by factor, and residual patterns, against sums and fits by others."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

import rustystats as rs
from rustystats.diagnostics.factors import interaction_groups, read_factors
from rustystats.frames import read_columns

CATEGORICAL, CONTINUOUS = ["Area", "VehBrand", "VehGas", "Region"], ["DrivAge", "Density", "Age"]


@pytest.fixture(scope="module")
def found(frequency):
    factors = frequency.diagnostics(None, CATEGORICAL, CONTINUOUS).factors
    return {factor.name: factor for factor in factors}


def test_order_kind_and_place_in_the_model(found):
    assert list(found) == CATEGORICAL + CONTINUOUS
    kinds = [factor.factor_type for factor in found.values()]
    assert kinds == ["categorical"] * 4 + ["continuous"] * 3
    stands = {name: (factor.in_model, factor.transformation) for name, factor in found.items()}
    assert stands["Area"] == (True, "C(Area)")
    assert stands["Density"] == (True, "log(Density)")
    assert stands["VehGas"] == stands["Age"] == (False, None)


def test_every_factor_adds_up_to_the_portfolio(found, portfolio, frequency):
    for factor in found.values():
        for key, total in (
            ("count", len(portfolio)),
            ("exposure", portfolio["Exposure"].sum()),
            ("actual_sum", portfolio["ClaimNb"].sum()),
            ("predicted_sum", frequency.fittedvalues.sum()),
        ):
            assert sum(one[key] for one in factor.actual_vs_expected) == pytest.approx(total)


@pytest.mark.parametrize("name", CATEGORICAL)
def test_levels_are_those_of_pandas(name, found, portfolio, frequency):
    data = portfolio.assign(mu=frequency.fittedvalues, d=frequency.resid_deviance() ** 2)
    table = data.groupby(name, observed=True)[["Exposure", "ClaimNb", "mu", "d"]].sum()
    for one in found[name].actual_vs_expected:
        if one.bin_label == "_Other":
            continue
        e, y, mu, d = table.loc[one.bin_label]
        assert (one.exposure, one.actual_sum, one.predicted_sum) == pytest.approx((e, y, mu))
        assert (one.actual_mean, one.predicted_mean) == pytest.approx((y / e, mu / e))
        assert (one.actual_expected_ratio, one.loss) == pytest.approx((y / mu, d / e))
        assert one.bin_lower is None
    shown = [one.bin_label for one in found[name].actual_vs_expected if one.bin_label != "_Other"]
    large = table["Exposure"].sort_values(ascending=False)
    rare = large < large.sum() / 100
    if rare.sum() > 1:  # a pool of one has its own name
        large = large[~rare]
    assert shown == list(large.index)


def test_bins_of_a_continuous_factor(found, portfolio):
    bins = found["DrivAge"].actual_vs_expected
    age = portfolio["DrivAge"]
    for one in bins:
        mine = (age >= one.bin_lower) & (age <= one.bin_upper)
        assert one.count == mine.sum()
        assert one.actual_sum == portfolio["ClaimNb"][mine].sum()
        assert one.bin_label == f"{one.bin_lower:.2f}-{one.bin_upper:.2f}"
    assert len(bins) == 10


@pytest.mark.parametrize("name", CONTINUOUS)
def test_statistics_of_a_column_are_those_of_pandas(name, found, portfolio):
    one, column = found[name].univariate_stats, portfolio[name]
    assert (one.mean, one.std) == pytest.approx((column.mean(), column.std(ddof=0)))
    assert (one.min, one.max, one.missing_count) == (column.min(), column.max(), 0)
    percents = (1, 5, 10, 25, 50, 75, 90, 95, 99)
    assert list(one.percentiles.values()) == pytest.approx(np.percentile(column, percents))


def test_statistics_of_levels(found, portfolio):
    one, share = (
        found["Region"].univariate_stats,
        portfolio.groupby("Region", observed=True)["Exposure"].sum(),
    )
    share = 100 * share / share.sum()
    assert one.n_levels == len(share)
    assert one.n_rare_levels == (share < 1).sum()
    assert one.rare_level_total_pct == pytest.approx(share[share < 1].sum())
    assert sum(level.count for level in one.levels) == len(portfolio)
    assert sum(level.percentage for level in one.levels) == pytest.approx(100)


@pytest.mark.parametrize("family", ["poisson", "gamma", "gaussian", "binomial"])
def test_trend_is_that_of_weighted_least_squares(family):
    """Of the working residuals on x, with working weights; missing values left out of it."""
    rng = np.random.default_rng(0)
    n = 2_000
    x, z, w = rng.normal(size=n), rng.normal(size=n), rng.uniform(0.5, 2.0, n)
    mean = np.exp(0.2 * z + 0.1 * x) / 4
    y = {
        "poisson": rng.poisson(mean),
        "gamma": rng.gamma(2.0, mean / 2.0),
        "gaussian": rng.normal(mean),
        "binomial": rng.random(n) < mean / (1 + mean),
    }[family].astype(float)
    x[:50] = np.nan
    data = {"y": y, "x": x, "z": z, "w": w, "steps": np.round(x)}
    link = "cloglog" if family == "binomial" else "log"
    result = rs.glm("y ~ z", data, family=family, link=link, weights="w").fit()
    mu, slope = result.model.problem.link.inverse_with_derivative(result.linear_predictor)
    weight = w * slope**2 / result.model.problem.family.variance(mu)
    r, known = (y - mu) / slope, ~np.isnan(x)
    for factor in result.diagnostics(data, None, ["x", "steps"]).factors:
        values = data[factor.name][known]
        fit = sm.WLS(r[known], sm.add_constant(values), weights=weight[known]).fit()
        pattern = factor.residual_pattern
        assert pattern.trend_slope == pytest.approx(fit.params[1], rel=1e-7)
        centred = values - np.average(values, weights=weight[known])
        error = np.sqrt(result.scale() / (weight[known] @ centred**2))
        expected = 2 * stats.norm.sf(abs(fit.params[1] / error))
        assert pattern.trend_pvalue == pytest.approx(expected, rel=1e-6)
        cov = np.cov(values, r[known], aweights=weight[known])
        correlation = cov[0, 1] / np.sqrt(cov[0, 0] * cov[1, 1])
        assert pattern.correlation_with_residuals == pytest.approx(correlation, rel=1e-6)
        assert factor.univariate_stats.missing_count == 50
        assert factor.actual_vs_expected[-1].bin_label == "missing"
        assert factor.actual_vs_expected[-1].count == 50


def test_pattern_of_levels_is_the_correlation_ratio(frequency, portfolio, found):
    pattern = found["VehGas"].residual_pattern
    mu = frequency.fittedvalues
    r = portfolio["ClaimNb"] / mu - 1
    data = pd.DataFrame({"r": r, "w": mu, "gas": portfolio["VehGas"]})
    between = sum(
        (g["w"] @ g["r"]) ** 2 / g["w"].sum() for _, g in data.groupby("gas", observed=True)
    )
    explained = between / (mu @ r**2)
    assert pattern.residual_variance_explained == pytest.approx(explained)
    assert pattern.correlation_with_residuals == pytest.approx(explained**0.5)
    assert pattern.trend_pvalue == pytest.approx(stats.chi2.sf(between, 1))
    assert pattern.trend_slope is None
    labels = [one.bin_label for one in found["VehGas"].actual_vs_expected]
    means = [data.loc[data["gas"] == k, "w"] @ data.loc[data["gas"] == k, "r"] for k in labels]
    volumes = [data.loc[data["gas"] == k, "w"].sum() for k in labels]
    assert pattern.mean_residual_by_bin == pytest.approx(np.divide(means, volumes))


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_missing_values_are_a_group_that_is_counted(kind, portfolio):
    data = portfolio.iloc[:3_000].copy()
    data["Use"] = pd.array(np.where(np.arange(3_000) % 500 == 0, None, data["VehGas"]))
    data["Km"] = np.where(np.arange(3_000) % 300 == 0, np.nan, data["DrivAge"])
    data["Doors"] = np.where(np.arange(3_000) % 100 == 0, np.nan, data["VehPower"])
    if kind == "polars":
        pl = pytest.importorskip("polars")
        data = pl.from_pandas(data)
    result = rs.glm("ClaimNb ~ DrivAge", data, family="poisson", exposure="Exposure").fit()
    found = result.diagnostics(data, ["Use", "Doors"], ["Km"])
    for factor, count in zip(found.factors, (6, 30, 10), strict=True):
        counts = {one.bin_label: one.count for one in factor.actual_vs_expected}
        assert counts["missing"] == count
        assert sum(one.count for one in factor.actual_vs_expected) == 3_000
    assert found.factors[2].univariate_stats.missing_count == 10
    assert found.to_dict()["factors"][2]["actual_vs_expected"][-1]["bin_lower"] is None


def test_a_factor_of_ten_thousand_levels_is_pooled(frequency, portfolio):
    rng = np.random.default_rng(0)
    data = portfolio.assign(Postcode=rng.integers(0, 10_000, len(portfolio)))
    result = rs.glm("ClaimNb ~ DrivAge", data, family="poisson", exposure="Exposure").fit()
    found = result.diagnostics(data, ["Postcode", "Area"], ["DrivAge"], rare_threshold_pct=0)
    factor = found.factors[0]
    assert factor.univariate_stats.n_levels == data["Postcode"].nunique()
    assert len(factor.actual_vs_expected) == 20
    assert factor.actual_vs_expected[-1].bin_label == "_Other"
    assert sum(one.exposure for one in factor.actual_vs_expected) == pytest.approx(
        data["Exposure"].sum()
    )
    assert len(found.to_json()) < 60_000


def test_a_column_of_one_value_has_no_trend(portfolio):
    data = portfolio.iloc[:500].assign(one=1.0)
    result = rs.glm("ClaimNb ~ DrivAge", data, family="poisson").fit()
    found = result.diagnostics(data, ["VehGas"], ["one"]).to_dict()["factors"][1]
    pattern = found["residual_pattern"]
    assert pattern["trend_slope"] is None
    assert pattern["correlation_with_residuals"] is None
    assert found["actual_vs_expected"][0]["count"] == 500


def test_a_column_that_is_all_missing(portfolio):
    data = portfolio.iloc[:500].assign(none=np.nan)
    result = rs.glm("ClaimNb ~ DrivAge", data, family="poisson").fit()
    factor = result.diagnostics(data, None, ["none"]).to_dict()["factors"][0]
    assert factor["univariate_stats"]["mean"] is None
    assert [one["bin_label"] for one in factor["actual_vs_expected"]] == ["missing"]


def test_infinite_values_are_refused(portfolio):
    data = portfolio.iloc[:500].assign(x=np.r_[np.inf, -np.inf, np.ones(498)])
    result = rs.glm("ClaimNb ~ DrivAge", data, family="poisson").fit()
    for columns in ({"continuous_factors": ["x"]}, {"categorical_factors": ["x"]}):
        with pytest.raises(ValueError, match=r"'x' is .*infinite in 2 rows"):
            result.diagnostics(data, **columns)


def test_many_values_are_binned_by_row():
    rng = np.random.default_rng(0)
    n = 20_000  # more values than a table has levels
    data = {"y": rng.poisson(0.5, n).astype(float), "x": rng.normal(size=n)}
    data["e"] = rng.uniform(0.5, 1.5, n)
    result = rs.glm("y ~ 1", data, family="poisson", exposure="e").fit()
    factor = result.diagnostics(data, None, ["x"]).factors[0]
    exposures = [one.exposure for one in factor.actual_vs_expected]
    assert exposures == pytest.approx(np.full(10, data["e"].sum() / 10), abs=2)
    assert factor.univariate_stats.min == data["x"].min()
    for one in factor.actual_vs_expected:
        mine = (data["x"] >= one.bin_lower) & (data["x"] <= one.bin_upper)
        assert (one.count, one.actual_sum) == (mine.sum(), data["y"][mine].sum())


def test_bins_are_binned_again_where_interactions_are_looked_for():
    values = np.r_[np.arange(900.0), np.full(100, np.nan)]  # too many for codes
    columns = read_columns({"x": values}, ["x"])
    (factor,) = read_factors(columns, [], ["x"], np.ones(1_000), 10)
    assert factor.n_levels == 11
    codes, size = interaction_groups(factor, factor.counts.astype(float), 0.0, 20, 1)
    assert size == 6
    assert np.bincount(codes).tolist() == [180] * 5 + [100]
