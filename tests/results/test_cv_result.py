"""CVResult: what is chosen from given scores, and how it is shown."""

import pickle
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pandas as pd
import polars as pl
import pytest

import rustystats as rs
from rustystats import CVResult

mpl.use("agg")

N = 300
RNG = np.random.default_rng(77)
X = np.column_stack([np.ones(N), RNG.normal(size=(N, 4))])
Y = RNG.poisson(np.exp(X @ [0.3, 0.5, -0.3, 0.1, 0.0])).astype(float)
ALPHAS = [0.3, 0.1, 0.03, 0.01]


@pytest.fixture(scope="module")
def found():
    return rs.cv_lasso(Y, X, "poisson", alphas=ALPHAS, cv=3, random_state=0)


def scored(found, scores, units=(1.0, 1.0, 1.0), **options):
    """The same fits with other scores, those of each alpha in a row."""
    run = replace(found._run, scores=np.array(scores, float), units=np.array(units, float))
    return CVResult([run], **options)


def equal(*means):
    """Scores of three folds with these means and the standard error 0.1 * sqrt(1 / 3)."""
    return [[mean - 0.1, mean, mean + 0.1] for mean in means]


ERROR = 0.1 * np.sqrt(2 / 3) / np.sqrt(2)


def test_mean_and_standard_error_count_the_units(found):
    scores = RNG.normal(size=(4, 3))
    units = np.array([1.0, 2.0, 5.0])
    result = scored(found, scores, units)
    for row in range(4):
        mean = np.average(scores[row], weights=units)
        variance = np.average((scores[row] - mean) ** 2, weights=units)
        assert result.scores_mean[row] == pytest.approx(mean, rel=1e-12)
        assert result.scores_std[row] == pytest.approx(np.sqrt(variance / 2), rel=1e-12)
    np.testing.assert_array_equal(result.scores, scores)
    np.testing.assert_array_equal(result.units, units)
    assert result.n_folds == 3


@pytest.mark.parametrize(
    ("means", "best", "within"),
    [
        ([-4, -3, -2, -1], 3, 3),
        ([-1, -2, -3, -4], 0, 0),
        ([-4, -1, -2, -3], 1, 1),
        ([-4, -1 - 0.9 * ERROR, -1, -2], 2, 1),
        ([-4, -1 - 1.1 * ERROR, -1, -2], 2, 2),
        ([-1 - 0.5 * ERROR, -3, -1, -2], 2, 0),  # not only neighbours
        ([-4, -1, -1, -1], 1, 1),  # ties: the largest alpha
        ([-2, -2, -2, -2], 0, 0),
        ([np.nan, -1, -2, np.nan], 1, 1),
        ([-3, np.nan, -2, -np.inf], 2, 2),
        ([-np.inf, -np.inf, -5, -6], 2, 2),
    ],
)
def test_choice(found, means, best, within):
    result = scored(found, equal(*means))
    assert result.alpha_best == ALPHAS[best]
    assert result.alpha_1se == ALPHAS[within]
    assert result.score_best == result.scores_mean[best] == pytest.approx(means[best])
    assert result.n_nonzero_best == result.path.n_nonzero[best]
    assert result.best_result.alpha == ALPHAS[best]
    assert result.result_1se.alpha == ALPHAS[within]
    assert result.alpha_1se >= result.alpha_best


@pytest.mark.parametrize("bad", [np.nan, -np.inf])
def test_no_finite_score_raises(found, bad):
    with pytest.raises(ValueError, match="no alpha has a finite score in all folds"):
        scored(found, np.full((4, 3), bad))


def test_a_score_missing_in_one_fold_never_wins(found):
    scores = equal(-4, -3, -2, -1)
    scores[3][1] = np.nan
    assert scored(found, scores).alpha_best == ALPHAS[2]


def test_results_are_fits_of_all_rows(found):
    best = found.best_result
    direct = rs.fit_glm(Y, X, "poisson", alpha=found.alpha_best, l1_ratio=1.0, tol=1e-12)
    np.testing.assert_allclose(best.params, direct.params, rtol=1e-5, atol=1e-6)
    assert best.nobs == N
    assert best.penalty_type == "lasso"
    assert best is found.best_result
    assert best.cv_result is None
    np.testing.assert_array_equal(found.path.coefficients[found._index], best.params)


def test_ridge_has_standard_errors():
    found = rs.cv_ridge(Y, X, "poisson", alphas=ALPHAS, cv=3, random_state=0)
    direct = rs.fit_glm(Y, X, "poisson", alpha=found.alpha_best, tol=1e-10)
    assert found.best_result.penalty_type == "ridge"
    np.testing.assert_allclose(found.best_result.bse(), direct.bse(), rtol=1e-5)
    np.testing.assert_allclose(found.best_result.params, direct.params, rtol=1e-5)


