"""Coefficients and how well they are known: standard errors, tests, intervals."""

from functools import cached_property

import numpy as np

from rustystats.inference.covariance import (
    normal_interval,
    significance_code,
    two_sided_pvalues,
    unscaled_covariance,
    z_statistics,
)
from rustystats.threads import single_threaded_blas


class CoefficientAnswers:
    """Part of `GLMResults`: what it says of its coefficients."""

    @cached_property
    def cov_params_unscaled(self):
        """Covariance of the coefficients at dispersion 1, (p, p), NaN where aliased."""
        with single_threaded_blas():  # waking BLAS threads costs more than p^3 for usual p
            return unscaled_covariance(self.fit, self._problem.ridge)

    def cov_params(self):
        """Covariance of the coefficients, (p, p)."""
        return self.scale() * self.cov_params_unscaled

    def bse(self):
        """Standard errors, (p,); NaN where aliased."""
        return np.sqrt(self.scale() * np.diagonal(self.cov_params_unscaled))

    def tvalues(self):
        """z-statistics, (p,); infinite where a perfect fit leaves no error."""
        return z_statistics(self.params, self.bse())

    def pvalues(self):
        """Two-sided p-values by the normal law, (p,)."""
        return two_sided_pvalues(self.tvalues())

    def conf_int(self, alpha=0.05):
        """Wald confidence limits at level 1 - alpha, (p, 2)."""
        return normal_interval(self.params, self.bse(), alpha)

    def significance_codes(self):
        """Stars of the p-values, list of str."""
        return [significance_code(p) for p in self.pvalues()]
