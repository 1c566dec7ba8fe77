"""What is added to the linear predictor beside X b: exposure and offset, at fit and at prediction.

* ``exposure=`` (column or array, > 0, log link) adds its logarithm.
* ``offset=`` as an array is added as it is, on the link scale. As a column name with a log link it
  is the older spelling of an exposure: the column must be positive and its logarithm is added; with
  any other link the column is added as it is.
* ``offset(expr)`` in a formula is added as it is.
"""

from dataclasses import dataclass

import numpy as np

from rustystats.codes import as_numbers


@dataclass(frozen=True)
class OffsetTerms:
    """How the offset of a model is made, kept for prediction.

    Parameters
    ----------
    exposure, offset : str (a column), True (an array was given at fit) or None
    expressions : tuple of Expression, from the formula
    log_link : bool
    """

    exposure: object = None
    offset: object = None
    expressions: tuple = ()
    log_link: bool = True

    @property
    def columns(self):
        """Names of the data columns used."""
        named = [name for name in (self.exposure, self.offset) if isinstance(name, str)]
        named += [name for expression in self.expressions for name in expression.columns]
        return tuple(dict.fromkeys(named))

    def describe(self):
        """What a summary says of the offset."""
        parts = []
        if self.exposure is not None:
            parts.append(f"log({self.exposure if isinstance(self.exposure, str) else 'exposure'})")
        if isinstance(self.offset, str):
            parts.append(f"log({self.offset})" if self.log_link else self.offset)
        elif self.offset:
            parts.append("array")
        parts += [expression.text for expression in self.expressions]
        return " + ".join(parts) or "none"


def learn_offsets(exposure, offset, expressions, link):
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
    )


def evaluate_offsets(terms, columns, exposure, offset, n_rows):
    """The offset of each row, and its exposure.

    Parameters
    ----------
    terms : OffsetTerms
    columns : Columns or None
    exposure, offset : str, array or scalar
    n_rows : int

    Returns
    -------
    (offset, exposure) : each (n,) float64 or None
    """
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
        total = _plus(total, finite(values, "offset", offset))
    for expression in terms.expressions:
        values = np.broadcast_to(expression.evaluate_rows(columns), n_rows)
        total = _plus(total, finite(values, "offset", expression.text))
    return total, exposure_values


def _plus(total, values):
    return np.array(values) if total is None else total + values


def read_vector(values, columns, n_rows, role):
    """A column, an array or a scalar as (n,) float64.

    Raises
    ------
    ValueError
        If the column is not numeric or the length differs.
    """
    if isinstance(values, str):
        if columns is None:
            raise ValueError(f"{role}={values!r} names a column, but the data are no DataFrame")
        return np.asarray(columns.numbers(values), dtype=np.float64)
    values = as_numbers(values, role)
    if values.ndim == 0:
        return np.full(n_rows, float(values))
    if values.shape != (n_rows,):
        raise ValueError(f"{role} has shape {values.shape}, the data have {n_rows} rows")
    return values


def finite(values, role, source):
    """The values, or an error that counts those that are missing or infinite."""
    if not np.isfinite(np.sum(values)) and not np.all(np.isfinite(values)):
        bad = int(np.count_nonzero(~np.isfinite(values)))
        raise ValueError(f"{named(role, source)} is missing or infinite in {bad} rows: {REMEDY}")
    return values


def positive(values, source, role="exposure"):
    """The values, or an error that counts those that are not positive numbers."""
    finite(values, role, source)
    if values.min() <= 0:
        bad = int(np.count_nonzero(values <= 0))
        raise ValueError(
            f"{named(role, source)} is zero or negative in {bad} of {len(values)} rows: "
            "every row needs an exposure above 0; drop or correct those rows"
        )
    return values


REMEDY = "fill or drop those rows"


def named(role, source):
    """A role with the column it came from."""
    return f"{role} {source!r}" if isinstance(source, str) else role
