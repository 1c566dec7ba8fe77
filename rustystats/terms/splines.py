"""Splines: `bs` and `ns` of values, and `learn_spline`, which keeps the knots for other values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rustystats.terms.knots import quantile_knots, scale_up
from rustystats.terms.spline_basis import (
    EXTRAPOLATIONS,
    SplineBasis,
    df_without_knots,
    finite_vector,
    integer,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rustystats.typing import Extrapolation, Floats, SplineKind

DEFAULT_DF = 5


def learn_spline(
    x: ArrayLike,
    kind: SplineKind = "bs",
    df: int | None = None,
    degree: int = 3,
    knots: ArrayLike | None = None,
    boundary_knots: ArrayLike | None = None,
    include_intercept: bool = False,
    extrapolation: Extrapolation | None = None,
    weights: ArrayLike | None = None,
    name: str = "x",
) -> SplineBasis:
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
    extrapolation : {"continue", "linear", "constant", "error"}, optional
        How the curve goes on outside the boundary knots; by default "bs" stays constant and "ns"
        goes on linearly; see `rustystats.terms.spline_basis`.
    weights : array-like of shape (n,), optional
        How many rows each value of x stands for. Whole weights give the knots of the expanded
        data, others those of `rustystats.terms.knots`; what has weight 0 is not looked at.
    name : str
        What messages call x.

    Returns
    -------
    SplineBasis
        If all values are equal and no boundary knots given: zeros, and ones for the intercept.

    Raises
    ------
    ValueError
        For values, knots or degrees of freedom that make no spline; the message has the remedy.
    """
    df, degree, knots, boundary_knots, extrapolation = check_options(
        kind, df, degree, knots, boundary_knots, include_intercept, extrapolation
    )
    x, weights = _check_data(x, weights, name)
    if boundary_knots is None:
        boundary_knots = x.min(), x.max()
    lower, upper = boundary_knots
    if knots is None:
        within = (x >= lower) & (x <= upper)
        n_knots = df - df_without_knots(kind, degree)
        if n_knots and not within.any():
            raise ValueError(
                f"no value of {name!r} lies within the boundary_knots {lower:g} and {upper:g}; "
                "give knots, or widen them"
            )
        knots = quantile_knots(x[within], None if weights is None else weights[within], n_knots)
    else:
        _check_between(knots, lower, upper, f", the range of {name!r}")
    return SplineBasis(
        kind,
        degree,
        tuple(knots.tolist()),
        (float(lower), float(upper)),
        bool(include_intercept),
        extrapolation,
    )


def check_options(
    kind: SplineKind,
    df: int | None = None,
    degree: int = 3,
    knots: ArrayLike | None = None,
    boundary_knots: ArrayLike | None = None,
    include_intercept: bool = False,
    extrapolation: Extrapolation | None = None,
) -> tuple[int, int, Floats | None, Floats | None, Extrapolation]:
    """What `learn_spline` can refuse before it sees data, and the options it goes on with.

    Returns
    -------
    df, degree, knots, boundary_knots, extrapolation : with defaults; the degree lowered to df - 1
    """
    if kind not in ("bs", "ns"):
        raise ValueError(f"Unknown spline type {kind!r}; use 'bs' or 'ns'")
    degree = integer(degree, "degree", minimum=1)
    if kind == "ns" and degree != 3:
        raise ValueError(f"natural splines are cubic, got degree={degree}; leave out or use 'bs'")
    if boundary_knots is not None:
        boundary_knots = _increasing(boundary_knots, "boundary_knots")
        if boundary_knots.size != 2:
            raise ValueError(f"boundary_knots must be a pair, got {boundary_knots.size} values")
    if df is not None:
        df = integer(df, "df", minimum=2)
    if knots is not None:
        knots = _increasing(np.atleast_1d(knots), "knots")
        needed = knots.size + df_without_knots(kind, degree)
        if df is not None and df != needed:
            raise ValueError(f"df={df} contradicts {knots.size} knots (df={needed}); leave one out")
        if boundary_knots is not None:
            _check_between(knots, *boundary_knots)
        df = needed
    elif df is None:
        df = DEFAULT_DF
    if kind == "bs":
        degree = min(degree, df - 1)
    if not isinstance(include_intercept, (bool, np.bool_)):
        raise ValueError(f"include_intercept must be True or False, not {include_intercept!r}")
    if extrapolation is None:
        extrapolation = "constant" if kind == "bs" else "linear"
    if extrapolation not in EXTRAPOLATIONS:
        raise ValueError(
            f"extrapolation must be {', '.join(map(repr, EXTRAPOLATIONS))} or None for the "
            f"default, not {extrapolation!r}"
        )
    return df, degree, knots, boundary_knots, extrapolation


