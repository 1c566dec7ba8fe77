"""Every estimator, on every container of data, in every tool of scikit-learn: the same numbers.

An estimator enters by an entry in `CASES`, a container by one in `CONTAINERS`.
"""

import copy
import pickle
from dataclasses import dataclass
from functools import cache

import joblib
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import sklearn
from scipy.sparse import csc_matrix, csr_array
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.fixes import parse_version

import rustystats as rs
from rustystats import (
    FrequencyEncoder,
    GLMClassifier,
    GLMRegressor,
    GLMRegressorCV,
    SplineTransformer,
    TargetEncoder,
)

REFUSED = (AssertionError, pl.exceptions.ComputeError, nw.exceptions.ComputeError)
SAME = {"rtol": 1e-10, "atol": 1e-12}
DATA = rs.datasets.make_motor_portfolio(600, seed=4)
COUNTS = DATA["ClaimNb"].to_numpy()
NUMBERS, LEVELS = ["DrivAge", "BonusMalus", "Exposure"], ["Region", "VehPower"]


@dataclass(frozen=True)
class Case:
    """An estimator, the columns it is given, and what a search varies of it."""

    estimator: object
    columns: list
    y: np.ndarray
    grid: dict

    @property
    def is_model(self):
        return hasattr(self.estimator, "predict")

    def model(self, *steps):
        """The estimator behind these steps, and before a model if it is none itself."""
        last = [] if self.is_model else [GLMRegressor("poisson", tol=1e-14)]
        return make_pipeline(*steps, clone(self.estimator), *last)

    def answer(self, fitted, X):
        """What a fitted estimator makes of data, as an array."""
        if hasattr(fitted, "predict_proba"):
            return fitted.predict_proba(X)
        return np.asarray(fitted.predict(X) if self.is_model else fitted.transform(X))


CASES = {
    "GLMRegressor": Case(
        GLMRegressor("poisson", tol=1e-14), NUMBERS, COUNTS, {"glmregressor__alpha": [0.01, 0.0]}
    ),
    "GLMRegressorCV": Case(
        GLMRegressorCV("poisson", n_alphas=3, cv=2, random_state=0, tol=1e-12),
        NUMBERS,
        COUNTS,
        {"glmregressorcv__l1_ratio": [0.5, 1.0]},
    ),
    "GLMClassifier": Case(
        GLMClassifier(tol=1e-14),
        NUMBERS,
        np.where(COUNTS > 0, "claim", "none"),
        {"glmclassifier__link": ["logit", "cloglog"]},
    ),
    "SplineTransformer": Case(
        SplineTransformer(df=4), NUMBERS, COUNTS, {"splinetransformer__df": [3, 4]}
    ),
    "TargetEncoder": Case(
        TargetEncoder(seed=1), LEVELS, COUNTS, {"targetencoder__prior_weight": [1.0, 5.0]}
    ),
    "FrequencyEncoder": Case(
        FrequencyEncoder(), LEVELS, COUNTS, {"glmregressor__alpha": [0.0, 0.1]}
    ),
}


@dataclass(frozen=True)
class Container:
    """How a pandas DataFrame becomes another container of the same data.

    lacks : tools that scikit-learn does not offer it
    named : whether its columns have names
    kind : the module of the tables that come back
    cases : the estimators that take it
    """

    make: object
    kind: str = "pandas"
    named: bool = True
    lacks: tuple = ()
    cases: tuple = tuple(CASES)


def before(version):
    """Whether scikit-learn is older."""
    return parse_version(sklearn.__version__) < parse_version(version)


