"""How does a reporter tell what happens: batches of events, one JSON object a line."""

from collections.abc import Iterator
from typing import Annotated

import msgspec
from flask import Blueprint, g, request

from webapp import clock
from webapp.api.bodies import iterate_body
from webapp.api.schema import RawBody, Takes, operation
from webapp.domain.access import Scope
from webapp.ingest.stream import MAX_BYTES, accept

blueprint = Blueprint("api_events", __name__, url_prefix="/api/v1")

BODY = RawBody(
    media_types=("application/x-ndjson",),
    description="One event a line: `seq`, `ts`, `type` and the fields of that type. At most 1,000 events or 4 MiB a "
    "batch, which may be sent with Content-Encoding gzip or zstd.",
)


class EventsQuery(msgspec.Struct, frozen=True):
    """Which stream of events this is."""

    stream: Annotated[str, msgspec.Meta(min_length=1, max_length=255, description="the sender's own name")] = "0"


class Acknowledged(msgspec.Struct, frozen=True):
    """What is stored now; `cancel` asks the sender to stop its run."""

    acked: int
    duplicates: int
    cancel: bool


@operation(
    blueprint,
    "POST",
    "/runs/<uid>/events",
    scope=Scope.INGEST,
    answers={200: Acknowledged},
    takes=Takes(query=EventsQuery, body=BODY, errors=(409, 413)),
)
def add_events(uid: str, query: EventsQuery) -> Acknowledged:
    """Add a batch of events, whole or not at all.

    Events that are stored already are counted as duplicates, so a batch may be sent again. A gap is answered with 409
    and the `expected` number; a faulty event with 422, its line and field, and what was `acked` before.
    """
    lines = _lines(iterate_body(request, limit=MAX_BYTES))
    accepted = accept(lines, uid=uid, stream=query.stream, caller=g.caller, now=clock.now())
    return Acknowledged(acked=accepted.acked, duplicates=accepted.duplicates, cancel=accepted.cancel)


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
    if rest:
        yield rest
