"""A model in a few numbers and beside another: against pandas, scikit-learn, and sums by hand."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.metrics import d2_tweedie_score, mean_poisson_deviance, roc_auc_score

import rustystats as rs

N = 600
RNG = np.random.default_rng(6)
FRAME = pd.DataFrame(
    {
        "age": RNG.integers(18, 70, N),
        "area": RNG.choice(list("ABC"), N),
        "e": RNG.uniform(0.2, 1.0, N),
        "w": RNG.integers(0, 4, N).astype(float),
        "premium": RNG.uniform(0.05, 0.5, N),
    }
)
FRAME["y"] = RNG.poisson(FRAME["e"] * np.exp(-1 + 0.02 * FRAME["age"]))
TRAIN, TEST = FRAME.iloc[:400], FRAME.iloc[400:]


def fit(terms, data=TRAIN, **options):
    options = {"family": "poisson", "exposure": "e", "weights": "w"} | options
    return rs.glm(f"y ~ {terms}", data, **options).fit()


# ---- evaluate -----------------------------------------------------------------------------


@pytest.mark.parametrize(("data", "rows"), [(None, TRAIN), (TEST, TEST)])
def test_evaluation(data, rows):
    result = fit("age + C(area)")
    found = result.evaluate(data)
    used = rows[rows["w"] > 0]
    mu = result.predict(used)
    w, y, e = used["w"], used["y"], used["e"]
    assert (found.n_rows, found.in_sample) == (len(used), data is None)
    np.testing.assert_allclose(
        [found.exposure, found.actual, found.predicted, found.actual_expected],
        [w @ e, w @ y, w @ mu, (w @ y) / (w @ mu)],
    )
    np.testing.assert_allclose(
        found.mean_deviance, mean_poisson_deviance(y, mu, sample_weight=w), rtol=1e-10
    )
    # the null model of a log link and an exposure has one rate: D2 of y / e, weighted by w e
    expected = d2_tweedie_score(y / e, mu / e, sample_weight=w * e, power=1)
    np.testing.assert_allclose(found.deviance_explained, expected, rtol=1e-8)


def test_gini_of_proportions_is_that_of_the_area_under_the_curve():
    data = FRAME.assign(y=(FRAME["y"] > 0).astype(float))
    result = fit("age + C(area)", data, family="binomial", exposure=None, weights=None)
    auc = roc_auc_score(data["y"], result.fittedvalues)
    np.testing.assert_allclose(result.evaluate().gini, 2 * auc - 1, rtol=1e-9)


def test_evaluate_takes_arrays_and_refuses_what_is_missing():
    result = fit("age", exposure=TRAIN["e"].to_numpy(), weights=None)
    given = {"exposure": TEST["e"].to_numpy(), "weights": TEST["w"].to_numpy()}
    same = fit("age", weights=None).evaluate(TEST, weights="w")
    assert result.evaluate(TEST, **given) == same
    with pytest.raises(ValueError, match="fitted with an exposure array"):
        result.evaluate(TEST)
    with pytest.raises(ValueError, match="lack the response"):
        result.evaluate(TEST.drop(columns="y"))


# ---- double lift --------------------------------------------------------------------------


def by_hand(rows, mu, other, n_bins):
    table = rows.assign(mu=mu, other=other)[rows["w"] > 0]
    table = table.assign(
        r=table["mu"] / table["other"],
        volume=table["w"] * table["e"],
        A=table["w"] * table["y"],
        P=table["w"] * table["mu"],
        O=table["w"] * table["other"],
    ).sort_values("r", kind="stable")
    middle = table["volume"].cumsum() - table["volume"] / 2
    table["bin"] = np.minimum((middle / table["volume"].sum() * n_bins).astype(int), n_bins - 1)
    sums = table.groupby("bin")[["volume", "A", "P", "O"]].sum()
    return pd.DataFrame(
        {
            "Ratio": sums["P"] / sums["O"],
            "Exposure": sums["volume"],
            "Actual": sums["A"] / sums["volume"],
            "Predicted": sums["P"] / sums["volume"],
            "Other": sums["O"] / sums["volume"],
        }
    )


@pytest.mark.parametrize(("data", "rows"), [(None, TRAIN), (TEST, TEST)])
@pytest.mark.parametrize("kind", ["result", "array", "column"])
def test_double_lift(data, rows, kind):
    result, other = fit("age + C(area)"), fit("area")
    means = rows["premium"] if kind == "column" else other.predict(rows)
    given = {"result": other, "array": means, "column": "premium"}[kind]
    table = result.double_lift(given, data, n_bins=5)
    expected = by_hand(rows, result.predict(rows), np.asarray(means), 5)
    assert table["Bin"].tolist() == list(range(5))
    if kind == "column":  # the models' ratio has ties, which lie in row order at a relative 2^-40
        np.testing.assert_allclose(table.iloc[:, 1:], expected, rtol=1e-10)
    volume = rows["w"] * rows["e"]
    totals = [rows["w"] @ rows["y"], rows["w"] @ result.predict(rows), rows["w"] @ means]
    for column, total in zip(["Actual", "Predicted", "Other"], totals, strict=True):
        np.testing.assert_allclose(table[column] @ table["Exposure"], total, rtol=1e-12)
    np.testing.assert_allclose(table["Exposure"], volume.sum() / 5, atol=volume.max())
    assert table["Ratio"].is_monotonic_increasing


def test_the_better_model_follows_what_is_observed():
    truth, flat = fit("age", FRAME), fit("1", FRAME)
    table = truth.double_lift(flat, n_bins=4)
    gap = (table[["Predicted", "Other"]].sub(table["Actual"], axis=0) ** 2).sum()
    assert gap["Predicted"] < gap["Other"]
    swapped = flat.double_lift(truth, n_bins=4)
    np.testing.assert_allclose(swapped["Ratio"], 1 / table["Ratio"][::-1], rtol=0.05)


def test_a_constant_factor_between_models_is_rounding_and_parts_nothing():
    result = fit("age + C(area)", FRAME, weights=None)
    table = result.double_lift(result.fittedvalues * 3.0, n_bins=4)
    np.testing.assert_allclose(table["Ratio"], 1 / 3, rtol=1e-12)
    quarter = FRAME["e"].cumsum() - FRAME["e"] / 2 < FRAME["e"].sum() / 4  # in row order
    np.testing.assert_allclose(table["Exposure"][0], FRAME["e"][quarter].sum())


def test_double_lift_of_other_frames():
    frame = pl.DataFrame(FRAME.to_dict("list"))
    table = fit("age", frame).double_lift(fit("area", frame), n_bins=3)
    assert isinstance(table, pl.DataFrame)
    np.testing.assert_allclose(
        table["Actual"], fit("age", FRAME).double_lift(fit("area", FRAME), n_bins=3)["Actual"]
    )


def test_double_lift_refuses():
    result = fit("age")
    cases = [
        (np.ones(3), {}, r"other has shape \(3,\), the data have 400 rows"),
        (np.zeros(400), {}, "predictions of the other model are not positive"),
        ("Premium", {}, "unknown column 'Premium'"),
        (np.ones(400), {"n_bins": 0}, "number of bins"),
        (["a"] * 400, {}, "other must be numbers"),
    ]
    for other, options, message in cases:
        with pytest.raises(ValueError, match=message):
            result.double_lift(other, **options)


def test_double_lift_of_models_whose_rows_are_not_known():
    design = FRAME[["age", "premium"]].to_numpy(float)
    ours, other = (rs.fit_glm(FRAME["y"], design[:, :k], family="poisson") for k in (1, 2))
    with pytest.raises(ValueError, match=r"does not hold the data.*pass data=, or its predictions"):
        ours.double_lift(other)
    expected = ours.double_lift(other.fittedvalues, n_bins=4)
    formula = rs.glm("y ~ age", FRAME, family="poisson").fit()
    with pytest.raises(ValueError, match=r"model of an array.*pass its predictions"):
        formula.double_lift(other)
    found = formula.double_lift(other.fittedvalues, n_bins=4)
    assert found["Other"].sum() == pytest.approx(expected["Other"].sum(), rel=0.05)


# ---- deviance by level --------------------------------------------------------------------


@pytest.mark.parametrize(("data", "rows"), [(None, TRAIN), (TEST, TEST)])
@pytest.mark.parametrize("factor", ["area", "e", "w"])
def test_deviance_by_level(data, rows, factor):
    result = fit("age + C(area)")
    table = result.deviance_by_level(factor, data, n_bins=4)
    used = rows[rows["w"] > 0]
    used = used.assign(mu=result.predict(used), volume=used["w"] * used["e"])
    rate = (used["w"] @ used["y"]) / used["volume"].sum()
    if factor == "e":
        ordered = used.sort_values("e")
        share = ordered["volume"].cumsum() / ordered["volume"].sum()
        last = [ordered["e"].iloc[np.searchsorted(share, k / 4 - 1e-12)] for k in (1, 2, 3)]
        level = pd.Series(np.searchsorted(last, used["e"]), used.index)
    else:
        level = used[factor]
    for place, (_, part) in enumerate(used.groupby(level, observed=True)):
        w, y, mu = part["w"], part["y"], part["mu"]
        deviance = mean_poisson_deviance(y, mu, sample_weight=w) * w.sum()
        flat = mean_poisson_deviance(y, part["e"] * rate, sample_weight=w) * w.sum()
        expected = [len(part), part["volume"].sum(), (w @ y) / part["volume"].sum()]
        expected += [(w @ mu) / part["volume"].sum(), deviance, np.nan, 1 - deviance / flat]
        expected[5] = deviance / (result.evaluate(data).mean_deviance * used["w"].sum())
        np.testing.assert_allclose(table.iloc[place, 1:].astype(float), expected, rtol=1e-9)
    assert len(table) == level.nunique()


def test_deviance_by_level_of_missing_values_and_what_is_not_there():
    data = TEST.assign(area=TEST["area"].where(TEST["age"] < 60))
    table = fit("age").deviance_by_level("area", data)
    assert table["Level"].tolist() == ["A", "B", "C", "missing"]
    with pytest.raises(ValueError, match="unknown column 'zone'"):
        fit("age").deviance_by_level("zone")
