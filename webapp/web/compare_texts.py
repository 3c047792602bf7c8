"""What do the tabs of logs and results show: whose texts there are, and the difference of the chosen ones?"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from msgspec import structs

from webapp.compare.difference import Difference, open_difference
from webapp.compare.making import RuleOrder
from webapp.compare.runs import Change, Comparison, show_changes
from webapp.compare.shelf import Shelf
from webapp.compare.sources import log_text, result_text
from webapp.compare.texts import RANGE, Text
from webapp.compare.workshop import Progress, Workshop
from webapp.diff.patch import unified_patch
from webapp.domain.compare_options import CompareOptions, read_compare_options
from webapp.errors import InvalidError, NotFoundError, TooLargeError
from webapp.store.db import Session
from webapp.store.logs import RUN_LOG, list_logs
from webapp.store.recording_services import get_options
from webapp.web.compare_pages import lay_out_page
from webapp.web.compare_rows import RowWriter
from webapp.web.compare_wanted import Wanted
from webapp.web.paging import here

MAX_FILES = 300
PAGE_HITS = 500
MAX_ROWS_AT_ONCE = 1_000
LONGEST_LINE = 8 * 1024 * 1024
MAX_RANGES = 12
WORKSHOP_KEY = "afterrun.comparisons"
FOLDER = Path("cache") / "comparisons"

Values = dict[str, Any]
Texts = tuple[Text, Text]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Where what was searched for is found: how many rows, which of them is shown, and the ways on."""

    count: int
    number: int
    previous: str
    following: str


def workshop() -> Workshop:
    """Return what makes comparisons in this process."""
    found = current_app.extensions.get(WORKSHOP_KEY)
    if found is None:
        made = Workshop(Shelf(Path(current_app.instance_path) / FOLDER))
        found = current_app.extensions.setdefault(WORKSHOP_KEY, made)
    shop: Workshop = found
    return shop


def show_texts(session: Session, wanted: Wanted, devices: Comparison, *, tab: str) -> Values:
    """Return what the template of a tab needs."""
    values: Values = {"files": _files(session, wanted, devices, tab=tab), "difference": None, "progress": None}
    if tab == "result" and not wanted.device:
        return values
    texts = _find_texts(session, wanted, tab=tab)
    if isinstance(texts, str):
        return values | {"refusal": texts}
    try:
        found = ask(session, wanted, texts, tab=tab)
    except (TooLargeError, NotFoundError) as error:
        return values | {"refusal": str(error), "ranges": _ranges(texts)}
    if isinstance(found, Progress):
        url = f"{url_for('compare.state')}?{urlencode({**request.args, 'tab': tab})}"
        return values | {"progress": found, "state_url": url}
    return values | _shown(found, tab=tab)


def ask(session: Session, wanted: Wanted, texts: Texts, *, tab: str) -> Difference | Progress:
    """Return the difference of two texts, or how far it is.

    Raises:
        TooLargeError: a text, or the work, is beyond a limit.
        NotFoundError: a text has been removed.
    """
    shop = workshop()
    options = read_compare_options(get_options(session, wanted.b.run.service_id))
    takes_rules = wanted.level != "exact"
    order = structs.replace(
        shop.order(*texts),
        level=wanted.level,
        rules=_rules(options) if takes_rules else (),
        view=wanted.view,
        context=wanted.context,
        shows_ignored=wanted.shows_ignored,
        find=wanted.find,
        values=tab == "result",
        ignore=options.ignored_paths if takes_rules else (),
        tolerance=options.tolerance if takes_rules else 0.0,
    )
    return shop.ask(order, *texts) or open_difference(order, texts)


def _rules(options: CompareOptions) -> tuple[RuleOrder, ...]:
    return tuple(
        RuleOrder(pattern=rule.pattern, name=rule.name, whole_line=rule.whole_line) for rule in options.line_rules
    )


def _find_texts(session: Session, wanted: Wanted, *, tab: str) -> Texts | str:
    """Return both texts, or a sentence that says which is missing."""
    read = result_text if tab == "result" else log_text
    streams = (wanted.device, wanted.other) if tab == "result" else wanted.streams
    a = read(session, wanted.a, streams[0], wanted.part_a)
    b = read(session, wanted.b, streams[1], wanted.part_b)
    if a is not None and b is not None:
        return a, b
    what = "JSON result" if tab == "result" else "log"
    lacking = zip(("A", "B"), (a, b), streams, strict=True)
    return " and ".join(f"{name} has no {what} of {stream}" for name, text, stream in lacking if text is None)


def need_difference(session: Session, wanted: Wanted) -> Difference:
    """Return the difference that a part of the page is asked of.

    Raises:
        NotFoundError: one of the texts is missing, or the difference is still being made.
        TooLargeError: it can't be made.
    """
    tab = wanted.tab or "logs"
    texts = _find_texts(session, wanted, tab=tab)
    if isinstance(texts, str):
        raise NotFoundError(texts)
    found = ask(session, wanted, texts, tab=tab)
    if isinstance(found, Progress):
        raise NotFoundError(f"this comparison is still being made: {found.doing}")
    return found


