"""What becomes of lines of messages: ours, those with other words, and what is neither."""

import pytest

from tests.importers.reading import NOW, read
from webapp.domain.messages import AnyEvent, Case, DeviceEnd, Plan, RunEnd, RunStart
from webapp.errors import InvalidError, TooLargeError
from webapp.importers.formats import ndjson

pytestmark = pytest.mark.unit


def lines(*texts: str, **given: object) -> list[AnyEvent]:
    return read("\n".join(texts), "ndjson", **given)


def fault(*texts: str) -> tuple[str, str]:
    with pytest.raises(InvalidError) as caught:
        lines(*texts)
    return caught.value.faults[0]


def test_numbers_are_given_anew_and_times_carried_on() -> None:
    events = lines(
        '{"type":"heartbeat","seq":700}',
        "",
        '{"type":"heartbeat","ts":"2026-03-01T10:00:00Z"}',
        '{"type":"log","text":"x","seq":3}',
        '{"type":"run.end","status":"complete"}',
    )
    assert [event.seq for event in events] == [1, 2, 3, 4, 5]
    assert [event.ts == NOW for event in events] == [True, True, False, False, False]


def test_service_of_the_file_stands_unless_one_is_given() -> None:
    start = '{"type":"run.start","service":"audit"}'
    for given, service in (("", "audit"), ("lab", "lab")):
        (found,) = [event for event in lines(start, service=given) if isinstance(event, RunStart)]
        assert found.service == service


def test_file_without_an_end_is_an_incomplete_run() -> None:
    end = lines('{"type":"log","text":"x","ts":"2026-03-05T10:00:00Z"}')[-1]
    assert isinstance(end, RunEnd)
    assert (end.status, end.message) == ("incomplete", "the file says of no end of the run")
    assert end.ts.day == 5


def test_other_words_are_read() -> None:
    events = lines(
        '{"type":"run.start","run":"x","producer":"nornir","targets":["a"],"ts":"2026-03-01T10:00:00Z"}',
        '{"type":"target.end","target":"a","status":"failed","duration":1.5,"error":{"class":"E","message":"m"}}',
        '{"type":"run.end","status":"ok","duration":2}',
    )
    start, plan, end, _ = events
    assert isinstance(start, RunStart)
    assert start.trigger == "nornir"
    assert isinstance(plan, Plan)
    assert plan.devices == ["a"]
    assert isinstance(end, DeviceEnd)
    assert (end.device, end.duration_s, end.message) == ("a", 1.5, "E: m")


@pytest.mark.parametrize(
    ("status", "result", "raw_result"),
    [("ok", "pass", None), ("changed", "pass", "changed"), ("failed", "fail", None), ("timeout", "fail", "timeout")],
)
def test_result_becomes_a_case(status: str, result: str, raw_result: str | None) -> None:
    text = '{"type":"result","target":"a","path":["audit","sub","show"],"output":{"x":1},"diff":"+y","status":"%s"}'
    case = next(event for event in lines(text % status) if isinstance(event, Case))
    assert (case.suite, case.name, case.device) == ("audit / sub", "show", "a")
    assert (case.result.value, case.raw_result) == (result, raw_result)
    assert case.output == '{"x":1}\n+y'


def test_faults_name_the_line_and_the_expectation() -> None:
    assert fault("\n", "[1]") == ("line 3", "expected a JSON object")
    assert fault('{"type":"rum.start"}')[0] == "line 1: type"
    assert "did you mean 'run.start'?" in fault('{"type":"rum.start"}')[1]
    assert fault('{"type":"device.end","device":"a"}')[0] == "line 1: status"
    assert fault('{"type":"device.end","devices":"a","status":"ok"}')[0] == "line 1: devices"
    assert fault('{"type":"log","text":"x"')[0] == "line 1"
    assert fault('{"type":"result","status":"ok"}')[0] == "line 1: path"
    assert fault('{"type":"result","path":["a"],"status":"odd"}')[0] == "line 1: status"
    assert fault('{"no":"type"}')[0] == "line 1: type"


def test_line_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ndjson, "MAX_LINE", 100)
    with pytest.raises(TooLargeError, match="line 2: a line may have at most 100 bytes"):
        lines('{"type":"heartbeat"}', '{"type":"log","text":"' + "x" * 200 + '"}')


def test_device_names_and_values_are_checked_like_on_the_wire() -> None:
    assert fault('{"type":"device.start","device":"a\\u0007"}')[0] == "line 1: device"
    assert fault('{"type":"device.end","device":"a","status":"ok","attempt":0}')[0] == "line 1: attempt"
    end = lines('{"type":"device.end","device":"../../x","status":"ok"}')[1]
    assert isinstance(end, DeviceEnd)
    assert end.device == "../../x"
