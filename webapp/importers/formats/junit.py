"""JUnit XML, as pytest, Surefire, Gradle, Jest, Go and many others write it.

Each test case becomes a case; its suite is its class, below the names of the test suites that the class doesn't repeat.
Failure texts, `system-out`, `system-err` and properties become its output. What a suite prints becomes the run's log,
and its properties stand among the run's versions. A case that stands there more than once was run again: each is one
attempt, and one that was run again has failed, whether it says so or not (pytest-rerunfailures writes such reruns
without a failure). Surefire's reruns (`rerunFailure`, `flakyFailure`) become attempts as well.
The counts in the file are not trusted. A time without a zone is read as UTC.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import BinaryIO

from webapp.domain.messages import MAX_CASE_NAME, AnyEvent, Case, Log, RunEnd, RunStart
from webapp.domain.outcome import CaseResult
from webapp.errors import TooLargeError
from webapp.importers.contract import UNNUMBERED, ImportOptions
from webapp.importers.junitcases import Output, Property, Report, Suite, TestCase, read_reports
from webapp.importers.texts import as_message, as_name, first_line

name = "junit"
title = "JUnit XML"
suffixes = (".xml",)

MAX_CASES = 1_000_000
MAX_PROPERTIES = 500
MAX_VALUE = 4096
RERUN = "rerun"
TEARDOWN = "failed on teardown with "
_ROOT = re.compile(rb"<(?:[\w.-]{1,40}:)?testsuites?[\s>/]")
# Worst first.
_RESULTS = {
    "error": (CaseResult.FAIL, "error"),
    "failure": (CaseResult.FAIL, ""),
    "skipped": (CaseResult.SKIP, "skipped"),
}
_NOT_RUN = frozenset({"notrun", "disabled", "skipped", "ignored"})


def sniff(head: bytes) -> bool:
    """Say whether the file begins like XML whose first elements are test suites."""
    plain = head.replace(b"\0", b"").removeprefix(b"\xef\xbb\xbf").lstrip(b"\xff\xfe \t\r\n")
    return plain.startswith(b"<") and _ROOT.search(plain[:4096]) is not None


def read(stream: BinaryIO, *, options: ImportOptions) -> Iterator[AnyEvent]:
    """Yield the cases of the file; it is read twice, first to learn which cases stand there more than once."""
    survey = _Survey(options)
    for report in read_reports(stream, device_from=options.device_from):
        survey.add(report)
    stream.seek(0)
    started, ended = survey.span()
    yield RunStart(seq=UNNUMBERED, ts=started, versions=survey.properties or None)
    attempts = _Attempts(survey)
    for report in read_reports(stream, device_from=options.device_from):
        if isinstance(report, TestCase):
            yield from attempts.cases(report, report.suite.started_at or started)
        elif isinstance(report, Output):
            yield Log(seq=UNNUMBERED, ts=report.suite.started_at or started, text=report.text)
    yield RunEnd(seq=UNNUMBERED, ts=ended, status="complete")


class _Survey:
    """What must be known of the whole file before its first case can be told."""

    def __init__(self, options: ImportOptions) -> None:
        self._options = options
        self._seen: set[int] = set()
        self._cases = 0
        self._total_s = 0.0
        self._started: datetime | None = None
        self._ended: datetime | None = None
        self.repeated: dict[int, int] = {}
        self.properties: dict[str, str] = {}

    def add(self, report: Report) -> None:
        if isinstance(report, Suite):
            self._add_suite(report)
        elif isinstance(report, Property):
            if report.name and len(self.properties) < MAX_PROPERTIES:
                self.properties[report.name] = report.value[:MAX_VALUE]
        elif isinstance(report, TestCase):
            self._add_case(report)

    def _add_suite(self, suite: Suite) -> None:
        if suite.started_at is not None:
            end = _later(suite.started_at, suite.duration_s)
            self._started = min(self._started or suite.started_at, suite.started_at)
            self._ended = max(self._ended or end, end)

    def _add_case(self, report: TestCase) -> None:
        self._cases += 1
        if self._cases > MAX_CASES:
            raise TooLargeError(f"line {report.line}: a file may have at most {MAX_CASES:,} test cases")
        self._total_s += report.duration_s or 0
        if _is_of_same_attempt(report):
            return
        key = _key(report)
        if key in self._seen:
            self.repeated[key] = self.repeated.get(key, 1) + 1
        self._seen.add(key)

    def span(self) -> tuple[datetime, datetime]:
        """Return when the run began and ended; a file without times has just ended."""
        if self._started is not None and self._ended is not None:
            return self._started, self._ended
        return self._options.now - timedelta(seconds=min(self._total_s, 1e8)), self._options.now


class _Attempts:
    """Which attempt each element of the same case is."""

    def __init__(self, survey: _Survey) -> None:
        self._repeated = survey.repeated
        self._last: dict[int, int] = {}
        self._left = dict(survey.repeated)

    def cases(self, test: TestCase, ts: datetime) -> Iterator[Case]:
        """Yield the attempts that one element tells of."""
        key = _key(test)
        if _is_of_same_attempt(test):
            yield _case(test, ts, attempt=self._last.get(key, 1))
            return
        first = self._last.get(key, 0) + 1
        flaky = [rerun for rerun in test.reruns if rerun.kind.startswith("flaky")]
        later = [rerun for rerun in test.reruns if not rerun.kind.startswith("flaky")]
        for number, rerun in enumerate(flaky):
            yield _case(test.rerun_as(rerun), ts, attempt=first + number)
        yield _case(test, ts, attempt=first + len(flaky), is_rerun=self._comes_again(key))
        for number, rerun in enumerate(later, start=1):
            yield _case(test.rerun_as(rerun), ts, attempt=first + len(flaky) + number)
        if key in self._repeated:
            self._last[key] = first + len(test.reruns)

    def _comes_again(self, key: int) -> bool:
        left = self._left.get(key, 1) - 1
        if key in self._left:
            self._left[key] = left
        return left > 0


def _later(moment: datetime, seconds: float) -> datetime:
    try:
        return moment + timedelta(seconds=seconds)
    except OverflowError:
        return moment


def _key(test: TestCase) -> int:
    return hash((test.device, test.suite_name, test.name))


def _is_of_same_attempt(test: TestCase) -> bool:
    """Say whether this is pytest's second element of one attempt: its call failed, and then its teardown too."""
    return any(each.kind == "error" and each.message.startswith(TEARDOWN) for each in test.findings)


