"""Actual over expected, with limits: overall, by prediction, by factor.

The variance of a sum of A = w y is phi times the sum of w V(mu). The limits of A / E are
``A/E +- 1.96 sqrt(variance) / E``, not below 0 for a response that is not. For the Poisson family
the variance is the count itself, max(A, 1): what was observed, not what the model thinks.

Hosmer and Lemeshow's statistic, with O successes and E expected of n trials in each of g bins,

    sum (O - E)^2 / (E (1 - E / n)),   chi-square with g - 2 degrees of freedom

(Hosmer, Lemeshow & Sturdivant 2013, section 5.2.2; g on rows that the model was not fitted to).
It is for the binomial family alone: elsewhere the variance in a bin is no function of E, and the
bins' limits show the same. Cost: one sort, shared with `discrimination.py`.
"""

import numpy as np
from scipy.stats import chi2

from rustystats.diagnostics.binning import equal_volume_edges
from rustystats.diagnostics.sections import Calibration, CalibrationBin

Z = 1.96


def ratio(above, below):
    """Quotients, NaN where there is nothing below."""
    above, below = np.asarray(above, dtype=float), np.asarray(below, dtype=float)
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below != 0)


def actual_expected_limits(rows, actual, predicted, variance):
    """Limits of A / E, two arrays, from sums of w y, w mu and w V(mu)."""
    if rows.is_poisson:
        variance = np.maximum(actual, 1.0)
    half = Z * ratio(np.sqrt(rows.dispersion * variance), np.abs(predicted))
    middle = ratio(actual, predicted)
    lower = middle - half
    return np.maximum(lower, 0.0) if rows.family.y_domain.low >= 0 else lower, middle + half


def calibrate(rows, n_bins, gini, in_sample=True):
    """The section of the calibration, which shows the Gini as well."""
    ordered = rows.in_order
    edges = equal_volume_edges(ordered.volume, n_bins)
    starts, ends = edges[:-1], edges[1:]
    exposure = np.add.reduceat(ordered.volume, starts)
    actual = np.add.reduceat(ordered.actual, starts)
    predicted = np.add.reduceat(ordered.predicted, starts)
    variance = np.add.reduceat(ordered.variance, starts)
    lower, upper = actual_expected_limits(rows, actual, predicted, variance)
    columns = (
        ordered.rate[starts],
        ordered.rate[ends - 1],
        ratio(predicted, exposure),
        ratio(actual, exposure),
        ratio(actual, predicted),
        ends - starts,
        exposure,
        actual,
        predicted,
        lower,
        upper,
    )
    bins = [
        CalibrationBin(index, *(column[index].item() for column in columns))
        for index in range(len(starts))
    ]
    total, expected, volume = rows.totals
    statistic = pvalue = None
    if rows.is_binomial:
        trials = np.add.reduceat(ordered.weights, starts)
        statistic, pvalue = hosmer_lemeshow(rows, trials, actual, predicted, in_sample)
    return Calibration(
        actual_expected_ratio=float(ratio(total, expected)),
        actual_total=total,
        predicted_total=expected,
        exposure_total=volume,
        calibration_error=float(ratio(np.sum(np.abs(actual - predicted)), abs(expected))),
        by_decile=bins,
        hosmer_lemeshow_statistic=statistic,
        hosmer_lemeshow_pvalue=pvalue,
        gini_coefficient=gini,
    )


def hosmer_lemeshow(rows, trials, actual, predicted, in_sample):
    """Statistic and p-value; None for both where so few bins leave no degree of freedom."""
    df = len(trials) - 2 * in_sample
    if df < 1:
        return None, None
    variance = rows.dispersion * predicted * (1.0 - predicted / trials)
    statistic = float(np.sum((actual - predicted) ** 2 / variance))
    return statistic, float(chi2.sf(statistic, df))
