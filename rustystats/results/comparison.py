"""Several models of the same rows side by side, with likelihood-ratio tests where they nest."""

from itertools import pairwise
from numbers import Real

import numpy as np
from scipy.stats import chi2

from rustystats.design.matrix import DesignMatrix
from rustystats.inference.factor_tests import likelihood_ratio
from rustystats.results.glm_results import GLMResults
from rustystats.solvers.normal_equations import NormalEquations


def compare(*results):
    """Models of the same response, from the smallest rank to the largest.

    Each model is tested against the one before it by the likelihood ratio, where the smaller is
    nested in it: same family, link, weights and offset, and every column of its design a
    combination of the larger's. The test is at the dispersion of the larger, or at each model's own
    theta or power where both have estimated it. Deviance is comparable within a family only; AIC
    and BIC do not count the dispersion.

    Parameters
    ----------
    *results : GLMResults
        At least two, of the same rows in the same order.

    Returns
    -------
    DataFrame, one row a model
        Model (its formula, else its number), Df (rank), Df Residual, Deviance, Log-Likelihood, AIC,
        BIC; of the test Chisq, Df Difference, Pr(>Chisq), NaN where there is none; Note says why.

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
    >>> table = rs.compare(fit("DrivAge"), fit("bs(DrivAge, df=5)"))
    >>> table["Df"].tolist(), table["Df Difference"].tolist()
    ([2, 5], [nan, 3.0])
    """
    if len(results) < 2 or not all(isinstance(result, GLMResults) for result in results):
        raise TypeError("compare takes two or more fitted models: rs.compare(result1, result2)")
    names = [r.formula or str(number) for number, r in enumerate(results, 1)]
    first = results[0].model.problem.y
    for name, result in zip(names, results, strict=True):
        if not np.array_equal(result.model.problem.y, first):
            raise ValueError(
                f"models {names[0]!r} and {name!r} have different responses: "
                "compare needs fits of the same rows in the same order"
            )
    order = np.argsort([r.fit.rank for r in results], kind="stable")
    ranked = [results[i] for i in order]
    tests = [(np.nan, np.nan, np.nan, "")]
    tests += [_test(smaller, larger) for smaller, larger in pairwise(ranked)]
    statistics, differences, pvalues, notes = zip(*tests, strict=True)
    return results[0]._frame(
        {
            "Model": np.array([names[i] for i in order], dtype=object),
            "Df": np.array([r.fit.rank for r in ranked]),
            "Df Residual": np.array([r.df_resid for r in ranked]),
            "Deviance": np.array([r.deviance for r in ranked]),
            "Log-Likelihood": np.array([r.llf() for r in ranked]),
            "AIC": np.array([r.aic() for r in ranked]),
            "BIC": np.array([r.bic() for r in ranked]),
            "Chisq": np.array(statistics),
            "Df Difference": np.array(differences),
            "Pr(>Chisq)": np.array(pvalues),
            "Note": np.array(notes, dtype=object),
        }
    )


def _test(smaller, larger):
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
            isinstance(larger.dispersion, Real),
        )
    df = larger.fit.rank - smaller.fit.rank
    return ratio, float(df), float(chi2.sf(ratio, df)), ""


def _not_nested(smaller, larger):
    """Why the likelihood ratio of two models would be no test; empty if it is one."""
    one, two = smaller.model.problem, larger.model.problem
    if smaller.is_regularized or larger.is_regularized:
        return "penalised: no likelihood-ratio test"
    if one.family.name() != two.family.name():
        return "not nested: another family"
    both_estimated = smaller.fit.parameter is not None and larger.fit.parameter is not None
    if repr(one.family) != repr(two.family) and not both_estimated:
        return f"not nested: another {two.family.parameter}"
    if one.link.name() != two.link.name():
        return "not nested: another link"
    for role in ("weights", "offset"):
        if not _same(getattr(one, role), getattr(two, role), neutral=role == "weights"):
            return f"not nested: other {role}"
    if smaller.fit.rank == larger.fit.rank:
        return "not nested: the same rank"
    return "" if _spanned(one, two) else "not nested: columns that the larger lacks"


def _same(one, two, neutral):
    """Whether two vectors are equal; None stands for the neutral value."""
    if one is None or two is None:
        given = one if two is None else two
        return given is None or bool(np.all(given == neutral))
    return np.array_equal(one, two)


def _spanned(smaller, larger):
    """Whether the larger design spans the smaller, in the rows that have weight.

    With the columns of the larger first, those of the smaller must all be aliased.
    """
    designs = (larger.design, smaller.design)
    both = DesignMatrix([b for d in designs for b in d.blocks], larger.design.n_threads)
    weights = larger.weights
    present = np.ones(both.shape[0]) if weights is None else (weights > 0).astype(float)
    aliased = NormalEquations(both.gram(present)).aliased
    return bool(aliased[larger.design.shape[1] :].all())
