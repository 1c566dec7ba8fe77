"""French motor third-party liability: 678,013 policies, the standard public pricing data.

Dutang & Charpentier, R package CASdatasets; OpenML 41214 (policies) and 41215 (claims). The data
come from a folder given by argument or RUSTYSTATS_DATA, or are downloaded by scikit-learn.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_FOLDER_VARIABLE = "RUSTYSTATS_DATA"

FREQ_TYPES = {
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


def fremtpl2_folder() -> Path | None:
    """Where the French data are on this machine: what ``RUSTYSTATS_DATA`` names, or None.

    With None the loaders would download. Code that must not, and can do with other data, asks here
    first.

    Returns
    -------
    Path or None
        None where the environment variable is not set or empty. Whether the folder has the files
        is for the loaders to say.

    See Also
    --------
    make_motor_portfolio : The same columns, simulated.

    Examples
    --------
    >>> from rustystats import datasets
    >>> folder = datasets.fremtpl2_folder()
    >>> if folder is None:
    ...     data = datasets.make_motor_portfolio(10_000)
    ... else:
    ...     data = datasets.load_fremtpl2_freq(folder)
    >>> data.columns[:3].tolist()
    ['IDpol', 'ClaimNb', 'Exposure']
    """
    named = os.environ.get(_FOLDER_VARIABLE)
    return Path(named).expanduser() if named else None


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
    freq = _load("freMTPL2freq.parquet", 41214, FREQ_TYPES, folder)
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
    folder = folder or fremtpl2_folder()
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
