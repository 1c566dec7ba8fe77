"""scikit-learn's `check_estimator` for every estimator, over families, penalties and options.

None is expected to fail. Skipped are the checks of array libraries that are not installed, those
that want `fit_transform` to equal ``fit().transform()`` (the ordered target encoder says by its tag
that it does not hold), and, where scikit-learn is old, those in `THEIR_DEFECTS`.
"""

import inspect

import pytest
import sklearn
from packaging.version import Version
from sklearn.utils.estimator_checks import parametrize_with_checks

from rustystats import (
    FrequencyEncoder,
    GLMClassifier,
    GLMRegressor,
    GLMRegressorCV,
    SplineTransformer,
    TargetEncoder,
)

ESTIMATORS = [
    GLMRegressor(),
    GLMRegressor("poisson"),
    GLMRegressor("poisson", link="identity", alpha=0.1),
    GLMRegressor("quasipoisson", link="sqrt"),
    GLMRegressor("gamma"),
    GLMRegressor("gamma", dispersion="deviance", n_threads=2),
    GLMRegressor("inverse_gaussian"),
    GLMRegressor("tweedie", var_power=1.7),
    GLMRegressor("nb", theta=1.5),
    GLMRegressor("poisson", alpha=0.1),
    GLMRegressor(alpha=0.1, fit_intercept=False),
    GLMRegressor(alpha=0.1, l1_ratio=1.0),
    GLMRegressor("poisson", alpha=0.1, l1_ratio=0.5, standardize=True),
    GLMRegressor("gamma", alpha=0.1, lower_bounds=0.0),
    GLMRegressor("poisson", alpha=0.1, l1_ratio=1.0, group="term"),
    GLMRegressor(handle_unknown="mean", handle_missing="level"),
    GLMRegressorCV(n_alphas=5),
    GLMRegressorCV("poisson", cv=3, n_alphas=5, l1_ratio=[0.2, 1.0]),
    GLMRegressorCV("gamma", alphas=[1.0, 0.1], l1_ratio=0.0, cv=3, selection="1se"),
    GLMClassifier(),
    GLMClassifier("probit"),
    GLMClassifier("cloglog", alpha=0.01),
    GLMClassifier(alpha=0.01, l1_ratio=0.5, fit_intercept=False),
    GLMClassifier(alpha=0.1, standardize=True),
    SplineTransformer(),
    SplineTransformer(df=3, kind="ns"),
    SplineTransformer(include_intercept=True, extrapolation="continue"),
    SplineTransformer(handle_missing="level"),
    TargetEncoder(),
    TargetEncoder(seed=1, n_permutations=1, prior_weight=0.0),
    TargetEncoder(handle_missing="level"),
    FrequencyEncoder(),
    FrequencyEncoder(handle_missing="level"),
]
# (estimator, check): the release that mended the check, and what it did before.
FIRST_ROW = "names the two classes by the first row, after a shuffle of one of the two data sets"
THEIR_DEFECTS = {
    (GLMClassifier, "check_sample_weight_equivalence_on_dense_data"): ("1.7", FIRST_ROW),
    (GLMClassifier, "check_sample_weight_equivalence_on_sparse_data"): ("1.7", FIRST_ROW),
    (TargetEncoder, "check_positive_only_tag_during_fit"): ("1.7.2", "subtracts a mean in place"),
    (FrequencyEncoder, "check_positive_only_tag_during_fit"): (
        "1.7.2",
        "subtracts a mean in place",
    ),
}


@parametrize_with_checks(ESTIMATORS)
@pytest.mark.filterwarnings("ignore::rustystats.SeparationWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning")
@pytest.mark.filterwarnings("ignore:.*that the rows of the fit say nothing of:UserWarning")
def test_scikit_learn_checks(estimator, check):
    name = getattr(check, "func", check).__name__
    mended, why = THEIR_DEFECTS.get((type(estimator), name), ("0", ""))
    if Version(sklearn.__version__) < Version(mended):
        pytest.skip(f"scikit-learn before {mended}: {name} {why}")
    check(estimator)


@pytest.mark.parametrize("kind", sorted({type(e) for e in ESTIMATORS}, key=lambda k: k.__name__))
def test_the_constructor_stores_its_arguments_and_does_nothing_else(kind):
    given = {name: object() for name in inspect.signature(kind).parameters}
    made = kind(**given)
    assert vars(made) == given
    assert made.get_params(deep=False) == given
