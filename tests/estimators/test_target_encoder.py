"""`TargetEncoder`: its numbers against `target_encode`, its manners against scikit-learn's."""

import copy
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import sklearn
from packaging.version import Version
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

import rustystats as rs
from rustystats import GLMRegressor, TargetEncoder, target_encoding
from rustystats.datasets import make_motor_portfolio

DATA = make_motor_portfolio(4_000, seed=3)
X = pd.DataFrame({"Region": DATA["Region"].astype(str), "VehAge": DATA["VehAge"]})
Y, EXPOSURE = DATA["ClaimNb"].to_numpy(float), DATA["Exposure"].to_numpy()
WEIGHTS = np.random.default_rng(1).integers(0, 3, len(Y)).astype(float)
GIVEN = {"sample_weight": WEIGHTS, "exposure": EXPOSURE}
ALIKE = {"weights": WEIGHTS, "exposure": EXPOSURE}
FRAMES = {
    "pandas": lambda data: data,
    "polars": pl.DataFrame,
    "lazy": lambda data: pl.DataFrame(data).lazy(),
    "pyarrow": lambda data: pa.Table.from_pandas(data, preserve_index=False),
    "object array": lambda data: data.to_numpy(),
    "list of rows": lambda data: data.to_numpy().tolist(),
}


def full(column):
    """Statistics and full encoding by `target_encode`."""
    _, _, prior, stats = rs.target_encode(column, Y, prior_weight=5.0, **ALIKE)
    return stats, rs.apply_target_encoding(column, stats, prior, 5.0)


# ---- numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FRAMES.values(), ids=FRAMES)
def test_equals_the_functions(kind):
    encoder = TargetEncoder(5.0, seed=7)
    encoded = encoder.fit_transform(kind(X), Y, **GIVEN)
    generator = np.random.default_rng(7)
    for j, name in enumerate(X):
        expected = rs.target_encode(X[name], Y, name, 5.0, seed=generator, **ALIKE)
        np.testing.assert_array_equal(encoded[:, j], expected[0])
    assert encoder.prior_ == expected[2]
    named = "x{}".format if encoder.get_feature_names_out()[0] == "TE(x0)" else list(X).__getitem__
    assert encoder.level_stats_[named(1)] == expected[3]
    again = TargetEncoder(5.0).fit(kind(X), Y, **GIVEN)
    assert again.level_stats_ == encoder.level_stats_
    for fitted in (encoder, again):
        columns = [full(X[name])[1] for name in X]
        np.testing.assert_array_equal(fitted.transform(kind(X)), np.column_stack(columns))


def test_one_column_has_plain_statistics():
    encoder = TargetEncoder(5.0).fit(X[["Region"]], Y, **GIVEN)
    stats, encoded = full(X["Region"])
    assert encoder.level_stats_ == stats
    np.testing.assert_array_equal(encoder.transform(X[["Region"]]), encoded[:, None])
    plain = TargetEncoder().fit(X[["Region"]], Y)
    assert all(type(count) is int for _, count in plain.level_stats_.values())


FLAT = {
    "list": list,
    "array": lambda column: column.to_numpy(dtype=object),
    "text array": lambda column: column.to_numpy(dtype=str),
    "pandas": lambda column: column,
    "categories": lambda column: column.astype("category"),
    "polars": pl.Series,
    "polars without a name": lambda column: pl.Series(column.to_list()),
}


@pytest.mark.parametrize("kind", FLAT.values(), ids=FLAT)
def test_one_dimensional_text_is_one_column(kind):
    column = kind(X["Region"])
    encoder = TargetEncoder(seed=1)
    encoded = encoder.fit_transform(column, Y)
    np.testing.assert_array_equal(encoded, rs.target_encode(X["Region"], Y, seed=1)[0])
    assert encoder.transform(column).shape == (len(Y),)
    assert encoder.n_features_in_ == 1
    named = encoder.get_feature_names_out().tolist()
    assert named == (["TE(Region)"] if getattr(column, "name", "") else ["TE(x0)"])