SEARCHES = ("GridSearchCV", "cross_validate")
NO_ROWS_OF_PYARROW = SEARCHES if before("1.7") else ()
# before 1.9 scikit-learn read them through a protocol that polars 2 has dropped
NO_COLUMNS_OF_POLARS = (
    ("ColumnTransformer",) if before("1.9") and not hasattr(pl.DataFrame, "__dataframe__") else ()
)
MODELS = ("GLMRegressor", "GLMRegressorCV", "GLMClassifier")
CONTAINERS = {
    "pandas": Container(lambda data: data),
    "pandas-arrow": Container(lambda data: data.convert_dtypes(dtype_backend="pyarrow")),
    "pandas-nullable": Container(lambda data: data.convert_dtypes()),
    "polars": Container(pl.from_pandas, "polars", lacks=NO_COLUMNS_OF_POLARS),
    "lazy": Container(
        lambda data: pl.from_pandas(data).lazy(), "polars", lacks=(*SEARCHES, "ColumnTransformer")
    ),
    "pyarrow": Container(
        lambda data: pa.Table.from_pandas(data, preserve_index=False),
        "pyarrow",
        lacks=(*NO_ROWS_OF_PYARROW, "ColumnTransformer"),
    ),
    "numpy": Container(lambda data: data.to_numpy(), named=False),
    "csr": Container(lambda data: csr_array(data.to_numpy()), named=False, cases=MODELS),
    "csc": Container(lambda data: csc_matrix(data.to_numpy()), named=False, cases=MODELS),
}
NAMED = [name for name, container in CONTAINERS.items() if container.named]


def in_pipeline(case, X, named):
    model = case.model("passthrough").fit(X, case.y)
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


def in_grid_search(case, X, named):
    search = GridSearchCV(case.model(), case.grid, cv=3, error_score="raise").fit(X, case.y)
    return np.concatenate([search.cv_results_["mean_test_score"], [search.best_index_]])


def in_column_transformer(case, X, named):
    columns = case.columns[::-1] if named else list(range(len(case.columns)))[::-1]
    if case.is_model:
        keep = ColumnTransformer([("keep", FunctionTransformer(), columns)])
        return case.answer(case.model(keep).fit(X, case.y), X)
    return ColumnTransformer([("it", clone(case.estimator), columns)]).fit_transform(X, case.y)


def in_cross_validate(case, X, named):
    return cross_validate(case.model(), X, case.y, cv=3, error_score="raise")["test_score"]


def as_clone(case, X, named):
    fitted = clone(case.estimator).fit(X, case.y)
    return case.answer(clone(fitted).fit(X, case.y), X)


def from_pickle(case, X, named):
    stored = pickle.dumps(clone(case.estimator).fit(X, case.y))
    return case.answer(pickle.loads(stored), X)


TOOLS = {
    "alone": lambda case, X, named: case.answer(clone(case.estimator).fit(X, case.y), X),
    "Pipeline": in_pipeline,
    "GridSearchCV": in_grid_search,
    "ColumnTransformer": in_column_transformer,
    "cross_validate": in_cross_validate,
    "clone": as_clone,
    "pickle": from_pickle,
}


@cache
def expected(case, tool):
    """What pandas gives."""
    return TOOLS[tool](CASES[case], DATA[CASES[case].columns], True)


CELLS = [
    (case, kind, tool)
    for kind, container in CONTAINERS.items()
    for case in container.cases
    for tool in TOOLS
    if tool not in container.lacks
]


@pytest.mark.parametrize(("name", "kind", "tool"), CELLS)
def test_the_same_numbers(name, kind, tool):
    case, container = CASES[name], CONTAINERS[kind]
    found = TOOLS[tool](case, container.make(DATA[case.columns]), container.named)
    np.testing.assert_allclose(found, expected(name, tool), **SAME)
    assert np.ptp(np.asarray(found, dtype=float)) > 0


PAIRS = [(case, kind) for kind, container in CONTAINERS.items() for case in container.cases]


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_features(name, kind):
    case, container = CASES[name], CONTAINERS[kind]
    fitted = clone(case.estimator).fit(container.make(DATA[case.columns]), case.y)
    assert fitted.n_features_in_ == len(case.columns)
    assert hasattr(fitted, "feature_names_in_") == container.named
    if container.named:
        assert fitted.feature_names_in_.tolist() == case.columns
        assert fitted.feature_names_in_.dtype == object


