"""DiagnosticsComputer from arrays: what it takes, what it refuses, what its members return."""

import numpy as np
import pytest
import statsmodels.api as sm

import rustystats as rs
from rustystats.diagnostics import DiagnosticsComputer
from rustystats.diagnostics.given import columns_of
from rustystats.families import Tweedie


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    exposure = rng.uniform(0.2, 1.0, 600)
    x = rng.normal(size=600)
    y = rng.poisson(exposure * np.exp(0.5 * x)).astype(float)
    return {"y": y, "x": x, "exposure": exposure}


@pytest.fixture
def fitted(arrays):
    return rs.glm("y ~ x", arrays, family="poisson", exposure="exposure").fit()


@pytest.fixture
def computer(arrays, fitted):
    return DiagnosticsComputer(
        arrays["y"],
        fitted.fittedvalues,
        fitted.linear_predictor,
        "poisson",
        2,
        fitted.deviance,
        exposure=arrays["exposure"],
        feature_names=fitted.feature_names,
    )


def test_members_are_those_of_the_result(computer, arrays, fitted):
    assert (computer.n_obs, computer.family, computer.df_resid) == (600, "poisson", 598)
    np.testing.assert_allclose(computer.pearson_residuals, fitted.resid_pearson())
    np.testing.assert_allclose(computer.deviance_residuals, fitted.resid_deviance(), atol=1e-12)
    assert computer.null_deviance == pytest.approx(fitted.null_deviance())
    whole = fitted.diagnostics(arrays, continuous_factors=["x"])
    stats = computer.compute_fit_statistics()
    assert dict(stats) == pytest.approx(dict(whole.fit_statistics))
    for found, same in (
        (computer.compute_loss_metrics(), whole.loss_metrics),
        (computer.compute_discrimination(), whole.discrimination),
        (computer.compute_model_comparison(), whole.model_comparison),
    ):
        for key, value in found.items():
            if not isinstance(value, list):
                assert value is same[key] or value == pytest.approx(same[key]), key
    assert len(computer.compute_calibration(n_bins=7).by_decile) == 7
    assert computer.compute_residual_summary()["pearson"].mean == pytest.approx(
        whole.residual_summary["pearson"].mean
    )
    factors = computer.compute_factor_diagnostics(arrays, None, ["x", "exposure"])
    assert [factor.in_model for factor in factors] == [True, False]
    assert computer.generate_warnings(stats, computer.compute_calibration(), factors) == []


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("NegativeBinomial(theta=1.5000)", {}),
        ("negbinomial", {"theta": 1.5}),
        ("Tweedie(var_power=1.3000)", {}),
        ("tweedie", {"var_power": 1.3}),
        (Tweedie(1.3), {}),
    ],
)
def test_families_with_a_parameter(arrays, name, parameters):
    family = {"N": "negbinomial", "T": "tweedie"}[str(name)[0].upper()]
    options = {"theta": 1.5} if family == "negbinomial" else {"var_power": 1.3}
    result = rs.glm("y ~ x", arrays, family=family, **options).fit()
    args = (arrays["y"], result.fittedvalues, result.linear_predictor, name, 2, result.deviance)
    computer = DiagnosticsComputer(*args, link="log", **parameters)
    np.testing.assert_allclose(computer.pearson_residuals, result.resid_pearson(), rtol=1e-9)
    stats = computer.compute_fit_statistics()
    assert stats.log_likelihood == pytest.approx(result.llf())
    assert stats.null_deviance == pytest.approx(result.null_deviance())
    loss = computer.compute_loss_metrics()
    assert loss.family_deviance_loss == pytest.approx(result.deviance / 600)


def test_losses(computer, arrays, fitted):
    found, error = computer.compute_loss_metrics(), arrays["y"] - fitted.fittedvalues
    assert found.mse == pytest.approx(np.mean(error**2))
    assert found.rmse == pytest.approx(np.mean(error**2) ** 0.5)
    assert found.mae == pytest.approx(np.mean(np.abs(error)))
    assert found.family_deviance_loss == pytest.approx(fitted.deviance / 600)
    assert found.weighted_loss == pytest.approx(fitted.deviance / arrays["exposure"].sum())


