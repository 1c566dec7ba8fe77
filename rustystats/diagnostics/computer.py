"""DiagnosticsComputer: from rows and what is known of a fit to the sections, one method each.

Rows of weight 0 are left out first. The rows are sorted once; every section reads that order.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.stats import chi2

from rustystats.checks import as_numbers
from rustystats.diagnostics import calibration, discrimination, factors, warnings
from rustystats.diagnostics.given import check_domains, columns_of, read_family, read_vectors
from rustystats.diagnostics.interactions import interaction_candidates
from rustystats.diagnostics.kept import KeptRows
from rustystats.diagnostics.residual_summary import summarise
from rustystats.diagnostics.rows import Rows
from rustystats.diagnostics.sections import FitStatistics, LossMetrics, ModelComparison
from rustystats.links import get_link
from rustystats.solvers.null import null_model
from rustystats.threads import effective_n_threads

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from rustystats.diagnostics.sections import (
        Calibration,
        Discrimination,
        FactorDiagnostics,
        InteractionCandidate,
        ResidualStatistics,
    )
    from rustystats.diagnostics.warnings import Finding as Notice
    from rustystats.frames.columns import Columns
    from rustystats.typing import FamilyLike, Floats, FrameLike, LinkLike


@dataclass(frozen=True, eq=False)
class FitFacts:
    """What is known of a fit beside its rows.

    Parameters
    ----------
    n_params : int, rank
    n_estimated : int, what AIC counts: rank and an estimated theta or power
    deviance : float
    terms : list of (label, names of the data columns)
    in_sample : whether the rows are those of the fit
    intercept : whether the null model has one
    dispersion_given : whether the dispersion is a number that somebody chose
    offset : (n,) or None, of the null model
    null_deviance, log_likelihood : float, or None where they are to be computed
    converged : bool or None
    """

    n_params: int
    n_estimated: int
    deviance: float
    terms: list[tuple[str, Collection[str]]]
    in_sample: bool = True
    intercept: bool = True
    dispersion_given: bool = False
    offset: np.ndarray | None = None
    null_deviance: float | None = None
    log_likelihood: float | None = None
    converged: bool | None = None


class DiagnosticsComputer:
    """The sections of the diagnostics from arrays, for models fitted elsewhere too.

    `GLMResults.diagnostics` makes all of them of a fitted model.

    Parameters
    ----------
    y, mu, linear_predictor : (n,) arrays
        Response, fitted means (exposure included) and their link.
    family : str or family object
        As in `glm`; "NegativeBinomial(theta=1.3)", as results name it, has its parameter inside.
    n_params : int
        Rank of the design.
    deviance : float
        Of the model.
    exposure : (n,) array > 0, optional
    feature_names : list of str, optional
        Names of the design columns, from which is read which factors are in the model.
    var_power, theta : float
        Parameter of a Tweedie or negative binomial family given by name.
    link : str or link object, optional
        None takes the family's default.
    weights : (n,) array >= 0, optional
        Prior weights.
    offset : (n,) array, optional
        Of the null model, on the link scale, exposure included. None takes the logarithm of the
        exposure, where there is one and the link is log.
    dispersion : float, optional
        None is 1 for families of which it is, else Pearson's.

    Attributes
    ----------
    n_obs : int, rows with a weight above 0
    df_resid : int
    family : str
    pearson_residuals, deviance_residuals : (n_obs,) arrays
    null_deviance : float

    Raises
    ------
    ValueError
        If lengths differ, numbers are missing, an exposure is 0, or linear_predictor is not the
        link of mu.

    Examples
    --------
    >>> import numpy as np
    >>> y, mu = np.array([0.0, 1.0, 0.0, 2.0]), np.array([0.5, 0.5, 1.0, 1.0])
    >>> computer = DiagnosticsComputer(y, mu, np.log(mu), "poisson", 2, 2.77)
    >>> computer.compute_calibration(n_bins=2).actual_expected_ratio
    1.0
    >>> round(computer.compute_discrimination().gini_coefficient, 4)
    0.2857
    """

    n_obs: int
    df_resid: int
    family: str
    n_threads: int

    def __init__(
        self,
        y: ArrayLike,
        mu: ArrayLike,
        linear_predictor: ArrayLike,
        family: str | FamilyLike,
        n_params: int,
        deviance: float,
        exposure: ArrayLike | None = None,
        feature_names: Sequence[str] | None = None,
        var_power: float = 1.5,
        theta: float = 1.0,
        *,
        link: LinkLike | None = None,
        weights: ArrayLike | None = None,
        offset: ArrayLike | None = None,
        dispersion: float | None = None,
    ) -> None:
        family = read_family(family, var_power, theta)
        link = get_link(link, family)
        needed = {"y": y, "mu": mu, "linear_predictor": linear_predictor}
        others = {"exposure": exposure, "weights": weights, "offset": offset}
        given = {role: v for role, v in others.items() if v is not None}
        vectors = read_vectors(needed | given)
        check_domains(vectors, family, link)
        shift = vectors.get("offset")
        if shift is None and exposure is not None and link.name() == "log":
            shift = np.log(vectors["exposure"])
        rows = Rows(
            vectors["y"],
            vectors["mu"],
            vectors["linear_predictor"],
            vectors.get("weights"),
            vectors.get("exposure"),
            family,
            link,
            np.nan if dispersion is None else float(dispersion),
        )
        facts = FitFacts(
            int(n_params),
            int(n_params),
            float(deviance),
            [(name, columns_of(name)) for name in feature_names or ()],
            dispersion_given=dispersion is not None,
            offset=shift,
        )
        self._set(rows, facts)

    @classmethod
    def of(cls, rows: Rows, facts: FitFacts) -> Self:
        """The same of rows that are checked already; a dispersion of NaN is to be computed."""
        computer = object.__new__(cls)
        computer._set(rows, facts)
        return computer

    def _set(self, rows: Rows, facts: FitFacts) -> None:
        self._kept = kept = KeptRows(rows)
        rows, self._facts = kept.rows(rows), replace(facts, offset=kept.of(facts.offset))
        self.n_obs = len(rows)
        self.family = rows.family.name()
        self.df_resid = self.n_obs - facts.n_params * facts.in_sample
        if np.isnan(rows.dispersion):
            fixed = rows.family.dispersion_fixed
            rows = replace(rows, dispersion=1.0 if fixed else self._per_freedom(rows.pearson_chi2))
        self._rows = rows
        self.n_threads = effective_n_threads(rows.n_threads, self.n_obs)
        self._volumes: dict[int, tuple[NDArray[Any], Floats]] = {}

    def prepare_sums(self) -> None:
        """Make the numbers of each row that several sections need, before threads ask for them."""
        rows = self._rows
        for name in ("actual", "predicted", "volume", "deviance", "pearson_chi2", "totals"):
            getattr(rows, name)

    @property
    def in_sample(self) -> bool:
        """Whether the rows are those of the fit."""
        return self._facts.in_sample

    @property
    def rows(self) -> Rows:
        """`Rows` with a weight above 0."""
        return self._rows

    def kept(self, values: ArrayLike, role: str) -> Floats:
        """Those of values, one for each row given, whose row has a weight above 0.

        Raises
        ------
        ValueError
            If they are no numbers, or not one a row.
        """
        values = as_numbers(values, role)
        n_given = self._kept.n_given
        if values.shape != (n_given,):
            raise ValueError(f"{role} has shape {values.shape}, the data have {n_given} rows")
        return self._kept.of(values)

    def _per_freedom(self, value: float) -> float:
        return value / self.df_resid if self.df_resid > 0 else np.nan

    @property
    def pearson_residuals(self) -> Floats:
        """sqrt(w) (y - mu) / sqrt(V(mu)), (n_obs,)."""
        return self._rows.pearson_residuals

    @property
    def deviance_residuals(self) -> Floats:
        """sign(y - mu) sqrt(w d(y, mu)), (n_obs,)."""
        return self._rows.deviance_residuals

    @cached_property
    def _null(self) -> tuple[float, Floats]:
        """Deviance and linear predictor of the null model, refitted to these rows."""
        rows, facts = self._rows, self._facts
        parts = (rows.y, rows.family, rows.link, rows.weights, facts.offset, rows.n_threads)
        return null_model(*parts, facts.intercept)

    @property
    def null_deviance(self) -> float:
        """Deviance of the intercept and the offset alone, fitted to these rows."""
        known = self._facts.null_deviance
        return self._null[0] if known is None else known

    @cached_property
    def _log_likelihood(self) -> float:
        rows, known = self._rows, self._facts.log_likelihood
        if known is not None:
            return known
        weights = rows.weighted(np.ones(self.n_obs))
        return rows.family.loglike(rows.y, rows.mu, weights)

    @cached_property
    def _null_log_likelihood(self) -> float:
        rows = self._rows
        if rows.family.dispersion_fixed or rows.family.likelihood_of:  # at dispersion 1
            return self._log_likelihood - (self.null_deviance - self._facts.deviance) / 2.0
        mu = rows.link.inverse(self._null[1])
        return rows.family.loglike(rows.y, mu, rows.weighted(np.ones(self.n_obs)))

    def compute_fit_statistics(self) -> FitStatistics:
        """`FitStatistics`: deviances, likelihood and criteria, dispersions.

        Log-likelihoods as `GLMResults.llf` has them. `deviance_explained` is 1 - deviance / null
        deviance.
        """
        rows, deviance = self._rows, self._facts.deviance
        log_likelihood = self._log_likelihood
        aic = bic = np.nan
        if self._facts.in_sample:
            aic = -2.0 * log_likelihood + 2.0 * self._facts.n_estimated
            bic = -2.0 * log_likelihood + self._facts.n_estimated * np.log(self.n_obs)
        return FitStatistics(
            deviance=deviance,
            null_deviance=self.null_deviance,
            deviance_explained=1.0 - deviance / self.null_deviance
            if self.null_deviance
            else np.nan,
            log_likelihood=log_likelihood,
            aic=float(aic),
            bic=float(bic),
            pearson_chi2=rows.pearson_chi2,
            dispersion_deviance=self._per_freedom(deviance),
            dispersion_pearson=self._per_freedom(rows.pearson_chi2),
        )

    def compute_loss_metrics(self) -> LossMetrics:
        """`LossMetrics`: mean deviance, squared and absolute errors."""
        rows = self._rows
        error = rows.y - rows.mu
        weight = self.n_obs if rows.weights is None else float(np.sum(rows.weights))
        deviance = float(np.sum(rows.deviance))
        squared = float(rows.weighted(error) @ error) / weight
        return LossMetrics(
            family_deviance_loss=deviance / weight,
            mse=squared,
            mae=float(np.sum(rows.weighted(np.abs(error)))) / weight,
            rmse=squared**0.5,
            weighted_loss=deviance / rows.totals[2],
        )

    @cached_property
    def _discrimination(self) -> Discrimination:
        return discrimination.discriminate(self._rows)

    def compute_calibration(self, n_bins: int = 10) -> Calibration:
        """`Calibration`: actual over expected, overall and in bins of equal exposure.

        `calibration_error` is the sum over bins of abs(actual - predicted) over all predicted. See
        `diagnostics/calibration.py` for the limits and for Hosmer and Lemeshow's test.
        """
        gini = self._discrimination.gini_coefficient
        return calibration.calibrate(self._rows, n_bins, gini, self._facts.in_sample)

    def compute_discrimination(self) -> Discrimination:
        """`Discrimination`: Gini, AUC, KS, lift, Lorenz curve; see `discrimination.py`."""
        return self._discrimination

    def compute_residual_summary(self) -> dict[str, ResidualStatistics]:
        """{"pearson": ResidualStatistics, "deviance": ResidualStatistics}."""
        return {
            "pearson": summarise(self._rows.pearson_residuals),
            "deviance": summarise(self._rows.deviance_residuals),
        }

    def compute_factor_diagnostics(
        self,
        data: FrameLike | Columns,
        categorical_factors: Sequence[str] | None = None,
        continuous_factors: Sequence[str] | None = None,
        n_bins: int = 10,
        rare_threshold_pct: float = 1.0,
        max_categorical_levels: int = 20,
    ) -> list[FactorDiagnostics]:
        """`FactorDiagnostics` of each factor, categorical ones first, in the order given.

        Parameters
        ----------
        data : DataFrame with the factors, a row for each row given
        categorical_factors, continuous_factors : lists of column names, optional
        n_bins : int, of a continuous factor, of equal exposure
        rare_threshold_pct : float
            Levels with a smaller percentage of the exposure are pooled ("_Other").
        max_categorical_levels : int
            So many levels are shown at most, the pool included; missing values one more.

        Raises
        ------
        ValueError
            If a column is unknown, named twice, or not of its kind, or the lengths differ.
        """
        found = self._read(data, categorical_factors, continuous_factors, n_bins)
        return factors.diagnose_factors(
            self._rows,
            found,
            self._volumes_of(found),
            self._in_model,
            n_bins,
            rare_threshold_pct,
            max_categorical_levels,
            self.n_threads,
        )

    def detect_interactions(
        self,
        data: FrameLike | Columns,
        factor_names: Sequence[str],
        max_factors: int = 10,
        min_correlation: float = 0.01,
        max_candidates: int = 5,
        min_cell_count: int = 30,
        *,
        categorical_factors: Sequence[str] | None = None,
        rare_threshold_pct: float = 1.0,
        max_categorical_levels: int = 20,
    ) -> list[InteractionCandidate]:
        """`InteractionCandidate` list, strongest first; see `diagnostics/interactions.py`.

        Parameters
        ----------
        data : DataFrame
        factor_names : list of column names
            Numbers are cut into five bins of equal exposure.
        max_factors : int
            The first so many are looked at.
        min_correlation : float
            The root of the least strength.
        max_candidates, min_cell_count : int
        categorical_factors : list of str, optional
            Those of the names that are levels though they are numbers; None takes texts alone.
        rare_threshold_pct, max_categorical_levels : as in `compute_factor_diagnostics`
        """
        names = list(factor_names)[:max_factors]
        columns = self._kept.read(data, names, self._rows.n_threads)
        rows = self._rows
        categorical, continuous = factors.split_kinds(columns, names, categorical_factors)
        found = self._read(columns, categorical, continuous, factors.INTERACTION_BINS)
        found.sort(key=lambda factor: names.index(factor.name))
        how = (rare_threshold_pct, max_categorical_levels, columns.n_threads)
        grouped = {
            factor.name: factors.interaction_groups(factor, volume, *how)
            for factor, volume in zip(found, self._volumes_of(found), strict=True)
        }
        return interaction_candidates(
            rows.actual if rows.canonical else rows.score,
            rows.predicted if rows.canonical else np.zeros(self.n_obs),
            rows.working_weight,
            grouped,
            max_candidates=max_candidates,
            min_cell_count=min_cell_count,
            min_correlation=min_correlation,
            multiplicative=rows.is_poisson and rows.link.name() == "log",
            n_threads=self.n_threads,
        )

    def compute_model_comparison(self) -> ModelComparison:
        """`ModelComparison` with the null model: likelihood ratio, at the model's dispersion."""
        rows, facts = self._rows, self._facts
        null, deviance = self.null_deviance, facts.deviance
        statistic = pvalue = improvement = np.nan
        df = facts.n_params - facts.intercept
        if facts.in_sample:
            if facts.dispersion_given:
                statistic = rows.in_dispersions(null - deviance)
            else:
                ratio = rows.family.likelihood_ratio
                statistic = ratio(null, deviance, rows.dispersion, self.n_obs)
            statistic = float(np.maximum(statistic, 0.0))
            pvalue = float(chi2.sf(statistic, df)) if df > 0 else np.nan
            gain = 2.0 * (self._log_likelihood - self._null_log_likelihood)
            improvement = float(gain - 2.0 * df)  # theta or the power are estimated in both
        return ModelComparison(
            likelihood_ratio_chi2=statistic,
            likelihood_ratio_df=df,
            likelihood_ratio_pvalue=pvalue,
            deviance_reduction_pct=100.0 * (1.0 - deviance / null) if null else np.nan,
            aic_improvement=improvement,
        )

    def generate_warnings(
        self,
        fit_stats: FitStatistics,
        calibration: Calibration,
        factors: Sequence[FactorDiagnostics],
    ) -> list[Notice]:
        """What a user should look at: a list with "type" and "message" of each.

        Parameters
        ----------
        fit_stats : FitStatistics
        calibration : Calibration
        factors : list of FactorDiagnostics
        """
        return warnings.find(self._rows, fit_stats, calibration, factors, self._facts.converged)

    def _in_model(self, name: str) -> tuple[bool, str | None]:
        """Whether a column stands in a term, and in which."""
        labels = [label for label, columns in self._facts.terms if name in columns]
        return bool(labels), " + ".join(dict.fromkeys(labels)) or None

    def _volumes_of(self, found: list[Any]) -> list[Floats]:
        """The volume by level of each factor; of columns that are coded once, summed once."""
        new = [factor for factor in found if id(factor.codes) not in self._volumes]
        sums = factors.sums_by_level(new, self._rows, ["volume"], self.n_threads)
        for factor, by_level in zip(new, sums, strict=True):  # codes are kept with their id
            self._volumes[id(factor.codes)] = (factor.codes, by_level["volume"])
        return [self._volumes[id(factor.codes)][1] for factor in found]

    def _read(
        self,
        data: FrameLike | Columns,
        categorical: Sequence[str] | None,
        continuous: Sequence[str] | None,
        n_bins: int,
    ) -> list[Any]:
        categorical, continuous = factors.check_factors(categorical, continuous)
        columns = self._kept.read(data, [*categorical, *continuous], self._rows.n_threads)
        volume = self._rows.volume
        return factors.read_factors(columns, categorical, continuous, volume, n_bins)
