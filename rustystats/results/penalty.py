"""What a penalty did: its kind, and which coefficients it left."""

import numpy as np

ZERO = 1e-10  # a smaller coefficient counts as none


class PenaltyAnswers:
    """Part of `GLMResults`: what it says of its penalty."""

    @property
    def is_regularized(self):
        """Whether the fit was penalised."""
        return self.alpha > 0

    @property
    def penalty_type(self):
        """ "none" or "ridge"."""
        return "ridge" if self.is_regularized else "none"

    @property
    def l1_ratio(self):
        """Share of the L1 penalty; None without a penalty."""
        return 0.0 if self.is_regularized else None

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
