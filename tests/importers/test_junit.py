"""What becomes of JUnit files as tools really write them: reruns, nesting, devices, texts, times."""

from datetime import UTC, datetime

import pytest

from tests.importers.reading import NOW, read
from webapp.domain.messages import AnyEvent, Case, Log, RunEnd, RunStart
from webapp.errors import InvalidError, TooLargeError
from webapp.importers.formats import junit

pytestmark = pytest.mark.unit

FLAKY = '<testcase classname="t" name="flaky" time="0.1"/>'
FAILED = '<testcase classname="t" name="flaky"><failure message="no"/></testcase>'


def cases(inner: str, attributes: str = 'name="pytest"', **given: object) -> list[Case]:
    """Return the cases of a suite with this inside."""
    events = read(f"<testsuite {attributes}>{inner}</testsuite>", "junit", **given)
    return [event for event in events if isinstance(event, Case)]


def one(inner: str, attributes: str = 'name="pytest"', **given: object) -> Case:
    """Return the only case."""
    (case,) = cases(inner, attributes, **given)
    return case


def attempts(found: list[Case]) -> list[tuple[int, str, str | None]]:
    return [(case.attempt, case.result.value, case.raw_result) for case in found]


def first(events: list[AnyEvent]) -> RunStart:
    start = events[0]
    assert isinstance(start, RunStart)
    return start


def test_case_that_is_there_again_was_rerun() -> None:
    assert attempts(cases(FLAKY * 3)) == [(1, "fail", "rerun"), (2, "fail", "rerun"), (3, "pass", None)]


def test_last_rerun_may_fail_itself() -> None:
    assert attempts(cases(FLAKY + FAILED)) == [(1, "fail", "rerun"), (2, "fail", None)]
    assert attempts(cases(FAILED + FLAKY)) == [(1, "fail", None), (2, "pass", None)]


def test_reruns_between_other_cases_are_counted_by_case() -> None:
    other = '<testcase classname="t" name="other"/>'
    found = cases(FLAKY + other + FLAKY)
    assert [(case.name, case.attempt) for case in found] == [("flaky", 1), ("other", 1), ("flaky", 2)]


def test_failed_call_with_failed_teardown_is_one_attempt() -> None:
    teardown = (
        '<testcase classname="t" name="flaky"><error message="failed on teardown with &quot;E&quot;"/></testcase>'
    )
    assert attempts(cases(FAILED + teardown)) == [(1, "fail", None), (1, "fail", "error")]


def test_same_name_in_another_suite_is_another_case() -> None:
    suites = "".join(f'<testsuite name="{name}"><testcase name="x"/></testsuite>' for name in ("a", "b"))
    found = [event for event in read(f"<testsuites name='all'>{suites}</testsuites>") if isinstance(event, Case)]
    assert [(case.suite, case.attempt) for case in found] == [("a", 1), ("b", 1)]


def test_attempts_follow_the_one_asked_for() -> None:
    assert attempts(cases(FLAKY * 2, attempt=3)) == [(3, "fail", "rerun"), (4, "pass", None)]


def test_rerun_failures_of_surefire_are_attempts() -> None:
    rerun = '<rerunError message="again" type="E"><stackTrace>trace</stackTrace></rerunError>'
    found = cases(f'<testcase classname="t" name="x"><failure message="no">first</failure>{rerun}</testcase>')
    assert attempts(found) == [(1, "fail", None), (2, "fail", "rerunError")]
    assert [case.message for case in found] == ["no", "again"]
    assert [case.output for case in found] == ["first\n", "trace\n"]


@pytest.mark.parametrize(
    ("child", "result", "raw_result"),
    [
        ("", "pass", None),
        ("<failure/>", "fail", None),
        ("<error/>", "fail", "error"),
        ("<skipped/>", "skip", "skipped"),
        ('<skipped type="pytest.xfail"/>', "skip", "xfail"),
        ("<failure/><error/>", "fail", "error"),
        ("<skipped/><failure/>", "fail", None),
        ("<whatever/>", "pass", None),
    ],
)
def test_result_is_the_worst_that_is_said(child: str, result: str, raw_result: str | None) -> None:
    case = one(f'<testcase name="x">{child}</testcase>')
    assert (case.result.value, case.raw_result) == (result, raw_result)


def test_counts_of_the_file_are_not_trusted() -> None:
    assert len(cases(FLAKY * 2, 'tests="7000" failures="3"')) == 2


def test_suite_is_the_class_below_what_it_does_not_repeat() -> None:
    inner = '<testsuite name="shop.Cart"><testcase classname="shop.Cart" name="adds"/></testsuite>'
    assert one(inner, 'name="chrome"').suite == "chrome / shop.Cart"
    assert one(inner, 'name="pytest"').suite == "shop.Cart"
    assert one('<testcase name="adds"/>', 'name="chrome"').suite == "chrome"
    assert one('<testcase name="adds"/>', suite="given").suite == "given"


