"""Terms as a dictionary, for programs: ``{"DrivAge": {"type": "bs", "df": 5}}`` to terms.

Each entry is read as the formula reads the same words (`terms/readers.py`), so that both make the
same model; `ParsedFormula.text` is the formula. Whatever cannot be read is a ValueError that names
the term.
"""

import ast
from contextlib import contextmanager

from rustystats.formula import ParsedFormula, check_columns, check_twice
from rustystats.messages import did_you_mean
from rustystats.terms.categorical import CategoricalFactor
from rustystats.terms.expression import Expression, parse, unquoted, written_name
from rustystats.terms.numeric import NumericFactor
from rustystats.terms.readers import READERS, make_factor
from rustystats.terms.target import FrequencyFactor, TargetFactor
from rustystats.terms.term import ModelTerms, Term

# What a type is called in a formula; "linear" and "expression" stand as they are
FUNCTIONS = {"categorical": "C", "target_encoding": "TE", "frequency_encoding": "FE"}
ENCODINGS = ("target_encoding", "frequency_encoding")
BESIDE = ("include_main", *ENCODINGS)  # what an interaction says beside its factors


def read_terms(response, terms, interactions, intercept, kinds):
    """Read a dictionary of terms, as in `rustystats.glm_dict`; `kinds` as in
    `formula.parse_formula`.

    Raises
    ------
    ValueError
        If a term has an unknown type or key or a wrong value, with its name.
    """
    if not isinstance(intercept, bool):
        raise ValueError(f"intercept must be True or False, not {intercept!r}")
    if not isinstance(response, str):
        raise ValueError(f"response must be a column or an expression, not {response!r}")
    with _term("response"):
        column = response in kinds or "`" in response
        left = Expression(written_name(response) if column and "`" not in response else response)
        check_columns(left, kinds)
    found = {Term(): None} if intercept else {}

    def add(factors):
        check_twice(factors, found, kinds)
        found[Term(tuple(factors))] = None

    for name, entry in _dict(terms, "terms").items():
        with _term(f"term {name!r}"):
            add([_factor(name, entry, kinds)])
    for entry in sorted(interactions or (), key=lambda entry: len(_names(entry))):
        with _term(f"interaction {':'.join(map(str, _names(entry)))!r}"):
            for factors in _interaction(entry, kinds):
                add(factors)
    ordered = sorted(found, key=lambda term: len(term.factors))
    if not ordered:
        raise ValueError("there are no terms, and no intercept: nothing to fit")
    right = [":".join(map(_written, term.factors)) for term in ordered if term.factors]
    text = f"{left.text} ~ {' + '.join(['1' if intercept else '0', *right])}"
    factors = [factor for term in ordered for factor in term.factors]
    places = {factor.label: text.find(_written(factor), len(left.text)) for factor in factors}
    return ParsedFormula(left, ModelTerms(tuple(ordered)), (), text, places)


def _interaction(entry, kinds):
    """The factors of each term that an interaction stands for."""
    names = _names(entry)
    options = {key: value for key, value in entry.items() if key not in names}
    encodings = [key for key in ENCODINGS if options.get(key)]
    arguments = READERS[FUNCTIONS[encodings[0]]].options if encodings else ()
    for key in options:
        if key not in (*BESIDE, *arguments):
            raise ValueError(
                f"unknown key {key!r}{did_you_mean(key, (*BESIDE, *arguments))}: factors are dicts "
                f"by column, and beside them there are {', '.join((*BESIDE, *arguments))}"
            )
        if key in BESIDE and not isinstance(options[key], bool):
            raise ValueError(f"{key} must be True or False, not {options[key]!r}")
    if len(names) < 2:
        raise ValueError("an interaction needs two factors or more")
    factors = [_factor(name, entry[name], kinds) for name in names]
    if len(encodings) > 1:
        raise ValueError(f"{' and '.join(encodings)} exclude each other: keep one of them")
    mains = [[factor] for factor in factors] if options.get("include_main") else []
    if not encodings:
        return [*mains, factors]
    if not mains:
        _check_plain(entry, names, encodings[0], arguments)
    columns = [entry[name].get("column", name) for name in names]
    given = {key: options[key] for key in arguments if key in options}
    combined = _made(FUNCTIONS[encodings[0]], columns, given, encodings[0])
    check_columns(combined, kinds)
    return [*mains, [combined]]


def _check_plain(entry, names, encoding, arguments):
    """Refuse what is said of factors of which an encoding takes the column alone."""
    for name in names:
        for key in entry[name].keys() - {"type", "column"}:
            beside = f"say {key} beside {encoding}, or " if key in arguments else ""
            raise ValueError(
                f"{key} of {name!r} would have no effect, as {encoding} takes the levels of the "
                f"column: {beside}leave it out, or set include_main"
            )


def _names(entry):
    """The factors of an interaction: what has a dict."""
    return [key for key, value in _dict(entry, "an interaction").items() if isinstance(value, dict)]


def _factor(name, entry, kinds):
    """The factor of one entry."""
    options = dict(_dict(entry, "what is said of it"))
    kind, column = options.pop("type", None), options.pop("column", name)
    known = ("linear", "expression", *FUNCTIONS, *(n for n in READERS if n not in _SPELT))
    if kind not in known:
        raise ValueError(
            f"unknown type {kind!r}{did_you_mean(kind, known)}: use {', '.join(known)}"
        )
    if not isinstance(column, str):
        raise ValueError(f"a column is named by a text, not {column!r}")
    if kind == "expression":
        text = options.pop("expr", None)
        if not isinstance(text, str):
            raise ValueError("an expression needs its text: 'expr': 'weight / height**2'")
        tree, quoted = parse(text)
        factor = NumericFactor(Expression(f"I({unquoted(ast.unparse(tree), quoted)})"))
    elif kind == "linear":
        factor = NumericFactor(Expression(written_name(column)))
        if kinds.get(column) == "category":
            raise ValueError(f"column {column!r} holds text or categories: 'type': 'categorical'")
    else:
        factor = _made(FUNCTIONS.get(kind, kind), [column], options, kind)
        options = {}  # it has refused what it does not know
    if options:
        raise ValueError(f"unknown key {next(iter(options))!r}: type {kind!r} has no such thing")
    check_columns(factor, kinds)
    return factor


def _written(factor):
    """The factor as a formula has to write it, names that need them in backticks."""
    if isinstance(factor, NumericFactor):
        return factor.expression.text
    if type(factor) in (CategoricalFactor, TargetFactor, FrequencyFactor):
        plain, quoted = ":".join(factor.columns), ":".join(map(written_name, factor.columns))
        return factor.label.replace(f"({plain}", f"({quoted}", 1)
    return factor.label


def _made(function, columns, options, kind):
    options = {key: tuple(v) if isinstance(v, list) else v for key, v in options.items()}
    return make_factor(function, [written_name(column) for column in columns], options, kind)


def _dict(value, role):
    if not isinstance(value, dict):
        raise ValueError(f"{role} must be a dict, not {value!r}")
    return value


@contextmanager
def _term(name):
    """Errors inside name the term."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


_SPELT = tuple(FUNCTIONS.values())
