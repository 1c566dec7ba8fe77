"""The examples run, on the simulated portfolio and without a warning, and the notebooks are theirs.

The build of the documentation runs the scripts on the French data, where there are any.
"""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import sklearn
from sklearn.utils.fixes import parse_version

EXAMPLES = Path(__file__).parents[1] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("[0-9]*.py"))
NEEDS_ROUTING = {"05_scikit_learn_pipeline"}  # through a search into a Pipeline

by_script = pytest.mark.parametrize("script", SCRIPTS, ids=[script.stem for script in SCRIPTS])


def environment(folder):
    """No French data, no window, nothing of the user's in the way."""
    kept = {name: value for name, value in os.environ.items() if name != "RUSTYSTATS_DATA"}
    return kept | {"MPLBACKEND": "agg", "MPLCONFIGDIR": str(folder), "OMP_NUM_THREADS": "1"}


def check_version(script):
    if script.stem in NEEDS_ROUTING and parse_version(sklearn.__version__) < parse_version("1.8"):
        pytest.skip("scikit-learn hands nothing to the score of a Pipeline before 1.8")


@by_script
def test_runs_on_the_simulated_portfolio(script, tmp_path):
    check_version(script)
    command = [sys.executable, "-P", "-W", "error", str(script)]
    options = {"cwd": tmp_path, "env": environment(tmp_path), "timeout": 300}
    run = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert run.returncode == 0, run.stderr
    assert "simulated portfolio" in run.stdout


@by_script
def test_the_notebook_is_made_of_the_script(script):
    pytest.importorskip("sphinx_gallery", reason="the notebooks are made by sphinx-gallery")
    make = runpy.run_path(str(EXAMPLES / "notebooks" / "make.py"))
    stored = make["stored_at"](script)
    assert stored.read_text(encoding="utf-8") == make["notebook"](script), (
        f"{stored.name} is not what {script.name} makes: python -P examples/notebooks/make.py"
    )


@by_script
def test_the_notebook_runs(script, tmp_path, monkeypatch):
    nbclient = pytest.importorskip("nbclient", reason="notebooks are run by nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    check_version(script)
    cells = nbformat.read(EXAMPLES / "notebooks" / f"{script.stem}.ipynb", as_version=4)
    options = {"timeout": 300, "resources": {"metadata": {"path": str(tmp_path)}}}
    nbclient.NotebookClient(cells, kernel_name="python3", **options).execute(
        env=environment(tmp_path)
    )


def test_every_notebook_has_a_script():
    notebooks = {notebook.stem for notebook in EXAMPLES.glob("notebooks/*.ipynb")}
    assert notebooks == {script.stem for script in SCRIPTS}
