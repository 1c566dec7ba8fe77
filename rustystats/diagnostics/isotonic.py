"""Auto-calibration: are policies of one prediction worth it on average, and what would they be?

A model is auto-calibrated if E[Y | mu] = mu. The isotonic regression of the response on the
prediction, rates for a unit of exposure weighted by exposure times weight, is the best rising
function of the prediction; where it departs from the diagonal the model is not calibrated. With D a
mean deviance, of the predictions, of the isotonic rates and of one overall rate,

    D(mu) = MCB - DSC + UNC,   MCB = D(mu) - D(iso),  DSC = D(rate) - D(iso),  UNC = D(rate)

(Dimitriadis, Gneiting & Jordan 2021, PNAS 118(8)): what calibration would gain, what the order of
the predictions is worth, and what is there without a model. MCB is above 0 for any finite data.

Tests, for rows that the model was not fitted to: score tests of a and b in ``g(mean) = a + b eta``
against a = 0 (balance), and against a = 0, b = 1 (Cox 1958, Biometrika 45:562-565), eta for a unit
of exposure; chi-square with 1 and 2 degrees of freedom. Rows of the fit satisfy them by
construction. Cost: the sort by prediction, some cumulated sums, pool-adjacent-violators.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import chi2

if TYPE_CHECKING:
    from rustystats.diagnostics.rows import Rows


@dataclass(frozen=True, eq=False)
class AutoCalibration:
    """Isotonic calibration of a model on some rows.

    Attributes
    ----------
    lower, upper : (k,) predictions for a unit of exposure at the ends of each block
    exposure, actual, predicted : (k,) sums over the block, times weight
    calibrated : (k,) actual / exposure, the isotonic rate of the block, rising
    balance : float, actual / predicted of all rows
    mean_deviance, miscalibration, discrimination, uncertainty : float
        mean_deviance = miscalibration - discrimination + uncertainty, for a unit of weight.
    balance_statistic, balance_pvalue : float
        Score test of the overall level, chi-square with one degree of freedom.
    cox_statistic, cox_pvalue : float
        Of level and slope, two degrees of freedom. All four are NaN on rows of the fit, for which
        they mean nothing.
    """

    lower: np.ndarray
    upper: np.ndarray
    exposure: np.ndarray
    actual: np.ndarray
    predicted: np.ndarray
    calibrated: np.ndarray
    balance: float
    mean_deviance: float
    miscalibration: float
    discrimination: float
    uncertainty: float
    balance_statistic: float
    balance_pvalue: float
    cox_statistic: float
    cox_pvalue: float

    def __repr__(self) -> str:
        return (
            f"<AutoCalibration: {len(self.lower)} blocks, balance {self.balance:.4g}, mean "
            f"deviance {self.mean_deviance:.6g} = miscalibration {self.miscalibration:.3g} - "
            f"discrimination {self.discrimination:.3g} + uncertainty {self.uncertainty:.6g}>"
        )


def auto_calibration(rows: Rows, in_sample: bool) -> AutoCalibration:
    """The isotonic calibration of rows, of the fit (`in_sample`) or others."""
    from sklearn.isotonic import isotonic_regression  # loaded when it is used

    ordered = rows.in_order
    starts = np.append(0, np.flatnonzero(np.diff(ordered.rate)) + 1)
    values = ordered.volume, ordered.actual, ordered.predicted
    volume, actual, predicted = (np.add.reduceat(value, starts) for value in values)
    rates = isotonic_regression(actual / volume, sample_weight=volume)
    blocks = np.append(0, np.flatnonzero(np.diff(rates)) + 1)
    lengths = np.diff(np.append(starts, len(rows)))
    per_row = np.empty(len(rows))
    per_row[ordered.order] = np.repeat(rates, lengths)
    sums = [np.add.reduceat(value, blocks) for value in (volume, actual, predicted)]
    total, expected, whole = rows.totals
    deviance, isotonic, overall = (
        _mean_deviance(rows, mean) for mean in (None, per_row, np.full(len(rows), total / whole))
    )
    level, both = (np.nan, np.nan) if in_sample else _score_tests(rows)
    return AutoCalibration(
        ordered.rate[starts[blocks]],
        ordered.rate[starts[np.append(blocks[1:], len(starts)) - 1]],
        sums[0],
        sums[1],
        sums[2],
        rates[blocks],
        total / expected if expected else np.nan,
        deviance,
        deviance - isotonic,
        overall - isotonic,
        overall,
        level,
        float(chi2.sf(level, 1)),
        both,
        float(chi2.sf(both, 2)),
    )


def _mean_deviance(rows, rate):
    """For a unit of weight, at these rates for a unit of exposure; None for the model's."""
    weight = len(rows) if rows.weights is None else float(np.sum(rows.weights))
    if rate is None:
        return float(np.sum(rows.deviance)) / weight
    mu = rate if rows.exposure is None else rate * rows.exposure
    inside = rows.family.mean_domain.contains(mu)
    # at an end of the domain the block has that response in every row, and no deviance
    unit = rows.family.unit_deviance(rows.y[inside], mu[inside])
    weights = 1.0 if rows.weights is None else rows.weights[inside]
    return float(np.sum(weights * unit)) / weight


def _score_tests(rows):
    """The statistics of level, and of level and slope."""
    eta = rows.eta
    if rows.exposure is not None:
        eta = eta - np.log(rows.exposure)
    z = np.vstack([np.ones(len(rows)), eta - np.average(eta, weights=rows.working_weight)])
    score = z @ rows.score
    information = (z * rows.working_weight) @ z.T
    level = score[0] ** 2 / information[0, 0]
    slope = score[1] ** 2 / information[1, 1] if information[1, 1] > 0 else 0.0
    with np.errstate(divide="ignore", invalid="ignore"):  # no dispersion
        return tuple(float(np.divide(v, rows.dispersion)) for v in (level, level + slope))