@pytest.mark.parametrize("numbers", [Y, list(Y), pd.Series(Y), pl.Series(Y)])
def test_one_dimensional_numbers_are_refused(numbers):
    with pytest.raises(ValueError, match="Expected 2D array, got 1D array instead"):
        TargetEncoder().fit(numbers, Y)


def test_columns_have_streams_of_their_own():
    """Two equal columns are permuted differently; the first as if it were alone."""
    twice = pd.DataFrame({"a": X["Region"], "b": X["Region"]})
    encoded = TargetEncoder(seed=1).fit_transform(twice, Y)
    assert np.mean(encoded[:, 0] == encoded[:, 1]) < 0.5
    alone = TargetEncoder(seed=1).fit_transform(twice[["a"]], Y)
    np.testing.assert_array_equal(encoded[:, :1], alone)


def test_seed():
    first, second, other = (TargetEncoder(seed=s).fit_transform(X, Y) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert np.mean(first == other) < 0.5
    encoder = TargetEncoder(seed=1)
    np.testing.assert_array_equal(encoder.fit_transform(X, Y), encoder.fit_transform(X, Y))
    assert np.mean(TargetEncoder().fit_transform(X, Y) == first) < 0.5
    threads = [TargetEncoder(seed=1, n_threads=n).fit_transform(X, Y) for n in (1, 2)]
    np.testing.assert_array_equal(*threads)


# ---- policies -----------------------------------------------------------------------------------


def test_levels_not_seen():
    encoder = TargetEncoder().fit([["a"], ["b"], ["a"]], [1.0, 0.0, 2.0])
    np.testing.assert_array_equal(encoder.transform([["z"]]), [[encoder.prior_]])
    strict = TargetEncoder(handle_unknown="error").fit([["a"], ["b"], ["a"]], [1.0, 0.0, 2.0])
    message = (
        r"column 'x0' has 2 levels not seen in fit, in 3 rows: y, z; map them to levels that are "
        r"known, or pass handle_unknown='prior'"
    )
    with pytest.raises(ValueError, match=message):
        strict.transform([["z"], ["a"], ["y"], ["z"]])


WITH_GAPS = {
    "text": pd.DataFrame({"v": ["a", None, "b", None, "a"]}),
    "object": pd.DataFrame({"v": ["a", np.nan, "b", None, "a"]}, dtype=object),
    "polars": pl.DataFrame({"v": ["a", None, "b", None, "a"]}),
    "categories": pd.DataFrame({"v": pd.Categorical(["a", None, "b", None, "a"])}),
    "array": np.array([["a"], [None], ["b"], [None], ["a"]], dtype=object),
    "list": ["a", None, "b", None, "a"],
    "numbers": np.array([[1.0], [np.nan], [2.0], [np.nan], [1.0]]),
    "polars numbers": pl.DataFrame({"v": [1.0, None, 2.0, np.nan, 1.0]}),
    "nullable": pd.DataFrame({"v": pd.array([1, None, 2, None, 1], dtype="Int64")}),
}


@pytest.mark.parametrize("gaps", WITH_GAPS.values(), ids=WITH_GAPS)
def test_missing_values(gaps):
    y = np.array([1.0, 2.0, 0.0, 4.0, 1.0])
    with pytest.raises(ValueError, match=r"missing|NaN"):
        TargetEncoder().fit(gaps, y)
    encoder = TargetEncoder(handle_missing="level", seed=1).fit(gaps, y)
    names = ["1", "2"] if "1" in encoder.level_stats_ else ["a", "b"]
    assert encoder.level_stats_ == {names[0]: (2.0, 2), names[1]: (0.0, 1), None: (6.0, 2)}
    expected = rs.target_encode(["a", "c", "b", "c", "a"], y, seed=1)
    assert encoder.transform(gaps)[1] == pytest.approx((6 + 1.6) / 3)
    np.testing.assert_array_equal(np.ravel(encoder.fit_transform(gaps, y)), expected[0])


def test_missing_values_at_transform():
    fitted = TargetEncoder(handle_missing="level").fit([["a"], ["b"], ["a"]], [1.0, 0.0, 2.0])
    gap = np.array([["a"], [None]], dtype=object)
    assert fitted.transform(gap)[1, 0] == fitted.prior_
    nothing = TargetEncoder(handle_missing="level").fit(gap[[1, 1]], [1.0, 2.0])
    assert nothing.level_stats_ == {None: (3.0, 2)}
    with pytest.raises(ValueError, match="column 'x0' has 1 missing value: fill"):
        TargetEncoder().fit([["a"], ["b"]], [1.0, 0.0]).transform(gap)


# ---- bad input and state ------------------------------------------------------------------------


BAD = {
    "handle_unknown": ({"handle_unknown": "mean"}, "handle_unknown must be 'prior' or 'error'"),
    "handle_missing": ({"handle_missing": "drop"}, "handle_missing must be 'error' or 'level'"),
    "prior_weight": ({"prior_weight": -1.0}, "prior_weight must be a number of 0 or more"),
    "n_permutations": ({"n_permutations": 0}, "n_permutations must be a whole number"),
    "seed": ({"seed": "a"}, "seed must be a whole number"),
    "n_threads": ({"n_threads": 0}, "n_threads must be a positive whole number"),
}


@pytest.mark.parametrize(("parameters", "message"), BAD.values(), ids=BAD)
def test_bad_parameters(parameters, message):
    for method in ("fit", "fit_transform"):
        with pytest.raises(ValueError, match=message):
            getattr(TargetEncoder(**parameters), method)(X, Y)


def test_bad_data_changes_nothing(monkeypatch):
    encoder = TargetEncoder(seed=1).fit(X, Y)
    before = dict(vars(encoder))
    for arguments, message in (
        ((X, Y[1:]), "target has shape"),
        ((X, np.where(Y > 0, np.nan, Y)), "target is NaN or infinite in .* rows"),
        ((X.assign(VehAge=np.nan), Y), "column 'VehAge' is NaN or infinite in 4000 rows"),
        ((X, Y, 0 * Y), "weights is zero in all"),
        ((X, Y, None, 0 * Y), "exposure is 0 or negative in 4000 rows"),
        ((X, None), "requires y to be passed"),
        ((X.iloc[:, :0], Y), "0 feature"),
    ):
        for method in (encoder.fit, encoder.fit_transform):
            with pytest.raises(ValueError, match=message):
                method(*arguments)
    with monkeypatch.context() as patch:
        patch.setattr(
            target_encoding.encoding,
            "ordered_statistics",
            lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt()),
        )
        with pytest.raises(KeyboardInterrupt):
            encoder.fit_transform(X[["Region"]], Y)
    assert vars(encoder) == before
    with pytest.raises(ValueError, match="feature names"):
        encoder.transform(X.rename(columns={"Region": "Area"}))
    with pytest.raises(TypeError, match="sparse"):
        encoder.fit(sparse.eye_array(4), Y[:4])


