"""Pairs of factors whose cells differ from what the two say alone.

Cells of a pair have sums S of y - mu, V of what its variance is proportional to, and N of rows.
What both factors still say by themselves is taken out, and the rest is tested:

    additive        S / V by weighted least squares on rows and columns of the cells
    multiplicative  mu times a_i b_j, so that both margins are met (iterative proportional
                    fitting, Deming & Stephan 1940), then as above

    Q = sum over cells V (S / V - fitted)^2,    F = Q / df / phi,    df = cells - rank of the fit

phi is the mean square of the residuals within cells. Strength is the share of the residual variance
that the interaction explains, less what chance would (epsilon squared): ``(Q - df phi) / T``, T the
sum of (y - mu)^2 / V of all rows, not below 0. Only cells of `min_cell_count` rows or more are
looked at, and pairs of four of them.

Cost: three passes, or four, for all pairs together (`cells.py`), then small matrices.
"""

from itertools import combinations

import numpy as np
from scipy.stats import f as f_law

from rustystats.diagnostics.cells import CodedColumns
from rustystats.diagnostics.sections import InteractionCandidate

MAX_PVALUE = 0.05
MIN_CELLS = 4
ROUNDS, CLOSE = 200, 1e-10  # of iterative proportional fitting


def interaction_candidates(
    y,
    mu,
    volume,
    factors,
    *,
    max_candidates=5,
    min_cell_count=30,
    min_correlation=0.01,
    multiplicative=False,
    n_threads=None,
):
    """The strongest interactions beyond what each factor says alone.

    Parameters
    ----------
    y, mu : (n,) response and mean, times the weight
    volume : (n,) >= 0, what the variance of y - mu is proportional to: mu for counts
    factors : dict of name to (codes, n_groups)
    max_candidates : int
    min_cell_count : int, rows that a cell needs
    min_correlation : float
        Candidates whose strength is below its square are left out, as are p-values above 0.05.
    multiplicative : bool
        Whether effects of the factors multiply mu, whose variance is then proportional to it. Else
        they are added to (y - mu) / volume: right for small effects, those a model has left.
    n_threads : int or None

    Returns
    -------
    list of InteractionCandidate, strongest first

    Examples
    --------
    >>> codes = np.repeat(np.arange(2, dtype=np.uint8), 50)
    >>> other = np.tile(codes[::25], 25)
    >>> y = np.tile([1.0, 3.0, 1.0, 3.0], 25) + 2.0 * (codes * other)
    >>> found = interaction_candidates(y, np.full(100, 2.0), np.ones(100),
    ...                                {"a": (codes, 2), "b": (other, 2)}, min_cell_count=10)
    >>> found[0].factor1, found[0].factor2, found[0].n_cells
    ('a', 'b', 4)
    """
    factors = {name: factor for name, factor in factors.items() if factor[1] > 1}
    if len(factors) < 2:
        return []
    residual = y - mu
    if volume.min() > 0:
        total = float((residual / volume) @ residual)
    else:
        some = volume > 0
        total = float((residual[some] / volume[some]) @ residual[some])
    coded = CodedColumns(list(factors.values()), n_threads)
    sums = [coded.pair_sums(values) for values in (y, volume, np.ones(len(y)))]
    sums.insert(1, sums[1] if mu is volume else coded.pair_sums(mu))
    found = []
    for (i, one), (j, two) in combinations(enumerate(factors), 2):
        Y, M, V, N = (cells[i, j] for cells in sums)
        S = Y - M
        inside = max(total - _squares(S, V), 0.0)  # cells, with rows less cells degrees of freedom
        inside_df = freedom = len(y) - np.count_nonzero(N)
        if multiplicative:
            scale = _fit_margins(Y, M)
            S, V = Y - scale * M, V * scale
            freedom = np.sum(scale * np.maximum(N - 1, 0))
        phi = inside / freedom if freedom > 0 else 0.0
        used = (min_cell_count <= N) & (V > 0)
        n_cells = int(np.count_nonzero(used))
        if n_cells < MIN_CELLS or not phi > 0:
            continue
        beyond, df = _beyond_additive(np.where(used, S, 0.0), np.where(used, V, 0.0))
        if df <= 0:
            continue
        strength = float(max(beyond - df * phi, 0.0) / total)
        pvalue = float(f_law.sf(beyond / df / phi, df, inside_df))
        if strength > min_correlation**2 and pvalue <= MAX_PVALUE:
            found.append(InteractionCandidate(one, two, strength, pvalue, n_cells))
    found.sort(key=lambda candidate: -candidate.interaction_strength)
    return found[:max_candidates]


def _squares(S, V):
    """Sum over cells of S^2 / V."""
    return float(np.sum(np.divide(S**2, V, out=np.zeros_like(S), where=V > 0)))


def _beyond_additive(S, V):
    """Q and its degrees of freedom, from sums that are 0 in cells that do not count."""
    n_rows, n_columns = S.shape
    normal = np.zeros((n_rows + n_columns,) * 2)
    normal[:n_rows, n_rows:] = V
    normal += normal.T
    np.fill_diagonal(normal, np.append(V.sum(axis=1), V.sum(axis=0)))
    right = np.append(S.sum(axis=1), S.sum(axis=0))
    size = np.sqrt(np.where(normal.diagonal() > 0, normal.diagonal(), 1.0))
    values, vectors = np.linalg.eigh(normal / np.outer(size, size))
    kept = values > 1e-9
    along = vectors.T[kept] @ (right / size)
    fitted = float(np.sum(along**2 / values[kept]))
    df = int(np.count_nonzero(V)) - int(np.count_nonzero(kept))
    return max(_squares(S, V) - fitted, 0.0), df


def _fit_margins(Y, M):
    """a_i b_j by which the cells of M meet the margins of Y."""
    a, b = np.ones(len(M)), np.ones(M.shape[1])
    rows, columns = Y.sum(axis=1), Y.sum(axis=0)
    for _ in range(ROUNDS):
        former = a
        a = np.divide(rows, M @ b, out=np.zeros_like(a), where=M @ b > 0)
        b = np.divide(columns, a @ M, out=np.zeros_like(b), where=a @ M > 0)
        if np.max(np.abs(a - former)) <= CLOSE * np.max(a):
            break
    return np.outer(a, b)
