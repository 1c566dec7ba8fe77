"""What is minimised, stated once; every solver refers to it.

Objective, over coefficients b, for mu = g^-1(X b + offset):

    1 / (2 sum w) * sum_i w_i d(y_i, mu_i)
        + alpha * [ l1_ratio * sum_j v_j |b_j| + (1 - l1_ratio) / 2 * sum_j v_j b_j^2 ]

d the unit deviance of the family, w the prior weights, v the penalty factors (0 for the intercept).
This is the scale of scikit-learn, glum and glmnet; `penalty.py` has the penalty with all it can be.
Solvers work on ``sum w`` times this: with R = diag(ridge) and l1, the weights of b_j^2 / 2 and of
|b_j| on that scale, the gradient of the smooth part is -(X'r - R b) and its Fisher information
X'WX + R.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from rustystats._kernels.irls import accumulate_irls
from rustystats._kernels.lanes import accumulate_lanes
from rustystats.design.matrix import DesignMatrix
from rustystats.families.base import FamilyMixin
from rustystats.solvers.penalty import Penalty
from rustystats.solvers.sparse_equations import equations

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rustystats.links import NamedLink
    from rustystats.typing import Floats


class Objective:
    """What a problem says of its objective without looking at the rows.

    It has `family`, `link`, `penalty`, `total_weight` and `steadying`.
    """

    if TYPE_CHECKING:

        @property
        def family(self) -> FamilyMixin: ...
        @property
        def link(self) -> NamedLink: ...
        @property
        def penalty(self) -> Penalty | None: ...
        @property
        def total_weight(self) -> float: ...
        @property
        def steadying(self) -> Floats | None: ...

    @property
    def is_quadratic(self) -> bool:
        """True when the Gram does not depend on the coefficients and one step solves all."""
        return self.family.name() == "gaussian" and self.link.name() == "identity"

    @property
    def keeps_domain(self) -> bool:
        """True when no linear predictor has a mean that the family cannot have."""
        means = self.link.means
        return means is not None and means.within(self.family.mean_domain)

    @cached_property
    def ridge(self) -> Floats | None:
        """What the penalty adds to the diagonal of X'WX, (p,); None for nothing."""
        ridge: Any = 0.0 if self.penalty is None else self.total_weight * self.penalty.ridge()
        if self.steadying is not None:
            ridge = ridge + self.steadying
        return ridge if np.any(ridge) else None

    @cached_property
    def l1(self) -> Floats | None:
        """Weights of the absolute values or norms of groups, (p,); None for none."""
        if self.penalty is None or not self.penalty.l1_share:
            return None
        return self.total_weight * self.penalty.l1()

    @property
    def is_smooth(self) -> bool:
        """Whether the objective has a gradient everywhere, and no bounds."""
        return self.penalty is None or self.penalty.is_smooth


