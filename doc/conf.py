"""How the documentation is built: `python -m sphinx -W --keep-going -b html doc doc/_build`.

Pages are Markdown (MyST), the reference is made of the docstrings (numpydoc). Nothing is fetched:
neither inventories of other projects nor data. The examples of the pages are run by
`tests/test_user_guide.py`, those of docstrings by `pytest --doctest-modules`. The scripts of
`examples/` are run by the build (sphinx-gallery), which fails when one fails or warns: on the
French data, where `RUSTYSTATS_DATA` or `../shared/data` beside the repository has them.
"""

import os
import warnings
from dataclasses import fields
from pathlib import Path

import rustystats

FRENCH_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
if FRENCH_DATA.is_dir():
    os.environ.setdefault("RUSTYSTATS_DATA", str(FRENCH_DATA))
# in the scripts, in the package, and where their pictures are saved
warnings.filterwarnings("error", module=r"__main__|rustystats|sphinx_gallery\.scrapers")

project = "rustystats"
author = "The rustystats developers"
copyright = author
version = release = rustystats.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",  # MathJax lies beside the pages: they need no network
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build"]
templates_path = ["_templates"]
nitpicky = True  # a link that leads nowhere is an error
default_role = "code"  # `fit` in a docstring is code; a link is asked for by its role

myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3

autosummary_generate = True
numpydoc_show_class_members = False  # the template lists them
numpydoc_class_members_toctree = False
autodoc_typehints = "none"

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "examples",
    "filename_pattern": r"/\d\d_",  # all of them
    "within_subsection_order": "FileNameSortKey",
    "capture_repr": ("_repr_html_",),  # tables, and no addresses of Axes
    "image_srcset": ["2x"],
    "doc_module": ("rustystats",),
    "reference_url": {"rustystats": None},  # names in the code link to the reference
    "download_all_examples": False,
    "write_computation_times": False,
}

html_theme = "pydata_sphinx_theme"
html_title = f"rustystats {version}"
html_show_sourcelink = False
html_static_path = ["_static"]
html_css_files = ["gallery.css"]
html_theme_options = {"show_prev_next": False, "navigation_with_keys": False}


FIELDS = {
    field.name
    for kind in (
        rustystats.DataExploration,
        rustystats.ModelDiagnostics,
        rustystats.families.Interval,
    )
    for field in fields(kind)
}


def of_others(app, what, name, obj, skip, options):
    """Leave out what a class inherits from elsewhere, and the switches of metadata routing."""
    if name.startswith("_") or name.endswith("_request"):
        return True
    hint = type(obj) is object or type(obj).__module__.startswith("sphinx.")
    if hint and name not in FIELDS:
        return True  # an attribute that its class describes
    obj = getattr(obj, "fget", obj)
    module = getattr(obj, "__module__", None) or ""
    owner = getattr(getattr(obj, "__objclass__", None), "__module__", None)  # of dict, builtins
    if what == "class" and callable(obj) and module and not module.startswith("rustystats"):
        return True
    if owner == "builtins":
        return True
    return skip


def setup(app):
    app.connect("autodoc-skip-member", of_others)
