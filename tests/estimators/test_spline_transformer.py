"""`SplineTransformer`: the splines of formulas, with the manners of scikit-learn."""

import pickle

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

import rustystats as rs
from rustystats import GLMRegressor, SplineTransformer
from rustystats.terms.splines import learn_spline

N = 20_000
RNG = np.random.default_rng(8)
FRAME = pd.DataFrame(
    {"age": 18 + RNG.binomial(70, 0.3, N), "money": RNG.gamma(2.0, 500.0, N)}
).assign(power=RNG.integers(4, 15, N).astype(np.float32))
NUMBERS = FRAME.to_numpy()
WEIGHTS = RNG.uniform(0.0, 1.0, N) * RNG.integers(0, 2, N)
COUNTS = RNG.poisson(np.exp(-1 + 0.01 * FRAME["age"] + 0.1 * np.sin(FRAME["money"] / 300)))
FRAMES = {
    "pandas": lambda data: data,
    "nullable": lambda data: data.convert_dtypes(),
    "polars": pl.DataFrame,
    "lazy": lambda data: pl.DataFrame(data).lazy(),
    "pyarrow": lambda data: pa.Table.from_pandas(data, preserve_index=False),
}


def expected(kind="bs", **options):
    """Each feature by itself."""
    function = {"bs": rs.bs, "ns": rs.ns}[kind]
    return np.column_stack([function(FRAME[name], **options) for name in FRAME])


def missing_in(rows, name="money"):
    data = FRAME.copy()
    data.loc[rows, name] = np.nan
    return data


# ---- manners ----------------------------------------------------------------------------------


def test_output_of_each_kind():
    bare = SplineTransformer(df=4).fit(FRAME)
    names = [f"bs({name}, {j}/4)" for name in FRAME for j in (2, 3, 4)]
    assert bare.get_feature_names_out().tolist() == names
    assert isinstance(bare.transform(FRAME), np.ndarray)
    assert bare.n_features_out_ == 9
    for output, kind in (("pandas", pd.DataFrame), ("polars", pl.DataFrame)):
        for convert in FRAMES.values():
            made = SplineTransformer(df=4).set_output(transform=output)
            table = made.fit_transform(convert(FRAME))
            assert isinstance(table, kind)
            assert list(table.columns) == names
            np.testing.assert_array_equal(table.to_numpy(), bare.transform(FRAME))
    shuffled = FRAME.sample(frac=0.01, random_state=1)
    table = bare.set_output(transform="pandas").transform(shuffled)
    assert table.index.equals(shuffled.index)


def test_names_of_arrays():
    made = SplineTransformer(kind="ns", df=3, include_intercept=True).fit(NUMBERS[:, :2])
    names = [f"ns({x}, {j}/3)" for x in ("x0", "x1") for j in (1, 2, 3)]
    assert made.get_feature_names_out().tolist() == names
    assert made.get_feature_names_out(["a", "b"])[3] == "ns(b, 1/3)"
    assert not hasattr(made, "feature_names_in_")
    with pytest.raises(ValueError, match="input_features"):
        made.get_feature_names_out(["a"])


def test_clone_pickle_and_memory_maps(tmp_path):
    made = SplineTransformer(df=6, kind="ns", extrapolation="constant").fit(NUMBERS)
    again = pickle.loads(pickle.dumps(made))
    np.testing.assert_array_equal(again.transform(NUMBERS), made.transform(NUMBERS))
    fresh = clone(made)
    assert fresh.get_params() == made.get_params()
    with pytest.raises(NotFittedError):
        fresh.transform(NUMBERS)
    with pytest.raises(NotFittedError):
        fresh.get_feature_names_out()
    joblib.dump(NUMBERS, tmp_path / "X.joblib")
    mapped = joblib.load(tmp_path / "X.joblib", mmap_mode="r")
    np.testing.assert_array_equal(fresh.fit(mapped).transform(mapped), made.transform(NUMBERS))


# ---- numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("storage", [*FRAMES, "array", "fortran"])
@pytest.mark.parametrize("kind", ["bs", "ns"])
def test_equals_the_functions(kind, storage):
    arrays = {"array": np.ascontiguousarray, "fortran": np.asfortranarray}
    data = arrays[storage](NUMBERS) if storage in arrays else FRAMES[storage](FRAME)
    made = SplineTransformer(df=6, kind=kind)
    values = made.fit_transform(data)
    assert values.dtype == np.float64
    np.testing.assert_allclose(values, expected(kind, df=6), rtol=0, atol=1e-13)
    np.testing.assert_array_equal(made.transform(data), values)


