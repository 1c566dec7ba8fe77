"""Data sets: the French data as published, the simulated portfolio as its truth says."""

import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rustystats import datasets

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDER = Path(os.environ.get("RUSTYSTATS_DATA") or REPOSITORY.parent / "shared" / "data")
french_data = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"freMTPL2 data: folder {FOLDER} does not exist"
)

FACTORS = ["Area", "VehPower", "VehAge", "DrivAge", "BonusMalus", "VehBrand", "VehGas"]
COLUMNS = ["IDpol", "ClaimNb", "Exposure", *FACTORS, "Density", "Region"]
TEXTS = ["Area", "VehBrand", "VehGas", "Region"]


@pytest.fixture(scope="module")
def portfolio():
    return datasets.make_motor_portfolio(200_000, seed=7)


# --- The simulated portfolio ---------------------------------------------------------------------


def test_portfolio_has_documented_columns_and_types(portfolio):
    assert portfolio.shape == (200_000, 13)
    assert list(portfolio.columns) == [*COLUMNS, "ClaimAmount"]
    types = {name: str(kind) for name, kind in portfolio.dtypes.items()}
    assert {types.pop(name) for name in TEXTS} == {"category"}
    assert types == {
        "IDpol": "int32",
        "ClaimNb": "int16",
        "Exposure": "float64",
        "VehPower": "int16",
        "VehAge": "int16",
        "DrivAge": "int16",
        "BonusMalus": "int16",
        "Density": "int32",
        "ClaimAmount": "float64",
    }
    assert not portfolio.isna().any().any()
    assert portfolio["IDpol"].is_unique


@pytest.mark.parametrize("n", [1, np.int64(10)])
def test_levels_do_not_depend_on_n(portfolio, n):
    small = datasets.make_motor_portfolio(n)
    assert len(small) == n
    for name in TEXTS:
        levels = small[name].cat.categories.tolist()
        assert levels == sorted(levels)
        assert not small[name].cat.ordered
        assert set(portfolio[name].unique()) == set(levels)


def test_portfolio_is_a_function_of_n_and_seed():
    first = datasets.make_motor_portfolio(500, seed=3)
    pd.testing.assert_frame_equal(first, datasets.make_motor_portfolio(500, seed=3))
    assert not first.equals(datasets.make_motor_portfolio(500, seed=4))


def test_polars_has_the_values_of_pandas():
    pl = pytest.importorskip("polars")
    ours = datasets.make_motor_portfolio(500, seed=3)
    theirs = datasets.make_motor_portfolio(500, seed=3, frame="polars")
    assert isinstance(theirs, pl.DataFrame)
    assert theirs.columns == list(ours.columns)
    for name in ours.columns:
        assert theirs[name].to_list() == ours[name].tolist(), name
    assert theirs["Area"].dtype == pl.Enum(list("ABCDEF"))
    np.testing.assert_array_equal(datasets.motor_true_rate(theirs), datasets.motor_true_rate(ours))
    np.testing.assert_array_equal(
        datasets.motor_true_severity(theirs), datasets.motor_true_severity(ours)
    )


def test_without_polars_the_remedy_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(ImportError, match=r"pip install 'rustystats\[polars\]'"):
        datasets.make_motor_portfolio(10, frame="polars")


def test_ranges_and_dependence_are_realistic(portfolio):
    assert portfolio["Exposure"].between(0, 1, inclusive="right").all()
    assert (portfolio["Exposure"] == 1).mean() == pytest.approx(0.25, abs=0.01)
    assert portfolio["DrivAge"].between(18, 99).all()
    assert portfolio["VehPower"].between(4, 15).all()
    assert portfolio["VehAge"].between(0, 30).all()
    assert portfolio["BonusMalus"].between(50, 195).all()
    assert portfolio["Density"].between(1, 27_000).all()
    limits = [0, 50, 100, 500, 2000, 10_000, 27_000]
    assert (pd.cut(portfolio["Density"], limits).cat.codes == portfolio["Area"].cat.codes).all()
    young = portfolio["DrivAge"] < 25
    assert portfolio["BonusMalus"][young].mean() > portfolio["BonusMalus"][~young].mean() + 20
    density = np.log(portfolio["Density"]).groupby(portfolio["Region"], observed=True).mean()
    assert density["R11"] > density["R24"] + 1.5
    new_brand = portfolio["VehBrand"] == "B12"
    assert portfolio["VehAge"][new_brand].mean() < portfolio["VehAge"][~new_brand].mean() - 2


