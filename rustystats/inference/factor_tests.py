"""Tests of whole terms: does a factor, with all its columns, belong in the model?

A larger model 1 and the same without the term, 0; phi the dispersion of the full model, held fixed:

* LR: twice the difference of the log-likelihoods, ``(D0 - D1) / phi``, chi-square; for the Gaussian
  family ``n log(D0 / D1)``, each model at its own dispersion (`FamilyMixin.likelihood_ratio`),
  unless the dispersion was given as a number.
* F: ``(D0 - D1) / df`` over the deviance of the full model by its residual degrees of freedom. That
  is R's drop1; R's anova.glm and car take the Pearson dispersion instead.
* score (Rao): ``U' I^-1 U / phi`` with score and information of model 1 at the means of model 0,
  where U is zero but for the columns of the term.
* Wald: ``b_T' (V_TT)^-1 b_T`` from model 1 alone. Computed as what dropping the term adds to the
  quadratic approximation of the deviance, ``(b - c)' H (b - c) / phi`` (c in `solvers/nested.py`),
  which is the same number and has no trouble with aliased columns.

Degrees of freedom are the difference of the ranks: a term whose columns only replace others that
were aliased has none, and its p-value is NaN.

Which model 1: the full model for drop1 and type 3; for type 2 the model without the terms that
contain the term (term S contains T when T's factors are some, not all, of S's). Columns are dropped
as they are coded: in either coding a type 3 test of a margin of an interaction is at the reference
level of the other factor (the first, of backward differences), and in ``0 + a + b`` dropping a
leaves the contrasts of b. Parameters of the family (a power, a theta) are those of the full model.

Data flow: masks of columns -> `fit_without` on the one design -> numbers. Cost: a warm-started
refit a term (none for Wald), and one for each set of terms left out in type 2; a score test takes
one more pass with Gram.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2, f

from rustystats.solvers.nested import fit_without, quadratic_minimum
from rustystats.solvers.normal_equations import NormalEquations
from rustystats.solvers.problem import Fit, Problem
from rustystats.threads import single_threaded_blas

# Of the decrement of a refit: the deviance is quadratic in what is left of the way, a score linear
LR_TOL, SCORE_TOL = 1e-8, 1e-12


@dataclass(frozen=True, eq=False)
class TermTest:
    """What the test of a term found; deviance and likelihood ratio are NaN in a Wald test."""

    label: str
    df: int
    statistic: float
    pvalue: float
    deviance: float  # of the model without the term
    likelihood_ratio: float
    converged: bool


@dataclass(frozen=True, eq=False)
class Tested:
    """A fitted model, its dispersion phi (a number that was given, or an estimate), and the terms
    it can be tested without."""

    problem: Problem
    fit: Fit
    dispersion: float
    given: bool
    terms: tuple

    @property
    def df_resid(self):
        return self.problem.n_obs - self.fit.rank


@dataclass(frozen=True, eq=False)
class _Columns:
    """A term by its label, its factors and the design columns (p,) it has."""

    label: str
    factors: frozenset
    columns: np.ndarray

    def contains(self, other):
        return other.factors < self.factors


def tested(model, fit, dispersion, given):
    """`Tested` of a model without a penalty; every column of an array is a term, its intercept
    apart.

    `given` says that the dispersion is a number that was given.
    """
    starts, terms = model.problem.design.starts, []
    everything, intercept = np.arange(starts[-1]), model.problem.intercept
    for term, span in zip(model.terms.terms, model.spans, strict=True):
        if not term.factors:
            continue
        positions = [j for block in span for j in range(starts[block], starts[block + 1])]
        groups = [(term.label, term.factors, positions)]
        if model.terms.is_array:
            groups = [(model.names[j], (model.names[j],), [j]) for j in positions if j != intercept]
        terms += [
            _Columns(label, frozenset(factors), np.isin(everything, columns))
            for label, factors, columns in groups
        ]
    return Tested(model.problem, fit, dispersion, given, tuple(terms))


def drop_terms(full, test):
    """Test of each term that no other contains, dropped from the full model: list of TermTest."""
    return [
        _test(full, (full.problem, full.fit), term, test)
        for term in full.terms
        if not any(other.contains(term) for other in full.terms)
    ]


def analysis_of_variance(full, type_, test):
    """Test of each term, type 2 or 3: list of TermTest."""
    tests, larger = [], {}
    for term in full.terms:
        above = np.zeros_like(term.columns)
        for other in full.terms if type_ == 2 else ():
            if other.contains(term):
                above |= other.columns
        key = above.tobytes()
        if key not in larger:
            larger[key] = (full.problem, full.fit)
            if above.any():
                larger[key] = fit_without(full.problem, full.fit, above, with_gram=True)
        tests.append(_test(full, larger[key], term, test))
    return tests


def _test(full, larger, term, test):
    """One term of the larger problem and fit."""
    problem, fit = larger
    phi = full.dispersion
    deviance = ratio = np.nan
    converged = fit is full.fit or fit.converged  # of the full fit the user knows
    with np.errstate(divide="ignore", invalid="ignore"):  # no degrees of freedom: NaN
        if test == "Wald":
            gain, df = _wald(problem, fit, term.columns)
        else:
            tol = SCORE_TOL if test == "score" else LR_TOL
            _, reduced = fit_without(problem, fit, term.columns, tol=tol)
            converged = converged and reduced.converged
            deviance, df = reduced.deviance, fit.rank - reduced.rank
            ratio = likelihood_ratio(problem, deviance, fit.deviance, phi, full.given)
        if test == "score":
            gain = _score(problem, fit, reduced)
        if test == "F":
            error = full.fit.deviance / full.df_resid if full.df_resid > 0 else np.nan
            error = np.maximum(error, 0.0)  # an exact fit may round to less
            statistic = np.divide(np.maximum(deviance - fit.deviance, 0.0), df or np.nan) / error
            pvalue = f.sf(statistic, df, full.df_resid)
        else:
            statistic = ratio if test == "LR" else np.divide(gain, phi)
            pvalue = chi2.sf(statistic, df)
    return TermTest(term.label, df, float(statistic), float(pvalue), deviance, ratio, converged)


def likelihood_ratio(problem, deviance0, deviance1, dispersion, given):
    """The likelihood-ratio statistic of two models, not below 0; NaN without a dispersion."""
    if given:
        ratio = (deviance0 - deviance1) / dispersion
    else:
        ratio = problem.family.likelihood_ratio(deviance0, deviance1, dispersion, problem.n_obs)
    return float(np.maximum(ratio, 0.0))


def _wald(problem, fit, columns):
    """What dropping the columns adds to the quadratic approximation, and the rank it takes."""
    minimum, rank = quadratic_minimum(problem.without(columns), fit)
    shift = fit.coef - minimum
    return shift @ fit.gram @ shift, fit.rank - rank


def _score(problem, fit, reduced):
    """U' I^-1 U of the larger problem at the smaller fit."""
    with single_threaded_blas():
        point = problem.evaluate(reduced.coef, with_gram=True)
        return point.score @ NormalEquations(point.gram, fit.aliased).solve(point.score)
