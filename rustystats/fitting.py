"""The way from a specification and data to a fit; every face of the package goes through here.

    terms + columns -> DesignMatrix;  response, weights, exposure, offset -> checked vectors
    -> Problem -> solver -> Fit

Everything is checked before anything is solved, and no state is kept: an error leaves nothing
half-fitted.
"""

from dataclasses import dataclass, replace
from numbers import Real

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from rustystats import frames
from rustystats.design.blocks import blocks_of_rows
from rustystats.design.matrix import DesignMatrix
from rustystats.messages import SeparationWarning, warn_user
from rustystats.offsets import (
    OffsetTerms,
    as_complement,
    evaluate_complement,
    evaluate_offsets,
    finite,
    learn_offsets,
    named,
    plus,
    read_vector,
)
from rustystats.penalties import check_alpha
from rustystats.solvers import method
from rustystats.solvers.free_part import free_part
from rustystats.solvers.nested import nearly_aliased
from rustystats.solvers.parameter import solve_with_parameter
from rustystats.solvers.path import solve_path
from rustystats.solvers.problem import Problem
from rustystats.solvers.separation import separated_parts
from rustystats.solvers.solve import solve_problem
from rustystats.terms.array import ArrayColumns
from rustystats.terms.term import ModelTerms, select_columns
from rustystats.terms.training import Training


@dataclass(frozen=True, eq=False)
class Model:
    """A specification with what it learned from the data, and the problem to solve.

    Parameters
    ----------
    terms : ModelTerms, learned
    problem : Problem
    spans : for each term, the range of its blocks in the design
    offsets : OffsetTerms
    exposure : (n,) or None
    names : names of the design columns
    response : str
    weights_name : str or None
    n_threads : int or None, as asked
    columns, training : what the terms were learned from, where they learn from the response
    """

    terms: ModelTerms
    problem: Problem
    spans: list
    offsets: OffsetTerms
    exposure: np.ndarray | None
    names: list
    response: str
    weights_name: str | None
    n_threads: int | None
    columns: object = None
    training: Training | None = None

    def read(self, data, names):
        """The columns of new data: those of the terms, and `names`."""
        if self.terms.is_array and not frames.is_frame(data):
            return ArrayColumns(data, self.n_threads)
        return frames.read_columns(data, (*self.terms.columns, *names), self.n_threads)

    def penalised(self, options, alpha):
        """The model with a penalty, or with bounds alone.

        Parameters
        ----------
        options : PenaltyOptions
        alpha : float, of the objective in `solvers/problem.py`
        """
        options.check_used(check_alpha(alpha))
        wanted = alpha > 0 or options.bounded
        penalty = options.penalty(self, alpha) if wanted else None
        return replace(self, problem=replace(self.problem, penalty=penalty))

    @property
    def prediction_blocks(self):
        """The blocks of the design, on the rows of the fit, as a prediction has them."""
        blocks = list(self.problem.design.blocks)
        for term, span in zip(self.terms.terms, self.spans, strict=True):
            if term.is_supervised:
                blocks[span.start : span.stop] = term.blocks(self.columns)
        return blocks

    def split(self, train, test):
        """The problem on some of the rows, and on others that it is to be judged by.

        What terms learned from the response they learn anew from the first rows.

        Parameters
        ----------
        train, test : index arrays
        """
        fitted, terms = self._part(train)
        judged = self.problem.take(test)
        if self.terms.is_supervised:
            judged = replace(judged, design=self._design_of(terms, test, self.columns.take(test)))
        return fitted, judged

    def part(self, rows):
        """The problem on some of the rows; what terms learned from the response, from them alone.

        Parameters
        ----------
        rows : index array
        """
        return self._part(rows)[0]

    def _part(self, rows):
        problem = self.problem.take(rows)
        if not self.terms.is_supervised:
            return problem, self.terms
        columns, training = self.columns.take(rows), self.training.take(rows)
        terms = self.terms.relearn(columns, training)
        design = self._design_of(terms, rows, columns, training)
        return replace(problem, design=design), terms

    def _design_of(self, terms, rows, columns, training=None):
        """The design of some of the rows, where supervised terms may have learned from others."""
        design, blocks = self.problem.design, []
        for term, span in zip(terms.terms, self.spans, strict=True):
            if term.is_supervised:
                blocks += term.blocks(columns, training)
            else:
                blocks += blocks_of_rows([design.blocks[index] for index in span], rows)
        return DesignMatrix(blocks, design.n_threads)

    def select(self, columns):
        """The model with some of its columns alone, without penalty.

        Parameters
        ----------
        columns : (p,) bool
        """
        problem, starts = self.problem, self.problem.design.starts
        terms, spans, blocks = [], [], []
        for term, span in zip(self.terms.terms, self.spans, strict=True):
            mine = np.flatnonzero(columns[starts[span.start] : starts[span.stop]])
            if len(mine) or self.terms.is_array:  # an array is read as a whole in any case
                made = select_columns([problem.design.blocks[index] for index in span], mine)
                terms.append(term.select(mine))
                spans.append(range(len(blocks), len(blocks) + len(made)))
                blocks += made
        intercept = problem.intercept
        selected = replace(
            problem,
            design=DesignMatrix(blocks, problem.design.n_threads),
            penalty=None,
            intercept=None if intercept is None else int(np.count_nonzero(columns[:intercept])),
        )
        names = [name for name, kept in zip(self.names, columns, strict=True) if kept]
        return replace(
            self, terms=ModelTerms(tuple(terms)), problem=selected, spans=spans, names=names
        )

    def threaded(self, n_threads):
        """The model with another number of threads."""
        problem = self.problem
        threaded = replace(problem, design=problem.design.threaded(n_threads))
        return replace(self, problem=threaded, n_threads=n_threads)


