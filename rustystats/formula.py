"""Formulas: ``ClaimNb ~ bs(DrivAge, df=5) + C(Area) * VehPower`` to terms.

formulaic tokenises, parses and expands the algebra (`+ : * ** / - 0 1`); what stands between the
operators is ours: columns, `C(x, ref=, coding=)`, `bs(...)`, `ns(...)`, `TE(...)`, `FE(...)`,
`offset(...)` and arithmetic (`terms/expression.py`). Terms are ordered by degree, as in R. Whatever
cannot be read is a ValueError that shows the place.
"""

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rustystats.messages import check_known, did_you_mean
from rustystats.terms.expression import (
    FUNCTIONS,
    Expression,
    parse,
    unquoted,
    written_name,
)
from rustystats.terms.numeric import NumericFactor
from rustystats.terms.readers import READERS, read_factor
from rustystats.terms.term import FactorError, ModelTerms, Term

AVAILABLE = "__formulaic_variables_available__"  # what formulaic puts in the place of `.`
USED = "__formulaic_variables_used_lhs__"  # but those
ELSEWHERE = {"factor": "C(x)", "Q": "the name in backticks"}  # functions of R and of patsy
CONDITIONS = ("<", ">", "=", "!", "&")  # what an operator of a condition begins with
ENCODED = re.compile(r"\b[TF]E\([^()]*\)")  # formulaic does not parse the colon in TE(a:b)


