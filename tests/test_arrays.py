"""The array face: numbers of statsmodels, the members of its results, its errors, its intercept."""

import inspect

import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm
from scipy import optimize, stats

import rustystats as rs
from rustystats.results.array_results import ArrayResults

N = 500
RNG = np.random.default_rng(31)
X = RNG.uniform(-1, 1, N)
GROUP = RNG.integers(0, 3, N)
DESIGN = np.column_stack([np.ones(N), X, GROUP == 1, GROUP == 2]).astype(float)
ETA = 0.4 + 0.3 * X + 0.3 * (GROUP == 2)
MU = np.exp(ETA)
OFFSET = RNG.uniform(-0.3, 0.3, N)
WEIGHTS = RNG.integers(1, 4, N).astype(float)
THETA = 2.0
SM = sm.families

RESPONSES = {
    "gaussian": RNG.normal(MU, 1.0),
    "poisson": RNG.poisson(MU).astype(float),
    "binomial": (RNG.random(N) < 1 / (1 + np.exp(-ETA))).astype(float),
    "gamma": RNG.gamma(3.0, MU / 3.0),
    "inverse_gaussian": stats.invgauss(MU / 4.0, scale=4.0).rvs(random_state=RNG),
    "tweedie": RNG.poisson(MU) * RNG.gamma(2.0, 1.0, N),
    "negbinomial": RNG.poisson(RNG.gamma(THETA, MU / THETA)).astype(float),
}
RESPONSES |= {f"quasi{name}": RESPONSES[name] for name in ("poisson", "binomial")}
# name, what fit_glm is asked for, what the results call it, statsmodels' family
FAMILIES = {
    "gaussian": ({}, "Gaussian", SM.Gaussian()),
    "poisson": ({}, "Poisson", SM.Poisson()),
    "binomial": ({}, "Binomial", SM.Binomial()),
    "gamma": ({}, "Gamma", SM.Gamma(SM.links.Log())),
    "inverse_gaussian": ({}, "InverseGaussian", SM.InverseGaussian(SM.links.Log())),
    "tweedie": ({}, "Tweedie", SM.Tweedie(var_power=1.5)),
    "quasipoisson": ({}, "QuasiPoisson", SM.Poisson()),
    "quasibinomial": ({}, "QuasiBinomial", SM.Binomial()),
    "negbinomial": ({"theta": THETA}, "NegativeBinomial", SM.NegativeBinomial(alpha=1 / THETA)),
}
FIXED = {"poisson", "binomial", "negbinomial"}
EXTRAS = {
    "plain": {},
    "offset": {"offset": OFFSET},
    "weights": {"weights": WEIGHTS},
    "both": {"offset": OFFSET, "weights": WEIGHTS},
}


def ours(family, extras="plain", **options):
    options = FAMILIES[family][0] | EXTRAS[extras] | {"tol": 1e-14} | options
    return rs.fit_glm(RESPONSES[family], DESIGN, family=family, **options)


def theirs(family, extras="plain", design=DESIGN):
    options = {{"weights": "var_weights"}.get(k, k): v for k, v in EXTRAS[extras].items()}
    model = sm.GLM(RESPONSES[family], design, FAMILIES[family][2], **options)
    scale = None if family in FIXED or "quasi" not in family else "X2"
    return model.fit(tol=1e-14, tol_criterion="deviance", maxiter=300, scale=scale)


# ---- numbers --------------------------------------------------------------------------------


