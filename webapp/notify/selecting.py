"""Which runs do the queries of a notify block select: filters, saved queries, and what is compared with what?"""

from datetime import datetime

from webapp.domain.access import SCOPES, Caller
from webapp.domain.outcome import RunStatus
from webapp.domain.policy import CompareWish, SavedQuery
from webapp.domain.saved_queries import SavedQuery as KeptQuery
from webapp.domain.saved_queries import may_see
from webapp.errors import InvalidError, QueryError
from webapp.query.expressions import EVERYTHING, Expression
from webapp.query.lava import read_filter
from webapp.store.accounts import find_user_by_name
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
    where = EVERYTHING if compare is None else _where(session, run, compare, now=now)
    return _load(session, find_earlier_run_id(session, run, where=where, statuses=COMPARABLE, same_service=True))


def find_reference(session: Session, run: Run, compare: CompareWish, *, now: datetime) -> Run | None:
    """Return the run that a message compares with: the newest complete one before, however far back, that is selected.

    Without a query it is one of the same service.

    Raises:
        QueryError: the query can't be read any more.
    """
    is_open = not (compare.query or compare.saved)
    where = _where(session, run, compare, now=now)
    return _load(session, find_earlier_run_id(session, run, where=where, statuses=ENDED_WELL, same_service=is_open))


def read_selection(
    session: Session, *, saved: SavedQuery | None, query: str, asked_by: str | None, now: datetime
) -> Expression:
    """Return which runs a rule asks for: a saved query that an account may see, a filter, or all.

    Raises:
        QueryError: there is no such saved query, or it can't be read.
    """
    if saved is None:
        return read_query(query, now=now) if query else EVERYTHING
    found = find_visible(session, saved, viewer=find_viewer(session, asked_by))
    if found is None:
        title = f"{saved.username}/{saved.name}"
        raise QueryError(f"there is no saved query {title}", position=0, length=1, text=title)
    return read_query(found.text, now=now)


def find_visible(session: Session, saved: SavedQuery, *, viewer: Caller | None) -> KeptQuery | None:
    """Return a saved query that somebody may see; None for nobody, who sees those that are shared."""
    found = find_query(session, owner=saved.username, name=saved.name)
    if found is None or not (found.is_shared if viewer is None else may_see(found, viewer)):
        return None
    return found


def _where(session: Session, run: Run, compare: CompareWish, *, now: datetime) -> Expression:
    return read_selection(session, saved=compare.saved, query=compare.query, asked_by=run.submitter, now=now)


def find_viewer(session: Session, name: str | None) -> Caller | None:
    """Return an account as whoever asks for something; None when there is no such account."""
    user = find_user_by_name(session, name) if name is not None else None
    return None if user is None else Caller(user_id=user.id, name=user.name, role=user.role, scopes=SCOPES[user.role])


def _load(session: Session, run_id: int | None) -> Run | None:
    return None if run_id is None else next(iter(list_runs(session, [run_id])), None)
