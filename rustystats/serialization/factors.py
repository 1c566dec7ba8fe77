"""Each kind of factor as a dictionary, with what it learned, and back: one entry in `KINDS` a kind.

What a factor was asked for stands beside what it learned, so that its name in the model and its
columns are those of the fit. To add a kind: two functions here, and its line in doc/model_file.md.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

from rustystats.encoding import TargetStatistics
from rustystats.serialization.plain import (
    from_array,
    from_number,
    from_value,
    to_array,
    to_number,
    to_text,
    to_texts,
    to_value,
    to_whole,
)
from rustystats.terms.array import ArrayFactor
from rustystats.terms.categorical import CategoricalFactor
from rustystats.terms.cut import Computed, ComputedFactor, Cut
from rustystats.terms.expression import Expression
from rustystats.terms.levels import Levels, Policies
from rustystats.terms.numeric import NumericFactor
from rustystats.terms.polynomial import PolynomialFactor
from rustystats.terms.scaled import ScaledFactor
from rustystats.terms.spline_basis import EXTRAPOLATIONS, SplineBasis
from rustystats.terms.spline_factor import SplineFactor
from rustystats.terms.target import FrequencyFactor, TargetFactor


def from_factor(factor):
    """A learned factor as a dictionary.

    Raises
    ------
    ValueError
        If one of its arguments is nothing that a file can hold, or the factor is of a kind that is
        not known here.
    """
    for name, kind in KINDS.items():
        if type(factor) is kind.of:
            return {"kind": name, **kind.write(factor)}
    raise ValueError(
        f"{factor.label} is a {type(factor).__name__}, which a model file has no place for"
    )


def to_factor(given):
    """The factor that `from_factor` wrote."""
    kind = KINDS.get(given["kind"])
    if kind is None:
        raise ValueError(f"unknown kind of factor {given['kind']!r}")
    return kind.read(given)


def _from_categorical(factor):
    asked = {
        name: from_value(getattr(factor, name), f"{name}= of {factor.label}")
        for name in ("column", *ASKED)
    }
    learned = factor.learned
    return {
        **asked,
        "bare": factor.bare,
        "defaults": _from_policies(factor.defaults),
        "levels_learned": list(learned.labels),
        "reference": int(learned.reference),
        "pooled": list(learned.pooled),
        "shares": from_array(learned.shares),
    }


def _to_categorical(given, make=CategoricalFactor, **others):
    labels = to_texts(given["levels_learned"])
    shares = given["shares"]
    learned = Levels(
        labels,
        to_whole(given["reference"], len(labels)),
        to_texts(given["pooled"]),
        tuple(to_array(shares, len(labels) if shares else 0).tolist()),
    )
    return make(
        to_text(given["column"]),
        **{name: to_value(given[name]) for name in ASKED},
        bare=bool(given["bare"]),
        defaults=_to_policies(given["defaults"]),
        learned=learned,
        **others,
    )


def _from_computed(factor):
    source = factor.source
    made = {"kind": "values", "expression": source.expression.text}
    if isinstance(source, Cut):
        made = {
            "kind": "cut",
            "expression": source.expression.text,
            "breaks": from_value(source.breaks, f"breaks of {factor.label}"),
            "right": source.right,
            "include_lowest": source.include_lowest,
            "labels": from_value(source.labels, f"labels of {factor.label}"),
            "edges": from_array(source.edges),
        }
    return {**_from_categorical(factor), "source": made}


def _to_computed(given):
    made = given["source"]
    expression = Expression(to_text(made["expression"]))
    if made["kind"] == "values":
        return _to_categorical(given, ComputedFactor, source=Computed(expression))
    if made["kind"] != "cut":
        raise ValueError(f"unknown source {made['kind']!r}")
    edges = tuple(to_array(made["edges"]).tolist())
    source = Cut(
        expression,
        to_value(made["breaks"]),
        made["right"],
        made["include_lowest"],
        to_value(made["labels"]),
        edges,
    )
    n_edges = len(source.breaks) if isinstance(source.breaks, tuple) else source.breaks + 1
    if source.edges != edges or len(edges) != n_edges or (np.diff(edges) <= 0).any():
        raise ValueError(f"the edges of {source.text} are not those of its breaks")
    return _to_categorical(given, ComputedFactor, source=source)


def _from_spline(factor):
    basis = factor.basis
    return {
        "function": factor.kind,
        "expression": factor.expression.text,
        "options": _from_options(factor),
        "degree": int(basis.degree),
        "interior_knots": from_array(basis.interior_knots),
        "boundary_knots": from_array(basis.boundary_knots),
        "include_intercept": bool(basis.include_intercept),
        "extrapolation": basis.extrapolation,
    }


def _to_spline(given):
    if given["function"] not in ("bs", "ns") or given["extrapolation"] not in EXTRAPOLATIONS:
        raise ValueError("a spline is no bs or ns, or its extrapolation is not known")
    basis = SplineBasis(
        given["function"],
        to_whole(given["degree"]),
        tuple(to_array(given["interior_knots"]).tolist()),
        tuple(to_array(given["boundary_knots"], 2).tolist()),
        bool(given["include_intercept"]),
        given["extrapolation"],
    )
    return SplineFactor(
        given["function"], Expression(to_text(given["expression"])), _to_options(given), basis
    )


def _from_polynomial(factor):
    return {
        "expression": factor.expression.text,
        "degree": factor.degree,
        "raw": factor.raw,
        "shifts": from_array(factor.shifts),
        "norms": from_array(factor.norms),
    }


def _to_polynomial(given):
    degree, raw = given["degree"], given["raw"]
    return PolynomialFactor(
        Expression(to_text(given["expression"])),
        degree,
        raw,
        tuple(to_array(given["shifts"], 0 if raw else degree).tolist()),
        tuple(to_array(given["norms"], 0 if raw else degree + 1).tolist()),
    )


def _from_scaled(factor):
    return {
        "function": factor.kind,
        "expression": factor.expression.text,
        "options": _from_options(factor),
        "mean": from_number(factor.mean),
        "unit": from_number(factor.unit),
    }


def _to_scaled(given):
    return ScaledFactor(
        to_text(given["function"]),
        Expression(to_text(given["expression"])),
        _to_options(given),
        to_number(given["mean"]),
        to_number(given["unit"]),
    )


def _from_target(factor):
    return {
        "columns": list(factor.columns),
        "prior_weight": from_value(factor.prior_weight, f"prior_weight of {factor.label}"),
        "n_permutations": int(factor.n_permutations),
        "defaults": _from_policies(factor.defaults),
        "levels": {name: list(labels) for name, labels in factor.levels.items()},
        "sums": from_array(factor.statistics.sums),
        "volumes": from_array(factor.statistics.volumes),
        "prior": from_number(factor.statistics.prior),
    }


def _to_target(given):
    columns, levels = _to_levels(given)
    n_levels = len(levels[columns[0]])
    return TargetFactor(
        columns,
        to_value(given["prior_weight"]),
        to_whole(given["n_permutations"]),
        _to_policies(given["defaults"]),
        levels,
        TargetStatistics(
            to_array(given["sums"], n_levels),
            to_array(given["volumes"], n_levels),
            to_number(given["prior"]),
        ),
    )


def _from_frequency(factor):
    return {
        "columns": list(factor.columns),
        "defaults": _from_policies(factor.defaults),
        "levels": {name: list(labels) for name, labels in factor.levels.items()},
        "shares": from_array(factor.shares),
    }


def _to_frequency(given):
    columns, levels = _to_levels(given)
    shares = to_array(given["shares"], len(levels[columns[0]]))
    return FrequencyFactor(columns, _to_policies(given["defaults"]), levels, shares)


def _to_levels(given):
    columns = to_texts(given["columns"])
    levels = {name: np.array(to_texts(given["levels"][name]), dtype=object) for name in columns}
    if len({len(labels) for labels in levels.values()}) != 1:
        raise ValueError(f"the levels of {':'.join(columns)} differ in number")
    return columns, levels


def _from_options(factor):
    return {name: from_value(value, f"{name}= of {factor.label}") for name, value in factor.options}


def _to_options(given):
    return tuple((name, to_value(value)) for name, value in given["options"].items())


def _from_policies(policies):
    return {part.name: getattr(policies, part.name) for part in fields(policies)}


def _to_policies(given):
    return Policies(**given)


ASKED = ("ref", "coding", "levels", "min_exposure", "handle_unknown", "handle_missing")


@dataclass(frozen=True)
class Kind:
    """How a kind of factor is written and read.

    Parameters
    ----------
    of : the class
    write : factor -> dict
    read : dict -> factor
    """

    of: type
    write: Callable
    read: Callable


KINDS = {
    "numeric": Kind(
        NumericFactor,
        lambda factor: {"expression": factor.expression.text},
        lambda given: NumericFactor(Expression(to_text(given["expression"]))),
    ),
    "categorical": Kind(CategoricalFactor, _from_categorical, _to_categorical),
    "computed": Kind(ComputedFactor, _from_computed, _to_computed),
    "spline": Kind(SplineFactor, _from_spline, _to_spline),
    "polynomial": Kind(PolynomialFactor, _from_polynomial, _to_polynomial),
    "scaled": Kind(ScaledFactor, _from_scaled, _to_scaled),
    "target": Kind(TargetFactor, _from_target, _to_target),
    "frequency": Kind(FrequencyFactor, _from_frequency, _to_frequency),
    "array": Kind(
        ArrayFactor,
        lambda factor: {"labels": list(factor.labels)},
        lambda given: ArrayFactor(to_texts(given["labels"])),
    ),
}