@dataclass(frozen=True, eq=False)
class Problem(Objective):
    """Everything a solver needs, validated by whoever made it.

    Parameters
    ----------
    design : DesignMatrix, (n, p)
    y : (n,) float64
    family, link : objects
    weights, offset : (n,) float64 or None
    penalty : Penalty or None
    intercept : position of the intercept column, or None
    excluded : (p,) bool or None, columns that no step moves. Held at 0, where every start
        puts them: a model without them, on the same design. A start may hold them elsewhere.
    steadying : (p,) float64 or None, a ridge beside the penalty
    """

    design: DesignMatrix
    y: np.ndarray
    family: FamilyMixin
    link: NamedLink
    weights: np.ndarray | None = None
    offset: np.ndarray | None = None
    penalty: Penalty | None = None
    intercept: int | None = None
    excluded: np.ndarray | None = None
    steadying: np.ndarray | None = None
    total_weight: float = field(init=False)
    n_obs: int = field(init=False)

    def __post_init__(self) -> None:
        weights = self.weights
        total = float(len(self.y)) if weights is None else float(weights.sum())
        object.__setattr__(self, "total_weight", total)
        count = len(self.y) if weights is None else int(np.count_nonzero(weights))
        object.__setattr__(self, "n_obs", count)

    @property
    def prior_weights(self) -> Floats:
        """The weights, (n,), ones where there are none."""
        return np.ones(len(self.y)) if self.weights is None else self.weights

    def likelihood_rows(self, mu: Floats) -> tuple[Floats, Floats, Floats]:
        """y, mu and weights of the rows of weight above 0: the others may have means that are none,
        and 0 times their likelihood is no number."""
        y, weights = self.y, self.prior_weights
        if self.n_obs == len(y):
            return y, mu, weights
        used = weights > 0
        return y[used], mu[used], weights[used]

    @property
    def l1_weights(self) -> Floats:
        """`l1`, zeros where there are none."""
        return np.zeros(self.design.shape[1]) if self.l1 is None else self.l1

    @property
    def movable(self) -> NDArray[np.bool_]:
        """Columns that are not excluded, (p,) bool."""
        p = self.design.shape[1]
        return np.ones(p, dtype=bool) if self.excluded is None else ~self.excluded

    @property
    def target(self) -> Floats:
        """What the penalty draws the coefficients to, (p,)."""
        penalty, p = self.penalty, self.design.shape[1]
        return np.zeros(p) if penalty is None or penalty.target is None else penalty.target

    @property
    def resting(self) -> Floats:
        """Where penalised coefficients stay by themselves: the target inside the bounds, (p,)."""
        return np.clip(self.target, *self.bounds())

    def bounds(self, shift: Floats | float = 0.0) -> tuple[Any, Any]:
        """Lower and upper bounds of the coefficients less a shift, two (p,) arrays."""
        penalty, p = self.penalty, self.design.shape[1]
        if penalty is None or penalty.lower is None or penalty.upper is None:
            return np.full(p, -np.inf), np.full(p, np.inf)
        return penalty.lower - shift, penalty.upper - shift

    def at(self, alpha: float) -> Problem:
        """The problem with another alpha."""
        return replace(self, penalty=None if self.penalty is None else self.penalty.at(alpha))

    def from_target(self, coef: Floats) -> Floats:
        """Coefficients less what the penalty draws them to, (p,)."""
        penalty = self.penalty
        return coef if penalty is None or penalty.target is None else coef - penalty.target

    def likelihood_score(self, point: Point) -> Floats:
        """X'r, the score of a point without its ridge, (p,)."""
        assert point.score is not None  # the means are inside the domain
        if self.ridge is None:
            return point.score
        return point.score + self.ridge * self.from_target(point.coef)

    def means(self, coef: Floats) -> Floats:
        """The means at these coefficients, (n,)."""
        return self.link.inverse(self.design.matvec(coef, self.offset))

    def working_weights(self, coef: Floats) -> Floats:
        """W of X'WX at these coefficients, (n,): w (d mu / d eta)^2 / V, 0 where w is."""
        eta = self.design.matvec(coef, self.offset)
        mu, slope = self.link.inverse_with_derivative(eta)
        prior = self.prior_weights
        variance = self.family.variance(np.where(prior > 0, mu, 0.5))
        top = prior * np.square(np.where(prior > 0, slope, 0.0))
        return np.divide(top, variance, out=np.zeros_like(top), where=variance > 0)

    def without(self, columns: NDArray[np.bool_]) -> Problem:
        """The problem without some columns, a (p,) mask, beside those it leaves out already."""
        excluded = columns if self.excluded is None else columns | self.excluded
        return replace(self, excluded=excluded)

    def take(self, rows: NDArray[np.intp] | slice) -> Problem:
        """The problem on some of its rows, as `DesignMatrix.take` takes them; the penalty stays."""
        return replace(
            self,
            design=self.design.take(rows),
            y=np.ascontiguousarray(self.y[rows]),
            weights=None if self.weights is None else np.ascontiguousarray(self.weights[rows]),
            offset=None if self.offset is None else np.ascontiguousarray(self.offset[rows]),
        )

    def restrict(self, columns: NDArray[np.intp], coef: Floats) -> Problem:
        """The problem of some columns alone, the others held.

        Parameters
        ----------
        columns : index array, increasing; none of them excluded
        coef : (p,) where the others are held
        """
        held = coef.copy()
        held[columns] = 0.0
        position = None
        if self.intercept is not None and np.isin(self.intercept, columns):
            position = int(np.searchsorted(columns, self.intercept))
        return replace(
            self,
            design=self.design.restrict(columns),
            offset=self.design.matvec(held, self.offset) if held.any() else self.offset,
            penalty=None if self.penalty is None else self.penalty.restrict(columns),
            intercept=position,
            excluded=None,
        )

    def sample(self, rows: slice) -> Problem:
        """The problem on a slice of the rows, steadied by one pseudo-observation a column.

        Columns that the sample hardly sees (the tail of a spline, a rare level) would otherwise
        get wild coefficients.
        """
        sample = self.take(rows)
        steadying = np.square(sample.design.column_scales)
        if self.intercept is not None:
            steadying[self.intercept] = 0.0
        return replace(sample, steadying=steadying)

    def evaluate(self, coef: Floats, with_gram: bool) -> Point:
        """One pass over the rows at `coef`; BLAS must be held to one thread by the caller."""
        design = self.design
        # The sums of a trial step far too long, which its deviance rules out, may overflow.
        with np.errstate(over="ignore", invalid="ignore"):
            sums, deviance, pearson = accumulate_irls(
                design.rows,
                *design.expand(coef),
                self.y,
                self.weights,
                self.offset,
                self.family,
                self.link,
                with_gram,
                design.n_threads,
            )
            score = design.reduce_score(*sums.score())
            gram = design.reduce_gram(*sums.gram()) if with_gram else None
        return self.point(coef, score, gram, deviance, pearson)

    def evaluate_lanes(self, lanes: Sequence[tuple[Problem, Floats]]) -> list[Point]:
        """One pass over the rows at several coefficient vectors, each of a problem of its own.

        Parameters
        ----------
        lanes : list of (Problem, (p,) coefficients), at most `MOST_LANES`
            Problems that differ from this one in their penalty alone.

        Returns
        -------
        list of Point, without Gram
        """
        if not lanes:
            return []
        design = self.design
        coefs = np.array([coef for _, coef in lanes])
        with np.errstate(over="ignore", invalid="ignore"):
            level_sums, dense_sums, deviances, pearsons = accumulate_lanes(
                design.lanes.rows,
                *design.lanes.expand(coefs),
                self.y,
                self.weights,
                self.offset,
                self.family,
                self.link,
                design.n_threads,
            )
            scores = design.lanes.reduce(level_sums, dense_sums)
        return [
            problem.point(coef, score, None, float(deviance), float(pearson))
            for (problem, coef), score, deviance, pearson in zip(
                lanes, scores, deviances, pearsons, strict=True
            )
        ]

    def point(
        self, coef: Floats, score: Floats, gram: Floats | None, deviance: float, pearson: float
    ) -> Point:
        """The point whose likelihood part these are."""
        if not np.isfinite(deviance):  # a trial step too long: nothing else is asked of it
            return Point(coef, None, None, np.inf, np.inf, np.inf)
        if self.ridge is not None:
            score = score - self.ridge * self.from_target(coef)
        return Point(coef, score, gram, deviance, pearson, deviance + self.penalty_at(coef))

    def penalty_at(self, coef: Floats) -> float:
        """Penalty at these coefficients, on the scale of the deviance."""
        gap, value = self.from_target(coef), 0.0
        if self.ridge is not None:
            value += float(self.ridge @ gap**2)
        if self.l1 is not None and self.penalty is not None:
            value += 2.0 * self.penalty.norm(gap, self.l1)
        return value

    def penalised(self, gram: Floats) -> Floats:
        """X'WX with the penalty's diagonal."""
        return gram if self.ridge is None else gram + np.diag(self.ridge)

    def dispersion(self, point: Point, rank: int) -> float:
        """Dispersion at a point: 1 where the family fixes it, else Pearson / (n - rank)."""
        if self.family.dispersion_fixed:
            return 1.0
        df_resid = self.n_obs - rank
        return point.pearson / df_resid if df_resid > 0 else np.nan