@dataclass(frozen=True)
class ParsedFormula:
    """What a formula says.

    Parameters
    ----------
    response : Expression or None
    terms : ModelTerms, not yet learned
    offsets : tuple of Expression
    text : str, the formula
    places : dict of where in it each factor stands, by label
    """

    response: Expression | None
    terms: ModelTerms
    offsets: tuple[Expression, ...]
    text: str = ""
    places: dict[str, Any] = field(default_factory=dict, compare=False)

    @contextmanager
    def pointing(self) -> Iterator[None]:
        """Errors inside about the data of a factor show where in the formula it stands."""
        try:
            yield
        except FactorError as error:
            place = self.places.get(error.label)
            if place is None:
                raise
            raise ValueError(f"{error}\n{_marked(self.text, place)}") from None

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all data columns used."""
        expressions = [] if self.response is None else [self.response]
        sources: list[Any] = [*expressions, self.terms, *self.offsets]
        return tuple(dict.fromkeys(name for source in sources for name in source.columns))


def parse_formula(
    formula: str,
    response: bool = True,
    kinds: Mapping[str, str] | None = None,
    reserved: Collection[str | None] = (),
) -> ParsedFormula:
    """Read a formula.

    Parameters
    ----------
    formula : str
    response : bool
        Whether there must be a left-hand side; if not, there must be none.
    kinds : dict, optional
        The columns of the data and what they hold (`frames.column_kinds`). `.` in the formula
        stands for all of them, in their order, but those on the left-hand side, in `offset(...)`
        and in `reserved`.
    reserved : iterable of str
        Columns that are exposure, offset or weights.

    Returns
    -------
    ParsedFormula

    Raises
    ------
    ValueError
        If the formula cannot be read or names columns that are not there, showing the place.
    """
    if not isinstance(formula, str):
        raise ValueError(f"formula must be text, not {type(formula).__name__}")
    left, right, quoted = _sides(formula, response, kinds, reserved)
    offsets = _offsets(formula, right, quoted, kinds)
    in_offsets = {name for offset in offsets.values() for name in offset.columns}
    if in_offsets and kinds is not None:  # `.` does not stand for them
        left, right, quoted = _sides(formula, response, kinds, {*reserved, *in_offsets})
        offsets = _offsets(formula, right, quoted, kinds)
    terms: dict[Any, Any] = {}
    places: dict[str, Any] = {}
    for index, factors in sorted(enumerate(right), key=lambda item: len(item[1])):
        if index in offsets:
            continue
        read = []
        for factor in factors:
            with _located(formula, [factor], quoted):
                read.append(_factor(_text(factor, quoted), kinds))
            places.setdefault(read[-1].label, _start_of(formula, factor, quoted))
        with _located(formula, factors, quoted):
            check_twice(read, terms, kinds)
        terms[Term(tuple(read))] = None
    if left is not None and kinds is not None:
        with _located(formula, [], quoted, 0):
            check_columns(left, kinds, "a response is numbers, 1 and 0 for yes and no")
    return ParsedFormula(left, ModelTerms(tuple(terms)), tuple(offsets.values()), formula, places)


def _offsets(formula, terms, quoted, kinds):
    """Expressions of the terms `offset(...)`, by position."""
    found = {}
    for index, factors in enumerate(terms):
        if len(factors) == 1 and factors[0].expr.replace(" ", "").startswith("offset("):
            with _located(formula, factors, quoted):
                found[index] = Expression(_inner(_text(factors[0], quoted)))
                if kinds is not None:
                    check_known(found[index].columns, kinds)
    return found


def check_twice(factors, terms, kinds):
    """Raise a ValueError where a column is a categorical factor by itself with other arguments.

    Without any, it is the factor that has them (`ModelTerms.resolve`).
    """

    def column_of(factors):
        if len(factors) == 1 and factors[0].is_categorical:
            return factors[0].column
        plain = len(factors) == 1 and isinstance(factors[0], NumericFactor) and factors[0].is_plain
        if plain and kinds is not None and kinds[factors[0].columns[0]] in ("category", "boolean"):
            return factors[0].columns[0]
        return None

    column = column_of(factors)
    for term in terms if column is not None else ():
        if column_of(term.factors) != column:
            continue
        if len({factors[0].label, term.label} - {column, f"C({column})"}) > 1:
            raise ValueError(
                f"{factors[0].label!r} is {term.label!r} a second time, in other columns: keep "
                "one of them"
            )


def _sides(formula, response, kinds, reserved):
    """Response expression, formulaic's factors of each right-hand term, and the quoted names.

    formulaic sees identifiers in the place of names in backticks and of texts, which may hold
    anything.
    """
    from formulaic.errors import FormulaicError
    from formulaic.parser import DefaultFormulaParser

    plain, quoted = _hide(formula)
    plain = ENCODED.sub(lambda match: match[0].replace(":", ","), plain)
    context, everything = {}, {}
    if kinds is not None:
        keys = {written.strip("`"): key for key, written in quoted.items() if written[0] == "`"}
        for name in kinds:
            if name not in keys and not str(name).replace(".", "_").isidentifier():
                keys[name] = f"_column_{len(keys)}_"
        quoted = {key: f"`{name}`" for name, key in keys.items()} | quoted
        context[AVAILABLE] = [keys.get(name, name) for name in kinds if name not in reserved]
        # what `.` does not stand for may be taken away from it
        everything = {AVAILABLE: [keys.get(name, name) for name in kinds], USED: []}

    def refuse(why, position=None):
        if position is not None:
            position = len(_written(plain[:position], quoted))
        _refuse(formula, _written(why, quoted), position)

    if "``" in plain:
        refuse("there is no name between two backticks", plain.find("``"))
    bar = plain.find("|")
    if bar >= 0:
        refuse("'|' has no meaning here", bar)
    if not plain.split("~")[-1].strip():
        refuse("there is nothing to the right of '~'; write '~ 1' for the mean alone", len(plain))
    try:
        parser = DefaultFormulaParser()
        parsed = parser.get_terms(plain, context=context)
        in_vain = list(_taken_in_vain(parser.get_ast(plain), everything))
    except FormulaicError as error:
        why, position = _place(str(error), plain)
        if why.startswith("The `.` operator"):
            why, position = "'.' stands for all columns of the data, and there are none here", None
        if why.startswith(tuple(f"Unknown operator '{sign}" for sign in CONDITIONS)):
            why += " A condition stands in I(...): I(x > 0)"
        refuse(why, position)
    except AttributeError:  # of the parser, where one kind of bracket closes another
        refuse("a bracket is closed by one of another kind: '(' needs ')', and '[' needs ']'")
    except SyntaxError as error:
        start = plain.find((error.text or "").rstrip("\n"))  # of the factor that cannot be read
        why = "write C(x) for as.factor(x)" if "as.factor(" in plain else error.msg
        refuse(why, start + (error.offset or 1) - 1 if start >= 0 else None)
    for term in in_vain:
        if [factor.expr for factor in term.factors] != ["1"]:
            token = term.factors[0].token
            refuse(
                f"'{term}' is taken away and is not there: write it as it stands before the minus",
                token and token.source_start,
            )
    if not response:
        if "~" in plain:
            refuse("the estimator takes y separately: give the terms alone, without '~'")
        return None, _factors(parsed.root if hasattr(parsed, "root") else parsed), quoted
    if "~" not in plain or not plain.split("~")[0].strip():
        refuse("there is no response: write 'response ~ terms'", 0)
    left = _factors(getattr(parsed, "lhs", ()))  # none of "- ~ x"
    if len(left) != 1 or len(left[0]) != 1:
        refuse("the left-hand side must be one response; put sums and quotients into I(...)", 0)
    with _located(formula, left[0], quoted):
        return Expression(_text(left[0][0], quoted)), _factors(parsed.rhs), quoted


def _taken_in_vain(node, context):
    """Terms that follow a minus and are none of those before it."""
    args = getattr(node, "args", ())
    for arg in args:
        yield from _taken_in_vain(arg, context)
    if args and node.operator.symbol == "-":
        *before, taken = (arg.to_terms(context=context) for arg in args)
        yield from (term for term in taken if not before or term not in before[0])


def _factors(terms):
    """The factors of each term; none for the intercept."""
    return [[factor for factor in term.factors if factor.expr != "1"] for term in terms]


def _text(factor, quoted):
    """The text of a factor, in backticks where it is a name that needs them."""
    text = factor.expr
    if factor.eval_method.value == "lookup" and text not in quoted:
        return written_name(text)
    if quoted.get(text, "`")[0] != "`":
        raise ValueError(f"{quoted[text]} is a literal, not a column")
    for key, written in quoted.items():
        text = text.replace(key, written_name(written[1:-1]) if written[0] == "`" else written)
    return text


def _factor(text, kinds):
    """The factor that a piece of a formula names."""
    if text == "``":  # one of those that `.` stands for
        raise ValueError("a column of the data has no name (''): rename or drop it")
    factor = read_factor(text)
    if factor is None:
        tree, quoted = parse(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                _check_function(node, quoted)
        factor = NumericFactor(Expression(text))
    if kinds is not None:
        check_columns(factor, kinds)
    return factor


def _check_function(node, quoted):
    """A call inside an expression is of an elementwise function."""
    name, written = node.func.id, unquoted(ast.unparse(node), quoted)
    if name in READERS:
        raise ValueError(f"{written!r} makes columns of its own and cannot stand in arithmetic")
    if name not in FUNCTIONS and name != "offset":
        if name in ELSEWHERE:
            raise ValueError(f"unknown function {name!r}: here it is {ELSEWHERE[name]}")
        raise ValueError(
            f"unknown function {name!r}{did_you_mean(name, [*READERS, *FUNCTIONS])}: known are "
            f"{', '.join([*READERS, 'offset', *FUNCTIONS])} and numpy's elementwise functions as "
            "np.*"
        )


def check_columns(factor, kinds, remedy=None):
    """Raise a ValueError unless a factor's columns are there, and numbers where it computes."""
    check_known(factor.columns, kinds)
    source = getattr(factor, "source", factor)  # of a computed factor
    computes = isinstance(source, Expression) or hasattr(source, "expression")
    plain = isinstance(factor, NumericFactor) and factor.is_plain
    for name in factor.columns if computes else ():
        if kinds[name] not in ("number", "boolean") and not (plain and kinds[name] == "category"):
            held = "text or categories" if kinds[name] == "category" else kinds[name]
            remedy = remedy or (
                f"convert it to numbers, or to text and write C({written_name(name)})"
            )
            raise ValueError(f"column {name!r} is {held}, not numeric: {remedy}")


