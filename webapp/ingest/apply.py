"""What does a message do to a run: the one place where messages become attempts, results and logs."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from webapp.domain.messages import (
    AnyEvent,
    AttemptEnd,
    AttemptStart,
    Case,
    DeviceEnd,
    DeviceStart,
    Heartbeat,
    Log,
    Measurement,
    Plan,
    RunEnd,
    RunStart,
)
from webapp.domain.outcome import ENDED, CaseResult, DeviceStatus, RunStatus
from webapp.ingest.finish import begin, closing_status, finish, revise
from webapp.ingest.ledger import Ledger, status_of_cases
from webapp.store.blobs import Content, add_blobs
from webapp.store.db import Session
from webapp.store.logs import append_log
from webapp.store.recording import RunRecord
from webapp.store.recording_details import get_details, save_details
from webapp.store.recording_results import CaseKey, CaseRecord, ids_of_cases, ids_of_devices

NUL = "\0"
SHOWN_NUL = "\u2400"


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A message with its result or output made ready to be kept."""

    event: AnyEvent
    content: Content | None = None


def apply(session: Session, run: RunRecord, prepared: Sequence[Prepared], *, now: datetime) -> None:
    """Apply messages to a locked run in their order; the caller saves the run.

    What comes after the end is applied and counted, and doesn't reopen the run.
    """
    start = 0
    for position, each in enumerate(prepared):
        if isinstance(each.event, RunEnd) and run.status not in ENDED:
            _Batch(session, run, now=now).apply(prepared[start:position])
            _end(session, run, each.event, now=now)
            start = position + 1
    _Batch(session, run, now=now).apply(prepared[start:])


def shown_text(text: str | None) -> str:
    """Return a text that every database can keep: NUL is replaced by its visible sign."""
    return (text or "").replace(NUL, SHOWN_NUL)


def _end(session: Session, run: RunRecord, event: RunEnd, *, now: datetime) -> None:
    run.log_errors = max(run.log_errors, event.errors or 0)
    run.log_warnings = max(run.log_warnings, event.warnings or 0)
    run.started_at = run.started_at or event.ts
    finish(session, run, status=RunStatus(event.status), message=shown_text(event.message), ended_at=event.ts, now=now)


