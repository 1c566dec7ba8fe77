"""Whether predictions are right on average, wherever one looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import numpy as np

from rustystats.diagnostics.compute import judged_rows
from rustystats.diagnostics.isotonic import auto_calibration
from rustystats.results.answers import Answers
from rustystats.threads import single_threaded_blas

if TYPE_CHECKING:
    from rustystats.diagnostics.isotonic import AutoCalibration
    from rustystats.typing import FrameLike, GivenRows, Table


class CalibrationAnswers(Answers):
    """Part of `GLMResults`: its calibration."""

    def auto_calibration(
        self, data: FrameLike | None = None, **given: Unpack[GivenRows]
    ) -> AutoCalibration:
        """Isotonic calibration: the best rising function of the predictions, and what it gains.

        Parameters
        ----------
        data : DataFrame, optional
            Rows to judge the model on; None takes those of the fit, for which there are no tests.
        **given : y, exposure, offset, weights, complement
            As in `diagnostics`.

        Returns
        -------
        AutoCalibration
            Global balance, the parts of the mean deviance (miscalibration, discrimination,
            uncertainty), score tests of level and slope, and the blocks of the isotonic regression,
            which `calibration_table` shows as a DataFrame. See `diagnostics/isotonic.py`.

        Raises
        ------
        ValueError
            If the data lack something or are outside the family's domain.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(20_000, seed=1)
        >>> train, test = data.iloc[:15_000], data.iloc[15_000:]
        >>> result = rs.glm("ClaimNb ~ bs(DrivAge, df=5) + BonusMalus", train, family="poisson",
        ...                 exposure="Exposure").fit()
        >>> found = result.auto_calibration(test)
        >>> bool(found.miscalibration > 0), bool(found.cox_pvalue > 0.01)
        (True, True)
        """
        with single_threaded_blas():
            computer, _ = judged_rows(self, data, [], **given)
            return auto_calibration(computer.rows, computer.in_sample)

    def calibration_table(self, data: FrameLike | None = None, **given: Unpack[GivenRows]) -> Table:
        """The blocks of the isotonic calibration, from the lowest predictions up.

        Parameters
        ----------
        data, given : as in `auto_calibration`

        Returns
        -------
        DataFrame with columns Lower, Upper (predictions for a unit of exposure), Exposure,
        Predicted, Calibrated (means for a unit of exposure), Factor (Calibrated / Predicted)

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(20_000, seed=1)
        >>> result = rs.glm("ClaimNb ~ C(VehGas)", data, family="poisson",
        ...                 exposure="Exposure").fit()
        >>> result.calibration_table()["Factor"].round(6).tolist()
        [1.0, 1.0]
        """
        found = self.auto_calibration(data, **given)
        predicted = found.predicted / found.exposure
        with np.errstate(divide="ignore", invalid="ignore"):  # a mean of 0, with an identity link
            factor = found.calibrated / predicted
        return self._frame(
            {
                "Lower": found.lower,
                "Upper": found.upper,
                "Exposure": found.exposure,
                "Predicted": predicted,
                "Calibrated": found.calibrated,
                "Factor": factor,
            }
        )
