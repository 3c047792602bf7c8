"""Is a result that differs only in what its service ignores told apart, with every kind of rule and within limits?"""

import time
from typing import Any

import pytest
from flask import Flask

from tests.factories.runs import Device, record_run
from webapp.compare import ignored
from webapp.compare.ignored import Rules, find_ignored
from webapp.compare.masking import Task, compare
from webapp.compare.runs import Side, compare_devices, list_same
from webapp.domain.changes import ChangeClass
from webapp.domain.compare_options import check_compare_options
from webapp.store.db import reading
from webapp.store.runs import get_run

pytestmark = pytest.mark.integration

VERSION = "Version 17.3\nrouter uptime is {} days\nconfigured by {}\n"


@pytest.fixture(autouse=True)
def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test profit from what another one found out."""
    monkeypatch.setattr(ignored, "_memory", ignored._Memory(100))


def rules_of(*rules: dict[str, Any], budget_s: float = 20.0) -> Rules:
    return Rules(options=check_compare_options({"compare": {"rules": list(rules)}}), budget_s=budget_s)


def kinds(app: Flask, rules: Rules, *pairs: tuple[object, object]) -> list[str]:
    """Return the class of a device for each pair of results."""
    runs = [
        record_run(app, devices=[Device(name=f"d{n}", result=pair[side]) for n, pair in enumerate(pairs)])
        for side in (0, 1)
    ]
    with reading() as session:
        a, b = (Side(run=get_run(session, uid)) for uid in runs)
        found = compare_devices(session, a, b, rules=rules)
        assert found.total == len(pairs)
        return [
            each.kind.value for each in sorted([*found.changes, *list_same(session, found)], key=lambda each: each.key)
        ]


PATH = {"kind": "path", "pattern": "$..uptime"}
MASK = {"kind": "mask", "pattern": r"uptime is \d+ days"}
LINE = {"kind": "line", "pattern": "^configured by"}
TOLERANCE = {"kind": "tolerance", "tolerance": 0.5}


@pytest.mark.parametrize(
    ("rules", "a", "b", "kind"),
    [
        ([PATH], {"facts": {"uptime": 1, "os": "x"}}, {"facts": {"uptime": 2, "os": "x"}}, "ignored_only"),
        ([PATH], {"facts": {"uptime": 1, "os": "x"}}, {"facts": {"uptime": 2, "os": "y"}}, "changed"),
        ([PATH], {"uptime": 1}, {}, "ignored_only"),
        ([TOLERANCE], {"load": 1.0}, {"load": 1.4}, "ignored_only"),
        ([TOLERANCE], {"load": 1.0}, {"load": 1.6}, "changed"),
        ([TOLERANCE], {"load": 1.0}, {"load": "1.2"}, "changed"),
        ([MASK], {"show": VERSION.format(1, "ann")}, {"show": VERSION.format(22, "ann")}, "ignored_only"),
        ([MASK], {"show": VERSION.format(1, "ann")}, {"show": VERSION.format(1, "bob")}, "changed"),
        ([MASK, LINE], {"show": VERSION.format(1, "ann")}, {"show": VERSION.format(2, "bob")}, "ignored_only"),
        ([LINE], "a\nconfigured by x\n", "a\n", "ignored_only"),
        ([MASK, PATH], {"show": VERSION.format(1, "x"), "uptime": 1}, {"show": VERSION.format(2, "x")}, "ignored_only"),
        ([MASK], {"show": VERSION.format(1, "x"), "n": 1}, {"show": VERSION.format(2, "x"), "n": 2}, "changed"),
        ([MASK], {"n": 2**70}, {"n": 2**70 + 1}, "changed"),
        ([], {"uptime": 1}, {"uptime": 2}, "changed"),
    ],
)
def test_each_kind_of_rule(app: Flask, rules: list[dict[str, Any]], a: object, b: object, kind: str) -> None:
    assert kinds(app, rules_of(*rules), (a, b), (1, 1)) == [kind, "same"]


def test_other_status_is_a_change_whatever_is_ignored(app: Flask) -> None:
    first = record_run(app, devices=[Device(name="a", status="ok", result={"uptime": 1})])
    second = record_run(app, devices=[Device(name="a", status="changed", result={"uptime": 2})])
    with reading() as session:
        a, b = (Side(run=get_run(session, uid)) for uid in (first, second))
        found = compare_devices(session, a, b, rules=rules_of(PATH))
    assert found.counts[ChangeClass.CHANGED] == 1


def test_what_was_found_out_is_remembered(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = rules_of(PATH)
    pair = ({"uptime": 1}, {"uptime": 2})
    assert kinds(app, rules, pair) == ["ignored_only"]
    monkeypatch.setattr(ignored, "MAX_SIZE", 0)  # nothing can be read any more
    assert kinds(app, rules, pair) == ["ignored_only"]
    assert kinds(app, rules_of(PATH, TOLERANCE), pair) == ["changed"]


def test_memory_is_limited() -> None:
    memory = ignored._Memory(2)
    memory.keep({b"a": True, b"b": False, b"c": True})
    assert [memory.find(key) for key in (b"a", b"b", b"c")] == [None, False, True]


@pytest.mark.parametrize(("limit", "value"), [("MAX_SIZE", 5), ("BUDGET_S", 0.0)])
def test_result_that_cannot_be_looked_at_counts_as_changed(
    app: Flask, monkeypatch: pytest.MonkeyPatch, limit: str, value: float
) -> None:
    monkeypatch.setattr(ignored, limit, value)
    rules = rules_of(PATH, budget_s=ignored.BUDGET_S)
    runs = [record_run(app, devices=[Device(name="a", result={"uptime": n})]) for n in (1, 2)]
    with reading() as session:
        a, b = (Side(run=get_run(session, uid)) for uid in runs)
        found = compare_devices(session, a, b, rules=rules)
    assert found.is_partial
    assert found.counts[ChangeClass.CHANGED] == 1


def test_expression_that_takes_for_ever_is_ended(app: Flask) -> None:
    slow = {"kind": "mask", "pattern": "a*a*a*a*a*b"}
    text = "a" * 5_000
    pairs = (({"t": "x uptime"}, {"t": "x uptime "}), ({"t": text}, {"t": text + "c"}))
    runs = [
        record_run(app, devices=[Device(name=f"d{n}", result=pair[side]) for n, pair in enumerate(pairs)])
        for side in (0, 1)
    ]
    began = time.monotonic()
    with reading() as session:
        a, b = (Side(run=get_run(session, uid)) for uid in runs)
        found = compare_devices(session, a, b, rules=rules_of(slow, budget_s=0.5))
    assert time.monotonic() - began < 20
    assert found.is_partial
    assert found.counts[ChangeClass.CHANGED] == 2


def test_nothing_is_read_without_rules_or_pairs(app: Flask) -> None:
    with reading() as session:
        assert find_ignored(session, [(1, 2)], Rules()).pairs == frozenset()
        assert not find_ignored(session, [], rules_of(PATH)).is_partial


def test_known_pairs_are_not_read_again(app: Flask) -> None:
    rules = Rules(options=rules_of(PATH).options, known={(1, 2): True, (3, 4): False})
    with reading() as session:
        found = find_ignored(session, [(1, 2), (3, 4)], rules)
    assert (found.pairs, found.is_partial) == (frozenset({(1, 2)}), False)


@pytest.mark.unit
def test_masking_keeps_the_end_of_an_enormous_line() -> None:
    long = "x" * 20_000
    task = Task(rules=[("x+", False)], texts=[[(long + "1", long + "2")], [("xx", "xxx")], []])
    assert list(compare(task)) == [False, True, True]
