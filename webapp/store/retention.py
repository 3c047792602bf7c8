"""Which runs are too old to keep, and which contents does nothing refer to any more?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, exists, not_, select, update
from sqlalchemy.orm import Session

from webapp.domain.outcome import ENDED
from webapp.store.models.blobs import BlobRow
from webapp.store.models.inventory import DeviceRow, ServiceRow
from webapp.store.models.logs import LogChunkRow
from webapp.store.models.results import CaseResultRow, DeviceResultRow
from webapp.store.models.runs import AttachmentRow, RunRow

REFERENCES = (DeviceResultRow.blob_id, CaseResultRow.blob_id, AttachmentRow.blob_id, LogChunkRow.blob_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceOptions:
    """A service and its options, among them how long its runs are kept."""

    id: int
    slug: str
    options: dict[str, object]


def list_service_options(session: Session) -> list[ServiceOptions]:
    """Return every service with its options."""
    rows = session.execute(select(ServiceRow.id, ServiceRow.slug, ServiceRow.options).order_by(ServiceRow.id))
    return [ServiceOptions(id=row.id, slug=row.slug, options=row.options) for row in rows]


def find_old_runs(
    session: Session, *, service_id: int, before: datetime, kept_uid: str | None, limit: int
) -> list[int]:
    """Return the oldest ended runs of a service that were last heard of before a moment, without one that is kept."""
    query = (
        select(RunRow.id)
        .where(RunRow.service_id == service_id, RunRow.status.in_(sorted(ENDED)), RunRow.last_seen_at < before)
        .order_by(RunRow.id)
        .limit(limit)
    )
    return list(session.scalars(query if kept_uid is None else query.where(RunRow.uid != kept_uid)))


def remove_runs(session: Session, run_ids: Sequence[int]) -> None:
    """Remove runs with everything of theirs; devices forget them as their last run."""
    session.execute(
        update(DeviceRow).where(DeviceRow.last_run_id.in_(run_ids)).values(last_run_id=None, last_status=None)
    )
    session.execute(delete(RunRow).where(RunRow.id.in_(run_ids)))


def find_unreferenced(session: Session, *, after: int, limit: int) -> tuple[list[int], int | None]:
    """Look at the next contents by id.

    Returns:
        Those of them that nothing refers to, and the id to go on after, None at the end.
    """
    window = list(session.scalars(select(BlobRow.id).where(BlobRow.id > after).order_by(BlobRow.id).limit(limit)))
    if not window:
        return [], None
    query = select(BlobRow.id).where(BlobRow.id.between(window[0], window[-1]), _is_unreferenced())
    return list(session.scalars(query)), window[-1]


def remove_unreferenced(session: Session, blob_ids: Sequence[int]) -> int:
    """Remove those of the contents that still nothing refers to, and return how many.

    They are locked first, so that a content which is taken up again at this moment stays.
    """
    wanted = select(BlobRow.id).where(BlobRow.id.in_(blob_ids)).order_by(BlobRow.id)
    locked = list(session.scalars(wanted.with_for_update(skip_locked=True)))
    found = session.scalars(select(BlobRow.id).where(BlobRow.id.in_(locked), _is_unreferenced())).all()
    session.execute(delete(BlobRow).where(BlobRow.id.in_(found)))
    return len(found)


def _is_unreferenced() -> ColumnElement[bool]:
    return and_(*(not_(exists().where(column == BlobRow.id)) for column in REFERENCES))
