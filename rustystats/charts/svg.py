"""A chart as part of a web page: SVG that takes its colours from the page, light or dark.

Ink becomes ``currentColor``, the colour of the text around it, the background stays clear, and the
other colours can be set by the page (``--chart-model``, ``--chart-other``, ``--chart-third``,
``--chart-grey``), so that one picture serves both modes and print. Text stays text: small, and can
be found and read out.
"""

import html
import io
import re

from rustystats.charts.style import BLUE, GREY, ORANGE, VERMILION

VARIABLES = {BLUE: "model", VERMILION: "other", ORANGE: "third", GREY: "grey"}
INK = "#000000"  # matplotlib's own; black fills are not written at all and inherit


def to_svg(ax, prefix, title):
    """The figure of an Axes as an SVG element.

    Drawn with matplotlib's own, light style. The figure stays open: ``pyplot.close(ax.figure)``.

    Parameters
    ----------
    ax : matplotlib Axes
    prefix : str
        Of the ids within, one for each chart of a page.
    title : str
        What is shown, for who cannot see it.

    Returns
    -------
    str
    """
    import matplotlib as mpl

    page = io.StringIO()
    settings = {"svg.fonttype": "none", "svg.hashsalt": prefix, "savefig.bbox": None}
    with mpl.rc_context(settings):
        ax.figure.savefig(
            page, format="svg", transparent=True, dpi=100, metadata={"Date": None, "Creator": None}
        )
    text = page.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r'(\bid="|"#|url\(#)', rf"\1{prefix}-", text)
    for colour, name in VARIABLES.items():
        text = re.sub(
            f"(?<=[: ]){colour}", f"var(--chart-{name}, {colour.lower()})", text, flags=re.I
        )
    text = text.replace(f"stroke: {INK}", "stroke: currentColor")
    head, rest = text.split(">", 1)
    size = re.search(r'viewBox="0 0 ([\d.]+)', head)
    head = re.sub(r' (width|height)="[^"]*"', "", head)
    width = f"{float(size[1]):.0f}pt"
    return (
        f'{head} role="img" aria-label="{html.escape(title)}" fill="currentColor" '
        f'style="width: 100%; max-width: {width}">{rest}'
    )
