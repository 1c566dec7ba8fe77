"""Sandwich covariances: R's sandwich, statsmodels, brute force, and what they refuse."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

import rustystats as rs
from rustystats.inference.robust import check_cov_type, make_clusters

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "robust_R.json").read_text())
DATA = pd.DataFrame(GOLDEN["data"])
TYPES = ["HC0", "HC1", "HC2", "HC3"]

N = 500
RNG = np.random.default_rng(21)
X = RNG.normal(size=N)
FRAME = pd.DataFrame(
    {
        "y": RNG.poisson(RNG.gamma(1.5, np.exp(0.3 * X) / 1.5)),
        "cost": RNG.gamma(1.2, np.exp(0.2 * X)),
        "x": X,
        "a": RNG.choice(list("ABCD"), N),
        "w": RNG.integers(0, 5, N) / 2,
        "policy": RNG.integers(0, 90, N),
    }
)


def fit(formula="y ~ x + a", data=FRAME, alpha=0.0, **options):
    return rs.glm(formula, data, **({"family": "poisson"} | options)).fit(alpha=alpha, tol=1e-14)


def by_hand(result, cov_type):
    """The definition, on the matrix written out, for rows of weight above 0."""
    problem = result.model.problem
    weights = np.ones(len(problem.y)) if problem.weights is None else problem.weights
    used = weights > 0
    x, y, w = problem.design.to_dense()[used], problem.y[used], weights[used]
    mu = result.fittedvalues[used]
    dmu = {"log": mu, "identity": np.ones_like(mu)}[result.link]
    variance = {"poisson": mu, "gamma": mu**2, "gaussian": np.ones_like(mu)}[result.family]
    information = x.T @ ((w * dmu**2 / variance)[:, None] * x)
    if problem.ridge is not None:
        information += np.diag(problem.ridge)
    bread = np.linalg.inv(information)
    score = w * (y - mu) * dmu / variance
    hat = w * dmu**2 / variance * np.einsum("ij,jk,ik->i", x, bread, x)
    n, p = x.shape
    factor = {"HC0": 1, "HC1": n / (n - p), "HC2": 1 / (1 - hat), "HC3": (1 - hat) ** -2.0}
    rows = np.sqrt(factor[cov_type] * np.ones(n))[:, None] * score[:, None] * x
    return bread @ rows.T @ rows @ bread


def as_stored(covariance):
    """R's upper triangle by columns, without those of aliased coefficients."""
    lower = covariance[np.tril_indices(len(covariance))]
    return lower[~np.isnan(lower)]


@pytest.mark.parametrize("name", GOLDEN["cases"])
@pytest.mark.parametrize("cov_type", TYPES)
def test_equals_sandwich_vcovHC(name, cov_type):
    case = GOLDEN["cases"][name]
    result = fit(data=DATA, **case["model"])
    np.testing.assert_allclose(result.params, case["coef"], rtol=1e-8)
    covariance = result.cov_robust(cov_type)
    np.testing.assert_allclose(as_stored(covariance), case[cov_type], rtol=1e-7, atol=1e-10)
    np.testing.assert_array_equal(covariance, covariance.T)