def test_frequency_follows_the_true_rate(portfolio):
    rate = datasets.motor_true_rate(portfolio)
    expected = portfolio["Exposure"] * rate
    claims = portfolio["ClaimNb"]
    assert 0.05 < claims.sum() / portfolio["Exposure"].sum() < 0.10
    assert abs(claims.sum() - expected.sum()) < 4 * np.sqrt(expected.sum())
    pearson = ((claims - expected) ** 2 / expected).mean()
    assert pearson == pytest.approx(1, abs=0.05)  # Poisson: variance equals mean
    age_class = pd.cut(portfolio["DrivAge"], [17, 22, 30, 40, 50, 60, 70, 99])
    for factor in [portfolio["Region"], portfolio["VehBrand"], portfolio["Area"], age_class]:
        actual = claims.groupby(factor, observed=True).sum()
        modelled = expected.groupby(factor, observed=True).sum()
        assert (abs(actual - modelled) < 4.5 * np.sqrt(modelled)).all(), factor.name


def test_cost_follows_the_true_severity(portfolio):
    claims = portfolio[portfolio["ClaimNb"] > 0]
    assert (portfolio["ClaimAmount"] > 0).sum() == len(claims)
    assert (claims["ClaimAmount"] > 0).all()
    expected = claims["ClaimNb"] * datasets.motor_true_severity(claims)
    ratio = claims["ClaimAmount"] / expected
    assert ratio.mean() == pytest.approx(1, abs=4 * np.sqrt(1.25 / len(claims)))
    dispersion = (claims["ClaimNb"] * (ratio - 1) ** 2).mean()
    assert dispersion == pytest.approx(1.25, rel=0.15)


def test_true_rate_is_the_documented_formula():
    row = {
        "DrivAge": np.array([18, 45]),
        "BonusMalus": [100, 50],
        "Density": [1, 1000],
        "VehPower": [4, 6],
        "VehAge": [20, 0],
        "VehGas": ["Diesel", "Regular"],
        "VehBrand": ["B12", "B1"],
        "Region": ["R11", "R24"],
    }
    young = 0.5 + 0.00025 * 27**2 + 0.9 * np.log(2) - 0.02 * 15 + 0.08 - 0.20 + 0.10
    adult = 0.5 * np.exp(-27 / 8) + 0.05 * np.log(1000) + 0.02 * 2
    for data in (row | {"BonusMalus": np.array([100, 50])}, pd.DataFrame(row)):
        rate = datasets.motor_true_rate(data)
        np.testing.assert_allclose(np.log(rate) + 3.09, [young, adult], rtol=1e-12)


def test_true_rate_names_an_unknown_level(portfolio):
    data = portfolio.head(3).assign(Region=["R11", "Paris", None])
    with pytest.raises(ValueError, match=r"Region: 2 row\(s\).*'Paris'.*known are R11"):
        datasets.motor_true_rate(data)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "n must be an integer of at least 1 .*got 0"),
        ({"n": -5}, "n must be an integer"),
        ({"n": 1e3}, "n must be an integer .*1000.0"),
        ({"n": "10"}, "n must be an integer .*'10'"),
        ({"n": True}, "n must be an integer .*True"),
        ({"n": 2**31}, "n must be an integer .*at most 2147483647"),
        ({"seed": -1}, "seed must be an integer of at least 0, got -1"),
        ({"seed": None}, "seed must be an integer"),
        ({"frame": "arrow"}, "frame must be 'pandas' or 'polars', got 'arrow'"),
    ],
)
def test_invalid_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        datasets.make_motor_portfolio(**arguments)


# --- The French data -----------------------------------------------------------------------------


@french_data
def test_freq_is_as_published():
    freq = datasets.load_fremtpl2_freq(FOLDER)
    assert list(freq.columns) == COLUMNS
    assert len(freq) == 678_013
    assert freq["ClaimNb"].sum() == 36_102
    assert freq["ClaimNb"].max() == 16
    assert freq["Exposure"].max() == pytest.approx(2.01)
    assert freq["ClaimNb"].dtype == "int16"
    assert all(pd.api.types.is_string_dtype(freq[name]) for name in TEXTS)


