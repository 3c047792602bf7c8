"""Which runs are there: the list that everything starts from, live."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp import clock
from webapp.domain.access import Permission
from webapp.domain.outcome import DEVICE_FAILURE, ENDED, Level, RunStatus
from webapp.query.editing import with_term, without_field
from webapp.query.fields import View
from webapp.query.parser import parse
from webapp.store.db import db, reading
from webapp.store.inventory import has_reports
from webapp.store.paging import Page
from webapp.store.runs import FACET_ROWS, Run, RunFacet, count_facets, newest_touch, page_runs
from webapp.web.filters import read_filter
from webapp.web.guard import requires
from webapp.web.hints import first_commands
from webapp.web.live import event_stream
from webapp.web.paging import here, pager_of, read_after, read_before

blueprint = Blueprint("runs", __name__)

PAGE_ROWS = 60
# label, the filter's field and value, the word whose icon it has
CHIPS = (
    ("Running", "status", "running", "running"),
    ("Failed", "level", "failed", "failed"),
    ("Errors", "level", "errors", "errors"),
    ("Warnings", "level", "warnings", "warnings"),
    ("OK", "level", "ok", "ok"),
    ("Canceled", "status", "canceled", "canceled"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One run of the strip above the list."""

    url: str
    label: str
    tone_word: str
    duration_s: float | None


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
        "chips": _chips(found.text, facets),
        "bars": [_bar(run) for run in reversed(page.items)],
        "kpis": _kpis(page.items),
        "is_capped": sum(facet.count for facet in facets) >= FACET_ROWS,
        "hints": [] if has_reports(session) else first_commands(),
        "is_first_page": not request.args.get("before") and not request.args.get("after"),
    }
    template = "runs/_list.html" if request.headers.get("X-Partial") else "runs/index.html"
    return render_template(template, **values), found.status, {"Vary": "X-Partial"}


@blueprint.get("/events/runs")
@requires(Permission.VIEW)
def events() -> Response:
    """Tell a list of runs when any run changed."""
    return event_stream(_newest)


def _newest() -> int:
    with reading() as session:
        return newest_touch(session)


def _chips(text: str, facets: Sequence[RunFacet]) -> list[dict[str, Any]]:
    base = without_field(text, "status", "level")
    chips: list[dict[str, Any]] = [
        {
            "label": "All",
            "url": here(q=base, before=None, after=None),
            "count": sum(facet.count for facet in facets),
            "current": text.strip() == base.strip(),
        }
    ]
    for label, field, value, word in CHIPS:
        wanted = with_term(base, field, value)
        matching = (facet.count for facet in facets if str(facet.status if field == "status" else facet.level) == value)
        chips.append(
            {
                "label": label,
                "url": here(q=wanted, before=None, after=None),
                "count": sum(matching),
                "current": text.strip() == wanted.strip(),
                "word": word,
            }
        )
    return chips


def _bar(run: Run) -> Bar:
    word = run.level or run.status
    return Bar(
        url=url_for("run.show", uid=run.uid),
        label=f"{run.service} #{run.number}: {word}",
        tone_word=word,
        duration_s=run.duration_s,
    )


def _kpis(runs: Sequence[Run]) -> list[dict[str, str]]:
    """Return what the runs of this page come to in four numbers, of those that have ended."""
    ended = [run for run in runs if run.status in ENDED and run.status is not RunStatus.CANCELED]
    if not ended:
        return []
    good = sum(run.level in (Level.OK, Level.WARNINGS) for run in ended)
    durations = [run.duration_s for run in ended if run.duration_s is not None]
    return [
        {"title": "Without errors", "value": f"{100 * good / len(ended):.0f} %"},
        {"title": "Failing devices", "value": f"{sum(_failing(run.device_counts) for run in ended):,}"},
        {"title": "Median duration", "value": _short(median(durations)) if durations else "—"},
        {"title": "Flaky devices", "value": f"{sum(run.flaky_devices for run in ended):,}"},
    ]


def _failing(counts: Mapping[str, int]) -> int:
    return sum(counts.get(word, 0) for word in DEVICE_FAILURE)


def _short(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m {rest:02d}s" if minutes else f"{seconds:.1f} s"
