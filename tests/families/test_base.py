"""Intervals, and what holds for every family."""

import copy
import pickle

import numpy as np
import pytest
from scipy import integrate
from sklearn.base import clone

from rustystats.families import (
    FAMILIES,
    Gamma,
    Gaussian,
    Interval,
    NegativeBinomial,
    Poisson,
    Tweedie,
)
from rustystats.families.base import count_tails
from rustystats.intervals import NON_NEGATIVE, POSITIVE, REAL

N = 200
OBJECTS = [kind() for kind in FAMILIES.values()]
OBJECTS += [NegativeBinomial(0.3), NegativeBinomial("auto"), Tweedie(1.83), Tweedie("auto")]
OBJECTS += [Tweedie(power) for power in (0, 1, 2, 3, -0.5, 2.5)]


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


@pytest.mark.parametrize("family", OBJECTS, ids=repr)
@pytest.mark.parametrize(
    "duplicate",
    [
        copy.copy,
        copy.deepcopy,
        lambda family: pickle.loads(pickle.dumps(family)),
        lambda family: clone(family, safe=False),
    ],
    ids=["copy", "deepcopy", "pickle", "clone"],
)
def test_families_can_be_copied(family, duplicate):
    twin = duplicate(family)
    assert twin is not family
    assert type(twin) is type(family)
    assert repr(twin) == repr(family)
    assert (twin.estimated, twin.name()) == (family.estimated, family.name())
    mu, y = np.array([0.2, 0.5, 0.9]), np.array([0.5, 0.4, 1.0])
    np.testing.assert_array_equal(twin.variance(mu), family.variance(mu))
    np.testing.assert_array_equal(twin.unit_deviance(y, mu), family.unit_deviance(y, mu))


@pytest.mark.parametrize("family", OBJECTS, ids=repr)
def test_anscombe_is_the_integral_of_the_variance(family):
    low = 0.2
    values = np.array([0.3, 0.55, 0.95])
    for value in values:
        area, _ = integrate.quad(lambda mu: family.variance(mu) ** (-1 / 3), low, value)
        difference = family.anscombe(value) - family.anscombe(low)
        assert difference == pytest.approx(area, rel=1e-9)
    np.testing.assert_array_equal(family.anscombe(values)[1], family.anscombe(values[1]))


def test_deviance_is_the_weighted_sum(pair):
    rng = np.random.default_rng(11)
    mu = rng.uniform(0.2, 0.8, N)
    y, w = pair.draw(rng, mu), rng.uniform(0.5, 2, N)
    unit = pair.family.unit_deviance(y, mu)
    assert pair.family.deviance(y, mu) == pytest.approx(unit.sum(), rel=1e-14)
    assert pair.family.deviance(y, mu, w) == pytest.approx(w @ unit, rel=1e-13)


def test_starting_means_lie_inside_the_domain(pair):
    rng = np.random.default_rng(11)
    family = pair.family
    border = np.array([-3.0, 0.0, 1e-9, 1.0])
    y = np.append(
        pair.draw(rng, rng.uniform(0.2, 0.8, N)), border[family.y_domain.contains(border)]
    )
    for weights in (np.ones_like(y), np.full_like(y, 100.0), np.full_like(y, 0.01)):
        mu = family.start_mean(y, weights)
        assert mu.shape == y.shape
        assert np.isfinite(mu).all()
        assert (family.variance(mu) > 0).all()
        assert np.isfinite(family.deviance(y, mu))


@pytest.mark.parametrize("power", [-1.0, 0, 1, 1.5, 2, 3])
def test_starting_means_of_tweedie_powers(power):
    family = Tweedie(power)
    y = np.array([-2.0, 0.0, 0.5, 3.0])
    y = y[family.y_domain.contains(y)]
    mu = family.start_mean(y, np.ones_like(y))
    assert (family.variance(mu) > 0).all()
    assert np.isfinite(family.deviance(y, mu))


def test_default_links(family_name):
    family = FAMILIES[family_name]()
    assert family.default_link().name() == family.link_names[0]


def test_a_count_that_is_not_whole_has_no_tails():
    with pytest.raises(ValueError, match=r"no whole number in 2 rows.*exposure.*trials"):
        count_tails(None, np.array([1.0, 0.5, 2.2]))


def test_likelihood_ratio():
    assert Poisson().likelihood_ratio(12.0, 9.0, 1.0, 50) == 3.0
    assert Gamma().likelihood_ratio(12.0, 9.0, 2.0, 50) == 1.5
    assert np.isnan(Gamma().likelihood_ratio(12.0, 0.0, np.nan, 50))
    assert Gamma().likelihood_ratio(12.0, 0.0, 0.0, 50) == np.inf
    # each model at its own dispersion: twice the difference of the log-likelihoods
    assert Gaussian().likelihood_ratio(12.0, 9.0, 7.0, 50) == pytest.approx(50 * np.log(12 / 9))
    assert np.isnan(Gaussian().likelihood_ratio(12.0, 0.0, np.nan, 50))


@pytest.mark.parametrize("family", OBJECTS, ids=repr)
def test_no_deviance_outside_the_domain(family):
    """Neither a huge number nor a negative one, where the response or mean cannot be."""
    y, mu = (float(middle(domain)) for domain in (family.y_domain, family.mean_domain))
    inside = family.unit_deviance([y, y], [mu, mu])
    assert np.isfinite(inside).all()
    for outside in (-1.0, 0.0, 2.0):
        bad_y = not family.y_domain.contains(outside)
        found = family.unit_deviance([outside, y], [mu, mu])
        np.testing.assert_array_equal(np.isnan(found), [bad_y, False])
        if not family.mean_domain.low <= outside <= family.mean_domain.high:
            assert np.isnan(family.unit_deviance(y, outside))
    assert np.isnan(family.deviance([y, np.nan], [mu, mu]))


def middle(domain):
    """A number inside."""
    return 0.5 if domain.contains(0.5) else domain.low + 1.0
