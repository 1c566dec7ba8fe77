"""Motor portfolios to learn, test and measure with: the French public data and a simulated one.

Two sources, the same twelve rating columns:

* ``load_fremtpl2_freq``, ``load_fremtpl2_sev`` and ``load_fremtpl2_claims_by_policy`` read the
  French motor third-party liability data (Dutang & Charpentier, R package CASdatasets; OpenML
  41214 and 41215). They come from a folder, or are downloaded by scikit-learn;
* ``make_motor_portfolio`` simulates a portfolio of any size whose truth is known:
  ``motor_true_rate`` and ``motor_true_severity`` return it row by row.

The simulated truth has main effects only, each linear in a transform that a formula can write:

    log(claims per year)  = -3.09 + 0.5 exp(-(DrivAge - 18) / 8) + 0.00025 (DrivAge - 45)^2
                            + 0.9 log(BonusMalus / 50) + 0.05 log(Density)
                            + 0.02 (VehPower - 4) - 0.02 min(VehAge, 15)
                            + 0.08 [VehGas = Diesel] + effect of VehBrand + effect of Region
    log(euros per claim)  = 7.3 + 0.03 (VehPower - 4) - 0.01 min(VehAge, 15)
                            + 0.3 exp(-(DrivAge - 18) / 8) - 0.03 log(Density)

``ClaimNb`` is Poisson with mean ``Exposure`` times the first, the cost of one claim is Gamma with
the second as its mean and dispersion 1.25. ``Area`` has no effect beyond ``Density``, of which it
is a coarser version. The effects of brands and regions are in ``_BRANDS`` and ``_REGIONS``.
"""

from __future__ import annotations

import os
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "load_fremtpl2_claims_by_policy",
    "load_fremtpl2_freq",
    "load_fremtpl2_sev",
    "make_motor_portfolio",
    "motor_true_rate",
    "motor_true_severity",
]

_FOLDER_VARIABLE = "RUSTYSTATS_DATA"

_FREQ_TYPES = {
    "IDpol": "int32",
    "ClaimNb": "int16",
    "Exposure": "float64",
    "Area": "str",
    "VehPower": "int16",
    "VehAge": "int16",
    "DrivAge": "int16",
    "BonusMalus": "int16",
    "VehBrand": "str",
    "VehGas": "str",
    "Density": "int32",
    "Region": "str",
}
_SEV_TYPES = {"IDpol": "int32", "ClaimAmount": "float64"}


# --- The French data ----------------------------------------------------------------------------


def load_fremtpl2_freq(
    folder: str | os.PathLike[str] | None = None, *, cap: bool = False
) -> pd.DataFrame:
    """French motor third-party liability: 678,013 policies and their number of claims.

    Parameters
    ----------
    folder : path, optional
        Where ``freMTPL2freq.parquet`` lies (reading it needs pyarrow). By default the folder that
        the environment variable ``RUSTYSTATS_DATA`` names; where that is not set,
        ``sklearn.datasets.fetch_openml(data_id=41214)`` downloads the data and keeps a copy.
    cap : bool, default False
        True limits ``ClaimNb`` to 4 and ``Exposure`` to 1 year, the corrections usual in the
        literature. False returns the data as published: up to 16 claims, up to 2.01 years.

    Returns
    -------
    pandas.DataFrame
        One row per policy: ``IDpol``, ``ClaimNb`` (claims in the period), ``Exposure`` (years),
        ``Area`` (A rural to F urban), ``VehPower``, ``VehAge`` (years), ``DrivAge`` (years),
        ``BonusMalus`` (50 to 230, 100 at entry), ``VehBrand``, ``VehGas``, ``Density``
        (inhabitants per square kilometre), ``Region``. Texts are strings, counts integers.

    Raises
    ------
    FileNotFoundError
        The file is not in the folder, or no folder was named and the download failed.
    ValueError
        The file lacks a column.

    Examples
    --------
    >>> from rustystats.datasets import load_fremtpl2_freq
    >>> load_fremtpl2_freq("shared/data", cap=True).shape  # doctest: +SKIP
    (678013, 12)
    """
    freq = _load("freMTPL2freq.parquet", 41214, _FREQ_TYPES, folder)
    if cap:
        freq["ClaimNb"] = freq["ClaimNb"].clip(upper=4)
        freq["Exposure"] = freq["Exposure"].clip(upper=1.0)
    return freq


