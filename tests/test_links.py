"""Links as people name them: spellings, defaults, which link serves which family."""

import copy
import pickle
import re

import numpy as np
import pytest
from sklearn.base import clone

from rustystats._kernels import links as kernels
from rustystats.families import FAMILIES, Binomial, Gamma, Poisson
from rustystats.links import (
    LINKS,
    CLogLog,
    Identity,
    Inverse,
    InverseSquared,
    Log,
    Logit,
    Power,
    Probit,
    Sqrt,
    get_link,
)


@pytest.mark.parametrize(
    ("spelling", "kind"),
    [
        ("log", Log),
        ("LOG", Log),
        ("Identity", Identity),
        ("inverse", Inverse),
        ("inverse_squared", InverseSquared),
        ("Inverse-Squared", InverseSquared),
        ("sqrt", Sqrt),
    ],
)
def test_spellings(spelling, kind):
    assert type(get_link(spelling, Gamma())) is kind


@pytest.mark.parametrize(("spelling", "kind"), [("logit", Logit), ("Probit", Probit)])
def test_spellings_for_proportions(spelling, kind):
    assert type(get_link(spelling, Binomial())) is kind
    assert type(get_link("cloglog", Binomial())) is CLogLog


@pytest.mark.parametrize(
    ("spelling", "exponent"),
    [("power(0.5)", 0.5), ("Power(-1)", -1.0), ("power(.25)", 0.25), ("power(3)", 3.0)],
)
def test_powers_by_name(spelling, exponent):
    link = get_link(spelling, Gamma())
    assert type(link) is Power
    assert link.exponent == exponent
    assert get_link(link.name(), Gamma()).exponent == exponent


@pytest.mark.parametrize("wrong", [0, 0.0, np.nan, np.inf, -np.inf, None])
def test_wrong_exponents(wrong):
    with pytest.raises(ValueError, match=r"other than 0.*use the log link"):
        Power(wrong)
    with pytest.raises(ValueError, match=r"other than 0.*use the log link"):
        get_link("power(0)", Gamma())


def test_names_lead_back_to_their_links():
    assert [kind().name() for kind in LINKS.values()] == list(LINKS)
    assert list(LINKS) == [
        "identity", "log", "logit", "probit", "cloglog", "inverse", "inverse_squared", "sqrt",
    ]  # fmt: skip


def test_none_is_the_default_of_the_family(family_name):
    family = FAMILIES[family_name]()
    link = get_link(None, family)
    assert link.name() == family.link_names[0]
    assert get_link(link, family) is link


def test_a_link_serves_the_families_that_list_it(family_name, link):
    family = FAMILIES[family_name]()
    if link.name().partition("(")[0] in family.link_names:
        assert get_link(link, family) is link
        assert get_link(link.name(), family).name() == link.name()
        return
    for asked in (link, link.name()):
        message = f"Unknown link {link.name()!r} for family {family_name}: use one of "
        with pytest.raises(ValueError, match=re.escape(message + ", ".join(family.link_names))):
            get_link(asked, family)


@pytest.mark.parametrize("wrong", ["tobit", "", 1, Log, kernels.Link(), "log ", "power", "power()"])
def test_unknown_link_names_the_known_ones(wrong):
    with pytest.raises(ValueError, match=r"Unknown link .*identity, log, logit.*power\(exponent\)"):
        get_link(wrong, Poisson())


@pytest.mark.parametrize(
    "duplicate",
    [
        copy.copy,
        copy.deepcopy,
        lambda link: pickle.loads(pickle.dumps(link)),
        lambda link: clone(link, safe=False),
    ],
    ids=["copy", "deepcopy", "pickle", "clone"],
)
def test_links_can_be_copied(link, duplicate):
    twin = duplicate(link)
    assert twin is not link
    assert repr(twin) == repr(link)
    eta = np.array([0.3, 1.2])
    np.testing.assert_array_equal(twin.inverse(eta), link.inverse(eta))
