"""The defects of the first rustystats, each with a test that it would have failed.

The numbers are those of the list of defects that this project started with.
"""

import re

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import optimize, stats

import rustystats as rs

N = 600
RNG = np.random.default_rng(17)
X = RNG.uniform(-1, 1, N)
EXPOSURE = RNG.uniform(0.1, 1.0, N)
MU = np.exp(0.5 + 0.5 * X)
THETA = 1.5
DESIGN = np.column_stack([np.ones(N), X])
COUNTS = RNG.poisson(MU).astype(float)
NB = RNG.poisson(RNG.gamma(THETA, MU / THETA)).astype(float)
COSTS = RNG.gamma(2.0, MU / 2.0)
PREMIUMS = RNG.poisson(MU) * RNG.gamma(2.0, 1.0, N)
WON = (RNG.random(N) < 1 / (1 + np.exp(-X))).astype(float)
WEIGHTS = RNG.integers(1, 4, N).astype(float)
FRAME = pd.DataFrame(
    {"counts": COUNTS, "nb": NB, "costs": COSTS, "premiums": PREMIUMS, "won": WON, "x": X}
    | {"exposure": EXPOSURE, "w": WEIGHTS}
)


def nb_loglike(y, mu, theta):
    return stats.nbinom.logpmf(y, theta, theta / (theta + mu)).sum()


def test_B01_likelihoods_of_all_families():
    """Negative binomial, quasi and Tweedie models reported the likelihood of a normal law."""
    nb = rs.fit_glm(NB, DESIGN, "negbinomial", theta=THETA)
    assert nb.llf() == pytest.approx(nb_loglike(NB, nb.fittedvalues, THETA), rel=1e-12)
    quasi = rs.fit_glm(COUNTS, DESIGN, "quasipoisson")
    poisson = stats.poisson.logpmf(COUNTS, quasi.fittedvalues).sum()
    assert quasi.llf() == pytest.approx(poisson, rel=1e-12)
    assert "those of the poisson family: quasipoisson has none" in quasi.summary()
    quasi = rs.fit_glm(WON, DESIGN, "quasibinomial")
    binomial = stats.bernoulli.logpmf(WON, quasi.fittedvalues).sum()
    assert quasi.llf() == pytest.approx(binomial, rel=1e-12)
    tweedie = rs.fit_glm(PREMIUMS, DESIGN, "tweedie", var_power=1.5)
    family = sm.families.Tweedie(var_power=1.5, eql=False)
    at_pearson = family.loglike(PREMIUMS, tweedie.fittedvalues, scale=tweedie.scale())
    assert tweedie.llf() == pytest.approx(at_pearson, rel=1e-2)
    assert tweedie.llf() >= at_pearson  # ours is at the dispersion of greatest likelihood


def test_B02_negative_binomial_has_scale_1():
    """Its standard errors were multiplied by sqrt(deviance / df) and far too small."""
    ours = rs.fit_glm(NB, DESIGN, "negbinomial", theta=THETA, tol=1e-14)
    theirs = sm.GLM(NB, DESIGN, sm.families.NegativeBinomial(alpha=1 / THETA)).fit(tol=1e-14)
    assert ours.scale() == 1.0
    np.testing.assert_allclose(ours.bse(), theirs.bse, rtol=1e-6)
    assert rs.fit_negbinomial(NB, DESIGN).scale() == 1.0


@pytest.mark.parametrize("auto", [False, True])
def test_B03_variance_of_the_fitted_parameter(auto):
    """Residuals and robust errors took theta = 1, or the variance 1, whatever had been fitted."""
    if auto:
        nb = rs.fit_negbinomial(NB, DESIGN)
        tweedie = rs.fit_glm(PREMIUMS, DESIGN, "tweedie", var_power="auto")
    else:
        nb = rs.fit_glm(NB, DESIGN, "negbinomial", theta=3.0)
        tweedie = rs.fit_glm(PREMIUMS, DESIGN, "tweedie", var_power=1.7)
    assert abs(nb.theta - 1) > 0.1
    for y, result, variance in (
        (NB, nb, lambda mu: mu + mu**2 / nb.theta),
        (PREMIUMS, tweedie, lambda mu: mu**tweedie.var_power),
    ):
        mu = result.fittedvalues
        pearson = (y - mu) / np.sqrt(variance(mu))
        np.testing.assert_allclose(result.resid_pearson(), pearson, rtol=1e-10)
        assert result.pearson_chi2() == pytest.approx((pearson**2).sum(), rel=1e-10)
        assert result.scale_pearson() == pytest.approx((pearson**2).sum() / (N - 2), rel=1e-10)
        score = DESIGN * ((y - mu) * mu / variance(mu))[:, None]
        bread = result.cov_params_unscaled
        expected = bread @ score.T @ score @ bread
        np.testing.assert_allclose(result.cov_robust("HC0"), expected, rtol=1e-8)


