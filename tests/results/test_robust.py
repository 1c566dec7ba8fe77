"""Robust errors in tables and summaries, and the labels that make clusters."""

import re

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import rustystats as rs
from rustystats.inference.covariance import normal_interval, significance_code, two_sided_pvalues

N = 600
RNG = np.random.default_rng(41)
X = RNG.normal(size=N)
FRAME = pd.DataFrame(
    {
        "y": RNG.poisson(RNG.gamma(1.0, np.exp(0.3 * X))),
        "x": X,
        "area": RNG.choice(list("ABC"), N),
        "policy": RNG.integers(0, 50, N),
    }
)
POLICY = FRAME["policy"]


@pytest.fixture(scope="module")
def result():
    return rs.glm("y ~ x + area", FRAME, family="poisson").fit()


@pytest.fixture(scope="module")
def expected(result):
    """Definition of the cluster-robust covariance (HC1)."""
    x = result.model.problem.design.to_dense()
    scores = x * (FRAME["y"] - result.fittedvalues).to_numpy()[:, None]
    sums = pd.DataFrame(scores).groupby(POLICY.to_numpy()).sum().to_numpy()
    n_clusters, p = sums.shape
    factor = n_clusters / (n_clusters - 1) * (N - 1) / (N - p)
    return factor * result.cov_params() @ sums.T @ sums @ result.cov_params()


NAMES = POLICY.map("policy {}".format)
LABELS = {
    "numbers": POLICY.to_numpy(),
    "far apart": POLICY.to_numpy() * 10**15,
    "floats": POLICY.to_numpy() / 7,
    "infinite": np.where(POLICY == 3, np.inf, POLICY),
    "numbers and texts": [p if p > 2 else f"{p}" for p in POLICY],
    "Series": POLICY,
    "Series with another index": POLICY.set_axis(np.arange(N)[::-1]),
    "texts": NAMES,
    "text array": NAMES.to_numpy(dtype=str),
    "objects": NAMES.to_numpy(dtype=object),
    "list": NAMES.tolist(),
    "tuples": [(p, "a") for p in POLICY],
    "categories": NAMES.astype("category"),
    "nullable": POLICY.astype("Int32"),
    "dates": pd.Timestamp("2024-01-01") + pd.to_timedelta(POLICY, unit="D"),
    "polars": pl.Series(NAMES.to_numpy(dtype=object), dtype=pl.String),
    "polars numbers": pl.Series(POLICY.to_numpy()),
    "polars categories": pl.Series(NAMES.to_list(), dtype=pl.Categorical),
    "pyarrow": pa.chunked_array([NAMES.tolist()[:100], NAMES.tolist()[100:]]),
    "pyarrow numbers": pa.chunked_array([POLICY.to_numpy()]),
}


@pytest.mark.parametrize("kind", LABELS)
def test_labels_of_any_kind(result, expected, kind):
    found = result.cov_robust(groups=LABELS[kind])
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-10)


MISSING = [
    NAMES.where(POLICY != 3),
    NAMES.where(POLICY != 3).astype("category"),
    POLICY.where(POLICY != 3),
    POLICY.where(POLICY != 3).to_numpy(),
    POLICY.astype("Int64").where(POLICY != 3),
    [None if p == 3 else p for p in POLICY],
    pl.Series([None if p == 3 else p for p in POLICY]),
    pl.Series([None if p == 3 else f"{p}" for p in POLICY]),
    pa.chunked_array([[None if p == 3 else f"{p}" for p in POLICY]]),
]


@pytest.mark.parametrize("labels", MISSING)
def test_missing_labels(result, labels):
    count = int((POLICY == 3).sum())
    with pytest.raises(ValueError, match=f"groups has {count} missing labels.*one of their own"):
        result.cov_robust(groups=labels)


def test_one_label_a_row(result):
    for labels in (POLICY.head(5), POLICY.tolist() * 2, "policy", 3, FRAME[["policy"]], np.eye(N)):
        with pytest.raises(ValueError, match=r"groups has shape .*600 rows: pass one label a row"):
            result.cov_robust(groups=labels)


