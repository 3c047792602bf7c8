"""Do raw bytes of a log come in, and do they count for the run?"""

import pytest
from flask import Flask
from sqlalchemy import select

from tests.factories.runs import NOW, SERVER, record_run
from webapp.errors import GapError, InvalidError
from webapp.ingest.logs import append_bytes
from webapp.ingest.runs import RunFields, put_run
from webapp.store.db import reading, writing
from webapp.store.models.runs import RunRow

pytestmark = pytest.mark.integration

UID = "0193557a-7c00-7000-8000-000000000001"


def append(uid: str, data: bytes, offset: int | None = None, stream: str = "run") -> int:
    return append_bytes(data, uid=uid, stream=stream, offset=offset, caller=SERVER, now=NOW).offset


def run_of(uid: str) -> RunRow:
    with reading() as session:
        return session.scalars(select(RunRow).where(RunRow.uid == uid)).one()


def test_bytes_count_and_begin_a_queued_run(any_app: Flask) -> None:
    with writing() as session:
        put_run(session, UID, RunFields(service="audit"), caller=SERVER, now=NOW)
    assert append(UID, b"fine\nERROR: no\n\0\xff", 0) == 17
    assert append(UID, b"ERROR: no\n\0\xff WARNING\n", 5) == 26
    run = run_of(UID)
    assert (run.status, run.started_at, run.log_errors) == ("running", NOW, 1)
    with pytest.raises(GapError) as caught:
        append(UID, b"x", 99)
    assert caught.value.expected == 26


def test_late_bytes_move_the_level(app: Flask) -> None:
    uid = record_run(app, devices=["a"])
    touched = run_of(uid).touched_at
    append(uid, b"WARNING: late\n")
    run = run_of(uid)
    assert (run.status, run.level, run.log_warnings) == ("complete", "warnings", 1)
    assert run.touched_at > touched


def test_stream_needs_a_name(app: Flask) -> None:
    uid = record_run(app, status=None)
    with pytest.raises(InvalidError, match="stream: expected no control characters"):
        append(uid, b"x", stream="a\nb")
