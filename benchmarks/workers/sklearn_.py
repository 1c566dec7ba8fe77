"""scikit-learn's PoissonRegressor on rates with the exposure as weight; no standard errors."""

from functools import partial

import numpy as np
from _data import (
    CATEGORICAL,
    KNOTS,
    SAMPLE_STEP,
    SPARSE_ALPHA,
    as_texts,
    check_rates,
    checks,
    dense,
    every,
    indicators,
    levels_pandas,
    poisson_deviance,
    some_rows,
    spread,
    tariff_pandas,
)
from _loop import Job, serve
from sklearn.compose import make_column_transformer
from sklearn.linear_model import PoissonRegressor
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    SplineTransformer,
    TargetEncoder,
)

# With the default (1e-4) Newton stops one step early and its deviance is 0.2 too high.
TARIFF_TOL = 1e-5


def features():
    splines = [
        (SplineTransformer(knots=np.array(knots)[:, None], include_bias=False), [name])
        for name, knots in KNOTS.items()
    ]
    return make_column_transformer(
        ("passthrough", ["VehPower"]),
        (FunctionTransformer(np.log), ["Density"]),
        *splines,
        (OneHotEncoder(drop="first", sparse_output=False), list(CATEGORICAL)),
    )


def fit_tariff(data):
    exposure = data["Exposure"].to_numpy()
    regressor = PoissonRegressor(alpha=0, solver="newton-cholesky", tol=TARIFF_TOL, max_iter=500)
    model = make_pipeline(features(), regressor)
    rate = data["ClaimNb"].to_numpy() / exposure
    return model.fit(data, rate, poissonregressor__sample_weight=exposure)


def check_tariff(data, model):
    mu = model.predict(data) * data["Exposure"].to_numpy()
    return checks(poisson_deviance(data["ClaimNb"], mu), model[-1].coef_[0])


def fit_dense(data, solver):
    X, y, exposure = data
    model = PoissonRegressor(alpha=0, solver=solver, max_iter=500)
    return model.fit(X, y / exposure, sample_weight=exposure)


def check_dense(data, model):
    X, y, exposure = data
    return checks(poisson_deviance(y, model.predict(X) * exposure), model.coef_[0])


def tariff(cache):
    data = tariff_pandas(cache)
    return Job(data, data[::SAMPLE_STEP], fit_tariff, check_tariff)


def arrays(cache, solver):
    data = dense(cache)
    return Job(data, every(data), partial(fit_dense, solver=solver), check_dense)


def fit_sparse(data, solver):
    X, rate, exposure = data
    model = PoissonRegressor(alpha=SPARSE_ALPHA, solver=solver, max_iter=1000)
    return model.fit(X, rate, sample_weight=exposure)


def sparse(cache, solver):
    data = indicators(cache)
    return Job(data, some_rows(data), partial(fit_sparse, solver=solver), check_rates)


def encode(data):
    folds = KFold(5, shuffle=True, random_state=1)
    encoder = TargetEncoder(target_type="continuous", smooth=1.0, cv=folds)
    return encoder, encoder.fit_transform(*data)


def check_encoding(data, fitted):
    X, y = data
    return spread(fitted[0].transform(X), y)


def levels(cache):
    data = as_texts(levels_pandas(cache))
    return Job(data, every(data), encode, check_encoding)


if __name__ == "__main__":
    serve(
        {
            ("tariff", "newton-cholesky"): tariff,
            ("dense", "newton-cholesky"): partial(arrays, solver="newton-cholesky"),
            ("dense", "lbfgs"): partial(arrays, solver="lbfgs"),
            ("sparse", "CSR, lbfgs"): partial(sparse, solver="lbfgs"),
            ("sparse", "CSR, newton-cholesky"): partial(sparse, solver="newton-cholesky"),
            ("target-encoding", "array of str"): levels,
        }
    )
