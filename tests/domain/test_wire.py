"""Does a line become its message, and does a wrong one say where and what was expected?"""

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.domain.messages import Case, DeviceEnd, Heartbeat, Log
from webapp.domain.outcome import DeviceStatus
from webapp.domain.wire import TYPES, check_event, decode_event
from webapp.errors import InvalidError

pytestmark = pytest.mark.unit

HEAD = b'"seq":1,"ts":"2026-11-22T12:00:00Z"'
END = b'"type":"device.end","device":"a","status":"ok",' + HEAD


def faults_of(line: bytes) -> list[tuple[str, str]]:
    with pytest.raises(InvalidError) as caught:
        decode_event(line, place="line 3")
    return caught.value.faults


def with_fields(kind: str, **fields: Any) -> bytes:
    return json.dumps({"seq": 1, "ts": "2026-11-22T12:00:00Z", "type": kind, **fields}).encode()


def test_result_is_kept_as_it_was_sent() -> None:
    event = decode_event(b"{" + END + b',"result": {"b":1.50, "a":[18446744073709551617]}}')
    assert isinstance(event, DeviceEnd)
    assert (event.device, event.status, event.attempt) == ("a", DeviceStatus.OK, 1)
    assert bytes(event.result) == b'{"b":1.50, "a":[18446744073709551617]}'


def test_null_is_a_result_and_nothing_is_none() -> None:
    null, nothing = decode_event(b"{" + END + b',"result":null}'), decode_event(b"{" + END + b"}")
    assert isinstance(null, DeviceEnd)
    assert isinstance(nothing, DeviceEnd)
    assert (bytes(null.result), bytes(nothing.result)) == (b"null", b"")