def prepare(
    terms,
    columns,
    y,
    *,
    family,
    link,
    response="y",
    weights=None,
    exposure=None,
    offset=None,
    offset_expressions=(),
    complement=None,
    seed=0,
    policies=None,
):
    """Check the data and set up the problem.

    Parameters
    ----------
    terms : ModelTerms, not learned
    columns : Columns
    y : (n,) response
    family, link : objects
    response : str, its name in messages
    weights, exposure, offset : column name, (n,) array or None
    offset_expressions : tuple of Expression
    complement : GLMResults, ModelComplement, column name, (n,) array or None
    seed : int, of what terms draw at random
    policies : levels.Policies of factors that do not say themselves, or None

    Returns
    -------
    Model
    """
    if isinstance(seed, bool) or not hasattr(seed, "__index__") or seed < 0:
        raise ValueError(f"seed must be a whole number of 0 or more, not {seed!r}")
    n_rows = columns.n_rows
    complement = as_complement(complement, link)
    offsets = learn_offsets(exposure, offset, offset_expressions, link, complement)
    y = check_response(y, n_rows, family, response)
    prior = None if weights is None else check_weights(weights, columns, n_rows)
    shift, exposure_values = evaluate_offsets(offsets, columns, exposure, offset, n_rows)
    shift = plus(shift, evaluate_complement(complement, columns, n_rows, family, link))
    given = (exposure, weights, offset, complement)
    reserved = {name for name in given if isinstance(name, str)}
    clash = reserved.intersection(terms.columns)
    if clash:
        raise ValueError(
            f"column {sorted(clash)[0]!r} is exposure, offset or weight (or complement) of "
            "this model and cannot be a term as well: copy it under another name if that is meant"
        )
    training = Training(y, prior, exposure_values, seed)
    learned = terms.resolve(columns, policies).learn(columns, training)
    names = learned.names()
    design, spans = learned.design(columns, training)
    kept = {"columns": columns, "training": training} if learned.is_supervised else {}
    problem = Problem(
        design=design,
        y=y,
        family=family,
        link=link,
        weights=prior,
        offset=shift,
        intercept=_intercept_position(learned, spans, design),
    )
    return Model(
        terms=learned,
        problem=problem,
        spans=spans,
        offsets=offsets,
        exposure=exposure_values,
        names=names,
        response=response,
        weights_name=weights if isinstance(weights, str) else None,
        n_threads=columns.asked_threads,
        **kept,
    )


