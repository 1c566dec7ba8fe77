"""`GLMRegressor`: its numbers against peers, its manners against scikit-learn's."""

import copy
import pickle
import warnings

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import sklearn
import statsmodels.api as sm
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning, NotFittedError
from sklearn.linear_model import (
    GammaRegressor,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
)
from sklearn.metrics import d2_tweedie_score, r2_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import rustystats as rs
from rustystats import GLMRegressor, datasets, families, fitting, links

N = 400
RNG = np.random.default_rng(42)
X = RNG.normal(size=(N, 3)) * [1.0, 0.5, 2.0]
MU = np.exp(0.3 + X @ [0.3, -0.4, 0.1])
WEIGHTS = RNG.uniform(0.5, 3.0, N)
EXPOSURE = RNG.uniform(0.1, 1.0, N)
Y = {
    "gaussian": MU + RNG.normal(size=N),
    "poisson": RNG.poisson(MU).astype(float),
    "gamma": RNG.gamma(2.0, MU / 2.0),
    "binomial": RNG.binomial(1, MU / (1.0 + MU)).astype(float),
}
PEERS = {
    "gaussian": lambda: sm.families.Gaussian(),
    "poisson": lambda: sm.families.Poisson(),
    "gamma": lambda: sm.families.Gamma(sm.families.links.Log()),
    "binomial": lambda: sm.families.Binomial(),
}
EXACT = {"rtol": 1e-12, "atol": 1e-12}
CLOSE = {"rtol": 1e-6, "atol": 1e-8}
TIGHT = {"tol": 1e-14}


def coefficients(model):
    return np.append(model.intercept_, model.coef_)


def assert_same(model, other, **tolerance):
    tolerance = tolerance or EXACT
    np.testing.assert_allclose(coefficients(model), coefficients(other), **tolerance)


@pytest.fixture(scope="module")
def frame():
    """A frame of numbers, text, categoricals and booleans, with its counts and exposure."""
    data = datasets.make_motor_portfolio(3_000, seed=5)
    data = data[["VehPower", "Density", "Area", "VehGas", "Exposure", "ClaimNb"]]
    return data.assign(
        VehGas=data["VehGas"].astype(str),
        LogDensity=np.log(data["Density"].to_numpy()),
        Urban=data["Density"].to_numpy() > 1_000,
    )


FEATURES = ["VehPower", "LogDensity", "Area", "VehGas", "Urban"]
FORMULA = " + ".join(FEATURES)
FRAMES = {
    "pandas": lambda data: data,
    "polars": pl.DataFrame,
    "lazy": lambda data: pl.DataFrame(data).lazy(),
    "pyarrow": lambda data: pa.Table.from_pandas(data, preserve_index=False),
}


# ---- numbers against peers --------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("shifted", [False, True], ids=["", "offset"])
@pytest.mark.parametrize("family", Y)
def test_equals_statsmodels(family, shifted, weighted):
    y, offset = Y[family], 0.2 * np.sin(np.arange(N)) if shifted else None
    weights = WEIGHTS if weighted else None
    model = GLMRegressor(family, **TIGHT).fit(X, y, sample_weight=weights, offset=offset)
    peer = sm.GLM(y, sm.add_constant(X), PEERS[family](), var_weights=weights, offset=offset).fit(
        tol=1e-14, scale="X2" if family in ("gaussian", "gamma") else None
    )
    result = model.result_
    np.testing.assert_allclose(coefficients(model), peer.params, **CLOSE)
    np.testing.assert_allclose(result.params, peer.params, **CLOSE)
    np.testing.assert_allclose(result.bse(), peer.bse, **CLOSE)
    np.testing.assert_allclose(result.pvalues(), peer.pvalues, rtol=1e-5, atol=1e-12)
    np.testing.assert_allclose(result.conf_int(), peer.conf_int(), **CLOSE)
    np.testing.assert_allclose(result.deviance, peer.deviance, rtol=1e-9)
    np.testing.assert_allclose(result.null_deviance(), peer.null_deviance, rtol=1e-7)
    np.testing.assert_allclose(result.fittedvalues, peer.fittedvalues, **CLOSE)
    np.testing.assert_allclose(
        model.score(X, y, sample_weight=weights, offset=offset),
        1 - peer.deviance / peer.null_deviance,
        rtol=1e-6,
    )


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("alpha", [0.0, 0.3])
@pytest.mark.parametrize("family", Y)
def test_equals_scikit_learn(family, alpha, fit_intercept, weights):
    """The penalty is that of PoissonRegressor; Ridge and LogisticRegression do not average."""
    y = Y[family]
    total = N if weights is None else weights.sum()
    common = {"fit_intercept": fit_intercept}
    if family == "gaussian":
        peer = Ridge(alpha=alpha * total, **common) if alpha else LinearRegression(**common)
    elif family == "binomial":
        inverse = 1 / (alpha * total) if alpha else np.inf
        peer = LogisticRegression(C=inverse, solver="newton-cholesky", tol=1e-12, **common)
    else:
        peer = {"poisson": PoissonRegressor, "gamma": GammaRegressor}[family]
        peer = peer(alpha=alpha, solver="newton-cholesky", tol=1e-12, **common)
    peer.fit(X, y, sample_weight=weights)
    model = GLMRegressor(family, alpha=alpha, fit_intercept=fit_intercept, **TIGHT)
    model.fit(X, y, sample_weight=weights)
    np.testing.assert_allclose(model.coef_, np.ravel(peer.coef_), **CLOSE)
    np.testing.assert_allclose(model.intercept_, np.ravel(peer.intercept_).item(), **CLOSE)
    if family == "binomial":
        expected = peer.predict_proba(X)[:, 1]
    else:
        expected = peer.predict(X)
        score = peer.score(X, y, sample_weight=weights)
        np.testing.assert_allclose(model.score(X, y, sample_weight=weights), score, rtol=1e-6)
    np.testing.assert_allclose(model.predict(X), expected, **CLOSE)


