"""What `import rustystats` brings along."""

import subprocess
import sys

import sklearn
from sklearn.utils.fixes import parse_version

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
