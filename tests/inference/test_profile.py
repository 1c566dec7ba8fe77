"""Profile intervals: R's MASS, and the drop of the likelihood at the limits by refits."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.exceptions import ConvergenceWarning

import rustystats as rs
from rustystats.inference import profile

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "anova_R.json").read_text())
DATA = pd.DataFrame(GOLDEN["data"])
CASES = {case["call"]: case for case in GOLDEN["cases"] if "profile" in case}

N = 400
RNG = np.random.default_rng(3)
FRAME = pd.DataFrame(
    {
        "x": RNG.normal(size=N),
        "age": RNG.integers(18, 80, N),
        "a": RNG.choice(list("pqr"), N),
        "e": RNG.uniform(0.2, 1.0, N),
        "w": RNG.integers(1, 4, N).astype(float),
    }
)
FRAME["count"] = RNG.poisson(FRAME["e"] * np.exp(0.3 * FRAME["x"])).astype(float)
FRAME["cost"] = RNG.gamma(2.0, np.exp(0.3 * FRAME["x"]))


@pytest.mark.parametrize("call", CASES)
def test_limits_are_those_of_MASS(call):
    ours = dict(CASES[call]["ours"])
    result = rs.glm(ours.pop("formula"), DATA, **ours).fit()
    golden = CASES[call]["profile"]
    expected = np.column_stack([golden["2.5 %"], golden["97.5 %"]])
    # R interpolates the profile with a spline
    np.testing.assert_allclose(result.conf_int(method="profile"), expected, atol=1e-3)


def deviance_at(model, column, value):
    """Deviance with one coefficient held, by a fit on the other columns and an offset."""
    problem = model._model.problem
    held = model.X[:, column] * value
    offset = held if problem.offset is None else held + problem.offset
    estimator = rs.GLMRegressor(
        family=problem.family.name(), link=problem.link.name(), fit_intercept=False, tol=1e-13
    )
    X = np.delete(model.X, column, axis=1)
    return estimator.fit(X, model.y, sample_weight=problem.weights, offset=offset).result_.deviance


@pytest.mark.parametrize(
    ("formula", "options"),
    [
        ("count ~ bs(age, df=5) + C(a) + x", {"exposure": "e"}),
        ("count ~ 0 + C(a) + x", {"weights": "w"}),
        ("cost ~ C(a) + x", {"family": "gamma", "link": "log", "weights": "w"}),
        ("cost ~ C(a) * x", {"family": "gaussian"}),
        ("cost ~ C(a) + x", {"family": "gaussian", "link": "log", "offset": 0.1 * FRAME["x"]}),
    ],
)
@pytest.mark.parametrize("alpha", [0.05, 0.4])
def test_the_deviance_at_a_limit_is_z_squared_higher(formula, options, alpha):
    model = rs.glm(formula, FRAME, **{"family": "poisson", **options})
    result = model.fit(tol=1e-12)
    limits = result.conf_int(alpha, method="profile")
    z = stats.norm.isf(alpha / 2)
    assert (limits[:, 0] < result.params).all()
    assert (result.params < limits[:, 1]).all()
    for column, pair in enumerate(limits):
        for value in pair:
            rise = (deviance_at(model, column, value) - result.deviance) / result.scale()
            assert rise == pytest.approx(z**2, abs=1e-6)


def test_of_a_gaussian_with_identity_link_it_is_the_wald_interval():
    result = rs.glm("cost ~ bs(age, df=5) + C(a)", FRAME, weights="w").fit()
    np.testing.assert_allclose(result.conf_int(method="profile"), result.conf_int(), atol=1e-7)


@pytest.mark.filterwarnings("ignore:the likelihood has no maximum")
def test_a_perfectly_predicted_level_has_an_infinite_limit():
    frame = FRAME.assign(count=np.where(FRAME["a"] == "r", 0.0, FRAME["count"]))
    result = rs.glm("count ~ x + C(a)", frame, family="poisson", exposure="e").fit()
    (low, high), regular = result.conf_int(method="profile", columns=["a[T.r]", "x"])
    assert low == -np.inf
    # the rows of the level have no claims: what the level adds to the deviance is twice their mean
    rest = frame[frame["a"] != "r"]
    others = rs.glm("count ~ x + C(a)", rest, family="poisson", exposure="e").fit(tol=1e-12)
    model = rs.glm("count ~ x + C(a)", frame, family="poisson", exposure="e")
    at = deviance_at(model, model.feature_names.index("a[T.r]"), high)
    assert at - others.deviance == pytest.approx(stats.norm.isf(0.025) ** 2, abs=1e-5)
    assert np.isfinite(regular).all()
    # The other limit, where the level has nothing but claims
    won = frame.assign(won=(FRAME["a"] == "q") | (RNG.random(N) < 0.5)).astype({"won": float})
    result = rs.glm("won ~ C(a)", won, family="binomial").fit()
    low, high = result.conf_int(method="profile", columns=["a[T.q]"])[0]
    assert high == np.inf
    assert 0 < low < result.params[1]


@pytest.mark.filterwarnings("ignore:the likelihood has no maximum")
def test_separated_data_have_half_lines():
    frame = pd.DataFrame({"x": np.linspace(-1, 1, 20), "y": np.repeat([0.0, 1.0], 10)})
    result = rs.glm("y ~ x", frame, family="binomial").fit()
    low, high = result.conf_int(method="profile", columns=["x"])[0]
    assert 0 < low < 100
    assert high == np.inf


def test_where_the_domain_ends_so_does_the_interval():
    rng = np.random.default_rng(0)
    z = np.r_[0.0, 0.0, np.linspace(0.02, 1, 60)]
    frame = pd.DataFrame({"z": z, "y": rng.poisson(0.05 + 2 * z).astype(float)})
    frame.loc[:1, "y"] = 0.0  # at z = 0 a mean of zero costs nothing, and there is none below
    result = rs.glm("y ~ z", frame, family="poisson", link="identity").fit()
    assert result.conf_int()[0, 0] < -0.1
    low, high = result.conf_int(method="profile", columns=["Intercept"])[0]
    assert 0 < low < 1e-6
    assert 0.2 < high < 1


def test_near_the_edge_of_the_domain_the_line_through_the_fit_is_left():
    rng = np.random.default_rng(7)
    frame = pd.DataFrame({"x": rng.uniform(0, 1, 30), "g": (rng.random(30) < 0.3) * 1.0})
    frame["y"] = rng.poisson(0.3 + 0.5 * frame["x"] - 0.2 * frame["g"]).astype(float)
    model = rs.glm("y ~ x + g", frame, family="poisson", link="identity")
    result = model.fit(tol=1e-12)
    for column, pair in enumerate(result.conf_int(method="profile")):
        rest = np.delete(model.X, column, axis=1)
        for value in pair:
            options = {"family": "poisson", "link": "identity", "tol": 1e-12}
            held = rs.fit_glm(model.y, rest, offset=value * model.X[:, column], **options)
            rise = held.deviance - result.deviance
            assert rise == pytest.approx(stats.norm.isf(0.025) ** 2, abs=1e-4)


@pytest.mark.filterwarnings("ignore:the likelihood has no maximum")
def test_the_finite_limit_of_a_separated_level_with_another_link():
    x = np.array([-0.35, 0.94, 1.63, -0.94, 2.25, 0.92, -0.84, -0.86])
    frame = pd.DataFrame({"y": [1, 0, 0, 0, 1, 0, 0, 1], "x": x, "g": [0, 1, 1, 0, 0, 1, 0, 0]})
    model = rs.glm("y ~ x + g", frame, family="binomial", link="cloglog", offset=-0.1 * x**2)
    result = model.fit()
    low, high = result.conf_int(0.01, "profile", ["g"])[0]
    assert low == -np.inf
    rise = deviance_at(model, 2, high) - result.deviance
    assert rise == pytest.approx(stats.norm.isf(0.005) ** 2, abs=1e-4)


@pytest.mark.filterwarnings("ignore:.*stopped at its edge")
def test_a_limit_at_the_edge_that_is_not_where_the_domain_ends_is_doubtful():
    rng = np.random.default_rng(10)
    frame = pd.DataFrame({"x": rng.uniform(0, 1, 30), "g": (rng.random(30) < 0.3) * 1.0})
    frame["y"] = rng.poisson(0.3 + 0.5 * frame["x"] - 0.2 * frame["g"]).astype(float)
    result = rs.glm("y ~ x + g", frame, family="poisson", link="identity").fit(tol=1e-12)
    with pytest.warns(ConvergenceWarning, match="profile of Intercept did not converge"):
        result.conf_int(method="profile", columns=["Intercept"])


def test_aliased_columns_and_unknown_dispersions_have_none():
    frame = FRAME.assign(twice=2 * FRAME["x"])
    result = rs.glm("count ~ x + twice", frame, family="poisson").fit()
    limits = result.conf_int(method="profile")
    assert np.isnan(limits[2]).all()
    plain = rs.glm("count ~ x", frame, family="poisson").fit()
    np.testing.assert_allclose(limits[:2], plain.conf_int(method="profile"), atol=1e-7)
    exact = rs.glm("cost ~ x", FRAME.iloc[:2]).fit()
    assert np.isnan(exact.conf_int(method="profile")).all()


def test_columns_are_chosen_by_name():
    result = rs.glm("count ~ x + C(a)", FRAME, family="poisson").fit()
    for method in ("wald", "profile"):
        whole = result.conf_int(0.1, method)
        some = result.conf_int(0.1, method, ["a[T.r]", "x"])
        np.testing.assert_array_equal(some, whole[[3, 1]])
        assert result.conf_int(0.1, method, []).shape == (0, 2)
    with pytest.raises(ValueError, match=r"names among Intercept, x.*not \['z'\]"):
        result.conf_int(columns=["z"])
    with pytest.raises(ValueError, match="must be a list"):
        result.conf_int(columns="x")


def test_what_is_refused():
    result = rs.glm("count ~ x", FRAME, family="poisson").fit()
    with pytest.raises(ValueError, match="unknown method 'exact'"):
        result.conf_int(method="exact")
    with pytest.raises(ValueError, match="alpha must lie between"):
        result.conf_int(95, method="profile")
    ridge = rs.glm("count ~ x", FRAME, family="poisson").fit(alpha=0.1)
    with pytest.raises(ValueError, match="no likelihood profile"):
        ridge.conf_int(method="profile")


def test_a_limit_takes_few_refits(monkeypatch):
    refits, honest = [], profile.continue_irls

    def counted(*args, **options):
        refits.append(honest(*args, **options))
        return refits[-1]

    monkeypatch.setattr(profile, "continue_irls", counted)
    result = rs.glm("count ~ bs(age, df=5) + C(a)", FRAME, family="poisson", exposure="e").fit()
    result.conf_int(method="profile")
    assert len(refits) <= 4 * 2 * len(result.params)
    assert np.mean([fit.n_iter for fit in refits]) <= 2
    assert all(fit.gram is None for fit in refits)


def test_refits_that_do_not_converge_are_named(monkeypatch):
    honest = profile.continue_irls

    def stopped(*args, **options):
        return replace(honest(*args, **options), converged=False)

    monkeypatch.setattr(profile, "continue_irls", stopped)
    result = rs.glm("count ~ x + C(a)", FRAME, family="poisson").fit()
    with pytest.warns(ConvergenceWarning, match=r"profile of x, a\[T\.r\] did not converge"):
        result.conf_int(method="profile", columns=["x", "a[T.r]"])


def test_a_limit_that_is_not_found_in_time_is_said(monkeypatch):
    monkeypatch.setattr(profile, "MAX_TRIALS", 1)
    result = rs.glm("count ~ x", FRAME, "poisson", exposure="e").fit()
    with pytest.warns(ConvergenceWarning, match="x"):
        result.conf_int(method="profile")