def test_replay_on_new_rows():
    made = SplineTransformer(df=6).fit(FRAME)
    full = made.transform(FRAME)
    for rows in (slice(0, 1), slice(5, 90), slice(None, None, 3)):
        np.testing.assert_allclose(made.transform(FRAME.iloc[rows]), full[rows], rtol=0, atol=1e-14)


@pytest.mark.parametrize("way", ["continue", "linear", "constant", None])
@pytest.mark.parametrize("kind", ["bs", "ns"])
def test_extrapolation(kind, way):
    made = SplineTransformer(kind=kind, extrapolation=way).fit(FRAME)
    outside = FRAME.iloc[:50] * [3, -0.1, 2]
    parts = [
        learn_spline(FRAME[name], kind, extrapolation=way).evaluate(outside[name]) for name in FRAME
    ]
    np.testing.assert_allclose(made.transform(outside), np.hstack(parts), rtol=1e-12, atol=1e-13)


def test_float32_stays_float32():
    single = NUMBERS.astype(np.float32)
    frames = {
        "array": single,
        "pandas": pd.DataFrame(single, columns=FRAME.columns),
        "polars": pl.DataFrame(single, schema=list(FRAME)),
    }
    for data in frames.values():
        values = SplineTransformer().fit_transform(data)
        assert values.dtype == np.float32
        np.testing.assert_allclose(values, expected(df=5), rtol=0, atol=1e-5)
    assert SplineTransformer().fit_transform(NUMBERS.astype(int)).dtype == np.float64


def test_knots_given_for_all_or_for_each():
    data = FRAME[["age", "power"]]
    for_all = SplineTransformer(knots=[7, 10], boundary_knots=(0, 120)).fit(data)
    assert [basis.interior_knots for basis in for_all.bases_] == [(7.0, 10.0)] * 2
    each = SplineTransformer(knots=[[30, 50], [7]], boundary_knots=[[0, 120], [0, 20]]).fit(data)
    assert [basis.interior_knots for basis in each.bases_] == [(30.0, 50.0), (7.0,)]
    assert [basis.boundary_knots for basis in each.bases_] == [(0.0, 120.0), (0.0, 20.0)]
    np.testing.assert_allclose(
        each.transform(data),
        np.hstack(
            [
                rs.bs(data["age"], knots=[30, 50], boundary_knots=(0, 120)),
                rs.bs(data["power"], knots=[7], boundary_knots=(0, 20)),
            ]
        ),
        atol=1e-13,
    )
    table = SplineTransformer(knots=np.array([[30, 50], [7, 9]])).fit(data)
    assert table.bases_[1].interior_knots == (7.0, 9.0)


# ---- weights ----------------------------------------------------------------------------------


@settings(max_examples=40)
@given(
    n=st.integers(1, 60),
    seed=st.integers(0, 2**32 - 1),
    df=st.integers(2, 8),
    kind=st.sampled_from(["bs", "ns"]),
    discrete=st.booleans(),
)
def test_whole_weights_repeat_rows(n, seed, df, kind, discrete):
    rng = np.random.default_rng(seed)
    data = rng.normal(size=(n, 2))
    data = np.round(data) if discrete else data
    weights = rng.integers(0, 4, n)
    weights[0] = 1
    weighted = SplineTransformer(df, kind).fit(data, sample_weight=weights)
    repeated = SplineTransformer(df, kind).fit(data.repeat(weights, axis=0))
    assert weighted.bases_ == repeated.bases_


def test_real_weights_place_the_knots():
    made = SplineTransformer(df=7).fit(FRAME, sample_weight=WEIGHTS)
    scaled = SplineTransformer(df=7).fit(FRAME, sample_weight=WEIGHTS / WEIGHTS.sum())
    for name, basis, other in zip(FRAME, made.bases_, scaled.bases_, strict=True):
        by_row = learn_spline(FRAME[name], df=7, weights=WEIGHTS)
        np.testing.assert_allclose(basis.interior_knots, by_row.interior_knots, rtol=1e-12)
        np.testing.assert_allclose(basis.interior_knots, other.interior_knots, rtol=1e-12)
        assert basis.boundary_knots == by_row.boundary_knots
    tilted = SplineTransformer(df=7).fit(FRAME, sample_weight=FRAME["age"] > 40)
    assert min(tilted.bases_[0].interior_knots) > 40


