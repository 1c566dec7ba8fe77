"""What `import rustystats` brings along."""

import subprocess
import sys

CODE = """
import sys
import sklearn, sklearn.linear_model
before = set(sys.modules)
import rustystats
print(*sorted(name for name in set(sys.modules) - before if name.split(".")[0] != "rustystats"))
"""


def test_nothing_is_loaded_that_scikit_learn_has_not_loaded():
    """No pandas, polars, formulaic, matplotlib or tqdm until they are asked for."""
    command = [sys.executable, "-P", "-c", CODE]
    found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert found.stdout.split() == []
