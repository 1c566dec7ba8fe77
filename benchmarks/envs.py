"""One virtual environment per system, made on demand under ``.envs``.

The earlier package (rustystats 0.9.0) has our import name, so nothing may be shared.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
ENVS = HERE / ".envs"

REQUIREMENTS = {
    "data": ["numpy", "pandas", "pyarrow"],
    "upstream": ["rustystats==0.9.0", "polars", "pandas", "pyarrow"],
    "glum": ["glum", "scipy", "pandas", "pyarrow"],
    "scikit-learn": ["scikit-learn", "pandas", "pyarrow"],
    "category_encoders": ["category_encoders", "pandas", "pyarrow"],
    "statsmodels": ["statsmodels", "pandas", "pyarrow"],
    "ours": ["polars", "pandas", "pyarrow"],
}

# What the package is built from; everything else in the checkout leaves it as it is.
SOURCES = ("rustystats", "meson.build", "meson.options", "pyproject.toml", "README.md", "LICENSE")


class Unavailable(Exception):
    """A system that cannot run here, and why, in a few words."""


_answers = {}


def interpreter(system):
    """Path of the program that runs the workers of a system, which is installed if need be.

    Settled once per run: a source file saved in the middle must not split a table in two.
    """
    if system not in _answers:
        try:
            _answers[system] = _find(system)
        except Unavailable as reason:
            _answers[system] = reason
    if isinstance(_answers[system], Unavailable):
        raise _answers[system]
    return _answers[system]


def _find(system):
    if system in ("R", "glmnet"):
        found = shutil.which("Rscript")
        if found is None:
            raise Unavailable("Rscript is not on PATH")
        return found
    folder = ENVS / system
    _install_once(folder, REQUIREMENTS[system])
    if system == "ours":
        _install_checkout(folder)
    return str(folder / "bin" / "python")


def _install_once(folder, requirements):
    stamp, wanted = folder / "installed.txt", "\n".join(requirements)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    if not (folder / "bin" / "python").exists():
        _run([sys.executable, "-m", "venv", str(folder)])
    _pip(folder, *requirements)
    stamp.write_text(wanted)


def _install_checkout(folder):
    """Build a copy of the sources, so that the checkout keeps no trace; again when they change."""
    present = [ROOT / name for name in SOURCES if (ROOT / name).exists()]
    if ROOT / "pyproject.toml" not in present:
        raise Unavailable("the repository has no pyproject.toml yet")
    stamp, wanted = folder / "sources.txt", _fingerprint(present)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    copy = ENVS / "ours-sources"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(parents=True)
    for path in present:
        if path.is_dir():
            shutil.copytree(path, copy / path.name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(path, copy / path.name)
    _pip(folder, "--force-reinstall", "--no-deps", str(copy))
    _pip(folder, str(copy))  # what it depends on
    stamp.write_text(wanted)


def _fingerprint(paths):
    digest = hashlib.sha256()
    for path in paths:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _pip(folder, *arguments):
    _run([str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *arguments])


def _run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        print(done.stdout[-3000:], done.stderr[-3000:], file=sys.stderr)
        raise Unavailable("could not be installed")
