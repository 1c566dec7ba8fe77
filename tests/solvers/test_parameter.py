"""Theta and the Tweedie power with the coefficients: MASS, statsmodels, simulation, brute force."""

import warnings

import numpy as np
import pytest
from scipy import optimize
from statsmodels.discrete.discrete_model import NegativeBinomial as DiscreteNegativeBinomial

from rustystats.design.blocks import DenseBlock
from rustystats.design.matrix import DesignMatrix
from rustystats.families import NegativeBinomial, Tweedie
from rustystats.links import Log, Sqrt
from rustystats.solvers.irls import solve_irls
from rustystats.solvers.parameter import likelihood_profile, solve_with_parameter
from rustystats.solvers.problem import Problem

OPTIONS = {"tol": 1e-14, "max_iter": 100}


def problem_of(x, y, family, link=None, **options):
    design = DesignMatrix([DenseBlock(np.asarray(x, dtype=float))], 1)
    return Problem(design, np.asarray(y, float), family, link or Log(), intercept=0, **options)


def loglike(problem, fit):
    mu = problem.link.inverse(problem.design.matvec(fit.coef, problem.offset))
    weights = np.ones(len(mu)) if problem.weights is None else problem.weights
    return problem.family.loglike(problem.y, mu, weights)


# library(MASS); y <- c(0,1,4,2,0,7,3,0,1,12,5,0,2,9,1,0,3,6,0,2)
# x <- (0:19)/10; g <- rep(c("a","b"), 10); w <- rep(c(1, 2, 0.5, 1.5), 5)
# control <- glm.control(epsilon = 1e-14, maxit = 100)
# m <- glm.nb(y ~ x + g, control = control)                  and with weights = w, link = sqrt
# coef(m); c(m$theta, m$SE.theta, deviance(m), m$twologlik)
Y = np.array([0, 1, 4, 2, 0, 7, 3, 0, 1, 12, 5, 0, 2, 9, 1, 0, 3, 6, 0, 2.0])
X = np.column_stack([np.ones(20), np.arange(20) / 10, np.arange(20) % 2])
WEIGHTS = np.tile([1, 2, 0.5, 1.5], 5)
MASS = {
    "log": (
        Log(),
        None,
        [0.5661029883691281, 0.0848154720904781, 0.7076467718561641],
        [0.994910160650379, 0.498186292601659, 22.357407650748286, -86.925053613359822],
    ),
    "weights": (
        Log(),
        WEIGHTS,
        [0.221545796518425, 0.307643942924190, 0.936736319567142],
        [0.971200760869396, 0.410522080548407, 28.122527986435387, -116.171121777907018],
    ),
    "sqrt": (
        Sqrt(),
        None,
        [1.3190936680663168, 0.0678982959547091, 0.5851155559942457],
        [0.994332457874775, 0.497774750229484, 22.356354660155763, -86.931061565889834],
    ),
}


@pytest.mark.parametrize("case", MASS)
def test_glm_nb_of_mass(case):
    link, weights, coef, (theta, error, deviance, twice_loglike) = MASS[case]
    problem = problem_of(X, Y, NegativeBinomial("auto"), link, weights=weights)
    solved, fit = solve_with_parameter(problem, **OPTIONS)
    assert fit.converged
    np.testing.assert_allclose(fit.coef, coef, atol=1e-5)  # MASS stops there
    assert fit.parameter.value == pytest.approx(theta, rel=2e-5)
    assert fit.parameter.error == pytest.approx(error, rel=1e-4)  # theirs is one step old
    assert fit.deviance == pytest.approx(deviance, rel=1e-5)
    assert 2 * loglike(solved, fit) == pytest.approx(twice_loglike, rel=1e-9)
    assert solved.family.theta == fit.parameter.value
    assert fit.parameter.name == "theta"
    assert 2 <= fit.parameter.rounds <= 8


def simulate(family, n=2000, seed=0):
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(n), rng.normal(size=n), rng.integers(0, 2, n)])
    mu = np.exp(x @ [0.4, 0.3, -0.4])
    return x, mu, rng


def test_negative_binomial_of_statsmodels():
    x, mu, rng = simulate("nb")
    y = rng.negative_binomial(1.7, 1.7 / (1.7 + mu))
    offset = rng.uniform(-0.3, 0.3, len(y))
    solved, fit = solve_with_parameter(
        problem_of(x, y, NegativeBinomial("auto"), offset=offset), **OPTIONS
    )
    model = DiscreteNegativeBinomial(y, x, offset=offset)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = model.fit(disp=0, maxiter=500, gtol=1e-10, method="bfgs")
    alpha = other.params[-1]
    np.testing.assert_allclose(fit.coef, other.params[:-1], atol=1e-5)
    assert 1 / fit.parameter.value == pytest.approx(alpha, rel=1e-4)
    assert loglike(solved, fit) == pytest.approx(other.llf, rel=1e-10)
    # by the delta method; theirs is from the joint information
    assert fit.parameter.error == pytest.approx(other.bse[-1] / alpha**2, rel=0.05)
    assert abs(fit.parameter.value - 1.7) < 4 * fit.parameter.error


