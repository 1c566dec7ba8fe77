"""Relativities: base times relativities is the prediction, with every exposure accounted for."""

from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import rustystats as rs
from rustystats.inference.relativities import factor_effects

N = 900
RNG = np.random.default_rng(12)
AGE = RNG.integers(18, 60, N)
AREA = RNG.choice(list("ABCD"), N, p=[0.1, 0.2, 0.3, 0.4])
EXPOSURE = RNG.uniform(0.1, 1, N)
FRAME = pd.DataFrame(
    {
        "y": RNG.poisson(EXPOSURE * np.exp(0.5 * np.cos(AGE / 9) + 0.5 * (AREA == "C"))),
        "cost": RNG.gamma(2.0, 500.0, N),
        "age": AGE,
        "power": RNG.integers(4, 12, N),
        "area": AREA,
        "gas": RNG.choice(["Diesel", "Regular"], N),
        "old": AGE > 40,
        "money": RNG.normal(size=N),
        "e": EXPOSURE,
        "w": RNG.integers(1, 4, N),
    }
)
COLUMNS = ["Factor", "Level", "Relativity", "CI_Lower", "CI_Upper", "Exposure"]


def fit(formula, data=FRAME, **options):
    return rs.glm(formula, data, **({"family": "poisson", "exposure": "e"} | options)).fit()


def text(value):
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def product_of_relativities(table, frame):
    """The prediction for one unit of exposure, looked up in the table row by row."""
    rate = np.full(len(frame), table["Relativity"][table["Factor"] == "Base"].item())
    for factor in table["Factor"].unique()[1:]:
        part = table[table["Factor"] == factor]
        look_up = dict(zip(part["Level"], part["Relativity"], strict=True))
        names = factor.split(":")
        rate *= [
            look_up[":".join(map(text, row))]
            for row in zip(*(frame[name].tolist() for name in names), strict=True)
        ]
    return rate


TABULATED = [
    "y ~ 1",
    "y ~ area",
    "y ~ C(area, ref='C') + gas",
    "y ~ area - 1",
    "y ~ power",
    "y ~ log(power) + old",
    "y ~ power + I(power**2) + area",
    "y ~ bs(age, df=5) + ns(power, df=3)",
    "y ~ C(power) + bs(age, df=6) + area + gas + old",
    "y ~ bs(age, df=5) + np.where(age > 30, 1, 0)",
    "y ~ area*gas",
    "y ~ area:gas",
    "y ~ area:gas:old",
    "y ~ 0 + area:gas",
    "y ~ power:area:gas",
    "y ~ area*power",
    "y ~ area:power",
    "y ~ bs(age, df=4)*gas + area",
    "y ~ area*gas*old",
    "y ~ age:power",
]


@pytest.mark.parametrize("formula", TABULATED)
def test_base_times_relativities_is_the_prediction(formula):
    result = fit(formula)
    table = result.relativities()
    assert list(table.columns) == COLUMNS
    expected = result.predict(FRAME, exposure=1.0)
    np.testing.assert_allclose(product_of_relativities(table, FRAME), expected, rtol=1e-10)


@pytest.mark.parametrize("formula", TABULATED)
def test_every_factor_has_a_base_row_and_all_the_exposure(formula):
    table = fit(formula).relativities()
    assert table["Factor"].iloc[0] == "Base"
    assert (table["Factor"] == "Base").sum() == 1
    for factor, part in table.groupby("Factor", sort=False):
        assert part["Exposure"].sum() == pytest.approx(EXPOSURE.sum(), rel=1e-12)
        assert (part["Exposure"] > 0).all()
        if factor != "Base":
            bases = part[part["Relativity"] == 1.0]
            assert len(bases) >= 1
            exact = bases[(bases["CI_Lower"] == 1.0) & (bases["CI_Upper"] == 1.0)]
            assert len(exact) >= 1
        assert (part["CI_Lower"] <= part["Relativity"]).all()
        assert (part["Relativity"] <= part["CI_Upper"]).all()


def test_exposure_of_each_level():
    table = fit("y ~ area + power").relativities()
    by_area = table[table["Factor"] == "area"].set_index("Level")["Exposure"]
    expected = FRAME.groupby("area")["e"].sum()
    np.testing.assert_allclose(by_area[expected.index], expected, rtol=1e-12)
    by_power = table[table["Factor"] == "power"]
    assert by_power["Level"].tolist() == [str(p) for p in range(4, 12)]
    np.testing.assert_allclose(by_power["Exposure"], FRAME.groupby("power")["e"].sum())


