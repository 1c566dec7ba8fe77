"""Cut columns and conditions as factors: R's intervals and labels, levels learned and replayed."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest

import rustystats as rs
from rustystats.frames import read_columns
from rustystats.terms.cut import Cut
from rustystats.terms.expression import Expression

INF = float("inf")
X = [0.5, 1.25, 1.25, 3, 4.5, 4.5, 7, 11]
# R 4.2.2: levels(cut(x, ...)) and as.integer(cut(x, ...))
R_CUTS = [
    ([1, 5, 5.5, 10, 20, 100], (0, 5, 10, 100), {}, ["(0,5]", "(5,10]", "(10,100]"],
     [1, 1, 2, 2, 3, 3]),
    ([1, 5, 5.5, 10, 20, 99], (0, 5, 10, 100), {"right": False}, ["[0,5)", "[5,10)", "[10,100)"],
     [1, 2, 2, 3, 3, 3]),
    ([0, 1, 5, 100], (0, 5, 100), {"include_lowest": True}, ["[0,5]", "(5,100]"], [1, 1, 1, 2]),
    ([0, 1, 5, 100], (0, 5, 100), {"include_lowest": True, "right": False},
     ["[0,5)", "[5,100]"], [1, 1, 2, 2]),
    (X, 3, {}, ["(0.489,4]", "(4,7.5]", "(7.5,11]"], [1, 1, 1, 1, 2, 2, 2, 3]),
    (X, 4, {"right": False}, ["[0.489,3.12)", "[3.12,5.75)", "[5.75,8.38)", "[8.38,11)"],
     [1, 1, 1, 1, 2, 2, 3, 4]),
    ([123456, 123457.5, 123459], 2, {}, ["(123456,123458]", "(123458,123459]"], [1, 1, 2]),
    ([1e5, 2e6], (1, 1e5, 3e6), {}, ["(1,1e+05]", "(1e+05,3e+06]"], [1, 2]),
    ([5, 5], 2, {}, ["(4.995,5]", "(5,5.005]"], [1, 1]),
]  # fmt: skip


@pytest.mark.parametrize(("x", "breaks", "options", "labels", "at"), R_CUTS)
def test_intervals_are_rs(x, breaks, options, labels, at):
    columns = read_columns({"x": np.array(x, dtype=float)}, ["x"])
    source = Cut(Expression("x"), breaks, **options).learn(columns)
    assert source.level_labels() == labels
    encoded = source.encode(columns)
    assert [encoded.levels[code] for code in encoded.codes] == [labels[i - 1] for i in at]
    assert len(encoded.levels) == len(set(at))  # those that occur


RNG = np.random.default_rng(8)
DATA = pd.DataFrame(
    {"y": RNG.normal(size=900), "x": RNG.uniform(0, 10, 900), "k": RNG.integers(0, 9, 900)}
)


@pytest.mark.parametrize("make", [lambda d: d, pl.from_pandas], ids=["pandas", "polars"])
def test_a_cut_column_is_the_factor_of_its_intervals(make):
    banded = DATA.assign(c=pd.cut(DATA["x"], [0, 2, 5, 10]).astype(str))
    ours = rs.glm("y ~ cut(x, [0, 2, 5, 10])*k", make(DATA)).fit()
    other = rs.glm("y ~ c*k", banded).fit()
    np.testing.assert_allclose(ours.params, other.params, rtol=1e-10)
    assert ours.feature_names[1:3] == [f"cut(x, [0, 2, 5, 10])[T.({i}]]" for i in ("2,5", "5,10")]
    new = make(pd.DataFrame({"x": [1.0, 5.0, 9.0], "k": [1, 2, 3]}))
    again = pickle.loads(pickle.dumps(ours))
    np.testing.assert_allclose(again.predict(new), other.predict(
        pd.DataFrame({"c": ["(0, 2]", "(2, 5]", "(5, 10]"], "k": [1, 2, 3]})
    ))  # fmt: skip
    np.testing.assert_allclose(ours.predict(make(DATA)), ours.fittedvalues, rtol=1e-12)


def test_reference_coding_and_labels():
    def names(text):
        return rs.glm(f"y ~ {text}", DATA).feature_names[1:]

    cut = "cut(x, [0, 2, 5, 10])"
    expected = [f"{cut}[T.(0,2]]", f"{cut}[T.(5,10]]"]
    assert names("C(cut(x, [0, 2, 5, 10]), ref='(2,5]')") == expected
    assert names("cut(x, [0, 2, 5, 10], ref='(2,5]')") == expected
    assert names("C(cut(x, [0, 2, 5, 10]), coding='backward_difference')")[0] == f"{cut}[D.(2,5]]"
    assert names("cut(x, [0, 5, 10], labels=['young', 'old'])")[0].endswith("[T.old]")


def test_learned_breaks_are_kept():
    result = rs.glm("y ~ cut(x, 4)", DATA).fit()
    part = DATA.iloc[:20]
    np.testing.assert_allclose(result.predict(part), result.fittedvalues[:20], rtol=1e-12)


def test_values_outside_are_counted():
    with pytest.raises(
        ValueError, match=r"'cut\(k, \[0, 4, 8\]\)': \d+ rows lie outside the breaks"
    ):
        rs.glm("y ~ cut(k, [0, 4, 8])", DATA)  # 0 itself
    result = rs.glm("y ~ cut(x, [0, 5, 10])", DATA).fit()
    with pytest.raises(ValueError, match=r"1 row lies .*for instance 11.*-inf .*inf.*include_low"):
        result.predict(pd.DataFrame({"x": [1.0, 11.0]}))
    open_ended = rs.glm("y ~ cut(x, [-inf, 5, np.inf])", DATA).fit()
    assert np.isfinite(open_ended.predict(pd.DataFrame({"x": [1e9, -1e9]}))).all()


def test_an_interval_without_rows_is_no_level():
    result = rs.glm("y ~ cut(x, [0, 5, 10, 20])", DATA).fit()
    assert len(result.params) == 2
    with pytest.raises(ValueError, match=r"has not seen, in 1 row: \(10,20\]"):
        result.predict(pd.DataFrame({"x": [12.0]}))


def test_conditions_are_factors():
    result = rs.glm("y ~ C(x > 5)*k", DATA).fit()
    assert result.feature_names[1] == "x > 5[T.True]"
    flag = rs.glm("y ~ I(x > 5)*k", DATA).fit()
    np.testing.assert_allclose(result.params, flag.params, rtol=1e-9)
    decades = rs.glm("y ~ C(floor(x / 4))", DATA).fit()
    assert decades.feature_names[1:] == ["floor(x / 4)[T.1]", "floor(x / 4)[T.2]"]
    np.testing.assert_allclose(decades.predict(DATA), decades.fittedvalues)


def test_relativities_of_a_cut_column():
    data = DATA.assign(y=RNG.poisson(1.0, 900))
    table = rs.glm("y ~ cut(x, [0, 2, 5, 10])", data, family="poisson").fit().relativities()
    assert "(5,10]" in table.to_string()
