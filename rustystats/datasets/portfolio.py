"""A simulated motor portfolio of any size whose truth is known, row by row.

It has the columns of the French data (`fremtpl2.py`). The truth has main effects only, each linear
in a transform that a formula can write:

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

from numbers import Integral
from typing import Any, Literal

import numpy as np

from rustystats.datasets.fremtpl2 import FREQ_TYPES

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


def make_motor_portfolio(
    n: int = 10_000, seed: int = 0, *, frame: Literal["pandas", "polars"] = "pandas"
) -> Any:
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
    columns = {name: columns[name] for name in [*FREQ_TYPES, "ClaimAmount"]}
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
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise ValueError(f"{name} must be {limits}, got {value!r}")
    whole = int(value)
    if whole < low or (high is not None and whole > high):
        raise ValueError(f"{name} must be {limits}, got {value}")
    return whole


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

    table: dict[str, Any] = dict(columns)
    for name, levels in _LEVELS.items():
        table[name] = pd.Categorical.from_codes(columns[name], categories=levels)  # type: ignore[call-overload]
    return pd.DataFrame(table, copy=False)


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
