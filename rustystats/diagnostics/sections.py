"""The sections of the diagnostics of a model: their fields are the keys of the JSON.

"actual" is the response times weight, "predicted" the fitted mean times weight, "exposure" the
exposure times weight (rows where there is neither), and a mean is total over exposure: with claim
counts and insured years, counts and frequencies. Ratios with nothing below are NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rustystats.diagnostics.serialize import Document, Section

if TYPE_CHECKING:
    from rustystats.diagnostics.warnings import Finding


@dataclass(frozen=True, eq=False)
class ModelSummary(Section):
    """What was fitted, and on how many rows it is judged."""

    family: str
    link: str
    n_observations: int
    n_parameters: int
    degrees_of_freedom_residual: int
    converged: bool | None
    iterations: int | None


@dataclass(frozen=True, eq=False)
class FitStatistics(Section):
    """How well the model fits; aic and bic are NaN on rows that it was not fitted to."""

    deviance: float
    null_deviance: float
    deviance_explained: float
    log_likelihood: float
    aic: float
    bic: float
    pearson_chi2: float
    dispersion_deviance: float
    dispersion_pearson: float


@dataclass(frozen=True, eq=False)
class LossMetrics(Section):
    """Mean losses, lower is better.

    The first is the deviance for a unit of weight, the last for a unit of exposure; mse, mae and
    rmse are of the response as it is, weighted.
    """

    family_deviance_loss: float
    mse: float
    mae: float
    rmse: float
    weighted_loss: float


@dataclass(frozen=True, eq=False)
class CalibrationBin(Section):
    """A bin of rows of neighbouring predictions (for a unit of exposure)."""

    bin_index: int
    predicted_lower: float
    predicted_upper: float
    predicted_mean: float
    actual_mean: float
    actual_expected_ratio: float
    count: int
    exposure: float
    actual_sum: float
    predicted_sum: float
    ae_confidence_interval_lower: float
    ae_confidence_interval_upper: float


@dataclass(frozen=True, eq=False)
class Calibration(Section):
    """Whether predictions are right on average, overall and where they are low or high."""

    actual_expected_ratio: float
    actual_total: float
    predicted_total: float
    exposure_total: float
    calibration_error: float
    by_decile: list[CalibrationBin]
    hosmer_lemeshow_statistic: float | None
    hosmer_lemeshow_pvalue: float | None
    gini_coefficient: float | None


@dataclass(frozen=True, eq=False)
class LorenzPoint(Section):
    """Shares of the lowest predictions."""

    cumulative_exposure_pct: float
    cumulative_actual_pct: float
    cumulative_predicted_pct: float


@dataclass(frozen=True, eq=False)
class Discrimination(Section):
    """Whether high predictions are where the response is high; None where it is not defined."""

    gini_coefficient: float | None
    auc: float | None
    ks_statistic: float | None
    lift_at_10pct: float | None
    lift_at_20pct: float | None
    lorenz_curve: list[LorenzPoint]


@dataclass(frozen=True, eq=False)
class ResidualStatistics(Section):
    """Moments and percentiles ("p1" to "p99") of one kind of residual."""

    mean: float
    std: float
    min: float
    max: float
    skewness: float
    kurtosis: float
    percentiles: dict[str, float]


@dataclass(frozen=True, eq=False)
class ContinuousStatistics(Section):
    """A numeric column by itself, its missing values apart."""

    mean: float
    std: float
    min: float
    max: float
    missing_count: int
    percentiles: dict[str, float]


@dataclass(frozen=True, eq=False)
class LevelCount(Section):
    """Rows of a level."""

    level: str
    count: int
    percentage: float


@dataclass(frozen=True, eq=False)
class CategoricalStatistics(Section):
    """A column of levels by itself; the pool "_Other" is counted as one."""

    n_levels: int
    levels: list[LevelCount]
    n_rare_levels: int
    rare_level_total_pct: float


@dataclass(frozen=True, eq=False)
class FactorBin(Section):
    """Actual against expected in a level or in an interval of values."""

    bin_index: int
    bin_label: str
    bin_lower: float | None
    bin_upper: float | None
    count: int
    exposure: float
    actual_sum: float
    predicted_sum: float
    actual_mean: float
    predicted_mean: float
    actual_expected_ratio: float
    loss: float
    ae_confidence_interval_lower: float
    ae_confidence_interval_upper: float


@dataclass(frozen=True, eq=False)
class ResidualPattern(Section):
    """What the factor still says of the residuals; see `factors.py` for the formulas."""

    correlation_with_residuals: float
    mean_residual_by_bin: list[float]
    trend_slope: float | None
    trend_pvalue: float
    residual_variance_explained: float


@dataclass(frozen=True, eq=False)
class FactorDiagnostics(Section):
    """All that is said of one factor, in the model or not."""

    name: str
    factor_type: str
    in_model: bool
    transformation: str | None
    univariate_stats: ContinuousStatistics | CategoricalStatistics
    actual_vs_expected: list[FactorBin]
    residual_pattern: ResidualPattern


@dataclass(frozen=True, eq=False)
class InteractionCandidate(Section):
    """Two factors whose cells differ from what both say alone; see `interactions.py`."""

    factor1: str
    factor2: str
    interaction_strength: float
    pvalue: float
    n_cells: int


@dataclass(frozen=True, eq=False)
class ModelComparison(Section):
    """The model against the intercept and the offset alone.

    The test and the AIC are NaN on rows that the model was not fitted to.
    """

    likelihood_ratio_chi2: float
    likelihood_ratio_df: int
    likelihood_ratio_pvalue: float
    deviance_reduction_pct: float
    aic_improvement: float


@dataclass(frozen=True, eq=False)
class ModelDiagnostics(Document):
    """Everything that is known of how good a model is; `GLMResults.diagnostics` makes it.

    Sections are read as attributes or by key. `to_dict` and `to_json` write them in this order,
    after `schema_version`, which rises when a key changes its meaning or goes.

    Parameters
    ----------
    model_summary : ModelSummary
    fit_statistics : FitStatistics
    loss_metrics : LossMetrics
    calibration : Calibration
    discrimination : Discrimination
    residual_summary : dict of ResidualStatistics, "pearson" and "deviance"
    factors : list of FactorDiagnostics
    interaction_candidates : list of InteractionCandidate
    model_comparison : ModelComparison
    warnings : list, each with "type" and "message"

    Examples
    --------
    >>> import rustystats as rs
    >>> data = {"y": [0.0, 2.0, 1.0, 4.0], "x": [0.0, 1.0, 2.0, 3.0]}
    >>> found = rs.glm("y ~ x", data, family="poisson").fit().diagnostics(data, None, ["x"])
    >>> found
    <ModelDiagnostics: poisson, 4 observations, A/E 1.0000, Gini 0.8462, 1 factors, 0 warnings>
    >>> found.calibration.actual_total == found["calibration"]["actual_total"]
    True
    >>> list(found.to_dict())[:3]
    ['schema_version', 'model_summary', 'fit_statistics']
    """

    model_summary: ModelSummary
    fit_statistics: FitStatistics
    loss_metrics: LossMetrics
    calibration: Calibration
    discrimination: Discrimination
    residual_summary: dict[str, ResidualStatistics]
    factors: list[FactorDiagnostics]
    interaction_candidates: list[InteractionCandidate]
    model_comparison: ModelComparison
    warnings: list[Finding]

    def __repr__(self) -> str:
        summary, shape = self.model_summary, self.discrimination
        gini = "" if shape.gini_coefficient is None else f", Gini {shape.gini_coefficient:.4f}"
        return (
            f"<ModelDiagnostics: {summary.family}, {summary.n_observations} observations, A/E "
            f"{self.calibration.actual_expected_ratio:.4f}{gini}, {len(self.factors)} factors, "
            f"{len(self.warnings)} warnings>"
        )
