"""Which saved queries are there, and how is one saved?"""

from datetime import datetime
from typing import Annotated

import msgspec
from flask import Blueprint, g, url_for

from webapp import clock
from webapp.accounts.queries import QueryFields, delete_query, get_query, put_query
from webapp.api.schema import Takes, operation
from webapp.domain.access import Permission, Scope
from webapp.domain.saved_queries import MAX_TEXT, SavedQuery
from webapp.store.db import db, writing
from webapp.store.queries import list_queries

blueprint = Blueprint("api_queries", __name__, url_prefix="/api/v1")


class QueryAnswer(msgspec.Struct, frozen=True):
    """A filter of runs under a name; `url` shows what it selects, `baseline` is its word in a comparison."""

    owner: str
    name: str
    text: str
    shared: bool
    changed_at: datetime
    url: str
    baseline: str


class QueryList(msgspec.Struct, frozen=True):
    """Saved queries by name."""

    items: list[QueryAnswer]


class QueryBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to save: a filter as in the pages' address, and whether everybody sees it."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT)]
    shared: bool = False


@operation(blueprint, "GET", "/queries", scope=Scope.READ, answers={200: QueryList})
def list_saved_queries() -> QueryList:
    """List your own saved queries and the shared ones; administrators see all of them."""
    of_user = None if g.caller.can(Permission.ADMIN) else g.caller.user_id
    return QueryList(items=[_answer(query) for query in list_queries(db.session(), of_user=of_user)])


@operation(blueprint, "GET", "/queries/<owner>/<path:name>", scope=Scope.READ, answers={200: QueryAnswer})
def show_query(owner: str, name: str) -> QueryAnswer:
    """Show one saved query."""
    return _answer(get_query(db.session(), owner, name, caller=g.caller))


@operation(
    blueprint,
    "PUT",
    "/queries/<owner>/<path:name>",
    scope=Scope.INGEST,
    answers={200: QueryAnswer, 201: QueryAnswer},
    takes=Takes(body=QueryBody, errors=(400, 413)),
)
def change_query(owner: str, name: str, body: QueryBody) -> tuple[int, QueryAnswer]:
    """Save a query of your own, or change one; administrators may change everybody's."""
    fields = QueryFields(text=body.text, is_shared=body.shared)
    with writing() as session:
        is_new = put_query(session, owner, name, fields, caller=g.caller, now=clock.now())
        return (201 if is_new else 200), _answer(get_query(session, owner, name, caller=g.caller))


@operation(blueprint, "DELETE", "/queries/<owner>/<path:name>", scope=Scope.INGEST, answers={204: None})
def remove_query(owner: str, name: str) -> None:
    """Remove a saved query of your own; administrators may remove everybody's."""
    with writing() as session:
        delete_query(session, owner, name, caller=g.caller, now=clock.now())


def _answer(query: SavedQuery) -> QueryAnswer:
    return QueryAnswer(
        owner=query.owner,
        name=query.name,
        text=query.text,
        shared=query.is_shared,
        changed_at=query.changed_at,
        url=url_for("runs.index", q=query.text, _external=True),
        baseline=f"query:{query.title}",
    )
