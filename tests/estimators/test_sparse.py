"""Sparse matrices: the fit of the same array, in each way an estimator fits, and never an array."""

import pickle
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction import DictVectorizer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import rustystats as rs
from rustystats import GLMClassifier, GLMRegressor, GLMRegressorCV

N = 2500
SAME = {"rtol": 1e-10, "atol": 1e-11}


def factors():
    """Indicators of three factors, and a number in each row."""
    rng = np.random.default_rng(0)
    parts = [np.eye(k)[rng.integers(0, k, N)][:, 1:] for k in (5, 9, 30)]
    return np.hstack([*parts, rng.normal(size=(N, 1))])


def words():
    """Counts of words that meet in all ways, some of them in no row."""
    rng = np.random.default_rng(1)
    counts = rng.poisson(0.08, (N, 60)) * rng.gamma(2.0, size=(N, 60))
    counts[:, 17] = 0.0
    return counts


ARRAYS = {"factors": factors(), "words": words()}
FORMATS = ["csr_array", "csr_matrix", "csc_array", "csc_matrix", "coo_array", "lil_array"]


@pytest.fixture(params=ARRAYS)
def X(request):
    return ARRAYS[request.param]


def response(X, seed=2):
    rng = np.random.default_rng(seed)
    exposure = rng.uniform(0.2, 1.0, len(X))
    eta = -0.5 + X @ rng.normal(0, 0.2, X.shape[1])
    return rng.poisson(exposure * np.exp(eta)).astype(float), exposure, rng.uniform(0.5, 2, len(X))


@pytest.mark.parametrize("kind", FORMATS)
def test_any_format_is_the_fit_of_the_array(X, kind):
    y, exposure, weight = response(X)
    given = getattr(sparse, kind)(X)
    expected = GLMRegressor("poisson").fit(X, y, weight, exposure=exposure)
    model = GLMRegressor("poisson").fit(given, y, weight, exposure=exposure)
    assert model.aliased_ == expected.aliased_
    assert model.n_features_in_ == X.shape[1]
    np.testing.assert_allclose(model.coef_, expected.coef_, **SAME)
    np.testing.assert_allclose(model.result_.bse(), expected.result_.bse(), **SAME)
    for data in (X, given, getattr(sparse, kind)(X[::3])):
        few = data.shape[0] < N
        np.testing.assert_allclose(
            model.predict(data), expected.predict(X[::3] if few else X), **SAME
        )
    score = model.score(given, y, weight, exposure=exposure)
    np.testing.assert_allclose(score, expected.score(X, y, weight, exposure=exposure), **SAME)


@pytest.mark.parametrize(
    "options",
    [
        {"alpha": 0.01},
        {"alpha": 0.01, "standardize": True},
        {"alpha": 0.005, "l1_ratio": 1.0, "tol": 1e-12},
        {"alpha": 0.005, "l1_ratio": 0.5, "lower_bounds": 0.0, "tol": 1e-12},
        {"alpha": 0.01, "fit_intercept": False},
    ],
    ids=str,
)
@pytest.mark.parametrize("family", ["poisson", "gaussian"])
def test_penalties(X, family, options):
    y, _, weight = response(X)
    expected = GLMRegressor(family, **options).fit(X, y, weight)
    model = GLMRegressor(family, **options).fit(sparse.csr_array(X), y, weight)
    np.testing.assert_allclose(model.coef_, expected.coef_, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(model.intercept_, expected.intercept_, rtol=1e-8)


def test_inference_and_tests(X):
    y, _, _ = response(X)
    results = [GLMRegressor("poisson").fit(x, y).result_ for x in (X, sparse.csr_array(X))]
    clusters = np.arange(N) // 10
    for of in (
        lambda r: r.bse_robust("HC3"),
        lambda r: r.cov_robust("HC1", groups=clusters),
        lambda r: r.resid_deviance(),
        lambda r: r.fittedvalues,
    ):
        expected, found = map(of, results)
        np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-10)


def test_cross_validation_chooses_the_same_penalty(X):
    y, _, _ = response(X)
    model = GLMRegressorCV("poisson", n_alphas=8, cv=3, random_state=0, tol=1e-10)
    expected = pickle.loads(pickle.dumps(model)).fit(X, y)
    model.fit(sparse.csc_array(X), y)
    assert model.alpha_ == pytest.approx(expected.alpha_, rel=1e-12)
    np.testing.assert_allclose(model.coef_, expected.coef_, rtol=1e-6, atol=1e-8)


def test_classes(X):
    y = np.where(response(X)[0] > 0, "claim", "none")
    expected, model = GLMClassifier(alpha=1e-3).fit(X, y), GLMClassifier(alpha=1e-3)
    model.fit(sparse.csr_array(X), y)
    found = model.predict_proba(sparse.csc_array(X))
    np.testing.assert_allclose(found, expected.predict_proba(X), **SAME)


def test_float32_stays_float32():
    X = sparse.csr_array(ARRAYS["words"], dtype=np.float32)
    y, *_ = response(X.toarray().astype(float))
    model = GLMRegressor("poisson").fit(X, y)
    (pack,) = model.result_.model.problem.design.packs
    assert pack.basis.dtype == np.float32
    expected = GLMRegressor("poisson").fit(X.toarray().astype(float), y)
    np.testing.assert_allclose(model.coef_, expected.coef_, **SAME)


