"""What every face says of a cross-validation, and the conflicts that raise."""

import sys
import types

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import mean_absolute_error, mean_poisson_deviance, mean_squared_error
from sklearn.model_selection import ShuffleSplit

import rustystats as rs
from rustystats.cross_validate import CVOptions, penalty_asked

N = 200
RNG = np.random.default_rng(31)
X = np.column_stack([np.ones(N), RNG.normal(size=(N, 4))])
EXPOSURE = RNG.uniform(0.2, 1.0, N)
WEIGHTS = RNG.uniform(0.5, 2.0, N)
Y = RNG.poisson(EXPOSURE * np.exp(X @ [0.3, 0.4, -0.3, 0.0, 0.0])).astype(float)
FOLDS = [(np.flatnonzero(np.arange(N) % 4 != k), np.arange(k, N, 4)) for k in range(4)]
ALPHAS = [0.1, 0.02, 0.004]


def held_out_means(alpha, fold, weights=WEIGHTS, exposure=EXPOSURE):
    train, test = FOLDS[fold]
    offset = None if exposure is None else np.log(exposure)
    fit = rs.fit_glm(
        Y[train],
        X[train],
        "poisson",
        offset=None if offset is None else offset[train],
        weights=weights[train],
        alpha=alpha,
        l1_ratio=1.0,
        tol=1e-12,
    )
    return fit.predict(X[test], offset=None if offset is None else offset[test])


def cv(**options):
    options = {"alphas": ALPHAS, "cv": FOLDS, "weights": WEIGHTS, "tol": 1e-10} | options
    return rs.cv_lasso(Y, X, "poisson", **options)


# ---- scores -----------------------------------------------------------------------------------


def test_deviance_is_that_of_scikit_learn():
    scores = cv().scores
    for fold, (_, test) in enumerate(FOLDS):
        for row, alpha in enumerate(ALPHAS):
            mu = held_out_means(alpha, fold, exposure=None)
            expected = -mean_poisson_deviance(Y[test], mu, sample_weight=WEIGHTS[test])
            assert scores[row, fold] == pytest.approx(expected, rel=1e-6)


def test_deviance_is_per_unit_of_exposure():
    found = cv(exposure=EXPOSURE)
    total = 0.0
    for fold, (_, test) in enumerate(FOLDS):
        mu = held_out_means(ALPHAS[1], fold)
        weighted = mean_poisson_deviance(Y[test], mu, sample_weight=WEIGHTS[test])
        deviance, unit = weighted * WEIGHTS[test].sum(), WEIGHTS[test] @ EXPOSURE[test]
        assert found.units[fold] == pytest.approx(unit, rel=1e-12)
        assert found.scores[1, fold] == pytest.approx(-deviance / unit, rel=1e-6)
        total += deviance
    assert found.scores_mean[1] == pytest.approx(-total / (WEIGHTS @ EXPOSURE), rel=1e-6)
    # an offset is no volume: the same fits, per unit of weight
    shifted = cv(offset=np.log(EXPOSURE))
    assert shifted.scores_mean[1] == pytest.approx(-total / WEIGHTS.sum(), rel=1e-6)


@pytest.mark.parametrize(
    ("scoring", "metric"), [("mse", mean_squared_error), ("mae", mean_absolute_error)]
)
def test_errors_are_those_of_scikit_learn(scoring, metric):
    found = cv(exposure=EXPOSURE, scoring=scoring)
    for fold, (_, test) in enumerate(FOLDS):
        mu = held_out_means(ALPHAS[2], fold)
        expected = -metric(Y[test], mu, sample_weight=WEIGHTS[test])
        assert found.scores[2, fold] == pytest.approx(expected, rel=1e-6)
        assert found.units[fold] == pytest.approx(WEIGHTS[test].sum(), rel=1e-12)
    assert found.scoring == scoring


