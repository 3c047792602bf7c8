"""How does a run change: the rows of runs, attempts and streams as the one writer reads, locks and saves them.

Records are working copies for one transaction; nothing but the ingest room changes them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webapp.domain.outcome import AttemptReason, Level, RunStatus
from webapp.store.models.inventory import ServiceRow
from webapp.store.models.runs import AttemptRow, RunDetailRow, RunRow, RunStreamRow
from webapp.store.recording_services import ServiceRecord, take_number
from webapp.store.statements import insert_rows, table_of

_RUN = table_of(RunRow)
_SERVICE = table_of(ServiceRow)
_ATTEMPT = table_of(AttemptRow)
_STREAM = table_of(RunStreamRow)
_DETAIL = table_of(RunDetailRow)


@dataclass(slots=True, kw_only=True)
class RunRecord:
    """A run while it is written to; its row is locked."""

    id: int
    uid: str
    service_id: int
    number: int
    status: RunStatus
    created_at: datetime
    last_seen_at: datetime
    touched_at: datetime
    external_key: str | None = None
    parent_run_id: int | None = None
    parent_step: str = ""
    submitter_id: int | None = None
    trigger: str = ""
    host: str = ""
    level: Level | None = None
    message: str = ""
    priority: int = 50
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_s: float | None = None
    attempts: int = 0
    planned_devices: int | None = None
    planned_cases: int | None = None
    device_counts: dict[str, int] = field(default_factory=dict)
    case_counts: dict[str, int] = field(default_factory=dict)
    flaky_devices: int = 0
    log_warnings: int = 0
    log_errors: int = 0
    late_events: int = 0
    cancel_requested_at: datetime | None = None
    service: str = ""


@dataclass(slots=True, kw_only=True)
class AttemptRecord:
    """An attempt while its run is written to."""

    number: int
    reason: AttemptReason
    started_at: datetime | None = None
    ended_at: datetime | None = None
    device_counts: dict[str, int] = field(default_factory=dict)
    case_counts: dict[str, int] = field(default_factory=dict)
    is_new: bool = True


_RUN_COLUMNS = tuple(each.name for each in fields(RunRecord) if each.name != "service")
_CHANGING = tuple(name for name in _RUN_COLUMNS if name not in {"id", "uid", "service_id", "number", "created_at"})
_RUN_QUERY = select(*(_RUN.c[name] for name in _RUN_COLUMNS), _SERVICE.c.slug.label("service")).join_from(
    _RUN, _SERVICE
)


def lock_run(session: Session, uid: str) -> RunRecord | None:
    """Return a run for writing, or None; on PostgreSQL its row stays locked until the transaction ends."""
    query = _RUN_QUERY.where(_RUN.c.uid == uid).with_for_update(of=_RUN)
    row = session.execute(query).mappings().one_or_none()
    return None if row is None else _run_of(row)


def find_run_id(session: Session, uid: str) -> int | None:
    """Return the id of a run, or None."""
    return session.scalar(select(RunRow.id).where(RunRow.uid == uid))


def _run_of(row: Mapping[Any, Any]) -> RunRecord:
    values = {str(key): value for key, value in row.items()}
    values["status"] = RunStatus(values["status"])
    values["level"] = Level(values["level"]) if values["level"] else None
    return RunRecord(**values)


def add_run(session: Session, *, uid: str, service: ServiceRecord, status: RunStatus, now: datetime) -> RunRecord:
    """Add a run with the next number of its service; the service must be locked.

    The details beside the run begin empty.
    """
    record = RunRecord(
        id=0,
        uid=uid,
        service_id=service.id,
        number=take_number(session, service.id),
        status=status,
        created_at=now,
        last_seen_at=now,
        touched_at=now,
        service=service.slug,
    )
    values = {name: getattr(record, name) for name in _RUN_COLUMNS if name != "id"}
    record.id = session.execute(_RUN.insert().values(**values).returning(_RUN.c.id)).scalar_one()
    insert_rows(session, _DETAIL, [{"run_id": record.id, "parameters": {}, "metadata": {}, "environment": {}}])
    return record


def save_run(session: Session, run: RunRecord) -> None:
    """Write a run back."""
    values = {name: getattr(run, name) for name in _CHANGING}
    session.execute(update(_RUN).where(_RUN.c.id == run.id).values(**values))


def get_mark(session: Session, *, run_id: int, stream: str) -> int:
    """Return the highest sequence number of a stream that is stored, 0 before the first."""
    query = select(RunStreamRow.seq).where(RunStreamRow.run_id == run_id, RunStreamRow.stream == stream)
    return session.scalar(query) or 0


def has_marks(session: Session, run_id: int) -> bool:
    """Say whether anything of a run is stored, of whichever stream."""
    return session.scalar(select(RunStreamRow.seq).where(RunStreamRow.run_id == run_id).limit(1)) is not None


def set_mark(session: Session, *, run_id: int, stream: str, seq: int) -> None:
    """Move the mark of a stream."""
    moved = update(_STREAM).where(_STREAM.c.run_id == run_id, _STREAM.c.stream == stream).values(seq=seq)
    if session.connection().execute(moved).rowcount == 0:
        insert_rows(session, _STREAM, [{"run_id": run_id, "stream": stream, "seq": seq}])


def load_attempts(session: Session, run_id: int) -> dict[int, AttemptRecord]:
    """Return the attempts of a run by number."""
    rows = session.execute(select(_ATTEMPT).where(_ATTEMPT.c.run_id == run_id))
    return {
        row.number: AttemptRecord(
            number=row.number,
            reason=AttemptReason(row.reason),
            started_at=row.started_at,
            ended_at=row.ended_at,
            device_counts=dict(row.device_counts),
            case_counts=dict(row.case_counts),
            is_new=False,
        )
        for row in rows
    }


def save_attempts(session: Session, run_id: int, attempts: Iterable[AttemptRecord]) -> None:
    """Write attempts, new and changed."""
    names = ("number", "reason", "started_at", "ended_at", "device_counts", "case_counts")
    new = []
    for attempt in attempts:
        values = {name: getattr(attempt, name) for name in names}
        if attempt.is_new:
            new.append({"run_id": run_id, **values})
            attempt.is_new = False
        else:
            same = (_ATTEMPT.c.run_id == run_id) & (_ATTEMPT.c.number == values.pop("number"))
            session.execute(update(_ATTEMPT).where(same).values(**values))
    insert_rows(session, _ATTEMPT, new)
