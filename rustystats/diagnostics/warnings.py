"""What in the diagnostics a user should look at, each with its type and the remedy.

`high_dispersion` is for families whose dispersion is 1 by definition: where it is estimated it has
a scale, or has been allowed for. A decile or a factor is not named for what chance may do: its
interval must not hold 1, or the p-value of its groups (of the residual variance that they explain,
chi-square) be below 0.001, whatever their trend.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from rustystats.diagnostics.serialize import Section

HIGH_DISPERSION = 1.5
OVERALL, BIN = 0.05, 0.3  # how far A/E may be from 1
EXPLAINED = 0.02  # share of the residual variance
SIGNIFICANT, MATERIAL = 1e-3, 0.05


@dataclass(frozen=True, eq=False)
class Finding(Section):
    """A warning: its type, for programs, and a message, for people."""

    type: str
    message: str


def find(rows, fit_statistics, calibration, factors, converged=None):
    """List of `Finding`; `converged` is None where it is not known."""
    found = []
    if converged is False:
        message = "the fit stopped before it converged: no number here is final"
        found.append(Finding("not_converged", message))
    dispersion = fit_statistics.dispersion_pearson
    fixed = rows.family.dispersion_fixed and rows.dispersion == 1.0
    if fixed and dispersion > HIGH_DISPERSION:
        message = (
            f"the Pearson dispersion is {dispersion:.2f}, where the {rows.family.name()} family "
            "has 1: standard errors are too small; fit the quasi family, fit with "
            "dispersion='pearson', or look for a few rows with enormous residuals"
        )
        found.append(Finding("high_dispersion", message))
    overall = calibration.actual_expected_ratio
    if abs(overall - 1.0) > OVERALL:
        message = f"actual over expected is {overall:.3f} overall: predictions are {_off(overall)}"
        found.append(Finding("poor_overall_calibration", message))
    n_bins = len(calibration.by_decile)
    for one in calibration.by_decile:
        low, high = one.ae_confidence_interval_lower, one.ae_confidence_interval_upper
        away = abs(one.actual_expected_ratio - 1.0) > BIN
        if away and not low <= 1.0 <= high:
            message = (
                f"actual over expected is {one.actual_expected_ratio:.3f} ({low:.3f} to "
                f"{high:.3f}) in bin {one.bin_index + 1} of {n_bins} by prediction: predictions "
                f"are {_off(one.actual_expected_ratio)} there"
            )
            found.append(Finding("poor_bin_calibration", message))
    for factor in factors:
        explained = factor.residual_pattern.residual_variance_explained
        df = len(factor.actual_vs_expected) - 1
        pvalue = float(chi2.sf(rows.in_dispersions(explained * rows.pearson_chi2), max(df, 1)))
        departure = _departure(factor)
        missed = pvalue < SIGNIFICANT and (explained > EXPLAINED or departure > MATERIAL)
        if missed and not factor.in_model:
            message = (
                f"factor {factor.name!r} is not in the model but explains {100 * explained:.2g}% "
                f"of the residual variance (p-value {pvalue:.2g}); by its groups, actual is "
                f"{100 * departure:.1f}% away from expected on average: try it"
            )
            found.append(Finding("missing_factor", message))
    return found


def _departure(factor):
    """Mean distance of actual from expected over the groups, relative to expected."""
    bins = factor.actual_vs_expected
    expected = sum(abs(one.predicted_sum) for one in bins)
    return sum(abs(one.actual_sum - one.predicted_sum) for one in bins) / expected


def _off(ratio):
    return "too low" if np.nan_to_num(ratio, nan=1.0) > 1.0 else "too high"
