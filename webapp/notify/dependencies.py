"""Have all runs that a `dependency_query` selects met the status, and which run of the group tells?"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from webapp.domain.notices import Event
from webapp.domain.outcome import ENDED, RunStatus
from webapp.domain.policy import Criteria, StatusWord
from webapp.notify.selecting import read_selection
from webapp.store.db import Session
from webapp.store.runs import Run
from webapp.store.selections import list_statuses

MAX_RUNS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The runs that one query selects.

    Args:
        key: the same for the same query, event and runs: the first run that asks tells for all.
        mismatch: why nobody is told yet; empty when every run has met the status.
    """

    key: str
    mismatch: str


def find_group(
    session: Session, run: Run, event: Event, criteria: Criteria, *, asked_by: str | None, now: datetime
) -> Group:
    """Return how the runs of a `dependency_query` stand.

    Args:
        session: a reading session.
        run: the run that something happened to.
        event: what happened.
        criteria: what is asked for.
        asked_by: the account that must see a saved query.
        now: the moment.

    Raises:
        QueryError: the query can't be read any more, or is a saved one that that account can't see.
    """
    saved, query = criteria.dependency_saved, criteria.dependency_query
    where = read_selection(session, saved=saved, query=query, asked_by=asked_by, now=now)
    statuses = list_statuses(session, where=where, limit=MAX_RUNS)
    statuses.pop(run.id, None)
    met = _met(criteria, event)
    waiting = sorted(run_id for run_id, status in statuses.items() if status not in met)
    ids = ",".join(str(run_id) for run_id in sorted({*statuses, run.id}))
    text = f"{event}\0{saved or query}\0{sorted(met)}\0{ids}"
    mismatch = ""
    if waiting:
        others = f"{len(waiting):,} of {len(statuses):,} other runs of the dependency_query"
        mismatch = f"{others} have not met the status yet"
    return Group(key=hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest(), mismatch=mismatch)


def _met(criteria: Criteria, event: Event) -> frozenset[RunStatus]:
    """Return the statuses that the other runs may have; a run that has ended was running once."""
    if event is Event.RUNNING:
        return frozenset({RunStatus.RUNNING, *ENDED})
    words = set(criteria.status)
    if words & {StatusWord.FINISHED, StatusWord.ALL}:
        return ENDED
    return frozenset(status for status in ENDED if str(status) in words)
