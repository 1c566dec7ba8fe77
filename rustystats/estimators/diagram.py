"""How a fitted model shows in scikit-learn's HTML diagrams: a line under the name of the estimator.

A diagram asks each estimator, those inside Pipelines and searches included, for what it shows by
`_sk_visual_block_`, and escapes it. Any object with these attributes will do, in scikit-learn 1.6
to 1.9.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np

from rustystats.messages import counted

if TYPE_CHECKING:
    from rustystats.results.glm_results import GLMResults


class ModelDiagram:
    """Mixin for estimators that keep a `GLMResults` as ``result_``."""

    def _sk_visual_block_(self) -> SimpleNamespace:
        result = getattr(self, "result_", None)
        return SimpleNamespace(
            kind="single",
            estimators=self,
            names=type(self).__name__,
            name_details=str(self),
            name_caption=None if result is None else _caption(result),
            doc_link_label=None,
        )


def _caption(result: GLMResults) -> str:
    """Family, link, dispersion and what became of the fit, in a line."""
    family, dispersion, steps = result.model.problem.family, result.scale(), result.iterations
    parts = [
        f"{family.name() if family.parameter is None else family.label()} family",
        f"{result.link} link",
        f"dispersion {'-' if np.isnan(dispersion) else format(dispersion, '.4g')}",
        f"{result.nobs:,} rows",
        f"{'' if result.converged else 'NOT '}converged in {counted(steps, 'step')}",
    ]
    if result.is_regularized:
        parts.insert(3, f"alpha {result.alpha:.4g}, l1_ratio {result.l1_ratio:.4g}")
    return ", ".join(parts)
