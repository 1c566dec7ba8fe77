"""The printed summary: 86 columns of text."""

import numpy as np

from rustystats.inference.covariance import (
    normal_interval,
    significance_code,
    two_sided_pvalues,
    z_statistics,
)

WIDTH = 86
NAME_WIDTH = 30


def summary_text(result, title, alpha, errors, errors_name):
    """Header, coefficient table with the given standard errors, and notes of a fitted model."""
    lines = ["=" * WIDTH, title.center(WIDTH).rstrip(), "=" * WIDTH]
    lines += [f"{left:<42}  {right:<42}".rstrip() for left, right in _header(result)]
    lines += ["-" * WIDTH, _titles(alpha), "-" * WIDTH]
    lines += _coefficients(result, alpha, errors)
    lines += ["-" * WIDTH, "Signif. codes: 0 '***' 0.001 '**' 0.01 '*' 0.05 '.' 0.1 ' ' 1"]
    if errors_name:
        lines.append(f"Std. errors: {errors_name}")
    return "\n".join(lines + _notes(result))


def _header(result):
    def pair(name, value):
        return f"{name + ':':<18}{value:>24}"

    def number(value):
        return f"{value:.4f}" if abs(value) < 1e9 else f"{value:.8g}"

    left = [
        ("Response", result.response),
        ("Family", result.family.capitalize()),
        ("Link", result.link),
        ("Offset", result.model.offsets.describe()),
        ("Weights", result.weights_name or "none"),
        ("No. Observations", f"{result.nobs}"),
        ("Df Residuals", f"{result.df_resid}"),
        ("Df Model", f"{result.df_model}"),
        ("Method", "IRLS" if not result.is_regularized else "IRLS + Ridge"),
    ]
    right = [
        ("Log-Likelihood", number(result.llf())),
        ("Deviance", number(result.deviance)),
        ("Null Deviance", number(result.null_deviance())),
        ("Pearson chi2", number(result.pearson_chi2())),
        ("Scale", f"{result.scale():.6g}"),
        ("AIC", number(result.aic())),
        ("BIC", number(result.bic())),
        ("Iterations", f"{result.iterations}"),
        ("Converged", "yes" if result.converged else "NO"),
    ]
    return [(pair(*a), pair(*b)) for a, b in zip(left, right, strict=True)]


def _titles(alpha):
    interval = f"{100 * (1 - alpha):g}% CI"
    return f"{'Variable':<{NAME_WIDTH}}{'Coef':>10}{'Std.Err':>10}{'z':>8}{'P>|z|':>8}  {interval}"


def _coefficients(result, alpha, errors):
    z = z_statistics(result.params, errors)
    limits = normal_interval(result.params, errors, alpha)
    rows = zip(
        result.feature_names, result.params, errors, z, two_sided_pvalues(z), limits, strict=True
    )
    for name, coef, error, z, p, (low, high) in rows:
        name = name if len(name) < NAME_WIDTH else name[: NAME_WIDTH - 2] + "~"
        if np.isnan(coef):
            yield f"{name:<{NAME_WIDTH}}{'aliased':>10}"
            continue
        shown = "<0.0001" if p < 1e-4 else f"{p:.4f}"
        yield (
            f"{name:<{NAME_WIDTH}}{_short(coef, 10)}{_short(error, 10)}{z:>8.2f}{shown:>8}"
            f"{_short(low, 8)}{_short(high, 8)} {significance_code(p)}"
        ).rstrip()


def _short(value, width):
    """Four decimals, or four digits in exponent form where that would not do."""
    text = f"{value:.4f}"
    if (abs(value) < 5e-4 and value != 0) or len(text) >= width:
        text = f"{value:.{max(0, width - 8)}e}" if width > 8 else f"{value:.1e}"
    return f" {text:>{width - 1}}"


def _notes(result):
    notes = []
    if result.aliased.any():
        names = [n for n, a in zip(result.feature_names, result.aliased, strict=True) if a]
        notes.append(f"Aliased (a combination of columns before them): {', '.join(names)}")
    if result.is_regularized:
        notes.append(
            f"Ridge penalty alpha = {result.alpha:g}: estimates are shrunken, the intervals are "
            "centred on them and not on the unpenalised effects."
        )
    if not result.converged:
        notes.append(f"NOT CONVERGED: {result.message}.")
    return notes
