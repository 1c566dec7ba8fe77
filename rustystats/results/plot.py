"""``result.plot.<kind>()``: what a fitted model has to say, as charts.

A method asks the model or `diagnostics/` for the numbers and hands them to the drawing function in
`charts/`. Each returns matplotlib Axes, shows nothing, and changes no setting.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Unpack

from rustystats.charts import factors, ranking, residuals
from rustystats.diagnostics.binning import level_label
from rustystats.diagnostics.compute import judged_rows
from rustystats.diagnostics.factors import has_few_values
from rustystats.messages import did_you_mean, listed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rustystats.diagnostics.sections import FactorBin
    from rustystats.inference.relativities import FactorEffect
    from rustystats.results.glm_results import GLMResults
    from rustystats.typing import FrameLike, GivenRows, ResidualKind, Vector

RESIDUALS = ("quantile", "pearson", "deviance", "anscombe", "response", "working")


class ResultPlots:
    """The charts of a fitted model; ``result.plot`` is one.

    Every method takes ``ax=``, the matplotlib Axes to draw on (None makes a new picture, larger
    where there are many levels), and returns it.

    Examples
    --------
    >>> import rustystats as rs
    >>> data = rs.datasets.make_motor_portfolio(5_000, seed=1)
    >>> result = rs.glm("ClaimNb ~ bs(DrivAge, df=4) + C(Area)", data, family="poisson",
    ...                 exposure="Exposure").fit()
    >>> result.plot  # doctest: +ELLIPSIS
    <charts: actual_expected, calibration, coefficient_path, ...>
    """

    def __init__(self, result: GLMResults) -> None:
        self._result = result

    def actual_expected(
        self,
        factor: str,
        data: FrameLike | None = None,
        n_bins: int = 20,
        max_levels: int = 40,
        ax: Axes | None = None,
        **given: Unpack[GivenRows],
    ) -> Axes:
        """Observed and predicted means by level of a factor, over columns of exposure.

        The factor need not be in the model; where it is, its base level is marked. Texts,
        categories, numbers that the model takes for categories, and numbers of at most
        `max_levels` different values stand by themselves, in their order; other numbers are in
        bins of equal exposure. The chart is of observed and fitted means, `diagnostics` has the
        same in numbers, with limits.

        Parameters
        ----------
        factor : str, a column of the data
        data : DataFrame, optional
            None takes the rows of the fit, others are predicted.
        n_bins : int
        max_levels : int
            Of more levels those with least exposure are pooled ("_Other").
        ax : matplotlib Axes, optional
        **given : y, exposure, offset, weights, complement
            Of `data`, where it does not have them; as in `diagnostics`.

        Returns
        -------
        matplotlib Axes

        Raises
        ------
        ValueError
            For an unknown column, or data that cannot be predicted; as `diagnostics`.
        """
        if max_levels < 2:
            raise ValueError(f"max_levels is 2 or more, the pool of others included: {max_levels}")
        computer, columns = judged_rows(self._result, data, [factor], **given)
        fitted = self._fitted(factor)
        as_levels = has_few_values(columns, factor, max_levels)
        as_levels = as_levels or (fitted is not None and fitted.values is None)
        (found,) = computer.compute_factor_diagnostics(
            columns,
            [factor] if as_levels else None,
            None if as_levels else [factor],
            n_bins=n_bins,
            rare_threshold_pct=0.0,
            max_categorical_levels=max_levels,
        )
        bins = found.actual_vs_expected
        if as_levels:
            levels = columns.factor(factor, missing=True).levels
            order = {level_label(level): place for place, level in enumerate(levels)}
            bins = sorted(bins, key=lambda part: order.get(part.bin_label, len(order) - 0.5))
        return factors.actual_expected(
            bins,
            factor,
            ylabel=self._rate,
            volume=self._whole_volume,
            base=None if fitted is None else _place(bins, fitted),
            ax=ax,
        )

    def lift(
        self,
        data: FrameLike | None = None,
        n_bins: int = 10,
        ax: Axes | None = None,
        **given: Unpack[GivenRows],
    ) -> Axes:
        """Observed and predicted means in parts of equal exposure, from the lowest prediction up.

        Parameters
        ----------
        data, given : as in `actual_expected`
        n_bins : int
        ax : matplotlib Axes, optional

        Returns
        -------
        matplotlib Axes
        """
        computer, _ = judged_rows(self._result, data, [], **given)
        bins = computer.compute_calibration(n_bins).by_decile
        return ranking.lift(bins, ylabel=self._rate, volume=self._whole_volume, ax=ax)

    def double_lift(
        self,
        other: GLMResults | Vector,
        data: FrameLike | None = None,
        n_bins: int = 10,
        names: tuple[str, str] | None = None,
        ax: Axes | None = None,
        **given: Unpack[GivenRows],
    ) -> Axes:
        """Observed means and those of two models in parts of equal exposure, by their ratio.

        In the first part and the last the models disagree most: the better one follows what was
        observed there. The numbers are those of `GLMResults.double_lift`.

        Parameters
        ----------
        other : GLMResults, column name or (m,) array
            Another fitted model, or its means.
        data, n_bins, ax, given : as in `lift`
        names : (str, str), optional
            Of this model and the other. None is "this model" and the column's name, or "other
            model".

        Returns
        -------
        matplotlib Axes

        Raises
        ------
        ValueError
            If a prediction is not positive, or there is not one for each row.
        """
        named = other if isinstance(other, str) else "other model"
        return ranking.double_lift(
            self._result.double_lift_bins(other, data, n_bins, **given),
            ylabel=self._rate,
            names=names or ("this model", named),
            volume=self._whole_volume,
            ax=ax,
        )

    def calibration(
        self,
        data: FrameLike | None = None,
        n_bins: int = 10,
        ax: Axes | None = None,
        **given: Unpack[GivenRows],
    ) -> Axes:
        """Observed against predicted means in parts of equal exposure, with 95 % intervals.

        Parameters
        ----------
        data, n_bins, ax, given : as in `lift`

        Returns
        -------
        matplotlib Axes
        """
        computer, _ = judged_rows(self._result, data, [], **given)
        found = computer.compute_calibration(n_bins)
        ratio = found.actual_expected_ratio
        return ranking.calibration(found.by_decile, ratio=ratio, ylabel=self._rate, ax=ax)

    def lorenz(
        self, data: FrameLike | None = None, ax: Axes | None = None, **given: Unpack[GivenRows]
    ) -> Axes:
        """Lorenz curve of the response by rising prediction, with the normalised Gini.

        Parameters
        ----------
        data, ax, given : as in `lift`

        Returns
        -------
        matplotlib Axes

        Raises
        ------
        ValueError
            If a response is below 0 or all are 0: shares of a total mean nothing then.
        """
        computer, _ = judged_rows(self._result, data, [], **given)
        found = computer.compute_discrimination()
        if found.gini_coefficient is None:
            raise ValueError(
                f"the response {self._result.response!r} has values below 0, or is the same "
                "everywhere: there is no Lorenz curve of it, see calibration() and lift()"
            )
        return ranking.lorenz(
            found.lorenz_curve,
            gini=found.gini_coefficient,
            volume=self._whole_volume,
            amount=self._result.response,
            ax=ax,
        )

    def relativities(
        self, factor: str, alpha: float = 0.05, max_levels: int = 60, ax: Axes | None = None
    ) -> Axes:
        """Relativities of a factor with confidence intervals, over columns of exposure.

        The base level is named and its column darker. The values of a numeric column stand on an
        axis of numbers. Relativities and limits beyond 1/50 and 50 stand at the edge.

        Parameters
        ----------
        factor : str
            As in the column Factor of `relativities()`: a data column, or "Area:VehBrand".
        alpha : float
            1 - confidence of the intervals. There are none under an L1 penalty or bounds.
        max_levels : int
            Of more levels than that those with most exposure are drawn, and the axis says so.
        ax : matplotlib Axes, optional

        Returns
        -------
        matplotlib Axes

        Raises
        ------
        ValueError
            If the model has no such factor, or its link is not log.
        """
        self._result.check_log_link()
        return factors.relativities(
            self._effect(factor, alpha),
            volume=self._volume,
            confidence=1 - alpha,
            max_levels=max_levels,
            ax=ax,
        )

    def term_effect(
        self, factor: str, alpha: float = 0.05, max_levels: int = 60, ax: Axes | None = None
    ) -> Axes:
        """What a factor adds to the linear predictor, compared with its base; for any link.

        Parameters
        ----------
        factor, alpha, max_levels, ax : as in `relativities`

        Returns
        -------
        matplotlib Axes

        Raises
        ------
        ValueError
            If the model has no such factor.

        Warns
        -----
        UserWarning
            If the factor takes part in interactions as well, as in `term_effects`.
        """
        effect = self._effect(factor, alpha)
        self._result._warn_of_interactions(effect)
        return factors.term_effect(
            effect,
            volume=self._volume,
            confidence=1 - alpha,
            max_levels=max_levels,
            ax=ax,
        )

    def residuals(
        self, kind: ResidualKind = "quantile", random_state: int | None = 0, ax: Axes | None = None
    ) -> Axes:
        """Residuals against fitted values, and their means in twenty groups of fitted values.

        Up to 2,000 rows are drawn each, more are counted in tiles. Quantile residuals are standard
        normal for a right model, whatever the family; the dotted lines hold 95 % of them.

        Parameters
        ----------
        kind : "quantile", "pearson", "deviance", "anscombe", "response" or "working"
        random_state : int or None
            Seed of quantile residuals, as in `resid_quantile`.
        ax : matplotlib Axes, optional

        Returns
        -------
        matplotlib Axes
        """
        if kind not in RESIDUALS:
            raise ValueError(f"kind must be one of {', '.join(RESIDUALS)}, not {kind!r}")
        result, quantile = self._result, kind == "quantile"
        numbers = getattr(result, f"resid_{kind}")(*((random_state,) if quantile else ()))
        return residuals.residuals_against_fitted(
            result.fittedvalues,
            numbers,
            name=f"{kind} residual",
            logarithmic=result.link == "log",
            limits=1.96 if quantile else None,
            ax=ax,
        )

    def worm(self, random_state: int | None = 0, ax: Axes | None = None) -> Axes:
        """Worm plot: ordered quantile residuals less what is expected of them, with a band.

        95 % of the points of a right model are in the band, each by itself. A worm above or below
        0 is a wrong mean, a slope a wrong spread, a bend skewness, an S tails too heavy or light.
        Of more than 200 rows that many points are drawn, evenly spaced, from the lowest to the
        highest.

        Parameters
        ----------
        random_state : int or None
            Seed, as in `resid_quantile`.
        ax : matplotlib Axes, optional

        Returns
        -------
        matplotlib Axes
        """
        return residuals.worm(self._result.resid_quantile(random_state), ax=ax)

    def coefficient_path(
        self, log_scale: bool = True, show_legend: bool = True, ax: Axes | None = None
    ) -> Axes:
        """Coefficients against alpha, of a model whose alpha was chosen by cross-validation.

        Parameters
        ----------
        log_scale, show_legend : as in `RegularizationPath.plot`
        ax : matplotlib Axes, optional

        Returns
        -------
        matplotlib Axes

        Raises
        ------
        ValueError
            If the model was fitted at one alpha and so has no path.
        """
        if self._result.cv_result is None:
            raise ValueError(
                "this model was fitted at one alpha and has no path: fit(cv=...) has one, and "
                "model.regularization_path(...).plot() draws one"
            )
        path = self._result.cv_result.path
        return path.plot(ax=ax, log_scale=log_scale, show_legend=show_legend)

    def _effect(self, factor: str, alpha: float) -> FactorEffect:
        """A factor's effect by its name.

        Raises
        ------
        ValueError
            If the model has no such factor.
        """
        result = self._result
        _, *effects = result.factor_effects(alpha)
        found = {effect.name: effect for effect in effects}
        if factor in found:
            return found[factor]
        raise ValueError(
            f"no factor {factor!r}{did_you_mean(factor, found)} in the model: it has "
            f"{listed(list(found)) or 'an intercept alone'}"
        )

    def _fitted(self, factor: str) -> FactorEffect | None:
        """The effect of a data column, or None where none is known."""
        result = self._result
        if not any(factor in term.columns for term in result.model.terms.terms):
            return None
        try:
            effects = result.factor_effects()
        except ValueError:  # of a wide model: without covariance no effects
            return None
        return next((effect for effect in effects if effect.name == factor), None)

    @property
    def _has_exposure(self) -> bool:
        offsets = self._result.model.offsets
        return offsets.exposure is not None or (
            offsets.log_link and isinstance(offsets.offset, str)
        )

    @property
    def _rate(self) -> str:
        """What means are: of the response for a unit of exposure."""
        name = self._result.response
        return f"{name} per unit of {self._volume}" if self._has_exposure else f"mean {name}"

    @property
    def _volume(self) -> str:
        """What the exposures of `relativities()` are."""
        return self._result.volume_name

    @property
    def _whole_volume(self) -> str:
        """What exposures are times weights."""
        weights = self._result.weights_name
        if weights is None or not self._has_exposure:
            return self._volume
        return f"{self._volume} x {'weight' if weights == 'array' else weights}"

    def __repr__(self) -> str:
        kinds = [name for name in dir(type(self)) if not name.startswith("_")]
        return f"<charts: {', '.join(kinds)}>"


def _place(bins: Sequence[FactorBin], effect: FactorEffect) -> int | None:
    """Position of the bin that the base of a fitted factor is in, None where it is in none."""
    for place, part in enumerate(bins):
        if effect.values is not None and part.bin_lower is not None:
            if part.bin_lower <= effect.values[effect.base] <= part.bin_upper:
                return place
        elif part.bin_label == effect.labels[effect.base]:
            return place
    return None
