"""Are batches kept whole or not at all, each message once, and gaps noticed?"""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.factories.runs import NOW, SERVER, record_run
from webapp.domain.access import Caller, Role, Scope
from webapp.errors import ForbiddenError, GapError, InvalidError, NotFoundError, TooLargeError
from webapp.ingest.runs import request_cancel
from webapp.ingest.stream import Accepted, accept
from webapp.store.db import reading, writing
from webapp.store.models.results import DeviceResultRow
from webapp.store.models.runs import RunRow, RunStreamRow

pytestmark = pytest.mark.integration

LIMITED = Caller(
    user_id=None, name="ci", role=Role.OPERATOR, scopes=frozenset({Scope.INGEST}), services=frozenset({"backup"})
)


def line(seq: int, kind: str, **fields: Any) -> bytes:
    return json.dumps({"seq": seq, "ts": "2026-11-22T12:00:00Z", "type": kind, **fields}).encode()


def start(service: str = "audit") -> bytes:
    return line(1, "run.start", service=service)


def send(uid: str, *lines: bytes, stream: str = "s", caller: Caller = SERVER) -> Accepted:
    return accept(lines, uid=uid, stream=stream, caller=caller, now=NOW)


def results(uid: str) -> int:
    with reading() as session:
        query = select(func.count()).select_from(DeviceResultRow).join(RunRow, RunRow.id == DeviceResultRow.run_id)
        return session.scalar(query.where(RunRow.uid == uid)) or 0


def run_of(uid: str) -> RunRow:
    with reading() as session:
        return session.scalars(select(RunRow).where(RunRow.uid == uid)).one()


def test_batch_is_kept_and_acknowledged(any_app: Flask) -> None:
    uid = str(uuid4())
    accepted = send(uid, start(), line(2, "device.end", device="a", status="ok"), b"", line(3, "heartbeat"))
    assert accepted == Accepted(acked=3, duplicates=0, cancel=False)
    run = run_of(uid)
    assert (run.number, run.status, run.device_counts) == (1, "running", {"ok": 1})


def test_resend_changes_nothing(any_app: Flask) -> None:
    uid = str(uuid4())
    lines = [start(), line(2, "device.end", device="a", status="ok", result={"a": 1})]
    send(uid, *lines)
    touched = run_of(uid).touched_at
    assert send(uid, *lines) == Accepted(acked=2, duplicates=2, cancel=False)
    assert send(uid, *lines, line(3, "device.end", device="b", status="ok")).duplicates == 2
    assert results(uid) == 2
    assert run_of(uid).touched_at > touched


def test_gap_is_refused_with_the_expected_number(any_app: Flask) -> None:
    uid = str(uuid4())
    send(uid, start())
    with pytest.raises(GapError, match="line 1: expected seq 2, got 3") as caught:
        send(uid, line(3, "device.end", device="a", status="ok"))
    assert caught.value.expected == 2
    with pytest.raises(GapError) as inside:
        send(uid, line(2, "device.end", device="a", status="ok"), line(4, "device.end", device="b", status="ok"))
    assert inside.value.expected == 3
    assert results(uid) == 0


def test_stream_of_an_unknown_run_is_rewound(any_app: Flask) -> None:
    with pytest.raises(GapError) as caught:
        send(str(uuid4()), line(17, "heartbeat"))
    assert caught.value.expected == 1


def test_fault_keeps_nothing_and_names_line_and_field(any_app: Flask) -> None:
    uid = str(uuid4())
    send(uid, start())
    with pytest.raises(InvalidError) as caught:
        send(
            uid,
            line(2, "device.end", device="a", status="ok"),
            line(3, "device.end", device="b", status="ok", resullt=1),
        )
    assert caught.value.faults == [("line 2: resullt", "unknown field of device.end; did you mean 'result'?")]
    assert caught.value.acked == 1
    assert results(uid) == 0


def test_result_that_is_no_json_names_its_field(any_app: Flask) -> None:
    broken = b'{"seq":2,"ts":"2026-11-22T12:00:00Z","type":"device.end","device":"a","status":"ok","result":[1,NaN]}'
    with pytest.raises(InvalidError) as caught:
        send(str(uuid4()), start(), broken)
    assert caught.value.faults == [("line 2: result", f"expected JSON, which has no NaN (byte {broken.index(b'NaN')})")]
    assert caught.value.acked == 0


