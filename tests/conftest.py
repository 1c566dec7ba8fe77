"""Every family with every link it serves, for whoever asks for the fixture.

A family enters all tests by being in `FAMILIES`, with one entry in `PEERS`: how to draw from it,
and its counterpart in statsmodels. A link enters by being in `LINKS`, with one entry in `SM_LINKS`.
"""

import warnings
from dataclasses import dataclass

import pytest
import statsmodels.api as sm

from rustystats.families import FAMILIES
from rustystats.links import LINKS, Power

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
