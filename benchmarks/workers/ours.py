"""This project, installed from the checkout into an environment of its own."""

import warnings
from functools import partial

import numpy as np
from _data import (
    CATEGORICAL,
    DIAGNOSED,
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
    levels_pandas,
    levels_polars,
    premiums_pandas,
    some_rows,
    spread,
    tariff_pandas,
    tariff_polars,
)
from _loop import Job, serve

import rustystats as rs

FORMULA = (
    "ClaimNb ~ bs(DrivAge,df=7) + bs(VehAge,df=6) + bs(BonusMalus,df=6) + VehPower"
    " + log(Density) + C(Area) + C(VehBrand) + C(VehGas) + C(Region)"
)

MAINS, THREE_WAY = "C(Region) + C(VehBrand) + C(Area)", "C(Region) * C(VehBrand) * C(Area)"
BESIDE = " + bs(DrivAge, df=5) + log(Density)"
INTERACTIONS = {
    MAINS: MAINS,
    THREE_WAY: THREE_WAY,
    "main effects, bs(DrivAge), log(Density)": MAINS + BESIDE,
    "three-way, bs(DrivAge), log(Density)": THREE_WAY + BESIDE,
}
LASSO_FORMULA = "ClaimNb ~ " + " + ".join([*NUMERIC, *(f"C({name})" for name in CATEGORICAL)])


def fit_formula(data, n_threads=None):
    model = rs.glm(FORMULA, data, family="poisson", exposure="Exposure")
    result = model.fit(n_threads=n_threads)
    return result, result.bse()


def fit_robust(data):
    result = rs.glm(FORMULA, data, family="poisson", exposure="Exposure").fit()
    return result, result.bse_robust("HC1")


def fit_negbinomial(data):
    result = rs.glm(FORMULA, data, family="negbinomial", exposure="Exposure").fit()
    return result, result.bse()


def fit_path(data, tol=1e-7):
    frame, alphas, _ = data
    model = rs.glm(LASSO_FORMULA, frame, family="poisson", exposure="Exposure")
    return model.regularization_path(alphas=alphas, l1_ratio=1.0, tol=tol)


def fit_cv(data):
    frame, alphas, folds = data
    model = rs.glm(LASSO_FORMULA, frame, family="poisson", exposure="Exposure")
    return model.fit(regularization="lasso", alphas=alphas, cv=folds)


def check_path(_, path):
    at = list(path.feature_names).index("VehPower")
    return checks(path.deviances[-1], path.coefficients[-1, at])


def check_cv(data, result):
    """Scores are means per year of exposure; the deviance is that of all rows."""
    exposure = data[0]["Exposure"].sum()
    return checks(-result.cv_result.scores_mean.max() * exposure, alpha=result.alpha)


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


def tariff(cache, read=tariff_pandas, fit=fit_formula):
    data = read(cache)
    return Job(data, data[::SAMPLE_STEP], fit, check_formula)


def lasso(cache, fit, compare):
    frame, alphas = lasso_pandas(cache), lasso_alphas(cache)
    some = frame[::SAMPLE_STEP]
    return Job((frame, alphas, held_out(frame)), (some, alphas, held_out(some)), fit, compare)


def arrays(cache, n_threads=None):
    data = dense(cache)
    return Job(data, every(data), partial(fit_arrays, n_threads=n_threads), check_arrays)


def fit_sparse(data):
    X, rate, exposure = data
    return rs.GLMRegressor("poisson", alpha=SPARSE_ALPHA).fit(X, rate, sample_weight=exposure)


def sparse(cache):
    data = indicators(cache)
    return Job(data, some_rows(data), fit_sparse, check_rates)


def portfolio(_, rows):
    from rustystats.datasets import make_motor_portfolio

    data = make_motor_portfolio(rows, seed=0)
    return Job(data, data[:20_000], fit_formula, check_formula)


def after_fit(cache, ask):
    """A question to a fitted model; each time to a result that has answered nothing yet."""
    data = tariff_pandas(cache)

    def fitted(data):
        return rs.glm(FORMULA, data, family="poisson", exposure="Exposure").fit()

    def answer(result):
        ask(rs.GLMResults(result.model, result.fit, result.backend, result.formula))
        return result, None

    return Job(fitted(data), fitted(data[::SAMPLE_STEP]), answer, no_check)


def diagnose(data):
    frame, result = data
    return result, result.diagnostics(frame, **DIAGNOSED)


def diagnostics(cache, read):
    data = read(cache)
    small = data[::SAMPLE_STEP]
    return Job((data, fit_formula(data)[0]), (small, fit_formula(small)[0]), diagnose, no_check)


