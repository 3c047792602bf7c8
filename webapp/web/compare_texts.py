"""What do the tabs of logs and results show: whose texts there are, and the difference of the chosen ones?"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.compare.asking import Choice, Texts, ask, find_texts
from webapp.compare.difference import Difference
from webapp.compare.runs import Comparison, show_changes
from webapp.compare.texts import RANGE
from webapp.compare.workshop import WORKSHOP, Progress
from webapp.diff.fold import Fold, Side
from webapp.diff.patch import unified_patch
from webapp.domain.changes import Change
from webapp.errors import InvalidError, NotFoundError, TooLargeError
from webapp.store.db import Session
from webapp.store.logs import RUN_LOG, list_logs
from webapp.web.compare_html import Addresses, write_table
from webapp.web.compare_pages import lay_out_page
from webapp.web.compare_rows import RowWriter
from webapp.web.compare_wanted import Wanted
from webapp.web.paging import here

MAX_FILES = 300
PAGE_HITS = 500
MAX_ROWS_AT_ONCE = 1_000
LONGEST_LINE = 8 * 1024 * 1024
MAX_RANGES = 12
_LINE = re.compile(r"([AB])([0-9]{1,9})")

Values = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Where what was searched for is found: how many rows, which of them is shown, and the ways on."""

    count: int
    number: int
    previous: str
    following: str


def show_texts(session: Session, wanted: Wanted, *, tab: str) -> Values:
    """Return what the template of a tab needs."""
    if tab == "result" and not wanted.device:
        return {}
    return show_choice(session, choice_of(wanted, tab=tab))


def show_choice(session: Session, choice: Choice) -> Values:
    """Return what shows the difference of two texts: its rows, how far it is, or why there is none."""
    workshop = current_app.extensions[WORKSHOP]
    texts: Texts | None = None
    try:
        texts = find_texts(session, workshop, choice)
        found = ask(workshop, session, choice, texts)
    except (TooLargeError, NotFoundError) as error:
        return {"refusal": str(error), "ranges": _ranges(texts) if texts else []}
    if isinstance(found, Progress):
        tab = "result" if choice.is_result else "logs"
        return {"progress": found, "state_url": f"{url_for('.state')}?{urlencode({**request.args, 'tab': tab})}"}
    return _shown(found, is_log=not choice.is_result)


def choice_of(wanted: Wanted, *, tab: str) -> Choice:
    """Return which texts an address of two runs means."""
    return Choice(
        a=wanted.a,
        b=wanted.b,
        device=wanted.device,
        other=wanted.other,
        is_result=tab == "result",
        part_a=wanted.part_a,
        part_b=wanted.part_b,
        level=wanted.level,
        view=wanted.view,
        context=wanted.context,
        shows_ignored=wanted.shows_ignored,
        find=wanted.find,
    )


def _need_difference(session: Session, choice: Choice) -> Difference:
    """Return the difference that a part of the page is asked of."""
    workshop = current_app.extensions[WORKSHOP]
    found = ask(workshop, session, choice, find_texts(session, workshop, choice))
    if isinstance(found, Progress):
        raise NotFoundError(f"this comparison is still being made: {found.doing}")
    return found


def answer_rows(session: Session, choice: Choice) -> ResponseReturnValue:
    """Return a range of rows, or of those that a fold hides."""
    difference = _need_difference(session, choice)
    start, stop = read_number("start"), read_number("stop")
    fold = difference.fold()
    behind = request.args.get("fold", "")
    found = (
        fold.unfold(read_number("fold"), start, stop)
        if behind
        else fold.rows(start, min(stop, start + MAX_ROWS_AT_ONCE))
    )
    with difference.lines() as lines:
        rows = _writer(difference, lines, is_log=not choice.is_result).write(found, first=start)
        return str(write_table(rows, view=choice.view, addresses=_addresses()))


def answer_state(session: Session, choice: Choice) -> ResponseReturnValue:
    """Say in words how far a comparison is; 204 when it is there, or can't be made, which the page itself then says."""
    workshop = current_app.extensions[WORKSHOP]
    try:
        found = ask(workshop, session, choice, find_texts(session, workshop, choice))
    except (TooLargeError, NotFoundError):
        return "", 204
    return render_template("compare/_progress.html", progress=found) if isinstance(found, Progress) else ("", 204)


def answer_line(session: Session, choice: Choice) -> ResponseReturnValue:
    """Return one line whole, as plain text."""
    difference = _need_difference(session, choice)
    side = request.args.get("side", "")
    if side not in ("a", "b"):
        raise InvalidError(("side", f"expected a or b, got {side[:40]!r}"))
    number = read_number("line") - 1 - difference.texts[side == "b"].first
    with difference.lines() as lines:
        if not 0 <= number < len(lines[side == "b"]):
            raise NotFoundError("there is no such line")
        raw, size = lines[side == "b"].head(number, LONGEST_LINE)
    note = f"\n[cut here, the line has {size:,} bytes]" if size > len(raw) else ""
    return Response(raw.decode("utf-8", "replace") + note, mimetype="text/plain")


def answer_patch(session: Session, choice: Choice) -> Response:
    """Return the difference as a patch, read while it is sent."""
    difference = _need_difference(session, choice)
    kind = "json" if choice.is_result else "log"
    names = [f"{name}.{kind}" for name in choice.names]

    def pieces() -> Iterator[bytes]:
        with difference.lines() as (a, b):
            yield from unified_patch(difference.hunks(), a, b, a_name=names[0], b_name=names[1], context=choice.context)

    headers = {"Content-Disposition": 'attachment; filename="difference.patch"'}
    return Response(pieces(), mimetype="text/x-diff", headers=headers)


