"""What the parts of `GLMResults` know of the whole: declarations for type checkers alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import numpy as np
    from narwhals import Implementation
    from numpy.typing import NDArray

    from rustystats.inference.relativities import FactorEffect
    from rustystats.prepare import Model
    from rustystats.results.cv_result import CVResult
    from rustystats.solvers.problem import Fit, Problem
    from rustystats.typing import (
        Complement,
        Dispersion,
        Floats,
        MatrixLike,
        Table,
        Vector,
    )


class Answers:
    """Base of the parts of `GLMResults`, which makes the attributes; each method is of one part."""

    face: ClassVar[str]
    model: Model
    fit: Fit
    backend: Implementation | None
    formula: str | None
    dispersion_choice: Dispersion
    cv_result: CVResult | None
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

    if TYPE_CHECKING:

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
        def factor_effects(self, alpha: float = 0.05) -> list[FactorEffect]: ...
        def input_hashes(self) -> dict[str, str]: ...
        def scale(self) -> float: ...
        def aic(self) -> float: ...
        def llf(self) -> float: ...
        def null_deviance(self) -> float: ...
        def predict(self, data: MatrixLike) -> Floats: ...
        def _frame(self, columns: dict[str, Any]) -> Table: ...
        def _read_rows(
            self,
            data: MatrixLike,
            exposure: Vector | None = None,
            offset: Vector | None = None,
            complement: Complement | None = None,
            names: Sequence[str] = (),
        ) -> tuple[Any, Floats | None, Floats | None]: ...