def load_fremtpl2_sev(folder: str | os.PathLike[str] | None = None) -> pd.DataFrame:
    """French motor third-party liability: the amounts of 26,639 claims.

    Parameters
    ----------
    folder : path, optional
        Where ``freMTPL2sev.parquet`` lies; the defaults are those of `load_fremtpl2_freq`
        (OpenML 41215).

    Returns
    -------
    pandas.DataFrame
        One row per claim: ``IDpol``, ``ClaimAmount`` (euros). The claims of 6 policies have no
        row in the frequency table.

    Raises
    ------
    FileNotFoundError, ValueError
        As `load_fremtpl2_freq`.

    Examples
    --------
    >>> from rustystats.datasets import load_fremtpl2_sev
    >>> load_fremtpl2_sev("shared/data").shape  # doctest: +SKIP
    (26639, 2)
    """
    return _load("freMTPL2sev.parquet", 41215, _SEV_TYPES, folder)


def load_fremtpl2_claims_by_policy(
    folder: str | os.PathLike[str] | None = None, *, cap: bool = False
) -> pd.DataFrame:
    """French motor third-party liability: the 24,944 policies with a claim amount, for severity.

    The claims are summed by policy and joined to the rows of `load_fremtpl2_freq`, whose order
    is kept. ``PaidClaimNb`` counts the amounts and is the weight of a severity model. The 9,116
    policies that report claims without any amount are left out.

    Parameters
    ----------
    folder : path, optional
        Where both files lie; the defaults are those of `load_fremtpl2_freq`.
    cap : bool, default False
        As in `load_fremtpl2_freq`. Amounts are never capped here.

    Returns
    -------
    pandas.DataFrame
        The columns of `load_fremtpl2_freq`, then ``ClaimAmount`` (euros, sum of the policy's
        claims) and ``PaidClaimNb`` (their number).

    Raises
    ------
    FileNotFoundError, ValueError
        As `load_fremtpl2_freq`.

    Examples
    --------
    The average claim, large ones limited to 100,000 euros, is what a Gamma model explains:

    >>> from rustystats.datasets import load_fremtpl2_claims_by_policy
    >>> claims = load_fremtpl2_claims_by_policy("shared/data", cap=True)  # doctest: +SKIP
    >>> average = claims["ClaimAmount"] / claims["PaidClaimNb"]  # doctest: +SKIP
    >>> average.clip(upper=100_000).size  # doctest: +SKIP
    24944
    """
    freq = load_fremtpl2_freq(folder, cap=cap)
    amounts = load_fremtpl2_sev(folder).groupby("IDpol")["ClaimAmount"]
    totals = amounts.agg(ClaimAmount="sum", PaidClaimNb="size").reset_index()
    totals["PaidClaimNb"] = totals["PaidClaimNb"].astype("int16")
    return freq.merge(totals, on="IDpol", how="inner", validate="one_to_one")


def _load(
    file: str, data_id: int, types: dict[str, str], folder: str | os.PathLike[str] | None
) -> pd.DataFrame:
    """Columns of a file in the folder, or of the OpenML data set, in the order and types given."""
    folder = folder or os.environ.get(_FOLDER_VARIABLE) or None
    if folder is None:
        raw = _download(file, data_id)
    else:
        raw = _read_parquet(Path(folder).expanduser() / file)
    missing = [name for name in types if name not in raw.columns]
    if missing:
        raise ValueError(f"{file} lacks the column(s) {', '.join(missing)}")
    data = raw[list(types)].astype(types)
    for name in [name for name, kind in types.items() if kind == "str"]:
        data[name] = data[name].str.strip("'")  # OpenML's ARFF file quotes its texts
    return data


def _read_parquet(path: Path) -> pd.DataFrame:
    import pandas as pd

    if not path.is_file():
        raise FileNotFoundError(
            f"{path} does not exist. Name the folder that holds {path.name} by the argument "
            f"`folder` or the environment variable {_FOLDER_VARIABLE}, or give neither and "
            "scikit-learn downloads the data from OpenML."
        )
    return pd.read_parquet(path)


