import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest

import rustystats as rs
from rustystats.frames import read_columns
from rustystats.terms.target import FrequencyFactor, TargetFactor
from rustystats.terms.training import Training

N = 400


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(7)
    exposure = rng.uniform(0.2, 1.0, N)
    brand = rng.choice(list("ABCDE"), N, p=[0.4, 0.3, 0.2, 0.08, 0.02])
    return pd.DataFrame(
        {
            "brand": brand,
            "region": rng.choice(["n", "s"], N),
            "code": rng.integers(1, 9, N),
            "x": rng.normal(size=N),
            "Exposure": exposure,
            "w": rng.choice([0.0, 1.0, 2.0], N),
            "y": rng.poisson(exposure * (1 + (brand == "B"))).astype(float),
        }
    )


def learn(factor, data, **given):
    columns = read_columns(data, factor.columns)
    training = Training(data["y"].to_numpy(), **given)
    return factor.learn(columns, training), columns, training


def rates(data, keys, prior_weight, weights=1.0, exposure=1.0):
    """Full encoding of each row by pandas."""
    total = (weights * data["y"]).sum() / (weights * exposure + 0 * data["y"]).sum()
    frame = pd.DataFrame({"sum": weights * data["y"], "volume": weights * exposure + 0 * data["y"]})
    sums = frame.groupby([data[key] for key in keys]).transform("sum")
    return (sums["sum"] + total * prior_weight) / (sums["volume"] + prior_weight), total


@pytest.mark.parametrize("keys", [("brand",), ("brand", "region"), ("code",), ("code", "brand")])
@pytest.mark.parametrize("prior_weight", [0.5, 3.0])
def test_new_rows_have_the_rate_of_their_level(data, keys, prior_weight):
    factor, columns, _ = learn(TargetFactor(keys, prior_weight), data)
    expected, _ = rates(data, keys, prior_weight)
    np.testing.assert_allclose(factor.block(columns).to_dense()[:, 0], expected, rtol=1e-13)


def test_weights_and_exposure_make_it_a_rate(data):
    w, e = data["w"].to_numpy(), data["Exposure"].to_numpy()
    factor, columns, _ = learn(TargetFactor(("brand",), 2.0), data, weights=w, exposure=e)
    expected, _ = rates(data, ["brand"], 2.0, w, e)
    np.testing.assert_allclose(factor.block(columns).to_dense()[:, 0], expected, rtol=1e-13)


def test_unseen_levels_and_combinations_have_the_overall_rate(data):
    seen = data[(data.brand != "A") | (data.region != "s")]
    factor, _, _ = learn(TargetFactor(("brand", "region")), seen)
    new = pd.DataFrame({"brand": ["A", "Z", "A"], "region": ["s", "n", "n"]})
    values = factor.block(read_columns(new, factor.columns)).to_dense()[:, 0]
    np.testing.assert_array_equal(values[:2], factor.statistics.prior)
    assert values[2] != factor.statistics.prior


def test_no_row_is_encoded_by_its_own_response(data):
    """But for the prior: with the same total, the row's own encoding stays."""
    factor = TargetFactor(("brand",), n_permutations=2)
    before, columns, training = learn(factor, data)
    encoded = before.training_block(columns, training).values[:, 0]
    other = np.flatnonzero(data.brand == "B")[0]
    for row in np.flatnonzero(data.brand == "A")[:5]:
        changed = training.y.copy()
        changed[row] += 1.0
        changed[other] -= 1.0
        again = Training(changed)
        after = factor.learn(columns, again).training_block(columns, again).values[:, 0]
        assert after[row] == pytest.approx(encoded[row], rel=1e-14)
        assert np.abs(after - encoded).max() > 0.0


def test_seed_and_text_decide_what_is_drawn(data):
    def encoded(factor, seed):
        learned, columns, training = learn(factor, data, seed=seed)
        return learned.training_block(columns, training).values[:, 0]

    one = encoded(TargetFactor(("brand",)), 1)
    np.testing.assert_array_equal(one, encoded(TargetFactor(("brand",)), 1))
    assert not np.array_equal(one, encoded(TargetFactor(("brand",)), 2))
    copied = data.assign(copy=data.brand)
    learned, columns, training = learn(TargetFactor(("copy",)), copied, seed=1)
    assert not np.array_equal(one, learned.training_block(columns, training).values[:, 0])


