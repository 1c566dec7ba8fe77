"""`SplineTerm`: a spline of one variable by hand, beside formulas and Pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from rustystats.terms.splines import check_options, learn_spline

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rustystats.terms.spline_basis import SplineBasis
    from rustystats.typing import Extrapolation, Floats, SplineKind


class SplineTerm:
    """A spline basis that keeps its knots from one data set to the next.

    The knots are those of the data given to `fit`, or else to the first `transform`; later calls
    replay them, so a curve fitted on the columns of one data set predicts on those of another.
    `fit` places them anew.

    Parameters
    ----------
    var_name : str
        The variable, for the names of the columns.
    spline_type : {"bs", "ns"}, default="bs"
        B-spline or natural cubic spline.
    df : int, optional
        Degrees of freedom, the constant counted: df - 1 columns. 5 if neither `df` nor `knots` is
        given.
    degree : int, default=3
        Degree of the pieces; "ns" is always cubic.
    boundary_knots : pair of floats, optional
        By default the range of the data.
    knots : array-like, optional
        Interior knots, by default quantiles of the data.
    extrapolation : {"continue", "linear", "constant", "error"}, optional
        How the curve goes on beyond the boundary knots; by default "bs" stays constant and "ns"
        goes on linearly.

    Attributes
    ----------
    basis : SplineBasis or None
        What was learned.

    Raises
    ------
    ValueError
        If no spline has these options.

    Examples
    --------
    >>> from rustystats import SplineTerm
    >>> term = SplineTerm("age", "ns", df=3)
    >>> basis, names = term.transform([18.0, 25.0, 31.0, 40.0, 66.0])
    >>> basis.shape, names
    ((5, 2), ['ns(age, 1/3)', 'ns(age, 2/3)'])
    >>> again, _ = term.transform([31.0, 80.0])  # the same knots
    >>> bool((again[0] == basis[2]).all())
    True
    """

    var_name: str
    spline_type: SplineKind
    df: int
    degree: int
    boundary_knots: list[float] | None
    knots: list[float] | None
    extrapolation: Extrapolation | None
    basis: SplineBasis | None

    def __init__(
        self,
        var_name: str,
        spline_type: SplineKind = "bs",
        df: int | None = None,
        degree: int = 3,
        boundary_knots: ArrayLike | None = None,
        knots: ArrayLike | None = None,
        extrapolation: Extrapolation | None = None,
    ) -> None:
        self.df, _, inner, outer, _ = check_options(
            spline_type, df, degree, knots, boundary_knots, extrapolation=extrapolation
        )
        self.var_name = var_name
        self.spline_type = spline_type
        self.degree = degree
        self.boundary_knots = None if outer is None else outer.tolist()
        self.knots = None if inner is None else inner.tolist()
        self.extrapolation = extrapolation
        self.basis = None

    def fit(self, x: ArrayLike) -> Self:
        """Learn the knots from x (n,), and forget former ones; returns the term itself."""
        self.basis = self._learn(x)
        return self

    def transform(self, x: ArrayLike) -> tuple[Floats, list[str]]:
        """Columns of x, with the knots learned before; if there are none, they are learned from x.

        Parameters
        ----------
        x : array-like of shape (n,)
            Finite values.

        Returns
        -------
        (n, df - 1) array, and the list of its column names

        Raises
        ------
        ValueError
            If values are not finite, or outside the boundary knots where that is an error.
        """
        basis = self._learn(x) if self.basis is None else self.basis
        columns = basis.evaluate(x, self.var_name)
        self.basis = basis
        return columns, basis.names(self.var_name)

    def fit_transform(self, x: ArrayLike) -> tuple[Floats, list[str]]:
        """`fit`, then `transform`."""
        return self.fit(x).transform(x)

    def __repr__(self) -> str:
        options: dict[str, Any] = {"df": self.df} if self.knots is None else {"knots": self.knots}
        if self.spline_type == "bs":
            options["degree"] = self.degree
        for name in ("boundary_knots", "extrapolation"):
            if getattr(self, name) is not None:
                options[name] = getattr(self, name)
        written = "".join(f", {name}={value!r}" for name, value in options.items())
        return f"{self.spline_type}({self.var_name}{written})"

    def _learn(self, x: ArrayLike) -> SplineBasis:
        return learn_spline(
            x,
            self.spline_type,
            self.df,
            self.degree,
            self.knots,
            self.boundary_knots,
            extrapolation=self.extrapolation,
            name=self.var_name,
        )
