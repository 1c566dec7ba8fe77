"""`GLMRegressorCV`: a `GLMRegressor` that chooses its penalty by cross-validation."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from numbers import Integral
from typing import TYPE_CHECKING, Literal, Self

from rustystats.cross_validate import CVOptions, check_l1_ratios, cross_validate
from rustystats.estimators.glm import GLMRegressor
from rustystats.fitting import check_dispersion
from rustystats.results import CVResult, GLMResults

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rustystats.typing import (
        Dispersion,
        Estimable,
        FamilyLike,
        Floats,
        Folds,
        HandleMissing,
        HandleUnknown,
        LinkLike,
        MatrixLike,
        PerColumn,
        RandomState,
        Scoring,
        Vector,
    )


class GLMRegressorCV(GLMRegressor):
    """Generalized linear model whose penalty is chosen by cross-validation.

    Of each l1_ratio a path of alphas is fitted to all rows and to the training rows of each fold;
    the alpha whose fits predict the rows held out best is that of the final fit, to all rows. There
    is no `warm_start`: a path begins where all penalised coefficients are 0, whatever was before.

    Parameters
    ----------
    family, link, var_power, theta : as in `GLMRegressor`
        "auto", and so a negative binomial without theta, is not possible here: give a number.
    l1_ratio : float in [0, 1] or list of float, default=1.0
        Share of the L1 penalty: 0 ridge, 1 lasso, between them elastic net; of a list the best.
    alphas : array-like, optional
        Those to choose from, above 0. None takes `n_alphas`, log-spaced from the smallest alpha
        with an empty model down to `alpha_min_ratio` times that.
    n_alphas : int, default=50
    alpha_min_ratio : float in (0, 1), default=1e-4
    cv : int, splitter of scikit-learn, or iterable of (train, test) rows, default=5
        A whole number of folds takes the rows in random order.
    scoring : "deviance", "mse", "mae" or callable, default="deviance"
        A callable takes (y, mu, weights) of the rows held out and returns a number, higher is
        better. See `CVResult` for the deviance.
    selection : "min" or "1se", default="min"
        The alpha of the best score, or the largest within one standard error of it.
    random_state : int, numpy Generator or RandomState, optional
        Decides the random order of a whole number of folds. Beside any other cv it has no effect,
        since scikit-learn sets it on every estimator that has one.
    penalty_factor, lower_bounds, upper_bounds, standardize, prior_coef, group : as in
        `GLMRegressor`; the same in every fold
    formula, exposure, offset, sample_weight, fit_intercept, handle_unknown, handle_missing,
    dispersion, seed, n_threads : as in `GLMRegressor`
    tol : float, default=1e-7
        Largest violation of the conditions for a minimum, relative to the null model's.
    max_iter : int, default=100
        Most steps for each alpha.
    verbose : bool, default=False
        Whether to report each fold on standard error, by tqdm on a terminal where it is installed.

    Attributes
    ----------
    alpha_, l1_ratio_ : float, those chosen
    alphas_ : (k,) ndarray, decreasing, of the l1_ratio chosen
    cv_result_ : CVResult
        Scores, path, table and chart.
    coef_, intercept_, result_ and all others of `GLMRegressor`
        Of the final fit.

    Examples
    --------
    >>> import numpy as np
    >>> from rustystats import GLMRegressorCV
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(1000, 6))
    >>> y = rng.poisson(np.exp(0.5 + X @ [0.3, -0.2, 0, 0, 0, 0]))
    >>> model = GLMRegressorCV(family="poisson", selection="1se", random_state=0).fit(X, y)
    >>> model.coef_.round(1)
    array([ 0.2, -0.1,  0. ,  0. ,  0. ,  0. ])
    >>> bool(model.alpha_ == model.cv_result_.alpha_1se)
    True
    """

    alpha_: float
    l1_ratio_: float
    alphas_: Floats
    cv_result_: CVResult

    def __init__(
        self,
        family: FamilyLike = "gaussian",
        link: LinkLike | None = None,
        *,
        var_power: Estimable = None,
        theta: Estimable = None,
        l1_ratio: float | Sequence[float] = 1.0,
        alphas: ArrayLike | None = None,
        n_alphas: int = 50,
        alpha_min_ratio: float = 1e-4,
        cv: Folds = 5,
        scoring: Scoring = "deviance",
        selection: Literal["min", "1se"] = "min",
        random_state: RandomState = None,
        penalty_factor: PerColumn | None = None,
        lower_bounds: PerColumn | None = None,
        upper_bounds: PerColumn | None = None,
        standardize: bool = False,
        prior_coef: PerColumn | GLMResults | None = None,
        group: Literal["term"] | ArrayLike | None = None,
        formula: str | None = None,
        exposure: str | None = None,
        offset: str | None = None,
        sample_weight: str | None = None,
        fit_intercept: bool = True,
        handle_unknown: HandleUnknown = "error",
        handle_missing: HandleMissing = "error",
        dispersion: Dispersion = None,
        tol: float = 1e-7,
        max_iter: int = 100,
        seed: int = 0,
        n_threads: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.family = family
        self.link = link
        self.var_power = var_power
        self.theta = theta
        self.l1_ratio = l1_ratio  # type: ignore[assignment]
        self.alphas = alphas
        self.n_alphas = n_alphas
        self.alpha_min_ratio = alpha_min_ratio
        self.cv = cv
        self.scoring = scoring
        self.selection = selection
        self.random_state = random_state
        self.penalty_factor = penalty_factor
        self.lower_bounds = lower_bounds
        self.upper_bounds = upper_bounds
        self.standardize = standardize
        self.prior_coef = prior_coef
        self.group = group
        self.formula = formula
        self.exposure = exposure
        self.offset = offset
        self.sample_weight = sample_weight
        self.fit_intercept = fit_intercept
        self.handle_unknown = handle_unknown
        self.handle_missing = handle_missing
        self.dispersion = dispersion
        self.tol = tol
        self.max_iter = max_iter
        self.seed = seed
        self.n_threads = n_threads
        self.verbose = verbose

    def fit(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: Vector | None = None,
        offset: Vector | None = None,
        exposure: Vector | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Choose the penalty, and fit the model with it.

        Parameters
        ----------
        X, y, sample_weight, offset, exposure : as in `GLMRegressor.fit`
        groups : (n,) labels, optional
            Rows of one group are never parted. For a whole number of folds and splitters that use
            them.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If data, parameters or folds are at fault; the estimator keeps its former state.

        Warns
        -----
        ConvergenceWarning (scikit-learn's), UserWarning
            If fits did not converge; if a column is 0 in all rows that a fold is fitted to.
        """
        if isinstance(groups, str):
            raise ValueError(
                f"groups={groups!r} names a column: pass its values, X[{groups!r}], and leave it "
                "out of the features"
            )
        dispersion = check_dispersion(self.dispersion)
        ratios = check_l1_ratios(self.l1_ratio)
        options = CVOptions(
            self.cv,
            self.selection,
            self.alphas,
            self.n_alphas,
            self.alpha_min_ratio,
            groups,
            self.random_state if isinstance(self.cv, Integral) else None,
            self.scoring,
            self.verbose,
        )
        penalty = self._penalty_options(ratios[0])
        model, columns, features = self._prepare(X, y, sample_weight, offset, exposure)
        runs = cross_validate(
            model,
            penalty,
            ratios,
            options,
            tol=self.tol,
            max_iter=self.max_iter,
            columns=columns,
        )
        results = partial(GLMResults, dispersion=dispersion)
        found = CVResult(runs, self.scoring, columns.backend, self.formula, results)
        result = found.chosen(self.selection)
        self._keep(
            features,
            result,
            alpha_=result.alpha,
            l1_ratio_=found.l1_ratio,
            alphas_=found.alphas,
            cv_result_=found,
        )
        return self
