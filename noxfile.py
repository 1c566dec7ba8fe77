#!/usr/bin/env -S uv run --script

# /// script
# dependencies = ["nox>=2025.10.14"]
# ///
"""What the gate does beside the README's commands: all of it by `nox`, a part by `nox -s lint`.

Each session installs what it needs into an environment of its own. The folder beside the tests is
never what they meet: that is the installed, compiled package.
"""

import os
from pathlib import Path

import nox

nox.needs_version = ">=2025.10.14"
nox.options.default_venv_backend = "venv"

PYPROJECT = nox.project.load_toml("pyproject.toml")
SERIAL = """
import rustystats as rs
data = rs.datasets.make_motor_portfolio(20_000, seed=0)
model = rs.glm("ClaimNb ~ ns(DrivAge, df=4) + Area", data, family="poisson", exposure="Exposure")
result = model.fit()
assert result.converged
print("without OpenMP:", result)
"""


@nox.session
def minimal(session: nox.Session) -> None:
    """Run the tests with the oldest releases allowed, those of .ci/minimal.txt (Python 3.11)."""
    session.install(".[test]", "-c", ".ci/minimal.txt")
    session.run("pytest", "-q", *(session.posargs or ["-n", "auto", "--dist", "worksteal"]))


@nox.session(python=["3.12", "3.13", "3.14"], default=False)
def tests(session: nox.Session) -> None:
    """Run the tests on other releases of Python."""
    session.install(".[test]")
    session.run("pytest", "-q", *(session.posargs or ["-n", "auto", "--dist", "worksteal"]))


@nox.session
def lint(session: nox.Session) -> None:
    """Look at every file: style, spelling, workflows, and what is expected of a project."""
    session.install(*nox.project.dependency_groups(PYPROJECT, "lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("cython-lint", "rustystats")
    session.run("codespell")
    session.run("zizmor", "--offline", "--quiet", ".github")
    session.run("repo-review", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check the type hints, and what they say of right and wrong calls."""
    session.install(".[test]", *nox.project.dependency_groups(PYPROJECT, "types"))
    session.run("mypy")
    session.run("pytest", "-q", "tests/test_typing.py")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the pages, their examples run, warnings are errors; then run the notebooks."""
    session.install(".[doc,test]")
    session.run("python", "-P", "-m", "sphinx", "-W", "--keep-going", "-q", "doc", "doc/_build")
    session.run("pytest", "-q", "tests/test_examples.py", "-k", "notebook")


@nox.session
def sdist(session: nox.Session) -> None:
    """Build a source distribution, and from it a package that runs without OpenMP."""
    session.install("build")
    folder = session.create_tmp()
    session.run("python", "-m", "build", "--sdist", "--outdir", folder)
    newest = max(Path(folder).glob("rustystats-*.tar.gz"), key=os.path.getmtime)
    session.install(str(newest), "-Csetup-args=-Dopenmp=disabled")
    session.run("python", "-P", "-c", SERIAL)


if __name__ == "__main__":
    nox.main()