@pytest.mark.parametrize("extras", EXTRAS)
@pytest.mark.parametrize("family", FAMILIES)
def test_like_statsmodels(family, extras):
    a, b = ours(family, extras), theirs(family, extras)
    assert a.converged
    assert isinstance(a.iterations, int)
    assert 1 <= a.iterations < 20
    np.testing.assert_allclose(a.params, b.params, rtol=1e-6, atol=1e-8)
    assert a.coefficients is a.params
    np.testing.assert_allclose(a.fittedvalues, b.fittedvalues, rtol=1e-6)
    eta = DESIGN @ a.params + EXTRAS[extras].get("offset", 0.0)
    np.testing.assert_allclose(a.linear_predictor, eta, rtol=1e-12, atol=1e-12)
    assert a.deviance == pytest.approx(b.deviance, rel=1e-9)
    assert (a.nobs, a.df_resid, a.df_model) == (N, N - 4, 3)
    assert a.pearson_chi2() == pytest.approx(b.pearson_chi2, rel=1e-6)
    assert a.scale_pearson() == pytest.approx(b.pearson_chi2 / (N - 4), rel=1e-6)
    assert a.scale() == pytest.approx(1.0 if family in FIXED else b.scale, rel=1e-6)
    unscaled = np.asarray(b.cov_params()) / b.scale
    np.testing.assert_allclose(a.cov_params_unscaled, unscaled, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(a.bse(), b.bse, rtol=1e-5)
    np.testing.assert_allclose(a.tvalues(), b.tvalues, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(a.pvalues(), b.pvalues, rtol=1e-3, atol=1e-12)
    np.testing.assert_allclose(a.conf_int(), b.conf_int(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(a.conf_int(alpha=0.3), b.conf_int(0.3), rtol=1e-5, atol=1e-6)
    null = theirs(family, extras, DESIGN[:, :1])
    assert a.null_deviance() == pytest.approx(null.deviance, rel=1e-8)
    assert a.null_deviance() >= a.deviance


@pytest.mark.parametrize("extras", EXTRAS)
@pytest.mark.parametrize("family", FAMILIES)
def test_residuals_like_statsmodels(family, extras):
    a, b = ours(family, extras), theirs(family, extras)
    # theirs leave the prior weights out of Pearson residuals; R's and ours have them in
    root = np.sqrt(EXTRAS[extras].get("weights", 1.0))
    variance = b.model.family.variance(b.fittedvalues)
    pearson = root * (RESPONSES[family] - b.fittedvalues) / np.sqrt(variance)
    np.testing.assert_allclose(a.resid_response(), b.resid_response, atol=1e-5)
    np.testing.assert_allclose(a.resid_pearson(), pearson, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(a.resid_working(), b.resid_working, rtol=1e-5, atol=1e-5)
    unit = b.model.family.resid_dev(RESPONSES[family], b.fittedvalues)
    np.testing.assert_allclose(a.resid_deviance(), root * unit, rtol=1e-4, atol=1e-5)
    assert (a.resid_deviance() ** 2).sum() == pytest.approx(a.deviance, rel=1e-10)
    assert (a.resid_pearson() ** 2).sum() == pytest.approx(a.pearson_chi2(), rel=1e-10)


@pytest.mark.parametrize("cov_type", ["HC0", "hc1", "Hc2", "HC3"])
@pytest.mark.parametrize("family", ["gaussian", "poisson", "gamma"])
def test_robust_by_brute_force(family, cov_type):
    a = ours(family, "both")
    bread = a.cov_params_unscaled
    y, mu, w = RESPONSES[family], a.fittedvalues, WEIGHTS
    slope = np.ones(N) if family == "gaussian" else mu
    variance = {"gaussian": np.ones(N), "poisson": mu, "gamma": mu**2}[family]
    score = w * (y - mu) * slope / variance
    leverage = np.einsum("ij,jk,ik->i", DESIGN, bread, DESIGN) * w * slope**2 / variance
    kind = cov_type.upper()
    score = score / (1 - leverage) ** {"HC2": 0.5, "HC3": 1}.get(kind, 0)
    meat = (DESIGN * score[:, None] ** 2).T @ DESIGN * (N / (N - 4) if kind == "HC1" else 1)
    expected = bread @ meat @ bread
    np.testing.assert_allclose(a.cov_robust(cov_type), expected, rtol=1e-7, atol=1e-12)
    errors = np.sqrt(np.diagonal(expected))
    np.testing.assert_allclose(a.bse_robust(cov_type), errors, rtol=1e-7)
    z = a.params / errors
    np.testing.assert_allclose(a.tvalues_robust(cov_type), z, rtol=1e-7)
    np.testing.assert_allclose(a.pvalues_robust(cov_type), 2 * stats.norm.sf(abs(z)), rtol=1e-5)
    low, high = a.conf_int_robust(alpha=0.1, cov_type=cov_type).T
    half = stats.norm.isf(0.05) * errors
    np.testing.assert_allclose([low, high], [a.params - half, a.params + half], rtol=1e-6)


def test_robust_default_is_HC1():
    a = ours("poisson")
    for name in ("cov_robust", "bse_robust", "tvalues_robust", "pvalues_robust"):
        np.testing.assert_array_equal(getattr(a, name)(), getattr(a, name)("HC1"))
    np.testing.assert_array_equal(a.conf_int_robust(), a.conf_int_robust(0.05, "HC1"))


@pytest.mark.parametrize("family", FAMILIES)
def test_criteria(family):
    a = ours(family, "offset")
    assert np.isfinite(a.llf())
    assert a.aic() == pytest.approx(-2 * a.llf() + 2 * 4, rel=1e-12)
    assert a.bic() == pytest.approx(-2 * a.llf() + 4 * np.log(N), rel=1e-12)
    mu, y = a.fittedvalues, RESPONSES[family]
    phi = a.deviance / N
    expected = {
        "gaussian": lambda: stats.norm.logpdf(y, mu, np.sqrt(phi)),
        "poisson": lambda: stats.poisson.logpmf(y, mu),
        "binomial": lambda: stats.bernoulli.logpmf(y, mu),
        "gamma": lambda: stats.gamma.logpdf(y, 1 / phi, scale=mu * phi),
        "inverse_gaussian": lambda: stats.invgauss.logpdf(y, mu * phi, scale=1 / phi),
        "negbinomial": lambda: stats.nbinom.logpmf(y, THETA, THETA / (THETA + mu)),
    }
    expected |= {f"quasi{name}": expected[name] for name in ("poisson", "binomial")}
    if family != "tweedie":
        assert a.llf() == pytest.approx(expected[family]().sum(), rel=1e-10)


def test_tweedie_likelihood_by_the_compound_law():
    a = ours("tweedie")
    mu, y = a.fittedvalues, RESPONSES["tweedie"]

    def llf(log_phi):
        phi = np.exp(log_phi)
        lam, scale = mu**0.5 / (0.5 * phi), 0.5 * phi * mu**0.5
        density = np.zeros(N)
        for count in range(1, 60):
            density += stats.poisson.pmf(count, lam) * stats.gamma.pdf(y, count, scale=scale)
        return np.sum(np.where(y == 0, -lam, np.log(np.where(y > 0, density, 1.0))))

    best = optimize.minimize_scalar(lambda t: -llf(t), bounds=(-3, 3), method="bounded")
    assert a.llf() == pytest.approx(-best.fun, rel=1e-8)


# ---- members --------------------------------------------------------------------------------

PROPERTIES = [
    "params", "coefficients", "fittedvalues", "linear_predictor", "deviance", "iterations",
    "converged", "nobs", "df_resid", "df_model", "cov_params_unscaled", "family", "alpha",
    "l1_ratio", "penalty_type", "is_regularized",
]  # fmt: skip
METHODS = [
    "bse", "tvalues", "pvalues", "conf_int", "significance_codes", "cov_robust", "bse_robust",
    "tvalues_robust", "pvalues_robust", "conf_int_robust", "resid_response", "resid_pearson",
    "resid_deviance", "resid_working", "llf", "aic", "bic", "null_deviance", "pearson_chi2",
    "scale", "scale_pearson", "n_nonzero", "selected_features",
]  # fmt: skip


@pytest.mark.parametrize("name", PROPERTIES)
def test_properties_need_no_parentheses(name):
    assert not callable(getattr(ours("poisson"), name))


@pytest.mark.parametrize("name", METHODS)
def test_methods_can_be_called_without_arguments(name):
    member = getattr(ours("poisson"), name)
    assert inspect.ismethod(member)
    assert member() is not None


@pytest.mark.parametrize("family", FAMILIES)
def test_family_is_in_capitals(family):
    result = ours(family)
    assert isinstance(result, rs.GLMResults)
    assert result.family == FAMILIES[family][1]


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("GAUSSIAN", "Gaussian"),
        ("normal", "Gaussian"),
        ("Poisson", "Poisson"),
        ("quasi-poisson", "QuasiPoisson"),
        ("quasi_poisson", "QuasiPoisson"),
        ("quasi_binomial", "QuasiBinomial"),
        ("negativebinomial", "NegativeBinomial"),
        ("negative_binomial", "NegativeBinomial"),
        ("neg-binomial", "NegativeBinomial"),
        ("NB", "NegativeBinomial"),
        (rs.families.Poisson(), "Poisson"),
    ],
)
def test_spellings_of_families(spelling, name):
    y = RESPONSES["binomial"]
    assert rs.fit_glm(y, DESIGN, family=spelling).family == name


def test_unpenalised():
    a = ours("poisson")
    assert (a.alpha, a.l1_ratio, a.penalty_type, a.is_regularized) == (0.0, None, "none", False)
    assert a.significance_codes() == [
        "***" if p < 0.001 else "**" if p < 0.01 else "*" if p < 0.05 else "." if p < 0.1 else ""
        for p in a.pvalues()
    ]
    assert a.n_nonzero() == 3
    assert a.selected_features() == [1, 2, 3]
    assert all(type(position) is int for position in a.selected_features())


def test_penalised():
    a = ours("poisson", alpha=0.3)
    assert (a.alpha, a.l1_ratio, a.penalty_type, a.is_regularized) == (0.3, 0.0, "ridge", True)
    assert a.selected_features() == [1, 2, 3]


def test_selected_features_without_an_intercept():
    design = np.column_stack([X, np.zeros(N), GROUP == 1])
    a = rs.fit_glm(RESPONSES["gaussian"], design)
    assert a.selected_features() == [0, 2]
    assert a.n_nonzero() == 2


@pytest.mark.parametrize("family", ["poisson", "binomial", "negbinomial"])
def test_scale_is_exactly_one(family):
    assert ours(family).scale() == 1.0


@pytest.mark.parametrize("family", ["poisson", "binomial"])
def test_quasi_families(family):
    base, quasi = ours(family, "both"), ours(f"quasi{family}", "both")
    np.testing.assert_allclose(quasi.params, base.params, rtol=1e-10)
    np.testing.assert_allclose(quasi.fittedvalues, base.fittedvalues, rtol=1e-10)
    assert quasi.deviance == pytest.approx(base.deviance, rel=1e-10)
    assert quasi.scale() == quasi.scale_pearson()
    np.testing.assert_allclose(quasi.bse() / base.bse(), np.sqrt(quasi.scale()), rtol=1e-6)
    assert np.isfinite([quasi.aic(), quasi.bic()]).all()
    assert quasi.llf() == pytest.approx(base.llf(), rel=1e-12)


def test_negbinomial_has_theta_1_unless_told():
    y = RESPONSES["negbinomial"]
    by_default = rs.fit_glm(y, DESIGN, family="negbinomial")
    assert by_default.theta == 1.0
    assert by_default.deviance == rs.fit_glm(y, DESIGN, "negbinomial", theta=1.0).deviance
    assert rs.fit_glm(RESPONSES["tweedie"], DESIGN, "tweedie").var_power == 1.5


# ---- fit_negbinomial ----------------------------------------------------------------------------


@pytest.mark.parametrize("extras", ["plain", "offset"])
def test_fit_negbinomial_like_statsmodels(extras):
    y = RESPONSES["negbinomial"]
    result = rs.fit_negbinomial(y, DESIGN, theta_tol=1e-9, **EXTRAS[extras])
    model = sm.NegativeBinomial(y, DESIGN, **EXTRAS[extras])
    check = model.fit(disp=0, gtol=1e-8, maxiter=300)
    assert result.theta == pytest.approx(1 / check.params[-1], rel=1e-4)
    np.testing.assert_allclose(result.params, check.params[:-1], atol=1e-5)
    assert result.llf() == pytest.approx(check.llf, rel=1e-9)
    assert result.aic() == pytest.approx(-2 * result.llf() + 2 * 5, rel=1e-12)  # theta counts
    assert result.family == f"NegativeBinomial(theta={result.theta:.4f})"
    assert result.scale() == 1.0
    assert result.converged
    # at the estimate it is the fit with that theta
    fixed = rs.fit_glm(y, DESIGN, "negbinomial", theta=result.theta, **EXTRAS[extras])
    np.testing.assert_allclose(result.params, fixed.params, atol=1e-7)
    np.testing.assert_allclose(result.bse(), fixed.bse(), rtol=1e-6)


def test_fit_negbinomial_is_fit_glm_with_theta_auto():
    y = RESPONSES["negbinomial"]
    a = rs.fit_negbinomial(y, DESIGN, theta_tol=1e-9)
    b = rs.fit_glm(y, DESIGN, "negbinomial", theta="auto", tol=1e-14)
    assert a.theta == pytest.approx(b.theta, rel=1e-6)
    c = rs.fit_negbinomial(y, DESIGN, init_theta=30.0, theta_tol=1e-9, link="log")
    assert a.theta == pytest.approx(c.theta, rel=1e-6)
    assert rs.fit_negbinomial(y, DESIGN, link="identity").link == "identity"


def test_fit_negbinomial_of_equidispersed_counts():
    y = np.tile([0.0, 1.0, 1.0, 2.0], 50)
    with pytest.warns(UserWarning, match="theta=1e.07 is the edge .* fit a Poisson"):
        result = rs.fit_negbinomial(y, np.ones((200, 1)))
    assert result.converged
    assert result.fittedvalues[0] == pytest.approx(1.0)


def test_fit_negbinomial_says_when_theta_does_not_rest():
    from sklearn.exceptions import ConvergenceWarning

    with pytest.warns(ConvergenceWarning, match="theta still changes after 1 rounds.*number"):
        result = rs.fit_negbinomial(
            RESPONSES["negbinomial"], DESIGN, init_theta=50.0, max_theta_iter=1
        )
    assert not result.converged
    assert result.theta == pytest.approx(50.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"init_theta": 0}, "theta must be a positive number"),
        ({"init_theta": -2.0}, "theta must be a positive number"),
        ({"init_theta": np.nan}, "theta must be a positive number"),
        ({"theta_tol": 0}, "theta_tol must be a positive number, not 0"),
        ({"theta_tol": "small"}, "theta_tol must be a positive number"),
        ({"theta_tol": np.inf}, "theta_tol"),
        ({"max_theta_iter": 0}, "max_theta_iter must be a whole number of at least 1"),
        ({"max_theta_iter": 2.5}, "max_theta_iter"),
        ({"max_theta_iter": "3"}, "max_theta_iter"),
        ({"max_theta_iter": True}, "max_theta_iter"),
        ({"link": "logit"}, "Unknown link"),
    ],
)
def test_fit_negbinomial_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        rs.fit_negbinomial(RESPONSES["negbinomial"], DESIGN, **options)