def test_not_fitted():
    encoder = TargetEncoder()
    assert not hasattr(encoder, "prior_")
    assert not hasattr(encoder, "level_stats_")
    for method in (lambda: encoder.transform(X), encoder.get_feature_names_out):
        with pytest.raises(NotFittedError, match="not fitted"):
            method()


def test_a_new_fit_forgets_the_old_one():
    encoder = TargetEncoder().fit(X, Y).fit(X[["VehAge"]].to_numpy(), Y)
    assert encoder.n_features_in_ == 1
    assert not hasattr(encoder, "feature_names_in_")
    changed = encoder.transform([[1.0]])
    np.testing.assert_array_equal(encoder.set_params(prior_weight=99.0).transform([[1.0]]), changed)


# ---- scikit-learn -------------------------------------------------------------------------------


def test_what_the_skipped_checks_look_at_beside_that():
    class NotAnArray:
        def __init__(self, values):
            self.values = np.asarray(values)

        def __array__(self, dtype=None, copy=None):
            return self.values

    values = X[["VehAge"]].to_numpy(float)
    expected = TargetEncoder(seed=1).fit_transform(values, Y)
    encoder = TargetEncoder(seed=1)
    np.testing.assert_array_equal(
        encoder.fit_transform(NotAnArray(values), NotAnArray(Y)), expected
    )
    assert encoder.fit(values, Y) is encoder
    piped = make_pipeline(TargetEncoder(seed=1)).fit_transform(values, Y)
    np.testing.assert_array_equal(piped, expected)
    with pytest.raises(ValueError, match="2 features"):
        encoder.transform(np.c_[values, values])


