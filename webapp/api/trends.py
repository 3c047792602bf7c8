"""How does a service do over its last runs, for programs?"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from flask import Blueprint

from webapp import clock
from webapp.api.answers import Filter
from webapp.api.schema import Takes, operation
from webapp.api.services import readable_service
from webapp.domain.access import Scope
from webapp.domain.trends import Figure, Measure, figures_of
from webapp.query.fields import View
from webapp.query.parser import parse
from webapp.store.db import db
from webapp.store.runs import Run, page_runs
from webapp.store.trends import TrendRow, Trends, load_trends, within_reach

blueprint = Blueprint("api_trends", __name__, url_prefix="/api/v1")


class TrendsQuery(msgspec.Struct, frozen=True):
    """Which runs of the service, and whether their devices or their cases are listed."""

    runs: Annotated[int, msgspec.Meta(ge=1, le=120, description="how many of the newest runs")] = 60
    q: Filter = ""
    by: Literal["devices", "cases"] = "devices"
    skip: Annotated[int, msgspec.Meta(ge=0, le=1_000_000, description="how many of the worst to leave out")] = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 30


class RunPointAnswer(msgspec.Struct, frozen=True):
    """What one run came to; a run that goes on or was canceled has no figures."""

    uid: str
    number: int
    started_at: datetime | None
    status: str
    level: str | None
    pass_rate: float | None
    duration_s: float | None
    unreachable: int | None
    retries: int | None


class FigureAnswer(msgspec.Struct, frozen=True):
    """One figure: its average over the runs, and the newer half of them less the older half."""

    measure: Measure
    average: float | None
    change: float | None


class TrendRowAnswer(msgspec.Struct, frozen=True):
    """A device or case; `words` has its status or result in each of the `counted_runs`, oldest first, null for none."""

    device: str | None
    suite: str
    name: str
    passed: int
    failed: int
    switches: int
    words: list[str | None]


class TrendsAnswer(msgspec.Struct, frozen=True):
    """What the last runs came to.

    Args:
        figures: over all of the runs.
        runs: oldest first.
        counted_runs: how many of the newest runs the rows are of: all, unless they have too many failures.
        failing: how many devices or cases failed at least once.
        worst: a part of them, those that failed most often first.
        flaky: those that pass and fail by turns, most switches first.
    """

    figures: list[FigureAnswer]
    runs: list[RunPointAnswer]
    counted_runs: int
    failing: int
    worst: list[TrendRowAnswer]
    flaky: list[TrendRowAnswer]


@operation(
    blueprint,
    "GET",
    "/services/<slug>/trends",
    scope=Scope.READ,
    answers={200: TrendsAnswer},
    takes=Takes(query=TrendsQuery, errors=(400,)),
)
def show_trends(slug: str, query: TrendsQuery) -> TrendsAnswer:
    """Show how a service's last runs went, and what fails most in them."""
    session = db.session()
    service = readable_service(slug)
    where = parse(query.q, view=View.RUNS, now=clock.now())
    runs = page_runs(session, where=where, service_id=service.id, limit=query.runs).items
    is_case = query.by == "cases"
    counted = within_reach(runs, is_case=is_case)
    found = load_trends(session, runs=counted, is_case=is_case, skip=query.skip, limit=query.limit)
    return _answer(list(reversed(runs)), list(reversed(counted)), found)


def _answer(runs: Sequence[Run], counted: Sequence[Run], found: Trends) -> TrendsAnswer:
    figures = figures_of(runs)
    by_measure = {figure.measure: figure for figure in figures}
    return TrendsAnswer(
        figures=[FigureAnswer(figure.measure, figure.average, figure.change) for figure in figures],
        runs=[_point(run, by_measure, place) for place, run in enumerate(runs)],
        counted_runs=len(counted),
        failing=found.failing,
        worst=[_row(row, counted) for row in found.worst],
        flaky=[_row(row, counted) for row in found.flaky],
    )


def _point(run: Run, figures: Mapping[Measure, Figure], place: int) -> RunPointAnswer:
    unreachable, retries = figures[Measure.UNREACHABLE].values[place], figures[Measure.RETRIES].values[place]
    return RunPointAnswer(
        uid=run.uid,
        number=run.number,
        started_at=run.started_at,
        status=run.status,
        level=run.level,
        pass_rate=figures[Measure.PASS_RATE].values[place],
        duration_s=figures[Measure.DURATION].values[place],
        unreachable=None if unreachable is None else int(unreachable),
        retries=None if retries is None else int(retries),
    )


def _row(row: TrendRow, runs: Sequence[Run]) -> TrendRowAnswer:
    return TrendRowAnswer(
        device=row.subject.device,
        suite=row.subject.suite,
        name=row.subject.name,
        passed=row.record.passed,
        failed=row.record.failed,
        switches=row.record.switches,
        words=[row.words.get(run.id) for run in runs],
    )
