"""A spline of a numeric column or expression: `bs(x, df=5)`, `ns(x, df=4)`; knots are kept."""

from contextlib import contextmanager
from dataclasses import dataclass, replace

from rustystats.terms.expression import Expression
from rustystats.terms.numeric import distinct_values
from rustystats.terms.spline_basis import SplineBasis
from rustystats.terms.splines import check_options, learn_spline


@dataclass(frozen=True)
class SplineFactor:
    """Spline columns of one expression.

    Parameters
    ----------
    kind : "bs" or "ns"
    expression : Expression
    options : tuple of (name, value) pairs: df, degree, knots, boundary_knots, extrapolation as
        written; those that make no spline are refused at once, so that a formula shows the place
    basis : SplineBasis, learned
    """

    kind: str
    expression: Expression
    options: tuple = ()
    basis: SplineBasis | None = None
    is_categorical = False

    def __post_init__(self):
        if self.basis is None:
            check_options(self.kind, **dict(self.options))

    @property
    def columns(self):
        """Names of the data columns used."""
        return self.expression.columns

    @property
    def label(self):
        """The factor as a formula writes it."""
        options = [
            f", {name}={list(value) if isinstance(value, tuple) else repr(value)}"
            for name, value in self.options
        ]
        return f"{self.kind}({self.expression.text}{''.join(options)})"

    def learn(self, columns, training=None):
        """The factor with its knots at quantiles of these data, whatever their weights."""
        with self._named():
            found = distinct_values(self.expression, columns, quick=False)
            counts = None if found.encoded is None else found.encoded.counts
            options = dict(self.options, weights=counts, name=self._name)
            return replace(self, basis=learn_spline(found.values, self.kind, **options))

    def block(self, columns, full=False):
        """The basis, evaluated once per distinct value where the column has few of them."""
        with self._named():
            found = distinct_values(self.expression, columns, quick=False)
            counts = None if found.encoded is None else found.encoded.counts
            return found.block(self.basis.evaluate(found.values, self._name, counts))

    def names(self, full=False):
        """`bs(age, 2/5)` to `bs(age, 5/5)`; `ns(age, 1/5)` to `ns(age, 4/5)`."""
        return self.basis.names(self.expression.text)

    def meaning(self, full=False):
        """What a column is beside its name: above all the knots, which the data may have placed."""
        basis = self.basis
        low, high = basis.boundary_knots
        knots = ", ".join(str(float(knot)) for knot in (low, *basis.interior_knots, high))
        return f"knots {knots} of degree {basis.degree} ({basis.extrapolation} outside)"

    @property
    def _name(self):
        return self.expression.text.strip("`")

    @contextmanager
    def _named(self):
        """Errors inside say which piece of the formula they are about."""
        try:
            yield
        except ValueError as error:
            raise ValueError(f"{self.label}: {error}") from error
