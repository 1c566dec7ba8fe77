"""Families as people name them: domains, variance, deviance, log-likelihood.

The row loops (variance function, unit deviance) are the kernel class each family inherits from;
what is here is read once per fit. Log-likelihoods are R's (`logLik.glm`): at the dispersion R uses
where one has to be plugged in. To add a family: a kernel class, a class here, an entry in
`FAMILIES`.

| name | variance | responses | dispersion | links, the default first |
|---|---|---|---|---|
| gaussian (normal) | 1 | all | Pearson | identity, log, sqrt, inverse, inverse_squared, power |
| poisson | mu | >= 0 | 1 | log, identity, sqrt, inverse, inverse_squared, power |
| quasipoisson | mu | >= 0 | Pearson | as poisson |
| binomial | mu (1 - mu) | 0 to 1, trials as weights | 1 | logit, probit, cloglog, log, identity |
| quasibinomial | mu (1 - mu) | 0 to 1 | Pearson | as binomial |
| gamma | mu^2 | > 0 | Pearson | as poisson (R's default is inverse) |
| inverse_gaussian | mu^3 | > 0 | Pearson | as poisson (R's default is 1/mu^2) |
| tweedie | mu^var_power | by the power | Pearson | as poisson |
| negbinomial (negative_binomial, nb) | mu + mu^2 / theta | >= 0 | 1 | as poisson |

Case, hyphens, underscores and blanks in names do not matter.
"""

from rustystats.families.binomial import Binomial, QuasiBinomial
from rustystats.families.continuous import Gamma, Gaussian, InverseGaussian
from rustystats.families.counts import NegativeBinomial, Poisson, QuasiPoisson
from rustystats.families.registry import FAMILIES, get_family
from rustystats.families.tweedie import Tweedie
from rustystats.intervals import Interval

__all__ = [
    "FAMILIES",
    "Binomial",
    "Gamma",
    "Gaussian",
    "Interval",
    "InverseGaussian",
    "NegativeBinomial",
    "Poisson",
    "QuasiBinomial",
    "QuasiPoisson",
    "Tweedie",
    "get_family",
]
