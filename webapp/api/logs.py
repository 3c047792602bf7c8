"""What do a run's logs hold, and how are bytes added to them?"""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

import msgspec
from flask import Blueprint, Response, g, request

from webapp import clock
from webapp.api.bodies import iterate_body
from webapp.api.faults import faults_response, status_of
from webapp.api.runs import readable_run
from webapp.api.schema import Fault, Faults, RawAnswer, RawBody, Takes, json_response, operation
from webapp.domain.access import Scope
from webapp.domain.logdisplay import ShownLine, plain_text, show_lines
from webapp.domain.logsearch import MAX_QUERY, find_query_fault, make_matcher
from webapp.errors import GapError, InvalidError, TooLargeError
from webapp.ingest.logs import append_bytes
from webapp.store.db import db, later_reading
from webapp.store.log_pieces import StoredLog
from webapp.store.log_search import search_log
from webapp.store.logs import MAX_PAGE, follow_bytes, get_log, line_count, list_logs, page_lines

blueprint = Blueprint("api_logs", __name__, url_prefix="/api/v1")

# Bytes come in, and go out, in pieces of this size, each in a transaction of its own.
PIECE = 1024 * 1024
# A packed body may unpack to this much, or to this many times its own size.
PACKED_LIMIT = 64 * 1024 * 1024
PACKED_RATIO = 200
# A search answers at most this many lines.
MAX_FOUND = 500
TEXT = "text/plain"
BINARY = "application/octet-stream"

Offset = Annotated[int, msgspec.Meta(ge=0, le=2**62, description="a byte, counted from 0")]
LineNumber = Annotated[int, msgspec.Meta(ge=0, le=2**62, description="a line, counted from 0")]


class AppendQuery(msgspec.Struct, frozen=True):
    """Where the bytes belong: at `offset`, or at the end."""

    offset: Offset | None = None


class AppendAnswer(msgspec.Struct, frozen=True):
    """How many bytes the log has now."""

    offset: int


class LogAnswer(msgspec.Struct, frozen=True):
    """One log; `errors` and `warnings` count its lines of these levels."""

    stream: str
    size: int
    lines: int
    errors: int
    warnings: int
    changed_at: datetime


class LogList(msgspec.Struct, frozen=True):
    """A page of a run's logs by name."""

    items: list[LogAnswer]
    next: str | None


