"""What changed between two runs, two devices or two attempts? The whole state is the address."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.compare.asking import Choice
from webapp.compare.runs import compare_cases, compare_devices
from webapp.compare.stored import rules_for
from webapp.domain.access import Permission
from webapp.domain.changes import CLASS_TITLES
from webapp.errors import InvalidError
from webapp.store.db import Session, db
from webapp.store.queries import list_queries
from webapp.store.runs import get_run, page_runs
from webapp.web.compare_sides import choices_of_a, marks, tabs_of
from webapp.web.compare_tables import read_table
from webapp.web.compare_texts import (
    answer_line,
    answer_patch,
    answer_rows,
    answer_state,
    choice_of,
    list_files,
    show_texts,
)
from webapp.web.compare_timing import read_timing
from webapp.web.compare_wanted import CONTEXTS, LEVELS, narrow, read_wanted
from webapp.web.guard import caller_here, requires

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
        return _choose(session)
    is_narrowed = wanted.tab in ("devices", "cases") and wanted.device != ""
    if is_narrowed:
        wanted = narrow(session, wanted)
    a, b = wanted.a, wanted.b
    devices = compare_devices(session, a, b, rules=rules_for(session, a, b))
    cases = compare_cases(session, a, b)
    tab = wanted.tab or ("cases" if cases.total and not devices.total else "devices")
    values: dict[str, Any] = {"wanted": wanted, "tab": tab, "titles": CLASS_TITLES, "levels": LEVELS}
    values["tabs"] = tabs_of(wanted, tab, devices, cases)
    values["marks"] = marks(devices, cases, is_narrowed=is_narrowed)
    values["choices"] = choices_of_a(session, wanted)
    values["contexts"] = list(CONTEXTS)
    if tab in ("devices", "cases"):
        values["table"] = read_table(session, devices if tab == "devices" else cases, wanted)
    elif tab == "timing":
        values["timing"] = read_timing(session, devices, cases, wanted)
    else:
        values["files"] = files = list_files(session, wanted, devices, tab=tab)
        if files and not wanted.device and not any(file["current"] for file in files):
            return redirect(files[0]["url"])
        values |= show_texts(session, wanted, tab=tab)
    return render_template("compare/index.html", **values)


def _choose(session: Session) -> ResponseReturnValue:
    """Offer the newest runs, and the words for A."""
    return render_template(
        "compare/choose.html",
        runs=page_runs(session, limit=CHOICES).items,
        queries=list_queries(session, of_user=caller_here().user_id),
        picked=[request.args.get(name, "") for name in ("a", "b")],
    )


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
