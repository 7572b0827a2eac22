from __future__ import annotations

import copy
import pickle
from collections import namedtuple

import pytest

from prefect.utilities.collections import (
    CompoundKey,
    DotDict,
    as_nested_dict,
    dict_to_flatdict,
    flatdict_to_dict,
    flatten_seq,
    merge_dicts,
)


def test_a_dotdict_is_read_by_attribute_and_item():
    values = DotDict({"a": 1, "b": {"c": 2}}, z=3)
    assert (values.a, values["a"], values.z, values.b) == (1, 1, 3, {"c": 2})
    assert values == {"a": 1, "b": {"c": 2}, "z": 3}
    assert repr(values) == "<DotDict: 'a', 'b', 'z'>"
    values.q = 5
    del values.a
    assert list(values) == ["b", "z", "q"]
    with pytest.raises(AttributeError, match="'DotDict' object has no attribute 'a'"):
        values.a  # noqa: B018 - the look-up is what is tested
    with pytest.raises(KeyError):
        values["a"]
    with pytest.raises(AttributeError):
        del values.a


def test_a_key_named_like_a_method_does_no_harm():
    values = DotDict({"items": 1, "keys": 2})
    assert values["items"] == 1
    assert dict(values) == {"items": 1, "keys": 2}


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda values: pickle.loads(pickle.dumps(values)), DotDict.copy]
)
def test_a_dotdict_can_be_copied(duplicate):
    values = DotDict(a=1)
    copied = duplicate(values)
    copied.a = 2
    assert type(copied) is DotDict
    assert values.a == 1


def test_a_dotdict_becomes_plain_all_the_way_down():
    assert DotDict({"a": DotDict(x=1), "l": [DotDict(y=1), {"z": 1}]}).to_dict() == {
        "a": {"x": 1},
        "l": [{"y": 1}, {"z": 1}],
    }


def test_dictionaries_merge_in_depth():
    below = {"a": {"b": 1, "c": [1]}, "x": 1}
    assert merge_dicts(below, {"a": {"b": 2, "d": 3}, "y": 2}) == {"a": {"b": 2, "c": [1], "d": 3}, "x": 1, "y": 2}
    assert below == {"a": {"b": 1, "c": [1]}, "x": 1}
    assert type(merge_dicts(DotDict(a=1), {"b": 1})) is DotDict


def test_sequences_are_flattened_but_not_texts():
    nested = [1, [2, (3, {4})], "abc", b"ab", range(2), {"k": 1}, (x for x in [7])]
    assert list(flatten_seq(nested)) == [1, 2, 3, 4, "abc", b"ab", 0, 1, "k", 7]
    with pytest.raises(TypeError):
        list(flatten_seq(5))


def test_dictionaries_are_converted_inside_sequences():
    converted = as_nested_dict({"a": [{"b": 1}], "t": ({"c": 1},), "s": {1}})
    assert converted.a[0].b == 1
    assert converted.t[0].c == 1
    assert as_nested_dict(5) == 5
    assert type(as_nested_dict(DotDict(a={}), dict)) is dict
    point = namedtuple("point", "x y")
    assert as_nested_dict(point({"a": 1}, 2)).x.a == 1


def test_a_flat_dictionary_is_nested_again():
    nested = {"a": {"b": 1, "c": {"d": 2}}, "f": 3}
    flat = dict_to_flatdict(nested)
    assert flat == {("a", "b"): 1, ("a", "c", "d"): 2, ("f",): 3}
    assert all(type(key) is CompoundKey for key in flat)
    assert flatdict_to_dict(flat) == nested
    assert flatdict_to_dict(flat, dct_class=DotDict).a.c.d == 2
    assert flatdict_to_dict({("a", "b"): 1}) == {("a", "b"): 1}
    longer = CompoundKey("a") + ("b",)  # noqa: RUF005 - the operator is what is tested
    assert type(longer) is CompoundKey
    assert longer == CompoundKey(("a", "b"))
