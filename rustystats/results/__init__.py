"""GLMResults: a `Fit` that answers questions, one file for each kind of question."""

from rustystats.results.comparison import compare
from rustystats.results.glm_results import GLMResults

__all__ = ["GLMResults", "compare"]