@pytest.mark.parametrize("family", ["poisson", "negbinomial", "quasipoisson", "tweedie"])
def test_B04_null_deviance_has_the_offset(family):
    """The null model left the offset out and could fit better than the model itself."""
    counts = RNG.poisson(EXPOSURE * 3.0).astype(float)
    log_exposure = np.log(EXPOSURE)
    result = rs.fit_glm(counts, DESIGN, family, offset=log_exposure)
    null = rs.fit_glm(counts, DESIGN[:, :1], family, offset=log_exposure)
    assert result.null_deviance() == pytest.approx(null.deviance, rel=1e-9)
    assert result.null_deviance() >= result.deviance
    without = rs.fit_glm(counts, DESIGN[:, :1], family)
    assert abs(without.deviance / null.deviance - 1) > 0.05  # it matters here


@pytest.mark.parametrize(
    ("family", "y", "options", "theirs"),
    [
        ("negbinomial", NB, {"theta": THETA}, sm.families.NegativeBinomial(alpha=1 / THETA)),
        ("quasipoisson", COUNTS, {}, sm.families.Poisson()),
        ("quasibinomial", WON, {}, sm.families.Binomial()),
        ("tweedie", PREMIUMS, {"var_power": 1.5}, sm.families.Tweedie(var_power=1.5)),
    ],
)
def test_B05_null_deviance_of_the_family(family, y, options, theirs):
    """Quasi, Tweedie and negative binomial models had sums of squares for a null deviance."""
    result = rs.fit_glm(y, DESIGN, family, **options)
    expected = theirs.deviance(y, np.full(N, y.mean()))
    assert result.null_deviance() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("family", "y", "link", "slope"),
    [
        ("poisson", COUNTS, "identity", lambda mu: 1.0),
        ("poisson", COUNTS, "sqrt", lambda mu: 2 * np.sqrt(mu)),
        ("gaussian", COSTS, "log", lambda mu: mu),
        ("tweedie", PREMIUMS, "log", lambda mu: mu),
        ("binomial", WON, "probit", lambda mu: stats.norm.pdf(stats.norm.ppf(mu))),
    ],
)
def test_B06_working_residuals_of_the_fitted_link(family, y, link, slope):
    """They were those of the family's default link."""
    result = rs.fit_glm(y, DESIGN, family, link)
    expected = (y - result.fittedvalues) / slope(result.fittedvalues)
    np.testing.assert_allclose(result.resid_working(), expected, rtol=1e-9)


def test_B07_gamma_likelihood():
    """The term -log y was missing."""
    result = rs.fit_glm(COSTS, DESIGN, "gamma")
    phi = result.deviance / N
    law = stats.gamma(1 / phi, scale=result.fittedvalues * phi)
    assert result.llf() == pytest.approx(law.logpdf(COSTS).sum(), rel=1e-12)


def test_B08_gaussian_likelihood_at_the_mean_square():
    """It plugged in the residual sum of squares over n - p, not over n as R and statsmodels do."""
    result = rs.fit_glm(COSTS, DESIGN)
    theirs = sm.GLM(COSTS, DESIGN).fit()
    sigma = np.sqrt(np.mean((COSTS - result.fittedvalues) ** 2))
    expected = stats.norm.logpdf(COSTS, result.fittedvalues, sigma).sum()
    assert result.llf() == pytest.approx(expected, rel=1e-12)
    assert result.aic() == pytest.approx(theirs.aic, rel=1e-10)