def test_joint_maximum_by_brute_force():
    def negative(parameters):
        mu = np.exp(X @ parameters[:3])
        theta = float(np.exp(parameters[3]))
        return -NegativeBinomial(theta).loglike(Y, mu, np.ones(20))

    _, fit = solve_with_parameter(problem_of(X, Y, NegativeBinomial("auto")), **OPTIONS)
    brute = optimize.minimize(negative, np.zeros(4), options={"gtol": 1e-9}, method="BFGS")
    np.testing.assert_allclose(fit.coef, brute.x[:3], atol=1e-5)
    assert np.log(fit.parameter.value) == pytest.approx(brute.x[3], abs=1e-5)


@pytest.mark.parametrize("power", [1.25, 1.5, 1.75])
def test_power_is_recovered_and_maximises_the_likelihood(simulate_tweedie, power):
    x, mu, rng = simulate("tweedie")
    y = simulate_tweedie(rng, mu, power, 1.2)
    problem = problem_of(x, y, Tweedie("auto"), weights=rng.uniform(0.5, 2, len(y)))
    first = solve_with_parameter(problem_of(x, y, Tweedie("auto")), **OPTIONS)
    fit = first[1]
    assert fit.converged
    assert abs(fit.parameter.value - power) < 4 * fit.parameter.error
    assert 0 < fit.parameter.error < 0.1
    for solved, fit in (first, solve_with_parameter(problem, **OPTIONS)):
        best = fit.parameter.value
        at = likelihood_profile(solved, [best - 1e-3, best, best + 1e-3], start=fit.coef)
        assert at[1] > max(at[0], at[2])
        assert at[1] == pytest.approx(loglike(solved, fit), abs=1e-7)
        step = (at[0] - at[2]) / (at[0] - 2 * at[1] + at[2]) / 2  # of the parabola's top
        assert abs(step) < 0.05
        assert fit.parameter.rounds <= 10


@pytest.mark.parametrize("family", [NegativeBinomial("auto"), Tweedie("auto")], ids=str)
def test_coefficients_are_those_at_the_parameter(simulate_tweedie, family):
    x, mu, rng = simulate("any")
    y = simulate_tweedie(rng, mu, 1.5, 1.0)
    solved, fit = solve_with_parameter(problem_of(x, y, family), **OPTIONS)
    again = solve_irls(solved, tol=1e-14)
    np.testing.assert_allclose(fit.coef, again.coef, atol=1e-9)
    assert fit.deviance == pytest.approx(again.deviance, rel=1e-10)
    assert getattr(solved.family, solved.family.parameter) == fit.parameter.value
    # a loose start, a ridge and a tight parameter end in the same place
    near = problem_of(x, y, solved.family)
    _, other = solve_with_parameter(near, parameter_tol=1e-9, start=fit.coef, **OPTIONS)
    assert other.parameter.value == pytest.approx(fit.parameter.value, abs=1e-5)


def test_rounds_that_do_not_suffice_are_owned_up_to():
    solved, fit = solve_with_parameter(
        problem_of(X, Y, NegativeBinomial("auto")), parameter_tol=0.0, max_rounds=2, **OPTIONS
    )
    assert not fit.converged
    assert "theta still changes after 2 rounds" in fit.message
    assert fit.parameter.value == solved.family.theta
    at_it = solve_irls(solved, tol=1e-14)
    np.testing.assert_allclose(fit.coef, at_it.coef, atol=1e-7)


def test_ridge():
    ridge = np.array([0.0, 5.0, 5.0])
    solved, fit = solve_with_parameter(
        problem_of(X, Y, NegativeBinomial("auto"), steadying=ridge), **OPTIONS
    )
    free = solve_with_parameter(problem_of(X, Y, NegativeBinomial("auto")), **OPTIONS)[1]
    assert np.abs(fit.coef[1:]).sum() < np.abs(free.coef[1:]).sum()
    np.testing.assert_allclose(fit.coef, solve_irls(solved, tol=1e-14).coef, atol=1e-9)
    mu = np.exp(X @ fit.coef)
    best, _ = solved.family.estimate(Y, mu, np.ones(20))
    assert best.theta == pytest.approx(fit.parameter.value, rel=1e-5)


def test_the_power_of_zeros_alone_is_refused():
    problem = problem_of(X, np.zeros(len(X)), Tweedie("auto"))
    with pytest.raises(ValueError, match="no response is positive"):
        solve_with_parameter(problem, **OPTIONS)
