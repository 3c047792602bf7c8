"""Are subjects, sentences and cut lists what people expect, whatever a run is called?"""

from dataclasses import replace

import pytest

from tests.factories.reports import REPORTS, device, facts, green, hostile, red
from webapp.domain.outcome import CaseResult, DeviceStatus, Level, RunStatus
from webapp.notify.wording import duration, headline_of, listed, moment, one_line, plural, since_of, subject_of

pytestmark = pytest.mark.unit

SUBJECTS = {
    "green": "[OK] backup-core #118: All 45 devices passed",
    "red": "[FAILED] backup-core #118: 3 of 45 devices (2 new)",
    "empty": "[OK] backup-core #118: Nothing to report",
    "running": "[RUNNING] backup-core #118: Running: nothing reported yet",
    "canceled": "[CANCELED] backup-core #118: Canceled, 12 of 45 devices done",
    "incomplete": "[FAILED] backup-core #118: Did not run to its end: Traceback",
    "first": "[FAILED] backup-core #1: 3 of 45 devices (2 new)",
    "recovered": "[FIXED] backup-core #118: All 45 devices passed",
    "large": "[FAILED] backup-core #118: 10,000 of 10,000 devices",
}


@pytest.mark.parametrize("name", SUBJECTS)
def test_subject_says_the_verdict_first(name: str) -> None:
    assert subject_of(REPORTS[name]()) == SUBJECTS[name]


def test_subject_of_hostile_texts_is_one_line() -> None:
    subject = subject_of(hostile())
    assert subject.isprintable()
    assert len(subject) <= 200


@pytest.mark.parametrize(
    ("text", "line"),
    [("a\r\nb\tc", "a b c"), ("a\0\u202e\ud800b", "a b"), ("  x  ", "x"), ("", ""), ("y" * 300, "y" * 199 + "…")],
)
def test_one_line_is_printable_and_short(text: str, line: str) -> None:
    assert one_line(text) == line


def test_device_says_since_when_it_fails() -> None:
    new, old, good = red().failing[0], red().failing[2], device("r1")
    assert [since_of(each, number=118) for each in (new, old, good)] == ["new", "failing since #112", ""]
    assert since_of(device("r2", DeviceStatus.FAILED, since_number=118), number=118) == ""


def test_owner_is_told_of_their_own_devices() -> None:
    report = replace(red(), recipient_devices=("edge-07", "edge-08"), failing_total=1, new_failing_total=1)
    assert subject_of(report) == "[FAILED] backup-core #118: 1 of your devices (1 new)"
    spared = replace(report, failing=(), failing_total=0, failing_cases=(), failing_cases_total=0)
    assert subject_of(spared) == "[OK] backup-core #118: none of your devices failed"
    broken = replace(
        spared, run=facts(status=RunStatus.INCOMPLETE, level=Level.FAILED, verdict="Did not run to its end")
    )
    assert subject_of(broken) == "[FAILED] backup-core #118: Did not run to its end"


def test_subject_says_how_many_failing_cases_are_new() -> None:
    report = replace(green(), case_counts={CaseResult.FAIL: 2, CaseResult.PASS: 10}, failing_cases_total=2)
    assert subject_of(report).endswith("#118: 2 of 12 cases")
    assert subject_of(replace(report, new_failing_cases_total=1)).endswith("#118: 2 of 12 cases (1 new)")


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("", ""),
        (" \n", ""),
        ("no route\nmore", "no route"),
        ('Traceback (most recent call last):\n  File "x.py", line 1\nLostError: no console\n', "LostError: no console"),
    ],
)
def test_message_is_told_by_the_line_that_says_most(message: str, line: str) -> None:
    assert headline_of(message) == line


def test_names_are_listed() -> None:
    assert listed(["r1", "r2"], most=3, total=1_429) == "r1, r2 and 1,427 more"
    assert listed(["a", "b"], most=2) == "a, b"
    assert listed([str(number) for number in range(42)], most=2) == "0, 1 and 40 more"


def test_times_and_words() -> None:
    assert moment(green().run.started_at) == "2026-11-22 12:00:00 UTC"
    assert (moment(None), duration(None), duration(3723.4)) == ("", "", "1:02:03")
    assert (plural(1, "case"), plural(0, "case")) == ("case", "cases")
