"""The printed summary, and the printed relativities of an array model: 86 columns of text."""

import textwrap
from itertools import zip_longest

import numpy as np

from rustystats.inference.covariance import (
    normal_interval,
    significance_code,
    two_sided_pvalues,
    z_statistics,
)
from rustystats.messages import checked_names, listed

WIDTH = 86
NAME_WIDTH = 30
NONE = "-"  # in place of a number that is not known
LEGEND = "Signif. codes: 0 '***' 0.001 '**' 0.01 '*' 0.05 '.' 0.1 ' ' 1"


def summary_text(result, title, alpha, errors, errors_name=None, feature_names=None):
    """Header, coefficient table with the given standard errors, and notes of a fitted model."""
    names = _names(result, feature_names)
    lines = ["=" * WIDTH, title.center(WIDTH).rstrip(), "=" * WIDTH]
    lines += header_lines(*_header(result))
    lines += ["-" * WIDTH, _titles(alpha), "-" * WIDTH]
    lines += _coefficients(result, alpha, errors, names)
    lines += ["-" * WIDTH, *([] if result.no_errors else [LEGEND])]
    if errors_name:
        lines.append(f"Std. errors: {errors_name}")
    return "\n".join(lines + _notes(result, names))


def relativities_text(result, title, alpha, feature_names=None):
    """A table of coefficients and relativities exp(Coef) with their confidence limits.

    Raises
    ------
    ValueError
        If the link is not log.
    """
    if result.link != "log":
        raise ValueError(
            f"relativities need a log link, and this model has link {result.link}: "
            "read the summary instead"
        )
    names = _names(result, feature_names)
    interval = f"{100 * (1 - alpha):g}% CI"
    lines = ["=" * WIDTH, title.center(WIDTH).rstrip(), "=" * WIDTH]
    lines += [
        f"{'Variable':<{NAME_WIDTH}}{'Coef':>10}{'Relativity':>12}{'P>|z|':>8}  {interval}",
        "-" * WIDTH,
    ]
    with np.errstate(over="ignore"):  # a level without claims may reach up to infinity
        relativities, limits = np.exp(result.params), np.exp(result.conf_int(alpha))
    rows = zip(names, result.params, relativities, limits, result.pvalues(), strict=True)
    for name, coef, relativity, (low, high), p in rows:
        if np.isnan(coef):
            lines.append(f"{_cut(name)}{'aliased':>10}")
            continue
        lines.append(
            f"{_cut(name)}{_short(coef, 10)}{_short(relativity, 12)}{_pvalue(p):>8}"
            f"{_short(low, 10)}{_short(high, 10)} {significance_code(p)}".rstrip()
        )
    lines += ["-" * WIDTH, "Relativity = exp(Coef), with the limits of its confidence interval"]
    lines += [] if result.no_errors else [LEGEND]
    return "\n".join([*lines, *_notes(result, names)])


def _names(result, feature_names):
    if feature_names is None:
        return result.feature_names
    return checked_names(feature_names, len(result.params), "coefficients")


def cut(text, width):
    """A text that leaves a blank in a column of this width."""
    return text if len(text) < width else f"{text[: width - 2]}~"


def header_lines(left, right):
    """Names and their values, two pairs a line."""

    def pair(named):
        name, value = named
        room = 41 - len(name)
        return f"{name}:{cut(value, room):>{room}}"

    pairs = zip_longest(map(pair, left), map(pair, right), fillvalue="")
    return [f"{one:<42}  {other}".rstrip() for one, other in pairs]


