"""explore_data against groupby of pandas, statsmodels and brute force; what it refuses."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.formula.api as smf

import rustystats as rs

N = 6_000
CATEGORICAL, CONTINUOUS = ["area", "brand"], ["age", "income", "power"]


def make_data(seed=2):
    rng = np.random.default_rng(seed)
    data = pd.DataFrame(
        {
            "age": rng.integers(18, 90, N).astype(float),
            "power": rng.integers(4, 12, N),
            "income": rng.normal(5e4, 1e4, N),
            "area": rng.choice(list("ABCDEF"), N, p=[0.4, 0.3, 0.2, 0.09, 0.006, 0.004]),
            "brand": rng.choice([f"b{i:02d}" for i in range(30)], N),
            "exposure": rng.uniform(0.02, 1.0, N),
            "weight": rng.integers(1, 5, N),
        }
    )
    rate = 0.3 * np.exp(-0.01 * (data["age"] - 40)) * (1 + (data["area"] == "B"))
    data["claims"] = rng.poisson(rate * data["exposure"])
    data.loc[rng.uniform(size=N) < 0.05, "age"] = np.nan
    data.loc[rng.uniform(size=N) < 0.07, "area"] = None
    data.loc[rng.uniform(size=N) < 0.03, "income"] = np.nan
    return data


DATA = make_data()


def explore(data=DATA, **options):
    asked = {"categorical_factors": CATEGORICAL, "continuous_factors": CONTINUOUS}
    return rs.explore_data(data, "claims", **(asked | {"exposure": "exposure"} | options))


FOUND = explore()


# ---- the response -------------------------------------------------------------------------------


def test_response_statistics():
    found, y, e = FOUND.response_stats, DATA["claims"], DATA["exposure"]
    rate = y / e
    assert found.n_observations == N
    assert found.total_response == y.sum()
    assert found.total_exposure == pytest.approx(e.sum(), rel=1e-12)
    assert found.mean_response == pytest.approx(y.mean(), rel=1e-12)
    mean = y.sum() / e.sum()
    assert found.std_rate == pytest.approx(np.sqrt(np.average((rate - mean) ** 2, weights=e)))
    assert (found.min, found.max) == (y.min(), y.max())
    assert found.zeros_count == (y == 0).sum()
    assert found.zeros_pct == pytest.approx(100 * (y == 0).mean(), rel=1e-12)
    for percent in (1, 5, 10, 25, 50, 75, 90, 95, 99):
        assert found[f"p{percent}"] == pytest.approx(np.quantile(rate, percent / 100), rel=1e-12)


def test_b37_mean_rate_is_total_over_total():
    """The seed took the mean of the ratios, in which a week counts as much as a year."""
    assert FOUND.response_stats.mean_rate == pytest.approx(
        DATA["claims"].sum() / DATA["exposure"].sum(), rel=1e-12
    )
    of_ratios = (DATA["claims"] / DATA["exposure"]).mean()
    assert abs(FOUND.response_stats.mean_rate / of_ratios - 1) > 0.01


def test_without_exposure_every_row_counts_one():
    found = explore(exposure=None)
    assert found.data_summary.exposure_column is None
    assert found.response_stats.total_exposure == N
    assert found.response_stats.mean_rate == found.response_stats.mean_response
    assert found.cramers_v.weighted_by == "rows"


# ---- tables of factors --------------------------------------------------------------------------


def test_the_tables_of_every_factor_add_up_to_the_portfolio():
    for factor in FOUND.factor_stats:
        groups = factor["levels"] if factor.type == "categorical" else factor["response_by_bin"]
        assert sum(group.count for group in groups) == N
        total = FOUND.response_stats
        assert sum(g.exposure for g in groups) == pytest.approx(total.total_exposure, rel=1e-12)
        assert sum(g.response_sum for g in groups) == pytest.approx(total.total_response, rel=1e-12)
        assert sum(group.exposure_pct for group in groups) == pytest.approx(100, rel=1e-12)


def test_continuous_factors_come_first_in_the_order_given():
    assert [f["name"] for f in FOUND.factor_stats] == CONTINUOUS + CATEGORICAL
    assert [f["type"] for f in FOUND.factor_stats] == ["continuous"] * 3 + ["categorical"] * 2


@pytest.mark.parametrize("name", CONTINUOUS)
def test_a_continuous_factor_is_what_pandas_says(name):
    (factor,) = (f for f in FOUND.factor_stats if f.name == name)
    values = DATA[name]
    assert factor.mean == pytest.approx(values.mean(), rel=1e-12)
    assert factor.std == pytest.approx(values.std(ddof=0), rel=1e-9)
    assert (factor.min, factor.max) == (values.min(), values.max())  # B45: not a percentile
    assert factor.missing_count == values.isna().sum()
    assert factor.missing_pct == pytest.approx(100 * values.isna().mean())
    for index, group in enumerate(factor.response_by_bin):
        assert group.bin_index == index
        if group.bin_label == "missing":
            rows = DATA[values.isna()]
            assert group.bin_lower is None
            assert group.bin_upper is None
        else:
            rows = DATA[values.between(group.bin_lower, group.bin_upper)]
        assert group.count == len(rows)
        assert group.exposure == pytest.approx(rows["exposure"].sum(), rel=1e-9)
        assert group.response_sum == rows["claims"].sum()
        rate = rows["claims"].sum() / rows["exposure"].sum()
        assert group.response_rate == pytest.approx(rate, rel=1e-9)


def test_bins_have_equal_exposure():
    (income,) = (f for f in FOUND.factor_stats if f.name == "income")
    exposure = [g.exposure for g in income.response_by_bin if g.bin_label != "missing"]
    assert len(exposure) == 10
    np.testing.assert_allclose(exposure, np.mean(exposure), rtol=0.01)
    few = explore(n_bins=4).factor_stats[1].response_by_bin
    assert len(few) == 5


def test_levels_are_sorted_by_exposure_and_the_rare_ones_pooled():
    area = FOUND.factor_stats[3]
    groups = DATA.assign(area=DATA["area"].fillna("missing")).groupby("area")
    exposure, claims = groups["exposure"].sum(), groups["claims"].sum()
    names = [level.level for level in area.levels]
    assert names == ["A", "B", "C", "D", "missing", "_Other"]
    for level in area.levels[:-1]:
        assert level.exposure == pytest.approx(exposure[level.level], rel=1e-9)
        assert level.response_sum == claims[level.level]
        assert level.count == groups.size()[level.level]
    pool = area.levels[-1]
    assert pool.exposure == pytest.approx(exposure[["E", "F"]].sum(), rel=1e-9)
    assert pool.response_rate == pytest.approx(claims[["E", "F"]].sum() / pool.exposure)
    assert (area.n_levels, area.n_levels_shown, area.missing_count) == (7, 6, area.levels[4].count)


def test_no_more_levels_are_shown_than_asked():
    brand = explore(max_categorical_levels=5).factor_stats[4]
    assert len(brand.levels) == brand.n_levels_shown == 5
    assert brand.n_levels == 30
    largest = DATA.groupby("brand")["exposure"].sum().nlargest(4)
    assert [level.level for level in brand.levels] == [*largest.index, "_Other"]


def test_ten_thousand_levels():
    data = pd.DataFrame({"y": np.ones(30_000), "model": np.arange(30_000) % 10_000}).astype(
        {"model": str}
    )
    data["other"] = data["model"].str[:1]
    found = rs.explore_data(data, "y", ["model", "other"], rare_threshold_pct=0.0)
    model = found.factor_stats[0]
    assert (model.n_levels, len(model.levels)) == (10_000, 20)
    assert sum(level.count for level in model.levels) == 30_000
    assert found.cramers_v.pooled == ["model"]
    assert len(found.to_json()) < 12_000


def test_a_level_that_is_called_missing_is_not_the_missing_values():
    data = pd.DataFrame({"y": [1, 2, 3, 4], "a": ["missing", None, "missing", "x"]})
    (factor,) = rs.explore_data(data, "y", ["a"]).factor_stats
    assert {level.level: level.count for level in factor.levels} == {
        "missing": 2, "x": 1, "_missing": 1,
    }  # fmt: skip
    assert factor.missing_count == 1


def test_missing_values_are_listed_with_the_rate_of_their_rows():
    found = {one.column: one for one in FOUND.missing_values}
    assert list(found) == ["age", "income", "area"]
    for name, one in found.items():
        gone = DATA[name].isna()
        assert one.missing_count == gone.sum()
        assert one.missing_pct == pytest.approx(100 * gone.mean())
        for part, rate in ((gone, one.response_rate), (~gone, one.response_rate_known)):
            rows = DATA[part]
            expected = rows["claims"].sum() / rows["exposure"].sum()
            assert rate == pytest.approx(expected, rel=1e-9)
        share = DATA["exposure"][gone].sum() / DATA["exposure"].sum()
        assert one.exposure_pct == pytest.approx(100 * share, rel=1e-9)


def test_univariate_tests_are_statsmodels_analysis_of_variance():
    for factor, test in zip(FOUND.factor_stats, FOUND.univariate_tests, strict=True):
        assert test.factor == factor.name
        if factor.type == "continuous":
            edges = [b.bin_upper for b in factor.response_by_bin if b.bin_upper is not None]
            group = np.searchsorted(edges, DATA[factor.name])  # NaN is last
        else:
            shown = [level.level for level in factor.levels]
            group = DATA[factor.name].fillna("missing").map(lambda x, s=shown: x if x in s else "")
        rows = pd.DataFrame({"rate": DATA["claims"] / DATA["exposure"], "group": group})
        fit = smf.wls("rate ~ C(group)", rows, weights=DATA["exposure"]).fit()
        assert test.statistic == pytest.approx(fit.fvalue, rel=1e-8)
        assert test.pvalue == pytest.approx(fit.f_pvalue, rel=1e-6)
        assert test.variance_explained == pytest.approx(fit.rsquared, rel=1e-8)
        assert (test.df, test.df_residual) == (fit.df_model, fit.df_resid)


# ---- how factors go together --------------------------------------------------------------------


def test_associations_are_named_and_weighted_by_exposure():
    assert FOUND.correlations.factors == CONTINUOUS
    assert FOUND.cramers_v.factors == CATEGORICAL
    assert FOUND.correlation_ratios.continuous_factors == CONTINUOUS
    assert np.shape(FOUND.correlation_ratios.matrix) == (3, 2)
    assert FOUND.correlations.weighted_by == "exposure"
    known = DATA[["age", "power", "exposure"]].dropna()
    expected = np.cov(known["age"], known["power"], aweights=known["exposure"])
    expected = expected[0, 1] / np.sqrt(expected[0, 0] * expected[1, 1])
    assert FOUND.correlations.matrix[0][2] == pytest.approx(expected, abs=1e-10)
    assert [one.factor for one in FOUND.vif] == CONTINUOUS + CATEGORICAL
    assert [one.df for one in FOUND.vif] == [1, 1, 1, 6, 29]


def test_an_aliased_factor_is_said_to_be():
    data = DATA.assign(twice=2 * DATA["power"])
    found = explore(data, continuous_factors=["power", "twice", "age"])
    assert [one.aliased for one in found.vif[:3]] == [True, True, False]
    assert found.vif[0].vif is None
    assert "power (others determine it)" in str(found)


# ---- interactions -------------------------------------------------------------------------------


def interacting(strength, family="poisson"):
    """Two strong factors that multiply each other, and a pair with something beyond."""
    rng = np.random.default_rng(11)
    n = 60_000
    data = pd.DataFrame({name: rng.choice(list("uvw"), n) for name in "abcd"})
    data["e"] = rng.uniform(0.3, 1.0, n)
    effect = {"u": 0.0, "v": 0.6, "w": 1.2}
    eta = data["a"].map(effect) + data["b"].map(effect) - 1.0
    eta += strength * ((data["c"] == "w") & (data["d"] == "w"))
    if family == "gaussian":
        data["y"] = eta + rng.normal(0, 1, n)
    else:
        data["y"] = rng.poisson(np.exp(eta) * data["e"])
    return data


def test_b47_strong_effects_that_multiply_are_no_interaction():
    """The seed ranked pairs of strong factors first, for their main effects."""
    found = rs.explore_data(interacting(0.5), "y", list("abcd"), exposure="e")
    first = found.interaction_candidates[0]
    assert {first.factor1, first.factor2} == {"c", "d"}
    assert first.n_cells == 9
    nothing = rs.explore_data(interacting(0.0), "y", list("abcd"), exposure="e")
    assert all(one.interaction_strength < 5e-4 for one in nothing.interaction_candidates)


def test_effects_of_a_gaussian_response_are_added():
    data = interacting(0.5, "gaussian")
    found = rs.explore_data(data, "y", list("abcd"), family="gaussian")
    first = found.interaction_candidates[0]
    assert {first.factor1, first.factor2} == {"c", "d"}
    assert all(one.interaction_strength < 5e-4 for one in found.interaction_candidates[1:])
    assert found.zero_inflation is None
    assert found.overdispersion is None


def test_the_factors_looked_at_are_those_that_explain_most():
    found = rs.explore_data(
        interacting(0.5), "y", list("dcba"), exposure="e", max_interaction_factors=2
    )
    assert found.interaction_factors == ["b", "a"]
    off = explore(detect_interactions=False)
    assert off.interaction_factors == off.interaction_candidates == []


def test_no_claim_at_all():
    found = explore(DATA.assign(claims=0))
    assert found.response_stats.mean_rate == 0
    assert found.interaction_candidates == []
    assert found.to_json()
    assert str(found)


# ---- weights, families, frames ------------------------------------------------------------------


def test_a_row_of_weight_three_is_three_rows():
    columns = ["age", "income", "area", "brand", "exposure", "claims"]
    repeated = DATA.loc[DATA.index.repeat(DATA["weight"]), columns].reset_index(drop=True)
    options = {"continuous_factors": ["age", "income"], "rare_threshold_pct": 0.5}
    found, many = explore(weights="weight", **options), explore(repeated, **options)
    assert found.data_summary.weights_column == "weight"
    for name in ("total_response", "total_exposure", "mean_rate", "mean_response", "std_rate"):
        assert found.response_stats[name] == pytest.approx(many.response_stats[name], rel=1e-12)
    for one, other in zip(found.factor_stats, many.factor_stats, strict=True):
        groups = "levels" if one.type == "categorical" else "response_by_bin"
        for a, b in zip(one[groups], other[groups], strict=True):
            assert a.exposure == pytest.approx(b.exposure, rel=1e-9)
            assert a.response_rate == pytest.approx(b.response_rate, rel=1e-9)
    np.testing.assert_allclose(found.correlations.matrix, many.correlations.matrix, atol=1e-12)


def test_mean_claim_amounts_with_the_number_of_claims_as_weights():
    """A severity: its mean rate is all amounts over all claims."""
    rng = np.random.default_rng(1)
    data = DATA[DATA["claims"] > 0].assign(cost=lambda d: rng.gamma(2.0, 500.0, len(d)))
    found = rs.explore_data(data, "cost", ["area"], ["age"], family="gamma", weights="claims")
    amounts, claims = data["cost"] * data["claims"], data["claims"]
    assert found.response_stats.mean_rate == pytest.approx(amounts.sum() / claims.sum())
    level = found.factor_stats[1].levels[0]
    mine = data["area"] == level.level
    assert level.response_rate == pytest.approx(amounts[mine].sum() / claims[mine].sum())
    assert found.cramers_v.weighted_by == "weights"
    assert found.zero_inflation is None


def test_rows_of_weight_zero_are_left_out():
    weight = DATA["weight"].where(DATA["area"] != "B", 0)
    found = explore(DATA.assign(weight=weight), weights="weight", detect_interactions=False)
    rest = DATA[DATA["area"] != "B"]
    assert found.response_stats.n_observations == len(rest)
    assert "B" not in [level.level for level in found.factor_stats[3].levels]
    assert found.factor_stats[3].n_levels == 6
    only = explore(rest, weights="weight", detect_interactions=False).to_dict()
    assert found.to_dict() | {"data_summary": None} == only | {"data_summary": None}
    assert found.data_summary.n_rows == N


def test_arrays_as_exposure_and_weights():
    e, w = DATA["exposure"].to_numpy(), DATA["weight"].to_numpy()
    found, named = explore(exposure=e, weights=w), explore(weights="weight")
    assert found.data_summary.exposure_column == found.data_summary.weights_column == "array"
    assert dict(found.response_stats) == dict(named.response_stats)


def as_frame(kind):
    frame = pl.from_pandas(DATA, nan_to_null=True)
    return {"polars": frame, "lazy": frame.lazy(), "arrow": frame.to_arrow()}[kind]


@pytest.mark.parametrize("kind", ["polars", "lazy", "arrow"])
def test_every_data_frame_gives_the_same_json(kind):
    assert explore(as_frame(kind)).to_json() == FOUND.to_json()


def test_of_a_lazy_frame_only_what_is_needed_is_collected():
    def refuse(_):
        raise AssertionError("nobody asked for this column")

    other = pl.col("power").map_batches(refuse, return_dtype=pl.Float64).alias("other")
    lazy = pl.from_pandas(DATA, nan_to_null=True).lazy().with_columns(other)
    assert explore(lazy).to_json().replace('"n_columns":9', '"n_columns":8') == FOUND.to_json()
    with pytest.raises(Exception, match="nobody asked"):
        lazy.collect()


# ---- the document -------------------------------------------------------------------------------


def test_json_is_the_attributes_compact_and_in_order():
    text = FOUND.to_json()
    assert ": " not in text.replace("': ", "").split('"factor_stats"')[0]
    parsed = json.loads(text, parse_constant=pytest.fail)
    assert list(parsed) == [
        "schema_version", "data_summary", "response_stats", "factor_stats", "missing_values",
        "columns_left_out", "univariate_tests", "correlations", "cramers_v",
        "correlation_ratios", "vif", "zero_inflation", "overdispersion", "interaction_factors",
        "interaction_candidates",
    ]  # fmt: skip
    assert list(parsed["data_summary"])[:4] == [
        "n_rows", "n_columns", "response_column", "exposure_column",
    ]  # fmt: skip
    assert parsed == FOUND.to_dict()
    assert list(parsed["factor_stats"][0]["response_by_bin"][0]) == [
        "bin_index", "bin_label", "bin_lower", "bin_upper", "count", "exposure", "exposure_pct",
        "response_sum", "response_rate",
    ]  # fmt: skip
    assert list(parsed["factor_stats"][3]["levels"][0]) == [
        "level", "count", "exposure", "exposure_pct", "response_sum", "response_rate",
    ]  # fmt: skip
    assert parsed["response_stats"]["mean_rate"] == FOUND.response_stats.mean_rate
    assert explore().to_json() == text


def test_the_report_is_as_wide_as_a_summary_and_says_what_stands_out():
    found = explore(DATA.assign(power=DATA["age"].fillna(0) + 1), weights="weight")
    text = str(found)
    assert max(map(len, text.splitlines())) <= 86
    for part in ("claims", "exposure", "weight", "poisson", "Mean rate", "age", "brand", "Missing"):
        assert part in text
    assert "age, power (r = " in text
    assert found._repr_html_().startswith("<pre>")
    assert repr(found).startswith("<DataExploration: claims, 6000 observations")


def test_a_report_names_no_association_of_a_constant():
    data = DATA[["claims", "age", "area"]].assign(one=1.0, level="x")
    found = rs.explore_data(data, "claims", ["area", "level"], ["age", "one"])
    assert np.isnan(found.correlations.matrix[0][1])
    assert np.isnan(found.cramers_v.matrix[0][1])
    assert "nan" not in str(found)


def test_a_report_without_factors():
    found = rs.explore_data(DATA[["claims"]], "claims")
    assert found.factor_stats == []
    assert "Mean rate" in str(found)


# ---- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"categorical_factors": ["Area"]}, r"unknown factor 'Area' \(did you mean 'area'\?\)"),
        ({"continuous_factors": ["nope"]}, "unknown factor 'nope'"),
        ({"exposure": "Exposure"}, r"'Exposure' as exposure \(did you mean 'exposure'\?\)"),
        ({"weights": "nope"}, "unknown column 'nope' as weights"),
        ({"continuous_factors": ["area"], "categorical_factors": None}, "list it under categ"),
        ({"continuous_factors": ["age", "age"]}, "age more than once"),
        ({"categorical_factors": ["power"], "continuous_factors": ["power"]}, "more than once"),
        ({"categorical_factors": ["claims"]}, "column 'claims' is the response"),
        ({"continuous_factors": ["exposure"]}, "column 'exposure' is the exposure"),
        ({"categorical_factors": "area"}, r"write \['area'\]"),
        ({"family": "gamma"}, r"response 'claims' is outside \(0, inf\) in \d+ of 6000 rows"),
        ({"family": "nonsense"}, "Unknown family"),
        ({"n_bins": 0}, "number of bins"),
        ({"max_categorical_levels": 1}, "max_categorical_levels is 2 or more"),
        ({"rare_threshold_pct": -1}, "rare_threshold_pct"),
        ({"max_interaction_factors": -1}, "max_interaction_factors"),
        ({"exposure": np.ones(3)}, "exposure has shape"),
    ],
)  # fmt: skip
def test_mistakes_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        explore(**options)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("exposure", 0.0, "exposure 'exposure' is zero or negative in 2 of 6000 rows"),
        ("exposure", -1.0, "exposure 'exposure' is zero or negative in 2 of 6000 rows"),
        ("exposure", np.nan, "exposure 'exposure' is missing or infinite in 2 rows"),
        ("claims", np.nan, "response 'claims' is missing or infinite in 2 rows"),
        ("claims", -1.0, "response 'claims' is outside .* in 2 of 6000 rows"),
        ("weight", -1.0, "negative in 2 rows"),
        ("income", np.inf, "'income' is infinite in 2 rows"),
    ],
)
def test_bad_rows_are_counted(column, value, message):
    values = DATA[column].astype(float)
    values.iloc[[3, 7]] = value
    with pytest.raises(ValueError, match=message):
        explore(DATA.assign(**{column: values}), weights="weight")


def test_unknown_response_and_no_data_frame():
    with pytest.raises(ValueError, match=r"'Claims' as response \(did you mean 'claims'\?\)"):
        rs.explore_data(DATA, "Claims")
    with pytest.raises(TypeError, match="must be a DataFrame"):
        rs.explore_data(np.ones((3, 2)), "y")
    with pytest.raises(TypeError, match="response is the name of a column, not 5"):
        rs.explore_data(DATA, 5)
    with pytest.raises(ValueError, match="response 'area' is category, not numbers"):
        rs.explore_data(DATA, "area")
    with pytest.raises(ValueError, match="empty"):
        rs.explore_data(DATA.iloc[:0], "claims", ["area"])


# ---- DataExplorer and FormulaGLM.explore --------------------------------------------------------


def test_the_explorer_says_the_same():
    explorer = rs.DataExplorer(DATA["claims"].to_numpy(), DATA["exposure"].to_numpy())
    assert explorer.n_obs == N
    assert dict(explorer.compute_response_stats()) == dict(FOUND.response_stats)
    factors = explorer.compute_factor_stats(DATA, CATEGORICAL, CONTINUOUS)
    for one, other in zip(factors, FOUND.factor_stats, strict=True):
        assert json.dumps(str(dict(one))) == json.dumps(str(dict(other)))
    candidates = explorer.detect_interactions(DATA, [*CONTINUOUS, *CATEGORICAL])
    assert [dict(one) for one in candidates] == [dict(one) for one in FOUND.interaction_candidates]
    with pytest.raises(ValueError, match="the data have 5999 rows, the response has 6000"):
        explorer.compute_factor_stats(DATA.iloc[1:], CATEGORICAL)
    with pytest.raises(ValueError, match="exposure is zero or negative in 1 of 2 rows"):
        rs.DataExplorer([1.0, 2.0], [0.0, 1.0])
    with pytest.raises(ValueError, match="outside"):
        rs.DataExplorer([1.0, -2.0])
    with pytest.raises(ValueError, match="the response is empty: there is no row to work on"):
        rs.DataExplorer([])


def test_the_explorer_leaves_rows_of_weight_zero_out():
    weight = np.where(DATA["area"] == "B", 0.0, 2.0)
    explorer = rs.DataExplorer(
        DATA["claims"].to_numpy(), DATA["exposure"].to_numpy(), weights=weight
    )
    (area,) = explorer.compute_factor_stats(DATA, ["area"])
    assert sum(level.count for level in area.levels) == explorer.n_obs == np.sum(weight > 0)


def test_a_formula_model_explores_the_factors_of_its_formula():
    data = DATA.dropna()
    model = rs.glm(
        "claims ~ bs(age, df=4) + C(power) + area + TE(brand) + log(income) + age:area",
        data, family="poisson", exposure="exposure", weights="weight",
    )  # fmt: skip
    found = model.explore()
    direct = rs.explore_data(data, "claims", ["power", "area", "brand"], ["age", "income"],
                             exposure="exposure", weights="weight")  # fmt: skip
    assert found.to_json() == direct.to_json()


def test_a_formula_model_explores_what_it_is_asked_to():
    model = rs.glm("claims ~ area", DATA.dropna(), family="poisson", offset="exposure")
    found = model.explore(["brand"], ["power"], n_bins=3, detect_interactions=False)
    assert [factor.name for factor in found.factor_stats] == ["power", "brand"]
    assert found.data_summary.exposure_column == "exposure"
    assert found.response_stats.total_exposure == pytest.approx(DATA.dropna()["exposure"].sum())
    for name in ("claims", "exposure"):
        with pytest.raises(ValueError, match=f"column '{name}' is the"):
            model.explore([name])
    with pytest.raises(ValueError, match="unknown factor"):
        model.explore(["nope"])


def test_a_model_without_factors_and_with_a_computed_response():
    data = DATA.dropna().assign(cost=lambda d: 100.0 + d["age"])
    found = rs.glm("log(cost) ~ 1", data).explore()
    assert found.factor_stats == []
    assert found.data_summary.response_column == "log(cost)"
    assert found.response_stats.mean_rate == pytest.approx(np.log(data["cost"]).mean())


def test_data_that_lost_rows_since_the_model_was_made_are_noticed():
    data = {"y": np.arange(10.0), "x": np.arange(10.0) ** 2}
    model = rs.glm("y ~ x", data)
    data |= {name: values[:9] for name, values in data.items()}
    with pytest.raises(ValueError, match="9 rows now, and had 10 when the model was made"):
        model.explore()