# ---- the intercept ------------------------------------------------------------------------------

Y = RESPONSES["poisson"]


def with_first(column):
    return np.column_stack([column, DESIGN[:, 1:]])


@pytest.mark.parametrize("alpha", [0.0, 0.2])
def test_any_constant_but_zero_is_an_intercept(alpha):
    one = rs.fit_glm(Y, DESIGN, "poisson", alpha=alpha, tol=1e-14)
    other = rs.fit_glm(Y, with_first(np.full(N, 2.5)), "poisson", alpha=alpha, tol=1e-14)
    assert other.params[0] == pytest.approx(one.params[0] / 2.5, rel=1e-9)
    np.testing.assert_allclose(other.params[1:], one.params[1:], rtol=1e-8)
    np.testing.assert_allclose(other.bse()[1:], one.bse()[1:], rtol=1e-8)
    assert other.bse()[0] == pytest.approx(one.bse()[0] / 2.5, rel=1e-8)
    assert other.deviance == pytest.approx(one.deviance, rel=1e-12)
    assert other.null_deviance() == pytest.approx(one.null_deviance(), rel=1e-12)
    assert other.selected_features() == one.selected_features() == [1, 2, 3]
    assert other.df_model == one.df_model == 3


@pytest.mark.parametrize("value", [1.0, 2.5, -1.0])
def test_ridge_leaves_the_intercept_alone(value):
    result = rs.fit_glm(Y, with_first(np.full(N, value)), "poisson", alpha=1e4)
    np.testing.assert_allclose(result.params[1:], 0.0, atol=1e-3)
    assert value * result.params[0] == pytest.approx(np.log(Y.mean()), abs=1e-3)