def test_a_callable_is_higher_the_better():
    def bias(y, mu, weights):
        return -abs(weights @ (y - mu))

    found = cv(exposure=EXPOSURE, scoring=bias)
    mu = held_out_means(ALPHAS[0], 3)
    test = FOLDS[3][1]
    assert found.scores[0, 3] == pytest.approx(bias(Y[test], mu, WEIGHTS[test]), rel=1e-5)
    assert found.score_best == found.scores_mean.max()
    upside_down = cv(exposure=EXPOSURE, scoring=lambda *rows: -bias(*rows))
    assert upside_down.alpha_best == ALPHAS[int(np.argmin(found.scores_mean))]


# ---- what is said -----------------------------------------------------------------------------


def test_one_warning_of_absent_columns():
    rare = np.zeros((N, 30))
    rare[np.arange(30) * 4 + 1, np.arange(30)] = 1.0  # each level in one row of the second fold
    rare = np.column_stack([rare, np.zeros(N)])  # and one in none at all
    names = ["one", *"abcd", *(f"L{j}" for j in range(30)), "never"]
    with pytest.warns(UserWarning, match="0 in all training rows") as record:
        rs.cv_lasso(
            Y, np.column_stack([X, rare]), "poisson", cv=FOLDS, alphas=ALPHAS, feature_names=names
        )
    (warning,) = record
    message = str(warning.message)
    assert message.startswith("L0, L1, ")
    assert "L19 and 10 more: 0 in" in message
    assert "of fold 2 of 4" in message
    assert "never" not in message
    assert warning.filename == __file__


def test_one_warning_of_fits_that_did_not_converge():
    with pytest.warns(ConvergenceWarning) as record:
        cv(max_iter=1, tol=1e-13)
    path, folds = (str(warning.message) for warning in record)
    assert "of 3 fits of the path did not converge" in path
    assert "of 12 fits of the folds did not converge, the first in fold 1 at alpha=" in folds
    assert "max_iter=1" in folds


@pytest.mark.parametrize("installed", [True, False])
def test_verbose_reports_each_fold(installed, monkeypatch, capsys):
    bars = []

    class Bar:
        def __init__(self, total, **options):
            self.total, self.done = total, 0
            bars.append(self)

        def update(self, n):
            self.done += n

        def set_postfix(self, facts):
            assert facts == {}

        def close(self):
            pass

    fake = types.SimpleNamespace(tqdm=Bar) if installed else None  # None: the import fails
    monkeypatch.setitem(sys.modules, "tqdm", fake)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    rs.cv_elasticnet(Y, X, "poisson", l1_ratio=[0.5, 1.0], cv=FOLDS, alphas=ALPHAS, verbose=True)
    printed = capsys.readouterr()
    assert printed.out == ""
    if installed:
        assert [(bar.total, bar.done) for bar in bars] == [(8, 8)]
        assert printed.err == ""
    else:
        assert printed.err.splitlines() == [f"fold {k} of 8" for k in range(1, 9)]


def test_silent_by_default(capsys):
    cv()
    assert capsys.readouterr() == ("", "")


