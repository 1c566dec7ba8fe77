"""What is added to the linear predictor beside X b, at fit and at prediction: exposure, offset and
complement.

* ``exposure=`` (column or array, > 0, log link) adds its logarithm.
* ``offset=`` as an array is added as it is, on the link scale. As a column name with a log link it
  is the older spelling of an exposure: the column must be positive and its logarithm is added; with
  any other link the column is added as it is.
* ``offset(expr)`` in a formula is added as it is.
* ``complement=`` is what another model predicts for a unit of exposure; its link is added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rustystats.checks import as_numbers

if TYPE_CHECKING:
    from rustystats.families.base import FamilyMixin
    from rustystats.links import NamedLink
    from rustystats.terms.expression import Expression
    from rustystats.terms.term import ModelTerms
    from rustystats.typing import Floats, Vector


@dataclass(frozen=True)
class OffsetTerms:
    """How the offset of a model is made, kept for prediction.

    Parameters
    ----------
    exposure, offset : str (a column), True (an array was given at fit) or None
    expressions : tuple of Expression, from the formula
    log_link : bool
    complement : ModelComplement, str (a column), True (an array was given at fit) or None
    """

    exposure: str | bool | None = None
    offset: str | bool | None = None
    expressions: tuple[Expression, ...] = ()
    log_link: bool = True
    complement: ModelComplement | str | bool | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the data columns used."""
        return tuple(dict.fromkeys([*named_columns(self.exposure, self.offset), *self.own_columns]))

    @property
    def own_columns(self) -> tuple[str, ...]:
        """Those that are looked up whatever exposure and offset a prediction is given."""
        return tuple(name for expression in self.expressions for name in expression.columns)

    def describe(self) -> str:
        """What a summary says of the offset."""
        parts = []
        if self.exposure is not None:
            parts.append(f"log({self.exposure if isinstance(self.exposure, str) else 'exposure'})")
        if isinstance(self.offset, str):
            parts.append(f"log({self.offset})" if self.log_link else self.offset)
        elif self.offset:
            parts.append("array")
        parts += [expression.text for expression in self.expressions]
        if self.complement is not None:
            named = self.complement if isinstance(self.complement, str) else "array"
            named = "model" if isinstance(self.complement, ModelComplement) else named
            parts.append(f"complement({named})")
        return " + ".join(parts) or "none"


