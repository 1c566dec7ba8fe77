"""result.plot: each chart is of the numbers that the result or its diagnostics give."""

import sys

import matplotlib as mpl
import numpy as np
import pandas as pd
import polars as pl
import pytest

import rustystats as rs

mpl.use("Agg")
from matplotlib import pyplot as plt

N = 3000
RNG = np.random.default_rng(7)
AGE = RNG.integers(18, 80, N)
BRAND = RNG.choice([f"B{k}" for k in range(1, 13)], N)
DATA = pd.DataFrame(
    {
        "age": AGE,
        "brand": BRAND,
        "power": RNG.integers(4, 10, N),
        "density": RNG.lognormal(5, 1, N),
        "gas": RNG.choice(["Diesel", "Regular"], N),
        "years": RNG.uniform(0.2, 1, N),
    }
)
DATA["claims"] = RNG.poisson(DATA["years"] * np.exp(-1 - AGE / 60 + 0.3 * (BRAND == "B2")))
DATA["cost"] = RNG.gamma(2.0, 500.0, N)
FORMULA = "claims ~ bs(age, df=4) + C(brand, ref='B3') + C(power)"


def fit(formula=FORMULA, data=DATA, family="poisson", exposure="years", **options):
    return rs.glm(formula, data, family=family, exposure=exposure, **options).fit()


@pytest.fixture(scope="module")
def result():
    return fit()


@pytest.fixture(autouse=True)
def no_trace_is_left(monkeypatch):
    monkeypatch.setattr(plt, "show", lambda *args, **options: pytest.fail("shown"))
    before = dict(mpl.rcParams)
    yield
    assert dict(mpl.rcParams) == before
    plt.close("all")


def curve(ax, label):
    return next(line for line in ax.get_lines() if line.get_label().startswith(label))


def heights(ax):
    (behind,) = [other for other in ax.figure.axes if other is not ax]
    return [bar.get_height() for bar in behind.patches]


def tick_names(ax):
    return [label.get_text() for label in ax.get_xticklabels()]


KINDS = {
    "actual_expected": ("gas",),
    "relativities": ("brand",),
    "term_effect": ("age",),
    "lift": (),
    "double_lift": (DATA["years"].to_numpy() / 5,),
    "calibration": (),
    "lorenz": (),
    "residuals": (),
    "worm": (),
}


@pytest.mark.parametrize("kind", KINDS)
def test_axes_are_returned(result, kind):
    ax = getattr(result.plot, kind)(*KINDS[kind])
    assert isinstance(ax, plt.Axes)
    given = mpl.figure.Figure(layout="constrained").subplots()
    assert getattr(result.plot, kind)(*KINDS[kind], ax=given) is given
    given.figure.canvas.draw()


@pytest.mark.parametrize("kind", KINDS)
def test_without_matplotlib(result, kind, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"charts need matplotlib: pip install .*\[plot\]"):
        getattr(result.plot, kind)(*KINDS[kind])


# ---- actual against expected ---------------------------------------------------------------------


def by_level(name, result, data=DATA):
    mu = result.predict(data)
    frame = pd.DataFrame({"y": data["claims"], "mu": mu, "e": data["years"], "x": data[name]})
    sums = frame.groupby("x")[["y", "mu", "e"]].sum()
    return sums["y"] / sums["e"], sums["mu"] / sums["e"], sums["e"]


@pytest.mark.parametrize("name", ["brand", "power", "gas"])
def test_actual_expected_by_level_is_in_the_order_of_levels(result, name):
    ax = result.plot.actual_expected(name)
    observed, predicted, exposure = by_level(name, result)
    np.testing.assert_allclose(curve(ax, "observed").get_ydata(), observed)
    np.testing.assert_allclose(curve(ax, "predicted").get_ydata(), predicted)
    np.testing.assert_allclose(heights(ax), exposure)
    if name != "brand":  # whose order is that of texts: B1, B10, B11
        assert [n.split("\n")[0] for n in tick_names(ax)] == [str(v) for v in observed.index]
    assert ax.get_ylabel() == "claims per unit of years"
    assert ax.get_xlabel() == name


def test_the_base_level_of_a_fitted_factor_is_marked(result):
    assert "B3\nbase" in tick_names(result.plot.actual_expected("brand"))
    assert "4\nbase" in tick_names(result.plot.actual_expected("power"))
    assert not any("base" in name for name in tick_names(result.plot.actual_expected("gas")))
    (age,) = [effect for effect in result.factor_effects() if effect.name == "age"]
    base = age.values[age.base]
    marked = [name for name in tick_names(result.plot.actual_expected("age")) if "base" in name]
    low, _, high = marked[0].split(" ")[0].partition("-")
    assert float(low) <= base <= float(high or low)


