"""What every part of `GLMResults` knows: model, fit, and what is read off them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

if TYPE_CHECKING:
    from narwhals import Implementation as Backend
    from numpy.typing import ArrayLike, NDArray

    from rustystats.design.matrix import DesignMatrix
    from rustystats.inference.relativities import FactorEffect
    from rustystats.prepare import Model
    from rustystats.results.cv_result import CVResult
    from rustystats.solvers.problem import Fit, Problem
    from rustystats.typing import (
        Complement,
        CovType,
        Dispersion,
        Floats,
        FrameLike,
        MatrixLike,
        MaybeNone,
        Table,
        Vector,
    )


class Answers:
    """Base of the parts of `GLMResults`; the attributes are described there."""

    face: ClassVar[str]
    model: Model
    fit: Fit
    backend: Backend | None
    formula: str | None
    dispersion_choice: Dispersion
    cv_result: CVResult | MaybeNone  # None where the alpha was given
    data: Any
    feature_names: list[str]
    aliased: NDArray[np.bool_]
    params: Floats
    deviance: float
    converged: bool
    iterations: int
    message: str
    method: str
    separated: tuple[str, ...]
    nobs: int
    df_resid: int
    df_model: int
    family: str
    link: str
    response: str
    note: str

    def __init__(
        self,
        model: Model,
        fit: Fit,
        backend: Backend | None = None,
        formula: str | None = None,
        dispersion: Dispersion = None,
        *,
        cv_result: CVResult | None = None,
        data: FrameLike | None = None,
    ) -> None:
        self.model = model
        self.fit = fit
        self.backend = backend
        self.formula = formula
        self.dispersion_choice = dispersion
        self.cv_result = cv_result
        self.data = data
        self.feature_names = list(model.names)
        self.aliased = fit.aliased
        self.params = np.where(fit.aliased, np.nan, fit.coef)
        self.deviance = fit.deviance
        self.converged = fit.converged
        self.iterations = fit.n_iter
        self.message = fit.message
        self.method = fit.method
        self.separated = fit.separated
        self.nobs = model.problem.n_obs
        self.df_resid = self.nobs - fit.rank
        self.df_model = fit.rank - (model.problem.intercept is not None)
        family = model.problem.family
        self.family = family.name() if fit.parameter is None else family.label()
        self.link = model.problem.link.name()
        self.response = model.response

    def _given_or_fitted(self, data: Any, remedy: str = ": pass data=") -> Any:
        """The data given, or else those of the fit."""
        data = self.data if data is None else data
        if data is None:
            raise ValueError(f"the result does not hold the data of the fit{remedy}")
        return data

    if TYPE_CHECKING:  # what one part asks of another

        @property
        def _problem(self) -> Problem: ...
        @property
        def _weights(self) -> Floats: ...
        @property
        def _no_likelihood(self) -> tuple[str, str] | None: ...
        @property
        def linear_predictor(self) -> Floats: ...
        @property
        def fittedvalues(self) -> Floats: ...
        @property
        def cov_params_unscaled(self) -> Floats: ...
        @property
        def has_covariance(self) -> bool: ...
        @property
        def no_errors(self) -> str: ...
        @property
        def weights_name(self) -> str | None: ...
        @property
        def volume_name(self) -> str: ...
        @property
        def versions(self) -> dict[str, str]: ...
        @property
        def _bread(self) -> Floats: ...
        @property
        def _leverage(self) -> Floats: ...
        @property
        def _score_rows(self) -> tuple[Floats, Floats]: ...
        def bse(self) -> Floats: ...
        def cov_params(self) -> Floats: ...
        def _covariance(
            self, cov_type: CovType | None, groups: ArrayLike | None
        ) -> tuple[Floats, str | None]: ...
        def factor_effects(self, alpha: float = 0.05) -> list[FactorEffect]: ...
        def input_hashes(self) -> dict[str, str]: ...
        def scale(self) -> float: ...
        def aic(self) -> float: ...
        def llf(self) -> float: ...
        def null_deviance(self) -> float: ...
        def predict(self, data: MatrixLike) -> Floats: ...
        def _new_design(self, columns: Any) -> tuple[DesignMatrix, NDArray[np.bool_]]: ...
        def _frame(self, columns: dict[str, Any]) -> Table: ...
        def _read_rows(
            self,
            data: MatrixLike,
            exposure: Vector | None = None,
            offset: Vector | None = None,
            complement: Complement | None = None,
            names: Sequence[str] = (),
        ) -> tuple[Any, Floats | None, Floats | None]: ...
