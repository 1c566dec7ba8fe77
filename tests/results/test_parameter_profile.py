"""The profile of theta and of the Tweedie power, and the dispersion that errors use."""

import re
import sys

import matplotlib as mpl
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import stats

import rustystats as rs

mpl.use("Agg")
from matplotlib import pyplot as plt

N = 800
RNG = np.random.default_rng(77)
X = RNG.uniform(-1, 1, N)
MU = np.exp(0.6 + 0.5 * X)
CLAIMS = RNG.poisson(MU)
FRAME = pd.DataFrame(
    {
        "nb": RNG.poisson(RNG.gamma(2.0, MU / 2.0)).astype(float),
        "premium": np.where(CLAIMS > 0, RNG.gamma(np.maximum(CLAIMS, 1) * 2.0, 0.8), 0.0),
        "cost": RNG.gamma(2.0, MU / 2),
        "x": X,
        "w": RNG.integers(1, 4, N).astype(float),
    }
)
MODELS = {
    "negbinomial": ("nb ~ x", "theta"),
    "tweedie": ("premium ~ x", "var_power"),
}


def fit(family, data=FRAME, **options):
    formula, name = MODELS[family]
    return rs.glm(formula, data, family=family, **{name: "auto"} | options).fit()


@pytest.fixture(params=MODELS)
def result(request):
    return fit(request.param)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def test_maximum_is_at_the_estimate(result):
    profile = result.profile_parameter()
    name = result.model.problem.family.parameter
    assert profile.name == name
    assert profile.fitted == getattr(result, name)
    assert profile.fitted_llf == result.llf()
    shown = rf"<LikelihoodProfile: {name} [\d.]+ of the model, \d+ values from [\d.]+ to [\d.]+>"
    assert re.fullmatch(shown, repr(profile))
    assert len(profile.values) == len(profile.llf) == 21
    assert (np.diff(profile.values) > 0).all()
    assert profile.values[10] == pytest.approx(profile.fitted, rel=1e-9)
    assert np.argmax(profile.llf) == 10
    assert profile.llf[10] == pytest.approx(result.llf(), abs=1e-6)
    assert (np.diff(profile.llf[:11]) > 0).all()
    assert (np.diff(profile.llf[10:]) < 0).all()


@pytest.mark.parametrize("family", MODELS)
@pytest.mark.parametrize("extra", [{}, {"weights": "w"}])
def test_profile_by_refits(family, extra):
    formula, name = MODELS[family]
    result = fit(family, **extra)
    values = np.array([0.8, 1.0, 1.2]) * getattr(result, name)
    profile = result.profile_parameter(values[[2, 0, 1]])  # sorted on the way
    np.testing.assert_array_equal(profile.values, values)
    for value, llf in zip(profile.values, profile.llf, strict=True):
        refit = rs.glm(formula, FRAME, family=family, **{name: float(value)}, **extra).fit()
        assert llf == pytest.approx(refit.llf(), abs=1e-5)


def test_curvature_is_that_of_the_standard_error(result):
    name = result.model.problem.family.parameter
    estimate, error = getattr(result, name), getattr(result, f"{name}_se")
    assert 0 < error < 0.3 * estimate
    profile = result.profile_parameter(estimate + np.array([-1.0, 1.0]) * 0.2 * error)
    drop = result.llf() - profile.llf
    np.testing.assert_allclose(drop, 0.5 * 0.2**2, rtol=0.1)
    # what the bound of a 95 % interval cuts off is some two standard errors to each side
    profile = result.profile_parameter()
    inside = profile.values[profile.llf > result.llf() - 0.5 * stats.chi2.isf(0.05, 1)]
    assert 1.2 * error < estimate - inside.min() < 3 * error
    assert 1.2 * error < inside.max() - estimate < 3.5 * error


def test_values_to_draw_at_for_a_given_parameter():
    nb = fit("negbinomial", theta=3.0)
    assert np.isnan(nb.theta_se)
    values = nb.profile_parameter().values
    np.testing.assert_allclose(values[[0, 10, 20]], [0.75, 3.0, 12.0], rtol=1e-12)
    tweedie = fit("tweedie", var_power=1.6)
    assert np.isnan(tweedie.var_power_se)
    np.testing.assert_allclose(tweedie.profile_parameter().values, np.linspace(1.05, 1.95, 21))


