"""The earlier package of the same name, rustystats 0.9.0, through its public dict interface."""

from functools import partial

import polars as pl
from _data import (
    CATEGORICAL,
    DIAGNOSED,
    NUMERIC,
    SAMPLE_STEP,
    as_texts,
    checks,
    dense,
    every,
    lasso_alphas,
    lasso_polars,
    levels_pandas,
    spread,
    tariff_polars,
)
from _loop import Job, serve

import rustystats as rs

TARIFF_TERMS = {
    "DrivAge": {"type": "bs", "df": 7},
    "VehAge": {"type": "bs", "df": 6},
    "BonusMalus": {"type": "bs", "df": 6},
    "VehPower": {"type": "linear"},
    "LogDensity": {"type": "linear"},
    **{name: {"type": "categorical"} for name in CATEGORICAL},
}
LASSO_TERMS = {
    **{name: {"type": "linear"} for name in NUMERIC},
    **{name: {"type": "categorical"} for name in CATEGORICAL},
}
EXTRAS = [  # of its diagnostics
    "compute_vif",
    "compute_coefficients",
    "compute_deviance_by_level",
    "compute_lift",
    "compute_partial_dep",
    "compute_robust_se",
    "compute_score_tests",
]
DENSE_TERMS = {f"x{j}": {"type": "linear"} for j in range(28)}


def fit_terms(response, terms, data, family="poisson", robust=False, **options):
    model = rs.glm_dict(
        response=response, terms=terms, data=data, family=family, exposure="Exposure", **options
    )
    if robust:
        result = model.fit(store_design_matrix=True)
        return result, result.bse_robust("HC1")
    result = model.fit()
    return result, result.bse()


def fit_tariff(data, **options):
    data = data.with_columns(LogDensity=pl.col("Density").log())
    return fit_terms("ClaimNb", TARIFF_TERMS, data, **options)


def fit_dense(data):
    return fit_terms("y", DENSE_TERMS, data)


def lasso_model(data):
    return rs.glm_dict(
        response="ClaimNb", terms=LASSO_TERMS, data=data, family="poisson", exposure="Exposure"
    )


def fit_path(data):
    """Its penalty is on the scale of the whole log-likelihood: alpha times the number of rows."""
    frame, alphas = data
    model = lasso_model(frame)
    options = {"l1_ratio": 1.0, "standardize": False, "compute_covariance": False}
    return [model.fit(alpha=alpha * len(frame), **options) for alpha in alphas]


def fit_cv(data):
    """It makes the same alphas itself, times the number of rows."""
    frame, alphas = data
    return lasso_model(frame).fit(
        cv=5,
        regularization="lasso",
        n_alphas=len(alphas),
        alpha_min_ratio=alphas[-1] / alphas[0],
        include_unregularized=False,
        standardize=False,
        compute_covariance=False,
    )


def check_path(data, results):
    return check("VehPower", with_errors=False)(data, (results[-1], None))


def check_cv(data, result):
    return checks(None, alpha=result.alpha / len(data[0]))


def check(name, with_errors=True):
    def compare(_, fitted):
        result, errors = fitted
        deviance = result.deviance() if callable(result.deviance) else result.deviance
        at = list(result.feature_names).index(name)
        return checks(deviance, result.params[at], errors[at] if with_errors else None)

    return compare


def tariff(cache, **options):
    data = tariff_polars(cache)
    # its negative binomial errors are multiplied by the Pearson dispersion, which R's are not
    compare = check("VehPower", with_errors=options.get("family") != "negbinomial")
    return Job(data, data[::SAMPLE_STEP], partial(fit_tariff, **options), compare)


def lasso(cache, fit, compare):
    data, alphas = lasso_polars(cache), lasso_alphas(cache)
    return Job((data, alphas), (data[::SAMPLE_STEP], alphas), fit, compare)


def arrays(cache):
    X, y, exposure = dense(cache)
    columns = {f"x{j}": X[:, j].copy() for j in range(X.shape[1])}
    data = pl.DataFrame({**columns, "y": y, "Exposure": exposure})
    return Job(data, data[::SAMPLE_STEP], fit_dense, check("x0"))


def diagnostics(cache, **options):
    data = tariff_polars(cache).with_columns(LogDensity=pl.col("Density").log())

    def diagnose(data):
        frame, result = data
        return result, result.diagnostics(frame, detect_interactions=True, **DIAGNOSED, **options)

    small = data[::SAMPLE_STEP]
    fitted = [(frame, fit_tariff(frame)[0]) for frame in (data, small)]
    return Job(*fitted, diagnose, check("VehPower", with_errors=False))


def encode(data):
    texts, y = data
    return rs.target_encode(texts, y, "Model", seed=1)


def check_encoding(data, fitted):
    texts, y = data
    _, _, prior, stats = fitted
    return spread(rs.apply_target_encoding(texts, stats, prior), y)


def levels(cache):
    texts, y = as_texts(levels_pandas(cache))
    data = texts.ravel(), y
    return Job(data, every(data), encode, check_encoding)


if __name__ == "__main__":
    serve(
        {
            ("tariff", "polars"): tariff,
            ("dense", "polars"): arrays,
            ("robust", "polars"): partial(tariff, robust=True),
            ("negbinomial", "polars"): partial(tariff, family="negbinomial", theta="estimate"),
            ("diagnostics", "polars"): partial(diagnostics, **dict.fromkeys(EXTRAS, False)),
            ("diagnostics", "polars, all of it"): diagnostics,
            ("path", "polars"): partial(lasso, fit=fit_path, compare=check_path),
            ("cv", "polars"): partial(lasso, fit=fit_cv, compare=check_cv),
            ("target-encoding", "array of str, 4 permutations"): levels,
        }
    )
