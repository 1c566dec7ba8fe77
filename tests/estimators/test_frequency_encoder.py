"""`FrequencyEncoder`: against `frequency_encode`, and scikit-learn's checks."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.exceptions import NotFittedError

import rustystats as rs
from rustystats import FrequencyEncoder

X = pd.DataFrame({"brand": ["b", "a", "b", "c", "a", "b"], "age": [1, 1, 2, 1, 1, 3]})
WEIGHTS = np.array([0.5, 1.0, 0.0, 4.0, 1.0, 0.25])


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["rows", "weights"])
@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame, np.array], ids=lambda k: k.__name__)
def test_equals_the_function(kind, weights):
    encoder = FrequencyEncoder()
    encoded = encoder.fit_transform(kind(X), sample_weight=weights)
    names = list(X) if kind is not np.array else ["x0", "x1"]
    for j, (name, column) in enumerate(zip(names, X, strict=True)):
        values, _, counts, most, _ = rs.frequency_encode(X[column], weights=weights)
        np.testing.assert_array_equal(encoded[:, j], values)
        assert encoder.level_counts_[name] == counts
        assert encoder.max_count_[name] == most
    assert encoder.get_feature_names_out().tolist() == [f"FE({name})" for name in names]


def test_one_column():
    encoder = FrequencyEncoder()
    found = encoder.fit_transform(X["brand"].tolist())
    np.testing.assert_allclose(found, [1, 2 / 3, 1, 1 / 3, 2 / 3, 1], rtol=1e-15)
    assert encoder.level_counts_ == {"a": 2, "b": 3, "c": 1}
    assert encoder.max_count_ == 3
    assert encoder.transform(["z", "b"]).tolist() == [0.0, 1.0]


def test_policies():
    gap = np.array([["a"], [None], ["a"]], dtype=object)
    with pytest.raises(ValueError, match="column 'x0' has 1 missing value"):
        FrequencyEncoder().fit(gap)
    encoder = FrequencyEncoder(handle_missing="level", handle_unknown="error").fit(gap)
    assert encoder.level_counts_ == {"a": 2, None: 1}
    assert encoder.transform(gap).ravel().tolist() == [1.0, 0.5, 1.0]
    with pytest.raises(ValueError, match=r"1 level not seen in fit, in 1 row: z; .*'zero'"):
        encoder.transform([["z"]])
    with pytest.raises(ValueError, match="handle_unknown must be 'zero' or 'error'"):
        FrequencyEncoder(handle_unknown="prior").fit(X)
    with pytest.raises(ValueError, match="weights is negative in 6 rows"):
        FrequencyEncoder().fit(X, sample_weight=-1 - WEIGHTS)
    with pytest.raises(NotFittedError, match="not fitted"):
        FrequencyEncoder().transform(X)