# ---- conflicts --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ((None, 0.0, None, None), (0.0,)),
        ((None, 0.1, 0.3, None), (0.3,)),
        (("ridge", 0.1, None, None), (0.0,)),
        (("lasso", 0.1, None, None), (1.0,)),
        (("lasso", 0.1, 1.0, None), (1.0,)),
        (("elastic_net", 0.1, None, None), (0.5,)),
        (("elastic_net", 0.1, 0.2, None), (0.2,)),
        (("ridge", 0.0, None, 5), (0.0,)),
        (("elastic_net", 0.0, [0.2, 1, 0.2], 5), (0.2, 1.0)),
        ((None, 0.0, 0.7, 5), (0.7,)),
    ],
)
def test_penalty_asked(asked, expected):
    assert penalty_asked(*asked) == expected


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (("Lasso", 0.1, None, None), "regularization must be 'ridge', 'lasso', .*not 'Lasso'"),
        ((0.5, 0.1, None, None), "regularization must be"),
        (("lasso", 0.0, None, None), "'lasso' needs an alpha above 0, or cv="),
        (("lasso", 0.1, 0.3, None), r"'lasso' has l1_ratio=1, and 0\.3 is given"),
        (("ridge", 0.1, 1.0, None), r"'ridge' has l1_ratio=0, and 1\.0 is given"),
        (("ridge", 0.0, [0.0, 0.5], 5), "'ridge' has l1_ratio=0"),
        (("lasso", 0.1, None, 5), "alpha=0.1 is given and cv is to choose it"),
        ((None, 0.1, None, 5), "alpha=0.1 is given and cv is to choose it"),
        ((None, 0.0, None, 5), "cv chooses the alpha of a penalty: say which by regularization="),
        (("elastic_net", 0.1, [0.2, 0.5], None), "l1_ratio is a list, which needs cv="),
        (("elastic_net", 0.0, [], 5), "it is empty"),
        (("elastic_net", 0.0, [0.2, 1.5], 5), r"l1_ratio must lie in \[0, 1\], not 1.5"),
    ],
)
def test_penalties_that_contradict(asked, message):
    with pytest.raises(ValueError, match=message):
        penalty_asked(*asked)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("selection", "1se"),
        ("alphas", [0.1]),
        ("n_alphas", 20),
        ("alpha_min_ratio", 0.01),
        ("groups", np.arange(5)),
        ("random_state", 0),
        ("scoring", "mse"),
        ("verbose", True),
    ],
)
def test_nothing_is_accepted_and_ignored(name, value):
    with pytest.raises(ValueError, match=f"{name}= belongs to a cross-validation"):
        CVOptions(**{name: value})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"selection": "best"}, "selection must be 'min' or '1se', not 'best'"),
        ({"scoring": "auc"}, "scoring must be 'deviance', 'mse', 'mae' or a function"),
        ({"scoring": None}, "scoring must be"),
    ],
)
def test_options_that_cannot_be(options, message):
    with pytest.raises(ValueError, match=message):
        CVOptions(cv=5, **options)


def test_alpha_0_cannot_be_chosen():
    with pytest.raises(ValueError, match="alphas hold 0, which is no penalty"):
        CVOptions(cv=5, alphas=[0.1, 0.0]).grid()


def test_one_fold_has_no_standard_error():
    split = ShuffleSplit(1, random_state=0)
    found = cv(cv=split)
    assert found.n_folds == 1
    assert np.isnan(found.scores_std).all()
    assert found.alpha_1se == found.alpha_best
    with pytest.raises(ValueError, match="'1se' needs the standard error of at least two folds"):
        rs.GLMRegressorCV("poisson", cv=split, selection="1se").fit(X[:, 1:], Y)


def test_folds_are_checked_before_anything_is_fitted(monkeypatch):
    monkeypatch.setattr("rustystats.cross_validate.trace_path", None)
    monkeypatch.setattr("rustystats.cross_validate.held_out_deviances", None)
    first = (np.arange(N) < 150).astype(float)
    with pytest.raises(ValueError, match="fold 1 of 1: the response is 0 in all 50 training rows"):
        rs.cv_lasso(first, X, "poisson", cv=[(np.arange(150, N), np.arange(150))])
    with pytest.raises(ValueError, match=r"cv=5 folds need as many rows.*n_samples=4"):
        rs.cv_lasso(Y[:4], X[:4], "poisson")


def test_a_parameter_must_be_a_number():
    with pytest.raises(ValueError, match="needs theta as a number"):
        rs.cv_lasso(Y, X, "negbinomial", theta="auto")
    with pytest.raises(ValueError, match="needs theta as a number"):
        rs.GLMRegressorCV("negbinomial").fit(X, Y)
