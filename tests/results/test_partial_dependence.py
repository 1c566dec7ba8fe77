"""Partial dependence: against predictions of changed data, scikit-learn, finite differences."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.inspection import partial_dependence

import rustystats as rs

N = 500
RNG = np.random.default_rng(5)
FRAME = pd.DataFrame(
    {
        "y": RNG.poisson(0.4, N),
        "hit": RNG.uniform(size=N) < 0.3,
        "cost": RNG.gamma(2.0, 10.0, N),
        "age": RNG.integers(18, 70, N),
        "power": RNG.integers(4, 9, N),
        "area": RNG.choice(list("ABC"), N),
        "gas": RNG.choice(["D", "R"], N),
        "brand": RNG.choice([f"b{i}" for i in range(8)], N),
        "size": RNG.normal(size=N),
        "e": RNG.uniform(0.2, 1.0, N),
        "w": RNG.integers(0, 4, N).astype(float),
        "o": RNG.normal(0, 0.1, N),
    }
)
MODELS = {
    "additive": ("y ~ C(area) + bs(age, df=5) + power + offset(o)", "poisson", "log"),
    "interactions": ("y ~ C(area) * C(gas) + ns(age, df=4):C(area) + size:power", "poisson", "log"),
    "no margins": ("y ~ C(area):C(gas) + power:C(area)", "poisson", "log"),
    "encoded": ("y ~ TE(area) + FE(area) + power", "poisson", "log"),
    "encoded pair": ("y ~ TE(area:gas) + power", "poisson", "log"),
    "logit": ("hit ~ C(area) + power + age:C(area)", "binomial", "logit"),
    "product": ("y ~ C(area) + log(age + power)", "poisson", "log"),
    "inverse": ("cost ~ C(area) + power", "gamma", "inverse"),
}


def fit(name, **options):
    formula, family, link = MODELS[name]
    exposure = "e" if link == "log" else None
    options = {"exposure": exposure, "weights": "w"} | options
    return rs.glm(formula, FRAME, family=family, link=link, **options).fit()


def brute_force(result, data, factor, values):
    """The weighted mean of the rates that are predicted for changed rows."""
    unit = {"exposure": 1.0} if result.link == "log" else {}
    volume = data["w"] * data["e"] if unit else data["w"]
    return [
        np.average(result.predict(data.assign(**{factor: value}), **unit), weights=volume)
        for value in values
    ]


@pytest.mark.parametrize("name", MODELS)
def test_is_the_mean_prediction_of_changed_rows(name):
    result = fit(name)
    new = FRAME.sample(300, random_state=1)
    for factor in ("area", "power"):
        values = sorted(FRAME[factor].unique())
        for data, rows in ((None, FRAME), (new, new)):
            table = result.partial_dependence(factor, data)
            assert table["Level"].tolist() == [str(value) for value in values]
            expected = brute_force(result, rows, factor, values)
            np.testing.assert_allclose(table["Prediction"], expected, rtol=1e-12)


@pytest.mark.parametrize("name", [n for n in MODELS if "encoded" not in n])
def test_error_is_by_the_gradient(name):
    """Central differences in every coefficient, through `predict`."""
    result = fit(name)
    table = result.partial_dependence("area")
    coef, gradient = result.fit.coef.copy(), []
    values = ["A", "B", "C"]
    for j in range(len(coef)):
        means = []
        for step in (1e-5, -1e-5):
            result.fit.coef[j] = coef[j] + step
            means.append(brute_force(result, FRAME, "area", values))
        result.fit.coef[j] = coef[j]
        gradient.append((np.array(means[0]) - means[1]) / 2e-5)
    gradient = np.array(gradient)
    error = np.sqrt(np.einsum("pk,pq,qk->k", gradient, result.cov_params(), gradient))
    np.testing.assert_allclose(table["Std.Error"], error, rtol=1e-5)
    link, mean = result.model.problem.link, table["Prediction"].to_numpy()
    half = 1.959963984540054 * error * np.abs(link.derivative(mean))
    ends = [link.inverse(link.link(mean) + half * sign) for sign in (-1, 1)]
    np.testing.assert_allclose(table["CI_Lower"], np.minimum(*ends), rtol=1e-5)
    np.testing.assert_allclose(table["CI_Upper"], np.maximum(*ends), rtol=1e-5)


def test_like_scikit_learn():
    result = fit("interactions")

    class Rate(RegressorMixin, BaseEstimator):
        def fit(self, X, y):
            self.fitted_ = True
            return self

        def predict(self, X):
            return result.predict(X, exposure=1.0)

    theirs = partial_dependence(
        Rate().fit(FRAME, FRAME["y"]),
        FRAME.astype({"age": float}),
        ["age"],
        sample_weight=FRAME["e"] * FRAME["w"],
        percentiles=(0, 1),
        grid_resolution=100,  # more than there are ages: all of them
        method="brute",
    )
    grid = theirs["grid_values"][0]
    assert len(grid) == FRAME["age"].nunique()
    ours = result.partial_dependence("age", grid=grid)
    np.testing.assert_allclose(ours["Prediction"], theirs["average"][0], rtol=1e-12)
    np.testing.assert_array_equal(ours["Value"], grid)


def test_with_a_log_link_alone_it_is_the_relativity():
    result = fit("additive")
    for factor in ("area", "age"):
        table = result.partial_dependence(factor, grid=[*FRAME[factor].unique()][:3])
        effect = result.term_effects(factor, grid=[*FRAME[factor].unique()][:3])["Effect"]
        ratio = np.log(table["Prediction"]) - effect
        np.testing.assert_allclose(ratio, ratio[0], rtol=1e-12)


def test_a_column_of_many_values_is_seen_at_its_quantiles():
    result = fit("interactions")
    for factor in ("age", "size"):
        table = result.partial_dependence(factor)
        volume = (FRAME["e"] * FRAME["w"]).groupby(FRAME[factor], observed=True).sum().cumsum()
        at = np.searchsorted(volume, volume.iloc[-1] * np.arange(1, 21) / 20 * (1 - 1e-12))
        values = np.unique([FRAME[factor].min(), *volume.index[at], FRAME[factor].max()])
        np.testing.assert_array_equal(table["Value"], values)


def test_weights_and_exposure_of_other_data():
    result = rs.glm("y ~ C(area) * C(gas)", FRAME, "poisson", exposure=FRAME["e"].to_numpy()).fit()
    table = result.partial_dependence("area", FRAME, exposure="e", weights="w")
    expected = brute_force(result, FRAME, "area", list("ABC"))
    np.testing.assert_allclose(table["Prediction"], expected, rtol=1e-12)
    plain = result.partial_dependence("area", FRAME, exposure=1.0, weights=1.0)
    expected = brute_force(result, FRAME.assign(w=1.0, e=1.0), "area", list("ABC"))
    np.testing.assert_allclose(plain["Prediction"], expected, rtol=1e-12)


def test_other_frames_and_missing_levels():
    polars = pl.DataFrame(FRAME.to_dict("list"))
    polars = polars.with_columns(area=pl.when(pl.col("age") < 60).then("area"))
    formula = "y ~ C(area, handle_missing='level') * power"
    result = rs.glm(formula, polars, "poisson", exposure="e").fit()
    table = result.partial_dependence("area")
    assert isinstance(table, pl.DataFrame)
    assert table["Level"].to_list() == ["A", "B", "C", "missing"]
    gone = polars.with_columns(area=pl.lit(None, dtype=pl.String))
    mean = np.average(result.predict(gone, exposure=1.0), weights=FRAME["e"])
    np.testing.assert_allclose(table["Prediction"][3], mean, rtol=1e-12)


def test_without_a_covariance_there_is_no_band():
    model = rs.glm("y ~ C(area) * power", FRAME, "poisson", exposure="e")
    table = model.fit(alpha=1e-3, l1_ratio=1.0).partial_dependence("area")
    assert table[["Std.Error", "CI_Lower", "CI_Upper"]].isna().all(axis=None)
    assert np.isfinite(table["Prediction"]).all()
    assert np.isfinite(model.fit(alpha=1e-3).partial_dependence("area")["CI_Upper"]).all()
    additive = rs.glm("y ~ C(area) + power", FRAME, "poisson", exposure="e")
    result = additive.fit(alpha=1e-3, l1_ratio=1.0)
    table = result.partial_dependence("area")
    assert table[["Std.Error", "CI_Lower", "CI_Upper"]].isna().all(axis=None)
    expected = [
        np.average(result.predict(FRAME.assign(area=level), exposure=1.0), weights=FRAME["e"])
        for level in table["Level"]
    ]
    np.testing.assert_allclose(table["Prediction"], expected, rtol=1e-12)


def test_refuses():
    result = fit("additive")
    cases = [
        ({"factor": "Age"}, r"'Age' is no column of the model's terms \(did you mean 'age'"),
        ({"factor": "gas"}, "'gas' is no column"),
        ({"factor": "age", "exposure": 1.0}, "are those of data: pass it as well"),
        ({"factor": "area", "grid": ["Z"]}, "level that the model has not seen"),
        ({"factor": "area", "data": FRAME.drop(columns="w")}, "pass weights="),
        ({"factor": "area", "data": FRAME.drop(columns="o")}, "unknown column 'o'"),
        ({"factor": "area", "grid": []}, "grid must be a list"),
    ]
    for arguments, message in cases:
        with pytest.raises(ValueError, match=message):
            result.partial_dependence(**arguments)
    both = rs.glm("y ~ power + offset(0.01 * power)", FRAME, "poisson").fit()
    with pytest.raises(ValueError, match="part of the offset or complement"):
        both.partial_dependence("power")
    array = rs.fit_glm(FRAME["y"].to_numpy(), np.ones((N, 1)), family="poisson")
    with pytest.raises(ValueError, match="a model of arrays has no named factors"):
        array.partial_dependence("x0")


def test_a_model_from_a_file_answers_for_data_that_are_passed(tmp_path):
    result = fit("interactions")
    result.save(tmp_path / "model.json")
    loaded = rs.load(tmp_path / "model.json")
    pd.testing.assert_frame_equal(loaded.contributions(FRAME), result.contributions(FRAME))
    table = loaded.partial_dependence("area", FRAME)
    pd.testing.assert_frame_equal(table, result.partial_dependence("area", FRAME))
    with pytest.raises(ValueError, match="does not hold the data of the fit"):
        loaded.partial_dependence("area")
