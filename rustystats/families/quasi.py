"""What makes a quasi family of a family: its dispersion is estimated, and it is no distribution."""


class QuasiMixin:
    """Same coefficients as the base family, standard errors times sqrt(phi).

    There is no likelihood; that of the base family stands in, and summaries say so.
    """

    dispersion_fixed = False

    @property
    def likelihood_of(self):
        """Name of the family whose likelihood stands in."""
        return self.name().removeprefix("quasi")

    def tails(self, y, mu, dispersion, weights):
        """A quasi family has none."""
        base = self.likelihood_of
        raise ValueError(
            f"family {self.name()} is no distribution, so there are no quantile residuals: "
            f"fit family {base!r}, or use deviance residuals"
        )
