"""The printed exploration: as wide as a summary, one line a factor, and what stands out."""

import textwrap

import numpy as np

from rustystats.inference.summary import WIDTH, cut, header_lines
from rustystats.messages import listed

STRONG = 0.3  # associations below are not worth a line
INFLATED = 2.0  # adjusted inflation: the standard error is at least twice as large
SHOWN = 8
NAME = 20


def exploration_text(found):
    """The report of a `DataExploration`."""
    rule, thin = "=" * WIDTH, "-" * WIDTH
    lines = [rule, "Data Exploration".center(WIDTH).rstrip(), rule, *_header(found), thin]
    lines += [*_factors(found), thin] if found.factor_stats else []
    for paragraph in _remarks(found):
        lines += textwrap.wrap(paragraph, WIDTH, subsequent_indent="  ")
    return "\n".join(lines)


def _header(found):
    summary, response = found.data_summary, found.response_stats
    left = [
        ("Response", summary.response_column),
        ("Exposure", summary.exposure_column or "none"),
        ("Weights", summary.weights_column or "none"),
        ("Family", summary.family),
        ("No. Observations", f"{response.n_observations}"),
    ]
    right = [
        ("Total response", f"{response.total_response:.6g}"),
        ("Total exposure", f"{response.total_exposure:.6g}"),
        ("Mean rate", f"{response.mean_rate:.6g}"),
        ("Std. dev. of rate", f"{response.std_rate:.6g}"),
        ("Zeros", f"{response.zeros_count} ({response.zeros_pct:.2f}%)"),
    ]
    return header_lines(left, right)


def _factors(found):
    """One line a factor: its groups, missing values, span of rates, and how much it explains."""
    yield (
        f"{'Factor':<{NAME}}{'Type':<13}{'Groups':>7}{'Missing':>9}{'Rate from':>11}{'to':>9}"
        f"{'Explains':>12}"
    )
    yield "-" * WIDTH
    for factor, test in zip(found.factor_stats, found.univariate_tests, strict=True):
        groups = factor["response_by_bin" if factor.type == "continuous" else "levels"]
        rates = [group.response_rate for group in groups if np.isfinite(group.response_rate)]
        explained = "-" if np.isnan(test.variance_explained) else f"{test.variance_explained:.3%}"
        yield (
            f"{cut(factor.name, NAME):<{NAME}}{factor.type:<13}{len(groups):>7}"
            f"{factor.missing_pct:>8.1f}%{min(rates):>11.4g}{max(rates):>9.4g}{explained:>12}"
            f"{_stars(test.pvalue)}"
        ).rstrip()


def _number(value, form):
    return format(value, form) if np.isfinite(value) else "-"


def _stars(pvalue):
    return " ***" if pvalue < 1e-3 else " **" if pvalue < 1e-2 else " *" if pvalue < 0.05 else ""


def _remarks(found):
    """Paragraphs on what stands out."""
    zeros, variance = found.zero_inflation, found.overdispersion
    if zeros is not None and np.isfinite(variance.statistic):
        yield (
            f"Counts at one rate: {zeros.observed_zeros} rows of 0, Poisson expects "
            f"{zeros.expected_zeros:.0f} (z = {_number(zeros.statistic, '.1f')}); Pearson "
            f"dispersion {variance.dispersion:.4g} (z = {variance.statistic:.1f}). Factors may "
            "explain an excess."
        )
    strong = sorted(_associations(found), key=lambda one: -abs(one[0]))
    strong = [text for value, text in strong if abs(value) >= STRONG]
    if strong:
        yield f"Associations of {STRONG} or more: {listed(strong, SHOWN)}."
    inflated = [
        f"{one.factor} (others determine it)"
        if one.aliased
        else f"{one.factor} (GVIF {one.vif:.4g}, adjusted {one.vif_adjusted:.3g})"
        for one in found.vif
        if one.aliased or (one.vif_adjusted or 0.0) >= INFLATED
    ]
    if inflated:
        yield f"Hard to tell from the other factors: {listed(inflated, SHOWN)}."
    missing = [
        f"{one.column} {one.missing_pct:.1f}% (rate {one.response_rate:.4g}, known "
        f"{_number(one.response_rate_known, '.4g')})"
        for one in found.missing_values
    ]
    if missing:
        yield f"Missing values: {listed(missing, SHOWN)}."
    if len(found.interaction_factors) > 1:
        candidates = [
            f"{one.factor1} x {one.factor2} ({one.interaction_strength:.3%})"
            for one in found.interaction_candidates
        ]
        yield (
            f"Interactions beyond the effects of {len(found.interaction_factors)} factors, with "
            f"the variance they explain: {listed(candidates) or 'none found'}."
        )
    left_out = [f"{one.column} ({one.reason})" for one in found.columns_left_out]
    if left_out:
        yield f"Not explored: {listed(left_out, SHOWN)}."


def _associations(found):
    """(value, text) of every pair of factors."""
    for matrix, sign in ((found.correlations, "r"), (found.cramers_v, "V")):
        for i, one in enumerate(matrix.factors):
            for other, value in zip(matrix.factors[:i], matrix.matrix[i][:i], strict=True):
                if np.isfinite(value):
                    yield value, f"{other}, {one} ({sign} = {value:.2f})"
    ratios = found.correlation_ratios
    for one, row in zip(ratios.continuous_factors, ratios.matrix, strict=True):
        for other, value in zip(ratios.categorical_factors, row, strict=True):
            if np.isfinite(value):
                yield value, f"{one}, {other} (eta = {value:.2f})"
