"""This project, installed from the checkout into an environment of its own."""

from functools import partial

from _data import SAMPLE_STEP, checks, dense, every, tariff_pandas, tariff_polars
from _loop import Job, serve

import rustystats as rs

FORMULA = (
    "ClaimNb ~ bs(DrivAge,df=7) + bs(VehAge,df=6) + bs(BonusMalus,df=6) + VehPower"
    " + log(Density) + C(Area) + C(VehBrand) + C(VehGas) + C(Region)"
)


def fit_formula(data, n_threads=None):
    model = rs.glm(FORMULA, data, family="poisson", exposure="Exposure")
    result = model.fit(n_threads=n_threads)
    return result, result.bse()


def check_formula(_, fitted):
    result, errors = fitted
    at = list(result.feature_names).index("VehPower")
    return checks(_deviance(result), _at(result.params, at), _at(errors, at))


def fit_arrays(data, n_threads=None):
    X, y, exposure = data
    model = rs.GLMRegressor(family="poisson", n_threads=n_threads).fit(X, y, exposure=exposure)
    return model, model.result_.bse()


def check_arrays(_, fitted):
    model, errors = fitted
    return checks(_deviance(model.result_), model.coef_[0], _at(errors, 1))


def tariff(cache, read=tariff_pandas, n_threads=None):
    data = read(cache)
    return Job(data, data[::SAMPLE_STEP], partial(fit_formula, n_threads=n_threads), check_formula)


def arrays(cache, n_threads=None):
    data = dense(cache)
    return Job(data, every(data), partial(fit_arrays, n_threads=n_threads), check_arrays)


def portfolio(_, rows):
    from rustystats.datasets import make_motor_portfolio

    data = make_motor_portfolio(rows, seed=0)
    return Job(data, data[:20_000], fit_formula, check_formula)


def _deviance(result):
    return result.deviance() if callable(result.deviance) else result.deviance


def _at(values, position):
    """The entry at a position, whether the values came as an array or as a labelled Series."""
    return list(values)[position]


if __name__ == "__main__":
    serve(
        {
            ("tariff", "pandas"): tariff,
            ("tariff", "polars"): partial(tariff, read=tariff_polars),
            ("dense", "arrays"): arrays,
            ("threads", "tariff, 1 thread"): partial(tariff, n_threads=1),
            ("threads", "tariff, 2 threads"): partial(tariff, n_threads=2),
            ("threads", "dense, 1 thread"): partial(arrays, n_threads=1),
            ("threads", "dense, 2 threads"): partial(arrays, n_threads=2),
            ("scaling", "100,000 rows"): partial(portfolio, rows=100_000),
            ("scaling", "1,000,000 rows"): partial(portfolio, rows=1_000_000),
            ("scaling", "10,000,000 rows"): partial(portfolio, rows=10_000_000),
        }
    )
