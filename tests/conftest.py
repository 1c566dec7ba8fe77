"""Every family with every link it serves, for whoever asks for the fixture.

A family enters all tests by being in `FAMILIES`, with one entry in `PEERS`: how to draw from it,
and its counterpart in statsmodels. A link enters by being in `LINKS`, with one entry in `SM_LINKS`.
"""

import os
import warnings
from dataclasses import dataclass

if "PYTEST_XDIST_WORKER" in os.environ:  # before numpy: processors are shared among the workers
    share = (os.cpu_count() or 1) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, share)))

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import HealthCheck, settings

from rustystats.families import FAMILIES
from rustystats.links import LINKS, Power

# The same examples in every run; a busy machine is no failure.
settings.register_profile(
    "repeats", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("repeats")
collect_ignore_glob = ["golden/*"]  # scripts that need what the tests do not
SM = sm.families
LINK_KINDS = {**LINKS, "power": lambda: Power(0.7)}
SM_LINKS = {
    "identity": SM.links.Identity,
    "log": SM.links.Log,
    "logit": SM.links.Logit,
    "probit": SM.links.Probit,
    "cloglog": SM.links.CLogLog,
    "inverse": SM.links.InversePower,
    "inverse_squared": SM.links.InverseSquared,
    "sqrt": SM.links.Sqrt,
    "power": lambda: SM.links.Power(0.7),
}
MEAN = 0.5  # inside the domain of every family


def draw_tweedie(rng, mu, power=1.5, phi=0.3):
    """A Poisson number of Gamma claims."""
    claims = rng.poisson(mu ** (2 - power) / (phi * (2 - power)))
    scale = phi * (power - 1) * mu ** (power - 1)
    return rng.gamma(claims * (2 - power) / (power - 1), scale)


def draw_negative_binomial(rng, mu, theta=1.0):
    return rng.negative_binomial(theta, theta / (theta + mu)).astype(float)


# name: (draw a response with these means, family of statsmodels, its parameter)
PEERS = {
    "gaussian": (lambda rng, mu: rng.normal(mu, 0.2), SM.Gaussian, {}),
    "poisson": (lambda rng, mu: rng.poisson(mu).astype(float), SM.Poisson, {}),
    "binomial": (lambda rng, mu: rng.binomial(5, mu) / 5, SM.Binomial, {}),
    "gamma": (lambda rng, mu: rng.gamma(3, mu / 3), SM.Gamma, {}),
    "inverse_gaussian": (lambda rng, mu: rng.wald(mu, 3.0), SM.InverseGaussian, {}),
    "tweedie": (draw_tweedie, SM.Tweedie, {"var_power": 1.5}),
    "quasipoisson": (lambda rng, mu: 1.5 * rng.poisson(mu / 1.5), SM.Poisson, {}),
    "quasibinomial": (lambda rng, mu: rng.binomial(5, mu) / 5, SM.Binomial, {}),
    "negbinomial": (draw_negative_binomial, SM.NegativeBinomial, {"alpha": 1.0}),
}


@dataclass(frozen=True)
class Pair:
    """A family and a link, at their default parameters."""

    family_name: str
    link_name: str

    @property
    def family(self):
        return FAMILIES[self.family_name]()

    @property
    def link(self):
        return LINK_KINDS[self.link_name]()

    @property
    def centre(self):
        """The linear predictor of the mean 1/2; 0.3 units around it suit every pair."""
        return float(self.link.link(MEAN))

    @property
    def unit(self):
        """The change of the linear predictor that, to first order, doubles the mean 1/2."""
        return float(self.link.derivative(MEAN)) * MEAN

    def draw(self, rng, mu):
        """A response with these means."""
        return PEERS[self.family_name][0](rng, mu)

    def statsmodels(self):
        """The same pair in statsmodels, which warns of links it does not think safe."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            kind, options = PEERS[self.family_name][1:]
            return kind(SM_LINKS[self.link_name](), **options, check_link=False)

    def __str__(self):
        return f"{self.family_name}-{self.link_name}"


PAIRS = {
    (family, link): Pair(family, link)
    for family in FAMILIES
    for link in FAMILIES[family].link_names
}


@dataclass(frozen=True, eq=False)
class Objective:
    """The penalised objective of `solvers/problem.py` in plain numpy, on a dense matrix.

    Penalties are given for each coefficient: `l1` of |b_j - target_j|, `l2` of half its square.
    """

    x: np.ndarray
    y: np.ndarray
    family: object
    link: object
    weights: np.ndarray | float = 1.0
    offset: np.ndarray | float = 0.0

    @classmethod
    def of(cls, problem):
        """That of a `Problem`, whatever the storage of its design."""
        weights = 1.0 if problem.weights is None else problem.weights
        offset = 0.0 if problem.offset is None else problem.offset
        return cls(
            problem.design.to_dense(), problem.y, problem.family, problem.link, weights, offset
        )

    @property
    def shares(self):
        """Weights that sum to 1."""
        weights = np.broadcast_to(np.asarray(self.weights, float), self.y.shape)
        return weights / weights.sum()

    def value(self, coef, l1=0.0, l2=0.0, target=0.0):
        mu = self.link.inverse(self.x @ coef + self.offset)
        gap = coef - target
        deviance = self.shares @ self.family.unit_deviance(self.y, mu)
        return deviance / 2 + np.sum(l1 * np.abs(gap)) + np.sum(l2 * gap**2) / 2

    def descent(self, coef):
        """Minus the gradient of the mean half deviance, (p,)."""
        mu, slope = self.link.inverse_with_derivative(self.x @ coef + self.offset)
        used = self.shares > 0
        each = np.zeros(len(mu))
        each[used] = ((self.y - mu) * slope / self.family.variance(mu))[used]
        return self.x.T @ (self.shares * each)

    def violations(self, coef, l1, l2=0.0, target=0.0, lower=-np.inf, upper=np.inf):
        """How steeply the objective falls to either side of each coefficient, 0 where it does not.

        All are 0 at a minimum and, where the objective is convex, nowhere else.
        """
        coef, gap = np.asarray(coef), coef - target
        falling = self.descent(coef) - l2 * gap
        up = np.where(coef >= upper, 0.0, falling - np.where(gap < 0, -l1, l1))
        down = np.where(coef <= lower, 0.0, -falling - np.where(gap > 0, -l1, l1))
        return np.maximum(np.maximum(up, down), 0.0)

    def sizes(self, coef):
        """Standard deviation of each column under the working weights at `coef`; a constant's is
        the root mean weight."""
        mu, slope = self.link.inverse_with_derivative(self.x @ coef + self.offset)
        used = self.shares > 0
        weight = np.zeros(len(mu))
        weight[used] = (self.shares * slope**2 / self.family.variance(mu))[used]
        centred = self.x - weight @ self.x / weight.sum()
        constant = np.abs(centred).max(axis=0) <= 1e-9 * np.abs(self.x).max(axis=0)
        sizes = np.sqrt(weight @ np.where(constant, self.x, centred) ** 2)
        return np.where(sizes > 0, sizes, 1.0)

    def worst(self, null, coef, *penalty, **options):
        """Largest violation, in units of the largest slope at the coefficients `null`: the larger
        of that with each column in units of its standard deviation, and of that as it is."""
        found, slopes = self.violations(coef, *penalty, **options), np.abs(self.descent(null))
        sizes = self.sizes(null)
        return max(np.max(found / sizes) / np.max(slopes / sizes), np.max(found) / np.max(slopes))


@pytest.fixture(scope="session")
def objective():
    """The class `Objective`."""
    return Objective


@pytest.fixture(scope="session")
def pairs():
    """All pairs by the two names."""
    return PAIRS


@pytest.fixture(params=PAIRS.values(), ids=str)
def pair(request):
    """Each family with each link it serves."""
    return request.param


@pytest.fixture(params=FAMILIES, ids=str)
def family_name(request):
    """Each family, by name."""
    return request.param


@pytest.fixture(params=LINK_KINDS, ids=str)
def link(request):
    """Each link, a power link among them."""
    return LINK_KINDS[request.param]()


@pytest.fixture(scope="session")
def simulate_tweedie():
    """Draw from a Tweedie law of any power between 1 and 2."""
    return draw_tweedie
