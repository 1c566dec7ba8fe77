"""Arithmetic on columns: ``log(Density)``, ``I(x**2)``, ``np.where(x > 3, 1, 0)``.

Only elementwise functions are known, so an expression of one column may be evaluated once per
distinct value instead of once per row, exactly. The text is parsed with `ast`, checked node by
node, and evaluated with nothing but the columns and these functions in reach.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from rustystats.messages import did_you_mean

if TYPE_CHECKING:
    from rustystats.typing import Floats

FUNCTIONS = {
    name: getattr(np, name)
    for name in [
        "log",
        "log10",
        "log2",
        "log1p",
        "exp",
        "expm1",
        "sqrt",
        "abs",
        "sign",
        "floor",
        "ceil",
        "round",
        "sin",
        "cos",
        "tan",
        "arctan",
        "minimum",
        "maximum",
        "clip",
        "where",
        "power",
    ]
} | {"I": lambda value: value}

# How many arguments those take that are no ufunc
ARGUMENTS = {"I": (1, 1), "where": (3, 3), "clip": (2, 3), "round": (1, 2)}

NODES = (
    ast.Expression, ast.BinOp, ast.UnaryOp, ast.Compare, ast.Call, ast.Constant,
    ast.Name, ast.Load, ast.Attribute, ast.keyword,
    ast.operator, ast.unaryop, ast.cmpop,
)  # fmt: skip


def quote_names(text):
    """Backticked column names as identifiers, and what they stand for."""
    quoted = {}

    def replace(match):
        key = f"_quoted_{len(quoted)}_"
        quoted[key] = match.group(1)
        return key

    return re.sub(r"`([^`]+)`", replace, text), quoted


def written_name(name):
    """A column's name as a formula writes it: in backticks where it needs them."""
    name = str(name)
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"`{name}`"


def unquoted(text, quoted):
    """The text with its quoted names put back, in backticks where they need them."""
    for key, name in quoted.items():
        text = text.replace(key, written_name(name))
    return text


def parse(text):
    """The syntax tree of an expression and its quoted names.

    Raises
    ------
    ValueError
        Pointing at the place where the text cannot be read.
    """
    plain, quoted = quote_names(text)
    try:
        return ast.parse(plain.strip(), mode="eval").body, quoted
    except SyntaxError as error:
        place = " " * ((error.offset or 1) - 1) + "^"
        raise ValueError(f"cannot read {text!r}: {error.msg}\n  {plain}\n  {place}") from None


@dataclass(frozen=True)
class Expression:
    """An elementwise function of columns, given as text.

    Examples
    --------
    >>> Expression("log(x) + 1").evaluate({"x": np.array([1.0])})
    array([1.])
    """

    text: str

    def __post_init__(self) -> None:
        self._tree  # noqa: B018  an expression that cannot be read fails when it is made

    @cached_property
    def _tree(self):
        tree, quoted = parse(self.text)
        called = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
        for node in ast.walk(tree):
            self._check(node, called)
        return ast.fix_missing_locations(ast.Expression(tree)), quoted

    def _check(self, node, called):
        chained = isinstance(node, ast.Compare) and len(node.ops) > 1
        if chained or isinstance(node, (ast.BoolOp, ast.Not)):
            raise ValueError(
                f"{self.text!r}: join conditions by & (and), | (or), ~ (not), each of them in "
                "parentheses: (x > 0) & (x < 1)"
            )
        if not isinstance(node, NODES):
            raise ValueError(
                f"{ast.unparse(node)!r} in {self.text!r} is not arithmetic on columns: "
                f"use operators, numbers and {', '.join(FUNCTIONS)}"
            )
        if id(node) in called and _function(node) is None:
            raise ValueError(
                f"unknown function {ast.unparse(node)!r} in {self.text!r}"
                f"{did_you_mean(ast.unparse(node), FUNCTIONS)}: known in arithmetic are "
                f"{', '.join(FUNCTIONS)} and numpy's elementwise functions as np.*"
            )
        if id(node) in called:
            self._check_arguments(called[id(node)])
        if isinstance(node, ast.Attribute) and id(node) not in called:
            raise ValueError(f"{ast.unparse(node)!r} in {self.text!r} is not a column")

    def _check_arguments(self, call):
        """numpy's further arguments are arrays to write into, and masks that leave others unset."""
        function, name = _function(call.func), ast.unparse(call.func)
        low, high = ARGUMENTS.get(name.rpartition(".")[2]) or (function.nin,) * 2
        if call.keywords or not low <= len(call.args) <= high:
            wanted = low if low == high else f"{low} or {high}"
            raise ValueError(
                f"{self.text!r}: {name}() takes {wanted} argument{'s' if high > 1 else ''}, "
                "without names"
            )

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns used, in order of appearance."""
        tree, quoted = self._tree
        skip = {id(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
        skip |= {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
        found = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in skip]
        found.sort(key=lambda node: (node.lineno, node.col_offset))
        return tuple(dict.fromkeys(quoted.get(node.id, node.id) for node in found))

    @property
    def is_condition(self) -> bool:
        """Whether its values are true or false, not numbers."""
        tree = self._tree[0].body
        joins = (ast.BitAnd, ast.BitOr, ast.BitXor, ast.Invert)  # which numbers do not have
        return isinstance(tree, ast.Compare) or isinstance(getattr(tree, "op", None), joins)

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """Values of the expression, float64, from those of its columns by name."""
        tree, quoted = self._tree
        back = {name: key for key, name in quoted.items()}
        scope = {
            back.get(name, name): np.asarray(array, dtype=np.float64)
            for name, array in values.items()
        }
        code = compile(tree, "<formula>", "eval")
        with np.errstate(all="ignore"):  # what is not finite is counted and refused by the caller
            known = {"__builtins__": {}, "np": np, "numpy": np} | FUNCTIONS
            try:
                result = eval(code, known, scope)
            except (AttributeError, TypeError, ValueError) as error:  # a column named `np`, say
                raise ValueError(f"cannot compute {self.text!r}: {error}") from None
        return np.asarray(result, dtype=np.float64)

    def evaluate_rows(self, columns: Any) -> Floats:
        """Values of the expression for each row of `columns`, anything with ``numbers(name)``."""
        return self.evaluate({name: columns.numbers(name) for name in self.columns})

    def __getstate__(self) -> dict[str, Any]:
        return {"text": self.text}


def _function(node):
    """The elementwise function a call names, or None."""
    if isinstance(node, ast.Name):
        return FUNCTIONS.get(node.id)
    if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("np", "numpy"):
        found = getattr(np, node.attr, None)
        elementwise = isinstance(found, np.ufunc) and found.nout == 1 and found.signature is None
        return found if elementwise or node.attr in FUNCTIONS else None
    return None
