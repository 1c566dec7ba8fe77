"""How well a model fits: dispersion, likelihood, information criteria, the null model."""

from functools import cached_property

import numpy as np

from rustystats.results.answers import Answers
from rustystats.solvers.null import null_model


class QualityAnswers(Answers):
    """Part of `GLMResults`: what it says of the fit as a whole."""

    def scale(self) -> float:
        """Dispersion used in standard errors.

        1 for Poisson, Binomial and NegativeBinomial, else Pearson's, unless the fit was asked for
        another.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1.0, 2.0, 4.0, 8.0], "x": [0.0, 1.0, 2.0, 3.0]}
        >>> result = rs.glm("y ~ x", data).fit()
        >>> round(result.scale(), 4)
        1.15
        >>> rs.glm("y ~ x", data, family="poisson").fit().scale()
        1.0
        """
        chosen = self.dispersion_choice
        if chosen is None:
            chosen = 1.0 if self._problem.family.dispersion_fixed else "pearson"
        if chosen == "pearson":
            return self.scale_pearson()
        return self.scale_deviance() if chosen == "deviance" else float(chosen)

    def scale_pearson(self) -> float:
        """Pearson chi-square over residual degrees of freedom; NaN when there are none.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1, 3, 4, 6], "x": [0, 0, 1, 1]}
        >>> result = rs.glm("y ~ x", data, family="poisson").fit()
        >>> round(result.scale_pearson(), 4)
        0.7
        """
        return self.fit.pearson / self.df_resid if self.df_resid > 0 else np.nan

    def scale_deviance(self) -> float:
        """Deviance over residual degrees of freedom; NaN when there are none.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1, 3, 4, 6], "x": [0, 0, 1, 1]}
        >>> result = rs.glm("y ~ x", data, family="poisson").fit()
        >>> round(result.scale_deviance(), 4)
        0.7246
        """
        return self.fit.deviance / self.df_resid if self.df_resid > 0 else np.nan

    def pearson_chi2(self) -> float:
        """Sum of w (y - mu)^2 / V(mu).

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1, 3, 4, 6], "x": [0, 0, 1, 1]}
        >>> result = rs.glm("y ~ x", data, family="poisson").fit()
        >>> round(result.pearson_chi2(), 4)
        1.4
        """
        return self.fit.pearson

    @cached_property
    def _llf(self) -> float:
        problem = self._problem
        return problem.family.loglike(*problem.likelihood_rows(self.fittedvalues))

    def llf(self) -> float:
        """Log-likelihood, as R's logLik: at the dispersion R plugs in.

        A Tweedie's is at the dispersion of greatest likelihood; that of a quasi family, which has
        none, is the base family's.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1, 3, 4, 6], "x": [0, 0, 1, 1]}
        >>> result = rs.glm("y ~ x", data, family="poisson").fit()
        >>> round(result.llf(), 4)
        -6.6821
        """
        return self._llf

    @property
    def _n_estimated(self) -> int:
        """Rank, and one more where theta or the power was estimated."""
        return self.fit.rank + (self.fit.parameter is not None)

    def aic(self) -> float:
        """Akaike's criterion -2 llf + 2 k, k the rank plus one for an estimated theta or power.

        With an L1 penalty or bounds the rank is the number of free coefficients, the degrees of
        freedom of a lasso (a little many for an elastic net or a group lasso).
        The dispersion is not counted as a parameter (R counts it for Gaussian and Gamma: R's AIC
        is 2 higher there; statsmodels does not).

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1, 3, 4, 6], "x": [0, 0, 1, 1]}
        >>> result = rs.glm("y ~ x", data, family="poisson").fit()
        >>> round(result.aic() + 2 * result.llf(), 4)
        4.0
        """
        return -2.0 * self.llf() + 2.0 * self._n_estimated

    def bic(self) -> float:
        """Schwarz's criterion -2 llf + k log n, k as in `aic`.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1, 3, 4, 6], "x": [0, 0, 1, 1]}
        >>> result = rs.glm("y ~ x", data, family="poisson").fit()
        >>> round(result.bic() - result.aic(), 4)
        -1.2274
        """
        return -2.0 * self.llf() + self._n_estimated * float(np.log(self.nobs))

    @cached_property
    def _null_deviance(self) -> float:
        problem = self._problem
        return null_model(
            problem.y,
            problem.family,
            problem.link,
            problem.weights,
            problem.offset,
            problem.design.n_threads,
            problem.intercept is not None,
        )[0]

    def null_deviance(self) -> float:
        """Deviance of the model with the intercept and the offset alone.

        Without an intercept: of the offset alone, as in R (NaN where that is no valid mean).

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1, 3, 4, 6], "x": [0, 0, 1, 1]}
        >>> result = rs.glm("y ~ x", data, family="poisson").fit()
        >>> round(result.null_deviance(), 4), round(result.deviance, 4)
        (4.1058, 1.4492)
        """
        return self._null_deviance
