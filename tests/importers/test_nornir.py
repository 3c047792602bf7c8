"""What becomes of results by device: sections, statuses, messages, times, our own document."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.importers.reading import NOW, read
from webapp.domain.messages import AttemptEnd, AttemptStart, DeviceEnd
from webapp.errors import InvalidError, TooLargeError
from webapp.importers.formats import nornir

pytestmark = pytest.mark.unit


def ends(document: Any, **given: Any) -> list[DeviceEnd]:
    text = document if isinstance(document, str) else json.dumps(document)
    return [event for event in read(text, "nornir", **given) if isinstance(event, DeviceEnd)]


def one(outcome: Any) -> DeviceEnd:
    """Return what becomes of a device that says this."""
    (end,) = ends({"edge-1": outcome})
    return end


def faults(document: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidError) as caught:
        ends(document)
    return caught.value.faults


def by_attempt(found: list[DeviceEnd]) -> list[tuple[int, str, str]]:
    return [(end.attempt, end.device, end.status.value) for end in found]


def test_each_attempt_has_its_devices() -> None:
    good, bad = {"success": True, "result": 1}, {"success": False, "result": 2}
    document = {
        "results": {"success": True, "devices": {"a": good, "b": good}},
        "attempt10": {"devices": {"b": good}},
        "attempt2": {"devices": {"b": bad}},
        "attempt1": {"devices": {"a": good, "b": bad}},
    }
    assert by_attempt(ends(document)) == [
        (1, "a", "ok"),
        (1, "b", "failed"),
        (2, "b", "failed"),
        (10, "b", "ok"),
    ]
    events = read(json.dumps(document), "nornir")
    assert [event.attempt for event in events if isinstance(event, AttemptStart)] == [1, 2, 10]
    assert [event.reason.value for event in events if isinstance(event, AttemptStart)] == ["initial", "retry", "retry"]
    assert [event.attempt for event in events if isinstance(event, AttemptEnd)] == [1, 2, 10]


def test_device_that_only_the_overall_section_knows_is_kept() -> None:
    document = {"results": {"devices": {"a": {"success": True, "attempt": 2}, "b": {"success": True}}}}
    assert by_attempt(ends(document)) == [(1, "b", "ok"), (2, "a", "ok")]
    mixed = {**document, "attempt1": {"devices": {"b": {"success": False}}}}
    assert by_attempt(ends(mixed)) == [(1, "b", "failed"), (1, "a", "ok")]


def test_one_section_or_plain_devices_are_read() -> None:
    assert by_attempt(ends({"success": True, "devices": {"a": {"success": True}}})) == [(1, "a", "ok")]
    assert by_attempt(ends({"a": {"success": True}, "b": {"failed": True}})) == [(1, "a", "ok"), (1, "b", "failed")]
    assert by_attempt(ends({"a": [{"failed": False, "changed": True}, {"failed": False}]})) == [(1, "a", "changed")]
    assert by_attempt(ends({"a": [{"failed": False}, {"failed": True}]})) == [(1, "a", "failed")]


def test_own_document_comes_back() -> None:
    text = (
        '{"results":{"success":false,"summary":{"success":["a"],"failure":["b"]},"devices":'
        '{"a":{"success":true,"status":"changed","result":{"x":1.50}},'
        '"b":{"success":false,"status":"canceled","result":null}}}}'
    )
    a, b = ends(text)
    assert (a.status.value, bytes(a.result)) == ("changed", b'{"x":1.50}')
    assert (b.status.value, bytes(b.result)) == ("canceled", b"")


@pytest.mark.parametrize(
    ("outcome", "status", "message"),
    [
        ({"success": True}, "ok", None),
        ({"success": True, "changed": True}, "changed", None),
        ({"success": False}, "failed", None),
        ({"failed": True, "result": "no"}, "failed", None),
        ({"success": False, "message": "by hand"}, "failed", "by hand"),
        ({"success": False, "result": "ReadTimeout: late\nmore"}, "timeout", "ReadTimeout: late"),
        (
            {"success": False, "result": "ReadTimeout: \nafter connecting:\n\nno banner\nmore"},
            "timeout",
            "ReadTimeout: after connecting: no banner",
        ),
        ({"success": False, "result": "ReadTimeout: nothing after:"}, "timeout", "ReadTimeout: nothing after:"),
        (
            {"success": False, "result": {"x": {"y": ["ConnectionRefusedError"]}}},
            "unreachable",
            "ConnectionRefusedError",
        ),
        ({"success": False, "result": {"x": "a.b.SSHException: gone"}}, "unreachable", "SSHException: gone"),
        ({"success": False, "result": {"a": "ValueError: no", "b": "ReadTimeout: x"}}, "failed", "ValueError: no"),
        ({"success": True, "result": "ReadTimeout: said by the device"}, "ok", None),
        ({"success": True, "status": "unreachable"}, "unreachable", None),
        ({"status": "failed", "result": "ValueError: no"}, "failed", "ValueError: no"),
        ({"status": "RUNNING"}, "lost", None),
        ({"success": True, "status": "Completed"}, "ok", None),
    ],
)
def test_status_and_message(outcome: Any, status: str, message: str | None) -> None:
    end = one(outcome)
    assert (end.status.value, end.message) == (status, message)


def test_traceback_is_searched_at_its_end() -> None:
    chained = (
        "Traceback (most recent call last):\n  File 'a'\nOSError: first\n\nDuring handling\n\n"
        "Traceback (most recent call last):\n  File 'b'\nnetmiko.NetmikoAuthenticationException: \nwrong password\n"
    )
    end = one({"success": False, "result": chained})
    assert (end.status.value, end.message) == ("unreachable", "NetmikoAuthenticationException: wrong password")


def test_own_word_for_the_status_is_kept() -> None:
    assert one({"success": True, "status": "Completed"}).raw_status == "Completed"
    assert one({"success": True, "status": "ok"}).raw_status is None


def test_result_is_kept_as_it_stands() -> None:
    (end,) = ends('{"a": {"success": true, "result": {"b": 12345678901234567890, "a":  1.50}}}')
    assert bytes(end.result) == b'{"b": 12345678901234567890, "a":  1.50}'
    (end,) = ends('{"a": {"success": true, "facts": [1]}}')
    assert bytes(end.result) == b'{"success": true, "facts": [1]}'


@pytest.mark.parametrize(
    ("duration", "seconds"), [(1.5, 1.5), ("1.5", 1.5), ("0:01:01.5", 61.5), (-1, None), ("soon", None), (None, None)]
)
def test_duration(duration: Any, seconds: float | None) -> None:
    assert one({"success": True, "duration": duration}).duration_s == seconds


def test_times_of_the_run() -> None:
    devices = {"a": {"success": True}}
    at = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
    cases: list[tuple[dict[str, Any], tuple[datetime, datetime]]] = [
        ({"runtime": "2026-03-01T10:00:00+00:00", "duration": 60}, (at.replace(hour=9, minute=59), at)),
        ({"runtime": "2026-03-01 10:00:00", "duration": "0:01:00"}, (at, at.replace(minute=1))),
        ({}, (NOW, NOW)),
        ({"runtime": "0001-01-01T00:00:00+00:00", "duration": 60}, (datetime(1, 1, 1, tzinfo=UTC),) * 2),
    ]
    for facts, (start, end) in cases:
        events = read(json.dumps({"devices": devices, **facts}), "nornir")
        assert (events[0].ts, events[-1].ts) == (start, end)


def test_faults_name_their_place() -> None:
    assert faults('{"a": {"success": "yes"}}') == [("a.success", "expected `bool | null`, got `str`")]
    assert faults('{"attempt1": {"devices": {"a": 7}}}') == [
        ("attempt1.devices.a", "expected an object that says how the device ended")
    ]
    assert faults('{"results": {}}') == [("results", "object missing required field `devices`")]
    assert faults('{"a": {"status": "odd"}}')[0][0] == "a.status"
    assert faults('{" ": {"success": true}}') == [(" ", "expected the name of a device, got only blanks")]
    assert faults('{"a": {"success": true')[0][1].startswith("expected JSON")
    assert faults("[1]") == [("", "expected `object`, got `array`")]


def test_file_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nornir, "MAX_FILE", 10)
    with pytest.raises(TooLargeError, match="at most 10 bytes"):
        ends('{"a": {"success": true}}')


def test_sniffing_leaves_other_json_alone() -> None:
    assert nornir.sniff(b'\xef\xbb\xbf{\n "results": {')
    assert nornir.sniff(b'{"edge-1": {"success": true')
    assert nornir.sniff(b'{"edge-1": [{"failed": false')
    assert not nornir.sniff(b'{"edge-1": {"host": "127.0.0.1"')
    assert not nornir.sniff(b'{"type": "run.start"')
    assert not nornir.sniff(b"[1]")
