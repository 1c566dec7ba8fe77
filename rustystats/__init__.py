"""Generalized linear models for insurance pricing and data science.

Two faces on one engine: `glm` reads a formula and a DataFrame, `GLMRegressor` is a scikit-learn
estimator. Tariff data are stored as tables of level codes, exactly: fits are fast and small.
"""

from rustystats import datasets, families, links
from rustystats.estimators.glm import GLMRegressor
from rustystats.model import FormulaGLM, glm
from rustystats.results import GLMResults
from rustystats.terms.splines import bs, bs_names, ns, ns_names

__version__ = "0.1.0"

__all__ = [
    "FormulaGLM",
    "GLMRegressor",
    "GLMResults",
    "bs",
    "bs_names",
    "datasets",
    "families",
    "glm",
    "links",
    "ns",
    "ns_names",
]
