"""Paths and cross-validation of arrays: `regularization_path` (also called `lasso_path`), `cv_glm`.

As in `arrays.py`, the design matrix is taken as it is, and its column 0 is the intercept if and
only if it is constant and not zero. Alphas are on the scale of the mean half deviance.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Unpack

from rustystats.arrays import array_model
from rustystats.cross_validate import CVOptions, check_l1_ratios, cross_validate
from rustystats.families import get_family
from rustystats.fitting import trace_path
from rustystats.penalties import PenaltyOptions, alpha_grid
from rustystats.results import CVResult, RegularizationPath
from rustystats.results.array_results import ArrayResults

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rustystats.results.glm_results import GLMResults
    from rustystats.typing import (
        CVGLMOptions,
        Estimable,
        FamilyLike,
        Folds,
        LinkLike,
        PerColumn,
        RandomState,
        Scoring,
    )


def regularization_path(
    y: ArrayLike,
    X: ArrayLike,
    family: FamilyLike = "gaussian",
    link: LinkLike | None = None,
    alphas: ArrayLike | None = None,
    n_alphas: int = 100,
    l1_ratio: float = 1.0,
    max_iter: int = 100,
    tol: float = 1e-7,
    feature_names: Sequence[str] | None = None,
    *,
    alpha_min_ratio: float = 1e-4,
    var_power: Estimable = None,
    theta: Estimable = None,
    offset: ArrayLike | None = None,
    exposure: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    penalty_factor: PerColumn | None = None,
    lower_bounds: PerColumn | None = None,
    upper_bounds: PerColumn | None = None,
    standardize: bool = False,
    prior_coef: PerColumn | GLMResults | None = None,
    group: Literal["term"] | ArrayLike | None = None,
    n_threads: int | None = None,
    verbose: bool = False,
) -> RegularizationPath:
    """Fit a model to arrays along decreasing penalties.

    Parameters
    ----------
    y : (n,) response
    X : (n, p) design matrix, its intercept column (column 0) included
    family, link, var_power, theta, offset, weights, n_threads : as in `fit_glm`
    alphas : array-like, optional
        None takes `n_alphas`, log-spaced from the smallest alpha with an empty model down to
        `alpha_min_ratio` times that.
    n_alphas : int
    l1_ratio : float in [0, 1]
        1 for the lasso, 0 for ridge.
    max_iter : int
        Most steps for each alpha.
    tol : float
        Largest violation of the conditions for a minimum, relative to the null model's.
    feature_names : list of p names, optional
        x0, x1, ... without.
    alpha_min_ratio : float in (0, 1)
    exposure : (n,) array, optional
        Positive volumes; their logarithm is added to the linear predictor (log link).
    penalty_factor, lower_bounds, upper_bounds, standardize, prior_coef, group : as in `fit_glm`
    verbose : bool
        Whether to report each alpha on standard error, by tqdm on a terminal where it is installed.

    Returns
    -------
    RegularizationPath

    Examples
    --------
    >>> import numpy as np
    >>> import rustystats as rs
    >>> rng = np.random.default_rng(0)
    >>> X = np.column_stack([np.ones(500), rng.normal(size=(500, 3))])
    >>> y = rng.poisson(np.exp(X @ [0.1, 0.5, 0.0, -0.3]))
    >>> path = rs.lasso_path(y, X, family="poisson", n_alphas=5)
    >>> path.n_nonzero.tolist()
    [0, 2, 3, 3, 3]
    """
    family = get_family(family, var_power, theta)
    options = PenaltyOptions(
        l1_ratio, penalty_factor, lower_bounds, upper_bounds, standardize, prior_coef, group
    )
    grid = alpha_grid(alphas, n_alphas, alpha_min_ratio)
    model, columns = array_model(
        y, X, family, link, offset, weights, n_threads, exposure, feature_names
    )
    model, path = trace_path(
        model, options, grid, tol=tol, max_iter=max_iter, columns=columns, verbose=verbose
    )
    return RegularizationPath(model, path, columns.backend, results=ArrayResults)


lasso_path = regularization_path


def cv_glm(
    y: ArrayLike,
    X: ArrayLike,
    family: FamilyLike = "gaussian",
    link: LinkLike | None = None,
    alphas: ArrayLike | None = None,
    n_alphas: int = 50,
    l1_ratio: float | Sequence[float] = 1.0,
    cv: Folds = 5,
    max_iter: int = 100,
    tol: float = 1e-7,
    scoring: Scoring = "deviance",
    random_state: RandomState = None,
    *,
    groups: ArrayLike | None = None,
    alpha_min_ratio: float = 1e-4,
    var_power: Estimable = None,
    theta: Estimable = None,
    offset: ArrayLike | None = None,
    exposure: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    penalty_factor: PerColumn | None = None,
    lower_bounds: PerColumn | None = None,
    upper_bounds: PerColumn | None = None,
    standardize: bool = False,
    prior_coef: PerColumn | GLMResults | None = None,
    group: Literal["term"] | ArrayLike | None = None,
    feature_names: Sequence[str] | None = None,
    n_threads: int | None = None,
    verbose: bool = False,
) -> CVResult:
    """Choose the penalty of a model of arrays by cross-validation.

    Parameters
    ----------
    y : (n,) response
    X : (n, p) design matrix, its intercept column (column 0) included
    family, link, var_power, theta, offset, weights, n_threads : as in `fit_glm`
    alphas, n_alphas, alpha_min_ratio : as in `regularization_path`
        The alphas to choose from, above 0.
    l1_ratio : float in [0, 1] or list of float
        Several are tried one after the other, each with alphas of its own.
    cv : int, splitter of scikit-learn, or iterable of (train, test) rows
        A whole number of folds takes the rows in random order.
    max_iter, tol, feature_names : as in `regularization_path`
    scoring : "deviance", "mse", "mae" or callable
        A callable takes (y, mu, weights) of the rows held out and returns a number, higher is
        better. See `CVResult` for the deviance; errors are means weighted by the weights.
    random_state : int, numpy Generator or RandomState, optional
        Decides the random order of a whole number of folds.
    groups : (n,) labels, optional
        Rows of one group are never parted. For a whole number of folds and splitters that use them.
    exposure : (n,) array, optional
        Positive volumes; their logarithm is added to the linear predictor (log link).
    penalty_factor, lower_bounds, upper_bounds, standardize, prior_coef, group : as in `fit_glm`
        The same in every fold; the scales of standardised columns are those of all rows.
    verbose : bool
        Whether to report each fold on standard error, by tqdm on a terminal where it is installed.

    Returns
    -------
    CVResult

    Raises
    ------
    ValueError
        If a parameter, the data or the folds are at fault; of the folds before anything is fitted.

    Warns
    -----
    ConvergenceWarning (scikit-learn's), UserWarning
        If fits did not converge; if a column is 0 in all rows that a fold is fitted to.

    Examples
    --------
    >>> import numpy as np
    >>> import rustystats as rs
    >>> rng = np.random.default_rng(0)
    >>> X = np.column_stack([np.ones(500), rng.normal(size=(500, 5))])
    >>> y = rng.poisson(np.exp(X @ [0.1, 0.5, 0.0, -0.3, 0.0, 0.0]))
    >>> chosen = rs.cv_glm(y, X, family="poisson", random_state=0)
    >>> chosen.alpha_1se > chosen.alpha_best
    True
    >>> chosen.result_1se.selected_features()
    [1, 2, 3]
    """
    family = get_family(family, var_power, theta)
    ratios = check_l1_ratios(l1_ratio)
    penalty = PenaltyOptions(
        ratios[0], penalty_factor, lower_bounds, upper_bounds, standardize, prior_coef, group
    )
    options = CVOptions(
        cv, "min", alphas, n_alphas, alpha_min_ratio, groups, random_state, scoring, verbose
    )
    model, columns = array_model(
        y, X, family, link, offset, weights, n_threads, exposure, feature_names
    )
    runs = cross_validate(
        model, penalty, ratios, options, tol=tol, max_iter=max_iter, columns=columns
    )
    return CVResult(runs, scoring, columns.backend, results=ArrayResults)


def cv_lasso(
    y: ArrayLike,
    X: ArrayLike,
    family: FamilyLike = "gaussian",
    link: LinkLike | None = None,
    **options: Unpack[CVGLMOptions],
) -> CVResult:
    """`cv_glm` with l1_ratio=1.

    Parameters
    ----------
    y : (n,) response
    X : (n, p) design matrix, its intercept column (column 0) included
    family, link : as in `cv_glm`
    **options : the others of `cv_glm`

    Examples
    --------
    >>> import numpy as np
    >>> import rustystats as rs
    >>> rng = np.random.default_rng(0)
    >>> X = np.column_stack([np.ones(500), rng.normal(size=(500, 3))])
    >>> y = rng.poisson(np.exp(X @ [0.1, 0.5, 0.0, -0.3]))
    >>> rs.cv_lasso(y, X, family="poisson", random_state=0).best_result.selected_features()
    [1, 2, 3]
    """
    return cv_glm(y, X, family, link, l1_ratio=1.0, **options)


def cv_ridge(
    y: ArrayLike,
    X: ArrayLike,
    family: FamilyLike = "gaussian",
    link: LinkLike | None = None,
    **options: Unpack[CVGLMOptions],
) -> CVResult:
    """`cv_glm` with l1_ratio=0.

    Parameters
    ----------
    y : (n,) response
    X : (n, p) design matrix, its intercept column (column 0) included
    family, link : as in `cv_glm`
    **options : the others of `cv_glm`

    Examples
    --------
    >>> import numpy as np
    >>> import rustystats as rs
    >>> rng = np.random.default_rng(0)
    >>> X = np.column_stack([np.ones(500), rng.normal(size=(500, 3))])
    >>> y = rng.poisson(np.exp(X @ [0.1, 0.5, 0.0, -0.3]))
    >>> rs.cv_ridge(y, X, family="poisson", random_state=0).l1_ratio
    0.0
    """
    return cv_glm(y, X, family, link, l1_ratio=0.0, **options)


def cv_elasticnet(
    y: ArrayLike,
    X: ArrayLike,
    family: FamilyLike = "gaussian",
    link: LinkLike | None = None,
    l1_ratio: float | Sequence[float] = 0.5,
    **options: Unpack[CVGLMOptions],
) -> CVResult:
    """`cv_glm` with an l1_ratio of 0.5, or one or several others.

    Parameters
    ----------
    y : (n,) response
    X : (n, p) design matrix, its intercept column (column 0) included
    family, link, l1_ratio : as in `cv_glm`
    **options : the others of `cv_glm`

    Examples
    --------
    >>> import numpy as np
    >>> import rustystats as rs
    >>> rng = np.random.default_rng(0)
    >>> X = np.column_stack([np.ones(500), rng.normal(size=(500, 3))])
    >>> y = rng.poisson(np.exp(X @ [0.1, 0.5, 0.0, -0.3]))
    >>> chosen = rs.cv_elasticnet(y, X, family="poisson", l1_ratio=[0.2, 0.8], random_state=0)
    >>> chosen.l1_ratios
    (0.2, 0.8)
    """
    return cv_glm(y, X, family, link, l1_ratio=l1_ratio, **options)
