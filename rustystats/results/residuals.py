"""What a model says of single rows: residuals, leverage, Cook's distance."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from rustystats.inference import influence
from rustystats.inference.residuals import anscombe_residuals, quantile_residuals
from rustystats.results.answers import Answers

if TYPE_CHECKING:
    from rustystats.typing import Floats


class ResidualAnswers(Answers):
    """Part of `GLMResults`: one number for each row fitted."""

    def resid_response(self) -> Floats:
        """Response residuals y - mu, (n,).

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1.0, 2.0, 4.0, 8.0], "x": [0.0, 1.0, 2.0, 3.0]}
        >>> result = rs.glm("y ~ 1", data, family="poisson").fit()
        >>> result.resid_response().round(4)
        array([-2.75, -1.75,  0.25,  4.25])
        """
        return self._problem.y - self.fittedvalues

    def resid_pearson(self) -> Floats:
        """Pearson residuals sqrt(w) (y - mu) / sqrt(V(mu)), (n,); their squares sum to Pearson's
        chi-square.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1.0, 2.0, 4.0, 8.0], "x": [0.0, 1.0, 2.0, 3.0]}
        >>> result = rs.glm("y ~ 1", data, family="poisson").fit()
        >>> result.resid_pearson().round(4)
        array([-1.4201, -0.9037,  0.1291,  2.1947])
        """
        variance = self._problem.family.variance(self.fittedvalues)
        return self.resid_response() * np.sqrt(self._weights / variance)

    def resid_deviance(self) -> Floats:
        """Deviance residuals sign(y - mu) sqrt(w d(y, mu)), (n,); their squares sum to the
        deviance.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1.0, 2.0, 4.0, 8.0], "x": [0.0, 1.0, 2.0, 3.0]}
        >>> result = rs.glm("y ~ 1", data, family="poisson").fit()
        >>> result.resid_deviance().round(4)
        array([-1.6901, -0.9928,  0.1277,  1.9034])
        """
        unit = self._problem.family.unit_deviance(self._problem.y, self.fittedvalues)
        size = np.sqrt(self._weights * np.maximum(unit, 0.0))  # y = mu but for rounding
        return np.sign(self.resid_response()) * size

    def resid_working(self) -> Floats:
        """Working residuals (y - mu) / (dmu/deta) of the link fitted, (n,).

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1.0, 2.0, 4.0, 8.0], "x": [0.0, 1.0, 2.0, 3.0]}
        >>> result = rs.glm("y ~ 1", data, family="poisson").fit()
        >>> result.resid_working().round(4)
        array([-0.7333, -0.4667,  0.0667,  1.1333])
        """
        mu, slope = self._problem.link.inverse_with_derivative(self.linear_predictor)
        return (self._problem.y - mu) / slope

    def resid_anscombe(self) -> Floats:
        """Anscombe residuals sqrt(w) (A(y) - A(mu)) / V(mu)^(1/6), (n,), near to normal.

        A is the integral of V^(-1/3). See `inference/residuals.py`.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1.0, 2.0, 4.0, 8.0], "x": [0.0, 1.0, 2.0, 3.0]}
        >>> result = rs.glm("y ~ 1", data, family="poisson").fit()
        >>> result.resid_anscombe().round(4)
        array([-1.7013, -0.9944,  0.1277,  1.909 ])
        """
        problem = self._problem
        return anscombe_residuals(problem.family, problem.y, self.fittedvalues, self._weights)

    def resid_quantile(self, random_state: int | None = None) -> Floats:
        """Randomised quantile residuals, (n,): standard normal under the model, for counts too.

        Uses `scale()` as the dispersion. NaN in rows of weight 0.

        Parameters
        ----------
        random_state : int or None
            Seed of the uniform numbers that counts, and the zeros of a Tweedie, are spread with.

        Raises
        ------
        ValueError
            For a quasi family, which is no distribution, and for counts that are not whole.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1.0, 2.0, 4.0, 8.0], "x": [0.0, 1.0, 2.0, 3.0]}
        >>> rs.glm("y ~ x", data).fit().resid_quantile().round(4)
        array([ 0.6528, -0.5595, -0.8393,  0.746 ])
        """
        problem = self._problem
        return quantile_residuals(
            problem.family,
            problem.y,
            self.fittedvalues,
            self.scale(),
            self._weights,
            random_state,
        )

    @cached_property
    def _score_rows(self) -> tuple[Floats, Floats]:
        return influence.score_rows(self._problem, self.linear_predictor)

    @cached_property
    def _leverage(self) -> Floats:
        _, working_weight = self._score_rows
        return influence.leverage(self._problem.design, working_weight, self._bread)

    def leverage(self) -> Floats:
        """Leverages h_i = W_i x_i' (X'WX)^-1 x_i, (n,), in [0, 1]; they sum to the rank.

        Of a ridge fit with the penalised information, where they sum to less.

        Raises
        ------
        ValueError
            For a fit with an L1 penalty or bounds, as the next.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1.0, 2.0, 4.0, 8.0], "x": [0.0, 1.0, 2.0, 3.0]}
        >>> result = rs.glm("y ~ x", data).fit()
        >>> result.leverage().round(4)
        array([0.7, 0.3, 0.3, 0.7])
        """
        return self._leverage

    def cooks_distance(self) -> Floats:
        """Cook's distances (r / (1 - h))^2 h / (phi rank), (n,), r the Pearson residual.

        How far the estimates move, in their own metric, when the row is left out. As in R, NaN
        where a row alone decides a coefficient (h = 1).

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1.0, 2.0, 4.0, 8.0], "x": [0.0, 1.0, 2.0, 3.0]}
        >>> result = rs.glm("y ~ x", data).fit()
        >>> result.cooks_distance().round(4)
        array([1.657 , 0.0958, 0.2156, 2.1643])
        """
        return influence.cooks_distance(
            self.resid_pearson(), self._leverage, self.scale(), self.fit.rank
        )
