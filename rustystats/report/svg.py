"""A chart as SVG inside a page: its text is text, its ink that of the page.

matplotlib writes colours as numbers. Those of ink and grid become variables of the page's style,
so that a chart follows light and dark; those of the data stay. Names inside one file must differ
from chart to chart: their salt is the chart's own. The same chart gives the same text.
"""

import io
import re
from html import escape


def inline_svg(draw, name, label, variables, size=(6.4, 4.0)):
    """The text of an ``<svg>`` element.

    Parameters
    ----------
    draw : callable of Axes
        Draws the chart.
    name : str
        Of this chart alone within the page.
    label : str
        What the chart shows, for those who do not see it.
    variables : dict of hexadecimal colour -> value in CSS
    size : pair of inches
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        draw(figure.subplots())
        buffer = io.StringIO()
        blank = {"Date": None, "Creator": None, "Format": None, "Type": None}
        figure.savefig(buffer, format="svg", transparent=True, metadata=blank)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    for colour, value in variables.items():
        svg = re.sub(re.escape(colour), value, svg, flags=re.IGNORECASE)
    opening = f'<svg role="img" aria-label="{escape(label, quote=True)}"'
    return svg.replace("<svg", opening, 1)
