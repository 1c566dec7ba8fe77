"""What `fit` leaves on an estimator, and whether other features are the same."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import validate_data

from rustystats import frames


def keep_fitted(estimator: Any, features: Sequence[str] | int, fitted: dict[str, Any]) -> None:
    """Replace all that an estimator was fitted with, in one step: an error or interrupt before that
    changes nothing. `features` is their number where they have no names.
    """
    if isinstance(features, int):
        fitted = fitted | {"n_features_in_": features}
    else:
        names = np.array(features, dtype=object)
        fitted = fitted | {"n_features_in_": len(names), "feature_names_in_": names}
    kept = {name: value for name, value in vars(estimator).items() if not name.endswith("_")}
    estimator.__dict__ = kept | fitted


def check_features(estimator: Any, features: Sequence[str] | int) -> None:
    """Refuse features, names or their number, that are not those of the fit."""
    if isinstance(features, int):
        X = np.empty((1, features))
    else:
        X = frames.make_frame({name: [] for name in features}, None)
    validate_data(estimator, X, reset=False, skip_check_array=True)
