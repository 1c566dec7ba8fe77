"""Make the notebooks: `python -P examples/notebooks/make.py`.

By sphinx-gallery's converter, which reads the scripts for the documentation
too: one reader of one format. Stored without outputs, so that they change
when a script does, at no other time.
"""

import json
from copy import deepcopy
from pathlib import Path

from sphinx_gallery.gen_gallery import DEFAULT_GALLERY_CONF
from sphinx_gallery.notebook import jupyter_notebook
from sphinx_gallery.py_source_parser import split_code_and_text_blocks

HERE = Path(__file__).resolve().parent
SCRIPTS = sorted(HERE.parent.glob("[0-9]*.py"))


def stored_at(script):
    """Where the notebook of a script is."""
    return HERE / f"{script.stem}.ipynb"


def notebook(script):
    """The notebook of a script, as text."""
    _, blocks = split_code_and_text_blocks(str(script))
    made = jupyter_notebook(
        blocks, deepcopy(DEFAULT_GALLERY_CONF), str(HERE)
    )
    del made["metadata"]["language_info"][
        "version"
    ]  # of the Python that converts
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for script in SCRIPTS:
        stored_at(script).write_text(notebook(script), encoding="utf-8")
