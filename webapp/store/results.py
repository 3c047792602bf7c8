"""What did a run come to: its attempts, device results and case results, of one attempt or of the overall section."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session

from webapp.domain.outcome import (
    DEVICE_FAILURE,
    DEVICE_OPEN,
    AttemptReason,
    CaseResult,
    DeviceStatus,
)
from webapp.errors import NotFoundError
from webapp.query.expressions import EVERYTHING, Expression
from webapp.query.fields import View
from webapp.store.filtering import translate
from webapp.store.models.blobs import BlobRow
from webapp.store.models.inventory import DeviceRow, TestCaseRow
from webapp.store.models.results import CaseResultRow, DeviceResultRow
from webapp.store.models.runs import AttemptRow
from webapp.store.paging import Page, Position
from webapp.store.patterns import Clause

STREAM_ROWS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt of a run, with the counts of its own section."""

    number: int
    reason: AttemptReason
    started_at: datetime | None
    ended_at: datetime | None
    device_counts: Mapping[str, int]
    case_counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceResult:
    """What one device came to in one attempt; `size` is that of its JSON result in bytes."""

    id: int
    device_id: int
    device: str
    group: str
    platform: str
    attempt: int
    is_overall: bool
    status: DeviceStatus
    raw_status: str
    message: str
    started_at: datetime | None
    ended_at: datetime | None
    duration_s: float | None
    blob_id: int | None
    size: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOutcome:
    """What one report of a test case said."""

    id: int
    test_case_id: int
    suite: str
    name: str
    device: str | None
    attempt: int
    is_overall: bool
    result: CaseResult
    raw_result: str
    message: str
    measurement: float | None
    units: str
    started_at: datetime | None
    duration_s: float | None
    blob_id: int | None


def _ranked(column: Any, failing: Any, open_words: Any) -> ColumnElement[int]:
    return case((column.in_(sorted(failing)), 0), (column.in_(sorted(open_words)), 1), else_=2)


_DEVICE_RANK = _ranked(DeviceResultRow.status, DEVICE_FAILURE, DEVICE_OPEN)
_CASE_RANK = _ranked(CaseResultRow.result, [CaseResult.FAIL], [CaseResult.UNKNOWN])

_DEVICE_COLUMNS = (
    DeviceResultRow.id, DeviceResultRow.device_id, DeviceRow.name.label("device"), DeviceRow.group_name.label("group"),
    DeviceRow.platform, DeviceResultRow.attempt, DeviceResultRow.is_overall, DeviceResultRow.status,
    DeviceResultRow.raw_status, DeviceResultRow.message, DeviceResultRow.started_at, DeviceResultRow.ended_at,
    DeviceResultRow.duration_s, DeviceResultRow.blob_id, BlobRow.size,
)  # fmt: skip
_CASE_COLUMNS = (
    CaseResultRow.id, CaseResultRow.test_case_id, TestCaseRow.suite, TestCaseRow.name, DeviceRow.name.label("device"),
    CaseResultRow.attempt, CaseResultRow.is_overall, CaseResultRow.result, CaseResultRow.raw_result,
    CaseResultRow.message, CaseResultRow.measurement, CaseResultRow.units, CaseResultRow.started_at,
    CaseResultRow.duration_s, CaseResultRow.blob_id,
)  # fmt: skip


def of_section(
    table: type[DeviceResultRow] | type[CaseResultRow], run_id: int, attempt: int | None
) -> ColumnElement[bool]:
    """Select the rows of one attempt of a run, or of its overall section when that is None."""
    section: Clause = table.is_overall.is_(True) if attempt is None else table.attempt == attempt
    return and_(table.run_id == run_id, section)


def list_attempts(session: Session, run_id: int) -> list[Attempt]:
    """Return a run's attempts in order."""
    rows = session.execute(select(AttemptRow).where(AttemptRow.run_id == run_id).order_by(AttemptRow.number)).scalars()
    return [
        Attempt(
            number=row.number,
            reason=AttemptReason(row.reason),
            started_at=row.started_at,
            ended_at=row.ended_at,
            device_counts=row.device_counts,
            case_counts=row.case_counts,
        )
        for row in rows
    ]