def _download(file: str, data_id: int) -> pd.DataFrame:
    from sklearn.datasets import fetch_openml

    try:
        return fetch_openml(data_id=data_id, as_frame=True, parser="auto").frame
    except OSError as error:  # URLError and HTTPError are such
        raise FileNotFoundError(
            f"{file}: no folder was named and the download from OpenML ({data_id}) failed: "
            f"{error}. Put the file into a folder and name it by the argument `folder` or the "
            f"environment variable {_FOLDER_VARIABLE}."
        ) from error


# --- The simulated portfolio: its marginals and its truth ----------------------------------------

# brand: (share among vehicles up to 2 years, share among older ones, effect on the log rate)
_BRANDS = {
    "B1": (0.16, 0.27, 0.00),
    "B10": (0.03, 0.025, 0.05),
    "B11": (0.02, 0.02, 0.15),
    "B12": (0.55, 0.12, -0.20),
    "B13": (0.015, 0.02, 0.05),
    "B14": (0.005, 0.006, -0.15),
    "B2": (0.14, 0.28, 0.00),
    "B3": (0.03, 0.10, 0.05),
    "B4": (0.02, 0.045, 0.02),
    "B5": (0.02, 0.064, 0.10),
    "B6": (0.01, 0.05, 0.03),
}
# region: (share, shift of the mean log density, effect on the log rate)
_REGIONS = {
    "R11": (0.103, 1.7, 0.10),
    "R21": (0.005, -0.6, 0.12),
    "R22": (0.012, -0.4, 0.08),
    "R23": (0.013, -0.2, -0.05),
    "R24": (0.237, -0.6, 0.00),
    "R25": (0.016, -0.7, -0.02),
    "R26": (0.015, -0.8, -0.03),
    "R31": (0.040, 0.6, -0.05),
    "R41": (0.019, 0.0, -0.15),
    "R42": (0.003, 0.4, 0.02),
    "R43": (0.002, -0.1, -0.10),
    "R52": (0.057, -0.3, -0.04),
    "R53": (0.062, -0.3, 0.03),
    "R54": (0.028, -0.6, -0.02),
    "R72": (0.046, -0.2, -0.08),
    "R73": (0.025, -0.1, -0.12),
    "R74": (0.007, -0.9, 0.20),
    "R82": (0.125, 0.3, 0.15),
    "R83": (0.008, -0.7, -0.10),
    "R91": (0.053, 0.1, -0.06),
    "R93": (0.117, 0.5, 0.05),
    "R94": (0.007, -0.5, 0.25),
}
_LEVELS = {  # of the text columns, sorted
    "Area": list("ABCDEF"),
    "VehBrand": list(_BRANDS),
    "VehGas": ["Diesel", "Regular"],
    "Region": list(_REGIONS),
}
_AREA_LIMITS = [50, 100, 500, 2000, 10_000]  # inhabitants per square kilometre, upper end included
# Whole inhabitants, spaced evenly in logarithms: 1,623 values, about as many as the French data
_DENSITIES = np.unique(np.rint(np.geomspace(1, 27_000, 3000))).astype(np.int32)
_LOG_DENSITY_MEAN, _LOG_DENSITY_SD = 5.9, 1.75
_SEVERITY_SHAPE = 0.8  # of the Gamma cost of one claim: dispersion 1 / 0.8


