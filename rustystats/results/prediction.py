"""Means that a model predicts for new rows, and what it reads of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rustystats import frames
from rustystats.inference.covariance import normal_interval
from rustystats.messages import warn_user
from rustystats.offsets import (
    ModelComplement,
    as_complement,
    complement_columns,
    evaluate_complement,
    evaluate_offsets,
    plus,
)
from rustystats.results.answers import Answers

if TYPE_CHECKING:
    from rustystats.typing import Complement, Floats, MatrixLike, Table, Vector


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
        design, _ = self.model.terms.design(columns)
        return self._means(design.matvec(self.fit.coef, shift))

    def prediction_table(
        self,
        data: MatrixLike,
        alpha: float = 0.05,
        *,
        exposure: Vector | None = None,
        offset: Vector | None = None,
        complement: Complement | None = None,
    ) -> Table:
        """Predicted means with their standard errors and confidence limits.

        How well the mean of such a row is known, and not where a single response will lie. As R's
        ``predict(se.fit=TRUE)`` and statsmodels' ``get_prediction``: the standard error is that of
        the linear predictor times the slope of the link, the limits are those of the linear
        predictor on the scale of the response.

        Parameters
        ----------
        data, exposure, offset, complement : as in `predict`
        alpha : float
            1 - confidence of the intervals.

        Returns
        -------
        DataFrame of m rows
            Columns Prediction, Std.Error, CI_Lower, CI_Upper; the last three are NaN where there
            are no standard errors: under an L1 penalty, bounds, or in wide models.

        Raises
        ------
        ValueError
            As `predict`; if alpha is not inside (0, 1).

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(5_000, seed=1)
        >>> model = rs.glm("ClaimNb ~ BonusMalus + C(Area)", data, family="poisson",
        ...                exposure="Exposure")
        >>> table = model.fit().prediction_table(data.head(2), exposure=1.0)
        >>> table.round(3).values.tolist()
        [[0.084, 0.012, 0.064, 0.111], [0.07, 0.01, 0.053, 0.093]]
        """
        columns, shift, _ = self._read_rows(data, exposure, offset, complement)
        design, _ = self.model.terms.design(columns)
        eta = design.matvec(self.fit.coef, shift)
        error = np.full(len(eta), np.nan)
        if self.has_covariance and not self.no_errors:
            error = np.sqrt(np.maximum(design.quadratic_form(self.cov_params()), 0.0))
        link = self._problem.link
        limits = np.sort(link.inverse(normal_interval(eta, error, alpha)), axis=1)  # it may fall
        return self._frame(
            {
                "Prediction": self._means(eta),
                "Std.Error": error * np.abs(link.inverse_with_derivative(eta)[1]),
                "CI_Lower": limits[:, 0],
                "CI_Upper": limits[:, 1],
            }
        )

    def _means(self, eta: Floats) -> Floats:
        """The means at linear predictors, with a warning where the family has none."""
        family, link = self._problem.family, self._problem.link
        mu = link.inverse(eta)
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
        named = [value for value in (exposure, offset) if isinstance(value, str)]
        named += [*terms.own_columns, *complement_columns(complement), *names]
        columns = self.model.read(data, named)
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
