"""Partial dependence: the mean prediction of a portfolio where a factor has one value everywhere.

With v_i the share of row i in the volume (exposure times weight) and eta_i its linear predictor
for a unit of exposure, without the columns of the factor:

    PD(x) = sum_i v_i g^-1(eta_i + B(x) b + M_i(x) c)

B are the design columns of the factor alone, M those of its interactions, evaluated with x in the
place of the row's own value. Its gradient, for the delta method, is the sum of ``v_i mu'_i`` times
the row's design columns.

A log link without interactions factors: PD(x) = exp(B(x) b) PD0, two passes over the rows whatever
the number of values. Else a pass or two for each value.
"""

import numpy as np

from rustystats.design.blocks import TableBlock
from rustystats.inference.contributions import block_products


def mean_predictions(design, coef, link, shift, share, own, mixed=None, *, gradients=True):
    """Partial dependence at each value of a factor.

    Parameters
    ----------
    design : DesignMatrix of the rows as they are, (n, p)
    coef : (p,) with 0 at aliased columns
    link : link object
    shift : (n,) offset for a unit of exposure, or None
    share : (n,) of the volume, which sum to 1
    own : (columns, (k, q) design rows), of the terms of the factor alone, at each of k values
    mixed : (columns, callable), of its interactions: blocks of the rows when all have value j; None
        without any
    gradients : bool, whether they are wanted

    Returns
    -------
    means : (k,)
    gradients : (k, p), or None
    """
    columns, rows = own
    held = coef.copy()
    held[columns] = 0.0
    if mixed is not None:
        held[mixed[0]] = 0.0
    eta = design.matvec(held, shift)
    effects = rows @ coef[columns]
    if link.name() == "log" and mixed is None:
        return _factored(design, share * link.inverse(eta), effects, own, gradients)
    means, slopes = np.empty(len(rows)), []
    for j, effect in enumerate(effects):
        at = eta + effect
        blocks = []
        if mixed is not None:
            places, blocks_at = mixed
            blocks = blocks_at(j)
            at += block_products(blocks, coef[places])
        mu, dmu = link.inverse_with_derivative(at)
        means[j] = share @ mu
        if gradients:
            residual = share * dmu
            slope = design.transpose_matvec(residual)
            slope[columns] = rows[j] * residual.sum()
            if mixed is not None:
                slope[places] = np.concatenate([_score(block, residual) for block in blocks])
            slopes.append(slope)
    return means, np.array(slopes) if gradients else None


def _factored(design, volume, effects, own, gradients):
    """The same where effects multiply: `volume` is the share times the mean without the factor."""
    columns, rows = own
    factors = np.exp(effects)
    means = volume.sum() * factors
    if not gradients:
        return means, None
    slopes = np.outer(factors, design.transpose_matvec(volume))
    slopes[:, columns] = means[:, None] * rows
    return means, slopes


def _score(block, residual):
    """X'r of a block."""
    if isinstance(block, TableBlock):
        return block.basis.T @ np.bincount(block.codes, residual, minlength=block.n_levels)
    return block.values.T @ residual