def test_exposure_is_weights_or_rows_where_there_is_none():
    rows = fit("cost ~ area", family="gamma", link="log", exposure=None).relativities()
    assert rows["Exposure"].iloc[0] == N
    weighted = fit("cost ~ area", family="gamma", link="log", exposure=None, weights="w")
    by_area = weighted.relativities().set_index("Level")["Exposure"]
    expected = FRAME.groupby("area")["w"].sum()
    np.testing.assert_allclose(by_area[expected.index], expected)


def test_base_is_the_reference_or_the_value_with_most_exposure():
    table = fit("y ~ area + power").relativities()
    at_one = table[table["Relativity"] == 1.0].set_index("Factor")["Level"]
    assert at_one["area"] == "A"  # the reference, although it has the least exposure
    assert at_one["power"] == str(FRAME.groupby("power")["e"].sum().idxmax())
    chosen = fit("y ~ C(area, ref='C')").relativities()
    assert chosen[chosen["Relativity"] == 1.0]["Level"].tolist() == ["C"]


def test_base_where_the_reference_has_no_row_is_the_cell_with_most_exposure():
    data = FRAME[(FRAME["area"] != "A") | (FRAME["gas"] != "Diesel")]
    result = fit("y ~ 0 + area:gas", data)
    table = result.relativities()
    cells = table[table["Factor"] == "area:gas"].set_index("Level")
    assert "A:Diesel" not in cells.index
    assert cells.index[cells["Relativity"] == 1.0].tolist() == ["D:Diesel"]
    assert cells["Exposure"].idxmax() == "D:Diesel"
    rate = result.predict(data, exposure=1.0)
    np.testing.assert_allclose(product_of_relativities(table, data), rate, rtol=1e-10)


def test_categorical_relativities_are_exponentials_of_the_table_above():
    result = fit("y ~ area")
    table = result.relativities().iloc[1:]
    coef = dict(zip(result.feature_names, result.params, strict=True))
    limits = dict(zip(result.feature_names, result.conf_int(), strict=True))
    for level in "BCD":
        row = table[table["Level"] == level].iloc[0]
        name = f"area[T.{level}]"
        assert row["Relativity"] == pytest.approx(np.exp(coef[name]), rel=1e-12)
        np.testing.assert_allclose(
            row[["CI_Lower", "CI_Upper"]].astype(float), np.exp(limits[name]), rtol=1e-10
        )


STEPS = "C(power, coding='backward_difference')"


@pytest.mark.parametrize(
    "formula",
    [
        "y ~ {f} + area",
        "y ~ 0 + {f} + area",
        "y ~ {f}*area",
        "y ~ 0 + {f}:area",
        "y ~ {f}:age",
        "y ~ area + {f}:area",
        "y ~ {f} + power",  # aliased in part
    ],
)
def test_backward_differences_have_the_relativities_of_treatment_coding(formula):
    steps, levels = (fit(formula.format(f=f)).relativities() for f in (STEPS, "C(power)"))
    np.testing.assert_array_equal(steps[["Factor", "Level"]], levels[["Factor", "Level"]])
    np.testing.assert_allclose(steps[COLUMNS[2:]], levels[COLUMNS[2:]], rtol=1e-8)
    of_power = steps[steps["Factor"] == "power"]
    if len(of_power):
        assert of_power["Level"][of_power["Relativity"] == 1.0].tolist() == ["4"]


def test_backward_differences_add_up():
    result = fit(f"y ~ {STEPS} + area")
    part = result.relativities()[lambda t: t["Factor"] == "power"]
    assert part["Level"].tolist() == [str(power) for power in range(4, 12)]
    where = [result.feature_names.index(f"power[D.{power}]") for power in range(5, 12)]
    effects = np.cumsum(result.params[where])
    np.testing.assert_allclose(part["Relativity"][1:], np.exp(effects), rtol=1e-12)
    # the variance of a sum of steps is the sum of a corner of their covariance
    corner = result.cov_params()[np.ix_(where, where)].cumsum(axis=0).cumsum(axis=1)
    half = 1.959963984540054 * np.sqrt(np.diagonal(corner))
    np.testing.assert_allclose(part["CI_Lower"][1:], np.exp(effects - half), rtol=1e-10)
    np.testing.assert_allclose(part["CI_Upper"][1:], np.exp(effects + half), rtol=1e-10)


