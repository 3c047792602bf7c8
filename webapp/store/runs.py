"""Which runs are there: one run by its names, and pages of runs that a filter selects.

A page costs the same however many runs are stored. An index leads to the rows in the order of the list; clauses that no
index serves are tested on at most `SEARCH_WINDOW` rows a page, after which the page says that it stopped there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, RowMapping, Select, and_, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from webapp.domain.outcome import Level, RunStatus
from webapp.errors import NotFoundError
from webapp.query.expressions import EVERYTHING, And, Expression, Term
from webapp.query.fields import View
from webapp.store.filtering import Translation, translate
from webapp.store.leading import choose_lead
from webapp.store.models.accounts import UserRow
from webapp.store.models.inventory import ServiceRow
from webapp.store.models.runs import RunDetailRow, RunLabelRow, RunRow
from webapp.store.models.tables import EPOCH, MICROSECOND
from webapp.store.paging import Page, Position
from webapp.store.patterns import Clause

SEARCH_WINDOW = 15_000
FACET_ROWS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run as lists and headings show it; the counts are those of the overall section."""

    id: int
    uid: str
    number: int
    service_id: int
    service: str
    kind: str
    status: RunStatus
    level: Level | None
    message: str
    submitter: str | None
    trigger: str
    host: str
    external_key: str | None
    parent_uid: str | None
    parent_step: str
    priority: int
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    last_seen_at: datetime
    touched_at: datetime
    duration_s: float | None
    attempts: int
    planned_devices: int | None
    planned_cases: int | None
    device_counts: Mapping[str, int]
    case_counts: Mapping[str, int]
    flaky_devices: int
    log_warnings: int
    log_errors: int
    late_events: int
    cancel_requested_at: datetime | None
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDetail:
    """What a run was started with."""

    parameters: Mapping[str, Any]
    metadata: Mapping[str, Any]
    environment: Mapping[str, Any]
    notify: Mapping[str, Any] | None
    definition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacet:
    """How many of the newest matching runs have one status and level."""

    status: RunStatus
    level: Level | None
    count: int


_Parent = aliased(RunRow)
_COLUMNS = (
    RunRow.id, RunRow.uid, RunRow.number, RunRow.service_id, ServiceRow.slug.label("service"), ServiceRow.kind,
    RunRow.status, RunRow.level, RunRow.message, UserRow.name.label("submitter"), RunRow.trigger, RunRow.host,
    RunRow.external_key, _Parent.uid.label("parent_uid"), RunRow.parent_step, RunRow.priority, RunRow.created_at,
    RunRow.started_at, RunRow.ended_at, RunRow.last_seen_at, RunRow.touched_at, RunRow.duration_s, RunRow.attempts,
    RunRow.planned_devices, RunRow.planned_cases, RunRow.device_counts, RunRow.case_counts, RunRow.flaky_devices,
    RunRow.log_warnings, RunRow.log_errors, RunRow.late_events, RunRow.cancel_requested_at,
)  # fmt: skip


def find_run(session: Session, uid: str) -> Run | None:
    """Return the run of this uid, if there is one."""
    return _one(session, RunRow.uid == uid)


def get_run(session: Session, uid: str) -> Run:
    """Return the run of this uid.

    Raises:
        NotFoundError: there is none.
    """
    found = find_run(session, uid)
    if found is None:
        raise NotFoundError(f"there is no run {uid}")
    return found


def find_run_by_number(session: Session, service: str, number: int) -> Run | None:
    """Return a service's run of this number, if there is one."""
    return _one(session, and_(ServiceRow.slug == service, RunRow.number == number))


def list_runs(session: Session, ids: Iterable[int]) -> list[Run]:
    """Return the runs of these ids, newest first."""
    rows = session.execute(_select().where(RunRow.id.in_(list(ids))).order_by(RunRow.id.desc())).mappings().all()
    return _runs(session, rows)


def find_previous_run(session: Session, run: Run) -> Run | None:
    """Return the newest earlier run of the same service that has ended and was not canceled."""
    ended = (RunStatus.COMPLETE, RunStatus.INCOMPLETE)
    statement = _select().where(RunRow.service_id == run.service_id, RunRow.id < run.id, RunRow.status.in_(ended))
    rows = session.execute(statement.order_by(RunRow.id.desc()).limit(1)).mappings().all()
    return next(iter(_runs(session, rows)), None)


def find_last_good_run(session: Session, run: Run, *, levels: Sequence[Level]) -> Run | None:
    """Return the newest earlier run of the same service that ended at one of the levels."""
    statement = _select().where(RunRow.service_id == run.service_id, RunRow.id < run.id, RunRow.level.in_(levels))
    rows = session.execute(statement.order_by(RunRow.id.desc()).limit(1)).mappings().all()
    return next(iter(_runs(session, rows)), None)


