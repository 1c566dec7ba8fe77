"""The model without regressors: the best constant beside the offset.

Without an offset the constant is the weighted mean, for every family and link; with a log link,
offset o and V(mu) = mu^p it is ``sum w y exp((1 - p) o) / sum w exp((2 - p) o)``, where the score
is 0. A fit finds the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rustystats.design.blocks import constant_block
from rustystats.design.matrix import DesignMatrix
from rustystats.solvers.irls import solve_irls
from rustystats.solvers.problem import Problem

if TYPE_CHECKING:
    from rustystats.families.base import FamilyMixin
    from rustystats.links import NamedLink
    from rustystats.typing import Floats

POWERS = {"gaussian": 0, "poisson": 1, "quasipoisson": 1, "gamma": 2, "inverse_gaussian": 3}


def null_model(
    y: Floats,
    family: FamilyMixin,
    link: NamedLink,
    weights: Floats | None,
    offset: Floats | None,
    n_threads: int | None = None,
    intercept: bool = True,
) -> tuple[float, Floats]:
    """Deviance and linear predictor, (n,), of the intercept with the offset.

    Without an intercept of the offset alone, as in R; the deviance is NaN where its means are none.
    """
    eta = np.zeros(len(y)) if offset is None else offset
    if not intercept:
        return _deviance(y, family, link.inverse(eta), weights), eta
    constant = _closed_form(y, family, link, weights, offset)
    if constant is None:
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
    eta = eta + constant
    return _deviance(y, family, link.inverse(eta), weights), eta


def _deviance(y, family, mu, weights):
    """Deviance of the rows of weight above 0; NaN where some of their means are none."""
    if weights is not None:
        used = weights > 0
        y, mu, weights = y[used], mu[used], weights[used]
    return family.deviance(y, mu, weights) if family.mean_domain.contains(mu).all() else np.nan


def _closed_form(y, family, link, weights, offset):
    """The intercept where a formula has it, inside the domain of the family; else None."""
    weighted = y if weights is None else weights * y
    volume = np.ones(len(y)) if weights is None else weights
    power = POWERS.get(family.name(), getattr(family, "var_power", None))
    if offset is None:
        mean = np.sum(weighted) / np.sum(volume)
    elif power is not None and link.name() == "log":
        factor = np.exp(offset) if power == 1 else np.exp((2 - power) * offset)
        above = weighted if power == 1 else weighted * np.exp((1 - power) * offset)
        mean = np.sum(above) / np.sum(volume * factor)
    else:
        return None
    if not (family.mean_domain.contains(mean) and np.isfinite(mean)):
        return None
    constant = float(link.link(np.array([mean]))[0])
    return constant if np.isfinite(constant) else None