OPTIONS = [{"cov_type": t} for t in ("HC0", "hc1", "HC2", "HC3")]
OPTIONS += [{"groups": POLICY}, {"groups": POLICY, "cov_type": "HC0"}]


@pytest.mark.parametrize("options", OPTIONS)
def test_every_answer_follows_from_the_covariance(result, options):
    error = np.sqrt(np.diagonal(result.cov_robust(**options)))
    z = result.params / error
    np.testing.assert_array_equal(result.bse_robust(**options), error)
    np.testing.assert_array_equal(result.tvalues_robust(**options), z)
    np.testing.assert_array_equal(result.pvalues_robust(**options), two_sided_pvalues(z))
    limits = normal_interval(result.params, error, 0.2)
    np.testing.assert_array_equal(result.conf_int_robust(0.2, **options), limits)
    table = result.coef_table(**options)
    np.testing.assert_array_equal(table["Std.Error"], error)
    np.testing.assert_array_equal(table["z"], z)
    np.testing.assert_array_equal(table["Pr(>|z|)"], two_sided_pvalues(z))
    assert table["Signif"].tolist() == [significance_code(p) for p in two_sided_pvalues(z)]


@pytest.mark.parametrize("options", OPTIONS)
def test_summary_has_the_errors_it_names(result, options):
    lines = result.summary(alpha=0.1, **options).split("\n")
    table = result.coef_table(**options)
    limits = result.conf_int_robust(0.1, **options)
    for j, name in enumerate(result.feature_names):
        (line,) = [line for line in lines if line.startswith(f"{name} ")]
        numbers = line[30:].replace("<", " ").split()
        assert float(numbers[1]) == pytest.approx(table["Std.Error"][j], abs=6e-5)
        assert float(numbers[2]) == pytest.approx(table["z"][j], abs=6e-3)
        assert float(numbers[4]) == pytest.approx(limits[j, 0], abs=6e-5)
        assert float(numbers[5]) == pytest.approx(limits[j, 1], abs=6e-5)
        assert numbers[6:] == [code for code in [table["Signif"][j]] if code]
    named = options.get("cov_type", "HC1").upper() + " (sandwich)"
    if "groups" in options:
        named += f", {POLICY.nunique()} clusters"
    assert lines[-1] == f"Std. errors: {named}"


def test_without_a_type_the_errors_are_model_based(result):
    assert "Std. errors" not in result.summary()
    np.testing.assert_array_equal(result.coef_table()["Std.Error"], result.bse())
    assert np.abs(result.bse_robust() / result.bse() - 1).max() > 0.05


def test_clusters_without_weight_are_not_counted():
    weights = np.where(POLICY < 10, 0.0, 1.0)
    result = rs.glm("y ~ x", FRAME, family="poisson", weights=weights).fit()
    text = result.summary(groups=POLICY)
    assert re.search(r"\(sandwich\), 40 clusters$", text)


def test_unknown_type_in_tables(result):
    for ask in (result.summary, result.coef_table):
        with pytest.raises(ValueError, match=r"^Unknown cov_type 'HC9'"):
            ask(cov_type="HC9")
        with pytest.raises(ValueError, match="not defined for groups"):
            ask(cov_type="HC3", groups=POLICY)


def test_bad_level(result):
    for alpha in (0, 1, -0.1):
        with pytest.raises(ValueError, match="alpha"):
            result.conf_int_robust(alpha)


def test_a_level_without_claims_has_no_robust_error():
    """Its residuals vanish with its information: 0 / 0, and not 0."""
    data = FRAME.assign(y=np.where(FRAME["area"] == "C", 0, FRAME["y"]))
    with pytest.warns(rs.SeparationWarning):
        separated = rs.glm("y ~ x + area", data, family="poisson").fit()
    others = rs.glm("y ~ x + area", data[data["area"] != "C"], family="poisson").fit()
    for cov_type in ("HC0", "HC1", "HC3"):
        errors = separated.bse_robust(cov_type)
        assert np.isnan(errors).tolist() == [False, False, False, True]
        assert np.isnan(separated.cov_robust(cov_type)).sum() == 7
    np.testing.assert_allclose(separated.bse_robust("HC0")[:3], others.bse_robust("HC0"), rtol=1e-6)
