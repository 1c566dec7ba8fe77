"""What a user says of a penalty, checked and spread over the columns of a model.

Factors, bounds and prior coefficients are given for terms or columns by name, or as arrays; here
they become the arrays of a `Penalty`. Everything wrong is said before anything is solved.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from rustystats import messages
from rustystats.checks import check_between_0_and_1, check_count, is_number
from rustystats.solvers.path import AlphaGrid
from rustystats.solvers.penalty import Penalty

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rustystats.prepare import Model
    from rustystats.results import GLMResults
    from rustystats.typing import PerColumn

listed = partial(messages.listed, most=30)


@dataclass(frozen=True, eq=False)
class PenaltyOptions:
    """A penalty but for its alpha.

    Parameters
    ----------
    l1_ratio : float in [0, 1]
    penalty_factor, lower_bounds, upper_bounds : number, dict of term or column name, array or None
    standardize : bool
    prior_coef : dict of column name, array, fitted model (`GLMResults`) or None
    group : "term", (p,) labels or None

    Raises
    ------
    ValueError
        If one of them cannot be, whatever the model.
    """

    l1_ratio: float = 0.0
    penalty_factor: PerColumn | None = None
    lower_bounds: PerColumn | None = None
    upper_bounds: PerColumn | None = None
    standardize: bool = False
    prior_coef: PerColumn | GLMResults | None = None
    group: Literal["term"] | ArrayLike | None = None

    def __post_init__(self) -> None:
        check_l1_ratio(self.l1_ratio)
        if not isinstance(self.standardize, (bool, np.bool_)):
            raise ValueError(f"standardize must be True or False, not {self.standardize!r}")
        if self.group is not None:
            if self.lower_bounds is not None or self.upper_bounds is not None:
                raise ValueError("group= and bounds do not go together: leave one of them out")
            if self.l1_ratio == 0:
                raise ValueError(
                    "group= has no effect on a ridge penalty (l1_ratio=0): set l1_ratio, 1 for "
                    "the group lasso"
                )

    @property
    def bounded(self) -> bool:
        """Whether there are bounds."""
        return self.lower_bounds is not None or self.upper_bounds is not None

    def check_used(self, alpha: float) -> None:
        """Refuse options that only a penalty gives a meaning, where there is none."""
        for name in ("penalty_factor", "prior_coef", "group"):
            if alpha == 0 and getattr(self, name) is not None:
                raise ValueError(f"{name}= shapes a penalty, and alpha is 0: set alpha above 0")
        if alpha == 0 and self.standardize:
            raise ValueError("standardize=True shapes a penalty, and alpha is 0: set alpha above 0")

    def penalty(self, model: Model, alpha: float = 0.0) -> Penalty:
        """The penalty of a model, at an alpha.

        Raises
        ------
        ValueError
            For an unknown name, an array of another length, a negative factor, crossed bounds.
        """
        layout = Layout(model)
        factors = self._factors(layout)
        lower = upper = None
        if self.bounded:
            lower = layout.spread(self.lower_bounds, "lower_bounds", -np.inf)
            upper = layout.spread(self.upper_bounds, "upper_bounds", np.inf)
            _check_bounds(lower, upper, layout.names)
        return Penalty(
            alpha=float(alpha),
            l1_ratio=float(self.l1_ratio),
            factors=factors,
            scales=self._scales(model.problem),
            target=layout.prior(self.prior_coef),
            lower=lower,
            upper=upper,
            groups=layout.groups(self.group, factors),
        )

    def _factors(self, layout):
        factors = layout.spread(self.penalty_factor, "penalty_factor", 1.0)
        if np.min(factors) < 0:
            worst = layout.names[int(np.argmin(factors))]
            raise ValueError(f"penalty_factor is negative ({np.min(factors):g}) for {worst!r}")
        if not np.isfinite(factors).all():
            raise ValueError("penalty_factor must be finite: bounds of 0 hold a coefficient at 0")
        if layout.intercept is not None:
            if layout.names_intercept(self.penalty_factor) and factors[layout.intercept] != 0:
                raise ValueError(
                    "the intercept is never penalised: give it the penalty_factor 0, or none"
                )
            factors[layout.intercept] = 0.0
        return factors

    def _scales(self, problem):
        """1, or the weighted standard deviation of each column; 1 where it does not vary."""
        scales = np.ones(problem.design.shape[1])
        if not self.standardize:
            return scales
        weights = problem.prior_weights / problem.total_weight
        square = problem.design.gram_diagonal(weights)
        with np.errstate(over="ignore", invalid="ignore"):  # of infinity, which the solver names
            variance = square - problem.design.transpose_matvec(weights) ** 2
        varies = variance > 1e-12 * square
        scales[varies] = np.sqrt(variance[varies])
        return scales


class Layout:
    """Where the terms and columns of a model lie, by the names that users have for them.

    Parameters
    ----------
    model : prepare.Model
    """

    def __init__(self, model):
        self.model = model
        self.names = list(model.names)
        self.intercept = model.problem.intercept
        self.positions = {}
        terms = zip(model.terms.terms, model.terms.places(), strict=True)
        self.terms = [(term.label, places) for term, places in terms if term.factors]
        named = [*self.terms, *((name, np.array([at])) for at, name in enumerate(self.names))]
        for spelt in (str, _plain):  # as it is, before any other that differs in blanks alone
            for name, columns in named:
                self.positions.setdefault(spelt(name), columns)

    def spread(self, given, what, default):
        """A number for each column, (p,): the given, `default` where nothing is given."""
        p = len(self.names)
        values = np.full(p, float(default))
        others = np.arange(p) != (-1 if self.intercept is None else self.intercept)
        if given is None:
            return values
        given = _by_name(given)
        if isinstance(given, dict):
            found = [(self.find(name, what), name) for name in given]
            found.sort(key=lambda item: -len(item[0]))  # terms, then columns
            for columns, name in found:
                values[columns] = _number(given[name], f"{what}[{name!r}]")
            return values
        array = np.asarray(given)
        if array.ndim == 0:
            values[others] = _number(given, what)
            return values
        try:
            array = array.astype(float)
        except (TypeError, ValueError):
            raise ValueError(
                f"{what} must be a number, a dict of names or an array of numbers, not {given!r}"
            ) from None
        if array.shape not in ((p,), (int(others.sum()),)):
            raise ValueError(
                f"{what} has shape {array.shape}, the model {int(others.sum())} columns beside "
                f"the intercept: {listed(self.names)}"
            )
        if np.isnan(array).any():
            raise ValueError(f"{what} holds NaN")
        values[... if array.shape == (p,) else others] = array
        return values

    def find(self, name, what):
        """Columns of a term or column by name."""
        columns = None
        if isinstance(name, str):
            columns = self.positions.get(name, self.positions.get(_plain(name)))
        if columns is None:
            known = [label for label, _ in self.terms]
            known += [n for n in self.names if n not in known]
            raise ValueError(
                f"{what} names {name!r}, which is no term and no column of the model: it has "
                f"{listed(known)}"
            )
        return columns

    def names_intercept(self, given):
        """Whether numbers, a dict or an array, are given for the intercept too."""
        given = _by_name(given)
        if isinstance(given, dict):
            return any(
                self.find(name, "penalty_factor").tolist() == [self.intercept] for name in given
            )
        return given is not None and np.shape(given) == (len(self.names),)

    def prior(self, given):
        """Prior coefficients, (p,), 0 where none is given; None without."""
        if given is None:
            return None
        if hasattr(given, "feature_names") and hasattr(given, "params"):
            given = self._prior_of(given)
        prior = self.spread(given, "prior_coef", 0.0)
        if not np.isfinite(prior).all():
            raise ValueError("prior_coef must be finite")
        return prior

    def _prior_of(self, result):
        """The coefficients of a fitted model, those that this one has too."""
        params = dict(zip(result.feature_names, np.nan_to_num(result.params), strict=True))
        shared = {name: params[name] for name in self.names if name in params}
        if not set(shared) - {"Intercept"}:
            raise ValueError(
                "prior_coef: the fitted model shares no column with this one; it has "
                f"{listed(result.feature_names)}"
            )
        if hasattr(result, "model"):
            self._check_same(shared, result.model)
        return shared

    def _check_same(self, shared, other):
        """Refuse the coefficients of columns that are another function of the data there."""
        instead = "pass the model by complement= instead, which takes its predictions as they are"
        own, others = self.model.problem.link.name(), other.problem.link.name()
        if own != others:
            raise ValueError(
                f"prior_coef: the fitted model has link {others}, not {own}: {instead}"
            )
        here, there = self.model.terms.meanings(), other.terms.meanings()
        for name in shared:
            (term, means), (_, meant) = here.get(name, ("", "")), there.get(name, ("", ""))
            if means != meant:
                raise ValueError(
                    f"prior_coef: term {term!r} has {means} here and {meant} in the fitted model, "
                    f"so its coefficients, {name!r} the first, are of other columns: {instead}"
                )

    def groups(self, given, factors):
        """Groups of penalised columns, a tuple of index arrays, or None."""
        if given is None:
            return None
        if isinstance(given, str):
            if given != "term":
                raise ValueError(
                    f"group must be 'term', labels of the columns or None, not {given!r}"
                )
            parts = [columns for _, columns in self.terms]
        else:
            labels = np.asarray(given)
            p, intercept = len(self.names), self.intercept
            if labels.shape == (p - 1,) and intercept is not None:
                labels = np.insert(labels, intercept, labels[0])
            if labels.shape != (p,):
                raise ValueError(
                    f"group has shape {labels.shape}, the model {p} columns: {listed(self.names)}"
                )
            others = np.arange(p) != (-1 if intercept is None else intercept)
            try:
                distinct, known = np.unique(labels[others]), bool(np.all(labels == labels))
            except TypeError:  # None or NA among texts, texts among numbers
                known = False
            if not known:
                raise ValueError(
                    "group must be labels that are all texts or all numbers, none of them missing, "
                    f"not {given!r}"
                )
            parts = [np.flatnonzero((labels == label) & others) for label in distinct]
        for columns in parts:
            if len(np.unique(factors[columns])) > 1:
                raise ValueError(
                    "penalty_factor differs within a group: "
                    f"{listed([self.names[c] for c in columns])}; give the term one factor"
                )
        return tuple(columns for columns in parts if len(columns) and factors[columns[0]] > 0)


def check_alpha(alpha: Any) -> float:
    """An alpha is a finite number of at least 0."""
    if not is_number(alpha) or not np.isfinite(alpha) or alpha < 0:
        raise ValueError(f"alpha must be a number of at least 0, not {alpha!r}")
    return float(alpha)


def check_l1_ratio(l1_ratio: Any) -> float:
    """A share of the L1 penalty lies in [0, 1]."""
    if not is_number(l1_ratio) or not 0 <= l1_ratio <= 1:
        raise ValueError(f"l1_ratio must lie in [0, 1], not {l1_ratio!r}")
    return float(l1_ratio)


def alpha_grid(alphas: ArrayLike | None, n_alphas: Any, alpha_min_ratio: Any) -> AlphaGrid:
    """The alphas of a path, from what a user says; those given are sorted decreasing."""
    if alphas is not None:
        try:
            values = np.atleast_1d(np.asarray(alphas, dtype=float))
        except (TypeError, ValueError):
            values = np.zeros(0)
        if values.ndim != 1 or not len(values) or not np.isfinite(values).all() or values.min() < 0:
            raise ValueError(
                f"alphas must be one or more finite numbers of at least 0, not {alphas!r}"
            )
        return AlphaGrid(given=np.sort(values)[::-1])
    return AlphaGrid(
        n=check_count(n_alphas, "n_alphas"),
        ratio=check_between_0_and_1(alpha_min_ratio, "alpha_min_ratio"),
    )


def _check_bounds(lower, upper, names):
    for bounds, nowhere, what in ((lower, np.inf, "lower"), (upper, -np.inf, "upper")):
        if (bounds == nowhere).any():
            name = names[int(np.argmax(bounds == nowhere))]
            raise ValueError(f"{what}_bounds is {nowhere} for {name!r}, where nothing is inside")
    crossed = np.flatnonzero(lower > upper)
    if len(crossed):
        first = crossed[0]
        raise ValueError(
            f"lower_bounds are above upper_bounds for {listed([names[c] for c in crossed])} "
            f"({lower[first]:g} > {upper[first]:g} for the first)"
        )


def _number(value, what):
    if not is_number(value) or np.isnan(value):
        raise ValueError(f"{what} must be a number, not {value!r}")
    return float(value)


def _by_name(given):
    """A pandas Series with names for an index, such as one of coefficients, as a dict; else what is
    given."""
    index = getattr(given, "index", None)
    if index is None or callable(index) or not all(isinstance(name, str) for name in index):
        return given
    return dict(zip(index, given, strict=True))


def _plain(name):
    """A name without the blanks and backticks that do not matter."""
    return name.replace(" ", "").replace("`", "")
