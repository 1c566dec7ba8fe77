"""The examples of the documentation run, and give what the pages say."""

import doctest
import re
from pathlib import Path

import pytest

DOC = Path(__file__).parents[1] / "doc"
PAGES = {page.relative_to(DOC).as_posix(): page for page in sorted(DOC.rglob("*.md"))}


def examples_of(text, name):
    """The fenced blocks of Python with prompts as one doctest; lines keep their numbers."""
    kept, inside = [], False
    for line in text.splitlines():
        fence = re.match(r"\s*```(\w*)", line)
        if fence:
            inside = fence[1] == "python"
        kept.append(line if inside and not fence else "")
    return doctest.DocTestParser().get_doctest("\n".join(kept), {}, name, name, 0)


@pytest.mark.parametrize("name", PAGES)
def test_examples(name):
    test = examples_of(PAGES[name].read_text(encoding="utf-8"), name)
    said = []
    doctest.DocTestRunner().run(test, out=said.append)
    assert not said, "".join(said)


def test_the_user_guide_is_looked_at():
    page = PAGES["user_guide/scikit_learn.md"].read_text(encoding="utf-8")
    assert len(examples_of(page, "page").examples) > 20
    wrong = examples_of("```python\n>>> 1 + 1\n3\n```\n", "page")
    assert doctest.DocTestRunner().run(wrong, out=lambda _: None).failed == 1
