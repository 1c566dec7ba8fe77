"""What is known of a portfolio before the fit: the document, and the way to it.

    response, exposure, weights -> Portfolio;  columns -> factors -> sums by level
    -> sections -> DataExploration

Response, exposure and factors are read once; every table, test and measure is made of sums by
level, a Gram for the associations and one for each kind of cell sum of the interactions.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rustystats import frames
from rustystats.diagnostics.exploration_sections import (
    AssociationMatrix,
    DataSummary,
    Overdispersion,
    RatioMatrix,
    ResponseStatistics,
    ZeroInflation,
)
from rustystats.diagnostics.exploration_text import exploration_text
from rustystats.diagnostics.explorer import DataExplorer, read_portfolio
from rustystats.diagnostics.factor_choice import (
    choose_factors,
    factors_of_terms,
    named_factors,
    readable_columns,
)
from rustystats.diagnostics.kept import KeptRows
from rustystats.diagnostics.portfolio import Portfolio
from rustystats.diagnostics.serialize import Document
from rustystats.families import get_family
from rustystats.messages import did_you_mean

if TYPE_CHECKING:
    from rustystats.diagnostics.exploration_sections import (
        ExploredCategorical,
        ExploredContinuous,
        LeftOut,
        MissingValues,
        UnivariateTest,
        VarianceInflation,
    )
    from rustystats.diagnostics.sections import InteractionCandidate
    from rustystats.prepare import Model
    from rustystats.typing import FamilyLike, FrameLike, Vector


@dataclass(frozen=True, eq=False)
class DataExploration(Document):
    """Everything that is known before the fit; `explore_data` or `FormulaGLM.explore` makes it.

    Sections are read as attributes or by key. ``print`` shows a report. `to_dict` and `to_json`
    write all of it in this order, after `schema_version`, which rises when a key changes its
    meaning or goes.

    Examples
    --------
    >>> import rustystats as rs
    >>> data = rs.datasets.make_motor_portfolio(2_000, seed=1)
    >>> found = rs.explore_data(data, "ClaimNb", ["Area"], ["DrivAge"], exposure="Exposure")
    >>> found
    <DataExploration: ClaimNb, 2000 observations, rate 0.1047, 2 factors, 0 interactions>
    """

    data_summary: DataSummary
    response_stats: ResponseStatistics
    factor_stats: list[ExploredContinuous | ExploredCategorical] = field(default_factory=list)
    missing_values: list[MissingValues] = field(default_factory=list)
    columns_left_out: list[LeftOut] = field(default_factory=list)
    univariate_tests: list[UnivariateTest] = field(default_factory=list)
    correlations: AssociationMatrix | None = None
    cramers_v: AssociationMatrix | None = None
    correlation_ratios: RatioMatrix | None = None
    vif: list[VarianceInflation] = field(default_factory=list)
    zero_inflation: ZeroInflation | None = None
    overdispersion: Overdispersion | None = None
    interaction_factors: list[str] = field(default_factory=list)
    interaction_candidates: list[InteractionCandidate] = field(default_factory=list)

    def __repr__(self) -> str:
        summary, response = self.data_summary, self.response_stats
        return (
            f"<DataExploration: {summary.response_column}, {response.n_observations} observations, "
            f"rate {response.mean_rate:.4g}, {len(self.factor_stats)} factors, "
            f"{len(self.interaction_candidates)} interactions>"
        )

    def __str__(self) -> str:
        return exploration_text(self)

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


def explore_data(
    data: FrameLike,
    response: str,
    categorical_factors: Sequence[str] | None = None,
    continuous_factors: Sequence[str] | None = None,
    exposure: Vector | None = None,
    family: FamilyLike = "poisson",
    n_bins: int = 10,
    rare_threshold_pct: float = 1.0,
    max_categorical_levels: int = 20,
    detect_interactions: bool = True,
    max_interaction_factors: int = 10,
    *,
    weights: Vector | None = None,
    n_threads: int | None = None,
) -> DataExploration:
    """Look at a portfolio before fitting a model: response, factors, and how they go together.

    Parameters
    ----------
    data : pandas or polars DataFrame, polars LazyFrame, pyarrow Table
        Of a LazyFrame only the columns that are needed are collected.
    response : str
        A numeric column: claim counts, say, or mean claim amounts.
    categorical_factors, continuous_factors : lists of column names, optional
        Where neither is given, all columns that can be factors are explored, and those that cannot
        (identifiers, dates, constants) are listed in `columns_left_out` with the reason; the rules
        stand in `diagnostics/factor_choice.py`.
    exposure : str or (n,) array, optional
        Positive volume of each row (years insured). Rates are total response over total exposure.
    family : str or family object
        As in `glm`: the response must lie in its domain. With a family of counts, zeros and
        variance are compared with Poisson's; with one whose default link is log, interactions are
        looked for beyond effects that multiply each other, else beyond those that add up.
    n_bins : int
        Bins of a continuous factor, of equal exposure; fewer where values are heavily tied.
    rare_threshold_pct : float
        Levels with a smaller percentage of the exposure are pooled ("_Other").
    max_categorical_levels : int
        So many levels of a factor are shown at most, the pool included; missing values are one
        more.
    detect_interactions : bool
    max_interaction_factors : int
        The so many factors that explain most of the variance by themselves are looked at; they are
        listed in `interaction_factors`.
    weights : str or (n,) array, optional
        Prior weights >= 0, such as the number of claims behind a mean claim amount. They multiply
        response and exposure; rows of weight 0 are left out.
    n_threads : int, optional

    Returns
    -------
    DataExploration

    Raises
    ------
    TypeError
        If data is no DataFrame.
    ValueError
        For an unknown column, a factor listed twice or with another role, a continuous factor that
        is not numeric or infinite somewhere, missing values or an exposure of 0 or less in the
        response or exposure, or a response outside the family's domain.

    Examples
    --------
    >>> import rustystats as rs
    >>> data = rs.datasets.make_motor_portfolio(20_000, seed=1)
    >>> found = rs.explore_data(data, "ClaimNb", ["Area"], ["DrivAge"], exposure="Exposure")
    >>> found
    <DataExploration: ClaimNb, 20000 observations, rate 0.08413, 2 factors, 0 interactions>
    >>> [(factor["name"], factor["type"]) for factor in found.factor_stats]
    [('DrivAge', 'continuous'), ('Area', 'categorical')]
    >>> area = found.factor_stats[1]
    >>> total = sum(level.exposure for level in area.levels)
    >>> abs(total - found.response_stats.total_exposure) < 1e-9
    True
    """
    family = get_family(family)
    if not isinstance(response, str):
        raise TypeError(f"response is the name of a column, not {response!r}")
    kinds = frames.column_kinds(data)
    known = list(kinds)
    given = {"response": response, "exposure": exposure, "weights": weights}
    named = {role: name for role, name in given.items() if isinstance(name, str)}
    for role, name in named.items():
        if name not in known:
            raise ValueError(
                f"unknown column {name!r} as {role}{did_you_mean(name, known)}: the data have no "
                "such column"
            )
        if kinds[name] not in ("number", "boolean"):
            raise ValueError(f"{role} {name!r} is {kinds[name]}, not numbers: convert the column")
    roles = {name: role for role, name in named.items()}
    options = (n_bins, rare_threshold_pct, max_categorical_levels)
    if categorical_factors is None and continuous_factors is None:
        names, left_out = readable_columns(data, roles)
        columns = frames.read_columns(data, [*roles, *names], n_threads)
    else:
        chosen = named_factors(categorical_factors, continuous_factors, known, roles)
        columns = frames.read_columns(data, [*roles, *chosen[0], *chosen[1]], n_threads)
        names = None
    rows = read_portfolio(
        columns.numbers(response), exposure, weights, family, columns, response, n_threads
    )
    rest = KeptRows(rows).of(columns)
    if names is None:
        left_out = []
    else:
        *chosen, others = choose_factors(rest, names)
        left_out = sorted(left_out + others, key=lambda one: known.index(one.column))
    explorer = DataExplorer.of(rows, family)
    summary = DataSummary(
        n_rows=len(rows),
        n_columns=len(known),
        response_column=response,
        exposure_column=_source(exposure),
        weights_column=_source(weights),
        family=family.name(),
        n_categorical_factors=len(chosen[0]),
        n_continuous_factors=len(chosen[1]),
    )
    most = max_interaction_factors if detect_interactions else 0
    return assemble(explorer, rest, chosen[0], chosen[1], summary, options, most, left_out)


def explore_model(
    model: Model,
    data: FrameLike,
    categorical_factors: Sequence[str] | None,
    continuous_factors: Sequence[str] | None,
    options: tuple[int, float, int],
    most: int,
) -> DataExploration:
    """`DataExploration` of the rows of a formula model, which was made from these data.

    Without factors those of the formula are explored; `options` and `most` as in `assemble`.
    """
    problem, offsets, known = model.problem, model.offsets, frames.column_names(data)
    roles = {
        model.response.strip("`"): "response",
        offsets.exposure: "exposure",
        offsets.offset: "offset",
        model.weights_name: "weights",
    }
    if categorical_factors is None and continuous_factors is None:
        chosen = factors_of_terms(model.terms, frames.column_kinds(data))
    else:
        chosen = named_factors(categorical_factors, continuous_factors, known, roles)
    rows = Portfolio(problem.y, problem.weights, model.exposure, model.n_threads)
    columns = frames.read_columns(data, [*chosen[0], *chosen[1]], model.n_threads)
    if columns.n_rows != len(problem.y):
        raise ValueError(
            f"the data have {columns.n_rows} rows now, and had {len(problem.y)} when the model was "
            "made: make it anew"
        )
    explorer = DataExplorer.of(rows, problem.family, problem.link.name())
    exposure = offsets.exposure
    if exposure is None and isinstance(offsets.offset, str) and offsets.log_link:
        exposure = offsets.offset  # the older spelling of an exposure
    summary = DataSummary(
        n_rows=columns.n_rows,
        n_columns=len(known),
        response_column=model.response,
        exposure_column=_source(exposure),
        weights_column=model.weights_name or _source(problem.weights),
        family=problem.family.name(),
        n_categorical_factors=len(chosen[0]),
        n_continuous_factors=len(chosen[1]),
    )
    rest = KeptRows(rows).of(columns)
    return assemble(explorer, rest, chosen[0], chosen[1], summary, options, most)


def assemble(
    explorer: DataExplorer,
    columns: Any,
    categorical: Sequence[str],
    continuous: Sequence[str],
    summary: DataSummary,
    options: tuple[int, float, int],
    most: int,
    left_out: Sequence[LeftOut] = (),
) -> DataExploration:
    """`DataExploration` of rows and the columns of those that are kept.

    `options` are n_bins, rare_threshold_pct and max_categorical_levels; interactions are looked for
    among `most` factors, 0 for not at all.
    """
    factors = explorer.read(columns, categorical, continuous, *options)
    correlations, cramers_v, ratios, vif = factors.associations()
    zeros, variance = explorer.compute_count_checks()
    multiplicative = explorer.multiplicative
    looked_at, candidates = factors.interactions(multiplicative, most) if most else ([], [])
    return DataExploration(
        data_summary=summary,
        response_stats=explorer.compute_response_stats(),
        factor_stats=factors.factor_stats(),
        missing_values=factors.missing_values(),
        columns_left_out=list(left_out),
        univariate_tests=factors.univariate_tests,
        correlations=correlations,
        cramers_v=cramers_v,
        correlation_ratios=ratios,
        vif=vif,
        zero_inflation=zeros,
        overdispersion=variance,
        interaction_factors=looked_at,
        interaction_candidates=candidates,
    )


def _source(given: Vector | None) -> str | None:
    """What a summary calls an exposure or weights."""
    return given if given is None or isinstance(given, str) else "array"