CHOICES = {
    "treatment": "C(area)",
    "sum": "C(area, coding='sum')",
    "helmert": "C(area, coding='helmert')",
    "polynomial": "C(area, coding='polynomial')",
    "listed": "C(area, levels=['A', 'D', 'C', 'B'])",
}


@pytest.mark.parametrize(
    "formula",
    ["y ~ {f} + power", "y ~ 0 + {f} + gas", "y ~ {f}*gas", "y ~ 0 + {f}:gas", "y ~ {f}:power"],
)
@pytest.mark.parametrize("choice", list(CHOICES)[1:])
def test_every_coding_has_the_relativities_of_treatment_coding(formula, choice):
    results = [fit(formula.format(f=CHOICES[name])) for name in (choice, "treatment")]
    tables = [result.relativities() for result in results]
    found, expected = (table.set_index(["Factor", "Level"]) for table in tables)
    assert len(found) == len(expected)
    if "*" in formula and choice != "listed":  # the effect of gas is its mean over the areas
        expected = expected.loc[["Base", "area"]]
    np.testing.assert_allclose(found.loc[expected.index], expected, rtol=1e-8)
    predicted = results[0].predict(FRAME, exposure=1.0)
    np.testing.assert_allclose(product_of_relativities(tables[0], FRAME), predicted, rtol=1e-10)


def test_sum_coding_by_hand():
    result = fit("y ~ C(area, coding='sum')")
    table = result.relativities()
    deviations = np.append(result.params[1:], -result.params[1:].sum())
    np.testing.assert_allclose(
        table["Relativity"],
        [np.exp(result.params[0] + deviations[0]), *np.exp(deviations - deviations[0])],
        rtol=1e-12,
    )


def test_listed_levels_stand_in_their_order():
    table = fit("y ~ C(area, levels=['D', 'A', 'C', 'B'])").relativities()
    assert table["Level"].tolist() == ["", "D", "A", "C", "B"]
    assert table["Relativity"][1] == 1.0
    by_area = FRAME.groupby("area")["e"].sum()
    np.testing.assert_allclose(table["Exposure"][1:], by_area[list("DACB")])


@pytest.mark.parametrize(
    ("formula", "name"),
    [
        ("y ~ C({f}, min_exposure=35, handle_missing='level') + power", "{f}"),
        ("y ~ C({f}, coding='sum', min_exposure=35, handle_missing='level')*gas", "{f}"),
        ("y ~ C({f}, min_exposure=35, handle_missing='level'):gas", "{f}:gas"),
        (
            "y ~ bs(age, df=4) + C({f}, 'most_exposed', min_exposure=35, handle_missing='level')",
            "{f}",
        ),
    ],
)
def test_pooled_and_missing_levels(formula, name):
    town = np.random.default_rng(8).choice(
        ["a", "b", "c", "r1", "r2", "r3"], N, p=[0.4, 0.2, 0.2, 0.1, 0.05, 0.05]
    )
    rare = pd.Series(town).isin(["r2", "r3"])
    data = FRAME.assign(town=np.where(np.arange(N) % 7 == 0, None, town))
    by_hand = data.assign(
        band=data["town"].fillna("missing").where(data["town"].isna() | ~rare, "other")
    )
    assert (by_hand.groupby("band")["e"].sum()[["a", "b", "c", "r1", "missing"]] >= 35).all()
    result = fit(formula.format(f="town"), data)
    expected = fit(formula.format(f="band"), by_hand)
    tables = [r.relativities() for r in (result, expected)]
    for table, factor in zip(tables, ("town", "band"), strict=True):
        table["Factor"] = table["Factor"].str.replace(factor, "{f}")
    found, wanted = (table.set_index(["Factor", "Level"]) for table in tables)
    assert len(found) == len(wanted)
    np.testing.assert_allclose(found.loc[wanted.index], wanted, rtol=1e-7)
    levels = {level.split(":")[0] for level in found.loc[name].index}
    assert levels == {"a", "b", "c", "r1", "missing", "other"}
    predicted = result.predict(data, exposure=1.0)
    table = result.relativities()
    rows = data.assign(town=by_hand["band"])
    np.testing.assert_allclose(product_of_relativities(table, rows), predicted, rtol=1e-10)


