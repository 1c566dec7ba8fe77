"""Coefficients to start a fit from when nothing is known of it.

With an intercept: the best constant, every other coefficient 0. Without, or where no constant has
all means in the domain: one weighted least-squares step from means near the response, as R's
`glm.fit` starts, and after that the coefficients whose means are nearest to one constant. Cost: at
most one pass for each.
"""

from dataclasses import replace

import numpy as np

from rustystats.design.blocks import constant_block
from rustystats.design.matrix import DesignMatrix
from rustystats.intervals import POSITIVE
from rustystats.solvers.normal_equations import NormalEquations


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


def _intercept_start(problem):
    """Intercept of the model without regressors, every other coefficient 0."""
    coef = np.zeros(problem.design.shape[1])
    coef[problem.intercept] = _best_constant(problem) / _intercept_value(problem)
    return coef


def _best_constant(problem):
    """Linear predictor beside the offset; exact without one, and for a log link where V is a power
    of the mean; kept inside the domain of the means in every row."""
    y, link, offset = problem.y, problem.link, problem.offset
    weights = problem.prior_weights
    mean = _typical_mean(problem, weights)
    if offset is None:
        return link.link(mean)
    used = offset if problem.weights is None else offset[weights > 0]
    low, high = used.min(), used.max()
    if link.name() == "log":
        rate = np.exp(np.minimum(offset - high, 0.0))  # rows without weight may lie above
        size = mean * problem.total_weight / (weights @ rate)
        mu = size * rate
        with np.errstate(all="ignore"):  # an offset may span more than numbers do
            lean = weights * mu / problem.family.variance(mu)
            better = np.log((lean @ y) / (lean @ mu))
        constant = np.log(size) - high + (better if np.isfinite(better) else 0.0)
    else:
        constant = link.link(mean) - np.mean(used)
    return _inside(problem, constant, link.link(mean), low, high)


def _typical_mean(problem, weights):
    """Mean response, or one near it that the family and the link can have."""
    y, family, link = problem.y, problem.family, problem.link
    mean = weights @ y / problem.total_weight
    if family.mean_domain.contains(mean) and np.isfinite(link.link(mean)):
        return mean
    # No claims at all, or a Gaussian response below zero
    size = 1e-3 * (weights @ np.abs(y)) if link.name() == "log" else -np.inf
    return max(weights @ family.start_mean(y, weights), size) / problem.total_weight


def _inside(problem, constant, typical, low, high):
    """The constant nearest to the given one that keeps all linear predictors inside their domain.

    They stay a tenth of the distance that `typical` has away from its ends. low, high: ends of the
    offset.
    """
    link = problem.link
    means = POSITIVE if link.means is None else problem.family.mean_domain
    first, last = np.sort(link.link(np.array([means.low, means.high])))
    if not first < typical < last:
        return constant
    least = 0.9 * first + 0.1 * typical - low if np.isfinite(first) else -np.inf
    most = 0.9 * last + 0.1 * typical - high if np.isfinite(last) else np.inf
    if least > most:
        return 0.5 * (first - low + last - high)
    return min(max(constant, least), most)


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