def test_a_base_that_the_rows_do_not_have_is_not_marked(result):
    (age,) = [effect for effect in result.factor_effects() if effect.name == "age"]
    rows = DATA[(DATA["brand"] != "B3") & (DATA["age"] > age.values[age.base] + 1)]
    for name in ("brand", "age"):
        names = tick_names(result.plot.actual_expected(name, rows))
        assert names
        assert "base" not in " ".join(names)


@pytest.mark.parametrize("name", ["age", "density"])
def test_actual_expected_of_numbers_is_by_bins(result, name):
    ax = result.plot.actual_expected(name, n_bins=8)
    exposure = heights(ax)
    assert len(exposure) == 8
    assert sum(exposure) == pytest.approx(DATA["years"].sum())
    observed = curve(ax, "observed").get_ydata()
    assert observed @ exposure == pytest.approx(DATA["claims"].sum())
    first = tick_names(ax)[0]
    assert first.startswith(f"{DATA[name].min():.4g}-")


def test_levels_with_least_exposure_are_pooled_last(result):
    ax = result.plot.actual_expected("brand", max_levels=5)
    assert len(heights(ax)) == 5
    assert tick_names(ax)[-1] == "_Other"
    assert sum(heights(ax)) == pytest.approx(DATA["years"].sum())


def test_other_rows_are_predicted(result):
    test = DATA.iloc[:1000].assign(gas="x")
    ax = result.plot.actual_expected("power", test)
    observed, predicted, exposure = by_level("power", result, test)
    np.testing.assert_allclose(curve(ax, "observed").get_ydata(), observed)
    np.testing.assert_allclose(curve(ax, "predicted").get_ydata(), predicted)
    np.testing.assert_allclose(heights(ax), exposure)
    renamed = test.drop(columns="claims")
    again = result.plot.actual_expected("power", renamed, y=test["claims"].to_numpy())
    np.testing.assert_allclose(curve(again, "observed").get_ydata(), observed)


def test_missing_values_are_a_level(result):
    data = DATA.assign(gas=DATA["gas"].where(DATA["age"] > 30, None))
    ax = result.plot.actual_expected("gas", data)
    assert tick_names(ax) == ["Diesel", "Regular", "missing"]


def test_unknown_factors(result):
    with pytest.raises(ValueError, match=r"unknown column 'powr' \(did you mean 'power'\?\)"):
        result.plot.actual_expected("powr")
    with pytest.raises(ValueError, match="unknown column 'gas'"):
        result.plot.actual_expected("gas", DATA.drop(columns="gas"))
    for kind in ("relativities", "term_effect"):
        with pytest.raises(ValueError, match=r"no factor 'brnd' \(did you mean 'brand'\?\)"):
            getattr(result.plot, kind)("brnd")
        with pytest.raises(ValueError, match="no factor 'gas' in the model: it has age, brand"):
            getattr(result.plot, kind)("gas")
    with pytest.raises(ValueError, match="it has an intercept alone"):
        fit("claims ~ 1").plot.relativities("age")


def test_too_few_levels_to_show(result):
    with pytest.raises(ValueError, match="max_levels is 2 or more, the pool of others included: 1"):
        result.plot.actual_expected("brand", max_levels=1)
    with pytest.raises(ValueError, match="max_levels is 2 or more, the base included: 1"):
        result.plot.relativities("brand", max_levels=1)
    with pytest.raises(ValueError, match="number of bins is a whole number of 1 or more"):
        result.plot.lift(n_bins=0)


def test_arrays_have_no_columns():
    found = rs.fit_glm(DATA["claims"], np.column_stack([np.ones(N), AGE]), "poisson")
    with pytest.raises(ValueError, match="does not hold the data of the fit"):
        found.plot.actual_expected("age")
    ax = found.plot.actual_expected("age", DATA)
    assert sum(heights(ax)) == N
    assert ax.get_ylabel() == "mean y"


# ---- relativities and effects --------------------------------------------------------------------


def test_relativities_are_those_of_the_table(result):
    table = result.relativities(alpha=0.1)
    ax = result.plot.relativities("brand", alpha=0.1)
    part = table[table["Factor"] == "brand"]
    np.testing.assert_allclose(curve(ax, "relativity").get_ydata(), part["Relativity"])
    ends = np.array(ax.collections[0].get_segments())[:, :, 1]
    np.testing.assert_allclose(ends, part[["CI_Lower", "CI_Upper"]])
    np.testing.assert_allclose(heights(ax), part["Exposure"])
    assert [name.split("\n")[0] for name in tick_names(ax)] == part["Level"].tolist()
    assert "B3\nbase" in tick_names(ax)
    assert ax.collections[0].get_label() == "90 % interval"


