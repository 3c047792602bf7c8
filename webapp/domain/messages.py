"""What can be said about a run: the wire words, their shapes and their limits.

Every door (events API, imports, command line) yields these same messages; nothing else is ever applied to a run.
Source: design of the events API, `docs/reporting.md`.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from webapp.domain.names import MAX_NAME
from webapp.domain.outcome import AttemptReason, CaseResult, DeviceStatus

MAX_CASE_NAME = 1024
MAX_MESSAGE = 65_536
MAX_ATTEMPT = 10_000
MAX_SEQ = 2**62
MAX_PLAN = 100_000
MAX_SECONDS = 1e12

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_NAME)]
CaseName = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_CASE_NAME)]
OptionalName = Annotated[str, msgspec.Meta(max_length=MAX_NAME)]
Message = Annotated[str, msgspec.Meta(max_length=MAX_MESSAGE)]
Attempt = Annotated[int, msgspec.Meta(ge=1, le=MAX_ATTEMPT)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=MAX_SECONDS)]
Count = Annotated[int, msgspec.Meta(ge=0, le=10**12)]
EndStatus = Literal["complete", "incomplete", "canceled"]
NO_RESULT = msgspec.Raw()
Names = Annotated[list[Name], msgspec.Meta(max_length=MAX_PLAN)]


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", gc=False):
    """What every message carries.

    Args:
        seq: its place in its stream, counted from 1 without gaps; `seq` orders.
        ts: when it happened by the producer's clock, with a zone; `ts` informs.
    """

    seq: Annotated[int, msgspec.Meta(ge=1, le=MAX_SEQ)]
    ts: Annotated[datetime, msgspec.Meta(tz=True)]


class RunStart(Event, frozen=True, kw_only=True, tag="run.start"):
    """A run begins; `service` names (and creates) its service unless the run exists already."""

    service: Name | None = None
    trigger: OptionalName | None = None
    host: OptionalName | None = None
    versions: dict[str, str] | None = None


class Plan(Event, frozen=True, kw_only=True, tag="plan"):
    """What the run intends to do: names, or only how many."""

    devices: Names | Count | None = None
    cases: Names | Count | None = None


class AttemptStart(Event, frozen=True, kw_only=True, tag="attempt.start"):
    """An attempt begins."""

    attempt: Attempt
    reason: AttemptReason = AttemptReason.INITIAL


class AttemptEnd(Event, frozen=True, kw_only=True, tag="attempt.end"):
    """An attempt is over."""

    attempt: Attempt


class DeviceStart(Event, frozen=True, kw_only=True, tag="device.start"):
    """Work on a device begins."""

    device: Name
    attempt: Attempt = 1


class DeviceEnd(Event, frozen=True, kw_only=True, tag="device.end"):
    """Work on a device is over, with any JSON as its result.

    `result` is the text as it was sent; empty when there is none, which is not the same as `null`.
    """

    device: Name
    status: DeviceStatus
    attempt: Attempt = 1
    message: Message | None = None
    duration_s: Seconds | None = None
    result: msgspec.Raw = NO_RESULT
    raw_status: OptionalName | None = None


class Case(Event, frozen=True, kw_only=True, tag="case"):
    """One test case is decided; `raw_result` keeps the producer's finer word (xfail, xpass, error)."""

    suite: OptionalName
    name: CaseName
    result: CaseResult
    attempt: Attempt = 1
    device: Name | None = None
    message: Message | None = None
    duration_s: Seconds | None = None
    measurement: float | None = None
    units: OptionalName | None = None
    output: str | None = None
    raw_result: OptionalName | None = None
    started_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class Measurement(Event, frozen=True, kw_only=True, tag="measurement"):
    """A value was measured; it is kept as a case that passed."""

    name: CaseName
    value: float
    attempt: Attempt = 1
    device: Name | None = None
    suite: OptionalName = ""
    units: OptionalName = ""


class Log(Event, frozen=True, kw_only=True, tag="log"):
    """One line or more of a log."""

    text: str
    stream: Name = "run"
    level: OptionalName | None = None


class Heartbeat(Event, frozen=True, kw_only=True, tag="heartbeat"):
    """The producer is alive."""


class RunEnd(Event, frozen=True, kw_only=True, tag="run.end"):
    """A run is over; only the three ended statuses are accepted."""

    status: EndStatus
    message: Message | None = None
    warnings: Count | None = None
    errors: Count | None = None


AnyEvent = (
    RunStart
    | Plan
    | AttemptStart
    | AttemptEnd
    | DeviceStart
    | DeviceEnd
    | Case
    | Measurement
    | Log
    | Heartbeat
    | RunEnd
)