def whole_fit(cache, formula=FORMULA, **options):
    data = premiums_pandas(cache)

    def fit(data):
        result = rs.glm(formula, data, **options).fit()
        return result, result.bse()

    return Job(data, data[::SAMPLE_STEP], fit, no_check)


def only_fit(cache, terms):
    data = tariff_pandas(cache)

    def fit(data):
        warnings.simplefilter("ignore", rs.SeparationWarning)  # hundreds of cells without claims
        return rs.glm(f"ClaimNb ~ {terms}", data, family="poisson", exposure="Exposure").fit(), None

    return Job(data, data[::SAMPLE_STEP], fit, no_check)


def encode(data):
    encoded, _, prior, stats = rs.target_encode(data["Model"], data["ClaimNb"], "Model", seed=1)
    return encoded, prior, stats


def check_encoding(data, fitted):
    _, prior, stats = fitted
    return spread(rs.apply_target_encoding(data["Model"], stats, prior), data["ClaimNb"])


def levels(cache, read):
    data = read(cache)
    return Job(data, data[::SAMPLE_STEP], encode, check_encoding)


def levels_category(cache):
    return levels_pandas(cache).astype({"Model": "category"})


def no_check(_, fitted):
    return checks(_deviance(fitted[0]))


def robust(result):
    for kind in ("HC0", "HC1", "HC2", "HC3"):
        result.bse_robust(kind)
    result.leverage()


def clusters(result):
    groups = np.random.default_rng(0).integers(0, 100_000, result.nobs)
    result.bse_robust("HC1", groups=groups)


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
            ("sparse", "CSR"): sparse,
            ("robust", "pandas"): partial(tariff, fit=fit_robust),
            ("negbinomial", "pandas"): partial(tariff, fit=fit_negbinomial),
            ("path", "pandas"): partial(lasso, fit=fit_path, compare=check_path),
            ("path-exact", "pandas"): partial(lasso, fit=fit_path, compare=check_path),
            ("path-loose", "pandas, tol=5e-4"): partial(
                lasso, fit=partial(fit_path, tol=5e-4), compare=check_path
            ),
            ("cv", "pandas"): partial(lasso, fit=fit_cv, compare=check_cv),
            ("target-encoding", "pandas, 4 permutations"): partial(levels, read=levels_pandas),
            ("target-encoding", "polars, 4 permutations"): partial(levels, read=levels_polars),
            ("target-encoding-coded", "pandas category, 4 permutations"): partial(
                levels, read=levels_category
            ),
            ("threads", "tariff, 1 thread"): partial(tariff, fit=partial(fit_formula, n_threads=1)),
            ("threads", "tariff, 2 threads"): partial(
                tariff, fit=partial(fit_formula, n_threads=2)
            ),
            ("threads", "dense, 1 thread"): partial(arrays, n_threads=1),
            ("threads", "dense, 2 threads"): partial(arrays, n_threads=2),
            ("diagnostics", "pandas"): partial(diagnostics, read=tariff_pandas),
            ("diagnostics", "polars"): partial(diagnostics, read=tariff_polars),
            ("inference", "the fit itself, with standard errors"): tariff,
            ("inference", "HC0 to HC3 and leverage"): partial(after_fit, ask=robust),
            ("inference", "HC1, 100,000 clusters"): partial(after_fit, ask=clusters),
            ("inference", "anova, type 2, likelihood ratio"): partial(
                after_fit, ask=lambda result: result.anova()
            ),
            ("inference", "drop1, score"): partial(
                after_fit, ask=lambda result: result.drop1(test="score")
            ),
            ("inference", "profile interval of VehPower"): partial(
                after_fit,
                ask=lambda result: result.conf_int(method="profile", columns=["VehPower"]),
            ),
            ("inference", "Tweedie pure premium, power estimated, whole fit"): partial(
                whole_fit,
                formula=FORMULA.replace("ClaimNb", "Premium"),
                family="tweedie",
                var_power="auto",
                weights="Exposure",
            ),
            **{
                ("interaction", name): partial(only_fit, terms=terms)
                for name, terms in INTERACTIONS.items()
            },
            ("scaling", "100,000 rows"): partial(portfolio, rows=100_000),
            ("scaling", "1,000,000 rows"): partial(portfolio, rows=1_000_000),
            ("scaling", "10,000,000 rows"): partial(portfolio, rows=10_000_000),
            ("scaling", "100,000,000 rows"): partial(portfolio, rows=100_000_000),
        }
    )