@pytest.mark.parametrize("kind", NAMED)
@pytest.mark.parametrize("name", CASES)
def test_without_a_formula_columns_keep_name_and_order(name, kind):
    case, make = CASES[name], CONTAINERS[kind].make
    fitted = clone(case.estimator).fit(make(DATA[case.columns]), case.y)
    ask = fitted.predict if case.is_model else fitted.transform
    with pytest.raises(ValueError, match="must be in the same order"):
        ask(make(DATA[case.columns[::-1]]))
    with pytest.raises(ValueError, match="unseen at fit time:\n- Other"):
        ask(make(DATA[case.columns].rename(columns={case.columns[0]: "Other"})))
    with pytest.raises(ValueError, match="unseen at fit time:\n- IDpol"):
        ask(make(DATA[[*case.columns, "IDpol"]]))


# ---- formulas ---------------------------------------------------------------------------------


TERMS = "bs(DrivAge, df=4) + C(Region, min_exposure=20) + VehGas + log(Density)"
NEEDED = ["Density", "VehGas", "Region", "DrivAge", "Exposure"]
FORMULA_FACES = {
    "GLMRegressor": GLMRegressor("poisson", formula=TERMS, exposure="Exposure", alpha=0.01),
    "GLMRegressorCV": GLMRegressorCV(
        "poisson", formula=TERMS, exposure="Exposure", alphas=[0.01], l1_ratio=0.0, cv=2
    ),
    "GLMClassifier": GLMClassifier(formula=TERMS, sample_weight="Exposure", alpha=0.01),
}


@pytest.mark.parametrize("kind", NAMED)
@pytest.mark.parametrize("name", FORMULA_FACES)
def test_with_a_formula_columns_are_found_by_name(name, kind):
    """In any order, among others; those of weights are not needed to predict."""
    make, y = CONTAINERS[kind].make, np.minimum(COUNTS, 1)
    model = clone(FORMULA_FACES[name]).set_params(tol=1e-12)
    reference = clone(model).fit(DATA, y)
    model.fit(make(DATA[NEEDED]), y)
    np.testing.assert_allclose(model.coef_, reference.coef_, **SAME)
    assert model.feature_names_in_.tolist() == ["DrivAge", "Region", "VehGas", "Density"]
    assert model.n_features_in_ == 4
    np.testing.assert_allclose(model.predict(make(DATA)), reference.predict(DATA))
    np.testing.assert_allclose(model.score(make(DATA[::-1]), y[::-1]), reference.score(DATA, y))
    with pytest.raises(ValueError, match=r"unknown column 'VehGas'"):
        model.predict(make(DATA[["Density", "Region", "DrivAge", "Exposure"]]))


@pytest.mark.parametrize("kind", NAMED)
def test_the_formula_face(kind):
    data = CONTAINERS[kind].make(DATA)
    result = rs.glm(f"ClaimNb ~ {TERMS}", data, "poisson", exposure="Exposure").fit(alpha=0.01)
    peer = clone(FORMULA_FACES["GLMRegressor"]).fit(data, COUNTS)
    np.testing.assert_allclose(result.params[1:], peer.coef_, rtol=1e-8)
    np.testing.assert_allclose(result.predict(data), peer.predict(data), rtol=1e-8)


@pytest.mark.parametrize("kind", CONTAINERS)
def test_tables_follow_the_container_and_predictions_are_arrays(kind):
    container = CONTAINERS[kind]
    data = container.make(DATA[NUMBERS])
    for model in (GLMRegressor("poisson"), GLMRegressorCV(cv=2, n_alphas=2), GLMClassifier()):
        model.fit(data, np.minimum(COUNTS, 1))
        assert type(model.predict(data)) is np.ndarray
        assert type(model.result_.coef_table()).__module__.split(".")[0] == container.kind


# ---- lazy frames ------------------------------------------------------------------------------


def forbidden(series, **_):
    raise AssertionError("a column that no model needs was collected")


