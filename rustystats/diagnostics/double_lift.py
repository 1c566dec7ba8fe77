"""Two models against each other, where they disagree: the double lift.

Rows are sorted by the ratio of the two predictions and cut into bins of equal exposure. In the
first bin the other model predicts more than this one, in the last less; the better model is the one
whose means follow the observed ones there. A constant factor between the models changes no bin.
Ratios that differ by rounding alone are equal. Cost: one sort.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rustystats.diagnostics.binning import equal_volume_bins, sums_by
from rustystats.diagnostics.rows import without_rounding

if TYPE_CHECKING:
    from rustystats.diagnostics.rows import Rows
    from rustystats.typing import Floats


@dataclass(frozen=True)
class DoubleLiftBin:
    """A bin of rows of neighbouring ratios; means are sums over the exposure (times weight).

    `ratio` is predicted_sum / other_sum.
    """

    bin: int
    ratio: float
    exposure: float
    actual_sum: float
    predicted_sum: float
    other_sum: float
    actual_mean: float
    predicted_mean: float
    other_mean: float


def double_lift_bins(rows: Rows, other: Floats, n_bins: int) -> list[DoubleLiftBin]:
    """The bins from the lowest ratio of `rows.mu` to the other means up, exposure included in both.

    Raises
    ------
    ValueError
        If predictions are not positive: they have no ratio then.
    """
    for means, whose in ((rows.mu, "this model"), (other, "the other model")):
        bad = int(np.count_nonzero(~((means > 0) & np.isfinite(means))))
        if bad:
            raise ValueError(
                f"{bad} of {len(means)} predictions of {whose} are not positive numbers, and have "
                "no ratio to the other's: a double lift needs positive predictions"
            )
    bins = equal_volume_bins(without_rounding(rows.mu / other), rows.volume, n_bins)
    count = int(bins.max()) + 1
    values = rows.volume, rows.actual, rows.predicted, rows.weighted(other)
    volume, *sums = sums_by(bins, count, *values)
    columns = [sums[1] / sums[2], volume, *sums, *(total / volume for total in sums)]
    return [DoubleLiftBin(k, *(column[k].item() for column in columns)) for k in range(count)]
