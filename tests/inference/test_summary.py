"""The printed summary: what it says, how wide it is, and its footnotes."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning

import rustystats as rs
from rustystats.inference.summary import NAME_WIDTH, WIDTH

N = 600
RNG = np.random.default_rng(13)
FRAME = pd.DataFrame(
    {
        "y": RNG.poisson(1.2, N),
        "cost": RNG.gamma(2.0, 500.0, N),
        "x": RNG.normal(size=N),
        "area": RNG.choice(list("ABC"), N),
        "e": RNG.uniform(0.1, 1, N),
        "w": RNG.integers(1, 4, N),
    }
)


def fit(formula="y ~ x + area", data=FRAME, **options):
    return rs.glm(formula, data, **({"family": "poisson"} | options)).fit()


def value(text, name):
    """What stands behind `name:` in the header."""
    return re.search(rf"{re.escape(name)}: +(\S+)", text)[1]


def test_says_what_people_look_for():
    text = fit().summary()
    for part in (
        "Observations", "Deviance", "Coef", "P>|z|", "Log-Likelihood", "AIC", "BIC",
        "Null Deviance", "Pearson chi2", "Scale", "Poisson", "Std.Err", "95% CI", "Variable",
        "Df Residuals", "Df Model", "Method", "Iterations", "Converged", "Signif. codes",
    ):  # fmt: skip
        assert part in text, part
    for name in ("Intercept", "x", "area[T.B]", "area[T.C]"):
        assert f"\n{name} " in text


def test_numbers_are_those_of_the_result():
    result = fit("cost ~ x + area", family="gamma", weights="w")
    text = result.summary()
    for name, number in {
        "Deviance": result.deviance,
        "Null Deviance": result.null_deviance(),
        "Log-Likelihood": result.llf(),
        "Pearson chi2": result.pearson_chi2(),
        "AIC": result.aic(),
        "BIC": result.bic(),
        "Scale": result.scale(),
    }.items():
        assert float(value(text, name)) == pytest.approx(number, rel=1e-5), name
    assert value(text, "No. Observations") == "600"
    assert value(text, "Df Residuals") == "596"
    assert value(text, "Df Model") == "3"
    assert value(text, "Converged") == "yes"
    assert value(text, "Family") == "Gamma"
    assert value(text, "Response") == "cost"
    assert value(text, "Weights") == "w"
    assert value(text, "Method") == "IRLS"


def test_rows_are_those_of_the_table():
    result = fit()
    lines = result.summary().split("\n")
    for j, name in enumerate(result.feature_names):
        (line,) = [line for line in lines if line.startswith(f"{name} ")]
        numbers = line[NAME_WIDTH:].replace("<", " ").split()
        assert float(numbers[0]) == pytest.approx(result.params[j], abs=6e-5)
        assert float(numbers[1]) == pytest.approx(result.bse()[j], abs=6e-5)
        assert float(numbers[2]) == pytest.approx(result.tvalues()[j], abs=6e-3)
        assert float(numbers[4]) == pytest.approx(result.conf_int()[j, 0], abs=6e-5)
        assert float(numbers[5]) == pytest.approx(result.conf_int()[j, 1], abs=6e-5)
        assert numbers[6:] == [code for code in [result.significance_codes()[j]] if code]


@pytest.mark.parametrize(
    ("options", "offset"),
    [
        ({}, "none"),
        ({"exposure": "e"}, "log(e)"),
        ({"offset": "e"}, "log(e)"),
        ({"offset": FRAME["e"].to_numpy()}, "array"),
        ({"exposure": FRAME["e"].to_numpy()}, "log(exposure)"),
        ({"formula": "y ~ x + offset(log(e))"}, "log(e)"),
    ],
)
def test_offset_is_told(options, offset):
    assert value(fit(**options).summary(), "Offset") == offset


@pytest.mark.parametrize(("family", "link"), [("poisson", "log"), ("gaussian", "identity")])
def test_link_is_the_one_fitted(family, link):
    text = fit(family=family, link=link).summary()
    assert value(text, "Link") == link
    assert "default" not in text


def test_width():
    for result in (fit(), fit("cost ~ x + area", family="gaussian")):
        lines = result.summary().split("\n")
        assert lines[0] == "=" * WIDTH == "=" * 86
        table = lines.index(next(line for line in lines if line.startswith("Variable")))
        assert table > 0
        assert all(len(line) <= WIDTH for line in lines)


def test_large_and_small_numbers_keep_their_columns():
    data = FRAME.assign(x=FRAME["x"] * 1e-9, cost=FRAME["cost"] * 1e7)
    result = fit("cost ~ x", data, family="gaussian")
    (line,) = [line for line in result.summary().split("\n") if line.startswith("x ")]
    numbers = line[NAME_WIDTH:].split()
    assert float(numbers[0]) == pytest.approx(result.params[1], rel=0.05)
    assert float(numbers[1]) == pytest.approx(result.bse()[1], rel=0.05)


def test_limits_keep_the_decimals_that_there_is_room_for():
    rng = np.random.default_rng(2)
    x, z = rng.normal(size=N), rng.normal(size=N)
    data = pd.DataFrame({"y": 23.456 * x - 4321.0 * z + rng.normal(size=N), "x": x, "z": z})
    result = fit("y ~ x + z", data, family="gaussian")
    rows = {line.split()[0]: line.split() for line in result.summary().split("\n") if line}
    for j, name, off in ((1, "x", 6e-4), (2, "z", 0.06)):
        found = [float(number) for number in rows[name][5:7]]
        assert found == pytest.approx(result.conf_int()[j].tolist(), abs=off, rel=0)
    assert float(rows["z"][3]) == pytest.approx(result.tvalues()[2], rel=0.05)  # above 100,000


def test_long_names_are_cut():
    name = "a_rating_factor_with_a_very_long_name"
    text = fit(f"y ~ {name}", FRAME.rename(columns={"x": name})).summary()
    assert name not in text
    (line,) = [line for line in text.split("\n") if line.startswith("a_rating")]
    assert line[:NAME_WIDTH].rstrip() == "a_rating_fac~a_very_long_name"
    assert line[NAME_WIDTH - 1] == " "


def test_long_names_that_differ_at_the_end_stay_apart():
    gas = np.where(FRAME["area"] == "A", "Diesel", "Regular")
    data = FRAME.rename(columns={"x": "VehAge"}).assign(VehGas=gas)
    text = fit("y ~ VehGas * ns(VehAge, df=4)", data).summary()
    names = [line[:NAME_WIDTH].rstrip() for line in text.split("\n") if "~" in line]
    assert names == [f"VehGas[T.Reg~:ns(VehAge, {j}/4)" for j in (1, 2, 3)]


def test_title_and_level():
    text = fit().summary(title="Frequency 2024", alpha=0.1)
    assert text.split("\n")[1].strip() == "Frequency 2024"
    assert "90% CI" in text
    assert "97.5% CI" in fit().summary(alpha=0.025)  # B20: not cut to 97 %
    with pytest.raises(ValueError, match="alpha"):
        fit().summary(alpha=2)


def test_small_pvalues():
    data = FRAME.assign(y=RNG.poisson(np.exp(FRAME["x"])))
    text = fit("y ~ x", data).summary()
    assert "<0.0001" in text
    assert "***" in text


def test_aliased_columns_are_named():
    text = fit("y ~ x + twice", FRAME.assign(twice=2 * FRAME["x"])).summary()
    assert re.search(r"\ntwice +aliased\n", text)
    assert re.search(r"Aliased .*: twice", text)
    assert "Aliased" not in fit().summary()


def test_ridge_is_told():
    result = rs.glm("y ~ x + area", FRAME, family="poisson").fit(alpha=0.25)
    text = result.summary()
    assert "IRLS + Ridge" in text
    assert "alpha = 0.25" in text
    assert "shrunken" in text


def test_a_parameter_at_the_edge_is_told():
    data = FRAME.assign(y=np.tile([1.0, 2.0], N // 2))
    with pytest.warns(UserWarning, match=r"theta=1e\+07 is the edge"):
        text = fit("y ~ x", data, family="negbinomial").summary()
    text = " ".join(text.split())
    assert "Theta: 1e+07 (at its edge)" in text
    assert "theta is at the edge of its range: the counts are not overdispersed" in text


def test_not_converged_is_told():
    with pytest.warns(ConvergenceWarning):
        result = rs.glm("y ~ x + area", FRAME, family="poisson").fit(max_iter=1)
    text = result.summary()
    assert value(text, "Converged") == "NO"
    assert "NOT CONVERGED" in text
    assert "max_iter=1" in text
    assert "NOT" not in fit().summary()
