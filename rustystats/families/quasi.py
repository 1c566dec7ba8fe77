"""What makes a quasi family of a family: its dispersion is estimated, and it is no distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rustystats.families.base import FamilyMixin

if TYPE_CHECKING:
    from rustystats.typing import Floats, Tails


class QuasiMixin(FamilyMixin):
    """Same coefficients as the base family, standard errors times sqrt(phi).

    There is no likelihood; that of the base family stands in, and summaries say so.
    """

    dispersion_fixed = False

    @property
    def likelihood_of(self) -> str:  # type: ignore[override]
        """Name of the family whose likelihood stands in."""
        return self.name().removeprefix("quasi")

    def tails(self, y: Floats, mu: Floats, dispersion: float, weights: Floats) -> Tails:
        """A quasi family has none."""
        base = self.likelihood_of
        raise ValueError(
            f"family {self.name()} is no distribution, so there are no quantile residuals: "
            f"fit family {base!r}, or use deviance residuals"
        )