@pytest.mark.parametrize("family", Y)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_ridge_satisfies_the_stated_objective(family, fit_intercept):
    """The gradient of 1/(2 sum w) sum w d + alpha/2 sum b^2 is 0, the intercept not penalised."""
    alpha, y, step = 0.2, Y[family], 1e-5
    model = GLMRegressor(family, alpha=alpha, fit_intercept=fit_intercept, **TIGHT)
    model.fit(X, y, sample_weight=WEIGHTS)
    problem = model.result_.model.problem
    design = np.column_stack([np.ones(N), X])[:, 0 if fit_intercept else 1 :]

    def objective(coef):
        mu = problem.link.inverse(design @ coef)
        deviance = problem.family.deviance(y, mu, WEIGHTS)
        penalised = coef[1:] if fit_intercept else coef
        return deviance / (2 * WEIGHTS.sum()) + alpha / 2 * penalised @ penalised

    coef = coefficients(model)[0 if fit_intercept else 1 :]
    for unit in np.eye(len(coef)):
        slope = (objective(coef + step * unit) - objective(coef - step * unit)) / (2 * step)
        assert abs(slope) < 1e-8


def test_integer_weights_equal_repeated_rows():
    counts = np.arange(N) % 3
    weighted = GLMRegressor("poisson", alpha=0.1, **TIGHT).fit(X, Y["poisson"], counts)
    repeated = GLMRegressor("poisson", alpha=0.1, **TIGHT)
    repeated.fit(X.repeat(counts, axis=0), Y["poisson"].repeat(counts))
    assert_same(weighted, repeated, rtol=1e-9)
    assert weighted.result_.nobs == np.count_nonzero(counts)


def test_scale_of_weights_does_not_matter():
    models = [
        GLMRegressor("gamma", alpha=0.1, **TIGHT).fit(X, Y["gamma"], scale * WEIGHTS)
        for scale in (1.0, 1000.0)
    ]
    assert_same(*models, rtol=1e-9)


@pytest.mark.parametrize("family", Y)
def test_link_by_name_and_object(family):
    objects = {"gaussian": links.Identity(), "binomial": links.Logit()}
    link = objects.get(family, links.Log())
    default = GLMRegressor(family).fit(X, Y[family])
    named = GLMRegressor(family.upper(), link=link.name()).fit(X, Y[family])
    given = GLMRegressor(families.get_family(family), link).fit(X, Y[family])
    assert_same(default, named)
    assert_same(default, given)
    assert given.result_.link == link.name()


# ---- arrays -----------------------------------------------------------------------------------


def _read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    "change",
    [
        np.asfortranarray,
        lambda a: np.repeat(a, 2, axis=0)[::2],
        lambda a: np.repeat(a, 2, axis=1)[:, ::2],
        lambda a: a[::-1].copy()[::-1],
        _read_only,
        np.ndarray.tolist,
        lambda a: a.astype(object),
        lambda a: a.astype(">f8"),
        pd.DataFrame,
    ],
    ids=["F", "rows", "columns", "reversed", "read-only", "list", "object", ">f8", "labels"],
)
def test_layout_and_container_do_not_matter(change):
    expected = GLMRegressor("poisson").fit(X, Y["poisson"], WEIGHTS, exposure=EXPOSURE)
    y, w, e = (_read_only(v) for v in (Y["poisson"], WEIGHTS, EXPOSURE))
    model = GLMRegressor("poisson").fit(change(X), y, w, exposure=e)
    assert_same(model, expected)
    np.testing.assert_allclose(model.predict(change(X)), expected.predict(X), **EXACT)
    assert model.score(change(X), y, w, exposure=e) == pytest.approx(
        expected.score(X, y, w, exposure=e), rel=1e-12
    )
    assert model.n_features_in_ == 3
    assert not hasattr(model, "feature_names_in_")


@pytest.mark.parametrize("dtype", [np.float32, np.int32, np.uint8, np.float16, bool])
def test_types_equal_their_float64_values(dtype):
    values = (4 * np.abs(X)).astype(dtype)
    y = Y["poisson"]
    model = GLMRegressor("poisson", **TIGHT).fit(values, y.astype(np.int8), EXPOSURE.tolist())
    expected = GLMRegressor("poisson", **TIGHT).fit(values.astype(np.float64), y, EXPOSURE)
    assert_same(model, expected)
    assert model.coef_.dtype == np.float64
    np.testing.assert_allclose(model.predict(values), expected.predict(values), **EXACT)


@pytest.mark.parametrize("wrap", [pd.Series, pl.Series, pa.array, list])
def test_vectors_of_any_kind(wrap):
    expected = GLMRegressor("poisson").fit(X, Y["poisson"], WEIGHTS, exposure=EXPOSURE)
    y, w, e = wrap(Y["poisson"]), wrap(WEIGHTS), wrap(EXPOSURE)
    assert_same(GLMRegressor("poisson").fit(X, y, w, exposure=e), expected)


def test_scalar_weight_and_exposure_are_every_rows():
    model = GLMRegressor("poisson").fit(X, Y["poisson"], sample_weight=2.0, exposure=0.5)
    expected = GLMRegressor("poisson").fit(X, Y["poisson"], exposure=np.full(N, 0.5))
    assert_same(model, expected, rtol=1e-9)


def test_inputs_are_not_changed(frame):
    y, w, e, offset = Y["poisson"].copy(), WEIGHTS.copy(), EXPOSURE.copy(), EXPOSURE - 0.5
    inputs = [X.copy(), y, w, e, offset]
    before = copy.deepcopy(inputs)
    model = GLMRegressor("poisson").fit(inputs[0], y, w, offset=offset, exposure=e)
    model.predict(inputs[0], exposure=e, offset=offset)
    model.score(inputs[0], y, w, offset=offset, exposure=e)
    for value, former in zip(inputs, before, strict=True):
        np.testing.assert_array_equal(value, former)
    former = frame.copy(deep=True)
    GLMRegressor("poisson", exposure="Exposure").fit(frame, frame["ClaimNb"])
    pd.testing.assert_frame_equal(frame, former)


def test_coef_is_a_copy():
    model = GLMRegressor(fit_intercept=False).fit(X, Y["gaussian"])
    expected = model.predict(X)
    model.coef_[:] = 0.0
    np.testing.assert_array_equal(model.predict(X), expected)


