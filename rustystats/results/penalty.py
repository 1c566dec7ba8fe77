"""What a penalty did: its kind, and which coefficients it left."""

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