def find_next_run(session: Session, run: Run) -> Run | None:
    """Return the oldest later run of the same service."""
    statement = _select().where(RunRow.service_id == run.service_id, RunRow.id > run.id)
    return next(iter(_runs(session, session.execute(statement.order_by(RunRow.id).limit(1)).mappings().all())), None)


def find_open_run(session: Session, service: str, *, trigger: str) -> Run | None:
    """Return the newest run of a service that goes on and was started in this way, if there is one."""
    clause = and_(ServiceRow.slug == service, RunRow.trigger == trigger, RunRow.status == RunStatus.RUNNING)
    rows = session.execute(_select().where(clause).order_by(RunRow.id.desc()).limit(1)).mappings().all()
    return next(iter(_runs(session, rows)), None)


def get_run_detail(session: Session, run_id: int) -> RunDetail:
    """Return what a run was started with; everything is empty when its reporter said nothing."""
    row = session.get(RunDetailRow, run_id)
    if row is None:
        return RunDetail(parameters={}, metadata={}, environment={}, notify=None, definition="")
    return RunDetail(
        parameters=row.parameters,
        metadata=row.details,
        environment=row.environment,
        notify=row.notify,
        definition=row.definition,
    )


def list_steps(session: Session, run_id: int) -> list[Run]:
    """Return the runs that are steps of a workflow's run, oldest first."""
    rows = session.execute(_select().where(RunRow.parent_run_id == run_id).order_by(RunRow.id)).mappings().all()
    return _runs(session, rows)


def page_runs(
    session: Session,
    *,
    where: Expression = EVERYTHING,
    before: Position | None = None,
    after: Position | None = None,
    service_id: int | None = None,
    limit: int = 50,
) -> Page[Run]:
    """Return a page of runs, newest first: by start when the filter asks for a time, else by id.

    Args:
        session: a reading session.
        where: which runs.
        before: only runs older than this position.
        after: only runs newer than this position; the page next to it is returned.
        service_id: only runs of this service.
        limit: the greatest number of runs.
    """
    translation = translate(session, where, View.RUNS, service_id=service_id)
    order = _order(session, where, translation)
    is_backward = after is not None
    place = after if is_backward else before
    clauses = order.led(translation)
    base = clauses if place is None else (*clauses, order.beyond(place, newer=is_backward))
    floor = _floor(session, translation, order, place, is_backward=is_backward)
    if floor is not None:
        base = (*base, order.within(floor, newer=is_backward))
    statement = _select().where(*base).order_by(*order.columns(newer=is_backward)).limit(limit + 1)
    rows = session.execute(statement).mappings().all()
    has_more = len(rows) > limit
    runs = _runs(session, rows[:limit])
    is_cut = floor is not None and not has_more
    end = order.position(runs[-1]) if runs and has_more else floor if is_cut else None
    if is_backward:
        runs.reverse()
        older = order.position(runs[-1]) if runs else after
        return Page(items=runs, older=older, newer=end, is_cut=is_cut)
    newer = None if before is None else order.position(runs[0]) if runs else before
    return Page(items=runs, older=end, newer=newer, is_cut=is_cut)


def count_facets(session: Session, *, where: Expression = EVERYTHING, service_id: int | None = None) -> list[RunFacet]:
    """Return how the newest matching runs (at most `FACET_ROWS`) spread over statuses and levels."""
    translation = translate(session, where, View.RUNS, service_id=service_id)
    order = _order(session, where, translation)
    clauses = order.led(translation)
    floor = _floor(session, translation, order, None, is_backward=False)
    if floor is not None:
        clauses = (*clauses, order.within(floor, newer=False))
    newest = select(RunRow.status, RunRow.level).where(*clauses).order_by(*order.columns(newer=False)).limit(FACET_ROWS)
    rows = newest.subquery()
    counted = session.execute(select(rows.c.status, rows.c.level, func.count()).group_by(rows.c.status, rows.c.level))
    return [
        RunFacet(status=RunStatus(status), level=Level(level) if level else None, count=count)
        for status, level, count in counted
    ]


def newest_touch(session: Session) -> int:
    """Return when any run last changed, in microseconds; it only grows, so that lists can watch it."""
    return _micros(session.scalar(select(RunRow.touched_at).order_by(RunRow.touched_at.desc()).limit(1))) or 0


def touch_of(session: Session, run_id: int) -> int | None:
    """Return when a run last changed, in microseconds, or None when it is gone."""
    return _micros(session.scalar(select(RunRow.touched_at).where(RunRow.id == run_id)))


def _micros(at: datetime | None) -> int | None:
    return None if at is None else (at - EPOCH) // MICROSECOND