def test_rows_of_weight_0_are_left_out(arrays, assert_close):
    weights = np.where(np.arange(600) % 3, 2.0, 0.0)
    data = arrays | {"w": weights}
    result = rs.glm("y ~ x", data, family="poisson", exposure="exposure", weights="w").fit()
    kept = {name: values[weights > 0] for name, values in data.items()}
    other = rs.glm("y ~ x", kept, family="poisson", exposure="exposure", weights="w").fit()
    found = result.diagnostics(data, ["exposure"], ["x"], rare_threshold_pct=0).to_dict()
    expected = other.diagnostics(kept, ["exposure"], ["x"], rare_threshold_pct=0).to_dict()
    expected["factors"][0]["univariate_stats"].pop("n_levels")
    assert found["model_summary"]["n_observations"] == 400
    assert sum(one["count"] for one in found["factors"][1]["actual_vs_expected"]) == 400
    for key in ("calibration", "discrimination", "loss_metrics", "residual_summary"):
        assert_close(found[key], expected[key])
    assert_close(found["factors"][1], expected["factors"][1])


def test_the_null_model_has_the_offset_given(arrays, fitted):
    offset = np.log(arrays["exposure"]) + 0.3 * arrays["x"]
    args = (arrays["y"], fitted.fittedvalues, fitted.linear_predictor, "poisson", 2, 1.0)
    computer = DiagnosticsComputer(*args, offset=offset)
    null = sm.GLM(arrays["y"], np.ones(600), sm.families.Poisson(), offset=offset).fit()
    assert computer.null_deviance == pytest.approx(null.deviance)


def test_interactions_of_named_factors(computer, arrays):
    rng = np.random.default_rng(1)
    data = arrays | {"a": rng.integers(0, 3, 600), "b": rng.choice(["u", "v"], 600)}
    assert isinstance(computer.detect_interactions(data, ["a", "b", "x"]), list)
    assert computer.detect_interactions(data, ["a", "b", "x"], max_factors=1) == []
    everything = computer.detect_interactions(
        data, ["a", "b", "x"], min_correlation=0.0, categorical_factors=["a"]
    )
    assert all(candidate.n_cells >= 4 for candidate in everything)


def test_columns_are_read_from_names_exactly():
    assert "region" in columns_of("region[B]")
    assert "Age" not in columns_of("VehAge")
    assert {"x", "Area"} <= columns_of("Area[T.B]:x")
    assert "np" not in columns_of("np.log(x)")
    assert {"x", "np.log(x)"} <= columns_of("np.log(x)")
    assert "Veh Age" in columns_of("Veh Age[T.1]")
    assert "brand" in columns_of("TE(brand)")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mu": np.ones(5)}, r"mu has shape \(5,\), y has \(600,\)"),
        ({"exposure": np.r_[np.ones(598), 0, 0]}, "exposure is zero or negative in 2 rows"),
        ({"y": np.r_[np.ones(599), np.nan]}, "y is missing or infinite in 1 rows"),
        ({"y": np.r_[np.ones(599), -1]}, "y is outside .* in 1 rows"),
        ({"mu": np.ones(600)}, "linear_predictor is not the log of mu"),
        ({"weights": np.zeros(600)}, "weights are 0 or more, and some of them above 0"),
        ({"family": "poison"}, "Unknown family"),
        ({"y": np.array(["a"] * 600)}, "y must be numbers"),
    ],
)
def test_what_is_wrong_is_said(arrays, fitted, change, message):
    given = {
        "y": arrays["y"],
        "mu": fitted.fittedvalues,
        "linear_predictor": fitted.linear_predictor,
        "family": "poisson",
        "n_params": 2,
        "deviance": 1.0,
    }
    with pytest.raises(ValueError, match=message):
        DiagnosticsComputer(**(given | change))


def test_data_of_another_length_is_refused(computer):
    with pytest.raises(ValueError, match="the data have 5 rows, the response has 600"):
        computer.compute_factor_diagnostics({"x": np.arange(5.0)}, None, ["x"])
