"""What a penalty did: its kind, which coefficients it left, and what it leaves unknown."""

import numpy as np

ZERO = 1e-10  # a smaller coefficient counts as none


class PenaltyAnswers:
    """Part of `GLMResults`: what it says of its penalty."""

    @property
    def penalty(self):
        """The penalty as the solver had it, a `Penalty` of (p,) arrays; None without."""
        return self.model.problem.penalty

    @property
    def alpha(self):
        """Size of the penalty on the mean half deviance; 0.0 without one."""
        return 0.0 if self.penalty is None else self.penalty.alpha

    @property
    def is_regularized(self):
        """Whether the fit was penalised."""
        return self.alpha > 0

    @property
    def penalty_type(self):
        """ "none", "ridge", "lasso" or "elasticnet"."""
        if not self.is_regularized:
            return "none"
        return {0.0: "ridge", 1.0: "lasso"}.get(self.penalty.l1_ratio, "elasticnet")

    @property
    def l1_ratio(self):
        """Share of the L1 penalty; None without a penalty."""
        return self.penalty.l1_ratio if self.is_regularized else None

    @property
    def has_bounds(self):
        """Whether coefficients have bounds."""
        return self.penalty is not None and self.penalty.lower is not None

    @property
    def no_errors(self):
        """Why there are no standard errors (an L1 penalty, bounds) and what to do; else empty."""
        if self.fit.gram is not None:
            return ""
        if self.model.problem.l1 is None:
            return (
                "coefficients have bounds, and near a bound estimates are not normal: a fit "
                "without bounds has errors"
            )
        return (
            "the L1 penalty shrinks and selects, and errors that do not know of it are too small: "
            "result.refit_selected() fits the selected columns without penalty, "
            "rs.stability_selection says how sure the selection is"
        )

    @property
    def _no_likelihood(self):
        """("penalised" or "bounded", remedy) where the fit is not of maximum likelihood."""
        if self.is_regularized:
            return "penalised", "fit with alpha=0"
        return ("bounded", "fit without bounds") if self.has_bounds else None

    @property
    def kkt(self):
        """Largest violation of the conditions for a minimum, relative to the null model's, where
        the penalty has an L1 part or coefficients have bounds; else None."""
        return self.fit.kkt

    def _nonzero(self):
        """Positions of the coefficients that are not 0, the intercept apart."""
        position = np.flatnonzero(np.abs(self.fit.coef) > ZERO)
        return position[position != self.model.problem.intercept]

    def n_nonzero(self):
        """Number of coefficients that are not 0, the intercept apart."""
        return len(self._nonzero())

    def selected_features(self):
        """Names of the columns whose coefficients are not 0, the intercept apart."""
        return [self.feature_names[position] for position in self._nonzero()]
