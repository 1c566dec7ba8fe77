"""A chart as SVG inside a page: its text is text, its ink that of the page.

matplotlib writes colours as numbers. Ink is drawn in one that nothing else has, and becomes the
colour of the text around the chart, so that it follows light and dark. Names inside one file must
differ from chart to chart: their salt is the chart's own. The same chart gives the same text.
"""

import io
import re
from html import escape

INK = "#010203"


def inline_svg(draw, name, label, size=(6.4, 4.0)):
    """The text of an ``<svg>`` element.

    Parameters
    ----------
    draw : callable of Axes
        Draws the chart.
    name : str
        Of this chart alone within the page.
    label : str
        What the chart shows, for those who do not see it.
    size : pair of inches

    Raises
    ------
    ImportError
        Without matplotlib, with the remedy.
    """
    try:
        from matplotlib import rc_context
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError('reports need matplotlib: pip install "rustystats[report]"') from error
    look = {"svg.fonttype": "none", "svg.hashsalt": name, "text.color": INK}
    look |= {f"{axis}.{part}color": INK for axis in ("xtick", "ytick") for part in ("", "label")}
    look |= {"axes.labelcolor": INK, "axes.edgecolor": INK, "axes.titlecolor": INK}
    with rc_context(look):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        draw(figure.subplots())
        buffer = io.StringIO()
        blank = {"Date": None, "Creator": None, "Format": None, "Type": None}
        figure.savefig(buffer, format="svg", transparent=True, metadata=blank)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    opening = f'<svg role="img" aria-label="{escape(label, quote=True)}"'
    return svg.replace("<svg", opening, 1)
