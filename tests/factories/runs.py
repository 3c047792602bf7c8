"""Runs for tests: recorded by the real way in, so that every sum and mark is what it would be."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

import msgspec
from flask import Flask

from webapp.domain.access import Caller, Role, Scope
from webapp.domain.messages import (
    NO_RESULT,
    AnyEvent,
    AttemptStart,
    Case,
    DeviceEnd,
    DeviceStart,
    Log,
    Plan,
    RunEnd,
    RunStart,
)
from webapp.domain.outcome import CaseResult, DeviceStatus
from webapp.ingest.runs import RunFields, put_run
from webapp.ingest.stream import accept_messages
from webapp.store.db import writing

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
STEP = timedelta(seconds=1)
SERVER = Caller(user_id=None, name="server", role=Role.ADMIN, scopes=frozenset({Scope.ADMIN}))
UNSET: Any = object()

Status = DeviceStatus | str
EndStatus = Literal["complete", "incomplete", "canceled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What is reported of a device in one attempt; a status of `running` is a start without an end."""

    name: str
    status: Status = DeviceStatus.OK
    attempt: int = 1
    result: Any = UNSET
    message: str | None = None
    duration_s: float | None = None
    raw_status: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReport:
    """What is reported of a case."""

    name: str
    result: CaseResult | str = CaseResult.PASS
    suite: str = "suite"
    device: str | None = None
    attempt: int = 1
    message: str | None = None
    measurement: float | None = None
    units: str | None = None
    output: str | None = None
    raw_result: str | None = None
    duration_s: float | None = None


@dataclass(slots=True, kw_only=True)
class Numbers:
    """Gives messages their numbers and times."""

    now: datetime = NOW
    seq: int = 0

    def next(self) -> dict[str, Any]:
        """Return the fields that every message has."""
        self.seq += 1
        return {"seq": self.seq, "ts": self.now + STEP * (self.seq - 1)}


def record_run(
    app: Flask,
    *,
    service: str = "audit",
    devices: Iterable[Device | str] = (),
    cases: Iterable[CaseReport] = (),
    attempts: Sequence[Mapping[str, Status]] = (),
    logs: Mapping[str, Iterable[str]] | None = None,
    planned: Sequence[str] = (),
    status: EndStatus | None = "complete",
    message: str | None = None,
    fields: Mapping[str, Any] | None = None,
    uid: str | None = None,
    now: datetime = NOW,
    caller: Caller = SERVER,
) -> str:
    """Record a whole run and return its uid.

    Args:
        app: the application, whose database is written to.
        service: the service's name.
        devices: reports in their order; a name alone is an ok in attempt 1.
        cases: reports of cases in their order.
        attempts: a shorter way to say it: the statuses by device of attempt 1, 2, ...
        logs: lines by stream.
        planned: devices of the plan.
        status: how it ended; None leaves it running.
        message: the message of its end.
        fields: further fields of `RunFields`: labels, parameters, external_key, ...
        uid: the run's name; a new one without.
        now: the moment of its start and of its arrival.
        caller: whoever reports it.
    """
    uid = uid or str(uuid4())
    reports = [Device(name=each) if isinstance(each, str) else each for each in devices]
    for number, statuses in enumerate(attempts, start=1):
        reports += [Device(name=name, status=status, attempt=number) for name, status in statuses.items()]
    numbers = Numbers(now=now)
    messages: list[AnyEvent] = [RunStart(**numbers.next(), service=service)]
    if planned:
        messages.append(Plan(**numbers.next(), devices=list(planned)))
    messages += _device_messages(reports, numbers)
    messages += [_case_message(case, numbers) for case in cases]
    for stream, lines in (logs or {}).items():
        messages += [Log(**numbers.next(), stream=stream, text=line) for line in lines]
    if status is not None:
        messages.append(RunEnd(**numbers.next(), status=status, message=message))
    with app.app_context():
        if fields is not None:
            with writing() as session:
                wanted = msgspec.convert({"service": service, **fields}, RunFields)
                put_run(session, uid, wanted, caller=caller, now=now)
        accept_messages(messages, uid=uid, stream="factory", caller=caller, now=now)
    return uid


def _device_messages(reports: Iterable[Device], numbers: Numbers) -> Iterator[AnyEvent]:
    started: set[int] = set()
    for report in reports:
        if report.attempt not in started:
            started.add(report.attempt)
            yield AttemptStart(**numbers.next(), attempt=report.attempt)
        status = DeviceStatus(report.status)
        if status is DeviceStatus.RUNNING:
            yield DeviceStart(**numbers.next(), device=report.name, attempt=report.attempt)
            continue
        result = NO_RESULT if report.result is UNSET else msgspec.Raw(msgspec.json.encode(report.result))
        yield DeviceEnd(
            **numbers.next(),
            device=report.name,
            status=status,
            attempt=report.attempt,
            message=report.message,
            duration_s=report.duration_s,
            raw_status=report.raw_status,
            result=result,
        )


def _case_message(case: CaseReport, numbers: Numbers) -> Case:
    return Case(
        **numbers.next(),
        suite=case.suite,
        name=case.name,
        result=CaseResult(case.result),
        attempt=case.attempt,
        device=case.device,
        message=case.message,
        measurement=case.measurement,
        units=case.units,
        output=case.output,
        raw_result=case.raw_result,
        duration_s=case.duration_s,
    )
