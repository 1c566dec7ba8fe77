"""Lasso and elastic net against glum 3.4.1: factors, bounds, weights and offset of each family.

`golden/glum_paths.py` makes the values and stores each beside its call; every stored model meets
the conditions of a minimum of our objective (`kkt` in each case), so what differs here is ours. The
data are those of `golden/glmnet_R.json`.
"""

import json
from pathlib import Path

import numpy as np
import pytest

import rustystats as rs

FOLDER = Path(__file__).parent / "golden"
GOLDEN = json.loads((FOLDER / "glum.json").read_text())
DATA = json.loads((FOLDER / "glmnet_R.json").read_text())
X1 = np.column_stack([np.ones(len(DATA["w"])), *DATA["x"].values()])


def options_of(case):
    """What the case says, as arguments of ours."""
    options = {"family": case["family"], "l1_ratio": case["l1_ratio"]}
    if case["family"] == "tweedie":
        options["var_power"] = 1.5
    if "weights" in case:
        options["weights"] = np.array(DATA["w"])
    if "offset" in case:
        options["offset"] = np.array(DATA["o"])
    if "penalty_factor" in case:
        options["penalty_factor"] = np.array(case["penalty_factor"])
    if "lower_bounds" in case:
        for name, free in (("lower_bounds", -np.inf), ("upper_bounds", np.inf)):
            options[name] = np.array([free if b is None else b for b in case[name]])
    return options


def response(case):
    return np.array(DATA["y"][case["response"]], dtype=float)


over_cases = pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["name"])


@over_cases
def test_path(case):
    path = rs.lasso_path(response(case), X1, alphas=case["alphas"], tol=1e-9, **options_of(case))
    expected = np.array(case["coefficients"])
    assert path.converged.all()
    np.testing.assert_allclose(path.coefficients, expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(path.coefficients == 0, expected == 0)


@over_cases
def test_fit(case):
    alpha = case["alphas"][2]
    result = rs.fit_glm(response(case), X1, alpha=alpha, tol=1e-9, **options_of(case))
    np.testing.assert_allclose(result.params, case["coefficients"][2], rtol=1e-6, atol=1e-6)
