"""Auto-calibration: against scikit-learn's isotonic regression, fits, and sums by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import mean_gamma_deviance, mean_poisson_deviance

import rustystats as rs

N = 900
RNG = np.random.default_rng(9)
FRAME = pd.DataFrame(
    {
        "age": RNG.integers(18, 70, N),
        "area": RNG.choice(list("ABC"), N),
        "e": RNG.uniform(0.2, 1.0, N),
        "w": RNG.integers(0, 3, N).astype(float),
    }
)
FRAME["y"] = RNG.poisson(FRAME["e"] * np.exp(-2 + 0.03 * FRAME["age"]))
FRAME["cost"] = RNG.gamma(2.0, np.exp(2 + 0.02 * FRAME["age"]))
FRAME["hit"] = (FRAME["y"] > 0).astype(float)
TRAIN, TEST = FRAME.iloc[:500], FRAME.iloc[500:]


def claims(terms="age + C(area)", **options):
    options = {"family": "poisson", "exposure": "e", "weights": "w"} | options
    return rs.glm(f"y ~ {terms}", TRAIN, **options).fit()


@pytest.mark.parametrize(("data", "rows"), [(None, TRAIN), (TEST, TEST)])
def test_like_scikit_learn(data, rows):
    result = claims()
    found = result.auto_calibration(data)
    used = rows[rows["w"] > 0]
    mu, e, w, y = result.predict(used), used["e"], used["w"], used["y"]
    rate = mu / e
    iso = IsotonicRegression().fit(rate.round(12), y / e, sample_weight=w * e)
    fitted = iso.predict(rate.round(12))
    np.testing.assert_allclose(np.unique(fitted.round(10)), found.calibrated.round(10))
    at = np.searchsorted(found.upper, rate * (1 - 1e-10))
    np.testing.assert_allclose(found.calibrated[at], fitted, rtol=1e-9, atol=1e-12)
    assert ((found.lower[at] <= rate * (1 + 1e-10)) & (rate <= found.upper[at] * 1.0000001)).all()
    np.testing.assert_allclose(found.actual, found.calibrated * found.exposure)
    total = [np.sum(w * e), w @ y, w @ mu]
    sums = [found.exposure.sum(), found.actual.sum(), found.predicted.sum()]
    np.testing.assert_allclose(sums, total)
    np.testing.assert_allclose(found.balance, total[1] / total[2])
    positive = fitted > 0  # the others have y = 0 and no deviance
    share = w[positive].sum() / w.sum()
    best = share * mean_poisson_deviance(
        y[positive], (fitted * e)[positive], sample_weight=w[positive]
    )
    own = mean_poisson_deviance(y, mu, sample_weight=w)
    flat = mean_poisson_deviance(y, e * total[1] / total[0], sample_weight=w)
    parts = [found.mean_deviance, found.miscalibration, found.discrimination, found.uncertainty]
    np.testing.assert_allclose(parts, [own, own - best, flat - best, flat], rtol=1e-9)


def test_a_factor_alone_is_calibrated_where_it_was_fitted():
    found = claims("C(area)").auto_calibration()
    assert len(found.calibrated) == 3
    np.testing.assert_allclose(found.calibrated, found.predicted / found.exposure)
    np.testing.assert_allclose(found.lower, found.upper)
    assert abs(found.miscalibration) < 1e-12
    assert np.isnan([found.balance_pvalue, found.cox_pvalue]).all()


@pytest.mark.parametrize(
    ("response", "options"),
    [
        ("y", {"family": "poisson", "exposure": "e", "weights": "w"}),
        ("cost", {"family": "gamma", "link": "log"}),
        ("hit", {"family": "binomial"}),
    ],
)
def test_tests_are_score_tests_of_level_and_slope(response, options):
    """add1 of the constant and of eta, in a model that is the prediction as an offset alone."""
    result = rs.glm(f"{response} ~ age", TRAIN, **options).fit()
    found = result.auto_calibration(TEST)
    mu = result.predict(TEST)
    exposure = TEST["e"] if "exposure" in options else 1.0
    link = result.model.problem.link
    eta = link.link(mu) - (np.log(exposure))
    data = TEST.assign(one=1.0, eta=eta, all=link.link(mu))
    w = data["w"].to_numpy() if "weights" in options else np.ones(len(data))
    family = result.model.problem.family
    _, slope = link.inverse_with_derivative(np.asarray(data["all"]))
    r = w * (data[response] - mu) * slope / family.variance(mu)
    W = w * slope**2 / family.variance(mu)
    for columns, statistic, pvalue in (
        (["one"], found.balance_statistic, found.balance_pvalue),
        (["one", "eta"], found.cox_statistic, found.cox_pvalue),
    ):
        Z = data[columns].to_numpy()
        score = Z.T @ r
        expected = score @ np.linalg.solve(Z.T @ (Z * W[:, None]), score) / result.scale()
        np.testing.assert_allclose(statistic, expected, rtol=1e-8)
        np.testing.assert_allclose(pvalue, chi2.sf(expected, len(columns)), rtol=1e-7)


def test_a_wrong_level_and_a_wrong_slope_are_seen():
    result = rs.glm("y ~ age", FRAME, family="poisson", exposure="e").fit()
    right = result.auto_calibration(FRAME.assign(y=FRAME["y"]))  # the rows of the fit, found again
    assert np.isnan(right.cox_pvalue)
    high = result.auto_calibration(FRAME.assign(e=FRAME["e"] * 1.5))
    assert high.balance_pvalue < 1e-4
    flipped = result.auto_calibration(FRAME.assign(age=88 - FRAME["age"]))
    assert flipped.cox_pvalue < 1e-4


def test_table():
    result = claims()
    table, found = result.calibration_table(TEST), result.auto_calibration(TEST)
    np.testing.assert_allclose(table["Factor"] * found.predicted, found.actual)
    assert table["Calibrated"].is_monotonic_increasing
    assert "blocks, balance" in repr(found)


def test_costs():
    result = rs.glm("cost ~ age", TRAIN, family="gamma", link="log").fit()
    found = result.auto_calibration(TEST)
    mu = result.predict(TEST)
    fitted = IsotonicRegression().fit(mu, TEST["cost"]).predict(mu)
    gain = mean_gamma_deviance(TEST["cost"], mu) - mean_gamma_deviance(TEST["cost"], fitted)
    np.testing.assert_allclose(found.miscalibration, gain, rtol=1e-9)
