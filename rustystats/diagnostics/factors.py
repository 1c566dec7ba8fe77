"""Actual against expected by factor, in the model or not, and what is left in the residuals.

A factor is level codes, or bins where a column has too many values, and groups of levels: quantile
bins of equal exposure, or the largest levels and the pool of the others. Missing values are a group
of their own, so that the groups of every factor add up to the portfolio. With the working residuals
r and weights W of `rows.py`, x the values of a continuous factor and S_ab the weighted sums of
squares and products about the weighted means of the known values:

    trend_slope                    S_xr / S_xx, on the scale of the link for a unit of x
    correlation_with_residuals     S_xr / sqrt(S_xx S_rr)
    trend_pvalue                   of S_xr / sqrt(phi S_xx), normal, two-sided
    mean_residual_by_bin           sum of W r over sum of W; with log link and Poisson A/E - 1
    residual_variance_explained    sum over groups (sum W r)^2 / sum W, over sum of W r^2

Slope and p-value are those of the score test of the factor beside the linear predictor as it is;
what it shares with factors of the model is not taken out. A categorical factor has no order and no
slope: its correlation is the correlation ratio, the root of the residual variance explained, and
its p-value that of phi^-1 times the sum over groups (sum W r)^2 / sum W, chi-square with groups - 1
degrees of freedom.

Cost: one pass for each sum, whatever the number of factors (`cells.py`).
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import chi2, norm

from rustystats.codes import map_codes
from rustystats.diagnostics.binning import (
    group_labels,
    pool_levels,
    quantile_bins,
    range_labels,
)
from rustystats.diagnostics.calibration import actual_expected_limits, ratio
from rustystats.diagnostics.cells import CodedColumns
from rustystats.diagnostics.residual_summary import percentiles
from rustystats.diagnostics.sections import (
    CategoricalStatistics,
    ContinuousStatistics,
    FactorBin,
    FactorDiagnostics,
    LevelCount,
    ResidualPattern,
)
from rustystats.messages import counted, listed

CATEGORICAL, CONTINUOUS = "categorical", "continuous"
INTERACTION_BINS = 5  # of a continuous factor, where interactions are looked for


@dataclass(frozen=True, eq=False)
class Factor:
    """A column as codes.

    Parameters
    ----------
    name, kind : str
    codes : (n,) unsigned integers
    levels : (m,) values of the codes, or None where they are bins of `values`
    counts : (m,) rows of each code
    values : (n,) numbers of a column with too many of them for codes, else None
    bins : (lower, upper) of the codes where these are bins
    """

    name: str
    kind: str
    codes: np.ndarray
    levels: np.ndarray | None
    counts: np.ndarray
    values: np.ndarray | None = None
    bins: tuple | None = None

    @property
    def n_levels(self):
        """Number of codes."""
        return len(self.counts)


@dataclass(frozen=True, eq=False)
class Groups:
    """Levels taken together.

    Parameters
    ----------
    group : (m,) intp, the group of each level
    labels : list of str
    lower, upper : (k,) or None for a categorical factor
    """

    group: np.ndarray
    labels: list
    lower: np.ndarray | None = None
    upper: np.ndarray | None = None

    def sum(self, by_level):
        """Sums by group of sums by level."""
        return np.bincount(self.group, by_level, len(self.labels))


def check_factors(categorical, continuous):
    """The names of the factors, two lists.

    Raises
    ------
    ValueError
        If they are no lists of names, or a name is there twice.
    """
    names = []
    for role, given in (("categorical", categorical), ("continuous", continuous)):
        if isinstance(given, str):
            raise ValueError(f"{role}_factors is a list of column names: write [{given!r}]")
        names.append(list(given or ()))
    every = names[0] + names[1]
    twice = sorted({name for name in every if every.count(name) > 1})
    if twice:
        raise ValueError(f"the factors have {listed(twice)} more than once: list each once")
    return names


def has_few_values(columns, name, most):
    """Whether a column is texts or categories, or numbers of at most so many different values."""
    if columns.is_categorical(name):
        return True
    encoded = columns.encoded(name, quick=True, missing=True)
    return encoded is not None and len(encoded.levels) <= most


def split_kinds(columns, names, categorical_factors):
    """Categorical and continuous names where nobody says the kind: levels where the column has them
    or they are listed.
    """
    known = categorical_factors or ()
    levels = [name for name in names if name in known or columns.is_categorical(name)]
    return levels, [name for name in names if name not in levels]


def read_factors(columns, categorical, continuous, volume, n_bins):
    """The factors as codes, in the order given, categorical ones first.

    Numbers with too many values for codes are in `n_bins` bins of equal volume.
    """
    found = []
    for name in categorical:
        encoded = columns.factor(name, missing=True)
        found.append(Factor(name, CATEGORICAL, encoded.codes, encoded.levels, encoded.counts))
    for name in continuous:
        if columns.is_categorical(name):
            raise ValueError(
                f"column {name!r} is no number: list it under categorical_factors, or convert it"
            )
        encoded = columns.encoded(name, quick=True, missing=True)
        if encoded is not None:
            _check_finite(name, encoded.levels, encoded.counts)
            found.append(Factor(name, CONTINUOUS, encoded.codes, encoded.levels, encoded.counts))
            continue
        values = np.asarray(columns.numbers(name), dtype=float)
        _check_finite(name, values, np.ones(len(values)))
        codes, *edges = quantile_bins(values, n_bins, volume)
        counts = np.bincount(codes, minlength=len(edges[0]))
        codes = codes.astype(np.uint16)
        found.append(Factor(name, CONTINUOUS, codes, None, counts, values, tuple(edges)))
    return found


def _check_finite(name, values, counts):
    """Refuse infinite values, which have no mean; missing ones are a group."""
    count = int(np.sum(counts[np.isinf(values)]))
    if count:
        raise ValueError(
            f"column {name!r} is infinite in {counted(count, 'row')}: correct or "
            "drop them, or make them missing"
        )


def sums_by_level(factors, rows, names, n_threads=None):
    """Sums of some properties of `Rows` by level, one dictionary for each factor."""
    if not factors:
        return []
    coded = CodedColumns([(factor.codes, factor.n_levels) for factor in factors], n_threads)
    done = {}  # by the array: with Poisson and log link, three of the names are one
    sums = [{} for _ in factors]
    for name in names:
        if name == "score" and rows.canonical:
            for by_level in sums:
                by_level[name] = by_level["actual"] - by_level["predicted"]
            continue
        values = getattr(rows, name)
        if id(values) not in done:
            done[id(values)] = coded.sums(values)
        for index, by_level in enumerate(sums):
            by_level[name] = done[id(values)][index]
    return sums


def group_levels(factor, volume, n_bins, rare_threshold_pct, max_levels):
    """The groups of a factor with these volumes by level: bins, or as in `binning.pool_levels`."""
    if factor.kind == CATEGORICAL:
        missing = [i for i in (factor.n_levels - 1,) if factor.levels[i] is None]
        shown, group = pool_levels(volume, rare_threshold_pct, max_levels, missing)
        labels = group_labels(factor.levels, shown)
        return Groups(group, labels if len(shown) < factor.n_levels else labels[:-1])
    if factor.bins is not None:
        group, (lower, upper) = np.arange(factor.n_levels), factor.bins
    else:
        group, lower, upper = quantile_bins(factor.levels, n_bins, volume)
    return Groups(group, range_labels(lower, upper), lower, upper)


def interaction_groups(factor, volume, rare_threshold_pct, max_levels, n_threads):
    """Codes of the groups of a factor, numbers in few bins, and how many groups there are."""
    if factor.bins is not None:  # bins of bins
        factor = replace(factor, levels=factor.bins[0], bins=None)
    groups = group_levels(factor, volume, INTERACTION_BINS, rare_threshold_pct, max_levels)
    size = len(groups.labels)
    return map_codes(factor.codes, groups.group, size, n_threads), size


def actual_against_expected(rows, factor, groups, sums):
    """List of `FactorBin`, one for each group, from sums by level."""
    by_group = {name: groups.sum(values) for name, values in sums.items()}
    actual, predicted, exposure = (by_group[k] for k in ("actual", "predicted", "volume"))
    lower, upper = actual_expected_limits(rows, actual, predicted, by_group["variance"])
    edges = [None] * len(groups.labels)
    columns = (
        groups.labels,
        edges if groups.lower is None else groups.lower.tolist(),
        edges if groups.upper is None else groups.upper.tolist(),
        groups.sum(factor.counts).astype(int).tolist(),
        exposure.tolist(),
        actual.tolist(),
        predicted.tolist(),
        ratio(actual, exposure).tolist(),
        ratio(predicted, exposure).tolist(),
        ratio(actual, predicted).tolist(),
        ratio(by_group["deviance"], exposure).tolist(),
        lower.tolist(),
        upper.tolist(),
    )
    return [FactorBin(i, *values) for i, values in enumerate(zip(*columns, strict=True))]


def residual_pattern(rows, factor, groups, sums):
    """`ResidualPattern` of a factor; `sums` as above."""
    score, weight = (groups.sum(sums[name]) for name in ("score", "working_weight"))
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = float(np.sum(np.where(weight > 0, score**2 / weight, 0.0)))
        explained = float(np.divide(statistic, rows.pearson_chi2))
        if factor.kind == CONTINUOUS:
            correlation, slope, pvalue = _trend(rows, factor, sums)
        else:
            correlation, slope, df = np.sqrt(explained), None, np.count_nonzero(weight > 0) - 1
            pvalue = chi2.sf(rows.in_dispersions(statistic), df) if df > 0 else np.nan
    return ResidualPattern(
        correlation_with_residuals=float(correlation),
        mean_residual_by_bin=ratio(score, weight).tolist(),
        trend_slope=slope,
        trend_pvalue=float(pvalue),
        residual_variance_explained=explained,
    )


def _trend(rows, factor, sums):
    """Correlation, slope and p-value of a continuous factor."""
    if factor.values is None:
        x, score, weight = factor.levels.astype(float), sums["score"], sums["working_weight"]
    else:
        x, score, weight = factor.values, rows.score, rows.working_weight
    known = ~np.isnan(x)
    squares = rows.pearson_chi2
    if not known.all():
        rows_known = known if factor.values is not None else known[factor.codes]
        residuals = rows.pearson_residuals[rows_known]
        squares = float(residuals @ residuals)
        x, score, weight = x[known], score[known], weight[known]
    total = np.sum(weight)
    centred = x - np.sum(weight * x) / total
    s_xr = float(centred @ score)
    s_xx = float((weight * centred) @ centred)
    s_rr = squares - np.sum(score) ** 2 / total
    if not s_xx > 1e-12 * (total * np.max(x**2, initial=0.0)):  # one value
        return np.nan, None, np.nan
    z = s_xr / np.sqrt(rows.dispersion * s_xx)
    return s_xr / np.sqrt(s_xx * s_rr), s_xr / s_xx, 2.0 * norm.sf(abs(z))


def univariate_statistics(factor, groups, volume, rare_threshold_pct):
    """What the column says by itself; a level is rare below a share of the whole volume."""
    if factor.kind == CONTINUOUS:
        return _continuous_statistics(factor)
    counts = groups.sum(factor.counts).astype(int)
    share = 100.0 * volume / np.sum(volume)
    rare = share < rare_threshold_pct
    return CategoricalStatistics(
        n_levels=factor.n_levels,
        levels=[
            LevelCount(label, int(count), 100.0 * int(count) / int(np.sum(counts)))
            for label, count in zip(groups.labels, counts, strict=True)
        ],
        n_rare_levels=int(np.count_nonzero(rare)),
        rare_level_total_pct=float(np.sum(share[rare])),
    )


def _continuous_statistics(factor):
    """Of the rows that are known."""
    if factor.values is None:
        values, counts = factor.levels.astype(float), factor.counts
    else:
        values, counts = np.sort(factor.values), np.ones(len(factor.values))
    known = ~np.isnan(values)
    missing = int(np.sum(counts[~known]))
    values, counts = values[known], counts[known]
    n_known = np.sum(counts)
    if not n_known:
        nothing = [np.nan] * 4
        return ContinuousStatistics(*nothing, missing, percentiles(values, counts))
    mean = float(counts @ values / n_known)
    return ContinuousStatistics(
        mean=mean,
        std=float(np.sqrt(counts @ (values - mean) ** 2 / n_known)),
        min=float(values[0]),
        max=float(values[-1]),
        missing_count=missing,
        percentiles=percentiles(values, counts),
    )


def diagnose_factors(
    rows, factors, volumes, spoken_of, n_bins, rare_threshold_pct, max_levels, n_threads
):
    """List of `FactorDiagnostics`.

    `spoken_of` says of a name whether it is in the model, and how it stands there; `volumes` are by
    level.
    """
    names = ("actual", "predicted", "deviance", "variance", "working_weight", "score")
    found = []
    every = sums_by_level(factors, rows, names, n_threads)
    for factor, volume, sums in zip(factors, volumes, every, strict=True):
        sums["volume"] = volume
        groups = group_levels(factor, volume, n_bins, rare_threshold_pct, max_levels)
        found.append(
            FactorDiagnostics(
                factor.name,
                factor.kind,
                *spoken_of(factor.name),
                univariate_statistics(factor, groups, volume, rare_threshold_pct),
                actual_against_expected(rows, factor, groups, sums),
                residual_pattern(rows, factor, groups, sums),
            )
        )
    return found
