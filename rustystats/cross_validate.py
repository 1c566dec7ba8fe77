"""The penalty chosen by cross-validation; every face of the package comes here.

    path on all rows -> alphas;  folds -> path on the training rows -> scores of the rows held out

`folds.py` makes the folds, `solvers/cross_validation.py` the fits; what is chosen from the scores
is in `results/cv_result.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from rustystats.fitting import solve, trace_path
from rustystats.folds import make_folds
from rustystats.messages import listed, warn_user
from rustystats.penalties import alpha_grid, check_l1_ratio
from rustystats.prepare import Model
from rustystats.progress import shown
from rustystats.solvers.cross_validation import held_out_deviances
from rustystats.solvers.path import Path

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rustystats.penalties import PenaltyOptions
    from rustystats.solvers.path import AlphaGrid
    from rustystats.solvers.problem import Fit
    from rustystats.typing import Floats, Folds, RandomState, Scoring

REGULARIZATIONS = {"ridge": 0.0, "lasso": 1.0, "elastic_net": 0.5}


def squared_error(y: Floats, mu: Floats, weights: Floats) -> float:
    """Negative mean squared error."""
    return -float(np.average(np.square(y - mu), weights=weights))


def absolute_error(y: Floats, mu: Floats, weights: Floats) -> float:
    """Negative mean absolute error."""
    return -float(np.average(np.abs(y - mu), weights=weights))


MEASURES = {"deviance": None, "mse": squared_error, "mae": absolute_error}


@dataclass(frozen=True, eq=False)
class CVOptions:
    """How an alpha is chosen; each face has these as arguments and says what they mean.

    Raises
    ------
    ValueError
        For what cannot be, whatever the data.
    """

    cv: Folds | None = None
    selection: Literal["min", "1se"] = "min"
    alphas: ArrayLike | None = None
    n_alphas: int = 50
    alpha_min_ratio: float = 1e-4
    groups: ArrayLike | None = None
    random_state: RandomState = None
    scoring: Scoring = "deviance"
    verbose: bool = False

    def __post_init__(self) -> None:
        if self.cv is None:
            self._check_unused()
        if self.selection not in ("min", "1se"):
            raise ValueError(f"selection must be 'min' or '1se', not {self.selection!r}")
        known = isinstance(self.scoring, str) and self.scoring in MEASURES
        if not known and not callable(self.scoring):
            raise ValueError(
                "scoring must be 'deviance', 'mse', 'mae' or a function of (y, mu, weights), "
                f"higher is better, not {self.scoring!r}"
            )

    def _check_unused(self):
        for field in fields(self)[1:]:
            value = getattr(self, field.name)  # an array, where the default is None
            given = value is not None if field.default is None else value != field.default
            if given:
                raise ValueError(
                    f"{field.name}= belongs to a cross-validation, and there is none: set cv="
                )

    @property
    def measure(self) -> Callable[..., float] | None:
        """What is computed of the rows held out; None for the deviance."""
        return MEASURES[self.scoring] if isinstance(self.scoring, str) else self.scoring

    def grid(self) -> AlphaGrid:
        """The alphas to choose from, as an `AlphaGrid`; 0 is no penalty and not among them."""
        grid = alpha_grid(self.alphas, self.n_alphas, self.alpha_min_ratio)
        if grid.given is not None and grid.given[-1] == 0:
            raise ValueError(
                "alphas hold 0, which is no penalty: cross-validation chooses among alphas above "
                "0; compare the fit without penalty by hand"
            )
        return grid


def penalty_asked(
    regularization: str | None,
    alpha: float,
    l1_ratio: float | Sequence[float] | None,
    cv: Folds | None,
) -> tuple[float, ...]:
    """The l1_ratio, or several, of what a user says of the penalty; without cv a single one.

    Refused is what contradicts itself, and what would have no effect.
    """
    known = isinstance(regularization, str) and regularization in REGULARIZATIONS
    if regularization is not None and not known:
        raise ValueError(
            "regularization must be 'ridge', 'lasso', 'elastic_net' or None, not "
            f"{regularization!r}"
        )
    if cv is not None and alpha != 0:
        raise ValueError(
            f"alpha={alpha!r} is given and cv is to choose it: leave one of them out, or give "
            "alphas= to choose from"
        )
    if cv is not None and regularization is None and l1_ratio is None:
        raise ValueError(
            "cv chooses the alpha of a penalty: say which by regularization='ridge', 'lasso' or "
            "'elastic_net'"
        )
    if regularization is not None and cv is None and alpha == 0:
        raise ValueError(
            f"regularization={regularization!r} needs an alpha above 0, or cv= to choose it"
        )
    meant = 0.0 if regularization is None else REGULARIZATIONS[regularization]
    ratios = check_l1_ratios(meant if l1_ratio is None else l1_ratio)
    if len(ratios) > 1 and cv is None:
        raise ValueError("l1_ratio is a list, which needs cv= to choose from it: give one, or cv")
    if regularization in ("ridge", "lasso") and ratios != (meant,):
        raise ValueError(
            f"regularization={regularization!r} has l1_ratio={meant:g}, and {l1_ratio!r} is given: "
            "leave l1_ratio out, or say regularization='elastic_net'"
        )
    return ratios


def check_l1_ratios(l1_ratio: float | Sequence[float]) -> tuple[float, ...]:
    """One or several l1_ratios, as a tuple in the order given, each once."""
    several = list(l1_ratio) if isinstance(l1_ratio, (list, tuple, np.ndarray)) else [l1_ratio]
    if not several:
        raise ValueError("l1_ratio must be a number in [0, 1] or a list of them, and it is empty")
    return tuple(dict.fromkeys(check_l1_ratio(ratio) for ratio in several))


@dataclass(frozen=True, eq=False)
class CVRun:
    """Cross-validation of the alphas of one l1_ratio.

    Parameters
    ----------
    model : Model, with the penalty at alpha 0
    path : Path on all rows, k alphas
    scores : (k, n_folds), higher is better
    units : (n_folds,) what each fold counts: exposure x weight for the deviance of a model with an
        exposure, else weight
    tol, max_iter : of the fits
    """

    model: Model
    path: Path
    scores: np.ndarray
    units: np.ndarray
    tol: float
    max_iter: int

    def fit(self, index: int) -> tuple[Model, Fit]:
        """(Model, Fit) on all rows at one of the alphas."""
        problem = self.model.problem.at(self.path.alphas[index])
        model = replace(self.model, problem=problem)
        fit = self.path.fits[index]
        if not problem.is_smooth:
            return model, fit
        # The standard errors of ridge need the Gram, which Fisher scoring leaves
        return solve(model, tol=self.tol, max_iter=self.max_iter, start=fit.coef)


def cross_validate(
    model: Model,
    penalty: PenaltyOptions,
    l1_ratios: Sequence[float],
    options: CVOptions,
    *,
    tol: float,
    max_iter: int,
    columns: Any = None,
) -> list[CVRun]:
    """A `CVRun` for each l1_ratio, which the penalty takes; `columns` as in `fitting.solve`.

    Folds are checked before anything is fitted. Warned of are fits that did not converge, and
    columns that are 0 in all training rows of a fold.
    """
    grid = options.grid()
    penalties = [replace(penalty, l1_ratio=ratio) for ratio in l1_ratios]
    problem = model.problem
    folds = make_folds(options.cv, problem, options.groups, options.random_state)
    if options.selection == "1se" and len(folds) < 2:
        raise ValueError("selection='1se' needs the standard error of at least two folds")
    units = _units(model, folds, per_exposure=options.measure is None)
    traced = [
        trace_path(model, one, grid, tol=tol, max_iter=max_iter, columns=columns)
        for one in penalties
    ]
    runs, held_out = [], []
    with shown(options.verbose, "cross-validation", ("fold",), len(traced) * len(folds)):
        for penalised, path in traced:
            found = held_out_deviances(
                penalised.problem,
                path.alphas,
                folds,
                tol=tol,
                max_iter=max_iter,
                measure=options.measure,
                split=penalised.split,
            )
            scores = -found.deviances / units if options.measure is None else found.deviances
            runs.append(CVRun(penalised, path, scores, units, tol, max_iter))
            held_out.append(found)
    _warn_of_unfinished(held_out)
    _warn_of_absent(model, held_out[0].absent)
    return runs


def _units(model, folds, per_exposure):
    """What each fold counts, (n_folds,)."""
    values = model.problem.prior_weights
    if per_exposure and model.exposure is not None:
        values = values * model.exposure
    return np.array([values[test].sum() for _, test in folds])


def _warn_of_unfinished(held_out):
    unfinished = [short for found in held_out for short in found.unfinished]
    if unfinished:
        n_fits = sum(found.deviances.size for found in held_out)
        fold, alpha, message = unfinished[0]
        warn_user(
            f"{len(unfinished)} of {n_fits} fits of the folds did not converge, the first in fold "
            f"{fold + 1} at alpha={alpha:.4g}: {message}",
            ConvergenceWarning,
        )


def _warn_of_absent(model, absent):
    """Warn of columns that are 0 in all training rows of a fold, but not in all rows."""
    columns = np.unique(np.concatenate(absent))
    if not len(columns):
        return
    present = model.problem.design.present(model.problem.weights)
    concerned = [k for k, missing in enumerate(absent, 1) if present[missing].any()]
    if concerned:
        named = [model.names[column] for column in columns[present[columns]]]
        warn_user(
            f"{listed(named)}: 0 in all training rows of fold{'s' if len(concerned) > 1 else ''} "
            f"{listed(list(map(str, concerned)))} of {len(absent)}, where the coefficient stays "
            "at its target; group rare levels, use fewer folds, or stratify the folds"
        )
