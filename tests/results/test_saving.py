"""What is saved and loaded predicts to the last bit, whatever the terms, and says the same."""

import itertools
import json

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import rustystats as rs

N = 600
RNG = np.random.default_rng(20261129)
FRAME = pd.DataFrame(
    {
        "x": RNG.normal(size=N).round(2),
        "z": RNG.gamma(2.0, size=N),
        "age": RNG.integers(18, 80, size=N),
        "area": RNG.choice(list("ABCDE"), size=N, p=[0.4, 0.3, 0.2, 0.08, 0.02]),
        "brand": RNG.choice(["Audi", "BMW", "Citroën", "日産"], size=N),
        "zone": RNG.integers(1, 8, size=N),
        "new": RNG.random(N) < 0.3,
        "a b": RNG.normal(size=N),
        "e": RNG.uniform(0.1, 1.0, size=N),
        "w": RNG.integers(1, 4, size=N).astype(float),
        "o": RNG.normal(scale=0.1, size=N),
    }
)
MEAN = np.exp(-0.2 + 0.2 * FRAME["x"] + 0.1 * (FRAME["area"] == "B") - 0.005 * FRAME["age"])
FRAME["y"] = RNG.poisson(MEAN * FRAME["e"] * 2).astype(float)
FRAME["amount"] = RNG.gamma(2.0, MEAN / 2.0)
FRAME["pure"] = FRAME["amount"] * (RNG.random(N) < 0.4)
FRAME["share"] = RNG.binomial(3, 0.4, size=N) / 3
FRAME["base"] = MEAN
NEW = FRAME.iloc[RNG.permutation(N)[:200]].reset_index(drop=True)
CODINGS = ["treatment", "sum", "helmert", "backward_difference", "polynomial"]
TERMS = [
    "1",
    "0 + x",
    "x + I(x**2) + log(z) + np.sqrt(z) + `a b`",
    "np.where(age > 40, x, 0) + age:x",
    *(f"C(area, coding={coding!r})" for coding in CODINGS),
    "C(area, ref='most_exposed') + new",
    "C(area, levels=['E', 'D', 'C', 'B', 'A'], ref='C') + brand",
    "C(area, min_exposure=40) + C(zone, levels=[7, 6, 5, 4, 3, 2, 1])",
    "C(age > 60) + C(floor(age / 10))",
    "cut(age, [0, 25, 60, inf]) + cut(x, 4, right=False)",
    "cut(age, [0, 30, 99], labels=['young', 'old'], include_lowest=True, ref='old')",
    "bs(age, df=6) + bs(z, knots=[1, 2], boundary_knots=[0, 20], extrapolation='linear')",
    "ns(x, df=4) + bs(x, df=4, degree=2, extrapolation='continue')",
    "poly(x, 3) + poly(z, 2, raw=True)",
    "center(x) + scale(z, ddof=1) + standardize(age, rescale=False)",
    "TE(brand, prior_weight=2.5, n_permutations=2) + TE(area:zone) + FE(brand) + FE(area:brand)",
    "C(area) * x + C(area):C(brand) + bs(age, df=4):C(area) + C(area):C(brand):x",
    "x:C(area) + offset(0.1 * o)",
]


def roundtrip(result, tmp_path):
    path = tmp_path / "model.json"
    result.save(path)
    return rs.load(path)


def fit(formula, family="poisson", data=FRAME, **options):
    return rs.glm(formula, data, family=family, **options).fit()


def same(left, right):
    """Equal to the last bit, NaN included."""
    left, right = np.asarray(left, dtype=float), np.asarray(right, dtype=float)
    assert left.shape == right.shape
    assert np.array_equal(left.view(np.uint64), right.view(np.uint64)) or np.array_equal(
        left, right, equal_nan=True
    )