@dataclass(frozen=True, eq=False)
class Point:
    """The problem at given coefficients; `objective` is the deviance plus the penalty, 2 sum(w)
    times the objective above, and `score` minus half its gradient. Where means leave the domain the
    objective is infinite, and score and gram are None."""

    coef: np.ndarray
    score: np.ndarray | None
    gram: np.ndarray | None
    deviance: float
    pearson: float
    objective: float


@dataclass(frozen=True, eq=False)
class Fit:
    """What a solver found.

    coef has 0 at aliased columns; gram is X'WX, without the penalty, and score half the negative
    gradient of `Point.objective`, both at the final means (gram is None where it was not asked
    for). Columns that the problem excludes count as aliased. `parameter` is there when the family's
    own was estimated. `unit` is what the decrement was measured in. `separated` names the levels or
    columns along which the likelihood has no maximum. Of a penalty with an absolute value or
    bounds, `kkt` is the largest violation of the conditions for a minimum, relative to that of the
    null model, and `n_free` the number of coefficients away from target and bounds. `method` is the
    way it was solved (`method.py`): "Gram", "conjugate gradients", "working set of 212 columns".
    """

    coef: np.ndarray
    aliased: np.ndarray
    gram: np.ndarray | None
    score: np.ndarray
    deviance: float
    pearson: float
    converged: bool
    n_iter: int
    decrement: float
    unit: float
    message: str
    history: tuple[Any, ...]
    parameter: Parameter | None = None
    kkt: float | None = None
    n_free: int | None = None
    separated: tuple[str, ...] = ()
    method: str = "Gram"

    @cached_property
    def system(self) -> Any:
        """`NormalEquations` of the Gram, without the penalty; sparse where that pays."""
        return equations(self.gram, self.aliased)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "system"}

    @property
    def rank(self) -> int:
        """Number of columns that are not aliased; with an L1 penalty or bounds, of the free ones:
        the degrees of freedom of a lasso (Zou, Hastie & Tibshirani 2007, Ann. Stat. 35:2173)."""
        return int(np.count_nonzero(~self.aliased)) if self.n_free is None else self.n_free


@dataclass(frozen=True)
class Parameter:
    """The family's own parameter (theta, var_power) as the data decided it, and its error."""

    name: str
    value: float
    error: float
    rounds: int
