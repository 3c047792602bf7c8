"""Which open runs was nothing heard of for too long?"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Float, and_, cast, or_, select, type_coerce
from sqlalchemy.orm import Session

from webapp.domain.outcome import RunStatus
from webapp.store.models.inventory import ServiceRow
from webapp.store.models.runs import RunRow
from webapp.store.models.tables import EPOCH, MICROSECOND

MAX_FOUND = 1_000
MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SilentRun:
    """A run that nothing was heard of, and how often its service should be heard."""

    uid: str
    heartbeat_s: int


def find_silent_runs(session: Session, *, now: datetime, factor: float) -> list[SilentRun]:
    """Return runs that are running, or queued and asked to stop, and silent for `factor` heartbeat intervals."""
    moment = (now - EPOCH) // MICROSECOND
    silence = cast(ServiceRow.heartbeat_s, Float) * (factor * MICROSECONDS)
    is_open = or_(
        RunRow.status == RunStatus.RUNNING,
        and_(RunRow.status == RunStatus.QUEUED, RunRow.cancel_requested_at.is_not(None)),
    )
    query = (
        select(RunRow.uid, ServiceRow.heartbeat_s)
        .join(ServiceRow, ServiceRow.id == RunRow.service_id)
        .where(is_open, type_coerce(RunRow.last_seen_at, BigInteger) + silence < moment)
        .order_by(RunRow.id)
        .limit(MAX_FOUND)
    )
    return [SilentRun(uid=row.uid, heartbeat_s=row.heartbeat_s) for row in session.execute(query)]