def test_streams_of_a_run_are_numbered_apart(any_app: Flask) -> None:
    uid = str(uuid4())
    send(uid, start())
    assert send(uid, line(1, "device.end", device="a", status="ok"), stream="other").acked == 1
    with reading() as session:
        marks = session.execute(select(RunStreamRow.stream, RunStreamRow.seq)).all()
    assert sorted(tuple(mark) for mark in marks) == [("other", 1), ("s", 1)]


def test_run_must_be_known_or_name_its_service(app: Flask) -> None:
    with pytest.raises(NotFoundError, match=r"PUT /api/v1/runs/.* or send run.start"):
        send(str(uuid4()), line(1, "heartbeat"))


def test_run_keeps_its_service(app: Flask) -> None:
    uid = str(uuid4())
    send(uid, start())
    with pytest.raises(InvalidError) as caught:
        send(uid, line(2, "run.start", service="other"))
    assert caught.value.faults == [("line 1: service", "expected 'audit', the service of this run")]


def test_numbers_count_up_a_service(any_app: Flask) -> None:
    uids = [str(uuid4()) for _ in range(3)]
    for uid, service in zip(uids, ("audit", "backup", "audit"), strict=True):
        send(uid, start(service))
    assert [run_of(uid).number for uid in uids] == [1, 1, 2]


@pytest.mark.parametrize("uid", ["", "x", "0193557A-7c00-7000-8000-000000000001", "../../etc/passwd", "0" * 36])
def test_uid_must_be_a_uuid(app: Flask, uid: str) -> None:
    with pytest.raises(InvalidError, match="expected a UUID in lower case"):
        send(uid, start())


def test_batch_has_a_greatest_number_of_events(app: Flask) -> None:
    beats = [line(seq, "heartbeat") for seq in range(2, 1002)]
    with pytest.raises(TooLargeError, match=r"at most 1,000 events; line 1001"):
        send(str(uuid4()), start(), *beats)
    uid = str(uuid4())
    assert send(uid, start(), *beats[:-1]).acked == 1000


def test_batch_has_a_greatest_size(app: Flask) -> None:
    with pytest.raises(TooLargeError, match=r"at most 4,194,304 bytes; line 2"):
        send(str(uuid4()), start(), line(2, "log", text="x" * 4_200_000))


def test_token_of_other_services_is_refused(app: Flask) -> None:
    uid = str(uuid4())
    with pytest.raises(ForbiddenError, match="this token may write to the services backup only, not to 'audit'"):
        send(uid, start(), caller=LIMITED)
    send(uid, start())
    with pytest.raises(ForbiddenError):
        send(uid, line(2, "heartbeat"), caller=LIMITED)
    assert send(str(uuid4()), start("backup"), caller=LIMITED).acked == 1


def test_cancel_is_answered_until_the_run_ends(any_app: Flask) -> None:
    uid = str(uuid4())
    send(uid, start())
    with writing() as session:
        assert request_cancel(session, uid, caller=SERVER, now=NOW)
    assert send(uid, line(2, "heartbeat")).cancel
    assert not send(uid, line(3, "run.end", status="canceled")).cancel
    run = run_of(uid)
    assert (run.status, run.level) == ("canceled", None)
    with writing() as session:
        assert not request_cancel(session, uid, caller=SERVER, now=NOW)


def test_change_always_moves_the_touch(app: Flask) -> None:
    uid = str(uuid4())
    send(uid, start())
    before = run_of(uid).touched_at
    for seq in range(2, 5):
        accept([line(seq, "heartbeat")], uid=uid, stream="s", caller=SERVER, now=NOW - timedelta(hours=1))
        after = run_of(uid).touched_at
        assert after > before
        before = after


def test_factory_records_what_it_is_told(app: Flask) -> None:
    uid = record_run(app, attempts=[{"a": "ok", "b": "failed"}, {"b": "ok"}], fields={"labels": ["night"]})
    run = run_of(uid)
    assert (run.status, run.level, run.device_counts, run.flaky_devices) == ("complete", "ok", {"ok": 2}, 1)
