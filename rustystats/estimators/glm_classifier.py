"""`GLMClassifier`: a binomial model of two classes as a scikit-learn classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import assert_all_finite
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted

from rustystats.estimators.diagram import ModelDiagram
from rustystats.estimators.fitted import keep_fitted
from rustystats.estimators.glm import GLMRegressor
from rustystats.estimators.inputs import response_vector

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from rustystats.results.glm_results import GLMResults
    from rustystats.typing import (
        Floats,
        HandleMissing,
        HandleUnknown,
        LinkLike,
        MatrixLike,
        PerColumn,
        Vector,
    )


class GLMClassifier(ModelDiagram, ClassifierMixin, BaseEstimator):
    """Binomial model of two classes, with an optional elastic net penalty.

    `GLMRegressor` with family "binomial" on whether a row is of the second class; the objective is
    stated there. With C of `LogisticRegression`, ``alpha = 1 / (C sum w)`` is the same penalty.

    Parameters
    ----------
    link : str, link object or None
        "logit", "probit", "cloglog"; None is "logit".
    alpha : float, default=0.0
        Size of the penalty.
    l1_ratio : float in [0, 1], default=0.0
        Share of the L1 penalty: 0 ridge, 1 lasso, between them elastic net.
    penalty_factor, lower_bounds, upper_bounds, standardize, prior_coef, group
        As in `GLMRegressor`.
    formula : str or None
        Terms on the columns of a DataFrame, without a response. None uses every column.
    offset, sample_weight : str or None
        Columns of a DataFrame X that `fit` and `score` read in the place of their arguments of
        these names, and predictions the first (on the link scale). They are not features.
    fit_intercept : bool, default=True
    handle_unknown, handle_missing, tol, max_iter, seed, n_threads : as in `GLMRegressor`
    warm_start : bool, default=False
        As in `GLMRegressor`; it starts afresh where the classes are others.
    verbose : bool, default=False
        Whether to report each step.

    Attributes
    ----------
    classes_ : (2,) ndarray
        Sorted; probabilities of the second are modelled.
    coef_ : (1, p) ndarray
        0.0 where a column is aliased.
    intercept_ : (1,) ndarray
    n_iter_ : int
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        When all columns of X are named by strings.
    regressor_ : GLMRegressor
    result_ : GLMResults
        Standard errors, tests and tables.

    Examples
    --------
    >>> import numpy as np
    >>> from rustystats import GLMClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(2000, 2))
    >>> y = np.where(rng.random(2000) < 1 / (1 + np.exp(-X @ [1.0, -0.5])), "renewed", "lapsed")
    >>> model = GLMClassifier().fit(X, y)
    >>> model.classes_.tolist()
    ['lapsed', 'renewed']
    >>> model.coef_.round(1)
    array([[ 0.9, -0.5]])
    >>> model.predict_proba(X).shape
    (2000, 2)
    """

    classes_: NDArray[Any]
    coef_: Floats
    intercept_: Floats
    n_iter_: int
    n_features_in_: int
    feature_names_in_: NDArray[np.object_]
    regressor_: GLMRegressor
    result_: GLMResults

    def __init__(
        self,
        link: LinkLike | None = None,
        *,
        alpha: float = 0.0,
        l1_ratio: float = 0.0,
        penalty_factor: PerColumn | None = None,
        lower_bounds: PerColumn | None = None,
        upper_bounds: PerColumn | None = None,
        standardize: bool = False,
        prior_coef: PerColumn | GLMResults | None = None,
        group: Literal["term"] | ArrayLike | None = None,
        formula: str | None = None,
        offset: str | None = None,
        sample_weight: str | None = None,
        fit_intercept: bool = True,
        handle_unknown: HandleUnknown = "error",
        handle_missing: HandleMissing = "error",
        tol: float = 1e-8,
        max_iter: int = 100,
        seed: int = 0,
        n_threads: int | None = None,
        warm_start: bool = False,
        verbose: bool = False,
    ) -> None:
        self.link = link
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.penalty_factor = penalty_factor
        self.lower_bounds = lower_bounds
        self.upper_bounds = upper_bounds
        self.standardize = standardize
        self.prior_coef = prior_coef
        self.group = group
        self.formula = formula
        self.offset = offset
        self.sample_weight = sample_weight
        self.fit_intercept = fit_intercept
        self.handle_unknown = handle_unknown
        self.handle_missing = handle_missing
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
    ) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : DataFrame, array or sparse matrix of shape (n, k)
        y : array of shape (n,)
            Labels of two classes: texts, numbers or bools.
        sample_weight : (n,) array or column name, optional
        offset : (n,) array (link scale) or column name, optional
            Each where the constructor names no column for it.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If data or parameters are at fault, or there are not two classes; the estimator keeps
            its former state.

        Warns
        -----
        ConvergenceWarning (scikit-learn's), SeparationWarning, UserWarning
            As `GLMRegressor.fit`.
        """
        labels = response_vector(y)
        assert_all_finite(labels, input_name="y")
        check_classification_targets(labels)
        kind = type_of_target(labels, input_name="y", raise_unknown=True)
        if kind != "binary" and len(labels):
            raise ValueError(
                f"Only binary classification is supported. The type of the target is {kind}."
            )
        classes, second = np.unique(labels, return_inverse=True)
        if len(classes) == 1:
            raise ValueError(f"y has one class alone, {classes[0]}: there is nothing to classify")
        regressor = GLMRegressor("binomial", **self.get_params(deep=False))
        if hasattr(self, "regressor_") and np.array_equal(classes, self.classes_):
            regressor.result_ = self.regressor_.result_  # where warm_start begins
        regressor.fit(X, second.astype(float), sample_weight, offset)
        fitted = {
            "regressor_": regressor,
            "classes_": classes,
            "result_": regressor.result_,
            "coef_": regressor.coef_[None, :],
            "intercept_": np.array([regressor.intercept_]),
            "n_iter_": regressor.n_iter_,
        }
        features: Any = getattr(regressor, "feature_names_in_", regressor.n_features_in_)
        keep_fitted(self, features, fitted)
        return self

    def predict_proba(self, X: MatrixLike, offset: Vector | None = None) -> Floats:
        """Probability of each class, (m, 2), in the order of `classes_`.

        Parameters
        ----------
        X : DataFrame, array or sparse matrix of shape (m, k)
        offset : (m,) array or scalar on the link scale, or column name, optional
            Where an array was given at fit and none is given here, there is none.
        """
        check_is_fitted(self)
        second = self.regressor_.predict(X, offset=offset)
        return np.column_stack([1.0 - second, second])

    def predict_log_proba(self, X: MatrixLike, offset: Vector | None = None) -> Floats:
        """Logarithms of `predict_proba`, (m, 2)."""
        with np.errstate(divide="ignore"):  # a probability of 0 has the logarithm -infinity
            return np.log(self.predict_proba(X, offset))

    def decision_function(self, X: MatrixLike, offset: Vector | None = None) -> Floats:
        """Link of the second class's probability, less that of one half, (m,): above 0 it is the
        likelier. The logit and probit of one half are 0."""
        check_is_fitted(self)
        link = self.result_.model.problem.link
        second = self.regressor_.predict(X, offset=offset)
        with np.errstate(divide="ignore"):
            return link.link(second) - link.link(np.array([0.5]))

    def predict(self, X: MatrixLike, offset: Vector | None = None) -> NDArray[Any]:
        """The likelier class, (m,)."""
        return self._likelier(self.predict_proba(X, offset)[:, 1])

    def score(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: Vector | None = None,
        offset: Vector | None = None,
    ) -> float:
        """Share of the rows, or of their weight, whose class is predicted.

        Parameters
        ----------
        X, y : as in `fit`
        sample_weight, offset : (m,) array, scalar or column name, optional
            Columns named at fit are found in X where none is given here.

        Raises
        ------
        ValueError
            If the model was fitted with an offset array and none is given.
        """
        check_is_fitted(self)
        second, weights, _ = self.regressor_._judge(X, sample_weight, offset)
        labels = response_vector(y)
        if len(labels) != len(second):
            raise ValueError(f"y has {len(labels)} rows, X has {len(second)}")
        return float(np.average(labels == self._likelier(second), weights=weights))

    def _likelier(self, second: Floats) -> NDArray[Any]:
        """Labels of rows with these probabilities of the second class."""
        return self.classes_[(second > 0.5).astype(int)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.classifier_tags.multi_class = False
        return tags
