"""From a fitted model to its diagnostics: which rows, then every section.

Rows of the fit have the fitted values that the result holds. Other rows are predicted, with
exposure, offset and weights found in the data as a prediction finds them, and the response computed
from the data. They are taken for those of the fit again where response and means are the same;
else nothing is claimed that only holds for fitted rows: no AIC, no likelihood-ratio test, residual
degrees of freedom as many as rows, the null model refitted to them, the dispersion that of the fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from rustystats import frames
from rustystats.diagnostics.computer import DiagnosticsComputer, FitFacts
from rustystats.diagnostics.factors import check_factors
from rustystats.diagnostics.kept import KeptRows
from rustystats.diagnostics.rows import Rows
from rustystats.diagnostics.sections import ModelDiagnostics, ModelSummary
from rustystats.prepare import check_response, check_weights
from rustystats.solvers.problem import Problem
from rustystats.terms.expression import Expression
from rustystats.threads import single_threaded_blas

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rustystats.frames.columns import Columns
    from rustystats.results.answers import Answers
    from rustystats.results.glm_results import GLMResults
    from rustystats.typing import Complement, FrameLike, Vector


def compute_diagnostics(
    result: GLMResults,
    data: FrameLike | None = None,
    categorical_factors: Sequence[str] | None = None,
    continuous_factors: Sequence[str] | None = None,
    n_calibration_bins: int = 10,
    n_factor_bins: int = 10,
    rare_threshold_pct: float = 1.0,
    max_categorical_levels: int = 20,
    detect_interactions: bool = True,
    max_interaction_factors: int = 10,
    *,
    y: ArrayLike | None = None,
    exposure: Vector | None = None,
    offset: Vector | None = None,
    weights: Vector | None = None,
    complement: Complement | None = None,
) -> ModelDiagnostics:
    """How good a fitted model is, on the rows of the fit or on others.

    Parameters
    ----------
    result : GLMResults
    data : DataFrame, optional
        Rows to judge the model on: with the columns of the model, its response and the factors.
        None takes the data of the fit. Of a model of arrays, a DataFrame with the factors of the
        rows fitted (with `y`, the arrays of other rows).
    categorical_factors, continuous_factors : lists of column names, optional
        Factors to compare actual and expected by, whether in the model or not.
    n_calibration_bins, n_factor_bins : int
        Bins of equal exposure, of the prediction and of a continuous factor.
    rare_threshold_pct : float
        Levels with a smaller percentage of the exposure are pooled ("_Other").
    max_categorical_levels : int
        So many levels of a factor are shown at most, the pool included; missing values are one
        more.
    detect_interactions : bool
        Whether to look for interactions among the first `max_interaction_factors` factors.
    max_interaction_factors : int
    y : (m,) array, optional
        The response of `data`, where it is no column of it.
    exposure, offset, complement : as in `GLMResults.predict`
    weights : column name or (m,) array, optional
        None takes the column of the fit.

    Returns
    -------
    ModelDiagnostics

    Raises
    ------
    ValueError
        For an unknown column, a response or exposure outside its domain, an unseen level (unless
        the model says what to do), another number of rows, or what `data` lack.

    Examples
    --------
    >>> import rustystats as rs
    >>> data = rs.datasets.make_motor_portfolio(20_000, seed=1)
    >>> train, test = data.iloc[:15_000], data.iloc[15_000:]
    >>> result = rs.glm("ClaimNb ~ bs(DrivAge, df=5) + C(Area)", train, family="poisson",
    ...                 exposure="Exposure").fit()
    >>> found = rs.compute_diagnostics(result, test, ["Area", "VehGas"], ["VehPower"])
    >>> [(factor.name, factor.in_model) for factor in found.factors]
    [('Area', True), ('VehGas', False), ('VehPower', False)]
    >>> len(found.calibration.by_decile)
    10
    """
    categorical, continuous = check_factors(categorical_factors, continuous_factors)
    given = {"y": y, "exposure": exposure, "offset": offset, "weights": weights}
    pooling = (rare_threshold_pct, max_categorical_levels)
    with single_threaded_blas():  # products of rows are too small to wake its threads
        names = [*categorical, *continuous]
        computer, columns = judged_rows(result, data, names, **given, complement=complement)

        def along_rows():
            """What is sorted and summed along the rows: numpy, on one thread."""
            return (
                computer.compute_calibration(n_calibration_bins),
                computer.compute_discrimination(),
                computer.compute_residual_summary(),
            )

        def by_factor():
            """What is summed by factor, on the others."""
            factors, candidates = [], []
            if names:
                factors = computer.compute_factor_diagnostics(
                    columns, categorical, continuous, n_factor_bins, *pooling
                )
            if names and detect_interactions:
                candidates = computer.detect_interactions(
                    columns,
                    names,
                    max_interaction_factors,
                    categorical_factors=categorical,
                    rare_threshold_pct=rare_threshold_pct,
                    max_categorical_levels=max_categorical_levels,
                )
            return factors, candidates

        if computer.n_threads == 1 or not names:
            (calibration, discrimination, residuals), found = along_rows(), by_factor()
        else:
            from concurrent.futures import ThreadPoolExecutor  # not with the package

            computer.prepare_sums()
            computer.n_threads -= 1
            with ThreadPoolExecutor(1) as beside:
                task = beside.submit(along_rows)
                found = by_factor()
                calibration, discrimination, residuals = task.result()
        factors, candidates = found
        fit_statistics = computer.compute_fit_statistics()
        return ModelDiagnostics(
            model_summary=_summary(result, computer),
            fit_statistics=fit_statistics,
            loss_metrics=computer.compute_loss_metrics(),
            calibration=calibration,
            discrimination=discrimination,
            residual_summary=residuals,
            factors=factors,
            interaction_candidates=candidates,
            model_comparison=computer.compute_model_comparison(),
            warnings=computer.generate_warnings(fit_statistics, calibration, factors),
        )


def _summary(result, computer):
    return ModelSummary(
        family=result.family,
        link=result.link,
        n_observations=computer.n_obs,
        n_parameters=len(result.params),
        degrees_of_freedom_residual=computer.df_resid,
        converged=bool(result.converged),
        iterations=result.iterations,
    )


def judged_rows(
    result: Answers,
    data: FrameLike | None,
    names: Sequence[str],
    *,
    y: ArrayLike | None = None,
    exposure: Vector | None = None,
    offset: Vector | None = None,
    weights: Vector | None = None,
    complement: Complement | None = None,
) -> tuple[DiagnosticsComputer, Any]:
    """The rows that a model is judged on, checked and predicted, and their `Columns`.

    `names` are wanted beside the model's columns; all else is as in `compute_diagnostics`. Of both
    rows of weight 0 are left out; there are no columns where no data are known or needed.
    """
    given = (y, exposure, offset, weights, complement)
    if _of_the_fit(result, data, given):
        rows, facts, columns = _fitted_rows(result, data, names)
    else:
        rows, facts, columns = _other_rows(result, data, names, *given)
    return DiagnosticsComputer.of(rows, facts), KeptRows(rows).of(columns)


def _of_the_fit(result, data, given):
    """Whether the rows are those of the fit without being looked at."""
    if any(value is not None for value in given):
        return False
    arrays = result.model.terms.is_array and (data is None or frames.is_frame(data))
    return data is None or data is result.data or arrays


def _terms(result):
    """(label, names of the data columns) of each term; of arrays, those of each column."""
    if result.model.terms.is_array:
        return [(name, {name}) for name in result.feature_names]
    return [(t.label, t.columns) for t in result.model.terms.terms if t.factors]


def _facts(result, deviance, offset, in_sample, **known):
    problem = result.model.problem
    return FitFacts(
        n_params=result.fit.rank,
        deviance=float(deviance),
        terms=_terms(result),
        in_sample=in_sample,
        intercept=problem.intercept is not None,
        n_estimated=result._n_estimated,
        dispersion_given=isinstance(result.dispersion_choice, Real),
        offset=offset,
        converged=bool(result.converged),
        **known,
    )


def _fitted_rows(result, data, names):
    """The rows of the fit, what is known of it, and the factors' columns."""
    problem, columns = result.model.problem, None
    data = result.data if data is None else data
    if names and data is None:
        raise ValueError(
            "the result does not hold the data of the fit: pass data= with the columns of the "
            "factors"
        )
    if data is not None:
        columns = fitted_columns(result, data, names)
    rows = Rows(
        problem.y,
        result.fittedvalues,
        result.linear_predictor,
        problem.weights,
        result.model.exposure,
        problem.family,
        problem.link,
        result.scale(),
        problem.design.n_threads,
    )
    return rows, _known_facts(result), columns


