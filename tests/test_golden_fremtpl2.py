"""The French motor data: coefficients, standard errors and deviances of R 4.2.2's glm."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import rustystats as rs

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED = REPOSITORY.parent / "shared"
FOLDER = Path(os.environ.get("RUSTYSTATS_DATA") or SHARED / "data")
GOLDEN_FILE = SHARED / "golden" / "freMTPL2_R.json"

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"freMTPL2 data: folder {FOLDER} does not exist"
)
against_R = pytest.mark.skipif(
    not GOLDEN_FILE.is_file(), reason=f"freMTPL2 golden values: {GOLDEN_FILE} does not exist"
)

FREQUENCY = (  # R's bs(df = k) is bs(df=k+1) here
    "ClaimNb ~ bs(DrivAge, df=7) + bs(VehAge, df=6) + bs(BonusMalus, knots=[60, 80, 100])"
    " + VehPower + log(Density) + Area + VehBrand + VehGas + Region"
)
SEVERITY = "avg ~ ns(DrivAge, df=5) + VehAge + log(Density) + Area + VehGas"
TARIFF = (
    "ClaimNb ~ bs(DrivAge,df=7)+bs(VehAge,df=6)+bs(BonusMalus,df=6)+VehPower+log(Density)"
    "+C(Area)+C(VehBrand)+C(VehGas)+C(Region)"
)
TARIFF_DEVIANCE = 212293.056  # R and glum agree


def capped(data):
    limits = {"VehAge": 20, "DrivAge": 90, "BonusMalus": 150}
    return data.assign(**{name: data[name].clip(upper=cap) for name, cap in limits.items()})


def fit_frequency(data):
    return rs.glm(FREQUENCY, data, family="poisson", exposure="Exposure").fit()


@pytest.fixture(scope="module")
def golden():
    return json.loads(GOLDEN_FILE.read_text())


@pytest.fixture(scope="module")
def policies():
    return rs.datasets.load_fremtpl2_freq(FOLDER, cap=True)


@pytest.fixture(scope="module")
def capped_policies(policies):
    return capped(policies)


@pytest.fixture(scope="module")
def frequency(capped_policies):
    return fit_frequency(capped_policies)


@pytest.fixture(scope="module")
def claims():
    data = capped(rs.datasets.load_fremtpl2_claims_by_policy(FOLDER, cap=True))
    average = (data["ClaimAmount"] / data["PaidClaimNb"]).clip(upper=100_000)
    return data.assign(avg=average)


@pytest.fixture(scope="module")
def severity(claims):
    return rs.glm(SEVERITY, claims, family="gamma", weights="PaidClaimNb").fit()


@pytest.fixture(scope="module")
def tariff(policies):
    return rs.glm(TARIFF, policies, family="poisson", exposure="Exposure").fit()


def assert_like_R(result, golden):
    assert result.converged
    assert len(result.params) == len(golden["coef"])
    np.testing.assert_allclose(result.params, golden["coef"], rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(result.bse(), golden["se"], rtol=1e-5)
    assert result.deviance == pytest.approx(golden["deviance"], rel=1e-10)


# --- Frequency -----------------------------------------------------------------------------------


@against_R
def test_frequency_equals_R(frequency, golden):
    assert_like_R(frequency, golden)
    assert frequency.nobs == 678_013
    assert frequency.df_resid == 678_013 - 57
    assert not frequency.aliased.any()


@against_R
def test_frequency_fit_statistics_equal_R(frequency, golden):
    assert frequency.null_deviance() == pytest.approx(golden["null_deviance"], rel=1e-10)
    assert frequency.llf() == pytest.approx(golden["loglik"], rel=1e-10)
    assert frequency.aic() == pytest.approx(golden["aic"], rel=1e-10)
    assert frequency.scale() == 1.0


@against_R
def test_frequency_names_follow_the_levels_of_R(frequency, golden):
    names = ["Intercept"]
    names += [f"bs(DrivAge, {i}/7)" for i in range(2, 8)]
    names += [f"bs(VehAge, {i}/6)" for i in range(2, 7)]
    names += [f"bs(BonusMalus, {i}/7)" for i in range(2, 8)]
    names += ["VehPower", "log(Density)"]
    names += [f"{f}[T.{level}]" for f, levels in golden["levels"].items() for level in levels[1:]]
    assert frequency.feature_names == names


def test_frequency_score_equations(frequency, capped_policies):
    # Canonical link: actual and fitted claims agree in total and within each level.
    actual = capped_policies["ClaimNb"]
    assert frequency.fittedvalues.sum() == pytest.approx(actual.sum(), rel=1e-9)
    for factor in ("Area", "VehBrand", "Region"):
        sums = pd.DataFrame({"a": actual, "e": frequency.fittedvalues}).groupby(
            capped_policies[factor]
        )
        np.testing.assert_allclose(sums["e"].sum(), sums["a"].sum(), rtol=1e-6)


@pytest.mark.parametrize("kind", ["polars", "pyarrow"])
def test_frequency_does_not_depend_on_the_dataframe(frequency, capped_policies, kind):
    used = ["ClaimNb", "Exposure", "DrivAge", "VehAge", "BonusMalus", "VehPower", "Density"]
    used += ["Area", "VehBrand", "VehGas", "Region"]
    if kind == "polars":
        data = pl.from_pandas(capped_policies[used])
    else:
        data = pa.Table.from_pandas(capped_policies[used], preserve_index=False)
    result = fit_frequency(data)
    np.testing.assert_allclose(result.params, frequency.params, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(result.bse(), frequency.bse(), rtol=1e-10)
    assert result.deviance == pytest.approx(frequency.deviance, rel=1e-12)
    assert isinstance(result.coef_table(), pl.DataFrame if kind == "polars" else pa.Table)


def test_frequency_predicts_its_own_rows(frequency, capped_policies):
    predicted = frequency.predict(capped_policies)
    np.testing.assert_allclose(predicted, frequency.fittedvalues, rtol=1e-12)


# --- Severity ------------------------------------------------------------------------------------


@against_R
def test_severity_equals_R(severity, golden):
    assert severity.nobs == golden["severity"]["rows"]
    assert_like_R(severity, golden["severity"])
    assert severity.scale() == pytest.approx(golden["severity"]["dispersion"], rel=1e-7)
    assert severity.scale_pearson() == severity.scale()


def test_severity_names(severity):
    names = ["Intercept"] + [f"ns(DrivAge, {i}/5)" for i in range(1, 5)]
    names += ["VehAge", "log(Density)"] + [f"Area[T.{level}]" for level in "BCDEF"]
    assert severity.feature_names == [*names, "VehGas[T.Regular]"]


# --- The tariff model of the design: raw factors, weakly identified spline tails ------------------


def test_tariff_converges_to_the_known_deviance(tariff):
    assert tariff.converged
    assert tariff.deviance == pytest.approx(TARIFF_DEVIANCE, abs=1e-3)


def test_tariff_deviance_falls_monotonically(tariff):
    history = np.array(tariff.fit.history)
    assert len(history) == tariff.iterations + 1
    # what rounding can add is no rise
    assert np.all(np.diff(history) <= 1e-12 * history[:-1])
    assert history[-1] == tariff.deviance


def test_tariff_has_one_aliased_column(tariff, policies):
    # 56 columns, rank 55: more than a quarter of the policies has the smallest BonusMalus, so two
    # of its quantile knots fall on the boundary and one basis function is zero in every row.
    assert len(tariff.params) == 56
    aliased = np.flatnonzero(tariff.aliased)
    assert [tariff.feature_names[j] for j in aliased] == aliased_name(policies)
    assert np.isnan(tariff.params[aliased]).all()
    assert np.isnan(tariff.bse()[aliased]).all()
    assert np.isnan(tariff.pvalues()[aliased]).all()
    kept = ~tariff.aliased
    assert np.isfinite(tariff.params[kept]).all()
    assert (tariff.bse()[kept] > 0).all()
    assert tariff.df_resid == len(policies) - 55
    np.testing.assert_allclose(tariff.predict(policies), tariff.fittedvalues, rtol=1e-12)


def aliased_name(policies):
    """The first column of the design that depends on those before it, by numpy alone."""
    distinct = policies[["BonusMalus"]].drop_duplicates()
    values = distinct["BonusMalus"].to_numpy(dtype=float)
    basis = rs.bs(policies["BonusMalus"].to_numpy(dtype=float), df=6)
    basis = basis[distinct.index]
    assert len(values) == len(basis)
    columns = [np.ones(len(basis))]
    names = []
    for j in range(basis.shape[1]):
        before = np.column_stack(columns)
        residual = basis[:, j] - before @ np.linalg.lstsq(before, basis[:, j], rcond=None)[0]
        if np.abs(residual).max() < 1e-8:
            names.append(rs.bs_names("BonusMalus", 6)[j])
        columns.append(basis[:, j])
    return names


def test_tariff_is_a_maximum_by_scipy(tariff, policies):
    # At the fitted means the score of a random subset of columns is zero, beside its own size.
    residual = policies["ClaimNb"].to_numpy() - tariff.fittedvalues
    columns = {
        "VehPower": policies["VehPower"].to_numpy(dtype=float),
        "log(Density)": np.log(policies["Density"].to_numpy(dtype=float)),
        "VehBrand[T.B12]": (policies["VehBrand"] == "B12").to_numpy(dtype=float),
    }
    for name, column in columns.items():
        error = tariff.bse()[tariff.feature_names.index(name)]
        # distance to the maximum in standard errors, of a one-dimensional Newton step
        assert abs(residual @ column) * error < 1e-4


def test_tariff_leverages_and_clusters(tariff):
    leverage = tariff.leverage()
    assert leverage.sum() == pytest.approx(55, rel=1e-9)  # the rank
    assert 0 < leverage.min() < leverage.max() < 1
    # every policy a cluster of its own is HC0, but for the number of clusters
    by_policy = tariff.cov_robust("HC0", groups=np.arange(len(leverage)))
    expected = tariff.cov_robust("HC0") * len(leverage) / (len(leverage) - 1)
    np.testing.assert_allclose(by_policy, expected, rtol=1e-8, atol=1e-12)


def test_tariff_without_each_factor(tariff, policies):
    table = tariff.drop1()
    # as many as their columns, the aliased one apart
    assert table["Df"].tolist() == [0, 6, 5, 4, 1, 1, 5, 10, 1, 21]
    assert (table["Chisq"][1:] > 0).all()
    less = TARIFF.replace("+C(Region)", "")
    without = rs.glm(less, policies, family="poisson", exposure="Exposure").fit()
    assert table["Term"].iloc[-1] == "C(Region)"
    assert table["Deviance"].iloc[-1] == pytest.approx(without.deviance, abs=1e-6)


def test_tariff_twice_is_bit_identical(tariff, policies):
    again = rs.glm(TARIFF, policies, family="poisson", exposure="Exposure").fit()
    np.testing.assert_array_equal(again.params, tariff.params)
    assert again.deviance == tariff.deviance


# --- Separation ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["tariff", "frequency", "severity"])
def test_weakly_identified_is_not_separated(name, request):
    # Warnings are errors here: that the fixtures fit is half of this test.
    assert request.getfixturevalue(name).fit.separated == ()


def test_ages_without_claims_are_named(policies):
    claims = policies.groupby("DrivAge")["ClaimNb"].agg(["sum", "size"])
    empty = claims[claims["sum"] == 0]
    model = rs.glm(
        "ClaimNb ~ C(DrivAge) + C(Area)", policies, family="poisson", exposure="Exposure"
    )
    assert len(empty) > 0
    with pytest.warns(rs.SeparationWarning, match="DrivAge="):
        result = model.fit()
    assert result.fit.separated == tuple(
        f"DrivAge={age} ({size} row{'s' if size > 1 else ''}, at the lower end)"
        for age, size in empty["size"].items()
    )
    assert result.converged


def test_an_encoding_beside_its_own_factor_converges(policies):
    """Levels without claims and a column that the others nearly span misled the secant pairs."""
    formula = "ClaimNb ~ TE(VehBrand) + C(Region) * C(VehBrand)"
    model = rs.glm(formula, policies, family="poisson", exposure="Exposure")
    with pytest.warns(rs.SeparationWarning, match="R43:B14"):
        result = model.fit()
    assert result.converged
    cells = policies.assign(mu=result.fittedvalues).groupby(["Region", "VehBrand"], observed=True)
    totals = cells[["ClaimNb", "mu"]].sum()
    np.testing.assert_allclose(totals["mu"], totals["ClaimNb"], rtol=1e-6, atol=1e-5)