def objective(coef, design, alpha, penalised):
    """Mean half deviance of the Poisson family with log link, and the ridge."""
    eta = design @ coef
    return np.mean(np.exp(eta) - Y * eta) + 0.5 * alpha * np.sum(coef[penalised] ** 2)


def minimum(design, alpha, penalised):
    start = np.zeros(design.shape[1])
    options = {"gtol": 1e-9}
    return optimize.minimize(objective, start, (design, alpha, penalised), options=options).x


def test_a_first_column_that_varies_is_no_intercept():
    design = with_first(1.0 + 0.1 * X)
    result = rs.fit_glm(Y, design, "poisson", alpha=0.5)
    np.testing.assert_allclose(result.params, minimum(design, 0.5, [0, 1, 2, 3]), atol=1e-6)
    assert result.selected_features() == [0, 1, 2, 3]
    assert result.df_model == 3  # rank - 1, whatever the columns
    # the null model has no intercept either: mean 1
    expected = SM.Poisson().deviance(Y, np.ones(N))
    assert result.null_deviance() == pytest.approx(expected, rel=1e-12)


def test_a_constant_elsewhere_is_no_intercept():
    design = DESIGN[:, [1, 0, 2, 3]]
    result = rs.fit_glm(Y, design, "poisson", alpha=0.5)
    np.testing.assert_allclose(result.params, minimum(design, 0.5, [0, 1, 2, 3]), atol=1e-6)
    assert result.null_deviance() == pytest.approx(SM.Poisson().deviance(Y, np.ones(N)), rel=1e-12)
    # unpenalised it is the same model as with the intercept in front
    free, usual = rs.fit_glm(Y, design, "poisson"), rs.fit_glm(Y, DESIGN, "poisson")
    np.testing.assert_allclose(free.params, usual.params[[1, 0, 2, 3]], atol=1e-9)
    assert free.df_model == usual.df_model == 3


def test_a_first_column_of_zeros_is_aliased():
    result = rs.fit_glm(Y, with_first(np.zeros(N)), "poisson")
    assert result.aliased.tolist() == [True, False, False, False]
    assert np.isnan(result.params[0])
    assert np.isnan(result.bse()[0])
    assert (result.df_resid, result.df_model) == (N - 3, 2)
    assert result.null_deviance() == pytest.approx(SM.Poisson().deviance(Y, np.ones(N)), rel=1e-12)
    rest = rs.fit_glm(Y, DESIGN[:, 1:], "poisson")
    np.testing.assert_allclose(result.params[1:], rest.params, rtol=1e-9)
    assert result.selected_features() == [1, 2, 3]


