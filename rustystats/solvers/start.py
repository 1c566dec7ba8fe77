"""Coefficients to start a fit from when nothing is known of it.

With an intercept: the best constant, every other coefficient 0. Without, or where that has means
outside the domain: one weighted least-squares step from means near the response, as R's `glm.fit`
starts, and after that the coefficients whose means are nearest to one constant. Cost: at most one
pass for each.
"""

from dataclasses import replace

import numpy as np

from rustystats.design.blocks import constant_block
from rustystats.design.matrix import DesignMatrix
from rustystats.solvers.normal_equations import NormalEquations

FEWER = 8  # rows of the whole for each row of a smaller problem that is worth fitting first


def mean_starts(problem):
    """Starting coefficients, (p,), one after the other: the next where one has no valid means."""
    intercept, excluded = problem.intercept, problem.excluded
    if intercept is not None and not (excluded is not None and excluded[intercept]):
        yield _intercept_start(problem)
    weights = problem.prior_weights
    mu = problem.family.start_mean(problem.y, weights)
    yield _least_squares_start(problem, weights, mu, problem.y)
    constant = np.full_like(mu, np.average(mu, weights=weights))
    yield _least_squares_start(problem, weights, constant, constant)


def constant_objective(problem, sample):
    """Objective of one constant, the best of a sample; infinite without an intercept.

    Cost: a pass over the rows that does not read X.
    """
    if problem.intercept is None:
        return np.inf
    design = DesignMatrix([constant_block(len(problem.y))], problem.design.n_threads)
    constant = replace(
        problem, design=design, penalty=None, steadying=None, excluded=None, intercept=0
    )
    return constant.evaluate(np.array([_best_constant(sample)]), with_gram=False).objective


def collapse(problem):
    """The problem with equal rows of X made one, or None where that does not make it much smaller.

    For a variance mu^q and a log link the likelihood of equal rows depends on the weights
    ``sum w e^{(2-q) offset}`` and the means ``sum w y e^{(1-q) offset}`` divided by them alone;
    without an offset, on those of q = 1 for any family and link. Elsewhere it is a start.
    """
    family, offset = problem.family, problem.offset
    n_levels = problem.design.packs[0].n_levels if problem.design.packs else 0
    if n_levels * FEWER > len(problem.y) or (offset is not None and problem.link.name() != "log"):
        return None
    design = problem.design.distinct()
    if design is None:
        return None
    weights = problem.prior_weights
    totals = weights * problem.y
    if offset is not None:
        volume = np.exp(offset)
        with np.errstate(all="ignore"):
            power = np.log2(family.variance(2.0) / family.variance(1.0))
        power = float(power) if np.isfinite(power) else 1.0
        weights = weights * volume ** (2.0 - power)
        totals = totals * volume ** (1.0 - power)
    weights = problem.design.distinct_totals(weights)
    totals = problem.design.distinct_totals(totals)
    if not (np.isfinite(weights).all() and np.isfinite(totals).all()):
        return None
    there = weights > 0
    return replace(
        problem,
        design=design.take(np.flatnonzero(there)),
        y=totals[there] / weights[there],
        weights=weights[there],
        offset=None,
    )


def _intercept_start(problem):
    """Intercept of the model without regressors, every other coefficient 0."""
    coef = np.zeros(problem.design.shape[1])
    coef[problem.intercept] = _best_constant(problem) / _intercept_value(problem)
    return coef


def _best_constant(problem):
    """Linear predictor beside the offset; exact for a log link or without an offset."""
    y, link = problem.y, problem.link
    weights = problem.prior_weights
    offset = problem.offset
    total = weights @ y
    if link.name() == "log":
        if total <= 0:  # no claims at all, or a Gaussian response below zero
            total = max(
                weights @ problem.family.start_mean(y, weights), 1e-3 * (weights @ np.abs(y))
            )
        volume = problem.total_weight if offset is None else weights @ np.exp(offset)
        return np.log(total / volume)
    mean = total / problem.total_weight
    if not np.isfinite(link.link(mean)) or problem.family.unit_deviance(mean, mean) != 0:
        mean = weights @ problem.family.start_mean(y, weights) / problem.total_weight
    return link.link(mean) - (0.0 if offset is None else np.mean(offset))


def _intercept_value(problem):
    """The constant in the intercept column; an array's need not be 1."""
    return problem.design.take(slice(0, 1)).to_dense()[0, problem.intercept]


def _least_squares_start(problem, weights, mu, y):
    """The coefficients of one scoring step from the means mu towards the response y."""
    low = 1e-3 * np.mean(np.abs(y)) + 1e-300
    if problem.link.name() == "log":
        mu = np.maximum(mu, low)
    mu = np.where(np.isfinite(problem.link.link(mu)), mu, low)  # no square root of a loss
    eta = problem.link.link(mu)
    _, dmu = problem.link.inverse_with_derivative(eta)
    working_weight = weights * dmu**2 / problem.family.variance(mu)
    response = eta + (y - mu) / dmu - (0.0 if problem.offset is None else problem.offset)
    gram = problem.penalised(problem.design.gram(working_weight))
    system = NormalEquations(gram, excluded=problem.excluded)
    return system.solve(problem.design.transpose_matvec(working_weight * response))
