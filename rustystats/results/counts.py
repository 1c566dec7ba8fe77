"""Whether counts are as variable, and 0 as often, as the model says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import norm

from rustystats.inference.count_tests import dispersion_tests, zero_statistic
from rustystats.inference.covariance import two_sided_pvalues
from rustystats.results.answers import Answers

if TYPE_CHECKING:
    from rustystats.typing import Alternative, Floats, Table

POISSON = ("poisson", "quasipoisson")
ALTERNATIVES = {"greater": "Pr(>z)", "less": "Pr(<z)", "two-sided": "Pr(>|z|)"}


class CountAnswers(Answers):
    """Part of `GLMResults`: checks of what the family says of counts."""

    def dispersion_test(self, alternative: Alternative = "greater") -> Table:
        """Whether a Poisson response varies more than its mean, against a negative binomial.

        Two alternatives, ``mu + a mu^2`` (the negative binomial with theta = 1 / a) and
        ``mu + a mu`` (quasi-Poisson with dispersion 1 + a), each by the score test of Dean and by
        the regression test of Cameron and Trivedi (R's ``AER::dispersiontest``). A row of weight w
        is w units, whose counts are taken together.

        Parameters
        ----------
        alternative : "greater", "less" or "two-sided"
            More variance than the mean, less, or either.

        Returns
        -------
        DataFrame with columns Test, Variance, a, z, and Pr(>z), Pr(<z) or Pr(>|z|)

        Raises
        ------
        ValueError
            For a family that is not Poisson, or an unknown alternative.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(20_000, seed=1)
        >>> result = rs.glm("ClaimNb ~ C(Area)", data, family="poisson", exposure="Exposure").fit()
        >>> table = result.dispersion_test()
        >>> table["Test"].tolist(), bool(table["a"][0] > 0)
        (['score', 'regression', 'score', 'regression'], True)
        """
        count, mean = self._counts("a test of dispersion", POISSON)
        tests = dispersion_tests(count, mean)
        name, pvalues = _pvalues(np.array([t.statistic for t in tests]), alternative)
        return self._frame(
            {
                "Test": [t.name for t in tests],
                "Variance": [t.variance for t in tests],
                "a": np.array([t.excess for t in tests]),
                "z": np.array([t.statistic for t in tests]),
                name: pvalues,
            }
        )

    def zero_inflation_test(self, alternative: Alternative = "greater") -> Table:
        """Whether there are more rows without a claim than the model expects.

        Parameters
        ----------
        alternative : "greater", "less" or "two-sided"
            More zeros, fewer, or either.

        Returns
        -------
        DataFrame of one row with columns Zeros, Expected, Ratio, z, and Pr(>z), Pr(<z) or Pr(>|z|)
            z is van den Broek's score test of a Poisson model against one with additional zeros.
            A negative binomial model has the numbers, but no test (NaN), and nor has a penalised or
            bounded fit, or one without cross-products. Overdispersion gives more zeros as well: see
            `dispersion_test`.

        Raises
        ------
        ValueError
            For a family that is not of counts, or an unknown alternative.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(20_000, seed=1)
        >>> result = rs.glm("ClaimNb ~ C(Area)", data, family="poisson", exposure="Exposure").fit()
        >>> result.zero_inflation_test().round(3)["Ratio"].item()
        1.001
        """
        problem = self._problem
        count, mean = self._counts("a count of zeros", (*POISSON, "negbinomial"))
        poisson = problem.family.name() in POISSON
        used = self._weights > 0
        if poisson:
            log_zero = -mean
        else:
            theta = problem.family.theta  # type: ignore[attr-defined]
            log_zero = -theta * self._weights[used] * np.log1p(self.fittedvalues[used] / theta)
        statistic = np.nan
        if poisson and self.fit.gram is not None and not self._no_likelihood:
            _, slope = problem.link.inverse_with_derivative(self.linear_predictor)
            slope = slope if problem.weights is None else slope * problem.weights
            statistic = zero_statistic(problem, self.fit, count, log_zero, slope)
        zeros, expected = int(np.count_nonzero(count == 0)), float(np.sum(np.exp(log_zero)))
        name, pvalue = _pvalues(np.array([statistic]), alternative)
        return self._frame(
            {
                "Zeros": np.array([zeros]),
                "Expected": np.array([expected]),
                "Ratio": np.array([zeros / expected if expected > 0 else np.nan]),
                "z": np.array([statistic]),
                name: pvalue,
            }
        )

    def _counts(self, what: str, families: Sequence[str]) -> tuple[Floats, Floats]:
        """Counts and their means of the rows with a weight: w y and w mu."""
        problem = self._problem
        if problem.family.name() not in families:
            raise ValueError(
                f"{what} is of a Poisson model, and this one is of the {self.family} family: its "
                "variance is another function of the mean"
                if families == POISSON
                else f"{what} is of a model of counts, and this one is of the {self.family} family"
            )
        if problem.weights is None:
            return problem.y, self.fittedvalues
        used = problem.weights > 0
        weights = problem.weights[used]
        return weights * problem.y[used], weights * self.fittedvalues[used]


def _pvalues(z: Floats, alternative: Alternative) -> tuple[str, Floats]:
    """Name of the column, and p-values by the normal law."""
    if alternative not in ALTERNATIVES:
        raise ValueError(
            f"alternative must be {', '.join(map(repr, ALTERNATIVES))}, not {alternative!r}"
        )
    tails = {"greater": norm.sf, "less": norm.cdf, "two-sided": two_sided_pvalues}
    return ALTERNATIVES[alternative], tails[alternative](z)