def test_rank_deficient_design():
    design = np.column_stack([DESIGN, DESIGN[:, 2] + DESIGN[:, 3]])
    result = rs.fit_glm(Y, design, "poisson")
    assert result.aliased.tolist() == [False] * 4 + [True]
    assert (result.df_resid, result.df_model) == (N - 4, 3)
    np.testing.assert_allclose(result.params[:4], rs.fit_glm(Y, DESIGN, "poisson").params)
    np.testing.assert_allclose(rs.predict(result, design), result.fittedvalues, rtol=1e-12)


# ---- input --------------------------------------------------------------------------------------

INTEGERS = np.column_stack([np.ones(N), GROUP == 1, GROUP == 2]).astype(int)
KINDS = {
    "lists": (Y.tolist(), INTEGERS.tolist()),
    "integers": (Y.astype(int), INTEGERS),
    "bools": (Y > 1, INTEGERS.astype(bool)),
    "objects": (Y.astype(object), INTEGERS.astype(object)),
    "float32": (Y.astype(np.float32), INTEGERS.astype(np.float32)),
    "pandas": (pd.Series(Y, index=np.arange(N)[::-1]), pd.DataFrame(INTEGERS)),
    "polars": (pl.Series(Y), pl.DataFrame(INTEGERS)),
    "column order": (Y, np.asfortranarray(INTEGERS.astype(float))),
    "strides": (np.repeat(Y, 2)[::2], np.repeat(INTEGERS.astype(float), 2, axis=0)[::2]),
    "read-only": (Y, INTEGERS.astype(float)),
}
KINDS["read-only"][1].flags.writeable = False


@pytest.mark.parametrize("kind", KINDS)
def test_input_of_any_kind(kind):
    y, design = KINDS[kind]
    expected = (Y > 1).astype(float) if kind == "bools" else Y
    check = rs.fit_glm(expected, INTEGERS.astype(float), "poisson")
    result = rs.fit_glm(y, design, "poisson")
    np.testing.assert_allclose(result.params, check.params, rtol=1e-12)
    assert result.deviance == pytest.approx(check.deviance, rel=1e-12)


@pytest.mark.parametrize("make", [list, pd.Series, pl.Series, np.float32])
def test_offset_and_weights_of_any_kind(make):
    check = ours("poisson", "both", tol=1e-8)
    result = rs.fit_glm(Y, DESIGN, "poisson", offset=make(OFFSET), weights=make(WEIGHTS), tol=1e-8)
    rtol = 1e-5 if make is np.float32 else 1e-12
    np.testing.assert_allclose(result.params, check.params, rtol=rtol)


def test_weight_2_is_a_row_twice():
    rows = np.repeat(np.arange(N), WEIGHTS.astype(int))
    weighted = rs.fit_glm(Y, DESIGN, "poisson", weights=WEIGHTS, tol=1e-14)
    repeated = rs.fit_glm(Y[rows], DESIGN[rows], "poisson", tol=1e-14)
    np.testing.assert_allclose(weighted.params, repeated.params, rtol=1e-9)
    assert weighted.deviance == pytest.approx(repeated.deviance, rel=1e-12)
    assert weighted.df_resid == N - 4


def test_arguments_are_not_changed():
    y, design, offset, weights = (a.copy() for a in (Y, DESIGN, OFFSET, WEIGHTS))
    rs.fit_glm(y, design, "poisson", offset=offset, weights=weights)
    for before, after in ((Y, y), (DESIGN, design), (OFFSET, offset), (WEIGHTS, weights)):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("extras", EXTRAS)