@pytest.mark.parametrize(
    ("ts", "expected"),
    [
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("1955-11-05T06:00:00-08:00", datetime(1955, 11, 5, 14, tzinfo=UTC)),
        ("9999-12-31T23:59:59.999999Z", datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
    ],
)
def test_any_year_is_kept(ts: str, expected: datetime) -> None:
    event = decode_event(json.dumps({"seq": 1, "ts": ts, "type": "heartbeat"}).encode())
    assert isinstance(event, Heartbeat)
    assert event.ts == expected


@pytest.mark.parametrize("ts", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"])
def test_time_must_be_one_in_utc(ts: str) -> None:
    line = json.dumps({"seq": 1, "ts": ts, "type": "heartbeat"}).encode()
    assert faults_of(line) == [("line 3: ts", "expected a time from year 1 to year 9999 in UTC")]


@pytest.mark.parametrize(
    ("line", "path", "sentence"),
    [
        (b"{" + END + b',"resullt":1}', "resullt", "unknown field of device.end; did you mean 'result'?"),
        (b"{" + END + b',"zz":1}', "zz", "unknown field of device.end; expected one of seq, ts, device, status"),
        (b'{"type":"device.stop",' + HEAD + b"}", "type", "got 'device.stop'; did you mean 'device.start'?"),
        (b'{"type":7}', "type", "expected one of run.start, plan,"),
        (b"{" + HEAD + b"}", "type", "expected a value, got nothing; the field is required"),
        (b'{"type":"heartbeat","ts":"2026-11-22T12:00:00Z"}', "seq", "the field is required"),
        (b'{"type":"heartbeat","seq":"1"}', "seq", "expected a whole number, got a text"),
        (b'{"type":"heartbeat","seq":1.5}', "seq", "expected a whole number, got a number"),
        (b'{"type":"heartbeat","seq":0}', "seq", "expected a whole number >= 1"),
        (b'{"type":"heartbeat","seq":9223372036854775808}', "seq", "expected a whole number <="),
        (b'{"type":"heartbeat","seq":1,"ts":"2026-11-22T12:00:00"}', "ts", "with its zone"),
        (b'{"type":"heartbeat","seq":1,"ts":"yesterday"}', "ts", "expected a time such as 2026-01-31T12:00:00Z"),
        (b'{"type":"heartbeat","seq":1,"ts":17}', "ts", "expected a time such as"),
        (b"{" + END + b',"message":5}', "message", "expected a text or null, got a whole number"),
        (b"{" + END + b',"result":[NaN]}', "result", "expected JSON, which has no NaN (byte "),
        (b"{" + END + b',"result":"\\ud800"}', "result", "lone surrogate (byte "),
        (b"{" + END + b',"result":' + b"[" * 513 + b"]" * 513 + b"}", "result", "at most 512 levels"),
        (with_fields("device.end", device="a", status="oky"), "status", "expected one of ok, changed, failed"),
        (with_fields("device.end", device="a", status="running"), "status", "lost, got running"),
        (with_fields("device.end", device="x" * 256, status="ok"), "device", "length <= 255"),
        (with_fields("device.start", device=" a"), "device", "without blanks at its start and end"),
        (with_fields("device.start", device="a\0"), "device", "got U+0000 at character 2"),
        (with_fields("device.start", device="a", attempt=0), "attempt", ">= 1"),
        (with_fields("run.start", service="a/b"), "service", "without '/'"),
        (with_fields("run.start", host="a\nb"), "host", "U+000A"),
        (with_fields("run.start", versions={"a": 1}), "versions[...]", "expected a text"),
        (with_fields("plan", devices=["a", ""]), "devices[1]", "length >= 1"),
        (with_fields("plan", devices=["a", "\t"]), "devices[1]", "only blanks"),
        (with_fields("case", suite="s ", name="n", result="pass"), "suite", "without blanks"),
        (with_fields("case", suite="", name="n", result="ok"), "result", "expected one of pass, fail, skip, unknown"),
        (with_fields("measurement", name="n", value="7"), "value", "expected a number, got a text"),
        (with_fields("log", text="x", stream="a\u202e"), "stream", "change the direction"),
        (with_fields("run.end", status="done"), "status", "expected one of canceled, complete, incomplete"),
    ],
)
def test_fault_names_its_field(line: bytes, path: str, sentence: str) -> None:
    [(where, message)] = faults_of(line)
    assert where == f"line 3: {path}"
    assert sentence in message


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (b"[1]", "expected an object, got a list"),
        (b"x", "expected JSON: invalid character (byte 0)"),
        (b"{", "expected JSON"),
        (b'{"a":"\xff"}', "expected UTF-8, got the byte 0xFF (byte 6)"),
    ],
)
def test_line_that_is_no_object_is_refused(line: bytes, sentence: str) -> None:
    [(where, message)] = faults_of(line)
    assert where == "line 3" or where.startswith("line 3: ")
    assert sentence in message


def test_several_faults_are_all_named() -> None:
    faults = faults_of(with_fields("device.end", device=" a", status="queued", raw_status="\0"))
    assert [path for path, _ in faults] == ["line 3: device", "line 3: status", "line 3: raw_status"]


def test_messages_made_in_python_are_checked_too() -> None:
    case = Case(seq=1, ts=datetime(2026, 1, 1, tzinfo=UTC), suite="s", name="n" * 1025, result="pass")  # type: ignore[arg-type]
    with pytest.raises(InvalidError, match="name: expected at most 1,024 characters, got 1,025"):
        check_event(case)
    log = Log(seq=1, ts=datetime(2026, 1, 1, tzinfo=UTC), text="\0 is fine in a text", level="x" * 300)
    with pytest.raises(InvalidError, match="level: expected at most 255 characters"):
        check_event(log)


@given(st.sampled_from(sorted(TYPES)), st.dictionaries(st.text(), st.none() | st.integers() | st.text(), max_size=4))
def test_any_object_is_read_or_refused(kind: str, fields: dict[str, Any]) -> None:
    line = json.dumps({"type": kind, "seq": 1, "ts": "2026-11-22T12:00:00Z"} | fields).encode()
    with contextlib.suppress(InvalidError):
        assert msgspec.json.decode(msgspec.json.encode(decode_event(line)))["type"] == kind


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(line: bytes) -> None:
    with pytest.raises(InvalidError):
        decode_event(line)
