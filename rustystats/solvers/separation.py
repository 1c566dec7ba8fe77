"""Separation: where the likelihood has no maximum, and what levels are the reason.

A level of a factor without claims (Poisson), or with claims in every row (binomial), wants a linear
predictor of -infinity or infinity; so does any combination of columns that parts the rows by their
response. Fisher scoring then moves the linear predictor of those rows by about 1 a step for ever,
while the decrement, what there is to gain, vanishes. So the rows are known by the step that is left
after a fit has converged, H^-1 s at its end: where it moves a row's mean at all, in terms of its
distance from the end of its range (for a log link that is the movement of the linear predictor),
that row runs away. In a fit with a maximum it moves none: the movement is at most the decrement's
root (1e-4 standard errors) times the row's standard error. Where the Gram has next to nothing for a
direction beside what it has for others (the reference level is without claims), the step is lost in
rounding: then a level has run away when all its responses and, as far as can be told, its means
lie at one end.

The rows are put down to the levels all of whose rows run away, to the same end, the factor that
covers most of them first; what no level of a factor covers, to the columns that move. A numeric
column has no such levels, whether it is stored as a table or not. Cost: p^3 / 3, and passes over
the rows only where a column moves.
"""

import numpy as np

from rustystats.design.blocks import TableBlock
from rustystats.messages import counted
from rustystats.solvers.normal_equations import NormalEquations
from rustystats.threads import single_threaded_blas

MOVES = 0.02  # of the mean, relative to its distance from the end of its range
SETTLED = 1e-3  # decrement in units of the dispersion: nothing is left to gain
SPENT = 1e-6  # what a row at the end of the range may still add to the score, in those units
UNRESOLVED = 1e-6  # a pivot below this leaves few digits to the step
EXTREME = 30.0  # in the linear predictor: beyond, means may lie where a link bounds them
NAMED_LEVELS = 20


def separated_parts(problem, fit, names):
    """Descriptions of levels, or columns by name, along which the likelihood rises for ever."""
    if not (problem.link.ends_at_infinity and (fit.converged or problem.keeps_domain)):
        return ()  # at the edge of the domain, if anywhere, and the fit says so
    with single_threaded_blas():
        system = fit.system
        if problem.ridge is not None:
            system = NormalEquations(problem.penalised(fit.gram), fit.aliased)
        step = system.solve(fit.score)
    unit, scales = fit.unit, problem.design.column_scales
    moving = np.abs(step) * scales > MOVES if problem.link.means else step != 0
    moving &= fit.score @ step <= SETTLED * unit
    blurred = np.min(np.diagonal(system.factor), initial=1.0) ** 2 < UNRESOLVED
    blurred = blurred or np.max(np.abs(fit.coef) * scales, initial=0.0) > EXTREME
    blurred = blurred and problem.ridge is None
    if not (moving.any() or blurred):
        return ()
    used, away, moved = _rows_away(problem, fit.coef, step * moving.any(), SPENT * unit)
    parts, covered = [], away == 0
    rows = problem.design.block_totals(used.astype(float))
    lost = problem.design.block_totals(away.astype(float))
    for index in _by_coverage(problem.design, moving | blurred, rows, lost):
        block = problem.design.blocks[index]
        here = _whole_levels(rows[index], lost[index])[block.codes]
        if (here & ~covered).any():
            parts += _describe(block, rows[index], lost[index])
            covered |= here
        if covered.all():
            return tuple(parts)
    rest = int(np.count_nonzero(moved & ~covered))
    if rest:
        columns = [name for name, moves in zip(names, moving, strict=True) if moves]
        parts.append(f"{', '.join(columns[:NAMED_LEVELS])} ({counted(rest, 'row')})")
    return tuple(parts)


def _rows_away(problem, coef, step, spent):
    """Rows of weight above 0; to what end (-1, 1) each may have run; those that the step moves."""
    y, domain = problem.y, problem.family.y_domain
    eta = problem.design.matvec(coef, problem.offset)
    mu, dmu = problem.link.inverse_with_derivative(eta)
    distance = np.minimum(mu - domain.low, domain.high - mu)
    weights = problem.prior_weights
    used = weights > 0
    ends = (y == domain.high).astype(np.int8) - (y == domain.low)
    moved = used & (np.abs(problem.design.matvec(step) * dmu) > MOVES * distance)
    low, high = ~np.isfinite(problem.link.link(np.array([domain.low, domain.high])))
    endless = ((ends < 0) & low) | ((ends > 0) & high)  # means reach a finite eta, as of sqrt
    there = used & endless & (weights * np.abs(y - mu) <= spent)
    return used, np.where(ends != 0, ends, np.sign(y - mu)) * (moved | there), moved


def _by_coverage(design, moving, rows, lost):
    """Factors with moving columns, those whose whole levels cover most rows first."""
    coverage = {}
    for index, block in enumerate(design.blocks):
        columns = slice(design.starts[index], design.starts[index + 1])
        if moving[columns].any() and isinstance(block, TableBlock) and block.free:
            whole = _whole_levels(rows[index], lost[index])
            coverage[index] = (-np.abs(lost[index][whole]).sum(), np.count_nonzero(whole))
    return sorted((index for index in coverage if coverage[index][0]), key=coverage.get)


def _whole_levels(rows, lost):
    """Which levels have rows that are used, all of which run away, to one end.

    rows, lost : rows of each level that are used, and that run away (below 0: to the lower end)
    """
    return (rows > 0) & (rows == np.abs(lost))


def _describe(block, rows, lost):
    """`Area=F (12 rows, at the lower end)` for each whole level, at most NAMED_LEVELS."""
    label = ":".join(block.levels)
    levels = np.flatnonzero(_whole_levels(rows, lost))
    parts = []
    for level in levels[:NAMED_LEVELS]:
        value = ":".join(str(values[level]) for values in block.levels.values())
        count, end = int(abs(lost[level])), "lower" if lost[level] < 0 else "upper"
        parts.append(f"{label}={value} ({counted(count, 'row')}, at the {end} end)")
    if len(levels) > NAMED_LEVELS:
        parts.append(f"{len(levels) - NAMED_LEVELS} more levels of {label}")
    return parts