def test_parameters_of_other_families_are_None():
    poisson = rs.glm("nb ~ x", FRAME, family="poisson").fit()
    assert poisson.theta is poisson.theta_se is poisson.var_power is poisson.var_power_se is None
    nb = fit("negbinomial")
    assert nb.theta > 0
    assert nb.var_power is nb.var_power_se is None


@pytest.mark.parametrize("family", ["poisson", "quasipoisson", "gaussian"])
def test_other_families_have_no_profile(family):
    result = rs.glm("nb ~ x", FRAME, family=family).fit()
    with pytest.raises(ValueError, match=f"{family} has no theta and no power.*'negbinomial'"):
        result.profile_parameter()


@pytest.mark.parametrize("family", MODELS)
def test_values_outside_the_range(family):
    result = fit(family)
    inside = r"inside \(1, 2\)" if family == "tweedie" else r"inside \(0, inf\)"
    for values, count in (([0.0, 0.5, 2.5], None), ([], 0), (1.5, 0), ([1.5, np.nan], 1)):
        given = np.size(values)
        outside = ".*" if count is None else f"of the {given} given, {count} are not"
        with pytest.raises(ValueError, match=f"{inside}.*{outside}"):
            result.profile_parameter(values)
    with pytest.raises(ValueError, match=family_parameter(family)):
        result.profile_parameter(["a"])


def family_parameter(family):
    return "var_power" if family == "tweedie" else "theta"


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda frame: frame, pd.DataFrame),
        (pl.from_pandas, pl.DataFrame),
        (lambda frame: pa.Table.from_pandas(frame, preserve_index=False), pa.Table),
    ],
)
def test_to_dataframe(make, kind):
    profile = fit("negbinomial", make(FRAME)).profile_parameter([1.0, 2.0])
    table = profile.to_dataframe()
    assert isinstance(table, kind)
    columns = {name: np.asarray(table[name]) for name in ("theta", "llf")}
    np.testing.assert_array_equal(columns["theta"], [1.0, 2.0])
    np.testing.assert_array_equal(columns["llf"], profile.llf)


def test_array_face_has_pandas():
    design = np.column_stack([np.ones(N), X])
    profile = rs.fit_negbinomial(FRAME["nb"], design).profile_parameter([1.0, 2.0])
    assert isinstance(profile.to_dataframe(), pd.DataFrame)


def test_plot(result):
    profile = result.profile_parameter()
    ax = profile.plot()
    assert isinstance(ax, plt.Axes)
    assert ax.get_xlabel() == profile.name
    assert ax.get_ylabel() == "log-likelihood"
    curve, estimate, bound = ax.get_lines()
    np.testing.assert_array_equal(curve.get_xdata(), profile.values)
    np.testing.assert_array_equal(curve.get_ydata(), profile.llf)
    assert estimate.get_xdata()[0] == profile.fitted
    assert bound.get_ydata()[0] == pytest.approx(profile.fitted_llf - 0.5 * 3.841459, abs=1e-6)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels[1] == f"{profile.name} = {profile.fitted:.4g}"
    assert "95 %" in labels[2]


def test_plot_on_given_axes_at_another_level():
    profile = fit("negbinomial").profile_parameter()
    _, given = plt.subplots()
    assert profile.plot(ax=given, alpha=0.1) is given
    bound = given.get_lines()[2].get_ydata()[0]
    assert bound == pytest.approx(profile.fitted_llf - 0.5 * stats.chi2.isf(0.1, 1))
    assert "90 %" in given.get_legend().get_texts()[2].get_text()


def test_plot_without_matplotlib(monkeypatch):
    profile = fit("negbinomial").profile_parameter([1.0, 2.0])
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"charts need matplotlib: pip install .*\[plot\]"):
        profile.plot()


# ---- fit(dispersion=...) ------------------------------------------------------------------------

FITS = {
    "gamma": "cost ~ x",
    "gaussian": "cost ~ x",
    "poisson": "nb ~ x",
    "quasipoisson": "nb ~ x",
    "negbinomial": "nb ~ x",
    "tweedie": "premium ~ x",
}


def with_dispersion(family, dispersion):
    return rs.glm(FITS[family], FRAME, family=family, weights="w").fit(dispersion=dispersion)


