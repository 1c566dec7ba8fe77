"""Score tests of what a model lacks: against R, statsmodels and brute force."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import rustystats as rs

ROW = np.arange(120)
# The same rows in R, where i <- 0:119; all fits there with control=ctl,
# ctl <- glm.control(epsilon=1e-15, maxit=100)
SMALL = pd.DataFrame(
    {
        "a": np.array(list("abc"))[ROW % 3],  # letters[i %% 3 + 1]
        "h": np.array(list("uv"))[ROW // 7 % 2],  # c("u", "v")[(i %/% 7) %% 2 + 1]
        "x": ROW * 7 % 11,
        "z": ROW * 13 % 17 / 4,
        "e": 0.5 + ROW % 5 / 4,
        "w": 1.0 + ROW % 2,
        "n": (ROW * ROW * 5 + ROW) % 4,
        "cost": 10 + ROW * 31 % 97,
    }
)


def small(response, family, **options):
    return rs.glm(f"{response} ~ C(a) + x", SMALL, family=family, link=None, **options).fit(
        tol=1e-14
    )


# ---- terms --------------------------------------------------------------------------------


def test_like_r_with_weights():
    # f <- glm(n ~ a + x, poisson, d, weights=w); add1(f, ~ . + h + z, test="Rao"); R 4.2.2
    table = small("n", "poisson", weights="w").add1("C(h) + z")
    np.testing.assert_allclose(table["Chisq"], [0.0804521621744527, 0.2338305170835326], rtol=1e-7)
    np.testing.assert_allclose(
        table["Pr(>Chisq)"], [0.776685587382127, 0.628697989647234], rtol=1e-7
    )


def test_like_r_with_offset_and_weights():
    # f <- glm(n ~ a + x, poisson, d, offset=log(e), weights=w)
    # anova(f, update(f, ~ . + h), test="Rao"), and the others alike; R 4.2.2
    result = small("n", "poisson", exposure="e", weights="w")
    table = result.add1(["C(h)", "z", "bs(z, df=5)", "poly(x, 3)", "C(a):x", "C(a):C(h)"])
    assert table["Df"].tolist() == [1, 1, 4, 2, 2, 3]
    expected = [0.0870970746503588, 0.145542114115756, 2.91529090359955]
    expected += [0.768144053938784, 1.89338569551191, 1.70495750847434]
    np.testing.assert_allclose(table["Chisq"], expected, rtol=1e-7)


def test_like_r_with_a_dispersion():
    # f <- glm(cost ~ a + x, Gamma("log"), d, weights=w); add1(f, ~ . + h + z + bs(z, df=4), "Rao")
    table = small("cost", "gamma", weights="w").add1("h + z + bs(z, df=5)")
    expected = [0.4673886797845954, 0.0465083704450704, 1.9787864238903321]
    np.testing.assert_allclose(table["Chisq"], expected, rtol=1e-7)
    # f <- glm(cost ~ a + x, gaussian, d); add1(f, ~ . + h + z, test="Rao")
    table = small("cost", "gaussian").add1("h + z")
    np.testing.assert_allclose(table["Chisq"], [0.325138808902884, 1.66275982593971e-06], rtol=1e-6)


N = 600
RNG = np.random.default_rng(8)
FRAME = pd.DataFrame(
    {
        "y": RNG.poisson(0.5, N),
        "age": RNG.integers(18, 60, N),
        "area": RNG.choice(list("ABC"), N),
        "gas": RNG.choice(["D", "R"], N),
        "size": RNG.normal(size=N),
        "e": RNG.uniform(0.2, 1.0, N),
        "w": RNG.integers(0, 3, N).astype(float),
    }
)


@pytest.mark.parametrize(
    ("family", "link"),
    [("poisson", "log"), ("poisson", "sqrt"), ("gaussian", None), ("negbinomial", "log")],
)
@pytest.mark.parametrize("candidate", ["C(area)", "bs(size, df=4)", "C(area):C(gas)", "C(gas):age"])
def test_is_the_score_test_of_drop1(family, link, candidate):
    """The larger model fitted, and its term dropped; at one theta and dispersion."""
    options = {"family": family, "link": link, "weights": "w"}
    if link == "log":
        options["exposure"] = "e"
    if family == "negbinomial":
        options["theta"] = 1.7
    small = rs.glm("y ~ age + C(gas)", FRAME, **options).fit(dispersion=1.3, tol=1e-13)
    large = rs.glm(f"y ~ age + C(gas) + {candidate}", FRAME, **options)
    table = large.fit(dispersion=1.3).drop1("score")
    expected = table.iloc[-1]
    found = small.add1(candidate).iloc[0]
    if candidate == "C(area):C(gas)":  # drop1 keeps the margin that the larger model codes with it
        assert found["Df"] == 4
    assert (found["Term"], found["Df"]) == (expected["Term"], expected["Df"])
    np.testing.assert_allclose(found["Chisq"], expected["Chisq"], rtol=1e-6)
    np.testing.assert_allclose(found["Pr(>Chisq)"], expected["Pr(>Chisq)"], rtol=1e-5)


def test_each_candidate_stands_by_itself():
    result = rs.glm("y ~ age", FRAME, family="poisson", exposure="e").fit()
    together = result.add1("C(area) + C(gas) + size + C(area):C(gas) + FE(area)")
    for label, df, statistic in zip(
        together["Term"], together["Df"], together["Chisq"], strict=True
    ):
        alone = result.add1([label])
        assert alone["Df"].tolist() == [df]
        np.testing.assert_allclose(alone["Chisq"], statistic, rtol=1e-10)
    assert together["Df"].tolist() == [2, 1, 1, 1, 5]


def test_a_dot_is_what_the_model_does_not_use():
    result = rs.glm("y ~ age", FRAME, family="poisson", exposure="e", weights="w").fit()
    assert result.add1(".")["Term"].tolist() == ["area", "gas", "size"]


def test_what_the_model_has_already_has_no_degree_of_freedom():
    result = rs.glm("y ~ C(area) * age", FRAME, family="poisson").fit()
    table = result.add1("C(area) + age + gas")
    assert table["Df"].tolist() == [0, 0, 1]
    assert table["Chisq"].isna().tolist() == [True, True, False]


def test_of_arrays_and_other_frames():
    y = FRAME["y"].to_numpy()
    X = np.column_stack([np.ones(N), FRAME["age"]])
    frame = pl.DataFrame(FRAME.to_dict("list"))
    named = rs.glm("y ~ age", frame, family="poisson").fit().add1("area")
    assert isinstance(named, pl.DataFrame)
    result = rs.fit_glm(y, X, family="poisson")
    table = result.add1("area", FRAME)
    np.testing.assert_allclose(table["Chisq"], named["Chisq"], rtol=1e-8)
    assert table["Df"].tolist() == [2]
    with pytest.raises(ValueError, match="does not hold the data of the fit"):
        result.add1("area")


def test_add1_refuses():
    model = rs.glm("y ~ age", FRAME, family="poisson")
    result = model.fit()
    cases = [
        ("Area", None, r"unknown column 'Area' \(did you mean 'area'"),
        ("TE(area)", None, "learns from the response"),
        ("1", None, "no term to test"),
        ([], None, "formula"),
        ("offset(size)", None, "no term to test"),
        ("area", FRAME.iloc[1:], "not the 600 rows of the fit"),
        ("area", FRAME.iloc[::-1], "another response"),
    ]
    for candidates, data, message in cases:
        with pytest.raises(ValueError, match=message):
            result.add1(candidates, data)
    with pytest.raises(ValueError, match="by maximum likelihood, and this one is penalised"):
        model.fit(alpha=0.1).add1("area")
