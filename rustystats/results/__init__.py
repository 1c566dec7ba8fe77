"""GLMResults: a `Fit` that answers questions, one file for each kind of question."""

from rustystats.results.comparison import compare
from rustystats.results.cv_result import CVResult
from rustystats.results.glm_results import GLMResults
from rustystats.results.loaded import load
from rustystats.results.prediction_comparison import compare_predictions
from rustystats.results.regularization_path import RegularizationPath
from rustystats.results.stability import StabilitySelection

__all__ = [
    "CVResult",
    "GLMResults",
    "RegularizationPath",
    "StabilitySelection",
    "compare",
    "compare_predictions",
    "load",
]
