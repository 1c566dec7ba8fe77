"""Charts. matplotlib is loaded with the first of them, and is an extra: ``rustystats[plot]``."""


def new_axes(ax=None):
    """The axes given, or new ones.

    Raises
    ------
    ImportError
        Without matplotlib, with the remedy.
    """
    if ax is not None:
        return ax
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError('charts need matplotlib: pip install "rustystats[plot]"') from error
    return pyplot.subplots(layout="constrained")[1]
