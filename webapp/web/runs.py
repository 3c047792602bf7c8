"""Which runs are there: the list that everything starts from, live."""

from itertools import groupby

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp import clock
from webapp.domain.access import Permission
from webapp.query.editing import without_field
from webapp.query.fields import View
from webapp.query.parser import parse
from webapp.store.db import Session, db, reading
from webapp.store.inventory import has_reports
from webapp.store.paging import Page
from webapp.store.queries import list_queries
from webapp.store.runs import FACET_ROWS, Run, RunFacet, count_facets, newest_touch, page_runs
from webapp.web.filters import read_filter
from webapp.web.guard import caller_here, requires
from webapp.web.hints import first_commands
from webapp.web.live import event_stream
from webapp.web.paging import here, pager_of, read_after, read_before
from webapp.web.run_changes import words_of_runs
from webapp.web.run_figures import chips_of, kpis_of, strip_of

blueprint = Blueprint("runs", __name__)

PAGE_ROWS = 60


@blueprint.get("/")
@requires(Permission.VIEW)
def root() -> ResponseReturnValue:
    """Go to the list of runs."""
    return redirect(url_for("runs.index"))


@blueprint.get("/runs")
@requires(Permission.VIEW)
def index() -> ResponseReturnValue:
    """List runs, newest first."""
    session = db.session()
    found = read_filter(View.RUNS)
    page: Page[Run] = Page(items=[])
    facets: list[RunFacet] = []
    if found.fault is None:
        page = page_runs(session, where=found.tree, before=read_before(), after=read_after(), limit=PAGE_ROWS)
        base = parse(without_field(found.text, "status", "level"), view=View.RUNS, now=clock.now())
        facets = count_facets(session, where=base)
    values = {
        "filter": found,
        "page": page,
        "days": [(day, list(runs)) for day, runs in groupby(page.items, key=lambda run: run.created_at.date())],
        "pager": pager_of(page),
        "chips": chips_of(found.text, facets, link=lambda text: here(q=text, before=None, after=None)),
        "bars": strip_of(page.items),
        "kpis": kpis_of(page.items),
        "changes": words_of_runs(session, page.items),
        "views": _views(session, found.text),
        "is_capped": sum(facet.count for facet in facets) >= FACET_ROWS,
        "hints": [] if found.text or has_reports(session) else first_commands(),
        "is_first_page": not request.args.get("before") and not request.args.get("after"),
    }
    template = "runs/_list.html" if request.headers.get("X-Partial") else "runs/index.html"
    return render_template(template, **values), found.status, {"Vary": "X-Partial"}


@blueprint.get("/events/runs")
@requires(Permission.VIEW)
def events() -> Response:
    """Tell a list of runs when any run changed."""
    return event_stream(_newest)


def _views(session: Session, text: str) -> list[dict[str, object]]:
    """Return the saved queries that the reader sees, and which of them this list is; nothing when there is none."""
    caller = caller_here()
    queries = list_queries(session, of_user=caller.user_id)
    if not queries:
        return []
    views: list[dict[str, object]] = [{"title": "All runs", "url": url_for("runs.index"), "current": not text.strip()}]
    for query in queries:
        title = query.name if query.owner_id == caller.user_id else query.title
        url = url_for("runs.index", q=query.text)
        views.append({"title": title, "url": url, "current": text.strip() == query.text.strip()})
    return views


def _newest() -> int:
    with reading() as session:
        return newest_touch(session)
