"""What is measured: the works, and the systems that do each of them."""

from typing import NamedTuple


class Row(NamedTuple):
    """One system doing one work in one way: a line of the table, and one worker process.

    most : at most so many timed fits, whatever was asked for (slow systems).
    peer : whether it counts among those ours is compared with.
    skip : why it is not run at all.
    """

    system: str
    variant: str
    note: str = ""
    most: int = 1000
    peer: bool = True
    skip: str = ""


class Work(NamedTuple):
    """One table. Its `together` workers stay alive side by side and are asked in turn.

    deviance : what it must be, where that is known; else the one in the middle of all rows.
    deviance_rtol : how far a row may be from it and still count as the same model.
    """

    title: str
    rows: tuple
    together: bool = True
    deviance: float | None = None
    deviance_rtol: float = 1e-6
    aim: float | None = None


NO_ERRORS = "no standard errors"
LASSO = (
    "50 alphas, freMTPL2, 678,013 x 42 columns, numeric ones scaled to unit standard deviation, "
    "Poisson with exposure"
)
ENCODED = "1,000,000 rows, 5,000 levels; deviance: squares of the full encodings less the prior"
MATRIX = "matrix made before the clock starts"

WORKS = {
    "tariff": Work(
        "freMTPL2, 678,013 policies, 9 rating factors, 55 coefficients, Poisson with exposure",
        (
            Row("ours", "pandas"),
            Row("ours", "polars"),
            Row("upstream", "polars", "takes polars only; log(Density) computed in the time"),
            Row("glum", "pandas", "tabmat categoricals, dense splines; knots given"),
            Row("scikit-learn", "newton-cholesky", f"{NO_ERRORS}; knots given; tol 1e-5"),
            Row("R", "data.frame", "strings are factors before the clock starts", most=2),
            Row("statsmodels", "pandas", skip="ran out of 24 GB on this model; not run"),
        ),
        deviance=212293.056,
        aim=10,
    ),
    "dense": Work(
        "678,012 x 28 normal columns (float64), Poisson with log-exposure offset",
        (
            Row("ours", "arrays"),
            Row("upstream", "polars", "dict of 28 linear terms on a ready polars DataFrame"),
            Row("glum", "arrays"),
            Row("scikit-learn", "newton-cholesky", NO_ERRORS),
            Row("scikit-learn", "lbfgs", NO_ERRORS),
            Row("statsmodels", "arrays", most=2),
        ),
        aim=3,
    ),
    "sparse": Work(
        "indicators of 8 factors of freMTPL2, 678,013 x 312 in CSR, Poisson rates weighted by "
        "exposure, ridge, without standard errors",
        (
            Row("ours", "CSR"),
            Row("glum", "CSR"),
            Row("scikit-learn", "CSR, lbfgs"),
            Row("scikit-learn", "CSR, newton-cholesky"),
        ),
        # lbfgs and glum stop a little above the minimum
        deviance_rtol=1e-5,
        aim=3,
    ),
    "robust": Work(
        "the tariff work with robust (HC1) instead of model-based standard errors",
        (
            Row("ours", "pandas"),
            Row("upstream", "polars", "keeps its design matrix for this"),
            Row("glum", "pandas"),
        ),
        deviance=212293.056,
        aim=10,
    ),
    "negbinomial": Work(
        "the tariff work as a negative binomial, theta estimated",
        (
            Row("ours", "pandas"),
            Row("upstream", "polars", "errors times the Pearson dispersion: not compared", most=3),
        ),
        aim=10,
    ),
    "path": Work(
        f"lasso path, {LASSO}",
        (
            Row("ours", "pandas"),
            Row("glmnet", "matrix", MATRIX),
            Row("glmnet", "dgCMatrix", MATRIX),
            Row("glum", "dense tabmat", MATRIX),
            Row("upstream", "polars", "no path without cross-validation: 50 fits", most=2),
        ),
        aim=10,
    ),
    "path-loose": Work(
        "the same as inexactly as glmnet by default, which leaves violations of the conditions for "
        "a minimum of 7e-4 of the null model's; deviances agree to 1e-5",
        (Row("ours", "pandas, tol=5e-4"), Row("glmnet", "matrix", MATRIX)),
        deviance_rtol=1e-5,
        aim=10,
    ),
    "path-exact": Work(
        "the same as exactly as ours, at 1e-7, by default: glmnet's leaves 4e-6",
        (Row("ours", "pandas"), Row("glmnet", "matrix, thresh=1e-12", MATRIX, most=1)),
        aim=10,
    ),
    "cv": Work(
        f"lasso path cross-validated in 5 folds, {LASSO}; deviance: of the rows held out",
        (
            Row("ours", "pandas"),
            Row("glmnet", "matrix", MATRIX, most=2),
            Row("glmnet", "dgCMatrix", MATRIX, most=2),
            Row("glum", "dense tabmat", MATRIX, most=2),
            Row("upstream", "polars", "folds of its own: deviance not comparable", most=2),
        ),
        # the default tolerances of glmnet and glum leave the fits of the folds 2e-6 away
        deviance_rtol=1e-5,
        aim=10,
    ),
    "target-encoding": Work(
        f"a column of texts encoded by the response, leak-free, {ENCODED}",
        (
            Row("ours", "pandas, 4 permutations"),
            Row("ours", "polars, 4 permutations"),
            Row("upstream", "array of str, 4 permutations"),
            Row("category_encoders", "pandas, CatBoost", "1 permutation, that of the data"),
            Row("scikit-learn", "array of str", "5 folds instead of permutations"),
        ),
        aim=2.6,
    ),
    "target-encoding-coded": Work(
        f"the same from a column of categories, coded before the clock starts, {ENCODED}",
        (
            Row("ours", "pandas category, 4 permutations"),
            Row(
                "category_encoders",
                "pandas category, CatBoost",
                "1 permutation, that of the data",
            ),
        ),
        aim=2.6,
    ),
    "scaling": Work(
        "simulated portfolio, the tariff formula, 9 rating factors (ours only)",
        (
            Row("ours", "100,000 rows"),
            Row("ours", "1,000,000 rows"),
            Row("ours", "10,000,000 rows", most=3),
            Row("ours", "100,000,000 rows", most=2),
        ),
        together=False,
    ),
    "threads": Work(
        "one thread against two (ours only)",
        (
            Row("ours", "tariff, 1 thread"),
            Row("ours", "tariff, 2 threads"),
            Row("ours", "dense, 1 thread"),
            Row("ours", "dense, 2 threads"),
        ),
        aim=1.7,
    ),
    "interaction": Work(
        "interactions of 22 x 11 x 6 levels with all margins, 1,452 columns, 296 of them aliased, "
        "678,013 rows, Poisson with exposure, without standard errors (ours only: four models)",
        (
            Row("ours", "C(Region) + C(VehBrand) + C(Area)"),
            Row("ours", "C(Region) * C(VehBrand) * C(Area)"),
            Row("ours", "main effects, bs(DrivAge), log(Density)"),
            Row("ours", "three-way, bs(DrivAge), log(Density)"),
        ),
        deviance_rtol=0.02,  # they are different models
    ),
    "diagnostics": Work(
        "diagnostics of the fitted tariff model, 3 categorical and 3 continuous factors, "
        "interaction candidates",
        (
            Row("ours", "pandas"),
            Row("ours", "polars"),
            Row("upstream", "polars", "its tests and curves beyond the same sections left out"),
            Row("upstream", "polars, all of it", "VIF, score tests, dependence too", most=3),
        ),
        deviance=212293.056,
        aim=10,
    ),
    "inference": Work(
        "after the tariff fit, on its 678,013 rows and 55 coefficients (ours only)",
        (
            Row("ours", "the fit itself, with standard errors"),
            Row("ours", "HC0 to HC3 and leverage"),
            Row("ours", "HC1, 100,000 clusters"),
            Row("ours", "anova, type 2, likelihood ratio"),
            Row("ours", "drop1, score"),
            Row("ours", "profile interval of VehPower"),
            Row("ours", "Tweedie pure premium, power estimated, whole fit", most=3),
        ),
        aim=2,
    ),
}