@pytest.mark.parametrize("family", FAMILIES)
def test_array_face_and_formula_face_agree(family, extras):
    frame = pd.DataFrame({"y": RESPONSES[family], "x": X, "g": GROUP})
    options = FAMILIES[family][0] | EXTRAS[extras]
    formula = rs.glm("y ~ x + C(g)", frame, family=family, **options).fit(tol=1e-14)
    array = ours(family, extras)
    np.testing.assert_allclose(array.params, formula.params, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(array.bse(), formula.bse(), rtol=1e-10)
    np.testing.assert_allclose(array.fittedvalues, formula.fittedvalues, rtol=1e-10)
    for name in ("llf", "aic", "bic", "null_deviance", "pearson_chi2", "scale"):
        assert getattr(array, name)() == pytest.approx(getattr(formula, name)(), rel=1e-10), name
    assert array.deviance == pytest.approx(formula.deviance, rel=1e-10)
    np.testing.assert_allclose(array.bse_robust("HC3"), formula.bse_robust("HC3"), rtol=1e-9)
    penalised = rs.glm("y ~ x + C(g)", frame, family=family, **options).fit(alpha=0.1, tol=1e-14)
    array = ours(family, extras, alpha=0.1)
    np.testing.assert_allclose(array.params, penalised.params, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(array.bse(), penalised.bse(), rtol=1e-10)


# ---- errors -------------------------------------------------------------------------------------

BAD = {
    "family": ({"family": "foo"}, "Unknown family 'foo'"),
    "family of another type": ({"family": 3}, "Unknown family 3"),
    "link": ({"link": "logit"}, "Unknown link 'logit' for family poisson"),
    "unknown link": ({"link": "foo"}, "Unknown link 'foo'"),
    "y of two dimensions": ({"y": Y[:, None]}, "y must be one-dimensional"),
    "scalar y": ({"y": 3.0}, "y must be one-dimensional"),
    "text y": ({"y": ["a"] * N}, "'y' must be numbers"),
    "X of one dimension": ({"X": X}, "Expected 2D array, got 1D"),
    "X of three dimensions": ({"X": np.ones((N, 2, 2))}, "Expected 2D array, got 3D"),
    "length": ({"y": Y[:-1]}, rf"'y' has shape \({N - 1},\), the data have {N} rows"),
    "no rows": ({"y": [], "X": np.empty((0, 2))}, r"empty.*0 sample"),
    "no columns": ({"X": np.empty((N, 0))}, r"empty.*0 feature"),
    "offset": ({"offset": np.zeros(3)}, r"offset has shape \(3,\)"),
    "weights": ({"weights": np.ones(3)}, r"weights has shape \(3,\)"),
    "offset of two dimensions": ({"offset": OFFSET[:, None]}, "offset has shape"),
    "named offset": ({"offset": "Exposure"}, "'Exposure' names a column, but X is an array"),
    "named weights": ({"weights": "w"}, "'w' names a column, but X is an array"),
    "negative weights": ({"weights": np.where(X > 0, WEIGHTS, -1)}, "weights is negative in"),
    "zero weights": ({"weights": np.zeros(N)}, "weights is zero in all"),
    "NaN in y": ({"y": np.where(X > 0.9, np.nan, Y)}, "response 'y' is missing or infinite in"),
    "NaN in X": ({"X": with_first(np.where(X > 0.9, np.nan, 1))}, "X contains NaN or infinity"),
    "infinity in X": ({"X": with_first(np.where(X > 0.9, np.inf, 1))}, "X contains NaN or inf"),
    "NaN in offset": ({"offset": np.where(X > 0.9, np.nan, 0)}, "offset is missing or infinite"),
    "infinite weights": ({"weights": np.where(X > 0.9, np.inf, 1)}, "weights is missing or inf"),
    "theta": ({"family": "negbinomial", "theta": 0}, "theta must be a positive number"),
    "negative theta": ({"family": "negbinomial", "theta": -1}, "theta must be a positive"),
    "var_power": ({"family": "tweedie", "var_power": 0.5}, "var_power must be a number outside"),
    "theta of another family": ({"theta": 1.0}, "theta=1.0 is no parameter of family 'poisson'"),
    "alpha": ({"alpha": -0.1}, "alpha must be a number of at least 0"),
    "l1_ratio": ({"alpha": 1.0, "l1_ratio": 1.5}, r"l1_ratio must lie in \[0, 1\]"),
    "max_iter": ({"max_iter": 0}, "max_iter must be a whole number"),
    "tol": ({"tol": 0.0}, "tol must be a positive number"),
    "dispersion": ({"dispersion": "mle"}, "dispersion must be 'pearson'"),
    "dispersion 0": ({"dispersion": 0.0}, "dispersion must be"),
    "dispersion True": ({"dispersion": True}, "dispersion must be"),
    "dispersion array": ({"dispersion": np.ones(2)}, "dispersion must be"),
    "dispersion NaN": ({"dispersion": np.nan}, "dispersion must be"),
    "threads": ({"n_threads": 0}, "n_threads must be"),
}


@pytest.mark.parametrize("name", BAD)
def test_errors(name):
    changes, message = BAD[name]
    with pytest.raises(ValueError, match=message):
        rs.fit_glm(**{"y": Y, "X": DESIGN, "family": "poisson"} | changes)


@pytest.mark.parametrize(
    ("family", "bad", "domain"),
    [
        ("poisson", -1.0, r"\[0, inf\)"),
        ("quasipoisson", -1.0, r"\[0, inf\)"),
        ("negbinomial", -1.0, r"\[0, inf\)"),
        ("tweedie", -1.0, r"\[0, inf\)"),
        ("gamma", 0.0, r"\(0, inf\)"),
        ("inverse_gaussian", 0.0, r"\(0, inf\)"),
        ("binomial", 1.5, r"\[0, 1\]"),
        ("quasibinomial", -0.5, r"\[0, 1\]"),
    ],
)
def test_response_outside_the_support_names_the_count(family, bad, domain):
    y = RESPONSES[family].copy()
    y[[3, 50, 70]] = bad
    message = rf"outside {domain} in 3 of {N} rows \(for instance {bad:g}\).*{family}"
    with pytest.raises(ValueError, match=message):
        rs.fit_glm(y, DESIGN, family)


def test_link_is_judged_before_the_rank():
    with pytest.raises(ValueError, match="Unknown link"):
        rs.fit_glm(Y, np.ones((N, 3)), "poisson", link="logit")


@pytest.mark.parametrize("cov_type", ["HC4", "", "robust", None, 1])
def test_unknown_cov_type(cov_type):
    result = ours("poisson")
    for name in ("cov_robust", "bse_robust", "tvalues_robust", "pvalues_robust"):
        with pytest.raises(ValueError, match="Unknown cov_type"):
            getattr(result, name)(cov_type)
    with pytest.raises(ValueError, match="Unknown cov_type"):
        result.conf_int_robust(cov_type=cov_type)


def test_as_many_parameters_as_rows():
    result = rs.fit_glm(Y[:4], np.eye(4) + np.eye(4)[:, :1] @ np.ones((1, 4)))
    assert result.df_resid == 0
    assert np.isnan(result.scale())
    assert np.isnan(result.bse()).all()


# ---- predict ------------------------------------------------------------------------------------

NEW = np.array([[1.0, 0.5, 0.0, 1.0], [1.0, -0.5, 1.0, 0.0]])


@pytest.mark.parametrize(
    ("family", "link", "inverse"),
    [
        ("gaussian", "identity", lambda eta: eta),
        ("poisson", "log", np.exp),
        ("binomial", "logit", lambda eta: 1 / (1 + np.exp(-eta))),
        ("binomial", "probit", stats.norm.cdf),
        ("binomial", "cloglog", lambda eta: 1 - np.exp(-np.exp(eta))),
        ("gamma", "inverse", lambda eta: 1 / eta),
        ("gamma", "sqrt", np.square),
        ("gamma", "power(0.25)", lambda eta: eta**4),
        ("inverse_gaussian", "inverse_squared", lambda eta: eta**-0.5),
    ],
)
def test_predict_uses_the_link_of_the_fit(family, link, inverse):
    result = ours(family, link=link)
    expected = inverse(NEW @ result.params)
    np.testing.assert_allclose(rs.predict(result, NEW), expected, rtol=1e-12)
    np.testing.assert_allclose(rs.predict(result, NEW, link=link), expected, rtol=1e-12)
    np.testing.assert_allclose(rs.predict(result, DESIGN), result.fittedvalues, rtol=1e-12)
    one = rs.predict(result, NEW[0])
    assert one.shape == (1,)
    assert one[0] == pytest.approx(expected[0], rel=1e-12)
    np.testing.assert_allclose(rs.predict(result, NEW.tolist()), expected, rtol=1e-12)


def test_predict_takes_a_link_in_any_spelling():
    result = ours("poisson")
    expected = rs.predict(result, NEW)
    for link in ("LOG", rs.links.Log()):
        np.testing.assert_array_equal(rs.predict(result, NEW, link=link), expected)


def test_predict_with_an_offset():
    result = ours("poisson", "offset")
    eta = NEW @ result.params
    np.testing.assert_allclose(
        rs.predict(result, NEW, offset=[0.1, 0.2]), np.exp(eta + np.array([0.1, 0.2]))
    )
    np.testing.assert_allclose(rs.predict(result, NEW, offset=0.0), np.exp(eta))
    with pytest.raises(ValueError, match="fitted with an offset array: pass offset="):
        rs.predict(result, NEW)
    plain = ours("poisson")
    np.testing.assert_allclose(
        rs.predict(plain, NEW, offset=0.5), rs.predict(plain, NEW) * np.exp(0.5)
    )


def test_predict_sends_models_of_a_formula_to_their_own_method():
    data = pd.DataFrame({"y": [1.0, 2.0, 4.0, 3.0], "x": [0.0, 1.0, 2.0, 3.0]})
    result = rs.glm("y ~ x", data, "poisson").fit()
    with pytest.raises(ValueError, match=r"call result\.predict\(data\)"):
        rs.predict(result, np.ones((2, 2)))


def test_a_model_of_arrays_says_what_it_is_of():
    model = rs.GLM(np.ones(5), np.column_stack([np.ones(5), np.arange(5.0)]), "poisson")
    assert repr(model) == "<GLM: family 'poisson', 5 rows, 2 columns>"


class Coefficients:
    params = (0.2, 0.3, 0.0, -0.1)


def test_predict_of_any_object_with_params():
    eta = NEW @ Coefficients.params
    np.testing.assert_allclose(rs.predict(Coefficients(), NEW, link="log"), np.exp(eta))
    np.testing.assert_allclose(rs.predict(Coefficients(), NEW, link="identity"), eta)
    found = rs.predict(Coefficients(), NEW, link="log", offset=[1.0, 2.0])
    np.testing.assert_allclose(found, np.exp(eta + np.array([1.0, 2.0])))
    assert rs.predict(Coefficients(), NEW[1], link="log").shape == (1,)


@pytest.mark.parametrize(
    ("result", "design", "options", "message"),
    [
        ("fit", np.ones((2, 3)), {}, "X has 3 columns, the model 4"),
        ("fit", np.ones(5), {}, "X has 5 columns, the model 4"),
        ("fit", np.ones((2, 2, 4)), {}, "Expected 2D array"),
        ("fit", NEW, {"offset": np.ones(3)}, r"offset has shape \(3,\)"),
        ("fit", NEW, {"offset": "Exposure"}, "'Exposure' names a column"),
        ("fit", NEW, {"link": "identity"}, "link='identity', but .* fitted with the log link"),
        ("fit", NEW, {"link": "foo"}, "Unknown link"),
        ("fit", NEW * np.nan, {}, "X contains NaN"),
        ("other", NEW, {}, "Coefficients does not say its link: pass link="),
        ("other", NEW, {"link": "foo"}, "Unknown link 'foo'"),
        ("other", np.ones((2, 3)), {"link": "log"}, "X_new has 3 columns, the model 4"),
        ("other", NEW, {"link": "log", "offset": np.ones(3)}, r"offset has shape \(3,\)"),
    ],
)
def test_predict_refuses(result, design, options, message):
    result = ours("poisson") if result == "fit" else Coefficients()
    with pytest.raises(ValueError, match=message):
        rs.predict(result, design, **options)


# ---- GLM and the shorthands ---------------------------------------------------------------------


def test_GLM_holds_what_it_was_given():
    model = rs.GLM(Y, DESIGN, "Poisson", "log", offset=OFFSET, weights=WEIGHTS)
    np.testing.assert_array_equal(model.endog, Y)
    np.testing.assert_array_equal(model.exog, DESIGN)
    assert (model.family, model.link) == ("poisson", "log")
    assert model.var_power is None
    assert model.theta is None
    assert model.offset is OFFSET
    assert model.weights is WEIGHTS
    assert (model.nobs, model.df_model, model.df_resid) == (N, 3, N - 4)
    assert rs.GLM(Y, DESIGN[:, 1:]).df_model == 2  # whatever the columns


@pytest.mark.parametrize("family", FAMILIES)
def test_GLM_fit_is_fit_glm(family):
    model = rs.GLM(RESPONSES[family], DESIGN, family, **FAMILIES[family][0], **EXTRAS["both"])
    for options in ({}, {"alpha": 0.1}, {"tol": 1e-12, "max_iter": 50}):
        a, b = model.fit(**options), ours(family, "both", **{"tol": 1e-8} | options)
        np.testing.assert_array_equal(a.params, b.params)
        assert (a.deviance, a.alpha) == (b.deviance, b.alpha)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"endog": Y[:, None]}, "y must be one-dimensional"),
        ({"endog": Y[:-1]}, "endog has shape"),
        ({"exog": X}, "Expected 2D array"),
        ({"offset": OFFSET[:3]}, r"offset has shape \(3,\)"),
        ({"weights": WEIGHTS[:3]}, r"weights has shape \(3,\)"),
    ],
)
def test_GLM_checks_shapes_at_once(arguments, message):
    with pytest.raises(ValueError, match=message):
        rs.GLM(**{"endog": Y, "exog": DESIGN} | arguments)


