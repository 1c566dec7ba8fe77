"""Score tests of what a model lacks, without fitting it: factors, and more variance than it has.

**Terms.** Rao's test of columns Z beside those of the model, X, at the fit: with r = w (y - mu)
mu' / V the score residual of a row, W = w mu'^2 / V its working weight, U = [X Z]'r and
I = [X Z]'W[X Z] score and information of the larger model with the new coefficients 0,

    (U' I^-1 U - U_X' I_XX^-1 U_X) / phi,   chi-square with rank I - rank I_XX degrees of freedom

(Rao 1948; R's ``anova(test="Rao")``). U_X is 0 to the tolerance of the fit, and its part is taken
out. Columns that the model has already are aliased and count for nothing, so how a candidate is
coded does not matter. Cost: one pass with Gram over model and candidates together.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from rustystats.design.matrix import DesignMatrix
from rustystats.inference.influence import score_rows
from rustystats.solvers.normal_equations import NormalEquations
from rustystats.threads import single_threaded_blas


@dataclass(frozen=True)
class ScoreTest:
    """What the test of a candidate found; NaN where it has no columns beyond the model's."""

    label: str
    df: int
    statistic: float
    pvalue: float


def score_tests(problem, fit, linear_predictor, dispersion, candidates):
    """Rao's test of each candidate, (label, blocks of the same rows), beside a fit without a
    penalty.
    """
    blocks = list(problem.design.blocks)
    added = [block for _, made in candidates for block in made]
    design = DesignMatrix([*blocks, *added], problem.design.n_threads)
    score, weight = score_rows(problem, linear_predictor)
    gram, gradient = design.gram(weight), design.transpose_matvec(score)
    p = len(fit.coef)
    own, index, tests = np.arange(p), len(blocks), []
    with single_threaded_blas():
        rank, held = _quadratic(gram, gradient, own, fit.aliased)
        for label, made in candidates:
            new = np.arange(design.starts[index], design.starts[index + len(made)])
            index += len(made)
            larger, value = _quadratic(gram, gradient, np.append(own, new), fit.aliased)
            df = larger - rank
            statistic = np.nan
            if df:
                with np.errstate(divide="ignore", invalid="ignore"):  # no degrees of freedom
                    statistic = float(np.divide(max(value - held, 0.0), dispersion))
            tests.append(ScoreTest(label, df, statistic, float(chi2.sf(statistic, df))))
    return tests


def _quadratic(gram, gradient, columns, aliased):
    """Rank of some columns, of which the first may be aliased, and U' I^-1 U for them."""
    excluded = np.zeros(len(columns), dtype=bool)
    excluded[: len(aliased)] = aliased
    system = NormalEquations(gram[np.ix_(columns, columns)], excluded=excluded)
    part = gradient[columns]
    return system.rank, part @ system.solve(part)