def test_column_vector_warns():
    with pytest.warns(DataConversionWarning, match="column-vector y"):
        model = GLMRegressor().fit(X, Y["gaussian"][:, None])
    assert_same(model, GLMRegressor().fit(X, Y["gaussian"]))


@pytest.mark.parametrize("family", Y)
def test_thread_count_does_not_matter(family):
    repeated = np.tile(X, (100, 1)) + np.linspace(0, 0.1, 100 * N)[:, None]
    y = np.tile(Y[family], 100)
    one, two = (GLMRegressor(family, n_threads=n, **TIGHT).fit(repeated, y) for n in (1, 2))
    assert one.result_.model.problem.design.n_threads == 1
    assert two.result_.model.problem.design.n_threads == 2
    assert_same(one, two)
    np.testing.assert_allclose(one.result_.bse(), two.result_.bse(), **EXACT)
    assert one.score(repeated, y) == pytest.approx(two.score(repeated, y), rel=1e-12)


# ---- DataFrames and formulas ------------------------------------------------------------------


@pytest.mark.parametrize("kind", FRAMES)
def test_frames_equal_the_formula_face(frame, kind):
    expected = rs.glm(
        f"ClaimNb ~ {FORMULA}", frame, "poisson", exposure="Exposure", weights=frame["VehPower"]
    ).fit()
    data = FRAMES[kind](frame[[*FEATURES, "Exposure"]])
    model = GLMRegressor("poisson", exposure="Exposure")
    model.fit(data, frame["ClaimNb"], sample_weight=frame["VehPower"])
    assert model.result_.feature_names == expected.feature_names
    np.testing.assert_allclose(model.result_.params, expected.params, **EXACT)
    np.testing.assert_allclose(model.result_.bse(), expected.bse(), **EXACT)
    np.testing.assert_allclose(model.predict(data), expected.fittedvalues, **EXACT)
    assert model.feature_names_in_.tolist() == FEATURES
    assert model.n_features_in_ == 5
    score = 1 - expected.deviance / expected.null_deviance()
    assert model.score(data, frame["ClaimNb"], frame["VehPower"]) == pytest.approx(score, rel=1e-9)


@pytest.mark.parametrize("kind", FRAMES)
@pytest.mark.parametrize(
    ("terms", "names"),
    [
        ("bs(VehPower, df=5) + C(Area, ref='C')", ["VehPower", "Area"]),
        ("log(Density) + Area:VehGas - 1", ["Density", "Area", "VehGas"]),
        ("1", []),
    ],
)
def test_formula_equals_the_formula_face(frame, terms, names, kind):
    expected = rs.glm(f"ClaimNb ~ {terms}", frame, "poisson", exposure="Exposure").fit(alpha=0.01)
    model = GLMRegressor("poisson", formula=terms, exposure="Exposure", alpha=0.01)
    data = FRAMES[kind](frame)
    model.fit(data, frame["ClaimNb"])
    np.testing.assert_allclose(model.result_.params, expected.params, **EXACT)
    np.testing.assert_allclose(model.predict(data), expected.fittedvalues, **EXACT)
    assert model.result_.feature_names == expected.feature_names
    assert model.feature_names_in_.tolist() == names
    # Only the columns used are needed, in any order.
    if kind == "pandas":
        few = frame[["Exposure", *names[::-1]]]
        np.testing.assert_allclose(model.predict(few), expected.fittedvalues, **EXACT)


def test_without_intercept_equals_minus_one(frame):
    model = GLMRegressor("poisson", fit_intercept=False).fit(frame[FEATURES], frame["ClaimNb"])
    expected = rs.glm(f"ClaimNb ~ {FORMULA} - 1", frame, "poisson").fit()
    assert model.result_.feature_names == expected.feature_names
    np.testing.assert_allclose(model.coef_, expected.params, **EXACT)
    assert model.intercept_ == 0.0
    same = GLMRegressor("poisson", fit_intercept=False, formula=FORMULA)
    np.testing.assert_array_equal(same.fit(frame, frame["ClaimNb"]).coef_, model.coef_)


def test_odd_column_names_are_quoted(frame):
    renamed = frame[FEATURES].set_axis(["a b", "log(x)", "C", "ü-1", "1"], axis=1)
    model = GLMRegressor("poisson").fit(renamed, frame["ClaimNb"])
    assert_same(model, GLMRegressor("poisson").fit(frame[FEATURES], frame["ClaimNb"]))
    assert model.result_.feature_names[1:3] == ["a b", "log(x)"]


def test_labels_that_are_no_strings_make_an_array(frame):
    numbers = pd.DataFrame(X)
    model = GLMRegressor("poisson").fit(numbers, Y["poisson"])
    np.testing.assert_array_equal(model.predict(numbers), model.predict(X))
    with pytest.raises(ValueError, match="X must be numbers"):
        model.fit(frame[["Area"]].set_axis([0], axis=1), frame["ClaimNb"])
    with pytest.raises(TypeError, match="named by strings and others"):
        model.fit(numbers.rename(columns={0: "a"}), Y["poisson"])


@pytest.mark.parametrize("refit", ["array", "frame"])
def test_feature_names_follow_the_last_fit(refit):
    named = pd.DataFrame(X, columns=list("abc"))
    first, last = (named, X[:, :2]) if refit == "array" else (X, named)
    model = GLMRegressor("poisson").fit(first, Y["poisson"]).fit(last, Y["poisson"])
    assert hasattr(model, "feature_names_in_") == (refit == "frame")
    assert model.n_features_in_ == last.shape[1]


# ---- exposure and offset ----------------------------------------------------------------------