@pytest.mark.parametrize("dtype", [bool, np.int8, np.int64])
def test_counts_and_flags_are_numbers(dtype):
    X = (ARRAYS["words"] > 0).astype(dtype)
    y, *_ = response(X.astype(float))
    expected = GLMRegressor("poisson").fit(X.astype(float), y)
    model = GLMRegressor("poisson").fit(sparse.csr_array(X), y)
    np.testing.assert_allclose(model.coef_, expected.coef_, **SAME)


def test_what_is_given_is_not_touched():
    X = sparse.coo_array(ARRAYS["words"]).tocsr()
    rows, columns = np.append(X.indices, 3), X.indptr.copy()
    columns[-1] += 1  # a number stored as 0, out of order, in the last row
    messy = sparse.csr_matrix((np.append(X.data, 0.0), rows, columns), shape=X.shape)
    before = [a.copy() for a in (messy.data, messy.indices, messy.indptr)]
    for array in (messy.data, messy.indices, messy.indptr):
        array.flags.writeable = False
    y, *_ = response(ARRAYS["words"])
    model = GLMRegressor("poisson").fit(messy, y)
    expected = GLMRegressor("poisson").fit(ARRAYS["words"], y)
    np.testing.assert_allclose(model.coef_, expected.coef_, **SAME)
    for array, was in zip((messy.data, messy.indices, messy.indptr), before, strict=True):
        np.testing.assert_array_equal(array, was)


def test_bad_numbers_are_counted():
    X = sparse.csr_array(ARRAYS["words"])
    y, *_ = response(ARRAYS["words"])
    X.data[np.flatnonzero(X.indices == 5)[:3]] = np.nan
    message = r"X contains NaN or infinity: 3 values, 3 of them in column 5; fill or drop"
    with pytest.raises(ValueError, match=message):
        GLMRegressor("poisson").fit(X, y)
    with pytest.raises(ValueError, match="Complex data not supported"):
        GLMRegressor("poisson").fit(X.astype(complex), y)
    with pytest.raises(ValueError, match="formula and column names need a DataFrame"):
        GLMRegressor("poisson", formula="a").fit(X, y)
    with pytest.raises(ValueError, match="X has 4 features, but GLMRegressor is expecting 60"):
        GLMRegressor("poisson").fit(ARRAYS["words"], y).predict(X[:, :4])


def test_one_hot_encoder_in_a_pipeline_equals_the_formula():
    data = rs.datasets.make_motor_portfolio(3000, seed=5)
    encode = ColumnTransformer(
        [("levels", OneHotEncoder(drop="first"), ["Area", "VehGas"])],
        remainder="passthrough",
        sparse_threshold=1.0,
    )
    X, y = data[["Area", "VehGas", "DrivAge"]], data["ClaimNb"]
    assert sparse.issparse(encode.fit_transform(X))
    model = make_pipeline(encode, GLMRegressor("poisson")).fit(X, y)
    formula = "Area + VehGas + DrivAge"
    expected = GLMRegressor("poisson", formula=formula).fit(X, y)
    np.testing.assert_allclose(model.predict(X), expected.predict(X), rtol=1e-9)
    search = GridSearchCV(model, {"glmregressor__alpha": [1.0, 1e-3]}, cv=3).fit(X, y)
    dense = clone(model).set_params(columntransformer__sparse_threshold=0.0)
    same = GridSearchCV(dense, search.param_grid, cv=3).fit(X, y)
    np.testing.assert_allclose(
        search.cv_results_["mean_test_score"], same.cv_results_["mean_test_score"], **SAME
    )


def test_words_of_texts():
    rng = np.random.default_rng(6)
    terms = np.array(["fire", "water", "glass", "theft", "hail", "parking"])
    reports = [dict.fromkeys(rng.choice(terms, 2), 1.0) for _ in range(500)]
    X = DictVectorizer().fit_transform(reports)
    y = rng.gamma(2.0, np.exp(5 + 0.4 * X[:, [0]].toarray().ravel()))
    frame = pd.DataFrame(X.toarray())
    model = GLMRegressor("gamma", link="log").fit(X, y)
    expected = GLMRegressor("gamma", link="log").fit(frame, y)
    np.testing.assert_allclose(model.coef_, expected.coef_, **SAME)


@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
def test_wide_matrices_are_never_written_out(l1_ratio):
    rng = np.random.default_rng(7)
    where = np.arange(60_000) // 6, rng.integers(6_000, size=60_000)  # six values a row
    X = sparse.coo_array((rng.random(60_000), where), (10_000, 6_000)).tocsr()
    y = rng.poisson(np.exp(0.5 * X[:, :200].sum(axis=1) - 1)).astype(float)
    tracemalloc.start()
    model = GLMRegressor("poisson", alpha=1e-3, l1_ratio=l1_ratio).fit(X, y)
    model.predict(X)
    assert tracemalloc.get_traced_memory()[1] < 60e6  # as an array: 480 MB; its Gram: 288
    tracemalloc.stop()
    assert model.converged_
