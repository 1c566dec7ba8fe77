"""Coefficients and how well they are known: standard errors, tests, intervals."""

from functools import cached_property

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from rustystats.inference.covariance import (
    normal_interval,
    significance_code,
    two_sided_pvalues,
    unscaled_covariance,
    z_statistics,
)
from rustystats.inference.profile import profile_interval
from rustystats.messages import warn_user
from rustystats.solvers.method import GRAM
from rustystats.threads import single_threaded_blas


class CoefficientAnswers:
    """Part of `GLMResults`: what it says of its coefficients."""

    @cached_property
    def cov_params_unscaled(self):
        """Covariance of the coefficients at dispersion 1, (p, p), NaN where aliased; all NaN under
        an L1 penalty or bounds.

        Raises
        ------
        ValueError
            For a wide fit without the Gram of its columns (see `method`).
        """
        with single_threaded_blas():  # waking BLAS threads costs more than p^3 for usual p
            return unscaled_covariance(self.fit, self._problem.ridge)

    @property
    def has_covariance(self):
        """Whether `cov_params` is an array (of NaN under an L1 penalty or bounds), and no error."""
        return self.fit.gram is not None or self.fit.method == GRAM

    def cov_params(self):
        """Covariance of the coefficients, (p, p)."""
        return self.scale() * self.cov_params_unscaled

    def bse(self):
        """Standard errors, (p,); NaN where aliased, and all NaN under an L1 penalty or bounds."""
        if self.fit.gram is None:
            return np.full(len(self.params), np.nan)
        return np.sqrt(self.scale() * np.diagonal(self.cov_params_unscaled))

    def tvalues(self):
        """z-statistics, (p,); infinite where a perfect fit leaves no error."""
        return z_statistics(self.params, self.bse())

    def pvalues(self):
        """Two-sided p-values by the normal law, (p,)."""
        return two_sided_pvalues(self.tvalues())

    def conf_int(self, alpha=0.05, method="wald", columns=None):
        """Confidence limits of the coefficients.

        Parameters
        ----------
        alpha : float
            1 - confidence.
        method : {"wald", "profile"}
            "profile" inverts the likelihood-ratio test: more honest for levels with few claims, at
            about seven refits a coefficient. A limit that the data do not set is infinite.
        columns : list of str, optional
            The coefficients wanted, by name; None takes all.

        Returns
        -------
        (p, 2) ndarray, or one row for each name in `columns`; NaN where aliased

        Raises
        ------
        ValueError
            For an unknown method or name, an alpha outside (0, 1), or a profile of a penalised or
            bounded fit.

        Warns
        -----
        ConvergenceWarning
            If a refit of the profile did not converge.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(20_000, seed=1)
        >>> result = rs.glm("ClaimNb ~ VehPower + C(Area)", data, family="poisson",
        ...                 exposure="Exposure").fit()
        >>> result.conf_int(method="profile", columns=["VehPower"]).shape
        (1, 2)
        """
        if method not in ("wald", "profile"):
            raise ValueError(f"unknown method {method!r}: use wald or profile")
        chosen = self._positions(columns)
        if method == "wald":
            return normal_interval(self.params[chosen], self.bse()[chosen], alpha)
        if self._no_likelihood:
            kind, remedy = self._no_likelihood
            raise ValueError(f"a {kind} fit has no likelihood profile: {remedy}")
        limits, doubtful = profile_interval(self._problem, self.fit, self.scale(), chosen, alpha)
        if doubtful:
            warn_user(
                "refits for the profile of "
                f"{', '.join(self.feature_names[j] for j in doubtful)} did not converge: "
                "those limits are not exact",
                ConvergenceWarning,
            )
        return limits

    def _positions(self, columns):
        """Positions of named columns in the design."""
        if columns is None:
            return list(range(len(self.params)))
        unknown = [name for name in columns if name not in self.feature_names]
        if isinstance(columns, str) or unknown:
            raise ValueError(
                f"columns must be a list of names among {', '.join(self.feature_names[:30])}, "
                f"not {columns!r}"
            )
        return [self.feature_names.index(name) for name in columns]

    def significance_codes(self):
        """Stars of the p-values, list of str."""
        return [significance_code(p) for p in self.pvalues()]
