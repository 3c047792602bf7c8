"""How is a filter of runs saved under a name, changed and removed, and by whom?"""

from dataclasses import dataclass
from datetime import datetime

from webapp.domain.access import Caller
from webapp.domain.names import find_name_fault
from webapp.domain.saved_queries import MAX_NAME, MAX_OWN, MAX_TEXT, SavedQuery, may_change, may_see
from webapp.errors import ForbiddenError, InvalidError, NotFoundError
from webapp.query.fields import View
from webapp.query.parser import parse
from webapp.store.accounts import add_audit, find_user_by_name
from webapp.store.db import Session
from webapp.store.queries import add_query, change_query, count_queries, find_query, remove_query


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryFields:
    """What a query asks for, and whether everybody sees it."""

    text: str
    is_shared: bool


def get_query(session: Session, owner: str, name: str, *, caller: Caller) -> SavedQuery:
    """Return a saved query.

    Raises:
        NotFoundError: there is none, or the caller may not see it.
    """
    query = find_query(session, owner=owner, name=name)
    if query is None or not may_see(query, caller):
        raise NotFoundError(f"there is no saved query {name!r} of {owner!r}")
    return query


def put_query(session: Session, owner: str, name: str, fields: QueryFields, *, caller: Caller, now: datetime) -> bool:
    """Save a query or change it, and say whether it is new.

    Raises:
        InvalidError: the name can't be one, there is no such account, or it has too many queries.
        QueryError: the filter can't be read.
        ForbiddenError: it would be somebody else's, and the caller is no administrator.
        NotFoundError: it is somebody else's, and the caller may not see it.
    """
    user = find_user_by_name(session, owner)
    fault = find_name_fault(name, limit=MAX_NAME)
    if fault is not None:
        raise InvalidError(("name", fault))
    _check_text(fields.text, now=now)
    found = find_query(session, owner=owner, name=name)
    if found is not None:
        _check_change(found, caller)
        change_query(session, found.id, text=fields.text, is_shared=fields.is_shared, now=now)
    elif user is None:
        raise InvalidError(("owner", f"there is no account {owner!r}"))
    elif owner != caller.name:
        raise ForbiddenError("a query is saved by its owner; an administrator may change it afterwards")
    else:
        if count_queries(session, owner_id=user.id) >= MAX_OWN:
            raise InvalidError(("name", f"expected at most {MAX_OWN} saved queries of one person"))
        add_query(session, owner_id=user.id, name=name, text=fields.text, is_shared=fields.is_shared, now=now)
    details = {"text": fields.text, "shared": fields.is_shared}
    subject = f"{owner}/{name}"
    add_audit(session, user_id=caller.user_id, action="query.saved", subject=subject, now=now, details=details)
    return found is None


def delete_query(session: Session, owner: str, name: str, *, caller: Caller, now: datetime) -> None:
    """Remove a saved query.

    Raises:
        NotFoundError: there is none, or the caller may not see it.
        ForbiddenError: it is somebody else's, and the caller is no administrator.
    """
    query = get_query(session, owner, name, caller=caller)
    _check_change(query, caller)
    remove_query(session, query.id)
    add_audit(session, user_id=caller.user_id, action="query.removed", subject=query.title, now=now)


def _check_text(text: str, *, now: datetime) -> None:
    if not text.strip():
        raise InvalidError(("text", "expected a filter, got an empty text"))
    if len(text) > MAX_TEXT:
        raise InvalidError(("text", f"expected at most {MAX_TEXT:,} characters, got {len(text):,}"))
    parse(text, view=View.RUNS, now=now)


def _check_change(query: SavedQuery, caller: Caller) -> None:
    if not may_see(query, caller):
        raise NotFoundError(f"there is no saved query {query.name!r} of {query.owner!r}")
    if not may_change(query, caller):
        raise ForbiddenError(f"the query {query.title} is {query.owner}'s; its owner and administrators may change it")