@french_data
def test_sev_is_as_published():
    sev = datasets.load_fremtpl2_sev(FOLDER)
    assert list(sev.columns) == ["IDpol", "ClaimAmount"]
    assert len(sev) == 26_639
    assert sev["ClaimAmount"].min() == 1.0


@french_data
def test_claims_by_policy_are_the_rows_of_the_golden_severity_model(monkeypatch):
    monkeypatch.setenv("RUSTYSTATS_DATA", str(FOLDER))
    claims = datasets.load_fremtpl2_claims_by_policy(cap=True)
    assert list(claims.columns) == [*COLUMNS, "ClaimAmount", "PaidClaimNb"]
    assert len(claims) == 24_944
    assert claims["PaidClaimNb"].sum() == 26_444
    assert claims["IDpol"].is_monotonic_increasing
    assert claims["ClaimNb"].max() == 4
    assert claims["ClaimNb"].dtype == "int16"
    assert claims["Exposure"].max() == 1.0


def test_the_folder_is_the_variable_and_the_loaders_read_it(tmp_path, monkeypatch):
    monkeypatch.delenv("RUSTYSTATS_DATA", raising=False)
    assert datasets.fremtpl2_folder() is None
    monkeypatch.setenv("RUSTYSTATS_DATA", "")
    assert datasets.fremtpl2_folder() is None
    monkeypatch.setenv("RUSTYSTATS_DATA", "~/french")
    assert datasets.fremtpl2_folder() == Path.home() / "french"
    monkeypatch.setenv("RUSTYSTATS_DATA", str(tmp_path))
    claims = pd.DataFrame({"IDpol": [1, 1], "ClaimAmount": [10.0, 20.0]})
    claims.to_parquet(tmp_path / "freMTPL2sev.parquet")
    assert datasets.load_fremtpl2_sev()["ClaimAmount"].tolist() == [10.0, 20.0]


def test_missing_file_says_which_and_what_to_do(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"freMTPL2freq\.parquet does not.*RUSTYSTATS_DATA"):
        datasets.load_fremtpl2_freq(tmp_path)
    monkeypatch.setenv("RUSTYSTATS_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"freMTPL2sev\.parquet does not exist"):
        datasets.load_fremtpl2_sev()


def test_file_without_a_column_is_refused(tmp_path):
    pd.DataFrame({"IDpol": [1]}).to_parquet(tmp_path / "freMTPL2sev.parquet")
    with pytest.raises(ValueError, match=r"freMTPL2sev\.parquet lacks .* ClaimAmount"):
        datasets.load_fremtpl2_sev(tmp_path)


def test_openml_frame_gets_the_same_types(monkeypatch):
    """OpenML gives floats, quoted texts as categories, and columns in another order."""
    published = datasets.make_motor_portfolio(20).drop(columns="ClaimAmount")
    raw = published.astype({"IDpol": float, "ClaimNb": float, "Density": float})
    for name in TEXTS:
        raw[name] = ("'" + raw[name].astype(str) + "'").astype("category")

    def fetch_openml(data_id, **options):
        assert data_id == 41214
        return type("Bunch", (), {"frame": raw[raw.columns[::-1]]})

    monkeypatch.delenv("RUSTYSTATS_DATA", raising=False)
    monkeypatch.setattr("sklearn.datasets.fetch_openml", fetch_openml)
    freq = datasets.load_fremtpl2_freq()
    pd.testing.assert_frame_equal(freq, published.astype(dict.fromkeys(TEXTS, str)))


def test_failed_download_says_what_to_do(monkeypatch):
    def fetch_openml(**options):
        raise OSError("no route to host")

    monkeypatch.delenv("RUSTYSTATS_DATA", raising=False)
    monkeypatch.setattr("sklearn.datasets.fetch_openml", fetch_openml)
    with pytest.raises(FileNotFoundError, match=r"41215.*no route to host.*RUSTYSTATS_DATA"):
        datasets.load_fremtpl2_sev()
