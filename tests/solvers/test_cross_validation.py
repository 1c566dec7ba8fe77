"""Held-out deviances against a loop of fits to the training rows, written out."""

from dataclasses import replace

import numpy as np
import pytest

import rustystats as rs
from rustystats.arrays import array_model
from rustystats.families import get_family
from rustystats.penalties import PenaltyOptions
from rustystats.progress import listening
from rustystats.solvers.cross_validation import held_out_deviances
from rustystats.solvers.irls import solve_irls

N, K = 240, 4
RNG = np.random.default_rng(8)
X = np.column_stack([np.ones(N), RNG.normal(size=(N, 5))])
OFFSET = 0.3 * np.sin(np.arange(N))
WEIGHTS = RNG.uniform(0.5, 2.0, N)
ETA = OFFSET + X @ [0.2, 0.4, -0.3, 0.2, 0.0, 0.0]
MU = np.exp(ETA)
FOLD = RNG.permutation(np.arange(N) % K)
FOLDS = [(np.flatnonzero(k != FOLD), np.flatnonzero(k == FOLD)) for k in range(K)]
ALPHAS = np.array([0.3, 0.05, 0.01, 0.001])
COUNTS = RNG.poisson(MU).astype(float)
RESPONSES = {
    "gaussian": (ETA + RNG.normal(size=N), {}),
    "poisson": (COUNTS, {}),
    "gamma": (RNG.gamma(2.0, MU / 2.0), {}),
    "binomial": ((RNG.random(N) < 1 / (1 + np.exp(-ETA))).astype(float), {}),
    "tweedie": (COUNTS * RNG.gamma(2.0, 0.5, N), {"var_power": 1.6}),
    "negbinomial": (RNG.poisson(MU * RNG.gamma(2.0, 0.5, N)).astype(float), {"theta": 2.0}),
}


def problem_of(name, l1_ratio=1.0, X=X, weights=WEIGHTS, offset=OFFSET, **options):
    y, parameter = RESPONSES[name]
    family = get_family(name, parameter.get("var_power"), parameter.get("theta"))
    model, _ = array_model(y, X, family, None, offset, weights, None)
    penalty = PenaltyOptions(l1_ratio, **options).penalty(model)
    return replace(model.problem, penalty=penalty)


def fit_of(name, train, alpha, l1_ratio, X=X, **options):
    y, parameter = RESPONSES[name]
    arrays = {"offset": OFFSET[train], "weights": WEIGHTS[train]}
    penalty = {"alpha": alpha, "l1_ratio": l1_ratio, "tol": 1e-12}
    return rs.fit_glm(y[train], X[train], name, **parameter, **arrays, **penalty, **options)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("name", RESPONSES)
def test_equals_a_loop_of_fits(name, l1_ratio):
    found = held_out_deviances(problem_of(name, l1_ratio), ALPHAS, FOLDS, tol=1e-10)
    y = RESPONSES[name][0]
    for fold, (train, test) in enumerate(FOLDS):
        assert found.weights[fold] == pytest.approx(WEIGHTS[test].sum(), rel=1e-12)
        for row, alpha in enumerate(ALPHAS):
            fit = fit_of(name, train, alpha, l1_ratio)
            mu = fit.predict(X[test], offset=OFFSET[test])
            family = fit.model.problem.family
            expected = family.deviance(y[test], mu, WEIGHTS[test])
            assert found.deviances[row, fold] == pytest.approx(expected, rel=1e-6)
    assert found.unfinished == ()
    assert [columns.tolist() for columns in found.absent] == [[]] * K


@pytest.mark.parametrize(
    "options",
    [
        {"penalty_factor": np.array([1.0, 0.0, 2.0, 0.0, 1.0])},
        {"prior_coef": np.array([0.3, -0.3, 0.1, 0.0, 0.2])},
        {"lower_bounds": 0.0, "upper_bounds": 0.25},
    ],
    ids=lambda options: next(iter(options)),
)
def test_penalties_are_those_of_all_rows(options):
    found = held_out_deviances(problem_of("poisson", **options), ALPHAS, FOLDS, tol=1e-10)
    plain = held_out_deviances(problem_of("poisson"), ALPHAS, FOLDS, tol=1e-10)
    assert not np.allclose(found.deviances, plain.deviances, rtol=1e-4)
    train, test = FOLDS[1]
    fit = fit_of("poisson", train, ALPHAS[2], 1.0, **options)
    expected = fit.model.problem.family.deviance(
        COUNTS[test], fit.predict(X[test], offset=OFFSET[test]), WEIGHTS[test]
    )
    assert found.deviances[2, 1] == pytest.approx(expected, rel=1e-6)


def test_standardised_columns_have_the_scales_of_all_rows():
    stretched = X * [1, 1, 10, 1, 0.1, 1]
    problem = problem_of("poisson", X=stretched, standardize=True)
    found = held_out_deviances(problem, ALPHAS, FOLDS, tol=1e-10)
    train, test = FOLDS[0]
    mean = np.average(stretched, weights=WEIGHTS, axis=0)
    scales = np.sqrt(np.average((stretched - mean) ** 2, weights=WEIGHTS, axis=0))[1:]
    fit = fit_of("poisson", train, ALPHAS[1], 1.0, X=stretched, penalty_factor=scales)
    mu = fit.predict(stretched[test], offset=OFFSET[test])
    expected = fit.model.problem.family.deviance(COUNTS[test], mu, WEIGHTS[test])
    assert found.deviances[1, 0] == pytest.approx(expected, rel=1e-6)