@pytest.mark.parametrize(("family", "y"), [("poisson", COUNTS), ("gamma", COSTS)])
def test_B09_robust_errors_with_weights_and_pearson_scale(family, y):
    """The middle of the sandwich had prior weights once, not squared; Gamma and Tweedie scales were
    the deviance's where statsmodels and R take Pearson's."""
    result = rs.fit_glm(y, DESIGN, family, weights=WEIGHTS, tol=1e-14)
    mu = result.fittedvalues
    score = WEIGHTS * (y - mu) / (1.0 if family == "poisson" else mu)
    bread = result.cov_params_unscaled
    expected = bread @ (DESIGN * score[:, None] ** 2).T @ DESIGN @ bread
    np.testing.assert_allclose(result.cov_robust("HC0"), expected, rtol=1e-9)
    if family == "gamma":
        theirs = sm.GLM(y, DESIGN, sm.families.Gamma(sm.families.links.Log()), var_weights=WEIGHTS)
        theirs = theirs.fit(tol=1e-14)
        assert result.scale() == pytest.approx(theirs.pearson_chi2 / (N - 2), rel=1e-7)
        np.testing.assert_allclose(result.bse(), theirs.bse, rtol=1e-6)
        tweedie = rs.fit_glm(PREMIUMS, DESIGN, "tweedie")
        assert tweedie.scale() == tweedie.scale_pearson() != tweedie.scale_deviance()


HALF_DEVIANCE = {  # up to terms in y alone, by the linear predictor of a log or identity link
    "gaussian": lambda y, eta: 0.5 * (y - eta) ** 2,
    "poisson": lambda y, eta: np.exp(eta) - y * eta,
    "gamma": lambda y, eta: y * np.exp(-eta) + eta,
    "binomial": lambda y, eta: np.logaddexp(0, eta) - y * eta,
}
RESPONSES = {"gaussian": COSTS, "poisson": COUNTS, "gamma": COSTS, "binomial": WON}


@pytest.mark.parametrize("weights", [None, WEIGHTS, 0.01 * WEIGHTS])
@pytest.mark.parametrize("family", HALF_DEVIANCE)
def test_B10_scale_of_the_penalty(family, weights):
    """The alphas of a path were n times too small for the solver: they are of the mean half
    deviance."""
    y, alpha = RESPONSES[family], 0.3

    def objective(coef):
        losses = HALF_DEVIANCE[family](y, DESIGN @ coef)
        return np.average(losses, weights=weights) + 0.5 * alpha * coef[1] ** 2

    best = optimize.minimize(objective, np.zeros(2), options={"gtol": 1e-10})
    result = rs.fit_glm(y, DESIGN, family, weights=weights, alpha=alpha, tol=1e-14)
    np.testing.assert_allclose(result.params, best.x, atol=2e-6)
    # the same alpha means the same for twice as many rows
    twice = rs.fit_glm(np.tile(y, 2), np.tile(DESIGN, (2, 1)), family, alpha=alpha, tol=1e-14)
    once = rs.fit_glm(y, DESIGN, family, alpha=alpha, tol=1e-14)
    np.testing.assert_allclose(twice.params, once.params, rtol=1e-9)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("family", HALF_DEVIANCE)
def test_B10_paths_start_at_the_empty_model(family, weights):
    """They had the gradient of a Gaussian model for every family, and started far below."""
    y = RESPONSES[family]
    wide = np.column_stack([DESIGN, np.cos(5 * X), np.sin(5 * X)])
    path = rs.lasso_path(y, wide, family, n_alphas=20, weights=weights)
    assert path.n_nonzero[0] == 0
    inside = rs.lasso_path(y, wide, family, alphas=[0.999 * path.alphas[0]], weights=weights)
    assert inside.n_nonzero[0] == 1


CV_CASES = [
    ("gaussian", COSTS, {}),
    ("gaussian", COSTS, {"link": "log"}),
    ("poisson", COUNTS, {}),
    ("poisson", COUNTS, {"link": "sqrt"}),
    ("quasipoisson", COUNTS, {}),
    ("binomial", WON, {}),
    ("binomial", WON, {"link": "probit"}),
    ("gamma", COSTS, {}),
    ("tweedie", PREMIUMS, {"var_power": 1.4}),
    ("negbinomial", NB, {"theta": THETA}),
]