def fitted_columns(result: Answers, data: FrameLike, names: Sequence[str]) -> Columns:
    """Columns of data that must be the rows of the fit: as many, with the same response."""
    y = result.model.problem.y
    response = () if result.model.terms.is_array else _response_columns(result, data)
    columns = frames.read_columns(data, [*names, *response], result.model.n_threads)
    changed = len(y) != columns.n_rows
    if response and not changed:
        changed = not np.array_equal(_response(result, columns, response), y)
    if changed:
        raise ValueError(
            f"the data are not the {len(y)} rows of the fit (they have {columns.n_rows} rows, or "
            "another response): pass those, or for other rows a DataFrame of their own"
        )
    return columns


def _known_facts(result):
    return _facts(
        result,
        result.deviance,
        result.model.problem.offset,
        True,
        null_deviance=result.null_deviance(),
        log_likelihood=result.llf(),
    )


def _other_rows(result, data, names, y, exposure, offset, weights, complement):
    """Rows that are read and predicted."""
    model, problem = result.model, result.model.problem
    if data is None:
        raise ValueError("y, exposure, offset, weights and complement are those of data: pass it")
    weights = weights_of(result, data) if weights is None else weights
    response = _response_columns(result, data) if y is None else ()
    wanted = [*names, *response, *([weights] if isinstance(weights, str) else [])]
    columns, shift, volume = result._read_rows(data, exposure, offset, complement, wanted)
    y = _response(result, columns, response) if y is None else y
    y = check_response(y, columns.n_rows, problem.family, model.response)
    prior = None if weights is None else check_weights(weights, columns, columns.n_rows)
    eta = result._new_design(columns)[0].matvec(result.fit.coef, shift)
    mu = problem.link.inverse(eta)
    outside = int(np.count_nonzero(~problem.family.mean_domain.contains(mu)))
    if outside:
        raise ValueError(
            f"{outside} of {len(mu)} predictions lie outside {problem.family.mean_domain}, where "
            f"the {problem.family.name()} family has its means: nothing can be said of them"
        )
    family, link, phi = problem.family, problem.link, result.scale()
    rows = Rows(y, mu, eta, prior, volume, family, link, phi, columns.asked_threads)
    if _same_rows(result, rows):
        return rows, _known_facts(result), columns
    deviance = family.deviance(y, mu, prior)
    return rows, _facts(result, deviance, shift, False), columns