def test_GLM_checks_family_and_link_at_fit():
    with pytest.raises(ValueError, match="Unknown family"):
        rs.GLM(Y, DESIGN, "foo").fit()
    with pytest.raises(ValueError, match="Unknown link"):
        rs.GLM(Y, DESIGN, "poisson", link="logit").fit()


@pytest.mark.parametrize(
    ("shorthand", "family"),
    [
        (rs.ols, "gaussian"),
        (rs.poisson_regression, "poisson"),
        (rs.logistic_regression, "binomial"),
        (rs.gamma_regression, "gamma"),
    ],
)
def test_shorthands(shorthand, family):
    result = shorthand(RESPONSES[family], DESIGN, weights=WEIGHTS, offset=OFFSET, tol=1e-14)
    assert isinstance(result, ArrayResults)
    np.testing.assert_array_equal(result.params, ours(family, "both").params)
    assert result.family == FAMILIES[family][1]
    assert shorthand(RESPONSES[family], DESIGN, alpha=0.1).penalty_type == "ridge"


def test_ols_by_least_squares():
    y = RESPONSES["gaussian"]
    coef, rss, *_ = np.linalg.lstsq(DESIGN, y)
    result = rs.ols(y, DESIGN)
    np.testing.assert_allclose(result.params, coef, rtol=1e-10)
    assert result.deviance == pytest.approx(rss[0], rel=1e-12)


