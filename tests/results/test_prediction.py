"""Predicted means with standard errors: against statsmodels, and where there are none."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import stats

import rustystats as rs

N = 400
RNG = np.random.default_rng(8)
FRAME = pd.DataFrame(
    {
        "y": RNG.poisson(1.0, N),
        "hit": RNG.integers(0, 2, N),
        "cost": RNG.gamma(2.0, 10.0, N),
        "x": RNG.normal(size=N),
        "area": RNG.choice(list("ABC"), N),
        "e": RNG.uniform(0.2, 1.0, N),
    }
)
NEW = FRAME.head(6).assign(e=[1.0, 0.5, 0.1, 2.0, 1.0, 0.3])
COLUMNS = ["Prediction", "Std.Error", "CI_Lower", "CI_Upper"]


def fit(formula="y ~ x * C(area)", family="poisson", data=FRAME, **options):
    return rs.glm(formula, data, family=family, **options)


@pytest.mark.parametrize(
    ("formula", "family", "options", "peer"),
    [
        ("y ~ x * C(area)", "poisson", {"exposure": "e"}, sm.families.Poisson()),
        ("hit ~ x + C(area)", "binomial", {}, sm.families.Binomial()),
        ("cost ~ x", "gamma", {}, sm.families.Gamma(sm.families.links.Log())),
        ("cost ~ x + C(area)", "gaussian", {}, sm.families.Gaussian()),
    ],
    ids=["poisson", "binomial", "gamma", "gaussian"],
)
def test_is_what_statsmodels_says(formula, family, options, peer):
    result = fit(formula, family, **options).fit(tol=1e-12)
    found = result.prediction_table(NEW, alpha=0.1)
    assert list(found) == COLUMNS
    exposures = ({"exposure": frame["e"]} if options.get("exposure") else {} for frame in
                 (FRAME, NEW))  # fmt: skip
    model = smf.glm(formula, FRAME, family=peer, **next(exposures)).fit(tol=1e-13)
    theirs = model.get_prediction(NEW, **next(exposures)).summary_frame(alpha=0.1)
    limits = theirs[["mean_ci_lower", "mean_ci_upper"]]
    np.testing.assert_allclose(found["Prediction"], theirs["mean"], rtol=1e-6)
    np.testing.assert_allclose(found["Std.Error"], theirs["mean_se"], rtol=1e-6)
    np.testing.assert_allclose(found[COLUMNS[2:]], limits, rtol=1e-6)


def test_a_falling_link_has_its_limits_in_order():
    found = fit("cost ~ x", "gamma", link="inverse").fit().prediction_table(NEW)
    assert (found["CI_Lower"] < found["Prediction"]).all()
    error = found["Std.Error"] / found["Prediction"] ** 2  # of the linear predictor
    for limit, sign in (("CI_Lower", 1), ("CI_Upper", -1)):
        eta = 1 / found["Prediction"] + sign * stats.norm.isf(0.025) * error
        np.testing.assert_allclose(1 / found[limit], eta, rtol=1e-10)


def test_exposure_and_the_kind_of_frame(tmp_path):
    result = fit(data=pl.from_pandas(FRAME), exposure="e").fit()
    found = result.prediction_table(pl.from_pandas(NEW), exposure=1.0)
    assert isinstance(found, pl.DataFrame)
    np.testing.assert_array_equal(found["Prediction"], result.predict(NEW, exposure=1.0))
    result.save(tmp_path / "m.json")
    loaded = rs.load(tmp_path / "m.json").prediction_table(NEW, exposure=1.0)
    np.testing.assert_array_equal(loaded.to_numpy(), found.to_numpy())


def test_arrays_and_aliased_columns():
    X = np.column_stack([np.ones(N), FRAME["x"], 2 * FRAME["x"]])
    aliased = rs.fit_glm(FRAME["y"], X, "poisson").prediction_table(X[:3])
    plain = rs.fit_glm(FRAME["y"], X[:, :2], "poisson").prediction_table(X[:3, :2])
    np.testing.assert_allclose(aliased.to_numpy(), plain.to_numpy(), rtol=1e-10)


def test_no_errors_are_made_up():
    result = fit().fit(alpha=0.01, l1_ratio=1.0)
    found = result.prediction_table(NEW)
    np.testing.assert_array_equal(found["Prediction"], result.predict(NEW))
    assert found[COLUMNS[1:]].isna().all(axis=None)


def test_what_is_refused():
    result = fit(exposure="e").fit()
    with pytest.raises(ValueError, match="alpha must lie between 0 and 1, not 95"):
        result.prediction_table(NEW, 95)
    with pytest.raises(ValueError, match="fitted with exposure column 'e'"):
        result.prediction_table(NEW.drop(columns="e"))
