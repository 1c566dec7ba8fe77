"""The words that signatures of this package are written with, for type checkers and for one's own.

No module of the package imports this one at run time. What a table is returned as is decided by the
data (pandas, polars or pyarrow), which a checker cannot know: `Table` is Any.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, Protocol, TypeAlias, TypedDict

import numpy as np
from narwhals.typing import IntoFrame
from numpy.typing import ArrayLike, NDArray

from rustystats.families.base import FamilyMixin
from rustystats.links import NamedLink
from rustystats.results import GLMResults

FrameLike: TypeAlias = IntoFrame | dict[str, Any]  # DataFrame, LazyFrame, Table; dict of columns
MaybeNone: TypeAlias = Any  # None is possible, but who asks for it knows that it is there
Table: TypeAlias = Any  # a DataFrame in the library of the data; pandas where those were arrays
Floats: TypeAlias = NDArray[np.float64]
Vector: TypeAlias = str | ArrayLike  # a column by its name, or one number for each row
PerColumn: TypeAlias = dict[str, float] | dict[str, int] | ArrayLike  # by name, or one for each

FamilyName: TypeAlias = Literal[
    "gaussian",
    "normal",
    "poisson",
    "quasipoisson",
    "binomial",
    "quasibinomial",
    "gamma",
    "inverse_gaussian",
    "tweedie",
    "negbinomial",
    "negative_binomial",
    "nb",
]
FamilyLike: TypeAlias = FamilyName | FamilyMixin
# "power(2)" is a name as well, but no finite set has all of them: for a checker `links.Power(2)`
LinkName: TypeAlias = Literal[
    "identity",
    "log",
    "logit",
    "probit",
    "cloglog",
    "inverse",
    "inverse_squared",
    "sqrt",
]
LinkLike: TypeAlias = LinkName | NamedLink
Estimable: TypeAlias = float | Literal["auto"] | None  # theta, var_power: "auto" from the data
Complement: TypeAlias = GLMResults | Vector

HandleUnknown: TypeAlias = Literal["error", "reference", "mean"]
HandleMissing: TypeAlias = Literal["error", "level"]
Dispersion: TypeAlias = Literal["pearson", "deviance"] | float | None
CovType: TypeAlias = Literal["HC0", "HC1", "HC2", "HC3"]
SplineKind: TypeAlias = Literal["bs", "ns"]
Extrapolation: TypeAlias = Literal["continue", "linear", "constant", "error"]
RandomState: TypeAlias = int | np.random.Generator | np.random.RandomState | None
Seed: TypeAlias = int | np.random.SeedSequence | np.random.Generator | None
Alternative: TypeAlias = Literal["greater", "less", "two-sided"]
ResidualKind: TypeAlias = Literal[
    "quantile", "pearson", "deviance", "anscombe", "response", "working"
]
LevelStats: TypeAlias = dict[Any, tuple[float, float]]  # sum and volume of each level
# P(Y < y) and P(Y <= y), then P(Y >= y) and P(Y > y), of each row
Tails: TypeAlias = tuple[tuple[Floats, Floats], tuple[Floats, Floats]]


class Splitter(Protocol):
    """What scikit-learn's splitters are: `KFold`, `GroupKFold`, `StratifiedKFold`, ..."""

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterable[Any]:
        """Pairs of positions of rows, to be fitted to and to be held out."""

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """How many there are."""


class SparseMatrix(Protocol):
    """A sparse matrix or array of scipy."""

    def tocsr(self) -> Any:
        """The same in rows."""


MatrixLike: TypeAlias = FrameLike | ArrayLike | SparseMatrix  # X of an estimator
Folds: TypeAlias = int | Splitter | Iterable[tuple[ArrayLike, ArrayLike]]
Scoring: TypeAlias = Literal["deviance", "mse", "mae"] | Callable[[Floats, Floats, Floats], float]


class GivenRows(TypedDict, total=False):
    """What rows are judged with, where the data do not have it."""

    y: ArrayLike | None
    exposure: Vector | None
    offset: Vector | None
    weights: Vector | None
    complement: Complement | None


class PenaltyGiven(TypedDict, total=False):
    """What shapes a penalty, and bounds."""

    penalty_factor: PerColumn | None
    lower_bounds: PerColumn | None
    upper_bounds: PerColumn | None
    standardize: bool
    prior_coef: PerColumn | GLMResults | None
    group: Literal["term"] | ArrayLike | None


class FitOptions(PenaltyGiven, total=False):
    """What `GLM.fit` takes beside the size of the penalty and the solver's limits."""

    dispersion: Dispersion
    n_threads: int | None


class ArrayFitOptions(FitOptions, total=False):
    """What `fit_glm` takes beside response, design and family."""

    link: LinkLike | None
    offset: ArrayLike | None
    weights: ArrayLike | None
    alpha: float
    l1_ratio: float
    max_iter: int
    tol: float


class CVGLMOptions(PenaltyGiven, total=False):
    """What `cv_glm` takes beside response, design, family, link and l1_ratio."""

    alphas: ArrayLike | None
    n_alphas: int
    cv: Folds
    max_iter: int
    tol: float
    scoring: Scoring
    random_state: RandomState
    groups: ArrayLike | None
    alpha_min_ratio: float
    var_power: Estimable
    theta: Estimable
    offset: ArrayLike | None
    exposure: ArrayLike | None
    weights: ArrayLike | None
    feature_names: Sequence[str] | None
    n_threads: int | None
    verbose: bool
