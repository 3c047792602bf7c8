"""How does a single result come in that is larger than a batch of events may be?"""

from typing import Annotated

import msgspec
from flask import Blueprint, g, request

from webapp import clock
from webapp.api.bodies import read_body
from webapp.api.schema import JSON, RawBody, Takes, operation
from webapp.domain.access import Scope
from webapp.domain.messages import MAX_ATTEMPT
from webapp.ingest.results import MAX_RESULT, put_result

blueprint = Blueprint("api_device_results", __name__, url_prefix="/api/v1")

BODY = RawBody(media_types=(JSON,), description="Any JSON, at most 64 MiB; it is kept as it is sent.")


class PutResultQuery(msgspec.Struct, frozen=True):
    """Of which attempt the result is."""

    attempt: Annotated[int, msgspec.Meta(ge=1, le=MAX_ATTEMPT, description="the attempt")] = 1


class PutResultAnswer(msgspec.Struct, frozen=True):
    """Whether nothing was said of the device in that attempt before."""

    created: bool


@operation(
    blueprint,
    "PUT",
    "/runs/<uid>/devices/<path:name>/result",
    scope=Scope.INGEST,
    answers={200: PutResultAnswer, 201: PutResultAnswer},
    takes=Takes(query=PutResultQuery, body=BODY, errors=(413,)),
)
def change_device_result(uid: str, name: str, query: PutResultQuery) -> tuple[int, PutResultAnswer]:
    """Keep one JSON text as a device's result.

    It replaces an earlier one. A device that nothing else was said of is running until its `device.end` comes.
    """
    raw = read_body(request, limit=MAX_RESULT)
    done = put_result(raw, uid=uid, device=name, attempt=query.attempt, caller=g.caller, now=clock.now())
    return (201 if done.created else 200), PutResultAnswer(created=done.created)