def bs(
    x: ArrayLike,
    df: int | None = None,
    degree: int = 3,
    knots: ArrayLike | None = None,
    boundary_knots: ArrayLike | None = None,
    include_intercept: bool = False,
    extrapolation: Extrapolation | None = None,
) -> Floats:
    """B-spline basis of x, with knots learned from x itself.

    `SplineTerm` and `SplineTransformer` take the same arguments and keep the knots for prediction.

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
    extrapolation : {"constant", "continue", "linear", "error"}, optional
        Beyond the boundary knots: keep the value at the boundary (the default), go on with the
        polynomial as R does, go on linearly, or raise.

    Returns
    -------
    ndarray of shape (n, df - 1), or (n, df) with the intercept

    Raises
    ------
    ValueError
        For values, knots or degrees of freedom that make no spline; the message has the remedy.

    Examples
    --------
    >>> from rustystats.terms.splines import bs
    >>> bs([18.0, 30.0, 42.0, 66.0], df=4).round(4)
    array([[0.    , 0.    , 0.    ],
           [0.4219, 0.1406, 0.0156],
           [0.375 , 0.375 , 0.125 ],
           [0.    , 0.    , 1.    ]])
    """
    basis = learn_spline(
        x, "bs", df, degree, knots, boundary_knots, include_intercept, extrapolation
    )
    return basis.evaluate(x)


def ns(
    x: ArrayLike,
    df: int | None = None,
    knots: ArrayLike | None = None,
    boundary_knots: ArrayLike | None = None,
    include_intercept: bool = False,
    extrapolation: Extrapolation | None = None,
) -> Floats:
    """Natural cubic spline basis of x, by default linear beyond the boundary knots.

    It equals R's `ns(x, df = df - 1)`; df=2 is a straight line. With the intercept the columns span
    the constant, but rows do not sum to 1.

    Parameters
    ----------
    x, df, knots, boundary_knots, include_intercept : as in `bs`
    extrapolation : {"linear", "continue", "constant", "error"}, optional
        As in `bs`; by default linear.

    Returns
    -------
    ndarray of shape (n, df - 1), or (n, df) with the intercept

    Raises
    ------
    ValueError
        As in `bs`.

    Examples
    --------
    >>> from rustystats.terms.splines import ns
    >>> basis = ns([18.0, 30.0, 42.0, 66.0, 78.0], df=2, boundary_knots=(18, 66))
    >>> (basis / basis[3]).ravel().round(4)
    array([0.  , 0.25, 0.5 , 1.  , 1.25])
    """
    basis = learn_spline(x, "ns", df, 3, knots, boundary_knots, include_intercept, extrapolation)
    return basis.evaluate(x)


def _check_between(knots: Floats, lower: float, upper: float, whence: str = "") -> None:
    outside = knots[(knots <= lower) | (knots >= upper)]
    if outside.size:
        raise ValueError(
            f"interior knots {outside.tolist()} are not strictly between the boundary knots "
            f"{lower:g} and {upper:g}{whence}; remove them, or give wider boundary_knots"
        )


def _check_data(x: ArrayLike, weights: ArrayLike | None, name: str) -> tuple[Floats, Floats | None]:
    x = finite_vector(x, repr(name))
    if weights is not None:
        weights = finite_vector(weights, "weights")
        if weights.shape != x.shape:
            raise ValueError(
                f"weights has shape {weights.shape} and {name!r} {x.shape}: give one weight a value"
            )
        bad = np.count_nonzero(weights < 0)
        if bad:
            raise ValueError(f"weights has {bad} negative value(s): correct or drop those rows")
        x, weights = x[weights > 0], weights[weights > 0]
    if x.size == 0:
        raise ValueError(f"{name!r} has no rows to learn knots from; check the filter that made it")
    return x, None if weights is None else scale_up(weights)


def _increasing(values: ArrayLike, name: str) -> Floats:
    values = finite_vector(values, name)
    if np.any(np.diff(values) <= 0):
        raise ValueError(f"{name} must be strictly increasing, sorted, no ties: {values.tolist()}")
    return values