def test_names_and_output():
    encoder = TargetEncoder(seed=1).fit(X, Y)
    assert encoder.get_feature_names_out().tolist() == ["TE(Region)", "TE(VehAge)"]
    assert encoder.feature_names_in_.tolist() == list(X)
    array = TargetEncoder().fit(X.to_numpy(), Y)
    assert array.get_feature_names_out().tolist() == ["TE(x0)", "TE(x1)"]
    assert array.get_feature_names_out(["a", "b"]).tolist() == ["TE(a)", "TE(b)"]
    found = TargetEncoder(seed=1).set_output(transform="pandas").fit_transform(X, Y)
    assert isinstance(found, pd.DataFrame)
    assert list(found) == ["TE(Region)", "TE(VehAge)"]
    found = encoder.set_output(transform="polars").transform(pl.DataFrame(X))
    assert isinstance(found, pl.DataFrame)
    flat = TargetEncoder(seed=1).set_output(transform="pandas").fit_transform(X["Region"], Y)
    assert list(flat) == ["TE(Region)"]


def test_clone_copy_and_pickle():
    encoder = TargetEncoder(2.0, 3, 4, handle_unknown="error", handle_missing="level", n_threads=1)
    assert clone(encoder).get_params() == encoder.get_params()
    encoder.fit(X, Y)
    for other in (copy.deepcopy(encoder), pickle.loads(pickle.dumps(encoder))):
        np.testing.assert_array_equal(other.transform(X), encoder.transform(X))


def test_in_a_pipeline_the_training_rows_are_encoded_without_their_own_response():
    model = make_pipeline(TargetEncoder(seed=1), GLMRegressor("poisson")).fit(X, Y)
    ordered = TargetEncoder(seed=1).fit_transform(X, Y)
    direct = GLMRegressor("poisson").fit(ordered, Y)
    np.testing.assert_array_equal(model[-1].coef_, direct.coef_)
    search = GridSearchCV(model, {"targetencoder__prior_weight": [1.0, 100.0]}, cv=3).fit(X, Y)
    assert np.isfinite(search.best_score_)


def test_routing():
    """Weights and exposure reach the encoder, through a ColumnTransformer and cross-validation."""
    with sklearn.config_context(enable_metadata_routing=True):
        encoder = TargetEncoder(seed=1).set_fit_request(sample_weight=True, exposure=True)
        columns = ColumnTransformer([("te", encoder, ["Region"])])
        model = make_pipeline(
            columns,
            GLMRegressor("poisson")
            .set_fit_request(sample_weight=True, exposure=True)
            .set_score_request(sample_weight=True, exposure=True),
        )
        model.fit(X, Y, **GIVEN)
        expected = TargetEncoder(seed=1).fit_transform(X[["Region"]], Y, **GIVEN)
        direct = GLMRegressor("poisson").fit(expected, Y, **GIVEN)
        np.testing.assert_array_equal(model[-1].coef_, direct.coef_)
        if Version(sklearn.__version__) >= Version("1.8"):  # no earlier pipeline routes to score
            scores = cross_val_score(model, X, Y, params=GIVEN, cv=3)
            assert np.all(np.isfinite(scores))
