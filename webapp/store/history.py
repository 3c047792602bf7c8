"""How did it go before: the results of one device, or of one test case, across runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from webapp.domain.outcome import CaseResult, DeviceStatus
from webapp.store.models.inventory import DeviceRow, ServiceRow, TestCaseRow
from webapp.store.models.results import CaseResultRow, DeviceResultRow
from webapp.store.models.runs import RunRow
from webapp.store.paging import Page, Position


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceVersion:
    """What a device came to overall in one run.

    `is_changed` says that its result differs from the one before it in this history (None when there is none before).
    """

    run_id: int
    uid: str
    number: int
    service: str
    started_at: datetime | None
    attempt: int
    status: DeviceStatus
    message: str
    duration_s: float | None
    blob_id: int | None
    is_changed: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseVersion:
    """What a test case came to overall in one run."""

    run_id: int
    uid: str
    number: int
    started_at: datetime | None
    attempt: int
    result: CaseResult
    raw_result: str
    message: str
    duration_s: float | None
    measurement: float | None
    units: str


def device_history(
    session: Session,
    *,
    device_id: int,
    service_id: int | None = None,
    before: Position | None = None,
    limit: int = 50,
) -> Page[DeviceVersion]:
    """Return what a device came to in run after run, newest first.

    Args:
        session: a reading session.
        device_id: the device.
        service_id: only runs of this service; None is every service.
        before: the `older` of the page before.
        limit: the greatest number of runs.
    """
    statement = _versions().where(DeviceResultRow.device_id == device_id, DeviceResultRow.is_overall)
    if service_id is not None:
        statement = statement.where(RunRow.service_id == service_id)
    if before is not None:
        statement = statement.where(DeviceResultRow.run_id < before.id)
    rows = session.execute(statement.order_by(DeviceResultRow.run_id.desc()).limit(limit + 1)).all()
    older = Position(value=None, id=rows[limit - 1].run_id) if len(rows) > limit else None
    items = [_version(row, earlier) for row, earlier in zip(rows, [*rows[1:], None], strict=False)]
    return Page(items=items[:limit], older=older)


def find_case(session: Session, *, suite: str, name: str) -> int | None:
    """Return the id of a test case, if any run ever reported it."""
    return session.scalar(select(TestCaseRow.id).where(TestCaseRow.suite == suite, TestCaseRow.name == name))


def case_history(
    session: Session, *, test_case_id: int, run_ids: Sequence[int], device: str | None
) -> Sequence[CaseVersion]:
    """Return what a test case came to overall in those of the runs that have it, newest first.

    Args:
        session: a reading session.
        test_case_id: the case.
        run_ids: at most some hundreds.
        device: the name of the device it ran on, or None for what is reported of no device.
    """
    device_id = None if device is None else select(DeviceRow.id).where(DeviceRow.name == device).scalar_subquery()
    statement = (
        select(
            RunRow.id.label("run_id"),
            RunRow.uid,
            RunRow.number,
            RunRow.started_at,
            CaseResultRow.attempt,
            CaseResultRow.result,
            CaseResultRow.raw_result,
            CaseResultRow.message,
            CaseResultRow.duration_s,
            CaseResultRow.measurement,
            CaseResultRow.units,
        )
        .join(RunRow, RunRow.id == CaseResultRow.run_id)
        .where(
            CaseResultRow.run_id.in_(run_ids),
            CaseResultRow.test_case_id == test_case_id,
            CaseResultRow.device_id == device_id,
            CaseResultRow.is_overall,
        )
        .order_by(CaseResultRow.run_id.desc())
    )
    rows = session.execute(statement).mappings()
    return [CaseVersion(**{**row, "result": CaseResult(row["result"])}) for row in rows]


def _versions() -> Select[*tuple[Any, ...]]:
    return (
        select(
            DeviceResultRow.run_id,
            RunRow.uid,
            RunRow.number,
            ServiceRow.slug.label("service"),
            RunRow.started_at,
            DeviceResultRow.attempt,
            DeviceResultRow.status,
            DeviceResultRow.message,
            DeviceResultRow.duration_s,
            DeviceResultRow.blob_id,
        )
        .join(RunRow, RunRow.id == DeviceResultRow.run_id)
        .join(ServiceRow, ServiceRow.id == RunRow.service_id)
    )


def _version(row: Any, earlier: Any) -> DeviceVersion:
    return DeviceVersion(
        run_id=row.run_id,
        uid=row.uid,
        number=row.number,
        service=row.service,
        started_at=row.started_at,
        attempt=row.attempt,
        status=DeviceStatus(row.status),
        message=row.message,
        duration_s=row.duration_s,
        blob_id=row.blob_id,
        is_changed=None if earlier is None else earlier.blob_id != row.blob_id,
    )
