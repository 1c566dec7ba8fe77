"""Terms, offsets, family, link, penalty and fit as dictionaries, and back."""

import numpy as np

from rustystats.families import FAMILIES
from rustystats.inference.relativities import FactorEffect
from rustystats.links import LINKS, Power
from rustystats.offsets import ModelComplement, OffsetTerms
from rustystats.serialization.factors import from_factor, to_factor
from rustystats.serialization.plain import (
    from_array,
    from_number,
    to_array,
    to_number,
    to_text,
    to_texts,
    to_whole,
)
from rustystats.solvers.penalty import Penalty
from rustystats.solvers.problem import Fit, Parameter
from rustystats.terms.expression import Expression
from rustystats.terms.term import ModelTerms, Term


def from_terms(terms):
    """Learned terms: the factors, each once, and the terms as their positions.

    Raises
    ------
    ValueError
        If a factor holds what a file cannot.
    """
    factors = {}
    for term in terms.terms:
        products = (factor for product in term.products for factor, _ in product)
        for factor in (*term.factors, *products):
            factors.setdefault(id(factor), (len(factors), factor))

    def at(factor):
        return factors[id(factor)][0]

    return {
        "factors": [from_factor(factor) for _, factor in factors.values()],
        "terms": [
            {
                "factors": [at(factor) for factor in term.factors],
                "products": [
                    [[at(factor), bool(full)] for factor, full in product]
                    for product in term.products
                ],
                "kept": None if term.kept is None else [int(position) for position in term.kept],
            }
            for term in terms.terms
        ],
    }


def to_terms(given):
    """The `ModelTerms` that `from_terms` wrote."""
    factors = [to_factor(factor) for factor in given["factors"]]

    def one(at):
        return factors[to_whole(at, len(factors))]

    return ModelTerms(
        tuple(
            Term(
                tuple(map(one, term["factors"])),
                tuple(
                    tuple((one(at), bool(full)) for at, full in product)
                    for product in term["products"]
                ),
                None if term["kept"] is None else tuple(map(to_whole, term["kept"])),
            )
            for term in given["terms"]
        )
    )


def from_family(family):
    """A family by its name, with theta or the power.

    Raises
    ------
    ValueError
        For a family that is none of this package's.
    """
    if FAMILIES.get(family.name()) is not type(family):
        raise ValueError(
            f"the family is a {type(family).__name__} of your own, which a model file cannot hold: "
            f"it has {', '.join(FAMILIES)}"
        )
    made = {"name": family.name()}
    if family.parameter:
        made[family.parameter] = from_number(getattr(family, family.parameter))
    return made


def to_family(given):
    """The family that `from_family` wrote."""
    kind = FAMILIES[given["name"]]
    return kind(to_number(given[kind.parameter])) if kind.parameter else kind()


def from_link(link):
    """A link by its name.

    Raises
    ------
    ValueError
        For a link that is none of this package's.
    """
    if type(link) is Power:
        return {"name": "power", "exponent": from_number(link.exponent)}
    if LINKS.get(link.name()) is not type(link):
        raise ValueError(
            f"the link is a {type(link).__name__} of your own, which a model file cannot hold: "
            f"it has {', '.join(LINKS)}, power"
        )
    return {"name": link.name()}


def to_link(given):
    """The link that `from_link` wrote."""
    if given["name"] == "power":
        return Power(to_number(given["exponent"]))
    return LINKS[given["name"]]()


def from_offsets(offsets):
    """`OffsetTerms`: names of columns, true for an array, expressions, the complement."""
    complement = offsets.complement
    if isinstance(complement, ModelComplement):
        complement = {
            "terms": from_terms(complement.terms),
            "coef": from_array(complement.coef),
            "offsets": from_offsets(complement.offsets),
            "family": from_family(complement.family),
            "link": from_link(complement.link),
            "label": complement.label,
        }
    return {
        "exposure": offsets.exposure,
        "offset": offsets.offset,
        "expressions": [expression.text for expression in offsets.expressions],
        "log_link": offsets.log_link,
        "complement": complement,
    }


def to_offsets(given):
    """The `OffsetTerms` that `from_offsets` wrote."""
    complement = given["complement"]
    if isinstance(complement, dict):
        terms = to_terms(complement["terms"])
        complement = ModelComplement(
            terms,
            to_array(complement["coef"], len(terms.names())),
            to_offsets(complement["offsets"]),
            to_family(complement["family"]),
            to_link(complement["link"]),
            to_text(complement["label"]),
        )
    for role in ("exposure", "offset", "complement"):
        if role != "complement" or not isinstance(complement, ModelComplement):
            _check_source(given[role], role)
    return OffsetTerms(
        given["exposure"],
        given["offset"],
        tuple(Expression(to_text(text)) for text in given["expressions"]),
        bool(given["log_link"]),
        complement,
    )


