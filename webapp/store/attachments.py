"""Which files belong to a run?"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.errors import NotFoundError
from webapp.store.models.blobs import BlobRow
from webapp.store.models.runs import AttachmentRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file handed in with a run; `size` in bytes."""

    name: str
    content_type: str
    size: int
    added_at: datetime
    blob_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAttachment:
    """What a file is called and what it is."""

    name: str
    content_type: str


def list_attachments(session: Session, run_id: int) -> list[Attachment]:
    """Return the files of a run by name."""
    statement = (
        select(
            AttachmentRow.name,
            AttachmentRow.content_type,
            BlobRow.size,
            AttachmentRow.added_at,
            AttachmentRow.blob_id,
        )
        .join(BlobRow, BlobRow.id == AttachmentRow.blob_id)
        .where(AttachmentRow.run_id == run_id)
        .order_by(AttachmentRow.name)
    )
    return [Attachment(**row) for row in session.execute(statement).mappings()]


def get_attachment(session: Session, *, run_id: int, name: str) -> Attachment:
    """Return one file of a run.

    Raises:
        NotFoundError: there is none of that name.
    """
    found = next((item for item in list_attachments(session, run_id) if item.name == name), None)
    if found is None:
        raise NotFoundError(f"the run has no attachment {name}")
    return found


def save_attachment(session: Session, run_id: int, new: NewAttachment, *, blob_id: int, now: datetime) -> None:
    """Keep a file under its name, instead of the one that had it."""
    session.merge(
        AttachmentRow(run_id=run_id, name=new.name, blob_id=blob_id, content_type=new.content_type, added_at=now)
    )
