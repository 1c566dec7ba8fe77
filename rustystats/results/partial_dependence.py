"""Partial dependence: what a portfolio would be predicted if a factor had one value everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rustystats import frames
from rustystats.design.matrix import DesignMatrix
from rustystats.diagnostics.binning import level_label, quantile_bins
from rustystats.diagnostics.compute import fitted_columns, weights_of
from rustystats.inference.covariance import mean_interval
from rustystats.inference.partial_dependence import mean_predictions
from rustystats.messages import did_you_mean, listed
from rustystats.offsets import as_complement, complement_columns
from rustystats.prepare import check_weights
from rustystats.results.answers import Answers
from rustystats.results.effects import grid_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rustystats.terms.term import Term

    Place = tuple[Term, NDArray[np.intp]]  # a term and its columns in the design
    from numpy.typing import ArrayLike, NDArray

    from rustystats.frames.columns import Columns
    from rustystats.typing import Complement, Floats, FrameLike, Table, Vector

MOST_VALUES, QUANTILES = 40, 20  # of a numeric column


class PartialDependenceAnswers(Answers):
    """Part of `GLMResults`: the mean prediction as a factor changes."""

    def partial_dependence(
        self,
        factor: str,
        data: FrameLike | None = None,
        grid: ArrayLike | None = None,
        *,
        alpha: float = 0.05,
        exposure: Vector | None = None,
        offset: Vector | None = None,
        complement: Complement | None = None,
        weights: Vector | None = None,
    ) -> Table:
        """Mean prediction for a unit of exposure, were a factor the same in all rows.

        The other factors stay as they are in each row, and the mean weighs rows by exposure times
        weight. Interactions of the factor are evaluated with it; in a model without any, and a log
        link, this is the factor's relativity times a constant.

        Parameters
        ----------
        factor : str
            A data column of the model.
        data : DataFrame, optional
            The portfolio to average over; None takes the rows of the fit.
        grid : (k,) array-like, optional
            Values of the factor. None takes those in the data, of a numeric column with more than
            40 its minimum and twenty quantiles by exposure.
        alpha : float
            1 - confidence of the limits.
        exposure, offset, complement : as in `predict`, for `data`
        weights : column name, (m,) array or scalar, optional
            Of `data`; None takes the column of the fit.

        Returns
        -------
        DataFrame with columns Level, Value (NaN where the level is no number), Prediction,
        Std.Error, CI_Lower, CI_Upper
            The error is of the mean prediction, by the delta method from the covariance of the
            coefficients, the portfolio given; the limits are symmetric on the scale of the link.
            NaN where there is no covariance (`no_errors` says why).

        Raises
        ------
        ValueError
            If the factor is no column of the model's terms, or part of its offset or complement; if
            the result does not hold the data of the fit (of arrays; after pickling), or for a
            level that the model has not seen.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(20_000, seed=1)
        >>> result = rs.glm("ClaimNb ~ bs(DrivAge, df=5) * C(VehGas)", data, family="poisson",
        ...                 exposure="Exposure").fit()
        >>> result.partial_dependence("DrivAge", grid=[20, 40, 60])["Prediction"].round(3).tolist()
        [0.208, 0.077, 0.066]
        """
        self._check_dependence(factor, complement)
        columns, design, shift, volume = self._portfolio(
            factor, data, (exposure, offset, complement), weights
        )
        values = _values_of(columns, factor, volume) if grid is None else grid_values(grid)
        at = frames.make_frame({factor: values}, self.backend)
        at = frames.read_columns(at, [factor], n_threads=1)
        held = at.encoded(factor, factor=True, missing=True)
        assert held is not None  # a grid is short
        levels = held.levels[held.codes]
        own, mixed = self._terms_of(factor)
        parts = [block.to_dense() for term, _ in own for block in term.blocks(at)]
        rows = np.hstack(parts) if parts else np.empty((len(levels), 0))

        def blocks_at(j: int) -> list[Any]:
            there = columns.holding(factor, levels[j : j + 1])
            return [block for term, _ in mixed for block in term.blocks(there)]

        known = self.fit.gram is not None
        means, gradients = mean_predictions(
            design,
            self.fit.coef,
            self._problem.link,
            shift,
            volume / volume.sum(),
            (_places(own), rows),
            (_places(mixed), blocks_at) if mixed else None,
            gradients=known,
        )
        error, low, high = self._limits(means, gradients, alpha)
        numeric = levels.dtype.kind in "iuf"
        return self._frame(
            {
                "Level": [level_label(level) for level in levels],
                "Value": levels.astype(float) if numeric else np.full(len(levels), np.nan),
                "Prediction": means,
                "Std.Error": error,
                "CI_Lower": low,
                "CI_Upper": high,
            }
        )

    def _check_dependence(self, factor: str, complement: Complement | None) -> None:
        """Refuse what is no factor, or changes more than the terms of the model."""
        model = self.model
        if model.terms.is_array:
            raise ValueError(
                "a model of arrays has no named factors: partial dependence is for models of "
                "DataFrames, rs.glm(...)"
            )
        known = model.terms.columns
        if factor not in known:
            raise ValueError(
                f"{factor!r} is no column of the model's terms{did_you_mean(factor, known)}: they "
                f"are of {listed(known, 30) or 'none'}"
            )
        offsets = model.offsets
        given = as_complement(complement, self._problem.link)
        given = offsets.complement if given is None else given
        if factor in (*offsets.columns, *complement_columns(given)):
            raise ValueError(
                f"{factor!r} is part of the offset or complement as well, which would not change "
                "with it: fit the model with a copy of the column under another name"
            )

    def _portfolio(
        self,
        factor: str,
        data: FrameLike | None,
        given: tuple[Any, Any, Any],
        weights: Vector | None,
    ) -> tuple[Any, DesignMatrix, Floats | None, Floats]:
        """Columns, design, offset for a unit of exposure and volume of the rows to average over."""
        model, problem = self.model, self._problem
        if data is None:
            self._given_or_fitted(None, ": pass data= to average over")
            if weights is not None or any(value is not None for value in given):
                raise ValueError(
                    "exposure, offset, complement and weights are those of data: pass it as well"
                )
            own, mixed = self._terms_of(factor)
            names = [name for term, _ in (*own, *mixed) for name in term.columns]
            columns = fitted_columns(self, self.data, names)
            design, shift, exposure = problem.design, problem.offset, model.exposure
            if model.terms.is_supervised:  # as a prediction sees the rows
                design = DesignMatrix(model.prediction_blocks, design.n_threads)
            volume = problem.prior_weights
        else:
            weights = weights_of(self, data) if weights is None else weights
            names = [factor, *([weights] if isinstance(weights, str) else [])]
            columns, shift, exposure = self._read_rows(data, *given, names=names)
            design, _ = model.terms.design(columns)
            volume = np.ones(columns.n_rows)
            if weights is not None:
                volume = check_weights(weights, columns, columns.n_rows)
        if exposure is None:
            return columns, design, shift, volume
        assert shift is not None  # it has the logarithm of the exposure
        return columns, design, shift - np.log(exposure), volume * exposure

    def _terms_of(self, factor: str) -> tuple[list[Place], list[Place]]:
        """Terms of the factor alone, and those of it and others, each with its columns' places."""
        terms = self.model.terms
        own: list[Place] = []
        mixed: list[Place] = []
        for term, places in zip(terms.terms, terms.places(), strict=True):
            if factor in term.columns:
                (own if len(term.columns) == 1 else mixed).append((term, places))
        return own, mixed

    def _limits(
        self, means: Floats, gradients: Floats | None, alpha: float
    ) -> tuple[Floats, Floats, Floats]:
        """Standard errors of the means, and limits that are symmetric on the scale of the link."""
        link, error = self._problem.link, np.full(len(means), np.nan)
        if gradients is not None:
            covariance = np.nan_to_num(self.cov_params(), nan=0.0)
            error = np.sqrt(np.sum((gradients @ covariance) * gradients, axis=1))
        eta = link.link(means)
        _, slope = link.inverse_with_derivative(eta)
        return error, *mean_interval(eta, error / np.abs(slope), link, alpha)


def _places(terms: Sequence[Place]) -> NDArray[np.intp]:
    return np.concatenate([places for _, places in terms] or [np.empty(0, dtype=np.intp)])


def _values_of(columns: Columns, factor: str, volume: Floats) -> Any:
    """The values of a factor to look at: all, or of a numeric one with many its quantiles."""
    if columns.is_categorical(factor):
        return list(columns.factor(factor, missing=True).levels)
    encoded = columns.encoded(factor, quick=True, missing=True)
    values = columns.numbers(factor) if encoded is None else encoded.levels
    values = values[np.isfinite(values)]
    if encoded is not None and len(values) <= MOST_VALUES:
        return values
    if encoded is not None:
        by_level = np.bincount(encoded.codes, volume, minlength=len(encoded.levels))
        volume = by_level[: len(values)].astype(float, copy=False)
    _, lower, upper = quantile_bins(values, QUANTILES, volume)
    return np.append(lower[0], upper)
