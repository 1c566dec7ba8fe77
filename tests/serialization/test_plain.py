"""Numbers and values through JSON and back, to the bit."""

import datetime
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rustystats.serialization.plain import (
    from_array,
    from_number,
    from_value,
    to_array,
    to_number,
    to_text,
    to_texts,
    to_value,
    to_whole,
)


def through_json(value):
    return json.loads(json.dumps(value, allow_nan=False))


@given(st.floats())
def test_every_float_comes_back(value):
    back = to_number(through_json(from_number(value)))
    assert np.float64(back).tobytes() == np.float64(value).tobytes() or math.isnan(value)
    assert math.isnan(back) == math.isnan(value)


@given(st.lists(st.floats(allow_nan=False) | st.just(math.nan)))
def test_every_array_comes_back(values):
    back = to_array(through_json(from_array(np.array(values))), len(values))
    np.testing.assert_array_equal(back, values)
    np.testing.assert_array_equal(np.signbit(back), np.signbit(np.array(values)))


texts = st.text('nai-0."\\\n\0\u00e9\u2028\U0001f600')
plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts


@given(st.recursive(plain, lambda inner: st.lists(inner).map(tuple), max_leaves=10))
def test_every_argument_comes_back_with_its_type(value):
    back = to_value(through_json(from_value(value, "x")))
    assert back == value
    assert type(back) is type(value)


def test_numbers_of_numpy_become_those_of_python():
    given = (np.int64(3), np.float64(0.5), np.bool_(True), np.str_("a"))
    back = to_value(through_json(from_value(given, "x")))
    assert back == (3, 0.5, True, "a")
    assert [type(value) for value in back] == [int, float, bool, str]


@pytest.mark.parametrize(
    "value", [datetime.date(2026, 1, 1), datetime.timedelta(1), b"a", {1}, 1j, object(), {"a": 1}]
)
def test_what_json_has_no_place_for_is_refused_with_what_it_is_of(value):
    with pytest.raises(ValueError, match=f"levels= of C.x. is a {type(value).__name__}"):
        from_value([1, value], "levels= of C(x)")


@pytest.mark.parametrize(
    ("read", "given"),
    [
        (to_number, True),
        (to_number, [1.0]),
        (to_number, "1.5"),
        (to_array, 3.0),
        (to_array, [1.0, "x"]),
        (to_text, 3),
        (to_texts, ["a", None]),
        (to_texts, "ab"),
        (to_whole, -1),
        (to_whole, 1.0),
        (to_whole, True),
    ],
)
def test_what_is_something_else_is_refused(read, given):
    with pytest.raises((ValueError, KeyError)):
        read(given)


def test_lengths_and_limits_are_checked():
    with pytest.raises(ValueError, match="2 numbers where there must be 3"):
        to_array([1.0, 2.0], 3)
    with pytest.raises(ValueError, match="3 is not below 3"):
        to_whole(3, 3)
