"""Coefficients and how well they are known: standard errors, tests, intervals."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from rustystats.inference.collinearity import variance_inflation
from rustystats.inference.covariance import (
    normal_interval,
    significance_code,
    two_sided_pvalues,
    unscaled_covariance,
    z_statistics,
)
from rustystats.inference.profile import profile_interval
from rustystats.messages import warn_user
from rustystats.results.answers import Answers
from rustystats.solvers.method import GRAM, NARROW
from rustystats.solvers.normal_equations import find_aliased
from rustystats.threads import single_threaded_blas

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rustystats.typing import Floats, Table


class CoefficientAnswers(Answers):
    """Part of `GLMResults`: what it says of its coefficients."""

    @cached_property
    def cov_params_unscaled(self) -> Floats:
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
    def has_covariance(self) -> bool:
        """Whether `cov_params` is an array (of NaN under an L1 penalty or bounds), and no error."""
        return self.fit.gram is not None or self.fit.method == GRAM

    def cov_params(self) -> Floats:
        """Covariance of the coefficients, (p, p).

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1.0, 2.0, 4.0, 8.0], "x": [0.0, 1.0, 2.0, 3.0]}
        >>> result = rs.glm("y ~ x", data).fit()
        >>> result.cov_params().round(4)
        array([[ 0.805, -0.345],
               [-0.345,  0.23 ]])
        """
        return self.scale() * self.cov_params_unscaled

    def bse(self) -> Floats:
        """Standard errors, (p,); NaN where aliased, and all NaN under an L1 penalty or bounds.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1.0, 2.0, 4.0, 8.0], "x": [0.0, 1.0, 2.0, 3.0]}
        >>> result = rs.glm("y ~ x", data).fit()
        >>> result.bse().round(4)
        array([0.8972, 0.4796])
        """
        if self.fit.gram is None:
            return np.full(len(self.params), np.nan)
        return np.sqrt(self.scale() * np.diagonal(self.cov_params_unscaled))

    def tvalues(self) -> Floats:
        """z-statistics, (p,); infinite where a perfect fit leaves no error.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1.0, 2.0, 4.0, 8.0], "x": [0.0, 1.0, 2.0, 3.0]}
        >>> result = rs.glm("y ~ x", data).fit()
        >>> result.tvalues().round(4)
        array([0.3344, 4.7958])
        """
        return z_statistics(self.params, self.bse())

    def pvalues(self) -> Floats:
        """Two-sided p-values by the normal law, (p,).

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1.0, 2.0, 4.0, 8.0], "x": [0.0, 1.0, 2.0, 3.0]}
        >>> result = rs.glm("y ~ x", data).fit()
        >>> result.pvalues().round(8)
        array([7.3810269e-01, 1.6200000e-06])
        """
        return two_sided_pvalues(self.tvalues())

    def conf_int(
        self,
        alpha: float = 0.05,
        method: Literal["wald", "profile"] = "wald",
        columns: Sequence[str] | None = None,
    ) -> Floats:
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

    def _positions(self, columns: Sequence[str] | None) -> list[int]:
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

    def vif(self) -> Table:
        """Generalised variance inflation factor of each term, as R's ``car::vif``.

        How much wider collinearity with the other terms makes the joint confidence region of a
        term's coefficients; of a single column it is the usual VIF at the weights of the fit.
        ``GVIF^(1/(2*Df))`` compares terms of several columns with others: about the factor on the
        length of an interval, above 2 or 3 a reason to look. A main effect and its interaction
        inflate each other by construction.

        Returns
        -------
        DataFrame with columns Term, Df (columns that are not aliased), GVIF, GVIF^(1/(2*Df))
            Of a model of arrays, a row for each column. A penalty does not enter: it is the design
            that is looked at, at the fitted means. A model without an intercept is not centred,
            and its values compare with 0 instead of the mean.

        Raises
        ------
        ValueError
            If the model has so many columns that their cross-products would be too large.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(20_000, seed=1)
        >>> result = rs.glm("ClaimNb ~ C(Area) + np.log(Density) + bs(DrivAge, df=5)", data,
        ...                 family="poisson", exposure="Exposure").fit()
        >>> result.vif().round(2).values.tolist()[:2]
        [['C(Area)', 5, 15.76, 1.32], ['np.log(Density)', 1, 15.75, 3.97]]
        """
        problem, fit = self._problem, self.fit
        if fit.gram is None and len(fit.coef) > NARROW:
            raise ValueError(
                f"the cross-products of {len(fit.coef)} columns would be too large: group levels"
            )
        gram = fit.gram
        if gram is None:
            gram = problem.design.gram(problem.working_weights(fit.coef))
        labels, columns = self._columns_by_term()
        gvif, df = variance_inflation(gram, self._dependent(gram), problem.intercept, columns)
        with np.errstate(divide="ignore"):
            root = gvif ** (1.0 / (2.0 * df))
        return self._frame(
            {
                "Term": labels,
                "Df": df,
                "GVIF": gvif,
                "GVIF^(1/(2*Df))": root,
            }
        )

    def _dependent(self, gram: Floats) -> NDArray[np.bool_]:
        """Columns that are combinations of others; a penalised fit has not looked for them."""
        return self.aliased if self._no_likelihood is None else find_aliased(gram)

    def _columns_by_term(self) -> tuple[list[str], list[NDArray[np.intp]]]:
        """Labels and positions of the columns of each term; of arrays, each column by itself."""
        model = self.model
        labels, columns = [], []
        for term, places in zip(model.terms.terms, model.terms.places(), strict=True):
            if model.terms.is_array and term.factors:
                places = places[places != self._problem.intercept]
                labels += [model.names[j] for j in places]
                columns += list(places[:, None])
            elif term.factors:
                labels.append(term.label)
                columns.append(places)
        return labels, columns

    def significance_codes(self) -> list[str]:
        """Stars of the p-values, list of str.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1.0, 2.0, 4.0, 8.0], "x": [0.0, 1.0, 2.0, 3.0]}
        >>> result = rs.glm("y ~ x", data).fit()
        >>> result.significance_codes()
        ['', '***']
        """
        return [significance_code(p) for p in self.pvalues()]
