"""X and y as scikit-learn's users pass them, and what they are read as."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.exceptions import DataConversionWarning

from rustystats import frames
from rustystats.messages import warn_user
from rustystats.terms.array import as_matrix

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from rustystats.typing import MatrixLike


def as_data(X: MatrixLike) -> Any:
    """X as a DataFrame with named columns or else as an array or sparse matrix.

    A DataFrame whose columns are not named by strings is an array with labels, as in scikit-learn.
    """
    if frames.is_frame(X):
        named = [isinstance(name, str) for name in frames.column_names(X)]
        if all(named):
            return X
        if any(named):
            raise TypeError("the columns of X are named by strings and others: use strings alone")
    return as_matrix(X)


def response_vector(y: ArrayLike) -> NDArray[Any]:
    """The response as a vector; a column vector is ravelled."""
    if y is None:
        raise ValueError("this estimator requires y to be passed, but the target y is None")
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] == 1:
        warn_user(
            "A column-vector y was passed when a 1d array was expected: it is read as y.ravel()",
            DataConversionWarning,
        )
        return y.ravel()
    if y.ndim != 1:
        raise ValueError(f"y must be one-dimensional, an array or a Series, not of shape {y.shape}")
    return y
