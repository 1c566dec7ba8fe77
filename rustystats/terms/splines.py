"""B-spline and natural cubic spline bases: knots learned once, then evaluated on any values.

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
"""

import math
import operator
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import BSpline

_DEFAULT_DF = 5


@dataclass(frozen=True)
class SplineBasis:
    """A spline basis with its knots, to be evaluated on any values; made by `learn_spline`.

    `kind` is "bs" or "ns" (then `degree` is 3). `interior_knots` are sorted, ties are possible (see
    the top of this module). Beyond the `boundary_knots` "bs" stays constant, "ns" goes on linearly.
    `include_intercept` keeps the first basis function, so that the columns span the constant.
    """

    kind: str
    degree: int
    interior_knots: tuple[float, ...]
    boundary_knots: tuple[float, float]
    include_intercept: bool = False

    @property
    def df(self):
        """Degrees of freedom, the constant counted."""
        return len(self.interior_knots) + _df_without_knots(self.kind, self.degree)

    @property
    def n_columns(self):
        """Number of columns: df, less one without the intercept."""
        return self.df - (not self.include_intercept)

    def evaluate(self, x):
        """Basis functions at the finite values x (n,), as a float64 array (n, n_columns)."""
        x = _finite_vector(x, "x")
        lower, upper = self.boundary_knots
        if lower == upper:  # learned from a single distinct value: nothing varies
            out = np.zeros((x.size, self.n_columns))
            if self.include_intercept:
                out[:, 0] = 1.0
            return out
        spline = self._spline()
        inside = np.clip(x, lower, upper)
        out = spline(inside)
        if self.kind == "ns":
            beyond = np.flatnonzero(x != inside)
            out[beyond] += (x - inside)[beyond, None] * spline(inside[beyond], nu=1)
        return out

    def _spline(self):
        """All columns as one vector-valued spline."""
        lower, upper = self.boundary_knots
        knots = np.array(self.interior_knots)
        at_lower = np.count_nonzero(knots <= lower)
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


def learn_spline(
    x,
    kind="bs",
    df=None,
    degree=3,
    knots=None,
    boundary_knots=None,
    include_intercept=False,
    counts=None,
):
    """Learn the knots of a spline basis from data.

    Parameters
    ----------
    x : array-like of shape (n,)
        Finite values, in any order.
    kind : {"bs", "ns"}, default="bs"
        B-spline or natural cubic spline.
    df : int, optional
        Degrees of freedom, the constant counted; 5 if neither `df` nor `knots` is given. It sets
        the number of interior knots, df - degree - 1 ("ns": df - 2), placed at type-7 quantiles of
        the values within the boundary knots. With "bs", 2 <= df <= degree lowers the degree to
        df - 1; "ns" with df=2 is a straight line.
    degree : int, default=3
        Degree of the pieces; "ns" is always cubic.
    knots : array-like, optional
        Interior knots, strictly increasing, strictly between the boundary knots.
    boundary_knots : pair of floats, optional
        Defaults to the range of x.
    include_intercept : bool, default=False
        Keep the first basis function: df columns instead of df - 1.
    counts : array-like of shape (n,), optional
        How many rows have each value of x. The knots are those of the expanded data.

    Returns
    -------
    SplineBasis
        If all values are equal and no boundary knots given: zeros, and ones for the intercept.

    Raises
    ------
    ValueError
        For values, knots or degrees of freedom that make no spline; the message has the remedy.
    """
    if kind not in ("bs", "ns"):
        raise ValueError(f"Unknown spline type {kind!r}; use 'bs' or 'ns'")
    df = None if df is None else _integer(df, "df", minimum=2)
    degree = _integer(degree, "degree", minimum=1)
    if kind == "ns" and degree != 3:
        raise ValueError(f"natural splines are cubic, got degree={degree}; leave out or use 'bs'")
    knots = None if knots is None else _increasing(np.atleast_1d(knots), "knots")
    if boundary_knots is not None:
        boundary_knots = _increasing(boundary_knots, "boundary_knots")
        if boundary_knots.size != 2:
            raise ValueError(f"boundary_knots must be a pair, got {boundary_knots.size} values")
    x, counts = _check_data(x, counts)
    lower, upper = (x.min(), x.max()) if boundary_knots is None else boundary_knots

    if knots is None:
        df = _DEFAULT_DF if df is None else df
        if kind == "bs":
            degree = min(degree, df - 1)
        within = (x >= lower) & (x <= upper)
        n_knots = df - _df_without_knots(kind, degree)
        knots = _quantile_knots(x[within], None if counts is None else counts[within], n_knots)
    else:
        needed = knots.size + _df_without_knots(kind, degree)
        if df is not None and df != needed:
            raise ValueError(f"df={df} contradicts {knots.size} knots (df={needed}); leave one out")
        outside = knots[(knots <= lower) | (knots >= upper)]
        if outside.size:
            raise ValueError(
                f"interior knots {outside.tolist()} are not strictly between the boundary knots "
                f"{lower:g} and {upper:g}; remove them, or give wider boundary_knots"
            )
    interior_knots, boundary_knots = tuple(knots.tolist()), (float(lower), float(upper))
    return SplineBasis(kind, degree, interior_knots, boundary_knots, bool(include_intercept))


