"""Formulas: ``ClaimNb ~ bs(DrivAge, df=5) + C(Area) * VehPower`` to terms.

formulaic tokenises, parses and expands the algebra (`+ : * ** / - 0 1`); what stands between the
operators is ours: columns, `C(x, ref=)`, `bs(...)`, `ns(...)`, `offset(...)` and arithmetic
(`terms/expression.py`). Terms are ordered by degree, as in R. Whatever cannot be read is a
ValueError that shows the place.
"""

import ast
import re
from dataclasses import dataclass

from rustystats.terms.categorical import CategoricalFactor
from rustystats.terms.expression import Expression, parse
from rustystats.terms.numeric import NumericFactor
from rustystats.terms.spline_factor import SplineFactor
from rustystats.terms.term import ModelTerms, Term

ARGUMENTS = {
    "C": ("ref",),
    "bs": ("df", "degree", "knots", "boundary_knots"),
    "ns": ("df", "knots", "boundary_knots"),
}


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
    left, right = _sides(formula, response)
    offsets, terms = [], []
    for term in sorted(right, key=lambda t: sum(f.expr != "1" for f in t.factors)):
        texts = [factor.expr for factor in term.factors if factor.expr != "1"]
        if len(texts) == 1 and texts[0].replace(" ", "").startswith("offset("):
            offsets.append(Expression(_inner(texts[0])))
        else:
            terms.append(Term(tuple(_factor(text) for text in texts)))
    return ParsedFormula(left, ModelTerms(tuple(terms)), tuple(offsets))


def _sides(formula, response):
    """Response expression and formulaic's right-hand terms."""
    from formulaic.errors import FormulaicError
    from formulaic.parser import DefaultFormulaParser

    if "|" in formula:
        _refuse(formula, "'|' has no meaning here", formula.index("|"))
    if not formula.split("~")[-1].strip():
        _refuse(formula, "there is nothing to the right of '~'; write '~ 1' for the mean alone")
    try:
        parsed = DefaultFormulaParser().get_terms(formula)
    except FormulaicError as error:
        _refuse(formula, *_place(str(error), formula))
    except SyntaxError as error:
        _refuse(formula, error.msg, _position(formula, error.text))
    has_left = "~" in formula and formula.split("~")[0].strip()
    if not response:
        if "~" in formula:
            _refuse(formula, "the estimator takes y separately: give the terms alone, without '~'")
        return None, list(parsed.root if hasattr(parsed, "root") else parsed)
    if not has_left:
        _refuse(formula, "there is no response: write 'response ~ terms'")
    left = list(parsed.lhs)
    if len(left) != 1 or len(left[0].factors) != 1 or left[0].factors[0].expr == "1":
        _refuse(formula, "the left-hand side must be one response; put sums into I(...)", 0)
    return Expression(_column_text(left[0].factors[0])), list(parsed.rhs)


def _column_text(factor):
    """The text of a factor, with a looked-up name quoted where it must be."""
    text = factor.expr
    return text if factor.eval_method.value != "lookup" or text.isidentifier() else f"`{text}`"


def _factor(text):
    """The factor that a piece of a formula names."""
    if not text.isidentifier() and not any(mark in text for mark in "()`+-*/<>=!.{["):
        text = f"`{text}`"  # a quoted name, unquoted by the parser
    try:
        tree, quoted = parse(text)
    except ValueError:
        if "(" in text:
            raise
        tree, quoted = parse(f"`{text}`")
        text = f"`{text}`"
    name = tree.func.id if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) else None
    if name not in ARGUMENTS:
        return NumericFactor(Expression(text))
    if not tree.args:
        raise ValueError(f"{text!r} needs a column: {name}(column, ...)")
    options = _options(tree, name, text)
    inner = _unquoted(ast.unparse(tree.args[0]), quoted)
    if name == "C":
        if not isinstance(tree.args[0], ast.Name):
            raise ValueError(f"{text!r}: C() takes a column, not an expression")
        return CategoricalFactor(inner.strip("`"), **options)
    return SplineFactor(name, Expression(inner), tuple(sorted(options.items())))


def _options(call, name, text):
    """Keyword arguments of a factor; a bare second argument of a spline is df."""
    known = ARGUMENTS[name]
    options = {}
    if len(call.args) > 2:
        raise ValueError(f"{text!r}: name the arguments after the second: {', '.join(known)}")
    given = [(known[0], call.args[1])] if len(call.args) == 2 else []
    for argument, node in given + [(k.arg, k.value) for k in call.keywords]:
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
    for key, name in quoted.items():
        text = text.replace(key, f"`{name}`")
    return text


def _place(message, formula):
    """formulaic marks the place in colour: its message, and the position of the mark."""
    first = message.split("\n")[0]
    marked = re.split(r"⧛\[1;31m|\x1b\[1;31m", message)
    return first, _position(formula, marked[0].split("\n")[-1] if len(marked) > 1 else None)


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
    raise ValueError(f"cannot read the formula: {why}\n  {formula}{mark}") from None
