"""Families as people name them: spellings, domains, starting means, log-likelihoods."""

import numpy as np
import pytest
from scipy import stats

from rustystats.families import (
    FAMILIES,
    NON_NEGATIVE,
    POSITIVE,
    REAL,
    UNIT,
    Binomial,
    Gamma,
    Gaussian,
    Interval,
    Poisson,
    get_family,
)

KINDS = [Gaussian, Poisson, Binomial, Gamma]
N = 200


@pytest.fixture
def data():
    """Means, weights with a zero, and one response for each family."""
    rng = np.random.default_rng(11)
    mu = np.exp(rng.normal(size=N))
    trials = rng.integers(1, 9, N).astype(float)
    probability = mu / (1 + mu)
    weights = rng.uniform(0.5, 2, N)
    return {
        "mu": mu,
        "probability": probability,
        "weights": weights,
        "trials": trials,
        "gaussian": rng.normal(mu, 2),
        "poisson": rng.poisson(mu).astype(float),
        "binomial": rng.binomial(trials.astype(int), probability) / trials,
        "gamma": rng.gamma(1.5, mu / 1.5),
    }


@pytest.mark.parametrize(
    ("spelling", "kind"),
    [
        ("gaussian", Gaussian),
        ("normal", Gaussian),
        ("Normal", Gaussian),
        ("GAUSSIAN", Gaussian),
        ("poisson", Poisson),
        ("Poisson", Poisson),
        ("binomial", Binomial),
        ("gamma", Gamma),
        ("Gamma", Gamma),
    ],
)
def test_spellings(spelling, kind):
    assert type(get_family(spelling)) is kind


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_leads_back_to_its_family(kind):
    family = kind()
    assert type(get_family(family.name())) is kind
    assert get_family(family) is family
    assert repr(family) == f"{kind.__name__}()"
    assert set(FAMILIES) == {"gaussian", "normal", "poisson", "binomial", "gamma"}


@pytest.mark.parametrize("wrong", ["weibull", "", None, 3, Poisson, "poisson "])
def test_unknown_family_names_the_known_ones(wrong):
    with pytest.raises(ValueError, match=r"Unknown family .*gaussian.*poisson.*binomial.*gamma"):
        get_family(wrong)


def test_what_a_family_says_of_itself():
    told = {k().name(): (k.y_domain, k.dispersion_fixed, k().default_link().name()) for k in KINDS}
    assert told == {
        "gaussian": (REAL, False, "identity"),
        "poisson": (NON_NEGATIVE, True, "log"),
        "binomial": (UNIT, True, "logit"),
        "gamma": (POSITIVE, False, "log"),
    }


def test_deviance_is_the_weighted_sum(data):
    for kind in KINDS:
        family = kind()
        mu = data["probability"] if kind is Binomial else data["mu"]
        y, w = data[family.name()], data["weights"]
        unit = family.unit_deviance(y, mu)
        np.testing.assert_allclose(family.deviance(y, mu), unit.sum(), rtol=1e-14)
        np.testing.assert_allclose(family.deviance(y, mu, w), w @ unit, rtol=1e-13)


@pytest.mark.parametrize("kind", KINDS)
def test_starting_means_lie_inside_the_domain(kind, data):
    family = kind()
    border = {"gaussian": [-3.0, 0.0], "gamma": [1e-9, 4.0]}.get(family.name(), [0.0, 1.0])
    y = np.concatenate([data[family.name()], border])
    for weights in (np.ones_like(y), np.full_like(y, 100.0), np.full_like(y, 0.01)):
        mu = family.start_mean(y, weights)
        assert mu.shape == y.shape
        assert np.isfinite(mu).all()
        assert (family.variance(mu) > 0).all()
        assert np.isfinite(family.deviance(y, mu))


# ---- log-likelihoods ---------------------------------------------------------------------------