def _header(result):
    def number(value):
        return f"{value:.4f}" if abs(value) < 1e9 else f"{value:.8g}"

    family, penalised = result.model.problem.family, result.is_regularized
    left = [
        ("Response", result.response),
        ("Family", type(family).__name__),
        ("Link", result.link),
        ("Offset", result.model.offsets.describe()),
        ("Weights", result.weights_name or "none"),
        ("No. Observations", f"{result.nobs}"),
        ("Df Residuals", f"{result.df_resid}"),
        ("Df Model", f"{result.df_model}"),
        ("Method", _method(result)),
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
    if family.parameter:
        value, estimate = getattr(family, family.parameter), result.fit.parameter
        error = "fixed" if estimate is None else f"se {estimate.error:.2g}"
        error = "at its edge" if estimate is not None and family.at_edge() else error
        left.append((family.parameter.replace("_", " ").title(), f"{value:.6g} ({error})"))
    if penalised:
        right.append(("Alpha", f"{result.alpha:g}"))
        left.append(("L1 Ratio", f"{result.l1_ratio:g}"))
    if penalised or result.has_bounds:
        right.append(("Non-zero coefs", f"{result.n_nonzero()}"))
    return left, right


def _method(result):
    """`IRLS`, and what was beside the likelihood: `IRLS + Lasso + Bounds`."""
    parts = ["IRLS"]
    if result.is_regularized:
        group = "Group " if result.penalty.groups is not None else ""
        parts.append(group + result.penalty_type.capitalize())
    return " + ".join([*parts, "Bounds"] if result.has_bounds else parts)


def _titles(alpha):
    interval = f"{100 * (1 - alpha):g}% CI"
    return f"{'Variable':<{NAME_WIDTH}}{'Coef':>10}{'Std.Err':>10}{'z':>8}{'P>|z|':>8}  {interval}"


def _coefficients(result, alpha, errors, names):
    z = z_statistics(result.params, errors)
    limits = normal_interval(result.params, errors, alpha)
    rows = zip(names, result.params, errors, z, two_sided_pvalues(z), limits, strict=True)
    for name, coef, error, z, p, (low, high) in rows:
        if np.isnan(coef):
            yield f"{_cut(name)}{'aliased':>10}"
            continue
        yield (
            f"{_cut(name)}{_short(coef, 10)}{_short(error, 10)}{_statistic(z):>8}{_pvalue(p):>8}"
            f"{_short(low, 8)}{_short(high, 8)} {significance_code(p)}"
        ).rstrip()


def _cut(name):
    """The name in its column; a long one loses its middle, as the ends tell columns apart."""
    if len(name) >= NAME_WIDTH:
        tail = NAME_WIDTH // 2 + 1
        name = f"{name[: NAME_WIDTH - tail - 2]}~{name[-tail:]}"
    return f"{name:<{NAME_WIDTH}}"


def _statistic(z):
    if np.isnan(z):
        return NONE
    return f"{z:.2f}" if abs(z) < 1e3 else f"{z:.0f}" if abs(z) < 1e6 else f"{z:.0e}"


def _pvalue(p):
    if np.isnan(p):
        return NONE
    return "<0.0001" if p < 1e-4 else f"{p:.4f}"


def _short(value, width):
    """Four decimals, or as many as there is room for; exponent form where that would not do."""
    text = NONE if np.isnan(value) else f"{value:.4f}"
    for decimals in (3, 2, 1):
        text = text if len(text) < width else f"{value:.{decimals}f}"
    if (abs(value) < 5e-4 and value != 0) or len(text) >= width:
        text = f"{value:.{max(0, width - 8)}e}" if width > 8 else f"{value:.1e}"
    return f" {text:>{width - 1}}"


def _notes(result, names):
    """Paragraphs on what is unusual about this fit, wrapped to the width of the table."""
    return [
        wrapped
        for note in _unusual(result, names)
        for wrapped in textwrap.wrap(note, WIDTH, subsequent_indent="  ")
    ]


def _unusual(result, names):
    notes = []
    if result.aliased.any():
        aliased = [name for name, a in zip(names, result.aliased, strict=True) if a]
        notes.append(f"Aliased (a combination of columns before them): {listed(aliased)}")
    family = result.model.problem.family
    if family.likelihood_of:
        notes.append(
            f"Log-likelihood, AIC and BIC are those of the {family.likelihood_of} family: "
            f"{family.name()} has none."
        )
    if result.fit.parameter is not None:
        notes.append(
            f"{family.parameter} is estimated and counted in AIC and BIC; standard errors take it "
            "as known."
        )
        if family.at_edge():
            notes.append(f"{family.parameter} is at the edge of its range: {family.at_edge()}.")
    if result.dispersion_choice is not None:
        notes.append(f"Standard errors at dispersion={result.dispersion_choice!r}.")
    if result.separated:
        errors = " Their standard errors mean nothing, and robust ones are NaN."
        errors = "" if result.no_errors else errors
        notes.append(
            f"SEPARATION, the coefficients run to infinity along: {'; '.join(result.separated)}."
            + errors
        )
    if result.is_regularized and not result.no_errors:
        notes.append(
            f"Ridge penalty alpha = {result.alpha:g}: estimates are shrunken, the intervals are "
            "centred on them and not on the unpenalised effects."
        )
    if result.no_errors:
        notes.append(f"No standard errors: {result.no_errors}.")
    encoded = [term.label for term in result.model.terms.terms if term.is_supervised]
    if encoded:
        errors = "" if result.no_errors else "; standard errors take the encoding as known"
        notes.append(
            f"Target encoding: {listed(encoded)}. Rows of this fit have the ordered encoding, new "
            f"rows that of their level, so predict() on the same rows differs{errors}."
        )
    if result.model.offsets.complement is not None:
        relativities = ", and relativities are relative to it: Base multiplies it"
        notes.append(
            f"Complement: {_complement(result.model.offsets.complement)}. Coefficients are "
            f"deviations from it{relativities if result.link == 'log' else ''}."
        )
    notes += _penalty_notes(result, names)
    if result.note:
        notes.append(result.note)
    if not result.converged:
        notes.append(f"NOT CONVERGED: {result.message}.")
    return notes


def _complement(complement):
    if isinstance(complement, str):
        return f"column {complement!r}"
    return getattr(complement, "label", "an array of means")


def _penalty_notes(result, names):
    """What shapes the penalty or bounds the coefficients, beside alpha."""
    penalty, notes = result.penalty, []
    if penalty is None:
        return notes

    def where(mask):
        return listed([name for name, chosen in zip(names, mask, strict=True) if chosen])

    if result.is_regularized:
        slope = np.arange(len(names)) != result.model.problem.intercept
        if penalty.groups is not None:
            notes.append(f"{len(penalty.groups)} groups of columns enter or leave as a whole.")
        if np.any(penalty.scales != 1):
            notes.append(
                "standardize: coefficients are penalised in units of their columns' standard "
                "deviations."
            )
        free = slope & (penalty.factors == 0)
        if free.any():
            notes.append(f"penalty_factor: not penalised are {where(free)}.")
        other = slope & ~free & (penalty.factors != 1)
        if other.any():
            notes.append(f"penalty_factor: another than 1 have {where(other)}.")
        if penalty.target is not None:
            aims = slope & (penalty.target != 0)
            notes.append(f"prior_coef: shrunken towards it, not towards 0, are {where(aims)}.")
    if result.has_bounds:
        bounded = np.isfinite(penalty.lower) | np.isfinite(penalty.upper)
        coef = result.fit.coef
        at_bound = bounded & ((coef <= penalty.lower) | (coef >= penalty.upper))
        notes.append(f"Bounds on {where(bounded)}; at a bound: {where(at_bound) or 'none'}.")
    return notes
