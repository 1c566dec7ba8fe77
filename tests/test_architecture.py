"""The arrows of the architecture: imports point down, and some doors stay shut."""

import ast
import re
from pathlib import Path

import pytest

import rustystats

ROOT = Path(rustystats.__file__).parent
# From the ground floor up. A module may import modules of the floors below, and those of its own
# package.
FLOORS = [
    "_kernels",
    "threads intervals messages progress checks",
    "codes",
    "frames datasets charts",
    "report",
    "encoding",
    "links",
    "families",
    "design",
    "terms",
    "formula levels",
    "dictionary",
    "solvers",
    "inference",
    "offsets penalties folds",
    "specification",
    "prepare serialization",
    "fitting cross_validate",
    "diagnostics",
    "results",
    "model arrays selection stability target_encoding frequency_encoding",
    "estimators",
    "cli",
    "__init__ __main__",
    "typing",  # for type checkers: no module imports it at run time
]
FLOOR = {name: floor for floor, names in enumerate(FLOORS) for name in names.split()}
# Neighbours that stand on the same ground and do not know each other, whatever their order
STRANGERS = [("terms", "solvers"), ("solvers", "terms"), ("formula", "solvers")]
WITHIN_A_FLOOR = {
    ("cross_validate", "fitting"),
    ("selection", "arrays"),
    ("stability", "arrays"),
}
DATA_FRAMES = {"narwhals", "pandas", "polars", "pyarrow"}


def imports_of(path):
    """Dotted names a file imports, wherever in the file, without those for type checkers."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            if node.module == "rustystats":  # from rustystats import frames
                yield from (f"rustystats.{alias.name}" for alias in node.names)
            else:
                yield node.module


def part(dotted):
    """The module or package of the first level that a dotted name belongs to."""
    return [*dotted.split("."), "__init__"][1]


MODULES = {
    path.relative_to(ROOT).with_suffix("").as_posix().replace("/", "."): path
    for path in sorted(ROOT.rglob("*.py"))
}
PARTS = {name: name.split(".")[0] for name in MODULES}


def test_the_package_is_where_we_look():
    assert {
        "_kernels.__init__",
        "design.matrix",
        "solvers.irls",
        "frames.columns",
        "__init__",
    } <= set(MODULES)


def test_every_module_has_its_floor():
    homeless = {own for own in PARTS.values() if own not in FLOOR}
    assert not homeless, f"give {homeless} a floor in this file and in the architecture"


@pytest.mark.parametrize("name", MODULES)
def test_imports_point_down(name):
    own = PARTS[name]
    for dotted in imports_of(MODULES[name]):
        if dotted.split(".")[0] != "rustystats":
            continue
        other = part(dotted)
        if other == own or (own, other) in WITHIN_A_FLOOR:
            continue
        assert FLOOR[other] < FLOOR[own], f"{name} imports {dotted}, which is not below it"
        assert (own, other) not in STRANGERS, f"{name} imports {dotted}"


def test_no_circles_within_a_package():
    graph = {
        name: {
            dotted.removeprefix("rustystats.")
            for dotted in imports_of(path)
            if dotted.startswith("rustystats.")  # there is a typing of Python's as well
        }
        & set(MODULES)
        for name, path in MODULES.items()
    }
    done = set()
    while len(done) < len(graph):
        ready = {name for name in graph if name not in done and graph[name] <= done | {name}}
        assert ready, f"a circle among {sorted(set(graph) - done)}"
        done |= ready


@pytest.mark.parametrize("name", MODULES)
def test_only_frames_and_datasets_know_data_frames(name):
    found = {dotted.split(".")[0] for dotted in imports_of(MODULES[name])} & DATA_FRAMES
    assert not found or PARTS[name] in ("frames", "datasets", "typing")


@pytest.mark.parametrize("name", [n for n in MODULES if PARTS[n] in ("inference", "solvers")])
def test_solvers_and_inference_know_no_data_frame_and_no_scikit_learn(name):
    for dotted in imports_of(MODULES[name]):
        assert dotted.split(".")[0] not in {"sklearn", *DATA_FRAMES}
        assert not dotted.startswith(("rustystats.frames", "rustystats.datasets"))


@pytest.mark.parametrize("name", [n for n in MODULES if PARTS[n] in ("formula", "terms", "design")])
def test_terms_and_formula_know_no_estimator(name):
    for dotted in imports_of(MODULES[name]):
        assert not dotted.startswith(("sklearn", "rustystats.estimators", "rustystats.model"))


@pytest.mark.parametrize("path", sorted(ROOT.glob("_kernels/*.p[yx]*")), ids=lambda p: p.name)
def test_kernels_are_the_leaf(path):
    named = re.findall(r"^\s*(?:from|c?import)\s+(rustystats\S*)", path.read_text(), re.MULTILINE)
    assert all(name.startswith("rustystats._kernels.") for name in named)


def test_kernels_count_from_the_front():
    """Without wraparound an index of -1 reaches arrays as it is, which numpy 2.5 refuses."""
    kernels = Path(__file__).parents[1] / "rustystats" / "_kernels"
    sources = [path for kind in ("*.pyx", "*.pxd") for path in kernels.glob(kind)]
    found = [path.name for path in sources if re.search(r"\[-\d", path.read_text())]
    assert sources
    assert found == []
