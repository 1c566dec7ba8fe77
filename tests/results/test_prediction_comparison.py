"""Predictions side by side: the numbers of `evaluate`, their standard error, what is refused."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import rustystats as rs

DATA = rs.datasets.make_motor_portfolio(4_000, seed=3)
TRAIN, TEST = DATA.iloc[:2_500], DATA.iloc[2_500:].reset_index(drop=True)
RATE = TRAIN["ClaimNb"].sum() / TRAIN["Exposure"].sum()
COLUMNS = ["Model", "Actual", "Predicted", "Actual/Expected", "Mean Deviance", "Difference"]
COLUMNS += ["Std.Error", "Explained", "Gini"]


def fit(terms, **options):
    options = {"family": "poisson", "exposure": "Exposure"} | options
    return rs.glm(f"ClaimNb ~ {terms}", TRAIN, **options).fit()


def judged(predictions, data=TEST, **options):
    options = {"y": "ClaimNb", "family": "poisson", "exposure": "Exposure"} | options
    return rs.compare_predictions(data, predictions, **options)


def test_models_have_the_numbers_of_evaluate():
    models = {"age": fit("ns(DrivAge, df=4)"), "area": fit("Area"), "none": fit("1")}
    table = judged(models)
    assert list(table) == COLUMNS
    assert table["Model"].tolist() == list(models)
    for model, row in zip(models.values(), table.itertuples(index=False), strict=True):
        found = model.evaluate(TEST)
        numbers = (found.actual, found.predicted, found.actual_expected, found.mean_deviance)
        np.testing.assert_allclose(row[1:5], numbers, rtol=1e-12)
        np.testing.assert_allclose(row[7:], (found.deviance_explained, found.gini), atol=1e-10)


def test_difference_from_the_best_and_its_error():
    w = np.random.default_rng(1).choice([0.0, 1.0, 2.5], len(TEST))
    one, two = fit("ns(DrivAge, df=4)").predict(TEST), RATE * TEST["Exposure"].to_numpy()
    table = judged({"flat": two, "age": one}, weights=w)
    family = rs.families.Poisson()
    y = TEST["ClaimNb"].to_numpy()
    gap = np.asarray(family.unit_deviance(y, two)) - np.asarray(family.unit_deviance(y, one))
    mean = np.average(gap, weights=w)
    # of a weighted mean as a ratio of two sums over independent rows (Cochran 1977, section 6)
    error = np.sqrt(np.sum((w * gap - mean * w) ** 2)) / w.sum()
    assert mean > 0
    np.testing.assert_allclose(table["Difference"], [mean, 0.0], rtol=1e-10)
    np.testing.assert_allclose(table["Std.Error"], [error, np.nan], rtol=1e-10)
    np.testing.assert_allclose(np.diff(table["Mean Deviance"]), [-mean], rtol=1e-10)
    kept = w > 0
    without = judged({"flat": two[kept], "age": one[kept]}, TEST[kept], weights=w[kept], y=y[kept])
    pd.testing.assert_frame_equal(table, without)


def test_error_is_the_spread_over_samples():
    rng = np.random.default_rng(7)
    gaps, errors = [], []
    mu = rng.uniform(0.5, 2.0, 400)
    for _ in range(300):
        y = rng.poisson(mu).astype(float)
        table = judged({"truth": mu, "half known": np.sqrt(mu)}, {"y": y}, y="y", exposure=None)
        gaps.append(table["Mean Deviance"][1] - table["Mean Deviance"][0])
        errors.append(np.nanmax(table["Std.Error"]))
    assert np.mean(errors) == pytest.approx(np.std(gaps), rel=0.15)


def test_frequency_times_severity_against_tweedie_and_the_tariff_in_force():
    paid = TRAIN[TRAIN["ClaimNb"] > 0].assign(Cost=lambda d: d["ClaimAmount"] / d["ClaimNb"])
    severity = rs.glm("Cost ~ VehPower", paid, family="gamma", weights="ClaimNb").fit()
    product = fit("Area").predict(TEST, exposure=1.0) * severity.predict(TEST)
    train = TRAIN.assign(Premium=TRAIN["ClaimAmount"] / TRAIN["Exposure"])
    tweedie = rs.glm(
        "Premium ~ Area + VehPower", train, family="tweedie", var_power=1.6, weights="Exposure"
    ).fit()
    test = TEST.assign(Premium=TEST["ClaimAmount"] / TEST["Exposure"], Tariff=900.0)
    given = {"y": "Premium", "weights": "Exposure", "exposure": None}
    predictions = {"product": product, "tweedie": tweedie, "tariff": "Tariff", "one": 500.0}
    table = judged(predictions, test, family="tweedie", var_power=1.6, **given)
    w = test["Exposure"].to_numpy()
    family = rs.families.Tweedie(var_power=1.6)
    for mu, row in zip(
        (product, tweedie.predict(test), np.full(len(test), 900.0), np.full(len(test), 500.0)),
        table.to_dict("records"),
        strict=True,
    ):
        assert row["Actual"] == pytest.approx(test["ClaimAmount"].sum(), rel=1e-12)
        assert row["Predicted"] == pytest.approx(w @ mu, rel=1e-12)
        deviance = family.deviance(test["Premium"].to_numpy(), mu, w)
        assert row["Mean Deviance"] == pytest.approx(deviance / w.sum(), rel=1e-12)
        mean = test["ClaimAmount"].sum() / w.sum()
        null = family.deviance(test["Premium"].to_numpy(), np.full(len(test), mean), w)
        assert row["Explained"] == pytest.approx(1 - deviance / null, abs=1e-10)


def test_any_frame_and_a_model_from_a_file(tmp_path):
    model = fit("Area")
    model.save(tmp_path / "model.json")
    loaded = rs.load(tmp_path / "model.json")
    expected = judged({"a": model, "b": model})
    table = judged({"a": model, "b": loaded}, pl.from_pandas(TEST))
    assert isinstance(table, pl.DataFrame)
    np.testing.assert_array_equal(table["Mean Deviance"], expected["Mean Deviance"])
    assert table["Std.Error"].is_nan().all()


def test_gini_is_missing_where_the_response_is_negative():
    rows = {"y": np.array([-1.0, 2.0, 0.5])}
    table = judged({"one": np.zeros(3)}, rows, y="y", family="gaussian", exposure=None)
    assert np.isnan(table["Gini"][0])
    assert table["Mean Deviance"][0] == pytest.approx(5.25 / 3)


@pytest.mark.parametrize(
    ("predictions", "options", "error", "message"),
    [
        ({}, {}, TypeError, "dict of names"),
        ([RATE], {}, TypeError, "dict of names"),
        ({"m": rs.GLMRegressor()}, {}, TypeError, "'m' is a GLMRegressor: pass .*result_"),
        ({"m": -1.0}, {}, ValueError, "prediction 'm' is outside .* in 1500 of 1500 rows"),
        ({"m": np.ones(3)}, {}, ValueError, r"prediction 'm' has shape \(3,\)"),
        ({"m": "Nothing"}, {}, ValueError, "Nothing"),
        ({"m": 1.0}, {"y": "Area"}, ValueError, "'Area' is .*, not numeric"),
        ({"m": 1.0}, {"y": np.full(1500, -1.0)}, ValueError, "response 'y' is outside"),
        ({"m": 1.0}, {"exposure": 0.0}, ValueError, "exposure is zero or negative in 1500"),
        ({"m": 1.0}, {"weights": np.full(1500, -1.0)}, ValueError, "negative in 1500 rows"),
        ({"m": 1.0}, {"family": "cauchy"}, ValueError, "cauchy"),
    ],
)
def test_bad_input(predictions, options, error, message):
    with pytest.raises(error, match=message):
        judged(predictions, **options)