def test_labels_and_names():
    factor = TargetFactor(("brand", "region"), 2.0, 8)
    assert factor.label == "TE(brand:region, prior_weight=2.0, n_permutations=8)"
    assert factor.names() == ["TE(brand:region)"]
    assert TargetFactor(("brand",)).label == "TE(brand)"
    assert FrequencyFactor(("brand", "region")).names() == ["FE(brand:region)"]


def test_frequencies(data):
    factor, columns, _ = learn(FrequencyFactor(("brand",)), data)
    counts = data.brand.value_counts()
    expected = data.brand.map(counts / counts.max())
    np.testing.assert_allclose(factor.block(columns).to_dense()[:, 0], expected, rtol=1e-15)
    new = read_columns(pd.DataFrame({"brand": ["Z", "A"]}), ["brand"])
    np.testing.assert_array_equal(factor.block(new).to_dense()[:, 0], [0.0, 1.0])


# ---- in a model ---------------------------------------------------------------------------------


def model_of(data, formula="y ~ x + TE(brand)", **options):
    return rs.glm(formula, data, family="poisson", exposure="Exposure", **options)


def test_predictions_use_what_was_stored(data):
    result = model_of(data, "y ~ x + TE(brand:region, pw=2)").fit()
    encoded, _ = rates(data, ["brand", "region"], 2.0, 1.0, data["Exposure"])
    b = result.params
    mu = data.Exposure * np.exp(b[0] + b[1] * data.x + b[2] * encoded)
    np.testing.assert_allclose(result.predict(data), mu, rtol=1e-12)
    np.testing.assert_allclose(pickle.loads(pickle.dumps(result)).predict(data), mu, rtol=1e-12)
    few = data.iloc[:5]
    np.testing.assert_allclose(result.predict(pl.from_pandas(few)), mu[:5], rtol=1e-12)
    assert not np.allclose(result.fittedvalues, mu, rtol=1e-3)  # ordered, and on purpose


def test_the_fit_is_that_of_the_ordered_encoding_as_a_column(data):
    model = model_of(data, "y ~ x * TE(brand)", seed=3)
    encoded = model.X[:, 2]
    again = data.assign(te=encoded)
    expected = rs.glm("y ~ x * te", again, family="poisson", exposure="Exposure").fit()
    np.testing.assert_allclose(model.fit().params, expected.params, rtol=1e-9)
    assert model.feature_names == ["Intercept", "x", "TE(brand)", "x:TE(brand)"]


def test_the_same_seed_gives_the_same_model(data):
    """B36."""
    assert np.array_equal(model_of(data).X, model_of(data).X)
    assert np.array_equal(model_of(data, n_threads=1).X, model_of(data, n_threads=2).X)
    assert not np.array_equal(model_of(data).X, model_of(data, seed=1).X)
    with pytest.raises(ValueError, match="seed must be a whole number"):
        model_of(data, seed=-1)


def test_relativities_are_those_of_predictions(data):
    result = model_of(data).fit()
    table = result.relativities()
    brands = table[table.Factor == "brand"].set_index("Level")
    one = pd.DataFrame({"brand": list("ABCDE"), "x": 0.0, "Exposure": 1.0})
    predicted = result.predict(one)
    base = predicted[list("ABCDE").index(brands.index[brands.Relativity == 1.0][0])]
    np.testing.assert_allclose(brands.loc[list("ABCDE"), "Relativity"], predicted / base, rtol=1e-9)
    expected = data.groupby("brand").Exposure.sum()
    np.testing.assert_allclose(brands.loc[list("ABCDE"), "Exposure"], expected, rtol=1e-12)


def test_the_summary_says_what_is_taken_as_known(data):
    text = " ".join(model_of(data).fit().summary().split())
    assert "Target encoding: TE(brand)." in text
    assert "standard errors take the encoding as known" in text
    assert "Target encoding" not in model_of(data, "y ~ x").fit().summary()