class LogListQuery(msgspec.Struct, frozen=True):
    """Which part of the list."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1000
    cursor: Annotated[str, msgspec.Meta(max_length=255, description="the `next` of the answer before")] = ""


class LineAnswer(msgspec.Struct, frozen=True):
    """A line as it is shown, without colours; `level` is error, warning, info, debug or empty."""

    line: int
    text: str
    level: str


class LinePage(msgspec.Struct, frozen=True):
    """Some lines of a log.

    Args:
        items: the lines.
        total: how many lines the log has; for a search, how many hold the text from where it began.
        next: the line to go on from, or null at the end.
    """

    items: list[LineAnswer]
    total: int
    next: int | None


class LogQuery(msgspec.Struct, frozen=True):
    """What of the log: at most one of `line`, `tail`, `q` and `offset`; the raw bytes from the start without any."""

    line: LineNumber | None = None
    tail: Annotated[int, msgspec.Meta(ge=1, le=MAX_PAGE, description="this many last lines")] | None = None
    q: Annotated[str, msgspec.Meta(max_length=MAX_QUERY, description="lines that hold this text")] | None = None
    offset: Offset | None = None
    first: Annotated[LineNumber, msgspec.Meta(description="where a search begins")] = 0
    count: Annotated[int, msgspec.Meta(ge=1, le=MAX_PAGE, description="at most this many lines")] = 500


@operation(
    blueprint, "GET", "/runs/<uid>/logs", scope=Scope.READ, answers={200: LogList}, takes=Takes(query=LogListQuery)
)
def list_run_logs(uid: str, query: LogListQuery) -> LogList:
    """List the logs of a run."""
    run = readable_run(uid)
    logs = list_logs(db.session(), run_id=run.id, after=query.cursor, limit=query.limit + 1)
    page = logs[: query.limit]
    return LogList(items=[_log_answer(log) for log in page], next=page[-1].stream if len(logs) > len(page) else None)


@operation(
    blueprint,
    "POST",
    "/runs/<uid>/logs/<path:stream>",
    scope=Scope.INGEST,
    answers={200: AppendAnswer},
    takes=Takes(
        query=AppendQuery,
        body=RawBody(
            media_types=(BINARY, TEXT),
            description="The bytes as they are, of any length; they may be sent with Content-Encoding gzip or zstd.",
        ),
        errors=(409, 413),
    ),
)
def add_log_bytes(uid: str, stream: str, query: AppendQuery) -> Response | AppendAnswer:
    """Add bytes to a log.

    What is stored already is dropped, so bytes may be sent again. A gap is answered with 409 and the `offset` to go on
    from. A long body is kept piece by piece: what came before a fault in it stays, and the answer's `offset` says so.
    """
    have: int | None = None
    taken = 0
    try:
        for piece in _pieces():
            offset = None if query.offset is None else query.offset + taken
            have = append_bytes(piece, uid=uid, stream=stream, offset=offset, caller=g.caller, now=clock.now()).offset
            taken += len(piece)
    except GapError as error:
        return _refuse(error, path="offset", offset=error.expected)
    except (InvalidError, TooLargeError) as error:
        return _refuse(error, path="body", offset=have)
    return AppendAnswer(offset=have or 0)


@operation(
    blueprint,
    "GET",
    "/runs/<uid>/logs/<path:stream>",
    scope=Scope.READ,
    answers={200: RawAnswer(media_type=TEXT, description="The raw bytes, or lines of the log", value=LinePage)},
    takes=Takes(query=LogQuery),
)
def read_run_log(uid: str, stream: str, query: LogQuery) -> Response:
    """Read a log: some of its lines, the lines that hold a text, or its raw bytes.

    The raw bytes are those that are stored when the request arrives, also while the run goes on; `offset` skips what is
    known already.
    """
    given = [name for name in ("line", "tail", "q", "offset") if getattr(query, name) is not None]
    if len(given) > 1:
        raise InvalidError((given[1], f"expected only one of line, tail, q and offset, got also {given[0]}"))
    run = readable_run(uid)
    log = get_log(db.session(), run_id=run.id, stream=stream)
    if query.q is not None:
        return json_response(_search(log, query.q, first=query.first, count=query.count))
    if query.tail is not None:
        return json_response(_page(log, first=max(0, line_count(log) - query.tail), count=query.tail))
    if query.line is not None:
        return json_response(_page(log, first=query.line, count=query.count))
    return _download(log, start=query.offset or 0)


def _pieces() -> Iterator[bytes]:
    """Yield the unpacked body in pieces of 1 MiB, at least one; what unpacks to far more than it is is refused."""
    is_packed = request.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity")
    limit = max(PACKED_LIMIT, PACKED_RATIO * (request.content_length or 0)) if is_packed else None
    buffer = bytearray()
    is_empty = True
    for part in iterate_body(request, limit=limit):
        buffer += part
        while len(buffer) >= PIECE:
            is_empty = False
            yield bytes(buffer[:PIECE])
            del buffer[:PIECE]
    if buffer or is_empty:
        yield bytes(buffer)


def _refuse(error: GapError | InvalidError | TooLargeError, *, path: str, offset: int | None) -> Response:
    faults = error.faults if isinstance(error, InvalidError) else [(path, str(error))]
    body = Faults(errors=[Fault(place, message) for place, message in faults], offset=offset)
    return faults_response(body, status_of(error))


def _page(log: StoredLog, *, first: int, count: int) -> LinePage:
    lines = show_lines(page_lines(db.session(), log, first=first, count=count))
    end = first + len(lines)
    items = [_line_answer(number, line) for number, line in enumerate(lines, first)]
    return LinePage(items=items, total=line_count(log), next=end if items and end < line_count(log) else None)


def _search(log: StoredLog, text: str, *, first: int, count: int) -> LinePage:
    fault = find_query_fault(text)
    if fault is not None:
        raise InvalidError(("q", fault))
    session = db.session()
    hits = search_log(session, log, matcher=make_matcher(text), first=first, limit=min(count, MAX_FOUND))
    items = [
        _line_answer(number, line)
        for number in hits.lines
        for line in show_lines(page_lines(session, log, first=number, count=1))
    ]
    following = None
    if hits.total > len(hits.lines):
        following = hits.lines[-1] + 1
    elif hits.searched is not None:
        following = hits.searched
    return LinePage(items=items, total=hits.total, next=following)


def _download(log: StoredLog, *, start: int) -> Response:
    # The request's own transaction ends here, so that a slow reader holds nothing.
    db.session.close()
    answer = Response(follow_bytes(later_reading(), log, start=start), mimetype=TEXT)
    answer.content_length = max(log.size - start, 0)
    answer.headers.set("Content-Disposition", "attachment", filename=f"{log.stream}.log")
    return answer


def _line_answer(number: int, line: ShownLine) -> LineAnswer:
    return LineAnswer(line=number, text=plain_text(line.text), level=line.level)


def _log_answer(log: StoredLog) -> LogAnswer:
    return LogAnswer(
        stream=log.stream,
        size=log.size,
        lines=line_count(log),
        errors=log.errors,
        warnings=log.warnings,
        changed_at=log.changed_at,
    )
