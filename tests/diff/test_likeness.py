"""Do JSON values that differ only in what is ignored have the same key, and all others different ones?"""

import json
from typing import Any

import pytest

from webapp.diff.likeness import likeness, text_key, texts_in
from webapp.diff.paths import Ignore
from webapp.diff.rules import Rule, check_rules

pytestmark = pytest.mark.unit


def key_of(value: Any, *ignored: str) -> bytes:
    return likeness(value, Ignore(ignored), lambda text: text_key(text, level="volatile"))


SAME = [
    ({"a": 1, "b": [None, True]}, {"b": [None, True], "a": 1.0}),
    ({"log": "took 5 ms\nok"}, {"log": "took 17 ms\nok"}),
    (2**64, 2**64),
]
OTHER = [
    ({"a": 1}, {"a": True}),
    ({"a": 1}, {"a": "1"}),
    ({"a": 1}, {"b": 1}),
    ({"a": [1, 2]}, {"a": [2, 1]}),
    ({"a": {}}, {"a": []}),
    ([[1], 2], [[1, 2]]),
    ({"a": None}, {}),
    ({"a": ["b"]}, {"a": "b"}),
    (["a", "b"], ["ab"]),
    (2**64, 2**64 + 1),
    (0.5, 0.25),
    ("vlan 5", "vlan 6"),
    ("a\n", "a"),
]


@pytest.mark.parametrize(("a", "b"), SAME)
def test_same_values_have_one_key(a: Any, b: Any) -> None:
    assert key_of(a) == key_of(b)


@pytest.mark.parametrize(("a", "b"), OTHER)
def test_other_values_have_other_keys(a: Any, b: Any) -> None:
    assert key_of(a) != key_of(b)


def test_places_are_ignored_by_key_index_and_name() -> None:
    a = {"up": 5, "ports": [{"name": "e0", "rx": 1}, {"name": "e1", "rx": 2}], "sum": [1, 2]}
    b = {"ports": [{"name": "e0", "rx": 3}, {"name": "e1", "rx": 2}], "sum": [9, 2]}
    paths = ("$.up", "$.ports[name=e0].rx", "$.sum[0]")
    assert key_of(a, *paths) == key_of(b, *paths)
    for left_out in range(3):
        fewer = [path for place, path in enumerate(paths) if place != left_out]
        assert key_of(a, *fewer) != key_of(b, *fewer)
    assert key_of(a, "$..rx", "$.up", "$.sum") == key_of(b, "$..rx", "$.up", "$.sum")
    assert key_of(a, "$.ports[*]", "$.up", "$.sum") == key_of(b, "$.ports[*]", "$.up", "$.sum")


def test_texts_are_found_but_for_ignored_ones() -> None:
    value = {"a": "one", "b": ["two", {"c": "three", "key": 5}], "up": {"x": "four"}}
    assert texts_in(value, Ignore(["$.up"])) == {"one", "two", "three"}


def test_any_depth() -> None:
    deep = json.loads("[" * 500 + "1" + "]" * 500)
    for _ in range(20_000):
        deep = [deep]
    assert key_of(deep) == key_of(deep)
    assert key_of(deep) != key_of([deep])


def test_keys_of_texts_follow_rules_and_levels() -> None:
    mask, drop = check_rules([Rule(pattern=r"serial \w+"), Rule(pattern="^DEBUG", whole_line=True)])
    a, b = "serial AX1\nDEBUG 1\nend", "serial BY2\nend"
    assert text_key(a, level="volatile", rules=[mask, drop]) == text_key(b, level="volatile", rules=[mask, drop])
    assert text_key(a, level="volatile", rules=[mask]) != text_key(b, level="volatile", rules=[mask])
    assert text_key(a, level="exact", rules=[mask, drop]) != text_key(b, level="exact", rules=[mask, drop])
    assert text_key("mtu 5", level="numbers") == text_key("mtu 1500", level="numbers")
