"""What each factor does to a prediction: effects of terms, contributions to rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from rustystats import frames
from rustystats.inference.contributions import term_contributions
from rustystats.inference.relativities import centred_effects
from rustystats.messages import listed, warn_user
from rustystats.results.answers import Answers

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rustystats.frames.columns import Columns
    from rustystats.inference.relativities import FactorEffect
    from rustystats.typing import Complement, Floats, MatrixLike, Table, Vector

RATIOS = {"log": "ratios of means", "logit": "ratios of odds"}


class EffectAnswers(Answers):
    """Part of `GLMResults`: what its factors do."""

    def term_effects(
        self,
        factor: str | None = None,
        *,
        grid: ArrayLike | None = None,
        center: Literal["base", "mean"] = "base",
        exponentiate: bool = False,
        alpha: float = 0.05,
    ) -> Table:
        """What each level or value of a factor adds to the linear predictor, with standard errors.

        All main-effect terms of a data column together (``x + I(x**2)``) are one effect, each
        interaction is another, as in `relativities`.

        Parameters
        ----------
        factor : str, optional
            A data column, an interaction ("Area:VehGas") or a term as the formula has it, which
            stands for the effect it is part of. None gives all of them.
        grid : (k,) array-like, optional
            Values at which the effect of one data column is wanted. None gives the levels observed,
            of a column stored as numbers 21 quantiles.
        center : "base" or "mean"
            Whether the effect is 0 at the base level (the reference level; of numbers the value of
            most exposure), or in the mean over the rows of the fit, by exposure, as in R's
            ``predict(type="terms")``. Errors are those of the difference.
        exponentiate : bool
            Effects and limits as factors: relativities with a log link, odds ratios with a logit.
        alpha : float
            1 - confidence of the limits.

        Returns
        -------
        DataFrame with columns Factor, Level, Value (NaN where the level is no number), Effect,
        Std.Error (of the linear predictor in any case), CI_Lower, CI_Upper, and, without a grid,
        Exposure (weights, else row counts, without an exposure)
            Errors and limits are NaN where there are none: under an L1 penalty, bounds, or in wide
            models (`no_errors` says which). Of a ridge they are those of the shrunken estimate.

        Raises
        ------
        ValueError
            For an unknown factor or option, a grid for more than one column, or a value of it that
            the factor cannot have.

        Warns
        -----
        UserWarning
            If a factor that was asked for takes part in interactions as well: its effect is not all
            it does.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(20_000, seed=1)
        >>> result = rs.glm("ClaimNb ~ bs(DrivAge, df=5) + C(Area)", data, family="poisson",
        ...                 exposure="Exposure").fit()
        >>> table = result.term_effects("DrivAge", grid=[20, 40, 60], exponentiate=True)
        >>> table[["Level", "Effect"]].round(2).values.tolist()
        [['20', 2.62], ['40', 0.98], ['60', 0.83]]
        """
        if center not in ("base", "mean"):
            raise ValueError(f"center must be 'base' or 'mean', not {center!r}")
        if exponentiate and self.link not in RATIOS:
            raise ValueError(
                f"exponentiate=True needs a link whose effects multiply, {' or '.join(RATIOS)}, "
                f"and this model has link {self.link}"
            )
        if grid is not None and factor is None:
            raise ValueError("a grid is for one factor: pass factor= as well")
        effects = centred_effects(
            self.model,
            self.fit,
            None if self.fit.gram is None else self.cov_params(),
            alpha,
            center,
            factor,
            None if grid is None else lambda column: self._grid_columns(column, grid),
        )
        change = np.exp if exponentiate else np.asarray
        with np.errstate(over="ignore"):  # a level without claims may reach up to infinity
            table = {
                "Factor": [e.name for e in effects for _ in e.labels],
                "Level": [label for e in effects for label in e.labels],
                "Value": _joined([_values(e) for e in effects]),
                "Effect": change(_joined([e.effect for e in effects])),
                "Std.Error": _joined([e.error for e in effects]),
                "CI_Lower": change(_joined([e.low for e in effects])),
                "CI_Upper": change(_joined([e.high for e in effects])),
            }
        if factor is not None:
            self._warn_of_interactions(effects[0])
        if grid is None:
            table["Exposure"] = _joined([e.exposure for e in effects])
        return self._frame(table)

    def contributions(
        self,
        data: MatrixLike | None = None,
        exposure: Vector | None = None,
        offset: Vector | None = None,
        complement: Complement | None = None,
    ) -> Table:
        """What each term adds to the linear predictor of each row.

        Parameters
        ----------
        data : DataFrame with the model's columns, or (m, p) array for a model of arrays, optional
            None takes the rows of the fit, with which the sums are `linear_predictor`.
        exposure, offset, complement : as in `predict`
            For other data than those of the fit.

        Returns
        -------
        DataFrame of m rows
            Columns: Intercept (where the model has one), every term as the formula has it (of a
            model of arrays, every column), and Offset: exposure, offset and complement together on
            the scale of the link, 0.0 without any. Their sum is the linear predictor, the link of
            what `predict` returns. An interaction stands beside its main effects.

        Raises
        ------
        ValueError
            As `predict`; if a term is called Offset, or Intercept beside an intercept.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(20_000, seed=1)
        >>> result = rs.glm("ClaimNb ~ bs(DrivAge, df=5) + C(Area)", data, family="poisson",
        ...                 exposure="Exposure").fit()
        >>> table = result.contributions(data.head(2))
        >>> list(table)
        ['Intercept', 'bs(DrivAge, df=5)', 'C(Area)', 'Offset']
        >>> bool(abs(table.sum(axis=1) - result.linear_predictor[:2]).max() < 1e-12)
        True
        """
        if data is None:
            given = {"exposure": exposure, "offset": offset, "complement": complement}
            for name, value in given.items():
                if value is not None:
                    raise ValueError(f"{name}= is for other data: pass data= as well")
            columns, shift, n_rows = None, self._problem.offset, len(self._problem.y)
        else:
            columns, shift, _ = self._read_rows(data, exposure, offset, complement)
            n_rows = columns.n_rows
        parts = term_contributions(self.model, self.fit.coef, columns)
        parts.append(("Offset", np.zeros(n_rows) if shift is None else shift))
        table = dict(parts)
        if len(table) < len(parts):
            raise ValueError(
                "a term of the model is called Offset or Intercept, as are columns of this table: "
                "rename that data column"
            )
        return self._frame(table)

    def _grid_columns(self, column: str, grid: ArrayLike) -> Columns:
        """Values of one data column, in a table of their own."""
        data = frames.make_frame({column: grid_values(grid)}, self.backend)
        return frames.read_columns(data, [column], n_threads=1)

    def _warn_of_interactions(self, effect: FactorEffect) -> None:
        """Say which interactions have the column of a main effect."""
        name = effect.name
        own = [t for t in self.model.terms.terms if t.columns == (name,)]
        others = [
            term.label
            for term in self.model.terms.terms
            if name in term.columns and len(term.columns) > 1
        ]
        if own and others:
            warn_user(
                f"{name!r} is part of {listed(others)} as well: what is shown is its effect at the "
                "base of the other factors (their mean, beside sum coding); "
                f"partial_dependence({name!r}, data) averages over the portfolio"
            )


def grid_values(grid: ArrayLike) -> Any:
    """Values to evaluate at as a list or array of one dimension, not empty."""
    values = np.asarray(grid)
    if isinstance(grid, str) or values.ndim != 1 or not len(values):
        raise ValueError(f"grid must be a list or array of one or more values, not {grid!r}")
    return list(cast("Iterable[Any]", grid)) if values.dtype.kind in "OUS" else values


def _values(effect: FactorEffect) -> Floats:
    return np.full(len(effect.labels), np.nan) if effect.values is None else effect.values


def _joined(parts: Sequence[Floats]) -> Floats:
    return np.concatenate(parts) if parts else np.empty(0)
