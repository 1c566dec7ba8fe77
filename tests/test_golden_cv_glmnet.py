"""Cross-validation against cv.glmnet 4.1-6 on its own folds: `golden/cv_glmnet.R` has the calls."""

import json
from pathlib import Path

import numpy as np
import pytest

import rustystats as rs

GOLDEN = json.loads((Path(__file__).parent / "golden" / "cv_glmnet_R.json").read_text())
X = np.column_stack([np.ones(len(GOLDEN["w"])), *GOLDEN["x"].values()])
FOLD = np.array(GOLDEN["foldid"])
FOLDS = [(np.flatnonzero(k != FOLD), np.flatnonzero(k == FOLD)) for k in range(1, 6)]


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["call"][:70])
def test_equals_cv_glmnet(case):
    options = dict(case["ours"])
    y = np.array(GOLDEN["y"][options.pop("y")], dtype=float)
    for name in ("offset", "weights"):
        if name in options:
            options[name] = np.array(GOLDEN[options[name]])
    ours = rs.cv_glm(y, X, alphas=GOLDEN["lambda"], cv=FOLDS, tol=1e-10, **options)
    np.testing.assert_allclose(-ours.scores_mean, case["mean"], rtol=1e-6)
    np.testing.assert_allclose(ours.scores_std, case["error"], rtol=1e-5)
    np.testing.assert_array_equal(ours.path.n_nonzero, case["n_nonzero"])
    assert ours.alpha_best == case["alpha_min"]
    assert ours.alpha_1se == case["alpha_1se"]
