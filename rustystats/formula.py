"""Formulas: ``ClaimNb ~ bs(DrivAge, df=5) + C(Area) * VehPower`` to terms.

formulaic tokenises, parses and expands the algebra (`+ : * ** / - 0 1`); what stands between the
operators is ours: columns, `C(x, ref=, coding=)`, `bs(...)`, `ns(...)`, `TE(...)`, `FE(...)`,
`offset(...)` and arithmetic (`terms/expression.py`). Terms are ordered by degree, as in R. Whatever
cannot be read is a ValueError that shows the place.
"""

import ast
import keyword
import re
from contextlib import contextmanager
from dataclasses import dataclass

from rustystats.terms.categorical import CategoricalFactor
from rustystats.terms.expression import Expression, parse, quote_names
from rustystats.terms.numeric import NumericFactor
from rustystats.terms.spline_factor import SplineFactor
from rustystats.terms.target import FrequencyFactor, TargetFactor
from rustystats.terms.term import ModelTerms, Term

ARGUMENTS = {
    "C": ("ref", "coding", "levels", "min_exposure", "handle_unknown", "handle_missing"),
    "bs": ("df", "degree", "knots", "boundary_knots", "extrapolation"),
    "ns": ("df", "knots", "boundary_knots", "extrapolation"),
    "TE": ("prior_weight", "n_permutations"),
    "FE": (),
}
SHORT = {"pw": "prior_weight", "nperm": "n_permutations"}
ENCODED = re.compile(r"\b[TF]E\([^()]*\)")  # formulaic does not parse the colon in TE(a:b)


@dataclass(frozen=True)
class ParsedFormula:
    """What a formula says.

    Parameters
    ----------
    response : Expression or None
    terms : ModelTerms, not yet learned
    offsets : tuple of Expression
    """

    response: Expression | None
    terms: ModelTerms
    offsets: tuple

    @property
    def columns(self):
        """Names of all data columns used."""
        sources = [self.response] if self.response else []
        return tuple(
            dict.fromkeys(
                name for source in (*sources, self.terms, *self.offsets) for name in source.columns
            )
        )


def parse_formula(formula, response=True):
    """Read a formula.

    Parameters
    ----------
    formula : str
    response : bool
        Whether there must be a left-hand side; if not, there must be none.

    Returns
    -------
    ParsedFormula

    Raises
    ------
    ValueError
        If the formula cannot be read, showing the place.
    """
    if not isinstance(formula, str):
        raise ValueError(f"formula must be text, not {type(formula).__name__}")
    left, right, quoted = _sides(formula, response)
    offsets, terms = [], []
    for factors in sorted(right, key=len):
        texts = [_text(factor, quoted) for factor in factors]
        with _located(formula, factors, quoted):
            if len(texts) == 1 and texts[0].replace(" ", "").startswith("offset("):
                offsets.append(Expression(_inner(texts[0])))
                continue
        read = []
        for factor, text in zip(factors, texts, strict=True):
            with _located(formula, [factor], quoted):
                read.append(_factor(text))
        terms.append(Term(tuple(read)))
    return ParsedFormula(left, ModelTerms(tuple(terms)), tuple(offsets))


def _sides(formula, response):
    """Response expression, formulaic's factors of each right-hand term, and the quoted names.

    formulaic sees identifiers in the place of names in backticks, which may hold anything.
    """
    from formulaic.errors import FormulaicError
    from formulaic.parser import DefaultFormulaParser

    plain, quoted = quote_names(formula)
    plain = ENCODED.sub(lambda match: match[0].replace(":", ","), plain)

    def refuse(why, position=None):
        if position is not None:
            position = len(_written(plain[:position], quoted))
        _refuse(formula, _written(why, quoted), position)

    bar = re.sub(r"""'[^']*'|"[^"]*\"""", lambda text: "_" * len(text[0]), plain).find("|")
    if bar >= 0:
        refuse("'|' has no meaning here", bar)
    if not plain.split("~")[-1].strip():
        refuse("there is nothing to the right of '~'; write '~ 1' for the mean alone", len(plain))
    try:
        parsed = DefaultFormulaParser().get_terms(plain)
    except FormulaicError as error:
        why, position = _place(str(error), plain)
        if why.startswith("The `.` operator"):
            why, position = "'.' for all columns is not supported: name them", plain.rfind(".")
        refuse(why, position)
    except SyntaxError as error:
        start = plain.find((error.text or "").rstrip("\n"))  # of the factor that cannot be read
        refuse(error.msg, start + (error.offset or 1) - 1 if start >= 0 else None)
    if not response:
        if "~" in plain:
            refuse("the estimator takes y separately: give the terms alone, without '~'")
        return None, _factors(parsed.root if hasattr(parsed, "root") else parsed), quoted
    if "~" not in plain or not plain.split("~")[0].strip():
        refuse("there is no response: write 'response ~ terms'", 0)
    left = _factors(parsed.lhs)
    if len(left) != 1 or len(left[0]) != 1:
        refuse("the left-hand side must be one response; put sums into I(...)", 0)
    with _located(formula, left[0], quoted):
        return Expression(_text(left[0][0], quoted)), _factors(parsed.rhs), quoted


