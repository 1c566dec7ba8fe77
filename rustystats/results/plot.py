"""``result.plot.<kind>()``: what a fitted model has to say, as charts.

A method asks the model or `diagnostics/` for the numbers and hands them to the drawing function in
`charts/`. Each returns matplotlib Axes, shows nothing, and changes no setting.
"""

from rustystats.charts import factors, residuals
from rustystats.messages import did_you_mean, listed

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
    >>> result.plot
    <charts: coefficient_path, relativities, residuals, term_effect, worm>
    """

    def __init__(self, result):
        self._result = result

    def relativities(self, factor, alpha=0.05, max_levels=60, ax=None):
        """Relativities of a factor with confidence intervals, over columns of exposure.

        The base level is named and its column hatched. The values of a numeric column stand on an
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
            volume=self._result.volume_name,
            confidence=1 - alpha,
            max_levels=max_levels,
            ax=ax,
        )

    def term_effect(self, factor, alpha=0.05, max_levels=60, ax=None):
        """What a factor adds to the linear predictor, compared with its base; for any link.

        Parameters
        ----------
        factor, alpha, max_levels, ax : as in `relativities`

        Returns
        -------
        matplotlib Axes
        """
        return factors.term_effect(
            self._effect(factor, alpha),
            volume=self._result.volume_name,
            confidence=1 - alpha,
            max_levels=max_levels,
            ax=ax,
        )

    def residuals(self, kind="quantile", random_state=0, ax=None):
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

    def worm(self, random_state=0, ax=None):
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

    def coefficient_path(self, log_scale=True, show_legend=True, ax=None):
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

    def _effect(self, factor, alpha):
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

    def __repr__(self):
        kinds = [name for name in dir(type(self)) if not name.startswith("_")]
        return f"<charts: {', '.join(kinds)}>"