def test_case_without_a_name_has_that_of_its_class() -> None:
    assert one('<testcase classname="test_import" name=""/>').name == "test_import"
    with pytest.raises(InvalidError) as caught:
        cases("\n\n<testcase/>")
    assert caught.value.faults == [("line 3: testcase", "expected the attribute name, got none")]


def test_device_comes_from_where_the_options_say() -> None:
    inner = (
        '<testcase name="a"><properties><property name="device" value="leaf-1"/></properties></testcase>'
        '<testcase name="b"/>'
    )
    head = 'name="pytest" hostname="vm"'
    assert [case.device for case in cases(inner, head)] == [None, None]
    assert [case.device for case in cases(inner, head, device="x")] == ["x", "x"]
    assert [case.device for case in cases(inner, head, device_from="hostname")] == ["vm", "vm"]
    assert [case.device for case in cases(inner, head, device_from="property", device="x")] == ["leaf-1", "x"]
    outer = f'<properties><property name="device">spine</property></properties>{inner}'
    assert [case.device for case in cases(outer, head, device_from="property")] == ["leaf-1", "spine"]


def test_same_case_on_two_devices_is_no_rerun() -> None:
    inner = "".join(f'<testsuite hostname="{name}"><testcase name="x"/></testsuite>' for name in ("a", "b"))
    assert attempts(cases(inner, device_from="hostname")) == [(1, "pass", None), (1, "pass", None)]


def test_message_is_the_attribute_or_the_first_line_or_the_type() -> None:
    assert one('<testcase name="x"><failure message="m" type="t">text</failure></testcase>').message == "m"
    assert one('<testcase name="x"><failure type="t">\n\n first\nsecond</failure></testcase>').message == "first"
    assert one('<testcase name="x"><failure type="t"/></testcase>').message == "t"


def test_outputs_stand_under_their_names() -> None:
    case = one(
        '<testcase name="x"><failure>trace</failure><system-out>\nout\n</system-out><system-err>err</system-err>'
        '<properties><property name="rate" value="41.5"/></properties></testcase>'
    )
    expected = "trace\n\n--- system-out ---\nout\n\n--- system-err ---\nerr\n\n--- properties ---\nrate = 41.5\n"
    assert case.output == expected


def test_what_a_suite_prints_and_says_is_kept_with_the_run() -> None:
    events = read(
        '<testsuite><properties><property name="python" value="3.11"/></properties>'
        "<system-out>hello</system-out><system-err> </system-err></testsuite>"
    )
    assert first(events).versions == {"python": "3.11"}
    assert [event.text for event in events if isinstance(event, Log)] == ["hello"]


def test_times_are_read_with_and_without_a_zone() -> None:
    events = read(
        '<testsuites><testsuite timestamp="2026-03-01T10:00:00" time="1.5"/>'
        '<testsuite timestamp="2026-03-01T12:00:00+02:00" time="60"/></testsuites>'
    )
    start, end = events[0], events[-1]
    assert start.ts == datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
    assert end.ts == datetime(2026, 3, 1, 10, 1, tzinfo=UTC)


@pytest.mark.parametrize("timestamp", ["", "yesterday", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_time_that_is_none_is_that_of_the_import(timestamp: str) -> None:
    events = read(f'<testsuite timestamp="{timestamp}"><testcase name="x" time="90"/></testsuite>')
    assert isinstance(events[-1], RunEnd)
    assert events[-1].ts == NOW
    assert (events[-1].ts - events[0].ts).total_seconds() == 90


@pytest.mark.parametrize("text", ["NaN", "inf", "-1", "soon", "", "1e300"])
def test_duration_that_is_none_is_left_out(text: str) -> None:
    assert one(f'<testcase name="x" time="{text}"/>').duration_s is None


def test_name_with_control_characters_and_directions_is_cleaned() -> None:
    name = "a&#10;b\t\x1b[31mred\x1b[0m \N{RIGHT-TO-LEFT OVERRIDE}evil &#0;"
    assert one(f'<testcase name="{name}"/>').name == "a b red \ufffdevil \ufffd"


def test_long_names_stay_apart() -> None:
    found = cases("".join(f'<testcase name="{"x" * 5000}{end}" classname="{"y" * 500}"/>' for end in "ab"))
    assert [case.attempt for case in found] == [1, 1]
    assert found[0].name != found[1].name
    assert {len(case.name) for case in found} == {1024}
    assert len(found[0].suite) == 255


def test_too_many_cases_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(junit, "MAX_CASES", 2)
    with pytest.raises(TooLargeError, match="line 1: a file may have at most 2 test cases"):
        cases(FLAKY * 3)


def test_other_xml_is_refused_with_what_was_expected() -> None:
    with pytest.raises(InvalidError) as caught:
        read("<!-- made by hand -->\n<html/>", "junit")
    assert caught.value.faults == [("line 2", "expected <testsuites> or <testsuite>, got <html>")]


def test_sniffing_sees_through_marks_and_comments() -> None:
    assert junit.sniff(b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- x --><testsuite name="x">')
    assert junit.sniff("<testsuites/>".encode("utf-16"))
    assert not junit.sniff(b"<html><testsuiteish>")
    assert not junit.sniff(b'{"text": "<testsuite>"}')