@pytest.mark.parametrize(
    ("family", "y", "options"), CV_CASES, ids=[f"{f}-{o}" for f, _, o in CV_CASES]
)
def test_B11_cross_validation_never_chooses_the_worst(family, y, options):
    """Scores of Poisson and binomial models had the wrong sign, so that the worst alpha won; other
    links and families were scored by the wrong one."""
    wide = np.column_stack([DESIGN, np.cos(5 * X), np.sin(5 * X)])
    test = np.arange(0, N, 3)
    folds = [(np.setdiff1d(np.arange(N), test), test), (test, np.setdiff1d(np.arange(N), test))]
    found = rs.cv_lasso(y, wide, family, n_alphas=15, cv=folds, tol=1e-9, **options)
    # the score is the negative mean deviance of the rows held out, by the model's own link
    middle = found.alphas[7]
    train, test = folds[0]
    fit = rs.fit_glm(y[train], wide[train], family, alpha=middle, l1_ratio=1.0, **options)
    mu = fit.predict(wide[test])
    deviance = fit.model.problem.family.unit_deviance(y[test], mu)
    assert found.scores[7, 0] == pytest.approx(-np.mean(deviance), rel=1e-5)
    # and the best is the highest, above that of the empty model and not the lowest
    assert found.score_best == found.scores_mean.max() > found.scores_mean[0]
    assert found.alpha_best == found.alphas[np.argmax(found.scores_mean)]
    assert found.alpha_best != found.alphas[np.argmin(found.scores_mean)]
    assert found.alpha_1se >= found.alpha_best
    # a mean, not a sum
    twice = rs.cv_lasso(
        np.repeat(y, 2),
        np.repeat(wide, 2, axis=0),
        family,
        alphas=found.alphas,
        cv=[tuple(np.sort(np.r_[2 * rows, 2 * rows + 1]) for rows in fold) for fold in folds],
        tol=1e-9,
        **options,
    )
    np.testing.assert_allclose(twice.scores, found.scores, rtol=1e-5)


def test_B12_only_an_intercept_is_exempt_from_the_penalty():
    """Column 0 was exempt whatever it held, in a formula without intercept the first regressor."""
    wide = FRAME.assign(z=RNG.normal(size=N))
    formula = rs.glm("counts ~ x + z - 1", wide, family="poisson").fit(alpha=1e6)
    np.testing.assert_allclose(formula.params, 0.0, atol=1e-5)
    array = rs.fit_glm(COUNTS, np.column_stack([X, wide["z"]]), "poisson", alpha=1e6)
    np.testing.assert_allclose(array.params, 0.0, atol=1e-5)
    assert rs.fit_glm(COUNTS, DESIGN, "poisson", alpha=1e6).params[0] == pytest.approx(
        np.log(COUNTS.mean()), abs=1e-4
    )


def test_B13_no_errors_are_made_up():
    """Lasso fits reported errors of the full model, and a singular matrix an error of 0."""
    lasso = rs.fit_glm(COUNTS, DESIGN, "poisson", alpha=0.01, l1_ratio=1.0)
    for values in (lasso.bse(), lasso.tvalues(), lasso.pvalues(), lasso.conf_int()):
        assert np.isnan(values).all()
    singular = rs.fit_glm(COUNTS, np.column_stack([DESIGN, 3 * X]), "poisson")
    assert singular.aliased.tolist() == [False, False, True]
    for values in (singular.params, singular.bse(), singular.tvalues(), singular.pvalues()):
        assert np.isnan(values).tolist() == [False, False, True]
    ridge = rs.fit_glm(COUNTS, DESIGN, "poisson", alpha=0.5)
    gram = DESIGN.T @ (DESIGN * ridge.fittedvalues[:, None])
    bread = np.linalg.inv(gram + np.diag([0, 0.5 * N]))
    np.testing.assert_allclose(ridge.cov_params_unscaled, bread @ gram @ bread, rtol=1e-7)
    assert "Ridge penalty alpha = 0.5" in ridge.summary()


