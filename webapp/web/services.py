"""Which services are there, how did each last end, and what are its runs?"""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.domain.access import Permission
from webapp.errors import NotFoundError
from webapp.query.editing import with_term
from webapp.query.fields import View
from webapp.store.db import db
from webapp.store.inventory import Service, get_service, page_services
from webapp.store.paging import Page
from webapp.store.runs import find_run_by_number
from webapp.web.filters import read_filter
from webapp.web.guard import requires
from webapp.web.paging import pager_of, read_before

blueprint = Blueprint("services", __name__, url_prefix="/services")


@blueprint.get("")
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    """List services by name, each with its newest run."""
    found = read_filter(View.SERVICES)
    page: Page[Service] = Page(items=[])
    if found.fault is None:
        page = page_services(db.session(), where=found.tree, before=read_before())
    template = "services/_list.html" if request.headers.get("X-Partial") else "services/index.html"
    answer = render_template(template, filter=found, page=page, pager=pager_of(page))
    return answer, found.status, {"Vary": "X-Partial"}


@blueprint.get("/<path:slug>")
@requires(Permission.VIEW)
def show(slug: str) -> ResponseReturnValue:
    """Show a service's runs: the list of runs, filtered."""
    service = get_service(db.session(), slug)
    return redirect(url_for("runs.index", q=with_term("", "service", service.slug)))


@blueprint.get("/<path:slug>/<int:number>")
@requires(Permission.VIEW)
def run(slug: str, number: int) -> ResponseReturnValue:
    """Go to a service's run of this number."""
    found = find_run_by_number(db.session(), slug, number)
    if found is None:
        raise NotFoundError(f"the service {slug} has no run #{number}")
    return redirect(url_for("run.show", uid=found.uid))
