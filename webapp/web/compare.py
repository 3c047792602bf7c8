"""What changed between two runs, two devices or two attempts? The whole state is the address."""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.compare.runs import Change, Comparison, compare_cases, compare_devices, show_changes
from webapp.compare.sources import log_text, result_changes, result_text
from webapp.compare.texts import Cache, ComparedTexts
from webapp.diff.lines import verdict
from webapp.diff.patch import unified_patch
from webapp.domain.access import Permission
from webapp.domain.changes import CLASS_TITLES, ChangeClass
from webapp.errors import InvalidError, NotFoundError, TooLargeError
from webapp.store.db import Session, db
from webapp.store.logs import list_logs
from webapp.store.runs import get_run, page_runs
from webapp.web.compare_rows import show_rows
from webapp.web.compare_tables import read_table, slowest
from webapp.web.compare_wanted import CONTEXTS, LEVELS, RUN_LOG, Wanted, read_wanted
from webapp.web.guard import requires
from webapp.web.paging import here

blueprint = Blueprint("compare", __name__, url_prefix="/compare")

FIRST_ROWS = 400
CHUNK_ROWS = 300
MAX_ROWS = 250_000
CHOICES = 60
CACHE_KEY = "afterrun.comparisons"


@blueprint.app_template_global("whole_url")
def whole_url(line: int) -> str:
    """Return the address of the page with all lines, at a line of A."""
    kept = {name: value for name, value in request.args.items() if name not in ("start", "stop", "fold")}
    return f"{url_for('compare.index')}?{urlencode({**kept, 'context': 'all'})}#A{line}"


@blueprint.app_template_global("unfold_url")
def unfold_url(row: int, hidden: int) -> str:
    """Return the address of the rows that a fold hides."""
    return f"{url_for('compare.rows')}?{urlencode({**request.args, 'fold': row, 'start': 0, 'stop': hidden})}"


@blueprint.get("")
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    """Compare two runs, or offer the runs to choose from."""
    session = db.session()
    ticked = request.args.getlist("run")
    if len(ticked) == 2:
        return _redirect_ticked(session, ticked)
    wanted = read_wanted(session)
    if wanted is None:
        picked = [request.args.get(name, "") for name in ("a", "b")]
        return render_template("compare/choose.html", runs=page_runs(session, limit=CHOICES).items, picked=picked)
    devices = compare_devices(session, wanted.a, wanted.b)
    cases = compare_cases(session, wanted.a, wanted.b)
    tab = wanted.tab or _best_tab(devices, cases)
    values: dict[str, Any] = {"wanted": wanted, "tab": tab, "titles": CLASS_TITLES, "levels": LEVELS}
    values["tabs"] = _tabs(tab, devices, cases)
    values["counts"] = {kind: devices.counts[kind] + cases.counts[kind] for kind in ChangeClass}
    values["contexts"] = list(CONTEXTS)
    if tab in ("devices", "cases"):
        values["table"] = read_table(session, devices if tab == "devices" else cases, wanted)
    elif tab == "timing":
        values["rows"] = slowest(session, devices, cases)
    else:
        values |= _texts(session, wanted, devices, tab=tab)
    return render_template("compare/index.html", **values)


def _redirect_ticked(session: Session, uids: list[str]) -> ResponseReturnValue:
    """Go to the comparison of two runs that were ticked in a list, the older one as A."""
    older, newer = sorted((get_run(session, uid) for uid in uids), key=lambda run: run.id)
    tab, device = request.args.get("tab"), request.args.get("device")
    return redirect(url_for("compare.index", a=older.uid, b=newer.uid, tab=tab, device=device))


@blueprint.get("/rows")
@requires(Permission.VIEW)
def rows() -> ResponseReturnValue:
    """Return a range of rows of a difference, for pages that fill themselves."""
    wanted, compared = _needed()
    start, stop = _number("start"), _number("stop")
    fold = compared.fold(view=wanted.view, context=wanted.context, shows_ignored=wanted.shows_ignored)
    behind = request.args.get("fold", "")
    found = fold.unfold(_number("fold"), start, stop) if behind else fold.rows(start, min(stop, start + 1_000))
    shown = show_rows(compared, found, first=start, is_log=wanted.tab != "result")
    return render_template("compare/rows.html", rows=list(shown), wanted=wanted, is_inside=bool(behind))


@blueprint.get("/difference.patch")
@requires(Permission.VIEW)
def patch() -> ResponseReturnValue:
    """Download the difference of two texts as a patch."""
    wanted, compared = _needed()
    kind = "json" if wanted.tab == "result" else "log"
    names = [f"{stream}.{kind}" for stream in wanted.streams]
    pieces = unified_patch(
        compared.diff, compared.a, compared.b, a_name=names[0], b_name=names[1], context=wanted.context
    )
    headers = {"Content-Disposition": 'attachment; filename="difference.patch"'}
    return Response(pieces, mimetype="text/x-diff", headers=headers)


def _needed() -> tuple[Wanted, ComparedTexts]:
    session = db.session()
    wanted = read_wanted(session)
    if wanted is None:
        raise InvalidError(("a, b", "expected the uids of two runs"))
    compared = _compare(session, wanted, tab=wanted.tab or "logs")
    if compared is None:
        raise NotFoundError("one of the sides has no such text")
    return wanted, compared


