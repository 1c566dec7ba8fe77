"""Categorical columns: levels and their order, references, replay on new data."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from rustystats.design.blocks import TableBlock
from rustystats.frames import read_columns
from rustystats.terms.categorical import CategoricalFactor
from rustystats.terms.contrasts import DENSE_LEVELS

AREAS = list("BADCABBA")


def learn(values, **options):
    columns = read_columns(pd.DataFrame({"f": values}), ["f"])
    return CategoricalFactor("f", **options).learn(columns)


def dense(factor, values, full=False):
    return factor.block(read_columns(pd.DataFrame({"f": values}), ["f"]), full).to_dense()


def indicators(values, levels):
    return np.array([[value == level for level in levels] for value in values], dtype=float)


@pytest.mark.parametrize(
    ("values", "levels"),
    [
        (AREAS, "ABCD"),
        ([10, 9, 2, 10], ("2", "9", "10")),  # numbers as numbers
        (["10", "9", "2"], ("10", "2", "9")),  # texts as texts
        ([1.0, 0.5, 2.0], ("0.5", "1", "2")),
        ([-1, 3, 0], ("-1", "0", "3")),
        ([True, False], ("False", "True")),
        (pd.Categorical(["b", "a", "b"], ["b", "a", "c"]), ("a", "b")),
        (pd.Categorical(["b", "a", "b"], ["b", "a", "c"], ordered=True), ("b", "a")),
        (["é", "z", "a", ""], ("", "a", "z", "é")),
    ],
)
def test_levels(values, levels):
    factor = learn(values)
    assert factor.labels == tuple(levels)
    assert factor.reference == levels[0]


def test_columns_without_and_with_the_reference():
    factor = learn(AREAS)
    np.testing.assert_array_equal(dense(factor, AREAS), indicators(AREAS, "BCD"))
    np.testing.assert_array_equal(dense(factor, AREAS, full=True), indicators(AREAS, "ABCD"))
    assert factor.names() == ["f[T.B]", "f[T.C]", "f[T.D]"]
    assert factor.names(full=True) == ["f[A]", "f[T.B]", "f[T.C]", "f[T.D]"]


def test_chosen_reference():
    factor = learn(AREAS, ref="C")
    assert factor.reference == "C"
    np.testing.assert_array_equal(dense(factor, AREAS), indicators(AREAS, "ABD"))
    assert factor.names() == ["f[T.A]", "f[T.B]", "f[T.D]"]
    assert factor.names(full=True) == ["f[T.A]", "f[T.B]", "f[C]", "f[T.D]"]
    np.testing.assert_array_equal(dense(factor, AREAS, full=True), indicators(AREAS, "ABCD"))


@pytest.mark.parametrize("ref", [9, 9.0, "9"])
def test_reference_of_numbers(ref):
    assert learn([10, 9, 2], ref=ref).names() == ["f[T.2]", "f[T.10]"]


def test_unknown_reference():
    with pytest.raises(ValueError, match=r"'Z' does not occur in column 'f'.*A, B, C, D"):
        learn(AREAS, ref="Z")


def test_one_level_has_no_columns():
    factor = learn(["A", "A"])
    assert factor.names() == []
    assert dense(factor, ["A", "A"]).shape == (2, 0)
    assert dense(factor, ["A", "A"], full=True).tolist() == [[1.0], [1.0]]


def test_replay_on_fewer_levels_and_other_order():
    factor = learn(AREAS)
    for new in (["D", "A"], ["C"], ["B", "B", "D"]):
        block = factor.block(read_columns(pd.DataFrame({"f": new}), ["f"]))
        assert isinstance(block, TableBlock)
        np.testing.assert_array_equal(block.to_dense(), indicators(new, "BCD"))


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"f": ["D", "A", "C"]}),
        pl.DataFrame({"f": ["D", "A", "C"]}, schema={"f": pl.Categorical}),
        pl.DataFrame({"f": ["D", "A", "C"]}, schema={"f": pl.Enum(list("DCBA"))}),
        pa.table({"f": ["D", "A", "C"]}),
        pa.table({"f": pa.array(["D", "A", "C"]).dictionary_encode()}),
        pd.DataFrame({"f": np.array(["D", "A", "C"], dtype=object)}),
        pd.DataFrame({"f": pd.Categorical(["D", "A", "C"], list("DAC"), ordered=True)}),
    ],
)
def test_replay_on_other_kinds_of_text(frame):
    block = learn(AREAS).block(read_columns(frame, ["f"]))
    np.testing.assert_array_equal(block.to_dense(), indicators("DAC", "BCD"))


@pytest.mark.parametrize(
    "new",
    [
        [10.0, 2.0],
        np.array([10, 2], dtype=np.uint8),
        ["10", "2"],
        pd.Categorical([10, 2]),
    ],
)
def test_replay_of_numbers_in_other_types(new):
    np.testing.assert_array_equal(dense(learn([10, 9, 2]), new), indicators([10, 2], [9, 10]))


def test_unseen_levels_are_counted_and_named():
    factor = learn(AREAS)
    with pytest.raises(ValueError, match=r"'f' has 2 levels.*in 3 rows: Y, Z;.*A, B, C, D") as e:
        dense(factor, ["A", "Z", "Y", "Z"])
    assert "drop those rows" in str(e.value)
    with pytest.raises(ValueError, match=r"1 level .*in 1 row: Z"):
        dense(factor, ["A", "Z"])
    with pytest.raises(ValueError, match=r"L0, L1, L2, L3, L4, L5, L6, L7 and 2 more"):
        dense(factor, [f"L{i}" for i in range(10)])


# --- Backward differences ------------------------------------------------------------------------

STEPS = {"coding": "backward_difference"}


def steps(values, order):
    """1 where a value has come to a level or is past it, in brute force."""
    return np.array([[order.index(v) >= k for k in range(len(order))] for v in values], dtype=float)


def test_steps_of_numbers_follow_as_numbers():
    ages = [10, 9, 2, 10, 0]
    factor = learn(ages, **STEPS)
    assert factor.names() == ["f[D.2]", "f[D.9]", "f[D.10]"]
    assert factor.names(full=True) == ["f[0]", "f[D.2]", "f[D.9]", "f[D.10]"]
    assert factor.reference == "0"
    expected = steps(ages, [0, 2, 9, 10])
    np.testing.assert_array_equal(dense(factor, ages), expected[:, 1:])
    np.testing.assert_array_equal(dense(factor, ages, full=True), expected)
    # on other rows, in other types: the levels that were learned
    for new in ([9, 0], [10.0], ["2", "10"]):
        wanted = steps([int(value) for value in new], [0, 2, 9, 10])
        np.testing.assert_array_equal(dense(factor, new, full=True), wanted)


SIZES = ["mid", "high", "low", "mid"]
ORDER = ["low", "mid", "high"]  # by the alphabet: high, low, mid


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"f": pd.Categorical(SIZES, ORDER, ordered=True)}),
        pl.DataFrame({"f": SIZES}, schema={"f": pl.Enum(ORDER)}),
        pa.table(
            {"f": pa.DictionaryArray.from_arrays(pa.array([1, 2, 0, 1]), ORDER, ordered=True)}
        ),
    ],
    ids=["pandas", "polars", "pyarrow"],
)
def test_steps_of_ordered_categories_follow_their_order(frame):
    columns = read_columns(frame, ["f"])
    factor = CategoricalFactor("f", **STEPS).learn(columns)
    assert factor.names() == ["f[D.mid]", "f[D.high]"]
    np.testing.assert_array_equal(factor.block(columns).to_dense(), steps(SIZES, ORDER)[:, 1:])
    # as text they would be in the order of the alphabet, but the order was learned
    np.testing.assert_array_equal(
        dense(factor, ["high", "low"]), steps(["high", "low"], ORDER)[:, 1:]
    )


def test_steps_of_one_level():
    factor = learn(["A", "A"], **STEPS)
    assert (factor.names(), factor.names(full=True)) == ([], ["f[A]"])
    assert dense(factor, ["A", "A"]).shape == (2, 0)


def test_steps_to_an_unseen_level():
    with pytest.raises(ValueError, match=r"'f' has 1 level .*in 2 rows: 5;.*2, 9, 10"):
        dense(learn([10, 9, 2], **STEPS), [5, 9, 5])


def test_pickled_steps():
    factor = learn([3, 1, 2], **STEPS)
    again = pickle.loads(pickle.dumps(factor))
    assert again == factor != learn([3, 1, 2])
    assert hash(again) == hash(factor)
    np.testing.assert_array_equal(dense(again, [2, 3]), [[1, 0], [1, 1]])


def test_coding_of_the_label():
    assert CategoricalFactor("f", **STEPS).label == "C(f, coding='backward_difference')"
    assert CategoricalFactor("f", ref="B", coding="treatment").label == "C(f, ref='B')"
    assert CategoricalFactor("f", coding="treatment") == CategoricalFactor("f")


@pytest.mark.parametrize("coding", ["Treatment", "backward", "", None, 1, ["treatment"]])
def test_unknown_coding(coding):
    with pytest.raises(ValueError, match=r"unknown coding.*'treatment', 'sum', .*'polynomial'"):
        CategoricalFactor("f", coding=coding)


@pytest.mark.parametrize("ref", ["B", "A", 0])
def test_steps_have_no_reference(ref):
    with pytest.raises(ValueError, match=r"'f' takes no ref.*base is the first level"):
        CategoricalFactor("f", ref=ref, **STEPS)


def test_steps_of_too_many_levels():
    values = np.arange(3 * DENSE_LEVELS) % DENSE_LEVELS
    assert len(learn(values, **STEPS).names()) == DENSE_LEVELS - 1
    values[0] = DENSE_LEVELS
    with pytest.raises(ValueError, match=r"'f' has 1025 levels.*'backward_difference'.*1024.*band"):
        learn(values, **STEPS)
    assert len(learn(values).names()) == DENSE_LEVELS


def test_prediction_on_few_rows_of_many_levels():
    # 300 levels are too many to learn from 2,000 rows, but not to recognise in them
    training = np.arange(20_000) % 300
    factor = learn(training)
    np.testing.assert_array_equal(dense(factor, training[:2000]), np.eye(300)[training[:2000], 1:])
    with pytest.raises(ValueError, match=r"1 level .*in 6 rows: 300"):
        dense(factor, np.arange(2000) % 301)


def test_continuous_column_is_refused():
    values = np.random.default_rng(4).normal(size=5000)
    with pytest.raises(ValueError, match=r"'f' has too many distinct values.*spline"):
        learn(values)
