"""DataExplorer: from a response, its exposure and factors to the sections of an exploration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np

from rustystats.diagnostics import portfolio
from rustystats.diagnostics.count_checks import overdispersion, zero_inflation
from rustystats.diagnostics.explored_factors import ExploredFactors
from rustystats.diagnostics.factors import check_factors, read_factors, split_kinds
from rustystats.diagnostics.kept import KeptRows
from rustystats.diagnostics.portfolio import Portfolio
from rustystats.families import get_family
from rustystats.offsets import positive, read_vector
from rustystats.prepare import check_response, check_weights

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rustystats.diagnostics.exploration_sections import (
        ExploredCategorical,
        ExploredContinuous,
        Overdispersion,
        ResponseStatistics,
        ZeroInflation,
    )
    from rustystats.diagnostics.sections import InteractionCandidate
    from rustystats.families.base import FamilyMixin
    from rustystats.frames.columns import Columns
    from rustystats.typing import FamilyLike, FrameLike, LinkName, Vector

COUNT_FAMILIES = ("poisson", "quasipoisson", "negbinomial")


class DataExplorer:
    """What the rows say of the response and of factors before there is a model.

    `explore_data` makes all of it from a DataFrame.

    Parameters
    ----------
    y : (n,) array
        Response.
    exposure : (n,) array > 0, optional
    family : str or family object
        The response must lie in its domain; counts are checked for extra zeros and variance.
    weights : (n,) array >= 0, optional
        Prior weights; rows of weight 0 are left out.
    link : str, optional
        "log": effects of factors multiply each other, where interactions are looked for; else they
        are added. None takes the family's default.
    n_threads : int, optional

    Attributes
    ----------
    n_obs : int, rows with a weight above 0
    family : str
    multiplicative : bool, whether effects of factors multiply each other

    Raises
    ------
    ValueError
        If lengths differ, numbers are missing, an exposure is 0 or a response outside the domain.

    Examples
    --------
    >>> import numpy as np
    >>> explorer = DataExplorer(np.array([0.0, 1.0, 0.0, 1.0]), np.array([1.0, 0.5, 0.5, 2.0]))
    >>> explorer.compute_response_stats().mean_rate
    0.5
    >>> (factor,) = explorer.compute_factor_stats({"area": ["a", "b", "a", "b"]}, ["area"])
    >>> [(level["level"], level["response_rate"]) for level in factor["levels"]]
    [('b', 0.8), ('a', 0.0)]
    """

    n_obs: int
    family: str
    multiplicative: bool

    def __init__(
        self,
        y: ArrayLike,
        exposure: ArrayLike | None = None,
        family: FamilyLike = "poisson",
        *,
        weights: ArrayLike | None = None,
        link: LinkName | None = None,
        n_threads: int | None = None,
    ) -> None:
        family = get_family(family)
        rows = read_portfolio(y, exposure, weights, family, n_threads=n_threads)
        self._set(rows, family, link)

    @classmethod
    def of(cls, rows: Portfolio, family: FamilyMixin, link: str | None = None) -> Self:
        """The same of a `Portfolio` that is checked already."""
        explorer = object.__new__(cls)
        explorer._set(rows, family, link)
        return explorer

    def _set(self, rows: Portfolio, family: FamilyMixin, link: str | None) -> None:
        link = family.default_link().name() if link is None else link
        self._kept = KeptRows(rows)
        self._rows = self._kept.rows(rows)
        self.multiplicative = link == "log"
        self.n_obs, self.family = len(self._rows), family.name()

    def compute_response_stats(self) -> ResponseStatistics:
        """`ResponseStatistics`: totals, the rate, its spread and percentiles, zeros."""
        return portfolio.response_statistics(self._rows)

    def compute_factor_stats(
        self,
        data: FrameLike | Columns,
        categorical_factors: Sequence[str] | None = None,
        continuous_factors: Sequence[str] | None = None,
        n_bins: int = 10,
        rare_threshold_pct: float = 1.0,
        max_categorical_levels: int = 20,
    ) -> list[ExploredContinuous | ExploredCategorical]:
        """The response by factor, continuous ones first, in the order given.

        Parameters
        ----------
        data : DataFrame with the factors, a row for each response
        categorical_factors, continuous_factors : lists of column names, optional
        n_bins : int, of a continuous factor, of equal exposure
        rare_threshold_pct : float
            Levels with a smaller percentage of the exposure are pooled ("_Other").
        max_categorical_levels : int
            So many levels are shown at most, the pool included; missing values are one more.

        Returns
        -------
        list of ExploredContinuous and ExploredCategorical

        Raises
        ------
        ValueError
            If a column is unknown, named twice, or not of its kind, or the lengths differ.
        """
        pooling = (rare_threshold_pct, max_categorical_levels)
        return self.read(
            data, categorical_factors, continuous_factors, n_bins, *pooling
        ).factor_stats()

    def detect_interactions(
        self,
        data: FrameLike | Columns,
        factor_names: Sequence[str],
        max_factors: int = 10,
        min_correlation: float = 0.01,
        max_candidates: int = 5,
        min_cell_count: int = 30,
        *,
        categorical_factors: Sequence[str] | None = None,
        rare_threshold_pct: float = 1.0,
        max_categorical_levels: int = 20,
    ) -> list[InteractionCandidate]:
        """`InteractionCandidate` list, strongest first; see `diagnostics/interactions.py`.

        Parameters
        ----------
        data : DataFrame
        factor_names : list of column names
            Numbers are cut into five bins of equal exposure.
        max_factors : int
            The so many that explain most of the variance by themselves are looked at.
        min_correlation : float
            The root of the least strength.
        max_candidates, min_cell_count : int
        categorical_factors : list of str, optional
            Those of the names that are levels though they are numbers; None takes texts alone.
        rare_threshold_pct, max_categorical_levels : as in `compute_factor_stats`
        """
        factor_names = check_factors(factor_names, None)[0]
        columns = self._kept.read(data, factor_names, self._rows.n_threads)
        categorical, continuous = split_kinds(columns, factor_names, categorical_factors)
        pooling = (rare_threshold_pct, max_categorical_levels)
        found = self.read(columns, categorical, continuous, 10, *pooling)
        return found.interactions(
            self.multiplicative,
            max_factors,
            min_correlation=min_correlation,
            max_candidates=max_candidates,
            min_cell_count=min_cell_count,
        )[1]

    def read(
        self,
        data: FrameLike | Columns,
        categorical: Sequence[str] | None,
        continuous: Sequence[str] | None,
        n_bins: int,
        rare_threshold_pct: float,
        max_levels: int,
    ) -> ExploredFactors:
        """`ExploredFactors` of a DataFrame, or of columns that are read and kept already."""
        categorical, continuous = check_factors(categorical, continuous)
        columns = self._kept.read(data, [*categorical, *continuous], self._rows.n_threads)
        found = read_factors(columns, categorical, continuous, self._rows.volume, n_bins)
        found = found[len(categorical) :] + found[: len(categorical)]
        return ExploredFactors(self._rows, found, n_bins, rare_threshold_pct, max_levels)

    def compute_count_checks(self) -> tuple[ZeroInflation, Overdispersion] | tuple[None, None]:
        """(`ZeroInflation`, `Overdispersion`) at one rate for all; None for families not of counts.

        See `diagnostics/count_checks.py`.
        """
        rows = self._rows
        if self.family not in COUNT_FAMILIES:
            return None, None
        return zero_inflation(rows.actual, rows.predicted), overdispersion(
            rows.actual, rows.predicted
        )


def read_portfolio(
    y: ArrayLike,
    exposure: Vector | None,
    weights: Vector | None,
    family: FamilyMixin,
    columns: Columns | None = None,
    response: str = "y",
    n_threads: int | None = None,
) -> Portfolio:
    """A `Portfolio` of arrays or columns, checked; `response` is its name in messages."""
    n_rows = len(np.atleast_1d(y))
    if not n_rows:
        raise ValueError("the response is empty: there is no row to work on")
    y = check_response(y, n_rows, family, response)
    if exposure is not None:
        exposure = positive(read_vector(exposure, columns, n_rows, "exposure"), exposure)
    if weights is not None:
        weights = check_weights(weights, columns, n_rows)
    return Portfolio(y, weights, exposure, n_threads)