def test_effects_of_one_column_with_levels_of_their_own_are_told_apart():
    result = fit("y ~ C(power, min_exposure=60) + power + gas")
    table = result.relativities()
    factors = list(table["Factor"].unique())
    assert factors == ["Base", "C(power, min_exposure=60)", "power", "gas"]
    pooled = result.model.terms.terms[1].factors[0].learned.pooled
    assert pooled
    look_up = table.set_index(["Factor", "Level"])["Relativity"]
    powers = FRAME["power"].astype(str)
    expected = (
        look_up["Base"].item()
        * look_up[factors[1]][powers.where(~powers.isin(pooled), "other")].to_numpy()
        * look_up["power"][powers].to_numpy()
        * look_up["gas"][FRAME["gas"]].to_numpy()
    )
    np.testing.assert_allclose(result.predict(FRAME, exposure=1.0), expected, rtol=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_levels_that_a_coefficient_of_0_keeps_together_are_equal(seed):
    # to the last bit: users see by it what a lasso has merged
    rng = np.random.default_rng(seed)
    levels = int(rng.integers(20, 60))
    data = FRAME.assign(k=rng.permutation(np.arange(N) % levels))
    result = fit("y ~ C(k, coding='backward_difference') + area", data)
    model, p = result.model, len(result.params)
    coef = np.where(rng.random(p) < 0.5, 0.0, rng.normal(size=p))
    sizes = factor_effects(model, replace(result.fit, coef=coef), np.eye(p), 0.05)
    relativity = np.exp(next(size.effect for size in sizes if size.name == "k"))
    at = [model.names.index(f"k[D.{level}]") for level in range(1, levels)]
    np.testing.assert_allclose(relativity[1:], np.exp(np.cumsum(coef[at])), rtol=1e-13)
    np.testing.assert_array_equal(relativity[1:] == relativity[:-1], coef[at] == 0)


@pytest.mark.parametrize("alpha", [0.05, 0.2])
def test_intervals_by_the_delta_method(alpha):
    result = fit("y ~ bs(age, df=5) + area*power")
    table = result.relativities(alpha)
    z = {0.05: 1.959963984540054, 0.2: 1.2815515655446004}[alpha]
    covariance, names = result.cov_params(), np.array(result.feature_names)

    def limits(direction):
        effect = direction @ result.params
        error = np.sqrt(direction @ covariance @ direction)
        return np.exp([effect, effect - z * error, effect + z * error])

    ages = np.unique(AGE)
    part = table[table["Factor"] == "age"]
    basis = result.model.terms.terms[1].factors[0].basis.evaluate(ages.astype(float))
    base = int(np.flatnonzero(part["Relativity"].to_numpy() == 1.0)[0])
    for i in (0, 7, len(ages) - 1):
        direction = np.zeros(len(names))
        direction[1:5] = basis[i] - basis[base]
        found = part.iloc[i][["Relativity", "CI_Lower", "CI_Upper"]].astype(float)
        np.testing.assert_allclose(found, limits(direction), rtol=1e-9)

    part = table[table["Factor"] == "area:power"].set_index("Level")
    direction = np.zeros(len(names))
    direction[names == "area[T.C]:power"] = 7.0
    found = part.loc["C:7", ["Relativity", "CI_Lower", "CI_Upper"]].astype(float)
    np.testing.assert_allclose(found, limits(direction), rtol=1e-9)

    # the base row: the rate of the base risk, with the error of its linear predictor
    direction = np.zeros(len(names))
    direction[0] = 1.0
    direction[1:5] = basis[base]
    power = float(table[(table["Factor"] == "power") & (table["Relativity"] == 1)]["Level"].item())
    direction[names == "power"] = power
    found = table.iloc[0][["Relativity", "CI_Lower", "CI_Upper"]].astype(float)
    np.testing.assert_allclose(found, limits(direction), rtol=1e-9)


def test_continuous_column_at_quantiles():
    result = fit("y ~ money + area")
    table = result.relativities()
    part = table[table["Factor"] == "money"]
    assert len(part) == 21
    values = part["Level"].astype(float).to_numpy()
    quantiles = np.quantile(FRAME["money"], np.linspace(0, 1, 21), method="nearest")
    np.testing.assert_allclose(values, quantiles, rtol=1e-5)
    assert part["Exposure"].sum() == pytest.approx(EXPOSURE.sum(), rel=1e-12)
    slope = result.params[result.feature_names.index("money")]
    median = np.median(np.sort(FRAME["money"])[N // 2 - 1 : N // 2 + 1])
    np.testing.assert_allclose(part["Relativity"], np.exp(slope * (values - median)), rtol=1e-2)
    base = values[part["Relativity"].to_numpy() == 1.0].item()
    np.testing.assert_allclose(part["Relativity"], np.exp(slope * (values - base)), rtol=1e-5)
    # a row at a quantile is predicted exactly
    row = FRAME.assign(money=quantiles[3]).head(1)
    area = table[(table["Factor"] == "area") & (table["Level"] == row["area"].item())]
    expected = table["Relativity"].iloc[0] * part["Relativity"].iloc[3] * area["Relativity"].item()
    assert result.predict(row, exposure=1.0)[0] == pytest.approx(expected, rel=1e-12)


def test_product_with_a_continuous_column_is_per_unit():
    result = fit("y ~ area + area:money")
    table = result.relativities()
    part = table[table["Factor"] == "area[T.C]:money"]
    assert part["Level"].tolist() == ["0", "+1"]
    slope = result.params[result.feature_names.index("area[T.C]:money")]
    np.testing.assert_allclose(part["Relativity"], [1.0, np.exp(slope)], rtol=1e-12)


def test_levels_that_weigh_nothing_are_left_out():
    weights = np.where(AREA == "D", 0.0, 1.0)
    table = fit(
        "cost ~ area + power", family="gamma", exposure=None, weights=weights
    ).relativities()
    assert table[table["Factor"] == "area"]["Level"].tolist() == ["A", "B", "C"]
    assert table["Exposure"].iloc[0] == weights.sum()


def test_aliased_columns_count_as_zero():
    data = FRAME.assign(same=FRAME["area"])
    result = fit("y ~ area + same", data)
    table = result.relativities()
    assert (table[table["Factor"] == "same"]["Relativity"] == 1.0).all()
    expected = result.predict(data, exposure=1.0)
    np.testing.assert_allclose(product_of_relativities(table, data), expected, rtol=1e-10)


@pytest.mark.parametrize(
    ("column", "family", "link"),
    [("cost", "gaussian", None), ("cost", "gamma", "identity"), ("old", "binomial", None)],
)
def test_effects_multiply_with_a_log_link_alone(column, family, link):
    result = rs.glm(f"{column} ~ gas", FRAME, family=family, link=link).fit()
    with pytest.raises(ValueError, match=r"log link.*coef_table"):
        result.relativities()


@pytest.mark.parametrize("alpha", [0, 1, -1])
def test_level_of_the_intervals(alpha):
    with pytest.raises(ValueError, match="alpha"):
        fit("y ~ area").relativities(alpha)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda d: d, pd.DataFrame),
        (pl.from_pandas, pl.DataFrame),
        (lambda d: pl.from_pandas(d).lazy(), pl.DataFrame),
        (pa.Table.from_pandas, pa.Table),
    ],
)
def test_kind_of_table(make, kind):
    formula = "y ~ area*gas + bs(age, df=4) + money"
    table = fit(formula, make(FRAME)).relativities()
    assert isinstance(table, kind)
    expected = fit(formula).relativities()
    for name in COLUMNS:
        found = table[name].to_pylist() if kind is pa.Table else list(table[name])
        if expected[name].dtype.kind == "f":
            np.testing.assert_allclose(found, expected[name], rtol=1e-9)
        else:
            assert found == expected[name].tolist()


