"""Relativities on a terminal, by factor."""

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from rustystats.inference.summary import NONE, WIDTH

MANY_LEVELS = 13  # a factor with more levels than this is shown at about a dozen of them
COLUMNS = (
    ("Factor", "left"),
    ("Level", "right"),
    ("Relativity", "right"),
    ("95% interval", "right"),
    ("Exposure", "right"),
    ("", "left"),
)


def print_relativities(effects, unit=""):
    """Relativities by factor, the base risk first; of a factor with many levels, about a dozen."""
    base, *factors = effects
    # names of levels are shown as they are, brackets and colons included
    console = Console(width=WIDTH, highlight=False, markup=False, emoji=False)
    console.print("Relativities", style="bold")
    shown = f"{_exp(base.effect[0])} {unit}".strip()
    console.print(
        f"Base risk: {shown} ({_interval(base, 0, 4)}); times one relativity of each factor it is "
        "the prediction."
    )
    if any(len(factor.labels) > MANY_LEVELS for factor in factors):
        console.print(
            f"A factor with more than {MANY_LEVELS} values is shown at about a dozen of them."
        )
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name, side in COLUMNS:
        table.add_column(name, justify=side, no_wrap=True)
    for factor in factors:
        _add_factor(table, factor)
    console.print(table)


def representative(n_levels, base):
    """Positions of the rows to show: all of few, else a dozen spread evenly, and the base row."""
    if n_levels <= MANY_LEVELS:
        return np.arange(n_levels)
    spread = np.linspace(0, n_levels - 1, MANY_LEVELS - 1).round().astype(int)
    return np.union1d(spread, [base])


def _add_factor(table, factor):
    names = [factor.name]
    if len(factor.labels) > MANY_LEVELS:
        names.append(f"({len(factor.labels)} values)")
    for count, at in enumerate(representative(len(factor.labels), factor.base)):
        exposure = factor.exposure[at]
        table.add_row(
            names[count] if count < len(names) else "",
            str(factor.labels[at]),
            _exp(factor.effect[at], 3),
            _interval(factor, at, 3),
            f"{exposure:,.{0 if exposure >= 10 else 1}f}",
            "base" if at == factor.base else "",
        )
    table.add_section()


def _interval(effect, at, digits):
    if np.isnan(effect.low[at]):
        return NONE
    return f"{_exp(effect.low[at], digits)} to {_exp(effect.high[at], digits)}"


def _exp(value, digits=4):
    with np.errstate(over="ignore"):  # a level without claims may reach up to infinity
        return f"{np.exp(value):.{digits}f}"