def _inner(text):
    tree, quoted = parse(text)
    if not isinstance(tree, ast.Call) or len(tree.args) != 1 or tree.keywords:
        raise ValueError(f"{text!r}: write offset(expression)")
    return unquoted(ast.unparse(tree.args[0]), quoted)


def _hide(formula):
    """The formula with identifiers for quoted names and texts, and what they stand for.

    The same name or text has one identifier: formulaic compares factors by what they read.
    """
    quoted, keys = {}, {}

    def replace(match):
        written = match.group()
        key = keys.setdefault((written[0] == "`", written[1:-1]), f"_quoted_{len(keys)}_")
        quoted.setdefault(key, written)
        return key

    return re.sub(r"""`[^`]+`|'[^']*'|"[^"]*\"""", replace, formula), quoted


def _written(text, quoted):
    """The text with what was hidden as the user wrote it."""
    for key, written in quoted.items():
        text = text.replace(key, written)
    return text


@contextmanager
def _located(formula, factors, quoted, start=None):
    """Errors inside say where in the formula the factors stand."""
    try:
        yield
    except ValueError as error:
        _refuse(formula, str(error), _start_of(formula, factors[0], quoted) if factors else start)


def _start_of(formula, factor, quoted):
    """Where in the formula a factor stands, or None."""
    start = factor.token.source_start if factor.token else None
    return None if start is None else len(_written(_hide(formula)[0][:start], quoted))


def _place(message, formula):
    """formulaic marks the place by brackets: its message, and the position of the mark."""
    first = message.split("\n")[0]
    marked = message.split("⧛")
    return first, _position(formula, marked[0].partition("\n\n")[2] if len(marked) > 1 else None)


def _position(formula, before):
    """Where in the formula, blanks aside, the text `before` ends; None where there is no mark."""
    if before is None:
        return None
    letters = [index for index, letter in enumerate(formula) if not letter.isspace()]
    return next(iter(letters[len("".join(before.split())) :]), None)


def _refuse(formula, why, position=None):
    raise ValueError(f"cannot read the formula: {why}\n{_marked(formula, position)}") from None


def _marked(formula, position):
    """The formula with a mark under the place."""
    mark = "" if position is None else "\n  " + " " * position + "^"
    line = re.sub(r"\s", " ", formula)  # one line, or the mark would stand under the last one
    return f"  {line}{mark}"
