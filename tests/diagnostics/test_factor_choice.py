"""Which columns are explored where nobody says so, and what is said of the others."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest

import rustystats as rs

N = 400
RNG = np.random.default_rng(4)


def make_data():
    return pd.DataFrame(
        {
            "y": RNG.poisson(0.5, N),
            "policy": np.arange(N) * 3 + 7,
            "shuffled": RNG.permutation(N),
            "plate": [f"XY-{i:04d}" for i in range(N)],
            "age": RNG.integers(18, 90, N),
            "income": RNG.uniform(1e4, 9e4, N),
            "area": RNG.choice(list("ABC"), N),
            "diesel": RNG.choice([True, False], N),
            "brand": pd.Categorical(RNG.choice(["x", "y"], N)),
            "one": 1,
            "level": "same",
            "nothing": np.nan,
            "start": [datetime.date(2020, 1, 1)] * N,
        }
    )


@pytest.fixture(params=["pandas", "polars", "lazy", "arrow"])
def data(request):
    frame = make_data()
    if request.param == "pandas":
        frame["start"] = pd.to_datetime(frame["start"])
        return frame
    frame = pl.from_pandas(frame, nan_to_null=True)
    return {"polars": frame, "lazy": frame.lazy(), "arrow": frame.to_arrow()}[request.param]


def test_numbers_texts_and_booleans_are_factors_and_the_rest_is_named(data):
    found = rs.explore_data(data, "y", detect_interactions=False)
    assert [f.name for f in found.factor_stats] == ["age", "income", "area", "diesel", "brand"]
    kinds = [f.type for f in found.factor_stats]
    assert kinds == ["continuous"] * 2 + ["categorical"] * 3
    reasons = {one.column: one.reason for one in found.columns_left_out}
    assert list(reasons) == ["policy", "shuffled", "plate", "one", "level", "nothing", "start"]
    assert "whole numbers" in reasons["policy"]
    assert "whole numbers" in reasons["shuffled"]
    assert "400 levels in 400 rows" in reasons["plate"]
    assert reasons["one"] == reasons["level"] == "it has one value in all rows"
    assert reasons["nothing"] == "it has no value in any row"
    assert "type" in reasons["start"]
    assert "plate" in str(found)


def test_a_column_that_cannot_be_read_is_left_out_with_the_reason():
    data = make_data()[["y", "age"]].assign(mixed=[1, "a"] * (N // 2))
    found = rs.explore_data(data, "y", detect_interactions=False)
    assert [f.name for f in found.factor_stats] == ["age"]
    (left_out,) = found.columns_left_out
    assert left_out.column == "mixed"
    assert "mixes texts and other values" in left_out.reason


def test_what_is_listed_is_explored_whatever_it_is(data):
    found = rs.explore_data(data, "y", ["plate"], ["policy", "one"], detect_interactions=False)
    assert [f.name for f in found.factor_stats] == ["policy", "one", "plate"]
    assert found.columns_left_out == []


def test_one_list_alone_is_all_there_is():
    found = rs.explore_data(make_data(), "y", ["area"], detect_interactions=False)
    assert [f.name for f in found.factor_stats] == ["area"]


def test_roles_are_no_factors_and_need_no_reason():
    data = make_data().assign(e=RNG.uniform(0.1, 1, N), w=RNG.uniform(1, 2, N))
    found = rs.explore_data(data, "y", exposure="e", weights="w", detect_interactions=False)
    named = [f.name for f in found.factor_stats] + [one.column for one in found.columns_left_out]
    assert not {"y", "e", "w"} & set(named)
    assert len(named) == data.shape[1] - 3


def test_large_whole_numbers_that_repeat_are_no_identifier():
    n = 20_000
    values = np.random.default_rng(0).integers(0, 10**9, n)
    values[-1] = values[0]
    data = pd.DataFrame({"y": np.ones(n), "sum_insured": values, "id": np.arange(n)[::-1]})
    found = rs.explore_data(data, "y", detect_interactions=False)
    assert [f.name for f in found.factor_stats] == ["sum_insured"]
    assert [one.column for one in found.columns_left_out] == ["id"]


def test_a_dozen_rows_may_all_differ():
    data = pd.DataFrame({"y": np.ones(12), "age": np.arange(12), "name": list("abcdefghijkl")})
    found = rs.explore_data(data, "y")
    assert [f.name for f in found.factor_stats] == ["age", "name"]
