"""Links as people name them: spellings, defaults, which link serves which family."""

import pytest

from rustystats._kernels import families as kernels
from rustystats.families import FAMILIES, Binomial, Gamma, Gaussian, Poisson
from rustystats.links import LINKS, Identity, Log, Logit, get_link


@pytest.mark.parametrize("spelling", ["log", "Log", "LOG"])
def test_spellings(spelling):
    assert type(get_link(spelling, Poisson())) is Log


def test_names_lead_back_to_their_links():
    assert {"identity": Identity, "log": Log, "logit": Logit} == LINKS
    assert [kind().name() for kind in LINKS.values()] == list(LINKS)


@pytest.mark.parametrize("family", FAMILIES.values())
def test_none_is_the_default_of_the_family(family):
    link = get_link(None, family())
    assert link.name() == family.link_names[0]
    assert get_link(link, family()) is link


@pytest.mark.parametrize("family", FAMILIES.values())
@pytest.mark.parametrize("link", LINKS)
def test_a_link_serves_the_families_that_list_it(family, link):
    if link in family.link_names:
        assert get_link(link, family()).name() == link
        return
    message = f"Unknown link '{link}' for family {family().name()}: .*{family.link_names[0]}"
    with pytest.raises(ValueError, match=message):
        get_link(link, family())
    with pytest.raises(ValueError, match=message):
        get_link(LINKS[link](), family())


@pytest.mark.parametrize("wrong", ["probit", "", 1, Log, kernels.Link(), "log "])
def test_unknown_link_names_the_known_ones(wrong):
    with pytest.raises(ValueError, match=r"Unknown link .*identity, log, logit"):
        get_link(wrong, Gamma())


def test_logit_is_for_proportions_only():
    serves = [kind for kind in (Gaussian, Poisson, Binomial, Gamma) if "logit" in kind.link_names]
    assert serves == [Binomial]