def check_answers(result, loaded):
    same(loaded.params, result.params)
    same(loaded.cov_params(), result.cov_params())
    same(loaded.conf_int(0.2), result.conf_int(0.2))
    pd.testing.assert_frame_equal(loaded.coef_table(), result.coef_table(), check_exact=True)
    assert loaded.summary() == result.summary()
    assert repr(loaded) == repr(result)
    assert loaded._repr_html_() == result._repr_html_()
    for name in ("llf", "aic", "bic", "null_deviance", "scale", "pearson_chi2", "n_nonzero"):
        same(getattr(loaded, name)(), getattr(result, name)())
    for name in ("nobs", "df_resid", "df_model", "iterations", "converged", "family", "link"):
        assert getattr(loaded, name) == getattr(result, name), name
    for name in ("feature_names", "formula", "response", "theta", "var_power", "alpha", "note"):
        assert getattr(loaded, name) == getattr(result, name), name
    if result.link == "log":
        table = result.relativities(0.1)
        pd.testing.assert_frame_equal(loaded.relativities(0.1), table, check_exact=True)


@pytest.mark.filterwarnings("ignore::rustystats.SeparationWarning")
@pytest.mark.parametrize("terms", TERMS)
def test_every_kind_of_term(terms, tmp_path):
    result = fit(f"y ~ {terms}", exposure="e")
    loaded = roundtrip(result, tmp_path)
    same(loaded.predict(NEW), result.predict(NEW))
    same(loaded.predict(NEW, exposure=1.0), result.predict(NEW, exposure=1.0))
    check_answers(result, loaded)


@pytest.mark.parametrize(
    ("response", "family", "link", "options"),
    [
        ("x", "gaussian", None, {}),
        ("amount", "gaussian", "log", {"weights": "w"}),
        ("y", "poisson", "sqrt", {}),
        ("y", "quasipoisson", None, {"exposure": "e"}),
        ("share", "binomial", "logit", {}),
        ("share", "binomial", "probit", {"weights": "w"}),
        ("share", "quasibinomial", "cloglog", {}),
        ("amount", "gamma", "inverse", {}),
        ("amount", "gamma", "power(0.3)", {}),
        ("amount", "inverse_gaussian", "inverse_squared", {}),
        ("amount", "tweedie", None, {"var_power": 1.6, "weights": "w"}),
        ("pure", "tweedie", None, {"var_power": "auto"}),
        ("y", "negbinomial", None, {"theta": 1.7, "exposure": "e"}),
        ("y", "negbinomial", None, {"theta": "auto"}),
    ],
)
def test_every_family_and_link(response, family, link, options, tmp_path):
    result = fit(f"{response} ~ age + C(area)", family, link=link, **options)
    loaded = roundtrip(result, tmp_path)
    same(loaded.predict(NEW), result.predict(NEW))
    check_answers(result, loaded)
    assert type(loaded.model.problem.family) is type(result.model.problem.family)
    assert loaded.theta_se == result.theta_se or np.isnan(loaded.theta_se)
    assert loaded.var_power_se == result.var_power_se or np.isnan(loaded.var_power_se)


@pytest.mark.parametrize("policy", ["reference", "mean", "error"])
@pytest.mark.parametrize("terms", ["C(area) + C(zone, coding='sum')", "TE(area) + FE(zone)"])
def test_unseen_and_missing_levels(terms, policy, tmp_path):
    known = FRAME[FRAME["area"] != "E"].copy()
    known.loc[known.index[::50], "area"] = None
    options = {"handle_unknown": policy, "handle_missing": "level", "exposure": "e"}
    result = fit(f"y ~ {terms}", data=known, **options)
    loaded = roundtrip(result, tmp_path)
    same(loaded.predict(known), result.predict(known))
    if policy == "error" and terms.startswith("C("):
        with pytest.raises(ValueError, match="'area' has 1 level that the model has not seen"):
            loaded.predict(FRAME)
    else:
        same(loaded.predict(FRAME), result.predict(FRAME))


@pytest.mark.parametrize(
    "options",
    [
        {"exposure": "e"},
        {"offset": "e"},
        {"exposure": FRAME["e"].to_numpy()},
        {"offset": FRAME["o"].to_numpy(), "weights": FRAME["w"].to_numpy()},
        {"complement": "base", "exposure": "e", "weights": "w"},
        {"complement": MEAN.to_numpy()},
    ],
)
def test_exposure_offset_weights_and_complement(options, tmp_path):
    result = fit("y ~ x + C(area) + offset(o / 2)", **options)
    loaded = roundtrip(result, tmp_path)
    given = {role: 0.5 for role, value in options.items() if not isinstance(value, str)}
    given.pop("weights", None)
    same(loaded.predict(NEW, **given), result.predict(NEW, **given))
    assert loaded.weights_name == result.weights_name
    assert loaded.volume_name == result.volume_name
    check_answers(result, loaded)
    for role in given:
        with pytest.raises(ValueError, match=f"fitted with an? {role} array"):
            loaded.predict(NEW, **{k: v for k, v in given.items() if k != role})


