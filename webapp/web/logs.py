"""What does a log say: its page, plain without scripts, and what the scripts ask for while the reader moves in it."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from webapp.domain.access import Permission
from webapp.domain.ansi import Span, style_of
from webapp.domain.logdisplay import ShownLine, plain_text, show_lines, show_spans
from webapp.domain.loglines import LineLevel
from webapp.domain.logsearch import find_query_fault, make_matcher
from webapp.domain.outcome import ENDED
from webapp.errors import InvalidError
from webapp.store.db import db, later_reading
from webapp.store.log_pieces import StoredLog
from webapp.store.log_search import LogHits, find_level, search_log
from webapp.store.logs import find_log, follow_bytes, get_log, line_count, list_logs, page_lines
from webapp.store.runs import Run, find_previous_run, get_run
from webapp.web.guard import requires
from webapp.web.segments import SegmentConverter

blueprint = Blueprint("logs", __name__, url_prefix="/runs/<uid>/logs")

PLAIN_LINES = 2_000
PLAIN_HITS = 100
OTHER_LOGS = 50
MAX_LINES = 1_000
MAX_NUMBER = 2**62
BRIEFLY = {"Cache-Control": "no-store"}


@blueprint.record_once
def _know_segments(state: BlueprintSetupState) -> None:
    state.app.url_map.converters["segment"] = SegmentConverter


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainLine:
    """A line of the page without scripts; it is numbered from 1 there."""

    number: int
    level: LineLevel
    spans: list[Span]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainHit:
    """A line that holds the text that was looked for."""

    number: int
    text: str


@blueprint.get("/<segment:stream>")
@requires(Permission.VIEW)
def show(uid: str, stream: str) -> ResponseReturnValue:
    """Show a log; `?from=` is the first line of the page without scripts, `?q=` what to look for there."""
    session = db.session()
    run, log = _find(uid, stream)
    count = line_count(log)
    first = min(max(_number("from", 1) - 1, 0), max(count - 1, 0))
    page = page_lines(session, log, first=first, count=PLAIN_LINES)
    query = request.args.get("q", "")
    hits = _search(log, query, first=0, limit=PLAIN_HITS) if query else None
    before = find_previous_run(session, run)
    has_before = before is not None and find_log(session, run_id=before.id, stream=stream) is not None
    values = {
        "run": run,
        "before": before if has_before else None,
        "log": log,
        "count": count,
        "lines": _plain(show_lines(page), first=first, sgr=page.sgr),
        "starts": _starts(first, count),
        "query": query,
        "hits": hits,
        "found": _found(log, hits) if hits else [],
        "others": [other for other in list_logs(session, run_id=run.id, limit=OTHER_LOGS) if other.id != log.id],
        "is_over": run.status in ENDED,
    }
    return render_template("logs/show.html", **values)


@blueprint.get("/<segment:stream>/meta")
@requires(Permission.VIEW)
def meta(uid: str, stream: str) -> ResponseReturnValue:
    """Answer how long the log is by now, and whether more may come."""
    run, log = _find(uid, stream)
    levels = {"error": log.errors, "warning": log.warnings}
    answer = {"lines": line_count(log), "size": log.size, "levels": levels, "live": run.status not in ENDED}
    return answer, BRIEFLY


@blueprint.get("/<segment:stream>/lines")
@requires(Permission.VIEW)
def lines(uid: str, stream: str) -> ResponseReturnValue:
    """Answer some lines as they are shown, with SGR escapes for their colours; lines are numbered from 0 here."""
    _, log = _find(uid, stream)
    count = min(_number("count", 500), MAX_LINES)
    page = page_lines(db.session(), log, first=_number("from", 0), count=count)
    shown = show_lines(page)
    texts, levels = [line.text for line in shown], [line.level for line in shown]
    return {"from": page.first, "lines": texts, "levels": levels, "sgr": page.sgr}, BRIEFLY


@blueprint.get("/<segment:stream>/search")
@requires(Permission.VIEW)
def search(uid: str, stream: str) -> ResponseReturnValue:
    """Answer which lines from `from` on hold the text `q`, and how many there are."""
    _, log = _find(uid, stream)
    hits = _search(log, request.args.get("q", ""), first=_number("from", 0), limit=MAX_LINES)
    return {"lines": hits.lines, "total": hits.total, "more": hits.has_more}, BRIEFLY


@blueprint.get("/<segment:stream>/next")
@requires(Permission.VIEW)
def step(uid: str, stream: str) -> ResponseReturnValue:
    """Answer the next line with a level, from `from` on, or before it with `dir=-1`."""
    _, log = _find(uid, stream)
    level, direction = request.args.get("level", ""), request.args.get("dir", "1")
    if level not in (LineLevel.ERROR, LineLevel.WARNING):
        raise InvalidError(("level", f"expected error or warning, got {level[:20]!r}"))
    if direction not in ("1", "-1"):
        raise InvalidError(("dir", f"expected 1 or -1, got {direction[:20]!r}"))
    line = find_level(
        db.session(), log, level=LineLevel(level), first=_number("from", 0), is_backward=direction == "-1"
    )
    return {"line": line}, BRIEFLY


@blueprint.get("/<segment:stream>/raw")
@requires(Permission.VIEW)
def raw(uid: str, stream: str) -> Response:
    """Download the bytes that are stored by now."""
    _, log = _find(uid, stream)
    # The request's own transaction ends here, so that a slow reader holds nothing.
    db.session.close()
    answer = Response(follow_bytes(later_reading(), log), mimetype="text/plain")
    answer.content_length = log.size
    answer.headers.set("Content-Disposition", "attachment", filename=f"{log.stream}.log")
    return answer


def _find(uid: str, stream: str) -> tuple[Run, StoredLog]:
    session = db.session()
    run = get_run(session, uid)
    return run, get_log(session, run_id=run.id, stream=stream)


def _number(name: str, default: int) -> int:
    text = request.args.get(name, "")
    if not text:
        return default
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 19 else -1
    if not 0 <= number <= MAX_NUMBER:
        raise InvalidError((name, f"expected a number from 0 on, got {text[:20]!r}"))
    return number


def _search(log: StoredLog, text: str, *, first: int, limit: int) -> LogHits:
    fault = find_query_fault(text)
    if fault is not None:
        raise InvalidError(("q", fault))
    return search_log(db.session(), log, matcher=make_matcher(text), first=first, limit=limit)


def _plain(shown: list[ShownLine], *, first: int, sgr: str) -> list[PlainLine]:
    style = style_of(sgr)
    plain = []
    for number, line in enumerate(shown, first + 1):
        spans, style = show_spans(line.text, style)
        plain.append(PlainLine(number=number, level=line.level, spans=spans))
    return plain


def _starts(first: int, count: int) -> dict[str, int]:
    """Return where the neighbouring pages begin, numbered from 1; 0 where there is none."""
    last = max(count - 1, 0) // PLAIN_LINES * PLAIN_LINES
    return {
        "previous": max(first - PLAIN_LINES, 0) + 1 if first else 0,
        "next": first + PLAIN_LINES + 1 if first + PLAIN_LINES < count else 0,
        "last": last + 1 if first < last else 0,
    }


def _found(log: StoredLog, hits: LogHits) -> list[PlainHit]:
    session = db.session()
    pages: list[tuple[int, Any]] = [(n, page_lines(session, log, first=n, count=1)) for n in hits.lines]
    return [PlainHit(number=n + 1, text=plain_text(line.text)) for n, page in pages for line in show_lines(page)]
