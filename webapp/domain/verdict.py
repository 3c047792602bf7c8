"""What is the one sentence about a run: how it stands or ended, and what failed in it."""

from collections.abc import Mapping
from dataclasses import dataclass

from webapp.domain.outcome import DEVICE_FAILURE, DEVICE_OPEN, DEVICE_SUCCESS, CaseResult, RunStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What the sentence is made from: the counts of a section, and the warnings and errors of the logs."""

    devices: Mapping[str, int]
    cases: Mapping[str, int]
    flaky_devices: int
    log_errors: int
    log_warnings: int


def verdict_of(status: RunStatus, tally: Tally, *, message: str = "") -> str:
    """Return the sentence, such as "9 of 36 devices failed, 2 only passed on a retry".

    Args:
        status: the run's status.
        tally: its counts.
        message: the reporter's own words, which follow in an ended run.
    """
    parts = [part for part in (_devices(tally), _cases(tally), _flaky(tally), _log(tally)) if part]
    if status is RunStatus.QUEUED:
        return "Waiting to start"
    if status is RunStatus.RUNNING:
        return "Running: " + (", ".join(parts) or "nothing reported yet")
    lead = {RunStatus.INCOMPLETE: "Did not run to its end", RunStatus.CANCELED: "Canceled"}.get(status)
    sentence = ", ".join(([lead] if lead else []) + parts) or "Nothing to report"
    sentence = sentence[0].upper() + sentence[1:]
    return f"{sentence}: {message}" if message else sentence


def _devices(tally: Tally) -> str:
    total = sum(tally.devices.values())
    if not total:
        return ""
    failed = sum(tally.devices.get(word, 0) for word in DEVICE_FAILURE)
    going = sum(tally.devices.get(word, 0) for word in DEVICE_OPEN)
    if failed:
        return f"{failed:,} of {total:,} {_plural(total, 'device')} failed" + (f", {going:,} to go" if going else "")
    if going:
        return f"{total - going:,} of {total:,} {_plural(total, 'device')} done"
    passed = sum(tally.devices.get(word, 0) for word in DEVICE_SUCCESS)
    if passed < total:
        return f"{passed:,} of {total:,} {_plural(total, 'device')} passed"
    return "the device passed" if total == 1 else f"all {total:,} devices passed"


def _cases(tally: Tally) -> str:
    total = sum(tally.cases.values())
    if not total:
        return ""
    failed = tally.cases.get(CaseResult.FAIL, 0)
    cases = f"{total:,} {_plural(total, 'case')}"
    return f"{failed:,} of {cases} failed" if failed else f"no failure in {cases}"


def _flaky(tally: Tally) -> str:
    count = tally.flaky_devices
    return f"{count:,} only passed on a retry" if count else ""


def _log(tally: Tally) -> str:
    if tally.log_errors:
        return f"{tally.log_errors:,} {_plural(tally.log_errors, 'error')} in the log"
    if tally.log_warnings:
        return f"{tally.log_warnings:,} {_plural(tally.log_warnings, 'warning')} in the log"
    return ""


def _plural(count: int, word: str) -> str:
    return word if count == 1 else word + "s"
