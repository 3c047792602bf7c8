"""Which services are there, how did each last end, and how do the runs of one go?"""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.domain.access import Permission
from webapp.errors import NotFoundError
from webapp.query.editing import with_term
from webapp.query.fields import View
from webapp.store.db import db
from webapp.store.inventory import Service, get_service, page_services
from webapp.store.paging import Page
from webapp.store.runs import FACET_ROWS, count_facets, find_run_by_number, page_runs
from webapp.web.filters import read_filter
from webapp.web.guard import requires
from webapp.web.paging import add_query, pager_of, read_before
from webapp.web.run_changes import words_of_runs
from webapp.web.run_figures import chips_of, kpis_of, strip_of, verdict_of_run

blueprint = Blueprint("services", __name__, url_prefix="/services")

STRIP_RUNS = 60
LATEST_RUNS = 12


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


@blueprint.get("/<slug>")
@requires(Permission.VIEW)
def show(slug: str) -> ResponseReturnValue:
    """Show one service: how its last runs went, and how many ended in each way."""
    session = db.session()
    service = get_service(session, slug)
    runs = page_runs(session, service_id=service.id, limit=STRIP_RUNS).items
    facets = count_facets(session, service_id=service.id)
    text = with_term("", "service", service.slug)
    values = {
        "service": service,
        "runs": runs[:LATEST_RUNS],
        "changes": words_of_runs(session, runs[:LATEST_RUNS]),
        "bars": strip_of(runs),
        "kpis": kpis_of(runs),
        "chips": chips_of(text, facets, link=lambda wanted: url_for("runs.index", q=wanted)),
        "is_capped": sum(facet.count for facet in facets) >= FACET_ROWS,
        "verdict": verdict_of_run(runs[0]) if runs else "",
    }
    return render_template("services/show.html", **values), 200, {"Vary": "X-Partial"}


@blueprint.get("/<slug>/<int:number>")
@requires(Permission.VIEW)
def run(slug: str, number: int) -> ResponseReturnValue:
    """Go to a service's run of this number."""
    found = find_run_by_number(db.session(), slug, number)
    if found is None:
        raise NotFoundError(f"the service {slug} has no run #{number}")
    return redirect(add_query(url_for("run.show", uid=found.uid), request.args.to_dict()))