def _check_source(value, role):
    if value is not None and value is not True and not isinstance(value, str):
        raise ValueError(f"{role} is {value!r}, and no column, no array and not absent")


def from_penalty(penalty):
    """A `Penalty` with its arrays, or None."""
    if penalty is None:
        return None
    groups = penalty.groups
    return {
        "alpha": from_number(penalty.alpha),
        "l1_ratio": from_number(penalty.l1_ratio),
        **{name: from_array(getattr(penalty, name)) for name in ARRAYS},
        "groups": None if groups is None else [[int(at) for at in group] for group in groups],
    }


def to_penalty(given, n_columns):
    """The `Penalty` that `from_penalty` wrote, of so many columns."""
    if given is None:
        return None
    groups = given["groups"]
    if groups is not None:
        groups = tuple(
            np.array([to_whole(at, n_columns) for at in group], dtype=np.intp) for group in groups
        )
    return Penalty(
        to_number(given["alpha"]),
        to_number(given["l1_ratio"]),
        **{name: to_array(given[name], n_columns) for name in ARRAYS},
        groups=groups,
    )


ARRAYS = ("factors", "scales", "target", "lower", "upper")


def from_fit(fit):
    """A `Fit`; of a Gram that is symmetric to the bit, the lower triangle."""
    gram, symmetric = fit.gram, None
    if gram is not None:
        symmetric = bool(np.array_equal(gram, gram.T))
        gram = [from_array(row[: at + 1] if symmetric else row) for at, row in enumerate(gram)]
    parameter = fit.parameter
    return {
        "coef": from_array(fit.coef),
        "aliased": np.flatnonzero(fit.aliased).tolist(),
        "gram": gram,
        "gram_is_lower_triangle": symmetric,
        **{name: from_number(getattr(fit, name)) for name in NUMBERS},
        "converged": bool(fit.converged),
        "n_iter": int(fit.n_iter),
        "n_free": None if fit.n_free is None else int(fit.n_free),
        "message": fit.message,
        "method": fit.method,
        "separated": list(fit.separated),
        "parameter": None
        if parameter is None
        else {
            "name": parameter.name,
            "value": from_number(parameter.value),
            "error": from_number(parameter.error),
            "rounds": int(parameter.rounds),
        },
    }


def to_fit(given, n_columns):
    """The `Fit` that `from_fit` wrote, of so many columns; without the steps that led to it."""
    parameter = given["parameter"]
    if parameter is not None:
        parameter = Parameter(
            to_text(parameter["name"]),
            to_number(parameter["value"]),
            to_number(parameter["error"]),
            to_whole(parameter["rounds"]),
        )
    aliased = np.zeros(n_columns, dtype=bool)
    aliased[[to_whole(at, n_columns) for at in given["aliased"]]] = True
    return Fit(
        coef=to_array(given["coef"], n_columns),
        aliased=aliased,
        gram=_to_gram(given["gram"], given["gram_is_lower_triangle"], n_columns),
        score=None,
        converged=bool(given["converged"]),
        n_iter=to_whole(given["n_iter"]),
        n_free=None if given["n_free"] is None else to_whole(given["n_free"]),
        message=to_text(given["message"]),
        method=to_text(given["method"]),
        separated=to_texts(given["separated"]),
        history=(),
        parameter=parameter,
        **{name: to_number(given[name]) for name in NUMBERS},
    )


def _to_gram(given, is_triangle, n_columns):
    if given is None:
        return None
    if len(given) != n_columns:
        raise ValueError(f"the Gram has {len(given)} rows, not {n_columns}")
    gram = np.empty((n_columns, n_columns))
    for at, row in enumerate(given):
        gram[at, : len(row)] = to_array(row, at + 1 if is_triangle else n_columns)
        if is_triangle:
            gram[: at + 1, at] = gram[at, : at + 1]
    return gram


NUMBERS = ("deviance", "pearson", "decrement", "unit", "kkt")


def from_effects(effects):
    """Effects of factors, a list of `FactorEffect`."""
    return [
        {
            "name": effect.name,
            "labels": [str(label) for label in effect.labels],
            "base": int(effect.base),
            **{name: from_array(getattr(effect, name)) for name in MEASURES},
        }
        for effect in effects
    ]


def to_effects(given):
    """The effects that `from_effects` wrote, without limits: `within` has those."""
    if given is None:
        return None
    effects = []
    for effect in given:
        labels = list(to_texts(effect["labels"]))
        measures = {name: to_array(effect[name], len(labels)) for name in MEASURES}
        base = to_whole(effect["base"], len(labels))
        name = to_text(effect["name"])
        effects.append(FactorEffect(name, labels, low=None, high=None, base=base, **measures))
    return effects


MEASURES = ("values", "effect", "error", "exposure")