# ---- with models ------------------------------------------------------------------------------


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("kind", ["bs", "ns"])
def test_pipeline_is_the_formula(kind, library):
    data = FRAMES[library](FRAME)
    splines = make_column_transformer(
        (SplineTransformer(df=5, kind=kind), ["age"]),
        (SplineTransformer(df=4, kind=kind, extrapolation="linear"), ["money"]),
        verbose_feature_names_out=False,
    )
    pipeline = make_pipeline(splines, GLMRegressor("poisson", tol=1e-14))
    pipeline.set_output(transform=library).fit(data, COUNTS)
    formula = f"y ~ {kind}(age, df=5) + {kind}(money, df=4, extrapolation='linear')"
    result = rs.glm(formula, FRAME.assign(y=COUNTS), family="poisson").fit(tol=1e-14)
    model = pipeline[-1]
    np.testing.assert_allclose(
        np.append(model.intercept_, model.coef_), result.params, rtol=1e-8, atol=1e-8
    )
    np.testing.assert_allclose(model.result_.bse(), result.bse(), rtol=1e-6)
    assert model.feature_names_in_.tolist() == result.feature_names[1:]
    new = FRAME.iloc[:9] * [2, 3, 1]
    np.testing.assert_allclose(
        pipeline.predict(FRAMES[library](new)), result.predict(new), rtol=1e-8
    )


def test_grid_search_and_routing_of_weights():
    pipeline = make_pipeline(SplineTransformer(), GLMRegressor("poisson"))
    search = GridSearchCV(pipeline, {"splinetransformer__df": [2, 6]}, cv=2)
    search.fit(NUMBERS[:2000], COUNTS[:2000])
    best = search.best_params_["splinetransformer__df"]
    assert [basis.df for basis in search.best_estimator_[0].bases_] == [best] * 3
    with sklearn.config_context(enable_metadata_routing=True):
        splines = SplineTransformer(df=6).set_fit_request(sample_weight=True)
        model = GLMRegressor("poisson").set_fit_request(sample_weight=True)
        pipeline = make_pipeline(splines, model).fit(NUMBERS, COUNTS, sample_weight=WEIGHTS)
    assert pipeline[0].bases_ == SplineTransformer(df=6).fit(NUMBERS, None, WEIGHTS).bases_


# ---- missing values ---------------------------------------------------------------------------


@pytest.mark.parametrize("library", [*FRAMES, "array"])
def test_missing_values_as_a_level(library):
    data = missing_in([3, 4, 11])
    known = data["money"].notna().to_numpy()
    given = data.to_numpy() if library == "array" else FRAMES[library](data)
    made = SplineTransformer(df=4, handle_missing="level").fit(given)
    assert made.missing_ == [False, True, False]
    name = "x1" if library == "array" else "money"
    assert made.get_feature_names_out()[3:7].tolist() == [
        *(f"bs({name}, {j}/4)" for j in (2, 3, 4)),
        f"bs({name}, missing)",
    ]
    values = made.transform(given)
    assert values.shape == (N, 10)
    np.testing.assert_array_equal(values[:, 6], ~known)
    assert not values[~known, 3:6].any()
    np.testing.assert_allclose(values[known, 3:6], rs.bs(data["money"][known], df=4), atol=1e-13)
    as_before = SplineTransformer(df=4).fit(FRAME).bases_
    as_before[1] = learn_spline(data["money"][known], df=4)
    assert made.bases_ == as_before


def test_missing_values_that_are_refused():
    data = missing_in([3, 4, 11], "age")
    with pytest.raises(ValueError, match=r"'age' has 3 NaN: impute .*'level'"):
        SplineTransformer().fit(data)
    for policy in ("error", "level"):
        made = SplineTransformer(handle_missing=policy).fit(FRAME)
        with pytest.raises(ValueError, match="'age' has 3 NaN: there was none when fitted"):
            made.transform(data)
    every = FRAME.assign(age=np.nan)
    with pytest.raises(ValueError, match="'age' has no rows to learn knots from"):
        SplineTransformer(handle_missing="level").fit(every)
    infinite = FRAME.assign(money=np.where(FRAME["money"] > 3000, np.inf, FRAME["money"]))
    count = np.count_nonzero(FRAME["money"] > 3000)
    for policy in ("error", "level"):
        with pytest.raises(ValueError, match=f"'money' has {count} infinite value"):
            SplineTransformer(handle_missing=policy).fit(infinite)


