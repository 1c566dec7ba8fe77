"""CVResult: the alpha that predicts unseen rows best, as numbers, table and chart."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from rustystats import frames
from rustystats.charts import paths
from rustystats.results.glm_results import GLMResults
from rustystats.results.regularization_path import RegularizationPath

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from narwhals import Implementation as Backend

    from rustystats.cross_validate import CVRun
    from rustystats.typing import Floats, Scoring, Table


class CVResult:
    """Alphas scored by cross-validation.

    Not made by users: `cv_glm` and its kin return it, and it is ``result.cv_result`` of a formula
    fit with ``cv=`` and ``GLMRegressorCV.cv_result_``. k is the number of alphas. Where several
    l1_ratios were tried, everything is of the best of them; `to_dataframe` has all.

    A score is the negative mean deviance of the rows held out, per unit of weight, or per unit of
    exposure x weight for a model with an exposure; or what `scoring` says. Higher is better.

    Attributes
    ----------
    alphas : (k,) decreasing
    l1_ratio : float, of the best score
    l1_ratios : tuple of those tried
    scores : (k, n_folds)
    scores_mean : (k,) mean over the folds, weighted by their units
    scores_std : (k,) standard error of that mean over folds with score s and unit u,
        ``sqrt(sum u (s - mean)^2 / sum u / (n_folds - 1))``; NaN for a single fold
    units : (n_folds,) exposure x weight, or weight, of the rows held out
    alpha_best : float, of the highest mean score; the largest where several share it
    alpha_1se : float, the largest whose mean score is within one standard error of the best
    score_best : float
    n_nonzero_best : int, coefficients that are not 0 at alpha_best, the intercept apart
    n_folds : int
    scoring : str or callable
    path : RegularizationPath, of all rows
    best_result, result_1se : GLMResults, the fits of all rows at alpha_best and alpha_1se

    Examples
    --------
    >>> import rustystats as rs
    >>> data = rs.datasets.make_motor_portfolio(5_000, seed=1)
    >>> model = rs.glm("ClaimNb ~ BonusMalus + C(Area)", data, family="poisson",
    ...                exposure="Exposure")
    >>> result = model.fit(regularization="lasso", cv=3, n_alphas=8, random_state=0)
    >>> scores = result.cv_result
    >>> scores.scores.shape, scores.alpha_1se >= scores.alpha_best
    ((8, 3), True)
    >>> scores.best_result.alpha == result.alpha
    True
    """

    alphas: Floats
    l1_ratio: float
    l1_ratios: tuple[float, ...]
    scores: Floats
    scores_mean: Floats
    scores_std: Floats
    units: Floats
    alpha_best: float
    alpha_1se: float
    score_best: float
    n_nonzero_best: int
    n_folds: int
    scoring: Scoring
    path: RegularizationPath

    def __init__(
        self,
        runs: list[CVRun],
        scoring: Scoring = "deviance",
        backend: Backend | None = None,
        formula: str | None = None,
        results: Callable[..., GLMResults] = GLMResults,
    ) -> None:
        self._paths = [
            RegularizationPath(run.model, run.path, backend, formula, results) for run in runs
        ]
        summaries = [_summary(run.scores, run.units) for run in runs]
        best = [_best(mean) for mean, _ in summaries]
        ranks = [
            (_comparable(mean)[at], path.l1_ratio)
            for (mean, _), path, at in zip(summaries, self._paths, best, strict=True)
        ]
        chosen = max(range(len(runs)), key=ranks.__getitem__)
        if ranks[chosen][0] == -np.inf:
            raise ValueError(
                f"no alpha has a finite score in all folds (scoring={scoring!r}): use fewer folds, "
                "a link that keeps the means inside the domain, or another scoring"
            )
        self._runs, self._run, self._index = runs, runs[chosen], best[chosen]
        self._backend, self._formula, self._results = backend, formula, results
        self.scoring = scoring
        self.path = self._paths[chosen]
        self.alphas, self.l1_ratio = self.path.alphas, self.path.l1_ratio
        self.l1_ratios = tuple(path.l1_ratio for path in self._paths)
        self.scores, self.units = self._run.scores, self._run.units
        self.n_folds = self.scores.shape[1]
        self.scores_mean, self.scores_std = summaries[chosen]
        self._index_1se = _within_one_error(self.scores_mean, self.scores_std, self._index)
        self.alpha_best = float(self.alphas[self._index])
        self.alpha_1se = float(self.alphas[self._index_1se])
        self.score_best = float(self.scores_mean[self._index])
        self.n_nonzero_best = int(self.path.n_nonzero[self._index])

    @cached_property
    def best_result(self) -> GLMResults:
        """The fit of all rows at `alpha_best`."""
        return self._result(self._index)

    @cached_property
    def result_1se(self) -> GLMResults:
        """The fit of all rows at `alpha_1se`."""
        return self._result(self._index_1se)

    def chosen(self, selection: Literal["min", "1se"]) -> GLMResults:
        """`best_result` for "min", `result_1se` for "1se".

        Parameters
        ----------
        selection : {"min", "1se"}

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(5_000, seed=1)
        >>> model = rs.glm("ClaimNb ~ BonusMalus + C(Area)", data, family="poisson",
        ...                exposure="Exposure")
        >>> result = model.fit(regularization="lasso", cv=3, n_alphas=8, random_state=0)
        >>> result.cv_result.chosen("1se").alpha == result.cv_result.alpha_1se
        True
        """
        return self.best_result if selection == "min" else self.result_1se

    def _result(self, index: int) -> GLMResults:
        model, fit = self._run.fit(index)
        return self._results(model, fit, self._backend, self._formula)

    def to_dataframe(self) -> Table:
        """A table with a row for each l1_ratio and alpha.

        Columns: l1_ratio, alpha, score_mean, score_std, n_nonzero, and the score of each fold,
        fold_1 and on.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(5_000, seed=1)
        >>> model = rs.glm("ClaimNb ~ VehPower + C(Area)", data, family="poisson",
        ...                exposure="Exposure")
        >>> result = model.fit(regularization="lasso", cv=3, n_alphas=4, random_state=0)
        >>> result.cv_result.to_dataframe().shape
        (4, 8)
        """
        parts = []
        for run, path in zip(self._runs, self._paths, strict=True):
            mean, error = _summary(run.scores, run.units)
            columns = [np.full(len(mean), path.l1_ratio), path.alphas, mean, error]
            parts.append((*columns, path.n_nonzero, *run.scores.T))
        names = ["l1_ratio", "alpha", "score_mean", "score_std", "n_nonzero"]
        names += [f"fold_{number}" for number in range(1, self.n_folds + 1)]
        columns = [np.concatenate(values) for values in zip(*parts, strict=True)]
        return frames.make_frame(dict(zip(names, columns, strict=True)), self._backend)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Mean scores with their standard errors against alpha, and what was chosen.

        Along the top stands the number of coefficients that are not 0.

        Parameters
        ----------
        ax : matplotlib Axes, optional

        Returns
        -------
        matplotlib Axes

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(5_000, seed=1)
        >>> model = rs.glm("ClaimNb ~ BonusMalus + C(Area)", data, family="poisson",
        ...                exposure="Exposure")
        >>> result = model.fit(regularization="lasso", cv=3, n_alphas=8, random_state=0)
        >>> result.cv_result.plot().get_xscale()
        'log'
        """
        return paths.cross_validation(
            self.alphas,
            self.scores_mean,
            self.scores_std,
            self.path.n_nonzero,
            best=self.alpha_best,
            one_error=self.alpha_1se,
            score=self.scoring if isinstance(self.scoring, str) else _name(self.scoring),
            ax=ax,
        )

    def __repr__(self) -> str:
        ratios = f", l1_ratio={self.l1_ratio:g}"
        if len(self.l1_ratios) > 1:
            ratios += f" of {len(self.l1_ratios)}"
        return (
            f"<CVResult: {self.n_folds} folds, {len(self.alphas)} alphas{ratios}, best alpha="
            f"{self.alpha_best:.4g} with {self.n_nonzero_best} coefficients, within one standard "
            f"error alpha={self.alpha_1se:.4g} with {self.path.n_nonzero[self._index_1se]}>"
        )


def _name(scoring: object) -> str:
    return getattr(scoring, "__name__", type(scoring).__name__)


def _summary(scores: Floats, units: Floats) -> tuple[Floats, Floats]:
    """Mean over the folds and its standard error, two (k,) arrays."""
    share = units / units.sum()
    with np.errstate(invalid="ignore", divide="ignore"):  # infinite scores; a single fold
        mean = scores @ share
        variance = np.square(scores - mean[:, None]) @ share / np.float64(len(units) - 1)
    return mean, np.sqrt(variance)


def _comparable(mean: Floats) -> Floats:
    """The means, NaN below all others."""
    return np.where(np.isnan(mean), -np.inf, mean)


def _best(mean: Floats) -> int:
    """Position of the highest mean, the first (of the largest alpha) of equals."""
    return int(np.argmax(_comparable(mean)))


def _within_one_error(mean: Floats, error: Floats, best: int) -> int:
    """Position of the largest alpha whose mean is within one standard error of the best."""
    if not np.isfinite(error[best]):
        return best
    return int(np.argmax(mean >= mean[best] - error[best]))
