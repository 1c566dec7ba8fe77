"""Which columns are factors where nobody says so: those of a portfolio that are worth a look.

Numbers are continuous, texts, categories and booleans categorical. Left out, each with its reason:

* columns with another role (response, exposure, weights), which need no reason;
* columns of other types (dates, lists);
* columns of one value, or none;
* identifiers: texts of more than 20 levels and more than half as many as rows, and whole numbers of
  which no two rows (of more than 20) have the same.

Whoever wants one of them explored lists it. Cost: what coding the columns costs, and a sort of the
whole numbers that look like identifiers.
"""

import numpy as np

from rustystats import frames
from rustystats.diagnostics.exploration_sections import LeftOut
from rustystats.diagnostics.factors import check_factors
from rustystats.messages import counted, did_you_mean
from rustystats.terms.categorical import CategoricalFactor
from rustystats.terms.cut import ComputedFactor
from rustystats.terms.target import FrequencyFactor, TargetFactor

FEW = 20  # levels that every text may have, and rows in which numbers may all differ
SAMPLE = 4096


def named_factors(categorical, continuous, known, roles):
    """The factors that the caller lists, as two lists of names; `roles` by name of the column.

    Raises
    ------
    ValueError
        If a name is unknown, listed twice, or has a role.
    """
    found = check_factors(categorical, continuous)
    for name in [*found[0], *found[1]]:
        if name not in known:
            raise ValueError(
                f"unknown factor {name!r}{did_you_mean(name, known)}: the data have no such column"
            )
        if name in roles:
            raise ValueError(f"column {name!r} is the {roles[name]}, no factor: leave it out")
    return found


def readable_columns(data, roles):
    """Names of the columns whose type a factor can have, and a `LeftOut` for each of the others.

    Of the data the schema alone is read; columns with a role are neither.
    """
    names, left_out = [], []
    for name, kind in frames.column_kinds(data).items():
        if name in roles:
            continue
        if kind in ("number", "boolean", "category"):
            names.append(name)
        else:
            left_out.append(LeftOut(name, f"its type is {kind}, neither numbers nor levels"))
    return names, left_out


def choose_factors(columns, names):
    """Names of the categorical and of the continuous columns, and a `LeftOut` for each other."""
    categorical, continuous, left_out = [], [], []
    for name in names:
        is_levels = columns.is_categorical(name)
        reason = _against_levels(columns, name) if is_levels else _against_numbers(columns, name)
        if reason:
            left_out.append(LeftOut(name, reason))
        else:
            (categorical if is_levels else continuous).append(name)
    return categorical, continuous, left_out


def factors_of_terms(terms, column_kinds):
    """Names of the columns of a formula that it reads as levels, or that are no numbers, and of
    others, both in its order.
    """
    is_levels = {}
    for term in terms.terms:
        for factor in term.factors:
            read = isinstance(factor, (CategoricalFactor, TargetFactor, FrequencyFactor))
            read = read and not isinstance(factor, ComputedFactor)
            for name in factor.columns:
                is_levels.setdefault(name, read or column_kinds[name] != "number")
    return [[name for name in is_levels if is_levels[name] is kind] for kind in (True, False)]


def _against_levels(columns, name):
    """Why a column of levels is no factor, or an empty text."""
    try:
        encoded = columns.factor(name, missing=True)
    except ValueError as error:  # more levels than a factor can have, or mixed types
        return str(error)
    n_levels = len(encoded.levels) - len(encoded.missing)
    if len(encoded.levels) == 1:
        return _single(n_levels)
    n_known = columns.n_rows - int(encoded.counts[encoded.missing].sum())
    if n_levels > max(FEW, n_known / 2):
        return f"an identifier by its {n_levels} levels in {counted(n_known, 'row')}"
    return ""


def _against_numbers(columns, name):
    """Why a column of numbers is no factor, or an empty text."""
    encoded = columns.encoded(name, quick=True, missing=True)
    if encoded is not None and len(encoded.levels) == 1:
        return _single(1 - len(encoded.missing))
    n_levels = None if encoded is None else len(encoded.levels)
    values = columns.numbers(name)
    if values.dtype.kind in "iu" and columns.n_rows > FEW and _all_differ(values, n_levels):
        return "an identifier by its whole numbers, of which no two rows have the same"
    return ""


def _single(n_levels):
    return "it has one value in all rows" if n_levels else "it has no value in any row"


def _all_differ(values, n_levels):
    """Whether no two of many whole numbers are the same; n_levels where that is known."""
    if n_levels is not None:
        return n_levels == len(values)
    if np.all(values[1:] > values[:-1]):
        return True
    sample = values[:: max(1, len(values) // SAMPLE)]
    return len(np.unique(sample)) == len(sample) and len(np.unique(values)) == len(values)
