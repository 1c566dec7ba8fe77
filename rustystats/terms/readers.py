"""What the functions of a formula make: `C(x)`, `bs(x, df=5)`, `cut(x, [18, 25])` to factors.

One entry in `READERS` a function; the formula and the dictionary of terms read their factors here.
"""

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace

from rustystats.messages import did_you_mean
from rustystats.terms.categorical import CategoricalFactor
from rustystats.terms.cut import Computed, ComputedFactor, Cut
from rustystats.terms.expression import Expression, parse, unquoted
from rustystats.terms.polynomial import PolynomialFactor
from rustystats.terms.scaled import KINDS, ScaledFactor
from rustystats.terms.spline_factor import SplineFactor
from rustystats.terms.target import FrequencyFactor, TargetFactor

PATSY = ("Treatment", "Sum", "Poly", "Diff", "Helmert")  # how patsy names the codings of C()
SHORT = {"pw": "prior_weight", "nperm": "n_permutations"}


@dataclass(frozen=True)
class Reader:
    """How a function is read.

    Parameters
    ----------
    make : called with what the function is of, a text, and its options by name; returns a factor.
        With `several`, with a tuple of texts.
    options : names of the options; the first may follow the column without its name
    several : whether all that stands before the options are columns, as in `TE(brand, region)`
    """

    make: Callable
    options: tuple
    several: bool = False


def _categorical(text, **options):
    tree, quoted = parse(text)
    if isinstance(tree, ast.Name):
        return CategoricalFactor(quoted.get(tree.id, tree.id), **options)
    called = tree.func.id if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) else ""
    if called == "cut":
        return replace(read_factor(text), bare=False, **options)
    if called in READERS:
        raise ValueError(f"C({text}): C() takes a column, cut(...) or a condition")
    source = Computed(Expression(text))
    return ComputedFactor(source.text, source=source, **options)


def _cut(text, breaks=None, ref=None, **options):
    if breaks is None:
        raise ValueError(f"cut({text}) needs breaks: cut({text}, [0, 10, 20]) or cut({text}, 5)")
    source = Cut(Expression(text), breaks, **options)
    return ComputedFactor(source.text, ref=ref, source=source, bare=ref is None)


def _encoded(name, factor):
    """A target or frequency encoding; several columns are a combination."""

    def make(texts, **options):
        trees = [parse(text) for text in texts]
        if not all(isinstance(tree, ast.Name) for tree, _ in trees):
            raise ValueError(f"{name}() takes columns, {name}(brand:region) of a combination")
        columns = tuple(quoted.get(tree.id, tree.id) for tree, quoted in trees)
        if len(set(columns)) < len(columns):
            raise ValueError(f"{name}({':'.join(columns)}) names a column twice")
        return factor(columns, **options)

    return make


def _kind_of(factor, kind):
    def make(text, **options):
        return factor(kind, Expression(text), tuple(sorted(options.items())))

    return make


READERS = {
    "C": Reader(
        _categorical,
        ("ref", "coding", "levels", "min_exposure", "handle_unknown", "handle_missing"),
    ),
    "bs": Reader(
        _kind_of(SplineFactor, "bs"), ("df", "degree", "knots", "boundary_knots", "extrapolation")
    ),
    "ns": Reader(_kind_of(SplineFactor, "ns"), ("df", "knots", "boundary_knots", "extrapolation")),
    "poly": Reader(
        lambda text, **options: PolynomialFactor(Expression(text), **options), ("degree", "raw")
    ),
    "cut": Reader(_cut, ("breaks", "right", "include_lowest", "labels", "ref")),
    "center": Reader(_kind_of(ScaledFactor, KINDS[0]), ()),
    "scale": Reader(_kind_of(ScaledFactor, KINDS[1]), ("center", "rescale", "ddof")),
    "standardize": Reader(_kind_of(ScaledFactor, KINDS[2]), ("center", "rescale", "ddof")),
    "TE": Reader(_encoded("TE", TargetFactor), ("prior_weight", "n_permutations"), several=True),
    "FE": Reader(_encoded("FE", FrequencyFactor), (), several=True),
}


def make_factor(name, texts, options, written):
    """The factor of a function.

    Parameters
    ----------
    name : str, in `READERS`
    texts : list of str, what it is of
    options : dict
    written : str, what messages call it

    Raises
    ------
    ValueError
        If an option is unknown or has a wrong value.
    """
    reader = READERS[name]
    for option in options:
        if option not in reader.options:
            use = f"use {', '.join(reader.options)}" if reader.options else "it takes none"
            raise ValueError(
                f"unknown argument {option!r} in {written!r}"
                f"{did_you_mean(option, reader.options)}: {use}"
            )
    return reader.make(tuple(texts) if reader.several else texts[0], **options)


def read_factor(text):
    """The factor that a piece of a formula writes as a call of one of `READERS`, or None."""
    tree, quoted = parse(text)
    name = tree.func.id if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) else None
    if name not in READERS:
        return None
    reader = READERS[name]
    if not tree.args:
        raise ValueError(f"{text!r} needs a column: {name}(column, ...)")
    if len(tree.args) > 2 and not reader.several:
        use = f": {', '.join(reader.options)}" if reader.options else ", and there are none"
        raise ValueError(f"{text!r}: name the arguments after the second{use}")
    given = [(SHORT.get(k.arg, k.arg), k.value) for k in tree.keywords]
    if len(tree.args) == 2 and not reader.several:
        if not reader.options:
            raise ValueError(f"{text!r}: {name}() takes a column, and nothing else")
        given.insert(0, (reader.options[0], tree.args[1]))
    options = {}
    for option, node in given:
        if option in options:
            raise ValueError(f"{option!r} is given twice in {text!r}")
        options[option] = _literal(option, node, text)
    columns = tree.args if reader.several else tree.args[:1]
    return make_factor(name, [unquoted(ast.unparse(c), quoted) for c in columns], options, text)


def _literal(option, node, text):
    """The value of an argument: a number (inf among them), a text, a list of them, True or False.

    Lists become tuples.
    """
    try:
        value = ast.literal_eval(_Infinities().visit(node))
    except ValueError:
        written = ast.unparse(node)
        patsy = written.split("(")[0] in PATSY
        remedy = ": write ref='B' for Treatment('B'), coding='sum' for Sum" if patsy else ""
        raise ValueError(
            f"{option}={written} in {text!r} must be a number, a text or a list{remedy}"
        ) from None
    return tuple(value) if isinstance(value, list) else value


class _Infinities(ast.NodeTransformer):
    """`inf` and `np.inf` as numbers."""

    def visit_Name(self, node):
        return ast.Constant(float("inf")) if node.id == "inf" else node

    def visit_Attribute(self, node):
        return ast.Constant(float("inf")) if ast.unparse(node) == "np.inf" else node