def test_no_interval_without_a_dispersion():
    # as many coefficients as rows: an interval of no width would say that all is known
    data = {"y": [1.0, 2.0, 4.0], "x": ["a", "b", "c"]}
    table = rs.glm("y ~ x", data, family="gamma", link="log").fit().relativities()
    np.testing.assert_allclose(table["Relativity"], [1.0, 1.0, 2.0, 4.0])
    assert table[["CI_Lower", "CI_Upper"]].isna().all(axis=None)


def test_effects_know_their_base_and_which_factors_are_numbers():
    result = fit("y ~ C(area, ref='B') + bs(age, df=4) + C(power) + money + area:gas")
    base, *effects = result.factor_effects(0.05)
    assert (base.name, base.labels, base.exposure) == ("Base", [""], [EXPOSURE.sum()])
    table = result.relativities()
    for effect in effects:
        part = table[table["Factor"] == effect.name]
        np.testing.assert_allclose(np.exp(effect.effect), part["Relativity"], rtol=1e-14)
        np.testing.assert_allclose(np.exp(effect.high), part["CI_Upper"], rtol=1e-14)
        assert effect.effect[effect.base] == effect.low[effect.base] == 0.0
    area, age, power, money, cross = effects
    assert area.labels[area.base] == "B"
    np.testing.assert_array_equal(age.values, np.unique(AGE))
    assert age.exposure[age.base] == age.exposure.max()
    np.testing.assert_array_equal(money.values, np.sort(money.values))
    assert len(money.values) == 21
    assert power.values is area.values is cross.values is None
