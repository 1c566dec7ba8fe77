"""Predictions of another model that a penalty draws towards: `rs.glm(..., complement=...)`."""

import pickle
import re

import numpy as np
import pandas as pd
import polars as pl
import pytest

import rustystats as rs

N = 1200
RNG = np.random.default_rng(51)
FRAME = pd.DataFrame(
    {
        "x": RNG.normal(size=N),
        "age": RNG.integers(18, 80, N),
        "area": RNG.choice(list("ABC"), N),
        "e": RNG.uniform(0.2, 1.0, N),
        "v": RNG.uniform(1.0, 3.0, N),
        "s": RNG.normal(0, 0.1, N),
        "w": RNG.integers(1, 3, N).astype(float),
    }
)
RATE = np.exp(0.3 * FRAME["x"] + 0.02 * FRAME["age"] - 0.8)
FRAME["y"] = RNG.poisson(RATE * FRAME["e"]).astype(float)
FRAME["won"] = (RNG.random(N) < 0.4).astype(float)
FRAME["cost"] = 1.0 + FRAME["x"] + RNG.normal(size=N)
COUNTRY = FRAME.iloc[:800]
LOCAL = FRAME.iloc[700:].reset_index(drop=True)
NEW = LOCAL.iloc[::-3].drop(columns="y")
POISSON = {"family": "poisson", "exposure": "e"}
COUNTRYWIDE = rs.glm("y ~ x + bs(age, df=5) + C(area)", COUNTRY, **POISSON).fit()
RATES = COUNTRYWIDE.predict(LOCAL, exposure=1.0)


def local(complement, formula="y ~ x + C(area)", data=LOCAL, **options):
    return rs.glm(formula, data, **POISSON | {"complement": complement} | options)


def given(kind):
    """The complement in each of its forms, and the data that have it."""
    data = LOCAL.assign(rate=RATES)
    return {"model": COUNTRYWIDE, "column": "rate", "array": RATES}[kind], data


