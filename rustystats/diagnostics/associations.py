"""How factors of a portfolio go together: what a model cannot tell apart, or only badly.

Every row counts as its volume v (exposure times weight), as it does in a model of rates. For
factors i and j, on the rows where both are known:

* two continuous ones, **Pearson's correlation**;
* two categorical ones, **Cramer's V** without its bias. With cells p_ab and margins p_a, p_b,
  phi^2 = sum p_ab^2 / (p_a p_b) - 1 is on average (R - 1)(C - 1) / (n - 1) where nothing goes
  together; that is taken off it, and R - (R - 1)^2 / (n - 1) is put for R (Bergsma 2013, Journal of
  the Korean Statistical Society 42:323-328);
* one of each, the **correlation ratio** without its bias: the square root of
  1 - (1 - eta^2)(n - 1) / (n - k), eta^2 the share of the variance that lies between the k levels
  (Kelley 1935, PNAS 21:554-559).

n is Kish's effective number of rows, (sum v)^2 / sum v^2: their number where all have the same
volume. Missing values of a categorical factor are a level.

**Generalised variance inflation** of the columns A of a factor, among those of all factors
(Fox & Monette 1992, JASA 87:178-183): det R_AA det R_BB / det R = det (R_AA (R^-1)_AA), R their
correlation matrix and B the others. For one column it is the variance inflation factor, and
GVIF^(1 / (2 df)) compares factors of any number of columns. Missing values of a continuous factor
are at its mean.

Flow: all sums are the Gram of one design, a pass over the rows (`DesignMatrix.gram`): a column for
each level, and x, x^2 and whether it is known for each continuous factor. Levels beyond the
MAX_LEVELS - 1 largest are one, so that matrices stay small.
"""

from dataclasses import dataclass

import numpy as np

from rustystats.design.blocks import DenseBlock, TableBlock, constant_block
from rustystats.design.matrix import DesignMatrix
from rustystats.diagnostics.binning import pool_levels

MAX_LEVELS = 100
NEVER_INVERTED = 1e-10  # added to the diagonal of R: what is aliased becomes large, not an error
ALIASED = 1e8  # inflation beyond this is that of an exact combination of other columns


@dataclass(frozen=True, eq=False)
class Moments:
    """Sums over rows, weighted by volume, of all pairs of columns of some factors.

    Parameters
    ----------
    gram : (p, p); column 0 is 1
    x : (k,) positions of the standardised values of the continuous factors
    known : (k,) positions of the columns that say whether they are known
    squares : (k, k), sums of the squares of the first factor where the second is known
    levels : for each categorical factor, the positions of its columns
    rows : float, Kish's effective number of rows
    """

    gram: np.ndarray
    x: np.ndarray
    known: np.ndarray
    squares: np.ndarray
    levels: list
    rows: float


@dataclass(frozen=True)
class Inflation:
    """Variance inflation of one factor: `df` columns, GVIF, and its root of order 2 df."""

    df: int
    gvif: float
    adjusted: float


def second_moments(continuous, categorical, volume, by_level, n_threads=None):
    """The sums that all measures are made of.

    Parameters
    ----------
    continuous, categorical : lists of `factors.Factor`
    volume : (n,) array > 0
    by_level : dict of name to the volume of each level of that factor
    n_threads : int or None

    Returns
    -------
    Moments
    """
    numbers = [_standardised(factor, volume, by_level) for factor in continuous]
    some_missing = any(np.isnan(x).any() for x in numbers)
    blocks, x, known, squares = [constant_block(len(volume))], [], [], []
    for factor, values in zip(continuous, numbers, strict=True):
        there = ~np.isnan(values)
        values = np.where(there, values, 0.0)
        x.append(_add(blocks, factor, values))
        known.append(0 if there.all() else _add(blocks, factor, there.astype(float)))
        squares.append(_add(blocks, factor, values**2) if some_missing else None)
    levels, width = [], len(blocks)
    for factor in categorical:
        shown, group = pool_levels(by_level[factor.name], 0.0, MAX_LEVELS)
        n_groups = len(shown) + (len(shown) < len(group))
        blocks.append(TableBlock(factor.codes, np.eye(n_groups)[group]))
        levels.append(np.arange(width, width + n_groups))
        width += n_groups
    gram = DesignMatrix(blocks, n_threads).gram(volume)
    x, known = np.array(x, dtype=np.intp), np.array(known, dtype=np.intp)
    if some_missing:
        squares = gram[np.ix_(squares, known)]
    else:
        squares = np.repeat(gram[x, x][:, None], len(x), axis=1)
    rows = float(np.sum(volume) ** 2 / (volume @ volume))
    return Moments(gram, x, known, squares, levels, rows)


def _add(blocks, factor, values):
    """The position of a new column, a block of its own: one of many levels is then looked up."""
    codes, column = factor.codes, values[:, None]
    blocks.append(TableBlock(codes, column) if factor.values is None else DenseBlock(column))
    return len(blocks) - 1


