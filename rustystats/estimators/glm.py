"""`GLMRegressor`: the engine as a scikit-learn estimator."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from rustystats import frames
from rustystats.estimators.diagram import ModelDiagram
from rustystats.estimators.features import read_features
from rustystats.estimators.fitted import check_features, keep_fitted
from rustystats.estimators.inputs import as_data, response_vector
from rustystats.families import get_family
from rustystats.fitting import check_dispersion, solve
from rustystats.links import get_link
from rustystats.offsets import evaluate_offsets, named_columns
from rustystats.penalties import PenaltyOptions
from rustystats.prepare import check_response, check_weights, prepare
from rustystats.results import GLMResults
from rustystats.solvers.null import null_model
from rustystats.terms.array import as_matrix
from rustystats.terms.levels import Policies

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from rustystats.families.base import FamilyMixin
    from rustystats.prepare import Model
    from rustystats.typing import (
        Dispersion,
        Estimable,
        FamilyLike,
        Floats,
        HandleMissing,
        HandleUnknown,
        LinkLike,
        MatrixLike,
        PerColumn,
        Vector,
    )


class GLMRegressor(ModelDiagram, RegressorMixin, BaseEstimator):
    """Generalized linear model with an optional elastic net penalty.

    Minimises ``1/(2 sum w) sum w d(y, mu) + alpha * (l1_ratio * sum |b_j| + (1 - l1_ratio) / 2 *
    sum b_j^2)`` over coefficients b, with unit deviance d and the intercept not penalised (the
    scale of scikit-learn's and glum's GLMs).

    Parameters
    ----------
    family : str or family object, default="gaussian"
        "gaussian", "poisson", "quasipoisson", "binomial", "quasibinomial", "gamma",
        "inverse_gaussian", "tweedie", "negbinomial", or an object of `rustystats.families`.
    link : str, link object or None
        "identity", "log", "logit", "probit", "cloglog", "inverse", "inverse_squared", "sqrt",
        "power(exponent)"; None takes the family's default.
    var_power : float, "auto" or None
        Power of the Tweedie variance, "auto" for maximum likelihood between 1 and 2; None is 1.5.
    theta : float, "auto" or None
        Theta of the negative binomial, Var = mu + mu^2 / theta; None is "auto", maximum
        likelihood.
    alpha : float, default=0.0
        Size of the penalty.
    l1_ratio : float in [0, 1], default=0.0
        Share of the L1 penalty: 0 ridge, 1 lasso, between them elastic net.
    penalty_factor : dict or (p,) array, optional
        Multiplies the penalty of a term or column, by name or one number a coefficient.
    lower_bounds, upper_bounds : float, dict or (p,) array, optional
        Bounds of the coefficients, alike.
    standardize : bool, default=False
        Penalise each coefficient in units of its column's standard deviation.
    prior_coef : dict, (p,) array or GLMResults, optional
        What the penalty draws coefficients to instead of 0. (To draw predictions to those of
        another model, mu per unit of exposure, pass ``offset=link(mu)`` to `fit` instead.)
    group : "term" or (p,) labels, optional
        Penalise the norm of a term's coefficients instead of each (group lasso).
    formula : str or None
        Terms on the columns of a DataFrame, without a response: ``"bs(DrivAge, df=5) + C(Area)"``.
        None uses every column: numbers as they are, text and categoricals as factors. What is
        in ``offset(...)`` is added on the link scale as it is.
    exposure, offset, sample_weight : str or None
        Columns of a DataFrame X that `fit` and `score` read in the place of their arguments of
        these names, and `predict` the first two: what a Pipeline or a search need not be told
        again. They are not features. An exposure is above 0 and for log links; so is an offset
        column with a log link, whose logarithm is added, and with any other link it is added as
        it is.
    fit_intercept : bool, default=True
    handle_unknown : "error", "reference" or "mean", default="error"
        What `predict` does with a level of a factor that `fit` has not seen: refuse it; or,
        silently, treat it as the reference level; or give it the mean of the levels' effects on the
        link scale, by exposure and weight. ``C(x, handle_unknown=...)`` in `formula` goes first.
    handle_missing : "error" or "level", default="error"
        Whether missing values of a factor are refused, or are a level named "missing".
    dispersion : "pearson", "deviance", float or None
        The dispersion that the standard errors of `result_` use; None is the family's own.
    tol : float, default=1e-8
        Tolerance on the Newton decrement in units of the dispersion.
    max_iter : int, default=100
    seed : int
        Of the random orders in which ``TE()`` in the formula sees the rows.
    n_threads : int or None
        None takes OMP_NUM_THREADS, else all processors.
    warm_start : bool, default=False
        Whether `fit` starts where the last fit of this estimator ended, theta or power included:
        fewer steps to the same answer, within `tol`, for new data or another alpha. It starts
        afresh where the design has other columns (another number of features, other levels or
        knots) or the link is another, and where a constant predicts better; of more than 5,000
        columns with an L1 penalty always.
    verbose : bool, default=False
        Whether to report each step on standard error, by tqdm on a terminal where it is installed.

    Attributes
    ----------
    coef_ : (p,) ndarray
        0.0 where a column is aliased.
    intercept_ : float
    aliased_ : list of str
        Columns that are combinations of columns before them.
    n_iter_ : int
    converged_ : bool
    n_features_in_ : int
        Columns of X that are features: not exposure, offset or weights named at fit; with a
        formula, the columns that it uses.
    feature_names_in_ : ndarray of str
        Their names, when all columns of X are named by strings (an X without is an array).
    theta_, var_power_ : float
        Of a negative binomial or Tweedie model, whether estimated or given.
    result_ : GLMResults
        Standard errors, tests and tables.

    Notes
    -----
    A Poisson model of counts y with exposure e (log link) is the model of rates y / e with
    sample_weight e; a penalty alpha is then alpha * n / sum(e), since the mean is over e.

    Examples
    --------
    >>> import numpy as np
    >>> from rustystats import GLMRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(1000, 2))
    >>> y = rng.poisson(np.exp(0.5 + X @ [0.3, -0.2]))
    >>> model = GLMRegressor(family="poisson").fit(X, y)
    >>> model.coef_.round(1)
    array([ 0.3, -0.2])
    >>> model.result_.bse().shape
    (3,)
    """

    coef_: Floats
    intercept_: float
    aliased_: list[str]
    n_iter_: int
    converged_: bool
    n_features_in_: int
    feature_names_in_: NDArray[np.object_]
    theta_: float
    var_power_: float
    result_: GLMResults

    def __init__(
        self,
        family: FamilyLike = "gaussian",
        link: LinkLike | None = None,
        *,
        var_power: Estimable = None,
        theta: Estimable = None,
        alpha: float = 0.0,
        l1_ratio: float = 0.0,
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
        tol: float = 1e-8,
        max_iter: int = 100,
        seed: int = 0,
        n_threads: int | None = None,
        warm_start: bool = False,
        verbose: bool = False,
    ) -> None:
        self.family = family
        self.link = link
        self.var_power = var_power
        self.theta = theta
        self.alpha = alpha
        self.l1_ratio = l1_ratio
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
        self.warm_start = warm_start
        self.verbose = verbose

    def fit(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: Vector | None = None,
        offset: Vector | None = None,
        exposure: Vector | None = None,
    ) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : DataFrame, array or scipy sparse matrix of shape (n, k)
            A sparse one is never stored as an array.
        y : array of shape (n,)
        sample_weight : (n,) array or column name, optional
        offset : (n,) array (link scale) or column name, optional
        exposure : (n,) array or column name, optional
            Each where the constructor names no column for it.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If data or parameters are at fault; the estimator keeps its former state.

        Warns
        -----
        ConvergenceWarning (scikit-learn's), SeparationWarning, UserWarning
            If the fit did not converge; if levels or columns have no best coefficients; if an
            estimated theta or power lies at the edge of its range; if a factor has one level alone,
            and so no columns.
        """
        dispersion = check_dispersion(self.dispersion)
        options = self._penalty_options(self.l1_ratio)
        model, columns, features = self._prepare(X, y, sample_weight, offset, exposure)
        model, fit = solve(
            model.penalised(options, self.alpha),
            tol=self.tol,
            max_iter=self.max_iter,
            columns=columns,
            verbose=self.verbose,
            **self._former_fit(model),
        )
        self._keep(features, GLMResults(model, fit, columns.backend, self.formula, dispersion))
        return self

    def _former_fit(self, model: Model) -> dict[str, Any]:
        """Where `warm_start` begins, as arguments of `solve`: nothing where it does not."""
        if not isinstance(self.warm_start, (bool, np.bool_)):
            raise ValueError(f"warm_start must be True or False, not {self.warm_start!r}")
        if not self.warm_start or not hasattr(self, "result_"):
            return {}
        former, coef = self.result_.model, self.result_.fit.coef
        problem, family = former.problem, model.problem.family
        same = list(former.names) == list(model.names)
        if not same or problem.link.name() != model.problem.link.name():
            return {}
        start: dict[str, Any] = {"start": coef}
        if family.estimated and problem.family.parameter == family.parameter:
            start["initial"] = getattr(problem.family, str(family.parameter))
        return start

    def _penalty_options(self, l1_ratio: float) -> PenaltyOptions:
        return PenaltyOptions(
            l1_ratio,
            self.penalty_factor,
            self.lower_bounds,
            self.upper_bounds,
            self.standardize,
            self.prior_coef,
            self.group,
        )

    def _prepare(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: Vector | None,
        offset: Vector | None,
        exposure: Vector | None,
    ) -> tuple[Model, Any, Any]:
        """The model of these data, its columns, and the names of its features (or their number)."""
        family = self._family()
        link = get_link(self.link, family)
        if not isinstance(self.fit_intercept, (bool, np.bool_)):
            raise ValueError(f"fit_intercept must be True or False, not {self.fit_intercept!r}")
        exposure = self._given_once("exposure", exposure)
        offset = self._given_once("offset", offset)
        sample_weight = self._given_once("sample_weight", sample_weight)
        X = as_data(X)
        named = named_columns(exposure, offset, sample_weight)
        features = read_features(X, self.formula, self.fit_intercept, named, self.n_threads)
        model = prepare(
            features.terms,
            features.columns,
            response_vector(y),
            family=family,
            link=link,
            response=str(getattr(y, "name", None) or "y"),
            weights=sample_weight,
            exposure=exposure,
            offset=offset,
            offset_expressions=features.shifts,
            policies=Policies(self.handle_unknown, self.handle_missing),
            seed=self.seed,
        )
        return model, features.columns, features.names

    def _family(self) -> FamilyMixin:
        return get_family(self.family, self.var_power, self.theta, defaults={"theta": "auto"})

    def _keep(self, features: Any, result: GLMResults, **others: Any) -> None:
        """Assign what was fitted, and `others` beside it."""
        coef = result.fit.coef
        intercept = result.model.problem.intercept
        names = zip(result.feature_names, result.aliased, strict=True)
        family = result.model.problem.family
        fitted = {
            "result_": result,
            "intercept_": 0.0 if intercept is None else float(coef[intercept]),
            "coef_": coef.copy() if intercept is None else np.delete(coef, intercept),
            "aliased_": [name for name, aliased in names if aliased],
            "n_iter_": result.iterations,
            "converged_": result.converged,
        }
        if family.parameter is not None:
            fitted[f"{family.parameter}_"] = getattr(family, family.parameter)
        keep_fitted(self, features, fitted | others)

    def predict(
        self, X: MatrixLike, exposure: Vector | None = None, offset: Vector | None = None
    ) -> Floats:
        """Predicted means.

        Parameters
        ----------
        X : DataFrame, array or sparse matrix of shape (m, k)
        exposure, offset : (m,) array, scalar or column name, optional
            Where an array was given at fit and none is given here, the prediction is per unit of
            exposure, without offset. A column named at fit is found in X.

        Returns
        -------
        (m,) ndarray
        """
        X = self._check(X, named_columns(exposure, offset))
        fitted = self.result_.model.offsets
        if exposure is None and fitted.exposure is True:
            exposure = 1.0
        if offset is None and fitted.offset is True:
            offset = 0.0
        return self.result_.predict(X, exposure=exposure, offset=offset)

    def score(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: Vector | None = None,
        offset: Vector | None = None,
        exposure: Vector | None = None,
    ) -> float:
        """Share of the deviance explained, D2 = 1 - deviance / null deviance.

        The null model is the best constant beside the exposure and offset of these data. Where it
        leaves no deviance to explain, D2 is 1 for a perfect prediction and 0 for any other.

        Parameters
        ----------
        X, y : as in `fit`
        sample_weight, offset, exposure : (m,) array, scalar or column name, optional
            Columns named at fit are found in X where none is given here.

        Raises
        ------
        ValueError
            If the model was fitted with an exposure or offset array and none is given.
        """
        mu, weights, shift = self._judge(X, sample_weight, offset, exposure)
        family, link = self.result_.model.problem.family, self.result_.model.problem.link
        y = check_response(response_vector(y), len(mu), family, "y")
        null = null_model(y, family, link, weights, shift, self.n_threads)[0]
        deviance = family.deviance(y, mu, weights)
        if null == 0:
            return 1.0 if deviance == 0 else 0.0
        return 1.0 - deviance / null

    def _judge(
        self,
        X: MatrixLike,
        sample_weight: Vector | None,
        offset: Vector | None,
        exposure: Vector | None = None,
    ) -> tuple[Floats, Floats | None, Floats | None]:
        """Means, weights and linear predictors beside X b of rows to be scored, (m,) or None."""
        X = self._check(X, named_columns(exposure, offset, sample_weight))
        model = self.result_.model
        fitted = model.offsets
        for role, given in (("exposure", exposure), ("offset", offset)):
            if getattr(fitted, role) is True and given is None:
                raise ValueError(
                    f"the model was fitted with an {role} array: pass {role}= to score as well"
                )
        mu = self.result_.predict(X, exposure=exposure, offset=offset)
        exposure = fitted.exposure if exposure is None else exposure
        offset = fitted.offset if offset is None else offset
        weights = model.weights_name if sample_weight is None else sample_weight
        named = [*named_columns(exposure, offset, weights), *fitted.own_columns]
        if weights is not sample_weight and weights not in frames.column_names(X):
            raise ValueError(
                f"the model was fitted with weights from {weights!r}, which the data lack: add "
                "the column, or pass sample_weight= (1.0 where rows count alike)"
            )
        columns = frames.read_columns(X, named, self.n_threads) if named else None
        weights = None if weights is None else check_weights(weights, columns, len(mu))
        shift, _ = evaluate_offsets(fitted, columns, exposure, offset, len(mu))
        return mu, weights, shift

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        with suppress(ValueError):  # an unknown family or parameter: fit says so
            tags.target_tags.positive_only = not self._family().y_domain.contains(-1.0)
        return tags

    def _check(self, X: MatrixLike, named: Sequence[str]) -> Any:
        """X as the engine reads it, once its features are known to be those of the fit.

        named : columns of X that the caller names as exposure, offset or weights
        """
        check_is_fitted(self)
        X = as_data(X)
        model = self.result_.model
        if model.terms.is_array:
            validate_data(self, X, reset=False, skip_check_array=True)
            return as_matrix(X)
        if not frames.is_frame(X):
            raise TypeError(
                f"the model was fitted on a DataFrame and X is {type(X).__name__}: pass a "
                f"DataFrame with the columns {', '.join(self.feature_names_in_)}"
            )
        if self.result_.formula is None:
            reserved = {*named, *model.offsets.columns, model.weights_name}
            features = [name for name in frames.column_names(X) if name not in reserved]
            check_features(self, features)
        return X

    def _given_once(self, role: str, given: Vector | None) -> Vector | None:
        """What `fit` was given for a role, or else the column that the constructor names."""
        column = getattr(self, role)
        if column is None:
            return given
        if given is not None:
            raise ValueError(
                f"{role} is given twice: in the constructor as a column and in fit; drop one"
            )
        if not isinstance(column, str):
            raise ValueError(
                f"{role} of the constructor must be the name of a column, not a "
                f"{type(column).__name__}: pass values to fit"
            )
        return column
