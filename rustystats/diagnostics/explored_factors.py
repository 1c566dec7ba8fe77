"""Factors of a portfolio that were read and summed once, and what is made of the sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from rustystats import codes
from rustystats.diagnostics import associations, portfolio
from rustystats.diagnostics.exploration_sections import (
    AssociationMatrix,
    RatioMatrix,
    VarianceInflation,
)
from rustystats.diagnostics.factors import (
    CATEGORICAL,
    CONTINUOUS,
    group_levels,
    interaction_groups,
    sums_by_level,
)
from rustystats.diagnostics.interactions import interaction_candidates
from rustystats.threads import effective_n_threads

if TYPE_CHECKING:
    from rustystats.diagnostics.exploration_sections import (
        ExploredCategorical,
        ExploredContinuous,
        MissingValues,
        UnivariateTest,
    )
    from rustystats.diagnostics.portfolio import Portfolio
    from rustystats.diagnostics.sections import InteractionCandidate


class ExploredFactors:
    """Factors with their sums by level.

    Parameters
    ----------
    rows : Portfolio
    factors : list of Factor
    n_bins : int, of a continuous factor
    rare_threshold_pct, max_levels : of a categorical factor, as in `binning.pool_levels`
    """

    def __init__(
        self,
        rows: Portfolio,
        factors: Sequence[Any],
        n_bins: int,
        rare_threshold_pct: float,
        max_levels: int,
    ) -> None:
        factors = [_occurring(factor) for factor in factors]
        self._rows, self._factors = rows, factors
        self._pooling = (rare_threshold_pct, max_levels)
        self._sums = sums_by_level(factors, rows, ("volume", "actual"), rows.n_threads)
        self._groups = [
            group_levels(factor, sums["volume"], n_bins, rare_threshold_pct, max_levels)
            for factor, sums in zip(factors, self._sums, strict=True)
        ]

    def _each(self):
        return zip(self._factors, self._groups, self._sums, strict=True)

    def _of(self, kind):
        return [factor for factor in self._factors if factor.kind == kind]

    def factor_stats(self) -> list[ExploredContinuous | ExploredCategorical]:
        """List of `ExploredContinuous` and `ExploredCategorical`."""
        return [
            portfolio.explore_factor(self._rows, factor, groups, sums, self._pooling[0])
            for factor, groups, sums in self._each()
        ]

    def missing_values(self) -> list[MissingValues]:
        """List of `MissingValues`, of the factors that have some."""
        found = [
            portfolio.missing_values(self._rows, factor, sums) for factor, _, sums in self._each()
        ]
        return [one for one in found if one is not None]

    @cached_property
    def univariate_tests(self) -> list[UnivariateTest]:
        """List of `UnivariateTest`."""
        return [
            portfolio.univariate_test(self._rows, factor, groups, sums)
            for factor, groups, sums in self._each()
        ]

    def associations(
        self,
    ) -> tuple[
        AssociationMatrix | None,
        AssociationMatrix | None,
        RatioMatrix | None,
        list[VarianceInflation],
    ]:
        """How the factors go together.

        Returns
        -------
        (AssociationMatrix, AssociationMatrix, RatioMatrix, list of VarianceInflation)
            Of continuous factors, of categorical ones, between the two kinds, and of all.
        """
        numbers, levels = self._of(CONTINUOUS), self._of(CATEGORICAL)
        rows = self._rows
        by_level = {
            factor.name: sums["volume"]
            for factor, sums in zip(self._factors, self._sums, strict=True)
        }
        moments = associations.second_moments(
            numbers, levels, rows.volume, by_level, rows.n_threads
        )
        inflation = associations.variance_inflation(moments)
        number_names, level_names = ([one.name for one in some] for some in (numbers, levels))
        pooled = [one.name for one in levels if one.n_levels > associations.MAX_LEVELS]
        return (
            AssociationMatrix(
                "pearson",
                rows.weighted_by,
                number_names,
                associations.correlations(moments).tolist(),
                [],
            ),
            AssociationMatrix(
                "bias-corrected Cramer's V",
                rows.weighted_by,
                level_names,
                associations.cramers_v(moments).tolist(),
                pooled,
            ),
            RatioMatrix(
                "bias-corrected correlation ratio",
                rows.weighted_by,
                number_names,
                level_names,
                associations.correlation_ratios(moments).tolist(),
            ),
            [
                VarianceInflation(
                    name,
                    one.df,
                    one.gvif if np.isfinite(one.gvif) else None,
                    one.adjusted if np.isfinite(one.adjusted) else None,
                    bool(np.isinf(one.gvif)),
                )
                for name, one in zip([*number_names, *level_names], inflation, strict=True)
            ],
        )

    def interactions(
        self,
        multiplicative: bool,
        max_factors: int,
        **limits: float,
    ) -> tuple[list[str], list[InteractionCandidate]]:
        """Which factors were looked at, as many as explain most by themselves, and what was found.

        `multiplicative` and the limits are those of `interaction_candidates`.
        """
        if max_factors < 0:
            raise ValueError(f"max_interaction_factors is 0 or more, not {max_factors!r}")
        explained = [test.variance_explained for test in self.univariate_tests]
        order = np.argsort(-np.nan_to_num(explained), kind="stable")
        chosen = sorted(order[:max_factors])
        rows, total = self._rows, self._rows.totals[0]
        names = [self._factors[index].name for index in chosen]
        if multiplicative and not total > 0:  # no claim: nothing to multiply
            return names, []
        how = (*self._pooling, effective_n_threads(rows.n_threads, len(rows)))
        grouped = {
            self._factors[at].name: interaction_groups(
                self._factors[at], self._sums[at]["volume"], *how
            )
            for at in chosen
        }
        return names, interaction_candidates(
            rows.actual,
            rows.predicted,
            rows.predicted if multiplicative else rows.volume,
            grouped,
            multiplicative=multiplicative,
            n_threads=rows.n_threads,
            **limits,
        )


def _occurring(factor):
    """The factor without levels that no row has: those of rows of weight 0."""
    if factor.counts.all():
        return factor
    dense, present = codes.compress_codes(factor.codes, factor.n_levels, 1)
    return replace(
        factor, codes=dense, levels=factor.levels[present], counts=factor.counts[present]
    )