def test_named_exposure_is_no_feature_and_is_found(frame):
    data, y = frame[[*FEATURES, "Exposure"]], frame["ClaimNb"]
    model = GLMRegressor("poisson", exposure="Exposure").fit(data, y)
    array = GLMRegressor("poisson").fit(frame[FEATURES], y, exposure=frame["Exposure"])
    in_fit = GLMRegressor("poisson").fit(data, y, exposure="Exposure")
    assert_same(model, array)
    assert_same(model, in_fit)
    rate = model.predict(data, exposure=1.0)
    np.testing.assert_allclose(model.predict(data), rate * frame["Exposure"], **EXACT)
    np.testing.assert_allclose(model.predict(frame[FEATURES], exposure=1.0), rate, **EXACT)
    np.testing.assert_allclose(array.predict(frame[FEATURES]), rate, **EXACT)
    np.testing.assert_allclose(
        array.predict(frame[FEATURES], exposure=frame["Exposure"]), model.predict(data), **EXACT
    )
    other = data.rename(columns={"Exposure": "Years"})
    np.testing.assert_allclose(model.predict(other, exposure="Years"), model.predict(data), **EXACT)
    score = model.score(data, y)
    assert score == pytest.approx(1 - model.result_.deviance / model.result_.null_deviance())
    assert array.score(frame[FEATURES], y, exposure=frame["Exposure"]) == pytest.approx(score)
    with pytest.raises(ValueError, match=r"'Exposure', which the data lack.*exposure=1\.0"):
        model.predict(frame[FEATURES])


def test_score_with_exposure_beats_the_rate_not_the_mean():
    y = RNG.poisson(EXPOSURE * 2.0).astype(float)
    model = GLMRegressor("poisson").fit(X, y, exposure=EXPOSURE)
    mean = families.Poisson()
    null = mean.deviance(y, EXPOSURE * y.sum() / EXPOSURE.sum())
    deviance = mean.deviance(y, model.predict(X, exposure=EXPOSURE))
    assert model.score(X, y, exposure=EXPOSURE) == pytest.approx(1 - deviance / null, rel=1e-9)


def test_array_exposure_is_asked_for_where_it_matters():
    y = Y["poisson"]
    model = GLMRegressor("poisson").fit(X, y, exposure=EXPOSURE)
    np.testing.assert_allclose(model.predict(X), np.exp(model.intercept_ + X @ model.coef_))
    with pytest.raises(ValueError, match="fitted with an exposure array: pass exposure="):
        model.score(X, y)
    with pytest.raises(ValueError, match="fitted with an exposure array: pass exposure="):
        model.result_.predict(X)
    shifted = GLMRegressor("poisson").fit(X, y, offset=EXPOSURE)
    np.testing.assert_allclose(
        shifted.predict(X, offset=EXPOSURE), shifted.predict(X) * np.exp(EXPOSURE)
    )
    with pytest.raises(ValueError, match="fitted with an offset array: pass offset="):
        shifted.score(X, y)


def test_exposure_is_the_offset_of_its_logarithm():
    y = Y["poisson"]
    model = GLMRegressor("poisson").fit(X, y, exposure=EXPOSURE)
    assert_same(model, GLMRegressor("poisson").fit(X, y, offset=np.log(EXPOSURE)))
    both = GLMRegressor("poisson").fit(X, y, exposure=EXPOSURE, offset=np.full(N, 0.7))
    np.testing.assert_allclose(both.coef_, model.coef_, rtol=1e-7)
    assert both.intercept_ == pytest.approx(model.intercept_ - 0.7, rel=1e-7)


def test_named_offset_and_weights_are_no_features(frame):
    data = frame[[*FEATURES, "Exposure"]].assign(W=1.0 + frame["VehPower"])
    model = GLMRegressor("poisson").fit(
        data, frame["ClaimNb"], sample_weight="W", offset="Exposure"
    )
    expected = GLMRegressor("poisson").fit(
        frame[FEATURES], frame["ClaimNb"], data["W"], exposure=frame["Exposure"]
    )
    assert_same(model, expected)
    assert model.feature_names_in_.tolist() == FEATURES
    np.testing.assert_allclose(
        model.predict(data.drop(columns="W")),
        expected.predict(frame[FEATURES], exposure=frame["Exposure"]),
        **EXACT,
    )
    assert model.score(data, frame["ClaimNb"], "W") == pytest.approx(
        expected.score(frame[FEATURES], frame["ClaimNb"], data["W"], exposure=frame["Exposure"])
    )


def test_columns_named_in_the_constructor_are_those_named_in_fit(frame):
    data = frame[[*FEATURES, "Exposure"]].assign(W=1.0 + frame["VehPower"], Share=frame["Exposure"])
    y = frame["ClaimNb"]
    named = {"exposure": "Exposure", "offset": "Share", "sample_weight": "W"}
    model = GLMRegressor("poisson", **named).fit(data, y)
    in_fit = GLMRegressor("poisson").fit(data, y, **named)
    arrays = {
        "exposure": data["Exposure"],
        "offset": np.log(data["Share"]),
        "sample_weight": data["W"],
    }
    direct = GLMRegressor("poisson").fit(frame[FEATURES], y, **arrays)
    assert model.feature_names_in_.tolist() == FEATURES
    expected = direct.score(frame[FEATURES], y, **arrays)
    for other in (model, in_fit):
        assert_same(other, direct)
        assert other.score(data, y) == pytest.approx(expected, rel=1e-12)
        unweighted = direct.score(frame[FEATURES], y, **arrays | {"sample_weight": None})
        assert abs(unweighted - expected) > 1e-5
        assert other.score(data, y, 1.0) == pytest.approx(unweighted, rel=1e-12)
        fewer = data.drop(columns="W")
        np.testing.assert_array_equal(other.predict(fewer), other.predict(data))
        with pytest.raises(ValueError, match=r"weights from 'W', which the data lack: add"):
            other.score(fewer, y)


def test_formula_offset_is_added_as_it_is(frame):
    data, y = frame.assign(Eta=np.sin(frame["VehPower"])), frame["ClaimNb"]
    model = GLMRegressor("poisson", formula="LogDensity + offset(Eta) + Area", exposure="Exposure")
    model.fit(data, y)
    direct = GLMRegressor("poisson", formula="LogDensity + Area", exposure="Exposure")
    direct.fit(data, y, offset=data["Eta"])
    assert_same(model, direct)
    assert model.feature_names_in_.tolist() == ["LogDensity", "Area"]
    assert model.result_.feature_names == direct.result_.feature_names
    np.testing.assert_allclose(
        model.predict(data), direct.predict(data, offset=data["Eta"]), **EXACT
    )
    expected = direct.score(data, y, offset=data["Eta"])
    assert model.score(data, y) == pytest.approx(expected, rel=1e-12)
    with pytest.raises(ValueError, match="unknown column 'Eta'"):
        model.predict(frame)


