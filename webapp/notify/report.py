"""What can be said of a run: one frozen value that every channel gets; a channel reads nothing else.

Texts are as producers sent them: whoever writes a message escapes them for its medium. Lists may hold fewer items than
there are; the total beside each says how many there are. Times are aware UTC datetimes, `*_s` seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from webapp.domain.changes import ChangeClass
from webapp.domain.notices import Event
from webapp.domain.outcome import CaseResult, DeviceStatus, Level, RunStatus, ServiceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """The run.

    Args:
        uid: its name everywhere.
        number: its number within the service.
        service: the service's slug.
        kind: a service or a workflow.
        url: its page.
        status: its status at the event.
        level: how bad it is; None while it goes on and when it was canceled.
        verdict: one sentence: "3 of 45 devices failed".
        message: the producer's own words of the end, or the error of an incomplete run; may have several lines.
        submitter: the account that submitted it; None for the server itself or an account that is gone.
        submitter_email: that account's address; may be empty.
        description: what it is for: the run's own, else the service's; may have several lines.
        priority: 0 to 100.
        trigger: what started it.
        host: where it ran.
        labels: words to find it by.
        metadata: what its producer kept with it, any JSON.
        attempts: how many attempts were made.
        log_errors: ERROR lines in its logs.
        log_warnings: WARNING lines in its logs.
    """

    uid: str
    number: int
    service: str
    url: str
    status: RunStatus
    verdict: str
    created_at: datetime
    kind: ServiceKind = ServiceKind.SERVICE
    level: Level | None = None
    message: str = ""
    submitter: str | None = None
    submitter_email: str = ""
    description: str = ""
    priority: int = 50
    trigger: str = ""
    host: str = ""
    labels: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_s: float | None = None
    attempts: int = 0
    log_errors: int = 0
    log_warnings: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLine:
    """One device of the run.

    Args:
        name: the device.
        status: what it came to.
        url: its page within the run.
        message: what the producer said of it; may have several lines.
        since_number: the run it has been failing since; None when it passed.
        since_url: that run's page.
        is_new: it fails here and its own last conclusive result passed, or it never ran before.
        owner: the account that owns it, if any.
        step: the workflow's step whose run it belongs to; empty in a service.
        result: its JSON result as indented text, when results are included.
    """

    name: str
    status: DeviceStatus
    url: str
    message: str = ""
    since_number: int | None = None
    since_url: str = ""
    is_new: bool = False
    owner: str | None = None
    step: str = ""
    duration_s: float | None = None
    result: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """One test case of the run; `measurement` may be 0, which is shown."""

    name: str
    result: CaseResult
    url: str
    device: str = ""
    message: str = ""
    measurement: float | None = None
    units: str = ""
    since_number: int | None = None
    since_url: str = ""
    is_new: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A suite with its cases, failing ones first; `counts` are those of all its cases by result."""

    name: str
    url: str
    counts: Mapping[str, int]
    cases: tuple[CaseLine, ...] = ()
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteCounts:
    """How many cases of a suite passed, failed and were skipped, before and now."""

    suite: str
    before: tuple[int, int, int]
    now: tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedLine:
    """A device or case whose word changed; `suite` is empty for a device. None: it is not there."""

    name: str
    old: str | None
    new: str | None
    suite: str = ""
    device: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasurementChange:
    """A measurement that moved by more than the given tolerance."""

    suite: str
    name: str
    old: float
    new: float
    units: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """The changed lines of the device that changed most, as a unified diff of at most 20 lines."""

    device: str
    lines: tuple[str, ...]
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How the run differs from an earlier one.

    Args:
        reason: which run it is compared with and why, or why with none: "no earlier complete run".
        number: that run's number; None when there is none, and then everything else is empty.
        run_url: that run's page.
        url: the page that compares both.
        devices: how many devices each class has.
        cases: how many cases each class has.
        suites_added: suites that only this run has.
        suites_removed: suites that only the earlier one has.
        suite_counts: suites that both have and whose counts differ.
        added: devices and cases that only this run has.
        removed: devices and cases that only the earlier one has.
        changed: devices and cases whose word changed, old to new.
        changed_total: how many there are of them.
        measurements: those that moved.
        excerpt: the worst device's difference.
        ignored: the names and patterns that were left out.
    """

    reason: str
    number: int | None = None
    run_url: str = ""
    url: str = ""
    devices: Mapping[ChangeClass, int] = field(default_factory=dict)
    cases: Mapping[ChangeClass, int] = field(default_factory=dict)
    suites_added: tuple[str, ...] = ()
    suites_removed: tuple[str, ...] = ()
    suite_counts: tuple[SuiteCounts, ...] = ()
    added: tuple[ChangedLine, ...] = ()
    added_total: int = 0
    removed: tuple[ChangedLine, ...] = ()
    removed_total: int = 0
    changed: tuple[ChangedLine, ...] = ()
    changed_total: int = 0
    measurements: tuple[MeasurementChange, ...] = ()
    excerpt: Excerpt | None = None
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPart:
    """The log, or its end; undecodable bytes are U+FFFD."""

    text: str
    total_bytes: int
    url: str
    is_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the service wants in its messages.

    Args:
        header: a text on top; may have several lines.
        include_link: whether the run's address is given.
        include_device_results: whether devices' JSON results are given.
        display_only_failed: whether devices that passed are nowhere in the message, attachments included.
    """

    header: str = ""
    include_link: bool = True
    include_device_results: bool = False
    display_only_failed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackData:
    """What only callbacks carry.

    Args:
        definition: the text that was executed, secrets and tokens redacted.
        log: the whole log, when the dataset asks for it.
        results: by suite, its cases as YAML text, when the dataset asks for it.
        device: the device, when the run has exactly one.
        device_group: that device's group, which stands for LAVA's device type.
        is_health_check: whether the run checks the health of its device.
    """

    definition: str = ""
    log: str | None = None
    results: Mapping[str, str] | None = None
    device: str | None = None
    device_group: str | None = None
    is_health_check: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything a channel may say of one event of one run.

    Args:
        event: the run became running, or ended.
        run: the run.
        server_url: where people find the server; the product's own links begin with it.
        device_counts: how many devices have each status.
        case_counts: how many cases have each result.
        failing: failing devices, the new ones first; may be cut.
        failing_total: how many fail.
        new_failing_total: how many of those are new.
        passed: devices that passed; empty when `options.display_only_failed`.
        passed_total: how many passed.
        fixed: names of devices and cases that pass again; may be cut, and devices only when they may be named.
        fixed_devices_total: how many devices pass again.
        fixed_cases_total: how many cases pass again.
        failing_cases: failing cases, the new ones first; may be cut.
        failing_cases_total: how many fail.
        new_failing_cases_total: how many of those are new.
        suites: results by suite and case.
        first_error: the first ERROR line of the log; empty when there is none.
        is_first_run: there is no earlier run of the service with an outcome to compare with.
        comparison: how it differs from an earlier run, when that was asked for.
        options: what the service wants in its messages.
        log: the log, when it is to be attached.
        data: what callbacks carry; None for every other recipient.
        thread_key: the same for all messages of one failure of the service, until it is fixed.
        is_recovery: the failure of that thread is over.
        recipient_devices: the only devices this recipient is told of, by name; empty is all.
    """

    event: Event
    run: RunFacts
    server_url: str
    device_counts: Mapping[DeviceStatus, int] = field(default_factory=dict)
    case_counts: Mapping[CaseResult, int] = field(default_factory=dict)
    failing: tuple[DeviceLine, ...] = ()
    failing_total: int = 0
    new_failing_total: int = 0
    passed: tuple[DeviceLine, ...] = ()
    passed_total: int = 0
    fixed: tuple[str, ...] = ()
    fixed_devices_total: int = 0
    fixed_cases_total: int = 0
    failing_cases: tuple[CaseLine, ...] = ()
    failing_cases_total: int = 0
    new_failing_cases_total: int = 0
    suites: tuple[Suite, ...] = ()
    first_error: str = ""
    is_first_run: bool = False
    comparison: Comparison | None = None
    options: Options = field(default_factory=Options)
    log: LogPart | None = None
    data: CallbackData | None = None
    thread_key: str = ""
    is_recovery: bool = False
    recipient_devices: tuple[str, ...] = ()

    @property
    def has_details(self) -> bool:
        """Say whether details may be given: a canceled or running run's message only says so."""
        return self.event is Event.ENDED and self.run.status in (RunStatus.COMPLETE, RunStatus.INCOMPLETE)

    @property
    def device_total(self) -> int:
        """Return how many devices the run has."""
        return sum(self.device_counts.values())