def test_a_spline_is_a_line_over_numbers(result):
    ax = result.plot.relativities("age")
    table = result.relativities()
    part = table[table["Factor"] == "age"]
    line = curve(ax, "relativity")
    np.testing.assert_array_equal(line.get_xdata(), part["Level"].astype(float))
    np.testing.assert_allclose(line.get_ydata(), part["Relativity"])


def test_effects_for_any_link(result):
    ax = result.plot.term_effect("brand")
    table = result.relativities()
    expected = np.log(table["Relativity"][table["Factor"] == "brand"])
    np.testing.assert_allclose(curve(ax, "effect").get_ydata(), expected, atol=1e-12)
    normal = fit("cost ~ brand", family="gaussian", exposure=None)
    curve(normal.plot.term_effect("brand"), "effect")
    with pytest.raises(ValueError, match="relativities need a log link"):
        normal.plot.relativities("brand")


def test_an_effect_beside_interactions_warns():
    crossed = fit("claims ~ gas * power")
    with pytest.warns(UserWarning, match="'power' is part of"):
        crossed.plot.term_effect("power")
    assert len(heights(crossed.plot.relativities("gas:power"))) == 12


def test_no_intervals_under_a_lasso():
    lasso = rs.glm(FORMULA, DATA, family="poisson", exposure="years").fit(alpha=0.01, l1_ratio=1.0)
    ax = lasso.plot.relativities("brand")
    assert not ax.collections


@pytest.mark.parametrize(
    ("options", "word", "rate"),
    [
        ({"exposure": "years"}, "years", "claims per unit of years"),
        ({"exposure": None}, "rows", "mean claims"),
        ({"exposure": None, "weights": "years"}, "years", "mean claims"),
        ({"exposure": None, "offset": "years"}, "years", "claims per unit of years"),
        ({"exposure": DATA["years"].to_numpy()}, "exposure", "claims per unit of exposure"),
        ({"weights": DATA["years"].to_numpy()}, "years x weight", "claims per unit of years"),
    ],
)
def test_words_for_exposure(options, word, rate):
    plot = fit("claims ~ gas", **options).plot
    for ax in (plot.actual_expected("gas"), plot.relativities("gas")):
        (behind,) = [other for other in ax.figure.axes if other is not ax]
        assert behind.get_ylabel() in (word, word.split(" ")[0])
    assert word in plot.lift().get_xlabel()
    assert plot.lift().get_ylabel() == rate


# ---- predictions ---------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [None, DATA.iloc[:1500]], ids=["fit", "test"])
def test_lift_calibration_and_lorenz_are_those_of_the_diagnostics(result, data):
    found = result.diagnostics(data, n_calibration_bins=5)
    bins = found.calibration.by_decile
    ax = result.plot.lift(data, n_bins=5)
    np.testing.assert_array_equal(
        curve(ax, "observed").get_ydata(), [part.actual_mean for part in bins]
    )
    ax = result.plot.calibration(data, n_bins=5)
    ratio = found.calibration.actual_expected_ratio
    np.testing.assert_array_equal(
        curve(ax, f"observed, A/E = {ratio:.3f}").get_xdata(),
        [part.predicted_mean for part in bins],
    )
    ax = result.plot.lorenz(data)
    gini = found.discrimination.gini_coefficient
    np.testing.assert_array_equal(
        curve(ax, f"observed, normalised Gini = {gini:.3f}").get_ydata(),
        [point.cumulative_actual_pct for point in found.discrimination.lorenz_curve],
    )


@pytest.mark.parametrize("data", [None, DATA.iloc[:1500]], ids=["fit", "test"])
def test_double_lift_is_that_of_the_table(result, data):
    other = fit("claims ~ gas")
    table = result.double_lift(other, data, n_bins=5)
    ax = result.plot.double_lift(other, data, n_bins=5, names=("new", "old"))
    for label, name in (("observed", "Actual"), ("new", "Predicted"), ("old", "Other")):
        np.testing.assert_array_equal(curve(ax, label).get_ydata(), table[name])
    assert ax.get_xlabel() == "5 parts of equal years, by new / old, ascending"
    assert ax.get_ylabel() == "claims per unit of years"