@pytest.mark.parametrize("name", [*FORMULA_FACES, "glm"])
def test_of_a_lazy_frame_only_the_columns_needed_are_collected(name):
    lazy = pl.from_pandas(DATA).lazy()
    trap = pl.col("IDpol").map_batches(forbidden, return_dtype=pl.Float64)
    trapped = lazy.with_columns(Trap=trap)
    with pytest.raises(REFUSED, match="no model needs"):
        trapped.collect()
    y = np.minimum(COUNTS, 1)
    if name == "glm":
        model = rs.glm(f"ClaimNb ~ {TERMS}", trapped, "poisson", exposure="Exposure")
        result = model.fit(alpha=0.01)
        direct = rs.glm(f"ClaimNb ~ {TERMS}", lazy, "poisson", exposure="Exposure").fit(alpha=0.01)
        np.testing.assert_array_equal(result.predict(trapped), direct.fittedvalues)
        return
    model, direct = clone(FORMULA_FACES[name]), clone(FORMULA_FACES[name]).fit(lazy, y)
    model.fit(trapped, y)
    np.testing.assert_array_equal(model.predict(trapped), direct.predict(lazy))
    assert model.score(trapped, y) == direct.score(lazy, y)
    if name == "GLMClassifier":  # its exposure is a weight, which a prediction does not need
        without = lazy.with_columns(Exposure=trap)
        np.testing.assert_array_equal(model.predict(without), direct.predict(lazy))
        with pytest.raises(REFUSED, match="no model needs"):
            model.score(without, y)


# ---- types of columns -------------------------------------------------------------------------


MIXED = pd.DataFrame(
    {
        "age": DATA["DrivAge"].to_numpy(),
        "gas": DATA["VehGas"].astype(str).to_numpy(dtype=object),
        "new": DATA["VehAge"].to_numpy() < 3,
        "dens": np.log(DATA["Density"].to_numpy()).astype(np.float32),
    }
)
TABLE = pa.Table.from_pandas(MIXED, preserve_index=False)
PL = pl.from_pandas(MIXED)


def gas_as(arrow_type):
    return MIXED.assign(gas=MIXED["gas"].astype(pd.ArrowDtype(arrow_type)))


DICTIONARY = TABLE.set_column(1, "gas", TABLE["gas"].dictionary_encode())
TYPES = {
    "pandas text": MIXED.astype({"gas": "str"}),
    "pandas categories": MIXED.astype({"gas": "category", "new": "category"}),
    "pandas objects": MIXED.astype({"new": object}),
    "pandas nullable": MIXED.astype(
        {"age": "Int64", "gas": "string", "new": "boolean", "dens": "Float32"}
    ),
    "pandas Arrow": TABLE.to_pandas(types_mapper=pd.ArrowDtype),
    "pandas Arrow dictionary": gas_as(pa.dictionary(pa.int8(), pa.string())),
    "pandas Arrow large text": gas_as(pa.large_string()),
    "pandas Arrow decimal": MIXED.assign(
        age=MIXED["age"].astype("int64").astype(pd.ArrowDtype(pa.decimal128(22, 2)))
    ),
    "pandas shuffled index": MIXED.set_axis(np.random.default_rng(0).permutation(len(MIXED))),
    "polars Categorical": PL.with_columns(pl.col("gas").cast(pl.Categorical)),
    "polars Enum": PL.with_columns(pl.col("gas").cast(pl.Enum(["Diesel", "Regular"]))),
    "polars Decimal": PL.with_columns(pl.col("age").cast(pl.Decimal(10, 2))),
    "polars chunks": pl.concat([PL[:100], PL[100:]], rechunk=False),
    "pyarrow chunks": pa.concat_tables([TABLE[:100], TABLE[100:]]),
    "pyarrow dictionary": DICTIONARY,
    "pyarrow dictionaries": pa.concat_tables([DICTIONARY[:100], DICTIONARY[100:]]),
    "pyarrow large text": TABLE.set_column(1, "gas", TABLE["gas"].cast(pa.large_string())),
}
MIXED_CASES = {
    "GLMRegressor": GLMRegressor("poisson", alpha=0.01),
    "GLMRegressorCV": GLMRegressorCV("poisson", n_alphas=3, cv=2, random_state=0),
    "GLMClassifier": GLMClassifier(alpha=0.01),
    "TargetEncoder": TargetEncoder(seed=1),
    "FrequencyEncoder": FrequencyEncoder(),
}


