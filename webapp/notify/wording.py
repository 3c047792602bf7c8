"""Which words do all channels share: subjects, sentences about devices, and how a list is cut to a room."""

from collections.abc import Sequence
from datetime import datetime

from webapp.domain.notices import Event
from webapp.domain.outcome import Level, RunStatus
from webapp.notify.report import DeviceLine, Report

SHORT = 200
TITLES = {
    RunStatus.QUEUED: "QUEUED",
    RunStatus.RUNNING: "RUNNING",
    RunStatus.COMPLETE: "OK",
    RunStatus.INCOMPLETE: "FAILED",
    RunStatus.CANCELED: "CANCELED",
}


def title_of(report: Report) -> str:
    """Return the word in front: FAILED, ERRORS, FIXED, OK, WARNINGS, CANCELED or RUNNING."""
    run = report.run
    if report.event is Event.RUNNING:
        return TITLES[RunStatus.RUNNING]
    if run.level in (Level.FAILED, Level.ERRORS):
        if run.level is Level.FAILED or report.failing_total:
            return "FAILED"
        return TITLES[run.status] if _is_spared(report) else "ERRORS"
    if report.is_recovery:
        return "FIXED"
    return "WARNINGS" if run.level is Level.WARNINGS else TITLES[run.status]


def subject_of(report: Report) -> str:
    """Return one line: "[FAILED] backup-core #118: 3 of 45 devices (2 new)"; without line ends, whatever was sent."""
    return one_line(f"[{title_of(report)}] {name_of(report)}: {gist_of(report)}")


def name_of(report: Report) -> str:
    """Return the run's name: "backup-core #118"."""
    return f"{report.run.service} #{report.run.number}"


def gist_of(report: Report) -> str:
    """Return what there is to know in a few words: counts of what failed and of what is new, else the verdict."""
    if not report.has_details:
        return report.run.verdict
    if _is_spared(report):
        return "none of your devices failed"
    parts, new = [], 0
    if report.failing_total:
        new, total = report.new_failing_total, report.device_total
        whose = "your devices" if report.recipient_devices else f"{total:,} {plural(total, 'device')}"
        parts.append(f"{report.failing_total:,} of {whose}")
    elif report.failing_cases_total:
        total, new = sum(report.case_counts.values()), report.new_failing_cases_total
        parts.append(f"{report.failing_cases_total:,} of {total:,} {plural(total, 'case')}")
    if not parts:
        return report.run.verdict
    if report.run.status is RunStatus.INCOMPLETE:
        parts.insert(0, "did not run to its end:")
    return " ".join(parts) + (f" ({new:,} new)" if new else "")


def _is_spared(report: Report) -> bool:
    """Say whether what went wrong in a run is nothing of a recipient's own devices."""
    is_theirs = bool(report.failing_total or report.failing_cases_total)
    return bool(report.recipient_devices) and report.run.level is Level.ERRORS and not is_theirs


def since_of(line: DeviceLine, *, number: int) -> str:
    """Return how long a device has been failing: "new", "failing since #112", or nothing when it passed.

    Args:
        line: the device.
        number: the run's number.
    """
    if line.is_new:
        return "new"
    if line.since_number is None or line.since_number == number:
        return ""
    return f"failing since #{line.since_number}"


def one_line(text: str, *, longest: int = SHORT) -> str:
    """Return a text as one printable line of at most so many characters, cut with an ellipsis."""
    flat = " ".join("".join(char if char.isprintable() else " " for char in text[: longest * 4]).split())
    return flat if len(flat) <= longest else flat[: longest - 1].rstrip() + "…"


def headline_of(message: str) -> str:
    """Return the line of a message that says most: its first one, but the last one of Python's tracebacks."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return (lines[-1] if lines[0].startswith("Traceback (most recent call last)") else lines[0]) if lines else ""


def listed(names: Sequence[str], *, most: int, total: int = 0) -> str:
    """Return names with commas, and how many more there are: "r1, r2 and 40 more".

    Args:
        names: the names; some may be left out at their end.
        most: how many are shown.
        total: how many there are in all, when that is more than there are names.
    """
    shown = names[:most]
    more = max(total, len(names)) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def moment(at: datetime | None) -> str:
    """Return a moment as messages write it: "2026-11-22 12:00:05 UTC"; nothing for None."""
    return "" if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"


def duration(seconds: float | None) -> str:
    """Return a duration as messages write it: "1:02:03"; nothing for None."""
    if seconds is None:
        return ""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def plural(count: int, word: str) -> str:
    """Return a word for so many things."""
    return word if count == 1 else word + "s"