def test_a_fold_learns_its_encoding_from_its_own_rows(data):
    """The deviance held out is that of a model fitted to the training rows alone."""
    rng = np.random.default_rng(0)
    parts = np.array_split(rng.permutation(N), 4)
    folds = [(np.setdiff1d(np.arange(N), part), np.sort(part)) for part in parts]
    alpha = 0.01
    options = {"regularization": "lasso", "cv": folds, "alphas": [alpha], "tol": 1e-10}
    model = model_of(data, "y ~ x + TE(brand) + TE(code)", seed=5)
    scores = model.fit(**options).cv_result.scores[0]
    for (train, test), score in zip(folds, scores, strict=True):
        part = model_of(data.iloc[train], "y ~ x + TE(brand) + TE(code)", seed=5)
        fitted = part.fit(alpha=alpha, l1_ratio=1.0, tol=1e-10)
        held_out = data.iloc[test]
        y, mu = held_out.y.to_numpy(), fitted.predict(held_out)
        deviance = 2 * (np.where(y > 0, y * np.log(np.where(y > 0, y, 1) / mu), 0) - y + mu).sum()
        assert -deviance / held_out.Exposure.sum() == pytest.approx(score, rel=1e-7)


@pytest.mark.parametrize(
    ("term", "message"),
    [
        ("TE(brand, wt=2)", "unknown argument 'wt'"),
        ("TE(brand, prior_weight=-1)", "prior_weight must be"),
        ("TE(brand, nperm=0)", "n_permutations must be"),
        ("TE()", "needs a column"),
        ("TE(log(x))", "takes columns"),
        ("TE(brand:brand)", "names a column twice"),
        ("FE(brand, 2)", r"FE\(\) takes columns"),
    ],
)
def test_what_cannot_be_encoded(data, term, message):
    with pytest.raises(ValueError, match=message):
        model_of(data, f"y ~ {term}")


def test_missing_values_are_refused_or_a_level(data):
    gone = data.index < 3
    missing = data.assign(code=data.code.where(~gone), brand=data.brand.where(~gone))
    with pytest.raises(ValueError, match="'code' is NaN or infinite in 3 rows"):
        model_of(missing, "y ~ TE(code)")
    with pytest.raises(ValueError, match="'brand' has 3 missing values"):
        model_of(missing, "y ~ TE(brand)")
    filled = data.assign(code=data.code.where(~gone, 99), brand=data.brand.where(~gone, "none"))
    for term in ("TE({})", "FE({})"):
        for name in ("code", "brand"):
            formula = f"y ~ {term.format(name)}"
            ours = model_of(missing, formula, handle_missing="level").fit()
            theirs = model_of(filled, formula).fit()
            np.testing.assert_allclose(ours.predict(missing), theirs.predict(filled), rtol=1e-12)


@pytest.mark.parametrize("term", ["TE(brand)", "FE(brand)", "TE(brand:region)", "FE(brand:region)"])
def test_a_text_that_reads_missing_is_the_level_of_missing_values(data, term):
    """As for C(brand); two levels of one name would be looked up as one."""
    both = data.assign(brand=data.brand.mask(data.brand == "A", "missing"))
    both.loc[both.index % 7 == 0, "brand"] = None
    filled = both.assign(brand=both.brand.fillna("missing"))
    formula = f"y ~ {term}"
    ours = model_of(both, formula, handle_missing="level").fit()
    theirs = model_of(filled, formula, handle_missing="level").fit()
    for new in (both, filled):
        factors = [result.model.terms.terms[1].factors[0] for result in (ours, theirs)]
        tables = [f.block(ours.model.read(new, [])).to_dense() for f in factors]
        np.testing.assert_allclose(tables[0], tables[1], rtol=1e-12)


def test_estimators_take_encodings(data):
    formula = rs.glm("y ~ x + TE(brand)", data, family="poisson", exposure="Exposure", seed=4).fit()
    estimator = rs.GLMRegressor("poisson", formula="x + TE(brand)", exposure="Exposure", seed=4)
    estimator.fit(data, data.y)
    np.testing.assert_array_equal(estimator.coef_, formula.params[1:])
    np.testing.assert_array_equal(estimator.predict(data), formula.predict(data))
