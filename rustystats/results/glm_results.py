"""GLMResults: a `Fit` that answers questions.

Nothing is computed before it is asked for; what costs a pass over the rows is kept once computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from rustystats import frames
from rustystats.inference.covariance import significance_code, two_sided_pvalues, z_statistics
from rustystats.inference.relativities import factor_effects, relativity_table
from rustystats.inference.summary import summary_text
from rustystats.offsets import named_columns
from rustystats.results.bootstrap import BootstrapAnswers
from rustystats.results.calibration import CalibrationAnswers
from rustystats.results.coefficients import CoefficientAnswers
from rustystats.results.counts import CountAnswers
from rustystats.results.diagnostics import DiagnosticAnswers
from rustystats.results.effects import EffectAnswers
from rustystats.results.evaluation import EvaluationAnswers
from rustystats.results.factor_tests import FactorTestAnswers
from rustystats.results.parameter_profile import ParameterAnswers
from rustystats.results.partial_dependence import PartialDependenceAnswers
from rustystats.results.penalty import PenaltyAnswers
from rustystats.results.plot import ResultPlots
from rustystats.results.prediction import PredictionAnswers
from rustystats.results.quality import QualityAnswers
from rustystats.results.report import ReportAnswers
from rustystats.results.residuals import ResidualAnswers
from rustystats.results.robust import RobustAnswers
from rustystats.results.saving import SavingAnswers

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rustystats.inference.relativities import FactorEffect
    from rustystats.solvers.problem import Problem
    from rustystats.typing import CovType, Floats, Table


class GLMResults(
    PredictionAnswers,
    CoefficientAnswers,
    RobustAnswers,
    QualityAnswers,
    ReportAnswers,
    ResidualAnswers,
    PenaltyAnswers,
    ParameterAnswers,
    FactorTestAnswers,
    CountAnswers,
    EffectAnswers,
    PartialDependenceAnswers,
    DiagnosticAnswers,
    EvaluationAnswers,
    CalibrationAnswers,
    BootstrapAnswers,
    SavingAnswers,
):
    """A fitted generalized linear model.

    Not made by users: `glm(...).fit()` and ``GLMRegressor.result_`` return it. p is the number of
    design columns, n of rows.

    Attributes
    ----------
    params : (p,) coefficients, NaN where a column is aliased
    feature_names : list of the p column names
    deviance : float
    converged : bool
    iterations : int, steps of the solver on the full data
    nobs : int, rows with a weight above 0
    df_resid, df_model : int, nobs - rank and rank less the intercept
    family, link : str
        An estimated theta or power stands in the family's, "NegativeBinomial(theta=1.2345)".
    aliased : (p,) bool
    separated : tuple of str
        Levels or columns along which the likelihood has no maximum; empty for a proper fit.
    message : str, how the solver ended
    method : str, "Gram", "conjugate gradients" or "working set of 212 columns": the last two keep
        wide models out of memory, and leave no covariance (`solvers/method.py`)
    response, formula : str (formula None without one)
    dispersion_choice : None, "pearson", "deviance" or a number, as `fit` was asked; `scale()` is
        the dispersion itself
    theta, theta_se, var_power, var_power_se : float, None for families without
    cv_result : CVResult, None where the alpha was given
    note : str, what a summary says of a refit; else empty
    data : the DataFrame that a formula model was fitted to, not a copy; None where it is not known:
        of arrays, of the models of a path, after pickling

    Examples
    --------
    >>> import rustystats as rs
    >>> data = rs.datasets.make_motor_portfolio(5_000, seed=1)
    >>> model = rs.glm("ClaimNb ~ BonusMalus + C(Area)", data, family="poisson",
    ...                exposure="Exposure")
    >>> result = model.fit()
    >>> result
    <GLMResults: poisson family, log link, 7 parameters, 5000 observations, deviance=1207.6>
    >>> result.params.round(3)
    array([-3.541,  0.013,  0.077, -0.023,  0.233,  0.353,  0.485])
    >>> result.df_resid, round(result.deviance, 1)
    (4993, 1207.6)
    """

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"data": None}  # a pickled model is not the portfolio it was fitted to

    @property
    def coefficients(self) -> Floats:
        """The coefficients; the same as `params`."""
        return self.params

    @property
    def weights_name(self) -> str | None:
        """Column of the prior weights, "array", or None."""
        return self.model.weights_name or ("array" if self._problem.weights is not None else None)

    @property
    def volume_name(self) -> str:
        """What the exposures of `relativities()` are: a column, "exposure", "weight" or "rows"."""
        if self.model.exposure is not None:
            named = named_columns(self.model.offsets.exposure, self.model.offsets.offset)
            return named[0] if named else "exposure"
        if self.weights_name is None:
            return "rows"
        return "weight" if self.weights_name == "array" else self.weights_name

    @property
    def _problem(self) -> Problem:
        return self.model.problem

    @cached_property
    def _weights(self) -> Floats:
        return self._problem.prior_weights

    @cached_property
    def linear_predictor(self) -> Floats:
        """X b + offset of the rows fitted, shape (n,)."""
        return self._problem.design.matvec(self.fit.coef, self._problem.offset)

    @cached_property
    def fittedvalues(self) -> Floats:
        """Predicted means of the rows fitted, shape (n,), exposure included."""
        return self._problem.link.inverse(self.linear_predictor)

    # ---- tables ---------------------------------------------------------------------------

    def coef_table(self, cov_type: CovType | None = None, groups: ArrayLike | None = None) -> Table:
        """Coefficients with standard errors, z, p-values and stars, as a DataFrame.

        Parameters
        ----------
        cov_type : str or None
            None gives the model-based standard errors, "HC0" to "HC3" robust ones.
        groups : (n,) labels or None
            Clusters of rows (see `cov_robust`); without a cov_type they mean "HC1".

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1.0, 2.0, 4.0, 8.0], "x": [0.0, 1.0, 2.0, 3.0]}
        >>> rs.glm("y ~ x", data).fit().coef_table("HC3")["Std.Error"].round(4).tolist()
        [1.7568, 1.0742]
        """
        errors, _ = self._errors(cov_type, groups)
        z = z_statistics(self.params, errors)
        pvalues = two_sided_pvalues(z)
        return self._frame(
            {
                "Feature": self.feature_names,
                "Estimate": self.params,
                "Std.Error": errors,
                "z": z,
                "Pr(>|z|)": pvalues,
                "Signif": [significance_code(p) for p in pvalues],
            }
        )

    def relativities(self, alpha: float = 0.05) -> Table:
        """Relativities of every factor, one row per observed level or value.

        The row `Base` is the predicted mean of the base risk for one unit of exposure; it times one
        relativity from each factor is the prediction. Columns: Factor, Level, Relativity, CI_Lower,
        CI_Upper, Exposure (of the rows fitted; weights, else row counts, without an exposure). The
        limits are NaN where there are no standard errors: under an L1 penalty or bounds.
        Of a model with a complement both are relative to it: `Base` is what the complement is
        multiplied by for the base risk, and base x relativities x complement the prediction.
        See `inference/relativities.py` for bases and continuous columns.

        Parameters
        ----------
        alpha : float
            1 - confidence of the intervals.

        Raises
        ------
        ValueError
            If the link is not log: effects do not multiply then.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(5_000, seed=1)
        >>> model = rs.glm("ClaimNb ~ BonusMalus + C(Area)", data, family="poisson",
        ...                exposure="Exposure")
        >>> result = model.fit()
        >>> table = result.relativities().set_index(["Factor", "Level"])
        >>> table.loc["Area", "Relativity"].round(3).to_dict()
        {'A': 1.0, 'B': 1.08, 'C': 0.977, 'D': 1.262, 'E': 1.423, 'F': 1.624}
        """
        self.check_log_link()
        return self._frame(relativity_table(self.factor_effects(alpha)))

    def factor_effects(self, alpha: float = 0.05) -> list[FactorEffect]:
        """Effects of the factors on the scale of the link with the limits of their intervals.

        Parameters
        ----------
        alpha : float
            1 - confidence of the intervals.

        Returns
        -------
        list of FactorEffect, the base risk first

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1, 3, 4, 6], "x": ["a", "a", "b", "b"]}
        >>> base, effect = rs.glm("y ~ x", data, family="poisson").fit().factor_effects()
        >>> effect.name, effect.labels, effect.effect.round(4)
        ('x', ['a', 'b'], array([0.    , 0.9163]))
        """
        return factor_effects(self.model, self.fit, self.cov_params(), alpha)

    def check_log_link(self) -> None:
        """Refuse relativities where effects do not multiply.

        Raises
        ------
        ValueError
            If the link is not log.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1.0, 2.0, 4.0, 8.0], "x": [0.0, 1.0, 2.0, 3.0]}
        >>> rs.glm("y ~ x", data).fit().check_log_link()  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ValueError: relativities need a log link, and this model has link identity...
        """
        if self.link != "log":
            raise ValueError(
                f"relativities need a log link, and this model has link {self.link}: "
                "read coef_table() instead"
            )

    @property
    def plot(self) -> ResultPlots:
        """Charts of the model: ``result.plot.relativities("Area")`` and others, `ResultPlots`."""
        return ResultPlots(self)

    def summary(
        self,
        title: str = "GLM Results",
        alpha: float = 0.05,
        cov_type: CovType | None = None,
        groups: ArrayLike | None = None,
        feature_names: Sequence[str] | None = None,
    ) -> str:
        """The model as text.

        Parameters
        ----------
        title : str
        alpha : float
            1 - confidence of the intervals.
        cov_type, groups : as in `coef_table`
            Robust standard errors are named below the table.
        feature_names : list of p names, optional
            Instead of the model's.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1.0, 2.0, 4.0, 8.0], "x": [0.0, 1.0, 2.0, 3.0]}
        >>> print(rs.glm("y ~ x", data).fit().summary(cov_type="HC1").splitlines()[-1])
        Std. errors: HC1 (sandwich)
        """
        return summary_text(self, title, alpha, *self._errors(cov_type, groups), feature_names)

    def _frame(self, columns: dict[str, Any]) -> Table:
        return frames.make_frame(columns, self.backend)

    def __repr__(self) -> str:
        state = "" if self.converged else ", NOT converged"
        return (
            f"<GLMResults: {self.family} family, {self.link} link, {len(self.params)} parameters, "
            f"{self.nobs} observations, deviance={self.deviance:.6g}{state}>"
        )

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(
            f"<tr><td style='text-align:left'>{escape(name)}</td><td>{b:.4g}</td>"
            f"<td>{_or_dash(e, '.3g')}</td><td>{_or_dash(z, '.2f')}</td>"
            f"<td>{_or_dash(p, '.3g')}</td><td>{s}</td></tr>"
            for name, b, e, z, p, s in zip(
                self.feature_names,
                self.params,
                self.bse(),
                self.tvalues(),
                self.pvalues(),
                self.significance_codes(),
                strict=True,
            )
        )
        heads = "".join(
            f"<th>{h}</th>" for h in ("", "Estimate", "Std.Error", "z", "Pr(&gt;|z|)", "")
        )
        why = f"<p>No standard errors: {escape(self.no_errors)}.</p>" if self.no_errors else ""
        return (
            f"<p>{escape(repr(self))}</p><details open><summary>Coefficients</summary>"
            f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>{why}</details>"
        )


def _or_dash(value: float, spec: str) -> str:
    """The number, or a dash where there is none."""
    return "-" if np.isnan(value) else f"{value:{spec}}"