@dataclass(frozen=True, eq=False)
class ModelComplement:
    """A fitted model as the complement of another, without the data it was fitted to.

    Parameters
    ----------
    terms : ModelTerms, learned
    coef : (p,) with 0 at aliased columns
    offsets : OffsetTerms
    family, link : objects
    label : str
    """

    terms: ModelTerms
    coef: np.ndarray
    offsets: OffsetTerms
    family: FamilyMixin
    link: NamedLink
    label: str

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the data columns used; that of the exposure is not."""
        named = (*self.terms.columns, *self.offsets.own_columns, *self._offset)
        return tuple(dict.fromkeys((*named, *complement_columns(self.offsets.complement))))

    @property
    def _offset(self) -> tuple[str, ...]:
        """The column that is added as it is, (name,); with a log link it would be an exposure."""
        offset = self.offsets.offset
        return (offset,) if isinstance(offset, str) and not self.offsets.log_link else ()

    def evaluate(self, columns: Any) -> Floats:
        """Linear predictor for a unit of exposure, (n,)."""
        design, _ = self.terms.design(columns)
        n_rows, offset = columns.n_rows, next(iter(self._offset), None)
        shift, _ = evaluate_offsets(self.offsets, columns, None, offset, n_rows)
        own = self.offsets.complement  # that of the complement itself
        shift = plus(shift, evaluate_complement(own, columns, n_rows, self.family, self.link))
        return design.matvec(self.coef, shift)


def as_complement(given: Any, link: NamedLink) -> Any:
    """A complement as it is kept: a fitted model without its data, a column name or an array.

    Raises
    ------
    ValueError
        For a model with another link, of arrays, or fitted with an array that new rows lack.
    TypeError
        For a model that is not fitted.
    """
    if given is None or isinstance(given, ModelComplement) or not hasattr(given, "fit"):
        return given
    if not hasattr(given, "feature_names") or callable(given.fit):
        raise TypeError(
            f"complement is a {type(given).__name__}, which says nothing of new rows: pass what "
            "its fit() returned (of an estimator, its result_)"
        )
    model, problem = given.model, given.model.problem
    instead = "pass complement=its predicted means per unit of exposure, as a column or an array"
    if problem.link.name() != link.name():
        raise ValueError(
            f"the complement has link {problem.link.name()}, the model {link.name()}: {instead}"
        )
    if model.terms.is_array:
        raise ValueError(f"the complement was fitted to an array, not to named columns: {instead}")
    for role in ("offset", "complement"):
        if getattr(model.offsets, role) is True:
            raise ValueError(f"the complement was fitted with an array as {role}: {instead}")
    label = f"the model {given.formula!r}" if given.formula else "another model"
    return ModelComplement(
        model.terms, given.fit.coef, model.offsets, problem.family, problem.link, label
    )


def named_columns(*values: object) -> list[str]:
    """Those of the values that name a column."""
    return [value for value in values if isinstance(value, str)]


def complement_columns(complement: Any) -> tuple[str, ...]:
    """Names of the data columns that a complement needs, a tuple."""
    if isinstance(complement, ModelComplement):
        return complement.columns
    return (complement,) if isinstance(complement, str) else ()


def evaluate_complement(
    complement: Any, columns: Any, n_rows: int, family: FamilyMixin, link: NamedLink
) -> Floats | None:
    """The link of the predicted means of a complement, (n,), or None without one.

    Family and link are those of the model that is complemented, whose means they must be.
    """
    if complement is None:
        return None
    if isinstance(complement, ModelComplement):
        return complement.evaluate(columns)
    mu = finite(read_vector(complement, columns, n_rows, "complement"), "complement", complement)
    with np.errstate(all="ignore"):
        eta = link.link(mu)
    outside = ~(family.mean_domain.contains(mu) & np.isfinite(eta))
    if outside.any():
        raise ValueError(
            f"{named('complement', complement)} is no mean of the {family.name()} family with "
            f"{link.name()} link in {int(outside.sum())} of {n_rows} rows (for instance "
            f"{mu[outside][0]:g}): it must be predicted means for a unit of exposure, not linear "
            "predictors; correct or drop those rows"
        )
    return eta


def learn_offsets(
    exposure: Vector | None,
    offset: Vector | None,
    expressions: Sequence[Expression],
    link: NamedLink,
    complement: Any = None,
) -> OffsetTerms:
    """`OffsetTerms` of a model.

    Raises
    ------
    ValueError
        For an exposure without a log link, or a named offset that is a logarithm already.
    """
    log_link = link.name() == "log"
    if exposure is not None and not log_link:
        raise ValueError(
            f"exposure needs a log link, and the link is {link.name()}: "
            "pass weights= for the volume of a row, or offset= on the link scale"
        )
    if isinstance(exposure, str) and isinstance(offset, str) and exposure == offset:
        raise ValueError(
            f"{exposure!r} is given as exposure and as offset, which adds its logarithm twice: "
            "keep exposure= alone"
        )
    if isinstance(offset, str) and log_link and offset.lower().startswith(("log", "ln")):
        raise ValueError(
            f"offset={offset!r} names a column whose logarithm would be added, but its name says "
            "that it is a logarithm already: name the exposure itself, write "
            f"offset({offset}) in the formula, or pass the column as an array"
        )
    return OffsetTerms(
        exposure if isinstance(exposure, str) or exposure is None else True,
        offset if isinstance(offset, str) or offset is None else True,
        tuple(expressions),
        log_link,
        complement
        if complement is None or isinstance(complement, (str, ModelComplement))
        else True,
    )


def evaluate_offsets(
    terms: OffsetTerms, columns: Any, exposure: Vector | None, offset: Vector | None, n_rows: int
) -> tuple[Floats | None, Floats | None]:
    """The offset of each row, and its exposure, each (n,) float64 or None."""
    total = exposure_values = None
    if exposure is not None:
        exposure_values = positive(read_vector(exposure, columns, n_rows, "exposure"), exposure)
        total = np.log(exposure_values)
    if offset is not None:
        values = read_vector(offset, columns, n_rows, "offset")
        if isinstance(offset, str) and terms.log_link:
            positive(values, offset)
            exposure_values = values if exposure_values is None else exposure_values * values
            values = np.log(values)
        total = plus(total, finite(values, "offset", offset))
    for expression in terms.expressions:
        values = np.broadcast_to(expression.evaluate_rows(columns), n_rows)
        total = plus(total, finite(values, "offset", expression.text))
    return total, exposure_values


def plus(total: Floats | None, values: Floats | None) -> Floats | None:
    """The sum of two vectors, None standing for zeros."""
    if total is None or values is None:
        return total if values is None else np.array(values)
    return total + values


def read_vector(values: Vector, columns: Any, n_rows: int, role: str) -> Floats:
    """A column, an array or a scalar as (n,) float64.

    Raises
    ------
    ValueError
        If the column is not numeric or the length differs, or if the index of a Series has the
        labels of the data in another order.
    """
    if isinstance(values, str):
        if columns is None:
            raise ValueError(f"{role}={values!r} names a column, but the data are no DataFrame")
        return np.asarray(columns.numbers(values), dtype=np.float64)
    index: Any = getattr(values, "index", None)
    own: Any = getattr(columns, "index", None)
    moved = own is not None and hasattr(index, "equals") and not index.equals(own)
    if moved and len(index) == len(own) and index.isin(own).all():
        raise ValueError(
            f"{role} has the labels of the data's index in another order: pass "
            f"{role}.loc[data.index] if they are right, {role}.to_numpy() if the order is"
        )
    values = as_numbers(values, role)
    if values.ndim == 0:
        return np.full(n_rows, float(values))
    if values.shape != (n_rows,):
        raise ValueError(f"{role} has shape {values.shape}, the data have {n_rows} rows")
    return values


def finite(values: Floats, role: str, source: object) -> Floats:
    """The values, or an error that counts those that are missing or infinite."""
    if not np.isfinite(np.sum(values)) and not np.all(np.isfinite(values)):
        bad = int(np.count_nonzero(~np.isfinite(values)))
        raise ValueError(f"{named(role, source)} is missing or infinite in {bad} rows: {REMEDY}")
    return values


def positive(values: Floats, source: object) -> Floats:
    """The exposures, or an error that counts those that are not positive numbers."""
    finite(values, "exposure", source)
    if values.min() <= 0:
        bad = int(np.count_nonzero(values <= 0))
        raise ValueError(
            f"{named('exposure', source)} is zero or negative in {bad} of {len(values)} rows: "
            "every row needs an exposure above 0; drop or correct those rows"
        )
    return values


REMEDY = "fill or drop those rows"


def named(role: str, source: object) -> str:
    """A role with the column it came from."""
    return f"{role} {source!r}" if isinstance(source, str) else role
