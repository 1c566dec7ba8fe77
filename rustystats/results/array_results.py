"""Results of the array face, in the words of its users."""

from typing import Any

from rustystats.results.glm_results import GLMResults


class ArrayResults(GLMResults):
    """`GLMResults` of a design matrix without names: columns are called by their positions.

    Attributes
    ----------
    family : str
        "Gaussian", "Poisson", "Binomial", "Gamma", "InverseGaussian", "Tweedie", "QuasiPoisson",
        "QuasiBinomial", "NegativeBinomial"; with the value where theta or the power was estimated:
        "NegativeBinomial(theta=1.2345)".
    df_model : int
        Rank - 1, whether a column is constant or not.
    """

    face = "array"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        family = self.model.problem.family
        self.family = type(family).__name__ if self.fit.parameter is None else family.label()
        self.df_model = self.fit.rank - 1

    def selected_features(self) -> list[int]:
        """Positions of the columns whose coefficients are not 0, the intercept apart."""
        return self._nonzero().tolist()
