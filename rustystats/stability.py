"""Stability selection of arrays: what a lasso selects on half of the rows, again and again.

As in `selection.py`, the design matrix is taken as it is. The formula face is
`FormulaGLM.stability_selection`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from rustystats.arrays import array_model
from rustystats.families import get_family
from rustystats.penalties import PenaltyOptions, alpha_grid
from rustystats.results.stability import find_stable

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rustystats.results.glm_results import GLMResults
    from rustystats.results.stability import StabilitySelection
    from rustystats.typing import Estimable, FamilyLike, LinkLike, PerColumn, RandomState


def stability_selection(
    y: ArrayLike,
    X: ArrayLike,
    family: FamilyLike = "gaussian",
    link: LinkLike | None = None,
    alphas: ArrayLike | None = None,
    n_alphas: int = 30,
    l1_ratio: float = 1.0,
    n_subsamples: int = 50,
    threshold: float = 0.6,
    max_iter: int = 100,
    tol: float = 1e-4,
    feature_names: Sequence[str] | None = None,
    random_state: RandomState = None,
    *,
    alpha_min_ratio: float = 0.05,
    max_false: float | None = None,
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
) -> StabilitySelection:
    """The share of halves of the rows on which the penalty selects each column.

    Parameters
    ----------
    y : (n,) response
    X : (n, p) design matrix, its intercept column (column 0) included
    family, link, var_power, theta, offset, weights, n_threads : as in `fit_glm`
    alphas : array-like, optional
        None takes `n_alphas`, log-spaced from the smallest alpha with an empty model down to
        `alpha_min_ratio` times that; of all rows, and the same for every half. How far they go
        decides what can be said: see `StabilitySelection`.
    n_alphas : int
    l1_ratio : float in (0, 1]
    n_subsamples : int, even
        Halves of the rows of weight above 0, in complementary pairs.
    threshold : float in (0.5, 1]
        Share of the halves on which a stable column is selected.
    max_iter, tol, feature_names : as in `regularization_path`
        What is 0 and what is not needs less accuracy than the coefficients do.
    random_state : int, numpy Generator or RandomState, optional
        Decides the halves.
    alpha_min_ratio : float in (0, 1)
    max_false : float, optional
        Only the alphas count down to which no more false selections are expected.
    exposure : (n,) array, optional
        Positive volumes; their logarithm is added to the linear predictor (log link).
    penalty_factor, lower_bounds, upper_bounds, standardize, prior_coef, group : as in `fit_glm`
        The same for every half, the scales of standardised columns too. With `prior_coef`, a column
        is selected where it is not at its prior coefficient.

    Returns
    -------
    StabilitySelection

    Raises
    ------
    ValueError
        If a parameter or the data are at fault.

    Warns
    -----
    ConvergenceWarning (scikit-learn's)
        If fits did not converge.

    Examples
    --------
    >>> import numpy as np
    >>> import rustystats as rs
    >>> rng = np.random.default_rng(0)
    >>> X = np.column_stack([np.ones(500), rng.normal(size=(500, 10))])
    >>> y = rng.poisson(np.exp(0.4 * X[:, 1] - 0.3 * X[:, 3]))
    >>> stable = rs.stability_selection(y, X, family="poisson", alpha_min_ratio=0.3, random_state=0)
    >>> stable.selected()
    ['x1', 'x3']
    >>> stable.expected_false() < 3
    True
    """
    family = get_family(family, var_power, theta)
    options = PenaltyOptions(
        l1_ratio, penalty_factor, lower_bounds, upper_bounds, standardize, prior_coef, group
    )
    grid = alpha_grid(alphas, n_alphas, alpha_min_ratio)
    model, columns = array_model(
        y, X, family, link, offset, weights, n_threads, exposure, feature_names
    )
    return find_stable(
        model,
        options,
        grid,
        n_subsamples=n_subsamples,
        threshold=threshold,
        max_false=max_false,
        random_state=random_state,
        tol=tol,
        max_iter=max_iter,
        columns=columns,
        backend=columns.backend,
    )