# ---- broken input -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"df": 1}, "df must be an integer >= 2, got 1"),
        ({"df": "5"}, "df must be an integer"),
        ({"kind": "cr"}, "Unknown spline type 'cr'"),
        ({"degree": 0}, "degree must be an integer >= 1"),
        ({"kind": "ns", "degree": 2}, "natural splines are cubic"),
        ({"knots": "uniform"}, "knots must be 'quantile' or numbers, not 'uniform'"),
        ({"knots": [30, 50]}, "'power'"),
        ({"knots": [[30, 50], [7]]}, "knots has 2 lists for 3 features"),
        ({"knots": [8], "df": 7}, "df=7 contradicts 1 knots"),
        ({"boundary_knots": [(0, 1), (0, 2), (0,)]}, "'age'"),
        ({"boundary_knots": [(0, 99), (0, 9999), (0,)]}, "must be a pair"),
        ({"extrapolation": "periodic"}, "not 'periodic'"),
        ({"include_intercept": "yes"}, "include_intercept must be True or False"),
        ({"handle_missing": "zeros"}, "handle_missing must be 'error' or 'level', not 'zeros'"),
    ],
)
def test_impossible_parameters(options, message):
    data = FRAME[["age", "power"]] if options.get("knots") == [30, 50] else FRAME
    with pytest.raises(ValueError, match=message):
        SplineTransformer(**options).fit(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (FRAME.assign(age="old"), "column 'age' is String, not numeric"),
        (FRAME.assign(age=pd.Timestamp("2020-01-01")), "column 'age' is Datetime"),
        (FRAME.iloc[:0], "the data are empty"),
        (FRAME[[]], "0 feature"),
        (NUMBERS[:, 0], "Reshape your data"),
        (np.empty((0, 2)), "0 sample"),
    ],
)
def test_impossible_data(data, message):
    with pytest.raises(ValueError, match=message):
        SplineTransformer().fit(data)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.repeat([1.0, -1.0], [N - 2, 2]), "negative in 2 rows"),
        (np.zeros(N), "zero in all 20000 rows"),
        (np.ones(3), r"shape \(3,\), the data have 20000 rows"),
        (np.repeat([1.0, np.nan], [N - 2, 2]), "missing or infinite in 2 rows"),
    ],
)
def test_impossible_weights(weights, message):
    with pytest.raises(ValueError, match=message):
        SplineTransformer().fit(FRAME, sample_weight=weights)


def test_values_outside_as_an_error():
    made = SplineTransformer(extrapolation="error").fit(FRAME)
    assert made.transform(FRAME).shape == (N, 12)
    new = FRAME.copy()
    new.loc[[1, 2, 5, 7], "age"] = [120, 120, 121, 3]
    new.loc[7, "money"] = -1.0
    with pytest.raises(ValueError, match=r"'age' is outside .* in 4 rows \(3 to 121\)"):
        made.transform(new)
    with pytest.raises(ValueError, match=r"'money' is outside .* in 1 row \(-1 to -1\)"):
        made.transform(new.assign(age=40))


def test_other_columns_than_fitted():
    made = SplineTransformer().fit(FRAME)
    for other in (FRAME[["age"]], FRAME[["money", "age", "power"]], FRAME.assign(extra=1)):
        with pytest.raises(ValueError, match="feature names should match"):
            made.transform(other)
    mixed = FRAME.rename(columns={"age": 0})
    for call in (SplineTransformer().fit, made.transform):
        with pytest.raises(TypeError, match="named by strings and others"):
            call(mixed)
    numbered = FRAME.set_axis(range(3), axis=1)  # an array with labels
    assert SplineTransformer().fit(numbered).get_feature_names_out()[0] == "bs(x0, 2/5)"
    with pytest.raises(ValueError, match="expecting 3 features"):
        SplineTransformer().fit(NUMBERS).transform(NUMBERS[:, :2])


def test_a_failed_fit_keeps_the_former_state():
    made = SplineTransformer(df=4).fit(FRAME)
    values = made.transform(FRAME)
    for bad in (missing_in([1]), FRAME.assign(age="old"), NUMBERS[:, 0]):
        with pytest.raises(ValueError, match=r"NaN|numeric|Reshape"):
            made.fit(bad)
        np.testing.assert_array_equal(made.transform(FRAME), values)
    made.fit(NUMBERS[:, :1])
    assert not hasattr(made, "feature_names_in_")
    assert made.n_features_in_ == 1