# ---- predict and score ------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["gaussian", "poisson", "gamma"])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
def test_score_is_d2(family, weights):
    power = {"gaussian": 0, "poisson": 1, "gamma": 2}[family]
    model = GLMRegressor(family, link="log" if family != "gaussian" else None)
    model.fit(X[:300], Y[family][:300])
    prediction = model.predict(X)
    expected = d2_tweedie_score(Y[family], prediction, sample_weight=weights, power=power)
    assert model.score(X, Y[family], weights) == pytest.approx(expected, rel=1e-9)
    if family == "gaussian":
        assert expected == pytest.approx(r2_score(Y[family], prediction, sample_weight=weights))


def test_score_without_deviance_to_explain():
    model = GLMRegressor().fit(X, np.ones(N))
    assert model.score(X, np.ones(N)) == 1.0
    assert model.score(X, np.full(N, 2.0)) == 0.0


def test_aliased_columns():
    wide = np.column_stack([X[:, 0], X, X @ [1.0, 2.0, 3.0], np.ones(N), np.zeros(N)])
    model = GLMRegressor("poisson", **TIGHT).fit(wide, Y["poisson"])
    assert model.aliased_ == ["x1", "x4", "x5", "x6"]
    assert model.coef_[[1, 4, 5, 6]].tolist() == [0.0] * 4
    assert np.isnan(model.result_.params[[2, 5, 6, 7]]).all()
    assert np.isnan(model.result_.bse()[[2, 5, 6, 7]]).all()
    full = GLMRegressor("poisson", **TIGHT).fit(X, Y["poisson"])
    assert full.aliased_ == []
    np.testing.assert_allclose(model.predict(wide), full.predict(X), rtol=1e-9)
    assert model.result_.df_resid == full.result_.df_resid
    ridge = GLMRegressor("poisson", alpha=0.1).fit(wide[:, :2], Y["poisson"])
    assert ridge.aliased_ == []
    assert ridge.coef_[0] == pytest.approx(ridge.coef_[1])


def test_convergence_is_reported():
    model = GLMRegressor("poisson").fit(X, Y["poisson"])
    assert model.converged_ is True
    assert 1 <= model.n_iter_ < 10
    with pytest.warns(ConvergenceWarning, match="max_iter=1 steps"):
        model = GLMRegressor("poisson", max_iter=1).fit(X, Y["poisson"])
    assert model.converged_ is False
    assert model.n_iter_ == 1
    loose = GLMRegressor("poisson", tol=10.0).fit(X, Y["poisson"])
    assert loose.converged_
    assert loose.n_iter_ < GLMRegressor("poisson", **TIGHT).fit(X, Y["poisson"]).n_iter_


@pytest.mark.parametrize("family", ["gaussian", "gamma", "poisson"])
def test_data_fitted_exactly_converge(family):
    eta = 0.5 + X @ [0.1, 0.2, 0.3]
    y = eta if family == "gaussian" else np.exp(eta)
    model = GLMRegressor(family).fit(X, y)
    assert model.converged_
    np.testing.assert_allclose(coefficients(model), [0.5, 0.1, 0.2, 0.3], rtol=1e-7)
    assert model.score(X, y) == pytest.approx(1.0)
    saturated = GLMRegressor(family).fit(X[:4], y[:4])
    assert saturated.converged_
    np.testing.assert_allclose(saturated.predict(X[:4]), y[:4])


# ---- bad input --------------------------------------------------------------------------------


def _with(value, array, *where):
    array = np.array(array, dtype=float)
    array[where] = value
    return array


Y0 = Y["poisson"]
BAD_DATA = {
    "NaN": ((_with(np.nan, X, [1, 2, 3], 1), Y0), {}, "NaN or infinity: 3 values.*column 1.*fill"),
    "inf": ((_with(-np.inf, X, 7, 2), Y0), {}, "NaN or infinity: 1 values.*column 2.*fill"),
    "1-D X": ((X[:, 0], Y0), {}, r"2D array, got 1D.*Reshape your data.*reshape\(-1, 1\)"),
    "scalar X": ((1.0, Y0), {}, "2D array, got 0D"),
    "empty": ((X[:0], Y0[:0]), {}, "empty"),
    "no columns": ((X[:, :0], Y0), {}, r"empty.*0 feature"),
    "complex X": ((X + 0j, Y0), {}, "Complex data not supported: X"),
    "text X": ((X.astype(str), Y0), {}, "X must be numbers"),
    "dates": ((X.astype("datetime64[D]"), Y0), {}, "X must be numbers"),
    "short y": ((X, Y0[1:]), {}, r"response 'y' has shape \(399,\), the data have 400 rows"),
    "2-D y": ((X, X), {}, r"y must be one-dimensional.*\(400, 3\)"),
    "y name": ((X, "ClaimNb"), {}, "y must be one-dimensional, an array or a Series"),
    "scalar y": ((X, 1.0), {}, "y must be one-dimensional"),
    "no y": ((X, None), {}, "requires y to be passed"),
    "text y": ((X, ["a"] * N), {}, "response 'y' must be numbers"),
    "complex y": ((X, Y0 + 0j), {}, "Complex data not supported: response 'y'"),
    "NaN y": ((X, _with(np.nan, Y0, [0, 5])), {}, "response 'y' is missing or infinite in 2 rows"),
    "negative y": ((X, _with(-1, Y0, 3)), {}, r"outside \[0, inf\) in 1 of 400 rows .*-1.*drop"),
    "named y": ((X, pd.Series(_with(-1, Y0, 3), name="Nb")), {}, "response 'Nb' is outside"),
    "short w": ((X, Y0, WEIGHTS[1:]), {}, r"weights has shape \(399,\)"),
    "negative w": ((X, Y0, -WEIGHTS), {}, "weights is negative in 400 rows"),
    "NaN w": ((X, Y0, _with(np.nan, WEIGHTS, 3)), {}, "weights is missing or infinite in 1 rows"),
    "zero w": ((X, Y0, 0 * WEIGHTS), {}, "weights is zero in all 400 rows"),
    "named w": ((X, Y0, "w"), {}, "column names need a DataFrame, and X is ndarray"),
    "zero e": ((X, Y0), {"exposure": _with(0, EXPOSURE, [1, 2])}, "negative in 2 of 400 rows"),
    "short e": ((X, Y0), {"exposure": EXPOSURE[1:]}, r"exposure has shape \(399,\)"),
    "NaN e": ((X, Y0), {"exposure": _with(np.nan, EXPOSURE, 3)}, "exposure is missing .* 1 rows"),
    "2-D e": ((X, Y0), {"exposure": EXPOSURE[:, None]}, r"exposure has shape \(400, 1\)"),
    "text e": ((X, Y0), {"exposure": ["a"] * N}, "exposure must be numbers"),
    "inf offset": ((X, Y0), {"offset": _with(np.inf, EXPOSURE, 3)}, "offset is missing .* 1 rows"),
    "short offset": ((X, Y0), {"offset": EXPOSURE[1:]}, r"offset has shape \(399,\)"),
}


