"""Which terms the columns of X make: those of a formula, or each column as it is."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from rustystats import frames
from rustystats.formula import parse_formula
from rustystats.terms.array import ArrayColumns, ArrayFactor
from rustystats.terms.expression import Expression
from rustystats.terms.numeric import NumericFactor
from rustystats.terms.term import ModelTerms, Term


class Features(NamedTuple):
    """Parameters
    ----------
    terms : ModelTerms, not learned
    columns : Columns or ArrayColumns
    names : names of the features, or their number where X has none
    shifts : tuple of Expression, what a formula adds to the linear predictor as it is
    """

    terms: ModelTerms
    columns: Any
    names: list[str] | int
    shifts: tuple[Expression, ...] = ()


def read_features(
    X: Any, formula: str | None, fit_intercept: bool, roles: Sequence[str], n_threads: int | None
) -> Features:
    """The features of a DataFrame with named columns, an array or a csr_array.

    Columns that are exposure, offset or weights (`roles`) are none.
    """
    if not frames.is_frame(X):
        if formula is not None or roles:
            raise ValueError(
                "formula and column names need a DataFrame, and X is "
                f"{type(X).__name__}: pass a DataFrame, or arrays without names"
            )
        array = ArrayColumns(X, n_threads, check=False)
        labels = tuple(f"x{i}" for i in range(array.matrix.shape[1]))
        return Features(_terms([(ArrayFactor(labels),)], fit_intercept), array, len(labels))
    if formula is not None:
        kinds = frames.column_kinds(X)
        parsed = parse_formula(formula, response=False, kinds=kinds, reserved=roles)
        shifted = [name for expression in parsed.offsets for name in expression.columns]
        columns = frames.read_columns(X, (*parsed.terms.columns, *roles, *shifted), n_threads)
        factors = [term.factors for term in parsed.terms.terms if term.factors]
        terms = _terms(factors, fit_intercept and parsed.terms.has_intercept)
        return Features(terms, columns, list(terms.columns), parsed.offsets)
    names = frames.column_names(X)
    columns = frames.read_columns(X, (*names, *roles), n_threads)
    features = [name for name in names if name not in roles]
    factors = [(NumericFactor(Expression(f"`{name}`")),) for name in features]
    return Features(_terms(factors, fit_intercept), columns, features)


def _terms(factors: Iterable[tuple[Any, ...]], with_intercept: bool) -> ModelTerms:
    terms = [Term(f) for f in factors]
    if with_intercept:
        terms.insert(0, Term())
    return ModelTerms(tuple(terms))
