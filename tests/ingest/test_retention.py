"""Is what is too old forgotten, and nothing else?"""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.factories.runs import NOW, CaseReport, Device, record_run
from webapp.ingest import retention
from webapp.ingest.retention import Forgotten, forget
from webapp.ingest.services import ServiceFields, put_service
from webapp.store.blobs import add_blobs, bytes_content
from webapp.store.db import reading, writing
from webapp.store.models import Base
from webapp.store.models.blobs import BlobRow
from webapp.store.models.inventory import DeviceRow
from webapp.store.models.runs import RunRow
from webapp.store.retention import remove_unreferenced

pytestmark = pytest.mark.integration

DAY = timedelta(days=1)


def count(table: type[Base]) -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_old_runs_and_their_contents_go(any_app: Flask) -> None:
    old = [Device(name="a", result={"only": "old"}), Device(name="b", result="shared")]
    record_run(any_app, devices=old, cases=[CaseReport(name="x", output="old")], logs={"run": ["line"]}, now=NOW)
    running = record_run(any_app, service="audit", status=None, now=NOW)
    kept = record_run(any_app, devices=[Device(name="b", result="shared")], now=NOW + 20 * DAY)
    assert forget(NOW + 30 * DAY, days=30) == Forgotten(runs=0, blobs=0)
    assert forget(NOW + 31 * DAY, days=30) == Forgotten(runs=1, blobs=2)
    with reading() as session:
        assert sorted(session.scalars(select(RunRow.uid))) == sorted([kept, running])
        devices = {row.name: row.last_run_id is None for row in session.scalars(select(DeviceRow))}
    assert devices == {"a": True, "b": False}
    assert count(BlobRow) == 1


def test_nothing_goes_without_a_limit(app: Flask) -> None:
    record_run(app, devices=[Device(name="a", result=1)])
    assert forget(NOW + 40_000 * DAY) == Forgotten(runs=0, blobs=0)


def test_service_has_the_last_word(any_app: Flask) -> None:
    for slug, days in (("short", 1), ("for ever", 0)):
        with writing() as session:
            put_service(session, slug, ServiceFields(options={"retention_days": days}), now=NOW)
        record_run(any_app, service=slug)
    record_run(any_app, service="audit")
    assert forget(NOW + 2 * DAY, days=30).runs == 1
    assert forget(NOW + 31 * DAY, days=30).runs == 1
    with reading() as session:
        assert session.scalars(select(RunRow.number)).all() == [1]


def test_very_many_go_in_small_steps(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "RUNS_A_STEP", 2)
    monkeypatch.setattr(retention, "BLOBS_A_LOOK", 3)
    monkeypatch.setattr(retention, "BLOBS_A_STEP", 2)
    for number in range(5):
        record_run(app, devices=[Device(name="a", result=[number, each]) for each in range(3)])
    assert forget(NOW + 2 * DAY, days=1).runs == 5
    assert (count(RunRow), count(BlobRow)) == (0, 0)


def test_content_taken_up_again_stays(any_app: Flask) -> None:
    content = bytes_content(b"again")
    with writing() as session:
        blob_id = add_blobs(session, [content])[content.digest]
    record_run(any_app, cases=[CaseReport(name="x", output="again")])
    with writing() as session:
        assert remove_unreferenced(session, [blob_id]) == 0
    assert count(BlobRow) == 1
