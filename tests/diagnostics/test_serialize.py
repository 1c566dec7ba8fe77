"""One schema for attributes, keys and JSON."""

import copy
import json
import pickle
from dataclasses import dataclass

import numpy as np
import pytest

from rustystats.diagnostics.serialize import Document, Section, plain


@dataclass(frozen=True, eq=False)
class Part(Section):
    x: float
    n: int


@dataclass(frozen=True, eq=False)
class Whole(Document):
    part: Part
    parts: list
    named: dict


@pytest.fixture
def whole():
    numbers = np.array([np.nan, 1.0, -np.inf], dtype=np.float32)
    named = {"b": np.int64(3), "a": numbers, 1: (np.float32("nan"), np.bool_(False))}
    return Whole(Part(np.float64(0.1), np.int32(2)), [Part(np.inf, 1), None], named)


def test_attributes_and_keys_are_one(whole):
    assert whole.part.x == whole["part"]["x"] == 0.1
    assert dict(whole.part) == {"x": 0.1, "n": 2}
    assert "n" in whole.part
    assert "keys" not in whole.part
    assert len(whole.part) == 2
    with pytest.raises(KeyError, match="keys"):
        whole.part["keys"]


def test_a_section_is_a_dictionary_that_is_read_only(whole):
    assert isinstance(whole.part, dict)
    assert json.loads(json.dumps(Part(0.5, 2))) == {"x": 0.5, "n": 2}
    with pytest.raises(TypeError, match="Part is read only"):
        whole.part["x"] = 2.0
    for again in (copy.deepcopy(whole), pickle.loads(pickle.dumps(whole))):
        assert again.to_json() == whole.to_json()
        assert again.part.n == again["part"]["n"] == 2


def test_json_is_valid_free_of_nan_and_keeps_its_order(whole):
    text = whole.to_json()
    assert text == (
        '{"schema_version":1,"part":{"x":0.1,"n":2},"parts":[{"x":null,"n":1},null],'
        '"named":{"b":3,"a":[null,1.0,null],"1":[null,false]}}'
    )
    assert json.loads(text) == whole.to_dict() == json.loads(whole.to_json(indent=2))


def test_whole_numbers_stay_whole():
    assert repr(plain([np.int64(3), np.uint8(2), np.float64(3)])) == "[3, 2, 3.0]"


def test_what_json_does_not_know_is_refused():
    with pytest.raises(TypeError, match="complex"):
        plain([1j])
