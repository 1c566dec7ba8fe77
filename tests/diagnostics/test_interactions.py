"""Interactions beyond additive effects, against models fitted by statsmodels."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from statsmodels.stats.anova import anova_lm

import rustystats as rs
from rustystats.diagnostics.interactions import interaction_candidates


def codes(values):
    return values.astype(np.uint8), int(values.max()) + 1


@pytest.fixture
def crossed():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 3, 2_000), rng.integers(0, 4, 2_000)
    weights = rng.uniform(0.5, 2.0, 2_000)
    y = 2.0 * a - b + 1.5 * (a == 1) * (b == 2) + rng.normal(size=2_000) / np.sqrt(weights)
    return pd.DataFrame({"a": a, "b": b, "y": y, "w": weights})


def test_F_and_strength_are_those_of_weighted_least_squares(crossed):
    w, y = crossed["w"].to_numpy(), crossed["y"].to_numpy()
    factors = {name: codes(crossed[name].to_numpy()) for name in "ab"}
    found = interaction_candidates(w * y, np.zeros(2_000), w, factors)[0]
    small = smf.wls("y ~ C(a) + C(b)", crossed, weights=w).fit()
    large = smf.wls("y ~ C(a) * C(b)", crossed, weights=w).fit()
    table = anova_lm(small, large)
    assert found.pvalue == pytest.approx(table["Pr(>F)"].iloc[1], rel=1e-9)
    beyond, df, phi = small.ssr - large.ssr, 6, large.ssr / large.df_resid
    assert found.interaction_strength == pytest.approx((beyond - df * phi) / (w @ y**2), rel=1e-9)
    assert (found.factor1, found.factor2, found.n_cells) == ("a", "b", 12)


def test_cells_of_few_rows_are_left_out(crossed):
    rare = crossed[~((crossed["a"] == 2) & (crossed["b"] == 3)) | (crossed.index % 50 == 0)]
    w, y = rare["w"].to_numpy(), rare["y"].to_numpy()
    factors = {name: codes(rare[name].to_numpy()) for name in "ab"}
    assert interaction_candidates(w * y, 0 * w, w, factors)[0].n_cells == 11


def test_effects_that_multiply_are_no_interaction():
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 2, 40_000), rng.integers(0, 3, 40_000)
    mu = 0.2 * np.exp(1.5 * a + 1.0 * b)
    y = rng.poisson(mu).astype(float)
    flat = np.full(40_000, y.mean())
    factors = {"a": codes(a), "b": codes(b)}
    assert interaction_candidates(y, flat, flat, factors)  # additive: they seem to be one
    assert interaction_candidates(y, flat, flat, factors, multiplicative=True) == []
    y = rng.poisson(np.where((a == 1) & (b == 0), 1.3, 1.0) * mu).astype(float)
    found = interaction_candidates(y, flat, flat, factors, multiplicative=True)
    assert found[0].pvalue < 1e-10


def test_multiplicative_chi_square_is_pearsons_of_the_poisson_model():
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"a": rng.integers(0, 3, 5_000), "b": rng.integers(0, 3, 5_000)})
    data["y"] = rng.poisson(np.exp(0.3 * data["a"] - 0.4 * data["b"] + 0.2 * data["a"] * data["b"]))
    fitted = rs.glm("y ~ C(a) + C(b)", data, family="poisson").fit().fittedvalues
    cells = data.assign(mu=fitted).groupby(["a", "b"])[["y", "mu"]].sum()
    chi2 = ((cells["y"] - cells["mu"]) ** 2 / cells["mu"]).sum()
    y, flat = data["y"].to_numpy(dtype=float), np.full(5_000, 1.7)
    factors = {name: codes(data[name].to_numpy()) for name in "ab"}
    found = interaction_candidates(y, flat, flat, factors, multiplicative=True)[0]
    # the mean square within cells, each row's variance its cell's own fitted mean times phi
    mean = data.groupby(["a", "b"])["y"].transform("mean").to_numpy()
    scale = fitted / 1.7
    size = data.groupby(["a", "b"])["y"].transform("size").to_numpy()
    phi = np.sum((y - mean) ** 2 / 1.7) / np.sum(scale * (size - 1) / size)
    total = np.sum((y - flat) ** 2 / flat)
    assert found.interaction_strength == pytest.approx((chi2 - 4 * phi) / total, rel=1e-6)


def test_factors_of_one_group_and_constant_residuals_say_nothing():
    ones, two = (np.zeros(100, dtype=np.uint8), 1), (np.arange(100).astype(np.uint8) % 2, 2)
    y = np.arange(100.0)
    assert interaction_candidates(y, y, np.ones(100), {"a": ones, "b": two}) == []
    assert interaction_candidates(y, y, np.ones(100), {"a": two, "b": two}) == []


def test_cells_of_one_row_each_say_nothing():
    codes_ = np.arange(4, dtype=np.uint8)
    factors = {"a": (codes_ // 2, 2), "b": (codes_ % 2, 2)}
    y = np.array([1.0, 2.0, 3.0, 9.0])
    for multiplicative in (False, True):
        options = {"min_cell_count": 1, "multiplicative": multiplicative}
        assert interaction_candidates(y, np.ones(4), np.ones(4), factors, **options) == []


def test_rows_without_volume_do_not_matter(crossed):
    w, y = crossed["w"].to_numpy().copy(), crossed["y"].to_numpy()
    factors = {name: codes(crossed[name].to_numpy()) for name in "ab"}
    w[:100] = 0
    with_empty = interaction_candidates(w * y, 0 * w, w, factors)[0]
    assert np.isfinite([with_empty.interaction_strength, with_empty.pvalue]).all()


def test_chance_is_no_candidate():
    """The p-value is uniform without an interaction: 200 pairs, none left at a strength."""
    rng = np.random.default_rng(4)
    factors = {f"f{i}": codes(rng.integers(0, 3, 4_000)) for i in range(15)}
    y = rng.normal(size=4_000)
    found = interaction_candidates(y, np.zeros(4_000), np.ones(4_000), factors, max_candidates=200)
    assert len(found) <= 12  # of 105 pairs, five expected
