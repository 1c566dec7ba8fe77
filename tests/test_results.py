"""Results against statsmodels, the definitions of R where they differ, and predictions."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import statsmodels.api as sm
from scipy import stats

import rustystats as rs

N = 800
RNG = np.random.default_rng(10)
X = RNG.uniform(-1.5, 1.5, size=N)  # means of identity links stay away from 0
AREA = RNG.choice(list("ABCD"), N)
ETA = 0.3 * X + 0.4 * (AREA == "C")
EXPOSURE = RNG.uniform(0.2, 1.2, N)
FRAME = pd.DataFrame(
    {
        "count": RNG.poisson(2 * np.exp(ETA)).astype(float),
        "cost": RNG.gamma(2.0, np.exp(ETA)),
        "level": 5 + ETA + RNG.normal(size=N),
        "won": (RNG.random(N) < 0.25 + 0.05 * np.tanh(X) + 0.1 * (AREA == "B")).astype(float),
        "share": RNG.binomial(4, 0.3, N) / 4,
        "trials": 4,
        "x": X,
        "tenth": RNG.integers(1, 30, N) / 10,
        "age": RNG.integers(18, 80, N),
        "area": AREA,
        "gas": RNG.choice(["Diesel", "Regular"], N),
        "exposure": EXPOSURE,
        "w": RNG.integers(1, 4, N),
    }
)

EXTRAS = {
    "plain": {},
    "weights": {"weights": FRAME["w"].to_numpy(float)},
    "offset": {"offset": 0.02 * FRAME["tenth"].to_numpy()},
    "both": {"weights": FRAME["w"].to_numpy(float), "offset": 0.02 * FRAME["tenth"].to_numpy()},
}


def data_of(pair):
    """A response of the pair whose mean depends on x and area."""
    eta = pair.centre + pair.unit * (0.08 * X + 0.15 * (AREA == "C"))
    return FRAME.assign(y=pair.draw(np.random.default_rng(2), pair.link.inverse(eta)))


def options_of(pair, extras):
    """The offset is small in the units of the pair."""
    options = dict(EXTRAS[extras])
    if "offset" in options:
        options["offset"] = 0.05 * pair.unit * options["offset"]
    return options


def both(pair, extras):
    options = options_of(pair, extras)
    model = rs.glm("y ~ x + area", data_of(pair), family=pair.family, link=pair.link, **options)
    ours = model.fit(tol=1e-14)
    if "weights" in options:
        options["var_weights"] = options.pop("weights")
    fixed = model.family.dispersion_fixed
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of every link but the canonical one
        # their stop is relative to the deviance: 1e-14 leaves coefficients good to 1e-8
        theirs = sm.GLM(model.y, model.X, pair.statsmodels(), **options).fit(
            1.01 * ours.params,
            maxiter=300,
            tol=1e-14,
            tol_criterion="deviance",
            scale=1.0 if fixed else "X2",
        )
    return ours, theirs


@pytest.mark.parametrize("extras", EXTRAS)
def test_like_statsmodels(pair, extras):
    ours, theirs = both(pair, extras)
    assert ours.converged
    size = max(1, abs(pair.unit))
    np.testing.assert_allclose(ours.params, theirs.params, rtol=2e-6, atol=2e-7 * size)
    np.testing.assert_allclose(ours.bse(), theirs.bse, rtol=1e-5)
    np.testing.assert_allclose(ours.tvalues(), theirs.tvalues, rtol=2e-5, atol=1e-5)
    np.testing.assert_allclose(ours.pvalues(), theirs.pvalues, rtol=1e-3, atol=1e-12)
    np.testing.assert_allclose(ours.conf_int(), theirs.conf_int(), rtol=1e-5, atol=1e-6 * size)
    np.testing.assert_allclose(ours.cov_params(), theirs.cov_params(), rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(ours.fittedvalues, theirs.fittedvalues, rtol=1e-6)
    assert ours.deviance == pytest.approx(theirs.deviance, rel=1e-10)
    assert ours.pearson_chi2() == pytest.approx(theirs.pearson_chi2, rel=1e-6)
    assert ours.scale() == pytest.approx(theirs.scale, rel=1e-6)
    assert ours.nobs == theirs.nobs
    assert ours.df_resid == theirs.df_resid == N - 5
    assert ours.df_model == theirs.df_model == 4


@pytest.mark.parametrize("extras", EXTRAS)
def test_null_deviance_is_that_of_intercept_and_offset(pair, extras):
    data, options = data_of(pair), options_of(pair, extras)
    chosen = {"family": pair.family, "link": pair.link, **options}
    ours = rs.glm("y ~ x + area", data, **chosen).fit()
    null = rs.glm("y ~ 1", data, **chosen).fit()
    assert ours.null_deviance() == pytest.approx(null.deviance, rel=1e-10)
    assert ours.null_deviance() > ours.deviance
    if "offset" not in options:
        weights = options.get("weights")
        mean = np.full(N, np.average(data["y"], weights=weights))
        expected = pair.statsmodels().deviance(
            data["y"].to_numpy(), mean, var_weights=1.0 if weights is None else weights
        )
        assert ours.null_deviance() == pytest.approx(expected, rel=1e-8)


def test_null_deviance_with_an_exposure_is_statsmodels():
    ours = rs.glm("count ~ x + area", FRAME, family="poisson", exposure="exposure").fit()
    model = sm.GLM(
        FRAME["count"], np.ones(N), sm.families.Poisson(), offset=np.log(FRAME["exposure"])
    )
    assert ours.null_deviance() == pytest.approx(model.fit(tol=1e-13).deviance, rel=1e-10)


def test_null_deviance_without_an_intercept_is_that_of_the_offset():
    offset = np.log(FRAME["exposure"])
    ours = rs.glm("count ~ x - 1", FRAME, family="poisson", exposure="exposure").fit()
    expected = sm.families.Poisson().deviance(FRAME["count"], np.exp(offset))
    assert ours.null_deviance() == pytest.approx(expected, rel=1e-12)
    assert ours.df_model == 1
    # without an offset the mean is 0, which is none for a Gamma with an identity link
    ours = rs.glm("cost ~ tenth - 1", FRAME, family="gamma", link="identity").fit()
    assert np.isnan(ours.null_deviance())


@pytest.mark.parametrize("extras", EXTRAS)
def test_log_likelihoods_by_scipy(extras):
    options = EXTRAS[extras]
    w = options.get("weights", np.ones(N))
    rank = 5

    def fit(column, family):
        return rs.glm(f"{column} ~ x + area", FRAME, family=family, **options).fit()

    result = fit("count", "poisson")
    expected = w @ stats.poisson.logpmf(FRAME["count"], result.fittedvalues)
    assert result.llf() == pytest.approx(expected, rel=1e-12)

    result = fit("level", "gaussian")  # at the maximum-likelihood dispersion
    sigma = np.sqrt(result.deviance / N / w)
    expected = stats.norm.logpdf(FRAME["level"], result.fittedvalues, sigma).sum()
    assert result.llf() == pytest.approx(expected, rel=1e-12)

    result = fit("cost", "gamma")  # R plugs in deviance / sum(w)
    shape = w.sum() / result.deviance
    density = stats.gamma.logpdf(FRAME["cost"], shape, scale=result.fittedvalues / shape)
    assert result.llf() == pytest.approx(w @ density, rel=1e-12)

    for result in (fit("count", "poisson"), fit("level", "gaussian"), fit("cost", "gamma")):
        assert result.aic() == pytest.approx(-2 * result.llf() + 2 * rank)
        assert result.bic() == pytest.approx(-2 * result.llf() + rank * np.log(N))


def test_binomial_log_likelihood_counts_trials():
    result = rs.glm("share ~ x", FRAME, family="binomial", weights="trials").fit()
    expected = stats.binom.logpmf(4 * FRAME["share"], 4, result.fittedvalues).sum()
    assert result.llf() == pytest.approx(expected, rel=1e-12)
    result = rs.glm("won ~ x", FRAME, family="binomial").fit()
    expected = stats.bernoulli.logpmf(FRAME["won"], result.fittedvalues).sum()
    assert result.llf() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    "names", [("poisson", "log"), ("binomial", "probit"), ("negbinomial", "log")]
)
def test_llf_is_statsmodels_where_no_dispersion_is_plugged_in(pairs, names):
    ours, theirs = both(pairs[names], "plain")
    if names[0] == "binomial":  # 0/1 there, proportions of five here
        y, mu = ours.model.problem.y, ours.fittedvalues
        expected = np.sum(y * np.log(mu) + (1 - y) * np.log1p(-mu))
        assert ours.llf() == pytest.approx(expected, rel=1e-12)
        return
    assert ours.llf() == pytest.approx(theirs.llf, rel=1e-10)
    assert ours.aic() == pytest.approx(theirs.aic, rel=1e-10)


def test_quasi_families_are_their_base_but_for_the_dispersion():
    for base, column in (("poisson", "count"), ("binomial", "won")):
        plain = rs.glm(f"{column} ~ x + area", FRAME, family=base).fit()
        quasi = rs.glm(f"{column} ~ x + area", FRAME, family=f"quasi{base}").fit()
        np.testing.assert_allclose(quasi.params, plain.params, rtol=1e-7)
        assert quasi.llf() == pytest.approx(plain.llf(), rel=1e-12)
        assert quasi.scale() == quasi.scale_pearson() != 1.0
        factor = np.sqrt(quasi.scale_pearson())
        np.testing.assert_allclose(quasi.bse(), factor * plain.bse(), rtol=1e-7)
        asked = rs.glm(f"{column} ~ x + area", FRAME, family=base).fit(dispersion="pearson")
        np.testing.assert_allclose(asked.bse(), quasi.bse(), rtol=1e-7)


@pytest.mark.parametrize("chosen", ["pearson", "deviance", 2.5])
def test_dispersion_as_asked(chosen):
    model = rs.glm("count ~ x + area", FRAME, family="poisson")
    plain, asked = model.fit(), model.fit(dispersion=chosen)
    expected = {"pearson": plain.scale_pearson(), "deviance": plain.scale_deviance()}
    assert asked.scale() == expected.get(chosen, chosen)
    np.testing.assert_allclose(asked.bse(), np.sqrt(asked.scale()) * plain.bse(), rtol=1e-12)
    for wrong in ("mean", 0, -1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="dispersion must be 'pearson', 'deviance'"):
            model.fit(dispersion=wrong)


def test_theta_decided_by_the_data():
    y = np.random.default_rng(1).negative_binomial(1.5, 1.5 / (1.5 + 2 * np.exp(ETA)))
    data = FRAME.assign(count=y.astype(float))
    auto = rs.glm("count ~ x + area", data, family="negative-binomial").fit()
    named = rs.glm("count ~ x + area", data, family="nb", theta="auto").fit()
    assert auto.theta == named.theta
    assert abs(auto.theta - 1.5) < 4 * auto.theta_se
    assert auto.family == f"NegativeBinomial(theta={auto.theta:.4f})"
    assert auto.scale() == 1.0
    given = rs.glm("count ~ x + area", data, family="nb", theta=auto.theta).fit()
    np.testing.assert_allclose(given.params, auto.params, rtol=1e-6)
    assert given.family == "negbinomial"
    assert np.isnan(given.theta_se)
    assert (auto.var_power, auto.var_power_se) == (None, None)
    # the estimated theta counts as a parameter
    assert auto.llf() == pytest.approx(given.llf(), rel=1e-9)
    assert auto.aic() == pytest.approx(given.aic() + 2, rel=1e-9)
    assert auto.bic() == pytest.approx(given.bic() + np.log(N), rel=1e-9)
    poisson = rs.glm("count ~ x + area", data, family="poisson").fit()
    assert auto.aic() < poisson.aic()
    assert f"{auto.theta:.4f}" in auto.summary()


def test_power_decided_by_the_data(simulate_tweedie):
    data = FRAME.assign(cost=simulate_tweedie(np.random.default_rng(3), np.exp(ETA), 1.6, 1.0))
    auto = rs.glm("cost ~ x + area", data, family="tweedie", var_power="auto").fit()
    assert abs(auto.var_power - 1.6) < 4 * auto.var_power_se
    given = rs.glm("cost ~ x + area", data, family="tweedie", var_power=auto.var_power).fit()
    np.testing.assert_allclose(given.params, auto.params, rtol=1e-5, atol=1e-7)
    assert given.family == "tweedie"
    assert np.isnan(given.var_power_se)
    assert auto.aic() == pytest.approx(given.aic() + 2, rel=1e-8)
    assert (auto.theta, auto.theta_se) == (None, None)
    assert rs.glm("cost ~ x", data, family="tweedie").fit().var_power == 1.5


def test_dispersions():
    result = rs.glm("cost ~ x", FRAME, family="gamma").fit()
    mu, y = result.fittedvalues, FRAME["cost"]
    assert result.scale_pearson() == pytest.approx((((y - mu) / mu) ** 2).sum() / (N - 2))
    assert result.scale_deviance() == pytest.approx(result.deviance / (N - 2))
    assert result.scale() == result.scale_pearson()
    result = rs.glm("count ~ x", FRAME, family="poisson").fit()
    assert result.scale() == 1.0
    assert result.scale_pearson() != 1.0


def test_far_tail_pvalues_do_not_vanish():
    # noise orthogonal to the line, of the size that gives its slope of 1 a z of 20
    noise = np.sin(np.arange(N))
    noise -= np.polyval(np.polyfit(X, noise, 1), X)
    noise *= np.sqrt((N - 2) * ((X - X.mean()) ** 2).sum() / (noise @ noise)) / 20
    far = rs.glm("level ~ x", FRAME.assign(level=1 + X + noise)).fit()
    assert far.tvalues()[1] == pytest.approx(20.0, rel=1e-8)
    assert far.pvalues()[1] == pytest.approx(2 * stats.norm.sf(20.0), rel=1e-6)
    assert 0 < far.pvalues()[1] < 1e-88


def test_perfect_fit():
    result = rs.glm("level ~ x", FRAME.assign(level=1.0)).fit()
    assert result.params == pytest.approx([1.0, 0.0], abs=1e-14)
    assert result.deviance == pytest.approx(0.0, abs=1e-20)
    assert "Intercept" in result.summary()  # and no warning about a division by zero


def test_saturated_model_has_no_dispersion():
    result = rs.glm("cost ~ x", FRAME.head(2), family="gamma").fit()
    assert result.df_resid == 0
    assert np.isnan(result.scale())
    assert np.isnan(result.bse()).all()
    np.testing.assert_allclose(result.fittedvalues, FRAME["cost"].head(2), rtol=1e-6)


def test_aliased_columns():
    frame = FRAME.assign(double=2 * FRAME["x"], same=FRAME["area"])
    result = rs.glm("count ~ x + double + area + same", frame, family="poisson").fit()
    plain = rs.glm("count ~ x + area", FRAME, family="poisson").fit()
    names = np.array(result.feature_names)
    assert list(names[result.aliased]) == ["double", "same[T.B]", "same[T.C]", "same[T.D]"]
    assert np.isnan(result.params[result.aliased]).all()
    np.testing.assert_allclose(result.params[~result.aliased], plain.params, rtol=1e-8)
    np.testing.assert_allclose(result.bse()[~result.aliased], plain.bse(), rtol=1e-8)
    assert np.isnan(result.bse()[result.aliased]).all()
    assert result.df_resid == plain.df_resid
    assert result.aic() == pytest.approx(plain.aic(), rel=1e-12)
    np.testing.assert_allclose(result.predict(frame), plain.predict(FRAME), rtol=1e-9)


# --- Predictions ---------------------------------------------------------------------------------

FORMULAS = [
    "count ~ 1",
    "count ~ x",
    "count ~ tenth + age",
    "count ~ area",
    "count ~ C(area, ref='C') - 1",
    "count ~ C(age)",
    "count ~ log(tenth) + I(x**2) + np.where(age > 40, 1, 0)",
    "count ~ bs(age, df=6) + ns(x, df=4)",
    "count ~ bs(tenth, knots=[1, 2], boundary_knots=[0, 4])",
    "count ~ area*gas + x:area",
    "count ~ bs(age, df=4)*gas + ns(x, df=4):area",
    "count ~ age:tenth + x:tenth + area:age",
    "count ~ x + offset(0.1 * tenth)",
]


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("options", [{}, {"exposure": "exposure"}, {"offset": "exposure"}])
def test_predictions_of_the_training_rows_are_the_fitted_values(formula, options):
    result = rs.glm(formula, FRAME, family="poisson", **options).fit()
    np.testing.assert_allclose(result.predict(FRAME), result.fittedvalues, rtol=1e-12)
    # one row at a time: nothing is learned from the new data
    rows = [result.predict(FRAME.iloc[[i]])[0] for i in (0, 17, N - 1)]
    np.testing.assert_allclose(rows, result.fittedvalues[[0, 17, N - 1]], rtol=1e-12)
    assert np.log(result.fittedvalues) == pytest.approx(
        result.linear_predictor, rel=1e-12, abs=1e-12
    )


@pytest.fixture(scope="module")
def result():
    formula = "count ~ bs(age, df=5) + x + area*gas + C(w) + log(tenth)"
    return rs.glm(formula, FRAME, family="poisson", exposure="exposure").fit()


@pytest.mark.parametrize(
    "make",
    [
        pl.from_pandas,
        lambda d: pl.from_pandas(d).lazy(),
        pa.Table.from_pandas,
        lambda d: d.astype({"area": "category", "gas": "category"}),
        lambda d: d.astype({"area": object}),
        lambda d: d.assign(area=pd.Categorical(d["area"], list("DCBAZ"), ordered=True)),
        lambda d: pl.from_pandas(d).with_columns(pl.col("area").cast(pl.Categorical)),
        lambda d: pl.from_pandas(d).with_columns(pl.col("area").cast(pl.Enum(list("DZCBA")))),
        lambda d: d.astype({"age": float, "w": float}),
        lambda d: d.astype({"age": "int8", "w": "uint64"}),
        lambda d: d.astype({"w": str}),
        lambda d: d[["gas", "area", "w", "tenth", "x", "exposure", "age"]],
    ],
    ids=[
        "polars", "lazy", "pyarrow", "category", "object", "ordered", "plcat", "plenum",
        "float", "int8", "text", "columns",
    ],
)  # fmt: skip
def test_other_kinds_of_data(result, make):
    np.testing.assert_allclose(result.predict(make(FRAME)), result.fittedvalues, rtol=1e-12)


def test_fewer_levels_and_values(result):
    part = FRAME[(FRAME["area"] == "C") & (FRAME["age"] < 30)]
    expected = result.fittedvalues[part.index]
    np.testing.assert_allclose(result.predict(part), expected, rtol=1e-12)
    reversed_rows = FRAME.iloc[::-1]
    np.testing.assert_allclose(result.predict(reversed_rows), result.fittedvalues[::-1], rtol=1e-12)


def test_beyond_the_knots(result):
    rows = FRAME.head(4)
    low, high = FRAME["age"].min(), FRAME["age"].max()
    at_ends = result.predict(rows.assign(age=[low, high, low, high]))
    beyond = result.predict(rows.assign(age=[low - 1, high + 50, 0, 1000]))
    np.testing.assert_allclose(beyond, at_ends, rtol=1e-14)
    natural = rs.glm("count ~ ns(age, df=4)", FRAME, family="poisson").fit()
    ages = pd.DataFrame({"age": [high, high + 10, high + 20]})
    assert np.diff(np.log(natural.predict(ages)), 2) == pytest.approx(0.0, abs=1e-12)


def test_what_prediction_refuses(result):
    with pytest.raises(ValueError, match=r"'area' has 1 level.*in 800 rows: Z.*A, B, C, D"):
        result.predict(FRAME.assign(area="Z"))
    with pytest.raises(ValueError, match="unknown column 'x'"):
        result.predict(FRAME.drop(columns="x"))
    with pytest.raises(ValueError, match=r"'x'.* 2 rows"):
        result.predict(FRAME.assign(x=FRAME["x"].where(FRAME.index > 1)))
    with pytest.raises(ValueError, match="'area' has 2 missing values"):
        result.predict(FRAME.assign(area=FRAME["area"].where(FRAME.index > 1)))
    with pytest.raises(ValueError, match="data are empty"):
        result.predict(FRAME.head(0))
    with pytest.raises(TypeError, match="DataFrame"):
        result.predict(FRAME[["x"]].to_numpy())


def test_named_exposure_at_prediction(result):
    rate = result.fittedvalues / FRAME["exposure"]
    np.testing.assert_allclose(result.predict(FRAME, exposure=1.0), rate, rtol=1e-12)
    without = FRAME.drop(columns="exposure")
    np.testing.assert_allclose(result.predict(without, exposure=1.0), rate, rtol=1e-12)
    np.testing.assert_allclose(result.predict(without, exposure="w"), rate * FRAME["w"], rtol=1e-12)
    half = np.full(N, 0.5)
    np.testing.assert_allclose(result.predict(without, exposure=half), rate / 2, rtol=1e-12)
    with pytest.raises(ValueError, match=r"column 'exposure'.*lack.*exposure=1\.0.*rate"):
        result.predict(without)
    with pytest.raises(ValueError, match=r"'exposure'.*missing.* 1 rows"):
        result.predict(FRAME.assign(exposure=FRAME["exposure"].where(FRAME.index > 0)))
    with pytest.raises(ValueError, match="exposure is zero or negative"):
        result.predict(FRAME, exposure=0.0)


def test_exposure_array_at_prediction():
    values = FRAME["exposure"].to_numpy()
    result = rs.glm("count ~ x", FRAME, family="poisson", exposure=values).fit()
    with pytest.raises(ValueError, match=r"exposure array.*exposure=.*1\.0"):
        result.predict(FRAME)
    np.testing.assert_allclose(result.predict(FRAME, exposure=values), result.fittedvalues)
    with pytest.raises(ValueError, match=r"exposure has shape \(800,\).*3 rows"):
        result.predict(FRAME.head(3), exposure=values)


def test_offset_at_prediction():
    values = FRAME["tenth"].to_numpy()
    result = rs.glm("level ~ x", FRAME, offset=values).fit()
    with pytest.raises(ValueError, match=r"offset array.*offset="):
        result.predict(FRAME)
    np.testing.assert_allclose(result.predict(FRAME, offset=values), result.fittedvalues)
    named = rs.glm("level ~ x", FRAME, offset="tenth").fit()  # identity link: verbatim
    np.testing.assert_allclose(named.predict(FRAME), result.fittedvalues, rtol=1e-12)
    zero = named.predict(FRAME.drop(columns="tenth"), offset=0.0)
    np.testing.assert_allclose(zero, result.fittedvalues - values, rtol=1e-10)
    with pytest.raises(ValueError, match=r"column 'tenth'.*lack"):
        named.predict(FRAME.drop(columns="tenth"))
    with pytest.raises(ValueError, match="needs a log link"):
        named.predict(FRAME, exposure=1.0)
    written = rs.glm("level ~ x + offset(tenth)", FRAME).fit()
    with pytest.raises(ValueError, match="unknown column 'tenth'"):
        written.predict(FRAME.drop(columns="tenth"))


# --- Tables --------------------------------------------------------------------------------------


def test_coef_table(result):
    table = result.coef_table()
    assert isinstance(table, pd.DataFrame)
    assert list(table) == ["Feature", "Estimate", "Std.Error", "z", "Pr(>|z|)", "Signif"]
    assert table["Feature"].tolist() == result.feature_names
    np.testing.assert_array_equal(table["Estimate"], result.params)
    np.testing.assert_array_equal(table["Std.Error"], result.bse())
    np.testing.assert_array_equal(table["z"], result.params / result.bse())
    np.testing.assert_array_equal(table["Pr(>|z|)"], result.pvalues())
    assert table["Signif"].tolist() == result.significance_codes()


@pytest.mark.parametrize(
    ("make", "kind"), [(pl.from_pandas, pl.DataFrame), (pa.Table.from_pandas, pa.Table)]
)
def test_tables_come_as_the_data_came(make, kind):
    result = rs.glm("count ~ x + area", make(FRAME), family="poisson").fit()
    assert isinstance(result.coef_table(), kind)
    assert isinstance(result.relativities(), kind)
    lazy = rs.glm("count ~ x", pl.from_pandas(FRAME).lazy(), family="poisson").fit()
    assert isinstance(lazy.coef_table(), pl.DataFrame)


def test_attributes(result):
    assert (result.family, result.link, result.response) == ("poisson", "log", "count")
    assert result.formula.startswith("count ~")
    assert result.coefficients is result.params
    assert result.weights_name is None
    assert rs.glm("count ~ x", FRAME, weights="w").fit().weights_name == "w"
    assert rs.glm("count ~ x", FRAME, weights=FRAME["w"]).fit().weights_name == "array"
    assert not result.is_regularized
    assert result.alpha == 0.0


def test_conf_int_level(result):
    np.testing.assert_allclose(result.conf_int().mean(axis=1), result.params)
    width = np.diff(result.conf_int(0.1), axis=1)[:, 0]
    np.testing.assert_allclose(width, 2 * 1.6448536269514722 * result.bse(), rtol=1e-12)
    for alpha in (0, 1, -0.1, 1.5):
        with pytest.raises(ValueError, match="alpha"):
            result.conf_int(alpha)


def test_questions_in_any_order_have_the_same_answers(result):
    again = rs.glm(result.formula, FRAME, family="poisson", exposure="exposure").fit()
    names = ["summary", "bse", "llf", "null_deviance", "aic", "pvalues", "pearson_chi2"]
    first = {name: getattr(result, name)() for name in names}
    for name in reversed(names):
        np.testing.assert_array_equal(getattr(again, name)(), first[name])


def test_repr(result):
    for part in ("poisson", "log link", "800 observations", f"{len(result.params)} parameters"):
        assert part in repr(result)
    assert f"{result.deviance:.6g}" in repr(result)
    assert "NOT" not in repr(result)


def test_html_is_escaped():
    frame = FRAME.assign(area=np.where(FRAME["area"] == "A", "!", "<script>&"))
    html = rs.glm("count ~ area", frame, family="poisson").fit()._repr_html_()
    assert "area[T.&lt;script&gt;&amp;]" in html
    assert "<script>" not in html
    assert html.count("<tr>") == 1 + 2
    assert html.count("<td") == 6 * 2
