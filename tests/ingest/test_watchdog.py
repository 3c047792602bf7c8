"""Are silent runs ended, and only those?"""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from tests.factories.runs import NOW, SERVER, record_run
from webapp.ingest.runs import RunFields, put_run, request_cancel
from webapp.ingest.services import ServiceFields, put_service
from webapp.ingest.watchdog import end_silent_runs
from webapp.store.db import reading, writing
from webapp.store.models.results import DeviceResultRow
from webapp.store.models.runs import RunRow

pytestmark = pytest.mark.integration

LIMIT = timedelta(seconds=180)
SECOND = timedelta(seconds=1)
QUEUED = "0193557a-7c00-7000-8000-000000000001"


def run_of(uid: str) -> RunRow:
    with reading() as session:
        return session.scalars(select(RunRow).where(RunRow.uid == uid)).one()


def cancel(uid: str) -> None:
    with writing() as session:
        request_cancel(session, uid, caller=SERVER, now=NOW)


def test_silent_run_is_lost_after_three_intervals(any_app: Flask) -> None:
    uid = record_run(any_app, devices=["a"], planned=["a", "b"], status=None)
    done = record_run(any_app)
    assert end_silent_runs(NOW + LIMIT) == 0
    assert end_silent_runs(NOW + LIMIT + SECOND) == 1
    run = run_of(uid)
    assert (run.status, run.level) == ("incomplete", "failed")
    assert run.message == "lost: no sign of life since 2026-11-22T12:00:00Z"
    assert run.device_counts == {"ok": 1, "lost": 1}
    assert (run.ended_at, run.last_seen_at) == (NOW + LIMIT + SECOND, NOW)
    with reading() as session:
        statuses = session.scalars(select(DeviceResultRow.status).where(DeviceResultRow.run_id == run.id)).all()
    assert sorted(statuses) == ["lost", "ok"]
    assert run_of(done).status == "complete"
    assert end_silent_runs(NOW + 2 * LIMIT) == 0


def test_interval_is_that_of_the_service(any_app: Flask) -> None:
    with writing() as session:
        put_service(session, "slow", ServiceFields(heartbeat_s=3600), now=NOW)
    slow, quick = record_run(any_app, service="slow", status=None), record_run(any_app, status=None)
    assert end_silent_runs(NOW + timedelta(hours=2)) == 1
    assert (run_of(slow).status, run_of(quick).status) == ("running", "incomplete")
    assert end_silent_runs(NOW + timedelta(hours=2), factor=1.5) == 1


def test_silence_before_the_server_listened_does_not_count(app: Flask) -> None:
    uid = record_run(app, status=None)
    started = NOW + timedelta(hours=5)
    assert end_silent_runs(started + LIMIT, up_since=started) == 0
    assert end_silent_runs(started + LIMIT + SECOND, up_since=started) == 1
    assert run_of(uid).message == "lost: no sign of life since 2026-11-22T12:00:00Z"


def test_run_asked_to_stop_is_canceled(any_app: Flask) -> None:
    running = record_run(any_app, planned=["a"], status=None)
    for uid in (QUEUED, "0193557a-7c00-7000-8000-000000000002"):
        with writing() as session:
            put_run(session, uid, RunFields(service="audit"), caller=SERVER, now=NOW)
    cancel(running)
    cancel(QUEUED)
    assert end_silent_runs(NOW + LIMIT + SECOND) == 2
    for uid in (running, QUEUED):
        run = run_of(uid)
        assert (run.status, run.level) == ("canceled", None)
        assert run.message == "canceled: no sign of life since 2026-11-22T12:00:00Z"
    assert run_of(running).device_counts == {"canceled": 1}
    assert run_of("0193557a-7c00-7000-8000-000000000002").status == "queued"
