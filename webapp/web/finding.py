"""Where does the box at the top lead: to the run, device or service of that name, else to a list that has it?"""

import re

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from webapp import clock
from webapp.domain.access import Permission
from webapp.errors import QueryError
from webapp.query.fields import View
from webapp.query.parser import parse
from webapp.store.db import Session, db
from webapp.store.inventory import find_device, find_service, page_devices, page_services
from webapp.store.runs import find_run, find_run_by_number, page_runs
from webapp.web.guard import requires

blueprint = Blueprint("finding", __name__)

LISTS = (
    (View.RUNS, "runs.index", page_runs),
    (View.DEVICES, "devices.index", page_devices),
    (View.SERVICES, "services.index", page_services),
)
NUMBERED = re.compile(r"(.+?)\s*[#/]\s*([0-9]{1,18})")


@blueprint.get("/find")
@requires(Permission.VIEW)
def show() -> ResponseReturnValue:
    """Go to what `q` names, or to the list of runs, devices or services that it finds something in."""
    text = request.args.get("q", "").strip()
    return redirect(_named(db.session(), text) or url_for(_list_with(db.session(), text), q=text or None))


def _named(session: Session, text: str) -> str:
    """Return the address of the run, service or device of this name, or nothing."""
    run = find_run(session, text)
    numbered = NUMBERED.fullmatch(text)
    if run is None and numbered is not None:
        run = find_run_by_number(session, numbered[1], int(numbered[2]))
    if run is not None:
        return url_for("run.show", uid=run.uid)
    if find_service(session, text) is not None:
        return url_for("services.show", slug=text)
    return "" if find_device(session, text) is None else url_for("devices.show", name=text)


def _list_with(session: Session, text: str) -> str:
    """Return the first list that can read the filter and finds something; that of runs when none does."""
    for view, endpoint, page in LISTS:
        try:
            where = parse(text, view=view, now=clock.now())
        except QueryError:
            continue
        if page(session, where=where, limit=1).items:
            return endpoint
    return LISTS[0][1]
