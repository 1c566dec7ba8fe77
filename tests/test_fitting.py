"""The way to a fit: what is checked before anything is solved, and what the model then holds."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning

from rustystats.families import NegativeBinomial, get_family
from rustystats.fitting import solve
from rustystats.formula import parse_formula
from rustystats.frames import read_columns
from rustystats.links import get_link
from rustystats.penalties import PenaltyOptions
from rustystats.prepare import check_response, check_weights, prepare
from rustystats.solvers.irls import solve_irls

N = 500
RNG = np.random.default_rng(7)
FRAME = pd.DataFrame(
    {
        "y": RNG.poisson(1.5, N).astype(float),
        "x": RNG.normal(size=N),
        "a": RNG.choice(list("ABC"), N),
        "e": RNG.uniform(0.1, 1, N),
        "w": RNG.integers(0, 4, N),
    }
)


def make(formula="x + a", family="poisson", link=None, y=None, n_threads=None, **options):
    family = get_family(family)
    return prepare(
        parse_formula(formula, response=False).terms,
        read_columns(FRAME, FRAME.columns, n_threads),
        FRAME["y"] if y is None else y,
        family=family,
        link=get_link(link, family),
        **options,
    )


def test_model_holds_what_was_given():
    model = make(weights="w", exposure="e", response="claims")
    problem = model.problem
    assert model.names == ["Intercept", "x", "a[T.B]", "a[T.C]"]
    assert model.weights_name == "w"
    assert model.response == "claims"
    assert problem.design.shape == (N, 4)
    assert problem.intercept == 0
    assert problem.n_obs == np.count_nonzero(FRAME["w"])
    assert problem.total_weight == FRAME["w"].sum()
    np.testing.assert_array_equal(problem.weights, FRAME["w"])
    np.testing.assert_allclose(problem.offset, np.log(FRAME["e"]))
    np.testing.assert_array_equal(model.exposure, FRAME["e"])
    assert make("x - 1").problem.intercept is None
    assert make(weights=FRAME["w"]).weights_name is None


def test_intercept_is_found_wherever_it_stands():
    model = make("x + 1 + a")
    assert model.names[model.problem.intercept] == "Intercept"


def test_penalised():
    model = make(weights="w")
    ridge_only = PenaltyOptions()
    assert model.penalised(ridge_only, 0.0).problem.penalty is None
    ridge = model.penalised(ridge_only, 0.1).problem.ridge
    np.testing.assert_allclose(ridge, 0.1 * FRAME["w"].sum() * np.array([0, 1, 1, 1]))
    assert model.problem.ridge is None  # a new model, not this one
    without = make("x + a - 1").penalised(ridge_only, 0.1).problem.ridge
    np.testing.assert_allclose(without, np.full(4, 0.1 * N))  # no column exempt by accident


def test_threaded():
    model = make()
    assert model.threaded(1).problem.design.n_threads == 1
    with pytest.raises(ValueError, match="n_threads"):
        model.threaded(0)


def test_read_asks_for_the_columns_of_the_terms():
    model = make("x + a")
    assert model.read(FRAME[["x", "a"]].head(3), []).n_rows == 3
    with pytest.raises(ValueError, match="unknown column 'e'"):
        model.read(FRAME[["x", "a"]], ["e"])


@pytest.mark.parametrize("column", ["e", "w"])
@pytest.mark.parametrize("formula", ["x + {}", "log({} + 1)", "bs({}, df=4)", "x:{}", "a*{}"])
def test_exposure_and_weights_are_no_terms(column, formula):
    options = {"exposure": "e", "weights": "w"}
    with pytest.raises(ValueError, match=f"'{column}' is exposure, offset or weight"):
        make(formula.format(column), **options)
    with pytest.raises(ValueError, match="'e' is exposure, offset or weight"):
        make("x + e", offset="e")


# family, bad responses, the domain as the message writes it
OUTSIDE = [
    ("poisson", [-1.0, -0.5], r"\[0, inf\)"),
    ("gamma", [0.0, -3.0], r"\(0, inf\)"),
    ("binomial", [1.01, -0.1], r"\[0, 1\]"),
]


@pytest.mark.parametrize(("family", "bad", "domain"), OUTSIDE)
def test_response_outside_the_domain(family, bad, domain):
    y = np.full(10, 0.5)
    y[[3, 4]] = bad
    message = (
        rf"'claims' is outside {domain} in 2 of 10 rows.*{bad[0]:g}.*{family}.*correct or drop"
    )
    with pytest.raises(ValueError, match=message):
        check_response(y, 10, get_family(family), "claims")
    with pytest.raises(ValueError, match="500 rows"):
        make(family=family, y=np.full(N, bad[0]))


@pytest.mark.parametrize("family", ["gaussian", "poisson", "gamma", "binomial"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_response_must_be_finite(family, bad):
    y = np.full(10, 0.5)
    y[[0, 7, 9]] = bad
    with pytest.raises(ValueError, match=r"response 'claims'.* 3 rows.*drop"):
        check_response(y, 10, get_family(family), "claims")


@pytest.mark.parametrize(
    ("family", "y"), [("poisson", [0, 3]), ("binomial", [0, 1]), ("gamma", [1e-300, 9e99])]
)
def test_response_at_the_ends_of_the_domain(family, y):
    np.testing.assert_array_equal(check_response(y, 2, get_family(family), "y"), y)


def test_response_shape():
    with pytest.raises(ValueError, match=r"'y' has shape \(3,\).*2 rows"):
        check_response([1, 2, 3], 2, get_family("poisson"), "y")
    with pytest.raises(ValueError, match="'y'"):
        check_response(["a", "b"], 2, get_family("poisson"), "y")


def test_weights():
    columns = read_columns(FRAME, FRAME.columns)
    np.testing.assert_array_equal(check_weights("w", columns, N), FRAME["w"])
    with pytest.raises(ValueError, match=r"weights.*negative in 2 rows.*drop"):
        check_weights([-1.0, 2.0, -3.0], None, 3)
    with pytest.raises(ValueError, match=r"weights 'x'.*negative in \d+ rows"):
        check_weights("x", columns, N)
    with pytest.raises(ValueError, match=r"weights.*in all 3 rows"):
        check_weights(np.zeros(3), None, 3)
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match=r"weights.* 1 rows"):
            check_weights([1.0, bad, 1.0], None, 3)
    with pytest.raises(ValueError, match=r"weights has shape \(2,\)"):
        check_weights([1.0, 2.0], None, 3)


@pytest.mark.parametrize("tol", [0, -1e-8, np.nan, np.inf, "1e-8", None])
def test_tol(tol):
    with pytest.raises(ValueError, match="tol"):
        solve(make(), tol=tol, max_iter=10)


@pytest.mark.parametrize("max_iter", [0, -1, 2.5, "3", None, True])
def test_max_iter(max_iter):
    with pytest.raises(ValueError, match="max_iter"):
        solve(make(), tol=1e-8, max_iter=max_iter)


@pytest.mark.parametrize(
    ("family", "link", "y"),
    [
        ("poisson", "log", FRAME["y"]),
        ("gamma", "log", FRAME["y"] + 0.1),
        ("gaussian", "log", FRAME["y"] + 0.1),
        ("binomial", "logit", FRAME["y"] > 1),
    ],
)
def test_not_converged_warns_and_says_so(family, link, y):
    model = make(family=family, link=link, y=y)
    with pytest.warns(ConvergenceWarning, match=r"did not converge.*max_iter=1 .*raise max_iter"):
        _, fit = solve(model, tol=1e-8, max_iter=1)
    assert not fit.converged
    assert fit.n_iter == 1
    assert np.isfinite(fit.coef).all()
    solved, fit = solve(model, tol=1e-8, max_iter=50)
    problem = solved.problem
    assert fit.converged
    assert fit.message == "converged"
    # the promise of convergence: the decrement at the solution is far below the tolerance
    point = problem.evaluate(fit.coef, with_gram=True)
    step = np.linalg.solve(point.gram, point.score)
    assert point.score @ step < 1e-8 * problem.dispersion(point, fit.rank)
    np.testing.assert_allclose(point.gram, fit.gram, rtol=1e-12, atol=1e-9)


def test_gram_reported_is_of_the_final_means_after_a_sampled_start():
    # 110,000 rows start from a sample and keep its Gram for a while
    rng = np.random.default_rng(8)
    n = 110_000
    frame = pd.DataFrame({"z": rng.integers(0, 40, n), "a": rng.choice(list("ABCD"), n)})
    y = rng.poisson(np.exp(-1 + 0.03 * frame["z"] + 0.5 * (frame["a"] == "C")))
    family = get_family("poisson")
    model = prepare(
        parse_formula("bs(z, df=6) + a", response=False).terms,
        read_columns(frame, frame.columns),
        y,
        family=family,
        link=get_link("log", family),
    )
    _, fit = solve(model, tol=1e-8, max_iter=50)
    final = model.problem.evaluate(fit.coef, with_gram=True)
    np.testing.assert_allclose(fit.gram, final.gram, rtol=1e-10)
    assert fit.deviance == pytest.approx(final.deviance, rel=1e-13)


def test_start_is_used():
    problem = make().problem
    fit = solve_irls(problem)
    again = solve_irls(problem, max_iter=1, start=fit.coef)
    assert again.converged
    np.testing.assert_allclose(again.coef, fit.coef, rtol=1e-9)


def test_the_parameter_of_the_family_is_decided_by_the_data():
    rng = np.random.default_rng(0)
    y = rng.negative_binomial(2, 0.4, N).astype(float)
    model = make(family=NegativeBinomial("auto"), y=y)
    solved, fit = solve(model, tol=1e-10, max_iter=50)
    assert model.problem.family.estimated
    assert solved.problem.family.theta == fit.parameter.value
    assert 0.5 < fit.parameter.value < 8
    best, error = solved.problem.family.estimate(
        y, np.exp(solved.problem.design.matvec(fit.coef)), np.ones(N)
    )
    assert best.theta == pytest.approx(fit.parameter.value, rel=1e-4)
    assert error == pytest.approx(fit.parameter.error, rel=1e-3)


def test_a_parameter_at_the_edge_of_its_range_is_said():
    y = np.tile([1.0, 2.0], N // 2)
    with pytest.warns(UserWarning, match=r"theta=1e\+07 is the edge.*not overdispersed.*Poisson"):
        _, fit = solve(make(family=NegativeBinomial("auto"), y=y), tol=1e-8, max_iter=50)
    assert np.isnan(fit.parameter.error)
    poisson = solve(make(y=y), tol=1e-8, max_iter=50)[1]
    np.testing.assert_allclose(fit.coef, poisson.coef, atol=1e-5)


def test_a_parameter_without_a_clear_maximum_is_said(monkeypatch):
    def estimate(*_):
        return NegativeBinomial(3.0), np.nan

    monkeypatch.setattr(NegativeBinomial, "estimate", estimate)
    said = r"theta=3 has no standard error, for want of a clear maximum: see profile_parameter"
    with pytest.warns(UserWarning, match=said):
        _, fit = solve(make(family=NegativeBinomial("auto")), tol=1e-8, max_iter=50)
    assert fit.converged


def test_what_cannot_be_fitted_is_said():
    model = make(family=get_family("tweedie", var_power="auto"), link="log", y=np.zeros(N))
    with pytest.raises(ValueError, match=r"no response is positive.*give var_power"):
        solve(model, tol=1e-8, max_iter=50)