def answer_rows(session: Session, wanted: Wanted) -> ResponseReturnValue:
    """Return a range of rows, or of those that a fold hides."""
    difference = need_difference(session, wanted)
    start, stop = read_number("start"), read_number("stop")
    fold = difference.fold()
    behind = request.args.get("fold", "")
    found = (
        fold.unfold(read_number("fold"), start, stop)
        if behind
        else fold.rows(start, min(stop, start + MAX_ROWS_AT_ONCE))
    )
    with difference.lines() as lines:
        rows = list(_writer(difference, lines, tab=wanted.tab).write(found, first=start))
    return render_template("compare/rows.html", rows=rows, wanted=wanted, is_inside=bool(behind))


def answer_state(session: Session, wanted: Wanted) -> ResponseReturnValue:
    """Say in words how far a comparison is; 204 when it is there, or can't be made, which the page itself then says."""
    tab = wanted.tab or "logs"
    texts = _find_texts(session, wanted, tab=tab)
    if isinstance(texts, str):
        return "", 204
    try:
        found = ask(session, wanted, texts, tab=tab)
    except (TooLargeError, NotFoundError):
        return "", 204
    return render_template("compare/_progress.html", progress=found) if isinstance(found, Progress) else ("", 204)


def answer_line(session: Session, wanted: Wanted) -> ResponseReturnValue:
    """Return one line whole, as plain text."""
    difference = need_difference(session, wanted)
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


def answer_patch(session: Session, wanted: Wanted) -> Response:
    """Return the difference as a patch, read while it is sent."""
    difference = need_difference(session, wanted)
    kind = "json" if wanted.tab == "result" else "log"
    names = [f"{stream}.{kind}" for stream in wanted.streams]

    def pieces() -> Iterator[bytes]:
        with difference.lines() as (a, b):
            yield from unified_patch(difference.hunks(), a, b, a_name=names[0], b_name=names[1], context=wanted.context)

    headers = {"Content-Disposition": 'attachment; filename="difference.patch"'}
    return Response(pieces(), mimetype="text/x-diff", headers=headers)


def _writer(difference: Difference, lines: Any, *, tab: str) -> RowWriter:
    a, b = difference.texts
    return RowWriter(lines, (a.first, b.first), is_log=tab != "result")


def _shown(difference: Difference, *, tab: str) -> Values:
    """Return the rows of the page, its map, and what was searched for."""
    fold = difference.fold()
    hits = difference.hits()
    hit = min(max(read_number("hit") - 1, 0), max(len(hits) - 1, 0))
    row = hits[hit] if hits and ("hit" in request.args or "row" not in request.args) else read_number("row")
    page = lay_out_page(fold, row=row)
    with difference.lines() as lines:
        rows = list(_writer(difference, lines, tab=tab).write(fold.rows(page.start, page.stop), first=page.start))
    return {
        "difference": difference,
        "summary": difference.summary,
        "messages": difference.messages() if tab == "logs" else None,
        "values": difference.values(),
        "hunks": len(fold.hunk_rows),
        "page": page,
        "rows": rows,
        "found": _found(hits, hit) if difference.order.find else None,
        "hit_rows": frozenset(hits[max(hit - PAGE_HITS, 0) : hit + PAGE_HITS]),
        "hit_row": hits[hit] if hits else None,
    }


def _found(hits: Any, hit: int) -> Found:
    return Found(
        count=len(hits),
        number=hit + 1 if hits else 0,
        previous=here(hit=hit or len(hits), row=None, _anchor="hit") if hits else "",
        following=here(hit=hit + 2 if hit + 1 < len(hits) else 1, row=None, _anchor="hit") if hits else "",
    )


def _ranges(texts: Texts) -> list[Values]:
    """Offer ranges of lines in place of texts that are too long."""
    longest = max((text.lines or 0 for text in texts), default=0)
    offers: list[Values] = []
    for first in range(1, min(longest, RANGE * MAX_RANGES) + 1, RANGE):
        part = f"{first}-{first + RANGE - 1}"
        offers.append(
            {"title": f"lines {first:,} to {first + RANGE - 1:,}", "url": here(a_lines=part, b_lines=part, row=None)}
        )
    return offers


def _files(session: Session, wanted: Wanted, devices: Comparison, *, tab: str) -> list[Values]:
    """Return what can be compared in this tab: logs that both runs have, or devices with changed results."""
    if tab == "logs":
        streams = {log.stream for log in list_logs(session, run_id=wanted.a.run.id)}
        shared = [log.stream for log in list_logs(session, run_id=wanted.b.run.id) if log.stream in streams]
        shared.sort(key=lambda name: (name != RUN_LOG, name))
        return [_file("" if name == RUN_LOG else name, is_current=wanted.streams[1] == name) for name in shared]
    differing = [change for change in devices.changes if _has_other_result(change)][:MAX_FILES]
    return [
        _file(shown.subject.device or "", is_current=wanted.other == shown.subject.device, change=shown.change)
        for shown in show_changes(session, devices, differing)
    ]


def _file(device: str, *, is_current: bool, change: Change | None = None) -> Values:
    return {
        "name": device or "Run log",
        "url": here(device=device, other=None, row=None, hit=None, a_lines=None, b_lines=None),
        "current": is_current,
        "a": change.a.word if change and change.a else "",
        "b": change.b.word if change and change.b else "",
    }


def _has_other_result(change: Change) -> bool:
    if change.a is None or change.b is None or change.a.content is None or change.b.content is None:
        return False
    return change.a.content != change.b.content


def read_number(name: str) -> int:
    """Return a number of the address, 0 when it is not there."""
    text = request.args.get(name, "") or "0"
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise InvalidError((name, f"expected a number, got {text[:40]!r}"))
    return int(text)
