"""Anscombe and quantile residuals: statsmodels' formulas, exact laws, and standard normal draws."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import integrate, stats

import rustystats as rs
from rustystats.families import (
    Binomial,
    Gamma,
    Gaussian,
    InverseGaussian,
    NegativeBinomial,
    Poisson,
    Tweedie,
)
from rustystats.inference.residuals import anscombe_residuals, quantile_residuals

SM = sm.families
COUNTS, MEANS = np.array([0.0, 1.0, 2.0, 5.0, 30.0]), np.array([0.5, 1.2, 3.0, 2.0, 20.0])
SHARES, CHANCES = np.array([0.0, 1.0, 0.5, 0.2]), np.array([0.1, 0.3, 0.6, 0.9])
ANSCOMBE = [
    (Gaussian(), SM.Gaussian(), COUNTS, MEANS),
    (Poisson(), SM.Poisson(), COUNTS, MEANS),
    (Gamma(), SM.Gamma(), COUNTS + 0.1, MEANS),
    (InverseGaussian(), SM.InverseGaussian(), COUNTS + 0.1, MEANS),
    (Binomial(), SM.Binomial(), SHARES, CHANCES),
    (NegativeBinomial(2.0), SM.NegativeBinomial(alpha=0.5), COUNTS, MEANS),
    (NegativeBinomial(0.3), SM.NegativeBinomial(alpha=1 / 0.3), COUNTS, MEANS),
    (Tweedie(1.5), SM.Tweedie(var_power=1.5), COUNTS, MEANS),
    (Tweedie(1.2), SM.Tweedie(var_power=1.2), COUNTS, MEANS),
]


@pytest.mark.parametrize(
    ("ours", "theirs", "y", "mu"), ANSCOMBE, ids=lambda value: repr(value)[:20]
)
@pytest.mark.parametrize("weight", [1.0, 2.5])
def test_anscombe_like_statsmodels(ours, theirs, y, mu, weight):
    weights = np.full(len(y), weight)
    expected = np.sqrt(weight) * theirs.resid_anscombe(y, mu)
    np.testing.assert_allclose(anscombe_residuals(ours, y, mu, weights), expected, rtol=1e-10)


@pytest.mark.parametrize(
    ("ours", "theirs", "y", "mu"), ANSCOMBE, ids=lambda value: repr(value)[:20]
)
def test_anscombe_by_its_integral(ours, theirs, y, mu):
    found = anscombe_residuals(ours, y, mu, np.ones(len(y)))
    for row in range(len(y)):
        area, _ = integrate.quad(lambda t: ours.variance(t) ** (-1 / 3), mu[row], y[row])
        assert found[row] == pytest.approx(area / ours.variance(mu[row]) ** (1 / 6), rel=1e-6)


def test_anscombe_of_results():
    y, x = np.array([0.0, 2.0, 3.0, 7.0, 1.0]), np.arange(5.0)
    weights = np.array([1.0, 2.0, 0.0, 1.0, 1.0])
    result = rs.glm("y ~ x", {"y": y, "x": x}, family="poisson", weights=weights).fit()
    expected = SM.Poisson().resid_anscombe(y, result.fittedvalues) * np.sqrt(weights)
    np.testing.assert_allclose(result.resid_anscombe(), expected, rtol=1e-10, atol=1e-12)


# ---- quantile residuals: a standard normal sample -----------------------------------------------

N = 3000
RNG = np.random.default_rng(2024)
X = RNG.uniform(-1, 1, N)
MU = np.exp(0.5 + 0.6 * X)
CHANCE = 1 / (1 + np.exp(-X))
TRIALS = RNG.integers(1, 6, N)
W = RNG.integers(1, 5, N)
CLAIMS = RNG.poisson(2 * np.sqrt(MU) * W / 1.5)
SIMULATED = {
    "poisson": (RNG.poisson(MU), {}),
    "poisson with weights": (RNG.poisson(MU * W) / W, {"weights": W}),
    "binomial": (RNG.binomial(TRIALS, CHANCE) / TRIALS, {"weights": TRIALS}),
    "negbinomial": (RNG.poisson(RNG.gamma(2.0, MU / 2.0)), {"theta": 2.0}),
    "negbinomial with weights": (
        RNG.negative_binomial(2 * W, 2 / (2 + MU)) / W,
        {"theta": 2.0, "weights": W},
    ),
    "gamma": (RNG.gamma(2 * W, MU / 2 / W), {"weights": W}),
    "inverse_gaussian": (
        stats.invgauss(MU / (4 * W), scale=4 * W).rvs(random_state=RNG),
        {"weights": W},
    ),
    "gaussian": (RNG.normal(MU, 1 / np.sqrt(W)), {"weights": W}),
    "tweedie": (
        np.where(CLAIMS > 0, RNG.gamma(np.maximum(CLAIMS, 1), 0.75 * np.sqrt(MU) / W), 0.0),
        {"var_power": 1.5, "weights": W},
    ),
}


def simulated(name):
    y, options = SIMULATED[name]
    family = name.partition(" ")[0]
    return rs.fit_glm(y, np.column_stack([np.ones(N), X]), family, **options)


@pytest.mark.parametrize("name", SIMULATED)
def test_standard_normal_under_the_model(name):
    result = simulated(name)
    residuals = result.resid_quantile(random_state=3)
    assert residuals.shape == (N,)
    assert stats.kstest(residuals, "norm").pvalue > 0.01
    assert residuals.std() == pytest.approx(1.0, abs=0.04)
    for part in (X < 0, X >= 0):  # and for low and high means alike
        assert stats.kstest(residuals[part], "norm").pvalue > 0.005
    np.testing.assert_array_equal(result.resid_quantile(random_state=3), residuals)


@pytest.mark.parametrize("name", ["poisson", "binomial", "negbinomial", "tweedie"])
def test_random_state_matters_where_there_are_atoms(name):
    result = simulated(name)
    a, b = result.resid_quantile(random_state=1), result.resid_quantile(random_state=2)
    atoms = np.ones(N, dtype=bool) if name != "tweedie" else result.model.problem.y == 0
    assert (a[atoms] != b[atoms]).all()
    np.testing.assert_array_equal(a[~atoms], b[~atoms])
    with pytest.raises(ValueError, match="random_state must be a whole number"):
        result.resid_quantile(random_state="a")


def test_a_wrong_model_shows():
    y, _ = SIMULATED["negbinomial"]
    result = rs.fit_glm(y, np.column_stack([np.ones(N), X]), "poisson")
    residuals = result.resid_quantile(random_state=0)
    assert stats.kstest(residuals, "norm").pvalue < 1e-6
    assert residuals.std() > 1.2


# ---- exact values -------------------------------------------------------------------------------


def one(family, y, mu, dispersion=1.0, weight=1.0, seed=0):
    y, mu, weight = (np.array([float(value)]) for value in (y, mu, weight))
    return quantile_residuals(family, y, mu, dispersion, weight, seed)[0]


@pytest.mark.parametrize("y", [0.02, 0.5, 2.0, 9.0])
@pytest.mark.parametrize(("dispersion", "weight"), [(1.0, 1.0), (0.5, 3.0)])
def test_continuous_families_exactly(y, dispersion, weight):
    phi, mu = dispersion / weight, 1.7
    laws = {
        Gaussian(): stats.norm(mu, np.sqrt(phi)),
        Gamma(): stats.gamma(1 / phi, scale=mu * phi),
        InverseGaussian(): stats.invgauss(mu * phi, scale=1 / phi),
        Tweedie(0.0): stats.norm(mu, np.sqrt(phi)),
        Tweedie(2.0): stats.gamma(1 / phi, scale=mu * phi),
        Tweedie(3.0): stats.invgauss(mu * phi, scale=1 / phi),
    }
    for family, law in laws.items():
        expected = stats.norm.ppf(law.cdf(y)) if law.cdf(y) < 0.5 else stats.norm.isf(law.sf(y))
        assert one(family, y, mu, dispersion, weight) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("y", [0, 1, 4])
@pytest.mark.parametrize(
    ("family", "law"),
    [(Poisson(), stats.poisson(1.7)), (NegativeBinomial(2.0), stats.nbinom(2, 2 / 3.7))],
)
def test_counts_lie_between_their_tails(family, law, y):
    drawn = np.array([one(family, y, 1.7, seed=seed) for seed in range(200)])
    low, high = law.cdf(y - 1), law.cdf(y)
    uniform = (stats.norm.cdf(drawn) - low) / (high - low)
    assert uniform.min() > -1e-12
    assert uniform.max() < 1 + 1e-12
    assert stats.kstest(uniform, "uniform").pvalue > 0.01


@pytest.mark.parametrize("power", [1.2, 1.5, 1.8])
@pytest.mark.parametrize("y", [0.01, 1.0, 8.0, 60.0])
def test_tweedie_by_simulation_of_the_compound_law(power, y):
    mu, phi = 1.7, 1.3
    lam = mu ** (2 - power) / (phi * (2 - power))
    shape, scale = (2 - power) / (power - 1), phi * (power - 1) * mu ** (power - 1)
    counts = np.arange(1, 400)
    share = stats.poisson.pmf(counts, lam)
    above = np.sum(share * stats.gamma.sf(y, counts * shape, scale=scale))
    below = np.exp(-lam) + np.sum(share * stats.gamma.cdf(y, counts * shape, scale=scale))
    expected = stats.norm.ppf(below) if below < 0.5 else stats.norm.isf(above)
    assert one(Tweedie(power), y, mu, phi) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize(
    ("family", "y", "mu"),
    [
        (Gaussian(), -30.0, 0.0),
        (Gaussian(), 50.0, 0.0),
        (Gamma(), 1e-200, 1.0),
        (Gamma(), 5000.0, 1.0),
        (InverseGaussian(), 1e-3, 1.0),
        (InverseGaussian(), 1e4, 1.0),
        (Poisson(), 2000.0, 1.0),
        (Poisson(), 0.0, 5000.0),
        (NegativeBinomial(2.0), 1e4, 1.0),
        (NegativeBinomial(50.0), 0.0, 1e6),
        (Binomial(), 1.0, 1e-300),
        (Binomial(), 0.0, 1 - 1e-16),
        (Tweedie(1.5), 5000.0, 1.0),
        (Tweedie(1.5), 1e-3, 1e4),
        (Tweedie(1.5), 0.0, 1e6),
    ],
)
def test_far_tails_are_finite(family, y, mu):
    found = one(family, y, mu)
    assert np.isfinite(found)
    assert np.sign(found) == np.sign(y - mu)
    assert abs(found) > 5


def test_far_tails_are_exact():
    assert one(Gaussian(), -30.0, 0.0) == pytest.approx(-30.0, rel=1e-10)
    assert one(Gaussian(), 30.0, 0.0) == pytest.approx(30.0, rel=1e-10)
    assert one(Gamma(), 200.0, 1.0) == pytest.approx(stats.norm.isf(np.exp(-200.0)), rel=1e-8)


# ---- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["poisson", "binomial"])
def test_quasi_families_have_none(family):
    y = SIMULATED[family][0] if family == "poisson" else (X > 0) * 1.0
    y = np.where(RNG.random(N) < 0.2, 1.0, y)
    result = rs.fit_glm(y, np.column_stack([np.ones(N), X]), f"quasi{family}")
    message = f"quasi{family} is no distribution.*fit family '{family}', or use deviance residuals"
    with pytest.raises(ValueError, match=message):
        result.resid_quantile()


@pytest.mark.parametrize("family", ["poisson", "negbinomial"])
def test_counts_that_are_not_whole(family):
    y = SIMULATED["poisson"][0].astype(float)
    y[:7] += 0.5
    result = rs.fit_glm(y, np.column_stack([np.ones(N), X]), family)
    with pytest.raises(ValueError, match=r"no whole number in 7 rows.*exposure.*trials as weights"):
        result.resid_quantile()


def test_proportions_without_their_trials():
    y, _ = SIMULATED["binomial"]
    result = rs.fit_glm(y, np.column_stack([np.ones(N), X]), "binomial")
    bad = np.count_nonzero((y > 0) & (y < 1))
    with pytest.raises(ValueError, match=f"no whole number in {bad} rows"):
        result.resid_quantile()


@pytest.mark.parametrize("power", [-1.0, 2.5])
def test_tweedie_powers_without_a_distribution_function(power):
    result = rs.fit_glm(MU, np.column_stack([np.ones(N), X]), "tweedie", var_power=power)
    with pytest.raises(ValueError, match=r"no distribution function.*use deviance residuals"):
        result.resid_quantile()


def test_rows_of_weight_0_are_NaN():
    weights = np.where(X > 0.5, 0, W)
    y = np.where(X > 0.5, 0.3, SIMULATED["poisson with weights"][0])  # not whole, but not counted
    result = rs.fit_glm(y, np.column_stack([np.ones(N), X]), "poisson", weights=weights)
    np.testing.assert_array_equal(np.isnan(result.resid_quantile(0)), weights == 0)
