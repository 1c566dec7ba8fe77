"""Coefficients and how well they are known when the variance function or independence fails."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from rustystats import frames
from rustystats.inference import robust
from rustystats.inference.covariance import (
    inverse_information,
    normal_interval,
    two_sided_pvalues,
    z_statistics,
)
from rustystats.results.answers import Answers

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rustystats.typing import CovType, Floats

UNKNOWN = 1e4  # variance of a linear predictor, at dispersion 1, that no proper fit has


class RobustAnswers(Answers):
    """Part of `GLMResults`: sandwich covariances (see `inference/robust.py`).

    cov_type is "HC0", "HC1", "HC2" or "HC3", case aside. groups, one label a row (array or Series
    of numbers, texts or anything hashable), makes the covariance robust by cluster; with "HC0" or
    "HC1" only. The numbers are those of R's `sandwich::vcovHC` and `sandwich::vcovCL`.
    """

    @cached_property
    def _bread(self) -> Floats:
        if self.no_errors:
            raise ValueError(f"no robust errors, leverages or Cook's distances: {self.no_errors}")
        ridge = self._problem.ridge
        return self.cov_params_unscaled if ridge is None else inverse_information(self.fit, ridge)

    def cov_robust(self, cov_type: CovType = "HC1", groups: ArrayLike | None = None) -> Floats:
        """Robust covariance of the coefficients, (p, p); NaN where aliased or separated.

        The dispersion does not enter. Of a ridge fit it is the covariance of the penalised
        estimate, with the penalised information as the bread: intervals are centred on the
        shrunken coefficients.

        Parameters
        ----------
        cov_type : str
            "HC0", "HC1" (n / (n - rank) times that), "HC2" or "HC3" (by leverage).
        groups : (n,) labels or None
            Rows with the same label may depend on each other: one policy over several years.

        Raises
        ------
        ValueError
            For an unknown cov_type, for HC2 or HC3 with groups, for groups of another length, with
            missing labels or with one label alone, and for a fit with an L1 penalty or bounds.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1.0, 2.0, 4.0, 8.0], "x": [0.0, 1.0, 2.0, 3.0]}
        >>> result = rs.glm("y ~ x", data).fit()
        >>> result.cov_robust("HC0").round(4)
        array([[ 0.3314, -0.1476],
               [-0.1476,  0.1134]])
        """
        return self._robust(cov_type, groups)[0]

    def bse_robust(self, cov_type: CovType = "HC1", groups: ArrayLike | None = None) -> Floats:
        """Robust standard errors, (p,).

        Parameters
        ----------
        cov_type, groups : as in `cov_robust`

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1.0, 2.0, 4.0, 8.0], "x": [0.0, 1.0, 2.0, 3.0]}
        >>> result = rs.glm("y ~ x", data).fit()
        >>> result.bse_robust("HC3").round(4)
        array([1.7568, 1.0742])
        >>> result.bse_robust(groups=["a", "a", "b", "b"]).round(4)
        array([0.6124, 0.3674])
        """
        return np.sqrt(np.diagonal(self.cov_robust(cov_type, groups)))

    def tvalues_robust(self, cov_type: CovType = "HC1", groups: ArrayLike | None = None) -> Floats:
        """z-statistics with robust standard errors, (p,).

        Parameters
        ----------
        cov_type, groups : as in `cov_robust`

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1.0, 2.0, 4.0, 8.0], "x": [0.0, 1.0, 2.0, 3.0]}
        >>> rs.glm("y ~ x", data).fit().tvalues_robust().round(4)
        array([0.3685, 4.8295])
        """
        return z_statistics(self.params, self.bse_robust(cov_type, groups))

    def pvalues_robust(self, cov_type: CovType = "HC1", groups: ArrayLike | None = None) -> Floats:
        """Two-sided p-values by the normal law, (p,), of robust z-statistics.

        Parameters
        ----------
        cov_type, groups : as in `cov_robust`

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1.0, 2.0, 4.0, 8.0], "x": [0.0, 1.0, 2.0, 3.0]}
        >>> rs.glm("y ~ x", data).fit().pvalues_robust("HC3").round(4)
        array([0.8644, 0.0323])
        """
        return two_sided_pvalues(self.tvalues_robust(cov_type, groups))

    def conf_int_robust(
        self, alpha: float = 0.05, cov_type: CovType = "HC1", groups: ArrayLike | None = None
    ) -> Floats:
        """Wald confidence limits by robust standard errors, (p, 2).

        Parameters
        ----------
        alpha : float
            1 - confidence.
        cov_type, groups : as in `cov_robust`

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1.0, 2.0, 4.0, 8.0], "x": [0.0, 1.0, 2.0, 3.0]}
        >>> rs.glm("y ~ x", data).fit().conf_int_robust(alpha=0.1).round(4)
        array([[-1.0391,  1.6391],
               [ 1.5167,  3.0833]])
        """
        return normal_interval(self.params, self.bse_robust(cov_type, groups), alpha)

    def _robust(self, cov_type: CovType, groups: ArrayLike | None) -> tuple[Floats, str]:
        """The covariance, NaN where the data know nothing of a column, and its name."""
        covariance, name = self._sandwich(cov_type, groups)
        if self.separated:  # residuals vanish with the information: their ratio is no error
            scales = self._problem.design.column_scales
            unknown = np.diagonal(self.cov_params_unscaled) * scales**2 > UNKNOWN
            covariance[unknown] = covariance[:, unknown] = np.nan
        return covariance, name

    def _sandwich(self, cov_type: CovType, groups: ArrayLike | None) -> tuple[Floats, str]:
        kind = robust.check_cov_type(cov_type, groups is not None)
        design, (residual, _) = self._problem.design, self._score_rows
        if groups is None:
            leverage = self._leverage if kind in robust.LEVERAGE_POWER else None
            return (
                robust.row_covariance(design, residual, self._bread, kind, self.nobs, leverage),
                f"{kind} (sandwich)",
            )
        codes = frames.label_codes(groups, len(residual), "groups")
        clusters = robust.make_clusters(codes, self._problem.weights)
        return (
            robust.cluster_covariance(design, residual, self._bread, kind, clusters),
            f"{kind} (sandwich), {len(clusters)} clusters",
        )

    def _errors(
        self, cov_type: CovType | None, groups: ArrayLike | None
    ) -> tuple[Floats, str | None]:
        """Standard errors for a table, and their name (None if model-based); groups mean HC1."""
        if cov_type is None and groups is None:
            return self.bse(), None
        covariance, name = self._covariance(cov_type, groups)
        return np.sqrt(np.diagonal(covariance)), name

    def _covariance(
        self, cov_type: CovType | None, groups: ArrayLike | None
    ) -> tuple[Floats, str | None]:
        """The covariance that `_errors` are of, and its name."""
        if cov_type is None and groups is None:
            return self.cov_params(), None
        return self._robust("HC1" if cov_type is None else cov_type, groups)
