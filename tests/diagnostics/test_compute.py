"""Diagnostics of a fitted model: which rows, and what is said of rows it was not fitted to."""

import json
import pickle

import numpy as np
import pandas as pd
import pytest

import rustystats as rs

FACTORS = {"categorical_factors": ["Area", "VehGas"], "continuous_factors": ["DrivAge"]}


def test_json_is_valid_free_of_nan_and_the_same_each_time(frequency, portfolio):
    found = frequency.diagnostics(portfolio, **FACTORS)
    text = found.to_json()
    assert text == frequency.diagnostics_json(portfolio, **FACTORS)
    assert text == frequency.diagnostics(**FACTORS).to_json()
    again = json.loads(text, parse_constant=pytest.fail)
    assert again == found.to_dict()
    assert list(again) == [
        "schema_version",
        "model_summary",
        "fit_statistics",
        "loss_metrics",
        "calibration",
        "discrimination",
        "residual_summary",
        "factors",
        "interaction_candidates",
        "model_comparison",
        "warnings",
    ]
    assert again["calibration"]["gini_coefficient"] == again["discrimination"]["gini_coefficient"]
    assert json.loads(frequency.diagnostics_json(portfolio, indent=2)) != again


def test_sections_say_what_the_result_says(frequency):
    found = frequency.diagnostics()
    assert dict(found.model_summary) == {
        "family": "poisson",
        "link": "log",
        "n_observations": frequency.nobs,
        "n_parameters": len(frequency.params),
        "degrees_of_freedom_residual": frequency.df_resid,
        "converged": True,
        "iterations": frequency.iterations,
    }
    stats = found.fit_statistics
    assert (stats.deviance, stats.aic, stats.bic) == pytest.approx(
        (frequency.deviance, frequency.aic(), frequency.bic())
    )
    assert stats.dispersion_pearson == pytest.approx(frequency.scale_pearson())
    assert found.factors == found.interaction_candidates == []
    assert repr(found).startswith("<ModelDiagnostics: poisson, 12000 observations, A/E 1.0000")


def test_comparison_with_the_null_model(frequency, portfolio):
    null = rs.glm("ClaimNb ~ 1", portfolio, family="poisson", exposure="Exposure").fit()
    found = frequency.diagnostics().model_comparison
    ratio = 2 * (frequency.llf() - null.llf())
    assert found.likelihood_ratio_chi2 == pytest.approx(ratio, rel=1e-6)
    assert found.likelihood_ratio_df == frequency.fit.rank - 1
    assert found.aic_improvement == pytest.approx(null.aic() - frequency.aic(), rel=1e-6)
    expected = 100 * (1 - frequency.deviance / null.deviance)
    assert found.deviance_reduction_pct == pytest.approx(expected)


def test_a_dispersion_that_was_given_divides_the_likelihood_ratio(portfolio):
    for family in ("gaussian", "poisson"):
        result = rs.glm("ClaimNb ~ DrivAge", portfolio, family=family).fit(dispersion=2.5)
        found = result.diagnostics().model_comparison
        expected = (result.null_deviance() - result.deviance) / 2.5
        assert found.likelihood_ratio_chi2 == pytest.approx(expected)


@pytest.mark.parametrize("family", ["gaussian", "gamma", "quasipoisson", "negbinomial", "tweedie"])
def test_aic_improvement_of_other_families(family, portfolio):
    data = portfolio.assign(y=portfolio["ClaimNb"] + (0.5 if family == "gamma" else 0.0))
    parameter = {"negbinomial": {"theta": 2.0}}.get(family, {})
    model = {"family": family, "link": "log", **parameter}
    result = rs.glm("y ~ DrivAge + C(Area)", data, **model).fit()
    null = rs.glm("y ~ 1", data, **model).fit()
    found = result.diagnostics().model_comparison
    assert found.aic_improvement == pytest.approx(null.aic() - result.aic(), rel=1e-5, abs=1e-5)


def test_rows_of_the_fit_are_known_again(frequency, portfolio, assert_close):
    same = frequency.diagnostics(portfolio.copy(), **FACTORS)
    assert_close(same.to_dict(), frequency.diagnostics(**FACTORS).to_dict())
    assert same.fit_statistics.aic == pytest.approx(frequency.aic())


