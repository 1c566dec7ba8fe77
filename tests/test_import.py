"""What `import rustystats` brings along."""

import shutil
import subprocess
import sys

import pytest
import sklearn
from sklearn.utils.fixes import parse_version

import rustystats
from rustystats import _kernels

NARWHALS = set() if parse_version(sklearn.__version__) >= parse_version("1.9") else {"narwhals"}
CODE = """
import sys
import sklearn, sklearn.linear_model
before = set(sys.modules)
import rustystats
names = {name.split(".")[0] for name in set(sys.modules) - before}
print(*sorted(name for name in names if name != "rustystats" and not name.startswith("_cython_")))
"""


def test_nothing_is_loaded_that_scikit_learn_has_not_loaded():
    """No pandas, polars, formulaic, matplotlib or tqdm until they are asked for."""
    command = [sys.executable, "-P", "-c", CODE]
    found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    # scikit-learn brings narwhals from 1.9 on; before, it is all that is loaded
    assert set(found.stdout.split()) <= NARWHALS


@pytest.mark.skipif(
    "site-packages" not in rustystats.__file__, reason="an editable install stands for the source"
)
def test_the_source_folder_says_that_it_is_not_compiled(tmp_path):
    """Who starts Python in the root of a checkout meets the source, not what was installed."""
    kernels = tmp_path / "rustystats" / "_kernels"
    kernels.mkdir(parents=True)
    (tmp_path / "rustystats" / "__init__.py").touch()
    shutil.copy(_kernels.__file__, kernels)
    command = [sys.executable, "-c", "import rustystats._kernels"]
    found = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert f"ImportError: this is the source of rustystats ({kernels})" in found.stderr
    assert "python -P" in found.stderr
