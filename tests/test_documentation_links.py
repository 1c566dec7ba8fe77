"""Every link between the project's own pages leads somewhere: files, and headings within them.

Nothing is fetched: links to pages elsewhere are left alone.
"""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    page
    for folder in (".", "benchmarks", "examples", "doc/**")
    for page in ROOT.glob(f"{folder}/*.md")
    if "_build" not in page.parts
)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)|!\[[^\]]*\]\(([^)\s]+)\)", re.S)


def prose_of(text):
    """A page without its code, fenced or within a line."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M))


def anchors_of(text):
    """What can be linked to in a page: its headings, as GitHub and Sphinx (MyST) name them."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)
    found = []
    for heading in re.findall(r"^#{1,6} +(.+?) *$", text, flags=re.M):
        name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        found.append(name if name not in found else f"{name}-{found.count(name)}")
    return found


def broken_in(page, text):
    """The links of a page that lead nowhere, and why."""
    broken = []
    for match in LINK.finditer(prose_of(text)):
        link = unquote(match[1] or match[2])
        if re.match(r"(https?|mailto):", link):
            continue
        where, _, anchor = link.partition("#")
        target = (page.parent / where).resolve() if where else page
        if not target.exists():
            broken.append(f"{link}: no such file")
        elif anchor and anchor not in anchors_of(target.read_text(encoding="utf-8")):
            broken.append(f"{link}: no such heading")
    return broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links(page):
    assert broken_in(page, page.read_text(encoding="utf-8")) == []


def test_broken_links_are_seen():
    page = ROOT / "README.md"
    text = "[a](doc/none.md) [b](doc/mathematics.md#none) [c](https://example.com) ![d](e.png)"
    assert [why.split(": ")[1] for why in broken_in(page, text)] == [
        "no such file",
        "no such heading",
        "no such file",
    ]
    good = "[a](doc/mathematics.md#the-objective) [b](#two-commands) `[c](none.md)`"
    assert broken_in(page, good) == []
    assert len(PAGES) > 25