def test_train_and_test(portfolio):
    train, test = portfolio.iloc[:8_000], portfolio.iloc[8_000:]
    model = rs.glm("ClaimNb ~ DrivAge + C(Area)", train, family="poisson", exposure="Exposure")
    result = model.fit()
    found = result.diagnostics(test, **FACTORS)
    mu, y = result.predict(test), test["ClaimNb"].to_numpy()
    assert found.model_summary.n_observations == found.model_summary.degrees_of_freedom_residual
    assert found.calibration.actual_total == y.sum()
    assert found.calibration.predicted_total == pytest.approx(mu.sum())
    terms = np.where(y > 0, y * np.log(np.where(y > 0, y, 1) / mu), 0)
    deviance = 2 * np.sum(terms - (y - mu))
    assert found.fit_statistics.deviance == pytest.approx(deviance)
    null = rs.glm("ClaimNb ~ 1", test, family="poisson", exposure="Exposure").fit()
    assert found.fit_statistics.null_deviance == pytest.approx(null.deviance)
    plain = found.to_dict()
    assert plain["fit_statistics"]["aic"] is None
    assert plain["model_comparison"]["likelihood_ratio_chi2"] is None
    for factor in found.factors:
        total = sum(one.predicted_sum for one in factor.actual_vs_expected)
        assert total == pytest.approx(mu.sum())


@pytest.mark.parametrize("kind", ["polars", "lazy", "arrow", "dict"])
def test_kinds_of_data(kind, portfolio):
    data = portfolio.iloc[:2_000].drop(columns="IDpol")
    expected = rs.glm("ClaimNb ~ C(Area)", data, family="poisson").fit()
    if kind == "dict":
        other = {name: data[name].to_numpy() for name in data}
    else:
        pl = pytest.importorskip("polars")
        other = pl.from_pandas(data)
        other = {"polars": lambda: other, "lazy": other.lazy, "arrow": other.to_arrow}[kind]()
    result = rs.glm("ClaimNb ~ C(Area)", other, family="poisson").fit()
    assert result.diagnostics(other, **FACTORS).to_json() == expected.diagnostics_json(**FACTORS)


def test_response_weights_and_names_that_are_no_identifiers(portfolio):
    data = portfolio[portfolio["ClaimAmount"] > 0].assign(Scale=2.0)
    data["the cost"] = data["ClaimAmount"] / data["ClaimNb"]
    cost = rs.glm("`the cost` ~ DrivAge", data, family="gamma", link="log", weights="ClaimNb").fit()
    found = cost.diagnostics(data.iloc[:300])
    assert found.calibration.actual_total == pytest.approx(data["ClaimAmount"][:300].sum())
    assert found.calibration.exposure_total == data["ClaimNb"][:300].sum()
    ratio = rs.glm("I(ClaimAmount / ClaimNb) ~ DrivAge", data, family="gamma", weights="ClaimNb")
    found = ratio.fit().diagnostics(data.iloc[:300])
    assert found.calibration.actual_total == pytest.approx(data["ClaimAmount"][:300].sum())


def test_a_model_of_arrays_takes_a_frame_of_factors(portfolio):
    y = portfolio["ClaimNb"].to_numpy(dtype=float)
    X = np.column_stack([np.ones(len(y)), portfolio["DrivAge"], portfolio["VehAge"]])
    result = rs.fit_glm(y, X, family="poisson")
    data = portfolio.assign(**{result.feature_names[1]: portfolio["DrivAge"]})
    found = result.diagnostics(data, ["Area"], [result.feature_names[1], "Age"])
    assert [factor.in_model for factor in found.factors] == [False, True, False]
    assert found.fit_statistics.aic == pytest.approx(result.aic())
    assert result.diagnostics().factors == []
    with pytest.raises(ValueError, match="not the 12000 rows of the fit"):
        result.diagnostics(portfolio.iloc[:9], ["Area"])
    part = result.diagnostics(X[:500], y=y[:500])
    assert part.model_summary.n_observations == 500


def test_an_estimator_takes_its_response(portfolio):
    X, y = portfolio[["DrivAge", "Area", "Exposure"]], portfolio["ClaimNb"].to_numpy()
    estimator = rs.GLMRegressor(family="poisson", exposure="Exposure").fit(X, y)
    result = estimator.result_
    found = result.diagnostics(X, ["Area"], y=y)
    assert found.fit_statistics.aic == pytest.approx(result.aic())
    assert found.factors[0].in_model
    with pytest.raises(ValueError, match=r"the data lack the response .* pass y="):
        result.diagnostics(X, ["Area"])
    named = pd.Series(y, name="number of claims")  # no expression
    result = rs.GLMRegressor(family="poisson", exposure="Exposure").fit(X, named).result_
    with pytest.raises(ValueError, match="add column 'number of claims', or pass y="):
        result.diagnostics(X, ["Area"])


