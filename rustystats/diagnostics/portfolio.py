"""A portfolio before the fit: its totals, and the response by factor.

With response y, prior weight w and exposure e of a row, actual A = w y and volume v = w e; the rate
of some rows is the sum of A over that of v. A model of rates without factors has the mean

    m = sum A / sum v,   the variance of the rates  sum v (A / v - m)^2 / sum v,

of which a factor explains sum over its groups v_g (m_g - m)^2 / sum v. Against the variance within
groups that is the F test of an analysis of variance. For Poisson counts m_g are the fitted means
whether exposure is an offset or a weight; other families are taken as weighted by exposure.

Cost: a pass over the rows for A and v each, all factors together (`factors.sums_by_level`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import f as f_law

from rustystats.diagnostics.calibration import ratio
from rustystats.diagnostics.exploration_sections import (
    ExploredBin,
    ExploredCategorical,
    ExploredContinuous,
    ExploredLevel,
    MissingValues,
    ResponseStatistics,
    UnivariateTest,
)
from rustystats.diagnostics.factors import CONTINUOUS, univariate_statistics
from rustystats.diagnostics.residual_summary import percentiles

if TYPE_CHECKING:
    from rustystats.typing import Floats


@dataclass(frozen=True, eq=False)
class Portfolio:
    """Rows with a weight above 0.

    Parameters
    ----------
    y : (n,) float64
    weights, exposure : (n,) float64 above 0, or None for 1 each
    n_threads : int or None
    """

    y: np.ndarray
    weights: np.ndarray | None = None
    exposure: np.ndarray | None = None
    n_threads: int | None = None

    def __len__(self) -> int:
        return len(self.y)

    @cached_property
    def actual(self) -> Floats:
        """w y."""
        return self.y if self.weights is None else self.weights * self.y

    @cached_property
    def volume(self) -> Floats:
        """w e."""
        if self.exposure is None:
            return np.ones(len(self.y)) if self.weights is None else self.weights
        return self.exposure if self.weights is None else self.weights * self.exposure

    @cached_property
    def totals(self) -> tuple[float, float]:
        """Sums of actual and volume."""
        return float(np.sum(self.actual)), float(np.sum(self.volume))

    @property
    def mean_rate(self) -> float:
        """Total response over total exposure."""
        return self.totals[0] / self.totals[1]

    @cached_property
    def predicted(self) -> Floats:
        """What each row would have at the mean rate, (n,)."""
        return self.mean_rate * self.volume

    @cached_property
    def squares(self):
        """Sum of v (A / v - m)^2."""
        residual = self.actual - self.predicted
        return float(np.sum(residual * residual / self.volume))

    @property
    def weighted_by(self) -> str:
        """What a row counts as, in words."""
        given = {"exposure": self.exposure, "weights": self.weights}
        return " x ".join(name for name, values in given.items() if values is not None) or "rows"


def response_statistics(portfolio: Portfolio) -> ResponseStatistics:
    """`ResponseStatistics` of a `Portfolio`."""
    y, weights = portfolio.y, portfolio.weights
    rate = y if portfolio.exposure is None else y / portfolio.exposure
    zeros = int(np.count_nonzero(y == 0))
    total, volume = portfolio.totals
    return ResponseStatistics(
        n_observations=len(y),
        total_exposure=volume,
        total_response=total,
        mean_response=total / (len(y) if weights is None else float(np.sum(weights))),
        mean_rate=portfolio.mean_rate,
        std_rate=float(np.sqrt(portfolio.squares / volume)),
        min=float(y.min()),
        max=float(y.max()),
        zeros_count=zeros,
        zeros_pct=100.0 * zeros / len(y),
        **percentiles(np.sort(rate)),
    )


def explore_factor(portfolio, factor, groups, sums, rare_threshold_pct):
    """`ExploredContinuous` or `ExploredCategorical` of a factor, from sums by level."""
    exposure, response = groups.sum(sums["volume"]), groups.sum(sums["actual"])
    counts = groups.sum(factor.counts).astype(int)
    columns = (
        groups.labels,
        counts.tolist(),
        exposure.tolist(),
        (100.0 * exposure / portfolio.totals[1]).tolist(),
        response.tolist(),
        ratio(response, exposure).tolist(),
    )
    rows = list(zip(*columns, strict=True))
    n_missing = int(factor.counts[_missing_levels(factor)].sum())
    known_missing = {
        "missing_count": n_missing,
        "missing_pct": 100.0 * n_missing / len(portfolio),
    }
    if factor.kind == CONTINUOUS:
        found = univariate_statistics(factor, groups, sums["volume"], rare_threshold_pct)
        edges = zip(groups.lower.tolist(), groups.upper.tolist(), strict=True)
        bins = [
            ExploredBin(index, label, *(None if edge != edge else edge for edge in ends), *rest)
            for index, ((label, *rest), ends) in enumerate(zip(rows, edges, strict=True))
        ]
        moments = {name: found[name] for name in ("mean", "std", "min", "max")}
        return ExploredContinuous(
            factor.name, factor.kind, **moments, **known_missing, response_by_bin=bins
        )
    return ExploredCategorical(
        factor.name,
        factor.kind,
        n_levels=factor.n_levels,
        n_levels_shown=len(rows),
        **known_missing,
        levels=[ExploredLevel(*row) for row in rows],
    )


def _missing_levels(factor):
    """Which of the levels stands for missing values, (m,) bool."""
    if factor.bins is not None:
        return np.isnan(factor.bins[0])
    if factor.kind == CONTINUOUS:
        return np.isnan(np.asarray(factor.levels, dtype=float))
    return np.equal(factor.levels, None).astype(bool)


def missing_values(portfolio, factor, sums):
    """`MissingValues` of a factor, or None where all are known."""
    at = _missing_levels(factor)
    count = int(factor.counts[at].sum())
    if not count:
        return None
    actual, volume = (float(sums[name][at].sum()) for name in ("actual", "volume"))
    total, whole = portfolio.totals
    return MissingValues(
        column=factor.name,
        missing_count=count,
        missing_pct=100.0 * count / len(portfolio),
        exposure_pct=100.0 * volume / whole,
        response_rate=actual / volume,
        response_rate_known=(total - actual) / (whole - volume) if whole > volume else np.nan,
    )


def univariate_test(portfolio, factor, groups, sums):
    """`UnivariateTest` of a factor; statistic and p-value are NaN for a single group."""
    volume, actual = groups.sum(sums["volume"]), groups.sum(sums["actual"])
    used = volume > 0
    excess = (actual - portfolio.mean_rate * volume)[used]
    between, total = float(np.sum(excess**2 / volume[used])), portfolio.squares
    df, df_residual = int(np.count_nonzero(used)) - 1, len(portfolio) - int(np.count_nonzero(used))
    statistic = pvalue = np.nan
    if df > 0 and df_residual > 0 and total > between:
        statistic = between / df / ((total - between) / df_residual)
        pvalue = float(f_law.sf(statistic, df, df_residual))
    explained = between / total if total > 0 else np.nan
    return UnivariateTest(factor.name, statistic, df, df_residual, pvalue, explained)
