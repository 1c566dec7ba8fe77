"""`SplineTransformer`: spline columns as a scikit-learn transformer.

Each feature is coded by its distinct values where it has few of them: knots are learned from the
values and their weights, and the basis is evaluated once a value and looked up once a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import (
    _check_feature_names_in,
    check_array,
    check_is_fitted,
    validate_data,
)

from rustystats import codes, frames
from rustystats.estimators.fitted import check_features, keep_fitted
from rustystats.prepare import check_weights
from rustystats.terms.knots import scale_up
from rustystats.terms.splines import learn_spline
from rustystats.threads import effective_n_threads

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from rustystats.terms.spline_basis import SplineBasis
    from rustystats.typing import Extrapolation, Floats, HandleMissing, MatrixLike, SplineKind


class SplineTransformer(TransformerMixin, BaseEstimator):
    """Spline columns of numeric features: the `bs(x, df=5)` and `ns(x, df=5)` of a formula.

    Parameters
    ----------
    df : int or None, default=None
        Degrees of freedom of each feature, the constant counted: df - 1 columns. None is 5, or
        what follows from `knots`.
    kind : {"bs", "ns"}, default="bs"
        B-spline or natural cubic spline.
    degree : int, default=3
        Degree of the pieces; "ns" is always cubic.
    knots : "quantile" or array-like, default="quantile"
        Interior knots: at quantiles of each feature, or one list for all features, or a list of
        one list a feature.
    boundary_knots : array-like or None
        A pair for all features, or one pair a feature; None for the range of each.
    extrapolation : {"continue", "linear", "constant", "error"} or None
        How a curve goes on beyond the boundary knots; None is "constant" for "bs" and "linear" for
        "ns".
    include_intercept : bool, default=False
        Keep the first basis function of each feature: df columns. Beside an intercept, or for
        several features, the columns are then linearly dependent.
    handle_missing : {"error", "level"}, default="error"
        What NaN is: an error, or a level of its own, with a column that is 1 in the rows of NaN,
        where the others are 0. A feature gets that column if it has NaN when fitted; if it has
        not, a NaN in `transform` is an error. Infinite values always are.

    Attributes
    ----------
    bases_ : list of SplineBasis
        Knots and degree of each feature.
    missing_ : list of bool
        Whether a feature has the column of missing values.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        When all columns of X are named by strings.
    n_features_out_ : int

    Notes
    -----
    Quantiles are those of type 7. A whole number as sample weight is so many equal rows; how other
    weights count is said in `rustystats.terms.knots`. Rows of weight 0 place no knot.

    A float32 array (or a DataFrame of float32 columns alone) is transformed to float32, anything
    else to float64.

    Examples
    --------
    >>> import numpy as np
    >>> from rustystats import SplineTransformer
    >>> X = np.array([[18.0], [25.0], [31.0], [40.0], [66.0]])
    >>> splines = SplineTransformer(df=4).fit(X)
    >>> splines.transform([[66.0], [90.0]])
    array([[0., 0., 1.],
           [0., 0., 1.]])
    >>> splines.get_feature_names_out(["age"]).tolist()
    ['bs(age, 2/4)', 'bs(age, 3/4)', 'bs(age, 4/4)']
    """

    bases_: list[SplineBasis]
    missing_: list[bool]
    n_features_in_: int
    feature_names_in_: NDArray[np.object_]

    def __init__(
        self,
        df: int | None = None,
        kind: SplineKind = "bs",
        *,
        degree: int = 3,
        knots: Literal["quantile"] | ArrayLike = "quantile",
        boundary_knots: ArrayLike | None = None,
        extrapolation: Extrapolation | None = None,
        include_intercept: bool = False,
        handle_missing: HandleMissing = "error",
    ) -> None:
        self.df = df
        self.kind = kind
        self.degree = degree
        self.knots = knots
        self.boundary_knots = boundary_knots
        self.extrapolation = extrapolation
        self.include_intercept = include_intercept
        self.handle_missing = handle_missing

    def fit(self, X: MatrixLike, y: object = None, sample_weight: ArrayLike | None = None) -> Self:
        """Learn the knots.

        Parameters
        ----------
        X : DataFrame or array of shape (n, k)
        y : ignored
        sample_weight : array of shape (n,), optional

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If data or parameters are at fault; the transformer keeps its former state.
        """
        if self.handle_missing not in ("error", "level"):
            raise ValueError(
                f"handle_missing must be 'error' or 'level', not {self.handle_missing!r}"
            )
        named = _is_named(X)
        matrix = _matrix(X) if named else check_array(X, estimator=self, **_NUMBERS)
        n_features = matrix.shape[1]
        names = frames.column_names(X) if named else [f"x{j}" for j in range(n_features)]
        if sample_weight is not None:
            sample_weight = scale_up(check_weights(sample_weight, None, len(matrix)))
        if isinstance(self.knots, str) and self.knots != "quantile":
            raise ValueError(f"knots must be 'quantile' or numbers, not {self.knots!r}")
        given = None if isinstance(self.knots, str) else self.knots
        knots = _for_each(given, names, "knots")
        boundary_knots = _for_each(self.boundary_knots, names, "boundary_knots")
        bases, missing = [], []
        for j, name in enumerate(names):
            feature = _read(matrix[:, j], name, sample_weight)
            missing.append(self.handle_missing == "level" and feature.n_missing > 0)
            feature.check_missing(missing[j], "impute them first, or choose handle_missing='level'")
            known = ~np.isnan(feature.values)
            bases.append(
                learn_spline(
                    feature.values[known],
                    self.kind,
                    self.df,
                    self.degree,
                    knots[j],
                    boundary_knots[j],
                    self.include_intercept,
                    self.extrapolation,
                    None if feature.weights is None else feature.weights[known],
                    name,
                )
            )
        features = names if named else n_features
        keep_fitted(self, features, {"bases_": bases, "missing_": missing})
        return self

    def transform(self, X: MatrixLike) -> Any:
        """Spline columns of X.

        Parameters
        ----------
        X : DataFrame or array of shape (n, k)

        Returns
        -------
        (n, `n_features_out_`) array, float32 or float64 as X

        Raises
        ------
        ValueError
            If X is not as it was when fitted, or holds values that the policies refuse.
        """
        check_is_fitted(self)
        if _is_named(X):
            check_features(self, frames.column_names(X))
            matrix = _matrix(X)
        else:
            matrix = validate_data(self, X, reset=False, **_NUMBERS)
        out = np.zeros((len(matrix), self.n_features_out_), dtype=matrix.dtype)
        names = _check_feature_names_in(self)
        start = 0
        for j, (basis, missing) in enumerate(zip(self.bases_, self.missing_, strict=True)):
            feature = _read(matrix[:, j], names[j])
            feature.check_missing(missing, "there was none when fitted: impute them first")
            stop = start + basis.n_columns + missing
            out[:, start:stop] = feature.columns(basis, missing, matrix.dtype)
            start = stop
        return out

    @property
    def n_features_out_(self) -> int:
        """Number of columns of the result."""
        return sum(basis.n_columns for basis in self.bases_) + sum(self.missing_)

    def get_feature_names_out(
        self, input_features: Sequence[str] | None = None
    ) -> NDArray[np.object_]:
        """Names of the columns: `bs(age, 2/5)`, and `bs(age, missing)` where NaN is a level.

        Parameters
        ----------
        input_features : array-like of str, optional
            Names of the features; by default those of the DataFrame it was fitted on, else x0, x1.

        Returns
        -------
        ndarray of str
        """
        check_is_fitted(self)
        names = []
        features = _check_feature_names_in(self, input_features)
        for name, basis, missing in zip(features, self.bases_, self.missing_, strict=True):
            names += basis.names(name)
            if missing:
                names.append(f"{basis.kind}({name}, missing)")
        return np.array(names, dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.handle_missing == "level"
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


_NUMBERS = {"dtype": [np.float64, np.float32], "ensure_all_finite": False}


@dataclass(frozen=True, eq=False)
class _Feature:
    """Values of one feature: one a level where `codes` is there, else one a row.

    counts : rows of each value; weights : their total weight
    """

    name: str
    values: np.ndarray
    codes: np.ndarray | None
    counts: np.ndarray | None
    weights: np.ndarray | None

    @property
    def n_missing(self) -> int:
        return self._rows(np.isnan(self.values))

    def _rows(self, chosen: NDArray[np.bool_]) -> int:
        return int(np.count_nonzero(chosen) if self.counts is None else self.counts[chosen].sum())

    def check_missing(self, allowed: bool, remedy: str) -> None:
        infinite = self._rows(np.isinf(self.values))
        if infinite:
            raise ValueError(
                f"{self.name!r} has {infinite} infinite value(s): correct or drop those rows"
            )
        if self.n_missing and not allowed:
            raise ValueError(f"{self.name!r} has {self.n_missing} NaN: {remedy}")

    def columns(self, basis: SplineBasis, missing: bool, dtype: Any) -> NDArray[Any]:
        """The basis, and whether a value is NaN, for each row."""
        known = ~np.isnan(self.values)
        out = np.zeros((len(self.values), basis.n_columns + missing), dtype=dtype)
        counts = None if self.counts is None else self.counts[known]
        out[known, : basis.n_columns] = basis.evaluate(self.values[known], self.name, counts)
        if missing:
            out[~known, -1] = 1
        return out if self.codes is None else out[self.codes]


def _read(column: NDArray[Any], name: str, weights: Floats | None = None) -> _Feature:
    n_threads = effective_n_threads(None, len(column), frames.CODING_ROWS)
    found = None
    if not codes.looks_continuous(column):
        column = np.ascontiguousarray(column)
        found = codes.encode_numbers(column, codes.level_limit(len(column)), n_threads)
    if found is None:
        return _Feature(name, column, None, None, weights)
    level_of, values = found
    counts = codes.count_codes(level_of, len(values), n_threads)
    total = counts if weights is None else np.bincount(level_of, weights, len(values))
    return _Feature(name, values, level_of, counts, total)


def _is_named(X: Any) -> bool:
    """Whether X is a DataFrame of named columns; others are arrays to scikit-learn too."""
    if not frames.is_frame(X):
        return False
    named = [isinstance(name, str) for name in frames.column_names(X)]
    if any(named) and not all(named):
        raise TypeError("the columns of X are named by strings and others: use strings alone")
    return all(named)


def _matrix(X: Any) -> NDArray[Any]:
    """Columns of a DataFrame as a floating array; messages name the column."""
    names = frames.column_names(X)
    if not names:
        raise ValueError("X has no columns (0 feature(s)): pass at least one")
    columns = frames.read_columns(X, names)
    arrays = [columns.numbers(name) for name in names]
    dtype = np.float32 if all(array.dtype == np.float32 for array in arrays) else np.float64
    return np.stack(arrays, axis=1, dtype=dtype)


def _for_each(given: Any, names: Sequence[str], what: str) -> list[Any]:
    """One entry a feature, of what is given for all or for each."""
    first: Any = given if not np.iterable(given) else next(iter(given), None)
    if first is None or np.ndim(first) == 0:
        return [given] * len(names)
    if len(given) != len(names):
        raise ValueError(
            f"{what} has {len(given)} lists for {len(names)} features: give one for each feature, "
            "or a single one for all"
        )
    return list(given)
