"""Does each message do what it says to attempts, devices, cases, logs and the run?"""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from flask import Flask
from sqlalchemy import select

from tests.factories.runs import NOW, SERVER, STEP, CaseReport, Device, Numbers, record_run
from webapp.domain.messages import (
    AnyEvent,
    AttemptEnd,
    AttemptStart,
    Case,
    DeviceEnd,
    DeviceStart,
    Log,
    Measurement,
    Plan,
    RunEnd,
    RunStart,
)
from webapp.domain.outcome import AttemptReason, CaseResult, DeviceStatus
from webapp.ingest.stream import accept_messages
from webapp.store.blobs import get_blob
from webapp.store.db import reading
from webapp.store.logs import get_log, read_log
from webapp.store.models import inventory
from webapp.store.models.inventory import DeviceRow
from webapp.store.models.results import CaseResultRow, DeviceResultRow
from webapp.store.models.runs import AttemptRow, RunDetailRow, RunRow

pytestmark = pytest.mark.integration


def start(numbers: Numbers) -> RunStart:
    return RunStart(**numbers.next(), service="audit")


def send(uid: str, *messages: AnyEvent) -> None:
    accept_messages(messages, uid=uid, caller=SERVER, now=NOW)


def run_of(uid: str) -> RunRow:
    with reading() as session:
        return session.scalars(select(RunRow).where(RunRow.uid == uid)).one()


def device_rows(uid: str) -> dict[tuple[str, int], DeviceResultRow]:
    query = (
        select(DeviceRow.name, DeviceResultRow)
        .join(DeviceRow, DeviceRow.id == DeviceResultRow.device_id)
        .join(RunRow, RunRow.id == DeviceResultRow.run_id)
        .where(RunRow.uid == uid)
    )
    with reading() as session:
        return {(name, row.attempt): row for name, row in session.execute(query)}


def statuses(uid: str) -> dict[tuple[str, int], str]:
    return {key: row.status for key, row in device_rows(uid).items()}


def test_device_goes_from_plan_to_end(any_app: Flask) -> None:
    uid, numbers = str(uuid4()), Numbers()
    send(uid, start(numbers), Plan(**numbers.next(), devices=["a", "b"], cases=7))
    assert statuses(uid) == {("a", 1): "queued", ("b", 1): "queued"}
    send(uid, DeviceStart(**numbers.next(), device="a"))
    assert run_of(uid).device_counts == {"running": 1, "queued": 1}
    result = msgspec.Raw(b'{"b": 18446744073709551617,\n "a": 0.10}')
    send(
        uid, DeviceEnd(**numbers.next(), device="a", status=DeviceStatus.CHANGED, result=result, raw_status="CHANGED!")
    )
    row = device_rows(uid)["a", 1]
    assert (row.status, row.is_given, row.is_overall, row.raw_status) == ("changed", True, True, "CHANGED!")
    assert row.duration_s == STEP.total_seconds()
    with reading() as session:
        assert get_blob(session, row.blob_id or 0) == bytes(result)
        last = session.execute(select(DeviceRow.last_run_id, DeviceRow.last_status).where(DeviceRow.name == "a")).one()
    run = run_of(uid)
    assert tuple(last) == (run.id, "changed")
    assert (run.planned_devices, run.planned_cases, run.status) == (2, 7, "running")


def test_highest_attempt_is_overall_whatever_the_order(any_app: Flask) -> None:
    uid = record_run(
        any_app,
        devices=[Device(name="a", attempt=2), Device(name="a", status="failed", attempt=1)],
    )
    rows = device_rows(uid)
    assert [rows["a", number].is_overall for number in (1, 2)] == [False, True]
    run = run_of(uid)
    assert (run.device_counts, run.flaky_devices, run.attempts, run.level) == ({"ok": 1}, 1, 2, "ok")


def test_later_end_in_an_attempt_replaces(any_app: Flask) -> None:
    uid = record_run(
        any_app, devices=[Device(name="a", status="failed", message="no"), Device(name="a", status="ok")], status=None
    )
    assert statuses(uid) == {("a", 1): "ok"}
    assert device_rows(uid)["a", 1].message == ""
    assert run_of(uid).device_counts == {"ok": 1}


