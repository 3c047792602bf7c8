"""Does each device and case get its class, by its own last conclusive result, and is it told since when it fails?"""

from collections.abc import Mapping

import pytest
from flask import Flask

from tests.factories.runs import CaseReport, Device, record_run
from webapp.compare.runs import (
    Comparison,
    ShownChange,
    Side,
    compare_cases,
    compare_devices,
    find_slower,
    list_same,
    show_changes,
)
from webapp.domain.changes import ChangeClass
from webapp.store.comparison import find_device_id
from webapp.store.db import Session, reading
from webapp.store.runs import get_run

pytestmark = pytest.mark.integration


def sides(session: Session, a: str, b: str) -> tuple[Side, Side]:
    return Side(run=get_run(session, a)), Side(run=get_run(session, b))


def kinds(session: Session, comparison: Comparison) -> dict[str, str]:
    """Return the class of each device or case by its name."""
    everything = [*comparison.changes, *list_same(session, comparison)]
    shown = show_changes(session, comparison, everything)
    assert len(everything) == comparison.total
    return {each.subject.name or each.subject.device or "": each.change.kind.value for each in shown}


def devices(a: str, b: str) -> dict[str, str]:
    with reading() as session:
        return kinds(session, compare_devices(session, *sides(session, a, b)))


def shown(a: str, b: str) -> Mapping[str, ShownChange]:
    with reading() as session:
        found = compare_devices(session, *sides(session, a, b))
        return {each.subject.device or "": each for each in show_changes(session, found, found.changes)}


def test_every_class_of_devices(any_app: Flask) -> None:
    first = record_run(
        any_app,
        devices=[
            *("breaks", "stays", "goes", Device(name="differs", result={"v": 1}), Device(name="heals", status="lost")),
            *(Device(name="broken", status="failed"), Device(name="waits", status="skipped")),
        ],
    )
    second = record_run(
        any_app,
        devices=[
            *(Device(name="breaks", status="timeout"), "stays", Device(name="differs", result={"v": 2}), "heals"),
            *(Device(name="broken", status="unreachable"), Device(name="waits", status="skipped"), "comes"),
            *(Device(name="comes broken", status="failed"), Device(name="comes late", status="skipped")),
        ],
    )
    assert devices(first, second) == {
        "breaks": "newly_failing",
        "comes broken": "new_failing",
        "broken": "still_failing",
        "goes": "missing",
        "differs": "changed",
        "heals": "fixed",
        "comes": "new_passing",
        "comes late": "new_other",
        "stays": "same",
        "waits": "same",
    }


def test_results_of_equal_meaning_are_the_same(app: Flask) -> None:
    first = record_run(app, devices=[Device(name="a", result={"x": 1, "y": [1]})])
    second = record_run(app, devices=[Device(name="a", result={"y": [1], "x": 1})])
    assert devices(first, second) == {"a": "same"}


def test_what_did_not_run_neither_makes_nor_hides_a_regression(any_app: Flask) -> None:
    record_run(any_app, attempts=[{"passed": "ok", "failed": "failed", "absent": "ok"}])
    between = record_run(any_app, attempts=[{"passed": "skipped", "failed": "skipped"}])
    last = record_run(any_app, attempts=[{"passed": "failed", "failed": "failed", "absent": "failed"}])
    assert devices(between, last) == {
        "passed": "newly_failing",
        "failed": "still_failing",
        "absent": "newly_failing",
    }


def test_canceled_run_is_never_conclusive(any_app: Flask) -> None:
    good = record_run(any_app, attempts=[{"a": "ok", "b": "failed"}])
    canceled = record_run(any_app, attempts=[{"a": "failed", "b": "ok"}], status="canceled")
    last = record_run(any_app, attempts=[{"a": "failed", "b": "ok"}])
    assert devices(canceled, last) == {"a": "newly_failing", "b": "fixed"}
    assert devices(good, canceled) == {"a": "changed", "b": "changed"}
    again = record_run(any_app, attempts=[{"a": "failed", "b": "ok"}])
    since = shown(canceled, again)["a"].since
    assert since is not None
    assert (since.uid, since.runs) == (last, 2)


def test_first_run_has_everything_new(app: Flask) -> None:
    uid = record_run(app, devices=["a", Device(name="b", status="failed")], cases=[CaseReport(name="x")])
    with reading() as session:
        b = Side(run=get_run(session, uid))
        assert kinds(session, compare_devices(session, None, b)) == {"a": "new_passing", "b": "new_failing"}
        cases = compare_cases(session, None, b)
        assert kinds(session, cases) == {"x": "new_passing"}
        assert find_slower(session, cases, limit=9) == []


def test_streaks_tell_for_how_many_runs(any_app: Flask) -> None:
    record_run(any_app, attempts=[{"old": "failed", "new": "ok", "healed": "ok", "ever": "failed"}])
    record_run(any_app, attempts=[{"old": "failed", "new": "ok", "healed": "failed", "ever": "failed"}])
    record_run(any_app, attempts=[{"old": "ok", "new": "ok", "healed": "lost", "ever": "skipped"}])
    record_run(any_app, service="other", attempts=[{"old": "ok", "ever": "ok"}])
    record_run(any_app, attempts=[{"old": "failed", "ever": "ok"}], status="canceled")
    before = record_run(any_app, attempts=[{"old": "failed", "new": "ok", "healed": "skipped", "ever": "failed"}])
    last = record_run(any_app, attempts=[{"old": "failed", "new": "failed", "healed": "ok", "ever": "failed"}])
    found = {name: each.since for name, each in shown(before, last).items()}
    told = {name: (since.number, since.runs, since.is_longer) for name, since in found.items() if since}
    assert told == {"old": (5, 2, False), "new": (6, 1, False), "healed": (2, 2, False), "ever": (1, 4, False)}