def make_motor_portfolio(n: int = 10_000, seed: int = 0, *, frame: str = "pandas") -> Any:
    """Simulate a motor portfolio with the columns of freMTPL2 and a known truth.

    Ages, brands, regions, bonus-malus and densities follow the shape of the French data and
    depend on one another: regions differ in density, ``Area`` is a function of ``Density``,
    ``BonusMalus`` falls with claim-free years and so with ``DrivAge``, brand B12 has new
    vehicles, strong vehicles run on diesel. A quarter of the policies has an exposure of 1 year.
    The top of this module states the true rate and severity.

    Parameters
    ----------
    n : int, default 10_000
        Number of policies, 1 to 2,147,483,647. Ten million take 1 to 2 seconds and 0.7 GB.
    seed : int, default 0
        Not negative. Equal ``n`` and ``seed`` give equal data; another ``n`` gives other rows.
    frame : {"pandas", "polars"}, default "pandas"
        Kind of DataFrame returned, with equal values.

    Returns
    -------
    pandas.DataFrame or polars.DataFrame
        One row per policy, the columns of `load_fremtpl2_freq` in its units, then ``ClaimAmount``
        (euros, total of the policy's claims, 0.0 without any). ``Area``, ``VehBrand``,
        ``VehGas`` and ``Region`` are pandas categoricals (polars: ``Enum``) of all their levels,
        sorted, not ordered, whatever ``n``: one byte per row.

    Raises
    ------
    ValueError
        ``n``, ``seed`` or ``frame`` is not one of the values above.

    See Also
    --------
    motor_true_rate, motor_true_severity : The truth behind the rows.

    Examples
    --------
    >>> from rustystats.datasets import make_motor_portfolio
    >>> data = make_motor_portfolio(20_000, seed=1)
    >>> data.shape
    (20000, 13)
    >>> data["Area"].cat.categories.tolist()
    ['A', 'B', 'C', 'D', 'E', 'F']
    >>> bool(0.05 < data["ClaimNb"].sum() / data["Exposure"].sum() < 0.12)
    True
    """
    n = _check_int("n", n, 1, np.iinfo(np.int32).max)
    rng = np.random.default_rng(_check_int("seed", seed, 0, None))
    if frame not in ("pandas", "polars"):
        raise ValueError(f"frame must be 'pandas' or 'polars', got {frame!r}")
    columns = _draw_factors(n, rng)
    columns.update(_draw_claims(columns, rng))
    columns = {name: columns[name] for name in [*_FREQ_TYPES, "ClaimAmount"]}
    return _to_pandas(columns) if frame == "pandas" else _to_polars(columns)


def motor_true_rate(data: Any) -> np.ndarray:
    """Expected number of claims per year behind the rows of `make_motor_portfolio`.

    Parameters
    ----------
    data : DataFrame or mapping of columns
        With ``DrivAge``, ``BonusMalus``, ``Density``, ``VehPower``, ``VehAge``, ``VehGas``,
        ``VehBrand`` and ``Region``; any other rows with these columns will do.

    Returns
    -------
    ndarray of shape (n,)
        Claims per year of exposure; times ``Exposure`` it is the mean of ``ClaimNb``.

    Raises
    ------
    ValueError
        A brand, fuel or region is not one of those simulated.

    Examples
    --------
    >>> from rustystats.datasets import make_motor_portfolio, motor_true_rate
    >>> data = make_motor_portfolio(50_000)
    >>> expected = (data["Exposure"] * motor_true_rate(data)).sum()
    >>> bool(abs(data["ClaimNb"].sum() / expected - 1) < 0.1)
    True
    """
    coded = ("VehBrand", "VehGas", "Region")
    columns = {name: _level_codes(name, data[name]) for name in coded}
    for name in ("DrivAge", "BonusMalus", "Density", "VehPower", "VehAge"):
        columns[name] = np.asarray(data[name])
    return _rate(columns)


def motor_true_severity(data: Any) -> np.ndarray:
    """Expected cost of one claim behind the rows of `make_motor_portfolio`.

    Parameters
    ----------
    data : DataFrame or mapping of columns
        With ``DrivAge``, ``Density``, ``VehPower`` and ``VehAge``.

    Returns
    -------
    ndarray of shape (n,)
        Euros per claim; times ``ClaimNb`` it is the mean of ``ClaimAmount``.

    Examples
    --------
    >>> from rustystats.datasets import motor_true_severity
    >>> row = {"DrivAge": [45], "Density": [1000], "VehPower": [6], "VehAge": [5]}
    >>> motor_true_severity(row).round(1)
    array([1227.9])
    """
    names = ("DrivAge", "Density", "VehPower", "VehAge")
    return _severity({name: np.asarray(data[name]) for name in names})