def test_device_without_an_end_takes_the_worst_of_its_cases(any_app: Flask) -> None:
    cases = [
        CaseReport(name="ping", device="a"),
        CaseReport(name="ssh", device="a", result="fail"),
        CaseReport(name="ping", device="b", result="skip"),
        CaseReport(name="ssh", device="a", result="pass"),
    ]
    uid = record_run(any_app, planned=["a"], cases=cases[:3])
    assert statuses(uid) == {("a", 1): "failed", ("b", 1): "skipped"}
    assert not device_rows(uid)["a", 1].is_given
    again = record_run(any_app, cases=cases)
    assert statuses(again) == {("a", 1): "ok", ("b", 1): "skipped"}


def test_end_of_an_attempt_decides_devices_by_their_cases(app: Flask) -> None:
    uid, numbers = str(uuid4()), Numbers()
    send(
        uid,
        start(numbers),
        AttemptStart(**numbers.next(), attempt=1, reason=AttemptReason.RERUN),
        DeviceStart(**numbers.next(), device="a"),
        DeviceStart(**numbers.next(), device="b"),
        Case(**numbers.next(), suite="s", name="x", result=CaseResult.PASS, device="a"),
    )
    assert statuses(uid) == {("a", 1): "running", ("b", 1): "running"}
    send(uid, AttemptEnd(**numbers.next(), attempt=1))
    assert statuses(uid) == {("a", 1): "ok", ("b", 1): "running"}
    with reading() as session:
        attempt = session.scalars(select(AttemptRow)).one()
    assert (attempt.reason, attempt.ended_at) == ("rerun", NOW + 5 * STEP)


@pytest.mark.parametrize(
    ("status", "expected"),
    [("complete", {"a": "lost", "b": "ok"}), ("incomplete", {"a": "lost", "b": "lost"}), ("canceled", None)],
)
def test_end_of_a_run_closes_what_is_open(app: Flask, status: Any, expected: dict[str, str] | None) -> None:
    uid, numbers = str(uuid4()), Numbers()
    send(
        uid,
        start(numbers),
        Plan(**numbers.next(), devices=["a"]),
        DeviceStart(**numbers.next(), device="b"),
        Case(**numbers.next(), suite="s", name="x", result=CaseResult.PASS, device="b"),
        RunEnd(**numbers.next(), status=status, message="it\0ended"),
    )
    found = {name: word for (name, _), word in statuses(uid).items()}
    assert found == (expected or {"a": "canceled", "b": "canceled"})
    run = run_of(uid)
    assert (run.status, run.message, run.duration_s) == (status, "it\u2400ended", 4.0)
    assert run.level == {"complete": "errors", "incomplete": "failed", "canceled": None}[status]


def test_late_events_are_kept_and_do_not_reopen(any_app: Flask) -> None:
    uid = record_run(any_app, devices=["a"])
    assert run_of(uid).level == "ok"
    numbers = Numbers()
    late: list[AnyEvent] = [
        DeviceEnd(**numbers.next(), device="b", status=DeviceStatus.FAILED),
        DeviceStart(**numbers.next(), device="c"),
        Plan(**numbers.next(), devices=["d"]),
        RunEnd(**numbers.next(), status="incomplete"),
    ]
    accept_messages(late, uid=uid, stream="late", caller=SERVER, now=NOW)
    run = run_of(uid)
    assert (run.status, run.level, run.late_events) == ("complete", "errors", 4)
    assert statuses(uid) == {("a", 1): "ok", ("b", 1): "failed", ("c", 1): "lost"}


