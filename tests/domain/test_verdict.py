"""Does one sentence say how a run stands or ended?"""

from collections.abc import Mapping

import pytest

from webapp.domain.outcome import Level, RunStatus, device_status_of_cases, level_of
from webapp.domain.verdict import Tally, verdict_of

pytestmark = pytest.mark.unit


def tally(devices: Mapping[str, int] | None = None, cases: Mapping[str, int] | None = None, **more: int) -> Tally:
    """Return counts, nothing where nothing is given."""
    sums = {"flaky_devices": 0, "log_errors": 0, "log_warnings": 0, **more}
    return Tally(devices=devices or {}, cases=cases or {}, **sums)


@pytest.mark.parametrize(
    ("status", "counts", "message", "expected"),
    [
        (RunStatus.QUEUED, tally(), "", "Waiting to start"),
        (RunStatus.RUNNING, tally(), "", "Running: nothing reported yet"),
        (RunStatus.RUNNING, tally({"ok": 1, "queued": 2}), "", "Running: 1 of 3 devices done"),
        (RunStatus.RUNNING, tally({"failed": 1, "running": 1}), "", "Running: 1 of 2 devices failed, 1 to go"),
        (RunStatus.COMPLETE, tally(), "", "Nothing to report"),
        (RunStatus.COMPLETE, tally({"ok": 1}), "", "The device passed"),
        (RunStatus.COMPLETE, tally({"ok": 2000}), "", "All 2,000 devices passed"),
        (RunStatus.COMPLETE, tally({"ok": 2}, flaky_devices=1), "", "All 2 devices passed, 1 only passed on a retry"),
        (RunStatus.COMPLETE, tally(cases={"pass": 3}), "", "No failure in 3 cases"),
        (RunStatus.COMPLETE, tally(cases={"pass": 1}), "", "No failure in 1 case"),
        (RunStatus.COMPLETE, tally(cases={"fail": 1}), "look", "1 of 1 case failed: look"),
        (RunStatus.COMPLETE, tally(log_errors=1, log_warnings=5), "", "1 error in the log"),
        (RunStatus.COMPLETE, tally(log_warnings=5), "", "5 warnings in the log"),
        (RunStatus.INCOMPLETE, tally(), "lost", "Did not run to its end: lost"),
        (RunStatus.CANCELED, tally({"canceled": 1}), "", "Canceled, 0 of 1 device passed"),
    ],
)
def test_verdict(status: RunStatus, counts: Tally, message: str, expected: str) -> None:
    assert verdict_of(status, counts, message=message) == expected


@pytest.mark.parametrize(
    ("status", "devices", "errors", "warnings", "expected"),
    [
        (RunStatus.INCOMPLETE, {}, 0, 0, Level.FAILED),
        (RunStatus.CANCELED, {"failed": 1}, 1, 1, None),
        (RunStatus.RUNNING, {"failed": 1}, 0, 0, None),
        (RunStatus.COMPLETE, {"lost": 1}, 0, 0, Level.ERRORS),
        (RunStatus.COMPLETE, {"ok": 1}, 1, 0, Level.ERRORS),
        (RunStatus.COMPLETE, {"ok": 1}, 0, 1, Level.WARNINGS),
        (RunStatus.COMPLETE, {"skipped": 1}, 0, 0, Level.OK),
    ],
)
def test_level(status: RunStatus, devices: dict[str, int], errors: int, warnings: int, expected: Level | None) -> None:
    assert level_of(status, devices=devices, cases={}, log_errors=errors, log_warnings=warnings) == expected


def test_a_device_without_word_takes_the_worst_of_its_cases() -> None:
    assert device_status_of_cases(["pass", "fail", "skip"]) == "failed"  # type: ignore[list-item]
    assert device_status_of_cases([]) == "lost"
