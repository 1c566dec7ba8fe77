"""The prepared data as every worker reads it, and the numbers every worker checks itself by."""

import os

import numpy as np

# How many rows apart the rows of the sample are that is fitted before memory is measured.
SAMPLE_STEP = 20

CATEGORICAL = ("Area", "VehBrand", "VehGas", "Region")
DIAGNOSED = {  # the factors that diagnostics look at
    "categorical_factors": ["Area", "VehBrand", "Region"],
    "continuous_factors": ["DrivAge", "VehAge", "BonusMalus"],
}
NUMERIC = ("VehPower", "VehAge", "DrivAge", "BonusMalus", "LogDensity")

# Boundary and interior knots of bs(DrivAge, df=7), bs(VehAge, df=6), bs(BonusMalus, df=6): the
# quantiles of the columns, for systems that want to be told. The second interior knot of
# BonusMalus lies on its lower boundary (50) and adds nothing, so it is left out; all these
# splines then span the same functions and all systems must find the same deviance.
KNOTS = {
    "DrivAge": (18.0, 34.0, 44.0, 55.0, 100.0),
    "VehAge": (0.0, 3.0, 9.0, 100.0),
    "BonusMalus": (50.0, 57.0, 230.0),
}


def tariff_pandas(cache):
    """The freMTPL2 portfolio, capped, as pandas reads it: numbers and strings."""
    import pandas as pd

    return pd.read_parquet(os.path.join(cache, "tariff.parquet"))


def tariff_polars(cache):
    """The same as a polars DataFrame."""
    import polars as pl

    return pl.read_parquet(os.path.join(cache, "tariff.parquet"))


def premiums_pandas(cache):
    """The same with `Premium`, claim amounts up to 100,000 a year of exposure."""
    import pandas as pd

    return pd.read_parquet(os.path.join(cache, "premiums.parquet"))


def lasso_alphas(cache):
    """The alphas of the lasso path, largest first."""
    return np.loadtxt(os.path.join(cache, "lasso_alphas.txt"))


def lasso_pandas(cache):
    """The portfolio of the lasso works: scaled numbers, strings and `fold`, from 0 to 4."""
    import pandas as pd

    return pd.read_parquet(os.path.join(cache, "lasso.parquet"))


def lasso_polars(cache):
    """The same as a polars DataFrame."""
    import polars as pl

    return pl.read_parquet(os.path.join(cache, "lasso.parquet"))


def levels_pandas(cache):
    """A column of texts, `Model`, and `ClaimNb`, as pandas reads them."""
    import pandas as pd

    return pd.read_parquet(os.path.join(cache, "levels.parquet"))


def levels_polars(cache):
    """The same as a polars DataFrame."""
    import polars as pl

    return pl.read_parquet(os.path.join(cache, "levels.parquet"))


def as_texts(data):
    """The texts as Python's own in an array of one column, and the counts."""
    return data[["Model"]].to_numpy(dtype=object), data["ClaimNb"].to_numpy()


def held_out(data):
    """The folds of the lasso works, as scikit-learn's splitters are."""
    from sklearn.model_selection import PredefinedSplit

    return PredefinedSplit(data["fold"])


def dense(cache):
    """``(X, y, exposure)``: 28 normal columns (no intercept), counts, years at risk."""
    return tuple(np.load(os.path.join(cache, f"dense_{part}.npy")) for part in "Xye")


def indicators(cache):
    """``(X, claims per year, exposure)``: X sparse, CSR, an indicator of every level of the four
    texts and of VehPower, VehAge, DrivAge and BonusMalus, no number."""
    from scipy import sparse

    data = tariff_pandas(cache)
    names = [*CATEGORICAL, "VehPower", "VehAge", "DrivAge", "BonusMalus"]
    coded = [np.unique(data[name].to_numpy(), return_inverse=True) for name in names]
    rows = np.arange(len(data))
    X = sparse.hstack(
        [
            sparse.csr_array((np.ones(len(data)), (rows, codes)), shape=(len(data), len(levels)))
            for levels, codes in coded
        ],
        format="csr",
    )
    exposure = data["Exposure"].to_numpy(np.float64)
    return X, data["ClaimNb"].to_numpy(np.float64) / exposure, exposure


def some_rows(data, step=SAMPLE_STEP):
    """A strided sample of the rows of each, a sparse matrix among them."""
    return tuple(part[::step].copy() for part in data)


def check_rates(data, model):
    """The deviance of the counts, of a scikit-learn estimator on rates."""
    X, rate, exposure = data
    deviance = poisson_deviance(rate * exposure, model.predict(X) * exposure)
    return checks(deviance, model.coef_[0])


SPARSE_ALPHA = 1e-4


def every(arrays, step=SAMPLE_STEP):
    """A strided sample of the rows of each array."""
    return tuple(np.ascontiguousarray(array[::step]) for array in arrays)


def poisson_deviance(y, mu):
    """``2 sum(y log(y / mu) - (y - mu))``, for systems that do not report their deviance."""
    y = np.asarray(y, dtype=np.float64)
    return float(2 * np.sum(np.where(y > 0, y * np.log(np.where(y > 0, y, 1) / mu), 0) - (y - mu)))


def spread(encoded, y):
    """Squares of what new rows of these levels get, less the prior: the same for all systems that
    take (sum + prior) / (rows + 1)."""
    return checks(np.sum((np.asarray(encoded).ravel() - y.mean()) ** 2))


def checks(deviance, coef=None, se=None, alpha=None):
    """What the driver compares between systems: one coefficient, whose meaning does not hang on
    how the splines are parametrised (VehPower, or the first dense column), its error, and the
    penalty that cross-validation chose. None is not compared."""
    found = {"deviance": deviance, "coef": coef, "se": se, "alpha": alpha}
    return {name: None if value is None else float(value) for name, value in found.items()}
