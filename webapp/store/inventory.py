"""What exists apart from runs: the services and the devices, with what their last run came to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, func, select
from sqlalchemy.orm import Session, aliased

from webapp.domain.outcome import DeviceStatus, Level, RunStatus, ServiceKind
from webapp.errors import NotFoundError
from webapp.query.expressions import EVERYTHING, Expression
from webapp.query.fields import View
from webapp.store.filtering import translate
from webapp.store.models.accounts import UserRow
from webapp.store.models.inventory import DeviceRow, ServiceRow
from webapp.store.models.runs import RunRow
from webapp.store.paging import Page, Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A named automation and its newest run."""

    id: int
    slug: str
    kind: ServiceKind
    description: str
    owner: str | None
    options: Mapping[str, Any]
    heartbeat_s: int
    last_number: int
    created_at: datetime
    last_uid: str | None
    last_status: RunStatus | None
    last_level: Level | None
    last_started_at: datetime | None
    last_duration_s: float | None
    last_device_counts: Mapping[str, int]
    last_case_counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What automation runs on, and what it came to when it last took part in a run."""

    id: int
    name: str
    group: str
    platform: str
    owner: str | None
    attributes: Mapping[str, Any]
    created_at: datetime
    last_status: DeviceStatus | None
    last_uid: str | None
    last_number: int | None
    last_service: str | None
    last_started_at: datetime | None


SELFCHECK = "selfcheck"

_LastService = ServiceRow.__table__.alias("last_service")

_SERVICE_COLUMNS = (
    ServiceRow.id, ServiceRow.slug, ServiceRow.kind, ServiceRow.description, UserRow.name.label("owner"),
    ServiceRow.options, ServiceRow.heartbeat_s, ServiceRow.last_number, ServiceRow.created_at,
    RunRow.uid.label("last_uid"), RunRow.status.label("last_status"), RunRow.level.label("last_level"),
    RunRow.started_at.label("last_started_at"), RunRow.duration_s.label("last_duration_s"),
    RunRow.device_counts.label("last_device_counts"), RunRow.case_counts.label("last_case_counts"),
)  # fmt: skip
_DEVICE_COLUMNS = (
    DeviceRow.id, DeviceRow.name, DeviceRow.group_name.label("group"), DeviceRow.platform,
    UserRow.name.label("owner"), DeviceRow.attributes, DeviceRow.created_at, DeviceRow.last_status,
    RunRow.uid.label("last_uid"), RunRow.number.label("last_number"), _LastService.c.slug.label("last_service"),
    RunRow.started_at.label("last_started_at"),
)  # fmt: skip


def page_services(
    session: Session, *, where: Expression = EVERYTHING, before: Position | None = None, limit: int = 100
) -> Page[Service]:
    """Return a page of services by name; `before` is the `older` of the page before."""
    clauses = list(translate(session, where, View.SERVICES).clauses)
    if before is not None:
        clauses.append(ServiceRow.slug > _name_at(ServiceRow.slug, ServiceRow.id == before.id))
    rows = session.execute(_services().where(*clauses).order_by(ServiceRow.slug).limit(limit + 1)).mappings().all()
    items = [_service(row) for row in rows[:limit]]
    older = Position(value=None, id=items[-1].id) if len(rows) > limit else None
    return Page(items=items, older=older)


def find_service(session: Session, slug: str) -> Service | None:
    """Return the service of this name, if there is one."""
    row = session.execute(_services().where(ServiceRow.slug == slug)).mappings().first()
    return None if row is None else _service(row)


def get_service(session: Session, slug: str) -> Service:
    """Return the service of this name.

    Raises:
        NotFoundError: there is none.
    """
    found = find_service(session, slug)
    if found is None:
        raise NotFoundError(f"there is no service {slug}")
    return found


def page_devices(
    session: Session, *, where: Expression = EVERYTHING, before: Position | None = None, limit: int = 100
) -> Page[Device]:
    """Return a page of devices by name; `before` is the `older` of the page before."""
    clauses = list(translate(session, where, View.DEVICES).clauses)
    if before is not None:
        clauses.append(DeviceRow.name > _name_at(DeviceRow.name, DeviceRow.id == before.id))
    rows = session.execute(_devices().where(*clauses).order_by(DeviceRow.name).limit(limit + 1)).mappings().all()
    items = [_device(row) for row in rows[:limit]]
    older = Position(value=None, id=items[-1].id) if len(rows) > limit else None
    return Page(items=items, older=older)


def find_device(session: Session, name: str) -> Device | None:
    """Return the device of this name, if there is one."""
    row = session.execute(_devices().where(DeviceRow.name == name)).mappings().first()
    return None if row is None else _device(row)


def get_device(session: Session, name: str) -> Device:
    """Return the device of this name.

    Raises:
        NotFoundError: there is none.
    """
    found = find_device(session, name)
    if found is None:
        raise NotFoundError(f"there is no device {name}")
    return found


def count_last_statuses(session: Session, *, where: Expression = EVERYTHING) -> dict[str, int]:
    """Return how many of the selected devices last came to each status; devices without a result are left out."""
    clauses = translate(session, where, View.DEVICES).clauses
    statement = select(DeviceRow.last_status, func.count()).where(DeviceRow.last_status.is_not(None), *clauses)
    rows = session.execute(statement.group_by(DeviceRow.last_status))
    return {str(status): count for status, count in rows}


def _name_at(column: Any, clause: Any) -> Any:
    return select(column).where(clause).scalar_subquery()


def _services() -> Select[*tuple[Any, ...]]:
    other = aliased(RunRow)
    newest = select(func.max(other.number)).where(other.service_id == ServiceRow.id)
    return (
        select(*_SERVICE_COLUMNS)
        .outerjoin(UserRow, UserRow.id == ServiceRow.owner_id)
        .outerjoin(
            RunRow,
            (RunRow.service_id == ServiceRow.id) & (RunRow.number == newest.correlate(ServiceRow).scalar_subquery()),
        )
    )


def _devices() -> Select[*tuple[Any, ...]]:
    return (
        select(*_DEVICE_COLUMNS)
        .outerjoin(UserRow, UserRow.id == DeviceRow.owner_id)
        .outerjoin(RunRow, RunRow.id == DeviceRow.last_run_id)
        .outerjoin(_LastService, _LastService.c.id == RunRow.service_id)
    )


def _service(row: RowMapping) -> Service:
    values = dict(row)
    values["kind"] = ServiceKind(row["kind"])
    values["last_status"] = RunStatus(row["last_status"]) if row["last_status"] else None
    values["last_level"] = Level(row["last_level"]) if row["last_level"] else None
    values["last_device_counts"] = row["last_device_counts"] or {}
    values["last_case_counts"] = row["last_case_counts"] or {}
    return Service(**values)


def _device(row: RowMapping) -> Device:
    values = dict(row)
    values["last_status"] = DeviceStatus(row["last_status"]) if row["last_status"] else None
    return Device(**values)


def has_reports(session: Session) -> bool:
    """Say whether anybody but the server itself has reported a run yet."""
    others = select(ServiceRow.id).where(ServiceRow.slug != SELFCHECK, ServiceRow.last_number > 0).limit(1)
    return session.execute(others).first() is not None
