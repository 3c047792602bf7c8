"""Which files were handed in with a run?"""

from datetime import datetime

import msgspec
from flask import Blueprint, Response, g, request

from webapp import clock
from webapp.api.bodies import read_body
from webapp.api.results import stream_content
from webapp.api.runs import readable_run
from webapp.api.schema import RawAnswer, RawBody, Takes, operation
from webapp.domain.access import Scope
from webapp.ingest.attachments import put_attachment
from webapp.store.attachments import NewAttachment, get_attachment, list_attachments
from webapp.store.db import db, writing

blueprint = Blueprint("api_attachments", __name__, url_prefix="/api/v1")

MAX_ATTACHMENT = 64 * 1024 * 1024
BINARY = "application/octet-stream"


class AttachmentAnswer(msgspec.Struct, frozen=True):
    """A file of a run; `size` in bytes."""

    name: str
    content_type: str
    size: int
    added_at: datetime


class AttachmentList(msgspec.Struct, frozen=True):
    """The files of a run by name."""

    items: list[AttachmentAnswer]


@operation(blueprint, "GET", "/runs/<uid>/attachments", scope=Scope.READ, answers={200: AttachmentList})
def index_attachments(uid: str) -> AttachmentList:
    """List the files of a run."""
    run = readable_run(uid)
    found = list_attachments(db.session(), run.id)
    return AttachmentList(
        items=[
            AttachmentAnswer(name=item.name, content_type=item.content_type, size=item.size, added_at=item.added_at)
            for item in found
        ]
    )


@operation(
    blueprint,
    "PUT",
    "/runs/<uid>/attachments/<path:name>",
    scope=Scope.INGEST,
    answers={204: None},
    takes=Takes(body=RawBody(media_types=(BINARY,), description="The file, at most 64 MiB."), errors=(413,)),
)
def change_attachment(uid: str, name: str) -> None:
    """Add a file to a run, or replace the one of that name."""
    data = read_body(request, limit=MAX_ATTACHMENT)
    attachment = NewAttachment(name=name, content_type=request.mimetype or BINARY)
    with writing() as session:
        put_attachment(session, uid, attachment, data, caller=g.caller, now=clock.now())


@operation(
    blueprint,
    "GET",
    "/runs/<uid>/attachments/<path:name>",
    scope=Scope.READ,
    answers={200: RawAnswer(media_type=BINARY, description="The file, to be saved")},
)
def show_attachment(uid: str, name: str) -> Response:
    """Download one file of a run."""
    run = readable_run(uid)
    found = get_attachment(db.session(), run_id=run.id, name=name)
    answer = stream_content(found.blob_id, media_type=BINARY)
    answer.headers.set("Content-Disposition", "attachment", filename=found.name)
    return answer