@pytest.mark.parametrize("name", MIXED_CASES)
@pytest.mark.parametrize("kind", TYPES)
def test_types_of_columns_do_not_matter(kind, name):
    y = np.minimum(COUNTS, 1)
    if name.startswith("GLM"):
        found, direct = (
            clone(MIXED_CASES[name]).fit(data, y).predict(data) for data in (TYPES[kind], MIXED)
        )
    else:
        found, direct = (
            np.asarray(clone(MIXED_CASES[name]).fit_transform(data, y))
            for data in (TYPES[kind], MIXED)
        )
    np.testing.assert_allclose(found, direct, **SAME)


GAPS = pa.table(
    {
        "age": pa.array([None, *MIXED["age"].tolist()[1:]], type=pa.int16()),
        "gas": pa.array([*MIXED["gas"].tolist()[:-2], None, None]),
        "new": pa.array([None, *MIXED["new"].tolist()[1:]]),
    }
)
WITH_GAPS = {
    "pandas": GAPS.to_pandas(),
    "pandas nullable": GAPS.to_pandas().convert_dtypes(),
    "pandas Arrow": GAPS.to_pandas(types_mapper=pd.ArrowDtype),
    "polars": pl.from_arrow(GAPS),
    "lazy": pl.from_arrow(GAPS).lazy(),
    "pyarrow": GAPS,
}


@pytest.mark.parametrize("kind", WITH_GAPS)
def test_missing_values_of_any_container(kind):
    data, y = WITH_GAPS[kind], COUNTS
    plain = GAPS.to_pandas().assign(
        gas=lambda d: d["gas"].fillna("missing"), new=lambda d: d["new"].fillna("missing").map(str)
    )
    with pytest.raises(ValueError, match=r"'age' is .*missing.* in 1 row|NaN"):
        GLMRegressor("poisson", formula="age").fit(data, y)
    with pytest.raises(ValueError, match="column 'gas' has 2 missing values: fill"):
        GLMRegressor("poisson", formula="gas").fit(data, y)
    model = GLMRegressor("poisson", formula="gas + new", alpha=0.01)
    direct = clone(model).fit(plain, y)
    model.set_params(handle_missing="level").fit(data, y)
    np.testing.assert_allclose(model.predict(data), direct.predict(plain), **SAME)
    encoder = FrequencyEncoder(handle_missing="level").fit(data)
    assert encoder.level_counts_["gas"][None] == 2
    assert encoder.level_counts_["new"][None] == encoder.level_counts_["age"][None] == 1


# ---- arrays -----------------------------------------------------------------------------------


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


LAYOUTS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "strided rows": lambda array: np.repeat(array, 2, axis=0)[::2],
    "strided columns": lambda array: np.repeat(array, 2, axis=1)[:, ::2],
    "backwards": lambda array: array[::-1].copy()[::-1],
    "read-only": read_only,
}
DTYPES = ["float64", "float32", "int64", "int8", "uint16", "bool"]
ARRAYS = [
    (name, dtype)
    for name in CASES
    for dtype in DTYPES
    if (name, dtype) != ("SplineTransformer", "bool")  # two values make no spline
]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("name", "dtype"), ARRAYS)
def test_layouts_and_types_of_arrays_do_not_matter(name, dtype, layout):
    case = CASES[name]
    values = np.column_stack([DATA["DrivAge"] % 7, DATA["VehAge"] % 3, DATA["BonusMalus"]])
    values = (values % 2 == 0) if dtype == "bool" else values.astype(dtype)
    plain = values.astype(np.int64 if name.endswith("Encoder") else np.float64)
    given = LAYOUTS[layout](values)
    before = given.copy()
    fitted = clone(case.estimator).fit(given, case.y)
    direct = clone(case.estimator).fit(plain, case.y)
    found, tolerance = case.answer(fitted, given), SAME
    if name == "SplineTransformer":
        assert found.dtype == (np.float32 if dtype == "float32" else np.float64)
        tolerance = SAME if found.dtype == np.float64 else {"rtol": 0, "atol": 1e-6}
    np.testing.assert_allclose(found, case.answer(direct, plain), **tolerance)
    np.testing.assert_array_equal(given, before)


SINGLE = np.random.default_rng(2).normal(size=(len(DATA), 3)).astype(np.float32)
SINGLE_FRAME = pd.DataFrame(SINGLE, columns=list("abc"))