def solve(model, *, tol, max_iter, columns=None, start=None, **parameter_options):
    """Fit the model, its family's parameter included where the data decide it.

    Warns where the fit is not what was asked for.

    Parameters
    ----------
    model : Model
    tol, max_iter : as in `solvers/irls.py`
    columns : ArrayColumns that have not been looked through for NaN and infinity yet, or None
    start : (p,) or None, as in `solve_problem`
    parameter_options : of `solve_with_parameter`

    Returns
    -------
    (Model, Fit)
    """
    check_tol(tol, "tol")
    check_count(max_iter, "max_iter")
    problem = model.problem
    _check_width(model)
    try:
        if problem.family.estimated:
            problem, fit = solve_with_parameter(
                problem, tol=tol, max_iter=max_iter, **parameter_options
            )
        else:
            fit = solve_problem(problem, tol=tol, max_iter=max_iter, start=start)
    except ValueError:
        if isinstance(columns, ArrayColumns):
            columns.check_finite()  # says more than the solver can
        raise
    free = _free_part(problem, fit, model.names)
    if free:
        fit = replace(fit, separated=separated_parts(*free))
        _warn_of_near_aliases(*free)
    _say_what_is_wrong(problem, fit)
    return replace(model, problem=problem), fit


def trace_path(model, options, grid, *, tol, max_iter, columns=None):
    """Fit the model along decreasing alphas, and warn where a fit did not converge.

    Parameters
    ----------
    model : Model
    options : PenaltyOptions
    grid : AlphaGrid
    tol, max_iter, columns : as in `solve`

    Returns
    -------
    (Model, Path) : the model has the penalty, at alpha 0
    """
    check_tol(tol, "tol")
    check_count(max_iter, "max_iter")
    family = model.problem.family
    if family.estimated:
        raise ValueError(
            f"a path needs {family.parameter} as a number: fit once without penalty and pass "
            f"{family.parameter}=result.{family.parameter}"
        )
    penalised = replace(model, problem=replace(model.problem, penalty=options.penalty(model)))
    _check_width(penalised, tracing=True)
    if grid.given is not None and grid.given[-1] == 0 and options.l1_ratio == 0:
        _check_width(penalised)
    try:
        path = solve_path(penalised.problem, grid, tol=tol, max_iter=max_iter)
    except ValueError:
        if isinstance(columns, ArrayColumns):
            columns.check_finite()
        raise
    path = replace(path, fits=_with_separation(penalised, path))
    short = [alpha for alpha, fit in zip(path.alphas, path.fits, strict=True) if not fit.converged]
    if short:
        message = next(fit.message for fit in path.fits if not fit.converged)
        warn_user(
            f"{len(short)} of {len(path.alphas)} fits of the path did not converge, from alpha="
            f"{short[0]:.4g} on: {message}",
            ConvergenceWarning,
        )
    return penalised, path


def _with_separation(model, path):
    """The fits of a path with what separates the columns that are not penalised; and warnings of
    that, and of columns nearly aliased.

    That is a matter of the data, whatever the penalty of the others: one fit shows it for all those
    with a penalty.
    """
    problem, fits = model.problem, []
    penalised = np.count_nonzero(path.alphas)
    for alike in (path.fits[:penalised], path.fits[penalised:]):
        if alike:
            at_last = problem.at(path.alphas[len(fits) + len(alike) - 1])
            free = _free_part(at_last, alike[-1], model.names)
            separated = separated_parts(*free) if free else ()
            fits += [replace(fit, separated=separated) for fit in alike]
    _warn_of_separation(fits[-1].separated)
    if free:
        _warn_of_near_aliases(*free)
    return tuple(fits)


def _free_part(problem, fit, names):
    """(Problem, Fit, names) where the likelihood alone decides, with a Gram; None for nothing."""
    if fit.gram is not None:
        return problem, fit, names
    part = free_part(problem, fit)
    return part and (*part[:2], [names[column] for column in part[2]])


def _warn_of_near_aliases(problem, fit, names):
    near = nearly_aliased(problem, fit)
    if near.any():
        listed = ", ".join(name for name, is_near in zip(names, near, strict=True) if is_near)
        warn_user(
            f"{listed}: so nearly a combination of the columns before that the cross-products "
            "cannot tell, and left out (NaN); subtract its mean or rescale it, use a spline "
            "instead of powers, or look for weights and offsets many orders of magnitude apart"
        )


def _warn_of_separation(separated):
    if separated:
        warn_user(
            f"the likelihood has no maximum (separation) along {'; '.join(separated)}: the "
            "response lies at one end of its range in all of these rows. The coefficients run to "
            "infinity and were stopped, and their standard errors mean nothing: group those "
            "levels with others, leave them out, or penalise them",
            SeparationWarning,
        )


