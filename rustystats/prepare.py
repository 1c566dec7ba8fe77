"""From a specification and data to a model that can be fitted.

    terms + columns -> DesignMatrix;  response, weights, exposure, offset -> checked vectors
    -> Problem

Everything is checked before anything is solved. All faces of the package go through `prepare`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rustystats import frames
from rustystats.checks import is_whole
from rustystats.design.blocks import blocks_of_rows
from rustystats.design.matrix import DesignMatrix
from rustystats.offsets import (
    ModelComplement,
    as_complement,
    complement_columns,
    evaluate_complement,
    evaluate_offsets,
    finite,
    learn_offsets,
    named,
    plus,
    read_vector,
)
from rustystats.penalties import check_alpha
from rustystats.solvers.problem import Problem
from rustystats.specification import Specification
from rustystats.terms.array import ArrayColumns
from rustystats.terms.term import ModelTerms, select_columns
from rustystats.terms.training import Training

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from rustystats.families.base import FamilyMixin
    from rustystats.links import NamedLink
    from rustystats.penalties import PenaltyOptions
    from rustystats.terms.expression import Expression
    from rustystats.terms.levels import Policies
    from rustystats.terms.term import Term
    from rustystats.typing import Floats, Vector


@dataclass(frozen=True, eq=False)
class Model(Specification):
    """A specification with what it learned from the data, and the problem to solve.

    Parameters
    ----------
    problem : Problem
    spans : for each term, the range of its blocks in the design
    exposure : (n,) or None
    inputs : frames.Inputs, for their hashes
    columns, training : what the terms were learned from, where they learn from the response
    """

    problem: Problem
    spans: list[range]
    exposure: np.ndarray | None
    inputs: frames.Inputs
    columns: Any = None
    training: Training | None = None

    def penalised(self, options: PenaltyOptions, alpha: float) -> Model:
        """The model with a penalty, or with bounds alone."""
        options.check_used(check_alpha(alpha))
        wanted = alpha > 0 or options.bounded
        penalty = options.penalty(self, alpha) if wanted else None
        return replace(self, problem=replace(self.problem, penalty=penalty))

    @property
    def prediction_blocks(self) -> list[Any]:
        """The blocks of the design, on the rows of the fit, as a prediction has them."""
        blocks = list(self.problem.design.blocks)
        for term, span in zip(self.terms.terms, self.spans, strict=True):
            if term.is_supervised:
                blocks[span.start : span.stop] = term.blocks(self.columns)
        return blocks

    def split(self, train: NDArray[np.intp], test: NDArray[np.intp]) -> tuple[Problem, Problem]:
        """The problem on some of the rows, and on others that it is to be judged by.

        What terms learned from the response they learn anew from the first rows.
        """
        fitted, terms = self._part(train)
        judged = self.problem.take(test)
        if self.terms.is_supervised:
            judged = replace(judged, design=self._design_of(terms, test, self.columns.take(test)))
        return fitted, judged

    def part(self, rows: NDArray[np.intp]) -> Problem:
        """The problem on some rows; what terms learned from the response, from them alone."""
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

    def select(self, columns: NDArray[np.bool_]) -> Model:
        """The model with some of its columns alone, (p,) bool, without penalty."""
        problem, starts = self.problem, self.problem.design.starts
        terms: list[Term] = []
        spans: list[range] = []
        blocks: list[Any] = []
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

    def threaded(self, n_threads: int | None) -> Model:
        """The model with another number of threads."""
        problem = self.problem
        threaded = replace(problem, design=problem.design.threaded(n_threads))
        return replace(self, problem=threaded, n_threads=n_threads)


def prepare(
    terms: ModelTerms,
    columns: Any,
    y: ArrayLike,
    *,
    family: FamilyMixin,
    link: NamedLink,
    response: str = "y",
    weights: Vector | None = None,
    exposure: Vector | None = None,
    offset: Vector | None = None,
    offset_expressions: Sequence[Expression] = (),
    complement: Any = None,
    seed: int = 0,
    policies: Policies | None = None,
) -> Model:
    """Check the data and set up the problem.

    Parameters
    ----------
    terms : ModelTerms, not learned
    columns : Columns
    response : str, its name in messages
    weights, exposure, offset : column name, (n,) array or None
    complement : GLMResults, ModelComplement, column name, (n,) array or None
    seed : int, of what terms draw at random
    policies : of factors that do not say themselves
    """
    if not is_whole(seed) or seed < 0:
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
        inputs=_inputs(
            columns,
            (*terms.columns, *offsets.columns, *complement_columns(complement)),
            response,
            y,
            {"weights": weights, "exposure": exposure, "offset": offset, "complement": complement},
        ),
        **kept,
    )


def check_response(y: ArrayLike, n_rows: int, family: FamilyMixin, name: str) -> Floats:
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


def check_weights(weights: Vector, columns: Any, n_rows: int) -> Floats:
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


def _inputs(columns, names, response, y, given):
    """The columns and arrays that the model is made from, by name."""
    is_array = isinstance(columns, ArrayColumns)
    parts = {"X (array)": columns.matrix} if is_array else {}
    parts[response] = y
    for role, value in given.items():
        if isinstance(value, str):
            names = (*names, value)
        elif value is not None and not isinstance(value, ModelComplement):
            parts[f"{role} (array)"] = value
    return frames.Inputs({name: columns.series(name) for name in names} | parts)


def _intercept_position(terms, spans, design):
    for term, span in zip(terms.terms, spans, strict=True):
        if not term.factors:
            return int(design.starts[span[0]])
    return None
