"""What every chart owes: nothing overlaps, nothing is cut off, nothing global changes."""

from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.backends.backend_agg import FigureCanvasAgg

ROOM = 0.5  # pixels


def boxes(axis):
    """Where the labels of the ticks in view stand."""
    low, high = sorted(axis.get_view_interval())
    found = []
    for which, places in ((False, axis.get_majorticklocs()), (True, axis.get_minorticklocs())):
        labels = axis.get_ticklabels(minor=which)
        for label, place in zip(labels, places, strict=True):
            if label.get_text() and low <= place <= high:
                found.append(label.get_window_extent())
    return found


def drawn(ax):
    ax.figure.canvas.draw()
    return ax


def neighbours_apart(axis):
    inner = [box.shrunk(0.98, 0.98) for box in boxes(axis)]
    return not any(one.overlaps(other) for one, other in combinations(inner, 2))


def test_all_can_be_read(chart):
    """No label lies on another, none is cut off, the legend is not on the data."""
    _, ax, _ = chart
    assert ax.get_xlabel()
    assert ax.get_ylabel()
    whole, parts = ax.figure.bbox.padded(ROOM), []
    for part in [*ax.figure.axes, *ax.child_axes]:
        for axis in (part.xaxis, part.yaxis):
            if axis.get_visible():
                assert neighbours_apart(axis)
                parts += boxes(axis)
                parts += [axis.label.get_window_extent()] if axis.label.get_text() else []
    if ax.get_legend() is not None:
        parts.append(ax.get_legend().get_window_extent())
        assert not parts[-1].shrunk(0.98, 0.98).overlaps(ax.get_window_extent())
    for box in parts:
        assert whole.contains(box.x0, box.y0)
        assert whole.contains(box.x1, box.y1)


def test_half_a_page_of_axes_given_is_enough(picture, monkeypatch):
    _, draw = picture
    monkeypatch.setattr(plt, "show", lambda *args, **options: pytest.fail("shown"))
    figure = mpl.figure.Figure(figsize=(4.2, 3.2), layout="constrained")
    FigureCanvasAgg(figure)  # that of the base class draws nothing
    given = figure.subplots()
    assert draw(given) is given
    assert not plt.get_fignums()
    assert neighbours_apart(drawn(given).xaxis)


SIDE_BY_SIDE = [
    "actual_expected-12",
    "relativities-numeric",
    "double_lift-10",
    "calibration-10",
    "lorenz",
    "worm-500",
    "likelihood_profile",
]


@pytest.mark.parametrize("kind", SIDE_BY_SIDE)
def test_two_stand_side_by_side(kind, pictures):
    """The second is not squeezed by what belongs to neither, and legends stay with their own."""
    figure, axes = plt.subplots(1, 2, figsize=(8.4, 4.0), layout="constrained")
    both = [pictures[kind](ax) for ax in axes]
    figure.canvas.draw()
    for ax, other in (both, both[::-1]):
        assert ax.get_window_extent().width > 0.2 * figure.bbox.width
        if ax.get_legend() is not None:
            legend = ax.get_legend().get_window_extent()
            assert not legend.overlaps(other.get_window_extent())
            assert figure.bbox.containsx(legend.x0)
            assert figure.bbox.containsx(legend.x1)


@pytest.mark.parametrize("kind", ["actual_expected-2", "relativities-12", "lorenz", "worm-500"])
def test_the_users_style_is_kept(kind, pictures):
    with plt.style.context("dark_background"):
        ax = drawn(pictures[kind]())
    assert ax.xaxis.label.get_color() == "white"
    picture = np.asarray(ax.figure.canvas.buffer_rgba())[..., :3]
    assert np.median(picture) == 0  # on black, columns of exposure too
    assert (picture.min(axis=-1) > 200).any()  # the ink is white


def luma(colour):
    return float(np.dot(mpl.colors.to_rgb(colour), [0.299, 0.587, 0.114]))


def test_curves_of_a_chart_differ_in_grey(chart):
    """Of two labelled lines either the shade of grey, or dashes or markers differ."""
    _, ax, _ = chart
    lines = [line for line in ax.get_lines() if not line.get_label().startswith("_")]
    for one, other in combinations(lines, 2):
        looks = [(line.get_linestyle(), line.get_marker()) for line in (one, other)]
        apart = abs(luma(one.get_color()) - luma(other.get_color()))
        assert looks[0] != looks[1] or apart > 0.1
