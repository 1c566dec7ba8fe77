"""B-spline and natural cubic spline bases with given knots, evaluated on any values.

The degrees of freedom `df` count the constant: without the intercept a basis has df - 1 columns,
and `bs(x, df=5)` equals R's `bs(x, df = 4)`, `ns(x, df=5)` R's `ns(x, df = 4)`, element by element.
With `include_intercept=True` both have df columns, as in R.

Tied data. Where many rows share one value, quantile knots coincide with each other or with a
boundary knot. All are kept, as in R 4.2 (R 4.4 moves those at a boundary inside, and warns), so the
number of columns is always the one asked for:

* at a boundary, such a knot adds a column of zeros and leaves the curve as it is. At the lower one
  R drops this column in place of the first basis function, so the others still span the constant:
  beside a model's intercept one of them is aliased;
* `ns` with a knot at the upper boundary, where R stops with an error, has a column of zeros too;
* inside, each repetition costs the curve one derivative there; four cubic knots let it jump.

Outside the boundary knots, `extrapolation` says how the curve goes on; the value is always
continuous:

* "continue": the polynomials of the first and the last piece go on, as R's `bs` has it;
* "linear": with the slope at the boundary ("ns" as in R, and by default);
* "constant": with the value at the boundary ("bs" by default);
* "error": it does not; a value outside raises.

Cost: with k columns, a value takes (degree + 1) k operations.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from scipy.interpolate import BSpline

from rustystats.checks import as_numbers
from rustystats.messages import counted

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from rustystats.typing import Extrapolation, Floats, SplineKind

EXTRAPOLATIONS = ("continue", "linear", "constant", "error")


@dataclass(frozen=True)
class SplineBasis:
    """A spline basis with its knots, to be evaluated on any values; made by `learn_spline`.

    `kind` is "bs" or "ns" (then `degree` is 3). `interior_knots` are sorted, ties are possible;
    `extrapolation` is one of the four ways beyond the `boundary_knots` (see the top of this
    module). `include_intercept` keeps the first basis function, so that the columns span the
    constant.
    """

    kind: SplineKind
    degree: int
    interior_knots: tuple[float, ...]
    boundary_knots: tuple[float, float]
    include_intercept: bool
    extrapolation: Extrapolation

    @property
    def df(self) -> int:
        """Degrees of freedom, the constant counted."""
        return len(self.interior_knots) + df_without_knots(self.kind, self.degree)

    @property
    def n_columns(self) -> int:
        """Number of columns: df, less one without the intercept."""
        return self.df - (not self.include_intercept)

    def names(self, var_name: str) -> list[str]:
        """Names of the columns, `bs_names` or `ns_names` of the variable."""
        names = bs_names if self.kind == "bs" else ns_names
        return names(var_name, self.df, self.include_intercept)

    def evaluate(
        self, x: ArrayLike, name: str = "x", counts: NDArray[np.integer] | None = None
    ) -> Floats:
        """Basis functions at some values.

        Parameters
        ----------
        x : array-like of shape (n,)
            Finite values.
        name : str
            What messages call x.
        counts : (n,) array of int, optional
            How many rows have each value, for messages.

        Returns
        -------
        float64 array of shape (n, n_columns)

        Raises
        ------
        ValueError
            If values are no finite numbers, or outside the boundary knots where that is an error.
        """
        x = finite_vector(x, repr(name))
        inside = np.clip(x, *self.boundary_knots)
        beyond = np.flatnonzero(x != inside)
        if beyond.size and self.extrapolation == "error":
            rows = beyond.size if counts is None else int(np.sum(counts[beyond]))
            self._refuse(x[beyond], rows, name)
        lower, upper = self.boundary_knots
        if lower == upper:  # learned from a single distinct value: nothing varies
            out = np.zeros((x.size, self.n_columns))
            if self.include_intercept:
                out[:, 0] = 1.0
            return out
        spline = self._spline()
        if self.extrapolation == "continue":
            return spline(x)
        out = spline(inside)
        if self.extrapolation == "linear":
            out[beyond] += (x - inside)[beyond, None] * spline(inside[beyond], nu=1)
        return out

    def _refuse(self, outside: Floats, rows: int, name: str) -> NoReturn:
        lower, upper = self.boundary_knots
        raise ValueError(
            f"{name!r} is outside the boundary knots {lower:g} and {upper:g} in "
            f"{counted(rows, 'row')} ({outside.min():g} to {outside.max():g}): correct or "
            "drop those rows, learn with wider boundary_knots, or choose extrapolation="
            "'constant', 'linear' or 'continue'"
        )

    def _spline(self) -> BSpline:
        """All columns as one vector-valued spline."""
        lower, upper = self.boundary_knots
        knots = np.array(self.interior_knots)
        at_lower = int(np.count_nonzero(knots <= lower))
        knots = knots[(knots > lower) & (knots < upper)]
        ends = self.degree + 1
        knots = np.concatenate([np.full(ends, lower), knots, np.full(ends, upper)])
        n_functions = len(self.interior_knots) + ends
        # a column per basis function, and one of zeros per knot that coincides with a boundary
        coef = np.eye(knots.size - ends, n_functions, k=at_lower)[:, not self.include_intercept :]
        if self.kind == "ns":
            # Natural: the second derivative vanishes at both boundaries. In the complete QR of
            # these two constraints, all columns of Q but the first two span what satisfies them.
            # LAPACK's Householder reflections have the signs of R's, which are LINPACK's.
            curvature = BSpline(knots, coef, self.degree)(np.array([lower, upper]), nu=2)
            coef = coef @ np.linalg.qr(curvature.T, mode="complete").Q[:, 2:]
        return BSpline(knots, coef, self.degree)


def bs_names(var_name: str, df: int, include_intercept: bool = False) -> list[str]:
    """Column names of `bs`, numbered by basis function: the first is dropped without the intercept.

    Parameters
    ----------
    var_name : str
    df : int, 2 or more
        Degrees of freedom, the constant counted.
    include_intercept : bool

    Examples
    --------
    >>> bs_names("age", 4)
    ['bs(age, 2/4)', 'bs(age, 3/4)', 'bs(age, 4/4)']
    """
    df = integer(df, "df", minimum=2)
    return [f"bs({var_name}, {j}/{df})" for j in range(1 if include_intercept else 2, df + 1)]


def ns_names(var_name: str, df: int, include_intercept: bool = False) -> list[str]:
    """Column names of `ns`, numbered from 1: its columns are not single basis functions.

    Parameters
    ----------
    var_name : str
    df : int, 2 or more
        Degrees of freedom, the constant counted.
    include_intercept : bool

    Examples
    --------
    >>> ns_names("age", 4)
    ['ns(age, 1/4)', 'ns(age, 2/4)', 'ns(age, 3/4)']
    """
    df = integer(df, "df", minimum=2)
    return [f"ns({var_name}, {j}/{df})" for j in range(1, df + bool(include_intercept))]


def df_without_knots(kind: SplineKind, degree: int) -> int:
    """Degrees of freedom of a basis without interior knots."""
    return degree + 1 if kind == "bs" else 2


def finite_vector(x: ArrayLike, name: str) -> Floats:
    """x as a float64 vector; a ValueError where it is not one of finite numbers."""
    try:
        x = as_numbers(x, name)
    except TypeError as error:  # objects that are no numbers, such as None
        raise ValueError(f"{name} must be numbers: {error}") from None
    if x.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, got shape {x.shape}")
    bad = x.size - np.count_nonzero(np.isfinite(x))
    if bad:
        raise ValueError(f"{name} has {bad} NaN or infinite value(s); drop or impute them first")
    return x


def integer(value: Any, name: str, minimum: int) -> int:
    """value as an int of at least minimum; a ValueError where it is none."""
    try:
        whole: int | None = operator.index(value)
    except TypeError:
        whole = None
    if isinstance(value, bool) or whole is None or whole < minimum:
        raise ValueError(f"{name} must be an integer >= {minimum}, got {value!r}")
    return whole
