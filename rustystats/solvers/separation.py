"""Separation: where the likelihood has no maximum, and what levels are the reason.

A level of a factor without claims (Poisson), or with claims in every row (binomial), wants a linear
predictor of -infinity or infinity; so does any combination of columns that parts the rows by their
response. Fisher scoring then moves the linear predictor of those rows by about 1 a step for ever,
while the decrement, what there is to gain, vanishes. So the rows are known by the step that is left
after a fit has converged, H^-1 s at its end: where it moves a row's linear predictor at all, that
row runs away. In a fit with a maximum it moves none: the movement is at most the decrement's root
(1e-4 standard errors) times the row's standard error.

The rows are put down to the levels all of whose rows run away, the factor that covers most of them
first; what no level covers, to the columns that move. Cost: p^3 / 3, and passes over the rows only
where a column moves.
"""

import numpy as np

from rustystats.design.blocks import TableBlock
from rustystats.solvers.normal_equations import NormalEquations
from rustystats.threads import single_threaded_blas

MOVES = 0.02  # in the linear predictor
SETTLED = 1e-3  # decrement in units of the dispersion: nothing is left to gain
NAMED_LEVELS = 20


def separated_parts(problem, fit, names):
    """Descriptions of the levels, or columns, along which the likelihood rises for ever.

    Parameters
    ----------
    problem : Problem
    fit : Fit
    names : names of the columns

    Returns
    -------
    tuple of str, empty where the likelihood has a maximum
    """
    natural = problem.link.name() == problem.family.link_names[0]
    if not (fit.converged or natural):  # stuck at the edge of the domain, and it says so
        return ()
    with single_threaded_blas():
        system = NormalEquations(problem.penalised(fit.gram), fit.aliased)
        step = system.solve(fit.score)
    moving = np.abs(step) * problem.design.column_scales() > MOVES
    dispersion = problem.dispersion(fit, fit.rank)
    settled = fit.score @ step <= SETTLED * (dispersion if dispersion > 0 else 1.0)
    if not (moving.any() and settled):
        return ()
    moves = problem.design.matvec(step)
    weights = np.ones(len(moves)) if problem.weights is None else problem.weights
    away = (np.abs(moves) > MOVES) & (weights > 0)
    if not away.any():
        return ()
    parts, covered = [], np.zeros(len(moves), dtype=bool)
    for index in _by_coverage(problem.design, moving, away, weights):
        levels, here = _whole_levels(problem.design.blocks[index], away, weights)
        if (here & ~covered).any():
            parts += _describe(problem.design.blocks[index], levels, moves)
            covered |= here
        if covered[away].all():
            return tuple(parts)
    rest = int(np.count_nonzero(away & ~covered))
    columns = [name for name, moved in zip(names, moving, strict=True) if moved]
    return (*parts, f"{rest} rows along {', '.join(columns[:NAMED_LEVELS])}")


def _by_coverage(design, moving, away, weights):
    """Table blocks with moving columns, those whose whole levels cover most rows first."""
    coverage = {}
    for index, block in enumerate(design.blocks):
        columns = slice(design.starts[index], design.starts[index + 1])
        if isinstance(block, TableBlock) and block.levels and moving[columns].any():
            levels, here = _whole_levels(block, away, weights)
            coverage[index] = (-int(here.sum()), len(levels))
    return sorted((index for index in coverage if coverage[index][0]), key=coverage.get)


def _whole_levels(block, away, weights):
    """Levels all of whose rows (of weight above 0) run away, and those rows."""
    rows = np.bincount(block.codes, weights > 0, minlength=block.n_levels)
    lost = np.bincount(block.codes, away, minlength=block.n_levels)
    whole = (rows > 0) & (rows == lost)
    return np.flatnonzero(whole), whole[block.codes] & away


def _describe(block, levels, moves):
    """`Area=F (12 rows, the mean runs to its lower end)` for each level, at most NAMED_LEVELS."""
    label = ":".join(block.levels)
    counts = np.bincount(block.codes, minlength=block.n_levels)
    sums = np.bincount(block.codes, moves, minlength=block.n_levels)
    parts = []
    for level in levels[:NAMED_LEVELS]:
        value = ":".join(str(values[level]) for values in block.levels.values())
        end = "lower" if sums[level] < 0 else "upper"
        plural = "s" if counts[level] > 1 else ""
        parts.append(f"{label}={value} ({counts[level]} row{plural}, at the {end} end)")
    if len(levels) > NAMED_LEVELS:
        parts.append(f"{len(levels) - NAMED_LEVELS} more levels of {label}")
    return parts