def test_case_keeps_what_was_reported(any_app: Flask) -> None:
    uid, numbers = str(uuid4()), Numbers()
    send(
        uid,
        start(numbers),
        Case(
            **numbers.next(),
            suite="net",
            name="mtu",
            result=CaseResult.FAIL,
            message="got\0NUL",
            output="1500\0\n",
            raw_result="xfail",
            started_at=NOW - timedelta(days=40_000),
            duration_s=0.5,
        ),
        Measurement(**numbers.next(), suite="net", name="rtt", value=0.25, units="ms"),
    )
    case = inventory.TestCaseRow
    query = select(case.name, CaseResultRow).join(case, case.id == CaseResultRow.test_case_id)
    with reading() as session:
        rows = {name: row for name, row in session.execute(query)}  # noqa: C416
        assert get_blob(session, rows["mtu"].blob_id or 0) == b"1500\0\n"
    mtu, rtt = rows["mtu"], rows["rtt"]
    assert (mtu.result, mtu.raw_result, mtu.message, mtu.duration_s) == ("fail", "xfail", "got\u2400NUL", 0.5)
    assert mtu.started_at is not None
    assert mtu.started_at.year < 1970
    assert (rtt.result, rtt.measurement, rtt.units) == ("pass", 0.25, "ms")
    assert run_of(uid).case_counts == {"fail": 1, "pass": 1}


def test_case_reported_twice_keeps_both_and_counts_the_later(app: Flask) -> None:
    reports = [
        CaseReport(name="x", result="fail"),
        CaseReport(name="x"),
        CaseReport(name="x", result="skip", attempt=2),
    ]
    uid = record_run(app, cases=reports)
    with reading() as session:
        rows = session.scalars(select(CaseResultRow).order_by(CaseResultRow.id)).all()
        attempts = session.scalars(select(AttemptRow).order_by(AttemptRow.number)).all()
    assert [(row.result, row.is_overall) for row in rows] == [("fail", False), ("pass", False), ("skip", True)]
    assert [each.case_counts for each in attempts] == [{"pass": 1}, {"skip": 1}]
    assert run_of(uid).case_counts == {"skip": 1}


def test_log_lines_are_appended_and_counted(any_app: Flask) -> None:
    uid, numbers = str(uuid4()), Numbers()
    send(
        uid,
        start(numbers),
        Log(**numbers.next(), text="plain\n"),
        Log(**numbers.next(), text="it broke\nhere", level="error"),
        Log(**numbers.next(), text="WARNING: low\0", stream="edge-1"),
        RunEnd(**numbers.next(), status="complete", warnings=5),
    )
    run = run_of(uid)
    with reading() as session:
        log = b"".join(read_log(session, get_log(session, run_id=run.id, stream="run")))
        edge = b"".join(read_log(session, get_log(session, run_id=run.id, stream="edge-1")))
    assert log == b"plain\n2026-11-22T12:00:02.000Z ERROR it broke\nhere\n"
    assert edge == b"WARNING: low\0\n"
    assert (run.log_errors, run.log_warnings, run.level) == (1, 5, "errors")


def test_start_describes_the_run(app: Flask) -> None:
    uid, numbers = str(uuid4()), Numbers()
    versions = {"nornir": "3.6"}
    first = RunStart(**numbers.next(), service="audit", trigger="cron", host="jump-1", versions=versions)
    send(uid, first, RunStart(**numbers.next(), versions={"python": "3.11"}))
    with reading() as session:
        details = session.scalars(select(RunDetailRow)).one()
    run = run_of(uid)
    assert (run.trigger, run.host, run.started_at, run.submitter_id) == ("cron", "jump-1", NOW, None)
    assert details.environment == {"versions": {"nornir": "3.6", "python": "3.11"}}


def test_equal_results_are_kept_once(any_app: Flask) -> None:
    uid = record_run(any_app, devices=[Device(name="a", result={"x": 1, "y": [1.0]})])
    other = record_run(any_app, devices=[Device(name="b", result={"y": [1], "x": 1}), Device(name="c", result=None)])
    first, second = device_rows(uid)["a", 1], device_rows(other)["b", 1]
    assert first.blob_id == second.blob_id
    assert device_rows(other)["c", 1].blob_id not in (None, first.blob_id)


def test_device_remembers_its_latest_run_only(app: Flask) -> None:
    old = record_run(app, devices=["a"], status=None)
    new = record_run(app, devices=[Device(name="a", status="failed")])
    accept_messages(
        [DeviceEnd(seq=1, ts=NOW, device="a", status=DeviceStatus.TIMEOUT)], uid=old, stream="x", caller=SERVER, now=NOW
    )
    with reading() as session:
        row = session.execute(select(DeviceRow.last_run_id, DeviceRow.last_status)).one()
    assert tuple(row) == (run_of(new).id, "failed")