@pytest.mark.parametrize("kind", ["model", "column", "array"])
@pytest.mark.parametrize("fit", [{}, {"alpha": 0.01, "l1_ratio": 1.0}, {"alpha": 0.1}])
def test_it_is_an_offset_of_its_linear_predictor(kind, fit):
    complement, data = given(kind)
    result = local(complement, data=data, weights="w").fit(**fit)
    expected = rs.glm("y ~ x + C(area)", LOCAL, **POISSON, weights="w", offset=np.log(RATES)).fit(
        **fit
    )
    np.testing.assert_allclose(result.params, expected.params, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(result.fittedvalues, expected.fittedvalues, rtol=1e-9)
    assert result.null_deviance() == pytest.approx(expected.null_deviance(), rel=1e-9)
    np.testing.assert_array_equal(result.model.exposure, LOCAL["e"])


@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
def test_a_heavy_penalty_gives_it_back_times_one_factor(l1_ratio):
    result = local(COUNTRYWIDE).fit(alpha=1e6, l1_ratio=l1_ratio)
    factor = LOCAL["y"].sum() / (LOCAL["e"] * RATES).sum()
    assert np.exp(result.params[0]) == pytest.approx(factor, rel=1e-4)
    np.testing.assert_allclose(result.fittedvalues, factor * LOCAL["e"] * RATES, rtol=1e-4)


@pytest.mark.parametrize("kind", ["model", "column"])
def test_new_rows_are_given_theirs(kind):
    complement, data = given(kind)
    result = local(complement, data=data).fit()
    new = data.loc[NEW.index].drop(columns="y")
    expected = result.fittedvalues[NEW.index]
    np.testing.assert_allclose(result.predict(new), expected, rtol=1e-12)
    np.testing.assert_allclose(
        result.predict(new, exposure=2.0), 2.0 * expected / new["e"], rtol=1e-12
    )
    # another for this prediction: the rest of the model is as it was
    without = expected / RATES[NEW.index]
    np.testing.assert_allclose(result.predict(new, complement=0.3), 0.3 * without, rtol=1e-12)
    twice = new.assign(other=2.0 * RATES[NEW.index])
    for other in ("other", twice["other"], twice["other"].to_numpy()):
        np.testing.assert_allclose(
            result.predict(twice, complement=other), 2.0 * expected, rtol=1e-12
        )
    np.testing.assert_allclose(result.predict(new, complement=COUNTRYWIDE), expected, rtol=1e-12)


def test_what_new_rows_lack():
    result = local("rate", data=LOCAL.assign(rate=RATES)).fit()
    with pytest.raises(ValueError, match="fitted with complement column 'rate', which the data"):
        result.predict(NEW)
    result = local(RATES).fit()
    with pytest.raises(ValueError, match="fitted with a complement array: pass complement="):
        result.predict(NEW)
    expected = result.fittedvalues[NEW.index]
    rates = RATES[NEW.index]
    np.testing.assert_allclose(result.predict(NEW, complement=rates), expected, rtol=1e-12)
    result = local(COUNTRYWIDE, formula="y ~ x").fit()
    with pytest.raises(ValueError, match="unknown column 'age'"):
        result.predict(NEW.drop(columns="age"))


def test_the_model_needs_no_exposure_of_the_complement():
    # of its unit, as its predictions: whether its exposure was a column, an older offset, an array
    for other in ({"exposure": "v"}, {"offset": "v"}, {"exposure": COUNTRY["e"]}):
        country = rs.glm("y ~ x", COUNTRY, family="poisson", **other).fit()
        result = local(country, data=LOCAL.drop(columns="v")).fit()
        rates = np.exp(country.params[0] + country.params[1] * LOCAL["x"])
        expected = local(rates).fit()
        np.testing.assert_allclose(result.params, expected.params, rtol=1e-9, atol=1e-12)


def test_what_the_complement_adds_as_it_is_belongs_to_it():
    country = rs.glm("y ~ x + offset(s)", COUNTRY, **POISSON).fit()
    rates = np.exp(country.params[0] + country.params[1] * LOCAL["x"] + LOCAL["s"])
    result = local(country, "y ~ C(area)").fit()
    np.testing.assert_allclose(result.params, local(rates, "y ~ C(area)").fit().params, rtol=1e-9)
    np.testing.assert_allclose(result.predict(NEW), result.fittedvalues[NEW.index], rtol=1e-12)
    country = rs.glm("cost ~ x", COUNTRY, offset="s").fit()  # identity: not an exposure
    result = rs.glm("cost ~ C(area)", LOCAL, complement=country).fit()
    means = country.params[0] + country.params[1] * LOCAL["x"] + LOCAL["s"]
    expected = rs.glm("cost ~ C(area)", LOCAL, offset=means).fit()
    np.testing.assert_allclose(result.params, expected.params, rtol=1e-9)


@pytest.mark.parametrize("kind", ["model", "column"])
def test_a_complement_of_a_complement(kind):
    complement, data = given(kind)
    region = local(complement, "y ~ C(area)", data).fit(alpha=0.01)
    result = local(region, "y ~ x", data).fit()
    expected = local(region.predict(data, exposure=1.0), "y ~ x", data).fit()
    np.testing.assert_allclose(result.params, expected.params, rtol=1e-9, atol=1e-12)
    new = data.loc[NEW.index]
    np.testing.assert_allclose(result.predict(new), result.fittedvalues[NEW.index], rtol=1e-12)


def test_only_what_is_needed_is_read():
    # a LazyFrame is collected for the columns that are named, and has no others
    country = rs.glm("y ~ bs(age, df=5) + offset(s)", COUNTRY, **POISSON).fit()
    lazy = pl.from_pandas(LOCAL).lazy()
    result = local(country, "y ~ C(area)", lazy).fit()
    np.testing.assert_allclose(result.params, local(country, "y ~ C(area)").fit().params)
    np.testing.assert_allclose(result.predict(lazy), result.fittedvalues, rtol=1e-12)


def test_with_exposure_and_offset():
    result = local(COUNTRYWIDE, "y ~ x + offset(s)", offset="v").fit()
    shift = np.log(LOCAL["e"] * LOCAL["v"] * RATES) + LOCAL["s"]
    expected = rs.glm("y ~ x", LOCAL, family="poisson", offset=shift).fit()
    np.testing.assert_allclose(result.params, expected.params, rtol=1e-9)
    assert re.search(r"Offset: +log\(e\) \+ log\(v\) \+ s \+ com", result.summary())


def test_other_links():
    country = rs.glm("won ~ x", COUNTRY, family="binomial").fit()
    chance = country.predict(LOCAL)
    for complement in (country, chance):
        result = rs.glm("won ~ C(area)", LOCAL, family="binomial", complement=complement).fit()
        shift = np.log(chance / (1 - chance))
        expected = rs.glm("won ~ C(area)", LOCAL, family="binomial", offset=shift).fit()
        np.testing.assert_allclose(result.params, expected.params, rtol=1e-8, atol=1e-12)


def test_base_and_relativities_are_relative_to_it():
    result = local(COUNTRYWIDE, "y ~ C(area)").fit()
    table = result.relativities()
    factors = table.set_index(["Factor", "Level"])["Relativity"]
    assert factors["Base", ""] == pytest.approx(np.exp(result.params[0]), rel=1e-12)
    of_area = factors["area"][LOCAL["area"]].to_numpy()
    product = factors["Base", ""] * of_area * RATES * LOCAL["e"]
    np.testing.assert_allclose(product, result.fittedvalues, rtol=1e-12)


@pytest.mark.parametrize(
    ("kind", "offset", "note"),
    [
        ("model", "complement(model)", "the model 'y ~ x + bs(age, df=5) + C(area)'"),
        ("column", "complement(rate)", "column 'rate'"),
        ("array", "complement(array)", "an array of means"),
    ],
)
def test_the_summary_names_it(kind, offset, note):
    complement, data = given(kind)
    text = local(complement, data=data).fit().summary()
    assert re.search(r"Offset: +(\S.*?)  ", text)[1] == f"log(e) + {offset}"
    said = f"Complement: {note}. Coefficients are deviations from it, and relativities are relative"
    assert said in " ".join(text.split())
    assert "Complement" not in COUNTRYWIDE.summary()
    country = rs.glm("cost ~ x", COUNTRY).fit()
    text = rs.glm("cost ~ age", LOCAL, complement=country).fit().summary()
    assert "deviations from it." in " ".join(text.split())  # no relativities without a log link


def test_long_offsets_stay_in_their_column():
    data = LOCAL.assign(a_countrywide_rate_of_last_year=RATES)
    text = local("a_countrywide_rate_of_last_year", data=data).fit().summary()
    (line,) = [line for line in text.split("\n") if line.startswith("Offset")]
    assert line.index("Pearson") == 44
    assert "~  Pearson" in line
    assert "column 'a_countrywide_rate_of_last_year'" in text


@pytest.mark.parametrize(
    ("values", "count"), [([0.0, -1.0], 2), ([np.nan], 1), ([np.inf, np.nan, 1.0], 2)]
)
def test_means_that_cannot_be(values, count):
    rates = RATES.copy()
    rates[: len(values)] = values
    for complement, data in ((rates, LOCAL), ("rate", LOCAL.assign(rate=rates))):
        with pytest.raises(ValueError, match=rf"complement.* in {count}( of 500)? rows") as error:
            local(complement, data=data)
        assert "drop" in str(error.value)
    result = local(RATES).fit()
    with pytest.raises(ValueError, match="complement"):
        result.predict(LOCAL, complement=rates)


def test_linear_predictors_are_not_taken_for_means():
    with pytest.raises(ValueError, match=r"no mean of the poisson family.*not linear predictors"):
        local(np.log(RATES / RATES.max()))
    with pytest.raises(ValueError, match="no mean of the binomial family with logit link in 500"):
        rs.glm("won ~ x", LOCAL, family="binomial", complement=1.0 + RATES)
    # a Gaussian mean may be anything, but not under a logarithm
    rs.glm("cost ~ x", LOCAL, complement=-RATES).fit()
    with pytest.raises(ValueError, match="poisson family with identity link in 500"):
        rs.glm("y ~ x", LOCAL, family="poisson", link="identity", complement=-RATES)
    with pytest.raises(ValueError, match="gaussian family with log link in 500 of 500 rows"):
        rs.glm("y ~ x", LOCAL, link="log", complement=-RATES)


def test_models_that_cannot_be_one():
    identity = rs.glm("cost ~ x", COUNTRY).fit()
    with pytest.raises(ValueError, match="complement has link identity, the model log: pass"):
        local(identity)
    arrays = rs.fit_glm(COUNTRY["y"], np.ones((800, 1)), family="poisson")
    with pytest.raises(ValueError, match="fitted to an array, not to named columns"):
        local(arrays)
    offset = rs.glm("y ~ x", COUNTRY, family="poisson", offset=np.log(COUNTRY["e"])).fit()
    with pytest.raises(ValueError, match="fitted with an array as offset: pass"):
        local(offset)
    nested = local(RATES).fit()
    with pytest.raises(ValueError, match="fitted with an array as complement: pass"):
        local(nested)
    with pytest.raises(TypeError, match=r"FormulaGLM.*pass what its fit\(\) returned"):
        local(rs.glm("y ~ x", COUNTRY, **POISSON))
    with pytest.raises(TypeError, match=r"GLMRegressor.*its result_"):
        local(rs.GLMRegressor("poisson").fit(COUNTRY[["x"]], COUNTRY["y"]))


def test_of_an_estimator():
    country = rs.GLMRegressor("poisson", formula="x + C(area)", exposure="e")
    country.fit(COUNTRY, COUNTRY["y"])
    result = local(country.result_, "y ~ age").fit()
    expected = local(country.predict(LOCAL, exposure=1.0), "y ~ age").fit()
    np.testing.assert_allclose(result.params, expected.params, rtol=1e-9)


def test_a_column_is_no_term_as_well():
    with pytest.raises(ValueError, match="'rate' is exposure, offset or weight"):
        local("rate", "y ~ rate", LOCAL.assign(rate=RATES))
    local(COUNTRYWIDE, "y ~ age").fit()  # but what a model is made of may be


def test_levels_that_the_complement_has_not_seen():
    with pytest.raises(ValueError, match="'area' has 1 level that the model has not seen"):
        local(COUNTRYWIDE, "y ~ x", LOCAL.assign(area=LOCAL["area"].replace("A", "Q")))


def test_it_keeps_no_data():
    assert len(pickle.dumps(local(COUNTRYWIDE).fit().model.offsets)) < 10_000


def test_other_complements_are_other_models():
    table = rs.compare(local(COUNTRYWIDE, "y ~ 1").fit(), rs.glm("y ~ x", LOCAL, **POISSON).fit())
    assert table["Note"][1] == "not nested: other offset"


def test_paths_and_refits_and_stability():
    model = local(COUNTRYWIDE)
    path = model.regularization_path(n_alphas=5)
    assert path.n_nonzero[0] == 0
    np.testing.assert_allclose(
        path.result(4).predict(NEW), path.result(4).fittedvalues[NEW.index], rtol=1e-12
    )
    refit = path.result(3).refit_selected()
    np.testing.assert_allclose(refit.predict(NEW), refit.fittedvalues[NEW.index], rtol=1e-12)
    stable = model.stability_selection(n_subsamples=4, random_state=0)
    expected = local(RATES).stability_selection(n_subsamples=4, random_state=0)
    np.testing.assert_array_equal(stable.probabilities, expected.probabilities)