class _Batch:
    """Messages between two changes of a run's status."""

    def __init__(self, session: Session, run: RunRecord, *, now: datetime) -> None:
        self._session = session
        self._run = run
        self._now = now
        self._is_late = run.status in ENDED
        self._ledger = Ledger(session, run)
        self._devices: dict[str, int] = {}
        self._cases: dict[tuple[str, str], int] = {}
        self._blobs: dict[bytes, int] = {}
        self._logs: dict[str, list[str]] = {}

    def apply(self, prepared: Sequence[Prepared]) -> None:
        if not prepared:
            return
        self._resolve(prepared)
        for each in prepared:
            self._apply_one(each)
        self._ledger.write()
        self._write_logs()
        if self._is_late:
            self._run.late_events += len(prepared)
            revise(self._session, self._run, now=self._now)

    def _resolve(self, prepared: Sequence[Prepared]) -> None:
        """Turn names and contents into ids, in a few statements for the whole batch."""
        names: dict[str, None] = {}
        cases: dict[tuple[str, str], None] = {}
        pairs: dict[tuple[tuple[str, str], str | None], None] = {}
        for each in prepared:
            event = each.event
            if isinstance(event, DeviceStart | DeviceEnd):
                names[event.device] = None
            elif isinstance(event, Case | Measurement):
                cases[event.suite, event.name] = None
                pairs[(event.suite, event.name), event.device] = None
                if event.device is not None:
                    names[event.device] = None
            elif isinstance(event, Plan) and isinstance(event.devices, list) and not self._is_late:
                names |= dict.fromkeys(event.devices)
        self._devices = ids_of_devices(self._session, names, now=self._now)
        self._cases = ids_of_cases(self._session, cases)
        self._blobs = add_blobs(self._session, [each.content for each in prepared if each.content is not None])
        keys: set[CaseKey] = {
            (self._cases[case], None if device is None else self._devices[device]) for case, device in pairs
        }
        self._ledger.load(device_ids=self._devices.values(), case_keys=keys)

    def _apply_one(self, prepared: Prepared) -> None:
        event = prepared.event
        blob_id = None if prepared.content is None else self._blobs[prepared.content.digest]
        if not isinstance(event, Plan | Heartbeat | RunEnd):
            self._begin(event.ts)
        match event:
            case DeviceEnd():
                self._end_device(event, blob_id)
            case Case() | Measurement():
                self._add_case(event, blob_id)
            case DeviceStart():
                self._start_device(event)
            case Log():
                self._logs.setdefault(event.stream, []).append(log_line(event))
            case RunStart():
                self._describe(event)
            case Plan():
                self._plan(event)
            case AttemptStart():
                self._ledger.attempt(event.attempt, ts=event.ts, reason=event.reason)
            case AttemptEnd():
                self._end_attempt(event)

    def _begin(self, ts: datetime) -> None:
        if self._run.status is RunStatus.QUEUED:
            begin(self._session, self._run, now=self._now)
        if self._run.started_at is None:
            self._run.started_at = ts

    def _describe(self, event: RunStart) -> None:
        self._run.trigger = event.trigger or self._run.trigger
        self._run.host = event.host or self._run.host
        if event.versions:
            environment = get_details(self._session, self._run.id)["environment"]
            environment["versions"] = {**environment.get("versions", {}), **event.versions}
            save_details(self._session, self._run.id, {"environment": environment})

    def _plan(self, event: Plan) -> None:
        if isinstance(event.devices, list):
            self._run.planned_devices = len(set(event.devices))
            plan_devices(self._ledger, [] if self._is_late else [self._devices[name] for name in event.devices])
        elif event.devices is not None:
            self._run.planned_devices = event.devices
        if isinstance(event.cases, list):
            self._run.planned_cases = len(event.cases)
        elif event.cases is not None:
            self._run.planned_cases = event.cases

    def _start_device(self, event: DeviceStart) -> None:
        self._ledger.attempt(event.attempt, ts=event.ts)
        record = self._ledger.device(self._devices[event.device], event.attempt, status=DeviceStatus.RUNNING)
        record.status = DeviceStatus.RUNNING
        record.is_given = False
        record.started_at = event.ts
        record.ended_at = record.duration_s = None
        if self._is_late:
            record.status = closing_status(self._run, record)
            record.ended_at = event.ts

    def _end_device(self, event: DeviceEnd, blob_id: int | None) -> None:
        self._ledger.attempt(event.attempt, ts=event.ts)
        record = self._ledger.device(self._devices[event.device], event.attempt, status=event.status)
        record.status = event.status
        record.is_given = True
        record.raw_status = event.raw_status or ""
        record.message = shown_text(event.message)
        record.ended_at = event.ts
        record.duration_s = event.duration_s
        if record.duration_s is None and record.started_at is not None:
            record.duration_s = max(0.0, (event.ts - record.started_at).total_seconds())
        if blob_id is not None:
            record.blob_id = blob_id

    def _add_case(self, event: Case | Measurement, blob_id: int | None) -> None:
        self._ledger.attempt(event.attempt, ts=event.ts)
        result, values = case_values(event) if isinstance(event, Case) else measurement_values(event)
        report = CaseRecord(
            test_case_id=self._cases[event.suite, event.name],
            device_id=None if event.device is None else self._devices[event.device],
            attempt=event.attempt,
            result=result,
            values={**values, "units": event.units or "", "blob_id": blob_id},
        )
        self._ledger.add_case(report)

    def _end_attempt(self, event: AttemptEnd) -> None:
        self._ledger.attempt(event.attempt).ended_at = event.ts
        for found in self._ledger.load_open(attempt=event.attempt):
            if found.case_counts:
                record = self._ledger.device(found.device_id, found.attempt, status=found.status)
                record.status = status_of_cases(record)
                record.ended_at = event.ts

    def _write_logs(self) -> None:
        for stream, lines in self._logs.items():
            data = "".join(lines).encode()
            added = append_log(self._session, run_id=self._run.id, stream=stream, data=data, offset=None, now=self._now)
            self._run.log_errors += added.errors
            self._run.log_warnings += added.warnings


def case_values(event: Case) -> tuple[CaseResult, dict[str, Any]]:
    """Return the result of a case and the further columns of its report."""
    return event.result, {
        "raw_result": event.raw_result or "",
        "message": shown_text(event.message),
        "measurement": event.measurement,
        "started_at": event.started_at,
        "duration_s": event.duration_s,
    }


def measurement_values(event: Measurement) -> tuple[CaseResult, dict[str, Any]]:
    """Return the same for a measurement: a case that passed, with its value."""
    return CaseResult.PASS, {
        "raw_result": "",
        "message": "",
        "measurement": event.value,
        "started_at": None,
        "duration_s": None,
    }


def plan_devices(ledger: Ledger, device_ids: Sequence[int]) -> None:
    """Queue devices in attempt 1 that have no result yet; they must be loaded."""
    for device_id in device_ids:
        if not ledger.has_device(device_id):
            ledger.attempt(1)
            ledger.device(device_id, 1, status=DeviceStatus.QUEUED)


def log_line(event: Log) -> str:
    """Return a log message as it is stored: with its time and level when it has a level, and with one line end."""
    text = event.text.removesuffix("\n")
    if event.level:
        moment = event.ts.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        text = f"{moment} {event.level.upper()} {text}"
    return text + "\n"