@pytest.mark.parametrize("family", ["poisson", "quasipoisson", "negbinomial", "gamma", "tweedie"])
def test_B14_a_named_offset_is_logged_for_every_log_link(family):
    """It was logged for Poisson and Gamma alone, and by a guess; a zero made it verbatim."""
    y = {"gamma": "costs", "tweedie": "premiums"}.get(family, "counts")
    model = {"family": family} | ({"theta": THETA} if family == "negbinomial" else {})
    named = rs.glm(f"{y} ~ x", FRAME, offset="exposure", **model).fit()
    array = rs.glm(f"{y} ~ x", FRAME, offset=np.log(EXPOSURE), **model).fit()
    exposed = rs.glm(f"{y} ~ x", FRAME, exposure="exposure", **model).fit()
    np.testing.assert_allclose(named.params, array.params, rtol=1e-12)
    np.testing.assert_allclose(named.params, exposed.params, rtol=1e-12)
    assert "log(exposure)" in named.summary()
    data = FRAME.assign(exposure=np.where(X > 0.99, 0.0, EXPOSURE), log_exposure=np.log(EXPOSURE))
    with pytest.raises(ValueError, match="'exposure' is zero or negative in"):
        rs.glm(f"{y} ~ x", data, offset="exposure", **model)
    with pytest.raises(ValueError, match="it is a logarithm already"):
        rs.glm(f"{y} ~ x", data, offset="log_exposure", **model)
    small = FRAME.assign(exposure=EXPOSURE / 1000)  # a mean below 0.01 is an exposure as well
    found = rs.glm(f"{y} ~ x", small, offset="exposure", **model).fit()
    assert found.params[0] == pytest.approx(named.params[0] + np.log(1000), rel=1e-8)


def test_B15_ridge_has_weights_offset_and_parameters():
    """Paths and cross-validation had no offset, weights, theta or power, nor had their fits."""
    y, offset, alpha = NB, np.log(EXPOSURE), 0.2

    def objective(coef):
        mu = np.exp(DESIGN @ coef + offset)
        losses = -stats.nbinom.logpmf(y, THETA, THETA / (THETA + mu))
        return np.average(losses, weights=WEIGHTS) + 0.5 * alpha * coef[1] ** 2

    best = optimize.minimize(objective, np.zeros(2), options={"gtol": 1e-9})
    result = rs.fit_glm(
        y, DESIGN, "negbinomial", theta=THETA, offset=offset, weights=WEIGHTS, alpha=alpha
    )
    np.testing.assert_allclose(result.params, best.x, atol=1e-5)
    options = {"theta": THETA, "offset": offset, "weights": WEIGHTS, "tol": 1e-10}
    path = rs.lasso_path(y, DESIGN, "negbinomial", alphas=[alpha], l1_ratio=0.0, **options)
    np.testing.assert_allclose(path.coefficients[0], best.x, atol=1e-5)
    found = rs.cv_ridge(y, DESIGN, "negbinomial", alphas=[alpha], cv=3, random_state=0, **options)
    np.testing.assert_allclose(found.best_result.params, best.x, atol=1e-5)
    premiums = {"var_power": 1.4, "offset": offset, "weights": WEIGHTS, "random_state": 0}
    scores = [
        rs.cv_ridge(PREMIUMS, DESIGN, "tweedie", alphas=[alpha], cv=3, **premiums | more).score_best
        for more in ({}, {"offset": None}, {"weights": None}, {"var_power": 1.5})
    ]
    assert len(np.unique(np.round(scores, 6))) == 4


@pytest.mark.parametrize(
    ("family", "y", "link", "inverse"),
    [
        ("gaussian", COSTS, "identity", lambda eta: eta),
        ("binomial", WON, "logit", lambda eta: 1 / (1 + np.exp(-eta))),
        ("poisson", COUNTS, "identity", lambda eta: eta),
        ("poisson", COUNTS, "log", np.exp),
    ],
)
def test_B16_predict_uses_the_fitted_link(family, y, link, inverse):
    """It took the log link unless told."""
    result = rs.fit_glm(y, DESIGN, family, link)
    expected = inverse(DESIGN @ result.params)
    np.testing.assert_allclose(rs.predict(result, DESIGN), expected, rtol=1e-12)
    np.testing.assert_allclose(rs.predict(result, DESIGN), result.fittedvalues, rtol=1e-12)


