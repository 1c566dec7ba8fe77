"""glum on a tabmat matrix: categoricals as tabmat keeps them, B-splines from scipy.

Standard errors are the model-based ones (not glum's robust default, which costs more) except where
robust ones are the work, and the dispersion is given as 1, as for every other system.
"""

from functools import partial

import numpy as np
import tabmat
from _data import (
    CATEGORICAL,
    KNOTS,
    SAMPLE_STEP,
    checks,
    dense,
    every,
    poisson_deviance,
    tariff_pandas,
)
from _loop import Job, serve
from glum import GeneralizedLinearRegressor
from scipy.interpolate import BSpline


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


def arrays(cache):
    data = dense(cache)
    return Job(
        data,
        every(data),
        lambda data: fit(data[0], data[1], np.log(data[2])),
        lambda data, fitted: check(data[1], fitted),
    )


if __name__ == "__main__":
    serve(
        {
            ("tariff", "pandas"): tariff,
            ("robust", "pandas"): partial(tariff, robust=True),
            ("dense", "arrays"): arrays,
        }
    )
