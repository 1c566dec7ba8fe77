"""The sections of an exploration before the fit: their fields are the keys of the JSON.

"exposure" is the exposure times weight (rows where there is neither), "response" the response
times weight, and a rate is total response over total exposure. Counts and percentiles are of rows.
Missing values of a factor are a bin or a level of their own, labelled "missing", so that the tables
of each factor add up to the portfolio's totals.
"""

from dataclasses import dataclass

from rustystats.diagnostics.serialize import Section


@dataclass(frozen=True, eq=False)
class DataSummary(Section):
    """What was explored; columns are None where there is none, "array" where one was given."""

    n_rows: int
    n_columns: int
    response_column: str
    exposure_column: str | None
    weights_column: str | None
    family: str
    n_categorical_factors: int
    n_continuous_factors: int


@dataclass(frozen=True, eq=False)
class ResponseStatistics(Section):
    """The response and its rate.

    mean_response is the weighted mean of the response, mean_rate total response over total
    exposure, std_rate the standard deviation of the rate around it, weighted by exposure; min, max
    and zeros are of the response; percentiles p1 to p99 those of the rates of rows (linear, type
    7).
    """

    n_observations: int
    total_exposure: float
    total_response: float
    mean_response: float
    mean_rate: float
    std_rate: float
    min: float
    max: float
    zeros_count: int
    zeros_pct: float
    p1: float
    p5: float
    p10: float
    p25: float
    p50: float
    p75: float
    p90: float
    p95: float
    p99: float


@dataclass(frozen=True, eq=False)
class ExploredBin(Section):
    """Rows between two values of a continuous factor, both included; None for missing values."""

    bin_index: int
    bin_label: str
    bin_lower: float | None
    bin_upper: float | None
    count: int
    exposure: float
    exposure_pct: float
    response_sum: float
    response_rate: float


@dataclass(frozen=True, eq=False)
class ExploredContinuous(Section):
    """A continuous factor: moments and range of the known rows, and the response by bin."""

    name: str
    type: str
    mean: float
    std: float
    min: float
    max: float
    missing_count: int
    missing_pct: float
    response_by_bin: list[ExploredBin]


@dataclass(frozen=True, eq=False)
class ExploredLevel(Section):
    """Rows of a level, of all pooled levels ("_Other"), or of missing values."""

    level: str
    count: int
    exposure: float
    exposure_pct: float
    response_sum: float
    response_rate: float


@dataclass(frozen=True, eq=False)
class ExploredCategorical(Section):
    """A categorical factor; its levels by exposure, then missing values, then the pool.

    n_levels counts the levels of the data, n_levels_shown the entries of the list; missing values
    are one of either.
    """

    name: str
    type: str
    n_levels: int
    n_levels_shown: int
    missing_count: int
    missing_pct: float
    levels: list[ExploredLevel]


@dataclass(frozen=True, eq=False)
class MissingValues(Section):
    """A column with missing values, and whether the response differs there."""

    column: str
    missing_count: int
    missing_pct: float
    exposure_pct: float
    response_rate: float
    response_rate_known: float


@dataclass(frozen=True, eq=False)
class LeftOut(Section):
    """A column that was not explored because it was not asked for, and why."""

    column: str
    reason: str


@dataclass(frozen=True, eq=False)
class UnivariateTest(Section):
    """Do rates differ between the bins or levels shown? Analysis of variance, weighted by exposure.

    variance_explained is the share of the variance of the rates that lies between them. The F test
    takes the variance within them for that of the noise, so it allows for overdispersion.
    """

    factor: str
    statistic: float
    df: int
    df_residual: int
    pvalue: float
    variance_explained: float


@dataclass(frozen=True, eq=False)
class AssociationMatrix(Section):
    """A symmetric measure for all pairs of factors.

    pooled names factors of which only the largest levels entered by themselves.
    """

    measure: str
    weighted_by: str
    factors: list[str]
    matrix: list[list[float | None]]
    pooled: list[str]


@dataclass(frozen=True, eq=False)
class RatioMatrix(Section):
    """A measure for each continuous factor (rows) with each categorical one (columns)."""

    measure: str
    weighted_by: str
    continuous_factors: list[str]
    categorical_factors: list[str]
    matrix: list[list[float | None]]


@dataclass(frozen=True, eq=False)
class VarianceInflation(Section):
    """How much the others inflate the variance of a factor's coefficients.

    `vif` is the generalised variance inflation factor, None where others determine the factor
    (`aliased`) or it is constant (df 0); `vif_adjusted` its root of order 2 df, which compares
    factors of any number of levels: above 2 to 3 it is large.
    """

    factor: str
    df: int
    vif: float | None
    vif_adjusted: float | None
    aliased: bool


@dataclass(frozen=True, eq=False)
class ZeroInflation(Section):
    """Rows without claims, against a Poisson law with one rate; see `count_checks.py`."""

    observed_zeros: int
    expected_zeros: float
    zero_ratio: float
    statistic: float
    pvalue: float


@dataclass(frozen=True, eq=False)
class Overdispersion(Section):
    """The variance of counts, against a Poisson law with one rate; see `count_checks.py`."""

    dispersion: float
    statistic: float
    pvalue: float
    theta_estimate: float | None