def _same_rows(result, rows):
    """Whether these are the rows of the fit."""
    problem = result.model.problem
    if not isinstance(problem, Problem) or not np.array_equal(problem.y, rows.y):
        return False  # a model from a file has no rows
    same = np.allclose(rows.mu, result.fittedvalues, rtol=1e-10, atol=0)
    return same and np.array_equal(rows.weighted(np.ones(len(rows))), result._weights)


def weights_of(result: Answers, data: FrameLike) -> str | None:
    """The column of the weights, or None without any."""
    name = result.weights_name
    if name is None or (name != "array" and name in frames.column_names(data)):
        return name
    where = "an array" if name == "array" else f"column {name!r}, which the data lack"
    raise ValueError(f"the model was fitted with {where} as weights: pass weights= for these rows")


def _response_columns(result, data):
    """The data columns that the response is computed from."""
    name = result.model.response
    known = frames.column_names(data) if frames.is_frame(data) or isinstance(data, dict) else []
    if name.strip("`") in known:
        return (name.strip("`"),)
    try:
        columns = Expression(name).columns
    except ValueError:  # the name of an array, which may be anything
        columns = (name,)
    lacking = [column for column in columns if column not in known]
    if lacking:
        raise ValueError(
            f"the data lack the response {name!r}: add column {lacking[0]!r}, or pass y="
        )
    return columns


def _response(result, columns, names):
    """The response, computed from the columns of these names."""
    name = result.model.response
    if names == (name.strip("`"),):
        return columns.numbers(*names)
    return Expression(name).evaluate_rows(columns)