@pytest.mark.parametrize("case", BAD_DATA)
def test_bad_data(case):
    arguments, more, message = BAD_DATA[case]
    model = GLMRegressor("poisson")
    with pytest.raises(ValueError, match=message):
        model.fit(*arguments, **more)
    assert vars(model) == vars(GLMRegressor("poisson"))


@pytest.mark.parametrize(
    ("family", "value", "domain"),
    [("gamma", 0, r"\(0, inf\)"), ("binomial", 1.5, r"\[0, 1\]"), ("binomial", -1, r"\[0, 1\]")],
)
def test_response_outside_its_domain(family, value, domain):
    with pytest.raises(ValueError, match=rf"outside {domain} in 1 of 400 rows \(for inst.*{value}"):
        GLMRegressor(family).fit(X, _with(value, Y[family], 9))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"family": "poison"}, "Unknown family 'poison': use one of .*poisson"),
        ({"family": 1}, "Unknown family 1"),
        ({"link": "tobit"}, "Unknown link 'tobit': use one of"),
        ({"theta": 2.0}, "theta=2.0 is no parameter of family"),
        ({"var_power": 1.5}, "var_power=1.5 is no parameter of family"),
        ({"dispersion": "mean"}, "dispersion must be"),
        ({"dispersion": -1.0}, "dispersion must be"),
        ({"link": "logit"}, "link 'logit' for family poisson: use one of log, identity"),
        ({"alpha": -0.1}, "alpha must be a number of at least 0, not -0.1"),
        ({"alpha": np.nan}, "alpha must be a number"),
        ({"alpha": None}, "alpha must be a number"),
        ({"alpha": "0.1"}, "alpha must be a number"),
        ({"l1_ratio": 1.5}, r"l1_ratio must lie in \[0, 1\]"),
        ({"fit_intercept": "no"}, "fit_intercept must be True or False, not 'no'"),
        ({"tol": 0.0}, "tol must be a positive number"),
        ({"tol": "small"}, "tol must be a positive number"),
        ({"max_iter": 0}, "max_iter must be a whole number"),
        ({"max_iter": 1.5}, "max_iter must be a whole number"),
        ({"n_threads": 0}, "n_threads must be a positive whole number"),
        ({"n_threads": -1}, "n_threads must be a positive whole number"),
        ({"n_threads": 2.0}, "n_threads must be a positive whole number"),
        ({"formula": "x"}, "formula and column names need a DataFrame, and X is ndarray"),
        ({"exposure": "Exposure"}, "column names need a DataFrame, and X is ndarray"),
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(ValueError, match=message):
        GLMRegressor(**{"family": "poisson"} | parameters).fit(X, Y0)


@pytest.mark.parametrize(
    ("parameters", "more", "message"),
    [
        ({"exposure": "Years"}, {}, "unknown column 'Years': the data have VehPower"),
        ({}, {"sample_weight": "Years"}, "unknown column 'Years'"),
        ({"exposure": "Area"}, {}, "column 'Area' is .*not numeric"),
        ({"exposure": "Exposure"}, {"exposure": "Exposure"}, "exposure is given twice"),
        ({"exposure": "Exposure"}, {"exposure": np.ones(3_000)}, "exposure is given twice"),
        ({"family": "gaussian", "exposure": "Exposure"}, {}, "exposure needs a log link"),
        ({"formula": "log(Exposure)", "exposure": "Exposure"}, {}, "'Exposure' is exposure"),
        ({"formula": "ClaimNb ~ Area"}, {}, "without '~'"),
        ({"offset": "Exposure"}, {"offset": np.ones(3_000)}, "offset is given twice"),
        ({"sample_weight": "VehPower"}, {"sample_weight": 1.0}, "sample_weight is given twice"),
        ({"exposure": np.ones(3_000)}, {}, "exposure of the constructor must be the name of a col"),
        ({"sample_weight": "Years"}, {}, "unknown column 'Years': the data have VehPower"),
        ({"sample_weight": "Area"}, {}, "column 'Area' is .*not numeric"),
        ({"offset": "LogDensity"}, {}, r"write offset\(LogDensity\) in the formula"),
        ({"formula": "Density", "sample_weight": "Density"}, {}, "'Density' is exposure, offset"),
        ({"formula": "Aera"}, {}, "unknown column 'Aera'.*the data have VehPower"),
        ({"formula": "Area +"}, {}, "cannot read the formula"),
    ],
)
def test_bad_names_and_formulas(frame, parameters, more, message):
    model = GLMRegressor(**{"family": "poisson"} | parameters)
    with pytest.raises(ValueError, match=message):
        model.fit(frame[[*FEATURES, "Density", "Exposure"]], frame["ClaimNb"], **more)


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_bad_columns_are_named(frame, kind):
    make, y = FRAMES[kind], frame["ClaimNb"]
    numbers = frame[FEATURES].assign(LogDensity=frame["LogDensity"].where(frame["VehPower"] > 4))
    bad = int((frame["VehPower"] <= 4).sum())
    with pytest.raises(ValueError, match=f"'LogDensity' is missing or not finite in {bad} rows"):
        GLMRegressor("poisson").fit(make(numbers), y)
    text = frame[FEATURES].assign(VehGas=frame["VehGas"].where(frame["VehPower"] > 4))
    with pytest.raises(ValueError, match=f"column 'VehGas' has {bad} missing values: fill"):
        GLMRegressor("poisson").fit(make(text), y)
    dates = frame[FEATURES].assign(Start=pd.Timestamp("2020-01-01"))
    with pytest.raises(ValueError, match=r"column 'Start' is Datetime.*not numeric"):
        GLMRegressor("poisson").fit(make(dates), y)


