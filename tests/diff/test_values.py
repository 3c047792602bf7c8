"""Are the changes of two JSON values true, few, and found at any depth?"""

import copy
import json
from random import Random
from typing import Any

import pytest

from tests.diff.jsons import changed, edited_json, random_json
from webapp.diff.paths import PathError
from webapp.diff.values import Change, diff_json

pytestmark = pytest.mark.unit

Json = Any
NAN = float("nan")


def told(changes: list[Change]) -> list[tuple[str, str, Json, Json]]:
    return [(change.path, change.kind, change.old, change.new) for change in changes]


def same(a: Json, b: Json) -> bool:
    """Compare exactly: true is not 1."""
    return json.dumps(a, sort_keys=True).replace("1.0", "1") == json.dumps(b, sort_keys=True).replace("1.0", "1")


@pytest.mark.parametrize(
    ("a", "b", "changes"),
    [
        (1, 1, []),
        (1, 1.0, []),
        (1, True, [("$", "type", 1, True)]),
        (0, False, [("$", "type", 0, False)]),
        (None, 0, [("$", "type", None, 0)]),
        ("1", 1, [("$", "type", "1", 1)]),
        ([], {}, [("$", "type", [], {})]),
        ({}, None, [("$", "type", {}, None)]),
        (2**63, 2**63 + 1, [("$", "changed", 2**63, 2**63 + 1)]),
        (2**63 - 1, float(2**63), [("$", "changed", 2**63 - 1, float(2**63))]),
        (10**400, 1.5, [("$", "changed", 10**400, 1.5)]),
        (float("inf"), float("inf"), []),
        (
            {"a": 1, "b": 2},
            {"b": 3, "c": 4},
            [("$.a", "removed", 1, None), ("$.b", "changed", 2, 3), ("$.c", "added", None, 4)],
        ),
        ({"a": None}, {}, [("$.a", "removed", None, None)]),
        ([1, 2, 3], [1, 5, 2, 3], [("$[1]", "added", None, 5)]),
        ([1, 2, 3], [1, 3], [("$[1]", "removed", 2, None)]),
        ([1, 2, 3], [1, 9, 3], [("$[1]", "changed", 2, 9)]),
        ([True, 2], [1, 2], [("$[0]", "type", True, 1)]),
        (
            {"odd key": {"x-y": [{"ü": 1}]}},
            {"odd key": {"x-y": [{"ü": 2}]}},
            [('$["odd key"].x-y[0].ü', "changed", 1, 2)],
        ),
    ],
)
def test_changes_are_told(a: Json, b: Json, changes: list[tuple[str, str, Json, Json]]) -> None:
    assert told(diff_json(a, b)) == changes


def test_not_a_number_equals_itself_alone() -> None:
    assert diff_json({"a": NAN, "b": [NAN, 1]}, {"a": NAN, "b": [NAN, 1]}) == []
    assert [change.kind for change in diff_json([NAN], [1.0])] == ["changed"]


def test_elements_are_told_apart_by_their_identity() -> None:
    a = {"interfaces": [{"name": "eth0", "mtu": 1500}, {"name": "eth 1", "mtu": 1500}, {"name": "7", "mtu": 9}]}
    b = {"interfaces": [{"name": "new", "mtu": 1}, {"name": "eth0", "mtu": 9000}, {"name": "7", "mtu": 8}]}
    assert told(diff_json(a, b)) == [
        ("$.interfaces[name=eth0].mtu", "changed", 1500, 9000),
        ('$.interfaces[name="eth 1"]', "removed", a["interfaces"][1], None),
        ('$.interfaces[name="7"].mtu', "changed", 9, 8),
        ("$.interfaces[name=new]", "added", None, b["interfaces"][0]),
    ]


def test_changed_order_of_told_apart_elements_is_one_change() -> None:
    a, b = [{"id": n} for n in (1, 2, 3, 4)], [{"id": n} for n in (4, 3, 1)]
    assert told(diff_json(a, b)) == [("$", "order", [1, 3, 4], [4, 3, 1]), ("$[id=2]", "removed", {"id": 2}, None)]


@pytest.mark.parametrize(
    "elements",
    [
        [{"name": "a"}, {"name": "a"}],  # not unique
        [{"name": "a"}, {"other": 1}],  # not everywhere
        [{"name": True}, {"name": None}],  # no text, no integer
        [{"name": "a"}, 1],  # not all objects
    ],
)
def test_lists_without_identity_are_compared_like_lines(elements: list[Json]) -> None:
    assert told(diff_json(elements, ["first", *elements])) == [("$[0]", "added", None, "first")]


def test_identity_can_be_chosen() -> None:
    a = [{"name": "x", "serial": "s1", "v": 1}, {"name": "y", "serial": "s2", "v": 1}]
    b = [{"name": "y", "serial": "s1", "v": 1}, {"name": "x", "serial": "s2", "v": 2}]
    changes = diff_json(a, b, identity=("serial",))
    assert [change.path for change in changes] == ["$[serial=s1].name", "$[serial=s2].name", "$[serial=s2].v"]
    assert [change.path for change in diff_json(a, b, identity=())] == [
        "$[0].name",
        "$[1].name",
        "$[1].v",
    ]


def test_identity_without_anything_in_common_is_not_used() -> None:
    a, b = [{"name": "x", "v": 1}], [{"name": "y", "v": 1}]
    assert told(diff_json(a, b)) == [("$[0].name", "changed", "x", "y")]
    assert told(diff_json(a, [])) == [("$[name=x]", "removed", a[0], None)]
    assert told(diff_json([], b)) == [("$[name=y]", "added", None, b[0])]


