"""Predictions side by side on the same rows, whatever made them: on a holdout, mostly.

With weight w, response y, mean mu and unit deviance d of a row, a prediction's mean deviance is
D = sum w d(y, mu) / sum w. That of two predictions differs by the mean of the rows' differences
delta = d(y, mu) - d(y, best mu), and rows are independent, so that its standard error is

    sqrt(sum w^2 (delta - mean delta)^2) / sum w,

that of a ratio of sums (Cochran 1977, section 6), in which what both find hard cancels. It holds
for predictions made without these rows. Cost: a sort and a few passes over the rows for each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rustystats import frames
from rustystats.diagnostics.computer import DiagnosticsComputer, FitFacts
from rustystats.diagnostics.given import read_family
from rustystats.diagnostics.rows import Rows
from rustystats.links import get_link
from rustystats.offsets import positive, read_vector
from rustystats.prepare import check_response, check_weights
from rustystats.results.evaluation import evaluate_rows
from rustystats.results.glm_results import GLMResults
from rustystats.threads import single_threaded_blas

if TYPE_CHECKING:
    from rustystats.families.base import FamilyMixin
    from rustystats.frames.columns import Columns
    from rustystats.typing import FamilyLike, Floats, FrameLike, Table, Vector


def compare_predictions(
    data: FrameLike,
    predictions: Mapping[str, GLMResults | Vector],
    y: Vector,
    *,
    family: FamilyLike,
    exposure: Vector | None = None,
    weights: Vector | None = None,
    var_power: float = 1.5,
    theta: float = 1.0,
) -> Table:
    """Models, products of models and tariffs in force, judged on the same rows.

    Parameters
    ----------
    data : DataFrame
        Rows that none of the predictions was made from, if they are to be judged fairly.
    predictions : dict of name to GLMResults, column name or (n,) array
        Means of y. A fitted model predicts them from `data`, with its own exposure; arrays and
        columns include it, as `GLMResults.predict` returns them. A number is the same for all.
    y : column name or (n,) array
        The response.
    family : str or family object
        Whose deviance judges. Predictions of different families can be compared: all are judged by
        this one.
    exposure : column name or (n,) array > 0, optional
        Of which the response is a total: rows are ranked by prediction for a unit of it, and the
        one mean for all that `Explained` starts from is a rate.
    weights : column name or (n,) array >= 0, optional
        Prior weights, where the response is a mean (the exposure of a pure premium, the number of
        claims of a severity).
    var_power, theta : float
        Parameter of a Tweedie or negative binomial family given by name.

    Returns
    -------
    DataFrame, one row a prediction, in the order given
        Model; Actual and Predicted, totals times weight; Actual/Expected; Mean Deviance for a unit
        of weight; Difference from the lowest and its Std.Error (0 and NaN for that one); Explained,
        the share of the deviance of one mean for all; Gini.

    Raises
    ------
    TypeError
        If predictions are no dict, or one is an estimator or something else that is not fitted.
    ValueError
        For an unknown column, a response, exposure or weight outside its domain, another number of
        rows, or means where the family has none, naming the prediction and the rows at fault.

    Examples
    --------
    Two models and one rate for all, on policies that they have not seen:

    >>> import rustystats as rs
    >>> data = rs.datasets.make_motor_portfolio(40_000, seed=1)
    >>> train, test = data.iloc[:20_000], data.iloc[20_000:]
    >>> def fit(terms):
    ...     model = rs.glm(f"ClaimNb ~ {terms}", train, family="poisson", exposure="Exposure")
    ...     return model.fit()
    >>> rate = train["ClaimNb"].sum() / train["Exposure"].sum()
    >>> table = rs.compare_predictions(
    ...     test,
    ...     {"area": fit("Area"), "age": fit("ns(DrivAge, df=4)"), "flat": rate * test["Exposure"]},
    ...     y="ClaimNb", exposure="Exposure", family="poisson",
    ... )
    >>> table[["Model", "Difference", "Std.Error", "Gini"]].round(3).values.tolist()
    [['area', 0.005, 0.001, 0.064], ['age', 0.0, nan, 0.198], ['flat', 0.006, 0.001, 0.0]]
    """
    if not isinstance(predictions, dict) or not predictions:
        raise TypeError(
            "predictions is a dict of names and what is compared: "
            '{"new": result, "in force": "Premium"}'
        )
    found = read_family(family, var_power, theta)
    link = get_link(None if exposure is None else "log", found)
    named = [
        name for name in (y, exposure, weights, *predictions.values()) if isinstance(name, str)
    ]
    columns = frames.read_columns(data, named)
    n_rows = columns.n_rows
    response = read_vector(y, columns, n_rows, "y")
    response = check_response(response, n_rows, found, y if isinstance(y, str) else "y")
    volume = shift = None
    if exposure is not None:
        volume = positive(read_vector(exposure, columns, n_rows, "exposure"), exposure)
        shift = np.log(volume)
    prior = None if weights is None else check_weights(weights, columns, n_rows)
    means = [_means(*item, data, columns, found) for item in predictions.items()]
    facts = FitFacts(0, 0, np.nan, [], in_sample=False, offset=shift)
    judged, deviances = [], []
    with single_threaded_blas():
        for mu in means:
            rows = Rows(response, mu, np.asarray(link.link(mu)), prior, volume, found, link)
            computer = DiagnosticsComputer.of(rows, facts)
            facts = replace(facts, null_deviance=computer.null_deviance)  # for the others as well
            judged.append(evaluate_rows(computer))
            deviances.append(computer.rows.deviance)  # times weight
    best = deviances[int(np.argmin([one.mean_deviance for one in judged]))]
    used = computer.rows.weighted(np.ones(computer.n_obs))
    differences = [_difference(deviance - best, used) for deviance in deviances]
    table = {
        "Actual": [one.actual for one in judged],
        "Predicted": [one.predicted for one in judged],
        "Actual/Expected": [one.actual_expected for one in judged],
        "Mean Deviance": [one.mean_deviance for one in judged],
        "Difference": [difference for difference, _ in differences],
        "Std.Error": [error for _, error in differences],
        "Explained": [one.deviance_explained for one in judged],
        "Gini": [np.nan if one.gini is None else one.gini for one in judged],
    }
    values = {name: np.array(column) for name, column in table.items()}
    return frames.make_frame({"Model": list(predictions)} | values, columns.backend)


def _means(
    name: str, given: GLMResults | Vector, data: FrameLike, columns: Columns, family: FamilyMixin
) -> Floats:
    """What a prediction says of all rows, checked."""
    if hasattr(given, "fit"):
        if not isinstance(given, GLMResults):
            raise TypeError(
                f"{name!r} is a {type(given).__name__}: pass what its fit() returned (of an "
                "estimator, its result_), or its predictions"
            )
        given = given.predict(data)
    means = read_vector(given, columns, columns.n_rows, f"prediction {name!r}")
    bad = ~family.mean_domain.contains(means)
    if bad.any():
        raise ValueError(
            f"prediction {name!r} is outside {family.mean_domain} in {int(bad.sum())} of "
            f"{len(means)} rows (for instance {means[bad][0]:g}), where the {family.name()} family "
            "has no means: correct those, or choose another family"
        )
    return means


def _difference(weighted: Floats, weights: Floats) -> tuple[float, float]:
    """The mean of differences of rows, and its standard error: NaN where there are none."""
    total = weights.sum()
    mean = float(weighted.sum() / total)
    error = float(np.sqrt(np.sum((weighted - mean * weights) ** 2)) / total)
    return mean, error if weighted.any() else np.nan
