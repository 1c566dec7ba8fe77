"""Charts along a penalty or a parameter: coefficient paths, selection, scores, a likelihood."""

import numpy as np

from rustystats.charts.style import (
    BLUE,
    OTHER,
    PREDICTED,
    REFERENCE,
    curve_style,
    dress,
    ink,
    legend_above,
    legend_beside,
    new_axes,
)

LABELLED = 12  # curves with a label of their own
ALPHA = "alpha (penalty falls to the right)"
UNNAMED = {"color": "0.6", "linewidth": 0.7, "alpha": 0.6, "zorder": 1}


def coefficient_path(alphas, curves, labels, *, logarithmic=True, ax=None):
    """Coefficients against alpha.

    Parameters
    ----------
    alphas : (k,) decreasing
    curves : (k, m) coefficients
    labels : list of m names, None for a pale curve without one
        At most twelve can be told apart.
    logarithmic : bool
        Whether the axis of alphas is; an alpha of 0 is left out then.
    """
    ax = new_axes(ax)
    _along_alphas(ax, alphas, curves, labels, logarithmic and alphas[0] > 0)
    ax.axhline(0.0, **REFERENCE)
    dress(ax, ALPHA, "coefficient")
    return ax


def selection_path(alphas, shares, labels, *, threshold, alpha_min, n_subsamples, ax=None):
    """Share of the subsamples that select each candidate, against alpha.

    Parameters
    ----------
    alphas, shares, labels, ax : as in `coefficient_path`
    threshold : float
        The share from which a candidate is stable, a dashed line.
    alpha_min : float
        The smallest alpha that counts, a dotted line unless it is the last.
    n_subsamples : int
    """
    ax = new_axes(ax)
    _along_alphas(ax, alphas, shares, labels, True)
    ax.axhline(threshold, **{**REFERENCE, "color": ink(), "linestyle": "--"})
    if alpha_min > alphas[-1]:
        ax.axvline(alpha_min, **{**REFERENCE, "color": ink()})
    ax.set_ylim(-0.02, 1.02)
    dress(ax, ALPHA, f"selected, share of {n_subsamples} subsamples")
    return ax


def _along_alphas(ax, alphas, curves, labels, logarithmic):
    shown = alphas > 0 if logarithmic else np.ones(len(alphas), dtype=bool)
    if logarithmic:
        ax.set_xscale("log")
    for style in (UNNAMED, None):  # the pale ones first, below
        named = 0
        for curve, label in zip(curves.T, labels, strict=True):
            if (label is None) == (style is UNNAMED):
                look = style or curve_style(named)
                named += label is not None
                ax.plot(alphas[shown], curve[shown], label=label, **look)
    ax.invert_xaxis()
    if any(label is not None for label in labels):
        legend_beside(ax)


def cross_validation(alphas, means, errors, n_nonzero, *, best, one_error, score, ax=None):
    """Mean scores with their standard errors against alpha, and the alphas chosen.

    Parameters
    ----------
    alphas : (k,) decreasing, above 0
    means, errors : (k,) scores and standard errors; what is not finite is not drawn
    n_nonzero : (k,) int
        Coefficients that are not 0, along the top.
    best, one_error : float, alphas
    score : str, what the scores are
    """
    ax = new_axes(ax)
    finite = np.isfinite(means)
    ax.errorbar(
        alphas[finite],
        means[finite],
        yerr=np.nan_to_num(errors[finite]),
        fmt="o",
        markersize=3.5,
        elinewidth=0.8,
        color=ink(),
    )
    ax.set_xscale("log")
    ax.invert_xaxis()
    for alpha, words, look in (
        (best, "best", {"color": BLUE, "linestyle": "-"}),
        (one_error, "one standard error", {"color": OTHER["color"], "linestyle": "--"}),
    ):
        ax.axvline(alpha, label=f"{words}: {alpha:.3g}", zorder=1, **look)
    dress(ax, ALPHA, f"score ({score}, higher is better)")
    top = ax.secondary_xaxis("top")
    some = np.unique(np.linspace(0, len(alphas) - 1, 8).round().astype(int))
    top.set_xticks(alphas[some], [str(n) for n in n_nonzero[some]])
    top.minorticks_off()
    top.set_xlabel("coefficients that are not 0")
    top.spines["top"].set_visible(False)
    legend_beside(ax)
    return ax


def likelihood_profile(values, llf, *, name, fitted, bound, confidence, ax=None):
    """Log-likelihood along a parameter, the model's value, and the bound of an interval.

    Parameters
    ----------
    values, llf : (k,) arrays
    name : str, the parameter
    fitted : float
    bound : float
        Values with a higher log-likelihood are the interval.
    confidence : float, that of the interval
    """
    ax = new_axes(ax)
    look = {**PREDICTED, "linestyle": "-", "marker": "."}
    ax.plot(values, llf, label="profile log-likelihood", **look)
    ax.axvline(fitted, label=f"{name} = {fitted:.4g}", **{**REFERENCE, "color": ink()})
    label = f"bound of the {100 * confidence:g} % interval"
    ax.axhline(bound, label=label, **{**REFERENCE, "color": OTHER["color"], "linestyle": "--"})
    dress(ax, name, "log-likelihood")
    legend_above(ax)
    return ax