def _say_what_is_wrong(problem, fit):
    """Warn of each way in which the fit is not what was asked for."""
    _warn_of_separation(fit.separated)
    if not fit.converged:
        warn_user(f"the fit did not converge: {fit.message}", ConvergenceWarning)
    if fit.parameter is not None and not np.isfinite(fit.parameter.error):
        reason = problem.family.at_edge()
        where = f"is the edge of its range: {reason}"
        if not reason:
            where = "has no standard error, for want of a clear maximum: see profile_parameter()"
        warn_user(f"{fit.parameter.name}={fit.parameter.value:g} {where}")


def check_response(y, n_rows, family, name):
    """The response as (n,) float64 inside the family's domain.

    Raises
    ------
    ValueError
        Naming the response, the number of rows at fault and the remedy.
    """
    y = np.ascontiguousarray(read_vector(y, None, n_rows, f"response {name!r}"))
    finite(y, "response", name)
    domain = family.y_domain
    if not domain.contains([y.min(), y.max()]).all():
        outside = ~domain.contains(y)
        raise ValueError(
            f"response {name!r} is outside {domain} in {int(outside.sum())} of {n_rows} rows "
            f"(for instance {y[outside][0]:g}), where the {family.name()} family cannot be: "
            "correct or drop those rows, or choose another family"
        )
    return y


def check_weights(weights, columns, n_rows):
    """Prior weights as (n,) float64, none negative and not all zero."""
    values = np.ascontiguousarray(read_vector(weights, columns, n_rows, "weights"))
    finite(values, "weights", weights)
    if values.min() < 0:
        bad = int(np.count_nonzero(values < 0))
        raise ValueError(
            f"{named('weights', weights)} is negative in {bad} rows: a weight is 0 or more, "
            "correct or drop those rows"
        )
    if values.max() == 0:
        where = f"all {n_rows} rows"
        raise ValueError(f"{named('weights', weights)} is zero in {where}: nothing to fit")
    return values


def check_tol(tol, name):
    """A tolerance is a positive number."""
    if not (isinstance(tol, Real) and np.isfinite(tol) and tol > 0):
        raise ValueError(f"{name} must be a positive number, not {tol!r}")


def check_count(count, name):
    """A number of steps is whole, and at least 1."""
    if isinstance(count, bool) or not hasattr(count, "__index__") or count < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, not {count!r}")


def check_dispersion(dispersion):
    """How the dispersion of standard errors is found: None, "pearson", "deviance" or a number."""
    if isinstance(dispersion, Real) and not isinstance(dispersion, bool):
        known = np.isfinite(dispersion) and dispersion > 0
    else:
        known = dispersion is None or (
            isinstance(dispersion, str) and dispersion in ("pearson", "deviance")
        )
    if not known:
        raise ValueError(
            "dispersion must be 'pearson', 'deviance', a positive number, or None for the "
            f"family's own, not {dispersion!r}"
        )
    return dispersion


def _check_width(model, tracing=False):
    """Refuse what only a Gram too large would solve; `tracing` as in `choose`."""
    if method.choose(model.problem, tracing) is not None:
        return
    p, penalty = len(model.names), model.problem.penalty
    widest = max(model.terms.terms, key=lambda term: len(term.names()))
    remedy = "group the levels, or leave that term out"
    if penalty is None or not (tracing or penalty.alpha > 0):
        remedy += ", or penalise it: regularization='lasso' or 'ridge' needs none of them"
    elif penalty.groups is not None:
        remedy += ", or leave out group=: the lasso of single columns needs only a few of them"
    elif np.count_nonzero(penalty.factors == 0) > method.SET_COLUMNS:
        remedy += ", or give it a penalty_factor above 0"
    else:
        remedy += ", or bound coefficients beside an L1 penalty (l1_ratio and alpha above 0)"
    raise ValueError(
        f"the model has {p} columns, {len(widest.names())} of them from "
        f"{':'.join(widest.columns)}: their cross-products would take {8e-9 * p**2:.0f} GB; "
        f"{remedy}"
    )


def _intercept_position(terms, spans, design):
    for term, span in zip(terms.terms, spans, strict=True):
        if not term.factors:
            return int(design.starts[span[0]])
    return None