@pytest.mark.parametrize("family", FITS)
def test_dispersion(family):
    usual = with_dispersion(family, None)
    df = usual.df_resid
    expected = {
        "pearson": usual.pearson_chi2() / df,
        "deviance": usual.deviance / df,
        2.5: 2.5,
        np.float32(0.5): 0.5,
        3: 3.0,
    }
    unscaled = np.sqrt(np.diagonal(usual.cov_params_unscaled))
    assert usual.scale() == (1.0 if family in ("poisson", "negbinomial") else expected["pearson"])
    for dispersion, scale in expected.items():
        result = with_dispersion(family, dispersion)
        assert isinstance(result.scale(), float)
        assert result.scale() == pytest.approx(scale, rel=1e-12)
        np.testing.assert_allclose(result.bse(), np.sqrt(scale) * unscaled, rtol=1e-12)
        np.testing.assert_array_equal(result.params, usual.params)
        np.testing.assert_allclose(result.cov_robust(), usual.cov_robust(), rtol=1e-12)
        assert result.llf() == usual.llf()
        assert f"Standard errors at dispersion={dispersion!r}." in result.summary()
        assert re.search(rf"Scale: +{re.escape(f'{scale:.6g}')}\n", result.summary())
    assert "at dispersion" not in usual.summary()


def test_dispersion_in_the_array_face():
    design = np.column_stack([np.ones(N), X])
    array = rs.fit_glm(FRAME["cost"], design, "gamma", dispersion="deviance")
    assert array.scale() == array.scale_deviance() != array.scale_pearson()
    assert "Standard errors at dispersion='deviance'." in rs.summary(array)


@pytest.mark.parametrize(
    "bad", ["mle", "Pearson", 0, -1.0, np.nan, np.inf, True, [1.0], np.ones(2)]
)
def test_dispersion_refuses(bad):
    with pytest.raises(ValueError, match="dispersion must be 'pearson', 'deviance', a positive"):
        with_dispersion("gamma", bad)


# ---- what summaries say -------------------------------------------------------------------------


def header(text, name):
    return re.search(rf"{re.escape(name)}: +(.*?)(  |$)", text, re.MULTILINE)[1]


def test_summary_of_an_estimated_parameter(result):
    text = result.summary()
    family = result.model.problem.family
    title = {"theta": "Theta", "var_power": "Var Power"}[family.parameter]
    value = getattr(result, family.parameter)
    error = getattr(result, f"{family.parameter}_se")
    assert header(text, title) == f"{value:.6g} (se {error:.2g})"
    assert f"{family.parameter} is estimated and counted in AIC and BIC" in text
    assert header(text, "Family") == type(family).__name__
    assert result.aic() == pytest.approx(-2 * result.llf() + 2 * 3, rel=1e-12)
    assert result.bic() == pytest.approx(-2 * result.llf() + 3 * np.log(N), rel=1e-12)


def test_summary_of_a_given_parameter():
    text = fit("negbinomial", theta=2.0).summary()
    assert header(text, "Theta") == "2 (fixed)"
    assert "is estimated" not in text
    text = fit("tweedie", var_power=1.5).summary()
    assert header(text, "Var Power") == "1.5 (fixed)"
    assert "Theta" not in text
    assert "Var Power" not in rs.glm("nb ~ x", FRAME, family="poisson").fit().summary()


@pytest.mark.parametrize("family", ["quasipoisson", "quasibinomial"])
def test_summary_of_quasi_families(family):
    data = FRAME.assign(nb=np.minimum(FRAME["nb"], 1.0))
    text = rs.glm("nb ~ x", data, family=family).fit().summary()
    base = family.removeprefix("quasi")
    note = f"Log-likelihood, AIC and BIC are those of the {base} family: {family} has none."
    assert note in text
    assert "has none" not in rs.glm("nb ~ x", data, family=base).fit().summary()


def test_summary_of_a_penalised_fit():
    result = rs.glm("nb ~ x", FRAME, family="negbinomial").fit(alpha=0.125)
    text = result.summary()
    assert header(text, "Alpha") == "0.125"
    assert header(text, "L1 Ratio") == "0"
    assert header(text, "Non-zero coefs") == "1"
    assert header(text, "Method") == "IRLS + Ridge"
    assert "Ridge penalty alpha = 0.125" in text
    text = rs.glm("nb ~ x", FRAME, family="negbinomial").fit().summary()
    for part in ("Alpha", "L1 Ratio", "Non-zero", "Ridge"):
        assert part not in text
