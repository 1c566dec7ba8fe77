"""Selections on halves of the rows, against a path on each half by itself."""

import numpy as np
import pytest

import rustystats as rs
from rustystats.arrays import array_model
from rustystats.families import get_family
from rustystats.penalties import PenaltyOptions
from rustystats.solvers.stability import select_on_halves

N = 401
RNG = np.random.default_rng(7)
X = np.column_stack([np.ones(N), RNG.normal(size=(N, 5)) * [1, 20, 1, 0.1, 1]])
Y = RNG.poisson(np.exp(0.3 * X[:, 1] + 0.2 * X[:, 3])).astype(float)
WEIGHTS = RNG.integers(0, 3, N).astype(float)
ALPHAS = np.array([0.2, 0.08, 0.03, 0.01])
UNITS = [np.array([1]), np.array([2, 4]), np.array([3]), np.array([5])]


class Shuffles:
    """A generator that keeps what it drew."""

    def __init__(self, seed):
        self.rng, self.drawn = np.random.default_rng(seed), []

    def permutation(self, rows):
        self.drawn.append(self.rng.permutation(rows))
        return self.drawn[-1]


def problem(weights=None, **options):
    model, _ = array_model(Y, X, get_family("poisson"), None, None, weights, None)
    return model.penalised(PenaltyOptions(1.0, **options), 1.0).problem


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_a_half_is_a_fit_of_its_rows_alone(weights):
    shuffles = Shuffles(0)
    found = select_on_halves(problem(weights), ALPHAS, UNITS, 6, shuffles, tol=1e-9)
    assert len(shuffles.drawn) == 3
    used = np.arange(N) if weights is None else np.flatnonzero(weights)
    half = len(used) // 2
    counts, first = np.zeros((4, 4), dtype=int), np.full((6, 4), 4)
    for index in range(6):
        shuffled = shuffles.drawn[index // 2]
        np.testing.assert_array_equal(np.sort(shuffled), used)
        rows = shuffled[half * (index % 2) : half * (index % 2 + 1)]
        path = rs.lasso_path(
            Y[rows],
            X[rows],
            family="poisson",
            alphas=ALPHAS,
            weights=None if weights is None else weights[rows],
            tol=1e-9,
        )
        at = np.column_stack([(path.coefficients[:, unit] != 0).any(axis=1) for unit in UNITS])
        counts += at
        first[index] = np.where(at.any(axis=0), at.argmax(axis=0), 4)
    np.testing.assert_array_equal(found.counts, counts)
    np.testing.assert_array_equal(found.first, first)
    assert 0 < counts[:, 1].sum() < 24  # something to tell apart
    assert found.n_unfinished == 0


def test_a_selection_is_away_from_the_target():
    target = np.array([0.0, 0.0, 0.0, 5.0, 0.0, 0.0])
    found = select_on_halves(
        problem(prior_coef=target), np.array([100.0]), UNITS, 2, np.random.default_rng(0)
    )
    assert found.counts.tolist() == [[0, 0, 0, 0]]  # so heavy a penalty holds all at the target
    found = select_on_halves(
        problem(prior_coef=target), np.array([0.01]), UNITS, 2, np.random.default_rng(0)
    )
    assert found.counts[0, 2] == 2


def test_unfinished_fits_are_counted():
    found = select_on_halves(
        problem(), ALPHAS, UNITS, 2, np.random.default_rng(0), tol=1e-13, max_iter=1
    )
    assert found.n_unfinished > 4