def test_a_folder_that_is_not_there(tmp_path):
    result = rs.glm("y ~ x", {"y": [1.0, 2.0, 4.0], "x": [0.0, 1.0, 2.0]}).fit()
    with pytest.raises(
        FileNotFoundError, match=r"model.json cannot be written: there is no folder"
    ):
        result.save(tmp_path / "missing" / "model.json")
    assert list(tmp_path.iterdir()) == []


def test_a_model_as_complement_and_a_loaded_one(tmp_path):
    country = fit("y ~ bs(age, df=4) + TE(brand) + offset(o)", exposure="e")
    result = fit("y ~ C(area)", exposure="e", complement=country)
    loaded = roundtrip(result, tmp_path)
    same(loaded.predict(NEW), result.predict(NEW))
    check_answers(result, loaded)
    again = fit("y ~ C(area)", exposure="e", complement=roundtrip(country, tmp_path))
    same(again.params, result.params)
    nested = fit("y ~ x", exposure="e", complement=result)
    same(roundtrip(nested, tmp_path).predict(NEW), nested.predict(NEW))


@pytest.mark.parametrize(
    "options",
    [
        {"alpha": 0.1},
        {"alpha": 0.02, "l1_ratio": 1.0},
        {"alpha": 0.02, "l1_ratio": 0.5, "group": "term", "standardize": True},
        {"alpha": 0.1, "prior_coef": {"x": 0.3}, "penalty_factor": {"C(area)": 0.5}},
        {"lower_bounds": {"x": 0.0}, "upper_bounds": {"age": 0.0}},
    ],
)
def test_penalties_and_bounds(options, tmp_path):
    result = rs.glm("y ~ x + age + C(area)", FRAME, family="poisson", exposure="e").fit(**options)
    loaded = roundtrip(result, tmp_path)
    same(loaded.predict(NEW), result.predict(NEW))
    check_answers(result, loaded)
    assert loaded.selected_features() == result.selected_features()


def test_a_refit_of_selected_columns(tmp_path):
    lasso = rs.glm("y ~ x + age + C(area)*C(brand)", FRAME, family="poisson").fit(0.02, 1.0)
    refit = lasso.refit_selected()
    loaded = roundtrip(refit, tmp_path)
    same(loaded.predict(NEW), refit.predict(NEW))
    check_answers(refit, loaded)


@pytest.mark.filterwarnings("ignore::rustystats.SeparationWarning")
def test_aliased_columns_separation_and_a_dispersion_of_ones_own(tmp_path):
    data = FRAME.assign(double=2 * FRAME["x"])
    data.loc[data["area"] == "E", "y"] = 0.0
    model = rs.glm("y ~ x + double + C(area)", data, family="poisson")
    for dispersion in ("pearson", "deviance", 1.5):
        result = model.fit(dispersion=dispersion)
        loaded = roundtrip(result, tmp_path)
        assert loaded.separated == result.separated != ()
        assert list(loaded.aliased) == list(result.aliased)
        check_answers(result, loaded)


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array])
def test_arrays(kind, tmp_path):
    X = np.column_stack([np.ones(N), FRAME["x"], FRAME["area"] == "A"]).astype(float)
    result = rs.fit_glm(FRAME["y"], kind(X), "poisson", offset=FRAME["o"])
    loaded = roundtrip(result, tmp_path)
    given = kind(X[:50])
    same(loaded.predict(given, offset=0.1), result.predict(given, offset=0.1))
    assert loaded.selected_features() == [1, 2]
    assert loaded.family == "Poisson"
    check_answers(result, loaded)
    assert loaded.relativities()["Factor"].tolist()[0] == "Base"  # of sparse arrays as well


def test_an_estimator(tmp_path):
    data = FRAME[["age", "x", "area", "e"]]
    model = rs.GLMRegressor(formula="bs(age, df=4) + C(area)", family="poisson")
    model.fit(data, FRAME["y"], exposure="e")
    loaded = roundtrip(model.result_, tmp_path)
    same(loaded.predict(NEW), model.result_.predict(NEW))


