"""What `validate` finds, and that it finds nothing where there is nothing."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import rustystats as rs

RNG = np.random.default_rng(12)
N = 2000
DATA = pd.DataFrame(
    {
        "y": RNG.poisson(2.0, N),
        "x": RNG.normal(size=N),
        "k": RNG.integers(0, 50, N),
        "a": RNG.choice(list("ABCD"), N),
        "b": RNG.choice(["u", "v"], N),
        "e": RNG.uniform(0.5, 1, N),
    }
)


def report(formula, data=DATA, **options):
    return rs.glm(formula, data, family="poisson", exposure="e").validate(**options)


def found(formula, data=DATA, **options):
    return {(f.check, f.name): f for f in report(formula, data, **options).findings}


def test_nothing_is_found_where_there_is_nothing():
    clean = report("y ~ x + bs(k, df=5) + C(a)*b")
    assert clean.ok
    assert len(clean) == 0
    assert repr(clean) == "<ValidationReport: nothing found>"
    assert len(clean.table()) == 0


def test_combinations_are_written_out():
    data = DATA.assign(z=3 - 2 * DATA["x"], ab=DATA["a"].eq("B") * 1)
    faults = found("y ~ x + z + C(a) + ab", data)
    # numbers come in the order written: ab stands after the factor that it is a level of
    assert faults["combination", "z"].detail == "is 3 Intercept - 2 x"
    assert faults["combination", "ab"].detail == "is a[T.B]"
    assert len(faults) == 2
    result = rs.glm("y ~ x + z + C(a) + ab", data, family="poisson", exposure="e").fit()
    aliased = {n for n, p in zip(result.feature_names, result.params, strict=True) if np.isnan(p)}
    assert aliased == {name for _, name in faults}


def test_empty_cells_sparse_levels_and_levels_without_claims():
    data = DATA.copy()
    data.loc[data["a"] == "D", "y"] = 0
    data = data[~((data["a"] == "C") & (data["b"] == "v"))].reset_index(drop=True)
    data = pd.concat([data, data.assign(a="Z").iloc[:4].assign(y=1)], ignore_index=True)
    faults = found("y ~ C(a)*C(b)", data)
    assert ("empty", "a[T.C]:b[T.v]") in faults
    claimless = faults["no claims", "a=D"]
    of_d = data["a"] == "D"
    assert claimless.rows == of_d.sum()
    assert claimless.exposure == pytest.approx(data.loc[of_d, "e"].sum())
    assert faults["sparse level", "a=Z"].rows == 4
    assert ("no claims", "a:b=D:u") in faults
    assert ("sparse level", "a=Z") not in found("y ~ C(a)*C(b)", data, min_rows=4)


def test_both_ends_of_a_share():
    data = DATA.assign(y=(DATA["x"] > 0) * 1.0)
    data.loc[data["a"] == "A", "y"] = 1.0
    model = rs.glm("y ~ C(a)", data, family="binomial")
    assert [f.name for f in model.validate().findings] == ["a=A"]
    zero = DATA.assign(y=DATA["y"].where(DATA["a"] != "A", 0))
    assert ("no claims", "a=A") in found("y ~ C(a)", zero)
    linear = rs.glm("y ~ C(a)", zero, family="poisson", link="identity")  # reaches 0
    assert linear.validate().ok
    gaussian = rs.glm("y ~ C(a)", data)  # has no end
    assert gaussian.validate().ok


def test_near_constant_columns():
    data = DATA.assign(year=2000 + 0.01 * DATA["x"], flag=0)
    data.loc[[5, 9], "flag"] = 1
    faults = found("y ~ year + flag", data)
    assert ("near-constant", "year") in faults
    assert faults["near-constant", "flag"].detail == "is one value in all but 2 rows"


def test_rows_without_weight_do_not_count():
    weights = np.where(DATA["a"] == "B", 0.0, 1.0)
    model = rs.glm("y ~ C(a)", DATA, family="poisson", weights=weights)
    assert [(f.check, f.name) for f in model.validate().findings] == [("empty", "a[T.B]")]


def test_table_and_repr():
    data = pl.from_pandas(DATA.assign(z=DATA["x"]))
    faults = report("y ~ x + z", data)
    table = faults.table()
    assert isinstance(table, pl.DataFrame)
    assert table.columns == ["Check", "Name", "Rows", "Exposure", "Detail", "Remedy"]
    assert table["Rows"].to_list() == [N]
    assert "combination: z is x" in repr(faults)
    assert "leave it out" in repr(faults)
    many = report("y ~ C(k)*C(a)", min_rows=1000)
    assert f"and {len(many) - 20} more: see table()" in repr(many)


def test_bad_min_rows():
    with pytest.raises(ValueError, match="min_rows must be a whole number"):
        report("y ~ x", min_rows=0)
