"""Generalized linear models for insurance pricing and data science.

Two faces on one engine: `glm` reads a formula and a DataFrame, `GLMRegressor` is a scikit-learn
estimator; `fit_glm` takes plain arrays. Tariff data are stored as tables of level codes, exactly:
fits are fast and small.
"""

from rustystats import datasets, families, links
from rustystats.arrays import (
    GLM,
    fit_glm,
    fit_negbinomial,
    gamma_regression,
    logistic_regression,
    ols,
    poisson_regression,
    predict,
    summary,
    summary_relativities,
)
from rustystats.diagnostics import (
    DataExploration,
    DataExplorer,
    DiagnosticsComputer,
    ModelDiagnostics,
    compute_diagnostics,
    explore_data,
)
from rustystats.estimators.frequency_encoder import FrequencyEncoder
from rustystats.estimators.glm import GLMRegressor
from rustystats.estimators.glm_classifier import GLMClassifier
from rustystats.estimators.glm_cv import GLMRegressorCV
from rustystats.estimators.spline_transformer import SplineTransformer
from rustystats.estimators.target_encoder import TargetEncoder
from rustystats.frequency_encoding import apply_frequency_encoding, frequency_encode
from rustystats.messages import SeparationWarning
from rustystats.model import FormulaGLM, glm, glm_dict
from rustystats.results import (
    CVResult,
    GLMResults,
    RegularizationPath,
    StabilitySelection,
    compare,
    compare_predictions,
    load,
)
from rustystats.selection import (
    cv_elasticnet,
    cv_glm,
    cv_lasso,
    cv_ridge,
    lasso_path,
    regularization_path,
)
from rustystats.stability import stability_selection
from rustystats.target_encoding import (
    TargetEncodingTerm,
    apply_target_encoding,
    target_encode,
    target_encode_interaction,
)
from rustystats.terms.spline_basis import bs_names, ns_names
from rustystats.terms.spline_term import SplineTerm
from rustystats.terms.splines import bs, ns

__version__ = "0.1.0"

__all__ = [
    "GLM",
    "CVResult",
    "DataExploration",
    "DataExplorer",
    "DiagnosticsComputer",
    "FormulaGLM",
    "FrequencyEncoder",
    "GLMClassifier",
    "GLMRegressor",
    "GLMRegressorCV",
    "GLMResults",
    "ModelDiagnostics",
    "RegularizationPath",
    "SeparationWarning",
    "SplineTerm",
    "SplineTransformer",
    "StabilitySelection",
    "TargetEncoder",
    "TargetEncodingTerm",
    "apply_frequency_encoding",
    "apply_target_encoding",
    "bs",
    "bs_names",
    "compare",
    "compare_predictions",
    "compute_diagnostics",
    "cv_elasticnet",
    "cv_glm",
    "cv_lasso",
    "cv_ridge",
    "datasets",
    "explore_data",
    "families",
    "fit_glm",
    "fit_negbinomial",
    "frequency_encode",
    "gamma_regression",
    "glm",
    "glm_dict",
    "lasso_path",
    "links",
    "load",
    "logistic_regression",
    "ns",
    "ns_names",
    "ols",
    "poisson_regression",
    "predict",
    "regularization_path",
    "stability_selection",
    "summary",
    "summary_relativities",
    "target_encode",
    "target_encode_interaction",
]