def test_wide_models_without_a_covariance(tmp_path):
    rng = np.random.default_rng(5)
    X = sparse.random(400, 5200, density=0.002, random_state=5, format="csr")
    result = rs.fit_glm(rng.normal(size=400), X, alpha=0.5, l1_ratio=0.0)
    assert result.fit.gram is None
    loaded = roundtrip(result, tmp_path)
    same(loaded.predict(X), result.predict(X))
    for model in (result, loaded):
        for ask in (model.cov_params, model.factor_effects):
            with pytest.raises(ValueError, match="no covariance"):
                ask()


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_tables_come_in_the_library_of_the_fit(library, tmp_path):
    data = FRAME[["y", "x", "area", "e"]]
    if library == "polars":
        data = pytest.importorskip("polars").from_pandas(data)
    if library == "pyarrow":
        data = pytest.importorskip("pyarrow").Table.from_pandas(data)
    result = fit("y ~ x + C(area)", data=data, exposure="e")
    loaded = roundtrip(result, tmp_path)
    assert type(loaded.coef_table()) is type(result.coef_table())
    same(loaded.predict(data), result.predict(data))


@pytest.mark.filterwarnings("ignore::rustystats.SeparationWarning")
def test_to_save_again_gives_the_same_bytes(tmp_path):
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    for number, terms in enumerate(TERMS):
        result = fit(f"y ~ {terms}", exposure="e", complement="base")
        result.save(one)
        rs.load(one).save(two)
        assert one.read_bytes() == two.read_bytes(), number
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.json", "two.json"]


def test_a_file_is_one_json_object_that_names_what_the_model_needs(tmp_path):
    fit("y ~ x + C(area)", exposure="e", weights="w").save(tmp_path / "model.json")
    document = json.loads((tmp_path / "model.json").read_text(encoding="utf-8"))
    model = document["model"]
    assert (model["offsets"]["exposure"], model["weights"], model["response"]) == ("e", "w", "y")
    assert model["factors"][1]["levels_learned"] == list("ABCDE")
    assert set(model["versions"]) == {"python", "rustystats", "numpy", "scipy"}
    assert set(model["inputs"]) == {"y", "x", "area", "e", "w"}


def test_what_a_file_cannot_hold_is_refused_by_name_and_leaves_no_file(tmp_path):
    import datetime

    day = datetime.date(2026, 11, 29)
    data = FRAME.assign(day=str(day))
    terms = {"day": {"type": "categorical", "levels": [day]}}
    with pytest.warns(UserWarning, match="has one level"):
        result = rs.glm_dict("y", terms, data, family="poisson").fit()
    with pytest.raises(ValueError, match=r"levels= of C\(day.*is a date .* as a text"):
        result.save(tmp_path / "model.json")
    own = type("Capped", (rs.links.Log,), {"name": lambda self: "log"})()
    result = rs.fit_glm(FRAME["y"], np.ones((N, 1)), "poisson", own)
    with pytest.raises(ValueError, match=r"the link is a Capped of your own.*it has .*, power"):
        result.save(tmp_path / "model.json")

    class Mine(type(rs.families.Poisson())):
        def name(self):
            return "mine"

    result = rs.glm("y ~ x", FRAME, family=Mine()).fit()
    with pytest.raises(ValueError, match="the family is a Mine of your own"):
        result.save(tmp_path / "model.json")
    assert list(tmp_path.iterdir()) == []


def test_a_failing_write_leaves_the_file_that_was_there(tmp_path, monkeypatch):
    path = tmp_path / "model.json"
    fit("y ~ x").save(path)
    before = path.read_bytes()

    def fail(*_):
        raise OSError("no space left")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="no space left"):
        fit("y ~ age").save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["model.json"]


def test_every_coding_with_every_policy_is_held_by_its_levels(tmp_path):
    # the file has levels by their labels: numbers, texts and booleans of one spelling are told
    # apart by what the column holds at prediction, as before
    for coding, column in itertools.product(CODINGS, ["zone", "new", "brand"]):
        result = fit(f"y ~ C({column}, coding={coding!r}):x", exposure="e")
        same(roundtrip(result, tmp_path).predict(NEW), result.predict(NEW))
