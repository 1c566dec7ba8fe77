"""Type hints: complete, resolvable, and of use to a checker in code as users write it."""

import ast
import dataclasses
import inspect
import re
import sys
import typing
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path

import pytest

import rustystats as rs
import rustystats.typing
from rustystats.diagnostics import exploration_sections, sections
from rustystats.diagnostics.isotonic import AutoCalibration
from rustystats.inference.relativities import FactorEffect
from rustystats.results.bootstrap import LiftBands
from rustystats.results.evaluation import Evaluation
from rustystats.results.parameter_profile import LikelihoodProfile
from rustystats.results.plot import ResultPlots
from rustystats.results.validation import ValidationReport
from rustystats.terms.spline_basis import SplineBasis

ROOT = Path(__file__).parents[1]
MODULES = (rs, rs.datasets, rs.families, rs.links)
ANSWERED = [  # what methods of the public names return
    *(AutoCalibration, Evaluation, FactorEffect, LiftBands, LikelihoodProfile, ResultPlots),
    *(SplineBasis, ValidationReport),
    *(
        one
        for module in (sections, exploration_sections)
        for one in vars(module).values()
        if inspect.isclass(one) and one.__module__ == module.__name__
    ),
]


def public():
    """The public functions and classes, and the classes of what they return."""
    named = (getattr(module, name) for module in MODULES for name in module.__all__)
    return [*dict.fromkeys(one for one in (*named, *ANSWERED) if callable(one))]


def functions_of(one):
    """The functions that users call of a public one: itself, or its methods and properties."""
    if not inspect.isclass(one):
        yield one
        return
    for kind in one.__mro__:
        if not kind.__module__.startswith("rustystats") or "_kernels" in kind.__module__:
            continue
        for name, value in vars(kind).items():
            if isinstance(value, property):
                value = value.fget
            elif isinstance(value, cached_property):
                value = value.func
            elif isinstance(value, classmethod):
                value = value.__func__
            made = dataclasses.is_dataclass(kind) and name == "__init__"
            called = not name.startswith("_") or name in ("__init__", "__len__")
            if inspect.isfunction(value) and called and not made:
                yield value


FUNCTIONS = {
    f"{function.__module__}.{function.__qualname__}": function
    for one in public()
    for function in functions_of(one)
}


@cache
def namespace(module):
    """What the annotations of a module are written with: its names, and those for checkers."""
    found = dict(vars(sys.modules[module]))
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    for node in tree.body:
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            exec(compile(ast.Module(node.body, []), f"<{module}>", "exec"), found)
    written = vars(rustystats.typing)  # its aliases may be texts
    aliases = {name: text for name, text in found.items() if text is written.get(name)}
    texts = {name: text for name, text in aliases.items() if isinstance(text, str)}
    return found | {n: eval(t, written) for n, t in texts.items() if not n.startswith("__")}


def resolved(annotation, module):
    return eval(annotation, namespace(module)) if isinstance(annotation, str) else annotation


def test_there_is_a_marker_for_checkers():
    assert (Path(rs.__file__).parent / "py.typed").is_file()


def test_all_that_users_call_is_looked_at():
    assert len(FUNCTIONS) > 250
    assert {
        "rustystats.model.glm",
        "rustystats.model.FormulaGLM.fit",
        "rustystats.results.coefficients.CoefficientAnswers.bse",
        "rustystats.results.plot.ResultPlots.lift",
        "rustystats.families.base.FamilyMixin.deviance",
    } <= set(FUNCTIONS)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_parameter_and_the_return_are_annotated(name):
    function = FUNCTIONS[name]
    signature = inspect.signature(function)
    bound = "." in function.__qualname__
    bare = [p.name for p in signature.parameters.values() if p.annotation is p.empty]
    assert bare == ([next(iter(signature.parameters))] if bound else [])
    assert signature.return_annotation is not signature.empty


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_annotations_resolve(name):
    function = FUNCTIONS[name]
    for annotation in function.__annotations__.values():
        assert resolved(annotation, function.__module__) is not ...


@pytest.mark.parametrize(
    "kind", [k for k in public() if inspect.isclass(k)], ids=lambda k: k.__name__
)
def test_annotations_of_attributes_resolve(kind):
    for base in kind.__mro__:
        if base.__module__.startswith("rustystats"):
            for annotation in vars(base).get("__annotations__", {}).values():
                assert resolved(annotation, base.__module__) is not object