@pytest.mark.parametrize("name", GOLDEN["cases"])
@pytest.mark.parametrize("cov_type", ["HC0", "HC1"])
def test_equals_sandwich_vcovCL(name, cov_type):
    case = GOLDEN["cases"][name]
    covariance = fit(data=DATA, **case["model"]).cov_robust(cov_type, groups=DATA["g"])
    expected = case[f"CL_{cov_type}"]
    np.testing.assert_allclose(as_stored(covariance), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("cov_type", TYPES)
@pytest.mark.parametrize(
    ("formula", "options"),
    [
        ("y ~ x + a", {}),
        ("y ~ x*a + C(policy)", {}),
        ("cost ~ x + a", {"family": "gamma", "weights": "w"}),
        ("cost ~ x + a", {"family": "gaussian", "weights": "w"}),
        ("y ~ x + a", {"weights": "w", "alpha": 0.1}),
    ],
)
def test_equals_the_definition(cov_type, formula, options):
    data = FRAME.assign(policy=FRAME["policy"] % 7)
    result = fit(formula, data, **options)
    expected = by_hand(result, cov_type)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(result.cov_robust(cov_type), expected, rtol=1e-8, atol=1e-9 * scale)


def test_equals_statsmodels_with_unit_weights():
    model = rs.glm("y ~ x + a", FRAME, family="poisson")
    ours = model.fit(tol=1e-14)
    # Only HC0: that of a GLM goes by the name of HC1 there as well.
    theirs = sm.GLM(model.y, model.X, sm.families.Poisson()).fit(tol=1e-13, cov_type="HC0")
    np.testing.assert_allclose(ours.cov_robust("HC0"), theirs.cov_params(), rtol=1e-6)
    np.testing.assert_allclose(ours.cov_robust(), theirs.cov_params() * N / (N - 5), rtol=1e-6)
    np.testing.assert_allclose(ours.bse_robust("HC0"), theirs.bse, rtol=1e-6)
    np.testing.assert_allclose(ours.tvalues_robust("HC0"), theirs.tvalues, rtol=1e-6)
    np.testing.assert_allclose(ours.pvalues_robust("HC0"), theirs.pvalues, rtol=1e-5)
    limits = ours.conf_int_robust(0.1, "HC0")
    np.testing.assert_allclose(limits, theirs.conf_int(0.1), rtol=1e-5)


def test_clusters_equal_statsmodels():
    model = rs.glm("y ~ x + a", FRAME, family="poisson")
    theirs = sm.GLM(model.y, model.X, sm.families.Poisson()).fit(
        tol=1e-13, cov_type="cluster", cov_kwds={"groups": FRAME["policy"].to_numpy()}
    )
    ours = model.fit(tol=1e-14)
    groups = FRAME["policy"]
    np.testing.assert_allclose(ours.cov_robust(groups=groups), theirs.cov_params(), rtol=1e-6)
    np.testing.assert_allclose(ours.bse_robust(groups=groups), theirs.bse, rtol=1e-6)
    np.testing.assert_allclose(ours.tvalues_robust(groups=groups), theirs.tvalues, rtol=1e-6)
    np.testing.assert_allclose(ours.pvalues_robust(groups=groups), theirs.pvalues, rtol=1e-5)
    np.testing.assert_allclose(
        ours.conf_int_robust(groups=groups), theirs.conf_int(), rtol=1e-5, atol=1e-8
    )


def test_far_tail_pvalues_do_not_vanish():
    result = fit("cost ~ x", FRAME.assign(cost=X + FRAME["cost"]), family="gaussian")
    z, p = result.tvalues_robust()[1], result.pvalues_robust()[1]
    assert 20 < z < 37
    assert p == pytest.approx(2 * stats.norm.sf(z), rel=1e-10)
    assert 0 < p < 1e-80


def test_every_row_a_cluster_is_hc0_but_for_the_count():
    result = fit(weights="w")
    n = result.nobs
    np.testing.assert_allclose(
        result.cov_robust("HC0", groups=np.arange(N)),
        result.cov_robust("HC0") * n / (n - 1),
        rtol=1e-10,
    )


@pytest.mark.parametrize("cov_type", TYPES)
@pytest.mark.parametrize("groups", [None, "policy"])
def test_rows_of_weight_0_count_for_nothing(cov_type, groups):
    if groups and cov_type in ("HC2", "HC3"):
        return
    data = FRAME.assign(policy=np.where(FRAME["w"] > 0, FRAME["policy"], 90 + FRAME["policy"]))
    rows = data[data["w"] > 0].reset_index(drop=True)
    found = fit(data=data, weights="w").cov_robust(cov_type, data[groups] if groups else None)
    fewer = fit(data=rows, weights="w").cov_robust(cov_type, rows[groups] if groups else None)
    np.testing.assert_allclose(found, fewer, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("cov_type", TYPES)
def test_a_weight_of_2_counts_once_but_twice_as_much(cov_type):
    """The prior weight is squared in the meat: the same weight everywhere changes nothing."""
    plain, double = fit(), fit(weights=np.full(N, 2.0))
    np.testing.assert_allclose(
        double.cov_robust(cov_type), plain.cov_robust(cov_type), rtol=1e-7, atol=1e-12
    )


@pytest.mark.parametrize("cov_type", TYPES)
def test_aliased_columns(cov_type):
    data = FRAME.assign(twice=2 * FRAME["x"])
    plain, aliased = fit("y ~ x + a"), fit("y ~ x + twice + a", data)
    for groups in (None, FRAME["policy"]) if cov_type < "HC2" else (None,):
        covariance = aliased.cov_robust(cov_type, groups)
        assert np.isnan(covariance[2]).all()
        assert np.isnan(covariance[:, 2]).all()
        kept = np.delete(np.delete(covariance, 2, axis=0), 2, axis=1)
        np.testing.assert_allclose(kept, plain.cov_robust(cov_type, groups), rtol=1e-8)
    assert np.isnan(aliased.bse_robust(cov_type)[2])
    assert np.isnan(aliased.pvalues_robust(cov_type)[2])


@pytest.mark.parametrize("cov_type", TYPES)
@pytest.mark.parametrize("family", ["poisson", "gaussian"])
def test_a_row_that_decides_a_coefficient_adds_nothing(cov_type, family):
    data = FRAME.assign(a=np.where(np.arange(N) == 3, "only", FRAME["a"]))
    data.loc[3, "y"] = 2
    result = fit("y ~ a + x", data, family=family)
    assert result.leverage()[3] == pytest.approx(1.0, abs=1e-9)
    without = fit("y ~ a + x", data.drop(index=3).reset_index(drop=True), family=family)
    kept = [j for j, name in enumerate(result.feature_names) if name != "a[T.only]"]
    ours = result.cov_robust(cov_type)[np.ix_(kept, kept)]
    n, p = N, len(result.params)
    factor = (n / (n - p)) / ((n - 1) / (n - p)) if cov_type == "HC1" else 1.0
    np.testing.assert_allclose(ours, factor * without.cov_robust(cov_type), rtol=1e-6, atol=1e-12)


def test_saturated_model():
    result = fit("cost ~ x", FRAME.head(2), family="gamma")
    np.testing.assert_allclose(result.cov_robust("HC0"), 0.0, atol=1e-12)
    assert np.isnan(result.cov_robust("HC1")).all()  # as its dispersion: no degrees of freedom
    np.testing.assert_allclose(result.cov_robust("HC3"), 0.0, atol=1e-12)


@pytest.mark.parametrize("n_threads", [1, 3])
def test_threads_change_nothing_but_rounding(n_threads):
    data = pd.concat([FRAME] * 60, ignore_index=True)
    one = rs.glm("y ~ x + a", data, family="poisson", n_threads=1).fit()
    some = rs.glm("y ~ x + a", data, family="poisson", n_threads=n_threads).fit()
    assert some.model.problem.design.n_threads == n_threads
    for options in ({"cov_type": "HC3"}, {"groups": data["policy"]}):
        found = some.cov_robust(**options)
        np.testing.assert_allclose(found, one.cov_robust(**options), rtol=1e-6)
        np.testing.assert_array_equal(some.cov_robust(**options), found)


# --- What is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["hc0", "Hc1", "HC2", "hC3"])
def test_case_does_not_matter(name):
    assert check_cov_type(name, clustered=False) == name.upper()


@pytest.mark.parametrize("name", ["HC4", "", "robust", 1, None, ["HC1"], np.arange(2)])
@pytest.mark.parametrize("groups", [None, FRAME["policy"]])
def test_unknown_type(name, groups):
    with pytest.raises(ValueError, match=r"^Unknown cov_type .*HC0, HC1, HC2, HC3"):
        fit().cov_robust(name, groups)


@pytest.mark.parametrize("name", ["HC2", "hc3"])
def test_leverage_types_have_no_clusters(name):
    with pytest.raises(ValueError, match=rf"{name}.*not defined for groups.*'HC1'.*leave groups"):
        fit().bse_robust(name, groups=FRAME["policy"])


def test_one_cluster():
    for labels in (np.zeros(N), np.where(FRAME["w"] > 0, "a", "b")):
        with pytest.raises(ValueError, match=r"single cluster.*two or more"):
            fit(weights="w").cov_robust(groups=labels)


def test_clusters_are_sorted_rows():
    codes = np.array([3, 0, 3, 1, 5, 0])
    clusters = make_clusters(codes, np.array([1.0, 2.0, 0.0, 0.0, 1.0, 0.5]))
    assert len(clusters) == 3
    assert clusters.order.tolist() == [1, 5, 0, 4]
    assert clusters.starts.tolist() == [0, 2, 3, 4]
    assert make_clusters(codes, None).order.tolist() == [1, 5, 3, 0, 2, 4]
    assert make_clusters(codes, None).starts.tolist() == [0, 2, 3, 5, 6]
