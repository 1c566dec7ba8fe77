"""A self-contained HTML page from blocks: figures, tables, charts, notes.

What a page says is made as plain data by the functions below (`section`, `table`, ...), and
``page.html`` (Jinja2, everything escaped) sets it out with ``page.css`` and ``page.js`` inside the
file, so that it needs no network: light and dark, sortable tables, printable. Numbers are formatted
here, once, beside the full value by which they are sorted.

Jinja2 is loaded with the first page, and is an extra: ``rustystats[report]``.
"""

from pathlib import Path

import numpy as np

MAX_ROWS = 200  # of a table; what has more is for a DataFrame, not for a page


def section(id, title, blocks, intro=""):
    """A part of the page with its place in the contents."""
    return {"id": id, "title": title, "intro": intro, "blocks": [b for b in blocks if b]}


def heading(id, text):
    """A heading within a section."""
    return {"kind": "heading", "id": id, "text": text}


def text(words):
    """A paragraph."""
    return {"kind": "text", "text": words}


def notes(lines):
    """A list of sentences."""
    return {"kind": "notes", "notes": list(lines)}


def code(words):
    """Words as they are typed."""
    return {"kind": "code", "text": words}


def figures(named):
    """Key figures: a dict of name to text."""
    pairs = [{"name": name, "value": value} for name, value in named.items()]
    return {"kind": "figures", "figures": pairs}


def charts(drawn):
    """Charts beside each other, each a pair of SVG text and caption."""
    from markupsafe import Markup

    shown = [{"svg": Markup(svg), "caption": caption} for svg, caption in drawn]
    return {"kind": "charts", "charts": shown}


def table(caption, columns, formats=None, folded=False):
    """A table that a click on the head of a column sorts.

    Parameters
    ----------
    caption : str
    columns : dict of heading -> sequence
        Numbers stand right, texts left; None and NaN are a dash.
    formats : dict of heading -> format spec, optional
        Of numbers; others have four significant digits, whole numbers all of theirs.
    folded : bool
        Shown when its caption is clicked, and in print.
    """
    formats = formats or {}
    n_rows = len(next(iter(columns.values())))
    heads, cells = [], []
    for name, values in columns.items():
        values = list(values[:MAX_ROWS])
        is_number = _is_number(values)
        spec = formats.get(name)
        heads.append({"name": name, "is_number": is_number})
        cells.append([_cell(value, spec, is_number) for value in values])
    left_out = f"The first {MAX_ROWS} of {n_rows:,} rows." if n_rows > MAX_ROWS else ""
    return {
        "kind": "table",
        "caption": caption,
        "columns": heads,
        "rows": list(zip(*cells, strict=True)),
        "left_out": left_out,
        "folded": folded,
    }


def number(value, spec=None):
    """A number as text, a dash where there is none."""
    if value is None or np.isnan(value):
        return "-"
    if spec is None:
        spec = ",d" if isinstance(value, int | np.integer) else ",.4g"
    return format(value, spec)


def render(title, subtitle, sections, version):
    """The page as text.

    Raises
    ------
    ImportError
        Without Jinja2, with the remedy.
    """
    try:
        from jinja2 import Environment, StrictUndefined
        from markupsafe import Markup
    except ImportError as error:
        raise ImportError('reports need Jinja2: pip install "rustystats[report]"') from error
    parts = {
        name: Path(__file__).with_name(f"page.{name}").read_text(encoding="utf-8")
        for name in ("html", "css", "js")
    }
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.from_string(parts["html"]).render(
        title=title,
        subtitle=subtitle,
        sections=sections,
        version=version,
        style=Markup(parts["css"]),
        script=Markup(parts["js"]),
    )


def _is_number(values):
    known = [value for value in values if value is not None]
    return bool(known) and all(
        isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
        for value in known
    )


def _cell(value, spec, is_number):
    if not is_number:
        return {"text": "-" if value is None else str(value), "value": ""}
    missing = value is None or np.isnan(value)
    return {"text": number(value, spec), "value": "" if missing else repr(float(value))}
