#!/usr/bin/env -S uv run --script

# /// script
# dependencies = ["nox>=2025.10.14"]
# ///
"""What the gate does beside the README's commands: all of it by `nox`, a part by `nox -s lint`.

Each session installs what it needs into an environment of its own, the package from a wheel that is
built once a run. The folder beside the tests is never what they meet.
"""

import os
from pathlib import Path

import nox

nox.needs_version = ">=2025.10.14"
nox.options.default_venv_backend = "venv"

TESTS = ["pytest", "-q", "-n", "auto", "--dist", "worksteal"]
PYPROJECT = nox.project.load_toml("pyproject.toml")
SERIAL = """
import rustystats as rs
data = rs.datasets.make_motor_portfolio(20_000, seed=0)
model = rs.glm("ClaimNb ~ ns(DrivAge, df=4) + Area", data, family="poisson", exposure="Exposure")
result = model.fit()
assert result.converged
print("without OpenMP:", result)
"""

wheels: dict[str, Path] = {}


def package(session: nox.Session, extra: str) -> str:
    """The wheel of this checkout for the session's Python, to be installed with an extra."""
    python = str(session.python or "current")
    if python not in wheels:
        folder = session.cache_dir / "wheels" / python
        session.run("python", "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, ".")
        wheels[python] = max(folder.glob("rustystats-*.whl"), key=os.path.getmtime)
    return f"{wheels[python]}[{extra}]"


@nox.session
def minimal(session: nox.Session) -> None:
    """Run the tests with the oldest releases allowed, those of .ci/minimal.txt (Python 3.11)."""
    session.install(package(session, "test"), "-c", ".ci/minimal.txt")
    session.run(*TESTS, *session.posargs)


@nox.session(python=["3.12", "3.13", "3.14"], default=False)
def tests(session: nox.Session) -> None:
    """Run the tests on other releases of Python."""
    session.install(package(session, "test"))
    session.run(*TESTS, *session.posargs)


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
    session.install(package(session, "test"), *nox.project.dependency_groups(PYPROJECT, "types"))
    session.run("mypy")
    session.run("pytest", "-q", "tests/test_typing.py")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the pages, their examples run, warnings are errors; then run the notebooks."""
    session.install(package(session, "doc,test"))
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
