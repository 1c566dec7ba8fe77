"""Bootstrap bands: each draw against rows that are really repeated."""

import numpy as np
import pandas as pd
import pytest

import rustystats as rs
from rustystats.diagnostics.bootstrap import _multinomial, draw
from rustystats.diagnostics.compute import judged_rows

N = 500
RNG = np.random.default_rng(2)
FRAME = pd.DataFrame(
    {
        "age": RNG.integers(18, 30, N),
        "e": RNG.uniform(0.2, 1.0, N),
        "w": RNG.integers(0, 3, N).astype(float),
        "policy": RNG.integers(0, 120, N),
    }
)
FRAME["y"] = RNG.poisson(FRAME["e"] * np.exp(-2 + 0.05 * FRAME["age"]))
RESULT = rs.glm("y ~ age", FRAME, family="poisson", exposure="e", weights="w").fit()


@pytest.mark.parametrize("grouped", [False, True])
def test_a_draw_is_the_portfolio_with_rows_repeated(grouped):
    rows = judged_rows(RESULT, None, [])[0].rows
    used = FRAME[FRAME["w"] > 0]
    groups = used["policy"].to_numpy() if grouped else None
    found = draw(rows, 4, 3, np.random.default_rng(7), groups)
    order = rows.in_order.order
    volume = rows.in_order.volume
    middle = np.cumsum(volume) - volume / 2
    bins = np.minimum((middle / volume.sum() * 4).astype(int), 3)
    for index, stream in enumerate(np.random.default_rng(7).spawn(3)):
        size = 120 if grouped else len(used)
        counts = _multinomial(stream, size)
        assert counts.sum() == size
        counts = (counts[groups] if grouped else counts[np.argsort(order)]).astype(int)
        repeated = used.loc[used.index.repeat(counts)]
        again = RESULT.evaluate(repeated)
        np.testing.assert_allclose(found.gini[index], again.gini, rtol=1e-9)
        np.testing.assert_allclose(found.volume[index].sum(), again.exposure)
        np.testing.assert_allclose(found.predicted[index].sum(), again.predicted)
        times = counts[order]
        expected = np.bincount(bins, times * rows.in_order.actual, minlength=4)
        np.testing.assert_allclose(found.actual[index], expected)
        expected = np.bincount(bins, times * volume, minlength=4)
        np.testing.assert_allclose(found.volume[index], expected)


