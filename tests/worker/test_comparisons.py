"""Are ended runs compared in the background: each once, again when its results change, and despite faults?"""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from tests.factories.runs import NOW, SERVER, Device, Numbers, record_run
from webapp.compare.stored import find_comparison
from webapp.domain.changes import ChangeClass
from webapp.domain.messages import Case, DeviceEnd
from webapp.domain.outcome import CaseResult, DeviceStatus
from webapp.ingest.results import put_result
from webapp.ingest.stream import accept_messages
from webapp.ingest.watchdog import end_silent_runs
from webapp.store.db import reading, writing
from webapp.store.models.comparisons import WantedComparisonRow
from webapp.store.models.runs import RunRow
from webapp.store.runs import get_run
from webapp.store.stored_comparisons import StoredComparison
from webapp.store.wanted_comparisons import MAX_TRIES, Wanted, list_wanted, mark_compared, want_comparison
from webapp.worker.comparisons import compare_wanted_runs

pytestmark = pytest.mark.integration


def waiting() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(WantedComparisonRow)) or 0


def compared(uid: str) -> StoredComparison | None:
    with reading() as session:
        return find_comparison(session, get_run(session, uid).id)


def count(uid: str, kind: ChangeClass) -> int:
    found = compared(uid)
    assert found is not None
    return found.count(kind)


def say_late(uid: str, device: str, status: str) -> None:
    event = DeviceEnd(**Numbers().next(), device=device, status=DeviceStatus(status))
    accept_messages([event], uid=uid, stream=f"late {device}", caller=SERVER, now=NOW)


def test_every_ended_run_is_compared_once(any_app: Flask) -> None:
    uids = [record_run(any_app, attempts=[{"a": status}]) for status in ("ok", "failed", "ok")]
    record_run(any_app, status=None)
    record_run(any_app, status="canceled")
    assert waiting() == 3
    assert compare_wanted_runs() == 3
    assert (waiting(), compare_wanted_runs()) == (0, 0)
    assert count(uids[1], ChangeClass.NEWLY_FAILING) == 1
    assert count(uids[2], ChangeClass.FIXED) == 1


def test_late_results_are_compared_with_those_who_follow(any_app: Flask) -> None:
    first = record_run(any_app, attempts=[{"a": "ok"}])
    last = record_run(any_app, attempts=[{"a": "ok"}])
    compare_wanted_runs()
    say_late(last, "a", "failed")
    assert waiting() == 1
    compare_wanted_runs()
    assert count(last, ChangeClass.NEWLY_FAILING) == 1
    say_late(first, "a", "failed")
    assert waiting() == 2
    compare_wanted_runs()
    assert count(last, ChangeClass.STILL_FAILING) == 1
    put_result(b"[1]", uid=last, device="b", attempt=1, caller=SERVER, now=NOW)
    assert waiting() == 1


def test_late_case_changes_what_is_stored(app: Flask) -> None:
    record_run(app, devices=["a"])
    last = record_run(app, devices=["a"])
    compare_wanted_runs()
    event = Case(**Numbers().next(), suite="s", name="x", result=CaseResult.FAIL)
    accept_messages([event], uid=last, stream="late", caller=SERVER, now=NOW)
    compare_wanted_runs()
    found = compared(last)
    assert found is not None
    assert found.cases[ChangeClass.NEW_FAILING] == 1


def test_lost_run_is_compared_too(app: Flask) -> None:
    record_run(app, devices=["a"])
    lost = record_run(app, devices=[Device(name="a", status="running")], status=None)
    compare_wanted_runs()
    assert end_silent_runs(NOW + timedelta(days=1)) == 1
    compare_wanted_runs()
    assert count(lost, ChangeClass.NEWLY_FAILING) == 1


def test_run_that_changes_while_it_is_compared_waits_again(app: Flask) -> None:
    uid = record_run(app, devices=["a"])
    with reading() as session:
        [wanted] = list_wanted(session, limit=9)
    with writing() as session:
        want_comparison(session, wanted.run_id)
        mark_compared(session, wanted)
    assert waiting() == 1
    with writing() as session:
        mark_compared(session, Wanted(run_id=wanted.run_id, version=wanted.version + 1))
    assert waiting() == 0
    assert compared(uid) is None


def test_run_that_cannot_be_compared_does_not_hold_up_others(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    good, bad = record_run(app, devices=["a"]), record_run(app, devices=["a"])
    with writing() as session:
        # A status that no version of ours writes.
        session.execute(update(RunRow).where(RunRow.uid == bad).values(level="nonsense"))
    compare_wanted_runs()
    assert "could not be compared" in caplog.text
    assert compared(good) is not None
    for _ in range(MAX_TRIES):
        compare_wanted_runs()
    assert (waiting(), compare_wanted_runs()) == (1, 0)
    with writing() as session:
        session.execute(update(RunRow).where(RunRow.uid == bad).values(level="ok"))
    say_late(bad, "a", "failed")
    compare_wanted_runs()
    assert count(bad, ChangeClass.NEWLY_FAILING) == 1


def test_work_stops_when_its_time_is_over(app: Flask) -> None:
    for _ in range(3):
        record_run(app, devices=["a"])
    assert compare_wanted_runs(budget_s=0.0) == 1
    assert waiting() == 2


def test_newest_runs_come_first(app: Flask) -> None:
    uids = [record_run(app, devices=["a"]) for _ in range(3)]
    compare_wanted_runs(budget_s=0.0)
    assert [compared(uid) is not None for uid in uids] == [False, False, True]