def _compare(session: Session, wanted: Wanted, *, tab: str) -> ComparedTexts | None:
    read = result_text if tab == "result" else log_text
    first, second = (wanted.device, wanted.other) if tab == "result" else wanted.streams
    a, b = read(session, wanted.a, first), read(session, wanted.b, second)
    return None if a is None or b is None else _cache().compare(a, b, level=wanted.level)


def _cache() -> Cache:
    cache: Cache = current_app.extensions.setdefault(CACHE_KEY, Cache())
    return cache


def _texts(session: Session, wanted: Wanted, devices: Comparison, *, tab: str) -> dict[str, Any]:
    """Return what the tabs of logs and results show: whose texts there are, and the difference of the chosen ones."""
    values: dict[str, Any] = {"files": _files(session, wanted, devices, tab=tab), "values": None, "fold": None}
    if tab == "result" and not wanted.device:
        return values
    try:
        compared = _compare(session, wanted, tab=tab)
        if compared is not None and tab == "result":
            values["values"] = result_changes(session, (wanted.a, wanted.device), (wanted.b, wanted.other))
    except TooLargeError as error:
        return values | {"refusal": str(error)}
    if compared is None:
        return values | {"refusal": _missing(session, wanted, tab=tab)}
    fold = compared.fold(view=wanted.view, context=wanted.context, shows_ignored=wanted.shows_ignored)
    total = min(fold.row_count, MAX_ROWS)
    first = list(show_rows(compared, fold.rows(0, min(total, FIRST_ROWS)), first=0, is_log=tab == "logs"))
    return values | {
        "fold": fold,
        "compared": compared,
        "verdict": verdict(compared.diff),
        "rows": first,
        "chunks": _chunks(fold.hunk_rows, total),
        "is_cut": fold.row_count > MAX_ROWS,
    }


def _chunks(hunk_rows: list[int], total: int) -> list[dict[str, Any]]:
    chunks: list[dict[str, Any]] = []
    for start in range(FIRST_ROWS, total, CHUNK_ROWS):
        stop = min(start + CHUNK_ROWS, total)
        hunks = [number for number, row in enumerate(hunk_rows, start=1) if start <= row < stop]
        chunks.append(
            {
                "src": f"{url_for('compare.rows')}?{urlencode({**request.args, 'start': start, 'stop': stop})}",
                "first": start + 1,
                "last": stop,
                "first_hunk": hunks[0] if hunks else None,
                "last_hunk": hunks[-1] if hunks else None,
            }
        )
    return chunks


def _missing(session: Session, wanted: Wanted, *, tab: str) -> str:
    read = result_text if tab == "result" else log_text
    what = "JSON result" if tab == "result" else "log"
    streams = (wanted.device, wanted.other) if tab == "result" else wanted.streams
    sides = zip(("A", "B"), (wanted.a, wanted.b), streams, strict=True)
    lacking = [
        f"{name} has no {what} of {stream}" for name, side, stream in sides if read(session, side, stream) is None
    ]
    return " and ".join(lacking)


def _files(session: Session, wanted: Wanted, devices: Comparison, *, tab: str) -> list[dict[str, Any]]:
    """Return what can be compared in this tab: logs that both runs have, or devices with changed results."""
    if tab == "logs":
        streams = {log.stream for log in list_logs(session, run_id=wanted.a.run.id)}
        shared = [log.stream for log in list_logs(session, run_id=wanted.b.run.id) if log.stream in streams]
        shared.sort(key=lambda name: (name != RUN_LOG, name))
        return [_file("" if name == RUN_LOG else name, is_current=wanted.streams[1] == name) for name in shared]
    differing = [change for change in devices.changes if _has_other_result(change)][:CHUNK_ROWS]
    return [
        _file(shown.subject.device or "", is_current=wanted.other == shown.subject.device, change=shown.change)
        for shown in show_changes(session, devices, differing)
    ]


def _file(device: str, *, is_current: bool, change: Change | None = None) -> dict[str, Any]:
    return {
        "name": device or "Run log",
        "url": here(device=device, other=None),
        "current": is_current,
        "a": change.a.word if change and change.a else "",
        "b": change.b.word if change and change.b else "",
    }


def _has_other_result(change: Change) -> bool:
    if change.a is None or change.b is None or change.a.content is None or change.b.content is None:
        return False
    return change.a.content != change.b.content


def _best_tab(devices: Comparison, cases: Comparison) -> str:
    return "cases" if cases.changes and not devices.changes else "devices"


def _tabs(current: str, devices: Comparison, cases: Comparison) -> list[dict[str, Any]]:
    differing = {True: sum(1 for change in cases.changes if change.kind is not ChangeClass.SAME)}
    differing[False] = sum(1 for change in devices.changes if change.kind is not ChangeClass.SAME)
    tabs: list[dict[str, Any]] = []
    for name, title, count in (
        ("devices", "Devices", differing[False] if devices.changes else None),
        ("cases", "Cases", differing[True] if cases.changes else None),
        ("logs", "Logs", None),
        ("result", "Result JSON", None),
        ("timing", "Timing", None),
    ):
        tabs.append(
            {"title": title, "url": here(tab=name, change=None, pair=None, page=None), "current": name == current}
            | ({} if count is None else {"count": count})
        )
    return tabs


def _number(name: str) -> int:
    text = request.args.get(name, "0")
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise InvalidError((name, f"expected a number, got {text[:40]!r}"))
    return int(text)
