"""Means that a model predicts for new rows, and what it reads of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from rustystats import frames
from rustystats.inference.covariance import mean_interval
from rustystats.inference.estimability import not_estimable, null_vector
from rustystats.messages import listed, warn_user
from rustystats.offsets import (
    ModelComplement,
    as_complement,
    complement_columns,
    evaluate_complement,
    evaluate_offsets,
    named_columns,
    plus,
)
from rustystats.results.answers import Answers
from rustystats.solvers.problem import Problem

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from rustystats.design.matrix import DesignMatrix
    from rustystats.typing import Complement, CovType, Floats, MatrixLike, Table, Vector


class PredictionAnswers(Answers):
    """Part of `GLMResults`: what it says of other rows."""

    def predict(
        self,
        data: MatrixLike,
        exposure: Vector | None = None,
        offset: Vector | None = None,
        complement: Complement | None = None,
    ) -> Floats:
        """Predicted means for new data.

        Knots, levels and transformations are those learned at fit. A model fitted with an
        exposure or offset column finds it in `data`; with an array at fit, one is needed here.
        On the rows of the fit these are the fitted values, but for target encodings ``TE(x)``: a
        row that is fitted has the rate of the other rows before it in a random order, for its own
        response must not help to predict it, and a prediction has the rate of all rows.

        Parameters
        ----------
        data : DataFrame with the model's columns, or (m, p) array for a model of arrays
        exposure : column name, (m,) array, scalar or None
            ``exposure=1.0`` gives the mean per unit of exposure.
        offset : column name, (m,) array, scalar or None
            On the link scale when not a column name.
        complement : GLMResults, column name, (m,) array, scalar or None
            As in `glm`, instead of that of the fit.

        Returns
        -------
        (m,) ndarray

        Raises
        ------
        ValueError
            For a missing column, an unseen level, or a missing exposure, offset or complement.

        Warns
        -----
        UserWarning
            If means lie outside the domain of the family, or rows are combinations that the fit
            does not decide: a cell of an interaction without rows, whose column is aliased.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(5_000, seed=1)
        >>> model = rs.glm("ClaimNb ~ BonusMalus + C(Area)", data, family="poisson",
        ...                exposure="Exposure")
        >>> result = model.fit()
        >>> result.predict(data.head(2)).round(4)  # claims in the time insured
        array([0.0844, 0.0328])
        >>> result.predict(data.head(2), exposure=1.0).round(4)  # claims per year
        array([0.0844, 0.0704])
        """
        columns, shift, _ = self._read_rows(data, exposure, offset, complement)
        design, _ = self._new_design(columns)
        mu = self._problem.link.inverse(design.matvec(self.fit.coef, shift))
        return self._checked_means(mu)

    def prediction_table(
        self,
        data: MatrixLike,
        alpha: float = 0.05,
        *,
        exposure: Vector | None = None,
        offset: Vector | None = None,
        complement: Complement | None = None,
        cov_type: CovType | None = None,
        groups: ArrayLike | None = None,
    ) -> Table:
        """Predicted means for new data with standard errors and confidence limits.

        How well the mean of a row is known, not where a new claim will fall: the coefficients vary,
        the row, its exposure and a complement are given. With V the covariance of the coefficients
        ``se(eta) = sqrt(x' V x)``; the error of the mean is ``|dmu / deta| se(eta)``, as R's
        ``predict(type="response", se.fit=TRUE)`` has it, and the limits are those of eta taken back
        by the link, so that they stay in its range.

        Parameters
        ----------
        data, exposure, offset, complement : as in `predict`
        alpha : float
            1 - confidence of the limits.
        cov_type, groups : as in `coef_table`
            Groups are those of the rows of the fit.

        Returns
        -------
        DataFrame with columns Prediction, Std.Error, CI_Lower, CI_Upper, one row each of data
            Errors and limits are NaN where there is no covariance: under an L1 penalty or bounds,
            in wide models (`no_errors`, `method`); and in rows that the fit does not decide.

        Raises
        ------
        ValueError
            As in `predict` and `cov_robust`, and for an alpha outside (0, 1).

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(5_000, seed=1)
        >>> result = rs.glm("ClaimNb ~ BonusMalus + C(Area)", data, family="poisson",
        ...                 exposure="Exposure").fit()
        >>> result.prediction_table(data.head(2), exposure=1.0).round(3).values.tolist()
        [[0.084, 0.012, 0.064, 0.111], [0.07, 0.01, 0.053, 0.093]]
        """
        link = self._problem.link
        columns, shift, _ = self._read_rows(data, exposure, offset, complement)
        design, undecided = self._new_design(columns)
        eta = design.matvec(self.fit.coef, shift)
        mu, slope = link.inverse_with_derivative(eta)
        error = np.full(len(eta), np.nan)
        if self.has_covariance or cov_type is not None or groups is not None:
            covariance, _ = self._covariance(cov_type, groups)
            error = self._errors_of(design, covariance)
            error[undecided] = np.nan
        lower, upper = mean_interval(eta, error, link, alpha)
        return self._frame(
            {
                "Prediction": self._checked_means(mu),
                "Std.Error": np.abs(slope) * error,
                "CI_Lower": lower,
                "CI_Upper": upper,
            }
        )

    def _new_design(self, columns: Any) -> tuple[DesignMatrix, NDArray[np.bool_]]:
        """Design matrix of new rows, and which of them the fit leaves undecided: it warns."""
        design = self.model.terms.design(columns)[0]
        parts = self._null_vector
        if parts is None:
            return design, np.zeros(design.shape[0], dtype=bool)
        undecided = not_estimable(parts, design)
        if undecided.any():
            left_out = [n for n, out in zip(self.feature_names, self.aliased, strict=True) if out]
            warn_user(
                f"{np.count_nonzero(undecided)} of {len(undecided)} predictions (the first in row "
                f"{np.argmax(undecided)}) are of combinations that the rows of the fit say nothing "
                f"of, as of levels that no row has together: columns left out as aliased "
                f"({listed(left_out, 3)}) count as 0 there. Pool levels, or leave out the "
                "interaction"
            )
        return design, undecided

    @cached_property
    def _null_vector(self) -> tuple[Floats, Floats] | None:
        """What tells rows that the fit does not decide; None where it decides all, or cannot say.

        A penalty decides what the data do not.
        """
        problem: Any = self._problem  # of a model from a file without rows
        gram = self.fit.gram
        if gram is None or problem.ridge is not None or not self.aliased.any():
            return None
        if isinstance(problem, Problem):
            gram = problem.design.gram((problem.prior_weights > 0).astype(float))
            return null_vector(gram, self.aliased, problem.n_obs)
        if self.separated or problem.intercept is None:
            return None
        return null_vector(gram, self.aliased, gram[problem.intercept, problem.intercept])

    def _errors_of(self, design: DesignMatrix, covariance: Floats) -> Floats:
        """sqrt(x' V x) of each row; NaN where a column is part of it of which V knows nothing."""
        error = np.sqrt(np.maximum(design.quadratic_form(covariance), 0.0))
        unknown = np.isnan(np.diagonal(covariance)) & ~self.aliased
        if unknown.any():
            error[design.quadratic_form(np.diag(unknown.astype(float))) > 0] = np.nan
        return error

    def _checked_means(self, mu: Floats) -> Floats:
        """The means, with a warning of those that are none of the family's."""
        family = self._problem.family
        if not self._problem.keeps_domain:
            outside = np.count_nonzero(~family.mean_domain.contains(mu))
            if outside:
                warn_user(
                    f"{outside} of {len(mu)} predictions lie outside {family.mean_domain}, where "
                    f"the {family.name()} family has its means (NaN: the {self.link} link has none "
                    f"there): link={family.link_names[0]!r} keeps them inside"
                )
        return mu

    def _read_rows(
        self,
        data: MatrixLike,
        exposure: Vector | None = None,
        offset: Vector | None = None,
        complement: Complement | None = None,
        names: Sequence[str] = (),
    ) -> tuple[Any, Floats | None, Floats | None]:
        """What a prediction reads of new data.

        Parameters
        ----------
        data, exposure, offset, complement : as in `predict`
        names : columns that are read beside those of the model

        Returns
        -------
        columns : Columns
        shift : (m,) offset, exposure and complement included, or None
        exposure : (m,) or None
        """
        terms = self.model.offsets
        exposure = _chosen(exposure, terms.exposure, "exposure", data, "1.0 for the rate per unit")
        offset = _chosen(offset, terms.offset, "offset", data, "0.0 for none")
        complement = _chosen(complement, terms.complement, "complement", data, "means per unit")
        if exposure is not None and not terms.log_link:
            raise ValueError(f"exposure needs a log link, and this model has link {self.link}")
        family, link = self._problem.family, self._problem.link
        complement = as_complement(complement, link)
        named = [*named_columns(exposure, offset), *terms.own_columns, *names]
        columns = self.model.read(data, [*named, *complement_columns(complement)])
        shift, exposure = evaluate_offsets(terms, columns, exposure, offset, columns.n_rows)
        made = evaluate_complement(complement, columns, columns.n_rows, family, link)
        return columns, plus(shift, made), exposure


def _chosen(given: Any, fitted: Any, role: str, data: Any, remedy: str) -> Any:
    """The exposure, offset or complement to predict with: what was given, else that of the fit."""
    if given is not None or fitted is None:
        return given
    if isinstance(fitted, ModelComplement):
        return fitted
    if isinstance(fitted, str):
        if fitted in frames.column_names(data):
            return fitted
        raise ValueError(
            f"the model was fitted with {role} column {fitted!r}, which the data lack: add it, or "
            f"pass {role}={remedy}"
        )
    article = "a" if role == "complement" else "an"
    raise ValueError(
        f"the model was fitted with {article} {role} array: pass {role}= for the new rows "
        f"({remedy})"
    )