def _rate(columns: dict[str, np.ndarray]) -> np.ndarray:
    """Claims per year, shape (n,); text columns are codes into ``_LEVELS``."""
    age = columns["DrivAge"].astype(np.float64)
    eta = 0.5 * np.exp((18.0 - age) / 8.0)
    eta += 0.00025 * np.square(age - 45.0) - 3.09
    eta += 0.9 * np.log(columns["BonusMalus"] / 50.0)
    eta += 0.05 * np.log(columns["Density"].astype(np.float64))
    eta += 0.02 * (columns["VehPower"] - 4.0)
    eta -= 0.02 * np.minimum(columns["VehAge"], 15)
    eta += np.array([0.08, 0.0])[columns["VehGas"]]
    eta += np.array([effect for *_, effect in _BRANDS.values()])[columns["VehBrand"]]
    eta += np.array([effect for *_, effect in _REGIONS.values()])[columns["Region"]]
    return np.exp(eta, out=eta)


def _severity(columns: dict[str, np.ndarray]) -> np.ndarray:
    """Euros per claim, shape (n,)."""
    eta = 7.3 + 0.03 * (columns["VehPower"] - 4.0)
    eta -= 0.01 * np.minimum(columns["VehAge"], 15)
    eta += 0.3 * np.exp((18.0 - columns["DrivAge"]) / 8.0)
    eta -= 0.03 * np.log(columns["Density"].astype(np.float64))
    return np.exp(eta, out=eta)


# --- Drawing -------------------------------------------------------------------------------------