def test_counts_are_multinomial():
    size, stream = 40_000, np.random.default_rng(0)  # more than one block
    counts = _multinomial(stream, size)
    assert counts.sum() == size
    share = np.bincount(counts.astype(int), minlength=5)[:5] / size
    np.testing.assert_allclose(share, np.exp(-1) / np.array([1, 1, 2, 6, 24]), atol=0.01)
    halves = [_multinomial(stream, size)[: size // 2].sum() for _ in range(200)]
    np.testing.assert_allclose(np.std(halves), np.sqrt(size / 4), rtol=0.25)


def test_bands():
    bands = RESULT.bootstrap_lift(n_bins=4, n_bootstrap=300, random_state=1)
    table = bands.table
    np.testing.assert_allclose(bands.gini, RESULT.evaluate().gini)
    assert bands.gini_lower < bands.gini < bands.gini_upper
    np.testing.assert_allclose(bands.gini_error, np.std(bands.gini_draws, ddof=1))
    half = (bands.gini_upper - bands.gini_lower) / 2
    np.testing.assert_allclose(half, 1.96 * bands.gini_error, rtol=0.2)
    bins = RESULT.diagnostics(n_calibration_bins=4).calibration.by_decile
    np.testing.assert_allclose(table["Actual"], [part.actual_mean for part in bins])
    np.testing.assert_allclose(table["Ratio"], [part.actual_expected_ratio for part in bins])
    assert (table["Actual_Lower"] < table["Actual"]).all()
    assert (table["Actual_Upper"] > table["Actual"]).all()
    # the claims of a bin are near Poisson: the band of actual / predicted is near 1.96 / sqrt(A)
    width = (table["Ratio_Upper"] - table["Ratio_Lower"]) / 2
    claims = table["Actual"] * table["Exposure"]
    factor = (FRAME["w"] ** 2 @ FRAME["y"]) / (FRAME["w"] @ FRAME["y"])  # a weight counts at once
    np.testing.assert_allclose(width / table["Ratio"], 1.96 * np.sqrt(factor / claims), rtol=0.35)
    assert "300 draws" in repr(bands)


def test_the_seed_decides_and_threads_do_not():
    ginis = []
    for n_threads in (1, 2):
        model = rs.glm("y ~ age", FRAME, family="poisson", exposure="e", n_threads=n_threads)
        result = model.fit()
        ginis.append(result.bootstrap_lift(n_bootstrap=20, random_state=3).gini_draws)
    np.testing.assert_allclose(*ginis, rtol=1e-12)
    other = result.bootstrap_lift(n_bootstrap=20, random_state=4).gini_draws
    assert not np.allclose(other, ginis[0])


def test_groups_are_drawn_together():
    twice = pd.concat([FRAME, FRAME], ignore_index=True)
    result = rs.glm("y ~ age", twice, family="poisson", exposure="e").fit()
    pairs = np.tile(np.arange(N), 2)
    options = {"n_bootstrap": 200, "random_state": 0}
    wide = result.bootstrap_lift(groups=pairs, **options).gini_error
    narrow = result.bootstrap_lift(**options).gini_error
    np.testing.assert_allclose(wide / narrow, np.sqrt(2), rtol=0.2)
    named = RESULT.bootstrap_lift(groups="policy", **options)
    same = RESULT.bootstrap_lift(groups=FRAME["policy"].to_numpy(), **options)
    np.testing.assert_array_equal(named.gini_draws, same.gini_draws)


def test_draws_without_a_claim_are_left_out():
    one = FRAME[["age"]].assign(y=np.arange(N) == 7)
    result = rs.glm("y ~ age", one, family="poisson").fit()
    bands = result.bootstrap_lift(n_bins=2, n_bootstrap=200, random_state=1)
    without = np.isnan(bands.gini_draws)
    assert without.mean() == pytest.approx(np.exp(-1), abs=0.1)  # (1 - 1 / 500)^500
    known = bands.gini_draws[~without]
    assert bands.gini_error == pytest.approx(np.std(known, ddof=1))
    assert [bands.gini_lower, bands.gini_upper] == pytest.approx(np.quantile(known, [0.025, 0.975]))
    assert bands.table["Ratio_Lower"].tolist() == [0, 0]
    single = (result.bootstrap_lift(n_bootstrap=1, random_state=seed) for seed in range(20))
    nothing = next(bands for bands in single if np.isnan(bands.gini_draws[0]))
    assert np.isnan([nothing.gini_lower, nothing.gini_upper, nothing.gini_error]).all()


def test_bins_without_a_row_in_any_draw_have_no_limits():
    few = FRAME.iloc[:8].assign(age=np.arange(8), y=1.0 + np.arange(8) % 2)
    result = rs.glm("y ~ age", few, family="poisson").fit()
    table = result.bootstrap_lift(n_bins=8, n_bootstrap=1, random_state=0).table
    missing = table["Actual_Lower"].isna()
    assert 0 < missing.sum() < 8
    assert (table["Ratio_Upper"].isna() == missing).all()


def test_refuses():
    cases = [
        ({"n_bootstrap": 0}, "n_bootstrap"),
        ({"alpha": 0.0}, "alpha must lie between 0 and 1"),
        ({"n_bins": 0}, "number of bins"),
        ({"random_state": -1}, "random_state must be"),
        ({"groups": "zone"}, "unknown column 'zone'"),
        ({"groups": [1, 2]}, "groups has shape"),
    ]
    for options, message in cases:
        with pytest.raises(ValueError, match=message):
            RESULT.bootstrap_lift(**options)
    negative = rs.glm("z ~ age", FRAME.assign(z=FRAME["y"] - 1.0)).fit()
    with pytest.raises(ValueError, match="has no Gini"):
        negative.bootstrap_lift()


def test_groups_by_the_name_of_a_column():
    options = {"n_bootstrap": 20, "random_state": 0}
    draws = RESULT.bootstrap_lift(groups="age", **options).gini_draws
    by_hand = RESULT.bootstrap_lift(groups=FRAME["age"], **options).gini_draws
    np.testing.assert_array_equal(draws, by_hand)
    array = rs.fit_glm(FRAME["y"], FRAME[["age"]].to_numpy(float), family="poisson")
    with pytest.raises(ValueError, match="does not hold the data of the fit: pass data="):
        array.bootstrap_lift(groups="age")