@pytest.mark.filterwarnings("ignore:the fit did not converge")
@pytest.mark.parametrize("max_iter", [1, 2, 3])
def test_B17_coefficients_and_means_are_of_one_step(max_iter):
    """The coefficients were a step ahead of means and deviance."""
    result = rs.fit_glm(COUNTS, DESIGN, "poisson", "identity", max_iter=max_iter)
    mu = DESIGN @ result.params
    np.testing.assert_allclose(result.fittedvalues, mu, rtol=1e-12)
    expected = sm.families.Poisson().deviance(COUNTS, mu)
    assert result.deviance == pytest.approx(expected, rel=1e-10)
    bread = np.linalg.inv(DESIGN.T @ (DESIGN / mu[:, None]))
    np.testing.assert_allclose(result.cov_params_unscaled, bread, rtol=1e-8)


@pytest.mark.parametrize(
    ("family", "link", "bad"),
    [
        ("poisson", None, -1.0),
        ("gamma", None, 0.0),
        ("binomial", None, 2.0),
        ("poisson", None, np.nan),
        ("gaussian", None, np.inf),
    ],
)
def test_B18_bad_responses_are_refused(family, link, bad):
    """NaN, infinity and responses outside the support gave a meaningless fit, called converged."""
    y = WON + (family == "gamma")
    y[:3] = bad
    with pytest.raises(ValueError, match=r"in 3 (of 600 )?rows"):
        rs.fit_glm(y, DESIGN, family, link)


def test_B18_gaussian_with_log_link_starts_at_any_response():
    """A response of 0 or below started the fit from log(y) = NaN."""
    y = MU + RNG.normal(size=N)
    y[:3] = [0.0, -0.5, -1.0]
    result = rs.fit_glm(y, DESIGN, "gaussian", "log")
    best = optimize.least_squares(lambda b: y - np.exp(DESIGN @ b), result.params + 0.1)
    np.testing.assert_allclose(result.params, best.x, atol=1e-5)
    assert result.converged


def test_B19_pvalues_far_out_and_small_errors():
    """p-values were 1 - cdf, 0 beyond some 8 standard errors, and an error below 1e-10 counted as
    none, with t = 0."""
    y = 1.5 * X + RNG.normal(size=N)
    result = rs.fit_glm(y, DESIGN)
    z = result.tvalues()[1]
    assert 15 < z < 35
    assert 0 < result.pvalues()[1] == pytest.approx(2 * stats.norm.sf(z), rel=1e-12)
    scaled = rs.fit_glm(y, DESIGN * [1.0, 1e12])
    assert scaled.bse()[1] < 1e-12
    assert scaled.tvalues()[1] == pytest.approx(z, rel=1e-8)
    assert scaled.pvalues()[1] == pytest.approx(result.pvalues()[1], rel=1e-4)


def test_B20_summary_names_the_link_and_the_level():
    """It said "(default)" of any link, and cut the level of the interval to whole per cent."""
    text = rs.fit_glm(COUNTS, DESIGN, "poisson", "identity").summary(alpha=0.025)
    assert re.search(r"Link: +identity", text)
    assert "default" not in text
    assert "97.5% CI" in text


def test_B21_penalty_counts_with_an_estimated_theta():
    """alpha was ignored where theta was estimated."""
    model = rs.glm("nb ~ x", FRAME, family="negbinomial")
    free, ridge = model.fit(), model.fit(alpha=1.0)
    assert abs(ridge.params[1]) < 0.7 * abs(free.params[1])
    assert (ridge.alpha, ridge.penalty_type) == (1.0, "ridge")
    fixed = rs.glm("nb ~ x", FRAME, family="negbinomial", theta=ridge.theta).fit(alpha=1.0)
    np.testing.assert_allclose(ridge.params, fixed.params, atol=1e-6)
    assert ridge.theta < free.theta  # the worse means leave more variance to explain


@pytest.mark.parametrize(
    ("family", "response", "link"),
    [
        ("quasipoisson", "counts", "log"),
        ("negbinomial", "nb", "log"),
        ("tweedie", "premiums", "log"),
        ("quasibinomial", "won", "logit"),
        ("tweedie", "premiums", "sqrt"),
    ],
)
def test_B22_results_know_their_link(family, response, link):
    """They said identity for Tweedie, quasi and negative binomial, and refused relativities."""
    asked = link if link == "sqrt" else None
    result = rs.glm(f"{response} ~ x", FRAME, family=family, link=asked).fit()
    assert result.link == link
    if link == "log":
        assert len(result.relativities()) > 1
    else:
        with pytest.raises(ValueError, match=f"this model has link {link}"):
            result.relativities()
