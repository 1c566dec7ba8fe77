"""The formula face: before the fit, what is refused, and what must not change a fit."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.exceptions import ConvergenceWarning

import rustystats as rs
from rustystats.terms.contrasts import CODINGS
from rustystats.terms.readers import READERS
from rustystats.terms.spline_basis import EXTRAPOLATIONS

N = 1200
RNG = np.random.default_rng(9)
X = RNG.normal(size=N)
AREA = RNG.choice(list("ABCD"), N)
EXPOSURE = RNG.uniform(0.1, 1, N)
FRAME = pd.DataFrame(
    {
        "y": RNG.poisson(EXPOSURE * np.exp(0.3 * X + 0.4 * (AREA == "C"))).astype(float),
        "cost": RNG.gamma(2.0, np.exp(0.2 * X)),
        "share": RNG.integers(0, 5, N) / 4,
        "x": X,
        "age": RNG.integers(18, 80, N),
        "area": AREA,
        "exposure": EXPOSURE,
        "w": RNG.integers(1, 4, N),
    }
)
FORMULA = "y ~ bs(age, df=5) + x + area"


def frequency(data=FRAME, formula=FORMULA, **options):
    return rs.glm(formula, data, **({"family": "poisson", "exposure": "exposure"} | options))


def bad(column, value, rows=(3, 44, 1199)):
    data = FRAME.astype({column: float})
    data.loc[list(rows), column] = value
    return data


# --- Before the fit ------------------------------------------------------------------------------


def test_model_before_the_fit():
    model = frequency()
    assert model.feature_names[:2] == ["Intercept", "bs(age, 2/5)"]
    assert model.X.shape == (N, 9) == (model.n_obs, model.n_params)
    np.testing.assert_array_equal(model.y, FRAME["y"])
    np.testing.assert_array_equal(model.X[:, 0], 1)
    np.testing.assert_allclose(model.X[:, 1:5], rs.bs(FRAME["age"], df=5), atol=1e-14)
    assert (model.family.name(), model.link.name()) == ("poisson", "log")
    assert (model.df_model, model.df_resid) == (8, N - 9)
    np.testing.assert_allclose(model.offset, np.log(FRAME["exposure"]))
    assert model.weights is None
    weighted = rs.glm("y ~ age", FRAME, family="poisson", weights="exposure")
    np.testing.assert_array_equal(weighted.weights, FRAME["exposure"])
    assert weighted.offset is None
    assert model.formula == FORMULA
    for part in (FORMULA, "poisson", "log", "1200"):
        assert part in repr(model)


def test_attributes_are_copies():
    model = frequency()
    model.feature_names.append("nonsense")
    model.X[:] = 0
    assert len(model.feature_names) == 9
    assert model.X[0, 0] == 1


def test_data_are_not_changed():
    before = FRAME.copy()
    frequency(weights="w").fit().predict(FRAME)
    pd.testing.assert_frame_equal(FRAME, before)


# --- Bad input -----------------------------------------------------------------------------------

NOT_FINITE = [np.nan, np.inf, -np.inf]


@pytest.mark.parametrize("value", NOT_FINITE)
@pytest.mark.parametrize(
    ("column", "options"),
    [
        ("y", {}),
        ("x", {}),  # stored dense
        ("age", {}),  # stored as a table
        ("exposure", {}),
        ("w", {"weights": "w"}),
        ("w", {"offset": "w"}),
        ("w", {"formula": "y ~ x + offset(w)"}),
        ("w", {"formula": "y ~ C(w)"}),
        ("w", {"formula": "y ~ x:w"}),
    ],
)
def test_not_finite(value, column, options):
    with pytest.raises(ValueError, match=r" 3 (rows|missing values).*(fill|drop)") as caught:
        frequency(bad(column, value), **options)
    assert f"{column}" in str(caught.value)


@pytest.mark.parametrize("value", NOT_FINITE)
@pytest.mark.parametrize("role", ["exposure", "offset", "weights"])
def test_not_finite_array(value, role):
    values = FRAME["exposure"].to_numpy(copy=True)
    values[[5, 9]] = value
    with pytest.raises(ValueError, match=rf"{role}.* 2 rows"):
        frequency(**{role: values})


@pytest.mark.parametrize("term", ["y", "TE(y)", "x:C(y)", "I(y > 0)", "bs(y, df=4)"])
def test_the_response_is_no_term(term):
    with pytest.raises(ValueError, match=r"column 'y' is the response and cannot.*\n.*\n *\^$"):
        frequency(formula=f"y ~ age + {term}")
    with pytest.raises(ValueError, match="'y' is the response"):
        rs.glm_dict("y", {"y": {"type": "target_encoding"}}, FRAME)
    rs.glm("I(y / exposure) ~ exposure", FRAME)  # a part of the response may be one


@pytest.mark.parametrize("make", [pl.from_pandas, pa.Table.from_pandas])
def test_nulls_in_other_dataframes(make):
    for column in ("y", "x", "age", "exposure"):
        values = FRAME[column].astype("Float64")
        values[[1, 2, 3]] = pd.NA
        with pytest.raises(ValueError, match=rf"'{column}'.* 3 rows"):
            frequency(make(FRAME.assign(**{column: values})))
    texts = FRAME["area"].astype(object)
    texts[[1, 2]] = None
    with pytest.raises(ValueError, match="'area' has 2 missing values"):
        frequency(make(FRAME.assign(area=texts)))


@pytest.mark.parametrize(
    ("column", "family", "value", "word"),
    [
        ("y", "poisson", -1, "outside"),
        ("cost", "gamma", 0, "outside"),
        ("cost", "gamma", -1, "outside"),
        ("share", "binomial", 1.25, "outside"),
        ("share", "binomial", -0.25, "outside"),
    ],
)
def test_response_outside_the_domain(column, family, value, word):
    with pytest.raises(ValueError, match=rf"'{column}' is {word}.*3 of 1200.*{family}.*correct"):
        rs.glm(f"{column} ~ x", bad(column, value), family=family)


@pytest.mark.parametrize("value", [0, -0.5])
def test_exposure_not_positive(value):
    with pytest.raises(ValueError, match=r"'exposure' is zero or negative in 3 of 1200.*drop"):
        frequency(bad("exposure", value))
    with pytest.raises(ValueError, match=r"'exposure' is zero or negative in 3 of 1200.*drop"):
        frequency(bad("exposure", value), exposure=None, offset="exposure")


def test_weights():
    with pytest.raises(ValueError, match="weights 'w' is negative in 3 rows"):
        frequency(bad("w", -1), weights="w")
    with pytest.raises(ValueError, match=r"weights 'w'.*all 1200 rows"):
        frequency(FRAME.assign(w=0), weights="w")


@pytest.mark.parametrize("role", ["exposure", "offset", "weights"])
def test_lengths_and_names(role):
    with pytest.raises(ValueError, match=rf"{role} has shape \(7,\).*1200 rows"):
        frequency(**{role: np.ones(7)})
    with pytest.raises(ValueError, match=r"unknown column 'volume'.*y, cost"):
        frequency(**{role: "volume"})
    with pytest.raises(ValueError, match="'area' is String, not numeric"):
        frequency(**{role: "area"})


def test_unknown_names():
    with pytest.raises(ValueError, match="unknown column 'agee'"):
        frequency(formula="y ~ agee")
    with pytest.raises(ValueError, match=r"Unknown family 'poison'.*poisson"):
        frequency(family="poison")
    with pytest.raises(ValueError, match=r"Unknown link 'logg'.*log"):
        frequency(link="logg")
    with pytest.raises(ValueError, match=r"Unknown link 'logit' for family poisson.*identity"):
        frequency(link="logit")


@pytest.mark.parametrize("make", [lambda d: d, pl.from_pandas, pa.Table.from_pandas])
def test_empty_data(make):
    with pytest.raises(ValueError, match="data are empty"):
        frequency(make(FRAME)[:0])


def test_not_a_dataframe():
    with pytest.raises(TypeError, match="DataFrame"):
        frequency(FRAME["x"].to_numpy())


def test_exposure_rules():
    with pytest.raises(ValueError, match="exposure needs a log link"):
        frequency(link="identity")
    with pytest.raises(ValueError, match="exposure needs a log link"):
        rs.glm("share ~ x", FRAME, family="binomial", exposure="exposure")
    data = FRAME.assign(log_exposure=np.log(EXPOSURE))
    with pytest.raises(ValueError, match=r"'log_exposure'.*already"):
        frequency(data, exposure=None, offset="log_exposure")
    with pytest.raises(ValueError, match="'exposure' is exposure, offset or weight"):
        frequency(formula="y ~ x + exposure")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("alpha", -1), ("alpha", np.nan), ("alpha", "a"),
        ("l1_ratio", -0.1), ("l1_ratio", 1.5),
        ("tol", 0), ("tol", -1), ("tol", "a"),
        ("max_iter", 0), ("max_iter", 1.5),
        ("n_threads", 0), ("n_threads", -2), ("n_threads", 1.5), ("n_threads", "2"),
    ],
)  # fmt: skip
def test_options_of_fit(option, value):
    model = frequency()
    expected = model.fit()
    with pytest.raises(ValueError, match=option):
        model.fit(**{option: value})
    # nothing is half-fitted: the model fits as before
    np.testing.assert_array_equal(model.fit().params, expected.params)


def test_n_threads_of_the_model():
    with pytest.raises(ValueError, match="n_threads"):
        frequency(n_threads=0)


def test_one_step_warns():
    with pytest.warns(ConvergenceWarning, match="max_iter=1"):
        result = frequency().fit(max_iter=1)
    assert not result.converged
    assert "NOT converged" in repr(result)


# --- What must not change a fit ------------------------------------------------------------------


def assert_same(result, other, rtol=1e-9):
    assert result.feature_names == other.feature_names
    np.testing.assert_allclose(result.params, other.params, rtol=rtol, atol=1e-11)
    np.testing.assert_allclose(result.bse(), other.bse(), rtol=rtol)
    assert result.deviance == pytest.approx(other.deviance, rel=1e-12)


def test_fitting_twice():
    model = frequency()
    first, second = model.fit(), model.fit()
    np.testing.assert_array_equal(first.params, second.params)
    np.testing.assert_array_equal(first.bse(), second.bse())
    third = frequency().fit()
    np.testing.assert_array_equal(first.params, third.params)


@pytest.mark.parametrize(
    "make",
    [
        pl.from_pandas,
        lambda d: pl.from_pandas(d).lazy(),
        pa.Table.from_pandas,
        lambda d: {name: d[name].to_numpy() for name in d},
        lambda d: d.astype({"area": "category"}),
        lambda d: d.astype({"area": object}),
        lambda d: pl.from_pandas(d).with_columns(pl.col("area").cast(pl.Categorical)),
        lambda d: d.astype({"age": "float64", "y": "int32"}),
        lambda d: d.astype({"age": "uint8", "exposure": "Float64"}),
        lambda d: d.set_index("w", drop=False),
    ],
    ids=[
        "polars",
        "lazy",
        "pyarrow",
        "dict",
        "category",
        "object",
        "plcat",
        "float",
        "uint8",
        "index",
    ],
)
def test_kind_of_data(make):
    assert_same(frequency(make(FRAME)).fit(), frequency().fit(), rtol=1e-12)


def test_order_of_rows():
    shuffled = FRAME.sample(frac=1, random_state=1)
    assert_same(frequency(shuffled).fit(), frequency().fit())


@pytest.mark.parametrize("family", ["poisson", "gamma", "gaussian"])
def test_weight_two_is_a_row_twice(family):
    column = {"poisson": "y", "gamma": "cost", "gaussian": "cost"}[family]
    formula = f"{column} ~ x + area"
    weighted = rs.glm(formula, FRAME, family=family, weights="w").fit()
    repeated = rs.glm(formula, FRAME.loc[FRAME.index.repeat(FRAME["w"])], family=family).fit()
    np.testing.assert_allclose(weighted.params, repeated.params, rtol=1e-8)
    assert weighted.deviance == pytest.approx(repeated.deviance, rel=1e-10)
    np.testing.assert_allclose(
        weighted.cov_params_unscaled, repeated.cov_params_unscaled, rtol=1e-7
    )
    assert weighted.df_resid == N - 5  # weights are no counts of rows


def test_weight_zero_is_no_row():
    weights = np.where(np.arange(N) % 3, 1.0, 0.0)
    part = FRAME[weights > 0]
    formula = "y ~ x + area"
    result, other = (
        frequency(formula=formula, weights=weights).fit(),
        frequency(part, formula).fit(),
    )
    assert_same(result, other)
    assert result.nobs == len(part)
    assert result.df_resid == other.df_resid


@pytest.mark.parametrize("family", ["poisson", "gamma"])
def test_offset_shift_moves_the_intercept_alone(family):
    column = {"poisson": "y", "gamma": "cost"}[family]
    offset = np.log(EXPOSURE)
    result, shifted = (
        rs.glm(f"{column} ~ x + area", FRAME, family=family, offset=offset + shift).fit()
        for shift in (0.0, 2.5)
    )
    np.testing.assert_allclose(shifted.params, result.params - [2.5, 0, 0, 0, 0], atol=1e-8)
    np.testing.assert_allclose(shifted.fittedvalues, result.fittedvalues, rtol=1e-8)


def test_unit_of_a_column():
    result = frequency().fit()
    scaled = frequency(FRAME.assign(x=FRAME["x"] * 1e6)).fit()
    factor = np.where(np.array(result.feature_names) == "x", 1e6, 1.0)
    np.testing.assert_allclose(scaled.params * factor, result.params, rtol=1e-7)
    np.testing.assert_allclose(scaled.bse() * factor, result.bse(), rtol=1e-7)


def test_spellings_of_exposure():
    expected = frequency().fit()
    for options in (
        {"exposure": EXPOSURE},
        {"exposure": None, "offset": "exposure"},
        {"exposure": None, "offset": np.log(EXPOSURE)},
        {"exposure": None, "formula": FORMULA + " + offset(log(exposure))"},
    ):
        assert_same(frequency(**options).fit(), expected, rtol=1e-12)


def test_ridge():
    # the first-order conditions of the objective, and shrinkage to the mean
    alpha = 0.05
    model = frequency(formula="y ~ x + area")
    result = model.fit(alpha=alpha)
    assert result.is_regularized
    residual = FRAME["y"].to_numpy() - result.fittedvalues
    gradient = -model.X.T @ residual / N + alpha * result.params * [0, 1, 1, 1, 1]
    np.testing.assert_allclose(gradient, 0, atol=1e-8)
    strong = model.fit(alpha=1e6)
    np.testing.assert_allclose(strong.params[1:], 0, atol=1e-5)
    null = frequency(formula="y ~ 1").fit()
    np.testing.assert_allclose(strong.params[0], null.params[0], atol=1e-5)


# ---- cross-validation -------------------------------------------------------------------------

GROUPED = FRAME.assign(policy=np.arange(N) // 5, text=[f"p{i // 5}" for i in range(N)])


@pytest.mark.parametrize("selection", ["min", "1se"])
@pytest.mark.parametrize(
    ("regularization", "l1_ratio", "expected"),
    [
        ("lasso", None, 1.0),
        ("ridge", None, 0.0),
        ("elastic_net", None, 0.5),
        ("elastic_net", [0.2, 1.0], [0.2, 1.0]),
        (None, 0.7, 0.7),
    ],
)
def test_cross_validation_equals_the_array_face(regularization, l1_ratio, expected, selection):
    options = {"n_alphas": 6, "alpha_min_ratio": 1e-2, "cv": 3, "random_state": 4, "tol": 1e-9}
    model = frequency(weights="w")
    result = model.fit(
        regularization=regularization, l1_ratio=l1_ratio, selection=selection, **options
    )
    found = result.cv_result
    arrays = {"exposure": EXPOSURE, "weights": FRAME["w"]}
    other = rs.cv_glm(FRAME["y"], model.X, "poisson", l1_ratio=expected, **options, **arrays)
    np.testing.assert_allclose(found.scores, other.scores, rtol=1e-7)
    assert result.alpha == (found.alpha_best if selection == "min" else found.alpha_1se)
    assert result.alpha == pytest.approx(
        other.alpha_best if selection == "min" else other.alpha_1se, rel=1e-7
    )
    assert result.l1_ratio == other.l1_ratio
    # the result is the fit of all rows at that alpha
    direct = model.fit(result.alpha, result.l1_ratio, tol=1e-10)
    np.testing.assert_allclose(result.params, direct.params, rtol=1e-5, atol=1e-7)
    assert direct.cv_result is None
    assert result.formula == FORMULA
    assert repr(result).startswith("<GLMResults: poisson")


@pytest.mark.parametrize("regularization", ["ridge", "lasso", "elastic_net"])
def test_regularization_names_an_l1_ratio(regularization):
    l1_ratio = {"ridge": 0.0, "lasso": 1.0, "elastic_net": 0.5}[regularization]
    result = frequency().fit(0.01, regularization=regularization)
    assert_same(result, frequency().fit(0.01, l1_ratio))
    assert result.cv_result is None


def test_named_and_given_groups():
    options = {"regularization": "lasso", "cv": 3, "n_alphas": 4, "random_state": 0}
    model = frequency(GROUPED)
    expected = model.fit(groups=np.arange(N) // 5, **options).cv_result.scores
    for data in (GROUPED, pl.DataFrame(GROUPED), pl.LazyFrame(GROUPED), pa.table(GROUPED)):
        for name in ("policy", "text"):
            found = frequency(data).fit(groups=name, **options).cv_result
            np.testing.assert_allclose(found.scores, expected, rtol=1e-9)
    assert not np.allclose(model.fit(**options).cv_result.scores, expected, rtol=1e-6)
    with pytest.raises(ValueError, match="unknown column 'Policy'"):
        model.fit(groups="Policy", **options)


def test_dispersion_and_threads_with_cross_validation():
    model = rs.glm("cost ~ x + area", FRAME, "gamma")
    options = {"regularization": "ridge", "cv": 3, "n_alphas": 4, "random_state": 0}
    result = model.fit(dispersion="deviance", n_threads=1, **options)
    assert result.scale() == result.scale_deviance()
    assert result.cv_result.best_result.scale() == result.scale_deviance()
    assert result.model.n_threads == 1
    assert np.isfinite(result.bse()).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cv": 5}, "cv chooses the alpha of a penalty: say which by regularization="),
        ({"cv": 5, "alpha": 0.1}, "alpha=0.1 is given and cv is to choose it"),
        ({"cv": 5, "alpha": 0.1, "regularization": "lasso"}, "alpha=0.1 is given and cv is"),
        ({"regularization": "lasso"}, "needs an alpha above 0, or cv="),
        ({"regularization": "lasso", "alpha": 0.1, "l1_ratio": 0.3}, "'lasso' has l1_ratio=1"),
        ({"regularization": "lasso", "cv": 5, "l1_ratio": [0.3, 1]}, "'lasso' has l1_ratio=1"),
        ({"l1_ratio": [0.3, 1], "alpha": 0.1}, "l1_ratio is a list, which needs cv="),
        ({"regularization": "L1", "alpha": 0.1}, "regularization must be"),
        ({"selection": "1se", "alpha": 0.1}, "selection= belongs to a cross-validation"),
        ({"alphas": [0.1]}, "alphas= belongs to a cross-validation"),
        ({"n_alphas": 5}, "n_alphas= belongs to a cross-validation"),
        ({"groups": "age"}, "groups= belongs to a cross-validation"),
        ({"groups": AREA}, "groups= belongs to a cross-validation"),
        ({"random_state": 1}, "random_state= belongs to a cross-validation"),
        ({"scoring": "mse"}, "scoring= belongs to a cross-validation"),
        ({"cv": 5, "regularization": "ridge", "selection": "best"}, "selection must be"),
        ({"cv": 5, "regularization": "ridge", "alphas": [0.0, 1.0]}, "alphas hold 0"),
        ({"cv": 5, "regularization": "ridge", "group": "term"}, "group= has no effect"),
        ({"cv": 1, "regularization": "ridge"}, "cv must be at least 2 folds"),
    ],
)
def test_conflicts_of_cross_validation(options, message):
    with pytest.raises(ValueError, match=message):
        frequency().fit(**options)


# --- Terms replayed -------------------------------------------------------------------------------

UNIT = np.random.default_rng(3).uniform(size=N)
KINDS = [
    *("1", "x", "0 + x", "flag", "0 + flag", "area", "0 + area", "`a col`", "."),
    *("log(age)", "I(x**2)", "np.sqrt(age)", "x*age", "np.where(x > 0, 1, age)", "minimum(x, 0)"),
    *("C(area)", "C(age)", "C(area, ref='C')", "C(area, 'most_exposed')", "C(z)", "C(flag)"),
    *("C(area, levels=['D', 'B', 'C', 'A'])", "C(area, min_exposure=340)", "grade", "C(grade)"),
    *(f"C(area, coding={coding!r})" for coding in CODINGS),
    *("C(gaps, handle_missing='level')", "C(area, handle_unknown='mean')"),
    *("cut(age, [17, 30, 50, 90])", "cut(x, 4)", "poly(age, 3)", "poly(x, 2, raw=True)"),
    *("center(age)", "scale(x)", "standardize(age)", "FE(area)", "FE(age)", "FE(area:z)"),
    *("bs(age, df=5)", "bs(x, df=6)", "bs(age, knots=[30, 50], degree=2)", "bs(log(age), df=4)"),
    *("ns(age, df=4)", "ns(x, knots=[-1, 0, 1])", "bs(x, df=5, boundary_knots=[-1, 1])"),
    *(f"bs(x, df=5, boundary_knots=[-1, 1], extrapolation={how!r})" for how in EXTRAPOLATIONS[:-1]),
    *("x:age", "area:grade", "area*grade", "area:flag:C(z)", "(area + x + age)**2", "area/x"),
    *("C(area):x", "bs(age, df=4)*C(area)", "bs(age, df=4):bs(x, df=4)", "ns(x, df=3):area"),
    *("0 + area:bs(age, df=4)", "poly(x, 2):area", "cut(x, 3):C(area)", "FE(area):x", "FE(z)*area"),
    *("age + offset(x / 9)", "area + FE(area)", "x + I(2 * x)"),  # the latter are aliased
]


def test_every_kind_of_term_is_listed():
    used = " ".join(KINDS)
    assert {name for name in READERS if f"{name}(" not in used} == {"TE"}


@pytest.mark.parametrize("term", KINDS)
def test_predictions_of_the_training_rows_are_the_fitted_values(term):
    """All that is learned is stored: levels, knots, means, shares and codings."""
    data = FRAME.assign(
        flag=UNIT < 0.3,
        grade=pd.Categorical(np.where(UNIT < 0.5, "low", "high"), ["low", "high"], True),
        gaps=FRAME["area"].where(UNIT > 0.1),
        z=FRAME["age"] % 4,
        **{"a col": UNIT},
    )
    if term == ".":
        data = data.drop(columns=["gaps", "cost"])
    model = rs.glm(f"y ~ {term}", data, family="poisson", exposure="exposure", weights="w")
    for result in (model.fit(), model.fit(alpha=0.01)):
        np.testing.assert_allclose(result.predict(data), result.fittedvalues, rtol=1e-12)
        some = slice(50, 2, -5)  # another order, few levels, another range
        expected = result.fittedvalues[some]
        np.testing.assert_allclose(result.predict(data.iloc[some]), expected, rtol=1e-12)


def test_a_constant_column_without_an_intercept_is_taken_at_its_value():
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"k": 0.3, "x": rng.normal(size=500), "y": rng.poisson(2.0, 500)})
    with_intercept = rs.glm("y ~ x", data, family="poisson").fit()
    scaled = rs.glm("y ~ 0 + k + x", data, family="poisson").fit()
    np.testing.assert_allclose(scaled.params * [0.3, 1.0], with_intercept.params, rtol=1e-9)
    np.testing.assert_allclose(scaled.predict(data), scaled.fittedvalues, rtol=1e-12)


# ---- arrays beside the data ----------------------------------------------------------------------


@pytest.mark.parametrize("role", ["exposure", "weights", "offset"])
def test_a_series_in_another_order_is_refused(role):
    data = pd.DataFrame(
        {"y": [1.0, 2, 0, 3, 1], "x": [1.0, 2, 3, 4, 7], "v": [1.0, 0.5, 1, 0.2, 2]},
        index=[3, 1, 7, 9, 4],
    )
    expected = rs.glm("y ~ x", data, family="poisson", **{role: data["v"].to_numpy()}).fit()
    for same in (data["v"], data["v"].reset_index(drop=True), data["v"].to_list()):
        result = rs.glm("y ~ x", data, family="poisson", **{role: same}).fit()
        np.testing.assert_array_equal(result.params, expected.params)
    with pytest.raises(ValueError, match=f"{role} has the labels of the data's index in another"):
        rs.glm("y ~ x", data, family="poisson", **{role: data["v"].sort_index()})
    if role != "weights":
        with pytest.raises(ValueError, match=f"{role} has the labels"):
            expected.predict(data, **{role: data["v"].sort_index()})
