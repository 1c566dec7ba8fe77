"""Families as people name them: domains, variance, deviance, log-likelihood.

The row loops (variance function, unit deviance) are the kernel class each family inherits from;
what is here is read once per fit. Log-likelihoods are R's (`logLik.glm`): at the dispersion R uses
where one has to be plugged in. To add a family: a kernel class, a class here, an entry in
`FAMILIES`; nothing else branches on a family.
"""

from rustystats.families.base import Interval
from rustystats.families.binomial import Binomial, QuasiBinomial
from rustystats.families.continuous import Gamma, Gaussian, InverseGaussian
from rustystats.families.counts import NegativeBinomial, Poisson, QuasiPoisson
from rustystats.families.registry import FAMILIES, get_family
from rustystats.families.tweedie import Tweedie

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
