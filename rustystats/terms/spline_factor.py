"""A spline of a numeric column or expression: `bs(x, df=5)`, `ns(x, df=4)`; knots are kept."""

from dataclasses import dataclass, replace

from rustystats.terms.expression import Expression
from rustystats.terms.numeric import distinct_values
from rustystats.terms.splines import SplineBasis, bs_names, learn_spline, ns_names


@dataclass(frozen=True)
class SplineFactor:
    """Spline columns of one expression.

    Parameters
    ----------
    kind : "bs" or "ns"
    expression : Expression
    options : tuple of (name, value) pairs: df, degree, knots, boundary_knots as written
    basis : SplineBasis, learned
    """

    kind: str
    expression: Expression
    options: tuple = ()
    basis: SplineBasis | None = None
    is_categorical = False

    @property
    def columns(self):
        """Names of the data columns used."""
        return self.expression.columns

    @property
    def label(self):
        """The factor as a formula writes it."""
        options = [
            f", {name}={list(value) if isinstance(value, tuple) else value}"
            for name, value in self.options
        ]
        return f"{self.kind}({self.expression.text}{''.join(options)})"

    def learn(self, columns):
        """The factor with its knots at quantiles of these data."""
        found = distinct_values(self.expression, columns, quick=False)
        counts = None if found.encoded is None else found.encoded.counts
        basis = learn_spline(found.values, self.kind, counts=counts, **dict(self.options))
        return replace(self, basis=basis)

    def block(self, columns, full=False):
        """The basis, evaluated once per distinct value where the column has few of them."""
        found = distinct_values(self.expression, columns, quick=False)
        return found.block(self.basis.evaluate(found.values))

    def names(self, full=False):
        """`bs(age, 2/5)` to `bs(age, 5/5)`; `ns(age, 1/5)` to `ns(age, 4/5)`."""
        named = bs_names if self.kind == "bs" else ns_names
        return named(self.expression.text, self.basis.df)

    def meaning(self, full=False):
        """What a column is beside its name: the knots, which the data may have placed."""
        basis = self.basis
        low, high = basis.boundary_knots
        knots = ", ".join(str(float(knot)) for knot in (low, *basis.interior_knots, high))
        return f"knots {knots} of degree {basis.degree}"
