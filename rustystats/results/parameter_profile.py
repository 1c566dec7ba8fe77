"""How well the data know theta, or the Tweedie power: the likelihood as a function of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import chi2

from rustystats import frames
from rustystats.charts import paths
from rustystats.results.answers import Answers
from rustystats.solvers.parameter import likelihood_profile

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from narwhals import Implementation as Backend
    from numpy.typing import ArrayLike

    from rustystats.typing import Table


@dataclass(frozen=True, eq=False)
class LikelihoodProfile:
    """Log-likelihood of the best coefficients at each value of a family's parameter.

    Attributes
    ----------
    name : "theta" or "var_power"
    values, llf : (k,) ndarray
    fitted : float, the model's value
    fitted_llf : float
    """

    name: str
    values: np.ndarray
    llf: np.ndarray
    fitted: float
    fitted_llf: float
    backend: Backend | None = None

    def __repr__(self) -> str:
        return (
            f"<LikelihoodProfile: {self.name} {self.fitted:.4g} of the model, {len(self.values)} "
            f"values from {min(self.values):.4g} to {max(self.values):.4g}>"
        )

    def to_dataframe(self) -> Table:
        """One row a value, in the kind of DataFrame that the model was fitted to."""
        return frames.make_frame({self.name: self.values, "llf": self.llf}, self.backend)

    def plot(self, ax: Axes | None = None, alpha: float = 0.05) -> Axes:
        """The profile, the model's value, and the likelihood that bounds a confidence interval.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        alpha : float
            The values whose likelihood lies above the horizontal line are a confidence interval
            at level 1 - alpha.

        Returns
        -------
        matplotlib Axes
        """
        return paths.likelihood_profile(
            self.values,
            self.llf,
            name=self.name,
            fitted=self.fitted,
            bound=self.fitted_llf - 0.5 * chi2.isf(alpha, 1),
            confidence=1 - alpha,
            ax=ax,
        )


class ParameterAnswers(Answers):
    """Part of `GLMResults`: what it says of theta or the Tweedie power."""

    @property
    def theta(self) -> float | None:
        """Theta of a negative binomial model, None for others."""
        return getattr(self._problem.family, "theta", None)

    @property
    def theta_se(self) -> float | None:
        """Standard error of an estimated theta, as MASS::glm.nb's; NaN where it was given."""
        return self._parameter_error("theta")

    @property
    def var_power(self) -> float | None:
        """Variance power of a Tweedie model, None for others."""
        return getattr(self._problem.family, "var_power", None)

    @property
    def var_power_se(self) -> float | None:
        """Standard error of an estimated power; NaN where it was given."""
        return self._parameter_error("var_power")

    def _parameter_error(self, name: str) -> float | None:
        if getattr(self, name) is None:
            return None
        return np.nan if self.fit.parameter is None else self.fit.parameter.error

    def profile_parameter(self, values: ArrayLike | None = None) -> LikelihoodProfile:
        """Profile likelihood of theta or the Tweedie power: a fit at each value.

        Parameters
        ----------
        values : array of k values, optional
            None takes 21 around the model's: four standard errors to each side where it was
            estimated, else from a quarter of theta to four times it, or the powers 1.05 to 1.95.

        Returns
        -------
        LikelihoodProfile
            With `plot()` and `to_dataframe()`.

        Raises
        ------
        ValueError
            If the family has no such parameter, or some values are none it can have.

        Examples
        --------
        >>> import numpy as np
        >>> import rustystats as rs
        >>> y = np.random.default_rng(0).negative_binomial(2, 0.4, size=500)
        >>> result = rs.glm("y ~ 1", {"y": y}, family="negbinomial").fit()
        >>> profile = result.profile_parameter()
        >>> best = np.argmax(profile.llf)
        >>> int(best), round(float(profile.values[best] / result.theta), 6)
        (10, 1.0)
        """
        family = self._problem.family
        if family.parameter is None:
            raise ValueError(
                f"family {family.name()} has no theta and no power: the profile is of "
                "'negbinomial' and 'tweedie' models"
            )
        fitted = getattr(self, family.parameter)
        if values is None:
            error = self._parameter_error(family.parameter)
            values = family.profile_values(np.nan if error is None else error)
        values = np.sort(family.check_parameters(values))
        llf = likelihood_profile(self._problem, values, start=self.fit.coef)
        return LikelihoodProfile(family.parameter, values, llf, fitted, self.llf(), self.backend)
