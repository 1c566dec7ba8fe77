"""Numeric columns: a table where values repeat, dense where not, the same numbers either way."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from rustystats.design.blocks import DenseBlock, TableBlock
from rustystats.frames import read_columns
from rustystats.terms.categorical import CategoricalFactor
from rustystats.terms.expression import Expression
from rustystats.terms.numeric import NumericFactor, distinct_values

N = 40_000  # a table takes at most N / 16 = 2,500 distinct values
RNG = np.random.default_rng(3)
FRAME = pd.DataFrame(
    {
        "age": RNG.integers(18, 91, N),
        "money": RNG.normal(1000, 200, N),
        "tenths": RNG.integers(0, 60, N) / 10,
        "small": RNG.normal(size=N).astype(np.float32),
        "flag": RNG.random(N) > 0.5,
        "text": RNG.choice(["a", "b"], N),
    }
)


def factor(text):
    return NumericFactor(Expression(text))


def block_of(text, frame=FRAME):
    made = factor(text)
    columns = read_columns(frame, made.columns)
    return made.learn(columns).block(columns)


@pytest.mark.parametrize("text", ["age", "tenths", "log(age)", "I(tenths**2)", "age > 30"])
def test_repeated_values_become_a_table(text):
    block = block_of(text)
    assert isinstance(block, TableBlock)
    column = Expression(text).columns[0]
    assert block.n_levels == FRAME[column].nunique()
    assert block.codes.dtype == np.uint8
    expected = Expression(text).evaluate({column: FRAME[column].to_numpy()})
    np.testing.assert_array_equal(block.to_dense()[:, 0], expected)
    np.testing.assert_array_equal(block.levels[column], np.unique(FRAME[column]))


@pytest.mark.parametrize("text", ["money", "log(money + 5000)", "age * money", "age + tenths"])
def test_other_values_stay_dense(text):
    block = block_of(text)
    assert isinstance(block, DenseBlock)
    values = {name: FRAME[name].to_numpy() for name in Expression(text).columns}
    np.testing.assert_array_equal(block.values[:, 0], Expression(text).evaluate(values))


def test_floating_column_is_viewed_not_copied():
    frame = pl.DataFrame({"money": FRAME["money"].to_numpy()})
    source = frame["money"].to_numpy()
    assert np.shares_memory(block_of("money", frame).values, source)
    assert block_of("small").values.dtype == np.float32


def test_storage_does_not_change_values():
    # 300 rows keep up to 256 distinct values in a table; with one more distinct value it is dense
    values = np.arange(256) / 7
    table = block_of("x", pd.DataFrame({"x": np.resize(values, 300)}))
    dense = block_of("x", pd.DataFrame({"x": np.append(np.resize(values, 299), -1.0)}))
    assert isinstance(table, TableBlock)
    assert isinstance(dense, DenseBlock)
    np.testing.assert_array_equal(table.to_dense()[:299], dense.to_dense()[:299])


def test_name_and_columns():
    assert factor("log(age)").names() == ["log(age)"]
    assert factor("`my col`").names() == ["my col"]
    assert factor("age * money").columns == ("age", "money")
    assert not factor("age").is_categorical


@pytest.mark.parametrize("name", ["text", "flag"])
def test_text_and_booleans_by_themselves_are_categorical(name):
    columns = read_columns(FRAME, FRAME.columns)
    assert factor(name).as_categorical(columns) == CategoricalFactor(name)
    assert factor(f"`{name}`").as_categorical(columns) == CategoricalFactor(name)
    assert factor("age").as_categorical(columns) == factor("age")
    inside = factor("flag * 2")
    assert inside.as_categorical(columns) is inside


@pytest.mark.parametrize(
    ("text", "stored"), [("age", "table"), ("money", "dense"), ("age * money", "dense")]
)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_not_finite_is_counted(text, stored, bad):
    name = Expression(text).columns[0]
    frame = FRAME.assign(**{name: FRAME[name].astype(float)})
    frame.loc[[5, 77, 39_999], name] = bad
    with pytest.raises(ValueError, match=r"3 rows.*(fill|drop)") as caught:
        block_of(text, frame)
    assert text in str(caught.value)


def test_transformation_outside_its_domain_is_counted():
    frame = FRAME.assign(age=FRAME["age"] - 18)
    zeros = int((frame["age"] == 0).sum())
    with pytest.raises(ValueError, match=rf"'log\(age\)'.*{zeros} rows.*at 0.*transformation"):
        block_of("log(age)", frame)
    negative = int((FRAME["small"] < 0).sum())
    with pytest.raises(ValueError, match=rf"'sqrt\(small\)'.*{negative} rows"):
        block_of("sqrt(small)")


def test_one_bad_row_is_singular():
    frame = pd.DataFrame({"x": [1.0, np.nan]})
    with pytest.raises(ValueError, match="1 row: fill"):  # and not "(at nan)"
        block_of("x", frame)


def test_text_is_no_number():
    with pytest.raises(ValueError, match=r"'text' is String, not numeric.*C\(text\)"):
        block_of("log(text)")
    with pytest.raises(ValueError, match="uses no column"):
        block_of("1 + 1")


def test_distinct_values_of_a_table_are_the_levels():
    columns = read_columns(FRAME, ["age"])
    found = distinct_values(Expression("log(age)"), columns, quick=True)
    np.testing.assert_array_equal(found.values, np.log(np.unique(FRAME["age"])))
    np.testing.assert_array_equal(found.encoded.counts, FRAME["age"].value_counts().sort_index())