def test_prediction_checks_its_features(frame):
    model = GLMRegressor("poisson").fit(X, Y0)
    with pytest.raises(ValueError, match="X has 2 features, but GLMRegressor is expecting 3"):
        model.predict(X[:, :2])
    with pytest.raises(ValueError, match="Reshape your data"):
        model.predict(X[0])
    with pytest.raises(ValueError, match="NaN or infinity: 1 values, 1 of them in column 0"):
        model.predict(_with(np.nan, X, 0, 0))
    with pytest.raises(ValueError, match=r"response 'y' has shape \(399,\)"):
        model.score(X, Y0[1:])
    with pytest.warns(UserWarning, match="fitted without feature names"):
        prediction = model.predict(pd.DataFrame(X, columns=list("abc")))
    np.testing.assert_array_equal(prediction, model.predict(X))

    data = frame[FEATURES]
    model = GLMRegressor("poisson").fit(data, frame["ClaimNb"])
    with pytest.raises(ValueError, match=r"unseen at fit time:\n- Zone\n.*missing:\n- Area"):
        model.predict(data.rename(columns={"Area": "Zone"}))
    with pytest.raises(ValueError, match="must be in the same order"):
        model.predict(data[FEATURES[::-1]])
    with pytest.raises(TypeError, match="pass a DataFrame with the columns VehPower, LogDensity"):
        model.predict(data.to_numpy())
    unseen = data.assign(Area=["Z"] * 2 + ["A"] * (len(data) - 2))
    with pytest.raises(ValueError, match=r"'Area' has 1 level that the model .* 2 rows: Z"):
        model.predict(unseen)
    # A parameter changed after the fit does not change what was fitted.
    model.set_params(formula="Area", exposure="Exposure")
    with pytest.raises(ValueError, match="must be in the same order"):
        model.predict(data[FEATURES[::-1]])


def test_not_fitted():
    for call in (GLMRegressor().predict, lambda x: GLMRegressor().score(x, Y0)):
        with pytest.raises(NotFittedError):
            call(X)


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, ValueError])
def test_a_fit_that_fails_changes_nothing(monkeypatch, error):
    model = GLMRegressor("poisson").fit(pd.DataFrame(X, columns=list("abc")), Y0)
    before, prediction = dict(vars(model)), model.predict(pd.DataFrame(X, columns=list("abc")))

    def interrupted(*_, **__):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(fitting, "solve_problem", interrupted)
        with pytest.raises(error):
            model.fit(X[:, :2], Y0, WEIGHTS)
    assert vars(model) == before
    with pytest.raises(ValueError, match="NaN or infinity"):
        model.fit(_with(np.nan, X, 0, 0), Y0)
    assert vars(model) == before
    np.testing.assert_array_equal(model.predict(pd.DataFrame(X, columns=list("abc"))), prediction)


