"""Families as people name them: domains, variance, deviance, log-likelihood.

The row loops (variance function, unit deviance) are the kernel class each family inherits from;
what is here is read once per fit. Log-likelihoods are R's (`logLik.glm`): at the dispersion R uses
where one has to be plugged in. To add a family: a kernel class, a class here, an entry in
`FAMILIES`.

================  ===============  ========================  ==========
name              variance         responses                 dispersion
================  ===============  ========================  ==========
gaussian          1                all                       Pearson
poisson           mu               >= 0                      1
quasipoisson      mu               >= 0                      Pearson
binomial          mu (1 - mu)      0 to 1, weights: trials   1
quasibinomial     mu (1 - mu)      0 to 1                    Pearson
gamma             mu^2             > 0                       Pearson
inverse_gaussian  mu^3             > 0                       Pearson
tweedie           mu^var_power     by the power              Pearson
negbinomial       mu + mu^2/theta  >= 0                      1
================  ===============  ========================  ==========

Links, the default first: of gaussian identity, log, sqrt, inverse, inverse_squared, power; of
binomial and quasibinomial logit, probit, cloglog, log, identity; of all others log, identity, sqrt,
inverse, inverse_squared, power (R's default is inverse for gamma, 1/mu^2 for inverse_gaussian).

Other names are normal (gaussian), negative_binomial and nb (negbinomial). Case, hyphens,
underscores and blanks in names do not matter.
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
