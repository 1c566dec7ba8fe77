"""Fisher scoring in coordinates of cells: large interactions and factors without a penalty.

Where one table has hundreds of columns that span every function of its levels, the fit is made with
one coefficient a level (`design/cells.py`): L q^2 operations a step in the place of p^3 / 3. Which
columns are aliased is decided once, in their order, by the Gram at the start. There are then as
many of the table's as levels with rows; those rows of the basis B form a square matrix, and ``B b =
linear predictor of the levels`` gives the coefficients back (a sparse LU factorisation: the Gram of
the end would not do, where levels without claims have next to no weight). The Gram of the columns
is made of the arrow, without a pass over the rows.
"""

from dataclasses import replace

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from rustystats.design.cells import cells_of
from rustystats.design.matrix import scale_rows
from rustystats.solvers.arrow import ArrowEquations
from rustystats.solvers.irls import iterate
from rustystats.solvers.sparse_equations import equations
from rustystats.solvers.start import mean_starts
from rustystats.threads import single_threaded_blas


def solve_cells(problem, *, tol, max_iter):
    """Fit a smooth problem in coordinates of cells, or None where there are none or no gain."""
    found = None
    if problem.ridge is None and problem.excluded is None and problem.keeps_domain:
        found = cells_of(problem.design)
    if found is None:
        return None
    design, pack = found
    others = np.setdiff1d(np.arange(problem.design.shape[1]), pack.columns)
    inner = replace(problem, design=design, penalty=None, intercept=None)
    with single_threaded_blas():
        point = _start(problem, inner, pack, others)
        if point is None:  # pragma: no cover - the means of both starts overflow; not seen yet
            return None
        aliased = equations(_gram_of_columns(point.gram, pack, others)).aliased
        known = ArrowEquations(point.gram).aliased
        seen, kept = ~known[: pack.n_levels], ~aliased[pack.columns]
        same = np.array_equal(known[pack.n_levels :], aliased[others])
        if not same or np.count_nonzero(seen) != np.count_nonzero(kept):
            return None
        fit = iterate(inner, tol, max_iter, point, point.gram, False)
        cells, rest = np.split(fit.coef, [pack.n_levels])
        coef = np.zeros(len(aliased))
        square = sparse.csc_array(pack.basis[seen][:, kept])
        coef[pack.columns[kept]], coef[others] = splu(square).solve(cells[seen]), rest
        score = np.empty(len(aliased))
        score[pack.columns] = pack.basis.T @ fit.score[: pack.n_levels]
        score[others] = fit.score[pack.n_levels :]
        gram = _gram_of_columns(fit.gram, pack, others)
    method = f"Gram of {pack.n_levels} cells"
    return replace(fit, coef=coef, aliased=aliased, gram=gram, score=score, method=method)


def _start(problem, inner, pack, others):
    """A point with valid means in coordinates of cells, or None.

    The mean of each level is near the answer where the table is most of the model; where it lies at
    the end of its range, it is drawn to the overall one by a hundredth. Else the start of the
    columns.
    """
    log_link = problem.link.name() == "log"
    if problem.offset is None or log_link:
        prior, design = problem.prior_weights, inner.design
        volume = prior if problem.offset is None else prior * np.exp(problem.offset)
        total = design.transpose_matvec(prior * problem.y)[: pack.n_levels]
        volume = design.transpose_matvec(volume)[: pack.n_levels]
        rate = total.sum() / volume.sum()
        own = np.divide(total, volume, out=np.full_like(total, rate), where=volume > 0)
        with np.errstate(all="ignore"):
            eta = problem.link.link(own)
            inside = np.isfinite(eta)
            eta = np.where(inside, eta, problem.link.link((own + 0.01 * rate) / 1.01))
        point = inner.evaluate(np.concatenate([eta, np.zeros(len(others))]), with_gram=True)
        if np.isfinite(point.objective):
            return point
    start = next(mean_starts(problem))
    cells = np.concatenate([pack.basis @ start[pack.columns], start[others]])
    point = inner.evaluate(cells, with_gram=True)
    return point if np.isfinite(point.objective) else None


def _gram_of_columns(arrow, pack, others):
    """X'WX of the columns, from that of the cells."""
    p = len(pack.columns) + len(others)
    placed = sparse.csr_array(pack.basis) @ sparse.csr_array(
        (np.ones(len(pack.columns)), (np.arange(len(pack.columns)), pack.columns)),
        shape=(len(pack.columns), p),
    )
    gram = (placed.T @ scale_rows(placed, arrow.cells)).toarray()
    beside = placed.T @ arrow.side
    beside[others] = arrow.rest
    gram[:, others], gram[others] = beside, beside.T
    return gram