def test_what_passes_and_fails_by_turns_is_flaky(any_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.store.streaks.FLAKY_RUNS", 4)
    words = [("failed", "ok"), ("ok", "ok"), ("failed", "ok"), ("ok", "skipped"), ("failed", "failed")]
    uids = [record_run(any_app, attempts=[{"flips": flips, "breaks": breaks}]) for flips, breaks in words]
    found = shown(uids[-2], uids[-1])
    assert {name: each.is_flaky for name, each in found.items()} == {"flips": True, "breaks": False}
    cases = [CaseReport(name="x", result="fail"), CaseReport(name="x", result="pass", device="one")]
    for result in ("pass", "fail", "pass"):
        record_run(any_app, cases=[CaseReport(name="x", result=result), *cases[1:]])
    last = record_run(any_app, cases=cases)
    with reading() as session:
        found_cases = compare_cases(session, None, Side(run=get_run(session, last)))
        marks = {each.subject.device: each.is_flaky for each in show_changes(session, found_cases, found_cases.changes)}
    assert marks == {None: True, "one": False}


def test_long_streak_is_cut(any_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.store.streaks.LOOKBACK", 3)
    uids = [record_run(any_app, attempts=[{"a": "failed", "b": "ok" if n == 3 else "failed"}]) for n in range(7)]
    found = shown(uids[-2], uids[-1])
    assert {name: (s.number, s.runs, s.is_longer) for name, each in found.items() if (s := each.since)} == {
        "a": (3, 5, True),
        "b": (5, 3, False),
    }


def test_cases_of_devices_are_apart(any_app: Flask) -> None:
    def run(one: str, two: str, bare: str) -> str:
        reports = [
            *(CaseReport(name="x", device="one", result=one), CaseReport(name="x", device="two", result=two)),
            CaseReport(name="x", result=bare, duration_s=2 if bare == "pass" else 5, message=bare),
        ]
        return record_run(any_app, cases=reports)

    first = run("pass", "fail", "pass")
    run("skip", "skip", "skip")
    before, last = run("skip", "fail", "pass"), run("fail", "fail", "fail")
    with reading() as session:
        cases = compare_cases(session, *sides(session, before, last))
        found = {each.subject.device: each for each in show_changes(session, cases, cases.changes)}
        slower = find_slower(session, cases, limit=9)
    assert {device: each.change.kind.value for device, each in found.items()} == {
        "one": "newly_failing",
        "two": "still_failing",
        None: "newly_failing",
    }
    assert {device: s.runs for device, each in found.items() if (s := each.since)} == {"one": 1, "two": 3, None: 1}
    bare = found[None]
    assert (bare.a.message, bare.b.message) == ("pass", "fail")
    assert [(each.a.duration_s, each.b.duration_s) for each in slower] == [(2, 5)]
    with reading() as session:
        since_first = compare_cases(session, *sides(session, first, last))
        assert since_first.counts[ChangeClass.NEWLY_FAILING] == 2


def test_matrix_counts_every_pair(app: Flask) -> None:
    first = record_run(app, attempts=[{"a": "ok", "b": "ok", "c": "failed", "d": "ok"}])
    last = record_run(app, attempts=[{"a": "ok", "b": "failed", "c": "ok", "e": "ok"}])
    with reading() as session:
        matrix = compare_devices(session, *sides(session, first, last)).matrix
    assert matrix == {("ok", "ok"): 1, ("ok", "failed"): 1, ("failed", "ok"): 1, (None, "ok"): 1, ("ok", None): 1}


def test_two_attempts(app: Flask) -> None:
    uid = record_run(app, attempts=[{"a": "failed", "b": "ok"}, {"a": "ok"}])
    with reading() as session:
        run = get_run(session, uid)
        found = compare_devices(session, Side(run=run, attempt=1), Side(run=run, attempt=2))
        assert kinds(session, found) == {"a": "fixed", "b": "missing"}


def test_two_devices_of_one_run(any_app: Flask) -> None:
    def cases(one: str, two: str) -> list[CaseReport]:
        return [
            *(CaseReport(name="x", device="one", result=one, message="of one", duration_s=1),),
            *(CaseReport(name="x", device="two", result=two, message="of two", duration_s=4),),
            CaseReport(name="only two", device="two"),
        ]

    record_run(any_app, cases=cases("pass", "pass"))
    uid = record_run(
        any_app, devices=[Device(name="one", result=1), Device(name="two", result=2)], cases=cases("skip", "fail")
    )
    with reading() as session:
        run = get_run(session, uid)
        a, b = (Side(run=run, device_id=find_device_id(session, name)) for name in ("one", "two"))
        found = compare_cases(session, a, b)
        assert kinds(session, found) == {"x": "newly_failing", "only two": "new_passing"}
        [shown_x] = show_changes(session, found, [each for each in found.changes if each.base == "pass"])
        assert (shown_x.a.message, shown_x.b.message, shown_x.subject.device) == ("of one", "of two", "two")
        assert [each.b.duration_s for each in find_slower(session, found, limit=9)] == [4]
        assert kinds(session, compare_devices(session, a, b)) == {"two": "changed"}
        narrowed = compare_cases(session, a, a)
        assert kinds(session, narrowed) == {"x": "same"}


def test_run_of_another_service(app: Flask) -> None:
    record_run(app, service="a", attempts=[{"x": "ok"}])
    other = record_run(app, service="a", attempts=[{"x": "skipped"}])
    last = record_run(app, service="b", attempts=[{"x": "failed"}])
    assert devices(other, last) == {"x": "newly_failing"}
