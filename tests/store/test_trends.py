"""What fails most in some runs, what passes and fails by turns, and is only what is shown read?"""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from flask import Flask

from tests.factories.runs import CaseReport, Device, record_run
from webapp.store import trends
from webapp.store.db import db
from webapp.store.history import case_history, find_case
from webapp.store.runs import Run, page_runs
from webapp.store.trends import TrendRow, load_trends, within_reach

pytestmark = pytest.mark.integration

# What each device came to in each of the runs, oldest first; a dash is no result.
HISTORY = {
    "steady": "ok ok ok ok ok ok",
    "broken": "ok ok failed failed failed timeout",
    "flaky": "ok failed ok unreachable ok ok",
    "late": "- - - - skipped failed",
    "mended": "failed failed ok ok - ok",
    "away": "- failed - failed skipped ok",
}


def record_history(app: Flask) -> list[Run]:
    """Record the runs of the history, and a canceled one in their midst; return them newest first."""
    words = {name: history.split() for name, history in HISTORY.items()}
    for place in range(6):
        statuses = {name: each[place] for name, each in words.items() if each[place] != "-"}
        cases = [
            CaseReport(name=name, result="fail" if status in ("failed", "timeout", "unreachable") else "pass")
            for name, status in statuses.items()
            if status != "skipped"
        ]
        record_run(app, devices=[Device(name=n, status=s) for n, s in statuses.items()], cases=cases)
        if place == 3:
            record_run(app, devices=[Device(name=name, status="failed") for name in words], status="canceled")
    record_run(app, service="other", devices=[Device(name="steady", status="failed")])
    with app.app_context():
        return [run for run in page_runs(db.session()).items if run.service == "audit"]


def in_short(rows: Sequence[TrendRow]) -> list[tuple[str, int, int, int]]:
    return [
        (row.subject.name or row.subject.device or "", row.record.passed, row.record.failed, row.record.switches)
        for row in rows
    ]


def test_devices_that_fail_most_come_first(any_app: Flask) -> None:
    found = load_trends(db.session(), runs=record_history(any_app), is_case=False)
    assert found.failing == 5
    assert in_short(found.worst) == [
        ("broken", 2, 4, 1),
        ("flaky", 4, 2, 4),
        ("away", 1, 2, 1),
        ("mended", 3, 2, 1),
        ("late", 0, 1, 0),
    ]
    assert in_short(found.flaky) == [("flaky", 4, 2, 4)]


def test_rows_have_a_word_for_each_run_with_a_result(any_app: Flask) -> None:
    runs = record_history(any_app)
    row = load_trends(db.session(), runs=runs, is_case=False).worst[2]
    assert [row.words.get(run.id) for run in reversed(runs)] == [
        None,
        "failed",
        None,
        "failed",
        "failed",
        "skipped",
        "ok",
    ]


def test_the_worst_are_shown_part_by_part(any_app: Flask) -> None:
    runs = record_history(any_app)
    found = load_trends(db.session(), runs=runs, is_case=False, skip=1, limit=2)
    assert [name for name, *_ in in_short(found.worst)] == ["flaky", "away"]
    assert found.failing == 5
    assert in_short(found.flaky) == [("flaky", 4, 2, 4)]


def test_cases_are_kept_apart_by_their_device(any_app: Flask) -> None:
    for result in ("pass", "fail", "pass"):
        record_run(
            any_app,
            cases=[
                CaseReport(name="ping", suite="net", device="a", result=result),
                CaseReport(name="ping", suite="net", device="b", result="fail"),
                CaseReport(name="ping", suite="net", result="fail"),
                CaseReport(name="boot", suite="net", device="a"),
            ],
        )
    runs = page_runs(db.session()).items
    found = load_trends(db.session(), runs=runs, is_case=True)
    shown = [(row.subject.suite, row.subject.name, row.subject.device, row.record.failed) for row in found.worst]
    assert shown == [("net", "ping", None, 3), ("net", "ping", "b", 3), ("net", "ping", "a", 1)]
    assert [(row.subject.device, row.record.switches) for row in found.flaky] == [("a", 2)]


def test_a_retried_case_counts_once(any_app: Flask) -> None:
    retried = [CaseReport(name="boot", result="fail"), CaseReport(name="boot", result="pass", attempt=2)]
    record_run(any_app, cases=[*retried, CaseReport(name="link", result="fail")])
    found = load_trends(db.session(), runs=page_runs(db.session()).items, is_case=True)
    assert in_short(found.worst) == [("link", 0, 1, 0)]


def test_nothing_fails_in_no_runs(any_app: Flask) -> None:
    assert load_trends(db.session(), runs=[], is_case=True).worst == []
    record_run(any_app, devices=["a"])
    assert load_trends(db.session(), runs=page_runs(db.session()).items, is_case=False).failing == 0


def test_too_many_failures_are_not_read_together(any_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    record_run(any_app, devices=[Device(name="a", status="failed")], cases=[CaseReport(name="x")])
    run = page_runs(db.session()).items[0]
    runs = [replace(run, id=n, device_counts={"failed": 2, "timeout": 1, "ok": 5}) for n in (3, 2, 1)]
    monkeypatch.setattr(trends, "MAX_FAILURES", 6)
    assert [each.id for each in within_reach(runs, is_case=False)] == [3, 2]
    assert within_reach(runs, is_case=True) == runs
    monkeypatch.setattr(trends, "MAX_FAILURES", 2)
    assert [each.id for each in within_reach(runs, is_case=False)] == [3]


def test_history_of_a_case_is_that_of_its_device(any_app: Flask) -> None:
    record_run(any_app, cases=[CaseReport(name="x", device="a", result="fail"), CaseReport(name="x", measurement=2.5)])
    record_run(any_app, cases=[CaseReport(name="x", device="a", attempt=1), CaseReport(name="x", result="skip")])
    record_run(any_app, cases=[CaseReport(name="y")])
    session = db.session()
    found = find_case(session, suite="suite", name="x")
    assert found is not None
    ids = [run.id for run in page_runs(session).items]
    on_a = case_history(session, test_case_id=found, run_ids=ids, device="a")
    assert [(version.number, version.result) for version in on_a] == [(2, "pass"), (1, "fail")]
    alone = case_history(session, test_case_id=found, run_ids=ids, device=None)
    assert [(version.result, version.measurement) for version in alone] == [("skip", None), ("pass", 2.5)]
    assert case_history(session, test_case_id=found, run_ids=ids, device="b") == []
    assert case_history(session, test_case_id=found, run_ids=ids[:1], device="a") == []
    assert find_case(session, suite="", name="x") is None
