"""Are counts as a Poisson model says: as variable as their mean, and 0 as often?

A row of weight w and mean mu per unit of weight has the count c = w y with mean m = w mu.

**Dispersion**, against ``Var = m + a m^2`` (negative binomial, "NB2") or ``Var = m + a m`` ("NB1"),
with z = ((c - m)^2 - c) / m and x = m (NB2) or 1 (NB1):

* score (Dean & Lawless 1989, JASA 84:467-472; Dean 1992, JASA 87:451-457):
  ``sum x z / sqrt(2 sum x^2)``, standard normal for a Poisson response;
* regression (Cameron & Trivedi 1990, J. Econometrics 46:347-364): the t-value of a in the
  regression of z on x without a constant, whose a is ``sum x z / sum x^2``; as R's
  ``AER::dispersiontest``. Its error comes from the data, and it asks for the variance alone.

**Zeros** (van den Broek 1995, Biometrics 51:738-743), for a share of additional zeros: with p the
probability of 0 and s = ([c = 0] - p) / p,

    sum s / sqrt(sum (1 - p) / p  -  q' I^-1 q),   q = X' (w mu')

I the information of the coefficients: that they are estimated from the same rows takes the second
term away, which is ``sum m`` for a log link with an intercept. Cost: some sums over rows.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class DispersionTest:
    """One test: its name, the variance it is against, a, and the z-statistic."""

    name: str
    variance: str
    excess: float
    statistic: float


def dispersion_tests(count, mean):
    """Tests of the variance of counts whose means are above 0: a list of `DispersionTest`."""
    z = (np.square(count - mean) - count) / mean
    n, tests = len(z), []
    for variance, x in (("mu + a mu^2", mean), ("mu + a mu", np.ones(n))):
        xz, xx = float(x @ z), float(x @ x)
        score = _score(variance, xz, xx)
        a = score.excess
        left = z - a * x
        error = np.sqrt(left @ left / (n - 1) / xx) if n > 1 else np.nan
        tests.append(score)
        t = float(a / error) if error > 0 else np.nan  # counts without spread have no error
        tests.append(DispersionTest("regression", variance, a, t))
    return tests


def dispersion_score(count, mean):
    """The first of `dispersion_tests` alone, against the negative binomial, in a few products."""
    residual = count - mean
    return _score("mu + a mu^2", float(residual @ residual - np.sum(count)), float(mean @ mean))


def _score(variance, xz, xx):
    return DispersionTest("score", variance, xz / xx, xz / np.sqrt(2.0 * xx))


def zero_statistic(problem, fit, count, log_zero, slope):
    """The z-statistic of additional zeros.

    Parameters
    ----------
    problem, fit : a Poisson model and its fit by maximum likelihood, with its Gram
    count : (n,) w y
    log_zero : (n,) logarithm of the probability of 0, which is -w mu
    slope : (n,) w mu'
    """
    q = problem.design.transpose_matvec(slope)
    return zero_score(count, log_zero, q @ fit.system.solve(q))


def zero_score(count, log_zero, explained):
    """As `zero_statistic`, from what the information of the coefficients takes away.

    Parameters
    ----------
    count, log_zero : (n,) arrays
    explained : float, q' I^-1 q; the sum of the means where all that was estimated is their rate
    """
    some = np.flatnonzero(count)
    with np.errstate(over="ignore", invalid="ignore"):  # means of hundreds: never 0, no statistic
        odds = np.expm1(-log_zero)
        total = float(np.sum(odds))
        score = total - float(np.sum(odds[some])) - len(some)
        variance = total - explained
        return float(score / np.sqrt(variance)) if variance > 0 else np.nan