def test_exposure_and_offset_arrays_are_asked_for(portfolio):
    exposure = portfolio["Exposure"].to_numpy()
    result = rs.glm("ClaimNb ~ DrivAge", portfolio, family="poisson", exposure=exposure).fit()
    test = portfolio.iloc[:700]
    with pytest.raises(ValueError, match="pass exposure="):
        result.diagnostics(test)
    found = result.diagnostics(test, exposure=exposure[:700])
    assert found.calibration.exposure_total == pytest.approx(exposure[:700].sum())
    weighted = rs.glm("ClaimNb ~ DrivAge", portfolio, family="poisson", weights=exposure).fit()
    with pytest.raises(ValueError, match="pass weights="):
        weighted.diagnostics(test)
    found = weighted.diagnostics(test, weights="Exposure")
    assert found.calibration.exposure_total == pytest.approx(exposure[:700].sum())


def test_target_encoding_is_judged_as_fitted(portfolio):
    result = rs.glm("ClaimNb ~ TE(VehBrand)", portfolio, family="poisson").fit()
    predicted = result.diagnostics().calibration.predicted_total
    assert predicted == pytest.approx(result.fittedvalues.sum())
    assert result.diagnostics(portfolio, ["VehBrand"]).factors[0].in_model


def test_a_model_without_intercept(portfolio):
    result = rs.glm("ClaimNb ~ C(Area) - 1", portfolio, family="poisson", exposure="Exposure").fit()
    found = result.diagnostics().model_comparison
    assert found.likelihood_ratio_df == 6
    assert found.likelihood_ratio_chi2 == pytest.approx(result.null_deviance() - result.deviance)


def test_a_model_from_a_file_is_judged_on_data(portfolio, tmp_path):
    train, test = portfolio.iloc[:8_000], portfolio.iloc[8_000:]
    formula = "ClaimNb ~ DrivAge + C(Area)"
    result = rs.glm(formula, train, family="poisson", exposure="Exposure").fit()
    result.save(tmp_path / "model.json")
    loaded = rs.load(tmp_path / "model.json")
    assert loaded.diagnostics(test, **FACTORS).to_json() == result.diagnostics_json(test, **FACTORS)
    assert loaded.diagnostics(train).model_comparison.likelihood_ratio_df == 6
    for options in ({}, FACTORS):
        with pytest.raises(ValueError, match=r"loaded from a file|pass data="):
            loaded.diagnostics(**options)


def test_pickles_leave_the_portfolio_behind(frequency):
    again = pickle.loads(pickle.dumps(frequency))
    assert again.data is None
    assert again.diagnostics().fit_statistics.aic == frequency.aic()
    with pytest.raises(ValueError, match="does not hold the data of the fit: pass data="):
        again.diagnostics(categorical_factors=["Area"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"categorical_factors": ["Aera"]}, r"unknown column 'Aera' \(did you mean 'Area'\?\)"),
        ({"continuous_factors": ["Area"]}, "'Area' is no number: list it under categorical"),
        ({"categorical_factors": "Area"}, r"is a list of column names: write \['Area'\]"),
        ({"categorical_factors": ["Age"], "continuous_factors": ["Age"]}, "Age more than once"),
        ({"n_calibration_bins": 0}, "number of bins is a whole number"),
        ({"continuous_factors": ["Age"], "n_factor_bins": 1.5}, "number of bins"),
        ({"categorical_factors": ["Area"], "max_categorical_levels": 1}, "2 or more"),
        ({"categorical_factors": ["Area"], "rare_threshold_pct": 101}, "percentage"),
        ({"y": np.ones(3)}, "pass it"),
    ],
)
def test_what_is_wrong_is_said(frequency, options, message):
    with pytest.raises(ValueError, match=message):
        frequency.diagnostics(**options)


