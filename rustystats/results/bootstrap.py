"""How well the data determine Gini and lift: bands by the bootstrap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from rustystats import frames
from rustystats.checks import check_between_0_and_1, check_count
from rustystats.diagnostics.bootstrap import draw
from rustystats.diagnostics.compute import judged_rows
from rustystats.encoding import as_generator
from rustystats.results.answers import Answers
from rustystats.threads import single_threaded_blas

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rustystats.diagnostics.computer import DiagnosticsComputer
    from rustystats.typing import Floats, FrameLike, GivenRows, RandomState, Table, Vector


@dataclass(frozen=True, eq=False)
class LiftBands:
    """Gini and lift with bootstrap limits; made by `GLMResults.bootstrap_lift`.

    Attributes
    ----------
    gini : float, of the rows as they are
    gini_error : float, standard deviation over the draws
    gini_lower, gini_upper : float, quantiles over the draws
    gini_draws : (b,) the Gini of each draw, NaN of one without a claim, which limits leave out
    table : DataFrame, a row for each bin of equal exposure, from the lowest predictions up
        Columns: Bin, Exposure, Predicted, Actual (means for a unit of exposure), Actual_Lower,
        Actual_Upper, Ratio (actual / predicted), Ratio_Lower, Ratio_Upper.
    """

    gini: float
    gini_error: float
    gini_lower: float
    gini_upper: float
    gini_draws: np.ndarray
    table: Table

    def __repr__(self) -> str:
        return (
            f"<LiftBands: Gini {self.gini:.4f} ({self.gini_lower:.4f} to {self.gini_upper:.4f}), "
            f"{len(self.gini_draws)} draws>"
        )


class BootstrapAnswers(Answers):
    """Part of `GLMResults`: bands by the bootstrap."""

    def bootstrap_lift(
        self,
        data: FrameLike | None = None,
        n_bins: int = 10,
        *,
        n_bootstrap: int = 200,
        alpha: float = 0.05,
        random_state: RandomState = None,
        groups: Vector | None = None,
        **given: Unpack[GivenRows],
    ) -> LiftBands:
        """Gini and the means by decile of the prediction, with bootstrap limits.

        Policies are drawn anew with replacement, the model stays as it is: the limits say what
        these data can tell of it, not how another fit would differ.

        Parameters
        ----------
        data : DataFrame, optional
            None takes the rows of the fit.
        n_bins : int
            Bins of equal exposure; those of the rows as they are, in every draw.
        n_bootstrap : int
            Number of draws.
        alpha : float
            1 - confidence; limits are quantiles over the draws.
        random_state : int, numpy Generator or RandomState, optional
            The same number gives the same limits, whatever the number of threads.
        groups : column name or (m,) labels, optional
            Rows of one group (a policy over several years) are drawn together.
        **given : y, exposure, offset, weights, complement
            As in `diagnostics`.

        Returns
        -------
        LiftBands

        Raises
        ------
        ValueError
            For a response below 0 or 0 in all rows, which has no Gini, or an option out of range.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(20_000, seed=1)
        >>> result = rs.glm("ClaimNb ~ bs(DrivAge, df=5) + BonusMalus", data, family="poisson",
        ...                 exposure="Exposure").fit()
        >>> bands = result.bootstrap_lift(n_bootstrap=50, random_state=0)
        >>> bool(bands.gini_lower < bands.gini < bands.gini_upper), len(bands.table)
        (True, 10)
        """
        check_count(n_bootstrap, "n_bootstrap")
        check_between_0_and_1(alpha, "alpha")
        generator = as_generator(random_state, "random_state")
        with single_threaded_blas():
            computer, _ = judged_rows(self, data, [], **given)
            gini = computer.compute_discrimination().gini_coefficient
            if gini is None:
                raise ValueError(
                    "a response that is below 0 somewhere, or the same in all rows, has no Gini"
                )
            codes = None if groups is None else self._group_codes(computer, groups, data)
            found = draw(computer.rows, n_bins, n_bootstrap, generator, codes)
        with np.errstate(divide="ignore", invalid="ignore"):  # a bin without a row in a draw
            actual = _limits(found.actual / found.volume, alpha)
            ratio = _limits(found.actual / found.predicted, alpha)
        volume, claims, predicted = found.whole
        lower, upper = _limits(found.gini, alpha)
        table = self._frame(
            {
                "Bin": np.arange(len(volume)),
                "Exposure": volume,
                "Predicted": predicted / volume,
                "Actual": claims / volume,
                "Actual_Lower": actual[0],
                "Actual_Upper": actual[1],
                "Ratio": claims / predicted,
                "Ratio_Lower": ratio[0],
                "Ratio_Upper": ratio[1],
            }
        )
        known = found.gini[~np.isnan(found.gini)]  # a draw without a claim has none
        error = float(np.std(known, ddof=1)) if len(known) > 1 else np.nan
        return LiftBands(gini, error, float(lower), float(upper), found.gini, table)

    def _group_codes(
        self, computer: DiagnosticsComputer, groups: Vector, data: FrameLike | None
    ) -> NDArray[np.intp]:
        """Codes of the groups of the rows with a weight."""
        if isinstance(groups, str):
            groups = frames.read_labels(self._given_or_fitted(data), groups)
        labels: Any = groups
        codes = frames.label_codes(labels, len(labels), "groups")
        kept = computer.kept(codes, "groups")
        return np.unique(kept, return_inverse=True)[1]


def _limits(draws: Floats, alpha: float) -> Floats:
    """Quantiles over the draws in which there is a number; NaN where there is none in any."""
    never = np.isnan(draws).all(axis=0)
    limits = np.nanquantile(np.where(never, 0.0, draws), [alpha / 2, 1 - alpha / 2], axis=0)
    return np.where(never, np.nan, limits)
