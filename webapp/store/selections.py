"""Which runs does a filter select, for rules that look at all of them; and which failure does a run belong to?"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.domain.outcome import Level, RunStatus
from webapp.query.expressions import Expression
from webapp.query.fields import View
from webapp.store.filtering import translate
from webapp.store.models.notices import DependencyRow
from webapp.store.models.runs import RunRow
from webapp.store.runs import Run
from webapp.store.statements import inserting_missing, table_of

FAILING = (Level.ERRORS, Level.FAILED)
PASSING = (Level.OK, Level.WARNINGS)
_DEPENDENCY = table_of(DependencyRow)
_INSERT = inserting_missing(_DEPENDENCY, ("key", "run_id", "at"))


def list_statuses(session: Session, *, where: Expression, limit: int) -> dict[int, RunStatus]:
    """Return the status of each run that a filter selects, by id; at most so many, the newest ones."""
    clauses = translate(session, where, View.RUNS).clauses
    rows = session.execute(select(RunRow.id, RunRow.status).where(*clauses).order_by(RunRow.id.desc()).limit(limit))
    return {row.id: RunStatus(row.status) for row in rows}


def selects_run(session: Session, *, where: Expression, run_id: int) -> bool:
    """Say whether a filter selects a run."""
    clauses = translate(session, where, View.RUNS).clauses
    return session.scalar(select(RunRow.id).where(RunRow.id == run_id, *clauses)) is not None


def find_earlier_run_id(
    session: Session, run: Run, *, where: Expression, statuses: tuple[RunStatus, ...], same_service: bool
) -> int | None:
    """Return the newest run before one that a filter selects and that has one of the statuses, or None."""
    clauses = list(translate(session, where, View.RUNS).clauses)
    if same_service:
        clauses.append(RunRow.service_id == run.service_id)
    query = select(RunRow.id).where(RunRow.id < run.id, RunRow.status.in_([str(word) for word in statuses]), *clauses)
    return session.scalar(query.order_by(RunRow.id.desc()).limit(1))


def find_failure_start(session: Session, run: Run) -> str | None:
    """Return the uid of the first run of the service's failure that a run belongs to, or ends; None for none.

    A failure goes from the first run at level errors or failed to the next one at ok or warnings.
    """
    last = run.id if run.level in FAILING else _find_before(session, run)
    if last is None:
        return None
    good = session.scalar(
        select(RunRow.id)
        .where(RunRow.service_id == run.service_id, RunRow.level.in_(PASSING), RunRow.id < last)
        .order_by(RunRow.id.desc())
        .limit(1)
    )
    first = select(RunRow.uid).where(
        RunRow.service_id == run.service_id, RunRow.level.in_(FAILING), RunRow.id > (good or 0), RunRow.id <= last
    )
    return session.scalar(first.order_by(RunRow.id).limit(1))


def claim_dependency(session: Session, key: str, *, run_id: int, now: datetime) -> bool:
    """Say whether a run is the one that tells for a group of runs: the first that asks is, and stays it."""
    _INSERT.execute(session, [{"key": key, "run_id": run_id, "at": now}])
    return session.scalar(select(DependencyRow.run_id).where(DependencyRow.key == key)) == run_id


def _find_before(session: Session, run: Run) -> int | None:
    """Return the failing run that comes right before a run that has a level and passes."""
    if run.level is None:
        return None
    row = session.execute(
        select(RunRow.id, RunRow.level)
        .where(RunRow.service_id == run.service_id, RunRow.level.is_not(None), RunRow.id < run.id)
        .order_by(RunRow.id.desc())
        .limit(1)
    ).one_or_none()
    return row.id if row is not None and row.level in FAILING else None
