"""The model without regressors: the best constant beside the offset."""

import numpy as np

from rustystats.design.blocks import constant_block
from rustystats.design.matrix import DesignMatrix
from rustystats.solvers.irls import solve_irls
from rustystats.solvers.problem import Problem


def null_model(y, family, link, weights, offset, n_threads=None, intercept=True):
    """Deviance and linear predictor of the intercept with the offset.

    Without an intercept of the offset alone, as in R; the deviance is NaN where its means are none.

    Parameters
    ----------
    y : (n,) float64
    family, link : objects
    weights, offset : (n,) float64 or None
    n_threads : int or None
    intercept : bool

    Returns
    -------
    (float, (n,) ndarray)
    """
    eta = np.zeros(len(y)) if offset is None else offset
    if not intercept:
        mu = link.inverse(eta)
        valid = family.y_domain.contains(mu).all()
        return (family.deviance(y, mu, weights) if valid else np.nan), eta
    problem = Problem(
        design=DesignMatrix([constant_block(len(y))], n_threads),
        y=y,
        family=family,
        link=link,
        weights=weights,
        offset=offset,
        intercept=0,
    )
    fit = solve_irls(problem)
    return fit.deviance, eta + fit.coef[0]
