"""How well a model fits: dispersion, likelihood, information criteria, the null model."""

from functools import cached_property

import numpy as np

from rustystats.solvers.null import null_deviance


class QualityAnswers:
    """Part of `GLMResults`: what it says of the fit as a whole."""

    def scale(self):
        """Dispersion used in standard errors: 1 for Poisson and Binomial, else Pearson."""
        return 1.0 if self._problem.family.dispersion_fixed else self.scale_pearson()

    def scale_pearson(self):
        """Pearson chi-square over residual degrees of freedom; NaN when there are none."""
        return self.fit.pearson / self.df_resid if self.df_resid > 0 else np.nan

    def scale_deviance(self):
        """Deviance over residual degrees of freedom; NaN when there are none."""
        return self.fit.deviance / self.df_resid if self.df_resid > 0 else np.nan

    def pearson_chi2(self):
        """Sum of w (y - mu)^2 / V(mu)."""
        return self.fit.pearson

    @cached_property
    def _llf(self):
        problem = self._problem
        return problem.family.loglike(problem.y, self.fittedvalues, self._weights)

    def llf(self):
        """Log-likelihood, as R's logLik: at the dispersion R plugs in."""
        return self._llf

    def aic(self):
        """Akaike's criterion -2 llf + 2 rank.

        The dispersion is not counted as a parameter (R counts it for Gaussian and Gamma: R's AIC
        is 2 higher there; statsmodels does not).
        """
        return -2.0 * self.llf() + 2.0 * self.fit.rank

    def bic(self):
        """Schwarz's criterion -2 llf + rank log n (the dispersion is not counted)."""
        return -2.0 * self.llf() + self.fit.rank * np.log(self.nobs)

    @cached_property
    def _null_deviance(self):
        problem = self._problem
        if problem.intercept is None:
            mu = problem.link.inverse(
                np.zeros(len(problem.y)) if problem.offset is None else problem.offset
            )
            if problem.family.y_domain.contains(mu).all():
                return problem.family.deviance(problem.y, mu, problem.weights)
            return np.nan
        return null_deviance(
            problem.y,
            problem.family,
            problem.link,
            problem.weights,
            problem.offset,
            problem.design.n_threads,
        )

    def null_deviance(self):
        """Deviance of the model with the intercept and the offset alone.

        Without an intercept: of the offset alone, as in R (NaN where that is no valid mean).
        """
        return self._null_deviance
