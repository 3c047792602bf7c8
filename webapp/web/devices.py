"""Which devices are there, how did each last fare, and how run after run?"""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from webapp import clock
from webapp.domain.access import Permission
from webapp.domain.outcome import DeviceStatus
from webapp.query.editing import with_term, without_field
from webapp.query.fields import View
from webapp.query.parser import parse
from webapp.store.db import db
from webapp.store.inventory import Device, count_last_statuses, get_device, page_devices
from webapp.store.paging import Page
from webapp.store.repositories import find_commits
from webapp.web.device_history import read_history
from webapp.web.filters import read_filter
from webapp.web.guard import requires
from webapp.web.paging import here, pager_of, read_before

blueprint = Blueprint("devices", __name__, url_prefix="/devices")


@blueprint.get("")
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    """List devices by name, each with what it last came to."""
    session = db.session()
    found = read_filter(View.DEVICES)
    page: Page[Device] = Page(items=[])
    chips: list[dict[str, object]] = []
    if found.fault is None:
        page = page_devices(session, where=found.tree, before=read_before())
        base = without_field(found.text, "status")
        counts = count_last_statuses(session, where=parse(base, view=View.DEVICES, now=clock.now()))
        chips = _chips(found.text, counts)
    template = "devices/_list.html" if request.headers.get("X-Partial") else "devices/index.html"
    answer = render_template(template, filter=found, page=page, pager=pager_of(page), chips=chips)
    return answer, found.status, {"Vary": "X-Partial"}


@blueprint.get("/<path:name>")
@requires(Permission.VIEW)
def show(name: str) -> ResponseReturnValue:
    """Show one device: the versions of its results, or what it came to in run after run; any two to compare."""
    session = db.session()
    device = get_device(session, name)
    history = read_history(session, device)
    template = "devices/_history.html" if request.headers.get("X-Partial") else "devices/show.html"
    commits = find_commits(session, history.commit_runs)
    return render_template(template, device=device, history=history, commits=commits), 200, {"Vary": "X-Partial"}


def _chips(text: str, counts: dict[str, int]) -> list[dict[str, object]]:
    base = without_field(text, "status")
    is_all = text.strip() == base.strip()
    chips: list[dict[str, object]] = [{"label": "All", "url": here(q=base, before=None), "current": is_all}]
    for status in DeviceStatus:
        if counts.get(status):
            wanted = with_term(base, "status", status)
            chips.append(
                {
                    "label": status.capitalize() if status != "ok" else "OK",
                    "url": here(q=wanted, before=None),
                    "count": counts[status],
                    "current": text.strip() == wanted.strip(),
                    "word": str(status),
                }
            )
    return chips
