"""How is a file kept with a run?"""

from datetime import datetime

from webapp.domain.access import Caller
from webapp.domain.names import find_name_fault, find_text_fault
from webapp.errors import InvalidError
from webapp.ingest.doors import check_uid, get_run_for_writing, touch
from webapp.store.attachments import NewAttachment, save_attachment
from webapp.store.blobs import add_blobs, bytes_content
from webapp.store.db import Session
from webapp.store.recording import save_run

MAX_TYPE = 255


def put_attachment(
    session: Session, uid: str, attachment: NewAttachment, data: bytes, *, caller: Caller, now: datetime
) -> None:
    """Keep a file with a run, instead of the one that had its name.

    Raises:
        InvalidError: the name or the type cannot be kept.
        NotFoundError: there is no such run.
        ForbiddenError: the caller's token is for other services.
    """
    check_uid(uid)
    fault = find_name_fault(attachment.name)
    if fault is not None:
        raise InvalidError(("name", fault))
    fault = find_text_fault(attachment.content_type)
    if fault is not None or len(attachment.content_type) > MAX_TYPE:
        raise InvalidError(("Content-Type", fault or f"expected at most {MAX_TYPE} characters"))
    run = get_run_for_writing(session, uid, caller=caller)
    content = bytes_content(data)
    blob_id = add_blobs(session, [content])[content.digest]
    save_attachment(session, run.id, attachment, blob_id=blob_id, now=now)
    touch(run, now=now)
    save_run(session, run)
