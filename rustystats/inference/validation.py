"""What is wrong with a design before it is fitted: a list of findings, each with a remedy.

* *combination*: columns that are combinations of those before them, by the Gram of the prior
  weights and the rule of `solvers/normal_equations.py`; the combination solves
  ``G_KK c = G_Kj`` over the columns K that are kept;
* *empty*: columns that are 0 in all rows;
* *near-constant*: columns whose standard deviation is below 1e-4 of their mean, or which take
  another value than their commonest in a few rows alone;
* *sparse level*: levels of factors, and cells of their interactions, in few rows;
* *no claims*: levels all of whose responses lie at an end of the range which the link puts at
  infinity: their coefficients have no finite best value (separation).

Cost: a pass with Gram, three without, and p^3 / 3.
"""

from dataclasses import dataclass

import numpy as np

from rustystats.design.blocks import TableBlock
from rustystats.solvers.normal_equations import NormalEquations
from rustystats.threads import single_threaded_blas

FLAT = 1e-4  # standard deviation over mean
SHARE = 1e-6  # of a combination's largest part: smaller ones are rounding
NAMED = 8

REMEDIES = {
    "combination": "leave it out, or one of the others; its coefficient is NaN",
    "empty": "leave out what makes it, or group levels; its coefficient is NaN",
    "near-constant": "leave it out, or center(...) it",
    "sparse level": "group it with a like level, or penalise: fit(alpha=...)",
    "no claims": "group it with a like level, leave its rows out, or penalise: fit(alpha=...)",
}


@dataclass(frozen=True)
class Finding:
    """Something to look at.

    Parameters
    ----------
    check : one of `REMEDIES`
    name : str, of a column, or `Area=F` of a level
    rows : int, rows of weight above 0 that it concerns
    exposure : float, their exposure, else their weight
    detail : str
    """

    check: str
    name: str
    rows: int
    exposure: float
    detail: str

    @property
    def remedy(self) -> str:
        """What to do."""
        return REMEDIES[self.check]


def find_faults(problem, names, exposure, min_rows):
    """List of `Finding` of a problem, its columns by these names; a level with fewer rows is
    sparse.
    """
    used = (problem.prior_weights > 0).astype(float)
    rows = problem.design.block_totals(used)
    volume = problem.design.block_totals(used * exposure)
    overall = int(used.sum()), float(used @ exposure)
    return [
        *_combinations(problem, names, overall),
        *_near_constant(problem, names, rows, overall, min_rows),
        *_levels(problem, rows, volume, used, min_rows),
    ]


def _combinations(problem, names, overall):
    gram = problem.design.gram(problem.prior_weights)
    with single_threaded_blas():
        system = NormalEquations(gram)
        diagonal = np.diagonal(gram)
        for column in np.flatnonzero(system.aliased):
            if diagonal[column] <= 0:
                yield Finding("empty", names[column], 0, 0.0, "is 0 in all rows")
                continue
            shares = system.solve(gram[:, column])
            size = np.abs(shares) * np.sqrt(diagonal)
            parts = np.flatnonzero(size > SHARE * size.max())
            text = " ".join(_part(shares[i], names[i]) for i in parts[:NAMED]).removeprefix("+ ")
            more = f" and {len(parts) - NAMED} more" if len(parts) > NAMED else ""
            yield Finding("combination", names[column], *overall, f"is {text}{more}")


def _part(share, name):
    size = "" if np.isclose(abs(share), 1.0, rtol=1e-6) else f"{abs(share):.6g} "
    return f"{'-' if share < 0 else '+'} {size}{name}"


def _near_constant(problem, names, rows, overall, min_rows):
    """Numeric columns that hardly vary."""
    design, weights = problem.design, problem.prior_weights
    total = weights.sum()
    means = design.transpose_matvec(weights) / total
    squares = design.gram_diagonal(weights) / total
    deviation = np.sqrt(np.maximum(squares - means**2, 0.0))
    for index, block in enumerate(design.blocks):
        is_table = isinstance(block, TableBlock)
        if is_table and (block.free or block.n_levels == 1):
            continue
        columns = range(design.starts[index], design.starts[index + 1])
        for column in columns:
            mean, spread = means[column], deviation[column]
            if column != problem.intercept and abs(mean) > 0 and spread < FLAT * abs(mean):
                detail = f"has mean {mean:.6g} and standard deviation {spread:.3g}"
                yield Finding("near-constant", names[column], *overall, detail)
        rest = overall[0] - int(rows[index].max()) if is_table else min_rows
        if 0 < rest < min_rows and len(columns):
            name = ":".join(block.levels) or names[columns[0]]
            yield Finding("near-constant", name, *overall, f"is one value in all but {rest} rows")


def _levels(problem, rows, volume, used, min_rows):
    """Levels with few rows, and levels whose response lies at an end of its range."""
    domain, link = problem.family.y_domain, problem.link
    low, high = ~np.isfinite(link.link(np.array([domain.low, domain.high])))
    at_ends = [
        problem.design.block_totals(used * (problem.y == end)) if endless else None
        for end, endless in ((domain.low, low), (domain.high, high))
    ]
    seen = set()
    for index, block in enumerate(problem.design.blocks):
        label = ":".join(block.levels) if isinstance(block, TableBlock) and block.free else ""
        if not label or label in seen:
            continue
        seen.add(label)
        there = rows[index] > 0
        stuck = np.zeros(len(there), dtype=bool)
        for totals in at_ends:
            if totals is not None:
                stuck |= there & (totals[index] == rows[index])
        for level in np.flatnonzero(there & (stuck | (rows[index] < min_rows))):
            values = ":".join(str(v[level]) for v in block.levels.values())
            about = f"{label}={values}", int(rows[index][level]), float(volume[index][level])
            if stuck[level]:
                yield Finding("no claims", *about, "its responses lie at one end of their range")
            if rows[index][level] < min_rows:
                yield Finding("sparse level", *about, f"has fewer than {min_rows} rows")
