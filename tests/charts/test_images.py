"""Charts look as they did when somebody looked at them: small pictures, with a tolerance.

Pictures of 60 dots an inch are compared by the means of blocks of 4 x 4 dots, so that the edges of
letters, which differ by the release of matplotlib and FreeType, count for little: root mean square
of the differences, of 255. Layout follows the width of letters and so is of one release: pictures
are compared where matplotlib is the release they were drawn with. What other releases must keep is
in the other tests here: places, labels, numbers.

After a change that is meant, look at the new pictures in colour and in grey:
`tests/golden/charts.py` draws them.
"""

import json
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt

BASELINE = Path(__file__).parent / "baseline"
BLOCK = 4
TOLERANCE = 2.0


def drawn_with():
    return json.loads((BASELINE / "drawn_with.json").read_text())


def release(version):
    return version.split(".")[:2]


def blocks(picture):
    """Means of blocks of dots, three colours."""
    height, width = (size // BLOCK * BLOCK for size in picture.shape[:2])
    picture = np.asarray(picture, dtype=float)[:height, :width, :3]
    shape = (height // BLOCK, BLOCK, width // BLOCK, BLOCK, 3)
    return picture.reshape(shape).mean(axis=(1, 3))


def difference(one, other):
    return float(np.sqrt(np.mean((blocks(one) - blocks(other)) ** 2)))


def test_pictures(chart):
    name, _, found = chart
    if release(mpl.__version__) != release(drawn_with()["matplotlib"]):
        pytest.skip("drawn with another release of matplotlib")
    baseline = 255 * plt.imread(BASELINE / f"{name}.png")
    assert found.shape[:2] == baseline.shape[:2]
    assert difference(found, baseline) < TOLERANCE


def test_every_picture_has_a_chart(pictures):
    assert {path.stem for path in BASELINE.glob("*.png")} == set(pictures)


def test_a_picture_that_differs_is_seen(pictures):
    """What the tolerance must not let through: a curve elsewhere, a legend gone."""
    ax = pictures["actual_expected-12"]()

    def dots(ax):
        ax.figure.canvas.draw()
        return np.array(ax.figure.canvas.buffer_rgba())

    before = dots(ax)
    line = ax.get_lines()[1]
    line.set_ydata(line.get_ydata() * 1.05)
    assert difference(dots(ax), before) > TOLERANCE
    line.set_ydata(line.get_ydata() / 1.05)
    assert difference(dots(ax), before) < 0.1
    ax.get_legend().remove()
    assert difference(dots(ax), before) > TOLERANCE