def _writer(difference: Difference, lines: Any, *, is_log: bool) -> RowWriter:
    a, b = difference.texts
    return RowWriter(lines, (a.first, b.first), level=difference.order.level, is_log=is_log)


def _shown(difference: Difference, *, is_log: bool) -> Values:
    """Return the rows of the page, its map, and what was searched for."""
    fold = difference.fold()
    hits = difference.hits()
    hit = min(max(read_number("hit") - 1, 0), max(len(hits) - 1, 0))
    is_row_asked = any(request.args.get(name) for name in ("row", "at"))
    row = hits[hit] if hits and ("hit" in request.args or not is_row_asked) else _asked_row(difference, fold)
    page = lay_out_page(fold, row=row)
    near = frozenset(hits[max(hit - PAGE_HITS, 0) : hit + PAGE_HITS])
    with difference.lines() as lines:
        rows = _writer(difference, lines, is_log=is_log).write(fold.rows(page.start, page.stop), first=page.start)
        order = difference.order
        table = write_table(rows, view=order.view, addresses=_addresses(), hits=near, hit=hits[hit] if hits else None)
    return {
        "difference": difference,
        "summary": difference.summary,
        "messages": difference.messages() if is_log else None,
        "values": difference.values(),
        "hunks": len(fold.hunk_rows),
        "page": page,
        "table": table,
        "found": _found(hits, hit) if difference.order.find else None,
    }


def _asked_row(difference: Difference, fold: Fold) -> int:
    """Return the row that the address asks for, by its number or by a line such as `A12`."""
    at = request.args.get("at", "")
    if not at:
        return read_number("row")
    found = _LINE.fullmatch(at)
    if found is None:
        raise InvalidError(("at", f"expected a line such as A12 or B7, got {at[:40]!r}"))
    side: Side = "a" if found[1] == "A" else "b"
    return fold.row_of(side, int(found[2]) - difference.texts[side == "b"].first) or 0


def _addresses() -> Addresses:
    args = request.args.to_dict()
    kept = {
        name: value for name, value in args.items() if name not in ("start", "stop", "fold", "row", "at", "hit", "find")
    }
    whole = f"{url_for('.index')}?{urlencode({**kept, 'context': 'all'})}"
    rows, line = (f"{url_for(endpoint)}?{urlencode(kept)}" for endpoint in (".rows", ".line"))
    return Addresses(
        whole=lambda number: f"{whole}&at=A{number}#A{number}",
        unfold=lambda row, hidden: f"{rows}&fold={row}&start=0&stop={hidden}",
        line=lambda side, number: f"{line}&side={side}&line={number}",
    )


def _found(hits: Any, hit: int) -> Found:
    return Found(
        count=len(hits),
        number=hit + 1 if hits else 0,
        previous=here(hit=hit or len(hits), row=None, at=None, _anchor="hit") if hits else "",
        following=here(hit=hit + 2 if hit + 1 < len(hits) else 1, row=None, at=None, _anchor="hit") if hits else "",
    )


def _ranges(texts: Texts) -> list[Values]:
    """Offer ranges of lines in place of texts that are too long."""
    longest = max((text.lines or 0 for text in texts), default=0)
    offers: list[Values] = []
    for first in range(1, min(longest, RANGE * MAX_RANGES) + 1, RANGE):
        part = f"{first}-{first + RANGE - 1}"
        offers.append(
            {
                "title": f"lines {first:,} to {first + RANGE - 1:,}",
                "url": here(a_lines=part, b_lines=part, row=None, at=None),
            }
        )
    return offers


def list_files(session: Session, wanted: Wanted, devices: Comparison, *, tab: str) -> list[Values]:
    """Return what can be compared in this tab: logs that both runs have, or devices with changed results.

    Each has a `name`, a `url`, whether it is `current`, and for devices the status in `a` and `b`.
    """
    if tab == "logs":
        streams = {log.stream for log in list_logs(session, run_id=wanted.a.run.id)}
        shared = [log.stream for log in list_logs(session, run_id=wanted.b.run.id) if log.stream in streams]
        shared.sort(key=lambda name: (name != RUN_LOG, name))
        return [_file("" if name == RUN_LOG else name, is_current=(wanted.other or RUN_LOG) == name) for name in shared]
    differing = [change for change in devices.changes if change.has_other_result][:MAX_FILES]
    return [
        _file(shown.subject.device or "", is_current=wanted.other == shown.subject.device, change=shown.change)
        for shown in show_changes(session, devices, differing)
    ]


def _file(device: str, *, is_current: bool, change: Change | None = None) -> Values:
    return {
        "name": device or "Run log",
        "url": here(device=device, other=None, row=None, at=None, hit=None, a_lines=None, b_lines=None),
        "current": is_current,
        "a": change.a.word if change and change.a else "",
        "b": change.b.word if change and change.b else "",
    }


def read_number(name: str) -> int:
    """Return a number of the address, 0 when it is not there."""
    text = request.args.get(name, "") or "0"
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise InvalidError((name, f"expected a number, got {text[:40]!r}"))
    return int(text)
