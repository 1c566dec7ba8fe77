"""The one look of all charts: lines, colours, grid, legend, columns of exposure.

* What was observed is drawn in ink, solid, with discs; what a model says blue, dashed, with
  squares; what another model says vermilion, dash-dotted, with triangles. The colours are those of
  Okabe & Ito (2008), which people with colour blindness tell apart; line and marker do it in grey.
* Exposure stands behind, as pale columns in the lowest part of the picture, with an axis of its
  own to the right. The column of the base level is darker, its label says so.
* The legend is above the picture or to the right of it, never on the data.
* Ink is the colour of text of the user's own style; everything else is a middle tone, or lets the
  background through. So charts stand on white, on dark styles, and on a page of either kind.
* No setting of matplotlib changes: what the look needs is said to each artist.
"""

import numpy as np

BLUE, VERMILION, ORANGE = "#0072B2", "#D55E00", "#E69F00"
GREY = "#808080"
COLUMNS_UP_TO = 0.4  # of the height of the picture, columns of exposure
ROW = 85  # letters of a legend in one row of axes of the usual width,
USUAL = 4.96  # inches
BAND = {"color": BLUE, "alpha": 0.2, "linewidth": 0}
PREDICTED = {"color": BLUE, "linestyle": "--", "marker": "s"}
OTHER = {"color": VERMILION, "linestyle": "-.", "marker": "^"}
REFERENCE = {"color": GREY, "linestyle": ":", "linewidth": 1.2, "zorder": 1.5}


def matplotlib():
    """The library.

    Raises
    ------
    ImportError
        Without matplotlib, with the remedy.
    """
    try:
        import matplotlib
    except ImportError as error:
        raise ImportError('charts need matplotlib: pip install "rustystats[plot]"') from error
    return matplotlib


def new_axes(ax=None, width=None, height=None):
    """The axes given, or new ones.

    Parameters
    ----------
    width, height : float, optional
        What a new picture needs, in inches, where that is more than the user's own size.

    Raises
    ------
    ImportError
        Without matplotlib, with the remedy.
    """
    if ax is not None:
        return ax
    matplotlib()
    from matplotlib import pyplot

    usual = pyplot.rcParams["figure.figsize"]
    size = max(usual[0], width or 0.0), max(usual[1], height or 0.0)
    return pyplot.subplots(layout="constrained", figsize=size)[1]


def ink():
    """The colour of text."""
    return matplotlib().rcParams["text.color"]


def observed(count=1):
    """How what was observed is drawn, at so many points: seen below a prediction that hits it."""
    size = marker_size(count) + 2.0
    return {"color": ink(), "linestyle": "-", "marker": "o", "markersize": size}


def marker_size(count):
    """Markers of so many points on a line."""
    return 4.5 if count <= 25 else 2.5


def dress(ax, xlabel, ylabel, grid="y"):
    """Labels of both axes, a light grid behind everything, and no frame.

    Parameters
    ----------
    grid : "x", "y" or "both"
    """
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    ax.set_axisbelow(True)
    ax.grid(True, axis=grid, color=GREY, alpha=0.25, linewidth=0.6, linestyle="-")
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set(color=GREY, linewidth=0.8)
    ax.tick_params(color=GREY, width=0.8)


def legend_above(ax):
    """A legend in a row or more above the picture, to the right: a title has room to the left."""
    handles = ax.get_legend_handles_labels()[0]
    width = ax.get_window_extent().width / ax.figure.dpi
    room = ROW * min(1.0, width / USUAL)
    ax.legend(
        handles=handles,
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=_columns([len(handle.get_label()) + 8 for handle in handles], room),
        frameon=False,
        fontsize="small",
        borderaxespad=0.2,
        handlelength=2.6,
    )


def _columns(letters, room):
    """The most columns, filled one after the other, that entries of so many letters fit into."""
    for count in range(len(letters), 1, -1):
        parts = np.array_split(np.asarray(letters), count)
        if sum(part.max() for part in parts) <= room:
            return count
    return 1


def legend_beside(ax):
    """A legend in a column to the right of the picture."""
    ax.legend(
        loc="upper left",
        bbox_to_anchor=(1.0, 1.0),
        frameon=False,
        fontsize="small",
        handlelength=2.6,
    )


def curve_style(position):
    """Colour and line of one of many curves: twelve that differ, in grey as well."""
    colours = (BLUE, ORANGE, ink(), VERMILION)  # of four shades of grey
    dashes = ("-", "--", ":")[position // len(colours) % 3]
    return {"color": colours[position % len(colours)], "linestyle": dashes, "linewidth": 1.6}


def plain_logarithms(axis, low, high):
    """Ticks of a logarithmic axis from low to high as plain numbers, few and well apart."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    if high / low > 3000:
        return  # powers of ten
    near = high / low < 12
    axis.set_major_locator(
        MaxNLocator(7, steps=[1, 2, 2.5, 5, 10]) if near else LogLocator(subs=(1, 2, 5))
    )
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.4g}"))


def columns_behind(ax, positions, widths, volume, word, base=None, ticks=True):
    """Pale columns of exposure behind the picture, on an axis of their own to the right.

    Parameters
    ----------
    positions, widths, volume : (m,) arrays
    word : str, what the volume is
    base : int, optional
        Position of the base level, whose column is darker.
    ticks : bool
        Whether the axis has numbers.

    Returns
    -------
    matplotlib Axes
        The axes of the columns.
    """
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    behind = ax.twinx()
    bars = behind.bar(positions, volume, widths, color=GREY, alpha=0.28, linewidth=0)
    if base is not None:
        bars[base].set_alpha(0.5)
    top = float(np.max(volume, initial=0.0)) or 1.0
    behind.set_ylim(0.0, top / COLUMNS_UP_TO)
    found = MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(0.0, top) if ticks else ()
    behind.set_yticks([tick for tick in found if 0.0 <= tick <= top * 1.0001])
    behind.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    behind.tick_params(colors=GREY, length=2, labelsize="small")
    behind.set_ylabel(word, loc="bottom", color=GREY, fontsize="small")
    for spine in behind.spines.values():
        spine.set_visible(False)
    behind.patch.set(visible=True, facecolor=ax.get_facecolor(), alpha=ax.patch.get_alpha())
    ax.set_zorder(behind.get_zorder() + 1)  # the lines in front of the columns,
    ax.patch.set_visible(False)  # which would be hidden by what is behind the lines
    return behind
