"""Levels: order, reference, pool of rare ones, missing and unseen ones; against brute force."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

from rustystats.frames import read_columns
from rustystats.terms.categorical import CategoricalFactor
from rustystats.terms.contrasts import CODINGS
from rustystats.terms.levels import Policies, label
from rustystats.terms.training import Training

TOWNS = list("BADCABBADA")  # A 4, B 3, C 1, D 2


def frame(values):
    return pd.DataFrame({"f": values})


def learn(values, training=None, **options):
    columns = read_columns(values if hasattr(values, "columns") else frame(values), ["f"])
    return CategoricalFactor("f", **options).learn(columns, training)


def dense(factor, values, full=False):
    data = values if hasattr(values, "columns") else frame(values)
    return factor.block(read_columns(data, ["f"]), full).to_dense()


def indicators(values, levels):
    return np.array([[value == level for level in levels] for value in values], dtype=float)


def counting(weights=None, exposure=None):
    return Training(np.zeros(len(TOWNS)), weights, exposure)


# --- Order ---------------------------------------------------------------------------------------


def test_listed_levels_have_their_order():
    factor = learn(TOWNS, levels=list("DBCA"))
    assert factor.labels == tuple("DBCA")
    assert factor.reference == "D"
    assert factor.names() == ["f[T.B]", "f[T.C]", "f[T.A]"]
    np.testing.assert_array_equal(dense(factor, TOWNS), indicators(TOWNS, "BCA"))
    block = factor.block(read_columns(frame(TOWNS), ["f"]))
    assert block.levels["f"].tolist() == list("DBCA")
    assert block.levels["f"][block.codes].tolist() == TOWNS
    assert learn(TOWNS, levels=list("DBCA"), ref="C").names() == ["f[T.D]", "f[T.B]", "f[T.A]"]


@pytest.mark.parametrize("levels", [(10, 9, 2), ["10", "9", "2"], np.array([10.0, 9.0, 2.0])])
def test_listed_numbers(levels):
    assert learn([2, 9, 10, 9], levels=levels).labels == ("10", "9", "2")


def test_values_that_are_not_listed_are_counted():
    with pytest.raises(
        ValueError, match=r"'f' has 2 levels that levels= does not.*in 6 rows: A, D"
    ):
        learn(TOWNS, levels=["B", "C"])
    with pytest.raises(ValueError, match=r"1 level that .*in 1 row: C; list them"):
        learn(TOWNS, levels=["B", "A", "D"])


def test_a_listed_level_without_rows_is_left_out_and_unseen():
    with pytest.warns(UserWarning, match=r"'f' has no row of X, Y: listed in levels="):
        factor = learn(TOWNS, levels=list("XDBYCA"))
    assert factor.labels == tuple("DBCA")
    with pytest.raises(ValueError, match=r"1 level that the model has not seen, in 2 rows: X"):
        dense(factor, ["X", "A", "X"])


@pytest.mark.parametrize("levels", ["A", 3, [], (), None])
def test_levels_are_a_list(levels):
    if levels is None:
        assert CategoricalFactor("f").levels is None
    else:
        with pytest.raises(ValueError, match=r"levels=.* of 'f' must be a list"):
            CategoricalFactor("f", levels=levels)


def test_levels_listed_twice():
    with pytest.raises(ValueError, match=r"of 'f' lists 1, B twice"):
        CategoricalFactor("f", levels=["1", "B", 1, "B", "C"])


@pytest.mark.parametrize(
    "data",
    [
        pd.DataFrame({"f": pd.Categorical(TOWNS, list("DCEBA"), ordered=True)}),
        pl.DataFrame({"f": TOWNS}, schema={"f": pl.Enum(list("DCEBA"))}),
        pa.table(
            {
                "f": pa.DictionaryArray.from_arrays(
                    pa.array(["DCEBA".index(town) for town in TOWNS]), list("DCEBA"), ordered=True
                )
            }
        ),
    ],
    ids=["pandas", "polars", "pyarrow"],
)
def test_ordered_categories_keep_their_order(data):
    factor = learn(data)
    assert factor.labels == tuple("DCBA")
    np.testing.assert_array_equal(dense(factor, data), indicators(TOWNS, "CBA"))
    np.testing.assert_array_equal(dense(factor, TOWNS), indicators(TOWNS, "CBA"))
    assert learn(data, levels=list("ABCD")).labels == tuple("ABCD")


# --- Reference -----------------------------------------------------------------------------------


def test_most_exposed_reference():
    assert learn(TOWNS, ref="most_exposed").reference == "A"
    assert learn(TOWNS, counting(), ref="most_exposed").reference == "A"
    weights = np.where(np.array(TOWNS) == "D", 3.0, 1.0)  # D 6
    assert learn(TOWNS, counting(weights), ref="most_exposed").reference == "D"
    exposure = np.where(np.array(TOWNS) == "B", 1.5, 1.0)  # B 4.5
    assert learn(TOWNS, counting(None, exposure), ref="most_exposed").reference == "B"
    both = learn(TOWNS, counting(weights, exposure), ref="most_exposed")
    assert both.reference == "D"
    assert both.names() == ["f[T.A]", "f[T.B]", "f[T.C]"]


def test_first_reference_follows_the_order():
    assert learn(TOWNS, ref="first").reference == "A"
    assert learn(TOWNS, ref="first", levels=list("CABD")).reference == "C"


@pytest.mark.parametrize("word", ["first", "most_exposed"])
def test_a_level_of_that_name_goes_first(word):
    assert learn(["a", "a", word, "z"], ref=word).reference == word


def test_a_pooled_reference_is_refused():
    message = r"reference level 'C' of column 'f' is below min_exposure=2 .*A, B, D, other"
    with pytest.raises(ValueError, match=message):
        learn(TOWNS, ref="C", min_exposure=2)
    assert learn(TOWNS, ref="other", min_exposure=2).reference == "other"
    assert learn([*"AB", *"CDEFG"], ref="most_exposed", min_exposure=2).reference == "other"


@pytest.mark.parametrize("coding", [c for c in CODINGS if c != "treatment"])
def test_other_codings_have_no_reference(coding):
    with pytest.raises(ValueError, match=f"coding='{coding}' of 'f' takes no ref.*first level"):
        CategoricalFactor("f", ref="A", coding=coding)
    factor = learn(TOWNS, coding=coding, levels=list("CDAB"))
    assert factor.reference == "C"


def test_orthogonal_polynomial_is_polynomial():
    factor = CategoricalFactor("f", coding="orthogonal polynomial")
    assert factor == CategoricalFactor("f", coding="polynomial")
    assert learn(TOWNS, coding="polynomial").names() == [
        "f[.Linear]",
        "f[.Quadratic]",
        "f[.Cubic]",
    ]


# --- The pool ------------------------------------------------------------------------------------


def test_rare_levels_are_pooled_and_stay_so():
    factor = learn(TOWNS, min_exposure=3)
    assert factor.labels == ("A", "B", "other")
    assert factor.learned.pooled == ("C", "D")
    pooled = [town if town in "AB" else "other" for town in TOWNS]
    np.testing.assert_array_equal(dense(factor, TOWNS), indicators(pooled, ["B", "other"]))
    block = factor.block(read_columns(frame(TOWNS), ["f"]))
    assert block.n_levels == 3  # one level of the table, not two that look alike
    assert block.levels["f"][block.codes].tolist() == pooled
    new = ["C", "C", "other", "A"]
    np.testing.assert_array_equal(dense(factor, new), [[0, 1], [0, 1], [0, 1], [0, 0]])
    with pytest.raises(ValueError, match=r"has not seen, in 1 row: Z"):
        dense(factor, ["A", "Z"])


@pytest.mark.parametrize(
    ("weights", "exposure", "low", "kept"),
    [
        (None, None, 2, "ABD"),
        (2.0, None, 4, "ABD"),
        (None, 0.5, 1.5, "AB"),
        (3.0, 0.5, 3, "ABD"),
        (3.0, 0.5, 3.1, "AB"),
    ],
)
def test_rare_is_by_exposure_times_weight(weights, exposure, low, kept):
    parts = [None if v is None else np.full(len(TOWNS), v) for v in (weights, exposure)]
    factor = learn(TOWNS, counting(*parts), min_exposure=low)
    assert factor.labels == (*kept, "other")


def test_a_level_named_other_joins_the_pool_at_its_place():
    values = [*"AABB", "other", "C", "pp", "pp"]
    factor = learn(values, min_exposure=2)
    assert factor.labels == ("A", "B", "other", "pp")
    assert factor.learned.pooled == ("C",)
    np.testing.assert_array_equal(
        dense(factor, ["C", "other", "pp", "A"]), [[0, 1, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]]
    )
    assert learn(values, min_exposure=3, levels=["other", "C", "pp", "B", "A"]).labels == ("other",)
    first = learn(values, min_exposure=2, levels=["other", "C", "pp", "B", "A"])
    assert first.labels == ("other", "pp", "B", "A")
    values[4] = "A"  # listed, but without a row: the pool has its place
    listed = learn(values, min_exposure=2, levels=["other", "C", "pp", "B", "A"])
    assert listed.labels == ("other", "pp", "B", "A")


def test_other_alone_is_no_pool():
    factor = learn([*"AABB", "other"], min_exposure=2)
    assert (factor.labels, factor.learned.pooled) == (("A", "B", "other"), ())


def test_nothing_to_pool():
    factor = learn(TOWNS, min_exposure=1)
    assert (factor.labels, factor.learned.pooled) == (tuple("ABCD"), ())
    assert factor.names() == learn(TOWNS).names()


def test_a_listed_level_without_rows_joins_the_pool():
    factor = learn(TOWNS, levels=list("XABCD"), min_exposure=3)
    assert factor.labels == ("A", "B", "other")
    assert factor.learned.pooled == ("X", "C", "D")
    np.testing.assert_array_equal(dense(factor, ["X", "C"]), [[0, 1], [0, 1]])
    with pytest.warns(UserWarning, match="no row of X"):  # where there is no pool
        assert learn(TOWNS, levels=list("XABCD"), min_exposure=1).labels == tuple("ABCD")


@pytest.mark.parametrize("low", [0, -1, np.inf, np.nan, "5", True, [3]])
def test_min_exposure_is_a_number(low):
    with pytest.raises(ValueError, match=r"min_exposure=.* of 'f' must be a number above 0"):
        CategoricalFactor("f", min_exposure=low)


# --- Missing values ------------------------------------------------------------------------------

TEXTS = ["b", None, "a", "b", None]
NUMBERS = [10.0, np.nan, 9.0, 10.0, np.nan]


def kinds_of_texts():
    return [
        frame(TEXTS),
        frame(pd.Series(TEXTS, dtype=object)),
        frame(pd.Categorical(TEXTS)),
        frame(pd.Categorical(TEXTS, ["a", "b"], ordered=True)),
        pl.DataFrame({"f": TEXTS}),
        pl.DataFrame({"f": TEXTS}, schema={"f": pl.Categorical}),
        pl.DataFrame({"f": TEXTS}, schema={"f": pl.Enum(["a", "b"])}),
        pa.table({"f": TEXTS}),
        pa.table({"f": pa.array(TEXTS).dictionary_encode()}),
    ]


@pytest.mark.parametrize("data", [*kinds_of_texts(), frame(NUMBERS)])
def test_missing_values_are_refused(data):
    with pytest.raises(ValueError, match=r"'f' has 2 missing values.*handle_missing='level'"):
        learn(data)


@pytest.mark.parametrize("data", kinds_of_texts())
def test_missing_values_are_the_last_level(data):
    factor = learn(data, handle_missing="level")
    assert factor.labels == ("a", "b", "missing")
    assert factor.names() == ["f[T.b]", "f[T.missing]"]
    filled = ["missing" if text is None else text for text in TEXTS]
    expected = indicators(filled, ["b", "missing"])
    np.testing.assert_array_equal(dense(factor, data), expected)
    for other in kinds_of_texts():
        np.testing.assert_array_equal(dense(factor, other), expected)
    np.testing.assert_array_equal(dense(factor, ["missing", "a"]), [[0, 1], [0, 0]])


@pytest.mark.parametrize(
    "data",
    [
        frame(NUMBERS),
        frame(np.array(NUMBERS, dtype=np.float32)),
        frame(pd.array([10, None, 9, 10, None], dtype="Int64")),
        pl.DataFrame({"f": [10, None, 9, 10, None]}),
        pl.DataFrame({"f": NUMBERS}),
        pa.table({"f": pa.array([10, None, 9, 10, None])}),
    ],
)
def test_missing_numbers_are_the_last_level(data):
    factor = learn(data, handle_missing="level")
    assert factor.labels == ("9", "10", "missing")
    np.testing.assert_array_equal(dense(factor, data), [[1, 0], [0, 1], [0, 0], [1, 0], [0, 1]])


def test_infinity_is_not_missing():
    with pytest.raises(ValueError, match=r"'f' is infinite in 1 row: correct or drop"):
        learn([1.0, np.inf, np.nan], handle_missing="level")


def test_the_text_missing_is_the_same_level():
    factor = learn(["b", None, "missing", "z", "a"], handle_missing="level")
    assert factor.labels == ("a", "b", "missing", "z")
    block = factor.block(read_columns(frame([None, "missing", "z"]), ["f"]))
    assert block.n_levels == 2
    np.testing.assert_array_equal(block.to_dense(), [[0, 1, 0], [0, 1, 0], [0, 0, 1]])
    assert learn(["b", "missing"]).labels == ("b", "missing")  # a text like others


@pytest.mark.parametrize("empty", [pl.DataFrame({"f": [None]}), frame([None]), frame([np.nan])])
def test_one_row_that_is_missing(empty):
    factor = learn(TEXTS, handle_missing="level")
    np.testing.assert_array_equal(dense(factor, empty), [[0, 1]])
    with pytest.raises(ValueError, match=r"'f' has 1 missing value: fill"):
        dense(learn(["a", "b"]), empty)


def test_missing_values_that_training_had_not_are_unseen():
    refusing = learn(["a", "b"], handle_missing="level")
    with pytest.raises(
        ValueError, match=r"1 level that the model has not seen, in 2 rows: missing"
    ):
        dense(refusing, TEXTS)
    lenient = learn(["a", "b"], handle_missing="level", handle_unknown="reference")
    np.testing.assert_array_equal(dense(lenient, TEXTS), [[1], [0], [0], [1], [0]])
    strict = learn(["a", "b"], handle_unknown="reference")
    with pytest.raises(ValueError, match="2 missing values"):
        dense(strict, TEXTS)


def test_missing_values_may_be_listed_and_pooled():
    first = learn(TEXTS, handle_missing="level", levels=["missing", "b", "a"])
    assert first.labels == ("missing", "b", "a")
    last = learn(TEXTS, handle_missing="level", levels=["b", "a"])
    assert last.labels == ("b", "a", "missing")
    rare = learn([*"aabb", None, "c"], handle_missing="level", min_exposure=2)
    assert (rare.labels, rare.learned.pooled) == (("a", "b", "other"), ("c", "missing"))
    np.testing.assert_array_equal(dense(rare, [None, "b"]), [[0, 1], [1, 0]])
    with pytest.raises(ValueError, match="levels= does not list, in 1 row: missing"):
        learn(["a", "missing"], levels=["a"])  # a text that nobody listed


# --- Unseen levels -------------------------------------------------------------------------------


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("full", [False, True])
def test_unseen_as_the_reference(coding, full):
    factor = learn(TOWNS, coding=coding, handle_unknown="reference", levels=list("DBCA"))
    found = dense(factor, ["Z", "D", "A", "Y"], full)
    np.testing.assert_array_equal(found, dense(factor, list("DDAD"), full))
    assert factor.block(read_columns(frame(["Z", "D", "Y"]), ["f"])).n_levels == 1


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_unseen_as_the_mean_of_the_training_rows(coding, full, weighted):
    rng = np.random.default_rng(3)
    weights, exposure = rng.uniform(1, 2, (2, len(TOWNS)))
    training = counting(weights, exposure) if weighted else None
    factor = learn(TOWNS, training, coding=coding, handle_unknown="mean")
    design = dense(factor, TOWNS, full)
    mean = np.average(design, axis=0, weights=weights * exposure if weighted else None)
    found = dense(factor, ["Z", "D", "Y", "C"], full)
    expected = np.vstack([mean, design[TOWNS.index("D")], mean, design[TOWNS.index("C")]])
    np.testing.assert_allclose(found, expected, atol=1e-14)
    assert factor.labels == tuple("ABCD")


def test_mean_counts_the_pool_and_missing_values():
    values = [*"aabb", None, None, "c", "d"]
    factor = learn(values, handle_missing="level", handle_unknown="mean", min_exposure=2)
    assert factor.labels == ("a", "b", "missing", "other")
    np.testing.assert_allclose(dense(factor, ["new"]), [[0.25, 0.25, 0.25]])


@pytest.mark.parametrize("low", [2, 3])
def test_mean_counts_a_level_named_other_once(low):
    values = [*"aaaa", "b", *["other"] * 2, "c"]  # b and c join it, as the rare level or the large
    factor = learn(values, handle_unknown="mean", min_exposure=low)
    assert factor.labels == ("a", "other")
    np.testing.assert_allclose(factor.learned.shares, [0.5, 0.5])


def test_reference_of_another_choice():
    factor = learn(TOWNS, ref="C", handle_unknown="reference")
    np.testing.assert_array_equal(dense(factor, ["Z"]), [[0, 0, 0]])
    np.testing.assert_array_equal(dense(factor, ["Z"], full=True), [[0, 0, 1, 0]])


def test_mean_of_sparse_indicators():
    towns = [f"t{i:05d}" for i in range(3000)]
    factor = learn([*towns, towns[5]], handle_unknown="mean")
    block = factor.block(read_columns(frame(["new", towns[5], towns[0]]), ["f"]))
    assert sparse.issparse(block.basis)
    expected = np.full(2999, 1 / 3001)
    expected[4] = 2 / 3001
    np.testing.assert_allclose(block.to_dense()[0], expected)
    assert block.to_dense()[1:].sum(axis=1).tolist() == [1, 0]


# --- Policies of the model -----------------------------------------------------------------------


def test_a_factor_goes_before_its_model():
    model = Policies("mean", "level")
    assert CategoricalFactor("f").with_policies(model).policies == model
    own = CategoricalFactor("f", handle_unknown="error").with_policies(model)
    assert own.policies == Policies("error", "level")
    assert CategoricalFactor("f").policies == Policies("error", "error")


@pytest.mark.parametrize("name", ["handle_unknown", "handle_missing"])
@pytest.mark.parametrize("value", ["ignore", None, True, ["error"], "Error"])
def test_unknown_policies(name, value):
    with pytest.raises(ValueError, match=rf"{name}=.* is not known: it is one of 'error'"):
        Policies(**{name: value})
    if value is not None:
        with pytest.raises(ValueError, match=rf"{name}=.* of 'f' is not known"):
            CategoricalFactor("f", **{name: value})


def test_label_says_what_was_written():
    factor = learn(
        TOWNS, levels=list("ABCD"), min_exposure=2, handle_unknown="mean", handle_missing="error"
    ).with_policies(Policies("reference", "level"))
    assert factor.label == (
        "C(f, levels=['A', 'B', 'C', 'D'], min_exposure=2, handle_unknown='mean', "
        "handle_missing='error')"
    )
    assert CategoricalFactor("f", bare=True).with_policies(Policies("mean")).label == "f"


def test_meaning_tells_functions_of_the_data_apart():
    assert learn(TOWNS).meaning() == learn(TOWNS, levels=list("ADCB")).meaning()
    pools = [learn(TOWNS, min_exposure=low).meaning() for low in (2, 3)]
    assert pools == ["reference level 'A', other for C", "reference level 'A', other for C, D"]
    assert learn(TOWNS, coding="sum").meaning() != learn(list("ABC"), coding="sum").meaning()


def test_pickled():
    factor = learn(TOWNS, min_exposure=3, handle_unknown="mean")
    dense(factor, ["Z"])
    again = pickle.loads(pickle.dumps(factor))
    assert again == factor
    assert hash(again) == hash(factor)
    np.testing.assert_array_equal(dense(again, ["Z", "A"]), dense(factor, ["Z", "A"]))


@pytest.mark.parametrize(
    ("level", "text"),
    [
        (3, "3"),
        (3.0, "3"),
        (np.float32(0.5), "0.5"),
        (np.int8(-2), "-2"),
        ("A", "A"),
        (True, "True"),
    ],
)
def test_label(level, text):
    assert label(level) == text