def _standardised(factor, volume, by_level):
    """Values of each level, or row, with mean 0 and variance 1; NaN where missing."""
    if factor.values is None:
        values, weight = np.asarray(factor.levels, dtype=float), by_level[factor.name]
    else:
        values, weight = factor.values, volume
    known = ~np.isnan(values)
    if not known.all():
        weight = np.where(known, weight, 0.0)
    total = np.sum(weight)
    if not total:
        return values
    filled = np.where(known, values, 0.0)
    centred = values - weight @ filled / total
    filled = np.where(known, centred, 0.0)
    scale = np.sqrt(weight @ filled**2 / total)
    constant = scale <= 1e-12 * np.max(np.abs(values[known]))
    return centred * (0.0 if constant else 1.0 / scale)


def correlations(moments):
    """Pearson's correlation of the continuous factors, (k, k); NaN for a constant one."""
    gram, x, known = moments.gram, moments.x, moments.known
    with np.errstate(divide="ignore", invalid="ignore"):
        volume = gram[np.ix_(known, known)]
        mean = gram[np.ix_(x, known)] / volume  # of i, where j is known
        variance = moments.squares / volume - mean**2
        variance[variance < 1e-12] = np.nan
        covariance = gram[np.ix_(x, x)] / volume - mean * mean.T
        found = covariance / np.sqrt(variance * variance.T)
    return np.clip(found, -1.0, 1.0)


def cramers_v(moments):
    """Bias-corrected Cramer's V of the categorical factors, (k, k); NaN with one level alone."""
    k = len(moments.levels)
    found = np.full((k, k), np.nan)
    for i in range(k):
        for j in range(i, k):
            cells = moments.gram[np.ix_(moments.levels[i], moments.levels[j])]
            found[i, j] = found[j, i] = _cramers_v(cells, moments.rows)
    return found


def _cramers_v(cells, rows):
    shares = cells / cells.sum()
    a, b = shares.sum(axis=1), shares.sum(axis=0)
    phi2 = float(np.sum(shares**2 / np.outer(a, b))) - 1.0
    if rows <= 1:
        return np.nan
    R, C = len(a) - 1, len(b) - 1
    most = min(R - R**2 / (rows - 1), C - C**2 / (rows - 1))
    if most <= 0:
        return np.nan
    return min(1.0, np.sqrt(max(0.0, phi2 - R * C / (rows - 1)) / most))


def correlation_ratios(moments):
    """Bias-corrected correlation ratio of each continuous factor (rows) by each categorical one."""
    gram = moments.gram
    found = np.full((len(moments.x), len(moments.levels)), np.nan)
    for i, (x, known) in enumerate(zip(moments.x, moments.known, strict=True)):
        volume = gram[known, known]
        of_mean = gram[x, known] ** 2 / volume if volume else 0.0
        total = moments.squares[i, i] - of_mean
        if not total > 1e-12 * volume:
            continue
        rows = moments.rows * volume / gram[0, 0]
        for j, levels in enumerate(moments.levels):
            weight, sums = gram[known, levels], gram[x, levels]
            used = weight > 0
            eta2 = (np.sum(sums[used] ** 2 / weight[used]) - of_mean) / total
            k = np.count_nonzero(used)
            if k > 1 and rows > k:
                found[i, j] = np.sqrt(max(0.0, 1 - (1 - eta2) * (rows - 1) / (rows - k)))
    return found


def variance_inflation(moments):
    """Generalised variance inflation of each factor among all, continuous ones first.

    Returns
    -------
    list of Inflation; infinite for a factor that others determine, NaN for a constant one
    """
    gram = moments.gram
    sets = [np.array([x]) for x in moments.x]
    # the level of the largest volume is the reference
    sets += [np.delete(levels, np.argmax(gram[0, levels])) for levels in moments.levels]
    mean = gram[0] / gram[0, 0]
    covariance = gram / gram[0, 0] - np.outer(mean, mean)
    sets = [columns[np.diagonal(covariance)[columns] > 1e-12] for columns in sets]
    every = np.concatenate([*sets, np.empty(0, dtype=np.intp)])
    scale = np.sqrt(np.diagonal(covariance)[every])
    correlation = covariance[np.ix_(every, every)] / np.outer(scale, scale)
    return generalised_inflation(correlation, [len(columns) for columns in sets])


def generalised_inflation(correlation, sizes):
    """GVIF of sets of neighbouring columns, from the correlation matrix of all of them.

    Parameters
    ----------
    correlation : (p, p)
    sizes : number of columns of each set, p in all

    Returns
    -------
    list of Inflation

    Examples
    --------
    >>> round(generalised_inflation(np.array([[1.0, 0.8], [0.8, 1.0]]), [1, 1])[0].gvif, 6)
    2.777778
    """
    inverse = np.linalg.inv(correlation + NEVER_INVERTED * np.eye(len(correlation)))
    found, start = [], 0
    for df in sizes:
        own = slice(start, start + df)
        start += df
        # 1 / (1 - rho^2), rho the canonical correlations with all other columns
        each = np.linalg.eigvals(correlation[own, own] @ inverse[own, own]).real
        if df == 0:
            found.append(Inflation(0, np.nan, np.nan))
        elif each.max() > ALIASED:
            found.append(Inflation(df, np.inf, np.inf))
        else:
            gvif = float(np.prod(np.maximum(each, 1.0)))
            found.append(Inflation(df, gvif, gvif ** (1 / (2 * df))))
    return found
