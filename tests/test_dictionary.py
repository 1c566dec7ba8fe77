"""A dictionary of terms is the model of its formula; errors name the term."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import rustystats as rs

RNG = np.random.default_rng(9)
N = 600
DATA = pd.DataFrame(
    {
        "y": RNG.poisson(1.0, N).astype(float),
        "x": RNG.uniform(0, 10, N),
        "k": RNG.integers(1, 30, N),
        "a": RNG.choice(list("ABC"), N),
        "b": RNG.choice(["u", "v"], N),
        "a b": RNG.choice(["u", "v"], N),
        "my col": RNG.normal(size=N),
        "e": RNG.uniform(0.1, 1, N),
    }
)
LINEAR, CATEGORICAL = {"type": "linear"}, {"type": "categorical"}
BS = {"type": "bs", "df": 4}
# terms, other arguments, the formula
MODELS = [
    ({"x": LINEAR, "a": CATEGORICAL}, {}, "y ~ 1 + x + C(a)"),
    ({"my col": LINEAR}, {"intercept": False}, "y ~ 0 + `my col`"),
    ({"my col": {"type": "bs", "df": 4}}, {}, "y ~ 1 + bs(`my col`, df=4)"),
    ({"a b": CATEGORICAL}, {}, "y ~ 1 + C(`a b`)"),
    (
        {"a b": {"type": "target_encoding", "prior_weight": 2}},
        {},
        "y ~ 1 + TE(`a b`, prior_weight=2)",
    ),
    (
        {},
        {"interactions": [{"a b": CATEGORICAL, "a": CATEGORICAL, "frequency_encoding": True}]},
        "y ~ 1 + FE(`a b`:a)",
    ),
    ({"a": {"type": "categorical", "ref": "B"}}, {}, "y ~ 1 + C(a, ref='B')"),
    (
        {"k": {"type": "categorical", "coding": "backward_difference"}},
        {},
        "y ~ 1 + C(k, coding='backward_difference')",
    ),
    (
        {"x": {"type": "bs", "knots": [3, 6], "degree": 2}, "k": {"type": "ns", "df": 4}},
        {},
        "y ~ 1 + bs(x, degree=2, knots=[3, 6]) + ns(k, df=4)",
    ),
    (
        {"x": {"type": "poly", "degree": 3}, "k": {"type": "cut", "breaks": [0, 10, 20, 30]}},
        {},
        "y ~ 1 + poly(x, 3) + cut(k, [0, 10, 20, 30])",
    ),
    (
        {"ratio": {"type": "expression", "expr": "x / (1 + `my col`**2)"}},
        {},
        "y ~ 1 + I(x / (1 + `my col` ** 2))",
    ),
    (
        {"x": {"type": "standardize"}, "again": {"type": "center", "column": "k"}},
        {},
        "y ~ 1 + standardize(x) + center(k)",
    ),
    (
        {"x": BS},
        {"interactions": [{"x": BS, "a": CATEGORICAL}]},
        "y ~ 1 + bs(x, df=4) + bs(x, df=4):C(a)",
    ),
    (
        {},
        {"interactions": [{"x": LINEAR, "a": CATEGORICAL, "b": CATEGORICAL, "include_main": True}]},
        "y ~ 1 + x + C(a) + C(b) + x:C(a):C(b)",
    ),
    (
        {"a": {"type": "target_encoding", "prior_weight": 5}, "b": {"type": "frequency_encoding"}},
        {},
        "y ~ 1 + TE(a, prior_weight=5) + FE(b)",
    ),
    (
        {"x": LINEAR},
        {"interactions": [{"a": CATEGORICAL, "b": CATEGORICAL, "target_encoding": True}]},
        "y ~ 1 + x + TE(a:b)",
    ),
    (
        {},
        {
            "interactions": [
                {
                    "one": {"type": "categorical", "column": "a"},
                    "a b": {"type": "target_encoding", "prior_weight": 3},
                    "include_main": True,
                    "target_encoding": True,
                    "prior_weight": 9.0,
                    "n_permutations": 2,
                }
            ]
        },
        "y ~ 1 + C(a) + TE(`a b`, prior_weight=3) + "
        "TE(a:`a b`, prior_weight=9.0, n_permutations=2)",
    ),
    (
        {},
        {
            "interactions": [
                {
                    "b": {"type": "categorical", "column": "a"},  # not of the column b
                    "a b": CATEGORICAL,
                    "frequency_encoding": True,
                }
            ]
        },
        "y ~ 1 + FE(a:`a b`)",
    ),
    (
        {},
        {"interactions": [{"x": LINEAR, "a": {"type": "target_encoding"}}]},
        "y ~ 1 + x:TE(a)",
    ),
]


@pytest.mark.parametrize("make", [lambda d: d, pl.from_pandas], ids=["pandas", "polars"])
@pytest.mark.parametrize(("terms", "more", "formula"), MODELS, ids=[m[2] for m in MODELS])
def test_the_model_is_that_of_its_formula(terms, more, formula, make):
    data = make(DATA)
    options = {"family": "poisson", "exposure": "e"}
    ours = rs.glm_dict(response="y", terms=terms, data=data, **more, **options)
    assert ours.formula == formula
    other = rs.glm(formula, data, **options)
    assert ours.feature_names == other.feature_names
    np.testing.assert_array_equal(ours.X, other.X)
    fits = ours.fit(), other.fit()
    np.testing.assert_array_equal(fits[0].params, fits[1].params)
    if "TE(" not in formula:  # ordered: rows of the fit have other values
        np.testing.assert_allclose(fits[0].predict(data), fits[0].fittedvalues, rtol=1e-12)


def test_response_may_be_an_expression_or_any_name():
    made = rs.glm_dict("log(x)", {"k": LINEAR}, DATA)
    np.testing.assert_allclose(made.y, np.log(DATA["x"]))
    assert rs.glm_dict("my col", {"k": LINEAR}, DATA).formula == "`my col` ~ 1 + k"


def test_lazy_frames_are_read_by_column():
    lazy = pl.from_pandas(DATA).lazy().with_columns(bad=pl.col("a").cast(pl.Int64))
    with pytest.raises(pl.exceptions.InvalidOperationError):
        lazy.collect()
    made = rs.glm_dict("y", {"x": BS}, lazy)
    assert made.n_obs == N


BAD = [
    ({"x": {"type": "spline"}}, {}, "term 'x': unknown type 'spline'.*use linear, expression, cat"),
    ({"x": {"type": "categoric"}}, {}, r"term 'x': .*\(did you mean 'categorical'\?\)"),
    ({"x": {"type": "C"}}, {}, "term 'x': unknown type 'C'"),
    ({"x": {}}, {}, "term 'x': unknown type None"),
    ({"x": "linear"}, {}, "term 'x': what is said of it must be a dict, not 'linear'"),
    ({"x": {"type": "bs", "dff": 5}}, {}, r"term 'x': unknown argument 'dff'.*did you mean 'df'"),
    ({"x": {"type": "linear", "df": 5}}, {}, "term 'x': unknown key 'df'"),
    ({"x": {"type": "poly", "degree": 0}}, {}, "term 'x': degree=0"),
    ({"xx": LINEAR}, {}, r"term 'xx': unknown column 'xx' \(did you mean 'x'\?\)"),
    ({"a": LINEAR}, {}, "term 'a': column 'a' holds text.*categorical"),
    ({"a": BS}, {}, "term 'a': column 'a' is text"),
    ({"q": {"type": "expression"}}, {}, "term 'q': an expression needs its text"),
    ({"q": {"type": "expression", "expr": "foo(x)"}}, {}, "term 'q': unknown function 'foo'"),
    ({"q": {"type": "expression", "expr": "x +"}}, {}, "term 'q': cannot read"),
    ({3: {"type": "linear"}}, {}, "term 3: a column is named by a text"),
    (
        {
            "a": CATEGORICAL | {"ref": "A"},
            "also": {"type": "categorical", "column": "a", "ref": "B"},
        },
        {},
        "term 'also': .*second time",
    ),
    ([], {}, "terms must be a dict"),
    ({}, {"intercept": False}, "no terms, and no intercept"),
    ({}, {"intercept": 1}, "intercept must be True or False"),
    ({}, {"interactions": [{"x": LINEAR}]}, "interaction 'x': .*two factors or more"),
    ({}, {"interactions": [{"x": LINEAR, "a": CATEGORICAL, "include_mains": True}]},
     r"interaction 'x:a': unknown key 'include_mains' \(did you mean 'include_main'\?\)"),
    ({}, {"interactions": [{"x": LINEAR, "a": CATEGORICAL, "include_main": "yes"}]},
     "interaction 'x:a': include_main must be True or False"),
    ({}, {"interactions": [{"a": CATEGORICAL, "b": CATEGORICAL, "target_encoding": True,
                            "frequency_encoding": True}]}, "exclude each other"),
    ({}, {"interactions": [{"a": {"type": "target_encoding", "prior_weight": 7},
                            "b": CATEGORICAL, "target_encoding": True}]},
     "'a:b': prior_weight of 'a' would have no effect.*say prior_weight beside target_encoding"),
    ({}, {"interactions": [{"a": {"type": "categorical", "ref": "B"}, "b": CATEGORICAL,
                            "frequency_encoding": True}]}, "ref of 'a' would have no effect"),
    ({}, {"interactions": [{"a": CATEGORICAL, "b": CATEGORICAL, "frequency_encoding": True,
                            "prior_weight": 7}]}, "unknown key 'prior_weight'"),
    ({}, {"interactions": [{"a": CATEGORICAL, "b": CATEGORICAL, "target_encoding": True,
                            "prior_weight": -7}]}, "'a:b': prior_weight must be"),
    ({}, {"interactions": [{"x": LINEAR, "zz": CATEGORICAL}]}, "'x:zz': unknown column 'zz'"),
    ({}, {"interactions": ["x:a"]}, "an interaction must be a dict, not 'x:a'"),
]  # fmt: skip


@pytest.mark.parametrize(("terms", "more", "words"), BAD)
def test_errors_name_the_term(terms, more, words):
    with pytest.raises(ValueError, match=words):
        rs.glm_dict("y", terms, DATA, **more)


@pytest.mark.parametrize(("response", "words"), [(None, "response must be"), ("yy", "response: un"),
                                                 ("a", "response: .*not numeric")])  # fmt: skip
def test_bad_responses(response, words):
    with pytest.raises(ValueError, match=words):
        rs.glm_dict(response, {"x": LINEAR}, DATA)


def test_errors_of_the_data_point_into_the_formula():
    terms = {"x": {"type": "bs", "df": 4}, "a": {"type": "categorical", "ref": "Z"}}
    with pytest.raises(ValueError, match="'Z' does not occur") as caught:
        rs.glm_dict("y", terms, DATA)
    *_, written, mark = str(caught.value).split("\n")
    assert written[mark.index("^") :] == "C(a, ref='Z')"
