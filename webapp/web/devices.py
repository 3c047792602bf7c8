"""Which devices are there, how did each last fare, and how run after run?"""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import Length

from webapp import clock
from webapp.domain.access import Permission
from webapp.domain.names import MAX_NAME
from webapp.domain.outcome import DeviceStatus
from webapp.errors import InvalidError
from webapp.ingest.devices import DeviceFields, put_device
from webapp.query.editing import with_term, without_field
from webapp.query.fields import View
from webapp.query.parser import parse
from webapp.store.accounts import list_users
from webapp.store.db import db, writing
from webapp.store.inventory import Device, count_last_statuses, get_device, page_devices
from webapp.store.paging import Page
from webapp.store.repositories import find_commits
from webapp.web.account import mark_faults
from webapp.web.device_history import read_history
from webapp.web.filters import read_filter
from webapp.web.guard import requires
from webapp.web.paging import here, pager_of, read_before
from webapp.web.repository_forms import PLAIN


class DeviceForm(FlaskForm):  # type: ignore[misc]
    """What is said of a device by hand."""

    group = StringField(
        "Group", [Length(max=MAX_NAME)], description="A site, a rack, a role: whatever you filter by.", render_kw=PLAIN
    )
    platform = StringField("Platform", [Length(max=MAX_NAME)], description="Such as ios or nxos.", render_kw=PLAIN)
    owner = StringField(
        "Owner", description="An account: {DEVICE_OWNER} in notify blocks.", render_kw={**PLAIN, "list": "people"}
    )

    def read(self) -> DeviceFields:
        """Return what was typed; an empty field takes away what was said."""
        group, platform, owner = ((each.data or "").strip() for each in (self.group, self.platform, self.owner))
        return DeviceFields(group=group, platform=platform, owner=owner)


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
    device = get_device(db.session(), name)
    form = DeviceForm(formdata=None, group=device.group, platform=device.platform, owner=device.owner or "")
    return _show(device, form)


@blueprint.post("/<path:name>")
@requires(Permission.OPERATE)
def put(name: str) -> ResponseReturnValue:
    """Say of which group and platform a device is, and whose."""
    device, form = get_device(db.session(), name), DeviceForm()
    if not form.validate():
        return _show(device, form)
    try:
        with writing() as session:
            put_device(session, name, form.read(), now=clock.now(), by_id=current_user.id)
    except InvalidError as error:
        mark_faults(form, error)
        return _show(device, form)
    flash("Saved.", "success")
    return redirect(url_for("devices.show", name=name))


def _show(device: Device, form: DeviceForm) -> ResponseReturnValue:
    session = db.session()
    history = read_history(session, device)
    template = "devices/_history.html" if request.headers.get("X-Partial") else "devices/show.html"
    commits = find_commits(session, history.commit_runs)
    values = {"device": device, "history": history, "commits": commits, "form": form, "people": list_users(session)}
    return render_template(template, **values), 422 if form.errors else 200, {"Vary": "X-Partial"}


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
