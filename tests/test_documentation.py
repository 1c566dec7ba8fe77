"""The reference has every public name, and each says what it takes, raises and how it is used.

That its examples run, the doctests show; that the pages are well formed, their build does.
"""

import ast
import inspect
import re
import textwrap
from dataclasses import is_dataclass
from pathlib import Path

import pytest

import rustystats as rs

REFERENCE = Path(__file__).parents[1] / "doc" / "reference"
MODULES = {"rustystats": rs, **{m.__name__: m for m in (rs.datasets, rs.families, rs.links)}}
REACHED = {"rustystats.results.plot.ResultPlots"}  # by an attribute of a result
ANSWERS = (
    "GLMResults",
    "FormulaGLM",
    "CVResult",
    "RegularizationPath",
    "StabilitySelection",
    "DataExploration",
    "ModelDiagnostics",
)


def public_names():
    """Dotted names of `__all__`, submodules apart."""
    return {
        f"{module}.{name}"
        for module, content in MODULES.items()
        for name in content.__all__
        if not inspect.ismodule(getattr(content, name))
    }


def named_in(text):
    """Dotted names in the autosummary tables, and autodata, of a page."""
    module, names = "", set()
    for line in text.splitlines():
        current = re.match(r"\.\. currentmodule:: (\S+)", line)
        name = re.match(r"   ([A-Za-z]\w*)$|\.\. autodata:: (\w+)", line)
        if current:
            module = current[1]
        elif name and module:
            names.add(f"{module}.{name[1] or name[2]}")
    return names


def objects():
    """Each public function and class, and the methods of the answers, by dotted name."""
    for name in sorted(public_names()):
        module, _, short = name.rpartition(".")
        obj = getattr(MODULES[module], short)
        if inspect.isclass(obj) or inspect.isfunction(obj):
            yield pytest.param(obj, id=name)
        for key, value in inspect.getmembers(obj) if short in ANSWERS else ():
            ours = (getattr(value, "__module__", None) or "").startswith("rustystats")
            if inspect.isfunction(value) and ours and not key.startswith("_"):
                yield pytest.param(value, id=f"{name}.{key}")


OBJECTS = list(objects())


def sections(obj):
    """What stands before the first heading under "", and under each heading."""
    found = re.split(r"\n(\w+)\n-{3,}\n", "\n" + (inspect.getdoc(obj) or ""))
    return {"": found[0], **dict(zip(found[1::2], found[2::2], strict=True))}


def test_the_reference_has_every_public_name():
    pages = [page.read_text(encoding="utf-8") for page in sorted(REFERENCE.glob("*.rst"))]
    assert set().union(*map(named_in, pages)) == public_names() | REACHED


@pytest.mark.parametrize("obj", OBJECTS)
def test_there_is_an_example(obj):
    assert ">>> " in sections(obj).get("Examples", "")


@pytest.mark.parametrize("obj", OBJECTS)
def test_every_parameter_is_described(obj):
    try:
        takes = set(inspect.signature(obj).parameters) - {"self"}
    except ValueError:  # of a class in C, which takes nothing
        takes = set()
    if inspect.isclass(obj) and obj.__name__ in ANSWERS:
        return  # made by functions, which describe what they take
    lines = sections(obj).get("Parameters", "").splitlines()
    heads = " ".join(line for line in lines if not line.startswith(" "))
    assert not takes - set(re.findall(r"\w+", heads))


@pytest.mark.parametrize("obj", OBJECTS)
def test_errors_that_it_raises_itself_are_described(obj):
    written = not inspect.isclass(obj) or (
        "__init__" in vars(obj) and obj.__name__ not in ANSWERS and not is_dataclass(obj)
    )
    if not written:
        return
    code = obj.__init__ if inspect.isclass(obj) else obj
    tree = ast.parse(textwrap.dedent(inspect.getsource(code)))
    raised = {
        node.exc.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
    }
    assert raised <= set(re.findall(r"\w+", sections(obj).get("Raises", "")))
