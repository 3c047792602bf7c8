"""Are the devices of a run grouped by their results, the odd ones first, with parts ignored where that is possible?"""

from collections.abc import Sequence
from typing import Any

import pytest
from flask import Flask

from tests.factories.runs import NOW, Device, record_run
from tests.queries import counted_queries
from webapp.compare import variants
from webapp.compare.runs import Side
from webapp.compare.variants import Variants, find_variants
from webapp.diff.noise import Level
from webapp.domain.compare_options import read_compare_options
from webapp.query.expressions import EVERYTHING
from webapp.query.fields import View
from webapp.query.parser import parse
from webapp.store.db import reading
from webapp.store.runs import Run, get_run

pytestmark = pytest.mark.integration


@pytest.fixture
def run(any_app: Flask) -> Run:
    """Record a run in which one device has another version, and all tell of their own names, uptimes and serials."""
    facts: list[tuple[str, str]] = [("a", "17.3"), ("b", "17.3"), ("c", "17.9"), ("d", "17.3")]
    devices = [
        Device(
            name=name,
            status="failed" if name == "d" else "ok",
            result={"text": f"{name.upper()} uptime is {place} days\nserial AX{place}b{name}c", "version": version},
        )
        for place, (name, version) in enumerate(facts)
    ]
    uid = record_run(any_app, devices=[*devices, "none"])
    with reading() as session:
        return get_run(session, uid)


def find(run: Run, level: Level = "volatile", rules: Sequence[Any] = (), where: str = "") -> Variants:
    tree = parse(where, view=View.RESULTS, now=NOW) if where else EVERYTHING
    options = read_compare_options({"compare": {"rules": list(rules)}})
    assert options.faults == ()
    with reading() as session:
        return find_variants(session, Side(run=run), where=tree, level=level, options=options)


def told(found: Variants) -> list[tuple[int, int, tuple[str, ...]]]:
    return [(each.count, each.failed, each.names) for each in found.items]


SERIAL = {"kind": "mask", "pattern": r"serial \w+"}
LINE = {"kind": "line", "pattern": "^serial"}
PATH = {"kind": "path", "pattern": "$.text"}


def test_exact_results(run: Run) -> None:
    found = find(run, "exact", [SERIAL])
    assert told(found) == [(1, 0, ("a",)), (1, 0, ("b",)), (1, 0, ("c",)), (1, 1, ("d",))]
    assert (found.without, found.usual, found.level) == (1, None, "exact")


@pytest.mark.parametrize("rule", [SERIAL, LINE, PATH])
def test_the_odd_one_stands_out_when_rules_ignore_the_rest(run: Run, rule: dict[str, str]) -> None:
    found = find(run, rules=[rule])
    assert told(found) == [(1, 0, ("c",)), (3, 1, ("a", "b", "d"))]
    assert found.usual == found.items[1]
    assert found.level == "volatile"
    assert found.items[1].code == str(min(found.items[1].results))
    assert len(found.items[1].results) == 3


def test_names_and_uptimes_are_ignored_without_rules(run: Run) -> None:
    assert len(find(run).items) == 4
    numbers = find(run, "numbers", [{"kind": "path", "pattern": "$.version"}, SERIAL])
    assert told(numbers) == [(4, 1, ("a", "b", "c", "d"))]


def test_only_the_selected_devices(run: Run) -> None:
    assert told(find(run, rules=[SERIAL], where="-device:a,b")) == [(1, 0, ("c",)), (1, 1, ("d",))]


def test_equal_results_are_one_without_being_read(any_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    uid = record_run(any_app, devices=[Device(name=f"d{n}", result={"v": n // 6}) for n in range(8)])
    with reading() as session:
        run = get_run(session, uid)
    monkeypatch.setattr(variants, "MOST_READ", 0)
    with counted_queries() as queries:
        found = find(run, "exact")
    assert queries.count == 1
    assert told(found) == [(2, 0, ("d6", "d7")), (6, 0, ("d0", "d1", "d2", "d3", "d4"))]


def test_too_many_or_too_large_results_are_taken_as_they_are(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variants, "MOST_BYTES", 10)
    found = find(run)
    assert (found.level, len(found.items)) == ("exact", 4)
    assert "bytes can be ignored" in found.refusal
    monkeypatch.setattr(variants, "MOST_READ", 3)
    assert find(run).refusal == "there are 4 different results; parts of up to 3 can be ignored"


def test_equal_questions_are_answered_from_memory(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    first = find(run, rules=[SERIAL])
    with counted_queries() as queries:
        assert find(run, rules=[SERIAL]) == first
    assert queries.count == 1
    assert find(run, rules=[LINE, PATH]) == first
    monkeypatch.setattr(variants, "REMEMBERED", 1)
    find(run, rules=[{"kind": "path", "pattern": f"$.{run.uid}"}])
    with counted_queries() as queries:
        assert find(run, rules=[SERIAL]) == first
    assert queries.count == 2


def test_rules_that_take_too_long_are_given_up(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variants, "BUDGET_S", 0.001)
    found = find(run, rules=[{"kind": "mask", "pattern": "another one"}])
    assert (found.level, len(found.items)) == ("exact", 4)
    assert found.refusal == "the rules of the service took longer than 0.001 s"
    assert find(run).level == "volatile"


def test_a_run_without_results(any_app: Flask) -> None:
    uid = record_run(any_app, devices=["a"])
    with reading() as session:
        run = get_run(session, uid)
    found = find(run)
    assert (found.items, found.without, found.usual) == ([], 1, None)
