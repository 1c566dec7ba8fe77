"""Factors that a file does not know."""

from types import SimpleNamespace

import pytest

from rustystats.serialization.factors import from_factor, to_factor


def test_a_factor_of_ones_own_is_refused_with_its_label():
    with pytest.raises(ValueError, match="is a SimpleNamespace, which a model file has no"):
        from_factor(SimpleNamespace(label="mine(x)"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"kind": "mine"}, "unknown kind of factor 'mine'"),
        ({"kind": "spline", "function": "cubic", "extrapolation": "linear"}, "no bs or ns"),
    ],
)
def test_what_no_release_wrote_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        to_factor(given)