def _draw_factors(n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Everything known before a claim; text columns as int8 codes into ``_LEVELS``."""
    columns = {"IDpol": np.arange(1, n + 1, dtype=np.int32)}
    columns["Exposure"] = _draw_exposure(n, rng)
    columns["Region"] = _draw(rng, n, [share for share, *_ in _REGIONS.values()], np.int8)
    columns["Area"], columns["Density"] = _draw_density(columns["Region"], rng)
    columns["DrivAge"], columns["BonusMalus"] = _draw_driver(n, rng)

    vehicle_age = np.arange(31)
    shares = np.exp(-vehicle_age / 15) / (1 + np.exp((vehicle_age - 16) / 1.5))
    columns["VehAge"] = _draw(rng, n, shares, np.int16)
    shares = [0.17, 0.18, 0.22, 0.21, 0.07, 0.045, 0.046, 0.027, 0.012, 0.006, 0.006, 0.008]
    columns["VehPower"] = power = _draw(rng, n, shares, np.int16)

    by_age = np.array([(new, old) for new, old, _ in _BRANDS.values()]).T
    columns["VehBrand"] = _draw(rng, n, by_age, np.int8, given=columns["VehAge"] > 2)
    diesel = np.linspace(0.35, 0.75, 12)  # by power
    columns["VehGas"] = _draw(rng, n, np.column_stack([diesel, 1 - diesel]), np.int8, given=power)
    power += 4
    return columns


def _draw(
    rng: np.random.Generator, n: int, shares: Any, dtype: type, given: np.ndarray | None = None
) -> np.ndarray:
    """Draw n positions with probability proportional to shares, or to the row of shares given.

    One random 16-bit number per draw looks its position up in a table of 65,536: many times faster
    than ``Generator.choice``, at the price of shares rounded to multiples of 1/65,536.
    """
    shares = np.atleast_2d(shares)
    ends = np.rint(np.cumsum(shares, axis=1) / shares.sum(axis=1, keepdims=True) * 65_536)
    sizes = np.diff(ends, axis=1, prepend=0).astype(np.int64)
    positions = np.arange(shares.shape[1], dtype=dtype)
    table = np.stack([np.repeat(positions, size) for size in sizes])
    at = rng.integers(0, 65_536, n, dtype=np.uint16)
    return table[0][at] if given is None else table[given.astype(np.uint8), at]


def _draw_exposure(n: int, rng: np.random.Generator) -> np.ndarray:
    """Years, in whole days of 1/365: a quarter exactly 1, the others mostly short."""
    days = np.arange(366) / 365
    shares = 0.75 * np.diff(days**0.6)
    shares[-1] += 0.25
    return days[1:][_draw(rng, n, shares, np.int16)]


def _draw_density(region: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Area codes and inhabitants per square kilometre: log-normal, its mean by region."""
    log_density = _LOG_DENSITY_SD * rng.standard_normal(region.size, dtype=np.float32)
    means = _LOG_DENSITY_MEAN + np.array([shift for _, shift, _ in _REGIONS.values()])
    log_density += means.astype(np.float32)[region]
    step = np.log(27_000) / 8191  # a fine even grid of logarithms leads to the nearest density
    grid = np.exp(step * np.arange(8192))
    nearest = np.searchsorted((_DENSITIES[:-1] + _DENSITIES[1:]) / 2, grid).astype(np.int16)
    log_density /= np.float32(step)
    at = nearest[np.clip(log_density, 0, 8191, out=log_density).astype(np.int16)]
    area = np.searchsorted(_AREA_LIMITS, _DENSITIES).astype(np.int8)
    return area[at], _DENSITIES[at]


def _draw_driver(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Age in years and bonus-malus coefficient by the French rule.

    It starts at 100, falls by 5 % with every year without a claim to no less than 50, which takes
    13 years, and rises by 25 % with a claim; amounts are cut to whole points.
    """
    years = np.arange(18, 100)
    shares = 0.55 * np.exp(-0.5 * ((years - 36) / 9) ** 2) / 9
    shares += 0.45 * np.exp(-0.5 * ((years - 55) / 13) ** 2) / 13
    age = _draw(rng, n, shares, np.int16)
    lost_years = _draw(rng, n, 0.9 ** np.arange(60), np.int16)  # late start or earlier claims
    good_years = np.clip(age - lost_years, 0, 13)
    claims = _draw(rng, n, [0.9, 0.08, 0.017, 0.003], np.int8)

    bonus = [100]
    for _ in range(13):
        bonus.append(max(50, bonus[-1] * 95 // 100))
    coefficient = [[int(b * 1.25**k) for b in bonus] for k in range(4)]
    return age + np.int16(18), np.array(coefficient, dtype=np.int16)[claims, good_years]


def _draw_claims(columns: dict[str, np.ndarray], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Number of claims and their total cost; a sum of k Gamma claims is Gamma of k-fold shape."""
    mean = _rate(columns)
    mean *= columns["Exposure"]
    number = rng.poisson(mean).astype(np.int16)
    rows = np.flatnonzero(number)
    names = ("DrivAge", "Density", "VehPower", "VehAge")
    scale = _severity({name: columns[name][rows] for name in names}) / _SEVERITY_SHAPE
    cost = rng.gamma(_SEVERITY_SHAPE * number[rows], scale)
    amount = np.zeros(number.size)
    amount[rows] = np.maximum(cost.round(2), 0.01)  # a claim costs at least a cent
    return {"ClaimNb": number, "ClaimAmount": amount}


# --- Arguments and DataFrames --------------------------------------------------------------------


def _check_int(name: str, value: Any, low: int, high: int | None) -> int:
    limits = f"an integer of at least {low}" + ("" if high is None else f" and at most {high}")
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise ValueError(f"{name} must be {limits}, got {value!r}")
    if value < low or (high is not None and value > high):
        raise ValueError(f"{name} must be {limits}, got {value}")
    return int(value)


def _level_codes(name: str, values: Any) -> np.ndarray:
    """Positions of texts in ``_LEVELS[name]``."""
    import pandas as pd

    if not isinstance(values, pd.Series):
        values = pd.Series(np.asarray(values, dtype=object))
    codes = pd.Index(_LEVELS[name]).get_indexer(values)
    unknown = np.flatnonzero(codes < 0)
    if unknown.size:
        first = values.iloc[unknown[0]]
        raise ValueError(
            f"{name}: {unknown.size} row(s) with a level that the simulated portfolio does not "
            f"have, the first is {first!r}; known are {', '.join(_LEVELS[name])}"
        )
    return codes.astype(np.int8)


def _to_pandas(columns: dict[str, np.ndarray]) -> Any:
    import pandas as pd

    for name, levels in _LEVELS.items():
        columns[name] = pd.Categorical.from_codes(columns[name], categories=levels)
    return pd.DataFrame(columns, copy=False)


def _to_polars(columns: dict[str, np.ndarray]) -> Any:
    try:
        import polars as pl
    except ImportError as error:
        raise ImportError(
            "frame='polars' needs polars: pip install 'rustystats[polars]'"
        ) from error
    series = {name: pl.Series(name, values) for name, values in columns.items()}
    for name, levels in _LEVELS.items():
        series[name] = pl.Series(name, levels, dtype=pl.Enum(levels)).gather(columns[name])
    return pl.DataFrame(series)
