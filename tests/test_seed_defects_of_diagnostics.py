"""Each defect of the original's diagnostics, B37 to B49, by name: a test that would have caught it.

Those of exploration before the fit alone stand with its tests; B37 concerns both.
"""

import json
import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from sklearn.metrics import roc_auc_score

import rustystats as rs
from rustystats.diagnostics import DiagnosticsComputer


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    n = 4_000
    x, e = rng.normal(size=n), rng.uniform(0.05, 1.0, n)
    table = {"x": x, "e": e, "Age": rng.normal(size=n), "VehAge": rng.normal(size=n)}
    mean = np.exp(0.4 * x)
    table["counts"] = rng.poisson(e * mean).astype(float)
    table["amount"] = rng.gamma(2.0, 1_000 * mean)
    table["event"] = (rng.random(n) < mean / (1 + mean)).astype(float)
    table["region"] = rng.choice(["A", "B", "C"], n)
    return pd.DataFrame(table)


@pytest.fixture(scope="module")
def poisson(data):
    return rs.glm("counts ~ x + VehAge", data, family="poisson", exposure="e").fit()


def fit(data, formula, family, **options):
    return rs.glm(formula, data, family=family, **options).fit()


def test_B37_a_mean_rate_is_total_over_total_not_the_mean_of_ratios(poisson, data):
    found = poisson.diagnostics(data, ["region"])
    for one in found.factors[0].actual_vs_expected:
        mine = data["region"] == one.bin_label
        rate = data["counts"][mine].sum() / data["e"][mine].sum()
        assert one.actual_mean == pytest.approx(rate)
        assert abs((data["counts"] / data["e"])[mine].mean() - rate) > 1e-3


@pytest.mark.parametrize(
    ("family", "peer", "y"),
    [
        ("poisson", sm.families.Poisson(), "counts"),
        ("gamma", sm.families.Gamma(sm.families.links.Log()), "amount"),
        ("binomial", sm.families.Binomial(), "event"),
    ],
)
def test_B38_the_null_deviance_is_that_of_the_family_with_the_offset(family, peer, y, data):
    exposure = "e" if family == "poisson" else None
    result = fit(data, f"{y} ~ x", family, exposure=exposure)
    offset = np.log(data["e"]) if exposure else None
    null = sm.GLM(data[y], np.ones(len(data)), peer, offset=offset).fit(tol=1e-12)
    found = result.diagnostics()
    assert found.fit_statistics.null_deviance == pytest.approx(null.deviance, rel=1e-8)
    explained = 1 - result.deviance / null.deviance
    assert found.fit_statistics.deviance_explained == pytest.approx(explained, rel=1e-6)


def test_B39_a_perfect_ranking_has_auc_1_at_any_prevalence():
    y = np.r_[np.zeros(70), np.ones(30)]
    mu = np.linspace(0.1, 0.9, 100)
    args = (y, mu, np.log(mu / (1 - mu)), "binomial", 2, 1.0)
    assert DiagnosticsComputer(*args).compute_discrimination().auc == 1.0
    y = np.roll(y, 20)
    found = DiagnosticsComputer(y, *args[1:]).compute_discrimination()
    assert found.auc == pytest.approx(roc_auc_score(y, mu))


def test_B40_lift_is_that_of_the_highest_predictions(poisson, data):
    found = poisson.diagnostics().discrimination
    rate = (poisson.fittedvalues / data["e"]).to_numpy()
    order = np.argsort(-rate)
    share = np.cumsum(data["e"].to_numpy()[order]) / data["e"].sum()
    for part, lift in ((0.1, found.lift_at_10pct), (0.2, found.lift_at_20pct)):
        top = order[share <= part]
        mean = data["counts"].iloc[top].sum() / data["e"].iloc[top].sum()
        overall = data["counts"].sum() / data["e"].sum()
        assert lift == pytest.approx(mean / overall, rel=0.01)
        assert lift > 1.2


def test_B41_ks_compares_events_with_non_events(data):
    result = fit(data, "event ~ x", "binomial")
    events = data["event"] == 1
    mu = result.fittedvalues
    expected = stats.ks_2samp(mu[events], mu[~events]).statistic
    assert result.diagnostics().discrimination.ks_statistic == pytest.approx(expected)


