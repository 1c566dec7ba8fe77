"""Tests of dispersion and of zeros: against statsmodels, a regression, the whole information."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import nbinom, norm
from statsmodels.discrete._diagnostics_count import (
    test_poisson_dispersion as poisson_dispersion,
)
from statsmodels.discrete._diagnostics_count import (
    test_poisson_zeroinflation_broek as poisson_zeros,
)

import rustystats as rs

N = 800
RNG = np.random.default_rng(4)
X = RNG.normal(size=N)
MU = np.exp(-0.3 + 0.5 * X)
FRAME = pd.DataFrame(
    {
        "x": X,
        "poisson": RNG.poisson(MU),
        "nb": RNG.poisson(MU * RNG.gamma(1.5, 1 / 1.5, N)),
        "zi": RNG.poisson(MU) * (RNG.uniform(size=N) < 0.8),
        "w": RNG.integers(0, 4, N).astype(float),
        "e": RNG.uniform(0.3, 1.0, N),
    }
)


def fit(response, **options):
    return rs.glm(f"{response} ~ x", FRAME, **({"family": "poisson"} | options)).fit(tol=1e-14)


def peer(response):
    exog = sm.add_constant(FRAME["x"])
    return sm.GLM(FRAME[response], exog, family=sm.families.Poisson()).fit(tol=1e-14)


@pytest.mark.parametrize("response", ["poisson", "nb", "zi"])
def test_dispersion_like_statsmodels(response):
    table = fit(response).dispersion_test("two-sided")
    theirs = poisson_dispersion(peer(response))
    score = table[table["Test"] == "score"]
    np.testing.assert_allclose(score["z"], theirs.statistic[1:3], rtol=1e-6)
    np.testing.assert_allclose(score["Pr(>|z|)"], theirs.pvalue[1:3], rtol=1e-4)
    y, mu = FRAME[response], peer(response).fittedvalues
    z = ((y - mu) ** 2 - y) / mu
    for variance, x in {"mu + a mu^2": mu, "mu + a mu": np.ones(N)}.items():
        expected = sm.OLS(z, x).fit(use_t=False)
        found = table[(table["Test"] == "regression") & (table["Variance"] == variance)]
        np.testing.assert_allclose(found["a"], expected.params, rtol=1e-6)
        np.testing.assert_allclose(found["z"], expected.tvalues, rtol=1e-6)
        np.testing.assert_allclose(found["Pr(>|z|)"], expected.pvalues, rtol=1e-4)


def test_one_sided():
    for name, tail in (("greater", norm.sf), ("less", norm.cdf)):
        table = fit("nb").dispersion_test(name)
        np.testing.assert_allclose(table.iloc[:, -1], tail(table["z"]))
    assert (fit("nb").dispersion_test()["Pr(>z)"] < 0.001).all()
    assert (fit("poisson").dispersion_test()["Pr(>z)"] > 0.01).all()


@pytest.mark.parametrize("response", ["poisson", "nb", "zi"])
def test_zeros_like_statsmodels(response):
    found = fit(response).zero_inflation_test().iloc[0]
    theirs = poisson_zeros(peer(response))
    np.testing.assert_allclose(found["z"], theirs.statistic, rtol=1e-6)
    np.testing.assert_allclose(found["Pr(>z)"], norm.sf(theirs.statistic), rtol=1e-4)
    assert found["Zeros"] == (FRAME[response] == 0).sum()
    np.testing.assert_allclose(found["Expected"], np.exp(-peer(response).fittedvalues).sum())
    np.testing.assert_allclose(found["Ratio"], found["Zeros"] / found["Expected"])


def test_zeros_with_another_link_have_the_information_of_all_parameters():
    """The share of zeros as one more coefficient: the score test by the whole information."""
    result = fit("zi", link="sqrt", weights="w")
    used = FRAME["w"] > 0
    w = FRAME["w"][used].to_numpy()
    design = np.column_stack([np.ones(used.sum()), FRAME["x"][used]])
    m = w * result.fittedvalues[used]
    slope = w * 2 * np.sqrt(result.fittedvalues[used])
    p = np.exp(-m)
    score = np.sum((w * FRAME["zi"][used] == 0) / p - 1)
    cross = -design.T @ slope  # E[s (c - m)] m' / m, and E[s (c - m)] = -m
    information = design.T @ (design * (slope**2 / m)[:, None])
    variance = np.sum((1 - p) / p) - cross @ np.linalg.solve(information, cross)
    found = result.zero_inflation_test()["z"].item()
    np.testing.assert_allclose(found, score / np.sqrt(variance), rtol=1e-6)


def test_a_row_of_weight_w_is_w_units_and_one_of_weight_0_none():
    weighted = fit("poisson", weights="w")
    used = FRAME["w"] > 0
    counts = FRAME["w"] * FRAME["poisson"]
    merged = FRAME.assign(c=counts, o=np.log(FRAME["w"].where(used, 1.0)))[used]
    same = rs.glm("c ~ x + offset(o)", merged, family="poisson").fit(tol=1e-14)
    for method in ("dispersion_test", "zero_inflation_test"):
        one, two = getattr(weighted, method)(), getattr(same, method)()
        pd.testing.assert_frame_equal(one, two, rtol=1e-6)


def test_zeros_of_a_negative_binomial():
    result = fit("nb", family="negbinomial", theta=1.5, exposure="e", weights="w")
    used = FRAME["w"] > 0
    mu, w = result.fittedvalues[used], FRAME["w"][used]
    found = result.zero_inflation_test().iloc[0]
    zero = nbinom.pmf(0, 1.5 * w, 1.5 / (1.5 + mu))  # a sum of w independent counts
    np.testing.assert_allclose(found["Expected"], zero.sum())
    assert np.isnan(found["z"])


def test_refuses():
    with pytest.raises(ValueError, match="of a Poisson model, and this one is of the"):
        fit("nb", family="negbinomial", theta=1.0).dispersion_test()
    with pytest.raises(ValueError, match="of a model of counts"):
        fit("nb", family="gaussian").zero_inflation_test()
    with pytest.raises(ValueError, match="alternative must be"):
        fit("nb").dispersion_test("more")
    model = rs.glm("poisson ~ x", FRAME, family="poisson")
    assert np.isnan(model.fit(alpha=0.1).zero_inflation_test()["z"].item())
