"""Hashes of the inputs: by the definition, and the same from every library."""

import copy
import hashlib
import pickle
import struct

import narwhals as nw
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import rustystats as rs
from rustystats.frames.inputs import Inputs, hash_of

TEXTS = ["b", "a", None, "ü", "a"]
NUMBERS = [1.0, -0.0, float("nan"), 2.5, 1e300]


def number_hash(values):
    plain = [struct.pack("<d", float("nan") if v != v else v + 0.0) for v in values]
    return "sha256:" + hashlib.sha256(b"number" + b"".join(plain)).hexdigest()


def text_hash(values):
    levels = sorted({value for value in values if value is not None})
    content = b"text" + struct.pack("<Q", len(levels))
    for level in levels:
        content += struct.pack("<Q", len(level.encode())) + level.encode()
    for value in values:
        content += struct.pack("<I", 2**32 - 1 if value is None else levels.index(value))
    return "sha256:" + hashlib.sha256(content).hexdigest()


def series_of(library, values):
    if library == "pandas":
        return nw.from_native(pd.Series(values), series_only=True)
    if library == "polars":
        return nw.from_native(pytest.importorskip("polars").Series(values), series_only=True)
    pa = pytest.importorskip("pyarrow")
    return nw.from_native(pa.chunked_array([pa.array(values, from_pandas=True)]), series_only=True)


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_numbers_texts_and_booleans_by_the_definition(library):
    assert hash_of(series_of(library, NUMBERS)) == number_hash(NUMBERS)
    assert hash_of(series_of(library, [3, 1, 2])) == number_hash([3, 1, 2])
    assert hash_of(series_of(library, TEXTS)) == text_hash(TEXTS)
    truth = ["True", "False", "True"]
    assert hash_of(series_of(library, [True, False, True])) == text_hash(truth)


def test_the_type_that_holds_the_same_does_not_matter():
    wide = nw.from_native(pd.Series([1.5, 2.0], dtype="float64"), series_only=True)
    narrow = nw.from_native(pd.Series([1.5, 2.0], dtype="float32"), series_only=True)
    assert hash_of(wide) == hash_of(narrow) == hash_of(np.array([1.5, 2.0]))
    kinds = [
        pd.Series(TEXTS),
        pd.Series(TEXTS, dtype="category"),
        pd.Series(pd.Categorical(TEXTS, ["ü", "none has this", "b", "a"], ordered=True)),
    ]
    hashes = {hash_of(nw.from_native(kind, series_only=True)) for kind in kinds}
    assert hashes == {text_hash(TEXTS)}


def test_every_change_of_the_data_changes_the_hash():
    base = np.array([1.0, 2.0, 3.0])
    others = [base[::-1], base[:2], np.append(base, 0.0), np.nextafter(base, 9.0), base[None, :]]
    assert len({hash_of(values) for values in [base, *others]}) == 6
    texts = [["a", "bc"], ["ab", "c"], ["bc", "a"], ["a", "bc", "a"], ["a", None]]
    found = {hash_of(nw.from_native(pd.Series(t, dtype="str"), series_only=True)) for t in texts}
    assert len(found) == 5


def test_long_columns_are_hashed_in_parts():
    values = np.random.default_rng(0).normal(size=600_000)
    content = b"number" + values.astype("<f8").tobytes()
    assert hash_of(values) == "sha256:" + hashlib.sha256(content).hexdigest()
    matrix = np.asfortranarray(values.reshape(-1, 3))
    content = b"array" + struct.pack("<QQ", *matrix.shape) + values.tobytes()
    assert hash_of(matrix) == "sha256:" + hashlib.sha256(content).hexdigest()


def test_sparse_matrices_by_what_they_hold():
    dense = np.array([[0.0, 1.0], [2.0, 0.0]])
    stored = sparse.csr_array(dense)
    untidy = sparse.csr_array((np.array([1.0, 2.0, 0.0]), [1, 0, 1], [0, 1, 3]))
    assert hash_of(stored) == hash_of(untidy) == hash_of(sparse.csc_matrix(dense))
    assert hash_of(stored) != hash_of(sparse.csr_array(dense.T[::-1]))


def test_a_copy_in_a_file_carries_the_hashes_and_no_data():
    inputs = Inputs({"x": np.arange(1e5)})
    carried = pickle.dumps(inputs)
    assert len(carried) < 1000
    assert pickle.loads(carried).hashes == copy.deepcopy(inputs).hashes == inputs.hashes


def test_a_model_names_all_that_went_into_it():
    rng = np.random.default_rng(3)
    data = pd.DataFrame({name: rng.uniform(1, 2, size=50) for name in ["y", "x", "e", "o", "q"]})
    data["area"] = rng.choice(["A", "B"], size=50)
    data["unused"] = 1.0
    weights = rng.uniform(1, 2, size=50)
    model = rs.glm(
        "np.log(y) ~ x + C(area) + offset(o)", data, link="log", exposure="e",
        weights=weights, complement="q",
    )  # fmt: skip
    found = model.fit().input_hashes()
    data["x"] = 0.0  # a column put in its place afterwards is none of the fit's
    assert list(found) == ["x", "area", "e", "o", "q", "np.log(y)", "weights (array)"]
    assert found["weights (array)"] == number_hash(weights)
    assert found["np.log(y)"] == number_hash(np.log(data["y"]))
    assert found["area"] == text_hash(data["area"].tolist())


def test_columns_put_in_the_place_of_others_after_the_fit():
    data = pd.DataFrame({"y": [1.0, 2.0, 4.0], "x": [1.0, 0.0, 2.0]})
    result = rs.glm("y ~ x", data).fit()
    data["x"] = 5.0
    assert result.input_hashes()["x"] == number_hash([1.0, 0.0, 2.0])


def test_arrays_of_the_array_face():
    X = np.array([[1.0, 2.0], [1.0, 3.0], [1.0, 5.0]])
    found = rs.fit_glm(np.array([1.0, 2.0, 4.0]), X).input_hashes()
    assert set(found) == {"X (array)", "y"}
    assert found["X (array)"] == hash_of(X)