def test_a_failure_while_the_results_are_kept_changes_nothing(monkeypatch):
    model = GLMRegressor("poisson").fit(X, Y0)
    before = dict(vars(model))
    with monkeypatch.context() as patch:
        patch.setattr(np, "delete", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            model.fit(X[:, :2], Y0)
    assert vars(model) == before


# ---- scikit-learn -----------------------------------------------------------------------------


def test_parameters():
    parameters = {
        "family": families.Gamma(),
        "link": links.Log(),
        "var_power": None,
        "theta": None,
        "alpha": 0.5,
        "l1_ratio": 0.0,
        "penalty_factor": {"a": 2.0},
        "lower_bounds": 0.0,
        "upper_bounds": None,
        "standardize": True,
        "prior_coef": None,
        "group": None,
        "formula": "a",
        "exposure": "e",
        "offset": "o",
        "sample_weight": "w",
        "fit_intercept": False,
        "handle_unknown": "mean",
        "handle_missing": "level",
        "dispersion": "deviance",
        "tol": 1e-6,
        "max_iter": 7,
        "seed": 1,
        "warm_start": True,
        "verbose": True,
        "n_threads": 2,
    }
    model = GLMRegressor(**parameters)
    assert model.get_params() == parameters
    assert set(clone(model).get_params()) == set(parameters)
    assert clone(model).get_params()["family"].name() == "gamma"
    assert model.set_params(alpha=1.0).alpha == 1.0


def test_parameter_of_the_family(simulate_tweedie):
    rng = np.random.default_rng(5)
    counts = rng.negative_binomial(2.0, 2.0 / (2.0 + MU)).astype(float)
    model = GLMRegressor(family="nb", **TIGHT).fit(X, counts)
    assert abs(model.result_.theta - 2.0) < 4 * model.result_.theta_se
    given = GLMRegressor("nb", theta=model.result_.theta, **TIGHT).fit(X, counts)
    assert_same(model, given, rtol=1e-6, atol=1e-9)
    costs = simulate_tweedie(rng, MU, 1.6, 1.0)
    power = GLMRegressor(family="tweedie", var_power="auto").fit(X, costs)
    assert abs(power.result_.var_power - 1.6) < 4 * power.result_.var_power_se
    for fitted in (model, power):
        assert clone(fitted).get_params() == fitted.get_params()
        stored = pickle.loads(pickle.dumps(fitted))
        np.testing.assert_array_equal(stored.predict(X), fitted.predict(X))
        assert stored.result_.llf() == fitted.result_.llf()
        assert_same(clone(fitted).fit(X, fitted.result_.model.problem.y), fitted)
    sandwich = GLMRegressor("poisson", dispersion="pearson", **TIGHT).fit(X, counts).result_
    assert sandwich.scale() == sandwich.scale_pearson()


def test_unknown_family_has_tags():
    assert not GLMRegressor("poison").__sklearn_tags__().target_tags.positive_only
    assert GLMRegressor("poisson").__sklearn_tags__().target_tags.positive_only


@pytest.mark.parametrize("how", ["pickle", "joblib", "deepcopy"])
@pytest.mark.parametrize("input_kind", ["array", "frame", "formula"])
def test_fitted_models_are_stored(frame, how, input_kind, tmp_path):
    if input_kind == "array":
        data, y, model = X, Y0, GLMRegressor("poisson")
    else:
        data, y = frame[[*FEATURES, "Exposure"]], frame["ClaimNb"]
        formula = "bs(VehPower, df=4) * VehGas + log(LogDensity + 1)"
        formula = formula if input_kind == "formula" else None
        model = GLMRegressor("poisson", exposure="Exposure", formula=formula)
    model.fit(data, y)
    if how == "pickle":
        stored = pickle.loads(pickle.dumps(model))
    elif how == "joblib":
        joblib.dump(model, tmp_path / "model.joblib")
        stored = joblib.load(tmp_path / "model.joblib")
    else:
        stored = copy.deepcopy(model)
    assert_same(model, stored)
    np.testing.assert_array_equal(stored.predict(data), model.predict(data))
    assert stored.score(data, y) == model.score(data, y)
    result, expected = stored.result_, model.result_
    np.testing.assert_array_equal(result.bse(), expected.bse())
    np.testing.assert_array_equal(result.fittedvalues, expected.fittedvalues)
    assert result.summary() == expected.summary()
    if input_kind != "array":
        pd.testing.assert_frame_equal(result.relativities(), expected.relativities())
    assert_same(clone(stored).fit(data, y), model)


def test_memory_mapped_arrays(tmp_path):
    joblib.dump(X, tmp_path / "X.joblib")
    mapped = joblib.load(tmp_path / "X.joblib", mmap_mode="r")
    assert isinstance(mapped, np.memmap)
    assert_same(GLMRegressor("poisson").fit(mapped, Y0), GLMRegressor("poisson").fit(X, Y0))


def test_grid_search_over_alpha():
    search = GridSearchCV(GLMRegressor("poisson"), {"alpha": [0.0, 0.01, 100.0]}, cv=3)
    search.fit(X, Y0, sample_weight=WEIGHTS)
    expected = GridSearchCV(
        PoissonRegressor(solver="newton-cholesky", tol=1e-10),
        {"alpha": [0.0, 0.01, 100.0]},
        cv=3,
    ).fit(X, Y0, sample_weight=WEIGHTS)
    assert search.best_params_ == expected.best_params_
    np.testing.assert_allclose(
        search.cv_results_["mean_test_score"],
        expected.cv_results_["mean_test_score"],
        rtol=1e-5,
        atol=1e-9,
    )
    np.testing.assert_allclose(search.predict(X), expected.predict(X), rtol=1e-5)


def test_cross_validation_of_frames(frame):
    model = GLMRegressor("poisson", exposure="Exposure", formula="C(Area) + log(Density)")
    scores = cross_val_score(model, frame, frame["ClaimNb"], cv=3)
    first = np.arange(len(frame)) >= len(frame) // 3
    model.fit(frame[first], frame["ClaimNb"][first])
    assert scores[0] == pytest.approx(model.score(frame[~first], frame["ClaimNb"][~first]))
    search = GridSearchCV(model, {"alpha": [0.0, 1.0], "formula": ["Area", None]}, cv=2)
    search.fit(frame.drop(columns="ClaimNb"), frame["ClaimNb"])
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_parallel_jobs():
    scores = [
        cross_val_score(GLMRegressor("poisson", n_threads=1), X, Y0, cv=2, n_jobs=n) for n in (1, 2)
    ]
    np.testing.assert_array_equal(*scores)


@pytest.mark.parametrize("output", ["default", "pandas", "polars"])
def test_pipeline(output):
    data = pd.DataFrame(X, columns=list("abc"))
    pipeline = make_pipeline(StandardScaler().set_output(transform=output), GLMRegressor("poisson"))
    pipeline.fit(data, Y0, glmregressor__sample_weight=WEIGHTS)
    plain = GLMRegressor("poisson", **TIGHT).fit(X, Y0, WEIGHTS)
    np.testing.assert_allclose(pipeline.predict(data), plain.predict(X), rtol=1e-6)
    np.testing.assert_allclose(pipeline[-1].coef_, plain.coef_ * X.std(axis=0), rtol=1e-6)
    assert hasattr(pipeline[-1], "feature_names_in_") == (output != "default")


def test_exposure_is_routed():
    with sklearn.config_context(enable_metadata_routing=True):
        model = GLMRegressor("poisson").set_fit_request(exposure=True, sample_weight=False)
        model.set_score_request(exposure=True, sample_weight=False)
        search = GridSearchCV(model, {"alpha": [0.0, 0.1]}, cv=2)
        search.fit(X, Y0, exposure=EXPOSURE)
    assert_same(
        search.best_estimator_,
        clone(model).set_params(**search.best_params_).fit(X, Y0, exposure=EXPOSURE),
    )
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_results_of_arrays():
    model = GLMRegressor("poisson").fit(X, Y0, WEIGHTS, exposure=EXPOSURE)
    result = model.result_
    assert result.feature_names == ["Intercept", "x0", "x1", "x2"]
    table = result.coef_table()
    assert isinstance(table, pd.DataFrame)
    np.testing.assert_array_equal(table["Std.Error"], result.bse())
    assert "log(exposure)" in result.summary()
    assert result.weights_name == "array"
    relativities = result.relativities()
    assert relativities["Factor"].tolist() == ["Base", "x0", "x0", "x1", "x1", "x2", "x2"]
    np.testing.assert_allclose(relativities["Relativity"][2], np.exp(model.coef_[0]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "<table>" in result._repr_html_()