def test_several_l1_ratios():
    options = {"alphas": ALPHAS, "cv": 3, "random_state": 0}
    found = rs.cv_elasticnet(Y, X, "poisson", l1_ratio=[0.1, 0.9, 0.5], **options)
    single = [rs.cv_elasticnet(Y, X, "poisson", l1_ratio=r, **options) for r in (0.1, 0.9, 0.5)]
    best = max(single, key=lambda one: one.score_best)
    assert found.l1_ratios == (0.1, 0.9, 0.5)
    assert found.l1_ratio == best.l1_ratio == found.best_result.l1_ratio
    assert found.alpha_best == best.alpha_best
    np.testing.assert_array_equal(found.scores, best.scores)
    table = found.to_dataframe()
    parts = pd.concat([one.to_dataframe() for one in single], ignore_index=True)
    pd.testing.assert_frame_equal(table, parts)


def test_equal_l1_ratios_the_largest_wins(found):
    ridge = rs.cv_ridge(Y, X, "poisson", alphas=ALPHAS, cv=3, random_state=0)
    scores = np.array(equal(-2, -1, -3, -4))
    runs = [replace(one._run, scores=scores, units=np.ones(3)) for one in (ridge, found, ridge)]
    assert CVResult(runs).l1_ratio == 1.0


def test_table(found):
    table = found.to_dataframe()
    assert isinstance(table, pd.DataFrame)
    assert list(table.columns) == [
        *["l1_ratio", "alpha", "score_mean", "score_std", "n_nonzero"],
        *["fold_1", "fold_2", "fold_3"],
    ]
    np.testing.assert_array_equal(table["alpha"], found.alphas)
    np.testing.assert_array_equal(table["score_mean"], found.scores_mean)
    np.testing.assert_array_equal(table["score_std"], found.scores_std)
    np.testing.assert_array_equal(table[["fold_1", "fold_2", "fold_3"]], found.scores)
    np.testing.assert_array_equal(table["n_nonzero"], found.path.n_nonzero)
    data = pl.DataFrame({"y": Y, "x": X[:, 1]})
    model = rs.glm("y ~ x", data, "poisson").fit(regularization="lasso", cv=3, alphas=ALPHAS)
    assert isinstance(model.cv_result.to_dataframe(), pl.DataFrame)


def test_plot(found):
    ax = found.plot()
    ((line, _, (bars,)),) = ax.containers
    np.testing.assert_array_equal(line.get_xdata(), found.alphas)
    np.testing.assert_array_equal(line.get_ydata(), found.scores_mean)
    ends = np.array(bars.get_segments())[:, :, 1]
    np.testing.assert_allclose(ends[:, 1] - ends[:, 0], 2 * found.scores_std)
    assert ax.get_xscale() == "log"
    assert ax.xaxis_inverted()
    marked = [line.get_xdata()[0] for line in ax.lines if len(line.get_xdata()) == 2]
    assert marked == [found.alpha_best, found.alpha_1se]
    (top,) = ax.child_axes
    ax.figure.canvas.draw()
    shown = [label.get_text() for label in top.get_xticklabels()]
    assert shown == [str(n) for n in found.path.n_nonzero]
    assert "deviance" in ax.get_ylabel()
    given = mpl.figure.Figure().subplots()
    assert found.plot(ax=given) is given


def test_plot_of_scores_that_are_not_finite(found):
    means = [-np.inf, -2, np.nan, -1]
    ax = scored(found, equal(*means), scoring=max).plot()
    np.testing.assert_array_equal(ax.containers[0][0].get_xdata(), [ALPHAS[1], ALPHAS[3]])
    assert ax.get_ylabel() == "score (max, higher is better)"


def test_repr(found):
    result = scored(found, equal(-4, -1 - 0.9 * ERROR, -1, -2))
    n = result.path.n_nonzero
    assert repr(result) == (
        "<CVResult: 3 folds, 4 alphas, l1_ratio=1, best alpha=0.03 with "
        f"{n[2]} coefficients, within one standard error alpha=0.1 with {n[1]}>"
    )
    several = rs.cv_elasticnet(Y, X, "poisson", l1_ratio=[0.5, 1.0], alphas=ALPHAS, cv=3)
    assert " of 2, best alpha" in repr(several)


def test_pickle(found):
    again = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(again.scores, found.scores)
    np.testing.assert_array_equal(again.best_result.params, found.best_result.params)
    np.testing.assert_array_equal(again.result_1se.params, found.result_1se.params)
