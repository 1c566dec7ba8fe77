"""glum on a tabmat matrix: categoricals as tabmat keeps them, B-splines from scipy.

The lasso works have a dense matrix instead, on which a path takes half the time. Their folds are
fitted one after the other, as glum does it by default: a single fit keeps all cores busy.

Standard errors are the model-based ones (not glum's robust default, which costs more) except where
robust ones are the work, and the dispersion is given as 1, as for every other system.
"""

from functools import partial

import numpy as np
import pandas as pd
import tabmat
from _data import (
    CATEGORICAL,
    KNOTS,
    NUMERIC,
    SAMPLE_STEP,
    SPARSE_ALPHA,
    check_rates,
    checks,
    dense,
    every,
    held_out,
    indicators,
    lasso_alphas,
    lasso_pandas,
    poisson_deviance,
    some_rows,
    tariff_pandas,
)
from _loop import Job, serve
from glum import GeneralizedLinearRegressor, GeneralizedLinearRegressorCV
from scipy.interpolate import BSpline

LASSO = {"family": "poisson", "l1_ratio": 1, "scale_predictors": False}


def spline(values, knots):
    """The B-spline columns without the first, as R's ``bs`` has them."""
    low, *inner, high = knots
    all_knots = np.array([low] * 4 + inner + [high] * 4)
    return BSpline.design_matrix(values.to_numpy(np.float64), all_knots, 3)[:, 1:]


def design(data):
    """The tabmat matrix; dense splines fit about twice as fast as sparse ones."""
    numbers = np.column_stack([data["VehPower"], np.log(data["Density"])]).astype(np.float64)
    splines = [spline(data[name], KNOTS[name]).toarray() for name in KNOTS]
    factors = [
        tabmat.CategoricalMatrix(data[name].astype("category"), drop_first=True)
        for name in CATEGORICAL
    ]
    return tabmat.SplitMatrix([tabmat.DenseMatrix(np.hstack([numbers, *splines])), *factors])


def fit(X, y, offset, robust=False):
    model = GeneralizedLinearRegressor(
        family="poisson", alpha=0, robust=robust, expected_information=True
    )
    model.fit(X, y, offset=offset)
    errors = model.std_errors(X, y, offset=offset, dispersion=1.0)
    return model, errors, X, offset


def fit_tariff(data, robust=False):
    y = data["ClaimNb"].to_numpy(np.float64)
    return fit(design(data), y, np.log(data["Exposure"].to_numpy()), robust)


def path_model(_, alphas):
    # a list, because glum stumbles over an array of alphas
    return GeneralizedLinearRegressor(alpha_search=True, alpha=alphas.tolist(), **LASSO)


def cv_model(data, alphas):
    return GeneralizedLinearRegressorCV(alphas=alphas, cv=held_out(data), **LASSO)


def lasso_arguments(data, model):
    columns = pd.get_dummies(data[[*NUMERIC, *CATEGORICAL]], drop_first=True, dtype=np.float64)
    X = tabmat.DenseMatrix(np.asfortranarray(columns.to_numpy()))
    return X, data["ClaimNb"].to_numpy(np.float64), np.log(data["Exposure"].to_numpy()), model


def fit_lasso(data):
    X, y, offset, model = data
    return model.fit(X, y, offset=offset)


def check_path(data, model):
    """`predict` and `coef_` are those of the last alpha."""
    X, y, offset, *_ = data
    return checks(poisson_deviance(y, model.predict(X, offset=offset)), model.coef_[0])


def check_cv(data, model):
    y = data[1]  # the path holds means over the rows of a fold, and the folds are equally large
    return checks(model.deviance_path_.mean(axis=0).min() * len(y), alpha=model.alpha_)


def check(y, fitted):
    model, errors, X, offset = fitted
    deviance = poisson_deviance(y, model.predict(X, offset=offset))
    return checks(deviance, model.coef_[0], errors[1])


def tariff(cache, robust=False):
    data = tariff_pandas(cache)
    return Job(
        data,
        data[::SAMPLE_STEP],
        partial(fit_tariff, robust=robust),
        lambda data, fitted: check(data["ClaimNb"], fitted),
    )


def lasso(cache, make_model, compare):
    data, alphas = lasso_pandas(cache), lasso_alphas(cache)
    whole, some = (
        lasso_arguments(rows, make_model(rows, alphas)) for rows in (data, data[::SAMPLE_STEP])
    )
    return Job(whole, some, fit_lasso, compare)


def arrays(cache):
    data = dense(cache)
    return Job(
        data,
        every(data),
        lambda data: fit(data[0], data[1], np.log(data[2])),
        lambda data, fitted: check(data[1], fitted),
    )


def fit_sparse(data):
    X, rate, exposure = data
    model = GeneralizedLinearRegressor(family="poisson", alpha=SPARSE_ALPHA, l1_ratio=0)
    return model.fit(X, rate, sample_weight=exposure)


def sparse(cache):
    data = indicators(cache)
    return Job(data, some_rows(data), fit_sparse, check_rates)


if __name__ == "__main__":
    serve(
        {
            ("tariff", "pandas"): tariff,
            ("robust", "pandas"): partial(tariff, robust=True),
            ("dense", "arrays"): arrays,
            ("sparse", "CSR"): sparse,
            ("path", "dense tabmat"): partial(lasso, make_model=path_model, compare=check_path),
            ("cv", "dense tabmat"): partial(lasso, make_model=cv_model, compare=check_cv),
        }
    )
