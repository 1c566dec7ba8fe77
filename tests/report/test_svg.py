"""Charts inside a page: text stays text, ink follows the page, names do not meet."""

import re
from xml.etree import ElementTree

import pytest

from rustystats.report.svg import INK, inline_svg

matplotlib = pytest.importorskip("matplotlib")


def draw(ax):
    ax.plot([1, 2, 3], [1, 4, 2], color="#123456", clip_on=True)
    ax.set_xlabel("age")
    ax.set_title("Claims & <rates>", color=matplotlib.rcParams["text.color"])


def test_is_one_svg_element_with_a_label():
    svg = inline_svg(draw, "one", 'Rates of "A" & B')
    root = ElementTree.fromstring(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("aria-label") == 'Rates of "A" & B'
    assert "Claims &amp; &lt;rates&gt;" in svg


def test_ink_becomes_a_variable_and_data_keep_their_colour():
    svg = inline_svg(draw, "one", "")
    assert INK not in svg
    assert "#000000" not in svg
    assert svg.count("currentColor") > 10
    assert "#123456" in svg


def test_the_same_chart_is_the_same_text_and_another_has_other_names():
    first, again, other = (inline_svg(draw, name, "") for name in ("one", "one", "two"))
    assert first == again
    clips = [set(re.findall(r'<clipPath id="(\w+)"', svg)) for svg in (first, other)]
    assert clips[0]
    assert not clips[0] & clips[1]


def test_leaves_matplotlib_as_it_was():
    before = dict(matplotlib.rcParams)
    inline_svg(draw, "one", "")
    assert dict(matplotlib.rcParams) == before
