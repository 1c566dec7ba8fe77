"""Centred and standardised columns: numpy's numbers, the training data's constants replayed."""

import numpy as np
import pandas as pd
import pytest

import rustystats as rs

RNG = np.random.default_rng(5)
DATA = pd.DataFrame(
    {"y": RNG.normal(size=500), "x": RNG.gamma(2, size=500), "k": [1, 2, 2, 7] * 125}
)
NEW = pd.DataFrame({"x": [0.0, 5.0], "k": [3, 4]})


@pytest.mark.parametrize("name", ["x", "k"])  # row by row, and by distinct value
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("center({})", lambda v, of: v - of.mean()),
        ("scale({})", lambda v, of: (v - of.mean()) / of.std()),
        ("standardize({}, ddof=1)", lambda v, of: (v - of.mean()) / of.std(ddof=1)),
        ("standardize({}, center=False)", lambda v, of: v / of.std()),
        ("standardize({}, rescale=False)", lambda v, of: v - of.mean()),
    ],
)
def test_values(text, expected, name):
    text, values = text.format(name), DATA[name].to_numpy(dtype=float)
    model = rs.glm(f"y ~ {text}", DATA)
    assert model.feature_names == ["Intercept", text]
    np.testing.assert_allclose(model.X[:, 1], expected(values, values), rtol=1e-12, atol=1e-14)
    result = model.fit()
    new = expected(NEW[name].to_numpy(dtype=float), values)
    np.testing.assert_allclose(result.predict(NEW), result.params[0] + result.params[1] * new)


def test_what_does_not_vary_has_no_unit():
    data = DATA.assign(x=3.0)
    with pytest.raises(ValueError, match=r"'scale\(x\)': the column does not vary"):
        rs.glm("y ~ scale(x)", data)