@pytest.mark.parametrize("kind", [*NAMED, "numpy"])
@pytest.mark.parametrize("name", ["GLMRegressor", "GLMRegressorCV", "GLMClassifier"])
def test_float32_is_stored_as_float32(name, kind):
    data = CONTAINERS[kind].make(SINGLE_FRAME)
    model = clone(CASES[name].estimator).fit(data, CASES[name].y)
    blocks = model.result_.model.problem.design.blocks
    assert {block.values.dtype.name for block in blocks if hasattr(block, "values")} == {"float32"}
    if kind == "numpy":
        assert all(np.shares_memory(block.values, data) for block in blocks[1:])


# ---- copies and parameters --------------------------------------------------------------------


@pytest.mark.parametrize("how", ["pickle", "joblib", "copy", "deepcopy"])
@pytest.mark.parametrize("name", CASES)
def test_copies_answer_alike(name, how, tmp_path):
    case = CASES[name]
    X = DATA[case.columns]
    fitted = clone(case.estimator).fit(X, case.y)
    if how == "joblib":
        joblib.dump(fitted, tmp_path / "fitted.joblib")
    other = {
        "pickle": lambda: pickle.loads(pickle.dumps(fitted)),
        "joblib": lambda: joblib.load(tmp_path / "fitted.joblib"),
        "copy": lambda: copy.copy(fitted),
        "deepcopy": lambda: copy.deepcopy(fitted),
    }[how]()
    np.testing.assert_array_equal(case.answer(other, X), case.answer(fitted, X))
    assert vars(other).keys() == vars(fitted).keys()
    # a new fit of the copy leaves the original as it was
    before = case.answer(fitted, X)
    other.fit(X[:300], case.y[:300])
    np.testing.assert_array_equal(case.answer(fitted, X), before)


@pytest.mark.parametrize("name", CASES)
def test_parameters_are_kept_as_they_are(name):
    estimator = CASES[name].estimator
    given = {parameter: object() for parameter in estimator.get_params()}
    made = type(estimator)().set_params(**given)
    assert made.get_params() == given
    assert type(estimator)(**given).get_params() == given
    with pytest.raises(ValueError, match="Invalid parameter 'nonsense'"):
        made.set_params(nonsense=1)
    fitted = clone(estimator).fit(DATA[CASES[name].columns], CASES[name].y)
    assert fitted.get_params() == estimator.get_params()
    fitted_names = [attribute for attribute in vars(fitted) if attribute.endswith("_")]
    assert fitted_names
    assert not any(hasattr(clone(fitted), attribute) for attribute in fitted_names)


# ---- output of transformers -------------------------------------------------------------------


TRANSFORMERS = [name for name, case in CASES.items() if not case.is_model]
OUTPUT = {"pandas": pd.DataFrame, "polars": pl.DataFrame}


@pytest.mark.parametrize("output", OUTPUT)
@pytest.mark.parametrize(("name", "kind"), [pair for pair in PAIRS if pair[0] in TRANSFORMERS])
def test_set_output(name, kind, output):
    case, container = CASES[name], CONTAINERS[kind]
    X = container.make(DATA[case.columns])
    encoder = clone(case.estimator).set_output(transform=output)
    learned = encoder.fit_transform(X, case.y)
    found = encoder.transform(X)
    names = encoder.get_feature_names_out().tolist()
    for table in (learned, found):
        assert type(table) is OUTPUT[output]
        assert list(table.columns) == names
    plain = encoder.set_output(transform="default").transform(X)
    assert type(plain) is np.ndarray
    np.testing.assert_array_equal(found.to_numpy(), plain)
    if container.named:
        assert all(any(column in name for column in case.columns) for name in names)
    else:
        assert {name.split("(")[1][:2] for name in names} <= {"x0", "x1", "x2"}
        labels = [f"column {i}" for i in range(len(case.columns))]
        assert "column 0" in encoder.get_feature_names_out(labels)[0]


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_the_index_of_pandas_is_kept(name):
    case = CASES[name]
    X = DATA[case.columns].set_axis(np.arange(len(DATA))[::-1] + 7)
    found = clone(case.estimator).set_output(transform="pandas").fit(X, case.y).transform(X)
    assert found.index.equals(X.index)
