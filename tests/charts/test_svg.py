"""A chart in a page: well-formed, without fixed ink, ids of its own."""

import re
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib import pyplot as plt

from rustystats.charts.svg import to_svg


def test_svg(pictures):
    text = to_svg(pictures["actual_expected-12"](), "c1", 'Observed & "predicted"')
    root = ElementTree.fromstring(text)
    assert root.get("aria-label") == 'Observed & "predicted"'
    assert root.get("fill") == "currentColor"
    assert root.get("width") is None
    words = {element.text for element in root.iter() if element.tag.endswith("text")}
    assert {"observed", "predicted", "VehBrand", "B12"} <= words  # texts, not outlines
    assert "stroke: currentColor" in text
    assert "var(--chart-model, #0072b2)" in text
    assert not re.search("(fill|stroke): (#000000|#ffffff)", text)


def test_ids_are_of_the_chart_alone(pictures):
    draw = pictures["actual_expected-2"]
    one, other = (to_svg(draw(), prefix, "chart") for prefix in ("c1", "c2"))
    ids = [set(re.findall(r'\bid="([^"]+)"', text)) for text in (one, other)]
    assert not ids[0] & ids[1]
    used = set(re.findall(r"url\(#([^)]+)\)", one)) | set(re.findall(r'href="#([^"]+)"', one))
    assert used <= ids[0]
    assert one == to_svg(draw(), "c1", "chart")  # the same every time
    assert "<dc:date>" not in one


def test_neither_settings_nor_the_figure_change(pictures):
    before = dict(mpl.rcParams)
    ax = pictures["lorenz"]()
    colour = ax.figure.get_facecolor()
    to_svg(ax, "c1", "chart")
    assert dict(mpl.rcParams) == before
    assert ax.figure.get_facecolor() == colour
    assert plt.fignum_exists(ax.figure.number)
