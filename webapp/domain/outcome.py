"""How did it end: the words for statuses, levels and results, and the rules that lead from one to another.

The words are those of the field: run statuses are LAVA's, levels django-uwsgi-taskmanager's.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum


class ServiceKind(StrEnum):
    """A service runs by itself; a workflow is made of steps that are runs of other services."""

    SERVICE = "service"
    WORKFLOW = "workflow"


class RunStatus(StrEnum):
    """Where a run stands; `complete` says that it ran to its end and nothing of its devices or cases."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    CANCELED = "canceled"


ENDED = frozenset({RunStatus.COMPLETE, RunStatus.INCOMPLETE, RunStatus.CANCELED})


class Level(StrEnum):
    """How bad an ended run is; a canceled run has no level."""

    OK = "ok"
    WARNINGS = "warnings"
    ERRORS = "errors"
    FAILED = "failed"


LEVEL_ORDER = tuple(Level)


class DeviceStatus(StrEnum):
    """The outcome of one device in one attempt."""

    OK = "ok"
    CHANGED = "changed"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    SKIPPED = "skipped"
    CANCELED = "canceled"
    LOST = "lost"
    RUNNING = "running"
    QUEUED = "queued"


DEVICE_SUCCESS = frozenset({DeviceStatus.OK, DeviceStatus.CHANGED})
DEVICE_FAILURE = frozenset({DeviceStatus.FAILED, DeviceStatus.UNREACHABLE, DeviceStatus.TIMEOUT, DeviceStatus.LOST})
DEVICE_OPEN = frozenset({DeviceStatus.RUNNING, DeviceStatus.QUEUED})


class CaseResult(StrEnum):
    """The outcome of one test case; finer words (xfail, xpass, error) are kept beside it as the raw result."""

    PASS = "pass"  # noqa: S105  (a result, not a password)
    FAIL = "fail"
    SKIP = "skip"
    UNKNOWN = "unknown"


class AttemptReason(StrEnum):
    """Why an attempt was made."""

    INITIAL = "initial"
    RETRY = "retry"
    RERUN = "rerun"
    RESUME = "resume"


CASE_TO_DEVICE = (
    (CaseResult.FAIL, DeviceStatus.FAILED),
    (CaseResult.PASS, DeviceStatus.OK),
    (CaseResult.SKIP, DeviceStatus.SKIPPED),
)


def device_status_of_cases(results: Iterable[CaseResult]) -> DeviceStatus:
    """Return what a device's cases say of it when nothing else did: the worst of them."""
    seen = set(results)
    for result, status in CASE_TO_DEVICE:
        if result in seen:
            return status
    return DeviceStatus.LOST


def level_of(
    status: RunStatus,
    *,
    devices: Mapping[str, int],
    cases: Mapping[str, int],
    log_errors: int,
    log_warnings: int,
) -> Level | None:
    """Return the level of a run, or None while it goes on and for a canceled one.

    Args:
        status: the run's status.
        devices: how many devices of the overall section have each device status.
        cases: how many cases of the overall section have each case result.
        log_errors: ERROR lines logged, or counted by the reporter.
        log_warnings: WARNING lines logged, or counted by the reporter.
    """
    if status is RunStatus.INCOMPLETE:
        return Level.FAILED
    if status is not RunStatus.COMPLETE:
        return None
    if any(devices.get(word, 0) for word in DEVICE_FAILURE) or cases.get(CaseResult.FAIL, 0) or log_errors:
        return Level.ERRORS
    return Level.WARNINGS if log_warnings else Level.OK