# ---- summaries ----------------------------------------------------------------------------------

NAMES = ["Intercept", "age", "urban", "rural"]


def test_summary_says_what_people_look_for():
    result = ours("poisson")
    text = rs.summary(result, feature_names=NAMES)
    for part in (
        "Observations", "Deviance", "Coef", "P>|z|", "Log-Likelihood", "AIC", "BIC",
        "Null Deviance", "Pearson chi2", "Scale", "Poisson", *NAMES, "GLM Results", "95% CI",
    ):  # fmt: skip
        assert part in text, part
    assert f"{result.params[1]:.4f}" in text
    assert f"{result.bse()[1]:.4f}" in text
    assert "\nx0 " in rs.summary(result)
    assert "\nx3 " in rs.summary(result)
    text = rs.summary(result, title="Frequency", alpha=0.025)
    assert text.split("\n")[1].strip() == "Frequency"
    assert "97.5% CI" in text
    assert result.summary() == rs.summary(result)


def test_summary_relativities():
    result = ours("poisson")
    text = rs.summary_relativities(result, feature_names=NAMES)
    assert "exp(Coef)" in text
    assert "Relativity" in text
    low, high = np.exp(result.conf_int())[1]
    (line,) = [line for line in text.split("\n") if line.startswith("age ")]
    numbers = [float(part) for part in line.split()[1:3]] + [
        float(part) for part in line.replace("<", " ").split()[4:6]
    ]
    expected = [result.params[1], np.exp(result.params[1]), low, high]
    np.testing.assert_allclose(numbers, expected, atol=6e-5)
    assert "GLM Relativities (Log Link)" in text
    assert "90% CI" in rs.summary_relativities(result, alpha=0.1, title="T")


@pytest.mark.parametrize("family", ["gaussian", "binomial"])
def test_summary_relativities_needs_a_log_link(family):
    with pytest.raises(ValueError, match="relativities need a log link"):
        rs.summary_relativities(ours(family))


@pytest.mark.parametrize("function", [rs.summary, rs.summary_relativities])
@pytest.mark.parametrize("names", [[], NAMES[:3], [*NAMES, "more"]])
def test_feature_names_of_another_number(function, names):
    with pytest.raises(ValueError, match=f"{len(names)} feature_names for 4 coefficients"):
        function(ours("poisson"), feature_names=names)


@pytest.mark.parametrize("function", [rs.summary, rs.summary_relativities])
def test_feature_names_that_columns_share(function):
    names = ["age", "x", "age", "x"]
    with pytest.raises(ValueError, match=r"^feature_names has age, x more than once: give each"):
        function(ours("poisson"), feature_names=names)


@pytest.mark.parametrize(
    "function", [rs.lasso_path, rs.regularization_path, rs.cv_lasso, rs.stability_selection]
)
def test_names_that_columns_of_an_array_share(function):
    with pytest.raises(ValueError, match=r"^feature_names has 1 more than once: give each"):
        function(Y, DESIGN, family="poisson", feature_names=["Intercept", 1, "1", "x"])


def test_summary_relativities_of_aliased_and_separated_columns():
    design = np.column_stack([DESIGN, DESIGN[:, 3]])
    y = np.where(GROUP == 2, 0.0, Y)
    with pytest.warns(rs.SeparationWarning, match="x3"):
        result = rs.fit_glm(y, design, "poisson")
    text = rs.summary_relativities(result)
    assert "aliased" in text
    assert "SEPARATION" in text
    assert "Aliased (a combination of columns before them): x4" in text


def test_columns_of_a_frame_keep_their_names():
    X = pd.DataFrame({"const": 1.0, "age": np.arange(8.0)})
    y = np.arange(8.0) + 1
    for frame in (X, pl.from_pandas(X)):
        assert rs.fit_glm(y, frame, "poisson").feature_names == ["const", "age"]
    for nameless in (X.to_numpy(), X.set_axis([0, 1], axis=1), X.set_axis(["a", "a"], axis=1)):
        assert rs.fit_glm(y, nameless, "poisson").feature_names == ["x0", "x1"]
    path = rs.lasso_path(y, X, n_alphas=3)
    assert path.feature_names == ["const", "age"]