def test_B42_hosmer_lemeshow_has_both_outcomes_and_is_for_the_binomial(poisson, data):
    result = fit(data, "event ~ x", "binomial")
    found = result.diagnostics().calibration
    table = pd.DataFrame({"y": data["event"], "mu": result.fittedvalues})
    groups = table.groupby(pd.qcut(table["mu"], 10), observed=True)
    sums, n = groups.sum(), groups.size()
    terms = (sums["y"] - sums["mu"]) ** 2 / (sums["mu"] * (1 - sums["mu"] / n))
    assert found.hosmer_lemeshow_statistic == pytest.approx(terms.sum(), rel=1e-9)
    assert found.hosmer_lemeshow_pvalue == pytest.approx(stats.chi2.sf(terms.sum(), 8), rel=1e-9)
    assert poisson.diagnostics().calibration.hosmer_lemeshow_statistic is None


@pytest.mark.parametrize(
    ("family", "y", "options"),
    [
        ("gaussian", "amount", {}),
        ("gamma", "amount", {}),
        ("inverse_gaussian", "amount", {"link": "log"}),
        ("tweedie", "counts", {"var_power": 1.5}),
        ("negbinomial", "counts", {}),
        ("quasipoisson", "counts", {}),
        ("binomial", "event", {}),
    ],
)
def test_B43_likelihood_and_losses_are_those_of_the_family(family, y, options, data):
    result = fit(data, f"{y} ~ x", family, **options)
    found = result.diagnostics()
    assert found.fit_statistics.log_likelihood == pytest.approx(result.llf())
    loss = result.deviance / len(data)
    assert found.loss_metrics.family_deviance_loss == pytest.approx(loss)
    assert found.loss_metrics.weighted_loss == pytest.approx(loss)  # one unit of volume each
    # the name of a result has its theta in it
    mu, eta = result.fittedvalues, result.linear_predictor
    args = (data[y], mu, eta, result.family, result.fit.rank, result.deviance)
    link = result.link
    power = options.get("var_power", 1.5)
    computer = DiagnosticsComputer(*args, var_power=power, link=link)
    again = computer.compute_fit_statistics()
    assert again.log_likelihood == pytest.approx(result.llf(), rel=1e-5)
    assert computer.compute_loss_metrics().family_deviance_loss == pytest.approx(loss, rel=1e-3)


def test_B43_gamma_log_likelihood_is_that_of_statsmodels_at_its_dispersion(data):
    result = fit(data, "amount ~ x", "gamma")
    found = result.diagnostics().fit_statistics
    phi = result.deviance / len(data)
    law = stats.gamma(1 / phi, scale=result.fittedvalues * phi)
    assert found.log_likelihood == pytest.approx(law.logpdf(data["amount"]).sum())


def test_B44_in_model_is_no_part_of_a_name(poisson, data):
    result = fit(data, "counts ~ C(region):x + bs(VehAge, df=4)", "poisson")
    found = result.diagnostics(data, ["region"], ["Age", "VehAge", "x", "e"])
    stands = {factor.name: factor.in_model for factor in found.factors}
    assert stands == {"region": True, "Age": False, "VehAge": True, "x": True, "e": False}
    y, mu = data["counts"], poisson.fittedvalues
    args = (y, mu, poisson.linear_predictor, "poisson", 3, poisson.deviance)
    computer = DiagnosticsComputer(*args, feature_names=["Intercept", "region[B]", "VehAge"])
    found = computer.compute_factor_diagnostics(data, ["region"], ["Age"])
    assert [factor.in_model for factor in found] == [True, False]


def test_B45_min_is_the_smallest_value(poisson, data):
    found = poisson.diagnostics(data, None, ["x"]).factors[0].univariate_stats
    assert found.min == data["x"].min() < found.percentiles["p1"]
    assert found.max == data["x"].max()