def page_device_results(
    session: Session,
    *,
    run_id: int,
    attempt: int | None = None,
    where: Expression = EVERYTHING,
    before: Position | None = None,
    limit: int = 300,
) -> Page[DeviceResult]:
    """Return a page of a run's device results: failures first, then what goes on, then the rest, by name.

    Args:
        session: a reading session.
        run_id: the run.
        attempt: the attempt, or None for the overall section.
        where: which devices.
        before: the `older` of the page before.
        limit: the greatest number of rows.
    """
    clauses = [of_section(DeviceResultRow, run_id, attempt), *translate(session, where, View.RESULTS).clauses]
    if before is not None:
        name = select(DeviceRow.name).where(DeviceRow.id == before.id).scalar_subquery()
        rank = literal(before.value or 0)
        clauses.append(or_(rank < _DEVICE_RANK, and_(rank == _DEVICE_RANK, DeviceRow.name > name)))
    statement = _devices().where(*clauses).order_by(_DEVICE_RANK, DeviceRow.name).limit(limit + 1)
    rows = session.execute(statement).mappings().all()
    items = [_device_result(row) for row in rows[:limit]]
    older = None
    if len(rows) > limit:
        older = Position(value=_rank_of_device(items[-1].status), id=items[-1].device_id)
    return Page(items=items, older=older)


def find_device_result(session: Session, *, run_id: int, device: str, attempt: int | None) -> DeviceResult | None:
    """Return what a device came to in an attempt, or overall when that is None."""
    statement = _devices().where(of_section(DeviceResultRow, run_id, attempt), DeviceRow.name == device)
    row = session.execute(statement).mappings().first()
    return None if row is None else _device_result(row)


def get_device_result(session: Session, *, run_id: int, device: str, attempt: int | None) -> DeviceResult:
    """Return what a device came to in an attempt, or overall when that is None.

    Raises:
        NotFoundError: the device had no part in it.
    """
    found = find_device_result(session, run_id=run_id, device=device, attempt=attempt)
    if found is None:
        section = "the run" if attempt is None else f"attempt {attempt}"
        raise NotFoundError(f"the device {device} had no part in {section}")
    return found


def list_device_attempts(session: Session, *, run_id: int, device_id: int) -> list[DeviceResult]:
    """Return what a device came to in each attempt of a run, in order."""
    statement = _devices().where(DeviceResultRow.run_id == run_id, DeviceResultRow.device_id == device_id)
    rows = session.execute(statement.order_by(DeviceResultRow.attempt)).mappings().all()
    return [_device_result(row) for row in rows]


def iterate_device_results(
    session: Session, *, run_id: int, attempt: int | None, statuses: Sequence[DeviceStatus] = ()
) -> Iterator[DeviceResult]:
    """Yield a section's device results by name, a few hundred at a time; no statuses are all of them."""
    last = ""
    while True:
        clauses = [of_section(DeviceResultRow, run_id, attempt), DeviceRow.name > last]
        if statuses:
            clauses.append(DeviceResultRow.status.in_(statuses))
        rows = session.execute(_devices().where(*clauses).order_by(DeviceRow.name).limit(STREAM_ROWS)).mappings().all()
        yield from (_device_result(row) for row in rows)
        if len(rows) < STREAM_ROWS:
            return
        last = rows[-1]["device"]


def list_device_names(
    session: Session, *, run_id: int, attempt: int | None, statuses: Sequence[DeviceStatus]
) -> list[str]:
    """Return the sorted names of a section's devices with one of the statuses."""
    statement = select(DeviceRow.name).join(DeviceResultRow, DeviceResultRow.device_id == DeviceRow.id)
    section = of_section(DeviceResultRow, run_id, attempt)
    return sorted(session.execute(statement.where(section, DeviceResultRow.status.in_(statuses))).scalars())


def count_device_statuses(session: Session, *, run_id: int, attempt: int | None, where: Expression) -> dict[str, int]:
    """Return how many of the selected devices have each status."""
    clauses = translate(session, where, View.RESULTS).clauses
    statement = (
        select(DeviceResultRow.status, func.count())
        .join(DeviceRow, DeviceRow.id == DeviceResultRow.device_id)
        .where(of_section(DeviceResultRow, run_id, attempt), *clauses)
        .group_by(DeviceResultRow.status)
    )
    return dict(session.execute(statement).all())


