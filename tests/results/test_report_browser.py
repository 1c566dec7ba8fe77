"""The report in a real browser: no errors, nothing cut off, tables that sort, light and dark.

Skipped where there is no Chromium. The page stands in a frame of the width of a phone or a desktop
(a window is never as narrow as a phone); a script put into it acts as a reader does and tells the
page around the frame what it finds, which the browser then prints.
"""

import html
import json
import os
import re
import shutil
import subprocess

import pytest

import rustystats as rs

pytest.importorskip("matplotlib")
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path")

BEFORE = """<script>
const errors = [];
addEventListener("error", (event) => errors.push(event.message));
</script>"""
READER = """<script>
const column = (table, at) => [...table.tBodies[0].rows].map((row) => row.cells[at].textContent);
const find = (words) => [...document.querySelectorAll("caption, summary")]
  .find((part) => part.textContent.startsWith(words)).closest("details, .wide");
const tests = find("Likelihood-ratio").querySelector("table");
const unsorted = column(tests, 2);
tests.tHead.querySelectorAll("button")[2].click();
const ascending = column(tests, 2);
tests.tHead.querySelectorAll("button")[2].click();
const descending = column(tests, 2);
const paper = () => getComputedStyle(document.body).backgroundColor;
const before = paper();
document.getElementById("theme").click();
const after = paper();
document.querySelectorAll("details").forEach((part) => { part.open = true; });
const cut = [...document.querySelectorAll("svg, h1, h2, h3, p, li, dd")].filter((part) => {
  const box = part.getBoundingClientRect();
  return !part.closest("nav") && (box.right > innerWidth + 1 || box.left < -1);
}).map((part) => part.outerHTML.slice(0, 80));
const inks = [...document.querySelectorAll("svg text")].map((part) => getComputedStyle(part).fill);
const found = {
  errors, unsorted, ascending, descending, before, after, cut,
  width: innerWidth, scroll: document.documentElement.scrollWidth,
  ink: getComputedStyle(document.querySelector("figure svg")).color, inks: [...new Set(inks)],
  charts: document.querySelectorAll("figure svg").length,
  empty: [...document.querySelectorAll("figure svg")].filter(
    (part) => part.getBoundingClientRect().height < 100).length,
  loaded: performance.getEntriesByType("resource").length,
};
parent.postMessage(JSON.stringify(found), "*");
</script>"""
FRAME = """<!doctype html><body><iframe src="report.html" width="{}" height="{}" style="border: 0">
</iframe><script>
addEventListener("message", (event) => {{
  const note = document.createElement("script");
  note.type = "text/plain";
  note.id = "found";
  note.textContent = event.data;
  document.body.append(note);
}});
</script></body>"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    data = rs.datasets.make_motor_portfolio(3_000, seed=5)
    formula = "ClaimNb ~ bs(DrivAge, df=4) + C(Region, min_exposure=60) + C(Area)"
    model = rs.glm(formula, data.iloc[:2_000], family="poisson", exposure="Exposure")
    path = tmp_path_factory.mktemp("browser") / "report.html"
    model.fit().report(path, test_data=data.iloc[2_000:])
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("<head>", "<head>" + BEFORE).replace("</body>", READER + "</body>"),
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="module", params=[(390, 844), (1280, 900)], ids=["phone", "desktop"])
def found(request, page):
    """What the reader finds, and what the browser says on its console."""
    width, height = request.param
    frame = page.with_name(f"frame{width}.html")
    frame.write_text(FRAME.format(width, height), encoding="utf-8")
    options = "--headless --disable-gpu --disable-quic --no-first-run --disable-sync --dump-dom"
    options += " --disable-background-networking --disable-component-update --enable-logging=stderr"
    options += " --hide-scrollbars" + (" --no-sandbox" if os.geteuid() == 0 else "")
    done = subprocess.run(
        [
            CHROMIUM,
            *options.split(),
            f"--user-data-dir={page.parent / f'profile{width}'}",
            "--window-size=1400,1000",
            "--virtual-time-budget=10000",
            frame.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    note = re.search(r'<script type="text/plain" id="found">(.*?)</script>', done.stdout, re.DOTALL)
    assert note, done.stdout[-500:]
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return json.loads(html.unescape(note[1])), console, width


def test_no_errors_and_nothing_loaded(found):
    numbers, console, _ = found
    assert numbers["errors"] == []
    assert console == []
    assert numbers["loaded"] == 0


def test_nothing_is_cut_off(found):
    numbers, _, width = found
    assert numbers["width"] == width
    assert numbers["scroll"] <= width
    assert numbers["cut"] == []


def test_charts_are_there_in_the_ink_of_the_page(found):
    numbers, _, _ = found
    assert numbers["charts"] == 3 * 3 + 2 * 3 + 2
    assert numbers["empty"] == 0
    assert numbers["ink"] in numbers["inks"]
    assert "rgb(0, 0, 0)" not in numbers["inks"]


def test_tables_sort_as_numbers(found):
    numbers, _, _ = found
    value = [float(text.replace(",", "")) for text in numbers["unsorted"]]
    assert value != sorted(value)
    assert [float(text.replace(",", "")) for text in numbers["ascending"]] == sorted(value)
    assert numbers["descending"] == numbers["ascending"][::-1]


def test_light_and_dark(found):
    numbers, _, _ = found
    assert {numbers["before"], numbers["after"]} == {"rgb(255, 255, 255)", "rgb(20, 24, 29)"}