def _case(test: TestCase, ts: datetime, *, attempt: int, is_rerun: bool = False) -> Case:
    result, raw_result, message = _outcome(test)
    if is_rerun and result is CaseResult.PASS:
        result, raw_result, message = CaseResult.FAIL, RERUN, "failed, and was run again"
    return Case(
        seq=UNNUMBERED,
        ts=ts,
        suite=as_name(test.suite_name),
        name=as_name(test.name, limit=MAX_CASE_NAME),
        result=result,
        attempt=attempt,
        device=as_name(test.device) or None,
        message=as_message(message),
        duration_s=test.duration_s,
        output=test.output() or None,
        raw_result=as_name(raw_result) or None,
        started_at=test.started_at,
    )


def _outcome(test: TestCase) -> tuple[CaseResult, str, str]:
    """Return the worst that an element says of its case, the tool's own word for it and its message."""
    worst = None
    for found in test.findings:
        if worst is None or list(_RESULTS).index(found.kind) < list(_RESULTS).index(worst.kind):
            worst = found
    if worst is None:
        word = test.status.lower()
        return (CaseResult.SKIP, word, "") if word in _NOT_RUN else (CaseResult.PASS, "", "")
    result, raw_result = _RESULTS[worst.kind]
    if worst.type == "pytest.xfail":
        raw_result = "xfail"
    return result, worst.word or raw_result, worst.message or first_line(worst.text) or worst.type
