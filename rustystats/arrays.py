"""The array face: a response and a design matrix go in, results come out.

This is the API that rustystats began with, on today's engine: `fit_glm`, `fit_negbinomial`, `GLM`,
`predict`, `summary`, `summary_relativities` and shorthands for common models.

The design matrix is taken as it is: nothing is added to it. Its column 0 is the intercept if and
only if it is constant and not zero; the intercept is never penalised, and the null model keeps it.

What differs from the first rustystats:

* `alpha` is on the scale of the mean half deviance: divide an alpha of old by the sum of the
  weights. A negative one, and an `l1_ratio` outside [0, 1], raise.
* Standard errors use the Pearson dispersion for every family that has one, and 1 for the negative
  binomial.
* `theta` and `var_power` beside another family raise; not given, they are None here and 1.0 and 1.5
  in the fit. Theta is looked for between 1e-4 and 1e7; counts that are not overdispersed warn.
* `max_iter` is 100 and `max_theta_iter` 50: a fit that does not converge warns.
* `predict` uses the link of the fit, and asks for an offset where the fit had one.
* Data that are NaN or outside the family's support raise. Text tables are 86 columns wide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, Unpack

import numpy as np

from rustystats.checks import check_count, check_tol
from rustystats.design.blocks import as_array
from rustystats.families import NegativeBinomial, get_family
from rustystats.fitting import check_dispersion, solve
from rustystats.inference.summary import relativities_text
from rustystats.links import get_link, named_link
from rustystats.messages import checked_names
from rustystats.penalties import PenaltyOptions
from rustystats.prepare import prepare
from rustystats.results import GLMResults
from rustystats.results.array_results import ArrayResults
from rustystats.terms.array import ArrayColumns, ArrayFactor
from rustystats.terms.term import ModelTerms, Term

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from rustystats.families.base import FamilyMixin
    from rustystats.prepare import Model
    from rustystats.typing import (
        ArrayFitOptions,
        CovType,
        Dispersion,
        Estimable,
        FamilyLike,
        FitOptions,
        Floats,
        LinkLike,
        LinkName,
        PerColumn,
    )


def fit_glm(
    y: ArrayLike,
    X: ArrayLike,
    family: FamilyLike = "gaussian",
    link: LinkLike | None = None,
    var_power: Estimable = None,
    theta: Estimable = None,
    offset: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    alpha: float = 0.0,
    l1_ratio: float = 0.0,
    max_iter: int = 100,
    tol: float = 1e-8,
    *,
    penalty_factor: PerColumn | None = None,
    lower_bounds: PerColumn | None = None,
    upper_bounds: PerColumn | None = None,
    standardize: bool = False,
    prior_coef: PerColumn | GLMResults | None = None,
    group: Literal["term"] | ArrayLike | None = None,
    dispersion: Dispersion = None,
    n_threads: int | None = None,
) -> GLMResults:
    """Fit a generalized linear model to arrays.

    Parameters
    ----------
    y : (n,) response
    X : (n, p) design matrix, its intercept column (column 0) included
    family : str or family object
        See `rustystats.families`.
    link : str, link object or None
        None takes the family's default; see `rustystats.links`.
    var_power : float, "auto" or None
        Of the Tweedie family; None is 1.5.
    theta : float, "auto" or None
        Of the negative binomial family; None is 1.0, fixed (see `fit_negbinomial`).
    offset : (n,) array, optional
        Added to the linear predictor as it is: pass the logarithm of an exposure.
    weights : (n,) array, optional
        Prior weights >= 0.
    alpha : float
        Penalty on the mean half deviance.
    l1_ratio : float in [0, 1]
        Share of the L1 penalty: 0 ridge, 1 lasso, between them elastic net.
    max_iter, tol : int, float
        Most steps, and tolerance: see `FormulaGLM.fit`.
    penalty_factor, lower_bounds, upper_bounds, prior_coef, group : (p,) arrays, optional
        One value a column, with or without the intercept's; see `FormulaGLM.fit`.
    standardize : bool
        Penalise each coefficient in units of its column's standard deviation.
    dispersion : "pearson", "deviance", float or None
        The dispersion that standard errors use; None is the family's own.
    n_threads : int, optional

    Returns
    -------
    GLMResults
        With `family` in capitals and `selected_features` as positions.

    Raises
    ------
    ValueError
        If a parameter or the data are at fault.

    Warns
    -----
    ConvergenceWarning (scikit-learn's), SeparationWarning, UserWarning
        If the fit did not converge; if levels or columns have no best coefficients; if an estimated
        theta or power lies at the edge of its range.

    Examples
    --------
    >>> import numpy as np
    >>> import rustystats as rs
    >>> X = np.column_stack([np.ones(6), [0, 0, 0, 1, 1, 1]])
    >>> result = rs.fit_glm([1, 2, 3, 4, 6, 8], X, family="poisson")
    >>> np.exp(result.params).round(6)
    array([2., 3.])
    """
    family = get_family(family, var_power, theta)
    penalty = PenaltyOptions(
        l1_ratio, penalty_factor, lower_bounds, upper_bounds, standardize, prior_coef, group
    )
    check_dispersion(dispersion)
    model, columns = array_model(y, X, family, link, offset, weights, n_threads)
    penalised = model.penalised(penalty, alpha)
    model, fit = solve(penalised, tol=tol, max_iter=max_iter, columns=columns)
    return ArrayResults(model, fit, columns.backend, None, dispersion)


def fit_negbinomial(
    y: ArrayLike,
    X: ArrayLike,
    link: LinkLike | None = None,
    init_theta: float | None = None,
    theta_tol: float = 1e-5,
    max_theta_iter: int = 50,
    offset: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    max_iter: int = 100,
    tol: float = 1e-8,
    *,
    n_threads: int | None = None,
) -> GLMResults:
    """Fit a negative binomial model, theta by maximum likelihood.

    Parameters
    ----------
    y, X, link, offset, weights, max_iter, tol, n_threads : as in `fit_glm`
    init_theta : float > 0, optional
        Where the search for theta starts.
    theta_tol : float > 0
        Largest change of theta in the last round.
    max_theta_iter : int
        Most rounds of fitting coefficients and theta by turns.

    Returns
    -------
    GLMResults
        Its `family` is "NegativeBinomial(theta=...)"; `theta` and `theta_se` are numbers.

    Examples
    --------
    >>> import numpy as np
    >>> import rustystats as rs
    >>> rng = np.random.default_rng(0)
    >>> y = rng.negative_binomial(2, 2 / (2 + 3), size=2000)  # theta 2, mean 3
    >>> result = rs.fit_negbinomial(y, np.ones((2000, 1)))
    >>> abs(result.theta - 2) < 3 * result.theta_se
    True
    """
    if init_theta is not None:
        check_tol(init_theta, "init_theta")
    check_tol(theta_tol, "theta_tol")
    check_count(max_theta_iter, "max_theta_iter")
    family = NegativeBinomial("auto")
    model, columns = array_model(y, X, family, link, offset, weights, n_threads)
    model, fit = solve(
        model,
        tol=tol,
        max_iter=max_iter,
        columns=columns,
        initial=init_theta,
        parameter_tol=theta_tol,
        max_rounds=max_theta_iter,
    )
    return ArrayResults(model, fit, columns.backend)


class GLM:
    """A model of arrays, to be fitted by ``fit()``.

    Parameters
    ----------
    endog : (n,) response
    exog : (n, p) design matrix with its intercept column
    family, link, var_power, theta, offset, weights : as in `fit_glm`

    Raises
    ------
    ValueError
        If the arrays differ in length.

    Examples
    --------
    >>> import numpy as np
    >>> import rustystats as rs
    >>> model = rs.GLM([1.0, 2.0, 4.0], np.column_stack([np.ones(3), [0, 1, 2]]))
    >>> model.df_model, model.df_resid
    (1, 1)
    >>> model.fit().params.round(6)
    array([0.833333, 1.5     ])
    """

    endog: NDArray[Any]
    exog: Any
    family: str | FamilyMixin
    link: LinkLike | None
    var_power: Estimable
    theta: Estimable
    offset: ArrayLike | None
    weights: ArrayLike | None

    def __init__(
        self,
        endog: ArrayLike,
        exog: ArrayLike,
        family: FamilyLike = "gaussian",
        link: LinkLike | None = None,
        var_power: Estimable = None,
        theta: Estimable = None,
        offset: ArrayLike | None = None,
        weights: ArrayLike | None = None,
    ) -> None:
        self.endog, self.exog = _response(endog), ArrayColumns(exog).matrix
        given: list[tuple[str, Any]] = [("offset", offset), ("weights", weights)]
        for name, values in (*given, ("endog", self.endog)):
            scalar = name != "endog" and np.ndim(values) == 0
            if values is not None and not scalar and np.shape(values) != (len(self.exog),):
                raise ValueError(
                    f"{name} has shape {np.shape(values)}, exog has {len(self.exog)} rows"
                )
        self.family = family.lower() if isinstance(family, str) else family
        self.link = link
        self.var_power = var_power
        self.theta = theta
        self.offset = offset
        self.weights = weights

    @property
    def nobs(self) -> int:
        """Number of rows."""
        return self.exog.shape[0]

    @property
    def df_model(self) -> int:
        """Number of columns less one."""
        return self.exog.shape[1] - 1

    @property
    def df_resid(self) -> int:
        """Number of rows less the number of columns."""
        return self.exog.shape[0] - self.exog.shape[1]

    def fit(
        self,
        alpha: float = 0.0,
        l1_ratio: float = 0.0,
        max_iter: int = 100,
        tol: float = 1e-8,
        **options: Unpack[FitOptions],
    ) -> GLMResults:
        """Fit the model: `fit_glm` of its arrays, with its options.

        Examples
        --------
        >>> import numpy as np
        >>> import rustystats as rs
        >>> X = np.column_stack([np.ones(4), [0, 0, 1, 1]])
        >>> rs.GLM([1, 3, 4, 6], X, family="poisson").fit().params.round(4)
        array([0.6931, 0.9163])
        """
        return fit_glm(
            self.endog,
            self.exog,
            family=self.family,  # type: ignore[arg-type]  # in small letters
            link=self.link,
            var_power=self.var_power,
            theta=self.theta,
            offset=self.offset,
            weights=self.weights,
            alpha=alpha,
            l1_ratio=l1_ratio,
            max_iter=max_iter,
            tol=tol,
            **options,
        )

    def __repr__(self) -> str:
        return f"<GLM: family {self.family!r}, {self.nobs} rows, {self.df_model + 1} columns>"


def ols(y: ArrayLike, X: ArrayLike, **options: Unpack[ArrayFitOptions]) -> GLMResults:
    """Ordinary least squares: `fit_glm` with the Gaussian family.

    Parameters
    ----------
    y : (n,) response
    X : (n, p) design matrix with its intercept column
    **options : as in `fit_glm`

    Examples
    --------
    >>> import numpy as np
    >>> import rustystats as rs
    >>> X = np.column_stack([np.ones(4), [0, 0, 1, 1]])
    >>> rs.ols([1, 3, 4, 6], X).params.round(6)
    array([2., 3.])
    """
    return fit_glm(y, X, family="gaussian", **options)


def poisson_regression(
    y: ArrayLike, X: ArrayLike, **options: Unpack[ArrayFitOptions]
) -> GLMResults:
    """`fit_glm` with the Poisson family.

    Parameters
    ----------
    y : (n,) response
    X : (n, p) design matrix with its intercept column
    **options : as in `fit_glm`

    Examples
    --------
    >>> import numpy as np
    >>> import rustystats as rs
    >>> X = np.column_stack([np.ones(4), [0, 0, 1, 1]])
    >>> np.exp(rs.poisson_regression([1, 3, 4, 6], X).params).round(6)
    array([2. , 2.5])
    """
    return fit_glm(y, X, family="poisson", **options)


def logistic_regression(
    y: ArrayLike, X: ArrayLike, **options: Unpack[ArrayFitOptions]
) -> GLMResults:
    """`fit_glm` with the binomial family.

    Parameters
    ----------
    y : (n,) response
    X : (n, p) design matrix with its intercept column
    **options : as in `fit_glm`

    Examples
    --------
    >>> import numpy as np
    >>> import rustystats as rs
    >>> X = np.column_stack([np.ones(6), [0, 0, 0, 1, 1, 1]])
    >>> odds = np.exp(rs.logistic_regression([0, 0, 1, 0, 1, 1], X).params)
    >>> odds.round(6)  # of the first three, and the ratio of the others to them
    array([0.5, 4. ])
    """
    return fit_glm(y, X, family="binomial", **options)


def gamma_regression(y: ArrayLike, X: ArrayLike, **options: Unpack[ArrayFitOptions]) -> GLMResults:
    """`fit_glm` with the Gamma family.

    Parameters
    ----------
    y : (n,) response
    X : (n, p) design matrix with its intercept column
    **options : as in `fit_glm`

    Examples
    --------
    >>> import numpy as np
    >>> import rustystats as rs
    >>> X = np.column_stack([np.ones(4), [0, 0, 1, 1]])
    >>> np.exp(rs.gamma_regression([1.0, 3.0, 4.0, 6.0], X).params).round(6)
    array([2. , 2.5])
    """
    return fit_glm(y, X, family="gamma", **options)


def predict(
    result: Any, X_new: ArrayLike, link: LinkName | None = None, offset: ArrayLike | None = None
) -> Floats:
    """Predicted means from a design matrix.

    Parameters
    ----------
    result : GLMResults of `fit_glm`, or any object with `params`
    X_new : (m, p) design matrix, or (p,) for one row
    link : str, optional
        The link of the fit is used. It must be named only for an object that does not know it.
    offset : (m,) array or scalar, optional
        On the link scale. A model fitted with an offset needs one: 0.0 for none.

    Returns
    -------
    (m,) ndarray

    Raises
    ------
    ValueError
        For another link than that of the fit, none where it is not known, columns or an offset of
        another number, and a model fitted to a DataFrame.

    Examples
    --------
    >>> import numpy as np
    >>> import rustystats as rs
    >>> X = np.column_stack([np.ones(4), [0, 0, 1, 1]])
    >>> result = rs.fit_glm([1, 3, 4, 6], X, family="poisson")
    >>> rs.predict(result, [1, 1]).round(6)
    array([5.])
    """
    X_new = np.atleast_2d(np.asarray(X_new, dtype=float))
    if isinstance(result, GLMResults):
        if not result.model.terms.is_array:
            raise ValueError(
                "the model was fitted to a DataFrame: call result.predict(data) with one"
            )
        fitted = result.model.problem
        if link is not None and get_link(link, fitted.family).name() != result.link:
            raise ValueError(
                f"link={link!r}, but the model was fitted with the {result.link} link: leave it out"
            )
        return result.predict(X_new, offset=offset)
    if link is None:
        raise ValueError(
            f"{type(result).__name__} does not say its link: pass link=, for instance 'log'"
        )
    params = np.asarray(result.params, dtype=float)
    if X_new.shape[1] != len(params):
        raise ValueError(f"X_new has {X_new.shape[1]} columns, the model {len(params)}")
    eta = X_new @ params
    if offset is not None:
        if np.shape(offset) not in ((), eta.shape):
            raise ValueError(f"offset has shape {np.shape(offset)}, X_new has {len(eta)} rows")
        eta = eta + offset
    return named_link(link).inverse(eta)


def summary(
    result: GLMResults,
    feature_names: Sequence[str] | None = None,
    title: str = "GLM Results",
    alpha: float = 0.05,
    cov_type: CovType | None = None,
    groups: ArrayLike | None = None,
) -> str:
    """The model as text.

    Parameters
    ----------
    result : GLMResults
    feature_names : list of p names, optional
    title : str
    alpha : float
        1 - confidence of the intervals.
    cov_type, groups : as in `GLMResults.summary`
        Robust standard errors.

    Examples
    --------
    >>> import numpy as np
    >>> import rustystats as rs
    >>> X = np.column_stack([np.ones(4), [0, 0, 1, 1]])
    >>> result = rs.fit_glm([1, 3, 4, 6], X, family="poisson")
    >>> print(rs.summary(result, ["Intercept", "young"]))
    ======================================================================================
                                         GLM Results
    ======================================================================================
    Response:                                y  Log-Likelihood:                    -6.6821
    Family:                            Poisson  Deviance:                           1.4492
    Link:                                  log  Null Deviance:                      4.1058
    Offset:                               none  Pearson chi2:                       1.4000
    Weights:                              none  Scale:                                   1
    No. Observations:                        4  AIC:                               17.3642
    Df Residuals:                            2  BIC:                               16.1368
    Df Model:                                1  Iterations:                              4
    Method:                               IRLS  Converged:                             yes
    --------------------------------------------------------------------------------------
    Variable                            Coef   Std.Err       z   P>|z|  95% CI
    --------------------------------------------------------------------------------------
    Intercept                         0.6931    0.5000    1.39  0.1657 -0.2868  1.6731
    young                             0.9163    0.5916    1.55  0.1214 -0.2432  2.0758
    --------------------------------------------------------------------------------------
    Signif. codes: 0 '***' 0.001 '**' 0.01 '*' 0.05 '.' 0.1 ' ' 1
    """
    return result.summary(title, alpha, cov_type, groups, feature_names)


def summary_relativities(
    result: GLMResults,
    feature_names: Sequence[str] | None = None,
    title: str = "GLM Relativities (Log Link)",
    alpha: float = 0.05,
) -> str:
    """Coefficients and their exponentials as text; for log links only.

    Parameters
    ----------
    result, feature_names, title, alpha : as in `summary`

    Raises
    ------
    ValueError
        If the link is not log.

    Examples
    --------
    >>> import numpy as np
    >>> import rustystats as rs
    >>> X = np.column_stack([np.ones(4), [0, 0, 1, 1]])
    >>> result = rs.fit_glm([1, 3, 4, 6], X, family="poisson")
    >>> print(rs.summary_relativities(result, ["Intercept", "young"]))
    ======================================================================================
                                 GLM Relativities (Log Link)
    ======================================================================================
    Variable                            Coef  Relativity   P>|z|  95% CI
    --------------------------------------------------------------------------------------
    Intercept                         0.6931      2.0000  0.1657    0.7506    5.3288
    young                             0.9163      2.5000  0.1214    0.7841    7.9711
    --------------------------------------------------------------------------------------
    Relativity = exp(Coef), with the limits of its confidence interval
    Signif. codes: 0 '***' 0.001 '**' 0.01 '*' 0.05 '.' 0.1 ' ' 1
    """
    return relativities_text(result, title, alpha, feature_names)


def _response(y: ArrayLike) -> NDArray[Any]:
    y = np.asarray(y)
    if y.ndim != 1:
        raise ValueError(f"y must be one-dimensional, not of shape {y.shape}")
    return y


def array_model(
    y: ArrayLike,
    X: ArrayLike,
    family: FamilyMixin,
    link: LinkLike | None,
    offset: ArrayLike | None,
    weights: ArrayLike | None,
    n_threads: int | None,
    exposure: ArrayLike | None = None,
    feature_names: Sequence[str] | None = None,
) -> tuple[Model, ArrayColumns]:
    """The model of arrays and its columns, whose numbers the fit is to look through.

    feature_names : list of p names for its columns, each another, or None
        Of a DataFrame None takes its own, where all are texts; else x0, x1, ...

    Returns
    -------
    (Model, ArrayColumns)
    """
    columns = ArrayColumns(X, n_threads, check=False)
    labels = tuple(f"x{i}" for i in range(columns.matrix.shape[1]))
    model = prepare(
        ModelTerms((Term((ArrayFactor(labels),)),)),
        columns,
        _response(y),
        family=family,
        link=get_link(link, family),
        weights=weights,
        exposure=exposure,
        offset=offset,
    )
    first = as_array(columns.matrix[:, :1])
    if first[0, 0] != 0 and (first == first[0, 0]).all():
        model = replace(model, problem=replace(model.problem, intercept=0))
    own = list(getattr(X, "columns", ()))
    if feature_names is None and len(set(map(str, own))) == len(labels):
        feature_names = own if all(isinstance(name, str) for name in own) else None
    if feature_names is not None:
        model = replace(model, names=checked_names(feature_names, len(labels), "columns"))
    return model, columns
