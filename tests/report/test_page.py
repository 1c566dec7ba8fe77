"""Pages of blocks: everything escaped, numbers sortable by their full value, no network."""

import re
import sys

import pytest

from rustystats.report import page


def rendered(*blocks):
    return page.render("A <title>", "of a & b", [page.section("one", "One", blocks)], "1.2.3")


class TestTable:
    def test_cells_have_the_text_and_the_full_value(self):
        table = page.table("t", {"level": ["a", None], "rate": [0.123456789, float("nan")]})
        assert [head["is_number"] for head in table["columns"]] == [False, True]
        assert table["rows"] == [
            ({"text": "a", "value": ""}, {"text": "0.1235", "value": "0.123456789"}),
            ({"text": "-", "value": ""}, {"text": "-", "value": ""}),
        ]

    def test_formats_and_whole_numbers(self):
        table = page.table("t", {"n": [1234567, 2], "p": [0.25, 0.5]}, {"p": ".1%"})
        assert [cell["text"] for cell in table["rows"][0]] == ["1,234,567", "25.0%"]

    def test_truth_values_are_words(self):
        assert page.table("t", {"in_model": [True, False]})["columns"][0]["is_number"] is False

    def test_a_long_table_says_what_it_leaves_out(self):
        table = page.table("t", {"n": list(range(10_000))})
        assert len(table["rows"]) == page.MAX_ROWS
        assert table["left_out"] == "The first 200 of 10,000 rows."
        assert "The first 200 of 10,000 rows." in rendered(table)

    def test_columns_of_other_lengths_are_refused(self):
        with pytest.raises(ValueError, match="zip"):
            page.table("t", {"a": [1, 2], "b": [1]})


class TestRender:
    def test_words_are_escaped(self):
        html = rendered(page.table("<cap>", {"<x>": ["<script>alert(1)</script>"]}))
        assert "<script>alert" not in html
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
        assert "<title>A &lt;title&gt;</title>" in html

    def test_every_block(self):
        svg = '<svg role="img"></svg>'
        html = rendered(
            page.heading("h", "Heading"),
            page.text("Words."),
            page.notes(["first", "second"]),
            page.code("y ~ x"),
            page.figures({"Rows": "5"}),
            page.charts([(svg, "A chart")]),
            page.table("Folded", {"x": ["a"]}, folded=True),
        )
        for part in (
            '<h3 id="h">Heading</h3>',
            "<p>Words.</p>",
            "<li>second</li>",
            "<pre>y ~ x</pre>",
            "<dt>Rows</dt><dd>5</dd>",
            svg,
            "<figcaption>A chart</figcaption>",
            "<summary>Folded</summary>",
        ):
            assert part in html

    def test_contents_lead_to_the_sections(self):
        assert re.search(r'<a href="#one">One</a>', rendered())
        assert '<section id="one">' in rendered()

    def test_nothing_comes_from_elsewhere(self):
        html = rendered()
        assert not re.search(r"(src|href)=[\"']?(https?:|//)|@import|url\(|fetch\(", html)

    def test_an_unknown_block_shows_nothing_by_accident(self):
        assert "secret" not in rendered({"kind": "unknown", "text": "secret"})


def test_without_jinja_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(ImportError, match=r'pip install "rustystats\[report\]"'):
        rendered()