def page_cases(
    session: Session,
    *,
    run_id: int,
    attempt: int | None = None,
    where: Expression = EVERYTHING,
    before: Position | None = None,
    limit: int = 300,
) -> Page[CaseOutcome]:
    """Return a page of a run's case results: failures first, then unknown ones, then the rest, as they were reported.

    See `page_device_results` for the arguments.
    """
    clauses = [of_section(CaseResultRow, run_id, attempt), *translate(session, where, View.CASES).clauses]
    if before is not None:
        rank = literal(before.value or 0)
        clauses.append(or_(rank < _CASE_RANK, and_(rank == _CASE_RANK, CaseResultRow.id > before.id)))
    statement = _cases().where(*clauses).order_by(_CASE_RANK, CaseResultRow.id).limit(limit + 1)
    rows = session.execute(statement).mappings().all()
    items = [_case(row) for row in rows[:limit]]
    older = None
    if len(rows) > limit:
        older = Position(value=_rank_of_case(items[-1].result), id=items[-1].id)
    return Page(items=items, older=older)


def iterate_cases(session: Session, run_id: int) -> Iterator[CaseOutcome]:
    """Yield the cases of the overall section by suite, name and device; nothing else may be asked meanwhile."""
    order = (TestCaseRow.suite, TestCaseRow.name, func.coalesce(DeviceRow.name, ""), CaseResultRow.id)
    statement = _cases().where(of_section(CaseResultRow, run_id, None)).order_by(*order)
    for row in session.execute(statement, execution_options={"yield_per": STREAM_ROWS}).mappings():
        yield _case(row)


def get_case_outcome(session: Session, *, run_id: int, case_id: int) -> CaseOutcome:
    """Return one reported case of a run.

    Raises:
        NotFoundError: the run has no such report.
    """
    row = (
        session.execute(_cases().where(CaseResultRow.run_id == run_id, CaseResultRow.id == case_id)).mappings().first()
    )
    if row is None:
        raise NotFoundError(f"the run has no case {case_id}")
    return _case(row)


def count_case_results(session: Session, *, run_id: int, attempt: int | None, where: Expression) -> dict[str, int]:
    """Return how many of the selected cases have each result."""
    clauses = translate(session, where, View.CASES).clauses
    statement = (
        select(CaseResultRow.result, func.count())
        .join(TestCaseRow, TestCaseRow.id == CaseResultRow.test_case_id)
        .outerjoin(DeviceRow, DeviceRow.id == CaseResultRow.device_id)
        .where(of_section(CaseResultRow, run_id, attempt), *clauses)
        .group_by(CaseResultRow.result)
    )
    return dict(session.execute(statement).all())


def _devices() -> Select[*tuple[Any, ...]]:
    return (
        select(*_DEVICE_COLUMNS)
        .join(DeviceRow, DeviceRow.id == DeviceResultRow.device_id)
        .outerjoin(BlobRow, BlobRow.id == DeviceResultRow.blob_id)
    )


def _cases() -> Select[*tuple[Any, ...]]:
    return (
        select(*_CASE_COLUMNS)
        .join(TestCaseRow, TestCaseRow.id == CaseResultRow.test_case_id)
        .outerjoin(DeviceRow, DeviceRow.id == CaseResultRow.device_id)
    )


def _device_result(row: RowMapping) -> DeviceResult:
    values = dict(row)
    values["status"] = DeviceStatus(row["status"])
    return DeviceResult(**values)


def _case(row: RowMapping) -> CaseOutcome:
    values = dict(row)
    values["result"] = CaseResult(row["result"])
    return CaseOutcome(**values)


def _rank_of_device(status: DeviceStatus) -> int:
    return 0 if status in DEVICE_FAILURE else 1 if status in DEVICE_OPEN else 2


def _rank_of_case(result: CaseResult) -> int:
    return {CaseResult.FAIL: 0, CaseResult.UNKNOWN: 1}.get(result, 2)