def test_changed_elements_pair_with_those_that_look_alike() -> None:
    a = [{"kind": "cpu", "v": 1}, {"kind": "cpu", "v": 1}, {"kind": "mem", "v": 5}]
    b = [{"kind": "mem", "v": 6}, {"kind": "cpu", "v": 1}]
    kinds = [(change.kind, change.path) for change in diff_json(a, b)]
    assert ("removed", "$[2]") in kinds or ("changed", "$[2].v") in kinds
    c = [{"kind": "disk", "v": 1}, {"kind": "cpu", "v": 9}, {"kind": "mem", "v": 6}]
    assert [(x.kind, x.path) for x in diff_json(a[1:], c)] == [
        ("added", "$[0]"),
        ("changed", "$[0].v"),
        ("changed", "$[1].v"),
    ]


def test_numbers_within_the_tolerance_are_equal() -> None:
    a, b = {"t": 20.0, "n": [1, 2, 3], "s": "1"}, {"t": 20.4, "n": [1, 2.5, 3], "s": "1.1"}
    assert [change.path for change in diff_json(a, b, tolerance=0.5)] == ["$.s"]
    assert [change.path for change in diff_json(a, b, tolerance=0.4)] == ["$.n[1]", "$.s"]
    assert diff_json([10**400, NAN], [10**400 + 1, NAN], tolerance=1) == []
    assert len(diff_json([10**400, NAN], [1.5, 2.5], tolerance=1)) == 2
    for bad in (-1.0, NAN):
        with pytest.raises(ValueError, match="tolerance must be a number from 0 up"):
            diff_json(1, 2, tolerance=bad)


def test_ignored_places_are_left_out() -> None:
    a = {"up": 1, "items": [{"name": "x", "up": 1, "v": 1}, {"name": "y", "up": 1}], "gone": 1}
    b = {"up": 2, "items": [{"name": "x", "up": 2, "v": 2}, {"name": "y", "up": 9}, {"name": "z"}], "come": 1}
    paths = [change.path for change in diff_json(a, b, ignore=["$..up", "$.gone", "$.come", "$.items[name=z]"])]
    assert paths == ["$.items[name=x].v"]
    assert [change.path for change in diff_json(a, b, ignore=["$.*"])] == []
    with pytest.raises(PathError):
        diff_json(a, b, ignore=["up"])


def test_ignored_parts_do_not_hide_which_elements_belong_together() -> None:
    a = [{"v": n, "seen": n, "deep": [{"seen": n}]} for n in range(20)]
    b = [{"v": n, "seen": -n, "deep": [{"seen": n + 7}]} for n in range(20)]
    b.insert(3, {"v": "new", "seen": 0, "deep": []})
    assert [(x.kind, x.path) for x in diff_json(a, b, ignore=["$..seen"])] == [("added", "$[3]")]
    assert diff_json([[1, 2]], [[1, 3]], ignore=["$[0][1]"]) == []
    assert diff_json([[1], [2], [3]], [[0], [2], [4]], ignore=["$[0]", "$[2]"]) == []


@pytest.mark.parametrize("seed", range(8))
def test_fuzz_applying_the_changes_leads_to_the_other_value(seed: int) -> None:
    random = Random(seed)
    for _ in range(250):
        a = random_json(random, 5)
        b = edited_json(random, a) if random.random() < 0.9 else random_json(random, 5)
        before = copy.deepcopy((a, b))
        changes = diff_json(a, b)
        assert same(changed(a, changes), b)
        assert (changes == []) == same(a, b)
        assert same((a, b), before)


def nested(depth: int, leaf: Json, wrap: str) -> Json:
    value = leaf
    for _ in range(depth):
        value = {"list": [value], "object": {"a": value}, "pair": [0, value], "named": [{"name": "n", "v": value}]}[
            wrap
        ]
    return value


@pytest.mark.parametrize("wrap", ["list", "object", "pair", "named"])
def test_depth_has_no_limit(wrap: str) -> None:
    depth = 200_000 if wrap in ("list", "object") else 20_000
    (change,) = diff_json(nested(depth, 1, wrap), nested(depth, 2, wrap))
    assert (change.kind, change.old, change.new) == ("changed", 1, 2)
    assert change.path.startswith("$")
    assert change.path.count("[" if wrap != "object" else ".") == depth
    assert diff_json(nested(depth, 1, wrap), nested(depth, 1, wrap)) == []


def test_deep_lists_are_compared_without_reading_them_again_at_every_level() -> None:
    a, b = (nested(3000, [leaf, "x"], "pair") for leaf in (1, 2))
    assert [change.path[-8:] for change in diff_json(a, b)] == ["[1][1][0]"[-8:]]
    many = [nested(20, n, "pair") for n in range(30)]
    other = [*many[:10], nested(20, "new", "pair"), *many[10:]]
    assert [(x.kind, x.path) for x in diff_json(many, other)] == [("added", "$[10]")]


def test_members_in_another_order_are_the_same() -> None:
    a = [{"x": 1, "y": [1, 2]}, {"x": 2, "y": []}]
    b = [{"q": 1}, {"y": [1, 2], "x": 1}, {"y": [], "x": 2}]
    assert [(x.kind, x.path) for x in diff_json(a, b)] == [("added", "$[0]")]