def bs(x, df=None, degree=3, knots=None, boundary_knots=None, include_intercept=False):
    """B-spline basis of x, with knots learned from x itself; constant beyond the boundary knots.

    `learn_spline` takes the same arguments and keeps the knots for prediction.

    Parameters
    ----------
    x : array-like of shape (n,)
        Finite values.
    df : int, optional
        Degrees of freedom, the constant counted: R's `bs(x, df = df - 1)`. 5 if neither `df` nor
        `knots` is given; 2 <= df <= degree lowers the degree to df - 1.
    degree : int, default=3
        Degree of the polynomial pieces.
    knots, boundary_knots : array-like, optional
        Interior knots, by default quantiles of x, and a pair, by default the range of x.
    include_intercept : bool, default=False
        Keep the first basis function; rows then sum to 1.

    Returns
    -------
    ndarray of shape (n, df - 1), or (n, df) with the intercept

    Examples
    --------
    >>> from rustystats.terms.splines import bs
    >>> bs([18.0, 30.0, 42.0, 66.0], df=4).round(4)
    array([[0.    , 0.    , 0.    ],
           [0.4219, 0.1406, 0.0156],
           [0.375 , 0.375 , 0.125 ],
           [0.    , 0.    , 1.    ]])
    """
    return learn_spline(x, "bs", df, degree, knots, boundary_knots, include_intercept).evaluate(x)


def ns(x, df=None, knots=None, boundary_knots=None, include_intercept=False):
    """Natural cubic spline basis of x, linear beyond the boundary knots.

    Parameters and result are those of `bs`. It equals R's `ns(x, df = df - 1)`; df=2 is a straight
    line. With the intercept the columns span the constant, but rows do not sum to 1.

    Examples
    --------
    >>> from rustystats.terms.splines import ns
    >>> basis = ns([18.0, 30.0, 42.0, 66.0, 78.0], df=2, boundary_knots=(18, 66))
    >>> (basis / basis[3]).ravel().round(4)
    array([0.  , 0.25, 0.5 , 1.  , 1.25])
    """
    return learn_spline(x, "ns", df, 3, knots, boundary_knots, include_intercept).evaluate(x)


def bs_names(var_name, df, include_intercept=False):
    """Column names of `bs`, numbered by basis function: the first is dropped without the intercept.

    >>> bs_names("age", 4)
    ['bs(age, 2/4)', 'bs(age, 3/4)', 'bs(age, 4/4)']
    """
    df = _integer(df, "df", minimum=2)
    return [f"bs({var_name}, {j}/{df})" for j in range(1 if include_intercept else 2, df + 1)]


def ns_names(var_name, df, include_intercept=False):
    """Column names of `ns`, numbered from 1: its columns are not single basis functions.

    >>> ns_names("age", 4)
    ['ns(age, 1/4)', 'ns(age, 2/4)', 'ns(age, 3/4)']
    """
    df = _integer(df, "df", minimum=2)
    return [f"ns({var_name}, {j}/{df})" for j in range(1, df + bool(include_intercept))]


def _df_without_knots(kind, degree):
    return degree + 1 if kind == "bs" else 2


def _quantile_knots(x, counts, n_knots):
    """Type-7 quantiles at i / (n_knots + 1) of x, value j counted counts[j] times.

    The positions i (N - 1) / (n_knots + 1) are split in integers: rounding moves no knot off a tie.
    """
    if n_knots == 0:
        return np.empty(0)
    if x.size == 0:
        raise ValueError("no value of x lies within boundary_knots; give knots, or widen them")
    order = np.argsort(x)
    last_rank = np.arange(x.size) if counts is None else np.cumsum(counts[order]) - 1
    position = np.arange(1, n_knots + 1) * last_rank[-1]
    rank, remainder = np.divmod(position, n_knots + 1)
    low = x[order[np.searchsorted(last_rank, rank)]]
    high = x[order[np.searchsorted(last_rank, rank + (remainder > 0))]]
    return low + remainder / (n_knots + 1) * (high - low)


def _check_data(x, counts):
    x = _finite_vector(x, "x")
    if counts is not None:
        counts = _finite_vector(counts, "counts")
        if counts.shape != x.shape or np.any(counts < 0) or np.any(counts != np.floor(counts)):
            raise ValueError("counts must hold one whole number >= 0 for each value of x")
        x, counts = x[counts > 0], counts[counts > 0].astype(np.int64)
    if x.size == 0:
        raise ValueError("x has no rows to learn knots from; check the filter that made it")
    return x, counts


def _finite_vector(x, name):
    x = np.asarray(x, dtype=np.float64)
    if x.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, got shape {x.shape}")
    bad = x.size - np.count_nonzero(np.isfinite(x))
    if bad:
        raise ValueError(f"{name} has {bad} NaN or infinite value(s); drop or impute them first")
    return x


def _increasing(values, name):
    values = _finite_vector(values, name)
    if np.any(np.diff(values) <= 0):
        raise ValueError(f"{name} must be strictly increasing, sorted, no ties: {values.tolist()}")
    return values


def _integer(value, name, minimum):
    try:
        whole = operator.index(value)
    except TypeError:
        whole = -math.inf
    if isinstance(value, bool) or whole < minimum:
        raise ValueError(f"{name} must be an integer >= {minimum}, got {value!r}")
    return whole
