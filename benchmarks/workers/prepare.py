"""Write the benchmark data where every worker finds it: ``python prepare.py DATA CACHE``.

tariff.parquet, tariff.csv (for R): freMTPL2 with Exposure capped at 1 and ClaimNb at 4.
premiums.parquet: the same with claim amounts a year of exposure, at most 100,000.
lasso.parquet, lasso.csv (for R): freMTPL2 capped as above, its numeric columns scaled to unit
    standard deviation, and a number from 0 to 4, the fold, for each row.
lasso_alphas.txt: 50 alphas from the smallest with an empty model down.
levels.parquet: simulated, a column of texts, 5,000 levels of unequal size, and counts.
dense_X.npy, dense_y.npy, dense_e.npy: simulated, 28 normal columns, counts, exposure.
"""

import os
import sys

import numpy as np
import pandas as pd
from _data import CATEGORICAL, NUMERIC

ROWS, COLUMNS, SEED = 678_012, 28, 20260101
ALPHAS, ALPHA_MIN_RATIO, FOLDS = 50, 1e-4, 5
ENCODED_ROWS, LEVELS = 1_000_000, 5_000


def prepare_tariff(folder, cache):
    data = pd.read_parquet(os.path.join(folder, "freMTPL2freq.parquet"))
    data["Exposure"] = data["Exposure"].clip(upper=1.0)
    data["ClaimNb"] = data["ClaimNb"].clip(upper=4)
    data.to_csv(os.path.join(cache, "tariff.csv"), index=False)
    data.to_parquet(os.path.join(cache, "tariff.parquet"), index=False)


def prepare_premiums(folder, cache):
    data = pd.read_parquet(os.path.join(cache, "tariff.parquet"))
    claims = pd.read_parquet(os.path.join(folder, "freMTPL2sev.parquet"))
    amounts = data["IDpol"].map(claims.groupby("IDpol")["ClaimAmount"].sum()).fillna(0.0)
    data["Premium"] = (amounts / data["Exposure"]).clip(upper=100_000)
    data.to_parquet(os.path.join(cache, "premiums.parquet"), index=False)


def prepare_lasso(cache):
    data = pd.read_parquet(os.path.join(cache, "tariff.parquet"))
    data["LogDensity"] = np.log(data["Density"])
    factors, numbers = list(CATEGORICAL), list(NUMERIC)
    # One alpha for all columns means little while a year of age and a logarithm differ in spread.
    # Scaled here, once, since the systems scale differently if they are left to do it.
    data[numbers] = data[numbers] / data[numbers].std(ddof=0)
    data = data[["ClaimNb", "Exposure", *numbers, *factors]]

    X = pd.get_dummies(data[numbers + factors], drop_first=True, dtype=np.float64).to_numpy()
    y, exposure = data["ClaimNb"].to_numpy(np.float64), data["Exposure"].to_numpy()
    gradient = X.T @ (y - exposure * (y.sum() / exposure.sum())) / len(y)
    alpha_max = np.max(np.abs(gradient))
    alphas = np.geomspace(alpha_max, ALPHA_MIN_RATIO * alpha_max, ALPHAS)

    data["fold"] = np.random.default_rng(SEED).permutation(len(y)) % FOLDS
    data.to_csv(os.path.join(cache, "lasso.csv"), index=False)
    data.to_parquet(os.path.join(cache, "lasso.parquet"), index=False)
    np.savetxt(os.path.join(cache, "lasso_alphas.txt"), alphas, fmt="%.17g")


def prepare_levels(cache):
    rng = np.random.default_rng(SEED)
    share, rate = rng.lognormal(size=LEVELS), rng.lognormal(-2.5, 0.5, LEVELS)
    level = rng.choice(LEVELS, ENCODED_ROWS, p=share / share.sum())
    names = np.array([f"model_{i:05d}" for i in range(LEVELS)], dtype=object)
    data = pd.DataFrame({"Model": names[level], "ClaimNb": rng.poisson(rate[level]).astype(float)})
    data.to_parquet(os.path.join(cache, "levels.parquet"), index=False)


def prepare_dense(cache):
    rng = np.random.default_rng(SEED)
    X = rng.standard_normal((ROWS, COLUMNS))
    exposure = rng.uniform(0.1, 1.0, ROWS)
    coef = rng.normal(0.0, 0.1, COLUMNS)
    y = rng.poisson(exposure * np.exp(-2.3 + X @ coef)).astype(np.float64)
    for part, array in (("X", X), ("y", y), ("e", exposure)):
        np.save(os.path.join(cache, f"dense_{part}.npy"), array)


if __name__ == "__main__":
    data_folder, cache_folder = sys.argv[1:3]
    # what is looked for is what is written last, so that a broken run is done again
    if not os.path.exists(os.path.join(cache_folder, "dense_e.npy")):
        prepare_dense(cache_folder)
    if not os.path.exists(os.path.join(cache_folder, "tariff.parquet")):
        prepare_tariff(data_folder, cache_folder)
    if not os.path.exists(os.path.join(cache_folder, "premiums.parquet")):
        prepare_premiums(data_folder, cache_folder)
    if not os.path.exists(os.path.join(cache_folder, "lasso_alphas.txt")):
        prepare_lasso(cache_folder)
    if not os.path.exists(os.path.join(cache_folder, "levels.parquet")):
        prepare_levels(cache_folder)
