"""Several models of the same rows side by side, with likelihood-ratio tests where they nest."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import chi2

from rustystats.inference.factor_tests import likelihood_ratio
from rustystats.results.glm_results import GLMResults
from rustystats.solvers.nested import spans

if TYPE_CHECKING:
    from rustystats.typing import Floats, Table


def compare(*models: GLMResults, **named: GLMResults) -> Table:
    """Models of the same response, from the smallest rank to the largest.

    Each model is tested by the likelihood ratio against the largest model before it that is nested
    in it: same family, link, weights and offset, and every column of its design a combination of
    the larger's. The test is at the dispersion of the larger, or at each model's own theta or power
    where both have estimated it. Deviance is comparable within a family only; AIC and BIC do not
    count the dispersion.

    Parameters
    ----------
    *models : GLMResults
        Of the same rows in the same order; called by their formulas.
    **named : GLMResults
        The same, called by their keywords.

    Returns
    -------
    DataFrame, one row a model
        Model, Family, Df (rank), Df Residual, Deviance, Log-Likelihood, AIC, BIC; of the test
        Against (the smaller model), Chisq, Df Difference, Pr(>Chisq), empty and NaN where there is
        none; Note says why.

    Raises
    ------
    TypeError
        If something else than results is given, or fewer than two.
    ValueError
        If the responses differ.

    Examples
    --------
    >>> import rustystats as rs
    >>> data = rs.datasets.make_motor_portfolio(20_000, seed=1)
    >>> def fit(terms):
    ...     return rs.glm(f"ClaimNb ~ {terms}", data, family="poisson", exposure="Exposure").fit()
    >>> table = rs.compare(age=fit("DrivAge"), curve=fit("bs(DrivAge, df=5)"))
    >>> table[["Model", "Df", "Against", "Df Difference"]].values.tolist()
    [['age', 2, '', nan], ['curve', 5, 'age', 3.0]]
    """
    results = [*models, *named.values()]
    if len(results) < 2 or not all(isinstance(result, GLMResults) for result in results):
        raise TypeError(
            "compare takes two or more fitted models, rs.compare(result1, result2): what fit() "
            "returns, or the result_ of an estimator"
        )
    names = [*_formulas(models), *named]
    first = results[0].model.problem.y
    for name, result in zip(names, results, strict=True):
        if not np.array_equal(result.model.problem.y, first):
            raise ValueError(
                f"models {names[0]!r} and {name!r} have different responses: "
                "compare needs fits of the same rows in the same order"
            )
    order = np.argsort([r.fit.rank for r in results], kind="stable")
    names, ranked = [names[i] for i in order], [results[i] for i in order]
    tests = [_best_test(ranked[:i], larger, names) for i, larger in enumerate(ranked)]
    against, statistics, differences, pvalues, notes = zip(*tests, strict=True)
    return results[0]._frame(
        {
            "Model": names,
            "Family": [r.family for r in ranked],
            "Df": np.array([r.fit.rank for r in ranked]),
            "Df Residual": np.array([r.df_resid for r in ranked]),
            "Deviance": np.array([r.deviance for r in ranked]),
            "Log-Likelihood": np.array([r.llf() for r in ranked]),
            "AIC": np.array([r.aic() for r in ranked]),
            "BIC": np.array([r.bic() for r in ranked]),
            "Against": list(against),
            "Chisq": np.array(statistics),
            "Df Difference": np.array(differences),
            "Pr(>Chisq)": np.array(pvalues),
            "Note": list(notes),
        }
    )


def _formulas(models: Sequence[GLMResults]) -> list[str]:
    """What models without names are called: their formulas, numbered where two are the same."""
    formulas = [getattr(model, "formula", None) or "" for model in models]
    return [
        f"{number}: {text}".rstrip(": ") if formulas.count(text) > 1 or not text else text
        for number, text in enumerate(formulas, 1)
    ]


def _best_test(
    before: Sequence[GLMResults], larger: GLMResults, names: Sequence[str]
) -> tuple[str, float, float, float, str]:
    """The test against the largest of the models before that is nested in this one."""
    note = ""
    for index in reversed(range(len(before))):
        statistic, df, pvalue, reason = _test(before[index], larger)
        if not reason:
            return names[index], statistic, df, pvalue, ""
        note = note or reason
    return "", np.nan, np.nan, np.nan, note


def _test(smaller: GLMResults, larger: GLMResults) -> tuple[float, float, float, str]:
    """Chisq, degrees of freedom and p-value of the likelihood ratio, or NaN and why."""
    note = _not_nested(smaller, larger)
    if note:
        return np.nan, np.nan, np.nan, note
    if larger.fit.parameter is not None:  # each model at its own theta or power
        ratio = max(2.0 * (larger.llf() - smaller.llf()), 0.0)
    else:
        ratio = likelihood_ratio(
            larger.model.problem,
            smaller.deviance,
            larger.deviance,
            larger.scale(),
            isinstance(larger.dispersion_choice, Real),
        )
    df = larger.fit.rank - smaller.fit.rank
    return ratio, float(df), float(chi2.sf(ratio, df)), ""


def _not_nested(smaller: GLMResults, larger: GLMResults) -> str:
    """Why the likelihood ratio of two models would be no test; empty if it is one."""
    one, two = smaller.model.problem, larger.model.problem
    for result in (smaller, larger):
        if result._no_likelihood:
            return f"{result._no_likelihood[0]}: no likelihood-ratio test"
    if one.family.name() != two.family.name():
        return "not nested: another family"
    parameter = two.family.parameter
    both_estimated = smaller.fit.parameter is not None and larger.fit.parameter is not None
    same = parameter is None or getattr(one.family, parameter) == getattr(two.family, parameter)
    if not (same or both_estimated):
        return f"not nested: another {parameter}"
    if one.link.name() != two.link.name():
        return "not nested: another link"
    for role in ("weights", "offset"):
        if not _same(getattr(one, role), getattr(two, role), neutral=role == "weights"):
            return f"not nested: other {role}"
    if smaller.fit.rank == larger.fit.rank:
        return "not nested: the same rank"
    return "" if spans(two, one) else "not nested: columns that the larger lacks"


def _same(one: Floats | None, two: Floats | None, neutral: float) -> bool:
    """Whether two vectors are equal; None stands for the neutral value."""
    if one is None or two is None:
        given = one if two is None else two
        return given is None or bool(np.all(given == neutral))
    return np.array_equal(one, two)
