"""The demo: its output, its exit codes, and what is said where the extra is missing."""

import re
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from rustystats import cli
from rustystats.cli import demo as command
from rustystats.cli import tables
from rustystats.inference.relativities import FactorEffect


def run(*arguments):
    """What a command does; of a demo without the report, which takes longest."""
    beside = ["--no-report"] if arguments[:1] == ("demo",) else []
    return CliRunner().invoke(cli.make_app(), [*arguments, *beside])


@pytest.fixture(scope="module")
def demo():
    return run("demo", "--rows", "20000", "--seed", "3", "--threads", "1")


def test_demo_prints_coefficients_relativities_and_speed(demo):
    assert demo.exit_code == 0, demo.output
    assert "Simulating 20,000 motor policies (seed 3)" in demo.output
    assert re.search(r"Converged: +yes", demo.output)
    for column in ["Intercept", "ns(DrivAge, 1/6)", "bs(VehAge, 2/4)", "Region[T.R94]"]:
        assert re.search(re.escape(column) + r" +-?\d", demo.output), column
    assert re.search(r"Offset: +log\(Exposure\)", demo.output)
    assert re.search(r"Speed: .* in \d+\.\d{3} s, [\d,]+ rows per second", demo.output)
    assert max(map(len, demo.output.splitlines())) <= 90


def test_demo_finds_the_truth_again(demo):
    found = re.search(r"per year ([\d.]+) fitted, ([\d.]+) true; .* off by ([\d.]+) %", demo.output)
    fitted, true, error = map(float, found.groups())
    assert abs(fitted / true - 1) < 0.1
    assert error < 25


def test_long_factors_are_shown_in_part_with_one_base_row_each(demo):
    table = demo.output.split("Relativities")[1]
    assert re.search(r"\(8\d values\)", table)
    rows = re.findall(r"(\S+) +([\d.]+) +[\d.]+ to (?:[\d.]+|inf) +[\d,.]+( +base)?", table)
    assert len(rows) < 8 * (tables.MANY_LEVELS + 1)
    base = [row for row in rows if row[2]]
    assert len(base) == 8
    assert all(float(relativity) == 1.0 for _, relativity, _ in base)


def test_demo_with_a_seed_repeats(demo):
    def numbers(output):
        return output.split("Speed:")[0]

    assert numbers(run("demo", "--rows", "20000", "--seed", "1").output) == numbers(
        run("demo", "--rows", "20000", "--seed", "1", "--threads", "2").output
    )
    assert numbers(run("demo", "--rows", "1000").output) == numbers(
        run("demo", "--rows", "1000", "--seed", "0").output
    )


def test_threads_reach_the_fit(monkeypatch):
    seen = []
    fit = command.glm
    monkeypatch.setattr(command, "glm", lambda *a, **k: seen.append(k["n_threads"]) or fit(*a, **k))
    assert run("demo", "--rows", "1000", "--threads", "2").exit_code == 0
    assert run("demo", "--rows", "1000").exit_code == 0
    assert seen == [2, None]


def test_version():
    result = run("--version")
    assert result.exit_code == 0
    assert result.output == f"rustystats {version('rustystats')}\n"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["demo", "--rows", "999"], "--rows"),
        (["demo", "--rows", "many"], "--rows"),
        (["demo", "--rows", "1000000000000"], "--rows"),
        (["demo", "--seed", "-1"], "--seed"),
        (["demo", "--threads", "0"], "--threads"),
        (["demo", "--colour"], "--colour"),
        (["demo", "here"], "here"),
        (["fits"], "fits"),
    ],
)
def test_bad_options_exit_with_2_and_say_which(arguments, named):
    result = run(*arguments)
    assert result.exit_code == 2
    assert named in result.output
    assert "Simulating" not in result.output


def test_without_arguments_help_is_printed():
    result = run()
    assert result.exit_code in (0, 2)  # 2 from click 8.2 on
    assert "demo" in result.output


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_missing_extra_is_named_with_its_remedy(missing, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (
        f'rustystats: {missing} is not installed: pip install "rustystats[cli]"\n'
    )


def test_the_demo_ends_with_its_report(monkeypatch):
    written = []
    monkeypatch.setattr("rustystats.GLMResults.report", lambda *a, **k: written.append((a, k)))
    done = CliRunner().invoke(cli.make_app(), ["demo", "--rows", "1000"])
    assert done.output.endswith("Report: rustystats_demo.html\n")
    ((_, path, data), options), = written  # fmt: skip
    assert (path, len(data)) == (Path("rustystats_demo.html"), 1_000)
    assert options["title"].startswith("Claim frequency")
    assert run("demo", "--rows", "1000").exit_code == 0
    assert len(written) == 1


def test_without_what_a_report_needs_the_demo_says_so(monkeypatch, tmp_path, capsys):
    def refuse(*_, **__):
        raise ImportError("reports need Jinja2")

    monkeypatch.setattr("rustystats.GLMResults.report", refuse)
    command.run_demo(20_000, 0, 1, tmp_path / "report.html")
    assert capsys.readouterr().err == "No report: reports need Jinja2\n"
    assert not (tmp_path / "report.html").exists()


def test_representative_rows():
    assert tables.representative(13, 4).tolist() == list(range(13))
    rows = tables.representative(80, 17)
    assert rows[0] == 0
    assert rows[-1] == 79
    assert 17 in rows
    assert len(rows) <= 13
    assert np.all(np.diff(rows) > 0)


def test_relativities_without_errors_and_names_that_look_like_markup(capsys):
    none = np.full(2, np.nan)
    base = FactorEffect("Base", [""], None, np.log([0.1]), none, none, none, np.array([3.0]), 0)
    names = ["[bold]a[/bold]", ":smile:"]
    size = np.log([1.0, 2.0])
    factor = FactorEffect("[red]x", names, None, size, none, none, none, np.array([1.0, 2.0]), 0)
    tables.print_relativities([base, factor])
    printed = capsys.readouterr().out
    for text in (*names, "[red]x", "Base risk: 0.1000 (-)", "2.000"):
        assert text in printed
    assert "about a dozen" not in printed
