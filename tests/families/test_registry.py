"""How a family is found by its name, and what is refused."""

import numpy as np
import pytest

import rustystats as rs
from rustystats.families import (
    FAMILIES,
    Binomial,
    Gamma,
    Gaussian,
    InverseGaussian,
    NegativeBinomial,
    Poisson,
    QuasiBinomial,
    QuasiPoisson,
    Tweedie,
    get_family,
)
from rustystats.intervals import NON_NEGATIVE, POSITIVE, REAL, UNIT


@pytest.mark.parametrize(
    ("spelling", "kind"),
    [
        ("gaussian", Gaussian),
        ("normal", Gaussian),
        ("Normal", Gaussian),
        ("POISSON", Poisson),
        ("binomial", Binomial),
        ("Gamma", Gamma),
        ("inverse_gaussian", InverseGaussian),
        ("inverse-gaussian", InverseGaussian),
        ("InverseGaussian", InverseGaussian),
        ("Tweedie", Tweedie),
        ("quasipoisson", QuasiPoisson),
        ("quasi_poisson", QuasiPoisson),
        ("Quasi-Binomial", QuasiBinomial),
        ("negbinomial", NegativeBinomial),
        ("nb", NegativeBinomial),
        ("NB", NegativeBinomial),
        ("Negative-Binomial", NegativeBinomial),
        ("negative_binomial", NegativeBinomial),
    ],
)
def test_spellings(spelling, kind):
    assert type(get_family(spelling)) is kind


def test_a_name_leads_back_to_its_family(family_name):
    family = FAMILIES[family_name]()
    assert family.name() == family_name
    assert type(get_family(family_name)) is FAMILIES[family_name]
    assert get_family(family) is family


@pytest.mark.parametrize("wrong", ["weibull", "", None, 3, Poisson, "quasi", ["nb"]])
def test_unknown_family_names_the_known_ones(wrong):
    with pytest.raises(ValueError, match=r"Unknown family .*gaussian.*poisson.*binomial.*gamma"):
        get_family(wrong)


def test_what_a_family_says_of_itself():
    told = {
        name: (k().y_domain, k.dispersion_fixed, k.link_names[0]) for name, k in FAMILIES.items()
    }
    assert told == {
        "gaussian": (REAL, False, "identity"),
        "poisson": (NON_NEGATIVE, True, "log"),
        "binomial": (UNIT, True, "logit"),
        "gamma": (POSITIVE, False, "log"),
        "inverse_gaussian": (POSITIVE, False, "log"),
        "tweedie": (NON_NEGATIVE, False, "log"),
        "quasipoisson": (NON_NEGATIVE, False, "log"),
        "quasibinomial": (UNIT, False, "logit"),
        "negbinomial": (NON_NEGATIVE, True, "log"),
    }


@pytest.mark.parametrize(
    ("family", "text", "label"),
    [
        (Gamma(), "Gamma()", "Gamma"),
        (NegativeBinomial(0.5), "NegativeBinomial(theta=0.5)", "NegativeBinomial(theta=0.5000)"),
        (NegativeBinomial("auto"), "NegativeBinomial(theta='auto')", None),
        (Tweedie(1.6), "Tweedie(var_power=1.6)", "Tweedie(var_power=1.6000)"),
        (Tweedie("auto"), "Tweedie(var_power='auto')", None),
        (QuasiPoisson(), "QuasiPoisson()", "QuasiPoisson"),
    ],
)
def test_how_it_prints(family, text, label):
    assert repr(family) == text
    assert label is None or family.label() == label


def test_parameters_by_name():
    assert get_family("tweedie").var_power == 1.5
    assert get_family("tweedie", var_power=1.7).var_power == 1.7
    assert get_family("tweedie", var_power="auto").estimated
    assert get_family("nb").theta == 1.0
    assert get_family("nb", theta=np.float32(2)).theta == 2.0
    assert get_family("nb", theta="auto").estimated
    assert get_family("nb", defaults={"theta": "auto"}).estimated
    assert not get_family("nb", theta=2, defaults={"theta": "auto"}).estimated
    assert type(get_family("poisson", defaults={"theta": "auto"})) is Poisson


@pytest.mark.parametrize("power", [0.5, 1e-9, 0.999, np.nan, np.inf, "1.5", "Auto", None, [1.5]])
def test_wrong_powers(power):
    with pytest.raises(ValueError, match=r"var_power must be a number outside \(0, 1\).*'auto'"):
        Tweedie(power)


@pytest.mark.parametrize("theta", [0, -1.0, np.nan, np.inf, "2", "Auto", None, [1.0]])
def test_wrong_thetas(theta):
    with pytest.raises(ValueError, match="theta must be a positive number or 'auto'"):
        NegativeBinomial(theta)


@pytest.mark.parametrize(
    ("family", "options", "message"),
    [
        ("poisson", {"theta": 2}, "theta=2 is no parameter of family 'poisson': leave it out"),
        ("tweedie", {"theta": "auto"}, "theta='auto' is no parameter of family 'tweedie'"),
        ("nb", {"var_power": 1.5}, "var_power=1.5 is no parameter of family 'nb'"),
        ("nb", {"var_power": 1.5, "theta": 1}, "var_power=1.5 is no parameter"),
        (Tweedie(1.5), {"var_power": 1.6}, r"var_power=1.6 beside a family object.*Tweedie\("),
    ],
)
def test_parameters_of_other_families_are_refused(family, options, message):
    with pytest.raises(ValueError, match=message):
        get_family(family, **options)
    with pytest.raises(ValueError, match=message):
        rs.glm("y ~ 1", {"y": [1.0]}, family=family, **options)


@pytest.mark.parametrize(
    ("power", "domain"),
    [
        (-1, REAL),
        (0, REAL),
        (1, NON_NEGATIVE),
        (1.99, NON_NEGATIVE),
        (2, POSITIVE),
        (3.5, POSITIVE),
    ],
)
def test_domain_of_tweedie_powers(power, domain):
    assert Tweedie(power).y_domain == domain
