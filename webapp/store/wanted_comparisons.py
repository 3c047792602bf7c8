"""Which ended runs wait to be compared with their baseline?

A run is wanted in the transaction that ends it, so none is forgotten, and again whenever its results change.
"""

from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from webapp.domain.outcome import RunStatus
from webapp.store.models.comparisons import RunComparisonRow, WantedComparisonRow
from webapp.store.models.runs import RunRow
from webapp.store.statements import inserting_missing, table_of

_WANTED = table_of(WantedComparisonRow)
_NEW = inserting_missing(_WANTED, ("run_id", "version", "tries"))
MAX_TRIES = 5
# So many later runs are compared anew when the results of their baseline change.
MAX_FOLLOWERS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A run that waits; `version` tells whether it was wanted anew meanwhile."""

    run_id: int
    version: int


def want_comparison(session: Session, run_id: int) -> None:
    """Note that a run is to be compared, for the first time or anew."""
    again = update(_WANTED).where(_WANTED.c.run_id == run_id).values(version=_WANTED.c.version + 1, tries=0)
    if session.connection().execute(again).rowcount == 0:
        _NEW.execute(session, [{"run_id": run_id, "version": 1, "tries": 0}])


def want_followers(session: Session, run_id: int) -> None:
    """Note that the newest runs that were compared with this one are to be compared anew."""
    followers = select(RunComparisonRow.run_id).where(RunComparisonRow.baseline_id == run_id)
    newest = followers.order_by(RunComparisonRow.run_id.desc()).limit(MAX_FOLLOWERS)
    for follower in session.scalars(newest).all():
        want_comparison(session, follower)


def want_newest(session: Session, *, service_id: int, limit: int) -> None:
    """Note that the newest ended runs of a service are to be compared anew."""
    ended = (RunStatus.COMPLETE, RunStatus.INCOMPLETE)
    runs = select(RunRow.id).where(RunRow.service_id == service_id, RunRow.status.in_(ended))
    for run_id in session.scalars(runs.order_by(RunRow.id.desc()).limit(limit)).all():
        want_comparison(session, run_id)


def list_wanted(session: Session, *, limit: int) -> list[Wanted]:
    """Return runs that wait, the newest first; those that failed too often wait until their results change."""
    columns = (WantedComparisonRow.run_id, WantedComparisonRow.version)
    statement = select(*columns).where(WantedComparisonRow.tries < MAX_TRIES)
    rows = session.execute(statement.order_by(WantedComparisonRow.run_id.desc()).limit(limit))
    return [Wanted(run_id=run_id, version=version) for run_id, version in rows]


def mark_compared(session: Session, wanted: Wanted) -> None:
    """Take a run off the list, unless it was wanted anew meanwhile."""
    row = WantedComparisonRow
    session.execute(delete(row).where(row.run_id == wanted.run_id, row.version == wanted.version))


def mark_failed(session: Session, wanted: Wanted) -> None:
    """Note that a run could not be compared."""
    row = WantedComparisonRow
    session.execute(update(row).where(row.run_id == wanted.run_id).values(tries=row.tries + 1))
