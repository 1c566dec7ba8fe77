"""Separation: what is named, how the fit ends, and that proper fits are left in peace."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning

import rustystats as rs
from rustystats.messages import SeparationWarning
from rustystats.solvers.irls import solve_irls
from rustystats.solvers.separation import NAMED_LEVELS, separated_parts

N = 2000
RNG = np.random.default_rng(21)
X = RNG.normal(size=N)
AREA = RNG.choice(list("ABCDE"), N, p=[0.3, 0.3, 0.2, 0.15, 0.05])
BRAND = RNG.choice(list("XYZ"), N)
EXPOSURE = RNG.uniform(0.2, 1, N)
FRAME = pd.DataFrame(
    {
        # overdispersed, so that a theta can be estimated
        "y": RNG.poisson(RNG.gamma(2.0, 0.5, N) * EXPOSURE * np.exp(0.3 * X + 0.4 * (AREA == "B"))),
        "won": (RNG.random(N) < 1 / (1 + np.exp(0.5 - 0.5 * X))).astype(float),
        "x": X,
        "area": AREA,
        "brand": BRAND,
        "e": EXPOSURE,
        "w": RNG.uniform(0.5, 2, N),
    }
)
E, Z, REFERENCE = AREA == "E", BRAND == "Z", AREA == "A"


def with_values(mask, value=0.0, column="y"):
    return FRAME.assign(**{column: np.where(mask, value, FRAME[column])})


def fit(formula, data, tol=1e-8, **options):
    """A fit that must warn of separation once, and of nothing else."""
    with pytest.warns(SeparationWarning) as record:
        result = rs.glm(formula, data, **options).fit(tol=tol)
    (warning,) = record
    message = str(warning.message)
    assert "has no maximum (separation) along" in message
    assert "group those levels" in message
    for part in result.fit.separated:
        assert part in message
        assert part in " ".join(result.summary().split())  # notes are wrapped
    assert "SEPARATION, the coefficients run to infinity along" in result.summary()
    assert result.converged
    assert np.isfinite(result.params).all()
    assert np.isfinite(result.bse()).all()
    return result


def check_rest(result, rest):
    """Deviance, coefficients and errors of everything else are those of the remaining rows."""
    assert result.deviance == pytest.approx(rest.deviance, rel=1e-6, abs=1e-6)
    where = [result.feature_names.index(name) for name in rest.feature_names]
    np.testing.assert_allclose(result.params[where], rest.params, rtol=1e-5, atol=1e-6)
    errors = np.sqrt(np.diagonal(result.cov_params_unscaled))[where]
    np.testing.assert_allclose(errors, np.sqrt(np.diagonal(rest.cov_params_unscaled)), rtol=1e-5)


COUNTS = [
    ("poisson", {}),
    ("quasipoisson", {}),
    ("negbinomial", {"theta": 2.0}),
    ("negbinomial", {"theta": "auto"}),
    ("tweedie", {"var_power": 1.5}),
]


@pytest.mark.parametrize("extra", [{}, {"exposure": "e"}, {"weights": "w"}])
@pytest.mark.parametrize(("family", "options"), COUNTS)
def test_level_without_claims(family, options, extra):
    data = with_values(E)
    options = options | extra | {"family": family}
    result = fit("y ~ x + area", data, **options)
    assert result.fit.separated == (f"area=E ({E.sum()} rows, at the lower end)",)
    assert result.params[-1] < -8
    rest = rs.glm("y ~ x + area", data[~E], **options).fit()
    check_rest(result, rest)
    if result.theta:
        assert result.theta == pytest.approx(rest.theta, rel=1e-6)
    # the empty rows count in the degrees of freedom, as in R
    assert result.df_resid == rest.df_resid + E.sum() - 1


def test_estimated_power_with_a_level_without_claims():
    claims = RNG.poisson(0.5 * np.exp(0.3 * X))
    amounts = np.where(claims > 0, RNG.gamma(np.maximum(claims, 1) * 1.5, 2.0), 0.0)
    data = FRAME.assign(y=np.where(E, 0.0, amounts))
    result = fit("y ~ x + area", data, family="tweedie", var_power="auto")
    rest = rs.glm("y ~ x + area", data[~E], family="tweedie", var_power="auto").fit()
    assert result.fit.separated == (f"area=E ({E.sum()} rows, at the lower end)",)
    assert 1.1 < rest.var_power < 1.9
    assert result.deviance == pytest.approx(rest.deviance, rel=1e-3)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
@pytest.mark.parametrize(("value", "end"), [(0.0, "lower"), (1.0, "upper")])
def test_binomial_level_of_one_kind(link, value, end):
    data = with_values(E, value, "won")
    result = fit("won ~ x + area", data, family="binomial", link=link)
    assert result.fit.separated == (f"area=E ({E.sum()} rows, at the {end} end)",)
    assert (result.params[-1] > 0) == (value == 1.0)
    check_rest(result, rs.glm("won ~ x + area", data[~E], family="binomial", link=link).fit())


def test_empty_reference_level():
    data = with_values(REFERENCE)
    result = fit("y ~ x + area", data, family="poisson")
    assert result.fit.separated == (f"area=A ({REFERENCE.sum()} rows, at the lower end)",)
    rest = rs.glm("y ~ x + area", data[~REFERENCE], family="poisson").fit()
    assert result.deviance == pytest.approx(rest.deviance, rel=1e-6)
    # A is no reference there: B is, and contrasts with B are those of this fit
    b, c, d, e = result.params[2:]
    np.testing.assert_allclose([c - b, d - b, e - b], rest.params[2:], atol=1e-6)
    assert result.params[1] == pytest.approx(rest.params[1], rel=1e-6)
    assert result.params[0] + b == pytest.approx(rest.params[0], abs=1e-6)
    assert result.bse()[1] == pytest.approx(rest.bse()[1], rel=1e-5)


@pytest.mark.parametrize(
    ("n", "n_levels", "n_empty"),
    [(2000, 2, 1), (2000, 40, 1), (2000, 40, 5), (100_000, 40, 1), (50_000, 500, 1)],
)
def test_empty_reference_level_whose_step_rounding_hides(n, n_levels, n_empty):
    rng = np.random.default_rng(0)
    level = rng.integers(0, n_levels, n)
    y = np.where(level < n_empty, 0.0, rng.poisson(1.0, n))
    result = fit("y ~ f", {"y": y, "f": [f"L{v:03d}" for v in level]}, family="poisson")
    rows = np.bincount(level)
    assert result.fit.separated == tuple(
        f"f=L{v:03d} ({rows[v]} rows, at the lower end)" for v in range(n_empty)
    )


@pytest.mark.parametrize("n", [2000, 200_000])
@pytest.mark.parametrize("empty", [[5], [0], [11], [4, 5, 6], [0, 1], [3, 8]])
def test_empty_level_of_backward_differences(empty, n):
    rng = np.random.default_rng(1)
    level = rng.integers(0, 12, n)
    data = pd.DataFrame({"y": rng.poisson(0.3, n), "k": level})
    data.loc[data["k"].isin(empty), "y"] = 0
    rows = np.bincount(level)
    result = fit("y ~ C(k, coding='backward_difference')", data, family="poisson")
    assert sorted(result.fit.separated) == sorted(
        f"k={k} ({rows[k]} rows, at the lower end)" for k in empty
    )
    other = fit("y ~ C(k)", data, family="poisson")
    assert result.deviance == pytest.approx(other.deviance, rel=1e-9)


def test_empty_cell_of_an_interaction():
    data = with_values(E & Z)
    result = fit("y ~ x + area*brand", data, family="poisson")
    assert result.fit.separated == (f"area:brand=E:Z ({(E & Z).sum()} rows, at the lower end)",)
    rest = rs.glm("y ~ x + area*brand", data[~(E & Z)], family="poisson").fit()
    assert result.deviance == pytest.approx(rest.deviance, rel=1e-6)
    assert rest.aliased.sum() == 1
    np.testing.assert_allclose(
        result.params[~rest.aliased], rest.params[~rest.aliased], rtol=1e-5, atol=1e-6
    )
    np.testing.assert_allclose(result.bse()[~rest.aliased], rest.bse()[~rest.aliased], rtol=1e-5)


def test_a_level_is_named_rather_than_its_cells():
    result = fit("y ~ area*brand", with_values(E), family="poisson")
    assert result.fit.separated == (f"area=E ({E.sum()} rows, at the lower end)",)


def test_two_separated_factors():
    data = with_values(E | Z)
    result = fit("y ~ x + area + brand", data, family="poisson")
    assert set(result.fit.separated) == {
        f"area=E ({E.sum()} rows, at the lower end)",
        f"brand=Z ({Z.sum()} rows, at the lower end)",
    }
    check_rest(result, rs.glm("y ~ x + area + brand", data[~(E | Z)], family="poisson").fit())


def test_levels_at_both_ends():
    data = with_values(E, 1.0, "won")
    data["won"] = np.where(AREA == "D", 0.0, data["won"])
    result = fit("won ~ x + area", data, family="binomial")
    assert result.fit.separated == (
        f"area=D ({(AREA == 'D').sum()} rows, at the lower end)",
        f"area=E ({E.sum()} rows, at the upper end)",
    )


def test_rows_of_weight_0_do_not_count():
    claims = E & (FRAME["y"] > 0)
    data = FRAME.assign(w=np.where(claims, 0.0, FRAME["w"]))
    result = fit("y ~ x + area", data, family="poisson", weights="w")
    assert claims.sum() > 5
    assert result.fit.separated == (f"area=E ({E.sum() - claims.sum()} rows, at the lower end)",)
    check_rest(result, rs.glm("y ~ x + area", data[~E], family="poisson", weights="w").fit())


def test_a_single_row_is_no_plural():
    data = FRAME.assign(area=np.where(np.arange(N) == 0, "Q", AREA), won=FRAME["won"])
    data.loc[0, "won"] = 1.0
    result = fit("won ~ area", data, family="binomial")
    assert result.fit.separated == ("area=Q (1 row, at the upper end)",)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
@pytest.mark.parametrize("digits", [1, 8])  # stored as a table, and as numbers
def test_complete_separation_by_a_number(link, digits):
    x = X.round(digits)
    data = FRAME.assign(x=x, won=(x > 0.15).astype(float))
    result = fit("won ~ x", data, family="binomial", link=link)
    (part,) = result.fit.separated
    assert part.removeprefix("Intercept, ").startswith("x (")
    assert result.deviance < 1e-5
    assert result.iterations < 80


def test_complete_separation_does_not_blame_the_factor_beside_it():
    data = FRAME.assign(won=(X > 0.1).astype(float))
    result = fit("won ~ x + area", data, family="binomial")
    (part,) = result.fit.separated
    assert part.startswith("Intercept, x, ")
    assert "area=" not in part


def test_quasi_complete_separation():
    # R: glm(y ~ x, binomial): the rows at 10 keep their deviance, 4 log 2
    x = np.r_[np.arange(10), 10, 10, np.arange(11, 21)].astype(float)
    data = {"x": x, "y": np.r_[np.zeros(10), 0, 1, np.ones(10)]}
    result = fit("y ~ x", data, family="binomial")
    assert result.fit.separated == ("Intercept, x (20 rows)",)
    assert result.deviance == pytest.approx(4 * np.log(2), abs=1e-6)


def test_slope_within_a_level():
    won = np.where(E, X > 0, FRAME["won"])
    result = fit("won ~ area + area:x", FRAME.assign(won=won), family="binomial")
    (part,) = result.fit.separated
    assert "area[E]:x" in part or "area[T.E]:x" in part
    rest = rs.glm("won ~ area + area:x", FRAME[~E], family="binomial").fit()
    assert result.deviance == pytest.approx(rest.deviance, abs=1e-5)


def test_nothing_but_zeros():
    data = FRAME.assign(y=0.0)
    result = fit("y ~ 1", data, family="poisson")
    assert result.fit.separated == (f"Intercept ({N} rows)",)
    assert result.deviance < 1e-6
    fit("y ~ area", data, family="poisson")


def test_at_most_twenty_levels_are_named():
    levels = np.arange(N) % 40
    empty = (levels >= 1) & (levels <= 25)
    data = {"y": np.where(empty, 0.0, FRAME["y"]), "f": [f"L{v:02d}" for v in levels]}
    result = fit("y ~ f", data, family="poisson")
    assert len(result.fit.separated) == NAMED_LEVELS + 1
    assert result.fit.separated[0] == "f=L01 (50 rows, at the lower end)"
    assert result.fit.separated[-1] == "5 more levels of f"


def test_arrays_name_columns():
    design = np.column_stack([np.ones(N), X, *(level == AREA for level in "BCDE")])
    with pytest.warns(SeparationWarning, match=rf"along x5 \({E.sum()} rows\)"):
        result = rs.fit_glm(np.where(E, 0, FRAME["y"]), design, family="poisson")
    check = rs.fit_glm(FRAME["y"][~E], design[~E, :5], family="poisson")
    np.testing.assert_allclose(result.params[:5], check.params, rtol=1e-5, atol=1e-6)


def test_estimator_warns():
    model = rs.GLMRegressor(family="poisson", alpha=0.0, formula="x + area")
    with pytest.warns(SeparationWarning, match="area=E"):
        model.fit(FRAME, with_values(E)["y"])


# ---- fits that have a maximum -------------------------------------------------------------------


def quiet(formula, data, alpha=0.0, tol=1e-8, **options):
    """Warnings are errors in this suite: the fit itself is the test."""
    result = rs.glm(formula, data, **options).fit(alpha=alpha, tol=tol)
    assert result.fit.separated == ()
    assert result.converged
    assert "SEPARATION" not in result.summary()
    return result


@pytest.mark.parametrize("claim", [1.0, 0.01, 1e-6])
def test_one_claim_in_a_level(claim):
    y = np.where(E, 0.0, FRAME["y"])
    y[np.flatnonzero(E)[0]] = claim
    quiet("y ~ area", FRAME.assign(y=y), family="poisson")
    result = quiet("y ~ area", FRAME.assign(y=y), family="poisson", tol=1e-14)
    mean = np.exp(result.params[0] + result.params[-1])
    assert mean == pytest.approx(claim / E.sum(), rel=1e-4)


def test_one_case_in_a_level():
    won = np.where(E, 0.0, FRAME["won"])
    won[np.flatnonzero(E)[0]] = 1.0
    result = quiet("won ~ area", FRAME.assign(won=won), family="binomial")
    odds = np.exp(result.params[0] + result.params[-1])
    assert odds == pytest.approx(1 / (E.sum() - 1), rel=1e-6)


@pytest.mark.parametrize("far", [10.0, 1e3])
def test_spline_tail(far):
    x = X.copy()
    x[np.argmax(FRAME["y"])] = far  # a claim far out
    quiet("y ~ bs(x, df=8)", FRAME.assign(x=x), family="poisson")


@pytest.mark.parametrize("size", [1e-12, 1e12])
def test_gamma_levels_far_apart(size):
    cost = RNG.gamma(2.0, 1.0, N) * np.where(E, size, 1.0)
    result = quiet("cost ~ area", FRAME.assign(cost=cost), family="gamma")
    assert np.exp(result.params[0] + result.params[-1]) == pytest.approx(cost[E].mean(), rel=1e-6)


def test_gaussian_has_a_maximum_always():
    result = quiet("y ~ area", with_values(E), family="gaussian")
    assert result.params[0] + result.params[-1] == pytest.approx(0.0, abs=1e-9)
    quiet("y ~ area", FRAME.assign(y=0.0), family="gaussian")


@pytest.mark.parametrize("alpha", [1e-4, 0.1])
def test_ridge_has_a_maximum_always(alpha):
    result = quiet("y ~ x + area", with_values(E), alpha=alpha, family="poisson")
    assert -20 < result.params[-1] < 0
    quiet("won ~ x", FRAME.assign(won=(X > 0) * 1.0), alpha=alpha, family="binomial")


def test_aliased_columns_are_no_separation():
    result = quiet("y ~ x + twice", FRAME.assign(twice=2 * X), family="poisson")
    assert result.aliased.tolist() == [False, False, True]


# ---- means at the edge of the domain ------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_best_means_at_the_edge_of_the_domain(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=N)
    data = {"y": rng.poisson(np.clip(1 + 1.2 * x, 0, None)), "x": x}
    remedy = (
        r"did not converge: the identity link lets means leave the domain of the poisson family, "
        r"and the fit was stopped at its edge.*: use link='log'"
    )
    with pytest.warns(ConvergenceWarning, match=remedy) as record:
        result = rs.glm("y ~ x", data, family="poisson", link="identity").fit()
    assert len(record) == 1
    assert "max_iter" not in str(record[0].message)  # more steps would not help
    assert not result.converged
    assert result.fit.separated == ()
    assert np.isfinite(result.params).all()
    assert (result.fittedvalues > 0).all()
    assert result.iterations <= 12
    assert "NOT CONVERGED: the identity link" in result.summary()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert rs.glm("y ~ x", data, family="poisson", link="log").fit().converged


def test_halving_leads_to_means_near_the_edge():
    rng = np.random.default_rng(3)
    x = rng.uniform(0, 10, N)
    y = rng.poisson(0.02 + x)
    result = quiet("y ~ x", {"y": y, "x": x}, family="poisson", link="identity", tol=1e-14)
    mu = result.fittedvalues
    assert mu.min() < 0.2  # a full step from the mean leaves the domain
    np.testing.assert_allclose(((y - mu) / mu).sum(), 0.0, atol=1e-4)  # score equations
    np.testing.assert_allclose(((y - mu) / mu * x).sum(), 0.0, atol=1e-4)


def test_an_empty_level_at_the_edge_does_not_run_to_infinity():
    """The best mean of its rows is 0, which an identity or square root link reaches."""
    data = with_values(E)
    with pytest.warns(ConvergenceWarning, match="stopped at its edge") as record:
        result = rs.glm("y ~ x + area", data, family="poisson", link="identity").fit()
    assert len(record) == 1
    assert result.fit.separated == ()
    assert np.isfinite(result.params).all()
    result = quiet("y ~ area", data, family="poisson", link="sqrt")
    means = data.groupby("area")["y"].mean()
    np.testing.assert_allclose(result.fittedvalues, means[AREA], atol=1e-6)


def test_end_of_a_falling_link():
    with pytest.warns(SeparationWarning, match="at the lower end"):  # eta runs up, the mean down
        rs.glm("y ~ area", with_values(E), family="poisson", link="inverse").fit()


def test_a_finite_end_is_reached_in_silence():
    """With an identity link the fit may step onto the mean 0 itself: a maximum, at the edge."""
    rng = np.random.default_rng(2)
    area = rng.choice(list("ABC"), N)
    y = np.where(area == "C", 0.0, rng.poisson(1.0, N))
    model = rs.glm("y ~ area", {"y": y, "area": area}, family="poisson", link="identity")
    fit_at_edge = replace(
        solve_irls(model._model.problem, start=np.array([1.0, 0.0, -1.0 + 1e-9]), max_iter=50),
        converged=True,
    )
    assert separated_parts(model._model.problem, fit_at_edge, model.feature_names) == ()


@pytest.mark.parametrize("alpha", [1e-10, 1e-9])
def test_a_slight_ridge_has_a_maximum_as_well(alpha):
    result = quiet("y ~ area", with_values(REFERENCE), alpha=alpha, family="poisson")
    assert result.params[0] < -8