def test_bad_rows_are_named(frequency, portfolio):
    test = portfolio.iloc[:500].copy()
    empty = test.assign(Exposure=np.r_[np.zeros(2), np.ones(498)])
    with pytest.raises(ValueError, match="exposure 'Exposure' is zero or negative in 2 of 500"):
        frequency.diagnostics(empty)
    unseen = test.assign(Area=np.r_[["Z"] * 3, test["Area"][3:]])
    with pytest.raises(ValueError, match="Z"):
        frequency.diagnostics(unseen)
    with pytest.raises(ValueError, match="response 'ClaimNb' is missing or infinite in 1 rows"):
        frequency.diagnostics(test.assign(ClaimNb=np.r_[np.nan, np.ones(499)]))
    with pytest.raises(ValueError, match="the data lack the response 'ClaimNb'"):
        frequency.diagnostics(test.drop(columns="ClaimNb"))


def test_unseen_levels_are_judged_where_the_model_says_how(portfolio):
    model = rs.glm("ClaimNb ~ C(Area)", portfolio, family="poisson", handle_unknown="mean")
    test = portfolio.iloc[:500].assign(Area=np.r_[["Z"] * 20, portfolio["Area"][20:500]])
    factor = model.fit().diagnostics(test, ["Area"], rare_threshold_pct=0).factors[0]
    assert {one.bin_label: one.count for one in factor.actual_vs_expected}["Z"] == 20


def test_data_changed_since_the_fit_are_noticed(portfolio):
    data = {name: portfolio[name].to_numpy()[:1_000] for name in ("ClaimNb", "DrivAge", "Area")}
    result = rs.glm("ClaimNb ~ DrivAge", data, family="poisson").fit()
    data |= {name: values[::-1] for name, values in data.items()}
    with pytest.raises(ValueError, match="not the 1000 rows of the fit"):
        result.diagnostics(categorical_factors=["Area"])
    data |= {name: values[:990] for name, values in data.items()}
    with pytest.raises(ValueError, match="they have 990 rows"):
        result.diagnostics(categorical_factors=["Area"])


def test_series_of_pandas_index_do_not_matter(frequency, portfolio):
    shuffled = portfolio.set_index(pd.Index(np.arange(len(portfolio))[::-1]))
    found = frequency.diagnostics(shuffled, **FACTORS)
    assert found.calibration.actual_expected_ratio == pytest.approx(1)


def test_a_named_offset_is_an_exposure(portfolio, frequency):
    formula = "ClaimNb ~ bs(DrivAge, df=5) + log(Density) + VehAge + C(Area)"
    result = rs.glm(formula, portfolio, family="poisson", offset="Exposure").fit()
    for data in (None, portfolio.iloc[:900]):
        found, expected = result.diagnostics(data), frequency.diagnostics(data)
        assert found.calibration.exposure_total == expected.calibration.exposure_total
        assert found.discrimination.gini_coefficient == pytest.approx(
            expected.discrimination.gini_coefficient
        )


def test_two_threads_give_the_numbers_of_one(assert_close):
    data = rs.datasets.make_motor_portfolio(20_000, seed=3)  # enough rows for two threads
    formula = "ClaimNb ~ bs(DrivAge, df=4) + C(Area)"
    one, two = (
        rs.glm(formula, data, family="poisson", exposure="Exposure", n_threads=n_threads)
        .fit()
        .diagnostics(**FACTORS)
        .to_dict()
        for n_threads in (1, 2)
    )
    assert_close(one, two)


def test_predictions_outside_the_domain_are_counted():
    """An identity link leaves the range of a Gamma mean far from the rows of the fit."""
    x = np.linspace(-1.0, 1.0, 40)
    data = pd.DataFrame({"x": x, "y": 5.0 + x + 0.1 * np.cos(40 * x)})
    result = rs.glm("y ~ x", data, "gamma", link="identity").fit()
    far = data.assign(x=np.where(x < 0, -100.0, x))
    with pytest.warns(UserWarning, match=r"20 of 40 predictions lie outside \(0, inf\)"):
        result.predict(far)
    with pytest.raises(ValueError, match=r"20 of 40 predictions lie outside \(0, inf\)"):
        result.diagnostics(far)


def test_a_fit_that_is_exact_leaves_nothing_to_test():
    data = pd.DataFrame({"y": 3.0, "x": np.arange(60.0) % 7, "g": np.tile(list("abc"), 20)})
    result = rs.glm("y ~ x", data).fit()
    assert result.scale() == 0
    found = result.diagnostics(data, ["g"], ["x"])
    assert np.isnan(found.factors[0].residual_pattern.trend_pvalue)
    assert [finding.type for finding in found.warnings] == []
    assert "NaN" not in found.to_json()