def test_gaussian_loglike_at_the_maximum_likelihood_dispersion(data):
    y, mu, w = data["gaussian"], data["mu"], data["weights"]
    sigma2 = w @ (y - mu) ** 2 / N
    expected = stats.norm.logpdf(y, mu, np.sqrt(sigma2 / w)).sum()
    np.testing.assert_allclose(Gaussian().loglike(y, mu, w), expected, rtol=1e-13)
    w[:20] = 0  # rows of weight 0 do not count
    kept = Gaussian().loglike(y[20:], mu[20:], w[20:])
    np.testing.assert_allclose(Gaussian().loglike(y, mu, w), kept, rtol=1e-13)


def test_poisson_loglike(data):
    y, mu, w = data["poisson"], data["mu"], data["weights"]
    expected = w @ stats.poisson.logpmf(y, mu)
    np.testing.assert_allclose(Poisson().loglike(y, mu, w), expected, rtol=1e-13)
    assert (y == 0).any()


def test_binomial_loglike(data):
    y, mu = data["binomial"], data["probability"]
    trials = data["trials"]
    expected = stats.binom.logpmf(np.rint(y * trials), trials, mu).sum()
    np.testing.assert_allclose(Binomial().loglike(y, mu, trials), expected, rtol=1e-12)
    zero_one = (y > 0.5).astype(float)
    ones = np.ones(N)
    expected = stats.bernoulli.logpmf(zero_one, mu).sum()
    np.testing.assert_allclose(Binomial().loglike(zero_one, mu, ones), expected, rtol=1e-13)
    w = data["weights"]  # not trials: no combinatorial term
    expected = w @ stats.bernoulli.logpmf(zero_one, mu)
    np.testing.assert_allclose(Binomial().loglike(zero_one, mu, w), expected, rtol=1e-13)


def test_gamma_loglike_at_the_dispersion_of_r(data):
    y, mu, w = data["gamma"], data["mu"], data["weights"]
    phi = Gamma().deviance(y, mu, w) / w.sum()
    expected = w @ stats.gamma.logpdf(y, 1 / phi, scale=mu * phi)
    np.testing.assert_allclose(Gamma().loglike(y, mu, w), expected, rtol=1e-12)


@pytest.mark.parametrize("kind", [Gaussian, Gamma])
def test_a_perfect_fit_has_infinite_loglike(kind):
    y = np.array([1.0, 2.0])
    assert kind().loglike(y, y, np.ones(2)) == np.inf


# ---- Interval ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("interval", "text", "inside"),
    [
        (Interval(0, 1), "(0, 1)", [False, False, True, False, False]),
        (Interval(0, 1, True, False), "[0, 1)", [False, True, True, False, False]),
        (Interval(0, 1, False, True), "(0, 1]", [False, False, True, True, False]),
        (Interval(0, 1, True, True), "[0, 1]", [False, True, True, True, False]),
        (NON_NEGATIVE, "[0, inf)", [False, True, True, True, True]),
        (POSITIVE, "(0, inf)", [False, False, True, True, True]),
        (REAL, "(-inf, inf)", [True] * 5),
    ],
)
def test_interval(interval, text, inside):
    assert str(interval) == text
    np.testing.assert_array_equal(interval.contains([-0.1, 0.0, 0.5, 1.0, 1.1]), inside)
    assert not interval.contains(np.nan)
    assert not interval.contains([np.inf, -np.inf]).any()
    assert interval == Interval(
        interval.low, interval.high, interval.low_closed, interval.high_closed
    )


def test_likelihood_ratio():
    assert Poisson().likelihood_ratio(12.0, 9.0, 1.0, 50) == 3.0
    assert Gamma().likelihood_ratio(12.0, 9.0, 2.0, 50) == 1.5
    assert np.isnan(Gamma().likelihood_ratio(12.0, 0.0, np.nan, 50))
    assert Gamma().likelihood_ratio(12.0, 0.0, 0.0, 50) == np.inf
    # each model at its own dispersion: twice the difference of the log-likelihoods
    assert Gaussian().likelihood_ratio(12.0, 9.0, 7.0, 50) == pytest.approx(50 * np.log(12 / 9))
    assert np.isnan(Gaussian().likelihood_ratio(12.0, 0.0, np.nan, 50))
