"""Paths of lasso, elastic net and ridge against glmnet 4.1-6.

`golden/glmnet.R` makes the data and the values; each value stands beside the call that made it and
how its lambda follows from our alpha. Every stored model meets the conditions of a minimum of our
objective (`kkt` in each case), so what differs here is ours.
"""

import json
from pathlib import Path

import numpy as np
import pytest

import rustystats as rs

GOLDEN = json.loads((Path(__file__).parent / "golden" / "glmnet_R.json").read_text())
X1 = np.column_stack([np.ones(len(GOLDEN["w"])), *GOLDEN["x"].values()])


def with_intercept(free, values):
    """An argument for all columns, from that of glmnet, which leaves out the intercept.

    The intercept is free, and so is a column without a bound.
    """
    return np.array([free] + [free if value is None else value for value in values])


def path_of(case, **options):
    options["l1_ratio"] = case["l1_ratio"]
    options["standardize"] = case["standardize"]
    if "var_power" in case:
        options["var_power"] = case["var_power"]
    if "weights" in case:
        options["weights"] = np.array(GOLDEN["w"])
    if "offset" in case:
        options["offset"] = np.array(GOLDEN["o"])
    if "penalty_factor" in case:
        options["penalty_factor"] = with_intercept(0.0, case["penalty_factor"])
    if "lower_bounds" in case:
        options["lower_bounds"] = with_intercept(-np.inf, case["lower_bounds"])
        options["upper_bounds"] = with_intercept(np.inf, case["upper_bounds"])
    y = np.array(GOLDEN["y"][case["response"]], dtype=float)
    return rs.lasso_path(y, X1, family=case["family"], **options)


def over(cases):
    return pytest.mark.parametrize("case", cases, ids=lambda case: case["name"])


@over(GOLDEN["cases"])
def test_coefficients(case):
    path = path_of(case, alphas=np.array(case["alphas"]), tol=1e-10)
    np.testing.assert_allclose(path.alphas, case["alphas"])
    expected = np.array(case["coefficients"])
    np.testing.assert_allclose(path.coefficients, expected, rtol=1e-5, atol=1e-5)
    # at a stored 0 the slope stays clear of the penalty's, so the choice of columns is exact
    np.testing.assert_array_equal(path.coefficients == 0, expected == 0)


@over([case for case in GOLDEN["cases"] if "alpha_max" in case])
def test_largest_alpha(case):
    path = path_of(case, n_alphas=5)
    assert path.alphas[0] == pytest.approx(case["alpha_max"], rel=1e-6)
