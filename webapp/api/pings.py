"""How does a cron job report itself with curl alone: pings."""

from tempfile import SpooledTemporaryFile
from typing import Annotated, BinaryIO, cast

import msgspec
from flask import Blueprint, g, request, url_for

from webapp import clock
from webapp.api.bodies import iterate_body
from webapp.api.schema import RawBody, Takes, operation
from webapp.domain.access import Scope
from webapp.errors import InvalidError
from webapp.ingest.pings import Signal, ping

blueprint = Blueprint("api_pings", __name__, url_prefix="/api/v1")

MAX_OUTPUT = 16 * 1024 * 1024
IN_MEMORY = 1024 * 1024
MAX_EXIT_CODE = 255

OUTPUT = RawBody(
    media_types=("text/plain", "application/octet-stream", "application/x-www-form-urlencoded"),
    description="The output of the job, at most 16 MiB; it becomes the run's log.",
)


class PingQuery(msgspec.Struct, frozen=True):
    """What else is known of the job."""

    device: Annotated[str, msgspec.Meta(max_length=255, description="where it ran")] = ""


class Pinged(msgspec.Struct, frozen=True):
    """The run that the ping made or ended."""

    uid: str
    service: str
    number: int
    status: str
    url: str


@operation(
    blueprint,
    "POST",
    "/services/<slug>/ping",
    scope=Scope.INGEST,
    answers={200: Pinged},
    takes=Takes(query=PingQuery, body=OUTPUT, errors=(413,)),
)
def ping_success(slug: str, query: PingQuery) -> Pinged:
    """Say that a job ended well; it ends the run that a start began, or is a run of its own."""
    return _ping(slug, query, Signal(exit_code=0))


@operation(
    blueprint,
    "POST",
    "/services/<slug>/ping/<signal>",
    scope=Scope.INGEST,
    answers={200: Pinged},
    takes=Takes(query=PingQuery, body=OUTPUT, errors=(413,)),
)
def ping_signal(slug: str, signal: str, query: PingQuery) -> Pinged:
    """Say that a job started (`start`), failed (`fail`) or ended with an exit code (0 to 255)."""
    if signal == "start":
        return _ping(slug, query, Signal(exit_code=None))
    if signal == "fail":
        return _ping(slug, query, Signal(exit_code=1))
    if signal.isascii() and signal.isdecimal() and len(signal) <= 3 and int(signal) <= MAX_EXIT_CODE:
        return _ping(slug, query, Signal(exit_code=int(signal)))
    raise InvalidError(("signal", f"expected start, fail or an exit code from 0 to {MAX_EXIT_CODE}"))


def _ping(slug: str, query: PingQuery, signal: Signal) -> Pinged:
    with SpooledTemporaryFile(max_size=IN_MEMORY) as output:
        for piece in iterate_body(request, limit=MAX_OUTPUT):
            output.write(piece)
        output.seek(0)
        whole = cast("BinaryIO", output)
        run = ping(slug, signal, output=whole, device=query.device, caller=g.caller, now=clock.now())
    url = url_for("run.show", uid=run.uid, _external=True)
    return Pinged(uid=run.uid, service=slug, number=run.number, status=run.status, url=url)
