"""statsmodels' GLM on the dense arrays (the tariff model needs more memory than it is given)."""

import numpy as np
import statsmodels.api as sm
from _data import checks, dense, every
from _loop import Job, serve


def fit(data):
    X, y, exposure = data
    model = sm.GLM(y, sm.add_constant(X), family=sm.families.Poisson(), offset=np.log(exposure))
    result = model.fit()
    return result, result.bse


def check(_, fitted):
    result, errors = fitted
    return checks(result.deviance, result.params[1], errors[1])


def arrays(cache):
    data = dense(cache)
    return Job(data, every(data), fit, check)


if __name__ == "__main__":
    serve({("dense", "arrays"): arrays})
