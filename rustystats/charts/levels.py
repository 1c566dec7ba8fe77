"""An axis of levels that can be read, be they 2, 12 or 40, with short names or long ones.

Names stand upright under their level while they fit side by side. Otherwise they are turned by a
quarter, and a new picture is wider and higher for them. Where even that is too tight they become
smaller, and at last every second or third is shown, the base in any case. Names of more than 28
characters keep their beginning and their end, where names of one kind differ.
"""

import math

import numpy as np

from rustystats.charts.style import new_axes

LONGEST = 28  # characters of a name
SLOT = 0.24  # inches that a level takes of a new picture's width
WIDEST = 12.0
BESIDE = 1.6  # inches of a picture that its axes leave to labels on both sides
USUAL = 4.8  # inches of the axes in a picture of the usual width
SIZE = 10.0  # points, of names
SMALLEST = 6.5
LINE = 1.25  # height of a line of text, in sizes of the font
LETTER = 0.6  # its width
BASE = "base"


def short_name(name):
    """A name of at most 28 characters, the middle of a longer one left out.

    Examples
    --------
    >>> short_name("Provence-Alpes-Cotes-d'Azur and Corsica")
    'Provence-Alpes…r and Corsica'
    """
    if len(name) <= LONGEST:
        return name
    left = LONGEST // 2
    return f"{name[:left]}…{name[left + 1 - LONGEST :]}"


def level_axes(labels, ax=None, base=None):
    """Axes with a place 0, 1, ... for each level on the horizontal axis, and its name.

    Parameters
    ----------
    labels : list of str
    base : int, optional
        Position of the base level, whose name says so.
    """
    names = [short_name(str(label)) for label in labels]
    count, longest = len(names), max(map(len, [*names, BASE] if base is not None else names))
    if ax is None:
        upright = longest * LETTER * SIZE <= 0.95 * 72 * USUAL / count
        below = 0.0 if upright else (longest + len(BASE) + 3) * LETTER * SIZE / 72
        ax = new_axes(None, min(SLOT * count + BESIDE, WIDEST), 4.2 + below)
    size = _points(ax.xaxis.get_ticklabels())
    slot = 72 * ax.get_window_extent().width / ax.figure.dpi / count  # points
    turned = longest * LETTER * size > 0.95 * slot
    if turned:
        size = float(np.clip(slot / LINE, SMALLEST, size))
    if base is not None:
        names[base] += f" ({BASE})" if turned else f"\n{BASE}"
    every = max(1, math.ceil(LINE * size / slot)) if turned else 1
    shown = [at for at in range(count) if at % every == 0 or at == base]
    if base is not None:
        shown = [at for at in shown if at == base or abs(at - base) >= every]
    ax.set_xticks(shown, [names[at] for at in shown], rotation=90 if turned else 0, fontsize=size)
    ax.set_xlim(-0.6, count - 0.4)
    ax.tick_params(axis="x", length=0)
    return ax


def _points(texts):
    return texts[0].get_fontsize() if texts else SIZE


def on_a_grid(values):
    """Whether ascending numbers are multiples of a step, at most 200 of them from end to end.

    Examples
    --------
    >>> on_a_grid(np.array([18.0, 19.0, 22.0])), on_a_grid(np.array([0.1, 0.37, 2.0]))
    (True, False)
    """
    gaps = np.diff(values)
    steps = gaps / gaps.min()
    return bool(np.abs(steps - steps.round()).max() < 1e-6 and steps.sum() <= 200)
