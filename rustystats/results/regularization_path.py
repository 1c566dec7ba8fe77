"""RegularizationPath: coefficients along decreasing penalties, as a table, a chart, and results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rustystats import frames
from rustystats.charts import paths
from rustystats.results.glm_results import GLMResults

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from narwhals import Implementation as Backend
    from numpy.typing import NDArray

    from rustystats.prepare import Model
    from rustystats.solvers.path import Path
    from rustystats.typing import Floats, Table


class RegularizationPath:
    """Fits of one model along decreasing alphas.

    Not made by users: `lasso_path`, `regularization_path` and `FormulaGLM.regularization_path`
    return it. k is the number of alphas, p of design columns.

    Attributes
    ----------
    alphas : (k,) decreasing
    coefficients : (k, p), the intercept's column included
    deviances : (k,)
    deviance_explained : (k,) 1 - deviance / that of the unpenalised columns alone
    n_nonzero : (k,) int, coefficients that are not 0, the intercept apart
    converged : (k,) bool
    kkt : (k,) largest violation of the conditions for a minimum, relative to the null model's
    n_passes : (k,) int, passes over the rows that each fit took beyond the one before
    l1_ratio : float
    feature_names : list of the p column names

    Examples
    --------
    >>> import rustystats as rs
    >>> data = rs.datasets.make_motor_portfolio(5_000, seed=1)
    >>> model = rs.glm("ClaimNb ~ BonusMalus + C(Area)", data, family="poisson",
    ...                exposure="Exposure")
    >>> path = model.regularization_path(n_alphas=8)
    >>> path.coefficients.shape, path.n_nonzero.tolist()
    ((8, 7), [0, 1, 1, 1, 2, 5, 5, 6])
    >>> path.deviance_explained.round(3)
    array([0.   , 0.014, 0.015, 0.015, 0.016, 0.019, 0.02 , 0.02 ])
    """

    alphas: Floats
    coefficients: Floats
    deviances: Floats
    deviance_explained: Floats
    n_nonzero: NDArray[np.intp]
    converged: NDArray[np.bool_]
    kkt: Floats
    n_passes: NDArray[np.intp]
    l1_ratio: float
    feature_names: list[str]

    def __init__(
        self,
        model: Model,
        path: Path,
        backend: Backend | None = None,
        formula: str | None = None,
        results: Callable[..., GLMResults] = GLMResults,
    ) -> None:
        self._model, self._path = model, path
        self._backend, self._formula, self._results = backend, formula, results
        self.alphas = path.alphas
        penalty = model.problem.penalty
        assert penalty is not None  # a path has one
        self.l1_ratio = penalty.l1_ratio
        self.coefficients = np.array([fit.coef for fit in path.fits])
        self.deviances = np.array([fit.deviance for fit in path.fits])
        self.converged = np.array([fit.converged for fit in path.fits])
        self.kkt = np.array([fit.kkt for fit in path.fits])
        self.n_passes = path.n_passes
        self.feature_names = list(model.names)
        null = path.null_deviance
        self.deviance_explained = 1.0 - self.deviances / null if null > 0 else 0.0 * self.deviances
        penalised = np.delete(self.coefficients != 0, self._intercept, axis=1)
        self.n_nonzero = penalised.sum(axis=1)

    @property
    def _intercept(self) -> list[int]:
        intercept = self._model.problem.intercept
        return [] if intercept is None else [intercept]

    def __len__(self) -> int:
        return len(self.alphas)

    def result(self, index: int) -> GLMResults:
        """The fit at one alpha, as `GLMResults`.

        Parameters
        ----------
        index : int
            Position in `alphas`.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(5_000, seed=1)
        >>> path = rs.glm("ClaimNb ~ VehPower + C(Area)", data, family="poisson",
        ...               exposure="Exposure").regularization_path(n_alphas=10)
        >>> path.result(0).n_nonzero()
        0
        """
        model = replace(self._model, problem=self._model.problem.at(self.alphas[index]))
        return self._results(model, self._path.fits[index], self._backend, self._formula)

    def to_dataframe(self) -> Table:
        """A table with `alpha` and one column of coefficients a design column, k rows.

        A column whose name is alpha too has its position with it: `alpha[2]`.

        Examples
        --------
        >>> import numpy as np
        >>> import rustystats as rs
        >>> X = np.column_stack([np.ones(4), [0.0, 1.0, 2.0, 3.0]])
        >>> path = rs.lasso_path([1.0, 2.0, 4.0, 8.0], X, n_alphas=3, feature_names=["one", "x"])
        >>> list(path.to_dataframe().columns)
        ['alpha', 'one', 'x']
        """
        table = {"alpha": self.alphas}
        for position, name in enumerate(self.feature_names):
            key = f"{name}[{position}]" if name in table else name
            table[key] = self.coefficients[:, position]
        return frames.make_frame(table, self._backend)

    def plot(
        self, ax: Axes | None = None, log_scale: bool = True, show_legend: bool = True
    ) -> Axes:
        """Coefficients against alpha, the intercept's apart.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        log_scale : bool
            Whether the axis of alphas is logarithmic (an alpha of 0 is left out then).
        show_legend : bool
            Whether the largest coefficients are named.

        Returns
        -------
        matplotlib Axes

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(5_000, seed=1)
        >>> model = rs.glm("ClaimNb ~ BonusMalus + C(Area)", data, family="poisson",
        ...                exposure="Exposure")
        >>> path = model.regularization_path(n_alphas=8)
        >>> path.plot().get_xscale()
        'log'
        """
        size = np.max(np.abs(self.coefficients), axis=0)
        largest = np.argsort(-size, kind="stable")
        order = [j for j in largest if j not in self._intercept]
        last = self.coefficients[-1]
        named = [j for j in order if last[j] != 0][: paths.LABELLED] if show_legend else []
        labels = [self.feature_names[j] if j in named else None for j in order]
        curves = self.coefficients[:, order]
        return paths.coefficient_path(self.alphas, curves, labels, logarithmic=log_scale, ax=ax)

    def __repr__(self) -> str:
        return (
            f"<RegularizationPath: {len(self)} alphas from {self.alphas[0]:.4g} to "
            f"{self.alphas[-1]:.4g}, l1_ratio={self.l1_ratio:g}, {self.n_nonzero[0]} to "
            f"{self.n_nonzero[-1]} of {len(self.feature_names) - len(self._intercept)} "
            "coefficients>"
        )
