"""How does a service change: its row as it is made, locked for a new run, and given new options."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webapp.domain.outcome import ServiceKind
from webapp.store.models.inventory import ServiceRow
from webapp.store.statements import inserting_missing, table_of

_SERVICE = table_of(ServiceRow)
_INSERT = inserting_missing(
    _SERVICE, ("slug", "kind", "description", "options", "heartbeat_s", "last_number", "created_at")
)
DEFAULT_HEARTBEAT_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRecord:
    """A service as far as recording needs it."""

    id: int
    slug: str
    heartbeat_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceChanges:
    """What to write of a service; None leaves a column as it is, and `has_owner` writes `owner_id` even when None."""

    kind: ServiceKind | None = None
    description: str | None = None
    has_owner: bool = False
    owner_id: int | None = None
    heartbeat_s: int | None = None
    options: Mapping[str, Any] | None = None


def find_service(session: Session, slug: str) -> ServiceRecord | None:
    """Return a service, locked for a new run until the transaction ends, or None."""
    query = select(_SERVICE.c.id, _SERVICE.c.slug, _SERVICE.c.heartbeat_s).where(_SERVICE.c.slug == slug)
    row = session.execute(query.with_for_update()).one_or_none()
    return None if row is None else ServiceRecord(id=row.id, slug=row.slug, heartbeat_s=row.heartbeat_s)


def ensure_service(session: Session, slug: str, *, now: datetime) -> ServiceRecord:
    """Return a service, locked for a new run; it is made when it is not there yet."""
    service = find_service(session, slug)
    if service is None:
        row = {
            "slug": slug,
            "kind": ServiceKind.SERVICE.value,
            "description": "",
            "options": {},
            "heartbeat_s": DEFAULT_HEARTBEAT_S,
            "last_number": 0,
            "created_at": now,
        }
        _INSERT.execute(session, [row])
        service = find_service(session, slug)
    if service is None:
        raise RuntimeError(f"the service {slug!r} vanished while it was made")
    return service


def take_number(session: Session, service_id: int) -> int:
    """Return the next run number of a service."""
    taken = update(_SERVICE).where(_SERVICE.c.id == service_id).values(last_number=_SERVICE.c.last_number + 1)
    number: int = session.execute(taken.returning(_SERVICE.c.last_number)).scalar_one()
    return number


def get_options(session: Session, service_id: int) -> dict[str, Any]:
    """Return the options of a service."""
    options: dict[str, Any] = session.scalars(select(ServiceRow.options).where(ServiceRow.id == service_id)).one()
    return options


def save_service(session: Session, service_id: int, changes: ServiceChanges) -> None:
    """Write what changed of a service."""
    names = ("kind", "description", "heartbeat_s", "options")
    values = {name: getattr(changes, name) for name in names if getattr(changes, name) is not None}
    if changes.has_owner:
        values["owner_id"] = changes.owner_id
    if values:
        session.execute(update(_SERVICE).where(_SERVICE.c.id == service_id).values(**values))
