"""The model without regressors: the best constant beside the offset."""

from rustystats.design.blocks import constant_block
from rustystats.design.matrix import DesignMatrix
from rustystats.solvers.irls import solve_irls
from rustystats.solvers.problem import Problem


def null_deviance(y, family, link, weights, offset, n_threads=None):
    """Deviance of the intercept with the offset.

    Parameters
    ----------
    y : (n,) float64
    family, link : objects
    weights, offset : (n,) float64 or None
    n_threads : int or None
    """
    problem = Problem(
        design=DesignMatrix([constant_block(len(y))], n_threads),
        y=y,
        family=family,
        link=link,
        weights=weights,
        offset=offset,
        intercept=0,
    )
    return solve_irls(problem).deviance