def test_measure_instead_of_the_deviance():
    asked = []

    def measure(y, mu, weights):
        asked.append((y, mu, weights))
        return np.sum(weights * (y - mu))

    found = held_out_deviances(problem_of("poisson"), ALPHAS, FOLDS, tol=1e-10, measure=measure)
    assert len(asked) == found.deviances.size
    train, test = FOLDS[2]
    fit = fit_of("poisson", train, ALPHAS[3], 1.0)
    y, mu, weights = asked[2 * len(ALPHAS) + 3]
    np.testing.assert_array_equal(y, COUNTS[test])
    np.testing.assert_array_equal(weights, WEIGHTS[test])
    np.testing.assert_allclose(mu, fit.predict(X[test], offset=OFFSET[test]), rtol=1e-6)
    assert found.deviances[3, 2] == pytest.approx(np.sum(weights * (y - mu)), rel=1e-12)
    unweighted = problem_of("poisson", weights=None)
    held_out_deviances(unweighted, ALPHAS[:1], FOLDS, measure=measure)
    np.testing.assert_array_equal(asked[-1][2], 1.0)


def test_storage_does_not_matter():
    """Tables of levels, shared through an index of rows, against the same columns as numbers."""
    data = rs.datasets.make_motor_portfolio(1_500, seed=4)
    model = rs.glm("ClaimNb ~ Area + bs(DrivAge, df=5)", data, "poisson", exposure="Exposure")
    dense, _ = array_model(
        data["ClaimNb"], model.X, get_family("poisson"), None, None, None, None, data["Exposure"]
    )
    folds = [(np.arange(1, 1500, 2), np.arange(0, 1500, 2)), (np.arange(500), np.arange(700, 1500))]
    found = []
    for one in (model._model, dense):
        problem = replace(one.problem, penalty=PenaltyOptions(0.5).penalty(one))
        found.append(held_out_deviances(problem, ALPHAS / 100, folds, tol=1e-10).deviances)
    np.testing.assert_allclose(*found, rtol=1e-8)


@pytest.mark.parametrize("factor", [1.0, 0.0], ids=["penalised", "free"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.3, 0.0])
def test_a_column_absent_in_training_stays_at_its_target(l1_ratio, factor):
    rare = np.where(np.isin(np.arange(N), FOLDS[1][1][:3]), 1.0, 0.0)  # only in test rows of fold 2
    with_rare = np.column_stack([X, rare])
    options = {"penalty_factor": np.array([1.0, 1, 1, 1, 1, factor])}
    problem = problem_of("poisson", l1_ratio, X=with_rare, **options)
    found = held_out_deviances(problem, ALPHAS, FOLDS, tol=1e-10)
    assert [columns.tolist() for columns in found.absent] == [[], [6], [], []]
    without = held_out_deviances(problem_of("poisson", l1_ratio), ALPHAS, FOLDS, tol=1e-10)
    np.testing.assert_allclose(found.deviances[:, 1], without.deviances[:, 1], rtol=1e-8)
    assert not np.allclose(found.deviances[-1, 0], without.deviances[-1, 0], rtol=1e-6)


def test_a_column_absent_in_training_keeps_its_prior():
    rare = np.where(np.isin(np.arange(N), FOLDS[1][1][:3]), 1.0, 0.0)
    prior = np.array([0.0, 0, 0, 0, 0, 0.7])
    problem = problem_of("poisson", X=np.column_stack([X, rare]), prior_coef=prior)
    found = held_out_deviances(problem, ALPHAS, FOLDS, tol=1e-10)
    shifted = problem_of("poisson", offset=OFFSET + 0.7 * rare)
    expected = held_out_deviances(shifted, ALPHAS, FOLDS, tol=1e-10)
    np.testing.assert_allclose(found.deviances[:, 1], expected.deviances[:, 1], rtol=1e-8)


def test_means_outside_the_domain_are_infinitely_bad():
    y = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    X = np.column_stack([np.ones(6), y])
    model, _ = array_model(y, X, get_family("poisson"), "identity", None, None, None)
    problem = replace(model.problem, penalty=PenaltyOptions(1.0).penalty(model))
    problem = replace(problem, offset=np.array([-9.0, 0, 0, 0, 0, 0]))
    train = np.arange(1, 6)
    found = held_out_deviances(problem, np.array([1e-4]), [(train, np.array([0]))])
    assert found.deviances[0, 0] == np.inf


def test_unfinished_fits_are_named():
    found = held_out_deviances(problem_of("poisson"), ALPHAS, FOLDS, tol=1e-14, max_iter=1)
    assert found.unfinished
    assert {fold for fold, _, _ in found.unfinished} == set(range(K))
    assert {alpha for _, alpha, _ in found.unfinished} <= set(ALPHAS)
    assert "max_iter=1" in found.unfinished[0][2]


def test_each_fold_is_reported():
    stages = []
    with listening(lambda stage, facts: stages.append(stage)):
        held_out_deviances(problem_of("poisson"), ALPHAS[:2], FOLDS)
    assert stages.count("fold") == 4
    assert stages.count("alpha") == 4 * 2
    assert stages[-1] == "fold"


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_fold_that_cannot_start_is_named():
    offset = np.where(FOLD == 1, OFFSET, np.nan)  # only fold 2 has means, and is not fitted to
    problem = replace(problem_of("poisson"), offset=offset)
    with pytest.raises(ValueError, match=r"fold 1 of 4: .*no valid start"):
        held_out_deviances(problem, ALPHAS, FOLDS)


def test_the_problem_is_left_as_it_was():
    problem = problem_of("poisson")
    before = solve_irls(replace(problem, penalty=None)).coef
    held_out_deviances(problem, ALPHAS, FOLDS)
    np.testing.assert_array_equal(solve_irls(replace(problem, penalty=None)).coef, before)