def _factors(terms):
    """The factors of each term; none for the intercept."""
    return [[factor for factor in term.factors if factor.expr != "1"] for term in terms]


def _text(factor, quoted):
    """The text of a factor, in backticks where it is a name that needs them."""
    text = factor.expr
    if factor.eval_method.value == "lookup" and text not in quoted:
        return _quoted(text)
    return _unquoted(text, quoted)


def _factor(text):
    """The factor that a piece of a formula names."""
    tree, quoted = parse(text)
    name = tree.func.id if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) else None
    if name not in ARGUMENTS:
        return NumericFactor(Expression(text))
    if not tree.args:
        raise ValueError(f"{text!r} needs a column: {name}(column, ...)")
    if name in ("TE", "FE"):
        return _encoded(tree, name, text, quoted)
    options = _options(tree, name, text)
    inner = _unquoted(ast.unparse(tree.args[0]), quoted)
    if name == "C":
        if not isinstance(tree.args[0], ast.Name):
            raise ValueError(f"{text!r}: C() takes a column, not an expression")
        return CategoricalFactor(inner.strip("`"), **options)
    return SplineFactor(name, Expression(inner), tuple(sorted(options.items())))


def _encoded(tree, name, text, quoted):
    """A target or frequency encoding; several columns are a combination."""
    if not all(isinstance(argument, ast.Name) for argument in tree.args):
        raise ValueError(f"{text!r}: {name}() takes columns, {name}(brand:region) of a combination")
    columns = tuple(_unquoted(argument.id, quoted).strip("`") for argument in tree.args)
    if len(set(columns)) < len(columns):
        raise ValueError(f"{text!r} names a column twice")
    options = _options(tree, name, text, len(columns))
    if name == "FE":
        return FrequencyFactor(columns)
    return TargetFactor(columns, **options)


def _options(call, name, text, columns=1):
    """Keyword arguments of a factor; a bare second argument of a spline is df."""
    known = ARGUMENTS[name]
    options = {}
    bare = call.args[columns:]
    if len(bare) > 1:
        raise ValueError(f"{text!r}: name the arguments after the second: {', '.join(known)}")
    given = [(known[0], bare[0])] if bare else []
    for argument, node in given + [(SHORT.get(k.arg, k.arg), k.value) for k in call.keywords]:
        if argument not in known:
            raise ValueError(f"unknown argument {argument!r} in {text!r}: use {', '.join(known)}")
        if argument in options:
            raise ValueError(f"{argument!r} is given twice in {text!r}")
        try:
            value = ast.literal_eval(node)
        except ValueError:
            raise ValueError(
                f"{argument}={ast.unparse(node)} in {text!r} must be a number, a text or a list"
            ) from None
        options[argument] = tuple(value) if isinstance(value, list) else value
    return options


def _inner(text):
    tree, quoted = parse(text)
    if not isinstance(tree, ast.Call) or len(tree.args) != 1 or tree.keywords:
        raise ValueError(f"{text!r}: write offset(expression)")
    return _unquoted(ast.unparse(tree.args[0]), quoted)


def _unquoted(text, quoted):
    """The text with its quoted names put back, in backticks where they need them."""
    return _replaced(text, {key: _quoted(name) for key, name in quoted.items()})


def _quoted(name):
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"`{name}`"


def _written(text, quoted):
    """The text with its quoted names as the user wrote them."""
    return _replaced(text, {key: f"`{name}`" for key, name in quoted.items()})


def _replaced(text, replacements):
    for key, value in replacements.items():
        text = text.replace(key, value)
    return text


@contextmanager
def _located(formula, factors, quoted):
    """Errors inside say where in the formula the factors stand."""
    try:
        yield
    except ValueError as error:
        start = factors[0].token.source_start if factors and factors[0].token else None
        if start is not None:
            start = len(_written(quote_names(formula)[0][:start], quoted))
        _refuse(formula, str(error), start)


def _place(message, formula):
    """formulaic marks the place by brackets: its message, and the position of the mark."""
    first = message.split("\n")[0]
    marked = message.split("⧛")
    return first, _position(formula, marked[0].partition("\n\n")[2] if len(marked) > 1 else None)


def _position(formula, before):
    """Where in the formula, blanks aside, the text `before` ends."""
    if not before:
        return None
    wanted = len("".join(before.split()))
    seen = 0
    for index, letter in enumerate(formula):
        if seen >= wanted and not letter.isspace():
            return index
        seen += not letter.isspace()
    return len(formula)


def _refuse(formula, why, position=None):
    mark = "" if position is None else "\n  " + " " * position + "^"
    line = re.sub(r"\s", " ", formula)  # one line, or the mark would stand under the last one
    raise ValueError(f"cannot read the formula: {why}\n  {line}{mark}") from None
