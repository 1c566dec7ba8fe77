"""What a penalty did: its kind, which coefficients it left, and what it leaves unknown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from rustystats.fitting import solve
from rustystats.results.answers import Answers
from rustystats.solvers.method import GRAM

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rustystats.results.glm_results import GLMResults
    from rustystats.solvers.penalty import Penalty


class PenaltyAnswers(Answers):
    """Part of `GLMResults`: what it says of its penalty."""

    note = ""  # what else a summary says: of a refit, where its columns come from

    @property
    def penalty(self) -> Penalty | None:
        """The penalty as the solver had it, a `Penalty` of (p,) arrays; None without."""
        return self.model.problem.penalty

    @property
    def alpha(self) -> float:
        """Size of the penalty on the mean half deviance; 0.0 without one."""
        return 0.0 if self.penalty is None else self.penalty.alpha

    @property
    def is_regularized(self) -> bool:
        """Whether the fit was penalised."""
        return self.alpha > 0

    @property
    def penalty_type(self) -> Literal["none", "ridge", "lasso", "elasticnet"]:
        """ "none", "ridge", "lasso" or "elasticnet"."""
        if not self.is_regularized:
            return "none"
        kinds: dict[float | None, Literal["ridge", "lasso"]] = {0.0: "ridge", 1.0: "lasso"}
        return kinds.get(self.l1_ratio, "elasticnet")

    @property
    def l1_ratio(self) -> float | None:
        """Share of the L1 penalty; None without a penalty."""
        penalty = self.penalty if self.is_regularized else None
        return None if penalty is None else penalty.l1_ratio

    @property
    def has_bounds(self) -> bool:
        """Whether coefficients have bounds."""
        return self.penalty is not None and self.penalty.lower is not None

    @property
    def no_errors(self) -> str:
        """Why there are no standard errors (an L1 penalty, bounds, a wide ridge) and what to do."""
        if self.fit.gram is not None:
            return ""
        if self.model.problem.is_smooth and self.fit.method == GRAM:
            return "a path keeps no cross-products: fit at this alpha alone for errors"
        if self.model.problem.is_smooth:
            return (
                f"the fit was found by {self.fit.method}, without the cross-products of its "
                f"{len(self.params)} columns, which would be too large: group levels for errors"
            )
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
    def _no_likelihood(self) -> tuple[str, str] | None:
        """("penalised" or "bounded", remedy) where the fit is not of maximum likelihood."""
        if self.is_regularized:
            return "penalised", "fit with alpha=0"
        return ("bounded", "fit without bounds") if self.has_bounds else None

    @property
    def kkt(self) -> float | None:
        """Largest violation of the conditions for a minimum, relative to the null model's, where
        the penalty has an L1 part or coefficients have bounds; else None."""
        return self.fit.kkt

    def _nonzero(self) -> NDArray[np.intp]:
        """Positions of the coefficients that are not 0, the intercept apart."""
        position = np.flatnonzero(self.fit.coef)
        return position[position != self.model.problem.intercept]

    def refit_selected(self, max_iter: int = 100, tol: float = 1e-8) -> Self:
        """The columns that an L1 penalty or bounds selected, fitted again by maximum likelihood.

        Selected are the coefficients that are not 0 and the columns without penalty. The result has
        these columns alone (levels left out join the reference); a term of which nothing was
        selected is no part of the model, nor asked for at prediction. Bounds are dropped, and the
        summary says which coefficients lie outside theirs; theta or the power is estimated again
        where it was.

        Standard errors, tests and intervals of the refit take the selection as given. The same data
        made it, so they are too small and the effects are overstated (a summary says so); how sure
        the selection is, `stability_selection` tells.

        Parameters
        ----------
        max_iter, tol : as in `fit`

        Returns
        -------
        GLMResults, of the class of this one

        Raises
        ------
        ValueError
            For a fit without an L1 penalty or bounds, which selects nothing; with `prior_coef`,
            which selects deviations from it; and if no column is left.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(20_000, seed=1)
        >>> lasso = rs.glm("ClaimNb ~ BonusMalus + VehPower + C(Area)", data, family="poisson",
        ...                exposure="Exposure").fit(alpha=0.0005, l1_ratio=1.0)
        >>> refit = lasso.refit_selected()
        >>> refit.feature_names
        ['Intercept', 'BonusMalus', 'VehPower', 'Area[T.E]', 'Area[T.F]']
        >>> bool(refit.deviance < lasso.deviance)
        True
        """
        penalty, coef = self.penalty, self.fit.coef
        if penalty is None or penalty.is_smooth:
            raise ValueError(
                "nothing was selected: only an L1 penalty (l1_ratio above 0) or bounds leave "
                "columns out; fit with alpha=0 for the model without penalty"
            )
        if penalty.target is not None:
            raise ValueError(
                "with prior_coef= a column that is not selected stays at its prior coefficient, "
                "not out of the model: pass the prior model by complement= or offset= instead, and "
                "select deviations from it"
            )
        selected = (coef != 0) | (penalty.factors == 0)
        if not selected.any():
            raise ValueError("no column was selected, and the model has no intercept")
        model = self.model.select(selected)
        if self.fit.parameter is not None:
            family = type(model.problem.family)("auto")  # type: ignore[call-arg]
            model = replace(model, problem=replace(model.problem, family=family))
        model, fit = solve(model, tol=tol, max_iter=max_iter)
        choice = self.dispersion_choice
        kind: Any = type(self)  # of the whole result
        refit = kind(model, fit, self.backend, self.formula, choice, data=self.data)
        refit.note = self._refit_note(selected, refit)
        return refit

    def _refit_note(self, selected: NDArray[np.bool_], refit: GLMResults) -> str:
        by = f"the {self.penalty_type} penalty at alpha = {self.alpha:g}"
        by = by if self.is_regularized else "the bounds"
        note = (
            f"Refit of the {np.count_nonzero(selected)} columns of {len(selected)} that {by} left: "
            "standard errors, tests and intervals take this selection as given, and are too small."
        )
        penalty = self.penalty
        if penalty is not None and penalty.lower is not None and penalty.upper is not None:
            coef = refit.fit.coef
            lower, upper = penalty.lower[selected], penalty.upper[selected]
            outside = np.flatnonzero((coef < lower) | (coef > upper))
            names = ", ".join(refit.feature_names[at] for at in outside)
            note += f" Bounds are dropped; outside them: {names or 'none'}."
        return note

    def n_nonzero(self) -> int:
        """Number of coefficients that are not 0, the intercept apart.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1.0, 2.0, 4.0, 8.0], "x": [0.0, 1.0, 2.0, 3.0]}
        >>> result = rs.glm("y ~ x", data, family="poisson").fit(alpha=0.1, l1_ratio=1.0)
        >>> result.n_nonzero()
        1
        """
        return len(self._nonzero())

    def selected_features(self) -> list[Any]:
        """Names of the columns whose coefficients are not 0, the intercept apart.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1.0, 2.0, 4.0, 8.0], "x": [0.0, 1.0, 2.0, 3.0]}
        >>> result = rs.glm("y ~ x", data, family="poisson").fit(alpha=0.1, l1_ratio=1.0)
        >>> result.selected_features()
        ['x']
        """
        return [self.feature_names[position] for position in self._nonzero()]
