"""Which runs do the queries of a notify block select: filters, saved queries, and what is compared with what?"""

from datetime import datetime

from webapp.domain.outcome import RunStatus
from webapp.domain.policy import CompareWish
from webapp.errors import InvalidError, QueryError
from webapp.query.expressions import EVERYTHING, Expression
from webapp.query.lava import read_filter
from webapp.store.db import Session
from webapp.store.queries import find_query
from webapp.store.runs import Run, list_runs
from webapp.store.selections import find_earlier_run_id

ENDED_WELL = (RunStatus.COMPLETE,)
COMPARABLE = (RunStatus.COMPLETE, RunStatus.INCOMPLETE)


def read_query(text: str, *, now: datetime) -> Expression:
    """Return what a query of a block selects: a filter, or LAVA's conditions as text.

    Raises:
        QueryError: it can't be read.
    """
    try:
        return read_filter(text, now=now)
    except InvalidError as error:
        message = "; ".join(message for _place, message in error.faults)
        raise QueryError(message, position=0, length=len(text), text=text) from error


def find_previous(session: Session, run: Run, compare: CompareWish | None, *, now: datetime) -> Run | None:
    """Return the previous comparable run: ended, not canceled, of the same service, and selected by the block's query.

    Raises:
        QueryError: the query can't be read any more.
    """
    where = EVERYTHING if compare is None else _where(session, compare, now=now)
    return _load(session, find_earlier_run_id(session, run, where=where, statuses=COMPARABLE, same_service=True))


def find_reference(session: Session, run: Run, compare: CompareWish, *, now: datetime) -> Run | None:
    """Return the run that a message compares with: the newest complete one before, however far back, that is selected.

    Without a query it is one of the same service.

    Raises:
        QueryError: the query can't be read any more.
    """
    is_open = not (compare.query or compare.saved)
    where = _where(session, compare, now=now)
    return _load(session, find_earlier_run_id(session, run, where=where, statuses=ENDED_WELL, same_service=is_open))


def _where(session: Session, compare: CompareWish, *, now: datetime) -> Expression:
    if compare.saved is not None:
        query = find_query(session, owner=compare.saved.username, name=compare.saved.name)
        if query is None:
            title = f"{compare.saved.username}/{compare.saved.name}"
            raise QueryError(f"there is no saved query {title}", position=0, length=1, text=title)
        return read_query(query.text, now=now)
    return read_query(compare.query, now=now) if compare.query else EVERYTHING


def _load(session: Session, run_id: int | None) -> Run | None:
    return None if run_id is None else next(iter(list_runs(session, [run_id])), None)
