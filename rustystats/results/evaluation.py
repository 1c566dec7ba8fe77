"""A model judged in a few numbers, on the rows of the fit and on others, and beside another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from rustystats.diagnostics.binning import level_label
from rustystats.diagnostics.compute import judged_rows
from rustystats.diagnostics.double_lift import double_lift_bins
from rustystats.diagnostics.factors import group_levels, has_few_values, read_factors, sums_by_level
from rustystats.results.answers import Answers
from rustystats.threads import single_threaded_blas

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from rustystats.diagnostics.computer import DiagnosticsComputer
    from rustystats.diagnostics.double_lift import DoubleLiftBin
    from rustystats.frames.columns import Columns
    from rustystats.results.glm_results import GLMResults
    from rustystats.typing import Floats, FrameLike, GivenRows, Table, Vector

MOST_VALUES = 40  # of a numeric column that are shown by themselves


@dataclass(frozen=True)
class Evaluation:
    """How a model does on some rows.

    Two of them, of the rows of the fit and of others, are the comparison of train and test.

    Attributes
    ----------
    n_rows : int, rows with a weight above 0
    exposure : float, times weight
    actual, predicted : float, totals of the response and the predictions, times weight
    actual_expected : float, actual / predicted: 1 is balance
    mean_deviance : float, for a unit of weight
    deviance_explained : float, 1 - deviance over that of the null model refitted to these rows
    gini : float, or None where the response has negative values
    in_sample : bool, whether these are the rows of the fit
    """

    n_rows: int
    exposure: float
    actual: float
    predicted: float
    actual_expected: float
    mean_deviance: float
    deviance_explained: float
    gini: float | None
    in_sample: bool


def evaluate_rows(computer: DiagnosticsComputer) -> Evaluation:
    """How the means of these rows do."""
    null, deviance = computer.null_deviance, float(np.sum(computer.rows.deviance))
    actual, predicted, exposure = computer.rows.totals
    return Evaluation(
        n_rows=computer.n_obs,
        exposure=exposure,
        actual=actual,
        predicted=predicted,
        actual_expected=actual / predicted if predicted else np.nan,
        mean_deviance=computer.compute_loss_metrics().family_deviance_loss,
        deviance_explained=1.0 - deviance / null if null else np.nan,
        gini=computer.compute_discrimination().gini_coefficient,
        in_sample=computer.in_sample,
    )


class EvaluationAnswers(Answers):
    """Part of `GLMResults`: how it does on rows, by itself and beside another model."""

    def evaluate(self, data: FrameLike | None = None, **given: Unpack[GivenRows]) -> Evaluation:
        """Totals, deviance and Gini on the rows of the fit or on others, in the same words.

        Parameters
        ----------
        data : DataFrame, optional
            With the columns of the model, its response, exposure and weights; None takes the rows
            of the fit.
        **given : y, exposure, offset, weights, complement
            As in `diagnostics`, which says more.

        Returns
        -------
        Evaluation

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(20_000, seed=1)
        >>> train, test = data.iloc[:15_000], data.iloc[15_000:]
        >>> result = rs.glm("ClaimNb ~ bs(DrivAge, df=5) + BonusMalus", train, family="poisson",
        ...                 exposure="Exposure").fit()
        >>> fitted, new = result.evaluate(), result.evaluate(test)
        >>> round(fitted.actual_expected, 6), fitted.gini > new.gini
        (1.0, True)
        """
        with single_threaded_blas():
            computer, _ = judged_rows(self, data, [], **given)
            return evaluate_rows(computer)

    def deviance_by_level(
        self,
        factor: str,
        data: FrameLike | None = None,
        n_bins: int = 10,
        **given: Unpack[GivenRows],
    ) -> Table:
        """Where the deviance is: of each level of a column, in the model or not.

        Parameters
        ----------
        factor : str
            A data column; a numeric one with more than 40 values in bins of equal exposure.
        data : DataFrame, optional
            None takes the rows of the fit.
        n_bins : int
        **given : y, exposure, offset, weights, complement
            As in `diagnostics`.

        Returns
        -------
        DataFrame with columns Level, Rows, Exposure, Actual, Predicted (means for a unit of
        exposure), Deviance, Share (of all deviance), Explained
            Explained is 1 - Deviance / the deviance of that level's rows at the overall rate; NaN
            where that is 0. The deviances add up to that of the rows.

        Raises
        ------
        ValueError
            For an unknown column, data at fault, or a result that does not hold those of the fit.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(20_000, seed=1)
        >>> result = rs.glm("ClaimNb ~ bs(DrivAge, df=5)", data, family="poisson",
        ...                 exposure="Exposure").fit()
        >>> table = result.deviance_by_level("VehGas")
        >>> bool(abs(table["Deviance"].sum() - result.deviance) < 1e-6)
        True
        """
        with single_threaded_blas():
            computer, columns = judged_rows(self, data, [factor], **given)
            rows = computer.rows
            found, labels, group = _levels_of(columns, factor, rows.volume, n_bins)
            names = ("volume", "actual", "predicted", "deviance")
            (sums,) = sums_by_level([found], rows, names)
            total, _, whole = rows.totals
            flat = np.full(len(rows), total / whole)
            flat = flat if rows.exposure is None else flat * rows.exposure
            flat = rows.weighted(np.asarray(rows.family.unit_deviance(rows.y, flat)))
            values = [
                np.bincount(group, value, minlength=len(labels))
                for value in (
                    found.counts,
                    *(sums[name] for name in names),
                    np.bincount(found.codes, flat, minlength=found.n_levels),
                )
            ]
        there = values[0] > 0  # a level may have rows of weight 0 alone
        count, volume, actual, predicted, deviance, flat = (value[there] for value in values)
        with np.errstate(divide="ignore", invalid="ignore"):  # a level without deviance
            return self._frame(
                {
                    "Level": np.array(labels, dtype=object)[there].tolist(),
                    "Rows": count.astype(int),
                    "Exposure": volume,
                    "Actual": actual / volume,
                    "Predicted": predicted / volume,
                    "Deviance": deviance,
                    "Share": deviance / deviance.sum(),
                    "Explained": np.where(flat > 0, 1.0 - deviance / flat, np.nan),
                }
            )

    def double_lift(
        self,
        other: GLMResults | Vector,
        data: FrameLike | None = None,
        n_bins: int = 10,
        **given: Unpack[GivenRows],
    ) -> Table:
        """This model and another where they disagree, in bins of equal exposure.

        Rows are sorted by this model's prediction over the other's. In the first and last bin the
        means of the better model follow the observed ones. See `diagnostics/double_lift.py`.

        Parameters
        ----------
        other : GLMResults, column name or (m,) array
            Another fitted model, or its means as `predict` returns them, exposure included: one
            for each row, positive.
        data : DataFrame, optional
            None takes the rows of the fit.
        n_bins : int
        **given : y, exposure, offset, weights, complement
            As in `diagnostics`, for this model; another model that needs an array of its own is
            given by its means.

        Returns
        -------
        DataFrame with columns Bin, Ratio, Exposure, Actual, Predicted, Other
            Ratio is Predicted / Other; the last three are means for a unit of exposure (of weight
            without one).

        Raises
        ------
        ValueError
            If the data or predictions are at fault, or the rows of `other` cannot be known: without
            `data`, where the result does not hold those of the fit.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(20_000, seed=1)
        >>> def fit(terms):
        ...     model = rs.glm(f"ClaimNb ~ {terms}", data, family="poisson", exposure="Exposure")
        ...     return model.fit()
        >>> table = fit("bs(DrivAge, df=5) + BonusMalus").double_lift(fit("C(Area)"), n_bins=5)
        >>> table.loc[[0, 4], ["Actual", "Predicted", "Other"]].round(2).values.tolist()
        [[0.07, 0.07, 0.09], [0.13, 0.14, 0.08]]
        """
        bins = self.double_lift_bins(other, data, n_bins, **given)
        return self._frame(
            {
                "Bin": np.array([part.bin for part in bins]),
                "Ratio": np.array([part.ratio for part in bins]),
                "Exposure": np.array([part.exposure for part in bins]),
                "Actual": np.array([part.actual_mean for part in bins]),
                "Predicted": np.array([part.predicted_mean for part in bins]),
                "Other": np.array([part.other_mean for part in bins]),
            }
        )

    def double_lift_bins(
        self,
        other: GLMResults | Vector,
        data: FrameLike | None = None,
        n_bins: int = 10,
        **given: Unpack[GivenRows],
    ) -> list[DoubleLiftBin]:
        """The bins of `double_lift` with their sums: what charts draw.

        Parameters
        ----------
        other, data, n_bins, **given : as in `double_lift`

        Returns
        -------
        list of DoubleLiftBin
            Objects with bin, ratio, exposure, and sum and mean (for a unit of exposure) of actual,
            predicted and other.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(20_000, seed=1)
        >>> result = rs.glm("ClaimNb ~ BonusMalus", data, family="poisson",
        ...                 exposure="Exposure").fit()
        >>> bins = result.double_lift_bins(0.1 * data["Exposure"], n_bins=4)
        >>> bool(abs(sum(part.actual_sum for part in bins) - data["ClaimNb"].sum()) < 1e-9)
        True
        """
        with single_threaded_blas():
            named = [other] if isinstance(other, str) else []
            computer, columns = judged_rows(self, data, named, **given)
            if named:
                means = np.asarray(columns.numbers(other), dtype=float)
            else:
                means = computer.kept(self._means_of(other, data), "other")
            return double_lift_bins(computer.rows, means, n_bins)

    def _means_of(self, other: GLMResults | Vector, data: FrameLike | None) -> ArrayLike:
        """Means of another model on all rows given."""
        if not isinstance(other, EvaluationAnswers):
            return other
        remedy = ", which the other model would be evaluated on: pass data=, or its predictions"
        rows = self._given_or_fitted(data, remedy)
        if other.model.terms.is_array and not self.model.terms.is_array:
            raise ValueError(
                "other is a model of an array, whose columns the data do not name: pass its "
                "predictions"
            )
        fitted = data is None and other.data is self.data
        return other.fittedvalues if fitted else other.predict(rows)


def _levels_of(
    columns: Columns, name: str, volume: Floats, n_bins: int
) -> tuple[Any, list[str], NDArray[np.intp]]:
    """A column as a `Factor`, labels of its levels or bins, and the group of each code."""
    by_level = has_few_values(columns, name, MOST_VALUES)
    names = ([name], []) if by_level else ([], [name])
    (factor,) = read_factors(columns, *names, volume, n_bins)
    if by_level:
        return factor, [level_label(level) for level in factor.levels], np.arange(factor.n_levels)
    by_code = np.bincount(factor.codes, volume, minlength=factor.n_levels)
    groups = group_levels(factor, by_code, n_bins, 0.0, factor.n_levels)
    return factor, groups.labels, groups.group