def _select() -> Select[*tuple[Any, ...]]:
    return (
        select(*_COLUMNS)
        .join(ServiceRow, ServiceRow.id == RunRow.service_id)
        .outerjoin(UserRow, UserRow.id == RunRow.submitter_id)
        .outerjoin(_Parent, _Parent.id == RunRow.parent_run_id)
    )


def _one(session: Session, clause: ColumnElement[bool]) -> Run | None:
    return next(iter(_runs(session, session.execute(_select().where(clause).limit(1)).mappings().all())), None)


def _runs(session: Session, rows: Sequence[RowMapping]) -> list[Run]:
    ids = [row["id"] for row in rows]
    labels: dict[int, list[str]] = {}
    found = session.execute(select(RunLabelRow.run_id, RunLabelRow.label).where(RunLabelRow.run_id.in_(ids)))
    for run_id, label in found:
        labels.setdefault(run_id, []).append(label)
    return [_run(row, tuple(sorted(labels.get(row["id"], ())))) for row in rows]


def _run(row: RowMapping, labels: tuple[str, ...]) -> Run:
    values = dict(row)
    values["status"] = RunStatus(row["status"])
    values["level"] = Level(row["level"]) if row["level"] else None
    return Run(**values, labels=labels)


def _asks_for_start(tree: Expression) -> bool:
    parts = tree.parts if isinstance(tree, And) else (tree,)
    return any(isinstance(part, Term) and part.field == "started" for part in parts)


def _floor(
    session: Session, translation: Translation, order: "_Order", place: Position | None, *, is_backward: bool
) -> Position | None:
    """Return where the search of one page stops, or None when no clause has to be tested row by row."""
    if len(order.lead) == len(translation.clauses):
        return None
    clauses = order.lead if place is None else (*order.lead, order.beyond(place, newer=is_backward))
    columns = (RunRow.id, RunRow.started_at) if order.is_by_start else (RunRow.id,)
    statement = select(*columns).where(*clauses).order_by(*order.columns(newer=is_backward))
    row = session.execute(statement.offset(SEARCH_WINDOW).limit(1)).first()
    return None if row is None else order.position(row)


def _order(session: Session, where: Expression, translation: Translation) -> "_Order":
    is_by_start = _asks_for_start(where)
    return _Order(is_by_start=is_by_start, lead=choose_lead(session, translation, is_by_start=is_by_start))


class _Order:
    """The order of a list of runs, newest first."""

    def __init__(self, *, is_by_start: bool, lead: tuple[Clause, ...]) -> None:
        self.is_by_start = is_by_start
        self.lead = lead

    def columns(self, *, newer: bool) -> tuple[ColumnElement[Any], ...]:
        """Return the columns to sort by, away from the newest or towards it."""
        columns: tuple[Any, ...] = (RunRow.started_at, RunRow.id) if self.is_by_start else (RunRow.id,)
        return tuple(column.asc() if newer else column.desc() for column in columns)

    def led(self, translation: Translation) -> tuple[Clause, ...]:
        """Return all clauses; those that do not lead are written so that the database picks none of their indexes.

        Left to itself it may walk all runs that are complete to find the few of them that failed.
        """
        return tuple(
            clause if any(clause is lead for lead in self.lead) else func.coalesce(clause, false())
            for clause in translation.clauses
        )

    def beyond(self, place: Position, *, newer: bool) -> Clause:
        """Select the rows past a position."""
        return self._compared(place, newer=newer, with_itself=False)

    def within(self, floor: Position, *, newer: bool) -> Clause:
        """Select the rows up to a position and itself."""
        return self._compared(floor, newer=not newer, with_itself=True)

    def position(self, row: "Run | Row[*tuple[Any, ...]]") -> Position:
        """Return the position of a row."""
        if not self.is_by_start:
            return Position(value=None, id=row.id)
        started = row.started_at or EPOCH
        return Position(value=(started - EPOCH) // MICROSECOND, id=row.id)

    def _compared(self, place: Position, *, newer: bool, with_itself: bool) -> Clause:
        if not self.is_by_start or place.value is None:
            if with_itself:
                return RunRow.id >= place.id if newer else RunRow.id <= place.id
            return RunRow.id > place.id if newer else RunRow.id < place.id
        at = EPOCH + place.value * MICROSECOND
        outside = RunRow.started_at > at if newer else RunRow.started_at < at
        beside = RunRow.id > place.id if newer else RunRow.id < place.id
        edge = or_(beside, RunRow.id == place.id) if with_itself else beside
        # The first clause is implied by the second; it is what an index can use.
        bound = RunRow.started_at >= at if newer else RunRow.started_at <= at
        return and_(bound, or_(outside, edge))
