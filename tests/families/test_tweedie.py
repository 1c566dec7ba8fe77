"""The Tweedie likelihood at its own dispersion, its power, its tails."""

import numpy as np
import pytest
from scipy import optimize, stats

from rustystats.families import Tweedie
from rustystats.families.tweedie import POWER_HIGH, POWER_LOW, maximum_likelihood_dispersion

N = 300
RNG = np.random.default_rng(4)
MU = np.exp(RNG.normal(size=N))
WEIGHTS = RNG.uniform(0.5, 2, N)


def claims(mu, phi, p):
    """Mean number of claims, shape and scale of each."""
    number = mu ** (2 - p) / (phi * (2 - p))
    return number, (2 - p) / (p - 1), phi * (p - 1) * mu ** (p - 1)


def loglike(y, mu, phi, p):
    """Sum of the log-densities, claim by claim; phi by row."""
    number, shape, scale = claims(mu, phi, p)
    j = np.arange(1, 400)[:, None]
    terms = stats.poisson.pmf(j, number) * stats.gamma.pdf(y, j * shape, scale=scale)
    return np.log(np.where(y > 0, terms.sum(axis=0), np.exp(-number))).sum()


@pytest.mark.parametrize("weights", [np.ones(N), WEIGHTS], ids=["plain", "weighted"])
@pytest.mark.parametrize("p", [1.15, 1.5, 1.85])
def test_loglike_is_that_of_the_best_dispersion(simulate_tweedie, p, weights):
    y = simulate_tweedie(np.random.default_rng(1), MU, p, 0.8)
    best = optimize.minimize_scalar(
        lambda t: -loglike(y, MU, np.exp(t) / weights, p),
        bounds=(-4, 4),
        method="bounded",
        options={"xatol": 1e-8},
    )
    phi, value = maximum_likelihood_dispersion(y, MU, weights, p)
    assert np.log(phi) == pytest.approx(best.x, abs=1e-5)
    assert value == pytest.approx(-best.fun, rel=1e-10)
    assert Tweedie(p).loglike(y, MU, weights) == value


@pytest.mark.parametrize("phi", [1e-6, 1e-2, 1.0, 30.0])
def test_dispersion_from_any_data(simulate_tweedie, phi):
    y = simulate_tweedie(np.random.default_rng(2), np.full(3000, 2.0), 1.4, phi)
    found, value = maximum_likelihood_dispersion(y, np.full(3000, 2.0), np.ones(3000), 1.4)
    assert found == pytest.approx(phi, rel=0.25)
    assert np.isfinite(value)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_amounts_that_are_no_tweedies_near_power_1(seed):
    """The claims of the law are nearly alike there, and its likelihood ripples in phi."""
    rng, mu = np.random.default_rng(seed), MU[:150]
    y = mu * rng.gamma(2.0, 0.5, 150) * (rng.random(150) < 0.6)
    _, found = maximum_likelihood_dispersion(y, mu, np.ones(150), 1.01)
    with np.errstate(divide="ignore"):
        highest = max(loglike(y, mu, phi, 1.01) for phi in np.exp(np.linspace(-2.5, 0, 60)))
    assert found > highest - 0.005 * abs(highest)


def test_rows_of_weight_zero_do_not_count(simulate_tweedie):
    y = simulate_tweedie(np.random.default_rng(1), MU)
    weights = WEIGHTS.copy()
    weights[:50] = 0
    kept = Tweedie(1.5).loglike(y[50:], MU[50:], weights[50:])
    assert Tweedie(1.5).loglike(y, MU, weights) == pytest.approx(kept, rel=1e-12)


@pytest.mark.parametrize("p", [-1.0, 2.5, 4.0])
def test_no_tails_elsewhere(p):
    with pytest.raises(ValueError, match=rf"var_power={p:g}: use deviance residuals"):
        Tweedie(p).tails(MU, MU, 1.0, WEIGHTS)


@pytest.mark.parametrize("y", [np.zeros(N), MU])
def test_no_dispersion_without_claims_or_deviations(y):
    assert np.isnan(maximum_likelihood_dispersion(y, MU, WEIGHTS, 1.5)).all()


@pytest.mark.parametrize("p", [1.2, 1.7])
def test_power_maximises_the_likelihood(simulate_tweedie, p):
    y = simulate_tweedie(np.random.default_rng(7), MU, p, 0.6)

    def best(power):
        return Tweedie(power).loglike(y, MU, WEIGHTS)

    found, error = Tweedie("auto").estimate(y, MU, WEIGHTS)
    grid = np.linspace(1.05, 1.95, 19)
    values = [best(power) for power in grid]
    top = grid[np.argmax(values)]
    brute = optimize.minimize_scalar(
        lambda power: -best(power), bounds=(top - 0.05, top + 0.05), method="bounded"
    )
    assert found.var_power == pytest.approx(brute.x, abs=1e-4)
    assert best(found.var_power) >= max(*values, -brute.fun) - 1e-9
    h = 0.004
    curvature = -(best(brute.x + h) - 2 * best(brute.x) + best(brute.x - h)) / h**2
    assert error == pytest.approx(curvature**-0.5, rel=0.01)
    assert abs(found.var_power - p) < 4 * error
    assert found.at_edge() is None
    assert not found.estimated


def test_powers_at_the_edge():
    rng = np.random.default_rng(0)
    found, error = Tweedie("auto").estimate(rng.gamma(2, MU / 2), MU, np.ones(N))
    assert found.var_power > POWER_HIGH - 1e-3
    assert np.isnan(error)
    assert "fit a Gamma" in found.at_edge()
    assert "closer to counts" in Tweedie(POWER_LOW).at_edge()


@pytest.mark.parametrize("p", [1.2, 1.5, 1.8])
def test_tails(simulate_tweedie, p):
    phi = 0.9
    y = simulate_tweedie(np.random.default_rng(3), MU, p, phi)
    y[:3] = 0.0
    number, shape, scale = claims(MU, phi / WEIGHTS, p)
    j = np.arange(1, 500)[:, None]
    share = stats.poisson.pmf(j, number)
    low = np.exp(-number) + (share * stats.gamma.cdf(y, j * shape, scale=scale)).sum(axis=0)
    high = (share * stats.gamma.sf(y, j * shape, scale=scale)).sum(axis=0)
    (below, at), (above, beyond) = Tweedie(p).tails(y, MU, phi, WEIGHTS)
    empty = y == 0
    np.testing.assert_allclose(at, np.where(empty, np.exp(-number), low), rtol=1e-12)
    np.testing.assert_allclose(beyond, np.where(empty, -np.expm1(-number), high), rtol=1e-9)
    np.testing.assert_array_equal(below, np.where(empty, 0, at))
    np.testing.assert_array_equal(above, np.where(empty, 1, beyond))


@pytest.mark.parametrize("phi", [0.0, 1e-17, np.nan])
def test_no_tails_of_too_many_claims(phi):
    """A sum over them would not end: fits that are exact have next to no dispersion."""
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="use deviance residuals"):
        Tweedie(1.5).tails(MU, MU, phi, WEIGHTS)


def test_tails_of_zeros_alone():
    (below, at), (above, beyond) = Tweedie(1.5).tails(np.zeros(N), MU, 1.0, WEIGHTS)
    assert (below == 0).all()
    assert (above == 1).all()
    np.testing.assert_allclose(at + beyond, 1, rtol=1e-15)