def test_B46_correlation_slope_and_pvalue_are_what_they_are_called(data):
    null = fit(data, "counts ~ 1", "poisson", exposure="e")
    pattern = null.diagnostics(data, None, ["x"]).factors[0].residual_pattern
    w = null.fittedvalues
    model = sm.WLS(data["counts"] / w - 1, sm.add_constant(data["x"]), weights=w).fit()
    assert pattern.trend_slope == pytest.approx(model.params["x"])
    assert pattern.correlation_with_residuals == pytest.approx(model.rsquared**0.5)
    assert 0 <= pattern.trend_pvalue < 1e-10
    down = null.diagnostics(data.assign(x=-data["x"]), None, ["x"]).factors[0].residual_pattern
    assert down.correlation_with_residuals == pytest.approx(-(model.rsquared**0.5))
    labels = null.diagnostics(data, ["region"]).factors[0].residual_pattern
    assert 0 <= labels.correlation_with_residuals < 0.05  # region says nothing
    assert 0.001 < labels.trend_pvalue <= 1


def test_B47_strong_additive_factors_are_no_interaction_and_cells_do_not_collide():
    rng = np.random.default_rng(1)
    n = 60_000
    a, b, c = (rng.integers(0, 4, n) for _ in range(3))
    many = rng.integers(0, 1_500, n)
    mean = 0.2 * np.exp(0.8 * a - 0.7 * b + 0.5 * ((a == 1) & (c == 2)))
    table = pd.DataFrame({"y": rng.poisson(mean), "a": a, "b": b, "c": c, "many": many})
    null = rs.glm("y ~ 1", table, family="poisson").fit()
    factors = ["a", "b", "c", "many"]
    options = {"rare_threshold_pct": 0.0, "max_categorical_levels": 1_600}
    found = null.diagnostics(table, factors, **options).interaction_candidates
    assert [(one.factor1, one.factor2) for one in found] == [("a", "c")]
    assert found[0].pvalue < 1e-10
    assert found[0].n_cells == 16


def test_B48_a_dispersion_that_has_a_scale_is_no_warning(data):
    for family, y, link in (("gaussian", "amount", None), ("gamma", "amount", "log")):
        result = fit(data, f"{y} ~ x", family, link=link)
        types = [one["type"] for one in result.diagnostics().warnings]
        assert "high_dispersion" not in types
    assert result.scale() < 1.5 < fit(data, "amount ~ x", "gaussian").scale()
    doubled = data.assign(counts=3 * data["counts"])
    result = fit(doubled, "counts ~ x", "poisson", exposure="e")
    assert "high_dispersion" in [one["type"] for one in result.diagnostics().warnings]


def test_B49_the_likelihood_ratio_is_divided_by_the_dispersion(data):
    doubled = data.assign(counts=3 * data["counts"])
    result = fit(doubled, "counts ~ x", "quasipoisson", exposure="e")
    found = result.diagnostics().model_comparison
    expected = (result.null_deviance() - result.deviance) / result.scale()
    assert result.scale() > 2
    assert found.likelihood_ratio_chi2 == pytest.approx(expected)
    gamma = fit(data, "amount ~ x", "gamma")
    found = gamma.diagnostics().model_comparison
    expected = (gamma.null_deviance() - gamma.deviance) / gamma.scale_pearson()
    assert found.likelihood_ratio_chi2 == pytest.approx(expected)
    assert found.likelihood_ratio_pvalue == pytest.approx(stats.chi2.sf(expected, 1))
    normal = fit(data, "amount ~ x", "gaussian")
    ols = sm.OLS(data["amount"], sm.add_constant(data["x"])).fit()
    ratio = 2 * (ols.llf - sm.OLS(data["amount"], np.ones(len(data))).fit().llf)
    assert normal.diagnostics().model_comparison.likelihood_ratio_chi2 == pytest.approx(ratio)


def test_json_has_no_nan_and_whole_numbers_stay_whole(data):
    table = data.assign(
        small=data["x"].astype(np.float32).where(data["x"] > 0), whole=np.arange(len(data))
    )
    result = fit(table, "counts ~ x", "poisson")
    text = result.diagnostics_json(table, ["region"], ["small", "whole"])
    again = json.loads(text, parse_constant=pytest.fail)
    assert type(again["model_summary"]["n_observations"]) is int
    assert type(again["factors"][1]["actual_vs_expected"][0]["count"]) is int
    assert again["factors"][1]["univariate_stats"]["missing_count"] == int((data["x"] <= 0).sum())
    numbers = [one["actual_mean"] for one in again["factors"][1]["actual_vs_expected"]]
    assert all(math.isfinite(number) for number in numbers)
