"""The examples of the documentation run, and give what the pages say.

Python with prompts is a doctest. The commands of a page run in order in an empty folder, in this
process; that they do the same in processes of their own, `tests/cli` shows.
"""

import doctest
import json
import os
import re
import shlex
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import rustystats as rs
from rustystats import cli

ROOT = Path(__file__).parents[1]
DOC = ROOT / "doc"
PAGES = {page.relative_to(DOC).as_posix(): page for page in sorted(DOC.rglob("*.md"))}


def blocks_of(text, language):
    """(first line, lines) of each fenced block in a language."""
    found, inside = [], False
    for number, line in enumerate(text.splitlines()):
        fence = re.match(r"\s*```(\w*)", line)
        if fence:
            inside = not inside and fence[1] == language
            if inside:
                found.append((number + 1, []))
        elif inside:
            found[-1][1].append(line)
    return found


def examples_of(text, name):
    """The fenced blocks of Python with prompts as one doctest; lines keep their numbers."""
    kept = [""] * (text.count("\n") + 1)
    for start, lines in blocks_of(text, "python"):
        kept[start : start + len(lines)] = lines
    return doctest.DocTestParser().get_doctest("\n".join(kept), {}, name, name, 0)


def commands_of(text):
    """The commands of a page's blocks for a shell, without pip's, which the gate runs."""
    blocks = ("\n".join(lines).replace("\\\n", " ") for _, lines in blocks_of(text, "bash"))
    lines = [line for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.strip() and not line.startswith("pip ")]


COMMANDS = ("explore", "fit", "predict", "demo")
WITH_COMMANDS = [
    name for name, page in PAGES.items() if commands_of(page.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("name", PAGES)
def test_examples(name):
    test = examples_of(PAGES[name].read_text(encoding="utf-8"), name)
    said = []
    doctest.DocTestRunner().run(test, out=said.append)
    assert not said, "".join(said)


def test_the_user_guide_is_looked_at():
    page = PAGES["user_guide/scikit_learn.md"].read_text(encoding="utf-8")
    assert len(examples_of(page, "page").examples) > 20
    wrong = examples_of("```python\n>>> 1 + 1\n3\n```\n", "page")
    assert doctest.DocTestRunner().run(wrong, out=lambda _: None).failed == 1
    assert WITH_COMMANDS == ["user_guide/command_line.md"]


def run(command):
    """Exit code and errors of a command in this process: ``rustystats``, ``python -c``, ``>``."""
    words, target = shlex.split(command, comments=True), None
    if words[-2:-1] == [">"]:
        *words, _, target = words
    if words[:2] == ["python", "-c"]:
        exec(words[2], {})
        return 0, ""
    assert words[0] == "rustystats", f"no test runs {command!r}"
    try:
        runner = CliRunner(mix_stderr=False)
    except TypeError:  # it always is, from click 8.2 on
        runner = CliRunner()
    done = runner.invoke(cli.make_app(), words[1:])
    if target is not None:
        Path(target).write_text(done.stdout, encoding="utf-8")
    return done.exit_code, done.stderr


def succeeds(command):
    """Run a command that must not fail."""
    code, errors = run(command)
    assert code == 0, f"{command}\n{errors}"


def test_commands_of_the_command_line(tmp_path, monkeypatch):
    pytest.importorskip("pyarrow")
    monkeypatch.chdir(tmp_path)
    page = PAGES["user_guide/command_line.md"].read_text(encoding="utf-8")
    commands = commands_of(page)
    for command in commands:
        succeeds(command)
    assert {command.split()[1] for command in commands} == {"-c", *COMMANDS}
    data, new = pd.read_parquet("policies.parquet"), pd.read_parquet("new.parquet")
    model = "ClaimNb ~ bs(DrivAge, df=5) + C(Area) + BonusMalus"
    result = rs.glm(model, data, family="poisson", exposure="Exposure").fit()
    scored, rates = pd.read_parquet("scored.parquet"), pd.read_csv("rates.csv")
    np.testing.assert_allclose(scored["prediction"], result.predict(new), rtol=1e-9)
    np.testing.assert_allclose(rates["frequency"], result.predict(new, exposure=1.0), rtol=1e-9)
    assert json.loads(Path("fit.json").read_text(encoding="utf-8"))["converged"]
    assert "test data" in Path("report.html").read_text(encoding="utf-8")
    assert rs.load("ridge.json").alpha == 0.001
    wrong, shown = re.search(r"^\$ (rustystats.*?)\n(Error: .*?)^\$", page, re.M | re.S).groups()
    assert run(wrong) == (1, shown)


def tenth(text):
    """The same with portfolios a tenth as large."""
    return re.sub(r"0_000\b", "_000", text)


def test_the_readme(tmp_path, monkeypatch):
    pytest.importorskip("pyarrow")
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    names = {}
    for start, lines in blocks_of(page, "python"):
        exec(compile(tenth("\n".join(lines)), f"README.md, line {start}", "exec"), names)
    assert names["result"].converged
    assert names["chosen"].cv_result is not None
    for command in commands_of(page):
        succeeds(tenth(command))
    assert set(os.listdir()) >= {"report.html", "frequency.json", "model.json", "scored.parquet"}


def test_the_console_script_is_that_program():
    script = entry_points(group="console_scripts", name="rustystats")
    assert {entry.value for entry in script} == {"rustystats.cli:main"}
