"""Does a single large result come in, beside what messages say of its device?"""

from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from tests.factories.runs import NOW, SERVER, Device, record_run
from webapp.domain.messages import DeviceEnd
from webapp.domain.outcome import DeviceStatus
from webapp.errors import InvalidError, NotFoundError, TooLargeError
from webapp.ingest import results
from webapp.ingest.results import put_result
from webapp.ingest.stream import accept_messages
from webapp.store.blobs import get_blob
from webapp.store.db import reading
from webapp.store.models.results import DeviceResultRow
from webapp.store.models.runs import RunRow

pytestmark = pytest.mark.integration


def put(uid: str, raw: bytes, *, device: str = "a", attempt: int = 1) -> bool:
    return put_result(raw, uid=uid, device=device, attempt=attempt, caller=SERVER, now=NOW).created


def rows() -> list[DeviceResultRow]:
    with reading() as session:
        return list(session.scalars(select(DeviceResultRow).order_by(DeviceResultRow.attempt)))


def test_result_is_kept_and_replaced(any_app: Flask) -> None:
    uid = record_run(any_app, devices=[Device(name="a", status="failed", result=1)], status=None)
    assert not put(uid, b'{"big": [1, 2]}')
    assert put(uid, b"null", attempt=2)
    first, second = rows()
    assert (first.status, second.status, second.is_overall) == ("failed", "running", True)
    with reading() as session:
        assert get_blob(session, first.blob_id or 0) == b'{"big": [1, 2]}'


def test_end_without_a_result_keeps_the_one_that_was_put(app: Flask) -> None:
    uid = record_run(app, status=None)
    put(uid, b"[1]")
    end = DeviceEnd(seq=1, ts=NOW, device="a", status=DeviceStatus.OK)
    accept_messages([end], uid=uid, caller=SERVER, now=NOW)
    [row] = rows()
    assert (row.status, row.is_given) == ("ok", True)
    with reading() as session:
        assert get_blob(session, row.blob_id or 0) == b"[1]"


def test_late_result_does_not_reopen(app: Flask) -> None:
    uid = record_run(app, devices=["a"])
    put(uid, b"[1]")
    put(uid, b"[2]", device="b")
    assert [row.status for row in rows()] == ["ok", "lost"]
    with reading() as session:
        run = session.scalars(select(RunRow)).one()
    assert (run.status, run.level, run.late_events) == ("complete", "errors", 2)


def test_result_that_cannot_be_kept_is_refused(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    uid = record_run(app, status=None)
    with pytest.raises(InvalidError, match=r"body: expected JSON, which has no NaN \(byte 1\)"):
        put(uid, b"[NaN]")
    with pytest.raises(InvalidError, match="device: expected a name"):
        put(uid, b"1", device=" ")
    with pytest.raises(InvalidError, match="attempt: expected 1 to 10,000, got 0"):
        put(uid, b"1", attempt=0)
    with pytest.raises(NotFoundError):
        put(str(uuid4()), b"1")
    monkeypatch.setattr(results, "MAX_RESULT", 10)
    with pytest.raises(TooLargeError, match="at most 10 bytes, got 11"):
        put(uid, b"[1,2,3,4,5]")
    assert rows() == []