def test_names_for_checkers_are_names_that_are_known():
    """A literal that nothing accepts, or a name that a checker would refuse, is a false hint."""
    families = typing.get_args(rustystats.typing.FamilyName)
    assert {type(rs.families.get_family(name)) for name in families} == set(
        rs.families.FAMILIES.values()
    )
    assert set(rs.families.FAMILIES) <= set(families)
    assert set(typing.get_args(rustystats.typing.LinkName)) == set(rs.links.LINKS)


USER_CODE = """
import numpy as np
import pandas as pd
import polars as pl
from sklearn.model_selection import KFold

import rustystats as rs

data = rs.datasets.make_motor_portfolio(1_000)
formula = "ClaimNb ~ bs(DrivAge, df=5) + C(Area)"
model = rs.glm(formula, data, family="poisson", exposure="Exposure")
result = model.fit(regularization="lasso", cv=KFold(5), selection="1se", random_state=0)
errors: float = result.bse()[0] + result.scale() + result.conf_int(method="profile")[0, 1]
names: list[str] = result.feature_names + result.selected_features()
table = result.relativities().set_index("Level")  # of the library of the data: unknown
result.plot.relativities("Area").set_title("Area")
gini: float | None = result.diagnostics(data, ["Area"]).discrimination.gini_coefficient
rs.glm("y ~ x", {"y": [1.0, 2.0], "x": np.arange(2)}, link=rs.links.Power(0.5))
rs.glm("y ~ x", pd.DataFrame({"y": [1], "x": [2]}), weights=pd.Series([1.0]))
rs.glm("y ~ x", pl.DataFrame({"y": [1], "x": [2]}), weights=pl.Series([1.0]), theta="auto")
rs.glm("y ~ x", pl.LazyFrame({"y": [1], "x": [2]}), rs.families.Tweedie(var_power=1.6))
rs.fit_glm([1, 2], [[1, 0], [1, 1]], "gamma", alpha=0.1, lower_bounds=0.0).predict([[1, 0]])
rs.ols([1, 2], np.ones((2, 1)), weights=[1, 2], dispersion="deviance").summary("OLS")
rs.load("model.json").predict(data, exposure=1.0).mean()
score: float = rs.GLMRegressor("poisson", alpha=1).fit([[1.0]], [1]).score([[1.0]], [1])
rs.TargetEncoder(handle_unknown="error").fit(pd.DataFrame({"a": ["x"]}), [1]).prior_
rs.compare(result, small=rs.cv_lasso([1, 2], np.ones((2, 2)), cv=2).best_result)

rs.glm(formula, data, family="poison")  # arg-type
rs.glm(formula, data, link="logg")  # arg-type
rs.glm(formula, data, theta="automatic")  # arg-type
rs.glm(formula)  # call-arg
rs.glm(formula, data, weight="Exposure")  # call-arg
rs.glm(formula, 3.0)  # arg-type
model.fit(regularization="lass")  # arg-type
model.fit(alpha="0.1")  # arg-type
model.fit(cv=5, selection="best")  # arg-type
model.sumary()  # attr-defined
result.conf_int(method="walds")  # arg-type
result.cov_robust("HC9")  # arg-type
result.bse  + 1  # operator
result.evaluate(data, exposre="Exposure")  # call-arg
result.diagnostics().calibration.ratio  # attr-defined
result.plot.lif()  # attr-defined
text: str = result.deviance  # assignment
rs.ols([1, 2], np.ones((2, 1)), weight=[1, 2])  # call-arg
rs.GLMRegressor(family="poisson", handle_unknown="ignore")  # arg-type
rs.TargetEncoder(handle_unknown="zero")  # arg-type
rs.bs([1.0, 2.0], extrapolation="none")  # arg-type
rs.datasets.make_motor_portfolio(frame="dask")  # arg-type
rs.compare(result, "other")  # arg-type
"""


@pytest.mark.skipif(not find_spec("mypy"), reason="mypy is not installed")
def test_a_checker_finds_the_mistakes_of_users_and_no_others(tmp_path, monkeypatch):
    """By the settings of the project, whose cache makes this half a second after a run of mypy."""
    from mypy import api

    file = tmp_path / "user.py"
    file.write_text(USER_CODE)
    monkeypatch.chdir(ROOT)
    out, complaints, _ = api.run(["--no-error-summary", "--hide-error-context", str(file)])
    assert not complaints
    found = {
        (int(line), code)
        for line, code in re.findall(r"user\.py:(\d+): error: .*\[([\w-]+)\]$", out, re.MULTILINE)
    }
    expected = {
        (number, line.split("  # ")[1])
        for number, line in enumerate(USER_CODE.splitlines(), 1)
        if re.search(r"  # [a-z]+(-[a-z]+)?$", line)
    }
    assert len(expected) == 23
    assert found == expected, out