def test_double_lift_against_a_column(result):
    data = DATA.assign(tariff=0.2 * DATA["years"] * (1 + (DATA["gas"] == "Diesel")))
    ax = result.plot.double_lift("tariff", data)
    table = result.double_lift("tariff", data)
    np.testing.assert_array_equal(curve(ax, "tariff").get_ydata(), table["Other"])
    with pytest.raises(ValueError, match="not positive numbers"):
        result.plot.double_lift(np.zeros(N))


def test_no_lorenz_curve_of_losses_and_profits():
    data = DATA.assign(profit=DATA["cost"] - 1000)
    normal = fit("profit ~ brand", data, family="gaussian", exposure=None)
    with pytest.raises(ValueError, match="'profit' has values below 0"):
        normal.plot.lorenz()
    normal.plot.calibration()
    normal.plot.lift()


# ---- residuals and paths -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", ["quantile", "pearson", "deviance", "anscombe", "response", "working"]
)
def test_residuals(result, kind):
    ax = result.plot.residuals(kind)
    assert ax.get_ylabel() == f"{kind} residual"
    rows = getattr(result, f"resid_{kind}")(*((0,) if kind == "quantile" else ()))
    order = np.argsort(result.fittedvalues, kind="stable")
    first = rows[order[:150]].mean()
    assert curve(ax, "mean").get_ydata()[0] == pytest.approx(first)


def test_residuals_of_few_rows_are_points():
    small = fit("claims ~ gas", DATA.iloc[:200])
    points = small.plot.residuals("pearson").get_lines()[0].get_xydata()
    np.testing.assert_array_equal(points[:, 0], small.fittedvalues)
    np.testing.assert_array_equal(points[:, 1], small.resid_pearson())


def test_quantile_residuals_are_drawn_by_a_seed(result):
    one, other = (curve(result.plot.worm(seed), "residuals").get_ydata() for seed in (1, 2))
    again = curve(result.plot.worm(1), "residuals").get_ydata()
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_unknown_kind_of_residuals(result):
    with pytest.raises(ValueError, match="kind must be one of quantile, pearson"):
        result.plot.residuals("partial")


def test_coefficient_path_is_that_of_the_cross_validation(result):
    with pytest.raises(ValueError, match="fitted at one alpha"):
        result.plot.coefficient_path()
    model = rs.glm("claims ~ age + density + C(gas)", DATA, family="poisson", exposure="years")
    chosen = model.fit(regularization="lasso", cv=3, n_alphas=5, random_state=0)
    ax = chosen.plot.coefficient_path()
    line = curve(ax, "age")
    place = chosen.feature_names.index("age")
    np.testing.assert_array_equal(line.get_ydata(), chosen.cv_result.path.coefficients[:, place])


def test_other_kinds_of_frames(result):
    polars = fit(data=pl.from_pandas(DATA))
    ax = polars.plot.actual_expected("gas")
    np.testing.assert_allclose(heights(ax), heights(result.plot.actual_expected("gas")))


def test_a_loaded_model_has_its_charts(result, tmp_path):
    path = tmp_path / "model.json"
    result.save(path)
    loaded = rs.load(path)
    for kind in ("relativities", "term_effect"):
        ax, expected = (getattr(model.plot, kind)("brand") for model in (loaded, result))
        assert (
            ax.get_lines()[0].get_ydata().tolist() == expected.get_lines()[0].get_ydata().tolist()
        )
        np.testing.assert_allclose(heights(ax), heights(expected))
    for kind in ("lift", "calibration", "lorenz"):
        ax, expected = (getattr(model.plot, kind)(DATA) for model in (loaded, result))
        assert (
            ax.get_lines()[0].get_ydata().tolist() == expected.get_lines()[0].get_ydata().tolist()
        )
        assert ax.get_ylabel() == expected.get_ylabel()
    assert heights(loaded.plot.actual_expected("gas", DATA)) == heights(
        result.plot.actual_expected("gas", DATA)
    )
    with pytest.raises(ValueError, match="loaded from a file, which has no rows"):
        loaded.plot.lift()


def test_charts_say_what_there_is(result):
    assert repr(result.plot).startswith("<charts: actual_expected, calibration,")


def test_without_a_covariance_the_levels_are_drawn_without_a_base(monkeypatch):
    """Of a model with very many columns, which has no effects with errors."""
    monkeypatch.setattr("rustystats.solvers.method.NARROW", 0)
    monkeypatch.setattr("rustystats.solvers.method.GRAM_BYTES", 0)
    wide = rs.glm(FORMULA, DATA, "poisson", exposure="years").fit(alpha=0.01, l1_ratio=0.0)
    with pytest.raises(ValueError, match="no covariance"):
        wide.factor_effects()
    assert "base" not in " ".join(tick_names(wide.plot.actual_expected("brand")))
