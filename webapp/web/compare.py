"""What changed between two runs, two devices or two attempts? The whole state is the address."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.compare.asking import Choice
from webapp.compare.runs import Comparison, compare_cases, compare_devices
from webapp.domain.access import Permission
from webapp.domain.changes import CLASS_TITLES, ChangeClass
from webapp.errors import InvalidError
from webapp.store.db import Session, db
from webapp.store.runs import get_run, page_runs
from webapp.web.compare_tables import read_table, slowest
from webapp.web.compare_texts import answer_line, answer_patch, answer_rows, answer_state, choice_of, show_texts
from webapp.web.compare_wanted import CONTEXTS, LEVELS, read_wanted
from webapp.web.guard import requires
from webapp.web.paging import here

blueprint = Blueprint("compare", __name__, url_prefix="/compare")

CHOICES = 60


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
        values |= show_texts(session, wanted, devices, tab=tab)
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
    session = db.session()
    return answer_rows(session, _chosen(session))


@blueprint.get("/state")
@requires(Permission.VIEW)
def state() -> ResponseReturnValue:
    """Say how far a comparison is, for the page that waits for it."""
    session = db.session()
    return answer_state(session, _chosen(session))


@blueprint.get("/line")
@requires(Permission.VIEW)
def line() -> ResponseReturnValue:
    """Show one long line whole."""
    session = db.session()
    return answer_line(session, _chosen(session))


@blueprint.get("/difference.patch")
@requires(Permission.VIEW)
def patch() -> ResponseReturnValue:
    """Download the difference of two texts as a patch."""
    session = db.session()
    return answer_patch(session, _chosen(session))


def _chosen(session: Session) -> Choice:
    wanted = read_wanted(session)
    if wanted is None:
        raise InvalidError(("a, b", "expected the uids of two runs"))
    return choice_of(wanted, tab=wanted.tab)


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
